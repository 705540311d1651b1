//! Operations of the sender's side: giving a link, reading what became of it, taking it back.

use actix_web::{get, post};

use crate::access::caller::{Caller, actions, resources};
use crate::access::rights::Rights;
use crate::access::{Action, Resource};
use crate::aggregate::Root as _;
use crate::clock;
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::http::{Answer, Body, Door, Fields, Id, IfNoneMatch, Parameters};
use crate::paged_query;
use crate::referrals::access::{self, Found};
use crate::referrals::partner_links::types::{
    NewPartnerLink, NewPartnerLinkRevocation, PartnerLink, PartnerLinkId, PartnerLinkPage, PartnerLinkRow,
};
use crate::referrals::partner_links::{records, rules, secrets};
use crate::referrals::rules::{ReferralStatus, Side};
use crate::referrals::types::ReferralId;
use crate::work::Unit;

paged_query! {
    /// How to list a referral's links.
    PartnerLinkQuery {}
}

/// 404 for who is not on the sender's side: nobody else learns of links. 403 for who is and may not do this.
fn require_sender(found: &Found, rights: &Rights, action: Action) -> ApiResult<()> {
    if !found.require(rights, Action::Read)?.contains(&Side::Sender) {
        return Err(ApiError::not_found().about(found.row.id.0));
    }
    let place = found.row.sending(&found.case);
    rights.require_at(action, Resource::PartnerLinks, &place).map_err(|error| error.about(found.row.id.0))
}

/// Give a partner a link.
///
/// For the receiver of a referral that was sent: for bodies where nobody has an account (domain 14), which is not checked. The link works once; what could be used
/// before it is taken back. Send the address, tell the access code by another way: neither is shown again.
#[utoipa::path(
    tag = "Referrals",
    params(("referral_id" = ReferralId, Path, description = "The referral.")),
    request_body = NewPartnerLink,
    responses((status = 201, description = "The link, with its secrets.", body = PartnerLink))
)]
#[post("/referrals/{referral_id}/partner-links")]
pub async fn create_partner_link(
    door: Door,
    caller: Caller<actions::Create, resources::PartnerLinks>,
    id: Id<ReferralId>,
    body: Body<NewPartnerLink>,
) -> ApiResult<Answer> {
    door.write("create_partner_link", caller, Some(body.fingerprint()), move |unit| {
        let found = access::lock(unit, id.0)?;
        require_sender(&found, &unit.rights, Action::Create)?;
        let new = body.read()?;
        let link_id = PartnerLinkId::new();
        let (row, told) = match unit.replay(link_id.0)? {
            Some(earlier) => (link(unit, PartnerLinkId(earlier))?, None),
            None => {
                let (row, told) = give(unit, &found, link_id, new)?;
                (row, Some(told))
            }
        };
        unit.shows(Resource::PartnerLinks, [row.id.0]);
        let (path, version) = (format!("/partner-links/{}", row.id), row.version);
        let (url, access_code) = told.unzip();
        unit.created(&path, version, &PartnerLink { url, access_code, ..PartnerLink::shown(row, unit.now) })
    })
    .await
}

fn link(unit: &mut Unit<'_>, id: PartnerLinkId) -> ApiResult<PartnerLinkRow> {
    records::find(unit.connection, id)?.ok_or_else(ApiError::not_found)
}

/// Makes a link of a locked referral. Gives it with its address and code.
fn give(
    unit: &mut Unit<'_>,
    found: &Found,
    id: PartnerLinkId,
    new: NewPartnerLink,
) -> ApiResult<(PartnerLinkRow, (String, String))> {
    found.case.require_workable()?;
    require_answerable(found)?;
    let (token, token_hash) = secrets::new_token()?;
    let code = secrets::new_code()?;
    let row = PartnerLinkRow {
        id,
        referral_id: found.row.id,
        follows_id: None,
        token_hash,
        code_hash: secrets::code_digest(unit.app.keys.master(), found.row.id, &code),
        expires_at: clock::after(unit.now, new.seconds()),
        language: new.language,
        note: new.note,
        may_return: new.may_return.unwrap_or(true),
        failed_attempts: 0,
        used_at: None,
        answer_hash: None,
        answer_expires_at: None,
        answered_at: None,
        revoked_at: None,
        author_id: unit.rights.principal,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    };
    records::add(unit, found, &row)?;
    Ok((row, (secrets::address(unit.app, &token), code)))
}

/// 409 unless it was sent to one organisation, which is still to answer it.
fn require_answerable(found: &Found) -> ApiResult<()> {
    let mut unmet = Vec::new();
    if found.row.status == ReferralStatus::Draft {
        unmet.push(UnmetGuard::new("sent", "send the referral first"));
    } else if !rules::takes_links(found.row.status) {
        unmet.push(UnmetGuard::new("under_way", "nobody is to answer it any more"));
    } else if found.row.is_unclaimed_offer() {
        unmet.push(UnmetGuard::new("addressed", "several organisations are asked, and none has claimed it"));
    }
    if unmet.is_empty() { Ok(()) } else { Err(ApiError::unmet(unmet)) }
}

/// List a referral's links.
///
/// Those that its sender gave to the partner, oldest first, without their secrets.
#[utoipa::path(
    tag = "Referrals",
    params(("referral_id" = ReferralId, Path, description = "The referral."), PartnerLinkQuery),
    responses((status = 200, description = "A page.", body = PartnerLinkPage))
)]
#[get("/referrals/{referral_id}/partner-links")]
pub async fn list_partner_links(
    door: Door,
    caller: Caller<actions::List, resources::PartnerLinks>,
    id: Id<ReferralId>,
    query: Parameters<PartnerLinkQuery>,
) -> ApiResult<Answer> {
    door.read("list_partner_links", caller, move |reader| {
        let found = access::find(reader, id.0)?;
        require_sender(&found, &reader.rights, Action::List)?;
        let asked = query.read()?;
        let request = reader.page(&query, asked.limit, asked.cursor.as_deref());
        let after = request.after()?.unwrap_or(PartnerLinkId(uuid::Uuid::nil()));
        let rows = records::of_referral(reader.connection, found.row.id, after, request.limit() + 1)?;
        let page = request.page(rows, |row: &PartnerLinkRow| row.id)?;
        let page = page.try_map(|row| Ok(PartnerLink::shown(row, reader.now)))?;
        let page = PartnerLinkPage::from(page);
        reader.shows(Resource::PartnerLinks, page.items.iter().map(|link| link.id.0));
        Answer::ok(&page)
    })
    .await
}

/// Read a partner's link.
///
/// Whether it was used, and how often a wrong code was sent. Its secrets are not kept, and not told.
#[utoipa::path(
    tag = "Referrals",
    params(("partner_link_id" = PartnerLinkId, Path, description = "The link.")),
    responses((status = 200, description = "The link.", body = PartnerLink))
)]
#[get("/partner-links/{partner_link_id}")]
pub async fn read_partner_link(
    door: Door,
    caller: Caller<actions::Read, resources::PartnerLinks>,
    id: Id<PartnerLinkId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_partner_link", caller, move |reader| {
        let row = records::find(reader.connection, id.0)?.ok_or_else(ApiError::not_found)?;
        let found = access::find(reader, row.referral_id)?;
        require_sender(&found, &reader.rights, Action::Read)?;
        reader.shows(Resource::PartnerLinks, [row.id.0]);
        let version = row.version;
        let link = PartnerLink::shown(row, reader.now);
        // Its time runs out without a change.
        reader.answer_row(version, &held, &Fields::default(), link.state.as_str(), &link)
    })
    .await
}

/// Take a partner's link back.
///
/// At once, and also where it was used and nothing has been answered yet. What was answered stays.
#[utoipa::path(
    tag = "Referrals",
    params(("partner_link_id" = PartnerLinkId, Path, description = "The link.")),
    request_body = NewPartnerLinkRevocation,
    responses((status = 201, description = "The link as it is now.", body = PartnerLink))
)]
#[post("/partner-links/{partner_link_id}/revocations")]
pub async fn create_partner_link_revocation(
    door: Door,
    caller: Caller<actions::Transition, resources::PartnerLinks>,
    id: Id<PartnerLinkId>,
    body: Body<NewPartnerLinkRevocation>,
) -> ApiResult<Answer> {
    door.write("create_partner_link_revocation", caller, Some(body.fingerprint()), move |unit| {
        let referral = link(unit, id.0)?.referral_id;
        let found = access::lock(unit, referral)?;
        require_sender(&found, &unit.rights, Action::Transition)?;
        body.read()?;
        let mut row = link(unit, id.0)?;
        unit.shows(Resource::PartnerLinks, [row.id.0]);
        if unit.replay(row.id.0)?.is_none() {
            if !row.is_live(unit.now) {
                let detail = "nothing can be done by it any more";
                return Err(ApiError::unmet(vec![UnmetGuard::new("live", detail)]));
            }
            row.revoked_at = Some(unit.now);
            records::save(unit, &found, &mut row, &["revoked_at"])?;
        }
        let version = row.version;
        unit.created(&format!("/partner-links/{}", row.id), version, &PartnerLink::shown(row, unit.now))
    })
    .await
}
