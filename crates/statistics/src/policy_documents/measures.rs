//! Measures of policy documents as they are kept and told: what an act says is done for integration.

use approdo_db::schema::{indicators, policy_measure_indicators, policy_measures};
use approdo_db::{Connection, Json, Timestamp, define_id};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::OrganisationId;
use crate::app::App;
use crate::codes;
use crate::directory::parts::Money;
use crate::entry;
use crate::error::{ApiError, ApiResult};
use crate::http::forms::repeated;
use crate::http::patch::Edit;
use crate::http::texts::CodeText;
use crate::http::{Checked, Patch, reading};
use crate::observatory::indicators::types::IndicatorId;
use crate::page_of;
use crate::paged_query;
use crate::policy_documents::types::PolicyDocumentId;
use crate::work::Unit;

/// Target groups and indicators a measure has at most.
const MOST_NAMED: usize = 20;

define_id! {
    /// The id of a measure of a policy document.
    #[derive(ToSchema)]
    PolicyMeasureId;
}

/// The row.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize)]
#[diesel(table_name = policy_measures, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct PolicyMeasureRow {
    pub id: PolicyMeasureId,
    pub policy_document_id: PolicyDocumentId,
    /// The organisation that keeps the document.
    pub keeper_id: OrganisationId,
    pub title: String,
    pub description: Option<String>,
    pub target_groups: Json,
    pub responsible_organisation_id: OrganisationId,
    pub budget: Option<Json>,
    pub indicator_ids: Json,
    pub starts_on: Option<NaiveDate>,
    pub ends_on: Option<NaiveDate>,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

entry!(PolicyMeasureRow, PolicyMeasureId, policy_measures, keeper_id, "policy_measure", PolicyMeasures);

impl PolicyMeasureRow {
    /// The members its change record names when it is entered.
    pub const MEMBERS: [&str; 9] = [
        "policy_document_id",
        "title",
        "description",
        "target_groups",
        "responsible_organisation_id",
        "budget",
        "indicator_ids",
        "starts_on",
        "ends_on",
    ];

    fn target_groups(&self) -> ApiResult<Vec<String>> {
        self.target_groups.read().map_err(ApiError::fault)
    }

    fn budget(&self) -> ApiResult<Option<Money>> {
        self.budget.as_ref().map(Json::read).transpose().map_err(ApiError::fault)
    }

    pub fn indicator_ids(&self) -> ApiResult<Vec<IndicatorId>> {
        self.indicator_ids.read().map_err(ApiError::fault)
    }

    /// 422 where it ends before it starts, or names a target group that is in no list or something twice.
    pub fn check(&self, app: &App, changed: &[&'static str]) -> ApiResult<()> {
        if self.starts_on.zip(self.ends_on).is_some_and(|(start, end)| end < start) {
            return Err(ApiError::invalid_member("ends_on", "must not be before starts_on"));
        }
        if !changed.contains(&"target_groups") {
            return Ok(());
        }
        let groups = self.target_groups()?;
        require_each_once("target_groups", groups.iter().map(String::as_str))?;
        codes::check_all(app, codes::known::TARGET_GROUPS, "target_groups", &groups)
    }
}

fn require_each_once<T: Copy + Eq + std::hash::Hash>(member: &str, named: impl Iterator<Item = T>) -> ApiResult<()> {
    match repeated(named) {
        Some(index) => Err(ApiError::invalid_member(&format!("{member}/{index}"), "is there already")),
        None => Ok(()),
    }
}

/// How many measures a document names, whenever they are to be carried out.
pub fn count(connection: &mut Connection, document: PolicyDocumentId) -> QueryResult<i64> {
    policy_measures::table.filter(policy_measures::policy_document_id.eq(document)).count().get_result(connection)
}

/// 422 where a measure's indicators are not there, or one is named twice.
pub fn require_indicators(connection: &mut Connection, ids: &[IndicatorId]) -> ApiResult<()> {
    require_each_once("indicator_ids", ids.iter().copied())?;
    let known = indicators::table.filter(indicators::id.eq_any(ids)).select(indicators::id);
    let known: Vec<IndicatorId> = known.load(connection)?;
    match ids.iter().position(|id| !known.contains(id)) {
        Some(index) => Err(ApiError::unknown_reference(&format!("indicator_ids/{index}"))),
        None => Ok(()),
    }
}

/// Keeps which indicators a kept measure is followed by, in the place of those before.
pub fn follow_by(unit: &mut Unit<'_>, id: PolicyMeasureId, indicators: &[IndicatorId]) -> ApiResult<()> {
    use policy_measure_indicators as followed;
    diesel::delete(followed::table.filter(followed::policy_measure_id.eq(id))).execute(unit.connection)?;
    for indicator in indicators {
        let row = (followed::policy_measure_id.eq(id), followed::indicator_id.eq(*indicator));
        diesel::insert_into(followed::table).values(row).execute(unit.connection)?;
    }
    Ok(())
}

/// What a policy document says is done for integration.
#[derive(Debug, Serialize, ToSchema)]
pub struct PolicyMeasure {
    pub id: PolicyMeasureId,
    pub policy_document_id: PolicyDocumentId,
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 10_000)]
    pub description: Option<String>,
    /// For whom: codes of `target_groups`. Empty where it is for everyone.
    #[schema(value_type = Vec<CodeText>, max_items = 20)]
    pub target_groups: Vec<String>,
    /// Who answers for it.
    pub responsible_organisation_id: OrganisationId,
    /// What is set aside for it, over its whole time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub budget: Option<Money>,
    /// By which indicators it is followed.
    #[schema(max_items = 20)]
    pub indicator_ids: Vec<IndicatorId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub starts_on: Option<NaiveDate>,
    /// Its last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ends_on: Option<NaiveDate>,
    /// Rises with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl PolicyMeasure {
    pub fn shown(row: PolicyMeasureRow) -> ApiResult<Self> {
        Ok(Self {
            target_groups: row.target_groups()?,
            budget: row.budget()?,
            indicator_ids: row.indicator_ids()?,
            id: row.id,
            policy_document_id: row.policy_document_id,
            title: row.title,
            description: row.description,
            responsible_organisation_id: row.responsible_organisation_id,
            starts_on: row.starts_on,
            ends_on: row.ends_on,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

page_of! {
    /// A page of measures of a policy document.
    PolicyMeasurePage of PolicyMeasure
}

/// A measure to enter.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "title": "Cultural mediators at the counters of health districts", "target_groups": ["refugee", "temporary_protection"],
    "responsible_organisation_id": "01985b2e-0000-7000-8000-000000000001", "budget": {"amount": "120000.00", "currency": "EUR"},
    "indicator_ids": ["01985b2e-0000-7000-8000-000000000003"], "starts_on": "2026-03-01", "ends_on": "2028-12-31"
}))]
pub struct NewPolicyMeasure {
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    /// What is done, without names of people: every caller may read it.
    #[validate(length(min = 1, max = 10_000))]
    #[schema(nullable = false, min_length = 1, max_length = 10_000)]
    pub description: Option<String>,
    /// For whom: codes of `target_groups`, each once. None where it is for everyone.
    #[validate(length(max = 20))]
    #[serde(default)]
    #[schema(value_type = Vec<CodeText>, required = false, max_items = 20)]
    pub target_groups: Vec<String>,
    /// Who answers for it: any organisation.
    pub responsible_organisation_id: OrganisationId,
    /// What is set aside for it, over its whole time.
    #[validate(nested)]
    #[schema(nullable = false)]
    pub budget: Option<Money>,
    /// By which indicators it is followed: of any organisation, each once.
    #[validate(length(max = 20))]
    #[serde(default)]
    #[schema(required = false, max_items = 20)]
    pub indicator_ids: Vec<IndicatorId>,
    #[serde(default, deserialize_with = "reading::optional_day")]
    #[schema(nullable = false)]
    pub starts_on: Option<NaiveDate>,
    /// Its last day.
    #[serde(default, deserialize_with = "reading::optional_day")]
    #[schema(nullable = false)]
    pub ends_on: Option<NaiveDate>,
}

impl Checked for NewPolicyMeasure {}

/// What of a measure can be edited.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"budget": {"amount": "150000.00", "currency": "EUR"}}))]
pub struct PolicyMeasurePatch {
    #[schema(required = false, value_type = String, min_length = 1, max_length = 200)]
    #[serde(default)]
    pub title: Patch<String>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 10_000)]
    #[serde(default)]
    pub description: Patch<String>,
    /// All of them.
    #[schema(required = false, value_type = Vec<CodeText>, max_items = 20)]
    #[serde(default)]
    pub target_groups: Patch<Vec<String>>,
    #[schema(required = false, value_type = OrganisationId)]
    #[serde(default)]
    pub responsible_organisation_id: Patch<OrganisationId>,
    /// The whole of it.
    #[schema(required = false, value_type = Option<Money>)]
    #[serde(default)]
    pub budget: Patch<Money>,
    /// All of them.
    #[schema(required = false, value_type = Vec<IndicatorId>, max_items = 20)]
    #[serde(default)]
    pub indicator_ids: Patch<Vec<IndicatorId>>,
    #[schema(required = false, value_type = Option<NaiveDate>)]
    #[serde(default, deserialize_with = "reading::patched_day")]
    pub starts_on: Patch<NaiveDate>,
    #[schema(required = false, value_type = Option<NaiveDate>)]
    #[serde(default, deserialize_with = "reading::patched_day")]
    pub ends_on: Patch<NaiveDate>,
}

impl Checked for PolicyMeasurePatch {
    const MEDIA_TYPE: &'static str = "application/merge-patch+json";
}

/// Applies a patch to a locked measure; the names of the members that changed.
pub fn apply(row: &mut PolicyMeasureRow, patch: PolicyMeasurePatch) -> ApiResult<Vec<&'static str>> {
    let mut edit = Edit::default();
    edit.bounded("title", &patch.title, 200);
    edit.bounded("description", &patch.description, 10_000);
    edit.at_most("target_groups", &patch.target_groups, MOST_NAMED);
    edit.at_most("indicator_ids", &patch.indicator_ids, MOST_NAMED);
    if let Patch::Set(budget) = &patch.budget {
        edit.valid("budget", budget);
    }
    edit.required("title", &mut row.title, patch.title);
    edit.optional("description", &mut row.description, patch.description);
    edit.required("target_groups", &mut row.target_groups, patch.target_groups.map(Json::of));
    edit.required(
        "responsible_organisation_id",
        &mut row.responsible_organisation_id,
        patch.responsible_organisation_id,
    );
    edit.optional("budget", &mut row.budget, patch.budget.map(Json::of));
    edit.required("indicator_ids", &mut row.indicator_ids, patch.indicator_ids.map(Json::of));
    edit.optional("starts_on", &mut row.starts_on, patch.starts_on);
    edit.optional("ends_on", &mut row.ends_on, patch.ends_on);
    edit.finish()
}

paged_query! {
    /// How to list the measures of a policy document.
    PolicyMeasureQuery {}
}
