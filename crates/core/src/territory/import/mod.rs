//! The real hierarchy from files in their original layouts: read whole, compared with what is here, and kept by the rules of the API.
//! Importing again changes nothing.

mod here;
mod keeping;
mod layouts;
mod plan;
pub mod report;
mod tables;
#[cfg(test)]
mod tests;
mod told;

use std::path::PathBuf;

use chrono::NaiveDate;

use crate::app::App;
use crate::clock;
use crate::error::{ApiError, ApiResult};
use crate::territory::import::here::Here;
use crate::territory::import::plan::Plan;
use crate::territory::import::report::Report;
use crate::territory::import::told::Told;
use crate::territory::territories::tree_changed;
use crate::territory::tree;
use crate::work;

/// Territories of one transaction: few enough that other writers come in between.
const AT_ONCE: usize = 250;

/// Imports the CSV files at some places: files, and those directly in folders. `as_of` is the day of lists whose name says none.
///
/// # Errors
/// A file that cannot be read, or a database that fails. What was kept until then stays; importing again goes on.
pub fn run(app: &App, places: &[PathBuf], as_of: Option<NaiveDate>) -> ApiResult<Report> {
    let mut report = Report::default();
    let today = clock::date_of(app.clock.now());
    let mut told = Told::default();
    for path in tables::files(places).map_err(ApiError::fault)? {
        if let Some(table) = tables::read(&path, (as_of, today), &mut report).map_err(ApiError::fault)? {
            layouts::gather(&table, &mut told, &mut report);
        }
    }
    let plan = plan::of(told, &mut report);
    let mut here = Here::read(&mut *app.database.writer()?)?;
    let kept = keep(app, &plan, &mut here, &mut report);
    // Rights follow what was kept, even where not all of it could be.
    work::run_as_system(app, "territory_import", tree_changed)?;
    kept.map(|()| report)
}

fn keep(app: &App, plan: &Plan, here: &mut Here, report: &mut Report) -> ApiResult<()> {
    for some in plan.places.chunks(AT_ONCE) {
        work::run_as_system(app, "territory_import", |unit| {
            tree::lock(unit.connection)?;
            some.iter().try_for_each(|planned| keeping::place(unit, here, planned, report))
        })?;
    }
    for some in plan.merges.chunks(AT_ONCE) {
        work::run_as_system(app, "territory_import", |unit| {
            some.iter().try_for_each(|planned| keeping::merge(unit, here, planned, report))
        })?;
    }
    Ok(())
}
