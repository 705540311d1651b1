//! Bad input derived from the contract: each member and parameter made wrong in each way its schema knows. Nothing of it is
//! accepted, nothing is a fault, and nothing in the database changes.

use std::sync::LazyLock;

use approdo::access::Role;
use approdo::server;
use serde_json::{Value, json};

use super::answer::{is_finished, keeps_the_contract};
use super::rows::Rows;
use super::spec::{Operation, operations, resolved, violations};
use super::stage::{Stage, call, fill};
use crate::both;
use crate::support::http::Answer;
use crate::support::{Client, World};

/// Rows of every table that a refused request must leave alone. Waiting and sequenced changes count together.
pub fn row_counts(world: &World) -> Vec<(&'static str, i64)> {
    use approdo_db::schema as s;
    use diesel::prelude::*;
    let database = server::open_database(&world.database.arguments()).expect("opens");
    let mut connection = server::connect(&database).expect("answers");
    macro_rules! counts {
        ($($table:ident),* $(,)?) => {
            vec![$((stringify!($table), s::$table::table.count().get_result(&mut connection).expect("counted"))),*]
        };
    }
    let mut counts: Vec<(&'static str, i64)> = counts![
        principals,
        users,
        api_clients,
        one_time_tokens,
        grants,
        grant_scopes,
        idempotency_keys,
        cases,
        case_transitions,
        tasks,
        task_transitions,
        appointments,
        pathways,
        pathway_templates,
        settings,
        deployment_keys,
        people,
        contacts,
        external_ids,
        households,
        household_members,
        case_household_members,
        relations,
        consents,
        person_name_words,
        organisations,
        services,
        service_verifications,
        service_capacities,
        programs,
        locations,
        service_at_locations,
        agreements,
        agreement_parties,
        referrals,
        referral_recipients,
        referral_packages,
        referral_pauses,
        transfers,
        transfer_records,
        transfer_requests,
        shared_accesses,
        partner_links,
        child_transitions,
        directory_sources,
        translations,
        networks,
        network_members,
        network_meetings,
        policy_documents,
        policy_measures,
        policy_measure_indicators,
        datasets,
        dataset_codes,
        dataset_slices,
        dataset_releases,
        observation_set_periods,
        observation_sets,
        observations,
        data_imports,
        data_import_rejections,
        indicators,
        observatories,
        observatory_entries,
        evaluation_rounds,
        evaluation_contributions,
        evaluation_themes,
        evaluation_placements,
        discrimination_reports,
        discrimination_report_grounds,
        discrimination_reporters,
        discrimination_report_messages,
        objectives,
        activities,
        activity_results,
        organisation_ancestors,
        territories,
        territory_codes,
        territory_events,
        territory_figures,
        territory_memberships,
        territory_parents,
        history,
        code_lists,
        code_list_versions,
        attachments,
        attachment_chunks,
        stray_objects,
    ];
    let changes: Vec<(&'static str, i64)> = counts![outbox, changes];
    counts.push(("changes and outbox", changes.iter().map(|(_, count)| count).sum()));
    counts
}

/// A caller who may do this; what is refused then is the input.
fn able(world: &World, operation: &Operation) -> Client {
    let resource = operation.path.split('/').nth(1).unwrap_or_default();
    match (operation.id, resource) {
        (_, "auth" | "status") => world.nobody(),
        ("create_partner_link_exchange" | "create_partner_link_answer", _) => world.nobody(),
        ("create_discrimination_report_submission" | "create_discrimination_report_follow_up", _) => world.nobody(),
        (_, "discrimination-reports") => world.nadia_anti_discrimination_officer(),
        ("create_code_list_version", _) => world.anna_system_administrator(),
        ("list_changes", _) => world.regional_sync_client(),
        ("list_workloads", _) => world.paolo_organisation_administrator(),
        ("list_audit_records" | "list_audit_seals", _) => world.giulia_auditor(),
        (
            _,
            "people"
            | "households"
            | "household-members"
            | "case-household-members"
            | "relations"
            | "contacts"
            | "cases"
            | "tasks"
            | "assessments"
            | "goals"
            | "plans"
            | "notes"
            | "appointments"
            | "pathways"
            | "attachments"
            | "legal-statuses"
            | "reminders"
            | "consents"
            | "referrals"
            | "transfers"
            | "transfer-requests"
            | "shared-accesses"
            | "partner-links"
            | "me"
            | "code-lists"
            | "code-list-versions",
        ) => world.maria_case_manager(),
        _ => world.anna_system_administrator(),
    }
}

/// The schema of a value once references and `oneOf [T, null]` are seen through.
fn plain(schema: &'static Value) -> &'static Value {
    let schema = resolved(schema);
    let variants = schema["oneOf"].as_array().map(Vec::as_slice).unwrap_or_default();
    match variants.iter().find(|variant| variant["type"] != "null") {
        Some(variant) => plain(variant),
        None => schema,
    }
}

/// Texts that the schema of a text does not have.
fn bad_texts(schema: &Value) -> Vec<Value> {
    let mut bad: Vec<Value> = vec![json!("\u{0}"), json!("x\u{0}y")];
    if let Some(max) = schema["maxLength"].as_u64() {
        let max = usize::try_from(max).expect("a length");
        bad.extend([json!("x".repeat(max + 1)), json!("ї".repeat(max + 1))]);
    }
    if schema["minLength"].as_u64().is_some_and(|min| min > 0) {
        bad.push(json!(""));
    }
    if schema.get("enum").is_some() {
        bad.extend([json!("no_such_value"), json!(""), json!("OPEN")]);
    }
    match schema["format"].as_str() {
        Some("uuid") => bad.extend(
            [
                "",
                "x",
                "01985b2e-0000-7000-8000-00000000000",
                "01985b2e000070008000000000000004",
                "{01985b2e-0000-7000-8000-000000000004}",
                "urn:uuid:01985b2e-0000-7000-8000-000000000004",
            ]
            .map(Value::from),
        ),
        Some("date") => bad.extend(
            [
                "",
                "2026-02-29",
                "2026-13-01",
                "2026-2-8",
                "+2026-02-08",
                "20260208",
                "2026-02-08T00:00:00Z",
                "08.02.2026",
                "12026-02-08",
                "-2026-02-08",
                " 2026-02-08",
            ]
            .map(Value::from),
        ),
        Some("email") => bad.extend(["", "x", "@", "a@", "a b@c.example"].map(Value::from)),
        _ => {}
    }
    if schema.get("pattern").is_some() {
        bad.extend([json!("§"), json!(" ")]);
    }
    bad
}

/// Values that this schema does not have.
fn bad_values(schema: &'static Value) -> Vec<Value> {
    let schema = plain(schema);
    let mut bad = vec![json!(null), json!({}), json!({"x": 1}), json!([[]])];
    match schema["type"].as_str() {
        Some("string") => {
            bad.extend([json!(1), json!(true), json!(1.5), json!(["x"])]);
            bad.extend(bad_texts(schema));
        }
        Some("integer") => {
            bad.extend([
                json!("1"),
                json!(1.5),
                json!(true),
                json!(1e300),
                json!(i64::MAX),
                json!(i64::MIN),
                json!(u64::MAX),
            ]);
            bad.extend(schema["minimum"].as_i64().map(|min| json!(min - 1)));
            bad.extend(schema["maximum"].as_i64().and_then(|max| max.checked_add(1)).map(|max| json!(max)));
        }
        Some("array") => {
            let items = plain(&schema["items"]);
            bad.extend([json!("x"), json!(1), json!([null]), json!([1]), json!([{}])]);
            bad.extend(bad_texts(items).into_iter().map(|item| json!([item])));
            if let Some(max) = schema["maxItems"].as_u64() {
                bad.push(json!(vec!["UA"; usize::try_from(max).expect("a length") + 1]));
            }
        }
        _ => bad.extend([json!("x"), json!(1), json!([])]),
    }
    bad
}

/// The object whose members a body has: of a union, the variant that the example is.
fn members(schema: &'static Value, body: &Value) -> &'static serde_json::Map<String, Value> {
    let variants = schema["oneOf"].as_array().map(Vec::as_slice).unwrap_or_default();
    let own = variants.iter().find(|variant| variant["properties"]["to"]["enum"][0] == body["to"]);
    static NONE: LazyLock<serde_json::Map<String, Value>> = LazyLock::new(serde_json::Map::new);
    own.unwrap_or(schema)["properties"].as_object().unwrap_or(&NONE)
}

#[track_caller]
fn is_refused(operation: &Operation, answer: &Answer, with: &str) {
    assert!((400..500).contains(&answer.status), "{} with {with}: {} {}", operation.id, answer.status, answer.text);
}

/// Sends each bad body; says how many.
fn bad_bodies(client: &Client, operation: &Operation, path: &str, base: &Value) -> usize {
    let Some((media_type, schema)) = operation.body() else { return 0 };
    let is_form = media_type == "application/x-www-form-urlencoded";
    let mut bodies = Vec::new();
    for (name, member) in members(schema, base) {
        let values = bad_values(member).into_iter();
        // A form has texts alone, and a member twice.
        let values = values.filter(|value| !is_form || value.is_string()).chain(is_form.then(|| json!(["a", "b"])));
        bodies.extend(values.map(|value| {
            let mut body = base.clone();
            body[name] = value;
            body
        }));
        let mut without = base.clone();
        without.as_object_mut().expect("an object").remove(name);
        bodies.push(without);
    }
    for (name, value) in [("no_such_member", json!("x")), ("\u{0}", json!("x")), ("", json!("x"))] {
        let mut body = base.clone();
        body[name] = value;
        bodies.push(body);
    }
    if !is_form {
        bodies.extend([json!([]), json!("x"), json!(1), json!(null), json!([base])]);
    }
    // What the schema takes is not bad, except for U+0000, which schemas cannot tell.
    bodies.retain(|body| body.to_string().contains("\\u0000") || !violations(schema, body).is_empty());
    for body in &bodies {
        let mut shown = body.to_string();
        shown.truncate(shown.floor_char_boundary(300));
        is_refused(operation, &call(client, operation, path, Some(body)), &shown);
    }
    bodies.len()
}

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Sends each bad query; says how many.
fn bad_queries(client: &Client, operation: &Operation, path: &str, body: Option<&Value>) -> usize {
    let mut queries = vec!["no_such_parameter=1".to_owned(), "no_such_parameter".to_owned(), "%00=1".to_owned()];
    for parameter in operation.parameters_in("query") {
        let schema = plain(parameter.schema);
        let bad = match schema["type"].as_str() {
            Some("string") => bad_texts(schema),
            Some("boolean") => ["maybe", "2", "tru"].map(Value::from).to_vec(),
            _ => ["x", "1.5", "1e3", "99999999999999999999", "-1", "0x10", "1001"].map(Value::from).to_vec(),
        };
        queries
            .extend(bad.iter().map(|value| format!("{}={}", parameter.name, escaped(value.as_str().expect("a text")))));
        let good = match (schema["enum"][0].as_str(), schema["format"].as_str(), schema["type"].as_str()) {
            (Some(value), ..) => value.to_owned(),
            (_, Some("uuid"), _) => uuid::Uuid::now_v7().to_string(),
            (_, Some("date"), _) => "2026-02-08".to_owned(),
            (_, _, Some("integer")) => "2".to_owned(),
            (_, _, Some("boolean")) => "true".to_owned(),
            _ => "x".to_owned(),
        };
        queries.push(format!("{0}={good}&{0}={good}", parameter.name));
        queries.push(format!("{}={good}", parameter.name.to_uppercase()));
    }
    for query in &queries {
        let answer = call(client, operation, &format!("{path}?{query}"), body);
        is_refused(operation, &answer, query);
        assert_eq!(answer.status, 400, "{} with {query}: {}", operation.id, answer.text);
    }
    queries.len()
}

/// Sends each bad path; says how many.
fn bad_paths(
    client: &Client,
    operation: &Operation,
    rows: &Rows<'_>,
    stage: &Stage<'_>,
    body: Option<&Value>,
) -> usize {
    let mut sent = 0;
    for parameter in operation.parameters_in("path") {
        let is_id = parameter.schema["format"] == "uuid";
        for bad in [
            "x",
            "0",
            "-1",
            "%20",
            "01985b2e-0000-7000-8000-00000000000",
            "01985b2e-0000-7000-8000-0000000000044",
            "01985b2e000070008000000000000004",
            "%7B01985B2E-0000-7000-8000-000000000004%7D",
            "urn:uuid:01985b2e-0000-7000-8000-000000000004",
            "%00",
            "..%2F..",
            "01985b2e-0000-7000-8000-00000000000g",
            "%F0%9F%A6%80",
        ] {
            // What an upsert takes is no bad path: it makes a row.
            if operation.method == "PUT" && violations(parameter.schema, &json!(bad)).is_empty() {
                continue;
            }
            let good = stage.path(operation, rows);
            let at =
                operation.path.split('/').position(|part| part == format!("{{{}}}", parameter.name)).expect("there");
            let path: Vec<&str> =
                good.split('/').enumerate().map(|(n, part)| if n == at { bad } else { part }).collect();
            let path = path.join("/");
            let headers =
                [("content-type", operation.body().map_or("text/plain", |(kind, _)| kind)), ("if-match", "*")];
            let text = body.map(Value::to_string);
            let answer = client.send(operation.method, &path, &headers, text.as_deref().map(str::as_bytes));
            is_refused(operation, &answer, &path);
            is_finished(&answer, &path);
            if is_id && !bad.contains("%2F") {
                assert_eq!(answer.status, 400, "{path}: {}", answer.text);
            }
            sent += 1;
        }
        if is_id {
            let nil = uuid::Uuid::nil().to_string();
            let absent = fill(operation, |name| if name == "language" { "uk".to_owned() } else { nil.clone() });
            let answer = call(client, operation, &absent, body);
            keeps_the_contract(operation, &answer);
            assert_eq!(answer.status, 404, "{absent}: {}", answer.text);
        }
    }
    sent
}

both! { in_a_sandbox:
    fn nothing_wrong_is_taken_and_nothing_changes(world: &World) {
        let stage = Stage::new(world);
        let rows = stage.in_udine();
        let mut total = 0;
        for operation in operations() {
            let client = able(world, &operation);
            let path = stage.path(&operation, &rows);
            let base = stage.body(&operation, &rows, Role::CaseManager);
            // A change on its way from the outbox to the feed would be counted in both.
            world.feed_settled();
            let before = row_counts(world);
            let bodies = base.as_ref().map_or(0, |base| bad_bodies(&client, &operation, &path, base));
            let queries = bad_queries(&client, &operation, &path, base.as_ref());
            let paths = bad_paths(&client, &operation, &rows, &stage, base.as_ref());
            assert_eq!(row_counts(world), before, "{} changed something", operation.id);
            println!("{}: {bodies} bad bodies, {queries} bad queries, {paths} bad paths", operation.id);
            total += bodies + queries + paths;
        }
        println!("{total} bad requests to {} operations", operations().len());
    }
}
