use chrono::NaiveDate;
use proptest::prelude::*;

use super::erasure::age_band;
use super::names::words;
use super::timeline::{ChangeKind, Period, gaps, oddity, overlapping};
use super::watches::days_to_watch;
use crate::clock::of_age_on;

#[test]
fn diacritics_and_case_are_folded() {
    assert_eq!(words("Çelik ŠIMIĆ"), ["celik", "simic"]);
}

#[test]
fn combining_marks_fold_like_composed_letters() {
    assert_eq!(words("Jose\u{301}"), words("José"));
}

#[test]
fn other_scripts_are_transliterated() {
    assert_eq!(words("Олена"), ["olena"]);
    assert!(!words("محمد").is_empty());
    assert!(!words("李娜").is_empty());
}

#[test]
fn apostrophes_do_not_split_a_name() {
    assert_eq!(words("D'Angelo"), ["dangelo"]);
}

#[test]
fn a_name_without_letters_has_no_words() {
    assert!(words("— … !").is_empty());
}

fn day(number: i64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2020, 1, 1).unwrap_or_default() + chrono::TimeDelta::days(number)
}

fn any_period() -> impl Strategy<Value = Period> {
    (0_i64..60, prop::option::weighted(0.8, 1_i64..20))
        .prop_map(|(from, length)| Period { from: day(from), to: length.map(|length| day(from + length)) })
}

/// Whether a status holds on a day, said without the code under test.
fn holds(period: &Period, on: NaiveDate) -> bool {
    period.from <= on && period.to.is_none_or(|end| on < end)
}

#[derive(Debug, Clone)]
enum Command {
    Add(Period),
    Correct(prop::sample::Index, Period),
    Remove(prop::sample::Index),
}

fn any_command() -> impl Strategy<Value = Command> {
    prop_oneof![
        any_period().prop_map(Command::Add),
        (any::<prop::sample::Index>(), any_period()).prop_map(|(at, period)| Command::Correct(at, period)),
        any::<prop::sample::Index>().prop_map(Command::Remove),
    ]
}

proptest! {
    #[test]
    fn a_timeline_never_overlaps_whatever_the_order_of_commands(commands in prop::collection::vec(any_command(), 1..80)) {
        let mut timeline: Vec<Period> = Vec::new();
        for command in commands {
            match command {
                Command::Add(new) => {
                    let refused = overlapping(&timeline, new).is_some();
                    let clash = (0..100).any(|number| holds(&new, day(number)) && timeline.iter().any(|p| holds(p, day(number))));
                    prop_assert_eq!(refused, clash, "{:?} into {:?}", new, timeline);
                    if !refused {
                        timeline.push(new);
                    }
                }
                Command::Correct(at, new) if !timeline.is_empty() => {
                    let at = at.index(timeline.len());
                    let mut others = timeline.clone();
                    others.remove(at);
                    if overlapping(&others, new).is_none() {
                        timeline[at] = new;
                    }
                }
                Command::Remove(at) if !timeline.is_empty() => {
                    timeline.remove(at.index(timeline.len()));
                }
                _ => {}
            }
            for number in 0..100 {
                let holding = timeline.iter().filter(|period| holds(period, day(number))).count();
                prop_assert!(holding <= 1, "two statuses on one day: {timeline:?}");
            }
        }
    }

    #[test]
    fn gaps_are_the_days_without_a_status_on_either_side(periods in prop::collection::vec(any_period(), 0..6), new in any_period()) {
        let mut timeline: Vec<Period> = Vec::new();
        for period in periods {
            if overlapping(&timeline, period).is_none() && !period.overlaps(new) {
                timeline.push(period);
            }
        }
        let held = |on: NaiveDate| holds(&new, on) || timeline.iter().any(|period| holds(period, on));
        for (from, to) in gaps(&timeline, new) {
            prop_assert!(from < to);
            let mut on = from;
            while on < to {
                prop_assert!(!held(on), "{on} is in a gap of {timeline:?} with {new:?}");
                on += chrono::TimeDelta::days(1);
            }
            prop_assert!(held(from - chrono::TimeDelta::days(1)) && held(to), "{from} to {to} is only part of a gap");
        }
        // The day before, where something came earlier, is held or in a gap.
        let earlier = timeline.iter().any(|period| period.from < new.from);
        let left = gaps(&timeline, new).iter().any(|(_, to)| *to == new.from);
        prop_assert_eq!(left, earlier && !held(new.from - chrono::TimeDelta::days(1)));
    }
}

#[test]
fn the_usual_way_from_asylum_to_citizenship_is_not_odd() {
    use ChangeKind::{Citizenship, Conversion, First, Recognition, Renewal};
    let way = [
        (None, "asylum_applicant", First),
        (Some("asylum_applicant"), "refugee", Recognition),
        (Some("refugee"), "refugee", Renewal),
        (Some("refugee"), "long_term_resident", Conversion),
        (Some("long_term_resident"), "naturalised", Citizenship),
    ];
    for (before, category, change) in way {
        assert_eq!(oddity(before, category, change), None, "{before:?} to {category}");
    }
    for (before, category, change) in [
        (Some("refugee"), "asylum_applicant", Conversion),
        (Some("refugee"), "tcn_work", Renewal),
        (Some("naturalised"), "tcn_work", Conversion),
        (Some("eu_citizen"), "tcn_work", Conversion),
        (Some("tcn_work"), "special", ChangeKind::ComingOfAge),
        (None, "refugee", Recognition),
    ] {
        assert!(oddity(before, category, change).is_some(), "{before:?} to {category}");
    }
}

proptest! {
    #[test]
    fn somebody_is_of_age_on_the_first_day_after_eighteen_years(days in 0_i64..60_000) {
        let birth = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap_or_default() + chrono::TimeDelta::days(days);
        let of_age = of_age_on(birth).ok_or_else(|| TestCaseError::fail("no such day"))?;
        prop_assert_eq!(of_age.years_since(birth), Some(18));
        prop_assert_eq!(of_age.pred_opt().and_then(|before| before.years_since(birth)), Some(17));
    }

    #[test]
    fn of_the_distances_that_are_past_only_the_nearest_is_watched(left in -5_i64..200) {
        let (today, distances) = (day(0), [90, 60, 30]);
        let watched = days_to_watch(today + chrono::TimeDelta::days(left), &distances, today);
        let due: Vec<u64> = watched.iter().filter(|(on, _)| *on <= today).map(|(_, distance)| *distance).collect();
        let wanted = match left {
            ..=0 | 91.. => vec![],
            1..=30 => vec![30],
            31..=60 => vec![60],
            61..=90 => vec![90],
        };
        prop_assert_eq!(due, wanted);
        for (on, distance) in &watched {
            prop_assert_eq!((today + chrono::TimeDelta::days(left) - *on).num_days(), i64::try_from(*distance).unwrap_or(0));
        }
        let ahead = distances.iter().filter(|distance| left > i64::try_from(**distance).unwrap_or(0)).count();
        prop_assert_eq!(watched.iter().filter(|(on, _)| *on > today).count(), ahead);
    }
}

#[test]
fn an_age_has_one_band() {
    let on = |year| NaiveDate::from_ymd_opt(year, 6, 1).unwrap_or_default();
    let bands = [2026, 2009, 2008, 2001, 1977, 1976, 1962, 1961, 1900].map(|year| age_band(on(year), on(2026)));
    assert_eq!(bands, ["0-17", "0-17", "18-24", "25-49", "25-49", "50-64", "50-64", "65+", "65+"]);
}
