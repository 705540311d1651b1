//! The one place that reads the clock.

use approdo_db::Timestamp;
use chrono::{NaiveDate, Utc};

/// The present instant, in UTC and whole microseconds: the precision both databases keep.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub fn now() -> Timestamp {
    Timestamp::new(Utc::now())
}

/// The date of an instant, in UTC.
pub fn date_of(instant: Timestamp) -> NaiveDate {
    instant.instant().date_naive()
}

/// An instant so many seconds later.
pub fn after(instant: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::new(instant.instant() + chrono::TimeDelta::seconds(seconds))
}
