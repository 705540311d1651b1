//! SDMX-ML 2.1 structure-specific data.

use crate::data::shape::Shape;
use crate::data::{DataMessage, Format, Observation, Written, number};
use crate::identifiers::{ArtefactId, Class};
use crate::structure::{OBS_VALUE, TIME_PERIOD};
use crate::xml::{COMMON, MESSAGE, SCHEMA_INSTANCE, SPECIFIC, Xml};

pub struct Specific {
    xml: Xml,
    shape: Shape,
    series_open: bool,
}

impl Specific {
    pub fn begin(message: &DataMessage<'_>, shape: &Shape) -> std::io::Result<Self> {
        let structure = &message.structure.artefact;
        let level = shape.dimension_at_observation();
        // The namespace that a schema of this structure would have (SDMX 2.1, section 3A, "Structure specific schemas").
        let namespace = format!("{}:ObsLevelDim:{level}", structure.urn(Class::DataStructure));
        let mut xml = Xml::document()?;
        let own = ("xmlns:ns1", namespace.as_str());
        xml.open("mes:StructureSpecificData", [MESSAGE, COMMON, SPECIFIC, SCHEMA_INSTANCE, own])?;
        xml.open_header(message.header)?;
        open_structure(&mut xml, message, [("namespace", namespace.as_str()), ("dimensionAtObservation", level)])?;
        xml.close("mes:Header")?;
        let attributes = [
            ("ss:structureRef", structure.id.as_str()),
            ("ss:dataScope", "DataStructure"),
            ("ss:action", "Information"),
            ("xsi:type", "ns1:DataSetType"),
        ];
        let of_data_set = shape.of_data_set.iter().map(|(id, code)| (id.as_str(), code.as_str()));
        xml.open("mes:DataSet", attributes.into_iter().chain(of_data_set))?;
        Ok(Self { xml, shape: shape.clone(), series_open: false })
    }

    fn end_series(&mut self) -> Written {
        if std::mem::take(&mut self.series_open) {
            self.xml.close("Series")?;
        }
        Ok(())
    }
}

/// What the header says of the structure: the reference, for those who have the structure, and the layout.
pub fn open_structure<'a>(
    xml: &mut Xml,
    message: &DataMessage<'a>,
    attributes: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> std::io::Result<()> {
    let ArtefactId { agency, id, version } = &message.structure.artefact;
    xml.open("mes:Structure", [("structureID", id.as_str())].into_iter().chain(attributes))?;
    xml.open("com:Structure", [])?;
    let reference = [("agencyID", agency.as_str()), ("id", id), ("version", version), ("class", "DataStructure")];
    xml.empty("Ref", reference.into_iter().chain([("package", "datastructure")]))?;
    xml.close("com:Structure")?;
    xml.close("mes:Structure")
}

impl Format for Specific {
    fn series(&mut self, key: &[&str]) -> Written {
        self.end_series()?;
        self.xml.open("Series", self.shape.keyed(key))?;
        self.series_open = true;
        Ok(())
    }

    fn observation(&mut self, observation: &Observation<'_>) -> Written {
        let value = observation.value.map(number::text).transpose()?;
        // A missing value is none: the attribute is optional.
        let value = value.as_deref().map(|value| (OBS_VALUE, value));
        let key = if self.shape.in_series { &[][..] } else { observation.key };
        let time = (TIME_PERIOD, observation.time);
        let told = self.shape.told_of(observation.attributes);
        self.xml.empty("Obs", self.shape.keyed(key).chain([time]).chain(value).chain(told))?;
        Ok(())
    }

    fn finish(&mut self) -> Written {
        self.end_series()?;
        self.xml.close("mes:DataSet")?;
        self.xml.close("mes:StructureSpecificData")?;
        Ok(())
    }

    fn bytes(&mut self) -> &mut Vec<u8> {
        self.xml.bytes()
    }
}
