//! Operations on requests for transfers: asking, reading.

use actix_web::{get, post};
use approdo_db::schema::{cases, transfer_requests};
use diesel::prelude::*;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, Resource};
use crate::cases::types::CaseId;
use crate::cases::{queries as case_queries, reference};
use crate::codes;
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::http::{Answer, Body, Door, Fields, Id, IfNoneMatch};
use crate::offers::ground;
use crate::offers::two_sided::{self, TwoSided as _};
use crate::people::handlers::require_place;
use crate::people::queries as people;
use crate::people::types::PersonId;
use crate::transfer_requests::rules::TransferRequestStatus;
use crate::transfer_requests::types::{NewTransferRequest, TransferRequest, TransferRequestId, TransferRequestRow};
use crate::work::Unit;

/// Ask another body for a case.
///
/// By the number that the person brings along. Nothing is told of the case: not even whether there is one. Who is asked reads the number and
/// the reason, and accepts by proposing the transfer.
#[utoipa::path(
    tag = "Transfers",
    request_body = NewTransferRequest,
    responses((status = 201, description = "The request.", body = TransferRequest))
)]
#[post("/transfer-requests")]
pub async fn create_transfer_request(
    door: Door,
    caller: Caller<actions::Create, resources::TransferRequests>,
    body: Body<NewTransferRequest>,
) -> ApiResult<Answer> {
    door.write("create_transfer_request", caller, Some(body.fingerprint()), move |unit| {
        let new = body.read()?;
        let group = Some(new.target_group.as_str());
        let own = require_place(unit, Resource::TransferRequests, new.owner_org_id, new.territory_id, group);
        let row: TransferRequestRow = two_sided::made(unit, own, |unit, id, ()| ask(unit, id, new))?;
        unit.shows(Resource::TransferRequests, [row.id.0]);
        let (path, version) = (format!("/transfer-requests/{}", row.id), row.version);
        let sides = two_sided::sides(&row, &unit.rights);
        unit.created(&path, version, &TransferRequest::shown(row, &sides)?)
    })
    .await
}

/// Keeps a new request; used by the demonstration data as well.
pub fn ask(unit: &mut Unit<'_>, id: TransferRequestId, new: NewTransferRequest) -> ApiResult<TransferRequestRow> {
    codes::check(unit.app, "target_groups", "target_group", &new.target_group)?;
    ground::require_other_body(unit, new.owner_org_id, new.to_org_id)?;
    let expires_on = ground::answer_by(unit, new.expires_on)?;
    let public_ref = new.public_ref.to_ascii_uppercase();
    if !reference::is_valid(&public_ref) {
        return Err(ApiError::invalid_member("public_ref", "is no number of a case: a digit or letter is wrong"));
    }
    let whose = whose(unit, &public_ref)?;
    let live = transfer_requests::table
        .filter(transfer_requests::owner_org_id.eq(new.owner_org_id))
        .filter(transfer_requests::to_org_id.eq(new.to_org_id))
        .filter(transfer_requests::public_ref.eq(&public_ref))
        .filter(transfer_requests::status.eq(TransferRequestStatus::Requested));
    let live: Option<TransferRequestId> = live.select(transfer_requests::id).first(unit.connection).optional()?;
    if let Some(live) = live {
        let mut live = TransferRequestRow::lock(unit, live)?;
        two_sided::settle(unit, &mut live)?;
        if live.is_live() {
            let detail = "your body has asked for it already: wait for the answer, or take that back first";
            return Err(ApiError::unmet(vec![UnmetGuard::new("no_live_request", detail)]));
        }
    }
    let row = TransferRequestRow {
        id,
        owner_org_id: new.owner_org_id,
        territory_id: new.territory_id,
        target_group: new.target_group,
        to_org_id: new.to_org_id,
        public_ref,
        case_id: whose.map(|(case, _)| case),
        person_id: whose.map(|(_, person)| person),
        reason: new.reason,
        status: TransferRequestStatus::Requested,
        transfer_id: None,
        expires_on,
        author_id: unit.rights.principal,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    };
    two_sided::add(unit, &row, &TransferRequestRow::MEMBERS)?;
    Ok(row)
}

/// The case with a number and its person. Both are locked, in the order of everywhere: an erasure either sees the request or has put another
/// number in the place of this one.
fn whose(unit: &mut Unit<'_>, public_ref: &str) -> ApiResult<Option<(CaseId, PersonId)>> {
    let seen: Option<(CaseId, PersonId)> = cases::table
        .filter(cases::public_ref.eq(public_ref))
        .select((cases::id, cases::person_id))
        .first(unit.connection)
        .optional()?;
    let Some((case, person)) = seen else { return Ok(None) };
    people::lock(unit, person)?;
    let case = case_queries::lock(unit, case)?;
    Ok((case.public_ref == public_ref).then_some((case.id, person)))
}

/// Read a request for a transfer.
///
/// For case managers of the body that asks, there, and of the body that is asked.
#[utoipa::path(
    tag = "Transfers",
    params(("transfer_request_id" = TransferRequestId, Path, description = "The request.")),
    responses((status = 200, description = "The request.", body = TransferRequest))
)]
#[get("/transfer-requests/{transfer_request_id}")]
pub async fn read_transfer_request(
    door: Door,
    caller: Caller<actions::Read, resources::TransferRequests>,
    id: Id<TransferRequestId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_transfer_request", caller, move |reader| {
        let row: TransferRequestRow = two_sided::find(reader, id.0)?;
        two_sided::require(&row, &reader.rights, Action::Read)?;
        reader.shows(Resource::TransferRequests, [row.id.0]);
        let sides = two_sided::sides(&row, &reader.rights);
        let over = if row.status == TransferRequestStatus::Expired { "over" } else { "" };
        let request = TransferRequest::shown(row, &sides)?;
        reader.answer_row(request.version, &held, &Fields::default(), over, &request)
    })
    .await
}
