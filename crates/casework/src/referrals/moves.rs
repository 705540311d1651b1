//! What a move of a referral says, and what is told of one that was made.

use approdo_db::Timestamp;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::{Validate, ValidationError, ValidationErrors};

use crate::access::{PrincipalId, SYSTEM};
use crate::aggregate::moves::{ChildTransition, ChildTransitionId, texts_within};
use crate::directory::capacities::CapacityChange;
use crate::error::{ApiError, ApiResult};
use crate::http::{Checked, reading};
use crate::page_of;
use crate::referrals::partner_links::types::PartnerLinkId;
use crate::referrals::rules::{Outcome, ReferralStatus, Side, made_by};
use crate::referrals::types::ReferralId;

/// Where to move a referral, with what that move needs. The sender sends, answers a question, closes, cancels and takes back; the receiver
/// does the rest. Both sides read the notes: nothing about the person here that is not in the package.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "to", rename_all = "snake_case", deny_unknown_fields)]
#[schema(example = json!({"to": "accepted", "note": "Place in the course that begins on 11 January."}))]
pub enum NewReferralTransition {
    /// Sends a draft: the package is frozen, the clock begins. A consent or another basis, and an agreement, must cover it.
    Requested {
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    /// Acknowledges a request; or answers what was asked back, with a note.
    Received {
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    /// From received.
    Accepted {
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
        /// How much room the service has from now on.
        #[schema(nullable = false)]
        capacity: Option<CapacityChange>,
    },
    /// From received, with `ineligible`, `capacity`, `client_refused` or `unreachable`.
    Declined {
        outcome_code: Outcome,
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
        /// How much room the service has from now on.
        #[schema(nullable = false)]
        capacity: Option<CapacityChange>,
    },
    /// From received: asks something back. The clock stands still until it is answered.
    InfoRequested {
        #[schema(min_length = 1, max_length = 2000)]
        note: String,
    },
    /// From accepted.
    Waitlisted {
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
        /// How much room the service has from now on.
        #[schema(nullable = false)]
        capacity: Option<CapacityChange>,
    },
    /// From accepted, from the waiting list, or again after a missed appointment.
    Scheduled {
        #[serde(deserialize_with = "reading::instant")]
        scheduled_at: DateTime<Utc>,
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    /// From scheduled: the person did not come.
    NoShow {
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    /// From scheduled or the waiting list, or back from on hold.
    InProgress {
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    /// From in progress.
    OnHold {
        /// When it will be looked at again: after today.
        #[serde(deserialize_with = "reading::day")]
        review_at: NaiveDate,
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    /// From in progress, with `service_delivered` or `enrolled`.
    Completed {
        outcome_code: Outcome,
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
        /// How much room the service has from now on.
        #[schema(nullable = false)]
        capacity: Option<CapacityChange>,
    },
    /// From in progress or after a missed appointment, with why.
    NotCompleted {
        outcome_code: Outcome,
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    /// Confirms how it ended. What is not confirmed within 14 days closes by itself.
    Closed {
        /// From 1 (not at all) to 5 (very), as the person said.
        #[serde(default, deserialize_with = "reading::optional_whole")]
        #[schema(nullable = false, minimum = 1, maximum = 5)]
        client_satisfaction: Option<i64>,
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    /// From wherever it is not over.
    Cancelled {
        #[schema(min_length = 1, max_length = 2000)]
        note: String,
    },
    /// From wherever it is not over: it should never have been. Its receivers know of it no more.
    EnteredInError {
        #[schema(min_length = 1, max_length = 2000)]
        note: String,
    },
}

impl NewReferralTransition {
    pub fn to(&self) -> ReferralStatus {
        match self {
            Self::Requested { .. } => ReferralStatus::Requested,
            Self::Received { .. } => ReferralStatus::Received,
            Self::Accepted { .. } => ReferralStatus::Accepted,
            Self::Declined { .. } => ReferralStatus::Declined,
            Self::InfoRequested { .. } => ReferralStatus::InfoRequested,
            Self::Waitlisted { .. } => ReferralStatus::Waitlisted,
            Self::Scheduled { .. } => ReferralStatus::Scheduled,
            Self::NoShow { .. } => ReferralStatus::NoShow,
            Self::InProgress { .. } => ReferralStatus::InProgress,
            Self::OnHold { .. } => ReferralStatus::OnHold,
            Self::Completed { .. } => ReferralStatus::Completed,
            Self::NotCompleted { .. } => ReferralStatus::NotCompleted,
            Self::Closed { .. } => ReferralStatus::Closed,
            Self::Cancelled { .. } => ReferralStatus::Cancelled,
            Self::EnteredInError { .. } => ReferralStatus::EnteredInError,
        }
    }

    pub fn note(&self) -> Option<&str> {
        match self {
            Self::Requested { note }
            | Self::Received { note }
            | Self::Accepted { note, .. }
            | Self::Declined { note, .. }
            | Self::Waitlisted { note, .. }
            | Self::Scheduled { note, .. }
            | Self::NoShow { note }
            | Self::InProgress { note }
            | Self::OnHold { note, .. }
            | Self::Completed { note, .. }
            | Self::NotCompleted { note, .. }
            | Self::Closed { note, .. } => note.as_deref(),
            Self::InfoRequested { note } | Self::Cancelled { note } | Self::EnteredInError { note } => Some(note),
        }
    }

    pub fn capacity(&self) -> Option<&CapacityChange> {
        match self {
            Self::Accepted { capacity, .. }
            | Self::Declined { capacity, .. }
            | Self::Waitlisted { capacity, .. }
            | Self::Completed { capacity, .. } => capacity.as_ref(),
            _ => None,
        }
    }
}

impl Validate for NewReferralTransition {
    fn validate(&self) -> Result<(), ValidationErrors> {
        let mut result = texts_within(&[("note", self.note(), 2000)]);
        if let Self::Closed { client_satisfaction: Some(said), .. } = self
            && !(1..=5).contains(said)
        {
            let mut errors = ValidationErrors::new();
            errors.add("client_satisfaction", ValidationError::new("range"));
            result = Err(errors);
        }
        match self.capacity() {
            Some(capacity) => ValidationErrors::merge(result, "capacity", capacity.validate()),
            None => result,
        }
    }
}

impl Checked for NewReferralTransition {}

/// One move of a referral.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReferralTransition {
    pub id: ChildTransitionId,
    pub referral_id: ReferralId,
    /// The version the move gave the referral; the `ETag` of the answer to a move names it.
    #[schema(minimum = 2, maximum = 9007199254740991_i64)]
    pub referral_version: i64,
    pub from: ReferralStatus,
    pub to: ReferralStatus,
    /// Who made it.
    pub side: Side,
    /// Told to the side that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub actor_id: Option<PrincipalId>,
    /// The link by which a partner without an account made it; told to the sender.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub partner_link_id: Option<PartnerLinkId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 2000)]
    pub note: Option<String>,
    pub at: Timestamp,
}

impl ReferralTransition {
    // A note may repeat what is inside: the other side's is read by who may read that.
    pub fn told(made: ChildTransition, sides: &[Side], opened: bool, links: &[PartnerLinkId]) -> ApiResult<Self> {
        let state = |name: &str| {
            let known = ReferralStatus::ALL.iter().copied().find(|state| state.as_str() == name);
            known.ok_or_else(|| ApiError::fault("a move between states that there are not"))
        };
        let (from, to) = (state(&made.from_status)?, state(&made.to_status)?);
        let side = made_by(from, to, made.actor_id == SYSTEM);
        let link = links.iter().copied().find(|link| link.0 == made.actor_id.0);
        Ok(Self {
            id: made.id,
            referral_id: ReferralId(made.resource_id.0),
            referral_version: made.resource_version,
            from,
            to,
            side,
            actor_id: Some(made.actor_id).filter(|_| link.is_none() && sides.contains(&side)),
            partner_link_id: link.filter(|_| sides.contains(&Side::Sender)),
            note: made.note.filter(|_| opened || sides.contains(&side)),
            at: made.at,
        })
    }
}

page_of! {
    /// A page of a referral's moves.
    ReferralTransitionPage of ReferralTransition
}
