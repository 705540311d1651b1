//! The formats an answer can have: pages of JSON, streams of NDJSON or CSV (RFC 4180), pictures; chosen by `Accept`.

use serde::Serialize;

use crate::error::{ApiError, ApiResult};
use crate::http::fields::Fields;
use crate::http::members::{Cell, Members, TakesMember};

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Json,
    Ndjson,
    Csv,
    /// A picture.
    Svg,
    /// Points on a map (RFC 7946).
    GeoJson,
    /// RDF as JSON-LD 1.1, Turtle, and XML.
    JsonLd,
    Turtle,
    RdfXml,
}

impl Format {
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv",
            Self::Svg => "image/svg+xml",
            Self::GeoJson => "application/geo+json",
            Self::JsonLd => "application/ld+json",
            Self::Turtle => "text/turtle",
            Self::RdfXml => "application/rdf+xml",
        }
    }

    /// As the answer's `Content-Type` says it.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Turtle => "text/turtle; charset=utf-8",
            other => other.media_type(),
        }
    }

    /// The format that an `Accept` prefers of those offered (RFC 9110, 12.5.1): of equal quality the one it names more exactly,
    /// then the first offered. None where it takes none of them.
    pub fn negotiate(accept: Option<&str>, offered: &[Self]) -> Option<Self> {
        let Some(accept) = accept else { return offered.first().copied() };
        let mut best: Option<((f32, u8), Self)> = None;
        for &format in offered {
            if let Some(wanted) = wanted(format.media_type(), accept)
                && best.is_none_or(|(so_far, _)| wanted > so_far)
            {
                best = Some((wanted, format));
            }
        }
        best.map(|(_, format)| format)
    }
}

/// Whether an `Accept` takes a media type; without one everything is taken.
pub fn accepts(accept: Option<&str>, media_type: &str) -> bool {
    accept.is_none_or(|accept| wanted(media_type, accept).is_some())
}

/// How well an item of `Accept` fits: by name, by its type, by `*/*`, or not at all.
fn fit(media_type: &str, range: &str) -> Option<u8> {
    let (kind, _) = media_type.split_once('/')?;
    match range.split_once('/')? {
        ("*", "*") => Some(1),
        (named, "*") if named.eq_ignore_ascii_case(kind) => Some(2),
        _ if range.eq_ignore_ascii_case(media_type) => Some(3),
        _ => None,
    }
}

/// The quality that an `Accept` gives a media type, by the item that fits it best; with how well that one fits.
fn wanted(media_type: &str, accept: &str) -> Option<(f32, u8)> {
    let items = accept.split(',').filter_map(|item| {
        let mut parts = item.split(';').map(str::trim);
        let fit = fit(media_type, parts.next().unwrap_or_default())?;
        let quality = parts.find_map(|part| part.strip_prefix("q=")).and_then(|q| q.parse().ok());
        Some((quality.unwrap_or(1.0_f32), fit))
    });
    items.max_by_key(|(_, fit)| *fit).filter(|(quality, _)| *quality > 0.0)
}

/// Writes rows of one list, chunk by chunk.
pub enum Rows {
    Ndjson { text: Vec<u8>, fields: Fields },
    Csv(Box<Table>),
}

/// Rows as records of CSV.
pub struct Table {
    writer: csv::Writer<Vec<u8>>,
    columns: Vec<&'static str>,
    /// The text of each column, its room kept from row to row.
    cells: Vec<Vec<u8>>,
    /// Where the next member is looked for first: they come in the order of the columns.
    next: usize,
}

/// Room for a chunk to begin with.
const ROOM: usize = 64 * 1024;

impl Rows {
    /// A chunk of a format that streams; none for one that does not. `members` are all that rows can have; a table begins with a
    /// header, which belongs to the first chunk alone.
    pub fn begin(format: Format, members: &[&'static str], fields: Fields, first: bool) -> ApiResult<Option<Self>> {
        match format {
            Format::Json | Format::Svg | Format::GeoJson | Format::JsonLd | Format::Turtle | Format::RdfXml => Ok(None),
            Format::Ndjson => Ok(Some(Self::Ndjson { text: Vec::with_capacity(ROOM), fields })),
            Format::Csv => {
                let columns: Vec<_> = members.iter().copied().filter(|name| fields.keeps(name)).collect();
                let mut writer =
                    csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::with_capacity(ROOM));
                if first {
                    writer.write_record(&columns).map_err(ApiError::fault)?;
                }
                let cells = vec![Vec::new(); columns.len()];
                Ok(Some(Self::Csv(Box::new(Table { writer, columns, cells, next: 0 }))))
            }
        }
    }

    pub fn add(&mut self, row: &impl Serialize) -> ApiResult<()> {
        match self {
            Self::Ndjson { text, fields } => {
                serde_json::to_writer(&mut *text, &fields.only(row)).map_err(ApiError::fault)?;
                text.push(b'\n');
                Ok(())
            }
            Self::Csv(table) => table.add(row),
        }
    }

    pub fn finish(self) -> ApiResult<Vec<u8>> {
        match self {
            Self::Ndjson { text, .. } => Ok(text),
            Self::Csv(table) => table.writer.into_inner().map_err(ApiError::fault),
        }
    }
}

impl Table {
    fn add(&mut self, row: &impl Serialize) -> ApiResult<()> {
        self.cells.iter_mut().for_each(Vec::clear);
        self.next = 0;
        row.serialize(Members(self)).map_err(ApiError::fault)?;
        for cell in &mut self.cells {
            neutralise(cell);
        }
        self.writer.write_record(&self.cells).map_err(ApiError::fault)
    }
}

impl TakesMember for Table {
    type Error = std::fmt::Error;

    fn take<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), std::fmt::Error> {
        let known = |at: &usize| self.columns.get(*at) == Some(&name);
        let at = Some(self.next).filter(known).or_else(|| self.columns.iter().position(|column| *column == name));
        if let Some(at) = at
            && let Some(cell) = self.cells.get_mut(at)
        {
            self.next = at + 1;
            value.serialize(Cell::of(cell))?;
        }
        Ok(())
    }
}

/// A text as a cell of a table.
pub fn text_cell(text: &str) -> String {
    let mut cell = text.to_owned();
    if is_formula(cell.as_bytes()) {
        cell.insert(0, '\'');
    }
    cell
}

/// Spreadsheets take a cell that begins so for a formula: an apostrophe before it makes it text (OWASP, CSV injection).
fn neutralise(cell: &mut Vec<u8>) {
    if is_formula(cell) {
        cell.insert(0, b'\'');
    }
}

fn is_formula(cell: &[u8]) -> bool {
    cell.first().is_some_and(|first| b"=+-@\t\r".contains(first))
}
