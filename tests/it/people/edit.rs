//! Registering, reading and rectifying a person.

use serde_json::{Value, json};

use crate::both;
use crate::support::http::Answer;

fn pointers(answer: Answer) -> Vec<String> {
    let problem = answer.expect(422).json();
    let errors = problem["errors"].as_array().expect("errors").iter();
    errors.map(|error| error["pointer"].as_str().expect("a pointer").to_owned()).collect()
}

both! {
    fn a_rectification_counts_once_and_moves_the_name_in_the_search(world: &World) {
        let maria = world.maria_case_manager();
        let made = maria.post("/people", &world.person_in_udine()).expect(201);
        let address = format!("/people/{}", made.id());
        assert_eq!(maria.get(&address).expect(200).json(), made.json());
        let found = |name: &str| {
            let page = maria.post("/people/searches", &json!({"name": name})).expect(200).json();
            page["items"].as_array().map(Vec::len)
        };
        let edit = json!({"family_name": "Kovalenko", "languages": [], "notes": null, "email": "o@example.org"});
        let edited = maria.patch(&address, made.header("etag"), &edit).expect(200).json();
        assert_eq!((&edited["version"], &edited["family_name"]), (&json!(2), &json!("Kovalenko")));
        assert_eq!((&edited["languages"], edited.get("notes")), (&json!([]), None));
        assert_eq!((found("shevchuk"), found("kovalenko"), found("olena")), (Some(0), Some(1), Some(1)));
        maria.patch(&address, made.header("etag"), &edit).expect(412);
        assert_eq!(maria.patch(&address, "*", &edit).expect(200).json()["version"], 2);
        let etag = maria.get(&address).expect(200).header("etag").to_owned();
        maria.send("GET", &address, &[("if-none-match", &etag)], None).expect(304);
    }

    fn what_does_not_fit_is_refused_with_its_place(world: &World) {
        let maria = world.maria_case_manager();
        let person = world.person_in_udine();
        let address = format!("/people/{}", maria.post("/people", &person).expect(201).id());
        let wrong: [(&str, Value); 14] = [
            ("given_name", json!("")),
            ("family_name", json!("x".repeat(201))),
            ("date_of_birth", json!("2999-01-01")),
            ("date_of_birth", json!("1800-01-01")),
            ("sex", json!("x")),
            ("email", json!("x")),
            ("target_group", json!("x")),
            ("citizenships", json!(["ukr"])),
            ("languages", json!(["Italian"])),
            ("given_name_latin", json!("Олена")),
            ("family_name_latin", json!("MÜLLER")),
            ("family_name_latin", json!("-X")),
            ("interpreter_language", json!("Ukrainian")),
            ("interpreter_language", json!("uk")),
        ];
        for (member, value) in wrong {
            let mut body = person.clone();
            body[member] = value.clone();
            assert_eq!(pointers(maria.post("/people", &body)), [format!("#/{member}")], "{value}");
            assert_eq!(
                pointers(maria.patch(&address, "*", &json!({member: value}))),
                [format!("#/{member}")],
                "{value}"
            );
        }
        for required in ["given_name", "family_name", "citizenships", "languages"] {
            assert_eq!(pointers(maria.patch(&address, "*", &json!({required: null}))), [format!("#/{required}")]);
        }
        assert_eq!(
            pointers(maria.patch(&address, "*", &json!({"given_name": "—", "family_name": "…"}))),
            ["#/family_name"]
        );
        maria.patch(&address, "*", &json!({"owner_org_id": world.fixture.comune_trieste})).expect(422);
        assert_eq!(maria.get(&address).expect(200).json()["version"], 1);
    }

    fn the_need_of_an_interpreter_is_kept_with_the_language(world: &World) {
        let maria = world.maria_case_manager();
        let mut person = world.person_in_udine();
        let plain = maria.post("/people", &person).expect(201).json();
        assert_eq!((&plain["interpreter_needed"], plain.get("interpreter_language")), (&json!(false), None));
        person["interpreter_needed"] = json!(true);
        person["interpreter_language"] = json!("uk");
        let made = maria.post("/people", &person).expect(201);
        let address = format!("/people/{}", made.id());
        assert_eq!(
            pointers(maria.patch(&address, "*", &json!({"interpreter_needed": false}))),
            ["#/interpreter_language"],
            "the result is checked as a whole"
        );
        let edit = json!({"interpreter_needed": false, "interpreter_language": null});
        let edited = maria.patch(&address, made.header("etag"), &edit).expect(200).json();
        assert_eq!((&edited["version"], edited.get("interpreter_language")), (&json!(2), None));
        assert_eq!(pointers(maria.patch(&address, "*", &json!({"interpreter_needed": null}))), ["#/interpreter_needed"]);
    }

    fn a_person_is_registered_in_the_callers_places_alone(world: &World) {
        let maria = world.maria_case_manager();
        let with = |member: &str, value: Value| {
            let mut person = world.person_in_udine();
            person[member] = value;
            pointers(maria.post("/people", &person))
        };
        for elsewhere in [json!(world.fixture.comune_trieste), json!(uuid::Uuid::now_v7())] {
            assert_eq!(with("owner_org_id", elsewhere), ["#/owner_org_id"]);
        }
        for elsewhere in [json!(world.fixture.trieste), json!(world.fixture.region), json!(uuid::Uuid::now_v7())] {
            assert_eq!(with("territory_id", elsewhere), ["#/territory_id"]);
        }
        let person = maria.post("/people", &world.person_in_udine()).expect(201).id();
        let matej = world.matej_case_manager_in_trieste();
        matej.get(&format!("/people/{person}")).expect(404);
        matej.patch(&format!("/people/{person}"), "*", &json!({"phone": "+39 1"})).expect(404);
        assert_eq!(
            pointers(matej.post("/cases", &json!({"person_id": person, "target_group": "refugee"}))),
            ["#/person_id"]
        );
        world.anna_system_administrator().get(&format!("/people/{person}")).expect(403);
    }

    fn whoever_changes_a_persons_group_beyond_their_own_loses_sight_of_it_knowingly(world: &World) {
        // A case manager for students alone.
        let (students, _, _) = world.another_client(&json!({
            "role": "case_manager", "organisation_id": world.fixture.comune_udine,
            "territory_ids": [world.fixture.udine], "target_groups": ["student"],
        }));
        let mut person = world.person_in_udine();
        assert_eq!(pointers(students.post("/people", &person)), ["#/target_group"]);
        person["target_group"] = json!("student");
        let address = format!("/people/{}", students.post("/people", &person).expect(201).id());
        assert_eq!(pointers(students.patch(&address, "*", &json!({"target_group": "refugee"}))), ["#/target_group"]);
        students.get(&address).expect(200);
        world.maria_case_manager().patch(&address, "*", &json!({"target_group": "refugee"})).expect(200);
        students.get(&address).expect(404);
    }
}
