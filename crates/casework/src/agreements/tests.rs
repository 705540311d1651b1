use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use proptest::prelude::*;

use crate::access::{OrganisationId, TerritoryId};
use crate::agreements::rules::{AgreementStatus, Terms, Wish, covers};
use crate::agreements::types::{AgreementId, Party};
use crate::agreements::working_time::{DayOfWeek, Pause, WorkingTime};
use crate::consents::data_categories::DataCategory;
use crate::directory::services::ServiceId;

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

#[test]
fn forty_eight_hours_asked_on_friday_noon_end_on_tuesday_noon() {
    let rome = WorkingTime::default();
    let due = rome.deadline(instant("2026-11-20T11:00:00Z"), 48, &[]);
    assert_eq!(due, Some(instant("2026-11-24T11:00:00Z")));
}

#[test]
fn a_day_on_which_clocks_change_has_twenty_three_or_twenty_five_hours() {
    let open = WorkingTime { closed_weekdays: Vec::new(), ..WorkingTime::default() };
    // 29 March 2026, 00:00 in Rome, is 23:00 UTC the day before; it is 2 o'clock there for no moment.
    assert_eq!(open.deadline(instant("2026-03-28T23:00:00Z"), 23, &[]), Some(instant("2026-03-29T22:00:00Z")));
    let sunday_closed = WorkingTime::default();
    let (friday_evening, hours) = (instant("2026-10-23T20:00:00Z"), 3);
    // Two hours are left of Friday; Monday begins an hour later in UTC than Friday did, because of Sunday's twenty-five.
    assert_eq!(sunday_closed.deadline(friday_evening, hours, &[]), Some(instant("2026-10-26T00:00:00Z")));
}

#[test]
fn the_clock_stands_still_while_something_is_asked_back() {
    let open = WorkingTime { closed_weekdays: Vec::new(), ..WorkingTime::default() };
    let (start, asked, answered) =
        (instant("2026-11-02T08:00:00Z"), instant("2026-11-02T10:00:00Z"), instant("2026-11-03T10:00:00Z"));
    assert_eq!(open.deadline(start, 4, &[(asked, None)]), None);
    assert_eq!(open.deadline(start, 4, &[(asked, Some(answered))]), Some(instant("2026-11-03T12:00:00Z")));
    assert_eq!(open.deadline(start, 2, &[(asked, None)]), Some(asked), "what was due before the question stays due");
}

/// Half an hour after half an hour, as somebody with a stop-watch would count.
fn counted(time: &WorkingTime, start: DateTime<Utc>, hours: i64, pauses: &[Pause]) -> Option<DateTime<Utc>> {
    let (mut now, mut left) = (start, hours * 2);
    let stands =
        |now: DateTime<Utc>| pauses.iter().any(|(since, until)| *since <= now && until.is_none_or(|until| now < until));
    for _ in 0..(2 * 24 * 400) {
        if time.is_open(now.with_timezone(&time.zone()).date_naive()) && !stands(now) {
            left -= 1;
        }
        now += TimeDelta::minutes(30);
        if left == 0 {
            return Some(now);
        }
    }
    None
}

fn any_time() -> impl Strategy<Value = WorkingTime> {
    let zone = prop::sample::select(vec![
        "Europe/Rome",
        "Europe/Berlin",
        "UTC",
        "Europe/Lisbon",
        "Australia/Lord_Howe",
        "America/Havana",
    ]);
    let weekdays = prop::sample::subsequence(DayOfWeek::ALL.to_vec(), 0..=4);
    let days = prop::collection::vec(0_u64..60, 0..8);
    (zone, weekdays, days).prop_map(|(zone, closed_weekdays, days)| WorkingTime {
        time_zone: zone.into(),
        closed_weekdays,
        closed_days: days.into_iter().map(|ahead| day("2026-03-10") + Days::new(ahead)).collect(),
    })
}

/// Around both changes of clocks, on the half hour.
fn any_start() -> impl Strategy<Value = DateTime<Utc>> {
    let begin = prop::sample::select(vec!["2026-03-20T00:00:00Z", "2026-10-18T00:00:00Z"]);
    (begin, 0_i64..(2 * 24 * 16)).prop_map(|(begin, halves)| instant(begin) + TimeDelta::minutes(30 * halves))
}

fn any_pauses() -> impl Strategy<Value = Vec<(i64, Option<i64>)>> {
    prop::collection::vec((0_i64..400, prop::option::weighted(0.9, 0_i64..200)), 0..5)
}

proptest! {
    #[test]
    fn a_deadline_is_what_a_stop_watch_counts(time in any_time(), start in any_start(), hours in 1_i64..100, pauses in any_pauses()) {
        let at = |halves: i64| start + TimeDelta::minutes(30 * halves);
        let pauses: Vec<Pause> = pauses.into_iter().map(|(since, length)| (at(since), length.map(|length| at(since + length)))).collect();
        prop_assert_eq!(time.deadline(start, hours, &pauses), counted(&time, start, hours, &pauses));
    }
}

fn agreed(from: OrganisationId, to: OrganisationId) -> Terms {
    let party =
        |organisation_id, may_send, may_receive| Party { organisation_id, may_send, may_receive, signed_on: None };
    Terms {
        id: AgreementId::new(),
        status: AgreementStatus::Signed,
        valid_from: day("2026-01-01"),
        valid_to: Some(day("2027-01-01")),
        parties: vec![party(from, true, false), party(to, false, true)],
        service_ids: Vec::new(),
        territory_ids: Vec::new(),
        target_groups: Vec::new(),
        data_categories: vec![DataCategory::Identity, DataCategory::Contact],
    }
}

fn wish(from: OrganisationId, to: OrganisationId) -> Wish {
    Wish {
        from: vec![from],
        to: vec![to],
        service: ServiceId::new(),
        territory: vec![TerritoryId::new()],
        target_group: "refugee".into(),
        data_categories: vec![DataCategory::Identity],
        day: day("2026-06-01"),
    }
}

fn lacks(terms: &Terms, wish: &Wish) -> Vec<String> {
    let guards = covers(std::slice::from_ref(terms), wish).err().unwrap_or_default();
    guards.into_iter().map(|guard| guard.guard.into_owned()).collect()
}

#[test]
fn an_agreement_says_what_of_a_wish_it_does_not_cover() {
    let (from, to) = (OrganisationId::new(), OrganisationId::new());
    let (terms, asked) = (agreed(from, to), wish(from, to));
    assert_eq!(covers(std::slice::from_ref(&terms), &asked).ok(), Some(terms.id));
    let health = Wish { data_categories: vec![DataCategory::Health], ..asked.clone() };
    assert_eq!(lacks(&terms, &health), ["agreement_data_categories"]);
    let elsewhere =
        Terms { territory_ids: vec![TerritoryId::new()], service_ids: vec![ServiceId::new()], ..terms.clone() };
    assert_eq!(lacks(&elsewhere, &asked), ["agreement_service", "agreement_territory"]);
    assert_eq!(
        lacks(&Terms { target_groups: vec!["student".into()], ..terms.clone() }, &asked),
        ["agreement_target_group"]
    );
}

#[test]
fn nobody_is_referred_under_an_agreement_that_is_not_in_force_or_the_wrong_way_round() {
    let (from, to) = (OrganisationId::new(), OrganisationId::new());
    let (terms, asked) = (agreed(from, to), wish(from, to));
    for status in [AgreementStatus::Draft, AgreementStatus::Suspended, AgreementStatus::Ended] {
        assert_eq!(lacks(&Terms { status, ..terms.clone() }, &asked), ["agreement"]);
    }
    assert_eq!(lacks(&terms, &Wish { day: day("2027-01-01"), ..asked.clone() }), ["agreement"]);
    assert_eq!(lacks(&terms, &Wish { day: day("2025-12-31"), ..asked.clone() }), ["agreement"]);
    assert_eq!(lacks(&terms, &wish(to, from)), ["agreement"]);
    assert_eq!(lacks(&terms, &wish(from, from)), ["agreement"]);
}

#[test]
fn agreements_overlap_where_they_answer_the_same_question() {
    let (from, to) = (OrganisationId::new(), OrganisationId::new());
    let terms = agreed(from, to);
    assert!(terms.overlaps(&agreed(from, to)));
    assert!(!terms.overlaps(&agreed(to, from)));
    assert!(!terms.overlaps(&Terms { valid_from: day("2027-01-01"), valid_to: None, ..terms.clone() }));
    let (one, other) = (ServiceId::new(), ServiceId::new());
    let on = |service| Terms { service_ids: vec![service], ..terms.clone() };
    assert!(on(one).overlaps(&terms) && !on(one).overlaps(&on(other)));
}
