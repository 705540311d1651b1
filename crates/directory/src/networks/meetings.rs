//! Meetings of networks as they are kept and told: of bodies, not of people.

use approdo_db::schema::network_meetings;
use approdo_db::{Json, Timestamp, define_id, text_enum};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::OrganisationId;
use crate::entry;
use crate::error::{ApiError, ApiResult};
use crate::http::patch::Edit;
use crate::http::{Checked, Patch, reading};
use crate::networks::types::NetworkId;
use crate::page_of;

/// Bodies that attend a meeting, and decisions it takes, at most.
const MOST_ATTENDEES: usize = 200;
const MOST_DECISIONS: usize = 100;

define_id! {
    /// The id of a meeting of a network.
    #[derive(ToSchema)]
    NetworkMeetingId;

    /// The id of a decision; given by the server where a request has none.
    #[derive(ToSchema)]
    NetworkDecisionId;
}

text_enum! {
    /// What became of a decision.
    #[derive(ToSchema)]
    NetworkDecisionState {
        Open = "open",
        Done = "done",
        /// It will not be carried out.
        Dropped = "dropped",
    }
}

fn new_decision() -> NetworkDecisionId {
    NetworkDecisionId::new()
}

fn open() -> NetworkDecisionState {
    NetworkDecisionState::Open
}

/// What a meeting decided. It has an id for life, and is edited with its meeting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NetworkDecision {
    #[serde(default = "new_decision")]
    #[schema(required = false)]
    pub id: NetworkDecisionId,
    #[validate(length(min = 1, max = 2000))]
    #[schema(min_length = 1, max_length = 2000)]
    pub text: String,
    #[serde(default, deserialize_with = "reading::optional_day", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub due_on: Option<NaiveDate>,
    /// Which body sees to it: any organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub responsible_organisation_id: Option<OrganisationId>,
    /// `open` when absent.
    #[serde(default = "open")]
    #[schema(required = false)]
    pub state: NetworkDecisionState,
}

/// The row.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize)]
#[diesel(table_name = network_meetings, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct NetworkMeetingRow {
    pub id: NetworkMeetingId,
    pub network_id: NetworkId,
    /// The organisation that keeps the network.
    pub keeper_id: OrganisationId,
    pub held_on: NaiveDate,
    pub title: String,
    pub venue: Option<String>,
    pub attendee_organisation_ids: Json,
    pub minutes: Option<String>,
    pub decisions: Json,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

entry!(NetworkMeetingRow, NetworkMeetingId, network_meetings, keeper_id, "network_meeting", NetworkMeetings);

impl NetworkMeetingRow {
    pub fn attendees(&self) -> ApiResult<Vec<OrganisationId>> {
        self.attendee_organisation_ids.read().map_err(ApiError::fault)
    }

    pub fn decisions(&self) -> ApiResult<Vec<NetworkDecision>> {
        self.decisions.read().map_err(ApiError::fault)
    }
}

/// A meeting of a network.
#[derive(Debug, Serialize, ToSchema)]
pub struct NetworkMeeting {
    pub id: NetworkMeetingId,
    pub network_id: NetworkId,
    pub held_on: NaiveDate,
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 300)]
    pub venue: Option<String>,
    /// The members that were there.
    #[schema(max_items = 200)]
    pub attendee_organisation_ids: Vec<OrganisationId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 20_000)]
    pub minutes: Option<String>,
    #[schema(max_items = 100)]
    pub decisions: Vec<NetworkDecision>,
    /// Rises with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl NetworkMeeting {
    pub fn shown(row: NetworkMeetingRow) -> ApiResult<Self> {
        Ok(Self {
            attendee_organisation_ids: row.attendees()?,
            decisions: row.decisions()?,
            id: row.id,
            network_id: row.network_id,
            held_on: row.held_on,
            title: row.title,
            venue: row.venue,
            minutes: row.minutes,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

page_of! {
    /// A page of meetings of a network.
    NetworkMeetingPage of NetworkMeeting
}

/// A meeting to record.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "held_on": "2026-05-12", "title": "Spring meeting", "venue": "Prefecture, hall of mirrors",
    "attendee_organisation_ids": ["01985b2e-0000-7000-8000-000000000001"],
    "decisions": [{"text": "Share the calendar of language courses by the end of the month.", "due_on": "2026-05-31"}]
}))]
pub struct NewNetworkMeeting {
    #[serde(deserialize_with = "reading::day")]
    pub held_on: NaiveDate,
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    #[validate(length(min = 1, max = 300))]
    #[schema(nullable = false, min_length = 1, max_length = 300)]
    pub venue: Option<String>,
    /// Who was there: members of the network on that day, each once.
    #[validate(length(max = 200))]
    #[serde(default)]
    #[schema(required = false, max_items = 200)]
    pub attendee_organisation_ids: Vec<OrganisationId>,
    /// What was said, without names of people: every caller may read it.
    #[validate(length(min = 1, max = 20_000))]
    #[schema(nullable = false, min_length = 1, max_length = 20_000)]
    pub minutes: Option<String>,
    #[validate(length(max = 100), nested)]
    #[serde(default)]
    #[schema(required = false, max_items = 100)]
    pub decisions: Vec<NetworkDecision>,
}

impl Checked for NewNetworkMeeting {}

/// What of a meeting can be edited.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"minutes": "The calendar was presented."}))]
pub struct NetworkMeetingPatch {
    #[schema(required = false, value_type = NaiveDate)]
    #[serde(default, deserialize_with = "reading::patched_day")]
    pub held_on: Patch<NaiveDate>,
    #[schema(required = false, value_type = String, min_length = 1, max_length = 200)]
    #[serde(default)]
    pub title: Patch<String>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 300)]
    #[serde(default)]
    pub venue: Patch<String>,
    #[schema(required = false, value_type = Vec<OrganisationId>, max_items = 200)]
    #[serde(default)]
    pub attendee_organisation_ids: Patch<Vec<OrganisationId>>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 20_000)]
    #[serde(default)]
    pub minutes: Patch<String>,
    /// All of them: one that is sent with its id stays the same decision.
    #[schema(required = false, value_type = Vec<NetworkDecision>, max_items = 100)]
    #[serde(default)]
    pub decisions: Patch<Vec<NetworkDecision>>,
}

impl Checked for NetworkMeetingPatch {
    const MEDIA_TYPE: &'static str = "application/merge-patch+json";
}

/// Applies a patch to a locked meeting; the names of the members that changed.
pub fn apply(row: &mut NetworkMeetingRow, patch: NetworkMeetingPatch) -> ApiResult<Vec<&'static str>> {
    let (mut attendees, mut decisions) = (row.attendees()?, row.decisions()?);
    let mut edit = Edit::default();
    edit.bounded("title", &patch.title, 200);
    edit.bounded("venue", &patch.venue, 300);
    edit.bounded("minutes", &patch.minutes, 20_000);
    edit.at_most("attendee_organisation_ids", &patch.attendee_organisation_ids, MOST_ATTENDEES);
    edit.items("decisions", &patch.decisions, MOST_DECISIONS);
    edit.required("held_on", &mut row.held_on, patch.held_on);
    edit.required("title", &mut row.title, patch.title);
    edit.optional("venue", &mut row.venue, patch.venue);
    edit.required("attendee_organisation_ids", &mut attendees, patch.attendee_organisation_ids);
    edit.optional("minutes", &mut row.minutes, patch.minutes);
    edit.required("decisions", &mut decisions, patch.decisions);
    let changed = edit.finish()?;
    row.attendee_organisation_ids = Json::of(attendees);
    row.decisions = Json::of(decisions);
    Ok(changed)
}
