//! Identifiers of artefacts, and their URNs (SDMX 2.1, section 3A, common schema; section 5, "URN").

use std::fmt;

/// What tells a maintainable artefact apart: who keeps it, its id, its version. Written `AGENCY:ID(VERSION)`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArtefactId {
    /// The maintenance agency: a NestedNCNameIDType, `IT1` or `ISTAT.DEM`.
    pub agency: String,
    /// An IDType; of structures and dataflows an NCNameIDType, where schemas are to be made of them.
    pub id: String,
    /// `1.0`.
    pub version: String,
}

impl ArtefactId {
    pub fn new(agency: impl Into<String>, id: impl Into<String>, version: impl Into<String>) -> Self {
        Self { agency: agency.into(), id: id.into(), version: version.into() }
    }

    /// The URN of the artefact itself.
    pub fn urn(&self, class: Class) -> String {
        format!("urn:sdmx:org.sdmx.infomodel.{}={self}", class.name())
    }

    /// The URN of a part of it: a code, a concept, a dimension.
    pub fn urn_of(&self, class: Class, part: &str) -> String {
        format!("{}.{part}", self.urn(class))
    }
}

impl fmt::Display for ArtefactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}({})", self.agency, self.id, self.version)
    }
}

/// Classes of the information model that are told by URNs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    AgencyScheme,
    Agency,
    Codelist,
    Code,
    ConceptScheme,
    Concept,
    Dataflow,
    DataStructure,
    Dimension,
    TimeDimension,
    PrimaryMeasure,
    Measure,
    DataAttribute,
}

impl Class {
    /// Package and class: `codelist.Code`.
    pub fn name(self) -> &'static str {
        match self {
            Self::AgencyScheme => "base.AgencyScheme",
            Self::Agency => "base.Agency",
            Self::Codelist => "codelist.Codelist",
            Self::Code => "codelist.Code",
            Self::ConceptScheme => "conceptscheme.ConceptScheme",
            Self::Concept => "conceptscheme.Concept",
            Self::Dataflow => "datastructure.Dataflow",
            Self::DataStructure => "datastructure.DataStructure",
            Self::Dimension => "datastructure.Dimension",
            Self::TimeDimension => "datastructure.TimeDimension",
            Self::PrimaryMeasure => "datastructure.PrimaryMeasure",
            Self::Measure => "datastructure.Measure",
            Self::DataAttribute => "datastructure.DataAttribute",
        }
    }
}

/// Whether a text is an IDType: letters and digits of ASCII, `_`, `@`, `$`, `-`.
pub fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_@$-".contains(&byte))
}

/// Whether a text is an NCNameIDType: a letter, then letters, digits, `_`, `-`.
pub fn is_ncname_id(text: &str) -> bool {
    text.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

/// Whether a text is a NestedNCNameIDType: NCNameIDTypes with dots between them.
pub fn is_nested_ncname_id(text: &str) -> bool {
    text.split('.').all(is_ncname_id)
}

/// Whether a text is a VersionType: numbers with dots between them.
pub fn is_version(text: &str) -> bool {
    text.split('.').all(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urns_are_those_of_the_standard() {
        let codelist = ArtefactId::new("IT1", "CL_SEX", "1.0");
        assert_eq!(codelist.urn(Class::Codelist), "urn:sdmx:org.sdmx.infomodel.codelist.Codelist=IT1:CL_SEX(1.0)");
        assert_eq!(codelist.urn_of(Class::Code, "F"), "urn:sdmx:org.sdmx.infomodel.codelist.Code=IT1:CL_SEX(1.0).F");
    }

    #[test]
    fn identifiers_are_told_from_other_texts() {
        assert!(is_id("2025-01") && is_id("A$B@C_d") && !is_id("") && !is_id("A.B") && !is_id("è"));
        assert!(is_ncname_id("REF_AREA") && !is_ncname_id("1A") && !is_ncname_id("A$") && !is_ncname_id(""));
        assert!(is_nested_ncname_id("ISTAT.DEM") && !is_nested_ncname_id("ISTAT.") && !is_nested_ncname_id("ISTAT.1"));
        assert!(is_version("1.0") && is_version("2") && !is_version("1.") && !is_version("v1") && !is_version(""));
    }
}
