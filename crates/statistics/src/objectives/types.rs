//! Objectives as they are kept and told.

use approdo_db::schema::objectives;
use approdo_db::{Timestamp, define_id, text_enum};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::access::{OrganisationId, TerritoryId};
use crate::entry;
use crate::error::{ApiError, ApiResult};
use crate::http::patch::Edit;
use crate::http::{Checked, Patch, reading};
use crate::objectives::chain::EmbeddedInObjective;
use crate::observatory::indicators::types::IndicatorId;
use crate::observatory::observatories::types::ObservatoryId;
use crate::page_of;
use crate::paged_query;

/// Values of indicators lie within it, on both sides of 0.
const LARGEST: f64 = 1e12;

define_id! {
    /// The id of an objective.
    #[derive(ToSchema)]
    ObjectiveId;
}

/// The row.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize)]
#[diesel(table_name = objectives, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct ObjectiveRow {
    pub id: ObjectiveId,
    pub organisation_id: OrganisationId,
    pub title: String,
    pub description: Option<String>,
    pub territory_id: TerritoryId,
    pub starts_on: NaiveDate,
    pub ends_on: Option<NaiveDate>,
    pub observatory_id: Option<ObservatoryId>,
    pub indicator_id: Option<IndicatorId>,
    pub baseline: Option<f64>,
    pub target: Option<f64>,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

entry!(ObjectiveRow, ObjectiveId, objectives, organisation_id, "objective", Objectives);

impl ObjectiveRow {
    /// The members its change record names when it is set.
    pub const MEMBERS: [&str; 10] = [
        "organisation_id",
        "title",
        "description",
        "territory_id",
        "starts_on",
        "ends_on",
        "observatory_id",
        "indicator_id",
        "baseline",
        "target",
    ];

    /// 422 where its days are out of order, or its values are of nothing.
    pub fn check(&self) -> ApiResult<()> {
        if self.ends_on.is_some_and(|end| end < self.starts_on) {
            return Err(ApiError::invalid_member("ends_on", "must not be before starts_on"));
        }
        for (member, value) in [("baseline", self.baseline), ("target", self.target)] {
            if value.is_some() && self.indicator_id.is_none() {
                return Err(ApiError::invalid_member(member, "needs an indicator_id: it is a value of that"));
            }
        }
        Ok(())
    }
}

/// What an organisation wants to reach in a territory, and how that is measured (domain C11).
#[derive(Debug, Serialize, ToSchema)]
pub struct Objective {
    pub id: ObjectiveId,
    /// The organisation that keeps it.
    pub organisation_id: OrganisationId,
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 10_000)]
    pub description: Option<String>,
    /// Where it is to be reached.
    pub territory_id: TerritoryId,
    pub starts_on: NaiveDate,
    /// The day by which it is to be reached; absent while none is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ends_on: Option<NaiveDate>,
    /// The observatory that follows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub observatory_id: Option<ObservatoryId>,
    /// What it is measured by.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub indicator_id: Option<IndicatorId>,
    /// The indicator's value in the territory at the beginning, in the indicator's unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = "double", minimum = -1e12, maximum = 1e12)]
    pub baseline: Option<f64>,
    /// The value it is to have at the end, in the indicator's unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = "double", minimum = -1e12, maximum = 1e12)]
    pub target: Option<f64>,
    /// Rises with every change of the objective itself.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// What `embed` asked for.
    #[serde(rename = "_embedded", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub embedded: Option<EmbeddedInObjective>,
}

impl From<ObjectiveRow> for Objective {
    fn from(row: ObjectiveRow) -> Self {
        Self {
            id: row.id,
            organisation_id: row.organisation_id,
            title: row.title,
            description: row.description,
            territory_id: row.territory_id,
            starts_on: row.starts_on,
            ends_on: row.ends_on,
            observatory_id: row.observatory_id,
            indicator_id: row.indicator_id,
            baseline: row.baseline,
            target: row.target,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
            embedded: None,
        }
    }
}

page_of! {
    /// A page of objectives.
    ObjectivePage of Objective
}

/// An objective to set.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "organisation_id": "01985b2e-0000-7000-8000-000000000001", "territory_id": "01985b2e-0000-7000-8000-000000000002",
    "title": "More adults who work attend a language course", "starts_on": "2026-01-01", "ends_on": "2027-12-31"
}))]
pub struct NewObjective {
    /// An organisation whose statistics you keep.
    pub organisation_id: OrganisationId,
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    #[validate(length(min = 1, max = 10_000))]
    #[schema(nullable = false, min_length = 1, max_length = 10_000)]
    pub description: Option<String>,
    /// Where it is to be reached.
    pub territory_id: TerritoryId,
    #[serde(deserialize_with = "reading::day")]
    pub starts_on: NaiveDate,
    /// The day by which it is to be reached.
    #[serde(default, deserialize_with = "reading::optional_day")]
    #[schema(nullable = false)]
    pub ends_on: Option<NaiveDate>,
    /// The observatory that follows it: any.
    #[schema(nullable = false)]
    pub observatory_id: Option<ObservatoryId>,
    /// What it is measured by: any indicator.
    #[schema(nullable = false)]
    pub indicator_id: Option<IndicatorId>,
    /// The indicator's value in the territory at the beginning, in the indicator's unit.
    #[validate(range(min = -1e12, max = 1e12))]
    #[schema(nullable = false, format = "double", minimum = -1e12, maximum = 1e12)]
    pub baseline: Option<f64>,
    /// The value it is to have at the end, in the indicator's unit.
    #[validate(range(min = -1e12, max = 1e12))]
    #[schema(nullable = false, format = "double", minimum = -1e12, maximum = 1e12)]
    pub target: Option<f64>,
}

impl Checked for NewObjective {}

/// What of an objective can be edited. Its organisation stays.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"ends_on": "2028-06-30"}))]
pub struct ObjectivePatch {
    #[schema(required = false, value_type = String, min_length = 1, max_length = 200)]
    #[serde(default)]
    pub title: Patch<String>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 10_000)]
    #[serde(default)]
    pub description: Patch<String>,
    #[schema(required = false, value_type = TerritoryId)]
    #[serde(default)]
    pub territory_id: Patch<TerritoryId>,
    #[schema(required = false, value_type = NaiveDate)]
    #[serde(default, deserialize_with = "reading::patched_day")]
    pub starts_on: Patch<NaiveDate>,
    #[schema(required = false, value_type = Option<NaiveDate>)]
    #[serde(default, deserialize_with = "reading::patched_day")]
    pub ends_on: Patch<NaiveDate>,
    #[schema(required = false, value_type = Option<ObservatoryId>)]
    #[serde(default)]
    pub observatory_id: Patch<ObservatoryId>,
    #[schema(required = false, value_type = Option<IndicatorId>)]
    #[serde(default)]
    pub indicator_id: Patch<IndicatorId>,
    #[schema(required = false, value_type = Option<f64>, format = "double", minimum = -1e12, maximum = 1e12)]
    #[serde(default)]
    pub baseline: Patch<f64>,
    #[schema(required = false, value_type = Option<f64>, format = "double", minimum = -1e12, maximum = 1e12)]
    #[serde(default)]
    pub target: Patch<f64>,
}

impl Checked for ObjectivePatch {
    const MEDIA_TYPE: &'static str = "application/merge-patch+json";
}

/// Applies a patch to a locked objective; the names of the members that changed.
pub fn apply(row: &mut ObjectiveRow, patch: ObjectivePatch) -> ApiResult<Vec<&'static str>> {
    let mut edit = Edit::default();
    edit.bounded("title", &patch.title, 200);
    edit.bounded("description", &patch.description, 10_000);
    edit.lies_within("baseline", &patch.baseline, -LARGEST..=LARGEST);
    edit.lies_within("target", &patch.target, -LARGEST..=LARGEST);
    edit.required("title", &mut row.title, patch.title);
    edit.optional("description", &mut row.description, patch.description);
    edit.required("territory_id", &mut row.territory_id, patch.territory_id);
    edit.required("starts_on", &mut row.starts_on, patch.starts_on);
    edit.optional("ends_on", &mut row.ends_on, patch.ends_on);
    edit.optional("observatory_id", &mut row.observatory_id, patch.observatory_id);
    edit.optional("indicator_id", &mut row.indicator_id, patch.indicator_id);
    edit.optional("baseline", &mut row.baseline, patch.baseline);
    edit.optional("target", &mut row.target, patch.target);
    edit.finish()
}

paged_query! {
    /// How to list objectives.
    ObjectiveQuery {
        /// Objectives of this organisation.
        organisation_id: Option<OrganisationId>,
        /// Objectives of exactly this territory.
        territory_id: Option<TerritoryId>,
        /// Objectives that this observatory follows.
        observatory_id: Option<ObservatoryId>,
    }
}

text_enum! {
    /// What can be read with an objective.
    #[derive(ToSchema)]
    ObjectiveEmbed {
        /// The whole chain: activities, each with its results.
        Activities = "activities",
    }
}

/// How to read an objective.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ObjectiveParameters {
    /// Answered in `_embedded`.
    pub embed: Option<ObjectiveEmbed>,
}
