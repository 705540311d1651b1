//! What is kept on a person is exported whole, erased without a trace, and left alone where processing is restricted.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::both;
use crate::contract::spec::{operations, resolved};
use crate::support::feed::Follower;
use crate::support::files::{self, hexadecimal, sha256};
use crate::support::http::Client;
use crate::support::{World, planning};

/// Texts that are found nowhere else, by the operation and member they were sent with.
#[derive(Default)]
struct Seeds {
    sent: Vec<(String, String, String)>,
}

impl Seeds {
    fn text(&mut self, operation: &str, member: &str) -> String {
        // Short enough for every member, in two scripts, with a combining mark.
        let text = format!("Żz{}q Ку\u{301}", self.sent.len() + 1000);
        self.sent.push((operation.into(), member.into(), text.clone()));
        text
    }

    /// One in plain letters, for members that take nothing else.
    fn plain(&mut self, operation: &str, member: &str) -> String {
        let number = self.sent.len().to_string();
        let letters: String = number.bytes().map(|digit| char::from(digit - b'0' + b'A')).collect();
        let text = format!("ZQPLAIN{letters}Z");
        self.sent.push((operation.into(), member.into(), text.clone()));
        text
    }

    fn email(&mut self, operation: &str, member: &str) -> String {
        let text = format!("zz{}@example.org", self.sent.len() + 1000);
        self.sent.push((operation.into(), member.into(), text.clone()));
        text
    }

    /// One that a file can be called.
    fn file_name(&mut self, operation: &str, member: &str) -> String {
        let text = format!("Żz{}q Ку\u{301}.txt", self.sent.len() + 1000);
        self.sent.push((operation.into(), member.into(), text.clone()));
        text
    }

    fn members(&self) -> BTreeSet<(String, String)> {
        self.sent.iter().map(|(operation, member, _)| (operation.clone(), member.clone())).collect()
    }
}

/// The free texts of the bodies that tell something of a person: operation and member.
fn free_texts() -> BTreeSet<(String, String)> {
    const ABOUT_PEOPLE: [&str; 15] = [
        "/people",
        "/cases",
        "/tasks",
        "/assessments",
        "/goals",
        "/plans",
        "/notes",
        "/appointments",
        "/pathways",
        "/attachments",
        "/legal-statuses",
        "/reminders",
        "/contacts",
        "/relations",
        "/household",
    ];
    let mut found = BTreeSet::new();
    for operation in operations() {
        let about = ABOUT_PEOPLE.iter().any(|start| operation.path.starts_with(start));
        let Some((_, schema)) = operation.body().filter(|_| about && !operation.path.ends_with("/searches")) else {
            continue;
        };
        collect(schema, &mut |member| {
            found.insert((operation.id.to_owned(), member.to_owned()));
        });
    }
    found
}

fn collect(schema: &'static Value, found: &mut dyn FnMut(&'static str)) {
    let schema = resolved(schema);
    for variant in ["oneOf", "allOf", "anyOf"].iter().filter_map(|name| schema[*name].as_array()).flatten() {
        collect(variant, found);
    }
    if schema["items"].is_object() {
        collect(&schema["items"], found);
    }
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        let plain = resolved(member);
        let variants = plain["oneOf"].as_array().cloned().unwrap_or_default();
        let text = variants.into_iter().find(|variant| variant["type"] == "string").unwrap_or_else(|| plain.clone());
        let free = text["type"] == "string" && text.get("enum").is_none() && text.get("const").is_none();
        // A pattern that only excludes characters leaves the text free.
        let shaped = text["pattern"].as_str().is_some_and(|pattern| !pattern.starts_with("^[^"));
        let bounded = text["maxLength"].as_u64().is_some_and(|max| max != 40 || name == "phone") && !shaped;
        let dated = matches!(text["format"].as_str(), Some("uuid" | "date" | "date-time"));
        if free && bounded && !dated {
            found(name);
        } else {
            collect(member, found);
        }
    }
}

/// A person's whole life in the system, every free text told.
struct Life {
    person: String,
    case: String,
    attached: Attached,
}

/// What was attached: where its content is, and a text in it.
struct Attached {
    content: String,
    seed: String,
}

fn live(world: &World, seeds: &mut Seeds) -> Life {
    let maria = world.maria_case_manager();
    // A plan can be taken back before it is approved.
    let organisation = format!("/organisations/{}", world.fixture.comune_udine);
    world.anna_system_administrator().patch(&organisation, "*", &json!({"plan_approval_required": true})).expect(200);
    let mut body = world.person_in_udine();
    for member in ["given_name", "family_name", "tax_code", "phone", "health_needs", "notes"] {
        body[member] = json!(seeds.text("create_person", member));
    }
    body["email"] = json!(seeds.email("create_person", "email"));
    body["given_name_latin"] = json!(seeds.plain("create_person", "given_name_latin"));
    let foreign = seeds.plain("upsert_person_by_external_id", "value");
    body["external_ids"] = json!([{"system": "other", "value": foreign}]);
    let person = maria.post("/people", &body).expect(201).id();
    let mut patch = json!({});
    for member in ["given_name", "family_name", "tax_code", "phone", "health_needs", "notes"] {
        patch[member] = json!(seeds.text("edit_person", member));
    }
    patch["email"] = json!(seeds.email("edit_person", "email"));
    patch["family_name_latin"] = json!(seeds.plain("edit_person", "family_name_latin"));
    maria.patch(&format!("/people/{person}"), "*", &patch).expect(200);
    let mut whole = world.person_in_udine();
    for member in ["given_name", "family_name", "tax_code", "phone", "health_needs", "notes"] {
        whole[member] = json!(seeds.text("upsert_person_by_external_id", member));
    }
    whole["email"] = json!(seeds.email("upsert_person_by_external_id", "email"));
    maria.put(&format!("/people/by-external-id/other/{foreign}"), &whole).expect(200);
    family(world, &maria, &person, seeds);
    for to in ["restricted", "normal"] {
        let note = seeds.text("create_person_transition", "note");
        maria
            .post_matching(&format!("/people/{person}/transitions"), "*", &json!({"to": to, "note": note}))
            .expect(201);
    }
    legal_status(&maria, &person, seeds);
    let (case, attached) = case(world, &maria, &person, seeds);
    Life { person, case, attached }
}

fn family(world: &World, maria: &Client, person: &str, seeds: &mut Seeds) {
    let at = |path: &str| format!("/people/{person}/{path}");
    let contact = json!({"kind": "messenger", "value": seeds.text("create_contact", "value"), "label": seeds.text("create_contact", "label"),
        "safe_to_contact": false, "safety_note": seeds.text("create_contact", "safety_note")});
    let contact = maria.post(&at("contacts"), &contact).expect(201).id();
    let edit = json!({"value": seeds.text("edit_contact", "value"), "label": seeds.text("edit_contact", "label"),
        "safety_note": seeds.text("edit_contact", "safety_note")});
    maria.patch(&format!("/contacts/{contact}"), "*", &edit).expect(200);
    // While she was a child.
    let guardian = json!({"kind": "guardian_of", "guardian_name": seeds.text("create_relation", "guardian_name"),
        "decree_reference": seeds.text("create_relation", "decree_reference"), "valid_from": "2001-01-01", "valid_to": "2009-04-23"});
    let guardian = maria.post(&at("relations"), &guardian).expect(201).id();
    let edit = json!({"guardian_name": seeds.text("edit_relation", "guardian_name"),
        "decree_reference": seeds.text("edit_relation", "decree_reference")});
    maria.patch(&format!("/relations/{guardian}"), "*", &edit).expect(200);
    let household = json!({"owner_org_id": world.fixture.comune_udine, "territory_id": world.fixture.udine,
        "label": seeds.text("create_household", "label"), "address": seeds.text("create_household", "address")});
    let household = maria.post("/households", &household).expect(201).id();
    let edit =
        json!({"label": seeds.text("edit_household", "label"), "address": seeds.text("edit_household", "address")});
    maria.patch(&format!("/households/{household}"), "*", &edit).expect(200);
    let member = json!({"person_id": person, "valid_from": "2026-01-01"});
    maria.post(&format!("/households/{household}/members"), &member).expect(201);
}

fn legal_status(maria: &Client, person: &str, seeds: &mut Seeds) {
    let soon = approdo::clock::date_of(approdo::clock::now()) + chrono::Days::new(20);
    let status = json!({"category": "tcn_work", "change_kind": "first", "valid_from": "2024-01-01", "valid_to": soon,
        "note": seeds.text("create_legal_status", "note")});
    let status = maria.post(&format!("/people/{person}/legal-statuses"), &status).expect(201).id();
    let edit = json!({"note": seeds.text("edit_legal_status", "note")});
    maria.patch(&format!("/legal-statuses/{status}"), "*", &edit).expect(200);
    let reminders = format!("/people/{person}/reminders");
    let reminder = (0..100)
        .find_map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(100));
            maria.get(&reminders).expect(200).json()["items"][0]["id"].as_str().map(str::to_owned)
        })
        .expect("a reminder");
    let dismissed = json!({"to": "dismissed", "note": seeds.text("create_reminder_transition", "note")});
    maria.post_matching(&format!("/reminders/{reminder}/transitions"), "*", &dismissed).expect(201);
    let renewing = json!({"to": "renewal_pending", "note": seeds.text("create_legal_status_transition", "note")});
    maria.post_matching(&format!("/legal-statuses/{status}/transitions"), "*", &renewing).expect(201);
}

fn attached(maria: &Client, case: &str, seeds: &mut Seeds) -> Attached {
    let seed = "ZQATTACHED-Ку\u{301}-Z".to_owned();
    let bytes = format!("What the letter says: {seed}.");
    let mut contents = ["normal", "restricted", "legal_privileged"].into_iter().map(|confidentiality| {
        let new = json!({"file_name": seeds.file_name("create_attachment", "file_name"), "media_type": "text/plain",
            "size": bytes.len(), "sha256": sha256(bytes.as_bytes()), "confidentiality": confidentiality,
            "title": seeds.text("create_attachment", "title")});
        let id = maria.post(&format!("/cases/{case}/attachments"), &new).expect(201).id();
        let content = format!("/attachments/{id}/content");
        maria.put_file(&content, "*", "text/plain", bytes.as_bytes()).expect(200);
        let edit = json!({"title": seeds.text("edit_attachment", "title")});
        maria.patch(&format!("/attachments/{id}"), "*", &edit).expect(200);
        content
    });
    let content = contents.next().expect("three");
    let gone = contents.next().expect("three");
    maria.delete(gone.trim_end_matches("/content"), "*").expect(204);
    contents.next().expect("three");
    Attached { content, seed }
}

fn case(world: &World, maria: &Client, person: &str, seeds: &mut Seeds) -> (String, Attached) {
    let foreign = seeds.plain("upsert_case_by_external_id", "value");
    let new = json!({"person_id": person, "target_group": "worker", "legal_basis": "public_task",
        "external_ids": [{"system": "other", "value": foreign}], "case_manager_id": world.id_of("maria_case_manager"), "summary": seeds.text("create_case", "summary")});
    let case = maria.post("/cases", &new).expect(201).id();
    let edit = json!({"summary": seeds.text("edit_case", "summary")});
    maria.patch(&format!("/cases/{case}"), "*", &edit).expect(200);
    let whole = json!({"person_id": person, "target_group": "worker", "summary": seeds.text("upsert_case_by_external_id", "summary")});
    maria.put(&format!("/cases/by-external-id/other/{foreign}"), &whole).expect(200);
    let at = |path: &str| format!("/cases/{case}/{path}");
    for confidentiality in ["normal", "restricted", "legal_privileged"] {
        let note = json!({"confidentiality": confidentiality, "body": seeds.text("create_note", "body")});
        let note = maria.post(&at("notes"), &note).expect(201).id();
        let edit = json!({"body": seeds.text("edit_note", "body")});
        let tag = maria.patch(&format!("/notes/{note}"), "*", &edit).expect(200).header("etag").to_owned();
        if confidentiality == "normal" {
            maria.delete(&format!("/notes/{note}"), &tag).expect(204);
        }
    }
    let attached = attached(maria, &case, seeds);
    let task =
        json!({"title": seeds.text("create_task", "title"), "description": seeds.text("create_task", "description")});
    let task = maria.post(&at("tasks"), &task).expect(201).id();
    let edit =
        json!({"title": seeds.text("edit_task", "title"), "description": seeds.text("edit_task", "description")});
    maria.patch(&format!("/tasks/{task}"), "*", &edit).expect(200);
    let cancelled = json!({"to": "cancelled", "reason": seeds.text("create_task_transition", "reason")});
    maria.post_matching(&format!("/tasks/{task}/transitions"), "*", &cancelled).expect(201);
    planned(maria, &case, seeds);
    accompanied(world, maria, &case, seeds);
    for made in [
        json!({"to": "on_hold", "review_at": "2999-01-01", "note": seeds.text("create_case_transition", "note")}),
        json!({"to": "closed", "reason_code": "moved", "note": seeds.text("create_case_transition", "note")}),
    ] {
        maria.post_matching(&at("transitions"), "*", &made).expect(201);
    }
    (case, attached)
}

fn planned(maria: &Client, case: &str, seeds: &mut Seeds) {
    let at = |path: &str| format!("/cases/{case}/{path}");
    maria.post_matching(&at("transitions"), "*", &json!({"to": "assessment"})).expect(201);
    let rated = |seeds: &mut Seeds, operation: &str| {
        let mut ratings = planning::ratings(2, 1);
        ratings[0]["note"] = json!(seeds.text(operation, "note"));
        ratings[0]["evidence"] = json!(seeds.text(operation, "evidence"));
        json!({"ratings": ratings, "note": seeds.text(operation, "note")})
    };
    let assessment = maria.post(&at("assessments"), &rated(seeds, "create_assessment")).expect(201).id();
    maria.patch(&format!("/assessments/{assessment}"), "*", &rated(seeds, "edit_assessment")).expect(200);
    maria
        .post_matching(&format!("/assessments/{assessment}/transitions"), "*", &json!({"to": "completed"}))
        .expect(201);
    let goal = json!({"life_domain": "language", "title": seeds.text("create_goal", "title"), "indicator": seeds.text("create_goal", "indicator")});
    let goal = maria.post(&at("goals"), &goal).expect(201).id();
    let edit = json!({"title": seeds.text("edit_goal", "title"), "indicator": seeds.text("edit_goal", "indicator")});
    maria.patch(&format!("/goals/{goal}"), "*", &edit).expect(200);
    let of_age = |seeds: &mut Seeds, operation: &str| json!({"summary": seeds.text(operation, "summary"), "coming_of_age_arrangements": seeds.text(operation, "coming_of_age_arrangements")});
    let plan = maria.post(&at("plans"), &of_age(seeds, "create_plan")).expect(201).id();
    let edit = of_age(seeds, "edit_plan");
    maria.patch(&format!("/plans/{plan}"), "*", &edit).expect(200);
    for made in [
        json!({"to": "agreed", "agreed_on": planning::today()}),
        json!({"to": "draft", "note": seeds.text("create_plan_transition", "note")}),
        json!({"to": "agreed", "agreed_on": planning::today()}),
    ] {
        maria.post_matching(&format!("/plans/{plan}/transitions"), "*", &made).expect(201);
    }
    let achieved = json!({"to": "achieved", "note": seeds.text("create_goal_transition", "note")});
    maria.post_matching(&format!("/goals/{goal}/transitions"), "*", &achieved).expect(201);
}

fn accompanied(world: &World, maria: &Client, case: &str, seeds: &mut Seeds) {
    let meeting = json!({"kind": "in_person", "starts_at": "2026-01-12T09:00:00Z", "ends_at": "2026-01-12T10:00:00Z",
        "subject": seeds.text("create_appointment", "subject"), "place": seeds.text("create_appointment", "place")});
    let meeting = maria.post(&format!("/cases/{case}/appointments"), &meeting).expect(201).id();
    let edit =
        json!({"subject": seeds.text("edit_appointment", "subject"), "place": seeds.text("edit_appointment", "place")});
    maria.patch(&format!("/appointments/{meeting}"), "*", &edit).expect(200);
    let missed = json!({"to": "missed", "note": seeds.text("create_appointment_transition", "note")});
    maria.post_matching(&format!("/appointments/{meeting}/transitions"), "*", &missed).expect(201);
    let anna = world.anna_system_administrator();
    let template = json!({"owner_org_id": world.fixture.comune_udine, "name": "Arrival",
        "steps": [{"title": "Register", "days_after_arrival": 14}]});
    let template = anna.post("/pathway-templates", &template).expect(201).id();
    anna.post_matching(&format!("/pathway-templates/{template}/transitions"), "*", &json!({"to": "published"}))
        .expect(201);
    let pathway = json!({"template_id": template, "arrived_on": "2026-01-02"});
    let pathway = maria.post(&format!("/cases/{case}/pathways"), &pathway).expect(201).id();
    let stopped = json!({"to": "stopped", "note": seeds.text("create_pathway_transition", "note")});
    maria.post_matching(&format!("/pathways/{pathway}/transitions"), "*", &stopped).expect(201);
}

/// Every value of every table, as text, and the store of objects with all that it keeps.
fn dump(world: &World) -> String {
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
    for table in ask(&mut connection, tables.into()) {
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
    if let Some(store) = &world.objects {
        let bytes = store.bytes();
        text.push_str(&hexadecimal(&bytes));
        text.push_str(&String::from_utf8_lossy(&bytes));
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
