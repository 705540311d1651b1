//! One connection type over both databases, chosen at run time by the database URL.

use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::{AnsiTransactionManager, SimpleConnection as _, TransactionManager};
use diesel::result::{DatabaseErrorKind, Error};
use diesel::{Connection as _, PgConnection, SqliteConnection};

use crate::url::DatabaseUrl;

/// A connection to PostgreSQL or SQLite. Queries written against it run on both.
#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

/// Why a statement could not run, as far as a caller can act on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unavailable {
    /// The connection is gone; another one may work.
    Disconnected,
    /// Another transaction holds what this one needs; try again later.
    Busy,
}

impl Unavailable {
    /// Tells faults of the moment from faults of the statement.
    pub fn of(error: &Error) -> Option<Self> {
        match error {
            Error::DatabaseError(DatabaseErrorKind::ClosedConnection, _) | Error::BrokenTransactionManager => {
                Some(Self::Disconnected)
            }
            Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => Some(Self::Busy),
            Error::DatabaseError(_, information) => Self::of_message(information.message()),
            Error::RollbackErrorOnCommit { commit_error, .. } => Self::of(commit_error),
            _ => None,
        }
    }

    // Neither client library gives these a kind of its own: libpq reports a lost server only by text, diesel passes
    // SQLite's result codes on as text.
    fn of_message(message: &str) -> Option<Self> {
        const DISCONNECTED: [&str; 10] = [
            "server closed the connection",
            "terminating connection",
            "connection not open",
            "no connection to the server",
            "could not receive data from server",
            "could not send data to server",
            "SSL connection has been closed",
            "the database system is",
            "connection to server",
            "cannot execute",
        ];
        const BUSY: [&str; 4] = ["database is locked", "database table is locked", "lock timeout", "deadlock detected"];
        if DISCONNECTED.iter().any(|text| message.contains(text)) {
            Some(Self::Disconnected)
        } else if BUSY.iter().any(|text| message.contains(text)) {
            Some(Self::Busy)
        } else {
            None
        }
    }
}

/// How a connection is going to be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Read,
    Write,
    /// Migrating and furnishing, where another process may be at it already and take its time.
    Setup,
}

impl Purpose {
    /// How long a lock is awaited: by requests so long that none hangs behind another, by a start until it has its turn.
    fn patience_milliseconds(self) -> u32 {
        match self {
            Self::Read | Self::Write => 5_000,
            Self::Setup => 600_000,
        }
    }
}

/// Opens one connection and gives it the settings every connection must have.
pub(crate) fn open(url: &DatabaseUrl, schema: &str, purpose: Purpose) -> diesel::ConnectionResult<AnyConnection> {
    let mut connection = match url {
        DatabaseUrl::Postgres(url) => AnyConnection::Postgres(PgConnection::establish(url)?),
        DatabaseUrl::Sqlite(path) => AnyConnection::Sqlite(SqliteConnection::establish(path)?),
    };
    let patience = purpose.patience_milliseconds();
    let settings = match (&connection, purpose) {
        (AnyConnection::Postgres(_), _) => format!(
            "SET search_path TO {}; SET timezone TO 'UTC'; SET lock_timeout TO {patience}; \
             SET client_min_messages TO warning; SET synchronous_commit TO on",
            quoted(schema)
        ),
        (AnyConnection::Sqlite(_), Purpose::Read) => {
            format!("PRAGMA busy_timeout = {patience}; {SQLITE} PRAGMA query_only = ON;")
        }
        (AnyConnection::Sqlite(_), _) => format!("PRAGMA busy_timeout = {patience}; {SQLITE}"),
    };
    // SQLite does not wait for another process that turns a new file to WAL at this moment: it says at once that it is busy.
    let until = Instant::now() + Duration::from_millis(patience.into());
    loop {
        match connection.batch_execute(&settings) {
            Ok(()) => return Ok(connection),
            Err(error) if Unavailable::of(&error) == Some(Unavailable::Busy) && Instant::now() < until => {
                thread::sleep(Duration::from_millis(20));
            }
            Err(error) => return Err(diesel::ConnectionError::CouldntSetupConfiguration(error)),
        }
    }
}

const SQLITE: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
     PRAGMA foreign_keys = ON; PRAGMA cache_size = -8000; PRAGMA temp_store = MEMORY;";

/// An identifier as SQL quotes it.
pub(crate) fn quoted(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

impl AnyConnection {
    /// Runs a transaction that will write. On SQLite it takes the write lock at once: a transaction that first reads
    /// and then writes fails when another has written in between. On PostgreSQL whoever waited for a row goes on with what it
    /// has become, whatever level of isolation the server or the role is set to.
    pub fn write_transaction<T, E>(&mut self, body: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E>
    where
        E: From<Error>,
    {
        match self {
            Self::Postgres(connection) => AnsiTransactionManager::begin_transaction_sql(
                connection,
                "BEGIN TRANSACTION ISOLATION LEVEL READ COMMITTED",
            )?,
            Self::Sqlite(connection) => {
                AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN IMMEDIATE")?;
            }
        }
        let result = body(self);
        self.end_transaction(result)
    }

    /// Reads several things as they are at one moment, whatever others write meanwhile.
    ///
    /// # Errors
    /// Those of the body; and within a transaction, which may have written what nobody else knows yet.
    pub fn snapshot<T, E>(&mut self, body: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E>
    where
        E: From<Error>,
    {
        match self {
            Self::Postgres(connection) => AnsiTransactionManager::begin_transaction_sql(
                connection,
                "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY",
            )?,
            Self::Sqlite(connection) => AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN DEFERRED")?,
        }
        let result = body(self);
        self.end_transaction(result)
    }

    fn end_transaction<T, E: From<Error>>(&mut self, result: Result<T, E>) -> Result<T, E> {
        match result {
            Ok(value) => {
                <Self as TransactionManager<Self>>::commit_transaction(self)?;
                Ok(value)
            }
            Err(error) => {
                // A rollback that fails leaves a connection the pool recognises as broken; the first error is the news.
                if let Err(rollback) = <Self as TransactionManager<Self>>::rollback_transaction(self) {
                    log::debug!("rollback failed: {rollback}");
                }
                Err(error)
            }
        }
    }

    /// Whether this is SQLite.
    pub fn is_sqlite(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }
}
