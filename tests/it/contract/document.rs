//! The committed documents are the generated ones.

use approdo::access::policy;
use approdo::openapi;

#[test]
fn the_committed_contract_is_the_generated_one() {
    let committed = include_str!("../../../openapi/openapi.json");
    assert!(committed == openapi::text(), "run: cargo run -- openapi > new.json && mv new.json openapi/openapi.json");
}

#[test]
fn the_committed_policy_grid_is_the_one_in_force() {
    let committed = include_str!("../../golden/policy.md");
    assert!(committed == policy::grid(), "run: cargo run -- policy > tests/golden/policy.md");
}
