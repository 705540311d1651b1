//! What an import did.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::territory::import::tables::{Layout, Wrong};

/// What became of things of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub made: usize,
    pub changed: usize,
    pub unchanged: usize,
}

/// A file of an import.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct FileRead {
    pub file: String,
    /// None where it has another layout than those that are read.
    pub layout: Option<Layout>,
    pub rows: usize,
}

/// A row that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rejection {
    pub file: String,
    /// Where the row begins; 0 where it is about the whole file.
    pub line: u64,
    pub column: String,
    pub value: String,
    pub why: String,
}

impl Rejection {
    pub fn of_file(file: &str, why: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: 0, column: String::new(), value: String::new(), why: why.into() }
    }

    pub fn of_row(file: &str, line: u64, wrong: Wrong) -> Self {
        Self { file: file.to_owned(), line, column: wrong.column, value: wrong.value, why: wrong.why }
    }
}

/// What an import did: counts of each kind, and every row that was not taken.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    pub files: Vec<FileRead>,
    /// Of `country`, `region` …, `codes`, `figures`, and of events `merge`, `rename` ….
    pub counts: BTreeMap<String, Counts>,
    /// Periods of the archive that ended before it begins to be kept.
    pub too_old: usize,
    pub rejected: Vec<Rejection>,
}

/// What became of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Made,
    Changed,
    Unchanged,
}

impl Report {
    pub fn read(&mut self, file: &str, layout: Layout, rows: usize) {
        self.files.push(FileRead { file: file.to_owned(), layout: Some(layout), rows });
    }

    pub fn skip(&mut self, file: &str) {
        self.files.push(FileRead { file: file.to_owned(), layout: None, rows: 0 });
    }

    pub fn reject(&mut self, rejection: Rejection) {
        self.rejected.push(rejection);
    }

    pub fn count(&mut self, kind: &str, outcome: Outcome) {
        let counts = self.counts.entry(kind.to_owned()).or_default();
        match outcome {
            Outcome::Made => counts.made += 1,
            Outcome::Changed => counts.changed += 1,
            Outcome::Unchanged => counts.unchanged += 1,
        }
    }
}
