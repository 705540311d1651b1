//! How referrals ended, counted for each side, and the lists they are counted from.

use serde_json::{Value, json};

use super::network::{Network, listed, moved};
use crate::both;
use crate::support::http::Client;

fn counted(client: &Client, query: &str) -> Value {
    let statistics = client.get(&format!("/referrals/statistics{query}")).expect(200).json();
    statistics["items"][0].clone()
}

both! {
    fn failures_are_told_apart_by_whom_they_lay_with(world: &World) {
        let (network, _) = Network::ready(world);
        let (school, maria) = (&network.school, &network.maria);
        let declined = |code: &str| {
            let id = network.at_school(&["received"]);
            moved(&school.worker, &id, &json!({"to": "declined", "outcome_code": code})).expect(201);
        };
        ["capacity", "ineligible", "client_refused"].into_iter().for_each(declined);
        let under_way = ["received", "accepted", "scheduled", "in_progress"];
        let not_completed = |code: &str| {
            let id = network.at_school(&under_way);
            moved(&school.worker, &id, &json!({"to": "not_completed", "outcome_code": code})).expect(201);
        };
        ["unreachable", "capacity"].into_iter().for_each(not_completed);
        let done = network.at_school(&under_way);
        school.moves(&done, "completed").expect(201);
        moved(maria, &done, &json!({"to": "closed"})).expect(201);
        let wrong = network.sent(&[&school.service]);
        moved(maria, &wrong, &json!({"to": "entered_in_error", "note": "Another person."})).expect(201);
        network.sent(&[&school.service]);
        network.drafted(&[&school.service]);
        let expected = json!({"service_type": "language_course", "sent": 7, "under_way": 1, "completed": 1,
            "not_completed_client_side": 1, "not_completed_provider_side": 1, "declined_client_side": 1,
            "declined_provider_side": 2, "expired": 0, "cancelled": 0, "consent_revoked": 0});
        assert_eq!(counted(&school.worker, ""), expected);
        assert_eq!(counted(maria, "?box=outbox"), expected);
        assert_eq!(counted(maria, ""), Value::Null, "nothing reached Udine");
        assert_eq!(counted(&network.association.worker, ""), Value::Null);
        assert_eq!(counted(&world.matej_case_manager_in_trieste(), "?box=outbox"), Value::Null);
        assert_eq!(counted(maria, "?box=outbox&from=2020-01-01&to=2020-02-01"), Value::Null);
        maria.get("/referrals/statistics?from=2026-02-01&to=2026-02-01").expect(400);
    }

    fn each_box_is_read_page_by_page_newest_first(world: &World) {
        let (network, _) = Network::ready(world);
        let mut sent: Vec<String> = (0..5).map(|_| network.sent(&[&network.school.service])).collect();
        network.school.moves(&sent[1], "received").expect(201);
        sent.reverse();
        for (client, query) in [(&network.school.worker, "?limit=2"), (&network.maria, "?limit=2&box=outbox")] {
            let (mut seen, mut path) = (Vec::new(), format!("/referrals{query}"));
            loop {
                let page = client.get(&path).expect(200).json();
                seen.extend(page["items"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()));
                match page["_links"]["next"].as_str() {
                    Some(next) => next.clone_into(&mut path),
                    None => break,
                }
            }
            assert_eq!(seen, sent);
        }
        assert_eq!(listed(&network.school.worker, "?status=received"), [sent[3].clone()]);
        assert_eq!(listed(&network.maria, "?box=outbox&status=received"), [sent[3].clone()]);
        assert_eq!(listed(&network.maria, &format!("?box=outbox&case_id={}", network.case)), sent);
        assert_eq!(listed(&network.maria, &format!("?box=outbox&case_id={}", world.case_in_udine())), [""; 0]);
        assert_eq!(listed(&world.matej_case_manager_in_trieste(), &format!("?box=outbox&case_id={}", network.case)), [""; 0]);
        // A case that only its manager looks into has referrals that only its manager knows.
        let colleague = json!({"role": "case_manager", "organisation_id": world.fixture.comune_udine, "territory_ids": [world.fixture.udine]});
        let (colleague, ..) = world.another_client(&colleague);
        assert_eq!(listed(&colleague, "?box=outbox").len(), 5);
        network.maria.patch(&format!("/cases/{}", network.case), "*", &json!({"access_level": "closed"})).expect(200);
        assert_eq!(listed(&colleague, "?box=outbox"), [""; 0]);
        colleague.get(&format!("/referrals/{}", sent[0])).expect(404);
        assert_eq!(listed(&network.maria, "?box=outbox"), sent);
        assert_eq!(listed(&network.school.worker, ""), sent, "the receiver keeps what it was sent");
    }
}
