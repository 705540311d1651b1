//! Figures of territories, and what is told of one in a whole.

use serde_json::{Value, json};

use super::events::municipality;
use crate::both;
use crate::support::World;

fn figure(world: &World, territory: &str, measure: &str, on: &str, value: f64) {
    let new = json!({"measure": measure, "on": on, "value": value, "source": "ISTAT"});
    world.anna_system_administrator().post(&format!("/territories/{territory}/figures"), &new).expect(201);
}

both! {
    fn figures_are_of_a_day_and_give_way_to_those_of_the_same(world: &World) {
        let (anna, maria) = (world.anna_system_administrator(), world.maria_case_manager());
        let address = format!("/territories/{}/figures", world.fixture.udine);
        for (value, on) in [(97_736, "2021-12-31"), (97_000, "2022-12-31"), (97_808, "2022-12-31")] {
            let new = json!({"measure": "population", "on": on, "value": value, "source": "ISTAT"});
            assert_eq!(anna.post(&address, &new).expect(201).json()["value"], json!(value));
        }
        let point = json!({"measure": "point", "on": "2022-12-31", "latitude": 46.06442, "longitude": 13.24588, "source": "ISTAT"});
        anna.post(&address, &point).expect(201);
        let listed = maria.get(&address).expect(200).json();
        let told: Vec<_> = listed["items"].as_array().unwrap().iter()
            .map(|row| (row["measure"].as_str().unwrap(), row["on"].as_str().unwrap(), row.get("value").cloned())).collect();
        assert_eq!(told, [
            ("point", "2022-12-31", None),
            ("population", "2021-12-31", Some(json!(97_736))),
            ("population", "2022-12-31", Some(json!(97_808))),
        ]);
        assert_eq!(maria.get(&format!("{address}?measure=point")).expect(200).json()["items"].as_array().unwrap().len(), 1);
        maria.post(&address, &point).expect(403);
        for (members, pointer) in [
            (json!({"measure": "population", "value": 1.5}), "#/value"),
            (json!({"measure": "population", "value": -1}), "#/value"),
            (json!({"measure": "altimetric_zone", "value": 6}), "#/value"),
            (json!({"measure": "degree_of_urbanisation", "value": 0}), "#/value"),
            (json!({"measure": "population"}), "#/value"),
            (json!({"measure": "population", "value": 1, "latitude": 1}), "#/latitude"),
            (json!({"measure": "point", "value": 1}), "#/value"),
            (json!({"measure": "point", "longitude": 1}), "#/latitude"),
            (json!({"measure": "point", "latitude": 90.5, "longitude": 1}), "#/latitude"),
        ] {
            let mut new = json!({"on": "2020-01-01", "source": "ISTAT"});
            new.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
            assert_eq!(anna.post(&address, &new).expect(422).json()["errors"][0]["pointer"], pointer, "{members}");
        }
    }

    fn the_profile_tells_which_rule_of_joint_management_fired(world: &World) {
        let (anna, maria) = (world.anna_system_administrator(), world.maria_case_manager());
        let place = municipality(world, "030107", "Sauris", world.fixture.region);
        let profile = |query: &str| maria.get(&format!("/territories/{place}/profile{query}")).expect(200).json();
        assert_eq!(profile("").get("joint_management_obligation"), None);
        let fired = |query: &str| {
            let told = profile(query)["joint_management_obligation"].clone();
            (told["is_obliged"].as_bool().unwrap(), told["rule"].as_str().unwrap().to_owned())
        };
        figure(world, &place, "population", "2020-12-31", 5_001.0);
        assert_eq!(fired(""), (false, "over_5000".into()));
        figure(world, &place, "population", "2021-12-31", 5_000.0);
        assert_eq!(fired(""), (true, "up_to_5000".into()));
        assert_eq!(fired("?on=2021-06-30"), (false, "over_5000".into()));
        // It was a member of a mountain community once, which is enough.
        let new = json!({"kind": "mountain_community", "code_system": "own", "code": "CM1", "name": "Comunità di montagna", "country_code": "IT", "valid_from": "2000-01-01"});
        let community = anna.post("/territories", &new).expect(201).id();
        let member = json!({"member_id": place, "valid_from": "2001-01-01", "valid_to": "2009-01-01"});
        anna.post(&format!("/territories/{community}/memberships"), &member).expect(201);
        assert_eq!(fired(""), (false, "over_3000_in_mountains".into()));
        figure(world, &place, "population", "2022-12-31", 3_000.0);
        assert_eq!(fired(""), (true, "up_to_3000_in_mountains".into()));
    }

    fn the_profile_holds_what_is_known_of_a_territory(world: &World) {
        let (anna, maria) = (world.anna_system_administrator(), world.maria_case_manager());
        let place = municipality(world, "025052", "Sappada", world.fixture.trieste);
        for event in [
            json!({"kind": "code", "effective_on": "2018-01-01", "code_system": "istat", "code": "030189", "source": "ISTAT"}),
            json!({"kind": "parent", "effective_on": "2018-01-01", "parent_id": world.fixture.region, "source": "Law 182/2017"}),
            json!({"kind": "rename", "effective_on": "2019-01-01", "name": "Sappada/Plodn", "source": "ISTAT"}),
        ] {
            anna.post(&format!("/territories/{place}/events"), &event).expect(201);
        }
        figure(world, &place, "mountain_member", "2020-01-01", 1.0);
        figure(world, &place, "population", "2022-12-31", 1_314.0);
        let profile = |on: &str| maria.get(&format!("/territories/{place}/profile?on={on}")).expect(200).json();
        let names = |profile: &Value| profile["path"].as_array().unwrap().iter().map(|place| place["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!(names(&profile("2017-12-31")), ["Trieste", "Friuli-Venezia Giulia", "Italia"]);
        let now = profile("2026-01-01");
        assert_eq!(names(&now), ["Friuli-Venezia Giulia", "Italia"]);
        assert_eq!(now["former_names"], json!([{"name": "Sappada", "valid_to": "2019-01-01"}]));
        assert_eq!((now["codes"].as_array().unwrap().len(), now["events"].as_array().unwrap().len()), (2, 3));
        assert_eq!(now["joint_management_obligation"]["rule"], "up_to_3000_in_mountains");
        assert_eq!(now["joint_management_obligation"]["population"]["value"], 1_314);
        // Nothing was counted by then.
        assert_eq!((profile("2017-12-31")["figures"].clone(), profile("2017-12-31").get("joint_management_obligation")), (json!([]), None));
        maria.get(&format!("/territories/{}/profile", uuid::Uuid::now_v7())).expect(404);
    }
}
