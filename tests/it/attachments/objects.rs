//! Contents in an S3 store: whole or not at all there, too, and nothing stays there that no attachment names.

use std::thread;
use std::time::Duration;

use approdo_db::Timestamp;
use approdo_db::schema::{attachment_chunks, attachments, stray_objects};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use serde_json::json;

use crate::both;
use crate::support::files::{self, DOCX, TEXT, attach, declare, packed};
use crate::support::process::{ServerProcess, command};
use crate::support::s3::{BUCKET, S3Server, SECRET_KEY};
use crate::support::{Product, World, log_in};

fn strays(world: &World) -> i64 {
    stray_objects::table.count().get_result(&mut world.connection()).expect("counted")
}

fn store(world: &World) -> &S3Server {
    world.objects.as_ref().expect("a store")
}

/// Waits until nothing is left to sweep.
fn swept(world: &World) {
    for _ in 0..400 {
        if strays(world) == 0 {
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("nobody sweeps");
}

/// Whatever was on its way has been so for long.
fn time_passes(world: &World) {
    let then = Timestamp::new(approdo::clock::now().instant() - chrono::TimeDelta::seconds(1));
    let row = diesel::update(stray_objects::table).set(stray_objects::remove_after.eq(then));
    row.execute(&mut world.connection()).expect("moved");
}

both! { over_s3:
    fn a_content_is_an_object_and_comes_back_byte_for_byte(world: &World) {
        let (maria, case) = (world.maria_case_manager(), world.case_in_udine());
        let bytes: Vec<u8> = (0..5_000_000_u32).map(|at| b'a' + u8::try_from(at.wrapping_mul(2_654_435_761) >> 28).expect("four bits")).collect();
        let (path, answer) = attach(&maria, &case, "a.txt", TEXT, &bytes);
        answer.expect(200);
        let objects = store(world).objects();
        assert_eq!(objects.len(), 1);
        assert!(std::fs::read(&objects[0]).expect("an object") == bytes);
        let (name, id) = (objects[0].display().to_string(), path.rsplit('/').next().expect("an id").to_owned());
        assert!(!name.contains(&id) && !name.contains(&case), "{name}");
        let (answer, read) = maria.get_raw(&format!("{path}/content"), "gzip");
        assert!(read == bytes, "{} bytes came back", read.len());
        assert_eq!(answer.header("content-length"), "5000000");
        let portions: i64 = attachment_chunks::table.count().get_result(&mut world.connection()).expect("counted");
        assert_eq!((portions, strays(world)), (0, 0));
        // Where it is kept is nobody's business.
        let key: Option<String> = attachments::table.select(attachments::object_key).first(&mut world.connection()).expect("a row");
        let key = key.expect("an object");
        let page = maria.get(&format!("/cases/{case}/attachments")).expect(200);
        assert!(!page.text.contains(&key) && !page.text.contains("object_key"));
        assert!(!maria.get(&path).expect(200).text.contains(&key));
    }

    fn what_is_refused_leaves_no_object(world: &World) {
        let (maria, case) = (world.maria_case_manager(), world.case_in_udine());
        let bomb = files::docx(&[packed("word/media/image1.bmp", &vec![0; 20_000_000])]);
        let (path, answer) = attach(&maria, &case, "a.docx", DOCX, &bomb);
        answer.expect(422);
        let text = declare(&maria, &case, &files::text("a.txt", b"first"));
        maria.put_file(&format!("{text}/content"), "*", TEXT, b"other").expect(422);
        assert_eq!((store(world).objects().len(), strays(world)), (0, 0));
        assert_eq!(maria.get(&path).expect(200).json()["status"], "awaiting_content");
    }

    fn a_deleted_attachment_takes_its_object_with_it(world: &World) {
        let (maria, case) = (world.maria_case_manager(), world.case_in_udine());
        let (path, _) = attach(&maria, &case, "a.txt", TEXT, b"first");
        let (kept, _) = attach(&maria, &case, "b.txt", TEXT, b"first");
        store(world).comes_to(2);
        maria.delete(&path, "*").expect(204);
        store(world).comes_to(1);
        swept(world);
        assert_eq!(maria.get(&format!("{kept}/content")).expect(200).text, "first");
    }

    fn a_deletion_that_is_rolled_back_loses_nothing(world: &World) {
        let (maria, case) = (world.maria_case_manager(), world.case_in_udine());
        let (path, _) = attach(&maria, &case, "a.txt", TEXT, b"first");
        let fails = match world.product {
            Product::Sqlite => "CREATE TRIGGER refuse AFTER INSERT ON outbox WHEN NEW.operation = 'deleted' BEGIN SELECT RAISE(ABORT, 'no'); END",
            Product::Postgres => "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$; \
                CREATE TRIGGER refuse AFTER INSERT ON outbox FOR EACH ROW WHEN (NEW.operation = 'deleted') EXECUTE FUNCTION refuse()",
        };
        world.connection().batch_execute(fails).expect("a fault");
        maria.delete(&path, "*").expect(500);
        thread::sleep(Duration::from_secs(2));
        assert_eq!((store(world).objects().len(), strays(world)), (1, 0));
        assert_eq!(maria.get(&format!("{path}/content")).expect(200).text, "first");
    }

    fn twins_leave_one_object(world: &World) {
        let (maria, case) = (world.maria_case_manager(), world.case_in_udine());
        let bytes = vec![b'x'; 300_000];
        let path = declare(&maria, &case, &files::text("a.txt", &bytes));
        thread::scope(|scope| {
            for _ in 0..5 {
                scope.spawn(|| maria.put_file(&format!("{path}/content"), "*", TEXT, &bytes).expect(200));
            }
        });
        store(world).comes_to(1);
        swept(world);
        assert!(maria.get(&format!("{path}/content")).expect(200).text.len() == bytes.len());
    }

    fn while_the_store_is_away_contents_are_neither_taken_nor_given_and_nothing_is_half_written(world: &World) {
        let (maria, case) = (world.maria_case_manager(), world.case_in_udine());
        let (there, _) = attach(&maria, &case, "there.txt", TEXT, b"there");
        let path = declare(&maria, &case, &files::text("a.txt", b"first"));
        let before = maria.get(&path).expect(200).json();
        store(world).cut();
        for refused in [
            maria.put_file(&format!("{path}/content"), "*", TEXT, b"first"),
            maria.get(&format!("{there}/content")),
        ] {
            let refused = refused.expect(503);
            assert_eq!(refused.header("retry-after"), "5");
            assert_eq!(refused.json()["detail"], "the store of attachments is away");
        }
        assert_eq!(maria.get(&path).expect(200).json(), before);
        // It may come late: it is given its hour.
        assert_eq!(strays(world), 1);
        // What needs no store goes on.
        maria.patch(&path, "*", &json!({"title": "A title"})).expect(200);
        maria.delete(&there, "*").expect(204);
        store(world).mend();
        maria.put_file(&format!("{path}/content"), "*", TEXT, b"first").expect(200);
        assert_eq!(maria.get(&format!("{path}/content")).expect(200).text, "first");
        time_passes(world);
        swept(world);
        store(world).comes_to(1);
        assert_eq!(maria.get(&format!("{path}/content")).expect(200).text, "first");
    }

    fn an_object_that_was_sent_too_late_is_not_named_any_more(world: &World) {
        let (maria, case) = (world.maria_case_manager(), world.case_in_udine());
        let path = declare(&maria, &case, &files::text("a.txt", b"first"));
        store(world).hold();
        thread::scope(|scope| {
            let sent = scope.spawn(|| maria.put_file(&format!("{path}/content"), "*", TEXT, b"first"));
            store(world).comes_to(1);
            // Its hour is nearly over: whoever sweeps may take it at any moment.
            let soon = approdo::clock::after(approdo::clock::now(), 500);
            diesel::update(stray_objects::table).set(stray_objects::remove_after.eq(soon)).execute(&mut world.connection()).expect("moved");
            store(world).mend();
            sent.join().expect("an answer").expect(503);
        });
        assert_eq!(maria.get(&path).expect(200).json()["status"], "awaiting_content");
    }
}

fn start(url: &str, store: &S3Server) -> Result<ServerProcess, String> {
    let mut command = command();
    store.tell(&mut command);
    command.args(["serve", "--database-url", url]);
    ServerProcess::of(command)
}

fn killed_between_upload_and_commit(product: Product) {
    let world = World::new(product);
    let store = S3Server::start();
    let mut process = start(&world.database.url, &store).expect("it starts");
    let (maria, case) = (log_in(&process.base, &world.fixture, "maria_case_manager"), world.case_in_udine());
    let path = declare(&maria, &case, &files::text("a.txt", b"first"));
    let content = format!("{path}/content");
    store.hold();
    thread::scope(|scope| {
        scope.spawn(|| {
            let headers = [("content-type", TEXT), ("if-match", "*")];
            maria.try_send("PUT", &content, &headers, Some(b"first")).expect_err("it was killed");
        });
        store.comes_to(1);
        process.kill();
    });
    store.mend();
    let process = start(&world.database.url, &store).expect("it starts again");
    let maria = maria.at(&process.base);
    assert_eq!(maria.get(&path).expect(200).json()["status"], "awaiting_content");
    maria.get(&content).expect(404);
    // It may still be on its way to an attachment, for all that is known.
    thread::sleep(Duration::from_secs(2));
    assert_eq!((store.objects().len(), strays(&world)), (1, 1));
    maria.put_file(&content, "*", TEXT, b"first").expect(200);
    store.comes_to(2);
    time_passes(&world);
    store.comes_to(1);
    swept(&world);
    assert_eq!(maria.get(&content).expect(200).text, "first");
}

#[test]
fn what_a_kill_leaves_in_the_store_is_swept_on_sqlite() {
    killed_between_upload_and_commit(Product::Sqlite);
}

#[test]
fn what_a_kill_leaves_in_the_store_is_swept_on_postgresql() {
    if Product::Postgres.is_available() {
        killed_between_upload_and_commit(Product::Postgres);
    } else {
        eprintln!("skipped: PostgreSQL's server programs are not installed");
    }
}

#[test]
fn a_store_that_cannot_be_used_is_a_clear_error_at_the_start() {
    let world = World::new(Product::Sqlite);
    let store = S3Server::start();
    let url = &world.database.url;
    let told = |change: &dyn Fn(&mut std::process::Command)| {
        let mut command = command();
        store.tell(&mut command);
        change(command.args(["serve", "--database-url", url]));
        let told = ServerProcess::of(command).err().expect("it must not start");
        assert!(told.lines().last().expect("a line").starts_with("approdo: "), "{told}");
        assert!(!told.contains(SECRET_KEY) && !told.contains("another secret"), "{told}");
        told
    };
    for (name, value, reason) in [
        ("APPRODO_S3_ENDPOINT", "http://127.0.0.1:1", "the S3 store at 127.0.0.1 cannot be reached"),
        ("APPRODO_S3_ENDPOINT", "ftp://127.0.0.1", "--s3-endpoint must be an http or https URL"),
        ("APPRODO_S3_SECRET_KEY", "another secret", "refuses the key"),
        ("APPRODO_S3_SECRET_KEY", "", "needs APPRODO_S3_ACCESS_KEY and APPRODO_S3_SECRET_KEY"),
        ("APPRODO_ATTACHMENT_STORE", "s3://nowhere", "has no bucket nowhere"),
        ("APPRODO_ATTACHMENT_STORE", "minio", "must be database or s3://bucket/prefix"),
    ] {
        let told = told(&|command| {
            command.env(name, value);
        });
        assert!(told.contains(reason), "{name}={value}: {told}");
    }
    let help = command().args(["serve", "--help"]).env("APPRODO_S3_SECRET_KEY", SECRET_KEY).output().expect("it runs");
    assert!(!String::from_utf8_lossy(&help.stdout).contains(SECRET_KEY));
    // Contents are in the bucket: a server that does not know it would have none to give.
    let mut process = start(url, &store).expect("it starts");
    let maria = log_in(&process.base, &world.fixture, "maria_case_manager");
    attach(&maria, &world.case_in_udine(), "a.txt", TEXT, b"first").1.expect(200);
    assert!(process.terminate().success());
    assert!(!process.errors().contains(SECRET_KEY));
    let told = ServerProcess::try_start(url, &[]).err().expect("it must not start");
    assert!(told.contains("1 attachments have their content in an S3 store"), "{told}");
    assert_eq!(store.objects().len(), 1);
    assert!(store.objects()[0].to_string_lossy().contains(&format!("{BUCKET}/in/a/folder/")));
}
