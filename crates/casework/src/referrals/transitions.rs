//! Moving a referral, and what each move brings about: each is an immutable row that both sides read.

use actix_web::{get, post};
use approdo_db::Timestamp;
use approdo_db::schema::child_transitions;
use approdo_db::types::RowId;
use chrono::{NaiveDate, TimeDelta};
use diesel::prelude::*;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, Resource};
use crate::aggregate::Root as _;
use crate::aggregate::moves::{self, ChildTransition, ChildTransitionId};
use crate::cases::handlers::refuse_unless_open;
use crate::clock;
use crate::directory::capacities::{self, CapacityChange};
use crate::directory::services::ServiceRow;
use crate::entries::Entry as _;
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::http::{Answer, Body, Door, Id, IfMatch, Parameters};
use crate::paged_query;
use crate::people::types::PersonRow;
use crate::referrals::access::{self, Found};
use crate::referrals::moves::{NewReferralTransition, ReferralTransition, ReferralTransitionPage};
use crate::referrals::rules::{Outcome, ReferralStatus, Side, mover};
use crate::referrals::types::ReferralId;
use crate::referrals::{extensions, forwards, package, partner_links, records, sending};
use crate::work::Unit;

/// Days after which what is finished closes by itself.
pub const CLOSE_DAYS: i64 = 14;

paged_query! {
    /// How to list a referral's moves.
    ReferralTransitionQuery {}
}

/// Move a referral.
///
/// The body names the new state in `to` and brings what that move needs. Who may make which move is told by `allowed_transitions`. A
/// refused move is 409 with every guard that is not met.
#[utoipa::path(
    tag = "Referrals",
    params(("referral_id" = ReferralId, Path, description = "The referral.")),
    request_body = NewReferralTransition,
    responses((status = 201, description = "The move; `ETag` is the referral's.", body = ReferralTransition))
)]
#[post("/referrals/{referral_id}/transitions")]
pub async fn create_referral_transition(
    door: Door,
    caller: Caller<actions::Transition, resources::Referrals>,
    id: Id<ReferralId>,
    if_match: IfMatch,
    body: Body<NewReferralTransition>,
) -> ApiResult<Answer> {
    door.write("create_referral_transition", caller, Some(body.fingerprint()), move |unit| {
        let (found, person) = locked(unit, id.0)?;
        let sides = found.require(&unit.rights, Action::Transition)?;
        unit.shows(Resource::Referrals, [found.row.id.0]);
        let asked = body.read()?;
        let transition_id = ChildTransitionId::new();
        let made: ChildTransition = match unit.replay(transition_id.0)? {
            Some(earlier) => child_transitions::table.find(ChildTransitionId(earlier)).first(unit.connection)?,
            None => {
                if_match.check(found.row.version)?;
                require_move(&found, asked.to(), &sides)?;
                make(unit, found, person.as_ref(), transition_id, &asked)?
            }
        };
        // Only a side reads the answer to its own move.
        let made = ReferralTransition::told(made, &sides, false, &[])?;
        unit.created(&format!("/referrals/{}", made.referral_id), made.referral_version, &made)
    })
    .await
}

/// A referral under its lock. What is still to be sent comes with its person, on whose consent it may rest.
fn locked(unit: &mut Unit<'_>, id: ReferralId) -> ApiResult<(Found, Option<PersonRow>)> {
    if access::find(unit, id)?.row.status == ReferralStatus::Draft {
        let (found, person) = access::lock_with_person(unit, id)?;
        Ok((found, Some(person)))
    } else {
        Ok((access::lock(unit, id)?, None))
    }
}

/// Whether these sides may move it there; 423 where processing is restricted.
pub fn require_move(found: &Found, to: ReferralStatus, sides: &[Side]) -> ApiResult<()> {
    require_mover(found, to, sides)?;
    if !to.is_terminal() || to == ReferralStatus::Closed {
        // To end is no processing (GDPR art. 18).
        found.case.require_workable()?;
    }
    Ok(())
}

/// 409 where there is no such way, 403 where it is another side's.
fn require_mover(found: &Found, to: ReferralStatus, sides: &[Side]) -> ApiResult<()> {
    match mover(found.row.status, to) {
        Some(Side::Receiver) if found.row.is_unclaimed_offer() && sides.contains(&Side::Receiver) => {
            Err(ApiError::unmet(vec![UnmetGuard::new("claimed", "several are asked: claim it first")]))
        }
        Some(side) if sides.contains(&side) => Ok(()),
        Some(side) if side != Side::System => {
            Err(ApiError::forbidden(format!("only its {side} moves this referral to {to}")))
        }
        _ => Err(moves::no_such_move("a referral", found.row.status.as_str(), to.as_str())),
    }
}

/// Moves a locked referral, where its mover may; used by the demonstration data as well.
pub fn make(
    unit: &mut Unit<'_>,
    mut found: Found,
    person: Option<&PersonRow>,
    id: ChildTransitionId,
    asked: &NewReferralTransition,
) -> ApiResult<ChildTransition> {
    let (from, to) = (found.row.status, asked.to());
    let today = clock::date_of(unit.now);
    let before = found.known_to();
    let mut changed = Vec::new();
    match asked {
        NewReferralTransition::Requested { .. } => {
            let person = person.ok_or_else(|| ApiError::fault("a draft was locked without its person"))?;
            changed.extend(send(unit, &mut found, person)?);
        }
        NewReferralTransition::Received { note } if from == ReferralStatus::InfoRequested => {
            if note.is_none() {
                return Err(ApiError::invalid_member("note", "answer what was asked"));
            }
            changed.extend(extensions::resume(unit, &mut found)?);
        }
        NewReferralTransition::InfoRequested { .. } => {
            changed.extend(extensions::pause(unit, &mut found, extensions::PauseKind::InfoRequested)?);
        }
        NewReferralTransition::Accepted { .. } => {
            found.row.due_completion_on = found.row.terms()?.completion_from(today);
            changed.extend(found.row.due_completion_on.map(|_| "due_completion_on"));
            // It was answered: the clock runs on only if it comes back from somebody else.
            changed.extend(extensions::pause(unit, &mut found, extensions::PauseKind::Accepted)?);
        }
        NewReferralTransition::Scheduled { scheduled_at, .. } => {
            found.row.scheduled_at = Some(Timestamp::new(*scheduled_at));
            changed.push("scheduled_at");
        }
        NewReferralTransition::OnHold { review_at, .. } => {
            if *review_at <= today {
                return Err(ApiError::invalid_member("review_at", "must be after today"));
            }
            found.row.review_at = Some(*review_at);
            changed.push("review_at");
        }
        NewReferralTransition::InProgress { .. } if found.row.review_at.is_some() => {
            found.row.review_at = None;
            changed.push("review_at");
        }
        NewReferralTransition::Declined { outcome_code, .. }
        | NewReferralTransition::Completed { outcome_code, .. }
        | NewReferralTransition::NotCompleted { outcome_code, .. } => {
            if !outcome_code.fits(to) {
                return Err(ApiError::invalid_member("outcome_code", format!("is no outcome of what is {to}")));
            }
            changed.extend(ended(&mut found, to, *outcome_code, today));
        }
        NewReferralTransition::Closed { client_satisfaction, .. } if client_satisfaction.is_some() => {
            found.row.client_satisfaction = *client_satisfaction;
            changed.push("client_satisfaction");
        }
        _ => {}
    }
    if let Some(capacity) = asked.capacity() {
        tell_capacity(unit, &found, capacity.clone())?;
    }
    let made = records::moved_from(unit, &mut found, &before, id, (from, to), &changed, asked.note())?;
    if matches!(to, ReferralStatus::Cancelled | ReferralStatus::EnteredInError) {
        forwards::end_below(unit, found.row.id, to)?;
    }
    forwards::follow(unit, &found)?;
    Ok(made)
}

/// Notes how it ended. Gives the members that this changes.
pub fn ended(found: &mut Found, to: ReferralStatus, outcome: Outcome, today: NaiveDate) -> Vec<&'static str> {
    found.row.outcome_code = Some(outcome);
    if !to.is_finished() {
        return vec!["outcome_code"];
    }
    found.row.close_on = today.checked_add_signed(TimeDelta::days(CLOSE_DAYS));
    vec!["outcome_code", "close_on"]
}

/// Lets a draft go, where everything that must cover it does. Gives the members that this changes.
fn send(unit: &mut Unit<'_>, found: &mut Found, person: &PersonRow) -> ApiResult<Vec<&'static str>> {
    person.require_workable()?;
    found.case.require_workable()?;
    refuse_unless_open(&found.case)?;
    let fields = found.row.fields()?;
    package::require_sendable(&fields, &unit.rights, &found.case, person)?;
    found.row.target_group.clone_from(&found.case.target_group);
    let services = sending::services(unit, &found.row.offered()?)?;
    let leave = sending::leave(unit, &found.row, found.case.territory_id, &services, &fields)?;
    let changed = sending::depart(unit, &mut found.row, &leave)?;
    records::reach(unit, found, leave.recipients)?;
    let content = package::gather(unit.connection, &found.case, person, &fields, unit.now)?;
    package::freeze(unit.connection, found.row.id, &content, unit.now)?;
    Ok(changed)
}

/// Tells how much room the service has, for who may.
fn tell_capacity(unit: &mut Unit<'_>, found: &Found, told: CapacityChange) -> ApiResult<()> {
    let Some(service) = found.row.service_id else { return Ok(()) };
    let service = ServiceRow::lock(unit.connection, service)?.ok_or_else(ApiError::not_found)?;
    if !unit.rights.may_in(Action::Edit, Resource::ServiceCapacities, service.organisation_id) {
        return Err(ApiError::forbidden("your grants do not let you write capacity"));
    }
    let before = capacities::of_service(unit.connection, service.id)?;
    capacities::tell(unit, &service, told.over(before), None).map(drop)
}

/// List a referral's moves.
///
/// Oldest first. Both sides read them; moves are never changed.
#[utoipa::path(
    tag = "Referrals",
    params(("referral_id" = ReferralId, Path, description = "The referral."), ReferralTransitionQuery),
    responses((status = 200, description = "A page.", body = ReferralTransitionPage))
)]
#[get("/referrals/{referral_id}/transitions")]
pub async fn list_referral_transitions(
    door: Door,
    caller: Caller<actions::Read, resources::Referrals>,
    id: Id<ReferralId>,
    query: Parameters<ReferralTransitionQuery>,
) -> ApiResult<Answer> {
    door.read("list_referral_transitions", caller, move |reader| {
        let found = access::find(reader, id.0)?;
        let sides = found.require(&reader.rights, Action::Read)?;
        let asked = query.read()?;
        let request = reader.page(&query, asked.limit, asked.cursor.as_deref());
        let rows: Vec<ChildTransition> = child_transitions::table
            .filter(child_transitions::resource_id.eq(RowId(found.row.id.0)))
            .filter(child_transitions::id.gt(request.after()?.unwrap_or(ChildTransitionId(uuid::Uuid::nil()))))
            .order(child_transitions::id)
            .limit(request.limit() + 1)
            .load(reader.connection)?;
        reader.shows(Resource::Referrals, [found.row.id.0]);
        let opened = sides.contains(&Side::Sender) || found.row.is_open_to_receiver();
        let page = request.page(rows, |row: &ChildTransition| row.id)?;
        let links = partner_links::records::all_of(reader.connection, found.row.id)?;
        let links: Vec<_> = links.into_iter().map(|link| link.id).collect();
        let page = page.try_map(|row| ReferralTransition::told(row, &sides, opened, &links))?;
        Answer::ok(&ReferralTransitionPage::from(page))
    })
    .await
}
