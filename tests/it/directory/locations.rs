//! Locations, and the services that are given there.

use serde_json::json;

use crate::both;

both! {
    fn a_service_is_given_at_a_location_once_and_found_by_its_territory(world: &World) {
        let paolo = world.paolo_organisation_administrator();
        let service = json!({"organisation_id": world.fixture.comune_udine, "name": "Sportello", "service_type": "migration_counselling",
            "provider_kind": "internal"});
        let service = paolo.post("/services", &service).expect(201).id();
        let hall = json!({"organisation_id": world.fixture.comune_udine, "territory_id": world.fixture.udine, "name": "Municipio",
            "latitude": 46.0626, "longitude": 13.2355,
            "addresses": [{"address_1": "Via Lionello 1", "city": "Udine", "state_province": "UD", "postal_code": "33100",
                "country": "IT", "address_type": "physical"}],
            "accessibility": [{"description": "Step-free entrance"}]});
        let location = paolo.post("/locations", &hall).expect(201);
        assert_eq!(location.json()["location_type"], "physical");
        assert_eq!(location.json()["latitude"], 46.0626);
        let at = format!("/services/{service}/service-at-locations");
        let new = json!({"location_id": location.id(), "schedules": [{"freq": "WEEKLY", "byday": "MO", "opens_at": "09:00:00"}]});
        let placed = paolo.post(&at, &new).expect(201);
        paolo.post(&at, &new).expect(409);
        let maria = world.maria_case_manager();
        let found = |territory| maria.get(&format!("/services?territory_id={territory}")).expect(200).json();
        assert_eq!(found(world.fixture.udine)["items"][0]["id"], json!(service));
        assert_eq!(found(world.fixture.trieste)["items"], json!([]));
        let address = format!("/service-at-locations/{}", placed.id());
        let edited = paolo.patch(&address, "*", &json!({"description": "First floor"})).expect(200).json();
        assert_eq!((&edited["description"], &edited["schedules"][0]["byday"]), (&json!("First floor"), &json!("MO")));
        assert_eq!(maria.get(&at).expect(200).json()["items"][0], edited);
        maria.delete(&address, "*").expect(403);
        paolo.delete(&address, "*").expect(204);
        maria.get(&address).expect(404);
        assert_eq!(found(world.fixture.udine)["items"], json!([]));
        maria.get(&format!("/locations/{}", location.id())).expect(200);
    }

    fn a_location_lies_somewhere_or_nowhere_and_not_in_between(world: &World) {
        let paolo = world.paolo_organisation_administrator();
        let new = |members: serde_json::Value| {
            let mut location = json!({"organisation_id": world.fixture.comune_udine});
            for (name, value) in members.as_object().unwrap() {
                location[name] = value.clone();
            }
            paolo.post("/locations", &location)
        };
        for (members, pointer) in [
            (json!({"latitude": 46.0}), "#/longitude"),
            (json!({"longitude": 13.0}), "#/latitude"),
            (json!({"latitude": 91.0, "longitude": 13.0}), "#/latitude"),
            (json!({"latitude": 46.0, "longitude": -180.5}), "#/longitude"),
            (json!({"territory_id": uuid::Uuid::now_v7()}), "#/territory_id"),
            (json!({"addresses": [{"address_1": "x", "city": "y", "state_province": "UD", "postal_code": "33100",
                "country": "Italy", "address_type": "physical"}]}), "#/addresses/0/country"),
        ] {
            assert_eq!(new(members.clone()).expect(422).json()["errors"][0]["pointer"], pointer, "{members}");
        }
        let address = format!("/locations/{}", new(json!({"latitude": 46.0, "longitude": 13.0})).expect(201).id());
        paolo.patch(&address, "*", &json!({"latitude": null})).expect(422);
        paolo.patch(&address, "*", &json!({"latitude": 90.5})).expect(422);
        let nowhere = json!({"latitude": null, "longitude": null, "location_type": "virtual", "url": "https://udine.example/desk"});
        let moved = paolo.patch(&address, "*", &nowhere).expect(200).json();
        assert!(moved.get("latitude").is_none());
        let listed = |query: &str| paolo.get(&format!("/locations?{query}")).expect(200).json()["items"].as_array().unwrap().len();
        assert_eq!((listed("location_type=virtual"), listed("location_type=physical")), (1, 0));
        assert_eq!(listed(&format!("organisation_id={}", world.fixture.comune_udine)), 1);
    }
}
