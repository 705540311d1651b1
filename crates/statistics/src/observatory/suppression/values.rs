//! What was counted, and what was told of it before.

use std::collections::HashMap;

use approdo_db::Connection;
use approdo_db::schema::observations;
use diesel::prelude::*;

use crate::error::{ApiError, ApiResult};
use crate::observatory::cells;
use crate::observatory::datasets::{Dataset, Dimension, DimensionRole};
use crate::observatory::queries::gathered::is_kept_back;
use crate::observatory::releases::ReleaseId;
use crate::observatory::suppression::{Key, unprotected};

/// Observations of a release that small counts can be hidden in, with those of the releases before it.
const MOST: usize = 1_000_000;

/// What is told of a key.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Told {
    pub value: Option<f64>,
    /// The source, or a publication, says that it is confidential.
    pub is_kept_back: bool,
}

pub type Values = HashMap<Key, Told>;

/// Reads a release, and those before it.
pub fn read(
    connection: &mut Connection,
    release: ReleaseId,
    earlier: &[ReleaseId],
) -> ApiResult<(Values, Vec<Values>)> {
    let values = of(connection, release, MOST)?;
    let mut left = MOST.saturating_sub(values.len());
    let mut before = Vec::with_capacity(earlier.len());
    for release in earlier {
        let values = of(connection, *release, left)?;
        left = left.saturating_sub(values.len());
        before.push(values);
    }
    Ok((values, before))
}

fn of(connection: &mut Connection, release: ReleaseId, most: usize) -> ApiResult<Values> {
    use observations as o;
    type Row = (i32, i32, i32, Option<f64>, Option<String>, Option<String>);
    let set = cells::set_of(connection, release)?;
    let limit = i64::try_from(most).map_err(ApiError::fault)?;
    let rows: Vec<Row> = o::table
        .filter(o::set_number.eq(set))
        .select((o::area, o::slice, o::period, o::value, o::obs_status, o::conf_status))
        .limit(limit + 1)
        .load(connection)?;
    if rows.len() > most {
        return Err(unprotected(
            "small counts can be hidden in a million observations at most, with those of earlier releases",
        ));
    }
    let told = |(area, slice, period, value, obs_status, conf_status): Row| {
        let is_kept_back = is_kept_back(obs_status.as_deref().unwrap_or_default(), conf_status.as_deref());
        ((area, slice, period), Told { value, is_kept_back })
    };
    Ok(rows.into_iter().map(told).collect())
}

/// The codes of observations, as numbers.
pub struct Codes {
    roles: Vec<DimensionRole>,
    slices: HashMap<i32, Vec<u32>>,
}

impl Codes {
    pub fn read(connection: &mut Connection, dataset: &Dataset, dimensions: &[Dimension]) -> ApiResult<Self> {
        let numbers = |codes: String| codes.split('.').filter_map(|code| code.parse().ok()).collect();
        let slices = cells::slices(connection, dataset.id)?;
        Ok(Self {
            roles: dimensions.iter().map(|dimension| dimension.role).collect(),
            slices: slices.into_iter().map(|(slice, codes)| (slice, numbers(codes))).collect(),
        })
    }

    /// In the order of the dataset's dimensions.
    pub fn of(&self, (area, slice, period): Key) -> ApiResult<Vec<u32>> {
        let lost = || ApiError::fault("an observation has a code that is not known");
        let mut others = self.slices.get(&slice).ok_or_else(lost)?.iter();
        let code = |role: &DimensionRole| match role {
            DimensionRole::Area => u32::try_from(area).ok(),
            DimensionRole::Time => u32::try_from(period).ok(),
            DimensionRole::Other => others.next().copied(),
        };
        self.roles.iter().map(code).collect::<Option<Vec<u32>>>().ok_or_else(lost)
    }
}
