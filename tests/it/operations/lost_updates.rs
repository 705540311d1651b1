//! Many who edit one row, and many who write at once.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::deployment::{all, log_in_with};
use crate::both;
use crate::support::{Client, Product, World};

const CLIENTS: usize = 200;
const EDITS: usize = 10;

both! {
    fn two_hundred_clients_lose_no_update(world: &World) {
        let case = world.case_in_udine();
        let address = format!("/cases/{case}");
        let callers = case_managers(world, 8);
        let first = version(&callers[0].1.get(&address).expect(200).json());
        let made = Mutex::new(BTreeMap::new());
        thread::scope(|scope| {
            for number in 0..CLIENTS {
                let ((id, client), address, made) = (&callers[number % callers.len()], &address, &made);
                thread::Builder::new()
                    .stack_size(512 * 1024)
                    .spawn_scoped(scope, move || {
                        for edit in 0..EDITS {
                            let version = edit_until_it_succeeds(client, address, &format!("{number}.{edit}"));
                            let earlier = made.lock().expect("no panic").insert(version, id.clone());
                            assert_eq!(earlier, None, "version {version} was given twice");
                        }
                    })
                    .expect("a thread");
            }
        });
        let made = made.into_inner().expect("no panic");
        let edits = i64::try_from(CLIENTS * EDITS).expect("small");
        assert_eq!(version(&callers[0].1.get(&address).expect(200).json()), first + edits);
        let told: Vec<(i64, String)> = all(&callers[0].1, &format!("{address}/history?limit=200"))
            .iter()
            .filter(|row| version(row) > first)
            .map(|row| (version(row), row["actor_id"].as_str().expect("an actor").to_owned()))
            .collect();
        assert_eq!(told, made.into_iter().collect::<Vec<_>>(), "each version once, in order, with its actor");
    }
}

#[test]
fn writers_on_different_cases_all_succeed_on_sqlite() {
    let world = World::new(Product::Sqlite);
    let maria = world.maria_case_manager();
    let cases: Vec<String> = (0..32).map(|_| world.case_in_udine()).collect();
    thread::scope(|scope| {
        for case in &cases {
            let maria = &maria;
            scope.spawn(move || {
                let address = format!("/cases/{case}");
                let mut tag = maria.get(&address).expect(200).header("etag").to_owned();
                for number in 0..20 {
                    let edit = json!({"summary": format!("edit {number}")});
                    tag = maria.patch(&address, &tag, &edit).expect(200).header("etag").to_owned();
                    maria.post(&format!("{address}/tasks"), &json!({"title": "Call back"})).expect(201);
                }
                assert_eq!(version(&maria.get(&address).expect(200).json()), 21);
            });
        }
    });
}

/// Reads and edits until the edit is taken; gives the version it made. Losers hear 412 and nothing else, and wait a little
/// longer each time, as clients do.
fn edit_until_it_succeeds(client: &Client, address: &str, summary: &str) -> i64 {
    for attempt in 0_u32.. {
        let tag = client.get(address).expect(200).header("etag").to_owned();
        let answer = client.patch(address, &tag, &json!({"summary": summary}));
        if answer.status == 200 {
            return version(&answer.json());
        }
        assert_eq!(answer.status, 412, "{}", answer.text);
        let longest = 100_u128 << attempt.min(6);
        let pause = uuid::Uuid::new_v4().as_u128() % longest;
        thread::sleep(Duration::from_millis(u64::try_from(pause).expect("small")));
    }
    unreachable!("it tries for ever")
}

/// Case managers of Udine, with their ids.
fn case_managers(world: &World, number: usize) -> Vec<(String, Client)> {
    let anna = world.anna_system_administrator();
    let (fixture, password) = (&world.fixture, "a long enough password");
    (0..number)
        .map(|number| {
            let username = format!("case_manager_{number}");
            let user = json!({"username": username, "display_name": username, "organisation_id": fixture.comune_udine});
            let invited = anna.post("/users", &user).expect(201).json();
            let token = &invited["invitation"]["token"];
            world.nobody().post("/auth/passwords", &json!({"token": token, "password": password})).expect(204);
            let grant = json!({
                "principal_id": invited["id"], "role": "case_manager", "organisation_id": fixture.comune_udine,
                "territory_ids": [fixture.udine],
            });
            anna.post("/grants", &grant).expect(201);
            let client = log_in_with(world.base(), &username, password);
            (invited["id"].as_str().expect("an id").to_owned(), client)
        })
        .collect()
}

fn version(row: &Value) -> i64 {
    row["version"].as_i64().expect("a version")
}
