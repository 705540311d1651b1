//! Moving a transfer: each move is an immutable row that both sides read.

use actix_web::{get, post};
use approdo_db::schema::child_transitions;
use diesel::prelude::*;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::{Validate, ValidationErrors};

use crate::access::caller::{Caller, actions, resources};
use crate::access::rights::Confinement;
use crate::access::{Action, ActorKind, Place, PrincipalId, Resource, TerritoryId};
use crate::aggregate::Root;
use crate::aggregate::moves::{ChildTransition, ChildTransitionId, texts_within};
use crate::cases::handlers as cases;
use crate::cases::queries as case_queries;
use crate::codes;
use crate::error::{ApiError, ApiResult};
use crate::http::{Answer, Body, Checked, Door, Id, IfMatch, Parameters};
use crate::offers::ground::require_territory;
use crate::offers::transitions::{self, OfferTransition, OfferTransitionPage, OfferTransitionQuery, require_mover};
use crate::offers::two_sided::{self, Known, TwoSided as _};
use crate::referrals::rules::Side;
use crate::transfers::frozen;
use crate::transfers::handover::{self, Going, Taking};
use crate::transfers::proposing;
use crate::transfers::rules::{TransferStatus, mover};
use crate::transfers::types::{TransferId, TransferRow};
use crate::work::Unit;

/// Where to move a transfer, with what that move needs. The receiver accepts or rejects, the sender takes back. Both sides read the notes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "to", rename_all = "snake_case", deny_unknown_fields)]
#[schema(example = json!({"to": "accepted", "note": "The family has registered with us."}))]
pub enum NewTransferTransition {
    /// The case is yours from this moment, with its person, its open tasks, its appointments to come and its referrals that are not over.
    Accepted {
        /// Where the case will be; as proposed, when absent.
        #[schema(nullable = false)]
        territory_id: Option<TerritoryId>,
        /// Who of your body works on it; you, when absent.
        #[schema(nullable = false)]
        case_manager_id: Option<PrincipalId>,
        /// A code of `legal_bases`: on what your body works on it; as before, when absent.
        #[schema(nullable = false, min_length = 1, max_length = 40)]
        legal_basis: Option<String>,
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

impl NewTransferTransition {
    fn to(&self) -> TransferStatus {
        match self {
            Self::Accepted { .. } => TransferStatus::Accepted,
            Self::Rejected { .. } => TransferStatus::Rejected,
            Self::Withdrawn { .. } => TransferStatus::Withdrawn,
        }
    }

    fn note(&self) -> Option<&str> {
        match self {
            Self::Accepted { note, .. } | Self::Withdrawn { note } => note.as_deref(),
            Self::Rejected { note } => Some(note),
        }
    }
}

impl Validate for NewTransferTransition {
    fn validate(&self) -> Result<(), ValidationErrors> {
        let legal_basis = match self {
            Self::Accepted { legal_basis, .. } => legal_basis.as_deref(),
            _ => None,
        };
        texts_within(&[("note", self.note(), 2000), ("legal_basis", legal_basis, 40)])
    }
}

impl Checked for NewTransferTransition {}

/// Answer or take back a transfer.
///
/// The body names the new state in `to` and brings what that move needs. Accepted, the case changes its organisation in the same
/// transaction, and its former one keeps the record of it as it was. A refused move is 409 with every guard that is not met.
#[utoipa::path(
    tag = "Transfers",
    params(("transfer_id" = TransferId, Path, description = "The transfer.")),
    request_body = NewTransferTransition,
    responses((status = 201, description = "The move; `ETag` is the transfer's.", body = OfferTransition))
)]
#[post("/transfers/{transfer_id}/transitions")]
pub async fn create_transfer_transition(
    door: Door,
    caller: Caller<actions::Transition, resources::Transfers>,
    id: Id<TransferId>,
    if_match: IfMatch,
    body: Body<NewTransferTransition>,
) -> ApiResult<Answer> {
    door.write("create_transfer_transition", caller, Some(body.fingerprint()), move |unit| {
        let (row, going) = locked(unit, id.0)?;
        let sides = two_sided::require(&row, &unit.rights, Action::Transition)?;
        unit.shows(Resource::Transfers, [row.id.0]);
        let asked = body.read()?;
        let transition_id = ChildTransitionId::new();
        let made: ChildTransition = match unit.replay(transition_id.0)? {
            Some(earlier) => child_transitions::table.find(ChildTransitionId(earlier)).first(unit.connection)?,
            None => {
                if_match.check(row.version)?;
                let to = asked.to();
                require_mover("a transfer", mover(row.status, to), (row.status.as_str(), to.as_str()), &sides)?;
                make(unit, row, going, transition_id, &asked)?
            }
        };
        let made = OfferTransition::told(made, &sides, whose);
        unit.created(&format!("/transfers/{}", made.resource_id), made.resource_version, &made)
    })
    .await
}

/// A transfer under its lock, with everything that would go where it is not answered yet.
pub fn locked(unit: &mut Unit<'_>, id: TransferId) -> ApiResult<(TransferRow, Option<Going>)> {
    let seen = TransferRow::find(unit, id)?;
    if seen.status != TransferStatus::Proposed {
        return Ok((TransferRow::lock(unit, id)?, None));
    }
    let case = case_queries::find(unit, seen.case_id)?;
    let going = handover::lock(unit, &case, seen.with_household)?;
    let mut row = TransferRow::lock(unit, id)?;
    two_sided::settle(unit, &mut row)?;
    Ok((row, Some(going)))
}

/// Whose move it is to a state.
fn whose(to: &str) -> Side {
    let mover = TransferStatus::parse(to).and_then(|to| mover(TransferStatus::Proposed, to));
    mover.unwrap_or(Side::System)
}

/// Moves a locked transfer, where its mover may; used by the demonstration data as well.
pub fn make(
    unit: &mut Unit<'_>,
    mut row: TransferRow,
    going: Option<Going>,
    id: ChildTransitionId,
    asked: &NewTransferTransition,
) -> ApiResult<ChildTransition> {
    let (was, from) = (Known::of(&row), row.status);
    row.status = asked.to();
    let NewTransferTransition::Accepted { territory_id, case_manager_id, legal_basis, .. } = asked else {
        return two_sided::moved(unit, &mut row, &was, id, from.as_str(), &[], asked.note());
    };
    let going = going.ok_or_else(|| ApiError::fault("a proposal was locked without what goes"))?;
    let taking = Taking {
        organisation: row.to_org_id,
        territory: territory_id.unwrap_or(row.to_territory_id),
        manager: case_manager_id.unwrap_or(unit.rights.principal),
        legal_basis: legal_basis.clone(),
    };
    check(unit, &going, &taking, *territory_id, *case_manager_id)?;
    let consent = proposing::require(unit, &row, &going)?;
    let person = going.people.first().ok_or_else(|| ApiError::fault("a proposal was locked without its person"))?;
    frozen::freeze(unit, row.id, &going.case, person)?;
    let mut changed = Vec::new();
    if row.consent_id != consent {
        row.consent_id = consent;
        changed.push("consent_id");
    }
    if row.to_territory_id != taking.territory {
        row.to_territory_id = taking.territory;
        changed.push("to_territory_id");
    }
    // The transfer before the case: what is accepted does not follow the case any more.
    let made = two_sided::moved(unit, &mut row, &was, id, from.as_str(), &changed, asked.note())?;
    handover::hand_over(unit, going, &taking)?;
    Ok(made)
}

/// 403, 422 or 423 where the case cannot go there as asked.
fn check(
    unit: &mut Unit<'_>,
    going: &Going,
    taking: &Taking,
    territory: Option<TerritoryId>,
    manager: Option<PrincipalId>,
) -> ApiResult<()> {
    going.case.require_workable()?;
    for person in &going.people {
        person.require_workable()?;
    }
    require_territory(unit, "territory_id", territory)?;
    codes::check_optional(unit.app, "legal_bases", "legal_basis", taking.legal_basis.as_deref())?;
    let place = taking.place(&going.case);
    let open = Place { confinement: Confinement::Open, ..place.clone() };
    if !unit.rights.may_at(Action::Create, Resource::Cases, &open) {
        return Err(ApiError::forbidden("none of your grants lets you take over a case there"));
    }
    if manager.is_none() && unit.rights.kind != ActorKind::User {
        return Err(ApiError::invalid_member("case_manager_id", "is required"));
    }
    cases::check_manager(unit, taking.manager, &place)
}

/// List a transfer's moves.
///
/// Oldest first. Both sides read them; moves are never changed.
#[utoipa::path(
    tag = "Transfers",
    params(("transfer_id" = TransferId, Path, description = "The transfer."), OfferTransitionQuery),
    responses((status = 200, description = "A page.", body = OfferTransitionPage))
)]
#[get("/transfers/{transfer_id}/transitions")]
pub async fn list_transfer_transitions(
    door: Door,
    caller: Caller<actions::Read, resources::Transfers>,
    id: Id<TransferId>,
    query: Parameters<OfferTransitionQuery>,
) -> ApiResult<Answer> {
    door.read("list_transfer_transitions", caller, move |reader| {
        let row: TransferRow = two_sided::find(reader, id.0)?;
        let sides = two_sided::require(&row, &reader.rights, Action::Read)?;
        reader.shows(Resource::Transfers, [row.id.0]);
        transitions::page(reader, row.id.0, &query, &sides, whose)
    })
    .await
}
