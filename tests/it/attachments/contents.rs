//! What was attached comes back as it was, and only what was declared is attached.

use approdo_db::schema::{access_records, attachment_chunks};
use approdo_db::types::RowId;
use diesel::prelude::*;
use serde_json::json;

use crate::both;
use crate::support::World;
use crate::support::files::{self, TEXT, attach, declare};

/// Text of about five megabytes that no packing shortens much, with characters of two to four bytes.
fn long_text() -> Vec<u8> {
    let mut text = String::new();
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    while text.len() < 5_000_000 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let range = [0x21, 0x430, 0x4e00, 0x1f600][usize::try_from(state % 4).expect("small")];
        text.push(char::from_u32(range + u32::try_from(state >> 40).expect("24 bits") % 32).expect("a character"));
    }
    text.into_bytes()
}

fn portions(world: &World) -> i64 {
    attachment_chunks::table.count().get_result(&mut world.connection()).expect("counted")
}

both! {
    fn five_megabytes_come_back_byte_for_byte(world: &World) {
        let (maria, case, bytes) = (world.maria_case_manager(), world.case_in_udine(), long_text());
        let declared = maria.post(&format!("/cases/{case}/attachments"), &files::text("lang.txt", &bytes)).expect(201);
        assert_eq!(declared.json()["status"], "awaiting_content");
        let path = format!("/attachments/{}", declared.id());
        let content = format!("{path}/content");
        maria.get(&content).expect(404);
        let stored = maria.put_file(&content, declared.header("etag"), "text/plain; charset=UTF-8", &bytes).expect(200);
        assert_eq!((&stored.json()["status"], &stored.json()["version"]), (&json!("stored"), &json!(2)));
        assert_eq!(maria.get(&path).expect(200).json(), stored.json());
        assert_eq!(portions(world), i64::try_from(bytes.len().div_ceil(256 * 1024)).expect("few"));
        // Compressed it would have no length, and another digest.
        for coding in ["identity", "gzip"] {
            let (answer, read) = maria.get_raw(&content, coding);
            assert!(read == bytes, "{} bytes came back", read.len());
            assert_eq!(answer.header("content-length"), bytes.len().to_string());
            assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
            assert_eq!(answer.header("content-disposition"), "attachment; filename*=UTF-8''lang.txt");
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
            assert_eq!(answer.header("content-security-policy"), "default-src 'none'; sandbox");
            assert_eq!(answer.header("cache-control"), "no-store");
        }
    }

    fn a_file_of_each_type_is_taken(world: &World) {
        let (maria, case) = (world.maria_case_manager(), world.case_in_udine());
        for (name, media_type, bytes) in files::one_of_each() {
            let (path, answer) = attach(&maria, &case, name, media_type, &bytes);
            assert_eq!(answer.status, 200, "{name}: {}", answer.text);
            let (answer, read) = maria.get_raw(&format!("{path}/content"), "identity");
            assert_eq!(read, bytes, "{name}");
            assert!(answer.header("content-type").starts_with(media_type), "{name}");
        }
        let listed = maria.get(&format!("/cases/{case}/attachments")).expect(200).json();
        let names: Vec<&str> = listed["items"].as_array().expect("rows").iter().map(|row| row["file_name"].as_str().expect("a name")).collect();
        assert_eq!(names, files::one_of_each().iter().map(|(name, ..)| *name).collect::<Vec<_>>());
    }

    fn names_in_every_script_come_back(world: &World) {
        let (maria, case) = (world.maria_case_manager(), world.case_in_udine());
        for (name, coded) in [
            ("Дозвіл на проживання.txt", "%D0%94%D0%BE%D0%B7%D0%B2%D1%96%D0%BB%20%D0%BD%D0%B0%20%D0%BF%D1%80%D0%BE%D0%B6%D0%B8%D0%B2%D0%B0%D0%BD%D0%BD%D1%8F.txt"),
            ("e\u{301}te\u{301}.txt", "e%CC%81te%CC%81.txt"),
            ("تصريح الإقامة.txt", "%D8%AA%D8%B5%D8%B1%D9%8A%D8%AD%20%D8%A7%D9%84%D8%A5%D9%82%D8%A7%D9%85%D8%A9.txt"),
            ("居留許可.txt", "%E5%B1%85%E7%95%99%E8%A8%B1%E5%8F%AF.txt"),
            ("\"a\"; b='c' 100% (1).TXT", "%22a%22%3B%20b%3D%27c%27%20100%25%20%281%29.TXT"),
            ("🦀.text", "%F0%9F%A6%80.text"),
        ] {
            let (path, answer) = attach(&maria, &case, name, TEXT, b"x");
            assert_eq!(answer.expect(200).json()["file_name"], name);
            let content = maria.get(&format!("{path}/content")).expect(200);
            assert_eq!(content.header("content-disposition"), format!("attachment; filename*=UTF-8''{coded}"));
        }
        for name in ["", "a/b.txt", "..\\b.txt", "a\nb.txt", "a\u{7f}.txt", "a\u{202e}txt.exe.txt", "a\u{2066}.txt", "a.exe", "a.txt.exe", "txt", "a.pdf"] {
            maria.post(&format!("/cases/{case}/attachments"), &files::text(name, b"x")).expect(422);
        }
    }

    fn what_is_not_as_declared_changes_nothing(world: &World) {
        let (maria, case) = (world.maria_case_manager(), world.case_in_udine());
        let path = declare(&maria, &case, &files::text("a.txt", b"what was said"));
        let content = format!("{path}/content");
        let put = |if_match: &str, media_type: &str, bytes: &[u8]| maria.put_file(&content, if_match, media_type, bytes);
        let before = maria.get(&path).expect(200);
        let told = put("*", TEXT, b"what was sai").expect(422).json();
        assert_eq!(told["errors"][0]["detail"], "13 bytes were declared, and 12 were sent");
        let told = put("*", TEXT, b"what was said, and more").expect(413).json();
        assert_eq!(told["title"], "The body is too large");
        let told = put("*", TEXT, b"what was saie").expect(422).json();
        assert_eq!(told["errors"][0]["detail"], "has another SHA-256 than the one declared");
        put("*", "application/pdf", b"what was said").expect(415);
        put("*", "text/plain; charset=latin1", b"what was said").expect(415);
        put("", TEXT, b"what was said").expect(412);
        put("\"7.x\"", TEXT, b"what was said").expect(412);
        maria.send("PUT", &content, &[("content-type", TEXT)], Some(b"what was said")).expect(428);
        let coded = [("content-type", TEXT), ("if-match", "*"), ("content-encoding", "gzip")];
        assert_eq!(maria.send("PUT", &content, &coded, Some(b"what was said")).expect(415).header("accept-encoding"), "identity");
        maria.put_file(&format!("{content}?x=1"), "*", TEXT, b"what was said").expect(400);
        assert_eq!(maria.get(&path).expect(200).json(), before.json());
        assert_eq!(portions(world), 0);
        maria.get(&content).expect(404);
        put("*", TEXT, b"what was said").expect(200);
    }

    fn a_stored_content_does_not_change_and_sending_it_again_has_the_same_answer(world: &World) {
        let (maria, case) = (world.maria_case_manager(), world.case_in_udine());
        let declared = maria.post(&format!("/cases/{case}/attachments"), &files::text("a.txt", b"first")).expect(201);
        let content = format!("/attachments/{}/content", declared.id());
        let stored = maria.put_file(&content, declared.header("etag"), TEXT, b"first").expect(200);
        // Its answer may have been lost: the sender holds the tag from before.
        let again = maria.put_file(&content, declared.header("etag"), TEXT, b"first").expect(200);
        assert_eq!((again.json(), again.header("etag")), (stored.json(), stored.header("etag")));
        maria.put_file(&content, "*", TEXT, b"other").expect(409);
        maria.put_file(&content, "*", TEXT, b"long!!").expect(413);
        maria.send("PUT", &content, &[("content-type", TEXT)], Some(b"first")).expect(428);
        world.moved(&case, &[json!({"to": "closed", "reason_code": "moved"})]);
        maria.put_file(&content, "*", TEXT, b"first").expect(200);
        assert_eq!(maria.get(&content).expect(200).text, "first");
    }

    fn twins_that_send_the_same_content_store_it_once(world: &World) {
        let (maria, case) = (world.maria_case_manager(), world.case_in_udine());
        let bytes = vec![b'x'; 600_000];
        let path = declare(&maria, &case, &files::text("a.txt", &bytes));
        let answers: Vec<_> = std::thread::scope(|scope| {
            let twins: Vec<_> =
                (0..6).map(|_| scope.spawn(|| maria.put_file(&format!("{path}/content"), "*", TEXT, &bytes))).collect();
            twins.into_iter().map(|twin| twin.join().expect("an answer").expect(200).json()).collect()
        });
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        assert_eq!(answers[0]["version"], 2);
        assert_eq!(portions(world), 3);
    }

    fn a_read_content_is_negotiated_conditional_and_recorded(world: &World) {
        let (maria, case) = (world.maria_case_manager(), world.case_in_udine());
        let (path, _) = attach(&maria, &case, "a.txt", TEXT, b"first");
        let content = format!("{path}/content");
        let read = maria.send("GET", &content, &[("request-id", "the-read")], None).expect(200);
        assert_eq!(read.header("repr-digest"), format!("sha-256=:{}:", base64_of(&files::sha256(b"first"))));
        maria.send("GET", &content, &[("if-none-match", read.header("etag"))], None).expect(304);
        for taken in ["text/plain", "text/*", "*/*", "application/pdf, text/plain;q=0.1"] {
            maria.send("GET", &content, &[("accept", taken)], None).expect(200);
        }
        for refused in ["application/json", "application/pdf", "text/plain;q=0"] {
            maria.send("GET", &content, &[("accept", refused)], None).expect(406);
        }
        let head = maria.send("HEAD", &content, &[], None).expect(200);
        assert_eq!((head.text.as_str(), head.header("content-length")), ("", "5"));
        assert_eq!(head.header("etag"), read.header("etag"));
        let case = RowId(uuid::Uuid::parse_str(&case).expect("an id"));
        let recorded: Vec<(String, Option<RowId>)> = access_records::table
            .filter(access_records::request_id.eq("the-read"))
            .select((access_records::operation, access_records::resource_id))
            .load(&mut world.connection())
            .expect("records");
        assert_eq!(recorded, [("read_attachment_content".to_owned(), Some(case))]);
    }

    fn what_was_damaged_where_it_is_kept_is_not_given_out_whole(world: &World) {
        let (maria, case) = (world.maria_case_manager(), world.case_in_udine());
        let bytes = vec![b'x'; 600_000];
        let (path, _) = attach(&maria, &case, "a.txt", TEXT, &bytes);
        let last = attachment_chunks::table.filter(attachment_chunks::position.eq(2));
        let damaged = vec![b'y'; 600_000 - 2 * 256 * 1024];
        diesel::update(last).set(attachment_chunks::bytes.eq(damaged)).execute(&mut world.connection()).expect("damaged");
        let broken = maria.try_send("GET", &format!("{path}/content"), &[], None);
        assert!(broken.is_err(), "the whole came: {:?}", broken.map(|answer| answer.text.len()));
    }

    fn a_deleted_attachment_takes_its_content_with_it(world: &World) {
        let (maria, case) = (world.maria_case_manager(), world.case_in_udine());
        let (path, answer) = attach(&maria, &case, "a.txt", TEXT, &vec![b'x'; 600_000]);
        maria.delete(&path, "\"1.x\"").expect(412);
        maria.delete(&path, answer.header("etag")).expect(204);
        maria.get(&path).expect(404);
        maria.get(&format!("{path}/content")).expect(404);
        assert_eq!(portions(world), 0);
    }

    fn more_than_the_deployment_takes_cannot_be_declared(world: &World) {
        let (maria, case) = (world.maria_case_manager(), world.case_in_udine());
        let mut large = files::text("a.txt", b"x");
        for (size, status) in [(10 * 1024 * 1024, 201), (10 * 1024 * 1024 + 1, 422), (100 * 1024 * 1024 + 1, 422), (0, 422), (-1, 422)] {
            large["size"] = json!(size);
            maria.post(&format!("/cases/{case}/attachments"), &large).expect(status);
        }
    }

    fn a_declaration_has_one_effect_for_each_key(world: &World) {
        let (maria, case) = (world.maria_case_manager(), world.case_in_udine());
        let body = files::text("a.txt", b"x").to_string();
        let send = |body: &str| {
            let headers = [("content-type", "application/json"), ("idempotency-key", "the-same")];
            maria.send("POST", &format!("/cases/{case}/attachments"), &headers, Some(body.as_bytes()))
        };
        let first = send(&body).expect(201);
        assert_eq!(send(&body).expect(201).json(), first.json());
        send(&files::text("b.txt", b"x").to_string()).expect(422);
    }
}

fn base64_of(hexadecimal: &str) -> String {
    use base64::Engine as _;
    let bytes: Vec<u8> =
        (0..32).map(|at| u8::from_str_radix(&hexadecimal[2 * at..2 * at + 2], 16).expect("digits")).collect();
    base64::prelude::BASE64_STANDARD.encode(bytes)
}
