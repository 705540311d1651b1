//! Texts and links from outside, whatever is in them.

use std::collections::BTreeSet;

use approdo_catalogue::{
    AgentIdentifier, AtLeastOne, Base, Catalogue, DatasetIdentifier, Email, Format, Language, Licence, LocalisedText,
    Place, Text, Texts, WebAddress,
};
use oxrdf::Term;
use proptest::prelude::*;

use crate::sample::{agent, base, catalogue, english, graph, italian, residents, triples};

/// The sample with one text wherever a text can stand.
fn full_of(text: &Text) -> Catalogue {
    let localised = LocalisedText { language: Language::italian(), text: text.clone() };
    let texts = Texts::one(localised.clone());
    let mut agent = agent();
    agent.names = texts.clone();
    agent.identifier = AgentIdentifier::own(text.clone());
    let mut dataset = residents();
    dataset.key = text.clone();
    dataset.identifier = DatasetIdentifier::local(&agent.identifier, text);
    dataset.titles = texts.clone();
    dataset.descriptions = texts.clone();
    dataset.rights_holder = agent.clone();
    dataset.more.keywords = vec![localised.clone()];
    dataset.more.provenance = vec![localised.clone()];
    dataset.more.version = Some(text.clone());
    dataset.more.places = vec![Place::Territory { code: text.clone(), name: text.clone() }];
    if let Some(contact) = &mut dataset.more.contact_point {
        contact.name = text.clone();
    }
    let mut distribution = dataset.distributions.iter().next().unwrap().clone();
    distribution.key = text.clone();
    distribution.titles = vec![localised.clone()];
    distribution.licence = Licence::of(Some(text.as_str()));
    dataset.distributions = AtLeastOne::one(distribution);
    Catalogue {
        titles: texts.clone(),
        descriptions: texts,
        publisher: agent,
        datasets: AtLeastOne::one(dataset),
        ..catalogue()
    }
}

/// Holds a catalogue full of a text to its telling the same in all formats, with the text unchanged.
fn is_carried(text: &Text) {
    let catalogue = full_of(text);
    let written = Format::ALL.map(|format| catalogue.write(&base(), format).unwrap());
    let graphs: Vec<_> = Format::ALL.iter().zip(&written).map(|(format, bytes)| graph(bytes, *format)).collect();
    assert!(graphs[0] == graphs[1] && graphs[1] == graphs[2], "{text:?}");
    for (format, bytes) in Format::ALL.iter().zip(&written) {
        let mut properties = BTreeSet::new();
        for triple in triples(bytes, *format) {
            if matches!(&triple.object, Term::Literal(literal) if literal.value() == text.as_str()) {
                properties.insert(triple.predicate.as_str().to_owned());
            }
        }
        let expected = [
            "http://purl.org/dc/terms/description",
            "http://purl.org/dc/terms/identifier",
            "http://purl.org/dc/terms/title",
            "http://www.w3.org/2000/01/rdf-schema#label",
            "http://www.w3.org/2002/07/owl#versionInfo",
            "http://www.w3.org/2006/vcard/ns#fn",
            "http://www.w3.org/ns/dcat#keyword",
            "http://www.w3.org/ns/locn#geographicName",
            "http://xmlns.com/foaf/0.1/name",
        ];
        assert_eq!(properties.iter().map(String::as_str).collect::<Vec<_>>(), expected, "{format:?} {text:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) })]

    #[test]
    fn any_text_comes_back_unchanged_from_each_format(text in "(?s).{1,40}") {
        if let Some(text) = Text::new(&text) {
            is_carried(&text);
        }
    }

    #[test]
    fn a_text_of_signs_comes_back_unchanged_from_each_format(text in "[\"'<>&\\\\#/%?@:;, \t\r\n\u{0}-\u{1f}\u{7f}-\u{a0}\u{2028}\u{feff}\u{fffd}-\u{ffff}a]{1,40}") {
        if let Some(text) = Text::new(&text) {
            is_carried(&text);
        }
    }

    #[test]
    fn any_link_is_one_of_the_web_or_none(address in "(https?://|javascript:|//|)(?s).{0,30}") {
        if let Some(link) = WebAddress::new(&address) {
            prop_assert!(link.as_str() == address && address.starts_with("http"));
            let mut catalogue = catalogue();
            catalogue.homepage = Some(link);
            let graphs = Format::ALL.map(|format| graph(&catalogue.write(&base(), format).unwrap(), format));
            prop_assert!(graphs[0] == graphs[1] && graphs[1] == graphs[2]);
        }
    }

    #[test]
    fn any_language_tag_is_one_or_none(tag in "[a-zA-Z0-9-]{0,20}") {
        if let Some(language) = Language::new(&tag) {
            let mut catalogue = catalogue();
            catalogue.titles.push(LocalisedText { language, text: Text::new("x").unwrap() });
            let graphs = Format::ALL.map(|format| graph(&catalogue.write(&base(), format).unwrap(), format));
            prop_assert!(graphs[0] == graphs[1] && graphs[1] == graphs[2]);
        }
    }
}

#[test]
fn a_huge_text_is_carried() {
    is_carried(&Text::new(&"è<\"&'\\".repeat(20_000)).unwrap());
}

#[test]
fn markup_stays_text() {
    is_carried(&Text::new("]]></dct:title><script>alert(1)</script>\"\"\" . <x:y> a <x:z>").unwrap());
    is_carried(&Text::new("_:b @prefix @context {\"@id\": \"javascript:x\"} %0A%22").unwrap());
}

#[test]
fn a_text_loses_what_xml_cannot_hold_and_nothing_else() {
    let kept = |text: &str| Text::new(text).map(|text| text.as_str().to_owned());
    assert_eq!(kept(" a\u{0}b\u{1f}c\u{fffe}\u{ffff}d ").as_deref(), Some("abcd"));
    assert_eq!(kept("one\r\ntwo\rthree\n\tfour\u{85}").as_deref(), Some("one\ntwo\nthree\n\tfour"));
    assert_eq!(kept("\u{1F600}\u{2028}è").as_deref(), Some("\u{1F600}\u{2028}è"));
    assert_eq!(kept(" \u{0}\u{7} "), None);
}

#[test]
fn links_that_are_none_of_the_web_are_refused() {
    for address in [
        "javascript:alert(1)",
        "JavaScript://example.org/%0Aalert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "//example.org",
        "/catalog",
        "example.org",
        "https:example.org",
        "https://",
        "https:///x",
        "https://:80/",
        "https://name:word@example.org/",
        "https://example.org/a b",
        "https://example.org/\"><script>",
        "https://example.org/\u{0}",
        "https://example.org/%zz",
        " https://example.org",
        "",
    ] {
        assert_eq!(WebAddress::new(address), None, "{address:?}");
    }
    for address in ["https://example.org", "HTTP://example.org:8080/a?b=c&d='e'#f", "https://[::1]/x", "https://è.it/à"]
    {
        assert!(WebAddress::new(address).is_some(), "{address}");
    }
}

#[test]
fn a_base_has_no_query_and_no_fragment() {
    assert_eq!(Base::new("https://example.org/?a=b"), None);
    assert_eq!(Base::new("https://example.org/#a"), None);
    assert_eq!(Base::new("ftp://example.org/"), None);
    let names = ["https://example.org/approdo", "https://example.org/approdo/", "https://example.org/approdo//"]
        .map(|address| Base::new(address).unwrap().catalogue().into_string());
    assert!(names.iter().all(|name| name == "https://example.org/approdo/catalog"));
}

#[test]
fn addresses_of_mail_are_plain_ones() {
    for address in [
        "",
        "x",
        "@example.org",
        "x@",
        "x@localhost",
        "a b@example.org",
        "x@example.org?cc=y@z.it",
        "x@exam\"ple.org",
        "x..y@example.org",
        "x@y@example.org",
        "x@-a.it",
        "<x@example.org>",
        "x@example.org\nBcc: y",
    ] {
        assert_eq!(Email::new(address), None, "{address:?}");
    }
    let mut catalogue = catalogue();
    let mut dataset = residents();
    dataset.more.contact_point.as_mut().unwrap().email = Email::new(" o'neil+50%&x@comune.roma.it ").unwrap();
    catalogue.datasets = AtLeastOne::one(dataset);
    let graphs = Format::ALL.map(|format| graph(&catalogue.write(&base(), format).unwrap(), format));
    assert!(
        graphs.iter().all(|graph| graph.iter().any(|t| t.ends_with("<mailto:o%27neil%2B50%25%26x@comune.roma.it>")))
    );
}

#[test]
fn keys_that_differ_have_names_that_differ() {
    let names = |first: &str, second: &str| {
        let mut one = residents();
        let mut other = residents();
        one.key = Text::new(first).unwrap();
        other.key = Text::new(second).unwrap();
        let catalogue = Catalogue { datasets: AtLeastOne::of([one, other]).unwrap(), ..catalogue() };
        let written = graph(&catalogue.write(&base(), Format::Turtle).unwrap(), Format::Turtle);
        written.iter().filter(|triple| triple.contains("dcat#dataset>")).count()
    };
    for (first, second) in [("a b", "a+b"), ("a/b", "a%2Fb"), ("a", "A"), ("è", "e")] {
        assert_eq!(names(first, second), 2, "{first} {second}");
    }
}

#[test]
fn codes_of_organisations_are_what_they_say() {
    assert_eq!(AgentIdentifier::ipa(" c_h501 ").unwrap().as_str(), "c_h501");
    assert!(["", "c h501", "c:h501", "è"].iter().all(|code| AgentIdentifier::ipa(code).is_none()));
    assert_eq!(AgentIdentifier::vat("01234567890").unwrap().as_str(), "01234567890");
    assert!(["0123456789", "0123456789a", "012345678901"].iter().all(|number| AgentIdentifier::vat(number).is_none()));
}

#[test]
fn what_is_said_twice_is_told_once() {
    let mut catalogue = catalogue();
    catalogue.titles.push(italian("Dati di Approdo"));
    catalogue.titles.push(english("Data of Approdo"));
    let sample = crate::sample::catalogue();
    assert_eq!(catalogue.write(&base(), Format::JsonLd).unwrap(), sample.write(&base(), Format::JsonLd).unwrap());
}
