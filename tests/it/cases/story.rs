//! A refugee family from first contact to closing and back, as `docs/from-first-contact-to-closing.md` tells it.

use std::thread::sleep;
use std::time::Duration;

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};

use crate::both;
use crate::support::planning;

both! {
    fn a_case_manager_works_a_familys_case_from_first_contact_to_closing_and_back(world: &World) {
        let maria = world.maria_case_manager();
        let me = world.id_of("maria_case_manager");
        let today: NaiveDate = planning::today().parse().expect("a date");
        let place = json!({"owner_org_id": world.fixture.comune_udine, "territory_id": world.fixture.udine});
        let with = |more: Value| {
            let mut body = place.clone();
            body.as_object_mut().expect("a body").extend(more.as_object().expect("members").clone());
            body
        };
        // She registers the family.
        let mother = maria.post("/people", &with(json!({"given_name": "ليلى", "family_name": "حداد", "given_name_latin": "Layla",
            "family_name_latin": "Haddad", "date_of_birth": "1990-02-11", "citizenships": ["SY"], "languages": ["ar"], "interpreter_needed": true,
            "interpreter_language": "ar"}))).expect(201).id();
        let son = with(json!({"given_name": "سامي", "family_name": "حداد", "date_of_birth": "2015-06-01"}));
        let son = maria.post("/people", &son).expect(201).id();
        maria.post(&format!("/people/{mother}/relations"), &json!({"kind": "parent_of", "object_id": son})).expect(201);
        let home = maria.post("/households", &with(json!({"label": "Haddad"}))).expect(201).id();
        for one in [&mother, &son] {
            let member = json!({"person_id": one, "valid_from": "2026-01-15"});
            maria.post(&format!("/households/{home}/members"), &member).expect(201);
        }
        let applied = json!({"category": "asylum_applicant", "change_kind": "first", "valid_from": "2026-01-20"});
        maria.post(&format!("/people/{mother}/legal-statuses"), &applied).expect(201);
        // She opens a case, assesses, plans.
        let new = json!({"person_id": mother, "target_group": "asylum_applicant", "arrived_on": "2026-03-01", "legal_basis": "public_task", "case_manager_id": me,
            "household_id": home});
        let case = maria.post("/cases", &new).expect(201).id();
        let go = |body: Value| maria.post_matching(&format!("/cases/{case}/transitions"), "*", &body);
        go(json!({"to": "assessment"})).expect(201);
        let before = planning::assessed(&maria, &case, 3, 2);
        go(json!({"to": "planning"})).expect(201);
        let goal = planning::goal(&maria, &case);
        let refused = go(json!({"to": "active"})).expect(409).json();
        assert_eq!(refused["unmet_guards"][0]["guard"], "client_agreement", "{refused}");
        planning::agreed_plan(&maria, &case);
        let task = json!({"title": "Enrol in the language course", "goal_id": goal, "assignee_id": me, "due_on": today + Days::new(14)});
        let task = maria.post(&format!("/cases/{case}/tasks"), &task).expect(201).id();
        go(json!({"to": "active"})).expect(201);
        // The application becomes refugee status; the worklist tells what comes first.
        let recognised = json!({"category": "refugee", "change_kind": "recognition", "valid_from": today,
            "valid_to": today + Days::new(80), "ends_previous": true});
        maria.post(&format!("/people/{mother}/legal-statuses"), &recognised).expect(201);
        let kinds = || {
            let page = maria.get("/me/worklist").expect(200).json();
            let items = page["items"].as_array().expect("items").clone();
            items.iter().map(|item| item["kind"].as_str().expect("a kind").to_owned()).collect::<Vec<_>>()
        };
        for _ in 0..100 {
            if kinds().len() == 2 {
                break;
            }
            sleep(Duration::from_millis(50));
        }
        assert_eq!(kinds(), ["task", "expiring_document"]);
        // She works, assesses again, and closes with an outcome for the goal.
        maria.post_matching(&format!("/tasks/{task}/transitions"), "*", &json!({"to": "done"})).expect(201);
        let after = planning::assessed(&maria, &case, 1, 2);
        let delta = maria.get(&format!("/assessments/{after}/delta")).expect(200);
        assert!(delta.text.contains(&before), "compared with the one before: {}", delta.text);
        go(json!({"to": "evaluation"})).expect(201);
        let refused = go(json!({"to": "closed", "reason_code": "goals_reached"})).expect(409).json();
        assert_eq!(refused["unmet_guards"][0]["guard"], "goal_outcome", "{refused}");
        maria.post_matching(&format!("/goals/{goal}/transitions"), "*", &json!({"to": "achieved"})).expect(201);
        go(json!({"to": "closed", "reason_code": "goals_reached"})).expect(201);
        assert!(kinds().is_empty(), "a closed case asks for nothing");
        // Months later the family needs help again.
        go(json!({"to": "assessment", "reason_code": "new_need"})).expect(201);
        let now = maria.get(&format!("/cases/{case}")).expect(200).json();
        assert_eq!((&now["status"], &now["episode_no"]), (&json!("assessment"), &json!(2)));
    }
}
