//! Operations on activities.

use actix_web::{get, patch, post};
use approdo_db::schema::activities;
use diesel::prelude::*;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, Resource};
use crate::directory::organisation_handlers::require_organisation;
use crate::entries;
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::http::{Answer, Body, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters};
use crate::objectives::activities::{
    Activity, ActivityId, ActivityPage, ActivityPatch, ActivityQuery, ActivityRow, NewActivity, apply,
};
use crate::objectives::rules::ActivityStatus;
use crate::objectives::types::{ObjectiveId, ObjectiveRow};
use crate::work::Unit;

/// Activities an objective has at most, so that its chain is read at once.
const MOST: i64 = 200;

/// List the activities of an objective.
///
/// In the order they were entered. Every caller may know them.
#[utoipa::path(
    tag = "Evaluation",
    params(("objective_id" = ObjectiveId, Path, description = "The objective."), ActivityQuery),
    responses((status = 200, description = "A page.", body = ActivityPage))
)]
#[get("/objectives/{objective_id}/activities")]
pub async fn list_activities(
    door: Door,
    caller: Caller<actions::List, resources::Activities>,
    id: Id<ObjectiveId>,
    query: Parameters<ActivityQuery>,
) -> ApiResult<Answer> {
    door.read("list_activities", caller, move |reader| {
        let objective: ObjectiveRow = entries::known(reader, id.0)?;
        let asked = query.read()?;
        let request = reader.page(&query, asked.limit, asked.cursor.as_deref());
        let after = request.after()?.unwrap_or(ActivityId(uuid::Uuid::nil()));
        let of_objective = activities::table.filter(activities::objective_id.eq(objective.id));
        let list = of_objective.filter(activities::id.gt(after)).order(activities::id);
        let mut list = list.limit(request.limit() + 1).into_boxed();
        if let Some(status) = asked.status {
            list = list.filter(activities::status.eq(status));
        }
        let rows: Vec<ActivityRow> = list.load(reader.connection)?;
        let page = request.page(rows, |row: &ActivityRow| row.id)?;
        Answer::ok(&ActivityPage::from(page.try_map(|row| Ok(Activity::shown(row, &reader.rights)))?))
    })
    .await
}

/// Plan an activity.
///
/// For an objective that you keep; any organisation can answer for it.
#[utoipa::path(
    tag = "Evaluation",
    params(("objective_id" = ObjectiveId, Path, description = "The objective.")),
    request_body = NewActivity,
    responses((status = 201, description = "The activity.", body = Activity))
)]
#[post("/objectives/{objective_id}/activities")]
pub async fn create_activity(
    door: Door,
    caller: Caller<actions::Create, resources::Activities>,
    id: Id<ObjectiveId>,
    body: Body<NewActivity>,
) -> ApiResult<Answer> {
    door.write("create_activity", caller, Some(body.fingerprint()), move |unit| {
        let objective: ObjectiveRow = entries::locked(unit, Action::Create, Resource::Activities, id.0)?;
        let new = body.read()?;
        let id = ActivityId::new();
        let row = match unit.replay(id.0)? {
            Some(earlier) => entries::made_before(unit, earlier)?,
            None => plan(unit, id, &objective, new)?,
        };
        let activity = Activity::shown(row, &unit.rights);
        unit.created(&format!("/activities/{}", activity.id), activity.version, &activity)
    })
    .await
}

/// Keeps a new activity of a locked objective; used by the demonstration data as well.
pub fn plan(unit: &mut Unit<'_>, id: ActivityId, objective: &ObjectiveRow, new: NewActivity) -> ApiResult<ActivityRow> {
    let row = ActivityRow {
        id,
        objective_id: objective.id,
        keeper_id: objective.organisation_id,
        title: new.title,
        description: new.description,
        responsible_organisation_id: new.responsible_organisation_id,
        starts_on: new.starts_on,
        ends_on: new.ends_on,
        status: ActivityStatus::Planned,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    };
    row.check()?;
    require_organisation(unit.connection, "responsible_organisation_id", row.responsible_organisation_id)?;
    let there = activities::table.filter(activities::objective_id.eq(objective.id));
    let there: i64 = there.count().get_result(unit.connection)?;
    if there >= MOST {
        return Err(ApiError::conflict(format!("an objective has at most {MOST} activities")));
    }
    entries::add(unit, &row, &ActivityRow::MEMBERS)?;
    Ok(row)
}

/// Read an activity.
///
/// Every caller may know it. What came of it has a list of its own.
#[utoipa::path(
    tag = "Evaluation",
    params(("activity_id" = ActivityId, Path, description = "The activity.")),
    responses((status = 200, description = "The activity.", body = Activity))
)]
#[get("/activities/{activity_id}")]
pub async fn read_activity(
    door: Door,
    caller: Caller<actions::Read, resources::Activities>,
    id: Id<ActivityId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_activity", caller, move |reader| {
        let row: ActivityRow = entries::known(reader, id.0)?;
        let activity = Activity::shown(row, &reader.rights);
        reader.answer_row(activity.version, &held, &Fields::default(), "", &activity)
    })
    .await
}

/// Edit an activity.
///
/// Until it is done or dropped (409): what it was stays.
#[utoipa::path(
    tag = "Evaluation",
    params(("activity_id" = ActivityId, Path, description = "The activity.")),
    request_body(content = ActivityPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The activity as it is now.", body = Activity))
)]
#[patch("/activities/{activity_id}")]
pub async fn edit_activity(
    door: Door,
    caller: Caller<actions::Edit, resources::Activities>,
    id: Id<ActivityId>,
    if_match: IfMatch,
    body: Body<ActivityPatch>,
) -> ApiResult<Answer> {
    door.write("edit_activity", caller, None, move |unit| {
        let mut row: ActivityRow = entries::locked(unit, Action::Edit, Resource::Activities, id.0)?;
        let patch = body.read()?;
        if_match.check(row.version)?;
        if !row.status.is_open() {
            return Err(ApiError::unmet(vec![UnmetGuard::new("open", "the activity is done or dropped")]));
        }
        let changed = apply(&mut row, patch)?;
        if changed.contains(&"responsible_organisation_id") {
            require_organisation(unit.connection, "responsible_organisation_id", row.responsible_organisation_id)?;
        }
        entries::save(unit, &mut row, &changed)?;
        let activity = Activity::shown(row, &unit.rights);
        unit.edited(activity.version, &activity)
    })
    .await
}
