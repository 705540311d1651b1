//! Who reads what of a report, and what is recorded of that.

use serde_json::{Value, json};

use super::{at, followed, listed, members, moved, sent_to_trieste, taken, told, told_by, wrong_member};
use crate::both;
use crate::support::World;
use crate::support::feed::Follower;
use crate::support::http::Client;

/// Another officer, of this organisation.
fn officer_of(world: &World, organisation: &impl serde::Serialize) -> Client {
    let grant = json!({"role": "anti_discrimination_officer", "organisation_id": organisation, "territory_ids": [world.fixture.region]});
    world.another_client(&grant).0
}

both! {
    fn nobody_but_the_officers_of_its_body_knows_of_a_report(world: &World) {
        let (report, _) = taken(world, &told_by(world, true));
        let message = json!({"text": "Come."});
        let anonymous = json!({});
        for caller in world.fixture.callers.iter().filter(|caller| !caller.name.contains("officer")) {
            let client = world.caller(caller.name);
            for path in ["/discrimination-reports".to_owned(), at(&report), format!("{}/reporter", at(&report)),
                format!("{}/transitions", at(&report)), format!("{}/messages", at(&report))] {
                assert_eq!(client.get(&path).status, 403, "{} reads {path}", caller.name);
            }
            assert_eq!(moved(&client, &report, &json!({"to": "dismissed"})).status, 403, "{}", caller.name);
            assert_eq!(client.post(&format!("{}/messages", at(&report)), &message).status, 403, "{}", caller.name);
            let anonymise = format!("{}/anonymisations", at(&report));
            assert_eq!(client.post_matching(&anonymise, "*", &anonymous).status, 403, "{}", caller.name);
        }
        // An officer of another body, and one of the region that Udine belongs to.
        let igor = world.igor_anti_discrimination_officer_in_trieste();
        for outsider in [&igor, &officer_of(world, &world.fixture.root)] {
            for path in ["", "/reporter", "/transitions", "/messages"] {
                outsider.get(&format!("{}{path}", at(&report))).expect(404);
            }
            moved(outsider, &report, &json!({"to": "dismissed", "outcome": "duplicate", "note": "x"})).expect(404);
            outsider.post(&format!("{}/messages", at(&report)), &message).expect(404);
            outsider.post_matching(&format!("{}/anonymisations", at(&report)), "*", &anonymous).expect(404);
            assert_eq!(listed(outsider, ""), Vec::<String>::new());
            assert_eq!(listed(outsider, &format!("?organisation_id={}", world.fixture.comune_udine)), Vec::<String>::new());
        }
        let nadia = world.nadia_anti_discrimination_officer();
        let colleague = officer_of(world, &world.fixture.comune_udine);
        assert_eq!(listed(&colleague, ""), std::slice::from_ref(&report));
        assert_eq!(colleague.get(&at(&report)).expect(200).json(), nadia.get(&at(&report)).expect(200).json());
    }

    fn a_client_that_sends_no_key_or_a_used_one_learns_no_more_of_anothers_report(world: &World) {
        let (report, _) = taken(world, &told(world));
        let client = officer_of(world, &world.fixture.root);
        let absent = uuid::Uuid::now_v7().to_string();
        let send = |report: &str, key: Option<&str>| {
            let mut headers = vec![("content-type", "application/json"), ("if-match", "*")];
            headers.extend(key.map(|key| ("idempotency-key", key)));
            let body = json!({"to": "taken_up"}).to_string();
            let bare = world.nobody().with_token(client.token());
            bare.send("POST", &format!("{}/transitions", at(report)), &headers, Some(body.as_bytes())).status
        };
        assert_eq!((send(&report, None), send(&absent, None)), (404, 404));
        assert_eq!((send(&report, Some("one")), send(&absent, Some("one")), send(&report, Some("one"))), (404, 404, 404));
    }

    fn a_help_desk_takes_a_report_and_reads_nothing_of_it_again(world: &World) {
        let samira = world.samira_help_desk_operator();
        let headers = [("content-type", "application/json"), ("idempotency-key", "the-same")];
        let body = told_by(world, false).to_string();
        let send = || samira.send("POST", "/discrimination-reports", &headers, Some(body.as_bytes())).expect(201);
        let taken = send();
        assert_eq!(members(&taken.json()), ["follow_up_code", "id"]);
        // Sent again: the same report, whose code is not told twice.
        assert_eq!(send().json(), json!({"id": taken.id()}));
        samira.get(taken.header("location")).expect(403);
        let nadia = world.nadia_anti_discrimination_officer();
        assert_eq!(listed(&nadia, ""), [taken.id()]);
        assert_eq!(nadia.get(&at(&taken.id())).expect(200).json()["channel"], "help_desk");
        let code = taken.json()["follow_up_code"].as_str().unwrap().to_owned();
        assert_eq!(followed(world, &code).expect(200).json()["progress"], "received");
    }

    fn a_body_takes_reports_while_somebody_active_is_its_officer(world: &World) {
        let mut report = told(world);
        let send = |report: &Value| world.nobody().post("/discrimination-reports/submissions", report);
        report["organisation_id"] = json!(uuid::Uuid::now_v7());
        let absent = send(&report).expect(422).json()["errors"].clone();
        report["organisation_id"] = json!(world.fixture.root);
        assert_eq!(send(&report).expect(422).json()["errors"], absent);
        // Paolo administers Udine and not the region; the system's administrator appoints somebody there.
        let anna = world.anna_system_administrator();
        let new = json!({"username": "vesna.region", "display_name": "Vesna", "organisation_id": world.fixture.root});
        let invited = anna.post("/users", &new).expect(201);
        world.grant(&invited.id(), &json!({"role": "anti_discrimination_officer", "organisation_id": world.fixture.root,
            "territory_ids": [world.fixture.region]}));
        send(&report).expect(422);
        let token = invited.json()["invitation"]["token"].as_str().unwrap().to_owned();
        world.nobody().post("/auth/passwords", &json!({"token": token, "password": crate::support::SECRET})).expect(204);
        send(&report).expect(200);
        anna.patch(&format!("/users/{}", invited.id()), "*", &json!({"status": "deactivated"})).expect(200);
        send(&report).expect(422);
    }

    fn an_administrator_appoints_an_officer_of_their_own_body(world: &World) {
        let paolo = world.paolo_organisation_administrator();
        let grant = |organisation| json!({"principal_id": world.id_of("samira_help_desk_operator"), "role": "anti_discrimination_officer",
            "organisation_id": organisation, "territory_ids": [world.fixture.udine]});
        paolo.post("/grants", &grant(world.fixture.comune_udine)).expect(201);
        let (report, _) = taken(world, &told(world));
        world.samira_help_desk_operator().get(&at(&report)).expect(200);
        paolo.post("/grants", &grant(world.fixture.comune_trieste)).expect(422);
        // Who administers does not make themselves a reader of what may be about them.
        let mut own = grant(world.fixture.comune_udine);
        own["principal_id"] = json!(world.id_of("paolo_organisation_administrator"));
        paolo.post("/grants", &own).expect(403);
        paolo.get(&at(&report)).expect(403);
    }

    fn what_is_read_is_recorded_without_what_it_says_and_the_feed_knows_nothing_of_it(world: &World) {
        let mut follower = Follower::from_the_beginning(world.regional_sync_client());
        let (report, code) = sent_to_trieste(world, &told_by(world, true), true);
        let (nadia, igor) = (world.nadia_anti_discrimination_officer(), world.igor_anti_discrimination_officer_in_trieste());
        nadia.get(&at(&report)).expect(200);
        nadia.get("/discrimination-reports").expect(200);
        igor.get(&format!("{}/reporter", at(&report))).expect(200);
        world.matej_case_manager_in_trieste().get(&at(&report)).expect(403);
        followed(world, &code).expect(200);
        followed(world, &"x".repeat(43)).expect(404);

        let giulia = world.giulia_auditor();
        let page = giulia.get("/audit-records?limit=200").expect(200);
        let page_json = page.json();
        let records: Vec<&Value> = page_json["items"].as_array().unwrap().iter()
            .filter(|record| record["operation"].as_str().unwrap().contains("discrimination")).collect();
        let told: Vec<String> = records.iter().map(|record| format!("{} {} {}", record["event"].as_str().unwrap(),
            record["operation"].as_str().unwrap(), record["resource"].as_str().unwrap())).collect();
        assert_eq!(told, [
            "read read_discrimination_report discrimination_reports",
            "read list_discrimination_reports discrimination_reports",
            "read read_discrimination_reporter discrimination_reporters",
            "refused read_discrimination_report discrimination_reports",
            "read create_discrimination_report_follow_up discrimination_reports",
            "refused create_discrimination_report_follow_up discrimination_reports",
        ]);
        for (record, shows) in records.iter().zip([true, true, true, false, true, false]) {
            assert_eq!(record["resource_ids"], if shows { json!([report]) } else { json!([]) }, "{record}");
        }
        assert_eq!((&records[4]["actor_kind"], &records[5]["actor_id"]), (&json!("partner"), &Value::Null));
        for private in ["Wanjiru", "said my name", "Invented"] {
            assert!(!page.text.contains(private), "the auditor reads {private}");
        }

        world.feed_settled();
        let told: Vec<Value> = follower.rest();
        assert!(!told.is_empty(), "other things are told");
        assert!(told.iter().all(|event| !event.to_string().contains("discrimination") && !event.to_string().contains(&report)), "{told:?}");
    }

    fn a_list_is_narrowed_and_read_page_by_page_newest_first(world: &World) {
        let (nadia, igor) = (world.nadia_anti_discrimination_officer(), world.igor_anti_discrimination_officer_in_trieste());
        let reports: Vec<String> = (0..3).map(|_| taken(world, &told(world)).0).collect();
        let mut elsewhere = told(world);
        (elsewhere["territory_id"], elsewhere["area_of_life"]) = (json!(world.fixture.trieste), json!("police"));
        let police = taken(world, &elsewhere).0;
        let routed = sent_to_trieste(world, &told(world), false).0;
        let mut all = reports.clone();
        all.extend([police.clone(), routed.clone()]);
        all.reverse();
        let (mut seen, mut path) = (Vec::new(), "/discrimination-reports?limit=2".to_owned());
        loop {
            let page = nadia.get(&path).expect(200).json();
            seen.extend(page["items"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()));
            match page["_links"]["next"].as_str() {
                Some(next) => next.clone_into(&mut path),
                None => break,
            }
        }
        assert_eq!(seen, all);
        assert_eq!(listed(&nadia, "?box=inbox"), all);
        assert_eq!(listed(&nadia, "?box=outbox"), std::slice::from_ref(&routed));
        assert_eq!(listed(&nadia, "?status=routed"), std::slice::from_ref(&routed));
        assert_eq!(listed(&nadia, "?urgency=high"), std::slice::from_ref(&routed));
        assert_eq!(listed(&nadia, "?area_of_life=police"), std::slice::from_ref(&police));
        assert_eq!(listed(&nadia, &format!("?territory_id={}", world.fixture.trieste)), [police]);
        assert_eq!(listed(&nadia, &format!("?organisation_id={}", world.fixture.comune_trieste)), Vec::<String>::new());
        assert_eq!(listed(&igor, "?box=inbox"), std::slice::from_ref(&routed));
        assert_eq!(listed(&igor, ""), [routed]);
        assert_eq!(listed(&igor, "?box=outbox"), Vec::<String>::new());
    }

    fn what_cannot_be_is_refused_with_the_member_to_correct(world: &World) {
        let send = |change: &dyn Fn(&mut Value)| {
            let mut report = told_by(world, false);
            change(&mut report);
            world.nadia_anti_discrimination_officer().post("/discrimination-reports", &report)
        };
        assert_eq!(wrong_member(send(&|report| report["occurred_on"] = json!("2098-01"))), "#/occurred_on");
        assert_eq!(wrong_member(send(&|report| report["occurred_on"] = json!("2026-02-30"))), "#/occurred_on");
        assert_eq!(wrong_member(send(&|report| report["territory_id"] = json!(uuid::Uuid::now_v7()))), "#/territory_id");
        assert_eq!(wrong_member(send(&|report| drop(report["reporter"].as_object_mut().unwrap().remove("contact")))), "#/reporter/contact");
        assert_eq!(wrong_member(send(&|report| report["respondent"] = json!("Somebody"))), "#/respondent");
        let today = approdo::clock::date_of(approdo::clock::now());
        send(&|report| report["occurred_on"] = json!(today.format("%Y-%m").to_string())).expect(201);
        send(&|report| report["occurred_on"] = json!(today)).expect(201);
        send(&|report| report["grounds"] = json!([])).expect(201);
        let bare = |report: &mut Value| ["occurred_on", "territory_id", "reporter", "grounds"].iter().for_each(|name| drop(report.as_object_mut().unwrap().remove(*name)));
        send(&bare).expect(201);
    }
}
