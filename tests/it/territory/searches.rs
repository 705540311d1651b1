//! Territories found by code, name and point, and shown on a map.

use serde_json::{Value, json};

use super::events::municipality;
use crate::both;
use crate::support::Client;

fn search(client: &Client, asked: &Value) -> Vec<Value> {
    client.post("/territories/searches", asked).expect(200).json()["items"].as_array().unwrap().clone()
}

fn told(found: &[Value]) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    found.iter().map(|item| (text(&item["territory"]["name"]), text(&item["matched_by"]))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, kind)| ((*name).to_owned(), (*kind).to_owned())).collect()
}

both! {
    fn a_name_is_found_as_somebody_remembers_it(world: &World) {
        let (anna, maria) = (world.anna_system_administrator(), world.maria_case_manager());
        let region = world.fixture.region;
        municipality(world, "031003", "Doberdò del Lago-Doberdob", region);
        municipality(world, "021001", "Aldino/Aldein", region);
        municipality(world, "030026", "Cividale del Friuli", region);
        let lonato = municipality(world, "017092", "Lonato", region);
        let renamed = json!({"kind": "rename", "effective_on": "2007-07-02", "name": "Lonato del Garda", "source": "ISTAT"});
        anna.post(&format!("/territories/{lonato}/events"), &renamed).expect(201);
        for (name, expected) in [
            ("DOBERDO' DEL LAGO", ("Doberdò del Lago-Doberdob", "name_part")),
            ("doberdò del lago doberdob", ("Doberdò del Lago-Doberdob", "name")),
            ("aldein", ("Aldino/Aldein", "name_part")),
            ("cividale", ("Cividale del Friuli", "name_beginning")),
            ("Civdale del Friuli", ("Cividale del Friuli", "similar_name")),
            ("lonato", ("Lonato del Garda", "former_name")),
            ("Udine", ("Udine", "name")),
        ] {
            let found = search(&maria, &json!({"name": name}));
            assert_eq!(told(&found)[..1], pairs(&[expected])[..], "{name}");
        }
        assert_eq!(told(&search(&maria, &json!({"name": "friuli venezia giulia", "kind": "municipality"}))), []);
        assert_eq!(told(&search(&maria, &json!({"name": "xyzzy"}))), []);
        for wrong in [json!({}), json!({"name": "Udine", "code": "030129"}), json!({"name": "--"}), json!({"point": {"latitude": 91, "longitude": 0}})] {
            maria.post("/territories/searches", &wrong).expect(422);
        }
    }

    fn a_code_is_found_in_any_system_and_on_a_day(world: &World) {
        let (anna, maria) = (world.anna_system_administrator(), world.maria_case_manager());
        let place = municipality(world, "025052", "Sappada", world.fixture.region);
        let other = municipality(world, "099999", "Altra", world.fixture.region);
        let code = |on: &str, code: &str| json!({"kind": "code", "effective_on": on, "code_system": "istat", "code": code, "source": "ISTAT"});
        anna.post(&format!("/territories/{place}/events"), &code("2018-01-01", "030189")).expect(201);
        anna.post(&format!("/territories/{other}/events"), &code("2020-01-01", "025052")).expect(201);
        for (asked, expected) in [
            (json!({"code": "030189"}), vec!["Sappada"]),
            (json!({"code": "025052"}), vec!["Sappada", "Altra"]),
            (json!({"code": "025052", "on": "2017-12-31"}), vec!["Sappada"]),
            (json!({"code": "025052", "on": "2019-01-01"}), vec![]),
            (json!({"code": "025052", "on": "2026-01-01", "code_system": "istat"}), vec!["Altra"]),
            (json!({"code": "030189", "code_system": "belfiore"}), vec![]),
            (json!({"code": "030189", "kind": "region"}), vec![]),
        ] {
            let found = search(&maria, &asked);
            let names: Vec<_> = found.iter().map(|item| item["territory"]["name"].as_str().unwrap()).collect();
            assert_eq!(names, expected, "{asked}");
        }
    }

    fn the_nearest_municipalities_are_told_with_their_metres_and_drawn_on_a_map(world: &World) {
        let (anna, maria) = (world.anna_system_administrator(), world.maria_case_manager());
        let region = world.fixture.region;
        let gone = municipality(world, "030998", "Andata", region);
        for (place, latitude, longitude) in [
            (world.fixture.udine.to_string(), 46.06442, 13.24588),
            (world.fixture.trieste.to_string(), 45.64861, 13.78),
            (gone.clone(), 46.06, 13.24),
        ] {
            let point = json!({"measure": "point", "on": "2022-12-31", "latitude": latitude, "longitude": longitude, "source": "ISTAT"});
            anna.post(&format!("/territories/{place}/figures"), &point).expect(201);
        }
        anna.patch(&format!("/territories/{gone}"), "*", &json!({"valid_to": "2020-01-01"})).expect(200);
        let found = search(&maria, &json!({"point": {"latitude": 46.07, "longitude": 13.24588}}));
        assert_eq!(told(&found), pairs(&[("Udine", "point"), ("Trieste", "point")]));
        assert_eq!(found[0]["metres"], 620);
        let away = found[1]["metres"].as_i64().unwrap();
        assert!((62_000..64_000).contains(&away), "{away}");
        assert_eq!(search(&maria, &json!({"point": {"latitude": -33.9, "longitude": 151.2}, "limit": 1})).len(), 1);

        let accept = [("accept", "application/geo+json")];
        let map = maria.send("GET", &format!("/territories?parent_id={region}&kind=municipality"), &accept, None).expect(200);
        assert_eq!(map.header("content-type"), "application/geo+json");
        let map = map.json();
        assert_eq!(map["type"], "FeatureCollection");
        let udine = map["features"].as_array().unwrap().iter().find(|feature| feature["properties"]["name"] == "Udine").unwrap();
        assert_eq!(udine["geometry"], json!({"type": "Point", "coordinates": [13.24588, 46.06442]}));
        assert_eq!((&udine["type"], &udine["id"]), (&json!("Feature"), &json!(world.fixture.udine)));
        // The region has no point, and is no feature.
        let regions = maria.send("GET", "/territories?kind=region", &accept, None).expect(200).json();
        assert_eq!(regions["features"], json!([]));
        maria.get("/territories").expect(200).json()["items"].as_array().expect("a page");
    }
}
