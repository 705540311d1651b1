//! Readers of the change feed.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use serde_json::Value;

use super::http::{Answer, Client};

/// Ids and versions of what was committed.
pub type Committed = BTreeSet<(String, i64)>;

/// Reads the feed page by page and remembers where it is.
pub struct Follower {
    pub reader: Client,
    pub query: String,
    pub cursor: String,
}

impl Follower {
    /// A reader that has read everything there is.
    pub fn caught_up(reader: Client) -> Self {
        let mut follower = Self::from_the_beginning(reader);
        follower.rest();
        follower
    }

    pub fn from_the_beginning(reader: Client) -> Self {
        Self { reader, query: "limit=1000".into(), cursor: String::new() }
    }

    /// The next page, whatever is on it.
    pub fn page(&mut self) -> Vec<Value> {
        let cursor = if self.cursor.is_empty() { String::new() } else { format!("&cursor={}", self.cursor) };
        let page = self.reader.get(&format!("/changes?{}{cursor}", self.query)).expect(200).json();
        self.cursor = page["next_cursor"].as_str().expect("every page has a cursor").to_owned();
        page["items"].as_array().expect("events").clone()
    }

    /// Everything up to the end of the feed.
    pub fn rest(&mut self) -> Vec<Value> {
        let mut events = Vec::new();
        loop {
            let page = self.page();
            if page.is_empty() {
                return events;
            }
            events.extend(page);
        }
    }
}

/// What events say of one row: their types and operations.
pub fn told(events: &[Value], id: &str) -> Vec<(String, String)> {
    let about = events.iter().filter(|event| event["resource"]["id"] == id);
    about.map(|event| (text(&event["type"]), text(&event["operation"]))).collect()
}

/// A copy of the cases a reader may see, kept by following the feed alone.
pub struct Mirror {
    pub follower: Follower,
    pub cases: BTreeMap<String, i64>,
}

impl Mirror {
    pub fn new(reader: Client) -> Self {
        Self { follower: Follower::from_the_beginning(reader), cases: BTreeMap::new() }
    }

    /// Takes in one page; gives the events on it.
    pub fn step(&mut self) -> Vec<Value> {
        let events = self.follower.page();
        for event in &events {
            match event["operation"].as_str().expect("an operation") {
                "resync" => {
                    let lists = event["resync"].as_array().expect("the lists to read again");
                    let of_cases = lists.iter().map(text).find(|list| list.ends_with("/cases")).expect("that of cases");
                    self.cases = listed(&self.follower.reader, &of_cases);
                }
                _ if event["resource"]["kind"] != "case" => {}
                "upsert" => {
                    let answer = self.follower.reader.get(event["resource"]["href"].as_str().expect("an address"));
                    if answer.status == 200 {
                        let case = answer.json();
                        self.cases.insert(text(&case["id"]), case["version"].as_i64().expect("a version"));
                    }
                }
                "delete" | "access_removed" => {
                    self.cases.remove(&text(&event["resource"]["id"]));
                }
                other => panic!("an operation the contract does not know: {other}"),
            }
        }
        events
    }

    /// Takes in everything up to the end of the feed.
    pub fn catch_up(&mut self) -> Vec<Value> {
        let mut events = Vec::new();
        loop {
            let page = self.step();
            if page.is_empty() {
                return events;
            }
            events.extend(page);
        }
    }
}

/// Ids and versions of all rows of a list, read in small pages.
pub fn listed(reader: &Client, list: &str) -> BTreeMap<String, i64> {
    let mut rows = BTreeMap::new();
    let mut next = Some(format!("{list}?limit=2"));
    while let Some(address) = next {
        let page = reader.get(&address).expect(200).json();
        for row in page["items"].as_array().expect("rows") {
            rows.insert(text(&row["id"]), row["version"].as_i64().expect("a version"));
        }
        next = page["_links"]["next"].as_str().map(str::to_owned);
    }
    rows
}

pub fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

/// The row and version an answer shows.
pub fn version_of(answer: &Answer) -> (String, i64) {
    let row = answer.json();
    (text(&row["id"]), row["version"].as_i64().expect("a version"))
}

/// What a reader took in must be the committed set: each once, per resource in the order of versions.
pub fn assert_told(events: &[Value], committed: &Committed, from: &BTreeMap<String, i64>) {
    let mut seen = BTreeSet::new();
    let mut versions = from.clone();
    for event in events {
        assert!(seen.insert(text(&event["id"])), "an event came twice: {event}");
        let id = text(&event["resource"]["id"]);
        let version = event["version"].as_i64().expect("a version");
        let before = versions.insert(id, version).unwrap_or(0);
        assert_eq!(version, before + 1, "a version is missing or out of order: {event}");
    }
    let told: Committed = events
        .iter()
        .map(|event| (text(&event["resource"]["id"]), event["version"].as_i64().expect("a version")))
        .collect();
    assert_eq!(&told, committed);
}

/// Positions in the feed are given one by one.
pub fn assert_positions_have_no_gap(connection: &mut approdo_db::Connection) {
    use approdo_db::schema::changes;
    let positions: Vec<i64> =
        changes::table.order(changes::position).select(changes::position).load(connection).expect("the positions");
    let last = i64::try_from(positions.len()).expect("a number");
    assert!(positions.into_iter().eq(1..=last), "positions are given one by one");
}
