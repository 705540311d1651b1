//! Moves of a known form, found without a solver: the product of one change along each dimension, each of which leaves all that adds up along
//! that dimension as it is. In a table of two dimensions that is a rectangle: one corner rises, its two neighbours fall, the opposite one rises.

use std::collections::BTreeMap;

use crate::Table;
use crate::model::{Model, Move, State};

/// How many codes of a line are tried for what another one loses or gains.
const TRIED: usize = 10;
/// How many of a line are looked at to find those.
const LOOKED_AT: usize = 200;
/// How many codes one change along a dimension has at most.
const CODES: usize = 8;
/// How many changes along one dimension are combined.
const CHANGES: usize = 40;
/// How many corners a product has at most.
const CORNERS: usize = 512;
/// How many corners are looked at for one cell.
const CORNERS_IN_ALL: usize = 6000;

/// A change along one dimension, in multiples.
type Change = BTreeMap<u32, i64>;

/// Keys of cells and by how much each changes.
type Corners = Vec<(Vec<u32>, i64)>;

/// The cheapest product of changes along one dimension after the other.
struct Search<'a> {
    model: &'a Model,
    is_hiding: bool,
    changes: Vec<Vec<Change>>,
    corners_left: usize,
    best: Option<(i64, Move)>,
}

impl Search<'_> {
    /// Multiplies corners by the changes along the next dimension. Corners stay when others come: what they cost is a lower bound.
    fn extend(&mut self, dimension: usize, cost: i64, corners: &[(Vec<u32>, i64)]) {
        let Some(changes) = self.changes.get(dimension) else { return self.finish(corners) };
        let mut longer = Vec::new();
        for change in changes.iter().filter(|change| corners.len() * change.len() <= CORNERS) {
            let Some(left) = self.corners_left.checked_sub(corners.len() * change.len()) else { break };
            self.corners_left = left;
            if let Some((more, corners)) = self.multiply(dimension, corners, change) {
                longer.push((cost + more, corners));
            }
        }
        longer.sort_by_key(|(cost, corners)| (*cost, corners.len()));
        for (cost, corners) in longer {
            if self.best.as_ref().is_some_and(|(least, _)| *least <= cost) {
                return;
            }
            self.extend(dimension + 1, cost, &corners);
        }
    }

    /// What the new corners cost, with all corners; nothing where one of them cannot change so.
    fn multiply(&self, dimension: usize, corners: &[(Vec<u32>, i64)], change: &Change) -> Option<(i64, Corners)> {
        let mut cost = 0;
        let mut all = corners.to_vec();
        for (key, by) in corners {
            for (code, times) in change.iter().filter(|(code, _)| key.get(dimension) != Some(code)) {
                let mut key = key.clone();
                *key.get_mut(dimension)? = *code;
                let by = by * times;
                // Of an absent cell nothing is known but what is left for it: see below.
                for unknown in self.model.by_key.get(&key).into_iter().flatten() {
                    let state = self.model.state(*unknown);
                    if state == State::Fixed
                        || (state == State::Free && !self.is_hiding)
                        || self.model.value(*unknown) + by < 0
                    {
                        return None;
                    }
                    cost += self.model.cost(*unknown);
                }
                all.push((key, by));
            }
        }
        Some((cost, all))
    }

    fn finish(&mut self, corners: &[(Vec<u32>, i64)]) {
        let mut found = Move::new();
        for (key, by) in corners {
            // The same cell in every release changes alike, so that their lines change alike.
            found.extend(self.model.by_key.get(key).into_iter().flatten().map(|unknown| (*unknown, *by)));
        }
        self.model.balance(&mut found);
        found.sort_unstable();
        let cost = found.iter().map(|(unknown, _)| self.model.cost(*unknown)).sum();
        if self.model.is_move(&found) && self.best.as_ref().is_none_or(|(least, _)| cost < *least) {
            self.best = Some((cost, found));
        }
    }
}

/// Along which groups of each dimension a code is told.
#[derive(Debug, Default)]
pub struct Products {
    dimensions: Vec<BTreeMap<u32, Vec<(usize, i64)>>>,
    totals: Vec<Vec<u32>>,
}

impl Products {
    pub fn new(table: &Table) -> Self {
        let mut products = Self::default();
        for dimension in &table.dimensions {
            let mut roles: BTreeMap<u32, Vec<(usize, i64)>> = BTreeMap::new();
            for (at, group) in dimension.groups.iter().enumerate() {
                roles.entry(group.total).or_default().push((at, 1));
                for part in &group.parts {
                    roles.entry(*part).or_default().push((at, -1));
                }
            }
            products.dimensions.push(roles);
            products.totals.push(dimension.groups.iter().map(|group| group.total).collect());
        }
        products
    }

    /// The cheapest product that changes an unknown by a number. Without `is_hiding` nothing shown is changed.
    pub fn cheapest(&self, model: &Model, unknown: usize, by: i64, is_hiding: bool) -> Option<Move> {
        let key = model.unknowns.get(unknown).map(|one| one.key.as_slice()).filter(|key| !key.is_empty())?;
        let mut search = Search { model, is_hiding, changes: Vec::new(), corners_left: CORNERS_IN_ALL, best: None };
        for (dimension, code) in key.iter().enumerate() {
            search.changes.push(self.changes(model, key, dimension, *code, by));
        }
        search.extend(0, 0, &[(key.to_vec(), by)]);
        search.best.map(|(_, found)| found)
    }

    /// The product of whole branches: a cell, one below it along each dimension, and all that it is a part of rise together.
    pub fn branches(&self, model: &Model, unknown: usize, by: i64) -> Option<Move> {
        let key = model.unknowns.get(unknown).map(|one| one.key.as_slice()).filter(|key| !key.is_empty())?;
        let mut search =
            Search { model, is_hiding: true, changes: Vec::new(), corners_left: CORNERS_IN_ALL, best: None };
        for (dimension, code) in key.iter().enumerate() {
            let mut changes = self.changes(model, key, dimension, *code, by);
            changes.retain(|change| change.values().all(|times| *times > 0));
            search.changes.push(changes);
        }
        search.extend(0, 0, &[(key.to_vec(), by)]);
        search.best.map(|(_, found)| found)
    }

    /// Changes along a dimension with +1 at a code that leave every group of it as it is.
    fn changes(&self, model: &Model, key: &[u32], dimension: usize, code: u32, by: i64) -> Vec<Change> {
        let mut found = Vec::new();
        self.close(model, key, dimension, by, &mut Change::from([(code, 1)]), &mut found);
        found.sort_by_key(Change::len);
        found
    }

    fn close(
        &self,
        model: &Model,
        key: &[u32],
        dimension: usize,
        by: i64,
        change: &mut Change,
        found: &mut Vec<Change>,
    ) {
        if found.len() >= CHANGES {
            return;
        }
        let Some((group, missing)) = self.open(dimension, change) else {
            found.push(change.clone());
            return;
        };
        if change.len() >= CODES {
            return;
        }
        let total = self.totals.get(dimension).and_then(|totals| totals.get(group)).copied();
        if let Some(total) = total.filter(|total| !change.contains_key(total)) {
            change.insert(total, -missing);
            self.close(model, key, dimension, by, change, found);
            change.remove(&total);
        }
        for part in self.candidates(model, key, dimension, group, missing * by) {
            if Some(part) != total && !change.contains_key(&part) {
                change.insert(part, missing);
                self.close(model, key, dimension, by, change, found);
                change.remove(&part);
            }
        }
    }

    /// A group that the change does not leave as it is, and how much its total rises above its parts.
    fn open(&self, dimension: usize, change: &Change) -> Option<(usize, i64)> {
        let roles = self.dimensions.get(dimension)?;
        let mut sums: BTreeMap<usize, i64> = BTreeMap::new();
        for (code, times) in change {
            for (group, sign) in roles.get(code).into_iter().flatten() {
                *sums.entry(*group).or_default() += sign * times;
            }
        }
        sums.into_iter().find(|(_, sum)| *sum != 0)
    }

    /// Codes of a group that can change by a number where the other codes are those of a key: hidden ones first, then small ones.
    fn candidates(&self, model: &Model, key: &[u32], dimension: usize, group: usize, by: i64) -> Vec<u32> {
        let mut rest = key.to_vec();
        if let Some(place) = rest.get_mut(dimension) {
            *place = 0;
        }
        let Some(ranked) = model.ranked.get(&(dimension, group, rest)) else { return Vec::new() };
        let begin = ranked.partition_point(|unknown| model.value(*unknown) + by < 0);
        let mut candidates: Vec<usize> = ranked
            .iter()
            .skip(begin)
            .take(LOOKED_AT)
            .copied()
            .filter(|unknown| model.state(*unknown) != State::Fixed)
            .collect();
        candidates.sort_by_key(|unknown| model.state(*unknown) == State::Free);
        let code = |unknown: &usize| model.unknowns.get(*unknown).and_then(|one| one.key.get(dimension)).copied();
        candidates.iter().take(TRIED).filter_map(code).collect()
    }
}
