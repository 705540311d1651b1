//! Keys: which codes are asked for (SDMX REST 1.5, 4.4, "key").

use std::fmt;

use crate::request::RequestError;

/// Codes of each dimension but time, in the order of the data structure: `A.ROMA+MILANO.` has all codes of the third.
///
/// Codes can have any characters but `.`, `+` and `/` and control characters: more than the KeyType of the standard allows, so that
/// data whose publisher called a code `Y<5` can be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesKey {
    dimensions: Vec<Vec<String>>,
}

impl SeriesKey {
    /// All codes of every dimension.
    pub fn all(dimensions: usize) -> Self {
        Self { dimensions: vec![Vec::new(); dimensions] }
    }

    /// Reads a key, percent-decoded, for a structure with so many dimensions besides time. Nothing, and `all`, ask for everything.
    pub fn parse(text: &str, dimensions: usize) -> Result<Self, RequestError> {
        if text.is_empty() || text.eq_ignore_ascii_case("all") {
            return Ok(Self::all(dimensions));
        }
        let parts = text.split('.').map(codes).collect::<Result<Vec<_>, _>>()?;
        if parts.len() != dimensions {
            let reason =
                format!("has {} parts; the data structure has {dimensions} dimensions besides time", parts.len());
            return Err(RequestError::malformed("key", reason));
        }
        Ok(Self { dimensions: parts })
    }

    /// The codes asked for of the dimension at a place (from 0); none where all are.
    pub fn codes(&self, position: usize) -> Option<&[String]> {
        self.dimensions.get(position).map(Vec::as_slice).filter(|codes| !codes.is_empty())
    }

    /// How many dimensions there are besides time.
    pub fn len(&self) -> usize {
        self.dimensions.len()
    }

    /// Whether there is no dimension but time.
    pub fn is_empty(&self) -> bool {
        self.dimensions.is_empty()
    }
}

fn codes(part: &str) -> Result<Vec<String>, RequestError> {
    if part.is_empty() {
        return Ok(Vec::new());
    }
    let is_code = |code: &str| !code.is_empty() && !code.chars().any(|char| char.is_control() || char == '/');
    let codes: Vec<String> = part.split('+').map(str::to_owned).collect();
    match codes.iter().find(|code| !is_code(code)) {
        None => Ok(codes),
        Some(code) => Err(RequestError::malformed("key", format!("has {code:?}, which is no code"))),
    }
}

impl fmt::Display for SeriesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, codes) in self.dimensions.iter().enumerate() {
            if position > 0 {
                f.write_str(".")?;
            }
            f.write_str(&codes.join("+"))?;
        }
        Ok(())
    }
}
