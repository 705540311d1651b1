//! Names, units, sources and notes are anyone's text.

use approdo_charts::{Mark, Picture};
use resvg::usvg::roxmltree::Document;

use crate::support::{Drawn, FORMS, picture, series, territories, value, written};

const HOSTILE: [&str; 10] = [
    "</text><script>alert(1)</script>",
    "\"><image href=\"https://example.org/x.png\" onload='alert(1)'/>",
    "<![CDATA[ ]]> &amp; &lt; &#0; <!-- -- --> <?xml version=\"1.0\"?>",
    "",
    " \t\n ",
    "a\u{0}b\u{8}c\u{1b}[31m\u{7f}\u{9f}\u{fffe}\u{ffff}d",
    "\u{202e}oiloP ad\u{2066}",
    "بلدية ميلانو الكبرى",
    "e\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}",
    "北京市朝阳区 🏳️‍🌈 Łódź",
];

fn hostile(text: &str) -> Picture {
    let long = text.repeat(300 / text.len().max(1) + 1);
    let mut shown = territories(3, true, false);
    shown.title = long.clone();
    shown.unit = long.clone();
    shown.source = long.clone();
    shown.as_of = text.to_owned();
    shown.notes = vec![text.to_owned(), long.clone()];
    shown.series[0].name = text.to_owned();
    shown.series[1].name = long;
    for series in &mut shown.series {
        series.values.push(value(text, Some(1.5), None));
    }
    shown
}

/// That there is nothing in a picture but what draws.
fn check(svg: &str, name: &str) {
    const ELEMENTS: [&str; 9] = ["svg", "title", "desc", "g", "text", "rect", "line", "polyline", "path"];
    let document = Document::parse(svg).unwrap_or_else(|error| panic!("{name}: {error}"));
    for node in document.descendants().filter(|node| node.is_element()) {
        let element = node.tag_name().name();
        assert!(ELEMENTS.contains(&element) || element == "circle", "{name}: <{element}>");
        for attribute in node.attributes() {
            let (key, value) = (attribute.name(), attribute.value());
            assert!(!key.starts_with("on") && key != "href" && key != "style", "{name}: {key}");
            assert!(!value.contains("url(") && !value.contains("://"), "{name}: {key}={value}");
        }
    }
    let is_harmless =
        |c: char| c == '\n' || !c.is_control() && !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}' | '\u{2067}');
    assert!(svg.chars().all(is_harmless), "{name}");
}

#[test]
fn no_text_is_more_than_text() {
    for (form, draw) in FORMS {
        for text in HOSTILE {
            let svg = draw(&hostile(text)).unwrap();
            check(&svg, &format!("{form} of {text:?}"));
        }
    }
}

#[test]
fn hostile_texts_stay_where_they_belong() {
    for (form, draw) in FORMS {
        // Nobody knows how wide other scripts are in the fonts there are.
        for text in HOSTILE.iter().filter(|text| text.is_ascii()) {
            Drawn::new(&format!("{form} of {text:?}"), draw(&hostile(text)).unwrap()).check();
        }
    }
}

#[test]
fn markup_is_read_as_it_was_written() {
    let name = "Borgo <b>& Co.</b>";
    for (form, draw) in FORMS {
        let of = |name: &str| series(name, Some((11.0, 46.0)), vec![value("2025", Some(1.0), None)]);
        let svg = draw(&picture(vec![of(name), of("Lana")])).unwrap();
        assert!(written(&svg).contains(&name.to_owned()), "{form}: {:?}", written(&svg));
    }
}

#[test]
fn who_has_no_name_is_told_to_have_none() {
    for (form, draw) in FORMS {
        let of = |name: &str| series(name, Some((11.0, 46.0)), vec![value("2025", Some(1.0), None)]);
        let svg = draw(&picture(vec![of("\u{202e} \u{0}"), of("Lana")])).unwrap();
        assert!(written(&svg).contains(&"(senza nome)".to_owned()), "{form}: {:?}", written(&svg));
    }
}

#[test]
fn what_is_suppressed_or_missing_is_nowhere_in_the_picture() {
    for mark in [Mark::Suppressed, Mark::Missing] {
        for (form, draw) in FORMS {
            let mut shown = territories(12, false, false);
            shown.series[3].values[10] = value("2025", Some(987_654.0), Some(mark));
            let svg = draw(&shown).unwrap();
            let without = {
                shown.series[3].values[10].value = None;
                draw(&shown).unwrap()
            };
            assert!(svg == without && !svg.contains("987"), "{form} {mark:?}");
        }
    }
}
