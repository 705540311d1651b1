//! Handing on: with no more than was told, and the first follows the second.

use serde_json::{Value, json};

use super::network::{Network, guards, listed, moved, package, read, refused_at};
use crate::both;
use crate::support::World;
use crate::support::http::Answer;

fn forward(network: &Network<'_>, referral: &str, more: &Value) -> Answer {
    let mut body =
        json!({"service_id": network.association.service, "reason": "Nearer.", "package_fields": ["given_name"]});
    for (name, value) in more.as_object().expect("members") {
        body[name] = value.clone();
    }
    network.school.worker.post_matching(&format!("/referrals/{referral}/forwards"), "*", &body)
}

/// A network in which the school may hand on to the association, and the person has agreed to that.
fn ready(world: &World) -> Network<'_> {
    let network = Network::new(world);
    network.agree(&network.school, &json!({}));
    let onward = json!({"organisation_id": network.school.organisation,
        "parties": [{"organisation_id": network.school.organisation, "may_send": true},
            {"organisation_id": network.association.organisation, "may_receive": true}]});
    network.agree(&network.association, &onward);
    network.consents(&json!({"onward_sharing": true}));
    network
}

/// A referral that was handed on, and the one it became.
fn handed_on(network: &Network<'_>) -> (String, String) {
    let id = network.at_school(&["received"]);
    let child = forward(network, &id, &json!({})).expect(201).id();
    (id, child)
}

fn association_moves(network: &Network<'_>, referral: &str, states: &[&str]) {
    for state in states {
        network.association.moves(referral, state).expect(201);
    }
}

both! {
    fn what_is_handed_on_is_a_referral_of_its_own_with_no_more_than_was_told(world: &World) {
        let network = ready(world);
        let (id, child) = handed_on(&network);
        let (school, association) = (&network.school.worker, &network.association.worker);
        assert_eq!(network.status(&id), "forwarded");
        assert!(read(&network.maria, &id).get("due_response_at").is_none());
        let (sent, received) = (read(school, &child), read(association, &child));
        assert_eq!((&sent["part_of"], &sent["your_sides"]), (&json!(id), &json!(["sender"])));
        for hidden in ["case_id", "person_id", "consent_id"] {
            assert!(sent.get(hidden).is_none() && received.get(hidden).is_none(), "{hidden}");
        }
        assert!(received.get("part_of").is_none(), "it does not learn where it came from first");
        assert_eq!(received["from_org_id"], json!(network.school.organisation));
        network.maria.get(&format!("/referrals/{child}")).expect(404);
        association.get(&format!("/referrals/{id}")).expect(404);
        network.association.moves(&child, "received").expect(201);
        assert_eq!(package(association, &child).expect(200).json()["content"], json!({"given_name": "Олена"}));
        assert_eq!((listed(school, "?box=outbox"), listed(school, ""), listed(association, "")), (vec![child.clone()], vec![id], vec![child]));
    }

    fn the_first_follows_the_outcome_of_the_second(world: &World) {
        let network = ready(world);
        let (id, child) = handed_on(&network);
        association_moves(&network, &child, &["received", "accepted", "scheduled", "in_progress", "completed"]);
        let followed = read(&network.maria, &id);
        assert_eq!((&followed["status"], &followed["outcome_code"]), (&json!("completed"), &json!("enrolled")));
        let moves = network.maria.get(&format!("/referrals/{id}/transitions")).expect(200).json();
        assert_eq!(moves["items"].as_array().unwrap().last().unwrap()["side"], "system");
        moved(&network.maria, &id, &json!({"to": "closed"})).expect(201);
        assert_eq!(read(&network.school.worker, &child)["status"], "completed", "the school confirms its own");

        let (id, child) = handed_on(&network);
        association_moves(&network, &child, &["received", "declined"]);
        let back = read(&network.maria, &id);
        assert_eq!(back["status"], "received", "the school answers for it again");
        assert!(back["due_response_at"].is_string());
        network.school.moves(&id, "accepted").expect(201);
    }

    fn what_ends_above_ends_below(world: &World) {
        let network = ready(world);
        let (id, child) = handed_on(&network);
        moved(&network.maria, &id, &json!({"to": "cancelled", "note": "Moves away."})).expect(201);
        assert_eq!(read(&network.association.worker, &child)["status"], "cancelled");
        let (id, child) = handed_on(&network);
        moved(&network.maria, &id, &json!({"to": "entered_in_error", "note": "Another person."})).expect(201);
        network.association.worker.get(&format!("/referrals/{child}")).expect(404);
        network.school.worker.get(&format!("/referrals/{id}")).expect(404);
    }

    fn nobody_hands_on_what_may_not_go_on(world: &World) {
        let network = ready(world);
        let id = network.at_school(&["received"]);
        assert_eq!(refused_at(forward(&network, &id, &json!({"package_fields": ["phone"]}))), "#/package_fields/0");
        assert_eq!(refused_at(forward(&network, &id, &json!({"service_id": network.school.service}))), "#/service_id");
        assert_eq!(refused_at(forward(&network, &id, &json!({"service_id": uuid::Uuid::now_v7()}))), "#/service_id");
        // Handed on to the one that has it, it stays where it is.
        let told = network.school.worker.get(&format!("/referrals/{id}")).expect(200).json();
        assert_eq!((&told["status"], &told["version"]), (&json!("received"), &json!(3)), "sent, acknowledged, and nothing since");
        assert_eq!(listed(&network.school.worker, "?box=outbox"), [""; 0]);
        assert_eq!(listed(&network.school.worker, ""), std::slice::from_ref(&id));
        let path = format!("/referrals/{id}/forwards");
        let body = json!({"service_id": network.association.service, "reason": "x"});
        network.maria.post_matching(&path, "*", &body).expect(403);
        network.association.worker.post_matching(&path, "*", &body).expect(404);
        network.school.worker.post(&path, &body).expect(428);
        let sent = network.sent(&[&network.school.service]);
        assert_eq!(guards(forward(&network, &sent, &json!({}))), ["allowed_transition"]);

        let narrow = Network::new(world);
        narrow.agree(&narrow.school, &json!({}));
        narrow.consents(&json!({}));
        let id = narrow.at_school(&["received"]);
        assert_eq!(guards(forward(&narrow, &id, &json!({}))), ["consent_onward_sharing", "agreement"]);
        assert_eq!(narrow.status(&id), "received");
        assert_eq!(listed(&narrow.association.worker, ""), [""; 0]);
    }

    fn a_chain_comes_to_an_end(world: &World) {
        let network = ready(world);
        let back = json!({"organisation_id": network.association.organisation,
            "parties": [{"organisation_id": network.association.organisation, "may_send": true},
                {"organisation_id": network.school.organisation, "may_receive": true}]});
        network.agree(&network.association, &back);
        let mut id = network.at_school(&["received"]);
        let bodies = [&network.school, &network.association];
        for depth in 0..6 {
            let (from, to) = (bodies[depth % 2], bodies[(depth + 1) % 2]);
            let body = json!({"service_id": to.service, "reason": "On."});
            let answer = from.worker.post_matching(&format!("/referrals/{id}/forwards"), "*", &body);
            if depth == 5 {
                assert_eq!(guards(answer), ["depth"]);
                break;
            }
            id = answer.expect(201).id();
            to.moves(&id, "received").expect(201);
        }
    }

    fn a_case_does_not_wait_for_what_others_have_yet_to_confirm(world: &World) {
        let network = ready(world);
        let (id, child) = handed_on(&network);
        association_moves(&network, &child, &["received", "accepted", "scheduled", "in_progress", "completed"]);
        moved(&network.maria, &id, &json!({"to": "closed"})).expect(201);
        for state in ["assessment", "planning", "active", "evaluation"] {
            world.moved(&network.case, &[json!({"to": state})]);
        }
        let refused = network.maria.post_matching(&format!("/cases/{}/transitions", network.case), "*", &json!({"to": "closed", "reason_code": "goals_reached"}));
        assert!(!refused.text.contains("no_live_referral"), "{}", refused.text);
    }

    fn a_narrower_consent_ends_what_was_handed_on_with_what_it_was_part_of(world: &World) {
        let network = ready(world);
        let consents = network.maria.get(&format!("/people/{}/consents", network.person)).expect(200).json();
        let (id, child) = handed_on(&network);
        let next = json!({"onward_sharing": true, "recipient_kinds": [], "recipient_ids": [network.association.organisation],
            "supersedes_id": consents["items"][0]["id"]});
        network.consents(&next);
        assert_eq!(network.status(&id), "consent_revoked");
        network.association.worker.get(&format!("/referrals/{child}")).expect(404);
    }
}

both! { in_a_sandbox:
    fn what_was_accepted_in_time_is_not_late_when_it_comes_back(world: &World) {
        let network = ready(world);
        let id = network.at_school(&["received", "accepted"]);
        let later = approdo::clock::now().instant() + chrono::TimeDelta::days(10);
        network.maria.put("/sandbox/clock", &json!({"now": later})).expect(200);
        let child = forward(&network, &id, &json!({})).expect(201).id();
        association_moves(&network, &child, &["received", "declined"]);
        std::thread::sleep(std::time::Duration::from_millis(1500));
        let back = read(&network.maria, &id);
        assert_eq!(back["status"], "received");
        assert!(back["due_response_at"].as_str().unwrap() > later.to_rfc3339().as_str(), "{back}");
    }
}
