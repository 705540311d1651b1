use proptest::prelude::*;

use crate::consents::data_categories::DataCategory;
use crate::referrals::package::{PackageField, categories};
use crate::referrals::rules::{ENDS, Ending, Outcome, ReferralStatus, Side, allowed, follows, mover};

fn any_status() -> impl Strategy<Value = ReferralStatus> {
    prop::sample::select(ReferralStatus::ALL)
}

/// A way through the machine: where it can go from each state, chosen by numbers.
fn walk(choices: &[usize]) -> Vec<(ReferralStatus, ReferralStatus, Side)> {
    let (mut now, mut way) = (ReferralStatus::Draft, Vec::new());
    for choice in choices {
        let next: Vec<_> = ReferralStatus::ALL.iter().filter_map(|to| Some((*to, mover(now, *to)?))).collect();
        if next.is_empty() {
            break;
        }
        let (to, side) = next[choice % next.len()];
        way.push((now, to, side));
        now = to;
    }
    way
}

proptest! {
    #[test]
    fn whatever_the_order_of_moves_the_receiver_alone_works_and_the_sender_alone_closes(choices in prop::collection::vec(any::<usize>(), 0..40)) {
        use ReferralStatus as S;
        let way = walk(&choices);
        for (from, to, side) in &way {
            let handed_on = *from == S::Forwarded;
            match to {
                S::Accepted | S::Declined | S::InfoRequested | S::Waitlisted | S::Scheduled | S::NoShow | S::InProgress | S::OnHold =>
                    prop_assert_eq!(*side, Side::Receiver),
                S::Completed | S::NotCompleted => prop_assert_eq!(*side, if handed_on { Side::System } else { Side::Receiver }),
                S::Requested | S::Closed | S::Cancelled | S::EnteredInError => prop_assert_eq!(*side, Side::Sender),
                S::ConsentRevoked | S::Expired => prop_assert_eq!(*side, Side::System),
                S::Received | S::Forwarded | S::Draft => {}
            }
            prop_assert!(!from.is_terminal(), "nothing leaves {}", from);
        }
        // Work is done only on what was sent, received and accepted; it is confirmed only when it is done.
        let before = |at: usize, state: S| way[..at].iter().any(|(_, to, _)| *to == state);
        for (at, (from, to, _)) in way.iter().enumerate() {
            if *to == S::InProgress || *to == S::Scheduled {
                prop_assert!(before(at, S::Requested) && before(at, S::Received) && before(at, S::Accepted));
            }
            if *to == S::Closed {
                prop_assert!(from.is_finished());
            }
        }
    }

    #[test]
    fn what_is_allowed_is_what_the_mover_says(from in any_status(), to in any_status()) {
        for side in [Side::Sender, Side::Receiver] {
            let by_side = to != ReferralStatus::Forwarded && mover(from, to) == Some(side);
            prop_assert_eq!(allowed(from, &[side]).contains(&to), by_side);
        }
    }

    #[test]
    fn a_package_is_open_to_its_receiver_only_while_the_referral_is_known_to_them(status in any_status()) {
        prop_assert!(!status.opens_package() || status.is_known_to_receivers());
    }
}

#[test]
fn every_state_can_be_reached_and_every_one_that_is_not_over_can_be_left() {
    let mut reached = vec![ReferralStatus::Draft];
    let mut at = 0;
    while let Some(from) = reached.get(at).copied() {
        for to in ReferralStatus::ALL {
            if mover(from, *to).is_some() && !reached.contains(to) {
                reached.push(*to);
            }
        }
        at += 1;
    }
    assert_eq!(reached.len(), ReferralStatus::ALL.len());
    for from in ReferralStatus::ALL {
        let leaves = ReferralStatus::ALL.iter().any(|to| mover(*from, *to).is_some());
        assert_eq!(leaves, !from.is_terminal(), "{from}");
    }
}

#[test]
fn what_was_handed_on_follows_the_end_of_the_other_and_nothing_before_it() {
    use ReferralStatus as S;
    assert_eq!(follows(S::Completed), Some(S::Completed));
    assert_eq!(follows(S::NotCompleted), Some(S::NotCompleted));
    for failed in [S::Declined, S::Expired, S::Cancelled, S::EnteredInError, S::ConsentRevoked] {
        assert_eq!(follows(failed), Some(S::Received), "{failed}");
    }
    for on_its_way in [S::Requested, S::Received, S::Accepted, S::InProgress, S::Closed] {
        assert_eq!(follows(on_its_way), None, "{on_its_way}");
    }
    // Each of these is a way that the machine has.
    for end in ReferralStatus::ALL {
        assert!(follows(*end).is_none_or(|to| mover(S::Forwarded, to) == Some(Side::System)), "{end}");
    }
}

#[test]
fn each_failure_lies_with_one_side_and_each_end_has_its_outcomes() {
    for outcome in Outcome::ALL {
        let fitting =
            [ReferralStatus::Completed, ReferralStatus::NotCompleted].into_iter().filter(|end| outcome.fits(*end));
        assert_eq!(fitting.count(), 1, "{outcome}");
    }
}

#[test]
fn a_referral_ends_where_the_states_say_and_is_told_by_its_outcome() {
    for status in ReferralStatus::ALL {
        let outcomes = Outcome::ALL.iter().filter(|outcome| outcome.fits(*status)).map(|outcome| Some(*outcome));
        for outcome in outcomes.chain([None]) {
            let ends = Ending::STATES.contains(status) || *status == ReferralStatus::Closed;
            assert_eq!(Ending::of(*status, outcome).is_some(), ends, "{status} {outcome:?}");
        }
    }
    let of = |status, outcome| Ending::of(status, Some(outcome));
    assert_eq!(of(ReferralStatus::Completed, Outcome::Enrolled), Some(Ending::Completed));
    assert_eq!(of(ReferralStatus::Closed, Outcome::Unreachable), Some(Ending::NotCompletedClientSide));
    assert_eq!(of(ReferralStatus::NotCompleted, Outcome::Capacity), Some(Ending::NotCompletedProviderSide));
    assert_eq!(of(ReferralStatus::Declined, Outcome::ClientRefused), Some(Ending::DeclinedClientSide));
    assert_eq!(of(ReferralStatus::Declined, Outcome::Ineligible), Some(Ending::DeclinedProviderSide));
}

#[test]
fn each_member_of_a_package_has_one_category() {
    use PackageField as F;
    let of = |field: F| categories(&[field]);
    assert_eq!(of(F::GivenName), [DataCategory::Identity]);
    assert_eq!(of(F::Phone), [DataCategory::Contact]);
    assert_eq!(of(F::Contacts), [DataCategory::Contact]);
    assert_eq!(of(F::Citizenships), [DataCategory::Legal]);
    assert_eq!(of(F::LegalStatus), [DataCategory::Legal]);
    assert_eq!(of(F::HealthNeeds), [DataCategory::Health]);
    assert_eq!(of(F::HealthAssessment), [DataCategory::Health]);
    assert_eq!(of(F::Assessment), [DataCategory::Assessment]);
    assert_eq!(of(F::CaseSummary), [DataCategory::Notes]);
    assert_eq!(of(F::CaseRef), [DataCategory::Case]);
    assert_eq!(of(F::Goals), [DataCategory::Plan]);
    assert_eq!(categories(&[F::GivenName, F::FamilyName, F::Phone]).len(), 2);
}

#[test]
fn statements_and_rules_know_the_same_ends() {
    let ends: Vec<String> =
        ReferralStatus::ALL.iter().filter(|end| end.is_terminal()).map(|end| format!("'{end}'")).collect();
    let mut told: Vec<&str> = ENDS.trim_matches(['(', ')']).split(", ").collect();
    let mut known: Vec<&str> = ends.iter().map(String::as_str).collect();
    told.sort_unstable();
    known.sort_unstable();
    assert_eq!(told, known);
}
