//! The story of the README: one case through the whole house.

use serde_json::json;

use crate::both;
use crate::support::planning;

both! {
    fn one_case_walks_through_the_whole_house(world: &World) {
        let anna = world.anna_system_administrator();
        let fixture = &world.fixture;

        // An administrator invites a case manager and grants her one municipality.
        let invited = anna
            .post("/users", &json!({
                "username": "Chiara.Neri", "display_name": "Chiara Neri", "organisation_id": fixture.comune_udine,
            }))
            .expect(201);
        assert_eq!(invited.json()["status"], "invited");
        let token = invited.json()["invitation"]["token"].as_str().expect("a token").to_owned();
        let password = "a long enough password";
        world.nobody().post("/auth/passwords", &json!({"token": token, "password": password})).expect(204);
        world.nobody().post("/auth/passwords", &json!({"token": token, "password": password})).expect(400);
        let grant = anna
            .post("/grants", &json!({
                "principal_id": invited.id(), "role": "case_manager", "organisation_id": fixture.comune_udine,
                "territory_ids": [fixture.udine],
            }))
            .expect(201);
        let tokens = world
            .nobody()
            .form("/auth/token", &[("grant_type", "password"), ("username", "chiara.neri"), ("password", password)])
            .expect(200)
            .json();
        let chiara = world.nobody().with_token(tokens["access_token"].as_str().expect("a token"));

        // She registers a person, opens a case and adds a task.
        let person = chiara.post("/people", &world.person_in_udine()).expect(201).id();
        let case = chiara
            .post("/cases", &json!({
                "person_id": person, "target_group": "temporary_protection", "arrived_on": "2026-03-01", "legal_basis": "public_task",
                "case_manager_id": invited.id(),
            }))
            .expect(201);
        let address = format!("/cases/{}", case.id());
        assert!(case.header("location").ends_with(&format!("{}{address}", crate::support::http::MOUNT)));
        for to in ["assessment", "planning", "active", "evaluation"] {
            planning::fulfil(&chiara, &case.id(), to);
            chiara.post_matching(&format!("{address}/transitions"), "*", &json!({"to": to})).expect(201);
        }
        let task = chiara.post(&format!("{address}/tasks"), &json!({"title": "Book the language test"})).expect(201).id();

        // Closing is refused with the guard named.
        let refused = chiara
            .post_matching(&format!("{address}/transitions"), "*", &json!({"to": "closed", "reason_code": "goals_reached"}))
            .expect(409);
        assert_eq!(refused.json()["unmet_guards"][0]["guard"], "no_open_task");

        // She finishes the task and moves the case on.
        chiara.post_matching(&format!("/tasks/{task}/transitions"), "*", &json!({"to": "done"})).expect(201);
        chiara
            .post_matching(&format!("{address}/transitions"), "*", &json!({"to": "closed", "reason_code": "goals_reached"}))
            .expect(201);
        let closed = chiara.get(&address).expect(200).json();
        assert_eq!((&closed["status"], &closed["allowed_transitions"]), (&json!("closed"), &json!(["assessment"])));

        // A colleague of another municipality gets 404 and finds nothing.
        let matej = world.matej_case_manager_in_trieste();
        matej.get(&address).expect(404);
        let found = matej.post("/people/searches", &json!({"name": "shevchuk"})).expect(200).json();
        assert_eq!(found["items"], json!([]));
        assert_eq!(chiara.post("/people/searches", &json!({"name": "shevchuk"})).expect(200).json()["items"][0]["id"], json!(person));

        // Her grant is withdrawn, and her next request is refused.
        anna.delete(&format!("/grants/{}", grant.id()), grant.header("etag")).expect(204);
        chiara.get(&address).expect(403);

        // A regional sync client follows it all.
        world.feed_settled();
        let changes = world.regional_sync_client().get("/changes?limit=1000").expect(200).json();
        let told: Vec<String> = changes["items"]
            .as_array()
            .expect("events")
            .iter()
            .filter(|event| [&person, &case.id(), &task].iter().any(|id| event["resource"]["id"] == json!(id)))
            .map(|event| event["type"].as_str().expect("a type").to_owned())
            .collect();
        assert_eq!(told, [
            "person.created", "case.created", "case.updated", "case.updated", "case.updated", "case.updated",
            "task.created", "task.updated", "case.updated",
        ]);
    }
}
