//! Operations on policy documents.

use actix_web::{get, patch, post};
use approdo_db::schema::{policy_documents, policy_measure_indicators, policy_measures};
use approdo_db::{Connection, MultiBackend};
use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable};

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, Resource};
use crate::clock;
use crate::directory::organisation_handlers::require_organisation;
use crate::directory::service_handlers::require_territory;
use crate::entries;
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::http::{Answer, Body, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters};
use crate::policy_documents::measures;
use crate::policy_documents::requests::{NewPolicyDocument, PolicyDocumentPatch, PolicyDocumentQuery, apply};
use crate::policy_documents::types::{
    MainstreamingStatus, PolicyDocument, PolicyDocumentId, PolicyDocumentPage, PolicyDocumentRow,
};
use crate::work::Unit;

/// List policy documents.
///
/// The latest adopted first. Every caller may know them. `has_measures=false` lists the acts of a territory that integration is not written
/// into.
#[utoipa::path(
    tag = "Policy documents",
    params(PolicyDocumentQuery),
    responses((status = 200, description = "A page.", body = PolicyDocumentPage))
)]
#[get("/policy-documents")]
pub async fn list_policy_documents(
    door: Door,
    caller: Caller<actions::List, resources::PolicyDocuments>,
    query: Parameters<PolicyDocumentQuery>,
) -> ApiResult<Answer> {
    door.read("list_policy_documents", caller, move |reader| {
        let asked = query.read()?;
        let request = reader.page(&query, asked.limit, asked.cursor.as_deref());
        let rows = matching(reader.connection, &asked, request.after()?, request.limit() + 1)?;
        let page = request.page(rows, |row: &PolicyDocumentRow| (row.adopted_on, row.id))?;
        Answer::ok(&PolicyDocumentPage::from(page.try_map(|row| Ok(PolicyDocument::from(row)))?))
    })
    .await
}

fn matching(
    connection: &mut Connection,
    asked: &PolicyDocumentQuery,
    after: Option<(NaiveDate, PolicyDocumentId)>,
    limit: i64,
) -> QueryResult<Vec<PolicyDocumentRow>> {
    use policy_documents as documents;
    let mut list =
        documents::table.order((documents::adopted_on.desc(), documents::id.desc())).limit(limit).into_boxed();
    if let Some((day, id)) = after {
        list = list.filter(documents::adopted_on.lt(day).or(documents::adopted_on.eq(day).and(documents::id.lt(id))));
    }
    if let Some(organisation) = asked.organisation_id {
        list = list.filter(documents::organisation_id.eq(organisation));
    }
    if let Some(territory) = asked.territory_id {
        list = list.filter(documents::territory_id.eq(territory));
    }
    if let Some(kind) = asked.kind {
        list = list.filter(documents::kind.eq(kind));
    }
    if let Some(area) = asked.policy_area {
        list = list.filter(documents::policy_area.eq(area));
    }
    if let Some(status) = asked.mainstreaming {
        list = list.filter(documents::mainstreaming.eq(status));
    }
    if let Some(on) = asked.on {
        list = list.filter(in_force(on));
    }
    let with_measures = policy_measures::table.select(policy_measures::policy_document_id);
    match asked.has_measures {
        None => {}
        Some(true) => list = list.filter(documents::id.eq_any(with_measures)),
        Some(false) => list = list.filter(documents::id.ne_all(with_measures)),
    }
    if let Some(indicator) = asked.indicator_id {
        let followed = policy_measure_indicators::table
            .filter(policy_measure_indicators::indicator_id.eq(indicator))
            .select(policy_measure_indicators::policy_measure_id);
        list = list.filter(documents::id.eq_any(with_measures.filter(policy_measures::id.eq_any(followed))));
    }
    list.load(connection)
}

/// A condition on policy documents.
pub type OfDocuments = Box<dyn BoxableExpression<policy_documents::table, MultiBackend, SqlType = Nullable<Bool>>>;

/// That a document holds on a day.
pub fn in_force(on: NaiveDate) -> OfDocuments {
    use policy_documents as documents;
    let without_day = documents::valid_from.is_null().and(documents::adopted_on.le(on));
    let began = documents::valid_from.le(on).or(without_day);
    Box::new(began.and(documents::valid_to.is_null().or(documents::valid_to.gt(on))))
}

/// Enter a policy document.
///
/// For an organisation whose statistics you keep, whoever has resolved it.
#[utoipa::path(
    tag = "Policy documents",
    request_body = NewPolicyDocument,
    responses((status = 201, description = "The policy document.", body = PolicyDocument))
)]
#[post("/policy-documents")]
pub async fn create_policy_document(
    door: Door,
    caller: Caller<actions::Create, resources::PolicyDocuments>,
    body: Body<NewPolicyDocument>,
) -> ApiResult<Answer> {
    door.write("create_policy_document", caller, Some(body.fingerprint()), move |unit| {
        let new = body.read()?;
        entries::require_keeper(unit, Resource::PolicyDocuments, "organisation_id", new.organisation_id)?;
        let id = PolicyDocumentId::new();
        let row = match unit.replay(id.0)? {
            Some(earlier) => entries::made_before(unit, earlier)?,
            None => enter(unit, id, new)?,
        };
        let document = PolicyDocument::from(row);
        unit.created(&format!("/policy-documents/{}", document.id), document.version, &document)
    })
    .await
}

/// Keeps a new policy document; used by the demonstration data as well.
pub fn enter(unit: &mut Unit<'_>, id: PolicyDocumentId, new: NewPolicyDocument) -> ApiResult<PolicyDocumentRow> {
    let mut row = PolicyDocumentRow {
        id,
        organisation_id: new.organisation_id,
        issuing_organisation_id: new.issuing_organisation_id,
        issuing_body: new.issuing_body,
        territory_id: new.territory_id,
        kind: new.kind,
        policy_area: new.policy_area,
        title: new.title,
        number: new.number,
        description: new.description,
        adopted_on: new.adopted_on,
        valid_from: new.valid_from,
        valid_to: new.valid_to,
        url: new.url,
        mainstreaming: None,
        mainstreaming_as_of: None,
        mainstreaming_reason: None,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    };
    row.assess(new.mainstreaming);
    check(unit, &row, &PolicyDocumentRow::MEMBERS)?;
    entries::add(unit, &row, &PolicyDocumentRow::MEMBERS)?;
    Ok(row)
}

/// 422 where what a document says does not fit together or names what is not there, 409 where its measures say otherwise. Only what has
/// changed is looked up.
fn check(unit: &mut Unit<'_>, row: &PolicyDocumentRow, changed: &[&'static str]) -> ApiResult<()> {
    row.check(clock::date_of(unit.now))?;
    // Of what was entered before there was this rule, other members can be changed.
    let is_dated = ["mainstreaming", "adopted_on"].iter().any(|member| changed.contains(member));
    if is_dated && row.mainstreaming().is_some_and(|found| found.as_of < row.adopted_on) {
        return Err(ApiError::invalid_member("mainstreaming/as_of", "must not be before adopted_on"));
    }
    if changed.contains(&"territory_id") {
        require_territory(unit, "territory_id", row.territory_id)?;
    }
    if let Some(id) = row.issuing_organisation_id.filter(|_| changed.contains(&"issuing_organisation_id")) {
        require_organisation(unit.connection, "issuing_organisation_id", id)?;
    }
    match row.mainstreaming.filter(|_| changed.contains(&"mainstreaming")) {
        Some(status) => check_measures(unit, row.id, status),
        None => Ok(()),
    }
}

/// 409 where what is found of a document is not what its measures say: of a day, so that measures that come later are not refused.
fn check_measures(unit: &mut Unit<'_>, id: PolicyDocumentId, status: MainstreamingStatus) -> ApiResult<()> {
    let there = measures::count(unit.connection, id)?;
    let unmet = match status {
        MainstreamingStatus::None | MainstreamingStatus::NotApplicable if there > 0 => {
            UnmetGuard::new("no_measures", "the document names measures for integration")
        }
        MainstreamingStatus::Partial | MainstreamingStatus::Full if there == 0 => {
            UnmetGuard::new("measures", "the document names no measure for integration")
        }
        _ => return Ok(()),
    };
    Err(ApiError::unmet(vec![unmet]))
}

/// Read a policy document.
///
/// Every caller may know it. Its measures have a list of their own.
#[utoipa::path(
    tag = "Policy documents",
    params(("policy_document_id" = PolicyDocumentId, Path, description = "The policy document.")),
    responses((status = 200, description = "The policy document.", body = PolicyDocument))
)]
#[get("/policy-documents/{policy_document_id}")]
pub async fn read_policy_document(
    door: Door,
    caller: Caller<actions::Read, resources::PolicyDocuments>,
    id: Id<PolicyDocumentId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_policy_document", caller, move |reader| {
        let row: PolicyDocumentRow = entries::known(reader, id.0)?;
        let document = PolicyDocument::from(row);
        reader.answer_row(document.version, &held, &Fields::default(), "", &document)
    })
    .await
}

/// Edit a policy document.
///
/// What it is, when it holds, and how far it takes integration into account. It is `partial` or `full` only with a measure (409, `measures`),
/// `none` or `not_applicable` only without (409, `no_measures`).
#[utoipa::path(
    tag = "Policy documents",
    params(("policy_document_id" = PolicyDocumentId, Path, description = "The policy document.")),
    request_body(content = PolicyDocumentPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The policy document as it is now.", body = PolicyDocument))
)]
#[patch("/policy-documents/{policy_document_id}")]
pub async fn edit_policy_document(
    door: Door,
    caller: Caller<actions::Edit, resources::PolicyDocuments>,
    id: Id<PolicyDocumentId>,
    if_match: IfMatch,
    body: Body<PolicyDocumentPatch>,
) -> ApiResult<Answer> {
    door.write("edit_policy_document", caller, None, move |unit| {
        let row: PolicyDocumentRow = entries::locked(unit, Action::Edit, Resource::PolicyDocuments, id.0)?;
        let patch = body.read()?;
        if_match.check(row.version)?;
        let row = edit(unit, row, patch)?;
        unit.edited(row.version, &PolicyDocument::from(row))
    })
    .await
}

/// Edits a locked policy document; used by the demonstration data as well.
pub fn edit(
    unit: &mut Unit<'_>,
    mut row: PolicyDocumentRow,
    patch: PolicyDocumentPatch,
) -> ApiResult<PolicyDocumentRow> {
    let changed = apply(&mut row, patch)?;
    check(unit, &row, &changed)?;
    entries::save(unit, &mut row, &changed)?;
    Ok(row)
}
