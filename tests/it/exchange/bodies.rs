//! Whose the entries of a file are: what it says of organisations and of what they gather under programs.

use serde_json::{Value, json};

use super::{FILE, counts, exported, imported};
use crate::both;

both! {
    fn organisations_of_a_file_are_described_by_it_and_the_one_that_imports_by_itself(world: &World) {
        let (anna, paolo) = (world.anna_system_administrator(), world.paolo_organisation_administrator());
        let own = format!("/organisations/{}", world.fixture.comune_udine);
        paolo.patch(&own, "*", &json!({"description": "The town", "website": "https://udine.example/"})).expect(200);
        let report = imported(world, "service_type=psychosocial_support", FILE);
        let address = |name: &str| {
            let entries = report["entries"].as_array().unwrap();
            let entry = entries.iter().find(|entry| entry["source_id"] == name).unwrap();
            format!("/organisations/{}", entry["id"].as_str().unwrap())
        };
        let valley = address("org-7");
        let told = anna.get(&valley).expect(200).json();
        assert_eq!((&told["description"], &told["year_incorporated"], &told["kind"]), (&json!("Helps"), &json!(2011), &json!("other")));
        assert_eq!((&told["phones"][0]["number"], &told["contacts"][0]["name"]), (&json!("+39 0432 000005"), &json!("Office")));
        assert_eq!(anna.get(&address("org-8")).expect(200).json()["ipa_code"], "upl_aid");
        // Its name and kind are for its administrators to change, the rest for the file.
        paolo.patch(&valley, "*", &json!({"name": "Aid of the valley", "kind": "third_sector", "description": "Ours", "phones": []})).expect(200);
        let again = imported(world, "", FILE);
        assert_eq!(counts(&again), [0, 1, 11, 0], "{again}");
        let told = anna.get(&valley).expect(200).json();
        assert_eq!((&told["name"], &told["kind"]), (&json!("Aid of the valley"), &json!("third_sector")));
        assert_eq!((&told["description"], &told["phones"][0]["number"]), (&json!("Helps"), &json!("+39 0432 000005")));
        // A catalogue that knows less of the one that imports takes nothing from it.
        let file = json!([{"id": "1", "name": "Service", "organization": {"id": "1", "name": "Comune di Udine", "description": "A town", "email": "x@udine.example"}}]);
        let report = imported(world, "service_type=housing", &file.to_string());
        assert_eq!(report["entries"][0]["lost"], json!(["description", "email"]), "{report}");
        let told = paolo.get(&own).expect(200).json();
        assert_eq!((&told["description"], &told["website"], told.get("email")), (&json!("The town"), &json!("https://udine.example/"), None));
        // What an organisation would give is not given by another because it was rejected.
        let file = json!([{"id": "2", "name": "Service", "organization": {"id": "2", "name": "x".repeat(201)}}]);
        let report = imported(world, "service_type=housing", &file.to_string());
        let pointers = [0, 1].map(|entry| report["entries"][entry]["errors"][0]["pointer"].as_str().unwrap());
        assert_eq!(pointers, ["#/name", "#/organization_id"], "{report}");
    }

    fn what_does_not_fit_of_an_organisation_is_left_out_and_the_rest_kept(world: &World) {
        let paolo = world.paolo_organisation_administrator();
        let numbers = |most: usize| (0..most).map(|number| json!({"number": format!("+39 {number}")})).collect::<Vec<_>>();
        let mut phones = numbers(25);
        phones[0]["number"] = json!("1".repeat(61));
        phones[1]["description"] = json!("x".repeat(501));
        let organisation = json!({"id": "caritas", "name": "Caritas", "description": "Helps", "website": "www.caritas.it", "uri": "caritas",
            "logo": "logo.png", "email": "ask at the door", "year_incorporated": 20_011, "legal_status": "x".repeat(201), "phones": phones,
            "contacts": [{"name": "Office", "email": "nobody", "phones": numbers(12)}], "funding": [{"source": "Gifts"}],
            "organization_identifiers": [{"identifier_scheme": "IT-IPA", "identifier": "c_caritas"}]});
        let file = json!([{"id": "1", "name": "Canteen", "organization": organisation, "program": {"id": "p", "name": "Bread"},
            "service_at_locations": [{"id": "at", "location": {"id": "there", "name": "There", "organization_id": "caritas"}}]}]);
        let report = imported(world, "service_type=housing", &file.to_string());
        assert_eq!(counts(&report), [5, 0, 0, 0], "{report}");
        let lost = json!(["contacts/email", "contacts/phones/*", "email", "legal_status", "logo", "phones/*", "phones/description",
            "phones/number", "uri", "website", "year_incorporated"]);
        assert_eq!(report["entries"][0]["lost"], lost);
        let address = format!("/organisations/{}", report["entries"][0]["id"].as_str().unwrap());
        let told = paolo.get(&address).expect(200).json();
        assert_eq!((&told["description"], told.get("website")), (&json!("Helps"), None));
        let kept = ["phones", "contacts", "funding"].map(|list| told[list].as_array().unwrap().len());
        assert_eq!(kept, [19, 1, 1]);
        assert_eq!((&told["phones"][0]["number"], told["phones"][0].get("description")), (&json!("+39 1"), None));
        assert_eq!(told["contacts"][0]["phones"].as_array().unwrap().len(), 10);
        let again = imported(world, "", &file.to_string());
        assert_eq!((counts(&again), &again["entries"][0]["lost"]), ([0, 0, 5, 0], &lost));
        // What is here stays where what the file has instead does not fit.
        paolo.patch(&address, "*", &json!({"website": "https://caritas.example/"})).expect(200);
        imported(world, "", &file.to_string());
        assert_eq!(paolo.get(&address).expect(200).json()["website"], "https://caritas.example/");
        // A code of the index is one body's.
        let file = json!([{"id": "2", "name": "Beds", "organization": {"id": "other", "name": "Other", "organization_identifiers": [
            {"identifier_scheme": "IT-IPA", "identifier": "c_caritas"}]}}]);
        let report = imported(world, "service_type=housing", &file.to_string());
        assert_eq!((counts(&report), &report["entries"][0]["lost"]), ([2, 0, 0, 0], &json!(["organization_identifiers"])), "{report}");
    }

    fn the_one_that_imports_is_never_rejected(world: &World) {
        let paolo = world.paolo_organisation_administrator();
        let own = format!("/organisations/{}", world.fixture.comune_udine);
        let before = paolo.patch(&own, "*", &json!({"description": "The town", "email": "urp@udine.example"})).expect(200).json();
        let wrong = json!({"id": "1", "name": "Comune di Udine", "website": "www.udine.it", "email": "urp@udine.example", "logo": null,
            "url": "https://elsewhere.example/", "phones": [{"number": "1".repeat(61)}, {"number": "+39 0432 1"}],
            "organization_identifiers": [{"identifier_scheme": "IT-IPA", "identifier": "another"}]});
        let file = json!([{"id": "1", "name": "Service", "organization": wrong}]);
        let report = imported(world, "service_type=housing", &file.to_string());
        assert_eq!(counts(&report), [1, 0, 1, 0], "{report}");
        let lost = json!(["organization_identifiers", "phones", "phones/*", "phones/number", "url", "website"]);
        assert_eq!(report["entries"][0]["lost"], lost);
        // By its own id it may have any name, and by its name no id.
        let file = json!([
            {"id": "2", "name": "Second", "organization": {"id": world.fixture.comune_udine, "name": "x".repeat(201)}},
            {"id": "3", "name": "Third", "organization": {"name": "Comune di Udine", "description": "The town"}},
        ]);
        let report = imported(world, "service_type=housing", &file.to_string());
        assert_eq!(counts(&report), [2, 0, 2, 0], "{report}");
        assert_eq!((&report["entries"][0]["lost"], &report["entries"][1]["lost"]), (&json!(["name"]), &json!([])));
        assert_eq!(paolo.get(&own).expect(200).json(), before);
        for service in exported(world) {
            assert_eq!(service["organization"]["name"], "Comune di Udine");
        }
    }

    fn a_service_keeps_its_program_unless_the_file_says_another(world: &World) {
        let paolo = world.paolo_organisation_administrator();
        let organisation = json!({"id": "o", "name": "Valley Aid"});
        let program = |name: &str| json!({"id": "p", "name": name});
        let sent = |program: Option<Value>, named: Option<&str>| {
            let mut service = json!({"id": "1", "name": "Service", "organization": organisation});
            service.as_object_mut().unwrap().extend(program.map(|program| ("program".to_owned(), program)));
            service.as_object_mut().unwrap().extend(named.map(|id| ("program_id".to_owned(), json!(id))));
            let report = imported(world, "service_type=housing", &json!([service]).to_string());
            let entries = report["entries"].as_array().unwrap();
            let entry = entries.iter().find(|entry| entry["kind"] == "service").unwrap().clone();
            let address = format!("/services/{}", entry["id"].as_str().unwrap());
            (entry["lost"].clone(), paolo.get(&address).expect(200).json())
        };
        let (lost, service) = sent(Some(program("First steps")), None);
        let ours = service["program_id"].as_str().unwrap().to_owned();
        assert_eq!(lost, json!([]));
        // Told in an earlier file, told wrongly in this one, named by its own id.
        for (told, named) in [(None, Some("p")), (Some(program(&"x".repeat(201))), None), (None, Some(ours.as_str()))] {
            let (lost, service) = sent(told, named);
            assert_eq!((&lost, &service["program_id"]), (&json!([]), &json!(ours)));
        }
        // Nobody knows it, it has no id, it is somebody else's.
        let other = json!({"organisation_id": world.fixture.comune_udine, "name": "Ours"});
        let other = paolo.post("/programs", &other).expect(201).id();
        for (told, named) in [(None, Some("nowhere")), (Some(json!({"name": "Nameless"})), None), (None, Some(other.as_str()))] {
            let (lost, service) = sent(told, named);
            assert_eq!((&lost, &service["program_id"]), (&json!(["program_id"]), &json!(ours)));
        }
        // A new service finds the program of an earlier file as well.
        let file = json!([{"id": "2", "name": "Second", "program_id": "p", "organization": organisation}]);
        let report = imported(world, "service_type=housing", &file.to_string());
        assert_eq!((counts(&report), &report["entries"][1]["lost"]), ([1, 0, 1, 0], &json!([])), "{report}");
        let (lost, service) = sent(None, None);
        assert_eq!((lost, service.get("program_id")), (json!([]), None));
    }

    fn bodies_below_that_were_not_imported_tell_of_themselves(world: &World) {
        let paolo = world.paolo_organisation_administrator();
        let below = json!({"name": "Library", "kind": "other", "parent_id": world.fixture.comune_udine, "description": "Lends books",
            "email": "desk@library.example", "phones": [{"number": "+39 1"}]});
        let below = paolo.post("/organisations", &below).expect(201).id();
        let before = paolo.get(&format!("/organisations/{below}")).expect(200).json();
        let file = json!([{"id": "1", "name": "Reading", "organization": {"id": below, "name": "A library", "description": "Books", "phones": []}}]);
        let report = imported(world, "service_type=housing", &file.to_string());
        assert_eq!(counts(&report), [1, 0, 1, 0], "{report}");
        assert_eq!(report["entries"][0]["lost"], json!(["description", "name", "phones"]));
        assert_eq!(paolo.get(&format!("/organisations/{below}")).expect(200).json(), before);
        // Of one that was imported, what a file does not have stays, and what it has without a value goes.
        let told = |organisation: Value| {
            let file = json!([{"id": "2", "name": "Second", "organization": organisation}]);
            let report = imported(world, "service_type=housing", &file.to_string());
            let address = format!("/organisations/{}", report["entries"][0]["id"].as_str().unwrap());
            (report["entries"][0]["status"].clone(), paolo.get(&address).expect(200).json())
        };
        let (_, first) = told(json!({"id": "o", "name": "O", "description": "Helps", "email": "o@example.com", "year_incorporated": 2011,
            "phones": [{"number": "+39 1"}], "contacts": [{"name": "Office"}], "funding": [{"source": "Gifts"}]}));
        let (status, second) = told(json!({"id": "o", "name": "O"}));
        assert_eq!((status, &second), (json!("unchanged"), &first));
        let (status, third) = told(json!({"id": "o", "name": "O", "email": null, "phones": []}));
        assert_eq!((status, third.get("email"), &third["phones"]), (json!("updated"), None, &json!([])));
        for name in ["description", "year_incorporated", "contacts", "funding"] {
            assert_eq!(third[name], first[name]);
        }
    }

    fn what_is_somebody_elses_does_not_become_the_importers(world: &World) {
        let file = json!([
            {"id": "1", "name": "First", "organization": {"name": "Caritas"}, "program": {"id": "p", "name": "Bread"}},
            {"id": "2", "name": "Second", "organization": {"name": "Red Cross"}},
            {"id": "3", "name": "Third", "organization_id": null, "organization": {"id": "o", "name": "Valley Aid"}},
            {"id": "4", "name": "Fourth", "organization_id": "named", "organization": {"name": "Named beside it"}},
        ]);
        let report = imported(world, "service_type=housing", &file.to_string());
        let entries: Vec<_> = report["entries"].as_array().unwrap().iter()
            .map(|entry| (entry["status"].as_str().unwrap(), entry["errors"][0]["pointer"].as_str().unwrap_or_default())).collect();
        let (created, nameless, owned) = (("created", ""), ("rejected", "#/id"), ("rejected", "#/organization_id"));
        assert_eq!(entries, [nameless, nameless, created, created, owned, owned, owned, created, created], "{report}");
        let told: Vec<_> = exported(world).iter()
            .map(|service| (service["name"].clone(), service["organization"]["name"].clone())).collect();
        assert_eq!(told, [(json!("Third"), json!("Valley Aid")), (json!("Fourth"), json!("Named beside it"))]);
    }

    fn what_an_export_says_for_want_of_a_description_is_none(world: &World) {
        let paolo = world.paolo_organisation_administrator();
        let kinds = paolo.get("/code-lists/organisation_kinds").expect(200).json();
        let labels = &kinds["items"].as_array().unwrap().iter().find(|kind| kind["code"] == "municipality").unwrap()["labels"];
        let mut seen = Vec::new();
        for language in ["it", "de", "en"] {
            let file = json!([{"id": language, "name": "Service",
                "organization": {"id": language, "name": language, "description": labels[language]},
                "program": {"id": language, "name": "First steps", "description": "First steps"}}]);
            // New, and there.
            for _ in 0..2 {
                let report = imported(world, "service_type=housing", &file.to_string());
                for (entry, path) in ["organisations", "programs"].iter().enumerate() {
                    let id = report["entries"][entry]["id"].as_str().unwrap();
                    seen.push(paolo.get(&format!("/{path}/{id}")).expect(200).json().get("description").cloned());
                }
                assert_eq!(report["entries"][0]["lost"], json!([]));
            }
        }
        assert_eq!(seen, vec![None; 12]);
        // The importing one, whatever its kind.
        let file = json!([{"id": "1", "name": "Service", "organization": {"id": "1", "name": "Comune di Udine", "description": labels["de"]}}]);
        let report = imported(world, "service_type=housing", &file.to_string());
        assert_eq!(report["entries"][0]["lost"], json!([]));
    }

    fn bodies_that_a_file_puts_below_each_other_all_stand_below_the_one_who_imports(world: &World) {
        let paolo = world.paolo_organisation_administrator();
        let own = format!("/organisations/{}", world.fixture.comune_udine);
        let before = paolo.get(&own).expect(200).json();
        let service = |id: &str, parent: &str| json!({"id": id, "name": id, "organization": {"id": id, "name": format!("Body {id}"), "parent_organization_id": parent}});
        let of_own = json!({"id": "own", "name": "own", "organization": {"id": "own", "name": before["name"], "parent_organization_id": "b"}});
        let file = json!([service("a", "b"), service("b", "a"), service("c", "c"), service("d", "own"), of_own]).to_string();
        for (round, counted) in [(1, [9, 0, 1, 0]), (2, [0, 0, 10, 0])] {
            let report = imported(world, "service_type=housing", &file);
            assert_eq!(counts(&report), counted, "{round}: {report}");
            let bodies: Vec<&Value> = report["entries"].as_array().unwrap().iter().filter(|entry| entry["kind"] == "organisation").collect();
            assert_eq!(bodies.len(), 5);
            for entry in bodies {
                assert!(entry["lost"].as_array().unwrap().contains(&json!("parent_organization_id")), "{entry}");
                let told = paolo.get(&format!("/organisations/{}", entry["id"].as_str().unwrap())).expect(200).json();
                if told["id"] == before["id"] {
                    assert_eq!(told, before);
                } else {
                    assert_eq!(told["parent_id"], before["id"]);
                }
            }
        }
    }
}
