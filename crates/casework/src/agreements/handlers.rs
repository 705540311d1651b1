//! Operations on agreements.

use actix_web::{get, patch, post};
use approdo_db::schema::{agreement_parties, agreements};
use approdo_db::{Connection, Json};
use diesel::prelude::*;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, OrganisationId, Resource};
use crate::agreements::rules::AgreementStatus;
use crate::agreements::types::{
    Agreement, AgreementId, AgreementPage, AgreementPatch, AgreementRow, NewAgreement, Party, apply,
};
use crate::clock;
use crate::codes;
use crate::directory::organisation_handlers::require_organisation;
use crate::directory::service_handlers::{require_service, require_territory};
use crate::entries;
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::http::{Answer, Body, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters};
use crate::paged_query;
use crate::work::Unit;

paged_query! {
    /// How to list agreements.
    AgreementQuery {
        /// Agreements that this organisation is a party of.
        organisation_id: Option<OrganisationId>,
        /// Agreements that were last moved to this state.
        status: Option<AgreementStatus>,
    }
}

/// List agreements.
///
/// Oldest first. Every caller may know them: bodies publish what they agree on (Italian Legislative Decree 33/2013, art. 23).
#[utoipa::path(
    tag = "Agreements",
    params(AgreementQuery),
    responses((status = 200, description = "A page.", body = AgreementPage))
)]
#[get("/agreements")]
pub async fn list_agreements(
    door: Door,
    caller: Caller<actions::List, resources::Agreements>,
    query: Parameters<AgreementQuery>,
) -> ApiResult<Answer> {
    door.read("list_agreements", caller, move |reader| {
        let asked = query.read()?;
        let request = reader.page(&query, asked.limit, asked.cursor.as_deref());
        let after = request.after()?.unwrap_or(AgreementId(uuid::Uuid::nil()));
        let list = agreements::table.filter(agreements::id.gt(after)).order(agreements::id);
        let mut list = list.limit(request.limit() + 1).into_boxed();
        if let Some(status) = asked.status {
            list = list.filter(agreements::status.eq(status));
        }
        if let Some(organisation) = asked.organisation_id {
            let of_party = agreement_parties::table
                .filter(agreement_parties::organisation_id.eq(organisation))
                .select(agreement_parties::agreement_id);
            list = list.filter(agreements::id.eq_any(of_party));
        }
        let rows: Vec<AgreementRow> = list.load(reader.connection)?;
        let page = request.page(rows, |row: &AgreementRow| row.id)?;
        let (rights, today) = (reader.rights.clone(), clock::date_of(reader.now));
        Answer::ok(&AgreementPage::from(page.try_map(|row| Agreement::shown(row, &rights, today))?))
    })
    .await
}

/// Draw up an agreement.
///
/// A draft: it is edited until every party has signed.
#[utoipa::path(
    tag = "Agreements",
    request_body = NewAgreement,
    responses((status = 201, description = "The agreement.", body = Agreement))
)]
#[post("/agreements")]
pub async fn create_agreement(
    door: Door,
    caller: Caller<actions::Create, resources::Agreements>,
    body: Body<NewAgreement>,
) -> ApiResult<Answer> {
    door.write("create_agreement", caller, Some(body.fingerprint()), move |unit| {
        let new = body.read()?;
        entries::require_keeper(unit, Resource::Agreements, "organisation_id", new.organisation_id)?;
        let id = AgreementId::new();
        let row = match unit.replay(id.0)? {
            Some(earlier) => entries::made_before(unit, earlier)?,
            None => add(unit, id, new)?,
        };
        let (path, version) = (format!("/agreements/{}", row.id), row.version);
        unit.created(&path, version, &Agreement::shown(row, &unit.rights, clock::date_of(unit.now))?)
    })
    .await
}

/// Keeps a new draft; used by the demonstration data as well.
pub fn add(unit: &mut Unit<'_>, id: AgreementId, new: NewAgreement) -> ApiResult<AgreementRow> {
    let row = AgreementRow {
        id,
        organisation_id: new.organisation_id,
        title: new.title,
        agreement_type: new.agreement_type,
        reference: new.reference,
        legal_basis: new.legal_basis,
        parties: Json::of(new.parties.into_iter().map(Party::from).collect::<Vec<_>>()),
        service_ids: Json::of(new.service_ids),
        territory_ids: Json::of(new.territory_ids),
        target_groups: Json::of(new.target_groups),
        data_categories: Json::of(new.data_categories),
        response_hours: new.response_hours,
        completion_days: new.completion_days,
        working_time: Json::of(new.working_time),
        valid_from: new.valid_from,
        valid_to: new.valid_to,
        status: AgreementStatus::Draft,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    };
    check(unit, &row, &AgreementRow::MEMBERS)?;
    entries::add(unit, &row, &AgreementRow::MEMBERS)?;
    keep_parties(unit.connection, &row)?;
    Ok(row)
}

/// 422 where what an agreement says does not fit together, or names what is not there. Only what has changed is looked up.
fn check(unit: &mut Unit<'_>, row: &AgreementRow, changed: &[&'static str]) -> ApiResult<()> {
    let terms = row.terms()?;
    if row.valid_to.is_some_and(|end| end <= row.valid_from) {
        return Err(ApiError::invalid_member("valid_to", "must be after valid_from"));
    }
    if terms.data_categories.is_empty() {
        return Err(ApiError::invalid_member("data_categories", "must have at least one item"));
    }
    check_parties(unit, row.organisation_id, &terms.parties)?;
    let codes = codes::of_changed(unit.app, changed);
    codes.check("legal_bases", "legal_basis", &row.legal_basis)?;
    if changed.contains(&"target_groups") {
        codes::check_all(unit.app, "target_groups", "target_groups", &terms.target_groups)?;
    }
    for (index, service) in terms.service_ids.iter().enumerate() {
        require_service(unit, &format!("service_ids/{index}"), *service)?;
    }
    for (index, territory) in terms.territory_ids.iter().enumerate() {
        require_territory(unit, &format!("territory_ids/{index}"), *territory)?;
    }
    Ok(())
}

fn check_parties(unit: &mut Unit<'_>, keeper: OrganisationId, parties: &[Party]) -> ApiResult<()> {
    for (index, party) in parties.iter().enumerate() {
        let member = format!("parties/{index}/organisation_id");
        require_organisation(unit.connection, &member, party.organisation_id)?;
        if parties.iter().take(index).any(|earlier| earlier.organisation_id == party.organisation_id) {
            return Err(ApiError::invalid_member(&member, "is a party already"));
        }
    }
    let refuse = |detail: &str| Err(ApiError::invalid_member("parties", detail));
    if !parties.iter().any(|party| party.organisation_id == keeper) {
        return refuse("the organisation that keeps the agreement must be a party");
    }
    let mut senders = parties.iter().filter(|party| party.may_send);
    let receives =
        |from: OrganisationId| parties.iter().any(|party| party.may_receive && party.organisation_id != from);
    if !senders.any(|sender| receives(sender.organisation_id)) {
        return refuse("one must be able to send, and another to receive");
    }
    Ok(())
}

fn keep_parties(connection: &mut Connection, row: &AgreementRow) -> ApiResult<()> {
    diesel::delete(agreement_parties::table.filter(agreement_parties::agreement_id.eq(row.id))).execute(connection)?;
    for party in row.parties()? {
        diesel::insert_into(agreement_parties::table)
            .values((
                agreement_parties::agreement_id.eq(row.id),
                agreement_parties::organisation_id.eq(party.organisation_id),
                agreement_parties::may_send.eq(party.may_send),
                agreement_parties::may_receive.eq(party.may_receive),
            ))
            .execute(connection)?;
    }
    Ok(())
}

/// Read an agreement.
///
/// Every caller may know it.
#[utoipa::path(
    tag = "Agreements",
    params(("agreement_id" = AgreementId, Path, description = "The agreement.")),
    responses((status = 200, description = "The agreement.", body = Agreement))
)]
#[get("/agreements/{agreement_id}")]
pub async fn read_agreement(
    door: Door,
    caller: Caller<actions::Read, resources::Agreements>,
    id: Id<AgreementId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_agreement", caller, move |reader| {
        let row: AgreementRow = entries::known(reader, id.0)?;
        let agreement = Agreement::shown(row, &reader.rights, clock::date_of(reader.now))?;
        let view = format!("{}{}", agreement.status, agreement.in_force);
        reader.answer_row(agreement.version, &held, &Fields::default(), &view, &agreement)
    })
    .await
}

/// Edit an agreement.
///
/// While it is a draft: what was signed stays as it was signed.
#[utoipa::path(
    tag = "Agreements",
    params(("agreement_id" = AgreementId, Path, description = "The agreement.")),
    request_body(content = AgreementPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The agreement as it is now.", body = Agreement))
)]
#[patch("/agreements/{agreement_id}")]
pub async fn edit_agreement(
    door: Door,
    caller: Caller<actions::Edit, resources::Agreements>,
    id: Id<AgreementId>,
    if_match: IfMatch,
    body: Body<AgreementPatch>,
) -> ApiResult<Answer> {
    door.write("edit_agreement", caller, None, move |unit| {
        let mut row: AgreementRow = entries::locked(unit, Action::Edit, Resource::Agreements, id.0)?;
        let patch = body.read()?;
        if_match.check(row.version)?;
        if row.status != AgreementStatus::Draft {
            return Err(ApiError::unmet(vec![UnmetGuard::new("draft", "it has been signed: draw up another one")]));
        }
        let changed = apply(&mut row, patch)?;
        check(unit, &row, &changed)?;
        entries::save(unit, &mut row, &changed)?;
        if changed.contains(&"parties") {
            keep_parties(unit.connection, &row)?;
        }
        let agreement = Agreement::shown(row, &unit.rights, clock::date_of(unit.now))?;
        unit.edited(agreement.version, &agreement)
    })
    .await
}
