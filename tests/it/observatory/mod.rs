//! Statistics of others: how a file becomes a release, and a release what everybody reads.

mod catalogue;
mod charts;
mod evaluation_rounds;
mod files;
mod indicators;
mod kept_territories;
mod lookups;
mod messages;
mod objectives;
pub mod observatories;
mod operational;
mod operational_referrals;
pub mod queries;
mod reference;
mod releases;
mod suppression;

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::http::Answer;
use crate::support::{Client, World};

/// A dataset of resident foreigners by place, sex and year, of the region.
pub fn dataset(world: &World, code: &str) -> String {
    let new = json!({
        "organisation_id": world.fixture.root, "code": code, "name": "Resident foreigners on 1 January", "unit": "persons",
        "measure_kind": "stock", "suppress_below": 0, "source": "ISTAT, Resident foreigners on 1 January", "licence": "CC BY 4.0",
        "dimensions": [
            {"id": "REF_AREA", "role": "area", "name": "Territory", "closed": true},
            {"id": "SEX", "role": "other", "name": "Sex"},
            {"id": "TIME_PERIOD", "role": "time", "name": "Time"},
        ],
    });
    elena(world).post("/datasets", &new).expect(201).id()
}

/// Who keeps the region's statistics.
pub fn elena(world: &World) -> Client {
    world.caller("elena_observatory_analyst")
}

/// What is proposed for a file.
pub fn proposed(client: &Client, dataset: &str, file: &[u8]) -> Answer {
    let path = format!("/datasets/{dataset}/import-proposals");
    client.send("POST", &path, &[("content-type", "text/csv")], Some(file))
}

/// Sends a file with this mapping; the import that it is.
pub fn sent(client: &Client, dataset: &str, mapping: &Value, file: &[u8]) -> String {
    let import = client.post("/data-imports", &json!({"dataset_id": dataset, "mapping": mapping})).expect(201);
    let path = format!("/data-imports/{}", import.id());
    let sent = client.put_file(&format!("{path}/content"), import.header("etag"), "text/csv", file).expect(202);
    assert!(sent.header("location").ends_with(&path));
    path
}

/// How an import stands once it has ended.
pub fn ended(client: &Client, import: &str) -> Value {
    for _ in 0..600 {
        let told = client.get(import);
        let row = told.json();
        match row["status"].as_str() {
            Some("running") => thread::sleep(Duration::from_millis(20)),
            Some("done") => {
                let release = row["release_id"].as_str().expect("a release");
                assert!(told.expect(303).header("location").ends_with(&format!("/dataset-releases/{release}")));
                return row;
            }
            _ => return told.expect(200).json(),
        }
    }
    panic!("the import does not end");
}

/// Imports a file as is proposed for it; the import, ended.
pub fn imported(client: &Client, dataset: &str, file: &[u8]) -> Value {
    let proposal = proposed(client, dataset, file).expect(200).json();
    assert_eq!(proposal["missing"], json!([]), "{proposal}");
    ended(client, &sent(client, dataset, &proposal["mapping"], file))
}

/// Moves a release.
pub fn moved(client: &Client, release: &str, to: &Value) -> Answer {
    let path = format!("/dataset-releases/{release}");
    let tag = client.get(&path).header("etag").to_owned();
    client.post_matching(&format!("{path}/transitions"), &tag, to)
}

/// Imports a file and publishes it; the release.
pub fn published(client: &Client, dataset: &str, file: &[u8]) -> String {
    let release = imported(client, dataset, file)["release_id"].as_str().expect("a release").to_owned();
    for to in ["validated", "approved", "published"] {
        moved(client, &release, &json!({"to": to})).expect(201);
    }
    release
}

/// The observations of a dataset, each as its codes and its value.
pub fn observed(client: &Client, dataset: &str, query: &str) -> Vec<(String, Value)> {
    let page = client.get(&format!("/datasets/{dataset}/observations?{query}")).expect(200).json();
    let told = |row: &Value| {
        let codes: Vec<&str> =
            row["key"].as_array().unwrap().iter().map(|code| code["code"].as_str().unwrap()).collect();
        (codes.join("."), row["value"].clone())
    };
    page["items"].as_array().expect("items").iter().map(told).collect()
}
