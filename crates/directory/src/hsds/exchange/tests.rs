//! Shaping: whatever a file holds, what comes of it is an entry or nothing, and the same each time.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on should stop")]

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::codes::KnownCodes;
use crate::directory::services::NewService;
use crate::hsds::exchange::package::{Item, Package};
use crate::hsds::exchange::shaping;

fn shaped(members: Value) -> (Value, Vec<String>) {
    let Value::Object(members) = members else { return (Value::Null, Vec::new()) };
    let shaped = shaping::service(&Item::new("#".into(), members), &KnownCodes::default());
    (Value::Object(shaped.members), shaped.lost.into_iter().collect())
}

#[test]
fn members_without_a_place_are_named_with_what_they_are_in() {
    let (members, lost) = shaped(json!({
        "id": 7, "name": "x", "program": {}, "blank": " ",
        "contacts": [{"id": "1", "name": "y", "fax": "1", "phones": [{"number": 12, "extension": "x1"}]}],
    }));
    assert_eq!(lost, ["contacts/fax", "contacts/phones/extension", "program"]);
    assert_eq!(
        (&members["contacts"][0]["name"], &members["contacts"][0]["phones"][0]["number"]),
        (&json!("y"), &json!("12"))
    );
}

#[test]
fn times_and_weekdays_of_the_first_generation_become_those_of_the_third() {
    let (members, lost) = shaped(json!({"id": "1", "name": "x", "schedules": [
        {"weekday": "Tuesday", "opens_at": "9:00", "closes_at": "17:30Z"}, {"opens_at": "10:00:00+01:00"}]}));
    let schedules = members["schedules"].as_array().unwrap();
    assert_eq!((&schedules[0]["freq"], &schedules[0]["byday"]), (&json!("WEEKLY"), &json!("TU")));
    assert_eq!((&schedules[0]["opens_at"], &schedules[0]["closes_at"]), (&json!("09:00"), &json!("17:30")));
    assert_eq!(schedules[1]["opens_at"], "10:00:00");
    assert_eq!(lost, ["schedules/closes_at/zone", "schedules/opens_at/zone"]);
}

#[test]
fn an_amount_is_the_same_whether_a_number_or_a_text() {
    for (amount, kept) in
        [(json!(35), "35.00"), (json!(35.0), "35.00"), (json!(12.5), "12.50"), (json!("0.125"), "0.125")]
    {
        let (members, lost) = shaped(json!({"id": "1", "cost_options": [{"amount": amount, "currency": "eur"}]}));
        assert_eq!(members["cost_options"][0]["amount"], json!({"amount": kept, "currency": "EUR"}));
        assert!(lost.is_empty());
    }
}

#[test]
fn a_list_an_object_that_holds_one_and_a_service_are_read_alike() {
    let service = json!({"id": "1", "name": "x", "organization": {"id": "o", "name": "O"}, "service_at_locations": [
        {"id": "a", "location": {"id": "l"}}, {"id": "b", "location": {"id": "l"}}]});
    for (file, at) in [
        (json!([service]), "#/0"),
        (json!({"contents": [service], "total_items": 1}), "#/contents/0"),
        (json!({"services": [service]}), "#/services/0"),
        (service.clone(), "#"),
    ] {
        let package = Package::of_json(file.to_string().as_bytes()).unwrap();
        assert_eq!(package.services[0].at, at);
        assert_eq!((package.organisations.len(), package.locations.len(), package.placements.len()), (1, 1, 2));
        let placement = &package.placements[1];
        assert_eq!(
            (placement.text("service_id").unwrap(), placement.text("location_id").unwrap()),
            ("1".into(), "l".into())
        );
        assert_eq!(package.services[0].text("organization_id").unwrap(), "o");
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[ -~]{0,12}".prop_map(Value::from),
        prop::sample::select(vec!["9:00", "12:00:00Z", "eur", "EUR", "it", "Monday", "temporarily closed", "35.50"])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let name = prop::sample::select(vec![
            "id",
            "name",
            "phones",
            "schedules",
            "languages",
            "contacts",
            "cost_options",
            "amount",
            "currency",
            "opens_at",
            "weekday",
            "code",
            "extension",
            "status",
            "attributes",
            "taxonomy_term",
            "minimum_age",
            "addresses",
            "unknown",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..6).prop_map(|members| Value::Object(
                members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>()
            )),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_a_file_holds_is_shaped_alike_each_time(value in any_value()) {
        let once = shaped(value.clone());
        prop_assert_eq!(&once, &shaped(value));
        // What is shaped has members of ours alone: it can be wrong, but not unknown.
        if let Value::Object(mut members) = once.0 {
            members.insert("organisation_id".into(), json!(uuid::Uuid::nil()));
            members.insert("service_type".into(), "housing".into());
            members.insert("provider_kind".into(), "external".into());
            if let Err(error) = crate::http::body::checked::<NewService>(&members) {
                let unknown = error.errors().iter().find(|one| one.detail.contains("unknown field"));
                prop_assert!(unknown.is_none(), "{:?}", unknown);
            }
        }
    }
}
