//! What the contributions to a round are put together into, and what is answered, as it is kept and told.

use approdo_db::schema::evaluation_themes;
use approdo_db::{Json, Timestamp, define_id};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::OrganisationId;
use crate::entry;
use crate::error::{ApiError, ApiResult};
use crate::evaluations::contributions::EvaluationContributionId;
use crate::evaluations::rules::ResponseDecision;
use crate::evaluations::types::EvaluationRoundId;
use crate::http::patch::Edit;
use crate::http::{Checked, Patch};
use crate::page_of;
use crate::paged_query;

/// Contributions that are placed under a theme at most.
const MOST_CONTRIBUTIONS: usize = 2_000;

define_id! {
    /// The id of a theme of an evaluation round.
    #[derive(ToSchema)]
    EvaluationThemeId;
}

/// What is answered to a theme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ThemeResponse {
    pub decision: ResponseDecision,
    /// Why, for those who contributed.
    #[validate(length(min = 1, max = 10_000))]
    #[schema(min_length = 1, max_length = 10_000)]
    pub reason: String,
    /// The organisation that answers: any organisation.
    pub organisation_id: OrganisationId,
    /// Where it is told what is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[validate(length(max = 2048), custom(function = "crate::http::links::secure_address"))]
    #[schema(nullable = false, format = "uri", pattern = "^https://", max_length = 2048)]
    pub action_url: Option<String>,
}

/// The row.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize)]
#[diesel(table_name = evaluation_themes, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct EvaluationThemeRow {
    pub id: EvaluationThemeId,
    pub evaluation_round_id: EvaluationRoundId,
    pub keeper_id: OrganisationId,
    pub title: String,
    pub summary: String,
    pub contribution_ids: Json,
    pub response: Option<Json>,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

entry!(EvaluationThemeRow, EvaluationThemeId, evaluation_themes, keeper_id, "evaluation_theme", EvaluationThemes);

impl EvaluationThemeRow {
    pub fn contribution_ids(&self) -> ApiResult<Vec<EvaluationContributionId>> {
        self.contribution_ids.read().map_err(ApiError::fault)
    }

    pub fn response(&self) -> ApiResult<Option<ThemeResponse>> {
        self.response.as_ref().map(Json::read).transpose().map_err(ApiError::fault)
    }
}

/// A theme of an evaluation round: what those who contributed say of it, and what is answered.
#[derive(Debug, Serialize, ToSchema)]
pub struct EvaluationTheme {
    pub id: EvaluationThemeId,
    pub evaluation_round_id: EvaluationRoundId,
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    /// What was said, put together.
    #[schema(min_length = 1, max_length = 10_000)]
    pub summary: String,
    /// The contributions placed under it: for who keeps the round alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_items = 2000)]
    pub contribution_ids: Option<Vec<EvaluationContributionId>>,
    /// Absent until it is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub response: Option<ThemeResponse>,
    /// Rises with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl EvaluationTheme {
    /// What of it a caller reads, who keeps its round or does not.
    pub fn shown(row: EvaluationThemeRow, is_kept: bool) -> ApiResult<Self> {
        Ok(Self {
            contribution_ids: if is_kept { Some(row.contribution_ids()?) } else { None },
            response: row.response()?,
            id: row.id,
            evaluation_round_id: row.evaluation_round_id,
            title: row.title,
            summary: row.summary,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

page_of! {
    /// A page of themes of an evaluation round.
    EvaluationThemePage of EvaluationTheme
}

/// A theme to enter.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "title": "Hours of courses", "summary": "Who works in shifts cannot attend in the evening; mornings and Saturdays are asked for."
}))]
pub struct NewEvaluationTheme {
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    /// What was said, put together, so that it tells of nobody: everyone reads it once the round is closed.
    #[validate(length(min = 1, max = 10_000))]
    #[schema(min_length = 1, max_length = 10_000)]
    pub summary: String,
    /// Contributions to place under it: of the same round, not set aside, each once. One can be placed under several themes.
    #[serde(default)]
    #[validate(length(max = 2000))]
    #[schema(required = false, max_items = 2000)]
    pub contribution_ids: Vec<EvaluationContributionId>,
}

impl Checked for NewEvaluationTheme {}

/// What of a theme can be edited: while its round is in synthesis, all but the response; while it is in response, the response.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"summary": "Who works in shifts cannot attend in the evening."}))]
pub struct EvaluationThemePatch {
    #[serde(default)]
    #[schema(required = false, value_type = String, min_length = 1, max_length = 200)]
    pub title: Patch<String>,
    #[serde(default)]
    #[schema(required = false, value_type = String, min_length = 1, max_length = 10_000)]
    pub summary: Patch<String>,
    /// All of them.
    #[serde(default)]
    #[schema(required = false, value_type = Vec<EvaluationContributionId>, max_items = 2000)]
    pub contribution_ids: Patch<Vec<EvaluationContributionId>>,
    /// The whole of it, in the place of the one before.
    #[serde(default)]
    #[schema(required = false, value_type = Option<ThemeResponse>)]
    pub response: Patch<ThemeResponse>,
}

impl Checked for EvaluationThemePatch {
    const MEDIA_TYPE: &'static str = "application/merge-patch+json";
}

/// Applies a patch to a locked theme; the names of the members that changed.
pub fn apply(row: &mut EvaluationThemeRow, patch: EvaluationThemePatch) -> ApiResult<Vec<&'static str>> {
    let mut edit = Edit::default();
    edit.bounded("title", &patch.title, 200);
    edit.bounded("summary", &patch.summary, 10_000);
    edit.at_most("contribution_ids", &patch.contribution_ids, MOST_CONTRIBUTIONS);
    if let Patch::Set(response) = &patch.response {
        edit.valid("response", response);
    }
    edit.required("title", &mut row.title, patch.title);
    edit.required("summary", &mut row.summary, patch.summary);
    edit.required("contribution_ids", &mut row.contribution_ids, patch.contribution_ids.map(Json::of));
    edit.optional("response", &mut row.response, patch.response.map(Json::of));
    edit.finish()
}

paged_query! {
    /// How to list the themes of an evaluation round.
    EvaluationThemeQuery {}
}
