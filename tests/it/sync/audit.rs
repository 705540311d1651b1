//! The audit trail: every access leaves a record, and whoever works on the records is found out.

use approdo_db::schema::{access_records, audit_seals, changes};
use diesel::prelude::*;
use serde_json::{Value, json};

use crate::both;
use crate::support::World;
use crate::support::process::command;

fn records(world: &World, query: &str) -> Vec<Value> {
    let page = world.giulia_auditor().get(&format!("/audit-records?limit=200&{query}")).expect(200).json();
    page["items"].as_array().expect("records").clone()
}

fn by(world: &World, name: &str, event: &str) -> Vec<Value> {
    records(world, &format!("event={event}&actor_id={}", world.id_of(name)))
}

/// The seals, once everything written so far is under one.
fn settled_seals(world: &World) -> Vec<Value> {
    world.feed_settled();
    let mut connection = world.connection();
    for _ in 0..400 {
        let open = approdo::sync::seals::something_is_unsealed(&mut connection).expect("known");
        if !open {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(25));
    }
    let page = world.giulia_auditor().get("/audit-seals?verify=true&limit=200").expect(200).json();
    page["items"].as_array().expect("seals").clone()
}

fn broken(seals: &[Value]) -> Vec<i64> {
    seals.iter().filter(|seal| seal["intact"] == json!(false)).filter_map(|seal| seal["seal_no"].as_i64()).collect()
}

fn check(world: &World) -> (Option<i32>, String) {
    let output = command().args(["check", "--database-url", &world.database.url]).output().expect("the program runs");
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Does something to the database; both ways to verify must find it, and find it no more once it is undone.
fn is_found(world: &World, what: &str, tamper: &str, undo: &str) {
    let run = |statement: &str| {
        let rows = diesel::sql_query(statement).execute(&mut world.connection()).expect("the statement runs");
        assert!(rows > 0, "{statement} did nothing");
    };
    assert_eq!(broken(&settled_seals(world)), Vec::<i64>::new(), "before: {what}");
    run(tamper);
    assert_ne!(broken(&settled_seals(world)), Vec::<i64>::new(), "unnoticed: {what}");
    let (code, told) = check(world);
    assert_eq!(code, Some(1), "unnoticed by check: {what}");
    assert!(told.contains("does not"), "{told}");
    run(undo);
    assert_eq!(check(world).0, Some(0), "after: {what}");
}

both! {
    fn every_read_leaves_who_what_why_and_when(world: &World) {
        let maria = world.maria_case_manager();
        let (one, two) = (world.case_in_udine(), world.case_in_udine());
        let headers = [("access-purpose", "supervision"), ("request-id", "a-request-of-mine")];
        maria.send("GET", &format!("/cases/{one}"), &headers, None).expect(200);
        maria.get("/cases").expect(200);
        let found = maria.post("/people/searches", &json!({"name": "shevchuk"})).expect(200).json();
        let read = by(world, "maria_case_manager", "read");
        assert_eq!(read.len(), 3);
        let single = &read[0];
        assert_eq!((&single["operation"], &single["resource"]), (&json!("read_case"), &json!("cases")));
        assert_eq!((&single["purpose"], &single["resource_ids"]), (&json!("supervision"), &json!([one])));
        assert_eq!((&single["request_id"], &single["actor_kind"]), (&json!("a-request-of-mine"), &json!("user")));
        assert!(single["at"].is_string());
        let page = &read[1];
        assert_eq!((&page["operation"], &page["purpose"]), (&json!("list_cases"), &json!("case_work")));
        let ids = page["resource_ids"].as_array().expect("ids");
        assert!(ids.len() == 2 && ids.contains(&json!(one)) && ids.contains(&json!(two)));
        assert_eq!(read[2]["operation"], "search_people");
        assert_eq!(read[2]["resource_ids"].as_array().map(Vec::len), found["items"].as_array().map(Vec::len));
        assert_eq!(records(world, &format!("resource_id={one}")).len(), 1);
    }

    fn a_read_answered_by_304_is_an_access_too(world: &World) {
        let maria = world.maria_case_manager();
        let address = format!("/cases/{}", world.case_in_udine());
        let etag = maria.get(&address).expect(200).header("etag").to_owned();
        maria.send("GET", &address, &[("if-none-match", &etag)], None).expect(304);
        assert_eq!(by(world, "maria_case_manager", "read").len(), 2);
    }

    fn a_purpose_is_a_code_of_its_list(world: &World) {
        let (maria, case) = (world.maria_case_manager(), world.case_in_udine());
        for wrong in ["curiosity", "Case Work", ""] {
            maria.send("GET", &format!("/cases/{case}"), &[("access-purpose", wrong)], None).expect(400);
            let headers = [("access-purpose", wrong), ("content-type", "application/json")];
            maria.send("POST", "/people", &headers, Some(world.person_in_udine().to_string().as_bytes())).expect(400);
        }
        assert_eq!(by(world, "maria_case_manager", "read").len(), 0);
    }

    fn refusals_and_logins_are_kept(world: &World) {
        let case = world.case_in_udine();
        let matej = world.matej_case_manager_in_trieste();
        matej.get(&format!("/cases/{case}")).expect(404);
        matej.patch(&format!("/cases/{case}"), "*", &json!({"priority": "high"})).expect(404);
        matej.get("/users").expect(403);
        let refused = by(world, "matej_case_manager_in_trieste", "refused");
        let operations: Vec<&Value> = refused.iter().map(|record| &record["operation"]).collect();
        assert_eq!(operations, ["read_case", "edit_case", "list_users"]);
        assert_eq!(by(world, "matej_case_manager_in_trieste", "logged_in").len(), 1);
        assert_eq!(by(world, "regional_sync_client", "logged_in").len(), 0);
        world.regional_sync_client();
        assert_eq!(by(world, "regional_sync_client", "logged_in")[0]["actor_kind"], "api_client");
        for expected in [400, 400, 400, 400, 400, 429] {
            let form = [("grant_type", "password"), ("username", "x.y"), ("password", "not the password")];
            world.nobody().form("/auth/token", &form).expect(expected);
        }
        assert_eq!(records(world, "event=login_failed").len(), 5);
        assert_eq!(records(world, "event=login_throttled").len(), 1);
        // What failed and what the auditor does is on record like everything else.
        assert!(!by(world, "giulia_auditor", "read").is_empty());
    }

    fn only_the_auditor_reads_the_trail(world: &World) {
        let others = [
            "anna_system_administrator",
            "paolo_organisation_administrator",
            "maria_case_manager",
            "samira_help_desk_operator",
            "elena_observatory_analyst",
            "regional_sync_client",
        ];
        for name in others {
            world.caller(name).get("/audit-records").expect(403);
            let seals = if name == "anna_system_administrator" { 200 } else { 403 };
            world.caller(name).get("/audit-seals").expect(seals);
        }
        world.giulia_auditor().get("/audit-records").expect(200);
        world.nobody().get("/audit-records").expect(401);
        for wrong in
            ["/audit-records?limit=0", "/audit-records?event=x", "/audit-seals?verify=x", "/audit-seals?cursor=x"]
        {
            world.giulia_auditor().get(wrong).expect(400);
        }
    }

    fn records_and_seals_are_read_page_by_page(world: &World) {
        let maria = world.maria_case_manager();
        let case = world.case_in_udine();
        (0..5).for_each(|_| drop(maria.get(&format!("/cases/{case}")).expect(200)));
        let giulia = world.giulia_auditor();
        let query = format!("/audit-records?event=read&actor_id={}", world.id_of("maria_case_manager"));
        let (mut next, mut rows) = (Some(format!("{query}&limit=2")), Vec::new());
        while let Some(address) = next {
            let page = giulia.get(&address).expect(200).json();
            rows.extend(page["items"].as_array().expect("records").iter().map(|row| row["id"].to_string()));
            next = page["_links"]["next"].as_str().map(str::to_owned);
        }
        assert_eq!(rows.len(), 5);
        assert!(rows.is_sorted());
    }

    fn tampering_is_found(world: &World) {
        let maria = world.maria_case_manager();
        let (case, _) = (world.case_in_udine(), world.case_in_udine());
        maria.get(&format!("/cases/{case}")).expect(200);
        maria.get("/cases").expect(200);
        let seals = settled_seals(world);
        assert!(!seals.is_empty());
        assert_eq!(broken(&seals), Vec::<i64>::new());
        assert_eq!(check(world).0, Some(0));

        let mut connection = world.connection();
        let position: i64 = changes::table
            .filter(changes::resource.eq("case"))
            .select(diesel::dsl::max(changes::position))
            .first::<Option<i64>>(&mut connection)
            .expect("a change")
            .expect("a position");
        let change = |set: &str| format!("UPDATE changes SET {set} WHERE position = {position}");
        is_found(world, "who did it", &change("actor_kind = 'system'"), &change("actor_kind = 'user'"));
        is_found(world, "which version", &change("version = version + 1"), &change("version = version - 1"));
        is_found(world, "where it was", &change("target_group = 'worker'"), &change("target_group = 'refugee'"));
        let swap = format!(
            "UPDATE changes SET position = CASE position WHEN {position} THEN -1 ELSE {position} END WHERE position IN ({position}, -1)"
        );
        is_found(world, "that it happened", &swap, &swap);

        let read: i64 = access_records::table
            .filter(access_records::operation.eq("read_case"))
            .count()
            .get_result(&mut connection)
            .expect("counted");
        assert_eq!(read, 1);
        let record = |set: &str| format!("UPDATE access_records SET {set} WHERE operation IN ('read_case', 'hidden')");
        is_found(world, "why it was read", &record("purpose = 'audit'"), &record("purpose = 'case_work'"));
        is_found(world, "what was done", &record("operation = 'hidden'"), &record("operation = 'read_case'"));
        is_found(world, "what kind of caller", &record("actor_kind = 'system'"), &record("actor_kind = 'user'"));

        let first: i64 = audit_seals::table
            .select(audit_seals::seal_no)
            .order(audit_seals::seal_no)
            .first(&mut connection)
            .expect("a seal");
        let seal = |set: &str| format!("UPDATE audit_seals SET {set} WHERE seal_no = {first}");
        is_found(world, "how much it covers", &seal("batches = batches + 1"), &seal("batches = batches - 1"));
        is_found(
            world,
            "where it ends",
            &seal("last_position = last_position - 1"),
            &seal("last_position = last_position + 1"),
        );
        is_found(
            world,
            "which seal it is",
            "UPDATE audit_seals SET seal_no = 0 WHERE seal_no = 1",
            "UPDATE audit_seals SET seal_no = 1 WHERE seal_no = 0",
        );
    }
}
