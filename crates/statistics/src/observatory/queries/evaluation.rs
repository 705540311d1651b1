//! From what was told to what is asked for: added up over places and times as the kind of the figures allows (domain 41).

use approdo_db::Connection;
use chrono::NaiveDate;

use crate::access::TerritoryId;
use crate::error::{ApiError, ApiResult};
use crate::maps::{IdMap, IdSet};
use crate::observatory::datasets::MeasureKind;
use crate::observatory::queries::gathered::{Gathered, Told};
use crate::observatory::queries::places::{Land, Place};
use crate::observatory::queries::times::{Period, Time};

/// Steps from a country to a municipality are few; more is a circle that somebody made past the rules.
pub const MOST_STEPS: usize = 20;

/// Territories times groups times periods that are told as of another day.
const MOST_RECAST: usize = 3_000_000;

/// Values as they are asked for.
pub struct Evaluation<'a> {
    kind: MeasureKind,
    land: &'a Land,
    periods: &'a [Period],
    values: Gathered<'a>,
    /// What was counted in other territories of their day, told in those of the day asked for: by territory, group and period.
    recast: IdMap<(TerritoryId, usize, usize), Told>,
}

impl<'a> Evaluation<'a> {
    pub fn new(kind: MeasureKind, land: &'a Land, periods: &'a [Period], values: Gathered<'a>) -> Self {
        Self { kind, land, periods, values, recast: IdMap::default() }
    }

    /// Reads what these places need.
    pub fn read(&mut self, connection: &mut Connection, places: &[Place], groups: usize) -> ApiResult<()> {
        self.read_coded(connection, places)?;
        let mut level: Vec<TerritoryId> = places.iter().filter_map(Place::territory).collect();
        let mut met: IdSet<TerritoryId> = level.iter().copied().collect();
        for _ in 0..MOST_STEPS {
            self.read_level(connection, &level)?;
            let mut next = Vec::new();
            for id in level {
                if self.kind != MeasureKind::Ratio && self.needs_parts(id, groups) {
                    next.extend(self.land.tree.ever_below(id).filter(|below| met.insert(*below)));
                }
            }
            if next.is_empty() {
                break;
            }
            level = next;
        }
        self.tell_anew(connection, &met, groups)
    }

    pub fn read_coded(&mut self, connection: &mut Connection, places: &[Place]) -> ApiResult<()> {
        let coded = places.iter().filter_map(|place| match place {
            Place::Coded { number, .. } => Some(*number),
            Place::Territory(_) => None,
        });
        self.values.read(connection, coded)
    }

    pub fn read_level(&mut self, connection: &mut Connection, level: &[TerritoryId]) -> ApiResult<()> {
        let areas: Vec<i32> = level.iter().flat_map(|id| self.land.numbers_of(*id)).copied().collect();
        self.values.read(connection, areas)
    }

    /// Whether there is a value that a territory does not have itself.
    fn needs_parts(&self, id: TerritoryId, groups: usize) -> bool {
        self.land.has_parts(id)
            && self.periods.iter().enumerate().any(|(at, period)| {
                let itself = !self.land.changed(id, period.begins, self.land.as_of(period.begins));
                !itself || (0..groups).any(|group| self.own(id, group, at).is_none())
            })
    }

    fn own(&self, id: TerritoryId, group: usize, period: usize) -> Option<Told> {
        self.values.of(self.land.numbers_of(id), group, period)
    }

    /// Tells what was counted in the territories of its day in those of another.
    pub fn tell_anew(
        &mut self,
        connection: &mut Connection,
        wanted: &IdSet<TerritoryId>,
        groups: usize,
    ) -> ApiResult<()> {
        let Some(day) = self.land.day else { return Ok(()) };
        // Of a ratio, what is wanted may lie in the other side's part alone: it has no values on this side.
        let mut origins: Vec<TerritoryId> = self.land.moves.origins(wanted.iter().copied()).into_iter().collect();
        origins.retain(|id| self.land.origins.contains(id));
        self.read_level(connection, &origins)?;
        let work = [origins.len(), groups, self.periods.len()];
        if work.iter().try_fold(1_usize, |all, one| all.checked_mul(*one)).is_none_or(|work| work > MOST_RECAST) {
            let why = "are too many to tell as of another day, with so many codes and periods: ask for fewer";
            return Err(ApiError::invalid_member("geo", why));
        }
        for (at, period) in self.periods.iter().enumerate() {
            let counted = period.begins;
            for &origin in &origins {
                let Some(node) = self.land.tree.node(origin) else { continue };
                if counted > day {
                    continue;
                }
                let parts = self.land.moves.recast(origin, counted, day);
                let existed = node.exists_on(counted);
                for part in parts.into_iter().filter(|part| wanted.contains(&part.territory)) {
                    for group in 0..groups {
                        let own = self.own(origin, group, at);
                        if own.is_none() && !existed {
                            continue;
                        }
                        // Told back to a time before the territory was there: by the publisher, for all of it.
                        if existed && part.territory != origin && self.is_told_back(part.territory, group, at) {
                            continue;
                        }
                        let mut told = own.unwrap_or(Told::NOTHING);
                        let is_whole = (part.share - 1.0).abs() < 1e-9;
                        told.is_estimated |= part.is_estimated && own.is_some();
                        // A share of it, or several together, cannot be had of what does not add up.
                        told.is_unlike = self.kind == MeasureKind::Ratio && (!is_whole || part.territory != origin);
                        told.value *= part.share;
                        self.recast.entry((part.territory, group, at)).and_modify(|sum| sum.add(told)).or_insert(told);
                    }
                }
            }
        }
        Ok(())
    }

    fn is_told_back(&self, id: TerritoryId, group: usize, period: usize) -> bool {
        let there = self.periods.get(period).zip(self.land.tree.node(id));
        there.is_some_and(|(period, node)| !node.exists_on(period.begins)) && self.own(id, group, period).is_some()
    }

    /// What a place has of a group in a time.
    pub fn told(&self, place: &Place, group: usize, time: &Time) -> Told {
        self.over(time, |period| self.in_period(place, group, period))
    }

    /// What a territory told of itself, or has since as a whole, as of a day; and not what lies below it has told. With the day as of which what lies
    /// below it is to be told.
    pub fn alone(
        &self,
        id: TerritoryId,
        group: usize,
        (period, asked): (usize, NaiveDate),
    ) -> (Option<Told>, NaiveDate) {
        let Some(counted) = self.periods.get(period).map(|period| period.begins) else { return (None, asked) };
        let day = if self.land.changed(id, counted, asked) { asked } else { counted };
        match self.own(id, group, period) {
            Some(told) if day == counted => (Some(told), day),
            _ if self.land.parts(id, day).is_empty() => (Some(self.leaf(id, group, (period, counted, day))), day),
            _ => (None, day),
        }
    }

    /// What a territory has in a period, as of a day.
    pub fn whole(&self, id: TerritoryId, group: usize, (period, asked): (usize, NaiveDate)) -> Told {
        match self.periods.get(period) {
            Some(known) => self.of_territory(id, group, (period, known.begins, asked), 0),
            None => Told::NOTHING,
        }
    }

    /// What a place that is no territory has in a period.
    pub fn of_code(&self, number: i32, group: usize, period: usize) -> Told {
        self.values.of(&[number], group, period).unwrap_or(Told::NOTHING)
    }

    pub fn period(&self, at: usize) -> Option<&Period> {
        self.periods.get(at)
    }

    pub fn kind(&self) -> MeasureKind {
        self.kind
    }

    /// Values of periods as one of the time that they make up.
    fn over(&self, time: &Time, of: impl Fn(usize) -> Told) -> Told {
        if let &[period] = time.parts.as_slice()
            && time.expected == 1
        {
            return of(period);
        }
        let each = time.parts.iter().map(|&period| of(period));
        match self.kind {
            // It does not add up: no year is made of quarters.
            MeasureKind::Ratio => Told { is_unlike: true, ..Told::NOTHING },
            MeasureKind::Stock => {
                let mut last = None;
                for told in each {
                    if told.reported > 0 || told.is_suppressed || last.is_none() {
                        last = Some(told);
                    }
                }
                last.unwrap_or(Told::NOTHING)
            }
            MeasureKind::Flow => {
                let mut sum = Told { expected: 0, ..Told::NOTHING };
                let mut most = 1;
                for told in each {
                    most = most.max(told.expected);
                    sum.add(told);
                }
                sum.expected += time.expected.saturating_sub(time.parts.len()) * most;
                sum
            }
        }
    }

    fn in_period(&self, place: &Place, group: usize, period: usize) -> Told {
        match place {
            Place::Coded { number, .. } => self.of_code(*number, group, period),
            Place::Territory(id) => {
                let Some(counted) = self.periods.get(period).map(|period| period.begins) else { return Told::NOTHING };
                self.of_territory(*id, group, (period, counted, self.land.as_of(counted)), 0)
            }
        }
    }

    /// `at` is the period, the day it was counted on, and the day that territories are told as of.
    fn of_territory(&self, id: TerritoryId, group: usize, at: (usize, NaiveDate, NaiveDate), depth: usize) -> Told {
        let (period, counted, asked) = at;
        let own = self.own(id, group, period);
        let day = if self.land.changed(id, counted, asked) { asked } else { counted };
        if let Some(told) = own
            && day == counted
        {
            return told;
        }
        let parts =
            if self.kind == MeasureKind::Ratio || depth > MOST_STEPS { Vec::new() } else { self.land.parts(id, day) };
        let at = (period, counted, day);
        if parts.is_empty() {
            return self.leaf(id, group, at);
        }
        let mut sum = Told { expected: 0, ..Told::NOTHING };
        for part in parts {
            sum.add(self.of_territory(part, group, at, depth + 1));
        }
        match own {
            // As it was, told as if it had not changed: better than nothing, and said to be so.
            Some(told) if sum.reported == 0 && !sum.is_suppressed => Told { is_estimated: true, ..told },
            _ => sum,
        }
    }

    /// What a territory has that has nothing below it, and no value of its own day.
    fn leaf(&self, id: TerritoryId, group: usize, (period, counted, day): (usize, NaiveDate, NaiveDate)) -> Told {
        match self.recast.get(&(id, group, period)) {
            _ if day == counted => Told::NOTHING,
            // Whole territories came or went, and no move of people tells how many.
            Some(told) if self.land.is_rearranged(id, counted, day) => {
                let is_unlike = told.is_unlike || self.kind == MeasureKind::Ratio;
                Told { is_estimated: true, is_unlike, ..*told }
            }
            Some(told) => *told,
            // What was one territory on the earlier day cannot be told apart any more.
            None if counted > day => Told { is_unlike: true, ..Told::NOTHING },
            None => Told::NOTHING,
        }
    }
}
