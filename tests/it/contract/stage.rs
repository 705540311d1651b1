//! A stage for the walk: real rows behind every parameter of a path, and bodies that fit them.

use std::cell::Cell;

use approdo::access::policy::{self, FieldGroup, FieldRight};
use approdo::access::{Role, TerritoryId};
use approdo::{cases, people};
use serde_json::{Value, json};

use super::spec::Operation;
use crate::support::http::Answer;
use crate::support::{Client, SECRET, World, planning};

/// Rows of one municipality.
#[derive(Debug, Clone)]
pub struct Rows {
    pub organisation: String,
    pub territory: String,
    pub person: String,
    pub case: String,
    pub transition: String,
    pub task: String,
    pub assessment: String,
    pub goal: String,
    pub note: String,
    /// One that awaits its content, which is `FILE`.
    pub attachment: String,
    /// One whose content is there.
    pub stored_attachment: String,
    pub legal_status: String,
    pub contact: String,
    pub household: String,
    /// Somebody else's time in the household.
    pub household_member: String,
    /// Another member the case covers already.
    pub case_household_member: String,
    pub relation: String,
    /// What the person and the case are called in another system.
    pub external_id: String,
    pub reminder: String,
    pub consent: String,
    pub plan: String,
    pub user: String,
    pub client: String,
    pub grant: String,
    pub union: String,
    pub membership: String,
    pub code_list_version: String,
    pub appointment: String,
    /// A draft.
    pub pathway_template: String,
    pub published_template: String,
    /// Started by another template.
    pub pathway: String,
}

/// The furniture of the fixture with more rows.
pub struct Stage<'w> {
    pub world: &'w World,
    made: Cell<u32>,
}

/// The file that is attached, and that is sent wherever an operation takes one.
pub const FILE: &[u8] = b"Come on Tuesday at eleven.";
pub const FILE_TYPE: &str = "text/plain";

fn declared(manager: &Client, case: &str) -> String {
    let digest = "d925537e537fe0f63b4f805a950ac94fa8f2a731f24191b5854794f97122e544";
    let new = json!({"file_name": "appointment.txt", "media_type": FILE_TYPE, "size": FILE.len(), "sha256": digest});
    manager.post(&format!("/cases/{case}/attachments"), &new).expect(201).id()
}

fn id_of(answer: &Answer, member: &str) -> String {
    answer.json()[member].as_str().unwrap_or_else(|| panic!("no {member} in {}", answer.text)).to_owned()
}

impl<'w> Stage<'w> {
    pub fn new(world: &'w World) -> Self {
        Self { world, made: Cell::new(0) }
    }

    fn number(&self) -> u32 {
        self.made.set(self.made.get() + 1);
        self.made.get()
    }

    /// Fresh rows in Udine, as Maria and Anna make them.
    pub fn in_udine(&self) -> Rows {
        let fixture = &self.world.fixture;
        let (organisation, territory) = (fixture.comune_udine.to_string(), fixture.udine.to_string());
        self.rows(&self.world.maria_case_manager(), organisation, territory)
    }

    /// The same in Trieste, as Matej and Anna make them.
    pub fn in_trieste(&self) -> Rows {
        let fixture = &self.world.fixture;
        let (organisation, territory) = (fixture.comune_trieste.to_string(), fixture.trieste.to_string());
        self.rows(&self.world.matej_case_manager_in_trieste(), organisation, territory)
    }

    fn rows(&self, manager: &Client, organisation: String, territory: String) -> Rows {
        let (anna, number) = (self.world.anna_system_administrator(), self.number());
        let external_id = format!("stage-{number}");
        let person = manager
            .post(
                "/people",
                &json!({"owner_org_id": organisation, "territory_id": territory, "given_name": "Олена",
                "family_name": "Шевчук", "date_of_birth": "1991-04-23", "citizenships": ["UA"], "languages": ["uk"],
                "health_needs": "needs insulin", "notes": "prefers mornings",
                "external_ids": [{"system": "other", "value": external_id}]}),
            )
            .expect(201)
            .id();
        let me = id_of(&manager.get("/me").expect(200), "id");
        let case = manager
            .post(
                "/cases",
                &json!({"person_id": person, "target_group": "refugee", "arrived_on": "2026-03-01", "legal_basis": "public_task",
                "case_manager_id": me, "summary": "looks for housing",
                "external_ids": [{"system": "other", "value": external_id}]}),
            )
            .expect(201)
            .id();
        let lives = |household: &str, from: &str, to: Option<&str>| {
            let new = json!({"owner_org_id": organisation, "territory_id": territory, "given_name": "Ivan",
                "family_name": "Шевчук"});
            let other = manager.post("/people", &new).expect(201).id();
            let mut body = json!({"person_id": other, "valid_from": from});
            if let Some(to) = to {
                body["valid_to"] = json!(to);
            }
            manager.post(&format!("/households/{household}/members"), &body).expect(201).id()
        };
        let household = manager
            .post("/households", &json!({"owner_org_id": organisation, "territory_id": territory}))
            .expect(201)
            .id();
        manager.patch(&format!("/cases/{case}"), "*", &json!({"household_id": household})).expect(200);
        let household_member = lives(&household, "2026-01-01", None);
        let covered = lives(&household, "2020-01-01", Some("2025-01-01"));
        let case_household_member = manager
            .post(&format!("/cases/{case}/household-members"), &json!({"household_member_id": covered}))
            .expect(201)
            .id();
        let task = manager.post(&format!("/cases/{case}/tasks"), &json!({"title": "Call back"})).expect(201).id();
        let contact = manager
            .post(&format!("/people/{person}/contacts"), &json!({"kind": "phone", "value": "+39 0432 0000"}))
            .expect(201)
            .id();
        let relation = manager
            .post(
                &format!("/people/{person}/relations"),
                &json!({"kind": "guardian_of", "guardian_name": "Somebody", "valid_from": "2007-01-01"}),
            )
            .expect(201)
            .id();
        let note = manager.post(&format!("/cases/{case}/notes"), &json!({"body": "a first talk"})).expect(201).id();
        let attachment = declared(manager, &case);
        let stored_attachment = declared(manager, &case);
        let content = format!("/attachments/{stored_attachment}/content");
        manager.send("PUT", &content, &[("content-type", FILE_TYPE), ("if-match", "*")], Some(FILE)).expect(200);
        // Ended before the example begins.
        let held = json!({"category": "asylum_applicant", "change_kind": "first", "valid_from": "2025-01-01", "valid_to": "2026-01-01"});
        let legal_status = manager.post(&format!("/people/{person}/legal-statuses"), &held).expect(201).id();
        let reminder = self.reminder(&person, &legal_status);
        let consent = json!({"purposes": ["case_work"], "data_categories": ["identity"], "notice_version": "1",
            "notice_language": "it", "method": "written", "evidence": "Signed form."});
        let consent = manager.post(&format!("/people/{person}/consents"), &consent).expect(201).id();
        self.news(&case);
        let drafts = format!("/cases/{case}/assessments");
        let assessment = manager.post(&drafts, &json!({"ratings": planning::ratings(2, 1)})).expect(201).id();
        let goal = planning::goal(manager, &case);
        // A case has one draft at a time: the plan belongs to another case, so that this one can have its own.
        let planned = manager
            .post("/cases", &json!({"person_id": person, "target_group": "worker", "case_manager_id": me}))
            .expect(201)
            .id();
        planning::goal(manager, &planned);
        let plan = manager.post(&format!("/cases/{planned}/plans"), &json!({})).expect(201).id();
        let moves = format!("/cases/{case}/transitions");
        let transition = manager.post_matching(&moves, "*", &json!({"to": "assessment"})).expect(201).id();
        let user = anna
            .post(
                "/users",
                &json!({"username": format!("user.{number}"), "display_name": "Somebody", "organisation_id": organisation}),
            )
            .expect(201)
            .id();
        let client =
            anna.post("/api-clients", &json!({"name": "A system", "organisation_id": organisation})).expect(201);
        let grant = anna
            .post(
                "/grants",
                &json!({"principal_id": user, "role": "steering_reader", "organisation_id": organisation,
                "territory_ids": [territory]}),
            )
            .expect(201)
            .id();
        let (union, membership) = self.union(&territory, number);
        let organisation_of_templates = organisation.clone();
        let meeting = json!({"kind": "phone", "subject": "First talk", "starts_at": "2026-01-12T09:00:00Z",
            "ends_at": "2026-01-12T09:30:00Z"});
        let appointment = manager.post(&format!("/cases/{case}/appointments"), &meeting).expect(201).id();
        let started = json!({"template_id": self.template(&organisation, true), "arrived_on": "2026-03-01"});
        let pathway = manager.post(&format!("/cases/{case}/pathways"), &started).expect(201).id();
        let client = id_of(&client, "client_id");
        let versions = anna.get("/code-lists/target_groups/versions").expect(200).json();
        let code_list_version = versions["items"][0]["id"].as_str().expect("a version").to_owned();
        Rows {
            organisation,
            territory,
            person,
            case,
            transition,
            task,
            assessment,
            goal,
            note,
            attachment,
            stored_attachment,
            legal_status,
            contact,
            household,
            household_member,
            case_household_member,
            relation,
            external_id,
            reminder,
            consent,
            plan,
            user,
            client,
            grant,
            union,
            membership,
            code_list_version,
            appointment,
            pathway_template: self.template(&organisation_of_templates, false),
            published_template: self.template(&organisation_of_templates, true),
            pathway,
        }
    }

    /// As if a colleague had changed something.
    fn news(&self, case: &str) {
        use approdo_db::schema::case_news as news;
        use diesel::prelude::*;
        let id = approdo_db::types::RowId(uuid::Uuid::parse_str(case).expect("an id"));
        let row = (news::case_id.eq(id), news::changes.eq(1), news::changed_at.eq(approdo::clock::now()));
        diesel::insert_into(news::table).values(row).execute(&mut self.world.connection()).expect("news");
    }

    /// As the background work raises one, without waiting for it.
    fn reminder(&self, person: &str, legal_status: &str) -> String {
        use approdo::people::reminders::{ReminderId, ReminderKind, ReminderRow, ReminderStatus};
        use diesel::prelude::*;
        let (id, now) = (ReminderId::new(), approdo::clock::now());
        let id_of = |text: &str| uuid::Uuid::parse_str(text).expect("an id");
        let row = ReminderRow {
            id,
            person_id: id_of(person).into(),
            kind: ReminderKind::StatusExpiring,
            subject_id: approdo_db::types::RowId(id_of(legal_status)),
            days_before: 90,
            due_on: approdo::clock::date_of(now),
            status: ReminderStatus::Open,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let table = approdo_db::schema::reminders::table;
        diesel::insert_into(table).values(&row).execute(&mut self.world.connection()).expect("a reminder");
        id.to_string()
    }

    fn template(&self, organisation: &str, published: bool) -> String {
        let anna = self.world.anna_system_administrator();
        let new = json!({"owner_org_id": organisation, "name": "Arrival", "steps": [{"title": "Register", "days_after_arrival": 14}]});
        let template = anna.post("/pathway-templates", &new).expect(201).id();
        if published {
            let moves = format!("/pathway-templates/{template}/transitions");
            anna.post_matching(&moves, "*", &json!({"to": "published"})).expect(201);
        }
        template
    }

    fn union(&self, member: &str, number: u32) -> (String, String) {
        let anna = self.world.anna_system_administrator();
        let union = anna
            .post(
                "/territories",
                &json!({"kind": "union", "code_system": "own", "code": format!("U{number}"), "name": "Unione",
                "country_code": "IT", "valid_from": "2020-01-01"}),
            )
            .expect(201)
            .id();
        let members = format!("/territories/{union}/memberships");
        let membership =
            anna.post(&members, &json!({"member_id": member, "valid_from": "2020-01-01"})).expect(201).id();
        (union, membership)
    }

    /// A body from the contract's example, its ids replaced by those of these rows, as this role may send it.
    pub fn body(&self, operation: &Operation, rows: &Rows, role: Role) -> Option<Value> {
        let mut body = operation.example()?;
        let members = body.as_object_mut().expect("bodies are objects");
        for (name, value) in members.iter_mut() {
            let fixture_id = |id: TerritoryId| json!(id);
            match name.as_str() {
                "owner_org_id" | "organisation_id" | "parent_id" | "recipient_id" => *value = json!(rows.organisation),
                "recipient_ids" => *value = json!([rows.organisation]),
                "territory_id" => *value = json!(rows.territory),
                "territory_ids" => *value = json!([rows.territory]),
                "agreed_on" => *value = json!(planning::today()),
                "member_id" => *value = fixture_id(self.world.fixture.trieste),
                "household_member_id" => *value = json!(rows.household_member),
                "person_id" => *value = json!(rows.person),
                "template_id" => *value = json!(rows.published_template),
                "principal_id" => *value = json!(rows.user),
                // Taken names are refused, which is another test.
                "username" if operation.id == "create_user" => *value = json!(format!("new.{}", self.number())),
                "username" => *value = json!("maria_case_manager"),
                "password" if operation.id == "create_token" => *value = json!(SECRET),
                "current_password" => *value = json!(SECRET),
                "token" => *value = json!(self.token(operation)),
                _ => {}
            }
        }
        if operation.id == "replace_sandbox_clock" {
            // The walk goes on in the present.
            members.remove("now");
        }
        // What a role may not write of a row it may make.
        let guarded: &[(&str, FieldGroup)] = match operation.id {
            "create_case" | "edit_case" | "upsert_case_by_external_id" => &cases::types::GUARDED,
            "create_person" | "edit_person" | "upsert_person_by_external_id" => &people::types::GUARDED,
            _ => &[],
        };
        for (name, group) in guarded {
            if policy::field_right(role, *group) != FieldRight::Write && *name != "person_id" {
                members.remove(*name);
            }
        }
        Some(body)
    }

    fn token(&self, operation: &Operation) -> String {
        let login = [("grant_type", "password"), ("username", "bruno_steering_reader"), ("password", SECRET)];
        match operation.id {
            "revoke_token" => id_of(&self.world.nobody().form("/auth/token", &login).expect(200), "access_token"),
            _ => {
                let name = format!("invited.{}", self.number());
                let new = json!({"username": name, "display_name": "I", "organisation_id": self.world.fixture.root});
                let invited = self.world.anna_system_administrator().post("/users", &new).expect(201).json();
                invited["invitation"]["token"].as_str().expect("a token").to_owned()
            }
        }
    }

    /// The operation's path on these rows.
    pub fn path(&self, operation: &Operation, rows: &Rows) -> String {
        fill(operation, |name| match (name, operation.id) {
            ("territory_id", "edit_territory" | "create_membership" | "read_membership" | "edit_membership") => {
                rows.union.clone()
            }
            ("territory_id", _) => rows.territory.clone(),
            ("organisation_id", _) => rows.organisation.clone(),
            ("person_id", _) => rows.person.clone(),
            ("case_id", _) => rows.case.clone(),
            ("transition_id", _) => rows.transition.clone(),
            ("task_id", _) => rows.task.clone(),
            ("assessment_id", _) => rows.assessment.clone(),
            ("goal_id", _) => rows.goal.clone(),
            ("plan_id", _) => rows.plan.clone(),
            ("note_id", _) => rows.note.clone(),
            ("attachment_id", "read_attachment_content") => rows.stored_attachment.clone(),
            ("attachment_id", _) => rows.attachment.clone(),
            ("system", _) => "other".to_owned(),
            ("value", _) => rows.external_id.clone(),
            ("relation_id", _) => rows.relation.clone(),
            ("household_id", _) => rows.household.clone(),
            ("household_member_id", _) => rows.household_member.clone(),
            ("case_household_member_id", _) => rows.case_household_member.clone(),
            ("contact_id", _) => rows.contact.clone(),
            ("legal_status_id", _) => rows.legal_status.clone(),
            ("reminder_id", _) => rows.reminder.clone(),
            ("consent_id", _) => rows.consent.clone(),
            ("user_id", _) => rows.user.clone(),
            ("api_client_id", _) => rows.client.clone(),
            ("grant_id", _) => rows.grant.clone(),
            ("membership_id", _) => rows.membership.clone(),
            ("appointment_id", _) => rows.appointment.clone(),
            ("pathway_id", _) => rows.pathway.clone(),
            ("pathway_template_id", _) => rows.pathway_template.clone(),
            ("code_list_version_id", _) => rows.code_list_version.clone(),
            ("name", "create_code_list_version") => "case_priorities".to_owned(),
            ("name", _) => "target_groups".to_owned(),
            (other, _) => panic!("the stage has nothing for {other}"),
        })
    }
}

/// A path with its parameters filled in.
pub fn fill(operation: &Operation, value: impl Fn(&str) -> String) -> String {
    let parts = operation.path.split('/').map(|part| match part.strip_prefix('{').and_then(|p| p.strip_suffix('}')) {
        Some(name) => value(name),
        None => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("/")
}

/// A form as `application/x-www-form-urlencoded` writes it.
pub fn form_text(body: &Value) -> String {
    let encoded = |text: &str| {
        text.bytes().fold(String::new(), |encoded, byte| match byte {
            byte if byte.is_ascii_alphanumeric() => encoded + &char::from(byte).to_string(),
            byte => format!("{encoded}%{byte:02X}"),
        })
    };
    let pair = |name: &str, value: &Value| {
        format!(
            "{}={}",
            encoded(name),
            encoded(value.as_str().map_or_else(|| value.to_string(), str::to_owned).as_str())
        )
    };
    let members = body.as_object().expect("forms are objects");
    let pairs = members.iter().flat_map(|(name, value)| match value {
        // A repeated member.
        Value::Array(values) => values.iter().map(|value| pair(name, value)).collect(),
        value => vec![pair(name, value)],
    });
    pairs.collect::<Vec<_>>().join("&")
}

/// Sends an operation with a body in its media type, `If-Match: *` where it is demanded, and holds the answer to the contract.
pub fn call(client: &Client, operation: &Operation, path: &str, body: Option<&Value>) -> Answer {
    let text = body.map(|body| match operation.body() {
        Some(("application/x-www-form-urlencoded", _)) => form_text(body),
        _ => body.to_string(),
    });
    let mut headers = Vec::new();
    if let (Some(_), Some((media_type, _))) = (body, operation.body()) {
        headers.push(("content-type", media_type));
    }
    if operation.takes_file() {
        headers.push(("content-type", FILE_TYPE));
    }
    let bytes = text.as_deref().map(str::as_bytes).or(operation.takes_file().then_some(FILE));
    if operation.answer(428).is_some() {
        headers.push(("if-match", "*"));
    }
    let answer = client.send(operation.method, path, &headers, bytes);
    super::answer::keeps_the_contract(operation, &answer);
    answer
}
