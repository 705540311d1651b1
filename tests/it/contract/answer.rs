//! What every answer owes: its documented status, headers, media type and a body that its schema knows.

use serde_json::Value;

use super::spec::{self, Operation};
use crate::support::http::Answer;

/// Headers that only some answers with this status have.
const OCCASIONAL: [&str; 3] = ["access-control-allow-origin", "retry-after", "www-authenticate"];

#[track_caller]
fn is_valid(schema: &'static Value, body: &Value, of: &str) {
    let wrong = spec::violations(schema, body);
    assert!(wrong.is_empty(), "{of}: {}\n{body}", wrong.join("; "));
}

/// Fails unless the answer is one that the contract documents for this operation.
#[track_caller]
pub fn keeps_the_contract(operation: &Operation, answer: &Answer) {
    let of = format!("{} {}", operation.id, answer.status);
    is_finished(answer, &of);
    let documented =
        operation.answer(answer.status).unwrap_or_else(|| panic!("{of} is not documented: {}", answer.text));
    for name in documented["headers"].as_object().expect("documented headers").keys().map(|n| n.to_ascii_lowercase()) {
        let owed = !OCCASIONAL.contains(&name.as_str())
            || (name == "retry-after" && matches!(answer.status, 429 | 503))
            || (name == "www-authenticate" && matches!(answer.status, 401 | 403));
        assert!(!owed || answer.headers.contains_key(&name), "{of} lacks the header {name}");
    }
    match operation.answer_schema(answer.status) {
        None => assert!(answer.text.is_empty(), "{of} has a body: {}", answer.text),
        Some(schema)
            if answer.status < 400
                && (spec::is_file(schema) || documented["content"].get("application/json").is_none()) =>
        {
            let media_type = answer.header("content-type").split(';').next().unwrap_or_default();
            assert!(documented["content"].get(media_type).is_some(), "{of} is not documented as {media_type}");
        }
        Some(schema) if answer.status < 400 => {
            assert_eq!(answer.header("content-type"), "application/json", "{of}");
            is_valid(schema, &answer.json(), &of);
        }
        Some(_) => {}
    }
}

/// Fails unless the answer has the shared headers, and is a problem where it is not a success.
#[track_caller]
pub fn is_finished(answer: &Answer, of: &str) {
    for name in
        ["request-id", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "ratelimit", "cache-control"]
    {
        assert!(!answer.header(name).is_empty(), "{of} lacks the header {name}");
    }
    if answer.status >= 400 && !answer.text.is_empty() {
        assert_eq!(answer.header("content-type"), "application/problem+json", "{of}: {}", answer.text);
        let problem = answer.json();
        is_valid(&spec::document()["components"]["schemas"]["Problem"], &problem, of);
        assert_eq!(problem["status"], answer.status, "{of}");
        assert!(
            problem["instance"].as_str().is_some_and(|at| at.ends_with(answer.header("request-id"))),
            "{of}: {problem}"
        );
    }
}
