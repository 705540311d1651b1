//! What the calendar does to referrals: what nobody answers in time expires, and what nobody confirms closes. Each once, by whichever
//! process holds the lease.

use approdo_db::{Prepared, Value, types};
use diesel::prelude::*;

use crate::aggregate::moves::ChildTransitionId;
use crate::app::App;
use crate::clock;
use crate::error::ApiResult;
use crate::lease::{self, HolderId};
use crate::referrals::access::{self, Found};
use crate::referrals::rules::ReferralStatus;
use crate::referrals::types::ReferralId;
use crate::referrals::{forwards, records};
use crate::work::{self, Unit};

/// Lets the referral expire or close whose turn it is. Tells whether there was any.
pub fn end_next(app: &App, holder: HolderId) -> ApiResult<bool> {
    let now = app.clock.now();
    let today = clock::date_of(now);
    // The states are part of the texts, because the indexes are of these alone.
    let late = || {
        Prepared::<types::Uuid>::new(
            "SELECT id FROM referrals WHERE status IN ('requested', 'received') AND due_response_at <= ",
        )
        .bind(Value::Instant(now))
        .sql(" ORDER BY due_response_at, id LIMIT 1")
    };
    let unconfirmed = || {
        Prepared::<types::Uuid>::new(
            "SELECT id FROM referrals WHERE status IN ('completed', 'not_completed') AND close_on <= ",
        )
        .bind(Value::Date(today))
        .sql(" ORDER BY close_on, id LIMIT 1")
    };
    let waiting: Option<ReferralId> = app.read_now(|connection| {
        let next = late().get_result(connection).optional()?;
        match next {
            Some(id) => Ok(Some(id)),
            None => Ok(unconfirmed().get_result(connection).optional()?),
        }
    })?;
    let Some(id) = waiting else { return Ok(false) };
    work::run_as_system(app, "referrals", |unit| {
        if !lease::take(unit.connection, lease::BACKGROUND, holder)? {
            return Ok(false);
        }
        let found = access::lock(unit, id)?;
        end(unit, found)?;
        Ok(true)
    })
}

/// What is due for a locked referral: it may have moved meanwhile.
fn end(unit: &mut Unit<'_>, mut found: Found) -> ApiResult<()> {
    let row = &found.row;
    let is_late = matches!(row.status, ReferralStatus::Requested | ReferralStatus::Received)
        && row.due_response_at.is_some_and(|due| due <= unit.now);
    let is_unconfirmed = row.status.is_finished() && row.close_on.is_some_and(|day| day <= clock::date_of(unit.now));
    if is_late {
        records::moved(unit, &mut found, ChildTransitionId::new(), ReferralStatus::Expired, &[], None)?;
        forwards::follow(unit, &found)
    } else if is_unconfirmed {
        found.row.unconfirmed = true;
        records::moved(unit, &mut found, ChildTransitionId::new(), ReferralStatus::Closed, &["unconfirmed"], None)
            .map(drop)
    } else {
        Ok(())
    }
}
