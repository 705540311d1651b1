//! Values of a release by place, group and period: what queries are made of.

use approdo_db::schema::{dataset_codes, observations};
use approdo_db::{Connection, on_backend};
use diesel::prelude::*;

use crate::access::TerritoryId;
use crate::error::{ApiError, ApiResult};
use crate::maps::{IdMap, IdSet};
use crate::observatory::datasets::DatasetId;
use crate::observatory::queries::groups::Groups;
use crate::observatory::queries::times::Period;

/// Observations that one question reads at most.
const MOST: usize = 1_000_000;

/// Places that one statement names: SQLite binds 32,766 values at most.
const AT_ONCE: usize = 10_000;

/// Territories whose codes are looked for one by one.
const ONE_BY_ONE: usize = 1_000;

/// What was told, of one place or several together.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Told {
    pub value: f64,
    /// Places and times of which there is a value, and of which one was to be.
    pub reported: usize,
    pub expected: usize,
    /// A part of it is kept back.
    pub is_suppressed: bool,
    pub is_provisional: bool,
    pub is_estimated: bool,
    /// A part of it cannot be told.
    pub is_unlike: bool,
}

impl Told {
    /// Nothing, where one value was to be.
    pub const NOTHING: Self = Self {
        value: 0.0,
        reported: 0,
        expected: 1,
        is_suppressed: false,
        is_provisional: false,
        is_estimated: false,
        is_unlike: false,
    };

    /// Adds what was told of a slice: several slices of one place are one value of it.
    pub fn take(&mut self, value: Option<f64>, obs_status: Option<&str>, conf_status: Option<&str>) {
        self.expected = 1;
        let status = obs_status.unwrap_or_default();
        match value {
            Some(value) => {
                self.value += value;
                self.reported = 1;
                // Eurostat sets flags side by side: `bep`.
                let has = |flag: char| status.chars().any(|character| character.eq_ignore_ascii_case(&flag));
                self.is_provisional |= has('p');
                self.is_estimated |= has('e');
            }
            None if is_kept_back(status, conf_status) => self.is_suppressed = true,
            // What the publisher says to be missing is missing in the sum as well; what is not there at all is taken for nothing.
            None => self.is_provisional = true,
        }
    }

    /// Adds what another place or time has.
    pub fn add(&mut self, other: Self) {
        self.value += other.value;
        self.reported += other.reported;
        self.expected += other.expected;
        self.mark(other);
    }

    /// Takes over what has to be said of another value that is part of this one.
    pub fn mark(&mut self, other: Self) {
        self.is_suppressed |= other.is_suppressed;
        self.is_provisional |= other.is_provisional;
        self.is_estimated |= other.is_estimated;
        self.is_unlike |= other.is_unlike;
    }
}

/// The values of places, read as they are needed.
pub struct Gathered<'a> {
    set: i32,
    groups: &'a Groups,
    periods: IdMap<i32, usize>,
    count: usize,
    /// By number of the place, group, and index of the period.
    values: IdMap<(i32, usize, usize), Told>,
    read: IdSet<i32>,
}

impl<'a> Gathered<'a> {
    pub fn new(set: i32, groups: &'a Groups, periods: &[Period]) -> Self {
        let periods = periods.iter().enumerate().map(|(at, period)| (period.number, at)).collect();
        Self { set, groups, periods, count: 0, values: IdMap::default(), read: IdSet::default() }
    }

    /// Reads the values of some places. 422 where they are too many.
    pub fn read(&mut self, connection: &mut Connection, areas: impl IntoIterator<Item = i32>) -> ApiResult<()> {
        let mut new: Vec<i32> = areas.into_iter().filter(|area| self.read.insert(*area)).collect();
        new.sort_unstable();
        let slices = self.groups.slices();
        let mut periods: Vec<i32> = self.periods.keys().copied().collect();
        periods.sort_unstable();
        if slices.is_empty() || periods.is_empty() {
            return Ok(());
        }
        for some in new.chunks(AT_ONCE) {
            let left = i64::try_from(MOST.saturating_sub(self.count)).unwrap_or(0);
            let rows = rows(connection, self.set, (some, &slices, &periods), left + 1)?;
            self.count += rows.len();
            if self.count > MOST {
                let why = "are asked for together with too many codes and periods: a million observations at most";
                return Err(ApiError::invalid_member("places", why));
            }
            // Many slices may be one value.
            let values = [some.len(), self.groups.keys.len(), periods.len()];
            self.values.reserve(values.into_iter().fold(1, usize::saturating_mul).min(rows.len()));
            for row in rows {
                self.keep(row);
            }
        }
        Ok(())
    }

    fn keep(&mut self, (area, slice, period, value, obs_status, conf_status): Row) {
        let (Some(&group), Some(&period)) = (self.groups.of_slice.get(&slice), self.periods.get(&period)) else {
            return;
        };
        let told = self.values.entry((area, group, period)).or_default();
        told.take(value, obs_status.as_deref(), conf_status.as_deref());
    }

    /// What a place has of a group in a period, under whichever of its codes became known last; nothing where it was told nothing.
    pub fn of(&self, areas: &[i32], group: usize, period: usize) -> Option<Told> {
        let told = |area: &i32| self.values.get(&(*area, group, period)).copied();
        areas.iter().rev().filter_map(told).find(|told| told.reported > 0 || told.is_suppressed)
    }
}

/// Whether a value is confidential, or missing because it is (SDMX `CL_CONF_STATUS`, all but F; `CL_OBS_STATUS`, Q).
pub fn is_kept_back(obs_status: &str, conf_status: Option<&str>) -> bool {
    let confidential = conf_status.is_some_and(|status| !status.is_empty() && !status.eq_ignore_ascii_case("f"));
    confidential || obs_status.eq_ignore_ascii_case("q") || obs_status.eq_ignore_ascii_case("c")
}

type Row = (i32, i32, i32, Option<f64>, Option<String>, Option<String>);

fn rows(
    connection: &mut Connection,
    set: i32,
    (areas, slices, periods): (&[i32], &[i32], &[i32]),
    limit: i64,
) -> QueryResult<Vec<Row>> {
    use observations as o;
    let of_places = || {
        o::table
            .filter(o::set_number.eq(set))
            .select((o::area, o::slice, o::period, o::value, o::obs_status, o::conf_status))
            .limit(limit)
    };
    // Periods that stand side by side in the index are read at once, and not looked for one by one.
    match (periods.first(), periods.last()) {
        (Some(first), Some(last))
            if i64::from(*last) - i64::from(*first) < i64::try_from(periods.len()).unwrap_or(0) =>
        {
            on_backend!(connection, c => of_places()
                .filter(o::area.eq_any(areas))
                .filter(o::slice.eq_any(slices))
                .filter(o::period.between(first, last))
                .load(c))
        }
        _ => on_backend!(connection, c => of_places()
            .filter(o::area.eq_any(areas))
            .filter(o::slice.eq_any(slices))
            .filter(o::period.eq_any(periods))
            .load(c)),
    }
}

/// Which numbers the territories of a dataset have: several, where it had several codes.
pub fn numbers(
    connection: &mut Connection,
    dataset: DatasetId,
    area: &str,
    territories: &[TerritoryId],
) -> QueryResult<IdMap<TerritoryId, Vec<i32>>> {
    use dataset_codes as d;
    let of_places = || d::table.filter(d::dataset_id.eq(dataset)).filter(d::dimension.eq(area));
    // Of many, all codes are walked: that takes less than to look for each.
    let rows: Vec<(Option<TerritoryId>, i32)> = if territories.len() > ONE_BY_ONE {
        of_places().filter(d::territory_id.is_not_null()).select((d::territory_id, d::number)).load(connection)?
    } else {
        let ids = territories.iter().copied().map(Some);
        on_backend!(connection, c => of_places()
            .filter(d::territory_id.eq_any(ids))
            .select((d::territory_id, d::number))
            .load(c))?
    };
    let wanted: IdSet<TerritoryId> = territories.iter().copied().collect();
    let mut found: IdMap<TerritoryId, Vec<i32>> = IdMap::default();
    for (territory, number) in rows {
        if let Some(territory) = territory.filter(|id| wanted.contains(id)) {
            found.entry(territory).or_default().push(number);
        }
    }
    found.values_mut().for_each(|numbers| numbers.sort_unstable());
    Ok(found)
}
