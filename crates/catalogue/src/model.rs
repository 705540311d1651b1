//! What a catalogue tells, class by class of the profile.

use std::num::NonZeroU32;

use chrono::NaiveDate;

use crate::address::{Email, WebAddress};
use crate::licence::Licence;
use crate::text::{AtLeastOne, Language, LocalisedText, Text, Texts};
use crate::vocabulary::{FileType, Frequency, Theme};

/// What is published (`dcatapit:Catalog`).
#[derive(Debug, Clone, PartialEq)]
pub struct Catalogue {
    pub titles: Texts,
    pub descriptions: Texts,
    /// Who makes the catalogue available.
    pub publisher: Agent,
    /// When a dataset came, or anything told of one changed.
    pub modified: NaiveDate,
    /// The profile knows no catalogue of nothing.
    pub datasets: AtLeastOne<Dataset>,
    pub homepage: Option<WebAddress>,
    pub issued: Option<NaiveDate>,
    /// Those in which the catalogue is written.
    pub languages: Vec<Language>,
}

/// Data that is published (`dcatapit:Dataset`).
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// What it is known by in this catalogue, and for ever: its name in the graph is made of it. No other dataset may have it.
    pub key: Text,
    pub identifier: DatasetIdentifier,
    pub titles: Texts,
    pub descriptions: Texts,
    /// When the data last changed.
    pub modified: NaiveDate,
    pub themes: AtLeastOne<Theme>,
    /// The organisation that answers for the data; never a person.
    pub rights_holder: Agent,
    pub frequency: Frequency,
    /// Mandatory since the data is open.
    pub distributions: AtLeastOne<Distribution>,
    pub more: MoreOfDataset,
}

/// What the profile recommends or allows of a dataset.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MoreOfDataset {
    /// Recommended. Not of a person: an office, or the organisation.
    pub contact_point: Option<ContactPoint>,
    /// Recommended.
    pub publisher: Option<Agent>,
    /// When it was first published.
    pub issued: Option<NaiveDate>,
    pub version: Option<Text>,
    pub landing_page: Option<WebAddress>,
    pub languages: Vec<Language>,
    pub keywords: Vec<LocalisedText>,
    /// What the data is about, not when it was published.
    pub periods: Vec<Period>,
    pub places: Vec<Place>,
    pub standards: Vec<Standard>,
    /// Where the data comes from (`dct:provenance` of DCAT-AP).
    pub provenance: Vec<LocalisedText>,
}

/// What `dct:identifier` calls a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetIdentifier(String);

impl DatasetIdentifier {
    /// As the national catalogue assigns it: `c_h501:D.1`.
    pub fn assigned(holder: &AgentIdentifier, number: NonZeroU32) -> Self {
        Self(format!("{}:D.{number}", holder.as_str()))
    }

    /// Of a dataset that the national catalogue has not numbered yet: `c_h501:resident-foreigners`.
    pub fn local(holder: &AgentIdentifier, key: &Text) -> Self {
        Self(format!("{}:{}", holder.as_str(), key.as_str()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A form that a dataset can be had in (`dcatapit:Distribution`).
#[derive(Debug, Clone, PartialEq)]
pub struct Distribution {
    /// What it is known by among those of its dataset, such as `sdmx-csv`.
    pub key: Text,
    pub format: FileType,
    pub access_url: WebAddress,
    pub licence: Licence,
    /// Where the address gives the file at once.
    pub download_url: Option<WebAddress>,
    pub titles: Vec<LocalisedText>,
    /// Recommended.
    pub descriptions: Vec<LocalisedText>,
    pub modified: Option<NaiveDate>,
}

/// An organisation in a role (`dcatapit:Agent`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    pub identifier: AgentIdentifier,
    /// As the index of public administrations (IPA) or the business register has it.
    pub names: Texts,
}

/// What `dct:identifier` calls an organisation. The profile knows two kinds of it, and demands one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentIdentifier(Text);

impl AgentIdentifier {
    /// The code of a public administration in the index (IPA), such as `c_h501`; none for what is no such code.
    pub fn ipa(code: &str) -> Option<Self> {
        let code = code.trim();
        let fits = !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
        fits.then(|| Text::new(code).map(Self))?
    }

    /// The number of a private organisation in the register of VAT (partita IVA), eleven digits; none for what is no such number.
    pub fn vat(number: &str) -> Option<Self> {
        let number = number.trim();
        let fits = number.len() == 11 && number.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| Text::new(number).map(Self))?
    }

    /// What this deployment knows an organisation by that has neither: outside the profile, but unique, and better than an invented code.
    pub fn own(id: Text) -> Self {
        Self(id)
    }

    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// Where questions about a dataset go (`dcatapit:Organization`). Who has one tells both its name and its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactPoint {
    /// An office, or the organisation; never a person.
    pub name: Text,
    pub email: Email,
}

/// A time that data is about (`dct:PeriodOfTime`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    first_day: NaiveDate,
    /// Within the period; none where it goes on.
    last_day: Option<NaiveDate>,
}

impl Period {
    /// None where it would end before it begins.
    pub fn new(first_day: NaiveDate, last_day: Option<NaiveDate>) -> Option<Self> {
        last_day.is_none_or(|last| first_day <= last).then_some(Self { first_day, last_day })
    }

    pub fn first_day(&self) -> NaiveDate {
        self.first_day
    }

    pub fn last_day(&self) -> Option<NaiveDate> {
        self.last_day
    }
}

/// A territory that data is about (`dct:Location`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Italy, in the EU's authority table "country".
    Italy,
    /// A territory by its code, such as ISTAT's of a municipality, and its name.
    Territory { code: Text, name: Text },
}

/// A standard that a dataset follows (`dcatapit:Standard`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standard {
    /// Its address is its identifier too.
    pub address: WebAddress,
    pub titles: Vec<LocalisedText>,
}
