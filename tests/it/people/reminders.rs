//! Reminders: raised by the calendar, once each, whatever processes, clock and kills do.

use std::collections::BTreeSet;
use std::thread::sleep;
use std::time::Duration;

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};

use crate::both;
use crate::support::feed::Follower;
use crate::support::http::Client;
use crate::support::process::ServerProcess;
use crate::support::{TestDatabase, World, log_in, planning};

fn today() -> NaiveDate {
    planning::today().parse().expect("a date")
}

fn in_days(days: u64) -> NaiveDate {
    today() + Days::new(days)
}

/// Moves the clock to the morning of a day.
fn move_clock(client: &Client, day: NaiveDate) {
    client.put("/sandbox/clock", &json!({"now": format!("{day}T08:00:00Z")})).expect(200);
}

fn person(world: &World, birth: &str) -> String {
    let mut body = world.person_in_udine();
    body["date_of_birth"] = json!(birth);
    world.maria_case_manager().post("/people", &body).expect(201).id()
}

fn permit(client: &Client, person: &str, ends_on: NaiveDate) -> String {
    let body = json!({"category": "tcn_work", "change_kind": "first", "valid_from": "2024-01-01", "valid_to": ends_on});
    client.post(&format!("/people/{person}/legal-statuses"), &body).expect(201).id()
}

fn reminders(client: &Client, person: &str) -> Vec<Value> {
    let page = client.get(&format!("/people/{person}/reminders")).expect(200).json();
    page["items"].as_array().expect("reminders").clone()
}

/// The distances of a person's reminders, once there are so many and a moment has passed in which more could come.
fn distances(client: &Client, person: &str, count: usize) -> Vec<i64> {
    for _ in 0..100 {
        if reminders(client, person).len() >= count {
            break;
        }
        sleep(Duration::from_millis(100));
    }
    sleep(Duration::from_millis(700));
    reminders(client, person).iter().map(|row| row["days_before"].as_i64().expect("a number")).collect()
}

both! { in_a_sandbox:
    fn a_document_is_reminded_of_ninety_sixty_and_thirty_days_before_its_end_once_each(world: &World) {
        let maria = world.maria_case_manager();
        let person = person(world, "1991-04-23");
        let status = permit(&maria, &person, in_days(100));
        assert_eq!(distances(&maria, &person, 0), [0_i64; 0], "a hundred days are far away");
        for (day, told) in [(10, vec![90]), (39, vec![90]), (40, vec![90, 60]), (70, vec![90, 60, 30]), (400, vec![90, 60, 30])] {
            move_clock(&maria, in_days(day));
            assert_eq!(distances(&maria, &person, told.len()), told, "after {day} days");
        }
        let first = &reminders(&maria, &person)[0];
        assert_eq!(first["kind"], "status_expiring");
        assert_eq!(first["subject_id"], json!(status));
        assert_eq!(first["due_on"], json!(in_days(100)));
        let standing: Vec<Value> = reminders(&maria, &person).iter().map(|row| row["status"].clone()).collect();
        assert_eq!(standing, ["obsolete", "obsolete", "open"], "the latest counts");

        world.feed_settled();
        let mut follower = Follower::from_the_beginning(world.regional_sync_client());
        follower.query = "limit=1000&types=reminder".into();
        let mut events = follower.page();
        events.retain(|event| event["type"] != "scope.changed");
        assert!(events.iter().all(|event| event["actor_kind"] == "system"));
        events.retain(|event| event["type"] == "reminder.created");
        assert_eq!(events.len(), 3, "each is told of once: {events:?}");
    }

    fn a_document_that_ends_soon_when_it_is_recorded_is_reminded_of_once(world: &World) {
        let maria = world.maria_case_manager();
        let person = person(world, "1991-04-23");
        permit(&maria, &person, in_days(45));
        assert_eq!(distances(&maria, &person, 1), [60]);
        move_clock(&maria, in_days(16));
        assert_eq!(distances(&maria, &person, 2), [60, 30]);
    }

    fn a_minor_is_reminded_of_half_a_year_before_the_eighteenth_birthday(world: &World) {
        let maria = world.maria_case_manager();
        // Eighteen on the first of March after a 29 February.
        let person = person(world, "2012-02-29");
        let grown_up = self::person(world, "1991-04-23");
        let of_age = NaiveDate::from_ymd_opt(2030, 3, 1).expect("a date");
        move_clock(&maria, of_age - Days::new(181));
        assert_eq!(distances(&maria, &person, 0), [0_i64; 0]);
        move_clock(&maria, of_age - Days::new(180));
        assert_eq!(distances(&maria, &person, 1), [180]);
        let told = &reminders(&maria, &person)[0];
        assert_eq!((&told["kind"], &told["due_on"]), (&json!("coming_of_age"), &json!("2030-03-01")));
        assert!(reminders(&maria, &grown_up).is_empty());
    }

    fn a_document_that_goes_is_reminded_of_no_more(world: &World) {
        let maria = world.maria_case_manager();
        let person = person(world, "1991-04-23");
        let status = permit(&maria, &person, in_days(50));
        assert_eq!(distances(&maria, &person, 1), [60]);
        let moves = format!("/legal-statuses/{status}/transitions");
        maria.post_matching(&moves, "*", &json!({"to": "renewal_pending"})).expect(201);
        assert_eq!(reminders(&maria, &person)[0]["status"], "obsolete");
        move_clock(&maria, in_days(30));
        assert_eq!(distances(&maria, &person, 1), [60], "nobody waits for the end of a permit that is being renewed");

        // The renewed one is watched anew: from its new end, which must be there before it holds, or the old one is reminded of.
        let later = json!({"valid_to": in_days(125)});
        maria.patch(&format!("/legal-statuses/{status}"), "*", &later).expect(200);
        maria.post_matching(&moves, "*", &json!({"to": "valid"})).expect(201);
        move_clock(&maria, in_days(60));
        assert_eq!(distances(&maria, &person, 2), [60, 90]);
        let open: Vec<Value> = reminders(&maria, &person).into_iter().filter(|row| row["status"] == "open").collect();
        assert_eq!(open.len(), 1, "{open:?}");
        assert_eq!((&open[0]["days_before"], &open[0]["due_on"]), (&json!(90), &json!(in_days(125))));
    }

    fn a_date_that_is_changed_and_changed_back_is_reminded_of_again(world: &World) {
        let maria = world.maria_case_manager();
        let person = person(world, "1991-04-23");
        let status = permit(&maria, &person, in_days(20));
        assert_eq!(distances(&maria, &person, 1), [30]);
        let at = format!("/legal-statuses/{status}");
        maria.patch(&at, "*", &json!({"valid_to": in_days(200)})).expect(200);
        assert_eq!(reminders(&maria, &person)[0]["status"], "obsolete");
        maria.patch(&at, "*", &json!({"valid_to": in_days(20)})).expect(200);
        for _ in 0..100 {
            if reminders(&maria, &person)[0]["status"] == "open" {
                break;
            }
            sleep(Duration::from_millis(100));
        }
        assert_eq!(reminders(&maria, &person)[0]["status"], "open");
        assert_eq!(reminders(&maria, &person).len(), 1);
    }

    fn who_may_not_be_worked_on_is_reminded_of_when_that_is_over(world: &World) {
        let maria = world.maria_case_manager();
        let person = person(world, "1991-04-23");
        permit(&maria, &person, in_days(100));
        let moves = format!("/people/{person}/transitions");
        maria.post_matching(&moves, "*", &json!({"to": "restricted", "note": "Contested."})).expect(201);
        let another = self::person(world, "1991-04-23");
        permit(&maria, &another, in_days(100));
        move_clock(&maria, in_days(15));
        assert_eq!(distances(&maria, &another, 1), [90], "nobody waits behind them");
        assert!(reminders(&maria, &person).is_empty());
        maria.post_matching(&moves, "*", &json!({"to": "normal", "note": "Settled."})).expect(201);
        assert_eq!(distances(&maria, &person, 1), [90]);
    }

    fn a_reminder_is_dismissed_and_taken_up_again(world: &World) {
        let maria = world.maria_case_manager();
        let person = person(world, "1991-04-23");
        permit(&maria, &person, in_days(20));
        distances(&maria, &person, 1);
        let reminder = reminders(&maria, &person)[0]["id"].as_str().expect("an id").to_owned();
        let moves = format!("/reminders/{reminder}/transitions");
        maria.post_matching(&moves, "\"9.x\"", &json!({"to": "dismissed"})).expect(412);
        let made = maria.post_matching(&moves, "*", &json!({"to": "dismissed", "note": "Asked for."})).expect(201).json();
        assert_eq!((&made["from"], &made["to"], &made["note"]), (&json!("open"), &json!("dismissed"), &json!("Asked for.")));
        let open = format!("/people/{person}/reminders?status=open");
        assert_eq!(maria.get(&open).expect(200).json()["items"], json!([]));
        maria.post_matching(&moves, "*", &json!({"to": "dismissed"})).expect(409);
        maria.post_matching(&moves, "*", &json!({"to": "obsolete"})).expect(409);
        maria.post_matching(&moves, "*", &json!({"to": "open"})).expect(201);
        assert_eq!(maria.get(&open).expect(200).json()["items"].as_array().expect("items").len(), 1);
        world.samira_help_desk_operator().post_matching(&moves, "*", &json!({"to": "dismissed"})).expect(403);
        world.matej_case_manager_in_trieste().get(&format!("/reminders/{reminder}")).expect(404);
    }
}

/// The distances that were reached on a day, said without the code under test.
fn reached(known_on: NaiveDate, ends_on: NaiveDate, on: NaiveDate) -> BTreeSet<i64> {
    let left = (ends_on - known_on).num_days();
    let nearest = [30, 60, 90].into_iter().find(|&distance| left <= distance);
    let later = [90, 60, 30].into_iter().filter(|&distance| distance < left);
    let passed = |distance: &i64| (ends_on - on).num_days() <= *distance;
    nearest.into_iter().chain(later).filter(passed).collect()
}

both! {
    fn three_processes_that_are_killed_raise_each_reminder_once_while_the_clock_jumps(world: &World) {
        let (database, fixture) = TestDatabase::new(world.product);
        database.mark_as_demonstration();
        let start = || ServerProcess::try_start(&database.url, &["--demo"]).expect("it starts");
        let mut processes: Vec<ServerProcess> = (0..3).map(|_| start()).collect();
        let maria = log_in(&processes[0].base, &fixture, "maria_case_manager");
        let known_on = today();
        let people: Vec<(String, NaiveDate)> = (0..60)
            .map(|number| {
                let body = json!({"owner_org_id": fixture.comune_udine, "territory_id": fixture.udine,
                    "given_name": "Amina", "family_name": "Diallo"});
                let person = maria.post("/people", &body).expect(201).id();
                let ends_on = known_on + Days::new(1 + number * 37 % 150);
                permit(&maria, &person, ends_on);
                (person, ends_on)
            })
            .collect();
        // Pseudo-random jumps and pauses: a process is killed while it raises, and another takes over.
        let mut on = known_on;
        for turn in 0..8_u64 {
            on = on + Days::new(3 + turn * turn * 7 % 23);
            let bases: Vec<String> = processes.iter().map(|process| process.base.clone()).collect();
            let turned = usize::try_from(turn).expect("small");
            move_clock(&maria.at(&bases[(turned + 1) % 3]), on);
            sleep(Duration::from_millis(150 + turn * 97 % 500));
            processes[turned % 3].kill();
            processes[turned % 3] = start();
        }
        let maria = maria.at(&processes[0].base);
        let mut wrong = Vec::new();
        // A killed holder's lease runs out after five seconds.
        for _ in 0..200 {
            wrong = people
                .iter()
                .filter_map(|(person, ends_on)| {
                    let told: Vec<i64> =
                        reminders(&maria, person).iter().filter_map(|row| row["days_before"].as_i64()).collect();
                    let wanted = reached(known_on, *ends_on, on);
                    let right = told.len() == wanted.len() && told.iter().copied().collect::<BTreeSet<_>>() == wanted;
                    (!right).then_some((*ends_on, told, wanted))
                })
                .collect();
            if wrong.is_empty() {
                break;
            }
            sleep(Duration::from_millis(100));
        }
        assert!(wrong.is_empty(), "on {on}, known on {known_on}: {wrong:?}");
        // Nothing more comes once everything is told.
        sleep(Duration::from_secs(2));
        let all: usize = people.iter().map(|(person, _)| reminders(&maria, person).len()).sum();
        let wanted: usize = people.iter().map(|(_, ends_on)| reached(known_on, *ends_on, on).len()).sum();
        assert_eq!(all, wanted);
        assert!(wanted > 60, "the clock has moved far enough to tell: {wanted}");
    }
}
