//! Office documents, which are zip archives. Everything packed in them is unpacked once, portion by portion, and forgotten: sizes that
//! an archive declares are only what its maker says.

use std::collections::HashMap;
use std::io::{BufReader, Read, Seek};

use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use super::{Limits, Objection, Verdict, last, refused, up_to};

/// Files that may be packed in a document: a long one with a picture on each page has hundreds.
const ENTRIES: usize = 10_000;
/// How much smaller than its content an archive may be. XML packs to a tenth or a fiftieth, deflate reaches a thousandth.
const RATIO: u64 = 200;
/// Below this no ratio is looked at: a short document may be mostly blanks.
const SMALL: u64 = 4 * 1024 * 1024;
const PORTION: usize = 64 * 1024;
/// Bytes of a part that is read for what it says.
const PART: u64 = 1024 * 1024;

/// A kind of document of ISO/IEC 29500: the type of its main part, and the folder this is in.
pub struct Kind {
    main: &'static str,
    folder: &'static str,
}

pub const DOCX: Kind =
    Kind { main: "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml", folder: "word/" };
pub const XLSX: Kind =
    Kind { main: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml", folder: "xl/" };

/// Beginnings of files that are archives, or programs, or hold others: (offset, bytes).
const CARRIERS: [(usize, &[u8]); 14] = [
    (0, b"PK\x03\x04"),
    (0, b"PK\x05\x06"),
    (0, b"PK\x07\x08"),
    (0, b"\x1F\x8B"),
    (0, b"BZh"),
    (0, b"\xFD7zXZ\x00"),
    (0, b"7z\xBC\xAF\x27\x1C"),
    (0, b"Rar!\x1A\x07"),
    (0, b"\x28\xB5\x2F\xFD"),
    (0, b"MSCF"),
    (257, b"ustar"),
    // Compound files, in which macros and embedded objects are kept, whatever they are called.
    (0, b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"),
    (0, b"MZ"),
    (0, b"\x7FELF"),
];

/// A document of ISO/IEC 29500 of this kind, without macros.
pub fn document<F: Read + Seek>(file: &mut F, kind: &Kind, limits: Limits) -> Verdict {
    const TYPES: &str = "[Content_Types].xml";
    let parts = unpack(file, |name| name == TYPES, PART, limits)?;
    let types = text(&parts, TYPES);
    if types.contains("macroEnabled") || types.contains("vnd.ms-office.vbaProject") {
        return refused("holds macros");
    }
    // The element that declares the main part: `<Override PartName="/word/document.xml" ContentType="…"/>`.
    let element =
        types.split('<').find(|element| attribute(element, "ContentType").is_some_and(|named| named == kind.main));
    let main = element.and_then(|element| attribute(element, "PartName")).map(|name| name.trim_start_matches('/'));
    match main {
        Some(main) if main.starts_with(kind.folder) && parts.contains_key(main) => Ok(()),
        _ => refused("lacks the main part of a document of its type"),
    }
}

/// A document of ISO/IEC 26300 that says that it is of this type, without macros.
pub fn open_document<F: Read + Seek>(file: &mut F, media_type: &str, limits: Limits) -> Verdict {
    const MANIFEST: &str = "META-INF/manifest.xml";
    let parts = unpack(file, |name| ["mimetype", MANIFEST].contains(&name), PART, limits)?;
    if text(&parts, "mimetype") != media_type || !parts.contains_key("content.xml") {
        return refused("lacks the main part of a document of its type");
    }
    let manifest = text(&parts, MANIFEST);
    if manifest.is_empty() {
        return refused("lacks its manifest");
    }
    if manifest.contains("encryption-data") {
        return refused("is encrypted");
    }
    if parts.keys().any(|name| name.starts_with("Basic/") || name.starts_with("Scripts/")) {
        return refused("holds macros");
    }
    Ok(())
}

/// The names of all parts, with the content of those that are to be read.
pub type Parts = HashMap<String, Vec<u8>>;

fn text<'a>(parts: &'a Parts, name: &str) -> &'a str {
    parts.get(name).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
}

/// The value of an attribute in the text of an element.
fn attribute<'a>(element: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = element.split_once(name)?;
    let value = rest.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    value.get(1..)?.split(quote).next()
}

fn damaged(error: ZipError) -> Objection {
    match error {
        ZipError::Io(error) if error.raw_os_error().is_some() => Objection::Unread(error),
        // What the archive says of itself leads past its end, or what is packed does not unpack.
        _ => DAMAGED,
    }
}

const DAMAGED: Objection = Objection::Refused("is not a whole archive, as documents of its type are");

/// Unpacks everything, keeping the wanted parts alone, each of so many bytes at most.
pub fn unpack<F: Read + Seek>(
    file: &mut F,
    wanted: impl Fn(&str) -> bool,
    longest: u64,
    limits: Limits,
) -> Result<Parts, Objection> {
    if !up_to(file, 4)?.starts_with(b"PK\x03\x04") {
        return Err(Objection::Refused("does not begin as a document of its type does"));
    }
    let length = file.seek(std::io::SeekFrom::End(0))?;
    require_few(file)?;
    file.rewind()?;
    let mut archive = ZipArchive::new(BufReader::new(&mut *file)).map_err(damaged)?;
    if archive.len() > ENTRIES {
        return Err(TOO_MANY);
    }
    // Two readings of one archive: a reader may find other parts than were looked at here.
    if archive.offset() != 0 || archive.has_duplicate_names() || archive.has_overlapping_entries().map_err(damaged)? {
        return Err(Objection::Refused("is an archive that can be read in more than one way"));
    }
    let most = limits.inflated.min(length.saturating_mul(RATIO).max(SMALL));
    let (mut parts, mut left, mut buffer) = (Parts::new(), most, vec![0; PORTION]);
    for index in 0..archive.len() {
        let name = admissible(&archive, index)?;
        let mut entry = archive.by_index(index).map_err(damaged)?;
        let longest = wanted(&name).then_some(longest);
        let kept = drain(&mut entry, &mut buffer, &mut left, longest)?;
        parts.insert(name, kept);
    }
    Ok(parts)
}

const TOO_MANY: Objection = Objection::Refused("holds more than 10,000 files");

/// Refuses an archive of too many files before a list of them is made: by every record that could be its directory's, because a
/// reader may pass over the last. ZIP64, where the number is told elsewhere, is for archives larger than any that is taken.
fn require_few(file: &mut (impl Read + Seek)) -> Verdict {
    const RECORD: u64 = 22;
    let tail = last(file, RECORD + u64::from(u16::MAX))?;
    let mut found = false;
    for at in tail.windows(4).enumerate().filter(|(_, window)| *window == b"PK\x05\x06").map(|(at, _)| at) {
        let Some(record) = tail.get(at + 8..at + 20) else { continue };
        found = true;
        let counts = record.chunks_exact(2).take(2).map(|count| match count {
            [low, high] => usize::from(u16::from_le_bytes([*low, *high])),
            _ => usize::MAX,
        });
        if counts.max().is_none_or(|count| count > ENTRIES) {
            return Err(TOO_MANY);
        }
        if record.chunks_exact(4).skip(1).any(|number| number == [0xFF; 4]) {
            return Err(Objection::Refused("is of a form for archives larger than any that is taken"));
        }
    }
    if found { Ok(()) } else { Err(DAMAGED) }
}

/// The name of a file that may be in a document.
fn admissible<F: Read + Seek>(archive: &ZipArchive<F>, index: usize) -> Result<String, Objection> {
    let entry = archive.by_index_data(index).map_err(damaged)?;
    if entry.encrypted() {
        return Err(Objection::Refused("is encrypted"));
    }
    if !matches!(entry.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
        return Err(Objection::Refused("is packed in a way that documents of its type are not"));
    }
    let name = entry.name().map_err(damaged)?.into_owned();
    let climbs = name.split('/').any(|step| step == "..") || name.starts_with('/') || name.contains(['\\', ':', '\0']);
    if climbs || entry.is_symlink() || entry.enclosed_name().is_none() {
        return Err(Objection::Refused("holds a file whose path leads out of it"));
    }
    let last = name.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    if matches!(last.as_str(), "vbaproject.bin" | "vbadata.xml") {
        return Err(Objection::Refused("holds macros"));
    }
    Ok(name)
}

/// Unpacks one file; gives what is to be kept of it, where that is not longer than it may be.
fn drain(entry: &mut impl Read, buffer: &mut [u8], left: &mut u64, longest: Option<u64>) -> Result<Vec<u8>, Objection> {
    // As much of its beginning as tells what it is.
    let mut head = up_to(&mut *entry, 512).map_err(|error| damaged(error.into()))?;
    if CARRIERS.iter().any(|(at, mark)| head.get(*at..).is_some_and(|from| from.starts_with(mark))) {
        return Err(Objection::Refused("holds an archive, a program or an embedded object"));
    }
    let mut read = head.len();
    loop {
        let size = u64::try_from(read).unwrap_or(u64::MAX);
        *left = left.checked_sub(size).ok_or(Objection::Refused("unpacks to more than it may"))?;
        read = entry.read(buffer).map_err(|error| damaged(error.into()))?;
        if read == 0 {
            break;
        }
        if let Some(longest) = longest {
            head.extend_from_slice(buffer.get(..read).unwrap_or_default());
            if u64::try_from(head.len()).unwrap_or(u64::MAX) > longest {
                return Err(Objection::Refused("describes itself at an unusual length"));
            }
        }
    }
    Ok(if longest.is_some() { head } else { Vec::new() })
}
