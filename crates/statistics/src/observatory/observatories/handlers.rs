//! Operations on observatories.

use actix_web::{get, patch, post};
use approdo_db::Json;
use approdo_db::schema::observatories;
use diesel::prelude::*;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, Resource};
use crate::directory::service_handlers::require_territory;
use crate::entries;
use crate::error::ApiResult;
use crate::http::{Answer, Body, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters};
use crate::observatory::observatories::types::{
    NewObservatory, Observatory, ObservatoryId, ObservatoryPage, ObservatoryPatch, ObservatoryQuery, apply,
};
use crate::work::Unit;

/// List observatories.
///
/// By name. Every caller may know them.
#[utoipa::path(
    tag = "Evaluation",
    params(ObservatoryQuery),
    responses((status = 200, description = "A page.", body = ObservatoryPage))
)]
#[get("/observatories")]
pub async fn list_observatories(
    door: Door,
    caller: Caller<actions::List, resources::Observatories>,
    query: Parameters<ObservatoryQuery>,
) -> ApiResult<Answer> {
    door.read("list_observatories", caller, move |reader| {
        let asked = query.read()?;
        let request = reader.page(&query, asked.limit, asked.cursor.as_deref());
        let mut list = observatories::table
            .order((observatories::name, observatories::id))
            .limit(request.limit() + 1)
            .into_boxed();
        if let Some((name, id)) = request.after::<(String, ObservatoryId)>()? {
            let next = observatories::name.eq(name.clone()).and(observatories::id.gt(id));
            list = list.filter(observatories::name.gt(name).or(next));
        }
        if let Some(organisation) = asked.organisation_id {
            list = list.filter(observatories::organisation_id.eq(organisation));
        }
        if let Some(territory) = asked.territory_id {
            list = list.filter(observatories::territory_id.eq(territory));
        }
        let rows: Vec<Observatory> = list.load(reader.connection)?;
        Answer::ok(&ObservatoryPage::from(request.page(rows, |row: &Observatory| (row.name.clone(), row.id))?))
    })
    .await
}

/// Enter an observatory.
///
/// Of a territory, for an organisation whose statistics you keep.
#[utoipa::path(
    tag = "Evaluation",
    request_body = NewObservatory,
    responses((status = 201, description = "The observatory.", body = Observatory))
)]
#[post("/observatories")]
pub async fn create_observatory(
    door: Door,
    caller: Caller<actions::Create, resources::Observatories>,
    body: Body<NewObservatory>,
) -> ApiResult<Answer> {
    door.write("create_observatory", caller, Some(body.fingerprint()), move |unit| {
        let new = body.read()?;
        entries::require_keeper(unit, Resource::Observatories, "organisation_id", new.organisation_id)?;
        let id = ObservatoryId::new();
        let row: Observatory = match unit.replay(id.0)? {
            Some(earlier) => entries::made_before(unit, earlier)?,
            None => enter(unit, id, new)?,
        };
        unit.created(&format!("/observatories/{}", row.id), row.version, &row)
    })
    .await
}

/// Keeps a new observatory; used by the demonstration data as well.
pub fn enter(unit: &mut Unit<'_>, id: ObservatoryId, new: NewObservatory) -> ApiResult<Observatory> {
    require_territory(unit, "territory_id", new.territory_id)?;
    let row = Observatory {
        id,
        organisation_id: new.organisation_id,
        name: new.name,
        description: new.description,
        territory_id: new.territory_id,
        languages: Json::of(new.languages),
        website: new.website,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    };
    entries::add(unit, &row, &Observatory::MEMBERS)?;
    Ok(row)
}

/// Read an observatory.
///
/// Every caller may know it. What it watches and what it has asked have lists of their own.
#[utoipa::path(
    tag = "Evaluation",
    params(("observatory_id" = ObservatoryId, Path, description = "The observatory.")),
    responses((status = 200, description = "The observatory.", body = Observatory))
)]
#[get("/observatories/{observatory_id}")]
pub async fn read_observatory(
    door: Door,
    caller: Caller<actions::Read, resources::Observatories>,
    id: Id<ObservatoryId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_observatory", caller, move |reader| {
        let row: Observatory = entries::known(reader, id.0)?;
        reader.answer_row(row.version, &held, &Fields::default(), "", &row)
    })
    .await
}

/// Edit an observatory.
///
/// How it is described, and what it watches over.
#[utoipa::path(
    tag = "Evaluation",
    params(("observatory_id" = ObservatoryId, Path, description = "The observatory.")),
    request_body(content = ObservatoryPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The observatory as it is now.", body = Observatory))
)]
#[patch("/observatories/{observatory_id}")]
pub async fn edit_observatory(
    door: Door,
    caller: Caller<actions::Edit, resources::Observatories>,
    id: Id<ObservatoryId>,
    if_match: IfMatch,
    body: Body<ObservatoryPatch>,
) -> ApiResult<Answer> {
    door.write("edit_observatory", caller, None, move |unit| {
        let mut row: Observatory = entries::locked(unit, Action::Edit, Resource::Observatories, id.0)?;
        let patch = body.read()?;
        if_match.check(row.version)?;
        let changed = apply(&mut row, patch)?;
        if changed.contains(&"territory_id") {
            require_territory(unit, "territory_id", row.territory_id)?;
        }
        entries::save(unit, &mut row, &changed)?;
        unit.edited(row.version, &row)
    })
    .await
}
