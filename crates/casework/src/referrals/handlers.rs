//! Operations on referrals: drawing up, reading, editing, the package.

use actix_web::{get, patch, post};
use approdo_db::Json;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, Resource};
use crate::aggregate::Root as _;
use crate::cases::handlers::refuse_unless_open;
use crate::cases::queries as cases;
use crate::cases::types::CaseRow;
use crate::codes;
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::http::{Answer, Body, Door, Fields, Id, IfMatch, IfNoneMatch};
use crate::people::queries as people;
use crate::referrals::access::{self, Found};
use crate::referrals::package::{self, PackageField, ReferralPackage};
use crate::referrals::rules::{ReferralStatus, Side};
use crate::referrals::types::{NewReferral, Referral, ReferralId, ReferralPatch, ReferralRow, apply};
use crate::referrals::{records, sending};
use crate::work::Unit;

/// Draw up a referral.
///
/// A draft, which nobody but your organisation knows of until it is sent by a transition. Nothing is asked of a consent or an agreement
/// before that.
#[utoipa::path(
    tag = "Referrals",
    request_body = NewReferral,
    responses((status = 201, description = "The referral.", body = Referral))
)]
#[post("/referrals")]
pub async fn create_referral(
    door: Door,
    caller: Caller<actions::Create, resources::Referrals>,
    body: Body<NewReferral>,
) -> ApiResult<Answer> {
    door.write("create_referral", caller, Some(body.fingerprint()), move |unit| {
        let new = body.read()?;
        let case = own_case(unit, &new)?;
        let id = ReferralId::new();
        let found = match unit.replay(id.0)? {
            Some(earlier) => access::find(unit, ReferralId(earlier))?,
            None => draw_up(unit, id, case, new)?,
        };
        unit.shows(Resource::Cases, [found.case.id.0]);
        let (path, version) = (format!("/referrals/{}", found.row.id), found.row.version);
        let sides = found.sides(&unit.rights);
        unit.created(&path, version, &Referral::shown(found.row, &sides, unit.now)?)
    })
    .await
}

/// The case to refer from, locked: one that the caller works with.
fn own_case(unit: &mut Unit<'_>, new: &NewReferral) -> ApiResult<CaseRow> {
    let unknown = || ApiError::unknown_reference("case_id");
    let case = cases::lock(unit, new.case_id).map_err(|error| match error.kind() {
        crate::error::Kind::NotFound => unknown(),
        _ => error,
    })?;
    let place = case.place();
    let may = unit.rights.may_at(Action::Create, Resource::Referrals, &place)
        && unit.rights.may_at(Action::Read, Resource::Cases, &place);
    if may { Ok(case) } else { Err(unknown()) }
}

/// Keeps a new draft of a locked case; used by the demonstration data as well.
pub fn draw_up(unit: &mut Unit<'_>, id: ReferralId, case: CaseRow, new: NewReferral) -> ApiResult<Found> {
    case.require_workable()?;
    refuse_unless_open(&case)?;
    let blank = ReferralRow::drawn_up(unit, id, &case);
    let row = ReferralRow {
        offered_service_ids: Json::of(new.service_ids),
        priority: new.priority.unwrap_or_else(|| blank.priority.clone()),
        reason: new.reason,
        package_fields: Json::of(new.package_fields),
        legal_basis: new.legal_basis,
        override_reason: new.override_reason,
        ..blank
    };
    check(unit, &row, &case, &["priority", "service_ids", "legal_basis", "package_fields"])?;
    let found = Found { row, case, recipients: Vec::new() };
    records::add(unit, &found)?;
    Ok(found)
}

/// 422 or 403 where what a draft says does not fit.
fn check(unit: &mut Unit<'_>, row: &ReferralRow, case: &CaseRow, changed: &[&'static str]) -> ApiResult<()> {
    codes::of_changed(unit.app, changed).check("case_priorities", "priority", &row.priority)?;
    if changed.contains(&"legal_basis") {
        sending::check_legal_basis(unit, row.legal_basis.as_deref())?;
    }
    if changed.contains(&"service_ids") {
        sending::services(unit, &row.offered()?)?;
    }
    let fields = row.fields()?;
    require_distinct(&fields)?;
    let person = people::find(unit, case.person_id)?;
    package::require_sendable(&fields, &unit.rights, case, &person)
}

/// 422 where a member is named twice.
pub fn require_distinct(fields: &[PackageField]) -> ApiResult<()> {
    for (index, field) in fields.iter().enumerate() {
        if fields.iter().take(index).any(|earlier| earlier == field) {
            return Err(ApiError::invalid_member(&format!("package_fields/{index}"), "is named already"));
        }
    }
    Ok(())
}

/// Read a referral.
///
/// For its sender, and for those it reaches once it was sent: each sees its own side of it. `your_sides` says which is yours.
#[utoipa::path(
    tag = "Referrals",
    params(("referral_id" = ReferralId, Path, description = "The referral.")),
    responses((status = 200, description = "The referral.", body = Referral))
)]
#[get("/referrals/{referral_id}")]
pub async fn read_referral(
    door: Door,
    caller: Caller<actions::Read, resources::Referrals>,
    id: Id<ReferralId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_referral", caller, move |reader| {
        let found = access::find(reader, id.0)?;
        found.require(&reader.rights, Action::Read)?;
        reader.shows(Resource::Referrals, [found.row.id.0]);
        let sides = found.sides(&reader.rights);
        let referral = Referral::shown(found.row, &sides, reader.now)?;
        let late = if referral.overdue { "late" } else { "" };
        reader.answer_row(referral.version, &held, &Fields::default(), late, &referral)
    })
    .await
}

/// Edit a referral.
///
/// While it is a draft: what was sent stays as it was sent.
#[utoipa::path(
    tag = "Referrals",
    params(("referral_id" = ReferralId, Path, description = "The referral.")),
    request_body(content = ReferralPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The referral as it is now.", body = Referral))
)]
#[patch("/referrals/{referral_id}")]
pub async fn edit_referral(
    door: Door,
    caller: Caller<actions::Edit, resources::Referrals>,
    id: Id<ReferralId>,
    if_match: IfMatch,
    body: Body<ReferralPatch>,
) -> ApiResult<Answer> {
    door.write("edit_referral", caller, None, move |unit| {
        let mut found = access::lock(unit, id.0)?;
        let sides = found.require(&unit.rights, Action::Edit)?;
        unit.shows(Resource::Referrals, [found.row.id.0]);
        if !sides.contains(&Side::Sender) {
            return Err(ApiError::forbidden("only its sender edits a referral"));
        }
        found.case.require_workable()?;
        let patch = body.read()?;
        if_match.check(found.row.version)?;
        if found.row.status != ReferralStatus::Draft {
            let detail = "it has been sent: cancel it and draw up another one";
            return Err(ApiError::unmet(vec![UnmetGuard::new("draft", detail)]));
        }
        let changed = apply(&mut found.row, patch)?;
        check(unit, &found.row, &found.case, &changed)?;
        records::save(unit, &mut found, &[], &changed)?;
        let sides = found.sides(&unit.rights);
        let version = found.row.version;
        unit.edited(version, &Referral::shown(found.row, &sides, unit.now)?)
    })
    .await
}

/// Read a referral's package.
///
/// What travelled with it, frozen when it was sent. Its receiver reads it from the acknowledgement on until the referral ends otherwise
/// than by being done; each reading is recorded. A draft has none: 404.
#[utoipa::path(
    tag = "Referrals",
    params(("referral_id" = ReferralId, Path, description = "The referral.")),
    responses((status = 200, description = "The package.", body = ReferralPackage))
)]
#[get("/referrals/{referral_id}/package")]
pub async fn read_referral_package(
    door: Door,
    caller: Caller<actions::Read, resources::ReferralPackages>,
    id: Id<ReferralId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_referral_package", caller, move |reader| {
        let found = access::find(reader, id.0)?;
        let sides = found.require(&reader.rights, Action::Read)?;
        let row = package::of_referral(reader.connection, found.row.id)?.ok_or_else(ApiError::not_found)?;
        // A sender reads it as its own data; a receiver by the rights it has in its own organisation.
        let place = if sides.contains(&Side::Sender) {
            found.row.sending(&found.case)
        } else if found.row.is_open_to_receiver() {
            let organisation = found.receiving(&reader.rights, Action::Read).next().map(|found| found.organisation_id);
            found.row.at(organisation.ok_or_else(ApiError::not_found)?)
        } else {
            let detail = "the package is open from the acknowledgement until the referral ends";
            return Err(ApiError::forbidden(detail).about(found.row.id.0));
        };
        reader.shows(Resource::ReferralPackages, [found.row.id.0]);
        let package = ReferralPackage::shown(row, &found.row.fields()?, reader.rights.fields_at(&place))?;
        reader.answer_row(1, &held, &Fields::default(), "", &package)
    })
    .await
}
