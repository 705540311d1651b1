use std::collections::BTreeSet;

use serde_json::Value;

use crate::{openapi, routes};

#[test]
fn every_first_segment_of_the_contract_is_one_area() {
    let contract: Value = serde_json::from_str(openapi::COMMITTED).expect("the contract is JSON");
    let paths = contract["paths"].as_object().expect("paths");
    let first = |path: &String| path.split('/').nth(1).unwrap_or_default().to_owned();
    let told: BTreeSet<String> = paths.keys().map(first).collect();
    let served: Vec<String> = routes::areas().map(|(first, _)| first.to_owned()).collect();
    assert_eq!(served.iter().cloned().collect::<BTreeSet<_>>(), told);
    assert_eq!(served.len(), told.len(), "an area is in two files: {served:?}");
}
