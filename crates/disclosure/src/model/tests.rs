use super::*;

/// 20 = 2 + 18, the 18 known.
fn model(state: State) -> Model {
    let unknown = |value, state, sign| Unknown { value, state, lines: vec![(0, sign)], ..Unknown::default() };
    Model {
        threshold: 5,
        unknowns: vec![unknown(20, State::Free, 1), unknown(2, State::Hidden, -1), unknown(18, state, -1)],
        lines: vec![vec![(0, 1), (1, -1), (2, -1)]],
        ..Model::default()
    }
}

#[test]
fn a_move_leaves_what_adds_up_and_what_is_known_as_it_is_and_no_count_below_nought() {
    let free = model(State::Free);
    assert!(free.is_move(&vec![(1, 3), (2, -3)]));
    assert!(free.is_move(&vec![(0, 3), (1, 3)]));
    assert!(!free.is_move(&vec![(1, 3)]), "it would not add up");
    assert!(!free.is_move(&vec![(1, 19), (2, -19)]), "18 less 19");
    assert!(!free.is_move(&vec![(7, 1)]), "there is no such unknown");
    assert!(!model(State::Fixed).is_move(&vec![(1, 3), (2, -3)]), "the 18 is known");
}

#[test]
fn a_small_count_has_to_reach_the_threshold_and_others_have_to_change() {
    let model = model(State::Free);
    assert!(model.protects(1, 3) && !model.protects(1, 2) && !model.protects(1, -1));
    assert!(model.protects(2, -1) && !model.protects(2, 0));
}
