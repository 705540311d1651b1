//! The way of a report: pure, no database, no HTTP.
//!
//! `received`→`triaged`→`closed`, or `triaged`→`routed`→`taken_up`→`closed`. What is routed comes back as `returned`, and is triaged anew, or
//! is taken back by who routed it: once it is taken up, only from a body that has nobody for it any more. `received` and `triaged`→`dismissed`. Closed and dismissed are for good.

use approdo_db::text_enum;
use utoipa::ToSchema;

use crate::error::UnmetGuard;

text_enum! {
    /// How a report stands.
    #[derive(ToSchema)]
    DiscriminationReportStatus {
        Received = "received",
        /// Looked at by the body that received it.
        Triaged = "triaged",
        /// Offered to the body that is competent.
        Routed = "routed",
        /// Not taken by it.
        Returned = "returned",
        /// Worked on by the competent body.
        TakenUp = "taken_up",
        Closed = "closed",
        /// Ended without being worked on.
        Dismissed = "dismissed",
    }

    /// The body that makes a move.
    #[derive(ToSchema)]
    DiscriminationReportSide {
        /// The one the report was sent to.
        First = "first",
        /// The one it was routed to.
        Competent = "competent",
    }

    /// How a report ended.
    #[derive(ToSchema)]
    DiscriminationReportOutcome {
        Mediation = "mediation",
        /// An action before a court (Italian Legislative Decree 150/2011, art. 28), or help with one.
        LegalAction = "legal_action",
        Advice = "advice",
        /// What was done was put right.
        Rectified = "rectified",
        NoAction = "no_action",
        /// By who reported.
        Withdrawn = "withdrawn",
        NotSubstantiated = "not_substantiated",
        /// Who reported could not be reached.
        Unreachable = "unreachable",
        /// Of what is dismissed: no discrimination, or nobody here is competent.
        OutOfCompetence = "out_of_competence",
        /// Of what is dismissed: reported already.
        Duplicate = "duplicate",
        /// Of what is dismissed.
        NotEnoughInformation = "not_enough_information",
    }

    /// What a reporter without a login is told of how a report stands.
    #[derive(ToSchema)]
    DiscriminationReportProgress {
        Received = "received",
        InProgress = "in_progress",
        Closed = "closed",
    }
}

use DiscriminationReportSide as Side;
use DiscriminationReportStatus as Status;

impl Status {
    pub fn is_over(self) -> bool {
        matches!(self, Self::Closed | Self::Dismissed)
    }

    /// Whether a body that it was routed to knows of it.
    pub fn is_known_to_competent(self) -> bool {
        matches!(self, Self::Routed | Self::TakenUp | Self::Closed)
    }

    /// What its reporter is told. To whom it went, and that it came back, is not for a page that a code alone opens.
    pub fn progress(self) -> DiscriminationReportProgress {
        match self {
            Self::Received => DiscriminationReportProgress::Received,
            Self::Closed | Self::Dismissed => DiscriminationReportProgress::Closed,
            Self::Triaged | Self::Routed | Self::Returned | Self::TakenUp => DiscriminationReportProgress::InProgress,
        }
    }

    /// Where these sides can move it.
    pub fn next(self, sides: &[Side]) -> Vec<Self> {
        let may = |to: &Self| mover(self, *to).is_some_and(|side| sides.contains(&side));
        Self::ALL.iter().copied().filter(may).collect()
    }
}

/// Which side makes a move; none where there is no such way.
pub fn mover(from: Status, to: Status) -> Option<Side> {
    match (from, to) {
        // A body that does not answer must not be where a report ends: until it is taken up, it is taken back, and from then on where
        // `refusal_of_taking_back` has nothing against it.
        (Status::Received | Status::Returned | Status::Routed | Status::TakenUp, Status::Triaged)
        | (Status::Triaged, Status::Routed | Status::Closed)
        | (Status::Received | Status::Triaged, Status::Dismissed) => Some(Side::First),
        (Status::Routed, Status::TakenUp | Status::Returned) | (Status::TakenUp, Status::Closed) => {
            Some(Side::Competent)
        }
        _ => None,
    }
}

impl DiscriminationReportOutcome {
    /// Whether what comes to this state can have ended so.
    pub fn fits(self, to: Status) -> bool {
        let of_dismissed = matches!(self, Self::OutOfCompetence | Self::Duplicate | Self::NotEnoughInformation);
        match to {
            Status::Closed => !of_dismissed,
            Status::Dismissed => of_dismissed,
            _ => false,
        }
    }
}

/// What keeps an identity from going with a report: `agreed` tells whether who reports has let it be shared, none for nobody who said
/// who they are.
pub fn refusal_of_sharing(share: bool, agreed: Option<bool>) -> Option<UnmetGuard> {
    match (share, agreed) {
        (false, _) | (true, Some(true)) => None,
        (true, Some(false)) => {
            Some(UnmetGuard::new("identity_agreed", "who reports has not agreed that it be told who they are"))
        }
        (true, None) => Some(UnmetGuard::new("identity_known", "nobody said who they are")),
    }
}

/// What keeps a report from being taken back: the competent body works on it and still has officers.
pub fn refusal_of_taking_back(from: Status, has_officers: bool) -> Option<UnmetGuard> {
    let refused = from == Status::TakenUp && has_officers;
    refused.then(|| UnmetGuard::new("competent_body_gone", "the body that has taken it up still takes reports"))
}

/// Whether a report can lose what tells of people.
pub fn refusal_of_anonymisation(status: Status, done: bool) -> Option<UnmetGuard> {
    if done {
        Some(UnmetGuard::new("not_anonymised", "it is anonymised already"))
    } else if status.is_over() {
        None
    } else {
        Some(UnmetGuard::new("ended", "close or dismiss it first"))
    }
}
