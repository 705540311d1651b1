//! What an entry of a file changes of the row that is there: it says everything that HSDS has a word for, and nothing of the rest.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Value, json};

use crate::directory::services::ServiceRow;
use crate::error::ApiResult;
use crate::hsds::exchange::package::Members;

/// Those members that were not left out because they do not fit: these stay as they are here.
pub fn told<'a>(texts: &[&'a str], lost: &BTreeSet<String>) -> Vec<&'a str> {
    texts.iter().copied().filter(|text| !lost.contains(*text)).collect()
}

/// A merge patch that takes away what a file does not tell.
pub fn replacing(mut members: Members, texts: &[&str], lists: &[&str]) -> Members {
    for text in texts {
        members.entry(*text).or_insert(Value::Null);
    }
    for list in lists {
        members.entry(*list).or_insert_with(|| json!([]));
    }
    members
}

/// Our territories are no words of HSDS: an area that stays keeps its own.
pub fn keep_territories(row: &ServiceRow, members: &mut Members) -> ApiResult<()> {
    let held: HashMap<String, Value> = row
        .details()?
        .service_areas
        .into_iter()
        .filter_map(|area| Some((area.id.to_string(), json!(area.territory_id?))))
        .collect();
    for area in members.get_mut("service_areas").and_then(Value::as_array_mut).into_iter().flatten() {
        let territory = area.get("id").and_then(Value::as_str).and_then(|id| held.get(id)).cloned();
        if let (Some(area), Some(territory)) = (area.as_object_mut(), territory) {
            area.insert("territory_id".into(), territory);
        }
    }
    Ok(())
}
