//! The figures of one period: what bars, tables and maps show.

use crate::numbers::{decimals, number};
use crate::periods::Periods;
use crate::picture::{Figure, Picture};
use crate::sheet::capped;
use crate::words::Words;

/// One figure, and whose it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub name: String,
    pub figure: Figure,
    /// Longitude and latitude.
    pub point: Option<(f64, f64)>,
}

/// The last period of a picture.
pub struct Rows {
    pub rows: Vec<Row>,
    pub period: Option<String>,
}

impl Rows {
    /// In the order of the series.
    pub fn of(picture: &Picture) -> Self {
        let words = Words::of(picture.language);
        let last = Periods::of(picture).last();
        let rows = picture.series.iter().map(|series| {
            let value = series.values.iter().find(|value| Some(value.period.as_str()) == last);
            let figure = value.map_or(Figure::Missing, |value| value.figure());
            Row { name: name(&series.name, words), figure, point: series.point }
        });
        Self { rows: rows.collect(), period: last.map(capped).filter(|period| !period.is_empty()) }
    }

    /// The highest figures first, what has none last; otherwise in the order they had.
    pub fn rank(&mut self) {
        self.rows.sort_by(|a, b| match (a.figure.number(), b.figure.number()) {
            (Some(a), Some(b)) => b.total_cmp(&a),
            (a, b) => b.is_some().cmp(&a.is_some()),
        });
    }

    pub fn numbers(&self) -> impl Iterator<Item = f64> {
        self.rows.iter().filter_map(|row| row.figure.number())
    }

    pub fn decimals(&self) -> usize {
        decimals(self.numbers())
    }

    /// What is said below the title.
    pub fn facts(&self, words: &Words) -> Vec<String> {
        let period = self.period.as_ref().map(|period| format!("{}: {period}", words.period));
        period.into_iter().chain([format!("{}: {}", words.territories, self.rows.len())]).collect()
    }
}

/// A name, or that there is none.
pub fn name(told: &str, words: &Words) -> String {
    let name = capped(told);
    if name.is_empty() { format!("({})", words.no_name) } else { name }
}

/// A figure as it is read: with its flag, or what is said in its place.
pub fn told(figure: Figure, decimals: usize, picture: &Picture) -> String {
    let words = Words::of(picture.language);
    let told = |value| number(value, decimals, picture.language);
    match figure {
        Figure::Final(value) => told(value),
        Figure::Provisional(value) => format!("{} ({})", told(value), words.provisional_flag),
        Figure::Estimated(value) => format!("{} ({})", told(value), words.estimated_flag),
        Figure::Suppressed => words.suppressed.to_owned(),
        Figure::Missing => words.missing.to_owned(),
    }
}
