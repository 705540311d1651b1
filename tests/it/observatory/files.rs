//! Files of publishers in their layouts, and files that are wrong. The figures are invented unless a source is named.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::{dataset, elena, ended, imported, moved, observed, proposed, sent};
use crate::both;
use crate::support::{Client, World};

const GOOD: &str = "REF_AREA,SEX,TIME_PERIOD,OBS_VALUE\n030129,1,2024,7000\n030129,2,2024,7200\n032006,1,2024,5000\n032006,2,2024,5100\n";

/// A dataset with these dimensions besides place and time; places and codes of any kind.
fn open_dataset(world: &World, code: &str, others: &[&str]) -> String {
    let dimension = |id: &str, role: &str| json!({"id": id, "role": role, "name": id});
    let mut dimensions = vec![dimension("REF_AREA", "area")];
    dimensions.extend(others.iter().map(|id| dimension(id, "other")));
    dimensions.push(dimension("TIME_PERIOD", "time"));
    let new = json!({"organisation_id": world.fixture.root, "code": code, "name": code, "unit": "persons", "measure_kind": "stock", "suppress_below": 0,
        "source": "A publisher", "dimensions": dimensions});
    elena(world).post("/datasets", &new).expect(201).id()
}

/// Imports a file with the mapping proposed for it, and what that lacks.
fn read_with(client: &Client, dataset: &str, file: &[u8], constants: &Value) -> (Value, Vec<(String, Value)>) {
    let mut mapping = proposed(client, dataset, file).expect(200).json()["mapping"].clone();
    mapping["constants"] = constants.clone();
    let import = ended(client, &sent(client, dataset, &mapping, file));
    let release = import["release_id"].as_str().expect("a release");
    let rows = if import["status"] == "done" {
        observed(client, dataset, &format!("release_id={release}"))
    } else {
        Vec::new()
    };
    (import, rows)
}

fn row(key: &str, value: f64) -> (String, Value) {
    (key.to_owned(), json!(value))
}

/// What an import rejected: line, column, value and reason.
fn rejections(client: &Client, import: &Value) -> Vec<(i64, Value, Value, String)> {
    let id = import["id"].as_str().expect("an id");
    let page = client.get(&format!("/data-imports/{id}/rejections")).expect(200).json();
    let told = |row: &Value| {
        let reason = row["reason"].as_str().expect("a reason").to_owned();
        (row["line"].as_i64().expect("a line"), row["column"].clone(), row["value"].clone(), reason)
    };
    page["items"].as_array().expect("items").iter().map(told).collect()
}

both! {
    fn the_layouts_of_publishers_are_known_by_their_headers(world: &World) {
        let elena = elena(world);

        // SDMX-CSV 1.0 as ISTAT writes it.
        let istat = open_dataset(world, "ISTAT", &["FREQ", "DATA_TYPE", "SEX"]);
        let file = "DATAFLOW,FREQ,REF_AREA,DATA_TYPE,SEX,TIME_PERIOD,OBS_VALUE,OBS_STATUS,NOTE_DS,UNIT_MULT\n\
            IT1:29_316(1.0),A,030129,FJAN,9,2025-01-01,14500.0,,,0\nIT1:29_316(1.0),A,IT,FJAN,9,2025-01-01,5371251.0,,,0\n";
        let (import, rows) = read_with(&elena, &istat, file.as_bytes(), &json!([]));
        assert_eq!((&import["status"], &import["rejected"]), (&json!("done"), &json!(0)), "{import}");
        assert_eq!(rows, [row("030129.A.FJAN.9.2025-01-01", 14500.0), row("IT.A.FJAN.9.2025-01-01", 5_371_251.0)]);

        // SDMX-CSV 2.0.
        let second = open_dataset(world, "SECOND", &["SEX"]);
        let file = "STRUCTURE,STRUCTURE_ID,ACTION,REF_AREA,SEX,TIME_PERIOD,OBS_VALUE,CONF_STATUS\ndataflow,IT1:X(1.0),I,06,9,2025-Q1,12,F\n";
        assert_eq!(read_with(&elena, &second, file.as_bytes(), &json!([])).1, [row("06.9.2025-Q1", 12.0)]);

        // Eurostat: small letters, flags side by side, a colon for what is not there.
        let eurostat = open_dataset(world, "EUROSTAT", &["CITIZEN", "AGE"]);
        let file = "DATAFLOW,LAST UPDATE,freq,citizen,age,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG\n\
            ESTAT:MIGR_IMM1CTZ$X(1.0),17/06/25,A,NAT,TOTAL,IT,2022,38000,ep\nESTAT:MIGR_IMM1CTZ$X(1.0),17/06/25,A,NAT,TOTAL,DE,2022,:,b\n";
        let (_, rows) = read_with(&elena, &eurostat, file.as_bytes(), &json!([]));
        assert_eq!(rows, [row("IT.NAT.TOTAL.2022", 38000.0), ("DE.NAT.TOTAL.2022".to_owned(), Value::Null)]);

        // I.Stat: pairs of a code and its label, with a mark of byte order.
        let permits = open_dataset(world, "PERMITS", &["TIPO_DATO15", "SEXISTAT1", "ISO", "DURATA"]);
        let file = "\u{feff}\"TIPO_DATO15\",\"Data type\",\"SEXISTAT1\",\"Gender\",\"ISO\",\"Most relevant Country of citizenship\",\"DURATA\",\
            \"Type of residence permit\",\"TIME\",\"Select time\",\"Value\",\"Flag Codes\",\"Flags\"\n\
            \"PERM\",\"permits\",\"9\",\"total\",\"AL\",\"Albania\",\"T\",\"all\",\"2022\",\"2022\",\"396918\",\"\",\"\"\n";
        let constants = json!([{"dimension": "REF_AREA", "code": "IT"}]);
        assert_eq!(read_with(&elena, &permits, file.as_bytes(), &constants).1, [row("IT.PERM.9.AL.T.2022", 396_918.0)]);

        // demo.istat, STRASA: a title above the header, males and females side by side.
        let strasa = open_dataset(world, "STRASA", &["AGE", "SEX"]);
        let file = "Resident foreigners by age and sex on 1 January 2022\n\"Province code\",\"Province\",\"Age\",\"Males\",\"Females\"\n\
            \"030\",\"Udine\",\"0\",120,110\n\"030\",\"Udine\",\"999\",18000,20000\n";
        let (_, rows) = read_with(&elena, &strasa, file.as_bytes(), &json!([{"dimension": "TIME_PERIOD", "code": "2022-01-01"}]));
        let expected = [row("030.0.1.2022-01-01", 120.0), row("030.0.2.2022-01-01", 110.0), row("030.999.1.2022-01-01", 18000.0), row("030.999.2.2022-01-01", 20000.0)];
        assert_eq!(rows, expected);

        // demo.istat, RCS: semicolons, three columns of values.
        let rcs = open_dataset(world, "RCS", &["CITIZENSHIP", "SEX"]);
        let file = "\u{feff}Anno;Codice Istat;Denominazione;Codice stato di cittadinanza;Stato di cittadinanza;Zona;Continente;Maschi;Femmine;Totale\r\n\
            2025;030129;Udine;201;Albania;Unione;Europa;700;800;1500\r\n";
        let (_, rows) = read_with(&elena, &rcs, file.as_bytes(), &json!([]));
        assert_eq!(rows, [row("030129.201.1.2025", 700.0), row("030129.201.2.2025", 800.0), row("030129.201.9.2025", 1500.0)]);

        // A table with decimal commas in windows-1252.
        let rates = open_dataset(world, "RATES", &[]);
        let file = b"Jahr;REF_AREA;Stra\xdfe;Wert\n2012;05315;a;17,5\n2012;05314;b;9\n";
        let proposal = proposed(&elena, &rates, file).expect(200).json();
        assert_eq!((&proposal["mapping"]["encoding"], &proposal["header"][2]), (&json!("windows_1252"), &json!("Straße")));
        let import = imported(&elena, &rates, file);
        let of_release = format!("release_id={}", import["release_id"].as_str().unwrap());
        assert_eq!(observed(&elena, &rates, &of_release), [row("05315.2012", 17.5), row("05314.2012", 9.0)]);
    }

    fn what_is_proposed_says_what_it_lacks(world: &World) {
        let elena = elena(world);
        let foreigners = dataset(world, "FOREIGNERS");
        let told = proposed(&elena, &foreigners, b"geo,people\n030129,5\n").expect(200).json();
        assert_eq!(told["missing"], json!([{"pointer": "#/mapping/columns", "detail": "must hold values"}]));
        assert_eq!(told["rows"], json!([{"line": 2, "fields": ["030129", "5"]}]));
        let told = proposed(&elena, &foreigners, b"geo,value\n030129,5\n").expect(200).json();
        assert_eq!(told["missing"][0]["detail"], "has values without a code of SEX, TIME_PERIOD");
        let refused = elena.post("/data-imports", &json!({"dataset_id": foreigners, "mapping": told["mapping"]}));
        assert_eq!(refused.expect(422).json()["errors"], told["missing"]);
        for nothing in [b"".as_slice(), b"one column\nonly\n", b"PK\x03\x04\0\0", b"\xff\xfea\0,\0b\0"] {
            proposed(&elena, &foreigners, nothing).expect(422);
        }
        proposed(&elena, &foreigners, &vec![b'a'; 1024 * 1024 + 1]).expect(413);
        elena.send("POST", &format!("/datasets/{foreigners}/import-proposals"), &[("content-type", "application/json")], Some(b"{}")).expect(415);
    }

    fn each_row_that_is_not_kept_is_told_with_its_place_and_the_reason(world: &World) {
        let elena = elena(world);
        let foreigners = dataset(world, "FOREIGNERS");
        let mut file = GOOD.as_bytes().to_vec();
        file.extend(b"999999,1,2024,1\n030129,,2024,1\n030129,9,24,1\n030129,9,2024,NaN\n030129,9,2024,1e400\n\n030129,9,2024,\"1,5\"\n030129,9,2024\n030129,1,2024,8\n03\xe8,9,2024,1\n030129,SECRET,2024,x\n030129,a\0b,2024,1\n");
        let mapping = proposed(&elena, &foreigners, GOOD.as_bytes()).expect(200).json()["mapping"].clone();
        let import = ended(&elena, &sent(&elena, &foreigners, &mapping, &file));
        assert_eq!((&import["rows"], &import["observations"], &import["rejected"]), (&json!(15), &json!(4), &json!(11)));
        let of_field = |line: i64, column: &str, value: &str, reason: &str| (line, json!(column), json!(value), reason.to_owned());
        let told = rejections(&elena, &import);
        let expected = [
            of_field(6, "REF_AREA", "999999", "is the code of no territory"),
            of_field(7, "SEX", "", "is empty"),
            of_field(8, "TIME_PERIOD", "24", "is not a period"),
            of_field(9, "OBS_VALUE", "NaN", "is not a number"),
            of_field(10, "OBS_VALUE", "1e400", "is larger than a value can be"),
            of_field(12, "OBS_VALUE", "1,5", "is not a number; where the comma is the decimal mark, the mapping has to say so"),
            (13, Value::Null, Value::Null, "has 3 fields, and the header 4".to_owned()),
            of_field(14, "OBS_VALUE", "8", "has the codes of a value before it"),
            of_field(15, "REF_AREA", "03\u{fffd}", "is not text in the coding of the file"),
            of_field(16, "OBS_VALUE", "x", "is not a number"),
            of_field(17, "SEX", "a\u{fffd}b", "is not a code"),
        ];
        assert_eq!(told, expected);
        // Somebody has to have looked at that.
        let release = import["release_id"].as_str().unwrap();
        moved(&elena, release, &json!({"to": "validated"})).expect(409);
        moved(&elena, release, &json!({"to": "validated", "accept_rejected": true, "note": "As the publisher says."})).expect(201);
        // What is rejected leaves no code behind, and what is not published none for everybody to see.
        let codes = |client: &Client, dimension: &str| -> Vec<String> {
            let list = client.get(&format!("/datasets/{foreigners}/codes?dimension={dimension}")).expect(200).json();
            list["items"].as_array().unwrap().iter().map(|row| row["code"].as_str().unwrap().to_owned()).collect()
        };
        let samira = world.samira_help_desk_operator();
        assert_eq!((codes(&elena, "SEX"), codes(&samira, "SEX")), (vec!["1".to_owned(), "2".to_owned()], vec![]));
        for to in ["approved", "published"] {
            moved(&elena, release, &json!({"to": to})).expect(201);
        }
        assert_eq!((codes(&samira, "SEX"), codes(&samira, "TIME_PERIOD")), (vec!["1".to_owned(), "2".to_owned()], vec!["2024".to_owned()]));
        // A code that is entered is known from then on.
        let tag = elena.get(&format!("/datasets/{foreigners}")).expect(200).header("etag").to_owned();
        let path = format!("/datasets/{foreigners}/codelists/REF_AREA");
        let codes = json!({"codes": [{"code": "999999", "name": "Elsewhere"}]});
        elena.send("PUT", &path, &[("content-type", "application/json"), ("if-match", "\"another\"")], Some(codes.to_string().as_bytes())).expect(412);
        let answer = elena.send("PUT", &path, &[("content-type", "application/json"), ("if-match", &tag)], Some(codes.to_string().as_bytes()));
        answer.expect(200);
        let again = ended(&elena, &sent(&elena, &foreigners, &mapping, &file));
        assert_eq!((&again["observations"], &again["rejected"]), (&json!(5), &json!(10)));
        let list = elena.get(&format!("/datasets/{foreigners}/codes?dimension=REF_AREA")).expect(200).json();
        let codes: Vec<_> = list["items"].as_array().unwrap().iter().map(|row| (&row["code"], &row["name"], &row["territory_id"])).collect();
        assert_eq!(codes, [(&json!("030129"), &Value::Null, &json!(world.fixture.udine)), (&json!("032006"), &Value::Null, &json!(world.fixture.trieste)), (&json!("999999"), &json!("Elsewhere"), &Value::Null)]);
    }

    fn a_file_cut_off_anywhere_is_told_and_nothing_of_it_is_published(world: &World) {
        let elena = elena(world);
        let foreigners = dataset(world, "FOREIGNERS");
        let mapping = proposed(&elena, &foreigners, GOOD.as_bytes()).expect(200).json()["mapping"].clone();
        let lines: Vec<usize> = GOOD.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1).collect();
        for end in 0..GOOD.len() {
            let import = ended(&elena, &sent(&elena, &foreigners, &mapping, &GOOD.as_bytes()[..end]));
            let whole = lines.iter().filter(|line| **line <= end).count();
            match import["status"].as_str().unwrap() {
                "failed" => assert!(whole <= 2 && import["failure"].as_str().is_some_and(|why| !why.is_empty()), "{end}: {import}"),
                _ if lines.contains(&end) => assert_eq!((&import["observations"], &import["rejected"]), (&json!(whole - 1), &json!(0)), "{end}"),
                _ => {
                    let told = rejections(&elena, &import);
                    let last = told.last().expect("that it is cut off");
                    assert_eq!((last.0, last.3.contains("cut off")), (i64::try_from(whole).unwrap() + 1, true), "{end}: {told:?}");
                    moved(&elena, import["release_id"].as_str().unwrap(), &json!({"to": "validated"})).expect(409);
                }
            }
        }
        elena.get(&format!("/datasets/{foreigners}/observations")).expect(404);
    }

    fn a_file_that_cannot_be_read_as_it_was_said_fails_in_words(world: &World) {
        let elena = elena(world);
        let foreigners = dataset(world, "FOREIGNERS");
        let mapping = proposed(&elena, &foreigners, GOOD.as_bytes()).expect(200).json()["mapping"].clone();
        let with = |member: &str, value: Value| {
            let mut changed = mapping.clone();
            changed[member] = value;
            changed
        };
        let endless = [GOOD.as_bytes(), b"030129,9,2024,\"", &vec![b'x'; 3_000_000]].concat();
        for (mapping, file, failure) in [
            (with("delimiter", json!(";")), GOOD.as_bytes(), "the header has no column 'REF_AREA'"),
            (with("header_line", json!(9)), GOOD.as_bytes(), "no row begins on line 9, where the header should be"),
            (mapping.clone(), &endless, "line 6: the row has no end within 256 KiB; a quotation mark may be missing"),
            (mapping.clone(), b"REF_AREA,SEX,TIME_PERIOD,OBS_VALUE,SEX\n", "the header has several columns 'SEX'"),
            (mapping.clone(), b"REF_AREA,SEX,TIME_PERIOD,OBS_VALUE\n999999,1,2024,1\n", "no value of the file could be kept"),
        ] {
            let import = ended(&elena, &sent(&elena, &foreigners, &mapping, file));
            assert_eq!((&import["status"], &import["failure"]), (&json!("failed"), &json!(failure)));
            let release = elena.get(&format!("/dataset-releases/{}", import["release_id"].as_str().unwrap())).expect(200).json();
            assert_eq!(release["status"], "discarded");
        }
        // Said so already where the mapping is sent.
        for (mapping, pointer) in [
            (with("delimiter", json!("ab")), "#/mapping/delimiter"),
            (with("delimiter", json!("\"")), "#/mapping/delimiter"),
            (with("columns", json!([])), "#/mapping/columns"),
            (with("constants", json!([{"dimension": "SEX", "code": "9"}])), "#/mapping/columns/1/dimension"),
            (with("constants", json!([{"dimension": "AGE", "code": "9"}])), "#/mapping/constants/0/dimension"),
        ] {
            let refused = elena.post("/data-imports", &json!({"dataset_id": foreigners, "mapping": mapping})).expect(422).json();
            assert_eq!(refused["errors"][0]["pointer"], pointer, "{refused}");
        }
    }

    fn a_file_of_many_rows_is_written_portion_by_portion_and_none_is_lost(world: &World) {
        let elena = elena(world);
        let many = open_dataset(world, "MANY", &["CITIZENSHIP"]);
        let mut file = String::from("REF_AREA,CITIZENSHIP,TIME_PERIOD,OBS_VALUE\n");
        // A portion is 20,000; of the rows rejected the first thousand are told.
        for number in 0..43_500 {
            let period = if number % 29 == 0 { "never".to_owned() } else { format!("{}", 2000 + number % 25) };
            file.push_str(&format!("A{},C{},{period},{number}\n", number / 500, number / 25 % 20));
        }
        let import = imported(&elena, &many, file.as_bytes());
        assert_eq!((&import["rows"], &import["observations"], &import["rejected"]), (&json!(43_500), &json!(42_000), &json!(1_500)));
        let release = import["release_id"].as_str().unwrap();
        let (mut told, mut next) = (0, format!("/data-imports/{}/rejections?limit=200", import["id"].as_str().unwrap()));
        loop {
            let page = elena.get(&next).expect(200).json();
            told += page["items"].as_array().unwrap().len();
            let Some(address) = page["_links"]["next"].as_str() else { break };
            next = address.to_owned();
        }
        assert_eq!(told, 1_000);
        let rows = observed(&elena, &many, &format!("release_id={release}&area=A86&limit=200&codes=CITIZENSHIP:C19"));
        assert_eq!(rows.len(), (43_475..43_500).filter(|number| number % 29 != 0).count());
        assert!(rows.contains(&row("A86.C19.2024", 43_499.0)), "{rows:?}");
        use diesel::prelude::*;
        let kept: i64 = approdo_db::schema::observations::table.count().get_result(&mut world.connection()).unwrap();
        assert_eq!(kept, 42_000);
    }

    fn an_import_is_sent_one_file_once(world: &World) {
        let elena = elena(world);
        let foreigners = dataset(world, "FOREIGNERS");
        let mapping = proposed(&elena, &foreigners, GOOD.as_bytes()).expect(200).json()["mapping"].clone();
        let import = elena.post("/data-imports", &json!({"dataset_id": foreigners, "mapping": mapping})).expect(201);
        let (path, tag) = (format!("/data-imports/{}", import.id()), import.header("etag").to_owned());
        assert_eq!(elena.get(&path).expect(200).json()["status"], "awaiting_content");
        let content = format!("{path}/content");
        elena.put_file(&content, "\"another\"", "text/csv", GOOD.as_bytes()).expect(412);
        elena.put_file(&content, &tag, "application/json", b"{}").expect(415);
        elena.put_file(&content, &tag, "text/csv", GOOD.as_bytes()).expect(202);
        ended(&elena, &path);
        let tag = elena.get(&path).header("etag").to_owned();
        elena.put_file(&content, &tag, "text/csv", GOOD.as_bytes()).expect(409);
    }

    fn an_import_whose_process_has_ended_is_given_up_by_another(world: &World) {
        use diesel::prelude::*;
        use approdo_db::schema::{data_imports, observation_sets};
        let elena = elena(world);
        let foreigners = dataset(world, "FOREIGNERS");
        let import = imported(&elena, &foreigners, GOOD.as_bytes());
        let path = format!("/data-imports/{}", import["id"].as_str().unwrap());
        // As it stands when its process is killed in the middle, two minutes ago.
        let mut connection = world.connection();
        let long_ago = approdo::clock::after(approdo::clock::now(), -121);
        diesel::update(data_imports::table).set((data_imports::status.eq("running"), data_imports::alive_at.eq(long_ago))).execute(&mut connection).unwrap();
        for _ in 0..500 {
            if elena.get(&path).json()["status"] == "failed" {
                break;
            }
            thread::sleep(Duration::from_millis(20));
        }
        let told = elena.get(&path).expect(200).json();
        assert_eq!(told["failure"], "the process that worked on it has ended; send the file again");
        for _ in 0..500 {
            let left: i64 = observation_sets::table.count().get_result(&mut connection).unwrap();
            if left == 0 {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("its observations stay");
    }
}
