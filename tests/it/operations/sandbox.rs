//! The clock of a demonstration.

use std::thread::sleep;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::both;
use crate::support::http::Client;
use crate::support::process::ServerProcess;
use crate::support::{TestDatabase, log_in};

fn shown(client: &Client) -> DateTime<Utc> {
    let body = client.get("/sandbox/clock").expect(200).json();
    body["now"].as_str().expect("an instant").parse().expect("RFC 3339")
}

fn ahead(client: &Client) -> TimeDelta {
    shown(client) - approdo::clock::now().instant()
}

fn days(number: i64) -> std::ops::RangeInclusive<TimeDelta> {
    TimeDelta::days(number) - TimeDelta::minutes(1)..=TimeDelta::days(number) + TimeDelta::minutes(1)
}

fn later(number: i64) -> serde_json::Value {
    json!({"now": approdo::clock::now().instant() + TimeDelta::days(number)})
}

both! { in_a_sandbox:
    fn what_is_made_bears_the_time_that_the_clock_shows(world: &World) {
        let maria = world.maria_case_manager();
        assert!(days(0).contains(&ahead(&maria)));
        let told = maria.put("/sandbox/clock", &later(400)).expect(200).json();
        let told = told["ahead_seconds"].as_i64().expect("seconds");
        assert!((400 * 86_400 - 60..=400 * 86_400).contains(&told), "{told}");
        assert!(days(400).contains(&ahead(&maria)));
        let made = maria.post("/people", &world.person_in_udine()).expect(201).json();
        let made: DateTime<Utc> = made["created_at"].as_str().expect("an instant").parse().expect("RFC 3339");
        assert!(days(400).contains(&(made - approdo::clock::now().instant())), "the token lives on, the row is of then: {made}");

        maria.put("/sandbox/clock", &json!({})).expect(200);
        assert!(days(0).contains(&ahead(&maria)), "back in the present");
        for wrong in [json!({"now": "1999-12-31T23:59:59Z"}), json!({"now": "2200-01-01T00:00:00Z"}), json!({"now": "soon"})] {
            maria.put("/sandbox/clock", &wrong).expect(422);
        }
        assert!(days(0).contains(&ahead(&maria)));
    }

    fn an_idempotency_key_is_forgotten_after_a_day(world: &World) {
        let maria = world.maria_case_manager();
        let body = world.person_in_udine().to_string();
        let keyed = |key: &str| {
            let headers = [("content-type", "application/json"), ("idempotency-key", key)];
            maria.send("POST", "/people", &headers, Some(body.as_bytes())).expect(201).id()
        };
        let first = keyed("a");
        assert_eq!(keyed("a"), first);
        let almost = approdo::clock::now().instant() + TimeDelta::hours(24) - TimeDelta::minutes(2);
        maria.put("/sandbox/clock", &json!({"now": almost})).expect(200);
        assert_eq!(keyed("a"), first, "not yet");
        maria.put("/sandbox/clock", &later(1)).expect(200);
        sleep(Duration::from_millis(10));
        assert_ne!(keyed("a"), first, "a day later the key makes another person");
    }
}

both! {
    fn outside_a_demonstration_there_is_no_such_clock(world: &World) {
        let maria = world.maria_case_manager();
        maria.get("/sandbox/clock").expect(404);
        maria.put("/sandbox/clock", &later(1)).expect(404);
    }

    fn every_process_follows_and_a_new_one_finds_the_clock_moved(world: &World) {
        let (database, fixture) = TestDatabase::new(world.product);
        database.mark_as_demonstration();
        let start = || ServerProcess::try_start(&database.url, &["--demo"]).expect("it starts");
        let (one, other) = (start(), start());
        let maria = log_in(&one.base, &fixture, "maria_case_manager");
        maria.put("/sandbox/clock", &later(90)).expect(200);
        let there = maria.at(&other.base);
        for _ in 0..40 {
            if days(90).contains(&ahead(&there)) {
                break;
            }
            sleep(Duration::from_millis(50));
        }
        assert!(days(90).contains(&ahead(&there)), "within two seconds");
        let new = start();
        assert!(days(90).contains(&ahead(&maria.at(&new.base))));
    }
}
