//! Whose a count is later.

use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn moves(all: &[(TerritoryId, &str, TerritoryId, Option<f64>, bool)]) -> Moves {
    let mut moves = Moves::default();
    for (from, on, to, share, is_whole) in all {
        let made = Move { on: day(on), to: *to, share: *share, is_whole: *is_whole };
        moves.by_origin.entry(*from).or_default().push(made);
    }
    moves
}

#[test]
fn mergers_are_followed_from_one_to_the_next_and_only_in_their_time() {
    let (a, b, c) = (TerritoryId::new(), TerritoryId::new(), TerritoryId::new());
    let moves = moves(&[(a, "2019-01-01", b, Some(1.0), true), (b, "2024-01-01", c, Some(1.0), true)]);
    let whole = |territory| vec![Part { territory, share: 1.0, is_estimated: false }];
    assert_eq!(moves.recast(a, day("2018-01-01"), day("2018-12-31")), whole(a));
    assert_eq!(moves.recast(a, day("2018-01-01"), day("2019-01-01")), whole(b));
    assert_eq!(moves.recast(a, day("2018-01-01"), day("2025-01-01")), whole(c));
    assert_eq!(moves.recast(b, day("2024-01-01"), day("2025-01-01")), whole(b));
}

#[test]
fn splits_are_estimated_and_parts_that_meet_again_are_one() {
    let (a, b, c) = (TerritoryId::new(), TerritoryId::new(), TerritoryId::new());
    let moves = moves(&[
        (a, "2017-01-01", b, Some(0.25), false),
        (a, "2019-01-01", c, Some(1.0), true),
        (b, "2020-01-01", c, Some(1.0), true),
    ]);
    let parts = moves.recast(a, day("2016-01-01"), day("2018-01-01"));
    let shares: BTreeMap<_, _> = parts.iter().map(|part| (part.territory, part.share)).collect();
    assert_eq!(shares, BTreeMap::from([(a, 0.75), (b, 0.25)]));
    assert!(parts.iter().all(|part| part.is_estimated));
    assert_eq!(
        moves.recast(a, day("2016-01-01"), day("2021-01-01")),
        [Part { territory: c, share: 1.0, is_estimated: true }]
    );
}

#[test]
fn what_nobody_knows_the_share_of_stays_and_both_are_marked() {
    let (a, b) = (TerritoryId::new(), TerritoryId::new());
    let moves = moves(&[(a, "2017-01-01", b, None, false)]);
    let parts = moves.recast(a, day("2016-01-01"), day("2018-01-01"));
    let shares: BTreeMap<_, _> = parts.iter().map(|part| (part.territory, part.share)).collect();
    assert_eq!(shares, BTreeMap::from([(a, 1.0), (b, 0.0)]));
    assert!(parts.iter().all(|part| part.is_estimated));
}
