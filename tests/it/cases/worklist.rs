//! What waits for a case manager, and who of a team has how much to do.

use std::thread::sleep;
use std::time::Duration;

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};

use crate::both;
use crate::support::http::Client;
use crate::support::{World, planning};

fn in_days(days: i64) -> NaiveDate {
    let today: NaiveDate = planning::today().parse().expect("a date");
    today + chrono::TimeDelta::days(days)
}

fn items(client: &Client, query: &str) -> Vec<Value> {
    client.get(&format!("/me/worklist{query}")).expect(200).json()["items"].as_array().expect("items").clone()
}

/// Kind, day and whether it is past, of each item.
fn told(client: &Client, query: &str) -> Vec<(String, Option<String>, bool)> {
    let text = |item: &Value, name: &str| item[name].as_str().map(str::to_owned);
    items(client, query)
        .iter()
        .map(|item| (text(item, "kind").expect("a kind"), text(item, "due_on"), item["overdue"] == true))
        .collect()
}

fn task(client: &Client, case: &str, body: &Value) -> String {
    client.post(&format!("/cases/{case}/tasks"), body).expect(201).id()
}

/// A second case manager of Udine. Gives her client and id.
fn colleague(world: &World) -> (Client, String) {
    let grant = json!({"role": "case_manager", "organisation_id": world.fixture.comune_udine, "territory_ids": [world.fixture.udine]});
    let (client, id, _) = world.another_client(&grant);
    (client, id)
}

fn first(day: &str) -> NaiveDate {
    day.parse().expect("a date")
}

both! { in_a_sandbox:
    fn everything_that_waits_is_listed_in_the_order_of_days(world: &World) {
        let maria = world.maria_case_manager();
        let me = world.id_of("maria_case_manager");
        let case = world.case_in_udine();
        let person = maria.get(&format!("/cases/{case}")).expect(200).json()["person_id"].as_str().expect("an id").to_owned();
        assert!(items(&maria, "").is_empty(), "her own changes are no news");
        task(&maria, &case, &json!({"title": "Late", "due_on": in_days(-3), "assignee_id": me}));
        task(&maria, &case, &json!({"title": "Some day", "assignee_id": me}));
        task(&maria, &case, &json!({"title": "For whoever manages the case", "due_on": in_days(5)}));
        let done = task(&maria, &case, &json!({"title": "Done", "due_on": in_days(-9), "assignee_id": me}));
        maria.post_matching(&format!("/tasks/{done}/transitions"), "*", &json!({"to": "done"})).expect(201);
        let permit = json!({"category": "tcn_work", "change_kind": "first", "valid_from": "2024-01-01", "valid_to": in_days(40)});
        maria.post(&format!("/people/{person}/legal-statuses"), &permit).expect(201);
        let waiting = world.case_in_udine();
        world.moved(&waiting, &[json!({"to": "assessment"}), json!({"to": "on_hold", "review_at": in_days(7)})]);
        let (colleague, _) = colleague(world);
        colleague.post(&format!("/cases/{case}/notes"), &json!({"body": "She called."})).expect(201);
        for _ in 0..100 {
            if items(&maria, "?kind=expiring_document").len() == 1 {
                break;
            }
            sleep(Duration::from_millis(50));
        }
        let day = |days: i64| Some(in_days(days).to_string());
        let whole = [
            ("task".to_owned(), day(-3), true),
            ("task".to_owned(), day(5), false),
            ("review".to_owned(), day(7), false),
            ("expiring_document".to_owned(), day(40), false),
            ("task".to_owned(), None, false),
            ("change".to_owned(), None, false),
        ];
        assert_eq!(told(&maria, ""), whole);
        assert_eq!(told(&maria, "?kind=task"), [whole[0].clone(), whole[1].clone(), whole[4].clone()]);
        assert_eq!(told(&maria, &format!("?due_until={}", in_days(7))), whole[..3]);
        assert!(items(&maria, "?kind=coming_of_age").is_empty());
        // Page by page it is the same.
        let (mut paged, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = maria.get(&format!("/me/worklist?limit=1{cursor}")).expect(200).json();
            paged.extend(page["items"].as_array().expect("items").clone());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(paged, items(&maria, ""));
        // Time goes by.
        let later = in_days(40);
        maria.put("/sandbox/clock", &json!({"now": format!("{later}T09:00:00Z")})).expect(200);
        let late: Vec<bool> = told(&maria, "").into_iter().map(|(_, _, late)| late).collect();
        assert_eq!(late, [true, true, true, true, false, false], "a document has ended on the day itself");
    }

    fn changes_by_others_are_news_until_they_are_read(world: &World) {
        let maria = world.maria_case_manager();
        let case = world.case_in_udine();
        let (colleague, _) = colleague(world);
        let address = format!("/me/unread-changes/{case}");
        maria.delete(&address, "*").expect(404);
        maria.patch(&format!("/cases/{case}"), "*", &json!({"priority": "high"})).expect(200);
        assert!(items(&maria, "?kind=change").is_empty());
        colleague.patch(&format!("/cases/{case}"), "*", &json!({"priority": "low"})).expect(200);
        let added = task(&colleague, &case, &json!({"title": "Call back"}));
        let news = items(&maria, "?kind=change");
        assert_eq!((&news[0]["case_id"], &news[0]["unread_changes"]), (&json!(case), &json!(2)));
        colleague.post_matching(&format!("/tasks/{added}/transitions"), "*", &json!({"to": "done"})).expect(201);
        // What she has not seen stays.
        maria.delete(&address, "\"2\"").expect(412);
        assert_eq!(items(&maria, "?kind=change")[0]["unread_changes"], 3);
        assert_eq!(items(&maria, "?kind=change")[0]["latest_change"], 3);
        maria.delete(&address, "\"3\"").expect(204);
        assert!(items(&maria, "?kind=change").is_empty());
        maria.delete(&address, "\"3\"").expect(404);
        // The help desk records what has become of the asylum application.
        let person = maria.get(&format!("/cases/{case}")).expect(200).json()["person_id"].as_str().expect("an id").to_owned();
        let status = json!({"category": "refugee", "change_kind": "recognition", "valid_from": "2026-10-01"});
        world.samira_help_desk_operator().post(&format!("/people/{person}/legal-statuses"), &status).expect(201);
        assert_eq!(items(&maria, "?kind=change")[0]["unread_changes"], 1);
        maria.delete(&address, "\"3\"").expect(412);
        colleague.delete(&address, "*").expect(404);
        // A move by a colleague, too, and a case that is handed over is news to the new manager.
        colleague.post_matching(&format!("/cases/{case}/transitions"), "*", &json!({"to": "assessment"})).expect(201);
        assert_eq!(items(&maria, "?kind=change")[0]["unread_changes"], 2);
    }

    fn who_gets_a_case_finds_it_among_the_changes(world: &World) {
        let maria = world.maria_case_manager();
        let anna = world.anna_system_administrator();
        let invited = json!({"username": "new.manager", "display_name": "New Manager", "organisation_id": world.fixture.comune_udine});
        let invited = anna.post("/users", &invited).expect(201).json();
        let token = invited["invitation"]["token"].as_str().expect("a token");
        world.nobody().post("/auth/passwords", &json!({"token": token, "password": "a long enough password"})).expect(204);
        let id = invited["id"].as_str().expect("an id");
        world.grant(id, &json!({"role": "case_manager", "organisation_id": world.fixture.comune_udine, "territory_ids": [world.fixture.udine]}));
        let form = [("grant_type", "password"), ("username", "new.manager"), ("password", "a long enough password")];
        let login = world.nobody().form("/auth/token", &form).expect(200).json();
        let new = world.nobody().with_token(login["access_token"].as_str().expect("a token"));
        let case = world.case_in_udine();
        maria.patch(&format!("/cases/{case}"), "*", &json!({"case_manager_id": id})).expect(200);
        let news = items(&new, "");
        assert_eq!((&news[0]["kind"], &news[0]["case_id"]), (&json!("change"), &json!(case)));
        assert!(items(&maria, "").is_empty());
    }

    fn nothing_beyond_ones_reach_is_listed(world: &World) {
        let maria = world.maria_case_manager();
        let me = world.id_of("maria_case_manager");
        let case = world.case_in_udine();
        task(&maria, &case, &json!({"title": "Mine", "assignee_id": me}));
        let hers = world.matej_case_manager_in_trieste();
        assert!(items(&hers, "").is_empty());
        assert_eq!(items(&maria, "").len(), 1);
        // Reassigned and closed to others, the case is nobody else's business, not even who has a task in it.
        let (colleague, other) = colleague(world);
        task(&maria, &case, &json!({"title": "Hers", "assignee_id": other}));
        maria.patch(&format!("/cases/{case}"), "*", &json!({"access_level": "closed"})).expect(200);
        assert!(items(&colleague, "").is_empty());
        assert_eq!(items(&maria, "").len(), 1);
        for other in [world.samira_help_desk_operator(), world.paolo_organisation_administrator(), world.regional_sync_client()] {
            other.get("/me/worklist").expect(403);
        }
    }

    fn a_supervisor_sees_who_has_how_much_to_do(world: &World) {
        let maria = world.maria_case_manager();
        let me = world.id_of("maria_case_manager");
        let paolo = world.paolo_organisation_administrator();
        let loads = |query: &str| paolo.get(&format!("/workloads{query}")).expect(200).json()["items"].as_array().expect("rows").clone();
        assert!(loads("").is_empty());
        let case = world.case_in_udine();
        task(&maria, &case, &json!({"title": "Late", "due_on": in_days(-1), "assignee_id": me}));
        task(&maria, &case, &json!({"title": "Due today", "due_on": in_days(0)}));
        let waiting = world.case_in_udine();
        world.moved(&waiting, &[json!({"to": "assessment"}), json!({"to": "on_hold", "review_at": in_days(1)})]);
        let person = maria.post("/people", &world.person_in_udine()).expect(201).id();
        let nobodys = maria.post("/cases", &json!({"person_id": person, "target_group": "worker"})).expect(201).id();
        task(&maria, &nobodys, &json!({"title": "Somebody must"}));
        let closed = world.case_in_udine();
        world.moved(&closed, &[json!({"to": "closed", "reason_code": "moved"})]);
        // What is closed to all but its manager is not counted.
        let secret = world.case_in_udine();
        maria.patch(&format!("/cases/{secret}"), "*", &json!({"access_level": "closed"})).expect(200);
        let told = loads("");
        assert_eq!(told.len(), 2, "{told:?}");
        assert_eq!(told[0]["case_manager_id"], json!(me));
        assert!(told[0]["display_name"].is_string());
        let counts = |row: &Value| {
            ["open_cases", "waiting_cases", "overdue_reviews", "open_tasks", "overdue_tasks"].map(|name| row[name].as_i64().expect("a count"))
        };
        assert_eq!(counts(&told[0]), [2, 1, 0, 2, 1]);
        assert_eq!((told[1].get("case_manager_id"), counts(&told[1])), (None, [1, 0, 0, 1, 0]));
        let later = first(&planning::today()) + Days::new(2);
        maria.put("/sandbox/clock", &json!({"now": format!("{later}T09:00:00Z")})).expect(200);
        assert_eq!(counts(&loads("")[0]), [2, 1, 1, 2, 2]);
        let page = paolo.get("/workloads?limit=1").expect(200).json();
        let next = paolo.get(&format!("/workloads?limit=1&cursor={}", page["next_cursor"].as_str().expect("more"))).expect(200).json();
        assert_eq!(counts(&next["items"][0]), [1, 0, 0, 1, 0]);
        assert!(loads(&format!("?territory_id={}", world.fixture.trieste)).is_empty());
        maria.get("/workloads").expect(403);
    }
}
