//! Another body looks into a case for a time.

use serde_json::{Value, json};

use super::{Cast, text};
use crate::both;
use crate::referrals::network::{guards, refused_at};
use crate::support::Client;
use crate::support::feed::{Follower, told};
use crate::support::http::Answer;
use crate::support::planning::in_days;

fn access(cast: &Cast<'_>, more: &Value) -> Value {
    let mut new = json!({"case_id": cast.case, "to_org_id": cast.world.fixture.comune_trieste, "reason": "Follows the goals.",
        "package_fields": ["given_name", "case_summary"], "legal_basis": "public_task", "expires_on": in_days(30)});
    for (name, value) in more.as_object().expect("members") {
        new[name] = value.clone();
    }
    new
}

fn gives(cast: &Cast<'_>, more: &Value) -> Answer {
    cast.maria.post("/shared-accesses", &access(cast, more))
}

fn looks(client: &Client, id: &str) -> Answer {
    client.get(&format!("/shared-accesses/{id}/package"))
}

fn revoked(client: &Client, id: &str) -> Answer {
    client.post_matching(&format!("/shared-accesses/{id}/transitions"), "*", &json!({"to": "revoked"}))
}

fn status(cast: &Cast<'_>, id: &str) -> String {
    text(&cast.maria.get(&format!("/shared-accesses/{id}")).expect(200).json()["status"])
}

fn listed(client: &Client, query: &str) -> Vec<String> {
    let page = client.get(&format!("/shared-accesses{query}")).expect(200).json();
    page["items"].as_array().expect("accesses").iter().map(|row| text(&row["id"])).collect()
}

both! {
    fn the_other_body_reads_what_was_named_as_it_is_until_it_is_taken_back(world: &World) {
        let cast = Cast::new(world);
        let grant = json!({"role": "sync_client", "organisation_id": world.fixture.comune_trieste, "territory_ids": [world.fixture.trieste]});
        let mut feed = Follower::caught_up(world.another_client(&grant).0);
        let id = gives(&cast, &json!({})).expect(201).id();
        let seen = cast.matej.get(&format!("/shared-accesses/{id}")).expect(200).json();
        assert_eq!((&seen["your_sides"], &seen["allowed_transitions"]), (&json!(["receiver"]), &json!([])));
        assert!(seen.get("case_id").is_none() && seen.get("person_id").is_none());
        let content = |answer: Answer| answer.expect(200).json()["content"].clone();
        assert_eq!(content(looks(&cast.matej, &id)), json!({"given_name": "Олена", "case_summary": "looks for housing"}));
        cast.maria.patch(&format!("/cases/{}", cast.case), "*", &json!({"summary": "has found a flat"})).expect(200);
        assert_eq!(content(looks(&cast.matej, &id))["case_summary"], "has found a flat");
        for path in [format!("/cases/{}", cast.case), format!("/people/{}", cast.person)] {
            cast.matej.get(&path).expect(404);
        }
        let told_of = cast.maria.get(&format!("/cases/{}/accesses?limit=200", cast.case)).expect(200).json();
        let told_of = told_of["items"].as_array().expect("looks").iter();
        assert_eq!(told_of.filter(|look| look["operation"] == "read_shared_access_package").count(), 2);
        assert_eq!((listed(&cast.matej, ""), listed(&cast.maria, "?box=outbox")), (vec![id.clone()], vec![id.clone()]));
        assert_eq!(listed(&cast.maria, &format!("?box=outbox&case_id={}", cast.case)), vec![id.clone()]);

        revoked(&cast.matej, &id).expect(403);
        assert_eq!(guards(gives(&cast, &json!({}))), ["no_live_access"]);
        revoked(&cast.maria, &id).expect(201);
        for path in ["", "/package", "/transitions"] {
            cast.matej.get(&format!("/shared-accesses/{id}{path}")).expect(404);
        }
        looks(&cast.maria, &id).expect(404);
        assert_eq!(listed(&cast.matej, ""), [""; 0]);
        assert_eq!(guards(revoked(&cast.maria, &id)), ["allowed_transition"]);
        world.feed_settled();
        let heard: Vec<String> = told(&feed.rest(), &id).into_iter().map(|(_, operation)| operation).collect();
        assert_eq!(heard, ["upsert", "access_removed"]);
        gives(&cast, &json!({})).expect(201);
    }

    fn what_does_not_fit_is_refused_where_it_stands(world: &World) {
        let cast = Cast::new(world);
        for (more, pointer) in [
            (json!({"to_org_id": world.fixture.comune_udine}), "#/to_org_id"),
            (json!({"expires_on": in_days(0)}), "#/expires_on"),
            (json!({"expires_on": in_days(400)}), "#/expires_on"),
            (json!({"package_fields": []}), "#/package_fields"),
            (json!({"package_fields": ["password"]}), "#/package_fields/0"),
            (json!({"case_id": uuid::Uuid::now_v7()}), "#/case_id"),
        ] {
            assert_eq!(refused_at(gives(&cast, &more)), pointer, "{more}");
        }
        let closed = json!({"to": "closed", "reason_code": "moved"});
        let id = gives(&cast, &json!({})).expect(201).id();
        cast.maria.post_matching(&format!("/cases/{}/transitions", cast.case), "*", &closed).expect(201);
        assert_eq!(status(&cast, &id), "revoked");
        assert_eq!(guards(gives(&cast, &json!({}))), ["case_open"]);
    }

    fn it_ends_with_the_consent_it_rests_on_and_when_the_case_goes_to_another_body(world: &World) {
        let cast = Cast::new(world);
        let on_consent = || {
            let mut new = access(&cast, &json!({}));
            new.as_object_mut().expect("members").remove("legal_basis");
            cast.maria.post("/shared-accesses", &new)
        };
        assert_eq!(guards(on_consent()), ["consent"]);
        let consents = |more: &Value| {
            let mut consent = json!({"purposes": ["shared_access"], "data_categories": ["identity", "notes"],
                "recipient_ids": [world.fixture.comune_trieste],
                "notice_version": "2026-03", "notice_language": "it", "method": "written", "evidence": "Signed form, sheet 3."});
            consent.as_object_mut().expect("members").extend(more.as_object().expect("members").clone());
            cast.maria.post(&format!("/people/{}/consents", cast.person), &consent).expect(201).id()
        };
        let first = consents(&json!({}));
        let id = on_consent().expect(201).id();
        // Another consent in the place of the first carries it on; one that covers less does not.
        let second = consents(&json!({"supersedes_id": first}));
        assert_eq!(cast.maria.get(&format!("/shared-accesses/{id}")).expect(200).json()["consent_id"], json!(second));
        let third = consents(&json!({"supersedes_id": second, "data_categories": ["identity"]}));
        assert_eq!(status(&cast, &id), "revoked");
        looks(&cast.matej, &id).expect(404);
        let again = gives(&cast, &json!({"package_fields": ["given_name"]}));
        let again = again.expect(201).id();
        let mut narrow = access(&cast, &json!({"package_fields": ["given_name"], "to_org_id": world.fixture.root}));
        narrow.as_object_mut().expect("members").remove("legal_basis");
        assert_eq!(guards(cast.maria.post("/shared-accesses", &narrow)), ["consent_recipient"]);
        revoked(&cast.maria, &again).expect(201);
        narrow["to_org_id"] = json!(world.fixture.comune_trieste);
        let narrow = cast.maria.post("/shared-accesses", &narrow).expect(201).id();
        let withdrawn = json!({"to": "withdrawn", "withdrawn_by": "person", "method": "oral"});
        cast.maria.post_matching(&format!("/consents/{third}/transitions"), "*", &withdrawn).expect(201);
        assert_eq!(status(&cast, &narrow), "revoked");
        let moves = cast.maria.get(&format!("/shared-accesses/{narrow}/transitions")).expect(200).json();
        assert_eq!((&moves["items"][0]["side"], &moves["items"][0]["from"]), (&json!("system"), &json!("active")));

        let last = gives(&cast, &json!({"to_org_id": world.fixture.root})).expect(201).id();
        cast.accepted();
        assert_eq!(status(&cast, &last), "revoked");
        let moves = cast.maria.get(&format!("/shared-accesses/{last}/transitions")).expect(200).json();
        assert_eq!((&moves["items"][0]["side"], moves["items"][0].get("actor_id")), (&json!("system"), None));
    }
}

mod in_time {
    use super::*;

    both! {
        in_a_sandbox:
        fn when_its_consent_is_over_nothing_is_read_by_it(world: &World) {
            let cast = Cast::new(world);
            let day = in_days(10);
            let consent = json!({"purposes": ["shared_access"], "data_categories": ["identity", "notes"], "expires_on": day,
                "recipient_ids": [world.fixture.comune_trieste],
                "notice_version": "2026-03", "notice_language": "it", "method": "written", "evidence": "Signed form, sheet 3."});
            cast.maria.post(&format!("/people/{}/consents", cast.person), &consent).expect(201);
            let mut new = access(&cast, &json!({}));
            new.as_object_mut().expect("members").remove("legal_basis");
            let id = cast.maria.post("/shared-accesses", &new).expect(201).id();
            looks(&cast.matej, &id).expect(200);
            crate::transfers::end::it_is(&world.anna_system_administrator(), &day.to_string());
            let (maria, matej) = (world.maria_case_manager(), world.matej_case_manager_in_trieste());
            looks(&matej, &id).expect(404);
            let ended = (0..100).any(|_| {
                std::thread::sleep(std::time::Duration::from_millis(100));
                maria.get(&format!("/shared-accesses/{id}")).expect(200).json()["status"] == "revoked"
            });
            assert!(ended);
        }

        fn when_its_time_is_over_nothing_is_read_by_it(world: &World) {
            let cast = Cast::new(world);
            let day = in_days(10);
            let id = gives(&cast, &json!({"expires_on": day})).expect(201).id();
            crate::transfers::end::it_is(&world.anna_system_administrator(), &day.to_string());
            let (maria, matej) = (world.maria_case_manager(), world.matej_case_manager_in_trieste());
            // At once, before the calendar has recorded it.
            looks(&matej, &id).expect(404);
            assert_eq!((listed(&matej, ""), listed(&maria, "?box=outbox&status=active")), (vec![], vec![]));
            assert_eq!(listed(&maria, "?box=outbox&status=expired"), vec![id.clone()]);
            assert_eq!(maria.get(&format!("/shared-accesses/{id}")).expect(200).json()["status"], "expired");
            let recorded = (0..100).any(|_| {
                std::thread::sleep(std::time::Duration::from_millis(100));
                let moves = maria.get(&format!("/shared-accesses/{id}/transitions")).expect(200).json();
                moves["items"][0]["to"] == "expired"
            });
            assert!(recorded);
            assert_eq!(listed(&matej, ""), [""; 0]);
        }
    }
}
