//! Appointments: made, kept, missed, moved.

use serde_json::{Value, json};

use crate::both;
use crate::support::Client;
use crate::support::http::Answer;

fn meeting(starts_at: &str, ends_at: &str) -> Value {
    json!({"kind": "in_person", "subject": "First talk", "starts_at": starts_at, "ends_at": ends_at})
}

/// One that has begun.
fn past() -> Value {
    meeting("2026-01-12T09:00:00Z", "2026-01-12T10:00:00Z")
}

/// One that has not.
fn coming() -> Value {
    meeting("2990-01-12T09:00:00Z", "2990-01-12T10:00:00Z")
}

fn made(client: &Client, case: &str, body: &Value) -> String {
    format!("/appointments/{}", client.post(&format!("/cases/{case}/appointments"), body).expect(201).id())
}

fn go(client: &Client, address: &str, to: &Value) -> Answer {
    client.post_matching(&format!("{address}/transitions"), "*", to)
}

fn status(client: &Client, address: &str) -> Value {
    client.get(address).expect(200).json()["status"].clone()
}

both! {
    fn an_appointment_is_made_moved_and_held(world: &World) {
        let maria = world.maria_case_manager();
        let case = world.case_in_udine();
        let mut body = past();
        body["place"] = json!("Sala 12, Палац");
        body["interpreter_language"] = json!("uk");
        let address = made(&maria, &case, &body);
        let read = maria.get(&address).expect(200);
        assert_eq!(read.json()["attendee_id"], world.id_of("maria_case_manager"), "the case manager attends");
        assert_eq!(read.json()["place"], "Sala 12, Палац");
        maria.send("GET", &address, &[("if-none-match", read.header("etag"))], None).expect(304);
        let edit = json!({"starts_at": "2026-01-13T08:00:00+01:00", "ends_at": "2026-01-13T09:00:00+01:00", "place": null});
        let edited = maria.patch(&address, read.header("etag"), &edit).expect(200).json();
        assert!(edited["starts_at"].as_str().unwrap().starts_with("2026-01-13T07:00:00"), "{edited}");
        assert!(edited.get("place").is_none());
        let held = go(&maria, &address, &json!({"to": "held", "note": "came with her sister"})).expect(201).json();
        assert_eq!((&held["from"], &held["to"], &held["resource_version"]), (&json!("planned"), &json!("held"), &json!(3)));
        let refused = maria.patch(&address, "*", &json!({"subject": "x"})).expect(409).json();
        assert_eq!(refused["unmet_guards"][0]["guard"], "planned");
        let listed = |query: &str| {
            let page = maria.get(&format!("/cases/{case}/appointments?{query}")).expect(200).json();
            page["items"].as_array().map(Vec::len)
        };
        assert_eq!((listed("status=planned"), listed("status=held"), listed("")), (Some(0), Some(1), Some(1)));
    }

    fn what_has_not_begun_is_neither_held_nor_missed(world: &World) {
        let maria = world.maria_case_manager();
        let case = world.case_in_udine();
        let address = made(&maria, &case, &coming());
        for to in ["held", "missed"] {
            let refused = go(&maria, &address, &json!({"to": to})).expect(409).json();
            assert_eq!(refused["unmet_guards"][0]["guard"], "has_begun");
        }
        go(&maria, &address, &json!({"to": "cancelled"})).expect(201);
        go(&maria, &address, &json!({"to": "held"})).expect(409);
        let again = json!({"to": "planned", "starts_at": "2026-01-12T09:00:00Z", "ends_at": "2026-01-12T10:00:00Z"});
        go(&maria, &address, &again).expect(201);
        go(&maria, &address, &json!({"to": "missed"})).expect(201);
        assert_eq!(status(&maria, &address), "missed");
    }

    fn a_time_that_is_none_is_refused(world: &World) {
        let maria = world.maria_case_manager();
        let case = format!("/cases/{}/appointments", world.case_in_udine());
        for (starts_at, ends_at, pointer) in [
            ("2027-01-12T10:00:00Z", "2027-01-12T10:00:00Z", "#/ends_at"),
            ("2027-01-12T10:00:00Z", "2027-01-12T09:00:00Z", "#/ends_at"),
            ("2027-01-12T10:00:00Z", "2027-01-13T10:00:01Z", "#/ends_at"),
            ("2027-02-30T10:00:00Z", "2027-03-01T10:00:00Z", "#/starts_at"),
            ("2027-01-12T10:00:00", "2027-01-12T11:00:00Z", "#/starts_at"),
            ("2027-01-12", "2027-01-12T11:00:00Z", "#/starts_at"),
            ("+12027-01-12T10:00:00Z", "2027-01-12T11:00:00Z", "#/starts_at"),
        ] {
            let refused = maria.post(&case, &meeting(starts_at, ends_at)).expect(422).json();
            assert_eq!(refused["errors"][0]["pointer"], pointer, "{starts_at} {ends_at}");
        }
        let mut body = coming();
        body["interpreter_language"] = json!("UK");
        assert_eq!(maria.post(&case, &body).expect(422).json()["errors"][0]["pointer"], "#/interpreter_language");
        assert_eq!(maria.get(&case).expect(200).json()["items"], json!([]));
    }

    fn who_meets_somebody_else_in_that_time_is_told_of_and_not_whom(world: &World) {
        let maria = world.maria_case_manager();
        let (first, second) = (world.case_in_udine(), world.case_in_udine());
        let warned = |case: &str, starts: &str, ends: &str| {
            let answer = maria.post(&format!("/cases/{case}/appointments"), &meeting(starts, ends)).expect(201).json();
            answer["warnings"][0]["code"].as_str().unwrap_or_default().to_owned()
        };
        assert_eq!(warned(&first, "2990-01-12T09:00:00Z", "2990-01-12T10:00:00Z"), "");
        // One after the other is fine.
        assert_eq!(warned(&second, "2990-01-12T10:00:00Z", "2990-01-12T11:00:00Z"), "");
        assert_eq!(warned(&second, "2990-01-12T08:00:00Z", "2990-01-12T09:00:00Z"), "");
        assert_eq!(warned(&second, "2990-01-12T09:59:00Z", "2990-01-12T10:00:30Z"), "attendee_busy");
        assert_eq!(warned(&second, "2990-01-12T08:30:00Z", "2990-01-12T12:00:00Z"), "attendee_busy");
        assert_eq!(warned(&second, "2990-01-12T09:15:00Z", "2990-01-12T09:30:00Z"), "attendee_busy");
    }

    fn who_attends_finds_it_in_the_worklist_until_its_outcome_is_told(world: &World) {
        let maria = world.maria_case_manager();
        let case = world.case_in_udine();
        let (was, will_be) = (made(&maria, &case, &past()), made(&maria, &case, &coming()));
        maria.post(&format!("/cases/{case}/tasks"), &json!({"title": "Call back", "due_on": "2026-01-13"})).expect(201);
        let waiting = |query: &str| -> Vec<(String, String, bool)> {
            let page = maria.get(&format!("/me/worklist?limit=1{query}")).expect(200);
            let mut pages = vec![page];
            while let Some(next) = pages.last().unwrap().json()["_links"]["next"].as_str() {
                pages.push(maria.get(next).expect(200));
            }
            let told = |item: &Value, name: &str| item[name].as_str().unwrap_or_default().to_owned();
            let items = pages.iter().flat_map(|page| page.json()["items"].as_array().unwrap().clone());
            items.map(|item| (told(&item, "kind"), told(&item, "starts_at"), item["overdue"] == true)).collect()
        };
        let appointment = |at: &str, late: bool| ("appointment".to_owned(), at.to_owned(), late);
        let (first, last) = (appointment("2026-01-12T09:00:00.000000Z", true), appointment("2990-01-12T09:00:00.000000Z", false));
        assert_eq!(waiting(""), [first.clone(), ("task".into(), String::new(), true), last.clone()]);
        assert_eq!(waiting("&kind=appointment"), [first, last.clone()]);
        go(&maria, &was, &json!({"to": "held"})).expect(201);
        assert_eq!(waiting("&kind=appointment"), [last]);
        maria.patch(&will_be, "*", &json!({"starts_at": "2026-11-01T23:30:00Z", "ends_at": "2026-11-02T00:30:00Z"})).expect(200);
        assert_eq!(waiting("&kind=appointment&due_until=2026-11-01").len(), 1);
        assert_eq!(waiting("&kind=appointment&due_until=2026-10-31").len(), 0);
    }

    fn a_case_that_ends_cancels_what_is_planned_and_keeps_what_was(world: &World) {
        let maria = world.maria_case_manager();
        let case = world.case_in_udine();
        let (was, will_be) = (made(&maria, &case, &past()), made(&maria, &case, &coming()));
        go(&maria, &was, &json!({"to": "held"})).expect(201);
        let closed = json!({"to": "closed", "reason_code": "moved"});
        maria.post_matching(&format!("/cases/{case}/transitions"), "*", &closed).expect(201);
        assert_eq!((status(&maria, &was), status(&maria, &will_be)), (json!("held"), json!("cancelled")));
        let refused = maria.post(&format!("/cases/{case}/appointments"), &coming()).expect(409).json();
        assert_eq!(refused["unmet_guards"][0]["guard"], "case_open");
        maria.patch(&will_be, "*", &json!({"subject": "x"})).expect(409);
    }
}
