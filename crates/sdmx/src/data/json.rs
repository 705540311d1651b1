//! SDMX-JSON data 1.0 and 2.0. Codes are told by their places in the structure that comes first.

use std::collections::HashMap;
use std::io::Write;

use roaring::RoaringTreemap;
use serde_json::Value;

use crate::data::shape::Shape;
use crate::data::{DataMessage, Format, Observation, WriteError, Written, number};
use crate::identifiers::{ArtefactId, Class};
use crate::json::{Object, meta};
use crate::request::DataDetail;
use crate::structure::json::relationship;
use crate::structure::{Attribute, AttributeRelationship, Code, Dimension, DimensionRole, OBS_VALUE, TIME_PERIOD};
use crate::text::LocalisedText;

pub use crate::structure::json::Version;

const SCHEMA_1: &str = "https://raw.githubusercontent.com/sdmx-twg/sdmx-json/master/data-message/tools/schemas/1.0/sdmx-json-data-schema.json";
const SCHEMA_2: &str = "https://raw.githubusercontent.com/sdmx-twg/sdmx-json/master/data-message/tools/schemas/2.0.0/sdmx-json-data-schema.json";

/// Codes of a component by their places.
struct Places {
    component: String,
    by_code: HashMap<String, u64>,
    count: u64,
}

impl Places {
    fn of(component: &str, codes: impl Iterator<Item = String>) -> Self {
        let mut count = 0;
        let by_code = codes.zip(0..).inspect(|(_, place)| count = place + 1).collect();
        Self { component: component.to_owned(), by_code, count }
    }

    fn find(&self, code: &str) -> Result<u64, WriteError> {
        let place = self.by_code.get(code).copied();
        place.ok_or_else(|| WriteError::UnknownCode(self.component.clone(), code.to_owned()))
    }
}

pub struct Json {
    out: Vec<u8>,
    shape: Shape,
    dimensions: Vec<Places>,
    times: Places,
    attributes: Vec<Places>,
    /// The series written, each by its number among all combinations of codes.
    series: RoaringTreemap,
    series_open: bool,
    /// Whether an observation or series stands before the next one, at its level.
    has_series: bool,
    has_observations: bool,
}

impl Json {
    pub fn begin(message: &DataMessage<'_>, shape: &Shape, version: Version) -> Result<Self, WriteError> {
        let structure = message.structure;
        let told: Vec<&Attribute> = structure
            .attributes_of(AttributeRelationship::Observation)
            .filter(|_| shape.detail == DataDetail::Full)
            .collect();
        let places =
            |id: &str, codelist: &ArtefactId| Places::of(id, codes(message, codelist).map(|code| code.id.clone()));
        let mut json = Self {
            out: Vec::new(),
            shape: shape.clone(),
            dimensions: structure.dimensions.iter().map(|one| places(&one.id, &one.codelist)).collect(),
            times: Places::of(TIME_PERIOD, message.times.iter().cloned()),
            attributes: told.iter().map(|attribute| places(&attribute.id, &attribute.codelist)).collect(),
            series: RoaringTreemap::new(),
            series_open: false,
            has_series: false,
            has_observations: false,
        };
        let of_data_set = json.attributes_of_data_set(message)?;
        let described = Description { message, shape, told: &told, version }.write();
        let links = Object::default().with("rel", "dataflow").with("urn", message.flow.artefact.urn(Class::Dataflow));
        let data_set = Object::default()
            .with("links", vec![links])
            .with("action", "Information")
            .with_some("attributes", (!of_data_set.is_empty()).then_some(of_data_set));
        let (schema, structures, data_set) = match version {
            Version::V1 => (SCHEMA_1, format!("\"structure\":{described}"), data_set),
            Version::V2 => (SCHEMA_2, format!("\"structures\":[{described}]"), data_set.with("structure", 0)),
        };
        // Series and observations follow in the same object.
        let data_set = Value::from(data_set).to_string();
        let begun = data_set.strip_suffix('}').unwrap_or_default();
        let level = if shape.in_series { "series" } else { "observations" };
        let meta = meta(message.header, schema);
        write!(json.out, "{{\"meta\":{meta},\"data\":{{{structures},\"dataSets\":[{begun},\"{level}\":{{")?;
        Ok(json)
    }

    fn attributes_of_data_set(&self, message: &DataMessage<'_>) -> Result<Vec<u64>, WriteError> {
        let told = message.structure.attributes_of(AttributeRelationship::DataSet);
        let told = told.filter(|attribute| self.shape.of_data_set.iter().any(|(id, _)| *id == attribute.id));
        told.map(|attribute| {
            let codes = codes(message, &attribute.codelist).map(|code| code.id.clone());
            let code = message.attributes.get(&attribute.id).map(String::as_str).unwrap_or_default();
            Places::of(&attribute.id, codes).find(code)
        })
        .collect()
    }

    fn places(&self, key: &[&str]) -> Result<Vec<u64>, WriteError> {
        self.dimensions.iter().zip(key).map(|(places, code)| places.find(code)).collect()
    }

    fn number(&self, places: &[u64]) -> Result<u64, WriteError> {
        let mut number = 0_u64;
        for (dimension, place) in self.dimensions.iter().zip(places) {
            let next = number.checked_mul(dimension.count).and_then(|number| number.checked_add(*place));
            number = next.ok_or(WriteError::TooManyCombinations)?;
        }
        Ok(number)
    }

    fn end_series(&mut self) {
        if std::mem::take(&mut self.series_open) {
            self.out.extend(if self.shape.detail.has_observations() { &b"}}"[..] } else { b"}" });
        }
    }
}

/// Places with colons between them.
fn joined(places: &[u64]) -> String {
    places.iter().map(ToString::to_string).collect::<Vec<_>>().join(":")
}

fn codes<'a>(message: &DataMessage<'a>, codelist: &ArtefactId) -> impl Iterator<Item = &'a Code> + use<'a> {
    let list = message.codelists.iter().find(|one| one.artefact == *codelist);
    list.into_iter().flat_map(|one| &one.codes)
}

/// What the message says of its structure.
struct Description<'a> {
    message: &'a DataMessage<'a>,
    shape: &'a Shape,
    told: &'a [&'a Attribute],
    version: Version,
}

impl Description<'_> {
    fn write(&self) -> Value {
        let structure = self.message.structure;
        let flow = self.message.flow;
        let urns = [
            ("dataflow", flow.artefact.urn(Class::Dataflow)),
            ("datastructure", structure.artefact.urn(Class::DataStructure)),
        ];
        let links: Vec<_> =
            urns.into_iter().map(|(rel, urn)| Object::default().with("rel", rel).with("urn", urn)).collect();
        let of_data_set = structure.attributes_of(AttributeRelationship::DataSet);
        let of_data_set = of_data_set.filter(|one| self.shape.of_data_set.iter().any(|(id, _)| *id == one.id));
        let of_data_set: Vec<_> = of_data_set.map(|one| self.attribute(one)).collect();
        let of_observations: Vec<_> = self.told.iter().map(|one| self.attribute(one)).collect();
        let attributes = Object::default()
            .with("dataSet", of_data_set)
            .with("series", Vec::<Value>::new())
            .with("observation", of_observations);
        let described = Object::default()
            .named(&flow.artefact.id, &flow.name, &self.message.header.languages)
            .with("links", links)
            .with("dimensions", self.dimensions())
            .with("attributes", attributes);
        match self.version {
            Version::V1 => described.into(),
            Version::V2 => {
                let measure = vec![self.component(OBS_VALUE, &structure.measure)];
                let measures = Object::default().with("observation", measure);
                described.with("dataSets", vec![0]).with("measures", measures).into()
            }
        }
    }

    fn component(&self, id: &str, name: &LocalisedText) -> Object {
        Object::default().with("id", id).named(id, name, &self.message.header.languages)
    }

    fn dimensions(&self) -> Object {
        let structure = self.message.structure;
        let dimension = |(position, dimension): (usize, &Dimension)| {
            let role = (dimension.role == DimensionRole::Area).then(|| vec!["GEO"]);
            self.component(&dimension.id, &dimension.name)
                .with("keyPosition", position)
                .with_some("roles", role)
                .with("values", self.values(&dimension.codelist))
        };
        let mut key: Vec<_> = structure.dimensions.iter().enumerate().map(dimension).collect();
        let times = self.message.times.iter();
        let times: Vec<_> =
            times.map(|time| Object::default().with("id", time.as_str()).with("name", time.as_str())).collect();
        let time = self
            .component(TIME_PERIOD, &structure.time)
            .with("keyPosition", structure.dimensions.len())
            .with("roles", vec![TIME_PERIOD])
            .with("values", times);
        let none = Vec::<Value>::new();
        let dimensions = Object::default().with("dataSet", none.clone());
        if self.shape.in_series {
            return dimensions.with("series", key).with("observation", vec![time]);
        }
        key.push(time);
        dimensions.with("series", none).with("observation", key)
    }

    fn attribute(&self, attribute: &Attribute) -> Object {
        self.component(&attribute.id, &attribute.name)
            .with("relationship", relationship(attribute, self.version))
            .with("values", self.values(&attribute.codelist))
    }

    fn values(&self, codelist: &ArtefactId) -> Vec<Object> {
        let codes = codes(self.message, codelist);
        codes.map(|code| self.component(&code.id, &code.name).with_some("parent", code.parent.clone())).collect()
    }
}

impl Format for Json {
    fn series(&mut self, key: &[&str]) -> Written {
        self.end_series();
        let places = self.places(key)?;
        if !self.series.insert(self.number(&places)?) {
            return Err(WriteError::SeriesTwice(key.join(".")));
        }
        let comma = if std::mem::replace(&mut self.has_series, true) { "," } else { "" };
        let observations = if self.shape.detail.has_observations() { "\"observations\":{" } else { "" };
        write!(self.out, "{comma}\"{}\":{{{observations}", joined(&places))?;
        self.series_open = true;
        self.has_observations = false;
        Ok(())
    }

    fn observation(&mut self, observation: &Observation<'_>) -> Written {
        let time = self.times.find(observation.time)?;
        let mut places = if self.shape.in_series { Vec::new() } else { self.places(observation.key)? };
        places.push(time);
        let comma = if std::mem::replace(&mut self.has_observations, true) { "," } else { "" };
        let value = observation.value.map(number::text).transpose()?;
        write!(self.out, "{comma}\"{}\":[{}", joined(&places), value.as_deref().unwrap_or("null"))?;
        // Attributes that are not there can be left out at the end (SDMX-JSON, field guide, "observations").
        let last = observation.attributes.iter().rposition(Option::is_some).map_or(0, |last| last.saturating_add(1));
        for (places, code) in self.attributes.iter().zip(observation.attributes).take(last) {
            match code {
                Some(code) => write!(self.out, ",{}", places.find(code)?)?,
                None => self.out.extend(b",null"),
            }
        }
        self.out.push(b']');
        Ok(())
    }

    fn finish(&mut self) -> Written {
        self.end_series();
        self.out.extend(b"}}]}}");
        Ok(())
    }

    fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }
}
