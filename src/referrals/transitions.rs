//! Moves of a referral: each an immutable row that both sides read.

use actix_web::{get, post};
use approdo_db::Timestamp;
use approdo_db::schema::child_transitions;
use approdo_db::types::RowId;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::{Validate, ValidationError, ValidationErrors};

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, PrincipalId, Resource, SYSTEM};
use crate::aggregate::Root as _;
use crate::aggregate::moves::{self, ChildTransition, ChildTransitionId, texts_within};
use crate::cases::handlers::refuse_unless_open;
use crate::clock;
use crate::directory::capacities::{self, CapacityChange};
use crate::directory::entries::Entry as _;
use crate::directory::services::ServiceRow;
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::http::{Answer, Body, Checked, Door, Id, IfMatch, Parameters, reading};
use crate::page_of;
use crate::paged_query;
use crate::people::types::PersonRow;
use crate::referrals::access::{self, Found};
use crate::referrals::rules::{Outcome, ReferralStatus, Side, made_by, mover};
use crate::referrals::types::ReferralId;
use crate::referrals::{extensions, forwards, package, records, sending};
use crate::work::Unit;

/// Days after which what is finished closes by itself.
pub const CLOSE_DAYS: i64 = 14;

/// Where to move a referral, with what that move needs. The sender sends, answers a question, closes, cancels and takes back; the receiver
/// does the rest. Both sides read the notes: nothing about the person here that is not in the package.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "to", rename_all = "snake_case", deny_unknown_fields)]
#[schema(example = json!({"to": "accepted", "note": "Place in the course that begins on 11 January."}))]
pub enum NewReferralTransition {
    /// Sends a draft: the package is frozen, the clock begins. A consent or another basis, and an agreement, must cover it.
    Requested {
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    /// Acknowledges a request; or answers what was asked back, with a note.
    Received {
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    /// From received.
    Accepted {
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
        /// How much room the service has from now on.
        #[schema(nullable = false)]
        capacity: Option<CapacityChange>,
    },
    /// From received, with `ineligible`, `capacity`, `client_refused` or `unreachable`.
    Declined {
        outcome_code: Outcome,
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
        /// How much room the service has from now on.
        #[schema(nullable = false)]
        capacity: Option<CapacityChange>,
    },
    /// From received: asks something back. The clock stands still until it is answered.
    InfoRequested {
        #[schema(min_length = 1, max_length = 2000)]
        note: String,
    },
    /// From accepted.
    Waitlisted {
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
        /// How much room the service has from now on.
        #[schema(nullable = false)]
        capacity: Option<CapacityChange>,
    },
    /// From accepted, from the waiting list, or again after a missed appointment.
    Scheduled {
        #[serde(deserialize_with = "reading::instant")]
        scheduled_at: DateTime<Utc>,
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    /// From scheduled: the person did not come.
    NoShow {
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    /// From scheduled or the waiting list, or back from on hold.
    InProgress {
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    /// From in progress.
    OnHold {
        /// When it will be looked at again: after today.
        #[serde(deserialize_with = "reading::day")]
        review_at: NaiveDate,
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    /// From in progress, with `service_delivered` or `enrolled`.
    Completed {
        outcome_code: Outcome,
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
        /// How much room the service has from now on.
        #[schema(nullable = false)]
        capacity: Option<CapacityChange>,
    },
    /// From in progress or after a missed appointment, with why.
    NotCompleted {
        outcome_code: Outcome,
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    /// Confirms how it ended. What is not confirmed within 14 days closes by itself.
    Closed {
        /// From 1 (not at all) to 5 (very), as the person said.
        #[serde(default, deserialize_with = "reading::optional_whole")]
        #[schema(nullable = false, minimum = 1, maximum = 5)]
        client_satisfaction: Option<i64>,
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    /// From wherever it is not over.
    Cancelled {
        #[schema(min_length = 1, max_length = 2000)]
        note: String,
    },
    /// From wherever it is not over: it should never have been. Its receivers know of it no more.
    EnteredInError {
        #[schema(min_length = 1, max_length = 2000)]
        note: String,
    },
}

impl NewReferralTransition {
    fn to(&self) -> ReferralStatus {
        match self {
            Self::Requested { .. } => ReferralStatus::Requested,
            Self::Received { .. } => ReferralStatus::Received,
            Self::Accepted { .. } => ReferralStatus::Accepted,
            Self::Declined { .. } => ReferralStatus::Declined,
            Self::InfoRequested { .. } => ReferralStatus::InfoRequested,
            Self::Waitlisted { .. } => ReferralStatus::Waitlisted,
            Self::Scheduled { .. } => ReferralStatus::Scheduled,
            Self::NoShow { .. } => ReferralStatus::NoShow,
            Self::InProgress { .. } => ReferralStatus::InProgress,
            Self::OnHold { .. } => ReferralStatus::OnHold,
            Self::Completed { .. } => ReferralStatus::Completed,
            Self::NotCompleted { .. } => ReferralStatus::NotCompleted,
            Self::Closed { .. } => ReferralStatus::Closed,
            Self::Cancelled { .. } => ReferralStatus::Cancelled,
            Self::EnteredInError { .. } => ReferralStatus::EnteredInError,
        }
    }

    fn note(&self) -> Option<&str> {
        match self {
            Self::Requested { note }
            | Self::Received { note }
            | Self::Accepted { note, .. }
            | Self::Declined { note, .. }
            | Self::Waitlisted { note, .. }
            | Self::Scheduled { note, .. }
            | Self::NoShow { note }
            | Self::InProgress { note }
            | Self::OnHold { note, .. }
            | Self::Completed { note, .. }
            | Self::NotCompleted { note, .. }
            | Self::Closed { note, .. } => note.as_deref(),
            Self::InfoRequested { note } | Self::Cancelled { note } | Self::EnteredInError { note } => Some(note),
        }
    }

    fn capacity(&self) -> Option<&CapacityChange> {
        match self {
            Self::Accepted { capacity, .. }
            | Self::Declined { capacity, .. }
            | Self::Waitlisted { capacity, .. }
            | Self::Completed { capacity, .. } => capacity.as_ref(),
            _ => None,
        }
    }
}

impl Validate for NewReferralTransition {
    fn validate(&self) -> Result<(), ValidationErrors> {
        let mut result = texts_within(&[("note", self.note(), 2000)]);
        if let Self::Closed { client_satisfaction: Some(said), .. } = self
            && !(1..=5).contains(said)
        {
            let mut errors = ValidationErrors::new();
            errors.add("client_satisfaction", ValidationError::new("range"));
            result = Err(errors);
        }
        match self.capacity() {
            Some(capacity) => ValidationErrors::merge(result, "capacity", capacity.validate()),
            None => result,
        }
    }
}

impl Checked for NewReferralTransition {}

/// One move of a referral.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReferralTransition {
    pub id: ChildTransitionId,
    pub referral_id: ReferralId,
    /// The version the move gave the referral; the `ETag` of the answer to a move names it.
    #[schema(minimum = 2, maximum = 9007199254740991_i64)]
    pub referral_version: i64,
    pub from: ReferralStatus,
    pub to: ReferralStatus,
    /// Who made it.
    pub side: Side,
    /// Told to the side that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub actor_id: Option<PrincipalId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 2000)]
    pub note: Option<String>,
    pub at: Timestamp,
}

impl ReferralTransition {
    // A note may repeat what is inside: the other side's is read by who may read that.
    fn told(made: ChildTransition, sides: &[Side], opened: bool) -> ApiResult<Self> {
        let state = |name: &str| {
            let known = ReferralStatus::ALL.iter().copied().find(|state| state.as_str() == name);
            known.ok_or_else(|| ApiError::fault("a move between states that there are not"))
        };
        let (from, to) = (state(&made.from_status)?, state(&made.to_status)?);
        let side = made_by(from, to, made.actor_id == SYSTEM);
        Ok(Self {
            id: made.id,
            referral_id: ReferralId(made.resource_id.0),
            referral_version: made.resource_version,
            from,
            to,
            side,
            actor_id: Some(made.actor_id).filter(|_| sides.contains(&side)),
            note: made.note.filter(|_| opened || sides.contains(&side)),
            at: made.at,
        })
    }
}

page_of! {
    /// A page of a referral's moves.
    ReferralTransitionPage of ReferralTransition
}

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
                require_mover(&found, asked.to(), &sides)?;
                if !asked.to().is_terminal() || asked.to() == ReferralStatus::Closed {
                    // To end is no processing (GDPR art. 18).
                    found.case.require_workable()?;
                }
                make(unit, found, person.as_ref(), transition_id, &asked)?
            }
        };
        // Only a side reads the answer to its own move.
        let made = ReferralTransition::told(made, &sides, false)?;
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
        let page = page.try_map(|row| ReferralTransition::told(row, &sides, opened))?;
        Answer::ok(&ReferralTransitionPage::from(page))
    })
    .await
}
