//! Relations: family and guardianship, seen from both sides.

use std::sync::Barrier;

use serde_json::{Value, json};

use crate::both;
use crate::support::feed::{Follower, told};
use crate::support::http::{Answer, Client};
use crate::support::{Product, World};

fn born(world: &World, date: Option<&str>) -> String {
    let mut person = world.person_in_udine();
    person.as_object_mut().expect("a person").remove("date_of_birth");
    if let Some(date) = date {
        person["date_of_birth"] = json!(date);
    }
    world.maria_case_manager().post("/people", &person).expect(201).id()
}

fn in_trieste(world: &World) -> String {
    let mut person = world.person_in_udine();
    person["owner_org_id"] = json!(world.fixture.comune_trieste);
    person["territory_id"] = json!(world.fixture.trieste);
    world.matej_case_manager_in_trieste().post("/people", &person).expect(201).id()
}

/// Maria over both municipalities.
fn regional_manager(world: &World) -> Client {
    let grant =
        json!({"role": "case_manager", "organisation_id": world.fixture.root, "territory_ids": [world.fixture.region]});
    world.another_client(&grant).0
}

fn relate(client: &Client, kind: &str, subject: &str, object: &str) -> Answer {
    client.post(&format!("/people/{subject}/relations"), &json!({"kind": kind, "object_id": object}))
}

fn guards(answer: Answer) -> Vec<String> {
    let problem = answer.expect(409).json();
    let unmet = problem["unmet_guards"].as_array().expect("guards").iter();
    unmet.map(|guard| guard["guard"].as_str().expect("a name").to_owned()).collect()
}

fn pointer(answer: Answer) -> Value {
    answer.expect(422).json()["errors"][0]["pointer"].clone()
}

fn warned(answer: &Answer) -> Vec<String> {
    let body = answer.json();
    let warnings = body["warnings"].as_array().cloned().unwrap_or_default();
    warnings.iter().map(|warning| warning["code"].as_str().expect("a code").to_owned()).collect()
}

fn listed(client: &Client, person: &str) -> Vec<Value> {
    client.get(&format!("/people/{person}/relations")).expect(200).json()["items"]
        .as_array()
        .expect("relations")
        .clone()
}

both! {
    fn a_relation_is_listed_with_both_people(world: &World) {
        let maria = world.maria_case_manager();
        let (mother, child) = (born(world, Some("1980-01-01")), born(world, Some("2010-01-01")));
        let made = relate(&maria, "parent_of", &mother, &child).expect(201);
        assert!(warned(&made).is_empty());
        let address = format!("/relations/{}", made.id());
        for person in [&mother, &child] {
            assert_eq!(listed(&maria, person), [made.json()]);
        }
        assert_eq!((&made.json()["subject_id"], &made.json()["object_id"]), (&json!(mother), &json!(child)));
        assert!(!made.text.contains("Шевчук"), "of the other person the id alone");

        let edited = maria.patch(&address, made.header("etag"), &json!({"valid_from": "2010-01-01"})).expect(200);
        assert_eq!(edited.json()["version"], 2);
        maria.patch(&address, made.header("etag"), &json!({"valid_to": "2020-01-01"})).expect(412);
        assert_eq!(pointer(maria.patch(&address, "*", &json!({"valid_to": "2010-01-01"}))), "#/valid_to");
        assert_eq!(pointer(maria.patch(&address, "*", &json!({"guardian_name": "x"}))), "#/guardian_name");
        maria.delete(&address, edited.header("etag")).expect(204);
        maria.get(&address).expect(404);
        assert!(listed(&maria, &child).is_empty());
        // From the child's side, and odd: told, not refused.
        let body = json!({"kind": "parent_of", "subject_id": child});
        assert_eq!(warned(&maria.post(&format!("/people/{mother}/relations"), &body).expect(201)), ["odd_ages"]);
    }

    fn who_relates_to_whom_is_said_once(world: &World) {
        let maria = world.maria_case_manager();
        let (one, other) = (born(world, None), born(world, None));
        let relations = format!("/people/{one}/relations");
        let post = |body: Value| maria.post(&relations, &body);
        assert_eq!(pointer(post(json!({"kind": "spouse_of"}))), "#/subject_id");
        assert_eq!(pointer(post(json!({"kind": "spouse_of", "subject_id": other, "object_id": other}))), "#/object_id");
        assert_eq!(pointer(post(json!({"kind": "spouse_of", "object_id": one}))), "#/object_id");
        assert_eq!(pointer(post(json!({"kind": "spouse_of", "object_id": other, "decree_on": "2020-01-01"}))), "#/decree_on");
        post(json!({"kind": "spouse_of", "object_id": other, "valid_from": "2010-01-01", "valid_to": "2015-01-01"})).expect(201);
        let again = json!({"kind": "spouse_of", "subject_id": other, "valid_from": "2014-01-01"});
        assert_eq!(guards(post(again)), ["no_twin"], "spouses are so both ways");
        let later = post(json!({"kind": "spouse_of", "subject_id": other, "valid_from": "2015-01-01"})).expect(201).id();
        assert_eq!(guards(maria.patch(&format!("/relations/{later}"), "*", &json!({"valid_from": null}))), ["no_twin"]);
        post(json!({"kind": "sibling_of", "object_id": other})).expect(201);
    }

    fn nobody_descends_from_themselves(world: &World) {
        let maria = world.maria_case_manager();
        let people: Vec<String> = (0..4).map(|_| born(world, None)).collect();
        for pair in people.windows(2) {
            relate(&maria, "parent_of", &pair[0], &pair[1]).expect(201);
        }
        for (parent, child) in [(1, 0), (2, 0), (3, 0), (3, 1)] {
            assert_eq!(guards(relate(&maria, "parent_of", &people[parent], &people[child])), ["no_circle"]);
        }
        relate(&maria, "parent_of", &people[0], &people[3]).expect(201);
        // Other kinds have circles of their own, or none.
        relate(&maria, "relative_of", &people[3], &people[0]).expect(201);
    }

    fn a_guardian_is_of_age_and_the_ward_is_not(world: &World) {
        let maria = world.maria_case_manager();
        let (adult, minor, unknown) = (born(world, Some("1990-06-01")), born(world, Some("2009-06-01")), born(world, None));
        let appoint = |guardian: &str, ward: &str, on: &str| {
            maria.post(&format!("/people/{ward}/relations"), &json!({"kind": "guardian_of", "subject_id": guardian, "valid_from": on}))
        };
        assert_eq!(guards(appoint(&minor, &adult, "2026-01-01")), ["guardian_of_age", "ward_minor"]);
        assert_eq!(guards(appoint(&adult, &minor, "2027-06-01")), ["ward_minor"], "of age on that very day");
        let made = appoint(&adult, &minor, "2027-05-31").expect(201);
        assert!(warned(&made).is_empty());
        let moved = maria.patch(&format!("/relations/{}", made.id()), "*", &json!({"valid_from": "2008-05-31"}));
        assert_eq!(guards(moved), ["guardian_of_age"]);
        assert_eq!(warned(&appoint(&unknown, &minor, "2020-01-01").expect(201)), ["guardian_age_unknown"]);
        assert_eq!(warned(&appoint(&adult, &unknown, "2020-01-01").expect(201)), ["ward_age_unknown"]);
        let without_day = json!({"kind": "guardian_of", "subject_id": adult});
        assert_eq!(pointer(maria.post(&format!("/people/{minor}/relations"), &without_day)), "#/valid_from");
    }

    fn a_guardian_need_not_have_a_record(world: &World) {
        let maria = world.maria_case_manager();
        let minor = born(world, Some("2012-06-01"));
        let relations = format!("/people/{minor}/relations");
        let mut body = json!({
            "kind": "guardian_of", "guardian_name": "Avv. Bassi", "guardian_organisation_id": world.fixture.comune_trieste,
            "decree_reference": "R.G. 12/2026", "decree_on": "2026-02-01", "valid_from": "2026-02-01",
        });
        let made = maria.post(&relations, &body).expect(201).json();
        assert_eq!((made.get("subject_id"), &made["object_id"], &made["guardian_name"]), (None, &json!(minor), &json!("Avv. Bassi")));
        body["guardian_organisation_id"] = json!(uuid::Uuid::now_v7());
        assert_eq!(pointer(maria.post(&relations, &body)), "#/guardian_organisation_id");
        body["guardian_organisation_id"] = json!(world.fixture.comune_udine);
        body["subject_id"] = json!(born(world, Some("1980-01-01")));
        assert_eq!(pointer(maria.post(&relations, &body)), "#/guardian_name", "a record or a name");
        let nobody = json!({"kind": "guardian_of", "valid_from": "2026-02-01"});
        assert_eq!(pointer(maria.post(&relations, &nobody)), "#/guardian_name");
        assert_eq!(listed(&maria, &minor).len(), 1);
    }

    fn a_relation_is_in_sight_from_either_side_and_written_from_both(world: &World) {
        let (maria, matej, regional) = (world.maria_case_manager(), world.matej_case_manager_in_trieste(), regional_manager(world));
        let (near, far) = (born(world, None), in_trieste(world));
        let unseen = relate(&maria, "sibling_of", &near, &far).expect(422).json();
        let absent = relate(&maria, "sibling_of", &near, &uuid::Uuid::now_v7().to_string()).expect(422).json();
        assert_eq!((&unseen["errors"], unseen["errors"][0]["pointer"].as_str()), (&absent["errors"], Some("#/object_id")));
        let made = relate(&regional, "sibling_of", &near, &far).expect(201);
        let address = format!("/relations/{}", made.id());
        for (client, own) in [(&maria, &near), (&matej, &far)] {
            assert_eq!(listed(client, own).len(), 1);
            client.get(&address).expect(200);
            client.patch(&address, "*", &json!({"valid_to": "2020-01-01"})).expect(403);
            client.delete(&address, "*").expect(403);
        }
        world.samira_help_desk_operator().delete(&address, "*").expect(403);
        let elsewhere = world.another_client(&json!({
            "role": "case_manager", "organisation_id": world.fixture.root, "territory_ids": [world.fixture.region],
            "target_groups": ["student"],
        })).0;
        elsewhere.get(&address).expect(404);
        elsewhere.delete(&address, "*").expect(404);
        regional.patch(&address, "*", &json!({"valid_to": "2020-01-01"})).expect(200);
    }

    fn the_feed_tells_those_who_follow_either_side(world: &World) {
        let follower = |territory: Value| {
            let grant = json!({"role": "sync_client", "organisation_id": world.fixture.root, "territory_ids": [territory]});
            Follower::from_the_beginning(world.another_client(&grant).0)
        };
        let (mut udine, mut trieste) = (follower(json!(world.fixture.udine)), follower(json!(world.fixture.trieste)));
        let regional = regional_manager(world);
        let (near, far) = (born(world, None), in_trieste(world));
        let relation = relate(&regional, "sibling_of", &near, &far).expect(201).id();
        let event = |kind: &str, operation: &str| vec![(format!("relation.{kind}"), operation.to_owned())];
        world.feed_settled();
        assert_eq!(told(&udine.rest(), &relation), event("created", "upsert"));
        assert_eq!(told(&trieste.rest(), &relation), event("created", "upsert"));
        // Whose own side leaves their sight loses the relation; who sees the other side keeps it.
        let mut students = Follower::caught_up(world.another_client(&json!({
            "role": "sync_client", "organisation_id": world.fixture.root, "territory_ids": [world.fixture.region],
            "target_groups": ["student"],
        })).0);
        let maria = world.maria_case_manager();
        maria.patch(&format!("/people/{near}"), "*", &json!({"target_group": "student"})).expect(200);
        world.feed_settled();
        assert_eq!(told(&students.rest(), &relation), event("updated", "upsert"));
        assert_eq!(told(&trieste.rest(), &relation), event("updated", "upsert"));
        maria.patch(&format!("/people/{near}"), "*", &json!({"target_group": "refugee"})).expect(200);
        world.feed_settled();
        assert_eq!(told(&students.rest(), &relation), event("updated", "access_removed"));
        regional.delete(&format!("/relations/{relation}"), "*").expect(204);
        world.feed_settled();
        assert!(told(&trieste.rest(), &relation).contains(&("relation.deleted".to_owned(), "delete".to_owned())));
        assert!(told(&udine.rest(), &relation).contains(&("relation.deleted".to_owned(), "delete".to_owned())));
    }

    fn circles_are_not_closed_by_racing(world: &World) {
        let maria = world.maria_case_manager();
        let rounds = if matches!(world.product, Product::Sqlite) { 5 } else { 25 };
        let mut refused = 0;
        for round in 0..rounds {
            // Of a circle of four, two that do not meet are there; the other two come at once, and share nobody.
            let people: Vec<String> = (0..4).map(|_| born(world, None)).collect();
            let edge = |from: usize| relate(&maria, "parent_of", &people[from], &people[(from + 1) % 4]);
            edge(1).expect(201);
            edge(3).expect(201);
            let barrier = Barrier::new(2);
            let mut answers = std::thread::scope(|scope| {
                let race = |from: usize| {
                    let (barrier, edge) = (&barrier, &edge);
                    scope.spawn(move || {
                        barrier.wait();
                        edge(from)
                    })
                };
                let (one, other) = (race(0), race(2));
                [one.join().expect("an answer"), other.join().expect("an answer")]
            });
            answers.sort_by_key(|answer| answer.status);
            let [kept, closing] = answers;
            assert_eq!((kept.status, closing.status), (201, 409), "round {round}: {} {}", kept.text, closing.text);
            assert_eq!(guards(closing), ["no_circle"]);
            refused += 1;
        }
        assert_eq!(refused, rounds);
    }
}
