//! One record after another.

use std::io::{self, Read};

use csv_core::ReadRecordResult;
use encoding_rs::{CoderResult, Decoder, WINDOWS_1252};

use crate::delimited::{Encoding, Form};

/// Bytes that a record may have.
const LONGEST: usize = 256 * 1024;
/// Fields that a record may have.
const MOST: usize = 2_000;
const PORTION: usize = 64 * 1024;
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Why a file cannot be read on.
#[derive(Debug)]
pub enum Fault {
    Reading(io::Error),
    /// The record that begins on this line has no end within reach: a quotation mark that is never closed, or no delimited file at all.
    Endless {
        line: u64,
    },
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Reading(error)
    }
}

/// A field whose bytes are no text in the coding of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotText;

/// A record of a file.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// The line it begins on, from 1.
    pub line: u64,
    bytes: &'a [u8],
    ends: &'a [usize],
}

impl<'a> Record<'a> {
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// A field without blanks around it; nothing where the record has not so many.
    pub fn field(&self, index: usize) -> Option<Result<&'a str, NotText>> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let bytes = self.bytes.get(start..end)?;
        Some(str::from_utf8(bytes).map(str::trim).map_err(|_| NotText))
    }

    /// All fields; what is no text has the replacement character in the place of what cannot be read.
    pub fn texts(&self) -> Vec<String> {
        let field = |index: usize| {
            let end = self.ends.get(index).copied().unwrap_or(0);
            let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
            String::from_utf8_lossy(self.bytes.get(start..end).unwrap_or_default()).trim().to_owned()
        };
        (0..self.len()).map(field).collect()
    }

    /// Whether it is a line with nothing on it, or with delimiters alone.
    pub fn is_blank(&self) -> bool {
        self.bytes.iter().all(u8::is_ascii_whitespace)
    }
}

/// A record that does not come from a delimited file.
#[derive(Debug, Default)]
pub struct Made {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Made {
    /// With these fields, in the place of those before.
    pub fn fill<'f>(&mut self, fields: impl IntoIterator<Item = &'f str>) {
        self.bytes.clear();
        self.ends.clear();
        for field in fields {
            self.bytes.extend_from_slice(field.as_bytes());
            self.ends.push(self.bytes.len());
        }
    }

    pub fn record(&self, line: u64) -> Record<'_> {
        Record { line, bytes: &self.bytes, ends: &self.ends }
    }
}

/// The records of a file.
pub struct Records<R> {
    source: R,
    decoder: Option<Decoder>,
    parser: csv_core::Reader,
    /// What was read and not parsed, in UTF-8.
    input: Vec<u8>,
    at: usize,
    begun: bool,
    ended: bool,
    last_byte: u8,
    output: Vec<u8>,
    ends: Vec<usize>,
}

impl<R: Read> Records<R> {
    pub fn new(source: R, form: Form) -> Self {
        let decoder = match form.encoding {
            Encoding::Utf8 => None,
            Encoding::Windows1252 => Some(WINDOWS_1252.new_decoder_without_bom_handling()),
        };
        Self {
            source,
            decoder,
            parser: csv_core::ReaderBuilder::new().delimiter(form.delimiter).build(),
            input: Vec::new(),
            at: 0,
            begun: false,
            ended: false,
            last_byte: b'\n',
            output: vec![0; LONGEST],
            ends: vec![0; MOST],
        }
    }

    /// Whether the file ends in the middle of a line, once it has been read: so it may have been cut off.
    pub fn ends_within_a_line(&self) -> bool {
        self.ended && !matches!(self.last_byte, b'\n' | b'\r')
    }

    /// The next record; none at the end of the file.
    pub fn read(&mut self) -> Result<Option<Record<'_>>, Fault> {
        self.pass_empty_lines()?;
        let line = self.parser.line();
        let (mut filled, mut fields) = (0, 0);
        loop {
            if self.at >= self.input.len() && !self.ended {
                self.fill()?;
            }
            let input = self.input.get(self.at..).unwrap_or_default();
            let output = self.output.get_mut(filled..).unwrap_or_default();
            let ends = self.ends.get_mut(fields..).unwrap_or_default();
            let (result, read, written, ended) = self.parser.read_record(input, output, ends);
            self.at += read;
            filled += written;
            fields += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => return Err(Fault::Endless { line }),
                ReadRecordResult::Record => {
                    let bytes = self.output.get(..filled).unwrap_or_default();
                    let ends = self.ends.get(..fields).unwrap_or_default();
                    return Ok(Some(Record { line, bytes, ends }));
                }
                ReadRecordResult::End => return Ok(None),
            }
        }
    }

    /// The parser passes over empty lines as part of the record that follows: they are given to it first, so that the line it is on then
    /// is the one the record begins on.
    fn pass_empty_lines(&mut self) -> io::Result<()> {
        loop {
            if self.at >= self.input.len() && !self.ended {
                self.fill()?;
            }
            let Some(end_of_line @ (b'\n' | b'\r')) = self.input.get(self.at) else { return Ok(()) };
            let _ = self.parser.read_record(&[*end_of_line], &mut self.output, &mut self.ends);
            self.at += 1;
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        let mut raw = vec![0; PORTION];
        let mut read = 0;
        // The mark at the beginning must not be torn apart.
        while read < BYTE_ORDER_MARK.len() {
            match self.source.read(raw.get_mut(read..).unwrap_or_default()) {
                Ok(0) => break,
                Ok(more) => read += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        raw.truncate(read);
        self.ended = raw.is_empty();
        if let Some(&last) = raw.last() {
            self.last_byte = last;
        }
        if !self.begun && raw.starts_with(BYTE_ORDER_MARK) {
            raw.drain(..BYTE_ORDER_MARK.len());
        }
        self.begun = true;
        self.at = 0;
        self.input.clear();
        match &mut self.decoder {
            None => self.input = raw,
            Some(decoder) => {
                // Every byte of windows-1252 is a character, of three bytes in UTF-8 at most.
                let mut text = vec![0; decoder.max_utf8_buffer_length(raw.len()).unwrap_or(raw.len() * 3)];
                let (result, _, written, _) = decoder.decode_to_utf8(&raw, &mut text, self.ended);
                debug_assert_eq!(result, CoderResult::InputEmpty);
                text.truncate(written);
                self.input = text;
            }
        }
        Ok(())
    }
}
