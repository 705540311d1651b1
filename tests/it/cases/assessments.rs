//! Assessments: drafts, completion, and what changed between two.

use serde_json::{Value, json};

use crate::both;
use crate::support::World;
use crate::support::planning::{DOMAINS, assessed, ratings};

fn begin(world: &World, case: &str, body: &Value) -> crate::support::http::Answer {
    world.maria_case_manager().post(&format!("/cases/{case}/assessments"), body)
}

both! {
    fn a_draft_is_completed_once_every_domain_is_rated(world: &World) {
        let maria = world.maria_case_manager();
        let case = world.case_in_udine();
        let some = json!({"ratings": [{"domain": "work", "need": 3, "strength": 1}], "note": "first talk"});
        let draft = begin(world, &case, &some).expect(201);
        let address = format!("/assessments/{}", draft.id());
        assert_eq!((&draft.json()["status"], &draft.json()["episode_no"]), (&json!("draft"), &json!(1)));
        assert_eq!(draft.json()["author_id"], json!(world.id_of("maria_case_manager")));

        let refused = maria.post_matching(&format!("{address}/transitions"), "*", &json!({"to": "completed"})).expect(409);
        let unmet = &refused.json()["unmet_guards"][0];
        assert_eq!(unmet["guard"], "all_domains_rated");
        assert!(unmet["detail"].as_str().is_some_and(|detail| detail.contains("housing") && !detail.contains("work")));

        let edited = maria.patch(&address, draft.header("etag"), &json!({"ratings": ratings(2, 3), "note": null})).expect(200);
        assert!(edited.json().get("note").is_none());
        let moves = format!("{address}/transitions");
        maria.post_matching(&moves, draft.header("etag"), &json!({"to": "completed"})).expect(412);
        let made = maria.post_matching(&moves, edited.header("etag"), &json!({"to": "completed"})).expect(201);
        assert_eq!((&made.json()["from"], &made.json()["to"]), (&json!("draft"), &json!("completed")));
        let completed = maria.get(&address).expect(200);
        assert_eq!((&completed.json()["status"], completed.header("etag")), (&json!("completed"), made.header("etag")));
        assert!(completed.json()["completed_at"].is_string());

        maria.patch(&address, "*", &json!({"note": "too late"})).expect(409);
        maria.post_matching(&moves, "*", &json!({"to": "completed"})).expect(409);
        assert_eq!(maria.get(&address).expect(200).json(), completed.json());
    }

    fn ratings_out_of_bounds_or_said_twice_are_refused_with_their_place(world: &World) {
        let case = world.case_in_udine();
        let rating = |domain: &str, need: i64| json!({"domain": domain, "need": need, "strength": 0});
        for (ratings, pointer) in [
            (json!([rating("work", 5)]), "#/ratings/0/need"),
            (json!([rating("work", 1), rating("work", 2)]), "#/ratings/1/domain"),
            (json!([rating("work", 1), {"domain": "health", "need": 1, "strength": -1}]), "#/ratings/1/strength"),
            (json!([{"domain": "leisure", "need": 1, "strength": 1}]), "#/ratings/0/domain"),
        ] {
            let refused = begin(world, &case, &json!({"ratings": ratings})).expect(422).json();
            assert_eq!(refused["errors"][0]["pointer"], pointer, "{refused}");
        }
        begin(world, &case, &json!({"assessed_on": "2999-01-01"})).expect(422);
        let draft = begin(world, &case, &json!({})).expect(201).id();
        let address = format!("/assessments/{draft}");
        let maria = world.maria_case_manager();
        for body in [
            json!({"ratings": [rating("work", 5)]}),
            json!({"ratings": [rating("work", 1), rating("work", 2)]}),
            json!({"ratings": null}),
            json!({"assessed_on": "2999-01-01"}),
        ] {
            maria.patch(&address, "*", &body).expect(422);
        }
        assert_eq!(maria.get(&address).expect(200).json()["version"], 1);
    }

    fn what_changed_is_told_domain_by_domain(world: &World) {
        let maria = world.maria_case_manager();
        let case = world.case_in_udine();
        let first = assessed(&maria, &case, 4, 1);
        let delta = |id: &str, query: &str| maria.get(&format!("/assessments/{id}/delta{query}")).expect(200).json();
        let alone = delta(&first, "");
        assert!(alone.get("against_id").is_none());
        assert_eq!(alone["domains"], json!([]));

        begin(world, &case, &json!({"ratings": ratings(0, 0)})).expect(201);
        let second = assessed(&maria, &case, 1, 3);
        let told = delta(&second, "");
        assert_eq!(told["against_id"], json!(first), "a draft in between does not count");
        assert_eq!(told["domains"].as_array().map(Vec::len), Some(DOMAINS.len()));
        assert_eq!(told["domains"][0], json!({
            "domain": "legal", "need_before": 4, "need_after": 1, "need_change": -3,
            "strength_before": 1, "strength_after": 3, "strength_change": 2,
        }));
        let back = delta(&first, &format!("?against={second}"));
        assert_eq!(back["domains"][0]["need_change"], 3);
        let other = assessed(&maria, &world.case_in_udine(), 0, 0);
        maria.get(&format!("/assessments/{second}/delta?against={other}")).expect(400);
    }

    fn health_legal_and_notes_are_shown_to_those_who_may_see_them(world: &World) {
        let case = world.case_in_udine();
        let mut told = ratings(2, 2);
        for rating in told.as_array_mut().expect("ratings") {
            rating["note"] = json!("in confidence");
            rating["evidence"] = json!("a certificate");
        }
        let id = begin(world, &case, &json!({"ratings": told, "note": "a long talk"})).expect(201).id();
        let seen = world.regional_sync_client().get(&format!("/assessments/{id}")).expect(200);
        assert!(!seen.text.contains("in confidence") && !seen.text.contains("certificate") && !seen.text.contains("long talk"));
        let domains: Vec<Value> =
            seen.json()["ratings"].as_array().expect("ratings").iter().map(|rating| rating["domain"].clone()).collect();
        assert!(!domains.contains(&json!("health")) && domains.contains(&json!("legal")));
        assert_eq!(seen.json()["withheld_fields"], json!(["note", "ratings.note", "ratings.evidence", "ratings.health"]));
        let embedded = world.regional_sync_client().get(&format!("/cases/{case}?embed=assessments")).expect(200);
        assert!(!embedded.text.contains("in confidence"));
        assert_eq!(embedded.json()["_embedded"]["assessments"][0]["ratings"].as_array().map(Vec::len), Some(8));
        let whole = world.maria_case_manager().get(&format!("/assessments/{id}")).expect(200).json();
        assert_eq!((&whole["withheld_fields"], whole["ratings"].as_array().map(Vec::len)), (&json!([]), Some(9)));
    }

    fn a_case_that_is_over_is_not_assessed(world: &World) {
        let case = world.case_in_udine();
        let draft = begin(world, &case, &json!({"ratings": ratings(1, 1)})).expect(201).id();
        world.moved(&case, &[json!({"to": "closed", "reason_code": "moved"})]);
        begin(world, &case, &json!({})).expect(409);
        let maria = world.maria_case_manager();
        maria.patch(&format!("/assessments/{draft}"), "*", &json!({"note": "x"})).expect(409);
        maria.post_matching(&format!("/assessments/{draft}/transitions"), "*", &json!({"to": "completed"})).expect(409);
    }

    fn planning_asks_for_an_assessment_of_the_present_episode(world: &World) {
        let maria = world.maria_case_manager();
        let case = world.case_in_udine();
        let moves = format!("/cases/{case}/transitions");
        let plan = json!({"to": "planning"});
        world.moved(&case, &[json!({"to": "assessment"})]);
        let refused = maria.post_matching(&moves, "*", &plan).expect(409).json();
        assert_eq!(refused["unmet_guards"][0]["guard"], "completed_assessment");
        assessed(&maria, &case, 1, 1);
        maria.post_matching(&moves, "*", &plan).expect(201);
        maria.post_matching(&moves, "*", &json!({"to": "closed", "reason_code": "moved"})).expect(201);
        maria.post_matching(&moves, "*", &json!({"to": "assessment", "reason_code": "returned"})).expect(201);
        maria.post_matching(&moves, "*", &plan).expect(409);
        assessed(&maria, &case, 1, 1);
        maria.post_matching(&moves, "*", &plan).expect(201);
    }
}
