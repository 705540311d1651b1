//! Data messages, written row by row as the rows come: what is held does not grow with them, but for what is said at [`DataWriter`].

mod csv;
mod generic;
mod json;
pub(crate) mod number;
mod rows;
mod shape;
mod specific;

use std::collections::BTreeMap;
use std::{fmt, io};

use crate::header::Header;
use crate::request::{DataDetail, DataFormat};
use crate::structure::{Codelist, DataStructure, Dataflow};
use shape::Shape;

/// How observations stand in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layout {
    /// In series, with time at the observation (`dimensionAtObservation=TIME_PERIOD`).
    #[default]
    Series,
    /// One by one (`dimensionAtObservation=AllDimensions`). SDMX-CSV has no other.
    Flat,
}

/// What a message is about: all but its observations.
#[derive(Debug, Clone, Copy)]
pub struct DataMessage<'a> {
    pub header: &'a Header,
    pub flow: &'a Dataflow,
    pub structure: &'a DataStructure,
    /// Those that the structure refers to. SDMX-JSON tells codes by their places in them, SDMX-CSV with labels by their names; all other
    /// formats do without.
    pub codelists: &'a [Codelist],
    /// The times that observations can be about, in SDMX-JSON, which tells them by their places here.
    pub times: &'a [String],
    /// Codes of attributes that are about the whole data set, by id of the attribute.
    pub attributes: &'a BTreeMap<String, String>,
    pub layout: Layout,
    pub detail: DataDetail,
}

/// One observation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observation<'a> {
    /// Codes of all dimensions but time, in the order of the structure.
    pub key: &'a [&'a str],
    /// `2025`, `2025-Q1`, `2025-01`, `2025-01-01` and the like.
    pub time: &'a str,
    /// None for a value that is missing, or must not be told: why, `OBS_STATUS` and `CONF_STATUS` say.
    pub value: Option<f64>,
    /// Codes of the attributes that are about observations, in the order of the structure.
    pub attributes: &'a [Option<&'a str>],
}

/// Why a message cannot be written.
#[derive(Debug)]
pub enum WriteError {
    /// The id of the structure or of a component is no NCNameIDType, or that of a component is there twice.
    WrongId(String),
    /// An observation with another number of codes or attributes than the structure has.
    WrongShape,
    /// A value that is no number, or infinite.
    NotFinite,
    /// A code or time that was not given beforehand, in SDMX-JSON: component and code.
    UnknownCode(String, String),
    /// A series in two parts, of which readers of SDMX-JSON would keep the second alone.
    SeriesTwice(String),
    /// More combinations of codes than 64 bits can number, in SDMX-JSON.
    TooManyCombinations,
    Output(io::Error),
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongId(id) => write!(f, "{id:?} cannot be the id of a structure or of a component"),
            Self::WrongShape => {
                f.write_str("an observation has another number of codes or attributes than the structure")
            }
            Self::NotFinite => f.write_str("a value is not finite"),
            Self::UnknownCode(component, code) => write!(f, "{code:?} is none of the codes of {component}"),
            Self::SeriesTwice(key) => write!(f, "the series {key} comes in two parts"),
            Self::TooManyCombinations => f.write_str("there are more combinations of codes than can be numbered"),
            Self::Output(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for WriteError {}

impl From<io::Error> for WriteError {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

type Written = Result<(), WriteError>;

/// What the formats do with the rows. In a flat layout there are no series.
trait Format: Send {
    /// A series begins; one that was begun before ends.
    fn series(&mut self, key: &[&str]) -> Written;
    fn observation(&mut self, observation: &Observation<'_>) -> Written;
    fn finish(&mut self) -> Written;
    /// What was written and not taken.
    fn bytes(&mut self) -> &mut Vec<u8>;
}

/// Writes a message, one observation after the other.
///
/// In series, those of one series have to come one after the other. It holds what was written and not taken, and the key of the series;
/// in SDMX-JSON the codes and times given beforehand besides and, in series, a compressed bitmap of the series written; in SDMX-CSV with
/// labels the names of codes.
pub struct DataWriter {
    format: Box<dyn Format>,
    shape: Shape,
    /// None before the first one; then the key of the series that was begun.
    series: Option<Vec<String>>,
}

impl fmt::Debug for DataWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataWriter").field("series", &self.series).finish_non_exhaustive()
    }
}

impl DataMessage<'_> {
    /// Begins the message.
    pub fn writer(&self, format: DataFormat) -> Result<DataWriter, WriteError> {
        if let Some(id) = self.structure.wrong_id() {
            return Err(WriteError::WrongId(id.to_owned()));
        }
        let shape = Shape::of(self);
        let format: Box<dyn Format> = match format {
            DataFormat::Generic => Box::new(generic::Generic::begin(self, &shape)?),
            DataFormat::StructureSpecific => Box::new(specific::Specific::begin(self, &shape)?),
            DataFormat::Json1 => Box::new(json::Json::begin(self, &shape, json::Version::V1)?),
            DataFormat::Json2 => Box::new(json::Json::begin(self, &shape, json::Version::V2)?),
            DataFormat::Csv1(labels) => Box::new(csv::Csv::begin(self, &shape, csv::Version::V1, labels)),
            DataFormat::Csv2(labels) => Box::new(csv::Csv::begin(self, &shape, csv::Version::V2, labels)),
        };
        Ok(DataWriter { format, shape, series: None })
    }
}

impl DataWriter {
    /// Writes one observation. After an error the message is of no use.
    pub fn push(&mut self, observation: &Observation<'_>) -> Result<(), WriteError> {
        let fits = observation.key.len() == self.shape.dimensions.len()
            && observation.attributes.len() == self.shape.observation_attributes;
        if !fits {
            return Err(WriteError::WrongShape);
        }
        if self.shape.in_series && !self.is_series(observation.key) {
            self.format.series(observation.key)?;
            let codes = self.series.get_or_insert_with(|| vec![String::new(); observation.key.len()]);
            for (held, code) in codes.iter_mut().zip(observation.key) {
                (*code).clone_into(held);
            }
        }
        if self.shape.detail.has_observations() { self.format.observation(observation) } else { Ok(()) }
    }

    fn is_series(&self, key: &[&str]) -> bool {
        self.series.as_ref().is_some_and(|series| series == key)
    }

    /// How many bytes were written and not taken: a caller takes them from time to time.
    pub fn len(&mut self) -> usize {
        self.format.bytes().len()
    }

    /// Whether nothing was written that was not taken.
    pub fn is_empty(&mut self) -> bool {
        self.len() == 0
    }

    /// The bytes written since the last time.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(self.format.bytes())
    }

    /// The bytes not taken, with the end of the message.
    pub fn finish(mut self) -> Result<Vec<u8>, WriteError> {
        self.format.finish()?;
        Ok(self.take())
    }
}
