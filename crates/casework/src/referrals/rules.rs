//! The way of a referral: which state can become which, and by whom (domain 11). Pure, no database, no HTTP.
//!
//! The states stand one to one for those of FHIR R4 `Task` and its business status; docs/referrals.md has the table.

use approdo_db::text_enum;
use utoipa::ToSchema;

text_enum! {
    /// How a referral stands.
    #[derive(ToSchema)]
    ReferralStatus {
        /// Being written; nobody but the sender knows of it.
        Draft = "draft",
        /// Sent.
        Requested = "requested",
        /// Acknowledged: the receiver may read the package.
        Received = "received",
        Accepted = "accepted",
        Declined = "declined",
        /// The receiver has asked something back; its clock stands still.
        InfoRequested = "info_requested",
        Waitlisted = "waitlisted",
        Scheduled = "scheduled",
        NoShow = "no_show",
        InProgress = "in_progress",
        OnHold = "on_hold",
        Completed = "completed",
        NotCompleted = "not_completed",
        /// The sender has confirmed how it ended.
        Closed = "closed",
        Cancelled = "cancelled",
        /// The person has withdrawn the consent it rested on.
        ConsentRevoked = "consent_revoked",
        EnteredInError = "entered_in_error",
        /// Nobody answered in time.
        Expired = "expired",
        /// Handed on to somebody else, whose outcome it follows.
        Forwarded = "forwarded",
    }

    /// Who moves a referral.
    #[derive(ToSchema)]
    Side {
        Sender = "sender",
        Receiver = "receiver",
        /// The calendar, a withdrawn consent, or the outcome of what was handed on.
        System = "system",
    }

    /// How a referral ended (domain 12).
    #[derive(ToSchema)]
    Outcome {
        ServiceDelivered = "service_delivered",
        Enrolled = "enrolled",
        NotEnrolled = "not_enrolled",
        /// The person is waiting for a place.
        Waitlisted = "waitlisted",
        Ineligible = "ineligible",
        ClientRefused = "client_refused",
        Unreachable = "unreachable",
        Capacity = "capacity",
    }

    /// With whom it lay that a referral failed.
    #[derive(ToSchema)]
    OutcomeSide {
        ClientSide = "client_side",
        ProviderSide = "provider_side",
    }

    /// How the way of a referral ended: what statistics tell apart (domain 12).
    Ending {
        Completed = "completed",
        NotCompletedClientSide = "not_completed_client_side",
        NotCompletedProviderSide = "not_completed_provider_side",
        DeclinedClientSide = "declined_client_side",
        DeclinedProviderSide = "declined_provider_side",
        Expired = "expired",
        Cancelled = "cancelled",
        ConsentRevoked = "consent_revoked",
    }
}

/// The states in which a referral has come to its end, for statements; `ReferralStatus::is_terminal` says the same of one.
pub const ENDS: &str = "('declined', 'closed', 'cancelled', 'consent_revoked', 'entered_in_error', 'expired')";

impl ReferralStatus {
    /// Whether it has come to its end for good.
    pub fn is_terminal(self) -> bool {
        use ReferralStatus::{Cancelled, Closed, ConsentRevoked, Declined, EnteredInError, Expired};
        matches!(self, Declined | Closed | Cancelled | ConsentRevoked | EnteredInError | Expired)
    }

    /// Whether it has left the sender and not yet come to its end.
    pub fn is_under_way(self) -> bool {
        self != Self::Draft && !self.is_terminal()
    }

    /// Whether receivers may know of it.
    pub fn is_known_to_receivers(self) -> bool {
        !matches!(self, Self::Draft | Self::ConsentRevoked | Self::EnteredInError)
    }

    /// Whether its receiver may read the package: from the acknowledgement on, until it is over otherwise than by being done.
    pub fn opens_package(self) -> bool {
        self.is_known_to_receivers()
            && !matches!(self, Self::Requested | Self::Declined | Self::Expired | Self::Cancelled)
    }

    /// Whether its receiver's answer is awaited: the clock of the agreement runs, unless it is paused.
    pub fn awaits_answer(self) -> bool {
        matches!(self, Self::Requested | Self::Received | Self::InfoRequested)
    }

    /// Whether what it asked for has been done, or cannot be.
    pub fn is_finished(self) -> bool {
        matches!(self, Self::Completed | Self::NotCompleted)
    }
}

/// Who may move a referral from one state to another; nobody where there is no such way. A forward has an operation of its own.
pub fn mover(from: ReferralStatus, to: ReferralStatus) -> Option<Side> {
    use ReferralStatus as S;
    match (from, to) {
        (S::Draft, S::Requested) | (S::InfoRequested, S::Received) => Some(Side::Sender),
        (S::Requested, S::Received)
        | (S::Received, S::Accepted | S::Declined | S::InfoRequested)
        | (S::Accepted, S::Waitlisted | S::Scheduled)
        | (S::Waitlisted, S::Scheduled | S::InProgress)
        | (S::Scheduled, S::InProgress | S::NoShow)
        | (S::NoShow, S::Scheduled | S::NotCompleted)
        | (S::InProgress, S::OnHold | S::Completed | S::NotCompleted)
        | (S::OnHold, S::InProgress) => Some(Side::Receiver),
        (S::Completed | S::NotCompleted, S::Closed) => Some(Side::Sender),
        (from, S::Cancelled | S::EnteredInError) if !from.is_terminal() => Some(Side::Sender),
        (from, S::ConsentRevoked) if from.is_under_way() => Some(Side::System),
        (S::Requested | S::Received, S::Expired) => Some(Side::System),
        (S::Forwarded, S::Received | S::Completed | S::NotCompleted) => Some(Side::System),
        (S::Received | S::Accepted, S::Forwarded) => Some(Side::Receiver),
        _ => None,
    }
}

/// Who made a move that was made: the deployment itself closes what nobody confirmed.
pub fn made_by(from: ReferralStatus, to: ReferralStatus, by_system: bool) -> Side {
    if by_system { Side::System } else { mover(from, to).unwrap_or(Side::System) }
}

/// Where these sides may move it by a transition.
pub fn allowed(from: ReferralStatus, sides: &[Side]) -> Vec<ReferralStatus> {
    let by_these = |to: &ReferralStatus| {
        *to != ReferralStatus::Forwarded && mover(from, *to).is_some_and(|side| sides.contains(&side))
    };
    ReferralStatus::ALL.iter().copied().filter(by_these).collect()
}

impl Outcome {
    /// With whom it lay; none where it did not fail.
    pub fn side(self) -> Option<OutcomeSide> {
        match self {
            Self::ServiceDelivered | Self::Enrolled => None,
            Self::ClientRefused | Self::Unreachable | Self::NotEnrolled => Some(OutcomeSide::ClientSide),
            Self::Ineligible | Self::Capacity | Self::Waitlisted => Some(OutcomeSide::ProviderSide),
        }
    }

    /// Whether a referral that ends like this can have this outcome.
    pub fn fits(self, status: ReferralStatus) -> bool {
        match status {
            ReferralStatus::Declined => {
                matches!(self, Self::Ineligible | Self::Capacity | Self::ClientRefused | Self::Unreachable)
            }
            ReferralStatus::Completed => self.side().is_none(),
            ReferralStatus::NotCompleted => self.side().is_some(),
            _ => false,
        }
    }
}

impl Ending {
    /// States to which a referral comes with its ending; what follows them changes nothing of how it ended.
    pub const STATES: [ReferralStatus; 6] = [
        ReferralStatus::Completed,
        ReferralStatus::NotCompleted,
        ReferralStatus::Declined,
        ReferralStatus::Expired,
        ReferralStatus::Cancelled,
        ReferralStatus::ConsentRevoked,
    ];

    /// How a referral ended that stands like this; none where it has not, or should never have been. What is closed had an outcome before.
    pub fn of(status: ReferralStatus, outcome: Option<Outcome>) -> Option<Self> {
        use ReferralStatus as S;
        let ending = match (status, outcome.and_then(Outcome::side)) {
            (S::Declined, Some(OutcomeSide::ClientSide)) => Self::DeclinedClientSide,
            (S::Declined, _) => Self::DeclinedProviderSide,
            (S::Completed | S::NotCompleted | S::Closed, None) => Self::Completed,
            (S::Completed | S::NotCompleted | S::Closed, Some(OutcomeSide::ClientSide)) => Self::NotCompletedClientSide,
            (S::Completed | S::NotCompleted | S::Closed, Some(OutcomeSide::ProviderSide)) => {
                Self::NotCompletedProviderSide
            }
            (S::Expired, _) => Self::Expired,
            (S::Cancelled, _) => Self::Cancelled,
            (S::ConsentRevoked, _) => Self::ConsentRevoked,
            _ => return None,
        };
        Some(ending)
    }
}

/// What becomes of a referral that was handed on when its child comes to this state, with the outcome it then has; nothing where the
/// child has only moved on. Who handed on what then failed before anybody took it answers for it again.
pub fn follows(child: ReferralStatus) -> Option<ReferralStatus> {
    match child {
        ReferralStatus::Completed | ReferralStatus::NotCompleted => Some(child),
        end if end.is_terminal() && end != ReferralStatus::Closed => Some(ReferralStatus::Received),
        _ => None,
    }
}
