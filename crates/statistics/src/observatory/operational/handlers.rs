//! Operations on what is computed.

use actix_web::{get, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::Action;
use crate::access::caller::{Caller, actions, resources};
use crate::clock;
use crate::entries;
use crate::error::{ApiError, ApiResult};
use crate::http::slots::Slots;
use crate::http::texts::DimensionCodeText;
use crate::http::{Answer, Body, Checked, Door, Id, reading};
use crate::observatory::datasets::{Dataset, DatasetId, MeasureKind};
use crate::observatory::imports::handlers::require_keeper;
use crate::observatory::imports::types::{DataImport, DataImportId};
use crate::observatory::operational::releases::{self, Counted};
use crate::observatory::operational::{ComputedFrom, Division, DivisionCodes, Facts, OperationalSource};
use crate::observatory::releases::Release;
use crate::work::Unit;

/// What is counted at a time in a process: it reads whole registers.
static COUNTS: Slots = Slots::new(1, "something else is being counted");

/// Something of the deployment's own that can be counted.
#[derive(Debug, Serialize, ToSchema)]
pub struct OperationalSourceDescription {
    pub source: OperationalSource,
    pub measure_kind: MeasureKind,
    #[schema(max_length = 500)]
    pub description: String,
    /// What it can be divided by, besides places and times.
    #[schema(max_items = 10)]
    pub divisions: Vec<OperationalDivision>,
}

/// What a source can be divided by.
#[derive(Debug, Serialize, ToSchema)]
pub struct OperationalDivision {
    /// The identifier of the dimension.
    #[schema(max_length = 40, pattern = "^[A-Z][A-Z0-9_]*$")]
    pub id: String,
    #[schema(max_length = 200)]
    pub name: String,
    /// The code list that its codes are of. `_U` is what is not known, `_T` all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 60)]
    pub code_list: Option<String>,
    /// Its codes, where they are of no code list.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, value_type = Vec<DimensionCodeText>, max_items = 20)]
    pub codes: Vec<String>,
}

/// What can be counted.
#[derive(Debug, Serialize, ToSchema)]
pub struct OperationalSources {
    #[schema(max_items = 100)]
    pub items: Vec<OperationalSourceDescription>,
}

/// Read what can be counted.
///
/// Of the deployment's own data, for datasets with `computed_from`.
#[utoipa::path(
    tag = "Observatory",
    responses((status = 200, description = "All of it.", body = OperationalSources))
)]
#[get("/operational-sources")]
pub async fn read_operational_sources(
    door: Door,
    caller: Caller<actions::List, resources::Datasets>,
) -> ApiResult<Answer> {
    door.read("read_operational_sources", caller, move |_| {
        let described = |source: &OperationalSource| OperationalSourceDescription {
            source: *source,
            measure_kind: source.measure_kind(),
            description: source.description().to_owned(),
            divisions: source.divisions().iter().map(division).collect(),
        };
        Answer::ok(&OperationalSources { items: OperationalSource::ALL.iter().map(described).collect() })
    })
    .await
}

fn division(division: &Division) -> OperationalDivision {
    let (code_list, codes) = match division.codes {
        DivisionCodes::Of(list) => (Some(list.to_owned()), Vec::new()),
        DivisionCodes::These(codes) => (None, codes.iter().map(|(code, _)| (*code).to_owned()).collect()),
    };
    OperationalDivision { id: division.id.to_owned(), name: division.name.to_owned(), code_list, codes }
}

/// What is to be counted.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"since": "2025-01-01"}))]
pub struct NewComputation {
    /// Periods that begin on this day or later, and are over.
    #[serde(deserialize_with = "reading::day")]
    pub since: NaiveDate,
}

impl Checked for NewComputation {}

/// Compute a release.
///
/// Of a dataset with `computed_from`: what the organisation that keeps it, and those below it, have. Periods that were published stay as
/// they were told. Nobody reads it before it is published, and small counts are hidden then. 422 where no period, or nothing,
/// is left to count, or more than 200,000 numbers would come of it.
#[utoipa::path(
    tag = "Observatory",
    params(("dataset_id" = DatasetId, Path, description = "The dataset.")),
    request_body = NewComputation,
    responses((status = 201, description = "The release, to be validated, approved and published.", body = Release))
)]
#[post("/datasets/{dataset_id}/computations")]
pub async fn create_computation(
    door: Door,
    caller: Caller<actions::Create, resources::DataImports>,
    facts: web::Data<Facts>,
    id: Id<DatasetId>,
    body: Body<NewComputation>,
) -> ApiResult<Answer> {
    let (form, desk) = (door.require_fit(), door.desk("create_computation", &caller));
    let fingerprint = Some(body.fingerprint());
    let since = body.read().ok().map(|new| new.since);
    let facts = **facts;
    let _slot = COUNTS.take().await?;
    // Without a lock: it takes its time.
    let counted = desk
        .read(Ok(()), move |reader| {
            let dataset: Dataset = entries::known(reader, id.0)?;
            require_keeper(&reader.rights, Action::Create, dataset.organisation_id)?;
            let Some((since, from)) = since.zip(dataset.computed_from()?) else { return Ok(None) };
            let today = clock::date_of(reader.now);
            Ok(Some(releases::count(reader.connection, facts, (&dataset, from), since, today)))
        })
        .await?;
    desk.write(form, fingerprint, move |unit| {
        let dataset: Dataset = entries::found_locked(unit, id.0)?;
        require_keeper(&unit.rights, Action::Create, dataset.organisation_id)?;
        body.read()?;
        let from = dataset.computed_from()?.ok_or_else(|| {
            ApiError::conflict(
                "this dataset is not computed: import files into it, or describe another one with computed_from",
            )
        })?;
        let id = DataImportId::new();
        let import: DataImport = match unit.replay(id.0)? {
            Some(earlier) => entries::made_before(unit, earlier)?,
            None => make(unit, id, (&dataset, from), counted.as_ref())?,
        };
        let release = import.release_id.ok_or_else(|| ApiError::fault("a computation made no release"))?;
        let release: Release = entries::made_before(unit, release.0)?;
        unit.created(&format!("/dataset-releases/{}", release.id), release.version, &release)
    })
    .await
}

fn make(
    unit: &mut Unit<'_>,
    id: DataImportId,
    of: (&Dataset, ComputedFrom),
    counted: Option<&ApiResult<Counted>>,
) -> ApiResult<DataImport> {
    let counted = counted.cloned().transpose()?.ok_or_else(|| ApiError::fault("nothing was counted"))?;
    releases::keep(unit, id, of, &counted)
}
