//! SDMX-JSON structure messages 1.0 and 2.0.

use serde_json::{Value, json};

use crate::header::Header;
use crate::identifiers::{ArtefactId, Class};
use crate::json::{Object, meta, texts};
use crate::request::Resource;
use crate::structure::{
    Asked, Attribute, AttributeRelationship, Codelist, ConceptScheme, DataStructure, Dataflow, Dimension,
    DimensionRole, OBS_VALUE, Structures, TIME_PERIOD, agency_scheme,
};
use crate::text::LocalisedText;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    V1,
    V2,
}

const SCHEMA_1: &str = "https://raw.githubusercontent.com/sdmx-twg/sdmx-json/master/structure-message/tools/schemas/1.0/sdmx-json-structure-schema.json";
const SCHEMA_2: &str = "https://raw.githubusercontent.com/sdmx-twg/sdmx-json/master/structure-message/tools/schemas/2.0.0/sdmx-json-structure-schema.json";

/// The role of dimensions of places among the concept roles of SDMX.
const GEO: &str = "urn:sdmx:org.sdmx.infomodel.conceptscheme.Concept=SDMX:SDMX_CONCEPT_ROLES(1.0).GEO";

pub fn write(structures: &Structures, header: &Header, asked: Asked, version: Version) -> Vec<u8> {
    let message = Message { header, asked, version };
    let schema = match version {
        Version::V1 => SCHEMA_1,
        Version::V2 => SCHEMA_2,
    };
    let some = |all: Vec<Object>| (!all.is_empty()).then_some(all);
    let data = Object::default()
        .with_some("agencySchemes", some(message.agencies(structures)))
        .with_some("dataflows", some(structures.dataflows.iter().map(|flow| message.dataflow(flow)).collect()))
        .with_some("codelists", some(structures.codelists.iter().map(|list| message.codelist(list)).collect()))
        .with_some("conceptSchemes", some(structures.concept_schemes.iter().map(|one| message.concepts(one)).collect()))
        .with_some(
            "dataStructures",
            some(structures.data_structures.iter().map(|one| message.data_structure(one)).collect()),
        );
    // Readers look at the beginning to see what message it is.
    format!("{{\"meta\":{},\"data\":{}}}", meta(header, schema), Value::from(data)).into_bytes()
}

struct Message<'a> {
    header: &'a Header,
    asked: Asked,
    version: Version,
}

impl Message<'_> {
    /// What all artefacts have that an agency keeps, and whether it is told by that alone.
    fn artefact(
        &self,
        (resource, class): (Resource, Class),
        artefact: &ArtefactId,
        name: &LocalisedText,
    ) -> (Object, bool) {
        let ArtefactId { agency, id, version } = artefact;
        let is_stub = self.asked.is_stub(resource);
        let service = self.header.service.as_ref().filter(|_| is_stub);
        let link = Object::default()
            .with("rel", "self")
            .with("urn", artefact.urn(class))
            .with_some("href", service.map(|service| format!("{service}/{}/{agency}/{id}/{version}", resource.name())));
        let object = self
            .item(id, name)
            .with("agencyID", agency.as_str())
            .with("version", version.as_str())
            .with("links", vec![link])
            .with_some("isExternalReference", is_stub.then_some(true));
        (object, is_stub)
    }

    fn item(&self, id: &str, name: &LocalisedText) -> Object {
        Object::default().with("id", id).named(id, name, &self.header.languages)
    }

    fn agencies(&self, structures: &Structures) -> Vec<Object> {
        if structures.agencies.is_empty() {
            return Vec::new();
        }
        let kind = (Resource::AgencyScheme, Class::AgencyScheme);
        let (object, is_stub) = self.artefact(kind, &agency_scheme(), &LocalisedText::of("en", "Agencies"));
        let agencies = structures.agencies.iter().map(|agency| self.item(&agency.id, &agency.name));
        vec![object.with_some("agencies", (!is_stub).then(|| agencies.collect::<Vec<_>>()))]
    }

    fn dataflow(&self, flow: &Dataflow) -> Object {
        let (object, is_stub) = self.artefact((Resource::Dataflow, Class::Dataflow), &flow.artefact, &flow.name);
        if is_stub {
            return object;
        }
        let best = flow.description.best(&self.header.languages);
        object
            .with_some("description", best)
            .with_some("descriptions", best.map(|_| texts(&flow.description)))
            .with("structure", flow.structure.urn(Class::DataStructure))
    }

    fn codelist(&self, codelist: &Codelist) -> Object {
        let kind = (Resource::Codelist, Class::Codelist);
        let (object, is_stub) = self.artefact(kind, &codelist.artefact, &codelist.name);
        if is_stub {
            return object;
        }
        let codes = codelist.codes.iter();
        let codes = codes.map(|code| self.item(&code.id, &code.name).with_some("parent", code.parent.clone()));
        let codes: Vec<_> = codes.collect();
        object.with("isPartial", codelist.is_partial).with_some("codes", (!codes.is_empty()).then_some(codes))
    }

    fn concepts(&self, scheme: &ConceptScheme) -> Object {
        let kind = (Resource::ConceptScheme, Class::ConceptScheme);
        let (object, is_stub) = self.artefact(kind, &scheme.artefact, &scheme.name);
        let concepts = scheme.concepts.iter().map(|concept| {
            let coded = concept.codelist.as_ref().map(enumeration);
            self.item(&concept.id, &concept.name).with_some("coreRepresentation", coded)
        });
        object.with_some("concepts", (!is_stub).then(|| concepts.collect::<Vec<_>>()))
    }

    fn data_structure(&self, structure: &DataStructure) -> Object {
        let kind = (Resource::DataStructure, Class::DataStructure);
        let (object, is_stub) = self.artefact(kind, &structure.artefact, &structure.name);
        object.with_some("dataStructureComponents", (!is_stub).then(|| self.components(structure)))
    }

    fn components(&self, structure: &DataStructure) -> Object {
        let attributes = structure.attributes.iter().map(|attribute| self.attribute(structure, attribute));
        let attributes: Vec<_> = attributes.collect();
        let list = (!attributes.is_empty())
            .then(|| Object::default().with("id", "AttributeDescriptor").with("attributes", attributes));
        Object::default()
            .with("dimensionList", self.dimensions(structure))
            .with("measureList", self.measures(structure))
            .with_some("attributeList", list)
    }

    fn dimensions(&self, structure: &DataStructure) -> Object {
        let dimension = |(position, dimension): (usize, &Dimension)| {
            let role = (dimension.role == DimensionRole::Area).then(|| vec![GEO]);
            component(structure, &dimension.id)
                .with("position", position)
                .with("localRepresentation", enumeration(&dimension.codelist))
                .with_some("conceptRoles", role)
        };
        let dimensions: Vec<_> = structure.dimensions.iter().enumerate().map(dimension).collect();
        let list = Object::default().with("id", "DimensionDescriptor");
        let list = list.with_some("dimensions", (!dimensions.is_empty()).then_some(dimensions));
        let time = component(structure, TIME_PERIOD);
        let time = time.with("localRepresentation", self.format("ObservationalTimePeriod"));
        match self.version {
            Version::V1 => list.with("timeDimensions", vec![time.with("position", structure.dimensions.len())]),
            Version::V2 => list.with("timeDimension", time),
        }
    }

    fn measures(&self, structure: &DataStructure) -> Object {
        let measure = component(structure, OBS_VALUE).with("localRepresentation", self.format("Double"));
        let list = Object::default().with("id", "MeasureDescriptor");
        match self.version {
            Version::V1 => list.with("primaryMeasure", measure),
            Version::V2 => list.with("measures", vec![measure.with("usage", "optional")]),
        }
    }

    fn attribute(&self, structure: &DataStructure, attribute: &Attribute) -> Object {
        let (name, value) = match (self.version, attribute.is_mandatory) {
            (Version::V1, true) => ("assignmentStatus", "Mandatory"),
            (Version::V1, false) => ("assignmentStatus", "Conditional"),
            (Version::V2, true) => ("usage", "mandatory"),
            (Version::V2, false) => ("usage", "optional"),
        };
        component(structure, &attribute.id)
            .with("localRepresentation", enumeration(&attribute.codelist))
            .with("attributeRelationship", relationship(attribute, self.version))
            .with(name, value)
    }

    fn format(&self, kind: &str) -> Value {
        match self.version {
            Version::V1 => json!({ "textFormat": { "textType": kind } }),
            Version::V2 => json!({ "format": { "dataType": kind } }),
        }
    }
}

fn component(structure: &DataStructure, id: &str) -> Object {
    let concept = structure.concept_scheme.urn_of(Class::Concept, id);
    Object::default().with("id", id).with("conceptIdentity", concept)
}

fn enumeration(codelist: &ArtefactId) -> Object {
    Object::default().with("enumeration", codelist.urn(Class::Codelist))
}

/// What an attribute is about.
pub fn relationship(attribute: &Attribute, version: Version) -> Value {
    match (attribute.of, version) {
        (AttributeRelationship::DataSet, Version::V1) => json!({ "none": {} }),
        (AttributeRelationship::DataSet, Version::V2) => json!({ "dataflow": {} }),
        (AttributeRelationship::Observation, Version::V1) => json!({ "primaryMeasure": OBS_VALUE }),
        (AttributeRelationship::Observation, Version::V2) => json!({ "observation": {} }),
    }
}
