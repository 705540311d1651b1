//! Consents: given with proof, never edited, withdrawn at any time, ended by the calendar, asked before data is sent.

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};

use crate::both;
use crate::support::feed::Follower;
use crate::support::http::{Answer, Client};
use crate::support::{World, files, planning};

pub fn today() -> NaiveDate {
    planning::today().parse().expect("a date")
}

pub fn in_days(days: u64) -> NaiveDate {
    today() + Days::new(days)
}

pub fn move_clock(client: &Client, day: NaiveDate) {
    client.put("/sandbox/clock", &json!({"now": format!("{day}T08:00:00Z")})).expect(200);
}

fn person_born(world: &World, birth: Value) -> String {
    let mut body = world.person_in_udine();
    body["date_of_birth"] = birth;
    if body["date_of_birth"].is_null() {
        body.as_object_mut().expect("a person").remove("date_of_birth");
    }
    world.maria_case_manager().post("/people", &body).expect(201).id()
}

pub fn person(world: &World) -> String {
    person_born(world, json!("1991-04-23"))
}

/// A consent to a referral to bodies of the third sector.
pub fn consent() -> Value {
    json!({
        "purposes": ["referral"], "data_categories": ["identity", "contact"], "recipient_kinds": ["third_sector"],
        "notice_version": "2026-03", "notice_language": "it", "method": "written", "evidence": "Signed form, sheet 3.",
    })
}

pub fn with(mut body: Value, more: Value) -> Value {
    let members = more.as_object().expect("members").clone();
    body.as_object_mut().expect("a body").extend(members);
    body
}

pub fn give(client: &Client, person: &str, body: &Value) -> Answer {
    client.post(&format!("/people/{person}/consents"), body)
}

pub fn withdraw(client: &Client, consent: &str) -> Answer {
    let body = json!({"to": "withdrawn", "withdrawn_by": "person", "method": "oral"});
    client.post_matching(&format!("/consents/{consent}/transitions"), "*", &body)
}

pub fn read(client: &Client, consent: &str) -> Value {
    client.get(&format!("/consents/{consent}")).expect(200).json()
}

pub fn listed(client: &Client, person: &str, query: &str) -> Vec<String> {
    let page = client.get(&format!("/people/{person}/consents{query}")).expect(200).json();
    let items = page["items"].as_array().expect("consents").iter();
    items.map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
}

pub fn check(client: &Client, person: &str, body: &Value) -> Value {
    client.post(&format!("/people/{person}/consents/checks"), body).expect(200).json()
}

pub fn missing(check: &Value) -> Vec<&str> {
    let guards = check["missing"].as_array().expect("guards").iter();
    guards.map(|guard| guard["guard"].as_str().expect("a name")).collect()
}

fn refused_at(answer: Answer) -> String {
    let problem = answer.expect(422).json();
    problem["errors"][0]["pointer"].as_str().expect("a pointer").to_owned()
}

fn association(world: &World) -> String {
    let new = json!({"name": "Associazione", "kind": "third_sector", "parent_id": world.fixture.root});
    world.anna_system_administrator().post("/organisations", &new).expect(201).id()
}

both! {
    fn a_consent_is_recorded_as_it_was_given_and_never_edited(world: &World) {
        let maria = world.maria_case_manager();
        let person = person(world);
        let association = association(world);
        let body = with(consent(), json!({
            "recipient_ids": [association, association], "onward_sharing": true, "interpreter_needed": true,
            "interpreter_name": "Ivan Petrenko", "interpreter_language": "uk", "given_on": "2026-01-10", "valid_from": "2026-01-12",
            "expires_on": in_days(400),
        }));
        let made = give(&maria, &person, &body).expect(201);
        let told = made.json();
        assert_eq!((&told["status"], &told["version"]), (&json!("active"), &json!(1)));
        for name in ["purposes", "data_categories", "recipient_kinds", "onward_sharing", "notice_version", "notice_language",
            "interpreter_needed", "interpreter_name", "interpreter_language", "method", "evidence", "given_on", "valid_from", "expires_on"] {
            assert_eq!(told[name], body[name], "{name}");
        }
        assert_eq!(told["recipient_ids"], json!([association]), "each once");
        assert_eq!(told["allowed_transitions"], json!(["withdrawn"]));
        assert!(told.get("warnings").is_none() && told.get("ended_on").is_none(), "{told}");
        assert_eq!(read(&maria, &made.id()), told);
        maria.patch(&format!("/consents/{}", made.id()), "*", &json!({"evidence": "x"})).expect(405);
        maria.delete(&format!("/consents/{}", made.id()), "*").expect(405);

        let plain = give(&maria, &person, &consent()).expect(201);
        assert_eq!((&plain.json()["given_on"], &plain.json()["valid_from"]), (&json!(today()), &json!(today())));
        let case_work = with(consent(), json!({"purposes": ["case_work"], "recipient_kinds": []}));
        let case_work = give(&maria, &person, &case_work).expect(201);
        assert!(case_work.json().get("warnings").is_none(), "nothing is sent");
        let nowhere = give(&maria, &person, &with(consent(), json!({"recipient_kinds": []}))).expect(201);
        assert_eq!(nowhere.json()["warnings"][0]["code"], "no_recipient");
        assert_eq!(listed(&maria, &person, ""), [made.id(), plain.id(), case_work.id(), nowhere.id()]);
        assert_eq!(listed(&maria, &person, "?purpose=case_work"), [case_work.id()]);
        assert_eq!(listed(&maria, &person, "?purpose=caseXwork".to_lowercase().as_str()), [""; 0]);
        assert_eq!(listed(&maria, &person, "?status=withdrawn"), [""; 0]);
        assert_eq!(listed(&maria, &person, "?limit=1&status=active"), [made.id()]);
    }

    fn what_is_no_consent_is_refused_with_the_member(world: &World) {
        let maria = world.maria_case_manager();
        let person = person(world);
        for (more, pointer) in [
            (json!({"purposes": ["marketing"]}), "#/purposes/0"),
            (json!({"purposes": []}), "#/purposes"),
            (json!({"data_categories": ["identity", "gossip"]}), "#/data_categories/1"),
            (json!({"recipient_kinds": ["neighbours"]}), "#/recipient_kinds/0"),
            (json!({"recipient_ids": [world.fixture.root, uuid::Uuid::now_v7()]}), "#/recipient_ids/1"),
            (json!({"method": "silence"}), "#/method"),
            (json!({"notice_language": "IT"}), "#/notice_language"),
            (json!({"notice_version": "März"}), "#/notice_version"),
            (json!({"interpreter_needed": true}), "#/interpreter_language"),
            (json!({"interpreter_language": "uk"}), "#/interpreter_needed"),
            (json!({"given_on": in_days(1)}), "#/given_on"),
            (json!({"given_on": "1991-04-22"}), "#/given_on"),
            (json!({"given_on": "2026-01-10", "valid_from": "2026-01-09"}), "#/valid_from"),
            (json!({"given_on": "2026-01-10", "expires_on": "2026-01-10"}), "#/expires_on"),
            (json!({"guardian_relation_id": uuid::Uuid::now_v7()}), "#/guardian_relation_id"),
            (json!({"evidence_attachment_id": uuid::Uuid::now_v7()}), "#/evidence_attachment_id"),
            (json!({"supersedes_id": uuid::Uuid::now_v7()}), "#/supersedes_id"),
        ] {
            assert_eq!(refused_at(give(&maria, &person, &with(consent(), more.clone()))), pointer, "{more}");
        }
        let mut unproven = consent();
        unproven.as_object_mut().expect("a consent").remove("evidence");
        assert_eq!(refused_at(give(&maria, &person, &unproven)), "#/evidence");
        assert_eq!(listed(&maria, &person, ""), [""; 0]);
    }

    fn a_withdrawal_ends_it_for_good_and_leaves_what_was_lawful(world: &World) {
        let maria = world.maria_case_manager();
        let person = person(world);
        let made = give(&maria, &person, &with(consent(), json!({"given_on": "2026-01-10"}))).expect(201);
        let moves = format!("/consents/{}/transitions", made.id());
        assert_eq!(maria.get(&moves).expect(200).json()["items"], json!([]));
        let body = json!({"to": "withdrawn", "withdrawn_by": "guardian", "method": "oral", "reason": "Changed her mind."});
        maria.post_matching(&moves, "\"9.x\"", &body).expect(412);
        for wrong in [json!({"to": "expired"}), json!({"to": "superseded"}), with(body.clone(), json!({"method": "silence"}))] {
            maria.post_matching(&moves, "*", &wrong).expect(422);
        }
        let withdrawn = maria.post_matching(&moves, made.header("etag"), &body).expect(201).json();
        for (name, value) in [("from", "active"), ("to", "withdrawn"), ("withdrawn_by", "guardian"), ("method", "oral"), ("reason", "Changed her mind.")] {
            assert_eq!(withdrawn[name], value, "{name}");
        }
        let shown = read(&maria, &made.id());
        assert_eq!((&shown["status"], &shown["ended_on"], &shown["version"]), (&json!("withdrawn"), &json!(today()), &json!(2)));
        assert_eq!((&shown["withdrawn_by"], &shown["withdrawal_method"]), (&json!("guardian"), &json!("oral")));
        assert_eq!(shown["evidence"], "Signed form, sheet 3.", "its facts stay");
        assert_eq!(shown["allowed_transitions"], json!([]));
        let again = maria.post_matching(&moves, "*", &body).expect(409).json();
        assert_eq!(again["unmet_guards"][0]["guard"], "allowed_transition");
        assert_eq!(maria.get(&moves).expect(200).json()["items"], json!([withdrawn]));
        assert_eq!(listed(&maria, &person, "?status=withdrawn"), [made.id()]);

        let need = json!({"purpose": "referral", "data_categories": ["identity"], "recipient_id": association(world)});
        assert_eq!(missing(&check(&maria, &person, &need)), ["consent"]);
        let before = with(need, json!({"on": "2026-01-10"}));
        assert_eq!(check(&maria, &person, &before)["consent_id"], made.json()["id"], "it held then");
    }

    fn another_consent_stands_in_its_place_in_the_same_transaction(world: &World) {
        let maria = world.maria_case_manager();
        let (person, other) = (person(world), person(world));
        let first = give(&maria, &person, &with(consent(), json!({"given_on": "2026-01-10"}))).expect(201).id();
        let wider = with(consent(), json!({"supersedes_id": first, "data_categories": ["identity", "contact", "health"]}));
        assert_eq!(refused_at(give(&maria, &other, &wider)), "#/supersedes_id", "somebody else's");
        let not_yet = with(wider.clone(), json!({"valid_from": in_days(2)}));
        assert_eq!(refused_at(give(&maria, &person, &not_yet)), "#/supersedes_id", "nobody is left without one");
        assert_eq!(read(&maria, &first)["status"], "active");
        let second = give(&maria, &person, &wider).expect(201);
        assert_eq!(second.json()["supersedes_id"], json!(first));
        let earlier = read(&maria, &first);
        assert_eq!((&earlier["status"], &earlier["ended_on"]), (&json!("superseded"), &json!(today())));
        let moves = maria.get(&format!("/consents/{first}/transitions")).expect(200).json();
        assert_eq!((&moves["items"][0]["to"], moves["items"].as_array().map(Vec::len)), (&json!("superseded"), Some(1)));
        assert_eq!(listed(&maria, &person, "?status=active"), [second.id()]);
        give(&maria, &person, &wider).expect(409);
        withdraw(&maria, &first).expect(409);
        withdraw(&maria, &second.id()).expect(201);
        assert_eq!(read(&maria, &first)["status"], "superseded", "a withdrawal brings nothing back");
        let late = with(consent(), json!({"supersedes_id": second.id()}));
        give(&maria, &person, &late).expect(409);
    }

    fn of_two_that_supersede_the_same_one_comes_first(world: &World) {
        let maria = world.maria_case_manager();
        let person = person(world);
        let first = give(&maria, &person, &consent()).expect(201).id();
        let body = with(consent(), json!({"supersedes_id": first}));
        let answers: Vec<u16> = std::thread::scope(|scope| {
            let racing: Vec<_> = (0..4).map(|_| scope.spawn(|| give(&maria, &person, &body).status)).collect();
            racing.into_iter().map(|one| one.join().expect("an answer")).collect()
        });
        assert_eq!(answers.iter().filter(|status| **status == 201).count(), 1, "{answers:?}");
        assert_eq!(listed(&maria, &person, "?status=active").len(), 1);
    }

    fn a_check_says_which_consent_covers_or_what_is_missing(world: &World) {
        let maria = world.maria_case_manager();
        let person = person(world);
        let association = association(world);
        let need = |more: Value| {
            with(json!({"purpose": "referral", "data_categories": ["identity"], "recipient_id": association}), more)
        };
        assert_eq!(missing(&check(&maria, &person, &need(json!({})))), ["consent"]);
        let made = give(&maria, &person, &consent()).expect(201).json();
        let covered = check(&maria, &person, &need(json!({})));
        assert_eq!(covered, json!({"covered": true, "consent_id": made["id"], "missing": []}));
        for (more, wanted) in [
            (json!({"purpose": "transfer"}), vec!["consent_purpose"]),
            (json!({"data_categories": ["identity", "health"]}), vec!["consent_data_categories"]),
            (json!({"recipient_id": world.fixture.comune_trieste}), vec!["consent_recipient"]),
            (json!({"onward_sharing": true}), vec!["consent_onward_sharing"]),
            (json!({"on": "2026-01-10"}), vec!["consent"]),
            (json!({"data_categories": ["notes"], "recipient_id": world.fixture.root}), vec!["consent_data_categories", "consent_recipient"]),
        ] {
            let told = check(&maria, &person, &need(more.clone()));
            assert_eq!((&told["covered"], missing(&told)), (&json!(false), wanted), "{more}");
            assert!(told.get("consent_id").is_none());
        }
        let stays = json!({"purpose": "referral", "data_categories": ["contact"]});
        assert_eq!(check(&maria, &person, &stays)["covered"], true, "who stays with the data is no recipient");
        let at = format!("/people/{person}/consents/checks");
        assert_eq!(refused_at(maria.post(&at, &need(json!({"purpose": "marketing"})))), "#/purpose");
        assert_eq!(refused_at(maria.post(&at, &need(json!({"recipient_id": uuid::Uuid::now_v7()})))), "#/recipient_id");
        world.matej_case_manager_in_trieste().post(&at, &need(json!({}))).expect(404);
        world.paolo_organisation_administrator().post(&at, &need(json!({}))).expect(403);
        world.samira_help_desk_operator().post(&at, &need(json!({}))).expect(200);
        let named = give(&maria, &person, &with(consent(), json!({"recipient_kinds": [], "recipient_ids": [association], "onward_sharing": true}))).expect(201);
        assert_eq!(check(&maria, &person, &need(json!({"onward_sharing": true})))["consent_id"], named.json()["id"]);
    }

    fn a_minor_consents_through_a_guardian_or_a_parent_until_the_eighteenth_birthday(world: &World) {
        let maria = world.maria_case_manager();
        let person = person_born(world, json!("2012-02-29"));
        assert_eq!(refused_at(give(&maria, &person, &consent())), "#/guardian_relation_id");
        let related = |kind: &str, more: Value| {
            let body = with(json!({"kind": kind}), more);
            maria.post(&format!("/people/{person}/relations"), &body).expect(201).id()
        };
        let sister = related("sibling_of", json!({"subject_id": self::person(world)}));
        let former = related("guardian_of", json!({"guardian_name": "Avv. Bassi", "valid_from": "2025-01-01", "valid_to": "2025-06-01"}));
        let guardian = related("guardian_of", json!({"guardian_name": "Avv. Conti", "valid_from": "2025-06-01"}));
        let mother = related("parent_of", json!({"subject_id": self::person(world)}));
        let by = |relation: &str, more: Value| give(&maria, &person, &with(with(consent(), json!({"guardian_relation_id": relation})), more));
        assert_eq!(refused_at(by(&sister, json!({}))), "#/guardian_relation_id");
        assert_eq!(refused_at(by(&former, json!({}))), "#/guardian_relation_id");
        by(&former, json!({"given_on": "2025-05-31"})).expect(201);
        assert_eq!(refused_at(by(&guardian, json!({"given_on": "2025-05-31"}))), "#/guardian_relation_id");
        assert_eq!(refused_at(by(&guardian, json!({"expires_on": "2030-03-02"}))), "#/expires_on");
        assert_eq!(refused_at(by(&guardian, json!({"valid_from": "2030-03-01"}))), "#/valid_from");
        let made = by(&guardian, json!({})).expect(201).json();
        assert_eq!((&made["expires_on"], &made["guardian_relation_id"]), (&json!("2030-03-01"), &json!(guardian)));
        assert_eq!(by(&mother, json!({"expires_on": "2028-01-01"})).expect(201).json()["expires_on"], "2028-01-01");
        // Older than was thought: what was agreed to for her ends sooner, and what ends before that stays.
        let told = |id: &Value| read(&maria, id.as_str().expect("an id"))["expires_on"].clone();
        maria.patch(&format!("/people/{person}"), "*", &json!({"date_of_birth": "2011-02-01"})).expect(200);
        assert_eq!(told(&made["id"]), "2029-02-01");
        assert_eq!(told(&json!(listed(&maria, &person, "").pop())), "2028-01-01");
        maria.patch(&format!("/people/{person}"), "*", &json!({"date_of_birth": "2013-01-01"})).expect(200);
        assert_eq!(told(&made["id"]), "2029-02-01", "nobody is bound for longer than was agreed");
        let adult = self::person(world);
        assert_eq!(refused_at(give(&maria, &adult, &with(consent(), json!({"guardian_relation_id": guardian})))), "#/guardian_relation_id");

        let unknown = person_born(world, Value::Null);
        assert_eq!(give(&maria, &unknown, &consent()).expect(201).json()["warnings"][0]["code"], "age_unknown");
        maria.patch(&format!("/people/{unknown}"), "*", &json!({"target_group": "unaccompanied_minor"})).expect(200);
        assert_eq!(refused_at(give(&maria, &unknown, &consent())), "#/guardian_relation_id", "a minor as long as nothing else is known");
    }

    fn what_is_left_of_a_minors_consent_does_not_tell_the_birthday(world: &World) {
        let maria = world.maria_case_manager();
        let person = person_born(world, json!("2012-05-17"));
        let guardian = json!({"kind": "guardian_of", "guardian_name": "Avv. Conti", "valid_from": "2025-06-01"});
        let guardian = maria.post(&format!("/people/{person}/relations"), &guardian).expect(201).id();
        let made = give(&maria, &person, &with(consent(), json!({"guardian_relation_id": guardian}))).expect(201).id();
        // One that ended before, by a day that may be the birthday's or not.
        let over = json!({"guardian_relation_id": guardian, "given_on": "2025-07-01", "expires_on": "2026-03-15"});
        let over = give(&maria, &person, &with(consent(), over)).expect(201).id();
        let erased = json!({"to": "erased", "note": "No duty to keep remains."});
        world.paolo_organisation_administrator().post_matching(&format!("/people/{person}/transitions"), "*", &erased).expect(201);
        let left = maria.get(&format!("/consents/{made}")).expect(200);
        assert_eq!((&left.json()["status"], &left.json()["ended_on"]), (&json!("expired"), &json!(today())));
        assert!(!left.text.contains("2030-05-17") && !left.text.contains(&guardian), "{}", left.text);
        let left = maria.get(&format!("/consents/{over}")).expect(200);
        assert_eq!((&left.json()["status"], &left.json()["ended_on"]), (&json!("expired"), &json!("2026-01-01")));
        assert!(!left.text.contains("2026-03-15"), "{}", left.text);
    }

    fn a_file_that_proves_a_consent_stays_attached(world: &World) {
        let maria = world.maria_case_manager();
        let case = world.case_in_udine();
        let person = maria.get(&format!("/cases/{case}")).expect(200).json()["person_id"].as_str().expect("an id").to_owned();
        let file = maria.post(&format!("/cases/{case}/attachments"), &files::text("form.txt", b"signed")).expect(201).id();
        let mut body = with(consent(), json!({"evidence_attachment_id": file}));
        body.as_object_mut().expect("a consent").remove("evidence");
        assert_eq!(refused_at(give(&maria, &person, &body)), "#/evidence_attachment_id", "nothing has come yet");
        maria.put_file(&format!("/attachments/{file}/content"), "*", "text/plain", b"signed").expect(200);
        assert_eq!(refused_at(give(&world.samira_help_desk_operator(), &person, &body)), "#/evidence_attachment_id", "not for her eyes");
        assert_eq!(refused_at(give(&maria, &self::person(world), &body)), "#/evidence_attachment_id", "another person's case");
        let made = give(&maria, &person, &body).expect(201);
        assert_eq!(made.json()["evidence_attachment_id"], json!(file));
        withdraw(&maria, &made.id()).expect(201);
        let kept = maria.delete(&format!("/attachments/{file}"), "*").expect(409).json();
        assert_eq!(kept["unmet_guards"][0]["guard"], "not_evidence");
        maria.get(&format!("/attachments/{file}")).expect(200);
    }

    fn consents_are_for_those_who_may(world: &World) {
        let (maria, samira, sync) = (world.maria_case_manager(), world.samira_help_desk_operator(), world.regional_sync_client());
        let person = person(world);
        let made = give(&samira, &person, &consent()).expect(201);
        assert_eq!(made.json()["allowed_transitions"], json!([]), "a help desk does not withdraw");
        let address = format!("/consents/{}", made.id());
        for client in [&maria, &samira, &sync] {
            client.get(&address).expect(200);
            client.get(&format!("{address}/transitions")).expect(200);
            assert_eq!(listed(client, &person, ""), [made.id()]);
        }
        withdraw(&samira, &made.id()).expect(403);
        withdraw(&sync, &made.id()).expect(403);
        give(&sync, &person, &consent()).expect(403);
        let matej = world.matej_case_manager_in_trieste();
        matej.get(&address).expect(404);
        matej.get(&format!("{address}/transitions")).expect(404);
        matej.get(&format!("/people/{person}/consents")).expect(404);
        give(&matej, &person, &consent()).expect(404);
        withdraw(&matej, &made.id()).expect(404);
        world.paolo_organisation_administrator().get(&address).expect(403);

        withdraw(&maria, &made.id()).expect(201);
        world.feed_settled();
        let mut follower = Follower::from_the_beginning(sync);
        follower.query = "limit=1000&types=consent".into();
        let mut events = follower.page();
        events.retain(|event| event["type"] != "scope.changed");
        let told: Vec<&str> = events.iter().map(|event| event["type"].as_str().expect("a type")).collect();
        assert_eq!(told, ["consent.created", "consent.updated"]);
        assert_eq!(events[1]["changed_fields"], json!(["status", "ended_on", "withdrawn_by", "withdrawal_method"]));
    }

    fn a_withdrawal_is_possible_where_nothing_else_is(world: &World) {
        let maria = world.maria_case_manager();
        let person = person(world);
        let first = give(&maria, &person, &consent()).expect(201).id();
        let moves = format!("/people/{person}/transitions");
        maria.post_matching(&moves, "*", &json!({"to": "restricted", "note": "Contested."})).expect(201);
        give(&maria, &person, &consent()).expect(423);
        give(&maria, &person, &with(consent(), json!({"supersedes_id": first}))).expect(423);
        let need = json!({"purpose": "referral", "data_categories": ["identity"]});
        assert_eq!(check(&maria, &person, &need)["covered"], true, "to ask changes nothing");
        withdraw(&maria, &first).expect(201);
        assert_eq!(read(&maria, &first)["status"], "withdrawn");
    }

    fn a_consent_to_case_work_lets_an_intake_go_on_without_another_basis(world: &World) {
        let maria = world.maria_case_manager();
        let person = person(world);
        let new = json!({"person_id": person, "target_group": "worker", "case_manager_id": world.id_of("maria_case_manager")});
        let case = maria.post("/cases", &new).expect(201).id();
        let advance = || maria.post_matching(&format!("/cases/{case}/transitions"), "*", &json!({"to": "assessment"}));
        let refused = |answer: Answer| answer.expect(409).json()["unmet_guards"][0]["guard"].clone();
        assert_eq!(refused(advance()), "legal_basis");
        // For something else; not yet; no more; withdrawn; another person's.
        give(&maria, &person, &with(consent(), json!({"purposes": ["referral", "transfer"]}))).expect(201);
        let case_work = |more: Value| with(with(consent(), json!({"purposes": ["referral", "case_work"]})), more);
        give(&maria, &person, &case_work(json!({"valid_from": in_days(1)}))).expect(201);
        give(&maria, &person, &case_work(json!({"given_on": "2026-01-10", "expires_on": today()}))).expect(201);
        let withdrawn = give(&maria, &person, &case_work(json!({}))).expect(201).id();
        withdraw(&maria, &withdrawn).expect(201);
        give(&maria, &self::person(world), &case_work(json!({}))).expect(201);
        assert_eq!(refused(advance()), "legal_basis");
        let told = maria.get(&format!("/cases/{case}?embed=transitions")).expect(200).json();
        assert!(told["_embedded"].to_string().contains("legal_basis"));
        give(&maria, &person, &case_work(json!({}))).expect(201);
        advance().expect(201);
    }

    fn nobody_consents_to_a_notice_that_there_is_not_yet(world: &World) {
        let maria = world.maria_case_manager();
        let person = person(world);
        let first = give(&maria, &person, &with(consent(), json!({"notice_published_on": "2026-01-10", "given_on": "2026-01-10"}))).expect(201);
        assert_eq!(first.json()["notice_published_on"], "2026-01-10");
        assert_eq!(read(&maria, &first.id()), first.json());
        for older in [
            json!({"notice_published_on": "2026-01-11", "given_on": "2026-01-10"}),
            // Though it would begin to hold later.
            json!({"notice_published_on": "2026-01-11", "given_on": "2026-01-10", "valid_from": "2026-02-01"}),
            json!({"notice_published_on": in_days(1)}),
            json!({"notice_published_on": in_days(1), "supersedes_id": first.id()}),
        ] {
            let refused = give(&maria, &person, &with(consent(), older.clone())).expect(422);
            assert!(refused.text.contains("/docs/problems/"), "{}", refused.text);
            assert_eq!(refused_at(refused), "#/notice_published_on", "{older}");
        }
        assert_eq!(listed(&maria, &person, ""), [first.id()]);
        assert_eq!(read(&maria, &first.id()), first.json(), "neither superseded nor changed");
        let moves = maria.get(&format!("/consents/{}/transitions", first.id())).expect(200).json();
        assert_eq!(moves["items"], json!([]));
        // Of a notice without a day nothing is known.
        let undated = give(&maria, &person, &with(consent(), json!({"given_on": "2026-01-10"}))).expect(201).json();
        assert!(undated.get("notice_published_on").is_none());
    }
}
