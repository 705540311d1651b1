//! What random tables small enough for an attacker do not reach from outside.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should stop"
)]

use proptest::prelude::*;

use crate::{Refusal, Suppression, Table, protect, relations, suppress};

#[path = "../tests/it/attack.rs"]
mod attack;
#[path = "../tests/it/tables.rs"]
mod tables;

use attack::{Attacker, Published};

const K: u32 = 5;

/// As a large table is protected.
fn suppress_as_large(table: &Table) -> Result<Suppression, Refusal> {
    protect::protect_as(relations::model(table, i64::from(K))?, table, false)
}

fn pinned(table: &Table, suppression: &Suppression) -> Vec<(u64, f64, f64)> {
    Attacker::new(&table.dimensions, &[Published::of(table, suppression)], false).pinned(K, false)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_hidden_count_is_told_of_what_is_protected_as_a_large_table(made in tables::table(100, 10, 0, 0)) {
        let suppression = suppress_as_large(&made.table).expect("a table of which nothing is known can be protected");
        prop_assert_eq!(pinned(&made.table, &suppression), vec![]);
    }

    #[test]
    fn a_large_table_of_which_cells_are_known_is_protected_or_refused(made in tables::table(100, 0, 10, 0)) {
        match suppress_as_large(&made.table) {
            Ok(suppression) => prop_assert_eq!(pinned(&made.table, &suppression), vec![]),
            Err(Refusal::Unprotectable { keys }) => prop_assert!(!keys.is_empty()),
            Err(other) => prop_assert!(false, "{other}"),
        }
    }

    #[test]
    fn the_order_of_cells_is_of_no_consequence(made in tables::table(60, 10, 0, 0)) {
        let mut turned = made.table.clone();
        turned.cells.reverse();
        let mut of_turned = suppress(&turned, K).expect("a table of which nothing is known can be protected");
        of_turned.cells.reverse();
        prop_assert_eq!(suppress(&made.table, K).expect("it can be protected"), of_turned);
    }
}
