//! What must cover a referral before it goes, and what is refused.

use serde_json::{Value, json};

use super::network::{Network, guards, listed, moved, package, read, refused_at};
use crate::both;

fn with(mut body: Value, name: &str, value: Value) -> Value {
    body[name] = value;
    body
}

both! {
    fn nothing_goes_without_a_basis_and_an_agreement(world: &World) {
        let network = Network::new(world);
        let id = network.drafted(&[&network.school.service]);
        let send = || moved(&network.maria, &id, &json!({"to": "requested"}));
        assert_eq!(guards(send()), ["consent", "agreement"]);
        let agreement = network.agreement_with(&network.school, &json!({}));
        let drawn_up = world.anna_system_administrator().post("/agreements", &agreement).expect(201).id();
        assert_eq!(guards(send()), ["consent", "agreement"], "nobody has signed");
        network.sign(&drawn_up, &agreement).expect(201);
        assert_eq!(guards(send()), ["consent"]);
        network.consents(&json!({"recipient_kinds": ["health_service"]}));
        assert_eq!(guards(send()), ["consent_recipient"]);
        network.consents(&json!({"data_categories": ["contact"]}));
        assert_eq!(guards(send()), ["consent_data_categories"]);
        assert_eq!(listed(&network.school.worker, ""), [""; 0], "nothing has left");
        network.consents(&json!({}));
        send().expect(201);
        assert_eq!(listed(&network.school.worker, ""), [id]);
    }

    fn an_agreement_lets_only_the_data_it_names_travel(world: &World) {
        let network = Network::new(world);
        network.agree(&network.school, &json!({"data_categories": ["contact"], "target_groups": ["student"]}));
        network.consents(&json!({}));
        let id = network.drafted(&[&network.school.service]);
        let send = || moved(&network.maria, &id, &json!({"to": "requested"}));
        assert_eq!(guards(send()), ["agreement_target_group", "agreement_data_categories"]);
        network.maria.patch(&format!("/referrals/{id}"), "*", &json!({"package_fields": []})).expect(200);
        assert_eq!(guards(send()), ["agreement_target_group"]);
    }

    fn another_basis_stands_for_a_consent_but_a_consent_must_be_recorded(world: &World) {
        let network = Network::new(world);
        network.agree(&network.school, &json!({}));
        let body = network.referral_to(&[&network.school.service]);
        for named in ["consent", "explicit_consent", "nonsense"] {
            assert_eq!(refused_at(network.maria.post("/referrals", &with(body.clone(), "legal_basis", json!(named)))), "#/legal_basis");
        }
        let id = network.maria.post("/referrals", &with(body, "legal_basis", json!("public_task"))).expect(201).id();
        moved(&network.maria, &id, &json!({"to": "requested"})).expect(201);
        assert!(read(&network.maria, &id).get("consent_id").is_none());
    }

    fn who_may_override_refers_without_an_agreement_and_says_why(world: &World) {
        let network = Network::new(world);
        network.consents(&json!({}));
        let body = with(network.referral_to(&[&network.school.service]), "override_reason", json!("She gives birth tonight."));
        let id = network.maria.post("/referrals", &body).expect(201).id();
        assert_eq!(guards(moved(&network.maria, &id, &json!({"to": "requested"}))), ["override", "agreement"]);
        let supervises = json!({"role": "organisation_administrator", "organisation_id": world.fixture.comune_udine,
            "territory_ids": [world.fixture.udine]});
        world.grant(&world.id_of("maria_case_manager"), &supervises);
        moved(&network.maria, &id, &json!({"to": "requested"})).expect(201);
        assert_eq!(read(&network.maria, &id)["override_reason"], "She gives birth tonight.");
        assert!(read(&network.school.worker, &id).get("override_reason").is_none());
        assert!(read(&network.maria, &id).get("due_response_at").is_none(), "no agreement sets a time");
    }

    fn within_an_organisation_no_agreement_is_asked_for(world: &World) {
        let network = Network::new(world);
        let own = json!({"organisation_id": world.fixture.comune_udine, "name": "Sportello casa", "service_type": "housing",
            "provider_kind": "internal"});
        let known = world.anna_system_administrator().get("/code-lists/service_types").expect(200).json();
        let mut own = own;
        own["service_type"] = known["items"][0]["code"].clone();
        let own = world.anna_system_administrator().post("/services", &own).expect(201).id();
        let body = with(network.referral_to(&[&own]), "legal_basis", json!("public_task"));
        let id = network.maria.post("/referrals", &body).expect(201).id();
        moved(&network.maria, &id, &json!({"to": "requested"})).expect(201);
        assert_eq!(read(&network.maria, &id)["your_sides"], json!(["sender", "receiver"]));
    }

    fn what_does_not_fit_is_refused_and_nothing_is_written(world: &World) {
        let network = Network::new(world);
        let body = network.referral_to(&[&network.school.service]);
        let post = |body: Value| network.maria.post("/referrals", &body);
        let foreign = uuid::Uuid::now_v7().to_string();
        assert_eq!(refused_at(post(with(body.clone(), "case_id", json!(foreign)))), "#/case_id");
        assert_eq!(refused_at(post(with(body.clone(), "service_ids", json!([foreign])))), "#/service_ids/0");
        let twice = json!([network.school.service, network.school.service]);
        assert_eq!(refused_at(post(with(body.clone(), "service_ids", twice))), "#/service_ids/1");
        let twice = json!(["given_name", "phone", "given_name"]);
        assert_eq!(refused_at(post(with(body.clone(), "package_fields", twice))), "#/package_fields/2");
        assert_eq!(refused_at(post(with(body.clone(), "priority", json!("nonsense")))), "#/priority");
        post(with(body.clone(), "package_fields", json!(["salary"]))).expect(422);
        assert_eq!(listed(&network.maria, "?box=outbox"), [""; 0]);
        world.samira_help_desk_operator().post("/referrals", &body).expect(403);
        assert_eq!(refused_at(world.matej_case_manager_in_trieste().post("/referrals", &body)), "#/case_id");
    }

    fn what_was_sent_is_not_edited(world: &World) {
        let (network, _) = Network::ready(world);
        let id = network.drafted(&[&network.school.service]);
        let edit = |body: Value| network.maria.patch(&format!("/referrals/{id}"), "*", &body);
        assert_eq!(edit(json!({"reason": "In the evening."})).expect(200).json()["reason"], "In the evening.");
        edit(json!({"service_ids": []})).expect(422);
        moved(&network.maria, &id, &json!({"to": "requested"})).expect(201);
        assert_eq!(guards(edit(json!({"reason": "In the morning."}))), ["draft"]);
        network.school.worker.patch(&format!("/referrals/{id}"), "*", &json!({"reason": "x"})).expect(403);
    }

    fn a_case_does_not_end_before_its_referrals_but_early(world: &World) {
        let (network, _) = Network::ready(world);
        let sent = network.at_school(&["received", "accepted"]);
        let (draft, done) = (network.drafted(&[&network.school.service]), network.at_school(&["received", "accepted", "scheduled", "in_progress", "completed"]));
        for state in ["assessment", "planning", "active", "evaluation"] {
            world.moved(&network.case, &[json!({"to": state})]);
        }
        let close = json!({"to": "closed", "reason_code": "goals_reached"});
        let moves = format!("/cases/{}/transitions", network.case);
        assert!(guards(network.maria.post_matching(&moves, "*", &close)).contains(&"no_live_referral".to_owned()));
        network.maria.post_matching(&moves, "*", &json!({"to": "closed", "reason_code": "moved"})).expect(201);
        assert_eq!([&sent, &draft, &done].map(|id| network.status(id)), ["cancelled", "cancelled", "closed"]);
        assert_eq!(read(&network.school.worker, &sent)["status"], "cancelled");
        package(&network.school.worker, &sent).expect(403);
        network.maria.post("/referrals", &network.referral_to(&[&network.school.service])).expect(409);
    }

    fn who_is_without_papers_is_not_given_away(world: &World) {
        let network = Network::new(world);
        network.agree(&network.school, &json!({"data_categories": ["identity", "legal"]}));
        network.consents(&json!({"data_categories": ["identity", "legal"]}));
        let status = json!({"category": "undocumented", "change_kind": "first", "valid_from": "2024-01-01"});
        network.maria.post(&format!("/people/{}/legal-statuses", network.person), &status).expect(201);
        let body = with(network.referral_to(&[&network.school.service]), "package_fields", json!(["given_name", "legal_status"]));
        let id = network.maria.post("/referrals", &body).expect(201).id();
        moved(&network.maria, &id, &json!({"to": "requested"})).expect(201);
        assert_eq!(package(&network.maria, &id).expect(200).json()["content"], json!({"given_name": "Олена"}));
    }

    fn the_room_of_a_service_can_be_told_with_the_answer(world: &World) {
        let (network, _) = Network::ready(world);
        let id = network.at_school(&["received"]);
        let full = json!({"to": "accepted", "capacity": {"state": "no_capacity", "available": 0}});
        moved(&network.school.worker, &id, &full).expect(201);
        let room = network.maria.get(&format!("/services/{}/capacity", network.school.service)).expect(200).json();
        assert_eq!((&room["state"], &room["available"]), (&json!("no_capacity"), &json!(0)));
    }

    fn nobody_sends_what_they_may_not_read_of_a_person_elsewhere(world: &World) {
        let network = Network::new(world);
        network.agree(&network.school, &json!({}));
        let there = json!({"role": "case_manager", "organisation_id": world.fixture.comune_udine, "territory_ids": [world.fixture.trieste]});
        let (elsewhere, ..) = world.another_client(&there);
        world.maria_works_in_trieste_too();
        network.maria.patch(&format!("/cases/{}", network.case), "*", &json!({"territory_id": world.fixture.trieste})).expect(200);
        elsewhere.get(&format!("/people/{}", network.person)).expect(404);
        let body = with(network.referral_to(&[&network.school.service]), "legal_basis", json!("public_task"));
        elsewhere.post("/referrals", &body).expect(403);
        let of_case = with(with(body, "package_fields", json!(["case_ref"])), "priority", json!("high"));
        elsewhere.post("/referrals", &of_case).expect(201);
    }

    fn where_processing_is_restricted_nothing_moves_but_to_an_end(world: &World) {
        let (network, _) = Network::ready(world);
        let (sent, received) = (network.sent(&[&network.school.service]), network.at_school(&["received"]));
        network.maria.post_matching(&format!("/people/{}/transitions", network.person), "*", &json!({"to": "restricted", "note": "Contests it."})).expect(201);
        network.school.moves(&sent, "received").expect(423);
        network.school.moves(&received, "accepted").expect(423);
        network.school.worker.post(&format!("/referrals/{sent}/claims"), &json!({})).expect(423);
        moved(&network.maria, &sent, &json!({"to": "cancelled", "note": "Restricted."})).expect(201);
        network.school.moves(&received, "declined").expect(201);
    }

    fn notes_are_read_with_the_package(world: &World) {
        let (network, _) = Network::ready(world);
        let id = network.drafted(&[&network.school.service]);
        moved(&network.maria, &id, &json!({"to": "requested", "note": "Knows the alphabet."})).expect(201);
        let notes = || network.school.worker.get(&format!("/referrals/{id}/transitions")).expect(200).text;
        assert!(!notes().contains("alphabet"));
        network.school.moves(&id, "received").expect(201);
        assert!(notes().contains("alphabet"));
        network.school.moves(&id, "declined").expect(201);
        assert!(!notes().contains("alphabet"));
    }
}
