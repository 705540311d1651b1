//! Evaluation rounds as they are kept and told.

use approdo_db::schema::evaluation_rounds;
use approdo_db::{Json, Timestamp, define_id};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::{Action, OrganisationId, Resource, Rights};
use crate::directory::services::ServiceId;
use crate::entry;
use crate::error::{ApiError, ApiResult};
use crate::evaluations::counts::CategoryCount;
use crate::evaluations::rules::{EvaluationRoundStatus, StakeholderCategory};
use crate::http::forms::repeated;
use crate::http::patch::Edit;
use crate::http::{Checked, Patch, reading};
use crate::observatory::indicators::types::IndicatorId;
use crate::observatory::observatories::types::ObservatoryId;
use crate::page_of;
use crate::paged_query;

define_id! {
    /// The id of an evaluation round.
    #[derive(ToSchema)]
    EvaluationRoundId;
}

/// The row.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize)]
#[diesel(table_name = evaluation_rounds, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct EvaluationRoundRow {
    pub id: EvaluationRoundId,
    pub observatory_id: ObservatoryId,
    pub organisation_id: OrganisationId,
    pub title: String,
    pub call_text: Option<String>,
    pub collects_from: Option<NaiveDate>,
    pub collects_until: Option<NaiveDate>,
    pub categories: Json,
    pub indicator_ids: Json,
    pub service_ids: Json,
    pub status: EvaluationRoundStatus,
    pub no_contributions_reason: Option<String>,
    pub closed_at: Option<Timestamp>,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

entry!(EvaluationRoundRow, EvaluationRoundId, evaluation_rounds, organisation_id, "evaluation_round", EvaluationRounds);

fn read<T: DeserializeOwned>(column: &Json) -> ApiResult<T> {
    column.read().map_err(ApiError::fault)
}

impl EvaluationRoundRow {
    /// The members its change record names when it is planned.
    pub const MEMBERS: [&str; 9] = [
        "observatory_id",
        "title",
        "call_text",
        "collects_from",
        "collects_until",
        "categories",
        "indicator_ids",
        "service_ids",
        "status",
    ];

    pub fn categories(&self) -> ApiResult<Vec<StakeholderCategory>> {
        read(&self.categories)
    }

    pub fn indicator_ids(&self) -> ApiResult<Vec<IndicatorId>> {
        read(&self.indicator_ids)
    }

    pub fn service_ids(&self) -> ApiResult<Vec<ServiceId>> {
        read(&self.service_ids)
    }

    /// Whether the caller keeps it, and so reads what is said in it.
    pub fn is_kept_by(&self, rights: &Rights) -> bool {
        keeps(rights, self.organisation_id)
    }

    pub fn is_closed(&self) -> bool {
        self.status == EvaluationRoundStatus::Closed
    }

    /// Whether it is collecting or in synthesis: what is said in it is not settled yet.
    pub fn is_open(&self) -> bool {
        matches!(self.status, EvaluationRoundStatus::Collecting | EvaluationRoundStatus::Synthesis)
    }

    /// 422 where its days are out of order, or something is named twice.
    pub fn check(&self) -> ApiResult<()> {
        if self.collects_from.zip(self.collects_until).is_some_and(|(first, last)| last < first) {
            return Err(ApiError::invalid_member("collects_until", "must not be before collects_from"));
        }
        let twice = |member: &str, index: Option<usize>| match index {
            Some(index) => Err(ApiError::invalid_member(&format!("{member}/{index}"), "is named before")),
            None => Ok(()),
        };
        twice("categories", repeated(self.categories()?.into_iter()))?;
        twice("indicator_ids", repeated(self.indicator_ids()?.into_iter()))?;
        twice("service_ids", repeated(self.service_ids()?.into_iter()))
    }
}

/// Whether a caller keeps the rounds of an organisation.
pub fn keeps(rights: &Rights, organisation: OrganisationId) -> bool {
    rights.may_in(Action::Edit, Resource::EvaluationRounds, organisation)
}

/// An evaluation that those concerned take part in: what an observatory asks, until when, and how it stands (domain 43).
#[derive(Debug, Serialize, ToSchema)]
pub struct EvaluationRound {
    pub id: EvaluationRoundId,
    pub observatory_id: ObservatoryId,
    /// The organisation that keeps the observatory.
    pub organisation_id: OrganisationId,
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    /// What is asked, and of whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 10_000)]
    pub call_text: Option<String>,
    /// The first day on which contributions are taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub collects_from: Option<NaiveDate>,
    /// The last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub collects_until: Option<NaiveDate>,
    /// Who is asked.
    #[schema(max_items = 20)]
    pub categories: Vec<StakeholderCategory>,
    /// Indicators that are evaluated.
    #[schema(max_items = 200)]
    pub indicator_ids: Vec<IndicatorId>,
    /// Services that are evaluated.
    #[schema(max_items = 200)]
    pub service_ids: Vec<ServiceId>,
    pub status: EvaluationRoundStatus,
    /// Why nobody contributed, where that is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 2000)]
    pub no_contributions_reason: Option<String>,
    /// Contributions by category, those set aside included: for you if you keep the round, and for everyone once it is closed. It is told
    /// to them once, so that no two tellings can be compared; there is no total, because one would tell what is hidden.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_items = 20)]
    pub contribution_counts: Option<Vec<CategoryCount>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub closed_at: Option<Timestamp>,
    /// States it can be moved to by you.
    #[schema(max_items = 4)]
    pub allowed_transitions: Vec<EvaluationRoundStatus>,
    /// Rises with every change of the round itself.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl EvaluationRound {
    pub fn shown(row: EvaluationRoundRow, rights: &Rights, counts: Option<Vec<CategoryCount>>) -> ApiResult<Self> {
        let moves = rights.may_in(Action::Transition, Resource::EvaluationRounds, row.organisation_id);
        Ok(Self {
            categories: row.categories()?,
            indicator_ids: row.indicator_ids()?,
            service_ids: row.service_ids()?,
            id: row.id,
            observatory_id: row.observatory_id,
            organisation_id: row.organisation_id,
            title: row.title,
            call_text: row.call_text,
            collects_from: row.collects_from,
            collects_until: row.collects_until,
            status: row.status,
            no_contributions_reason: row.no_contributions_reason,
            contribution_counts: counts,
            closed_at: row.closed_at,
            allowed_transitions: if moves { row.status.next().to_vec() } else { Vec::new() },
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

page_of! {
    /// A page of evaluation rounds.
    EvaluationRoundPage of EvaluationRound
}

/// An evaluation round to plan.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "observatory_id": "01985b2e-0000-7000-8000-000000000001", "title": "Language courses 2026",
    "call_text": "What do the courses need so that those who work can attend them? We ask schools, employers, associations and residents.",
    "collects_from": "2026-03-01", "collects_until": "2026-04-30", "categories": ["school", "employer", "third_sector", "resident"]
}))]
pub struct NewEvaluationRound {
    /// An observatory that you keep.
    pub observatory_id: ObservatoryId,
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    /// What is asked, and of whom. Whoever contributes is to learn here who reads it, and that no personal data belongs in it.
    #[validate(length(min = 1, max = 10_000))]
    #[schema(nullable = false, min_length = 1, max_length = 10_000)]
    pub call_text: Option<String>,
    /// The first day on which contributions are taken.
    #[serde(default, deserialize_with = "reading::optional_day")]
    #[schema(nullable = false)]
    pub collects_from: Option<NaiveDate>,
    /// The last one.
    #[serde(default, deserialize_with = "reading::optional_day")]
    #[schema(nullable = false)]
    pub collects_until: Option<NaiveDate>,
    /// Who is asked: each once.
    #[serde(default)]
    #[validate(length(max = 20))]
    #[schema(required = false, max_items = 20)]
    pub categories: Vec<StakeholderCategory>,
    /// Indicators that are evaluated: of any organisation, each once.
    #[serde(default)]
    #[validate(length(max = 200))]
    #[schema(required = false, max_items = 200)]
    pub indicator_ids: Vec<IndicatorId>,
    /// Services that are evaluated: of any organisation, each once.
    #[serde(default)]
    #[validate(length(max = 200))]
    #[schema(required = false, max_items = 200)]
    pub service_ids: Vec<ServiceId>,
}

impl Checked for NewEvaluationRound {}

/// What of an evaluation round can be edited: everything while it is planned; while it is collecting, its last day can be put off.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"collects_until": "2026-05-15"}))]
pub struct EvaluationRoundPatch {
    #[serde(default)]
    #[schema(required = false, value_type = String, min_length = 1, max_length = 200)]
    pub title: Patch<String>,
    #[serde(default)]
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 10_000)]
    pub call_text: Patch<String>,
    #[serde(default, deserialize_with = "reading::patched_day")]
    #[schema(required = false, value_type = Option<NaiveDate>)]
    pub collects_from: Patch<NaiveDate>,
    #[serde(default, deserialize_with = "reading::patched_day")]
    #[schema(required = false, value_type = Option<NaiveDate>)]
    pub collects_until: Patch<NaiveDate>,
    #[serde(default)]
    #[schema(required = false, value_type = Vec<StakeholderCategory>, max_items = 20)]
    pub categories: Patch<Vec<StakeholderCategory>>,
    #[serde(default)]
    #[schema(required = false, value_type = Vec<IndicatorId>, max_items = 200)]
    pub indicator_ids: Patch<Vec<IndicatorId>>,
    #[serde(default)]
    #[schema(required = false, value_type = Vec<ServiceId>, max_items = 200)]
    pub service_ids: Patch<Vec<ServiceId>>,
}

impl Checked for EvaluationRoundPatch {
    const MEDIA_TYPE: &'static str = "application/merge-patch+json";
}

/// Applies a patch to a locked round; the names of the members that changed.
pub fn apply(row: &mut EvaluationRoundRow, patch: EvaluationRoundPatch) -> ApiResult<Vec<&'static str>> {
    let mut edit = Edit::default();
    edit.bounded("title", &patch.title, 200);
    edit.bounded("call_text", &patch.call_text, 10_000);
    edit.at_most("categories", &patch.categories, 20);
    edit.at_most("indicator_ids", &patch.indicator_ids, 200);
    edit.at_most("service_ids", &patch.service_ids, 200);
    edit.required("title", &mut row.title, patch.title);
    edit.optional("call_text", &mut row.call_text, patch.call_text);
    edit.optional("collects_from", &mut row.collects_from, patch.collects_from);
    edit.optional("collects_until", &mut row.collects_until, patch.collects_until);
    edit.required("categories", &mut row.categories, patch.categories.map(Json::of));
    edit.required("indicator_ids", &mut row.indicator_ids, patch.indicator_ids.map(Json::of));
    edit.required("service_ids", &mut row.service_ids, patch.service_ids.map(Json::of));
    edit.finish()
}

paged_query! {
    /// How to list evaluation rounds.
    EvaluationRoundQuery {
        /// Rounds of this observatory.
        observatory_id: Option<ObservatoryId>,
        /// Rounds that stand so.
        status: Option<EvaluationRoundStatus>,
    }
}
