//! Operations on imports.

use std::fs::File;
use std::io::{Read as _, Seek as _};

use actix_web::{get, post};
use approdo_db::Json;
use approdo_db::schema::{data_import_rejections, data_imports};
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, OrganisationId, Resource, Rights};
use crate::contents::intake;
use crate::delimited::Head;
use crate::entries;
use crate::error::{ApiError, ApiResult, FieldError, Kind};
use crate::http::texts::FieldText;
use crate::http::{Answer, Body, Content, Door, Fields, Id, IfNoneMatch, Parameters};
use crate::observatory::datasets::{Dataset, DatasetId};
use crate::observatory::imports::mapping::{FileFormat, MEDIA_TYPES, Mapping};
use crate::observatory::imports::messages::{self, Failure};
use crate::observatory::imports::proposals;
use crate::observatory::imports::types::{
    DataImport, DataImportId, DataImportPage, DataImportStatus, NewDataImport, Rejection, RejectionPage,
};
use crate::paged_query;
use crate::work::Unit;

/// 403 where the caller does not keep the organisation's statistics. Everyone may know the dataset, so the refusal need not hide it.
pub fn require_keeper(rights: &Rights, action: Action, organisation: OrganisationId) -> ApiResult<()> {
    if rights.may_in(action, Resource::DataImports, organisation) {
        Ok(())
    } else {
        Err(ApiError::forbidden("none of your grants lets you import for the organisation that keeps this dataset"))
    }
}

/// Bytes of a delimited file's beginning that are looked at.
const BEGINNING: i64 = 1024 * 1024;
/// Bytes of a message that is looked at: what it says of its columns may stand at its end.
const MESSAGE: i64 = 64 * 1024 * 1024;

/// What is proposed for a file.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportProposal {
    pub mapping: Mapping,
    /// What the mapping lacks before an import can take it; empty where it is whole.
    #[schema(max_items = 200)]
    pub missing: Vec<FieldError>,
    /// The header as it was found.
    #[schema(value_type = Vec<FieldText>, max_items = 2000)]
    pub header: Vec<String>,
    /// The first rows below it.
    #[schema(max_items = 30)]
    pub rows: Vec<ProposalRow>,
}

/// A row of a file.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProposalRow {
    /// The line it begins on, from 1; of SDMX-JSON the number of the observation.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub line: u64,
    #[schema(value_type = Vec<FieldText>, max_items = 2000)]
    pub fields: Vec<String>,
}

/// Propose how to read a file.
///
/// Send its beginning, 1 MiB at most: the answer says how it is coded and divided, and which column is which dimension of the dataset, as
/// far as the header tells. Of SDMX-JSON send the whole message, 64 MiB at most. Nothing is kept. Complete it, and begin an import with it.
#[utoipa::path(
    tag = "Observatory",
    params(("dataset_id" = DatasetId, Path, description = "The dataset.")),
    responses((status = 200, description = "What is proposed.", body = ImportProposal)),
    extensions(("x-content" = json!({"text/csv": BEGINNING, "application/vnd.sdmx.data+json": MESSAGE})))
)]
#[post("/datasets/{dataset_id}/import-proposals")]
pub async fn create_import_proposal(
    door: Door,
    caller: Caller<actions::Create, resources::DataImports>,
    id: Id<DatasetId>,
    content: Content,
) -> ApiResult<Answer> {
    let (form, desk) = (door.require_fit(), door.desk("create_import_proposal", &caller));
    let Content { head, payload } = content;
    let (dataset, media_type) = desk
        .read(form.clone(), move |reader| {
            let dataset: Dataset = entries::known(reader, id.0)?;
            require_keeper(&reader.rights, Action::Create, dataset.organisation_id)?;
            Ok((dataset, head.require_any(&MEDIA_TYPES)?))
        })
        .await?;
    let (format, most, too_large) = if media_type == FileFormat::SdmxJson.media_type() {
        (FileFormat::SdmxJson, MESSAGE, "a message may have 64 MiB here; write its mapping yourself")
    } else {
        (FileFormat::Delimited, BEGINNING, "send the first MiB of the file at most")
    };
    let _place = desk.app.attachments.intakes.take()?;
    let mut arrived = intake::receive(payload, most).await.map_err(|error| match error.kind() {
        Kind::PayloadTooLarge => ApiError::new(Kind::PayloadTooLarge, too_large),
        _ => error,
    })?;
    let proposal = desk.app.attachments.transfers.run(move || proposal(&mut arrived.file, format, &dataset)).await?;
    Answer::ok(&proposal)
}

fn shortened(text: String) -> String {
    if text.len() <= 200 { text } else { text.chars().take(200).collect() }
}

fn proposal(file: &mut File, format: FileFormat, dataset: &Dataset) -> ApiResult<ImportProposal> {
    file.rewind().map_err(ApiError::fault)?;
    let head = match format {
        FileFormat::Delimited => {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).map_err(ApiError::fault)?;
            let unreadable = "is not a delimited text in UTF-8 or windows-1252 with a header of several columns";
            Head::of(&bytes).ok_or_else(|| ApiError::invalid_content(unreadable))?
        }
        FileFormat::SdmxJson => messages::head(file).map_err(|failure| match failure {
            Failure::Message(reason) => ApiError::invalid_content(reason),
            Failure::Reading(error) => error,
            Failure::Row(()) => ApiError::fault("a row was refused that nobody refuses"),
        })?,
    };
    let dimensions = dataset.dimensions()?;
    let mapping = Mapping { format, ..proposals::propose(&head, &dimensions) };
    let missing = mapping.require_complete(&dimensions).err().map(|error| error.errors().to_vec()).unwrap_or_default();
    let rows = head
        .records
        .into_iter()
        .map(|(line, fields)| ProposalRow { line, fields: fields.into_iter().map(shortened).collect() })
        .collect();
    Ok(ImportProposal { mapping, missing, header: head.header.into_iter().map(shortened).collect(), rows })
}

/// Begin an import.
///
/// It says how the file is to be read; the file is its content (`PUT …/content`).
#[utoipa::path(
    tag = "Observatory",
    request_body = NewDataImport,
    responses((status = 201, description = "The import.", body = DataImport))
)]
#[post("/data-imports")]
pub async fn create_data_import(
    door: Door,
    caller: Caller<actions::Create, resources::DataImports>,
    body: Body<NewDataImport>,
) -> ApiResult<Answer> {
    door.write("create_data_import", caller, Some(body.fingerprint()), move |unit| {
        let new = body.read()?;
        let id = DataImportId::new();
        let row = match unit.replay(id.0)? {
            Some(earlier) => entries::made_before(unit, earlier)?,
            None => enter(unit, id, new)?,
        };
        unit.created(&format!("/data-imports/{}", row.id), row.version, &row)
    })
    .await
}

/// Keeps a new import; used by the command line as well.
pub fn enter(unit: &mut Unit<'_>, id: DataImportId, new: NewDataImport) -> ApiResult<DataImport> {
    use approdo_db::schema::datasets;
    let dataset: Option<Dataset> = datasets::table.find(new.dataset_id).first(unit.connection).optional()?;
    let dataset = dataset.ok_or_else(|| ApiError::unknown_reference("dataset_id"))?;
    entries::require_keeper(unit, Resource::DataImports, "dataset_id", dataset.organisation_id)?;
    dataset.require_imported()?;
    enter_into(unit, id, &dataset, new.mapping)
}

/// Keeps a new import into a dataset; used for what is computed as well.
pub fn enter_into(unit: &mut Unit<'_>, id: DataImportId, dataset: &Dataset, mapping: Mapping) -> ApiResult<DataImport> {
    mapping.require_complete(&dataset.dimensions()?)?;
    let row = DataImport {
        id,
        dataset_id: dataset.id,
        organisation_id: dataset.organisation_id,
        status: DataImportStatus::AwaitingContent,
        mapping: Json::of(mapping),
        release_id: None,
        size: None,
        sha256: None,
        rows: 0,
        observations: 0,
        rejected: 0,
        failure: None,
        alive_at: None,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    };
    entries::add(unit, &row, &["dataset_id", "mapping", "status"])?;
    Ok(row)
}

paged_query! {
    /// How to list imports.
    DataImportQuery {
        /// Imports into this dataset.
        dataset_id: Option<DatasetId>,
    }
}

/// List imports.
///
/// Newest first, of the organisations whose statistics you keep.
#[utoipa::path(
    tag = "Observatory",
    params(DataImportQuery),
    responses((status = 200, description = "A page.", body = DataImportPage))
)]
#[get("/data-imports")]
pub async fn list_data_imports(
    door: Door,
    caller: Caller<actions::List, resources::DataImports>,
    query: Parameters<DataImportQuery>,
) -> ApiResult<Answer> {
    door.read("list_data_imports", caller, move |reader| {
        let asked = query.read()?;
        let request = reader.page(&query, asked.limit, asked.cursor.as_deref());
        let mut list = data_imports::table.order(data_imports::id.desc()).limit(request.limit() + 1).into_boxed();
        if let Some(id) = request.after::<DataImportId>()? {
            list = list.filter(data_imports::id.lt(id));
        }
        if let Some(dataset) = asked.dataset_id {
            list = list.filter(data_imports::dataset_id.eq(dataset));
        }
        if !reader.rights.is_unlimited() {
            let grants = reader.rights.grants_for(Action::List, Resource::DataImports);
            let kept: Vec<OrganisationId> =
                grants.iter().flat_map(|grant| grant.organisations.iter().copied()).collect();
            list = list.filter(data_imports::organisation_id.eq_any(kept));
        }
        let rows: Vec<DataImport> = list.load(reader.connection)?;
        Answer::ok(&DataImportPage::from(request.page(rows, |row: &DataImport| row.id)?))
    })
    .await
}

/// Read an import.
///
/// How far it is, and what came of it. Ask again while it is running; once it is done, 303 leads to its release.
#[utoipa::path(
    tag = "Observatory",
    params(("data_import_id" = DataImportId, Path, description = "The import.")),
    responses(
        (status = 200, description = "The import.", body = DataImport),
        (status = 303, description = "It is done; `Location` is the release it made.", body = DataImport)
    )
)]
#[get("/data-imports/{data_import_id}")]
pub async fn read_data_import(
    door: Door,
    caller: Caller<actions::Read, resources::DataImports>,
    id: Id<DataImportId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_data_import", caller, move |reader| {
        let row: DataImport = entries::known(reader, id.0)?;
        require_keeper(&reader.rights, Action::Read, row.organisation_id)?;
        // The counts rise without the version: they are part of what the tag is of.
        let progress = format!("{}/{}/{}", row.rows, row.observations, row.rejected);
        let answer = reader.answer_row(row.version, &held, &Fields::default(), &progress, &row)?;
        Ok(match (row.status, row.release_id) {
            (DataImportStatus::Done, Some(release)) => {
                answer.see_other(reader.app.address(&format!("/dataset-releases/{release}")))
            }
            _ => answer,
        })
    })
    .await
}

paged_query! {
    /// How to list what an import rejected.
    RejectionQuery {}
}

/// List what an import rejected.
///
/// In the order of the file, the first thousand: each row or value that was not kept, where it stands, and why.
#[utoipa::path(
    tag = "Observatory",
    params(("data_import_id" = DataImportId, Path, description = "The import."), RejectionQuery),
    responses((status = 200, description = "A page.", body = RejectionPage))
)]
#[get("/data-imports/{data_import_id}/rejections")]
pub async fn list_data_import_rejections(
    door: Door,
    caller: Caller<actions::Read, resources::DataImports>,
    id: Id<DataImportId>,
    query: Parameters<RejectionQuery>,
) -> ApiResult<Answer> {
    door.read("list_data_import_rejections", caller, move |reader| {
        let import: DataImport = entries::known(reader, id.0)?;
        require_keeper(&reader.rights, Action::Read, import.organisation_id)?;
        let asked = query.read()?;
        let request = reader.page(&query, asked.limit, asked.cursor.as_deref());
        let rows: Vec<Rejection> = data_import_rejections::table
            .filter(data_import_rejections::data_import_id.eq(import.id))
            .filter(data_import_rejections::number.gt(request.after::<i64>()?.unwrap_or(0)))
            .order(data_import_rejections::number)
            .limit(request.limit() + 1)
            .load(reader.connection)?;
        Answer::ok(&RejectionPage::from(request.page(rows, |row: &Rejection| row.number)?))
    })
    .await
}
