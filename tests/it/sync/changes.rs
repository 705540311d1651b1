//! `GET /changes`: what an event says, which ones come, and where a cursor leads.

use serde_json::{Value, json};

use crate::both;
use crate::support::feed::Follower;

fn of<'a>(events: &'a [Value], id: &str) -> Vec<&'a Value> {
    events.iter().filter(|event| event["resource"]["id"] == id).collect()
}

both! {
    fn an_event_says_what_happened_where_to_read_it_and_nothing_of_its_values(world: &World) {
        let mut follower = Follower::caught_up(world.regional_sync_client());
        let case = world.case_in_udine();
        world.feed_settled();
        let events = follower.rest();
        let events = of(&events, &case);
        assert_eq!(events.len(), 1);
        let event = events[0];
        assert_eq!((&event["type"], &event["operation"]), (&json!("case.created"), &json!("upsert")));
        assert_eq!((&event["version"], &event["actor_kind"]), (&json!(1), &json!("user")));
        assert_eq!(event["resource"]["kind"], "case");
        let there = follower.reader.get(event["resource"]["href"].as_str().expect("an address")).expect(200);
        assert_eq!(there.id(), case);
        assert!(!event.to_string().contains("housing"), "no values travel: {event}");
    }

    fn names_of_fields_the_reader_may_not_read_are_left_out(world: &World) {
        let mut follower = Follower::caught_up(world.regional_sync_client());
        let maria = world.maria_case_manager();
        let person = maria.post("/people", &world.person_in_udine()).expect(201).id();
        maria.patch(&format!("/people/{person}"), "*", &json!({"notes": "x", "phone": "+39 0432"})).expect(200);
        maria.patch(&format!("/people/{person}"), "*", &json!({"health_needs": null})).expect(200);
        world.feed_settled();
        let events = follower.rest();
        let events = of(&events, &person);
        let names: Vec<&Value> = events.iter().map(|event| &event["changed_fields"]).collect();
        let first = names[0].as_array().expect("names");
        assert!(first.contains(&json!("given_name")) && first.contains(&json!("citizenships")));
        assert!(!first.contains(&json!("health_needs")) && !first.contains(&json!("notes")));
        assert_eq!(names[1], &json!(["phone"]));
        assert_eq!(names[2], &json!([]));
        assert_eq!(events[2]["operation"], "upsert");
    }

    fn types_narrow_the_feed_and_unknown_ones_are_refused(world: &World) {
        let reader = world.regional_sync_client();
        let mut follower = Follower::caught_up(reader.clone());
        follower.query = "limit=1000&types=task,person".into();
        let case = world.case_in_udine();
        world.maria_case_manager().post(&format!("/cases/{case}/tasks"), &json!({"title": "Call"})).expect(201);
        world.feed_settled();
        let types: Vec<Value> = follower.rest().iter().map(|event| event["type"].clone()).collect();
        assert_eq!(types, ["person.created", "task.created"]);
        reader.get("/changes?types=case,grant").expect(400);
        reader.get("/changes?types=").expect(400);
        reader.get("/changes?limit=1001").expect(400);
        reader.get("/changes?unknown=1").expect(400);
    }

    fn a_cursor_belongs_to_one_caller_and_to_the_feed(world: &World) {
        let reader = world.regional_sync_client();
        let follower = Follower::caught_up(reader.clone());
        let grant = json!({
            "role": "sync_client", "organisation_id": world.fixture.root, "territory_ids": [world.fixture.region],
        });
        let (other, _, _) = world.another_client(&grant);
        reader.get(&format!("/changes?cursor={}", follower.cursor)).expect(200);
        other.get(&format!("/changes?cursor={}", follower.cursor)).expect(400);
        reader.get("/changes?cursor=garbage").expect(400);
        reader.get(&format!("/changes?cursor={}", &follower.cursor[1..])).expect(400);
        for _ in 0..2 {
            world.case_in_udine();
        }
        let of_cases = reader.get("/cases?limit=1").expect(200).json();
        reader.get(&format!("/changes?cursor={}", of_cases["next_cursor"].as_str().expect("two pages"))).expect(400);
        reader.get(&format!("/cases?cursor={}", follower.cursor)).expect(400);
    }

    fn a_page_without_events_still_leads_on(world: &World) {
        let mut follower = Follower::caught_up(world.regional_sync_client());
        // Nothing of this is for the reader to see.
        world
            .anna_system_administrator()
            .post(
                "/users",
                &json!({
                    "username": "unseen", "display_name": "Unseen", "organisation_id": world.fixture.root,
                }),
            )
            .expect(201);
        world.feed_settled();
        follower.query = "limit=1".into();
        let passed = follower.cursor.clone();
        assert_eq!(follower.page(), Vec::<Value>::new());
        assert_ne!(follower.cursor, passed);
        let case = world.case_in_udine();
        world.feed_settled();
        let next = [follower.page(), follower.page()].concat();
        assert_eq!(of(&next, &case).len(), 1, "the unseen row was passed, not met again");
    }

    fn waiting_ends_when_something_happens(world: &World) {
        let mut follower = Follower::caught_up(world.regional_sync_client());
        follower.query = "wait=30".into();
        let waiting = std::thread::spawn(move || {
            let events = follower.page();
            (follower, events)
        });
        let person = world.maria_case_manager().post("/people", &world.person_in_udine()).expect(201).id();
        let (mut follower, events) = waiting.join().expect("an answer");
        assert_eq!(of(&events, &person).len(), 1);
        // And when nothing does, there is a page all the same.
        follower.query = "wait=1".into();
        assert_eq!(follower.page(), Vec::<Value>::new());
        follower.reader.get("/changes?wait=31").expect(400);
        follower.reader.get("/changes?wait=-1").expect(400);
    }

    fn only_machine_clients_follow_the_feed(world: &World) {
        world.maria_case_manager().get("/changes").expect(403);
        world.anna_system_administrator().get("/changes").expect(403);
        world.nobody().get("/changes").expect(401);
    }
}
