//! The feed of several processes that are killed in turn, the one that gives positions among them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::both;
use crate::support::feed::{Committed, Follower, assert_positions_have_no_gap, assert_told, version_of};
use crate::support::http::Client;
use crate::support::process::ServerProcess;
use crate::support::{Fixture, TestDatabase, log_in};

/// Opens a case for everybody to edit.
fn shared_case(maria: &Client, fixture: &Fixture) -> String {
    let person = json!({
        "owner_org_id": fixture.comune_udine, "territory_id": fixture.udine,
        "given_name": "Amina", "family_name": "Diallo",
    });
    let person = maria.post("/people", &person).expect(201).id();
    maria
        .post("/cases", &json!({"person_id": person, "target_group": "refugee", "arrived_on": "2026-03-01"}))
        .expect(201)
        .id()
}

/// Edits a case until told to stop or the process is gone. What was answered with 200 is committed.
fn edit_until(stop: &AtomicBool, maria: &Client, case: &str, name: usize) -> Committed {
    let headers = [("content-type", "application/merge-patch+json"), ("if-match", "*")];
    let mut done = Committed::new();
    let mut round = 0;
    while !stop.load(Ordering::Acquire) {
        round += 1;
        let edit = json!({"summary": format!("{name} in round {round}")}).to_string();
        match maria.try_send("PATCH", &format!("/cases/{case}"), &headers, Some(edit.as_bytes())) {
            Ok(answer) if answer.status == 200 => done.extend([version_of(&answer)]),
            Ok(answer) => assert_eq!(answer.status, 503, "{}", answer.text),
            Err(_) => break,
        }
    }
    done
}

/// The version of the case an event is about.
fn version_in(event: &Value, case: &str) -> Option<i64> {
    if event["resource"]["id"] == case { event["version"].as_i64() } else { None }
}

both! {
    fn three_processes_share_the_feed_while_they_are_killed_in_turn(world: &World) {
        // A database of its own: nobody but the three gives positions.
        let (database, fixture) = TestDatabase::new(world.product);
        let mut processes: Vec<ServerProcess> = (0..3).map(|_| ServerProcess::start(&database.url)).collect();
        let maria = log_in(&processes[0].base, &fixture, "maria_case_manager");
        let mut follower = Follower::from_the_beginning(log_in(&processes[0].base, &fixture, "regional_sync_client"));
        let case = shared_case(&maria, &fixture);
        let (mut events, mut committed) = (Vec::new(), Committed::new());
        for turn in 0..3 {
            let bases: Vec<String> = processes.iter().map(|process| process.base.clone()).collect();
            let survivor = bases[(turn + 1) % 3].clone();
            follower.reader = follower.reader.at(&survivor);
            follower.query = "limit=20&wait=1".into();
            let stop = AtomicBool::new(false);
            std::thread::scope(|scope| {
                let writers: Vec<_> = (0..3)
                    .map(|name| {
                        let (maria, stop, case) = (maria.at(&bases[name]), &stop, &case);
                        scope.spawn(move || edit_until(stop, &maria, case, name))
                    })
                    .collect();
                events.extend(follower.page());
                processes[turn].kill();
                (0..5).for_each(|_| events.extend(follower.page()));
                stop.store(true, Ordering::Release);
                for writer in writers {
                    committed.extend(writer.join().expect("a writer"));
                }
            });
            processes[turn] = ServerProcess::start(&database.url);
        }
        // Somebody takes over in the end, and the feed reaches what is committed.
        let address = format!("/cases/{case}");
        let now = maria.at(&processes[0].base).get(&address).expect(200).json()["version"].as_i64().expect("a version");
        for _ in 0..200 {
            if events.iter().any(|event| version_in(event, &case) == Some(now)) {
                break;
            }
            events.extend(follower.page());
        }
        events.retain(|event| version_in(event, &case).is_some());
        let told: Committed =
            events.iter().filter_map(|event| Some((case.clone(), version_in(event, &case)?))).collect();
        // A write whose answer was lost in a kill is committed although nobody was told; nothing else may be new.
        assert!(committed.is_subset(&told), "lost: {:?}", committed.difference(&told).collect::<Vec<_>>());
        assert_told(&events, &(1..=now).map(|version| (case.clone(), version)).collect(), &BTreeMap::new());
        let mut connection =
            approdo::server::connect(&approdo::server::open_database(&database.arguments()).expect("opens"));
        assert_positions_have_no_gap(connection.as_mut().expect("answers"));
        drop(connection);
    }
}
