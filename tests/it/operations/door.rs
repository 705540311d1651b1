//! What the outermost layer does with every request: ids, headers, limits, log lines, metrics, panics.

use std::thread;
use std::time::Duration;

use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};
use approdo::config::ServeArgs;
use approdo::http::gate;
use approdo::server::{self, Parts};
use serde_json::json;

use super::deployment::{Deployment, case_in_udine, log_in};
use crate::support::http::{Answer, MOUNT};
use crate::support::process::{ServerProcess, command};
use crate::support::{Client, Product, TestDatabase, World};

#[test]
fn metrics_tell_of_requests_and_the_database_and_nothing_of_people() {
    let world = World::new(Product::Sqlite);
    let maria = world.maria_case_manager();
    let case = world.case_in_udine();
    maria.get(&format!("/cases/{case}")).expect(200);
    maria.get("/cases?status=intake").expect(200);
    maria.get("/cases/00000000-0000-4000-8000-000000000000").expect(404);
    world.nobody().get("/me").expect(401);
    let page = world.nobody().get("//metrics").expect(200);
    assert!(page.header("content-type").starts_with("text/plain"));
    let route = format!("route=\"{MOUNT}/cases/{{case_id}}\"");
    for line in [
        format!("approdo_requests_total{{method=\"GET\",{route},status=\"200\"}} 1"),
        format!("approdo_requests_total{{method=\"GET\",{route},status=\"404\"}} 1"),
        format!("approdo_request_seconds_count{{method=\"GET\",{route}}} 2"),
        format!("approdo_request_seconds_bucket{{method=\"GET\",{route},le=\"+Inf\"}} 2"),
        "approdo_database_up 1".into(),
    ] {
        assert!(page.text.lines().any(|told| told == line), "{line} is missing in\n{}", page.text);
    }
    for name in
        ["approdo_database_connections_busy ", "approdo_database_connections_idle ", "approdo_feed_lag_changes "]
    {
        assert!(page.text.lines().any(|told| told.starts_with(name)), "{name}");
    }
    for personal in [case.as_str(), "maria", "Шевчук", "status=intake", maria.token(), "127.0.0.1"] {
        assert!(!page.text.contains(personal), "{personal} is told");
    }
    world.feed_settled();
    let position = |text: &str| -> i64 {
        let line = text.lines().find_map(|line| line.strip_prefix("approdo_feed_position ")).expect("a position");
        line.parse().expect("a number")
    };
    let seen = (0..200).any(|_| {
        thread::sleep(Duration::from_millis(25));
        position(&world.nobody().get("//metrics").text) > 0
    });
    assert!(seen, "the feed's position is told");
}

#[test]
fn what_many_ask_of_a_server_at_once_for_the_first_time_is_there_for_all_of_them() {
    let world = World::new(Product::Sqlite);
    let maria = world.maria_case_manager();
    let lists =
        ["/cases", "/territories", "/tasks", "/services", "/referrals", "/organisations", "/%63ases", "/datasets"];
    thread::scope(|scope| {
        for list in lists.iter().cycle().take(64) {
            let asker = maria.clone();
            scope.spawn(move || asker.get(list).expect(200));
        }
    });
    for unknown in ["/nothing", "/Cases", "/cases%2F", "/%ff", "", "/"] {
        maria.get(unknown).expect(404);
    }
    maria.get("//rest/integration/v2/cases").expect(404);
    maria.send("DELETE", "/cases", &[], None).expect(405);
    // Of areas that nobody has asked for yet.
    maria.send("HEAD", "/households", &[], None).expect(200);
    let preflight = [("origin", "https://portal.example"), ("access-control-request-method", "GET")];
    let allowed = world.nobody().send("OPTIONS", "/programs", &preflight, None).expect(200);
    assert_eq!(allowed.header("access-control-allow-origin"), "https://portal.example");
}

#[test]
fn a_request_id_is_echoed_and_a_bad_one_is_replaced() {
    let world = World::new(Product::Sqlite);
    let ask = |id: &str| world.nobody().send("GET", "/status", &[("request-id", id)], None).expect(200);
    assert_eq!(ask("Front-office_7.1").header("request-id"), "Front-office_7.1");
    for bad in ["has space", "semi;colon", &"x".repeat(65), "<script>"] {
        let given = ask(bad).header("request-id").to_owned();
        assert!(uuid::Uuid::parse_str(&given).is_ok(), "{given}");
    }
    let refused = world.nobody().send("GET", "/me", &[("request-id", "mine")], None).expect(401);
    assert_eq!(refused.json()["instance"], "urn:approdo:request:mine");
}

#[test]
fn every_answer_carries_the_security_headers() {
    let world = World::new(Product::Sqlite);
    let maria = world.maria_case_manager();
    for answer in [
        maria.get("/cases").expect(200),
        maria.get("/nothing").expect(404),
        maria.post("/cases", &json!({"unknown": 1})).expect(422),
        world.nobody().get("/me").expect(401),
        world.nobody().get("//docs/").expect(200),
    ] {
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-site");
        assert_eq!(answer.header("strict-transport-security"), "max-age=31536000");
    }
    assert_eq!(maria.get("/cases").header("cache-control"), "no-store");
    assert_eq!(world.nobody().get("/me").header("cache-control"), "no-store");
}

#[test]
fn browsers_may_call_from_configured_origins_only() {
    let world = World::new(Product::Sqlite);
    let maria = world.maria_case_manager();
    let from = |origin: &str| maria.send("GET", "/cases", &[("origin", origin)], None);
    let allowed = from("https://portal.example").expect(200);
    assert_eq!(allowed.header("access-control-allow-origin"), "https://portal.example");
    assert!(allowed.header("access-control-expose-headers").contains("etag"));
    assert_eq!(from("https://elsewhere.example").header("access-control-allow-origin"), "");
    let refused = world.nobody().send("GET", "/me", &[("origin", "https://portal.example")], None).expect(401);
    assert_eq!(refused.header("access-control-allow-origin"), "https://portal.example");

    let preflight = |origin: &str| {
        let asked = [
            ("origin", origin),
            ("access-control-request-method", "PATCH"),
            ("access-control-request-headers", "authorization,if-match,content-type"),
        ];
        world.nobody().send("OPTIONS", "/cases/00000000-0000-4000-8000-000000000000", &asked, None)
    };
    let allowed = preflight("https://portal.example");
    assert!((200..300).contains(&allowed.status), "{}", allowed.status);
    assert_eq!(allowed.header("access-control-allow-origin"), "https://portal.example");
    assert!(allowed.header("access-control-allow-methods").contains("PATCH"));
    assert!(allowed.header("access-control-allow-headers").contains("if-match"));
    assert_eq!(preflight("https://elsewhere.example").header("access-control-allow-origin"), "");
}

#[test]
fn an_answer_is_compressed_when_asked_and_its_tag_says_so() {
    let world = World::new(Product::Sqlite);
    let maria = world.maria_case_manager();
    let address = format!("/cases/{}", world.case_in_udine());
    let ask = |coding: &str| maria.get_raw(&address, coding);
    let ((plain, plain_body), (gzip, gzip_body)) = (ask("identity"), ask("gzip"));
    assert_eq!((plain.header("content-encoding"), gzip.header("content-encoding")), ("", "gzip"));
    assert!(gzip_body.starts_with(&[0x1f, 0x8b]) && plain_body.starts_with(b"{"));
    assert_ne!(plain.header("etag"), gzip.header("etag"));
    assert!(gzip.header("vary").to_ascii_lowercase().contains("accept-encoding"));
    let again = |coding: &str, tag: &str| {
        maria.send("GET", &address, &[("accept-encoding", coding), ("if-none-match", tag)], None).status
    };
    assert_eq!(again("gzip", gzip.header("etag")), 304);
    assert_eq!(again("identity", gzip.header("etag")), 200);
}

#[test]
fn log_lines_carry_the_request_id_and_nothing_personal() {
    let mut deployment = Deployment::new(Product::Sqlite, 0);
    let mut command = command();
    command.env("RUST_LOG", "info").args(["serve", "--database-url", &deployment.database.url]);
    deployment.processes.push(ServerProcess::of(command).expect("it starts"));
    let maria = log_in(deployment.base(), &deployment.fixture, "maria_case_manager");
    let case = case_in_udine(&maria, &deployment.fixture);
    let id = [("request-id", "the-one-to-find")];
    maria.send("GET", &format!("/cases/{case}?fields=summary"), &id, None).expect(200);
    maria.post("/people/searches", &json!({"name": "Diallo"})).expect(200);
    let form = [("grant_type", "password"), ("username", "maria_case_manager"), ("password", "Wrong Password")];
    Client::new(deployment.base()).form("/auth/token", &form).expect(400);
    assert!(deployment.processes[0].terminate().success());
    let log = deployment.processes[0].errors();
    let line = log.lines().find(|line| line.contains("request=the-one-to-find")).expect("a line");
    assert!(line.contains(&format!("GET {MOUNT}/cases/{{case_id}} 200")), "{line}");
    for personal in ["maria", "Amina", "Diallo", "fields=", "Wrong Password", "correct horse", maria.token()] {
        assert!(!log.contains(personal), "{personal} is logged:\n{log}");
    }
}

#[test]
fn a_caller_who_asks_too_often_is_told_when_to_come_back() {
    let world = World::with(Product::Sqlite, |given| ServeArgs { request_limit: 20, ..given });
    let maria = world.maria_case_manager();
    let answers: Vec<Answer> = (0..60).map(|_| maria.get("/me")).collect();
    let refused = answers.iter().find(|answer| answer.status == 429).expect("a limit");
    let seconds: u64 = refused.header("retry-after").parse().expect("seconds");
    assert!((1..=60).contains(&seconds));
    assert_eq!(refused.header("content-type"), "application/problem+json");
    assert_eq!((refused.header("ratelimit-limit"), refused.header("ratelimit-remaining")), ("20", "0"));
    assert_eq!(answers[0].header("ratelimit-limit"), "20");
    assert!(answers.iter().filter(|answer| answer.status == 200).count() >= 20);
    world.nobody().get("/status").expect(200);
}

#[test]
fn a_panic_in_a_handler_is_a_problem_that_tells_nothing_and_the_process_goes_on() {
    let (database, _) = TestDatabase::new(Product::Sqlite);
    let running = server::assemble(&database.arguments(), Parts::offline(false)).expect("assembled");
    let app = web::Data::from(running.app.clone());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let server = thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let server = HttpServer::new(move || {
                App::new()
                    .app_data(app.clone())
                    .route("/panics", web::get().to(panics))
                    .default_service(web::to(gate::unmatched))
                    .wrap(from_fn(gate::gate))
            })
            .workers(1)
            .disable_signals()
            .listen(listener)
            .expect("it listens")
            .run();
            let handle = server.handle();
            let asking = thread::spawn(move || {
                let client = Client::new(&base);
                for _ in 0..2 {
                    let answer = client.send("GET", "//panics", &[("request-id", "the-fault")], None).expect(500);
                    assert_eq!(answer.header("content-type"), "application/problem+json");
                    assert_eq!(answer.header("request-id"), "the-fault");
                    assert!(!answer.text.contains("secret"), "{}", answer.text);
                }
                client.get("//nothing").expect(404);
            });
            let stopping = thread::spawn(move || {
                let asked = asking.join();
                actix_web::rt::System::new().block_on(handle.stop(true));
                asked.expect("the answers are right");
            });
            server.await.expect("it ends");
            stopping.join().expect("the answers are right");
        });
    });
    server.join().expect("the server ends well");
    running.stop();
}

async fn panics() -> &'static str {
    panic!("a secret of the program")
}
