//! Programs: what organisations gather their services under.

use serde_json::{Value, json};

use crate::both;
use crate::support::feed::Follower;

fn named(answer: &Value) -> Vec<&str> {
    answer["items"].as_array().unwrap().iter().map(|program| program["name"].as_str().unwrap()).collect()
}

both! {
    fn a_program_is_kept_by_the_administrators_of_its_organisation_and_known_to_everyone(world: &World) {
        let (anna, paolo, maria) = (world.anna_system_administrator(), world.paolo_organisation_administrator(), world.maria_case_manager());
        let mut reader = Follower::caught_up(world.regional_sync_client());
        let new = json!({"organisation_id": world.fixture.comune_udine, "name": "Primi passi", "description": "Il primo anno."});
        maria.post("/programs", &new).expect(403);
        let theirs = json!({"organisation_id": world.fixture.comune_trieste, "name": "Accoglienza"});
        assert_eq!(paolo.post("/programs", &theirs).expect(422).json()["errors"][0]["pointer"], "#/organisation_id");
        let made = paolo.post("/programs", &new).expect(201);
        let address = format!("/programs/{}", made.id());
        assert_eq!(maria.get(&address).expect(200).json(), made.json());
        let theirs = format!("/programs/{}", anna.post("/programs", &theirs).expect(201).id());
        assert_eq!(named(&maria.get("/programs").expect(200).json()), ["Accoglienza", "Primi passi"]);
        let own = format!("/programs?organisation_id={}", world.fixture.comune_udine);
        assert_eq!(named(&maria.get(&own).expect(200).json()), ["Primi passi"]);
        maria.patch(&address, "*", &json!({"name": "x"})).expect(403);
        paolo.patch(&theirs, "*", &json!({"name": "x"})).expect(403);
        let edited = paolo.patch(&address, "*", &json!({"alternate_name": "Перші кроки", "description": null})).expect(200).json();
        assert_eq!((&edited["alternate_name"], edited.get("description"), &edited["version"]), (&json!("Перші кроки"), None, &json!(2)));
        assert_eq!(paolo.patch(&address, "*", &json!({"name": null})).expect(422).json()["errors"][0]["pointer"], "#/name");
        world.feed_settled();
        let events = reader.rest();
        let told: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
        assert_eq!(told, ["program.created", "program.created", "program.updated"]);
        assert_eq!(events[2]["changed_fields"], json!(["alternate_name", "description"]));
        assert!(events[2]["resource"]["href"].as_str().unwrap().ends_with(&address));
    }

    fn a_service_is_part_of_a_program_of_its_own_organisation(world: &World) {
        let (anna, paolo) = (world.anna_system_administrator(), world.paolo_organisation_administrator());
        let program = |organisation| anna.post("/programs", &json!({"organisation_id": organisation, "name": "P"})).expect(201).id();
        let (own, other) = (program(world.fixture.comune_udine), program(world.fixture.comune_trieste));
        let service = |program: &str| {
            json!({"organisation_id": world.fixture.comune_udine, "name": "Italiano", "service_type": "language_course",
                "provider_kind": "internal", "program_id": program})
        };
        let pointer = |refused: &Value| refused["errors"][0]["pointer"].clone();
        for wrong in [other.as_str(), "01985b2e-0000-7000-8000-000000000004"] {
            assert_eq!(pointer(&paolo.post("/services", &service(wrong)).expect(422).json()), "#/program_id");
        }
        let made = paolo.post("/services", &service(&own)).expect(201);
        let address = format!("/services/{}", made.id());
        assert_eq!(made.json()["program_id"], json!(own));
        assert_eq!(pointer(&paolo.patch(&address, "*", &json!({"program_id": other})).expect(422).json()), "#/program_id");
        let found = |program: &str| named(&anna.get(&format!("/services?program_id={program}")).expect(200).json()).len();
        assert_eq!((found(&own), found(&other)), (1, 0));
        let left = paolo.patch(&address, "*", &json!({"program_id": null})).expect(200).json();
        assert_eq!((left.get("program_id"), found(&own)), (None, 0));
    }
}
