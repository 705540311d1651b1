//! Reading SDMX-JSON data 1.0 and 2.0, as ISTAT, Eurostat and the OECD serve them, and the drafts before it with everything at the top.
//!
//! The structure, without which no observation can be told, may come after all of them. So the message is read twice: first its
//! structure, then its observations, one at a time.

mod guard;
mod observations;
mod structure;

use std::fmt;
use std::io::Read;

use guard::Guard;
pub use observations::{JsonRow, ReadFailure};
pub use structure::{JsonAttribute, JsonCode, JsonDimension, JsonStructure};

/// Codes that a component can have.
pub const MOST_CODES: usize = 200_000;
/// Bytes that the structure can take in the message, all of them together where there are several.
pub const LARGEST_STRUCTURE: u64 = 32 * 1024 * 1024;
/// Members and entries that it can have: 200,000 codes with names in two languages are 800,000.
pub const MOST_ENTRIES: usize = 1_000_000;
/// Bytes that a text or a number can take.
pub const LONGEST_TOKEN: usize = 64 * 1024;
/// Objects and arrays within each other.
pub const DEEPEST: usize = 32;

/// What is wrong with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadError {
    /// Where it was found, in bytes from the beginning.
    pub position: u64,
    pub reason: String,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, at byte {}", self.reason, self.position)
    }
}

impl std::error::Error for ReadError {}

/// A message, with all but its observations held in memory: what its structure takes, which is limited as said above.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonData {
    /// One for each data structure; one alone in 1.0.
    pub structures: Vec<JsonStructure>,
    /// The structure of each data set, by place.
    data_sets: Vec<usize>,
}

impl JsonData {
    /// Reads the structure. The observations are gone over, but for their form in JSON nothing is held to anything.
    pub fn read(input: impl Read) -> Result<Self, ReadError> {
        let (guard, position) = Guard::new(input, LARGEST_STRUCTURE);
        structure::read(guard, &position)
    }

    /// Reads the observations of the same message from its beginning, and hands each to `row`, whose error ends the reading. What is held
    /// is one of them.
    pub fn observations<E>(
        &self,
        input: impl Read,
        row: impl FnMut(&JsonRow<'_>) -> Result<(), E>,
    ) -> Result<(), ReadFailure<E>> {
        let (guard, position) = Guard::new(input, LARGEST_STRUCTURE);
        observations::read(self, guard, &position, row)
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Add as _;

    use super::*;

    #[test]
    fn a_structure_that_is_too_large_is_refused_and_observations_are_not() {
        let message = |structure: usize, rest: usize| {
            let (structure, rest) = (" ".repeat(structure), " ".repeat(rest));
            format!(r#"{{"dataSets": [{rest}], "structures": [{{"dimensions": {{}}}}{structure}], "meta": 1{rest}}}"#)
        };
        let read = |message: &str| {
            let (guard, position) = Guard::new(message.as_bytes(), 1_000);
            structure::read(guard, &position).map(|data| data.structures.len()).map_err(|error| error.reason)
        };
        assert_eq!(read(&message(900, 10_000)), Ok(1));
        assert_eq!(read(&message(1_000, 0)), Err("the structure is too large".to_owned()));
        // What each of several has room for, all of them have not.
        let several =
            message(0, 0).replacen("\"meta\"", &"\"structure\": {\"dimensions\": {}}, ".repeat(100).add("\"meta\""), 1);
        assert_eq!(read(&several), Err("the structure is too large".to_owned()));
    }

    #[test]
    fn a_structure_with_too_many_entries_is_refused() {
        let message = |entries: usize| {
            let lists = vec![format!("[{}null]", "null,".repeat(MOST_CODES - 1)); entries / MOST_CODES];
            let attributes: Vec<String> =
                lists.iter().map(|values| format!(r#"{{"id": "A", "values": {values}}}"#)).collect();
            let attributes = attributes.join(",");
            format!(r#"{{"structures": [{{"dimensions": {{}}, "attributes": {{"observation": [{attributes}]}}}}]}}"#)
        };
        let read = |message: &str| JsonData::read(message.as_bytes()).map(drop).map_err(|error| error.reason);
        assert_eq!(read(&message(4 * MOST_CODES)), Ok(()));
        assert_eq!(read(&message(6 * MOST_CODES)), Err("the structure is too large".to_owned()));
    }
}
