//! What a case needs before it may move on: assessments, goals, plans.

use serde_json::{Value, json};

use super::http::Client;

pub const DOMAINS: [&str; 9] =
    ["legal", "housing", "language", "education", "work", "health", "family", "social", "digital"];

/// A rating of every life domain.
pub fn ratings(need: i64, strength: i64) -> Value {
    let rating = |domain: &&str| json!({"domain": domain, "need": need, "strength": strength});
    DOMAINS.iter().map(rating).collect()
}

pub fn today() -> String {
    approdo::clock::date_of(approdo::clock::now()).to_string()
}

/// A completed assessment. Gives its id.
pub fn assessed(client: &Client, case: &str, need: i64, strength: i64) -> String {
    let body = json!({"ratings": ratings(need, strength)});
    let id = client.post(&format!("/cases/{case}/assessments"), &body).expect(201).id();
    client.post_matching(&format!("/assessments/{id}/transitions"), "*", &json!({"to": "completed"})).expect(201);
    id
}

/// An open goal. Gives its id.
pub fn goal(client: &Client, case: &str) -> String {
    let body = json!({"life_domain": "language", "title": "Reach level B1", "target_on": "2999-01-01"});
    client.post(&format!("/cases/{case}/goals"), &body).expect(201).id()
}

/// A plan the person agreed to today. Gives its id.
pub fn agreed_plan(client: &Client, case: &str) -> String {
    let plan = client.post(&format!("/cases/{case}/plans"), &json!({"summary": "Language first."})).expect(201).id();
    client
        .post_matching(&format!("/plans/{plan}/transitions"), "*", &json!({"to": "agreed", "agreed_on": today()}))
        .expect(201);
    plan
}

/// Fulfils what stands between a case and its next state.
pub fn fulfil(client: &Client, case: &str, to: &str) {
    let status = client.get(&format!("/cases/{case}")).expect(200).json()["status"].clone();
    match (status.as_str().expect("a status"), to) {
        ("assessment", "planning") => drop(assessed(client, case, 2, 2)),
        ("planning", "active") => {
            goal(client, case);
            agreed_plan(client, case);
        }
        ("active", "evaluation") => {
            let open = client.get(&format!("/cases/{case}/goals?status=open")).expect(200).json();
            for goal in open["items"].as_array().expect("goals") {
                let moves = format!("/goals/{}/transitions", goal["id"].as_str().expect("an id"));
                client.post_matching(&moves, "*", &json!({"to": "achieved"})).expect(201);
            }
        }
        _ => {}
    }
}

/// The day after so many days.
pub fn in_days(days: u64) -> chrono::NaiveDate {
    approdo::clock::date_of(approdo::clock::now()) + chrono::Days::new(days)
}
