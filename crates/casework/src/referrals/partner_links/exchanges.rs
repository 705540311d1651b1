//! The use of a link: token and code for the package, once.

use actix_web::post;
use approdo_db::Timestamp;
use approdo_db::schema::{organisations, services};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::recorder::{AccessEvent, AccessNote};
use crate::access::rights::Rights;
use crate::access::sessions;
use crate::access::{ActorKind, PrincipalId, Resource};
use crate::aggregate::moves::ChildTransitionId;
use crate::app::blocking;
use crate::clock;
use crate::error::{ApiError, ApiResult, Kind};
use crate::http::{Answer, Body, Checked, Door};
use crate::referrals::access::{self, Found};
use crate::referrals::moves::NewReferralTransition;
use crate::referrals::package::{self, ReferralPackage};
use crate::referrals::partner_links::rules::{self, ANSWER_SECONDS, MAX_FAILURES, PartnerAnswer, PartnerLinkState};
use crate::referrals::partner_links::types::{PartnerLinkId, PartnerLinkRow};
use crate::referrals::partner_links::{records, secrets};
use crate::referrals::rules::{ReferralStatus, Side};
use crate::referrals::transitions;
use crate::work::{self, Unit};

/// What a partner holds: the token of the address, and the code that was told by another way.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"token": "rJ0nq3m0Xv5y1gq6bPdUyQdJc0w1m8a2kT7uZ9eHfLs", "access_code": "K7PX2MQD"}))]
pub struct NewPartnerLinkExchange {
    /// What follows `#token=` in the address.
    #[validate(custom(function = "secrets::token_shaped"))]
    #[schema(min_length = 43, max_length = 43, pattern = "^[A-Za-z0-9_-]{43}$")]
    pub token: String,
    /// The code, in capitals or not.
    #[validate(custom(function = "secrets::code_shaped"))]
    #[schema(min_length = 8, max_length = 8, pattern = "^[2-9A-HJ-NP-Za-hj-np-z]{8}$")]
    pub access_code: String,
}

impl Checked for NewPartnerLinkExchange {}

/// What a partner is shown: what a receiver with an account reads, and what can be answered.
#[derive(Debug, Serialize, ToSchema)]
pub struct PartnerLinkExchange {
    pub status: ReferralStatus,
    /// Who refers.
    #[schema(max_length = 200)]
    pub from_organisation: String,
    /// Who is asked.
    #[schema(max_length = 200)]
    pub to_organisation: String,
    /// What is asked.
    #[schema(max_length = 200)]
    pub service: String,
    /// A code of `case_priorities`.
    #[schema(max_length = 40)]
    pub priority: String,
    /// What is asked for, and why.
    #[schema(max_length = 4000)]
    pub reason: String,
    /// When it expires unless it is accepted or declined.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub due_response_at: Option<Timestamp>,
    /// The last day agreed for completing it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub due_completion_on: Option<NaiveDate>,
    pub package: ReferralPackage,
    /// What can be answered now.
    #[schema(max_items = 3)]
    pub allowed_answers: Vec<PartnerAnswer>,
    /// For one answer, at `POST /partner-links/answers`.
    #[schema(min_length = 43, max_length = 43, pattern = "^[A-Za-z0-9_-]{43}$")]
    pub answer_token: String,
    pub answer_expires_at: Timestamp,
    /// The language the partner is to be addressed in (ISO 639-1).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 2, max_length = 2, pattern = "^[a-z]{2}$")]
    pub language: Option<String>,
}

/// What came of a use. A wrong code is counted, so that it is no failure of the transaction.
enum Use {
    Shown(PartnerLinkRow, Box<PartnerLinkExchange>),
    WrongCode(PartnerLinkRow),
}

/// Use a partner's link.
///
/// Open to everyone who has both secrets. It shows the package as a receiver with an account reads it, acknowledges the referral where
/// nobody has, and uses the link up: 410 from then on. A wrong code (422) does not; the fifth blocks the link.
#[utoipa::path(
    tag = "Referrals",
    security(()),
    request_body = NewPartnerLinkExchange,
    responses((status = 200, description = "What was sent, and what can be answered.", body = PartnerLinkExchange))
)]
#[post("/partner-links/exchanges")]
pub async fn create_partner_link_exchange(door: Door, body: Body<NewPartnerLinkExchange>) -> ApiResult<Answer> {
    const NAME: &str = "create_partner_link_exchange";
    door.require_fit()?;
    let asked = body.read()?;
    let (app, context) = (door.app.clone(), door.context.clone());
    let outcome = blocking(move || {
        // Nobody without a token holds up those who write.
        let digest = sessions::digest(&asked.token);
        app.read_now(|connection| Ok(records::of_token(connection, &digest)?))?.ok_or_else(ApiError::not_found)?;
        work::run_without_account(&app, &context, |unit| attempt(unit, &asked))
    })
    .await;
    match outcome {
        Ok(Use::Shown(link, shown)) => {
            note(&door, NAME, AccessEvent::Read, Resource::ReferralPackages, Some((link.id, link.referral_id.0)))
                .await?;
            Answer::ok(&*shown)
        }
        Ok(Use::WrongCode(link)) => {
            note(&door, NAME, AccessEvent::Refused, Resource::PartnerLinks, Some((link.id, link.id.0))).await?;
            Err(wrong_code(MAX_FAILURES - link.failed_attempts))
        }
        Err(error) => Err(refused(&door, NAME, error).await),
    }
}

fn wrong_code(left: i64) -> ApiError {
    let detail = match left {
        0 => "is not the code of this link, which is blocked now: ask for another one".to_owned(),
        1 => "is not the code of this link; it can be tried once more".to_owned(),
        left => format!("is not the code of this link; it can be tried {left} times more"),
    };
    ApiError::invalid_member("access_code", detail)
}

fn attempt(unit: &mut Unit<'_>, asked: &NewPartnerLinkExchange) -> ApiResult<Use> {
    let digest = sessions::digest(&asked.token);
    let referral = records::of_token(unit.connection, &digest)?.ok_or_else(ApiError::not_found)?.referral_id;
    let found = access::lock(unit, referral)?;
    // As it is under the lock.
    let mut link = records::of_token(unit.connection, &digest)?.ok_or_else(ApiError::not_found)?;
    let about = link.id.0;
    unit.rights = link.rights();
    rules::require_open(link.state(unit.now)).map_err(|error| error.about(about))?;
    if link.code_hash != secrets::code_digest(unit.app.keys.master(), referral, &asked.access_code) {
        link.failed_attempts += 1;
        records::save(unit, &found, &mut link, &["failed_attempts"])?;
        return Ok(Use::WrongCode(link));
    }
    let found = acknowledged(unit, found).map_err(|error| error.about(about))?;
    let (answer_token, answer_hash) = secrets::new_token()?;
    let answer_expires_at = clock::after(unit.now, ANSWER_SECONDS);
    link.used_at = Some(unit.now);
    (link.answer_hash, link.answer_expires_at) = (Some(answer_hash), Some(answer_expires_at));
    records::save(unit, &found, &mut link, &["used_at"])?;
    let shown = shown(unit, &found, &link, answer_token, answer_expires_at)?;
    Ok(Use::Shown(link, Box::new(shown)))
}

/// Whoever reads a package has received the referral.
fn acknowledged(unit: &mut Unit<'_>, found: Found) -> ApiResult<Found> {
    if found.row.status == ReferralStatus::Requested {
        let (id, received) = (found.row.id, NewReferralTransition::Received { note: None });
        transitions::require_move(&found, ReferralStatus::Received, &[Side::Receiver])?;
        transitions::make(unit, found, None, ChildTransitionId::new(), &received)?;
        return access::lock(unit, id);
    }
    if found.row.is_open_to_receiver() {
        Ok(found)
    } else {
        // Links end with what opens the package: this is a second lock on that door.
        rules::require_open(PartnerLinkState::Revoked).map(|()| found)
    }
}

fn shown(
    unit: &mut Unit<'_>,
    found: &Found,
    link: &PartnerLinkRow,
    answer_token: String,
    answer_expires_at: Timestamp,
) -> ApiResult<PartnerLinkExchange> {
    let row = &found.row;
    let missing = || ApiError::fault("a link to a referral that was not sent to anybody");
    let (to, service) = row.to_org_id.zip(row.service_id).ok_or_else(missing)?;
    let package = package::of_referral(unit.connection, row.id)?.ok_or_else(missing)?;
    // Nobody there is kept from a part of it: what was sent is for the partner.
    let everything = Rights::system().fields_at(&row.at(to));
    let mut called = |id| organisations::table.find(id).select(organisations::name).first(unit.connection);
    let (from_organisation, to_organisation) = (called(row.from_org_id)?, called(to)?);
    Ok(PartnerLinkExchange {
        status: row.status,
        from_organisation,
        to_organisation,
        service: services::table.find(service).select(services::name).first(unit.connection)?,
        priority: row.priority.clone(),
        reason: row.reason.clone(),
        due_response_at: row.due_response_at.filter(|_| row.status.awaits_answer()),
        due_completion_on: row.due_completion_on,
        package: ReferralPackage::shown(package, &row.fields()?, everything)?,
        allowed_answers: rules::answers(row.status),
        answer_token,
        answer_expires_at,
        language: link.language.clone(),
    })
}

/// Records what a link showed, or that it was refused.
pub async fn note(
    door: &Door,
    operation: &'static str,
    event: AccessEvent,
    resource: Resource,
    by: Option<(PartnerLinkId, uuid::Uuid)>,
) -> ApiResult<()> {
    let note = AccessNote {
        event,
        operation,
        purpose: door.context.purpose.clone(),
        resource: Some(resource.as_str()),
        resource_ids: by.map(|(_, row)| row).into_iter().collect(),
        actor: by.map(|(link, _)| PrincipalId(link.0)),
        actor_kind: ActorKind::Partner,
        request_id: door.context.id.clone(),
        at: clock::now(),
    };
    door.app.recorder.record(note).await
}

/// Records that a token was of no use, and gives the refusal back.
pub async fn refused(door: &Door, operation: &'static str, error: ApiError) -> ApiError {
    if !matches!(error.kind(), Kind::NotFound | Kind::Gone) {
        return error;
    }
    let by = error.row().map(|link| (PartnerLinkId(link), link));
    match note(door, operation, AccessEvent::Refused, Resource::PartnerLinks, by).await {
        Ok(()) => error,
        Err(fault) => fault,
    }
}
