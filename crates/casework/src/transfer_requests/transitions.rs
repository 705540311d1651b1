//! Answering requests for transfers, and taking them back. Accepting proposes the transfer, in the same transaction.

use actix_web::{get, post};
use approdo_db::schema::child_transitions;
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::{Validate, ValidationErrors};

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, Resource};
use crate::aggregate::moves::{ChildTransition, ChildTransitionId, texts_within};
use crate::cases::types::CaseId;
use crate::error::{ApiError, ApiResult, Kind, UnmetGuard};
use crate::http::{Answer, Body, Checked, Door, Id, IfMatch, Parameters, reading};
use crate::offers::transitions::{self, OfferTransition, OfferTransitionPage, OfferTransitionQuery, require_mover};
use crate::offers::two_sided::{self, Known, TwoSided as _};
use crate::referrals::package::PackageField;
use crate::referrals::rules::Side;
use crate::transfer_requests::rules::{TransferRequestStatus, mover};
use crate::transfer_requests::types::{TransferRequestId, TransferRequestRow};
use crate::transfers::handlers as transfers;
use crate::transfers::handover::Going;
use crate::transfers::types::{NewTransfer, TransferId};
use crate::work::Unit;

/// Where to move a request, with what that move needs. The receiver accepts or rejects, the sender takes back. Both sides read the notes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "to", rename_all = "snake_case", deny_unknown_fields)]
#[schema(example = json!({"to": "accepted", "package_fields": ["given_name", "family_name", "languages"], "legal_basis": "public_task"}))]
pub enum NewTransferRequestTransition {
    /// The case with this number is proposed to the body that asks, which has the case when it accepts the transfer.
    Accepted {
        /// Why it is to go; as asked, when absent.
        #[schema(nullable = false, min_length = 1, max_length = 4000)]
        reason: Option<String>,
        /// What the other body is to know before it answers, and nothing more (GDPR art. 5(1)(c)).
        #[serde(default)]
        #[schema(required = false, max_items = 40)]
        package_fields: Vec<PackageField>,
        /// A code of `legal_bases`, where the transfer does not rest on a consent of the person; required where others go along.
        #[schema(nullable = false, min_length = 1, max_length = 40)]
        legal_basis: Option<String>,
        /// Whether the case's household goes, too, with all who live there; `false` when absent.
        #[serde(default)]
        #[schema(required = false)]
        with_household: bool,
        /// The first day on which the transfer can be accepted no more: after today, within a year; in 30 days when absent.
        #[schema(nullable = false)]
        #[serde(default, deserialize_with = "reading::optional_day")]
        expires_on: Option<NaiveDate>,
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    Rejected {
        #[schema(min_length = 1, max_length = 2000)]
        note: String,
    },
    /// The body asked knows of it no more.
    Withdrawn {
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
}

impl NewTransferRequestTransition {
    fn to(&self) -> TransferRequestStatus {
        match self {
            Self::Accepted { .. } => TransferRequestStatus::Accepted,
            Self::Rejected { .. } => TransferRequestStatus::Rejected,
            Self::Withdrawn { .. } => TransferRequestStatus::Withdrawn,
        }
    }

    fn note(&self) -> Option<&str> {
        match self {
            Self::Accepted { note, .. } | Self::Withdrawn { note } => note.as_deref(),
            Self::Rejected { note } => Some(note),
        }
    }
}

impl Validate for NewTransferRequestTransition {
    fn validate(&self) -> Result<(), ValidationErrors> {
        let (reason, legal_basis) = match self {
            Self::Accepted { reason, legal_basis, .. } => (reason.as_deref(), legal_basis.as_deref()),
            _ => (None, None),
        };
        texts_within(&[("note", self.note(), 2000), ("reason", reason, 4000), ("legal_basis", legal_basis, 40)])
    }
}

impl Checked for NewTransferRequestTransition {}

/// Answer or take back a request for a transfer.
///
/// The body names the new state in `to` and brings what that move needs. Accepted, the transfer is proposed in the same transaction, by you,
/// with what you name, and the request tells its id. A refused move is 409 with every guard that is not met.
#[utoipa::path(
    tag = "Transfers",
    params(("transfer_request_id" = TransferRequestId, Path, description = "The request.")),
    request_body = NewTransferRequestTransition,
    responses((status = 201, description = "The move; `ETag` is the request's.", body = OfferTransition))
)]
#[post("/transfer-requests/{transfer_request_id}/transitions")]
pub async fn create_transfer_request_transition(
    door: Door,
    caller: Caller<actions::Transition, resources::TransferRequests>,
    id: Id<TransferRequestId>,
    if_match: IfMatch,
    body: Body<NewTransferRequestTransition>,
) -> ApiResult<Answer> {
    door.write("create_transfer_request_transition", caller, Some(body.fingerprint()), move |unit| {
        let seen = TransferRequestRow::find(unit, id.0)?;
        two_sided::require(&seen, &unit.rights, Action::Transition)?;
        unit.shows(Resource::TransferRequests, [seen.id.0]);
        let asked = body.read()?;
        let (row, going) = locked(unit, &seen, &asked)?;
        let sides = two_sided::require(&row, &unit.rights, Action::Transition)?;
        let transition_id = ChildTransitionId::new();
        let made: ChildTransition = match unit.replay(transition_id.0)? {
            Some(earlier) => child_transitions::table.find(ChildTransitionId(earlier)).first(unit.connection)?,
            None => {
                if_match.check(row.version)?;
                let (from, to) = (row.status, asked.to());
                require_mover("a request for a transfer", mover(from, to), (from.as_str(), to.as_str()), &sides)?;
                make(unit, row, going, transition_id, asked)?
            }
        };
        let made = OfferTransition::told(made, &sides, whose);
        unit.created(&format!("/transfer-requests/{}", made.resource_id), made.resource_version, &made)
    })
    .await
}

/// A request under its lock, with the case and who would go with it where it is to be accepted; these before it, as everywhere.
pub fn locked(
    unit: &mut Unit<'_>,
    seen: &TransferRequestRow,
    asked: &NewTransferRequestTransition,
) -> ApiResult<(TransferRequestRow, Option<Going>)> {
    let going = match (asked, seen.case_id) {
        (NewTransferRequestTransition::Accepted { with_household, .. }, Some(case)) if seen.is_live() => {
            asked_for(unit, seen, case, *with_household)?
        }
        _ => None,
    };
    let mut row = TransferRequestRow::lock(unit, seen.id)?;
    two_sided::settle(unit, &mut row)?;
    Ok((row, going))
}

/// The case that is asked for, where the body that is asked has it and the caller works with it there.
fn asked_for(
    unit: &mut Unit<'_>,
    seen: &TransferRequestRow,
    case: CaseId,
    with_household: bool,
) -> ApiResult<Option<Going>> {
    match transfers::own_case(unit, case, with_household) {
        Ok(going) if going.case.owner_org_id == seen.to_org_id => Ok(Some(going)),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == Kind::Invalid => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whose move it is to a state.
fn whose(to: &str) -> Side {
    let mover = TransferRequestStatus::parse(to).and_then(|to| mover(TransferRequestStatus::Requested, to));
    mover.unwrap_or(Side::System)
}

/// Moves a locked request, where its mover may; used by the demonstration data as well.
pub fn make(
    unit: &mut Unit<'_>,
    mut row: TransferRequestRow,
    going: Option<Going>,
    id: ChildTransitionId,
    asked: NewTransferRequestTransition,
) -> ApiResult<ChildTransition> {
    let (was, from, note) = (Known::of(&row), row.status, asked.note().map(str::to_owned));
    row.status = asked.to();
    let mut changed = Vec::new();
    if let NewTransferRequestTransition::Accepted {
        reason,
        package_fields,
        legal_basis,
        with_household,
        expires_on,
        ..
    } = asked
    {
        let Some(going) = going else {
            let detail = "the organisation asked has no case with this number that you work with";
            return Err(ApiError::unmet(vec![UnmetGuard::new("case_here", detail)]));
        };
        let new = NewTransfer {
            case_id: going.case.id,
            to_org_id: row.owner_org_id,
            to_territory_id: Some(row.territory_id),
            reason: reason.unwrap_or_else(|| row.reason.clone()),
            package_fields,
            legal_basis,
            with_household,
            expires_on,
        };
        row.transfer_id = Some(transfers::propose(unit, TransferId::new(), &going, new)?.id);
        unit.shows(Resource::Cases, [going.case.id.0]);
        changed.push("transfer_id");
    }
    two_sided::moved(unit, &mut row, &was, id, from.as_str(), &changed, note.as_deref())
}

/// List the moves of a request for a transfer.
///
/// Oldest first. Both sides read them; moves are never changed.
#[utoipa::path(
    tag = "Transfers",
    params(("transfer_request_id" = TransferRequestId, Path, description = "The request."), OfferTransitionQuery),
    responses((status = 200, description = "A page.", body = OfferTransitionPage))
)]
#[get("/transfer-requests/{transfer_request_id}/transitions")]
pub async fn list_transfer_request_transitions(
    door: Door,
    caller: Caller<actions::Read, resources::TransferRequests>,
    id: Id<TransferRequestId>,
    query: Parameters<OfferTransitionQuery>,
) -> ApiResult<Answer> {
    door.read("list_transfer_request_transitions", caller, move |reader| {
        let row: TransferRequestRow = two_sided::find(reader, id.0)?;
        let sides = two_sided::require(&row, &reader.rights, Action::Read)?;
        reader.shows(Resource::TransferRequests, [row.id.0]);
        transitions::page(reader, row.id.0, &query, &sides, whose)
    })
    .await
}
