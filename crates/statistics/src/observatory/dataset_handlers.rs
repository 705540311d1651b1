//! Operations on datasets.

use actix_web::{get, patch, post};
use approdo_db::Json;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, OrganisationId, Resource};
use crate::anonymity::THRESHOLD;
use crate::entries;
use crate::error::{ApiError, ApiResult};
use crate::http::{Answer, Body, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters};
use crate::observatory::datasets::{
    Dataset, DatasetId, DatasetPage, DatasetPatch, MeasureKind, NewDataset, apply, refusal_of_threshold,
};
use crate::observatory::operational;
use crate::paged_query;
use crate::work::Unit;

paged_query! {
    /// How to list datasets.
    DatasetQuery {
        /// Datasets that this organisation keeps.
        organisation_id: Option<OrganisationId>,
        /// The exact code.
        #[validate(length(min = 1, max = 40))]
        #[param(min_length = 1, max_length = 40)]
        code: Option<String>,
    }
}

/// List datasets.
///
/// By code. Every caller may know them.
#[utoipa::path(
    tag = "Observatory",
    params(DatasetQuery),
    responses((status = 200, description = "A page.", body = DatasetPage))
)]
#[get("/datasets")]
pub async fn list_datasets(
    door: Door,
    caller: Caller<actions::List, resources::Datasets>,
    query: Parameters<DatasetQuery>,
) -> ApiResult<Answer> {
    door.read("list_datasets", caller, move |reader| {
        let asked = query.read()?;
        let request = reader.page(&query, asked.limit, asked.cursor.as_deref());
        let of = (asked.organisation_id, asked.code.as_deref());
        let rows = Dataset::listed(reader.connection, of, request.after()?, request.limit() + 1)?;
        Answer::ok(&DatasetPage::from(request.page(rows, |row: &Dataset| (row.code.clone(), row.id))?))
    })
    .await
}

/// Describe a dataset.
///
/// What its observations are about and how they are told apart; 409 where your organisation has one with this code.
#[utoipa::path(
    tag = "Observatory",
    request_body = NewDataset,
    responses((status = 201, description = "The dataset.", body = Dataset))
)]
#[post("/datasets")]
pub async fn create_dataset(
    door: Door,
    caller: Caller<actions::Create, resources::Datasets>,
    body: Body<NewDataset>,
) -> ApiResult<Answer> {
    door.write("create_dataset", caller, Some(body.fingerprint()), move |unit| {
        let new = body.read()?;
        entries::require_keeper(unit, Resource::Datasets, "organisation_id", new.organisation_id)?;
        let id = DatasetId::new();
        let row = match unit.replay(id.0)? {
            Some(earlier) => entries::made_before(unit, earlier)?,
            None => describe(unit, id, new)?,
        };
        unit.created(&format!("/datasets/{}", row.id), row.version, &row)
    })
    .await
}

/// Keeps a new dataset; used by the demonstration data as well.
pub fn describe(unit: &mut Unit<'_>, id: DatasetId, new: NewDataset) -> ApiResult<Dataset> {
    let usual = if new.measure_kind == MeasureKind::Ratio { 0 } else { THRESHOLD };
    let suppress_below = new.suppress_below.unwrap_or(usual);
    if let Some(why) = refusal_of_threshold(suppress_below, new.measure_kind, new.computed_from.is_some()) {
        return Err(ApiError::invalid_member("suppress_below", why));
    }
    if let Some(from) = new.computed_from {
        from.divisions(&new.dimensions, new.measure_kind)?;
        operational::releases::require_only_one(unit.connection, new.organisation_id)?;
    }
    let row = Dataset {
        id,
        organisation_id: new.organisation_id,
        code: new.code,
        name: new.name,
        description: new.description,
        unit: new.unit,
        measure_kind: new.measure_kind,
        source: new.source,
        source_url: new.source_url,
        licence: new.licence,
        dimensions: Json::of(new.dimensions),
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
        suppress_below,
        computed_from: new.computed_from.map(Json::of),
    };
    row.require_new_code(unit.connection)?;
    entries::add(unit, &row, &Dataset::MEMBERS)?;
    Ok(row)
}

/// Read a dataset.
///
/// Every caller may know it.
#[utoipa::path(
    tag = "Observatory",
    params(("dataset_id" = DatasetId, Path, description = "The dataset.")),
    responses((status = 200, description = "The dataset.", body = Dataset))
)]
#[get("/datasets/{dataset_id}")]
pub async fn read_dataset(
    door: Door,
    caller: Caller<actions::Read, resources::Datasets>,
    id: Id<DatasetId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_dataset", caller, move |reader| {
        let row: Dataset = entries::known(reader, id.0)?;
        reader.answer_row(row.version, &held, &Fields::default(), "", &row)
    })
    .await
}

/// Edit a dataset.
///
/// How it is described; what its observations are told apart by stays. 409 where `suppress_below` would rise while a computed release waits to be published.
#[utoipa::path(
    tag = "Observatory",
    params(("dataset_id" = DatasetId, Path, description = "The dataset.")),
    request_body(content = DatasetPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The dataset as it is now.", body = Dataset))
)]
#[patch("/datasets/{dataset_id}")]
pub async fn edit_dataset(
    door: Door,
    caller: Caller<actions::Edit, resources::Datasets>,
    id: Id<DatasetId>,
    if_match: IfMatch,
    body: Body<DatasetPatch>,
) -> ApiResult<Answer> {
    door.write("edit_dataset", caller, None, move |unit| {
        let mut row: Dataset = entries::locked(unit, Action::Edit, Resource::Datasets, id.0)?;
        let patch = body.read()?;
        if_match.check(row.version)?;
        let before = row.suppress_below;
        let changed = apply(&mut row, patch)?;
        if row.computed_from.is_some() && row.suppress_below > before {
            operational::releases::require_none_waiting(unit.connection, row.id)?;
        }
        entries::save(unit, &mut row, &changed)?;
        unit.edited(row.version, &row)
    })
    .await
}
