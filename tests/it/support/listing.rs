//! Whole lists as the API gives them: page by page, and as streams.

use serde_json::Value;

use super::http::Client;
use super::seed::Dice;

fn ids<'a>(rows: impl IntoIterator<Item = &'a Value>) -> Vec<String> {
    rows.into_iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
}

/// The ids of a list, read in pages of so many rows.
pub fn paged(client: &Client, list: &str, query: &str, limit: u64) -> Vec<String> {
    let mut rows = Vec::new();
    let mut next = Some(format!("{list}?{query}&limit={limit}"));
    while let Some(address) = next {
        let page = client.get(&address).expect(200).json();
        rows.extend(ids(page["items"].as_array().expect("rows")));
        next = page["_links"]["next"].as_str().map(str::to_owned);
    }
    rows
}

/// The same of a stream.
pub fn streamed(client: &Client, list: &str, query: &str, media_type: &str) -> Vec<String> {
    let answer = client.send("GET", &format!("{list}?{query}"), &[("accept", media_type)], None).expect(200);
    if media_type == "text/csv" {
        let mut reader = csv::Reader::from_reader(answer.text.as_bytes());
        let at = reader.headers().expect("a header").iter().position(|name| name == "id").expect("a column of ids");
        return reader.records().map(|record| record.expect("a record")[at].to_owned()).collect();
    }
    let rows: Vec<Value> = answer.text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    ids(&rows)
}

/// A list has these rows in this order, in pages of some size and as either stream.
pub fn compare(client: &Client, list: &str, query: &str, expected: &[String], dice: &mut Dice) {
    let limit = dice.pick(&[3, 7, 50, 200]);
    assert_eq!(paged(client, list, query, limit), expected, "{list}?{query} by {limit}");
    for media_type in ["application/x-ndjson", "text/csv"] {
        assert_eq!(streamed(client, list, query, media_type), expected, "{list}?{query} as {media_type}");
    }
}
