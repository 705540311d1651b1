//! Observatories (domain C8): who keeps them, and the map of what they watch.

use serde_json::{Value, json};

use super::elena;
use super::queries::dataset_of;
use crate::both;
use crate::support::World;
use crate::support::feed::{Follower, told};

/// An observatory of the region, kept by Elena.
pub fn observatory(world: &World) -> String {
    let new = json!({"organisation_id": world.fixture.root, "territory_id": world.fixture.region, "name": "Osservatorio regionale",
        "languages": ["it", "en"]});
    format!("/observatories/{}", elena(world).post("/observatories", &new).expect(201).id())
}

pub fn id_in(address: &str) -> &str {
    address.rsplit('/').next().unwrap()
}

fn items(page: &Value) -> &Vec<Value> {
    page["items"].as_array().unwrap()
}

both! {
    fn observatories_are_everyones_to_know_and_kept_by_who_keeps_statistics(world: &World) {
        let (elena, paolo, maria) = (elena(world), world.paolo_organisation_administrator(), world.maria_case_manager());
        let mut feed = Follower::caught_up(world.regional_sync_client());
        let regional = observatory(world);
        for reader in [world.giulia_auditor(), world.samira_help_desk_operator(), maria.clone(), world.caller("bruno_steering_reader")] {
            assert_eq!(reader.get(&regional).expect(200).json()["languages"], json!(["it", "en"]));
        }
        world.nobody().get(&regional).expect(401);
        let new = |organisation: &Value| json!({"organisation_id": organisation, "territory_id": world.fixture.udine, "name": "Osservatorio"});
        let (udine, region) = (json!(world.fixture.comune_udine), json!(world.fixture.root));
        maria.post("/observatories", &new(&udine)).expect(403);
        let refused = paolo.post("/observatories", &new(&region)).expect(422).json();
        assert_eq!(refused["errors"][0]["pointer"], "#/organisation_id");
        let local = paolo.post("/observatories", &new(&udine)).expect(201).id();
        // Who keeps the statistics of an organisation keeps those of the bodies below it.
        elena.patch(&format!("/observatories/{local}"), "*", &json!({"name": "Osservatorio di Udine"})).expect(200);
        paolo.patch(&regional, "*", &json!({"name": "Mine"})).expect(403);
        let tag = elena.get(&regional).expect(200).header("etag").to_owned();
        let edit = json!({"website": "https://osservatorio.example", "description": "Once a year."});
        elena.send("PATCH", &regional, &[("content-type", "application/merge-patch+json")], Some(edit.to_string().as_bytes())).expect(428);
        let edited = elena.patch(&regional, &tag, &edit).expect(200).json();
        assert_eq!((&edited["website"], &edited["version"]), (&json!("https://osservatorio.example"), &json!(2)));
        elena.patch(&regional, &tag, &edit).expect(412);
        for (wrong, pointer) in [
            (json!({"territory_id": uuid::Uuid::now_v7()}), "#/territory_id"),
            (json!({"languages": ["it", "EN"]}), "#/languages"),
            (json!({"website": "osservatorio"}), "#/website"),
            (json!({"territory_id": null}), "#/territory_id"),
        ] {
            let refused = elena.patch(&regional, "*", &wrong).expect(422).json();
            assert_eq!(refused["errors"][0]["pointer"], pointer);
        }
        let listed = |query: &str| -> Vec<String> {
            let page = maria.get(&format!("/observatories?{query}")).expect(200).json();
            items(&page).iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(listed(""), ["Osservatorio di Udine", "Osservatorio regionale"]);
        assert_eq!(listed(&format!("territory_id={}", world.fixture.region)), ["Osservatorio regionale"]);
        assert_eq!(listed(&format!("organisation_id={}", world.fixture.comune_udine)), ["Osservatorio di Udine"]);
        assert_eq!(listed(&format!("organisation_id={}", world.fixture.comune_trieste)).len(), 0);
        let first = maria.get("/observatories?limit=1").expect(200).json();
        assert_eq!(listed(&format!("limit=1&cursor={}", first["next_cursor"].as_str().unwrap())), ["Osservatorio regionale"]);
        world.feed_settled();
        let all = |id: &str, events: &[Value]| told(events, id).into_iter().map(|(kind, _)| kind).collect::<Vec<_>>();
        assert_eq!(all(id_in(&regional), &feed.rest()), ["observatory.created", "observatory.updated"]);
    }

    fn its_map_names_each_thing_once_by_the_name_it_has_now(world: &World) {
        let (elena, paolo, maria) = (elena(world), world.paolo_organisation_administrator(), world.maria_case_manager());
        let mut feed = Follower::caught_up(world.regional_sync_client());
        let (regional, udine) = (observatory(world), world.fixture.comune_udine);
        let dataset = dataset_of(world, "REGISTER", "stock", &[]);
        let new = json!({"organisation_id": world.fixture.root, "code": "FOREIGNERS", "name": "Foreigners", "unit": "persons",
            "numerator": {"dataset_id": dataset, "filters": []}, "method": "Counted."});
        let indicator = elena.post("/indicators", &new).expect(201).id();
        let service = json!({"organisation_id": udine, "name": "Italian", "service_type": "language_course", "provider_kind": "internal"});
        let service = paolo.post("/services", &service).expect(201).id();
        let program = paolo.post("/programs", &json!({"organisation_id": udine, "name": "First steps"})).expect(201).id();
        let network = paolo.post("/networks", &json!({"organisation_id": udine, "name": "Rete", "starts_on": "2024-01-01"})).expect(201).id();
        let document = elena.post("/policy-documents", &json!({"organisation_id": world.fixture.root, "issuing_body": "Consiglio regionale",
            "territory_id": world.fixture.region, "kind": "plan", "policy_area": "integration", "title": "Piano", "adopted_on": "2025-01-01"})).expect(201).id();
        let entries = format!("{regional}/entries");
        let watched = |kind: &str, id: &str| elena.post(&entries, &json!({"kind": kind, "resource_id": id, "note": "The plan asks for it."}));
        let mut made = Vec::new();
        for (kind, id) in [("service", &service), ("indicator", &indicator), ("network", &network), ("dataset", &dataset), ("program", &program), ("policy_document", &document)] {
            made.push(watched(kind, id).expect(201));
            // The same once, and only as what it is.
            watched(kind, id).expect(409);
            let other = if kind == "service" { "program" } else { "service" };
            let refused = watched(other, id).expect(422).json();
            assert_eq!(refused["errors"][0]["pointer"], "#/resource_id", "{kind}");
        }
        watched("indicator", &uuid::Uuid::now_v7().to_string()).expect(422);
        watched("person", &service).expect(422);
        let listed = |query: &str| -> Vec<(String, String)> {
            let page = maria.get(&format!("{entries}?{query}")).expect(200).json();
            items(&page).iter().map(|row| (row["kind"].as_str().unwrap().to_owned(), row["name"].as_str().unwrap().to_owned())).collect()
        };
        let named = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(kind, name)| ((*kind).to_owned(), (*name).to_owned())).collect()
        };
        assert_eq!(listed(""), named(&[("service", "Italian"), ("indicator", "Foreigners"), ("network", "Rete"),
            ("dataset", "REGISTER"), ("program", "First steps"), ("policy_document", "Piano")]));
        assert_eq!(listed("kind=policy_document"), named(&[("policy_document", "Piano")]));
        let act = maria.get(&format!("/observatory-entries/{}", made[5].id())).expect(200).json();
        assert_eq!(maria.get(act["href"].as_str().unwrap()).expect(200).id(), document);
        assert_eq!(listed("kind=network"), named(&[("network", "Rete")]));
        // A name is that of now, and a copy held is not taken for it.
        let entry = format!("/observatory-entries/{}", made[4].id());
        let held = maria.get(&entry).expect(200).header("etag").to_owned();
        maria.send("GET", &entry, &[("if-none-match", &held)], None).expect(304);
        paolo.patch(&format!("/programs/{program}"), "*", &json!({"name": "Next steps"})).expect(200);
        let again = maria.send("GET", &entry, &[("if-none-match", &held)], None).expect(200).json();
        assert_eq!(again["name"], "Next steps");
        assert!(again["href"].as_str().unwrap().ends_with(&format!("/programs/{program}")));
        assert_eq!(maria.get(again["href"].as_str().unwrap()).expect(200).id(), program);
        // What another one watches is its own affair.
        let theirs = json!({"organisation_id": udine, "territory_id": world.fixture.udine, "name": "Locale"});
        let theirs = paolo.post("/observatories", &theirs).expect(201).id();
        let theirs = format!("/observatories/{theirs}/entries");
        let one = json!({"kind": "program", "resource_id": program});
        paolo.post(&theirs, &one).expect(201);
        paolo.post(&entries, &one).expect(403);
        maria.post(&entries, &one).expect(403);
        paolo.delete(&entry, "*").expect(403);
        elena.delete(&entry, "\"7.0\"").expect(412);
        elena.delete(&entry, "*").expect(204);
        maria.get(&entry).expect(404);
        assert_eq!(listed("kind=program").len(), 0);
        watched("program", &program).expect(201);
        world.feed_settled();
        let events = feed.rest();
        let all: Vec<String> = told(&events, id_in(&entry)).into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(all, ["observatory_entry.created", "observatory_entry.deleted"]);
        maria.get(&format!("/observatories/{}/entries", uuid::Uuid::now_v7())).expect(404);
    }
}
