//! Imports of files of HSDS into the directory.

use std::io::{Read as _, Seek as _};
use std::sync::Arc;

use actix_web::post;
use serde::Deserialize;
use utoipa::IntoParams;
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::rights::Rights;
use crate::access::{Action, OrganisationId, Resource};
use crate::codes;
use crate::contents::intake::{self, Arrived};
use crate::error::{ApiError, ApiResult, Kind};
use crate::hsds::exchange::package::Package;
use crate::hsds::exchange::report::ImportReport;
use crate::hsds::exchange::{keeping, tables};
use crate::http::{Answer, Content, Door, Id, Parameters};
use crate::work::Unit;

/// Bytes a file may have.
pub const LIMIT: i64 = 16 * 1024 * 1024;

/// The forms a file can have.
pub const FORMS: [&str; 2] = [JSON, TABLES];
const JSON: &str = "application/json";
const TABLES: &str = "application/zip";

/// How to import.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DirectoryImportQuery {
    /// `true`: tell what would become of each entry, and keep nothing.
    #[param(default = false)]
    dry_run: Option<bool>,
    /// A code of `service_types`, for new services that the file does not classify by that list.
    #[validate(length(min = 1, max = 40))]
    #[param(min_length = 1, max_length = 40)]
    service_type: Option<String>,
}

/// Import a file of HSDS.
///
/// Into the directory, for an organisation that you administer: full services as JSON (HSDS 3.0), or a zip archive with a CSV file for
/// each table (3.0 or 1.x); 16 MiB and 5,000 entries at most. An entry is kept whole or not at all, and found again by what it is
/// called there: the same file again changes nothing. The report tells what became of each; docs/directory.md what is read, and
/// docs/hsds-losses.md what has no place here.
#[utoipa::path(
    tag = "Directory",
    params(("organisation_id" = OrganisationId, Path, description = "The organisation that imports."), DirectoryImportQuery),
    responses((status = 200, description = "What became of each entry.", body = ImportReport)),
    extensions(("x-content" = json!({"application/json": LIMIT, "application/zip": LIMIT})))
)]
#[post("/organisations/{organisation_id}/directory-imports")]
pub async fn create_directory_import(
    door: Door,
    caller: Caller<actions::Create, resources::Services>,
    id: Id<OrganisationId>,
    query: Parameters<DirectoryImportQuery>,
    content: Content,
) -> ApiResult<Answer> {
    let (form, desk) = (door.require_fit(), door.desk("create_directory_import", &caller));
    let Content { head, payload } = content;
    let asked = query.clone();
    // Whether it may be sent at all is known before the first byte is taken in.
    let is_json = desk
        .read(form.clone(), move |reader| {
            keeping::organisation(reader.connection, id.0)?;
            require_administered(&reader.rights, id.0)?;
            asked.read()?;
            Ok(head.require_any(&FORMS)? == JSON)
        })
        .await?;
    let _place = desk.app.attachments.intakes.take()?;
    let arrived = intake::receive(payload, LIMIT).await.map_err(|error| match error.kind() {
        Kind::PayloadTooLarge => ApiError::new(Kind::PayloadTooLarge, format!("a file may have {LIMIT} bytes")),
        _ => error,
    })?;
    let package = desk.app.attachments.transfers.run(move || read(arrived, is_json)).await?;
    let package = Arc::new(package);
    desk.write(form, None, move |unit| {
        let asked = query.read()?;
        let report = import(unit, id.0, asked, &package)?;
        Answer::ok(&report)
    })
    .await
}

/// Everyone may know the organisation, so the refusal need not hide it.
fn require_administered(rights: &Rights, id: OrganisationId) -> ApiResult<()> {
    if rights.may_in(Action::Create, Resource::Services, id) {
        Ok(())
    } else {
        Err(ApiError::forbidden("none of your grants lets you import for this organisation"))
    }
}

fn read(mut arrived: Arrived, is_json: bool) -> ApiResult<Package> {
    if !is_json {
        return tables::read(&mut arrived.file);
    }
    let mut bytes = Vec::new();
    arrived.file.rewind().map_err(ApiError::fault)?;
    arrived.file.read_to_end(&mut bytes).map_err(ApiError::fault)?;
    Package::of_json(&bytes)
}

fn import(
    unit: &mut Unit<'_>,
    id: OrganisationId,
    asked: DirectoryImportQuery,
    package: &Package,
) -> ApiResult<ImportReport> {
    let importer = keeping::organisation(unit.connection, id)?;
    require_administered(&unit.rights, id)?;
    codes::check_optional(unit.app, "service_types", "service_type", asked.service_type.as_deref())?;
    let dry_run = asked.dry_run == Some(true);
    let keep = |unit: &mut Unit<'_>| keeping::keep(unit, importer, asked.service_type, package);
    let report = if dry_run { unit.tried(keep)? } else { keep(unit)? };
    Ok(ImportReport { dry_run, ..report })
}
