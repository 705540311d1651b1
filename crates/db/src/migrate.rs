//! Migrations: one tree a database with the same names, run statement by statement under a lock.

use diesel::connection::{BoxableConnection, SimpleConnection as _};
use diesel::migration::{self, Migration, MigrationMetadata, MigrationName, MigrationSource, MigrationVersion};
use diesel::{QueryableByName, RunQueryDsl as _, sql_query};
use diesel_migrations::MigrationHarness as _;
use include_dir::{Dir, include_dir};

use crate::connection::{AnyConnection as Connection, MultiBackend, quoted};

static POSTGRESQL: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../migrations/postgresql");
static SQLITE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../migrations/sqlite");

// Any constant will do, as long as every process of the deployment uses the same one ("approdo" in ASCII).
const LOCK: i64 = 0x61_70_70_72_6f_64_6f;

/// Where a database stands against this binary's migrations.
#[derive(Debug, PartialEq, Eq)]
pub enum State {
    Current,
    /// Migrations that have not run yet.
    Behind(Vec<String>),
}

/// Why a database cannot be served or migrated.
#[derive(Debug)]
pub enum Error {
    /// It has migrations this binary does not know: a newer release has been here.
    Newer(Vec<String>),
    /// A migration is missing below a newer one, or there are tables but no record of migrations.
    Dirty(String),
    Failed(String),
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Newer(versions) => write!(
                f,
                "the database was migrated by a newer release (unknown migrations: {}); run that release",
                versions.join(", ")
            ),
            Self::Dirty(why) => write!(f, "the database schema is dirty: {why}"),
            Self::Failed(why) => write!(f, "migrating failed: {why}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<Box<dyn std::error::Error + Send + Sync>> for Error {
    fn from(error: Box<dyn std::error::Error + Send + Sync>) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Brings the database to this binary's schema. Processes that start together migrate once: the others wait.
pub fn run(connection: &mut Connection, schema: &str) -> Result<Vec<String>, Error> {
    if let Connection::Postgres(connection) = connection {
        create_schema(connection, schema)?;
    }
    connection.write_transaction(|connection| {
        if let Connection::Postgres(connection) = connection {
            sql_query(format!("SELECT pg_advisory_xact_lock({LOCK} # hashtext(current_schema()))"))
                .execute(connection)?;
        }
        match state(connection)? {
            State::Current => Ok(Vec::new()),
            State::Behind(pending) => {
                connection.run_pending_migrations(Tree::of(connection))?;
                Ok(pending)
            }
        }
    })
}

/// Compares what has run with what this binary knows, and changes nothing.
pub fn state(connection: &mut Connection) -> Result<State, Error> {
    let known: Vec<String> = Tree::of(connection).steps().map(|step| step.version.clone()).collect();
    let applied = applied(connection)?;
    let newer: Vec<String> = applied.iter().filter(|version| !known.contains(version)).cloned().collect();
    if !newer.is_empty() {
        return Err(Error::Newer(newer));
    }
    let pending: Vec<String> = known.iter().filter(|version| !applied.contains(version)).cloned().collect();
    match (pending.first(), applied.iter().max()) {
        (None, _) => Ok(State::Current),
        (Some(first), Some(last)) if first < last => {
            Err(Error::Dirty(format!("migration {first} is missing although {last} has run")))
        }
        _ => Ok(State::Behind(pending)),
    }
}

/// Undoes every migration, newest first: for tests of the `down` scripts.
pub fn revert_all(connection: &mut Connection) -> Result<(), Error> {
    let tree = Tree::of(connection);
    connection.revert_all_migrations(tree)?;
    Ok(())
}

fn create_schema(connection: &mut diesel::PgConnection, schema: &str) -> Result<(), Error> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        found: i64,
    }
    let found: Found = sql_query("SELECT count(*) AS found FROM pg_namespace WHERE nspname = $1")
        .bind::<diesel::sql_types::Text, _>(schema)
        .get_result(connection)?;
    if found.found == 0 {
        connection.batch_execute(&format!("CREATE SCHEMA IF NOT EXISTS {}", quoted(schema)))?;
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}

fn applied(connection: &mut Connection) -> Result<Vec<String>, Error> {
    const RECORD: &str = "__diesel_schema_migrations";
    let tables: Vec<Name> = match connection {
        Connection::Postgres(connection) => sql_query(
            "SELECT table_name::text AS name FROM information_schema.tables WHERE table_schema = current_schema()",
        )
        .load(connection)?,
        Connection::Sqlite(connection) => {
            sql_query("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
                .load(connection)?
        }
    };
    if !tables.iter().any(|table| table.name == RECORD) {
        return match tables.first() {
            None => Ok(Vec::new()),
            Some(table) => Err(Error::Dirty(format!("it has tables ({}, …) but no record of migrations", table.name))),
        };
    }
    let mut versions: Vec<String> = sql_query(format!("SELECT version AS name FROM {RECORD}"))
        .load(connection)
        .map(|rows: Vec<Name>| rows.into_iter().map(|row| row.name).collect())?;
    versions.sort();
    Ok(versions)
}

/// One database's migrations.
#[derive(Clone, Copy)]
struct Tree(&'static Dir<'static>);

impl Tree {
    fn of(connection: &Connection) -> Self {
        Self(if connection.is_sqlite() { &SQLITE } else { &POSTGRESQL })
    }

    fn steps(self) -> impl Iterator<Item = Step> {
        self.0.dirs().filter_map(|folder| {
            let name = folder.path().file_name()?.to_str()?;
            let text = |file: &str| self.0.get_file(folder.path().join(file))?.contents_utf8();
            Some(Step {
                // diesel's notion of a version: the digits before the first underscore.
                version: name.split('_').next()?.replace('-', ""),
                name: StepName(name.to_owned()),
                up: text("up.sql")?,
                down: text("down.sql")?,
            })
        })
    }
}

impl MigrationSource<MultiBackend> for Tree {
    fn migrations(&self) -> migration::Result<Vec<Box<dyn Migration<MultiBackend>>>> {
        let mut migrations: Vec<Box<dyn Migration<MultiBackend>>> = Vec::new();
        for step in self.steps() {
            migrations.push(Box::new(step));
        }
        Ok(migrations)
    }
}

struct Step {
    version: String,
    name: StepName,
    up: &'static str,
    down: &'static str,
}

struct StepName(String);

impl std::fmt::Display for StepName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl MigrationName for StepName {
    fn version(&self) -> MigrationVersion<'_> {
        MigrationVersion::from(self.0.split('_').next().unwrap_or_default().replace('-', ""))
    }
}

struct InTransaction;

impl MigrationMetadata for InTransaction {
    fn run_in_transaction(&self) -> bool {
        true
    }
}

impl Migration<MultiBackend> for Step {
    fn run(&self, connection: &mut dyn BoxableConnection<MultiBackend>) -> migration::Result<()> {
        statements(self.up).try_for_each(|statement| Ok(connection.batch_execute(&statement)?))
    }

    fn revert(&self, connection: &mut dyn BoxableConnection<MultiBackend>) -> migration::Result<()> {
        statements(self.down).try_for_each(|statement| Ok(connection.batch_execute(&statement)?))
    }

    fn metadata(&self) -> &dyn MigrationMetadata {
        &InTransaction
    }

    fn name(&self) -> &dyn MigrationName {
        &self.name
    }
}

/// The statements of a script. One ends where a line ends in a semicolon: our migrations hold no function bodies.
/// They are sent one by one because a distributed PostgreSQL refuses several with a `CREATE TABLE` in one string.
fn statements(script: &str) -> impl Iterator<Item = String> {
    script.split_inclusive(";\n").map(|statement| statement.trim().to_owned()).filter(|statement| !statement.is_empty())
}
