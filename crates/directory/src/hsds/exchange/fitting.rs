//! What a file tells of an organisation, held to the rules of one that is entered. Services stand on their organisation: apart from its
//! name, what does not fit is left out, and told.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use uuid::Uuid;
use validator::ValidateUrl as _;

use crate::directory::organisations::NewOrganisation;
use crate::error::ApiResult;
use crate::hsds::exchange::package::Members;
use crate::http::body::checked;
use crate::http::links;

/// Lists, and how many items each may have.
const MOST: [(&str, usize); 3] = [("phones", 20), ("contacts", 20), ("funding", 20)];
/// The same of a contact, and of a telephone.
const MOST_OF_PART: [(&str, usize); 2] = [("phones", 10), ("languages", 20)];

/// Leaves out what does not fit, and names it with the names of what it is in. The name of the organisation is not looked at.
pub fn fit(members: &mut Members, lost: &mut BTreeSet<String>) {
    shorten(members, &MOST, "", lost);
    while let Err(pointers) = held(members) {
        if pointers.iter().filter(|pointer| take(members, pointer, lost)).count() == 0 {
            // Something else than a member: the name is left.
            lost.extend(members.keys().filter(|name| *name != "name").cloned());
            members.retain(|name, _| name == "name");
            return;
        }
    }
}

/// Members that are links to elsewhere.
const LINKS: [&str; 3] = ["url", "uri", "schedule_link"];

/// Leaves out addresses that lead to no place on the web (`ftp:`, `urn:`), wherever they are, and names them; what an entry says besides
/// stands. A scheme is written in small letters here.
pub fn fit_links(members: &mut Members, within: &str, lost: &mut BTreeSet<String>) {
    for (name, value) in members.iter_mut() {
        match value {
            Value::String(text) if LINKS.contains(&name.as_str()) => {
                if let Some((scheme, rest)) = text.split_once(':') {
                    *text = format!("{}:{rest}", scheme.to_ascii_lowercase());
                }
                // What is no address at all is rejected as it would be when entered.
                if text.validate_url() && links::web_address(text).is_err() {
                    *value = Value::Null;
                    lost.insert(path(within, name));
                }
            }
            Value::Object(part) => fit_links(part, &path(within, name), lost),
            Value::Array(items) => {
                let within = path(&path(within, name), "*");
                items.iter_mut().filter_map(Value::as_object_mut).for_each(|item| fit_links(item, &within, lost));
            }
            _ => {}
        }
    }
    members.retain(|name, value| !(LINKS.contains(&name.as_str()) && value.is_null()));
}

/// Pointers to what does not fit.
fn held(members: &Members) -> Result<(), Vec<String>> {
    let mut whole = members.clone();
    // Of those that are told here, these are no matter of the file.
    for (name, value) in [("name", "x"), ("kind", "x"), ("parent_id", &Uuid::nil().to_string())] {
        whole.insert(name.into(), value.into());
    }
    let outcome: ApiResult<NewOrganisation> = checked(&whole);
    outcome.map(drop).map_err(|error| error.errors().iter().map(|one| one.pointer.clone()).collect())
}

/// Cuts lists that are too long, and those in their items.
fn shorten(members: &mut Members, most: &[(&str, usize)], within: &str, lost: &mut BTreeSet<String>) {
    for (name, most) in most {
        let Some(items) = members.get_mut(*name).and_then(Value::as_array_mut) else { continue };
        let within = path(within, name);
        if items.len() > *most {
            items.truncate(*most);
            lost.insert(path(&within, "*"));
        }
        for item in items.iter_mut().filter_map(Value::as_object_mut) {
            shorten(item, &MOST_OF_PART, &within, lost);
        }
    }
}

/// Takes away what a pointer leads to. Only a part that lacks something is taken whole, and it is the only one told of then: the places
/// behind it are others afterwards.
fn take(members: &mut Members, pointer: &str, lost: &mut BTreeSet<String>) -> bool {
    let Some((at, last)) = pointer.trim_start_matches('#').rsplit_once('/') else { return false };
    let names = at.split('/').filter(|step| !step.is_empty() && step.parse::<usize>().is_err());
    let within = names.fold(String::new(), |within, name| path(&within, name));
    let mut whole = Value::Object(std::mem::replace(members, Map::new()));
    let taken = match whole.pointer_mut(at) {
        Some(Value::Object(of)) => of.remove(last).map(|_| path(&within, last)),
        Some(Value::Array(items)) => {
            let place = last.parse().ok().filter(|place| *place < items.len());
            place.map(|place: usize| items.remove(place)).map(|_| path(&within, "*"))
        }
        _ => None,
    };
    if let Value::Object(whole) = whole {
        *members = whole;
    }
    let found = taken.is_some();
    lost.extend(taken);
    found
}

fn path(within: &str, name: &str) -> String {
    if within.is_empty() { name.to_owned() } else { format!("{within}/{name}") }
}
