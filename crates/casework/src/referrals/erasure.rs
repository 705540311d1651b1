//! What is left of referrals when their person is erased: which service was asked when, on what basis, and how it ended, without a text
//! and without what travelled. It proves that what was done was lawful (GDPR art. 5(2), 17(3)(e)).

use approdo_db::schema::{referral_packages, referral_pauses, referrals};
use diesel::prelude::*;

use crate::aggregate::moves;
use crate::anonymity::ERASED;
use crate::error::ApiResult;
use crate::people::types::{PersonId, PersonRow};
use crate::referrals::types::{ReferralId, ReferralRow};
use crate::referrals::{access, partner_links, records};
use crate::work::Unit;

/// The referrals of a person, oldest first.
pub fn of_person(connection: &mut approdo_db::Connection, person: PersonId) -> QueryResult<Vec<ReferralRow>> {
    referrals::table.filter(referrals::person_id.eq(person)).order(referrals::id).load(connection)
}

/// Strips the referrals of a locked person.
pub fn erase(unit: &mut Unit<'_>, person: &PersonRow) -> ApiResult<()> {
    let ids: Vec<ReferralId> = of_person(unit.connection, person.id)?.into_iter().map(|row| row.id).collect();
    for id in ids {
        let mut found = access::lock(unit, id)?;
        let before = found.known_to();
        ERASED.clone_into(&mut found.row.reason);
        (found.row.override_reason, found.row.scheduled_at) = (None, None);
        records::save(unit, &mut found, &before, &["reason", "override_reason", "scheduled_at"])?;
        diesel::delete(referral_packages::table.find(id)).execute(unit.connection)?;
        diesel::update(referral_pauses::table.filter(referral_pauses::referral_id.eq(id)))
            .set((referral_pauses::note.eq(None::<String>), referral_pauses::norm.eq(None::<String>)))
            .execute(unit.connection)?;
        partner_links::records::strip(unit, id)?;
        moves::strip(unit, id.0)?;
    }
    Ok(())
}
