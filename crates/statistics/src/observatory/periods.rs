//! Times that observations are about, as SDMX 2.1 writes them (section 6, "Time"): years, half-years, quarters, months, weeks, days.

use chrono::{NaiveDate, Weekday};

/// The years that statistics are about.
const YEARS: std::ops::RangeInclusive<i32> = 1800..=2200;

/// The first day of a period, and the first day after it; nothing for what is no period.
pub fn bounds(text: &str) -> Option<(NaiveDate, NaiveDate)> {
    let digits = |part: &str, count: usize| -> Option<u32> {
        (part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit())).then(|| part.parse().ok()).flatten()
    };
    let mut parts = text.splitn(3, '-');
    let year = i32::try_from(digits(parts.next()?, 4)?).ok().filter(|year| YEARS.contains(year))?;
    let months = |first: u32, count: u32| {
        let begin = NaiveDate::from_ymd_opt(year, first, 1)?;
        Some((begin, begin.checked_add_months(chrono::Months::new(count))?))
    };
    let within = |part: &str, prefix: char, count: usize, most: u32| {
        digits(part.strip_prefix(prefix)?, count).filter(|number| (1..=most).contains(number))
    };
    let Some(second) = parts.next() else { return months(1, 12) };
    if let Some(day) = parts.next() {
        let date = NaiveDate::from_ymd_opt(year, digits(second, 2)?, digits(day, 2)?)?;
        return Some((date, date.succ_opt()?));
    }
    match second.chars().next()? {
        'A' => within(second, 'A', 1, 1).and_then(|_| months(1, 12)),
        'S' => within(second, 'S', 1, 2).and_then(|half| months(half * 6 - 5, 6)),
        'Q' => within(second, 'Q', 1, 4).and_then(|quarter| months(quarter * 3 - 2, 3)),
        'M' => within(second, 'M', 2, 12).and_then(|month| months(month, 1)),
        'W' => {
            let monday = NaiveDate::from_isoywd_opt(year, within(second, 'W', 2, 53)?, Weekday::Mon)?;
            Some((monday, monday.checked_add_days(chrono::Days::new(7))?))
        }
        _ => months(digits(second, 2).filter(|month| (1..=12).contains(month))?, 1),
    }
}
