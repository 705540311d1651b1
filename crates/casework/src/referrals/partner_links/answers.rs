//! A partner's answer: the moves of the receiver's side that a link lets somebody without an account make.

use actix_web::post;
use approdo_db::Timestamp;
use chrono::{DateTime, NaiveTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::{Validate, ValidationErrors};

use crate::access::sessions;
use crate::aggregate::moves::{self, ChildTransitionId, texts_within};
use crate::app::blocking;
use crate::clock;
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::http::{Answer, Body, Checked, Door, reading};
use crate::referrals::access::{self, Found};
use crate::referrals::moves::NewReferralTransition;
use crate::referrals::partner_links::exchanges::refused;
use crate::referrals::partner_links::rules::{self, PartnerAnswer, PartnerLinkState, RETURN_DAYS};
use crate::referrals::partner_links::types::{PartnerLinkId, PartnerLinkRow};
use crate::referrals::partner_links::{records, secrets};
use crate::referrals::rules::{Outcome, ReferralStatus, Side};
use crate::referrals::transitions;
use crate::referrals::types::ReferralId;
use crate::work::{self, Unit};

/// What the partner answers. The token stands in the body, because `Authorization` is for callers with an account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "to", rename_all = "snake_case", deny_unknown_fields)]
#[schema(example = json!({
    "to": "accepted", "answer_token": "rJ0nq3m0Xv5y1gq6bPdUyQdJc0w1m8a2kT7uZ9eHfLs", "note": "We look forward to her."
}))]
pub enum NewPartnerLinkAnswer {
    /// From received.
    Accepted {
        #[schema(min_length = 43, max_length = 43, pattern = "^[A-Za-z0-9_-]{43}$")]
        answer_token: String,
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    /// From received, with `ineligible`, `capacity`, `client_refused` or `unreachable`.
    Declined {
        #[schema(min_length = 43, max_length = 43, pattern = "^[A-Za-z0-9_-]{43}$")]
        answer_token: String,
        outcome_code: Outcome,
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    /// Once it was accepted, with `service_delivered` or `enrolled`.
    Completed {
        #[schema(min_length = 43, max_length = 43, pattern = "^[A-Za-z0-9_-]{43}$")]
        answer_token: String,
        outcome_code: Outcome,
        /// When it was done or began, where no time was set before; not in the future, now when absent.
        #[serde(default, deserialize_with = "reading::optional_instant")]
        #[schema(nullable = false)]
        scheduled_at: Option<DateTime<Utc>>,
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
}

impl NewPartnerLinkAnswer {
    fn answer(&self) -> PartnerAnswer {
        match self {
            Self::Accepted { .. } => PartnerAnswer::Accepted,
            Self::Declined { .. } => PartnerAnswer::Declined,
            Self::Completed { .. } => PartnerAnswer::Completed,
        }
    }

    fn answer_token(&self) -> &str {
        match self {
            Self::Accepted { answer_token, .. }
            | Self::Declined { answer_token, .. }
            | Self::Completed { answer_token, .. } => answer_token,
        }
    }

    fn note(&self) -> Option<&str> {
        match self {
            Self::Accepted { note, .. } | Self::Declined { note, .. } | Self::Completed { note, .. } => note.as_deref(),
        }
    }

    fn scheduled_at(&self) -> Option<DateTime<Utc>> {
        if let Self::Completed { scheduled_at, .. } = self { *scheduled_at } else { None }
    }

    /// The move of the receiver's side that it is.
    fn transition(&self) -> NewReferralTransition {
        let note = self.note().map(str::to_owned);
        match self {
            Self::Accepted { .. } => NewReferralTransition::Accepted { note, capacity: None },
            Self::Declined { outcome_code, .. } => {
                NewReferralTransition::Declined { outcome_code: *outcome_code, note, capacity: None }
            }
            Self::Completed { outcome_code, .. } => {
                NewReferralTransition::Completed { outcome_code: *outcome_code, note, capacity: None }
            }
        }
    }
}

impl Validate for NewPartnerLinkAnswer {
    fn validate(&self) -> Result<(), ValidationErrors> {
        let mut errors = texts_within(&[("note", self.note(), 2000)]).err().unwrap_or_default();
        if let Err(error) = secrets::token_shaped(self.answer_token()) {
            errors.add("answer_token", error);
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

impl Checked for NewPartnerLinkAnswer {}

/// What came of an answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct PartnerLinkAnswer {
    pub referral_id: ReferralId,
    pub status: ReferralStatus,
    pub answered_at: Timestamp,
    /// The last day agreed for completing it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub due_completion_on: Option<chrono::NaiveDate>,
    /// To complete by what was accepted; shown once. The access code stays the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next: Option<NextPartnerLink>,
}

/// The link by which the partner comes back.
#[derive(Debug, Serialize, ToSchema)]
pub struct NextPartnerLink {
    #[schema(format = "uri", max_length = 2048)]
    pub url: String,
    pub expires_at: Timestamp,
}

/// Answer a referral by a partner's link.
///
/// Open to whoever has the token that the link was exchanged for. Accepts, declines or completes, as a receiver with an account would,
/// once. An answer that is refused changes nothing, and another one can be given until the token's time is over.
#[utoipa::path(
    tag = "Referrals",
    security(()),
    request_body = NewPartnerLinkAnswer,
    responses((status = 200, description = "How the referral stands now.", body = PartnerLinkAnswer))
)]
#[post("/partner-links/answers")]
pub async fn create_partner_link_answer(door: Door, body: Body<NewPartnerLinkAnswer>) -> ApiResult<Answer> {
    door.require_fit()?;
    let asked = body.read()?;
    let (app, context) = (door.app.clone(), door.context.clone());
    let outcome = blocking(move || {
        // Nobody without a token holds up those who write.
        let digest = sessions::digest(asked.answer_token());
        app.read_now(|connection| Ok(records::of_answer_token(connection, &digest)?))?
            .ok_or_else(ApiError::not_found)?;
        work::run_without_account(&app, &context, |unit| answer(unit, &asked))
    });
    match outcome.await {
        Ok(told) => Answer::ok(&told),
        Err(error) => Err(refused(&door, "create_partner_link_answer", error).await),
    }
}

fn answer(unit: &mut Unit<'_>, asked: &NewPartnerLinkAnswer) -> ApiResult<PartnerLinkAnswer> {
    let digest = sessions::digest(asked.answer_token());
    let referral = records::of_answer_token(unit.connection, &digest)?.ok_or_else(ApiError::not_found)?.referral_id;
    let found = access::lock(unit, referral)?;
    // As it is under the lock.
    let mut link = records::of_answer_token(unit.connection, &digest)?.ok_or_else(ApiError::not_found)?;
    let about = link.id.0;
    unit.rights = link.rights();
    require_unanswered(unit, &link).map_err(|error| error.about(about))?;
    link.answered_at = Some(unit.now);
    // Before the moves: an end of the referral takes back what is not answered.
    records::save(unit, &found, &mut link, &["answered_at"])?;
    let found = go(unit, found, asked)?;
    let next = if asked.answer() == PartnerAnswer::Accepted && link.may_return {
        Some(come_back(unit, &found, &link)?)
    } else {
        None
    };
    Ok(PartnerLinkAnswer {
        referral_id: referral,
        status: found.row.status,
        answered_at: unit.now,
        due_completion_on: found.row.due_completion_on,
        next,
    })
}

/// 410 for a token that was used, taken back, or has run out.
fn require_unanswered(unit: &Unit<'_>, link: &PartnerLinkRow) -> ApiResult<()> {
    if link.answered_at.is_some() {
        return Err(ApiError::gone(UnmetGuard::new("unanswered", "it was answered already, and that is done once")));
    }
    if link.revoked_at.is_some() {
        return rules::require_open(PartnerLinkState::Revoked);
    }
    if link.answer_expires_at.is_none_or(|end| end <= unit.now) {
        let detail = "the time for an answer is over: ask for another link";
        return Err(ApiError::gone(UnmetGuard::new("answer_in_time", detail)));
    }
    Ok(())
}

/// Makes the moves of an answer; each is held to what a receiver's move is held to.
fn go(unit: &mut Unit<'_>, mut found: Found, asked: &NewPartnerLinkAnswer) -> ApiResult<Found> {
    let (id, from) = (found.row.id, found.row.status);
    let way = rules::way(from, asked.answer());
    if way.is_empty() {
        return Err(moves::no_such_move("a referral", from.as_str(), asked.answer().as_str()));
    }
    let scheduled_at = asked.scheduled_at().unwrap_or_else(|| unit.now.instant());
    if asked.scheduled_at().is_some() && !way.contains(&ReferralStatus::Scheduled) {
        return Err(ApiError::invalid_member("scheduled_at", "was set before: leave it out"));
    }
    if scheduled_at > unit.now.instant() {
        return Err(ApiError::invalid_member("scheduled_at", "must not be in the future"));
    }
    for to in way {
        let step = match to {
            ReferralStatus::Scheduled => NewReferralTransition::Scheduled { scheduled_at, note: None },
            ReferralStatus::InProgress => NewReferralTransition::InProgress { note: None },
            _ => asked.transition(),
        };
        transitions::require_move(&found, *to, &[Side::Receiver])?;
        transitions::make(unit, found, None, ChildTransitionId::new(), &step)?;
        found = access::lock(unit, id)?;
    }
    Ok(found)
}

/// Gives the link to complete by: until the day agreed for that is over.
fn come_back(unit: &mut Unit<'_>, found: &Found, link: &PartnerLinkRow) -> ApiResult<NextPartnerLink> {
    let (token, token_hash) = secrets::new_token()?;
    let agreed = found.row.due_completion_on.and_then(|day| day.succ_opt());
    let expires_at = agreed.map_or_else(
        || clock::after(unit.now, RETURN_DAYS * 24 * 3600),
        |day| Timestamp::new(day.and_time(NaiveTime::MIN).and_utc()),
    );
    let next = PartnerLinkRow {
        id: PartnerLinkId::new(),
        follows_id: Some(link.id),
        token_hash,
        expires_at,
        note: None,
        failed_attempts: 0,
        used_at: None,
        answer_hash: None,
        answer_expires_at: None,
        answered_at: None,
        revoked_at: None,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
        ..link.clone()
    };
    records::add(unit, found, &next)?;
    Ok(NextPartnerLink { url: secrets::address(unit.app, &token), expires_at })
}
