//! SDMX-ML 2.1 structure messages.

use std::io;

use crate::header::Header;
use crate::identifiers::{ArtefactId, Class};
use crate::request::Resource;
use crate::structure::{
    Asked, Attribute, AttributeRelationship, Codelist, ConceptScheme, DataStructure, Dataflow, OBS_VALUE, Structures,
    TIME_PERIOD, agency_scheme,
};
use crate::text::LocalisedText;
use crate::xml::{COMMON, MESSAGE, STRUCTURE, Xml};

pub fn write(structures: &Structures, header: &Header, asked: Asked) -> io::Result<Vec<u8>> {
    let mut message = Message { xml: Xml::document()?, service: header.service.as_deref(), asked };
    message.xml.open("mes:Structure", [MESSAGE, COMMON, STRUCTURE])?;
    message.xml.open_header(header)?;
    message.xml.close("mes:Header")?;
    message.xml.open("mes:Structures", [])?;
    message.agencies(structures)?;
    message.all("str:Dataflows", &structures.dataflows, Message::dataflow)?;
    message.all("str:Codelists", &structures.codelists, Message::codelist)?;
    message.all("str:Concepts", &structures.concept_schemes, Message::concept_scheme)?;
    message.all("str:DataStructures", &structures.data_structures, Message::data_structure)?;
    message.xml.close("mes:Structures")?;
    message.xml.close("mes:Structure")?;
    Ok(message.xml.into_bytes())
}

/// How the values of a component are told.
const LOCAL: &str = "str:LocalRepresentation";

struct Message<'a> {
    xml: Xml,
    service: Option<&'a str>,
    asked: Asked,
}

impl Message<'_> {
    fn all<T>(&mut self, name: &str, all: &[T], write: fn(&mut Self, &T) -> io::Result<()>) -> io::Result<()> {
        if all.is_empty() {
            return Ok(());
        }
        self.xml.open(name, [])?;
        for one in all {
            write(self, one)?;
        }
        self.xml.close(name)
    }

    /// The beginning of an artefact that is kept by an agency: as a stub with the address of the whole.
    fn open(
        &mut self,
        name: &str,
        (resource, class): (Resource, Class),
        artefact: &ArtefactId,
        more: Option<(&str, &str)>,
    ) -> io::Result<()> {
        let ArtefactId { agency, id, version } = artefact;
        let urn = artefact.urn(class);
        let is_stub = self.asked.is_stub(resource);
        let address = self.service.filter(|_| is_stub);
        let address = address.map(|service| format!("{service}/{}/{agency}/{id}/{version}", resource.name()));
        let attributes = [("urn", urn.as_str()), ("id", id), ("agencyID", agency), ("version", version)];
        let external = address.as_deref().map(|address| [("isExternalReference", "true"), ("structureURL", address)]);
        let more = more.into_iter().filter(|_| !is_stub);
        self.xml.open(name, attributes.into_iter().chain(more).chain(external.into_iter().flatten()))
    }

    fn agencies(&mut self, structures: &Structures) -> io::Result<()> {
        if structures.agencies.is_empty() {
            return Ok(());
        }
        let scheme = agency_scheme();
        self.xml.open("str:OrganisationSchemes", [])?;
        self.open("str:AgencyScheme", (Resource::AgencyScheme, Class::AgencyScheme), &scheme, None)?;
        self.xml.names(&LocalisedText::of("en", "Agencies"), "")?;
        for agency in structures.agencies.iter().filter(|_| !self.asked.is_stub(Resource::AgencyScheme)) {
            let urn = scheme.urn_of(Class::Agency, &agency.id);
            self.xml.open("str:Agency", [("urn", urn.as_str()), ("id", &agency.id)])?;
            self.xml.names(&agency.name, &agency.id)?;
            self.xml.close("str:Agency")?;
        }
        self.xml.close("str:AgencyScheme")?;
        self.xml.close("str:OrganisationSchemes")
    }

    fn dataflow(&mut self, dataflow: &Dataflow) -> io::Result<()> {
        self.open("str:Dataflow", (Resource::Dataflow, Class::Dataflow), &dataflow.artefact, None)?;
        self.xml.names(&dataflow.name, &dataflow.artefact.id)?;
        if !self.asked.is_stub(Resource::Dataflow) {
            for (language, text) in dataflow.description.iter() {
                self.xml.text("com:Description", [("xml:lang", language)], text)?;
            }
            self.xml.open("str:Structure", [])?;
            self.reference(&dataflow.structure, "DataStructure", "datastructure")?;
            self.xml.close("str:Structure")?;
        }
        self.xml.close("str:Dataflow")
    }

    fn codelist(&mut self, codelist: &Codelist) -> io::Result<()> {
        let partial = codelist.is_partial.then_some(("isPartial", "true"));
        self.open("str:Codelist", (Resource::Codelist, Class::Codelist), &codelist.artefact, partial)?;
        self.xml.names(&codelist.name, &codelist.artefact.id)?;
        for code in codelist.codes.iter().filter(|_| !self.asked.is_stub(Resource::Codelist)) {
            let urn = codelist.artefact.urn_of(Class::Code, &code.id);
            self.xml.open("str:Code", [("urn", urn.as_str()), ("id", &code.id)])?;
            self.xml.names(&code.name, &code.id)?;
            if let Some(parent) = &code.parent {
                self.xml.open("str:Parent", [])?;
                self.xml.empty("Ref", [("id", parent.as_str())])?;
                self.xml.close("str:Parent")?;
            }
            self.xml.close("str:Code")?;
        }
        self.xml.close("str:Codelist")
    }

    fn concept_scheme(&mut self, scheme: &ConceptScheme) -> io::Result<()> {
        let kind = (Resource::ConceptScheme, Class::ConceptScheme);
        self.open("str:ConceptScheme", kind, &scheme.artefact, None)?;
        self.xml.names(&scheme.name, &scheme.artefact.id)?;
        let is_stub = self.asked.is_stub(Resource::ConceptScheme);
        for concept in scheme.concepts.iter().filter(|_| !is_stub) {
            let urn = scheme.artefact.urn_of(Class::Concept, &concept.id);
            self.xml.open("str:Concept", [("urn", urn.as_str()), ("id", &concept.id)])?;
            self.xml.names(&concept.name, &concept.id)?;
            if let Some(codelist) = &concept.codelist {
                self.enumeration("str:CoreRepresentation", codelist)?;
            }
            self.xml.close("str:Concept")?;
        }
        self.xml.close("str:ConceptScheme")
    }

    fn data_structure(&mut self, structure: &DataStructure) -> io::Result<()> {
        let kind = (Resource::DataStructure, Class::DataStructure);
        self.open("str:DataStructure", kind, &structure.artefact, None)?;
        self.xml.names(&structure.name, &structure.artefact.id)?;
        if !self.asked.is_stub(Resource::DataStructure) {
            self.xml.open("str:DataStructureComponents", [])?;
            self.dimensions(structure)?;
            if !structure.attributes.is_empty() {
                self.xml.open("str:AttributeList", [("id", "AttributeDescriptor")])?;
                for attribute in &structure.attributes {
                    self.attribute(structure, attribute)?;
                }
                self.xml.close("str:AttributeList")?;
            }
            self.measure(structure)?;
            self.xml.close("str:DataStructureComponents")?;
        }
        self.xml.close("str:DataStructure")
    }

    fn dimensions(&mut self, structure: &DataStructure) -> io::Result<()> {
        self.xml.open("str:DimensionList", [("id", "DimensionDescriptor")])?;
        for (position, dimension) in (1_u64..).zip(&structure.dimensions) {
            let urn = structure.artefact.urn_of(Class::Dimension, &dimension.id);
            let position = position.to_string();
            let attributes = [("urn", urn.as_str()), ("id", &dimension.id), ("position", &position)];
            self.xml.open("str:Dimension", attributes)?;
            self.concept(structure, &dimension.id)?;
            self.enumeration(LOCAL, &dimension.codelist)?;
            self.xml.close("str:Dimension")?;
        }
        let urn = structure.artefact.urn_of(Class::TimeDimension, TIME_PERIOD);
        let position = structure.dimensions.len().saturating_add(1).to_string();
        let attributes = [("urn", urn.as_str()), ("id", TIME_PERIOD), ("position", &position)];
        self.xml.open("str:TimeDimension", attributes)?;
        self.concept(structure, TIME_PERIOD)?;
        self.format("ObservationalTimePeriod")?;
        self.xml.close("str:TimeDimension")?;
        self.xml.close("str:DimensionList")
    }

    fn attribute(&mut self, structure: &DataStructure, attribute: &Attribute) -> io::Result<()> {
        let urn = structure.artefact.urn_of(Class::DataAttribute, &attribute.id);
        let status = if attribute.is_mandatory { "Mandatory" } else { "Conditional" };
        let attributes = [("urn", urn.as_str()), ("id", &attribute.id), ("assignmentStatus", status)];
        self.xml.open("str:Attribute", attributes)?;
        self.concept(structure, &attribute.id)?;
        self.enumeration(LOCAL, &attribute.codelist)?;
        self.xml.open("str:AttributeRelationship", [])?;
        match attribute.of {
            AttributeRelationship::DataSet => self.xml.empty("str:None", [])?,
            AttributeRelationship::Observation => {
                self.xml.open("str:PrimaryMeasure", [])?;
                self.xml.empty("Ref", [("id", OBS_VALUE)])?;
                self.xml.close("str:PrimaryMeasure")?;
            }
        }
        self.xml.close("str:AttributeRelationship")?;
        self.xml.close("str:Attribute")
    }

    fn measure(&mut self, structure: &DataStructure) -> io::Result<()> {
        self.xml.open("str:MeasureList", [("id", "MeasureDescriptor")])?;
        let urn = structure.artefact.urn_of(Class::PrimaryMeasure, OBS_VALUE);
        self.xml.open("str:PrimaryMeasure", [("urn", urn.as_str()), ("id", OBS_VALUE)])?;
        self.concept(structure, OBS_VALUE)?;
        self.format("Double")?;
        self.xml.close("str:PrimaryMeasure")?;
        self.xml.close("str:MeasureList")
    }

    fn concept(&mut self, structure: &DataStructure, id: &str) -> io::Result<()> {
        let ArtefactId { agency, id: scheme, version } = &structure.concept_scheme;
        self.xml.open("str:ConceptIdentity", [])?;
        let attributes = [
            ("id", id),
            ("maintainableParentID", scheme.as_str()),
            ("maintainableParentVersion", version),
            ("agencyID", agency),
            ("package", "conceptscheme"),
            ("class", "Concept"),
        ];
        self.xml.empty("Ref", attributes)?;
        self.xml.close("str:ConceptIdentity")
    }

    fn enumeration(&mut self, representation: &str, codelist: &ArtefactId) -> io::Result<()> {
        self.xml.open(representation, [])?;
        self.xml.open("str:Enumeration", [])?;
        self.reference(codelist, "Codelist", "codelist")?;
        self.xml.close("str:Enumeration")?;
        self.xml.close(representation)
    }

    fn format(&mut self, text_type: &str) -> io::Result<()> {
        self.xml.open(LOCAL, [])?;
        self.xml.empty("str:TextFormat", [("textType", text_type)])?;
        self.xml.close(LOCAL)
    }

    fn reference(&mut self, artefact: &ArtefactId, class: &str, package: &str) -> io::Result<()> {
        let ArtefactId { agency, id, version } = artefact;
        let attributes =
            [("id", id.as_str()), ("version", version), ("agencyID", agency), ("package", package), ("class", class)];
        self.xml.empty("Ref", attributes)
    }
}
