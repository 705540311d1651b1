//! Delimited files of any publisher (RFC 4180 and its relatives): their coding, their delimiter, and their records, one at a time with a
//! bound on each, so that no file of whatever size or kind takes more memory than another.

mod head;
mod records;

#[cfg(test)]
mod tests;

use approdo_db::text_enum;
use utoipa::ToSchema;

pub use head::Head;
pub use records::{Fault, Made, NotText, Record, Records};

text_enum! {
    /// How the characters of a file are coded.
    #[derive(ToSchema)]
    Encoding {
        Utf8 = "utf_8",
        /// Of Western Europe (WHATWG Encoding Standard); what calls itself ISO 8859-1 is nearly always this.
        Windows1252 = "windows_1252",
    }
}

/// How a file is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    pub encoding: Encoding,
    /// An ASCII character.
    pub delimiter: u8,
}
