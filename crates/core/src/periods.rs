//! Periods of days, and which of them overlap.

use chrono::NaiveDate;

/// From the first day something holds to the first day it holds no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    pub from: NaiveDate,
    pub to: Option<NaiveDate>,
}

impl Period {
    /// The first day it holds no more: one that never comes where none is known.
    pub fn end(self) -> NaiveDate {
        self.to.unwrap_or(NaiveDate::MAX)
    }

    pub fn overlaps(self, other: Self) -> bool {
        self.from < other.end() && other.from < self.end()
    }
}

/// The first period of a timeline that another one would overlap, by its place.
pub fn overlapping(timeline: &[Period], new: Period) -> Option<usize> {
    timeline.iter().position(|period| period.overlaps(new))
}
