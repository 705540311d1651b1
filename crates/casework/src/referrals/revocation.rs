//! What ends with a consent: the referrals under way that rest on it, in the transaction that withdraws it (domain 51, GDPR art. 7(3)).
//! Whoever received one knows of it no more; what was lawful until then stays in the records.

use approdo_db::schema::referrals;
use diesel::prelude::*;

use crate::aggregate::moves::ChildTransitionId;
use crate::consents::types::ConsentId;
use crate::error::ApiResult;
use crate::referrals::rules::ReferralStatus;
use crate::referrals::types::ReferralId;
use crate::referrals::{access, forwards, records, sending};
use crate::work::Unit;

/// Ends what rests on a consent of a locked person, now that it is withdrawn.
pub fn of_consent(unit: &mut Unit<'_>, consent: ConsentId) -> ApiResult<()> {
    resting(unit, consent)?.into_iter().try_for_each(|id| revoke(unit, id))
}

/// Lets what rests on a consent of a locked person rest on the one that stands in its place, where that covers it; ends the rest.
pub fn of_superseded(unit: &mut Unit<'_>, consent: ConsentId) -> ApiResult<()> {
    for id in resting(unit, consent)? {
        // What was handed on may have ended with what it was part of.
        let mut found = access::lock(unit, id)?;
        if !found.row.status.is_under_way() {
            continue;
        }
        let fields = found.row.fields()?;
        let reached: Vec<_> = found.recipients.iter().map(|recipient| recipient.organisation_id).collect();
        match sending::basis(unit, &found.row, &reached, &fields)? {
            Ok(covering @ Some(_)) => {
                found.row.consent_id = covering;
                let before = found.known_to();
                unit.as_system(|unit| records::save(unit, &mut found, &before, &["consent_id"]))?;
            }
            _ => revoke(unit, id)?,
        }
    }
    Ok(())
}

/// The referrals that rest on a consent.
fn resting(unit: &mut Unit<'_>, consent: ConsentId) -> QueryResult<Vec<ReferralId>> {
    referrals::table
        .filter(referrals::consent_id.eq(consent))
        .order(referrals::id)
        .select(referrals::id)
        .load(unit.connection)
}

/// Ends a referral and what was handed on by it. One that was handed on by another may have ended with that one.
fn revoke(unit: &mut Unit<'_>, id: ReferralId) -> ApiResult<()> {
    let mut found = access::lock(unit, id)?;
    if !found.row.status.is_under_way() {
        return Ok(());
    }
    let revoked = ReferralStatus::ConsentRevoked;
    unit.as_system(|unit| {
        records::moved(unit, &mut found, ChildTransitionId::new(), revoked, &[], None)?;
        forwards::end_below(unit, id, revoked)?;
        forwards::follow(unit, &found)
    })
}
