//! Operations on objectives.

use actix_web::{get, patch, post};
use approdo_db::schema::{indicators, objectives, observatories};
use diesel::prelude::*;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, Resource};
use crate::directory::service_handlers::require_territory;
use crate::entries;
use crate::error::{ApiError, ApiResult};
use crate::http::{Answer, Body, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters};
use crate::objectives::chain;
use crate::objectives::types::{
    NewObjective, Objective, ObjectiveId, ObjectivePage, ObjectiveParameters, ObjectivePatch, ObjectiveQuery,
    ObjectiveRow, apply,
};
use crate::work::Unit;

/// List objectives.
///
/// Oldest first. Every caller may know them.
#[utoipa::path(
    tag = "Evaluation",
    params(ObjectiveQuery),
    responses((status = 200, description = "A page.", body = ObjectivePage))
)]
#[get("/objectives")]
pub async fn list_objectives(
    door: Door,
    caller: Caller<actions::List, resources::Objectives>,
    query: Parameters<ObjectiveQuery>,
) -> ApiResult<Answer> {
    door.read("list_objectives", caller, move |reader| {
        let asked = query.read()?;
        let request = reader.page(&query, asked.limit, asked.cursor.as_deref());
        let after = request.after()?.unwrap_or(ObjectiveId(uuid::Uuid::nil()));
        let list = objectives::table.filter(objectives::id.gt(after)).order(objectives::id);
        let mut list = list.limit(request.limit() + 1).into_boxed();
        if let Some(organisation) = asked.organisation_id {
            list = list.filter(objectives::organisation_id.eq(organisation));
        }
        if let Some(territory) = asked.territory_id {
            list = list.filter(objectives::territory_id.eq(territory));
        }
        if let Some(observatory) = asked.observatory_id {
            list = list.filter(objectives::observatory_id.eq(observatory));
        }
        let rows: Vec<ObjectiveRow> = list.load(reader.connection)?;
        let page = request.page(rows, |row: &ObjectiveRow| row.id)?;
        Answer::ok(&ObjectivePage::from(page.try_map(|row| Ok(Objective::from(row)))?))
    })
    .await
}

/// Set an objective.
///
/// For an organisation whose statistics you keep, in a territory; measured by an indicator where there is one.
#[utoipa::path(
    tag = "Evaluation",
    request_body = NewObjective,
    responses((status = 201, description = "The objective.", body = Objective))
)]
#[post("/objectives")]
pub async fn create_objective(
    door: Door,
    caller: Caller<actions::Create, resources::Objectives>,
    body: Body<NewObjective>,
) -> ApiResult<Answer> {
    door.write("create_objective", caller, Some(body.fingerprint()), move |unit| {
        let new = body.read()?;
        entries::require_keeper(unit, Resource::Objectives, "organisation_id", new.organisation_id)?;
        let id = ObjectiveId::new();
        let row = match unit.replay(id.0)? {
            Some(earlier) => entries::made_before(unit, earlier)?,
            None => set(unit, id, new)?,
        };
        let objective = Objective::from(row);
        unit.created(&format!("/objectives/{}", objective.id), objective.version, &objective)
    })
    .await
}

/// Keeps a new objective; used by the demonstration data as well.
pub fn set(unit: &mut Unit<'_>, id: ObjectiveId, new: NewObjective) -> ApiResult<ObjectiveRow> {
    let row = ObjectiveRow {
        id,
        organisation_id: new.organisation_id,
        title: new.title,
        description: new.description,
        territory_id: new.territory_id,
        starts_on: new.starts_on,
        ends_on: new.ends_on,
        observatory_id: new.observatory_id,
        indicator_id: new.indicator_id,
        baseline: new.baseline,
        target: new.target,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    };
    check(unit, &row, &ObjectiveRow::MEMBERS)?;
    entries::add(unit, &row, &ObjectiveRow::MEMBERS)?;
    Ok(row)
}

/// 422 where what an objective says does not fit together, or names what is not there. Only what has changed is looked up.
fn check(unit: &mut Unit<'_>, row: &ObjectiveRow, changed: &[&'static str]) -> ApiResult<()> {
    row.check()?;
    if changed.contains(&"territory_id") {
        require_territory(unit, "territory_id", row.territory_id)?;
    }
    if let Some(id) = row.observatory_id.filter(|_| changed.contains(&"observatory_id")) {
        let found: i64 = observatories::table.find(id).count().get_result(unit.connection)?;
        require(found, "observatory_id")?;
    }
    if let Some(id) = row.indicator_id.filter(|_| changed.contains(&"indicator_id")) {
        let found: i64 = indicators::table.find(id).count().get_result(unit.connection)?;
        require(found, "indicator_id")?;
    }
    Ok(())
}

fn require(found: i64, member: &str) -> ApiResult<()> {
    if found == 1 { Ok(()) } else { Err(ApiError::unknown_reference(member)) }
}

/// Read an objective.
///
/// With `embed=activities`, the whole chain: what is done for it, and what came of that.
#[utoipa::path(
    tag = "Evaluation",
    params(("objective_id" = ObjectiveId, Path, description = "The objective."), ObjectiveParameters),
    responses((status = 200, description = "The objective.", body = Objective))
)]
#[get("/objectives/{objective_id}")]
pub async fn read_objective(
    door: Door,
    caller: Caller<actions::Read, resources::Objectives>,
    id: Id<ObjectiveId>,
    query: Parameters<ObjectiveParameters>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_objective", caller, move |reader| {
        let row: ObjectiveRow = entries::known(reader, id.0)?;
        let embed = query.read()?.embed;
        let mut objective = Objective::from(row);
        // Activities and results have versions of their own: what embeds them is never answered by 304.
        let held = if embed.is_some() { IfNoneMatch::of(None) } else { held.clone() };
        if embed.is_some() {
            objective.embedded = Some(chain::of(reader, objective.id)?);
        }
        let view = embed.map(|embed| embed.as_str()).unwrap_or_default();
        reader.answer_row(objective.version, &held, &Fields::default(), view, &objective)
    })
    .await
}

/// Edit an objective.
///
/// How it is described, where and by when it is to be reached, and how it is measured.
#[utoipa::path(
    tag = "Evaluation",
    params(("objective_id" = ObjectiveId, Path, description = "The objective.")),
    request_body(content = ObjectivePatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The objective as it is now.", body = Objective))
)]
#[patch("/objectives/{objective_id}")]
pub async fn edit_objective(
    door: Door,
    caller: Caller<actions::Edit, resources::Objectives>,
    id: Id<ObjectiveId>,
    if_match: IfMatch,
    body: Body<ObjectivePatch>,
) -> ApiResult<Answer> {
    door.write("edit_objective", caller, None, move |unit| {
        let mut row: ObjectiveRow = entries::locked(unit, Action::Edit, Resource::Objectives, id.0)?;
        let patch = body.read()?;
        if_match.check(row.version)?;
        let changed = apply(&mut row, patch)?;
        check(unit, &row, &changed)?;
        entries::save(unit, &mut row, &changed)?;
        unit.edited(row.version, &Objective::from(row))
    })
    .await
}
