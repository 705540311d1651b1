//! `GET /cases` and `GET /tasks`: every filter and order, alone and together, in pages and streams, against a plain reading of
//! the same rows.

use std::collections::HashSet;

use approdo::access::{PrincipalId, TerritoryId};
use approdo::cases::rules::CaseStatus;
use approdo::cases::tasks::{Task, TaskStatus};
use approdo::cases::types::CaseRow;
use approdo::people::timeline::DocumentStatus;
use approdo::territory::territories::Territory;
use approdo_db::Timestamp;
use approdo_db::schema::territories;
use chrono::TimeDelta;
use diesel::prelude::*;
use serde_json::{Value, json};

use crate::both;
use crate::support::http::Client;
use crate::support::listing::{compare, paged, streamed};
use crate::support::seed::{self, Dice, Seeded, day};
use crate::support::{World, planning};

/// Who reads, with what a plain reading must know of them.
struct Reader {
    client: Client,
    principal: PrincipalId,
    territories: Vec<TerritoryId>,
    /// What is audited is seen by who states a purpose.
    states: bool,
}

impl Reader {
    fn sees(&self, case: &CaseRow) -> bool {
        self.territories.contains(&case.territory_id)
            && (self.states || case.access_level != "audited")
            && (["open", "audited"].contains(&case.access_level.as_str())
                || case.case_manager_id == Some(self.principal))
    }
}

fn readers(world: &World) -> Vec<Reader> {
    let fixture = &world.fixture;
    let over = |territories: &Value| json!({"role": "case_manager", "organisation_id": fixture.root, "territory_ids": territories});
    let wide = vec![fixture.udine, fixture.trieste];
    let principal = |id: &str| PrincipalId(id.parse().expect("an id"));
    let (region, region_id, _) = world.another_client(&over(&json!([fixture.region])));
    let (twice, twice_id, _) = world.another_client(&over(&json!([fixture.region])));
    world.grant(&twice_id, &over(&json!([fixture.trieste])));
    let maria = principal(&world.id_of("maria_case_manager"));
    vec![
        Reader {
            client: world.maria_case_manager(),
            principal: maria,
            territories: vec![fixture.udine],
            states: false,
        },
        Reader {
            client: region.stating("case_work"),
            principal: principal(&region_id),
            territories: wide.clone(),
            states: true,
        },
        Reader { client: twice.stating("case_work"), principal: principal(&twice_id), territories: wide, states: true },
    ]
}

/// A condition on a row, as a query and in plain words.
type Condition<T> = (String, Box<dyn Fn(&Seeded, &T) -> bool>);

fn phase(seeded: &Seeded) -> &'static str {
    let of_episode = seeded.plans.iter().filter(|plan| plan.episode_no == seeded.case.episode_no);
    of_episode.max_by_key(|plan| plan.plan_no).map_or("none", |plan| plan.status.as_str())
}

fn is_late(task: &Task) -> bool {
    task.status == TaskStatus::Open && task.due_on.is_some_and(|due| due < seed::today())
}

fn case_is_late(seeded: &Seeded) -> bool {
    seeded.case.review_at.is_some_and(|review| review < seed::today()) || seeded.tasks.iter().any(is_late)
}

fn expires(seeded: &Seeded, before: i64) -> bool {
    seeded.statuses.iter().any(|status| {
        status.status == DocumentStatus::Valid
            && status.valid_from <= seed::today()
            && status.valid_to.is_some_and(|end| end > seed::today() && end < day(before))
    })
}

fn since(minutes: i64) -> Timestamp {
    Timestamp::new(approdo::clock::now().instant() - TimeDelta::minutes(minutes))
}

/// Each filter of cases with some value.
fn case_conditions(world: &World, dice: &mut Dice) -> Vec<Condition<CaseRow>> {
    let status = dice.pick(&[CaseStatus::Intake, CaseStatus::OnHold, CaseStatus::Closed]);
    let territory = dice.pick(&[world.fixture.udine, world.fixture.trieste]);
    let group = dice.pick(&["refugee", "student"]);
    let manager = world.id_of(dice.pick(&["maria_case_manager", "matej_case_manager_in_trieste"]));
    let plan = dice.pick(&["none", "draft", "agreed", "approved", "superseded"]);
    let late = dice.throw(2) == 0;
    let (before, since) = (dice.pick(&[30, 200]), since(dice.pick(&[10, 25])));
    vec![
        (format!("status={status}"), Box::new(move |_, case| case.status == status)),
        (format!("territory_id={territory}"), Box::new(move |_, case| case.territory_id == territory)),
        (format!("target_group={group}"), Box::new(move |_, case| case.target_group == group)),
        (
            format!("case_manager_id={manager}"),
            Box::new(move |_, case| case.case_manager_id.is_some_and(|id| id.to_string() == manager)),
        ),
        (format!("plan_status={plan}"), Box::new(move |seeded, _| phase(seeded) == plan)),
        (format!("overdue={late}"), Box::new(move |seeded, _| case_is_late(seeded) == late)),
        (format!("expiring_before={}", day(before)), Box::new(move |seeded, _| expires(seeded, before))),
        (format!("updated_since={since}"), Box::new(move |_, case| case.updated_at >= since)),
    ]
}

fn task_conditions(world: &World, dice: &mut Dice) -> Vec<Condition<Task>> {
    let status = dice.pick(&[TaskStatus::Open, TaskStatus::Done]);
    let territory = dice.pick(&[world.fixture.udine, world.fixture.trieste]);
    let (assignee, manager) = (world.id_of("maria_case_manager"), world.id_of("matej_case_manager_in_trieste"));
    let late = dice.throw(2) == 0;
    let (before, since) = (dice.pick(&[0, 3]), since(dice.pick(&[10, 25])));
    vec![
        (format!("status={status}"), Box::new(move |_, task| task.status == status)),
        (format!("territory_id={territory}"), Box::new(move |seeded, _| seeded.case.territory_id == territory)),
        (
            format!("assignee_id={assignee}"),
            Box::new(move |_, task| task.assignee_id.is_some_and(|id| id.to_string() == assignee)),
        ),
        (
            format!("case_manager_id={manager}"),
            Box::new(move |seeded, _| seeded.case.case_manager_id.is_some_and(|id| id.to_string() == manager)),
        ),
        (format!("overdue={late}"), Box::new(move |_, task| is_late(task) == late)),
        (
            format!("due_before={}", day(before)),
            Box::new(move |_, task| task.due_on.is_some_and(|due| due < day(before))),
        ),
        (format!("updated_since={since}"), Box::new(move |_, task| task.updated_at >= since)),
    ]
}

/// The filters to try: each alone, then some together.
fn chosen<T>(mut conditions: Vec<Condition<T>>, round: usize, dice: &mut Dice) -> Vec<Condition<T>> {
    if round < conditions.len() {
        return vec![conditions.swap_remove(round)];
    }
    conditions.retain(|_| dice.throw(4) == 0);
    conditions
}

both! {
    fn cases_are_listed_as_a_plain_reading_finds_them_in_pages_and_streams(world: &World) {
        let all = seed::furnished(world, 240, 7);
        let mut dice = Dice::new(11);
        let (mut compared, mut shown) = (0, 0);
        for reader in readers(world) {
            for round in 0..20 {
                let conditions = chosen(case_conditions(world, &mut dice), round, &mut dice);
                let sort = dice.pick(&["-opened_on", "opened_on", "updated_at"]);
                let mut found: Vec<&CaseRow> = all
                    .iter()
                    .filter(|seeded| reader.sees(&seeded.case) && conditions.iter().all(|(_, holds)| holds(seeded, &seeded.case)))
                    .map(|seeded| &seeded.case)
                    .collect();
                match sort {
                    "updated_at" => found.sort_by_key(|case| (case.updated_at, case.id)),
                    _ => found.sort_by_key(|case| (case.opened_on, case.id)),
                }
                if sort == "-opened_on" {
                    found.reverse();
                }
                let expected: Vec<String> = found.iter().map(|case| case.id.to_string()).collect();
                let mut query: Vec<String> = conditions.iter().map(|(query, _)| query.clone()).collect();
                query.push(format!("sort={sort}"));
                compare(&reader.client, "/cases", &query.join("&"), &expected, &mut dice);
                (compared, shown) = (compared + 1, shown + expected.len());
            }
        }
        println!("{compared} lists of cases with {shown} rows");
        assert!(shown > 500, "the filters leave nothing to compare");
    }

    fn tasks_are_listed_as_a_plain_reading_finds_them_in_pages_and_streams(world: &World) {
        let all = seed::furnished(world, 200, 13);
        let mut dice = Dice::new(17);
        let (mut compared, mut shown) = (0, 0);
        for reader in readers(world) {
            for round in 0..20 {
                let conditions = chosen(task_conditions(world, &mut dice), round, &mut dice);
                let sort = dice.pick(&["due_on", "-created_at", "updated_at"]);
                let visible = all.iter().filter(|seeded| reader.sees(&seeded.case));
                let mut found: Vec<&Task> = visible
                    .flat_map(|seeded| seeded.tasks.iter().map(move |task| (seeded, task)))
                    .filter(|(seeded, task)| conditions.iter().all(|(_, holds)| holds(seeded, task)))
                    .map(|(_, task)| task)
                    .collect();
                match sort {
                    "due_on" => found.sort_by_key(|task| (task.due_on.is_none(), task.due_on, task.id)),
                    "updated_at" => found.sort_by_key(|task| (task.updated_at, task.id)),
                    _ => found.sort_by_key(|task| std::cmp::Reverse((task.created_at, task.id))),
                }
                let expected: Vec<String> = found.iter().map(|task| task.id.to_string()).collect();
                let mut query: Vec<String> = conditions.iter().map(|(query, _)| query.clone()).collect();
                query.push(format!("sort={sort}"));
                compare(&reader.client, "/tasks", &query.join("&"), &expected, &mut dice);
                (compared, shown) = (compared + 1, shown + expected.len());
            }
        }
        println!("{compared} lists of tasks with {shown} rows");
        assert!(shown > 500, "the filters leave nothing to compare");
    }

    fn a_stream_over_more_than_a_thousand_territories_has_the_rows_and_order_of_the_pages(world: &World) {
        let all = seed::furnished(world, 60, 19);
        let fixture = &world.fixture;
        let places = (0..1_000).map(|number| Territory {
            id: TerritoryId::new(),
            kind: "municipality".into(),
            code_system: "own".into(),
            code: format!("W{number}"),
            name: "A place".into(),
            country_code: "IT".into(),
            parent_id: Some(fixture.region),
            valid_from: day(-1),
            valid_to: None,
            version: 1,
            created_at: approdo::clock::now(),
            updated_at: approdo::clock::now(),
        });
        let mut connection = world.connection();
        connection
            .write_transaction(|connection| -> QueryResult<()> {
                for place in places {
                    diesel::insert_into(territories::table).values(&place).execute(connection)?;
                }
                Ok(())
            })
            .expect("territories");
        // One more by the API, so that everybody's reach is resolved anew.
        let last = json!({
            "kind": "municipality", "code_system": "own", "code": "W", "name": "A place", "country_code": "IT",
            "parent_id": fixture.region, "valid_from": day(-1),
        });
        world.anna_system_administrator().post("/territories", &last).expect(201);
        let over = json!({"role": "case_manager", "organisation_id": fixture.root, "territory_ids": [fixture.region]});
        let client = world.another_client(&over).0.stating("statistics");
        let of = |list: &str, sort: &str| {
            let query = format!("sort={sort}");
            let pages = paged(&client, list, &query, 40);
            assert_eq!(streamed(&client, list, &query, "application/x-ndjson"), pages, "{list} by {sort}");
            pages.len()
        };
        let cases = ["-opened_on", "opened_on", "updated_at"].map(|sort| of("/cases", sort));
        let tasks = ["due_on", "-created_at", "updated_at"].map(|sort| of("/tasks", sort));
        let visible = all.iter().filter(|seeded| ["open", "audited"].contains(&seeded.case.access_level.as_str()));
        let (seen, of_seen) = visible.fold((0, 0), |(cases, tasks), seeded| (cases + 1, tasks + seeded.tasks.len()));
        assert_eq!((cases, tasks), ([seen; 3], [of_seen; 3]));
    }

    fn the_phase_of_a_plan_follows_its_moves_and_ends_with_the_episode(world: &World) {
        let (case, maria) = (world.case_in_udine(), world.maria_case_manager());
        let found = |phase: &str| paged(&maria, "/cases", &format!("plan_status={phase}"), 10) == [case.as_str()];
        assert!(found("none") && !found("draft"));
        planning::goal(&maria, &case);
        let plan = maria.post(&format!("/cases/{case}/plans"), &json!({})).expect(201).id();
        assert!(found("draft") && !found("none"));
        let agreed = json!({"to": "agreed", "agreed_on": planning::today()});
        maria.post_matching(&format!("/plans/{plan}/transitions"), "*", &agreed).expect(201);
        assert!(found("agreed") && !found("draft"));
        world.moved(&case, &[json!({"to": "assessment"}), json!({"to": "closed", "reason_code": "moved"})]);
        world.moved(&case, &[json!({"to": "assessment", "reason_code": "returned"})]);
        assert!(found("none") && !found("agreed"), "the new episode has none");
    }

    fn tasks_go_where_their_case_goes(world: &World) {
        let fixture = &world.fixture;
        let (case, maria) = (world.case_in_udine(), world.maria_case_manager());
        let task = maria.post(&format!("/cases/{case}/tasks"), &json!({"title": "Call back"})).expect(201).id();
        let over = |territory| json!({"role": "case_manager", "organisation_id": fixture.root, "territory_ids": [territory]});
        let (region, _, _) = world.another_client(&over(fixture.region));
        let (trieste, _, _) = world.another_client(&over(fixture.trieste));
        assert_eq!(paged(&maria, "/tasks", "", 5), [task.as_str()]);
        assert_eq!(paged(&trieste, "/tasks", "", 5), Vec::<String>::new());
        let moved = json!({"territory_id": fixture.trieste, "case_manager_id": null});
        region.patch(&format!("/cases/{case}"), "*", &moved).expect(200);
        assert_eq!(paged(&maria, "/tasks", "", 5), Vec::<String>::new());
        assert_eq!(paged(&trieste, "/tasks", "", 5), [task.as_str()]);
        assert_eq!(paged(&region, "/tasks", &format!("territory_id={}", fixture.trieste), 5), [task.as_str()]);
        assert_eq!(paged(&region, "/tasks", &format!("territory_id={}", fixture.udine), 5), Vec::<String>::new());
    }

    fn whoever_may_not_see_legal_statuses_cannot_filter_by_them(world: &World) {
        let query = format!("/cases?expiring_before={}", day(90));
        world.maria_case_manager().get(&query).expect(200);
        world.regional_sync_client().get(&query).expect(200);
        world.paolo_organisation_administrator().get(&query).expect(403);
        let as_csv = [("accept", "text/csv")];
        world.paolo_organisation_administrator().send("GET", &query, &as_csv, None).expect(403);
        world.paolo_organisation_administrator().get("/cases?overdue=true").expect(200);
    }

    fn whoever_only_reads_legal_data_does_not_find_people_without_papers_by_their_end(world: &World) {
        let (case, maria) = (world.case_in_udine(), world.maria_case_manager());
        let person = maria.get(&format!("/cases/{case}")).expect(200).json()["person_id"].as_str().expect("an id").to_owned();
        let held = json!({"category": "undocumented", "change_kind": "first", "valid_from": day(-9), "valid_to": day(9)});
        maria.post(&format!("/people/{person}/legal-statuses"), &held).expect(201);
        let query = format!("expiring_before={}", day(10));
        assert_eq!(paged(&maria, "/cases", &query, 5), [case.as_str()]);
        assert_eq!(paged(&world.regional_sync_client(), "/cases", &query, 5), Vec::<String>::new());
        assert_eq!(paged(&maria, "/cases", &format!("expiring_before={}", day(9)), 5), Vec::<String>::new());
    }

    fn filters_that_cannot_be_read_are_refused(world: &World) {
        let maria = world.maria_case_manager();
        for wrong in [
            "plan_status=nowhere", "overdue=yes", "expiring_before=2026-2-8", "updated_since=yesterday", "sort=-updated_at",
            "updated_since=-0001-01-01T00:00:00Z", "updated_since=%2B10000-01-01T00:00:00Z", "due_before=2026-01-01",
        ] {
            maria.get(&format!("/cases?{wrong}")).expect(400);
            let streamed = maria.send("GET", &format!("/cases?{wrong}"), &[("accept", "text/csv")], None).expect(400);
            assert_eq!(streamed.header("content-type"), "application/problem+json");
        }
        for wrong in ["status=intake", "sort=created_at", "due_before=x", "overdue=1x", "person_id=x", "fields=territory_id"] {
            maria.get(&format!("/tasks?{wrong}")).expect(400);
        }
        maria.get("/tasks?limit=1&fields=title,due_on").expect(200);
        let seen: HashSet<u16> = ["elena_observatory_analyst", "paolo_organisation_administrator", "samira_help_desk_operator"]
            .map(|name| world.caller(name).get("/tasks").status)
            .into();
        assert_eq!(seen, [403].into());
    }
}
