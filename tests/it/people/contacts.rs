//! Contacts: how a person can be reached, and whether that is safe.

use serde_json::json;

use crate::both;
use crate::support::World;
use crate::support::feed::{Follower, told};
use crate::support::http::{Answer, Client};

fn person(world: &World) -> String {
    world.maria_case_manager().post("/people", &world.person_in_udine()).expect(201).id()
}

fn preferred(client: &Client, person: &str) -> Vec<String> {
    let page = client.get(&format!("/people/{person}/contacts")).expect(200).json();
    let rows = page["items"].as_array().expect("contacts").iter();
    rows.filter(|row| row["preferred"] == true).map(|row| row["value"].as_str().expect("a value").to_owned()).collect()
}

both! {
    fn a_person_has_one_preferred_contact_at_a_time(world: &World) {
        let (maria, person) = (world.maria_case_manager(), person(world));
        let contacts = format!("/people/{person}/contacts");
        let phone = maria.post(&contacts, &json!({"kind": "phone", "value": "+39 333 1234567", "preferred": true})).expect(201);
        assert_eq!((&phone.json()["safe_to_contact"], &phone.json()["version"]), (&json!(true), &json!(1)));
        let post = maria.post(&contacts, &json!({"kind": "postal", "value": "c/o Casa Rosa\nVia Roma 1\n33100 Udine"})).expect(201);
        let mail = maria.post(&contacts, &json!({"kind": "email", "value": "olena@example.org", "preferred": true})).expect(201);
        assert_eq!(preferred(&maria, &person), ["olena@example.org"]);
        assert_eq!(maria.get(&format!("/contacts/{}", phone.id())).expect(200).json()["version"], 2, "the phone was told");

        let address = format!("/contacts/{}", post.id());
        let edited = maria.patch(&address, post.header("etag"), &json!({"preferred": true, "label": "shelter"})).expect(200);
        assert_eq!((&edited.json()["version"], &edited.json()["label"]), (&json!(2), &json!("shelter")));
        assert_eq!(preferred(&maria, &person).len(), 1);
        maria.patch(&address, post.header("etag"), &json!({"label": null})).expect(412);
        maria.delete(&format!("/contacts/{}", mail.id()), mail.header("etag")).expect(412);
        maria.delete(&format!("/contacts/{}", mail.id()), "*").expect(204);
        maria.get(&format!("/contacts/{}", mail.id())).expect(404);
        assert_eq!(preferred(&maria, &person).len(), 1);
    }

    fn a_contact_that_is_not_safe_is_never_the_preferred_one(world: &World) {
        let (maria, person) = (world.maria_case_manager(), person(world));
        let contacts = format!("/people/{person}/contacts");
        let pointer = |answer: Answer| answer.expect(422).json()["errors"][0]["pointer"].clone();
        let mut phone = json!({"kind": "phone", "value": "0432 12 34 56", "preferred": true, "safe_to_contact": false,
            "safety_note": "her husband answers"});
        assert_eq!(pointer(maria.post(&contacts, &phone)), "#/preferred");
        phone["preferred"] = json!(false);
        let kept = maria.post(&contacts, &phone).expect(201);
        assert_eq!((&kept.json()["safe_to_contact"], &kept.json()["safety_note"]), (&json!(false), &json!("her husband answers")));
        let address = format!("/contacts/{}", kept.id());
        assert_eq!(pointer(maria.patch(&address, "*", &json!({"preferred": true}))), "#/preferred");
        maria.patch(&address, "*", &json!({"preferred": true, "safe_to_contact": true})).expect(200);
        assert_eq!(pointer(maria.patch(&address, "*", &json!({"safe_to_contact": false}))), "#/preferred");
        assert_eq!(maria.get(&address).expect(200).json()["safe_to_contact"], true);
    }

    fn a_value_has_the_form_of_its_kind(world: &World) {
        let (maria, person) = (world.maria_case_manager(), person(world));
        let contacts = format!("/people/{person}/contacts");
        for (kind, value) in [("email", "olena"), ("phone", "call me"), ("phone", "12"), ("phone", "++39 12345"), ("messenger", "")] {
            let refused = maria.post(&contacts, &json!({"kind": kind, "value": value})).expect(422).json();
            assert_eq!(refused["errors"][0]["pointer"], "#/value", "{kind} {value}");
        }
        for (kind, value) in [("email", "o.s@example.org"), ("phone", "(0432) 12.34/56-7"), ("messenger", "@olena")] {
            maria.post(&contacts, &json!({"kind": kind, "value": value})).expect(201);
        }
        let phone = maria.post(&contacts, &json!({"kind": "phone", "value": "112"})).expect(201);
        let address = format!("/contacts/{}", phone.id());
        let refused = maria.patch(&address, "*", &json!({"kind": "email"})).expect(422).json();
        assert_eq!(refused["errors"][0]["pointer"], "#/value", "the result is checked as a whole");
    }

    fn contacts_are_where_their_person_is(world: &World) {
        let (maria, person) = (world.maria_case_manager(), person(world));
        let contacts = format!("/people/{person}/contacts");
        let body = json!({"kind": "phone", "value": "+39 333 1234567"});
        let address = format!("/contacts/{}", maria.post(&contacts, &body).expect(201).id());
        let matej = world.matej_case_manager_in_trieste();
        for answer in [
            matej.get(&contacts), matej.post(&contacts, &body), matej.get(&address), matej.delete(&address, "*"),
            matej.patch(&address, "*", &json!({"label": "x"})),
        ] {
            answer.expect(404);
        }
        let samira = world.samira_help_desk_operator();
        samira.get(&address).expect(200);
        samira.post(&contacts, &body).expect(201);
        samira.patch(&address, "*", &json!({"label": "x"})).expect(403);
        samira.delete(&address, "*").expect(403);
    }

    fn a_machine_that_follows_the_feed_learns_of_contacts_and_of_nothing_in_them(world: &World) {
        let (of_refugees, _, _) = world.another_client(&json!({
            "role": "sync_client", "organisation_id": world.fixture.root, "territory_ids": [world.fixture.region],
            "target_groups": ["refugee"],
        }));
        let maria = world.maria_case_manager();
        let mut person = world.person_in_udine();
        person["target_group"] = json!("refugee");
        let person = maria.post("/people", &person).expect(201).id();
        let contacts = format!("/people/{person}/contacts");
        let kept = maria.post(&contacts, &json!({"kind": "phone", "value": "+39 333 1234567"})).expect(201).id();
        let gone = maria.post(&contacts, &json!({"kind": "email", "value": "o@example.org"})).expect(201).id();
        maria.delete(&format!("/contacts/{gone}"), "*").expect(204);
        world.feed_settled();
        let mut follower = Follower::from_the_beginning(of_refugees);
        let events = follower.rest();
        let event = |kind: &str, operation: &str| (format!("contact.{kind}"), operation.to_owned());
        assert_eq!(told(&events, &kept), [event("created", "upsert")]);
        assert_eq!(told(&events, &gone), [event("created", "upsert"), event("deleted", "delete")]);
        assert!(!json!(events).to_string().contains("1234567"));
        // A person who moves out of a reader's group takes the contacts along.
        maria.patch(&format!("/people/{person}"), "*", &json!({"target_group": "student"})).expect(200);
        world.feed_settled();
        assert_eq!(told(&follower.rest(), &kept), [event("updated", "access_removed")]);
    }
}
