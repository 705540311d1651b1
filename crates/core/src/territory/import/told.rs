//! What the files tell, gathered before it is compared with what is here.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::NaiveDate;

use crate::territory::events::Certainty;
use crate::territory::figures::Measured;
use crate::territory::import::report::{Rejection, Report};
use crate::territory::import::tables::{Row, Table, Wrong};

/// The day from which on territories are kept, 1970-01-01: their regions are no older, and ISTAT's codes hardly.
pub fn horizon() -> NaiveDate {
    NaiveDate::default()
}

/// Where something was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    pub file: String,
    pub line: u64,
}

impl Origin {
    pub fn of(table: &Table, row: Row<'_>) -> Self {
        Self { file: table.file.clone(), line: row.line }
    }

    pub fn rejects(&self, report: &mut Report, wrong: Wrong) {
        report.reject(Rejection::of_row(&self.file, self.line, wrong));
    }
}

/// A figure of something.
#[derive(Debug, Clone, PartialEq)]
pub struct ToldFigure {
    pub measured: Measured,
    pub on: NaiveDate,
    pub source: &'static str,
}

/// A region, a province, a German district, a union or another body.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Place {
    pub name: Option<String>,
    /// Of a body and a district: a code of `territory_kinds`.
    pub kind: Option<&'static str>,
    /// Of a province: the code of its region.
    pub region: Option<String>,
    pub sigla: Option<String>,
    pub uts: Option<String>,
    pub nuts3: BTreeSet<String>,
    pub itter107: BTreeSet<String>,
    pub figures: Vec<ToldFigure>,
}

/// What a municipality was called, and its code, for some time: as the archive has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    pub from: NaiveDate,
    pub to: Option<NaiveDate>,
    pub istat: String,
    pub name: String,
    pub origin: Origin,
}

/// That a municipality has another code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeChange {
    pub on: NaiveDate,
    pub old: String,
    pub new: String,
    pub name: String,
    pub certainty: Certainty,
    pub source: String,
    pub origin: Origin,
}

/// That a list of all municipalities has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub on: NaiveDate,
    pub istat: String,
    pub name: String,
    /// Only the Italian part of a name in two languages.
    pub name_it: String,
    pub source: &'static str,
}

/// A municipality: what bears one code of the land register, which stays when it changes province.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Municipality {
    pub periods: Vec<Period>,
    pub changes: Vec<CodeChange>,
    pub listed: Vec<Listed>,
    /// First day without it, with its code and name.
    pub ceased: Option<(NaiveDate, String, String)>,
    pub figures: Vec<ToldFigure>,
}

/// That a municipality became part of another one; of none that is known, where it only ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merger {
    pub on: Option<NaiveDate>,
    pub from: String,
    pub to: Option<String>,
    pub certainty: Certainty,
    pub source: String,
    pub origin: Origin,
}

/// All that the files tell.
#[derive(Debug, Default)]
pub struct Told {
    pub regions: BTreeMap<String, Place>,
    pub provinces: BTreeMap<String, Place>,
    pub municipalities: BTreeMap<String, Municipality>,
    pub mergers: Vec<Merger>,
    pub districts: BTreeMap<String, Place>,
    pub bodies: BTreeMap<String, Place>,
    /// What ISTAT's data flows call a country, by its ISO code.
    pub countries: BTreeMap<String, BTreeSet<String>>,
    /// Days of the lists of all municipalities.
    pub lists: BTreeSet<NaiveDate>,
    /// The day of the archive.
    pub archive: Option<NaiveDate>,
    /// What each file has told already.
    seen: HashSet<(String, String)>,
}

impl Told {
    /// Refuses what a file tells twice.
    pub fn once(&mut self, table: &Table, column: &str, key: &str) -> Result<(), Wrong> {
        if self.seen.insert((table.file.clone(), key.to_owned())) {
            Ok(())
        } else {
            Err(Wrong::new(column, key, "is in this file already"))
        }
    }
}
