//! The contract as the tests read it: its operations, their bodies, parameters and answers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde_json::{Value, json};

/// The committed document.
pub fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| {
        serde_json::from_str(include_str!("../../../openapi/openapi.json")).expect("the contract is JSON")
    })
}

/// What a value is once its `$ref` is followed.
pub fn resolved(value: &'static Value) -> &'static Value {
    match value["$ref"].as_str() {
        Some(reference) => {
            let pointer = reference.strip_prefix('#').expect("references stay inside the document");
            resolved(document().pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere")))
        }
        None => value,
    }
}

/// One operation of the contract.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    pub id: &'static str,
    pub method: &'static str,
    pub path: &'static str,
    pub value: &'static Value,
}

/// A parameter, its reference followed.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    pub name: &'static str,
    pub place: &'static str,
    pub schema: &'static Value,
}

/// Every operation, in the order of the document.
pub fn operations() -> Vec<Operation> {
    let paths = document()["paths"].as_object().expect("paths");
    paths
        .iter()
        .flat_map(|(path, item)| {
            item.as_object().expect("a path item").iter().map(move |(method, value)| Operation {
                id: value["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path} has no operationId")),
                method: match method.as_str() {
                    "get" => "GET",
                    "post" => "POST",
                    "put" => "PUT",
                    "patch" => "PATCH",
                    "delete" => "DELETE",
                    other => panic!("{other} is no method of the contract"),
                },
                path,
                value,
            })
        })
        .collect()
}

/// The operation of this id.
pub fn operation(id: &str) -> Operation {
    operations().into_iter().find(|operation| operation.id == id).unwrap_or_else(|| panic!("no operation {id}"))
}

impl Operation {
    /// Whether it asks for no token.
    pub fn is_open(&self) -> bool {
        self.value["security"].as_array().is_some_and(Vec::is_empty)
    }

    /// The media type and schema of its body.
    pub fn body(&self) -> Option<(&'static str, &'static Value)> {
        let content = self.value["requestBody"]["content"].as_object()?;
        let (media_type, body) = content.iter().next().expect("a body has a media type");
        Some((media_type, resolved(&body["schema"])))
    }

    /// Whether its body is a file.
    pub fn takes_file(&self) -> bool {
        self.body().is_some_and(|(_, schema)| is_file(schema))
    }

    /// The example of its body, where that is not a file.
    pub fn example(&self) -> Option<Value> {
        let (_, schema) = self.body().filter(|(_, schema)| !is_file(schema))?;
        let example = schema.get("example").or_else(|| schema["examples"].get(0));
        Some(example.unwrap_or_else(|| panic!("the body of {} has no example", self.id)).clone())
    }

    pub fn parameters(&self) -> Vec<Parameter> {
        let list = self.value["parameters"].as_array().expect("parameters");
        list.iter()
            .map(resolved)
            .map(|parameter| Parameter {
                name: parameter["name"].as_str().expect("a name"),
                place: parameter["in"].as_str().expect("a place"),
                schema: resolved(&parameter["schema"]),
            })
            .collect()
    }

    /// Its parameters in this place.
    pub fn parameters_in(&self, place: &str) -> Vec<Parameter> {
        self.parameters().into_iter().filter(|parameter| parameter.place == place).collect()
    }

    /// Whether it takes this header.
    pub fn takes_header(&self, name: &str) -> bool {
        self.parameters_in("header").iter().any(|parameter| parameter.name.eq_ignore_ascii_case(name))
    }

    /// The status of its success.
    pub fn success(&self) -> u16 {
        let mut statuses = self.value["responses"].as_object().expect("answers").keys();
        let status = statuses.find(|status| status.starts_with('2')).expect("a success");
        status.parse().expect("a status")
    }

    /// Its answer with this status, as documented.
    pub fn answer(&self, status: u16) -> Option<&'static Value> {
        self.value["responses"].get(status.to_string()).map(resolved)
    }

    /// The schema of its answer with this status.
    pub fn answer_schema(&self, status: u16) -> Option<&'static Value> {
        let content = self.answer(status)?["content"].as_object()?;
        // What is told as a map as well is asked for as JSON.
        let body = content.get("application/json").or_else(|| content.values().next());
        body.map(|body| &body["schema"])
    }
}

/// Whether a schema stands for bytes as they are (OpenAPI 3.1, "Considerations for File Uploads").
pub fn is_file(schema: &Value) -> bool {
    schema.get("contentMediaType").is_some()
}

/// The validator of one schema of the contract, formats on. It is compiled once: it takes the whole document.
pub fn validator(schema: &Value) -> Arc<jsonschema::Validator> {
    static KNOWN: OnceLock<Mutex<HashMap<String, Arc<jsonschema::Validator>>>> = OnceLock::new();
    let mut known = KNOWN.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    known.entry(schema.to_string()).or_insert_with(|| Arc::new(compiled(schema))).clone()
}

fn compiled(schema: &Value) -> jsonschema::Validator {
    // OpenAPI 3.1 schemas are JSON Schema 2020-12; references point into the document's components.
    let root = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "components": {"schemas": document()["components"]["schemas"]},
        "allOf": [schema],
    });
    jsonschema::options()
        .should_validate_formats(true)
        .build(&root)
        .unwrap_or_else(|error| panic!("{schema} is not a schema: {error}"))
}

/// What is wrong with a value, by a schema of the contract.
pub fn violations(schema: &Value, value: &Value) -> Vec<String> {
    validator(schema).iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// Every object and array below a value with its pointer, itself included; examples are not schemas and left out.
pub fn walk(value: &'static Value, pointer: &str, visit: &mut dyn FnMut(&str, &'static Value)) {
    visit(pointer, value);
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if !["example", "examples", "default", "enum"].contains(&name.as_str())
                    || pointer.ends_with("/properties")
                {
                    walk(member, &format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1")), visit);
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, &format!("{pointer}/{index}"), visit);
            }
        }
        _ => {}
    }
}
