//! When the clock of a referral's answer stands still (domain 16): while something was asked back, while it is handed on, and where the
//! law extends the time.

use actix_web::post;
use approdo_db::schema::referral_pauses;
use approdo_db::{Timestamp, define_id, text_enum};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, PrincipalId, Resource};
use crate::aggregate::Root as _;
use crate::agreements::working_time::Pause;
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::http::{Answer, Body, Checked, Door, Id, IfMatch, reading};
use crate::referrals::access::{self, Found};
use crate::referrals::records;
use crate::referrals::rules::{ReferralStatus, Side};
use crate::referrals::types::ReferralId;
use crate::work::Unit;

define_id! {
    /// The id of an extension.
    #[derive(ToSchema)]
    PauseId;
}

text_enum! {
    /// Why the clock stands still.
    PauseKind {
        InfoRequested = "info_requested",
        Accepted = "accepted",
        Forwarded = "forwarded",
        Extension = "extension",
    }
}

/// The row.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = referral_pauses, treat_none_as_default_value = false)]
pub struct PauseRow {
    pub id: PauseId,
    pub referral_id: ReferralId,
    pub kind: PauseKind,
    pub since: Timestamp,
    pub until: Option<Timestamp>,
    pub norm: Option<String>,
    pub note: Option<String>,
    pub author_id: PrincipalId,
}

fn pauses(unit: &mut Unit<'_>, id: ReferralId) -> QueryResult<Vec<Pause>> {
    let rows: Vec<PauseRow> = referral_pauses::table
        .filter(referral_pauses::referral_id.eq(id))
        .order(referral_pauses::id)
        .load(unit.connection)?;
    Ok(rows.into_iter().map(|row| (row.since.instant(), row.until.map(Timestamp::instant))).collect())
}

/// Reckons anew when an answer is due.
pub fn reckon(unit: &mut Unit<'_>, found: &mut Found) -> ApiResult<Vec<&'static str>> {
    let pauses = pauses(unit, found.row.id)?;
    let terms = found.row.terms()?;
    let due = match (found.row.sent_at, terms.response_hours) {
        (Some(sent_at), Some(hours)) => terms.working_time.deadline(sent_at.instant(), hours, &pauses),
        _ => None,
    };
    found.row.due_response_at = due.map(Timestamp::new);
    Ok(vec!["due_response_at"])
}

/// Lets the clock stand still from now on. Gives the members that this changes.
pub fn pause(unit: &mut Unit<'_>, found: &mut Found, kind: PauseKind) -> ApiResult<Vec<&'static str>> {
    let author_id = unit.rights.principal;
    let (referral_id, since) = (found.row.id, unit.now);
    let row = PauseRow { id: PauseId::new(), referral_id, kind, since, until: None, norm: None, note: None, author_id };
    diesel::insert_into(referral_pauses::table).values(&row).execute(unit.connection)?;
    reckon(unit, found)
}

/// Lets it run again. Gives the members that this changes.
pub fn resume(unit: &mut Unit<'_>, found: &mut Found) -> ApiResult<Vec<&'static str>> {
    let open = referral_pauses::table
        .filter(referral_pauses::referral_id.eq(found.row.id))
        .filter(referral_pauses::until.is_null());
    diesel::update(open).set(referral_pauses::until.eq(unit.now)).execute(unit.connection)?;
    reckon(unit, found)
}

/// A time that the law gives in addition.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"until": "2030-02-01T09:00:00Z", "norm": "L. 241/1990, art. 2, comma 7", "note": "Certificate asked of another body."}))]
pub struct NewReferralExtension {
    /// The clock stands still from now until then: within a year.
    #[serde(deserialize_with = "reading::instant")]
    pub until: DateTime<Utc>,
    /// The norm that gives it.
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub norm: String,
    #[validate(length(min = 1, max = 2000))]
    #[schema(nullable = false, min_length = 1, max_length = 2000)]
    pub note: Option<String>,
}

impl Checked for NewReferralExtension {}

/// A time that the law gave in addition.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReferralExtension {
    pub id: PauseId,
    pub referral_id: ReferralId,
    /// The version it gave the referral; the `ETag` of this answer names it.
    #[schema(minimum = 2, maximum = 9007199254740991_i64)]
    pub referral_version: i64,
    pub since: Timestamp,
    pub until: Timestamp,
    #[schema(max_length = 200)]
    pub norm: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 2000)]
    pub note: Option<String>,
    /// When the answer is due now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub due_response_at: Option<Timestamp>,
}

/// Extend the time for a referral's answer.
///
/// By its receiver, while the answer is awaited, where a norm lets it: the clock of the agreement stands still until the instant named.
#[utoipa::path(
    tag = "Referrals",
    params(("referral_id" = ReferralId, Path, description = "The referral.")),
    request_body = NewReferralExtension,
    responses((status = 201, description = "The extension; `ETag` is the referral's.", body = ReferralExtension))
)]
#[post("/referrals/{referral_id}/extensions")]
pub async fn create_referral_extension(
    door: Door,
    caller: Caller<actions::Transition, resources::Referrals>,
    id: Id<ReferralId>,
    if_match: IfMatch,
    body: Body<NewReferralExtension>,
) -> ApiResult<Answer> {
    door.write("create_referral_extension", caller, Some(body.fingerprint()), move |unit| {
        let found = access::lock(unit, id.0)?;
        let sides = found.require(&unit.rights, Action::Transition)?;
        unit.shows(Resource::Referrals, [found.row.id.0]);
        if !sides.contains(&Side::Receiver) {
            return Err(ApiError::forbidden("only its receiver extends the time for a referral's answer"));
        }
        let asked = body.read()?;
        let pause_id = PauseId::new();
        let (row, found) = match unit.replay(pause_id.0)? {
            Some(earlier) => (referral_pauses::table.find(PauseId(earlier)).first(unit.connection)?, found),
            None => {
                if_match.check(found.row.version)?;
                extend(unit, found, pause_id, asked)?
            }
        };
        let told = told(row, &found)?;
        unit.created(&format!("/referrals/{}", told.referral_id), told.referral_version, &told)
    })
    .await
}

fn told(row: PauseRow, found: &Found) -> ApiResult<ReferralExtension> {
    let missing = || ApiError::fault("an extension without an end or a norm");
    Ok(ReferralExtension {
        id: row.id,
        referral_id: row.referral_id,
        referral_version: found.row.version,
        since: row.since,
        until: row.until.ok_or_else(missing)?,
        norm: row.norm.ok_or_else(missing)?,
        note: row.note,
        due_response_at: found.row.due_response_at,
    })
}

fn extend(
    unit: &mut Unit<'_>,
    mut found: Found,
    id: PauseId,
    asked: NewReferralExtension,
) -> ApiResult<(PauseRow, Found)> {
    found.case.require_workable()?;
    let ahead = asked.until - unit.now.instant();
    if ahead <= chrono::TimeDelta::zero() || ahead > chrono::TimeDelta::days(366) {
        return Err(ApiError::invalid_member("until", "must be in the future, within a year"));
    }
    if found.row.is_unclaimed_offer() {
        return Err(ApiError::unmet(vec![UnmetGuard::new("claimed", "several are asked: claim it first")]));
    }
    if !matches!(found.row.status, ReferralStatus::Requested | ReferralStatus::Received) {
        return Err(ApiError::unmet(vec![UnmetGuard::new("awaits_answer", "no answer is awaited of it")]));
    }
    let row = PauseRow {
        id,
        referral_id: found.row.id,
        kind: PauseKind::Extension,
        since: unit.now,
        until: Some(Timestamp::new(asked.until)),
        norm: Some(asked.norm),
        note: asked.note,
        author_id: unit.rights.principal,
    };
    diesel::insert_into(referral_pauses::table).values(&row).execute(unit.connection)?;
    let changed = reckon(unit, &mut found)?;
    let before = found.known_to();
    records::save(unit, &mut found, &before, &changed)?;
    Ok((row, found))
}
