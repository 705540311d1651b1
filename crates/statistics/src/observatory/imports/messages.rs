//! Data messages of SDMX-JSON, read as if they were tables: a column for each dimension, called as it is, then `OBS_VALUE`, then one for
//! each attribute of observations.

use std::fs::File;
use std::io::{Read, Seek as _};

use approdo_sdmx::read::{JsonCode, JsonData, JsonRow, JsonStructure, ReadError, ReadFailure};

use crate::delimited::{Encoding, Form, Head, Made, Record};
use crate::error::ApiError;

/// Observations that are looked at before anything is proposed.
const LOOKED_AT: u64 = 30;
/// Columns that a message can have, as delimited files can.
const MOST_COLUMNS: usize = 2_000;
/// Bytes that the longest codes of all columns can have together: a row names them by a few digits in the file.
const LONGEST_CODES: usize = 16 * 1024;
const VALUE: &str = "OBS_VALUE";
/// Characters of what is told of an error.
const LONGEST: usize = 300;

/// A message whose structure has been read.
pub struct Message {
    data: JsonData,
    pub header: Vec<String>,
}

/// Why a message is not read to its end.
pub enum Failure<E> {
    /// In words.
    Message(String),
    Reading(ApiError),
    /// Of whoever took its rows.
    Row(E),
}

impl<E> From<std::io::Error> for Failure<E> {
    fn from(error: std::io::Error) -> Self {
        Self::Reading(ApiError::fault(error))
    }
}

fn told(error: &ReadError) -> String {
    format!("the message cannot be read: {error}").chars().take(LONGEST).collect()
}

impl Message {
    /// Reads the structure of a message from its beginning, wherever it stands.
    pub fn open<E>(file: impl Read) -> Result<Self, Failure<E>> {
        let data = JsonData::read(file).map_err(|error| Failure::Message(told(&error)))?;
        let [structure] = data.structures.as_slice() else {
            return Err(Failure::Message("the message has several structures; send one for each".to_owned()));
        };
        let header = header(structure);
        if header.len() > MOST_COLUMNS {
            return Err(Failure::Message(format!("the message has more than {MOST_COLUMNS} components")));
        }
        if longest_codes(structure) > LONGEST_CODES {
            return Err(Failure::Message("the codes of the message are too long".to_owned()));
        }
        Ok(Self { data, header })
    }

    /// Hands out its observations, one at a time, until `take` fails.
    pub fn rows<E>(
        &self,
        file: &mut File,
        mut take: impl FnMut(&Record<'_>) -> Result<(), E>,
    ) -> Result<(), Failure<E>> {
        file.rewind()?;
        let (mut made, mut number) = (Made::default(), 0);
        let read = self.data.observations(&*file, |row| {
            number += 1;
            fill(&mut made, row);
            take(&made.record(number))
        });
        read.map_err(|failure| match failure {
            ReadFailure::Message(error) => Failure::Message(told(&error)),
            ReadFailure::Row(error) => Failure::Row(error),
        })
    }
}

fn header(structure: &JsonStructure) -> Vec<String> {
    let dimensions = structure.dimensions.iter().map(|dimension| dimension.id.clone());
    let attributes = structure.attributes.iter().map(|attribute| attribute.id.clone());
    dimensions.chain(std::iter::once(VALUE.to_owned())).chain(attributes).collect()
}

fn longest_codes(structure: &JsonStructure) -> usize {
    let longest =
        |codes: &mut dyn Iterator<Item = &JsonCode>| codes.map(|code| code.id.len()).max().unwrap_or_default();
    let dimensions = structure.dimensions.iter().map(|dimension| longest(&mut dimension.codes.iter()));
    let attributes = structure.attributes.iter().filter_map(|attribute| attribute.codes.as_ref());
    dimensions.chain(attributes.map(|codes| longest(&mut codes.iter().flatten()))).sum()
}

fn fill(made: &mut Made, row: &JsonRow<'_>) {
    let attributes = row.attributes.iter().map(|attribute| attribute.as_deref().unwrap_or_default());
    made.fill(row.codes.iter().copied().chain(std::iter::once(row.value.unwrap_or_default())).chain(attributes));
}

/// What a message begins with, as the head of a delimited file is.
pub fn head(file: &mut File) -> Result<Head, Failure<()>> {
    file.rewind()?;
    let message = Message::open(&*file)?;
    let mut records = Vec::new();
    let looked_at = message.rows(file, |record| {
        records.push((record.line, record.texts()));
        if record.line < LOOKED_AT { Ok(()) } else { Err(()) }
    });
    match looked_at {
        Ok(()) | Err(Failure::Row(())) => {
            let form = Form { encoding: Encoding::Utf8, delimiter: b',' };
            Ok(Head { form, header_line: 1, header: message.header, records })
        }
        Err(failure) => Err(failure),
    }
}
