//! A person's whole life in the system: every free text of the contract told once, each found nowhere else.

use std::collections::BTreeSet;

use approdo::openapi::OF_PEOPLE;
use serde_json::{Value, json};

use crate::contract::spec::{operations, resolved};
use crate::support::files::sha256;
use crate::support::http::{Client, MOUNT};
use crate::support::{World, planning};

/// Texts that are found nowhere else, by the operation and member they were sent with.
#[derive(Default)]
pub struct Seeds {
    pub sent: Vec<(String, String, String)>,
}

impl Seeds {
    pub fn text(&mut self, operation: &str, member: &str) -> String {
        // Short enough for every member, in two scripts, with a combining mark.
        let text = format!("Żz{}q Ку\u{301}", self.sent.len() + 1000);
        self.sent.push((operation.into(), member.into(), text.clone()));
        text
    }

    /// One in plain letters, for members that take nothing else.
    pub fn plain(&mut self, operation: &str, member: &str) -> String {
        let number = self.sent.len().to_string();
        let letters: String = number.bytes().map(|digit| char::from(digit - b'0' + b'A')).collect();
        let text = format!("ZQPLAIN{letters}Z");
        self.sent.push((operation.into(), member.into(), text.clone()));
        text
    }

    pub fn email(&mut self, operation: &str, member: &str) -> String {
        let text = format!("zz{}@example.org", self.sent.len() + 1000);
        self.sent.push((operation.into(), member.into(), text.clone()));
        text
    }

    /// One that a file can be called.
    pub fn file_name(&mut self, operation: &str, member: &str) -> String {
        let text = format!("Żz{}q Ку\u{301}.txt", self.sent.len() + 1000);
        self.sent.push((operation.into(), member.into(), text.clone()));
        text
    }

    pub fn members(&self) -> BTreeSet<(String, String)> {
        self.sent.iter().map(|(operation, member, _)| (operation.clone(), member.clone())).collect()
    }
}

/// The free texts of the bodies that tell something of a person: operation and member.
pub fn free_texts() -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for operation in operations() {
        let about = OF_PEOPLE.iter().any(|start| operation.path.starts_with(start));
        let Some((_, schema)) = operation.body().filter(|_| about && !operation.path.ends_with("/searches")) else {
            continue;
        };
        collect(schema, &mut |member| {
            found.insert((operation.id.to_owned(), member.to_owned()));
        });
    }
    found
}

pub fn collect(schema: &'static Value, found: &mut dyn FnMut(&'static str)) {
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
pub struct Life {
    pub person: String,
    pub case: String,
    pub attached: Attached,
    pub consents: Consents,
}

/// Consents by their ids: one that holds, one that was withdrawn.
pub struct Consents {
    pub active: String,
    pub withdrawn: String,
}

/// What was attached: where its content is, and a text in it.
pub struct Attached {
    pub content: String,
    pub seed: String,
}

pub fn live(world: &World, seeds: &mut Seeds) -> Life {
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
    let consents = consents(&maria, &person, &attached, seeds);
    Life { person, case, attached, consents }
}

pub fn family(world: &World, maria: &Client, person: &str, seeds: &mut Seeds) {
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

pub fn legal_status(maria: &Client, person: &str, seeds: &mut Seeds) {
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

pub fn consents(maria: &Client, person: &str, attached: &Attached, seeds: &mut Seeds) -> Consents {
    let file = attached.content.trim_start_matches("/attachments/").trim_end_matches("/content");
    let mut given = || {
        let consent = json!({"purposes": ["referral"], "data_categories": ["identity", "health"], "recipient_kinds": ["health_service"],
            "notice_version": "2026-03", "notice_language": "it", "interpreter_needed": true, "method": "oral_with_witness",
            "interpreter_name": seeds.text("create_consent", "interpreter_name"), "evidence": seeds.text("create_consent", "evidence"),
            "evidence_attachment_id": file});
        maria.post(&format!("/people/{person}/consents"), &consent).expect(201).id()
    };
    let (active, taken_back) = (given(), given());
    let withdrawn = json!({"to": "withdrawn", "withdrawn_by": "person", "method": "oral",
        "reason": seeds.text("create_consent_transition", "reason")});
    maria.post_matching(&format!("/consents/{taken_back}/transitions"), "*", &withdrawn).expect(201);
    Consents { active, withdrawn: taken_back }
}

pub fn attached(maria: &Client, case: &str, seeds: &mut Seeds) -> Attached {
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

pub fn case(world: &World, maria: &Client, person: &str, seeds: &mut Seeds) -> (String, Attached) {
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
    referred(world, maria, &case, seeds);
    proposed(world, maria, &case, seeds);
    for made in [
        json!({"to": "on_hold", "review_at": "2999-01-01", "note": seeds.text("create_case_transition", "note")}),
        json!({"to": "closed", "reason_code": "moved", "note": seeds.text("create_case_transition", "note")}),
    ] {
        maria.post_matching(&at("transitions"), "*", &made).expect(201);
    }
    (case, attached)
}

pub fn planned(maria: &Client, case: &str, seeds: &mut Seeds) {
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

pub fn accompanied(world: &World, maria: &Client, case: &str, seeds: &mut Seeds) {
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

/// Proposed to another body and shown to it, both taken back: what becomes of who goes is told by `transfers`.
pub fn proposed(world: &World, maria: &Client, case: &str, seeds: &mut Seeds) {
    let new = json!({"case_id": case, "to_org_id": world.fixture.comune_trieste, "legal_basis": "public_task",
        "reason": seeds.text("create_transfer", "reason")});
    let transfer = maria.post("/transfers", &new).expect(201).id();
    let withdrawn = json!({"to": "withdrawn", "note": seeds.text("create_transfer_transition", "note")});
    maria.post_matching(&format!("/transfers/{transfer}/transitions"), "*", &withdrawn).expect(201);
    let matej = world.matej_case_manager_in_trieste();
    let number = maria.get(&format!("/cases/{case}")).expect(200).json()["public_ref"].clone();
    let asked = json!({"owner_org_id": world.fixture.comune_trieste, "territory_id": world.fixture.trieste, "target_group": "worker",
        "to_org_id": world.fixture.comune_udine, "public_ref": number, "reason": seeds.text("create_transfer_request", "reason")});
    let asked = matej.post("/transfer-requests", &asked).expect(201).id();
    let accepted = json!({"to": "accepted", "legal_basis": "public_task", "reason": seeds.text("create_transfer_request_transition", "reason"),
        "note": seeds.text("create_transfer_request_transition", "note")});
    maria.post_matching(&format!("/transfer-requests/{asked}/transitions"), "*", &accepted).expect(201);
    let transfer = maria.get(&format!("/transfer-requests/{asked}")).expect(200).json()["transfer_id"].clone();
    let transfer = transfer.as_str().expect("a transfer");
    maria.post_matching(&format!("/transfers/{transfer}/transitions"), "*", &json!({"to": "withdrawn"})).expect(201);
    let new = json!({"case_id": case, "to_org_id": world.fixture.comune_trieste, "legal_basis": "public_task",
        "expires_on": planning::in_days(30), "package_fields": ["goals"], "reason": seeds.text("create_shared_access", "reason")});
    let access = maria.post("/shared-accesses", &new).expect(201).id();
    let revoked = json!({"to": "revoked", "note": seeds.text("create_shared_access_transition", "note")});
    maria.post_matching(&format!("/shared-accesses/{access}/transitions"), "*", &revoked).expect(201);
}

pub fn referred(world: &World, maria: &Client, case: &str, seeds: &mut Seeds) {
    let anna = world.anna_system_administrator();
    let mut services = ["Italian", "Work"].into_iter().map(|name| {
        let new = json!({"organisation_id": world.fixture.comune_udine, "name": name, "service_type": "language_course",
            "provider_kind": "internal"});
        anna.post("/services", &new).expect(201).id()
    });
    let (asked, other) = (services.next().expect("two"), services.next().expect("two"));
    let texts = |seeds: &mut Seeds, operation: &str| json!({"reason": seeds.text(operation, "reason"), "override_reason": seeds.text(operation, "override_reason")});
    let mut new = texts(seeds, "create_referral");
    new["case_id"] = json!(case);
    new["service_ids"] = json!([asked]);
    new["legal_basis"] = json!("public_task");
    new["package_fields"] =
        json!(["given_name", "family_name", "tax_code", "contacts", "health_needs", "case_summary", "goals"]);
    let referral = maria.post("/referrals", &new).expect(201).id();
    maria.patch(&format!("/referrals/{referral}"), "*", &texts(seeds, "edit_referral")).expect(200);
    for to in ["requested", "received"] {
        let made = json!({"to": to, "note": seeds.text("create_referral_transition", "note")});
        maria.post_matching(&format!("/referrals/{referral}/transitions"), "*", &made).expect(201);
    }
    answered_by_link(maria, &new, seeds);
    let soon = approdo::clock::now().instant() + chrono::TimeDelta::days(3);
    let extended = json!({"until": soon, "norm": seeds.text("create_referral_extension", "norm"),
        "note": seeds.text("create_referral_extension", "note")});
    maria.post_matching(&format!("/referrals/{referral}/extensions"), "*", &extended).expect(201);
    let mut on = texts(seeds, "create_referral_forward");
    on["service_id"] = json!(other);
    on["package_fields"] = json!(["given_name", "health_needs"]);
    maria.post_matching(&format!("/referrals/{referral}/forwards"), "*", &on).expect(201);
}

/// The same referral once more, which a partner without an account accepts.
fn answered_by_link(maria: &Client, new: &Value, seeds: &mut Seeds) {
    let referral = maria.post("/referrals", new).expect(201).id();
    maria.post_matching(&format!("/referrals/{referral}/transitions"), "*", &json!({"to": "requested"})).expect(201);
    let given = json!({"note": seeds.text("create_partner_link", "note")});
    let link = maria.post(&format!("/referrals/{referral}/partner-links"), &given).expect(201).json();
    let (_, token) = link["url"].as_str().expect("an address").split_once("#token=").expect("a token");
    let nobody = Client::new(maria.mount().trim_end_matches(MOUNT));
    let shown = nobody.post("/partner-links/exchanges", &json!({"token": token, "access_code": link["access_code"]}));
    let answer = json!({"to": "accepted", "answer_token": shown.expect(200).json()["answer_token"],
        "note": seeds.text("create_partner_link_answer", "note")});
    nobody.post("/partner-links/answers", &answer).expect(200);
}
