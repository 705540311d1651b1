//! Releases of one table after the other, with revised counts and rows that come and go: somebody who keeps them all finds no hidden count.

use std::collections::BTreeMap;

use approdo_disclosure::{Cell, EarlierCell, Outcome, Refusal, Standing, Suppression, Table, suppress};
use proptest::prelude::*;

use crate::attack::{Attacker, Key, Published};
use crate::tables::{self, Shape};

const K: u32 = 5;

/// Hidden counts are told apart by key and value: of what was not revised the attacker knows so.
#[derive(Default)]
struct Archive {
    numbers: BTreeMap<(Key, i64), u64>,
    published: Vec<Published>,
}

impl Archive {
    fn publish(&mut self, cells: &BTreeMap<Key, i64>, suppression: &Suppression) {
        let mut published = Published::default();
        for ((key, value), outcome) in cells.iter().zip(&suppression.cells) {
            if outcome.is_shown() {
                published.shown.insert(key.clone(), *value);
            } else {
                let next = self.numbers.len().try_into().unwrap();
                let number = *self.numbers.entry((key.clone(), *value)).or_insert(next);
                published.hidden.insert(key.clone(), number);
            }
        }
        self.published.push(published);
    }

    /// The numbers of hidden counts that were told, whether absent rows are taken for 0 or not.
    fn pinned(&self, shapes: &[Shape]) -> Vec<u64> {
        let dimensions: Vec<_> = shapes.iter().map(|shape| shape.dimension.clone()).collect();
        // What was shown once is no secret where it is hidden later.
        let mut known = BTreeMap::new();
        for published in &self.published {
            for (key, value) in &published.shown {
                known.extend(self.numbers.get(&(key.clone(), *value)).map(|number| (*number, *value)));
            }
        }
        assert!(known.is_empty(), "what was shown is not hidden later");
        let attack = |nought| Attacker::new(&dimensions, &self.published, nought).pinned(K, false);
        [true, false].into_iter().flat_map(attack).map(|(number, ..)| number).collect()
    }
}

fn release(shapes: &[Shape], counts: &[i64], absent: &[bool]) -> BTreeMap<Key, i64> {
    let mut filled = tables::filled(shapes, counts);
    let is_leaf = |key: &Key| key.iter().zip(shapes).all(|(code, shape)| shape.leaves.contains(code));
    let leaves: Vec<Key> = filled.keys().filter(|key| is_leaf(key)).cloned().collect();
    for (key, absent) in leaves.iter().zip(absent) {
        if *absent && filled.get(key) == Some(&0) {
            filled.remove(key);
        }
    }
    filled
}

fn table(shapes: &[Shape], cells: &BTreeMap<Key, i64>, earlier: &[Vec<EarlierCell>]) -> Table {
    let float = |value: i64| f64::from(i32::try_from(value).unwrap());
    let cell =
        |(key, value): (&Key, &i64)| Cell { key: key.clone(), value: Some(float(*value)), standing: Standing::Free };
    Table {
        dimensions: shapes.iter().map(|shape| shape.dimension.clone()).collect(),
        cells: cells.iter().map(cell).collect(),
        earlier: earlier.to_vec(),
    }
}

/// Counts of three releases: most stay as they are, and what was 0 may come to be something.
fn histories() -> impl Strategy<Value = Vec<Vec<i64>>> {
    let revised = || proptest::collection::vec((0..10_u32, 0..9_i64), 130);
    (tables::counts(), revised(), revised()).prop_map(|(first, second, third)| {
        let revise = |counts: &[i64], revised: &[(u32, i64)]| -> Vec<i64> {
            let one = |(count, (draw, to)): (&i64, &(u32, i64))| match draw {
                0 => *to,
                1 => count + to - (*to).min(*count).min(4),
                _ => *count,
            };
            counts.iter().zip(revised).map(one).collect()
        };
        let second = revise(&first, &second);
        let third = revise(&second, &third);
        vec![first, second, third]
    })
}

proptest! {
    #![proptest_config(crate::config(20))]

    #[test]
    fn no_hidden_count_is_told_by_all_releases_together(
        shapes in proptest::collection::vec(tables::shape(), 1..3),
        histories in histories(),
        absent in proptest::collection::vec(any::<bool>(), 25),
    ) {
        let mut archive = Archive::default();
        let mut earlier: Vec<Vec<EarlierCell>> = Vec::new();
        for counts in histories {
            let cells = release(&shapes, &counts, &absent);
            let table = table(&shapes, &cells, &earlier);
            let suppression = match suppress(&table, K) {
                Ok(suppression) => suppression,
                Err(Refusal::Unprotectable { keys }) => {
                    prop_assert!(!earlier.is_empty() && !keys.is_empty());
                    // Even with all hidden that was not shown before.
                    let was_shown = |key: &Key, value: i64| archive.published.iter().any(|one| one.shown.get(key) == Some(&value));
                    let all = cells.iter().map(|(key, value)| match was_shown(key, *value) {
                        true => Outcome::Shown,
                        false => Outcome::Complementary,
                    });
                    let all = Suppression { cells: all.collect() };
                    archive.publish(&cells, &all);
                    prop_assert!(!archive.pinned(&shapes).is_empty(), "{:?} could be protected", keys);
                    return Ok(());
                }
                Err(other) => return Err(TestCaseError::fail(other.to_string())),
            };
            archive.publish(&cells, &suppression);
            let pinned = archive.pinned(&shapes);
            if !pinned.is_empty() {
                let cells: Vec<_> = archive.numbers.iter().filter(|(_, n)| pinned.contains(n)).map(|(k, _)| k.clone()).collect();
                eprintln!("PINNED {cells:?}");
                for p in &archive.published { eprintln!("R shown {:?}\n  hidden {:?}", p.shown, p.hidden); }
                eprintln!("{:?} absent", tables::Readable(&table));
            }
            prop_assert_eq!(pinned, Vec::<u64>::new());
            earlier.push(cells.iter().zip(&suppression.cells).map(|((key, value), outcome)| EarlierCell {
                key: key.clone(),
                value: f64::from(i32::try_from(*value).unwrap()),
                is_shown: outcome.is_shown(),
            }).collect());
        }
    }
}
