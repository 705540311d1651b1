//! Goals and plans: what is to be reached, what the person agreed to, and who approved it.

use serde_json::{Value, json};

use crate::both;
use crate::support::World;
use crate::support::http::Answer;
use crate::support::planning::{agreed_plan, assessed, goal, today};

fn draw_up(world: &World, case: &str) -> String {
    world
        .maria_case_manager()
        .post(&format!("/cases/{case}/plans"), &json!({"summary": "Step by step."}))
        .expect(201)
        .id()
}

fn move_plan(world: &World, plan: &str, made: &Value) -> Answer {
    world.maria_case_manager().post_matching(&format!("/plans/{plan}/transitions"), "*", made)
}

fn agree() -> Value {
    json!({"to": "agreed", "agreed_on": today(), "agreed_by": "person", "interpreter_language": "uk"})
}

fn guard(answer: Answer) -> String {
    answer.expect(409).json()["unmet_guards"][0]["guard"].as_str().expect("a guard").to_owned()
}

/// A second case manager in Udine, who can approve what Maria has drawn up.
fn colleague(world: &World) -> crate::support::Client {
    let fixture = &world.fixture;
    let (client, _, _) = world.another_client(&json!({
        "role": "case_manager", "organisation_id": fixture.comune_udine, "territory_ids": [fixture.udine],
    }));
    client.keyed()
}

both! {
    fn a_plan_holds_the_goals_as_the_person_agreed_to_them(world: &World) {
        let maria = world.maria_case_manager();
        let case = world.case_in_udine();
        let plan = draw_up(world, &case);
        assert_eq!(guard(move_plan(world, &plan, &agree())), "plan_with_goal");
        let first = goal(&maria, &case);
        let made = move_plan(world, &plan, &agree()).expect(201).json();
        assert_eq!((&made["from"], &made["to"], &made["resource_version"]), (&json!("draft"), &json!("agreed"), &json!(2)));

        maria.patch(&format!("/goals/{first}"), "*", &json!({"title": "Reach level B2"})).expect(200);
        goal(&maria, &case);
        let agreed = maria.get(&format!("/plans/{plan}")).expect(200).json();
        assert_eq!(agreed["agreed_goals"].as_array().map(Vec::len), Some(1));
        assert_eq!(agreed["agreed_goals"][0]["title"], "Reach level B1");
        assert_eq!((&agreed["agreed_by"], &agreed["interpreter_language"]), (&json!("person"), &json!("uk")));
        maria.patch(&format!("/plans/{plan}"), "*", &json!({"summary": "Otherwise."})).expect(409);
        assert_eq!(guard(move_plan(world, &plan, &agree())), "allowed_transition");

        let next = draw_up(world, &case);
        assert_eq!(guard(maria.post(&format!("/cases/{case}/plans"), &json!({}))), "no_draft_plan");
        assert_eq!(maria.get(&format!("/plans/{plan}")).expect(200).json()["status"], "agreed", "until the next is agreed");
        move_plan(world, &next, &agree()).expect(201);
        let plans = maria.get(&format!("/cases/{case}/plans")).expect(200).json();
        let told: Vec<(Value, Value)> = plans["items"]
            .as_array()
            .expect("plans")
            .iter()
            .map(|plan| (plan["plan_no"].clone(), plan["status"].clone()))
            .collect();
        assert_eq!(told, [(json!(1), json!("superseded")), (json!(2), json!("agreed"))]);
        assert_eq!(plans["items"][1]["agreed_goals"][0]["title"], "Reach level B2");
    }

    fn an_agreement_before_the_plan_or_in_the_future_is_refused(world: &World) {
        let case = world.case_in_udine();
        goal(&world.maria_case_manager(), &case);
        let plan = draw_up(world, &case);
        for (body, pointer) in [
            (json!({"to": "agreed", "agreed_on": "2020-01-01"}), "#/agreed_on"),
            (json!({"to": "agreed", "agreed_on": "2999-01-01"}), "#/agreed_on"),
            (json!({"to": "agreed", "agreed_on": today(), "interpreter_language": "UK"}), "#/interpreter_language"),
        ] {
            let refused = move_plan(world, &plan, &body).expect(422).json();
            assert_eq!(refused["errors"][0]["pointer"], pointer, "{refused}");
        }
        move_plan(world, &plan, &json!({"to": "agreed"})).expect(422);
        move_plan(world, &plan, &json!({"to": "agreed", "agreed_on": "2026-02-30"})).expect(422);
        assert_eq!(world.maria_case_manager().get(&format!("/plans/{plan}")).expect(200).json()["version"], 1);
    }

    fn where_the_organisation_demands_it_somebody_else_approves(world: &World) {
        let (maria, anna) = (world.maria_case_manager(), world.anna_system_administrator());
        let organisation = format!("/organisations/{}", world.fixture.comune_udine);
        anna.patch(&organisation, "*", &json!({"plan_approval_required": true})).expect(200);
        anna.patch(&organisation, "*", &json!({"plan_approval_required": null})).expect(422);
        let case = world.case_in_udine();
        world.moved(&case, &[json!({"to": "assessment"}), json!({"to": "planning"})]);
        goal(&maria, &case);
        let plan = agreed_plan(&maria, &case);
        let activate = || maria.post_matching(&format!("/cases/{case}/transitions"), "*", &json!({"to": "active"}));
        assert_eq!(guard(activate()), "plan_approval");
        assert_eq!(guard(move_plan(world, &plan, &json!({"to": "approved"}))), "approver_is_not_author");

        let colleague = colleague(world);
        let moves = format!("/plans/{plan}/transitions");
        colleague.post_matching(&moves, "*", &json!({"to": "draft", "note": "name the school"})).expect(201);
        let back = maria.get(&format!("/plans/{plan}")).expect(200).json();
        assert!(back["status"] == "draft" && back.get("agreed_on").is_none() && back["agreed_goals"] == json!([]));
        move_plan(world, &plan, &agree()).expect(201);
        colleague.post_matching(&moves, "*", &json!({"to": "approved"})).expect(201);
        let approved = maria.get(&format!("/plans/{plan}")).expect(200).json();
        assert_eq!((&approved["status"], &approved["approval_required"]), (&json!("approved"), &json!(true)));
        assert!(approved["approved_at"].is_string() && approved["approved_by"] != approved["author_id"]);
        activate().expect(201);
    }

    fn a_plan_that_needs_no_approval_is_not_approved_nor_taken_back(world: &World) {
        let case = world.case_in_udine();
        goal(&world.maria_case_manager(), &case);
        let plan = agreed_plan(&world.maria_case_manager(), &case);
        let colleague = colleague(world);
        let moves = format!("/plans/{plan}/transitions");
        assert_eq!(guard(colleague.post_matching(&moves, "*", &json!({"to": "approved"}))), "approval_required");
        assert_eq!(guard(colleague.post_matching(&moves, "*", &json!({"to": "draft", "note": "x"}))), "allowed_transition");
    }

    fn a_case_becomes_active_with_the_persons_agreement_alone(world: &World) {
        let maria = world.maria_case_manager();
        let case = world.case_in_udine();
        world.moved(&case, &[json!({"to": "assessment"}), json!({"to": "planning"})]);
        let activate = || maria.post_matching(&format!("/cases/{case}/transitions"), "*", &json!({"to": "active"}));
        assert_eq!(guard(activate()), "client_agreement");
        goal(&maria, &case);
        draw_up(world, &case);
        assert_eq!(guard(activate()), "client_agreement", "a draft is no agreement");
        let plans = maria.get(&format!("/cases/{case}/plans?status=draft")).expect(200).json();
        move_plan(world, plans["items"][0]["id"].as_str().expect("an id"), &agree()).expect(201);
        activate().expect(201);
    }

    fn a_goal_gets_its_outcome_once_and_can_be_opened_again(world: &World) {
        let maria = world.maria_case_manager();
        let case = world.case_in_udine();
        let goal = goal(&maria, &case);
        let moves = format!("/goals/{goal}/transitions");
        maria.post_matching(&moves, "*", &json!({"to": "dropped"})).expect(422);
        maria.post_matching(&moves, "*", &json!({"to": "open", "note": "it is open"})).expect(409);
        let made = maria.post_matching(&moves, "*", &json!({"to": "partly", "note": "the oral part"})).expect(201);
        assert_eq!((&made.json()["to"], &made.json()["note"]), (&json!("partly"), &json!("the oral part")));
        maria.post_matching(&moves, "*", &json!({"to": "achieved"})).expect(409);
        assert_eq!(guard(maria.patch(&format!("/goals/{goal}"), "*", &json!({"title": "Easier"}))), "goal_open");
        maria.post_matching(&moves, made.header("etag"), &json!({"to": "open", "note": "noted too early"})).expect(201);
        maria.post_matching(&moves, "*", &json!({"to": "achieved"})).expect(201);
        assert_eq!(maria.get(&format!("/goals/{goal}")).expect(200).json()["version"], 4);
        assert_eq!(maria.get(&format!("/cases/{case}/goals?status=open")).expect(200).json()["items"], json!([]));
    }

    fn closing_asks_for_an_outcome_of_each_goal_and_an_early_closing_drops_them(world: &World) {
        let maria = world.maria_case_manager();
        let case = world.case_in_udine();
        world.moved(&case, &["assessment", "planning", "active", "evaluation"].map(|to| json!({"to": to})));
        let late = goal(&maria, &case);
        let moves = format!("/cases/{case}/transitions");
        assert_eq!(guard(maria.post_matching(&moves, "*", &json!({"to": "closed", "reason_code": "goals_reached"}))), "goal_outcome");
        maria.post_matching(&moves, "*", &json!({"to": "closed", "reason_code": "moved"})).expect(201);
        assert_eq!(maria.get(&format!("/goals/{late}")).expect(200).json()["status"], "dropped");
        maria.post(&format!("/cases/{case}/goals"), &json!({"life_domain": "work", "title": "Find work"})).expect(409);
    }

    fn a_plan_left_unfinished_does_not_stand_in_the_way_of_the_next_episode(world: &World) {
        let maria = world.maria_case_manager();
        let case = world.case_in_udine();
        let moves = format!("/cases/{case}/transitions");
        let left = draw_up(world, &case);
        maria.post_matching(&moves, "*", &json!({"to": "closed", "reason_code": "moved"})).expect(201);
        assert_eq!(maria.get(&format!("/plans/{left}")).expect(200).json()["status"], "superseded");
        maria.post_matching(&moves, "*", &json!({"to": "assessment", "reason_code": "returned"})).expect(201);
        world.moved(&case, &[json!({"to": "planning"}), json!({"to": "active"})]);
        assert_eq!(maria.get(&format!("/cases/{case}")).expect(200).json()["status"], "active");
    }

    fn a_plan_is_not_taken_back_beside_a_draft(world: &World) {
        let (maria, anna) = (world.maria_case_manager(), world.anna_system_administrator());
        let organisation = format!("/organisations/{}", world.fixture.comune_udine);
        anna.patch(&organisation, "*", &json!({"plan_approval_required": true})).expect(200);
        let case = world.case_in_udine();
        goal(&maria, &case);
        let waiting = agreed_plan(&maria, &case);
        draw_up(world, &case);
        assert_eq!(guard(move_plan(world, &waiting, &json!({"to": "draft", "note": "once more"}))), "no_draft_plan");
    }

    fn a_task_serves_a_goal_of_its_own_case(world: &World) {
        let maria = world.maria_case_manager();
        let (case, other) = (world.case_in_udine(), world.case_in_udine());
        let (mine, others) = (goal(&maria, &case), goal(&maria, &other));
        let tasks = format!("/cases/{case}/tasks");
        let refused = maria.post(&tasks, &json!({"title": "Enrol", "goal_id": others})).expect(422).json();
        assert_eq!(refused["errors"][0]["pointer"], "#/goal_id");
        let task = maria.post(&tasks, &json!({"title": "Enrol", "goal_id": mine})).expect(201);
        assert_eq!(task.json()["goal_id"], json!(mine));
        let address = format!("/tasks/{}", task.id());
        maria.patch(&address, "*", &json!({"goal_id": others})).expect(422);
        assert!(maria.patch(&address, "*", &json!({"goal_id": null})).expect(200).json().get("goal_id").is_none());
    }

    fn children_of_a_case_out_of_sight_are_not_there(world: &World) {
        let maria = world.maria_case_manager();
        let case = world.case_in_udine();
        let (assessment, goal) = (assessed(&maria, &case, 1, 1), goal(&maria, &case));
        let plan = draw_up(world, &case);
        let matej = world.matej_case_manager_in_trieste();
        for address in [format!("/assessments/{assessment}"), format!("/goals/{goal}"), format!("/plans/{plan}")] {
            matej.get(&address).expect(404);
            matej.patch(&address, "*", &json!({})).expect(404);
            world.samira_help_desk_operator().get(&address).expect(403);
        }
        for list in ["assessments", "goals", "plans"] {
            matej.get(&format!("/cases/{case}/{list}")).expect(404);
        }
    }

    fn the_feed_tells_of_the_children_and_follows_them_when_their_case_moves(world: &World) {
        let (anna, fixture) = (world.anna_system_administrator(), &world.fixture);
        // A manager of both municipalities moves the case out of the sight of a reader of one.
        anna.post("/grants", &json!({
            "principal_id": world.id_of("maria_case_manager"), "role": "case_manager",
            "organisation_id": fixture.comune_udine, "territory_ids": [fixture.trieste],
        })).expect(201);
        let maria = world.maria_case_manager();
        let (reader, _, _) = world.another_client(&json!({
            "role": "sync_client", "organisation_id": fixture.root, "territory_ids": [fixture.udine],
        }));
        let case = world.case_in_udine();
        let ids = [assessed(&maria, &case, 1, 1), goal(&maria, &case), draw_up(world, &case)];
        maria.patch(&format!("/cases/{case}"), "*", &json!({"territory_id": fixture.trieste})).expect(200);
        world.feed_settled();
        let events = reader.get("/changes?limit=1000&types=assessment,goal,plan").expect(200).json();
        for id in &ids {
            let last = events["items"].as_array().expect("events").iter().rev().find(|event| event["resource"]["id"] == json!(id));
            assert_eq!(last.expect("an event")["operation"], "access_removed", "{events}");
        }
    }
}
