//! What is kept of a report where, and what is left of it.

use serde_json::{Value, json};

use super::{at, followed, moved, sent_to_trieste, taken, told, told_by, unmet};
use crate::both;
use crate::people::privacy::{dump, dump_of};

/// What nobody but officers and who reports may read.
const PRIVATE: [&str; 5] =
    ["said my name", "Wanjiru Invented", "+39 040 1234567", "Ours is not to judge", "Which day was it?"];

both! {
    fn no_record_repeats_what_was_told_or_who_told_it(world: &World) {
        let (report, code) = sent_to_trieste(world, &told_by(world, true), true);
        let (nadia, igor) = (world.nadia_anti_discrimination_officer(), world.igor_anti_discrimination_officer_in_trieste());
        nadia.post(&format!("{}/messages", at(&report)), &json!({"text": "Which day was it?"})).expect(201);
        moved(&igor, &report, &json!({"to": "taken_up"})).expect(201);
        followed(world, &code).expect(200);
        let records = dump_of(world, |table| !table.starts_with("discrimination_") && table != "child_transitions");
        let whole = dump(world);
        assert!(records.contains("discrimination_report") && records.contains("housing"), "there is a history of it");
        for private in PRIVATE {
            assert!(whole.contains(private), "{private} is kept where officers read it");
            assert!(!records.contains(private), "{private} is in a record");
        }
        assert!(!whole.contains(&code), "of the code there is a digest");
    }

    fn what_has_ended_is_anonymised_and_goes_on_being_counted(world: &World) {
        let (nadia, igor) = (world.nadia_anti_discrimination_officer(), world.igor_anti_discrimination_officer_in_trieste());
        let (report, code) = sent_to_trieste(world, &told_by(world, true), true);
        nadia.post(&format!("{}/messages", at(&report)), &json!({"text": "Which day was it?"})).expect(201);
        let address = format!("{}/anonymisations", at(&report));
        let anonymise = |client: &crate::support::Client| client.post_matching(&address, "*", &json!({}));
        assert_eq!(unmet(anonymise(&nadia)), ["ended"]);
        moved(&igor, &report, &json!({"to": "taken_up"})).expect(201);
        moved(&igor, &report, &json!({"to": "closed", "outcome": "rectified", "note": "It was let to them."})).expect(201);
        anonymise(&igor).expect(403);
        nadia.post(&address, &json!({})).expect(428);
        nadia.post_matching(&address, "\"1.x\"", &json!({})).expect(412);
        let before = nadia.get(&at(&report)).expect(200).json();
        let after = anonymise(&nadia).expect(201).json();
        for member in before.as_object().unwrap().keys() {
            let changed = ["description", "occurred_on", "reporter_known", "identity_shared", "version", "updated_at"].contains(&member.as_str());
            assert_eq!(before[member] != after[member], changed, "{member}");
        }
        assert!(after["anonymised_at"].is_string());
        assert_eq!((&after["description"], &after["occurred_on"], &after["reporter_known"]), (&Value::Null, &Value::Null, &json!(false)));

        let left = dump(world);
        for private in PRIVATE.iter().chain(&["It was let to them", "It happened there."]) {
            assert!(!left.contains(private), "{private} is left");
        }
        let history = dump_of(world, |table| table == "history");
        assert!(!history.contains("2026-03\""), "the day it happened is in the history");
        nadia.get(&format!("{}/reporter", at(&report))).expect(404);
        let unknown = followed(world, &"x".repeat(43)).expect(404).json();
        assert_eq!(followed(world, &code).expect(404).json()["detail"], unknown["detail"]);
        assert_eq!(unmet(anonymise(&nadia)), ["not_anonymised"]);
        let message = nadia.post(&format!("{}/messages", at(&report)), &json!({"text": "Are you there?"}));
        assert_eq!(unmet(message), ["not_anonymised"]);
        let moves = nadia.get(&format!("{}/transitions", at(&report))).expect(200).json();
        assert!(moves["items"].as_array().unwrap().iter().all(|made| made.get("note").is_none()), "{moves}");
    }

    fn an_anonymisation_sent_twice_is_one(world: &World) {
        let nadia = world.nadia_anti_discrimination_officer();
        let (report, _) = taken(world, &told(world));
        moved(&nadia, &report, &json!({"to": "dismissed", "outcome": "out_of_competence", "note": "No."})).expect(201);
        let send = || {
            let headers = [("content-type", "application/json"), ("if-match", "*"), ("idempotency-key", "once")];
            nadia.send("POST", &format!("{}/anonymisations", at(&report)), &headers, Some(b"{}")).expect(201).json()
        };
        assert_eq!(send(), send());
    }
}
