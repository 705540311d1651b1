//! The way of a request for a transfer: which state can become which, and by whom (domain 15). Pure, no database, no HTTP.

use approdo_db::text_enum;
use utoipa::ToSchema;

use crate::referrals::rules::Side;

text_enum! {
    /// How a request for a transfer stands.
    #[derive(ToSchema)]
    TransferRequestStatus {
        /// The other body is asked; nothing else has happened.
        Requested = "requested",
        /// The other body has proposed the transfer.
        Accepted = "accepted",
        Rejected = "rejected",
        /// Taken back.
        Withdrawn = "withdrawn",
        /// Nobody answered in time.
        Expired = "expired",
    }
}

/// Who may move a request from one state to another; nobody where there is no such way. The sender is who asks for the case, the receiver
/// who is asked.
pub fn mover(from: TransferRequestStatus, to: TransferRequestStatus) -> Option<Side> {
    use TransferRequestStatus::{Accepted, Expired, Rejected, Requested, Withdrawn};
    match (from, to) {
        (Requested, Accepted | Rejected) => Some(Side::Receiver),
        (Requested, Withdrawn) => Some(Side::Sender),
        (Requested, Expired) => Some(Side::System),
        _ => None,
    }
}
