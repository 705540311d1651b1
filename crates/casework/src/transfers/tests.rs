//! The way of a transfer.

use proptest::prelude::*;

use crate::offers::transitions::allowed;
use crate::referrals::rules::Side;
use crate::transfers::rules::{TransferStatus, mover};

fn any_status() -> impl Strategy<Value = TransferStatus> {
    proptest::sample::select(TransferStatus::ALL)
}

#[test]
fn only_a_proposal_moves_and_what_is_answered_stays_so() {
    for from in TransferStatus::ALL {
        for to in TransferStatus::ALL {
            let moves = mover(*from, *to).is_some();
            assert_eq!(moves, *from == TransferStatus::Proposed && to != from, "{from} to {to}");
        }
    }
}

proptest! {
    /// Whatever is tried in whatever order by whichever side: a case is accepted at most once, and by who was asked alone.
    #[test]
    fn a_transfer_is_answered_once_and_accepted_by_the_receiver_alone(tries in prop::collection::vec((any_status(), prop::bool::ANY), 0..20)) {
        let (mut status, mut answers) = (TransferStatus::Proposed, 0);
        for (to, by_sender) in tries {
            let side = if by_sender { Side::Sender } else { Side::Receiver };
            let offered = allowed(status, TransferStatus::ALL, mover, &[side]).contains(&to);
            prop_assert_eq!(offered, mover(status, to) == Some(side));
            if offered {
                prop_assert!(to != TransferStatus::Accepted || side == Side::Receiver);
                (status, answers) = (to, answers + 1);
            }
        }
        prop_assert!(answers <= 1);
    }
}
