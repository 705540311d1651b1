//! Two writes whose guards read what the other adds: 'close the case' against 'add a task'.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use approdo_db::schema::{cases, tasks};
use diesel::prelude::*;
use serde_json::json;

use super::deployment::{Deployment, new_case, person_in_udine};
use crate::support::http::Answer;
use crate::support::{Client, Product};

#[test]
fn closing_a_case_and_adding_a_task_never_both_succeed_through_two_processes_on_postgresql() {
    if Product::Postgres.is_available() {
        let deployment = Deployment::new(Product::Postgres, 2);
        let tally = race(&deployment, 1_000);
        assert!(tally.closed >= 100 && tally.added >= 100, "one side hardly ever won: {tally:?}");
    } else {
        eprintln!("skipped: PostgreSQL's server programs are not installed");
    }
}

#[test]
fn closing_a_case_and_adding_a_task_never_both_succeed_through_one_process_on_sqlite() {
    let tally = race(&Deployment::new(Product::Sqlite, 1), 100);
    assert!(tally.closed >= 10 && tally.added >= 10, "one side hardly ever won: {tally:?}");
}

#[derive(Debug, Default)]
struct Tally {
    closed: i64,
    added: i64,
}

/// Lets both sides go at once, each round on a fresh case in evaluation. What counts is what the database then holds.
fn race(deployment: &Deployment, rounds: usize) -> Tally {
    let maria = deployment.maria();
    let sides: Vec<Client> = deployment.processes.iter().map(|process| maria.at(&process.base)).collect();
    let person = person_in_udine(&maria, &deployment.fixture);
    let mut tally = Tally::default();
    let mut both = 0;
    for round in 0..rounds {
        let case = case_in_evaluation(&maria, deployment, &person);
        let (closer, adder) = (&sides[round % sides.len()], &sides[(round + 1) % sides.len()]);
        let (closing, adding) = let_go(closer, adder, &case, round);
        match (closing.status, adding.status) {
            (201, 409) => {
                assert_eq!(adding.json()["unmet_guards"][0]["guard"], "case_open");
                tally.closed += 1;
            }
            (409, 201) => {
                assert_eq!(closing.json()["unmet_guards"][0]["guard"], "no_open_task");
                tally.added += 1;
            }
            (201, 201) => both += 1,
            _ => panic!("closing: {} {}; adding: {} {}", closing.status, closing.text, adding.status, adding.text),
        }
    }
    let mut connection = deployment.connection();
    let closed: i64 =
        cases::table.filter(cases::status.eq("closed")).count().get_result(&mut connection).expect("counted");
    let open_tasks: i64 =
        tasks::table.filter(tasks::status.eq("open")).count().get_result(&mut connection).expect("counted");
    let open_in_closed: i64 = cases::table
        .inner_join(tasks::table.on(tasks::case_id.eq(cases::id)))
        .filter(cases::status.eq("closed"))
        .filter(tasks::status.eq("open"))
        .count()
        .get_result(&mut connection)
        .expect("counted");
    assert_eq!((open_in_closed, both), (0, 0), "closed cases with an open task; {tally:?}");
    assert_eq!((closed, open_tasks), (tally.closed, tally.added), "the answers and the database agree");
    eprintln!("{rounds} rounds: {tally:?}");
    tally
}

fn case_in_evaluation(maria: &Client, deployment: &Deployment, person: &str) -> String {
    let case = maria.post("/cases", &new_case(&deployment.fixture, person)).expect(201).id();
    // A thousand ways to evaluation by HTTP would be most of the test.
    let id: uuid::Uuid = case.parse().expect("an id");
    let row = cases::table.filter(cases::id.eq(approdo::cases::types::CaseId(id)));
    diesel::update(row).set(cases::status.eq("evaluation")).execute(&mut deployment.connection()).expect("moved");
    case
}

/// Every other round both go at once; in the others one side waits a little, so that each wins sometimes.
fn let_go(closer: &Client, adder: &Client, case: &str, round: usize) -> (Answer, Answer) {
    let little = Duration::from_micros(u64::try_from(round / 4 % 5 * 800).expect("small"));
    let (before_closing, before_adding) = match round % 4 {
        1 => (little, Duration::ZERO),
        3 => (Duration::ZERO, little),
        _ => (Duration::ZERO, Duration::ZERO),
    };
    let barrier = Barrier::new(2);
    thread::scope(|scope| {
        let closing = scope.spawn(|| {
            barrier.wait();
            thread::sleep(before_closing);
            let close = json!({"to": "closed", "reason_code": "goals_reached"});
            closer.post_matching(&format!("/cases/{case}/transitions"), "*", &close)
        });
        let adding = scope.spawn(|| {
            barrier.wait();
            thread::sleep(before_adding);
            adder.post(&format!("/cases/{case}/tasks"), &json!({"title": "Book the language test"}))
        });
        (closing.join().expect("an answer"), adding.join().expect("an answer"))
    })
}
