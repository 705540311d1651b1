//! Tables small enough to be followed by hand.

use approdo_disclosure::{Cell, Dimension, EarlierCell, Group, Outcome, Refusal, Standing, Table, suppress};

const K: u32 = 5;

fn group(total: u32, parts: &[u32]) -> Group {
    Group { total, parts: parts.to_vec() }
}

fn cell(key: &[u32], value: f64) -> Cell {
    Cell { key: key.to_vec(), value: Some(value), standing: Standing::Free }
}

/// A table of one dimension.
fn row(groups: &[Group], cells: &[(u32, f64)]) -> Table {
    Table {
        dimensions: vec![Dimension { groups: groups.to_vec() }],
        cells: cells.iter().map(|(code, value)| cell(&[*code], *value)).collect(),
        earlier: Vec::new(),
    }
}

/// The codes of what is hidden in a table of one dimension.
fn hidden(table: &Table) -> Vec<u32> {
    let suppression = suppress(table, K).expect("it can be protected");
    let hidden = table.cells.iter().zip(&suppression.cells).filter(|(_, outcome)| !outcome.is_shown());
    hidden.map(|(cell, _)| cell.key[0]).collect()
}

#[test]
fn what_has_no_small_count_is_shown() {
    assert_eq!(hidden(&row(&[group(0, &[1, 2, 3])], &[(0, 25.0), (1, 5.0), (2, 20.0), (3, 0.0)])), vec![]);
}

#[test]
fn the_smallest_that_makes_up_for_a_small_count_is_hidden_with_it() {
    let table = row(&[group(0, &[1, 2, 3])], &[(0, 49.0), (1, 2.0), (2, 40.0), (3, 7.0)]);
    assert_eq!(hidden(&table), vec![1, 3]);
    let suppression = suppress(&table, K).unwrap();
    assert_eq!(suppression.cells, [Outcome::Shown, Outcome::Primary, Outcome::Shown, Outcome::Complementary]);
}

#[test]
fn small_counts_that_add_up_to_less_than_the_threshold_are_not_enough() {
    assert_eq!(hidden(&row(&[group(0, &[1, 2, 3])], &[(0, 14.0), (1, 1.0), (2, 2.0), (3, 11.0)])), vec![1, 2, 3]);
    assert_eq!(hidden(&row(&[group(0, &[1, 2, 3])], &[(0, 15.0), (1, 1.0), (2, 4.0), (3, 10.0)])), vec![1, 2]);
}

#[test]
fn a_small_count_in_two_groups_is_protected_in_both() {
    let groups = [group(0, &[10, 20]), group(10, &[1, 2]), group(20, &[3, 4]), group(30, &[1, 3])];
    let table =
        row(&groups, &[(0, 90.0), (10, 23.0), (20, 67.0), (30, 33.0), (1, 3.0), (2, 20.0), (3, 30.0), (4, 37.0)]);
    let hidden = hidden(&table);
    assert!(
        hidden.contains(&1)
            && (hidden.contains(&2) || hidden.contains(&10))
            && (hidden.contains(&3) || hidden.contains(&30))
    );
}

#[test]
fn groups_without_their_total_tell_nothing() {
    assert_eq!(hidden(&row(&[group(0, &[1, 2])], &[(1, 2.0), (2, 40.0)])), vec![1]);
}

#[test]
fn an_absent_total_is_followed_to_what_it_is_a_part_of() {
    let groups = [group(0, &[10, 20]), group(10, &[1, 2]), group(20, &[3, 4])];
    let table = row(&groups, &[(0, 100.0), (20, 50.0), (1, 2.0), (2, 48.0)]);
    assert_eq!(hidden(&table), vec![1, 2], "1 is 100 less 50 less 48");
}

#[test]
fn the_only_part_that_is_not_there_is_protected_like_one_that_is_hidden() {
    assert_eq!(hidden(&row(&[group(0, &[1, 2])], &[(0, 10.0), (1, 7.0)])).len(), 1);
    assert_eq!(hidden(&row(&[group(0, &[1, 2])], &[(0, 17.0), (1, 7.0)])), vec![]);
    let mut given = row(&[group(0, &[1, 2])], &[(0, 10.0), (1, 7.0), (2, 3.0)]);
    given.cells[2].value = None;
    assert_eq!(hidden(&given).len(), 1, "a cell without a value is like one that is not there");
}

#[test]
fn several_absent_parts_leave_room_for_what_is_hidden() {
    assert_eq!(hidden(&row(&[group(0, &[1, 2, 3, 4])], &[(0, 60.0), (1, 2.0), (2, 40.0)])), vec![1]);
    assert_eq!(hidden(&row(&[group(0, &[1, 2, 3, 4])], &[(0, 42.0), (1, 2.0), (2, 40.0)])).len(), 2, "nothing is left");
}

#[test]
fn what_does_not_add_up_is_taken_for_known_to_be_off() {
    assert_eq!(hidden(&row(&[group(0, &[1, 2])], &[(0, 45.0), (1, 2.0), (2, 40.0)])).len(), 2);
    assert_eq!(hidden(&row(&[group(0, &[1, 2])], &[(0, 35.0), (1, 2.0), (2, 40.0)])).len(), 2);
    assert_eq!(hidden(&row(&[group(0, &[1, 2, 3])], &[(0, 35.0), (1, 2.0), (2, 40.0)])).len(), 2);
}

#[test]
fn what_is_known_is_shown_and_cannot_protect() {
    let mut table = row(&[group(0, &[1, 2, 3])], &[(0, 62.0), (1, 2.0), (2, 40.0), (3, 20.0)]);
    table.cells[3].standing = Standing::Known;
    assert_eq!(hidden(&table), vec![1, 2]);
    table.cells[1].standing = Standing::Known;
    assert_eq!(hidden(&table), vec![]);
    table.cells[1].standing = Standing::Free;
    table.cells[0].standing = Standing::Known;
    table.cells[2].standing = Standing::Known;
    assert_eq!(suppress(&table, K), Err(Refusal::Unprotectable { keys: vec![vec![1]] }));
}

#[test]
fn a_row_that_is_new_is_not_told_by_the_total_of_the_release_before() {
    let mut table = row(&[group(0, &[1, 2, 3])], &[(0, 63.0), (1, 20.0), (2, 40.0), (3, 3.0)]);
    let earlier = |code, value| EarlierCell { key: vec![code], value, is_shown: true };
    table.earlier = vec![vec![earlier(0, 60.0), earlier(1, 20.0), earlier(2, 40.0)]];
    assert_eq!(hidden(&table), vec![0, 3], "the rest is known, so that the total would tell");
}

#[test]
fn what_was_hidden_stays_hidden_while_it_is_the_same() {
    let mut table = row(&[group(0, &[1, 2, 3])], &[(0, 72.0), (1, 12.0), (2, 40.0), (3, 20.0)]);
    let earlier = |code, value, is_shown| EarlierCell { key: vec![code], value, is_shown };
    table.earlier =
        vec![vec![earlier(0, 62.0, true), earlier(1, 2.0, false), earlier(2, 40.0, true), earlier(3, 20.0, false)]];
    let hidden = hidden(&table);
    assert!(hidden.contains(&3), "the 2 of before would be 22 less 20");
    assert!(hidden.len() > 1, "the 20 would be told by the others");
}

#[test]
fn only_counts_are_taken() {
    for value in [-1.0, 0.5, f64::NAN, f64::INFINITY, 9_007_199_254_740_994.0] {
        let refused = suppress(&row(&[], &[(1, value)]), K);
        assert!(matches!(refused, Err(Refusal::NotACount { .. })), "{value} was {refused:?}");
    }
    assert!(suppress(&row(&[], &[(1, 9_007_199_254_740_992.0)]), K).is_ok());
}

#[test]
fn tables_that_contradict_themselves_are_refused() {
    assert_eq!(suppress(&row(&[], &[(1, 7.0), (1, 8.0)]), K), Err(Refusal::Twice { key: vec![1] }));
    let mut table = row(&[], &[(1, 7.0)]);
    table.cells[0].key.push(1);
    assert_eq!(suppress(&table, K), Err(Refusal::WrongKey { key: vec![1, 1] }));
    for groups in
        [vec![group(0, &[])], vec![group(0, &[1, 1])], vec![group(0, &[1, 0])], vec![group(0, &[1]), group(1, &[2, 0])]]
    {
        let refused = suppress(&row(&groups, &[(1, 7.0)]), K);
        assert!(matches!(refused, Err(Refusal::WrongGroup { dimension: 0, .. })), "{groups:?} was {refused:?}");
    }
}

#[test]
fn a_table_without_cells_and_one_without_dimensions_are_no_trouble() {
    assert_eq!(suppress(&Table::default(), K).unwrap().cells, []);
    let table = Table { cells: vec![cell(&[], 3.0)], ..Table::default() };
    assert_eq!(suppress(&table, K).unwrap().cells, [Outcome::Primary]);
}

#[test]
fn an_absent_part_is_told_where_the_others_are_known_to_be_nought() {
    let table = Table {
        dimensions: vec![
            Dimension { groups: vec![group(0, &[1, 2])] },
            Dimension { groups: vec![group(0, &[1, 2, 3])] },
        ],
        cells: vec![cell(&[1, 0], 10.0), cell(&[1, 1], 7.0), cell(&[0, 3], 5.0), cell(&[2, 3], 5.0)],
        earlier: Vec::new(),
    };
    let suppression = suppress(&table, K).unwrap();
    assert!(suppression.cells[..2].iter().any(|outcome| !outcome.is_shown()), "[1, 2] is 10 less 7 less 0");
}
