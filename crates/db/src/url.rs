//! The database URL: its scheme decides which database is spoken to.

use std::path::{Path, PathBuf};

/// A database address whose scheme is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// `postgres://…` or `postgresql://…`, handed to libpq as it is.
    Postgres(String),
    /// The path of the file behind `sqlite:///absolute` or `sqlite://relative`.
    Sqlite(String),
}

impl DatabaseUrl {
    /// Reads a URL. The message of a refusal never repeats the URL, which may carry a password.
    pub fn parse(url: &str) -> Result<Self, String> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            // libpq takes what follows the first @ for the host, and repeats it when it finds no such host.
            if url.matches('@').count() > 1 {
                return Err("the database URL has more than one @: write %40 for those in user and password".into());
            }
            return Ok(Self::Postgres(url.to_owned()));
        }
        let Some(path) = url.strip_prefix("sqlite://") else {
            return Err("the database URL must begin with sqlite://, postgres:// or postgresql://".into());
        };
        if path.is_empty() || path.contains(['?', '#']) {
            return Err("a sqlite:// URL must name a file, without parameters".into());
        }
        Ok(Self::Sqlite(path.to_owned()))
    }

    /// The SQLite file, where the database is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Postgres(_) => None,
            Self::Sqlite(path) => Some(Path::new(path)),
        }
    }

    /// Refuses a SQLite file in a folder that does not exist: a mistyped path must not become a new, empty database.
    pub fn check_folder(&self) -> Result<(), String> {
        let Some(file) = self.file() else { return Ok(()) };
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        match folder.map(PathBuf::from) {
            Some(folder) if !folder.is_dir() => {
                Err(format!("the folder {} for the SQLite file does not exist", folder.display()))
            }
            _ => Ok(()),
        }
    }

    /// "PostgreSQL" or "SQLite".
    pub fn product(&self) -> &'static str {
        match self {
            Self::Postgres(_) => "PostgreSQL",
            Self::Sqlite(_) => "SQLite",
        }
    }
}
