//! Bad requests written by hand, one line each: what is sent, and the status it earns.

use serde_json::{Value, json};

use super::answer::is_finished;
use super::bad_input::row_counts;
use super::forged;
use super::rows::Rows;
use super::stage::Stage;
use crate::both;
use crate::support::http::Answer;
use crate::support::{Client, World};

const JSON: (&str, &str) = ("content-type", "application/json");
const PATCH: (&str, &str) = ("content-type", "application/merge-patch+json");
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// Sends requests one after another and counts them.
struct Table<'w> {
    world: &'w World,
    tried: usize,
}

impl Table<'_> {
    fn send(
        &mut self,
        name: &str,
        client: &Client,
        request: (&str, &str, &[(&str, &str)], &[u8]),
        status: u16,
    ) -> Answer {
        let (method, path, headers, body) = request;
        let answer = client.send(method, path, headers, Some(body));
        self.tried += 1;
        assert_eq!(answer.status, status, "{name}: {}", answer.text);
        is_finished(&answer, name);
        answer
    }

    fn maria(
        &mut self,
        name: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
        status: u16,
    ) -> Answer {
        let maria = self.world.maria_case_manager();
        self.send(name, &maria, (method, path, headers, body), status)
    }
}

/// A person with members of one's own, as text: what is sent need not be JSON.
fn person(rows: &Rows<'_>, more: &str) -> Vec<u8> {
    let (organisation, territory) = (rows.organisation(), rows.territory());
    format!(r#"{{"owner_org_id":"{organisation}","territory_id":"{territory}","family_name":"B",{more}}}"#).into_bytes()
}

both! {
    fn bodies_that_are_not_right(world: &World) {
        let stage = Stage::new(world);
        let rows = stage.in_udine();
        rows.case();
        let (before, mut table) = (row_counts(world), Table { world, tried: 0 });
        let good = person(&rows, r#""given_name":"A""#);
        let with = |more: &[u8]| [good.as_slice(), more].concat();
        let member = |more: &str| person(&rows, &format!(r#""given_name":"A",{more}"#));
        let named = |name: &str| person(&rows, &format!(r#""given_name":{name}"#));
        let long = |unit: &str, count: usize| named(&format!("\"{}\"", unit.repeat(count)));
        for (name, body, status) in [
            ("no body", Vec::new(), 400),
            ("blanks", b"  \n ".to_vec(), 400),
            ("half an object", b"{".to_vec(), 400),
            ("a comma too many", member(""), 400),
            ("something behind it", with(b" x"), 400),
            ("a second value", with(&good), 400),
            ("a byte order mark", [b"\xef\xbb\xbf".as_slice(), &good].concat(), 400),
            ("single quotes", b"{'given_name':'A'}".to_vec(), 400),
            ("a comment", with(b" // so"), 400),
            ("NaN", member(r#""notes":NaN"#), 400),
            ("an array", b"[]".to_vec(), 422),
            ("an array of the members", format!(r#"["{}","{}",null,"A","B"]"#, rows.organisation(), rows.territory()).into_bytes(), 422),
            ("an array for an object within", member(r#""external_ids":[["other","x"]]"#), 422),
            ("a text", b"\"x\"".to_vec(), 422),
            ("a number", b"5".to_vec(), 422),
            ("null", b"null".to_vec(), 422),
            ("an empty object", b"{}".to_vec(), 422),
            ("a number for a text", named("5"), 422),
            ("null for a text", named("null"), 422),
            ("null for an optional text", member(r#""notes":null"#), 422),
            ("an empty text", named("\"\""), 422),
            ("a list for a text", named("[\"A\"]"), 422),
            ("201 letters", long("x", 201), 422),
            ("201 letters beyond the basic plane", long("😀", 201), 422),
            ("a hundred thousand letters", long("x", 100_000), 422),
            ("the same member twice", member(r#""given_name":"C""#), 422),
            ("an unknown member", member(r#""nickname":"C""#), 422),
            ("an unknown member of 2,000 letters", member(&format!("\"{}\":1", "n".repeat(2_000))), 422),
            ("a member of the answer", member(r#""version":1"#), 422),
            ("U+0000 escaped", named(r#""A\u0000""#), 422),
            ("U+0000 in a name", member(r#""a\u0000":1"#), 422),
            ("U+0000 raw", named("\"A\0\""), 400),
            ("half a surrogate pair", named(r#""\ud800""#), 400),
            ("the other half", named(r#""\udc00x""#), 400),
            ("bytes that are not UTF-8", with(b"\xff"), 400),
            ("deep nesting", member(&format!(r#""notes":{}{}"#, "[".repeat(10_000), "]".repeat(10_000))), 422),
            ("29 February of a common year", member(r#""date_of_birth":"2023-02-29""#), 422),
            ("a month too many", member(r#""date_of_birth":"1990-13-01""#), 422),
            ("a date with one digit", member(r#""date_of_birth":"1990-1-1""#), 422),
            ("an instant for a date", member(r#""date_of_birth":"1990-01-01T00:00:00Z""#), 422),
            ("a year of five digits", member(r#""date_of_birth":"+19900-01-01""#), 422),
            ("a number for a date", member(r#""date_of_birth":19900101"#), 422),
            ("a birth in the future", member(r#""date_of_birth":"2999-01-01""#), 422),
            ("a birth 150 years ago", member(r#""date_of_birth":"1800-01-01""#), 422),
            ("an unknown code", member(r#""sex":"x""#), 422),
            ("a country in small letters", member(r#""citizenships":["ua"]"#), 422),
            ("eleven countries", member(&format!(r#""citizenships":{}"#, json!(vec!["UA"; 11]))), 422),
            ("a country that is null", member(r#""citizenships":[null]"#), 422),
            ("an address without @", member(r#""email":"x""#), 422),
            ("no letters in the name", person(&rows, r#""given_name":"-""#).iter().map(|b| if *b == b'B' { b'-' } else { *b }).collect(), 422),
            ("more than a mebibyte", long("x", 1_100_000), 413),
        ] {
            table.maria(name, "POST", "/people", &[JSON], &body, status);
        }
        for (name, headers, status) in [
            ("no media type", vec![], 415),
            ("text/plain", vec![("content-type", "text/plain")], 415),
            ("a merge patch to create", vec![PATCH], 415),
            ("a form", vec![FORM], 415),
            ("nonsense for a media type", vec![("content-type", ";;;")], 415),
        ] {
            table.maria(name, "POST", "/people", &headers, &good, status);
        }
        let refused = table.maria("a patch as JSON", "PATCH", &format!("/people/{}", rows.person()), &[JSON, ("if-match", "*")], b"{}", 415);
        assert_eq!(refused.header("accept-patch"), "application/merge-patch+json");
        let moves = format!("/cases/{}/transitions", rows.case());
        for (name, body, status) in [
            ("a move to nowhere", json!({"to": "nowhere"}), 422),
            ("a move without its state", json!({"note": "x"}), 422),
            ("a hold without a date", json!({"to": "on_hold"}), 422),
            ("a hold until yesterday", json!({"to": "on_hold", "review_at": "2020-01-01"}), 422),
            ("a member of another move", json!({"to": "planning", "review_at": "2999-01-01"}), 422),
            ("a reason that is no code", json!({"to": "closed", "reason_code": "tired"}), 422),
            ("a move that is not there", json!({"to": "evaluation"}), 409),
        ] {
            table.maria(name, "POST", &moves, &[JSON, ("if-match", "*")], body.to_string().as_bytes(), status);
        }
        assert_eq!(row_counts(world), before);
        // What looks odd and is right.
        for (name, body) in [
            ("29 February of a leap year", member(r#""date_of_birth":"2024-02-29""#)),
            ("200 letters beyond the basic plane", long("𐌰", 200)),
            ("an escaped pair of surrogates", named(r#""\ud800\udf30""#)),
            ("blanks around it", [b" \n".as_slice(), &good, b"\n"].concat()),
        ] {
            table.maria(name, "POST", "/people", &[("content-type", "Application/JSON; charset=utf-8")], &body, 201);
        }
        table.maria("20.0 is a whole number", "POST", "/people/searches", &[JSON], br#"{"name":"olena","limit":20.0}"#, 200);
        println!("{} bodies", table.tried);
        assert!(table.tried >= 60);
    }

    fn only_known_origins_may_read_the_answers(world: &World) {
        let maria = world.maria_case_manager();
        for (origin, told) in [("https://portal.example", "https://portal.example"), ("https://elsewhere.example", "")] {
            let answer = maria.send("GET", "/cases", &[("origin", origin)], None).expect(200);
            assert_eq!(answer.header("access-control-allow-origin"), told);
            let refused = world.nobody().send("GET", "/cases", &[("origin", origin)], None).expect(401);
            assert_eq!(refused.header("access-control-allow-origin"), told);
            is_finished(&refused, origin);
        }
        let asked = [("origin", "https://portal.example"), ("access-control-request-method", "PATCH")];
        let preflight = world.nobody().send("OPTIONS", "/cases", &asked, None).expect(200);
        assert_eq!(preflight.header("access-control-allow-origin"), "https://portal.example");
        assert!(preflight.header("access-control-allow-methods").contains("PATCH"));
    }

    fn headers_that_are_not_right(world: &World) {
        let stage = Stage::new(world);
        let rows = stage.in_udine();
        rows.case();
        let (before, mut table) = (row_counts(world), Table { world, tried: 0 });
        let (long, at) = ("k".repeat(65), format!("/people/{}", rows.person()));
        for (name, value) in [
            ("Idempotency-Key: empty", ("idempotency-key", "")),
            ("Idempotency-Key: two words", ("idempotency-key", "a b")),
            ("Idempotency-Key: 65 letters", ("idempotency-key", long.as_str())),
            ("Idempotency-Key: half quoted", ("idempotency-key", "\"a")),
            ("Access-Purpose: no code", ("access-purpose", "curiosity")),
            ("Access-Purpose: capitals", ("access-purpose", "CASE_WORK")),
            ("Access-Purpose: empty", ("access-purpose", "")),
        ] {
            let person = person(&rows, r#""given_name":"A""#);
            table.maria(name, "POST", "/people", &[JSON, value], &person, 400);
            // Rights come first: nobody without a token learns what was wrong.
            table.send(name, &world.nobody(), ("POST", "/people", &[JSON, value], &person), 401);
            table.send(name, &world.giulia_auditor(), ("POST", "/people", &[JSON, value], &person), 403);
        }
        for (accept, status) in [("image/png", 406), ("application/json;q=0", 406), ("text/html, application/*;q=0.1", 200), ("*/*", 200)] {
            table.maria(accept, "GET", &at, &[("accept", accept)], b"", status);
        }
        for (name, value, status) in [
            ("no If-Match", None, 428),
            ("a stale version", Some("\"99.0a1b2c3d4e5f\""), 412),
            ("a weak tag", Some("W/\"1.0a1b2c3d4e5f\""), 412),
            ("no quotes", Some("1"), 412),
            ("half a tag", Some("\""), 412),
            ("nothing", Some(""), 412),
            ("one of several", Some("\"7.x\", \"1.y\""), 200),
            ("whatever there is", Some("*"), 200),
        ] {
            let mut headers = vec![PATCH];
            headers.extend(value.map(|value| ("if-match", value)));
            let answer = table.maria(name, "PATCH", &at, &headers, b"{}", status);
            if matches!(status, 412 | 428) {
                assert_eq!(answer.json()["current_version"], 1, "{name}");
            }
        }
        assert_eq!(row_counts(world), before);
        let (key, case) = (("idempotency-key", "\"8e03978e-40d5-43e8-bc93-6894a57f9324\""), person(&rows, r#""given_name":"A""#));
        let first = table.maria("a key", "POST", "/people", &[JSON, key], &case, 201);
        let again = table.maria("the key again", "POST", "/people", &[JSON, key], &case, 201);
        assert_eq!(first.id(), again.id());
        table.maria("the key for another body", "POST", "/people", &[JSON, key], &person(&rows, r#""given_name":"C""#), 422);
        println!("{} headers", table.tried);
    }

    fn tokens_that_are_not_right(world: &World) {
        let mut table = Table { world, tried: 0 };
        let forger = forged::Forger::new(world);
        let good = world.maria_case_manager().token().to_owned();
        // The forger's tools make a good token as well: what is refused below is refused for what is wrong with it.
        world.nobody().with_token(&forger.token(&good, |_, _| {})).get("/me").expect(200);
        let none = forger.unsigned(&good);
        for (name, value) in [
            ("Basic", "Basic bWFyaWE6eA==".to_owned()),
            ("no token", "Bearer".to_owned()),
            ("an empty token", "Bearer ".to_owned()),
            ("no scheme", good.clone()),
            ("three letters", "Bearer x.y.z".to_owned()),
            ("a letter too many", format!("Bearer {good}x")),
            ("two tokens", format!("Bearer {good} {good}")),
            ("no signature", format!("Bearer {}", good.rsplit_once('.').expect("a signature").0)),
            ("alg none", format!("Bearer {none}")),
            ("another key", format!("Bearer {}", forger.with_another_key(&good))),
            ("a symmetric signature", format!("Bearer {}", forger.symmetric(&good))),
            ("expired", format!("Bearer {}", forger.token(&good, |_, claims| claims["exp"] = json!(1_700_000_000)))),
            ("not yet valid", format!("Bearer {}", forger.token(&good, |_, claims| claims["nbf"] = json!(4_000_000_000_i64)))),
            ("another issuer", format!("Bearer {}", forger.token(&good, |_, claims| claims["iss"] = json!("urn:other")))),
            ("another audience", format!("Bearer {}", forger.token(&good, |_, claims| claims["aud"] = json!("other")))),
            ("no audience", format!("Bearer {}", forger.token(&good, |_, claims| { claims.as_object_mut().expect("claims").remove("aud"); }))),
            ("another session", format!("Bearer {}", forger.token(&good, |_, claims| claims["sid"] = json!(uuid::Uuid::now_v7())))),
            ("another caller", format!("Bearer {}", forger.token(&good, |_, claims| claims["sub"] = json!(world.id_of("giulia_auditor"))))),
            ("no typ", format!("Bearer {}", forger.token(&good, |header, _| header.typ = None))),
            ("typ JWT", format!("Bearer {}", forger.token(&good, |header, _| header.typ = Some("JWT".into())))),
            ("an unknown kid", format!("Bearer {}", forger.token(&good, |header, _| header.kid = Some(uuid::Uuid::now_v7().to_string())))),
            ("no kid", format!("Bearer {}", forger.token(&good, |header, _| header.kid = None))),
        ] {
            let answer = table.send(name, &world.nobody(), ("GET", "/me", &[("authorization", &value)], b""), 401);
            assert_eq!(answer.header("www-authenticate"), "Bearer error=\"invalid_token\"", "{name}");
        }
        let scheme = format!("bEARER {good}");
        table.send("the scheme in any case", &world.nobody(), ("GET", "/me", &[("authorization", &scheme)], b""), 200);
        for (name, headers, form, status) in [
            ("JSON for a form", vec![JSON], "{}", 415),
            ("no grant type", vec![FORM], "", 400),
            ("an unknown grant type", vec![FORM], "grant_type=magic", 400),
            ("no user name", vec![FORM], "grant_type=password", 400),
            ("a wrong password", vec![FORM], "grant_type=password&username=maria_case_manager&password=x", 400),
            ("an unknown user", vec![FORM], "grant_type=password&username=nobody&password=x", 400),
            ("U+0000 in a user name", vec![FORM], "grant_type=password&username=a%00&password=x", 400),
            ("two user names", vec![FORM], "grant_type=password&username=a&username=b&password=x", 400),
            ("an unknown member", vec![FORM], "grant_type=password&username=a&password=x&admin=1", 400),
            ("a used-up refresh token", vec![FORM], "grant_type=refresh_token&refresh_token=x", 400),
            ("an unknown client", vec![FORM], "grant_type=client_credentials&client_id=x&client_secret=x", 401),
            ("no client", vec![FORM], "grant_type=client_credentials", 401),
            ("Basic without a colon", vec![FORM, ("authorization", "Basic eA==")], "grant_type=client_credentials", 401),
        ] {
            table.send(name, &world.nobody(), ("POST", "/auth/token", &headers, form.as_bytes()), status);
        }
        println!("{} tokens", table.tried);
    }

    fn addresses_that_are_not_right(world: &World) {
        let (stage, mut table) = (Stage::new(world), Table { world, tried: 0 });
        let rows = stage.in_udine();
        // A second case, for a second page.
        stage.in_udine().case();
        let (person, case) = (format!("/people/{}", rows.person()), format!("/cases/{}", rows.case()));
        let before = row_counts(world);
        let next = |page: &Answer| page.json()["next_cursor"].as_str().expect("more rows").to_owned();
        let cases = next(&world.maria_case_manager().get("/cases?limit=1").expect(200));
        let tasks = next(&world.anna_system_administrator().get("/organisations?limit=1").expect(200));
        let feed = next(&world.regional_sync_client().get("/changes?limit=1").expect(200));
        let theirs = next(&world.regional_sync_client().get("/cases?limit=1").expect(200));
        table.maria("one's own cursor", "GET", &format!("/cases?limit=1&cursor={cases}"), &[], b"", 200);
        for (name, query) in [
            ("a cursor of nothing", "cursor=x".to_owned()),
            ("a cursor with a letter changed", format!("cursor={}x", &cases[..cases.len() - 1])),
            ("the cursor of another list", format!("cursor={tasks}")),
            ("the cursor of the feed", format!("cursor={feed}")),
            ("the cursor of another caller", format!("cursor={theirs}")),
            ("a cursor for another filter", format!("status=intake&cursor={cases}")),
            ("no rows", "limit=0".to_owned()),
            ("too many rows", "limit=201".to_owned()),
            ("minus one", "limit=-1".to_owned()),
            ("a limit twice", "limit=1&limit=2".to_owned()),
            ("a member that is not there", "fields=id,tax_code".to_owned()),
            ("an order that is not there", "sort=summary".to_owned()),
            ("a state in capitals", "status=OPEN".to_owned()),
            ("no state", "status=".to_owned()),
            ("U+0000", "target_group=%00".to_owned()),
            ("an unknown parameter", "offset=50".to_owned()),
        ] {
            table.maria(name, "GET", &format!("/cases?{query}"), &[], b"", 400);
        }
        for (name, method, path, status) in [
            ("an unknown path", "GET", "/nothing".to_owned(), 404),
            ("an unknown path elsewhere", "GET", "//nothing".to_owned(), 404),
            ("a path without the mount", "GET", "//cases".to_owned(), 404),
            ("a path that begins like another", "GET", "/casesx".to_owned(), 404),
            ("a slash at the end", "GET", "/cases/".to_owned(), 404),
            ("a slash in disguise", "GET", format!("/cases%2F{}", rows.case()), 404),
            ("a segment in disguise", "GET", format!("{case}%2Ftasks"), 400),
            ("a way up in disguise", "GET", "/cases/..%2F..%2Fme".to_owned(), 400),
            ("U+0000 for an id", "GET", "/cases/%00".to_owned(), 400),
            ("U+0000 for a name", "GET", "/code-lists/%00".to_owned(), 400),
            ("bytes that are not UTF-8", "GET", "/code-lists/%ff".to_owned(), 404),
            ("a list that is not there", "GET", "/code-lists/colours".to_owned(), 404),
            ("what cannot be embedded", "GET", format!("{case}?embed=person"), 400),
            ("another method of a list", "PATCH", "/cases".to_owned(), 405),
            ("another method of a list in disguise", "PATCH", "/%63ases".to_owned(), 405),
            ("another method of a row", "DELETE", case.clone(), 405),
            ("another method of an open path", "POST", "/status".to_owned(), 405),
            ("HEAD of nothing", "HEAD", "/nothing".to_owned(), 404),
            ("HEAD", "HEAD", person.clone(), 200),
            ("OPTIONS", "OPTIONS", case.clone(), 204),
            ("OPTIONS of nothing", "OPTIONS", "/nothing".to_owned(), 404),
        ] {
            let answer = table.maria(name, method, &path, &[], b"", status);
            let allow: Vec<&str> = answer.header("allow").split(", ").filter(|method| !method.is_empty()).collect();
            assert_eq!(allow.is_empty(), !matches!(status, 405 | 204), "{name}: Allow is {allow:?}");
            assert!(!allow.contains(&method) || method == "OPTIONS", "{name}: {allow:?}");
            assert!(method != "HEAD" || answer.text.is_empty(), "{name}");
        }
        let told = |answer: &Answer| -> Value { json!([answer.header("etag"), answer.status]) };
        let (head, get) = (world.maria_case_manager().send("HEAD", &person, &[], None), world.maria_case_manager().get(&person));
        assert_eq!(told(&head), told(&get));
        assert_eq!(row_counts(world), before);
        println!("{} addresses", table.tried);
    }
}
