//! The work of an import, on a thread of its own: it reads the file from its beginning to its end, and writes a portion at a time, so
//! that it holds neither the file nor the database for long. A process that dies leaves its imports to the others, which give them up.

use std::fs::File;
use std::io::{Read, Seek as _};
use std::thread;
use std::time::{Duration, Instant};

use approdo_db::Connection;
use approdo_db::schema::data_imports;
use diesel::prelude::*;
use tokio::sync::OwnedSemaphorePermit;

use crate::app::{App, Shared};
use crate::clock;
use crate::delimited::{Fault, Record, Records};
use crate::entries;
use crate::error::{ApiError, ApiResult, Kind};
use crate::lease::{self, HolderId};
use crate::observatory::cells;
use crate::observatory::datasets::Dataset;
use crate::observatory::imports::loading::Loader;
use crate::observatory::imports::mapping::{FileFormat, Mapping};
use crate::observatory::imports::messages::{Failure, Message};
use crate::observatory::imports::types::{DataImport, DataImportId, DataImportStatus};
use crate::observatory::releases::{Release, ReleaseStatus};
use crate::work::{self, Unit};

/// Observations that are written at once. On SQLite nobody else writes meanwhile.
const PORTION: usize = 20_000;
/// How long an import reads on before it says that it goes on.
const QUIET: Duration = Duration::from_secs(10);
/// How often a portion is tried again, a second apart, while the database is away or busy.
const TRIES: u32 = 100;
/// Seconds after which an import that says nothing is given up.
const SILENCE: i64 = 120;

/// An import whose file has come.
pub struct Job {
    pub import: DataImport,
    pub dataset: Dataset,
    pub set_number: i32,
    pub file: File,
}

/// Why an import ends without a release.
enum Stop {
    /// In words, for whoever sent the file.
    Refused(String),
    /// It has been given up meanwhile.
    GivenUp,
    Fault(ApiError),
}

impl From<ApiError> for Stop {
    fn from(error: ApiError) -> Self {
        Self::Fault(error)
    }
}

impl From<Failure<Self>> for Stop {
    fn from(failure: Failure<Self>) -> Self {
        match failure {
            Failure::Message(reason) => Self::Refused(reason),
            Failure::Reading(error) => Self::Fault(error),
            Failure::Row(stop) => stop,
        }
    }
}

/// Begins the work; it goes on when nobody waits for it.
pub fn start(app: Shared, job: Job, place: OwnedSemaphorePermit) -> std::io::Result<()> {
    let body = move || {
        let id = job.import.id;
        work_on(&app, job);
        log::info!("import {id} has ended");
        drop(place);
    };
    thread::Builder::new().name("import".into()).spawn(body).map(drop)
}

/// Works on an import to its end.
pub fn work_on(app: &App, job: Job) {
    let id = job.import.id;
    let reason = match load(app, job) {
        Ok(()) | Err(Stop::GivenUp) => return,
        Err(Stop::Refused(reason)) => reason,
        Err(Stop::Fault(error)) => {
            log::error!("import {id} broke off: {error}: {}", error.cause().unwrap_or("no further cause"));
            "it broke off; send the file again".to_owned()
        }
    };
    if let Err(error) = work::run_as_system(app, "import", |unit| fail(unit, id, &reason)) {
        log::warn!("import {id} is given up later: {error}");
    }
}

fn load(app: &App, job: Job) -> Result<(), Stop> {
    let Job { import, dataset, set_number, mut file } = job;
    let mapping: Mapping = import.mapping.read().map_err(ApiError::fault)?;
    let dimensions = dataset.dimensions()?;
    let begin = |header: Vec<String>| {
        let of = (import.id, dataset.id, set_number);
        let begun =
            app.read_now(|connection| Ok(Loader::begin(connection, of, &mapping, header.clone(), &dimensions)?))?;
        Ok::<_, Stop>(Portions { app, import: import.id, loader: begun.map_err(Stop::Refused)?, told: Instant::now() })
    };
    let mut portions = match mapping.format {
        FileFormat::Delimited => {
            file.rewind().map_err(ApiError::fault)?;
            let mut records = Records::new(file, mapping.form());
            let mut portions = begin(header(&mut records, &mapping)?)?;
            let mut last_line = 0;
            while let Some(record) = records.read().map_err(unreadable)? {
                last_line = record.line;
                portions.take(&record)?;
            }
            if records.ends_within_a_line() {
                let cut_off = "is the last one and has no end of line: the file may have been cut off";
                portions.loader.note(last_line, cut_off).map_err(Stop::Refused)?;
            }
            portions
        }
        FileFormat::SdmxJson => {
            file.rewind().map_err(ApiError::fault)?;
            let beating = Beating { file: &file, told: Instant::now(), tell: || say_alive(app, import.id) };
            let message = Message::open(beating)?;
            let mut portions = begin(message.header.clone())?;
            message.rows(&mut file, |record| portions.take(record))?;
            portions
        }
    };
    portions.flush()?;
    let loader = portions.loader;
    if loader.observations == 0 {
        return Err(Stop::Refused("no value of the file could be kept".to_owned()));
    }
    Ok(patiently(app, || work::run_as_system(app, "import", |unit| finish(unit, import.id, &loader)))?)
}

/// A file that says now and then that it is being read.
struct Beating<'a, F> {
    file: &'a File,
    told: Instant,
    tell: F,
}

impl<F: FnMut()> Read for Beating<'_, F> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.told.elapsed() >= QUIET {
            (self.tell)();
            self.told = Instant::now();
        }
        self.file.read(buffer)
    }
}

fn say_alive(app: &App, id: DataImportId) {
    let said = app.database.writer().map_err(ApiError::from).and_then(|mut connection| {
        let running = data_imports::table.find(id).filter(data_imports::status.eq(DataImportStatus::Running));
        Ok(diesel::update(running).set(data_imports::alive_at.eq(clock::now())).execute(&mut **connection)?)
    });
    // It says so again soon.
    said.map_or_else(|error| log::debug!("import {id} could not say that it goes on: {error}"), drop);
}

/// What is read, on its way to the database.
struct Portions<'a> {
    app: &'a App,
    import: DataImportId,
    loader: Loader,
    told: Instant,
}

impl Portions<'_> {
    /// Takes a row in; writes, where enough waits.
    fn take(&mut self, record: &Record<'_>) -> Result<(), Stop> {
        let line = record.line;
        self.loader.take(record).map_err(|reason| Stop::Refused(format!("line {line}: the file {reason}")))?;
        if self.loader.waiting() >= PORTION || self.told.elapsed() >= QUIET {
            self.flush()?;
            self.told = Instant::now();
        }
        Ok(())
    }

    /// Writes what waits, and how far the import is.
    fn flush(&mut self) -> Result<(), Stop> {
        if !patiently(self.app, || portion(self.app, self.import, &self.loader))? {
            return Err(Stop::GivenUp);
        }
        self.loader.written();
        Ok(())
    }
}

/// Imports a small file within a transaction that is under way, for the demonstration data.
pub fn load_at_once(unit: &mut Unit<'_>, job: (DataImport, Dataset, i32), file: &[u8]) -> ApiResult<()> {
    let (import, dataset, set_number) = job;
    let told = |stop: Stop| match stop {
        Stop::Refused(reason) => ApiError::fault(reason),
        Stop::Fault(error) => error,
        Stop::GivenUp => ApiError::fault("an import was given up"),
    };
    let mapping: Mapping = import.mapping.read().map_err(ApiError::fault)?;
    let mut records = Records::new(file, mapping.form());
    let header = header(&mut records, &mapping).map_err(told)?;
    let of = (import.id, dataset.id, set_number);
    let begun = Loader::begin(unit.connection, of, &mapping, header, &dataset.dimensions()?)?;
    let mut loader = begun.map_err(ApiError::fault)?;
    while let Some(record) = records.read().map_err(|fault| told(unreadable(fault)))? {
        loader.take(&record).map_err(ApiError::fault)?;
    }
    loader.write(unit.connection)?;
    finish(unit, import.id, &loader)
}

fn unreadable(fault: Fault) -> Stop {
    match fault {
        Fault::Endless { line } => {
            Stop::Refused(format!("line {line}: the row has no end within 256 KiB; a quotation mark may be missing"))
        }
        Fault::Reading(error) => Stop::Fault(ApiError::fault(error)),
    }
}

/// The header, on the line where the mapping says that it is.
fn header<R: Read>(records: &mut Records<R>, mapping: &Mapping) -> Result<Vec<String>, Stop> {
    let wanted = u64::try_from(mapping.header_line).unwrap_or(1);
    while let Some(record) = records.read().map_err(unreadable)? {
        if record.line == wanted {
            return Ok(record.texts());
        }
        if record.line > wanted {
            break;
        }
    }
    Err(Stop::Refused(format!("no row begins on line {wanted}, where the header should be")))
}

/// Does something again, while the database is away or busy.
fn patiently<T>(app: &App, work: impl Fn() -> ApiResult<T>) -> ApiResult<T> {
    let mut tries = 0;
    loop {
        match work() {
            Err(error) if tries < TRIES && (app.is_outage(&error) || error.kind() == Kind::Unavailable) => {
                tries += 1;
                thread::sleep(Duration::from_secs(1));
            }
            other => return other,
        }
    }
}

fn portion(app: &App, id: DataImportId, loader: &Loader) -> ApiResult<bool> {
    let mut connection = app.database.writer()?;
    connection.write_transaction(|connection| {
        let running = data_imports::table.find(id).filter(data_imports::status.eq(DataImportStatus::Running));
        let told = diesel::update(running)
            .set((
                data_imports::rows.eq(loader.rows),
                data_imports::observations.eq(loader.observations),
                data_imports::rejected.eq(loader.rejected),
                data_imports::alive_at.eq(clock::now()),
            ))
            .execute(connection)?;
        if told == 1 {
            loader.write(connection)?;
        }
        Ok(told == 1)
    })
}

fn locked(unit: &mut Unit<'_>, id: DataImportId) -> ApiResult<Option<(DataImport, Release)>> {
    let import: DataImport = entries::found_locked(unit, id)?;
    match (import.status, import.release_id) {
        (DataImportStatus::Running, Some(release)) => {
            let release = entries::found_locked(unit, release)?;
            Ok(Some((import, release)))
        }
        _ => Ok(None),
    }
}

fn finish(unit: &mut Unit<'_>, id: DataImportId, loader: &Loader) -> ApiResult<()> {
    let Some((mut import, mut release)) = locked(unit, id)? else { return Ok(()) };
    loader.keep_periods(unit.connection)?;
    import.status = DataImportStatus::Done;
    (import.rows, import.observations, import.rejected) = (loader.rows, loader.observations, loader.rejected);
    entries::save(unit, &mut import, &["status"])?;
    release.status = ReleaseStatus::Loaded;
    release.observations = loader.observations;
    release.rejected = loader.rejected;
    entries::save(unit, &mut release, &["status", "observations", "rejected"])
}

/// Ends an import without a release.
fn fail(unit: &mut Unit<'_>, id: DataImportId, reason: &str) -> ApiResult<()> {
    let Some((mut import, mut release)) = locked(unit, id)? else { return Ok(()) };
    import.status = DataImportStatus::Failed;
    import.failure = Some(reason.chars().take(500).collect());
    entries::save(unit, &mut import, &["status", "failure"])?;
    cells::give_up(unit.connection, release.id)?;
    release.status = ReleaseStatus::Discarded;
    entries::save(unit, &mut release, &["status"])
}

/// Gives up an import whose process says nothing any more; whether there may be another one.
pub fn give_up_next(app: &App, holder: HolderId) -> ApiResult<bool> {
    let silent = |connection: &mut Connection| -> QueryResult<Option<DataImportId>> {
        data_imports::table
            .filter(data_imports::status.eq(DataImportStatus::Running))
            .filter(data_imports::alive_at.lt(clock::after(clock::now(), -SILENCE)))
            .select(data_imports::id)
            .first(connection)
            .optional()
    };
    if app.read_now(|connection| Ok(silent(connection)?))?.is_none() {
        return Ok(false);
    }
    work::run_as_system(app, "import", |unit| {
        if !lease::take(unit.connection, lease::BACKGROUND, holder)? {
            return Ok(false);
        }
        let Some(id) = silent(unit.connection)? else { return Ok(false) };
        fail(unit, id, "the process that worked on it has ended; send the file again")?;
        Ok(true)
    })
}
