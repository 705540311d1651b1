use proptest::prelude::*;

use super::life_domains::{LifeDomain, Rating, deltas, missing, repeated};
use super::reference;
use super::rules::{CaseStatus, EARLY_REASONS, Facts, Intent, Move, State, allowed, decide};
use crate::codes::Requirement;

fn state(status: CaseStatus) -> State {
    State { status, held: (status == CaseStatus::OnHold).then_some(CaseStatus::Planning), episode: 1 }
}

fn intent(to: CaseStatus, reason: Option<&str>) -> Intent {
    Intent { to, reason: reason.map(str::to_owned), review_at: chrono::NaiveDate::from_ymd_opt(2030, 1, 1) }
}

const READY: Facts = Facts {
    has_manager: true,
    has_legal_basis: true,
    has_consent: false,
    lacking: Vec::new(),
    open_tasks: 0,
    completed_assessments: 1,
    open_goals: 0,
    live_referrals: 0,
    agreed_plans: 1,
    plans_in_force: 1,
    is_unaccompanied_minor: false,
    guardians: 0,
    plans_for_coming_of_age: 0,
};

fn guards(result: Result<(State, Move), Vec<crate::error::UnmetGuard>>) -> Vec<String> {
    result.err().unwrap_or_default().into_iter().map(|guard| guard.guard.into_owned()).collect()
}

#[test]
fn an_intake_without_manager_and_legal_basis_names_both_guards() {
    let refused = decide(state(CaseStatus::Intake), &intent(CaseStatus::Assessment, None), &Facts::default());
    assert_eq!(guards(refused), ["case_manager", "legal_basis"]);
}

#[test]
fn a_consent_to_case_work_stands_in_for_the_legal_basis() {
    let ready = |basis, consent| {
        let facts = Facts { has_legal_basis: basis, has_consent: consent, ..READY };
        decide(state(CaseStatus::Intake), &intent(CaseStatus::Assessment, None), &facts).is_ok()
    };
    assert!(ready(true, false) && ready(false, true) && ready(true, true));
    assert!(!ready(false, false));
}

#[test]
fn an_evaluated_case_with_an_open_task_cannot_be_closed() {
    let facts = Facts { open_tasks: 1, ..READY };
    let refused = decide(state(CaseStatus::Evaluation), &intent(CaseStatus::Closed, Some("goals_reached")), &facts);
    assert_eq!(guards(refused), ["no_open_task"]);
}

#[test]
fn planning_waits_for_an_assessment_and_activation_for_the_persons_agreement_and_an_approval() {
    let refused = |from, to, facts| guards(decide(state(from), &intent(to, None), &facts));
    let unassessed = Facts { completed_assessments: 0, ..READY };
    assert_eq!(refused(CaseStatus::Assessment, CaseStatus::Planning, unassessed), ["completed_assessment"]);
    let not_agreed = Facts { agreed_plans: 0, plans_in_force: 0, ..READY };
    assert_eq!(refused(CaseStatus::Planning, CaseStatus::Active, not_agreed), ["client_agreement"]);
    let not_approved = Facts { plans_in_force: 0, ..READY };
    assert_eq!(refused(CaseStatus::Planning, CaseStatus::Active, not_approved), ["plan_approval"]);
}

#[test]
fn an_unaccompanied_minor_waits_for_a_guardian_and_a_plan_for_the_eighteenth_birthday() {
    let minor = Facts { is_unaccompanied_minor: true, ..READY };
    let activate = |facts| guards(decide(state(CaseStatus::Planning), &intent(CaseStatus::Active, None), &facts));
    assert_eq!(activate(minor.clone()), ["guardian", "coming_of_age_plan"]);
    assert_eq!(activate(Facts { guardians: 1, ..minor.clone() }), ["coming_of_age_plan"]);
    assert_eq!(activate(Facts { plans_for_coming_of_age: 1, ..minor.clone() }), ["guardian"]);
    let ready = Facts { guardians: 1, plans_for_coming_of_age: 1, ..minor.clone() };
    assert!(decide(state(CaseStatus::Planning), &intent(CaseStatus::Active, None), &ready).is_ok());
    assert!(
        decide(state(CaseStatus::Evaluation), &intent(CaseStatus::Active, None), &minor).is_ok(),
        "it was active before"
    );
}

#[test]
fn an_evaluated_case_closes_with_an_outcome_for_each_goal() {
    let facts = Facts { open_goals: 2, ..READY };
    let refused = decide(state(CaseStatus::Evaluation), &intent(CaseStatus::Closed, Some("goals_reached")), &facts);
    assert_eq!(guards(refused), ["goal_outcome"]);
}

#[test]
fn open_tasks_do_not_stop_an_early_closing() {
    let facts = Facts { open_tasks: 3, ..READY };
    for reason in EARLY_REASONS {
        let (next, made) = decide(state(CaseStatus::Planning), &intent(CaseStatus::Closed, Some(reason)), &facts)
            .expect("an early closing needs a reason only");
        assert_eq!((next.status, made), (CaseStatus::Closed, Move::CloseEarly));
    }
}

#[test]
fn a_case_on_hold_goes_back_only_to_the_state_it_left() {
    let held = state(CaseStatus::OnHold);
    assert!(decide(held, &intent(CaseStatus::Planning, None), &READY).is_ok());
    assert_eq!(guards(decide(held, &intent(CaseStatus::Active, None), &READY)), ["allowed_transition"]);
}

#[test]
fn reopening_begins_a_new_episode() {
    let (next, made) = decide(state(CaseStatus::Closed), &intent(CaseStatus::Assessment, Some("new_need")), &READY)
        .expect("a closed case can be reopened");
    assert_eq!((next.status, next.episode, made), (CaseStatus::Assessment, 2, Move::Reopen));
}

#[test]
fn a_declined_case_stays_declined() {
    assert!(allowed(state(CaseStatus::Declined)).is_empty());
}

fn any_status() -> impl Strategy<Value = CaseStatus> {
    prop::sample::select(CaseStatus::ALL)
}

fn any_intent() -> impl Strategy<Value = Intent> {
    let reason = prop::option::of(prop::sample::select(vec!["moved", "goals_reached", "withdrew", "other"]));
    let review = prop::option::of(Just(chrono::NaiveDate::from_ymd_opt(2030, 1, 1).unwrap_or_default()));
    (any_status(), reason, review).prop_map(|(to, reason, review_at)| Intent {
        to,
        reason: reason.map(str::to_owned),
        review_at,
    })
}

fn any_facts() -> impl Strategy<Value = Facts> {
    let minority = (any::<bool>(), 0_i64..2, 0_i64..2);
    let lacking = prop::collection::vec(prop::sample::select(Requirement::ALL), 0..3);
    let basis = (any::<bool>(), any::<bool>());
    let left = (0_i64..3, 0_i64..2);
    (any::<bool>(), basis, 0_i64..3, 0_i64..2, left, 0_i64..3, any::<bool>(), minority, lacking).prop_map(
        |(
            has_manager,
            (has_legal_basis, has_consent),
            open_tasks,
            completed_assessments,
            (open_goals, live_referrals),
            agreed_plans,
            approved,
            minor,
            lacking,
        )| Facts {
            has_manager,
            has_legal_basis,
            has_consent,
            lacking,
            open_tasks,
            completed_assessments,
            open_goals,
            live_referrals,
            agreed_plans,
            plans_in_force: if approved { agreed_plans } else { 0 },
            is_unaccompanied_minor: minor.0,
            guardians: minor.1,
            plans_for_coming_of_age: minor.2,
        },
    )
}

fn any_ratings() -> impl Strategy<Value = Vec<Rating>> {
    let some = prop::sample::subsequence(LifeDomain::ALL.to_vec(), 0..=9).prop_shuffle();
    some.prop_flat_map(|domains| {
        domains
            .into_iter()
            .map(|domain| {
                (0_i64..=4, 0_i64..=4).prop_map(move |(need, strength)| Rating {
                    domain,
                    need,
                    strength,
                    note: None,
                    evidence: None,
                })
            })
            .collect::<Vec<_>>()
    })
}

/// Domain 2, written down a second time and on its own: every edge of the machine.
fn is_an_edge(from: CaseStatus, held: Option<CaseStatus>, to: CaseStatus) -> bool {
    use CaseStatus::{Active, Assessment, Closed, Declined, Evaluation, Intake, OnHold, Planning};
    match (from, to) {
        (Declined, _) => false,
        (Closed, to) => to == Assessment,
        (_, Closed) => true,
        (Intake, to) => to == Assessment || to == Declined,
        (Assessment, to) => to == Planning || to == OnHold,
        (Planning, to) => to == Active || to == OnHold,
        (Active, to) => to == Evaluation || to == OnHold,
        (Evaluation, to) => to == Active,
        (OnHold, to) => held == Some(to),
    }
}

proptest! {
    #[test]
    fn no_sequence_of_commands_reaches_an_illegal_state(
        commands in prop::collection::vec((any_intent(), any_facts()), 1..60),
    ) {
        let mut now = state(CaseStatus::Intake);
        for (intent, facts) in commands {
            match decide(now, &intent, &facts) {
                Ok((next, made)) => {
                    prop_assert!(is_an_edge(now.status, now.held, next.status));
                    prop_assert_eq!(next.status, intent.to);
                    prop_assert_eq!(next.held.is_some(), next.status == CaseStatus::OnHold);
                    prop_assert_eq!(next.episode - now.episode, i64::from(made == Move::Reopen));
                    if made == Move::Close {
                        prop_assert_eq!(facts.open_tasks + facts.open_goals + facts.live_referrals, 0);
                    }
                    if now.status == CaseStatus::Intake && next.status == CaseStatus::Assessment {
                        prop_assert!(facts.has_manager && (facts.has_legal_basis || facts.has_consent));
                    }
                    if now.status == CaseStatus::Assessment && next.status == CaseStatus::Planning {
                        prop_assert!(facts.completed_assessments > 0);
                    }
                    if now.status == CaseStatus::Planning && next.status == CaseStatus::Active {
                        prop_assert!(facts.plans_in_force > 0);
                    }
                    now = next;
                }
                Err(unmet) => {
                    prop_assert!(!unmet.is_empty());
                    prop_assert!(unmet.iter().all(|guard| !guard.guard.is_empty() && !guard.detail.is_empty()));
                }
            }
        }
    }

    #[test]
    fn allowed_transitions_are_the_edges_of_the_machine(status in any_status(), held in any_status()) {
        let state = State { status, held: (status == CaseStatus::OnHold).then_some(held), episode: 1 };
        for &to in CaseStatus::ALL {
            prop_assert_eq!(allowed(state).contains(&to), is_an_edge(status, state.held, to), "{} to {}", status, to);
        }
    }

    #[test]
    fn deltas_are_after_minus_before_in_every_domain_both_have(before in any_ratings(), after in any_ratings()) {
        let told = deltas(&before, &after);
        // The reference: each domain looked for in both lists, one by one.
        for &domain in LifeDomain::ALL {
            let of = |ratings: &[Rating]| ratings.iter().find(|rating| rating.domain == domain).cloned();
            let delta = told.iter().find(|delta| delta.domain == domain);
            match (of(&before), of(&after)) {
                (Some(then), Some(now)) => {
                    let delta = delta.expect("both have it");
                    prop_assert_eq!((delta.need_before, delta.need_after), (then.need, now.need));
                    prop_assert_eq!((delta.strength_before, delta.strength_after), (then.strength, now.strength));
                    prop_assert_eq!(then.need + delta.need_change, now.need);
                    prop_assert_eq!(then.strength + delta.strength_change, now.strength);
                }
                _ => prop_assert!(delta.is_none()),
            }
        }
        prop_assert_eq!(told.len(), before.iter().filter(|rating| after.iter().any(|now| now.domain == rating.domain)).count());
    }

    #[test]
    fn what_is_missing_and_what_is_rated_make_all_domains(ratings in any_ratings()) {
        prop_assert_eq!(missing(&ratings).len() + ratings.len(), LifeDomain::ALL.len());
        prop_assert_eq!(repeated(&ratings), None);
        if let Some(first) = ratings.first().cloned() {
            let twice = [ratings.clone(), vec![first]].concat();
            prop_assert_eq!(repeated(&twice), Some(ratings.len()));
        }
    }

    #[test]
    fn a_reference_with_one_wrong_digit_is_seen(place in 0_usize..9, shift in 1_usize..32) {
        const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let reference = reference::new().expect("the operating system has random bytes");
        prop_assert!(reference::is_valid(&reference));
        let mut bytes = reference.into_bytes();
        let value = ALPHABET.iter().position(|symbol| *symbol == bytes[place]).unwrap_or_default();
        bytes[place] = ALPHABET[(value + shift) % 32];
        prop_assert!(!reference::is_valid(std::str::from_utf8(&bytes).unwrap_or_default()));
    }
}
