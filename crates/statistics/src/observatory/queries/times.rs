//! Periods of a release, and the times that are told of them.

use std::collections::BTreeMap;

use approdo_db::Connection;
use approdo_db::schema::{dataset_codes, observation_set_periods};
use chrono::{Datelike as _, Months, NaiveDate};
use diesel::prelude::*;

use crate::error::{ApiError, ApiResult};
use crate::observatory::datasets::DatasetId;
use crate::observatory::periods;
use crate::observatory::queries::asked::{AskedTimes, TimeStep};

/// A period that observations can be of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    pub number: i32,
    pub code: String,
    pub begins: NaiveDate,
    /// The first day after it.
    pub ends: NaiveDate,
}

/// A time that values are told for, and what it is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Time {
    /// A period, a year, or two periods with a slash between them (ISO 8601-1).
    pub code: String,
    pub begins: NaiveDate,
    pub ends: NaiveDate,
    /// Indices of periods that do not overlap, in their order.
    pub parts: Vec<usize>,
    /// How many parts it would have if all were known.
    pub expected: usize,
}

impl Time {
    /// When the time of the same length a year earlier begins.
    pub fn year_before(&self) -> Option<(NaiveDate, i64)> {
        Some((self.begins.checked_sub_months(Months::new(12))?, (self.ends - self.begins).num_days()))
    }
}

/// The periods of a set of observations, of those that are asked for, in their order.
pub fn observed(
    connection: &mut Connection,
    (dataset, set, time): (DatasetId, i32, &str),
    asked: &AskedTimes,
) -> ApiResult<Vec<Period>> {
    let of_set = observation_set_periods::table
        .filter(observation_set_periods::set_number.eq(set))
        .select(observation_set_periods::period);
    let rows: Vec<(i32, String)> = dataset_codes::table
        .filter(dataset_codes::dataset_id.eq(dataset))
        .filter(dataset_codes::dimension.eq(time))
        .filter(dataset_codes::number.eq_any(of_set))
        .select((dataset_codes::number, dataset_codes::code))
        .load(connection)?;
    let bound = |text: &Option<String>| text.as_deref().and_then(periods::bounds);
    let (from, to) = (bound(&asked.from), bound(&asked.to));
    if let (Some((from, _)), Some((_, to))) = (from, to)
        && from >= to
    {
        return Err(ApiError::invalid_member("times/to", "ends before times/from begins"));
    }
    let within = |period: &Period| {
        from.is_none_or(|(begins, _)| period.begins >= begins) && to.is_none_or(|(_, ends)| period.ends <= ends)
    };
    let mut found: Vec<Period> = rows
        .into_iter()
        .filter_map(|(number, code)| {
            let (begins, ends) = periods::bounds(&code)?;
            Some(Period { number, code, begins, ends })
        })
        .filter(within)
        .collect();
    found.sort_by(|one, other| (one.begins, one.ends, &one.code).cmp(&(other.begins, other.ends, &other.code)));
    Ok(found)
}

/// The times to tell.
pub fn times(periods: &[Period], step: TimeStep) -> Vec<Time> {
    match step {
        TimeStep::Period => periods
            .iter()
            .enumerate()
            .map(|(at, period)| Time {
                code: period.code.clone(),
                begins: period.begins,
                ends: period.ends,
                parts: vec![at],
                expected: 1,
            })
            .collect(),
        TimeStep::Year => {
            let mut years: BTreeMap<i32, Vec<usize>> = BTreeMap::new();
            for (at, period) in periods.iter().enumerate() {
                years.entry(period.begins.year()).or_default().push(at);
            }
            years.into_iter().filter_map(|(year, of_it)| whole(periods, &of_it, Some(year))).collect()
        }
        TimeStep::Whole => {
            let all: Vec<usize> = (0..periods.len()).collect();
            whole(periods, &all, None).into_iter().collect()
        }
    }
}

/// Some periods as one time: the longest of them, and of the shorter those that lie beside.
fn whole(periods: &[Period], of_it: &[usize], year: Option<i32>) -> Option<Time> {
    let known = |at: usize| periods.get(at);
    let mut by_length = of_it.to_vec();
    by_length.sort_by_key(|&at| known(at).map(|period| (period.begins - period.ends, period.begins)));
    let mut parts: Vec<usize> = Vec::new();
    for at in by_length {
        let apart = |other: &usize| {
            known(at)
                .zip(known(*other))
                .is_some_and(|(one, other)| one.ends <= other.begins || other.ends <= one.begins)
        };
        if parts.iter().all(apart) {
            parts.push(at);
        }
    }
    parts.sort_unstable();
    let (first, last) = (known(*parts.first()?)?, known(*parts.last()?)?);
    let (begins, ends) = match year {
        Some(year) => (NaiveDate::from_ymd_opt(year, 1, 1)?, NaiveDate::from_ymd_opt(year + 1, 1, 1)?),
        None => (first.begins, last.ends),
    };
    let code = match year {
        Some(year) => format!("{year:04}"),
        None if parts.len() == 1 => first.code.clone(),
        None => format!("{}/{}", first.code, last.code),
    };
    // As many of the shortest as fit; of weeks and days those that are there.
    let lengths: Option<Vec<usize>> =
        parts.iter().filter_map(|&at| known(at)).map(|part| months(part.begins, part.ends)).collect();
    let expected = match (lengths.as_deref().and_then(|lengths| lengths.iter().min()), months(begins, ends)) {
        (Some(&shortest), Some(all)) => {
            let longer: usize = lengths.iter().flatten().map(|length| length / shortest - 1).sum();
            (all / shortest).saturating_sub(longer).max(parts.len())
        }
        _ => parts.len(),
    };
    Some(Time { code, begins, ends, parts, expected })
}

/// The months from one day to another; none where they are no whole ones.
fn months(from: NaiveDate, to: NaiveDate) -> Option<usize> {
    let count = |day: NaiveDate| i64::from(day.year()) * 12 + i64::from(day.month());
    let whole = from.day() == 1 && to.day() == 1;
    usize::try_from(count(to) - count(from)).ok().filter(|months| whole && *months > 0)
}
