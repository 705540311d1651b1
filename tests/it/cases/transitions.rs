//! The case machine by HTTP: every edge and every guard.

use serde_json::{Value, json};

use crate::both;
use crate::support::World;
use crate::support::http::Answer;
use crate::support::planning::fulfil;

fn make(world: &World, case: &str, made: &Value) -> Answer {
    world.maria_case_manager().post_matching(&format!("/cases/{case}/transitions"), "*", made)
}

fn read(world: &World, case: &str) -> Value {
    world.maria_case_manager().get(&format!("/cases/{case}")).expect(200).json()
}

fn guards(answer: Answer) -> Vec<String> {
    let problem = answer.expect(409).json();
    let unmet = problem["unmet_guards"].as_array().expect("guards").iter();
    unmet.map(|guard| guard["guard"].as_str().expect("a name").to_owned()).collect()
}

fn add_task(world: &World, case: &str) -> Answer {
    world.maria_case_manager().post(&format!("/cases/{case}/tasks"), &json!({"title": "Call the school"}))
}

fn to(state: &str) -> Value {
    json!({"to": state})
}

fn hold() -> Value {
    json!({"to": "on_hold", "review_at": "2999-01-01"})
}

fn close(reason: &str) -> Value {
    json!({"to": "closed", "reason_code": reason})
}

/// Ways from intake to each state.
fn ways() -> Vec<(&'static str, Vec<Value>)> {
    let along =
        |count: usize| ["assessment", "planning", "active", "evaluation"][..count].iter().map(|s| to(s)).collect();
    let then = |count: usize, last: Value| {
        let mut moves: Vec<Value> = along(count);
        moves.push(last);
        moves
    };
    vec![
        ("intake", Vec::new()),
        ("assessment", along(1)),
        ("planning", along(2)),
        ("active", along(3)),
        ("evaluation", along(4)),
        ("on_hold", then(3, hold())),
        ("declined", then(0, json!({"to": "declined", "reason_code": "not_eligible"}))),
        ("closed", then(4, close("goals_reached"))),
    ]
}

/// A body for each state that brings everything the move could need, after evaluation or early.
fn bodies(from: &str) -> Vec<(&'static str, Value)> {
    let assessment =
        if from == "closed" { json!({"to": "assessment", "reason_code": "new_need"}) } else { to("assessment") };
    vec![
        ("assessment", assessment),
        ("declined", json!({"to": "declined", "reason_code": "not_eligible"})),
        ("planning", to("planning")),
        ("active", to("active")),
        ("evaluation", to("evaluation")),
        ("on_hold", hold()),
        ("closed", close("moved")),
    ]
}

/// The machine as domain 2 writes it, with the hold made from active.
fn edges(from: &str) -> &'static [&'static str] {
    match from {
        "intake" => &["assessment", "declined", "closed"],
        "assessment" => &["planning", "on_hold", "closed"],
        "planning" => &["active", "on_hold", "closed"],
        "active" => &["evaluation", "on_hold", "closed"],
        "evaluation" => &["active", "closed"],
        "on_hold" => &["active", "closed"],
        "closed" => &["assessment"],
        _ => &[],
    }
}

both! {
    fn every_edge_of_the_machine_is_there_and_no_other(world: &World) {
        for (from, way) in ways() {
            for (target, body) in bodies(from) {
                let case = world.case_in_udine();
                world.moved(&case, &way);
                let before = read(world, &case);
                assert_eq!(before["status"], from);
                let mut allowed: Vec<&str> = before["allowed_transitions"]
                    .as_array()
                    .expect("states")
                    .iter()
                    .filter_map(Value::as_str)
                    .collect();
                allowed.sort_unstable();
                let mut expected = edges(from).to_vec();
                expected.sort_unstable();
                assert_eq!(allowed, expected, "from {from}");
                fulfil(&world.maria_case_manager(), &case, target);
                let answer = make(world, &case, &body);
                if edges(from).contains(&target) {
                    let made = answer.expect(201).json();
                    assert_eq!((&made["from"], &made["to"]), (&json!(from), &json!(target)));
                    assert_eq!(read(world, &case)["status"], target);
                } else {
                    assert_eq!(guards(answer), ["allowed_transition"], "from {from} to {target}");
                    assert_eq!(read(world, &case), before, "a refused move leaves no trace");
                }
            }
        }
    }

    fn an_intake_needs_a_manager_and_a_legal_basis_to_go_on(world: &World) {
        let maria = world.maria_case_manager();
        let person = maria.post("/people", &world.person_in_udine()).expect(201).id();
        let case = maria.post("/cases", &json!({"person_id": person, "target_group": "refugee", "arrived_on": "2026-03-01"})).expect(201).id();
        let address = format!("/cases/{case}");
        assert_eq!(guards(make(world, &case, &to("assessment"))), ["case_manager", "legal_basis"]);
        maria.patch(&address, "*", &json!({"case_manager_id": world.id_of("maria_case_manager")})).expect(200);
        assert_eq!(guards(make(world, &case, &to("assessment"))), ["legal_basis"]);
        let possible = maria.get(&format!("{address}?embed=transitions")).expect(200).json();
        let possible = possible["_embedded"]["transitions"].as_array().expect("moves").clone();
        let assessment = possible.iter().find(|made| made["to"] == "assessment").expect("allowed by status");
        assert_eq!(assessment["unmet_guards"][0]["guard"], "legal_basis");
        maria.patch(&address, "*", &json!({"legal_basis": "public_task"})).expect(200);
        make(world, &case, &to("assessment")).expect(201);
    }

    fn each_target_group_requires_what_its_code_list_says(world: &World) {
        let (maria, anna) = (world.maria_case_manager(), world.anna_system_administrator());
        let mut unknown = world.person_in_udine();
        unknown.as_object_mut().expect("a person").retain(|name, _| {
            ["owner_org_id", "territory_id", "given_name", "family_name"].contains(&name.as_str())
        });
        let begun = |group: &str| {
            let person = maria.post("/people", &unknown).expect(201).id();
            let new = json!({"person_id": person, "target_group": group, "legal_basis": "public_task",
                "case_manager_id": world.id_of("maria_case_manager")});
            (person, maria.post("/cases", &new).expect(201).id())
        };
        let ((citizen, theirs), (_, refugees)) = (begun("eu_citizen"), begun("refugee"));
        assert_eq!(guards(make(world, &theirs, &to("assessment"))), ["citizenships"]);
        assert_eq!(guards(make(world, &refugees, &to("assessment"))), ["arrived_on"]);
        maria.patch(&format!("/people/{citizen}"), "*", &json!({"citizenships": ["RO"]})).expect(200);
        make(world, &theirs, &to("assessment")).expect(201);
        maria.patch(&format!("/cases/{refugees}"), "*", &json!({"arrived_on": "2026-03-01"})).expect(200);
        make(world, &refugees, &to("assessment")).expect(201);
        // What a group requires is data.
        let mut list = anna.get("/code-lists/target_groups").expect(200).json()["items"].clone();
        for item in list.as_array_mut().expect("codes") {
            item.as_object_mut().expect("a code").remove("label");
            if item["code"] == "other" {
                item["requires"] = json!(["arrived_on", "citizenships", "date_of_birth", "legal_status", "languages"]);
            }
        }
        anna.post_matching("/code-lists/target_groups/versions", "*", &json!({"items": list})).expect(201);
        let (person, case) = begun("other");
        let all = ["arrived_on", "citizenships", "date_of_birth", "legal_status", "languages"];
        assert_eq!(guards(make(world, &case, &to("assessment"))), all);
        let ended = json!({"category": "tcn_work", "change_kind": "first", "valid_from": "2020-01-01", "valid_to": "2021-01-01"});
        maria.post(&format!("/people/{person}/legal-statuses"), &ended).expect(201);
        assert_eq!(guards(make(world, &case, &to("assessment"))), all, "a status that has ended is none");
        let held = json!({"category": "tcn_work", "change_kind": "renewal", "valid_from": "2021-01-01"});
        maria.post(&format!("/people/{person}/legal-statuses"), &held).expect(201);
        let told = json!({"citizenships": ["BD"], "date_of_birth": "1990-02-11", "languages": ["bn"]});
        maria.patch(&format!("/people/{person}"), "*", &told).expect(200);
        assert_eq!(guards(make(world, &case, &to("assessment"))), ["arrived_on"]);
        maria.patch(&format!("/cases/{case}"), "*", &json!({"arrived_on": "2026-03-01"})).expect(200);
        make(world, &case, &to("assessment")).expect(201);
    }

    fn closing_after_evaluation_waits_for_open_tasks(world: &World) {
        let case = world.case_in_udine();
        world.moved(&case, &[to("assessment"), to("planning"), to("active"), to("evaluation")]);
        let task = add_task(world, &case).expect(201).id();
        assert_eq!(guards(make(world, &case, &close("goals_reached"))), ["no_open_task"]);
        world.maria_case_manager().post_matching(&format!("/tasks/{task}/transitions"), "*", &to("done")).expect(201);
        make(world, &case, &close("goals_reached")).expect(201);
        let closed = read(world, &case);
        assert_eq!(closed["closing_reason"], "goals_reached");
        assert!(closed["closed_on"].is_string());
    }

    fn closing_early_cancels_the_open_tasks_and_leaves_the_others(world: &World) {
        let maria = world.maria_case_manager();
        let case = world.case_in_udine();
        let (open, done) = (add_task(world, &case).expect(201).id(), add_task(world, &case).expect(201).id());
        maria.post_matching(&format!("/tasks/{done}/transitions"), "*", &to("done")).expect(201);
        make(world, &case, &close("goals_reached")).expect(409);
        make(world, &case, &close("no_contact")).expect(201);
        let status = |task: &str| maria.get(&format!("/tasks/{task}")).expect(200).json()["status"].clone();
        assert_eq!((status(&open), status(&done)), (json!("cancelled"), json!("done")));
    }

    fn a_case_on_hold_has_a_review_date_and_comes_back_to_where_it_was(world: &World) {
        for (count, held) in [(1, "assessment"), (2, "planning"), (3, "active")] {
            let case = world.case_in_udine();
            world
                .moved(&case, &["assessment", "planning", "active"][..count].iter().map(|s| to(s)).collect::<Vec<_>>());
            make(world, &case, &to("on_hold")).expect(422);
            make(world, &case, &json!({"to": "on_hold", "review_at": "2020-01-01"})).expect(422);
            make(world, &case, &hold()).expect(201);
            let on_hold = read(world, &case);
            assert_eq!((&on_hold["held_status"], &on_hold["review_at"]), (&json!(held), &json!("2999-01-01")));
            for state in ["assessment", "planning", "active"].into_iter().filter(|state| *state != held) {
                assert_eq!(guards(make(world, &case, &to(state))), ["allowed_transition"]);
            }
            make(world, &case, &to(held)).expect(201);
            let back = read(world, &case);
            assert_eq!(back["status"], held);
            assert!(back.get("held_status").is_none() && back.get("review_at").is_none());
        }
    }

    fn reopening_needs_a_reason_and_begins_the_next_episode(world: &World) {
        let case = world.case_in_udine();
        for episode in 1..3 {
            assert_eq!(read(world, &case)["episode_no"], episode);
            make(world, &case, &close("moved")).expect(201);
            assert_eq!(guards(make(world, &case, &to("assessment"))), ["reason_code"]);
            make(world, &case, &json!({"to": "assessment", "reason_code": "moved"})).expect(422);
            make(world, &case, &json!({"to": "assessment", "reason_code": "returned"})).expect(201);
            let open = read(world, &case);
            assert_eq!((&open["status"], &open["episode_no"]), (&json!("assessment"), &json!(episode + 1)));
            assert!(open.get("closed_on").is_none() && open.get("closing_reason").is_none());
        }
    }

    fn no_task_is_added_to_a_case_that_is_over(world: &World) {
        let (closed, declined) = (world.case_in_udine(), world.case_in_udine());
        make(world, &closed, &close("withdrew")).expect(201);
        make(world, &declined, &json!({"to": "declined", "reason_code": "no_need"})).expect(201);
        assert_eq!(guards(add_task(world, &closed)), ["case_open"]);
        assert_eq!(guards(add_task(world, &declined)), ["case_open"]);
        make(world, &closed, &json!({"to": "assessment", "reason_code": "new_need"})).expect(201);
        add_task(world, &closed).expect(201);
    }

    fn a_task_and_a_closing_that_race_never_both_win(world: &World) {
        for _ in 0..6 {
            let case = world.case_in_udine();
            world.moved(&case, &[to("assessment"), to("planning"), to("active"), to("evaluation")]);
            let (closed, task) = std::thread::scope(|scope| {
                let closing = scope.spawn(|| make(world, &case, &close("goals_reached")).status);
                let task = scope.spawn(|| add_task(world, &case).status);
                (closing.join().expect("an answer"), task.join().expect("an answer"))
            });
            assert!(matches!((closed, task), (201, 409) | (409, 201)), "{closed} {task}");
        }
    }

    fn a_move_needs_the_present_version_and_gives_the_next(world: &World) {
        let maria = world.maria_case_manager();
        let case = world.case_in_udine();
        let address = format!("/cases/{case}/transitions");
        maria.post(&address, &to("assessment")).expect(428);
        maria.post_matching(&address, "\"9.x\"", &to("assessment")).expect(412);
        let etag = maria.get(&format!("/cases/{case}")).expect(200).header("etag").to_owned();
        let made = maria.post_matching(&address, &etag, &to("assessment")).expect(201);
        assert_eq!(made.json()["case_version"], 2);
        assert_eq!(maria.get(&format!("/cases/{case}")).expect(200).header("etag"), made.header("etag"));
        assert_eq!(maria.get(made.header("location")).expect(200).json(), made.json());
        assert_eq!(maria.get(&address).expect(200).json()["items"], json!([made.json()]));
        maria.post_matching(&address, &etag, &to("planning")).expect(412);
    }

    fn a_body_says_one_move_and_nothing_else(world: &World) {
        let case = world.case_in_udine();
        for body in [
            json!({}),
            json!({"to": "nowhere"}),
            json!({"to": "assessment", "review_at": "2999-01-01"}),
            json!({"to": "declined"}),
            json!({"to": "declined", "reason_code": "moved"}),
            json!({"to": "closed"}),
            json!({"to": "closed", "reason_code": "nonsense"}),
            json!({"to": "assessment", "note": ""}),
            json!({"to": "assessment", "reason_code": "new_need"}),
        ] {
            make(world, &case, &body).expect(422);
        }
        assert_eq!(read(world, &case)["version"], 1);
    }

    fn only_case_managers_of_the_place_move_cases(world: &World) {
        let case = world.case_in_udine();
        let address = format!("/cases/{case}/transitions");
        world.matej_case_manager_in_trieste().post_matching(&address, "*", &to("assessment")).expect(404);
        world.samira_help_desk_operator().post_matching(&address, "*", &to("assessment")).expect(403);
        world.regional_sync_client().post_matching(&address, "*", &to("assessment")).expect(403);
        world.nobody().post_matching(&address, "*", &to("assessment")).expect(401);
    }
}
