//! `GET /cases/{case_id}/accesses`: who looked, alone or in a list.

use serde_json::{Value, json};

use crate::both;

both! {
    fn an_edit_that_changes_nothing_is_a_look(world: &World) {
        let maria = world.maria_case_manager();
        let case = world.case_in_udine();
        let address = format!("/cases/{case}");
        let task = maria.post(&format!("{address}/tasks"), &json!({"title": "Call back"})).expect(201).id();
        let told = || -> Vec<String> {
            let page = maria.get(&format!("{address}/accesses")).expect(200).json();
            let items = page["items"].as_array().expect("accesses").clone();
            items.iter().map(|access| access["operation"].as_str().expect("a name").to_owned()).collect()
        };
        // Creations are found by their change records.
        assert_eq!(told(), [""; 0]);
        maria.patch(&address, "*", &json!({})).expect(200);
        maria.patch(&format!("/tasks/{task}"), "*", &json!({"title": "Call back"})).expect(200);
        assert_eq!(told(), ["list_case_accesses", "edit_case", "edit_task"]);
        maria.patch(&address, "*", &json!({"priority": "high"})).expect(200);
        assert_eq!(told().iter().filter(|name| *name == "edit_case").count(), 1, "a change is not told twice");
        let person = maria.get(&address).expect(200).json()["person_id"].as_str().expect("an id").to_owned();
        let before = told().len();
        maria.patch(&format!("/people/{person}"), "*", &json!({})).expect(200);
        assert_eq!(told().len(), before + 1, "the look at the accesses; that at the person is another's");
    }

    fn looks_at_the_case_are_listed_whether_alone_or_on_a_page(world: &World) {
        let maria = world.maria_case_manager();
        let (case, other) = (world.case_in_udine(), world.case_in_udine());
        world.regional_sync_client().get(&format!("/cases/{case}")).expect(200);
        maria.get(&format!("/cases/{other}")).expect(200);
        maria.get("/cases").expect(200);
        world.paolo_organisation_administrator().get("/cases?limit=1").expect(200);
        maria.get(&format!("/cases/{case}/tasks")).expect(200);
        let address = format!("/cases/{case}/accesses");
        let page = maria.get(&address).expect(200).json();
        let told: Vec<(&Value, &Value)> = page["items"]
            .as_array()
            .expect("accesses")
            .iter()
            .map(|access| (&access["operation"], &access["actor_id"]))
            .collect();
        let (maria_id, region_id) =
            (json!(world.id_of("maria_case_manager")), json!(world.id_of("regional_sync_client")));
        let (read, list, tasks) = (json!("read_case"), json!("list_cases"), json!("list_tasks"));
        assert_eq!(told, [(&read, &region_id), (&list, &maria_id), (&tasks, &maria_id)]);
        // Looking at who looked is a look, and comes up the next time; in pages of one it is the same list.
        let (mut next, mut rows) = (Some(format!("{address}?limit=1")), 0);
        while let Some(address) = next {
            let page = world.giulia_auditor().get(&address);
            let page =
                if page.status == 403 || page.status == 404 { maria.get(&address) } else { page }.expect(200).json();
            rows += page["items"].as_array().map_or(0, Vec::len);
            assert!(page["items"].as_array().map_or(0, Vec::len) <= 1);
            next = page["_links"]["next"].as_str().map(str::to_owned).filter(|_| rows < 4);
        }
        assert_eq!(rows, 4);
    }

    fn the_list_is_for_case_managers_of_the_place_and_the_auditor(world: &World) {
        let address = format!("/cases/{}/accesses", world.case_in_udine());
        world.giulia_auditor().get(&address).expect(200);
        world.matej_case_manager_in_trieste().get(&address).expect(404);
        world.paolo_organisation_administrator().get(&address).expect(403);
        world.regional_sync_client().get(&address).expect(403);
        world.samira_help_desk_operator().get(&address).expect(403);
    }
}
