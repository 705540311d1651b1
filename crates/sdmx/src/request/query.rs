//! Parameters of requests (SDMX REST 1.5, 4.3 and 4.4). One that the interface does not know, or that comes twice, is malformed:
//! a misspelt `startPeriod` would otherwise be answered with other data than asked for.

use std::collections::HashSet;
use std::num::NonZeroU32;

use chrono::{DateTime, NaiveDateTime, Utc};

use crate::data::Layout;
use crate::identifiers::is_ncname_id;
use crate::request::{References, RequestError, Resource, TimePeriod};
use crate::structure::DataStructure;

/// What stands at the observations, all else at the series.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum DimensionAtObservation {
    /// Time: what the standard takes where nothing is said.
    #[default]
    TimePeriod,
    /// There are no series: `AllDimensions`.
    AllDimensions,
    /// Another dimension, by id.
    Dimension(String),
}

impl DimensionAtObservation {
    /// The layout that a message about a structure gets. Another dimension than time is not implemented; one that the structure does not
    /// have is malformed.
    pub fn layout(&self, structure: &DataStructure) -> Result<Layout, RequestError> {
        match self {
            Self::TimePeriod => Ok(Layout::Series),
            Self::AllDimensions => Ok(Layout::Flat),
            Self::Dimension(id) if structure.dimensions.iter().any(|dimension| dimension.id == *id) => {
                Err(RequestError::not_implemented(format!("{id} at the observations")))
            }
            Self::Dimension(id) => {
                let reason = format!("is {id:?}, which the data structure does not have");
                Err(RequestError::malformed("dimensionAtObservation", reason))
            }
        }
    }
}

/// How much of the data is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DataDetail {
    #[default]
    Full,
    /// No attributes.
    DataOnly,
    /// The keys of series.
    SeriesKeysOnly,
    /// Series with their attributes, and those of the data set.
    NoData,
}

impl DataDetail {
    pub fn has_observations(self) -> bool {
        matches!(self, Self::Full | Self::DataOnly)
    }

    /// Whether attributes of the data set are told.
    pub fn has_attributes(self) -> bool {
        matches!(self, Self::Full | Self::NoData)
    }
}

/// Parameters of requests for data.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DataQuery {
    /// Observations about times that begin no earlier.
    pub start_period: Option<TimePeriod>,
    /// Observations about times that end no later.
    pub end_period: Option<TimePeriod>,
    /// What changed since then.
    pub updated_after: Option<DateTime<Utc>>,
    /// So many observations of each series, from the first on.
    pub first_n_observations: Option<NonZeroU32>,
    /// So many observations of each series, up to the last.
    pub last_n_observations: Option<NonZeroU32>,
    pub dimension_at_observation: DimensionAtObservation,
    pub detail: DataDetail,
}

impl DataQuery {
    /// Reads parameters, percent-decoded.
    pub fn parse<'a>(parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, RequestError> {
        let mut query = Self::default();
        let mut seen = HashSet::new();
        for (name, text) in parameters {
            once(&mut seen, name)?;
            match name {
                "startPeriod" => query.start_period = Some(TimePeriod::of("startPeriod", text)?),
                "endPeriod" => query.end_period = Some(TimePeriod::of("endPeriod", text)?),
                "updatedAfter" => query.updated_after = Some(instant(text)?),
                "firstNObservations" => query.first_n_observations = Some(count("firstNObservations", text)?),
                "lastNObservations" => query.last_n_observations = Some(count("lastNObservations", text)?),
                "dimensionAtObservation" => query.dimension_at_observation = dimension_at_observation(text)?,
                "detail" => {
                    query.detail = match text {
                        "full" => DataDetail::Full,
                        "dataonly" => DataDetail::DataOnly,
                        "serieskeysonly" => DataDetail::SeriesKeysOnly,
                        "nodata" => DataDetail::NoData,
                        _ => return Err(not_among("detail", text)),
                    }
                }
                "includeHistory" => match text {
                    "false" => {}
                    "true" => return Err(RequestError::not_implemented("includeHistory")),
                    _ => return Err(not_among("includeHistory", text)),
                },
                _ => return Err(unknown(name)),
            }
        }
        Ok(query)
    }
}

/// How much of structures is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StructureDetail {
    #[default]
    Full,
    /// Identifiers and names alone.
    AllStubs,
    /// Identifiers and names of what is brought along.
    ReferenceStubs,
    /// Of codelists and concept schemes that are brought along, what is used.
    ReferencePartial,
    /// Identifiers, names, descriptions, annotations.
    AllCompleteStubs,
    /// Of what is brought along.
    ReferenceCompleteStubs,
}

impl StructureDetail {
    /// Whether an artefact of a kind is told by identifier and name alone, in an answer about another kind or its own.
    pub fn is_stub(self, asked: Resource, other: Resource) -> bool {
        match self {
            Self::Full | Self::ReferencePartial => false,
            Self::AllStubs | Self::AllCompleteStubs => true,
            Self::ReferenceStubs | Self::ReferenceCompleteStubs => asked != other,
        }
    }
}

/// Parameters of requests for structures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StructureQuery {
    pub detail: StructureDetail,
    pub references: References,
}

impl StructureQuery {
    /// Reads parameters, percent-decoded.
    pub fn parse<'a>(parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, RequestError> {
        let mut query = Self::default();
        let mut seen = HashSet::new();
        for (name, text) in parameters {
            once(&mut seen, name)?;
            match name {
                "detail" => {
                    query.detail = match text {
                        "full" => StructureDetail::Full,
                        "allstubs" => StructureDetail::AllStubs,
                        "referencestubs" => StructureDetail::ReferenceStubs,
                        "referencepartial" => StructureDetail::ReferencePartial,
                        "allcompletestubs" => StructureDetail::AllCompleteStubs,
                        "referencecompletestubs" => StructureDetail::ReferenceCompleteStubs,
                        _ => return Err(not_among("detail", text)),
                    }
                }
                "references" => query.references = References::parse(text)?,
                _ => return Err(unknown(name)),
            }
        }
        Ok(query)
    }
}

fn once<'a>(seen: &mut HashSet<&'a str>, name: &'a str) -> Result<(), RequestError> {
    if seen.insert(name) { Ok(()) } else { Err(RequestError::malformed("query", format!("has {name:?} twice"))) }
}

fn unknown(name: &str) -> RequestError {
    RequestError::malformed("query", format!("has {name:?}, which is no parameter"))
}

fn not_among(part: &'static str, text: &str) -> RequestError {
    RequestError::malformed(part, format!("is {text:?}, which is none of its values"))
}

fn count(part: &'static str, text: &str) -> Result<NonZeroU32, RequestError> {
    // What the standard library takes besides, a plus, the interface does not.
    let digits = Some(text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let number = digits.and_then(|text| text.parse().ok());
    number.ok_or_else(|| RequestError::malformed(part, format!("is {text:?}, which is no positive number")))
}

/// An instant; one without an offset is in UTC, the time zone of the service.
fn instant(text: &str) -> Result<DateTime<Utc>, RequestError> {
    let with_offset = DateTime::parse_from_rfc3339(text).map(|instant| instant.to_utc());
    with_offset
        .or_else(|_| text.parse::<NaiveDateTime>().map(|instant| instant.and_utc()))
        .map_err(|_| RequestError::malformed("updatedAfter", format!("is {text:?}, which is no date with a time")))
}

fn dimension_at_observation(text: &str) -> Result<DimensionAtObservation, RequestError> {
    match text {
        "TIME_PERIOD" => Ok(DimensionAtObservation::TimePeriod),
        "AllDimensions" => Ok(DimensionAtObservation::AllDimensions),
        dimension if is_ncname_id(dimension) => Ok(DimensionAtObservation::Dimension(dimension.to_owned())),
        _ => Err(RequestError::malformed("dimensionAtObservation", format!("is {text:?}, which is no identifier"))),
    }
}
