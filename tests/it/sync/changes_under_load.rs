//! The feed while many write, in one process and in several that are killed: nothing lost, nothing twice, in order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};

use diesel::prelude::*;
use serde_json::{Value, json};

use crate::both;
use crate::support::World;
use crate::support::feed::{Follower, text};
use crate::support::http::{Answer, Client};
use crate::support::process::ServerProcess;

type Committed = BTreeSet<(String, i64)>;

/// Tries until the deployment has taken the command: 503 and a lost connection are to be tried again, with one key.
fn insist(client: &Client, method: &str, path: &str, body: &Value) -> Answer {
    let key = uuid::Uuid::new_v4().to_string();
    let kind = if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
    let headers = [("content-type", kind), ("if-match", "*"), ("idempotency-key", &key)];
    for _ in 0..50 {
        match client.try_send(method, path, &headers, Some(body.to_string().as_bytes())) {
            Ok(answer) if answer.status < 300 => return answer,
            Ok(answer) => assert_eq!(answer.status, 503, "{}", answer.text),
            Err(_) => std::thread::sleep(std::time::Duration::from_millis(20)),
        }
    }
    panic!("{method} {path} was never taken");
}

fn version_of(answer: &Answer) -> (String, i64) {
    let row = answer.json();
    (text(&row["id"]), row["version"].as_i64().expect("a version"))
}

/// Registers a person, rectifies it, and edits the case everybody edits.
fn write(client: &Client, world: &World, shared: &str, name: usize) -> Committed {
    let person = insist(client, "POST", "/people", &world.person_in_udine());
    let address = format!("/people/{}", person.id());
    let mut committed = Committed::from([version_of(&person)]);
    for round in 0..3 {
        let edit = json!({"notes": format!("{name} in round {round}")});
        committed.insert(version_of(&insist(client, "PATCH", &address, &edit)));
        let edit = json!({"summary": format!("{name} in round {round}")});
        committed.insert(version_of(&insist(client, "PATCH", &format!("/cases/{shared}"), &edit)));
    }
    committed
}

/// What a reader took in must be the committed set: each once, per resource in the order of versions.
fn assert_told(events: &[Value], committed: &Committed, from: &BTreeMap<String, i64>) {
    let mut seen = BTreeSet::new();
    let mut versions = from.clone();
    for event in events {
        assert!(seen.insert(text(&event["id"])), "an event came twice: {event}");
        let id = text(&event["resource"]["id"]);
        let version = event["version"].as_i64().expect("a version");
        let before = versions.insert(id, version).unwrap_or(0);
        assert_eq!(version, before + 1, "a version is missing or out of order: {event}");
    }
    let told: Committed = events
        .iter()
        .map(|event| (text(&event["resource"]["id"]), event["version"].as_i64().expect("a version")))
        .collect();
    assert_eq!(&told, committed);
}

fn assert_positions_have_no_gap(world: &World) {
    use approdo_db::schema::changes;
    let positions: Vec<i64> = changes::table
        .order(changes::position)
        .select(changes::position)
        .load(&mut world.connection())
        .expect("the positions");
    let last = i64::try_from(positions.len()).expect("a number");
    assert!(positions.into_iter().eq(1..=last), "positions are given one by one");
}

both! {
    fn a_reader_that_polls_while_sixteen_write_gets_exactly_what_was_committed(world: &World) {
        let shared = world.case_in_udine();
        world.feed_settled();
        let mut follower = Follower::caught_up(world.regional_sync_client());
        follower.query = "limit=7".into();
        let maria = world.maria_case_manager();
        let (mut events, mut committed) = (Vec::new(), Committed::new());
        let finished = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let writers: Vec<_> = (0..16)
                .map(|name| {
                    let (maria, shared) = (&maria, &shared);
                    scope.spawn(move || write(maria, world, shared, name))
                })
                .collect();
            let gathered = scope.spawn(|| {
                let all = writers.into_iter().flat_map(|writer| writer.join().expect("a writer")).collect();
                finished.store(true, Ordering::Release);
                all
            });
            while !finished.load(Ordering::Acquire) {
                events.extend(follower.page());
            }
            committed = gathered.join().expect("the committed set");
        });
        world.feed_settled();
        events.extend(follower.rest());
        assert_eq!(committed.len(), 16 * 7);
        assert_told(&events, &committed, &BTreeMap::from([(shared, 1)]));
        assert_positions_have_no_gap(world);
    }

    fn three_processes_share_the_feed_while_they_are_killed_in_turn(world: &World) {
        let shared = world.case_in_udine();
        world.feed_settled();
        let mut follower = Follower::caught_up(world.regional_sync_client());
        follower.query = "limit=20".into();
        let maria = world.maria_case_manager();
        let url = world.database.url.as_str();
        let (mut events, mut committed) = (Vec::new(), Committed::new());
        for round in 0..3 {
            let mut processes: Vec<ServerProcess> = (0..3).map(|_| ServerProcess::start(url)).collect();
            let bases: Vec<String> = processes.iter().map(|process| process.base.clone()).collect();
            std::thread::scope(|scope| {
                let writers: Vec<_> = (0..3)
                    .map(|name| {
                        let (maria, shared) = (maria.at(&bases[name]), &shared);
                        scope.spawn(move || {
                            // Ends when its process is gone; what it was told to be done is done.
                            let mut done = Committed::new();
                            for edit in 0..40 {
                                let body = json!({"summary": format!("{round} {name} {edit}")});
                                let headers = [("content-type", "application/merge-patch+json"), ("if-match", "*")];
                                let path = format!("/cases/{shared}");
                                let body = body.to_string();
                                match maria.try_send("PATCH", &path, &headers, Some(body.as_bytes())) {
                                    Ok(answer) if answer.status == 200 => done.extend([version_of(&answer)]),
                                    Ok(answer) => assert_eq!(answer.status, 503, "{}", answer.text),
                                    Err(_) => break,
                                }
                            }
                            done
                        })
                    })
                    .collect();
                for process in &mut processes {
                    events.extend(follower.page());
                    process.kill();
                }
                for writer in writers {
                    committed.extend(writer.join().expect("a writer"));
                }
            });
        }
        world.feed_settled();
        events.extend(follower.rest());
        // A write whose answer was lost by the kill is committed although nobody was told.
        let told: Committed = events
            .iter()
            .map(|event| (text(&event["resource"]["id"]), event["version"].as_i64().expect("a version")))
            .collect();
        assert!(committed.is_subset(&told), "lost: {:?}", committed.difference(&told).collect::<Vec<_>>());
        let now = maria.get(&format!("/cases/{shared}")).expect(200).json()["version"].as_i64().expect("a version");
        assert_told(
            &events,
            &(2..=now).map(|version| (shared.clone(), version)).collect(),
            &BTreeMap::from([(shared.clone(), 1)]),
        );
        assert_positions_have_no_gap(world);
    }
}
