//! Services found for needs that name nobody (domain 17).

use serde_json::{Value, json};

use crate::both;
use crate::support::{Client, World};

fn enter(client: &Client, world: &World, name: &str, members: &Value) -> String {
    let mut service = json!({"organisation_id": world.fixture.comune_udine, "name": name, "service_type": "language_course",
        "provider_kind": "internal"});
    for (name, value) in members.as_object().expect("members") {
        service[name] = value.clone();
    }
    client.post("/services", &service).expect(201).id()
}

fn found(client: &Client, need: &Value) -> Vec<(String, String)> {
    let answer = client.post("/services/matches", &json!({"needs": [need]})).expect(200).json();
    let services = answer["needs"][0]["services"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    services.iter().map(|service| (text(&service["name"]), text(&service["verdict"]))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, verdict)| ((*name).to_owned(), (*verdict).to_owned())).collect()
}

both! {
    fn a_need_finds_whom_the_rules_let_in_best_first(world: &World) {
        let (anna, maria) = (world.anna_system_administrator(), world.maria_case_manager());
        let of = |name: &str, members: &Value| enter(&anna, world, name, members);
        of("Adults", &json!({"minimum_age": 18, "languages": [{"code": "uk"}]}));
        of("Children", &json!({"maximum_age": 13}));
        of("Refugees", &json!({"eligibility": {"target_groups": ["refugee"], "legal_statuses": ["refugee"]}}));
        of("Of the region", &json!({"eligibility": {"territory_ids": [world.fixture.region]}}));
        of("Of Trieste", &json!({"eligibility": {"territory_ids": [world.fixture.trieste]}}));
        of("Closed", &json!({"status": "inactive"}));
        of("A flat", &json!({"service_type": "housing"}));
        let full = of("Full", &json!({"languages": [{"code": "uk"}]}));
        anna.put(&format!("/services/{full}/capacity"), &json!({"state": "no_capacity"})).expect(200);
        let free = of("With room", &json!({"languages": [{"code": "uk"}]}));
        anna.put(&format!("/services/{free}/capacity"), &json!({"state": "has_capacity"})).expect(200);
        let need = json!({"service_type": "language_course", "age": 34, "target_group": "refugee", "legal_status": "refugee",
            "territory_id": world.fixture.udine, "languages": ["uk"]});
        assert_eq!(found(&maria, &need), pairs(&[
            ("With room", "met"), ("Adults", "met"), ("Full", "met"), ("Of the region", "met"), ("Refugees", "met"),
        ]));
        // What is not told leaves doubts, and doubts come after what is sure.
        let vague = json!({"service_type": "language_course", "age": 34});
        assert_eq!(found(&maria, &vague), pairs(&[
            ("With room", "met"), ("Adults", "met"), ("Full", "met"), ("Of Trieste", "unknown"),
            ("Of the region", "unknown"), ("Refugees", "unknown"),
        ]));
        // A status whose renewal is pending counts, unless the service says that it does not.
        of("Strict", &json!({"service_type": "health_care",
            "eligibility": {"legal_statuses": ["refugee"], "renewal_pending_counts": false}}));
        of("Lenient", &json!({"service_type": "health_care", "eligibility": {"legal_statuses": ["refugee"]}}));
        let pending = json!({"service_type": "health_care", "legal_status": "refugee", "renewal_pending": true});
        assert_eq!(found(&maria, &pending), pairs(&[("Lenient", "met")]));
    }

    fn each_rule_says_its_verdict_and_why_nobody_is_let_in_is_told_on_demand(world: &World) {
        let (anna, maria) = (world.anna_system_administrator(), world.maria_case_manager());
        enter(&anna, world, "Adults of Trieste", &json!({
            "minimum_age": 18, "eligibility": {"territory_ids": [world.fixture.trieste]}, "languages": [{"code": "it"}],
        }));
        let need = json!({"age": 17, "territory_id": world.fixture.trieste, "languages": ["uk"]});
        assert_eq!(found(&maria, &need), []);
        let asked = json!({"needs": [need], "with_unmet": true});
        let answer = maria.post("/services/matches", &asked).expect(200).json();
        let service = &answer["needs"][0]["services"][0];
        assert_eq!(service["verdict"], "unmet");
        assert_eq!(service["rules"], json!([
            {"rule": "age", "verdict": "unmet", "binding": true},
            {"rule": "residence", "verdict": "met", "binding": true},
            {"rule": "language", "verdict": "unmet", "binding": false},
            {"rule": "capacity", "verdict": "unknown", "binding": false},
        ]));
    }

    fn a_thousand_needs_are_answered_in_one_call_each_in_its_place(world: &World) {
        let (anna, maria) = (world.anna_system_administrator(), world.maria_case_manager());
        for age in 0..20 {
            enter(&anna, world, &format!("For {age:02}"), &json!({"minimum_age": age, "maximum_age": age}));
        }
        let needs: Vec<Value> = (0..1000).map(|n| json!({"age": n % 20, "territory_id": world.fixture.udine})).collect();
        let answer = maria.post("/services/matches", &json!({"needs": needs, "limit": 10})).expect(200).json();
        for (n, need) in answer["needs"].as_array().unwrap().iter().enumerate() {
            assert_eq!(need["services"].as_array().unwrap().len(), 1);
            assert_eq!(need["services"][0]["name"], format!("For {:02}", n % 20));
        }
        let too_many = maria.post("/services/matches", &json!({"needs": needs, "limit": 11})).expect(422).json();
        assert_eq!(too_many["errors"][0]["pointer"], "#/limit");
        for (need, pointer) in [
            (json!({"service_type": "nothing"}), "#/needs/1/service_type"),
            (json!({"target_group": "nobody"}), "#/needs/1/target_group"),
            (json!({"legal_status": "nothing"}), "#/needs/1/legal_status"),
            (json!({"territory_id": uuid::Uuid::now_v7()}), "#/needs/1/territory_id"),
            (json!({"age": -1}), "#/needs/1/age"),
            (json!({"name": "Somebody"}), "#/needs/1/name"),
        ] {
            let refused = maria.post("/services/matches", &json!({"needs": [{}, need]})).expect(422).json();
            assert_eq!(refused["errors"][0]["pointer"], pointer, "{refused}");
        }
        maria.post("/services/matches", &json!({"needs": []})).expect(422);
    }
}
