//! The way of a request for a transfer.

use crate::offers::transitions::allowed;
use crate::referrals::rules::Side;
use crate::transfer_requests::rules::{TransferRequestStatus, mover};

#[test]
fn only_who_is_asked_answers_and_only_once() {
    for from in TransferRequestStatus::ALL {
        let by = |side| allowed(*from, TransferRequestStatus::ALL, mover, &[side]);
        let (sender, receiver) = match from {
            TransferRequestStatus::Requested => (
                vec![TransferRequestStatus::Withdrawn],
                vec![TransferRequestStatus::Accepted, TransferRequestStatus::Rejected],
            ),
            _ => (vec![], vec![]),
        };
        assert_eq!((by(Side::Sender), by(Side::Receiver)), (sender, receiver), "{from}");
    }
}
