//! The hierarchy from files: fixtures of a few rows of each layout, from the publishers named in docs/territory.md.

use std::path::PathBuf;

use approdo::server::{self, Parts};
use approdo::territory::import::{self, report::Report};
use serde_json::{Value, json};

use crate::both;
use crate::support::{Client, World};

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/territory")
}

fn import(world: &World, place: PathBuf) -> Report {
    let running = server::assemble(&world.database.arguments(), Parts::offline(false)).expect("assembled");
    let report = import::run(&running.app, &[place], Some("2026-08-14".parse().unwrap())).expect("imported");
    running.stop();
    report
}

fn found(client: &Client, system: &str, code: &str) -> Vec<Value> {
    let path = format!("/territories?code_system={system}&code={code}");
    client.get(&path).expect(200).json()["items"].as_array().unwrap().clone()
}

fn one(client: &Client, system: &str, code: &str) -> Value {
    let found = found(client, system, code);
    assert_eq!(found.len(), 1, "{system} {code}: {found:?}");
    found[0].clone()
}

fn items(client: &Client, path: &str) -> Vec<Value> {
    client.get(path).expect(200).json()["items"].as_array().unwrap().clone()
}

both! {
    fn the_hierarchy_is_imported_from_the_original_layouts_and_again_without_a_change(world: &World) {
        let maria = world.maria_case_manager();
        let report = import(world, fixtures());
        assert!(report.files.iter().all(|file| file.layout.is_some()), "{:?}", report.files);
        // Udine was here, from the fixture of the tests.
        assert_eq!((report.counts["municipality"].made, report.counts["municipality"].changed), (16, 1), "{:?}", report.counts);
        let why: Vec<_> = report.rejected.iter().map(|row| (row.file.as_str(), row.column.as_str(), row.value.as_str())).collect();
        assert_eq!(why, [("anpr_2023-05.csv", "CODCATASTALE", "ND"), ("itter107.csv", "level", "area")]);
        let again = import(world, fixtures());
        for (kind, counts) in &again.counts {
            assert_eq!((counts.made, counts.changed), (0, 0), "{kind}");
        }
        assert_eq!(again.rejected, report.rejected);

        let sappada = one(&maria, "belfiore", "I421");
        assert_eq!((&sappada["code"], &sappada["name"]), (&json!("030189"), &json!("Sappada")));
        assert_eq!(one(&maria, "istat", "025052")["id"], sappada["id"]);
        let kinds: Vec<_> = items(&maria, &format!("/territories/{}/events", sappada["id"].as_str().unwrap()))
            .iter().map(|event| (event["kind"].as_str().unwrap().to_owned(), event["effective_on"].as_str().unwrap().to_owned())).collect();
        assert_eq!(kinds, [("code".into(), "2018-01-01".into()), ("parent".into(), "2018-01-01".into())]);
        let udine_province = one(&maria, "istat", "030");
        assert_eq!(sappada["parent_id"], udine_province["id"]);
        assert_eq!(one(&maria, "sigla", "UD")["id"], udine_province["id"]);
        assert_eq!(one(&maria, "itter107", "ITD42")["id"], udine_province["id"]);
        assert_eq!(one(&maria, "sigla", "NA")["name"], "Napoli");
        assert_eq!(one(&maria, "istat_uts", "201")["name"], "Torino");
        // Windows-1252 and UTF-8 say the same.
        assert_eq!(one(&maria, "istat", "001001")["name"], "Agliè");
        assert_eq!(one(&maria, "istat", "021001")["name"], "Aldino/Aldein");
        assert_eq!(one(&maria, "ags", "05315")["name"], "Köln");
        assert_eq!(one(&maria, "ipa", "cma_065")["kind"], "mountain_community");
    }

    fn sardinian_codes_old_and_new_lead_to_the_same_municipality(world: &World) {
        let maria = world.maria_case_manager();
        import(world, fixtures());
        let armungia = one(&maria, "belfiore", "A419");
        assert_eq!(armungia["code"], "118001");
        for code in ["092008", "092002", "111002", "118001"] {
            assert_eq!(one(&maria, "istat", code)["id"], armungia["id"], "{code}");
        }
        let events = items(&maria, &format!("/territories/{}/events", armungia["id"].as_str().unwrap()));
        let codes: Vec<_> = events.iter().filter(|event| event["kind"] == "code")
            .map(|event| (event["effective_on"].as_str().unwrap(), event["certainty"].as_str().unwrap())).collect();
        assert_eq!(codes, [("1974-08-20", "stated"), ("2016-04-28", "stated"), ("2026-01-01", "inferred")]);
        let old = one(&maria, "istat", "111");
        assert_eq!((&old["name"], &old["valid_to"]), (&json!("Sud Sardegna"), &json!("2026-01-01")));
    }

    fn mergers_lead_from_what_ended_to_what_began(world: &World) {
        let maria = world.maria_case_manager();
        import(world, fixtures());
        for (old, new, on, certainty) in [
            ("E712", "M420", "2019-02-01", "stated"),
            ("D194", "M420", "2019-02-01", "stated"),
            ("I879", "M436", "2025-01-01", "inferred"),
            ("D902", "M436", "2025-01-01", "inferred"),
        ] {
            let (from, to) = (one(&maria, "belfiore", old), one(&maria, "belfiore", new));
            assert_eq!((&from["valid_to"], &to["valid_from"]), (&json!(on), &json!(on)), "{old}");
            let events = items(&maria, &format!("/territories/{}/events", from["id"].as_str().unwrap()));
            let merge = events.last().unwrap();
            assert_eq!((&merge["kind"], &merge["to_territory_id"], &merge["certainty"]), (&json!("merge"), &to["id"], &json!(certainty)));
        }
        // Nobody says where Lirio went.
        let lirio = one(&maria, "belfiore", "E608");
        assert_eq!(lirio["valid_to"], "2026-01-01");
        assert_eq!(items(&maria, &format!("/territories/{}/events", lirio["id"].as_str().unwrap())), [] as [Value; 0]);
        assert_eq!(one(&maria, "belfiore", "E667")["valid_to"], "2007-11-02");
    }

    fn what_was_entered_by_hand_is_found_and_completed(world: &World) {
        let maria = world.maria_case_manager();
        let new = json!({"kind": "municipality", "code_system": "istat", "code": "030189", "name": "SAPPADA", "country_code": "IT",
            "parent_id": world.fixture.region, "valid_from": "2018-01-01"});
        let sappada = world.anna_system_administrator().post("/territories", &new).expect(201).id();
        import(world, fixtures());
        let now = one(&maria, "belfiore", "I421");
        assert_eq!((&now["id"], &now["name"], &now["version"]), (&json!(sappada), &json!("Sappada"), &json!(2)));
        assert_eq!(now["parent_id"], one(&maria, "istat", "030")["id"]);
        // What it was before it was entered is known by its code alone.
        assert_eq!((&one(&maria, "istat", "025052")["id"], &now["valid_from"]), (&json!(sappada), &json!("2018-01-01")));
        assert_eq!(import(world, fixtures()).counts["municipality"].changed, 0);
    }

    fn a_file_does_not_put_a_territory_below_what_lies_below_it(world: &World) {
        let (anna, maria) = (world.anna_system_administrator(), world.maria_case_manager());
        let country = one(&maria, "istat", "06")["parent_id"].clone();
        // By mistake the region was put below its province.
        let new = json!({"kind": "province", "code_system": "istat", "code": "030", "name": "Udine", "country_code": "IT",
            "parent_id": country, "valid_from": "1970-01-01"});
        let province = anna.post("/territories", &new).expect(201).id();
        let event = json!({"kind": "parent", "effective_on": "2020-01-01", "parent_id": province, "source": "A mistake"});
        anna.post(&format!("/territories/{}/events", world.fixture.region), &event).expect(201);
        let report = import(world, fixtures());
        let refused: Vec<_> = report.rejected.iter().filter(|row| row.why.contains("lies below")).map(|row| row.value.as_str()).collect();
        assert_eq!(refused, ["030"]);
        assert_eq!(one(&maria, "istat", "030")["parent_id"], country);
        assert_eq!(one(&maria, "istat", "06")["parent_id"], json!(province));
    }

    fn rows_that_are_wrong_are_named_and_the_rest_is_taken(world: &World) {
        let folder = tempfile::tempdir().unwrap();
        let header = "istat_code,cadastral_code,name,name_it,province_code,uts_code,province_sigla,region_code,altimetric_zone,area_km2";
        let rows = [
            "001001,A074,Agliè,Agliè,001,201,TO,01,3,13.1462",
            "1002,A109,Airasca,Airasca,001,201,TO,01,5,15.7",
            "001003,A11,Ala di Stura,Ala di Stura,001,201,TO,01,1,46.3",
            "001004,A157,Albiano d'Ivrea,,001,201,TO,01,3,\"11,7\"",
            "001006,A218,Almese,Almese,001,201,TO,01,9,17.8",
            "001007,A221,,Alpette,001,201,TO,01,1,5.6",
            "002008,A222,Alpignano,Alpignano,001,201,TO,01,3,11.9",
            "001001,A074,Agliè,Agliè,001,201,TO,01,3,13.1462",
            "001009,A275,Andezeno,Andezeno,001,201,TO,01,3,1e400",
            "001010,A282,Andrate",
        ];
        std::fs::write(folder.path().join("some.csv"), format!("{header}\n{}\n", rows.join("\n"))).unwrap();
        std::fs::write(folder.path().join("other.csv"), "a,b\n1,2\n").unwrap();
        std::fs::write(folder.path().join("nothing.csv"), "").unwrap();
        let report = import(world, folder.path().to_owned());
        let mut wrong: Vec<_> = report.rejected.iter().map(|row| (row.line, row.column.as_str())).collect();
        wrong.sort_unstable();
        let expected = [(0, ""), (3, "istat_code"), (4, "cadastral_code"), (5, "area_km2"), (6, "altimetric_zone"), (7, "name"), (8, "istat_code"), (9, "cadastral_code"), (10, "area_km2"), (11, "")];
        assert_eq!(wrong, expected, "{:?}", report.rejected);
        assert!(report.rejected.iter().all(|row| row.file == "some.csv" && !row.why.is_empty()));
        assert_eq!(report.counts["municipality"].made, 1);
        assert_eq!(report.files.iter().filter(|file| file.layout.is_none()).count(), 2);
    }

    fn a_list_that_is_cut_off_or_has_no_day_ends_nothing(world: &World) {
        use approdo_db::schema::territories;
        use diesel::prelude::*;
        let folder = tempfile::tempdir().unwrap();
        let list = std::fs::read_to_string(fixtures().join("situas_2026-08-14.csv")).unwrap();
        std::fs::write(folder.path().join("situas_2026-08-14.csv"), &list).unwrap();
        let beginning: Vec<&str> = list.lines().take(2).collect();
        std::fs::write(folder.path().join("situas_2027-01-01.csv"), beginning.join("\n")).unwrap();
        let report = import(world, folder.path().to_owned());
        assert!(report.rejected.iter().any(|row| row.why.contains("not whole")), "{:?}", report.rejected);
        let municipalities = territories::table.filter(territories::kind.eq("municipality"));
        let ended = municipalities.filter(territories::valid_to.is_not_null());
        let ended: i64 = ended.count().get_result(&mut world.connection()).unwrap();
        assert_eq!(ended, 0);
        // The same list whole does.
        std::fs::write(folder.path().join("situas_2027-01-01.csv"), format!("{}\n", beginning.join("\n"))).unwrap();
        import(world, folder.path().to_owned());
        let ended = municipalities.filter(territories::valid_to.is_not_null());
        let ended: i64 = ended.count().get_result(&mut world.connection()).unwrap();
        assert!(ended > 0);
    }
}
