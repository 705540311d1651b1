//! What a link is good for, and what a partner's answer does. Pure, no database, no HTTP.

use approdo_db::{Timestamp, text_enum};
use utoipa::ToSchema;

use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::referrals::rules::ReferralStatus;

/// Wrong codes that block a link.
pub const MAX_FAILURES: i64 = 5;
/// Seconds in which what a link has opened can be answered.
pub const ANSWER_SECONDS: i64 = 30 * 60;
/// Days for completing what was accepted, where no agreement sets them.
pub const RETURN_DAYS: i64 = 90;

text_enum! {
    /// What a link is good for.
    #[derive(ToSchema)]
    PartnerLinkState {
        /// It can be used.
        Open = "open",
        /// It has shown the package.
        Used = "used",
        Expired = "expired",
        /// Taken back: by hand, by another link, or with the end of the referral.
        Revoked = "revoked",
        /// Too many wrong codes.
        Blocked = "blocked",
    }

    /// What a partner without an account can answer (domain 14).
    #[derive(ToSchema)]
    PartnerAnswer {
        Accepted = "accepted",
        Declined = "declined",
        Completed = "completed",
    }
}

/// What the state of a link follows from.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    pub used: bool,
    pub failed_attempts: i64,
    pub revoked_at: Option<Timestamp>,
    pub expires_at: Timestamp,
}

impl Facts {
    /// What ended it first is what it is told to be.
    pub fn state(self, now: Timestamp) -> PartnerLinkState {
        if self.used {
            PartnerLinkState::Used
        } else if self.failed_attempts >= MAX_FAILURES {
            PartnerLinkState::Blocked
        } else if self.revoked_at.is_some_and(|at| at < self.expires_at) {
            PartnerLinkState::Revoked
        } else if self.expires_at <= now {
            PartnerLinkState::Expired
        } else {
            PartnerLinkState::Open
        }
    }
}

/// 410 for a link that cannot be used any more.
pub fn require_open(state: PartnerLinkState) -> ApiResult<()> {
    let guard = match state {
        PartnerLinkState::Open => return Ok(()),
        PartnerLinkState::Used => UnmetGuard::new("link_unused", "the link was used, and works once"),
        PartnerLinkState::Expired => UnmetGuard::new("link_in_time", "the link has expired"),
        PartnerLinkState::Revoked => UnmetGuard::new("link_unrevoked", "the link was taken back"),
        PartnerLinkState::Blocked => {
            UnmetGuard::new("link_unblocked", "the link is blocked after too many wrong codes")
        }
    };
    Err(ApiError::gone(guard))
}

/// Whether a referral in this state can be given a link: somebody is to answer it. Links end with that.
pub fn takes_links(status: ReferralStatus) -> bool {
    status.is_under_way() && !status.is_finished()
}

/// The moves by which an answer comes about, last the one that it names; none where it cannot be given now. The machine knows no work that
/// did not begin (domain 11), so what was accepted and is completed at once begins with that.
pub fn way(from: ReferralStatus, answer: PartnerAnswer) -> &'static [ReferralStatus] {
    use ReferralStatus as S;
    match (from, answer) {
        (S::Received, PartnerAnswer::Accepted) => &[S::Accepted],
        (S::Received, PartnerAnswer::Declined) => &[S::Declined],
        (S::InProgress, PartnerAnswer::Completed) => &[S::Completed],
        (S::Scheduled | S::Waitlisted | S::OnHold, PartnerAnswer::Completed) => &[S::InProgress, S::Completed],
        (S::Accepted | S::NoShow, PartnerAnswer::Completed) => &[S::Scheduled, S::InProgress, S::Completed],
        _ => &[],
    }
}

/// What can be answered now.
pub fn answers(from: ReferralStatus) -> Vec<PartnerAnswer> {
    PartnerAnswer::ALL.iter().copied().filter(|answer| !way(from, *answer).is_empty()).collect()
}
