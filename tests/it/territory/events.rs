//! Codes that change, and what happens to territories.

use approdo::territory::codes::{self, CodeBook, CodeSystem};
use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::both;
use crate::support::{Client, World};

/// A municipality below another territory, from 1970 on.
pub fn municipality(world: &World, code: &str, name: &str, parent: impl serde::Serialize) -> String {
    let new = json!({"kind": "municipality", "code_system": "istat", "code": code, "name": name, "country_code": "IT",
        "parent_id": parent, "valid_from": "1970-01-01"});
    world.anna_system_administrator().post("/territories", &new).expect(201).id()
}

fn happens(client: &Client, territory: &str, event: &Value) -> crate::support::http::Answer {
    let mut event = event.clone();
    event["source"] = json!("ISTAT notice");
    client.post(&format!("/territories/{territory}/events"), &event)
}

fn items(client: &Client, path: &str) -> Vec<Value> {
    client.get(path).expect(200).json()["items"].as_array().unwrap().clone()
}

fn ids(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["id"].as_str().unwrap()).collect()
}

/// What a code means on a day, asked alone and in the book of all codes.
fn meaning(world: &World, code: &str, on: &str) -> Option<String> {
    let day: NaiveDate = on.parse().unwrap();
    let connection = &mut world.connection();
    let alone = codes::resolve(connection, CodeSystem::Istat, code, day).unwrap();
    assert_eq!(CodeBook::read(connection).unwrap().resolve(CodeSystem::Istat, code, day), alone);
    alone.map(|id| id.to_string())
}

both! {
    fn a_municipality_that_changes_province_and_code_stays_the_same_territory(world: &World) {
        let (anna, maria) = (world.anna_system_administrator(), world.maria_case_manager());
        let (region, veneto) = (world.fixture.region, world.fixture.trieste);
        let sappada = municipality(world, "025052", "Sappada", veneto);
        let on = "2018-01-01";
        happens(&anna, &sappada, &json!({"kind": "code", "effective_on": on, "code_system": "istat", "code": "030189"})).expect(201);
        let moved = happens(&anna, &sappada, &json!({"kind": "parent", "effective_on": on, "parent_id": region})).expect(201);
        let moved = moved.json();
        assert_eq!((&moved["old_parent_id"], &moved["new_parent_id"]), (&json!(veneto), &json!(region)));
        happens(&anna, &sappada, &json!({"kind": "rename", "effective_on": on, "name": "Sappada/Plodn", "certainty": "inferred"})).expect(201);
        let now = maria.get(&format!("/territories/{sappada}")).expect(200).json();
        assert_eq!((&now["code"], &now["name"], &now["parent_id"]), (&json!("030189"), &json!("Sappada/Plodn"), &json!(region)));
        // Either code leads to it, on any day: nobody else ever had them.
        for (code, on) in [("025052", "2017-12-31"), ("030189", "2018-01-01"), ("030189", "2017-12-31"), ("025052", "2026-01-01")] {
            assert_eq!(meaning(world, code, on).as_ref(), Some(&sappada), "{code} {on}");
        }
        for code in ["025052", "030189"] {
            assert_eq!(ids(&items(&maria, &format!("/territories?code_system=istat&code={code}"))), [&sappada]);
        }
        let codes = items(&maria, &format!("/territories/{sappada}/codes"));
        assert_eq!(codes.len(), 2);
        assert_eq!((&codes[0]["code"], &codes[0]["valid_to"]), (&json!("025052"), &json!(on)));
        assert_eq!(items(&maria, &format!("/territories/{sappada}/codes?on=2018-01-01")), codes[1..]);
        let events = items(&maria, &format!("/territories/{sappada}/events"));
        let told: Vec<_> = events.iter().map(|event| (event["kind"].as_str().unwrap(), event["certainty"].as_str().unwrap())).collect();
        assert_eq!(told, [("code", "stated"), ("parent", "stated"), ("rename", "inferred")]);
        assert_eq!((&events[0]["old_value"], &events[2]["old_value"]), (&json!("025052"), &json!("Sappada")));
    }

    fn a_code_that_went_to_another_territory_means_each_in_its_time(world: &World) {
        let anna = world.anna_system_administrator();
        let first = municipality(world, "092026", "Prima", world.fixture.region);
        let second = municipality(world, "092999", "Seconda", world.fixture.region);
        let code = |on: &str, code: &str| json!({"kind": "code", "effective_on": on, "code_system": "istat", "code": code});
        happens(&anna, &second, &code("1980-01-01", "092026")).expect(409);
        happens(&anna, &first, &code("1974-08-20", "092009")).expect(201);
        happens(&anna, &second, &code("1980-01-01", "092026")).expect(201);
        for (on, meant) in [("1974-08-19", Some(&first)), ("1977-01-01", None), ("1980-01-01", Some(&second)), ("2026-01-01", Some(&second))] {
            assert_eq!(meaning(world, "092026", on).as_ref(), meant, "{on}");
        }
        // Nothing can happen before something later of its kind, nor in the future.
        happens(&anna, &first, &code("1972-01-01", "092001")).expect(409);
        for on in ["1970-01-01", "1969-12-31", "2999-01-01"] {
            let refused = happens(&anna, &second, &code(on, "092777")).expect(422).json();
            assert_eq!(refused["errors"][0]["pointer"], "#/effective_on", "{on}");
        }
        let new = json!({"code_system": "istat", "code": "092009", "valid_from": "2020-01-01", "source": "A list"});
        anna.post(&format!("/territories/{second}/codes"), &new).expect(409);
        let kept = json!({"code_system": "belfiore", "code": "B354", "valid_from": "1970-01-01", "source": "A list"});
        anna.post(&format!("/territories/{second}/codes"), &kept).expect(201);
        world.maria_case_manager().post(&format!("/territories/{second}/codes"), &kept).expect(403);
    }

    fn a_merger_ends_the_predecessor_and_leads_to_the_successor(world: &World) {
        let (anna, maria) = (world.anna_system_administrator(), world.maria_case_manager());
        let region = world.fixture.region;
        let (lu, cuccaro) = (municipality(world, "006089", "Lu", region), municipality(world, "006064", "Cuccaro Monferrato", region));
        let new = json!({"kind": "municipality", "code_system": "istat", "code": "006193", "name": "Lu e Cuccaro Monferrato",
            "country_code": "IT", "parent_id": region, "valid_from": "2019-02-01"});
        let both = anna.post("/territories", &new).expect(201).id();
        let merge = |on: &str, to: &str| json!({"kind": "merge", "effective_on": on, "to_territory_id": to});
        happens(&maria, &lu, &merge("2019-02-01", &both)).expect(403);
        for (on, to) in [("2019-01-31", both.as_str()), ("2019-02-01", &lu), ("2019-02-01", &uuid::Uuid::now_v7().to_string())] {
            let refused = happens(&anna, &lu, &merge(on, to)).expect(422).json();
            assert_eq!(refused["errors"][0]["pointer"], "#/to_territory_id", "{on} {to}");
        }
        for member in [json!({"share": 0.5}), json!({"name": "Lu"}), json!({"code": "1"}), json!({"parent_id": region})] {
            let mut event = merge("2019-02-01", &both);
            event.as_object_mut().unwrap().extend(member.as_object().unwrap().clone());
            happens(&anna, &lu, &event).expect(422);
        }
        for predecessor in [&lu, &cuccaro] {
            let event = happens(&anna, predecessor, &merge("2019-02-01", &both)).expect(201).json();
            assert_eq!((&event["share"], &event["to_territory_id"]), (&json!(1.0), &json!(both)));
            assert_eq!(maria.get(&format!("/territories/{predecessor}")).expect(200).json()["valid_to"], "2019-02-01");
            let code = &items(&maria, &format!("/territories/{predecessor}/codes"))[0];
            assert_eq!(code["valid_to"], "2019-02-01");
            happens(&anna, predecessor, &json!({"kind": "rename", "effective_on": "2020-01-01", "name": "Later"})).expect(422);
        }
        let events = items(&maria, &format!("/territories/{both}/events"));
        assert_eq!(events.iter().map(|event| event["from_territory_id"].as_str().unwrap()).collect::<Vec<_>>(), [&lu, &cuccaro]);
        assert_eq!(items(&maria, &format!("/territories/{lu}/events")), events[..1]);
        maria.get(&format!("/territories/{both}/events/{}", events[0]["id"].as_str().unwrap())).expect(200);
        maria.get(&format!("/territories/{region}/events/{}", events[0]["id"].as_str().unwrap())).expect(404);
    }

    fn a_circle_that_closes_on_a_day_long_ago_is_refused(world: &World) {
        let anna = world.anna_system_administrator();
        let region = world.fixture.region;
        let [one, other] = ["092031", "092032"].map(|code| municipality(world, code, code, region));
        let below = |on: &str, parent: &str| json!({"kind": "parent", "effective_on": on, "parent_id": parent});
        // For a year only.
        happens(&anna, &one, &below("2021-01-01", &other)).expect(201);
        happens(&anna, &one, &below("2022-01-01", &region.to_string())).expect(201);
        let refused = happens(&anna, &other, &below("2020-01-01", &one)).expect(422).json();
        assert_eq!(refused["errors"][0]["pointer"], "#/parent_id");
        happens(&anna, &other, &below("2022-01-01", &one)).expect(201);
        happens(&anna, &one, &below("2023-01-01", &other)).expect(422);
        happens(&anna, &one, &below("2023-01-01", &one)).expect(422);
    }

    fn the_tree_is_no_deeper_than_is_looked_at_for_circles(world: &World) {
        let anna = world.anna_system_administrator();
        // The region lies below its country.
        let chain = |from: u32, count: u32| {
            let mut chain = vec![world.fixture.region.to_string()];
            for number in from..from + count {
                chain.push(municipality(world, &format!("0{number}"), "Deep", &chain[chain.len() - 1]));
            }
            chain
        };
        let deep = chain(93000, 19);
        let new = json!({"kind": "municipality", "code_system": "istat", "code": "093099", "name": "Deeper", "country_code": "IT",
            "parent_id": deep[19], "valid_from": "1970-01-01"});
        let refused = anna.post("/territories", &new).expect(422).json();
        assert_eq!(refused["errors"][0]["pointer"], "#/parent_id");
        // A circle of more steps than that passes through something as deep.
        let other = chain(94000, 15);
        let below = |parent: &str| json!({"kind": "parent", "effective_on": "2020-01-01", "parent_id": parent});
        happens(&anna, &other[1], &below(&deep[15])).expect(201);
        happens(&anna, &deep[1], &below(&other[15])).expect(422);
    }

    fn what_a_territory_gives_away_on_a_day_is_all_of_it_at_most(world: &World) {
        let anna = world.anna_system_administrator();
        let region = world.fixture.region;
        let from = municipality(world, "001063", "Caselle", region);
        let to = municipality(world, "001316", "Mappano", region);
        let part = |kind: &str, share: f64| json!({"kind": kind, "effective_on": "2017-04-18", "to_territory_id": to, "share": share});
        happens(&anna, &from, &part("split", 0.6)).expect(201);
        happens(&anna, &from, &part("boundary", 0.5)).expect(409);
        happens(&anna, &from, &part("boundary", 0.4)).expect(201);
        for share in [0.0, 1.5, -1.0] {
            happens(&anna, &from, &part("split", share)).expect(422);
        }
        let territory = anna.get(&format!("/territories/{from}")).expect(200).json();
        assert_eq!((&territory["version"], territory.get("valid_to")), (&json!(3), None));
    }

    fn grants_reach_what_moved_below_their_territory(world: &World) {
        let anna = world.anna_system_administrator();
        let maria = world.maria_case_manager();
        let place = municipality(world, "030999", "Altrove", world.fixture.trieste);
        let mut person = world.person_in_udine();
        person["territory_id"] = json!(place);
        maria.post("/people", &person).expect(422);
        // Below itself it cannot come to lie.
        let refused = happens(&anna, &world.fixture.trieste.to_string(), &json!({"kind": "parent", "effective_on": "2020-01-01", "parent_id": place}));
        assert_eq!(refused.expect(422).json()["errors"][0]["pointer"], "#/parent_id");
        happens(&anna, &place, &json!({"kind": "parent", "effective_on": "2020-01-01", "parent_id": world.fixture.udine})).expect(201);
        maria.post("/people", &person).expect(201);
    }

    fn a_territory_takes_its_codes_with_it_when_it_ends(world: &World) {
        let anna = world.anna_system_administrator();
        let place = municipality(world, "001300", "Fu", world.fixture.region);
        happens(&anna, &place, &json!({"kind": "code", "effective_on": "2010-01-01", "code_system": "istat", "code": "001301"})).expect(201);
        let address = format!("/territories/{place}");
        let ends = || items(&anna, &format!("{address}/codes")).iter().map(|code| code.get("valid_to").cloned()).collect::<Vec<_>>();
        anna.patch(&address, "*", &json!({"valid_to": "2009-01-01"})).expect(409);
        anna.patch(&address, "*", &json!({"valid_to": "2020-01-01"})).expect(200);
        assert_eq!(ends(), [Some(json!("2010-01-01")), Some(json!("2020-01-01"))]);
        anna.patch(&address, "*", &json!({"valid_to": null})).expect(200);
        assert_eq!(ends(), [Some(json!("2010-01-01")), None]);
    }

    fn a_membership_without_an_end_is_in_the_way_of_another(world: &World) {
        let anna = world.anna_system_administrator();
        let new = json!({"kind": "union", "code_system": "own", "code": "U1", "name": "Unione", "country_code": "IT", "valid_from": "2020-01-01"});
        let members = format!("/territories/{}/memberships", anna.post("/territories", &new).expect(201).id());
        let member = |from: &str| anna.post(&members, &json!({"member_id": world.fixture.udine, "valid_from": from}));
        member("2020-01-01").expect(201);
        for from in ["2019-01-01", "2020-01-01", "2024-01-01"] {
            member(from).expect(409);
        }
    }

    fn two_territories_that_would_each_come_to_lie_below_the_other_are_not_both_moved(world: &World) {
        for round in 0..8 {
            let made = [0, 1].map(|number| {
                let code = format!("0309{round}{number}");
                municipality(world, &code, &format!("Borgo {code}"), world.fixture.region)
            });
            let [one, other] = &made;
            let mut answers = std::thread::scope(|scope| {
                let moves = [(one, other), (other, one)].map(|(place, above)| {
                    let anna = world.anna_system_administrator();
                    let event = json!({"kind": "parent", "effective_on": "2020-01-01", "parent_id": above});
                    scope.spawn(move || happens(&anna, place, &event))
                });
                moves.map(|made| made.join().unwrap())
            });
            answers.sort_by_key(|answer| answer.status);
            let [moved, refused] = answers;
            assert_eq!((moved.status, refused.status), (201, 422), "round {round}: {} {}", moved.text, refused.text);
            assert_eq!(refused.json()["errors"][0]["pointer"], "#/parent_id");
            let anna = world.anna_system_administrator();
            let told = made.each_ref().map(|id| anna.get(&format!("/territories/{id}")).expect(200).json());
            let below = told.iter().position(|place| place["id"] == moved.json()["from_territory_id"]).unwrap();
            assert_eq!((&told[below]["parent_id"], &told[1 - below]["parent_id"]), (&told[1 - below]["id"], &json!(world.fixture.region)));
            assert_eq!(told[1 - below]["version"], 1, "nothing was written of the other");
            assert_eq!(items(&anna, &format!("/territories/{}/events", made[1 - below])), Vec::<Value>::new());
        }
    }
}
