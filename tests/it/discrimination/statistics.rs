//! Counts of years that are over, without what small ones would tell.

use serde_json::{Value, json};

use super::{at, moved, taken, told, triaged};
use crate::both;
use crate::support::World;
use crate::support::http::Client;

/// Sets the clock of the demonstration.
fn on(world: &World, day: &str) {
    world.maria_case_manager().put("/sandbox/clock", &json!({"now": format!("{day}T10:00:00Z")})).expect(200);
}

/// Takes so many reports about an area, with a ground.
fn reported(world: &World, many: usize, area: &str, ground: &str) -> Vec<String> {
    let mut report = told(world);
    (report["area_of_life"], report["grounds"]) = (json!(area), json!([ground]));
    (0..many).map(|_| taken(world, &report).0).collect()
}

fn statistics(client: &Client, query: &str) -> Value {
    client.get(&format!("/discrimination-reports/statistics{query}")).expect(200).json()
}

/// The count of a code, the one of the year before, and how much more it is.
fn count(told: &Value, code: &str) -> [Option<i64>; 3] {
    let items = told["items"].as_array().expect("counts");
    let found = items.iter().find(|item| item["code"] == code).unwrap_or_else(|| panic!("no {code} in {told}"));
    ["count", "previous_count", "change"].map(|member| found[member].as_i64())
}

both! { in_a_sandbox:
    fn a_year_is_counted_when_it_is_over_and_compared_with_the_one_before(world: &World) {
        let (nadia, elena) = (world.nadia_anti_discrimination_officer(), world.caller("elena_observatory_analyst"));
        on(world, "2027-02-10");
        reported(world, 6, "housing", "ethnic_origin");
        on(world, "2028-02-10");
        reported(world, 8, "housing", "ethnic_origin");
        on(world, "2028-05-10");
        reported(world, 7, "work", "religion");
        nadia.get("/discrimination-reports/statistics?year=2028").expect(400);
        let last = statistics(&nadia, "");
        assert_eq!((&last["year"], &last["breakdown"], &last["total"]["count"]), (&json!(2027), &json!("month"), &json!(6)));
        on(world, "2029-01-02");
        let of_udine = format!("&organisation_id={}", world.fixture.comune_udine);
        for reader in [&nadia, &elena] {
            let statistics = |reader: &Client, query: &str| statistics(reader, &format!("{query}{of_udine}"));
            let by_month = statistics(reader, "?year=2028");
            assert_eq!(by_month["total"], json!({"code": "total", "count": 15, "previous_count": 6, "change": 9}));
            assert_eq!(count(&by_month, "2028-02"), [Some(8), Some(6), Some(2)]);
            assert_eq!(count(&by_month, "2028-05"), [Some(7), Some(0), Some(7)]);
            assert_eq!(count(&by_month, "2028-12"), [Some(0), Some(0), Some(0)]);
            let by_quarter = statistics(reader, "?year=2028&breakdown=quarter");
            assert_eq!(count(&by_quarter, "2028-Q1"), [Some(8), Some(6), Some(2)]);
            let by_area = statistics(reader, "?year=2028&breakdown=area_of_life");
            assert_eq!((count(&by_area, "housing"), count(&by_area, "work")), ([Some(8), Some(6), Some(2)], [Some(7), Some(0), Some(7)]));
            let by_ground = statistics(reader, "?year=2028&breakdown=ground");
            assert_eq!(count(&by_ground, "religion"), [Some(7), Some(0), Some(7)]);
            let by_place = statistics(reader, "?year=2028&breakdown=territory");
            assert_eq!(count(&by_place, &world.fixture.udine.to_string()), [Some(15), Some(6), Some(9)]);
        }
        // Nothing of it is Trieste's.
        let igor = world.igor_anti_discrimination_officer_in_trieste();
        assert_eq!(statistics(&igor, "?year=2028")["total"]["count"], 0);
        for refused in ["anna_system_administrator", "paolo_organisation_administrator", "maria_case_manager", "giulia_auditor", "bruno_steering_reader", "samira_help_desk_operator"] {
            world.caller(refused).get("/discrimination-reports/statistics").expect(403);
        }
    }

    fn small_counts_are_hidden_with_what_they_would_be_computed_from(world: &World) {
        let nadia = world.nadia_anti_discrimination_officer();
        on(world, "2027-02-10");
        reported(world, 6, "housing", "ethnic_origin");
        on(world, "2027-03-10");
        reported(world, 7, "housing", "ethnic_origin");
        reported(world, 2, "school", "age");
        reported(world, 8, "work", "religion");
        on(world, "2027-08-10");
        let mut elsewhere = told(world);
        elsewhere["territory_id"] = json!(world.fixture.trieste);
        (0..3).for_each(|_| drop(taken(world, &elsewhere)));
        on(world, "2028-01-02");
        let by_area = statistics(&nadia, "?breakdown=area_of_life");
        assert_eq!((&by_area["total"]["count"], &by_area["suppress_below"]), (&json!(26), &json!(5)));
        assert_eq!(count(&by_area, "school")[0], None);
        let hidden = |told: &Value| -> Vec<String> {
            let items = told["items"].as_array().unwrap();
            items.iter().filter(|item| item["count"].is_null()).map(|item| item["code"].as_str().unwrap().to_owned()).collect()
        };
        assert!(hidden(&by_area).len() > 1, "one alone would be what the others leave: {by_area}");
        let by_quarter = statistics(&nadia, "?breakdown=quarter");
        assert_eq!(count(&by_quarter, "2027-Q3")[0], None);
        assert!(hidden(&by_quarter).len() > 1, "{by_quarter}");
        let by_ground = statistics(&nadia, "?breakdown=ground");
        assert_eq!((count(&by_ground, "age")[0], count(&by_ground, "religion")[0]), (None, Some(11)));
        // Trieste is not named: of a small place that would be who. Nor is anything else left to compute it from.
        let by_place = statistics(&nadia, "?breakdown=territory");
        assert!(!by_place.to_string().contains(&world.fixture.trieste.to_string()), "{by_place}");
        assert_eq!(by_place["items"], json!([]), "what Udine has would tell what Trieste has");
        // In a year with three reports nothing but that is told.
        on(world, "2028-06-01");
        reported(world, 3, "work", "religion");
        on(world, "2029-01-02");
        for breakdown in ["month", "quarter", "area_of_life", "ground", "territory"] {
            let told = statistics(&nadia, &format!("?breakdown={breakdown}"));
            assert_eq!(told["total"]["count"], Value::Null);
            assert!(told["items"].as_array().unwrap().iter().all(|item| item.get("count").is_none() && item.get("change").is_none()), "{told}");
        }
    }

    fn how_reports_ended_is_counted_in_the_year_they_ended(world: &World) {
        let nadia = world.nadia_anti_discrimination_officer();
        on(world, "2027-11-10");
        let reports = reported(world, 12, "housing", "ethnic_origin");
        on(world, "2028-03-10");
        let (advised, dismissed) = reports.split_at(6);
        for report in advised {
            moved(&nadia, report, &triaged()).expect(201);
            moved(&nadia, report, &json!({"to": "closed", "outcome": "advice", "note": "Done."})).expect(201);
        }
        for report in dismissed {
            moved(&nadia, report, &json!({"to": "dismissed", "outcome": "out_of_competence", "note": "Done."})).expect(201);
        }
        on(world, "2029-01-02");
        let ended = statistics(&nadia, "?breakdown=outcome");
        assert_eq!(ended["total"], json!({"code": "total", "count": 12, "previous_count": 0, "change": 12}));
        assert_eq!((count(&ended, "advice")[0], count(&ended, "out_of_competence")[0], count(&ended, "mediation")[0]), (Some(6), Some(6), Some(0)));
        assert_eq!(statistics(&nadia, "?year=2027&breakdown=outcome")["total"]["count"], 0);
        // What was counted stays, whatever is forgotten.
        let before = statistics(&nadia, "?year=2027&breakdown=ground");
        for report in &reports {
            nadia.post_matching(&format!("{}/anonymisations", at(report)), "*", &json!({})).expect(201);
        }
        assert_eq!(statistics(&nadia, "?year=2027&breakdown=ground"), before);
        assert_eq!(count(&before, "ethnic_origin")[0], Some(12));
        assert_eq!(statistics(&nadia, "?breakdown=outcome"), ended);
    }

    fn everybody_reads_the_same_table_of_a_body_so_that_no_two_of_them_are_compared(world: &World) {
        let narrow = json!({"role": "observatory_analyst", "organisation_id": world.fixture.comune_udine, "territory_ids": [world.fixture.udine]});
        let (analyst, _, _) = world.another_client(&narrow);
        let elena = world.caller("elena_observatory_analyst");
        let (nadia, igor) = (world.nadia_anti_discrimination_officer(), world.igor_anti_discrimination_officer_in_trieste());
        on(world, "2027-02-10");
        reported(world, 6, "housing", "ethnic_origin");
        let mut there = told(world);
        there["territory_id"] = json!(world.fixture.trieste);
        // One, elsewhere: who counted Udine's alone would tell it apart.
        drop(taken(world, &there));
        there["organisation_id"] = json!(world.fixture.comune_trieste);
        (0..8).for_each(|_| drop(taken(world, &there)));
        on(world, "2028-01-02");
        let of = |body: &str| format!("?organisation_id={body}");
        let (udine, trieste) = (world.fixture.comune_udine.to_string(), world.fixture.comune_trieste.to_string());
        for breakdown in ["month", "territory", "area_of_life"] {
            let asked = |client: &Client, body: &str| statistics(client, &format!("{}&breakdown={breakdown}", of(body)));
            let table = asked(&nadia, &udine);
            assert_eq!((&table["total"]["count"], &table["organisation_id"]), (&json!(7), &json!(udine)));
            assert_eq!((asked(&analyst, &udine), asked(&elena, &udine)), (table.clone(), table));
            assert_eq!(asked(&igor, &trieste), asked(&elena, &trieste));
        }
        // Those of a region's bodies together are nobody's: one of them less the others would be the last.
        assert_eq!(statistics(&elena, "")["total"]["count"], 0);
        for (client, body) in [(&nadia, &trieste), (&analyst, &trieste), (&igor, &udine)] {
            client.get(&format!("/discrimination-reports/statistics{}", of(body))).expect(404);
        }
    }
}
