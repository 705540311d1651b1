//! External ids: people and cases by what other systems call them.

use serde_json::{Value, json};

use crate::both;
use crate::support::http::Answer;

fn records(value: &str) -> Value {
    json!([{"system": "social_records", "value": value}])
}

fn pointer(answer: Answer) -> Value {
    answer.expect(422).json()["errors"][0]["pointer"].clone()
}

fn guard(answer: Answer) -> Value {
    answer.expect(409).json()["unmet_guards"][0]["guard"].clone()
}

both! {
    fn a_person_sent_twice_is_registered_once_and_rectified(world: &World) {
        let maria = world.maria_case_manager();
        let address = "/people/by-external-id/social_records/UD-471";
        maria.get(address).expect(404);
        let mut person = world.person_in_udine();
        let made = maria.put(address, &person).expect(201);
        assert!(made.header("location").ends_with(&format!("/people/{}", made.id())));
        assert_eq!(made.json()["external_ids"], records("UD-471"));
        assert_eq!(maria.get(address).expect(200).json(), made.json());

        // Silent on notes and languages: these are kept.
        person.as_object_mut().expect("a person").retain(|name, _| name != "notes" && name != "languages");
        person["family_name"] = json!("Kovalenko");
        person["external_ids"] = json!([{"system": "employment_service", "value": "77"}]);
        let again = maria.put(address, &person).expect(200);
        assert_eq!((again.id(), &again.json()["version"]), (made.id(), &json!(2)));
        assert_eq!((&again.json()["notes"], &again.json()["languages"]), (&json!("prefers mornings"), &json!(["uk", "it"])));
        assert_eq!(again.json()["family_name"], "Kovalenko");
        assert_eq!(maria.get("/people/by-external-id/employment_service/77").expect(200).id(), made.id());
        assert_eq!(maria.put(address, &person).expect(200).json()["version"], 2, "nothing new, no new version");
        let found = maria.post("/people/searches", &json!({"name": "kovalenko"})).expect(200).json();
        assert_eq!(found["items"].as_array().map(Vec::len), Some(1));

        person["territory_id"] = json!(world.fixture.trieste);
        assert_eq!(pointer(maria.put(address, &person)), "#/territory_id");
    }

    fn a_case_sent_twice_is_opened_once_and_edited(world: &World) {
        let maria = world.maria_case_manager();
        let person = maria.post("/people", &world.person_in_udine()).expect(201).id();
        let address = "/cases/by-external-id/social_records/C-1";
        let mut case = json!({"person_id": person, "target_group": "refugee", "summary": "looks for housing"});
        let made = maria.put(address, &case).expect(201);
        case["priority"] = json!("high");
        case.as_object_mut().expect("a case").remove("summary");
        let again = maria.put(address, &case).expect(200);
        assert_eq!((again.id(), &again.json()["version"]), (made.id(), &json!(2)));
        assert_eq!((&again.json()["priority"], &again.json()["summary"]), (&json!("high"), &json!("looks for housing")));
        assert_eq!(maria.get(address).expect(200).json(), maria.get(&format!("/cases/{}", made.id())).expect(200).json());
        case["person_id"] = json!(maria.post("/people", &world.person_in_udine()).expect(201).id());
        assert_eq!(pointer(maria.put(address, &case)), "#/person_id");
        let paolo = world.paolo_organisation_administrator().get("/cases").expect(200);
        assert!(paolo.json()["items"][0].get("external_ids").is_none() && !paolo.text.contains("C-1"), "it tells who it is");
    }

    fn a_precondition_is_the_senders_choice(world: &World) {
        let maria = world.maria_case_manager();
        let (address, person) = ("/people/by-external-id/other/1", world.person_in_udine());
        let put = |etag: &str, phone: &str| {
            let mut body = person.clone();
            body["phone"] = json!(phone);
            maria.send("PUT", address, &[("content-type", "application/json"), ("if-match", etag)], Some(body.to_string().as_bytes()))
        };
        put("*", "111").expect(412);
        let made = maria.put(address, &person).expect(201);
        let edited = put(made.header("etag"), "222").expect(200);
        assert_ne!(edited.header("etag"), made.header("etag"));
        put(made.header("etag"), "333").expect(412);
        put("*", "333").expect(200);
    }

    fn an_external_id_belongs_to_one_row_of_its_kind(world: &World) {
        let maria = world.maria_case_manager();
        let mut person = world.person_in_udine();
        person["external_ids"] = records("A.1");
        let first = maria.post("/people", &person).expect(201).id();
        assert_eq!(guard(maria.post("/people", &person)), "external_id_free");
        let second = maria.post("/people", &world.person_in_udine()).expect(201).id();
        let address = format!("/people/{second}");
        assert_eq!(guard(maria.patch(&address, "*", &json!({"external_ids": records("A.1")}))), "external_id_free");
        // A case may be called as a person is.
        let case = json!({"person_id": first, "target_group": "refugee", "external_ids": records("A.1")});
        maria.post("/cases", &case).expect(201);
        assert_eq!(guard(maria.post("/cases", &case)), "external_id_free");
        // What is given back can be given again, and leads to whoever has it.
        maria.patch(&format!("/people/{first}"), "*", &json!({"external_ids": []})).expect(200);
        let twice = json!({"external_ids": [records("A.1")[0], records("A.1")[0]]});
        assert_eq!(maria.patch(&address, "*", &twice).expect(200).json()["external_ids"], records("A.1"));
        assert_eq!(maria.get("/people/by-external-id/social_records/A.1").expect(200).id(), second);
    }

    fn tax_codes_and_unknown_systems_are_refused(world: &World) {
        let maria = world.maria_case_manager();
        let mut person = world.person_in_udine();
        for (system, value, member) in [
            ("social_records", "SHVLNO91D63Z138X", "value"),
            ("social_records", "shvlno91d63z138x", "value"),
            ("social_records", "a b", "value"),
            ("tax_register", "1", "system"),
        ] {
            person["external_ids"] = json!([{"system": "other", "value": "ok"}, {"system": system, "value": value}]);
            assert_eq!(pointer(maria.post("/people", &person)), format!("#/external_ids/1/{member}"), "{system} {value}");
        }
        for method in ["GET", "PUT"] {
            let body = world.person_in_udine().to_string();
            let headers = [("content-type", "application/json")];
            let sent = |path: &str| maria.send(method, path, &headers, (method == "PUT").then_some(body.as_bytes())).status;
            assert_eq!(sent("/people/by-external-id/other/SHVLNO91D63Z138X"), 400);
            assert_eq!(sent("/people/by-external-id/tax_register/1"), 404);
        }
    }

    fn nobody_learns_whose_an_external_id_is_beyond_their_scope(world: &World) {
        let (maria, matej) = (world.maria_case_manager(), world.matej_case_manager_in_trieste());
        let address = "/people/by-external-id/social_records/UD-1";
        let udine = maria.put(address, &world.person_in_udine()).expect(201);
        let case = json!({"person_id": udine.id(), "target_group": "refugee"});
        maria.put("/cases/by-external-id/social_records/UD-1", &case).expect(201);
        let told = |answer: Answer| {
            let mut problem = answer.expect(404).json();
            problem.as_object_mut().expect("a problem").remove("instance");
            problem
        };
        for kind in ["people", "cases"] {
            let there = told(matej.get(&format!("/{kind}/by-external-id/social_records/UD-1")));
            assert_eq!(there, told(matej.get(&format!("/{kind}/by-external-id/social_records/UD-2"))));
        }
        let mut person = world.person_in_udine();
        person["owner_org_id"] = json!(world.fixture.comune_trieste);
        person["territory_id"] = json!(world.fixture.trieste);
        told(matej.put(address, &person));
        assert_eq!(maria.get(address).expect(200).json(), udine.json());
        // The help desk registers people, and rectifies nobody.
        world.samira_help_desk_operator().put(address, &world.person_in_udine()).expect(403);
        person["external_ids"] = records("UD-1");
        let refused = matej.post("/people", &person).expect(409);
        assert!(!refused.text.contains(&udine.id()));
    }

    fn twins_sent_at_once_become_one_person(world: &World) {
        let maria = world.maria_case_manager();
        let person = world.person_in_udine();
        for round in 0..10 {
            let address = format!("/people/by-external-id/other/{round}");
            let answers: Vec<Answer> = std::thread::scope(|scope| {
                let racing: Vec<_> = (0..4).map(|_| scope.spawn(|| maria.put(&address, &person))).collect();
                racing.into_iter().map(|side| side.join().expect("an answer")).collect()
            });
            let mut made: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
            made.sort_unstable();
            assert_eq!(made, [200, 200, 200, 201], "{}", answers[0].text);
            assert!(answers.iter().all(|answer| answer.id() == answers[0].id()));
        }
    }
}
