//! How many more cells are hidden than the fewest that will do, found by trying all.

use approdo_disclosure::{Outcome, Suppression, Table, suppress};
use proptest::prelude::*;
use proptest::strategy::ValueTree;

use crate::attack::{Attacker, Published};
use crate::tables;

const K: u32 = 5;

fn attacker(table: &Table, hidden: &[bool]) -> Attacker {
    let outcome = |hidden: &bool| if *hidden { Outcome::Complementary } else { Outcome::Shown };
    let suppression = Suppression { cells: hidden.iter().map(outcome).collect() };
    Attacker::new(&table.dimensions, &[Published::of(table, &suppression)], false)
}

/// Whether no total leaves a hidden part alone, or less than the threshold for all of them: most choices fail here already.
fn could_do(attacker: &Attacker) -> bool {
    attacker.equations.iter().all(|equation| {
        let is_one_sided = equation.terms.values().all(|times| *times < 0);
        equation.terms.len() > 1 && (!is_one_sided || -equation.sum >= i64::from(K))
    })
}

/// The fewest hidden cells that will do, below a number.
fn optimum(table: &Table, small: &[bool], most: usize) -> usize {
    let others: Vec<usize> = (0..small.len()).filter(|at| !small[*at]).collect();
    let least = small.len() - others.len();
    for more in 0..most.saturating_sub(least) {
        if choose(table, &mut small.to_vec(), &others, more) {
            return least + more;
        }
    }
    most
}

/// Whether hiding a number of the others will do.
fn choose(table: &Table, hidden: &mut Vec<bool>, others: &[usize], more: usize) -> bool {
    if more == 0 {
        let attacker = attacker(table, hidden);
        return could_do(&attacker) && attacker.pinned(K, false).is_empty();
    }
    (0..others.len()).any(|first| {
        hidden[others[first]] = true;
        let will_do = choose(table, hidden, &others[first + 1..], more - 1);
        hidden[others[first]] = false;
        will_do
    })
}

#[test]
fn of_small_tables_hardly_more_is_hidden_than_has_to_be() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = tables::table(16, 0, 0, 0);
    let (mut worst, mut sum, mut tables) = (1.0_f64, 0.0, 0);
    while tables < 200 {
        let table = strategy.new_tree(&mut runner).expect("a table").current().table;
        let small: Vec<bool> = table
            .cells
            .iter()
            .map(|cell| cell.value.is_some_and(|value| value > 0.0 && value < f64::from(K)))
            .collect();
        let others = small.iter().filter(|small| !**small).count();
        if others == small.len() || others > 12 || table.dimensions.iter().all(|dimension| dimension.groups.is_empty())
        {
            continue;
        }
        let suppression = suppress(&table, K).expect("a whole table can be protected");
        let hidden = suppression.cells.iter().filter(|outcome| !outcome.is_shown()).count();
        let fewest = optimum(&table, &small, hidden);
        let ratio = f64::from(u32::try_from(hidden).unwrap()) / f64::from(u32::try_from(fewest).unwrap());
        worst = worst.max(ratio);
        sum += ratio;
        tables += 1;
    }
    let average = sum / f64::from(tables);
    println!("of {tables} tables: {average:.3} times the fewest on average, {worst:.3} times at worst");
    assert!(worst <= 1.5 && average <= 1.01, "{worst}, {average}");
}
