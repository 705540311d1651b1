//! Machine clients: a secret that is shown once and can be replaced.

use serde_json::{Value, json};

use crate::both;
use crate::support::{SECRET, World};

fn log_in(world: &World, id: &str, secret: &str) -> crate::support::http::Answer {
    let form = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
    world.nobody().form("/auth/token", &form)
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().expect("text")
}

both! {
    fn a_secret_is_shown_once_and_replaced_at_once(world: &World) {
        let paolo = world.paolo_organisation_administrator();
        let body = json!({"name": "School register", "organisation_id": world.fixture.comune_udine});
        let made = paolo.post("/api-clients", &body).expect(201).json();
        let address = format!("/api-clients/{}", text(&made, "client_id"));
        let token = log_in(world, text(&made, "client_id"), text(&made, "client_secret")).expect(200).json();
        let machine = world.nobody().with_token(text(&token, "access_token"));
        assert_eq!(machine.get("/me").expect(200).json()["display_name"], "School register");
        let read = paolo.get(&address).expect(200);
        assert_eq!((&read.json()["name"], &read.json()["status"]), (&json!("School register"), &json!("active")));
        assert!(!read.text.contains(text(&made, "client_secret")));
        let renewed = paolo.post(&format!("{address}/secrets"), &json!({})).expect(201).json();
        machine.get("/me").expect(401);
        log_in(world, text(&made, "client_id"), text(&made, "client_secret")).expect(401);
        log_in(world, text(&made, "client_id"), text(&renewed, "client_secret")).expect(200);
    }

    fn a_deactivated_client_is_out_at_once(world: &World) {
        let (anna, machine) = (world.anna_system_administrator(), world.regional_sync_client());
        let id = world.id_of("regional_sync_client");
        machine.get("/changes").expect(200);
        anna.patch(&format!("/api-clients/{id}"), "*", &json!({"status": "deactivated"})).expect(200);
        machine.get("/changes").expect(401);
        log_in(world, &id, SECRET).expect(401);
        anna.patch(&format!("/api-clients/{id}"), "*", &json!({"status": "active", "name": "Again"})).expect(200);
        machine.get("/changes").expect(401);
        log_in(world, &id, SECRET).expect(200);
    }

    fn clients_of_other_organisations_are_not_there(world: &World) {
        let paolo = world.paolo_organisation_administrator();
        let theirs = format!("/api-clients/{}", world.id_of("regional_sync_client"));
        paolo.get(&theirs).expect(404);
        paolo.patch(&theirs, "*", &json!({"name": "x"})).expect(404);
        paolo.post(&format!("{theirs}/secrets"), &json!({})).expect(404);
        assert_eq!(paolo.get("/api-clients").expect(200).json()["items"], json!([]));
        paolo.post("/api-clients", &json!({"name": "x", "organisation_id": world.fixture.root})).expect(422);
        world.maria_case_manager().get("/api-clients").expect(403);
    }

    fn a_new_secret_is_no_way_to_rights_one_could_not_give(world: &World) {
        let paolo = world.paolo_organisation_administrator();
        let body = json!({"name": "Region's own", "organisation_id": world.fixture.comune_udine});
        let id = text(&paolo.post("/api-clients", &body).expect(201).json(), "client_id").to_owned();
        let secrets = format!("/api-clients/{id}/secrets");
        paolo.post(&secrets, &json!({})).expect(201);
        world.grant(
            &id,
            &json!({
                "role": "sync_client", "organisation_id": world.fixture.root, "territory_ids": [world.fixture.region],
            }),
        );
        paolo.post(&secrets, &json!({})).expect(403);
        world.anna_system_administrator().post(&secrets, &json!({})).expect(201);
    }
}
