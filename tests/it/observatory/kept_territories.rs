//! Territories are kept in memory: whatever becomes of them, the next question knows, whichever process it comes to.

use std::path::PathBuf;
use std::sync::{Arc, Barrier};
use std::thread;

use approdo::server::{self, Parts};
use approdo::territory::import;
use approdo::territory::kept::KeptTerritories;
use approdo::territory::subtree::Tree;
use approdo_db::schema::settings;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use serde_json::{Value, json};

use super::queries::{dataset_of, happens, land, territory, told};
use super::{elena, published};
use crate::both;
use crate::support::{Client, InProcess, serve_args};

const FILE: &[u8] = b"REF_AREA,TIME_PERIOD,OBS_VALUE\n901001,2023,10\n901002,2023,20\n902001,2023,30\n902002,2023,40\n";

/// What all of some processes tell of a dataset.
fn asked(processes: &[Client], dataset: &str, question: &Value) -> Vec<String> {
    let path = format!("/datasets/{dataset}/observations/searches");
    let mut answers = processes.iter().map(|client| {
        let answer = client.post(&path, question).expect(200).json();
        told(answer["items"].as_array().unwrap())
    });
    let first = answers.next().unwrap();
    answers.for_each(|answer| assert_eq!(answer, first, "one process tells something else"));
    first
}

both! {
    fn what_becomes_of_territories_is_told_by_the_next_question_in_every_process(world: &World) {
        let (anna, samira) = (world.anna_system_administrator(), world.samira_help_desk_operator());
        let id = land(world);
        let dataset = dataset_of(world, "STOCK", "stock", &[]);
        published(&elena(world), &dataset, FILE);
        let other = InProcess::start(serve_args(world.database.arguments()));
        let processes = [samira.at(&other.base), samira];
        let ask = |level: &str, geo: &str| {
            asked(&processes, &dataset, &json!({"places": {"under": id("90"), "level": level}, "geo": geo}))
        };
        let all = ["Place 901001 2023 =10.0", "Place 901002 2023 =20.0", "Place 902001 2023 =30.0", "Place 902002 2023 =40.0"];
        for _ in 0..2 {
            assert_eq!(ask("municipality", "as_was"), all);
            assert_eq!(ask("province", "current"), ["Place 901 2023 =30.0 2/2", "Place 902 2023 =70.0 2/2"]);
        }
        // Another name, as an event and as a correction.
        happens(world, &id("901001"), json!({"kind": "rename", "effective_on": "2024-02-01", "name": "A new name"}));
        assert_eq!(ask("municipality", "as_was")[0], "A new name 2023 =10.0");
        anna.patch(&format!("/territories/{}", id("901001")), "*", &json!({"name": "Place 901001"})).expect(200);
        assert_eq!(ask("municipality", "as_was"), all);
        // Another place in the tree.
        happens(world, &id("902001"), json!({"kind": "parent", "effective_on": "2024-03-01", "parent_id": id("901")}));
        assert_eq!(ask("province", "current"), ["Place 901 2023 =60.0 3/3", "Place 902 2023 =40.0"]);
        assert_eq!(ask("province", "as_was"), ["Place 901 2023 =30.0 2/2", "Place 902 2023 =70.0 2/2"]);
        // A new one, and a merger.
        let new = territory(world, "municipality", "902003", Some(&id("902")), "1980-01-01");
        assert_eq!(ask("province", "as_was")[1], "Place 902 2023 =70.0 2/3 p");
        happens(world, &id("902002"), json!({"kind": "merge", "effective_on": "2024-06-01", "to_territory_id": new}));
        assert_eq!(ask("municipality", "current"),
            ["Place 901001 2023 =10.0", "Place 901002 2023 =20.0", "Place 902001 2023 =30.0", "Place 902003 2023 =40.0 1/2 p"]);
        // People that went elsewhere.
        happens(world, &id("901001"), json!({"kind": "boundary", "effective_on": "2024-07-01", "to_territory_id": id("901002"), "share": 0.5}));
        assert_eq!(ask("municipality", "current")[..2], ["Place 901001 2023 =5.0 e", "Place 901002 2023 =25.0 2/2 e"]);
        // One that is no more.
        anna.patch(&format!("/territories/{}", id("902001")), "*", &json!({"valid_to": "2025-01-01"})).expect(200);
        assert_eq!(ask("municipality", "current"),
            ["Place 901001 2023 =5.0 e", "Place 901002 2023 =25.0 2/2 e", "Place 902003 2023 =40.0 1/2 p"]);
    }

    fn who_is_a_member_of_a_union_is_told_by_the_next_question_in_every_process(world: &World) {
        let (anna, samira) = (world.anna_system_administrator(), world.samira_help_desk_operator());
        let id = land(world);
        let dataset = dataset_of(world, "STOCK", "stock", &[]);
        published(&elena(world), &dataset, FILE);
        let union = territory(world, "union", "UNIONE", Some(&id("90")), "2000-01-01");
        let other = InProcess::start(serve_args(world.database.arguments()));
        let processes = [samira.at(&other.base), samira];
        let ask = || asked(&processes, &dataset, &json!({"places": {"under": union, "level": "municipality"}}));
        assert_eq!(ask(), [] as [&str; 0]);
        let memberships = format!("/territories/{union}/memberships");
        let join = |code: &str| anna.post(&memberships, &json!({"member_id": id(code), "valid_from": "2010-01-01"})).expect(201).id();
        join("901001");
        assert_eq!(ask(), ["Place 901001 2023 =10.0"]);
        let second = join("902001");
        assert_eq!(ask(), ["Place 901001 2023 =10.0", "Place 902001 2023 =30.0"]);
        anna.patch(&format!("{memberships}/{second}"), "*", &json!({"valid_to": "2020-01-01"})).expect(200);
        assert_eq!(ask(), ["Place 901001 2023 =10.0"]);
    }

    fn territories_that_another_process_imports_are_told_by_the_next_question(world: &World) {
        let samira = world.samira_help_desk_operator();
        // Somebody entered it with nothing nearer to put it below than the region.
        territory(world, "municipality", "030189", Some(&world.fixture.region.to_string()), "2018-01-01");
        let dataset = dataset_of(world, "STOCK", "stock", &[]);
        let file = b"REF_AREA,TIME_PERIOD,OBS_VALUE\n030129,2026-08,10\n032006,2026-08,20\n030189,2026-08,5\n";
        published(&elena(world), &dataset, file);
        let at = |level: &str| json!({"places": {"under": world.fixture.region, "level": level}, "geo": "current"});
        let provinces = at("province");
        let processes = [samira];
        assert_eq!(asked(&processes, &dataset, &provinces), [] as [&str; 0]);
        assert!(asked(&processes, &dataset, &at("municipality")).contains(&"Place 030189 2026-08 =5.0".to_owned()));
        let fixtures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/territory");
        let running = server::assemble(&world.database.arguments(), Parts::offline(false)).expect("assembled");
        import::run(&running.app, &[fixtures], Some("2026-08-14".parse().unwrap())).expect("imported");
        running.stop();
        let told = asked(&processes, &dataset, &provinces);
        assert!(told.iter().any(|row| row.starts_with("Udine 2026-08 =15.0")), "{told:?}");
    }

    fn two_territories_change_at_once_and_neither_waits_in_vain(world: &World) {
        // Even where whoever runs PostgreSQL wants a transaction to fail that waited for what another one has changed.
        if let Some(name) = world.database.url.strip_prefix("postgres").and_then(|url| url.rsplit('/').next()) {
            let setting = format!("ALTER DATABASE {name} SET default_transaction_isolation TO 'repeatable read'");
            world.connection().batch_execute(&setting).unwrap();
        }
        let other = InProcess::start(serve_args(world.database.arguments()));
        let anna = world.anna_system_administrator().at(&other.base);
        let id = land(world);
        let (from, to) = (id("901001"), id("901002"));
        for round in 1..=25 {
            let on = format!("2024-03-{round:02}");
            let start = Barrier::new(2);
            thread::scope(|scope| {
                let mut changes = Vec::new();
                // What the first one writes refers to the row that the other one holds.
                for (territory, event) in [
                    (&from, json!({"kind": "boundary", "effective_on": on, "to_territory_id": to, "share": 0.01, "source": "A law"})),
                    (&to, json!({"kind": "rename", "effective_on": on, "name": format!("Name {round}"), "source": "A law"})),
                ] {
                    let (anna, start) = (&anna, &start);
                    changes.push(scope.spawn(move || {
                        start.wait();
                        anna.post(&format!("/territories/{territory}/events"), &event).status
                    }));
                }
                let statuses: Vec<u16> = changes.into_iter().map(|change| change.join().unwrap()).collect();
                assert_eq!(statuses, [201, 201], "round {round}");
            });
        }
    }

    fn territories_are_read_again_only_after_what_is_kept_of_them_has_changed(world: &World) {
        let anna = world.anna_system_administrator();
        let id = land(world);
        let address = format!("/territories/{}", id("901001"));
        let (kept, mut connection) = (KeptTerritories::default(), world.connection());
        let mut last = kept.present(&mut connection).unwrap();
        let mut is_read_again = || {
            let now = kept.present(&mut connection).unwrap();
            let again = !Arc::ptr_eq(&now.tree, &last.tree);
            assert_eq!(again, !Arc::ptr_eq(&now.moves, &last.moves));
            last = now;
            again
        };
        assert!(!is_read_again());
        let refused = json!({"kind": "parent", "effective_on": "2024-02-01", "parent_id": id("901001"), "source": "A law"});
        anna.post(&format!("{address}/events"), &refused).expect(422);
        assert!(!is_read_again(), "a refused event");
        anna.patch(&address, "*", &json!({"name": "Place 901001"})).expect(200);
        assert!(!is_read_again(), "the same name");
        dataset_of(world, "STOCK", "stock", &[]);
        assert!(!is_read_again(), "something else");
        let figure = json!({"measure": "population", "on": "2022-12-31", "value": 97_808, "source": "ISTAT"});
        anna.post(&format!("{address}/figures"), &figure).expect(201);
        assert!(!is_read_again(), "a figure");
        let code = json!({"code_system": "belfiore", "code": "Z999", "valid_from": "1970-01-01", "source": "A list"});
        anna.post(&format!("{address}/codes"), &code).expect(201);
        assert!(!is_read_again(), "a code");
        anna.patch(&address, "*", &json!({"name": "A new name"})).expect(200);
        assert!(is_read_again(), "another name");
        happens(world, &id("901001"), json!({"kind": "boundary", "effective_on": "2024-02-01", "to_territory_id": id("901002")}));
        assert!(is_read_again(), "an event");
        assert!(!is_read_again());
    }

    fn territories_are_read_once_however_many_ask_at_once(world: &World) {
        const ASKING: usize = 6;
        let (kept, start) = (KeptTerritories::default(), Barrier::new(ASKING));
        let ask = || {
            let mut connection = world.connection();
            start.wait();
            kept.present(&mut connection).unwrap().tree
        };
        let trees: Vec<Arc<Tree>> = thread::scope(|scope| {
            let asking: Vec<_> = (0..ASKING).map(|_| scope.spawn(ask)).collect();
            asking.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert!(trees.iter().all(|tree| Arc::ptr_eq(tree, &trees[0])));
    }

    fn a_snapshot_is_of_one_moment_and_of_nothing_that_may_be_taken_back(world: &World) {
        let (mut reader, mut writer) = (world.connection(), world.connection());
        let count = |connection: &mut approdo_db::Connection| settings::table.count().get_result::<i64>(connection);
        let before = count(&mut reader).unwrap();
        reader.snapshot(|reader| {
            assert_eq!(count(reader)?, before);
            diesel::insert_into(settings::table)
                .values((settings::name.eq("meanwhile"), settings::value.eq("1")))
                .execute(&mut writer)?;
            assert_eq!(count(reader)?, before);
            QueryResult::Ok(())
        }).unwrap();
        assert_eq!(count(&mut reader).unwrap(), before + 1);
        writer.write_transaction(|writer| {
            assert_eq!(writer.snapshot(|_| QueryResult::Ok(())), Err(diesel::result::Error::AlreadyInTransaction));
            QueryResult::Ok(())
        }).unwrap();
    }
}
