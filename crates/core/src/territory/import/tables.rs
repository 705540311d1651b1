//! Files as tables: their encoding and delimiter found, their layout known by the header, whatever the file is called.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use approdo_db::text_enum;
use chrono::NaiveDate;

use crate::delimited::{Fault, Head, Records};
use crate::territory::import::report::{Rejection, Report};

/// Bytes a file may have: the largest of these lists has two and a half million.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

text_enum! {
    /// What a file is.
    Layout {
        /// ISTAT, list of municipalities as SITUAS gives it.
        IstatSituas = "istat_situas_comuni",
        /// ISTAT, list of municipalities as a spreadsheet.
        IstatElenco = "istat_elenco_comuni",
        /// Ministry of the Interior, archive of municipalities since 1861.
        AnprArchive = "anpr_archivio_comuni",
        Regions = "regions",
        Provinces = "provinces",
        Municipalities = "municipalities",
        CodeChanges = "code_changes",
        Mergers = "mergers",
        Ceased = "ceased",
        NrwDistricts = "nrw_districts",
        IpaBodies = "ipa_bodies",
        Itter107 = "itter107",
    }
}

impl Layout {
    /// Whether what it lacks has ended.
    pub fn lists_municipalities(self) -> bool {
        matches!(self, Self::IstatSituas | Self::IstatElenco | Self::Municipalities)
    }

    /// Columns that no other layout has together.
    fn marks(self) -> &'static [&'static str] {
        match self {
            Self::IstatSituas => &["Codice Comune (alfanumerico)", "Codice catasto", "Codice Provincia/Uts"],
            Self::IstatElenco => &["Codice Comune formato alfanumerico", "Codice Catastale del comune"],
            Self::AnprArchive => &["DATAISTITUZIONE", "DATACESSAZIONE", "CODISTAT", "CODCATASTALE"],
            Self::Regions => &["region_code", "area_code", "nuts2_2024"],
            Self::Provinces => &["province_code", "uts_code", "type_code", "region_code"],
            Self::Municipalities => &["istat_code", "cadastral_code", "uts_code", "altimetric_zone"],
            Self::CodeChanges => &["cadastral_code", "old_istat_code", "new_istat_code", "province_sigla_after"],
            Self::Mergers => &["old_cadastral_code", "new_cadastral_code", "confidence"],
            Self::Ceased => &["ceased_on", "istat_code", "cadastral_code"],
            Self::NrwDistricts => &["ags", "district_government_key", "nuts3"],
            Self::IpaBodies => &["ipa_code", "ipa_category", "kind"],
            Self::Itter107 => &["itter107", "level", "istat_region_code"],
        }
    }
}

/// A file that was read.
pub struct Table {
    pub file: String,
    pub layout: Layout,
    /// The day its list is of: its name says so, or whoever imports does.
    pub day: NaiveDate,
    header: HashMap<String, usize>,
    /// Names of the columns, in their order.
    pub columns: Vec<String>,
    records: Vec<(u64, Vec<String>)>,
    /// Whether every row of the file is here.
    pub whole: bool,
}

/// A row of a table.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    table: &'a Table,
    pub line: u64,
    record: &'a [String],
}

/// Why a row is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    pub column: String,
    pub value: String,
    pub why: String,
}

impl Wrong {
    pub fn new(column: &str, value: &str, why: impl Into<String>) -> Self {
        Self { column: column.to_owned(), value: value.chars().take(100).collect(), why: why.into() }
    }
}

impl Table {
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.records.iter().map(|(line, record)| Row { table: self, line: *line, record })
    }
}

impl<'a> Row<'a> {
    /// A cell, empty where the column or the cell is.
    pub fn optional(&self, column: &str) -> &'a str {
        let at = self.table.header.get(column);
        at.and_then(|at| self.record.get(*at)).map(String::as_str).unwrap_or_default()
    }

    pub fn text(&self, column: &str) -> Result<&'a str, Wrong> {
        match self.optional(column) {
            "" => Err(Wrong::new(column, "", "is empty")),
            text if text.chars().count() > 200 => Err(Wrong::new(column, text, "is longer than 200 characters")),
            text => Ok(text),
        }
    }

    /// A code of so many digits.
    pub fn digits(&self, column: &str, count: usize) -> Result<String, Wrong> {
        let text = self.optional(column);
        if text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(text.to_owned())
        } else {
            Err(Wrong::new(column, text, format!("is not a code of {count} digits")))
        }
    }

    /// A code of the land register: a letter and three digits.
    pub fn belfiore(&self, column: &str) -> Result<String, Wrong> {
        let text = self.optional(column);
        match text.as_bytes() {
            [letter, rest @ ..]
                if rest.len() == 3 && letter.is_ascii_uppercase() && rest.iter().all(u8::is_ascii_digit) =>
            {
                Ok(text.to_owned())
            }
            _ => Err(Wrong::new(column, text, "is not a letter and three digits")),
        }
    }

    pub fn day(&self, column: &str) -> Result<NaiveDate, Wrong> {
        let text = self.optional(column);
        text.parse().map_err(|_| Wrong::new(column, text, "is not a day of the form 2026-02-28"))
    }

    pub fn optional_day(&self, column: &str) -> Result<Option<NaiveDate>, Wrong> {
        if self.optional(column).is_empty() { Ok(None) } else { self.day(column).map(Some) }
    }

    /// A number with a decimal point; none where the cell is empty.
    pub fn number(&self, column: &str) -> Result<Option<f64>, Wrong> {
        let text = self.optional(column);
        if text.is_empty() {
            return Ok(None);
        }
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() && !text.contains(['e', 'E']) => Ok(Some(number)),
            _ => Err(Wrong::new(column, text, "is not a number with a decimal point")),
        }
    }
}

/// The CSV files at some places: files, and those directly in folders.
pub fn files(places: &[PathBuf]) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for place in places {
        if place.is_dir() {
            for entry in std::fs::read_dir(place)? {
                let path = entry?.path();
                if path.is_file() && path.extension().is_some_and(|end| end.eq_ignore_ascii_case("csv")) {
                    files.push(path);
                }
            }
        } else {
            files.push(place.clone());
        }
    }
    files.sort();
    Ok(files)
}

/// Reads one file; none where it has another layout than these.
pub fn read(
    path: &Path,
    (as_of, today): (Option<NaiveDate>, NaiveDate),
    report: &mut Report,
) -> std::io::Result<Option<Table>> {
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if std::fs::metadata(path)?.len() > MOST_BYTES {
        report.reject(Rejection::of_file(&file, format!("is larger than {MOST_BYTES} bytes")));
        return Ok(None);
    }
    let bytes = std::fs::read(path)?;
    if bytes.contains(&0) {
        report.reject(Rejection::of_file(&file, "holds the character U+0000"));
        return Ok(None);
    }
    let Some(head) = Head::of(&bytes) else {
        report.skip(&file);
        return Ok(None);
    };
    let columns: Vec<String> = head.header.iter().map(|name| in_one_line(name)).collect();
    let header: HashMap<String, usize> = columns.iter().cloned().zip(0..).collect();
    let layout = Layout::ALL.iter().find(|layout| layout.marks().iter().all(|mark| header.contains_key(*mark)));
    let Some(&layout) = layout else {
        report.skip(&file);
        return Ok(None);
    };
    let day = day_in(&file).or(as_of);
    if day.is_none() && layout.lists_municipalities() {
        let undated = "does not say of which day it is: name the file by it, or say --as-of";
        report.reject(Rejection::of_file(&file, undated));
        return Ok(None);
    }
    let mut source = Records::new(bytes.as_slice(), head.form);
    let mut records = Vec::new();
    let mut whole = true;
    loop {
        match source.read() {
            Ok(Some(record)) if record.line <= head.header_line => {}
            Ok(Some(record)) if record.len() == columns.len() => records.push((record.line, record.texts())),
            Ok(Some(record)) => {
                let short = Rejection::of_file(&file, "has not as many cells as the header");
                report.reject(Rejection { line: record.line, ..short });
                whole = false;
            }
            Ok(None) => break,
            Err(Fault::Endless { line }) => {
                report.reject(Rejection { line, ..Rejection::of_file(&file, "begins a row that does not end") });
                whole = false;
                break;
            }
            Err(Fault::Reading(error)) => return Err(error),
        }
    }
    if source.ends_within_a_line() {
        report.reject(Rejection::of_file(&file, "ends within a line: it may have been cut off"));
        whole = false;
    }
    report.read(&file, layout, records.len());
    Ok(Some(Table { file, layout, day: day.unwrap_or(today), header, columns, records, whole }))
}

/// A column's name without line breaks.
fn in_one_line(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The day or the year that a text names, the year by its first day.
pub fn day_in(text: &str) -> Option<NaiveDate> {
    let whole = |at: usize| text.get(at..at + 10).and_then(|day| day.parse::<NaiveDate>().ok());
    let year = |at: usize| {
        let year = text.get(at..at + 4).filter(|year| year.starts_with("20"))?;
        NaiveDate::from_ymd_opt(year.parse().ok()?, 1, 1)
    };
    (0..text.len()).rev().find_map(whole).or_else(|| (0..text.len()).rev().find_map(year))
}

#[cfg(test)]
mod tests;
