//! When a body works: what the clock of an agreement runs in (domain 16). Pure.

use std::str::FromStr as _;

use approdo_db::text_enum;
use chrono::{DateTime, Datelike as _, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

text_enum! {
    /// A day of the week.
    #[derive(ToSchema)]
    DayOfWeek {
        Monday = "monday",
        Tuesday = "tuesday",
        Wednesday = "wednesday",
        Thursday = "thursday",
        Friday = "friday",
        Saturday = "saturday",
        Sunday = "sunday",
    }
}

impl DayOfWeek {
    fn of(day: NaiveDate) -> Self {
        match day.weekday() {
            chrono::Weekday::Mon => Self::Monday,
            chrono::Weekday::Tue => Self::Tuesday,
            chrono::Weekday::Wed => Self::Wednesday,
            chrono::Weekday::Thu => Self::Thursday,
            chrono::Weekday::Fri => Self::Friday,
            chrono::Weekday::Sat => Self::Saturday,
            chrono::Weekday::Sun => Self::Sunday,
        }
    }
}

/// The days on which the clock runs, from midnight to midnight where the receiver is: a day has 23 or 25 hours when clocks change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"time_zone": "Europe/Rome", "closed_weekdays": ["saturday", "sunday"], "closed_days": ["2026-12-25"]}))]
pub struct WorkingTime {
    /// A time zone by its name in the IANA database.
    #[validate(length(min = 1, max = 60), custom(function = "known_zone"))]
    #[schema(required = false, min_length = 1, max_length = 60, example = "Europe/Rome", default = "Europe/Rome")]
    pub time_zone: String,
    /// Saturday and Sunday unless said otherwise; not every day.
    #[validate(length(max = 6))]
    #[schema(required = false, max_items = 6)]
    pub closed_weekdays: Vec<DayOfWeek>,
    /// Feasts and the like.
    #[validate(length(max = 200))]
    #[serde(deserialize_with = "crate::http::reading::days")]
    #[schema(required = false, max_items = 200)]
    pub closed_days: Vec<NaiveDate>,
}

impl Default for WorkingTime {
    fn default() -> Self {
        Self {
            time_zone: "Europe/Rome".into(),
            closed_weekdays: vec![DayOfWeek::Saturday, DayOfWeek::Sunday],
            closed_days: Vec::new(),
        }
    }
}

fn known_zone(name: &str) -> Result<(), ValidationError> {
    if Tz::from_str(name).is_ok() {
        Ok(())
    } else {
        Err(ValidationError::new("zone").with_message("is not a time zone of the IANA database".into()))
    }
}

/// A time in which the clock stands still; without an end while it still does.
pub type Pause = (DateTime<Utc>, Option<DateTime<Utc>>);

/// Days that are looked through for a deadline: more than the longest that an agreement can set, closed days included.
const HORIZON: usize = 4_000;

impl WorkingTime {
    pub fn zone(&self) -> Tz {
        Tz::from_str(&self.time_zone).unwrap_or(Tz::UTC)
    }

    pub fn is_open(&self, day: NaiveDate) -> bool {
        !self.closed_weekdays.contains(&DayOfWeek::of(day)) && !self.closed_days.contains(&day)
    }

    /// The first instant of a day: after the hour that is left out, where clocks are put forward at midnight.
    fn begin_of(&self, day: NaiveDate) -> DateTime<Utc> {
        let zone = self.zone();
        let midnight = day.and_time(NaiveTime::MIN);
        let begin = (0..=4).find_map(|half_hours| {
            zone.from_local_datetime(&(midnight + TimeDelta::minutes(30 * half_hours))).earliest()
        });
        begin.map_or_else(|| midnight.and_utc(), |begin| begin.with_timezone(&Utc))
    }

    /// When so many hours have passed since an instant, on open days and outside of pauses; none while the clock stands still before, or
    /// where there is no such instant within ten years. Pauses may overlap.
    pub fn deadline(&self, start: DateTime<Utc>, hours: i64, pauses: &[Pause]) -> Option<DateTime<Utc>> {
        let mut left = TimeDelta::hours(hours);
        let mut day = start.with_timezone(&self.zone()).date_naive();
        let mut from = start;
        for _ in 0..HORIZON {
            let next = day.succ_opt()?;
            let end = self.begin_of(next);
            if self.is_open(day) {
                while from < end {
                    let (runs_from, runs_to) = running(from.max(start), end, pauses);
                    let Some(runs_from) = runs_from else { break };
                    if runs_to - runs_from >= left {
                        return Some(runs_from + left);
                    }
                    left -= runs_to - runs_from;
                    from = runs_to;
                }
            }
            from = end;
            day = next;
        }
        None
    }
}

/// The first stretch between two instants without a pause: where it begins, if there is one, and where it ends.
fn running(from: DateTime<Utc>, end: DateTime<Utc>, pauses: &[Pause]) -> (Option<DateTime<Utc>>, DateTime<Utc>) {
    let mut from = from;
    while let Some((_, until)) =
        pauses.iter().find(|(since, until)| *since <= from && until.is_none_or(|until| from < until))
    {
        match until {
            Some(until) if *until < end => from = *until,
            _ => return (None, end),
        }
    }
    let next = pauses.iter().map(|(since, _)| *since).filter(|since| *since > from && *since < end).min();
    (Some(from), next.unwrap_or(end))
}
