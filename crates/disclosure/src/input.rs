//! What is refused before anything is computed.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::{Dimension, Refusal, Table};

/// The largest count of which every smaller one is a number in floating point: 2^53.
const MOST: f64 = 9_007_199_254_740_992.0;

/// A count as a whole number; nothing for what is no count.
pub fn count(value: f64) -> Option<i64> {
    if !(0.0..=MOST).contains(&value) || value.fract() != 0.0 {
        return None;
    }
    whole(value)
}

/// The whole number nearest to one in floating point; nothing for what is beyond 64 bits.
pub fn whole(value: f64) -> Option<i64> {
    format!("{:.0}", value.round()).parse().ok()
}

pub fn check(table: &Table) -> Result<(), Refusal> {
    for (at, dimension) in table.dimensions.iter().enumerate() {
        check_groups(at, dimension)?;
    }
    let of_this = table.cells.iter().map(|cell| (&cell.key, cell.value));
    check_cells(table, of_this)?;
    for release in &table.earlier {
        check_cells(table, release.iter().map(|cell| (&cell.key, Some(cell.value))))?;
    }
    Ok(())
}

fn check_cells<'a>(table: &Table, cells: impl Iterator<Item = (&'a Vec<u32>, Option<f64>)>) -> Result<(), Refusal> {
    let mut seen = HashSet::new();
    for (key, value) in cells {
        if key.len() != table.dimensions.len() {
            return Err(Refusal::WrongKey { key: key.clone() });
        }
        if let Some(value) = value.filter(|value| count(*value).is_none()) {
            return Err(Refusal::NotACount { key: key.clone(), value });
        }
        if !seen.insert(key) {
            return Err(Refusal::Twice { key: key.clone() });
        }
    }
    Ok(())
}

fn check_groups(at: usize, dimension: &Dimension) -> Result<(), Refusal> {
    let wrong = |total| Refusal::WrongGroup { dimension: at, total };
    let mut open: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    for group in &dimension.groups {
        let parts: BTreeSet<u32> = group.parts.iter().copied().collect();
        if parts.is_empty() || parts.len() != group.parts.len() {
            return Err(wrong(group.total));
        }
        open.entry(group.total).or_default().extend(parts);
    }
    // What is left when totals whose parts are no totals are taken away, again and again, has itself within it.
    loop {
        let done: Vec<u32> = open
            .iter()
            .filter(|(_, parts)| !parts.iter().any(|part| open.contains_key(part)))
            .map(|(total, _)| *total)
            .collect();
        if done.is_empty() {
            return open.keys().next().map_or(Ok(()), |total| Err(wrong(*total)));
        }
        for total in done {
            open.remove(&total);
        }
    }
}
