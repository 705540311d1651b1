//! A stage for the walk: real rows behind every parameter of a path, and bodies that fit them.

use std::cell::Cell;

use approdo::access::policy::{self, FieldGroup, FieldRight};
use approdo::access::{Role, TerritoryId};
use approdo::{cases, people};
use serde_json::{Value, json};

use super::rows::Rows;
use super::spec::Operation;
use crate::support::http::Answer;
use crate::support::{Client, SECRET, World, planning};

/// The furniture of the fixture with more rows.
pub struct Stage<'w> {
    pub world: &'w World,
    made: Cell<u32>,
}

/// The file that is attached, and that is sent wherever an operation takes one.
pub const FILE: &[u8] = b"Come on Tuesday at eleven.";
pub const FILE_TYPE: &str = "text/plain";

/// The same where the file is a directory in the words of HSDS.
const DIRECTORY: &[u8] = br#"[{"id": "1", "name": "Italian", "attributes": [{"taxonomy_term": {"code": "language_course", "taxonomy": "service_types"}}]}]"#;

/// The same where the file is a table for the stage's dataset.
pub const TABLE: &[u8] = b"REF_AREA,SEX,TIME_PERIOD,OBS_VALUE,OBS_STATUS\n030129,9,2025,14500,p\n";

/// The file that an operation takes, with its media type.
fn file_of(operation: &Operation) -> Option<(&'static str, &'static [u8])> {
    let (media_type, _) = operation.body().filter(|_| operation.takes_file())?;
    Some(match media_type {
        "application/json" => (media_type, DIRECTORY),
        // The import that waits for it is one of a delimited file.
        "text/csv" | "application/vnd.sdmx.data+json" => ("text/csv", TABLE),
        _ => (FILE_TYPE, FILE),
    })
}

pub fn declared(manager: &Client, case: &str) -> String {
    let digest = "d925537e537fe0f63b4f805a950ac94fa8f2a731f24191b5854794f97122e544";
    let new = json!({"file_name": "appointment.txt", "media_type": FILE_TYPE, "size": FILE.len(), "sha256": digest});
    manager.post(&format!("/cases/{case}/attachments"), &new).expect(201).id()
}

pub fn id_of(answer: &Answer, member: &str) -> String {
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
        Rows::new(self, manager, organisation, territory, self.number())
    }

    /// As if a colleague had changed something.
    pub fn news(&self, case: &str) {
        use approdo_db::schema::case_news as news;
        use diesel::prelude::*;
        let id = approdo_db::types::RowId(uuid::Uuid::parse_str(case).expect("an id"));
        let row = (news::case_id.eq(id), news::changes.eq(1), news::changed_at.eq(approdo::clock::now()));
        diesel::insert_into(news::table).values(row).execute(&mut self.world.connection()).expect("news");
    }

    /// As the background work raises one, without waiting for it.
    pub fn reminder(&self, person: &str, legal_status: &str) -> String {
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

    pub fn template(&self, organisation: &str, published: bool) -> String {
        let anna = self.world.anna_system_administrator();
        let new = json!({"owner_org_id": organisation, "name": "Arrival", "steps": [{"title": "Register", "days_after_arrival": 14}]});
        let template = anna.post("/pathway-templates", &new).expect(201).id();
        if published {
            let moves = format!("/pathway-templates/{template}/transitions");
            anna.post_matching(&moves, "*", &json!({"to": "published"})).expect(201);
        }
        template
    }

    /// An agreement to draw up, at a time of its own: two at one time would answer the same question.
    pub fn agreement(&self, organisation: &str) -> Value {
        let day = chrono::NaiveDate::from_ymd_opt(2100, 1, 1).expect("a day") + chrono::Days::new(self.number().into());
        json!({"organisation_id": organisation, "title": "Protocol", "agreement_type": "protocol", "legal_basis": "public_task",
            "parties": self.parties(organisation), "data_categories": ["identity"], "response_hours": 48, "valid_from": day,
            "valid_to": day.succ_opt()})
    }

    fn parties(&self, organisation: &str) -> Value {
        json!([{"organisation_id": organisation, "may_send": true},
            {"organisation_id": self.world.fixture.root, "may_receive": true}])
    }

    fn signatures(&self, organisation: &str) -> Value {
        json!([{"organisation_id": organisation, "signed_on": "2026-01-10"},
            {"organisation_id": self.world.fixture.root, "signed_on": "2026-01-12"}])
    }

    pub fn referral(&self, case: &str, service: &str) -> Value {
        json!({"case_id": case, "service_ids": [service], "reason": "Beginners' course.", "package_fields": ["given_name", "languages"],
            "legal_basis": "public_task"})
    }

    pub fn asking(&self, organisation: &str, territory: &str) -> Value {
        json!({"owner_org_id": organisation, "territory_id": territory, "target_group": "worker", "public_ref": "7K3M9QXAX",
            "to_org_id": self.receiving_body().0, "reason": "Lives here now."})
    }

    /// A body that nobody else of the stage works for. Gives it with who works there.
    pub fn receiving_body(&self) -> (String, Client, String) {
        let new = json!({"name": format!("Body {}", self.number()), "kind": "municipality", "parent_id": self.world.fixture.root});
        let body = self.world.anna_system_administrator().post("/organisations", &new).expect(201).id();
        let territories = [self.world.fixture.udine, self.world.fixture.trieste];
        let works = json!({"role": "case_manager", "organisation_id": body, "territory_ids": territories});
        let (receiver, manager, _) = self.world.another_client(&works);
        (body, receiver, manager)
    }

    /// As if the last day to contribute to a round had passed, and what comes after it.
    pub fn round_stands(&self, round: &str, status: &str) {
        use approdo_db::schema::evaluation_rounds as rounds;
        use diesel::prelude::*;
        let id = approdo_db::types::RowId(uuid::Uuid::parse_str(round).expect("an id"));
        let closed_at = (status == "closed").then(approdo::clock::now);
        let stands = (rounds::status.eq(status), rounds::closed_at.eq(closed_at));
        let moved = diesel::update(rounds::table.filter(rounds::id.eq(id))).set(stands);
        moved.execute(&mut self.world.connection()).expect("moved");
    }

    pub fn sent_by_somebody_else(&self, referral: &str) {
        use approdo_db::schema::referrals;
        use diesel::prelude::*;
        let id = approdo_db::types::RowId(uuid::Uuid::parse_str(referral).expect("an id"));
        let other =
            self.world.fixture.callers.iter().find(|caller| caller.name == "anna_system_administrator").expect("Anna");
        let sent = diesel::update(referrals::table.filter(referrals::id.eq(id))).set(referrals::author_id.eq(other.id));
        sent.execute(&mut self.world.connection()).expect("noted");
    }

    /// A body from the contract's example, its ids replaced by those of these rows, as this role may send it.
    pub fn body(&self, operation: &Operation, rows: &Rows<'_>, role: Role) -> Option<Value> {
        let mut body = operation.example()?;
        let members = body.as_object_mut().expect("bodies are objects");
        for (name, value) in members.iter_mut() {
            let fixture_id = |id: TerritoryId| json!(id);
            match name.as_str() {
                "owner_org_id" | "organisation_id" | "parent_id" | "recipient_id" | "responsible_organisation_id" => {
                    *value = json!(rows.organisation())
                }
                "attendee_organisation_ids" => {
                    // They are to be members.
                    rows.network_member();
                    *value = json!([rows.organisation()]);
                }
                "recipient_ids" => *value = json!([rows.organisation()]),
                "indicator_ids" => *value = json!([rows.indicator()]),
                "territory_id" => *value = json!(rows.territory()),
                "dataset_id" => *value = json!(rows.dataset()),
                "observatory_id" => *value = json!(rows.observatory()),
                "resource_id" => *value = json!(rows.indicator()),
                "numerator" => value["dataset_id"] = json!(rows.published_dataset()),
                // An organisation has a dataset of each code once.
                "code" if ["create_dataset", "create_indicator"].contains(&operation.id) => {
                    *value = json!(format!("FRESH_{}", self.number()))
                }
                "territory_ids" => *value = json!([rows.territory()]),
                "parties" => *value = self.parties(&rows.organisation()),
                "signatures" => *value = self.signatures(&rows.organisation()),
                "until" => *value = json!(approdo::clock::now().instant() + chrono::TimeDelta::days(3)),
                "case_id" if operation.id == "create_transfer" => *value = json!(rows.another_case()),
                "case_id" => *value = json!(rows.case()),
                // After today, whenever that is.
                "review_at" | "expires_on" => *value = json!(planning::in_days(30)),
                "to_org_id" => *value = json!(self.receiving_body().0),
                "service_ids" => *value = json!([rows.service()]),
                // Another one than the referral was sent to.
                "service_id" => *value = json!(rows.other_service()),
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
                "token" if operation.id == "create_partner_link_exchange" => {}
                "follow_up_code" => *value = json!(rows.follow_up_code()),
                "answer_token" => *value = json!(self.answer_token(rows)),
                "token" => *value = json!(self.token(operation)),
                _ => {}
            }
        }
        if operation.id == "create_partner_link_exchange" {
            let (token, code) = rows.partner_secrets();
            (members["token"], members["access_code"]) = (json!(token), json!(code));
        }
        if operation.id == "replace_sandbox_clock" {
            // The walk goes on in the present.
            members.remove("now");
        }
        if matches!(operation.id, "create_transfer_transition" | "create_transfer_request_transition") {
            // Who has proposed it, or asked for it, does not accept it.
            return Some(json!({"to": "withdrawn"}));
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

    fn answer_token(&self, rows: &Rows<'_>) -> String {
        let (token, code) = rows.partner_secrets();
        let used = json!({"token": token, "access_code": code});
        id_of(&self.world.nobody().post("/partner-links/exchanges", &used).expect(200), "answer_token")
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
        if operation.id == "read_catalogue" {
            // An empty one is not there.
            rows.published_dataset();
        }
        fill(operation, |name| match (name, operation.id) {
            (
                "territory_id",
                "edit_territory"
                | "create_membership"
                | "read_membership"
                | "edit_membership"
                | "create_territory_event"
                | "read_territory_event",
            ) => rows.union(),
            ("territory_id", _) => rows.territory(),
            ("organisation_id", _) => rows.organisation(),
            ("agreement_id", _) => rows.agreement(),
            ("referral_id", "edit_referral") => rows.referral(),
            ("referral_id", _) => rows.received_referral(),
            ("transfer_id", "read_transfer_record" | "read_transfer_record_content") => rows.accepted_transfer(),
            ("transfer_id", _) => rows.transfer(),
            ("transfer_request_id", _) => rows.transfer_request(),
            ("shared_access_id", _) => rows.shared_access(),
            ("partner_link_id", _) => rows.partner_link(),
            ("person_id", _) => rows.person(),
            ("case_id", _) => rows.case(),
            ("transition_id", _) => rows.transition(),
            ("task_id", _) => rows.task(),
            ("assessment_id", _) => rows.assessment(),
            ("goal_id", _) => rows.goal(),
            ("plan_id", _) => rows.plan(),
            ("note_id", _) => rows.note(),
            ("attachment_id", "read_attachment_content") => rows.stored_attachment(),
            ("attachment_id", "read_transfer_record_content") => rows.handed_over_attachment(),
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
            ("event_id", _) => rows.territory_event(),
            ("appointment_id", _) => rows.appointment(),
            ("pathway_id", _) => rows.pathway(),
            ("pathway_template_id", _) => rows.pathway_template(),
            ("service_id", _) => rows.service(),
            ("language", _) => {
                // It is to be there.
                match operation.path.split('/').nth(1) {
                    Some("services") => rows.service_translation(),
                    Some("programs") => rows.program_translation(),
                    Some("locations") => rows.location_translation(),
                    _ => rows.organisation_translation(),
                };
                "uk".to_owned()
            }
            ("program_id", _) => rows.program(),
            ("location_id", _) => rows.location(),
            ("service_at_location_id", _) => rows.service_at_location(),
            ("dataset_id", "list_observations" | "search_observations") => rows.published_dataset(),
            ("dataset_id", "create_computation") => rows.computed_dataset(),
            ("dataset_id", _) => rows.dataset(),
            ("dimension", _) => "SEX".to_owned(),
            ("indicator_id", _) => rows.indicator(),
            ("release_id", "read_dataset_release") => rows.published_release(),
            ("release_id", _) => rows.release(),
            ("data_import_id", _) => rows.data_import(),
            ("observatory_id", _) => rows.observatory(),
            ("observatory_entry_id", _) => rows.observatory_entry(),
            ("evaluation_round_id", "list_evaluation_contributions" | "create_evaluation_contribution") => {
                rows.collecting_round()
            }
            ("evaluation_round_id", "list_evaluation_themes" | "create_evaluation_theme") => rows.evaluated_round(),
            ("evaluation_round_id", _) => rows.evaluation_round(),
            ("evaluation_contribution_id", _) => rows.evaluation_contribution(),
            ("evaluation_theme_id", "read_evaluation_theme") => rows.published_theme(),
            ("discrimination_report_id", "create_discrimination_report_anonymisation") => {
                rows.ended_discrimination_report()
            }
            ("discrimination_report_id", _) => rows.discrimination_report(),
            ("objective_id", _) => rows.objective(),
            // The example begins it.
            ("activity_id", "create_activity_transition") => rows.planned_activity(),
            ("activity_id", _) => rows.activity(),
            ("activity_result_id", _) => rows.activity_result(),
            ("evaluation_theme_id", _) => rows.evaluation_theme(),
            ("network_id", _) => rows.network(),
            ("network_member_id", _) => rows.network_member(),
            ("network_meeting_id", _) => rows.network_meeting(),
            ("policy_document_id", _) => rows.policy_document(),
            ("policy_measure_id", _) => rows.policy_measure(),
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
    let file = file_of(operation);
    headers.extend(file.map(|(media_type, _)| ("content-type", media_type)));
    let bytes = text.as_deref().map(str::as_bytes).or(file.map(|(_, bytes)| bytes));
    if operation.answer(428).is_some() {
        headers.push(("if-match", "*"));
    }
    let answer = client.send(operation.method, path, &headers, bytes);
    super::answer::keeps_the_contract(operation, &answer);
    answer
}
