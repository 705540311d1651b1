//! Whether a content is what its media type says, and harmless to unpack. What is checked of each type, and what is not, is told in
//! docs/attachments.md; nothing here repairs, converts or looks for viruses.

mod images;
mod office;
mod plain;

#[cfg(test)]
mod tests;

use std::io::{self, Read, Seek, SeekFrom};

use crate::contents::media::MediaType;
use crate::error::{ApiError, ApiResult};

/// How much a content may turn out to be.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of all that is packed in an office document.
    pub inflated: u64,
}

/// What speaks against a content.
#[derive(Debug)]
pub enum Objection {
    /// It is not what its type says, or more than it may be; for the sender to read.
    Refused(&'static str),
    /// It could not be read where it was put.
    Unread(io::Error),
}

impl From<io::Error> for Objection {
    fn from(error: io::Error) -> Self {
        Self::Unread(error)
    }
}

impl From<Objection> for ApiError {
    fn from(objection: Objection) -> Self {
        match objection {
            Objection::Refused(detail) => Self::invalid_content(detail),
            Objection::Unread(error) => Self::fault(error),
        }
    }
}

type Verdict = Result<(), Objection>;

fn refused(detail: &'static str) -> Verdict {
    Err(Objection::Refused(detail))
}

/// Looks into a content from its beginning; 422 where it is not what its type says.
pub fn inspect<F: Read + Seek>(file: &mut F, media_type: MediaType, limits: Limits) -> ApiResult<()> {
    file.rewind().map_err(ApiError::fault)?;
    match media_type {
        MediaType::Pdf => plain::pdf(file),
        MediaType::Text => plain::text(file),
        MediaType::Jpeg => images::image(file, images::Kind::Jpeg),
        MediaType::Png => images::image(file, images::Kind::Png),
        MediaType::Webp => images::image(file, images::Kind::Webp),
        MediaType::Docx => office::document(file, &office::DOCX, limits),
        MediaType::Xlsx => office::document(file, &office::XLSX, limits),
        MediaType::Odt | MediaType::Ods => office::open_document(file, media_type.as_str(), limits),
    }?;
    Ok(())
}

/// The wanted files of an archive that holds nothing harmful, each of so many bytes at most; 422 where it cannot be that.
pub fn unpacked<F: Read + Seek>(
    file: &mut F,
    limits: Limits,
    longest: u64,
    wanted: impl Fn(&str) -> bool,
) -> ApiResult<Vec<(String, Vec<u8>)>> {
    file.rewind().map_err(ApiError::fault)?;
    let parts = office::unpack(file, &wanted, longest, limits)?;
    let mut parts: Vec<(String, Vec<u8>)> = parts.into_iter().filter(|(name, _)| wanted(name)).collect();
    parts.sort();
    Ok(parts)
}

/// Up to so many bytes from where the reader stands.
fn up_to(source: &mut impl Read, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The last bytes of a file, so many at most.
fn last(file: &mut (impl Read + Seek), most: u64) -> io::Result<Vec<u8>> {
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(length.saturating_sub(most)))?;
    up_to(file, most)
}
