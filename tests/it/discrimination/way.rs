//! The way of a report, from the one who sends it to its end.

use serde_json::{Value, json};

use super::{
    at, followed, listed, members, moved, routed, sent_to_trieste, submitted, taken, told, told_by, triaged, unmet,
    wrong_member,
};
use crate::both;

both! {
    fn an_anonymous_report_goes_from_submission_to_its_end_and_its_code_tells_how_it_stands(world: &World) {
        let answer = world.nobody().post("/discrimination-reports/submissions", &told(world)).expect(200);
        let receipt = answer.json();
        assert_eq!(members(&receipt), ["follow_up_code"], "nothing else is told");
        assert_eq!((answer.header("location"), answer.header("etag")), ("", ""));
        let code = receipt["follow_up_code"].as_str().unwrap();
        assert_eq!(followed(world, code).expect(200).json(), json!({"progress": "received", "messages": []}));

        let nadia = world.nadia_anti_discrimination_officer();
        let page = nadia.get("/discrimination-reports").expect(200).json();
        let found = &page["items"][0];
        assert_eq!((&found["channel"], &found["status"], &found["description"]), (&json!("online"), &json!("received"), &Value::Null));
        let report = found["id"].as_str().unwrap().to_owned();
        let read = nadia.get(&at(&report)).expect(200).json();
        for (member, value) in told(world).as_object().unwrap() {
            assert_eq!(&read[member], value, "{member}");
        }
        assert_eq!((&read["sides"], &read["reporter_known"]), (&json!(["first"]), &json!(false)));
        assert_eq!(read["allowed_transitions"], json!(["triaged", "dismissed"]));
        nadia.get(&format!("{}/reporter", at(&report))).expect(404);

        let made = moved(&nadia, &report, &triaged()).expect(201);
        assert_eq!((&made.json()["from"], &made.json()["to"], &made.json()["side"]), (&json!("received"), &json!("triaged"), &json!("first")));
        let read = nadia.get(&at(&report)).expect(200).json();
        assert_eq!(read["grounds"], json!(["ethnic_origin", "religion"]), "what was reported stays as it was told");
        assert_eq!(read["confirmed_grounds"], json!(["religion", "skin_colour"]));
        assert_eq!((&read["within_competence"], &read["urgency"]), (&json!(false), &json!("high")));
        nadia.post(&format!("{}/messages", at(&report)), &json!({"text": "Which day was it?"})).expect(201);
        nadia.post(&format!("{}/messages", at(&report)), &json!({"text": "We go there."})).expect(201);
        let told = followed(world, code).expect(200).json();
        assert_eq!(told["progress"], "in_progress");
        let texts: Vec<&Value> = told["messages"].as_array().unwrap().iter().map(|message| &message["text"]).collect();
        assert_eq!(texts, ["Which day was it?", "We go there."]);
        assert_eq!(members(&told["messages"][0]), ["sent_at", "text"], "nobody is named");

        let closed = json!({"to": "closed", "outcome": "mediation", "tell_reporter": true, "note": "They have talked."});
        moved(&nadia, &report, &closed).expect(201);
        let told = followed(world, code).expect(200).json();
        assert_eq!((&told["progress"], &told["outcome"]), (&json!("closed"), &json!("mediation")));
        assert!(!told.to_string().contains("They have talked"), "notes are for officers");
        assert_eq!(nadia.get(&at(&report)).expect(200).json()["allowed_transitions"], json!([]));
    }

    fn an_outcome_is_told_to_who_reports_where_the_body_says_so_and_to_nobody_else(world: &World) {
        let nadia = world.nadia_anti_discrimination_officer();
        let code = submitted(world, &told(world));
        let report = listed(&nadia, "").remove(0);
        let dismissed = json!({"to": "dismissed", "outcome": "not_enough_information", "note": "No place, no day."});
        moved(&nadia, &report, &dismissed).expect(201);
        assert_eq!(followed(world, &code).expect(200).json(), json!({"progress": "closed", "messages": []}));
    }

    fn each_move_brings_what_it_needs_and_only_where_the_machine_has_it(world: &World) {
        let nadia = world.nadia_anti_discrimination_officer();
        let (report, _) = taken(world, &told(world));
        let (other, _) = taken(world, &told(world));
        let close = |outcome: &str| json!({"to": "closed", "outcome": outcome, "note": "So it ended."});
        let dismiss = |outcome: &str| json!({"to": "dismissed", "outcome": outcome, "note": "So it ended."});
        assert_eq!(unmet(moved(&nadia, &report, &close("advice"))), ["allowed_transition"], "first somebody looks at it");
        assert_eq!(unmet(moved(&nadia, &report, &routed(world, false))), ["allowed_transition"]);
        assert_eq!(wrong_member(moved(&nadia, &report, &dismiss("mediation"))), "#/outcome");
        assert_eq!(wrong_member(moved(&nadia, &report, &dismiss("duplicate"))), "#/duplicate_of_id");
        let mut duplicate = dismiss("duplicate");
        for wrong in [report.clone(), uuid::Uuid::now_v7().to_string()] {
            duplicate["duplicate_of_id"] = json!(wrong);
            assert_eq!(wrong_member(moved(&nadia, &report, &duplicate)), "#/duplicate_of_id");
        }
        // Another body's report is as one that there is not.
        let mut elsewhere = told(world);
        elsewhere["organisation_id"] = json!(world.fixture.comune_trieste);
        let foreign = taken(world, &elsewhere).0;
        let absent = moved(&nadia, &report, &duplicate).expect(422).json()["errors"].clone();
        duplicate["duplicate_of_id"] = json!(foreign);
        assert_eq!(moved(&nadia, &report, &duplicate).expect(422).json()["errors"], absent);
        let mut unfit = dismiss("out_of_competence");
        unfit["duplicate_of_id"] = json!(other);
        assert_eq!(wrong_member(moved(&nadia, &report, &unfit)), "#/duplicate_of_id");
        duplicate["duplicate_of_id"] = json!(other);

        let moves = format!("{}/transitions", at(&report));
        nadia.post(&moves, &duplicate).expect(428);
        nadia.post_matching(&moves, "\"7.x\"", &duplicate).expect(412);
        moved(&nadia, &report, &duplicate).expect(201);
        assert_eq!(nadia.get(&at(&report)).expect(200).json()["duplicate_of_id"], json!(other));
        assert_eq!(unmet(moved(&nadia, &report, &triaged())), ["allowed_transition"], "it is for good");
        // Of two that repeat each other, one stays.
        duplicate["duplicate_of_id"] = json!(report);
        assert_eq!(unmet(moved(&nadia, &other, &duplicate)), ["original_stands"]);

        moved(&nadia, &other, &triaged()).expect(201);
        assert_eq!(wrong_member(moved(&nadia, &other, &close("out_of_competence"))), "#/outcome");
        moved(&nadia, &other, &json!({"to": "closed", "outcome": "advice"})).expect(422);
        assert_eq!(wrong_member(moved(&nadia, &other, &json!({"to": "closed", "outcome": "advice", "note": ""}))), "#/note");
        moved(&nadia, &other, &close("advice")).expect(201);
        assert_eq!(nadia.get(&at(&other)).expect(200).json()["outcome"], "advice");
    }

    fn a_report_is_routed_without_the_name_unless_that_was_agreed(world: &World) {
        let (nadia, igor) = (world.nadia_anti_discrimination_officer(), world.igor_anti_discrimination_officer_in_trieste());
        let (report, code) = taken(world, &told_by(world, false));
        let reporter = format!("{}/reporter", at(&report));
        assert_eq!(nadia.get(&reporter).expect(200).json()["name"], "Wanjiru Invented");
        moved(&nadia, &report, &triaged()).expect(201);
        assert_eq!(unmet(moved(&nadia, &report, &routed(world, true))), ["identity_agreed"]);
        moved(&nadia, &report, &routed(world, false)).expect(201);

        let seen = igor.get(&at(&report)).expect(200).json();
        assert_eq!(seen["sides"], json!(["competent"]));
        assert_eq!((&seen["reporter_known"], &seen["identity_shared"]), (&json!(false), &json!(false)));
        assert_eq!((&seen["description"], &seen["status"]), (&told(world)["description"], &json!("routed")));
        assert_eq!(seen["allowed_transitions"], json!(["returned", "taken_up"]));
        let expected: Vec<&str> = "allowed_transitions area_of_life channel competent_org_id confirmed_grounds created_at description grounds id \
            identity_shared language occurred_on organisation_id outcome_told received_on reporter_known reporter_role respondent_kind sides \
            status territory_id updated_at urgency version within_competence".split_whitespace().collect();
        assert_eq!(members(&seen), expected, "say here what else the competent body reads");
        igor.get(&reporter).expect(404);
        let mut everything = String::new();
        for path in ["", "/transitions", "/messages"] {
            everything += &igor.get(&format!("{}{path}", at(&report))).expect(200).text;
        }
        everything += &igor.get("/discrimination-reports").expect(200).text;
        for private in ["Wanjiru", "1234567", "Ours is not to judge"] {
            assert!(!everything.contains(private), "Trieste reads {private}");
        }

        // What is taken up is the competent body's to end.
        moved(&nadia, &report, &json!({"to": "taken_up"})).expect(403);
        moved(&igor, &report, &json!({"to": "taken_up", "note": "We go there."})).expect(201);
        moved(&nadia, &report, &json!({"to": "closed", "outcome": "advice", "note": "x"})).expect(403);
        assert_eq!(unmet(moved(&nadia, &report, &triaged())), ["competent_body_gone"]);
        igor.post(&format!("{}/messages", at(&report)), &json!({"text": "Come on Tuesday."})).expect(201);
        let messages = nadia.get(&format!("{}/messages", at(&report))).expect(200).json();
        let message = &messages["items"][0];
        assert_eq!((&message["organisation_id"], &message["author_id"]), (&json!(world.fixture.comune_trieste), &Value::Null));
        moved(&igor, &report, &json!({"to": "closed", "outcome": "legal_action", "tell_reporter": true, "note": "Filed."})).expect(201);
        let told = followed(world, &code).expect(200).json();
        assert_eq!((&told["outcome"], &told["messages"][0]["text"]), (&json!("legal_action"), &json!("Come on Tuesday.")));

        let moves = |client: &crate::support::Client| -> Vec<(String, bool)> {
            let page = client.get(&format!("{}/transitions", at(&report))).expect(200).json();
            let rows = page["items"].as_array().unwrap();
            rows.iter().map(|row| (row["to"].as_str().unwrap().to_owned(), row["actor_id"].is_string())).collect()
        };
        let of = |told: &[(&str, bool)]| told.iter().map(|(to, named)| ((*to).to_owned(), *named)).collect::<Vec<_>>();
        assert_eq!(moves(&nadia), of(&[("triaged", true), ("routed", true), ("taken_up", false), ("closed", false)]));
        assert_eq!(moves(&igor), of(&[("routed", false), ("taken_up", true), ("closed", true)]), "from its own routing on");
        igor.get(&at(&report)).expect(200);
        nadia.get(&at(&report)).expect(200);
    }

    fn a_name_goes_along_where_that_was_agreed_and_goes_back_with_the_report(world: &World) {
        let (nadia, igor) = (world.nadia_anti_discrimination_officer(), world.igor_anti_discrimination_officer_in_trieste());
        let (report, _) = sent_to_trieste(world, &told_by(world, true), true);
        let reporter = format!("{}/reporter", at(&report));
        let read = igor.get(&reporter).expect(200).json();
        assert_eq!(read, nadia.get(&reporter).expect(200).json());
        assert_eq!((&read["name"], &read["contact"], &read["preferred_language"]), (&json!("Wanjiru Invented"), &json!("+39 040 1234567"), &json!("sw")));
        assert_eq!(igor.get(&at(&report)).expect(200).json()["reporter_known"], true);

        // Returned: Trieste knows of it no more, but is answered once more for the same request.
        let moves = format!("{}/transitions", at(&report));
        let returned = json!({"to": "returned", "note": "It is not our town."});
        let send = |key: &str| {
            let headers = [("content-type", "application/json"), ("if-match", "*"), ("idempotency-key", key)];
            igor.send("POST", &moves, &headers, Some(returned.to_string().as_bytes()))
        };
        let (first, again) = (send("one").expect(201).json(), send("one").expect(201).json());
        assert_eq!(first, again);
        send("two").expect(404);
        for path in ["", "/reporter", "/transitions", "/messages"] {
            igor.get(&format!("{}{path}", at(&report))).expect(404);
        }
        assert_eq!(listed(&igor, ""), Vec::<String>::new());
        let read = nadia.get(&at(&report)).expect(200).json();
        assert_eq!((&read["status"], &read["competent_org_id"], &read["identity_shared"]), (&json!("returned"), &Value::Null, &json!(false)));
        assert_eq!(read["allowed_transitions"], json!(["triaged"]));

        // Routed once more without the name: what was agreed is no duty.
        moved(&nadia, &report, &triaged()).expect(201);
        moved(&nadia, &report, &routed(world, false)).expect(201);
        igor.get(&reporter).expect(404);
        // Nobody takes it up: the first body takes it back.
        moved(&nadia, &report, &triaged()).expect(201);
        igor.get(&at(&report)).expect(404);
        moved(&igor, &report, &json!({"to": "taken_up"})).expect(404);
        let ended = json!({"to": "closed", "outcome": "no_action", "note": "Nobody answers."});
        moved(&nadia, &report, &ended).expect(201);
        igor.get(&at(&report)).expect(404);
    }

    fn what_a_body_has_taken_up_is_taken_back_once_nobody_is_left_there_for_it(world: &World) {
        let (nadia, igor) = (world.nadia_anti_discrimination_officer(), world.igor_anti_discrimination_officer_in_trieste());
        let (report, _) = sent_to_trieste(world, &told_by(world, true), true);
        moved(&igor, &report, &json!({"to": "taken_up"})).expect(201);
        assert_eq!(unmet(moved(&nadia, &report, &triaged())), ["competent_body_gone"]);
        let path = format!("/users/{}", world.id_of("igor_anti_discrimination_officer_in_trieste"));
        let anna = world.anna_system_administrator();
        let tag = anna.get(&path).header("etag").to_owned();
        anna.patch(&path, &tag, &json!({"status": "deactivated"})).expect(200);
        moved(&nadia, &report, &triaged()).expect(201);
        let read = nadia.get(&at(&report)).expect(200).json();
        assert_eq!((&read["identity_shared"], &read["competent_org_id"]), (&json!(false), &Value::Null));
    }

    fn a_body_reads_the_messages_from_its_own_routing_on_and_nothing_once_it_is_anonymised(world: &World) {
        let (nadia, igor) = (world.nadia_anti_discrimination_officer(), world.igor_anti_discrimination_officer_in_trieste());
        let (report, _) = taken(world, &told(world));
        let messages = format!("{}/messages", at(&report));
        moved(&nadia, &report, &triaged()).expect(201);
        nadia.post(&messages, &json!({"text": "Before."})).expect(201);
        moved(&nadia, &report, &routed(world, false)).expect(201);
        nadia.post(&messages, &json!({"text": "After."})).expect(201);
        let texts = |client: &crate::support::Client| -> Vec<String> {
            let page = client.get(&messages).expect(200).json();
            page["items"].as_array().unwrap().iter().map(|row| row["text"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!((texts(&nadia), texts(&igor)), (vec!["Before.".to_owned(), "After.".to_owned()], vec!["After.".to_owned()]));
        moved(&igor, &report, &json!({"to": "taken_up"})).expect(201);
        moved(&igor, &report, &json!({"to": "closed", "outcome": "advice", "note": "Done."})).expect(201);
        igor.get(&at(&report)).expect(200);
        nadia.post_matching(&format!("{}/anonymisations", at(&report)), "*", &json!({})).expect(201);
        igor.get(&at(&report)).expect(404);
        assert_eq!((listed(&igor, ""), listed(&nadia, "")), (vec![], vec![report]));
    }

    fn a_report_goes_to_another_body_that_takes_reports_and_to_no_other(world: &World) {
        let nadia = world.nadia_anti_discrimination_officer();
        let (report, _) = taken(world, &told(world));
        moved(&nadia, &report, &triaged()).expect(201);
        assert_eq!(unmet(moved(&nadia, &report, &routed(world, true))), ["identity_known"], "nobody said who they are");
        let to = |organisation: Value| json!({"to": "routed", "to_org_id": organisation, "note": "There."});
        let absent = moved(&nadia, &report, &to(json!(uuid::Uuid::now_v7()))).expect(422).json()["errors"].clone();
        assert_eq!(moved(&nadia, &report, &to(json!(world.fixture.root))).expect(422).json()["errors"], absent);
        assert_eq!(wrong_member(moved(&nadia, &report, &to(json!(world.fixture.comune_udine)))), "#/to_org_id");
    }
}
