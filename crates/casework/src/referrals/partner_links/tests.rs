use approdo_db::Timestamp;
use proptest::prelude::*;

use crate::access::keys::MasterKey;
use crate::clock;
use crate::referrals::partner_links::rules::{
    Facts, MAX_FAILURES, PartnerAnswer, PartnerLinkState, answers, require_open, takes_links, way,
};
use crate::referrals::partner_links::secrets;
use crate::referrals::rules::{ReferralStatus, Side, mover};
use crate::referrals::types::ReferralId;

fn at(seconds: i64) -> Timestamp {
    clock::after(Timestamp::new(chrono::DateTime::UNIX_EPOCH), seconds)
}

proptest! {
    #[test]
    fn a_link_is_open_only_while_nothing_has_ended_it(
        used: bool, failed_attempts in 0..=MAX_FAILURES, revoked in prop::option::of(0..100_i64), expires in 0..100_i64, now in 0..100_i64,
    ) {
        // Nothing is taken back in the future.
        let revoked = revoked.map(|at| at.min(now));
        let facts = Facts { used, failed_attempts, revoked_at: revoked.map(at), expires_at: at(expires) };
        let state = facts.state(at(now));
        let open = !used && failed_attempts < MAX_FAILURES && revoked.is_none() && now < expires;
        prop_assert_eq!(state == PartnerLinkState::Open, open);
        prop_assert_eq!(require_open(state).is_ok(), open);
        if used {
            prop_assert_eq!(state, PartnerLinkState::Used);
        }
    }
}

#[test]
fn an_answer_goes_the_way_of_the_machine_and_every_step_is_the_receivers() {
    for from in ReferralStatus::ALL {
        for answer in PartnerAnswer::ALL {
            let mut now = *from;
            for step in way(*from, *answer) {
                assert_eq!(mover(now, *step), Some(Side::Receiver), "{now} to {step} for {answer}");
                now = *step;
            }
            if let Some(last) = way(*from, *answer).last() {
                assert_eq!(last.as_str(), answer.as_str());
                assert!(takes_links(*from), "{from} is answered and has no link");
            }
        }
    }
}

#[test]
fn a_partner_accepts_or_declines_first_and_completes_what_was_accepted() {
    use PartnerAnswer as A;
    use ReferralStatus as S;
    for (from, can) in [
        (S::Received, vec![A::Accepted, A::Declined]),
        (S::Accepted, vec![A::Completed]),
        (S::InProgress, vec![A::Completed]),
        (S::Waitlisted, vec![A::Completed]),
        (S::InfoRequested, vec![]),
        (S::Forwarded, vec![]),
        (S::Draft, vec![]),
        (S::Closed, vec![]),
        (S::Completed, vec![]),
        (S::ConsentRevoked, vec![]),
    ] {
        assert_eq!(answers(from), can, "{from}");
    }
}

#[test]
fn codes_are_told_apart_by_key_referral_and_letters_and_not_by_capitals() {
    let (key, other) = (MasterKey::demonstration(), MasterKey::parse(&format!("{}=", "A".repeat(43))).expect("a key"));
    let (one, two) = (ReferralId::new(), ReferralId::new());
    let digest = secrets::code_digest(&key, one, "ABCDEFGH");
    assert_eq!(digest, secrets::code_digest(&key, one, "abcdefgh"));
    assert_ne!(digest, secrets::code_digest(&key, two, "ABCDEFGH"));
    assert_ne!(digest, secrets::code_digest(&other, one, "ABCDEFGH"));
    assert_ne!(digest, secrets::code_digest(&key, one, "ABCDEFGJ"));
}

#[test]
fn new_secrets_have_their_shape_and_are_never_the_same() {
    let codes: Vec<String> = (0..200).map(|_| secrets::new_code().expect("a code")).collect();
    assert!(codes.iter().all(|code| secrets::code_shaped(code).is_ok()), "{codes:?}");
    assert!(codes.iter().all(|code| !code.contains(['0', '1', 'I', 'O'])));
    let tokens: Vec<String> = (0..200).map(|_| secrets::new_token().expect("a token").0).collect();
    assert!(tokens.iter().all(|token| secrets::token_shaped(token).is_ok()));
    for mut secrets in [codes, tokens] {
        secrets.sort_unstable();
        secrets.dedup();
        assert_eq!(secrets.len(), 200);
    }
    for bad in ["", "x", "ABCDEFG", "ABCDEFGHJ", "ABCDEFG0", "ABCDEFGI", "ABCDEFG ", "ABCDEFGї"] {
        assert!(secrets::code_shaped(bad).is_err(), "{bad}");
    }
}
