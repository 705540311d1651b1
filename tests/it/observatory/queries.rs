//! What figures say: filtered, broken down, added up, and told of territories as they were or are.

use serde_json::{Value, json};

use super::{elena, imported, published};
use crate::both;
use crate::support::{Client, World};

/// A dataset with these dimensions besides those of place and time.
pub fn dataset_of(world: &World, code: &str, kind: &str, others: &[&str]) -> String {
    let mut dimensions = vec![json!({"id": "REF_AREA", "role": "area", "name": "Territory"})];
    dimensions.extend(others.iter().map(|id| json!({"id": id, "role": "other", "name": id})));
    dimensions.push(json!({"id": "TIME_PERIOD", "role": "time", "name": "Time"}));
    let new = json!({"organisation_id": world.fixture.root, "code": code, "name": code, "unit": "persons",
        "measure_kind": kind, "suppress_below": 0, "source": "A register", "dimensions": dimensions});
    elena(world).post("/datasets", &new).expect(201).id()
}

/// A territory from a day on.
pub fn territory(world: &World, kind: &str, code: &str, parent: Option<&str>, from: &str) -> String {
    let mut new = json!({"kind": kind, "code_system": "istat", "code": code, "name": format!("Place {code}"),
        "country_code": "IT", "valid_from": from});
    if let Some(parent) = parent {
        new["parent_id"] = json!(parent);
    }
    world.anna_system_administrator().post("/territories", &new).expect(201).id()
}

pub fn happens(world: &World, territory: &str, event: Value) {
    let mut event = event;
    event["source"] = json!("A law");
    world.anna_system_administrator().post(&format!("/territories/{territory}/events"), &event).expect(201);
}

fn enter_codes(world: &World, dataset: &str, dimension: &str, codes: Value) {
    let path = format!("/datasets/{dataset}/codelists/{dimension}");
    elena(world).put(&path, &json!({"codes": codes})).expect(200);
}

fn asked(client: &Client, dataset: &str, question: &Value) -> Vec<Value> {
    let told = client.post(&format!("/datasets/{dataset}/observations/searches"), question).expect(200).json();
    told["items"].as_array().expect("items").clone()
}

/// What is told: where, when, of what, and the value or why there is none.
pub fn told(rows: &[Value]) -> Vec<String> {
    let text = |row: &Value| {
        let place = row["place_code"].as_str().or(row["place_name"].as_str()).unwrap_or("?").to_owned();
        let codes: Vec<&str> =
            row["key"].as_array().unwrap().iter().map(|code| code["code"].as_str().unwrap()).collect();
        let value = row["gap"].as_str().map_or_else(|| row["value"].to_string(), str::to_owned);
        let parts =
            if row["expected"] == 1 { String::new() } else { format!(" {}/{}", row["reported"], row["expected"]) };
        let mut marks = String::new();
        for (member, mark) in [("is_provisional", " p"), ("is_estimated", " e")] {
            if row[member] == true {
                marks.push_str(mark);
            }
        }
        format!("{place} {} {}={value}{parts}{marks}", row["period"].as_str().unwrap(), codes.join("."))
    };
    rows.iter().map(text).collect()
}

/// A region of two provinces with two municipalities each; the ids by code.
pub fn land(world: &World) -> impl Fn(&str) -> String + use<> {
    let mut ids: std::collections::HashMap<String, String> = std::collections::HashMap::new();
    for (kind, code, parent) in [
        ("region", "90", None),
        ("province", "901", Some("90")),
        ("province", "902", Some("90")),
        ("municipality", "901001", Some("901")),
        ("municipality", "901002", Some("901")),
        ("municipality", "902001", Some("902")),
        ("municipality", "902002", Some("902")),
    ] {
        let parent = parent.map(|code| ids[code].clone());
        let id = territory(world, kind, code, parent.as_deref(), "1970-01-01");
        ids.insert(code.to_owned(), id);
    }
    move |code: &str| ids[code].clone()
}

const BY_SEX: &[u8] = b"REF_AREA,SEX,TIME_PERIOD,OBS_VALUE,OBS_STATUS\n\
901001,9,2024,10,\n901001,1,2024,4,\n901001,2,2024,6,\n901001,9,2025,12,p\n901001,1,2025,5,\n901001,2,2025,7,\n\
901002,9,2024,20,\n901002,9,2025,,Q\n902001,9,2024,30,\n902001,9,2025,40,\n902002,9,2024,50,\n";

both! {
    fn any_dimension_can_be_filtered_by_or_broken_down(world: &World) {
        let samira = world.samira_help_desk_operator();
        let _id = land(world);
        let dataset = dataset_of(world, "BY_SEX", "stock", &["SEX"]);
        published(&elena(world), &dataset, BY_SEX);
        let search = format!("/datasets/{dataset}/observations/searches");
        let places = json!({"codes": ["901001", "901002"]});
        // Nobody has said that 9 holds the others.
        let refused = samira.post(&search, &json!({"places": places})).expect(422).json();
        assert_eq!(refused["errors"][0]["pointer"], "#/filters");
        let summed = json!({"places": places, "filters": [{"dimension": "SEX", "codes": ["1", "2"]}]});
        assert_eq!(told(&asked(&samira, &dataset, &summed)),
            ["901001 2024 =10.0", "901001 2025 =12.0", "901002 2024 =not_reported", "901002 2025 =not_reported"]);
        enter_codes(world, &dataset, "SEX", json!([{"code": "9"}, {"code": "1", "parent_code": "9"}, {"code": "2", "parent_code": "9"}]));
        assert_eq!(told(&asked(&samira, &dataset, &json!({"places": places}))),
            ["901001 2024 =10.0", "901001 2025 =12.0 p", "901002 2024 =20.0", "901002 2025 =suppressed"]);
        let broken_down = json!({"places": {"codes": ["901001"]}, "breakdown": ["SEX"], "times": {"from": "2025", "to": "2025"}});
        assert_eq!(told(&asked(&samira, &dataset, &broken_down)), ["901001 2025 9=12.0 p", "901001 2025 1=5.0", "901001 2025 2=7.0"]);
        let some = json!({"places": {"codes": ["901001"]}, "breakdown": ["SEX"], "filters": [{"dimension": "SEX", "codes": ["2", "9"]}], "times": {"to": "2024"}});
        assert_eq!(told(&asked(&samira, &dataset, &some)), ["901001 2024 9=10.0", "901001 2024 2=6.0"]);
        // Nothing is added up twice, and what is wrong is told by name.
        for (question, pointer) in [
            (json!({"places": places, "filters": [{"dimension": "SEX", "codes": ["9", "1"]}]}), "#/filters/0/codes/1"),
            (json!({"places": places, "filters": [{"dimension": "SEX", "codes": ["7"]}]}), "#/filters/0/codes/0"),
            (json!({"places": places, "filters": [{"dimension": "AGE", "codes": ["7"]}]}), "#/filters/0/dimension"),
            (json!({"places": places, "breakdown": ["REF_AREA"]}), "#/breakdown/0"),
            (json!({"places": places, "breakdown": ["SEX", "SEX"]}), "#/breakdown/1"),
            (json!({"places": {"codes": ["999999"]}}), "#/places/codes/0"),
            (json!({"places": {}}), "#/places"),
            (json!({"places": {"codes": ["901001"], "level": "province"}}), "#/places"),
            (json!({"places": {"under": uuid::Uuid::now_v7()}}), "#/places/under"),
            (json!({"places": places, "geo": "current"}), "#/geo"),
            (json!({"places": places, "geo": "2025-02-30"}), "#/geo"),
            (json!({"places": places, "times": {"from": "2025", "to": "2024"}}), "#/times/to"),
            (json!({"places": places, "times": {"from": "2025-13"}}), "#/times/from"),
            (json!({"places": places, "compare": ["share"]}), "#/compare/0"),
        ] {
            let refused = samira.post(&search, &question).expect(422).json();
            assert_eq!(refused["errors"][0]["pointer"], pointer, "{question}");
        }
    }

    fn territories_are_added_up_and_what_is_missing_is_told(world: &World) {
        let samira = world.samira_help_desk_operator();
        let id = land(world);
        let dataset = dataset_of(world, "FLOW", "flow", &[]);
        let file = b"REF_AREA,TIME_PERIOD,OBS_VALUE\n901001,2024,10\n901002,2024,20\n902001,2024,30\n902001,2025,40\n902,2026,77\n902001,2026,1\n";
        published(&elena(world), &dataset, file);
        let under = |level: Option<&str>| {
            let mut places = json!({"under": id("90")});
            if let Some(level) = level {
                places["level"] = json!(level);
            }
            json!({"places": places})
        };
        // 902002 has told nothing, ever.
        assert_eq!(told(&asked(&samira, &dataset, &under(None))),
            ["Place 90 2024 =60.0 3/4 p", "Place 90 2025 =40.0 1/4 p", "Place 90 2026 =77.0 1/3 p"]);
        // What a province says of itself comes before what its municipalities say.
        assert_eq!(told(&asked(&samira, &dataset, &under(Some("province")))), [
            "Place 901 2024 =30.0 2/2", "Place 901 2025 =not_reported 0/2", "Place 901 2026 =not_reported 0/2",
            "Place 902 2024 =30.0 1/2 p", "Place 902 2025 =40.0 1/2 p", "Place 902 2026 =77.0",
        ]);
        let mut lenient = under(None);
        (lenient["minimum_completeness"], lenient["times"]) = (json!(0.75), json!({"to": "2025"}));
        assert_eq!(told(&asked(&samira, &dataset, &lenient)), ["Place 90 2024 =60.0 3/4", "Place 90 2025 =40.0 1/4 p"]);
        // Of a union its members are told.
        let union = world.anna_system_administrator().post("/territories", &json!({"kind": "union", "code_system": "own", "code": "UNIONE",
            "name": "Unione", "country_code": "IT", "parent_id": id("90"), "valid_from": "2000-01-01"})).expect(201).id();
        let anna = world.anna_system_administrator();
        for (member, to) in [("901001", None), ("902001", Some("2025-01-01"))] {
            let mut new = json!({"member_id": id(member), "valid_from": "2010-01-01"});
            if let Some(to) = to {
                new["valid_to"] = json!(to);
            }
            anna.post(&format!("/territories/{union}/memberships"), &new).expect(201);
        }
        let of_union = json!({"places": {"under": union}, "times": {"to": "2025"}});
        assert_eq!(told(&asked(&samira, &dataset, &of_union)), ["Unione 2024 =40.0 2/2", "Unione 2025 =not_reported"]);
        let members = json!({"places": {"under": union, "level": "municipality"}, "times": {"to": "2025"}});
        assert_eq!(told(&asked(&samira, &dataset, &members)),
            ["Place 901001 2024 =10.0", "Place 901001 2025 =not_reported", "Place 902001 2024 =30.0"]);
        assert_eq!(told(&asked(&samira, &dataset, &under(None))).len(), 3);
    }

    fn flows_add_up_over_times_and_of_stocks_the_last_counts(world: &World) {
        let samira = world.samira_help_desk_operator();
        let _id = land(world);
        let file = b"REF_AREA,TIME_PERIOD,OBS_VALUE\n901001,2023,100\n901001,2024-Q1,1\n901001,2024-Q2,2\n901001,2024-Q3,3\n901001,2024-Q4,4\n901001,2025-01,5\n901001,2025-02,6\n901001,2026,7\n901001,2026-Q1,8\n";
        let per = |step: &str| json!({"places": {"codes": ["901001"]}, "times": {"from": "2024", "per": step}});
        let of = |code: &str, kind: &str| {
            let dataset = dataset_of(world, code, kind, &[]);
            published(&elena(world), &dataset, file);
            dataset
        };
        let (flow, stock, ratio) = (of("FLOW", "flow"), of("STOCK", "stock"), of("RATIO", "ratio"));
        assert_eq!(told(&asked(&samira, &flow, &per("year"))), ["901001 2024 =10.0 4/4", "901001 2025 =11.0 2/12 p", "901001 2026 =7.0"]);
        assert_eq!(told(&asked(&samira, &stock, &per("year"))), ["901001 2024 =4.0", "901001 2025 =6.0", "901001 2026 =7.0"]);
        assert_eq!(told(&asked(&samira, &ratio, &per("year"))), ["901001 2024 =not_comparable", "901001 2025 =not_comparable", "901001 2026 =7.0"]);
        let whole = asked(&samira, &flow, &json!({"places": {"codes": ["901001"]}, "times": {"from": "2023", "to": "2024", "per": "whole"}}));
        assert_eq!(told(&whole), ["901001 2023/2024-Q4 =110.0 5/5"]);
        assert_eq!(told(&asked(&samira, &stock, &per("whole"))), ["901001 2024-Q1/2026 =7.0"]);
        assert_eq!(asked(&samira, &flow, &per("period")).len(), 8);
    }

    fn territories_are_told_as_they_were_or_as_of_one_day(world: &World) {
        let samira = world.samira_help_desk_operator();
        let id = land(world);
        // In 2020 two become one; in 2021 a quarter of another one's people go to it; in 2022 it changes province.
        let new = territory(world, "municipality", "901003", Some(&id("901")), "2020-01-01");
        for gone in ["901001", "901002"] {
            happens(world, &id(gone), json!({"kind": "merge", "effective_on": "2020-01-01", "to_territory_id": new}));
        }
        happens(world, &id("902001"), json!({"kind": "split", "effective_on": "2021-01-01", "to_territory_id": new, "share": 0.25}));
        happens(world, &id("902002"), json!({"kind": "parent", "effective_on": "2022-01-01", "parent_id": id("901")}));
        let dataset = dataset_of(world, "STOCK", "stock", &[]);
        let file = b"REF_AREA,TIME_PERIOD,OBS_VALUE\n901001,2019,10\n901002,2019,20\n902001,2019,40\n902002,2019,80\n901,2019,30\n902,2019,120\n90,2019,150\n901003,2022,60\n902001,2022,35\n902002,2022,85\n";
        published(&elena(world), &dataset, file);
        let as_of = |geo: &str, level: Option<&str>| {
            let mut question = json!({"places": {"under": id("90")}, "geo": geo});
            if let Some(level) = level {
                question["places"]["level"] = json!(level);
            }
            told(&asked(&samira, &dataset, &question))
        };
        assert_eq!(as_of("as_was", Some("municipality")), [
            "Place 901001 2019 =10.0", "Place 901002 2019 =20.0", "Place 901003 2022 =60.0",
            "Place 902001 2019 =40.0", "Place 902001 2022 =35.0", "Place 902002 2019 =80.0", "Place 902002 2022 =85.0",
        ]);
        assert_eq!(as_of("current", Some("municipality")), [
            "Place 901003 2019 =40.0 3/3 e", "Place 901003 2022 =60.0", "Place 902001 2019 =30.0 e", "Place 902001 2022 =35.0",
            "Place 902002 2019 =80.0", "Place 902002 2022 =85.0",
        ]);
        assert_eq!(as_of("2020-06-30", Some("municipality")), [
            "Place 901003 2019 =30.0 2/2", "Place 901003 2022 =not_comparable", "Place 902001 2019 =40.0", "Place 902001 2022 =not_comparable",
            "Place 902002 2019 =80.0", "Place 902002 2022 =85.0",
        ]);
        assert_eq!(as_of("as_was", Some("province")), [
            "Place 901 2019 =30.0", "Place 901 2022 =145.0 2/2", "Place 902 2019 =120.0", "Place 902 2022 =35.0",
        ]);
        // What the provinces said of themselves is of other provinces than they are now.
        assert_eq!(as_of("current", Some("province")), [
            "Place 901 2019 =120.0 4/4 e", "Place 901 2022 =145.0 2/2", "Place 902 2019 =30.0 e", "Place 902 2022 =35.0",
        ]);
        // In 2020 they were still the same: what only changed within is.
        assert_eq!(as_of("2020-06-30", Some("province"))[..1], ["Place 901 2019 =30.0"]);
        assert_eq!(as_of("current", None), ["Place 90 2019 =150.0", "Place 90 2022 =180.0 3/3"]);
        // A ratio is of the territory that it was told of.
        let ratio = dataset_of(world, "RATIO", "ratio", &[]);
        published(&elena(world), &ratio, file);
        let question = json!({"places": {"under": id("90"), "level": "municipality"}, "geo": "current", "times": {"to": "2019"}});
        assert_eq!(told(&asked(&samira, &ratio, &question)),
            ["Place 901003 2019 =not_comparable 3/3 e", "Place 902001 2019 =not_comparable e", "Place 902002 2019 =80.0"]);
        let question = json!({"places": {"under": id("90")}, "geo": "current"});
        assert_eq!(told(&asked(&samira, &ratio, &question)), ["Place 90 2019 =150.0", "Place 90 2022 =not_reported"]);
    }

    fn a_level_that_came_between_is_told_with_what_lies_below_it(world: &World) {
        let samira = world.samira_help_desk_operator();
        let region = territory(world, "region", "91", None, "1970-01-01");
        let elsewhere = territory(world, "region", "92", None, "1970-01-01");
        let below = territory(world, "municipality", "910001", Some(&region), "1970-01-01");
        let neighbour = territory(world, "municipality", "920001", Some(&elsewhere), "1970-01-01");
        // In 2024 the region gets a province, and the municipality lies in it; then half its people are elsewhere.
        let between = territory(world, "province", "911", Some(&region), "2024-01-01");
        happens(world, &below, json!({"kind": "parent", "effective_on": "2024-01-01", "parent_id": between}));
        happens(world, &below, json!({"kind": "boundary", "effective_on": "2024-06-01", "to_territory_id": neighbour, "share": 0.5}));
        let told_at = |dataset: &str, level: Option<&str>, geo: &str| {
            let mut question = json!({"places": {"under": region}, "geo": geo});
            if let Some(level) = level {
                question["places"]["level"] = json!(level);
            }
            told(&asked(&samira, dataset, &question))
        };
        let alone = dataset_of(world, "ALONE", "stock", &[]);
        published(&elena(world), &alone, b"REF_AREA,TIME_PERIOD,OBS_VALUE\n910001,2023,10\n910001,2024,20\n");
        assert_eq!(told_at(&alone, None, "as_was"), ["Place 91 2023 =10.0", "Place 91 2024 =20.0"]);
        assert_eq!(told_at(&alone, Some("province"), "as_was"), ["Place 911 2024 =20.0"]);
        // What the province said of itself is of another one than it is now.
        let both = dataset_of(world, "BOTH", "stock", &[]);
        published(&elena(world), &both, b"REF_AREA,TIME_PERIOD,OBS_VALUE\n910001,2023,10\n910001,2024,20\n911,2024,20\n");
        assert_eq!(told_at(&both, Some("province"), "2024-05-31"), ["Place 911 2023 =10.0", "Place 911 2024 =20.0"]);
        assert_eq!(told_at(&both, Some("province"), "current"), ["Place 911 2023 =5.0 e", "Place 911 2024 =10.0 e"]);
    }

    fn values_are_compared_with_the_year_before_with_others_and_with_the_residents(world: &World) {
        let samira = world.samira_help_desk_operator();
        let id = land(world);
        let anna = world.anna_system_administrator();
        anna.post(&format!("/territories/{}/figures", id("901001")), &json!({"measure": "population", "on": "2024-01-01", "value": 5000, "source": "ISTAT"})).expect(201);
        let dataset = dataset_of(world, "STOCK", "stock", &[]);
        let file = b"REF_AREA,TIME_PERIOD,OBS_VALUE\n901001,2022,100\n901001,2023,110\n901001,2024,121\n901002,2022,0\n901002,2024,121\n902001,2022,50\n902001,2023,40\n902002,2024,1\n";
        published(&elena(world), &dataset, file);
        let question = json!({"places": {"under": id("90"), "level": "municipality"},
            "compare": ["year_on_year", "compound_growth", "rank", "share", "per_thousand_residents"]});
        let rows = asked(&samira, &dataset, &question);
        let of = |code: &str, period: &str| {
            rows.iter().find(|row| row["place_name"] == format!("Place {code}") && row["period"] == period).unwrap().clone()
        };
        let close = |row: &Value, member: &str, value: f64| {
            let told = row[member].as_f64().unwrap_or_else(|| panic!("{member} of {row}"));
            assert!((told - value).abs() < 1e-9, "{member}: {told}");
        };
        let last = of("901001", "2024");
        for (member, value) in [("change_on_year", 11.0), ("percent_on_year", 10.0), ("compound_growth", 10.0), ("rank", 1.0), ("per_thousand_residents", 24.2)] {
            close(&last, member, value);
        }
        close(&last, "share", 121.0 / 243.0 * 100.0);
        close(&of("902001", "2023"), "percent_on_year", -20.0);
        // Equals share the better place; who told nothing has none.
        let ranks = ["901001", "901002", "902001", "902002"].map(|code| of(code, "2024")["rank"].clone());
        assert_eq!(ranks, [json!(1), json!(1), json!(null), json!(3)]);
        // Nothing grows from nothing, nor is compared with what is missing.
        let gone = of("901002", "2024");
        for member in ["change_on_year", "percent_on_year", "compound_growth", "per_thousand_residents"] {
            assert_eq!(gone.get(member), None, "{member}");
        }
        let first = of("901001", "2022");
        assert_eq!((first.get("change_on_year"), first.get("compound_growth"), first.get("per_thousand_residents")), (None, None, None));
    }

    fn the_same_comes_as_a_table(world: &World) {
        let samira = world.samira_help_desk_operator();
        let _id = land(world);
        let dataset = dataset_of(world, "BY_SEX", "stock", &["SEX"]);
        published(&elena(world), &dataset, BY_SEX);
        let question = json!({"places": {"codes": ["901001"]}, "breakdown": ["SEX"], "times": {"from": "2025"}, "compare": ["rank"]});
        let text = serde_json::to_vec(&question).unwrap();
        let path = format!("/datasets/{dataset}/observations/searches");
        let headers = [("content-type", "application/json"), ("accept", "text/csv")];
        let table = samira.send("POST", &path, &headers, Some(&text)).expect(200);
        assert_eq!(table.header("content-type"), "text/csv; charset=utf-8; header=present");
        let mut lines = table.text.split("\r\n");
        assert_eq!(lines.next(), Some("place_code,territory_id,place_name,period,SEX,value,gap,reported,expected,is_provisional,is_estimated,change_on_year,percent_on_year,compound_growth,rank,share,per_thousand_residents"));
        let second = lines.next().unwrap();
        assert!(second.starts_with("901001,") && second.ends_with(",2025,9,12,,1,1,true,false,,,,1,,"), "{second}");
        assert_eq!(lines.count(), 3);
        samira.send("POST", &path, &[("content-type", "application/json"), ("accept", "image/png")], Some(b"{}")).expect(406);
    }

    fn only_what_is_published_is_told_to_others(world: &World) {
        let (elena, samira) = (elena(world), world.samira_help_desk_operator());
        let _id = land(world);
        let dataset = dataset_of(world, "BY_SEX", "stock", &["SEX"]);
        let release = imported(&elena, &dataset, BY_SEX)["release_id"].clone();
        let path = format!("/datasets/{dataset}/observations/searches");
        let mut question = json!({"places": {"codes": ["901001"]}, "filters": [{"dimension": "SEX", "codes": ["9"]}]});
        samira.post(&path, &question).expect(404);
        question["release_id"] = release;
        samira.post(&path, &question).expect(404);
        assert_eq!(told(&asked(&elena, &dataset, &question)), ["901001 2024 =10.0", "901001 2025 =12.0 p"]);
    }
}
