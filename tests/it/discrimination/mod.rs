//! Reports of discrimination: taken, worked on, followed up, counted, forgotten.

mod keeping;
mod open;
mod sight;
mod statistics;
mod way;

use serde_json::{Value, json};

use crate::support::World;
use crate::support::http::{Answer, Client};

/// A report to Udine without a name.
pub fn told(world: &World) -> Value {
    json!({"organisation_id": world.fixture.comune_udine, "description": "The flat was let as soon as I said my name.",
        "occurred_on": "2026-03", "territory_id": world.fixture.udine, "area_of_life": "housing", "grounds": ["ethnic_origin", "religion"],
        "respondent_kind": "landlord", "reporter_role": "affected", "language": "it"})
}

/// The same with who reports, who lets their name be shared or does not.
pub fn told_by(world: &World, identity_may_be_shared: bool) -> Value {
    let mut report = told(world);
    report["reporter"] = json!({"name": "Wanjiru Invented", "contact": "+39 040 1234567", "preferred_language": "sw",
        "may_be_contacted": true, "identity_may_be_shared": identity_may_be_shared});
    report
}

/// The code of a report sent without a login.
pub fn submitted(world: &World, report: &Value) -> String {
    let answer = world.nobody().post("/discrimination-reports/submissions", report).expect(200);
    answer.json()["follow_up_code"].as_str().expect("a code").to_owned()
}

/// The id and the code of a report that Nadia takes.
pub fn taken(world: &World, report: &Value) -> (String, String) {
    let taken = world.nadia_anti_discrimination_officer().post("/discrimination-reports", report).expect(201);
    (taken.id(), taken.json()["follow_up_code"].as_str().expect("a code").to_owned())
}

/// What a code tells.
pub fn followed(world: &World, code: &str) -> Answer {
    world.nobody().post("/discrimination-reports/follow-ups", &json!({"follow_up_code": code}))
}

pub fn at(report: &str) -> String {
    format!("/discrimination-reports/{report}")
}

pub fn moved(client: &Client, report: &str, body: &Value) -> Answer {
    client.post_matching(&format!("{}/transitions", at(report)), "*", body)
}

pub fn triaged() -> Value {
    json!({"to": "triaged", "within_competence": false, "urgency": "high", "grounds": ["skin_colour", "religion"], "note": "Ours is not to judge."})
}

pub fn routed(world: &World, share_identity: bool) -> Value {
    json!({"to": "routed", "to_org_id": world.fixture.comune_trieste, "share_identity": share_identity, "note": "It happened there."})
}

/// A report that Nadia has routed to Trieste.
pub fn sent_to_trieste(world: &World, report: &Value, share_identity: bool) -> (String, String) {
    let (report, code) = taken(world, report);
    let nadia = world.nadia_anti_discrimination_officer();
    moved(&nadia, &report, &triaged()).expect(201);
    moved(&nadia, &report, &routed(world, share_identity)).expect(201);
    (report, code)
}

/// The names of guards that are not met.
pub fn unmet(answer: Answer) -> Vec<String> {
    let problem = answer.expect(409).json();
    let guards = problem["unmet_guards"].as_array().expect("guards");
    guards.iter().map(|guard| guard["guard"].as_str().expect("a name").to_owned()).collect()
}

/// The member that is complained of.
pub fn wrong_member(answer: Answer) -> String {
    answer.expect(422).json()["errors"][0]["pointer"].as_str().expect("a pointer").to_owned()
}

/// The ids of a list.
pub fn listed(client: &Client, query: &str) -> Vec<String> {
    let page = client.get(&format!("/discrimination-reports{query}")).expect(200).json();
    page["items"].as_array().expect("rows").iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
}

/// The names of an object's members.
pub fn members(object: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = object.as_object().expect("an object").keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}
