//! What a file of HSDS says, whatever its form: organisations, programs, locations, services, and which service is given where.

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::error::{ApiError, ApiResult};
use crate::http::body::refuse_null_characters;

/// Entries a file may have: they are written in one transaction.
const MOST: usize = 5_000;

pub type Members = Map<String, Value>;

/// An entry of a file, under the names of HSDS, with what belongs to it.
#[derive(Debug, Clone)]
pub struct Item {
    /// Where it is: a pointer (RFC 6901), or the name of a table and a line.
    pub at: String,
    /// What it is called there; empty where it has no id.
    pub id: String,
    pub members: Members,
}

/// A file, its entries in their order.
#[derive(Debug, Default)]
pub struct Package {
    pub organisations: Vec<Item>,
    pub programs: Vec<Item>,
    pub locations: Vec<Item>,
    pub services: Vec<Item>,
    /// Services at locations: `service_id` and `location_id` are among the members.
    pub placements: Vec<Item>,
    /// Tables that nothing is read from.
    pub ignored: Vec<String>,
}

/// The text that stands for a value, where one does: numbers are ids in some catalogues.
pub fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

impl Item {
    pub fn new(at: String, members: Members) -> Self {
        let id = members.get("id").and_then(text_of).unwrap_or_default();
        Self { at, id, members }
    }

    pub fn text(&self, member: &str) -> Option<String> {
        self.members.get(member).and_then(text_of)
    }

    /// By what others of the file refer to it: where it is, if it has no id.
    pub fn key(&self) -> &str {
        if self.id.is_empty() { &self.at } else { &self.id }
    }
}

/// Takes an entry out of one that it is nested in, which refers to it from then on by nothing else.
fn taken_out(members: &mut Members, name: &str, at: &str) -> Option<Item> {
    let mut nested = members.get_mut(name)?.as_object_mut().map(std::mem::take)?;
    members.remove(name);
    let reference = format!("{name}_id");
    if nested.get("id").and_then(text_of).is_none()
        && let Some(id) = members.get(&reference).and_then(text_of)
    {
        nested.insert("id".into(), id.into());
    }
    let item = Item::new(format!("{at}/{name}"), nested);
    members.insert(reference, item.key().into());
    Some(item)
}

/// Says whose an entry is that does not say it.
fn belongs(members: &mut Members, organisation: &str) {
    if members.get("organization_id").and_then(text_of).is_none() {
        members.insert("organization_id".into(), organisation.into());
    }
}

impl Package {
    /// Reads JSON: a list of full services, an object that holds one as `contents`, `services` or `items`, or one service.
    pub fn of_json(bytes: &[u8]) -> ApiResult<Self> {
        let malformed = |error: serde_json::Error| {
            ApiError::malformed(format!("the body is not JSON: line {}, column {}", error.line(), error.column()))
        };
        refuse_null_characters(bytes)?;
        let (services, at) = match serde_json::from_slice(bytes).map_err(malformed)? {
            Value::Array(services) => (services, "#".to_owned()),
            Value::Object(mut whole) => {
                let list = ["contents", "services", "items"]
                    .into_iter()
                    .find_map(|name| Some((whole.get_mut(name)?.as_array_mut().map(std::mem::take)?, name)));
                match list {
                    Some((services, name)) => (services, format!("#/{name}")),
                    None => (vec![Value::Object(whole)], String::new()),
                }
            }
            _ => return Err(ApiError::invalid_content("holds no list of services")),
        };
        let mut package = Self::default();
        let mut seen = Seen::default();
        for (index, service) in services.into_iter().enumerate() {
            let at = if at.is_empty() { "#".to_owned() } else { format!("{at}/{index}") };
            let Value::Object(members) = service else {
                return Err(ApiError::invalid_content(format!("holds something else than a service at {at}")));
            };
            package.take_service(at, members, &mut seen);
        }
        package.checked()
    }

    /// Takes a full service apart.
    fn take_service(&mut self, at: String, mut members: Members, seen: &mut Seen) {
        if let Some(mut organisation) = taken_out(&mut members, "organization", &at) {
            let programs = organisation.members.remove("programs");
            for (index, program) in programs.and_then(|all| all.as_array().cloned()).into_iter().flatten().enumerate() {
                let Value::Object(mut program) = program else { continue };
                belongs(&mut program, organisation.key());
                seen.programs(Item::new(format!("{}/programs/{index}", organisation.at), program), &mut self.programs);
            }
            seen.organisations(organisation, &mut self.organisations);
        }
        if let Some(mut program) = taken_out(&mut members, "program", &at) {
            if let Some(organisation) = members.get("organization_id").and_then(text_of) {
                belongs(&mut program.members, &organisation);
            }
            seen.programs(program, &mut self.programs);
        }
        let given = members.remove("service_at_locations");
        let service = Item::new(at, members);
        for (index, one) in given.and_then(|given| given.as_array().cloned()).into_iter().flatten().enumerate() {
            let Value::Object(mut members) = one else { continue };
            let at = format!("{}/service_at_locations/{index}", service.at);
            if let Some(location) = taken_out(&mut members, "location", &at) {
                seen.locations(location, &mut self.locations);
            }
            members.insert("service_id".into(), Value::String(service.id.clone()));
            self.placements.push(Item::new(at, members));
        }
        self.services.push(service);
    }

    /// 422 for more than is taken at once.
    pub fn checked(self) -> ApiResult<Self> {
        let all = [&self.organisations, &self.programs, &self.locations, &self.services, &self.placements];
        if all.iter().map(|items| items.len()).sum::<usize>() > MOST {
            return Err(ApiError::invalid_content(format!("holds more than {MOST} entries: send it in parts")));
        }
        Ok(self)
    }
}

/// Organisations, programs and locations that were told before: each service of a full list repeats them.
#[derive(Default)]
struct Seen {
    organisations: HashSet<String>,
    programs: HashSet<String>,
    locations: HashSet<String>,
}

impl Seen {
    fn organisations(&mut self, item: Item, into: &mut Vec<Item>) {
        if self.organisations.insert(item.key().to_owned()) {
            into.push(item);
        }
    }

    fn programs(&mut self, item: Item, into: &mut Vec<Item>) {
        if self.programs.insert(item.key().to_owned()) {
            into.push(item);
        }
    }

    fn locations(&mut self, item: Item, into: &mut Vec<Item>) {
        if self.locations.insert(item.key().to_owned()) {
            into.push(item);
        }
    }
}
