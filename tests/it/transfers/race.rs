//! A transfer is accepted while the old owner writes: nothing that was acknowledged is lost, and there are never two owners.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use diesel::RunQueryDsl as _;
use serde_json::{Value, json};

use super::{Cast, kept_notes, moved, text};
use crate::both;
use crate::support::Product;

both! {
    fn who_waits_too_long_for_the_case_is_told_to_try_again(world: &World) {
        let cast = Cast::new(world);
        let mut holder = world.connection();
        let held = match world.product {
            Product::Postgres => ["BEGIN", "SELECT id FROM cases FOR UPDATE"].as_slice(),
            Product::Sqlite => &["BEGIN IMMEDIATE"],
        };
        for statement in held {
            diesel::sql_query(*statement).execute(&mut holder).expect("held");
        }
        let headers = [("content-type", "application/json"), ("idempotency-key", "7c1e7b4a-8d5c-4a53-9f0e-1d2c3b4a5902")];
        let new = cast.proposal(&json!({})).to_string();
        cast.maria.send("POST", "/transfers", &headers, Some(new.as_bytes())).expect(503);
        diesel::sql_query("ROLLBACK").execute(&mut holder).expect("let go");
        cast.maria.send("POST", "/transfers", &headers, Some(new.as_bytes())).expect(201);
    }

    fn of_what_the_old_owner_writes_meanwhile_all_that_was_acknowledged_goes_along_and_nothing_else(world: &World) {
        let mut met = 0;
        for round in 0..20 {
            let cast = Cast::new(world);
            let transfer = cast.proposed();
            let accepted = AtomicBool::new(false);
            let acknowledged: Vec<String> = thread::scope(|scope| {
                let writers: Vec<_> = (0..2)
                    .map(|writer| {
                        let (cast, accepted) = (&cast, &accepted);
                        scope.spawn(move || {
                            let mut kept = Vec::new();
                            for number in 0..1_000 {
                                let body = format!("{writer} {number}");
                                let was_over = accepted.load(Ordering::SeqCst);
                                let note = json!({"body": body});
                                let answer = cast.maria.post(&format!("/cases/{}/notes", cast.case), &note);
                                match answer.status {
                                    201 => {
                                        assert!(!was_over, "the old owner wrote after the case had gone");
                                        kept.push(body);
                                    }
                                    404 => break,
                                    // Nothing was acknowledged: the database was busy.
                                    503 => {}
                                    other => panic!("{other}: {}", answer.text),
                                }
                            }
                            kept
                        })
                    })
                    .collect();
                // At another moment each time.
                thread::sleep(std::time::Duration::from_millis(5 * round));
                while moved(&cast.matej, &transfer, &json!({"to": "accepted"})).status == 503 {}
                accepted.store(true, Ordering::SeqCst);
                writers.into_iter().flat_map(|writer| writer.join().expect("a writer")).collect()
            });
            let now = cast.case_as(&cast.matej);
            assert_eq!(now["owner_org_id"], json!(world.fixture.comune_trieste));
            let page = cast.matej.get(&format!("/cases/{}/notes?limit=200", cast.case)).expect(200).json();
            let there: Vec<String> =
                page["items"].as_array().expect("notes").iter().map(|note: &Value| text(&note["body"])).collect();
            let mut all = [acknowledged.clone(), there.clone(), kept_notes(&cast.maria, &transfer)];
            all.iter_mut().for_each(|notes| notes.sort());
            assert_eq!(all[0], all[1], "what was acknowledged is there");
            assert_eq!(all[0], all[2], "and in the record");
            met += usize::from(!acknowledged.is_empty());
        }
        println!("{met} of 20 rounds had writers before the case went");
        assert!(met > 0);
    }
}
