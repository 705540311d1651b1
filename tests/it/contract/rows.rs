//! Rows of one municipality for the walk, each made when it is first asked for.

use std::cell::RefCell;
use std::collections::HashMap;

use serde_json::{Value, json};

use super::stage::{FILE, FILE_TYPE, Stage, declared, id_of};
use crate::support::{Client, planning};

/// Rows of one municipality, each made when it is first asked for: most operations need few of them.
pub struct Rows<'s> {
    pub(super) stage: &'s Stage<'s>,
    pub(super) manager: Client,
    pub(super) organisation: String,
    pub(super) territory: String,
    pub(super) number: u32,
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
    /// A new name of the union.
    territory_event,
    code_list_version,
    appointment,
    /// A draft.
    pathway_template,
    published_template,
    /// Started by another template.
    pathway,
    /// With a capacity.
    service,
    other_service,
    program,
    location,
    service_at_location,
    /// A draft.
    agreement,
    /// A draft, to a service of the same organisation.
    referral,
    /// Sent by a colleague, and received.
    received_referral,
    /// A case of its own, proposed to a body of its own.
    transfer,
    transfer_request,
    /// The same, accepted there.
    accepted_transfer,
    /// To a body of its own.
    shared_access,
    /// To the receiver of the received referral.
    partner_link,
    /// The service's, into Ukrainian.
    service_translation,
    program_translation,
    location_translation,
    organisation_translation,
    network,
    /// Of the municipality itself, in another role than the example.
    network_member,
    network_meeting,
    policy_document,
    policy_measure,
    dataset,
    computed_dataset,
    /// With a release that everybody reads.
    published_dataset,
    /// Of a dataset of its own.
    published_release,
    /// The same, loaded.
    release,
    /// One that awaits its file.
    data_import,
    /// Of the published dataset.
    indicator,
    observatory,
    /// Of a network.
    observatory_entry,
    /// Planned.
    evaluation_round,
    collecting_round,
    /// To the collecting round, by the municipality.
    evaluation_contribution,
    /// In synthesis.
    evaluated_round,
    /// Of the round in synthesis.
    evaluation_theme,
    /// Of a round that is closed.
    published_theme,
    /// Received, with who reports.
    discrimination_report,
    /// Dismissed.
    ended_discrimination_report,
    objective,
    planned_activity,
    /// Under way.
    activity,
    activity_result,
}

/// A file that is attached and stored.
fn stored(manager: &Client, case: &str) -> String {
    let stored = declared(manager, case);
    let headers = [("content-type", FILE_TYPE), ("if-match", "*")];
    manager.send("PUT", &format!("/attachments/{stored}/content"), &headers, Some(FILE)).expect(200);
    stored
}

impl<'s> Rows<'s> {
    pub fn new(stage: &'s Stage<'s>, manager: Client, organisation: String, territory: String, number: u32) -> Self {
        Self { stage, manager, organisation, territory, number, made: RefCell::default() }
    }

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
            "service_translation" | "program_translation" | "location_translation" | "organisation_translation" => {
                let path = match name {
                    "service_translation" => format!("/services/{}", self.service()),
                    "program_translation" => format!("/programs/{}", self.program()),
                    "location_translation" => format!("/locations/{}", self.location()),
                    _ => format!("/organisations/{}", self.organisation()),
                };
                let told = json!({"fields": {"name": "Італійська"}, "state": "machine"});
                let path = format!("{path}/translations/uk");
                anna.put(&path, &told).expect(200);
                path
            }
            "service" | "other_service" | "program" | "location" | "service_at_location" | "agreement" => {
                self.make_of_directory(&anna, name)
            }
            "network" | "network_member" | "network_meeting" => self.make_of_networks(&anna, name),
            "dataset" | "computed_dataset" | "published_dataset" | "published_release" | "release" | "data_import"
            | "indicator" => self.make_of_the_observatory(&anna, name),
            "observatory"
            | "observatory_entry"
            | "evaluation_round"
            | "collecting_round"
            | "evaluation_contribution"
            | "evaluated_round"
            | "evaluation_theme"
            | "published_theme"
            | "objective"
            | "planned_activity"
            | "activity"
            | "activity_result" => self.make_of_evaluation(&anna, name),
            "discrimination_report" => self.make_reported().0,
            "ended_discrimination_report" => {
                let (report, officer) = self.make_reported();
                let ended =
                    json!({"to": "dismissed", "outcome": "not_enough_information", "note": "Nothing to go by."});
                let moves = format!("/discrimination-reports/{report}/transitions");
                officer.post_matching(&moves, "*", &ended).expect(201);
                report
            }
            "policy_document" | "policy_measure" => self.make_of_policies(&anna, name),
            "user" | "client" | "grant" | "union" | "membership" | "territory_event" | "code_list_version" => {
                self.make_of_administration(&anna, name)
            }
            "pathway_template" => self.stage.template(&self.organisation, false),
            "published_template" => self.stage.template(&self.organisation, true),
            _ => self.make_of_case(name),
        }
    }

    /// Gives a report to the municipality with an officer there.
    fn make_reported(&self) -> (String, Client) {
        let world = self.stage.world;
        let officer = if self.organisation == world.fixture.comune_udine.to_string() {
            world.nadia_anti_discrimination_officer()
        } else {
            world.igor_anti_discrimination_officer_in_trieste()
        };
        (officer.post("/discrimination-reports", &self.reported()).expect(201).id(), officer)
    }

    fn reported(&self) -> Value {
        json!({"organisation_id": self.organisation, "description": "The flat was let.", "area_of_life": "housing",
            "grounds": ["religion"], "respondent_kind": "landlord", "reporter_role": "affected", "language": "en",
            "reporter": {"name": "Somebody", "identity_may_be_shared": true}})
    }

    /// The code of a fresh report.
    pub fn follow_up_code(&self) -> String {
        let officer = self.stage.world.nadia_anti_discrimination_officer();
        id_of(&officer.post("/discrimination-reports", &self.reported()).expect(201), "follow_up_code")
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
            "service" | "other_service" => (
                "/services".to_owned(),
                json!({"organisation_id": organisation, "name": "Italian", "service_type": "language_course",
                    "provider_kind": "internal"}),
            ),
            "agreement" => ("/agreements".to_owned(), self.stage.agreement(organisation)),
            "program" => ("/programs".to_owned(), json!({"organisation_id": organisation, "name": "First steps"})),
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

    fn make_of_networks(&self, anna: &Client, name: &str) -> String {
        let organisation = &self.organisation;
        let of_network = |rest: &str| format!("/networks/{}/{rest}", self.network());
        let (path, body) = match name {
            "network" => (
                "/networks".to_owned(),
                json!({"organisation_id": organisation, "name": "Rete", "starts_on": "2020-01-01"}),
            ),
            "network_member" => (
                of_network("members"),
                json!({"organisation_id": organisation, "role": "other", "valid_from": "2020-01-01"}),
            ),
            _ => (of_network("meetings"), json!({"held_on": "2026-05-12", "title": "Spring"})),
        };
        anna.post(&path, &body).expect(201).id()
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
            "territory_event" => {
                let events = format!("/territories/{}/events", self.union());
                let new =
                    json!({"kind": "rename", "effective_on": "2021-01-01", "name": "Unione nuova", "source": "A deed"});
                return anna.post(&events, &new).expect(201).id();
            }
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
            "referral" => ("/referrals".to_owned(), self.stage.referral(&self.case(), &self.service())),
            "received_referral" => return self.make_received(),
            "transfer" => return self.make_proposed().0,
            "transfer_request" => {
                ("/transfer-requests".to_owned(), self.stage.asking(&self.organisation, &self.territory))
            }
            "shared_access" => {
                let (body, ..) = self.stage.receiving_body();
                let new = json!({"case_id": self.case(), "to_org_id": body, "reason": "Follows the goals.", "expires_on": planning::in_days(30),
                    "legal_basis": "public_task", "package_fields": ["languages", "goals"]});
                ("/shared-accesses".to_owned(), new)
            }
            "accepted_transfer" => {
                let (transfer, receiver, manager) = self.make_proposed();
                let accepted = json!({"to": "accepted", "case_manager_id": manager});
                receiver.post_matching(&format!("/transfers/{transfer}/transitions"), "*", &accepted).expect(201);
                return transfer;
            }
            "partner_link" => (format!("/referrals/{}/partner-links", self.received_referral()), json!({})),
            "pathway" => (
                of_case("pathways"),
                json!({"template_id": self.stage.template(&self.organisation, true), "arrived_on": "2026-03-01"}),
            ),
            "attachment" => return declared(manager, &self.case()),
            "stored_attachment" => return stored(manager, &self.case()),
            "case_household_member" => {
                let covered = self.lives_in_household("2020-01-01", Some("2025-01-01"));
                (of_case("household-members"), json!({"household_member_id": covered}))
            }
            "plan" => {
                // A case has one draft at a time: the plan belongs to another case, so that this one can have its own.
                let planned = self.another_case();
                planning::goal(manager, &planned);
                (format!("/cases/{planned}/plans"), json!({}))
            }
            other => panic!("nobody knows how to make {other}"),
        };
        manager.post(&path, &body).expect(201).id()
    }

    fn make_received(&self) -> String {
        let new = self.stage.referral(&self.case(), &self.service());
        let sent = self.manager.post("/referrals", &new).expect(201).id();
        let moves = format!("/referrals/{sent}/transitions");
        for to in ["requested", "received"] {
            self.manager.post_matching(&moves, "*", &json!({"to": to})).expect(201);
        }
        // Whoever sent a referral does not claim it.
        self.stage.sent_by_somebody_else(&sent);
        sent
    }

    /// A case of somebody who has no other.
    pub fn another_case(&self) -> String {
        let person = json!({"owner_org_id": self.organisation, "territory_id": self.territory, "given_name": "Ali",
            "family_name": "Rahimi"});
        let person = self.manager.post("/people", &person).expect(201).id();
        let case = json!({"person_id": person, "target_group": "worker", "case_manager_id": self.me()});
        self.manager.post("/cases", &case).expect(201).id()
    }

    /// Gives it with who can accept it, and for whom.
    fn make_proposed(&self) -> (String, Client, String) {
        let (body, receiver, manager) = self.stage.receiving_body();
        let case = self.another_case();
        stored(&self.manager, &case);
        let new = json!({"case_id": case, "to_org_id": body, "reason": "Moves.", "legal_basis": "public_task"});
        (self.manager.post("/transfers", &new).expect(201).id(), receiver, manager)
    }

    /// The file in the record of the accepted transfer.
    pub fn handed_over_attachment(&self) -> String {
        let record = self.manager.get(&format!("/transfers/{}/record", self.accepted_transfer())).expect(200).json();
        record["case"]["attachments"][0]["id"].as_str().expect("a file").to_owned()
    }

    /// Token and code of a fresh link to the receiver of the received referral.
    pub fn partner_secrets(&self) -> (String, String) {
        let made = self
            .manager
            .post(&format!("/referrals/{}/partner-links", self.received_referral()), &json!({}))
            .expect(201);
        let url = id_of(&made, "url");
        let (_, token) = url.split_once("#token=").expect("a token in the fragment");
        (token.to_owned(), id_of(&made, "access_code"))
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
