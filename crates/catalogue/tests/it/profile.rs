//! What the profile demands of each class, held against the graph.

use std::collections::{BTreeMap, BTreeSet};

use approdo_catalogue::{AtLeastOne, Format, Frequency, Language, Period, Theme};
use oxrdf::{NamedOrBlankNode, Term, Triple};

use crate::sample::{base, catalogue, day, residents, triples};

/// How often a property has to be there.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Times {
    Once,
    AtLeastOnce,
}

/// What a property leads to.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Value {
    Text,
    Date,
    Link,
    /// A node of this class, described in the same graph.
    A(&'static str),
    /// An entry of this authority table of the EU.
    Entry(&'static str),
}

use Times::{AtLeastOnce, Once};
use Value::{A, Date, Entry, Link, Text};

/// Its name, how often it has to be there, and what it leads to.
type Property = (&'static str, Times, Value);

/// The mandatory properties of each class, as AgID's "Linee guida per i cataloghi dati" list them ("Elementi obbligatori" of each chapter).
const MANDATORY: &[(&str, &[Property])] = &[
    // Catalogo
    (
        "dcatapit:Catalog",
        &[
            ("dct:title", AtLeastOnce, Text),
            ("dct:description", AtLeastOnce, Text),
            ("dct:publisher", Once, A("dcatapit:Agent")),
            ("dct:modified", Once, Date),
            ("dcat:dataset", AtLeastOnce, A("dcatapit:Dataset")),
        ],
    ),
    // Dataset; distributions are mandatory of open data
    (
        "dcatapit:Dataset",
        &[
            ("dct:identifier", Once, Text),
            ("dct:title", AtLeastOnce, Text),
            ("dct:description", AtLeastOnce, Text),
            ("dct:modified", Once, Date),
            ("dcat:theme", AtLeastOnce, Entry("data-theme")),
            ("dct:rightsHolder", Once, A("dcatapit:Agent")),
            ("dct:accrualPeriodicity", Once, Entry("frequency")),
            ("dcat:distribution", AtLeastOnce, A("dcatapit:Distribution")),
        ],
    ),
    // Distribuzione
    (
        "dcatapit:Distribution",
        &[
            ("dct:format", Once, Entry("file-type")),
            ("dcat:accessURL", Once, Link),
            ("dct:license", Once, A("dcatapit:LicenseDocument")),
        ],
    ),
    // Soggetto o organizzazione
    ("dcatapit:Agent", &[("dct:identifier", Once, Text), ("foaf:name", AtLeastOnce, Text)]),
    // Punto di contatto
    ("dcatapit:Organization", &[("vcard:fn", Once, Text), ("vcard:hasEmail", Once, Link)]),
    // Licenza: its type is recommended, and always known here
    ("dcatapit:LicenseDocument", &[("dct:type", Once, Link)]),
    // Copertura temporale
    ("dct:PeriodOfTime", &[("dcatapit:startDate", Once, Date)]),
    // Standard
    ("dcatapit:Standard", &[("dct:identifier", Once, Text)]),
];

/// The classes that every node of a class of the profile is of too, since European readers know no others.
const ABOVE: &[(&str, &[&str])] = &[
    ("dcatapit:Catalog", &["dcat:Catalog"]),
    ("dcatapit:Dataset", &["dcat:Dataset"]),
    ("dcatapit:Distribution", &["dcat:Distribution"]),
    ("dcatapit:Agent", &["foaf:Agent"]),
    ("dcatapit:Organization", &["vcard:Organization", "vcard:Kind"]),
    ("dcatapit:LicenseDocument", &["dct:LicenseDocument"]),
    ("dcatapit:Standard", &["dct:Standard"]),
];

const XSD_DATE: &str = "http://www.w3.org/2001/XMLSchema#date";

const TYPE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";

fn full(name: &str) -> String {
    let (prefix, local) = name.split_once(':').unwrap();
    let namespace = match prefix {
        "dcat" => "http://www.w3.org/ns/dcat#",
        "dcatapit" => "http://dati.gov.it/onto/dcatapit#",
        "dct" => "http://purl.org/dc/terms/",
        "foaf" => "http://xmlns.com/foaf/0.1/",
        "vcard" => "http://www.w3.org/2006/vcard/ns#",
        other => unreachable!("{other}"),
    };
    format!("{namespace}{local}")
}

/// Properties and values of each subject.
struct Read(BTreeMap<String, Vec<(String, Term)>>);

impl Read {
    fn new(triples: &[Triple]) -> Self {
        let mut nodes: BTreeMap<String, Vec<(String, Term)>> = BTreeMap::new();
        for triple in triples {
            let NamedOrBlankNode::NamedNode(subject) = &triple.subject else { unreachable!("a node without a name") };
            let properties = nodes.entry(subject.as_str().to_owned()).or_default();
            properties.push((triple.predicate.as_str().to_owned(), triple.object.clone()));
        }
        Self(nodes)
    }

    fn values(&self, subject: &str, property: &str) -> Vec<&Term> {
        let properties = self.0.get(subject).into_iter().flatten();
        properties.filter(|(name, _)| name == property).map(|(_, value)| value).collect()
    }

    fn is_a(&self, subject: &str, class: &str) -> bool {
        let class = full(class);
        self.values(subject, TYPE).iter().any(|value| matches!(value, Term::NamedNode(node) if node.as_str() == class))
    }

    fn fits(&self, term: &Term, value: Value) -> bool {
        match (term, value) {
            (Term::Literal(text), Text) => !text.value().trim().is_empty() && text.datatype().as_str() != XSD_DATE,
            (Term::Literal(date), Date) => date.datatype().as_str() == XSD_DATE,
            (Term::NamedNode(_), Link) => true,
            (Term::NamedNode(node), A(class)) => self.is_a(node.as_str(), class),
            (Term::NamedNode(node), Entry(table)) => {
                node.as_str().starts_with(&format!("http://publications.europa.eu/resource/authority/{table}/"))
            }
            _ => false,
        }
    }

    /// What the profile would find wrong.
    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for (class, properties) in MANDATORY {
            for subject in self.0.keys().filter(|subject| self.is_a(subject, class)) {
                for (property, times, value) in *properties {
                    let values = self.values(subject, &full(property));
                    if values.is_empty() || (*times == Once && values.len() > 1) {
                        faults.push(format!("{subject} has {property} {} times", values.len()));
                    }
                    for term in values.iter().filter(|term| !self.fits(term, *value)) {
                        faults.push(format!("{subject} has {property} {term}"));
                    }
                }
            }
        }
        for (class, above) in ABOVE {
            for subject in self.0.keys().filter(|subject| self.is_a(subject, class)) {
                for class in above.iter().filter(|class| !self.is_a(subject, class)) {
                    faults.push(format!("{subject} is no {class}"));
                }
            }
        }
        faults
    }
}

fn read() -> (Read, Vec<Triple>) {
    let triples = triples(&catalogue().write(&base(), Format::Turtle).unwrap(), Format::Turtle);
    (Read::new(&triples), triples)
}

#[test]
fn every_node_has_what_the_profile_makes_mandatory() {
    let (read, _) = read();
    assert_eq!(read.faults(), Vec::<String>::new());
}

#[test]
fn whatever_is_named_in_the_catalogue_is_described_in_it() {
    let (read, triples) = read();
    let own = base().catalogue().into_string();
    for triple in triples {
        if let Term::NamedNode(named) = &triple.object
            && named.as_str().starts_with(&own)
        {
            assert!(read.0.contains_key(named.as_str()), "{triple}");
        }
    }
}

#[test]
fn the_sample_has_a_node_of_every_class() {
    let (read, _) = read();
    for (class, _) in MANDATORY {
        assert!(read.0.keys().any(|subject| read.is_a(subject, class)), "{class}");
    }
}

#[test]
fn the_checker_finds_whatever_is_missing() {
    let (whole, triples) = read();
    for (class, properties) in MANDATORY {
        for (property, ..) in *properties {
            let subject = whole.0.keys().find(|subject| whole.is_a(subject, class)).unwrap();
            let others: Vec<Triple> = triples
                .iter()
                .filter(|triple| {
                    triple.subject.to_string() != format!("<{subject}>") || triple.predicate.as_str() != full(property)
                })
                .cloned()
                .collect();
            let faults = Read::new(&others).faults();
            assert!(faults.contains(&format!("{subject} has {property} 0 times")), "{class} {property}");
        }
    }
}

/// "Errori comuni": what is of different kinds has different names.
#[test]
fn an_organisation_is_not_its_contact_point() {
    let (read, _) = read();
    for subject in read.0.keys() {
        assert!(!(read.is_a(subject, "dcatapit:Agent") && read.is_a(subject, "dcatapit:Organization")), "{subject}");
    }
}

#[test]
fn a_dataset_of_which_no_more_is_told_has_no_empty_properties() {
    let (read, _) = read();
    let desks = "https://approdo.comune.roma.it/catalog#dataset/desks";
    let properties: BTreeSet<&str> = read.0[desks].iter().map(|(name, _)| name.as_str()).collect();
    let mandatory = MANDATORY.iter().find(|(class, _)| *class == "dcatapit:Dataset").unwrap().1;
    let mut expected: BTreeSet<String> = mandatory.iter().map(|(name, ..)| full(name)).collect();
    expected.insert(TYPE.to_owned());
    assert_eq!(properties, expected.iter().map(String::as_str).collect());
}

#[test]
fn entries_of_tables_are_told_by_their_codes() {
    assert_eq!(Frequency::of_sdmx("Q").code(), "QUARTERLY");
    // Hourly, not half-yearly.
    assert!(["H", "quarterly", ""].iter().all(|code| Frequency::of_sdmx(code) == Frequency::Unknown));
    assert_eq!(Theme::Society.code(), "SOCI");
    let codes: BTreeSet<&str> = Theme::ALL.iter().map(|theme| theme.code()).collect();
    assert_eq!(codes.len(), 13, "the table has thirteen themes, and one for what has none");
}

#[test]
fn a_period_ends_no_earlier_than_it_begins() {
    let (first, last) = (day(2025, 1, 1), day(2025, 12, 31));
    assert_eq!(Period::new(last, Some(first)), None);
    assert!(Period::new(first, Some(first)).is_some());
    assert_eq!(Period::new(first, None).unwrap().last_day(), None);
}

#[test]
fn a_period_that_goes_on_has_no_end() {
    let mut catalogue = catalogue();
    let mut dataset = residents();
    dataset.more.periods = vec![Period::new(day(2025, 1, 1), None).unwrap()];
    catalogue.datasets = AtLeastOne::one(dataset);
    let read = Read::new(&triples(&catalogue.write(&base(), Format::Turtle).unwrap(), Format::Turtle));
    assert_eq!(read.faults(), Vec::<String>::new());
    let period = read.0.keys().find(|subject| read.is_a(subject, "dct:PeriodOfTime")).unwrap();
    assert_eq!(read.values(period, &full("dcatapit:endDate")), Vec::<&Term>::new());
}

/// `dct:language` is of the EU's table alone; a language that is not known to be in it is left out rather than invented.
#[test]
fn languages_are_entries_of_the_table() {
    let mut catalogue = catalogue();
    catalogue.languages = ["zh-Hant", "it", "tlh"].map(|tag| Language::new(tag).unwrap()).to_vec();
    let read = Read::new(&triples(&catalogue.write(&base(), Format::Turtle).unwrap(), Format::Turtle));
    let told = read.values("https://approdo.comune.roma.it/catalog", &full("dct:language"));
    let codes: Vec<String> = told.iter().map(ToString::to_string).collect();
    let entry = |code: &str| format!("<http://publications.europa.eu/resource/authority/language/{code}>");
    assert_eq!(codes, [entry("ZHO"), entry("ITA")]);
}
