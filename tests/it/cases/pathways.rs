//! Pathways: templates by target group, started in a case as dated tasks (domain K3).

use serde_json::{Value, json};

use crate::both;
use crate::support::{Client, World};

fn template(world: &World, groups: &Value) -> String {
    let anna = world.anna_system_administrator();
    let steps = json!([
        {"title": "Prepare a bed", "days_after_arrival": -2},
        {"title": "Register the residence", "life_domain": "legal", "days_after_arrival": 14},
        {"title": "Зарахувати до школи", "description": "With the teacher.", "days_after_arrival": 29},
    ]);
    let new =
        json!({"owner_org_id": world.fixture.comune_udine, "name": "Arrival", "target_groups": groups, "steps": steps});
    let id = anna.post("/pathway-templates", &new).expect(201).id();
    go(&anna, &format!("/pathway-templates/{id}"), "published");
    id
}

fn go(client: &Client, address: &str, to: &str) {
    client.post_matching(&format!("{address}/transitions"), "*", &json!({"to": to})).expect(201);
}

fn started(client: &Client, case: &str, template: &str) -> String {
    let new = json!({"template_id": template, "arrived_on": "2028-01-31"});
    format!("/pathways/{}", client.post(&format!("/cases/{case}/pathways"), &new).expect(201).id())
}

fn tasks(client: &Client, case: &str) -> Vec<Value> {
    client.get(&format!("/cases/{case}/tasks")).expect(200).json()["items"].as_array().unwrap().clone()
}

fn progress(client: &Client, pathway: &str) -> (String, i64) {
    let shown = client.get(pathway).expect(200).json();
    (shown["status"].as_str().unwrap().to_owned(), shown["progress_percent"].as_i64().unwrap())
}

fn guards(answer: crate::support::http::Answer) -> Vec<String> {
    let problem = answer.expect(409).json();
    problem["unmet_guards"].as_array().unwrap().iter().map(|g| g["guard"].as_str().unwrap().to_owned()).collect()
}

both! {
    fn steps_become_tasks_due_so_many_days_after_the_arrival(world: &World) {
        let maria = world.maria_case_manager();
        let case = world.case_in_udine();
        let pathway = started(&maria, &case, &template(world, &json!(["refugee"])));
        let tasks = tasks(&maria, &case);
        let due: Vec<_> = tasks.iter().map(|task| task["due_on"].as_str().unwrap()).collect();
        assert_eq!(due, ["2028-01-29", "2028-02-14", "2028-02-29"], "2028 is a leap year");
        assert!(tasks.iter().all(|task| task["assignee_id"] == world.id_of("maria_case_manager")));
        assert!(tasks.iter().all(|task| pathway.ends_with(task["pathway_id"].as_str().unwrap())));
        assert_eq!(tasks.iter().map(|task| task["step_no"].as_i64().unwrap()).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(tasks[2]["description"], "With the teacher.");
        assert_eq!(maria.get("/tasks").expect(200).json()["items"].as_array().unwrap().len(), 3);
        // Somebody arrived a week later than was told: what is open moves, what is done stays.
        go(&maria, &format!("/tasks/{}", tasks[0]["id"].as_str().unwrap()), "done");
        maria.patch(&pathway, "*", &json!({"arrived_on": "2028-02-07"})).expect(200);
        let due: Vec<_> = self::tasks(&maria, &case).iter().map(|task| task["due_on"].clone()).collect();
        assert_eq!(due, ["2028-01-29", "2028-02-21", "2028-03-07"]);
    }

    fn progress_follows_the_tasks(world: &World) {
        let maria = world.maria_case_manager();
        let case = world.case_in_udine();
        let pathway = started(&maria, &case, &template(world, &json!([])));
        let before = maria.get(&pathway).expect(200);
        assert_eq!(progress(&maria, &pathway), ("running".into(), 0));
        let step = |number: usize| format!("/tasks/{}", tasks(&maria, &case)[number]["id"].as_str().unwrap());
        go(&maria, &step(0), "done");
        assert_eq!(progress(&maria, &pathway), ("running".into(), 33));
        maria.send("GET", &pathway, &[("if-none-match", before.header("etag"))], None).expect(200);
        go(&maria, &step(1), "cancelled");
        assert_eq!(progress(&maria, &pathway), ("running".into(), 50));
        go(&maria, &step(2), "done");
        assert_eq!(progress(&maria, &pathway), ("completed".into(), 100));
        let again = json!({"to": "open", "reason": "the school has moved"});
        maria.post_matching(&format!("{}/transitions", step(2)), "*", &again).expect(201);
        assert_eq!(progress(&maria, &pathway), ("running".into(), 50));
    }

    fn a_pathway_that_is_stopped_cancels_its_open_steps_alone(world: &World) {
        let maria = world.maria_case_manager();
        let case = world.case_in_udine();
        let own = maria.post(&format!("/cases/{case}/tasks"), &json!({"title": "Call back"})).expect(201).id();
        let pathway = started(&maria, &case, &template(world, &json!([])));
        let first = tasks(&maria, &case)[1]["id"].as_str().unwrap().to_owned();
        go(&maria, &format!("/tasks/{first}"), "done");
        let stop = json!({"to": "stopped", "note": "they go through another one"});
        let stopped = maria.post_matching(&format!("{pathway}/transitions"), "*", &stop).expect(201);
        assert_eq!(stopped.header("etag"), maria.get(&pathway).expect(200).header("etag"));
        assert_eq!(progress(&maria, &pathway), ("stopped".into(), 100));
        let statuses: Vec<_> = tasks(&maria, &case).iter().map(|task| task["status"].clone()).collect();
        assert_eq!(statuses, ["open", "done", "cancelled", "cancelled"]);
        maria.get(&format!("/tasks/{own}")).expect(200);
        maria.post_matching(&format!("{pathway}/transitions"), "*", &stop).expect(409);
    }

    fn a_case_that_is_declined_leaves_nothing_running(world: &World) {
        let maria = world.maria_case_manager();
        let case = world.case_in_udine();
        let pathway = started(&maria, &case, &template(world, &json!([])));
        let declined = json!({"to": "declined", "reason_code": "other"});
        maria.post_matching(&format!("/cases/{case}/transitions"), "*", &declined).expect(201);
        assert_eq!(progress(&maria, &pathway), ("completed".into(), 100));
        assert!(tasks(&maria, &case).iter().all(|task| task["status"] == "cancelled"));
    }

    fn a_pathway_that_is_over_does_not_run_again_beside_its_twin(world: &World) {
        let maria = world.maria_case_manager();
        let case = world.case_in_udine();
        let template = template(world, &json!([]));
        let first = started(&maria, &case, &template);
        for task in tasks(&maria, &case) {
            go(&maria, &format!("/tasks/{}", task["id"].as_str().unwrap()), "done");
        }
        let second = started(&maria, &case, &template);
        let step = format!("/tasks/{}/transitions", tasks(&maria, &case)[0]["id"].as_str().unwrap());
        let again = json!({"to": "open", "reason": "not yet"});
        assert_eq!(guards(maria.post_matching(&step, "*", &again)), ["not_running"]);
        assert_eq!(progress(&maria, &first).0, "completed");
        maria.post_matching(&format!("{second}/transitions"), "*", &json!({"to": "stopped", "note": "twice"})).expect(201);
        maria.post_matching(&step, "*", &again).expect(201);
        assert_eq!(progress(&maria, &first), ("running".into(), 66));
    }

    fn two_groups_go_two_ways(world: &World) {
        let maria = world.maria_case_manager();
        let case = world.case_in_udine();
        let at = format!("/cases/{case}/pathways");
        let (theirs, others) = (template(world, &json!(["refugee", "asylum_applicant"])), template(world, &json!(["eu_citizen"])));
        let body = |template: &str| json!({"template_id": template, "arrived_on": "2028-01-31"});
        assert_eq!(guards(maria.post(&at, &body(&others))), ["target_group"]);
        maria.post(&at, &body(&theirs)).expect(201);
        assert_eq!(guards(maria.post(&at, &body(&theirs))), ["not_running"]);
        assert_eq!(tasks(&maria, &case).len(), 3, "what was refused made no task");
    }

    fn what_cannot_be_started_is_refused_and_makes_nothing(world: &World) {
        let (anna, maria) = (world.anna_system_administrator(), world.maria_case_manager());
        let case = world.case_in_udine();
        let at = format!("/cases/{case}/pathways");
        let new = json!({"owner_org_id": world.fixture.comune_udine, "name": "A draft", "steps": [{"title": "x", "days_after_arrival": 1}]});
        let draft = anna.post("/pathway-templates", &new).expect(201).id();
        let mut foreign = new.clone();
        foreign["owner_org_id"] = json!(world.fixture.comune_trieste);
        let foreign = anna.post("/pathway-templates", &foreign).expect(201).id();
        go(&anna, &format!("/pathway-templates/{foreign}"), "published");
        let retired = template(world, &json!([]));
        go(&anna, &format!("/pathway-templates/{retired}"), "retired");
        for template in [&draft, &foreign, &retired] {
            let refused = maria.post(&at, &json!({"template_id": template, "arrived_on": "2028-01-31"})).expect(422);
            assert_eq!(refused.json()["errors"][0]["pointer"], "#/template_id");
        }
        // A region's template is for its municipalities, too.
        let mut above = new.clone();
        above["owner_org_id"] = json!(world.fixture.root);
        let above = anna.post("/pathway-templates", &above).expect(201).id();
        go(&anna, &format!("/pathway-templates/{above}"), "published");
        let far = json!({"template_id": above, "arrived_on": "9999-12-31"});
        assert_eq!(maria.post(&at, &far).expect(422).json()["errors"][0]["pointer"], "#/arrived_on");
        assert_eq!(tasks(&maria, &case).len(), 0);
        // The case says when the person arrived.
        let started = maria.post(&at, &json!({"template_id": above})).expect(201).json();
        assert_eq!(started["arrived_on"], "2026-03-01");
        maria.patch(&format!("/cases/{case}"), "*", &json!({"arrived_on": null})).expect(200);
        let another = template(world, &json!([]));
        assert_eq!(maria.post(&at, &json!({"template_id": another})).expect(422).json()["errors"][0]["pointer"], "#/arrived_on");
    }

    fn a_template_is_edited_until_it_is_published(world: &World) {
        let anna = world.anna_system_administrator();
        let new = json!({"owner_org_id": world.fixture.comune_udine, "name": "A draft", "steps": [{"title": "x", "days_after_arrival": 1}]});
        let address = format!("/pathway-templates/{}", anna.post("/pathway-templates", &new).expect(201).id());
        let edited = anna.patch(&address, "*", &json!({"name": "First hundred days", "target_groups": ["refugee"]})).expect(200);
        assert_eq!(edited.json()["target_groups"], json!(["refugee"]));
        for (wrong, pointer) in [
            (json!({"steps": []}), "#/steps"),
            (json!({"steps": [{"title": "", "days_after_arrival": 1}]}), "#/steps/0/title"),
            (json!({"steps": [{"title": "x", "days_after_arrival": 3651}]}), "#/steps/0/days_after_arrival"),
            (json!({"target_groups": ["martians"]}), "#/target_groups/0"),
        ] {
            assert_eq!(anna.patch(&address, "*", &wrong).expect(422).json()["errors"][0]["pointer"], pointer);
        }
        go(&anna, &address, "published");
        assert_eq!(guards(anna.patch(&address, "*", &json!({"name": "x"}))), ["draft"]);
        let listed = |query: &str| {
            let page = world.maria_case_manager().get(&format!("/pathway-templates?{query}")).expect(200).json();
            page["items"].as_array().unwrap().len()
        };
        assert_eq!((listed("status=published"), listed("status=draft")), (1, 0));
        assert_eq!(listed(&format!("organisation_id={}", world.fixture.comune_udine)), 1);
        assert_eq!(listed(&format!("organisation_id={}", world.fixture.comune_trieste)), 0);
    }
}
