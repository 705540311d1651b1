use std::collections::BTreeMap;

use chrono::NaiveDate;
use proptest::prelude::*;
use uuid::Uuid;

use super::{Cell, Counter, Fact, FactCode, Key, Span, with_totals, with_zeros};
use crate::access::TerritoryId;
use crate::observatory::operational::{CountedPeriod, OperationalSource, TOTAL};

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

fn codes(spans: &[Span]) -> Vec<&str> {
    spans.iter().map(|span| span.code.as_str()).collect()
}

#[test]
fn periods_are_those_that_begin_in_time_and_are_over() {
    let quarters = CountedPeriod::Quarter.spans(day(2025, 2, 1), day(2026, 1, 1), 600);
    assert_eq!(codes(&quarters), ["2025-Q2", "2025-Q3", "2025-Q4"]);
    assert_eq!(codes(&CountedPeriod::Year.spans(day(2024, 1, 1), day(2025, 12, 31), 600)), ["2024"]);
    assert_eq!(codes(&CountedPeriod::Month.spans(day(2025, 11, 1), day(2026, 1, 31), 600)), ["2025-11", "2025-12"]);
    assert_eq!(CountedPeriod::Month.spans(day(1900, 1, 1), day(2026, 1, 1), 7).len(), 7);
    assert!(CountedPeriod::Year.spans(day(9999, 1, 1), day(2026, 1, 1), 7).is_empty());
}

#[test]
fn an_age_is_that_of_the_day_that_is_counted() {
    let mut counter = Counter::new(CountedPeriod::Year.spans(day(2024, 1, 1), day(2026, 1, 1), 9), true, 5, 9);
    let codes = vec![FactCode::AgeOf(day(2007, 6, 1))];
    let territory = TerritoryId::new();
    counter.take(&Fact { person: Uuid::now_v7(), territory, from: day(2020, 1, 1), until: None, codes });
    let cells = counter.told(|_, _| vec!["A".to_owned()]).unwrap();
    let bands: Vec<(&str, &str)> = cells
        .keys()
        .filter(|key| key.codes != [TOTAL])
        .map(|key| (key.period.as_str(), key.codes[0].as_str()))
        .collect();
    assert_eq!(bands, [("2024", "0-17"), ("2025", "18-24")]);
}

#[test]
fn what_is_of_few_people_is_confidential_however_often_it_was_counted() {
    let territory = TerritoryId::new();
    let people: Vec<Uuid> = (0..3).map(|_| Uuid::now_v7()).collect();
    let mut counter = Counter::new(CountedPeriod::Year.spans(day(2024, 1, 1), day(2025, 1, 1), 9), false, 3, 9);
    for (at, code) in [(0, "x"), (0, "x"), (1, "x"), (2, "y"), (0, "y")] {
        let codes = vec![FactCode::Known(code.to_owned())];
        counter.take(&Fact { person: people[at], territory, from: day(2024, 5, 1), until: None, codes });
    }
    let cells = counter.told(|_, _| vec!["A".to_owned()]).unwrap();
    let told: Vec<_> =
        cells.iter().map(|(key, cell)| (key.codes[0].as_str(), cell.value, cell.conf_status.as_deref())).collect();
    // Three of two people; two, which is little enough to be hidden anyhow; five of three people.
    assert_eq!(told, [(TOTAL, Some(5.0), None), ("x", Some(3.0), Some("C")), ("y", Some(2.0), None)]);
}

#[test]
fn counting_stops_where_more_numbers_would_come_of_it_than_may() {
    let count = |facts: u32, most: usize| {
        let mut counter = Counter::new(CountedPeriod::Year.spans(day(2024, 1, 1), day(2025, 1, 1), 9), false, 5, most);
        for code in 0..facts {
            let codes = vec![FactCode::Known(code.to_string())];
            let (person, territory) = (Uuid::now_v7(), TerritoryId::new());
            counter.take(&Fact { person, territory, from: day(2024, 5, 1), until: None, codes });
        }
        let kept = counter.counts.len();
        (kept, counter.told(|_, _| vec!["A".to_owned(), "B".to_owned()]).map(|cells| cells.len()))
    };
    // Each code and the total, at two places.
    assert_eq!(count(4, 10), (4, Some(10)));
    assert_eq!(count(4, 9), (4, None));
    assert_eq!(count(1_000, 9), (10, None));
}

#[test]
fn what_no_referral_can_be_is_told_from_what_none_was() {
    let source = OperationalSource::ReferralsEnded;
    let is_impossible = |service: &str, structure: &str, ending: &str| {
        source.is_impossible(&[("SERVICE_TYPE", service), ("STRUCTURE", structure), ("ENDING", ending), ("SEX", "_U")])
    };
    for codes in
        [("_U", "regular", "_T"), ("housing", "_U", "_T"), ("_U", "_T", "completed"), ("_T", "_U", "completed")]
    {
        assert!(is_impossible(codes.0, codes.1, codes.2), "{codes:?}");
    }
    for codes in [
        ("_U", "_U", "expired"),
        ("_U", "_T", "_T"),
        ("_T", "_U", "declined_client_side"),
        ("housing", "other", "completed"),
    ] {
        assert!(!is_impossible(codes.0, codes.1, codes.2), "{codes:?}");
    }
    assert!(!OperationalSource::CasesOpened.is_impossible(&[("SEX", "_U"), ("AGE", "0-17")]));
}

#[test]
fn every_combination_of_codes_and_totals_is_told_once() {
    let made = with_totals(&["a".to_owned(), "b".to_owned()]);
    assert_eq!(made, [["a", "b"], ["a", "_T"], ["_T", "b"], ["_T", "_T"]]);
}

#[test]
fn where_nothing_was_counted_a_zero_is_told_and_what_was_told_stays() {
    let key = |period: &str, area: &str, code: &str| Key {
        period: period.into(),
        area: area.into(),
        codes: vec![code.into()],
    };
    let hidden = Cell { value: None, obs_status: Some("Q".into()), conf_status: Some("C".into()) };
    let cells = BTreeMap::from([(key("2024", "A", "x"), hidden.clone())]);
    let whole = with_zeros(cells.clone(), &["2025".to_owned()], |_, _| false, 4).unwrap();
    assert_eq!(whole.len(), 4);
    assert_eq!(whole[&key("2024", "A", "x")], hidden);
    assert_eq!(whole[&key("2025", "A", "x")].value, Some(0.0));
    assert_eq!(whole[&key("2025", "A", TOTAL)].value, Some(0.0));
    assert!(with_zeros(cells.clone(), &["2025".to_owned()], |_, _| false, 3).is_none());
    // What is left open is not told.
    let open = with_zeros(cells, &["2025".to_owned()], |period, area| (period, area) == ("2025", "A"), 4).unwrap();
    assert_eq!(open.len(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Against a plain count, one period and one fact after another.
    #[test]
    fn counts_equal_a_count_by_hand(
        facts in prop::collection::vec((0_usize..3, 0_i64..1200, prop::option::of(0_i64..800), 0_usize..3, 0_usize..9), 0..60),
        enough in 1_usize..7,
        is_stock: bool,
        period in prop::sample::select(vec![CountedPeriod::Year, CountedPeriod::Quarter, CountedPeriod::Month]),
    ) {
        let spans = period.spans(day(2023, 1, 1), day(2026, 1, 1), 600);
        let places = [TerritoryId::new(), TerritoryId::new(), TerritoryId::new()];
        let called = |id: TerritoryId| places.iter().position(|known| *known == id).unwrap().to_string();
        let people: Vec<Uuid> = (0..9).map(|_| Uuid::now_v7()).collect();
        let begin = day(2022, 9, 1);
        let facts: Vec<Fact> = facts.into_iter().map(|(place, from, length, code, person)| {
            let from = begin + chrono::Days::new(u64::try_from(from).unwrap());
            let until = length.map(|length| from + chrono::Days::new(u64::try_from(length).unwrap()));
            let code = FactCode::of(["x", "y"].get(code).map(|code| (*code).to_owned()));
            Fact { person: people[person], territory: places[place], from, until: until.filter(|_| is_stock), codes: vec![code] }
        }).collect();
        let mut counter = Counter::new(spans.clone(), is_stock, enough, 9_000);
        facts.iter().for_each(|fact| counter.take(fact));
        let cells = counter.told(|id, _| vec![called(id), "all".to_owned()]).unwrap();
        let mut sum = 0.0;
        for span in &spans {
            for area in ["0", "1", "2", "all"] {
                for code in ["x", "y", "_U", TOTAL] {
                    let counted: Vec<&Fact> = facts.iter().filter(|fact| {
                        let holds = if is_stock {
                            fact.from < span.after && fact.until.is_none_or(|until| until >= span.after)
                        } else {
                            (span.first..span.after).contains(&fact.from)
                        };
                        let its = match &fact.codes[0] { FactCode::Known(code) => code.as_str(), _ => "_U" };
                        holds && (area == "all" || called(fact.territory) == area) && (code == TOTAL || its == code)
                    }).collect();
                    let key = Key { period: span.code.clone(), area: area.to_owned(), codes: vec![code.to_owned()] };
                    let told = cells.get(&key).and_then(|cell| cell.value).unwrap_or(0.0);
                    prop_assert_eq!(told, f64::from(u32::try_from(counted.len()).unwrap()));
                    let about: std::collections::HashSet<Uuid> = counted.iter().map(|fact| fact.person).collect();
                    let is_of_few = about.len() < enough && counted.len() >= enough;
                    let marked = cells.get(&key).is_some_and(|cell| cell.conf_status.as_deref() == Some("C"));
                    prop_assert_eq!(marked, is_of_few);
                    sum += told;
                }
            }
        }
        prop_assert_eq!(sum, cells.values().filter_map(|cell| cell.value).sum::<f64>());
    }
}
