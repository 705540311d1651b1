//! Claims: who of the receiver takes a referral, or which of several receivers (domain 13). The first wins.

use actix_web::post;
use approdo_db::schema::agreements;
use diesel::prelude::*;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, Resource};
use crate::aggregate::Root as _;
use crate::aggregate::moves::ChildTransitionId;
use crate::agreements::types::AgreementRow;
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::http::{Answer, Body, Checked, Door, Id};
use crate::referrals::access::{self, Found};
use crate::referrals::rules::{ReferralStatus, Side};
use crate::referrals::types::{RecipientRow, Referral, ReferralId};
use crate::referrals::{extensions, records, sending};
use crate::work::Unit;

/// A claim: nothing needs to be said.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub struct NewReferralClaim {}

impl Checked for NewReferralClaim {}

/// Claim a referral.
///
/// You take it for your organisation: the first claim wins, every later one is 409. Of a referral that asks several organisations the
/// others know no more from then on. A request that nobody has acknowledged is acknowledged by it.
#[utoipa::path(
    tag = "Referrals",
    params(("referral_id" = ReferralId, Path, description = "The referral.")),
    request_body = NewReferralClaim,
    responses((status = 201, description = "The referral as it is now.", body = Referral))
)]
#[post("/referrals/{referral_id}/claims")]
pub async fn create_referral_claim(
    door: Door,
    caller: Caller<actions::Transition, resources::Referrals>,
    id: Id<ReferralId>,
    body: Body<NewReferralClaim>,
) -> ApiResult<Answer> {
    door.write("create_referral_claim", caller, Some(body.fingerprint()), move |unit| {
        let found = access::lock(unit, id.0)?;
        let sides = found.require(&unit.rights, Action::Transition)?;
        unit.shows(Resource::Referrals, [found.row.id.0]);
        if !sides.contains(&Side::Receiver) {
            return Err(ApiError::forbidden("only a receiver claims a referral"));
        }
        body.read()?;
        let found = match unit.replay(found.row.id.0)? {
            Some(_) => found,
            None => claim(unit, found)?,
        };
        let sides = found.sides(&unit.rights);
        let (path, version) = (format!("/referrals/{}", found.row.id), found.row.version);
        unit.created(&path, version, &Referral::shown(found.row, &sides, unit.now)?)
    })
    .await
}

fn claim(unit: &mut Unit<'_>, mut found: Found) -> ApiResult<Found> {
    found.case.require_workable()?;
    let refuse = |guard: &'static str, detail: &'static str| Err(ApiError::unmet(vec![UnmetGuard::new(guard, detail)]));
    if found.row.handler_id.is_some() {
        return refuse("unclaimed", "somebody has claimed it already");
    }
    if !found.row.status.is_under_way() {
        return refuse("under_way", "it has come to its end");
    }
    if found.row.author_id == unit.rights.principal {
        return refuse("another_person", "who sent it does not claim it");
    }
    let before = found.known_to();
    let own = found.receiving(&unit.rights, Action::Transition).next().cloned().ok_or_else(ApiError::not_found)?;
    found.row.handler_id = Some(unit.rights.principal);
    let mut changed = vec!["handler_id"];
    if found.row.to_org_id.is_none() {
        win(unit, &mut found, own)?;
        changed.extend(["to_org_id", "service_id", "agreement_id", "due_response_at"]);
    }
    if found.row.status == ReferralStatus::Requested {
        let way = (ReferralStatus::Requested, ReferralStatus::Received);
        records::moved_from(unit, &mut found, &before, ChildTransitionId::new(), way, &changed, None)?;
    } else {
        records::save(unit, &mut found, &before, &changed)?;
    }
    Ok(found)
}

/// One of those asked takes it: it goes under that one's agreement, and the others lose it.
fn win(unit: &mut Unit<'_>, found: &mut Found, own: RecipientRow) -> ApiResult<()> {
    let agreement: Option<AgreementRow> = match own.agreement_id {
        Some(id) => Some(agreements::table.find(id).first(unit.connection)?),
        None => None,
    };
    (found.row.to_org_id, found.row.service_id) = (Some(own.organisation_id), Some(own.service_id));
    sending::bind(unit, &mut found.row, agreement.as_ref())?;
    extensions::reckon(unit, found)?;
    records::reach(unit, found, vec![own])
}
