use proptest::prelude::*;

use super::reference;
use super::rules::{CaseStatus, EARLY_REASONS, Facts, Intent, Move, State, allowed, decide};

fn state(status: CaseStatus) -> State {
    State { status, held: (status == CaseStatus::OnHold).then_some(CaseStatus::Planning), episode: 1 }
}

fn intent(to: CaseStatus, reason: Option<&str>) -> Intent {
    Intent { to, reason: reason.map(str::to_owned), review_at: chrono::NaiveDate::from_ymd_opt(2030, 1, 1) }
}

const READY: Facts = Facts { has_manager: true, has_legal_basis: true, open_tasks: 0 };

fn guards(result: Result<(State, Move), Vec<crate::error::UnmetGuard>>) -> Vec<String> {
    result.err().unwrap_or_default().into_iter().map(|guard| guard.guard.into_owned()).collect()
}

#[test]
fn an_intake_without_manager_and_legal_basis_names_both_guards() {
    let refused = decide(state(CaseStatus::Intake), &intent(CaseStatus::Assessment, None), &Facts::default());
    assert_eq!(guards(refused), ["case_manager", "legal_basis"]);
}

#[test]
fn an_evaluated_case_with_an_open_task_cannot_be_closed() {
    let facts = Facts { open_tasks: 1, ..READY };
    let refused = decide(state(CaseStatus::Evaluation), &intent(CaseStatus::Closed, Some("goals_reached")), &facts);
    assert_eq!(guards(refused), ["no_open_task"]);
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
    (any::<bool>(), any::<bool>(), 0_i64..3).prop_map(|(has_manager, has_legal_basis, open_tasks)| Facts {
        has_manager,
        has_legal_basis,
        open_tasks,
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
                        prop_assert_eq!(facts.open_tasks, 0);
                    }
                    if now.status == CaseStatus::Intake && next.status == CaseStatus::Assessment {
                        prop_assert!(facts.has_manager && facts.has_legal_basis);
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
