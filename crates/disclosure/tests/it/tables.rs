//! Random tables that add up.

use std::collections::{BTreeMap, BTreeSet};

use approdo_disclosure::{Cell, Dimension, Group, Standing, Table};
use proptest::prelude::*;

use super::attack::Key;

fn group(total: u32, parts: &[u32]) -> Group {
    Group { total, parts: parts.to_vec() }
}

/// A dimension, and the codes below which there are no others.
#[derive(Debug, Clone)]
pub struct Shape {
    pub dimension: Dimension,
    pub leaves: Vec<u32>,
}

/// Years of a stock, sexes, sexes without their total, provinces in regions in a nation, municipalities in a province and in unions.
pub fn shape() -> impl Strategy<Value = Shape> {
    prop_oneof![
        (1..3_u32).prop_map(|years| Shape { dimension: Dimension::default(), leaves: (1..=years).collect() }),
        (2..5_u32).prop_map(|parts| {
            let leaves: Vec<u32> = (1..=parts).collect();
            Shape { dimension: Dimension { groups: vec![group(0, &leaves)] }, leaves }
        }),
        Just(Shape {
            dimension: Dimension { groups: vec![group(10, &[1, 2]), group(20, &[3, 4, 5]), group(0, &[10, 20])] },
            leaves: vec![1, 2, 3, 4, 5],
        }),
        Just(Shape {
            dimension: Dimension {
                groups: vec![
                    group(100, &[10, 20]),
                    group(10, &[1, 2]),
                    group(20, &[3]),
                    group(0, &[100, 200]),
                    group(200, &[4, 5])
                ]
            },
            leaves: vec![1, 2, 3, 4, 5],
        }),
        Just(Shape {
            dimension: Dimension {
                groups: vec![
                    group(10, &[1, 2]),
                    group(20, &[3, 4]),
                    group(30, &[1, 3]),
                    group(40, &[2, 4]),
                    group(0, &[10, 20])
                ]
            },
            leaves: vec![1, 2, 3, 4],
        }),
    ]
}

/// Every code of a dimension with the leaves it is the sum of.
fn sums(shape: &Shape) -> BTreeMap<u32, BTreeSet<u32>> {
    let mut sums: BTreeMap<u32, BTreeSet<u32>> =
        shape.leaves.iter().map(|leaf| (*leaf, BTreeSet::from([*leaf]))).collect();
    loop {
        let before = sums.len();
        for group in &shape.dimension.groups {
            let parts: Option<Vec<_>> = group.parts.iter().map(|part| sums.get(part).cloned()).collect();
            if let Some(parts) = parts {
                sums.insert(group.total, parts.into_iter().flatten().collect());
            }
        }
        if sums.len() == before {
            return sums;
        }
    }
}

fn products<T: Clone>(of: &[Vec<T>]) -> Vec<Vec<T>> {
    of.iter().fold(vec![Vec::new()], |all, one| {
        all.iter()
            .flat_map(|begin| one.iter().map(|next| [begin.as_slice(), std::slice::from_ref(next)].concat()))
            .collect()
    })
}

/// How many there are of every combination of codes, from how many there are of every combination of leaves.
pub fn filled(shapes: &[Shape], counts: &[i64]) -> BTreeMap<Key, i64> {
    let leaves: Vec<Vec<u32>> = shapes.iter().map(|shape| shape.leaves.clone()).collect();
    let of_leaves: BTreeMap<Key, i64> = products(&leaves).into_iter().zip(counts.iter().copied().cycle()).collect();
    let codes: Vec<Vec<(u32, BTreeSet<u32>)>> = shapes.iter().map(|shape| sums(shape).into_iter().collect()).collect();
    let mut filled = BTreeMap::new();
    for combination in products(&codes) {
        let key: Key = combination.iter().map(|(code, _)| *code).collect();
        let parts: Vec<Vec<u32>> = combination.iter().map(|(_, leaves)| leaves.iter().copied().collect()).collect();
        filled.insert(key, products(&parts).iter().map(|leaf| of_leaves[leaf]).sum());
    }
    filled
}

/// Counts as they are: many small ones, many noughts, few large ones.
pub fn counts() -> impl Strategy<Value = Vec<i64>> {
    proptest::collection::vec(prop_oneof![3 => 0..6_i64, 2 => 5..20_i64, 1 => 20..400_i64, 1 => Just(0)], 130)
}

#[derive(Clone)]
pub struct Made {
    pub table: Table,
}

impl std::fmt::Debug for Made {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Readable(&self.table).fmt(f)
    }
}

/// A table of up to three dimensions with at most a number of cells. `absent`, `known` and `before` say how many of a hundred cells are not
/// there, known, and hidden before.
pub fn table(most: usize, absent: u32, known: u32, before: u32) -> impl Strategy<Value = Made> {
    let shapes = proptest::collection::vec(shape(), 1..4);
    let draws = proptest::collection::vec((0..100_u32, 0..100_u32), 600);
    (shapes, counts(), draws).prop_filter_map("too many cells", move |(shapes, counts, draws)| {
        let filled = filled(&shapes, &counts);
        if filled.len() > most {
            return None;
        }
        let mut cells = Vec::new();
        for ((key, value), (there, standing)) in filled.iter().zip(draws.iter().cycle()) {
            if *there < absent / 2 {
                continue;
            }
            let standing = match standing {
                draw if *draw < known => Standing::Known,
                draw if *draw < known + before => Standing::HiddenBefore,
                _ => Standing::Free,
            };
            let value = (*there >= absent).then(|| f64::from(i32::try_from(*value).unwrap()));
            cells.push(Cell { key: key.clone(), value, standing });
        }
        let dimensions = shapes.iter().map(|shape| shape.dimension.clone()).collect();
        Some(Made { table: Table { dimensions, cells, earlier: Vec::new() } })
    })
}

/// One line for each cell, so that a failure can be read.
pub struct Readable<'a>(pub &'a Table);

impl std::fmt::Debug for Readable<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for dimension in &self.0.dimensions {
            let groups: Vec<String> =
                dimension.groups.iter().map(|group| format!("{}={:?}", group.total, group.parts)).collect();
            writeln!(f, "groups {}", groups.join(" "))?;
        }
        self.0.cells.iter().try_for_each(|cell| writeln!(f, "{:?} {:?} {:?}", cell.key, cell.value, cell.standing))
    }
}
