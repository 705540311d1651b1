//! What was counted in the territories of one day, told in those of a later one: along mergers, splits and changes of borders.

use std::collections::{BTreeMap, BTreeSet};

use approdo_db::Connection;
use approdo_db::schema::territory_events;
use chrono::NaiveDate;
use diesel::prelude::*;

use crate::access::TerritoryId;
use crate::maps::IdMap;
use crate::territory::events::TerritoryEventKind;

/// People of one territory that are another's since a day.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Move {
    on: NaiveDate,
    to: TerritoryId,
    /// From 0 to 1; none where it is not known.
    share: Option<f64>,
    is_whole: bool,
}

/// How much of what was counted in a territory belongs to another one later.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    pub territory: TerritoryId,
    /// From 0 to 1.
    pub share: f64,
    /// Whether people were taken to be spread as the whole population was, or nobody knows how many went.
    pub is_estimated: bool,
}

/// Every move there is, read in one statement: for imports and answers with many rows.
#[derive(Debug, Default)]
pub struct Moves {
    by_origin: IdMap<TerritoryId, Vec<Move>>,
}

impl Moves {
    pub fn read(connection: &mut Connection) -> QueryResult<Self> {
        use territory_events as t;
        type Row = (TerritoryEventKind, NaiveDate, TerritoryId, TerritoryId, Option<f64>);
        let rows: Vec<Row> = t::table
            .filter(t::from_territory_id.ne(t::to_territory_id))
            .order((t::effective_on, t::id))
            .select((t::kind, t::effective_on, t::from_territory_id, t::to_territory_id, t::share))
            .load(connection)?;
        let mut moves = Self::default();
        for (kind, on, from, to, share) in rows {
            let is_whole = kind == TerritoryEventKind::Merge;
            moves.by_origin.entry(from).or_default().push(Move { on, to, share, is_whole });
        }
        Ok(moves)
    }

    /// Whose what was counted in a territory on one day is on a later day: itself, where nothing happened. By the id of the territory.
    pub fn recast(&self, territory: TerritoryId, counted: NaiveDate, asked: NaiveDate) -> Vec<Part> {
        let mut parts: BTreeMap<TerritoryId, Part> = BTreeMap::new();
        self.follow(Part { territory, share: 1.0, is_estimated: false }, counted, asked, &mut parts);
        parts.into_values().collect()
    }

    /// What was part of others before, and in the end of these territories: whatever can be recast into them, and they themselves.
    pub fn origins(&self, of: impl IntoIterator<Item = TerritoryId>) -> BTreeSet<TerritoryId> {
        let mut before: IdMap<TerritoryId, Vec<TerritoryId>> = IdMap::default();
        for (from, moves) in &self.by_origin {
            for made in moves {
                before.entry(made.to).or_default().push(*from);
            }
        }
        let mut found: BTreeSet<TerritoryId> = of.into_iter().collect();
        let mut waiting: Vec<TerritoryId> = found.iter().copied().collect();
        while let Some(at) = waiting.pop() {
            let from = before.get(&at).map(Vec::as_slice).unwrap_or_default();
            waiting.extend(from.iter().filter(|from| found.insert(**from)));
        }
        found
    }

    /// Whose people became whose, by the day.
    pub fn by_day(&self) -> BTreeMap<NaiveDate, Vec<(TerritoryId, TerritoryId)>> {
        let mut days: BTreeMap<NaiveDate, Vec<(TerritoryId, TerritoryId)>> = BTreeMap::new();
        for (from, moves) in &self.by_origin {
            for made in moves {
                days.entry(made.on).or_default().push((*from, made.to));
            }
        }
        days
    }

    fn follow(&self, part: Part, after: NaiveDate, until: NaiveDate, into: &mut BTreeMap<TerritoryId, Part>) {
        let moves = self.by_origin.get(&part.territory).map(Vec::as_slice).unwrap_or_default();
        let next = moves.iter().find(|made| made.on > after && made.on <= until);
        let Some(day) = next.map(|made| made.on) else {
            let whole = into.entry(part.territory).or_insert(Part { share: 0.0, ..part });
            whole.share += part.share;
            whole.is_estimated |= part.is_estimated;
            return;
        };
        let of_the_day = moves.iter().filter(|made| made.on == day);
        if let Some(merged) = of_the_day.clone().find(|made| made.is_whole) {
            self.follow(Part { territory: merged.to, ..part }, day, until, into);
            return;
        }
        let mut left = 1.0_f64;
        for made in of_the_day {
            // Of those whose number nobody knows, the receiver is told that it has some.
            let share = made.share.unwrap_or(0.0);
            left -= share;
            let moved = Part { territory: made.to, share: part.share * share, is_estimated: true };
            self.follow(moved, day, until, into);
        }
        // Shares that add up to all leave nothing but what rounding does.
        if left > 1e-9 {
            self.follow(Part { share: part.share * left, is_estimated: true, ..part }, day, until, into);
        }
    }
}

#[cfg(test)]
mod tests;
