//! Structures: what data are about (SDMX 2.1, section 2, "Data Structure Definition and Dataflow").
//!
//! Concepts are not given apart: each component of a data structure has one of its own id and name, in the concept scheme of the
//! structure. So nothing can refer to a concept that is not there.

pub(crate) mod json;
mod xml;

use crate::header::Header;
use crate::identifiers::{ArtefactId, is_ncname_id};
use crate::request::{Resource, StructureDetail, StructureFormat};
use crate::text::LocalisedText;

/// The dimension of time; SDMX 2.1 has no other id for it.
pub const TIME_PERIOD: &str = "TIME_PERIOD";
/// The primary measure; SDMX 2.1 has no other id for it.
pub const OBS_VALUE: &str = "OBS_VALUE";

/// Who keeps structures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agency {
    /// An NCNameIDType.
    pub id: String,
    pub name: LocalisedText,
}

/// A name under which data are served, and how they are structured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataflow {
    pub artefact: ArtefactId,
    pub name: LocalisedText,
    pub description: LocalisedText,
    pub structure: ArtefactId,
}

/// What tells observations apart, and what is told of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataStructure {
    /// Its id is an NCNameIDType, since data messages refer to the structure by it.
    pub artefact: ArtefactId,
    pub name: LocalisedText,
    /// All but time, in the order of keys.
    pub dimensions: Vec<Dimension>,
    /// The name of the dimension of time, [`TIME_PERIOD`]; it comes last.
    pub time: LocalisedText,
    /// The name of the measure, [`OBS_VALUE`]: its unit, where there is one.
    pub measure: LocalisedText,
    pub attributes: Vec<Attribute>,
    /// The scheme that has the concepts of all of these.
    pub concept_scheme: ArtefactId,
}

/// A dimension other than time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dimension {
    /// An NCNameIDType.
    pub id: String,
    pub name: LocalisedText,
    pub role: DimensionRole,
    pub codelist: ArtefactId,
}

/// What the codes of a dimension stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DimensionRole {
    /// Places: the role `GEO` of the cross-domain concepts.
    Area,
    Other,
}

/// What is told besides the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// An NCNameIDType: `OBS_STATUS`, `CONF_STATUS`, `UNIT_MULT`.
    pub id: String,
    pub name: LocalisedText,
    pub codelist: ArtefactId,
    pub is_mandatory: bool,
    pub of: AttributeRelationship,
}

/// What an attribute is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttributeRelationship {
    /// All observations of a data set.
    DataSet,
    /// Each observation.
    Observation,
}

/// Codes and what they are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Codelist {
    pub artefact: ArtefactId,
    pub name: LocalisedText,
    /// Whether some codes are left out.
    pub is_partial: bool,
    pub codes: Vec<Code>,
}

/// A code. One that is no IDType is written as it is: no reader loses it, though a validator will complain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    pub id: String,
    /// Where it is empty, the id stands for it.
    pub name: LocalisedText,
    /// A code of the same list.
    pub parent: Option<String>,
}

/// Concepts and what they are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConceptScheme {
    pub artefact: ArtefactId,
    pub name: LocalisedText,
    pub concepts: Vec<Concept>,
}

/// A concept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concept {
    pub id: String,
    pub name: LocalisedText,
    /// What it takes its codes from, where it does: the client `sdmx1` reads no data with attributes of data sets whose concepts lack it.
    pub codelist: Option<ArtefactId>,
}

impl DataStructure {
    /// The concepts of all components.
    pub fn concepts(&self) -> ConceptScheme {
        let concept = |id: &str, name: &LocalisedText, codelist: Option<&ArtefactId>| Concept {
            id: id.to_owned(),
            name: name.clone(),
            codelist: codelist.cloned(),
        };
        let dimensions = self.dimensions.iter().map(|one| concept(&one.id, &one.name, Some(&one.codelist)));
        let uncoded = [concept(TIME_PERIOD, &self.time, None), concept(OBS_VALUE, &self.measure, None)];
        let attributes = self.attributes.iter().map(|one| concept(&one.id, &one.name, Some(&one.codelist)));
        let concepts = dimensions.chain(uncoded).chain(attributes).collect();
        ConceptScheme { artefact: self.concept_scheme.clone(), name: self.name.clone(), concepts }
    }

    /// Attributes of a kind, in the order of the structure.
    pub fn attributes_of(&self, of: AttributeRelationship) -> impl Iterator<Item = &Attribute> {
        self.attributes.iter().filter(move |attribute| attribute.of == of)
    }

    /// The id of the structure where it is no NCNameIDType, else the first one of a component that is none or that another has: neither
    /// could be a name in XML.
    pub fn wrong_id(&self) -> Option<&str> {
        if !is_ncname_id(&self.artefact.id) {
            return Some(&self.artefact.id);
        }
        let given = self.dimensions.iter().map(|dimension| dimension.id.as_str());
        let given = given.chain(self.attributes.iter().map(|attribute| attribute.id.as_str()));
        let mut seen = std::collections::HashSet::from([TIME_PERIOD, OBS_VALUE]);
        let mut wrong = given.filter(|id| !is_ncname_id(id) || !seen.insert(id));
        wrong.next()
    }
}

/// What a structure message holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Structures {
    /// In the scheme `SDMX:AGENCIES(1.0)`.
    pub agencies: Vec<Agency>,
    pub dataflows: Vec<Dataflow>,
    pub codelists: Vec<Codelist>,
    pub concept_schemes: Vec<ConceptScheme>,
    pub data_structures: Vec<DataStructure>,
}

/// What was asked for, which says of which artefacts identifier and name suffice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    pub resource: Resource,
    pub detail: StructureDetail,
}

impl Asked {
    fn is_stub(self, of: Resource) -> bool {
        self.detail.is_stub(self.resource, of)
    }
}

impl Structures {
    /// Whether there is nothing in it: to be answered with 404.
    pub fn is_empty(&self) -> bool {
        self.agencies.is_empty()
            && self.dataflows.is_empty()
            && self.codelists.is_empty()
            && self.concept_schemes.is_empty()
            && self.data_structures.is_empty()
    }

    /// The message.
    pub fn write(&self, format: StructureFormat, header: &Header, asked: Asked) -> std::io::Result<Vec<u8>> {
        match format {
            StructureFormat::Xml => xml::write(self, header, asked),
            StructureFormat::Json1 => Ok(json::write(self, header, asked, json::Version::V1)),
            StructureFormat::Json2 => Ok(json::write(self, header, asked, json::Version::V2)),
        }
    }
}

/// The scheme that agencies are in: the one at the top (SDMX 2.1, section 3A, "AgencyScheme").
fn agency_scheme() -> ArtefactId {
    ArtefactId::new("SDMX", "AGENCIES", "1.0")
}
