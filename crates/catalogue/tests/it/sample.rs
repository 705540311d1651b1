//! A small catalogue, and the reading of what is written.

use std::collections::BTreeSet;

use approdo_catalogue::model::MoreOfDataset;
use approdo_catalogue::{
    Agent, AgentIdentifier, AtLeastOne, Base, Catalogue, ContactPoint, Dataset, DatasetIdentifier, Distribution, Email,
    FileType, Format, Frequency, Language, Licence, LocalisedText, Period, Place, Standard, Text, Texts, Theme,
    WebAddress,
};
use chrono::NaiveDate;
use oxjsonld::JsonLdParser;
use oxrdf::Triple;
use oxrdfxml::RdfXmlParser;
use oxttl::TurtleParser;

/// What tells the same: a graph without nameless nodes is the set of its triples.
pub type Graph = BTreeSet<String>;

pub fn base() -> Base {
    Base::new("https://approdo.comune.roma.it/").unwrap()
}

pub fn text(text: &str) -> Text {
    Text::new(text).unwrap()
}

pub fn english(words: &str) -> LocalisedText {
    LocalisedText { language: Language::english(), text: text(words) }
}

pub fn italian(words: &str) -> LocalisedText {
    LocalisedText::italian(words).unwrap()
}

pub fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

pub fn agent() -> Agent {
    Agent { identifier: AgentIdentifier::ipa("c_h501").unwrap(), names: Texts::italian("Roma Capitale").unwrap() }
}

fn distribution(key: &str, format: FileType, licence: Option<&str>) -> Distribution {
    let address = format!("https://approdo.comune.roma.it/rest/sdmx/v1/data/residents?format={key}&detail=full");
    Distribution {
        key: text(key),
        format,
        access_url: WebAddress::new(&address).unwrap(),
        licence: Licence::of(licence),
        download_url: None,
        titles: vec![italian(key)],
        descriptions: vec![italian("Tutte le osservazioni pubblicate")],
        modified: Some(day(2026, 3, 1)),
    }
}

/// A dataset with everything told of it.
pub fn residents() -> Dataset {
    let key = text("residents");
    Dataset {
        identifier: DatasetIdentifier::assigned(&agent().identifier, 1.try_into().unwrap()),
        titles: AtLeastOne::of([italian("Residenti stranieri"), english("Foreign residents")]).unwrap(),
        descriptions: Texts::italian("Residenti al 1° gennaio, per cittadinanza \"e\" età <anni>").unwrap(),
        modified: day(2026, 3, 1),
        themes: AtLeastOne::of([Theme::Society, Theme::Regions]).unwrap(),
        rights_holder: agent(),
        frequency: Frequency::of_sdmx("A"),
        distributions: AtLeastOne::of([
            distribution("csv", FileType::Csv, Some("CC BY 4.0")),
            distribution("json", FileType::Json, Some("CC BY 4.0")),
            distribution("xml", FileType::Sdmx, Some("Solo per ricerca, \"previo\" accordo")),
        ])
        .unwrap(),
        more: MoreOfDataset {
            contact_point: Some(ContactPoint {
                name: text("Ufficio statistica"),
                email: Email::new("statistica@comune.roma.it").unwrap(),
            }),
            publisher: Some(Agent {
                identifier: AgentIdentifier::vat("01234567890").unwrap(),
                names: Texts::italian("Editrice di prova").unwrap(),
            }),
            issued: Some(day(2024, 5, 2)),
            version: Some(text("3")),
            landing_page: WebAddress::new("https://approdo.comune.roma.it/datasets/residents"),
            languages: vec![Language::italian(), Language::english()],
            keywords: vec![italian("residenti stranieri")],
            periods: vec![Period::new(day(2020, 1, 1), Some(day(2025, 12, 31))).unwrap()],
            places: vec![Place::Italy, Place::Territory { code: text("058091"), name: text("Roma") }],
            standards: vec![Standard {
                address: WebAddress::new("https://sdmx.org/standards-2/").unwrap(),
                titles: vec![english("Statistical Data and Metadata Exchange 2.1")],
            }],
            provenance: vec![italian("ISTAT, Popolazione residente straniera")],
        },
        key,
    }
}

/// A dataset of which nothing is told but what has to be.
pub fn desks() -> Dataset {
    let key = text("desks");
    let mut only = distribution("csv", FileType::Csv, None);
    (only.titles, only.descriptions, only.modified) = (Vec::new(), Vec::new(), None);
    Dataset {
        identifier: DatasetIdentifier::local(&agent().identifier, &key),
        titles: Texts::italian("Sportelli").unwrap(),
        descriptions: Texts::italian("Sportelli per stranieri").unwrap(),
        modified: day(2026, 2, 1),
        themes: AtLeastOne::one(Theme::Society),
        rights_holder: agent(),
        frequency: Frequency::Unknown,
        distributions: AtLeastOne::one(only),
        more: MoreOfDataset::default(),
        key,
    }
}

pub fn catalogue() -> Catalogue {
    Catalogue {
        titles: AtLeastOne::of([italian("Dati di Approdo"), english("Data of Approdo")]).unwrap(),
        descriptions: Texts::italian("Statistiche sull'integrazione dei residenti stranieri").unwrap(),
        publisher: agent(),
        modified: day(2026, 3, 1),
        datasets: AtLeastOne::of([residents(), desks()]).unwrap(),
        homepage: WebAddress::new("https://www.comune.roma.it/"),
        issued: Some(day(2024, 5, 2)),
        languages: vec![Language::italian()],
    }
}

/// What a reader of the same libraries finds in a catalogue.
pub fn triples(bytes: &[u8], format: Format) -> Vec<Triple> {
    match format {
        Format::JsonLd => JsonLdParser::new().for_slice(bytes).map(|quad| Triple::from(quad.unwrap())).collect(),
        Format::Turtle => TurtleParser::new().for_slice(bytes).map(|triple| triple.unwrap()).collect(),
        Format::RdfXml => RdfXmlParser::new().for_slice(bytes).map(|triple| triple.unwrap()).collect(),
    }
}

pub fn graph(bytes: &[u8], format: Format) -> Graph {
    triples(bytes, format).iter().map(ToString::to_string).collect()
}
