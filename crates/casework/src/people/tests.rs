use chrono::NaiveDate;
use proptest::prelude::*;

use super::kinship::{closes_circle, guardianship, guardianship_end, guardianship_end_anew, parentage};
use super::timeline::{ChangeKind, gaps, oddity};
use super::watches::days_to_watch;
use crate::anonymity::age_band;
use crate::clock::of_age_on;
use crate::names::words;
use crate::periods::{Period, overlapping};

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

/// Dates of birth, not always known, leap days often among them.
fn any_birth() -> impl Strategy<Value = Option<NaiveDate>> {
    let leap_day = (476_i32..506).prop_map(|fourth| NaiveDate::from_ymd_opt(fourth * 4, 2, 29).unwrap_or_default());
    prop::option::weighted(0.8, prop_oneof![3 => any_end(), 2 => leap_day])
}

fn any_end() -> impl Strategy<Value = NaiveDate> {
    (0_i64..45_000)
        .prop_map(|days| NaiveDate::from_ymd_opt(1900, 1, 1).unwrap_or_default() + chrono::TimeDelta::days(days))
}

#[test]
fn who_was_born_on_a_leap_day_has_a_guardian_up_to_the_first_of_march() {
    let date = |year, month, day| NaiveDate::from_ymd_opt(year, month, day);
    assert_eq!(guardianship_end(None, date(2008, 2, 29)), date(2026, 3, 1));
    assert_eq!(guardianship_end_anew(date(2026, 3, 1), date(2008, 2, 29), date(2008, 2, 28)), date(2026, 2, 28));
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
    fn no_guardianship_outlasts_the_minority_and_an_earlier_end_is_kept(birth in any_birth(), given in prop::option::of(any_end())) {
        let end = guardianship_end(given, birth);
        match (given, birth) {
            (given, None) => prop_assert_eq!(end, given),
            (given, Some(birth)) => {
                let end = end.ok_or_else(|| TestCaseError::fail("it ends"))?;
                // Said without the code under test: a minor still is of age on no day before the end.
                let last = end.pred_opt().unwrap_or_default();
                prop_assert!(last < birth || last.years_since(birth).is_some_and(|years| years < 18), "{birth} {end}");
                let whole = end.years_since(birth) == Some(18);
                prop_assert!(whole || Some(end) == given, "{birth} {end}");
                prop_assert!(given.is_none_or(|given| end <= given));
            }
        }
    }

    #[test]
    fn a_guardianship_follows_the_date_of_birth_wherever_it_is_rectified_to(
        given in prop::option::of(any_end()), births in prop::collection::vec(any_birth(), 1..12),
    ) {
        let mut former = None;
        let mut end = guardianship_end(given, former);
        // What the court gave, until a birthday cut it short; an end on the birthday itself is taken for the birthday's.
        let mut own = given;
        for birth in births {
            end = guardianship_end_anew(end, former, birth);
            let is = birth.and_then(of_age_on);
            own = own.filter(|own| is.is_none_or(|is| *own < is));
            prop_assert_eq!(end, own.or(is), "{:?} after {:?}", birth, former);
            prop_assert_eq!(guardianship_end_anew(end, birth, birth), end, "what is in order stays");
            former = birth;
        }
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

/// Whether relations lead from a person back to the same one, said without the code under test: by taking away, again and again,
/// whoever leads to nobody.
fn has_circle(relations: &[(u8, u8)]) -> bool {
    let mut left = relations.to_vec();
    loop {
        let before = left.len();
        let leading: Vec<u8> = left.iter().map(|(from, _)| *from).collect();
        left.retain(|(_, to)| leading.contains(to));
        if left.len() == before {
            return !left.is_empty();
        }
    }
}

proptest! {
    #[test]
    fn no_order_of_relations_makes_a_circle(asked in prop::collection::vec((0_u8..8, 0_u8..8), 0..60)) {
        let mut kept: Vec<(u8, u8)> = Vec::new();
        for new in asked {
            let refused = closes_circle(&kept, new);
            let mut with = kept.clone();
            with.push(new);
            prop_assert_eq!(refused, has_circle(&with), "{:?} into {:?}", new, kept);
            if !refused {
                kept = with;
            }
        }
        prop_assert!(!has_circle(&kept));
    }

    #[test]
    fn a_guardian_is_of_age_and_a_ward_is_not(
        guardian in prop::option::of(prop::option::of(0_i64..20_000)), ward in prop::option::of(0_i64..20_000), on in 0_i64..20_000,
    ) {
        // Long before eighteen years of days, and long after, there is no doubt.
        let age = |birth: i64| on - birth;
        let (unmet, warnings) = guardianship(guardian.map(|birth| birth.map(day)), ward.map(day), day(on));
        let stands = |guard: &str| unmet.iter().any(|unmet| unmet.guard == guard);
        if let Some(Some(birth)) = guardian {
            prop_assert!(age(birth) >= 6_570 || stands("guardian_of_age"));
            prop_assert!(age(birth) <= 6_580 || !stands("guardian_of_age"));
        } else {
            prop_assert!(!stands("guardian_of_age"));
        }
        if let Some(birth) = ward {
            prop_assert!(age(birth) >= 6_570 || !stands("ward_minor"));
            prop_assert!(age(birth) <= 6_580 || stands("ward_minor"));
        } else {
            prop_assert!(!stands("ward_minor"));
        }
        let unknown = usize::from(guardian == Some(None)) + usize::from(ward.is_none());
        prop_assert_eq!(warnings.len(), unknown);
    }
}

#[test]
fn coming_of_age_is_to_the_day() {
    let date = |text: &str| text.parse::<NaiveDate>().unwrap();
    let (eve, day) = (date("2026-04-22"), date("2026-04-23"));
    let born = Some(date("2008-04-23"));
    assert!(guardianship(None, born, eve).0.is_empty());
    assert_eq!(guardianship(None, born, day).0.len(), 1);
    assert_eq!(guardianship(Some(born), Some(date("2020-01-01")), eve).0.len(), 1);
    assert!(guardianship(Some(born), Some(date("2020-01-01")), day).0.is_empty());
}

#[test]
fn a_parent_younger_than_the_child_is_told() {
    let (early, late) = (Some(day(0)), Some(day(9_000)));
    assert!(parentage(early, late).is_none() && parentage(None, late).is_none());
    assert!(parentage(late, early).is_some() && parentage(early, early).is_some());
}
