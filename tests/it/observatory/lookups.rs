//! Codes and observations are looked for in one way or the other, by how many they are and how they lie: what is told is the same.

use approdo::access::TerritoryId;
use approdo::territory::territories::Territory;
use approdo::territory::tree::{self, TerritoryParent};
use approdo_db::schema::territories;
use diesel::prelude::*;
use serde_json::json;

use super::queries::{dataset_of, land, territory, told};
use super::{elena, published};
use crate::both;

/// More territories than codes are looked for one by one.
const MANY: usize = 1_001;

both! {
    fn places_are_the_same_among_many_as_among_few(world: &World) {
        let samira = world.samira_help_desk_operator();
        let id = land(world);
        // Both number their places in the order of their files, so each calls others what the first one calls its own.
        let dataset = dataset_of(world, "STOCK", "stock", &[]);
        published(&elena(world), &dataset, b"REF_AREA,TIME_PERIOD,OBS_VALUE\nNOWHERE,2023,7\n901001,2023,10\n901002,2023,20\n902001,2023,30\n902002,2023,40\n");
        let other = dataset_of(world, "OTHER", "stock", &["SEX"]);
        published(&elena(world), &other, b"REF_AREA,SEX,TIME_PERIOD,OBS_VALUE\n902002,9,2023,1\n902001,9,2023,2\n901002,9,2023,3\n901001,9,2023,4\n");
        let ask = |level: &str| {
            let question = json!({"places": {"under": id("90"), "level": level}});
            let answer = samira.post(&format!("/datasets/{dataset}/observations/searches"), &question).expect(200).json();
            told(answer["items"].as_array().unwrap())
        };
        assert_eq!(ask("province"), ["Place 901 2023 =30.0 2/2", "Place 902 2023 =70.0 2/2"]);
        let below = TerritoryId(id("901").parse().unwrap());
        let begins = "1970-01-01".parse().unwrap();
        let now = approdo::clock::now();
        world.connection().write_transaction(|connection| {
            for number in 0..MANY {
                let place = Territory {
                    id: TerritoryId::new(),
                    kind: "municipality".into(),
                    code_system: "own".into(),
                    code: format!("W{number}"),
                    name: "Z".into(),
                    country_code: "IT".into(),
                    parent_id: Some(below),
                    valid_from: begins,
                    valid_to: None,
                    version: 1,
                    created_at: now,
                    updated_at: now,
                };
                diesel::insert_into(territories::table).values(&place).execute(connection)?;
                let above = TerritoryParent { territory_id: place.id, parent_id: below, valid_from: begins, valid_to: None };
                tree::insert(connection, &[above])?;
            }
            QueryResult::Ok(())
        }).unwrap();
        // One more by the API, so that all of them are known.
        territory(world, "municipality", "902003", Some(&id("902")), "1970-01-01");
        assert_eq!(ask("province"), ["Place 901 2023 =30.0 2/1003 p", "Place 902 2023 =70.0 2/3 p"]);
        assert_eq!(ask("municipality")[..5], ["Place 901001 2023 =10.0", "Place 901002 2023 =20.0", "Place 902001 2023 =30.0",
            "Place 902002 2023 =40.0", "Place 902003 2023 =not_reported"]);
    }

    fn periods_are_the_same_side_by_side_as_apart(world: &World) {
        let samira = world.samira_help_desk_operator();
        let id = land(world);
        let dataset = dataset_of(world, "STOCK", "stock", &[]);
        // In the order of the file: the second year comes after the third.
        let file = b"REF_AREA,TIME_PERIOD,OBS_VALUE\n901001,2021,1\n901001,2023,3\n901001,2022,2\n901001,2024,4\n";
        published(&elena(world), &dataset, file);
        let ask = |from: &str, to: &str| {
            let question = json!({"places": {"under": id("901001")}, "times": {"from": from, "to": to}});
            let answer = samira.post(&format!("/datasets/{dataset}/observations/searches"), &question).expect(200).json();
            told(answer["items"].as_array().unwrap())
        };
        let all = ["Place 901001 2021 =1.0", "Place 901001 2022 =2.0", "Place 901001 2023 =3.0", "Place 901001 2024 =4.0"];
        assert_eq!(ask("2021", "2024"), all);
        assert_eq!(ask("2021", "2022"), all[..2], "one of another year lies between them");
        assert_eq!(ask("2022", "2023"), all[1..3]);
        assert_eq!(ask("2023", "2024"), all[2..], "one of another year lies between them");
        assert_eq!(ask("2022", "2022"), all[1..2]);
    }
}
