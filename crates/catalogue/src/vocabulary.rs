//! The words of the graph: namespaces, and the authority tables of the Publications Office of the EU that the profile asks for.

use oxrdf::{NamedNode, NamedNodeRef};

/// The prefixes of Turtle and RDF/XML.
pub(crate) const PREFIXES: [(&str, &str); 11] = [
    ("dcat", "http://www.w3.org/ns/dcat#"),
    ("dcatapit", "http://dati.gov.it/onto/dcatapit#"),
    ("dct", "http://purl.org/dc/terms/"),
    ("foaf", "http://xmlns.com/foaf/0.1/"),
    ("locn", "http://www.w3.org/ns/locn#"),
    ("owl", "http://www.w3.org/2002/07/owl#"),
    ("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
    ("rdfs", "http://www.w3.org/2000/01/rdf-schema#"),
    ("schema", "http://schema.org/"),
    ("vcard", "http://www.w3.org/2006/vcard/ns#"),
    ("xsd", "http://www.w3.org/2001/XMLSchema#"),
];

macro_rules! terms {
    ($($module:ident = $namespace:literal { $($name:ident = $local:literal),* $(,)? })*) => {
        $(pub(crate) mod $module {
            use oxrdf::NamedNodeRef;
            $(pub(crate) const $name: NamedNodeRef<'_> = NamedNodeRef::new_unchecked(concat!($namespace, $local));)*
        })*
    };
}

terms! {
    dcat = "http://www.w3.org/ns/dcat#" {
        CATALOG = "Catalog", DATASET_CLASS = "Dataset", DISTRIBUTION_CLASS = "Distribution",
        ACCESS_URL = "accessURL", CONTACT_POINT = "contactPoint", DATASET = "dataset", DISTRIBUTION = "distribution",
        DOWNLOAD_URL = "downloadURL", END_DATE = "endDate", KEYWORD = "keyword", LANDING_PAGE = "landingPage", START_DATE = "startDate", THEME = "theme",
        THEME_TAXONOMY = "themeTaxonomy",
    }
    dcatapit = "http://dati.gov.it/onto/dcatapit#" {
        AGENT = "Agent", CATALOG = "Catalog", DATASET = "Dataset", DISTRIBUTION = "Distribution",
        LICENSE_DOCUMENT = "LicenseDocument", ORGANIZATION = "Organization", STANDARD = "Standard",
        END_DATE = "endDate", START_DATE = "startDate",
    }
    dct = "http://purl.org/dc/terms/" {
        LICENSE_DOCUMENT = "LicenseDocument", LOCATION = "Location", PERIOD_OF_TIME = "PeriodOfTime",
        PROVENANCE_STATEMENT = "ProvenanceStatement", STANDARD = "Standard",
        ACCRUAL_PERIODICITY = "accrualPeriodicity", CONFORMS_TO = "conformsTo", DESCRIPTION = "description",
        FORMAT = "format", IDENTIFIER = "identifier", ISSUED = "issued", LANGUAGE = "language", LICENSE = "license",
        MODIFIED = "modified", PROVENANCE = "provenance", PUBLISHER = "publisher", RIGHTS_HOLDER = "rightsHolder",
        SPATIAL = "spatial", TEMPORAL = "temporal", TITLE = "title", TYPE = "type",
    }
    foaf = "http://xmlns.com/foaf/0.1/" { AGENT = "Agent", HOMEPAGE = "homepage", NAME = "name" }
    locn = "http://www.w3.org/ns/locn#" { GEOGRAPHIC_NAME = "geographicName" }
    owl = "http://www.w3.org/2002/07/owl#" { VERSION_INFO = "versionInfo" }
    rdfs = "http://www.w3.org/2000/01/rdf-schema#" { LABEL = "label" }
    schema = "http://schema.org/" { END_DATE = "endDate", START_DATE = "startDate" }
    vcard = "http://www.w3.org/2006/vcard/ns#" {
        KIND = "Kind", ORGANIZATION = "Organization", FN = "fn", HAS_EMAIL = "hasEmail",
    }
}

/// The table that themes are of.
pub(crate) const THEMES: NamedNodeRef<'_> =
    NamedNodeRef::new_unchecked("http://publications.europa.eu/resource/authority/data-theme");

/// An entry of an authority table of the EU.
pub(crate) fn authority(table: &str, code: &str) -> NamedNode {
    NamedNode::new_unchecked(format!("http://publications.europa.eu/resource/authority/{table}/{code}"))
}

macro_rules! table {
    ($(#[$about:meta])* $name:ident of $table:literal { $($(#[$meaning:meta])* $entry:ident = $code:literal),* $(,)? }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$meaning])* $entry,)*
        }

        impl $name {
            pub const ALL: &[Self] = &[$(Self::$entry,)*];

            /// As the authority table names it.
            pub fn code(self) -> &'static str {
                match self {
                    $(Self::$entry => $code,)*
                }
            }

            pub(crate) fn node(self) -> NamedNode {
                authority($table, self.code())
            }
        }
    };
}

table! {
    /// How often a dataset is brought up to date (authority table "frequency").
    Frequency of "frequency" {
        Triennial = "TRIENNIAL",
        Biennial = "BIENNIAL",
        Annual = "ANNUAL",
        TwiceAYear = "ANNUAL_2",
        ThreeTimesAYear = "ANNUAL_3",
        Quarterly = "QUARTERLY",
        /// Every second month.
        Bimonthly = "BIMONTHLY",
        Monthly = "MONTHLY",
        TwiceAMonth = "MONTHLY_2",
        Weekly = "WEEKLY",
        Daily = "DAILY",
        Continuous = "UPDATE_CONT",
        Irregular = "IRREG",
        /// Never again.
        Never = "NEVER",
        Other = "OTHER",
        /// What the profile takes where nobody has said.
        Unknown = "UNKNOWN",
    }
}

impl Frequency {
    /// Of a frequency of observations (SDMX codelist `CL_FREQ` 2.0); unknown for what is none.
    pub fn of_sdmx(code: &str) -> Self {
        match code {
            "A" => Self::Annual,
            "S" => Self::TwiceAYear,
            "Q" => Self::Quarterly,
            "M" => Self::Monthly,
            "W" => Self::Weekly,
            "D" | "B" => Self::Daily,
            _ => Self::Unknown,
        }
    }
}

table! {
    /// What a dataset is about (authority table "data-theme").
    Theme of "data-theme" {
        Agriculture = "AGRI",
        Economy = "ECON",
        Education = "EDUC",
        Energy = "ENER",
        Environment = "ENVI",
        Government = "GOVE",
        Health = "HEAL",
        International = "INTR",
        Justice = "JUST",
        Regions = "REGI",
        /// Population and society.
        Society = "SOCI",
        Science = "TECH",
        Transport = "TRAN",
    }
}

table! {
    /// The format of a distribution (authority table "file-type").
    FileType of "file-type" {
        Csv = "CSV",
        GeoJson = "GEOJSON",
        Json = "JSON",
        JsonLd = "JSON_LD",
        RdfXml = "RDF_XML",
        Turtle = "RDF_TURTLE",
        /// SDMX-ML.
        Sdmx = "SDMX",
        Xml = "XML",
    }
}
