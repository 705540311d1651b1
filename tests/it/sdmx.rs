//! Statistics as clients of SDMX read them: addresses, formats, what is told and what is not.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::both;
use crate::observatory::queries::dataset_of;
use crate::observatory::{elena, imported, published};
use crate::support::World;
use crate::support::http::Answer;

const FILE: &[u8] = b"REF_AREA,SEX,TIME_PERIOD,OBS_VALUE,OBS_STATUS,CONF_STATUS\n030129,9,2025,14500.5,p,\n030129,9,2023,14000,,\n030129,9,2024,14200,,\n030129,1,2025,7000,,\n032006,9,2025,,Q,C\n";

fn asked(world: &World, path: &str, accept: &str) -> Answer {
    world.nobody().send("GET", &format!("//rest/sdmx/v1/{path}"), &[("accept", accept)], None)
}

const SPECIFIC: &str = "application/vnd.sdmx.structurespecificdata+xml;version=2.1";
const CSV: &str = "application/vnd.sdmx.data+csv;version=1.0.0";

fn flow(world: &World) -> String {
    let dataset = dataset_of(world, "FOREIGNERS", "stock", &["SEX"]);
    let codes =
        json!({"codes": [{"code": "9", "name": "Total & all"}, {"code": "1", "name": "Males", "parent_code": "9"}]});
    elena(world).put(&format!("/datasets/{dataset}/codelists/SEX"), &codes).expect(200);
    published(&elena(world), &dataset, FILE);
    dataset
}

/// The rows of SDMX-CSV, without the header and what each begins with.
fn rows(answer: &Answer) -> Vec<String> {
    let lines = answer.text.lines().skip(1);
    lines.map(|line| line.split_once(',').expect("a dataflow").1.trim_end().to_owned()).collect()
}

both! {
    fn flows_and_their_structures_are_read_by_anybody(world: &World) {
        flow(world);
        // Not published: not there.
        let other = dataset_of(world, "SECRET", "stock", &[]);
        imported(&elena(world), &other, b"REF_AREA,TIME_PERIOD,OBS_VALUE\n030129,2025,1\n");
        let flows = asked(world, "dataflow/APPRODO/all/latest", "*/*").expect(200);
        assert_eq!(flows.header("content-type"), "application/vnd.sdmx.structure+xml;version=2.1");
        assert!(flows.text.contains("id=\"FOREIGNERS\"") && !flows.text.contains("SECRET"), "{}", flows.text);
        let whole = asked(world, "dataflow/APPRODO/FOREIGNERS/latest?references=all", "*/*").expect(200);
        for part in ["DSD_FOREIGNERS", "CL_FOREIGNERS-SEX", "CL_OBS_STATUS", "CS_FOREIGNERS", "Total &amp; all", "id=\"TIME_PERIOD\"", "id=\"REF_AREA\""] {
            assert!(whole.text.contains(part), "{part}: {}", whole.text);
        }
        let structure = asked(world, "datastructure/APPRODO/DSD_FOREIGNERS/1.0", "application/vnd.sdmx.structure+json;version=1.0.0").expect(200);
        assert_eq!(structure.json()["data"]["dataStructures"][0]["id"], "DSD_FOREIGNERS");
        let list = asked(world, "codelist/APPRODO/CL_FOREIGNERS-SEX/latest/9", "*/*").expect(200);
        assert!(list.text.contains("Total &amp; all") && !list.text.contains("Males"));
        asked(world, "codelist/all/CL_CONF_STATUS", "*/*").expect(200);
        asked(world, "conceptscheme/APPRODO", "*/*").expect(200);
        asked(world, "agencyscheme/APPRODO/all/latest", "*/*").expect(200);
        for (path, accept, status, code) in [
            ("dataflow/APPRODO/NONE", "*/*", 404, "100"),
            ("dataflow/ISTAT", "*/*", 404, "100"),
            ("dataflow/APPRODO/FOREIGNERS/2.0", "*/*", 404, "100"),
            ("dataflow", "image/png", 406, "140"),
            ("dataflow?reference=all", "*/*", 400, "140"),
            ("nothing", "*/*", 400, "140"),
            ("", "*/*", 400, "140"),
            ("hierarchicalcodelist/all", "*/*", 501, "501"),
            ("data/SECRET", "*/*", 404, "100"),
        ] {
            let refused = asked(world, path, accept).expect(status);
            assert!(refused.text.contains(&format!("code=\"{code}\"")), "{path}: {}", refused.text);
            assert_eq!(refused.header("content-type"), "application/xml");
        }
    }

    fn data_are_the_same_in_every_format(world: &World) {
        flow(world);
        let table = asked(world, "data/FOREIGNERS", CSV).expect(200);
        assert!(table.header("content-type").starts_with("application/vnd.sdmx.data+csv;version=1.0.0"));
        assert_eq!(rows(&table), [
            "030129,9,2023,14000,,", "030129,9,2024,14200,,", "030129,9,2025,14500.5,P,", "030129,1,2025,7000,,", "032006,9,2025,,Q,C",
        ]);
        for path in ["data/FOREIGNERS/", "data/APPRODO,FOREIGNERS,1.0/all/all", "data/FOREIGNERS/."] {
            assert_eq!(rows(&asked(world, path, CSV).expect(200)).len(), 5, "{path}");
        }
        let generic = asked(world, "data/FOREIGNERS", "*/*").expect(200);
        assert_eq!(generic.header("content-type"), "application/vnd.sdmx.genericdata+xml;version=2.1");
        assert!(generic.header("vary").contains("Accept"));
        let specific = asked(world, "data/FOREIGNERS", SPECIFIC).expect(200);
        assert_eq!(specific.header("content-type"), SPECIFIC);
        for value in ["14500.5", "14000", "7000"] {
            assert!(generic.text.contains(&format!("\"{value}\"")) && specific.text.contains(&format!("\"{value}\"")));
        }
        let tables = [("1.0.0", "/data/dataSets/0"), ("2.0.0", "/data/dataSets/0")];
        for (version, at) in tables {
            let told: Value = asked(world, "data/FOREIGNERS", &format!("application/vnd.sdmx.data+json;version={version}")).expect(200).json();
            assert_eq!(told.pointer(at).unwrap()["series"].as_object().map(serde_json::Map::len), Some(3), "{version}: {told}");
        }
        assert_eq!(rows(&asked(world, "data/FOREIGNERS", "application/vnd.sdmx.data+csv;version=2.0.0").expect(200)).len(), 5);
    }

    fn keys_and_parameters_choose_what_is_told(world: &World) {
        flow(world);
        for (path, expected) in [
            ("data/FOREIGNERS/030129.9", vec!["030129,9,2023,14000,,", "030129,9,2024,14200,,", "030129,9,2025,14500.5,P,"]),
            ("data/FOREIGNERS/.1", vec!["030129,1,2025,7000,,"]),
            ("data/FOREIGNERS/030129+032006.9?startPeriod=2025", vec!["030129,9,2025,14500.5,P,", "032006,9,2025,,Q,C"]),
            ("data/FOREIGNERS/030129.9?endPeriod=2024&lastNObservations=1", vec!["030129,9,2024,14200,,"]),
            ("data/FOREIGNERS/030129%2B032006.9?firstNObservations=1", vec!["030129,9,2023,14000,,", "032006,9,2025,,Q,C"]),
        ] {
            assert_eq!(rows(&asked(world, path, CSV).expect(200)), expected, "{path}");
        }
        for (path, status) in [
            ("data/FOREIGNERS/999999.9", 404),
            ("data/FOREIGNERS?startPeriod=2030", 404),
            ("data/FOREIGNERS?updatedAfter=2037-01-01T00:00:00Z", 404),
            ("data/FOREIGNERS/030129", 400),
            ("data/FOREIGNERS?startPeriod=soon", 400),
            ("data/FOREIGNERS?startperiod=2025", 400),
            ("data/FOREIGNERS?dimensionAtObservation=SEX", 501),
            ("data/FOREIGNERS/all/ISTAT", 501),
            ("data/FOREIGNERS/all/all/all", 400),
        ] {
            asked(world, path, CSV).expect(status);
        }
        asked(world, "data/FOREIGNERS", "application/pdf").expect(406);
        assert_eq!(rows(&asked(world, "data/FOREIGNERS?updatedAfter=2020-01-01T00:00:00Z", CSV).expect(200)).len(), 5);
        let keys = asked(world, "data/FOREIGNERS?detail=serieskeysonly", "*/*").expect(200);
        assert!(!keys.text.contains("14000"));
    }

    fn what_is_long_comes_whole_in_parts(world: &World) {
        let dataset = dataset_of(world, "LONG", "flow", &["AGE"]);
        let mut file = String::from("REF_AREA,AGE,TIME_PERIOD,OBS_VALUE\n");
        for number in 0..21_000 {
            writeln!(file, "A{},Y{},{},{number}", number / 300, number / 10 % 30, 2000 + number % 10).unwrap();
        }
        published(&elena(world), &dataset, file.as_bytes());
        let told = asked(world, "data/LONG", CSV).expect(200);
        let mut values: Vec<u32> = rows(&told).iter().map(|row| row.split(',').nth(3).unwrap().parse().unwrap()).collect();
        values.sort_unstable();
        assert!(values.into_iter().eq(0..21_000));
        let series = asked(world, "data/LONG", SPECIFIC).expect(200);
        assert_eq!((series.text.matches("<Series").count(), series.text.matches("<Obs ").count()), (2_100, 21_000));
    }
}
