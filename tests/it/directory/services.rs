//! Services: described, verified, with room or without (domain 17 and 18).

use serde_json::{Value, json};

use crate::both;
use crate::support::feed::Follower;
use crate::support::{Client, World};

fn course(world: &World) -> Value {
    json!({"organisation_id": world.fixture.comune_udine, "name": "Italiano per nuovi arrivati", "service_type": "language_course",
        "provider_kind": "internal"})
}

fn entered(client: &Client, service: &Value) -> String {
    format!("/services/{}", client.post("/services", service).expect(201).id())
}

fn with(mut service: Value, members: &Value) -> Value {
    for (name, value) in members.as_object().expect("members") {
        service[name] = value.clone();
    }
    service
}

fn names(answer: &Value) -> Vec<&str> {
    answer["items"].as_array().unwrap().iter().map(|service| service["name"].as_str().unwrap()).collect()
}

both! {
    fn a_service_is_told_as_it_was_entered_and_to_everyone(world: &World) {
        let paolo = world.paolo_organisation_administrator();
        let new = with(course(world), &json!({
            "minimum_age": 16, "maximum_age": 99, "regular_structure": true, "alternate_name": "Курс італійської",
            "description": "Twice a week.", "url": "https://udine.example/italiano", "email": "corsi@udine.example",
            "eligibility": {"target_groups": ["refugee"], "legal_statuses": ["refugee"], "territory_ids": [world.fixture.udine],
                "renewal_pending_counts": false},
            "languages": [{"code": "it"}, {"code": "uk", "note": "with a mediator"}],
            "phones": [{"number": "+39 0432 000000", "extension": 12, "languages": [{"code": "it"}]}],
            "schedules": [{"freq": "WEEKLY", "byday": "TU,TH", "opens_at": "18:00", "closes_at": "20:00"}],
            "cost_options": [{"option": "everyone", "amount": {"amount": "0.00", "currency": "EUR"}}],
            "required_documents": [{"document": "Residence permit or receipt"}],
            "contacts": [{"name": "Segreteria corsi", "email": "corsi@udine.example"}],
            "service_areas": [{"name": "Udine", "territory_id": world.fixture.udine}],
            "funding": [{"source": "FAMI 2021-2027"}],
        }));
        let address = entered(&paolo, &new);
        for reader in [world.maria_case_manager(), world.matej_case_manager_in_trieste(), world.giulia_auditor()] {
            let told = reader.get(&address).expect(200).json();
            for (name, value) in new.as_object().unwrap() {
                let parts = ["languages", "phones", "schedules", "cost_options", "required_documents", "contacts",
                    "service_areas", "funding"];
                if !parts.contains(&name.as_str()) {
                    assert_eq!(&told[name], value, "{name}");
                }
            }
            assert_eq!(told["status"], "active");
            assert_eq!(told["languages"][1]["note"], "with a mediator");
            assert_eq!(told["phones"][0]["languages"][0]["code"], "it");
            assert_eq!(told["schedules"][0]["byday"], "TU,TH");
            assert!(told["funding"][0]["id"].is_string(), "a part has an id");
            assert_eq!(told["freshness"], "stale", "nobody has verified it");
            assert!(told.get("capacity").is_none());
        }
        // A part that is sent with its id stays the same part.
        let told = paolo.get(&address).expect(200).json();
        let mut phones = told["phones"].clone();
        phones[0]["number"] = json!("+39 0432 111111");
        let edited = paolo.patch(&address, "*", &json!({"phones": phones})).expect(200).json();
        assert_eq!(edited["phones"], phones);
        assert_eq!(edited["version"], 2);
    }

    fn what_a_service_cannot_be_is_refused_with_the_member(world: &World) {
        let paolo = world.paolo_organisation_administrator();
        for (members, pointer) in [
            (json!({"service_type": "no_such_type"}), "#/service_type"),
            (json!({"minimum_age": 30, "maximum_age": 18}), "#/maximum_age"),
            (json!({"eligibility": {"target_groups": ["nobody"]}}), "#/eligibility/target_groups/0"),
            (json!({"eligibility": {"legal_statuses": ["nothing"]}}), "#/eligibility/legal_statuses/0"),
            (json!({"eligibility": {"territory_ids": [uuid::Uuid::now_v7()]}}), "#/eligibility/territory_ids/0"),
            (json!({"service_areas": [{"territory_id": uuid::Uuid::now_v7()}]}), "#/service_areas/0/territory_id"),
            (json!({"schedules": [{"byday": "MO,XX"}]}), "#/schedules/0/byday"),
            (json!({"schedules": [{"byday": "1"}]}), "#/schedules/0/byday"),
            (json!({"schedules": [{"opens_at": "25:00"}]}), "#/schedules/0/opens_at"),
            (json!({"cost_options": [{"amount": {"amount": "1,50", "currency": "EUR"}}]}), "#/cost_options/0/amount/amount"),
            (json!({"cost_options": [{"amount": {"amount": "1", "currency": "euro"}}]}), "#/cost_options/0/amount/currency"),
            (json!({"languages": [{"code": "Italian"}]}), "#/languages/0/code"),
            (json!({"phones": [{"number": "1", "languages": [{"code": "1"}]}]}), "#/phones/0/languages/0/code"),
            (json!({"url": "udine.example"}), "#/url"),
            (json!({"organisation_id": world.fixture.comune_trieste}), "#/organisation_id"),
        ] {
            let refused = paolo.post("/services", &with(course(world), &members)).expect(422).json();
            assert_eq!(refused["errors"][0]["pointer"], pointer, "{members}: {refused}");
        }
        assert_eq!(paolo.get("/services").expect(200).json()["items"], json!([]));
        // Editing holds the whole to the same rules.
        let address = entered(&paolo, &with(course(world), &json!({"minimum_age": 16})));
        for (patch, pointer) in [
            (json!({"maximum_age": 15}), "#/maximum_age"),
            (json!({"minimum_age": 151}), "#/minimum_age"),
            (json!({"url": "x"}), "#/url"),
            (json!({"eligibility": {"territory_ids": [uuid::Uuid::now_v7()]}}), "#/eligibility/territory_ids/0"),
            (json!({"phones": null}), "#/phones"),
            (json!({"schedules": [{"closes_at": "noon"}]}), "#/schedules/0/closes_at"),
        ] {
            let refused = paolo.patch(&address, "*", &patch).expect(422).json();
            assert_eq!(refused["errors"][0]["pointer"], pointer, "{patch}: {refused}");
        }
        assert_eq!(paolo.get(&address).expect(200).json()["version"], 1);
    }

    fn a_rule_is_edited_and_the_others_stay(world: &World) {
        let paolo = world.paolo_organisation_administrator();
        let rules = json!({"target_groups": ["refugee"], "legal_statuses": ["refugee"], "territory_ids": [world.fixture.udine],
            "renewal_pending_counts": true});
        let address = entered(&paolo, &with(course(world), &json!({"eligibility": rules})));
        let edited = paolo.patch(&address, "*", &json!({"eligibility": {"renewal_pending_counts": false}})).expect(200).json();
        let expected = with(rules, &json!({"renewal_pending_counts": false}));
        assert_eq!(edited["eligibility"], expected);
        let edited = paolo.patch(&address, "*", &json!({"eligibility": {"legal_statuses": [], "target_groups": ["worker"]}}));
        assert_eq!(edited.expect(200).json()["eligibility"], with(expected, &json!({"legal_statuses": [], "target_groups": ["worker"]})));
        for (patch, pointer) in [
            (json!({"eligibility": null}), "#/eligibility"),
            (json!({"eligibility": {"target_groups": null}}), "#/eligibility/target_groups"),
            (json!({"eligibility": {"territory_ids": vec![world.fixture.udine; 201]}}), "#/eligibility/territory_ids"),
            (json!({"eligibility": {"no_such_rule": 1}}), "#/eligibility/no_such_rule"),
        ] {
            assert_eq!(paolo.patch(&address, "*", &patch).expect(422).json()["errors"][0]["pointer"], pointer);
        }
        assert_eq!(paolo.get(&address).expect(200).json()["version"], 3);
    }

    fn services_are_kept_by_the_administrators_of_their_organisation(world: &World) {
        let (paolo, anna) = (world.paolo_organisation_administrator(), world.anna_system_administrator());
        let theirs = entered(&anna, &with(course(world), &json!({"organisation_id": world.fixture.comune_trieste})));
        paolo.patch(&theirs, "*", &json!({"name": "Mine"})).expect(403);
        paolo.put(&format!("{theirs}/capacity"), &json!({"state": "no_capacity"})).expect(403);
        paolo.post(&format!("{theirs}/verifications"), &json!({"method": "visit"})).expect(403);
        // Who works there tells of it, and describes nothing.
        let matej = world.matej_case_manager_in_trieste();
        matej.put(&format!("{theirs}/capacity"), &json!({"state": "no_capacity"})).expect(200);
        matej.post(&format!("{theirs}/verifications"), &json!({"method": "visit"})).expect(201);
        matej.patch(&theirs, "*", &json!({"name": "Mine"})).expect(403);
        matej.post("/services", &with(course(world), &json!({"organisation_id": world.fixture.comune_trieste}))).expect(403);
    }

    fn services_are_listed_by_name_and_found_by_words_in_any_script(world: &World) {
        let anna = world.anna_system_administrator();
        for (name, members) in [
            ("Corso di cucina", json!({"service_type": "social_participation", "provider_kind": "external"})),
            ("Sportello casa", json!({"service_type": "housing", "status": "temporarily_closed", "regular_structure": true})),
            ("Ärztliche Sprechstunde", json!({"service_type": "health_care", "description": "für Ungeborene & Mütter"})),
            ("Курс української", json!({"organisation_id": world.fixture.comune_trieste})),
            ("100% sostegno_scuola", json!({"service_type": "school_support"})),
        ] {
            entered(&anna, &with(with(course(world), &json!({"name": name})), &members));
        }
        let list = |query: &str| {
            let answer = world.maria_case_manager().get(&format!("/services{query}")).expect(200).json();
            names(&answer).into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        // As the database compares texts, whichever it is.
        assert_eq!(list("").len(), 5);
        assert_eq!(list("?service_type=housing"), ["Sportello casa"]);
        assert_eq!(list("?status=temporarily_closed"), ["Sportello casa"]);
        assert_eq!(list("?provider_kind=external"), ["Corso di cucina"]);
        assert_eq!(list("?regular_structure=true"), ["Sportello casa"]);
        assert_eq!(list(&format!("?organisation_id={}", world.fixture.comune_trieste)), ["Курс української"]);
        assert_eq!(list("?q=arzt"), ["Ärztliche Sprechstunde"]);
        assert_eq!(list("?q=mutter%20sprech"), ["Ärztliche Sprechstunde"]);
        assert_eq!(list("?q=kurs%20ukra"), ["Курс української"]);
        assert_eq!(list("?q=%D0%9A%D0%A3%D0%A0%D0%A1"), ["Курс української"]);
        assert_eq!(list("?q=casa%20cucina"), [""; 0]);
        // Nothing in a search is a wildcard.
        assert_eq!(list("?q=100%25"), ["100% sostegno_scuola"]);
        assert_eq!(list("?q=%25zz"), [""; 0]);
        assert_eq!(list("?q=%25"), [""; 0]);
        world.maria_case_manager().get("/services?q=a%20b%20c%20d%20e%20f%20g%20h%20i").expect(400);
        // Read on page by page, each comes once.
        let maria = world.maria_case_manager();
        let (mut seen, mut path) = (Vec::new(), "/services?limit=2".to_owned());
        loop {
            let page = maria.get(&path).expect(200).json();
            seen.extend(names(&page).into_iter().map(str::to_owned));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            path = format!("/services?limit=2&cursor={cursor}");
        }
        assert_eq!(seen, list(""));
    }

    fn a_verification_makes_an_entry_fresh_and_editing_does_not(world: &World) {
        let paolo = world.paolo_organisation_administrator();
        let address = entered(&paolo, &course(world));
        paolo.patch(&address, "*", &json!({"description": "Three times a week."})).expect(200);
        assert_eq!(paolo.get(&address).expect(200).json()["freshness"], "stale");
        let today = approdo::clock::date_of(approdo::clock::now());
        let verify = |days: i64| {
            let on = today - chrono::TimeDelta::days(days);
            let told = json!({"method": "telephone", "verified_on": on, "note": "Spoke with the secretary."});
            paolo.post(&format!("{address}/verifications"), &told)
        };
        let freshness = || paolo.get(&address).expect(200).json()["freshness"].as_str().unwrap().to_owned();
        for (days, band) in [(366, "stale"), (365, "ageing"), (181, "ageing"), (180, "fresh"), (400, "fresh"), (0, "fresh")] {
            verify(days).expect(201);
            assert_eq!(freshness(), band, "after {days} days");
        }
        assert_eq!(paolo.get(&address).expect(200).json()["verified_on"], json!(today));
        let ahead = verify(-2).expect(422).json();
        assert_eq!(ahead["errors"][0]["pointer"], "#/verified_on");
        let listed = paolo.get(&format!("{address}/verifications")).expect(200).json();
        assert_eq!(listed["items"].as_array().unwrap().len(), 6);
        assert_eq!(listed["items"][0]["verified_by"], world.id_of("paolo_organisation_administrator"));
        assert_eq!(listed["items"][0]["method"], "telephone");
    }

    fn capacity_is_told_apart_and_checked_against_what_was_read(world: &World) {
        let (paolo, samira) = (world.paolo_organisation_administrator(), world.samira_help_desk_operator());
        let address = entered(&paolo, &course(world));
        let capacity = format!("{address}/capacity");
        samira.get(&capacity).expect(404);
        let too_many = json!({"state": "has_capacity", "available": 25, "maximum": 24});
        assert_eq!(samira.put(&capacity, &too_many).expect(422).json()["errors"][0]["pointer"], "#/available");
        let told = json!({"state": "waitlist", "available": 0, "maximum": 24, "unit": "places", "next_available_on": "2027-01-11"});
        let first = samira.put(&capacity, &told).expect(200);
        assert_eq!(first.json()["stale"], false);
        let told_again = paolo.put(&capacity, &told).expect(200);
        assert_eq!(told_again.json()["version"], 2, "that it is still so is told as well");
        let matching = |tag: &str| {
            let headers = [("content-type", "application/json"), ("if-match", tag)];
            samira.send("PUT", &capacity, &headers, Some(br#"{"state":"no_capacity"}"#))
        };
        matching(first.header("etag")).expect(412);
        matching(told_again.header("etag")).expect(200);
        let service = samira.get(&address).expect(200);
        assert_eq!(service.json()["capacity"]["state"], "no_capacity");
        assert_eq!(service.json()["version"], 1, "the description is as it was");
        // Whoever holds the service with its capacity learns of another one.
        samira.put(&capacity, &json!({"state": "has_capacity", "available": 3})).expect(200);
        let held = [("if-none-match", service.header("etag"))];
        let again = samira.send("GET", &address, &held, None).expect(200);
        assert_eq!(again.json()["capacity"]["available"], 3);
        let listed = samira.get("/services").expect(200).json();
        assert_eq!(listed["items"][0]["capacity"]["available"], 3);
    }

    fn a_system_follows_the_directory_in_its_feed(world: &World) {
        let paolo = world.paolo_organisation_administrator();
        let mut reader = Follower::caught_up(world.regional_sync_client());
        let address = entered(&paolo, &course(world));
        paolo.patch(&address, "*", &json!({"status": "inactive"})).expect(200);
        paolo.put(&format!("{address}/capacity"), &json!({"state": "no_capacity"})).expect(200);
        world.feed_settled();
        let events = reader.rest();
        let told: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
        assert_eq!(told, ["service.created", "service.updated", "service_capacity.created"]);
        assert!(events[1]["resource"]["href"].as_str().unwrap().ends_with(&address));
        assert_eq!(events[1]["changed_fields"], json!(["status"]));
    }
}
