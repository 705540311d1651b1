//! Datasets: what statistics are about, how their observations are told apart, and where they come from (domain 40; SDMX 2.1, section 3:
//! a dataflow with its data structure).

use std::collections::HashSet;

use approdo_db::schema::datasets;
use approdo_db::{Json, Timestamp, define_id, text_enum};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use crate::access::OrganisationId;
use crate::anonymity::THRESHOLD;
use crate::coded;
use crate::entry;
use crate::error::{ApiError, ApiResult};
use crate::http::forms::wrong;
use crate::http::links::web_address;
use crate::http::patch::Edit;
use crate::http::{Checked, Patch, reading};
use crate::observatory::operational::ComputedFrom;
use crate::page_of;
use crate::territory::codes::CodeSystem;

define_id! {
    /// The id of a dataset.
    #[derive(ToSchema)]
    DatasetId;
}

text_enum! {
    /// What the codes of a dimension stand for.
    #[derive(ToSchema)]
    DimensionRole {
        /// Places: codes of territories, as the publisher calls them.
        Area = "area",
        /// Times, as SDMX 2.1 writes them: `2025`, `2025-S1`, `2025-Q1`, `2025-01`, `2025-W01`, `2025-01-01`.
        Time = "time",
        /// Anything else: sex, age, citizenship.
        Other = "other",
    }

    /// How values of a dataset add up (domain 41).
    #[derive(ToSchema)]
    MeasureKind {
        /// What happened in a time: adds up over times and places.
        Flow = "flow",
        /// What there is on a day: adds up over places, not over times.
        Stock = "stock",
        /// A share, a rate, a mean: does not add up.
        Ratio = "ratio",
    }
}

/// What tells the observations of a dataset apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Dimension {
    /// Its SDMX identifier.
    #[validate(length(min = 1, max = 40), custom(function = "identifier"))]
    #[schema(min_length = 1, max_length = 40, pattern = "^[A-Z][A-Z0-9_]*$", example = "REF_AREA")]
    pub id: String,
    pub role: DimensionRole,
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// Of places: whose codes they are. Absent: of ISTAT, its data flows, ISO 3166, AGS, NUTS, whichever has one first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub code_system: Option<CodeSystem>,
    /// Whether imports may use known codes only: those of its codelist and, for places, those of territories.
    #[serde(default)]
    #[schema(default = false)]
    pub closed: bool,
}

/// An SDMX identifier in capital letters.
pub fn identifier(text: &str) -> Result<(), ValidationError> {
    let begins = text.bytes().next().is_some_and(|byte| byte.is_ascii_uppercase());
    if begins && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_') {
        Ok(())
    } else {
        Err(wrong("must be a capital letter, then capital letters, digits and _"))
    }
}

/// A dataset.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize, ToSchema)]
#[diesel(table_name = datasets, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct Dataset {
    pub id: DatasetId,
    /// The organisation that keeps it.
    pub organisation_id: OrganisationId,
    /// Its SDMX identifier, once for each organisation.
    #[schema(max_length = 40, example = "RESIDENT_FOREIGNERS")]
    pub code: String,
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 10_000)]
    pub description: Option<String>,
    /// What is counted or measured.
    #[schema(min_length = 1, max_length = 100, example = "persons")]
    pub unit: String,
    pub measure_kind: MeasureKind,
    /// Who published it first, under which title.
    #[schema(min_length = 1, max_length = 500)]
    pub source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = "uri", max_length = 2048)]
    pub source_url: Option<String>,
    /// Under which licence it may be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 200)]
    pub licence: Option<String>,
    /// One of places, one of times, and others.
    #[schema(value_type = Vec<Dimension>, min_items = 2, max_items = 12)]
    pub dimensions: Json,
    /// Rises with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Counts from 1 to below this number are hidden when a release is published, with as many others as it takes so that nobody can compute
    /// them (domain 42). 0: none is, what it tells is public already.
    #[schema(minimum = 0, maximum = 1000)]
    pub suppress_below: i64,
    /// What of the deployment's own data its releases are computed from; absent where they are imported.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<ComputedFrom>)]
    pub computed_from: Option<Json>,
}

entry!(Dataset, DatasetId, datasets, organisation_id, "dataset", Datasets);
coded!(Dataset, DatasetId, datasets, "the organisation has a dataset with this code");

page_of! {
    /// A page of datasets.
    DatasetPage of Dataset
}

impl Dataset {
    /// The members its change record names when it is made.
    pub const MEMBERS: [&str; 12] = [
        "organisation_id",
        "code",
        "name",
        "description",
        "unit",
        "measure_kind",
        "source",
        "source_url",
        "licence",
        "dimensions",
        "suppress_below",
        "computed_from",
    ];

    pub fn dimensions(&self) -> ApiResult<Vec<Dimension>> {
        self.dimensions.read().map_err(ApiError::fault)
    }

    pub fn computed_from(&self) -> ApiResult<Option<ComputedFrom>> {
        self.computed_from.as_ref().map(ComputedFrom::of).transpose()
    }

    /// 409 where its codes and releases come from the deployment's own data.
    pub fn require_imported(&self) -> ApiResult<()> {
        match self.computed_from {
            Some(_) => Err(ApiError::conflict("this dataset is computed from the deployment's own data")),
            None => Ok(()),
        }
    }
}

/// A dataset to describe.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"organisation_id": "01985b2e-0000-7000-8000-000000000001", "code": "RESIDENT_FOREIGNERS",
    "name": "Resident foreigners on 1 January", "unit": "persons", "measure_kind": "stock",
    "source": "ISTAT, Resident foreigners on 1 January (29_316)", "licence": "CC BY 4.0", "suppress_below": 0,
    "dimensions": [{"id": "REF_AREA", "role": "area", "name": "Territory", "closed": true},
        {"id": "SEX", "role": "other", "name": "Sex"}, {"id": "TIME_PERIOD", "role": "time", "name": "Time"}]}))]
pub struct NewDataset {
    /// An organisation whose statistics you keep.
    pub organisation_id: OrganisationId,
    #[validate(length(min = 1, max = 40), custom(function = "identifier"))]
    #[schema(min_length = 1, max_length = 40, pattern = "^[A-Z][A-Z0-9_]*$")]
    pub code: String,
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    #[validate(length(min = 1, max = 10_000))]
    #[schema(nullable = false, min_length = 1, max_length = 10_000)]
    pub description: Option<String>,
    #[validate(length(min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100)]
    pub unit: String,
    pub measure_kind: MeasureKind,
    #[validate(length(min = 1, max = 500))]
    #[schema(min_length = 1, max_length = 500)]
    pub source: String,
    #[validate(length(max = 2048), custom(function = "crate::http::links::web_address"))]
    #[schema(nullable = false, format = "uri", pattern = "^https?://", max_length = 2048)]
    pub source_url: Option<String>,
    #[validate(length(min = 1, max = 200))]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    pub licence: Option<String>,
    /// One of places, one of times, and others: they stay as they are.
    #[validate(length(min = 2, max = 12), nested, custom(function = "told_apart"))]
    #[schema(min_items = 2, max_items = 12)]
    pub dimensions: Vec<Dimension>,
    /// Counts from 1 to below this number are hidden when a release is published. 5 when absent; 0 hides none, for what is public already and for ratios.
    #[validate(range(min = 0, max = 1000))]
    #[schema(nullable = false, minimum = 0, maximum = 1000)]
    #[serde(default, deserialize_with = "reading::optional_whole")]
    pub suppress_below: Option<i64>,
    /// What of the deployment's own data its releases are computed from (`GET /operational-sources`); its dimensions are then some of those that the
    /// source can be divided by, and `suppress_below` 5 at least.
    #[validate(nested)]
    #[schema(nullable = false)]
    pub computed_from: Option<ComputedFrom>,
}

impl Checked for NewDataset {}

fn told_apart(dimensions: &[Dimension]) -> Result<(), ValidationError> {
    let of = |role: DimensionRole| dimensions.iter().filter(|dimension| dimension.role == role).count();
    let names: HashSet<&str> = dimensions.iter().map(|dimension| dimension.id.as_str()).collect();
    let misplaced = |dimension: &Dimension| dimension.code_system.is_some() && dimension.role != DimensionRole::Area;
    let message = if names.len() < dimensions.len() {
        "must not name a dimension twice"
    } else if dimensions.iter().any(misplaced) {
        "may have a code system where they are places only"
    } else if of(DimensionRole::Area) != 1 || of(DimensionRole::Time) != 1 {
        "must have one dimension of places and one of times"
    } else {
        return Ok(());
    };
    Err(ValidationError::new("dimensions").with_message(message.into()))
}

/// What is wrong with a threshold.
pub fn refusal_of_threshold(below: i64, kind: MeasureKind, is_computed: bool) -> Option<&'static str> {
    match below {
        ..THRESHOLD if is_computed => Some("must be 5 at least: what is counted are this deployment's own people"),
        0 => None,
        _ if kind == MeasureKind::Ratio => Some("must be 0: what ratios are made of is not known"),
        2..=1000 => None,
        _ => Some("must be 0, or from 2 to 1000"),
    }
}

/// What of a dataset can be edited. What tells its observations apart stays.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"source_url": "https://www.istat.it"}))]
pub struct DatasetPatch {
    #[schema(required = false, value_type = String, min_length = 1, max_length = 200)]
    #[serde(default)]
    pub name: Patch<String>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 10_000)]
    #[serde(default)]
    pub description: Patch<String>,
    #[schema(required = false, value_type = String, min_length = 1, max_length = 500)]
    #[serde(default)]
    pub source: Patch<String>,
    #[schema(required = false, value_type = Option<String>, format = "uri", pattern = "^https?://", max_length = 2048)]
    #[serde(default)]
    pub source_url: Patch<String>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 200)]
    #[serde(default)]
    pub licence: Patch<String>,
    /// Holds for what is published from now on. What was hidden before stays so, unless it becomes 0.
    #[schema(required = false, value_type = i64, minimum = 0, maximum = 1000)]
    #[serde(default, deserialize_with = "reading::patched_whole")]
    pub suppress_below: Patch<i64>,
}

impl Checked for DatasetPatch {
    const MEDIA_TYPE: &'static str = "application/merge-patch+json";
}

/// Applies a patch to a locked dataset; the names of the members that changed.
pub fn apply(row: &mut Dataset, patch: DatasetPatch) -> ApiResult<Vec<&'static str>> {
    let mut edit = Edit::default();
    edit.bounded("name", &patch.name, 200);
    edit.bounded("description", &patch.description, 10_000);
    edit.bounded("source", &patch.source, 500);
    edit.bounded("licence", &patch.licence, 200);
    edit.link("source_url", &patch.source_url, web_address);
    edit.required("name", &mut row.name, patch.name);
    edit.optional("description", &mut row.description, patch.description);
    edit.required("source", &mut row.source, patch.source);
    edit.optional("source_url", &mut row.source_url, patch.source_url);
    edit.optional("licence", &mut row.licence, patch.licence);
    if let Patch::Set(below) = &patch.suppress_below
        && let Some(why) = refusal_of_threshold(*below, row.measure_kind, row.computed_from.is_some())
    {
        return Err(ApiError::invalid_member("suppress_below", why));
    }
    edit.required("suppress_below", &mut row.suppress_below, patch.suppress_below);
    edit.finish()
}
