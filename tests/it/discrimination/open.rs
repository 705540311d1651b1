//! What is open without a login: slowed down, and without a trace of who calls.

use serde_json::json;

use super::{followed, listed, submitted, told, wrong_member};
use approdo::config::ServeArgs;

use crate::both;
use crate::operations::deployment::{Deployment, log_in};
use crate::people::privacy::dump;
use crate::support::http::{Client, MOUNT};
use crate::support::process::{ServerProcess, command};
use crate::support::{Product, World};

both! {
    fn many_calls_from_one_place_wait_for_the_next_hour_each_kind_by_itself(world: &World) {
        let world = &World::with(world.product, |given| ServeArgs { report_limit: 20, ..given });
        let nobody = world.nobody();
        let send = || nobody.post("/discrimination-reports/submissions", &told(world));
        // What is no report does not count: nobody has been asked to do anything.
        (0..30).for_each(|_| drop(nobody.post("/discrimination-reports/submissions", &json!({"description": "x"})).expect(422)));
        let statuses: Vec<u16> = (0..22).map(|_| send().status).collect();
        assert_eq!((&statuses[..20], &statuses[20..]), (&[200; 20][..], &[429; 2][..]));
        let seconds: u64 = send().expect(429).header("retry-after").parse().expect("seconds");
        assert!((1..=3_600).contains(&seconds), "{seconds}");
        // Codes are counted apart, also those that there are.
        let code = "x".repeat(43);
        let asked: Vec<u16> = (0..21).map(|_| followed(world, &code).status).collect();
        assert_eq!((asked[0], asked[19], asked[20]), (404, 404, 429));
        nobody.get("/status").expect(200);
        // Where a proxy counts, nobody does here.
        let behind = World::with(world.product, |given| ServeArgs { report_limit: 0, ..given });
        (0..70).for_each(|_| drop(behind.nobody().post("/discrimination-reports/submissions", &told(&behind)).expect(200)));
    }

    fn metrics_do_not_tell_that_one_more_report_has_come(world: &World) {
        world.nobody().post("/discrimination-reports/submissions", &told(world)).expect(200);
        listed(&world.nadia_anti_discrimination_officer(), "");
        world.nobody().get("/status").expect(200);
        let metrics = world.nobody().get("//metrics").expect(200).text;
        assert!(metrics.contains("/status") && !metrics.contains("discrimination"), "{metrics}");
    }

    fn a_code_that_there_is_not_tells_nothing(world: &World) {
        let unknown = followed(world, &"x".repeat(43)).expect(404).json();
        assert_eq!(unknown["detail"], world.nadia_anti_discrimination_officer().get("/discrimination-reports/01985b2e-0000-7000-8000-000000000004").expect(404).json()["detail"]);
        for malformed in ["", "x", &"x".repeat(44), &"§".repeat(43)] {
            assert_eq!(wrong_member(followed(world, malformed)), "#/follow_up_code");
        }
        let answer = world.nobody().post("/discrimination-reports/follow-ups", &json!({"follow_up_code": "a secret that is none"}));
        assert!(!answer.text.contains("a secret"), "a refusal does not repeat what was sent");
    }

    fn nothing_that_is_kept_leads_back_to_who_sent_a_report(world: &World) {
        let headers = [("content-type", "application/json"), ("request-id", "found-in-the-log-of-a-proxy"), ("user-agent", "A very rare browser")];
        let body = told(world).to_string();
        world.nobody().send("POST", "/discrimination-reports/submissions", &headers, Some(body.as_bytes())).expect(200);
        // With a token that nobody asked for.
        let maria = world.maria_case_manager();
        let answer = maria.send("POST", "/discrimination-reports/submissions", &headers, Some(body.as_bytes())).expect(200).json();
        let code = answer["follow_up_code"].as_str().unwrap();
        let asked = json!({"follow_up_code": code}).to_string();
        world.nobody().send("POST", "/discrimination-reports/follow-ups", &headers, Some(asked.as_bytes())).expect(200);
        let kept = dump(world);
        assert!(kept.contains("said my name"), "a dump shows what is there");
        for trace in ["127.0.0.1", "found-in-the-log", "rare browser", code] {
            assert!(!kept.contains(trace), "{trace} is kept");
        }
        let reports = listed(&world.nadia_anti_discrimination_officer(), "");
        let by_maria = kept.lines().filter(|line| line.contains(&world.id_of("maria_case_manager")));
        assert_eq!(by_maria.filter(|line| reports.iter().any(|report| line.contains(report))).count(), 0);
        submitted(world, &told(world));
    }
}

#[test]
fn the_log_has_the_address_of_every_caller_but_of_who_reports() {
    let mut deployment = Deployment::new(Product::Sqlite, 0);
    let mut server = command();
    server.env("RUST_LOG", "info").args(["serve", "--database-url", &deployment.database.url]);
    deployment.processes.push(ServerProcess::of(server).expect("it starts"));
    let nobody = Client::new(deployment.base());
    nobody.get("/status").expect(200);
    let maria = log_in(deployment.base(), &deployment.fixture, "maria_case_manager");
    let report = json!({"organisation_id": deployment.fixture.comune_udine, "description": "The flat was let.", "area_of_life": "housing",
        "respondent_kind": "landlord", "reporter_role": "affected", "language": "it"});
    for path in [
        "/discrimination-reports/submissions",
        "/discrimination%2Dreports/submissions",
        "/%64iscrimination-reports/submissions",
    ] {
        for client in [&nobody, &maria] {
            client.post(path, &report).expect(200);
        }
    }
    nobody.post("/discrimination-reports/follow-ups", &json!({"follow_up_code": "x".repeat(43)})).expect(404);
    nobody.post("/discrimination-reports/follow-ups", &json!({})).expect(422);
    assert!(deployment.processes[0].terminate().success());
    let log = deployment.processes[0].errors();
    let of =
        |what: &str| -> Vec<String> { log.lines().filter(|line| line.contains(what)).map(str::to_owned).collect() };
    assert!(of(&format!("{MOUNT}/status ")).iter().all(|line| line.contains("ip=127.0.0.1")), "{log}");
    let told = [
        of(&format!("{MOUNT}/discrimination-reports/submissions")),
        of(&format!("{MOUNT}/discrimination-reports/follow-ups")),
    ]
    .concat();
    assert_eq!(told.len(), 8, "each is told, however its path was written: {log}");
    for line in &told {
        assert!(line.contains(" ip=- consumer=- "), "{line}");
    }
    assert!(!log.contains("The flat"), "{log}");
}
