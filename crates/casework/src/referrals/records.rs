//! How referrals are written, and who hears of it: the sender where the case is, each receiver where it works. Who may know of it no
//! more is told that it is gone.

use approdo_db::Json;
use approdo_db::schema::{referral_recipients, referrals};
use diesel::prelude::*;

use crate::access::OrganisationId;
use crate::aggregate::moves::{self, ChildTransition, ChildTransitionId};
use crate::cases::news;
use crate::error::{ApiError, ApiResult};
use crate::referrals::access::Found;
use crate::referrals::partner_links;
use crate::referrals::rules::ReferralStatus;
use crate::referrals::types::{RecipientRow, ReferralRow};
use crate::work::{Change, Operation, Unit};

/// Its name in the feed.
pub const KIND: &str = "referral";

fn change(found: &Found, operation: Operation, changed: &[&'static str]) -> ApiResult<Change> {
    let row = &found.row;
    Ok(Change {
        place: Some(row.sending(&found.case)),
        about: Some(row.person_id.0),
        values: Some(Json::try_of(row).map_err(ApiError::fault)?),
        ..Change::plain(KIND, row.id.0, row.version, operation, changed)
    })
}

/// Members that receivers are not told of.
const SENDERS_OWN: [&str; 5] = ["case_id", "consent_id", "override_reason", "client_satisfaction", "unconfirmed"];

/// Tells the organisations that know of it.
fn tell(unit: &mut Unit<'_>, row: &ReferralRow, now: &[OrganisationId], changed: &[&'static str]) -> ApiResult<()> {
    let told: Vec<&'static str> = changed.iter().copied().filter(|member| !SENDERS_OWN.contains(member)).collect();
    for organisation in now {
        let plain = Change::plain(KIND, row.id.0, row.version, Operation::Updated, &told);
        unit.tell(&Change { place: Some(row.at(*organisation)), ..plain })?;
    }
    Ok(())
}

/// Tells the organisations that knew of it and do so no more. Before it is told to anybody else: who still sees it otherwise hears that
/// last.
fn take_away(
    unit: &mut Unit<'_>,
    row: &ReferralRow,
    now: &[OrganisationId],
    before: &[OrganisationId],
) -> ApiResult<()> {
    for organisation in before.iter().filter(|organisation| !now.contains(organisation)) {
        let plain = Change::plain(KIND, row.id.0, row.version, Operation::Updated, &[]);
        unit.tell(&Change { before: Some(row.at(*organisation)), ..plain })?;
    }
    Ok(())
}

/// Writes a new referral.
pub fn add(unit: &mut Unit<'_>, found: &Found) -> ApiResult<()> {
    diesel::insert_into(referrals::table).values(&found.row).execute(unit.connection)?;
    keep(unit, &found.recipients)?;
    unit.record(change(found, Operation::Created, &ReferralRow::MEMBERS)?)?;
    tell(unit, &found.row, &found.known_to(), &ReferralRow::MEMBERS)?;
    news(unit, found)
}

/// Writes a locked referral whose row has changed, if anything did. `before` knew of it until now.
pub fn save(
    unit: &mut Unit<'_>,
    found: &mut Found,
    before: &[OrganisationId],
    changed: &[&'static str],
) -> ApiResult<()> {
    if changed.is_empty() {
        return Ok(());
    }
    let version = found.row.version;
    found.row.version += 1;
    found.row.updated_at = unit.now;
    let target = referrals::table.filter(referrals::id.eq(found.row.id)).filter(referrals::version.eq(version));
    Unit::updated_one(diesel::update(target).set(&found.row).execute(unit.connection)?)?;
    if changed.contains(&"status") {
        diesel::update(referral_recipients::table.filter(referral_recipients::referral_id.eq(found.row.id)))
            .set(referral_recipients::status.eq(found.row.status))
            .execute(unit.connection)?;
        partner_links::records::follow(unit, found)?;
    }
    let known = found.known_to();
    take_away(unit, &found.row, &known, before)?;
    unit.record(change(found, Operation::Updated, changed)?)?;
    tell(unit, &found.row, &known, changed)?;
    news(unit, found)
}

fn keep(unit: &mut Unit<'_>, recipients: &[RecipientRow]) -> ApiResult<()> {
    for recipient in recipients {
        diesel::insert_into(referral_recipients::table).values(recipient).execute(unit.connection)?;
    }
    Ok(())
}

/// Writes whom it reaches from now on.
pub fn reach(unit: &mut Unit<'_>, found: &mut Found, recipients: Vec<RecipientRow>) -> ApiResult<()> {
    let id = found.row.id;
    diesel::delete(referral_recipients::table.filter(referral_recipients::referral_id.eq(id)))
        .execute(unit.connection)?;
    keep(unit, &recipients)?;
    found.recipients = recipients;
    Ok(())
}

/// Writes a locked referral that has come to another state, with the move.
pub fn moved(
    unit: &mut Unit<'_>,
    found: &mut Found,
    id: ChildTransitionId,
    to: ReferralStatus,
    changed: &[&'static str],
    note: Option<&str>,
) -> ApiResult<ChildTransition> {
    let (before, from) = (found.known_to(), found.row.status);
    moved_from(unit, found, &before, id, (from, to), changed, note)
}

/// The same where others knew of it before, or its recipients have been written already.
pub fn moved_from(
    unit: &mut Unit<'_>,
    found: &mut Found,
    before: &[OrganisationId],
    id: ChildTransitionId,
    (from, to): (ReferralStatus, ReferralStatus),
    changed: &[&'static str],
    note: Option<&str>,
) -> ApiResult<ChildTransition> {
    found.row.status = to;
    let mut members = vec!["status"];
    members.extend(changed);
    save(unit, found, before, &members)?;
    let identity = (found.row.id.0, found.row.version);
    moves::keep_of(unit, KIND, identity, id, (from.as_str(), to.as_str()), note)
}

fn news(unit: &mut Unit<'_>, found: &Found) -> ApiResult<()> {
    if found.row.part_of.is_some() { Ok(()) } else { news::of_case(unit, &found.case) }
}
