//! Somebody who has only what is published finds no hidden count.

use std::collections::BTreeSet;

use approdo_disclosure::{Outcome, Refusal, Standing, Suppression, Table, suppress};
use proptest::prelude::*;
use proptest::strategy::ValueTree;

use crate::attack::{Attacker, Key, Published, Unknown};
use crate::tables;
use crate::worlds::worlds;

const K: u32 = 5;

/// What would be published if only small counts were hidden.
fn primary_only(table: &Table) -> Suppression {
    let is_small = |value: Option<f64>| value.is_some_and(|value| value > 0.0 && value < f64::from(K));
    let cells = table.cells.iter().map(|cell| if is_small(cell.value) { Outcome::Primary } else { Outcome::Shown });
    Suppression { cells: cells.collect() }
}

fn attack(table: &Table, suppression: &Suppression) -> Attacker {
    Attacker::new(&table.dimensions, &[Published::of(table, suppression)], false)
}

/// The table with each cell that was hidden marked as hidden before.
fn hidden_before(table: &Table, suppression: &Suppression) -> Table {
    let mut again = table.clone();
    for (cell, outcome) in again.cells.iter_mut().zip(&suppression.cells) {
        if !outcome.is_shown() {
            cell.standing = Standing::HiddenBefore;
        }
    }
    again
}

proptest! {
    #![proptest_config(crate::config(40))]

    #[test]
    fn no_hidden_count_of_a_whole_table_is_told(made in tables::table(100, 0, 0, 5)) {
        let suppression = suppress(&made.table, K).expect("a whole table can be protected");
        prop_assert_eq!(attack(&made.table, &suppression).pinned(K, false), vec![]);
    }

    #[test]
    fn no_hidden_count_of_a_table_with_gaps_is_told(made in tables::table(100, 20, 0, 0)) {
        let suppression = suppress(&made.table, K).expect("a table of which nothing is known can be protected");
        let attacker = attack(&made.table, &suppression);
        prop_assert_eq!(attacker.pinned(K, false), vec![]);
        let told = attacker.told();
        let small = told.iter().find(|(_, value)| (1..i64::from(K)).contains(*value));
        prop_assert!(small.is_none(), "{:?} is not published, but told", small);
    }

    #[test]
    fn what_is_known_is_shown_and_only_what_it_tells_is_refused(made in tables::table(100, 0, 15, 5)) {
        match suppress(&made.table, K) {
            Ok(suppression) => {
                for (cell, outcome) in made.table.cells.iter().zip(&suppression.cells) {
                    prop_assert!(cell.standing != Standing::Known || outcome.is_shown());
                }
                prop_assert_eq!(attack(&made.table, &suppression).pinned(K, false), vec![]);
            }
            Err(Refusal::Unprotectable { keys }) => {
                let all = made.table.cells.iter().map(|cell| match cell.standing {
                    Standing::Known => Outcome::Shown,
                    Standing::Free | Standing::HiddenBefore => Outcome::Complementary,
                });
                let with_all_hidden = attack(&made.table, &Suppression { cells: all.collect() });
                let pinned = with_all_hidden.pinned(K, true);
                let pinned: Vec<&Key> = pinned.iter().map(|(at, ..)| &made.table.cells[usize::try_from(*at).unwrap()].key).collect();
                prop_assert!(!keys.is_empty());
                for key in &keys {
                    prop_assert!(pinned.contains(&key), "{:?} could be protected", key);
                }
            }
            Err(other) => prop_assert!(false, "{other}"),
        }
    }

    #[test]
    fn what_is_hidden_is_enough_when_it_was_hidden_before(made in tables::table(100, 10, 0, 0)) {
        let first = suppress(&made.table, K).expect("a table of which nothing is known can be protected");
        let again = suppress(&hidden_before(&made.table, &first), K).expect("what is hidden stays hidden");
        prop_assert_eq!(first, again);
    }
}

#[test]
fn the_attacker_finds_counts_where_only_the_small_ones_are_hidden() {
    let mut found = 0;
    let mut tables = 0;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    while tables < 30 {
        let made = tables::table(60, 0, 0, 0).new_tree(&mut runner).expect("a table").current();
        let hidden = primary_only(&made.table);
        if made.table.dimensions.iter().all(|dimension| dimension.groups.is_empty())
            || hidden.cells.iter().all(|cell| cell.is_shown())
        {
            continue;
        }
        tables += 1;
        let told = attack(&made.table, &hidden).by_difference();
        for (at, value) in &told {
            let cell = &made.table.cells[usize::try_from(*at).unwrap()];
            assert_eq!(cell.value, Some(f64::from(i32::try_from(*value).unwrap())), "the attacker is right");
        }
        found += usize::from(!told.is_empty());
    }
    println!("{found} of {tables} tables told a small count by differencing");
    assert!(found >= 15, "{found} of {tables}");
}

#[test]
fn every_hidden_count_can_be_the_threshold_or_more_in_some_table_that_shows_the_same() {
    const LARGEST: f64 = 12.0;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = tables::table(12, 10, 0, 0);
    let (mut tables, mut worlds_of_all) = (0, 0);
    while tables < 25 {
        let table = strategy.new_tree(&mut runner).expect("a table").current().table;
        let suppression = suppress(&table, K).expect("a table of which nothing is known can be protected");
        let attacker = attack(&table, &suppression);
        if attacker.equations.is_empty()
            || table.cells.iter().any(|cell| cell.value.is_some_and(|value| value > LARGEST))
        {
            continue;
        }
        let Some(worlds) = worlds(&attacker.equations, i64::from(K) + 30, 600) else { continue };
        tables += 1;
        worlds_of_all += worlds.len();
        let bound: BTreeSet<&Unknown> = attacker.equations.iter().flat_map(|equation| equation.terms.keys()).collect();
        for id in &attacker.hidden {
            let one = Unknown::Hidden(*id);
            let values: BTreeSet<i64> = worlds.iter().filter_map(|world| world.get(&one).copied()).collect();
            let is_bound = bound.contains(&one);
            let can_be_enough = values.last().is_some_and(|most| *most >= i64::from(K));
            assert!(
                !is_bound || (values.len() > 1 && can_be_enough),
                "{one:?} is one of {values:?} in\n{:?}",
                tables::Readable(&table)
            );
        }
    }
    println!("{worlds_of_all} tables show the same as {tables} protected ones");
}
