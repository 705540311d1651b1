//! `kill -9`, of the server and of PostgreSQL: what was acknowledged is there, and what was shown is recorded.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use approdo_db::schema::access_records;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use serde_json::{Value, json};

use super::deployment::{Deployment, Fragile, case_in_udine, connection};
use crate::support::process::ServerProcess;
use crate::support::{Client, Product, World};

const KILLS: usize = 3;

#[test]
fn a_killed_server_has_kept_what_it_acknowledged_and_recorded_what_it_showed_on_sqlite() {
    survive_kills_of_the_server(Product::Sqlite);
}

#[test]
fn a_killed_server_has_kept_what_it_acknowledged_and_recorded_what_it_showed_on_postgresql() {
    if Product::Postgres.is_available() {
        survive_kills_of_the_server(Product::Postgres);
    } else {
        eprintln!("skipped: PostgreSQL's server programs are not installed");
    }
}

fn survive_kills_of_the_server(product: Product) {
    let mut deployment = Deployment::new(product, 1);
    let mut maria = deployment.maria();
    let desks = desks(&maria, &deployment.fixture);
    for kill in 1..=KILLS {
        under_load(&maria, &desks, || {
            wait_for_acknowledgements(&desks, kill * 120);
            deployment.processes[0].kill();
        });
        deployment.processes[0] = ServerProcess::start(&deployment.database.url);
        maria = maria.at(deployment.base());
        nothing_is_lost(&maria, &desks, &deployment.database.url);
    }
}

#[test]
fn a_killed_postgresql_has_kept_what_was_acknowledged_and_recorded() {
    let Some(fragile) = Fragile::new() else { return };
    let maria = fragile.maria();
    let desks = desks(&maria, &fragile.fixture);
    for kill in 1..=KILLS {
        under_load(&maria, &desks, || {
            wait_for_acknowledgements(&desks, kill * 120);
            fragile.cluster.kill();
        });
        fragile.cluster.up();
        super::outage::wait_until_ready(&maria);
        nothing_is_lost(&maria, &desks, &fragile.url);
    }
}

#[test]
fn every_pooled_connection_waits_for_the_disk() {
    #[derive(QueryableByName)]
    struct Setting {
        #[diesel(sql_type = Text)]
        value: String,
    }
    #[derive(QueryableByName)]
    struct Pragmas {
        #[diesel(sql_type = BigInt)]
        synchronous: i64,
        #[diesel(sql_type = BigInt)]
        foreign_keys: i64,
        #[diesel(sql_type = Text)]
        journal_mode: String,
    }
    let world = World::new(Product::Sqlite);
    let database = approdo::server::open_database(&world.database.arguments()).expect("opens");
    for mut connection in [database.reader().expect("a reader"), database.writer().expect("a writer")] {
        let pragmas: Pragmas = diesel::sql_query(
            "SELECT synchronous, foreign_keys, journal_mode \
             FROM pragma_synchronous, pragma_foreign_keys, pragma_journal_mode",
        )
        .get_result(&mut **connection)
        .expect("pragmas");
        assert_eq!((pragmas.synchronous, pragmas.foreign_keys, pragmas.journal_mode.as_str()), (2, 1, "wal"));
    }
    if !Product::Postgres.is_available() {
        eprintln!("skipped: PostgreSQL's server programs are not installed");
        return;
    }
    // Even where whoever runs PostgreSQL has decided otherwise.
    let world = World::new(Product::Postgres);
    let name = world.database.url.rsplit('/').next().expect("a name");
    connection(&world.database.url)
        .batch_execute(&format!("ALTER DATABASE {name} SET synchronous_commit TO off"))
        .expect("altered");
    let database = approdo::server::open_database(&world.database.arguments()).expect("opens");
    for mut connection in [database.reader().expect("a reader"), database.writer().expect("a writer")] {
        let setting: Setting = diesel::sql_query("SELECT current_setting('synchronous_commit') AS value")
            .get_result(&mut **connection)
            .expect("a setting");
        assert_eq!(setting.value, "on");
    }
}

/// One client's work on a case of its own, and what it was told.
struct Desk {
    case: String,
    told: Mutex<Told>,
}

#[derive(Default)]
struct Told {
    tasks: Vec<String>,
    version: i64,
    reads: Vec<String>,
}

impl Desk {
    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().expect("no panic")
    }

    /// Adds a task, edits the case and reads it. Where the answer does not arrive, nothing is owed.
    fn work(&self, maria: &Client) -> Result<(), ureq::Error> {
        let address = format!("/cases/{}", self.case);
        let json = ("content-type", "application/json");
        let added =
            maria.try_send("POST", &format!("{address}/tasks"), &[json], Some(br#"{"title": "Call the school"}"#))?;
        match added.status {
            201 => self.told().tasks.push(added.id()),
            503 => {}
            _ => panic!("{}: {}", added.status, added.text),
        }
        let headers = [("content-type", "application/merge-patch+json"), ("if-match", "*")];
        let edited = maria.try_send("PATCH", &address, &headers, Some(br#"{"summary": "looks for housing"}"#))?;
        match edited.status {
            200 => self.told().version = edited.json()["version"].as_i64().expect("a version"),
            503 => {}
            _ => panic!("{}: {}", edited.status, edited.text),
        }
        let id = uuid::Uuid::new_v4().to_string();
        let shown = maria.try_send("GET", &address, &[("request-id", &id)], None)?;
        match shown.status {
            200 => self.told().reads.push(id),
            503 => {}
            _ => panic!("{}: {}", shown.status, shown.text),
        }
        Ok(())
    }
}

fn desks(maria: &Client, fixture: &crate::support::Fixture) -> Vec<Desk> {
    (0..6).map(|_| Desk { case: case_in_udine(maria, fixture), told: Mutex::default() }).collect()
}

/// Keeps every desk at work until `fault` has happened.
fn under_load(maria: &Client, desks: &[Desk], fault: impl FnOnce()) {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for desk in desks {
            let stop = &stop;
            scope.spawn(move || while !stop.load(Ordering::Acquire) && desk.work(maria).is_ok() {});
        }
        fault();
        stop.store(true, Ordering::Release);
    });
}

fn wait_for_acknowledgements(desks: &[Desk], number: usize) {
    for _ in 0..6_000 {
        if desks.iter().map(|desk| desk.told().tasks.len()).sum::<usize>() >= number {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("the clients get nowhere");
}

fn nothing_is_lost(maria: &Client, desks: &[Desk], url: &str) {
    let recorded: HashSet<String> = access_records::table
        .select(access_records::request_id)
        .load(&mut connection(url))
        .expect("the records")
        .into_iter()
        .collect();
    for desk in desks {
        let told = desk.told();
        let address = format!("/cases/{}", desk.case);
        let tasks: HashSet<String> = super::deployment::all(maria, &format!("{address}/tasks?limit=200"))
            .iter()
            .map(|task| task["id"].as_str().expect("an id").to_owned())
            .collect();
        assert!(told.tasks.iter().all(|id| tasks.contains(id)), "a task that was acknowledged is gone");
        let case: Value = maria.get(&address).expect(200).json();
        assert!(json!(told.version).as_i64() <= case["version"].as_i64(), "an edit that was acknowledged is gone");
        assert!(told.reads.iter().all(|id| recorded.contains(id)), "an answer was given and not recorded");
        assert!(!told.tasks.is_empty() && told.version > 1 && !told.reads.is_empty(), "the load was none");
    }
}
