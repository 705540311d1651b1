//! What the formats have to know of a structure.

use crate::data::{DataMessage, Layout};
use crate::request::DataDetail;
use crate::structure::AttributeRelationship;

/// Ids of components, and what of them is told.
#[derive(Debug, Clone)]
pub struct Shape {
    /// All but time.
    pub dimensions: Vec<String>,
    /// How many attributes observations come with.
    pub observation_attributes: usize,
    /// Those of them that are told: all or none.
    pub told: Vec<String>,
    /// Id and code of the attributes of the data set that are told.
    pub of_data_set: Vec<(String, String)>,
    pub detail: DataDetail,
    pub in_series: bool,
}

impl Shape {
    pub fn of(message: &DataMessage<'_>) -> Self {
        let structure = message.structure;
        let detail = message.detail;
        let of_observations: Vec<String> =
            structure.attributes_of(AttributeRelationship::Observation).map(|attribute| attribute.id.clone()).collect();
        let of_data_set = structure.attributes_of(AttributeRelationship::DataSet).filter_map(|attribute| {
            message.attributes.get(&attribute.id).map(|code| (attribute.id.clone(), code.clone()))
        });
        Self {
            dimensions: structure.dimensions.iter().map(|dimension| dimension.id.clone()).collect(),
            observation_attributes: of_observations.len(),
            told: if detail == DataDetail::Full { of_observations } else { Vec::new() },
            of_data_set: if detail.has_attributes() { of_data_set.collect() } else { Vec::new() },
            detail,
            in_series: message.layout == Layout::Series || !detail.has_observations(),
        }
    }

    /// Id and code of the attributes of an observation that are told and there.
    pub fn told_of<'a>(&'a self, attributes: &'a [Option<&'a str>]) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.told.iter().zip(attributes).filter_map(|(id, code)| code.map(|code| (id.as_str(), code)))
    }

    /// Id and code of all dimensions but time.
    pub fn keyed<'a>(&'a self, key: &'a [&'a str]) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.dimensions.iter().map(String::as_str).zip(key.iter().copied())
    }

    /// What the message says of its layout.
    pub fn dimension_at_observation(&self) -> &'static str {
        if self.in_series { crate::structure::TIME_PERIOD } else { "AllDimensions" }
    }
}
