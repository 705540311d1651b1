//! Cases that go from Udine to Trieste.

pub mod end;
mod flow;
mod guards;
mod race;
mod requests;
mod sharing;

use serde_json::{Value, json};

use crate::support::http::Answer;
use crate::support::{Client, World};

pub struct Cast<'w> {
    pub world: &'w World,
    /// Has the case.
    pub maria: Client,
    /// Is asked to take it over.
    pub matej: Client,
    pub case: String,
    pub person: String,
}

impl<'w> Cast<'w> {
    pub fn new(world: &'w World) -> Self {
        let maria = world.maria_case_manager();
        let case = world.case_in_udine();
        let person = text(&maria.get(&format!("/cases/{case}")).expect(200).json()["person_id"]);
        Self { world, maria, matej: world.matej_case_manager_in_trieste(), case, person }
    }

    pub fn proposal(&self, more: &Value) -> Value {
        let mut new = json!({"case_id": self.case, "to_org_id": self.world.fixture.comune_trieste,
            "to_territory_id": self.world.fixture.trieste, "reason": "Moves to Trieste in December.",
            "package_fields": ["given_name", "languages"], "legal_basis": "public_task"});
        for (name, value) in more.as_object().expect("members") {
            new[name] = value.clone();
        }
        new
    }

    pub fn proposes(&self, more: &Value) -> Answer {
        self.maria.post("/transfers", &self.proposal(more))
    }

    pub fn proposed(&self) -> String {
        self.proposes(&json!({})).expect(201).id()
    }

    pub fn accepted(&self) -> String {
        let transfer = self.proposed();
        moved(&self.matej, &transfer, &json!({"to": "accepted"})).expect(201);
        transfer
    }

    pub fn case_as(&self, client: &Client) -> Value {
        client.get(&format!("/cases/{}", self.case)).expect(200).json()
    }

    pub fn note(&self, client: &Client, body: &str, confidentiality: &str) -> String {
        let note = json!({"body": body, "confidentiality": confidentiality});
        client.post(&format!("/cases/{}/notes", self.case), &note).expect(201).id()
    }
}

pub fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

pub fn moved(client: &Client, transfer: &str, body: &Value) -> Answer {
    client.post_matching(&format!("/transfers/{transfer}/transitions"), "*", body)
}

pub fn read(client: &Client, transfer: &str) -> Value {
    client.get(&format!("/transfers/{transfer}")).expect(200).json()
}

pub fn listed(client: &Client, query: &str) -> Vec<String> {
    let page = client.get(&format!("/transfers{query}")).expect(200).json();
    page["items"].as_array().expect("transfers").iter().map(|row| text(&row["id"])).collect()
}

/// The notes in the record of a case that went.
pub fn kept_notes(client: &Client, transfer: &str) -> Vec<String> {
    let record = client.get(&format!("/transfers/{transfer}/record")).expect(200).json();
    record["case"]["notes"].as_array().expect("notes").iter().map(|note| text(&note["body"])).collect()
}
