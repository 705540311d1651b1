//! Licences of distributions: those known by their names, and those that are not.

use oxrdf::NamedNode;

use crate::address::Base;
use crate::text::Text;

/// What a licence allows (ADMS licence types, as `dct:type` of a licence tells them).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LicenceType {
    PublicDomain,
    Attribution,
    ShareAlike,
    NonCommercial,
    NoDerivatives,
    Unknown,
}

impl LicenceType {
    pub(crate) fn node(self) -> NamedNode {
        let name = match self {
            Self::PublicDomain => "PublicDomain",
            Self::Attribution => "Attribution",
            Self::ShareAlike => "ViralEffect-ShareAlike",
            Self::NonCommercial => "NonCommercialUseOnly",
            Self::NoDerivatives => "NoDerivativeWork",
            Self::Unknown => "UnknownIPR",
        };
        NamedNode::new_unchecked(format!("http://purl.org/adms/licencetype/{name}"))
    }
}

/// Under which licence a distribution may be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Licence {
    name: Option<Text>,
    kind: LicenceType,
    /// None for a licence that is known by what was told of it alone.
    iri: Option<NamedNode>,
    version: Option<String>,
}

/// What the national vocabulary of licences calls one that nobody has told.
const UNTOLD: &str = "https://w3id.org/italia/controlled-vocabulary/licences/C1_Unknown";

impl Licence {
    /// The licence that a text names: `CC BY 4.0`, `Creative Commons Attribution-ShareAlike 3.0 IT`, `IODL 2.0`, `ODbL`, the address of one.
    ///
    /// A text with anything else in it (`CC BY 4.0 except photographs`), or without the version, is told as it stands: as a licence of an unknown
    /// type, or of the type that it names. Without a text the national vocabulary's unknown licence (C.1).
    pub fn of(text: Option<&str>) -> Self {
        let Some(name) = text.and_then(Text::new) else {
            let iri = Some(NamedNode::new_unchecked(UNTOLD));
            return Self { name: None, kind: LicenceType::Unknown, iri, version: None };
        };
        let Some(known) = Known::read(name.as_str()) else {
            return Self { name: Some(name), kind: LicenceType::Unknown, iri: None, version: None };
        };
        Self {
            name: Some(name),
            kind: known.kind,
            iri: known.address.map(NamedNode::new_unchecked),
            version: known.version,
        }
    }

    /// As it was told.
    pub fn name(&self) -> Option<&str> {
        self.name.as_ref().map(Text::as_str)
    }

    pub fn kind(&self) -> LicenceType {
        self.kind
    }

    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Its address, where it is one of those known.
    pub fn address(&self) -> Option<&str> {
        self.iri.as_ref().map(NamedNode::as_str)
    }

    pub(crate) fn node(&self, base: &Base) -> NamedNode {
        self.iri.clone().unwrap_or_else(|| base.part(&["licence", self.name().unwrap_or_default()]))
    }
}

/// What is known of a licence by its name.
struct Known {
    kind: LicenceType,
    version: Option<String>,
    /// None where the version is not told, and with it which text it is.
    address: Option<String>,
}

impl Known {
    fn read(text: &str) -> Option<Self> {
        let upper = text.to_uppercase();
        // The pages at an address are in the reader's language, which is none of the licence.
        let told = match upper.split_once("/DEED").or_else(|| upper.split_once("/LEGALCODE")) {
            Some((address, _)) if !upper.contains(char::is_whitespace) => address,
            _ => upper.as_str(),
        };
        let words = told.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty());
        let words: Vec<&str> = words.map(without_v).collect();
        Self::creative_commons(&words).or_else(|| Self::other(&words))
    }

    /// The licences of Creative Commons; none where a word is left that belongs to no name of theirs.
    fn creative_commons(words: &[&str]) -> Option<Self> {
        let (mut named, mut zero, mut by, mut nc, mut nd, mut sa, mut italian) =
            (false, false, false, false, false, false, false);
        let mut digits: Vec<&str> = Vec::new();
        for word in words {
            match *word {
                "CC" | "CREATIVECOMMONS" | "CREATIVE" => named = true,
                "CC0" | "ZERO" => (named, zero) = (true, true),
                "BY" | "ATTRIBUTION" | "ATTRIBUZIONE" => by = true,
                "NC" | "NONCOMMERCIAL" | "NONCOMMERCIALE" => nc = true,
                "ND" | "NODERIVATIVES" | "NODERIVS" => nd = true,
                "SA" | "SHAREALIKE" => sa = true,
                "IT" | "ITALY" | "ITALIA" => italian = true,
                "0" | "1" | "2" | "3" | "4" | "5" => digits.push(word),
                _ if NOISE.contains(word) => {}
                _ => return None,
            }
        }
        let version = match digits.as_slice() {
            [] => None,
            [major @ ("1" | "2" | "3" | "4"), "0"] => Some(format!("{major}.0")),
            ["2", "5"] => Some("2.5".to_owned()),
            _ => return None,
        };
        if !named {
            return None;
        }
        if zero {
            let fits = !(by || nc || nd || sa || italian) && version.as_deref().is_none_or(|version| version == "1.0");
            let address = "http://creativecommons.org/publicdomain/zero/1.0/".to_owned();
            return fits.then(|| Self {
                kind: LicenceType::PublicDomain,
                version: Some("1.0".to_owned()),
                address: Some(address),
            });
        }
        let (name, kind) = match (by, nc, nd, sa) {
            (true, false, false, false) => ("by", LicenceType::Attribution),
            (true, false, false, true) => ("by-sa", LicenceType::ShareAlike),
            (true, false, true, false) => ("by-nd", LicenceType::NoDerivatives),
            (true, true, false, false) => ("by-nc", LicenceType::NonCommercial),
            (true, true, false, true) => ("by-nc-sa", LicenceType::NonCommercial),
            (true, true, true, false) => ("by-nc-nd", LicenceType::NonCommercial),
            _ => return None,
        };
        let port = match (italian, version.as_deref()) {
            (false, _) => "",
            (true, Some("2.0" | "2.5" | "3.0")) => "it/",
            // There is no Italian text of the others.
            (true, _) => return None,
        };
        let address =
            version.as_deref().map(|version| format!("http://creativecommons.org/licenses/{name}/{version}/{port}"));
        Some(Self { kind, version, address })
    }

    /// The Italian Open Data Licence, and those of Open Data Commons.
    fn other(words: &[&str]) -> Option<Self> {
        let words: Vec<&str> = words.iter().copied().filter(|word| !NOISE.contains(word)).collect();
        let (kind, version, address) = match words.as_slice() {
            ["IODL", "2", "0"] | ["WWW", "DATI", "GOV", "IT", "IODL", "2", "0"] => {
                (LicenceType::Attribution, "2.0", "https://www.dati.gov.it/iodl/2.0/")
            }
            ["IODL", "1", "0"] => (LicenceType::ShareAlike, "1.0", "https://www.dati.gov.it/iodl/1.0/"),
            ["ODBL"] | ["ODBL", "1", "0"] | ["ODC", "ODBL"] | ["ODC", "ODBL", "1", "0"] => {
                (LicenceType::ShareAlike, "1.0", "https://opendatacommons.org/licenses/odbl/1-0/")
            }
            ["ODC", "BY"] | ["ODC", "BY", "1", "0"] => {
                (LicenceType::Attribution, "1.0", "https://opendatacommons.org/licenses/by/1-0/")
            }
            ["PDDL"] | ["PDDL", "1", "0"] | ["ODC", "PDDL"] | ["ODC", "PDDL", "1", "0"] => {
                (LicenceType::PublicDomain, "1.0", "https://opendatacommons.org/licenses/pddl/1-0/")
            }
            _ => return None,
        };
        Some(Self { kind, version: Some(version.to_owned()), address: Some(address.to_owned()) })
    }
}

/// The 2 of `v2.0`.
fn without_v(word: &str) -> &str {
    match word.strip_prefix('V') {
        Some(number) if number.bytes().all(|byte| byte.is_ascii_digit()) && !number.is_empty() => number,
        _ => word,
    }
}

/// Words that names and addresses of licences have besides.
const NOISE: [&str; 19] = [
    "COMMONS",
    "DEED",
    "HTTP",
    "HTTPS",
    "INT",
    "INTERNATIONAL",
    "INTERNAZIONALE",
    "LEGALCODE",
    "LICENCE",
    "LICENSE",
    "LICENSES",
    "LICENZA",
    "ORG",
    "PUBLICDOMAIN",
    "THE",
    "UNIVERSAL",
    "UNPORTED",
    "V",
    "WWW",
];
