//! SDMX-CSV 1.0 and 2.0. It knows rows alone; keys without observations are rows of keys.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::data::rows::Rows;
use crate::data::shape::Shape;
use crate::data::{DataMessage, Format, Observation, Written, number};
use crate::identifiers::ArtefactId;
use crate::request::{DataDetail, Labels};
use crate::structure::{Attribute, AttributeRelationship, OBS_VALUE, TIME_PERIOD};
use crate::text::LocalisedText;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    V1,
    V2,
}

/// Names of codes by code; empty where none are told.
type Names = HashMap<String, String>;

pub struct Csv {
    rows: Rows,
    shape: Shape,
    labels: Labels,
    /// The fields that every row begins with.
    before: Vec<String>,
    /// And ends with: codes and names of the attributes of the data set.
    after: Vec<(String, Option<String>)>,
    /// Of the dimensions but time.
    names: Vec<Names>,
    /// Of the attributes of observations.
    attribute_names: Vec<Names>,
}

impl Csv {
    pub fn begin(message: &DataMessage<'_>, shape: &Shape, version: Version, labels: Labels) -> Self {
        let structure = message.structure;
        let languages = message.header.languages.as_slice();
        let of = |of, told: &dyn Fn(&Attribute) -> bool| -> Vec<&Attribute> {
            structure.attributes_of(of).filter(|attribute| told(attribute)).collect()
        };
        let of_observations = of(AttributeRelationship::Observation, &|_| shape.detail == DataDetail::Full);
        let code_of = |attribute: &Attribute| shape.of_data_set.iter().find(|(id, _)| *id == attribute.id);
        let of_data_set = of(AttributeRelationship::DataSet, &|attribute| code_of(attribute).is_some());
        let names_of = |codelist: &ArtefactId| names(message, labels, codelist);
        let after = of_data_set.iter().filter_map(|attribute| {
            let (_, code) = code_of(attribute)?;
            Some((code.clone(), names_of(&attribute.codelist).remove(code)))
        });
        let mut csv = Self {
            rows: Rows::default(),
            shape: shape.clone(),
            labels,
            before: Vec::new(),
            after: after.collect(),
            names: structure.dimensions.iter().map(|dimension| names_of(&dimension.codelist)).collect(),
            attribute_names: of_observations.iter().map(|attribute| names_of(&attribute.codelist)).collect(),
        };
        csv.begin_with_flow(message, version);
        let mut column = |id: &str, name: &LocalisedText| csv.coded(id, Some(name.best_or(languages, id)));
        for dimension in &structure.dimensions {
            column(&dimension.id, &dimension.name);
        }
        if shape.detail.has_observations() {
            column(TIME_PERIOD, &structure.time);
            column(OBS_VALUE, &structure.measure);
        }
        for attribute in of_observations.into_iter().chain(of_data_set) {
            column(&attribute.id, &attribute.name);
        }
        csv.rows.end();
        csv
    }

    /// The first columns, and what stands in them in every row.
    fn begin_with_flow(&mut self, message: &DataMessage<'_>, version: Version) {
        let flow = message.flow;
        let name = flow.name.best_or(&message.header.languages, &flow.artefact.id);
        let id = match self.labels {
            Labels::Id | Labels::Name => flow.artefact.to_string(),
            Labels::Both => format!("{}: {name}", flow.artefact),
        };
        let columns = match version {
            Version::V1 => vec![("DATAFLOW", id)],
            Version::V2 => {
                let mut columns = vec![("STRUCTURE", "dataflow".to_owned()), ("STRUCTURE_ID", id)];
                if self.labels == Labels::Name {
                    columns.push(("STRUCTURE_NAME", name.to_owned()));
                }
                columns.push(("ACTION", "I".to_owned()));
                columns
            }
        };
        for (column, field) in columns {
            self.rows.field(column);
            self.before.push(field);
        }
    }

    /// The beginning of a row, up to the last dimension but time.
    fn begin_row(&mut self, key: &[&str]) {
        for field in &self.before {
            self.rows.field(field);
        }
        for (code, names) in key.iter().zip(&self.names) {
            write(&mut self.rows, self.labels, code, names.get(*code).map(String::as_str));
        }
    }

    fn end_row(&mut self) {
        for (code, name) in &self.after {
            write(&mut self.rows, self.labels, code, name.as_deref());
        }
        self.rows.end();
    }

    fn coded(&mut self, code: &str, name: Option<&str>) {
        write(&mut self.rows, self.labels, code, name);
    }
}

/// A code or an id, and its name as the labels want it.
fn write(rows: &mut Rows, labels: Labels, code: &str, name: Option<&str>) {
    match (labels, name) {
        (Labels::Id, _) | (Labels::Both, None) => rows.field(code),
        (Labels::Both, Some(name)) => rows.field(&format!("{code}: {name}")),
        (Labels::Name, name) => {
            rows.field(code);
            rows.field(name.unwrap_or_default());
        }
    }
}

fn names(message: &DataMessage<'_>, labels: Labels, codelist: &ArtefactId) -> Names {
    if labels == Labels::Id {
        return Names::new();
    }
    let languages = message.header.languages.as_slice();
    let codes = message.codelists.iter().filter(|one| one.artefact == *codelist).flat_map(|one| &one.codes);
    codes.map(|code| (code.id.clone(), code.name.best_or(languages, &code.id).to_owned())).collect()
}

impl Format for Csv {
    fn series(&mut self, key: &[&str]) -> Written {
        if !self.shape.detail.has_observations() {
            self.begin_row(key);
            self.end_row();
        }
        Ok(())
    }

    fn observation(&mut self, observation: &Observation<'_>) -> Written {
        let value = observation.value.map(number::text).transpose()?.map_or(Cow::Borrowed(""), Cow::Owned);
        self.begin_row(observation.key);
        self.coded(observation.time, None);
        self.coded(&value, None);
        for (code, names) in observation.attributes.iter().zip(&self.attribute_names) {
            let code = code.unwrap_or_default();
            write(&mut self.rows, self.labels, code, names.get(code).map(String::as_str));
        }
        self.end_row();
        Ok(())
    }

    fn finish(&mut self) -> Written {
        Ok(())
    }

    fn bytes(&mut self) -> &mut Vec<u8> {
        self.rows.bytes()
    }
}
