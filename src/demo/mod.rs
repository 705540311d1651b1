//! The demonstration data: invented people in real places.

pub mod bulk;
pub mod callers;
mod directory;
mod discrimination;
mod evaluations;
pub mod load;
mod networks;
mod offers;
mod policies;
mod referrals;
mod register;
mod statistics;
mod story;

use approdo_db::schema::{organisations, settings};
use diesel::prelude::*;

use crate::app::App;
use crate::error::{ApiError, ApiResult, StartError};
use crate::server;
use crate::work::{self, Unit};

/// Marks a database that `--demo` made.
pub const MARK: &str = "demonstration";

/// Marks a database as a demonstration.
pub fn mark(unit: &mut Unit<'_>) -> ApiResult<()> {
    diesel::insert_into(settings::table)
        .values((settings::name.eq(MARK), settings::value.eq(unit.now.to_string())))
        .execute(unit.connection)?;
    Ok(())
}

/// Loads the demonstration data into an empty database; refuses other people's data, and a demonstration that is not asked for.
pub fn admit(app: &App, demo: bool) -> Result<(), StartError> {
    let mut connection = server::connect(&app.database)?;
    let outcome = work::run_as_system_on(&mut connection, app, "demonstration", |unit| {
        // One process loads; the others wait here and find the mark.
        approdo_db::first_for_update!(
            &mut *unit.connection,
            settings::table.select(settings::name).order(settings::name)
        )
        .map(|_: String| ())?;
        let marked: i64 = settings::table.filter(settings::name.eq(MARK)).count().get_result(unit.connection)?;
        let rows: i64 = organisations::table.count().get_result(unit.connection)?;
        match (demo, marked > 0, rows > 0) {
            (true, true, _) | (false, false, _) => Ok(Ok(())),
            (false, true, _) => Ok(Err("this database holds demonstration data; serve it with --demo")),
            (true, false, true) => Ok(Err("this database holds data of its own; --demo would mix invented people in")),
            (true, false, false) => {
                load::everything(unit)?;
                mark(unit)?;
                Ok(Ok(()))
            }
        }
    });
    match outcome {
        Ok(Ok(())) => Ok(()),
        Ok(Err(refusal)) => Err(refusal.into()),
        Err(error) => Err(error.cause().map_or_else(|| format!("{error:?}"), str::to_owned).into()),
    }
}

/// A request of the demonstration: as the file has it, with the ids of what it names.
fn request<T: serde::de::DeserializeOwned>(
    mut body: serde_json::Value,
    ids: &[(&str, serde_json::Value)],
) -> ApiResult<T> {
    if let Some(members) = body.as_object_mut() {
        members.extend(ids.iter().map(|(name, id)| ((*name).to_owned(), id.clone())));
    }
    serde_json::from_value(body).map_err(ApiError::fault)
}
