//! A body asks another one for a case.

use serde_json::{Value, json};

use super::{Cast, listed, text};
use crate::both;
use crate::referrals::network::{guards, refused_at};
use crate::support::Client;
use crate::support::feed::{Follower, told};
use crate::support::http::Answer;
use crate::support::planning::in_days;
use crate::transfers::end::it_is;

/// A number with the right check digit that no case has.
const NOBODYS: &str = "7K3M9QXAX";

fn number(cast: &Cast<'_>) -> Value {
    cast.case_as(&cast.maria)["public_ref"].clone()
}

/// Matej asks Udine for the case.
fn asks(cast: &Cast<'_>, more: &Value) -> Answer {
    let fixture = &cast.world.fixture;
    let mut new = json!({"owner_org_id": fixture.comune_trieste, "territory_id": fixture.trieste, "target_group": "refugee",
        "to_org_id": fixture.comune_udine, "public_ref": NOBODYS, "reason": "Lives here since Monday."});
    for (name, value) in more.as_object().expect("members") {
        new[name] = value.clone();
    }
    cast.matej.post("/transfer-requests", &new)
}

fn asked(cast: &Cast<'_>) -> String {
    asks(cast, &json!({"public_ref": number(cast)})).expect(201).id()
}

fn answered(client: &Client, request: &str, body: &Value) -> Answer {
    client.post_matching(&format!("/transfer-requests/{request}/transitions"), "*", body)
}

fn read(client: &Client, request: &str) -> Value {
    client.get(&format!("/transfer-requests/{request}")).expect(200).json()
}

fn boxed(client: &Client, query: &str) -> Vec<String> {
    let page = client.get(&format!("/transfer-requests{query}")).expect(200).json();
    page["items"].as_array().expect("requests").iter().map(|row| text(&row["id"])).collect()
}

fn accepted() -> Value {
    json!({"to": "accepted", "package_fields": ["given_name", "languages"], "legal_basis": "public_task", "note": "We let it go."})
}

both! {
    fn who_asks_learns_nothing_until_the_other_body_proposes_the_transfer(world: &World) {
        let cast = Cast::new(world);
        let grant = |org: approdo::access::OrganisationId, territory: approdo::access::TerritoryId| {
            json!({"role": "sync_client", "organisation_id": org, "territory_ids": [territory]})
        };
        let fixture = &world.fixture;
        let mut udine = Follower::caught_up(world.another_client(&grant(fixture.comune_udine, fixture.udine)).0);
        let mut trieste = Follower::caught_up(world.another_client(&grant(fixture.comune_trieste, fixture.trieste)).0);
        let (ours, nobodys) = (asked(&cast), asks(&cast, &json!({})).expect(201).id());
        // A case that there is and one that there is not answer alike, but for the number.
        let mut seen = [read(&cast.matej, &ours), read(&cast.matej, &nobodys)];
        for told in &mut seen {
            for member in ["id", "public_ref", "created_at", "updated_at"] {
                told.as_object_mut().expect("members").remove(member);
            }
        }
        assert_eq!(seen[0], seen[1]);
        assert_eq!((&seen[0]["your_sides"], &seen[0]["allowed_transitions"]), (&json!(["sender"]), &json!(["withdrawn"])));
        let inbox = read(&cast.maria, &ours);
        assert_eq!((&inbox["your_sides"], &inbox["allowed_transitions"]), (&json!(["receiver"]), &json!(["accepted", "rejected"])));
        assert_eq!((&inbox["public_ref"], inbox.get("author_id")), (&number(&cast), None));
        for told in [&inbox, &read(&cast.matej, &ours)] {
            assert!(told.get("case_id").is_none() && told.get("person_id").is_none() && told.get("transfer_id").is_none());
        }
        let both = vec![nobodys.clone(), ours.clone()];
        assert_eq!((boxed(&cast.maria, ""), boxed(&cast.matej, "?box=outbox")), (both.clone(), both));
        assert_eq!((boxed(&cast.matej, ""), boxed(&cast.maria, "?box=outbox")), (vec![], vec![]));
        world.samira_help_desk_operator().get(&format!("/transfer-requests/{ours}")).expect(403);
        cast.matej.get(&format!("/cases/{}", cast.case)).expect(404);
        assert_eq!(cast.maria.get(&format!("/cases/{}", cast.case)).expect(200).json()["version"], 1);

        let made = answered(&cast.maria, &ours, &accepted()).expect(201).json();
        assert_eq!((&made["resource"], &made["side"], &made["to"]), (&json!("transfer_request"), &json!("receiver"), &json!("accepted")));
        let request = read(&cast.matej, &ours);
        let transfer = text(&request["transfer_id"]);
        assert_eq!((&request["status"], &request["allowed_transitions"]), (&json!("accepted"), &json!([])));
        assert_eq!((listed(&cast.matej, ""), listed(&cast.maria, "?box=outbox")), (vec![transfer.clone()], vec![transfer.clone()]));
        let proposed = crate::transfers::read(&cast.matej, &transfer);
        assert_eq!((&proposed["reason"], &proposed["status"]), (&json!("Lives here since Monday."), &json!("proposed")));
        assert_eq!((&proposed["to_org_id"], &proposed["to_territory_id"]), (&json!(fixture.comune_trieste), &json!(fixture.trieste)));
        let package = cast.matej.get(&format!("/transfers/{transfer}/package")).expect(200).json();
        assert_eq!(package["content"], json!({"given_name": "Олена", "languages": ["uk", "it"]}));
        crate::transfers::moved(&cast.matej, &transfer, &json!({"to": "accepted"})).expect(201);
        assert_eq!(cast.case_as(&cast.matej)["owner_org_id"], json!(fixture.comune_trieste));

        let moves = cast.matej.get(&format!("/transfer-requests/{ours}/transitions")).expect(200).json();
        assert_eq!((&moves["items"][0]["note"], moves["items"][0].get("actor_id")), (&json!("We let it go."), None));
        world.feed_settled();
        for events in [udine.rest(), trieste.rest()] {
            assert_eq!(told(&events, &ours).last().expect("told").1, "upsert");
            assert_eq!(told(&events, &nobodys).len(), 1);
        }
    }

    fn what_is_asked_amiss_is_refused_where_it_stands(world: &World) {
        let cast = Cast::new(world);
        let nobody = uuid::Uuid::now_v7();
        for (more, pointer) in [
            (json!({"public_ref": "7K3M9QXA1"}), "#/public_ref"),
            (json!({"public_ref": "7K3M"}), "#/public_ref"),
            (json!({"public_ref": ""}), "#/public_ref"),
            (json!({"to_org_id": world.fixture.comune_trieste}), "#/to_org_id"),
            (json!({"to_org_id": nobody}), "#/to_org_id"),
            (json!({"owner_org_id": world.fixture.comune_udine}), "#/owner_org_id"),
            (json!({"territory_id": world.fixture.udine}), "#/territory_id"),
            (json!({"target_group": "pirate"}), "#/target_group"),
            (json!({"expires_on": "2020-01-01"}), "#/expires_on"),
            (json!({"expires_on": "2999-01-01"}), "#/expires_on"),
            (json!({"reason": ""}), "#/reason"),
        ] {
            assert_eq!(refused_at(asks(&cast, &more)), pointer, "{more}");
        }
        assert_eq!(boxed(&cast.matej, "?box=outbox"), Vec::<String>::new());
        // A number is a number in small letters, too, and asked for once at a time.
        let small = number(&cast).as_str().expect("a number").to_ascii_lowercase();
        let request = asks(&cast, &json!({"public_ref": small})).expect(201).id();
        assert_eq!(guards(asks(&cast, &json!({"public_ref": number(&cast)}))), ["no_live_request"]);
        answered(&cast.matej, &request, &accepted()).expect(403);
        answered(&cast.maria, &request, &json!({"to": "withdrawn"})).expect(403);
        answered(&cast.maria, &request, &json!({"to": "rejected"})).expect(422);
        answered(&cast.maria, &request, &json!({"to": "expired"})).expect(422);
        answered(&cast.matej, &request, &json!({"to": "withdrawn"})).expect(201);
        cast.maria.get(&format!("/transfer-requests/{request}")).expect(404);
        assert_eq!(boxed(&cast.maria, ""), Vec::<String>::new());
        let again = asked(&cast);
        answered(&cast.maria, &again, &json!({"to": "rejected", "note": "Registered here until May."})).expect(201);
        assert_eq!(read(&cast.matej, &again)["status"], "rejected");
        assert_eq!(guards(answered(&cast.maria, &again, &accepted())), ["allowed_transition"]);
    }

    fn only_who_works_with_the_case_where_it_is_lets_it_go(world: &World) {
        let cast = Cast::new(world);
        let nobodys = asks(&cast, &json!({})).expect(201).id();
        assert_eq!(guards(answered(&cast.maria, &nobodys, &accepted())), ["case_here"]);
        // Another body is asked than the one that has it: it does not find the case either.
        let elsewhere = asks(&cast, &json!({"public_ref": number(&cast), "to_org_id": world.fixture.root})).expect(201).id();
        let grant = json!({"role": "case_manager", "organisation_id": world.fixture.root, "territory_ids": [world.fixture.udine]});
        let (central, ..) = world.another_client(&grant);
        assert_eq!(guards(answered(&central, &elsewhere, &accepted())), ["case_here"]);
        // Confined to its manager, it is as absent to her colleague.
        let request = asked(&cast);
        let colleague = json!({"role": "case_manager", "organisation_id": world.fixture.comune_udine, "territory_ids": [world.fixture.udine]});
        let (colleague, ..) = world.another_client(&colleague);
        let mine = json!({"access_level": "closed", "case_manager_id": world.id_of("maria_case_manager")});
        cast.maria.patch(&format!("/cases/{}", cast.case), "*", &mine).expect(200);
        colleague.get(&format!("/cases/{}", cast.case)).expect(404);
        assert_eq!(guards(answered(&colleague, &request, &accepted())), ["case_here"]);
        // What forbids to propose forbids to accept, and leaves the request as it was.
        let mut bad = accepted();
        bad["legal_basis"] = json!("whim");
        assert_eq!(refused_at(answered(&cast.maria, &request, &bad)), "#/legal_basis");
        bad.as_object_mut().expect("members").remove("legal_basis");
        assert_eq!(guards(answered(&cast.maria, &request, &bad)), ["consent"]);
        let restricted = json!({"to": "restricted", "note": "Accuracy is contested."});
        cast.maria.post_matching(&format!("/people/{}/transitions", cast.person), "*", &restricted).expect(201);
        answered(&cast.maria, &request, &accepted()).expect(423);
        let lifted = json!({"to": "normal", "note": "Settled."});
        cast.maria.post_matching(&format!("/people/{}/transitions", cast.person), "*", &lifted).expect(201);
        assert_eq!((read(&cast.maria, &request)["status"].clone(), read(&cast.maria, &request)["version"].clone()), (json!("requested"), json!(1)));
        let proposed = cast.proposed();
        assert_eq!(guards(answered(&cast.maria, &request, &accepted())), ["no_live_transfer"]);
        crate::transfers::moved(&cast.maria, &proposed, &json!({"to": "withdrawn"})).expect(201);
        answered(&cast.maria, &request, &accepted()).expect(201);
    }

    fn who_works_with_some_groups_alone_reads_the_requests_for_these(world: &World) {
        let cast = Cast::new(world);
        let fixture = &world.fixture;
        let narrowed = |org: approdo::access::OrganisationId, territory: approdo::access::TerritoryId, group: &str| {
            let grant = json!({"role": "case_manager", "organisation_id": org, "territory_ids": [territory], "target_groups": [group]});
            world.another_client(&grant).0
        };
        let request = asked(&cast);
        for (org, territory, query) in
            [(fixture.comune_udine, fixture.udine, ""), (fixture.comune_trieste, fixture.trieste, "?box=outbox")]
        {
            let (with, without) = (narrowed(org, territory, "refugee"), narrowed(org, territory, "worker"));
            assert_eq!((boxed(&with, query), boxed(&without, query)), (vec![request.clone()], vec![]));
            read(&with, &request);
            without.get(&format!("/transfer-requests/{request}")).expect(404);
        }
        // Elsewhere in the body that asks, where the case would not go.
        let elsewhere = json!({"role": "case_manager", "organisation_id": fixture.comune_trieste, "territory_ids": [fixture.udine]});
        let (elsewhere, ..) = world.another_client(&elsewhere);
        assert_eq!(boxed(&elsewhere, "?box=outbox"), Vec::<String>::new());
        elsewhere.get(&format!("/transfer-requests/{request}")).expect(404);
    }

    fn a_request_is_made_and_accepted_once_for_each_key(world: &World) {
        let cast = Cast::new(world);
        let headers = [("content-type", "application/json"), ("idempotency-key", "0e8e7b4a-8d5c-4a53-9f0e-1d2c3b4a5902"), ("if-match", "*")];
        let fixture = &world.fixture;
        let new = json!({"owner_org_id": fixture.comune_trieste, "territory_id": fixture.trieste, "target_group": "refugee",
            "to_org_id": fixture.comune_udine, "public_ref": number(&cast), "reason": "Lives here."}).to_string();
        let made: Vec<String> = (0..2)
            .map(|_| cast.matej.send("POST", "/transfer-requests", &headers[..2], Some(new.as_bytes())).expect(201).id())
            .collect();
        assert_eq!(made[0], made[1]);
        let path = format!("/transfer-requests/{}/transitions", made[0]);
        let body = accepted().to_string();
        let moves: Vec<String> =
            (0..2).map(|_| cast.maria.send("POST", &path, &headers, Some(body.as_bytes())).expect(201).id()).collect();
        assert_eq!(moves[0], moves[1]);
        assert_eq!(listed(&cast.maria, "?box=outbox").len(), 1);
        let stale = cast.maria.post_matching(&path, "\"1\"", &accepted());
        assert_eq!(stale.status, 412, "{}", stale.text);
    }

    fn with_the_person_goes_what_was_asked(world: &World) {
        let cast = Cast::new(world);
        let number = text(&number(&cast));
        let request = asked(&cast);
        // One that another body was asked is not for Udine to tell.
        let elsewhere = asks(&cast, &json!({"public_ref": number, "to_org_id": world.fixture.root})).expect(201).id();
        let exported = cast.maria.get(&format!("/people/{}/export", cast.person)).expect(200).json();
        let told = exported["transfer_requests"].as_array().expect("requests");
        assert_eq!((told.len(), &told[0]["id"], told[0].get("author_id")), (1, &json!(request), None));
        assert!(!exported.to_string().contains(&elsewhere));
        answered(&cast.maria, &request, &json!({"to": "rejected", "note": "She has moved on to Gorizia."})).expect(201);
        let closed = json!({"to": "closed", "reason_code": "moved"});
        cast.maria.post_matching(&format!("/cases/{}/transitions", cast.case), "*", &closed).expect(201);
        // Two cases of hers are asked for at once, and nobody has answered.
        let again = json!({"person_id": cast.person, "target_group": "worker", "legal_basis": "public_task"});
        let again = cast.maria.post("/cases", &again).expect(201).json();
        cast.maria.post_matching(&format!("/cases/{}/transitions", text(&again["id"])), "*", &closed).expect(201);
        let waiting = [asks(&cast, &json!({"public_ref": number})), asks(&cast, &json!({"public_ref": again["public_ref"]}))];
        let waiting = waiting.map(|answer| answer.expect(201).id());
        let erase = json!({"to": "erased", "note": "Consent is withdrawn and no duty to keep remains."});
        let paolo = world.paolo_organisation_administrator();
        paolo.post_matching(&format!("/people/{}/transitions", cast.person), "*", &erase).expect(201);
        let left = read(&cast.matej, &request);
        assert_eq!((&left["reason"], &left["public_ref"], &left["status"]), (&json!("(erased)"), &json!("(erased)"), &json!("rejected")));
        for request in waiting.iter().chain([&elsewhere]) {
            let left = read(&cast.matej, request);
            assert_eq!((&left["public_ref"], &left["status"]), (&json!("(erased)"), &json!("expired")));
        }
        let dump = crate::people::privacy::dump(world);
        for gone in [number.as_str(), "Lives here since Monday", "moved on to Gorizia"] {
            assert!(!dump.contains(gone), "{gone}");
        }
    }
}

mod by_calendar {
    use super::*;

    both! {
        in_a_sandbox:
        fn what_nobody_answers_expires(world: &World) {
            let cast = Cast::new(world);
            let number = number(&cast);
            let request = asks(&cast, &json!({"public_ref": number, "expires_on": in_days(3)})).expect(201).id();
            it_is(&world.anna_system_administrator(), &in_days(3).to_string());
            let (maria, matej) = (world.maria_case_manager(), world.matej_case_manager_in_trieste());
            assert_eq!(boxed(&matej, "?box=outbox&status=expired"), vec![request.clone()]);
            let recorded = (0..100).any(|_| {
                std::thread::sleep(std::time::Duration::from_millis(100));
                read(&maria, &request)["version"] == 2
            });
            assert!(recorded && read(&maria, &request)["status"] == "expired");
            answered(&maria, &request, &accepted()).expect(409);
            let moves = matej.get(&format!("/transfer-requests/{request}/transitions")).expect(200).json();
            assert_eq!((&moves["items"][0]["side"], &moves["items"][0]["to"]), (&json!("system"), &json!("expired")));
        }
    }
}
