//! A network of four bodies: Udine, which refers, two associations, and Trieste, which has nothing to do with it.

use serde_json::{Value, json};

use crate::support::feed::{Follower, told};
use crate::support::http::Answer;
use crate::support::{Client, World};

/// A body that receives: who works there, and its system.
pub struct Body {
    pub organisation: String,
    pub service: String,
    pub worker: Client,
    pub worker_id: String,
    pub colleague: Client,
    pub system: Client,
}

pub struct Network<'w> {
    pub world: &'w World,
    pub maria: Client,
    pub school: Body,
    pub association: Body,
    pub case: String,
    pub person: String,
}

fn body(world: &World, name: &str) -> Body {
    let anna = world.anna_system_administrator();
    let new = json!({"name": name, "kind": "third_sector", "parent_id": world.fixture.root});
    let organisation = anna.post("/organisations", &new).expect(201).id();
    let service = json!({"organisation_id": organisation, "name": format!("Corso di {name}"), "service_type": "language_course",
        "provider_kind": "external"});
    let service = anna.post("/services", &service).expect(201).id();
    // Somewhere else than the case: what reaches a body reaches all of it.
    let works =
        |role: &str| json!({"role": role, "organisation_id": organisation, "territory_ids": [world.fixture.trieste]});
    let (worker, worker_id, _) = world.another_client(&works("case_manager"));
    let (colleague, ..) = world.another_client(&works("help_desk_operator"));
    let (system, ..) = world.another_client(&works("sync_client"));
    Body { organisation, service, worker, worker_id, colleague, system }
}

impl<'w> Network<'w> {
    pub fn new(world: &'w World) -> Self {
        let maria = world.maria_case_manager();
        let case = world.case_in_udine();
        let person = maria.get(&format!("/cases/{case}")).expect(200).json()["person_id"].as_str().unwrap().to_owned();
        let (school, association) = (body(world, "Scuola"), body(world, "Associazione"));
        Self { world, maria, school, association, case, person }
    }

    /// One with an agreement with each of the two and a consent to it all.
    pub fn ready(world: &'w World) -> (Self, String) {
        let network = Self::new(world);
        network.agree(&network.school, &json!({}));
        network.agree(&network.association, &json!({}));
        let consent = network.consents(&json!({}));
        (network, consent)
    }

    pub fn agreement_with(&self, body: &Body, more: &Value) -> Value {
        let mut new = json!({
            "organisation_id": self.world.fixture.comune_udine, "title": "Protocollo", "agreement_type": "protocol",
            "legal_basis": "public_task", "data_categories": ["identity", "contact"], "response_hours": 48, "completion_days": 90,
            "valid_from": "2020-01-01", "working_time": {"time_zone": "Europe/Rome", "closed_weekdays": []},
            "parties": [
                {"organisation_id": self.world.fixture.comune_udine, "may_send": true},
                {"organisation_id": body.organisation, "may_receive": true},
            ],
        });
        for (name, value) in more.as_object().expect("members") {
            new[name] = value.clone();
        }
        new
    }

    /// Draws up an agreement and has it signed.
    pub fn agree(&self, body: &Body, more: &Value) -> String {
        let agreement = self.agreement_with(body, more);
        let id = self.world.anna_system_administrator().post("/agreements", &agreement).expect(201).id();
        self.sign(&id, &agreement).expect(201);
        id
    }

    pub fn sign(&self, agreement: &str, as_drawn_up: &Value) -> Answer {
        let parties = as_drawn_up["parties"].as_array().expect("parties").iter();
        let signatures: Vec<Value> = parties
            .map(|party| json!({"organisation_id": party["organisation_id"], "signed_on": "2020-01-01"}))
            .collect();
        let moves = format!("/agreements/{agreement}/transitions");
        let signed = json!({"to": "signed", "signatures": signatures});
        self.world.anna_system_administrator().post_matching(&moves, "*", &signed)
    }

    pub fn consents(&self, more: &Value) -> String {
        let mut consent = json!({
            "purposes": ["referral"], "data_categories": ["identity", "contact"], "recipient_kinds": ["third_sector"],
            "notice_version": "2026-03", "notice_language": "it", "method": "written", "evidence": "Signed form, sheet 3.",
        });
        for (name, value) in more.as_object().expect("members") {
            consent[name] = value.clone();
        }
        self.maria.post(&format!("/people/{}/consents", self.person), &consent).expect(201).id()
    }

    pub fn withdraws(&self, consent: &str) -> Answer {
        let body = json!({"to": "withdrawn", "withdrawn_by": "person", "method": "oral"});
        self.maria.post_matching(&format!("/consents/{consent}/transitions"), "*", &body)
    }

    pub fn referral_to(&self, services: &[&str]) -> Value {
        json!({"case_id": self.case, "service_ids": services, "reason": "Beginners' course, please.",
            "package_fields": ["given_name", "family_name", "languages"]})
    }

    /// A draft.
    pub fn drafted(&self, services: &[&str]) -> String {
        self.maria.post("/referrals", &self.referral_to(services)).expect(201).id()
    }

    /// One that was sent.
    pub fn sent(&self, services: &[&str]) -> String {
        let id = self.drafted(services);
        moved(&self.maria, &id, &json!({"to": "requested"})).expect(201);
        id
    }

    /// One to the school that has come so far.
    pub fn at_school(&self, states: &[&str]) -> String {
        let id = self.sent(&[&self.school.service]);
        for state in states {
            self.school.moves(&id, state).expect(201);
        }
        id
    }

    pub fn status(&self, referral: &str) -> String {
        read(&self.maria, referral)["status"].as_str().expect("a status").to_owned()
    }
}

impl Body {
    /// Moves a referral there, with what the move needs.
    pub fn moves(&self, referral: &str, state: &str) -> Answer {
        let mut body = json!({"to": state});
        match state {
            "scheduled" => body["scheduled_at"] = json!("2030-01-11T09:00:00Z"),
            "on_hold" => body["review_at"] = json!("2999-01-01"),
            "completed" => body["outcome_code"] = json!("enrolled"),
            "not_completed" => body["outcome_code"] = json!("unreachable"),
            "declined" => body["outcome_code"] = json!("capacity"),
            "info_requested" => body["note"] = json!("Mornings or afternoons?"),
            _ => {}
        }
        moved(&self.worker, referral, &body)
    }
}

pub fn moved(client: &Client, referral: &str, body: &Value) -> Answer {
    client.post_matching(&format!("/referrals/{referral}/transitions"), "*", body)
}

pub fn read(client: &Client, referral: &str) -> Value {
    client.get(&format!("/referrals/{referral}")).expect(200).json()
}

pub fn package(client: &Client, referral: &str) -> Answer {
    client.get(&format!("/referrals/{referral}/package"))
}

pub fn guards(answer: Answer) -> Vec<String> {
    let problem = answer.expect(409).json();
    let guards = problem["unmet_guards"].as_array().expect("guards").iter();
    guards.map(|guard| guard["guard"].as_str().expect("a name").to_owned()).collect()
}

pub fn refused_at(answer: Answer) -> String {
    answer.expect(422).json()["errors"][0]["pointer"].as_str().expect("a pointer").to_owned()
}

pub fn listed(client: &Client, query: &str) -> Vec<String> {
    let page = client.get(&format!("/referrals{query}")).expect(200).json();
    let items = page["items"].as_array().expect("referrals").iter();
    items.map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
}

/// What a feed says of a referral since it was last read: the operations, in their order.
pub fn heard(world: &World, follower: &mut Follower, referral: &str) -> Vec<String> {
    world.feed_settled();
    told(&follower.rest(), referral).into_iter().map(|(_, operation)| operation).collect()
}
