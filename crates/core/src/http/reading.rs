//! How members are read where serde alone would take more, or less, than the contract says.

use std::borrow::Cow;

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use serde::de::{Deserialize, Deserializer, Error};

use crate::http::Patch;

/// A date as RFC 3339 writes it. Chrono itself would take `2026-2-8` and `+20260-02-08` as well.
struct Day(NaiveDate);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(source)?;
        let shaped = text.len() == 10
            && text.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        let date = if shaped { text.parse().ok() } else { None };
        date.map(Self).ok_or_else(|| D::Error::custom("is not a date of the form 2026-02-28"))
    }
}

/// Reads a date.
pub fn day<'de, D: Deserializer<'de>>(source: D) -> Result<NaiveDate, D::Error> {
    Day::deserialize(source).map(|day| day.0)
}

/// Reads a date that may be absent.
pub fn optional_day<'de, D: Deserializer<'de>>(source: D) -> Result<Option<NaiveDate>, D::Error> {
    Ok(Option::<Day>::deserialize(source)?.map(|day| day.0))
}

/// Reads a date of a merge patch.
pub fn patched_day<'de, D: Deserializer<'de>>(source: D) -> Result<Patch<NaiveDate>, D::Error> {
    Ok(Patch::<Day>::deserialize(source)?.map(|day| day.0))
}

/// An instant of the years both databases can hold and RFC 3339 can write.
struct Moment(DateTime<Utc>);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let instant = DateTime::<Utc>::deserialize(source)?;
        if (0..=9999).contains(&instant.year()) {
            Ok(Self(instant))
        } else {
            Err(D::Error::custom("is not an instant of the years 0000 to 9999"))
        }
    }
}

/// Reads an instant.
pub fn instant<'de, D: Deserializer<'de>>(source: D) -> Result<DateTime<Utc>, D::Error> {
    Moment::deserialize(source).map(|moment| moment.0)
}

/// Reads an instant that may be absent.
pub fn optional_instant<'de, D: Deserializer<'de>>(source: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    Ok(Option::<Moment>::deserialize(source)?.map(|moment| moment.0))
}

/// Reads an instant of a merge patch.
pub fn patched_instant<'de, D: Deserializer<'de>>(source: D) -> Result<Patch<DateTime<Utc>>, D::Error> {
    Ok(Patch::<Moment>::deserialize(source)?.map(|moment| moment.0))
}

/// A whole number. To JSON Schema `20.0` is one.
struct Whole(i64);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let number = serde_json::Number::deserialize(source)?;
        let whole = number.as_i64().or_else(|| {
            let text = number.to_string();
            text.strip_suffix(".0").and_then(|text| text.parse().ok())
        });
        whole.map(Self).ok_or_else(|| D::Error::custom("is not a whole number"))
    }
}

/// Reads a whole number.
pub fn whole<'de, D: Deserializer<'de>>(source: D) -> Result<i64, D::Error> {
    Whole::deserialize(source).map(|whole| whole.0)
}

/// Reads a whole number that may be absent.
pub fn optional_whole<'de, D: Deserializer<'de>>(source: D) -> Result<Option<i64>, D::Error> {
    Ok(Option::<Whole>::deserialize(source)?.map(|whole| whole.0))
}

/// Reads a whole number of a merge patch.
pub fn patched_whole<'de, D: Deserializer<'de>>(source: D) -> Result<Patch<i64>, D::Error> {
    Ok(Patch::<Whole>::deserialize(source)?.map(|whole| whole.0))
}

/// Reads a list of dates.
pub fn days<'de, D: Deserializer<'de>>(source: D) -> Result<Vec<NaiveDate>, D::Error> {
    Ok(Vec::<Day>::deserialize(source)?.into_iter().map(|day| day.0).collect())
}
