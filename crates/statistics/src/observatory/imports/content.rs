//! The file of an import: taken in whole, then worked on.

use actix_web::put;
use approdo_db::Timestamp;
use approdo_db::schema::dataset_releases;
use diesel::prelude::*;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, Resource};
use crate::clock;
use crate::contents::intake::{self, Arrived};
use crate::entries;
use crate::error::{ApiError, ApiResult, Kind};
use crate::http::{Answer, Content, Door, Id, IfMatch};
use crate::observatory::cells;
use crate::observatory::codelists;
use crate::observatory::datasets::Dataset;
use crate::observatory::imports::handlers::require_keeper;
use crate::observatory::imports::mapping::Mapping;
use crate::observatory::imports::running::{self, Job};
use crate::observatory::imports::types::{DataImport, DataImportId, DataImportStatus};
use crate::observatory::releases::{Release, ReleaseId, ReleaseStatus};
use crate::work::Unit;

/// Bytes a file may have.
const LIMIT: i64 = 2 * 1024 * 1024 * 1024;

/// Send an import's file.
///
/// In the format of its mapping, 2 GiB at most: a delimited text, in the coding that the mapping tells (say `text/csv` without a charset),
/// or a data message of SDMX-JSON. Once it has come whole, a release is made and the work begins; the answer does not wait for its end.
/// One import of a dataset runs at a time (409), and a few in each process (503).
#[utoipa::path(
    tag = "Observatory",
    params(("data_import_id" = DataImportId, Path, description = "The import.")),
    responses((status = 202, description = "The import; `Location` is its address.", body = DataImport)),
    extensions(("x-content" = json!({"text/csv": LIMIT, "application/vnd.sdmx.data+json": LIMIT})))
)]
#[put("/data-imports/{data_import_id}/content")]
pub async fn replace_data_import_content(
    door: Door,
    caller: Caller<actions::Edit, resources::DataImports>,
    id: Id<DataImportId>,
    if_match: IfMatch,
    content: Content,
) -> ApiResult<Answer> {
    let (form, desk) = (door.require_fit(), door.desk("replace_data_import_content", &caller));
    let Content { head, payload } = content;
    let precondition = if_match.clone();
    // Whether it may be sent at all is known before the first byte is taken in.
    desk.read(form.clone(), move |reader| {
        let import: DataImport = entries::known(reader, id.0)?;
        require_keeper(&reader.rights, Action::Edit, import.organisation_id)?;
        let mapping: Mapping = import.mapping.read().map_err(ApiError::fault)?;
        head.require(mapping.format.media_type())?;
        precondition.check(import.version)?;
        require_awaiting(&import)
    })
    .await?;
    let coming = desk.app.attachments.intakes.take()?;
    let arrived = intake::receive(payload, LIMIT).await.map_err(|error| match error.kind() {
        Kind::PayloadTooLarge => ApiError::new(Kind::PayloadTooLarge, format!("a file may have {LIMIT} bytes")),
        _ => error,
    })?;
    drop(coming);
    // Not before: whoever sends slowly keeps nobody from working.
    let place = desk.app.imports.take()?;
    let Arrived { file, size, sha256 } = arrived;
    let app = desk.app.clone();
    let mut begun = None;
    let (sender, begun_job) = std::sync::mpsc::channel();
    let answer = desk
        .write(form, None, move |unit| {
            let (import, dataset, set_number) = begin(unit, id.0, &if_match, size, &sha256)?;
            let answer = unit.accepted(&format!("/data-imports/{}", import.id), import.version, &import)?;
            // Of several tries of this transaction the last one counts.
            drop(sender.send((import, dataset, set_number)));
            Ok(answer)
        })
        .await?;
    while let Ok(parts) = begun_job.try_recv() {
        begun = Some(parts);
    }
    if let Some((import, dataset, set_number)) = begun {
        running::start(app, Job { import, dataset, set_number, file }, place).map_err(ApiError::fault)?;
    }
    Ok(answer)
}

fn require_awaiting(import: &DataImport) -> ApiResult<()> {
    if import.status == DataImportStatus::AwaitingContent {
        Ok(())
    } else {
        Err(ApiError::conflict("its file has been sent; begin another import for another file"))
    }
}

/// Makes the release of an import whose file has come.
fn begin(
    unit: &mut Unit<'_>,
    id: DataImportId,
    if_match: &IfMatch,
    size: i64,
    sha256: &str,
) -> ApiResult<(DataImport, Dataset, i32)> {
    let import: DataImport = entries::locked(unit, Action::Edit, Resource::DataImports, id)?;
    if_match.check(import.version)?;
    make_release(unit, import, Some((size, sha256)))
}

/// The same of a locked import. `file` is what everyone who keeps the dataset may know of its file: size and digest.
pub fn make_release(
    unit: &mut Unit<'_>,
    mut import: DataImport,
    file: Option<(i64, &str)>,
) -> ApiResult<(DataImport, Dataset, i32)> {
    require_awaiting(&import)?;
    let dataset: Dataset = entries::found_locked(unit, import.dataset_id)?;
    codelists::refuse_while_importing(unit.connection, dataset.id)?;
    let last: Option<i64> = dataset_releases::table
        .filter(dataset_releases::dataset_id.eq(dataset.id))
        .select(diesel::dsl::max(dataset_releases::number))
        .first(unit.connection)?;
    let release = Release {
        id: ReleaseId::new(),
        dataset_id: dataset.id,
        organisation_id: dataset.organisation_id,
        number: last.unwrap_or(0) + 1,
        status: ReleaseStatus::Loading,
        observations: 0,
        rejected: 0,
        published_at: None::<Timestamp>,
        superseded_at: None,
        suppressed: 0,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    };
    entries::add(unit, &release, &["dataset_id", "number", "status"])?;
    let set_number = cells::begin_set(unit.connection, release.id)?;
    import.status = DataImportStatus::Running;
    import.release_id = Some(release.id);
    import.size = file.map(|(size, _)| size);
    import.sha256 = file.map(|(_, sha256)| sha256.to_owned());
    import.alive_at = Some(clock::now());
    entries::save(unit, &mut import, &["status", "release_id", "size", "sha256"])?;
    Ok((import, dataset, set_number))
}
