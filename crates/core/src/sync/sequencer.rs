//! The sequencer: gives committed changes their feed position and seals the audit trail, in batches, after commit. One process
//! at a time holds the lease; another takes over when it is not renewed.
//!
//! Positions are given to rows that are committed and in sight, so a reader that has seen position N never later finds a
//! smaller one. Nothing here needs transaction ids or notifications, which a distributed PostgreSQL does not offer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use approdo_db::schema::{changes, idempotency_keys, outbox, sessions};
use approdo_db::{Connection, Timestamp};
use chrono::{NaiveDate, TimeDelta};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::access::{scope, throttle};
use crate::app::App;
use crate::clock;
use crate::error::ApiResult;
use crate::lease::{self, HolderId};
use crate::sync::seals;
use crate::work::{self, Change, KEY_HOURS};

const LEASE: &str = "sequencer";
/// How long a commit of another process may wait to be seen.
const POLL: Duration = Duration::from_millis(100);
/// Changes that get their positions in one transaction.
const BATCH: i64 = 2_000;
/// Changes and access batches are sealed at the latest after so long. Often, because what has gathered holds up requests.
const SEAL_EVERY: Duration = Duration::from_millis(500);
/// How long a process may work with keys of which one was added or retired meanwhile.
const KEYS_READ_EVERY: Duration = Duration::from_secs(5);
/// Seconds an ended session is remembered.
const DAY: i64 = 86_400;
const HOUSEKEEPING_EVERY: Duration = Duration::from_secs(60);

/// The running sequencer of a process.
pub struct Sequencer {
    stop: Arc<AtomicBool>,
    app: Arc<App>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Sequencer {
    pub fn start(app: Arc<App>) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, shared) = (stop.clone(), app.clone());
        let thread = thread::Builder::new().name("sequencer".into()).spawn(move || run(&shared, &stopped))?;
        Ok(Self { stop, app, thread: Some(thread) })
    }

    /// Ends after the batch it is in, and gives the lease back.
    pub fn stop(mut self) {
        self.stop.store(true, Ordering::Release);
        self.app.feed.wake();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            log::error!("the sequencer ended by a fault");
        }
    }
}

fn run(app: &App, stop: &AtomicBool) {
    let holder = HolderId::new();
    let mut sealed = Instant::now();
    let mut kept_house: Option<Instant> = None;
    let mut resolved_on: Option<NaiveDate> = None;
    let mut keys_read = Instant::now();
    while !stop.load(Ordering::Acquire) {
        match tick(app, holder, sealed.elapsed() >= SEAL_EVERY) {
            Ok(Tick { moved, seal }) => {
                if seal {
                    sealed = Instant::now();
                }
                if moved == BATCH {
                    continue;
                }
            }
            Err(error) => {
                app.is_outage(&error);
                log::warn!("sequencing waits: {}", error.cause().unwrap_or("no connection"));
                thread::sleep(POLL);
            }
        }
        if kept_house.is_none_or(|at| at.elapsed() >= HOUSEKEEPING_EVERY) {
            kept_house = Some(Instant::now());
            match keep_house(app, resolved_on) {
                Ok(today) => resolved_on = Some(today),
                Err(error) => log::warn!("housekeeping waits: {}", error.cause().unwrap_or("no connection")),
            }
        }
        if keys_read.elapsed() >= KEYS_READ_EVERY {
            keys_read = Instant::now();
            match app.read_now(|connection| app.keys.load(connection)) {
                Ok(true) => app.tokens.forget_verified(),
                Ok(false) => {}
                Err(error) => log::warn!("the keys are as read before: {}", error.cause().unwrap_or("no connection")),
            }
        }
        app.feed.wait(POLL);
    }
    lease::give_back(app, LEASE, holder);
}

struct Tick {
    moved: i64,
    seal: bool,
}

fn tick(app: &App, holder: HolderId, seal_due: bool) -> ApiResult<Tick> {
    // Most ticks find nothing to do and must not ask for the write lock.
    let (waiting, last) = app.read_now(|connection| {
        let waiting: Option<i64> = outbox::table.select(outbox::seq).limit(1).first(connection).optional()?;
        Ok((waiting.is_some(), last_position(connection)?))
    })?;
    app.feed.reached(last);
    if !waiting && !seal_due {
        return Ok(Tick { moved: 0, seal: false });
    }
    if !waiting && !app.read_now(|connection| Ok(seals::something_is_unsealed(connection)?))? {
        return Ok(Tick { moved: 0, seal: true });
    }
    let mut connection = app.database.writer()?;
    let (tick, last) = connection.write_transaction(|connection| {
        if !lease::take(connection, LEASE, holder)? {
            return Ok::<_, crate::error::ApiError>((Tick { moved: 0, seal: false }, last));
        }
        let moved = give_positions(connection)?;
        // A seal needs no hurry, but a full batch is worth one.
        let seal = seal_due || moved == BATCH;
        if seal {
            seals::seal(connection, clock::now())?;
        }
        Ok((Tick { moved, seal }, last_position(connection)?))
    })?;
    drop(connection);
    app.feed.reached(last);
    Ok(tick)
}

/// The last position given.
pub fn last_position(connection: &mut Connection) -> QueryResult<i64> {
    Ok(changes::table
        .order(changes::position.desc())
        .select(changes::position)
        .first(connection)
        .optional()?
        .unwrap_or(0))
}

const COLUMNS: &str = "id, resource, resource_id, version, operation, changed_fields, owner_org_id, territory_id, target_group, \
     access_level, manager_id, before_owner_org_id, before_territory_id, before_target_group, before_access_level, \
     before_manager_id, audience_id, actor_id, actor_kind, purpose, request_id, at, salt";

/// Moves the committed changes in sight from the outbox to the feed, in the order of their sequence: per resource that is the
/// order of versions, because the sequence is taken under the resource's lock.
fn give_positions(connection: &mut Connection) -> QueryResult<i64> {
    let last = last_position(connection)?;
    let moved = match connection {
        // One statement, one snapshot: what commits meanwhile waits for the next batch.
        Connection::Postgres(connection) => diesel::sql_query(format!(
            "WITH moved AS (DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox ORDER BY seq LIMIT $1) RETURNING *) \
             INSERT INTO changes (position, {COLUMNS}) \
             SELECT $2 + row_number() OVER (ORDER BY seq), {COLUMNS} FROM moved"
        ))
        .bind::<BigInt, _>(BATCH)
        .bind::<BigInt, _>(last)
        .execute(connection)?,
        // The write lock is held: nothing commits meanwhile.
        Connection::Sqlite(connection) => {
            diesel::sql_query(format!(
                "INSERT INTO changes (position, {COLUMNS}) \
                 SELECT ? + row_number() OVER (ORDER BY seq), {COLUMNS} FROM outbox ORDER BY seq LIMIT ?"
            ))
            .bind::<BigInt, _>(last)
            .bind::<BigInt, _>(BATCH)
            .execute(connection)?;
            diesel::sql_query("DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox ORDER BY seq LIMIT ?)")
                .bind::<BigInt, _>(BATCH)
                .execute(connection)?
        }
    };
    Ok(i64::try_from(moved).unwrap_or(i64::MAX))
}

/// Forgets what has run out, and once a day resolves grants anew, as memberships begin and end with the calendar.
fn keep_house(app: &App, resolved_on: Option<NaiveDate>) -> ApiResult<NaiveDate> {
    work::run_as_system(app, "housekeeping", |unit| {
        let now = unit.now;
        let day_ago = Timestamp::new(now.instant() - TimeDelta::hours(KEY_HOURS));
        diesel::delete(idempotency_keys::table.filter(idempotency_keys::created_at.lt(day_ago)))
            .execute(unit.connection)?;
        // Credentials live in real time.
        let real = clock::now();
        diesel::delete(sessions::table.filter(sessions::expires_at.lt(clock::after(real, -DAY))))
            .execute(unit.connection)?;
        throttle::forget_old(unit.connection, real)?;
        let today = clock::date_of(now);
        if resolved_on != Some(today) {
            for principal in scope::materialise_all(unit.connection, today)? {
                unit.record(Change::scope_changed(principal))?;
            }
        }
        Ok(today)
    })
}
