//! The feed and the reader's scope: what leaves it, what enters it, and a scope that changes while it is read.

use serde_json::{Value, json};

use crate::both;
use crate::support::World;
use crate::support::feed::{Follower, Mirror, listed, told};

fn sync_grant(world: &World, territory: impl serde::Serialize) -> Value {
    json!({"role": "sync_client", "organisation_id": world.fixture.root, "territory_ids": [territory]})
}

fn case_in_trieste(world: &World) -> String {
    let matej = world.matej_case_manager_in_trieste();
    let mut person = world.person_in_udine();
    person["owner_org_id"] = json!(world.fixture.comune_trieste);
    person["territory_id"] = json!(world.fixture.trieste);
    let person = matej.post("/people", &person).expect(201).id();
    matej
        .post("/cases", &json!({"person_id": person, "target_group": "refugee", "arrived_on": "2026-03-01"}))
        .expect(201)
        .id()
}

fn one(kind: &str, operation: &str) -> Vec<(String, String)> {
    vec![(kind.into(), operation.into())]
}

both! {
    fn a_case_that_moves_leaves_one_readers_scope_and_enters_anothers(world: &World) {
        world.maria_works_in_trieste_too();
        let (in_udine, _, _) = world.another_client(&sync_grant(world, world.fixture.udine));
        let (in_trieste, _, _) = world.another_client(&sync_grant(world, world.fixture.trieste));
        let case = world.case_in_udine();
        let maria = world.maria_case_manager();
        let task = maria.post(&format!("/cases/{case}/tasks"), &json!({"title": "Call"})).expect(201).id();
        world.feed_settled();
        let mut udine = Follower::caught_up(in_udine);
        let mut trieste = Follower::caught_up(in_trieste);
        let mut region = Follower::caught_up(world.regional_sync_client());
        maria.patch(&format!("/cases/{case}"), "*", &json!({"territory_id": world.fixture.trieste})).expect(200);
        world.feed_settled();
        let (udine, trieste, region) = (udine.rest(), trieste.rest(), region.rest());
        assert_eq!(told(&udine, &case), one("case.updated", "access_removed"));
        assert_eq!(told(&trieste, &case), one("case.updated", "upsert"));
        assert_eq!(told(&region, &case), one("case.updated", "upsert"));
        // The tasks of the case went with it.
        assert_eq!(told(&udine, &task), one("task.updated", "access_removed"));
        assert_eq!(told(&trieste, &task), one("task.updated", "upsert"));
        let removed = udine.iter().find(|event| event["resource"]["id"] == json!(case)).expect("the event");
        assert_eq!(removed["changed_fields"], json!([]), "what changed is no longer the reader's to know");
    }

    fn a_case_that_is_closed_to_others_leaves_their_scope(world: &World) {
        let case = world.case_in_udine();
        world.feed_settled();
        let mut region = Follower::caught_up(world.regional_sync_client());
        let maria = world.maria_case_manager();
        maria.patch(&format!("/cases/{case}"), "*", &json!({"access_level": "protected"})).expect(200);
        maria.patch(&format!("/cases/{case}"), "*", &json!({"priority": "high"})).expect(200);
        maria.patch(&format!("/cases/{case}"), "*", &json!({"access_level": "open"})).expect(200);
        world.feed_settled();
        let expected = [one("case.updated", "access_removed"), one("case.updated", "upsert")].concat();
        assert_eq!(told(&region.rest(), &case), expected);
    }

    fn rows_of_other_territories_never_come(world: &World) {
        let (reader, _, _) = world.another_client(&sync_grant(world, world.fixture.udine));
        let mut follower = Follower::caught_up(reader);
        let (near, far) = (world.case_in_udine(), case_in_trieste(world));
        world.feed_settled();
        let events = follower.rest();
        assert_eq!(told(&events, &near), one("case.created", "upsert"));
        assert!(!events.iter().any(|event| event["type"] == "scope.changed" || event["resource"]["id"] == json!(far)));
    }

    fn a_grant_widened_and_narrowed_is_one_event_each_and_the_lists_tell_the_rest(world: &World) {
        let (reader, id, _) = world.another_client(&sync_grant(world, world.fixture.udine));
        let far = case_in_trieste(world);
        let near = world.case_in_udine();
        world.feed_settled();
        let mut mirror = Mirror::new(reader.clone());
        mirror.catch_up();
        assert_eq!(mirror.cases.keys().collect::<Vec<_>>(), [&near]);

        let scope_events = |events: &[Value]| -> Vec<Value> {
            events.iter().filter(|event| event["type"] == "scope.changed").cloned().collect()
        };
        let widened = world.grant(&id, &sync_grant(world, world.fixture.trieste));
        world.feed_settled();
        let events = scope_events(&mirror.catch_up());
        assert_eq!(events.len(), 1);
        assert_eq!(events[0]["operation"], "resync");
        let lists = events[0]["resync"].as_array().expect("lists").iter().map(|list| list.as_str().expect("an address"));
        let lists: Vec<_> = lists.map(|list| (list.rsplit('/').next(), reader.get(list).expect(200).status)).collect();
        assert_eq!(lists, [(Some("cases"), 200), (Some("households"), 200)]);
        assert!(events[0].get("resource").is_none());
        assert_eq!(mirror.cases, listed(&reader, "/cases"));
        assert!(mirror.cases.contains_key(&far));

        world.withdraw(&widened);
        world.feed_settled();
        assert_eq!(scope_events(&mirror.catch_up()).len(), 1);
        assert_eq!(mirror.cases, listed(&reader, "/cases"));
        assert!(!mirror.cases.contains_key(&far) && mirror.cases.contains_key(&near));

        // It is told to the caller it concerns and to no other.
        let mut region = Follower::from_the_beginning(world.regional_sync_client());
        let told_to_region = scope_events(&region.rest()).len();
        world.grant(&id, &sync_grant(world, world.fixture.trieste));
        world.feed_settled();
        let mut again = Follower::from_the_beginning(world.regional_sync_client());
        assert_eq!(scope_events(&again.rest()).len(), told_to_region);
    }

    fn a_copy_stays_true_while_grants_come_and_go_under_writers(world: &World) {
        let (reader, id, _) = world.another_client(&sync_grant(world, world.fixture.udine));
        let mut mirror = Mirror::new(reader.clone());
        let done = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            let writers = [
                scope.spawn(|| (0..6).for_each(|_| drop(world.case_in_udine()))),
                scope.spawn(|| (0..6).for_each(|_| drop(case_in_trieste(world)))),
                scope.spawn(|| {
                    for _ in 0..3 {
                        let further = world.grant(&id, &sync_grant(world, world.fixture.trieste));
                        world.withdraw(&further);
                    }
                    world.grant(&id, &sync_grant(world, world.fixture.trieste));
                }),
            ];
            scope.spawn(|| {
                for writer in writers {
                    writer.join().expect("a writer");
                }
                done.store(true, std::sync::atomic::Ordering::Release);
            });
            while !done.load(std::sync::atomic::Ordering::Acquire) {
                mirror.step();
            }
        });
        world.feed_settled();
        mirror.catch_up();
        assert_eq!(mirror.cases.len(), 12);
        assert_eq!(mirror.cases, listed(&reader, "/cases"));
    }
}
