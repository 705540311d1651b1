//! Observations as they are kept: rows of numbers, each the number of a code in the codelists of its dataset (`codelists.rs`). A set of
//! them belongs to a release; the combination of all codes but those of place and time is a slice.

use approdo_db::schema::{dataset_slices, observation_set_periods, observation_sets, observations};
use approdo_db::{Connection, Prepared, Value};
use diesel::prelude::*;

use crate::app::App;
use crate::error::ApiResult;
use crate::lease::{self, HolderId};
use crate::observatory::datasets::DatasetId;
use crate::observatory::releases::ReleaseId;

/// Rows that are removed at once.
const PORTION: i64 = 20_000;

/// Rows of one INSERT: SQLite binds 32,766 values at most.
const AT_ONCE: usize = 1_000;

/// An observation.
#[derive(Debug, Clone, PartialEq, Queryable, Insertable)]
#[diesel(table_name = observations, treat_none_as_default_value = false)]
pub struct Cell {
    pub set_number: i32,
    pub area: i32,
    pub slice: i32,
    pub period: i32,
    pub value: Option<f64>,
    /// SDMX `CL_OBS_STATUS`, or what the publisher uses in its place; none where there is nothing to say.
    pub obs_status: Option<String>,
    /// SDMX `CL_CONF_STATUS`.
    pub conf_status: Option<String>,
}

/// Writes observations, whose keys are new in their set.
pub fn write(connection: &mut Connection, cells: &[Cell]) -> QueryResult<usize> {
    match connection {
        Connection::Postgres(connection) => {
            diesel::copy_from(observations::table).from_insertable(cells).execute(connection)
        }
        Connection::Sqlite(connection) => cells.chunks(AT_ONCE).try_fold(0, |written, cells| {
            Ok(written + diesel::insert_into(observations::table).values(cells).execute(connection)?)
        }),
    }
}

/// Makes the set of a release; its number.
pub fn begin_set(connection: &mut Connection, release: ReleaseId) -> QueryResult<i32> {
    diesel::insert_into(observation_sets::table)
        .values(observation_sets::release_id.eq(release))
        .execute(connection)?;
    set_of(connection, release)
}

/// The number of a release's set.
pub fn set_of(connection: &mut Connection, release: ReleaseId) -> QueryResult<i32> {
    observation_sets::table
        .filter(observation_sets::release_id.eq(release))
        .select(observation_sets::number)
        .first(connection)
}

/// Gives the observations of a release up; they go little by little.
pub fn give_up(connection: &mut Connection, release: ReleaseId) -> QueryResult<usize> {
    diesel::update(observation_sets::table.filter(observation_sets::release_id.eq(release)))
        .set(observation_sets::given_up.eq(true))
        .execute(connection)
}

/// Removes some of what was given up; whether there may be more.
pub fn sweep_next(app: &App, holder: HolderId) -> ApiResult<bool> {
    let given_up = |connection: &mut Connection| -> QueryResult<Option<i32>> {
        let sets = observation_sets::table.filter(observation_sets::given_up.eq(true));
        sets.select(observation_sets::number).first(connection).optional()
    };
    if app.read_now(|connection| Ok(given_up(connection)?))?.is_none() {
        return Ok(false);
    }
    let mut connection = app.database.writer()?;
    connection.write_transaction(|connection| {
        if !lease::take(connection, lease::BACKGROUND, holder)? {
            return Ok(false);
        }
        let Some(set) = given_up(connection)? else { return Ok(false) };
        let removed = Prepared::<()>::new(
            "DELETE FROM observations WHERE (set_number, area, slice, period) IN \
             (SELECT set_number, area, slice, period FROM observations WHERE set_number = ",
        )
        .bind(Value::BigInt(set.into()))
        .sql(" LIMIT ")
        .bind(Value::BigInt(PORTION))
        .sql(")")
        .execute(connection)?;
        if removed == 0 {
            let periods = observation_set_periods::table.filter(observation_set_periods::set_number.eq(set));
            diesel::delete(periods).execute(connection)?;
            diesel::delete(observation_sets::table.find(set)).execute(connection)?;
        }
        Ok(true)
    })
}

/// Notes which periods the observations of a set have.
pub fn keep_periods(connection: &mut Connection, set: i32, periods: impl IntoIterator<Item = i32>) -> QueryResult<()> {
    for period in periods {
        diesel::insert_into(observation_set_periods::table)
            .values((observation_set_periods::set_number.eq(set), observation_set_periods::period.eq(period)))
            .execute(connection)?;
    }
    Ok(())
}

/// The slices of a dataset: the numbers of the codes of each, in the order of the dataset's dimensions.
pub fn slices(connection: &mut Connection, dataset: DatasetId) -> QueryResult<Vec<(i32, String)>> {
    dataset_slices::table
        .filter(dataset_slices::dataset_id.eq(dataset))
        .select((dataset_slices::number, dataset_slices::codes))
        .load(connection)
}
