//! Small counts: hidden for good when a release is published, and by no sum or difference to be had (domain 42).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::queries::land;
use super::{elena, imported, moved, published};
use crate::both;
use crate::support::{Client, World};

/// People of two sexes in a region of two provinces with two municipalities each, all totals told.
fn table(counts: [[u32; 2]; 4], year: i32) -> String {
    let mut file = String::new();
    let mut put = |area: &str, sex: &str, count: u32| file.push_str(&format!("{area},{sex},{year},{count}\n"));
    let areas = ["901001", "901002", "902001", "902002"];
    let mut sums: BTreeMap<&str, [u32; 2]> = BTreeMap::new();
    for (area, counts) in areas.into_iter().zip(counts) {
        for of in [area, &area[..3], "90"] {
            let sum = sums.entry(of).or_default();
            (sum[0], sum[1]) = (sum[0] + counts[0], sum[1] + counts[1]);
        }
    }
    for (area, [men, women]) in sums {
        put(area, "1", men);
        put(area, "2", women);
        put(area, "9", men + women);
    }
    file
}

fn file(rows: &[String]) -> Vec<u8> {
    format!("REF_AREA,SEX,TIME_PERIOD,OBS_VALUE\n{}", rows.concat()).into_bytes()
}

/// A dataset of which small counts are hidden, unless it says otherwise; 9 holds the sexes.
fn dataset(world: &World, code: &str, suppress_below: Option<i64>) -> String {
    let mut new = json!({"organisation_id": world.fixture.root, "code": code, "name": code, "unit": "persons", "measure_kind": "stock",
        "source": "The deployment's own cases", "dimensions": [{"id": "REF_AREA", "role": "area", "name": "Territory"},
            {"id": "SEX", "role": "other", "name": "Sex"}, {"id": "TIME_PERIOD", "role": "time", "name": "Year"}]});
    if let Some(below) = suppress_below {
        new["suppress_below"] = json!(below);
    }
    let dataset = elena(world).post("/datasets", &new).expect(201).id();
    let codes = json!({"codes": [{"code": "9"}, {"code": "1", "parent_code": "9"}, {"code": "2", "parent_code": "9"}]});
    elena(world).put(&format!("/datasets/{dataset}/codelists/SEX"), &codes).expect(200);
    dataset
}

type Cells = BTreeMap<(String, String, String), Option<f64>>;

/// All that is told of a release, by place, sex and year.
fn cells(client: &Client, dataset: &str, query: &str) -> Cells {
    let page = client.get(&format!("/datasets/{dataset}/observations?limit=200&{query}")).expect(200).json();
    let told = |row: &Value| {
        let code = |at: usize| row["key"][at]["code"].as_str().unwrap().to_owned();
        if row.get("value").is_none() {
            assert_eq!((&row["obs_status"], &row["conf_status"]), (&json!("Q"), &json!("C")));
        }
        ((code(0), code(1), code(2)), row["value"].as_f64())
    };
    page["items"].as_array().unwrap().iter().map(told).collect()
}

/// What is hidden after everything is computed that follows from the rest by adding and subtracting.
fn left_after_differencing(mut cells: Cells) -> usize {
    let keys: Vec<_> = cells.keys().cloned().collect();
    let mut sums: Vec<Vec<(String, String, String)>> = Vec::new();
    for (area, sex, year) in &keys {
        if sex == "9" {
            sums.push(["9", "1", "2"].map(|sex| (area.clone(), sex.to_owned(), year.clone())).to_vec());
        }
        if area.len() < 6 {
            let below = keys.iter().filter(|(other, its_sex, its_year)| {
                its_sex == sex
                    && its_year == year
                    && other.starts_with(area.as_str())
                    && [3, 6].contains(&other.len())
                    && other.len() == if area.len() == 2 { 3 } else { 6 }
            });
            sums.push(std::iter::once((area.clone(), sex.clone(), year.clone())).chain(below.cloned()).collect());
        }
    }
    loop {
        let mut found = None;
        for sum in &sums {
            let hidden: Vec<_> = sum.iter().enumerate().filter(|(_, key)| cells[*key].is_none()).collect();
            if let [(at, key)] = hidden[..] {
                let others: f64 = sum.iter().skip(1).filter_map(|key| cells[key]).sum();
                found = Some((key.clone(), if at == 0 { others } else { cells[&sum[0]].unwrap() - others }));
                break;
            }
        }
        match found {
            Some((key, value)) => cells.insert(key, Some(value)),
            None => return cells.values().filter(|value| value.is_none()).count(),
        };
    }
}

fn hidden(cells: &Cells) -> usize {
    cells.values().filter(|value| value.is_none()).count()
}

both! {
    fn small_counts_are_hidden_with_what_would_tell_them_and_kept_nowhere(world: &World) {
        let (elena, samira) = (elena(world), world.samira_help_desk_operator());
        let id = land(world);
        let data = dataset(world, "OWN", None);
        assert_eq!(samira.get(&format!("/datasets/{data}")).expect(200).json()["suppress_below"], 5);
        let counts = table([[3, 40], [20, 30], [50, 60], [70, 80]], 2025);
        let release = imported(&elena, &data, &file(&[counts]))["release_id"].as_str().unwrap().to_owned();
        let before = cells(&elena, &data, &format!("release_id={release}"));
        assert_eq!(hidden(&before), 0);
        for to in ["validated", "approved", "published"] {
            moved(&elena, &release, &json!({"to": to})).expect(201);
        }
        let told = cells(&samira, &data, "");
        let key = |area: &str, sex: &str| (area.to_owned(), sex.to_owned(), "2025".to_owned());
        assert_eq!(told[&key("901001", "1")], None);
        // Another one in its row, another one in its column, and one where those meet.
        assert!(hidden(&told) >= 4 && hidden(&told) <= 6, "{told:?}");
        assert_eq!(left_after_differencing(told.clone()), hidden(&told));
        for (key, value) in &told {
            assert!(value.is_none() || *value == before[key], "{key:?}");
        }
        let row = samira.get(&format!("/dataset-releases/{release}")).expect(200).json();
        assert_eq!(row["suppressed"], hidden(&told));
        // Whoever keeps the dataset sees no more, and the database has no more.
        assert_eq!(cells(&elena, &data, ""), told);
        let kept: i64 = {
            use approdo_db::schema::observations as o;
            use diesel::prelude::*;
            o::table.filter(o::value.is_not_null()).count().get_result(&mut world.connection()).unwrap()
        };
        assert_eq!(usize::try_from(kept).unwrap(), told.len() - hidden(&told));
        // No sum over what is told leads around it.
        let question = json!({"places": {"under": id("901"), "level": "municipality"}, "breakdown": ["SEX"]});
        let path = format!("/datasets/{data}/observations/searches");
        let rows = samira.post(&path, &question).expect(200).json();
        for row in rows["items"].as_array().unwrap() {
            let area = row["place_name"].as_str().unwrap().trim_start_matches("Place ");
            let value = told[&key(area, row["key"][0]["code"].as_str().unwrap())];
            assert_eq!((row["value"].as_f64(), row["gap"].as_str()), (value, value.is_none().then_some("suppressed")));
        }
        let both = json!({"places": {"codes": ["901001"]}, "filters": [{"dimension": "SEX", "codes": ["1", "2"]}]});
        assert_eq!(samira.post(&path, &both).expect(200).json()["items"][0]["gap"], "suppressed");
    }

    fn a_later_release_tells_nothing_that_the_one_before_hid(world: &World) {
        let (elena, samira) = (elena(world), world.samira_help_desk_operator());
        let _id = land(world);
        let data = dataset(world, "OWN", None);
        let first = [[3, 40], [20, 30], [50, 60], [70, 80]];
        published(&elena, &data, &file(&[table(first, 2025)]));
        let told = cells(&samira, &data, "");
        // The same year again, with another one: what was hidden stays so, and what was shown hides nothing new.
        published(&elena, &data, &file(&[table(first, 2025), table([[2, 90], [2, 90], [9, 9], [0, 7]], 2026)]));
        let later = cells(&samira, &data, "");
        let same: Cells = later.clone().into_iter().filter(|((.., year), _)| year == "2025").collect();
        assert_eq!(same, told);
        assert_eq!(left_after_differencing(later.clone()), hidden(&later));
        assert!(hidden(&later) > hidden(&told));
    }

    fn what_is_public_already_is_shown_and_what_is_no_count_is_not_published(world: &World) {
        let (elena, samira) = (elena(world), world.samira_help_desk_operator());
        let _id = land(world);
        let public = dataset(world, "PUBLIC", Some(0));
        published(&elena, &public, &file(&[table([[3, 40], [20, 30], [50, 60], [70, 80]], 2025)]));
        assert_eq!(hidden(&cells(&samira, &public, "")), 0);
        let data = dataset(world, "OWN", Some(10));
        let release = imported(&elena, &data, b"REF_AREA,SEX,TIME_PERIOD,OBS_VALUE\n901001,9,2025,2.5\n")["release_id"].as_str().unwrap().to_owned();
        for to in ["validated", "approved"] {
            moved(&elena, &release, &json!({"to": to})).expect(201);
        }
        let refused = moved(&elena, &release, &json!({"to": "published"})).expect(409).json();
        assert_eq!(refused["unmet_guards"][0]["guard"], "suppression");
        samira.get(&format!("/datasets/{data}/observations")).expect(404);
        let path = format!("/datasets/{data}");
        let tag = elena.get(&path).header("etag").to_owned();
        for below in [json!(1), json!(1001), json!(-1)] {
            elena.patch(&path, &tag, &json!({"suppress_below": below})).expect(422);
        }
        elena.patch(&path, &tag, &json!({"suppress_below": 0})).expect(200);
        moved(&elena, &release, &json!({"to": "published"})).expect(201);
        let ratio = json!({"organisation_id": world.fixture.root, "code": "RATE", "name": "Rate", "unit": "%", "measure_kind": "ratio", "source": "Own",
            "suppress_below": 5, "dimensions": [{"id": "REF_AREA", "role": "area", "name": "T"}, {"id": "TIME_PERIOD", "role": "time", "name": "Y"}]});
        elena.post("/datasets", &ratio).expect(422);
    }

    fn what_adds_up_is_that_of_its_year_and_has_to_be_known(world: &World) {
        let (elena, samira) = (elena(world), world.samira_help_desk_operator());
        let id = land(world);
        // One municipality is in the other province from the second year on, and small.
        let event = json!({"kind": "parent", "effective_on": "2025-01-01", "parent_id": id("901"), "source": "A law"});
        world.anna_system_administrator().post(&format!("/territories/{}/events", id("902002")), &event).expect(201);
        let data = dataset(world, "OWN", None);
        let mut rows = String::from("REF_AREA,SEX,TIME_PERIOD,OBS_VALUE\n");
        for (area, counts) in [("901001", [20, 21]), ("901002", [30, 31]), ("902001", [40, 41]), ("902002", [3, 3]), ("901", [50, 55]), ("902", [43, 41]), ("90", [93, 96])] {
            for (year, count) in [2024, 2025].into_iter().zip(counts) {
                rows.push_str(&format!("{area},9,{year},{count}\n"));
            }
        }
        published(&elena, &data, rows.as_bytes());
        let told = cells(&samira, &data, "");
        for year in ["2024", "2025"] {
            assert_eq!(told[&("902002".to_owned(), "9".to_owned(), year.to_owned())], None, "{year}");
            // In its province of that year somebody else is hidden as well.
            let province = if year == "2024" { "902001" } else { "901001" };
            let others = [province, "901002", "901", "902"];
            let hidden = others.iter().filter(|area| told[&((**area).to_owned(), "9".to_owned(), year.to_owned())].is_none()).count();
            assert!(hidden >= 1, "{year}: {told:?}");
        }

        // Nobody has said that 9 holds 1 and 2.
        let new = json!({"organisation_id": world.fixture.root, "code": "LOOSE", "name": "Loose", "unit": "persons", "measure_kind": "stock",
            "source": "Own", "dimensions": [{"id": "REF_AREA", "role": "area", "name": "T"}, {"id": "SEX", "role": "other", "name": "S"},
                {"id": "TIME_PERIOD", "role": "time", "name": "Y"}]});
        let loose = elena.post("/datasets", &new).expect(201).id();
        let file = b"REF_AREA,SEX,TIME_PERIOD,OBS_VALUE\n901001,9,2025,10\n901001,1,2025,3\n901001,2,2025,7\n";
        let release = imported(&elena, &loose, file)["release_id"].as_str().unwrap().to_owned();
        for to in ["validated", "approved"] {
            moved(&elena, &release, &json!({"to": to})).expect(201);
        }
        let refused = moved(&elena, &release, &json!({"to": "published"})).expect(409).json();
        assert_eq!(refused["unmet_guards"][0]["guard"], "suppression");
        moved(&elena, &release, &json!({"to": "published", "apart": ["sex"]})).expect(422);
        let codes = json!({"codes": [{"code": "9"}, {"code": "1", "parent_code": "9"}, {"code": "2", "parent_code": "9"}]});
        elena.put(&format!("/datasets/{loose}/codelists/SEX"), &codes).expect(200);
        moved(&elena, &release, &json!({"to": "published"})).expect(201);
        assert_eq!(hidden(&cells(&samira, &loose, "")), 2);
        // Somebody who knows says that there is nothing to be said.
        let mut other = new.clone();
        other["code"] = json!("APART");
        let apart = elena.post("/datasets", &other).expect(201).id();
        let file = b"REF_AREA,SEX,TIME_PERIOD,OBS_VALUE\n901001,1,2025,3\n901001,2,2025,7\n";
        let release = imported(&elena, &apart, file)["release_id"].as_str().unwrap().to_owned();
        for to in ["validated", "approved"] {
            moved(&elena, &release, &json!({"to": to})).expect(201);
        }
        moved(&elena, &release, &json!({"to": "published", "apart": ["SEX"]})).expect(201);
        assert_eq!(hidden(&cells(&samira, &apart, "")), 1);
    }

    fn places_without_a_code_between_and_what_was_missing_hide_nothing_wrong(world: &World) {
        let (elena, samira) = (elena(world), world.samira_help_desk_operator());
        let _id = land(world);
        let data = dataset(world, "OWN", None);
        // The provinces are not told: the municipalities add up to the region.
        let rows = |last: &str| format!("REF_AREA,SEX,TIME_PERIOD,OBS_VALUE\n90,9,2025,63\n901001,9,2025,3\n901002,9,2025,20\n902001,9,2025,40\n90,9,2026,{last}\n");
        published(&elena, &data, rows(":").as_bytes());
        let told = cells_of_any_status(&samira, &data);
        let hidden: Vec<&String> = told.iter().filter(|((_, year), value)| year == "2025" && value.is_none()).map(|((area, _), _)| area).collect();
        assert_eq!(hidden.len(), 2, "{told:?}");
        // What was not known in the first release is told in the second.
        published(&elena, &data, rows("90").as_bytes());
        assert_eq!(cells_of_any_status(&samira, &data)[&("90".to_owned(), "2026".to_owned())], Some(90.0));
    }
}

/// By place and year.
fn cells_of_any_status(client: &Client, dataset: &str) -> BTreeMap<(String, String), Option<f64>> {
    let page = client.get(&format!("/datasets/{dataset}/observations?limit=200")).expect(200).json();
    let told = |row: &Value| {
        let code = |at: usize| row["key"][at]["code"].as_str().unwrap().to_owned();
        ((code(0), code(2)), row["value"].as_f64())
    };
    page["items"].as_array().unwrap().iter().map(told).collect()
}
