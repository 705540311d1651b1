//! Policy documents (domain C3): which acts name measures for integration, by which indicators these are followed, and what was found of them.

use serde_json::{Value, json};

use crate::both;
use crate::observatory::elena;
use crate::observatory::queries::dataset_of;
use crate::support::feed::{Follower, told};
use crate::support::http::Answer;
use crate::support::planning::{in_days, today};
use crate::support::{Client, World};

/// What makes a policy document of the region.
fn new_document(world: &World, more: &Value) -> Value {
    let mut new = json!({"organisation_id": world.fixture.root, "issuing_body": "Consiglio regionale", "territory_id": world.fixture.region,
        "kind": "law", "policy_area": "housing", "title": "Edilizia sociale", "adopted_on": "2025-05-01"});
    new.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    new
}

fn document(world: &World, more: &Value) -> String {
    format!("/policy-documents/{}", elena(world).post("/policy-documents", &new_document(world, more)).expect(201).id())
}

fn new_measure(world: &World, more: &Value) -> Value {
    let mut new = json!({"title": "Mediators", "responsible_organisation_id": world.fixture.comune_udine});
    new.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    new
}

fn measure(world: &World, document: &str, more: &Value) -> String {
    let made = elena(world).post(&format!("{document}/measures"), &new_measure(world, more)).expect(201);
    format!("/policy-measures/{}", made.id())
}

fn indicator(world: &World, code: &str) -> String {
    let register = dataset_of(world, &format!("D_{code}"), "stock", &[]);
    let new = json!({"organisation_id": world.fixture.root, "code": code, "name": code, "unit": "persons",
        "numerator": {"dataset_id": register}, "method": "Counted."});
    elena(world).post("/indicators", &new).expect(201).id()
}

fn id_in(address: &str) -> &str {
    address.rsplit('/').next().unwrap()
}

/// The documents that a query finds, as addresses, in the order they are listed.
fn listed(client: &Client, query: &str) -> Vec<String> {
    let page = client.get(&format!("/policy-documents?{query}")).expect(200).json();
    let ids = page["items"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned());
    ids.map(|id| format!("/policy-documents/{id}")).collect()
}

#[track_caller]
fn unmet(answer: Answer) -> String {
    answer.expect(409).json()["unmet_guards"][0]["guard"].as_str().unwrap().to_owned()
}

#[track_caller]
fn pointer(answer: Answer) -> String {
    answer.expect(422).json()["errors"][0]["pointer"].as_str().unwrap().to_owned()
}

both! {
    fn the_acts_of_a_region_that_name_no_measure_are_listed(world: &World) {
        let (elena, maria) = (elena(world), world.maria_case_manager());
        let region = world.fixture.region;
        let bare = document(world, &json!({"title": "Bare", "adopted_on": "2025-01-01"}));
        let written_into = document(world, &json!({"title": "Written into", "adopted_on": "2025-02-01"}));
        let of_udine = document(world, &json!({"title": "Local", "territory_id": world.fixture.udine, "adopted_on": "2025-03-01"}));
        let first = measure(world, &written_into, &json!({}));
        let second = measure(world, &written_into, &json!({"title": "Courses"}));
        let without = || listed(&maria, &format!("has_measures=false&territory_id={region}"));
        assert_eq!(without(), [bare.as_str()]);
        assert_eq!(listed(&maria, &format!("has_measures=true&territory_id={region}")), [written_into.as_str()]);
        assert_eq!(listed(&maria, &format!("territory_id={region}")), [written_into.clone(), bare.clone()]);
        assert_eq!(listed(&maria, "has_measures=false"), [of_udine.clone(), bare.clone()]);
        // A measure more or less, and the list says so.
        elena.delete(&first, "\"7.0\"").expect(412);
        elena.delete(&first, "*").expect(204);
        assert_eq!(without(), [bare.as_str()]);
        elena.delete(&second, "*").expect(204);
        maria.get(&second).expect(404);
        assert_eq!(without(), [written_into, bare.clone()]);
        measure(world, &bare, &json!({}));
        assert_eq!(without().len(), 1);
        assert_eq!(listed(&maria, "has_measures=true"), [bare]);
    }

    fn an_indicator_leads_to_the_acts_whose_measures_it_follows(world: &World) {
        let (elena, maria) = (elena(world), world.maria_case_manager());
        let mut feed = Follower::caught_up(world.regional_sync_client());
        let (births, pupils) = (indicator(world, "BIRTHS"), indicator(world, "PUPILS"));
        let (plan, law) = (document(world, &json!({"kind": "plan", "adopted_on": "2025-06-01"})), document(world, &json!({})));
        let followed = measure(world, &plan, &json!({"indicator_ids": [births, pupils], "target_groups": ["refugee"],
            "budget": {"amount": "120000.50", "currency": "EUR"}, "starts_on": "2026-01-01", "ends_on": "2026-12-31"}));
        let other = measure(world, &law, &json!({"indicator_ids": [pupils]}));
        let of = |indicator: &str| listed(&maria, &format!("indicator_id={indicator}"));
        assert_eq!((of(&births), of(&pupils)), (vec![plan.clone()], vec![plan.clone(), law.clone()]));
        let read = maria.get(&followed).expect(200).json();
        assert_eq!((&read["indicator_ids"], &read["budget"]["amount"]), (&json!([births, pupils]), &json!("120000.50")));
        assert_eq!((&read["target_groups"], &read["policy_document_id"]), (&json!(["refugee"]), &json!(id_in(&plan))));
        // Each act tells its own.
        let named = |act: &str| -> Vec<Value> {
            let page = maria.get(&format!("{act}/measures")).expect(200).json();
            page["items"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect()
        };
        assert_eq!((named(&plan), named(&law)), (vec![json!(id_in(&followed))], vec![json!(id_in(&other))]));
        // What it is followed by now is what it is found by.
        let tag = elena.get(&followed).expect(200).header("etag").to_owned();
        let edited = elena.patch(&followed, &tag, &json!({"indicator_ids": [births], "budget": null})).expect(200).json();
        assert_eq!((&edited["indicator_ids"], edited.get("budget"), &edited["version"]), (&json!([births]), None, &json!(2)));
        elena.patch(&followed, &tag, &json!({"title": "Late"})).expect(412);
        assert_eq!((of(&births), of(&pupils)), (vec![plan.clone()], vec![law]));
        elena.patch(&followed, "*", &json!({"title": "Renamed"})).expect(200);
        assert_eq!(of(&births), [plan.as_str()]);
        elena.delete(&other, "*").expect(204);
        assert_eq!(of(&pupils), [""; 0]);
        let measures = maria.get(&format!("{plan}/measures")).expect(200).json();
        assert_eq!(measures["items"], json!([maria.get(&followed).expect(200).json()]));
        world.feed_settled();
        let events = feed.rest();
        let all = |id: &str| told(&events, id).into_iter().map(|(kind, _)| kind).collect::<Vec<_>>();
        assert_eq!(all(id_in(&plan)), ["policy_document.created"]);
        assert_eq!(all(id_in(&followed)), ["policy_measure.created", "policy_measure.updated", "policy_measure.updated"]);
        assert_eq!(all(id_in(&other)), ["policy_measure.created", "policy_measure.deleted"]);
    }

    fn what_is_found_of_an_act_fits_its_measures_on_that_day(world: &World) {
        let (elena, maria) = (elena(world), world.maria_case_manager());
        let full = json!({"status": "full", "as_of": "2026-01-31"});
        assert_eq!(unmet(elena.post("/policy-documents", &new_document(world, &json!({"mainstreaming": full})))), "measures");
        let act = document(world, &json!({"mainstreaming": {"status": "none", "as_of": "2025-12-31", "reason": "Adopted before the plan."}}));
        let found = |mainstreaming: Value| elena.patch(&act, "*", &json!({"mainstreaming": mainstreaming}));
        for status in ["partial", "full"] {
            assert_eq!(unmet(found(json!({"status": status, "as_of": "2026-01-31"}))), "measures");
        }
        for (wrong, at) in [
            (json!({"status": "planned", "as_of": in_days(1)}), "#/mainstreaming/as_of"),
            // Nobody found anything in what was not there yet.
            (json!({"status": "planned", "as_of": "2025-04-30"}), "#/mainstreaming/as_of"),
            (json!({"status": "not_applicable", "as_of": "2026-01-31"}), "#/mainstreaming/reason"),
            (json!({"status": "planned", "as_of": "2026-01-31", "reason": ""}), "#/mainstreaming/reason"),
        ] {
            assert_eq!(pointer(found(wrong)), at);
        }
        // Never found without the day it was found.
        found(json!({"status": "planned"})).expect(422);
        // The whole of it is replaced: a reason does not outlive what it was the reason for.
        let planned = json!({"status": "planned", "as_of": today()});
        assert_eq!(found(planned.clone()).expect(200).json()["mainstreaming"], planned);
        assert_eq!(maria.get(&act).expect(200).json()["mainstreaming"], planned);
        let only = measure(world, &act, &json!({}));
        let reason = "It governs dogs.";
        assert_eq!(unmet(found(json!({"status": "none", "as_of": "2026-01-31"}))), "no_measures");
        assert_eq!(unmet(found(json!({"status": "not_applicable", "as_of": "2026-01-31", "reason": reason}))), "no_measures");
        found(full.clone()).expect(200);
        assert_eq!((listed(&maria, "mainstreaming=full").len(), listed(&maria, "mainstreaming=none").len()), (1, 0));
        // Other edits leave it, and a measure that goes is seen in the list without measures.
        elena.delete(&only, "*").expect(204);
        let renamed = elena.patch(&act, "*", &json!({"number": "L.R. 1/2025"})).expect(200).json();
        assert_eq!(renamed["mainstreaming"], full);
        assert_eq!(listed(&maria, "mainstreaming=full&has_measures=false"), [act.as_str()]);
        found(json!({"status": "not_applicable", "as_of": "2026-01-31", "reason": reason})).expect(200);
        assert_eq!(found(Value::Null).expect(200).json().get("mainstreaming"), None);
    }

    fn policy_documents_are_everyones_to_know_and_kept_by_who_keeps_statistics(world: &World) {
        let (elena, paolo, maria) = (elena(world), world.paolo_organisation_administrator(), world.maria_case_manager());
        let act = document(world, &json!({}));
        let step = measure(world, &act, &json!({}));
        for reader in [world.giulia_auditor(), world.samira_help_desk_operator(), maria.clone(), world.caller("bruno_steering_reader")] {
            for path in [&act, &step, &format!("{act}/measures"), &"/policy-documents".to_owned()] {
                reader.get(path).expect(200);
            }
        }
        for path in [&act, &step, &format!("{act}/measures"), &"/policy-documents".to_owned()] {
            world.nobody().get(path).expect(401);
        }
        maria.post("/policy-documents", &new_document(world, &json!({"organisation_id": world.fixture.comune_udine}))).expect(403);
        assert_eq!(pointer(paolo.post("/policy-documents", &new_document(world, &json!({})))), "#/organisation_id");
        let local = paolo.post("/policy-documents", &new_document(world, &json!({"organisation_id": world.fixture.comune_udine}))).expect(201).id();
        assert_eq!(listed(&maria, &format!("organisation_id={}", world.fixture.comune_udine)), [format!("/policy-documents/{local}")]);
        paolo.post(&format!("/policy-documents/{local}/measures"), &new_measure(world, &json!({}))).expect(201);
        // To answer for a measure gives no right to keep it.
        paolo.patch(&act, "*", &json!({"title": "Mine"})).expect(403);
        paolo.post(&format!("{act}/measures"), &new_measure(world, &json!({}))).expect(403);
        paolo.patch(&step, "*", &json!({"title": "Mine"})).expect(403);
        paolo.delete(&step, "*").expect(403);
        let merge = [("content-type", "application/merge-patch+json")];
        for row in [&act, &step] {
            elena.send("PATCH", row, &merge, Some(br#"{"title": "Mine"}"#)).expect(428);
            assert_eq!(maria.get(row).expect(200).json()["version"], 1);
        }
        let tag = elena.get(&act).expect(200).header("etag").to_owned();
        elena.patch(&act, &tag, &json!({"title": "Case popolari"})).expect(200);
        elena.patch(&act, &tag, &json!({"title": "Case popolari"})).expect(412);
        let nothing = uuid::Uuid::now_v7();
        for path in [format!("/policy-documents/{nothing}"), format!("/policy-documents/{nothing}/measures"), format!("/policy-measures/{nothing}")] {
            maria.get(&path).expect(404);
        }
    }

    fn policy_documents_and_measures_name_what_there_is(world: &World) {
        let elena = elena(world);
        let act = document(world, &json!({}));
        let nothing = uuid::Uuid::now_v7();
        for (wrong, at) in [
            (json!({"issuing_organisation_id": world.fixture.root}), "#/issuing_body"),
            (json!({"issuing_body": null}), "#/issuing_body"),
            (json!({"issuing_body": null, "issuing_organisation_id": nothing}), "#/issuing_organisation_id"),
            (json!({"territory_id": nothing}), "#/territory_id"),
            (json!({"adopted_on": in_days(1)}), "#/adopted_on"),
            (json!({"valid_from": "2025-06-01", "valid_to": "2025-06-01"}), "#/valid_to"),
            (json!({"valid_to": "2025-05-01"}), "#/valid_to"),
            (json!({"url": "http://atti.example/1"}), "#/url"),
            (json!({"url": "javascript:alert(1)"}), "#/url"),
            (json!({"url": "https://"}), "#/url"),
        ] {
            assert_eq!(pointer(elena.patch(&act, "*", &wrong)), at, "{wrong}");
            let new: Value = new_document(world, &wrong);
            elena.post("/policy-documents", &new).expect(422);
        }
        let step = measure(world, &act, &json!({}));
        let counted = indicator(world, "COUNTED");
        for (wrong, at) in [
            (json!({"responsible_organisation_id": nothing}), "#/responsible_organisation_id"),
            (json!({"indicator_ids": [counted, nothing]}), "#/indicator_ids/1"),
            (json!({"indicator_ids": [counted, counted]}), "#/indicator_ids/1"),
            (json!({"target_groups": ["refugee", "dogs"]}), "#/target_groups/1"),
            (json!({"target_groups": ["refugee", "refugee"]}), "#/target_groups/1"),
            (json!({"starts_on": "2026-02-01", "ends_on": "2026-01-31"}), "#/ends_on"),
            (json!({"budget": {"amount": "-1", "currency": "EUR"}}), "#/budget/amount"),
        ] {
            assert_eq!(pointer(elena.patch(&step, "*", &wrong)), at, "{wrong}");
            assert_eq!(pointer(elena.post(&format!("{act}/measures"), &new_measure(world, &wrong))), at, "{wrong}");
        }
        assert_eq!(elena.get(&format!("{act}/measures")).expect(200).json()["items"].as_array().unwrap().len(), 1);
        for _ in 1..200 {
            measure(world, &act, &json!({}));
        }
        elena.post(&format!("{act}/measures"), &new_measure(world, &json!({}))).expect(409);
    }

    fn the_latest_acts_come_first_and_those_that_hold_on_a_day_are_found(world: &World) {
        let maria = world.maria_case_manager();
        let from = |adopted: &str, more: &Value| {
            let mut all = json!({"adopted_on": adopted});
            all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            document(world, &all)
        };
        let at_once = from("2024-01-15", &json!({"valid_to": "2025-01-01"}));
        let later = from("2024-01-15", &json!({"valid_from": "2024-03-01", "kind": "budget", "policy_area": "health"}));
        let latest = from("2025-02-01", &json!({}));
        assert_eq!(listed(&maria, ""), [latest.clone(), later.clone(), at_once.clone()]);
        let mut paged = Vec::new();
        let mut next = "/policy-documents?limit=1".to_owned();
        loop {
            let page = maria.get(&next).expect(200).json();
            paged.extend(page["items"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()));
            match page["next_cursor"].as_str() {
                Some(cursor) => next = format!("/policy-documents?limit=1&cursor={cursor}"),
                None => break,
            }
        }
        assert_eq!(paged, [&latest, &later, &at_once].map(|path| id_in(path).to_owned()));
        let on = |day: &str| listed(&maria, &format!("on={day}"));
        assert_eq!(on("2024-01-14"), [""; 0]);
        assert_eq!(on("2024-01-15"), [at_once.as_str()]);
        assert_eq!(on("2024-03-01"), [later.clone(), at_once.clone()]);
        assert_eq!((on("2024-12-31").len(), on("2025-01-01")), (2, vec![later.clone()]));
        assert_eq!((listed(&maria, "kind=budget"), listed(&maria, "policy_area=health"), listed(&maria, "kind=plan").len()), (vec![later.clone()], vec![later], 0));
    }
}
