//! `GET /cases/{case_id}/history`: every version with its values.

use serde_json::{Value, json};

use crate::both;

both! {
    fn every_version_is_kept_with_its_values_and_actor(world: &World) {
        let maria = world.maria_case_manager();
        let case = world.case_in_udine();
        maria
            .patch(&format!("/cases/{case}"), "*", &json!({"summary": "has found a flat", "priority": "low"}))
            .expect(200);
        world.moved(&case, &[json!({"to": "assessment"})]);
        maria.patch(&format!("/cases/{case}"), "*", &json!({"summary": null})).expect(200);
        // Who looks is not part of what became of it, and neither are its tasks.
        maria.post(&format!("/cases/{case}/tasks"), &json!({"title": "Call"})).expect(201);
        let (mut next, mut versions) = (Some(format!("/cases/{case}/history?limit=3")), Vec::new());
        while let Some(address) = next {
            let page = maria.get(&address).expect(200).json();
            versions.extend(page["items"].as_array().expect("versions").clone());
            next = page["_links"]["next"].as_str().map(str::to_owned);
        }
        let told =
            |name: &str| versions.iter().map(|row| row["values"].get(name).cloned()).collect::<Vec<Option<Value>>>();
        assert_eq!(versions.iter().map(|row| row["version"].clone()).collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert_eq!(versions[0]["operation"], "created");
        assert_eq!(versions[3]["operation"], "updated");
        let first = Some(json!("looks for housing"));
        let second = Some(json!("has found a flat"));
        assert_eq!(told("summary"), [first, second.clone(), second, None]);
        let (intake, assessment) = (Some(json!("intake")), Some(json!("assessment")));
        assert_eq!(told("status"), [intake.clone(), intake, assessment.clone(), assessment]);
        assert!(versions.iter().all(|row| row["actor_id"] == json!(world.id_of("maria_case_manager"))));
    }

    fn a_case_that_takes_its_tasks_along_leaves_each_version_once(world: &World) {
        let maria = world.maria_case_manager();
        let case = world.case_in_udine();
        maria.post(&format!("/cases/{case}/tasks"), &json!({"title": "Call"})).expect(201);
        maria.patch(&format!("/cases/{case}"), "*", &json!({"access_level": "protected"})).expect(200);
        let page = maria.get(&format!("/cases/{case}/history")).expect(200).json();
        assert_eq!(page["items"].as_array().map(Vec::len), Some(2));
    }

    fn the_history_is_for_case_managers_of_the_place(world: &World) {
        let address = format!("/cases/{}/history", world.case_in_udine());
        world.matej_case_manager_in_trieste().get(&address).expect(404);
        for name in
            ["paolo_organisation_administrator", "regional_sync_client", "giulia_auditor", "samira_help_desk_operator"]
        {
            world.caller(name).get(&address).expect(403);
        }
        world.maria_case_manager().get(&format!("{address}?limit=0")).expect(400);
    }
}
