//! The contract: collected from the handlers, then finished in one place with what every operation shares: security, headers,
//! error answers, bounds. Per-handler listing of these would drift.

#![expect(
    clippy::indexing_slicing,
    reason = "a JSON object grows by assignment, and the document is one by construction"
)]

use std::collections::HashMap;

use actix_web::http::Method;
use serde_json::{Map, Value, json};
use utoipa::OpenApi as _;

use crate::app::{ContractPaths, MOUNT};
use crate::contents::media::{MAX_SIZE, MediaType};
use crate::discrimination::list::DiscriminationReportBox;
use crate::error::{FieldError, Problem, UnmetGuard};
use crate::objectives::types::ObjectiveEmbed;
use crate::observatory::indicators::charts::ChartForm;

/// Methods a path item may have.
const METHODS: [&str; 5] = ["get", "put", "post", "patch", "delete"];

#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(Problem<'static>, FieldError, UnmetGuard, ChartForm, ObjectiveEmbed, DiscriminationReportBox)))]
struct Shared;

/// The operations as the handlers describe them.
fn collected() -> utoipa::openapi::OpenApi {
    use utoipa_actix_web::AppExt as _;
    let (_, collected) = actix_web::App::new().into_utoipa_app().configure(crate::routes::contract).split_for_parts();
    let mut document = Shared::openapi();
    document.merge(collected);
    document
}

/// The whole contract, OpenAPI 3.1, as it is served and committed.
pub fn document() -> Value {
    let mut document = serde_json::to_value(collected()).unwrap_or_default();
    document["info"] = info();
    document["servers"] = json!([{
        "url": MOUNT,
        "description": "The deployment that serves this document.",
        "x-sandbox": true,
        "x-internal": false,
    }]);
    document["tags"] = tags();
    document["security"] = json!([{"bearer": []}, {"oauth": []}]);
    finish_components(&mut document);
    if let Some(paths) = document["paths"].as_object_mut() {
        for (path, item) in paths.iter_mut() {
            for method in METHODS {
                if let Some(operation) = item.get_mut(method) {
                    finish_operation(path, method, operation);
                }
            }
        }
    }
    bound(&mut document);
    document
}

/// The document as text, stable, with a newline at the end.
pub fn text() -> String {
    let mut text = serde_json::to_string_pretty(&document()).unwrap_or_default();
    text.push('\n');
    text
}

/// How the paths begin of what is kept on people: an erasure reaches it, a restriction stops it.
pub const OF_PEOPLE: &[&str] = &[
    "/people",
    "/cases",
    "/tasks",
    "/assessments",
    "/goals",
    "/plans",
    "/notes",
    "/appointments",
    "/pathways",
    "/attachments",
    "/legal-statuses",
    "/reminders",
    "/consents",
    "/referrals",
    "/transfers",
    "/transfer-requests",
    "/shared-accesses",
    "/partner-links",
    "/contacts",
    "/relations",
    "/household",
];

/// The contract as it is committed and served. It is collected from the handlers where it is printed, and compared in the tests:
/// collecting it at every start costs every process time and memory.
pub const COMMITTED: &str = include_str!("../openapi/openapi.json");

/// What the router needs of the contract.
#[derive(serde::Deserialize)]
struct Outline {
    paths: HashMap<String, HashMap<String, serde::de::IgnoredAny>>,
}

/// The paths with their methods, for 405 and OPTIONS.
pub fn paths() -> Result<ContractPaths, serde_json::Error> {
    let outline: Outline = serde_json::from_str(COMMITTED)?;
    let methods = |item: HashMap<String, serde::de::IgnoredAny>| {
        let offered = METHODS.iter().filter(|method| item.contains_key(**method));
        offered.filter_map(|method| Method::from_bytes(method.to_uppercase().as_bytes()).ok()).collect()
    };
    Ok(ContractPaths::new(outline.paths.into_iter().map(|(path, item)| (path, methods(item))).collect()))
}

fn info() -> Value {
    json!({
        "title": "Approdo",
        "version": env!("CARGO_PKG_VERSION"),
        "x-summary": "Integration management for municipalities, their unions and regions.",
        "description": "Case work for each newcomer, help desks, referral networks, training, plans and observatories through one \
            API.\n\nEvery error is `application/problem+json` (RFC 9457). Writes guard against lost updates with `ETag` and \
            `If-Match`, and against repetition with `Idempotency-Key`. Rows outside the caller's scope do not exist for it: 404. \
            Reads of personal data are recorded.",
        "termsOfService": "https://approdo.example/terms",
        "contact": {"name": "Approdo", "url": "https://approdo.example", "email": "api@approdo.example"},
        "license": {"name": "EUPL-1.2", "url": "https://eupl.eu/1.2/en/"},
    })
}

fn tags() -> Value {
    json!([
        {"name": "Access", "description": "Tokens, users, machine clients and grants."},
        {"name": "People", "description": "The people integration is about."},
        {"name": "Cases", "description": "Cases from intake to closing (domain 1-3)."},
        {"name": "Consents", "description": "What people have consented to, and what that covers (domain 51)."},
        {"name": "Tasks", "description": "What is to be done in a case."},
        {"name": "Plans", "description": "Assessments by life domain, goals, and the plans that were agreed with the person."},
        {"name": "Appointments", "description": "When somebody of the organisation and the person meet."},
        {"name": "Pathways", "description": "What newcomers of a target group go through after their arrival (domain K3): templates, and what was started."},
        {"name": "Directory", "description": "Organisations that take part, and their services."},
        {"name": "Observatory", "description": "Statistics: datasets, what is imported into them, and their observations."},
        {"name": "Evaluation", "description": "Observatories, what they watch and ask those concerned (domain 43, C8); objectives, and what came of them (C11)."},
        {"name": "Referrals", "description": "What one body asks another to do for a person, and how it ended."},
        {"name": "Transfers", "description": "Cases that go to another body, which answers for them once it has accepted, and requests for them (domain 15)."},
        {"name": "Shared accesses", "description": "Another body looks into chosen members of a case for a time (domain 15)."},
        {"name": "Agreements", "description": "Who may refer what to whom, and which data may travel."},
        {"name": "Policy documents", "description": "Acts and plans of public bodies, what of them is done for integration, and how that is followed (domain C3)."},
        {"name": "Networks", "description": "Networks of bodies: members in time, meetings, what went before (domain C6)."},
        {"name": "Discrimination", "description": "Reports of discrimination, with a name or without one, and what came of them (domain C9)."},
        {"name": "Territory", "description": "Territories, their codes and dated memberships (domain 39)."},
        {"name": "Code lists", "description": "Codes with labels in Italian, German and English."},
        {"name": "Sync", "description": "The change feed (domain 44)."},
        {"name": "Audit", "description": "Accesses and seals (domain 53)."},
        {"name": "Operations", "description": "Whether the service answers."},
    ])
}

fn header(description: &str, schema: Value) -> Value {
    json!({"description": description, "schema": schema})
}

fn text_schema(max: u32) -> Value {
    json!({"type": "string", "maxLength": max, "pattern": "^[ -~]*$"})
}

fn count_schema(max: i64) -> Value {
    json!({"type": "integer", "format": "int32", "minimum": 0, "maximum": max})
}

/// Headers every answer has.
const EVERYWHERE: [&str; 8] = [
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "RateLimit-Policy",
    "RateLimit",
    "Cache-Control",
    "Request-Id",
    "Access-Control-Allow-Origin",
];

/// The error answers: name, status, what they mean.
const PROBLEMS: [(&str, u16, &str); 15] = [
    ("MalformedRequest", 400, "The request cannot be read: JSON, path, query, cursor or header."),
    ("InvalidToken", 401, "No valid access token."),
    ("InsufficientScope", 403, "The caller may know it exists but not do this."),
    ("NotFound", 404, "Nothing here that the caller may know of."),
    ("NotAcceptable", 406, "No acceptable representation."),
    ("Conflict", 409, "The state refuses it; see `unmet_guards`."),
    (
        "Gone",
        410,
        "The cursor is older than the feed or of another history; or the link works no more, see `unmet_guards`.",
    ),
    ("PreconditionFailed", 412, "The resource has changed since it was read."),
    ("PayloadTooLarge", 413, "The body is too large."),
    ("UnsupportedMediaType", 415, "The body has another media type than the contract names."),
    ("Invalid", 422, "The content is not valid; see `errors`."),
    ("Restricted", 423, "The processing of the person's data is restricted (GDPR art. 18)."),
    ("PreconditionRequired", 428, "If-Match is missing."),
    ("TooManyRequests", 429, "A request limit is reached; wait as `Retry-After` says."),
    ("Unavailable", 503, "The service cannot answer just now; try again after `Retry-After`."),
];

fn finish_components(document: &mut Value) {
    let components = &mut document["components"];
    components["securitySchemes"] = json!({
        "bearer": {
            "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "An access token from POST /auth/token, a JWT as RFC 9068 and RFC 8725 ask for.",
        },
        "oauth": {
            "type": "oauth2",
            "description": "The same token, fetched by the documentation page: `password` for people, `clientCredentials` for machine clients.",
            "flows": {
                "password": {"tokenUrl": format!("{MOUNT}/auth/token"), "refreshUrl": format!("{MOUNT}/auth/token"), "scopes": {}},
                "clientCredentials": {"tokenUrl": format!("{MOUNT}/auth/token"), "scopes": {}},
            },
        },
    });
    components["headers"] = json!({
        "RateLimit-Limit": header("Requests a caller may send to this process in a window.", count_schema(2_147_483_647)),
        "RateLimit-Remaining": header("Requests left in this window.", count_schema(2_147_483_647)),
        "RateLimit-Reset": header("Seconds until the window ends.", count_schema(86_400)),
        "RateLimit-Policy": header("The window and its limit.", text_schema(100)),
        "RateLimit": header("What is left of the window.", text_schema(100)),
        "Cache-Control": header(
            "`no-store` for everything personal; `max-age` in seconds for what is not.", text_schema(100)),
        "Request-Id": header("The id of this request: the caller's, or a new one. `instance` of a problem carries it.", text_schema(64)),
        "Access-Control-Allow-Origin": header("Origins that may read the answer, where configured.", text_schema(300)),
        "ETag": header("`\"<version>.<view>\"`: send it in If-Match or If-None-Match.", text_schema(80)),
        "Location": header("The address of what was made.",
            json!({"type": "string", "format": "uri", "maxLength": 2048})),
        "Retry-After": header("Seconds to wait.", count_schema(86_400)),
        "Content-Disposition": header("The file's name, as RFC 8187 codes it.", text_schema(3_200)),
        "Content-Length": header("Bytes of the content.", count_schema(MAX_SIZE)),
        "Content-Security-Policy": header("That nothing in it may run.", text_schema(100)),
        "Repr-Digest": header("The content's SHA-256, as RFC 9530 writes it.", text_schema(100)),
        "WWW-Authenticate": header("How to authenticate.", text_schema(200)),
    });
    components["parameters"] = json!({
        "IfMatch": parameter("If-Match", "The `ETag` last read; `*` for whatever there is. Missing: 428; stale: 412.", 400, "\"3.0a1b2c3d4e5f\""),
        "IfNoneMatch": parameter("If-None-Match", "The `ETag` held: 304 where nothing changed.", 400, "\"3.0a1b2c3d4e5f\""),
        "IdempotencyKey": parameter("Idempotency-Key",
            "Makes the request repeatable for 24 hours: the same key and body have one effect. Required for machine clients.",
            66, "\"8e03978e-40d5-43e8-bc93-6894a57f9324\""),
        "AccessPurpose": parameter("Access-Purpose",
            "Why the data is accessed (GDPR art. 5): a code of `access_purposes`; `case_work` when absent. Cases with the `access_level` `audited` open only to requests that state it: others \
             get 403, and lists without them.", 64, "case_work"),
        "RequestId": parameter("Request-Id", "An id of yours for this request, for logs on both sides.", 64, "portal-4711"),
    });
    let mut responses = Map::new();
    for (name, status, description) in PROBLEMS {
        let mut headers: Map<String, Value> = shared_headers();
        if matches!(status, 429 | 503 | 409) {
            headers.insert("Retry-After".into(), json!({"$ref": "#/components/headers/Retry-After"}));
        }
        if matches!(status, 401 | 403) {
            headers.insert("WWW-Authenticate".into(), json!({"$ref": "#/components/headers/WWW-Authenticate"}));
        }
        responses.insert(name.into(), problem_response(description, headers));
    }
    responses.insert("Fault".into(), problem_response("A fault: logged, and nothing of it told.", shared_headers()));
    components["responses"] = Value::Object(responses);
}

fn problem_response(description: &str, headers: Map<String, Value>) -> Value {
    json!({
        "description": description,
        "headers": headers,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    })
}

fn shared_headers() -> Map<String, Value> {
    EVERYWHERE
        .iter()
        .map(|name| ((*name).to_owned(), json!({"$ref": format!("#/components/headers/{name}")})))
        .collect()
}

fn parameter(name: &str, description: &str, max: u32, example: &str) -> Value {
    json!({
        "name": name, "in": "header", "required": false, "description": description, "example": example,
        "schema": {"type": "string", "minLength": 1, "maxLength": max, "pattern": "^[ -~]+$"},
    })
}

/// Whether an operation makes something that an `Idempotency-Key` guards.
fn takes_key(path: &str, method: &str, operation: &Value) -> bool {
    let made = operation["responses"].get("201").is_some();
    method == "post" && made && operation.get("requestBody").is_some() && !path.starts_with("/auth/")
}

fn finish_operation(path: &str, method: &str, operation: &mut Value) {
    let gives_content = describe_content(operation);
    // A `security` of its own is the empty one: open to everyone.
    let open = operation.get("security").is_some();
    if open {
        operation["security"] = json!([]);
    }
    let key = takes_key(path, method, operation);
    let of_content = path.ends_with("/content");
    let conditional = matches!(method, "patch" | "delete")
        || ["/transitions", "/versions", "/forwards", "/extensions", "/anonymisations"]
            .iter()
            .any(|end| path.ends_with(end))
            && method == "post"
        || of_content && method == "put";
    // Made or edited, so the precondition is the sender's choice.
    let upsert = method == "put" && path.contains("/by-external-id/");
    let readable = method == "get" && (path.ends_with('}') || of_content);
    let has_body = operation.get("requestBody").is_some();
    let mut parameters: Vec<&str> = vec!["RequestId"];
    if !open {
        parameters.push("AccessPurpose");
    }
    if key {
        parameters.push("IdempotencyKey");
    }
    if conditional || upsert {
        parameters.push("IfMatch");
    }
    if readable {
        parameters.push("IfNoneMatch");
    }
    let mut all = operation["parameters"].as_array().cloned().unwrap_or_default();
    all.extend(parameters.iter().map(|name| json!({"$ref": format!("#/components/parameters/{name}")})));
    operation["parameters"] = Value::Array(all);
    if has_body {
        operation["requestBody"]["required"] = json!(true);
    }

    let mut statuses = vec![400, 406, 429, 500, 503];
    if !open {
        statuses.extend([401, 403]);
    }
    if path.contains('{') {
        statuses.push(404);
    }
    if has_body {
        statuses.extend([413, 415, 422]);
    }
    // What is asked by POST because the question does not belong in an address.
    let asks = ["/searches", "/checks"].iter().any(|end| path.ends_with(end));
    if method != "get" && !open && !asks {
        statuses.push(409);
    }
    if conditional {
        statuses.extend([412, 428]);
    }
    if upsert {
        statuses.push(412);
    }
    let of_people = OF_PEOPLE.iter().any(|start| path.starts_with(start));
    if of_people && method != "get" && !["/people", "/households", "/transfer-requests"].contains(&path) && !asks {
        statuses.push(423);
    }
    match path {
        "/changes" => statuses.push(410),
        // What another body would read of somebody whose data may not be worked with (GDPR art. 18).
        "/transfers/{transfer_id}/package" | "/shared-accesses/{shared_access_id}/package" => statuses.push(423),
        "/sandbox/clock" | "/catalog" => statuses.push(404),
        "/auth/token" => statuses.push(401),
        "/partner-links/exchanges" => statuses.extend([404, 410]),
        "/discrimination-reports/follow-ups" => statuses.push(404),
        "/partner-links/answers" => statuses.extend([404, 409, 410]),
        _ => {}
    }
    offer_streams(operation);
    if let Some(responses) = operation["responses"].as_object_mut() {
        for (status, response) in responses.iter_mut() {
            let mut headers = shared_headers();
            let versioned = readable || conditional || upsert || status == "201";
            if versioned && status != "204" && !path.starts_with("/auth/") {
                headers.insert("ETag".into(), json!({"$ref": "#/components/headers/ETag"}));
            }
            if gives_content && status == "200" {
                for name in OF_CONTENT {
                    headers.insert(name.into(), json!({"$ref": format!("#/components/headers/{name}")}));
                }
            }
            if status == "201" {
                headers.insert("Location".into(), json!({"$ref": "#/components/headers/Location"}));
            }
            response["headers"] = Value::Object(headers);
        }
        if readable {
            responses.insert(
                "304".into(),
                json!({"description": "The reader holds this representation.", "headers": shared_headers()}),
            );
        }
        for status in statuses {
            let name = PROBLEMS.iter().find(|(_, known, _)| *known == status).map_or("Fault", |(name, _, _)| *name);
            responses.insert(status.to_string(), json!({"$ref": format!("#/components/responses/{name}")}));
        }
    }
}

/// Headers of an answer that is a content.
const OF_CONTENT: [&str; 4] = ["Content-Disposition", "Content-Length", "Content-Security-Policy", "Repr-Digest"];

/// The media types of a content, where an operation says by `x-content` that it is `taken` or `given`, or which media types it takes, each
/// with the bytes it may have; the extension itself is not told.
/// Tells whether it is given.
fn describe_content(operation: &mut Value) -> bool {
    // Bytes as they are have no type in JSON Schema (OpenAPI 3.1, "Considerations for File Uploads").
    let of_type =
        |name: &str, most: i64| (name.to_owned(), json!({"schema": {"contentMediaType": name, "maxLength": most}}));
    let attached =
        || -> Map<String, Value> { MediaType::ALL.iter().map(|kind| of_type(kind.as_str(), MAX_SIZE)).collect() };
    let (content, description) = match operation.as_object_mut().and_then(|members| members.remove("x-content")) {
        Some(Value::String(direction)) if direction == "given" => {
            operation["responses"]["200"]["content"] = Value::Object(attached());
            return true;
        }
        Some(Value::String(_)) => (attached(), "The bytes, in the media type declared."),
        Some(Value::Object(types)) => {
            let bounded = |(name, most): (&String, &Value)| of_type(name, most.as_i64().unwrap_or_default());
            (types.iter().map(bounded).collect(), "The file.")
        }
        _ => return false,
    };
    operation["requestBody"] = json!({"description": description, "content": content});
    false
}

/// The media types of a list that says by `x-streams` what it streams; the extension itself is not told.
fn offer_streams(operation: &mut Value) {
    let Some(Value::String(item)) = operation.as_object_mut().and_then(|members| members.remove("x-streams")) else {
        return;
    };
    let stream = |description: String| json!({"schema": {"type": "string", "maxLength": 9_007_199_254_740_991_i64, "description": description}});
    let content = &mut operation["responses"]["200"]["content"];
    content["application/x-ndjson"] =
        stream(format!("The whole list: each line is a `{item}` as JSON and ends in a line feed."));
    content["text/csv"] = stream(format!(
        "The whole list as RFC 4180 has it, in UTF-8: a header, then a record for each `{item}`. Lists have a space between their \
         entries; what is absent or withheld is empty. A cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage return has an \
         apostrophe before it."
    ));
}

/// Bounds that a format implies, and closed variants of unions: serde closes them, the derive does not say so.
fn bound(value: &mut Value) {
    if let Some(object) = value.as_object_mut() {
        if object.get("type") == Some(&json!("string")) && !object.contains_key("maxLength") {
            let max = match object.get("format").and_then(Value::as_str) {
                Some("uuid") => Some(36),
                Some("date-time") => Some(35),
                Some("date") => Some(10),
                Some("uri" | "uri-reference") => Some(2048),
                _ => None,
            };
            if let Some(max) = max {
                object.insert("maxLength".into(), json!(max));
            }
        }
        nullable_as_union(object);
        if let Some(variants) = object.get_mut("oneOf").and_then(Value::as_array_mut) {
            for variant in variants {
                let tagged = variant.pointer("/properties/to").is_some();
                if let (true, Some(variant)) = (tagged, variant.as_object_mut()) {
                    variant.insert("additionalProperties".into(), json!(false));
                }
            }
        }
        for child in object.values_mut() {
            bound(child);
        }
    } else if let Some(array) = value.as_array_mut() {
        array.iter_mut().for_each(bound);
    }
}

/// `type: [T, null]` becomes `oneOf [T, null]`: generators understand that one alike.
fn nullable_as_union(schema: &mut Map<String, Value>) {
    let Some(types) = schema.get("type").and_then(Value::as_array) else { return };
    let Some(kind) = types.iter().find(|kind| **kind != json!("null")).filter(|_| types.len() == 2).cloned() else {
        return;
    };
    let description = schema.remove("description");
    let mut plain = std::mem::take(schema);
    plain.insert("type".into(), kind);
    schema.insert("oneOf".into(), json!([plain, {"type": "null"}]));
    if let Some(description) = description {
        schema.insert("description".into(), description);
    }
}
