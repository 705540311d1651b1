//! Operations on transfers: proposing, reading, the package.

use actix_web::{get, post};
use approdo_db::Json;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, Resource};
use crate::aggregate::Root;
use crate::cases::types::CaseId;
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::http::{Answer, Body, Door, Fields, Id, IfNoneMatch};
use crate::offers::two_sided::{self, TwoSided as _};
use crate::offers::{self, Offer as _, ground};
use crate::referrals::package::{PackageContent, PackageField};
use crate::transfers::handover::{self, Going};
use crate::transfers::proposing;
use crate::transfers::rules::TransferStatus;
use crate::transfers::types::{NewTransfer, Transfer, TransferId, TransferRow};
use crate::work::Unit;

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
        let going = own_case(unit, new.case_id, new.with_household);
        let row = offers::made(unit, going, |unit, id, going| propose(unit, id, &going, new))?;
        let (path, version) = (format!("/transfers/{}", row.id), row.version);
        let sides = two_sided::sides(&row, &unit.rights);
        unit.created(&path, version, &Transfer::shown(row, &sides)?)
    })
    .await
}

/// The case to hand over with who would go with it, locked: one that the caller works with.
pub fn own_case(unit: &mut Unit<'_>, id: CaseId, with_household: bool) -> ApiResult<Going> {
    let seen = ground::require_own(unit, Resource::Transfers, id)?;
    let going = handover::lock(unit, &seen, with_household).map_err(ground::unknown_case)?;
    // It may have gone meanwhile.
    ground::require_own(unit, Resource::Transfers, id)?;
    Ok(going)
}

/// Keeps a new proposal; used by the demonstration data as well.
pub fn propose(unit: &mut Unit<'_>, id: TransferId, going: &Going, new: NewTransfer) -> ApiResult<TransferRow> {
    let case = &going.case;
    case.require_workable()?;
    going.people.iter().try_for_each(Root::require_workable)?;
    check(unit, going, &new)?;
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
        expires_on: ground::answer_by(unit, new.expires_on)?,
        author_id: unit.rights.principal,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    };
    for mut live in TransferRow::live_of(unit, case)? {
        two_sided::settle(unit, &mut live)?;
        if live.is_live() {
            let detail = "it is proposed to somebody already: take that back first";
            return Err(ApiError::unmet(vec![UnmetGuard::new("no_live_transfer", detail)]));
        }
    }
    row.consent_id = proposing::require(unit, &row, going)?;
    two_sided::add(unit, &row, &TransferRow::MEMBERS)?;
    Ok(row)
}

/// 403 or 422 where what is proposed does not fit.
fn check(unit: &mut Unit<'_>, going: &Going, new: &NewTransfer) -> ApiResult<()> {
    let person = going.people.first().ok_or_else(|| ApiError::fault("a case was locked without its person"))?;
    let terms = ground::Terms {
        to_org_id: new.to_org_id,
        package_fields: &new.package_fields,
        legal_basis: new.legal_basis.as_deref(),
        expires_on: new.expires_on,
    };
    ground::check(unit, &going.case, person, &terms)?;
    ground::require_territory(unit, "to_territory_id", new.to_territory_id)?;
    if new.with_household && going.case.household_id.is_none() {
        return Err(ApiError::invalid_member("with_household", "the case names no household"));
    }
    Ok(())
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
        let row: TransferRow = two_sided::find(reader, id.0)?;
        two_sided::require(&row, &reader.rights, Action::Read)?;
        reader.shows(Resource::Transfers, [row.id.0]);
        let sides = two_sided::sides(&row, &reader.rights);
        let over = if row.status == TransferStatus::Expired { "over" } else { "" };
        let transfer = Transfer::shown(row, &sides)?;
        reader.answer_row(transfer.version, &held, &Fields::default(), over, &transfer)
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
        let row: TransferRow = two_sided::find(reader, id.0)?;
        let (content, withheld_fields) = ground::package(reader, &row)?;
        Answer::ok(&TransferPackage { transfer_id: row.id, content, withheld_fields })
    })
    .await
}
