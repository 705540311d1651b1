//! Handing on: who received a referral asks somebody else in turn, with no more than it was told itself, and the first referral follows
//! the second one's outcome (domain 13).

use actix_web::post;
use approdo_db::Json;
use approdo_db::schema::referrals;
use diesel::prelude::*;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, Resource};
use crate::aggregate::Root as _;
use crate::aggregate::moves::{self, ChildTransitionId};
use crate::clock;
use crate::directory::services::ServiceId;
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::http::{Answer, Body, Checked, Door, Id, IfMatch};
use crate::people::queries as people;
use crate::referrals::access::{self, Found};
use crate::referrals::package::{self, PackageField};
use crate::referrals::rules::{Outcome, ReferralStatus, Side, follows, mover};
use crate::referrals::types::{Referral, ReferralId, ReferralRow};
use crate::referrals::{extensions, handlers, records, sending, transitions};
use crate::work::Unit;

/// How often a referral can be handed on.
const DEPTH: usize = 5;

/// To whom to hand a referral on.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "service_id": "01985b2e-0000-7000-8000-000000000009", "reason": "The course at Codroipo is nearer.", "package_fields": ["given_name"]
}))]
pub struct NewReferralForward {
    /// Another service than the one asked.
    pub service_id: ServiceId,
    /// What is asked for, and why.
    #[validate(length(min = 1, max = 4000))]
    #[schema(min_length = 1, max_length = 4000)]
    pub reason: String,
    /// Members of the package that go on.
    #[validate(length(max = 40))]
    #[serde(default)]
    #[schema(required = false, max_items = 40)]
    pub package_fields: Vec<PackageField>,
    /// Why it is to go without an agreement: for who may override.
    #[validate(length(min = 1, max = 2000))]
    #[schema(nullable = false, min_length = 1, max_length = 2000)]
    pub override_reason: Option<String>,
}

impl Checked for NewReferralForward {}

/// Hand a referral on.
///
/// By its receiver, before work has begun. A consent that lets recipients hand data on must cover it, where the referral rests on one.
/// The new referral is sent at once; this one is `forwarded` and follows its outcome.
#[utoipa::path(
    tag = "Referrals",
    params(("referral_id" = ReferralId, Path, description = "The referral to hand on.")),
    request_body = NewReferralForward,
    responses((status = 201, description = "The new referral, of which you are the sender.", body = Referral))
)]
#[post("/referrals/{referral_id}/forwards")]
pub async fn create_referral_forward(
    door: Door,
    caller: Caller<actions::Transition, resources::Referrals>,
    id: Id<ReferralId>,
    if_match: IfMatch,
    body: Body<NewReferralForward>,
) -> ApiResult<Answer> {
    door.write("create_referral_forward", caller, Some(body.fingerprint()), move |unit| {
        let seen = access::find(unit, id.0)?;
        let person = people::lock(unit, seen.row.person_id)?;
        let parent = access::lock(unit, id.0)?;
        let sides = parent.require(&unit.rights, Action::Transition)?;
        unit.shows(Resource::Referrals, [parent.row.id.0]);
        if !sides.contains(&Side::Receiver) {
            return Err(ApiError::forbidden("only its receiver hands a referral on"));
        }
        let new = body.read()?;
        let child = ReferralId::new();
        let child = match unit.replay(child.0)? {
            Some(earlier) => access::find(unit, ReferralId(earlier))?,
            None => {
                if_match.check(parent.row.version)?;
                person.require_workable()?;
                forward(unit, parent, child, new)?
            }
        };
        let sides = child.sides(&unit.rights);
        let (path, version) = (format!("/referrals/{}", child.row.id), child.row.version);
        unit.created(&path, version, &Referral::shown(child.row, &sides, unit.now)?)
    })
    .await
}

fn forward(unit: &mut Unit<'_>, mut parent: Found, id: ReferralId, new: NewReferralForward) -> ApiResult<Found> {
    let from = parent.row.status;
    if mover(from, ReferralStatus::Forwarded).is_none() {
        return Err(moves::no_such_move("a referral", from.as_str(), ReferralStatus::Forwarded.as_str()));
    }
    let unmet = |guard: &'static str, detail: &'static str| ApiError::unmet(vec![UnmetGuard::new(guard, detail)]);
    let to_org = parent.row.to_org_id.ok_or_else(|| unmet("claimed", "claim it first"))?;
    if parent.row.service_id == Some(new.service_id) {
        return Err(ApiError::invalid_member("service_id", "is the service that was asked"));
    }
    let sent = parent.row.fields()?;
    handlers::require_distinct(&new.package_fields)?;
    if let Some(index) = new.package_fields.iter().position(|field| !sent.contains(field)) {
        return Err(ApiError::invalid_member(&format!("package_fields/{index}"), "is not in the package"));
    }
    package::require_readable(&new.package_fields, unit.rights.fields_at(&parent.row.at(to_org)))?;
    let services = sending::services(unit, &[new.service_id]).map_err(|_| ApiError::unknown_reference("service_id"))?;
    if depth(unit, &parent.row)? >= DEPTH {
        return Err(unmet("depth", "it has been handed on too often"));
    }
    let mut row = ReferralRow {
        part_of: Some(parent.row.id),
        from_org_id: to_org,
        offered_service_ids: Json::of([new.service_id]),
        target_group: parent.row.target_group.clone(),
        status: ReferralStatus::Requested,
        priority: parent.row.priority.clone(),
        reason: new.reason,
        package_fields: Json::of(&new.package_fields),
        legal_basis: parent.row.legal_basis.clone(),
        override_reason: new.override_reason,
        ..ReferralRow::drawn_up(unit, id, &parent.case)
    };
    let leave = sending::leave(unit, &row, parent.case.territory_id, &services, &new.package_fields)?;
    sending::depart(unit, &mut row, &leave)?;
    let child = Found { row, case: parent.case.clone(), recipients: leave.recipients };
    records::add(unit, &child)?;
    let package = package::of_referral(unit.connection, parent.row.id)?
        .ok_or_else(|| ApiError::fault("a referral was sent without a package"))?;
    let content = package::narrowed(&package, &new.package_fields)?;
    package::freeze(unit.connection, id, &content, unit.now)?;
    let changed = extensions::pause(unit, &mut parent, extensions::PauseKind::Forwarded)?;
    records::moved(unit, &mut parent, ChildTransitionId::new(), ReferralStatus::Forwarded, &changed, None)?;
    Ok(child)
}

/// How often a referral has been handed on already.
fn depth(unit: &mut Unit<'_>, row: &ReferralRow) -> ApiResult<usize> {
    let (mut depth, mut next) = (0, row.part_of);
    while let Some(parent) = next {
        next = referrals::table.find(parent).select(referrals::part_of).first(unit.connection)?;
        depth += 1;
    }
    Ok(depth)
}

/// Lets what was handed on follow the one it was handed on by. Both are locked.
pub fn follow(unit: &mut Unit<'_>, child: &Found) -> ApiResult<()> {
    let (Some(parent), Some(to)) = (child.row.part_of, follows(child.row.status)) else { return Ok(()) };
    let mut parent = access::lock(unit, parent)?;
    if parent.row.status != ReferralStatus::Forwarded {
        return Ok(());
    }
    let before = parent.known_to();
    let changed = if to.is_finished() {
        let outcome = child.row.outcome_code.unwrap_or(Outcome::Unreachable);
        transitions::ended(&mut parent, to, outcome, clock::date_of(unit.now))
    } else {
        parent.row.due_completion_on = None;
        let mut changed = extensions::resume(unit, &mut parent)?;
        changed.push("due_completion_on");
        changed
    };
    // The outcome of another is nobody's move.
    let way = (ReferralStatus::Forwarded, to);
    unit.as_system(|unit| {
        records::moved_from(unit, &mut parent, &before, ChildTransitionId::new(), way, &changed, None)
    })?;
    follow(unit, &parent)
}

/// Ends what was handed on by a referral that has ended otherwise than by its outcome.
pub fn end_below(unit: &mut Unit<'_>, parent: ReferralId, to: ReferralStatus) -> ApiResult<()> {
    let children: Vec<ReferralId> = referrals::table
        .filter(referrals::part_of.eq(parent))
        .order(referrals::id)
        .select(referrals::id)
        .load(unit.connection)?;
    for child in children {
        let mut child = access::lock(unit, child)?;
        if child.row.status.is_under_way() {
            unit.as_system(|unit| records::moved(unit, &mut child, ChildTransitionId::new(), to, &[], None))?;
        }
        end_below(unit, child.row.id, to)?;
    }
    Ok(())
}
