//! Indicators: what is counted, what it is divided by, and how that is to be read (domain 41).

use approdo_db::schema::indicators;
use approdo_db::{Json, Timestamp, define_id};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::OrganisationId;
use crate::coded;
use crate::entry;
use crate::error::{ApiError, ApiResult};
use crate::http::patch::Edit;
use crate::http::{Checked, Patch};
use crate::observatory::datasets::{DatasetId, MeasureKind, identifier};
use crate::observatory::queries::asked::DimensionFilter;
use crate::page_of;

define_id! {
    /// The id of an indicator.
    #[derive(ToSchema)]
    IndicatorId;
}

/// What of a dataset an indicator is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IndicatorPart {
    pub dataset_id: DatasetId,
    /// Which codes of its dimensions; what they have is added up. Of a dimension that is not here, the code that holds all others.
    #[serde(default)]
    #[validate(length(max = 10), nested)]
    #[schema(required = false, max_items = 10)]
    pub filters: Vec<DimensionFilter>,
}

/// An indicator.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize, ToSchema)]
#[diesel(table_name = indicators, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct Indicator {
    pub id: IndicatorId,
    /// The organisation that keeps it.
    pub organisation_id: OrganisationId,
    /// Its identifier, once for each organisation.
    #[schema(max_length = 40, example = "FOREIGNERS_SHARE")]
    pub code: String,
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 10_000)]
    pub description: Option<String>,
    #[schema(min_length = 1, max_length = 100, example = "%")]
    pub unit: String,
    /// A ratio where it has a denominator; else as the values of its dataset.
    pub kind: MeasureKind,
    /// What is counted.
    #[schema(value_type = IndicatorPart)]
    pub numerator: Json,
    /// What it is divided by: both are added up first, of places that have told both.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<IndicatorPart>)]
    pub denominator: Option<Json>,
    /// What the value is multiplied by: 100 for percent.
    #[schema(format = "double", minimum = -1e12, maximum = 1e12)]
    pub factor: f64,
    /// A value is provisional where fewer places have told theirs, of those that were to: from 0 to 1.
    #[schema(minimum = 0, maximum = 1)]
    pub minimum_completeness: f64,
    /// How it is made, and what it does not tell.
    #[schema(min_length = 1, max_length = 10_000)]
    pub method: String,
    /// Rises with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

entry!(Indicator, IndicatorId, indicators, organisation_id, "indicator", Indicators);
coded!(Indicator, IndicatorId, indicators, "the organisation has an indicator with this code");

page_of! {
    /// A page of indicators.
    IndicatorPage of Indicator
}

impl Indicator {
    /// The members its change record names when it is made.
    pub const MEMBERS: [&str; 11] = [
        "organisation_id",
        "code",
        "name",
        "description",
        "unit",
        "kind",
        "numerator",
        "denominator",
        "factor",
        "minimum_completeness",
        "method",
    ];

    pub fn numerator(&self) -> ApiResult<IndicatorPart> {
        self.numerator.read().map_err(ApiError::fault)
    }

    pub fn denominator(&self) -> ApiResult<Option<IndicatorPart>> {
        self.denominator.as_ref().map(Json::read).transpose().map_err(ApiError::fault)
    }
}

/// An indicator to define.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"organisation_id": "01985b2e-0000-7000-8000-000000000001", "code": "FOREIGNERS_SHARE",
    "name": "Foreign residents among all residents", "unit": "%", "factor": 100,
    "numerator": {"dataset_id": "01985b2e-0000-7000-8000-000000000002", "filters": [{"dimension": "SEX", "codes": ["9"]}]},
    "method": "Residents without Italian citizenship on 1 January, divided by all residents of that day."}))]
pub struct NewIndicator {
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
    #[validate(nested)]
    pub numerator: IndicatorPart,
    #[validate(nested)]
    #[schema(nullable = false)]
    pub denominator: Option<IndicatorPart>,
    /// 1 when absent; not 0.
    #[validate(range(min = -1e12, max = 1e12))]
    #[schema(nullable = false, format = "double", minimum = -1e12, maximum = 1e12)]
    pub factor: Option<f64>,
    /// 1 when absent.
    #[validate(range(min = 0.0, max = 1.0))]
    #[schema(nullable = false, minimum = 0, maximum = 1)]
    pub minimum_completeness: Option<f64>,
    #[validate(length(min = 1, max = 10_000))]
    #[schema(min_length = 1, max_length = 10_000)]
    pub method: String,
}

impl Checked for NewIndicator {}

/// What of an indicator can be edited. What it is made of stays: another one tells something else.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"description": "By municipality and year."}))]
pub struct IndicatorPatch {
    #[schema(required = false, value_type = String, min_length = 1, max_length = 200)]
    #[serde(default)]
    pub name: Patch<String>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 10_000)]
    #[serde(default)]
    pub description: Patch<String>,
    #[schema(required = false, value_type = String, min_length = 1, max_length = 10_000)]
    #[serde(default)]
    pub method: Patch<String>,
}

impl Checked for IndicatorPatch {
    const MEDIA_TYPE: &'static str = "application/merge-patch+json";
}

/// Applies a patch to a locked indicator; the names of the members that changed.
pub fn apply(row: &mut Indicator, patch: IndicatorPatch) -> ApiResult<Vec<&'static str>> {
    let mut edit = Edit::default();
    edit.bounded("name", &patch.name, 200);
    edit.bounded("description", &patch.description, 10_000);
    edit.bounded("method", &patch.method, 10_000);
    edit.required("name", &mut row.name, patch.name);
    edit.optional("description", &mut row.description, patch.description);
    edit.required("method", &mut row.method, patch.method);
    edit.finish()
}
