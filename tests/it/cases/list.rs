//! `GET /cases`: order, pages, filters and scope.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::both;
use crate::support::World;
use crate::support::http::Client;

fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().expect("rows").iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
}

/// Every row of a list, page by page.
fn paged(client: &Client, query: &str, limit: usize) -> Vec<String> {
    let mut rows = Vec::new();
    let mut address = Some(format!("/cases?{query}&limit={limit}"));
    while let Some(at) = address {
        let page = client.get(&at).expect(200).json();
        let on_page = ids(&page);
        assert!(on_page.len() <= limit);
        address = page["_links"]["next"].as_str().map(str::to_owned);
        assert_eq!(address.is_some(), page.get("next_cursor").is_some());
        assert!(address.is_none() || on_page.len() == limit, "only the last page is short");
        rows.extend(on_page);
    }
    rows
}

/// Opens a case as a caller, on a date, for a person registered for it.
fn open(client: &Client, person: &Value, day: u32, group: &str) -> String {
    let person = client.post("/people", person).expect(201).id();
    let body = json!({"person_id": person, "target_group": group, "opened_on": format!("2026-03-{day:02}")});
    client.post("/cases", &body).expect(201).id()
}

/// Cases with the day each was opened on.
type Dated = Vec<(u32, String)>;

/// Cases in both municipalities, with days that repeat and interleave. Gives them with their day, Udine's first.
fn furnished(world: &World) -> (Dated, Dated) {
    let (maria, matej) = (world.maria_case_manager(), world.matej_case_manager_in_trieste());
    let near = world.person_in_udine();
    let mut far = near.clone();
    far["owner_org_id"] = json!(world.fixture.comune_trieste);
    far["territory_id"] = json!(world.fixture.trieste);
    let days = [5, 3, 3, 9, 1, 3, 7];
    (
        days.iter().map(|day| (*day, open(&maria, &near, *day, "refugee"))).collect(),
        days.iter().map(|day| (*day + day % 2, open(&matej, &far, *day + day % 2, "student"))).collect(),
    )
}

fn sorted(mut cases: Dated) -> Vec<String> {
    cases.sort();
    cases.into_iter().map(|(_, id)| id).collect()
}

fn newest_first(cases: Dated) -> Vec<String> {
    sorted(cases).into_iter().rev().collect()
}

/// Somebody who reads over both municipalities, by one grant or by several.
fn region_wide(world: &World, grants: &[Value]) -> Client {
    let (client, id, _) = world.another_client(&grants[0]);
    for further in &grants[1..] {
        world.grant(&id, further);
    }
    client
}

fn grant(organisation: impl serde::Serialize, territories: impl serde::Serialize) -> Value {
    json!({"role": "case_manager", "organisation_id": organisation, "territory_ids": territories})
}

both! {
    fn pages_one_by_one_hold_the_same_rows_as_one_page_in_the_same_order(world: &World) {
        let (near, _) = furnished(world);
        let maria = world.maria_case_manager();
        let whole = ids(&maria.get("/cases?limit=200").expect(200).json());
        assert_eq!(whole, newest_first(near.clone()));
        for limit in [1, 2, 3, 7, 8] {
            assert_eq!(paged(&maria, "", limit), whole, "by {limit}");
        }
        assert_eq!(paged(&maria, "sort=-opened_on", 2), whole);
        assert_eq!(paged(&maria, "sort=opened_on", 2), sorted(near));
    }

    fn a_scope_over_several_territories_is_the_set_of_what_each_shows(world: &World) {
        let (near, far) = furnished(world);
        let fixture = &world.fixture;
        let all = [near.clone(), far.clone()].concat();
        let readers = [
            ("a subtree", region_wide(world, &[grant(fixture.root, [fixture.region])])),
            ("two roots", region_wide(world, &[grant(fixture.root, [fixture.udine, fixture.trieste])])),
            (
                "two grants",
                region_wide(
                    world,
                    &[grant(fixture.comune_udine, [fixture.udine]), grant(fixture.comune_trieste, [fixture.trieste])],
                ),
            ),
            (
                "grants that overlap",
                region_wide(world, &[grant(fixture.root, [fixture.region]), grant(fixture.root, [fixture.udine])]),
            ),
        ];
        for (how, reader) in &readers {
            for limit in [1, 3, 50] {
                assert_eq!(paged(reader, "", limit), newest_first(all.clone()), "{how}, by {limit}");
                assert_eq!(paged(reader, "sort=opened_on", limit), sorted(all.clone()), "{how}, by {limit}");
            }
            let only = |cases: &[(u32, String)]| newest_first(cases.to_vec());
            assert_eq!(paged(reader, &format!("territory_id={}", fixture.trieste), 2), only(&far), "{how}");
            assert_eq!(paged(reader, "target_group=refugee", 2), only(&near), "{how}");
            assert_eq!(paged(reader, "target_group=refugee&status=intake", 2), only(&near), "{how}");
            assert_eq!(paged(reader, "status=closed", 2), Vec::<String>::new(), "{how}");
            assert_eq!(
                paged(reader, &format!("target_group=refugee&territory_id={}", fixture.trieste), 2),
                Vec::<String>::new()
            );
            // Brute force: each case by its address.
            let seen: BTreeSet<&String> =
                all.iter().map(|(_, id)| id).filter(|id| reader.get(&format!("/cases/{id}")).status == 200).collect();
            assert_eq!(seen.len(), all.len(), "{how}");
        }
        // Neither territory nor owner alone is enough.
        let (in_udine, _, _) = world.another_client(&grant(fixture.root, [fixture.udine]));
        assert_eq!(paged(&in_udine, "", 3), newest_first(near.clone()));
        let (stranger, _, _) = world.another_client(&grant(fixture.comune_udine, [fixture.region]));
        assert_eq!(paged(&stranger, "", 3), newest_first(near));
    }

    fn filters_narrow_by_status_manager_and_person(world: &World) {
        let (held, other) = (world.case_in_udine(), world.case_in_udine());
        let maria = world.maria_case_manager();
        world.moved(&held, &[json!({"to": "assessment"})]);
        let read = maria.get(&format!("/cases/{other}")).expect(200).json();
        maria.patch(&format!("/cases/{held}"), "*", &json!({"case_manager_id": null})).expect(200);
        let found = |query: &str| ids(&maria.get(&format!("/cases?{query}")).expect(200).json());
        assert_eq!(found("status=assessment"), [held.as_str()]);
        assert_eq!(found(&format!("case_manager_id={}", world.id_of("maria_case_manager"))), [other.as_str()]);
        assert_eq!(found(&format!("person_id={}", read["person_id"].as_str().expect("an id"))), [other.as_str()]);
        assert_eq!(found(&format!("territory_id={}", world.fixture.trieste)), Vec::<String>::new());
        for wrong in
            ["status=nowhere", "sort=priority", "person_id=1", "limit=0", "limit=201", "limit=x", "unknown=1", "q=x"]
        {
            maria.get(&format!("/cases?{wrong}")).expect(400);
        }
    }

    fn a_cursor_belongs_to_one_list_with_one_filter_and_one_caller(world: &World) {
        for _ in 0..3 {
            world.case_in_udine();
        }
        let maria = world.maria_case_manager();
        let page = maria.get("/cases?limit=1&status=intake").expect(200).json();
        let cursor = page["next_cursor"].as_str().expect("three cases").to_owned();
        let with = |query: &str| format!("/cases?cursor={cursor}{query}");
        maria.get(&with("&status=intake")).expect(200);
        maria.get(&with("&status=intake&limit=2")).expect(200);
        maria.get(&with("")).expect(400);
        maria.get(&with("&status=closed")).expect(400);
        maria.get(&with("&status=intake&sort=opened_on")).expect(400);
        world.paolo_organisation_administrator().get(&with("&status=intake")).expect(400);
        maria.get("/cases?status=intake&cursor=x").expect(400);
        maria.get(&format!("/cases?status=intake&cursor={}A", cursor)).expect(400);
    }

    fn rows_that_come_and_go_between_pages_disturb_nobody(world: &World) {
        let (near, _) = furnished(world);
        let maria = world.maria_case_manager();
        let first = maria.get("/cases?limit=3").expect(200).json();
        // One before the page's end, one behind it.
        open(&maria, &world.person_in_udine(), 30, "refugee");
        let behind = open(&maria, &world.person_in_udine(), 2, "refugee");
        let rest = paged(&maria, &format!("cursor={}", first["next_cursor"].as_str().expect("more")), 50);
        let mut expected = near;
        expected.push((2, behind));
        assert_eq!([ids(&first), rest].concat(), newest_first(expected));
    }

    fn fields_narrow_the_rows(world: &World) {
        let case = world.case_in_udine();
        let maria = world.maria_case_manager();
        let page = maria.get("/cases?fields=public_ref,status").expect(200).json();
        let members: BTreeSet<&String> = page["items"][0].as_object().expect("a row").keys().collect();
        assert!(members.iter().eq(["id", "public_ref", "status", "version", "withheld_fields"].iter()), "{members:?}");
        let one = maria.get(&format!("/cases/{case}?fields=status")).expect(200).json();
        assert_eq!((&one["status"], one.get("summary")), (&json!("intake"), None));
        maria.get("/cases?fields=status,secret").expect(400);
        maria.get("/cases?fields=").expect(400);
    }

    fn protected_and_closed_cases_are_hidden_from_others(world: &World) {
        let fixture = &world.fixture;
        let levels = ["open", "audited", "protected", "closed"];
        let maria = world.maria_case_manager();
        let cases: Vec<String> = levels
            .iter()
            .map(|level| {
                let case = world.case_in_udine();
                maria.patch(&format!("/cases/{case}"), "*", &json!({"access_level": level})).expect(200);
                case
            })
            .collect();
        let visible = |client: &Client| -> Vec<&str> {
            let listed = paged(client, "", 2);
            let shown: Vec<&str> =
                levels.iter().zip(&cases).filter(|(_, case)| listed.contains(case)).map(|(level, _)| *level).collect();
            assert_eq!(shown.len(), listed.len());
            shown
        };
        assert_eq!(visible(&maria.stating("case_work")), levels, "the assigned manager");
        let (colleague, _, _) = world.another_client(&grant(fixture.comune_udine, [fixture.udine]));
        assert_eq!(visible(&colleague.stating("case_work")), ["open", "audited"]);
        assert_eq!(visible(&world.regional_sync_client().stating("statistics")), ["open", "audited"]);
        assert_eq!(
            visible(&world.paolo_organisation_administrator().stating("supervision")),
            ["open", "audited", "protected"],
            "the supervisor"
        );
        // Who does not say what for sees nothing of what is audited.
        assert_eq!(visible(&maria), ["open", "protected", "closed"]);
        assert_eq!(visible(&colleague), ["open"]);
        let (colleague, maria) = (colleague.stating("case_work"), maria.stating("case_work"));
        for (case, status) in cases.iter().zip([200, 200, 404, 404]) {
            colleague.get(&format!("/cases/{case}")).expect(status);
            colleague.patch(&format!("/cases/{case}"), "*", &json!({"priority": "high"})).expect(status);
            colleague.get(&format!("/cases/{case}/tasks")).expect(status);
            colleague.get(&format!("/cases/{case}/history")).expect(status);
            maria.get(&format!("/cases/{case}")).expect(200);
        }
    }
}
