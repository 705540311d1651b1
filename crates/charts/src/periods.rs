//! The periods of a picture: in the order of time, and how far apart they are.

use std::collections::HashSet;

use crate::numbers::real;
use crate::picture::Picture;

/// The periods that any series has.
#[derive(Debug, Clone, PartialEq)]
pub struct Periods<'a> {
    /// Each with its middle in years, or, where one is not a time, with its place in the order they come in.
    pub all: Vec<(&'a str, f64)>,
}

impl<'a> Periods<'a> {
    pub fn of(picture: &'a Picture) -> Self {
        let mut seen = HashSet::new();
        let values = picture.series.iter().flat_map(|series| &series.values);
        let names: Vec<&str> = values.map(|value| value.period.as_str()).filter(|name| seen.insert(*name)).collect();
        let times: Option<Vec<f64>> = names.iter().map(|name| middle(name)).collect();
        let times = times.unwrap_or_else(|| (0..names.len()).map(real).collect());
        let mut all: Vec<(&str, f64)> = names.into_iter().zip(times).collect();
        all.sort_by(|a, b| a.1.total_cmp(&b.1).then_with(|| a.0.cmp(b.0)));
        Self { all }
    }

    pub fn last(&self) -> Option<&'a str> {
        self.all.last().map(|(name, _)| *name)
    }

    /// The first and the last as they are read, or the only one.
    pub fn span(&self) -> String {
        match (self.all.first(), self.all.last()) {
            (Some((first, _)), Some((last, _))) if first != last => format!("{first} – {last}"),
            (Some((only, _)), _) => (*only).to_owned(),
            _ => String::new(),
        }
    }
}

/// The middle of a period in years of the common era, near enough for pixels (SDMX 2.1, section 6, "Time").
fn middle(text: &str) -> Option<f64> {
    let digits = |part: &str, count: usize| -> Option<f64> {
        let is_number = part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| part.parse().ok()).flatten()
    };
    let mut parts = text.splitn(3, '-');
    let year = digits(parts.next()?, 4)?;
    let Some(second) = parts.next() else { return Some(year + 0.5) };
    let within = |part: &str, count: usize, most: f64| {
        digits(part, count).filter(|number| (1.0..=most).contains(number)).map(|number| year + (number - 0.5) / most)
    };
    if let Some(day) = parts.next() {
        let month = digits(second, 2).filter(|month| (1.0..=12.0).contains(month))?;
        let day = digits(day, 2).filter(|day| (1.0..=31.0).contains(day))?;
        return Some(year + (month - 1.0 + (day - 1.0) / 31.0) / 12.0);
    }
    let rest = second.get(1..).unwrap_or_default();
    match second.chars().next()? {
        'A' => within(rest, 1, 1.0),
        'S' => within(rest, 1, 2.0),
        'Q' => within(rest, 1, 4.0),
        'M' => within(rest, 2, 12.0),
        'W' => within(rest, 2, 53.0),
        _ => within(second, 2, 12.0),
    }
}

#[cfg(test)]
mod tests;
