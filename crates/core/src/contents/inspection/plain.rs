//! Contents that are read from end to end, or not at all: text and PDF.

use std::io::{Read, Seek};

use super::{Verdict, last, refused, up_to};

const PORTION: usize = 64 * 1024;
/// Bytes at either end of a PDF in which its marks are looked for (ISO 32000-2, 7.5.5, and what readers do).
const PDF_ENDS: u64 = 1024;

/// Text in UTF-8 without U+0000, all of it.
pub fn text(source: &mut impl Read) -> Verdict {
    const REFUSAL: &str = "is not text in UTF-8";
    let mut buffer = vec![0; PORTION];
    // Bytes of a character that the portion before has cut.
    let mut begun = 0;
    loop {
        let read = source.read(buffer.get_mut(begun..).unwrap_or_default())?;
        if read == 0 {
            return if begun == 0 { Ok(()) } else { refused(REFUSAL) };
        }
        let filled = begun + read;
        let portion = buffer.get(..filled).unwrap_or_default();
        if portion.contains(&0) {
            return refused("holds the character U+0000");
        }
        let valid = match std::str::from_utf8(portion) {
            Ok(_) => filled,
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(_) => return refused(REFUSAL),
        };
        buffer.copy_within(valid..filled, 0);
        begun = filled - valid;
    }
}

/// A file that begins and ends as a PDF. What is between is not looked at.
pub fn pdf(file: &mut (impl Read + Seek)) -> Verdict {
    let head = up_to(file, PDF_ENDS)?;
    let version = head.strip_prefix(b"%PDF-").and_then(|rest| rest.first());
    if !version.is_some_and(u8::is_ascii_digit) {
        return refused("does not begin as a PDF does");
    }
    let tail = last(file, PDF_ENDS)?;
    if !tail.windows(5).any(|window| window == b"%%EOF") {
        return refused("does not end as a PDF does: it may be cut off");
    }
    Ok(())
}
