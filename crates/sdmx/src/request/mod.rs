//! What addresses and headers of SDMX REST 1.5 ask for.

mod key;
mod negotiation;
mod period;
mod query;
mod reference;
mod resource;

pub use key::SeriesKey;
pub use negotiation::{DataFormat, Labels, NotAcceptable, StructureFormat};
pub use period::TimePeriod;
pub use query::{DataDetail, DataQuery, DimensionAtObservation, StructureDetail, StructureQuery};
pub use reference::{ArtefactQuery, Selection, Versions};
pub use resource::{References, Resource};

use crate::error_message::ErrorCode;

/// Why a request cannot be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestError {
    /// What the interface does not know: a part of the address or a parameter, and what is wrong with it.
    Malformed { part: &'static str, reason: String },
    /// What the interface knows, and this crate does not do.
    NotImplemented { what: String },
}

impl RequestError {
    fn malformed(part: &'static str, reason: impl Into<String>) -> Self {
        Self::Malformed { part, reason: reason.into() }
    }

    fn not_implemented(what: impl Into<String>) -> Self {
        Self::NotImplemented { what: what.into() }
    }

    /// 140 (HTTP 400) or 501.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Malformed { .. } => ErrorCode::SyntaxError,
            Self::NotImplemented { .. } => ErrorCode::NotImplemented,
        }
    }
}

impl std::fmt::Display for RequestError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Malformed { part, reason } => write!(f, "{part} {reason}"),
            Self::NotImplemented { what } => write!(f, "{what} is not implemented"),
        }
    }
}

impl std::error::Error for RequestError {}

#[cfg(test)]
mod tests;
