//! Values compared with those of other times and places, and with how many people live there.

use std::collections::HashMap;

use approdo_db::schema::territory_figures;
use approdo_db::{Connection, on_backend};
use chrono::NaiveDate;
use diesel::prelude::*;

use crate::access::TerritoryId;
use crate::observatory::queries::answer::FigureRow;
use crate::observatory::queries::asked::ComparisonKind;
use crate::observatory::queries::places::Land;
use crate::observatory::queries::times::Time;
use crate::territory::codes::ROWS_AT_ONCE;
use crate::territory::figures::FigureMeasure;

/// Days that the residents may have been counted away from what they are set against.
const NEAR: i64 = 366;

/// Days of a year, on average.
const YEAR: f64 = 365.2425;

/// The rows of an answer as they are laid out: by place, then group, then time.
pub struct Layout<'a> {
    pub groups: usize,
    pub times: &'a [Time],
}

impl Layout<'_> {
    fn at(&self, place: usize, group: usize, time: usize) -> usize {
        (place * self.groups + group) * self.times.len() + time
    }

    fn places(&self, rows: usize) -> usize {
        rows.checked_div(self.groups * self.times.len()).unwrap_or(0)
    }
}

/// Compares the rows among each other.
pub fn compare(rows: &mut [FigureRow], layout: &Layout<'_>, kinds: &[ComparisonKind]) {
    for kind in kinds {
        match kind {
            ComparisonKind::YearOnYear => each_series(rows, layout, year_on_year),
            ComparisonKind::CompoundGrowth => each_series(rows, layout, compound_growth),
            ComparisonKind::Rank => rank(rows, layout),
            // They are made of more than the rows.
            ComparisonKind::Share | ComparisonKind::PerThousandResidents => {}
        }
    }
}

fn each_series(rows: &mut [FigureRow], layout: &Layout<'_>, compare: fn(&mut [FigureRow], &[Time])) {
    if !layout.times.is_empty() {
        rows.chunks_mut(layout.times.len()).for_each(|series| compare(series, layout.times));
    }
}

fn year_on_year(series: &mut [FigureRow], times: &[Time]) {
    let by_time: HashMap<(NaiveDate, i64), usize> =
        times.iter().enumerate().map(|(at, time)| ((time.begins, (time.ends - time.begins).num_days()), at)).collect();
    let values: Vec<Option<f64>> = series.iter().map(|row| row.value).collect();
    for (row, time) in series.iter_mut().zip(times) {
        // A leap year, a February and the week that ends it are a day longer.
        let before = time.year_before().and_then(|(begins, length)| {
            [0, -1, 1].iter().find_map(|more| by_time.get(&(begins, length + more))).and_then(|at| *values.get(*at)?)
        });
        if let (Some(value), Some(before)) = (row.value, before) {
            row.comparisons.change_on_year = Some(value - before);
            row.comparisons.percent_on_year = percent(value - before, before).filter(|_| before > 0.0);
        }
    }
}

fn compound_growth(series: &mut [FigureRow], times: &[Time]) {
    let first = series.iter().zip(times).find_map(|(row, time)| Some((row.value?, time.begins)));
    let Some((first, begun)) = first.filter(|(value, _)| *value > 0.0) else { return };
    for (row, time) in series.iter_mut().zip(times) {
        let days = (time.begins - begun).num_days();
        if let (Some(value), Ok(days)) = (row.value, i32::try_from(days))
            && days > 0
            && value >= 0.0
        {
            let years = f64::from(days) / YEAR;
            // Whole years are told as such: their days are now 365, now 366.
            let is_whole = years.round() >= 1.0 && (years - years.round()).abs() < 0.01;
            let years = if is_whole { years.round() } else { years };
            let growth = ((value / first).powf(1.0 / years) - 1.0) * 100.0;
            row.comparisons.compound_growth = Some(growth).filter(|growth| growth.is_finite());
        }
    }
}

fn rank(rows: &mut [FigureRow], layout: &Layout<'_>) {
    let places = layout.places(rows.len());
    for group in 0..layout.groups {
        for time in 0..layout.times.len() {
            let mut values: Vec<(usize, f64)> = (0..places)
                .map(|place| layout.at(place, group, time))
                .filter_map(|at| Some((at, rows.get(at)?.value?)))
                .collect();
            values.sort_by(|(_, one), (_, other)| other.total_cmp(one));
            let mut last: Option<(f64, usize)> = None;
            for (order, (at, value)) in values.into_iter().enumerate() {
                let rank = match last {
                    Some((before, rank)) if before == value => rank,
                    _ => order + 1,
                };
                last = Some((value, rank));
                if let Some(row) = rows.get_mut(at) {
                    row.comparisons.rank = Some(rank);
                }
            }
        }
    }
}

/// Sets each value against what the place has that they all lie below: `wholes` by group, then time.
pub fn share(rows: &mut [FigureRow], layout: &Layout<'_>, wholes: &[Option<f64>]) {
    let size = layout.groups * layout.times.len();
    for (at, row) in rows.iter_mut().enumerate() {
        let whole = at.checked_rem(size).and_then(|at| *wholes.get(at)?);
        row.comparisons.share = row.value.zip(whole).and_then(|(value, whole)| percent(value, whole));
    }
}

/// Sets each value of one period against the people who lived there, where the place is still the same.
pub fn per_thousand_residents(
    connection: &mut Connection,
    rows: &mut [FigureRow],
    layout: &Layout<'_>,
    land: &Land,
) -> QueryResult<()> {
    let mut ids: Vec<TerritoryId> = rows.iter().filter_map(|row| row.territory_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut residents: HashMap<TerritoryId, Vec<(NaiveDate, f64)>> = HashMap::new();
    for some in ids.chunks(ROWS_AT_ONCE) {
        use territory_figures as t;
        let found: Vec<(TerritoryId, NaiveDate, Option<f64>)> = on_backend!(&mut *connection, c => t::table
            .filter(t::territory_id.eq_any(some))
            .filter(t::measure.eq(FigureMeasure::Population))
            .order((t::territory_id, t::valid_on, t::source))
            .select((t::territory_id, t::valid_on, t::value))
            .load(c))?;
        for (id, on, people) in found {
            residents.entry(id).or_default().extend(people.map(|people| (on, people)));
        }
    }
    let times = layout.times.iter().cycle();
    for (row, time) in rows.iter_mut().zip(times) {
        let same = |id: &TerritoryId| time.parts.len() == 1 && !land.changed(*id, time.begins, land.as_of(time.begins));
        let counts =
            row.territory_id.filter(same).and_then(|id| residents.get(&id)).map(Vec::as_slice).unwrap_or_default();
        let away = |on: &NaiveDate| (*on - time.begins).num_days().abs();
        let nearest = counts.iter().filter(|(on, _)| away(on) <= NEAR).min_by_key(|(on, _)| away(on));
        let people = nearest.map(|(_, people)| *people).filter(|people| *people > 0.0);
        row.comparisons.per_thousand_residents = row.value.zip(people).map(|(value, people)| value / people * 1000.0);
    }
    Ok(())
}

fn percent(part: f64, whole: f64) -> Option<f64> {
    Some(part / whole * 100.0).filter(|percent| percent.is_finite())
}
