//! What the calendar does: nobody's answer, nobody's confirmation, the end of an agreement.

use std::thread::sleep;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::network::{Network, guards, heard, listed, moved, read, refused_at};
use crate::both;
use crate::support::feed::Follower;
use crate::support::http::Client;

fn advance(client: &Client, to: DateTime<Utc>) {
    client.put("/sandbox/clock", &json!({"now": to})).expect(200);
}

fn instant(value: &serde_json::Value) -> DateTime<Utc> {
    value.as_str().expect("an instant").parse().expect("an instant")
}

fn becomes(network: &Network<'_>, referral: &str, status: &str) {
    let became = (0..100).any(|_| {
        sleep(Duration::from_millis(100));
        network.status(referral) == status
    });
    assert!(became, "{} instead of {status}", network.status(referral));
}

both! { in_a_sandbox:
    fn what_nobody_answers_in_time_expires(world: &World) {
        let (network, _) = Network::ready(world);
        let id = network.sent(&[&network.school.service]);
        let referral = read(&network.maria, &id);
        let (sent, due) = (instant(&referral["sent_at"]), instant(&referral["due_response_at"]));
        let apart = due - sent;
        assert!((47..=49).contains(&apart.num_hours()), "{apart}");
        world.feed_settled();
        let mut feed = Follower::caught_up(network.school.system.clone());
        advance(&network.maria, due - TimeDelta::minutes(1));
        sleep(Duration::from_millis(1500));
        assert_eq!(network.status(&id), "requested");
        advance(&network.maria, due + TimeDelta::seconds(1));
        becomes(&network, &id, "expired");
        assert_eq!(heard(world, &mut feed, &id), ["upsert"]);
        assert_eq!(guards(network.school.moves(&id, "received")), ["allowed_transition"]);
    }

    fn the_clock_waits_for_an_answer_to_a_question_and_for_what_the_law_gives(world: &World) {
        let (network, _) = Network::ready(world);
        let id = network.at_school(&["received"]);
        let due = instant(&read(&network.maria, &id)["due_response_at"]);
        network.school.moves(&id, "info_requested").expect(201);
        advance(&network.maria, due + TimeDelta::days(3));
        sleep(Duration::from_millis(1500));
        assert_eq!(network.status(&id), "info_requested");
        moved(&network.maria, &id, &json!({"to": "received", "note": "Mornings."})).expect(201);
        let later = instant(&read(&network.maria, &id)["due_response_at"]);
        assert!((later - due).num_hours() >= 3 * 24, "{}", later - due);

        let extend = |client: &Client, until: DateTime<Utc>| {
            let body = json!({"until": until, "norm": "L. 241/1990, art. 2, comma 7"});
            client.post_matching(&format!("/referrals/{id}/extensions"), "*", &body)
        };
        let now = later - TimeDelta::hours(40);
        extend(&network.maria, now + TimeDelta::days(20)).expect(403);
        assert_eq!(refused_at(extend(&network.school.worker, due)), "#/until");
        let extended = extend(&network.school.worker, later + TimeDelta::days(10)).expect(201).json();
        assert!(instant(&extended["due_response_at"]) > later + TimeDelta::days(10));
        advance(&network.maria, later + TimeDelta::days(9));
        sleep(Duration::from_millis(1500));
        assert_eq!(network.status(&id), "received");
        network.school.moves(&id, "accepted").expect(201);
        assert_eq!(guards(extend(&network.school.worker, later + TimeDelta::days(30))), ["awaits_answer"]);
    }

    fn what_nobody_confirms_closes_by_itself_and_says_so(world: &World) {
        let (network, _) = Network::ready(world);
        let id = network.at_school(&["received", "accepted", "scheduled", "in_progress", "completed"]);
        let now = approdo::clock::now().instant();
        advance(&network.maria, now + TimeDelta::days(13));
        sleep(Duration::from_millis(1500));
        assert_eq!(network.status(&id), "completed");
        advance(&network.maria, now + TimeDelta::days(15));
        becomes(&network, &id, "closed");
        assert_eq!(read(&network.school.worker, &id)["unconfirmed"], json!(true));
    }

    fn what_is_accepted_and_not_completed_in_time_is_overdue(world: &World) {
        let (network, _) = Network::ready(world);
        let (late, in_time) = (network.at_school(&["received", "accepted"]), network.sent(&[&network.school.service]));
        moved(&network.maria, &in_time, &json!({"to": "cancelled", "note": "Not needed."})).expect(201);
        assert_eq!(listed(&network.school.worker, "?overdue=true"), [""; 0]);
        advance(&network.maria, approdo::clock::now().instant() + TimeDelta::days(92));
        assert_eq!(read(&network.maria, &late)["overdue"], json!(true));
        assert_eq!(listed(&network.school.worker, "?overdue=true"), std::slice::from_ref(&late));
        assert_eq!(listed(&network.maria, "?box=outbox&overdue=true"), [late]);
        assert_eq!(listed(&network.school.worker, "?overdue=false"), [in_time]);
    }

    fn an_agreement_ends_on_its_day_and_what_was_sent_goes_on(world: &World) {
        let network = Network::new(world);
        let end = (approdo::clock::now().instant() + TimeDelta::days(5)).date_naive();
        let agreement = network.agree(&network.school, &json!({"valid_to": end}));
        network.consents(&json!({}));
        let id = network.at_school(&["received", "accepted"]);
        advance(&network.maria, approdo::clock::now().instant() + TimeDelta::days(6));
        let path = format!("/agreements/{agreement}");
        let told = network.maria.get(&path).expect(200).json();
        assert_eq!((&told["status"], &told["in_force"]), (&json!("ended"), &json!(false)));
        let recorded = (0..100).any(|_| {
            sleep(Duration::from_millis(100));
            network.maria.get(&path).expect(200).json()["version"] == 3
        });
        assert!(recorded, "the end is recorded once");
        network.school.moves(&id, "scheduled").expect(201);
        let next = network.drafted(&[&network.school.service]);
        assert_eq!(guards(moved(&network.maria, &next, &json!({"to": "requested"}))), ["agreement"]);
    }
}
