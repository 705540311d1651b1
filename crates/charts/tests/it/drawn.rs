//! Where and how figures are drawn.

use approdo_charts::{Language, Mark, Picture, bars, point_map, ranked_table, time_series};
use resvg::usvg::roxmltree::{Document, Node};

use crate::support::{of_numbers, picture, series, territories, value, written};

/// A number of an element.
fn number(node: &Node<'_, '_>, name: &str) -> i32 {
    node.attribute(name).unwrap().parse().unwrap()
}

/// What an attribute is in each of the elements of a kind that have it, in their order.
fn each(svg: &str, element: &str, attribute: &str) -> Vec<String> {
    let document = Document::parse(svg).unwrap();
    let nodes = document.descendants().filter(|node| node.has_tag_name(element));
    nodes.filter_map(|node| node.attribute(attribute).map(str::to_owned)).collect()
}

/// Where a text stands.
fn place(svg: &str, told: &str) -> (i32, i32) {
    let document = Document::parse(svg).unwrap();
    let node =
        document.descendants().find(|node| node.has_tag_name("text") && node.text().map(str::trim) == Some(told));
    let node = node.unwrap_or_else(|| panic!("{told:?} in {:?}", written(svg)));
    (number(&node, "x"), number(&node, "y"))
}

fn only(figure: Option<f64>, mark: Option<Mark>) -> Picture {
    picture(vec![
        series("Lana", Some((11.0, 46.0)), vec![value("2025", figure, mark)]),
        series("Renon", Some((11.5, 46.5)), vec![value("2025", Some(1.0), None)]),
    ])
}

#[test]
fn bars_are_as_long_as_their_figures_and_the_highest_come_first() {
    let svg = bars(&of_numbers(&[10.0, 40.0, -20.0])).unwrap();
    let document = Document::parse(&svg).unwrap();
    let bars = document.descendants().filter(|node| node.attribute("fill") == Some("#0072b2"));
    let bars: Vec<(i32, i32)> = bars.map(|node| (number(&node, "x"), number(&node, "width"))).collect();
    let [highest, middle, negative] = bars[..] else { panic!("{bars:?}") };
    assert!(highest.0 == middle.0 && negative.0 + negative.1 == middle.0, "{bars:?}");
    assert!((highest.1 - 4 * middle.1).abs() <= 3 && (negative.1 - 2 * middle.1).abs() <= 2, "{bars:?}");
}

#[test]
fn periods_stand_as_far_apart_as_they_are_in_time() {
    let values = ["2001", "2011", "2021", "2026"].map(|year| value(year, Some(1.0), None)).to_vec();
    let svg = time_series(&picture(vec![series("Lana", None, values)])).unwrap();
    let [a, b, c, d] = ["2001", "2011", "2021", "2026"].map(|year| place(&svg, year).0);
    assert!((b - a - (c - b)).abs() <= 1 && (c - b - 2 * (d - c)).abs() <= 2, "{a} {b} {c} {d}");
}

#[test]
fn names_stand_in_the_order_in_which_their_lines_end() {
    let svg = time_series(&of_numbers(&[1.0, 9.0, 5.0])).unwrap();
    let [low, high, middle] = ["Bolzano", "Merano", "Bressanone"].map(|name| place(&svg, name).1);
    assert!(high < middle && middle < low, "{high} {middle} {low}");
}

#[test]
fn lines_are_told_apart_without_colours() {
    let svg = time_series(&territories(8, false, false)).unwrap();
    let dashes = each(&svg, "polyline", "stroke-dasharray");
    // Of the lines from the last to the first, and beside their names.
    let (lines, names) = dashes.split_at(8);
    for all in [lines, names] {
        let mut all = all.to_vec();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 8, "{dashes:?}");
    }
    // Without where it begins, a path is the form of a mark.
    let form = |path: String| path.trim_start_matches(|c: char| !c.is_lowercase()).to_owned();
    let mut forms: Vec<String> = each(&svg, "path", "d").into_iter().map(form).collect();
    forms.sort();
    forms.dedup();
    assert_eq!(forms.len(), 8, "{forms:?}");
}

#[test]
fn provisional_and_estimated_figures_look_unlike_final_ones() {
    for draw in [time_series, bars, ranked_table, point_map] {
        let [final_one, provisional, estimated] =
            [None, Some(Mark::Provisional), Some(Mark::Estimated)].map(|mark| draw(&only(Some(2.0), mark)).unwrap());
        // The descriptions differ anyway.
        let drawn = |svg: &str| svg.split("</desc>").nth(1).unwrap().to_owned();
        assert!(drawn(&final_one) != drawn(&provisional) && drawn(&final_one) != drawn(&estimated));
        let meant = |svg: &str, word: &str| written(svg).iter().any(|line| line.contains(word));
        assert!(!meant(&final_one, "provvisorio") && meant(&provisional, "provvisorio"));
        assert!(!meant(&final_one, "stimato") && meant(&estimated, "stimato"));
    }
    let hollow = |svg: &str| each(svg, "path", "fill").iter().filter(|fill| *fill == "#ffffff").count();
    assert_eq!(hollow(&time_series(&only(Some(2.0), None)).unwrap()), 0);
    // One on the line, one in the legend.
    assert_eq!(hollow(&time_series(&only(Some(2.0), Some(Mark::Provisional))).unwrap()), 2);
}

#[test]
fn what_is_suppressed_looks_unlike_what_is_not_available() {
    for draw in [time_series, bars, ranked_table, point_map] {
        let [missing, suppressed] =
            [Mark::Missing, Mark::Suppressed].map(|mark| draw(&only(None, Some(mark))).unwrap());
        let meant = |svg: &str, word: &str| written(svg).iter().any(|line| line.contains(word));
        assert!(meant(&missing, "non disponibile") && !meant(&missing, "oscurato"));
        assert!(meant(&suppressed, "oscurato") && !meant(&suppressed, "non disponibile"));
    }
    let covered = |svg: &str| each(svg, "rect", "stroke-dasharray").len();
    for draw in [time_series, bars] {
        // One in place of the figure, one in the legend.
        let of = |mark| covered(&draw(&only(None, Some(mark))).unwrap());
        assert_eq!((of(Mark::Suppressed), of(Mark::Missing)), (2, 0));
    }
}

#[test]
fn places_without_a_figure_are_hollow_and_crossed_out_where_it_is_suppressed() {
    let missing = point_map(&only(None, None)).unwrap();
    let suppressed = point_map(&only(None, Some(Mark::Suppressed))).unwrap();
    // One on the map, one in the legend; the scale is drawn with a path, too.
    assert_eq!((each(&missing, "circle", "stroke-dasharray").len(), each(&missing, "path", "d").len()), (2, 1));
    assert_eq!((each(&suppressed, "circle", "stroke-dasharray").len(), each(&suppressed, "path", "d").len()), (0, 3));
}

#[test]
fn what_has_no_figure_comes_last() {
    let mut shown = of_numbers(&[-1.0, -2.0, -3.0]);
    shown.series[1].values[0].value = None;
    for draw in [bars, ranked_table] {
        let svg = draw(&shown).unwrap();
        let [first, missing, second] = ["Bolzano", "Merano", "Bressanone"].map(|name| place(&svg, name).1);
        assert!(first < second && second < missing, "{first} {second} {missing}");
    }
}

#[test]
fn periods_stand_in_the_order_of_time_however_they_come() {
    let values = ["2024", "2022", "2025", "2023"].map(|year| value(year, Some(1.0), None)).to_vec();
    let shown = picture(vec![series("Lana", None, values)]);
    let of_lines = time_series(&shown).unwrap();
    let across: Vec<i32> = ["2022", "2023", "2024", "2025"].iter().map(|year| place(&of_lines, year).0).collect();
    let of_bars = bars(&shown).unwrap();
    let down: Vec<i32> = ["2022", "2023", "2024", "2025"].iter().map(|year| place(&of_bars, year).1).collect();
    assert!(across.is_sorted() && down.is_sorted(), "{across:?} {down:?}");
    // The last is the one that tables are of.
    assert!(written(&ranked_table(&shown).unwrap()).iter().any(|line| line.contains("Periodo: 2025")));
}

#[test]
fn a_short_time_fills_its_axis() {
    let values = (1..=6).map(|month| value(&format!("2025-M{month:02}"), Some(1.0), None)).collect();
    let svg = time_series(&picture(vec![series("Lana", None, values)])).unwrap();
    assert!(place(&svg, "2025-M06").0 - place(&svg, "2025-M01").0 > 400);
}

#[test]
fn labels_of_values_end_where_the_axis_begins() {
    let svg = time_series(&of_numbers(&[0.0, 100.0])).unwrap();
    let document = Document::parse(&svg).unwrap();
    let texts = document.descendants().filter(|node| node.has_tag_name("text"));
    let label = texts.into_iter().find(|node| node.text().map(str::trim) == Some("100")).unwrap();
    assert_eq!(label.attribute("text-anchor"), Some("end"));
}

#[test]
fn maps_have_no_degrees_that_there_are_not() {
    let of = |point| series("Lana", Some(point), vec![value("2025", Some(1.0), None)]);
    let told = written(&point_map(&picture(vec![of((-180.0, -90.0)), of((180.0, 90.0))])).unwrap());
    assert!(told.contains(&"50° N".to_owned()) && told.contains(&"150° O".to_owned()), "{told:?}");
    assert!(!told.contains(&"100° N".to_owned()) && !told.contains(&"200° E".to_owned()), "{told:?}");
}

#[test]
fn a_plot_with_both_signs_has_a_line_at_zero() {
    let lines = |numbers: &[f64]| each(&time_series(&of_numbers(numbers)).unwrap(), "line", "stroke");
    let zero = |numbers: &[f64]| lines(numbers).iter().filter(|stroke| *stroke == "#4d4d4d").count();
    assert_eq!((zero(&[-1.0, 1.0]), zero(&[0.0, 1.0]), zero(&[5.0, 6.0])), (1, 0, 0));
}

#[test]
fn names_of_a_map_do_not_stand_on_points() {
    let of = |name, point| series(name, Some(point), vec![value("2025", Some(1.0), None)]);
    let name = "Appiano sulla Strada del Vino";
    let anchor = |neighbour| {
        let all =
            vec![of(name, (11.2, 46.45)), of("Lana", neighbour), of("Renon", (10.4, 46.2)), of("Egna", (12.2, 46.2))];
        let svg = point_map(&picture(all)).unwrap();
        let document = Document::parse(&svg).unwrap();
        let mut texts = document.descendants().filter(|node| node.has_tag_name("text"));
        let label = texts.find(|node| node.text().map(str::trim) == Some(name)).unwrap();
        label.attribute("text-anchor").map(str::to_owned)
    };
    // To the right, where a name begins at its point, unless another point stands there.
    assert_eq!(anchor((11.2, 46.7)), None);
    assert_eq!(anchor((11.3, 46.45)).as_deref(), Some("end"));
}

#[test]
fn a_degree_of_longitude_is_as_long_as_on_the_ground() {
    let of = |(longitude, latitude): (f64, f64)| {
        series("Lana", Some((longitude, latitude)), vec![value("2025", Some(1.0), None)])
    };
    // At sixty degrees a degree of longitude is half as long as one of latitude.
    let svg = point_map(&picture([(10.0, 59.5), (10.0, 60.5), (12.0, 60.0)].map(of).to_vec())).unwrap();
    let axis = |name| each(&svg, "circle", name).iter().map(|at| at.parse::<i32>().unwrap()).collect::<Vec<i32>>();
    let (x, y) = (axis("cx"), axis("cy"));
    assert!((y[0] - y[1] - (x[2] - x[0])).abs() <= 2, "{x:?} {y:?}");
    assert!(x[0] == x[1] && y[2] - y[1] > 100 && (y[2] * 2 - y[0] - y[1]).abs() <= 2, "{x:?} {y:?}");
}

#[test]
fn classes_of_a_map_have_about_as_many_territories_each() {
    let numbers: Vec<f64> = (1..=10).map(f64::from).collect();
    let told = written(&point_map(&of_numbers(&numbers)).unwrap());
    for class in ["1 – 2 (2)", "3 – 4 (2)", "5 – 6 (2)", "7 – 8 (2)", "9 – 10 (2)"] {
        assert!(told.contains(&class.to_owned()), "{class}: {told:?}");
    }
    let told = written(&point_map(&of_numbers(&[3.0, 3.0, 3.0, 3.0, 8.0])).unwrap());
    assert!(told.contains(&"3 (4)".to_owned()) && told.contains(&"8 (1)".to_owned()), "{told:?}");
}

#[test]
fn small_points_of_a_map_lie_above_large_ones() {
    let svg = point_map(&of_numbers(&[1.0, 5.0, 3.0, 2.0, 4.0])).unwrap();
    let radii: Vec<i32> = each(&svg, "circle", "r").iter().map(|radius| radius.parse().unwrap()).collect();
    assert_eq!(radii[..5], [11, 9, 7, 5, 4]);
}

#[test]
fn millions_and_billions_have_their_names() {
    for (language, million, billion) in [
        (Language::It, "% (milioni)", "% (miliardi)"),
        (Language::En, "% (millions)", "% (billions)"),
        (Language::De, "% (Millionen)", "% (Milliarden)"),
    ] {
        for (number, told) in [(3e7, million), (3e9, billion)] {
            for draw in [bars, time_series] {
                let written = written(&draw(&Picture { language, ..of_numbers(&[number, 1.0]) }).unwrap());
                assert!(written.contains(&told.to_owned()), "{told}: {written:?}");
            }
        }
    }
}

#[test]
fn two_pictures_of_one_page_share_no_ids() {
    let ids = |svg: &str| [each(svg, "title", "id"), each(svg, "desc", "id")].concat();
    let (one, other) = (bars(&of_numbers(&[1.0])).unwrap(), bars(&of_numbers(&[2.0])).unwrap());
    assert!(ids(&one).len() == 2 && ids(&one).iter().all(|id| !ids(&other).contains(id)));
}

#[test]
fn notes_beyond_those_with_room_are_counted() {
    let mut shown = of_numbers(&[1.0]);
    shown.notes = (1..=20).map(|n| format!("note {n}")).collect();
    let written = written(&bars(&shown).unwrap());
    assert!(written.contains(&"note 12".to_owned()) && !written.contains(&"note 13".to_owned()), "{written:?}");
    assert!(written.contains(&"… (+8)".to_owned()), "{written:?}");
}
