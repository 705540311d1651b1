//! Login throttling, in the database so that it holds across processes. Subjects are kept as digests only.

use approdo_db::schema::login_throttles;
use approdo_db::{Connection, Timestamp, on_backend};
use chrono::TimeDelta;
use diesel::prelude::*;
use diesel::upsert::excluded;
use sha2::{Digest as _, Sha256};

use crate::access::keys::MasterKey;
use crate::clock;

/// Failures before the first wait.
const FREE_FAILURES: i64 = 5;
/// Seconds of the first wait; it doubles with every further failure.
const FIRST_WAIT: i64 = 30;
const LONGEST_WAIT: i64 = 15 * 60;
/// Failures are forgotten after so many hours without one.
const FORGET_HOURS: i64 = 6;

/// What failures are counted for.
#[derive(Debug, Clone)]
pub struct Subject(Vec<u8>);

impl Subject {
    /// A digest that the database alone cannot be searched for.
    pub fn new(master: &MasterKey, kind: &str, name: &str) -> Self {
        let pepper = master.derive("login throttle");
        Self(Sha256::digest(format!("{pepper}\0{kind}\0{name}")).to_vec())
    }
}

/// Seconds to wait before another try is looked at.
pub fn wait_seconds(connection: &mut Connection, subject: &Subject, now: Timestamp) -> QueryResult<Option<u64>> {
    let locked: Option<Option<Timestamp>> =
        login_throttles::table.find(&subject.0).select(login_throttles::locked_until).first(connection).optional()?;
    Ok(locked.flatten().filter(|until| *until > now).map(|until| {
        let left = until.instant() - now.instant();
        u64::try_from(left.num_seconds()).unwrap_or(0) + 1
    }))
}

/// Counts a failure.
pub fn failed(connection: &mut Connection, subject: &Subject, now: Timestamp) -> QueryResult<()> {
    let row = (
        login_throttles::subject.eq(&subject.0),
        login_throttles::failures.eq(1),
        login_throttles::last_failure_at.eq(now),
    );
    on_backend!(&mut *connection, c => {
        diesel::insert_into(login_throttles::table)
            .values(row)
            .on_conflict(login_throttles::subject)
            .do_update()
            .set((
                login_throttles::failures.eq(login_throttles::failures + 1),
                login_throttles::last_failure_at.eq(excluded(login_throttles::last_failure_at)),
            ))
            .execute(c)
    })?;
    let failures: i64 = login_throttles::table.find(&subject.0).select(login_throttles::failures).first(connection)?;
    if failures >= FREE_FAILURES {
        let doublings = u32::try_from(failures - FREE_FAILURES).unwrap_or(u32::MAX).min(10);
        let wait = FIRST_WAIT.saturating_mul(1_i64 << doublings).min(LONGEST_WAIT);
        diesel::update(login_throttles::table.find(&subject.0))
            .set(login_throttles::locked_until.eq(clock::after(now, wait)))
            .execute(connection)?;
    }
    Ok(())
}

/// Forgets a subject's failures after a success.
pub fn succeeded(connection: &mut Connection, subject: &Subject) -> QueryResult<usize> {
    diesel::delete(login_throttles::table.find(&subject.0)).execute(connection)
}

/// Removes what is old.
pub fn forget_old(connection: &mut Connection, now: Timestamp) -> QueryResult<usize> {
    let limit = Timestamp::new(now.instant() - TimeDelta::hours(FORGET_HOURS));
    diesel::delete(login_throttles::table.filter(login_throttles::last_failure_at.lt(limit))).execute(connection)
}
