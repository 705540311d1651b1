//! What every message begins with (SDMX 2.1, section 3A, "Header").

use chrono::{DateTime, SecondsFormat, Utc};

use crate::text::LocalisedText;

/// Who sends a message, and when it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// An IDType.
    pub id: String,
    /// Whether the message is a test.
    pub is_test: bool,
    pub prepared: DateTime<Utc>,
    /// The id of the sender, an IDType.
    pub sender: String,
    pub sender_name: LocalisedText,
    /// The languages that the reader prefers, the best first: for names where there is room for one.
    pub languages: Vec<String>,
    /// The address of the REST interface, without a slash at its end: where stubs say that the whole is found.
    pub service: Option<String>,
}

impl Header {
    pub(crate) fn prepared(&self) -> String {
        self.prepared.to_rfc3339_opts(SecondsFormat::Secs, true)
    }
}
