//! The way of a transfer: which state can become which, and by whom (domain 15). Pure, no database, no HTTP.

use approdo_db::text_enum;
use utoipa::ToSchema;

use crate::referrals::rules::Side;

text_enum! {
    /// How a transfer stands.
    #[derive(ToSchema)]
    TransferStatus {
        /// The other body is asked; the case is where it was.
        Proposed = "proposed",
        /// The case is the other body's.
        Accepted = "accepted",
        Rejected = "rejected",
        /// Taken back, or the case ended, or the consent it rested on did.
        Withdrawn = "withdrawn",
        /// Nobody answered in time.
        Expired = "expired",
    }
}

/// Who may move a transfer from one state to another; nobody where there is no such way. The deployment itself takes back what has lost
/// its ground.
pub fn mover(from: TransferStatus, to: TransferStatus) -> Option<Side> {
    use TransferStatus::{Accepted, Expired, Proposed, Rejected, Withdrawn};
    match (from, to) {
        (Proposed, Accepted | Rejected) => Some(Side::Receiver),
        (Proposed, Withdrawn) => Some(Side::Sender),
        (Proposed, Expired) => Some(Side::System),
        _ => None,
    }
}
