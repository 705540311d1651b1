//! What keeps a case from going.

use serde_json::json;

use super::{Cast, moved, read, text};
use crate::both;
use crate::referrals::network::{guards, refused_at};

both! {
    fn what_does_not_fit_is_refused_where_it_stands(world: &World) {
        let cast = Cast::new(world);
        let nobody = uuid::Uuid::now_v7();
        for (more, pointer) in [
            (json!({"to_org_id": world.fixture.comune_udine}), "#/to_org_id"),
            (json!({"to_org_id": nobody}), "#/to_org_id"),
            (json!({"case_id": nobody}), "#/case_id"),
            (json!({"to_territory_id": nobody}), "#/to_territory_id"),
            (json!({"expires_on": "2020-01-01"}), "#/expires_on"),
            (json!({"expires_on": "2999-01-01"}), "#/expires_on"),
            (json!({"legal_basis": "whim"}), "#/legal_basis"),
            (json!({"legal_basis": "consent"}), "#/legal_basis"),
            (json!({"package_fields": ["languages", "languages"]}), "#/package_fields/1"),
            (json!({"reason": ""}), "#/reason"),
        ] {
            assert_eq!(refused_at(cast.proposes(&more)), pointer, "{more}");
        }
        assert_eq!(cast.maria.get("/transfers?box=outbox").expect(200).json()["items"], json!([]));
        let transfer = cast.proposed();
        for (more, pointer) in [
            (json!({"territory_id": nobody}), "#/territory_id"),
            (json!({"case_manager_id": world.id_of("maria_case_manager")}), "#/case_manager_id"),
            (json!({"legal_basis": "whim"}), "#/legal_basis"),
        ] {
            let mut accepted = json!({"to": "accepted"});
            accepted.as_object_mut().expect("members").extend(more.as_object().expect("members").clone());
            assert_eq!(refused_at(moved(&cast.matej, &transfer, &accepted)), pointer, "{more}");
        }
        // Udine is not where Matej may work.
        moved(&cast.matej, &transfer, &json!({"to": "accepted", "territory_id": world.fixture.udine})).expect(403);
        assert_eq!(cast.case_as(&cast.maria)["owner_org_id"], json!(world.fixture.comune_udine));
    }

    fn a_case_goes_to_one_body_at_a_time_and_only_while_it_is_open(world: &World) {
        let cast = Cast::new(world);
        let transfer = cast.proposed();
        assert_eq!(guards(cast.proposes(&json!({}))), ["no_live_transfer"]);
        moved(&cast.matej, &transfer, &json!({"to": "withdrawn"})).expect(403);
        moved(&cast.maria, &transfer, &json!({"to": "accepted"})).expect(403);
        moved(&cast.maria, &transfer, &json!({"to": "expired"})).expect(422);
        moved(&cast.matej, &transfer, &json!({"to": "rejected"})).expect(422);
        moved(&cast.matej, &transfer, &json!({"to": "rejected", "note": "Lives in Gorizia."})).expect(201);
        assert_eq!(guards(moved(&cast.matej, &transfer, &json!({"to": "accepted"}))), ["allowed_transition"]);
        let again = cast.proposed();
        moved(&cast.maria, &again, &json!({"to": "withdrawn"})).expect(201);
        cast.matej.get(&format!("/transfers/{again}")).expect(404);
        cast.matej.get(&format!("/transfers/{again}/package")).expect(404);
        moved(&cast.matej, &again, &json!({"to": "accepted"})).expect(404);
        let third = cast.proposed();
        let closed = json!({"to": "closed", "reason_code": "moved"});
        cast.maria.post_matching(&format!("/cases/{}/transitions", cast.case), "*", &closed).expect(201);
        assert_eq!(read(&cast.maria, &third)["status"], "withdrawn");
        assert_eq!(guards(cast.proposes(&json!({}))), ["case_open"]);
    }

    fn nobody_is_torn_from_another_open_case(world: &World) {
        let cast = Cast::new(world);
        let transfer = cast.proposed();
        let other = json!({"person_id": cast.person, "target_group": "worker", "legal_basis": "public_task"});
        let other = cast.maria.post("/cases", &other).expect(201).id();
        assert_eq!(guards(moved(&cast.matej, &transfer, &json!({"to": "accepted"}))), ["only_open_case"]);
        assert_eq!(read(&cast.maria, &transfer)["status"], "proposed");
        let closed = json!({"to": "closed", "reason_code": "moved"});
        cast.maria.post_matching(&format!("/cases/{other}/transitions"), "*", &closed).expect(201);
        moved(&cast.matej, &transfer, &json!({"to": "accepted"})).expect(201);
        // The closed case is where it was, and its person is not.
        let reopened = json!({"to": "assessment", "reason_code": "returned"});
        let refused = cast.maria.post_matching(&format!("/cases/{other}/transitions"), "*", &reopened);
        assert_eq!(guards(refused), ["person_here"]);
        let new = json!({"case_id": other, "to_org_id": world.fixture.comune_trieste, "reason": "Moves.", "legal_basis": "public_task"});
        assert_eq!(guards(cast.maria.post("/transfers", &new)), ["case_open", "together", "only_open_case"]);
    }

    fn nobody_is_taken_out_of_a_case_that_covers_them_nor_moved_by_anothers_consent(world: &World) {
        let cast = Cast::new(world);
        let home = json!({"owner_org_id": world.fixture.comune_udine, "territory_id": world.fixture.udine});
        let home = cast.maria.post("/households", &home).expect(201).id();
        let husband = cast.maria.post("/people", &world.person_in_udine()).expect(201).id();
        let lives = |person: &str| {
            let member = json!({"person_id": person, "valid_from": "2024-01-01"});
            cast.maria.post(&format!("/households/{home}/members"), &member).expect(201).id()
        };
        let (of_person, _) = (lives(&cast.person), lives(&husband));
        cast.maria.patch(&format!("/cases/{}", cast.case), "*", &json!({"household_id": home})).expect(200);
        let consent = json!({"purposes": ["transfer"], "recipient_ids": [world.fixture.comune_trieste],
            "data_categories": ["identity", "contact", "family", "legal", "health", "case", "assessment", "plan", "notes", "documents"],
            "notice_version": "2026-03", "notice_language": "it", "method": "written", "evidence": "Signed form, sheet 3."});
        cast.maria.post(&format!("/people/{}/consents", cast.person), &consent).expect(201);
        let mut new = cast.proposal(&json!({"with_household": true}));
        new.as_object_mut().expect("members").remove("legal_basis");
        assert_eq!(guards(cast.maria.post("/transfers", &new)), ["household_basis"]);
        new["with_household"] = json!(false);
        let alone = cast.maria.post("/transfers", &new).expect(201).id();
        let his = json!({"person_id": husband, "target_group": "refugee", "legal_basis": "public_task", "household_id": home});
        let his = cast.maria.post("/cases", &his).expect(201).id();
        let covered = json!({"household_member_id": of_person});
        cast.maria.post(&format!("/cases/{his}/household-members"), &covered).expect(201);
        assert_eq!(guards(moved(&cast.matej, &alone, &json!({"to": "accepted"}))), ["only_open_case"]);
        assert_eq!(cast.case_as(&cast.maria)["owner_org_id"], json!(world.fixture.comune_udine));
    }

    fn without_another_basis_the_person_consents_to_all_of_it_going(world: &World) {
        let cast = Cast::new(world);
        let on_consent = |cast: &Cast<'_>| {
            let mut new = cast.proposal(&json!({}));
            new.as_object_mut().expect("members").remove("legal_basis");
            cast.maria.post("/transfers", &new)
        };
        assert_eq!(guards(on_consent(&cast)), ["consent"]);
        let consents = |categories: &[&str]| {
            let consent = json!({"purposes": ["transfer"], "data_categories": categories, "recipient_ids": [world.fixture.comune_trieste],
                "notice_version": "2026-03", "notice_language": "it", "method": "written", "evidence": "Signed form, sheet 3."});
            cast.maria.post(&format!("/people/{}/consents", cast.person), &consent).expect(201).id()
        };
        consents(&["identity", "contact"]);
        assert_eq!(guards(on_consent(&cast)), ["consent_data_categories"]);
        let all = ["identity", "contact", "family", "legal", "health", "case", "assessment", "plan", "notes", "documents"];
        let consent = consents(&all);
        let transfer = on_consent(&cast).expect(201).json();
        assert_eq!(transfer["consent_id"], json!(consent));
        let transfer = text(&transfer["id"]);
        assert!(read(&cast.matej, &transfer).get("consent_id").is_none());
        let withdrawn = json!({"to": "withdrawn", "withdrawn_by": "person", "method": "oral"});
        cast.maria.post_matching(&format!("/consents/{consent}/transitions"), "*", &withdrawn).expect(201);
        assert_eq!(read(&cast.maria, &transfer)["status"], "withdrawn");
        cast.matej.get(&format!("/transfers/{transfer}")).expect(404);
        let moves = cast.maria.get(&format!("/transfers/{transfer}/transitions")).expect(200).json();
        assert_eq!(moves["items"][0]["side"], "system");
    }

    fn restricted_data_goes_nowhere(world: &World) {
        let cast = Cast::new(world);
        let transfer = cast.proposed();
        let restricted = json!({"to": "restricted", "note": "Accuracy is contested."});
        cast.maria.post_matching(&format!("/people/{}/transitions", cast.person), "*", &restricted).expect(201);
        moved(&cast.matej, &transfer, &json!({"to": "accepted"})).expect(423);
        cast.matej.get(&format!("/transfers/{transfer}/package")).expect(423);
        moved(&cast.maria, &transfer, &json!({"to": "withdrawn"})).expect(201);
        cast.proposes(&json!({})).expect(423);
    }

    fn a_proposal_is_made_and_accepted_once_for_each_key(world: &World) {
        let cast = Cast::new(world);
        let headers = [("content-type", "application/json"), ("idempotency-key", "0e8e7b4a-8d5c-4a53-9f0e-1d2c3b4a5901")];
        let new = cast.proposal(&json!({})).to_string();
        let made: Vec<String> =
            (0..2).map(|_| cast.maria.send("POST", "/transfers", &headers, Some(new.as_bytes())).expect(201).id()).collect();
        assert_eq!(made[0], made[1]);
        let path = format!("/transfers/{}/transitions", made[0]);
        let headers = [headers[0], headers[1], ("if-match", "*")];
        let accepted: Vec<String> = (0..2)
            .map(|_| cast.matej.send("POST", &path, &headers, Some(br#"{"to": "accepted"}"#)).expect(201).id())
            .collect();
        assert_eq!(accepted[0], accepted[1]);
        // The case has gone: who repeats the proposal is told of it nevertheless.
        let repeated = cast.maria.send("POST", "/transfers", &headers[..2], Some(new.as_bytes())).expect(201);
        assert_eq!((repeated.id(), &repeated.json()["status"]), (made[0].clone(), &json!("accepted")));
    }
}
