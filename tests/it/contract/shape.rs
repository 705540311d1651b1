//! Properties of the document itself: names, bounds, shared answers, and nothing that generators stumble over.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::spec::{self, document, operations, resolved, walk};

/// Fails with every complaint at once.
#[track_caller]
fn none(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}

/// The parts of the document that hold schemas: everything but its security schemes.
fn everywhere(visit: &mut dyn FnMut(&str, &'static Value)) {
    walk(&document()["paths"], "#/paths", visit);
    for part in ["schemas", "parameters", "headers", "responses"] {
        walk(&document()["components"][part], &format!("#/components/{part}"), visit);
    }
}

/// The schemas that `roots` reach, each once.
fn reached(roots: impl Iterator<Item = &'static Value>) -> Vec<(String, &'static Value)> {
    let mut waiting: Vec<(String, &'static Value)> = roots.map(|root| ("body".to_owned(), root)).collect();
    let (mut seen, mut found) = (BTreeSet::new(), Vec::new());
    while let Some((from, root)) = waiting.pop() {
        walk(root, &from, &mut |pointer, value| {
            found.push((pointer.to_owned(), value));
            if let Some(reference) = value["$ref"].as_str()
                && seen.insert(reference.to_owned())
            {
                waiting.push((reference.to_owned(), resolved(value)));
            }
        });
    }
    found
}

fn requests() -> Vec<(String, &'static Value)> {
    let bodies = operations().into_iter().filter_map(|operation| operation.value["requestBody"].get("content"));
    reached(bodies.flat_map(|content| content.as_object().expect("media types").values().map(|body| &body["schema"])))
}

fn answers() -> Vec<(String, &'static Value)> {
    let all = operations().into_iter().flat_map(|operation| {
        let statuses = operation.value["responses"].as_object().expect("answers").values().map(resolved);
        statuses.filter_map(|answer| answer["content"].as_object()).flat_map(|content| content.values())
    });
    reached(all.map(|body| &body["schema"]))
}

fn is_null(schema: &Value) -> bool {
    schema["type"] == "null"
}

fn is_type(schema: &Value, kind: &str) -> bool {
    schema["type"] == kind
}

#[test]
fn operation_ids_are_unique_and_named_by_what_they_do() {
    let verbs = ["list", "create", "read", "edit", "delete", "search", "revoke", "replace", "upsert"];
    let mut seen = BTreeSet::new();
    let mut complaints = Vec::new();
    for operation in operations() {
        if !seen.insert(operation.id) {
            complaints.push(format!("{} is there twice", operation.id));
        }
        let (verb, rest) = operation.id.split_once('_').unwrap_or((operation.id, ""));
        let snake = rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if !verbs.contains(&verb) || rest.is_empty() || !snake {
            complaints.push(format!("{} is not named list_…, create_…, read_… or the like", operation.id));
        }
        let fits = match operation.method {
            "GET" => matches!(verb, "list" | "read"),
            "PATCH" => verb == "edit",
            "DELETE" => verb == "delete",
            "PUT" => matches!(verb, "replace" | "upsert"),
            _ => matches!(verb, "create" | "search" | "revoke"),
        };
        if !fits {
            complaints.push(format!("{} is a {}", operation.id, operation.method));
        }
    }
    none(complaints);
}

#[test]
fn every_operation_is_described_tagged_and_secured() {
    let tags: Vec<&Value> = document()["tags"].as_array().expect("tags").iter().map(|tag| &tag["name"]).collect();
    assert!(document()["security"].as_array().is_some_and(|security| !security.is_empty()), "no default security");
    let mut complaints = Vec::new();
    for operation in operations() {
        let text = |name: &str| operation.value[name].as_str().unwrap_or_default().trim().to_owned();
        let (summary, description) = (text("summary"), text("description"));
        if summary.is_empty() {
            complaints.push(format!("{} has no summary", operation.id));
        }
        if description.is_empty() || description == summary || description.split_whitespace().count() < 3 {
            complaints.push(format!("{}: the description says no more than the summary", operation.id));
        }
        let own: Vec<&Value> = operation.value["tags"].as_array().map(|tags| tags.iter().collect()).unwrap_or_default();
        if own.is_empty() || own.iter().any(|tag| !tags.contains(tag)) {
            complaints.push(format!("{} has no tag of the document", operation.id));
        }
        if operation.value.get("security").is_some_and(|security| *security != json!([])) {
            complaints.push(format!("{} has a security of its own", operation.id));
        }
    }
    none(complaints);
}

#[test]
fn only_these_operations_are_open_to_everyone() {
    let open: Vec<&str> = operations().iter().filter(|operation| operation.is_open()).map(|o| o.id).collect();
    let known = [
        "create_password",
        "revoke_token",
        "create_token",
        "read_catalogue",
        "create_discrimination_report_follow_up",
        "create_discrimination_report_submission",
        "read_indicator_chart",
        "create_partner_link_answer",
        "create_partner_link_exchange",
        "read_status",
    ];
    assert_eq!(open, known);
}

#[test]
fn every_text_list_and_number_has_bounds() {
    let mut complaints = Vec::new();
    everywhere(&mut |pointer, schema| {
        let has = |name: &str| schema.get(name).is_some();
        if is_type(schema, "string") && !has("maxLength") && !has("enum") && !has("const") {
            complaints.push(format!("{pointer}: a string without maxLength"));
        }
        if is_type(schema, "array") && !(has("maxItems") && has("items")) {
            complaints.push(format!("{pointer}: an array without maxItems or items"));
        }
        let number = is_type(schema, "integer") || is_type(schema, "number");
        if number && !(has("format") && has("minimum") && has("maximum")) {
            complaints.push(format!("{pointer}: a number without format, minimum and maximum"));
        }
    });
    none(complaints);
}

#[test]
fn every_parameter_and_header_has_a_schema_and_a_description() {
    let mut complaints = Vec::new();
    let parameters = operations().into_iter().flat_map(|operation| {
        operation.value["parameters"]
            .as_array()
            .expect("parameters")
            .iter()
            .map(resolved)
            .map(move |p| (operation.id, p))
    });
    let headers = document()["components"]["headers"].as_object().expect("headers").values().map(|h| ("headers", h));
    for (of, parameter) in parameters.chain(headers) {
        if parameter["schema"].is_null() || parameter["description"].as_str().unwrap_or_default().is_empty() {
            complaints.push(format!("{of}: {parameter} lacks a schema or a description"));
        }
    }
    none(complaints);
}

#[test]
fn every_choice_is_a_text_as_it_is_sent() {
    let mut complaints = Vec::new();
    everywhere(&mut |pointer, schema| {
        for choice in schema["enum"].as_array().into_iter().flatten() {
            let text = choice.as_str().unwrap_or_default();
            // A sort may begin with a minus; a media type is written as it is registered (RFC 6838, 4.2).
            let plain = text.strip_prefix('-').unwrap_or(text);
            let media_type = plain.split_once('/').is_some_and(|(_, name)| !name.contains('/'));
            let further: &[u8] = if media_type { b"/.-" } else { b"" };
            // Days and frequencies are written as calendars write them (RFC 5545, 3.3.10).
            let of_calendars = pointer.ends_with("/Weekday") || pointer.ends_with("/Frequency");
            if of_calendars && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
                continue;
            }
            if plain.is_empty()
                || !plain.bytes().all(|byte| {
                    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || further.contains(&byte)
                })
            {
                complaints.push(format!("{pointer}: {choice}"));
            }
        }
    });
    none(complaints);
}

#[test]
fn no_type_is_a_list_of_types() {
    let mut complaints = Vec::new();
    everywhere(&mut |pointer, schema| {
        if schema["type"].is_array() && !pointer.ends_with("/properties") {
            complaints.push(pointer.to_owned());
        }
    });
    none(complaints);
}

#[test]
fn nothing_in_an_answer_can_be_null() {
    let nullable = answers().into_iter().filter(|(_, schema)| {
        let unions = ["oneOf", "anyOf"].into_iter().filter_map(|union| schema[union].as_array());
        is_null(schema) || unions.flatten().any(is_null) || schema["nullable"] == true
    });
    none(nullable.map(|(pointer, _)| pointer).collect());
}

#[test]
fn booleans_and_lists_in_requests_are_never_null() {
    let mut complaints = Vec::new();
    for (pointer, schema) in requests() {
        let variants: Vec<&Value> =
            ["oneOf", "anyOf"].into_iter().filter_map(|union| schema[union].as_array()).flatten().collect();
        let takes_null = variants.iter().any(|variant| is_null(variant));
        if takes_null && variants.iter().any(|variant| is_type(variant, "boolean") || is_type(variant, "array")) {
            complaints.push(pointer);
        }
    }
    none(complaints);
}

#[test]
fn every_object_in_a_request_is_closed() {
    let open = requests().into_iter().filter(|(_, schema)| {
        (is_type(schema, "object") || schema.get("allOf").is_some()) && schema["additionalProperties"] != false
    });
    none(open.map(|(pointer, _)| pointer).collect());
}

#[test]
fn paths_are_nouns_in_kebab_case() {
    let verbs =
        ["get", "list", "create", "update", "edit", "delete", "remove", "set", "add", "search", "find", "make", "do"];
    let mut complaints = Vec::new();
    for path in document()["paths"].as_object().expect("paths").keys() {
        for segment in path.split('/').skip(1) {
            if let Some(name) = segment.strip_prefix('{') {
                let name = name.strip_suffix('}').expect("a parameter");
                if !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') {
                    complaints.push(format!("{path}: {name} is not snake_case"));
                }
                continue;
            }
            let kebab = segment.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
            // RFC 7009 gives the revocation endpoint its name; a code list is a thing.
            let words = segment.replace("code-list-", "");
            if !kebab || words.split('-').any(|word| verbs.contains(&word)) {
                complaints.push(format!("{path}: {segment}"));
            }
        }
    }
    none(complaints);
}

#[test]
fn parameter_names_have_one_style() {
    let mut complaints = Vec::new();
    for operation in operations() {
        for parameter in operation.parameters() {
            let snake = parameter.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            let header = parameter.name.split('-').all(|word| word.starts_with(|c: char| c.is_ascii_uppercase()));
            let fits = match parameter.place {
                "header" => header && !parameter.name.starts_with("X-"),
                _ => snake,
            };
            if !fits {
                complaints.push(format!("{}: {} in {}", operation.id, parameter.name, parameter.place));
            }
        }
        let in_path: BTreeSet<&str> = operation.parameters_in("path").iter().map(|p| p.name).collect();
        let named: BTreeSet<&str> =
            operation.path.split('/').filter_map(|s| s.strip_prefix('{')?.strip_suffix('}')).collect();
        if in_path != named {
            complaints.push(format!("{}: the path names {named:?}, the parameters {in_path:?}", operation.id));
        }
    }
    none(complaints);
}

#[test]
fn property_and_schema_names_have_one_style() {
    let mut complaints = Vec::new();
    everywhere(&mut |pointer, value| {
        // A feature of GeoJSON has a member of this name (RFC 7946).
        if pointer.ends_with("/properties") && !pointer.ends_with("/properties/properties") {
            for name in value.as_object().expect("properties").keys() {
                let plain = name.strip_prefix('_').unwrap_or(name);
                if !plain.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_') {
                    complaints.push(format!("{pointer}/{name}"));
                }
            }
        }
    });
    for name in document()["components"]["schemas"].as_object().expect("schemas").keys() {
        if !name.starts_with(|c: char| c.is_ascii_uppercase()) || !name.bytes().all(|byte| byte.is_ascii_alphanumeric())
        {
            complaints.push(format!("the schema {name}"));
        }
    }
    none(complaints);
}

#[test]
fn every_operation_documents_the_shared_refusals() {
    let mut complaints = Vec::new();
    for operation in operations() {
        let mut wanted = vec![400, 429, 500, 503];
        if !operation.is_open() {
            wanted.extend([401, 403]);
        }
        if operation.path.contains('{') {
            wanted.push(404);
        }
        if operation.body().is_some() {
            wanted.extend([413, 415, 422]);
        }
        if operation.takes_header("If-Match") {
            wanted.push(412);
        }
        // What makes the row where there is none cannot demand that it was read.
        if operation.takes_header("If-Match") && operation.method != "PUT" {
            wanted.push(428);
        }
        for status in wanted {
            let content = operation.answer(status).map(|answer| &answer["content"]["application/problem+json"]);
            let is_problem = content.is_some_and(|body| body["schema"]["$ref"] == "#/components/schemas/Problem");
            if !is_problem {
                complaints.push(format!("{} does not document {status} as a problem", operation.id));
            }
        }
    }
    none(complaints);
}

#[test]
fn every_answer_documents_the_shared_headers() {
    let shared = ["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "Cache-Control", "Request-Id"];
    let mut complaints = Vec::new();
    for operation in operations() {
        for (status, answer) in operation.value["responses"].as_object().expect("answers") {
            let answer = resolved(answer);
            let lacks = |name: &&&str| answer["headers"].get(**name).is_none();
            for name in shared.iter().filter(lacks) {
                complaints.push(format!("{} {status} lacks {name}", operation.id));
            }
            if ["429", "503"].contains(&status.as_str()) && answer["headers"].get("Retry-After").is_none() {
                complaints.push(format!("{} {status} lacks Retry-After", operation.id));
            }
        }
    }
    none(complaints);
}

#[test]
fn every_reference_leads_somewhere() {
    let mut complaints = Vec::new();
    everywhere(&mut |pointer, value| {
        if let Some(reference) = value["$ref"].as_str()
            && reference.strip_prefix('#').and_then(|target| document().pointer(target)).is_none()
        {
            complaints.push(format!("{pointer}: {reference}"));
        }
    });
    none(complaints);
}

#[test]
fn every_body_has_an_example_that_is_valid() {
    let mut complaints = Vec::new();
    for operation in operations() {
        if let (Some(example), Some((_, schema))) = (operation.example(), operation.body()) {
            let wrong = spec::violations(schema, &example);
            complaints.extend(wrong.into_iter().map(|wrong| format!("{}: {wrong}", operation.id)));
        }
    }
    none(complaints);
}
