//! What may be told of a year's counts: pure, no database, no HTTP (domain 41 and 42).
//!
//! All breakdowns of a year are hidden together, as one table, because they add up to the same: a month that one of them hides is not to be
//! what another leaves of its quarter.

use std::collections::BTreeMap;

use approdo_disclosure as disclosure;
use chrono::{Datelike as _, NaiveDate};

use crate::access::TerritoryId;
use crate::anonymity::THRESHOLD;
use crate::discrimination::codes::{AreaOfLife, DiscriminationGround};
use crate::discrimination::rules::DiscriminationReportOutcome;

/// Something of a year that is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cell {
    /// All that were received.
    Received,
    Quarter(u32),
    Month(u32),
    Area(AreaOfLife),
    /// A report can have several.
    Ground(DiscriminationGround),
    /// Where it happened; none where nobody said.
    Place(Option<TerritoryId>),
    /// All that ended.
    Ended,
    Outcome(DiscriminationReportOutcome),
}

/// The counts of a year, and of them what is told: none where a count is hidden.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Year {
    counts: BTreeMap<Cell, i64>,
}

pub type Told = BTreeMap<Cell, Option<i64>>;

fn quarter_of(month: u32) -> u32 {
    month.div_ceil(3)
}

impl Year {
    /// Counts reports received on a day.
    pub fn received(&mut self, on: NaiveDate, area: AreaOfLife, place: Option<TerritoryId>, count: i64) {
        let month = on.month();
        let cells = [
            Cell::Received,
            Cell::Quarter(quarter_of(month)),
            Cell::Month(month),
            Cell::Area(area),
            Cell::Place(place),
        ];
        for cell in cells {
            *self.counts.entry(cell).or_default() += count;
        }
    }

    /// Counts reports with a ground.
    pub fn with_ground(&mut self, ground: DiscriminationGround, count: i64) {
        *self.counts.entry(Cell::Ground(ground)).or_default() += count;
    }

    /// Counts reports that ended.
    pub fn ended(&mut self, outcome: DiscriminationReportOutcome, count: i64) {
        for cell in [Cell::Ended, Cell::Outcome(outcome)] {
            *self.counts.entry(cell).or_default() += count;
        }
    }

    pub fn count(&self, cell: Cell) -> i64 {
        self.counts.get(&cell).copied().unwrap_or_default()
    }

    /// What may be told: the whole, and of its parts everything but counts below five and what it takes that nobody computes them. Of fewer
    /// than five reports nothing is told at all, since what is nought would say what they are.
    pub fn told(&self) -> Told {
        let mut told = self.part(Cell::Received, &self.parts_of_received());
        let outcomes = DiscriminationReportOutcome::ALL.iter().map(|outcome| Cell::Outcome(*outcome)).collect();
        told.extend(self.part(Cell::Ended, &[(Cell::Ended, outcomes)]));
        // They add up to nothing, because a report has several or none: each is hidden by itself.
        let few = self.is_few(Cell::Received);
        for ground in DiscriminationGround::ALL {
            let (cell, count) = (Cell::Ground(*ground), self.count(Cell::Ground(*ground)));
            told.insert(cell, Some(count).filter(|count| !few && !(1..THRESHOLD).contains(count)));
        }
        told
    }

    fn parts_of_received(&self) -> Vec<(Cell, Vec<Cell>)> {
        let mut groups = vec![
            (Cell::Received, (1..=4).map(Cell::Quarter).collect()),
            (Cell::Received, AreaOfLife::ALL.iter().map(|area| Cell::Area(*area)).collect()),
        ];
        let places: Vec<Cell> = self.counts.keys().copied().filter(|cell| matches!(cell, Cell::Place(_))).collect();
        if !places.is_empty() {
            groups.push((Cell::Received, places));
        }
        groups.extend((1..=4).map(|quarter| {
            (Cell::Quarter(quarter), (1..=12).filter(|month| quarter_of(*month) == quarter).map(Cell::Month).collect())
        }));
        groups
    }

    fn is_few(&self, total: Cell) -> bool {
        (1..THRESHOLD).contains(&self.count(total))
    }

    /// What may be told of a total and all that adds up to it.
    fn part(&self, total: Cell, groups: &[(Cell, Vec<Cell>)]) -> Told {
        let mut cells: Vec<Cell> = vec![total];
        cells.extend(groups.iter().flat_map(|(_, parts)| parts.iter().copied()));
        let shown = if self.is_few(total) { None } else { self.protected(&cells, groups) };
        // What cannot be protected is not told.
        let shown = shown.unwrap_or_else(|| vec![false; cells.len()]);
        let told = cells.into_iter().zip(shown);
        told.map(|(cell, shown)| (cell, shown.then(|| self.count(cell)))).collect()
    }

    fn protected(&self, cells: &[Cell], groups: &[(Cell, Vec<Cell>)]) -> Option<Vec<bool>> {
        let codes: BTreeMap<Cell, u32> = cells.iter().copied().zip(0..).collect();
        let code = |cell: &Cell| codes.get(cell).copied();
        let groups = groups.iter().map(|(total, parts)| {
            Some(disclosure::Group { total: code(total)?, parts: parts.iter().map(code).collect::<Option<_>>()? })
        });
        let dimension = disclosure::Dimension { groups: groups.collect::<Option<_>>()? };
        let cells = cells.iter().map(|cell| {
            let value = self.count(*cell).to_string().parse().ok();
            // The whole is told: to hide it instead of parts would be cheapest, and of least use.
            let is_whole = matches!(cell, Cell::Received | Cell::Ended);
            let standing = if is_whole { disclosure::Standing::Known } else { disclosure::Standing::Free };
            Some(disclosure::Cell { key: vec![code(cell)?], value, standing })
        });
        let cells = cells.collect::<Option<_>>()?;
        let table = disclosure::Table { dimensions: vec![dimension], cells, earlier: Vec::new() };
        let threshold = u32::try_from(THRESHOLD).ok()?;
        let outcome = disclosure::suppress(&table, threshold).ok()?;
        Some(outcome.cells.into_iter().map(disclosure::Outcome::is_shown).collect())
    }
}
