use std::collections::BTreeSet;

use chrono::NaiveDate;
use proptest::prelude::*;

use crate::access::TerritoryId;
use crate::anonymity::THRESHOLD;
use crate::app::MOUNT;
use crate::discrimination::codes::{AreaOfLife, DiscriminationGround};
use crate::discrimination::counts::{Cell, Told, Year};
use crate::discrimination::requests::first_day;
use crate::discrimination::rules::{
    DiscriminationReportOutcome as Outcome, DiscriminationReportProgress as Progress, DiscriminationReportSide as Side,
    DiscriminationReportStatus as Status, mover, refusal_of_anonymisation, refusal_of_sharing, refusal_of_taking_back,
};
use crate::http::gate::is_unaddressed;

fn guard(refusal: Option<crate::error::UnmetGuard>) -> Option<String> {
    refusal.map(|refusal| refusal.guard.into_owned())
}

/// The states that these sides can bring a report to.
fn reached(from: Status, sides: &[Side]) -> BTreeSet<Status> {
    let mut seen = BTreeSet::from([from]);
    let mut waiting = vec![from];
    while let Some(state) = waiting.pop() {
        for next in state.next(sides) {
            if seen.insert(next) {
                waiting.push(next);
            }
        }
    }
    seen
}

#[test]
fn every_state_is_reached_and_none_but_an_end_is_where_a_report_stays() {
    assert_eq!(reached(Status::Received, Side::ALL), Status::ALL.iter().copied().collect());
    for state in Status::ALL {
        assert_eq!(state.is_over(), state.next(Side::ALL).is_empty(), "{state}");
        assert!(reached(*state, Side::ALL).iter().any(|end| end.is_over()), "{state} has no end");
    }
}

#[test]
fn the_first_body_ends_a_report_by_itself_from_wherever_nobody_has_taken_it_up() {
    for state in [Status::Received, Status::Triaged, Status::Routed, Status::Returned] {
        assert!(reached(state, &[Side::First]).iter().any(|state| state.is_over()), "{state}");
    }
    assert_eq!(Status::TakenUp.next(&[Side::First]), [Status::Triaged]);
    assert!(refusal_of_taking_back(Status::TakenUp, true).is_some());
    assert!([Status::TakenUp, Status::Routed].iter().all(|from| refusal_of_taking_back(*from, false).is_none()));
}

proptest! {
    #[test]
    fn no_way_through_the_machine_breaks_what_it_promises(steps in prop::collection::vec((0..7_usize, prop::bool::ANY), 1..40)) {
        let mut now = Status::Received;
        let mut routed = false;
        for (step, first) in steps {
            let (to, side) = (Status::ALL[step], if first { Side::First } else { Side::Competent });
            let may = now.next(&[side]).contains(&to);
            prop_assert_eq!(may, mover(now, to) == Some(side));
            if !may {
                continue;
            }
            prop_assert!(!now.is_over(), "{} is for good", now);
            prop_assert!(to != Status::Received, "nothing is received twice");
            // A body that it was not routed to moves nothing.
            prop_assert!(side == Side::First || routed, "{} to {}", now, to);
            routed = match to {
                Status::Routed => true,
                Status::Triaged | Status::Returned => false,
                _ => routed,
            };
            prop_assert!(!matches!(to, Status::Routed | Status::TakenUp) || to.is_known_to_competent());
            prop_assert_eq!(to.progress() == Progress::Closed, to.is_over());
            prop_assert!(to.progress() != Progress::Received, "what was looked at is in progress");
            now = to;
        }
    }

    #[test]
    fn nothing_below_five_is_told_and_what_is_hidden_is_not_what_is_left(
        reports in prop::collection::vec((1..=12_u32, 0..12_usize, 0..4_usize, 1..9_i64), 0..30),
        ends in prop::collection::vec((0..11_usize, 1..9_i64), 0..12),
        grounds in prop::collection::vec((0..11_usize, 1..9_i64), 0..12),
    ) {
        let places = [None, Some(TerritoryId::new()), Some(TerritoryId::new()), Some(TerritoryId::new())];
        let mut year = Year::default();
        for (month, area, place, count) in reports {
            year.received(day(2025, month), AreaOfLife::ALL[area], places[place], count);
        }
        ends.iter().for_each(|(outcome, count)| year.ended(Outcome::ALL[*outcome], *count));
        grounds.iter().for_each(|(ground, count)| year.with_ground(DiscriminationGround::ALL[*ground], *count));
        let told = year.told();
        for (cell, count) in &told {
            prop_assert!(count.is_none_or(|count| count == year.count(*cell)), "{cell:?} is told wrongly");
            prop_assert!(count.is_none_or(|count| !(1..THRESHOLD).contains(&count)), "{cell:?} is {count:?}");
        }
        for whole in [Cell::Received, Cell::Ended] {
            prop_assert_eq!(told[&whole].is_none(), (1..THRESHOLD).contains(&year.count(whole)));
        }
        for (total, parts) in groups(&told) {
            let hidden: Vec<&Cell> = parts.iter().filter(|part| told[part].is_none()).collect();
            if told[&total].is_some() {
                prop_assert!(hidden.len() != 1, "{total:?} tells {hidden:?}");
                let sum: i64 = hidden.iter().map(|cell| year.count(**cell)).sum();
                prop_assert!(hidden.is_empty() || sum >= THRESHOLD, "{total:?} leaves {sum} for {hidden:?}");
            } else {
                prop_assert!(!hidden.is_empty(), "{total:?} is the sum of what is told");
            }
        }
    }
}

fn day(year: i32, month: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, 15).expect("a day")
}

/// What adds up to what among what is told.
fn groups(told: &Told) -> Vec<(Cell, Vec<Cell>)> {
    let of = |fits: &dyn Fn(&Cell) -> bool| -> Vec<Cell> { told.keys().copied().filter(|cell| fits(cell)).collect() };
    let mut groups = vec![
        (Cell::Received, of(&|cell| matches!(cell, Cell::Quarter(_)))),
        (Cell::Received, of(&|cell| matches!(cell, Cell::Area(_)))),
        (Cell::Ended, of(&|cell| matches!(cell, Cell::Outcome(_)))),
    ];
    let places = of(&|cell| matches!(cell, Cell::Place(_)));
    if !places.is_empty() {
        groups.push((Cell::Received, places));
    }
    for quarter in 1..=4 {
        groups.push((Cell::Quarter(quarter), (quarter * 3 - 2..=quarter * 3).map(Cell::Month).collect()));
    }
    groups
}

#[test]
fn a_month_that_is_hidden_is_not_what_its_quarter_leaves() {
    let mut year = Year::default();
    for (month, count) in [(1, 2), (2, 6), (3, 7), (7, 9)] {
        year.received(day(2025, month), AreaOfLife::Work, None, count);
    }
    let told = year.told();
    assert_eq!((told[&Cell::Received], told[&Cell::Month(1)]), (Some(24), None));
    // Either another month of the quarter is hidden, or the quarter with something else is.
    let others = [Cell::Month(2), Cell::Month(3), Cell::Quarter(1)];
    assert!(others.iter().any(|cell| told[cell].is_none()), "{told:?}");
}

#[test]
fn of_fewer_than_five_reports_nothing_is_told_and_of_none_that_there_were_none() {
    let mut year = Year::default();
    year.received(day(2025, 2), AreaOfLife::Housing, None, 4);
    year.with_ground(DiscriminationGround::Religion, 4);
    let told = year.told();
    assert!(
        told.iter()
            .filter(|(cell, _)| !matches!(cell, Cell::Ended | Cell::Outcome(_)))
            .all(|(_, count)| count.is_none())
    );
    assert!(Year::default().told().values().all(|count| *count == Some(0)));
}

#[test]
fn an_identity_goes_along_where_that_was_agreed_and_nowhere_else() {
    for agreed in [None, Some(false), Some(true)] {
        assert_eq!(guard(refusal_of_sharing(false, agreed)), None);
    }
    assert_eq!(guard(refusal_of_sharing(true, Some(true))), None);
    assert_eq!(guard(refusal_of_sharing(true, Some(false))).as_deref(), Some("identity_agreed"));
    assert_eq!(guard(refusal_of_sharing(true, None)).as_deref(), Some("identity_known"));
}

#[test]
fn what_has_ended_is_anonymised_once() {
    for state in Status::ALL {
        assert_eq!(refusal_of_anonymisation(*state, false).is_none(), state.is_over(), "{state}");
        assert_eq!(guard(refusal_of_anonymisation(*state, true)).as_deref(), Some("not_anonymised"));
    }
}

#[test]
fn every_outcome_is_of_one_end() {
    for outcome in Outcome::ALL {
        let ends: Vec<Status> = Status::ALL.iter().copied().filter(|to| outcome.fits(*to)).collect();
        assert_eq!(ends.len(), 1, "{outcome}: {ends:?}");
        assert!(ends[0].is_over());
    }
}

#[test]
fn a_day_or_a_month_is_read_and_nothing_else_is() {
    assert_eq!(first_day("2026-10"), NaiveDate::from_ymd_opt(2026, 10, 1));
    assert_eq!(first_day("2026-10-31"), NaiveDate::from_ymd_opt(2026, 10, 31));
    for wrong in [
        "",
        "2026",
        "2026-13",
        "2026-02-29",
        "2026-2",
        "2026-02-1",
        "26-02",
        "2026-02-01-01",
        "+026-02",
        "2026-02-",
        "２０２６-02",
    ] {
        assert_eq!(first_day(wrong), None, "{wrong}");
    }
}

#[test]
fn the_log_has_no_address_of_who_reports_without_a_login() {
    for path in [
        "/discrimination-reports/submissions",
        "/discrimination-reports/follow-ups",
        "/discrimination-reports/submissions/",
    ] {
        assert!(is_unaddressed(path) && is_unaddressed(&format!("{MOUNT}{path}")), "{path}");
    }
    for path in [
        "/discrimination-reports",
        "/discrimination-reports/statistics",
        "/cases",
        "/discrimination-reports/submissions/x",
    ] {
        assert!(!is_unaddressed(&format!("{MOUNT}{path}")), "{path}");
    }
}
