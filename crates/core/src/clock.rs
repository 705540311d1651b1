//! The one place that reads the clock.

use std::sync::atomic::{AtomicI64, Ordering};

use approdo_db::Timestamp;
use chrono::{DateTime, Months, NaiveDate, TimeDelta, Utc};

/// The present instant, in UTC and whole microseconds: the precision both databases keep. Tokens, sessions, throttles, leases
/// and access records go by it; everything the product is about goes by the deployment's `Clock`.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub fn now() -> Timestamp {
    Timestamp::new(Utc::now())
}

/// The clock of a deployment: real time, except in a demonstration, whose clock can be moved.
#[derive(Debug, Default)]
pub struct Clock {
    /// Microseconds ahead of real time.
    ahead: AtomicI64,
}

impl Clock {
    pub fn now(&self) -> Timestamp {
        Timestamp::new(now().instant() + self.ahead())
    }

    /// How far it is ahead of real time.
    pub fn ahead(&self) -> TimeDelta {
        TimeDelta::microseconds(self.ahead.load(Ordering::Relaxed))
    }

    pub fn set_ahead(&self, microseconds: i64) {
        self.ahead.store(microseconds, Ordering::Relaxed);
    }
}

/// How many microseconds a clock that shows this is ahead of real time.
pub fn ahead_of_real(instant: DateTime<Utc>) -> i64 {
    (instant - now().instant()).num_microseconds().unwrap_or(0)
}

/// The date of an instant, in UTC.
pub fn date_of(instant: Timestamp) -> NaiveDate {
    instant.instant().date_naive()
}

/// An instant so many seconds later.
pub fn after(instant: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::new(instant.instant() + TimeDelta::seconds(seconds))
}

/// The first day of somebody's life as an adult: after eighteen whole years. Who was born on 29 February has completed them
/// with the end of 28 February (§ 188 BGB), so is of age on 1 March where there is no 29th.
pub fn of_age_on(birth: NaiveDate) -> Option<NaiveDate> {
    const YEARS: u32 = 18;
    let day = birth.checked_add_months(Months::new(YEARS * 12))?;
    let clamped = chrono::Datelike::day(&day) != chrono::Datelike::day(&birth);
    if clamped { day.succ_opt() } else { Some(day) }
}
