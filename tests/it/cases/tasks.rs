//! Tasks of a case.

use serde_json::{Value, json};

use crate::both;
use crate::support::World;

fn task(world: &World, body: &Value) -> (String, String) {
    let case = format!("/cases/{}", world.case_in_udine());
    let task = world.maria_case_manager().post(&format!("{case}/tasks"), body).expect(201);
    (case, format!("/tasks/{}", task.id()))
}

both! {
    fn a_task_is_added_read_edited_and_done(world: &World) {
        let maria = world.maria_case_manager();
        let body =
            json!({"title": "Book the test", "due_on": "2027-02-01", "assignee_id": world.id_of("maria_case_manager")});
        let (case, address) = task(world, &body);
        let read = maria.get(&address).expect(200);
        assert_eq!((&read.json()["status"], &read.json()["due_on"]), (&json!("open"), &json!("2027-02-01")));
        maria.send("GET", &address, &[("if-none-match", read.header("etag"))], None).expect(304);
        let edit = json!({"due_on": null, "description": "At nine"});
        let edited = maria.patch(&address, read.header("etag"), &edit).expect(200);
        assert_eq!((&edited.json()["version"], edited.json().get("due_on")), (&json!(2), None));
        maria.patch(&address, read.header("etag"), &edit).expect(412);
        let done = maria
            .post_matching(&format!("{address}/transitions"), edited.header("etag"), &json!({"to": "done"}))
            .expect(201);
        assert_eq!(
            (&done.json()["from"], &done.json()["to"], &done.json()["task_version"]),
            (&json!("open"), &json!("done"), &json!(3))
        );
        let listed = |query: &str| {
            maria.get(&format!("{case}/tasks?{query}")).expect(200).json()["items"].as_array().map(Vec::len)
        };
        assert_eq!((listed("status=open"), listed("status=done"), listed("")), (Some(0), Some(1), Some(1)));
        let embedded = maria.get(&format!("{case}?embed=tasks")).expect(200).json();
        assert_eq!(embedded["_embedded"]["tasks"][0]["status"], "done");
    }

    fn a_task_goes_back_from_done_with_a_reason_and_from_cancelled_never(world: &World) {
        let maria = world.maria_case_manager();
        let (_, address) = task(world, &json!({"title": "Call"}));
        let go = |to: Value| maria.post_matching(&format!("{address}/transitions"), "*", &to);
        go(json!({"to": "open", "reason": "x"})).expect(409);
        go(json!({"to": "done"})).expect(201);
        go(json!({"to": "cancelled"})).expect(409);
        go(json!({"to": "open"})).expect(422);
        go(json!({"to": "open", "reason": ""})).expect(422);
        assert_eq!(go(json!({"to": "open", "reason": "the wrong one"})).expect(201).json()["reason"], "the wrong one");
        go(json!({"to": "cancelled", "reason": "not needed"})).expect(201);
        for to in [json!({"to": "open", "reason": "x"}), json!({"to": "done"}), json!({"to": "cancelled"})] {
            let refused = go(to).expect(409).json();
            assert_eq!(refused["unmet_guards"][0]["guard"], "allowed_transition");
        }
    }

    fn tasks_of_a_case_that_is_over_stand_still(world: &World) {
        let maria = world.maria_case_manager();
        let (case, address) = task(world, &json!({"title": "Call"}));
        maria.post_matching(&format!("{address}/transitions"), "*", &json!({"to": "done"})).expect(201);
        maria
            .post_matching(&format!("{case}/transitions"), "*", &json!({"to": "closed", "reason_code": "moved"}))
            .expect(201);
        maria.patch(&address, "*", &json!({"title": "x"})).expect(409);
        maria.post_matching(&format!("{address}/transitions"), "*", &json!({"to": "open", "reason": "x"})).expect(409);
    }

    fn a_task_that_does_not_fit_is_refused(world: &World) {
        let maria = world.maria_case_manager();
        let (case, address) = task(world, &json!({"title": "Call"}));
        let matej = world.id_of("matej_case_manager_in_trieste");
        for wrong in [
            json!({}),
            json!({"title": ""}),
            json!({"title": "x".repeat(201)}),
            json!({"title": "x", "status": "done"}),
            json!({"title": "x", "assignee_id": matej}),
            json!({"title": "x", "due_on": "tomorrow"}),
        ] {
            maria.post(&format!("{case}/tasks"), &wrong).expect(422);
        }
        for wrong in
            [json!({"title": null}), json!({"title": ""}), json!({"status": "done"}), json!({"assignee_id": matej})]
        {
            maria.patch(&address, "*", &wrong).expect(422);
        }
        maria.send("PATCH", &address, &[("content-type", "application/merge-patch+json")], Some(b"{}")).expect(428);
    }

    fn tasks_are_seen_where_their_case_is(world: &World) {
        let (case, address) = task(world, &json!({"title": "Call"}));
        let matej = world.matej_case_manager_in_trieste();
        matej.get(&address).expect(404);
        matej.get(&format!("{case}/tasks")).expect(404);
        matej.post(&format!("{case}/tasks"), &json!({"title": "x"})).expect(404);
        matej.patch(&address, "*", &json!({"title": "x"})).expect(404);
        matej.post_matching(&format!("{address}/transitions"), "*", &json!({"to": "done"})).expect(404);
        world.regional_sync_client().get(&address).expect(200);
        world.regional_sync_client().patch(&address, "*", &json!({"title": "x"})).expect(403);
        world.samira_help_desk_operator().get(&address).expect(403);
        world.maria_case_manager().patch(&case, "*", &json!({"access_level": "closed"})).expect(200);
        world.regional_sync_client().get(&address).expect(404);
    }

    fn a_list_of_tasks_is_read_page_by_page(world: &World) {
        let maria = world.maria_case_manager();
        let tasks = format!("/cases/{}/tasks", world.case_in_udine());
        let made: Vec<String> =
            (0..5).map(|number| maria.post(&tasks, &json!({"title": format!("{number}")})).expect(201).id()).collect();
        let (mut next, mut read) = (Some(format!("{tasks}?limit=2")), Vec::new());
        while let Some(address) = next {
            let page = maria.get(&address).expect(200).json();
            read.extend(
                page["items"]
                    .as_array()
                    .expect("tasks")
                    .iter()
                    .map(|task| task["id"].as_str().expect("an id").to_owned()),
            );
            next = page["_links"]["next"].as_str().map(str::to_owned);
        }
        assert_eq!(read, made);
    }
}
