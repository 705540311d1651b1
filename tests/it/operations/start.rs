//! Starting, refusing to start, and stopping.

use std::collections::BTreeSet;
use std::process::Output;
use std::thread;
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use serde_json::json;

use super::deployment::{Deployment, case_in_udine, connection};
use crate::both;
use crate::support::process::{ServerProcess, command, run};
use crate::support::{Client, Product, TestDatabase, World};

const SERVE: [&str; 3] = ["serve", "--bind", "127.0.0.1:0"];
const RECORD: &str = "__diesel_schema_migrations";

#[test]
fn a_database_that_cannot_be_opened_is_a_clear_error_without_the_password() {
    for (url, reason) in [
        ("mysql://approdo:geheim@127.0.0.1/approdo", "must begin with sqlite://, postgres:// or postgresql://"),
        ("sqlite:///no/such/folder/approdo.db", "the folder /no/such/folder for the SQLite file does not exist"),
        ("postgres://approdo:geheim@127.0.0.1:1/approdo", "PostgreSQL cannot be reached"),
        // Passwords that someone forgot to percent-encode.
        ("postgres://approdo:geheim%zz@127.0.0.1:1/approdo", "PostgreSQL cannot be reached"),
        ("postgres://approdo:12geheim/34@127.0.0.1:1/approdo", "PostgreSQL cannot be reached"),
        ("postgres://approdo:ge@geheim@127.0.0.1:1/approdo", "more than one @"),
        ("postgres://approdo@127.0.0.1:1/approdo?password=ge&geheim", "PostgreSQL cannot be reached"),
    ] {
        for arguments in [SERVE.as_slice(), &["migrate"]] {
            let arguments = [arguments, &["--database-url", url]].concat();
            let told = refused(&run(&arguments));
            assert!(told.contains(reason), "{url}: {told}");
            assert!(!told.contains("geheim"), "the password is told: {told}");
        }
    }
}

#[test]
fn an_origin_that_no_browser_sends_is_refused_at_the_start() {
    let world = World::new(Product::Sqlite);
    let database = &world.database.url;
    for origin in
        ["*", "", "portal.example", "https://portal.example/", "https://Portal.example", "https://portal.example,*"]
    {
        let refused = ServerProcess::try_start(database, &["--cors-origin", origin]);
        assert!(refused.err().is_some_and(|told| told.contains("--cors-origin")), "{origin}");
    }
    assert!(ServerProcess::try_start(database, &["--cors-origin", "https://a.example,http://b.example:8000"]).is_ok());
}

both! {
    fn a_wrong_master_key_is_refused(world: &World) {
        let mut command = command();
        command.env("APPRODO_MASTER_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
        let output = command.args(["serve", "--bind", "127.0.0.1:0", "--database-url", &world.database.url]).output();
        let told = refused(&output.expect("the program runs"));
        assert!(told.contains("the master key does not open the keys of this database"), "{told}");
    }

    fn a_schema_of_a_newer_release_is_refused(world: &World) {
        change(world, &format!("INSERT INTO {RECORD} (version) VALUES ('20991231000001')"));
        let told = refused_everywhere(&world.database.url);
        assert!(told.contains("newer release") && told.contains("20991231000001"), "{told}");
    }

    fn a_schema_with_a_gap_is_refused(world: &World) {
        change(world, &format!("DELETE FROM {RECORD} WHERE version = (SELECT min(version) FROM {RECORD})"));
        let told = refused_everywhere(&world.database.url);
        assert!(told.contains("the database schema is dirty") && told.contains("20261121000001"), "{told}");
    }

    fn somebody_elses_tables_are_refused(world: &World) {
        let theirs = TestDatabase::empty(world.product);
        connection(&theirs.url).batch_execute("CREATE TABLE invoices (id BIGINT)").expect("made");
        let told = refused_everywhere(&theirs.url);
        assert!(told.contains("the database schema is dirty") && told.contains("invoices"), "{told}");
    }

    fn four_processes_that_start_together_migrate_once_and_all_serve(world: &World) {
        let empty = TestDatabase::empty(world.product);
        let processes = start_together(4, &empty.url, &[]);
        assert_eq!(count(&empty.url, RECORD), i64::try_from(migrations()).expect("few"));
        let keys: BTreeSet<String> = processes
            .iter()
            .map(|process| {
                let client = Client::new(&process.base);
                client.get("/status").expect(200);
                client.get("//.well-known/jwks.json").expect(200).text
            })
            .collect();
        assert_eq!(keys.len(), 1, "they are one deployment");
    }

    fn a_check_of_migrations_tells_and_changes_nothing(world: &World) {
        let empty = TestDatabase::empty(world.product);
        let check = ["migrate", "--check", "--database-url", &empty.url];
        let output = run(&check);
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(!output.status.success());
        match world.product {
            Product::Sqlite => {
                assert!(told.contains("there is no database yet"), "{told}");
                assert!(!std::path::Path::new(empty.url.trim_start_matches("sqlite://")).exists());
            }
            Product::Postgres => assert_eq!(told.matches("would run").count(), migrations(), "{told}"),
        }
        let ran = run(&["migrate", "--database-url", &empty.url]);
        assert_eq!(String::from_utf8_lossy(&ran.stdout).matches("ran ").count(), migrations(), "the check has run nothing");
        let output = run(&check);
        assert!(output.status.success());
        assert!(String::from_utf8_lossy(&output.stdout).contains("the schema is current"));
    }

    fn a_demonstration_is_loaded_once_and_its_callers_can_log_in(world: &World) {
        let empty = TestDatabase::empty(world.product);
        let mut together = start_together(2, &empty.url, &["--demo"]);
        let loaded = rows(&empty.url);
        assert!(loaded > 0);
        for process in &mut together {
            let status = process.terminate();
            assert!(status.success(), "{status}: {}", process.errors());
        }
        let again = ServerProcess::try_start(&empty.url, &["--demo"]).expect("it starts again");
        assert_eq!(rows(&empty.url), loaded, "the second start loads nothing");

        let callers = run(&["demo", "callers", "--json", "--database-url", &empty.url]);
        let callers: Vec<serde_json::Value> = serde_json::from_slice(&callers.stdout).expect("JSON");
        let roles: Vec<&str> = callers.iter().map(|caller| caller["role"].as_str().expect("a role")).collect();
        assert_eq!(roles, approdo::access::Role::ALL.iter().map(|role| role.as_str()).collect::<Vec<_>>(), "one caller a role");
        for caller in &callers {
            let text = |name: &str| caller[name].as_str().unwrap_or_default();
            let form = match text("client_id") {
                "" => vec![("grant_type", "password"), ("username", text("username")), ("password", text("password"))],
                id => vec![
                    ("grant_type", "client_credentials"), ("client_id", id), ("client_secret", text("client_secret")),
                ],
            };
            Client::new(&again.base).form("/auth/token", &form).expect(200);
        }

        let told = ServerProcess::try_start(&empty.url, &[]).err().expect("a demonstration must be asked for");
        assert!(told.contains("serve it with --demo"), "{told}");
        let told = ServerProcess::try_start(&world.database.url, &["--demo"]).err().expect("no mixing");
        assert!(told.contains("holds data of its own"), "{told}");
    }

    fn a_shutdown_answers_what_has_begun(world: &World) {
        let mut deployment = Deployment::new(world.product, 1);
        let maria = deployment.maria();
        let case = case_in_udine(&maria, &deployment.fixture);
        let mut holder = deployment.connection();
        let begin = match world.product {
            Product::Sqlite => "BEGIN IMMEDIATE",
            Product::Postgres => "BEGIN; SELECT id FROM cases FOR UPDATE",
        };
        holder.batch_execute(begin).expect("the lock");
        thread::scope(|scope| {
            let waiting = scope.spawn(|| maria.patch(&format!("/cases/{case}"), "*", &json!({"summary": "begun"})));
            thread::sleep(Duration::from_secs(1));
            deployment.processes[0].ask_to_end();
            thread::sleep(Duration::from_secs(1));
            holder.batch_execute("ROLLBACK").expect("the lock is given back");
            assert_eq!(waiting.join().expect("an answer").expect(200).json()["summary"], "begun");
        });
        assert!(deployment.processes[0].terminate().success());
    }
}

#[test]
fn processes_that_start_together_agree_on_the_key_file_they_make() {
    for _ in 0..5 {
        let empty = TestDatabase::empty(Product::Sqlite);
        let starting: Vec<_> = (0..4)
            .map(|_| {
                let mut command = command();
                command.env_remove("APPRODO_MASTER_KEY").args(["serve", "--database-url", &empty.url]);
                thread::spawn(move || ServerProcess::of(command))
            })
            .collect();
        for started in starting {
            let process = started.join().expect("no panic").expect("it starts");
            Client::new(&process.base).get("/status").expect(200);
        }
    }
}

#[test]
fn a_backup_taken_while_serving_serves_the_same() {
    let deployment = Deployment::new(Product::Sqlite, 1);
    let maria = deployment.maria();
    let case = case_in_udine(&maria, &deployment.fixture);
    let before = maria.get(&format!("/cases/{case}")).expect(200).json();
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("copy.db");
    let copy = copy.to_str().expect("a plain path");
    let backup = ["backup", copy, "--database-url", &deployment.database.url];
    thread::scope(|scope| {
        let busy = scope.spawn(|| {
            (0..50).for_each(|_| {
                maria.post(&format!("/cases/{case}/tasks"), &json!({"title": "Call back"})).expect(201);
            });
        });
        let output = run(&backup);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        busy.join().expect("serving went on");
    });
    assert!(refused(&run(&backup)).contains("exists already"));
    let served = ServerProcess::start(&format!("sqlite://{copy}"));
    assert_eq!(maria.at(&served.base).get(&format!("/cases/{case}")).expect(200).json(), before);
}

#[test]
fn the_program_prints_the_committed_contract() {
    let output = run(&["openapi"]);
    assert!(output.status.success());
    assert!(output.stdout == include_bytes!("../../../openapi/openapi.json"));
}

/// How many migrations there are.
fn migrations() -> usize {
    std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite")).expect("a folder").count()
}

fn refused(output: &Output) -> String {
    assert!(!output.status.success(), "it must not start");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.starts_with("approdo: "), "no clear error: {told}");
    told
}

/// What every command says that would serve or migrate such a database.
fn refused_everywhere(url: &str) -> String {
    let all = [SERVE.as_slice(), &["migrate"], &["migrate", "--check"]]
        .map(|arguments| refused(&run(&[arguments, &["--database-url", url]].concat())));
    assert!(all.iter().all(|told| *told == all[0]), "{all:?}");
    all[0].clone()
}

fn start_together(number: usize, url: &str, arguments: &[&str]) -> Vec<ServerProcess> {
    thread::scope(|scope| {
        let starting: Vec<_> = (0..number).map(|_| scope.spawn(|| ServerProcess::try_start(url, arguments))).collect();
        starting.into_iter().map(|started| started.join().expect("no panic").expect("it starts")).collect()
    })
}

fn change(world: &World, statement: &str) {
    connection(&world.database.url).batch_execute(statement).expect("changed");
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    number: i64,
}

fn count(url: &str, table: &str) -> i64 {
    let counted: Count = diesel::sql_query(format!("SELECT count(*) AS number FROM {table}"))
        .get_result(&mut connection(url))
        .expect("counted");
    counted.number
}

// Reminders come by themselves, and their history with them.
fn rows(url: &str) -> i64 {
    ["organisations", "territories", "principals", "grants", "people", "cases", "tasks", "legal_statuses", "notes"]
        .iter()
        .map(|table| count(url, table))
        .sum()
}
