//! Data messages of SDMX-JSON, as publishers send them and as this server does.

use serde_json::{Value, json};

use super::{dataset, elena, ended, moved, observed, published};
use crate::both;
use crate::support::Client;
use crate::support::http::Answer;

const SDMX_JSON: &str = "application/vnd.sdmx.data+json";

/// As ISTAT sends them: what the places mean comes last, the value is a text. The figures are invented.
const FIRST: &str = r#"{"meta": {"id": "IREF1", "contentLanguages": ["it", "en"]}, "data": {"dataSets": [{"action": "Information", "series": {
    "0:0": {"attributes": [null], "observations": {"0": ["7000", 0], "1": ["7100", null]}},
    "1:1": {"observations": {"1": ["5.5"], "0": [null, 1]}}}}],
    "structure": {"name": "Foreigners", "dimensions": {"dataSet": [], "series": [
        {"id": "REF_AREA", "keyPosition": 0, "values": [{"id": "030129", "name": "Udine"}, {"id": "032006", "name": "Trieste"}]},
        {"id": "SEX", "keyPosition": 1, "values": [{"id": "1", "name": "maschi", "names": {"it": "maschi", "en": "males"}}, {"id": "2"}]}],
        "observation": [{"id": "TIME_PERIOD", "keyPosition": 2, "roles": ["TIME_PERIOD"], "values": [{"id": "2024"}, {"id": "2025"}]}]},
    "attributes": {"dataSet": [], "series": [], "observation": [{"id": "OBS_STATUS", "values": [{"id": "p"}, {"id": "c"}]}]}}}}"#;

/// With all dimensions at the observation, in the form of 2.0.
const SECOND: &str = r#"{"data": {"structures": [{"dimensions": {"dataSet": [{"id": "SEX", "values": [{"id": "9"}]}], "observation": [
        {"id": "REF_AREA", "values": [{"id": "030129"}]}, {"id": "TIME_PERIOD", "values": [{"value": "2024"}, {"value": "2025"}]}]},
    "measures": {"observation": [{"id": "OBS_VALUE"}]}, "attributes": {}}],
    "dataSets": [{"structure": 0, "observations": {"0:0": [14500], "0:1": [14750.5]}}]}}"#;

fn propose(client: &Client, dataset: &str, message: &[u8]) -> Answer {
    let path = format!("/datasets/{dataset}/import-proposals");
    client.send("POST", &path, &[("content-type", SDMX_JSON)], Some(message))
}

/// Imports a message with this mapping; the import, ended.
fn import(client: &Client, dataset: &str, mapping: &Value, message: &[u8]) -> Value {
    let begun = client.post("/data-imports", &json!({"dataset_id": dataset, "mapping": mapping})).expect(201);
    let path = format!("/data-imports/{}", begun.id());
    client.put_file(&format!("{path}/content"), begun.header("etag"), SDMX_JSON, message).expect(202);
    ended(client, &path)
}

/// The observations that a message brings, with the mapping that is proposed for it.
fn brought(client: &Client, dataset: &str, message: &str) -> Vec<(String, Value)> {
    let proposal = propose(client, dataset, message.as_bytes()).expect(200).json();
    assert_eq!((&proposal["mapping"]["format"], &proposal["missing"]), (&json!("sdmx_json"), &json!([])));
    let import = import(client, dataset, &proposal["mapping"], message.as_bytes());
    assert_eq!((&import["status"], &import["rejected"]), (&json!("done"), &json!(0)), "{import}");
    observed(client, dataset, &format!("release_id={}", import["release_id"].as_str().unwrap()))
}

fn row(key: &str, value: impl Into<Value>) -> (String, Value) {
    (key.to_owned(), value.into())
}

both! {
    fn a_message_is_read_wherever_its_structure_stands(world: &World) {
        let elena = elena(world);
        let foreigners = dataset(world, "FOREIGNERS");
        let proposal = propose(&elena, &foreigners, FIRST.as_bytes()).expect(200).json();
        assert_eq!(proposal["header"], json!(["REF_AREA", "SEX", "TIME_PERIOD", "OBS_VALUE", "OBS_STATUS"]));
        assert_eq!(proposal["rows"][0], json!({"line": 1, "fields": ["030129", "1", "2024", "7000", "p"]}));
        let expected = [row("030129.1.2024", 7000.0), row("030129.1.2025", 7100.0), row("032006.2.2024", Value::Null), row("032006.2.2025", 5.5)];
        assert_eq!(brought(&elena, &foreigners, FIRST), expected);
        assert_eq!(brought(&elena, &foreigners, SECOND), [row("030129.9.2024", 14500.0), row("030129.9.2025", 14750.5)]);
    }

    fn what_this_server_sends_is_read_as_it_was(world: &World) {
        let elena = elena(world);
        let foreigners = dataset(world, "FOREIGNERS");
        let table = "REF_AREA,SEX,TIME_PERIOD,OBS_VALUE,OBS_STATUS\n030129,1,2024,7000.25,p\n030129,2,2024,,\n032006,1,2025,0,\n";
        let release = published(&elena, &foreigners, table.as_bytes());
        let told = observed(&elena, &foreigners, &format!("release_id={release}"));
        assert_eq!(told, [row("030129.1.2024", 7000.25), row("030129.2.2024", Value::Null), row("032006.1.2025", 0.0)]);
        for version in ["1.0.0", "2.0.0"] {
            let accept = format!("{SDMX_JSON};version={version}");
            // The interface has an address of its own, apart from the API's.
            let message = world.nobody().send("GET", "//rest/sdmx/v1/data/FOREIGNERS/all", &[("accept", &accept)], None);
            let message = message.expect(200).text.clone();
            let again = dataset(world, &format!("AGAIN{}", &version[..1]));
            assert_eq!(brought(&elena, &again, &message), told, "{version}");
        }
    }

    fn a_message_cut_off_anywhere_fails_in_words_and_nothing_of_it_is_published(world: &World) {
        let elena = elena(world);
        let foreigners = dataset(world, "FOREIGNERS");
        let mapping = propose(&elena, &foreigners, FIRST.as_bytes()).expect(200).json()["mapping"].clone();
        // Where a line or a text ends, and in between.
        for end in (0..FIRST.len()).filter(|end| end % 37 == 0 || FIRST.as_bytes()[*end] == b'}') {
            let import = import(&elena, &foreigners, &mapping, &FIRST.as_bytes()[..end]);
            let failure = import["failure"].as_str().unwrap_or_default();
            assert!(import["status"] == "failed" && failure.contains("ends before it is whole"), "{end}: {import}");
            let release = elena.get(&format!("/dataset-releases/{}", import["release_id"].as_str().unwrap())).expect(200).json();
            assert_eq!(release["status"], "discarded");
            propose(&elena, &foreigners, &FIRST.as_bytes()[..end]).expect(422);
        }
        elena.get(&format!("/datasets/{foreigners}/observations")).expect(404);
    }

    fn a_message_that_is_wrong_fails_in_words_and_a_wrong_row_is_told_with_its_place(world: &World) {
        let elena = elena(world);
        let foreigners = dataset(world, "FOREIGNERS");
        let mapping = propose(&elena, &foreigners, FIRST.as_bytes()).expect(200).json()["mapping"].clone();
        let two = SECOND.replacen("\"structures\": [", "\"structures\": [{\"dimensions\": {}}, ", 1);
        for (message, failure) in [
            (FIRST.replacen("\"1:1\"", "\"1:7\"", 1), "\"7\" is no place of a code of SEX"),
            (FIRST.replacen("\"1:1\"", "\"1\"", 1), "has fewer places than dimensions"),
            (FIRST.replacen("\"SEX\"", "\"GENDER\"", 1), "the header has no column 'SEX'"),
            (two, "the message has several structures; send one for each"),
            (FIRST.replacen("Information", "Delete", 1), "a data set deletes what was told before"),
            (FIRST.replacen("\"032006\"", &format!("\"{}\"", "x".repeat(17_000)), 1), "the codes of the message are too long"),
            // Observations at the data set, whose keys do not tell all codes.
            (FIRST.replacen("\"series\": {", "\"observations\": {\"0\": [1]}, \"series\": {", 1), "a dimension of the data set has no code"),
            ("[]".to_owned(), "a message of SDMX-JSON"),
            ("{}".to_owned(), "the message has no structure"),
            ("REF_AREA,SEX\n".to_owned(), "expected value"),
        ] {
            let import = import(&elena, &foreigners, &mapping, message.as_bytes());
            let told = import["failure"].as_str().unwrap_or_default();
            assert!(import["status"] == "failed" && told.contains(failure), "{failure}: {import}");
        }
        let wrong = FIRST.replacen("\"032006\"", "\"999999\"", 1).replacen("\"7100\"", "\"NaN\"", 1);
        let import = import(&elena, &foreigners, &mapping, wrong.as_bytes());
        assert_eq!((&import["rows"], &import["observations"], &import["rejected"]), (&json!(4), &json!(1), &json!(3)));
        let told = elena.get(&format!("/data-imports/{}/rejections", import["id"].as_str().unwrap())).expect(200).json();
        assert_eq!(told["items"][0], json!({"line": 2, "column": "OBS_VALUE", "value": "NaN", "reason": "is not a number"}));
        assert_eq!(told["items"][1], json!({"line": 3, "column": "REF_AREA", "value": "999999", "reason": "is the code of no territory"}));
        moved(&elena, import["release_id"].as_str().unwrap(), &json!({"to": "validated"})).expect(409);
    }

    fn a_file_is_of_the_format_that_its_mapping_tells(world: &World) {
        let elena = elena(world);
        let foreigners = dataset(world, "FOREIGNERS");
        let mapping = propose(&elena, &foreigners, FIRST.as_bytes()).expect(200).json()["mapping"].clone();
        let begun = elena.post("/data-imports", &json!({"dataset_id": foreigners, "mapping": mapping})).expect(201);
        let content = format!("/data-imports/{}/content", begun.id());
        elena.put_file(&content, begun.header("etag"), "text/csv", FIRST.as_bytes()).expect(415);
        // What a delimited file needs besides, a message does without.
        let columns = mapping["columns"].clone();
        let short = json!({"format": "sdmx_json", "columns": columns});
        let made = import(&elena, &foreigners, &short, FIRST.as_bytes());
        assert_eq!((&made["status"], &made["mapping"]["delimiter"]), (&json!("done"), &json!(",")));
        for (member, value) in [("encoding", json!("windows_1252")), ("decimal_comma", json!(true))] {
            let wrong = json!({"format": "sdmx_json", member: value, "columns": columns});
            let refused = elena.post("/data-imports", &json!({"dataset_id": foreigners, "mapping": wrong})).expect(422).json();
            assert_eq!(refused["errors"][0]["pointer"], format!("#/mapping/{member}"));
        }
    }
}
