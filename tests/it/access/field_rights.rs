//! Field rights: what a role hides is withheld, row by row, whether or not it has a value.

use serde_json::{Value, json};

use crate::both;
use crate::support::World;

fn withheld(row: &Value) -> Vec<&str> {
    row["withheld_fields"].as_array().expect("names").iter().filter_map(Value::as_str).collect()
}

fn person_in_trieste(world: &World) -> Value {
    let mut person = world.person_in_udine();
    person["owner_org_id"] = json!(world.fixture.comune_trieste);
    person["territory_id"] = json!(world.fixture.trieste);
    person
}

both! {
    fn what_a_role_hides_is_withheld_whether_or_not_it_has_a_value(world: &World) {
        let maria = world.maria_case_manager();
        let mut plain = world.person_in_udine();
        plain.as_object_mut().expect("a person").retain(|name, _| name != "health_needs" && name != "notes");
        let full = maria.post("/people", &world.person_in_udine()).expect(201).json();
        assert_eq!(withheld(&full), Vec::<&str>::new());
        assert_eq!(full["health_needs"], "needs insulin");
        let bare = maria.post("/people", &plain).expect(201).id();
        for id in [full["id"].as_str().expect("an id"), &bare] {
            for reader in [world.samira_help_desk_operator(), world.regional_sync_client()] {
                let shown = reader.get(&format!("/people/{id}")).expect(200).json();
                assert_eq!(withheld(&shown), ["health_needs", "notes"]);
                assert!(shown.get("health_needs").is_none() && shown.get("notes").is_none());
                assert_eq!((&shown["family_name"], &shown["citizenships"]), (&json!("Шевчук"), &json!(["UA"])));
                let narrowed = reader.get(&format!("/people/{id}?fields=health_needs,given_name")).expect(200).json();
                assert!(narrowed.get("health_needs").is_none() && narrowed.get("given_name").is_some());
                assert_eq!(withheld(&narrowed), ["health_needs", "notes"]);
            }
        }
        let found =
            world.samira_help_desk_operator().post("/people/searches", &json!({"name": "shevchuk"})).expect(200);
        assert!(!found.text.contains("insulin") && !found.text.contains("mornings"));
    }

    fn rights_are_those_of_the_grants_that_reach_the_row(world: &World) {
        // Samira is at the help desk in Udine and manages cases in Trieste.
        let samira = world.samira_help_desk_operator();
        world.grant(&world.id_of("samira_help_desk_operator"), &json!({
            "role": "case_manager", "organisation_id": world.fixture.comune_trieste, "territory_ids": [world.fixture.trieste],
        }));
        let near = world.maria_case_manager().post("/people", &world.person_in_udine()).expect(201).id();
        let far = world.matej_case_manager_in_trieste().post("/people", &person_in_trieste(world)).expect(201).id();
        let found = samira.post("/people/searches", &json!({"name": "shevchuk"})).expect(200).json();
        let row = |id: &str| {
            let rows = found["items"].as_array().expect("people");
            rows.iter().find(|row| row["id"] == *id).expect("found").clone()
        };
        assert_eq!(withheld(&row(&near)), ["health_needs", "notes"]);
        assert_eq!(withheld(&row(&far)), Vec::<&str>::new());
        assert_eq!(row(&far)["health_needs"], "needs insulin");
        samira.patch(&format!("/people/{far}"), "*", &json!({"health_needs": null})).expect(200);
        samira.patch(&format!("/people/{near}"), "*", &json!({"phone": "+39 0432"})).expect(403);
    }

    fn the_help_desk_writes_no_health_needs_and_no_notes(world: &World) {
        let samira = world.samira_help_desk_operator();
        let mut person = world.person_in_udine();
        samira.post("/people", &person).expect(403);
        person.as_object_mut().expect("a person").remove("notes");
        let refused = samira.post("/people", &person).expect(403).json();
        assert!(refused["detail"].as_str().expect("a sentence").contains("health_needs"));
        person.as_object_mut().expect("a person").remove("health_needs");
        let made = samira.post("/people", &person).expect(201).json();
        assert_eq!(withheld(&made), ["health_needs", "notes"]);
        // It opens the case, too, but writes no summary.
        let case = json!({"person_id": made["id"], "target_group": "refugee", "arrived_on": "2026-03-01", "legal_basis": "public_task"});
        let mut told = case.clone();
        told["summary"] = json!("looks for housing");
        samira.post("/cases", &told).expect(403);
        let case = samira.post("/cases", &case).expect(201).json();
        assert_eq!(withheld(&case), ["summary"]);
        samira.get(&format!("/cases/{}", case["id"].as_str().expect("an id"))).expect(403);
    }

    fn an_administrator_sees_that_there_are_cases_not_whose(world: &World) {
        let case = world.case_in_udine();
        let paolo = world.paolo_organisation_administrator();
        let list = paolo.get("/cases").expect(200);
        let row = &list.json()["items"][0];
        assert_eq!(row["id"], json!(case));
        assert_eq!(withheld(row), ["person_id", "household_id", "external_ids", "legal_basis", "arrived_on", "summary"]);
        assert_eq!(row["allowed_transitions"], json!([]));
        for name in ["person_id", "household_id", "external_ids", "legal_basis", "arrived_on", "summary"] {
            assert!(row.get(name).is_none(), "{name}");
        }
        paolo.get(&format!("/cases/{case}")).expect(403);
        // Filtering by what is hidden would tell it.
        let person = world.maria_case_manager().get(&format!("/cases/{case}")).expect(200).json()["person_id"].clone();
        let person = person.as_str().expect("an id").to_owned();
        paolo.get(&format!("/cases?person_id={person}")).expect(403);
        paolo.get(&format!("/people/{person}")).expect(403);
        paolo.post("/people/searches", &json!({"name": "shevchuk"})).expect(403);
        // Nor does a second grant help that shows identities elsewhere.
        world.grant(&world.id_of("paolo_organisation_administrator"), &json!({
            "role": "case_manager", "organisation_id": world.fixture.comune_trieste, "territory_ids": [world.fixture.trieste],
        }));
        paolo.get(&format!("/cases?person_id={person}")).expect(403);
        assert_eq!(
            withheld(&paolo.get("/cases").expect(200).json()["items"][0]),
            ["person_id", "household_id", "external_ids", "legal_basis", "arrived_on", "summary"]
        );
    }
}
