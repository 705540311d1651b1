//! Claims: the first wins, and the others know of it no more.

use std::thread;

use serde_json::json;

use super::network::{Network, guards, heard, listed, moved, package, read};
use crate::both;
use crate::support::feed::Follower;
use crate::support::http::Client;

fn claim(client: &Client, referral: &str) -> crate::support::http::Answer {
    client.post(&format!("/referrals/{referral}/claims"), &json!({}))
}

both! {
    fn of_two_bodies_asked_the_first_takes_it_and_the_other_loses_sight(world: &World) {
        let (network, _) = Network::ready(world);
        let (school, association) = (&network.school, &network.association);
        let mut feed = Follower::caught_up(association.system.clone());
        let id = network.sent(&[&school.service, &association.service]);
        for body in [school, association] {
            let offered = read(&body.worker, &id);
            assert_eq!(offered["offered_service_ids"], json!([body.service]), "nobody learns who else is asked");
            for hidden in ["to_org_id", "service_id", "reason", "target_group", "agreement_id", "due_response_at"] {
                assert!(offered.get(hidden).is_none(), "{hidden}");
            }
            assert_eq!(offered["allowed_transitions"], json!([]));
            assert_eq!(guards(body.moves(&id, "received")), ["claimed"]);
            let until = approdo::clock::now().instant() + chrono::TimeDelta::days(2);
            let extension = json!({"until": until, "norm": "L. 241/1990"});
            assert_eq!(guards(body.worker.post_matching(&format!("/referrals/{id}/extensions"), "*", &extension)), ["claimed"]);
            package(&body.worker, &id).expect(403);
        }
        assert_eq!(heard(world, &mut feed, &id), ["upsert"]);
        let won = claim(&school.worker, &id).expect(201).json();
        assert_eq!((&won["status"], &won["handler_id"]), (&json!("received"), &json!(school.worker_id)));
        assert_eq!((&won["to_org_id"], &won["service_id"]), (&json!(school.organisation), &json!(school.service)));
        package(&school.worker, &id).expect(200);
        association.worker.get(&format!("/referrals/{id}")).expect(404);
        assert_eq!(listed(&association.worker, ""), [""; 0]);
        assert_eq!(heard(world, &mut feed, &id), ["access_removed"]);
        claim(&association.worker, &id).expect(404);
        assert_eq!(guards(claim(&school.colleague, &id)), ["unclaimed"]);
        assert!(read(&network.maria, &id).get("handler_id").is_none(), "who works there is the receiver's own");
        assert_eq!((listed(&school.worker, "?mine=true"), listed(&school.worker, "?mine=false")), (vec![id], vec![]));
    }

    fn a_claim_is_made_once_for_each_key_and_by_nobody_who_sent_it(world: &World) {
        let (network, _) = Network::ready(world);
        let id = network.sent(&[&network.school.service]);
        claim(&network.maria, &id).expect(403);
        let headers = [("content-type", "application/json"), ("idempotency-key", "5b7f3a52-8d5c-4a53-9f0e-1d2c3b4a5968")];
        let path = format!("/referrals/{id}/claims");
        for _ in 0..2 {
            network.school.worker.send("POST", &path, &headers, Some(b"{}")).expect(201);
        }
        let own = json!({"role": "case_manager", "organisation_id": network.school.organisation, "territory_ids": [world.fixture.udine]});
        world.grant(&world.id_of("maria_case_manager"), &own);
        let other = network.sent(&[&network.school.service]);
        assert_eq!(guards(claim(&network.maria, &other)), ["another_person"]);
        moved(&network.maria, &other, &json!({"to": "cancelled", "note": "Not needed."})).expect(201);
        assert_eq!(guards(claim(&network.school.worker, &other)), ["under_way"]);
    }

    fn of_a_hundred_races_each_has_one_winner(world: &World) {
        let (network, _) = Network::ready(world);
        let mut wins = [0, 0];
        for _ in 0..100 {
            let id = network.sent(&[&network.school.service, &network.association.service]);
            let statuses = thread::scope(|scope| {
                let racing = [&network.school, &network.association].map(|body| {
                    let (client, id) = (body.worker.clone(), id.clone());
                    scope.spawn(move || claim(&client, &id).status)
                });
                racing.map(|race| race.join().expect("an answer"))
            });
            let won = statuses.iter().position(|status| *status == 201).expect("a winner");
            let lost = statuses[1 - won];
            assert!([404, 409].contains(&lost), "{statuses:?}");
            wins[won] += 1;
            let winner = [&network.school, &network.association][won];
            assert_eq!(read(&network.maria, &id)["to_org_id"], json!(winner.organisation));
        }
        println!("won: {wins:?}");
    }

    fn of_two_who_answer_a_referral_at_once_one_is_heard(world: &World) {
        let (network, _) = Network::ready(world);
        let school = &network.school;
        let grant = json!({"role": "case_manager", "organisation_id": school.organisation, "territory_ids": [world.fixture.trieste]});
        let (other, ..) = world.another_client(&grant);
        let answers = [json!({"to": "accepted"}), json!({"to": "declined", "outcome_code": "capacity"})];
        for round in 0..100 {
            let id = network.at_school(&["received"]);
            // Two who accept, or one who accepts and one who declines.
            let asked = [&answers[0], &answers[round % 2]];
            let given = thread::scope(|scope| {
                let racing = [(&school.worker, asked[0]), (&other, asked[1])].map(|(client, body)| {
                    let id = &id;
                    scope.spawn(move || moved(client, id, body))
                });
                racing.map(|race| race.join().expect("an answer"))
            });
            let won = given.iter().position(|answer| answer.status == 201).expect("a winner");
            let lost = &given[1 - won];
            assert_eq!(lost.status, 409, "{}", lost.text);
            let told = read(&network.maria, &id);
            assert_eq!((&told["status"], &told["version"]), (&asked[won]["to"], &json!(4)), "sent, acknowledged, answered once");
        }
    }
}
