//! Objectives (domain C11): what is done for them, and what came of that.

use serde_json::{Value, json};

use super::elena;
use super::observatories::{id_in, observatory};
use super::queries::dataset_of;
use crate::both;
use crate::support::feed::{Follower, told};
use crate::support::http::Answer;
use crate::support::planning::{in_days, today};
use crate::support::{Client, World};

fn objective(world: &World) -> String {
    let new = json!({"organisation_id": world.fixture.root, "territory_id": world.fixture.region, "title": "More courses", "starts_on": "2026-01-01",
        "ends_on": "2027-12-31"});
    format!("/objectives/{}", elena(world).post("/objectives", &new).expect(201).id())
}

fn activity(world: &World, objective: &str, title: &str) -> String {
    let new = json!({"title": title, "responsible_organisation_id": world.fixture.comune_udine});
    format!("/activities/{}", elena(world).post(&format!("{objective}/activities"), &new).expect(201).id())
}

fn moved(client: &Client, activity: &str, to: &Value) -> Answer {
    client.post_matching(&format!("{activity}/transitions"), "*", to)
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
    fn one_request_shows_what_is_done_for_an_objective_and_what_came_of_it(world: &World) {
        let (elena, maria) = (elena(world), world.maria_case_manager());
        let mut feed = Follower::caught_up(world.regional_sync_client());
        let aim = objective(world);
        let (saturdays, children) = (activity(world, &aim, "Saturdays"), activity(world, &aim, "Children"));
        moved(&elena, &saturdays, &json!({"to": "under_way"})).expect(201);
        let result = |more: &Value| {
            let mut new = json!({"reached_on": "2026-01-31", "description": "Four towns."});
            new.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            elena.post(&format!("{saturdays}/results"), &new)
        };
        let first = result(&json!({"value": 4.5, "unit": "courses"})).expect(201).json();
        let second = result(&json!({})).expect(201).json();
        let chain = |client: &Client| client.get(&format!("{aim}?embed=activities")).expect(200).json()["_embedded"]["activities"].clone();
        let told_to = chain(&maria);
        let rows = told_to.as_array().unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!((&rows[0]["activity"]["title"], &rows[0]["results"]), (&json!("Saturdays"), &json!([first, second])));
        assert_eq!((&rows[1]["activity"]["title"], &rows[1]["results"]), (&json!("Children"), &json!([])));
        assert_eq!((&rows[0]["activity"]["allowed_transitions"], &chain(&elena)[0]["activity"]["allowed_transitions"]), (&json!([]), &json!(["done", "dropped"])));
        // What embeds children is told anew each time.
        let held = maria.get(&format!("{aim}?embed=activities")).header("etag").to_owned();
        maria.send("GET", &format!("{aim}?embed=activities"), &[("if-none-match", &held)], None).expect(200);
        let plain = maria.get(&aim).expect(200);
        assert_eq!(plain.json().get("_embedded"), None);
        maria.send("GET", &aim, &[("if-none-match", plain.header("etag"))], None).expect(304);
        maria.get(&format!("{aim}?embed=people")).expect(400);
        let titles = |query: &str| -> Vec<Value> {
            let page = maria.get(&format!("{aim}/activities?{query}")).expect(200).json();
            page["items"].as_array().unwrap().iter().map(|row| row["title"].clone()).collect()
        };
        assert_eq!((titles(""), titles("status=planned")), (vec![json!("Saturdays"), json!("Children")], vec![json!("Children")]));
        assert_eq!(maria.get(&format!("{saturdays}/results?limit=1")).expect(200).json()["items"], json!([first]));
        world.feed_settled();
        let events = feed.rest();
        let all = |id: &str| told(&events, id).into_iter().map(|(kind, _)| kind).collect::<Vec<_>>();
        assert_eq!(all(id_in(&aim)), ["objective.created"]);
        assert_eq!(all(id_in(&saturdays)), ["activity.created", "activity.updated"]);
        assert_eq!(all(id_in(&children)), ["activity.created"]);
        assert_eq!(all(first["id"].as_str().unwrap()), ["activity_result.created"]);
    }

    fn what_is_done_has_a_result(world: &World) {
        let elena = elena(world);
        let saturdays = activity(world, &objective(world), "Saturdays");
        let results = format!("{saturdays}/results");
        let new = json!({"reached_on": "2026-01-31", "description": "Four towns."});
        assert_eq!(unmet(elena.post(&results, &new)), "begun");
        assert_eq!(unmet(moved(&elena, &saturdays, &json!({"to": "done"}))), "allowed_transition");
        moved(&elena, &saturdays, &json!({"to": "under_way"})).expect(201);
        assert_eq!(unmet(moved(&elena, &saturdays, &json!({"to": "done"}))), "result");
        for (wrong, at) in [(json!({"value": 1}), "#/unit"), (json!({"unit": "courses"}), "#/value"), (json!({"reached_on": in_days(1)}), "#/reached_on")] {
            let mut new = new.clone();
            new.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
            assert_eq!(pointer(elena.post(&results, &new)), at);
        }
        let mut told = new.clone();
        told["reached_on"] = json!(today());
        let only = format!("/activity-results/{}", elena.post(&results, &told).expect(201).id());
        moved(&elena, &saturdays, &json!({"to": "done"})).expect(201);
        assert_eq!(unmet(elena.delete(&only, "*")), "result");
        assert_eq!(unmet(elena.patch(&saturdays, "*", &json!({"title": "Sundays"}))), "open");
        let late = format!("/activity-results/{}", elena.post(&results, &new).expect(201).id());
        elena.delete(&only, "\"9.0\"").expect(412);
        elena.delete(&only, "*").expect(204);
        elena.get(&only).expect(404);
        assert_eq!(unmet(elena.delete(&late, "*")), "result");
        // Ended by mistake, it is taken up again with a reason.
        assert_eq!(pointer(moved(&elena, &saturdays, &json!({"to": "under_way"}))), "#/note");
        moved(&elena, &saturdays, &json!({"to": "under_way", "note": "One more town."})).expect(201);
        elena.delete(&late, "*").expect(204);
        moved(&elena, &saturdays, &json!({"to": "dropped"})).expect(422);
        moved(&elena, &saturdays, &json!({"to": "dropped", "note": "No teacher."})).expect(201);
        assert_eq!(unmet(elena.post(&results, &new)), "begun");
    }

    fn objectives_name_what_there_is_and_are_kept_by_who_keeps_statistics(world: &World) {
        let (elena, paolo, maria) = (elena(world), world.paolo_organisation_administrator(), world.maria_case_manager());
        let aim = objective(world);
        let register = dataset_of(world, "REGISTER", "stock", &[]);
        let indicator = json!({"organisation_id": world.fixture.root, "code": "R", "name": "R", "unit": "persons", "numerator": {"dataset_id": register}, "method": "Counted."});
        let indicator = elena.post("/indicators", &indicator).expect(201).id();
        for (wrong, at) in [
            (json!({"territory_id": uuid::Uuid::now_v7()}), "#/territory_id"),
            (json!({"observatory_id": uuid::Uuid::now_v7()}), "#/observatory_id"),
            (json!({"indicator_id": uuid::Uuid::now_v7()}), "#/indicator_id"),
            (json!({"target": 5}), "#/target"),
            (json!({"baseline": 1}), "#/baseline"),
            (json!({"ends_on": "2025-12-31"}), "#/ends_on"),
            (json!({"indicator_id": indicator, "target": 1e13}), "#/target"),
        ] {
            assert_eq!(pointer(elena.patch(&aim, "*", &wrong)), at, "{wrong}");
        }
        let watched = observatory(world);
        let tag = elena.get(&aim).expect(200).header("etag").to_owned();
        let edit = json!({"indicator_id": indicator, "baseline": 120, "target": 200.5, "observatory_id": id_in(&watched)});
        let edited = elena.patch(&aim, &tag, &edit).expect(200).json();
        assert_eq!((&edited["baseline"], &edited["target"]), (&json!(120.0), &json!(200.5)));
        elena.patch(&aim, &tag, &edit).expect(412);
        // The values are the indicator's: without it they are nothing.
        assert_eq!(pointer(elena.patch(&aim, "*", &json!({"indicator_id": null}))), "#/baseline");
        let listed = |query: &str| maria.get(&format!("/objectives?{query}")).expect(200).json()["items"].as_array().unwrap().len();
        assert_eq!((listed(""), listed(&format!("observatory_id={}", id_in(&watched))), listed(&format!("territory_id={}", world.fixture.udine))), (1, 1, 0));
        assert_eq!(listed(&format!("organisation_id={}", world.fixture.comune_udine)), 0);
        let saturdays = activity(world, &aim, "Saturdays");
        let refused = json!({"title": "Mine", "responsible_organisation_id": uuid::Uuid::now_v7()});
        assert_eq!(pointer(elena.post(&format!("{aim}/activities"), &refused)), "#/responsible_organisation_id");
        assert_eq!(pointer(elena.patch(&saturdays, "*", &json!({"responsible_organisation_id": uuid::Uuid::now_v7()}))), "#/responsible_organisation_id");
        assert_eq!(pointer(elena.patch(&saturdays, "*", &json!({"starts_on": "2026-03-01", "ends_on": "2026-02-01"}))), "#/ends_on");
        // To answer for an activity gives no right to keep it.
        paolo.patch(&aim, "*", &json!({"title": "Mine"})).expect(403);
        paolo.patch(&saturdays, "*", &json!({"title": "Mine"})).expect(403);
        moved(&paolo, &saturdays, &json!({"to": "under_way"})).expect(403);
        paolo.post(&format!("{aim}/activities"), &json!({"title": "Mine", "responsible_organisation_id": world.fixture.comune_udine})).expect(403);
        moved(&elena, &saturdays, &json!({"to": "under_way"})).expect(201);
        let result = json!({"reached_on": "2026-01-31", "description": "Four towns."});
        paolo.post(&format!("{saturdays}/results"), &result).expect(403);
        let made = format!("/activity-results/{}", elena.post(&format!("{saturdays}/results"), &result).expect(201).id());
        paolo.delete(&made, "*").expect(403);
        for row in [&aim, &saturdays, &made] {
            for reader in [&maria, &world.giulia_auditor(), &world.caller("bruno_steering_reader")] {
                reader.get(row).expect(200);
            }
        }
    }
}
