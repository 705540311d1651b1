//! Opening, reading and editing a case: what a patch may say, versions and entity tags.

use serde_json::{Value, json};

use crate::both;
use crate::support::World;
use crate::support::http::Answer;

fn case(world: &World) -> (String, Answer) {
    let address = format!("/cases/{}", world.case_in_udine());
    let read = world.maria_case_manager().get(&address).expect(200);
    (address, read)
}

fn pointers(answer: Answer) -> Vec<String> {
    let problem = answer.expect(422).json();
    let errors = problem["errors"].as_array().expect("errors").iter();
    errors.map(|error| error["pointer"].as_str().expect("a pointer").to_owned()).collect()
}

both! {
    fn an_edit_needs_the_version_that_was_read(world: &World) {
        let maria = world.maria_case_manager();
        let (address, read) = case(world);
        let etag = read.header("etag").to_owned();
        assert!(etag.starts_with("\"1.") && etag.ends_with('"'));
        let edit = json!({"priority": "high"});
        let headers = [("content-type", "application/merge-patch+json")];
        let missing = maria.send("PATCH", &address, &headers, Some(edit.to_string().as_bytes())).expect(428);
        assert_eq!(missing.json()["current_version"], 1);
        for stale in [&format!("W/{etag}"), "\"2.x\"", "\"x\"", "1", ""] {
            assert_eq!(maria.patch(&address, stale, &edit).expect(412).json()["current_version"], 1, "{stale}");
        }
        // Any view of the version will do, and one tag of several.
        let edited = maria.patch(&address, "\"7.a\", \"1.of-another-view\"", &edit).expect(200);
        assert_eq!((&edited.json()["version"], &edited.json()["priority"]), (&json!(2), &json!("high")));
        assert_ne!(edited.header("etag"), etag);
        maria.patch(&address, &etag, &json!({"priority": "low"})).expect(412);
        maria.patch(&address, "*", &json!({"priority": "low"})).expect(200);
    }

    fn of_many_edits_from_one_version_one_is_taken(world: &World) {
        let maria = world.maria_case_manager();
        let (address, read) = case(world);
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let sent: Vec<_> = (0..8)
                .map(|number| {
                    let (maria, address, etag) = (&maria, &address, read.header("etag"));
                    scope.spawn(move || maria.patch(address, etag, &json!({"summary": format!("by {number}")})).status)
                })
                .collect();
            sent.into_iter().map(|answer| answer.join().expect("an answer")).collect()
        });
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert_eq!(statuses.iter().filter(|status| **status == 412).count(), 7, "{statuses:?}");
    }

    fn a_change_counts_once_and_no_change_counts_nothing(world: &World) {
        let maria = world.maria_case_manager();
        let (address, read) = case(world);
        let edit = json!({"priority": "high", "summary": "new", "legal_basis": "consent"});
        assert_eq!(maria.patch(&address, "*", &edit).expect(200).json()["version"], 2);
        let again = maria.patch(&address, "*", &edit).expect(200);
        assert_eq!(again.json()["version"], 2);
        assert_eq!(maria.patch(&address, "*", &json!({})).expect(200).json(), again.json());
        assert_eq!(again.json()["created_at"], read.json()["created_at"]);
        world.feed_settled();
        let history = maria.get(&format!("{address}/history")).expect(200).json();
        assert_eq!(history["items"].as_array().map(Vec::len), Some(2));
        // Tasks have versions of their own.
        maria.post(&format!("{address}/tasks"), &json!({"title": "Call"})).expect(201);
        assert_eq!(maria.get(&address).expect(200).header("etag"), again.header("etag"));
    }

    fn null_removes_what_is_optional_and_is_refused_for_the_rest(world: &World) {
        let maria = world.maria_case_manager();
        let (address, _) = case(world);
        let nulls = json!({"priority": null, "access_level": null, "target_group": null, "territory_id": null});
        let mut refused = pointers(maria.patch(&address, "*", &nulls));
        refused.sort();
        assert_eq!(refused, ["#/access_level", "#/priority", "#/target_group", "#/territory_id"]);
        let optional = json!({"summary": null, "legal_basis": null, "case_manager_id": null});
        let removed = maria.patch(&address, "*", &optional).expect(200).json();
        for name in ["summary", "legal_basis", "case_manager_id"] {
            assert!(removed.get(name).is_none(), "{name}");
        }
        assert_eq!(removed["priority"], "normal");
    }

    fn what_does_not_fit_is_refused_whole(world: &World) {
        let maria = world.maria_case_manager();
        let (address, before) = case(world);
        for (edit, pointer) in [
            (json!({"priority": "soon", "summary": "x"}), "#/priority"),
            (json!({"target_group": "nobody"}), "#/target_group"),
            (json!({"access_level": "secret"}), "#/access_level"),
            (json!({"legal_basis": "because"}), "#/legal_basis"),
            (json!({"summary": ""}), "#/summary"),
            (json!({"summary": "x".repeat(4001)}), "#/summary"),
            (json!({"case_manager_id": uuid::Uuid::now_v7()}), "#/case_manager_id"),
            (json!({"case_manager_id": world.id_of("matej_case_manager_in_trieste")}), "#/case_manager_id"),
            (json!({"case_manager_id": world.id_of("samira_help_desk_operator")}), "#/case_manager_id"),
            (json!({"territory_id": world.fixture.trieste}), "#/territory_id"),
            (json!({"territory_id": uuid::Uuid::now_v7()}), "#/territory_id"),
        ] {
            assert_eq!(pointers(maria.patch(&address, "*", &edit)), [pointer], "{edit}");
        }
        for unknown in
            [json!({"status": "closed"}), json!({"person_id": uuid::Uuid::now_v7()}), json!({"version": 9}), json!([])]
        {
            maria.patch(&address, "*", &unknown).expect(422);
        }
        let wrong = [("content-type", "application/json"), ("if-match", "*")];
        let refused = maria.send("PATCH", &address, &wrong, Some(b"{}")).expect(415);
        assert_eq!(refused.header("accept-patch"), "application/merge-patch+json");
        let malformed = [("content-type", "application/merge-patch+json"), ("if-match", "*")];
        maria.send("PATCH", &address, &malformed, Some(b"{")).expect(400);
        assert_eq!(maria.get(&address).expect(200).json(), before.json());
    }

    fn a_reader_that_has_this_view_is_told_so(world: &World) {
        let maria = world.maria_case_manager();
        let (address, read) = case(world);
        let if_none = |tag: &str, path: &str| maria.send("GET", path, &[("if-none-match", tag)], None);
        let etag = read.header("etag").to_owned();
        let same = if_none(&etag, &address).expect(304);
        assert_eq!((same.header("etag"), same.text.as_str()), (etag.as_str(), ""));
        if_none(&format!("\"x\", W/{etag}"), &address).expect(304);
        if_none("\"1.other\"", &address).expect(200);
        // Another selection is another view, so is another caller, so are other rights.
        let narrowed = if_none(&etag, &format!("{address}?fields=status")).expect(200);
        assert_ne!(narrowed.header("etag"), etag);
        let region = world.regional_sync_client();
        region.send("GET", &address, &[("if-none-match", &etag)], None).expect(200);
        if_none(&etag, &format!("{address}?embed=tasks")).expect(200);
        world.grant(&world.id_of("maria_case_manager"), &json!({
            "role": "auditor", "organisation_id": world.fixture.comune_udine, "territory_ids": [world.fixture.udine],
        }));
        if_none(&etag, &address).expect(200);
        let etag = maria.get(&address).expect(200).header("etag").to_owned();
        maria.patch(&address, "*", &json!({"priority": "high"})).expect(200);
        if_none(&etag, &address).expect(200);
    }

    fn opening_warns_of_another_open_case_and_never_blocks(world: &World) {
        let maria = world.maria_case_manager();
        let (_, first) = case(world);
        let body = json!({"person_id": first.json()["person_id"], "target_group": "refugee", "arrived_on": "2026-03-01"});
        assert!(first.json().get("warnings").is_none());
        let second = maria.post("/cases", &body).expect(201).json();
        assert_eq!(
            (&second["warnings"][0]["code"], &second["warnings"][0]["pointer"]),
            (&json!("open_case_exists"), &json!("#/person_id"))
        );
        assert_ne!(second["public_ref"], first.json()["public_ref"]);
        for (member, value) in [
            ("opened_on", json!("2999-01-01")),
            ("person_id", json!(uuid::Uuid::now_v7())),
            ("status", json!("active")),
        ] {
            let mut wrong: Value = body.clone();
            wrong[member] = value;
            assert_eq!(pointers(maria.post("/cases", &wrong)), [format!("#/{member}")]);
        }
    }

    fn a_case_is_there_for_its_own_place_alone(world: &World) {
        let (address, _) = case(world);
        let matej = world.matej_case_manager_in_trieste();
        let body = |answer: Answer| {
            let mut problem = answer.expect(404).json();
            problem["instance"] = Value::Null;
            problem
        };
        let unknown = format!("/cases/{}", uuid::Uuid::now_v7());
        assert_eq!(body(matej.get(&address)), body(matej.get(&unknown)));
        assert_eq!(body(matej.patch(&address, "*", &json!({}))), body(matej.patch(&unknown, "*", &json!({}))));
        world.regional_sync_client().patch(&address, "*", &json!({"priority": "high"})).expect(403);
        matej.get("/cases/not-an-id").expect(400);
    }

    fn a_case_can_be_opened_for_a_colleagues_eyes_alone(world: &World) {
        let (maria, samira) = (world.maria_case_manager(), world.samira_help_desk_operator());
        let person = maria.post("/people", &world.person_in_udine()).expect(201).id();
        let body = |level: &str| {
            json!({
                "person_id": person, "target_group": "trafficking_victim", "access_level": level,
                "legal_basis": "vital_interest", "case_manager_id": world.id_of("maria_case_manager"),
            })
        };
        for level in ["protected", "closed"] {
            let made = samira.post("/cases", &body(level)).expect(201);
            assert_eq!(made.json()["withheld_fields"], json!(["person_id", "household_id", "external_ids", "legal_basis", "arrived_on", "summary"]));
            let address = format!("/cases/{}", made.id());
            assert_eq!(maria.get(&address).expect(200).json()["access_level"], level);
            // Once: what becomes of it is not asked for by saying the same again.
            let headers = [("content-type", "application/json"), ("idempotency-key", "\"5b0cb1c2-the-same-again\"")];
            let again = serde_json::to_vec(&body(level)).expect("JSON");
            samira.send("POST", "/cases", &headers, Some(&again)).expect(if level == "protected" { 201 } else { 422 });
            samira.send("POST", "/cases", &headers, Some(&again)).expect(if level == "protected" { 404 } else { 422 });
        }
        // Nor does a colleague who managed cases of the place need to be the one.
        let (colleague, _, _) = world.another_client(&json!({
            "role": "case_manager", "organisation_id": world.fixture.comune_udine, "territory_ids": [world.fixture.udine],
        }));
        let mut summed_up = body("closed");
        summed_up["summary"] = json!("must not be found");
        let made = colleague.post("/cases", &summed_up).expect(201);
        assert!(!made.text.contains("must not be found"));
        colleague.get(&format!("/cases/{}", made.id())).expect(404);
        assert_eq!(maria.get(&format!("/cases/{}", made.id())).expect(200).json()["summary"], "must not be found");
    }

    fn a_confined_case_keeps_a_manager(world: &World) {
        let (path, answer) = case(world);
        let maria = world.maria_case_manager();
        let unmanaged = json!({"access_level": "closed", "case_manager_id": null});
        let refused = maria.patch(&path, answer.header("etag"), &unmanaged).expect(422);
        assert_eq!(pointers(refused), ["#/case_manager_id"]);
        let closed = json!({"access_level": "closed", "case_manager_id": world.id_of("maria_case_manager")});
        maria.patch(&path, answer.header("etag"), &closed).expect(200);
    }

    fn a_case_does_not_move_away_from_its_manager(world: &World) {
        let (path, _) = case(world);
        let fixture = &world.fixture;
        let both = json!({
            "role": "case_manager", "organisation_id": fixture.root, "territory_ids": [fixture.udine, fixture.trieste],
        });
        let matej = world.id_of("matej_case_manager_in_trieste");
        world.grant(&matej, &both);
        let mover = world.matej_case_manager_in_trieste();
        let to_maria = json!({"case_manager_id": world.id_of("maria_case_manager")});
        mover.patch(&path, "*", &to_maria).expect(200);
        let away = json!({"territory_id": fixture.trieste});
        assert_eq!(pointers(mover.patch(&path, "*", &away).expect(422)), ["#/case_manager_id"]);
        mover.patch(&path, "*", &json!({"territory_id": fixture.trieste, "case_manager_id": matej})).expect(200);
    }
}
