//! Consents as days pass: what has expired is so before and after that is recorded, once, whichever process does it.

use std::thread::sleep;
use std::time::Duration;

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::consents::{
    check, consent, give, in_days, listed, missing, move_clock, person, read, today, with, withdraw,
};
use crate::both;
use crate::support::feed::Follower;
use crate::support::http::Client;
use crate::support::process::ServerProcess;
use crate::support::{TestDatabase, World, log_in};

both! { in_a_sandbox:
    fn a_consent_whose_day_has_come_is_expired_before_and_after_that_is_recorded(world: &World) {
        let maria = world.maria_case_manager();
        let person = person(world);
        let made = give(&maria, &person, &with(consent(), json!({"expires_on": in_days(10)}))).expect(201);
        let stays = give(&maria, &person, &with(consent(), json!({"purposes": ["transfer"]}))).expect(201).id();
        // One that is recorded late is over in the very answer, which nothing in the background can have come before.
        let late = give(&maria, &self::person(world), &with(consent(), json!({"given_on": "2026-01-10", "expires_on": today()})));
        let late = late.expect(201).json();
        assert_eq!((&late["status"], &late["version"], &late["allowed_transitions"]), (&json!("expired"), &json!(1), &json!([])));
        let need = |on: NaiveDate| json!({"purpose": "referral", "data_categories": ["identity"], "on": on});
        assert_eq!(check(&maria, &person, &need(in_days(9)))["covered"], true);
        assert_eq!(missing(&check(&maria, &person, &need(in_days(10)))), ["consent_purpose"]);
        // Restricted or not: to end is no processing.
        let moves = format!("/people/{person}/transitions");
        maria.post_matching(&moves, "*", &json!({"to": "restricted", "note": "Contested."})).expect(201);
        move_clock(&maria, in_days(10));
        // Whether or not the background work has come round by now.
        let expired = read(&maria, &made.id());
        assert_eq!((&expired["status"], &expired["allowed_transitions"]), (&json!("expired"), &json!([])));
        assert_eq!(listed(&maria, &person, "?status=expired"), [made.id()]);
        assert_eq!(listed(&maria, &person, "?status=active"), [stays.as_str()]);
        withdraw(&maria, &made.id()).expect(409);
        assert_eq!(recorded(&maria, &made.id()), 1);
        sleep(Duration::from_millis(1200));
        assert_eq!(recorded(&maria, &made.id()), 1, "once");
        let shown = read(&maria, &made.id());
        assert_eq!((&shown["status"], &shown["version"]), (&json!("expired"), &json!(2)));
        assert!(shown.get("ended_on").is_none(), "it ended as agreed");
        assert_eq!(read(&maria, &stays)["status"], "active");
        assert_eq!(check(&maria, &person, &need(in_days(9)))["covered"], true, "it held then");
        world.feed_settled();
        let mut follower = Follower::from_the_beginning(world.regional_sync_client());
        follower.query = "limit=1000&types=consent".into();
        let events = follower.page();
        let of_made = |event: &&Value| event["resource"]["id"] == json!(made.id()) && event["type"] == "consent.updated";
        let by_calendar: Vec<_> = events.iter().filter(of_made).collect();
        assert_eq!(by_calendar.len(), 1);
        assert_eq!((&by_calendar[0]["actor_kind"], &by_calendar[0]["changed_fields"]), (&json!("system"), &json!(["status"])));
    }
}

/// How often a consent's end is recorded, once it is.
fn recorded(client: &Client, consent: &str) -> usize {
    let moves = || {
        client.get(&format!("/consents/{consent}/transitions")).expect(200).json()["items"]
            .as_array()
            .map_or(0, Vec::len)
    };
    for _ in 0..100 {
        if moves() > 0 {
            break;
        }
        sleep(Duration::from_millis(100));
    }
    moves()
}

/// A demonstration's database without a process that works in the background.
fn without_background(world: &World) -> (TestDatabase, crate::support::Fixture) {
    let (database, fixture) = TestDatabase::new(world.product);
    database.mark_as_demonstration();
    (database, fixture)
}

both! {
    fn three_processes_record_each_end_once_while_one_is_killed(world: &World) {
        let (database, fixture) = without_background(world);
        let start = || ServerProcess::try_start(&database.url, &["--demo"]).expect("it starts");
        let mut processes: Vec<ServerProcess> = (0..3).map(|_| start()).collect();
        let maria = log_in(&processes[0].base, &fixture, "maria_case_manager");
        let consents: Vec<(String, u64)> = (0..40)
            .map(|number| {
                let body = json!({"owner_org_id": fixture.comune_udine, "territory_id": fixture.udine, "given_name": "Amina", "family_name": "Diallo"});
                let person = maria.post("/people", &body).expect(201).id();
                let days = 1 + number * 37 % 30;
                (give(&maria, &person, &with(consent(), json!({"expires_on": in_days(days)}))).expect(201).id(), days)
            })
            .collect();
        for turn in 0..3_u64 {
            let killed = usize::try_from(turn).expect("small");
            move_clock(&maria.at(&processes[(killed + 1) % 3].base), in_days(7 * (turn + 1)));
            sleep(Duration::from_millis(200 + 150 * turn));
            processes[killed].kill();
            processes[killed] = start();
        }
        let maria = maria.at(&processes[0].base);
        for (consent, days) in &consents {
            let wanted = usize::from(*days <= 21);
            let told = if wanted == 1 { recorded(&maria, consent) } else { 0 };
            assert_eq!(told, wanted, "{days} days");
            let shown = read(&maria, consent);
            let (status, version) = if wanted == 1 { ("expired", 2) } else { ("active", 1) };
            assert_eq!((&shown["status"], &shown["version"]), (&json!(status), &json!(version)), "{days} days");
        }
    }
}
