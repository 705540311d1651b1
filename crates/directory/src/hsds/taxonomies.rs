//! Code lists as HSDS's taxonomies: those by which services can be found.

use approdo_db::Connection;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::codes::lists;
use crate::error::{ApiError, ApiResult};
use crate::http::request::Language;

/// Standard types of services, and groups they are for.
pub const LISTS: [&str; 2] = ["service_types", "target_groups"];

/// A code as a term.
#[derive(Debug, Clone)]
pub struct Term {
    pub list: &'static str,
    pub code: String,
    pub name: String,
}

/// The id that what has a name, and no id, has in every deployment (RFC 9562, version 8: the beginning of a SHA-256).
pub fn named(parts: &[&str]) -> Uuid {
    let digest = Sha256::digest(parts.join("\u{0}").as_bytes());
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest.iter()).for_each(|(byte, of_digest)| *byte = *of_digest);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

pub fn taxonomy_id(list: &str) -> Uuid {
    named(&["code list", list])
}

pub fn term_id(list: &str, code: &str) -> Uuid {
    named(&["code", list, code])
}

fn taxonomy_of(connection: &mut Connection, list: &str, language: Language) -> ApiResult<Value> {
    let shown = lists::present(connection, list)?.shown(language)?;
    Ok(json!({
        "id": taxonomy_id(list),
        "name": list,
        "description": shown.source,
        "version": shown.version.to_string(),
    }))
}

pub fn taxonomies(connection: &mut Connection, language: Language) -> ApiResult<Vec<Value>> {
    LISTS.iter().map(|list| taxonomy_of(connection, list, language)).collect()
}

pub fn terms(connection: &mut Connection, language: Language) -> ApiResult<Vec<Term>> {
    let mut terms = Vec::new();
    for list in LISTS {
        let shown = lists::present(connection, list)?.shown(language)?;
        terms.extend(shown.items.into_iter().map(|code| Term { list, code: code.code, name: code.label }));
    }
    Ok(terms)
}

/// The list and code that a term's id stands for.
pub fn known(terms: &[Term], id: Uuid) -> Option<&Term> {
    terms.iter().find(|term| term_id(term.list, &term.code) == id)
}

impl Term {
    pub fn shown(&self, language: Language) -> Value {
        json!({
            "id": term_id(self.list, &self.code),
            "code": self.code,
            "name": self.name,
            "description": self.name,
            "taxonomy": self.list,
            "taxonomy_id": taxonomy_id(self.list),
            "language": language.as_str(),
        })
    }
}

/// The attributes that classify an entry.
pub fn attributes(terms: &[Term], language: Language, of: Uuid, codes: &[(&'static str, &str)]) -> Vec<Value> {
    let attribute = |(list, code): &(&'static str, &str)| {
        let term = terms.iter().find(|term| term.list == *list && term.code == *code)?;
        Some(json!({
            "id": named(&["attribute", &of.to_string(), list, code]),
            "link_id": of,
            "link_type": list,
            "link_entity": "service",
            "taxonomy_term_id": term_id(list, code),
            "taxonomy_term": term.shown(language),
        }))
    };
    codes.iter().filter_map(attribute).collect()
}

/// A taxonomy by its id; 404 where there is none.
pub fn list_of(id: Uuid) -> ApiResult<&'static str> {
    LISTS.into_iter().find(|list| taxonomy_id(list) == id).ok_or_else(ApiError::not_found)
}
