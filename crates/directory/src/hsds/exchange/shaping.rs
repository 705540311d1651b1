//! Entries of a file in the words of our own requests. What the directory has no place for is named, and left out: docs/hsds-losses.md is
//! the list of it.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::codes::KnownCodes;
use crate::hsds::exchange::package::{Item, Members, text_of};
use crate::hsds::taxonomies::named;
use crate::http::path::is_language;

/// How a member of HSDS becomes one of ours.
#[derive(Clone, Copy)]
enum Form {
    Text,
    Whole,
    Time,
    /// A code of ISO 639 in small letters.
    Language,
    /// `physical`, `postal`, `virtual`.
    Place,
    Parts(&'static str),
}

use Form::{Language, Parts, Place, Text, Time, Whole};

/// What a member is called there, what here, and its form.
type Rule = (&'static str, &'static str, Form);

const SERVICE: &[Rule] = &[
    ("name", "name", Text),
    ("alternate_name", "alternate_name", Text),
    ("description", "description", Text),
    ("url", "url", Text),
    ("email", "email", Text),
    ("interpretation_services", "interpretation_services", Text),
    ("application_process", "application_process", Text),
    ("fees_description", "fees_description", Text),
    ("wait_time", "wait_time", Text),
    ("accreditations", "accreditations", Text),
    ("licenses", "licenses", Text),
    ("eligibility_description", "eligibility_description", Text),
    ("alert", "alert", Text),
    ("minimum_age", "minimum_age", Whole),
    ("maximum_age", "maximum_age", Whole),
    ("phones", "phones", Parts("phones")),
    ("schedules", "schedules", Parts("schedules")),
    ("service_areas", "service_areas", Parts("service_areas")),
    ("languages", "languages", Parts("languages")),
    ("funding", "funding", Parts("funding")),
    ("cost_options", "cost_options", Parts("cost_options")),
    ("required_documents", "required_documents", Parts("required_documents")),
    ("contacts", "contacts", Parts("contacts")),
];

const ORGANISATION: &[Rule] = &[
    ("name", "name", Text),
    ("alternate_name", "alternate_name", Text),
    ("description", "description", Text),
    ("email", "email", Text),
    ("website", "website", Text),
    ("uri", "uri", Text),
    ("logo", "logo", Text),
    ("year_incorporated", "year_incorporated", Whole),
    ("legal_status", "legal_status", Text),
    ("phones", "phones", Parts("phones")),
    ("contacts", "contacts", Parts("contacts")),
    ("funding", "funding", Parts("funding")),
];

const PROGRAM: &[Rule] =
    &[("name", "name", Text), ("alternate_name", "alternate_name", Text), ("description", "description", Text)];

const LOCATION: &[Rule] = &[
    ("location_type", "location_type", Place),
    ("name", "name", Text),
    ("alternate_name", "alternate_name", Text),
    ("description", "description", Text),
    ("transportation", "transportation", Text),
    ("url", "url", Text),
    ("addresses", "addresses", Parts("addresses")),
    ("phones", "phones", Parts("phones")),
    ("schedules", "schedules", Parts("schedules")),
    ("languages", "languages", Parts("languages")),
    ("accessibility", "accessibility", Parts("accessibility")),
    ("contacts", "contacts", Parts("contacts")),
];

const PLACEMENT: &[Rule] = &[
    ("description", "description", Text),
    ("phones", "phones", Parts("phones")),
    ("schedules", "schedules", Parts("schedules")),
    ("contacts", "contacts", Parts("contacts")),
];

/// The members of a part.
fn rules_of(list: &str) -> &'static [Rule] {
    match list {
        "phones" => &[
            ("number", "number", Text),
            ("extension", "extension", Whole),
            ("type", "type", Text),
            ("description", "description", Text),
            ("languages", "languages", Parts("languages")),
        ],
        "languages" => &[("code", "code", Language), ("name", "name", Text), ("note", "note", Text)],
        "contacts" => &[
            ("name", "name", Text),
            ("title", "title", Text),
            ("department", "department", Text),
            ("email", "email", Text),
            ("phones", "phones", Parts("phones")),
        ],
        "schedules" => &[
            ("valid_from", "valid_from", Text),
            ("valid_to", "valid_to", Text),
            ("dtstart", "dtstart", Text),
            ("timezone", "timezone", Whole),
            ("until", "until", Text),
            ("count", "count", Whole),
            ("wkst", "wkst", Text),
            ("freq", "freq", Text),
            ("interval", "interval", Whole),
            ("byday", "byday", Text),
            ("byweekno", "byweekno", Text),
            ("bymonthday", "bymonthday", Text),
            ("byyearday", "byyearday", Text),
            ("description", "description", Text),
            ("opens_at", "opens_at", Time),
            ("closes_at", "closes_at", Time),
            ("schedule_link", "schedule_link", Text),
            ("attending_type", "attending_type", Text),
            ("notes", "notes", Text),
        ],
        "service_areas" => &[
            ("name", "name", Text),
            ("description", "description", Text),
            ("extent", "extent", Text),
            ("extent_type", "extent_type", Text),
            ("uri", "uri", Text),
        ],
        "funding" => &[("source", "source", Text)],
        "cost_options" => &[
            ("valid_from", "valid_from", Text),
            ("valid_to", "valid_to", Text),
            ("option", "option", Text),
            ("amount_description", "amount_description", Text),
        ],
        "required_documents" => &[("document", "document", Text), ("uri", "uri", Text)],
        "addresses" => &[
            ("attention", "attention", Text),
            ("address_1", "address_1", Text),
            ("address_2", "address_2", Text),
            ("city", "city", Text),
            ("region", "region", Text),
            ("state_province", "state_province", Text),
            ("postal_code", "postal_code", Text),
            ("country", "country", Text),
            ("address_type", "address_type", Place),
        ],
        "accessibility" => &[
            ("description", "description", Text),
            // So in 1.x.
            ("accessibility", "description", Text),
            ("details", "details", Text),
            ("url", "url", Text),
        ],
        _ => &[],
    }
}

/// What a part is nothing without: a catalogue may have rows that tell no number, and say nothing.
const NEEDED: [(&str, &str); 4] =
    [("phones", "number"), ("languages", "code"), ("funding", "source"), ("required_documents", "document")];

/// An entry in our words, and the names of what was left out, each with the names of what it is in.
pub struct Shaped {
    pub members: Members,
    pub lost: BTreeSet<String>,
    /// A code of `service_types`, where the file names one.
    pub service_type: Option<String>,
    /// Codes of `target_groups`, where the file classifies by them.
    pub target_groups: Option<Vec<String>>,
}

struct Shaper {
    lost: BTreeSet<String>,
}

/// A service in our words, apart from its organisation and its program.
pub fn service(item: &Item, codes: &KnownCodes) -> Shaped {
    let mut source = item.members.clone();
    // Deprecated in 3.0, and the only one in 1.x.
    if !source.contains_key("fees_description")
        && let Some(fees) = source.remove("fees")
    {
        source.insert("fees_description".into(), fees);
    }
    rename(&mut source, "regular_schedules", "schedules");
    let attributes = source.remove("attributes");
    let status = source.remove("status").as_ref().and_then(text_of);
    let mut shaper = Shaper { lost: BTreeSet::new() };
    let mut members = shaper.members("", &item.id, &["id", "organization_id", "program_id"], SERVICE, source);
    if let Some(status) = status {
        members.insert("status".into(), status.replace(' ', "_").to_ascii_lowercase().into());
    }
    let (service_type, target_groups) = shaper.classified(attributes, codes);
    Shaped { members, lost: shaper.lost, service_type, target_groups }
}

/// A program in our words, apart from its organisation.
pub fn program(item: &Item) -> Shaped {
    let mut shaper = Shaper { lost: BTreeSet::new() };
    let members = shaper.members("", &item.id, &["id", "organization_id"], PROGRAM, item.members.clone());
    Shaped { members, lost: shaper.lost, service_type: None, target_groups: None }
}

/// A location in our words, apart from its organisation.
pub fn location(item: &Item) -> Shaped {
    let mut source = item.members.clone();
    rename(&mut source, "regular_schedules", "schedules");
    let mut shaper = Shaper { lost: BTreeSet::new() };
    let degrees = |value: Option<Value>, most: f64| {
        let degrees: Option<f64> = value.as_ref().and_then(text_of).and_then(|text| text.trim().parse().ok());
        degrees.filter(|degrees| degrees.abs() <= most)
    };
    let named = ["latitude", "longitude"].iter().any(|name| source.contains_key(*name));
    let (latitude, longitude) = (source.remove("latitude"), source.remove("longitude"));
    let mut members = shaper.members("", &item.id, &["id", "organization_id"], LOCATION, source);
    match (degrees(latitude, 90.0), degrees(longitude, 180.0)) {
        (Some(latitude), Some(longitude)) => {
            members.insert("latitude".into(), json!(latitude));
            members.insert("longitude".into(), json!(longitude));
        }
        // Points that are not on the earth, or half a point.
        _ if named => shaper.lost.extend(["latitude".to_owned(), "longitude".to_owned()]),
        _ => {}
    }
    Shaped { members, lost: shaper.lost, service_type: None, target_groups: None }
}

/// What is particular about a service at a location, in our words.
pub fn placement(item: &Item) -> Shaped {
    let mut shaper = Shaper { lost: BTreeSet::new() };
    let passed = ["id", "service_id", "location_id"];
    let members = shaper.members("", &item.id, &passed, PLACEMENT, item.members.clone());
    Shaped { members, lost: shaper.lost, service_type: None, target_groups: None }
}

/// An organisation in our words, apart from its kind and its place in the tree; of its identifiers only its code of the index of public
/// administrations.
pub fn organisation(item: &Item) -> Shaped {
    let mut source = item.members.clone();
    // So in 1.x.
    if !source.contains_key("website") {
        rename(&mut source, "url", "website");
    }
    let mut shaper = Shaper { lost: BTreeSet::new() };
    let ipa_code = source.get("organization_identifiers").and_then(Value::as_array).and_then(|identifiers| {
        let of_scheme = identifiers.iter().find(|one| one["identifier_scheme"] == "IT-IPA")?;
        text_of(&of_scheme["identifier"]).filter(|code| code.len() <= 20)
    });
    let passed: &[&str] = if ipa_code.is_some() { &["id", "organization_identifiers"] } else { &["id"] };
    let mut members = shaper.members("", &item.id, passed, ORGANISATION, source);
    members.extend(ipa_code.map(|code| ("ipa_code".to_owned(), code.into())));
    Shaped { members, lost: shaper.lost, service_type: None, target_groups: None }
}

fn rename(members: &mut Members, from: &str, to: &str) {
    if let Some(value) = members.remove(from) {
        members.entry(to).or_insert(value);
    }
}

impl Shaper {
    fn lose(&mut self, within: &str, name: &str) {
        self.lost.insert(if within.is_empty() { name.to_owned() } else { format!("{within}/{name}") });
    }

    /// The members that have a place here. `passed` are dealt with elsewhere.
    fn members(&mut self, within: &str, of: &str, passed: &[&str], rules: &[Rule], source: Members) -> Members {
        let mut members = Map::new();
        for (name, value) in source {
            if passed.contains(&name.as_str()) || value.is_null() || value.as_str().is_some_and(|t| t.trim().is_empty())
            {
                continue;
            }
            let rule = rules.iter().find(|(there, ..)| *there == name);
            let shaped = rule.and_then(|(_, here, form)| Some((*here, self.value(within, of, &name, *form, &value)?)));
            match shaped {
                Some((here, value)) => {
                    members.insert(here.to_owned(), value);
                }
                None => self.lose(within, &name),
            }
        }
        members
    }

    fn value(&mut self, within: &str, of: &str, name: &str, form: Form, value: &Value) -> Option<Value> {
        match form {
            Text => value.as_str().map(Value::from).or_else(|| text_of(value).map(Value::from)),
            Whole => whole(value).map(Value::from),
            Time => self.time(within, name, value),
            Language => {
                let code = text_of(value)?.to_ascii_lowercase();
                is_language(&code).then(|| code.into())
            }
            Place => {
                let place = text_of(value)?.to_ascii_lowercase();
                matches!(place.as_str(), "physical" | "postal" | "virtual").then(|| place.into())
            }
            Parts(list) => {
                let within = if within.is_empty() { list.to_owned() } else { format!("{within}/{list}") };
                let parts = value.as_array()?.iter().enumerate();
                Some(parts.filter_map(|(index, part)| self.part(&within, of, list, index, part)).collect())
            }
        }
    }

    fn part(&mut self, within: &str, of: &str, list: &str, index: usize, part: &Value) -> Option<Value> {
        let mut source = part.as_object()?.clone();
        let told = source.remove("id").as_ref().and_then(text_of);
        let id = told.as_deref().and_then(|id| Uuid::parse_str(id.trim()).ok()).unwrap_or_else(|| {
            // The same in each import, so that nothing seems to have changed.
            named(&["part", of, within, told.as_deref().unwrap_or_default(), &index.to_string()])
        });
        let money = (source.remove("amount"), source.remove("currency"));
        if list == "schedules" {
            weekly(&mut source);
        }
        let place = if list == "addresses" { Some("physical") } else { None };
        let mut members = self.members(within, &id.to_string(), &[], rules_of(list), source);
        if list == "cost_options" {
            self.cost(within, money, &mut members);
        }
        if let Some(place) = place {
            members.entry("address_type").or_insert_with(|| place.into());
        }
        if NEEDED.iter().any(|(of, needed)| *of == list && !members.contains_key(*needed)) {
            self.lose(within, "*");
            return None;
        }
        members.insert("id".into(), id.to_string().into());
        Some(Value::Object(members))
    }

    /// Local time with leading zeros. What it says of its zone is lost.
    fn time(&mut self, within: &str, name: &str, value: &Value) -> Option<Value> {
        let text = text_of(value)?;
        let text = text.trim();
        let end = text.find(|c: char| !c.is_ascii_digit() && c != ':').unwrap_or(text.len());
        let (clock, zone) = text.split_at(end);
        if !zone.is_empty() {
            self.lose(within, &format!("{name}/zone"));
        }
        Some(if clock.find(':') == Some(1) { format!("0{clock}") } else { clock.to_owned() }.into())
    }

    fn cost(&mut self, within: &str, (amount, currency): (Option<Value>, Option<Value>), members: &mut Members) {
        let amount = amount.as_ref().and_then(text_of).map(|text| cents(text.trim()));
        let currency = currency.as_ref().and_then(text_of).map(|text| text.trim().to_ascii_uppercase());
        match (amount, currency) {
            (Some(amount), Some(currency)) => {
                members.insert("amount".into(), json!({"amount": amount, "currency": currency}));
            }
            // An amount of nothing, or a currency without an amount.
            (Some(_), None) => self.lose(within, "amount"),
            (None, Some(_)) => self.lose(within, "currency"),
            (None, None) => {}
        }
    }

    /// The codes of ours that a service is classified by.
    fn classified(&mut self, attributes: Option<Value>, codes: &KnownCodes) -> (Option<String>, Option<Vec<String>>) {
        let (mut service_type, mut groups) = (None, Vec::new());
        for attribute in attributes.as_ref().and_then(Value::as_array).into_iter().flatten() {
            let term = &attribute["taxonomy_term"];
            let list = ["/taxonomy", "/taxonomy_detail/name"].iter().find_map(|at| text_of(term.pointer(at)?));
            match (list.as_deref(), text_of(&term["code"])) {
                (Some("service_types"), Some(code)) if codes.contains("service_types", &code) => {
                    service_type = Some(code);
                }
                (Some("target_groups"), Some(code)) if codes.contains("target_groups", &code) => groups.push(code),
                _ => self.lose("", "attributes"),
            }
        }
        (service_type, attributes.map(|_| groups))
    }
}

/// An amount with two places after the point where it has fewer: HSDS has it as a number, which forgets them.
fn cents(amount: &str) -> String {
    match amount.split_once('.') {
        None => format!("{amount}.00"),
        Some((whole, rest)) => format!("{whole}.{rest:0<2}"),
    }
}

/// A whole number, also where it is written as a text or as `12.0`.
fn whole(value: &Value) -> Option<i64> {
    let text = text_of(value)?;
    let text = text.trim();
    text.strip_suffix(".0").unwrap_or(text).parse().ok()
}

/// Opening hours as 1.x has them, one weekday a row, become weekly ones.
fn weekly(schedule: &mut Members) {
    const DAYS: [(&str, &str); 7] =
        [("mon", "MO"), ("tue", "TU"), ("wed", "WE"), ("thu", "TH"), ("fri", "FR"), ("sat", "SA"), ("sun", "SU")];
    let named = schedule.get("weekday").and_then(text_of).map(|day| day.trim().to_ascii_lowercase());
    let Some(day) = named.and_then(|named| DAYS.into_iter().find(|(begins, _)| named.starts_with(begins))) else {
        return;
    };
    schedule.remove("weekday");
    schedule.entry("freq").or_insert_with(|| "WEEKLY".into());
    schedule.entry("byday").or_insert_with(|| day.1.into());
}
