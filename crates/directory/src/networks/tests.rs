//! Layout and picture: nothing meets, everything is said, nothing of a name becomes markup.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use chrono::NaiveDate;
use proptest::prelude::*;
use uuid::Uuid;

use crate::http::forms::repeated;
use crate::http::request::Language;
use crate::networks::graph::{GraphEdge, GraphEdgeType, GraphNode, GraphNodeType, NetworkGraph};
use crate::networks::layout::{self, BOX, DOT, DOTS, ROW, Side, WIDTH, wrapped};
use crate::networks::picture::{Words, draw};
use crate::networks::succession::day_of_take_over;
use crate::networks::types::NetworkId;

/// Pixels that the longest line of a label takes: 34 characters of 13 pixels, half as wide as high.
const LABEL: f64 = 34.0 * 6.5;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn node(number: u128, kind: GraphNodeType, name: &str, roles: &[&str]) -> GraphNode {
    let is_network = kind == GraphNodeType::Network;
    GraphNode {
        id: Uuid::from_u128(number),
        r#type: kind,
        name: name.into(),
        kind: None,
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        distance: is_network.then_some(0),
        starts_on: is_network.then(|| day("2026-01-01")),
        ends_on: None,
    }
}

fn star(names: &[String]) -> NetworkGraph {
    let mut nodes = vec![node(0, GraphNodeType::Network, "Rete <b> & \"co\" ]]>", &[])];
    let mut edges = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let number = u128::try_from(index).unwrap() + 1;
        nodes.push(node(number, GraphNodeType::Organisation, name, &["region"]));
        edges.push(GraphEdge {
            r#type: GraphEdgeType::Membership,
            from: Uuid::from_u128(number),
            to: Uuid::from_u128(0),
            role: Some("region".into()),
            since: Some(day("2026-01-01")),
        });
    }
    let network_id = NetworkId(Uuid::from_u128(0));
    NetworkGraph { network_id, on: day("2026-05-01"), depth: 0, nodes, edges, is_complete: true }
}

fn words() -> Words {
    Words::of(Language::En, vec![("region".into(), "Region".into())])
}

/// Tags and texts in their order, read by the same library; none where it cannot be read.
fn read(picture: &str) -> Option<Vec<String>> {
    use svg::parser::Event;
    let mut open: Vec<String> = Vec::new();
    let mut texts = Vec::new();
    for event in svg::read(picture).ok()? {
        match event {
            Event::Tag(name, svg::node::element::tag::Type::Start, _) => open.push(name.to_owned()),
            Event::Tag(name, svg::node::element::tag::Type::End, _) if open.pop().as_deref() != Some(name) => {
                return None;
            }
            Event::Text(text) => texts.push(text.to_owned()),
            Event::Error(_) => return None,
            _ => {}
        }
    }
    open.is_empty().then_some(texts)
}

#[test]
fn names_are_texts_of_the_picture_and_never_markup() {
    let evil = "<script>alert(1)</script> & 'x' \u{1}\u{ffff}".to_owned();
    let picture = draw(&star(&[evil]), &words());
    assert!(!picture.contains("<script"), "{picture}");
    assert!(picture.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; 'x' \u{fffd}\u{fffd}"), "{picture}");
    assert!(picture.contains("<title id=\"title\">"), "{picture}");
    assert!(picture.contains("Rete &lt;b&gt; &amp; \"co\" ]]&gt;"), "{picture}");
    let texts = read(&picture).unwrap();
    assert!(texts.iter().any(|text| text.contains("Member organisations on 2026-05-01: 1")), "{texts:?}");
}

#[test]
fn a_picture_says_how_many_it_leaves_out() {
    let names: Vec<String> = (0..75).map(|number| format!("Body {number}")).collect();
    let picture = draw(&star(&names), &words());
    assert!(picture.contains("Member organisations on 2026-05-01: 75 (the first 60 are drawn)"), "{picture}");
    assert_eq!(picture.matches("<line").count(), 60);
    let few = draw(&star(&names[..60]), &words());
    assert!(few.contains("Member organisations on 2026-05-01: 60<"), "{few}");
}

#[test]
fn members_are_taken_over_as_they_are_on_the_first_day_or_were_on_the_predecessors_last() {
    let starts_on = day("2024-07-01");
    assert_eq!(day_of_take_over(None, starts_on), starts_on);
    assert_eq!(day_of_take_over(Some(day("2024-06-30")), starts_on), day("2024-06-30"));
    assert_eq!(day_of_take_over(Some(day("2024-12-31")), starts_on), starts_on);
}

#[test]
fn what_is_named_twice_is_found_where_it_is_repeated() {
    assert_eq!(repeated([1, 2, 3].into_iter()), None);
    assert_eq!(repeated([1, 2, 1, 2].into_iter()), Some(2));
}

proptest! {
    #[test]
    fn nothing_in_a_picture_meets(organisations in 0_usize..=60, networks in 1_usize..=9) {
        let placed = layout::of(organisations, networks);
        prop_assert_eq!((placed.spots.len(), placed.boxes.len()), (organisations, networks));
        for (index, one) in placed.spots.iter().enumerate() {
            // The label with the most dots before it stays in the picture, and the innermost dot off the boxes.
            let edge = one.label(DOTS);
            let (from, to) = if one.side == Side::Right { (edge, edge + LABEL) } else { (edge - LABEL, edge) };
            prop_assert!(from > 0.0 && to < WIDTH, "{:?}", one);
            prop_assert!((one.x - WIDTH / 2.0).abs() - DOT > BOX.0, "{:?}", one);
            prop_assert!(one.y < placed.bottom);
            for other in placed.spots.iter().skip(index + 1) {
                prop_assert!(one.side != other.side || (one.y - other.y).abs() > ROW - 0.01, "{:?} {:?}", one, other);
            }
        }
        for pair in placed.boxes.windows(2) {
            if let [(_, above), (_, below)] = pair {
                prop_assert!(below - above > 2.0 * BOX.1, "{above} {below}");
            }
        }
    }

    #[test]
    fn lines_keep_their_columns_and_their_words(text in "[a-zà-ù 漢]{0,120}", columns in 5_usize..40, lines in 1_usize..4) {
        let wrapped = wrapped(&text, columns, lines);
        prop_assert!(wrapped.len() <= lines);
        for line in &wrapped {
            let wide = line.chars().filter(|c| *c == '漢').count();
            prop_assert!(line.chars().count() + wide <= columns, "{line:?}");
        }
        // Where nothing was cut, nothing is lost.
        if !wrapped.iter().any(|line| line.contains('…')) {
            let words: Vec<&str> = text.split_whitespace().collect();
            prop_assert_eq!(wrapped.join(" "), words.join(" "));
        }
    }

    #[test]
    fn any_name_makes_a_picture_that_can_be_read(name in any::<String>()) {
        let picture = draw(&star(&[name]), &words());
        prop_assert!(read(&picture).is_some(), "{}", picture);
        let allowed = |c: char| !c.is_control() || matches!(c, '\t' | '\n' | '\r') || c >= '\u{7f}';
        prop_assert!(picture.chars().all(allowed));
    }
}
