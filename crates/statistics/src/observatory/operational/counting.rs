//! Counting: of facts with a day, a place and codes, how many there were in each period, at each place and above it, with each combination
//! of codes and of their totals.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{Datelike as _, Months, NaiveDate};
use uuid::Uuid;

use crate::access::TerritoryId;
use crate::anonymity::age_band;
use crate::observatory::operational::{CountedPeriod, TOTAL, UNKNOWN};

/// Something that is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Whom it is about.
    pub person: Uuid,
    pub territory: TerritoryId,
    /// The day it happened on, or the first on which it held.
    pub from: NaiveDate,
    /// The first day on which it no longer held.
    pub until: Option<NaiveDate>,
    pub codes: Vec<FactCode>,
}

/// A code of a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactCode {
    Known(String),
    /// The band of the age that somebody born on this day has.
    AgeOf(NaiveDate),
    Unknown,
}

impl FactCode {
    pub fn of(code: Option<String>) -> Self {
        code.map_or(Self::Unknown, Self::Known)
    }

    fn on(&self, day: NaiveDate) -> &str {
        match self {
            Self::Known(code) => code,
            Self::AgeOf(birth) => age_band(*birth, day),
            Self::Unknown => UNKNOWN,
        }
    }
}

/// A period that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub code: String,
    pub first: NaiveDate,
    /// The first day after it.
    pub after: NaiveDate,
}

impl CountedPeriod {
    fn months(self) -> u32 {
        match self {
            Self::Year => 12,
            Self::Quarter => 3,
            Self::Month => 1,
        }
    }

    /// The periods that begin on a day or later, and are over today; `most` of them at most.
    pub fn spans(self, since: NaiveDate, today: NaiveDate, most: usize) -> Vec<Span> {
        let mut spans = Vec::new();
        let mut next = NaiveDate::from_ymd_opt(since.year(), 1, 1);
        while let Some(first) = next {
            let Some(after) = first.checked_add_months(Months::new(self.months())) else { break };
            if after > today || spans.len() >= most {
                break;
            }
            if first >= since {
                let (year, month) = (first.year(), first.month());
                let code = match self {
                    Self::Year => format!("{year:04}"),
                    Self::Quarter => format!("{year:04}-Q{}", month.div_ceil(3)),
                    Self::Month => format!("{year:04}-{month:02}"),
                };
                spans.push(Span { code, first, after });
            }
            next = Some(after);
        }
        spans
    }
}

/// What is confidential (SDMX `CL_CONF_STATUS`).
const CONFIDENTIAL: &str = "C";

/// Where a number stands: the code of its period, of its place, and the others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    pub period: String,
    pub area: String,
    pub codes: Vec<String>,
}

/// What is told under a key.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cell {
    pub value: Option<f64>,
    pub obs_status: Option<String>,
    pub conf_status: Option<String>,
}

pub type Cells = BTreeMap<Key, Cell>;

/// How often something was counted, and of whom.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Count {
    facts: u64,
    /// As many people as are not few, at most.
    people: BTreeSet<Uuid>,
}

impl Count {
    fn add(&mut self, facts: u64, people: impl IntoIterator<Item = Uuid>, enough: usize) {
        self.facts += facts;
        for person in people {
            if self.people.len() >= enough {
                break;
            }
            self.people.insert(person);
        }
    }
}

/// Counts facts, by period, territory and codes.
pub struct Counter {
    spans: Vec<Span>,
    /// Whether what held at the end of a period is counted, not what happened within.
    is_stock: bool,
    /// How many people are not few.
    enough: usize,
    /// How many numbers may come of it.
    most: usize,
    counts: HashMap<(usize, TerritoryId, Vec<String>), Count>,
}

impl Counter {
    /// `spans` in the order of time. Of fewer than `enough` people nothing is to be read, however often they were counted.
    pub fn new(spans: Vec<Span>, is_stock: bool, enough: usize, most: usize) -> Self {
        Self { spans, is_stock, enough, most, counts: HashMap::new() }
    }

    pub fn take(&mut self, fact: &Fact) {
        let begun = self.spans.partition_point(|span| span.after <= fact.from);
        if self.is_stock {
            for at in begun..self.spans.len() {
                let Some(after) = self.spans.get(at).map(|span| span.after) else { break };
                if fact.until.is_some_and(|until| until < after) {
                    break;
                }
                self.count(at, fact, after.pred_opt().unwrap_or(after));
            }
        } else if self.spans.get(begun).is_some_and(|span| span.first <= fact.from) {
            self.count(begun, fact, fact.from);
        }
    }

    fn count(&mut self, at: usize, fact: &Fact, day: NaiveDate) {
        // Each of these is a number of its own.
        if self.counts.len() > self.most {
            return;
        }
        let codes = fact.codes.iter().map(|code| code.on(day).to_owned()).collect();
        self.counts.entry((at, fact.territory, codes)).or_default().add(1, [fact.person], self.enough);
    }

    /// The territories that something was counted of.
    pub fn territories(&self) -> BTreeSet<TerritoryId> {
        self.counts.keys().map(|(_, territory, _)| *territory).collect()
    }

    /// What was counted, and what it adds up to: `above` tells the codes of a territory and of all that it lay in in a period. What is of few
    /// people, and no small count for that, is marked as confidential: publication hides it like one. Nothing where there would be more numbers than may come of it.
    pub fn told(&self, above: impl Fn(TerritoryId, &Span) -> Vec<String>) -> Option<Cells> {
        if self.counts.len() > self.most {
            return None;
        }
        let mut sums: BTreeMap<Key, Count> = BTreeMap::new();
        for ((at, territory, codes), count) in &self.counts {
            let Some(span) = self.spans.get(*at) else { continue };
            for area in above(*territory, span) {
                for codes in with_totals(codes) {
                    let key = Key { period: span.code.clone(), area: area.clone(), codes };
                    sums.entry(key).or_default().add(count.facts, count.people.iter().copied(), self.enough);
                }
                if sums.len() > self.most {
                    return None;
                }
            }
        }
        Some(sums.into_iter().map(|(key, count)| (key, self.cell(&count))).collect())
    }

    fn cell(&self, count: &Count) -> Cell {
        // Counts are far below 2^53.
        let value = u32::try_from(count.facts).map_or(f64::INFINITY, f64::from);
        let is_of_few =
            count.people.len() < self.enough && usize::try_from(count.facts).is_ok_and(|facts| facts >= self.enough);
        Cell { value: Some(value), obs_status: None, conf_status: is_of_few.then(|| CONFIDENTIAL.to_owned()) }
    }
}

/// Codes, and each way to put the total in the place of some of them.
fn with_totals(codes: &[String]) -> Vec<Vec<String>> {
    codes.iter().fold(vec![Vec::new()], |made, code| {
        let longer = |of: &Vec<String>, code: &str| of.iter().cloned().chain([code.to_owned()]).collect::<Vec<_>>();
        made.iter().flat_map(|of| [longer(of, code), longer(of, TOTAL)]).collect()
    })
}

/// Puts a zero wherever nothing is told of a place in a period: readers take it for none, so it is said, and what follows from it is seen when
/// small counts are hidden. None where it is not known that there was none: `is_open` tells so of a period and a place. Nothing where there would be more
/// than `most` cells.
pub fn with_zeros(
    mut cells: Cells,
    periods: &[String],
    is_open: impl Fn(&str, &str) -> bool,
    most: usize,
) -> Option<Cells> {
    let areas: BTreeSet<String> = cells.keys().map(|key| key.area.clone()).collect();
    let width = cells.keys().next().map_or(0, |key| key.codes.len());
    let mut codes: Vec<BTreeSet<String>> = vec![BTreeSet::from([TOTAL.to_owned()]); width];
    for key in cells.keys() {
        for (known, code) in codes.iter_mut().zip(&key.codes) {
            if !known.contains(code) {
                known.insert(code.clone());
            }
        }
    }
    let told: BTreeSet<String> = cells.keys().map(|key| key.period.clone()).chain(periods.iter().cloned()).collect();
    let size =
        codes.iter().try_fold(told.len().checked_mul(areas.len())?, |size, codes| size.checked_mul(codes.len()))?;
    if size > most {
        return None;
    }
    let combinations = codes.iter().fold(vec![Vec::new()], |made, codes| {
        made.iter()
            .flat_map(|of| codes.iter().map(move |code| of.iter().cloned().chain([code.clone()]).collect::<Vec<_>>()))
            .collect()
    });
    for period in &told {
        for area in areas.iter().filter(|area| !is_open(period, area)) {
            for codes in &combinations {
                let key = Key { period: period.clone(), area: area.clone(), codes: codes.clone() };
                cells.entry(key).or_insert_with(|| Cell { value: Some(0.0), ..Cell::default() });
            }
        }
    }
    Some(cells)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
