//! PostgreSQL away and back again: nothing but successes and 503, nothing twice, and healing without a restart.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use serde_json::{Value, json};

use super::deployment::{Fragile, all, case_in_udine, connection, log_in};
use super::proxy::{Fate, Proxy};
use crate::support::database::arguments;
use crate::support::http::Answer;
use crate::support::{Client, InProcess, Product, TestDatabase, World, serve_args};

#[test]
fn an_outage_is_told_as_503_and_heals_by_itself() {
    let Some(fragile) = Fragile::new() else { return };
    let maria = fragile.maria();
    let case = case_in_udine(&maria, &fragile.fixture);
    let load = Load { maria: &maria, case: &case, stop: AtomicBool::new(false), answers: Mutex::default() };
    let written: Vec<String> = thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|number| {
                scope.spawn({
                    let load = &load;
                    move || load.write(number)
                })
            })
            .collect();
        let readers: Vec<_> = (0..2).map(|_| scope.spawn(|| load.read())).collect();
        for fault in [|fragile: &Fragile| fragile.cluster.down(), |fragile: &Fragile| fragile.cluster.kill()] {
            load.wait_for(201, 40);
            fault(&fragile);
            told_to_supervisors(&maria, 503);
            load.wait_for(503, 10);
            fragile.cluster.up();
            wait_until_ready(&maria);
            told_to_supervisors(&maria, 200);
            load.wait_for(200, 40);
        }
        load.stop.store(true, Ordering::Release);
        readers.into_iter().for_each(|reader| reader.join().expect("it read"));
        writers.into_iter().flat_map(|writer| writer.join().expect("it wrote")).collect()
    });
    let mut titles = titles(&maria, &case);
    let mut written = written;
    titles.sort();
    written.sort();
    assert_eq!(titles, written, "each write has exactly one effect, however often it was sent");
}

#[test]
fn connections_lost_while_nobody_asks_are_never_noticed_by_readers() {
    if !Product::Postgres.is_available() {
        eprintln!("skipped: PostgreSQL's server programs are not installed");
        return;
    }
    let world = World::new(Product::Postgres);
    let maria = world.maria_case_manager();
    let address = format!("/cases/{}", world.case_in_udine());
    let mut cutter = connection(&world.database.url);
    for _ in 0..20 {
        // Every connection of the pool is in use once, and lost: each of them would fail a request.
        thread::scope(|scope| {
            (0..8).for_each(|_| {
                scope.spawn(|| maria.get(&address).expect(200));
            });
        });
        cutter
            .batch_execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity \
                 WHERE datname = current_database() AND pid <> pg_backend_pid()",
            )
            .expect("cut");
        maria.get(&address).expect(200);
    }
}

#[test]
fn a_write_whose_commit_is_uncertain_is_503_and_its_retry_has_one_effect() {
    if !Product::Postgres.is_available() {
        eprintln!("skipped: PostgreSQL's server programs are not installed");
        return;
    }
    let (database, fixture) = TestDatabase::new(Product::Postgres);
    let proxy = Proxy::before(&database.url);
    let server = InProcess::start(serve_args(arguments(proxy.url.clone())));
    let maria = log_in(&server.base, &fixture, "maria_case_manager");
    let case = case_in_udine(&maria, &fixture);
    let mut expected = Vec::new();
    for (title, fate) in [("committed all the same", Fate::AnswerLost), ("never committed", Fate::RequestLost)] {
        proxy.lose_one_commit_of(title, fate);
        let key = uuid::Uuid::new_v4().to_string();
        let uncertain = add_task(&maria, &case, title, &key).expect("an answer").expect(503);
        assert!(!uncertain.header("retry-after").is_empty());
        assert_eq!(proxy.lost(), 1, "the commit was lost as planned");
        expected.push(title.to_owned());
        let there = titles(&maria, &case).contains(&title.to_owned());
        assert_eq!(there, fate == Fate::AnswerLost, "the write has happened exactly where its commit arrived");
        let retried = add_task(&maria, &case, title, &key).expect("an answer").expect(201);
        let again = add_task(&maria, &case, title, &key).expect("an answer").expect(201);
        assert_eq!(retried.id(), again.id());
        assert_eq!(titles(&maria, &case), expected);
    }
}

/// Waits until the server can serve again.
pub fn wait_until_ready(client: &Client) {
    for _ in 0..400 {
        if client.get("//health/ready").status == 200 {
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("the server did not find its database again");
}

fn told_to_supervisors(client: &Client, status: u16) {
    client.get("//health/live").expect(200);
    let ready = client.get("//health/ready").expect(status);
    let told = client.get("/status").expect(status);
    if status == 503 {
        assert_eq!(told.header("content-type"), "application/problem+json");
        assert!(!ready.header("retry-after").is_empty() && !told.header("retry-after").is_empty());
    }
}

fn add_task(maria: &Client, case: &str, title: &str, key: &str) -> Result<Answer, ureq::Error> {
    let headers = [("content-type", "application/json"), ("idempotency-key", key)];
    let body: Value = json!({"title": title});
    maria.try_send("POST", &format!("/cases/{case}/tasks"), &headers, Some(body.to_string().as_bytes()))
}

fn titles(maria: &Client, case: &str) -> Vec<String> {
    let tasks = all(maria, &format!("/cases/{case}/tasks?limit=200"));
    tasks.iter().map(|task| task["title"].as_str().expect("a title").to_owned()).collect()
}

/// Clients at work through the outage.
struct Load<'a> {
    maria: &'a Client,
    case: &'a str,
    stop: AtomicBool,
    answers: Mutex<BTreeMap<u16, usize>>,
}

impl Load<'_> {
    /// Adds tasks, each until it is acknowledged; gives their titles.
    fn write(&self, number: usize) -> Vec<String> {
        let mut written = Vec::new();
        while !self.stop.load(Ordering::Acquire) {
            let title = format!("{number}.{}", written.len());
            let key = uuid::Uuid::new_v4().to_string();
            while self.noted(&add_task(self.maria, self.case, &title, &key).expect("an answer")) != 201 {
                thread::sleep(Duration::from_millis(20));
            }
            written.push(title);
        }
        written
    }

    fn read(&self) {
        while !self.stop.load(Ordering::Acquire) {
            self.noted(&self.maria.get(&format!("/cases/{}", self.case)));
        }
    }

    fn noted(&self, answer: &Answer) -> u16 {
        match answer.status {
            200 | 201 => {}
            503 => assert!(!answer.header("retry-after").is_empty(), "503 says when to come back"),
            _ => panic!("{}: {}", answer.status, answer.text),
        }
        *self.answers.lock().expect("no panic").entry(answer.status).or_default() += 1;
        answer.status
    }

    /// Waits until so many more answers had this status.
    fn wait_for(&self, status: u16, number: usize) {
        let seen = || self.answers.lock().expect("no panic").get(&status).copied().unwrap_or_default();
        let wanted = seen() + number;
        for _ in 0..1_200 {
            if seen() >= wanted {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("too few answers {status}: {:?}", self.answers);
    }
}
