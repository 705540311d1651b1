//! A catalogue as triples. Every node has a name: no reader has to match nameless ones.

use std::collections::HashSet;

use chrono::NaiveDate;
use oxrdf::vocab::{rdf, xsd};
use oxrdf::{Literal, NamedNode, NamedNodeRef, Term, Triple};

use crate::address::Base;
use crate::format::WriteError;
use crate::licence::Licence;
use crate::model::{Agent, Catalogue, ContactPoint, Dataset, Distribution, Period, Place, Standard};
use crate::text::{Language, LocalisedText};
use crate::vocabulary::{THEMES, authority, dcat, dcatapit, dct, foaf, locn, owl, rdfs, schema, vcard};

/// The triples of a catalogue, those of one subject and of one predicate side by side, as the serialisers group them.
pub(crate) fn triples(catalogue: &Catalogue, base: &Base) -> Result<Vec<Triple>, WriteError> {
    let mut datasets: Vec<&Dataset> = catalogue.datasets.iter().collect();
    datasets.sort_by(|one, other| one.key.cmp(&other.key));
    distinct(datasets.iter().map(|dataset| dataset.key.as_str()))?;

    let mut graph = Graph { base, told: HashSet::new(), triples: Vec::new() };
    graph.catalogue(catalogue, &datasets);
    for dataset in datasets {
        distinct(dataset.distributions.iter().map(|distribution| distribution.key.as_str()))?;
        graph.dataset(dataset);
    }
    Ok(graph.triples)
}

fn distinct<'a>(keys: impl Iterator<Item = &'a str>) -> Result<(), WriteError> {
    let mut seen = HashSet::new();
    for key in keys {
        if !seen.insert(key) {
            return Err(WriteError::SameKey(key.to_owned()));
        }
    }
    Ok(())
}

struct Graph<'a> {
    base: &'a Base,
    /// The nodes described so far: organisations, licences, places and standards are named more than once.
    told: HashSet<NamedNode>,
    triples: Vec<Triple>,
}

/// What is told of one subject.
struct Node {
    name: NamedNode,
    triples: Vec<Triple>,
    /// To tell nothing twice.
    told: HashSet<(NamedNode, Term)>,
}

impl Node {
    /// The first class is the one that RDF/XML writes as its element.
    fn new(name: &NamedNode, classes: &[NamedNodeRef<'static>]) -> Self {
        let mut node = Self { name: name.clone(), triples: Vec::new(), told: HashSet::new() };
        for class in classes {
            node.add(rdf::TYPE, *class);
        }
        node
    }

    /// Tells something once, however often it is said.
    fn add(&mut self, predicate: NamedNodeRef<'static>, object: impl Into<Term>) {
        let object = object.into();
        if self.told.insert((predicate.into_owned(), object.clone())) {
            self.triples.push(Triple::new(self.name.clone(), predicate, object));
        }
    }

    fn texts<'t>(&mut self, predicate: NamedNodeRef<'static>, texts: impl IntoIterator<Item = &'t LocalisedText>) {
        for text in texts {
            self.add(predicate, localised(text));
        }
    }

    fn date(&mut self, predicate: NamedNodeRef<'static>, date: Option<NaiveDate>) {
        if let Some(date) = date {
            self.add(predicate, Literal::new_typed_literal(date.format("%Y-%m-%d").to_string(), xsd::DATE));
        }
    }

    fn languages(&mut self, languages: &[Language]) {
        for code in languages.iter().filter_map(Language::authority_code) {
            self.add(dct::LANGUAGE, authority("language", code));
        }
    }
}

fn localised(text: &LocalisedText) -> Literal {
    Literal::new_language_tagged_literal_unchecked(text.text.as_str(), text.language.tag())
}

fn plain(text: &str) -> Literal {
    Literal::new_simple_literal(text)
}

impl Graph<'_> {
    fn write(&mut self, node: Node) {
        if self.told.insert(node.name) {
            self.triples.extend(node.triples);
        }
    }

    fn catalogue(&mut self, catalogue: &Catalogue, datasets: &[&Dataset]) {
        let publisher = self.agent_name(&catalogue.publisher);
        let mut node = Node::new(&self.base.catalogue(), &[dcatapit::CATALOG, dcat::CATALOG]);
        node.texts(dct::TITLE, catalogue.titles.iter());
        node.texts(dct::DESCRIPTION, catalogue.descriptions.iter());
        node.add(dct::PUBLISHER, publisher);
        node.date(dct::MODIFIED, Some(catalogue.modified));
        node.date(dct::ISSUED, catalogue.issued);
        node.languages(&catalogue.languages);
        if let Some(homepage) = &catalogue.homepage {
            node.add(foaf::HOMEPAGE, homepage.node().clone());
        }
        node.add(dcat::THEME_TAXONOMY, THEMES);
        for dataset in datasets {
            node.add(dcat::DATASET, self.dataset_name(dataset));
        }
        self.write(node);
        self.agent(&catalogue.publisher);
    }

    fn dataset_name(&self, dataset: &Dataset) -> NamedNode {
        self.base.part(&["dataset", dataset.key.as_str()])
    }

    fn dataset(&mut self, dataset: &Dataset) {
        let more = &dataset.more;
        let contact = self.base.part(&["contact", dataset.key.as_str()]);
        let mut node = Node::new(&self.dataset_name(dataset), &[dcatapit::DATASET, dcat::DATASET_CLASS]);
        node.add(dct::IDENTIFIER, plain(dataset.identifier.as_str()));
        node.texts(dct::TITLE, dataset.titles.iter());
        node.texts(dct::DESCRIPTION, dataset.descriptions.iter());
        node.date(dct::MODIFIED, Some(dataset.modified));
        node.date(dct::ISSUED, more.issued);
        for theme in dataset.themes.iter() {
            node.add(dcat::THEME, theme.node());
        }
        node.add(dct::RIGHTS_HOLDER, self.agent_name(&dataset.rights_holder));
        if let Some(publisher) = &more.publisher {
            node.add(dct::PUBLISHER, self.agent_name(publisher));
        }
        node.add(dct::ACCRUAL_PERIODICITY, dataset.frequency.node());
        if more.contact_point.is_some() {
            node.add(dcat::CONTACT_POINT, contact.clone());
        }
        if let Some(version) = &more.version {
            node.add(owl::VERSION_INFO, plain(version.as_str()));
        }
        if let Some(page) = &more.landing_page {
            node.add(dcat::LANDING_PAGE, page.node().clone());
        }
        node.languages(&more.languages);
        node.texts(dcat::KEYWORD, &more.keywords);
        for period in &more.periods {
            node.add(dct::TEMPORAL, self.period_name(period));
        }
        for place in &more.places {
            node.add(dct::SPATIAL, self.place_name(place));
        }
        for standard in &more.standards {
            node.add(dct::CONFORMS_TO, standard.address.node().clone());
        }
        if !more.provenance.is_empty() {
            node.add(dct::PROVENANCE, self.provenance_name(dataset));
        }
        for distribution in dataset.distributions.iter() {
            node.add(dcat::DISTRIBUTION, self.distribution_name(dataset, distribution));
        }
        self.write(node);

        self.agent(&dataset.rights_holder);
        more.publisher.iter().for_each(|publisher| self.agent(publisher));
        more.contact_point.iter().for_each(|point| self.contact_point(&contact, point));
        more.periods.iter().for_each(|period| self.period(period));
        more.places.iter().for_each(|place| self.place(place));
        more.standards.iter().for_each(|standard| self.standard(standard));
        self.provenance(dataset);
        for distribution in dataset.distributions.iter() {
            self.distribution(&self.distribution_name(dataset, distribution), distribution);
        }
    }

    fn distribution_name(&self, dataset: &Dataset, distribution: &Distribution) -> NamedNode {
        self.base.part(&["distribution", dataset.key.as_str(), distribution.key.as_str()])
    }

    fn distribution(&mut self, name: &NamedNode, distribution: &Distribution) {
        let mut node = Node::new(name, &[dcatapit::DISTRIBUTION, dcat::DISTRIBUTION_CLASS]);
        node.texts(dct::TITLE, &distribution.titles);
        node.texts(dct::DESCRIPTION, &distribution.descriptions);
        node.add(dct::FORMAT, distribution.format.node());
        node.add(dcat::ACCESS_URL, distribution.access_url.node().clone());
        if let Some(address) = &distribution.download_url {
            node.add(dcat::DOWNLOAD_URL, address.node().clone());
        }
        node.add(dct::LICENSE, distribution.licence.node(self.base));
        node.date(dct::MODIFIED, distribution.modified);
        self.write(node);
        self.licence(&distribution.licence);
    }

    fn licence(&mut self, licence: &Licence) {
        let mut node = Node::new(&licence.node(self.base), &[dcatapit::LICENSE_DOCUMENT, dct::LICENSE_DOCUMENT]);
        node.add(dct::TYPE, licence.kind().node());
        if let Some(name) = licence.name() {
            node.add(foaf::NAME, plain(name));
        }
        if let Some(version) = licence.version() {
            node.add(owl::VERSION_INFO, plain(version));
        }
        self.write(node);
    }

    fn agent_name(&self, agent: &Agent) -> NamedNode {
        self.base.part(&["agent", agent.identifier.as_str()])
    }

    fn agent(&mut self, agent: &Agent) {
        let mut node = Node::new(&self.agent_name(agent), &[dcatapit::AGENT, foaf::AGENT]);
        node.add(dct::IDENTIFIER, plain(agent.identifier.as_str()));
        node.texts(foaf::NAME, agent.names.iter());
        self.write(node);
    }

    fn contact_point(&mut self, name: &NamedNode, point: &ContactPoint) {
        let mut node = Node::new(name, &[dcatapit::ORGANIZATION, vcard::ORGANIZATION, vcard::KIND]);
        node.add(vcard::FN, plain(point.name.as_str()));
        node.add(vcard::HAS_EMAIL, point.email.node().clone());
        self.write(node);
    }

    fn period_name(&self, period: &Period) -> NamedNode {
        let last = period.last_day().map(|day| day.to_string()).unwrap_or_default();
        self.base.part(&["period", &period.first_day().to_string(), &last])
    }

    /// The profile's own properties, and those of DCAT-AP 1.1 and 2 in their place: European readers know no others.
    fn period(&mut self, period: &Period) {
        let mut node = Node::new(&self.period_name(period), &[dct::PERIOD_OF_TIME]);
        for (first, last) in [
            (dcatapit::START_DATE, dcatapit::END_DATE),
            (schema::START_DATE, schema::END_DATE),
            (dcat::START_DATE, dcat::END_DATE),
        ] {
            node.date(first, Some(period.first_day()));
            node.date(last, period.last_day());
        }
        self.write(node);
    }

    fn place_name(&self, place: &Place) -> NamedNode {
        match place {
            Place::Italy => authority("country", "ITA"),
            Place::Territory { code, .. } => self.base.part(&["place", code.as_str()]),
        }
    }

    fn place(&mut self, place: &Place) {
        let mut node = Node::new(&self.place_name(place), &[dct::LOCATION]);
        if let Place::Territory { code, name } = place {
            node.add(dct::IDENTIFIER, plain(code.as_str()));
            node.add(locn::GEOGRAPHIC_NAME, plain(name.as_str()));
        }
        self.write(node);
    }

    fn standard(&mut self, standard: &Standard) {
        let mut node = Node::new(standard.address.node(), &[dcatapit::STANDARD, dct::STANDARD]);
        node.add(dct::IDENTIFIER, plain(standard.address.as_str()));
        node.texts(dct::TITLE, &standard.titles);
        self.write(node);
    }

    fn provenance_name(&self, dataset: &Dataset) -> NamedNode {
        self.base.part(&["provenance", dataset.key.as_str()])
    }

    fn provenance(&mut self, dataset: &Dataset) {
        if !dataset.more.provenance.is_empty() {
            let mut node = Node::new(&self.provenance_name(dataset), &[dct::PROVENANCE_STATEMENT]);
            node.texts(rdfs::LABEL, &dataset.more.provenance);
            self.write(node);
        }
    }
}
