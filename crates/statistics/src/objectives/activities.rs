//! Activities as they are kept and told: what is done to reach an objective.

use approdo_db::schema::activities;
use approdo_db::{Timestamp, define_id};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::{Action, OrganisationId, Resource, Rights};
use crate::entry;
use crate::error::{ApiError, ApiResult};
use crate::http::patch::Edit;
use crate::http::{Checked, Patch, reading};
use crate::objectives::rules::ActivityStatus;
use crate::objectives::types::ObjectiveId;
use crate::page_of;
use crate::paged_query;

define_id! {
    /// The id of an activity.
    #[derive(ToSchema)]
    ActivityId;
}

/// The row.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize)]
#[diesel(table_name = activities, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct ActivityRow {
    pub id: ActivityId,
    pub objective_id: ObjectiveId,
    pub keeper_id: OrganisationId,
    pub title: String,
    pub description: Option<String>,
    pub responsible_organisation_id: OrganisationId,
    pub starts_on: Option<NaiveDate>,
    pub ends_on: Option<NaiveDate>,
    pub status: ActivityStatus,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

entry!(ActivityRow, ActivityId, activities, keeper_id, "activity", Activities);

impl ActivityRow {
    /// The members its change record names when it is planned.
    pub const MEMBERS: [&str; 7] =
        ["objective_id", "title", "description", "responsible_organisation_id", "starts_on", "ends_on", "status"];

    /// 422 where it ends before it starts.
    pub fn check(&self) -> ApiResult<()> {
        if self.starts_on.zip(self.ends_on).is_some_and(|(start, end)| end < start) {
            Err(ApiError::invalid_member("ends_on", "must not be before starts_on"))
        } else {
            Ok(())
        }
    }
}

/// Something that is done to reach an objective.
#[derive(Debug, Serialize, ToSchema)]
pub struct Activity {
    pub id: ActivityId,
    pub objective_id: ObjectiveId,
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 10_000)]
    pub description: Option<String>,
    /// Who answers for it.
    pub responsible_organisation_id: OrganisationId,
    /// When it begins, or began.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub starts_on: Option<NaiveDate>,
    /// Its last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ends_on: Option<NaiveDate>,
    pub status: ActivityStatus,
    /// States it can be moved to by you.
    #[schema(max_items = 4)]
    pub allowed_transitions: Vec<ActivityStatus>,
    /// Rises with every change of the activity itself.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Activity {
    pub fn shown(row: ActivityRow, rights: &Rights) -> Self {
        let moves = rights.may_in(Action::Transition, Resource::Activities, row.keeper_id);
        Self {
            allowed_transitions: if moves { row.status.next().to_vec() } else { Vec::new() },
            id: row.id,
            objective_id: row.objective_id,
            title: row.title,
            description: row.description,
            responsible_organisation_id: row.responsible_organisation_id,
            starts_on: row.starts_on,
            ends_on: row.ends_on,
            status: row.status,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

page_of! {
    /// A page of activities.
    ActivityPage of Activity
}

/// An activity to plan.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "title": "Courses on Saturdays", "responsible_organisation_id": "01985b2e-0000-7000-8000-000000000001", "starts_on": "2026-03-01"
}))]
pub struct NewActivity {
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    #[validate(length(min = 1, max = 10_000))]
    #[schema(nullable = false, min_length = 1, max_length = 10_000)]
    pub description: Option<String>,
    /// Who answers for it: any organisation.
    pub responsible_organisation_id: OrganisationId,
    #[serde(default, deserialize_with = "reading::optional_day")]
    #[schema(nullable = false)]
    pub starts_on: Option<NaiveDate>,
    /// Its last day.
    #[serde(default, deserialize_with = "reading::optional_day")]
    #[schema(nullable = false)]
    pub ends_on: Option<NaiveDate>,
}

impl Checked for NewActivity {}

/// What of an activity can be edited, until it is done or dropped.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"ends_on": "2026-12-31"}))]
pub struct ActivityPatch {
    #[schema(required = false, value_type = String, min_length = 1, max_length = 200)]
    #[serde(default)]
    pub title: Patch<String>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 10_000)]
    #[serde(default)]
    pub description: Patch<String>,
    #[schema(required = false, value_type = OrganisationId)]
    #[serde(default)]
    pub responsible_organisation_id: Patch<OrganisationId>,
    #[schema(required = false, value_type = Option<NaiveDate>)]
    #[serde(default, deserialize_with = "reading::patched_day")]
    pub starts_on: Patch<NaiveDate>,
    #[schema(required = false, value_type = Option<NaiveDate>)]
    #[serde(default, deserialize_with = "reading::patched_day")]
    pub ends_on: Patch<NaiveDate>,
}

impl Checked for ActivityPatch {
    const MEDIA_TYPE: &'static str = "application/merge-patch+json";
}

/// Applies a patch to a locked activity; the names of the members that changed.
pub fn apply(row: &mut ActivityRow, patch: ActivityPatch) -> ApiResult<Vec<&'static str>> {
    let mut edit = Edit::default();
    edit.bounded("title", &patch.title, 200);
    edit.bounded("description", &patch.description, 10_000);
    edit.required("title", &mut row.title, patch.title);
    edit.optional("description", &mut row.description, patch.description);
    edit.required(
        "responsible_organisation_id",
        &mut row.responsible_organisation_id,
        patch.responsible_organisation_id,
    );
    edit.optional("starts_on", &mut row.starts_on, patch.starts_on);
    edit.optional("ends_on", &mut row.ends_on, patch.ends_on);
    let changed = edit.finish()?;
    row.check()?;
    Ok(changed)
}

paged_query! {
    /// How to list the activities of an objective.
    ActivityQuery {
        /// Activities that stand so.
        status: Option<ActivityStatus>,
    }
}
