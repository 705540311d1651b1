//! The feed while many write: nothing lost, nothing twice, in order.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::both;
use crate::support::World;
use crate::support::feed::{Committed, Follower, assert_positions_have_no_gap, assert_told, version_of};
use crate::support::http::{Answer, Client};

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
        assert_positions_have_no_gap(&mut world.connection());
    }
}
