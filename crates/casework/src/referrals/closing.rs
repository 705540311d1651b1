//! What a case does to its referrals: an early closing ends them, and whoever follows the feed hears where they have gone with it.

use approdo_db::schema::referrals;
use diesel::prelude::*;

use crate::access::Place;
use crate::aggregate::moves::ChildTransitionId;
use crate::cases::types::CaseRow;
use crate::error::ApiResult;
use crate::referrals::rules::ReferralStatus;
use crate::referrals::types::{ReferralId, ReferralRow};
use crate::referrals::{access, forwards, records};
use crate::work::{Change, Operation, Unit};

/// The referrals that were made from a case, oldest first; what was handed on is its receivers' own.
pub fn of_case(unit: &mut Unit<'_>, case: &CaseRow) -> QueryResult<Vec<ReferralRow>> {
    referrals::table
        .filter(referrals::case_id.eq(case.id))
        .filter(referrals::part_of.is_null())
        .order(referrals::id)
        .load(unit.connection)
}

/// Ends what is not over when a locked case closes early (domain 3): what is finished is closed, the rest cancelled.
pub fn end_live(unit: &mut Unit<'_>, case: &CaseRow, note: &str) -> ApiResult<()> {
    let ids: Vec<ReferralId> = of_case(unit, case)?.into_iter().map(|row| row.id).collect();
    for id in ids {
        let mut found = access::lock(unit, id)?;
        let status = found.row.status;
        if status.is_terminal() {
            continue;
        }
        let to = if status.is_finished() { ReferralStatus::Closed } else { ReferralStatus::Cancelled };
        records::moved(unit, &mut found, ChildTransitionId::new(), to, &[], Some(note))?;
        forwards::end_below(unit, id, to)?;
    }
    Ok(())
}

/// Tells the feed that the referrals of a locked case are now where it is.
pub fn follow_case(unit: &mut Unit<'_>, case: &CaseRow, before: &Place) -> ApiResult<()> {
    for row in of_case(unit, case)? {
        unit.record(Change {
            place: Some(row.sending(case)),
            before: Some(before.clone()),
            ..Change::plain(records::KIND, row.id.0, row.version, Operation::Updated, &[])
        })?;
    }
    Ok(())
}

/// Makes a locked case's new organisation the sender of the referrals that are not over; those that are keep whose they were.
pub fn hand_over(unit: &mut Unit<'_>, case: &CaseRow) -> ApiResult<()> {
    for row in of_case(unit, case)? {
        let mut found = access::lock(unit, row.id)?;
        if !found.row.status.is_terminal() {
            found.row.from_org_id = case.owner_org_id;
            let before = found.known_to();
            records::save(unit, &mut found, &before, &["from_org_id"])?;
        }
    }
    Ok(())
}
