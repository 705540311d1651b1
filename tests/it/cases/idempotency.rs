//! `Idempotency-Key`: one request, one row, however often and wherever it arrives.

use diesel::prelude::*;
use serde_json::{Value, json};

use crate::both;
use crate::support::World;
use crate::support::http::{Answer, Client};
use crate::support::process::ServerProcess;

fn keyed(client: &Client, path: &str, key: &str, body: &Value) -> Answer {
    let headers = [("content-type", "application/json"), ("idempotency-key", key), ("if-match", "*")];
    client.send("POST", path, &headers, Some(body.to_string().as_bytes()))
}

fn new_key() -> String {
    format!("\"{}\"", uuid::Uuid::new_v4())
}

fn new_case(world: &World) -> Value {
    let person = world.maria_case_manager().post("/people", &world.person_in_udine()).expect(201).id();
    json!({
        "person_id": person, "target_group": "refugee", "arrived_on": "2026-03-01", "legal_basis": "public_task",
        "case_manager_id": world.id_of("maria_case_manager"),
    })
}

fn cases_in_the_database(world: &World) -> i64 {
    approdo_db::schema::cases::table.count().get_result(&mut world.connection()).expect("counted")
}

both! {
    fn the_same_request_again_gives_the_same_row(world: &World) {
        let (maria, body, key) = (world.maria_case_manager(), new_case(world), new_key());
        let first = keyed(&maria, "/cases", &key, &body).expect(201);
        let again = keyed(&maria, "/cases", &key, &body).expect(201);
        assert_eq!(first.id(), again.id());
        assert_eq!(first.header("location"), again.header("location"));
        assert_eq!(first.header("etag"), again.header("etag"));
        assert_eq!(cases_in_the_database(world), 1);
        // Another key is another request; so is the same key of another operation.
        assert_ne!(keyed(&maria, "/cases", &new_key(), &body).expect(201).id(), first.id());
        keyed(&maria, "/people", &key, &world.person_in_udine()).expect(201);
    }

    fn twenty_at_once_over_two_processes_make_one_row(world: &World) {
        let (maria, body, key) = (world.maria_case_manager(), new_case(world), new_key());
        let other = ServerProcess::start(&world.database.url);
        let clients = [maria.clone(), maria.at(&other.base)];
        let answers: Vec<Answer> = std::thread::scope(|scope| {
            let sent: Vec<_> = (0..20)
                .map(|number| {
                    let (client, body, key) = (&clients[number % 2], &body, &key);
                    scope.spawn(move || keyed(client, "/cases", key, body))
                })
                .collect();
            sent.into_iter().map(|answer| answer.join().expect("an answer")).collect()
        });
        // Whoever waited too long for the first was told to come back; then the answer is the same.
        let busy = |answer: &Answer| [409, 503].contains(&answer.status) && !answer.header("retry-after").is_empty();
        let (made, told_to_wait): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
        assert!(told_to_wait.iter().all(busy), "{told_to_wait:?}");
        let last = keyed(&clients[1], "/cases", &key, &body).expect(201);
        assert!(made.iter().all(|answer| answer.id() == last.id()));
        let path = |answer: &Answer| answer.header("location").rsplit_once("/rest/").map(|(_, path)| path.to_owned());
        assert!(made.iter().all(|answer| path(answer) == path(&last)));
        assert_eq!(cases_in_the_database(world), 1);
    }

    fn a_key_stands_for_one_request(world: &World) {
        let (maria, body, key) = (world.maria_case_manager(), new_case(world), new_key());
        let case = keyed(&maria, "/cases", &key, &body).expect(201).id();
        let mut other = body.clone();
        other["priority"] = json!("high");
        keyed(&maria, "/cases", &key, &other).expect(422);
        assert_eq!(cases_in_the_database(world), 1);
        // The same words to another resource are another request: nobody gets a row of a case they did not address.
        let second = maria.post("/cases", &body).expect(201).id();
        let (task, key) = (json!({"title": "Call"}), new_key());
        keyed(&maria, &format!("/cases/{case}/tasks"), &key, &task).expect(201);
        keyed(&maria, &format!("/cases/{second}/tasks"), &key, &task).expect(422);
        let tasks = maria.get(&format!("/cases/{second}/tasks")).expect(200).json();
        assert_eq!(tasks["items"], json!([]));
    }

    fn a_refused_request_uses_no_key_up(world: &World) {
        let (maria, body, key) = (world.maria_case_manager(), new_case(world), new_key());
        let mut wrong = body.clone();
        wrong["target_group"] = json!("nobody");
        keyed(&maria, "/cases", &key, &wrong).expect(422);
        keyed(&maria, "/cases", &key, &body).expect(201);
    }

    fn keys_of_two_callers_never_meet(world: &World) {
        let (maria, samira, key) = (world.maria_case_manager(), world.samira_help_desk_operator(), new_key());
        let body = json!({
            "owner_org_id": world.fixture.comune_udine, "territory_id": world.fixture.udine,
            "given_name": "Amina", "family_name": "Diallo",
        });
        let one = keyed(&maria, "/people", &key, &body).expect(201).id();
        assert_ne!(keyed(&samira, "/people", &key, &body).expect(201).id(), one);
    }

    fn machine_clients_must_send_a_key(world: &World) {
        let grant = json!({
            "role": "case_manager", "organisation_id": world.fixture.comune_udine,
            "territory_ids": [world.fixture.udine],
        });
        let (machine, _, _) = world.another_client(&grant);
        let body = world.person_in_udine().to_string();
        let headers = [("content-type", "application/json")];
        let without = world.nobody().with_token(machine.token());
        without.send("POST", "/people", &headers, Some(body.as_bytes())).expect(400);
        keyed(&without, "/people", "not a key!", &world.person_in_udine()).expect(400);
        keyed(&without, "/people", &new_key(), &world.person_in_udine()).expect(201);
    }

    fn whoever_lost_the_right_gets_no_replay(world: &World) {
        let grant = json!({
            "role": "case_manager", "organisation_id": world.fixture.comune_udine,
            "territory_ids": [world.fixture.udine],
        });
        let (machine, id, granted) = world.another_client(&grant);
        let (body, key) = (new_case(world), new_key());
        keyed(&machine, "/cases", &key, &body).expect(201);
        world.withdraw(&granted);
        keyed(&machine, "/cases", &key, &body).expect(403);
        // Rights elsewhere are not enough.
        let mut elsewhere = grant.clone();
        elsewhere["territory_ids"] = json!([world.fixture.trieste]);
        world.grant(&id, &elsewhere);
        let answer = keyed(&machine, "/cases", &key, &body);
        assert!([404, 422].contains(&answer.status), "{}", answer.text);
        assert!(!answer.text.contains("public_ref"));
        world.grant(&id, &grant);
        keyed(&machine, "/cases", &key, &body).expect(201);
        assert_eq!(cases_in_the_database(world), 1);
    }

    fn a_replay_shows_the_row_as_it_is_now(world: &World) {
        let (maria, body, key) = (world.maria_case_manager(), new_case(world), new_key());
        let first = keyed(&maria, "/cases", &key, &body).expect(201);
        let edited = maria.patch(&format!("/cases/{}", first.id()), "*", &json!({"priority": "urgent"})).expect(200);
        let again = keyed(&maria, "/cases", &key, &body).expect(201);
        assert_eq!((&again.json()["version"], &again.json()["priority"]), (&json!(2), &json!("urgent")));
        assert_eq!(again.header("etag"), edited.header("etag"));
    }

    fn a_repeated_move_is_made_once(world: &World) {
        let (maria, key) = (world.maria_case_manager(), new_key());
        let address = format!("/cases/{}/transitions", world.case_in_udine());
        let first = keyed(&maria, &address, &key, &json!({"to": "assessment"})).expect(201);
        let again = keyed(&maria, &address, &key, &json!({"to": "assessment"})).expect(201);
        assert_eq!(first.json(), again.json());
        assert_eq!(maria.get(&address).expect(200).json()["items"].as_array().map(Vec::len), Some(1));
    }

    fn a_secret_that_is_shown_once_is_not_in_the_replay(world: &World) {
        let (anna, key) = (world.anna_system_administrator(), new_key());
        let body = json!({"name": "Partner", "organisation_id": world.fixture.root});
        let first = keyed(&anna, "/api-clients", &key, &body).expect(201).json();
        let again = keyed(&anna, "/api-clients", &key, &body).expect(201).json();
        assert_eq!(first["client_id"], again["client_id"]);
        assert!(first["client_secret"].is_string() && again.get("client_secret").is_none());
        let body = json!({"username": "once", "display_name": "Once", "organisation_id": world.fixture.root});
        let first = keyed(&anna, "/users", &key, &body).expect(201).json();
        let again = keyed(&anna, "/users", &key, &body).expect(201).json();
        assert_eq!(first["id"], again["id"]);
        assert!(first["invitation"]["token"].is_string() && again.get("invitation").is_none());
    }
}
