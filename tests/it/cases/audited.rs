//! Cases whose access is audited open to who says what for (domain 1).

use serde_json::json;

use crate::both;
use crate::support::feed::Follower;

both! {
    fn an_audited_case_opens_to_who_states_a_purpose(world: &World) {
        let maria = world.maria_case_manager();
        let case = format!("/cases/{}", world.case_in_udine());
        let task = maria.post(&format!("{case}/tasks"), &json!({"title": "Call back"})).expect(201).id();
        maria.patch(&case, "*", &json!({"access_level": "audited"})).expect(200);
        let stating = maria.stating("case_work");
        for path in [case.clone(), format!("{case}/tasks"), format!("{case}/notes"), format!("{case}/history"), format!("/tasks/{task}")] {
            let refused = maria.get(&path).expect(403).json();
            assert!(refused["detail"].as_str().unwrap().contains("Access-Purpose"), "{path}: {refused}");
            stating.get(&path).expect(200);
        }
        maria.patch(&case, "*", &json!({"priority": "high"})).expect(403);
        maria.post(&format!("{case}/tasks"), &json!({"title": "x"})).expect(403);
        stating.patch(&case, "*", &json!({"priority": "high"})).expect(200);
        maria.stating("curiosity").get(&case).expect(403);
        // Who could not read it anyway learns nothing.
        world.matej_case_manager_in_trieste().get(&case).expect(404);
        world.matej_case_manager_in_trieste().stating("case_work").get(&case).expect(404);
    }

    fn what_was_stated_is_kept_with_the_access(world: &World) {
        let maria = world.maria_case_manager();
        let case = format!("/cases/{}", world.case_in_udine());
        maria.patch(&case, "*", &json!({"access_level": "audited"})).expect(200);
        maria.stating("supervision").get(&case).expect(200);
        let accesses = maria.stating("case_work").get(&format!("{case}/accesses")).expect(200).json();
        assert!(accesses["items"].to_string().contains("supervision"), "{accesses}");
        // Who was refused is told, too.
        maria.get(&case).expect(403);
        world.matej_case_manager_in_trieste().get(&case).expect(404);
        let accesses = maria.stating("case_work").get(&format!("{case}/accesses")).expect(200).json();
        let refused: Vec<_> = accesses["items"].as_array().unwrap().iter().filter(|one| one["event"] == "refused").collect();
        let actors = ["maria_case_manager", "matej_case_manager_in_trieste"].map(|name| world.id_of(name));
        assert_eq!(refused.iter().map(|one| one["actor_id"].as_str().unwrap()).collect::<Vec<_>>(), actors);
    }

    fn the_worklist_and_the_feed_of_an_audited_case(world: &World) {
        let (maria, sync) = (world.maria_case_manager(), world.regional_sync_client());
        let case = world.case_in_udine();
        let mine = json!({"title": "Call back", "assignee_id": world.id_of("maria_case_manager")});
        maria.post(&format!("/cases/{case}/tasks"), &mine).expect(201);
        maria.patch(&format!("/cases/{case}"), "*", &json!({"access_level": "audited"})).expect(200);
        let waiting = |client: &crate::support::Client| {
            client.get("/me/worklist").expect(200).json()["items"].as_array().map(Vec::len)
        };
        assert_eq!((waiting(&maria), waiting(&maria.stating("case_work"))), (Some(0), Some(1)));
        // Events are thin: they tell that there was a change, to whoever may read the case.
        world.feed_settled();
        let mut follower = Follower::caught_up(sync.with_token(sync.token()));
        maria.stating("case_work").patch(&format!("/cases/{case}"), "*", &json!({"priority": "high"})).expect(200);
        world.feed_settled();
        let events = follower.rest();
        assert!(events.iter().any(|event| event["operation"] == "upsert" && event["resource"]["id"] == case), "{events:?}");
    }
}
