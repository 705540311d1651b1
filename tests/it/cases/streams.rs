//! Lists as NDJSON and CSV: what is in them, what is recorded, and how they end.

use std::collections::{BTreeSet, HashSet};
use std::io::{BufRead as _, BufReader};
use std::time::Duration;

use approdo::cases::types::CaseRow;
use approdo::clock;
use approdo_db::schema::{access_records, cases};
use diesel::prelude::*;
use serde_json::{Value, json};

use crate::both;
use crate::support::World;
use crate::support::http::{Answer, Client};
use crate::support::seed::{self, Seeded};

const NDJSON: &str = "application/x-ndjson";
const CSV: &str = "text/csv";

fn asked(client: &Client, address: &str, accept: &str) -> Answer {
    client.send("GET", address, &[("accept", accept)], None)
}

fn rows(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
}

fn table(text: &str) -> (Vec<String>, Vec<csv::StringRecord>) {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().expect("a header").iter().map(str::to_owned).collect();
    (header, reader.records().map(|record| record.expect("a record")).collect())
}

/// Texts that formats are known to spoil.
const TITLES: [&str; 16] = [
    "plain",
    "Олена Шевчук",
    "محمد العربي",
    "王小明",
    "नेहा शर्मा",
    "Đặng Thị Hồng",
    "Ğülşen Iıİi",
    "👩‍👧 👨🏿‍🦱",
    "e\u{301}",
    "say \"hello\", twice",
    "two\nlines",
    "two\r\nlines",
    " leading and trailing ",
    "\u{200f}right to left",
    "a;b\tc",
    "it's",
];
const FORMULAS: [&str; 6] = ["=1+1", "+39 0432", "-5", "@SUM(A1)", "\ttab", "\rreturn"];

/// One case with a task for each title.
fn titled(world: &World) -> Vec<&'static str> {
    let person = seed::person(world.fixture.comune_udine, world.fixture.udine, clock::now());
    let case = seed::case_of(&person);
    let titles: Vec<&str> = TITLES.iter().chain(&FORMULAS).copied().collect();
    let tasks = titles.iter().map(|title| seed::task_of(&case, title)).collect();
    seed::put(world, &[(person, Seeded { case, tasks, plans: Vec::new(), statuses: Vec::new() })]);
    titles
}

/// Ids of the rows that reads of cases were recorded with.
fn recorded(world: &World, operation: &str) -> HashSet<Vec<u8>> {
    let records: Vec<(Option<approdo_db::types::RowId>, Option<Vec<u8>>)> = access_records::table
        .filter(access_records::operation.eq(operation))
        .select((access_records::resource_id, access_records::packed_ids))
        .load(&mut world.connection())
        .expect("the records");
    let single = |id: approdo_db::types::RowId| vec![id.0.as_bytes().to_vec()];
    let packed = |ids: Vec<u8>| ids.chunks_exact(16).map(<[u8]>::to_vec).collect();
    records.into_iter().flat_map(|(one, many)| one.map(single).or(many.map(packed)).unwrap_or_default()).collect()
}

/// A stream read as slowly as the test likes.
fn opened(client: &Client, path: &str, accept: &str) -> BufReader<impl std::io::Read + use<>> {
    let agent: ureq::Agent = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(60))).build().into();
    let request = agent
        .get(format!("{}{path}", client.mount()))
        .header("authorization", format!("Bearer {}", client.token()))
        .header("accept", accept);
    BufReader::with_capacity(512, request.call().expect("an answer").into_body().into_reader())
}

/// The whole lines a stream gives, and whether it ended as a whole.
fn drained(mut stream: impl std::io::BufRead) -> (Vec<String>, bool) {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        match stream.read_line(&mut line) {
            Ok(0) => return (lines, true),
            Ok(_) if line.ends_with('\n') => lines.push(line),
            Ok(_) | Err(_) => return (lines, false),
        }
    }
}

both! {
    fn a_stream_of_several_chunks_is_the_whole_list_whatever_limit_and_cursor_say(world: &World) {
        let expected: BTreeSet<String> = seed::many(world, 2_500, "s").iter().map(|case| case.id.to_string()).collect();
        let maria = world.maria_case_manager();
        let cursor = maria.get("/cases?limit=1").expect(200).json()["next_cursor"].as_str().expect("more").to_owned();
        for query in ["", "?limit=1", &format!("?limit=2&cursor={cursor}")] {
            let answer = asked(&maria, &format!("/cases{query}"), NDJSON).expect(200);
            assert_eq!(answer.header("content-type"), NDJSON);
            assert_eq!(answer.header("cache-control"), "no-store");
            let ids: Vec<String> =
                rows(&answer.text).iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect();
            assert_eq!((ids.len(), ids.iter().cloned().collect::<BTreeSet<_>>()), (2_500, expected.clone()));
        }
        let answer = asked(&maria, "/cases", CSV).expect(200);
        assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8; header=present");
        let (header, records) = table(&answer.text);
        assert_eq!((header.first().map(String::as_str), records.len()), (Some("id"), 2_500));
        assert_eq!(answer.text.matches("public_ref").count(), 1, "one header");
        assert_eq!(answer.text.matches("\r\n").count(), 2_501);
    }

    fn a_line_is_the_row_as_a_page_has_it_and_a_record_says_the_same(world: &World) {
        let case = world.case_in_udine();
        for client in [world.maria_case_manager(), world.regional_sync_client(), world.paolo_organisation_administrator()] {
            let row = client.get("/cases").expect(200).json()["items"][0].clone();
            assert_eq!(row["id"], case);
            let lines = rows(&asked(&client, "/cases", NDJSON).expect(200).text);
            assert_eq!(lines, std::slice::from_ref(&row));
            let (header, records) = table(&asked(&client, "/cases", CSV).expect(200).text);
            assert_eq!(records.len(), 1);
            for (name, cell) in header.iter().zip(&records[0]) {
                let told = match &row[name] {
                    Value::Null => String::new(),
                    Value::String(text) => text.clone(),
                    Value::Array(list) => list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
                    other => other.to_string(),
                };
                assert_eq!(*cell, told, "{name}");
            }
            let members = row.as_object().expect("a row").keys();
            assert!(members.into_iter().all(|name| header.contains(name)), "{header:?}");
        }
    }

    fn what_grants_hide_is_named_in_both_formats(world: &World) {
        world.case_in_udine();
        let sync = world.regional_sync_client();
        let line = &rows(&asked(&sync, "/cases", NDJSON).expect(200).text)[0];
        assert_eq!((line.get("summary"), &line["withheld_fields"]), (None, &json!(["summary"])));
        let paolo = asked(&world.paolo_organisation_administrator(), "/cases", CSV).expect(200);
        assert!(!paolo.text.contains("looks for housing") && !paolo.text.contains("public_task"), "{}", paolo.text);
        let (header, records) = table(&paolo.text);
        let cell = |name: &str| &records[0][header.iter().position(|column| column == name).expect("a column")];
        assert_eq!(cell("withheld_fields"), "person_id household_id external_ids legal_basis arrived_on summary");
        assert_eq!((cell("person_id"), cell("legal_basis"), cell("summary")), ("", "", ""));
    }

    fn foreign_ids_are_one_cell(world: &World) {
        let maria = world.maria_case_manager();
        let person = maria.post("/people", &world.person_in_udine()).expect(201).id();
        let ids = json!([{"system": "social_records", "value": "UD-1"}, {"system": "other", "value": "X.2"}]);
        maria.post("/cases", &json!({"person_id": person, "target_group": "worker", "external_ids": ids})).expect(201);
        let (_, records) = table(&asked(&maria, "/cases?fields=external_ids", CSV).expect(200).text);
        assert!(records[0].iter().any(|cell| cell == "other:X.2 social_records:UD-1"), "{records:?}");
    }

    fn fields_narrow_lines_and_columns(world: &World) {
        world.case_in_udine();
        let maria = world.maria_case_manager();
        let line = &rows(&asked(&maria, "/cases?fields=status,public_ref", NDJSON).expect(200).text)[0];
        let members: Vec<&String> = line.as_object().expect("a row").keys().collect();
        assert_eq!(members, ["id", "public_ref", "status", "version", "withheld_fields"]);
        let (header, _) = table(&asked(&maria, "/cases?fields=status,public_ref", CSV).expect(200).text);
        assert_eq!(header, ["id", "public_ref", "status", "version", "withheld_fields"]);
        asked(&maria, "/cases?fields=secret", CSV).expect(400);
    }

    fn an_empty_list_is_a_header_or_nothing(world: &World) {
        let maria = world.maria_case_manager();
        assert_eq!(asked(&maria, "/tasks", NDJSON).expect(200).text, "");
        let text = asked(&maria, "/tasks", CSV).expect(200).text;
        assert_eq!(text, "id,case_id,title,description,due_on,assignee_id,status,version,created_at,updated_at,goal_id\r\n");
    }

    fn texts_in_every_script_survive_and_formulas_are_neutralised(world: &World) {
        let titles = titled(world);
        let maria = world.maria_case_manager();
        let lines = rows(&asked(&maria, "/tasks", NDJSON).expect(200).text);
        let told: Vec<&str> = lines.iter().map(|line| line["title"].as_str().expect("a title")).collect();
        assert_eq!(told, titles);
        let (header, records) = table(&asked(&maria, "/tasks", CSV).expect(200).text);
        let at = header.iter().position(|name| name == "title").expect("a column");
        let cells: Vec<&str> = records.iter().map(|record| &record[at]).collect();
        let neutral = FORMULAS.map(|formula| format!("'{formula}"));
        let expected: Vec<&str> = TITLES.iter().copied().chain(neutral.iter().map(String::as_str)).collect();
        assert_eq!(cells, expected);
    }

    fn accept_chooses_the_format(world: &World) {
        world.case_in_udine();
        let maria = world.maria_case_manager();
        for list in ["/cases", "/tasks"] {
            let chosen = |accept: &str| asked(&maria, list, accept).expect(200).header("content-type").to_owned();
            assert_eq!(maria.get(list).expect(200).header("content-type"), "application/json");
            for accept in [
                "*/*", "application/*", "application/json, text/csv", "text/csv;q=0.5, application/json",
                "application/xml, */*;q=0.1",
            ] {
                assert_eq!(chosen(accept), "application/json", "{accept}");
            }
            for accept in [NDJSON, "APPLICATION/X-NDJSON", "application/json;q=0.4, application/x-ndjson;q=0.5"] {
                assert_eq!(chosen(accept), NDJSON, "{accept}");
            }
            for accept in [CSV, "text/*", "text/csv, */*", "application/json;q=0, */*;q=0.2, text/csv"] {
                assert_eq!(chosen(accept), "text/csv; charset=utf-8; header=present", "{accept}");
            }
            for accept in ["application/xml", "text/html", "text/csv;q=0", "application/ndjson"] {
                asked(&maria, list, accept).expect(406);
            }
        }
        // Others are JSON alone, and a refusal comes before the choice.
        for other in ["/people/searches", "/organisations", "/me"] {
            let method = if other == "/people/searches" { "POST" } else { "GET" };
            let headers = [("accept", CSV), ("content-type", "application/json")];
            let body = (method == "POST").then_some(b"{\"family_name\":\"x\"}".as_slice());
            maria.send(method, other, &headers, body).expect(406);
        }
        asked(&world.nobody(), "/cases", "application/xml").expect(401);
        asked(&world.caller("elena_observatory_analyst"), "/cases", CSV).expect(403);
    }

    fn what_a_stream_shows_is_recorded_as_accessed(world: &World) {
        let cases: HashSet<Vec<u8>> =
            seed::many(world, 1_100, "s").iter().map(|case| case.id.0.as_bytes().to_vec()).collect();
        asked(&world.maria_case_manager(), "/cases", NDJSON).expect(200);
        assert_eq!(recorded(world, "list_cases"), cases);
        titled(world);
        asked(&world.maria_case_manager(), "/tasks", CSV).expect(200);
        let of_tasks = recorded(world, "list_tasks_of_all_cases");
        assert!(of_tasks.len() == 1 && of_tasks.is_disjoint(&cases), "the case of the tasks");
    }

    fn rights_lost_in_mid_stream_end_it(world: &World) {
        // More than the sockets between the two can hold.
        let total = seed::many(world, 7_000, &"x".repeat(4_000)).len();
        let fixture = &world.fixture;
        let over = json!({"role": "case_manager", "organisation_id": fixture.comune_udine, "territory_ids": [fixture.udine]});
        let (client, _, grant) = world.another_client(&over);
        let mut stream = opened(&client, "/cases", NDJSON);
        let mut first = String::new();
        stream.read_line(&mut first).expect("a line");
        serde_json::from_str::<Value>(&first).expect("a row");
        std::thread::sleep(Duration::from_millis(300));
        let before = recorded(world, "list_cases").len();
        assert!((1_000..total).contains(&before), "{before} of {total} are on their way");
        // While the reader pauses nothing is borrowed from the pool.
        let idle = (0..100).any(|_| {
            std::thread::sleep(Duration::from_millis(20));
            let metrics = world.nobody().get("//metrics").text;
            metrics.lines().any(|line| line.starts_with("approdo_database_connections_busy 0"))
        });
        assert!(idle, "a connection is held");
        world.withdraw(&grant);
        let (lines, whole) = drained(stream);
        assert!(!whole, "it ended as if it were the whole");
        let got = lines.len() + 1;
        assert!(got < total && got <= before, "{got} rows, {before} recorded");
        assert_eq!(recorded(world, "list_cases").len(), before, "no chunk was read after that");
    }

    fn a_fault_in_mid_stream_breaks_the_connection(world: &World) {
        let cases = seed::many(world, 1_200, "s");
        // Newest first, so the oldest id of the day comes last.
        let last = cases.iter().map(|case: &CaseRow| case.id).min().expect("cases");
        diesel::update(cases::table.find(last))
            .set(cases::status.eq("no such state"))
            .execute(&mut world.connection())
            .expect("spoilt");
        let maria = world.maria_case_manager();
        for accept in [NDJSON, CSV] {
            let (lines, whole) = drained(opened(&maria, "/cases", accept));
            assert!(!whole, "{accept} ended as if it were the whole");
            assert!((1_000..=1_001).contains(&lines.len()), "{} lines of the first chunk", lines.len());
        }
        // In the first chunk it is a problem like any other.
        let problem = asked(&maria, "/cases?sort=opened_on", NDJSON).expect(500);
        assert_eq!(problem.header("content-type"), "application/problem+json");
    }
}
