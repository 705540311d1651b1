//! A stage for the walk: real rows behind every parameter of a path, and bodies that fit them.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use approdo::access::policy::{self, FieldGroup, FieldRight};
use approdo::access::{Role, TerritoryId};
use approdo::{cases, people};
use serde_json::{Value, json};

use super::spec::Operation;
use crate::support::http::Answer;
use crate::support::{Client, SECRET, World, planning};

/// Rows of one municipality, each made when it is first asked for: most operations need few of them.
pub struct Rows<'s> {
    stage: &'s Stage<'s>,
    manager: Client,
    organisation: String,
    territory: String,
    number: u32,
    made: RefCell<HashMap<&'static str, String>>,
}

macro_rules! rows {
    ($($(#[$meta:meta])* $name:ident,)*) => {
        impl Rows<'_> {
            $($(#[$meta])* pub fn $name(&self) -> String {
                let known = self.made.borrow().get(stringify!($name)).cloned();
                known.unwrap_or_else(|| {
                    let id = self.make(stringify!($name));
                    self.made.borrow_mut().insert(stringify!($name), id.clone());
                    id
                })
            })*
        }
    };
}

rows! {
    person,
    /// Under assessment.
    case,
    /// The case's, to there.
    transition,
    task,
    assessment,
    goal,
    note,
    /// One that awaits its content, which is `FILE`.
    attachment,
    /// One whose content is there.
    stored_attachment,
    legal_status,
    contact,
    household,
    /// Somebody else's time in the household.
    household_member,
    /// Another member the case covers already.
    case_household_member,
    relation,
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
    /// A draft.
    pathway_template,
    published_template,
    /// Started by another template.
    pathway,
    /// With a capacity.
    service,
    location,
    service_at_location,
}

impl Rows<'_> {
    pub fn organisation(&self) -> String {
        self.organisation.clone()
    }

    pub fn territory(&self) -> String {
        self.territory.clone()
    }

    /// What the person and the case are called in another system.
    pub fn external_id(&self) -> String {
        // They are to be there.
        self.case();
        format!("stage-{}", self.number)
    }

    fn make(&self, name: &str) -> String {
        let anna = self.stage.world.anna_system_administrator();
        match name {
            "person" | "household" | "household_member" | "contact" | "relation" | "legal_status" | "reminder"
            | "consent" => self.make_of_person(name),
            "service" | "location" | "service_at_location" => self.make_of_directory(&anna, name),
            "user" | "client" | "grant" | "union" | "membership" | "code_list_version" => {
                self.make_of_administration(&anna, name)
            }
            "pathway_template" => self.stage.template(&self.organisation, false),
            "published_template" => self.stage.template(&self.organisation, true),
            _ => self.make_of_case(name),
        }
    }

    fn make_of_person(&self, name: &str) -> String {
        let (organisation, territory) = (&self.organisation, &self.territory);
        let of_person = |rest: &str| format!("/people/{}/{rest}", self.person());
        let (path, body) = match name {
            "person" => (
                "/people".to_owned(),
                json!({"owner_org_id": organisation, "territory_id": territory, "given_name": "Олена",
                    "family_name": "Шевчук", "date_of_birth": "1991-04-23", "citizenships": ["UA"], "languages": ["uk"],
                    "health_needs": "needs insulin", "notes": "prefers mornings",
                    "external_ids": [{"system": "other", "value": format!("stage-{}", self.number)}]}),
            ),
            "household" => ("/households".to_owned(), json!({"owner_org_id": organisation, "territory_id": territory})),
            "household_member" => return self.lives_in_household("2026-01-01", None),
            "contact" => (of_person("contacts"), json!({"kind": "phone", "value": "+39 0432 0000"})),
            "relation" => (
                of_person("relations"),
                json!({"kind": "guardian_of", "guardian_name": "Somebody", "valid_from": "2007-01-01"}),
            ),
            // Ended before the example begins.
            "legal_status" => (
                of_person("legal-statuses"),
                json!({"category": "asylum_applicant", "change_kind": "first", "valid_from": "2025-01-01", "valid_to": "2026-01-01"}),
            ),
            "consent" => (
                of_person("consents"),
                json!({"purposes": ["case_work"], "data_categories": ["identity"], "notice_version": "1",
                    "notice_language": "it", "method": "written", "evidence": "Signed form."}),
            ),
            _ => return self.stage.reminder(&self.person(), &self.legal_status()),
        };
        self.manager.post(&path, &body).expect(201).id()
    }

    fn lives_in_household(&self, from: &str, to: Option<&str>) -> String {
        let new = json!({"owner_org_id": self.organisation, "territory_id": self.territory, "given_name": "Ivan",
            "family_name": "Шевчук"});
        let other = self.manager.post("/people", &new).expect(201).id();
        let mut body = json!({"person_id": other, "valid_from": from});
        if let Some(to) = to {
            body["valid_to"] = json!(to);
        }
        self.manager.post(&format!("/households/{}/members", self.household()), &body).expect(201).id()
    }

    fn make_of_directory(&self, anna: &Client, name: &str) -> String {
        let organisation = &self.organisation;
        let (path, body) = match name {
            "service" => (
                "/services".to_owned(),
                json!({"organisation_id": organisation, "name": "Italian", "service_type": "language_course",
                    "provider_kind": "internal"}),
            ),
            "location" => ("/locations".to_owned(), json!({"organisation_id": organisation, "name": "Town hall"})),
            _ => {
                // Another one than the example is to be given at.
                let other = json!({"organisation_id": organisation, "name": "Library"});
                let other = anna.post("/locations", &other).expect(201).id();
                (format!("/services/{}/service-at-locations", self.service()), json!({"location_id": other}))
            }
        };
        let id = anna.post(&path, &body).expect(201).id();
        if name == "service" {
            let told = json!({"state": "has_capacity"}).to_string();
            let headers = [("content-type", "application/json")];
            anna.send("PUT", &format!("/services/{id}/capacity"), &headers, Some(told.as_bytes())).expect(200);
        }
        id
    }

    fn make_of_administration(&self, anna: &Client, name: &str) -> String {
        let (organisation, number) = (&self.organisation, self.number);
        let (path, body) = match name {
            "user" => (
                "/users",
                json!({"username": format!("user.{number}"), "display_name": "Somebody", "organisation_id": organisation}),
            ),
            "client" => {
                let new = json!({"name": "A system", "organisation_id": organisation});
                return id_of(&anna.post("/api-clients", &new).expect(201), "client_id");
            }
            "grant" => (
                "/grants",
                json!({"principal_id": self.user(), "role": "steering_reader", "organisation_id": organisation,
                    "territory_ids": [self.territory]}),
            ),
            "code_list_version" => {
                let versions = anna.get("/code-lists/target_groups/versions").expect(200).json();
                return versions["items"][0]["id"].as_str().expect("a version").to_owned();
            }
            "union" => (
                "/territories",
                json!({"kind": "union", "code_system": "own", "code": format!("U{number}"), "name": "Unione",
                    "country_code": "IT", "valid_from": "2020-01-01"}),
            ),
            _ => {
                let members = format!("/territories/{}/memberships", self.union());
                let new = json!({"member_id": self.territory, "valid_from": "2020-01-01"});
                return anna.post(&members, &new).expect(201).id();
            }
        };
        anna.post(path, &body).expect(201).id()
    }

    fn make_of_case(&self, name: &str) -> String {
        let manager = &self.manager;
        let of_case = |rest: &str| format!("/cases/{}/{rest}", self.case());
        let (path, body) = match name {
            "case" => return self.make_case(),
            "transition" => {
                self.case();
                return self.made.borrow()["transition"].clone();
            }
            "task" => (of_case("tasks"), json!({"title": "Call back"})),
            "note" => (of_case("notes"), json!({"body": "a first talk"})),
            "assessment" => (of_case("assessments"), json!({"ratings": planning::ratings(2, 1)})),
            "goal" => return planning::goal(manager, &self.case()),
            "appointment" => (
                of_case("appointments"),
                json!({"kind": "phone", "subject": "First talk", "starts_at": "2026-01-12T09:00:00Z",
                    "ends_at": "2026-01-12T09:30:00Z"}),
            ),
            "pathway" => (
                of_case("pathways"),
                json!({"template_id": self.stage.template(&self.organisation, true), "arrived_on": "2026-03-01"}),
            ),
            "attachment" => return declared(manager, &self.case()),
            "stored_attachment" => {
                let stored = declared(manager, &self.case());
                let headers = [("content-type", FILE_TYPE), ("if-match", "*")];
                manager.send("PUT", &format!("/attachments/{stored}/content"), &headers, Some(FILE)).expect(200);
                return stored;
            }
            "case_household_member" => {
                let covered = self.lives_in_household("2020-01-01", Some("2025-01-01"));
                (of_case("household-members"), json!({"household_member_id": covered}))
            }
            "plan" => {
                // A case has one draft at a time: the plan belongs to another case, so that this one can have its own.
                let planned =
                    json!({"person_id": self.person(), "target_group": "worker", "case_manager_id": self.me()});
                let planned = manager.post("/cases", &planned).expect(201).id();
                planning::goal(manager, &planned);
                (format!("/cases/{planned}/plans"), json!({}))
            }
            other => panic!("nobody knows how to make {other}"),
        };
        manager.post(&path, &body).expect(201).id()
    }

    fn me(&self) -> String {
        id_of(&self.manager.get("/me").expect(200), "id")
    }

    fn make_case(&self) -> String {
        let new = json!({"person_id": self.person(), "target_group": "refugee", "arrived_on": "2026-03-01",
            "legal_basis": "public_task", "case_manager_id": self.me(), "summary": "looks for housing",
            "household_id": self.household(), "external_ids": [{"system": "other", "value": format!("stage-{}", self.number)}]});
        let case = self.manager.post("/cases", &new).expect(201).id();
        let moved =
            self.manager.post_matching(&format!("/cases/{case}/transitions"), "*", &json!({"to": "assessment"}));
        self.made.borrow_mut().insert("transition", moved.expect(201).id());
        self.stage.news(&case);
        case
    }
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
    pub fn in_udine(&self) -> Rows<'_> {
        let fixture = &self.world.fixture;
        self.rows(self.world.maria_case_manager(), fixture.comune_udine.to_string(), fixture.udine.to_string())
    }

    /// The same in Trieste, as Matej and Anna make them.
    pub fn in_trieste(&self) -> Rows<'_> {
        let fixture = &self.world.fixture;
        let manager = self.world.matej_case_manager_in_trieste();
        self.rows(manager, fixture.comune_trieste.to_string(), fixture.trieste.to_string())
    }

    fn rows(&self, manager: Client, organisation: String, territory: String) -> Rows<'_> {
        Rows { stage: self, manager, organisation, territory, number: self.number(), made: RefCell::default() }
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

    /// A body from the contract's example, its ids replaced by those of these rows, as this role may send it.
    pub fn body(&self, operation: &Operation, rows: &Rows<'_>, role: Role) -> Option<Value> {
        let mut body = operation.example()?;
        let members = body.as_object_mut().expect("bodies are objects");
        for (name, value) in members.iter_mut() {
            let fixture_id = |id: TerritoryId| json!(id);
            match name.as_str() {
                "owner_org_id" | "organisation_id" | "parent_id" | "recipient_id" => {
                    *value = json!(rows.organisation())
                }
                "recipient_ids" => *value = json!([rows.organisation()]),
                "territory_id" => *value = json!(rows.territory()),
                "territory_ids" => *value = json!([rows.territory()]),
                "agreed_on" => *value = json!(planning::today()),
                "member_id" => *value = fixture_id(self.world.fixture.trieste),
                "household_member_id" => *value = json!(rows.household_member()),
                "person_id" => *value = json!(rows.person()),
                "location_id" => *value = json!(rows.location()),
                "template_id" => *value = json!(rows.published_template()),
                "principal_id" => *value = json!(rows.user()),
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
    pub fn path(&self, operation: &Operation, rows: &Rows<'_>) -> String {
        fill(operation, |name| match (name, operation.id) {
            ("territory_id", "edit_territory" | "create_membership" | "read_membership" | "edit_membership") => {
                rows.union()
            }
            ("territory_id", _) => rows.territory(),
            ("organisation_id", _) => rows.organisation(),
            ("person_id", _) => rows.person(),
            ("case_id", _) => rows.case(),
            ("transition_id", _) => rows.transition(),
            ("task_id", _) => rows.task(),
            ("assessment_id", _) => rows.assessment(),
            ("goal_id", _) => rows.goal(),
            ("plan_id", _) => rows.plan(),
            ("note_id", _) => rows.note(),
            ("attachment_id", "read_attachment_content") => rows.stored_attachment(),
            ("attachment_id", _) => rows.attachment(),
            ("system", _) => "other".to_owned(),
            ("value", _) => rows.external_id(),
            ("relation_id", _) => rows.relation(),
            ("household_id", _) => rows.household(),
            ("household_member_id", _) => rows.household_member(),
            ("case_household_member_id", _) => rows.case_household_member(),
            ("contact_id", _) => rows.contact(),
            ("legal_status_id", _) => rows.legal_status(),
            ("reminder_id", _) => rows.reminder(),
            ("consent_id", _) => rows.consent(),
            ("user_id", _) => rows.user(),
            ("api_client_id", _) => rows.client(),
            ("grant_id", _) => rows.grant(),
            ("membership_id", _) => rows.membership(),
            ("appointment_id", _) => rows.appointment(),
            ("pathway_id", _) => rows.pathway(),
            ("pathway_template_id", _) => rows.pathway_template(),
            ("service_id", _) => rows.service(),
            ("location_id", _) => rows.location(),
            ("service_at_location_id", _) => rows.service_at_location(),
            ("code_list_version_id", _) => rows.code_list_version(),
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
