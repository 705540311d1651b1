//! What is kept on a person is exported whole, erased without a trace, and left alone where processing is restricted.

use serde_json::{Value, json};

use super::life::{Seeds, free_texts, live};
use crate::both;
use crate::support::World;
use crate::support::feed::Follower;
use crate::support::files::{self, hexadecimal};
use crate::support::http::Client;

/// Every value of every table, as text, and the store of objects with all that it keeps.
pub fn dump(world: &World) -> String {
    let mut text = dump_of(world, |_| true);
    if let Some(store) = &world.objects {
        let bytes = store.bytes();
        text.push_str(&hexadecimal(&bytes));
        text.push_str(&String::from_utf8_lossy(&bytes));
    }
    text
}

/// Every value of some tables, as text.
pub fn dump_of(world: &World, wanted: impl Fn(&str) -> bool) -> String {
    use diesel::prelude::*;
    use diesel::sql_types::Text;
    #[derive(QueryableByName)]
    struct Line {
        #[diesel(sql_type = Text)]
        line: String,
    }
    let ask = |connection: &mut approdo_db::Connection, sql: String| -> Vec<String> {
        let lines: Vec<Line> = match connection {
            approdo_db::Connection::Postgres(connection) => diesel::sql_query(sql).load(connection),
            approdo_db::Connection::Sqlite(connection) => diesel::sql_query(sql).load(connection),
        }
        .expect("read");
        lines.into_iter().map(|line| line.line).collect()
    };
    let mut connection = world.connection();
    let (tables, sqlite) = match &connection {
        approdo_db::Connection::Postgres(_) => {
            ("SELECT tablename::text AS line FROM pg_tables WHERE schemaname = 'public'", false)
        }
        approdo_db::Connection::Sqlite(_) => ("SELECT name AS line FROM sqlite_master WHERE type = 'table'", true),
    };
    let mut text = String::new();
    for table in ask(&mut connection, tables.into()).into_iter().filter(|table| wanted(table)) {
        let rows = if sqlite {
            let columns = ask(
                &mut connection,
                format!("SELECT 'quote(\"' || name || '\")' AS line FROM pragma_table_info('{table}')"),
            );
            format!("SELECT {} AS line FROM \"{table}\"", columns.join(" || ',' || "))
        } else {
            format!("SELECT t::text AS line FROM \"{table}\" t")
        };
        for line in ask(&mut connection, rows) {
            text.push_str(&line);
            text.push('\n');
        }
    }
    text
}

/// Whether a dump holds the bytes of a text, in hexadecimal as both databases show bytes.
fn holds_bytes(dump: &str, text: &str) -> bool {
    dump.to_ascii_lowercase().contains(&hexadecimal(text.as_bytes()))
}

/// The JSON text of an export, with its escapes undone.
fn strings_of(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) => into.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| strings_of(item, into)),
        Value::Object(members) => members.values().for_each(|member| strings_of(member, into)),
        _ => {}
    }
}

/// An administrator of Udine's organisation, who may erase.
fn administrator(world: &World) -> Client {
    world.paolo_organisation_administrator()
}

fn erased_whole(world: &World) {
    let mut seeds = Seeds::default();
    let life = live(world, &mut seeds);
    // Whoever adds a text to the contract must say here how it is told, exported and erased.
    assert_eq!(free_texts().difference(&seeds.members()).collect::<Vec<_>>(), Vec::<&(String, String)>::new());
    let maria = world.maria_case_manager();
    let export = maria.get(&format!("/people/{}/export", life.person)).expect(200).json();
    let mut exported = Vec::new();
    strings_of(&export, &mut exported);
    let missing: Vec<_> = seeds.sent.iter().filter(|(.., text)| !exported.contains(text)).collect();
    assert!(missing.is_empty(), "not exported: {missing:?}");
    assert_eq!(export["withheld_notes"], 0);
    assert_eq!(export["withheld_attachments"], 0);
    let told = export["cases"][0]["attachments"].as_array().expect("attachments").clone();
    assert_eq!(told.len(), 2);
    for attachment in &told {
        let content = maria.get(attachment["content"].as_str().expect("an address")).expect(200);
        assert!(content.text.contains(&life.attached.seed), "what was attached is in reach of the export");
    }

    let before = dump(world);
    assert!(holds_bytes(&before, &life.attached.seed), "a dump shows the contents of attachments");
    assert!(seeds.sent.iter().all(|(.., text)| before.contains(text.as_str())), "a dump shows what is there");
    let address = format!("/people/{}/transitions", life.person);
    let erase = json!({"to": "erased", "note": "Consent is withdrawn and no duty to keep remains."});
    maria.post_matching(&address, "*", &erase).expect(403);
    administrator(world).post_matching(&address, "*", &erase).expect(201);
    // Objects go once the erasure is committed.
    if let Some(store) = &world.objects {
        store.comes_to(0);
    }
    let after = dump(world);
    let left: Vec<_> = seeds.sent.iter().filter(|(.., text)| after.contains(text.as_str())).collect();
    assert!(left.is_empty(), "left: {left:?}");
    assert!(!holds_bytes(&after, &life.attached.seed), "the content of an attachment is left");
    maria.get(&life.attached.content).expect(404);

    maria.get(&format!("/people/{}", life.person)).expect(404);
    maria.get(&format!("/people/{}/export", life.person)).expect(404);
    let found = maria.post("/people/searches", &json!({"name": "Żz"})).expect(200).json();
    assert_eq!(found["items"], json!([]));
    // What law keeps: that there was a case, what became of it, how needs were rated.
    let case = maria.get(&format!("/cases/{}?embed=assessments,goals,plans,tasks", life.case)).expect(200).json();
    assert_eq!(
        (&case["status"], &case["processing"], &case["closing_reason"]),
        (&json!("closed"), &json!("erased"), &json!("moved"))
    );
    assert_eq!(case["_embedded"]["assessments"][0]["ratings"].as_array().map(Vec::len), Some(9));
    assert_eq!(case["_embedded"]["goals"][0]["status"], "achieved");
    assert_eq!(case["_embedded"]["tasks"], json!([]));
    // And that what was done rested on a consent, for as long as it did.
    for (consent, status) in [(&life.consents.active, "expired"), (&life.consents.withdrawn, "withdrawn")] {
        let kept = maria.get(&format!("/consents/{consent}")).expect(200).json();
        assert_eq!((&kept["status"], &kept["purposes"]), (&json!(status), &json!(["referral"])), "{kept}");
        for name in ["method", "given_on", "ended_on", "notice_version"] {
            assert!(kept[name].is_string(), "{name}");
        }
        let moves = maria.get(&format!("/consents/{consent}/transitions")).expect(200).json();
        assert_eq!((&moves["items"][0]["to"], moves["items"].as_array().map(Vec::len)), (&json!(status), Some(1)));
        let withdraw = json!({"to": "withdrawn", "withdrawn_by": "person", "method": "oral"});
        maria.post_matching(&format!("/consents/{consent}/transitions"), "*", &withdraw).expect(404);
    }
    assert!(
        maria.get(&format!("/cases/{}/history", life.case)).expect(200).json()["items"]
            .as_array()
            .is_some_and(Vec::is_empty)
    );
    for (path, body) in
        [("transitions", json!({"to": "assessment", "reason_code": "new_need"})), ("notes", json!({"body": "x"}))]
    {
        let refused = maria.post_matching(&format!("/cases/{}/{path}", life.case), "*", &body).expect(409).json();
        assert_eq!(refused["unmet_guards"][0]["guard"], "not_erased", "{path}");
    }
    let again = json!({"person_id": life.person, "target_group": "worker"});
    maria.post("/cases", &again).expect(422);
    administrator(world).post_matching(&address, "*", &erase).expect(404);

    world.feed_settled();
    let mut follower = Follower::from_the_beginning(world.regional_sync_client());
    follower.query = "limit=1000".into();
    let events = follower.page();
    let gone =
        |kind: &str| events.iter().any(|event| event["resource"]["kind"] == kind && event["operation"] == "delete");
    assert!(
        ["person", "legal_status", "reminder", "task", "contact", "relation", "household_member"].into_iter().all(gone),
        "{events:?}"
    );
}

both! {
    fn every_text_is_in_the_export_and_none_is_left_after_the_erasure(world: &World) {
        erased_whole(world);
    }

    fn who_has_an_open_case_is_not_erased(world: &World) {
        let maria = world.maria_case_manager();
        let case = world.case_in_udine();
        let person = maria.get(&format!("/cases/{case}")).expect(200).json()["person_id"].as_str().expect("an id").to_owned();
        let before = dump(world);
        let refused = administrator(world)
            .post_matching(&format!("/people/{person}/transitions"), "*", &json!({"to": "erased", "note": "Asked for."}))
            .expect(409)
            .json();
        assert_eq!(refused["unmet_guards"][0]["guard"], "no_open_case");
        maria.get(&format!("/people/{person}")).expect(200);
        assert!(dump(world).contains("Олена") && before.contains("Олена"));
    }

    fn restricted_data_is_kept_and_read_and_not_changed(world: &World) {
        let maria = world.maria_case_manager();
        let case = world.case_in_udine();
        let task = maria.post(&format!("/cases/{case}/tasks"), &json!({"title": "Call"})).expect(201).id();
        let attachment = maria.post(&format!("/cases/{case}/attachments"), &files::text("y.txt", b"y")).expect(201).id();
        let person = maria.get(&format!("/cases/{case}")).expect(200).json()["person_id"].as_str().expect("an id").to_owned();
        let moves = format!("/people/{person}/transitions");
        world.samira_help_desk_operator().post_matching(&moves, "*", &json!({"to": "restricted", "note": "x"})).expect(403);
        world.matej_case_manager_in_trieste().post_matching(&moves, "*", &json!({"to": "restricted", "note": "x"})).expect(404);
        let read = maria.get(&format!("/cases/{case}")).expect(200);
        maria.post_matching(&moves, "*", &json!({"to": "restricted", "note": "Contested."})).expect(201);
        let status = json!({"category": "refugee", "change_kind": "first", "valid_from": "2026-01-01"});
        let refusals = [
            maria.patch(&format!("/people/{person}"), "*", &json!({"notes": "y"})),
            maria.post(&format!("/people/{person}/legal-statuses"), &status),
            maria.post("/cases", &json!({"person_id": person, "target_group": "worker"})),
            maria.patch(&format!("/cases/{case}"), "*", &json!({"priority": "high"})),
            maria.post_matching(&format!("/cases/{case}/transitions"), "*", &json!({"to": "assessment"})),
            maria.post(&format!("/cases/{case}/notes"), &json!({"body": "y"})),
            maria.patch(&format!("/tasks/{task}"), "*", &json!({"title": "y"})),
            maria.post(&format!("/cases/{case}/attachments"), &files::text("y.txt", b"y")),
            maria.put_file(&format!("/attachments/{attachment}/content"), "*", "text/plain", b"y"),
            maria.patch(&format!("/attachments/{attachment}"), "*", &json!({"title": "y"})),
            maria.delete(&format!("/attachments/{attachment}"), "*"),
            maria.post_matching(&format!("/tasks/{task}/transitions"), "*", &json!({"to": "done"})),
        ];
        for refused in refusals {
            let problem = refused.expect(423).json();
            assert_eq!(problem["title"], "The person's data may only be kept");
        }
        assert_eq!(maria.get(&format!("/people/{person}")).expect(200).json()["processing"], "restricted");
        let now = maria.get(&format!("/cases/{case}")).expect(200);
        assert_eq!(now.json()["processing"], "restricted");
        assert_ne!(now.header("etag"), read.header("etag"));
        // Others do not learn of it.
        world.matej_case_manager_in_trieste().patch(&format!("/cases/{case}"), "*", &json!({"priority": "high"})).expect(404);
        maria.post_matching(&moves, "*", &json!({"to": "restricted", "note": "Again."})).expect(409);
        maria.post_matching(&moves, "*", &json!({"to": "normal", "note": "Settled."})).expect(201);
        maria.patch(&format!("/cases/{case}"), "*", &json!({"priority": "high"})).expect(200);
    }

    fn the_export_tells_in_which_cases_of_others_somebody_is_or_was_covered(world: &World) {
        use approdo_db::schema::history;
        use approdo_db::types::RowId;
        use diesel::prelude::*;
        let maria = world.maria_case_manager();
        let place = json!({"owner_org_id": world.fixture.comune_udine, "territory_id": world.fixture.udine});
        let home = maria.post("/households", &place).expect(201).id();
        let [mother, child] = ["mother", "child"].map(|_| maria.post("/people", &world.person_in_udine()).expect(201).id());
        let member = json!({"person_id": child, "valid_from": "2026-01-01"});
        let member = json!({"household_member_id": maria.post(&format!("/households/{home}/members"), &member).expect(201).id()});
        let opened = |level: &str| {
            let new = json!({"person_id": mother, "target_group": "refugee", "household_id": home, "summary": "the mother's own",
                "case_manager_id": world.id_of("maria_case_manager"), "access_level": level});
            maria.post("/cases", &new).expect(201).id()
        };
        let (open, closed) = (opened("open"), opened("closed"));
        let cover = |case: &str| maria.post(&format!("/cases/{case}/household-members"), &member).expect(201);
        let (first, secret) = (cover(&open), cover(&closed));
        let export = || maria.get(&format!("/people/{child}/export")).expect(200);
        let time = |case: &str, made: &Value| json!({"case_id": case, "covered_from": made["created_at"]});
        assert_eq!(export().json()["covered_by"], json!([time(&open, &first.json()), time(&closed, &secret.json())]));
        assert!(!export().text.contains(&mother) && !export().text.contains("the mother's own"));
        let seen = world.giulia_auditor().get(&format!("/cases/{open}/accesses")).expect(200);
        assert!(seen.text.contains("read_person_export"), "{}", seen.text);
        // A case that is closed to others is not theirs by way of whom it covers.
        let grant = json!({"role": "case_manager", "organisation_id": world.fixture.comune_udine, "territory_ids": [world.fixture.udine]});
        let theirs = world.another_client(&grant).0.get(&format!("/people/{child}/export")).expect(200);
        assert_eq!(theirs.json()["covered_by"], json!([time(&open, &first.json())]));
        assert_eq!((&theirs.json()["withheld_coverages"], theirs.text.contains(&closed)), (&json!(1), false));

        // Taken out, and taken in once more: two times.
        maria.delete(&format!("/case-household-members/{}", first.id()), "*").expect(204);
        let again = cover(&open);
        let told = export().json()["covered_by"].clone();
        let times = told.as_array().expect("times");
        assert_eq!(times.len(), 3);
        assert_eq!((&times[0]["case_id"], &times[0]["covered_from"]), (&json!(open), &first.json()["created_at"]));
        let (until, next) = (times[0]["covered_until"].as_str().expect("an end"), again.json()["created_at"].clone());
        assert!(until <= next.as_str().expect("a beginning") && until >= times[0]["covered_from"].as_str().expect("a beginning"));
        assert_eq!(times[2], time(&open, &again.json()));
        assert!(export().json()["history"].as_array().expect("history").iter().all(|line| line["resource"] != "case_household_member"));

        // The mother is erased: her cases cover nobody any more, and that they did is the child's to know.
        for case in [&open, &closed] {
            let declined = json!({"to": "declined", "reason_code": "other"});
            maria.post_matching(&format!("/cases/{case}/transitions"), "*", &declined).expect(201);
        }
        let erase = |person: &str| {
            let erased = json!({"to": "erased", "note": "Asked for."});
            administrator(world).post_matching(&format!("/people/{person}/transitions"), "*", &erased).expect(201);
        };
        erase(&mother);
        let told = export().json()["covered_by"].clone();
        let ended: Vec<bool> = told.as_array().expect("times").iter().map(|time| time["covered_until"].is_string()).collect();
        assert_eq!(ended, [true; 3]);
        erase(&child);
        let id = RowId(child.parse().expect("an id"));
        let left: i64 = history::table.filter(history::person_id.eq(id)).count().get_result(&mut world.connection()).expect("counted");
        assert_eq!(left, 0);
    }

    fn notes_for_other_eyes_are_counted_and_not_exported(world: &World) {
        let maria = world.maria_case_manager();
        let case = world.case_in_udine();
        let person = maria.get(&format!("/cases/{case}")).expect(200).json()["person_id"].as_str().expect("an id").to_owned();
        let grant = json!({"role": "case_manager", "organisation_id": world.fixture.comune_udine, "territory_ids": [world.fixture.udine]});
        let (colleague, ..) = world.another_client(&grant);
        for (confidentiality, body) in [("legal_privileged", "for a lawyer alone"), ("restricted", "for the manager"), ("normal", "for all")] {
            let note = json!({"confidentiality": confidentiality, "body": body});
            colleague.post(&format!("/cases/{case}/notes"), &note).expect(201);
        }
        for confidentiality in ["legal_privileged", "restricted"] {
            let mut file = files::text(&format!("{confidentiality}.txt"), b"y");
            file["confidentiality"] = json!(confidentiality);
            colleague.post(&format!("/cases/{case}/attachments"), &file).expect(201);
        }
        // What was for all once is for the eyes that it is for now.
        let open = json!({"body": "said too openly"});
        let open = colleague.post(&format!("/cases/{case}/notes"), &open).expect(201).id();
        colleague.patch(&format!("/notes/{open}"), "*", &json!({"confidentiality": "legal_privileged"})).expect(200);
        // A case that is closed to others is not theirs by way of the person.
        let closed = json!({"person_id": person, "target_group": "worker", "case_manager_id": world.id_of("maria_case_manager"),
            "access_level": "closed", "summary": "for its manager alone"});
        let closed = maria.post("/cases", &closed).expect(201).id();
        maria.post(&format!("/cases/{closed}/tasks"), &json!({"title": "a task of hers"})).expect(201);
        let export = maria.get(&format!("/people/{person}/export")).expect(200);
        assert!(!export.text.contains("for a lawyer alone"), "neither the note nor its history");
        assert!(export.text.contains("for the manager") && export.text.contains("for all"));
        assert!(!export.text.contains("said too openly"), "nor what it said before it was privileged");
        assert_eq!(export.json()["withheld_notes"], 2);
        assert!(export.text.contains("restricted.txt") && !export.text.contains("legal_privileged.txt"));
        assert_eq!(export.json()["withheld_attachments"], 1);
        assert!(export.text.contains("for its manager alone"));
        // It is among those who have seen the case.
        let seen = world.giulia_auditor().get(&format!("/cases/{case}/accesses")).expect(200);
        assert!(seen.text.contains("read_person_export"), "{}", seen.text);
        let theirs = colleague.get(&format!("/people/{person}/export")).expect(200);
        assert!(!theirs.text.contains("for its manager alone") && !theirs.text.contains("a task of hers"));
        assert_eq!(theirs.json()["withheld_cases"], 1);
        world.samira_help_desk_operator().get(&format!("/people/{person}/export")).expect(403);
    }
}

both! { over_s3:
    fn nothing_is_left_in_a_store_of_objects_either(world: &World) {
        erased_whole(world);
    }
}
