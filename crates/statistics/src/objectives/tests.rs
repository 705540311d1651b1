use proptest::prelude::*;

use super::rules::ActivityStatus::{self, Done, Dropped, Planned, UnderWay};

#[derive(Debug, Clone, Copy)]
enum Step {
    Move(ActivityStatus),
    Record,
    Delete,
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => prop::sample::select(ActivityStatus::ALL.to_vec()).prop_map(Step::Move),
        1 => Just(Step::Record),
        1 => Just(Step::Delete),
    ]
}

proptest! {
    #[test]
    fn whatever_is_done_has_a_result(steps in prop::collection::vec(any_step(), 1..60)) {
        let (mut status, mut results) = (Planned, 0_i64);
        for step in steps {
            match step {
                Step::Move(to) if status.next().contains(&to) && ActivityStatus::lack(to, results).is_none() => status = to,
                Step::Record if status.refusal_of_results().is_none() => results += 1,
                Step::Delete if results > 0 && ActivityStatus::lack(status, results - 1).is_none() => results -= 1,
                _ => {}
            }
            prop_assert!(status != Done || results > 0);
            prop_assert!(status != Planned || results == 0);
        }
    }
}

#[test]
fn what_was_ended_is_taken_up_again_and_nothing_is_planned_twice() {
    assert!(ActivityStatus::ALL.iter().all(|status| !status.next().contains(&Planned)));
    for ended in [Done, Dropped] {
        assert_eq!(ended.next(), [UnderWay]);
        assert!(!ended.is_open());
    }
    assert!(!Planned.next().contains(&Done));
}
