//! Indicators: sums divided by sums, of who has told both.

use serde_json::{Value, json};

use super::queries::{dataset_of, happens, land, territory, told};
use super::{elena, published};
use crate::both;
use crate::support::World;

const PEOPLE: &[u8] = b"REF_AREA,TIME_PERIOD,OBS_VALUE\n901001,2024,1000\n901002,2024,2000\n902001,2024,500\n902002,2024,0\n901001,2025,1000\n901002,2025,2000\n902001,2025,600\n";
const FOREIGNERS: &[u8] = b"REF_AREA,SEX,TIME_PERIOD,OBS_VALUE,CONF_STATUS\n901001,1,2024,60,\n901001,2,2024,40,\n901002,1,2024,10,\n901002,2,2024,10,\n902002,1,2024,1,\n902002,2,2024,1,\n901001,1,2025,50,\n901001,2,2025,50,\n901002,1,2025,,A\n901002,2,2025,15,\n902001,1,2025,30,\n902001,2,2025,30,\n";

/// Foreigners per hundred residents.
fn share(world: &World) -> String {
    let (people, foreigners) =
        (dataset_of(world, "PEOPLE", "stock", &[]), dataset_of(world, "FOREIGNERS", "stock", &["SEX"]));
    published(&elena(world), &people, PEOPLE);
    published(&elena(world), &foreigners, FOREIGNERS);
    let new = json!({"organisation_id": world.fixture.root, "code": "SHARE", "name": "Foreigners among residents", "unit": "%", "factor": 100,
        "numerator": {"dataset_id": foreigners, "filters": [{"dimension": "SEX", "codes": ["1", "2"]}]}, "denominator": {"dataset_id": people},
        "minimum_completeness": 0.75, "method": "Foreign residents divided by residents, both of 1 January."});
    elena(world).post("/indicators", &new).expect(201).id()
}

fn values(world: &World, indicator: &str, query: &str) -> Vec<Value> {
    let path = format!("/indicators/{indicator}/values?{query}");
    world.samira_help_desk_operator().get(&path).expect(200).json()["items"].as_array().unwrap().clone()
}

both! {
    fn a_ratio_is_one_sum_divided_by_the_other_of_who_has_told_both(world: &World) {
        let id = land(world);
        let indicator = share(world);
        let region = id("90");
        assert_eq!(told(&values(world, &indicator, &format!("under={region}&level=municipality"))), [
            "Place 901001 2024 =10.0", "Place 901001 2025 =10.0", "Place 901002 2024 =1.0", "Place 901002 2025 =suppressed",
            "Place 902001 2024 =not_reported", "Place 902001 2025 =10.0", "Place 902002 2024 =no_denominator", "Place 902002 2025 =not_reported",
        ]);
        // Never the mean of 10 and 1, nor over the people of who told nothing of foreigners.
        assert_eq!(told(&values(world, &indicator, &format!("under={region}&level=province"))), [
            "Place 901 2024 =4.0 2/2", "Place 901 2025 =suppressed 2/2", "Place 902 2024 =no_denominator 1/2", "Place 902 2025 =10.0 1/2 p",
        ]);
        assert_eq!(told(&values(world, &indicator, &format!("under={region}&to=2024")))[0], format!("Place 90 2024 ={} 3/4", 122.0 / 3000.0 * 100.0));
        assert_eq!(told(&values(world, &indicator, "codes=901001,901002&from=2024&to=2024")), ["901001 2024 =10.0", "901002 2024 =1.0"]);
        // Broken down by what the numerator has, over all residents.
        assert_eq!(told(&values(world, &indicator, "codes=901001&to=2024&breakdown=SEX")), ["901001 2024 1=6.0", "901001 2024 2=4.0"]);
        let whole = world.samira_help_desk_operator().get(&format!("/indicators/{indicator}/values?codes=901001")).expect(200).json();
        assert_eq!((&whole["kind"], &whole["unit"], whole["sources"].as_array().map(Vec::len)), (&json!("ratio"), &json!("%"), Some(2)));
        for query in ["under=x", "codes=", "codes=999999", "codes=901001,901001", "under=01985b2e-0000-7000-8000-000000000001", "codes=901001&level=province",
            "codes=901001&compare=share", "codes=901001&compare=size", "codes=901001&breakdown=AGE", "codes=901001&geo=now", "codes=901001&from=2025&to=2024"] {
            world.samira_help_desk_operator().get(&format!("/indicators/{indicator}/values?{query}")).expect(400);
        }
    }

    fn a_ratio_follows_mergers_on_both_sides(world: &World) {
        let id = land(world);
        let indicator = share(world);
        let new = territory(world, "municipality", "901003", Some(&id("901")), "2025-06-01");
        for gone in ["901001", "901002"] {
            happens(world, &id(gone), json!({"kind": "merge", "effective_on": "2025-06-01", "to_territory_id": new}));
        }
        assert_eq!(told(&values(world, &indicator, &format!("under={new}&geo=current"))), ["Place 901003 2024 =4.0 2/2", "Place 901003 2025 =suppressed 2/2"]);
        assert_eq!(told(&values(world, &indicator, &format!("under={}&level=province&geo=current&to=2024", id("90"))))[0], "Place 901 2024 =4.0 2/2");
    }

    fn what_an_indicator_is_made_of_is_checked_and_stays(world: &World) {
        let (elena, samira, maria) = (elena(world), world.samira_help_desk_operator(), world.maria_case_manager());
        let _id = land(world);
        let indicator = share(world);
        let path = format!("/indicators/{indicator}");
        let row = samira.get(&path).expect(200);
        assert_eq!(row.json()["factor"], 100.0);
        let tag = row.header("etag").to_owned();
        maria.patch(&path, &tag, &json!({"name": "Mine"})).expect(403);
        elena.patch(&path, &tag, &json!({"factor": 1})).expect(422);
        elena.patch(&path, &tag, &json!({"name": "Foreigners per hundred"})).expect(200);
        elena.patch(&path, &tag, &json!({"name": "Later"})).expect(412);
        let ratio = dataset_of(world, "RATES", "ratio", &[]);
        let row = samira.get(&path).expect(200).json();
        let mut new = json!({"organisation_id": world.fixture.root, "code": "OTHER", "name": "Other", "unit": "%", "method": "None.",
            "numerator": row["numerator"], "denominator": row["denominator"]});
        maria.post("/indicators", &new).expect(403);
        for (member, value, pointer) in [
            ("numerator", json!({"dataset_id": ratio}), "#/numerator/dataset_id"),
            ("numerator", json!({"dataset_id": uuid::Uuid::now_v7()}), "#/numerator/dataset_id"),
            ("numerator", json!({"dataset_id": row["numerator"]["dataset_id"], "filters": [{"dimension": "SEX", "codes": ["8"]}]}), "#/numerator/filters/0/codes/0"),
            ("numerator", json!({"dataset_id": row["numerator"]["dataset_id"]}), "#/numerator/filters"),
            ("denominator", json!({"dataset_id": ratio}), "#/denominator/dataset_id"),
            ("factor", json!(0), "#/factor"),
            ("code", json!("SHARE"), ""),
        ] {
            let mut wrong = new.clone();
            wrong[member] = value;
            let refused = elena.post("/indicators", &wrong).expect(if pointer.is_empty() { 409 } else { 422 }).json();
            if !pointer.is_empty() {
                assert_eq!(refused["errors"][0]["pointer"], pointer);
            }
        }
        new["denominator"] = json!({"dataset_id": dataset_of(world, "LATER", "stock", &[])});
        let later = elena.post("/indicators", &new).expect(201).id();
        // Nothing is told of what is not published.
        samira.get(&format!("/indicators/{later}/values?codes=901001")).expect(404);
        assert_eq!(samira.get("/indicators?code=OTHER").expect(200).json()["items"][0]["id"], json!(later));
    }

    fn a_ratio_of_a_province_keeps_what_merged_within_and_pairs_nobody_with_another(world: &World) {
        let id = land(world);
        let third = territory(world, "municipality", "901004", Some(&id("901")), "1970-01-01");
        let merged = territory(world, "municipality", "901005", Some(&id("901")), "2020-01-01");
        for gone in ["901001", "901002"] {
            happens(world, &id(gone), json!({"kind": "merge", "effective_on": "2020-01-01", "to_territory_id": merged}));
        }
        let (of, by) = (dataset_of(world, "OF", "stock", &[]), dataset_of(world, "BY", "stock", &[]));
        published(&elena(world), &of, b"REF_AREA,TIME_PERIOD,OBS_VALUE\n901001,2019,10\n901002,2019,20\n901004,2019,60\n902001,2019,5\n");
        published(&elena(world), &by, b"REF_AREA,TIME_PERIOD,OBS_VALUE\n901001,2019,100\n901002,2019,100\n901004,2019,100\n902002,2019,100\n");
        let new = json!({"organisation_id": world.fixture.root, "code": "R", "name": "R", "unit": "1", "method": "None.",
            "numerator": {"dataset_id": of}, "denominator": {"dataset_id": by}});
        let indicator = elena(world).post("/indicators", &new).expect(201).id();
        for geo in ["as_was", "current"] {
            // Nobody in 902 has told both.
            assert_eq!(told(&values(world, &indicator, &format!("under={}&level=province&geo={geo}", id("90")))), [
                "Place 901 2019 =0.3 3/3", "Place 902 2019 =not_reported 0/2",
            ], "{geo}");
        }
        assert_eq!(told(&values(world, &indicator, &format!("under={merged}&geo=current"))), ["Place 901005 2019 =0.15 2/2"]);
        assert_eq!(told(&values(world, &indicator, &format!("under={third}&geo=current"))), ["Place 901004 2019 =0.6"]);
    }
}
