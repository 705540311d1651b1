//! One sum divided by another: never a mean of ratios, and of places only that have told both (domain 41).

use std::collections::BTreeSet;

use approdo_db::Connection;
use chrono::NaiveDate;

use crate::access::TerritoryId;
use crate::error::ApiResult;
use crate::maps::IdSet;
use crate::observatory::datasets::MeasureKind;
use crate::observatory::queries::evaluation::{Evaluation, MOST_STEPS};
use crate::observatory::queries::gathered::Told;
use crate::observatory::queries::places::Place;
use crate::observatory::queries::question::Scope;
use crate::observatory::queries::times::{Period, Time};

/// What is divided, and by what.
pub struct Ratio<'a> {
    of: Side<'a>,
    by: Side<'a>,
    /// The group of the denominator that belongs to each of the numerator.
    groups: Vec<Option<usize>>,
}

struct Side<'a> {
    scope: &'a Scope,
    values: Evaluation<'a>,
}

/// What is divided by what of one place in one time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    pub of: Told,
    pub by: Told,
}

impl Pair {
    pub const NOTHING: Self = Self { of: Told::NOTHING, by: Told::NOTHING };

    /// Two values that belong together, or nothing where one of them is missing.
    pub fn whole(of: Told, by: Told) -> Self {
        if of.reported > 0 && by.reported > 0 {
            let expected = of.expected.max(by.expected);
            let reported = of.reported.min(by.reported);
            return Self { of: Told { reported, expected, ..of }, by };
        }
        // Of what is missing, why it is is told all the same.
        let mut nothing = Self::NOTHING;
        nothing.of.mark(of);
        nothing.of.mark(by);
        nothing
    }

    pub fn is_something(&self) -> bool {
        self.of.reported > 0 || self.of.is_suppressed
    }

    /// As one value, times a factor; nothing can be divided by nothing.
    pub fn told(self, factor: f64) -> (Told, bool) {
        let mut told = self.of;
        told.mark(self.by);
        let divides = self.by.value != 0.0;
        told.value = if divides { self.of.value / self.by.value * factor } else { 0.0 };
        (told, told.reported > 0 && !divides)
    }
}

impl<'a> Ratio<'a> {
    /// Reads what both sides have of the places.
    pub fn read(connection: &mut Connection, of: &'a Scope, by: &'a Scope) -> ApiResult<Self> {
        let groups = of.keys().iter().map(|key| by.group_like(key)).collect();
        let mut this =
            Self { of: Side { scope: of, values: of.unread() }, by: Side { scope: by, values: by.unread() }, groups };
        let places = of.read_places();
        this.of.values.read_coded(connection, &places)?;
        this.by.values.read_coded(connection, &by.read_places())?;
        let mut level: Vec<TerritoryId> = places.iter().filter_map(Place::territory).collect();
        let mut met: IdSet<TerritoryId> = level.iter().copied().collect();
        for _ in 0..MOST_STEPS {
            this.of.values.read_level(connection, &level)?;
            this.by.values.read_level(connection, &level)?;
            let mut next = Vec::new();
            for id in level {
                if this.lacks_something(id) {
                    let below = this.sides().into_iter().flat_map(|side| side.scope.places.land.tree.ever_below(id));
                    next.extend(below.filter(|below| met.insert(*below)));
                }
            }
            if next.is_empty() {
                break;
            }
            level = next;
        }
        this.of.values.tell_anew(connection, &met, of.keys().len())?;
        this.by.values.tell_anew(connection, &met, by.keys().len())?;
        Ok(this)
    }

    fn sides(&self) -> [&Side<'a>; 2] {
        [&self.of, &self.by]
    }

    /// Whether a territory has not both values alone of some group and period.
    fn lacks_something(&self, id: TerritoryId) -> bool {
        (0..self.of.scope.keys().len()).any(|group| {
            let parts = self.of.scope.times.iter().flat_map(|time| &time.parts);
            parts.into_iter().any(|&period| {
                let Some(other) = self.other(group, period) else { return true };
                let at = (period, self.as_of(period));
                !self.alone(id, group, at, other).1.is_something()
            })
        })
    }

    fn as_of(&self, period: usize) -> NaiveDate {
        let begins = self.of.values.period(period).map(|period| period.begins).unwrap_or_default();
        self.of.scope.places.land.as_of(begins)
    }

    /// The same group and period of the denominator; none where it has none.
    fn other(&self, group: usize, period: usize) -> Option<(usize, usize)> {
        let group = self.groups.get(group).copied().flatten()?;
        let period = self.of.values.period(period)?;
        let same = |other: &Period| other.begins == period.begins && other.ends == period.ends;
        Some((group, self.by.scope.periods().iter().position(same)?))
    }

    /// What a territory has alone, and the day as of which what lies below it is to be told.
    fn alone(
        &self,
        id: TerritoryId,
        group: usize,
        (period, asked): (usize, NaiveDate),
        (other_group, other): (usize, usize),
    ) -> (NaiveDate, Pair) {
        let (of, day) = self.of.values.alone(id, group, (period, asked));
        let (by, _) = self.by.values.alone(id, other_group, (other, asked));
        let has = |told: &Option<Told>| told.is_some_and(|told| told.reported > 0);
        // A sum of all that lies below is as good as what is told of it all.
        let complete = |told: Told| Some(told).filter(|told| told.reported > 0 && told.reported == told.expected);
        let (of, by) = match (has(&of), has(&by)) {
            (true, false) => (of, complete(self.by.values.whole(id, other_group, (other, asked))).or(by)),
            (false, true) => (complete(self.of.values.whole(id, group, (period, asked))).or(of), by),
            _ => (of, by),
        };
        (day, Pair::whole(of.unwrap_or(Told::NOTHING), by.unwrap_or(Told::NOTHING)))
    }

    /// What is divided by what of a place in a time: periods that both have, put together as the numerator's kind allows.
    pub fn told(&self, place: &Place, group: usize, time: &Time) -> Pair {
        let pairs: Vec<Pair> = time.parts.iter().map(|&period| self.in_period(place, group, period)).collect();
        if let &[pair] = pairs.as_slice()
            && time.expected == 1
        {
            return pair;
        }
        if self.of.values.kind() == MeasureKind::Stock {
            return pairs.into_iter().rfind(Pair::is_something).unwrap_or(Pair::NOTHING);
        }
        let nothing = Told { expected: 0, ..Told::NOTHING };
        let mut sum = Pair { of: nothing, by: nothing };
        let mut most = 1;
        for pair in pairs {
            most = most.max(pair.of.expected);
            sum.of.add(pair.of);
            sum.by.add(pair.by);
        }
        sum.of.expected += time.expected.saturating_sub(time.parts.len()) * most;
        sum
    }

    fn in_period(&self, place: &Place, group: usize, period: usize) -> Pair {
        let Some((other_group, other)) = self.other(group, period) else { return Pair::NOTHING };
        match place {
            Place::Territory(id) => {
                self.of_territory(*id, group, (period, self.as_of(period)), (other_group, other), 0)
            }
            Place::Coded { code: wanted, number, .. } => {
                let same = |place: &&Place| matches!(place, Place::Coded { code, .. } if code == wanted);
                let by = match self.by.scope.places.told.iter().find(same) {
                    Some(Place::Coded { number, .. }) => self.by.values.of_code(*number, other_group, other),
                    _ => Told::NOTHING,
                };
                Pair::whole(self.of.values.of_code(*number, group, period), by)
            }
        }
    }

    fn of_territory(
        &self,
        id: TerritoryId,
        group: usize,
        (period, asked): (usize, NaiveDate),
        other: (usize, usize),
        depth: usize,
    ) -> Pair {
        let (day, alone) = self.alone(id, group, (period, asked), other);
        if alone.is_something() || depth > MOST_STEPS {
            return alone;
        }
        let parts: BTreeSet<TerritoryId> =
            self.sides().into_iter().flat_map(|side| side.scope.places.land.parts(id, day)).collect();
        if parts.is_empty() {
            return alone;
        }
        let nothing = Told { expected: 0, ..Told::NOTHING };
        let mut sum = Pair { of: nothing, by: nothing };
        for part in parts {
            let pair = self.of_territory(part, group, (period, day), other, depth + 1);
            sum.of.add(pair.of);
            sum.by.add(pair.by);
        }
        sum
    }
}
