//! Operations on transfers: proposing, reading, the package.

use actix_web::{get, post};
use approdo_db::Json;
use approdo_db::schema::{organisations, territories};
use chrono::TimeDelta;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, OrganisationId, Resource, TerritoryId};
use crate::aggregate::Root;
use crate::cases::queries as cases;
use crate::cases::types::CaseRow;
use crate::clock;
use crate::error::{ApiError, ApiResult, Kind, UnmetGuard};
use crate::http::{Answer, Body, Door, Fields, Id, IfNoneMatch};
use crate::people::households::HouseholdRow;
use crate::people::queries as people;
use crate::referrals::handlers::require_distinct;
use crate::referrals::package::{self, PackageContent, PackageField};
use crate::referrals::rules::Side;
use crate::referrals::sending::check_legal_basis;
use crate::transfers::handover::Going;
use crate::transfers::rules::TransferStatus;
use crate::transfers::types::{NewTransfer, Transfer, TransferId, TransferRow};
use crate::transfers::{access, proposing, records, transitions};
use crate::work::Unit;

/// Days that the other body has to answer, unless said otherwise.
const ANSWER_DAYS: i64 = 30;

/// Propose a transfer.
///
/// The case stays yours until the other body accepts. A consent of the person to being transferred, or another legal basis, must cover it;
/// a case has one proposal at a time. 409 names every guard that is not met.
#[utoipa::path(
    tag = "Transfers",
    request_body = NewTransfer,
    responses((status = 201, description = "The transfer.", body = Transfer))
)]
#[post("/transfers")]
pub async fn create_transfer(
    door: Door,
    caller: Caller<actions::Create, resources::Transfers>,
    body: Body<NewTransfer>,
) -> ApiResult<Answer> {
    door.write("create_transfer", caller, Some(body.fingerprint()), move |unit| {
        let new = body.read()?;
        let going = own_case(unit, &new)?;
        let id = TransferId::new();
        let row = match unit.replay(id.0)? {
            Some(earlier) => access::find(unit, TransferId(earlier))?,
            None => propose(unit, id, &going, new)?,
        };
        unit.shows(Resource::Cases, [row.case_id.0]);
        let (path, version) = (format!("/transfers/{}", row.id), row.version);
        let sides = row.sides(&unit.rights);
        unit.created(&path, version, &Transfer::shown(row, &sides)?)
    })
    .await
}

/// The case to hand over with who would go with it, locked: one that the caller works with.
fn own_case(unit: &mut Unit<'_>, new: &NewTransfer) -> ApiResult<Going> {
    let unknown = |error: ApiError| match error.kind() {
        Kind::NotFound => ApiError::unknown_reference("case_id"),
        _ => error,
    };
    let case = cases::find(unit, new.case_id).map_err(unknown)?;
    let may = |unit: &Unit<'_>, case: &CaseRow| {
        let place = case.place();
        unit.rights.may_at(Action::Create, Resource::Transfers, &place)
            && unit.rights.may_at(Action::Read, Resource::Cases, &place)
    };
    if !may(unit, &case) {
        return Err(ApiError::unknown_reference("case_id"));
    }
    let household_id = case.household_id.filter(|_| new.with_household);
    let household = household_id.map(|id| <HouseholdRow as Root>::lock(unit, id)).transpose()?;
    let people = transitions::lock_people(unit, case.person_id, household.as_ref()).map_err(unknown)?;
    let case = cases::lock(unit, new.case_id).map_err(unknown)?;
    if !may(unit, &case) {
        return Err(ApiError::unknown_reference("case_id"));
    }
    Ok(Going { case, people, household })
}

/// Keeps a new proposal; used by the demonstration data as well.
pub fn propose(unit: &mut Unit<'_>, id: TransferId, going: &Going, new: NewTransfer) -> ApiResult<TransferRow> {
    let case = &going.case;
    case.require_workable()?;
    check(unit, going, &new)?;
    let today = clock::date_of(unit.now);
    let mut row = TransferRow {
        id,
        case_id: case.id,
        person_id: case.person_id,
        owner_org_id: case.owner_org_id,
        territory_id: case.territory_id,
        target_group: case.target_group.clone(),
        access_level: case.access_level.clone(),
        case_manager_id: case.case_manager_id,
        to_org_id: new.to_org_id,
        to_territory_id: new.to_territory_id.unwrap_or(case.territory_id),
        reason: new.reason,
        package_fields: Json::of(new.package_fields),
        legal_basis: new.legal_basis,
        consent_id: None,
        with_household: new.with_household,
        status: TransferStatus::Proposed,
        expires_on: new.expires_on.unwrap_or(today + TimeDelta::days(ANSWER_DAYS)),
        author_id: unit.rights.principal,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    };
    if access::live_of(unit, case)?.is_some() {
        let detail = "it is proposed to somebody already: take that back first";
        return Err(ApiError::unmet(vec![UnmetGuard::new("no_live_transfer", detail)]));
    }
    row.consent_id = proposing::require(unit, &row, case, &going.people)?;
    records::add(unit, &row)?;
    Ok(row)
}

/// 403 or 422 where what is proposed does not fit.
fn check(unit: &mut Unit<'_>, going: &Going, new: &NewTransfer) -> ApiResult<()> {
    let today = clock::date_of(unit.now);
    if new.expires_on.is_some_and(|day| day <= today || day > today + TimeDelta::days(366)) {
        return Err(ApiError::invalid_member("expires_on", "must be after today and within a year"));
    }
    if new.to_org_id == going.case.owner_org_id {
        return Err(ApiError::invalid_member("to_org_id", "is the organisation that has the case"));
    }
    let known: Option<OrganisationId> =
        organisations::table.find(new.to_org_id).select(organisations::id).first(unit.connection).optional()?;
    if known.is_none() {
        return Err(ApiError::unknown_reference("to_org_id"));
    }
    require_territory(unit, "to_territory_id", new.to_territory_id)?;
    check_legal_basis(unit, new.legal_basis.as_deref())?;
    if new.with_household && going.case.household_id.is_none() {
        return Err(ApiError::invalid_member("with_household", "the case names no household"));
    }
    require_distinct(&new.package_fields)?;
    let person = going.people.first().ok_or_else(|| ApiError::fault("a case was locked without its person"))?;
    package::require_sendable(&new.package_fields, &unit.rights, &going.case, person)
}

/// 422 for a territory that there is not.
pub fn require_territory(unit: &mut Unit<'_>, member: &str, id: Option<TerritoryId>) -> ApiResult<()> {
    let Some(id) = id else { return Ok(()) };
    let known: Option<TerritoryId> =
        territories::table.find(id).select(territories::id).first(unit.connection).optional()?;
    if known.is_some() { Ok(()) } else { Err(ApiError::unknown_reference(member)) }
}

/// Read a transfer.
///
/// For who works with the case where it is or was, and for the body asked: each sees its own side of it.
#[utoipa::path(
    tag = "Transfers",
    params(("transfer_id" = TransferId, Path, description = "The transfer.")),
    responses((status = 200, description = "The transfer.", body = Transfer))
)]
#[get("/transfers/{transfer_id}")]
pub async fn read_transfer(
    door: Door,
    caller: Caller<actions::Read, resources::Transfers>,
    id: Id<TransferId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_transfer", caller, move |reader| {
        let row = access::find(reader, id.0)?;
        row.require(&reader.rights, Action::Read)?;
        reader.shows(Resource::Transfers, [row.id.0]);
        let sides = row.sides(&reader.rights);
        let transfer = Transfer::shown(row, &sides)?;
        reader.answer_row(transfer.version, &held, &Fields::default(), "", &transfer)
    })
    .await
}

/// What the body asked may know before it answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct TransferPackage {
    pub transfer_id: TransferId,
    pub content: PackageContent,
    /// Members of the content that your grants hide, whether or not they have a value.
    #[schema(max_items = 40)]
    pub withheld_fields: Vec<PackageField>,
}

/// Read a transfer's package.
///
/// The members of `package_fields` as they are now, while the transfer is proposed: to decide by. Each reading is recorded. Afterwards
/// there is none (404): who has accepted reads the case.
#[utoipa::path(
    tag = "Transfers",
    params(("transfer_id" = TransferId, Path, description = "The transfer.")),
    responses((status = 200, description = "The package.", body = TransferPackage))
)]
#[get("/transfers/{transfer_id}/package")]
pub async fn read_transfer_package(
    door: Door,
    caller: Caller<actions::Read, resources::TransferPackages>,
    id: Id<TransferId>,
) -> ApiResult<Answer> {
    door.read("read_transfer_package", caller, move |reader| {
        let row = access::find(reader, id.0)?;
        let sides = row.require(&reader.rights, Action::Read)?;
        if row.status != TransferStatus::Proposed {
            return Err(ApiError::not_found());
        }
        let case = cases::find(reader, row.case_id)?;
        let person = people::find(reader, row.person_id)?;
        person.require_workable()?;
        let place = if sides.contains(&Side::Sender) { row.sending() } else { row.receiving() };
        let (asked, now) = (row.fields()?, reader.now);
        let content = package::gather(reader.connection, &case, &person, &asked, now)?;
        reader.shows(Resource::TransferPackages, [row.id.0, row.case_id.0, row.person_id.0]);
        let (content, withheld_fields) = package::shown(content, &asked, reader.rights.fields_at(&place));
        Answer::ok(&TransferPackage { transfer_id: row.id, content, withheld_fields })
    })
    .await
}
