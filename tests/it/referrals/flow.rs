//! A need becomes a service: from the match to the confirmed end, as each of four bodies sees it.

use serde_json::{Value, json};

use super::network::{Network, guards, heard, listed, moved, package, read, refused_at};
use crate::both;
use crate::support::Client;
use crate::support::feed::Follower;

/// What a side is told, member by member, apart from what changes by itself.
fn members(referral: &Value) -> Vec<&str> {
    let skipped = ["version", "created_at", "updated_at", "sent_at", "due_response_at", "due_completion_on"];
    referral.as_object().unwrap().keys().map(String::as_str).filter(|name| !skipped.contains(name)).collect()
}

const SENDER: [&str; 18] = [
    "allowed_transitions",
    "author_id",
    "case_id",
    "consent_id",
    "from_org_id",
    "id",
    "offered_service_ids",
    "overdue",
    "package_fields",
    "person_id",
    "priority",
    "reason",
    "service_id",
    "status",
    "target_group",
    "to_org_id",
    "unconfirmed",
    "your_sides",
];
const RECEIVER: [&str; 12] = [
    "allowed_transitions",
    "from_org_id",
    "id",
    "offered_service_ids",
    "overdue",
    "package_fields",
    "priority",
    "service_id",
    "status",
    "to_org_id",
    "unconfirmed",
    "your_sides",
];

fn plus<'a>(members: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    let mut all = [members, more].concat();
    all.sort_unstable();
    all
}

fn allowed(referral: &Value) -> Vec<&str> {
    referral["allowed_transitions"].as_array().unwrap().iter().map(|state| state.as_str().unwrap()).collect()
}

/// Neither of those who have nothing to do with it learns of it.
fn is_unknown_to(client: &Client, referral: &str) {
    for path in ["", "/package", "/transitions"] {
        client.get(&format!("/referrals/{referral}{path}")).expect(404);
    }
    assert!(!listed(client, "").contains(&referral.to_owned()));
    assert!(!listed(client, "?box=outbox").contains(&referral.to_owned()));
}

both! {
    fn from_the_need_to_the_confirmed_end_each_body_sees_its_own_side(world: &World) {
        let (network, _) = Network::ready(world);
        let (maria, school) = (&network.maria, &network.school);
        let (worker, other, trieste) = (&school.worker, &network.association.worker, world.matej_case_manager_in_trieste());
        let udine_system = json!({"role": "sync_client", "organisation_id": world.fixture.comune_udine,
            "territory_ids": [world.fixture.udine]});
        let mut udine_feed = Follower::caught_up(world.another_client(&udine_system).0);
        let mut school_feed = Follower::caught_up(school.system.clone());
        let mut other_feed = Follower::caught_up(network.association.system.clone());
        let elsewhere = json!({"role": "sync_client", "organisation_id": world.fixture.comune_trieste,
            "territory_ids": [world.fixture.trieste]});
        let mut trieste_feed = Follower::caught_up(world.another_client(&elsewhere).0);

        let need = json!({"needs": [{"service_type": "language_course", "target_group": "refugee"}]});
        let found = maria.post("/services/matches", &need).expect(200).text;
        assert!(found.contains(&school.service) && found.contains(&network.association.service));

        let id = network.drafted(&[&school.service]);
        let draft = read(maria, &id);
        assert_eq!((draft["status"].as_str(), allowed(&draft)), (Some("draft"), vec!["requested", "cancelled", "entered_in_error"]));
        for client in [worker, other, &trieste] {
            is_unknown_to(client, &id);
        }
        package(maria, &id).expect(404);
        assert_eq!(heard(world, &mut udine_feed, &id), ["upsert"]);
        assert_eq!(heard(world, &mut school_feed, &id), [""; 0]);

        moved(maria, &id, &json!({"to": "requested"})).expect(201);
        let (sender, receiver) = (read(maria, &id), read(worker, &id));
        assert_eq!(members(&sender), plus(&SENDER, &["agreement_id"]));
        assert_eq!(members(&receiver), plus(&RECEIVER, &["agreement_id"]), "no case, no person, no reason yet");
        assert_eq!((&sender["your_sides"], &receiver["your_sides"]), (&json!(["sender"]), &json!(["receiver"])));
        assert_eq!(allowed(&receiver), ["received"]);
        assert!(sender["due_response_at"].is_string() && sender["to_org_id"] == json!(school.organisation));
        package(worker, &id).expect(403);
        assert_eq!((listed(worker, ""), listed(maria, "?box=outbox")), (vec![id.clone()], vec![id.clone()]));
        assert_eq!((heard(world, &mut udine_feed, &id), heard(world, &mut school_feed, &id)), (vec!["upsert".into()], vec!["upsert".into()]));

        school.moves(&id, "received").expect(201);
        let sent = package(worker, &id).expect(200).json();
        assert_eq!(sent["content"], json!({"given_name": "Олена", "family_name": "Шевчук", "languages": ["uk", "it"]}));
        assert_eq!(members(&read(worker, &id)), plus(&RECEIVER, &["agreement_id", "reason", "target_group"]));
        assert_eq!(package(maria, &id).expect(200).json(), sent);
        // What changes afterwards does not travel.
        maria.patch(&format!("/people/{}", network.person), "*", &json!({"given_name": "Olena"})).expect(200);
        assert_eq!(package(worker, &id).expect(200).json(), sent);

        school.moves(&id, "info_requested").expect(201);
        assert!(read(maria, &id).get("due_response_at").is_none(), "the clock stands still");
        assert_eq!(allowed(&read(maria, &id)), ["received", "cancelled", "entered_in_error"]);
        moved(maria, &id, &json!({"to": "received"})).expect(422);
        moved(maria, &id, &json!({"to": "received", "note": "Afternoons."})).expect(201);
        assert!(read(maria, &id)["due_response_at"].is_string());
        for state in ["accepted", "scheduled", "no_show", "scheduled", "in_progress", "completed"] {
            school.moves(&id, state).expect(201);
        }
        let done = read(maria, &id);
        assert_eq!((done["status"].as_str(), done["outcome_code"].as_str()), (Some("completed"), Some("enrolled")));
        assert_eq!(allowed(&done), ["closed", "cancelled", "entered_in_error"]);
        moved(maria, &id, &json!({"to": "closed", "client_satisfaction": 5})).expect(201);
        let (sender, receiver) = (read(maria, &id), read(worker, &id));
        assert_eq!((&sender["client_satisfaction"], &sender["unconfirmed"]), (&json!(5), &json!(false)));
        assert!(receiver.get("client_satisfaction").is_none());
        assert_eq!(members(&sender), plus(&SENDER, &["agreement_id", "client_satisfaction", "outcome_code", "scheduled_at"]));
        assert_eq!(members(&receiver), plus(&RECEIVER, &["agreement_id", "outcome_code", "reason", "scheduled_at", "target_group"]));
        assert_eq!((allowed(&sender), allowed(&receiver)), (vec![], vec![]));

        let moves = worker.get(&format!("/referrals/{id}/transitions")).expect(200).json();
        let told: Vec<(&str, &str)> = moves["items"].as_array().unwrap().iter()
            .map(|made| (made["to"].as_str().unwrap(), made["side"].as_str().unwrap())).collect();
        assert_eq!(told, [("requested", "sender"), ("received", "receiver"), ("info_requested", "receiver"), ("received", "sender"),
            ("accepted", "receiver"), ("scheduled", "receiver"), ("no_show", "receiver"), ("scheduled", "receiver"),
            ("in_progress", "receiver"), ("completed", "receiver"), ("closed", "sender")]);
        let own = |made: &&Value| made["side"] == "receiver";
        assert!(moves["items"].as_array().unwrap().iter().all(|made| made.get("actor_id").is_some() == own(&made)));

        for client in [other, &trieste] {
            is_unknown_to(client, &id);
        }
        assert_eq!(heard(world, &mut udine_feed, &id).len(), 10);
        assert_eq!(heard(world, &mut school_feed, &id).len(), 10);
        for feed in [&mut other_feed, &mut trieste_feed] {
            assert_eq!(heard(world, feed, &id), [""; 0]);
        }
    }

    fn each_side_makes_its_own_moves_alone(world: &World) {
        let (network, _) = Network::ready(world);
        let id = network.sent(&[&network.school.service]);
        moved(&network.maria, &id, &json!({"to": "received"})).expect(403);
        moved(&network.school.worker, &id, &json!({"to": "cancelled", "note": "No."})).expect(403);
        assert_eq!(guards(network.school.moves(&id, "completed")), ["allowed_transition"]);
        network.school.moves(&id, "received").expect(201);
        network.school.moves(&id, "accepted").expect(201);
        network.school.moves(&id, "scheduled").expect(201);
        network.school.moves(&id, "in_progress").expect(201);
        for done in [json!({"to": "completed", "outcome_code": "enrolled"}), json!({"to": "not_completed", "outcome_code": "unreachable"})] {
            moved(&network.maria, &id, &done).expect(403);
        }
        for wrong in [json!({"to": "completed", "outcome_code": "unreachable"}), json!({"to": "not_completed", "outcome_code": "enrolled"})] {
            assert_eq!(refused_at(moved(&network.school.worker, &id, &wrong)), "#/outcome_code");
        }
        network.school.moves(&id, "completed").expect(201);
        moved(&network.school.worker, &id, &json!({"to": "closed"})).expect(403);
        moved(&network.maria, &id, &json!({"to": "closed"})).expect(201);
    }

    fn whoever_answers_at_a_desk_sees_what_its_role_may(world: &World) {
        let (network, _) = Network::ready(world);
        network.consents(&json!({"data_categories": ["identity", "contact", "health"]}));
        let agreement = json!({"data_categories": ["identity", "health"], "service_ids": [network.association.service],
            "parties": [{"organisation_id": world.fixture.comune_udine, "may_send": true},
                {"organisation_id": world.fixture.root, "may_receive": true}]});
        network.agree(&network.association, &agreement);
        let mut body = network.referral_to(&[&network.association.service]);
        body["package_fields"] = json!(["given_name", "health_needs"]);
        let id = network.maria.post("/referrals", &body).expect(201).id();
        moved(&network.maria, &id, &json!({"to": "requested"})).expect(201);
        moved(&network.association.colleague, &id, &json!({"to": "received"})).expect(201);
        let desk = package(&network.association.colleague, &id).expect(200).json();
        assert_eq!((&desk["content"], &desk["withheld_fields"]), (&json!({"given_name": "Олена"}), &json!(["health_needs"])));
        let worker = package(&network.association.worker, &id).expect(200).json();
        assert_eq!(worker["content"], json!({"given_name": "Олена", "health_needs": "needs insulin"}));
        assert!(desk.get("sha256").is_none(), "who knows the rest could guess what is withheld");
        let canonical = serde_json::to_string(&worker["content"]).unwrap();
        assert_eq!(worker["sha256"], json!(crate::support::files::sha256(canonical.as_bytes())), "the hash is that of RFC 8785");
    }

    fn the_reader_of_a_package_is_recorded(world: &World) {
        let (network, _) = Network::ready(world);
        let id = network.at_school(&["received"]);
        package(&network.school.worker, &id).expect(200);
        let mut seen = false;
        for _ in 0..100 {
            let records = world.giulia_auditor().get("/audit-records?limit=200").expect(200).text;
            seen = records.contains("referral_packages") && records.contains(&id);
            if seen {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        assert!(seen);
    }
}
