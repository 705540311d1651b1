//! Guardianships end when the ward comes of age, whatever date of birth turns out to be right.

use serde_json::{Value, json};

use crate::both;
use crate::support::World;
use crate::support::feed::{Follower, told};
use crate::support::http::{Answer, Client};

fn born(world: &World, date: Option<&str>) -> String {
    let mut person = world.person_in_udine();
    person.as_object_mut().expect("a person").remove("date_of_birth");
    if let Some(date) = date {
        person["date_of_birth"] = json!(date);
    }
    world.maria_case_manager().post("/people", &person).expect(201).id()
}

/// Appoints somebody without a record for a time.
fn appoint(client: &Client, ward: &str, from: &str, to: Option<&str>) -> Answer {
    let mut body = json!({"kind": "guardian_of", "guardian_name": "Avv. Bassi", "valid_from": from});
    if let Some(to) = to {
        body["valid_to"] = json!(to);
    }
    client.post(&format!("/people/{ward}/relations"), &body)
}

fn end_of(client: &Client, relation: &str) -> (Value, Value) {
    let row = client.get(&format!("/relations/{relation}")).expect(200).json();
    (row["valid_to"].clone(), row["version"].clone())
}

fn rectify(client: &Client, person: &str, birth: Value) -> Answer {
    client.patch(&format!("/people/{person}"), "*", &json!({"date_of_birth": birth}))
}

fn pointer(answer: Answer) -> Value {
    answer.expect(422).json()["errors"][0]["pointer"].clone()
}

both! {
    fn a_guardianship_ends_with_the_eighteenth_birthday_at_the_latest(world: &World) {
        let maria = world.maria_case_manager();
        for (birth, of_age) in [("2010-06-01", "2028-06-01"), ("2012-02-29", "2030-03-01")] {
            let ward = born(world, Some(birth));
            let made = appoint(&maria, &ward, "2025-01-01", None).expect(201);
            assert_eq!(made.json()["valid_to"], of_age);
            let address = format!("/relations/{}", made.id());
            let day_after = json!({"valid_to": "2030-03-02"});
            assert_eq!(pointer(maria.patch(&address, "*", &day_after)), "#/valid_to");
            let edited = maria.patch(&address, "*", &json!({"valid_to": "2026-01-01"})).expect(200).json();
            assert_eq!((&edited["valid_to"], &edited["version"]), (&json!("2026-01-01"), &json!(2)));
            let opened = maria.patch(&address, "*", &json!({"valid_to": null})).expect(200).json();
            assert_eq!((&opened["valid_to"], &opened["version"]), (&json!(of_age), &json!(3)));
            let again = maria.patch(&address, "*", &json!({"valid_to": null})).expect(200).json();
            assert_eq!(again["version"], 3, "nothing new, no new version");
        }
        let ward = born(world, Some("2010-06-01"));
        assert_eq!(pointer(appoint(&maria, &ward, "2025-01-01", Some("2028-06-02"))), "#/valid_to");
        appoint(&maria, &ward, "2025-01-01", Some("2028-06-01")).expect(201);
        let earlier = appoint(&maria, &ward, "2024-01-01", Some("2025-01-01")).expect(201);
        assert_eq!(earlier.json()["valid_to"], "2025-01-01");
        // Other relations know no age.
        let sibling = json!({"kind": "sibling_of", "object_id": ward});
        let sibling = maria.post(&format!("/people/{}/relations", born(world, None)), &sibling).expect(201);
        assert_eq!(sibling.json().get("valid_to"), None);
    }

    fn a_rectified_date_of_birth_moves_the_ends_that_rest_on_it(world: &World) {
        let maria = world.maria_case_manager();
        let ward = born(world, Some("2010-06-01"));
        let guardianship = |from: &str, to: Option<&str>| appoint(&maria, &ward, from, to).expect(201).id();
        let [by_age, cut_short, earlier] =
            [guardianship("2024-01-01", None), guardianship("2022-01-01", Some("2027-01-01")), guardianship("2020-01-01", Some("2022-01-01"))];
        let ends = || [&by_age, &cut_short, &earlier].map(|id| end_of(&maria, id));
        let at = |day: &str, version: i64| (json!(day), json!(version));
        // Younger: what ended on the birthday goes on up to the new one, the others stay.
        rectify(&maria, &ward, json!("2011-02-28")).expect(200);
        assert_eq!(ends(), [at("2029-02-28", 2), at("2027-01-01", 1), at("2022-01-01", 1)]);
        // Older: none outlasts it.
        rectify(&maria, &ward, json!("2008-02-29")).expect(200);
        assert_eq!(ends(), [at("2026-03-01", 3), at("2026-03-01", 2), at("2022-01-01", 1)]);
        // Not known any more: no end is known either.
        rectify(&maria, &ward, Value::Null).expect(200);
        assert_eq!(ends(), [(Value::Null, json!(4)), (Value::Null, json!(3)), at("2022-01-01", 1)]);
        rectify(&maria, &ward, json!("2010-06-01")).expect(200);
        assert_eq!(ends(), [at("2028-06-01", 5), at("2028-06-01", 4), at("2022-01-01", 1)]);
        // Another member moves nothing.
        maria.patch(&format!("/people/{ward}"), "*", &json!({"phone": "+39 0432 9"})).expect(200);
        assert_eq!(ends(), [at("2028-06-01", 5), at("2028-06-01", 4), at("2022-01-01", 1)]);
    }

    fn the_moved_end_is_in_the_feed_and_in_the_history_of_both(world: &World) {
        let maria = world.maria_case_manager();
        let (guardian, ward) = (born(world, Some("1980-01-01")), born(world, None));
        let body = json!({"kind": "guardian_of", "subject_id": guardian, "valid_from": "2025-01-01"});
        let made = maria.post(&format!("/people/{ward}/relations"), &body).expect(201);
        assert_eq!(made.json().get("valid_to"), None, "nobody knows when the ward comes of age");
        world.feed_settled();
        let mut follower = Follower::caught_up(world.regional_sync_client());
        rectify(&maria, &ward, json!("2010-06-01")).expect(200);
        world.feed_settled();
        let events = follower.rest();
        assert_eq!(told(&events, &made.id()), [("relation.updated".to_owned(), "upsert".to_owned())]);
        let event = events.iter().find(|event| event["resource"]["id"] == json!(made.id())).expect("the event");
        assert_eq!((&event["version"], &event["changed_fields"]), (&json!(2), &json!(["valid_to"])));
        for person in [&guardian, &ward] {
            let export = maria.get(&format!("/people/{person}/export")).expect(200).json();
            let lines = export["history"].as_array().expect("history").iter().filter(|line| line["resource"] == "relation");
            let ends: Vec<&Value> = lines.map(|line| &line["values"]["valid_to"]).collect();
            assert_eq!(ends, [&Value::Null, &json!("2028-06-01")]);
        }
        // By the other door as well.
        let address = "/people/by-external-id/other/W-1";
        let named = json!({"external_ids": [{"system": "other", "value": "W-1"}]});
        maria.patch(&format!("/people/{ward}"), "*", &named).expect(200);
        let mut whole = world.person_in_udine();
        whole["date_of_birth"] = json!("2011-06-01");
        maria.put(address, &whole).expect(200);
        assert_eq!(end_of(&maria, &made.id()), (json!("2029-06-01"), json!(3)));
    }

    fn who_would_have_been_of_age_when_a_guardianship_began_is_not_rectified_over_it(world: &World) {
        let maria = world.maria_case_manager();
        let ward = born(world, Some("2010-06-01"));
        let kept = appoint(&maria, &ward, "2020-01-01", None).expect(201).id();
        let late = appoint(&maria, &ward, "2026-01-01", None).expect(201).id();
        let refused = rectify(&maria, &ward, json!("2008-01-01")).expect(409).json();
        assert_eq!(refused["unmet_guards"][0]["guard"], "ward_minor");
        let address = format!("/people/{ward}");
        let now = maria.get(&address).expect(200).json();
        assert_eq!((&now["version"], &now["date_of_birth"]), (&json!(1), &json!("2010-06-01")), "all or nothing");
        assert_eq!(end_of(&maria, &kept), (json!("2028-06-01"), json!(1)));
        maria.delete(&format!("/relations/{late}"), "*").expect(204);
        rectify(&maria, &ward, json!("2008-01-01")).expect(200);
        assert_eq!(end_of(&maria, &kept), (json!("2026-01-01"), json!(2)));
    }

    fn the_ward_is_rectified_also_where_the_guardians_data_is_restricted(world: &World) {
        let maria = world.maria_case_manager();
        let (guardian, ward) = (born(world, Some("1980-01-01")), born(world, Some("2010-06-01")));
        let body = json!({"kind": "guardian_of", "subject_id": guardian, "valid_from": "2025-01-01"});
        let made = maria.post(&format!("/people/{ward}/relations"), &body).expect(201).id();
        let restricted = json!({"to": "restricted", "note": "Contested."});
        maria.post_matching(&format!("/people/{guardian}/transitions"), "*", &restricted).expect(201);
        maria.patch(&format!("/relations/{made}"), "*", &json!({"valid_to": "2026-01-01"})).expect(423);
        rectify(&maria, &ward, json!("2011-06-01")).expect(200);
        assert_eq!(end_of(&maria, &made), (json!("2029-06-01"), json!(2)));
    }

    fn a_guardian_is_appointed_and_the_ward_rectified_at_once_to_one_outcome(world: &World) {
        let maria = world.maria_case_manager();
        for round in 0..10 {
            let ward = born(world, Some("2010-06-01"));
            let barrier = std::sync::Barrier::new(2);
            std::thread::scope(|scope| {
                let (maria, ward, barrier) = (&maria, &ward, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    appoint(maria, ward, "2025-01-01", None).expect(201);
                });
                scope.spawn(move || {
                    barrier.wait();
                    rectify(maria, ward, json!("2011-06-01")).expect(200);
                });
            });
            let relation = maria.get(&format!("/people/{ward}/relations")).expect(200).json()["items"][0].clone();
            assert_eq!(relation["valid_to"], "2029-06-01", "round {round}: {relation}");
        }
    }
}
