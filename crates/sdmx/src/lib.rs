//! SDMX 2.1 as its REST interface 1.5 speaks it: what addresses ask for, and the messages that answer. Nothing here knows of HTTP or of a
//! database.

pub mod data;
pub mod error_message;
pub mod header;
pub mod identifiers;
mod json;
pub mod read;
pub mod request;
pub mod structure;
pub mod text;
mod xml;

pub use data::{DataMessage, DataWriter, Layout, Observation, WriteError};
pub use error_message::{ErrorCode, ErrorMessage};
pub use header::Header;
pub use identifiers::ArtefactId;
pub use structure::Structures;
pub use text::LocalisedText;
