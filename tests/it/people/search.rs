//! `POST /people/searches`: any script finds, and nothing outside the scope is ever found.

use serde_json::{Value, json};

use crate::both;
use crate::support::World;
use crate::support::http::Client;

fn register(client: &Client, place: &Value, given: &str, family: &str) -> String {
    let mut person = place.clone();
    person["given_name"] = json!(given);
    person["family_name"] = json!(family);
    client.post("/people", &person).expect(201).id()
}

fn found(client: &Client, name: &str) -> Vec<String> {
    let page = client.post("/people/searches", &json!({"name": name})).expect(200).json();
    page["items"].as_array().expect("people").iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
}

fn udine(world: &World) -> Value {
    json!({"owner_org_id": world.fixture.comune_udine, "territory_id": world.fixture.udine})
}

both! {
    fn a_name_is_found_by_what_a_clerk_can_type(world: &World) {
        let (maria, place) = (world.maria_case_manager(), udine(world));
        let olena = register(&maria, &place, "Олена", "Шевчук");
        let celik = register(&maria, &place, "Gülşen", "Çelik");
        let jose = register(&maria, &place, "José", "Nuñez");
        let combining = register(&maria, &place, "Jose\u{301}", "Nun\u{303}ez");
        let odd = register(&maria, &place, "X\u{30c}ara", "M\u{325}bo");
        let apostrophe = register(&maria, &place, "Mu'ammar", "D'Angelo");
        let arabic = register(&maria, &place, "محمد", "العلي");
        let chinese = register(&maria, &place, "娜", "李");
        let only = |id: &String| vec![id.clone()];
        for name in ["shevchuk", "Шевчук", "ШЕВЧ", "olena shev", "shevchuk olena", "  Shevchuk,  OLENA "] {
            assert_eq!(found(&maria, name), only(&olena), "{name}");
        }
        for name in ["celik", "ÇELİK", "Çelik", "gulsen", "gül"] {
            assert_eq!(found(&maria, name), only(&celik), "{name}");
        }
        for name in ["jose", "José", "Jose\u{301}", "nunez", "Nuñez"] {
            assert_eq!(found(&maria, name), [jose.clone(), combining.clone()], "{name}");
        }
        for name in ["xara", "X\u{30c}ara", "mbo"] {
            assert_eq!(found(&maria, name), only(&odd), "{name}");
        }
        for name in ["dangelo", "D'Angelo", "D\u{2019}Angelo", "muammar"] {
            assert_eq!(found(&maria, name), only(&apostrophe), "{name}");
        }
        assert_eq!(found(&maria, "محمد"), only(&arabic));
        assert_eq!(found(&maria, "李 娜"), only(&chinese));
        for name in ["evchuk", "shevchuk celik", "zz", "shevchukk"] {
            assert_eq!(found(&maria, name), Vec::<String>::new(), "{name}");
        }
    }

    fn a_name_is_found_as_the_passport_writes_it_too(world: &World) {
        let (maria, mut place) = (world.maria_case_manager(), udine(world));
        place["given_name_latin"] = json!("YEVHEN");
        place["family_name_latin"] = json!("ZHUK-O'NEIL");
        let id = register(&maria, &place, "Євген", "Жук");
        for name in ["Жук", "yevhen", "Yevhen ZHUK", "Жук oneil"] {
            assert_eq!(found(&maria, name), [id.as_str()], "{name}");
        }
        let address = format!("/people/{id}");
        maria.patch(&address, "*", &json!({"given_name_latin": "EUGENE", "family_name_latin": null})).expect(200);
        assert_eq!((found(&maria, "eugene"), found(&maria, "yevhen")), (vec![id.clone()], vec![]));
        assert_eq!(found(&maria, "oneil"), Vec::<String>::new());
        assert_eq!(found(&maria, "Жук"), [id.as_str()]);
    }

    fn a_date_of_birth_narrows_and_pages_go_on(world: &World) {
        let (maria, mut place) = (world.maria_case_manager(), udine(world));
        place["date_of_birth"] = json!("1990-01-01");
        let mut all: Vec<String> = (0..5).map(|_| register(&maria, &place, "Amina", "Diallo")).collect();
        place["date_of_birth"] = json!("1991-02-02");
        let younger = register(&maria, &place, "Amina", "Diallo");
        let search = |body: Value| maria.post("/people/searches", &body);
        let one = search(json!({"name": "diallo", "date_of_birth": "1991-02-02"})).expect(200).json();
        assert_eq!(
            (one["items"][0]["id"].as_str(), one["items"].as_array().map(Vec::len)),
            (Some(younger.as_str()), Some(1))
        );
        let (mut body, mut rows) = (json!({"name": "amina", "limit": 2}), Vec::new());
        loop {
            let page = search(body.clone()).expect(200).json();
            assert!(!page["_links"].to_string().contains("amina"), "no name stands in an address");
            rows.extend(
                page["items"]
                    .as_array()
                    .expect("people")
                    .iter()
                    .map(|row| row["id"].as_str().expect("an id").to_owned()),
            );
            let Some(cursor) = page.get("next_cursor") else { break };
            search(json!({"name": "diallo", "cursor": cursor})).expect(400);
            body["cursor"] = cursor.clone();
        }
        all.push(younger);
        assert_eq!(rows, all);
        for wrong in [
            json!({}),
            json!({"name": "x"}),
            json!({"name": "--- !"}),
            json!({"name": "amina", "limit": 0}),
            json!({"name": "amina", "q": 1}),
        ] {
            search(wrong).expect(422);
        }
        search(json!({"name": "amina", "cursor": "x"})).expect(400);
    }

    fn nothing_outside_the_scope_is_found(world: &World) {
        let (maria, matej) = (world.maria_case_manager(), world.matej_case_manager_in_trieste());
        let near = register(&maria, &udine(world), "Amina", "Diallo");
        let trieste = json!({"owner_org_id": world.fixture.comune_trieste, "territory_id": world.fixture.trieste});
        let far = register(&matej, &trieste, "Amina", "Diallo");
        assert_eq!(found(&maria, "diallo"), [near.as_str()]);
        assert_eq!(found(&matej, "diallo"), [far.as_str()]);
        let student = {
            let mut place = udine(world);
            place["target_group"] = json!("student");
            register(&maria, &place, "Amina", "Diallo")
        };
        // Over both places, each person once, although two grants reach some.
        let granted = |organisation: Value, territory: Value, groups: Value| {
            json!({
                "role": "case_manager", "organisation_id": organisation, "territory_ids": [territory], "target_groups": groups,
            })
        };
        let (region, id, _) =
            world.another_client(&granted(json!(world.fixture.root), json!(world.fixture.region), json!([])));
        world.grant(&id, &granted(json!(world.fixture.comune_udine), json!(world.fixture.udine), json!([])));
        assert_eq!(found(&region, "diallo"), [near.clone(), far.clone(), student.clone()]);
        let (of_students, _, _) =
            world.another_client(&granted(json!(world.fixture.root), json!(world.fixture.region), json!(["student"])));
        assert_eq!(found(&of_students, "diallo"), [student.as_str()]);
        // An owner that is not the caller's hides as well as a territory does.
        let (of_trieste, _, _) =
            world.another_client(&granted(json!(world.fixture.comune_trieste), json!(world.fixture.region), json!([])));
        assert_eq!(found(&of_trieste, "diallo"), [far.as_str()]);
        let (in_trieste, _, _) =
            world.another_client(&granted(json!(world.fixture.root), json!(world.fixture.trieste), json!([])));
        assert_eq!(found(&in_trieste, "diallo"), [far.as_str()]);
        for name in ["anna_system_administrator", "regional_sync_client", "giulia_auditor"] {
            world.caller(name).post("/people/searches", &json!({"name": "diallo"})).expect(403);
        }
    }
}
