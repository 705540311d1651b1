//! The three formats: what they look like, that they tell the same, and that the same catalogue is the same bytes.

use std::fs;
use std::path::Path;

use approdo_catalogue::{AtLeastOne, Format, WriteError};

use crate::sample::{base, catalogue, desks, graph, residents, text, triples};

/// Held to the file of its name in `golden`, where JSON is set out; what was written is left in `target/tmp`.
#[test]
fn a_small_catalogue_is_written_as_it_always_was() {
    for (format, name) in
        [(Format::JsonLd, "catalogue.jsonld"), (Format::Turtle, "catalogue.ttl"), (Format::RdfXml, "catalogue.rdf")]
    {
        let mut written = String::from_utf8(catalogue().write(&base(), format).unwrap()).unwrap();
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::write(&kept, &written).unwrap();
        if format == Format::JsonLd {
            let value: serde_json::Value = serde_json::from_str(&written).unwrap();
            written = serde_json::to_string_pretty(&value).unwrap();
        }
        let set_out = written.trim_end().to_owned() + "\n";
        fs::write(kept.with_added_extension("set_out"), &set_out).unwrap();
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
        let expected = fs::read_to_string(golden).unwrap_or_default();
        assert!(set_out == expected, "{name} is not what it was; compare {}.set_out", kept.display());
    }
}

#[test]
fn the_three_formats_tell_the_same_graph() {
    let graphs = Format::ALL.map(|format| graph(&catalogue().write(&base(), format).unwrap(), format));
    assert_eq!(graphs[0], graphs[1]);
    assert_eq!(graphs[1], graphs[2]);
    assert!(graphs[0].len() > 100);
    assert!(!graphs[0].iter().any(|triple| triple.contains("_:")), "every node has a name");
}

#[test]
fn nothing_is_told_twice() {
    for format in Format::ALL {
        let written = catalogue().write(&base(), format).unwrap();
        assert_eq!(triples(&written, format).len(), graph(&written, format).len(), "{format:?}");
    }
}

#[test]
fn the_order_of_datasets_changes_no_byte() {
    let mut other = catalogue();
    other.datasets = AtLeastOne::of([desks(), residents()]).unwrap();
    for format in Format::ALL {
        assert_eq!(catalogue().write(&base(), format).unwrap(), other.write(&base(), format).unwrap());
    }
}

#[test]
fn two_datasets_of_one_key_are_refused() {
    let mut same = desks();
    same.key = text("residents");
    let mut catalogue = catalogue();
    catalogue.datasets.push(same);
    let error = catalogue.write(&base(), Format::Turtle).unwrap_err();
    assert!(matches!(error, WriteError::SameKey(key) if key == "residents"));
}

#[test]
fn two_distributions_of_one_key_are_refused() {
    let mut catalogue = catalogue();
    let mut dataset = desks();
    let again = dataset.distributions.iter().next().unwrap().clone();
    dataset.distributions.push(again);
    catalogue.datasets = AtLeastOne::one(dataset);
    let error = catalogue.write(&base(), Format::Turtle).unwrap_err();
    assert!(matches!(error, WriteError::SameKey(key) if key == "csv"));
}

#[test]
fn each_format_says_what_it_is() {
    let types = Format::ALL.map(Format::content_type);
    assert_eq!(types, ["application/ld+json", "text/turtle; charset=utf-8", "application/rdf+xml"]);
    assert!(Format::ALL.iter().all(|format| format.content_type().starts_with(format.media_type())));
}
