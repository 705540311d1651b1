//! Cases of unaccompanied minors: a guardian, and a plan for the eighteenth birthday.

use serde_json::{Value, json};

use crate::both;
use crate::support::http::{Answer, Client};
use crate::support::{World, planning};

/// A case in planning, of somebody born on this day, with an open goal. Gives the person and the case.
fn in_planning(world: &World, born: &str) -> (String, String) {
    let maria = world.maria_case_manager();
    let mut person = world.person_in_udine();
    person["date_of_birth"] = json!(born);
    let person = maria.post("/people", &person).expect(201).id();
    let new = json!({
        "person_id": person, "target_group": "unaccompanied_minor", "arrived_on": "2026-03-01", "legal_basis": "public_task",
        "case_manager_id": world.id_of("maria_case_manager"),
    });
    let case = maria.post("/cases", &new).expect(201).id();
    world.moved(&case, &[json!({"to": "assessment"}), json!({"to": "planning"})]);
    planning::goal(&maria, &case);
    (person, case)
}

fn activate(client: &Client, case: &str) -> Answer {
    client.post_matching(&format!("/cases/{case}/transitions"), "*", &json!({"to": "active"}))
}

fn guards(answer: Answer) -> Vec<String> {
    let problem = answer.expect(409).json();
    let unmet = problem["unmet_guards"].as_array().expect("guards").iter();
    unmet.map(|guard| guard["guard"].as_str().expect("a name").to_owned()).collect()
}

fn agreed(client: &Client, case: &str, arrangements: Value) {
    let plan = client.post(&format!("/cases/{case}/plans"), &json!({})).expect(201);
    let address = format!("/plans/{}", plan.id());
    client.patch(&address, "*", &json!({"coming_of_age_arrangements": arrangements})).expect(200);
    let agreed = json!({"to": "agreed", "agreed_on": planning::today(), "agreed_by": "guardian"});
    client.post_matching(&format!("{address}/transitions"), "*", &agreed).expect(201);
}

both! {
    fn an_unaccompanied_minor_needs_a_guardian_and_a_plan_for_the_eighteenth_birthday(world: &World) {
        let maria = world.maria_case_manager();
        let (person, case) = in_planning(world, "2012-02-29");
        agreed(&maria, &case, json!(null));
        assert_eq!(guards(activate(&maria, &case)), ["guardian", "coming_of_age_plan"]);
        let transitions = maria.get(&format!("/cases/{case}?embed=transitions")).expect(200).json();
        assert!(transitions["_embedded"].to_string().contains("coming_of_age_plan"));

        let relations = format!("/people/{person}/relations");
        let mut guardian = json!({"kind": "guardian_of", "guardian_name": "Avv. Bassi", "valid_from": "2024-01-01", "valid_to": "2025-01-01"});
        maria.post(&relations, &guardian).expect(201);
        assert_eq!(guards(activate(&maria, &case)), ["guardian", "coming_of_age_plan"], "a guardianship that has ended is none");
        guardian["valid_from"] = json!("2025-01-01");
        guardian.as_object_mut().expect("a relation").remove("valid_to");
        maria.post(&relations, &guardian).expect(201);
        assert_eq!(guards(activate(&maria, &case)), ["coming_of_age_plan"]);
        agreed(&maria, &case, json!("a place in a flat for young adults"));
        activate(&maria, &case).expect(201);
    }

    fn who_has_come_of_age_needs_neither(world: &World) {
        let maria = world.maria_case_manager();
        let (_, case) = in_planning(world, "2000-01-01");
        agreed(&maria, &case, json!(null));
        activate(&maria, &case).expect(201);
    }

    fn the_arrangements_are_notes(world: &World) {
        let maria = world.maria_case_manager();
        let (_, case) = in_planning(world, "2012-01-01");
        let body = json!({"coming_of_age_arrangements": "must not be found"});
        let plan = maria.post(&format!("/cases/{case}/plans"), &body).expect(201);
        assert_eq!(plan.json()["coming_of_age_arrangements"], "must not be found");
        let shown = world.regional_sync_client().get(&format!("/plans/{}", plan.id())).expect(200);
        assert!(!shown.text.contains("must not be found"));
        assert_eq!(shown.json()["withheld_fields"], json!(["summary", "coming_of_age_arrangements"]));
    }
}
