//! Whatever is done with one person's case in whatever order: nobody reads a member that was not sent to it, and nobody makes a move that
//! is not its own (domain 11 to 15).

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use super::network::{Body, Network, moved};
use crate::both;
use crate::support::Client;
use crate::support::planning::in_days;

/// The members whose values are told apart from everything else, with where each is written.
const MEMBERS: [(&str, &str); 10] = [
    ("given_name", "person"),
    ("family_name", "person"),
    ("given_name_latin", "person"),
    ("family_name_latin", "person"),
    ("email", "person"),
    ("health_needs", "person"),
    ("person_notes", "person"),
    ("case_summary", "case"),
    ("contacts", "contact"),
    ("goals", "goal"),
];

/// The states that somebody may try to move a referral to.
const STATES: [&str; 14] = [
    "requested",
    "received",
    "accepted",
    "declined",
    "info_requested",
    "waitlisted",
    "scheduled",
    "no_show",
    "in_progress",
    "completed",
    "not_completed",
    "closed",
    "cancelled",
    "entered_in_error",
];

/// Who moves a referral from one state to another, as domain 11 says; said here once more, apart from the product.
fn mover(from: &str, to: &str) -> Option<&'static str> {
    let over = ["declined", "closed", "cancelled", "consent_revoked", "entered_in_error", "expired"];
    match (from, to) {
        ("draft", "requested") | ("info_requested", "received") | ("completed" | "not_completed", "closed") => {
            Some("sender")
        }
        ("requested", "received")
        | ("received", "accepted" | "declined" | "info_requested")
        | ("accepted", "waitlisted" | "scheduled")
        | ("waitlisted", "scheduled" | "in_progress")
        | ("scheduled", "in_progress" | "no_show")
        | ("no_show", "scheduled" | "not_completed")
        | ("in_progress", "completed" | "not_completed") => Some("receiver"),
        (from, "cancelled" | "entered_in_error") if !over.contains(&from) => Some("sender"),
        _ => None,
    }
}

#[derive(Debug, Clone)]
enum Step {
    /// The person's record, or what belongs to it, is written anew.
    Rewrite(usize),
    Refer(Vec<&'static str>),
    Move {
        by_sender: bool,
        which: usize,
        to: &'static str,
    },
    /// The way that leads on, where there is one.
    Advance(usize),
    Forward(usize, Vec<&'static str>),
    Propose(Vec<&'static str>),
    EndProposal {
        by_sender: bool,
    },
    Share(Vec<&'static str>),
    Revoke,
    Withdraw,
}

fn fields() -> impl Strategy<Value = Vec<&'static str>> {
    subsequence(MEMBERS.iter().map(|(member, _)| *member).collect::<Vec<_>>(), 0..5)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (0..MEMBERS.len()).prop_map(Step::Rewrite),
        3 => fields().prop_map(Step::Refer),
        4 => (any::<bool>(), 0..3_usize, select(STATES.to_vec())).prop_map(|(by_sender, which, to)| Step::Move { by_sender, which, to }),
        6 => (0..3_usize).prop_map(Step::Advance),
        3 => (0..3_usize, fields()).prop_map(|(which, fields)| Step::Forward(which, fields)),
        2 => fields().prop_map(Step::Propose),
        1 => any::<bool>().prop_map(|by_sender| Step::EndProposal { by_sender }),
        2 => fields().prop_map(Step::Share),
        1 => Just(Step::Revoke),
        1 => Just(Step::Withdraw),
    ]
}

/// What is going on, and what each receiver may know of it.
struct Scene<'n, 'w> {
    network: &'n Network<'w>,
    consent: String,
    contact: String,
    goal: String,
    /// Every value that a member has had.
    written: BTreeMap<&'static str, Vec<String>>,
    /// To each of the two receivers: the members that were ever sent there.
    sent: [BTreeSet<&'static str>; 2],
    /// Referrals with whose inbox they are in, and the members they say.
    referrals: Vec<(String, usize, Vec<&'static str>)>,
    transfer: Option<String>,
    access: Option<String>,
    count: u32,
}

impl<'n, 'w> Scene<'n, 'w> {
    fn new(network: &'n Network<'w>) -> Self {
        let all =
            ["identity", "contact", "family", "legal", "health", "case", "assessment", "plan", "notes", "documents"];
        let consent =
            network.consents(&json!({"purposes": ["referral"], "data_categories": all, "onward_sharing": true}));
        let contact = json!({"kind": "phone", "value": "+39 0432 000000", "safe_to_contact": true});
        let contact = network.maria.post(&format!("/people/{}/contacts", network.person), &contact).expect(201).id();
        let goal = json!({"life_domain": "work", "title": "A goal"});
        let goal = network.maria.post(&format!("/cases/{}/goals", network.case), &goal).expect(201).id();
        let mut scene = Self {
            network,
            consent,
            contact,
            goal,
            written: BTreeMap::new(),
            sent: [BTreeSet::new(), BTreeSet::new()],
            referrals: Vec::new(),
            transfer: None,
            access: None,
            count: 0,
        };
        (0..MEMBERS.len()).for_each(|which| scene.rewrites(which));
        scene
    }

    fn receivers(&self) -> [&'n Body; 2] {
        [&self.network.school, &self.network.association]
    }

    fn rewrites(&mut self, which: usize) {
        let (member, place) = MEMBERS[which];
        self.count += 1;
        // Letters alone: what is found is this and nothing else.
        let word: String = format!("{:04}", self.count).bytes().map(|digit| char::from(digit - b'0' + b'A')).collect();
        let value =
            format!("ZQ{word}QZ{}", member.bytes().next().map(char::from).unwrap_or_default().to_ascii_uppercase());
        let (path, body) = match place {
            "person" => {
                let member = if member == "person_notes" { "notes" } else { member };
                let value = if member == "email" { format!("{value}@example.org") } else { value.clone() };
                (format!("/people/{}", self.network.person), json!({member: value}))
            }
            "case" => (format!("/cases/{}", self.network.case), json!({"summary": value})),
            "contact" => (format!("/contacts/{}", self.contact), json!({"label": value})),
            _ => (format!("/goals/{}", self.goal), json!({"title": value})),
        };
        self.network.maria.patch(&path, "*", &body).expect(200);
        self.written.entry(member).or_default().push(value);
    }

    fn status(&self, referral: &str) -> String {
        self.network.status(referral)
    }

    /// Tries a move in the name of a side; whoever may not make it is refused.
    fn tries(&self, which: usize, by_sender: bool, to: &str) {
        let Some((referral, receiver, _)) = self.referrals.get(which) else { return };
        let from = self.status(referral);
        let receiver = self.receivers()[*receiver];
        let tried = if by_sender {
            moved(&self.network.maria, referral, &with_needs(to))
        } else {
            receiver.moves(referral, to)
        };
        let mine = mover(&from, to) == Some(if by_sender { "sender" } else { "receiver" });
        if tried.status == 201 {
            assert!(mine, "{from} to {to}, by the sender: {by_sender}");
            assert_eq!(self.status(referral), to);
        } else {
            assert!(matches!(tried.status, 403 | 404 | 409 | 422), "{}: {}", tried.status, tried.text);
            assert_eq!(self.status(referral), from);
        }
    }

    fn goes(&mut self, step: Step) {
        let network = self.network;
        match step {
            Step::Rewrite(which) => self.rewrites(which),
            Step::Refer(fields) => {
                if self.referrals.len() > 2 {
                    return;
                }
                let mut new = network.referral_to(&[&network.school.service]);
                new["package_fields"] = json!(fields);
                let referral = network.maria.post("/referrals", &new).expect(201).id();
                if moved(&network.maria, &referral, &json!({"to": "requested"})).status == 201 {
                    self.sent[0].extend(&fields);
                    self.referrals.push((referral, 0, fields));
                }
            }
            Step::Move { by_sender, which, to } => self.tries(which, by_sender, to),
            Step::Advance(which) => {
                let Some((referral, ..)) = self.referrals.get(which) else { return };
                let to = match self.status(referral).as_str() {
                    "requested" => "received",
                    "received" => "accepted",
                    "accepted" | "waitlisted" | "no_show" => "scheduled",
                    "scheduled" => "in_progress",
                    "in_progress" => "completed",
                    _ => return,
                };
                self.tries(which, false, to);
            }
            Step::Forward(which, fields) => {
                let Some((referral, 0, had)) = self.referrals.get(which).cloned() else { return };
                let new = json!({"service_id": network.association.service, "reason": "They have a place.", "package_fields": fields});
                let forwards = format!("/referrals/{referral}/forwards");
                let answer = network.school.worker.post_matching(&forwards, "*", &new);
                if answer.status == 201 {
                    assert!(fields.iter().all(|field| had.contains(field)), "{fields:?} of {had:?}");
                    self.sent[1].extend(&fields);
                    let id = answer.json()["id"].as_str().expect("the child").to_owned();
                    self.referrals.push((id, 1, fields));
                }
            }
            Step::Propose(fields) => {
                let new = json!({"case_id": network.case, "to_org_id": network.school.organisation, "reason": "Closer to home.",
                    "package_fields": fields, "legal_basis": "public_task"});
                let answer = network.maria.post("/transfers", &new);
                if answer.status == 201 {
                    self.sent[0].extend(&fields);
                    self.transfer = Some(answer.id());
                }
            }
            Step::EndProposal { by_sender } => {
                let Some(transfer) = self.transfer.take() else { return };
                let moves = format!("/transfers/{transfer}/transitions");
                let (who, body) = if by_sender {
                    (&network.maria, json!({"to": "withdrawn"}))
                } else {
                    (&network.school.worker, json!({"to": "rejected", "note": "Full."}))
                };
                who.post_matching(&moves, "*", &body).expect(201);
                who.get(&format!("/transfers/{transfer}/package")).expect(404);
            }
            Step::Share(fields) => {
                let new = json!({"case_id": network.case, "to_org_id": network.association.organisation, "reason": "Follows the goals.",
                    "package_fields": fields, "legal_basis": "public_task", "expires_on": in_days(30)});
                let answer = network.maria.post("/shared-accesses", &new);
                if answer.status == 201 {
                    self.sent[1].extend(&fields);
                    self.access = Some(answer.id());
                }
            }
            Step::Revoke => {
                let Some(access) = self.access.take() else { return };
                let moves = format!("/shared-accesses/{access}/transitions");
                network.maria.post_matching(&moves, "*", &json!({"to": "revoked"})).expect(201);
                network.association.worker.get(&format!("/shared-accesses/{access}/package")).expect(404);
            }
            Step::Withdraw => {
                network.withdraws(&self.consent);
                for (referral, receiver, _) in &self.referrals {
                    let left = self.status(referral);
                    if left == "consent_revoked" {
                        self.receivers()[*receiver].worker.get(&format!("/referrals/{referral}/package")).expect(404);
                    }
                }
            }
        }
    }

    /// Everything that the two can read holds nothing but what was sent to them, and each package what it says.
    fn holds(&self) {
        for (which, body) in self.receivers().into_iter().enumerate() {
            let mut read = String::new();
            for client in [&body.worker, &body.system] {
                self.rows(client, &mut read);
            }
            read += &body.system.get("/changes?limit=1000").expect(200).text;
            for (member, values) in &self.written {
                for value in values.iter().filter(|_| !self.sent[which].contains(member)) {
                    assert!(!read.contains(value.as_str()), "{member} reached receiver {which}: {read}");
                }
            }
        }
    }

    fn rows(&self, client: &Client, read: &mut String) {
        let network = self.network;
        for path in [
            format!("/cases/{}", network.case),
            format!("/people/{}", network.person),
            format!("/goals/{}", self.goal),
            format!("/contacts/{}", self.contact),
        ] {
            let answer = client.get(&path);
            assert!(matches!(answer.status, 403 | 404), "{path}: {}", answer.status);
            *read += &answer.text;
        }
        for list in ["/referrals", "/transfers", "/transfer-requests", "/shared-accesses", "/cases"] {
            let page = client.get(list);
            *read += &page.text;
            if page.status != 200 || list == "/cases" {
                continue;
            }
            for row in page.json()["items"].as_array().expect("rows") {
                let at = format!("{list}/{}", row["id"].as_str().expect("an id"));
                for path in [at.clone(), format!("{at}/transitions"), format!("{at}/package")] {
                    let answer = client.get(&path);
                    *read += &answer.text;
                    if path.ends_with("/package") && answer.status == 200 {
                        let content = answer.json()["content"].clone();
                        let said = &row["package_fields"];
                        for member in content.as_object().expect("members").keys() {
                            let says = said.as_array().expect("members").iter().any(|field| field == member);
                            assert!(says, "{path} holds {member}, says {said}");
                        }
                    }
                }
            }
        }
    }
}

fn with_needs(to: &str) -> Value {
    let mut body = json!({"to": to});
    match to {
        "scheduled" => body["scheduled_at"] = json!("2030-01-11T09:00:00Z"),
        "completed" => body["outcome_code"] = json!("enrolled"),
        "not_completed" => body["outcome_code"] = json!("unreachable"),
        "declined" => body["outcome_code"] = json!("capacity"),
        "info_requested" | "cancelled" | "entered_in_error" => body["note"] = json!("As agreed on the telephone."),
        _ => {}
    }
    body
}

both! {
    fn nobody_reads_what_was_not_sent_to_it_nor_moves_for_another_whatever_is_done(world: &World) {
        let config = Config { cases: 4, failure_persistence: None, max_shrink_iters: 0, ..Config::default() };
        let tried = TestRunner::new(config).run(&prop::collection::vec(step(), 10..18), |steps| {
            let network = Network::new(world);
            let all = ["identity", "contact", "family", "legal", "health", "case", "assessment", "plan", "notes", "documents"];
            for body in [&network.school, &network.association] {
                network.agree(body, &json!({"data_categories": all}));
            }
            let agreed = json!({"organisation_id": network.school.organisation, "data_categories": all,
                "parties": [{"organisation_id": network.school.organisation, "may_send": true},
                    {"organisation_id": network.association.organisation, "may_receive": true}]});
            network.agree(&network.association, &agreed);
            let mut scene = Scene::new(&network);
            for step in steps {
                scene.goes(step);
                scene.holds();
            }
            Ok(())
        });
        tried.unwrap_or_else(|failed| panic!("{failed}"));
    }
}
