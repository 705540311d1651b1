//! The catalogue of the datasets that a deployment publishes, as DCAT-AP_IT describes it: the Italian profile of DCAT-AP (AgID, "Linee guida
//! per i cataloghi dati", which say of each property whether it is mandatory), written as JSON-LD, Turtle or RDF/XML. Nothing here knows of HTTP
//! or of a database.
//!
//! What the profile makes mandatory is a member that cannot be left out; what it recommends or allows is an `Option` or a list. What cannot be
//! written (an empty text, a link that is none) cannot be built.

pub mod address;
pub mod format;
mod graph;
pub mod licence;
pub mod model;
pub mod text;
pub mod vocabulary;

pub use address::{Base, Email, WebAddress};
pub use format::{Format, WriteError};
pub use licence::Licence;
pub use model::{
    Agent, AgentIdentifier, Catalogue, ContactPoint, Dataset, DatasetIdentifier, Distribution, Period, Place, Standard,
};
pub use text::{AtLeastOne, Language, LocalisedText, Text, Texts};
pub use vocabulary::{FileType, Frequency, Theme};
