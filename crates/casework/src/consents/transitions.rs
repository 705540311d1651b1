//! Moves of a consent: `active`→`withdrawn` by request, →`superseded` by another consent, →`expired` by the calendar. Each an immutable
//! row, each for good.

use actix_web::{get, post};
use approdo_db::Timestamp;
use approdo_db::schema::child_transitions;
use approdo_db::types::RowId;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::{Validate, ValidationErrors};

use crate::access::caller::{Caller, actions, resources};
use crate::access::rights::FieldRights;
use crate::access::{Action, FieldGroup, PrincipalId, Resource};
use crate::aggregate::moves::{self, ChildTransition, ChildTransitionId, texts_within};
use crate::aggregate::{self, Child as _, visible};
use crate::clock;
use crate::codes;
use crate::consents::rules::ConsentStatus;
use crate::consents::types::{ConsentId, ConsentRow, WithdrawnBy};
use crate::error::ApiResult;
use crate::http::texts::MemberName;
use crate::http::{Answer, Body, Checked, Door, Id, IfMatch, Parameters};
use crate::offers;
use crate::page_of;
use crate::paged_query;
use crate::people::types::{PersonRow, withheld};
use crate::referrals::revocation;
use crate::work::Unit;

/// The members of a move that a field group guards, with the group.
const GUARDED: [(&str, FieldGroup); 1] = [("reason", FieldGroup::Legal)];

/// Where to move a consent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "to", rename_all = "snake_case", deny_unknown_fields)]
#[schema(example = json!({"to": "withdrawn", "withdrawn_by": "person", "method": "oral", "reason": "Has found work without the service."}))]
pub enum NewConsentTransition {
    /// From active, at any time and without conditions (GDPR art. 7(3)).
    Withdrawn {
        withdrawn_by: WithdrawnBy,
        /// How it was withdrawn: a code of `consent_methods`. It need not be the way it was given.
        #[schema(min_length = 1, max_length = 40)]
        method: String,
        /// As told; nobody owes one.
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        reason: Option<String>,
    },
}

impl Validate for NewConsentTransition {
    fn validate(&self) -> Result<(), ValidationErrors> {
        let Self::Withdrawn { method, reason, .. } = self;
        texts_within(&[("method", Some(method), 40), ("reason", reason.as_deref(), 2000)])
    }
}

impl Checked for NewConsentTransition {}

/// One move of a consent.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsentTransition {
    pub id: ChildTransitionId,
    pub consent_id: ConsentId,
    /// The version the move gave the consent; the `ETag` of the answer to a move names it.
    #[schema(minimum = 2, maximum = 9007199254740991_i64)]
    pub consent_version: i64,
    #[schema(max_length = 40)]
    pub from: String,
    #[schema(max_length = 40)]
    pub to: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub withdrawn_by: Option<WithdrawnBy>,
    /// How it was withdrawn: a code of `consent_methods`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 40)]
    pub method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 2000)]
    pub reason: Option<String>,
    pub actor_id: PrincipalId,
    pub at: Timestamp,
    /// Members your grants hide on this move, whether or not they have a value.
    #[schema(value_type = Vec<MemberName>, max_items = 20)]
    pub withheld_fields: Vec<&'static str>,
}

impl ConsentTransition {
    // A consent is withdrawn once, so what its row tells of that belongs to the one move.
    fn told(made: ChildTransition, consent: &ConsentRow, fields: FieldRights) -> Self {
        let withdrawn = made.to_status == ConsentStatus::Withdrawn.as_str();
        Self {
            id: made.id,
            consent_id: consent.id,
            consent_version: made.resource_version,
            from: made.from_status,
            to: made.to_status,
            withdrawn_by: consent.withdrawn_by.filter(|_| withdrawn),
            method: consent.withdrawal_method.clone().filter(|_| withdrawn),
            reason: made.note.filter(|_| fields.reads(FieldGroup::Legal)),
            actor_id: made.actor_id,
            at: made.at,
            withheld_fields: withheld(&GUARDED, fields),
        }
    }
}

page_of! {
    /// A page of a consent's moves.
    ConsentTransitionPage of ConsentTransition
}

paged_query! {
    /// How to list a consent's moves.
    ConsentTransitionQuery {}
}

/// Withdraw a consent.
///
/// At any time, also where the processing of the person's data is restricted: it must be as easy as giving it was (GDPR art. 7(3)). What
/// was done before stays lawful. A consent that has ended is 409.
#[utoipa::path(
    tag = "Consents",
    params(("consent_id" = ConsentId, Path, description = "The consent.")),
    request_body = NewConsentTransition,
    responses((status = 201, description = "The move; `ETag` is the consent's.", body = ConsentTransition))
)]
#[post("/consents/{consent_id}/transitions")]
pub async fn create_consent_transition(
    door: Door,
    caller: Caller<actions::Transition, resources::Consents>,
    id: Id<ConsentId>,
    if_match: IfMatch,
    body: Body<NewConsentTransition>,
) -> ApiResult<Answer> {
    door.write("create_consent_transition", caller, Some(body.fingerprint()), move |unit| {
        let found: (ConsentRow, PersonRow) = aggregate::locked_even_restricted(unit, Action::Transition, id.0)?;
        let fields = unit.rights.fields_at(&found.1.place());
        let made = moves::run_on(unit, found, &if_match, &body, |unit, row, person, id, asked| {
            let NewConsentTransition::Withdrawn { withdrawn_by, method, reason } = asked;
            fields.require_writable(&GUARDED, reason.iter().map(|_| "reason"))?;
            codes::check(unit.app, "consent_methods", "method", method)?;
            withdraw(unit, row, person, id, (*withdrawn_by, method), reason.as_deref())
        })?;
        let consent = ConsentRow::find(unit.connection, ConsentId(made.resource_id.0))?;
        let made = ConsentTransition::told(made, &consent, fields);
        unit.created(&format!("/consents/{}", made.consent_id), made.consent_version, &made)
    })
    .await
}

/// Withdraws a consent of a locked person.
fn withdraw(
    unit: &mut Unit<'_>,
    mut consent: ConsentRow,
    person: &PersonRow,
    id: ChildTransitionId,
    (by, method): (WithdrawnBy, &str),
    reason: Option<&str>,
) -> ApiResult<ChildTransition> {
    let from = consent.status;
    let mut changed = ended(unit, &mut consent, ConsentStatus::Withdrawn)?;
    (consent.withdrawn_by, consent.withdrawal_method) = (Some(by), Some(method.to_owned()));
    changed.extend(["withdrawn_by", "withdrawal_method"]);
    withdrawn(unit, &mut consent, person, changed)?;
    moves::keep(unit, &consent, id, (from.as_str(), consent.status.as_str()), reason)
}

/// Records that a consent of a locked person is withdrawn. What rests on a consent ends with it, here, in the same transaction (domain
/// 51). A case does not: its guard asks at its next move.
pub fn withdrawn(
    unit: &mut Unit<'_>,
    consent: &mut ConsentRow,
    person: &PersonRow,
    changed: Vec<&'static str>,
) -> ApiResult<()> {
    aggregate::save(unit, consent, person, changed)?;
    // These lock their cases, so they come before the referrals, which hold theirs.
    offers::ending::of_consent(unit, consent.id)?;
    revocation::of_consent(unit, consent.id)
}

/// Ends a consent of a locked person otherwise than by withdrawal, with the move.
pub fn end(
    unit: &mut Unit<'_>,
    mut consent: ConsentRow,
    person: &PersonRow,
    how: ConsentStatus,
) -> ApiResult<ChildTransition> {
    let from = consent.status;
    let changed = ended(unit, &mut consent, how)?;
    aggregate::save(unit, &mut consent, person, changed)?;
    if how == ConsentStatus::Expired {
        // What is read live by it ends with it. What was sent is sent.
        offers::ending::of_consent(unit, consent.id)?;
    }
    moves::keep(unit, &consent, ChildTransitionId::new(), (from.as_str(), how.as_str()), None)
}

/// The members that change; 409 where the machine has no such move.
fn ended(unit: &Unit<'_>, consent: &mut ConsentRow, how: ConsentStatus) -> ApiResult<Vec<&'static str>> {
    let (standing, today) = (consent.standing(), clock::date_of(unit.now));
    match standing.ended(how, today) {
        Some(next) => Ok(consent.stand(next)),
        None => Err(moves::no_such_move("a consent", standing.today(today).as_str(), how.as_str())),
    }
}

/// List a consent's moves.
///
/// Oldest first: when and how it ended. Moves are never changed.
#[utoipa::path(
    tag = "Consents",
    params(("consent_id" = ConsentId, Path, description = "The consent."), ConsentTransitionQuery),
    responses((status = 200, description = "A page.", body = ConsentTransitionPage))
)]
#[get("/consents/{consent_id}/transitions")]
pub async fn list_consent_transitions(
    door: Door,
    caller: Caller<actions::Read, resources::Consents>,
    id: Id<ConsentId>,
    query: Parameters<ConsentTransitionQuery>,
) -> ApiResult<Answer> {
    door.read("list_consent_transitions", caller, move |reader| {
        let (consent, person): (ConsentRow, PersonRow) = visible(reader, Action::Read, id.0)?;
        let asked = query.read()?;
        let request = reader.page(&query, asked.limit, asked.cursor.as_deref());
        let rows: Vec<ChildTransition> = child_transitions::table
            .filter(child_transitions::resource_id.eq(RowId(consent.id.0)))
            .filter(child_transitions::id.gt(request.after()?.unwrap_or(ChildTransitionId(uuid::Uuid::nil()))))
            .order(child_transitions::id)
            .limit(request.limit() + 1)
            .load(reader.connection)?;
        reader.shows(Resource::People, [person.id.0]);
        let fields = reader.rights.fields_at(&person.place());
        let page = request.page(rows, |row: &ChildTransition| row.id)?;
        let page = page.try_map(|row| Ok(ConsentTransition::told(row, &consent, fields)))?;
        Answer::ok(&ConsentTransitionPage::from(page))
    })
    .await
}
