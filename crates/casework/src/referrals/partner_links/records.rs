//! How links are found and written. They are in no feed: what a follower has to do follows from the referral, which has its own events.

use approdo_db::schema::partner_links;
use approdo_db::{Connection, Json};
use diesel::prelude::*;

use crate::error::ApiResult;
use crate::referrals::access::Found;
use crate::referrals::partner_links::rules;
use crate::referrals::partner_links::types::{PartnerLinkId, PartnerLinkRow};
use crate::referrals::types::ReferralId;
use crate::work::{Change, Operation, Unit};

/// Its name in the records.
const KIND: &str = "partner_link";

/// The members that the record of a new one names.
const MEMBERS: [&str; 4] = ["referral_id", "expires_at", "may_return", "note"];

pub fn find(connection: &mut Connection, id: PartnerLinkId) -> QueryResult<Option<PartnerLinkRow>> {
    partner_links::table.find(id).first(connection).optional()
}

/// By the digest of its token: what is compared is a digest, so the time taken tells nothing.
pub fn of_token(connection: &mut Connection, digest: &[u8]) -> QueryResult<Option<PartnerLinkRow>> {
    partner_links::table.filter(partner_links::token_hash.eq(digest)).first(connection).optional()
}

/// By the digest of the token that it gave for an answer.
pub fn of_answer_token(connection: &mut Connection, digest: &[u8]) -> QueryResult<Option<PartnerLinkRow>> {
    partner_links::table.filter(partner_links::answer_hash.eq(digest)).first(connection).optional()
}

/// A referral's links, oldest first, after one of them.
pub fn of_referral(
    connection: &mut Connection,
    referral: ReferralId,
    after: PartnerLinkId,
    limit: i64,
) -> QueryResult<Vec<PartnerLinkRow>> {
    partner_links::table
        .filter(partner_links::referral_id.eq(referral))
        .filter(partner_links::id.gt(after))
        .order(partner_links::id)
        .limit(limit)
        .load(connection)
}

/// All of them.
pub fn all_of(connection: &mut Connection, referral: ReferralId) -> QueryResult<Vec<PartnerLinkRow>> {
    of_referral(connection, referral, PartnerLinkId(uuid::Uuid::nil()), i64::MAX)
}

fn change(found: &Found, link: &PartnerLinkRow, operation: Operation, changed: &[&'static str]) -> ApiResult<Change> {
    Ok(Change {
        place: Some(found.row.sending(&found.case)),
        about: Some(found.row.person_id.0),
        values: Some(Json::try_of(link).map_err(crate::error::ApiError::fault)?),
        ..Change::plain(KIND, link.id.0, link.version, operation, changed)
    })
}

/// Writes a new link of a locked referral. What could be used before it cannot be used any more.
pub fn add(unit: &mut Unit<'_>, found: &Found, link: &PartnerLinkRow) -> ApiResult<()> {
    end_all(unit, found)?;
    diesel::insert_into(partner_links::table).values(link).execute(unit.connection)?;
    unit.record(change(found, link, Operation::Created, &MEMBERS)?)
}

/// Writes a link of a locked referral whose row has changed.
pub fn save(unit: &mut Unit<'_>, found: &Found, link: &mut PartnerLinkRow, changed: &[&'static str]) -> ApiResult<()> {
    let version = link.version;
    link.version += 1;
    link.updated_at = unit.now;
    let target = partner_links::table.filter(partner_links::id.eq(link.id)).filter(partner_links::version.eq(version));
    Unit::updated_one(diesel::update(target).set(&*link).execute(unit.connection)?)?;
    unit.record(change(found, link, Operation::Updated, changed)?)
}

/// Takes back whatever of a locked referral's links something could still be done by.
pub fn end_all(unit: &mut Unit<'_>, found: &Found) -> ApiResult<()> {
    let now = unit.now;
    for mut link in all_of(unit.connection, found.row.id)?.into_iter().filter(|link| link.is_live(now)) {
        link.revoked_at = Some(now);
        save(unit, found, &mut link, &["revoked_at"])?;
    }
    Ok(())
}

/// Ends the links of a locked referral that has come to a state in which nobody is to answer it any more.
pub fn follow(unit: &mut Unit<'_>, found: &Found) -> ApiResult<()> {
    if rules::takes_links(found.row.status) { Ok(()) } else { end_all(unit, found) }
}

/// Takes the texts from the links of a referral.
pub fn strip(unit: &mut Unit<'_>, referral: ReferralId) -> ApiResult<()> {
    let of_referral = partner_links::table.filter(partner_links::referral_id.eq(referral));
    diesel::update(of_referral).set(partner_links::note.eq(None::<String>)).execute(unit.connection)?;
    Ok(())
}
