//! People and households that move to another territory: what goes with them, who learns of it, and who may send them there.

use serde_json::{Value, json};

use crate::both;
use crate::support::World;
use crate::support::feed::{Follower, told};
use crate::support::http::{Answer, Client};

/// Whoever follows the feed of one territory.
fn follower_in(world: &World, territory: impl serde::Serialize) -> Follower {
    let grant = json!({"role": "sync_client", "organisation_id": world.fixture.root, "territory_ids": [territory]});
    Follower::from_the_beginning(world.another_client(&grant).0)
}

fn unknown_territory(answer: Answer) -> Value {
    let errors = answer.expect(422).json()["errors"].clone();
    assert_eq!(errors[0]["pointer"], "#/territory_id");
    errors
}

fn found(client: &Client) -> usize {
    let page = client.post("/people/searches", &json!({"name": "shevchuk"})).expect(200).json();
    page["items"].as_array().expect("people").len()
}

fn event(kind: &str, operation: &str) -> Vec<(String, String)> {
    vec![(format!("{kind}.updated"), operation.to_owned())]
}

/// A person with something of each kind that belongs to people. Gives the person, and what belongs to them with its name in the feed.
fn furnished(world: &World) -> (String, Vec<(&'static str, String)>) {
    let maria = world.maria_case_manager();
    let person = maria.post("/people", &world.person_in_udine()).expect(201).id();
    let sister = maria.post("/people", &world.person_in_udine()).expect(201).id();
    let at = |path: &str| format!("/people/{person}/{path}");
    let contact = maria.post(&at("contacts"), &json!({"kind": "phone", "value": "+39 0432 1"})).expect(201).id();
    let soon = approdo::clock::date_of(approdo::clock::now()) + chrono::Days::new(20);
    let status = json!({"category": "refugee", "change_kind": "first", "valid_from": "2024-01-01", "valid_to": soon});
    let status = maria.post(&at("legal-statuses"), &status).expect(201).id();
    let relation = json!({"kind": "sibling_of", "object_id": sister});
    let relation = maria.post(&at("relations"), &relation).expect(201).id();
    let reminder = (0..100)
        .find_map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(100));
            maria.get(&at("reminders")).expect(200).json()["items"][0]["id"].as_str().map(str::to_owned)
        })
        .expect("a reminder");
    (person, vec![("contact", contact), ("legal_status", status), ("reminder", reminder), ("relation", relation)])
}

both! {
    fn a_person_who_moves_leaves_one_readers_scope_and_enters_anothers_with_all_that_is_theirs(world: &World) {
        world.maria_works_in_trieste_too();
        let maria = world.maria_case_manager();
        let (person, belongings) = furnished(world);
        let case = maria.post("/cases", &json!({"person_id": person, "target_group": "refugee"})).expect(201).id();
        let (mut udine, mut trieste) = (follower_in(world, world.fixture.udine), follower_in(world, world.fixture.trieste));
        world.feed_settled();
        assert_eq!((udine.rest().is_empty(), told(&trieste.rest(), &person)), (false, vec![]));
        let moved = maria.patch(&format!("/people/{person}"), "*", &json!({"territory_id": world.fixture.trieste})).expect(200).json();
        assert_eq!((&moved["version"], &moved["territory_id"]), (&json!(2), &json!(world.fixture.trieste)));
        assert_eq!(moved["owner_org_id"], json!(world.fixture.comune_udine));

        world.feed_settled();
        let (left, entered) = (udine.rest(), trieste.rest());
        assert_eq!(told(&left, &person), event("person", "access_removed"));
        assert_eq!(told(&entered, &person), event("person", "upsert"));
        let of_person = entered.iter().find(|event| event["resource"]["id"] == json!(person)).expect("the event");
        assert_eq!(of_person["changed_fields"], json!(["territory_id"]));
        for (kind, id) in &belongings {
            let path = entered.iter().find(|event| event["resource"]["id"] == json!(id)).expect("told")["resource"]["href"].clone();
            let path = path.as_str().expect("an address");
            assert_eq!(told(&entered, id), event(kind, "upsert"));
            trieste.reader.get(path).expect(200);
            if *kind == "relation" {
                // The sister stays, so whoever sees her sees it.
                assert_eq!(told(&left, id), [event(kind, "access_removed"), event(kind, "upsert")].concat());
                udine.reader.get(path).expect(200);
            } else {
                assert_eq!(told(&left, id), event(kind, "access_removed"));
                udine.reader.get(path).expect(404);
            }
        }
        // The case is where it was, and moves by itself.
        assert_eq!((told(&left, &case), told(&entered, &case)), (vec![], vec![]));
        assert_eq!(maria.get(&format!("/cases/{case}")).expect(200).json()["territory_id"], json!(world.fixture.udine));
    }

    fn who_sees_a_person_changes_with_the_move_and_the_history_keeps_where_they_were(world: &World) {
        world.maria_works_in_trieste_too();
        let maria = world.maria_case_manager();
        let over = |territory: Value| {
            let grant = json!({"role": "case_manager", "organisation_id": world.fixture.comune_udine, "territory_ids": [territory]});
            world.another_client(&grant).0
        };
        let (near, far) = (over(json!(world.fixture.udine)), over(json!(world.fixture.trieste)));
        let person = maria.post("/people", &world.person_in_udine()).expect(201).id();
        let address = format!("/people/{person}");
        assert_eq!((found(&near), found(&far)), (1, 0));
        // Who moves somebody out of their own sight could not have registered them there: it is as if the place were not there.
        let absent = unknown_territory(near.patch(&address, "*", &json!({"territory_id": uuid::Uuid::now_v7()})));
        assert_eq!(unknown_territory(near.patch(&address, "*", &json!({"territory_id": world.fixture.trieste}))), absent);
        assert_eq!(unknown_territory(near.patch(&address, "*", &json!({"territory_id": world.fixture.region}))), absent);
        assert_eq!(near.patch(&address, "*", &json!({"territory_id": null})).expect(422).json()["errors"][0]["pointer"], "#/territory_id");
        assert_eq!(near.get(&address).expect(200).json()["version"], 1);
        world.samira_help_desk_operator().patch(&address, "*", &json!({"territory_id": world.fixture.trieste})).expect(403);

        maria.patch(&address, "*", &json!({"territory_id": world.fixture.trieste})).expect(200);
        assert_eq!((found(&near), found(&far)), (0, 1));
        near.get(&address).expect(404);
        near.patch(&address, "*", &json!({"territory_id": world.fixture.udine})).expect(404);
        far.get(&address).expect(200);
        // The territory alone gives nobody another organisation's people.
        world.matej_case_manager_in_trieste().get(&address).expect(404);
        let history = far.get(&format!("{address}/export")).expect(200).json()["history"].clone();
        let places: Vec<&Value> = history.as_array().expect("history").iter().map(|line| &line["values"]["territory_id"]).collect();
        assert_eq!(places, [&json!(world.fixture.udine), &json!(world.fixture.trieste)]);
    }

    fn what_another_register_tells_of_a_move_moves_the_person(world: &World) {
        world.maria_works_in_trieste_too();
        let maria = world.maria_case_manager();
        let address = "/people/by-external-id/social_records/M-1";
        let mut person = world.person_in_udine();
        let made = maria.put(address, &person).expect(201).json();
        person["territory_id"] = json!(world.fixture.trieste);
        let moved = maria.put(address, &person).expect(200).json();
        assert_eq!((&moved["id"], &moved["version"], &moved["territory_id"]), (&made["id"], &json!(2), &json!(world.fixture.trieste)));
    }

    fn a_household_that_moves_is_told_of_with_its_members(world: &World) {
        world.maria_works_in_trieste_too();
        let maria = world.maria_case_manager();
        let new = json!({"owner_org_id": world.fixture.comune_udine, "territory_id": world.fixture.udine, "address": "Via Roma 1"});
        let household = maria.post("/households", &new).expect(201).id();
        let lodger = maria.post("/people", &world.person_in_udine()).expect(201).id();
        let member = json!({"person_id": lodger, "valid_from": "2026-01-01"});
        let member = maria.post(&format!("/households/{household}/members"), &member).expect(201).id();
        let address = format!("/households/{household}");
        let (mut udine, mut trieste) = (follower_in(world, world.fixture.udine), follower_in(world, world.fixture.trieste));
        world.feed_settled();
        udine.rest();
        trieste.rest();
        let narrow = json!({"role": "case_manager", "organisation_id": world.fixture.comune_udine, "territory_ids": [world.fixture.udine]});
        let near = world.another_client(&narrow).0;
        let absent = unknown_territory(near.patch(&address, "*", &json!({"territory_id": uuid::Uuid::now_v7()})));
        assert_eq!(unknown_territory(near.patch(&address, "*", &json!({"territory_id": world.fixture.trieste}))), absent);

        let moved = json!({"territory_id": world.fixture.trieste, "address": "Via Rossetti 2"});
        let moved = maria.patch(&address, "*", &moved).expect(200).json();
        assert_eq!((&moved["version"], &moved["territory_id"]), (&json!(2), &json!(world.fixture.trieste)));
        near.get(&address).expect(404);
        world.feed_settled();
        let (left, entered) = (udine.rest(), trieste.rest());
        for (kind, id) in [("household", &household), ("household_member", &member)] {
            assert_eq!(told(&left, id), event(kind, "access_removed"));
            assert_eq!(told(&entered, id), event(kind, "upsert"));
        }
        trieste.reader.get(&format!("/household-members/{member}")).expect(200);
        udine.reader.get(&format!("/household-members/{member}")).expect(404);
        // Who lives there is registered where they were.
        assert_eq!(told(&left, &lodger), vec![]);
        let export = maria.get(&format!("/people/{lodger}/export")).expect(200).json();
        let places: Vec<&Value> = export["history"].as_array().expect("history").iter()
            .filter(|line| line["resource"] == "household").map(|line| &line["values"]["territory_id"]).collect();
        assert_eq!(places, [&json!(world.fixture.udine), &json!(world.fixture.trieste)]);
    }

    fn siblings_who_move_at_once_leave_no_copy_behind(world: &World) {
        world.maria_works_in_trieste_too();
        let maria = world.maria_case_manager();
        let mut udine = follower_in(world, world.fixture.udine);
        for round in 0..10 {
            let siblings: Vec<String> = (0..2).map(|_| maria.post("/people", &world.person_in_udine()).expect(201).id()).collect();
            let relation = json!({"kind": "sibling_of", "object_id": siblings[1]});
            let relation = maria.post(&format!("/people/{}/relations", siblings[0]), &relation).expect(201).id();
            let barrier = std::sync::Barrier::new(2);
            std::thread::scope(|scope| {
                for person in &siblings {
                    let (maria, barrier) = (&maria, &barrier);
                    scope.spawn(move || {
                        barrier.wait();
                        maria.patch(&format!("/people/{person}"), "*", &json!({"territory_id": world.fixture.trieste})).expect(200);
                    });
                }
            });
            world.feed_settled();
            let last = told(&udine.rest(), &relation).pop();
            assert_eq!(last, event("relation", "access_removed").pop(), "round {round}");
        }
    }
}
