//! Times that are asked for (SDMX 2.1, section 3A, StandardTimePeriodType; section 6, 4.2).

use chrono::{Days, Months, NaiveDate, NaiveDateTime, Weekday};

use crate::request::RequestError;

/// A period, from its first day up to the first day after it.
///
/// Reporting periods begin on 1 January, as the interface takes them where the data do not say otherwise. A time of day asks for its
/// whole day, since observations are about days and longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimePeriod {
    /// As it was written.
    pub text: String,
    pub begin: NaiveDate,
    /// The first day that is not in it.
    pub end: NaiveDate,
}

impl TimePeriod {
    /// Reads `2025`, `2025-01`, `2025-01-01`, `2025-01-01T12:00:00`, and `2025-` with `A1`, `S1`, `T1`, `Q1`, `M01`, `W01` or `D001`.
    pub fn parse(text: &str) -> Option<Self> {
        let (begin, end) = bounds(text)?;
        Some(Self { text: text.to_owned(), begin, end })
    }

    pub(crate) fn of(part: &'static str, text: &str) -> Result<Self, RequestError> {
        Self::parse(text).ok_or_else(|| RequestError::malformed(part, format!("is {text:?}, which is no time period")))
    }
}

fn bounds(text: &str) -> Option<(NaiveDate, NaiveDate)> {
    if let Some((date, _)) = text.split_once('T') {
        // A T also begins what is told of a third of a year.
        if date.len() == 10 {
            let is_time = chrono::DateTime::parse_from_rfc3339(text).is_ok() || text.parse::<NaiveDateTime>().is_ok();
            return is_time.then(|| bounds(date)).flatten();
        }
    }
    let mut parts = text.splitn(3, '-');
    let year = i32::try_from(number(parts.next()?, 4, 9999)?).ok()?;
    let Some(second) = parts.next() else { return months(year, 1, 12) };
    if let Some(day) = parts.next() {
        let date = NaiveDate::from_ymd_opt(year, number(second, 2, 12)?, number(day, 2, 31)?)?;
        return Some((date, date.succ_opt()?));
    }
    let mut rest = second.chars();
    let unit = rest.next()?;
    let within = |digits, most| number(rest.as_str(), digits, most);
    match unit {
        'A' => within(1, 1).and_then(|_| months(year, 1, 12)),
        'S' => within(1, 2).and_then(|half| months(year, half * 6 - 5, 6)),
        'T' => within(1, 3).and_then(|third| months(year, third * 4 - 3, 4)),
        'Q' => within(1, 4).and_then(|quarter| months(year, quarter * 3 - 2, 3)),
        'M' => within(2, 12).and_then(|month| months(year, month, 1)),
        'W' => {
            let monday = NaiveDate::from_isoywd_opt(year, within(2, 53)?, Weekday::Mon)?;
            Some((monday, monday.checked_add_days(Days::new(7))?))
        }
        'D' => {
            let day = NaiveDate::from_yo_opt(year, within(3, 366)?)?;
            Some((day, day.succ_opt()?))
        }
        _ => months(year, number(second, 2, 12)?, 1),
    }
}

/// A number of so many digits, from 1.
fn number(text: &str, digits: usize, most: u32) -> Option<u32> {
    let is_number = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten().filter(|number| (1..=most).contains(number))
}

fn months(year: i32, first: u32, count: u32) -> Option<(NaiveDate, NaiveDate)> {
    let begin = NaiveDate::from_ymd_opt(year, first, 1)?;
    Some((begin, begin.checked_add_months(Months::new(count))?))
}
