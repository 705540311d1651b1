//! The deployment's own cases as statistics: counted by whoever keeps them, and told with small counts hidden (domain 41, 42).

use std::collections::BTreeMap;
use std::sync::Barrier;

use approdo::access::TerritoryId;
use approdo::cases::rules::CaseStatus;
use approdo::cases::types::{CaseId, CaseRow, TransitionId};
use approdo::people::processing::Processing;
use approdo::people::types::PersonRow;
use approdo_db::Timestamp;
use approdo_db::schema::case_transitions;
use chrono::NaiveDate;
use diesel::prelude::*;
use serde_json::{Value, json};

use super::operational_referrals::leaves_nothing_small;
use super::{dataset as described_for_imports, elena, moved};
use crate::both;
use crate::support::http::Answer;
use crate::support::seed::{Seeded, case_of, person, put};
use crate::support::{Client, World};

pub fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

/// So many cases in Udine, Trieste or the region, of people of one sex born on a day, opened on a day.
fn cases(world: &World, count: usize, place: &str, (sex, born): (&str, &str), opened_on: &str) -> Vec<CaseId> {
    put_cases(world, count, place, opened_on, |person| {
        (person.sex, person.date_of_birth) = (Some(sex.into()), Some(date(born)));
    })
}

fn put_cases(
    world: &World,
    count: usize,
    place: &str,
    opened_on: &str,
    change: impl Fn(&mut PersonRow),
) -> Vec<CaseId> {
    let (owner, territory) = match place {
        "030129" => (world.fixture.comune_udine, world.fixture.udine),
        "06" => (world.fixture.root, world.fixture.region),
        _ => (world.fixture.comune_trieste, world.fixture.trieste),
    };
    let made = (0..count).map(|_| {
        let mut person = person(owner, territory, approdo::clock::now());
        change(&mut person);
        let case = CaseRow { opened_on: date(opened_on), ..case_of(&person) };
        (person, Seeded { case, tasks: Vec::new(), plans: Vec::new(), statuses: Vec::new() })
    });
    let made: Vec<_> = made.collect();
    put(world, &made);
    made.into_iter().map(|(_, seeded)| seeded.case.id).collect()
}

/// That a case went from one state to another at noon of a day, with this reason.
pub fn went(world: &World, case: CaseId, version: i64, (from, to): (CaseStatus, CaseStatus), reason: &str, on: &str) {
    use case_transitions as t;
    let noon = date(on).and_hms_opt(12, 0, 0).expect("noon").and_utc();
    let actor = world.fixture.callers[0].id;
    diesel::insert_into(t::table)
        .values((
            (t::id.eq(TransitionId::new()), t::case_id.eq(case), t::case_version.eq(version)),
            (t::from_status.eq(from), t::to_status.eq(to), t::reason_code.eq(Some(reason))),
            (t::actor_id.eq(actor), t::at.eq(Timestamp::new(noon))),
        ))
        .execute(&mut world.connection())
        .expect("a transition");
}

/// The member that is wrong.
pub fn pointer(answer: Answer) -> String {
    answer.expect(422).json()["errors"][0]["pointer"].as_str().expect("a pointer").to_owned()
}

pub fn new(world: &World, code: &str, source: &str, period: &str, divisions: &[&str]) -> Value {
    let kind = if source == "cases_open" { "stock" } else { "flow" };
    let others = divisions.iter().map(|id| json!({"id": id, "role": "other", "name": id}));
    let mut dimensions = vec![json!({"id": "REF_AREA", "role": "area", "name": "Territory"})];
    dimensions.extend(others);
    dimensions.push(json!({"id": "TIME_PERIOD", "role": "time", "name": "Time"}));
    json!({"organisation_id": world.fixture.root, "code": code, "name": "Cases", "unit": "cases", "measure_kind": kind,
        "source": "The deployment's own cases", "computed_from": {"source": source, "period": period}, "dimensions": dimensions})
}

pub fn described(world: &World, code: &str, source: &str, period: &str, divisions: &[&str]) -> String {
    elena(world).post("/datasets", &new(world, code, source, period, divisions)).expect(201).id()
}

/// Counts since a day; the release.
pub fn computed(world: &World, dataset: &str, since: &str) -> String {
    let answer = elena(world).post(&format!("/datasets/{dataset}/computations"), &json!({"since": since})).expect(201);
    assert_eq!(answer.json()["status"], "loaded");
    assert!(answer.header("location").ends_with(&format!("/dataset-releases/{}", answer.id())));
    answer.id()
}

pub fn publish(world: &World, release: &str) -> Value {
    for to in ["validated", "approved", "published"] {
        moved(&elena(world), release, &json!({"to": to})).expect(201);
    }
    elena(world).get(&format!("/dataset-releases/{release}")).expect(200).json()
}

/// What is told, by its codes in the order of the dimensions; nothing where it is hidden.
pub fn told(client: &Client, dataset: &str) -> BTreeMap<String, Option<f64>> {
    let key = |row: &Value| {
        let codes = row["key"].as_array().expect("a key").iter().map(|code| code["code"].as_str().expect("a code"));
        codes.collect::<Vec<_>>().join("/")
    };
    let (mut cells, mut next) = (BTreeMap::new(), Some(format!("/datasets/{dataset}/observations?limit=200")));
    while let Some(path) = next {
        let page = client.get(&path).expect(200).json();
        let rows = page["items"].as_array().expect("rows").iter();
        cells.extend(rows.map(|row| (key(row), row["value"].as_f64())));
        next = page["_links"]["next"].as_str().map(str::to_owned);
    }
    cells
}

both! {
    fn cases_are_counted_and_nobody_reads_small_counts_of_them(world: &World) {
        let samira = world.samira_help_desk_operator();
        cases(world, 2, "030129", ("male", "1990-01-01"), "2024-03-05");
        cases(world, 9, "030129", ("female", "1990-01-01"), "2024-12-31");
        cases(world, 20, "032006", ("male", "1990-01-01"), "2024-01-01");
        cases(world, 30, "032006", ("female", "1990-01-01"), "2024-07-01");
        // Neither of another year nor of a year that is not over.
        cases(world, 7, "032006", ("female", "1990-01-01"), "2023-12-31");
        cases(world, 8, "032006", ("female", "1990-01-01"), "2026-01-01");
        put_cases(world, 6, "032006", "2024-02-02", |person| person.processing = Processing::Restricted);
        let dataset = described(world, "OPENED", "cases_opened", "year", &["SEX"]);
        let release = computed(world, &dataset, "2024-01-01");

        // Before it is published, who keeps it reads none of it either: it is not protected yet.
        for client in [&elena(world), &world.anna_system_administrator()] {
            client.get(&format!("/datasets/{dataset}/observations?release_id={release}")).expect(403);
            let asked = json!({"release_id": release, "places": {"codes": ["06"]}, "times": {}});
            client.post(&format!("/datasets/{dataset}/observations/searches"), &asked).expect(403);
            let codes = client.get(&format!("/datasets/{dataset}/codes?dimension=REF_AREA")).expect(200).json();
            assert_eq!(codes["items"], json!([]));
        }
        samira.get(&format!("/datasets/{dataset}/observations?release_id={release}")).expect(404);
        // Nor does its file tell: whoever knows what it may hold would find out by its digest.
        let import = elena(world).get(&format!("/data-imports?dataset_id={dataset}")).expect(200).json();
        assert_eq!(import["items"][0]["release_id"], json!(release));
        assert!(["size", "sha256"].iter().all(|member| import["items"][0].get(member).is_none()), "{import}");

        let row = publish(world, &release);
        let cells = told(&samira, &dataset);
        assert_eq!(cells["IT/_T/2024"], Some(61.0));
        assert_eq!(cells["06/_T/2024"], Some(61.0));
        assert_eq!(cells["IT/_T/2025"], Some(0.0));
        assert_eq!(cells["030129/male/2024"], None);
        assert!(cells["030129/female/2024"].is_none() || cells["030129/_T/2024"].is_none(), "told by its sum");
        assert!(cells["032006/male/2024"].is_none() || cells["06/male/2024"].is_none(), "told by the region");
        assert!(!cells.keys().any(|key| key.ends_with("2023") || key.ends_with("2026")), "{cells:?}");
        let hidden = cells.values().filter(|value| value.is_none()).count();
        assert_eq!(row["suppressed"], json!(hidden));

        // Indicators and questions are made of it as of any other dataset.
        let asked = json!({"places": {"codes": ["06"]}, "times": {}, "filters": [{"dimension": "SEX", "codes": ["_T"]}]});
        let answer = samira.post(&format!("/datasets/{dataset}/observations/searches"), &asked).expect(200).json();
        assert_eq!(answer["items"][0]["value"], json!(61.0), "{answer}");
    }

    fn cases_of_the_region_itself_do_not_follow_from_those_of_its_municipalities(world: &World) {
        let of = ("male", "1990-01-01");
        for (place, count) in [("032006", 30), ("030129", 10), ("06", 2)] {
            cases(world, count, place, of, "2024-03-05");
            cases(world, count * 10, place, of, "2025-03-05");
        }
        // A part of town that statistics have no code for lies in the region as far as they know.
        let new = json!({"kind": "municipality", "code_system": "own", "code": "Q1", "name": "Quartiere", "country_code": "IT",
            "parent_id": world.fixture.region, "valid_from": "1970-01-01"});
        let quarter = world.anna_system_administrator().post("/territories", &new).expect(201).id().parse().expect("an id");
        put_cases(world, 1, "06", "2024-03-05", |person| {
            (person.territory_id, person.sex) = (TerritoryId(quarter), Some("male".into()));
        });
        let dataset = described(world, "REGION", "cases_opened", "year", &["SEX"]);
        let release = computed(world, &dataset, "2024-01-01");
        let codes = |client: &Client| client.get(&format!("/datasets/{dataset}/codes?dimension=REF_AREA")).expect(200).json()["items"].clone();
        assert_eq!(codes(&elena(world)), json!([]));
        publish(world, &release);
        let samira = world.samira_help_desk_operator();
        let cells = told(&samira, &dataset);
        leaves_nothing_small(&cells);
        // 43 in all: the three of them are hidden, and what they would follow from.
        assert_eq!((cells["06/_T/2024"], cells["06_U/_T/2024"]), (Some(43.0), None));
        assert!(cells["032006/_T/2024"].is_none() || cells["030129/_T/2024"].is_none(), "{cells:?}");
        assert_eq!((cells["06/_T/2025"], cells["06_U/_T/2025"]), (Some(420.0), Some(20.0)));
        let codes = codes(&samira);
        let rest = codes.as_array().expect("codes").iter().find(|code| code["code"] == "06_U").expect("a code");
        assert_eq!((&rest["parent_code"], &rest["name"]), (&json!("06"), &json!("Not told by part")));
        assert!(rest.get("territory_id").is_none());
    }

    fn what_lay_in_a_place_before_it_had_parts_is_not_said_to_have_lain_in_them(world: &World) {
        let of = ("male", "1990-01-01");
        cases(world, 20, "06", of, "2025-03-05");
        let dataset = described(world, "PARTS", "cases_opened", "year", &[]);
        publish(world, &computed(world, &dataset, "2025-01-01"));
        assert!(!told(&elena(world), &dataset).contains_key("06_U/2025"), "it has no parts");
        cases(world, 10, "030129", of, "2024-03-05");
        cases(world, 7, "06", of, "2024-03-05");
        publish(world, &computed(world, &dataset, "2024-01-01"));
        let cells = told(&elena(world), &dataset);
        assert_eq!((cells["06/2024"], cells["06_U/2024"], cells["030129/2024"]), (Some(17.0), Some(7.0), Some(10.0)));
        // A nought would be wrong, and its number was not told then.
        assert_eq!((cells["06/2025"], cells.get("06_U/2025")), (Some(20.0), None));
    }

    fn a_threshold_is_not_raised_over_what_was_counted_below_the_lower_one(world: &World) {
        cases(world, 10, "030129", ("male", "1990-01-01"), "2025-03-05");
        let dataset = described(world, "RAISED", "cases_opened", "year", &[]);
        let path = format!("/datasets/{dataset}");
        let release = computed(world, &dataset, "2025-01-01");
        let elena = elena(world);
        elena.patch(&path, "*", &json!({"suppress_below": 20})).expect(409);
        elena.patch(&path, "*", &json!({"suppress_below": 5, "name": "Cases opened"})).expect(200);
        moved(&elena, &release, &json!({"to": "discarded", "note": "Too low."})).expect(201);
        elena.patch(&path, "*", &json!({"suppress_below": 20})).expect(200);
        publish(world, &computed(world, &dataset, "2025-01-01"));
        assert_eq!(told(&elena, &dataset)["030129/2025"], None);
        elena.patch(&path, "*", &json!({"suppress_below": 30})).expect(200);
    }

    fn a_period_that_was_published_stays_as_it_was_told(world: &World) {
        cases(world, 10, "030129", ("male", "1990-01-01"), "2024-03-05");
        cases(world, 8, "032006", ("male", "1990-01-01"), "2025-03-05");
        let dataset = described(world, "STAYS", "cases_opened", "year", &[]);
        publish(world, &computed(world, &dataset, "2025-01-01"));
        let path = format!("/datasets/{dataset}/computations");
        assert_eq!(pointer(elena(world).post(&path, &json!({"since": "2025-01-01"}))), "#/since");
        publish(world, &computed(world, &dataset, "2024-01-01"));
        let first = told(&elena(world), &dataset);
        assert_eq!((first["030129/2024"], first["030129/2025"]), (Some(10.0), Some(0.0)));

        // Entered late, and in another place: the years that were told stay as they were.
        cases(world, 6, "030129", ("male", "1990-01-01"), "2024-03-05");
        cases(world, 7, "032006", ("male", "1990-01-01"), "2023-03-05");
        publish(world, &computed(world, &dataset, "2023-01-01"));
        let second = told(&elena(world), &dataset);
        for (key, value) in &first {
            assert_eq!(second[key], *value, "{key}");
        }
        assert_eq!((second["032006/2023"], second["032006/2024"], second["06/2023"]), (Some(7.0), Some(0.0), Some(7.0)));
    }

    fn what_was_counted_is_not_published_over_what_was_published_meanwhile(world: &World) {
        cases(world, 10, "030129", ("male", "1990-01-01"), "2024-03-05");
        cases(world, 10, "032006", ("male", "1990-01-01"), "2025-03-05");
        let dataset = described(world, "RACE", "cases_opened", "year", &[]);
        let (one, other) = (computed(world, &dataset, "2025-01-01"), computed(world, &dataset, "2024-01-01"));
        publish(world, &other);
        cases(world, 5, "030129", ("male", "1990-01-01"), "2025-03-05");
        for to in ["validated", "approved"] {
            moved(&elena(world), &one, &json!({"to": to})).expect(201);
        }
        // It lacks 2024: whoever reads the last release would find it gone.
        moved(&elena(world), &one, &json!({"to": "published"})).expect(409);
        assert_eq!(told(&elena(world), &dataset)["030129/2024"], Some(10.0));
    }

    fn a_case_is_open_until_it_is_closed_and_again_when_it_is_reopened(world: &World) {
        let ids = cases(world, 12, "030129", ("female", "2007-06-15"), "2025-01-20");
        for id in &ids[..6] {
            went(world, *id, 2, (CaseStatus::Active, CaseStatus::Closed), "moved", "2025-02-10");
            went(world, *id, 3, (CaseStatus::Closed, CaseStatus::Assessment), "new_need", "2025-04-02");
        }
        let open = described(world, "OPEN", "cases_open", "month", &["AGE"]);
        publish(world, &computed(world, &open, "2025-01-01"));
        let cells = told(&elena(world), &open);
        let of = |age: &str, month: &str| cells[&format!("06/{age}/2025-{month}")];
        assert_eq!(["01", "02", "03", "04"].map(|month| of("_T", month)), [Some(12.0), Some(6.0), Some(6.0), Some(12.0)]);
        // They come of age in June.
        assert_eq!([of("0-17", "05"), of("18-24", "05")], [Some(12.0), Some(0.0)]);
        assert_eq!([of("0-17", "06"), of("18-24", "06")], [Some(0.0), Some(12.0)]);
    }

    fn closings_are_counted_by_their_reason(world: &World) {
        let ids = cases(world, 12, "030129", ("female", "2007-06-15"), "2025-01-20");
        for id in &ids[..6] {
            went(world, *id, 2, (CaseStatus::Active, CaseStatus::Closed), "moved", "2025-02-10");
        }
        let closed = described(world, "CLOSED", "cases_closed", "quarter", &["CLOSING_REASON"]);
        publish(world, &computed(world, &closed, "2025-01-01"));
        let cells = told(&elena(world), &closed);
        assert_eq!((cells["030129/moved/2025-Q1"], cells["030129/_T/2025-Q2"]), (Some(6.0), Some(0.0)));
    }

    fn a_municipality_whose_code_changes_goes_on_under_the_one_it_was_told_under(world: &World) {
        cases(world, 10, "030129", ("male", "1990-01-01"), "2024-03-05");
        cases(world, 20, "032006", ("male", "1990-01-01"), "2024-03-05");
        let dataset = described(world, "RECODED", "cases_open", "year", &[]);
        publish(world, &computed(world, &dataset, "2025-01-01"));
        let event = json!({"kind": "code", "effective_on": "2026-02-01", "code_system": "istat", "code": "030999", "source": "ISTAT notice"});
        world.anna_system_administrator().post(&format!("/territories/{}/events", world.fixture.udine), &event).expect(201);
        publish(world, &computed(world, &dataset, "2024-01-01"));
        let cells = told(&elena(world), &dataset);
        assert_eq!((cells["030129/2024"], cells["030129/2025"], cells["06/2024"]), (Some(10.0), Some(10.0), Some(30.0)));
        assert!(!cells.keys().any(|key| key.starts_with("030999")), "{cells:?}");
    }

    fn what_cannot_be_computed_is_refused_and_changes_nothing(world: &World) {
        let elena = elena(world);
        let refused = |change: &dyn Fn(&mut Value), member: &str| {
            let mut new = new(world, "REFUSED", "cases_opened", "year", &["SEX"]);
            change(&mut new);
            assert_eq!(pointer(elena.post("/datasets", &new)), format!("#{member}"));
        };
        refused(&|new| new["suppress_below"] = json!(0), "/suppress_below");
        refused(&|new| new["suppress_below"] = json!(4), "/suppress_below");
        refused(&|new| new["measure_kind"] = json!("stock"), "/measure_kind");
        refused(&|new| new["dimensions"][2]["closed"] = json!(true), "/dimensions/2/closed");
        refused(&|new| new["dimensions"][1]["id"] = json!("RELIGION"), "/dimensions/1/id");
        // Each source is divided by what it knows.
        for (source, division) in [("cases_opened", "ENDING"), ("referrals_sent", "ENDING"), ("referrals_ended", "CLOSING_REASON")] {
            refused(&|new| {
                new["computed_from"]["source"] = json!(source);
                new["dimensions"][1]["id"] = json!(division);
            }, "/dimensions/1/id");
        }
        assert_eq!(elena.get("/datasets?code=REFUSED").expect(200).json()["items"], json!([]));

        let dataset = described(world, "BAD", "cases_opened", "year", &["SEX"]);
        let path = format!("/datasets/{dataset}");
        assert_eq!(pointer(elena.patch(&path, "*", &json!({"suppress_below": 2}))), "#/suppress_below");
        elena.put(&format!("{path}/codelists/SEX"), &json!({"codes": [{"code": "_T"}]})).expect(409);
        let mapping = json!({"encoding": "utf_8", "delimiter": ",", "header_line": 1, "columns": [
            {"column": "REF_AREA", "holds": "codes", "dimension": "REF_AREA"}, {"column": "SEX", "holds": "codes", "dimension": "SEX"},
            {"column": "TIME_PERIOD", "holds": "codes", "dimension": "TIME_PERIOD"}, {"column": "OBS_VALUE", "holds": "values"}]});
        elena.post("/data-imports", &json!({"dataset_id": dataset, "mapping": mapping})).expect(409);
        // Another one, of the organisation or one below it, could tell what this one hides; also one of referrals, of which there are
        // none where there are no cases.
        elena.post("/datasets", &new(world, "AGAIN", "cases_closed", "year", &["AGE"])).expect(409);
        elena.post("/datasets", &new(world, "REFERRED", "referrals_sent", "year", &["SERVICE_TYPE"])).expect(409);
        let mut of_udine = new(world, "BELOW", "cases_opened", "month", &[]);
        of_udine["organisation_id"] = json!(world.fixture.comune_udine);
        world.paolo_organisation_administrator().post("/datasets", &of_udine).expect(409);
        let compute = format!("{path}/computations");
        assert_eq!(pointer(elena.post(&compute, &json!({"since": "2026-01-01"}))), "#/since");
        for since in ["1899-12-31", "2025-01-01"] {
            assert_eq!(pointer(elena.post(&compute, &json!({"since": since}))), "#/since");
        }
        cases(world, 5, "030129", ("male", "1990-01-01"), "2025-03-05");
        elena.post(&compute, &json!({"since": "2025-01-01"})).expect(201);
        world.paolo_organisation_administrator().post(&compute, &json!({"since": "2024-01-01"})).expect(403);
        world.samira_help_desk_operator().post(&compute, &json!({"since": "2024-01-01"})).expect(403);
        let releases = elena.get(&format!("{path}/releases")).expect(200).json();
        assert_eq!(releases["items"].as_array().map(Vec::len), Some(1));
        let imported = described_for_imports(world, "IMPORTED");
        elena.post(&format!("/datasets/{imported}/computations"), &json!({"since": "2024-01-01"})).expect(409);
    }

    fn of_two_datasets_that_are_described_at_once_one_is_refused(world: &World) {
        let anna = world.anna_system_administrator();
        for round in 0..10 {
            let body = json!({"name": format!("Unione {round}"), "kind": "third_sector", "parent_id": world.fixture.root});
            let body = anna.post("/organisations", &body).expect(201).id();
            let member = json!({"name": format!("Membro {round}"), "kind": "third_sector", "parent_id": body});
            let member = anna.post("/organisations", &member).expect(201).id();
            let described = |keeper: &str, code: &str, source: &str| {
                let mut new = new(world, code, source, "year", &[]);
                new["organisation_id"] = json!(keeper);
                new
            };
            // Of one body, and of one and another one below it.
            let other = if round % 2 == 0 { &body } else { &member };
            let asked = [described(&body, "CASES", "cases_opened"), described(other, "REFERRALS", "referrals_sent")];
            let barrier = Barrier::new(2);
            let mut statuses = std::thread::scope(|scope| {
                let made = asked.each_ref().map(|new| {
                    scope.spawn(|| {
                        barrier.wait();
                        anna.post("/datasets", new).status
                    })
                });
                made.map(|made| made.join().expect("an answer"))
            });
            statuses.sort_unstable();
            assert_eq!(statuses, [201, 409], "round {round}");
            let kept = |keeper: &str| {
                let page = anna.get(&format!("/datasets?organisation_id={keeper}")).expect(200).json();
                page["items"].as_array().map(Vec::len).expect("datasets")
            };
            assert_eq!(kept(&body) + kept(&member), 1);
        }
    }
}
