//! Figures at the edges: one point, alike, zero, negative, huge, tiny, none.

use approdo_charts::{ChartError, Language, Mark, Series, bars, point_map, ranked_table, time_series};
use approdo_charts::{MOST_BARS, MOST_LINES, MOST_OTHERS, MOST_PERIODS, MOST_ROWS, MOST_SERIES, MOST_VALUES};

use crate::support::{Drawn, FORMS, keep, of_numbers, picture, series, territories, value, written};

/// Draws figures in every form, with what is wrong with none of them.
fn check(name: &str, numbers: &[f64]) {
    for (form, draw) in FORMS {
        Drawn::new(&format!("{form} of {name}"), draw(&of_numbers(numbers)).unwrap()).check();
    }
}

#[test]
fn no_figures_break_an_axis() {
    for (name, numbers) in [
        ("one", vec![7.3]),
        ("alike", vec![5.0; 12]),
        ("zero", vec![0.0; 3]),
        ("one zero", vec![0.0]),
        ("negative", vec![-3.0, -7.5, -0.1]),
        ("both signs", vec![-250.0, 0.0, 1000.0]),
        ("huge", vec![1e12, 1.5e12, 9.99e11]),
        ("huge and alike", vec![1e12, 1e12 + 1.0]),
        ("tiny", vec![1e-6, 2.5e-6]),
        ("huge and tiny", vec![1e12, 1e-6]),
        ("largest", vec![f64::MAX, f64::MIN]),
        ("smallest", vec![f64::MIN_POSITIVE, 5e-324]),
    ] {
        check(name, &numbers);
    }
}

#[test]
fn figures_at_the_edges_can_be_looked_at() {
    for (name, numbers) in [("negative", vec![-250.0, 0.0, 1000.0, -1.5]), ("huge", vec![1e12, 1.5e12, 9.99e11])] {
        for (form, draw) in FORMS {
            keep(&format!("{form}-{name}"), &draw(&of_numbers(&numbers)).unwrap());
        }
    }
    let missing = |name: &str| {
        series(name, Some((11.0, 46.0)), vec![value("2024", None, None), value("2025", None, Some(Mark::Suppressed))])
    };
    for (form, draw) in FORMS {
        keep(&format!("{form}-missing"), &draw(&picture(vec![missing("Lana"), missing("بلدية ميلانو")])).unwrap());
    }
    let months = (0..240).map(|n: u32| (format!("{}-M{:02}", 2005 + n / 12, n % 12 + 1), f64::from(n * n % 97)));
    let values = months.map(|(period, number)| value(&period, Some(number), None)).collect();
    keep("series-months", &time_series(&picture(vec![series("Lana", None, values)])).unwrap());
}

#[test]
fn figures_are_written_as_the_language_writes_them() {
    for (language, told) in [(Language::It, "1.234,5"), (Language::De, "1.234,5"), (Language::En, "1,234.5")] {
        let mut shown = of_numbers(&[1234.5, -2.0]);
        shown.language = language;
        for draw in [bars, ranked_table] {
            let written = written(&draw(&shown).unwrap());
            assert!(written.iter().any(|line| line == told), "{language:?}: {written:?}");
        }
    }
}

#[test]
fn large_numbers_are_told_in_their_thousands_beside_the_unit() {
    let written = written(&bars(&of_numbers(&[1e12, 2e12])).unwrap());
    assert!(written.contains(&"% (× 10¹²)".to_owned()), "{written:?}");
    assert!(written.contains(&"1.000.000.000.000".to_owned()), "{written:?}");
}

#[test]
fn no_series_and_no_values_are_told() {
    let none = picture(Vec::new());
    let empty = picture(vec![series("Lana", Some((11.1, 46.6)), Vec::new())]);
    let missing = picture(vec![series("Lana", Some((11.1, 46.6)), vec![value("2025", None, None)])]);
    for (form, draw) in FORMS {
        for (name, shown) in [("none", &none), ("empty", &empty), ("missing", &missing)] {
            let svg = draw(shown).unwrap();
            Drawn::new(&format!("{form} of {name}"), svg.clone()).check();
            let told = ["Nessun dato da mostrare", "Nessun territorio ha coordinate", "n.d."];
            let written = written(&svg);
            assert!(
                written.iter().any(|line| told.iter().any(|told| line.contains(told))),
                "{form} {name}: {written:?}"
            );
        }
    }
}

#[test]
fn a_point_of_one_period_is_in_the_middle_of_its_plot() {
    let svg = time_series(&of_numbers(&[7.3])).unwrap();
    Drawn::new("one", svg.clone()).check();
    assert!(written(&svg).contains(&"2025".to_owned()));
}

#[test]
fn many_periods_have_as_many_labels_as_there_is_room_for() {
    let periods = (0..600).map(|n: u32| format!("{}-M{:02}", 1975 + n / 12, n % 12 + 1));
    let values = periods.map(|period| value(&period, Some(3.0), None)).collect();
    let svg = time_series(&picture(vec![series("Lana", None, values)])).unwrap();
    Drawn::new("months", svg.clone()).check();
    let written = written(&svg);
    let labels = written.iter().filter(|line| line.len() == 8 && line.contains("-M")).count();
    assert!((4..=9).contains(&labels) && written.contains(&"2024-M12".to_owned()), "{written:?}");
}

#[test]
fn periods_that_are_no_times_keep_their_order() {
    let values = ["before", "after", "much later"].map(|period| value(period, Some(1.0), None)).to_vec();
    let written = written(&time_series(&picture(vec![series("Lana", None, values)])).unwrap());
    let place = |told: &str| written.iter().position(|line| line == told).unwrap();
    assert!(place("before") < place("after") && place("after") < place("much later"), "{written:?}");
}

#[test]
fn what_is_not_drawn_is_told() {
    let many = territories(300, false, false);
    let told = |svg: String, line: &str| {
        let written = written(&svg);
        assert!(written.iter().any(|one| one == line), "{line}: {written:?}");
    };
    told(bars(&many).unwrap(), &format!("Righe non mostrate: {}", 300 - MOST_BARS));
    told(time_series(&many).unwrap(), &format!("Altri territori, in grigio: {}", 300 - MOST_LINES));
    told(
        time_series(&of_numbers(&[1.0; 600])).unwrap(),
        &format!("Linee non disegnate: {}", 600 - MOST_LINES - MOST_OTHERS),
    );
    told(ranked_table(&territories(500, false, false)).unwrap(), &format!("Righe non mostrate: {}", 500 - MOST_ROWS));
    let mut placeless = territories(3, false, false);
    placeless.series[1].point = None;
    told(point_map(&placeless).unwrap(), "Territori senza coordinate, non sulla mappa: 1");
}

#[test]
fn an_axis_that_does_not_start_at_zero_says_so() {
    let is_told = |numbers: &[f64]| {
        written(&time_series(&of_numbers(numbers)).unwrap()).contains(&"L’asse dei valori non parte da zero".to_owned())
    };
    assert!(is_told(&[98.0, 99.0]) && is_told(&[-98.0, -99.0]));
    assert!(!is_told(&[1.0, 99.0]) && !is_told(&[-1.0, 1.0]) && !is_told(&[0.0]));
}

#[test]
fn bars_of_many_periods_are_of_the_last_ones() {
    let values = (1950..2026).map(|year: i32| value(&year.to_string(), Some(2.5), None)).collect();
    let written = written(&bars(&picture(vec![series("Lana", None, values)])).unwrap());
    let is_there = |year: &str| written.contains(&year.to_owned());
    assert!(is_there("2025") && is_there("1986") && !is_there("1985"), "{written:?}");
    assert!(written.contains(&"Righe non mostrate: 36".to_owned()), "{written:?}");
}

#[test]
fn figures_that_are_alike_have_the_same_place() {
    let written = written(&ranked_table(&of_numbers(&[3.0, 9.0, 3.0, 1.0])).unwrap());
    let ranks: Vec<&String> = written.iter().filter(|line| line.len() == 1 && line.as_str() > "0").collect();
    // Each is written before the name and the figure.
    assert_eq!(ranks, ["1", "9", "2", "3", "2", "3", "4", "1"]);
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let one = |number: f64| vec![value("2025", Some(number), None)];
    let lana = |values| vec![Series { name: "Lana".to_owned(), point: None, values }];
    for (form, draw) in FORMS {
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let error = draw(&picture(lana(one(number)))).unwrap_err();
            assert!(matches!(error, ChartError::NotFinite { .. }), "{form}: {error}");
        }
        let twice = vec![value("2025", Some(1.0), None), value("2025", None, Some(Mark::Missing))];
        let error = draw(&picture(lana(twice))).unwrap_err();
        assert_eq!(
            error,
            ChartError::RepeatedPeriod { series: "Lana".to_owned(), period: "2025".to_owned() },
            "{form}"
        );
        for point in [(181.0, 0.0), (0.0, -90.5), (f64::NAN, 0.0)] {
            let error = draw(&picture(vec![series("Lana", Some(point), one(1.0))])).unwrap_err();
            assert!(matches!(error, ChartError::NotOnEarth { .. }), "{form}: {error}");
        }
        let error = draw(&picture(vec![series("Lana", None, Vec::new()); MOST_SERIES + 1])).unwrap_err();
        assert_eq!(error, ChartError::TooManySeries(MOST_SERIES + 1), "{form}");
        let of_days = |from: usize| {
            let values = (from..from + MOST_PERIODS).map(|day| value(&format!("day {day}"), Some(1.0), None));
            series("Lana", None, values.collect())
        };
        let error = draw(&picture(vec![of_days(0), of_days(1)])).unwrap_err();
        assert_eq!(error, ChartError::TooManyPeriods(MOST_PERIODS + 1), "{form}");
        let count = MOST_VALUES / MOST_PERIODS + 1;
        let error = draw(&picture(vec![of_days(0); count])).unwrap_err();
        assert_eq!(error, ChartError::TooManyValues(MOST_PERIODS * count), "{form}");
    }
}

#[test]
fn maps_anywhere_on_earth_show_every_point() {
    for (name, points) in [
        ("one", vec![(11.35, 46.5)]),
        ("one place", vec![(11.35, 46.5); 5]),
        ("the same meridian", vec![(11.35, 46.0), (11.35, 47.0)]),
        ("the same parallel", vec![(9.0, 46.0), (12.0, 46.0)]),
        ("the ends of the earth", vec![(-180.0, -90.0), (180.0, 90.0), (0.0, 0.0)]),
        ("a pole", vec![(15.0, 90.0)]),
    ] {
        let of = |point: &(f64, f64)| series("Lana", Some(*point), vec![value("2025", Some(point.0), None)]);
        let svg = point_map(&picture(points.iter().map(of).collect())).unwrap();
        Drawn::new(name, svg.clone()).check();
        assert_eq!(svg.matches("<title>").count(), points.len(), "{name}");
    }
}
