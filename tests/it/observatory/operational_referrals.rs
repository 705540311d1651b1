//! Referrals as statistics: of whoever has the case, each once, and what is of few people hidden (domain 12, 41, 42).

use std::collections::{BTreeMap, HashSet};

use approdo::aggregate::moves::ChildTransitionId;
use approdo::cases::types::CaseRow;
use approdo::directory::services::ServiceId;
use approdo::people::processing::Processing;
use approdo::people::types::{PersonId, PersonRow};
use approdo::referrals::rules::{Outcome, ReferralStatus};
use approdo::referrals::types::{ReferralId, ReferralRow, SlaTerms};
use approdo_db::schema::{child_transitions, referrals};
use approdo_db::types::RowId;
use approdo_db::{Json, Timestamp};
use chrono::{Datelike as _, Days, NaiveDate};
use diesel::prelude::*;
use serde_json::{Value, json};

use super::elena;
use super::operational::{computed, date, described, publish, told};
use crate::both;
use crate::referrals::network::{Network, moved};
use crate::support::World;
use crate::support::seed::{Dice, Seeded, case_of, person, put};

fn noon(on: NaiveDate) -> Timestamp {
    Timestamp::new(on.and_hms_opt(12, 0, 0).expect("noon").and_utc())
}

/// A person of Udine, Trieste or the region with a case.
fn someone(world: &World, area: &str, change: impl FnOnce(&mut PersonRow)) -> (PersonRow, CaseRow) {
    let (owner, territory) = match area {
        "030129" => (world.fixture.comune_udine, world.fixture.udine),
        "06" => (world.fixture.root, world.fixture.region),
        _ => (world.fixture.comune_trieste, world.fixture.trieste),
    };
    let mut person = person(owner, territory, approdo::clock::now());
    change(&mut person);
    let case = case_of(&person);
    let seeded = Seeded { case: case.clone(), tasks: Vec::new(), plans: Vec::new(), statuses: Vec::new() };
    put(world, &[(person.clone(), seeded)]);
    (person, case)
}

/// A service of the region, regular or not.
fn service(world: &World, service_type: &str, is_regular: bool) -> ServiceId {
    let new = json!({"organisation_id": world.fixture.root, "name": service_type, "service_type": service_type, "provider_kind": "external",
        "regular_structure": is_regular});
    ServiceId(world.anna_system_administrator().post("/services", &new).expect(201).id().parse().expect("an id"))
}

/// A referral from a case, past the server: as it stands, with the moves by which it came there.
fn referred(
    world: &World,
    case: &CaseRow,
    service: Option<ServiceId>,
    sent_on: Option<NaiveDate>,
    (status, outcome): (ReferralStatus, Option<Outcome>),
    moves: &[(ReferralStatus, NaiveDate)],
    part_of: Option<ReferralId>,
) -> ReferralId {
    let now = approdo::clock::now();
    let row = ReferralRow {
        id: ReferralId::new(),
        case_id: case.id,
        person_id: case.person_id,
        part_of,
        from_org_id: case.owner_org_id,
        to_org_id: service.map(|_| world.fixture.root),
        service_id: service,
        offered_service_ids: Json::of([(); 0]),
        handler_id: None,
        target_group: case.target_group.clone(),
        status,
        priority: "normal".into(),
        reason: "A course, please.".into(),
        package_fields: Json::of([(); 0]),
        legal_basis: Some("public_task".into()),
        consent_id: None,
        agreement_id: None,
        override_reason: None,
        terms: Json::of(SlaTerms::default()),
        sent_at: sent_on.map(noon),
        due_response_at: None,
        due_completion_on: None,
        close_on: None,
        scheduled_at: None,
        review_at: None,
        outcome_code: outcome,
        client_satisfaction: None,
        unconfirmed: false,
        author_id: world.fixture.callers[0].id,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let mut connection = world.connection();
    diesel::insert_into(referrals::table).values(&row).execute(&mut connection).expect("a referral");
    let mut from = ReferralStatus::Requested;
    for (version, (to, on)) in (2_i64..).zip(moves) {
        use child_transitions as t;
        diesel::insert_into(t::table)
            .values((
                (t::id.eq(ChildTransitionId::new()), t::resource.eq("referral"), t::resource_id.eq(RowId(row.id.0))),
                (t::resource_version.eq(version), t::from_status.eq(from), t::to_status.eq(*to)),
                (t::actor_id.eq(row.author_id), t::at.eq(noon(*on))),
            ))
            .execute(&mut connection)
            .expect("a move");
        from = *to;
    }
    row.id
}

/// What is to be counted.
struct Known {
    person: PersonId,
    area: &'static str,
    on: NaiveDate,
    codes: Vec<String>,
}

/// Counted one by one: how often, and of how many people, under the codes of each place and with each total.
fn by_hand(known: &[Known], years: &[i32]) -> BTreeMap<String, (usize, usize)> {
    let mut people: BTreeMap<String, (usize, HashSet<PersonId>)> = BTreeMap::new();
    for fact in known.iter().filter(|fact| years.contains(&fact.on.year())) {
        // What lies in the region and in none of its municipalities has a code of its own.
        let lowest = if fact.area == "06" { "06_U" } else { fact.area };
        for area in [lowest, "06", "IT"] {
            for mask in 0..1_usize << fact.codes.len() {
                let code =
                    |(at, code): (usize, &String)| if mask >> at & 1 == 1 { "_T".to_owned() } else { code.clone() };
                let codes: Vec<String> = fact.codes.iter().enumerate().map(code).collect();
                let counted = people.entry(format!("{area}/{}/{}", codes.join("/"), fact.on.year())).or_default();
                counted.0 += 1;
                counted.1.insert(fact.person);
            }
        }
    }
    people.into_iter().map(|(key, (count, people))| (key, (count, people.len()))).collect()
}

/// What adds up to what in a table: each total with its parts, along every dimension but time.
fn lines(cells: &BTreeMap<String, Option<f64>>) -> Vec<(String, Vec<String>)> {
    let keys: Vec<Vec<&str>> = cells.keys().map(|key| key.split('/').collect()).collect();
    let mut lines = Vec::new();
    for key in &keys {
        for at in 0..key.len() - 1 {
            let is_part = |code: &str| match (at, key[at]) {
                (0, "IT") => ["06", "IT_U"].contains(&code),
                (0, "06") => ["030129", "032006", "06_U"].contains(&code),
                (0, _) => false,
                (_, total) => total == "_T" && code != "_T",
            };
            let is_beside = |other: &[&str]| (0..key.len()).all(|place| place == at || other[place] == key[place]);
            let parts: Vec<String> = keys
                .iter()
                .filter(|other| is_part(other[at]) && is_beside(other))
                .map(|other| other.join("/"))
                .collect();
            if !parts.is_empty() {
                lines.push((key.join("/"), parts));
            }
        }
    }
    lines
}

/// Attacks what is published: nothing may be left of a total by its parts that are shown, but what is not small; and where all of them are shown
/// they are the whole, so that nothing is left at all.
pub fn leaves_nothing_small(cells: &BTreeMap<String, Option<f64>>) {
    let (lines, mut attacked) = (lines(cells), 0);
    for (total, parts) in &lines {
        let hidden = parts.iter().filter(|part| cells[*part].is_none()).count();
        let shown: f64 = parts.iter().filter_map(|part| cells[part]).sum();
        match cells[total] {
            Some(whole) if hidden == 0 => assert_eq!(whole, shown, "{total} is more than its parts"),
            Some(whole) => {
                assert!(whole - shown >= 5.0, "{total}: {whole} leaves {} to {hidden} hidden", whole - shown)
            }
            None => assert!(hidden > 0, "{total} is hidden, and told by its parts"),
        }
        attacked += usize::from(hidden > 0);
    }
    assert!(attacked > 0, "nothing is hidden in {} lines", lines.len());
}

/// Holds what is published to a count by hand: what is shown is right, and nothing is shown of fewer than five, nor follows from the rest.
fn holds_to(cells: &BTreeMap<String, Option<f64>>, known: &[Known], years: &[i32]) {
    let hand = by_hand(known, years);
    for (key, (count, people)) in &hand {
        if let Some(value) = cells.get(key).unwrap_or_else(|| panic!("{key} is not told")) {
            assert_eq!(*value, f64::from(u32::try_from(*count).expect("few")), "{key}");
            assert!(*people >= 5, "{key}: {count} of {people} people are shown");
        }
    }
    for (key, value) in cells.iter().filter(|(key, _)| !hand.contains_key(*key)) {
        assert!(value.is_none_or(|value| value == 0.0), "{key}: {value:?}");
    }
    leaves_nothing_small(cells);
    let of_few = hand.iter().filter(|(_, (count, people))| *count >= 5 && *people < 5).count();
    let shown = hand.keys().filter(|key| cells[*key].is_some()).count();
    assert!(of_few > 0 && shown > 5, "{of_few} of few, {shown} shown of {}", hand.len());
    println!("{} cells, {} counted, {of_few} of few people, {shown} shown", cells.len(), hand.len());
}

/// A way in which a referral goes: the state it is in, the outcome, the states it came by, and the ending that counts.
type Way = (ReferralStatus, Option<Outcome>, &'static [ReferralStatus], Option<&'static str>);

const WAYS: [Way; 11] = {
    use ReferralStatus as S;
    [
        (S::InProgress, None, &[S::Received, S::InProgress], None),
        (S::Completed, Some(Outcome::Enrolled), &[S::Received, S::Completed], Some("completed")),
        (S::Closed, Some(Outcome::ServiceDelivered), &[S::Completed, S::Closed], Some("completed")),
        // Withdrawn after it was done: it was done.
        (S::ConsentRevoked, Some(Outcome::Enrolled), &[S::Completed, S::ConsentRevoked], Some("completed")),
        (S::Closed, Some(Outcome::Unreachable), &[S::NotCompleted, S::Closed], Some("not_completed_client_side")),
        (S::NotCompleted, Some(Outcome::Capacity), &[S::NotCompleted], Some("not_completed_provider_side")),
        (S::Declined, Some(Outcome::ClientRefused), &[S::Received, S::Declined], Some("declined_client_side")),
        (S::Declined, Some(Outcome::Capacity), &[S::Declined], Some("declined_provider_side")),
        (S::Expired, None, &[S::Expired], Some("expired")),
        (S::Cancelled, None, &[S::Received, S::Cancelled], Some("cancelled")),
        (S::ConsentRevoked, None, &[S::ConsentRevoked], Some("consent_revoked")),
    ]
};

/// What counts of invented referrals of two years and the time around them: those sent, and those that ended.
fn invented(world: &World) -> (Vec<Known>, Vec<Known>) {
    let mut dice = Dice::new(41);
    let (course, housing) = (service(world, "language_course", true), service(world, "housing", false));
    let (mut sent, mut ended) = (Vec::new(), Vec::new());
    for number in 0..120_u64 {
        let area = match number {
            _ if number % 3 == 0 => "030129",
            4 | 55 => "06",
            _ => "032006",
        };
        let sex = dice.pick(&["female", "female", "male"]);
        let is_restricted = number % 10 == 9;
        let (_, case) = someone(world, area, |person| {
            person.sex = Some(sex.into());
            if is_restricted {
                person.processing = Processing::Restricted;
            }
        });
        // One of Udine's is referred again and again.
        let times = if number == 0 { 14 } else { dice.throw(4) };
        for _ in 0..times {
            let (took, sent_on) = (dice.throw(8), date("2023-11-01") + Days::new(dice.throw(900)));
            let (status, outcome, states, ending) = WAYS[usize::try_from(dice.throw(11)).expect("a way")];
            let is_told_by_a_service = ending.is_some_and(|ending| ending.contains("completed"));
            let (service, service_type, structure) = match (number, took) {
                (0, _) | (_, 0..=2) => (Some(housing), "housing", "other"),
                (_, 7) if !is_told_by_a_service => (None, "_U", "_U"),
                _ => (Some(course), "language_course", "regular"),
            };
            let days: Vec<NaiveDate> = (0_u64..).zip(states).map(|(at, _)| sent_on + Days::new(20 + 40 * at)).collect();
            let moves: Vec<_> = states.iter().copied().zip(days.iter().copied()).collect();
            let id = referred(world, &case, service, Some(sent_on), (status, outcome), &moves, None);
            // What is handed on is part of the same.
            if dice.throw(6) == 0 {
                referred(world, &case, Some(course), Some(sent_on), (status, outcome), &moves, Some(id));
            }
            if is_restricted {
                continue;
            }
            let known = |on: NaiveDate, codes: [&str; 2]| Known {
                person: case.person_id,
                area,
                on,
                codes: codes.map(str::to_owned).to_vec(),
            };
            sent.push(known(sent_on, [sex, structure]));
            if let Some(ending) = ending {
                let at = states.iter().position(|state| !matches!(state, ReferralStatus::Received)).expect("an ending");
                ended.push(known(days[at], [service_type, ending]));
            }
        }
        // Neither drafts, though taken back, nor what should never have been.
        let day = date("2024-06-01");
        referred(
            world,
            &case,
            None,
            None,
            (ReferralStatus::Cancelled, None),
            &[(ReferralStatus::Cancelled, day)],
            None,
        );
        let wrong = [(ReferralStatus::Completed, day), (ReferralStatus::EnteredInError, day)];
        referred(
            world,
            &case,
            Some(course),
            Some(day),
            (ReferralStatus::EnteredInError, Some(Outcome::Enrolled)),
            &wrong,
            None,
        );
    }
    (sent, ended)
}

both! {
    fn referrals_are_counted_by_the_day_they_were_sent_on(world: &World) {
        let (sent, _) = invented(world);
        let dataset = described(world, "SENT", "referrals_sent", "year", &["SEX", "STRUCTURE"]);
        publish(world, &computed(world, &dataset, "2024-01-01"));
        let cells = told(&world.samira_help_desk_operator(), &dataset);
        holds_to(&cells, &sent, &[2024, 2025]);
        let hand = by_hand(&sent, &[2024, 2025]);
        assert_eq!(cells["IT/_T/_T/2024"], Some(f64::from(u32::try_from(hand["IT/_T/_T/2024"].0).unwrap())));

        // The share that landed in regular structures (row K2), as by hand.
        let filters = |structure: &str| json!([{"dimension": "SEX", "codes": ["_T"]}, {"dimension": "STRUCTURE", "codes": [structure]}]);
        let indicator = json!({"organisation_id": world.fixture.root, "code": "REGULAR", "name": "Referrals to regular structures", "unit": "%",
            "factor": 100, "numerator": {"dataset_id": dataset, "filters": filters("regular")},
            "denominator": {"dataset_id": dataset, "filters": filters("_T")}, "method": "Referrals to regular structures among all."});
        let indicator = elena(world).post("/indicators", &indicator).expect(201).id();
        let is_told = |(area, year): &(&str, i32)| ["regular", "_T"].iter().all(|code| cells[&format!("{area}/_T/{code}/{year}")].is_some());
        let places = ["IT", "06", "032006", "030129"].into_iter().flat_map(|area| [(area, 2024), (area, 2025)]);
        let (area, year) = places.into_iter().find(is_told).expect("both are told somewhere");
        let path = format!("/indicators/{indicator}/values?codes={area}&from={year}&to={year}");
        let values = elena(world).get(&path).expect(200).json();
        let of = |code: &str| hand[&format!("{area}/_T/{code}/{year}")].0;
        let (regular, all) = (of("regular"), of("_T"));
        let share = values["items"][0]["value"].as_f64().expect("a share");
        assert!((share - regular as f64 / all as f64 * 100.0).abs() < 1e-9, "{values}");
    }

    fn referrals_are_counted_once_by_how_they_ended_first(world: &World) {
        let (_, ended) = invented(world);
        let dataset = described(world, "ENDED", "referrals_ended", "year", &["SERVICE_TYPE", "ENDING"]);
        let release = computed(world, &dataset, "2024-01-01");
        // Nobody reads it before it is published, who computed it neither.
        elena(world).get(&format!("/datasets/{dataset}/observations?release_id={release}")).expect(403);
        publish(world, &release);
        let cells = told(&world.samira_help_desk_operator(), &dataset);
        holds_to(&cells, &ended, &[2024, 2025]);
        let hand = by_hand(&ended, &[2024, 2025]);
        for year in [2024, 2025] {
            let key = format!("IT/_T/_T/{year}");
            assert_eq!(cells[&key], Some(f64::from(u32::try_from(hand[&key].0).unwrap())));
        }
    }

    fn what_no_referral_can_be_hides_none_that_was(world: &World) {
        let day = date("2024-03-05");
        let (course, housing) = (service(world, "language_course", true), service(world, "housing", false));
        for (service, times) in [(None, 3), (Some(housing), 20), (Some(course), 30)] {
            for _ in 0..times {
                let (_, case) = someone(world, "032006", |_| {});
                referred(world, &case, service, Some(day), (ReferralStatus::Requested, None), &[], None);
            }
        }
        let dataset = described(world, "NOUGHTS", "referrals_sent", "year", &["SERVICE_TYPE", "STRUCTURE"]);
        publish(world, &computed(world, &dataset, "2024-01-01"));
        let cells = told(&world.samira_help_desk_operator(), &dataset);
        leaves_nothing_small(&cells);
        // Who took it is known of both or of none: everybody knows these, and whatever was hidden behind them would be told.
        for codes in ["_U/regular", "_U/other", "housing/_U", "language_course/_U"] {
            assert_eq!(cells[&format!("032006/{codes}/2024")], Some(0.0), "{codes}");
        }
        for codes in ["_U/_U", "_U/_T", "_T/_U"] {
            assert_eq!(cells[&format!("032006/{codes}/2024")], None, "{codes}");
        }
    }

    fn of_a_person_who_was_referred_often_nothing_is_shown(world: &World) {
        let course = service(world, "language_course", true);
        let day = date("2024-03-05");
        let sends = |case: &CaseRow, times: usize| {
            for _ in 0..times {
                referred(world, case, Some(course), Some(day), (ReferralStatus::Requested, None), &[], None);
            }
        };
        sends(&someone(world, "030129", |_| {}).1, 12);
        for _ in 0..30 {
            sends(&someone(world, "032006", |_| {}).1, 1);
        }
        let dataset = described(world, "OFTEN", "referrals_sent", "year", &[]);
        publish(world, &computed(world, &dataset, "2024-01-01"));
        let cells = told(&elena(world), &dataset);
        assert_eq!((cells["06/2024"], cells["030129/2024"], cells["032006/2024"]), (Some(42.0), None, None));
        assert_eq!((cells["06/2025"], cells["030129/2025"]), (Some(0.0), Some(0.0)));
    }
}

both! {
    in_a_sandbox:
    fn what_bodies_tell_each_other_is_what_is_counted(world: &World) {
        let network = Network::new(world);
        network.agree(&network.school, &json!({}));
        let maria = &network.maria;
        let to_the_end = ["received", "accepted", "scheduled", "in_progress"];
        let sends = |states: &[&str], last: Value| {
            let case = world.case_in_udine();
            let new = json!({"case_id": case, "service_ids": [network.school.service], "reason": "A course.", "legal_basis": "public_task"});
            let id = maria.post("/referrals", &new).expect(201).id();
            moved(maria, &id, &json!({"to": "requested"})).expect(201);
            for state in states {
                network.school.moves(&id, state).expect(201);
            }
            moved(&network.school.worker, &id, &last).expect(201);
            id
        };
        let completed: Vec<String> =
            (0..6).map(|_| sends(&to_the_end, json!({"to": "completed", "outcome_code": "enrolled"}))).collect();
        moved(maria, &completed[0], &json!({"to": "closed"})).expect(201);
        for _ in 0..5 {
            sends(&["received"], json!({"to": "declined", "outcome_code": "capacity"}));
        }
        for _ in 0..5 {
            sends(&to_the_end[..3], json!({"to": "in_progress"}));
        }
        let statistics = maria.get("/referrals/statistics?box=outbox").expect(200).json()["items"][0].clone();
        assert_eq!((&statistics["sent"], &statistics["under_way"]), (&json!(16), &json!(5)));
        let today = approdo::clock::date_of(approdo::clock::now());
        let year = today.year();
        let dataset = described(world, "ENDED", "referrals_ended", "year", &["ENDING"]);
        let path = format!("/datasets/{dataset}/computations");
        elena(world).post(&path, &json!({"since": format!("{year}-01-01")})).expect(422);
        world.anna_system_administrator().put("/sandbox/clock", &json!({"now": format!("{}-01-02T08:00:00Z", year + 1)})).expect(200);
        publish(world, &computed(world, &dataset, &format!("{year}-01-01")));
        let cells = told(&elena(world), &dataset);
        for ending in ["completed", "declined_provider_side"] {
            assert_eq!(cells[&format!("030129/{ending}/{year}")], statistics[ending].as_f64(), "{ending}");
        }
        assert_eq!(cells[&format!("06/_T/{year}")], Some(11.0));
    }
}
