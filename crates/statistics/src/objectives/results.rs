//! What came of activities: facts with a day, and a number where there is one. A mistaken one is deleted.

use actix_web::{delete, get, post};
use approdo_db::schema::activity_results as results;
use approdo_db::{Timestamp, define_id};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, OrganisationId, Resource};
use crate::clock;
use crate::entries::{self, Entry as _};
use crate::entry;
use crate::error::{ApiError, ApiResult};
use crate::http::{Answer, Body, Checked, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters, reading};
use crate::objectives::activities::{ActivityId, ActivityRow};
use crate::objectives::rules::ActivityStatus;
use crate::page_of;
use crate::paged_query;
use crate::work::Unit;

/// Results an activity has at most, so that the chain of its objective is read at once.
const MOST: i64 = 200;

define_id! {
    /// The id of a result of an activity.
    #[derive(ToSchema)]
    ActivityResultId;
}

/// What came of an activity.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize, ToSchema)]
#[diesel(table_name = results, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct ActivityResult {
    pub id: ActivityResultId,
    pub activity_id: ActivityId,
    /// The organisation that keeps the objective.
    pub keeper_id: OrganisationId,
    /// The day it is told of.
    pub reached_on: NaiveDate,
    #[schema(min_length = 1, max_length = 10_000)]
    pub description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = "double", minimum = -1e12, maximum = 1e12)]
    pub value: Option<f64>,
    /// What the value counts or measures.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 100, example = "courses")]
    pub unit: Option<String>,
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

entry!(ActivityResult, ActivityResultId, results, keeper_id, "activity_result", ActivityResults);

page_of! {
    /// A page of results of an activity.
    ActivityResultPage of ActivityResult
}

/// A result to record.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reached_on": "2026-06-30", "description": "Courses on Saturdays in four towns.", "value": 4, "unit": "courses"}))]
pub struct NewActivityResult {
    /// The day it is told of: not in the future.
    #[serde(deserialize_with = "reading::day")]
    pub reached_on: NaiveDate,
    /// What came of the activity, without names of people: every caller may read it.
    #[validate(length(min = 1, max = 10_000))]
    #[schema(min_length = 1, max_length = 10_000)]
    pub description: String,
    /// With a unit.
    #[validate(range(min = -1e12, max = 1e12))]
    #[schema(nullable = false, format = "double", minimum = -1e12, maximum = 1e12)]
    pub value: Option<f64>,
    /// What the value counts or measures.
    #[validate(length(min = 1, max = 100))]
    #[schema(nullable = false, min_length = 1, max_length = 100)]
    pub unit: Option<String>,
}

impl Checked for NewActivityResult {}

paged_query! {
    /// How to list the results of an activity.
    ActivityResultQuery {}
}

/// List the results of an activity.
///
/// In the order they were recorded. Every caller may know them.
#[utoipa::path(
    tag = "Evaluation",
    params(("activity_id" = ActivityId, Path, description = "The activity."), ActivityResultQuery),
    responses((status = 200, description = "A page.", body = ActivityResultPage))
)]
#[get("/activities/{activity_id}/results")]
pub async fn list_activity_results(
    door: Door,
    caller: Caller<actions::List, resources::ActivityResults>,
    id: Id<ActivityId>,
    query: Parameters<ActivityResultQuery>,
) -> ApiResult<Answer> {
    door.read("list_activity_results", caller, move |reader| {
        let activity: ActivityRow = entries::known(reader, id.0)?;
        let asked = query.read()?;
        let request = reader.page(&query, asked.limit, asked.cursor.as_deref());
        let after = request.after()?.unwrap_or(ActivityResultId(uuid::Uuid::nil()));
        let rows: Vec<ActivityResult> = results::table
            .filter(results::activity_id.eq(activity.id))
            .filter(results::id.gt(after))
            .order(results::id)
            .limit(request.limit() + 1)
            .load(reader.connection)?;
        Answer::ok(&ActivityResultPage::from(request.page(rows, |row: &ActivityResult| row.id)?))
    })
    .await
}

/// Record a result of an activity.
///
/// While the activity is under way, or once it is done (409).
#[utoipa::path(
    tag = "Evaluation",
    params(("activity_id" = ActivityId, Path, description = "The activity.")),
    request_body = NewActivityResult,
    responses((status = 201, description = "The result.", body = ActivityResult))
)]
#[post("/activities/{activity_id}/results")]
pub async fn create_activity_result(
    door: Door,
    caller: Caller<actions::Create, resources::ActivityResults>,
    id: Id<ActivityId>,
    body: Body<NewActivityResult>,
) -> ApiResult<Answer> {
    door.write("create_activity_result", caller, Some(body.fingerprint()), move |unit| {
        let activity: ActivityRow = entries::locked(unit, Action::Create, Resource::ActivityResults, id.0)?;
        let new = body.read()?;
        let id = ActivityResultId::new();
        let row: ActivityResult = match unit.replay(id.0)? {
            Some(earlier) => entries::made_before(unit, earlier)?,
            None => record(unit, id, &activity, new)?,
        };
        unit.created(&format!("/activity-results/{}", row.id), row.version, &row)
    })
    .await
}

/// Keeps a new result of a locked activity; used by the demonstration data as well.
pub fn record(
    unit: &mut Unit<'_>,
    id: ActivityResultId,
    activity: &ActivityRow,
    new: NewActivityResult,
) -> ApiResult<ActivityResult> {
    if new.reached_on > clock::date_of(unit.now) {
        return Err(ApiError::invalid_member("reached_on", "must not be in the future"));
    }
    if new.value.is_some() != new.unit.is_some() {
        let missing = if new.value.is_some() { "unit" } else { "value" };
        return Err(ApiError::invalid_member(missing, "value and unit come together"));
    }
    if let Some(refusal) = activity.status.refusal_of_results() {
        return Err(ApiError::unmet(vec![refusal]));
    }
    if of_activity(unit, activity)? >= MOST {
        return Err(ApiError::conflict(format!("an activity has at most {MOST} results")));
    }
    let row = ActivityResult {
        id,
        activity_id: activity.id,
        keeper_id: activity.keeper_id,
        reached_on: new.reached_on,
        description: new.description,
        value: new.value,
        unit: new.unit,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    };
    entries::add(unit, &row, &["activity_id", "reached_on", "description", "value", "unit"])?;
    Ok(row)
}

fn of_activity(unit: &mut Unit<'_>, activity: &ActivityRow) -> QueryResult<i64> {
    results::table.filter(results::activity_id.eq(activity.id)).count().get_result(unit.connection)
}

/// Read a result of an activity.
///
/// Every caller may know it.
#[utoipa::path(
    tag = "Evaluation",
    params(("activity_result_id" = ActivityResultId, Path, description = "The result.")),
    responses((status = 200, description = "The result.", body = ActivityResult))
)]
#[get("/activity-results/{activity_result_id}")]
pub async fn read_activity_result(
    door: Door,
    caller: Caller<actions::Read, resources::ActivityResults>,
    id: Id<ActivityResultId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_activity_result", caller, move |reader| {
        let row: ActivityResult = entries::known(reader, id.0)?;
        reader.answer_row(row.version, &held, &Fields::default(), "", &row)
    })
    .await
}

/// Delete a result of an activity.
///
/// One that was recorded by mistake; not the only one of an activity that is done (409).
#[utoipa::path(
    tag = "Evaluation",
    params(("activity_result_id" = ActivityResultId, Path, description = "The result.")),
    responses((status = 204, description = "It is gone."))
)]
#[delete("/activity-results/{activity_result_id}")]
pub async fn delete_activity_result(
    door: Door,
    caller: Caller<actions::Delete, resources::ActivityResults>,
    id: Id<ActivityResultId>,
    if_match: IfMatch,
) -> ApiResult<Answer> {
    door.write("delete_activity_result", caller, None, move |unit| {
        let found = ActivityResult::find(unit.connection, id.0)?.ok_or_else(ApiError::not_found)?;
        let activity: ActivityRow = entries::found_locked(unit, found.activity_id)?;
        let row: ActivityResult = entries::locked(unit, Action::Delete, Resource::ActivityResults, id.0)?;
        if_match.check(row.version)?;
        let left = of_activity(unit, &activity)? - 1;
        if let Some(lack) = ActivityStatus::lack(activity.status, left) {
            return Err(ApiError::unmet(vec![lack]));
        }
        entries::remove(unit, &row)?;
        Ok(Answer::no_content())
    })
    .await
}
