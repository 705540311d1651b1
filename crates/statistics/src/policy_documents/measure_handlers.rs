//! Operations on measures of policy documents.

use actix_web::{delete, get, patch, post};
use approdo_db::Json;
use approdo_db::schema::policy_measures;
use diesel::prelude::*;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, Resource};
use crate::directory::organisation_handlers::require_organisation;
use crate::entries;
use crate::error::{ApiError, ApiResult};
use crate::http::{Answer, Body, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters};
use crate::policy_documents::measures::{
    NewPolicyMeasure, PolicyMeasure, PolicyMeasureId, PolicyMeasurePage, PolicyMeasurePatch, PolicyMeasureQuery,
    PolicyMeasureRow, apply, count, follow_by, require_indicators,
};
use crate::policy_documents::types::{PolicyDocumentId, PolicyDocumentRow};
use crate::work::Unit;

/// Measures a document has at most.
const MOST: i64 = 200;

/// List a policy document's measures.
///
/// In the order they were entered. Every caller may know them.
#[utoipa::path(
    tag = "Policy documents",
    params(("policy_document_id" = PolicyDocumentId, Path, description = "The policy document."), PolicyMeasureQuery),
    responses((status = 200, description = "A page.", body = PolicyMeasurePage))
)]
#[get("/policy-documents/{policy_document_id}/measures")]
pub async fn list_policy_measures(
    door: Door,
    caller: Caller<actions::List, resources::PolicyMeasures>,
    id: Id<PolicyDocumentId>,
    query: Parameters<PolicyMeasureQuery>,
) -> ApiResult<Answer> {
    door.read("list_policy_measures", caller, move |reader| {
        let document: PolicyDocumentRow = entries::known(reader, id.0)?;
        let asked = query.read()?;
        let request = reader.page(&query, asked.limit, asked.cursor.as_deref());
        let after = request.after()?.unwrap_or(PolicyMeasureId(uuid::Uuid::nil()));
        let rows: Vec<PolicyMeasureRow> = policy_measures::table
            .filter(policy_measures::policy_document_id.eq(document.id))
            .filter(policy_measures::id.gt(after))
            .order(policy_measures::id)
            .limit(request.limit() + 1)
            .load(reader.connection)?;
        let page = request.page(rows, |row: &PolicyMeasureRow| row.id)?;
        Answer::ok(&PolicyMeasurePage::from(page.try_map(PolicyMeasure::shown)?))
    })
    .await
}

/// Enter a policy document's measure.
///
/// What it says is done for integration, and by which indicators that is followed. At most 200 (409).
#[utoipa::path(
    tag = "Policy documents",
    params(("policy_document_id" = PolicyDocumentId, Path, description = "The policy document.")),
    request_body = NewPolicyMeasure,
    responses((status = 201, description = "The measure.", body = PolicyMeasure))
)]
#[post("/policy-documents/{policy_document_id}/measures")]
pub async fn create_policy_measure(
    door: Door,
    caller: Caller<actions::Create, resources::PolicyMeasures>,
    id: Id<PolicyDocumentId>,
    body: Body<NewPolicyMeasure>,
) -> ApiResult<Answer> {
    door.write("create_policy_measure", caller, Some(body.fingerprint()), move |unit| {
        let document: PolicyDocumentRow = entries::locked(unit, Action::Create, Resource::PolicyMeasures, id.0)?;
        let new = body.read()?;
        let id = PolicyMeasureId::new();
        let row = match unit.replay(id.0)? {
            Some(earlier) => entries::made_before(unit, earlier)?,
            None => enter(unit, id, &document, new)?,
        };
        let measure = PolicyMeasure::shown(row)?;
        unit.created(&format!("/policy-measures/{}", measure.id), measure.version, &measure)
    })
    .await
}

/// Keeps a new measure of a locked document; used by the demonstration data as well.
pub fn enter(
    unit: &mut Unit<'_>,
    id: PolicyMeasureId,
    document: &PolicyDocumentRow,
    new: NewPolicyMeasure,
) -> ApiResult<PolicyMeasureRow> {
    if count(unit.connection, document.id)? >= MOST {
        return Err(ApiError::conflict(format!("a policy document has at most {MOST} measures")));
    }
    let row = PolicyMeasureRow {
        id,
        policy_document_id: document.id,
        keeper_id: document.organisation_id,
        title: new.title,
        description: new.description,
        target_groups: Json::of(new.target_groups),
        responsible_organisation_id: new.responsible_organisation_id,
        budget: new.budget.map(Json::of),
        indicator_ids: Json::of(new.indicator_ids),
        starts_on: new.starts_on,
        ends_on: new.ends_on,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    };
    check(unit, &row, &PolicyMeasureRow::MEMBERS)?;
    entries::add(unit, &row, &PolicyMeasureRow::MEMBERS)?;
    follow_by(unit, row.id, &row.indicator_ids()?)?;
    Ok(row)
}

/// 422 where what a measure says does not fit together, or names what is not there. Only what has changed is looked up.
fn check(unit: &mut Unit<'_>, row: &PolicyMeasureRow, changed: &[&'static str]) -> ApiResult<()> {
    row.check(unit.app, changed)?;
    if changed.contains(&"responsible_organisation_id") {
        require_organisation(unit.connection, "responsible_organisation_id", row.responsible_organisation_id)?;
    }
    if changed.contains(&"indicator_ids") {
        require_indicators(unit.connection, &row.indicator_ids()?)?;
    }
    Ok(())
}

/// Read a policy document's measure.
///
/// Every caller may know it.
#[utoipa::path(
    tag = "Policy documents",
    params(("policy_measure_id" = PolicyMeasureId, Path, description = "The measure.")),
    responses((status = 200, description = "The measure.", body = PolicyMeasure))
)]
#[get("/policy-measures/{policy_measure_id}")]
pub async fn read_policy_measure(
    door: Door,
    caller: Caller<actions::Read, resources::PolicyMeasures>,
    id: Id<PolicyMeasureId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_policy_measure", caller, move |reader| {
        let row: PolicyMeasureRow = entries::known(reader, id.0)?;
        let measure = PolicyMeasure::shown(row)?;
        reader.answer_row(measure.version, &held, &Fields::default(), "", &measure)
    })
    .await
}

/// Edit a policy document's measure.
///
/// What is done for whom by when, by whom, with which means, and how it is followed.
#[utoipa::path(
    tag = "Policy documents",
    params(("policy_measure_id" = PolicyMeasureId, Path, description = "The measure.")),
    request_body(content = PolicyMeasurePatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The measure as it is now.", body = PolicyMeasure))
)]
#[patch("/policy-measures/{policy_measure_id}")]
pub async fn edit_policy_measure(
    door: Door,
    caller: Caller<actions::Edit, resources::PolicyMeasures>,
    id: Id<PolicyMeasureId>,
    if_match: IfMatch,
    body: Body<PolicyMeasurePatch>,
) -> ApiResult<Answer> {
    door.write("edit_policy_measure", caller, None, move |unit| {
        let mut row: PolicyMeasureRow = entries::locked(unit, Action::Edit, Resource::PolicyMeasures, id.0)?;
        let patch = body.read()?;
        if_match.check(row.version)?;
        let changed = apply(&mut row, patch)?;
        check(unit, &row, &changed)?;
        entries::save(unit, &mut row, &changed)?;
        if changed.contains(&"indicator_ids") {
            follow_by(unit, row.id, &row.indicator_ids()?)?;
        }
        unit.edited(row.version, &PolicyMeasure::shown(row)?)
    })
    .await
}

/// Delete a policy document's measure.
///
/// One that was entered by mistake or is in the document no more. What was found of the document stays as of its day.
#[utoipa::path(
    tag = "Policy documents",
    params(("policy_measure_id" = PolicyMeasureId, Path, description = "The measure.")),
    responses((status = 204, description = "It is gone."))
)]
#[delete("/policy-measures/{policy_measure_id}")]
pub async fn delete_policy_measure(
    door: Door,
    caller: Caller<actions::Delete, resources::PolicyMeasures>,
    id: Id<PolicyMeasureId>,
    if_match: IfMatch,
) -> ApiResult<Answer> {
    door.write("delete_policy_measure", caller, None, move |unit| {
        let row: PolicyMeasureRow = entries::locked(unit, Action::Delete, Resource::PolicyMeasures, id.0)?;
        if_match.check(row.version)?;
        follow_by(unit, row.id, &[])?;
        entries::remove(unit, &row)?;
        Ok(Answer::no_content())
    })
    .await
}
