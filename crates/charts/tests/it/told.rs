//! What those are told who do not see the picture, and what stands in place of figures.

use approdo_charts::{Language, Mark, bars, point_map, ranked_table, time_series};
use resvg::usvg::roxmltree::{self, Document};

use crate::support::{COUNTS, FORMS, description, picture, series, territories, value, written};

#[test]
fn every_picture_names_and_describes_itself() {
    for (form, draw) in FORMS {
        for count in COUNTS {
            let svg = draw(&territories(count, true, true)).unwrap();
            let document = Document::parse(&svg).unwrap();
            let root = document.root_element();
            assert_eq!(root.attribute("role"), Some("img"), "{form}");
            assert!(svg.contains(" lang=\"it\"") && svg.contains(" xml:lang=\"it\""), "{form}");
            let labels: Vec<&str> = root.attribute("aria-labelledby").unwrap().split(' ').collect();
            let texts = labels.iter().map(|label| {
                let named = root.children().find(|node| node.attribute("id") == Some(label));
                named.and_then(|node| node.text()).unwrap_or_else(|| panic!("{form}: {label}"))
            });
            let texts: Vec<&str> = texts.collect();
            assert_eq!(texts[0], "Residenti stranieri sul totale dei residenti", "{form}");
            assert!(
                texts[1].contains(&format!("Territori: {count}.")) && texts[1].contains('%'),
                "{form}: {}",
                texts[1]
            );
        }
    }
}

#[test]
fn a_description_tells_the_extremes_and_what_has_no_figure() {
    let shown = picture(vec![
        series(
            "Lana",
            Some((11.1, 46.6)),
            vec![value("2023", Some(4.5), None), value("2024", Some(11.2), Some(Mark::Provisional))],
        ),
        series(
            "Merano",
            Some((11.2, 46.7)),
            vec![value("2023", None, None), value("2024", None, Some(Mark::Suppressed))],
        ),
        series("Renon", None, vec![value("2024", Some(3.25), Some(Mark::Estimated))]),
    ]);
    assert_eq!(
        description(&time_series(&shown).unwrap()),
        "Serie storica. Unità di misura: %. Territori: 3. Periodi: 2023 – 2024. Dati disponibili: 3. Minimo: 3,25 (Renon, 2024). \
         Massimo: 11,20 (Lana, 2024). Dato non disponibile (n.d.): 2. Dato oscurato per la riservatezza: 1. Dato provvisorio: 1. \
         Dato stimato: 1."
    );
    for draw in [bars, ranked_table, point_map] {
        let told = description(&draw(&shown).unwrap());
        let expected = "Territori: 3. Periodi: 2024. Dati disponibili: 2. Minimo: 3,25 (Renon). Massimo: 11,20 (Lana). Dato \
                        oscurato per la riservatezza: 1. Dato provvisorio: 1. Dato stimato: 1.";
        assert!(told.ends_with(expected), "{told}");
    }
}

#[test]
fn of_territories_that_are_alike_the_first_is_told() {
    let of = |name: &str| series(name, None, vec![value("2025", Some(3.0), None)]);
    let told = description(&bars(&picture(vec![of("Lana"), of("Renon")])).unwrap());
    assert!(told.contains("Minimo: 3 (Lana). Massimo: 3 (Lana)."), "{told}");
}

#[test]
fn a_period_without_a_name_is_not_told() {
    let shown = picture(vec![series("Lana", None, vec![value(" ", Some(3.0), None)])]);
    for draw in [time_series, bars, ranked_table, point_map] {
        let svg = draw(&shown).unwrap();
        assert!(!written(&svg).join("").contains("Period") && !description(&svg).contains("Period"), "{svg}");
    }
}

#[test]
fn each_language_has_its_words() {
    for (language, unit, source, as_of) in [
        (Language::It, "Unità di misura", "Fonte", "Dati al"),
        (Language::En, "Unit", "Source", "Data as of"),
        (Language::De, "Einheit", "Quelle", "Stand"),
    ] {
        for (form, draw) in FORMS {
            let mut shown = territories(2, true, false);
            shown.language = language;
            let written = written(&draw(&shown).unwrap()).join("\n");
            let footer = format!("{source}: Istat, Popolazione residente per cittadinanza · {as_of}: 1 gennaio 2025");
            assert!(written.contains(&format!("{unit}: %")) && written.contains(&footer), "{form}: {written}");
            assert!(written.contains("Dal 2019 i dati sono quelli del censimento permanente."), "{form}: {written}");
        }
    }
}

#[test]
fn what_has_no_figure_has_no_bar_and_no_place() {
    let shown = picture(vec![
        series("Lana", None, vec![value("2025", None, None)]),
        series("Merano", None, vec![value("2025", Some(2.0), Some(Mark::Suppressed))]),
        series("Renon", None, vec![value("2025", Some(3.0), Some(Mark::Estimated))]),
    ]);
    let told = written(&bars(&shown).unwrap());
    for line in ["n.d.", "oscurato", "3 (s)", "dato non disponibile (n.d.)", "dato oscurato per la riservatezza"] {
        assert!(told.contains(&line.to_owned()), "{line}: {told:?}");
    }
    assert!(!told.contains(&"0 (s)".to_owned()));
    let told = written(&ranked_table(&shown).unwrap());
    let after = |line: &str| told.iter().skip_while(|one| *one != line).nth(1).cloned();
    assert_eq!(after("Lana").as_deref(), Some("n.d."));
    assert_eq!(after("Merano").as_deref(), Some("oscurato"));
    assert_eq!(told.iter().filter(|line| *line == "–").count(), 2);
}

#[test]
fn a_gap_in_a_line_stays_a_gap() {
    let of = |middle: Option<f64>| {
        let values = vec![
            value("2023", Some(4.0), None),
            value("2024", middle, None),
            value("2025", Some(5.0), None),
            value("2026", Some(5.5), None),
        ];
        time_series(&picture(vec![series("Lana", None, values)])).unwrap()
    };
    // The plot's own lines are not blue.
    let lines = |svg: &str| {
        let document = Document::parse(svg).unwrap();
        let is_line = |node: &roxmltree::Node<'_, '_>| {
            node.has_tag_name("polyline") && node.attribute("stroke") == Some("#0072b2")
        };
        document.descendants().filter(is_line).count()
    };
    // One of them is the sample beside the name.
    assert_eq!((lines(&of(Some(4.5))), lines(&of(None))), (2, 3));
    assert!(written(&of(None)).contains(&"n.d.: 1".to_owned()));
}

#[test]
fn a_series_without_a_period_has_a_gap_there() {
    let shown = picture(vec![
        series("Lana", None, vec![value("2024", Some(1.0), None), value("2025", Some(2.0), None)]),
        series("Renon", None, vec![value("2024", Some(3.0), None)]),
    ]);
    assert!(description(&time_series(&shown).unwrap()).contains("Dato non disponibile (n.d.): 1."));
    assert!(written(&ranked_table(&shown).unwrap()).contains(&"n.d.".to_owned()));
}

#[test]
fn names_that_run_from_right_to_left_are_set_apart_in_sentences() {
    let shown = picture(vec![series("بلدية", None, vec![value("2025", Some(1.0), None)])]);
    assert!(description(&bars(&shown).unwrap()).contains("1 (\u{2068}بلدية\u{2069})"));
}
