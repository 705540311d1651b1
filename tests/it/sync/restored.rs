//! A cursor after an older dump was put in the database's place: 410, never a silent gap.

use serde_json::json;

use crate::both;
use crate::support::feed::Follower;
use crate::support::http::Client;
use crate::support::process::ServerProcess;
use crate::support::{Fixture, TestDatabase, log_in};

fn register_people(base: &str, fixture: &Fixture, count: usize) {
    let maria = log_in(base, fixture, "maria_case_manager");
    for _ in 0..count {
        let person = json!({
            "owner_org_id": fixture.comune_udine, "territory_id": fixture.udine,
            "given_name": "Amina", "family_name": "Diallo",
        });
        maria.post("/people", &person).expect(201);
    }
}

/// A reader that has seen at least so many events, and where it is.
fn reader_after(base: &str, fixture: &Fixture, people: usize) -> (Client, String) {
    let mut follower = Follower::from_the_beginning(log_in(base, fixture, "regional_sync_client"));
    let mut seen = 0;
    for _ in 0..500 {
        follower.query = "limit=1000&wait=1".into();
        seen += follower.page().iter().filter(|event| event["type"] == "person.created").count();
        if seen >= people {
            return (follower.reader, follower.cursor);
        }
    }
    panic!("the feed never showed {people} people");
}

both! {
    fn a_cursor_from_beyond_a_restored_dump_is_gone_and_an_older_one_goes_on(world: &World) {
        let (database, fixture) = TestDatabase::new(world.product);
        let mut server = ServerProcess::start(&database.url);
        register_people(&server.base, &fixture, 1);
        let (_, older) = reader_after(&server.base, &fixture, 1);
        server.terminate();
        let dump = database.dump();

        let mut server = ServerProcess::start(&database.url);
        register_people(&server.base, &fixture, 2);
        let (_, newer) = reader_after(&server.base, &fixture, 3);
        server.terminate();
        database.restore(&dump);

        let mut server = ServerProcess::start(&database.url);
        let reader = log_in(&server.base, &fixture, "regional_sync_client");
        let gone = |reader: &Client| {
            let answer = reader.get(&format!("/changes?cursor={newer}")).expect(410).json();
            assert!(answer["detail"].as_str().expect("what to do").contains("read the lists again"), "{answer}");
        };
        gone(&reader);
        reader.get(&format!("/changes?cursor={older}")).expect(200);

        // The feed has grown past the position the cursor names: another event stands there now.
        register_people(&server.base, &fixture, 4);
        let (reader, _) = reader_after(&server.base, &fixture, 5);
        gone(&reader);
        let page = reader.get(&format!("/changes?cursor={older}&limit=1000")).expect(200).json();
        assert_eq!(page["items"].as_array().expect("events").len(), 4);
        server.terminate();
    }
}
