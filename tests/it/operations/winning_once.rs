//! What can be won once: a closed case is reopened by one of two, and not while its person goes to another body.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use approdo::cases::types::CaseId;
use approdo_db::schema::{case_transitions, cases, people};
use diesel::prelude::*;
use serde_json::{Value, json};

use super::deployment::{Deployment, case_in_udine, log_in, new_case, person_in_udine};
use crate::support::http::Answer;
use crate::support::{Client, Product};

#[test]
fn of_two_who_reopen_a_case_at_once_one_does_through_two_processes_on_postgresql() {
    if Product::Postgres.is_available() {
        reopened_by_one(&Deployment::new(Product::Postgres, 2), 100);
    } else {
        eprintln!("skipped: PostgreSQL's server programs are not installed");
    }
}

#[test]
fn of_two_who_reopen_a_case_at_once_one_does_through_one_process_on_sqlite() {
    reopened_by_one(&Deployment::new(Product::Sqlite, 1), 100);
}

#[test]
fn a_case_is_not_reopened_while_its_person_goes_through_two_processes_on_postgresql() {
    if Product::Postgres.is_available() {
        reopened_or_gone(&Deployment::new(Product::Postgres, 2), 100);
    } else {
        eprintln!("skipped: PostgreSQL's server programs are not installed");
    }
}

#[test]
fn a_case_is_not_reopened_while_its_person_goes_through_one_process_on_sqlite() {
    reopened_or_gone(&Deployment::new(Product::Sqlite, 1), 40);
}

/// The same client at two processes, or twice at one.
fn at_each(deployment: &Deployment, client: &Client) -> [Client; 2] {
    let last = deployment.processes.len() - 1;
    [0, last].map(|at| client.at(&deployment.processes[at].base))
}

fn closed(deployment: &Deployment, case: &str) -> CaseId {
    let id = CaseId(case.parse().expect("an id"));
    // By HTTP it would be most of the test.
    let row = cases::table.filter(cases::id.eq(id));
    let over = (cases::status.eq("closed"), cases::closing_reason.eq(Some("moved")));
    diesel::update(row).set(over).execute(&mut deployment.connection()).expect("closed");
    id
}

fn reopen(client: &Client, case: &str) -> Answer {
    let body = json!({"to": "assessment", "reason_code": "returned"});
    client.post_matching(&format!("/cases/{case}/transitions"), "*", &body)
}

fn guard(answer: &Answer) -> Value {
    answer.json()["unmet_guards"][0]["guard"].clone()
}

/// Both at once in every other round; in the others one waits a little.
fn at_once<A: Send, B: Send>(round: u64, one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B + Send) -> (A, B) {
    let little = Duration::from_micros(round / 4 % 8 * 1_500);
    let waits = match round % 4 {
        1 => [little, Duration::ZERO],
        3 => [Duration::ZERO, little],
        _ => [Duration::ZERO; 2],
    };
    let barrier = &Barrier::new(2);
    thread::scope(|scope| {
        let one = scope.spawn(move || {
            barrier.wait();
            thread::sleep(waits[0]);
            one()
        });
        let other = scope.spawn(move || {
            barrier.wait();
            thread::sleep(waits[1]);
            other()
        });
        (one.join().expect("an answer"), other.join().expect("an answer"))
    })
}

fn reopened_by_one(deployment: &Deployment, rounds: u64) {
    let maria = deployment.maria();
    let sides = at_each(deployment, &maria);
    for round in 0..rounds {
        let case = case_in_udine(&maria, &deployment.fixture);
        let id = closed(deployment, &case);
        let answers = at_once(round, || reopen(&sides[0], &case), || reopen(&sides[1], &case));
        let (won, lost) = if answers.0.status == 201 { answers } else { (answers.1, answers.0) };
        assert_eq!((won.status, lost.status), (201, 409), "round {round}: {} {}", won.text, lost.text);
        assert_eq!(guard(&lost), "allowed_transition");
        let now = maria.get(&format!("/cases/{case}")).expect(200).json();
        assert_eq!((&now["status"], &now["episode_no"], &now["version"]), (&json!("assessment"), &json!(2), &json!(2)));
        let moves: i64 = case_transitions::table
            .filter(case_transitions::case_id.eq(id))
            .count()
            .get_result(&mut deployment.connection())
            .expect("counted");
        assert_eq!(moves, 1);
    }
}

/// A person with a closed case, and an open one that is proposed to Trieste: to accept it takes the person there, and to reopen the other needs
/// the person here.
fn reopened_or_gone(deployment: &Deployment, rounds: u64) {
    let (maria, matej) =
        (deployment.maria(), log_in(deployment.base(), &deployment.fixture, "matej_case_manager_in_trieste"));
    let ([here, _], [_, there]) = (at_each(deployment, &maria), at_each(deployment, &matej));
    let (mut reopened, mut gone) = (0, 0);
    for round in 0..rounds {
        let person = person_in_udine(&maria, &deployment.fixture);
        let open = |_| maria.post("/cases", &new_case(&deployment.fixture, &person)).expect(201).id();
        let [over, goes] = [0, 1].map(open);
        closed(deployment, &over);
        let proposal = json!({"case_id": goes, "to_org_id": deployment.fixture.comune_trieste,
            "to_territory_id": deployment.fixture.trieste, "reason": "Moves.", "package_fields": [], "legal_basis": "public_task"});
        let transfer = maria.post("/transfers", &proposal).expect(201).id();
        let accept =
            || there.post_matching(&format!("/transfers/{transfer}/transitions"), "*", &json!({"to": "accepted"}));
        let (reopening, accepting) = at_once(round, || reopen(&here, &over), accept);
        match (reopening.status, accepting.status) {
            (201, 409) => {
                assert_eq!(guard(&accepting), "only_open_case");
                reopened += 1;
            }
            (409, 201) => {
                assert_eq!(guard(&reopening), "person_here");
                gone += 1;
            }
            _ => panic!(
                "round {round}: {} {}; {} {}",
                reopening.status, reopening.text, accepting.status, accepting.text
            ),
        }
    }
    let torn: i64 = cases::table
        .inner_join(people::table.on(people::id.eq(cases::person_id)))
        .filter(cases::status.ne("closed"))
        .filter(cases::owner_org_id.ne(people::owner_org_id))
        .count()
        .get_result(&mut deployment.connection())
        .expect("counted");
    assert_eq!(torn, 0, "nobody's open case is with another body than they are");
    eprintln!("{reopened} reopened, {gone} gone");
    // How often each wins is the machine's to say.
    assert!(reopened >= 1 && gone >= 1, "one side never won: {reopened} reopened, {gone} gone");
}
