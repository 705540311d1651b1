//! Users: invited, let in by a single-use token, renamed, and never beyond the administrator's organisation.

use serde_json::{Value, json};

use crate::both;
use crate::support::SECRET;
use crate::support::World;

const PASSWORD: &str = "a long enough password";

fn new_user(world: &World, username: &str) -> Value {
    json!({"username": username, "display_name": "Chiara Neri", "organisation_id": world.fixture.comune_udine})
}

fn log_in(world: &World, username: &str, password: &str) -> u16 {
    world
        .nobody()
        .form("/auth/token", &[("grant_type", "password"), ("username", username), ("password", password)])
        .status
}

fn redeem(world: &World, token: &Value) -> u16 {
    world.nobody().post("/auth/passwords", &json!({"token": token, "password": PASSWORD})).status
}

both! {
    fn an_invitation_lets_in_once(world: &World) {
        let paolo = world.paolo_organisation_administrator();
        let invited = paolo.post("/users", &new_user(world, "Chiara.Neri")).expect(201);
        let address = format!("/users/{}", invited.id());
        assert_eq!(
            (&invited.json()["username"], &invited.json()["status"]),
            (&json!("chiara.neri"), &json!("invited"))
        );
        let token = invited.json()["invitation"]["token"].clone();
        assert!(!paolo.get(&address).expect(200).text.contains(token.as_str().expect("a token")));
        assert_eq!(log_in(world, "chiara.neri", PASSWORD), 400);
        // Active by a password, never by an edit.
        paolo.patch(&address, "*", &json!({"status": "active"})).expect(409);
        world.nobody().post("/auth/passwords", &json!({"token": token, "password": "short"})).expect(422);
        assert_eq!((redeem(world, &token), redeem(world, &token)), (204, 400));
        assert_eq!(paolo.get(&address).expect(200).json()["status"], "active");
        assert_eq!(log_in(world, "chiara.neri", PASSWORD), 200);
        paolo.post("/users", &new_user(world, "CHIARA.neri")).expect(409);
    }

    fn a_later_token_ends_the_earlier_one(world: &World) {
        let paolo = world.paolo_organisation_administrator();
        let invited = paolo.post("/users", &new_user(world, "chiara.neri")).expect(201).json();
        let resets = format!("/users/{}/password-resets", invited["id"].as_str().expect("an id"));
        let again = paolo.post(&resets, &json!({})).expect(201).json();
        assert_eq!((redeem(world, &invited["invitation"]["token"]), redeem(world, &again["token"])), (400, 204));
    }

    fn a_password_reset_ends_every_session_when_it_is_redeemed(world: &World) {
        let samira = world.samira_help_desk_operator();
        let address = format!("/users/{}", world.id_of("samira_help_desk_operator"));
        let paolo = world.paolo_organisation_administrator();
        let reset = paolo.post(&format!("{address}/password-resets"), &json!({})).expect(201).json();
        samira.get("/me").expect(200);
        assert_eq!(redeem(world, &reset["token"]), 204);
        samira.get("/me").expect(401);
        assert_eq!(log_in(world, "samira_help_desk_operator", SECRET), 400);
        assert_eq!(log_in(world, "samira_help_desk_operator", PASSWORD), 200);
        paolo.patch(&address, "*", &json!({"status": "deactivated"})).expect(200);
        paolo.post(&format!("{address}/password-resets"), &json!({})).expect(409);
    }

    fn a_reset_is_no_way_to_rights_one_could_not_give(world: &World) {
        let paolo = world.paolo_organisation_administrator();
        let resets = format!("/users/{}/password-resets", world.id_of("lorenzo_training_organiser"));
        paolo.post(&resets, &json!({})).expect(201);
        let granted = world.grant(&world.id_of("lorenzo_training_organiser"), &json!({
            "role": "auditor", "organisation_id": world.fixture.comune_udine, "territory_ids": [world.fixture.udine],
        }));
        paolo.post(&resets, &json!({})).expect(403);
        paolo.delete(&format!("/grants/{}", granted.id), "*").expect(403);
        world.anna_system_administrator().post(&resets, &json!({})).expect(201);
        world.withdraw(&granted);
        paolo.post(&resets, &json!({})).expect(201);
    }

    fn an_administrator_sees_and_makes_users_of_the_own_organisation_alone(world: &World) {
        let paolo = world.paolo_organisation_administrator();
        let elsewhere = format!("/users/{}", world.id_of("matej_case_manager_in_trieste"));
        paolo.get(&elsewhere).expect(404);
        paolo.patch(&elsewhere, "*", &json!({"display_name": "x"})).expect(404);
        paolo.post(&format!("{elsewhere}/password-resets"), &json!({})).expect(404);
        let pointer = |organisation: Value| {
            let mut user = new_user(world, "chiara.neri");
            user["organisation_id"] = organisation;
            paolo.post("/users", &user).expect(422).json()["errors"].clone()
        };
        assert_eq!(pointer(json!(world.fixture.comune_trieste)), pointer(json!(uuid::Uuid::now_v7())));
        let (mut next, mut names) = (Some("/users?limit=2".to_owned()), Vec::new());
        while let Some(at) = next {
            let page = paolo.get(&at).expect(200).json();
            names.extend(page["items"].as_array().expect("users").iter().map(|user| user["username"].to_string()));
            next = page["_links"]["next"].as_str().map(str::to_owned);
        }
        assert_eq!(names.len(), 5, "{names:?}");
        world.maria_case_manager().get("/users").expect(403);
    }

    fn an_edit_needs_the_present_version_and_fits(world: &World) {
        let paolo = world.paolo_organisation_administrator();
        let address = format!("/users/{}", world.id_of("samira_help_desk_operator"));
        let etag = paolo.get(&address).expect(200).header("etag").to_owned();
        let edited =
            paolo.patch(&address, &etag, &json!({"display_name": "Samira B.", "email": "s@example.org"})).expect(200);
        assert_eq!((&edited.json()["display_name"], &edited.json()["version"]), (&json!("Samira B."), &json!(2)));
        paolo.patch(&address, &etag, &json!({"display_name": "x"})).expect(412);
        for wrong in
            [json!({"display_name": null}), json!({"email": "x"}), json!({"username": "x"}), json!({"status": "gone"})]
        {
            paolo.patch(&address, "*", &wrong).expect(422);
        }
        assert_eq!(paolo.patch(&address, "*", &json!({"email": null})).expect(200).json().get("email"), None);
    }
}
