//! SDMX-ML 2.1 generic data.

use std::io;

use crate::data::shape::Shape;
use crate::data::specific::open_structure;
use crate::data::{DataMessage, Format, Observation, Written, number};
use crate::structure::TIME_PERIOD;
use crate::xml::{COMMON, GENERIC, MESSAGE, Xml};

pub struct Generic {
    xml: Xml,
    shape: Shape,
    series_open: bool,
}

impl Generic {
    pub fn begin(message: &DataMessage<'_>, shape: &Shape) -> io::Result<Self> {
        let mut xml = Xml::document()?;
        xml.open("mes:GenericData", [MESSAGE, COMMON, GENERIC])?;
        xml.open_header(message.header)?;
        open_structure(&mut xml, message, [("dimensionAtObservation", shape.dimension_at_observation())])?;
        xml.close("mes:Header")?;
        let structure = message.structure.artefact.id.as_str();
        xml.open("mes:DataSet", [("structureRef", structure), ("action", "Information")])?;
        let of_data_set = shape.of_data_set.iter().map(|(id, code)| (id.as_str(), code.as_str()));
        values(&mut xml, "gen:Attributes", of_data_set)?;
        Ok(Self { xml, shape: shape.clone(), series_open: false })
    }

    fn end_series(&mut self) -> Written {
        if std::mem::take(&mut self.series_open) {
            self.xml.close("gen:Series")?;
        }
        Ok(())
    }
}

/// Codes by id; nothing where there are none.
fn values<'a>(xml: &mut Xml, name: &str, codes: impl Iterator<Item = (&'a str, &'a str)>) -> io::Result<()> {
    let mut codes = codes.peekable();
    if codes.peek().is_none() {
        return Ok(());
    }
    xml.open(name, [])?;
    for (id, code) in codes {
        xml.empty("gen:Value", [("id", id), ("value", code)])?;
    }
    xml.close(name)
}

impl Format for Generic {
    fn series(&mut self, key: &[&str]) -> Written {
        self.end_series()?;
        self.xml.open("gen:Series", [])?;
        self.series_open = true;
        if key.is_empty() {
            self.xml.empty("gen:SeriesKey", [])?;
        }
        values(&mut self.xml, "gen:SeriesKey", self.shape.keyed(key))?;
        Ok(())
    }

    fn observation(&mut self, observation: &Observation<'_>) -> Written {
        self.xml.open("gen:Obs", [])?;
        if self.shape.in_series {
            self.xml.empty("gen:ObsDimension", [("id", TIME_PERIOD), ("value", observation.time)])?;
        } else {
            let key = self.shape.keyed(observation.key).chain([(TIME_PERIOD, observation.time)]);
            values(&mut self.xml, "gen:ObsKey", key)?;
        }
        if let Some(value) = observation.value {
            self.xml.empty("gen:ObsValue", [("value", number::text(value)?.as_str())])?;
        }
        values(&mut self.xml, "gen:Attributes", self.shape.told_of(observation.attributes))?;
        self.xml.close("gen:Obs")?;
        Ok(())
    }

    fn finish(&mut self) -> Written {
        self.end_series()?;
        self.xml.close("mes:DataSet")?;
        self.xml.close("mes:GenericData")?;
        Ok(())
    }

    fn bytes(&mut self) -> &mut Vec<u8> {
        self.xml.bytes()
    }
}
