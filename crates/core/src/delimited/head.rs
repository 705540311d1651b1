//! What the beginning of a file tells of its form.

use std::collections::HashMap;

use crate::delimited::{Encoding, Form, Records};

/// Records that are looked at.
const LOOKED_AT: usize = 30;
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// The beginning of a file: how it is to be read, and its first records.
#[derive(Debug)]
pub struct Head {
    pub form: Form,
    /// The line of the header, and its fields.
    pub header_line: u64,
    pub header: Vec<String>,
    /// The first records after it, with their lines.
    pub records: Vec<(u64, Vec<String>)>,
}

impl Head {
    /// Reads the first bytes of a file; nothing where they are not those of a delimited file.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        // UTF-16 announces itself by a mark; of other binaries a zero byte tells.
        if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) || bytes.contains(&0) {
            return None;
        }
        let encoding = match str::from_utf8(bytes) {
            Ok(_) => Encoding::Utf8,
            // A character that is cut off at the end is no error.
            Err(error) if error.error_len().is_none() => Encoding::Utf8,
            Err(_) => Encoding::Windows1252,
        };
        let candidates = DELIMITERS.map(|delimiter| {
            let form = Form { encoding, delimiter };
            let records = first_records(bytes, form);
            (usual_length(&records), form, records)
        });
        let best = candidates.into_iter().max_by_key(|((fields, times), _, _)| if *fields > 1 { *times } else { 0 })?;
        let ((fields, _), form, records) = best;
        let mut records = records.into_iter();
        // A title may stand above the header, on a line of its own.
        let (header_line, header) = records.find(|(_, texts)| texts.len() == fields)?;
        if fields < 2 || header.iter().all(String::is_empty) {
            return None;
        }
        Some(Self { form, header_line, header, records: records.collect() })
    }
}

fn first_records(bytes: &[u8], form: Form) -> Vec<(u64, Vec<String>)> {
    let mut records = Records::new(bytes, form);
    let mut first = Vec::new();
    while first.len() < LOOKED_AT {
        match records.read() {
            Ok(Some(record)) => first.push((record.line, record.texts())),
            Ok(None) | Err(_) => break,
        }
    }
    first
}

/// The number of fields that most records have, and how many records have it.
fn usual_length(records: &[(u64, Vec<String>)]) -> (usize, usize) {
    let mut counts = HashMap::new();
    for (_, texts) in records {
        *counts.entry(texts.len()).or_insert(0) += 1;
    }
    counts.into_iter().max_by_key(|&(fields, times)| (times, fields)).unwrap_or_default()
}
