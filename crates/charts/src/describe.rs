//! What a picture shows, in words: for those who do not see it.

use crate::numbers::{decimals, number};
use crate::picture::{Figure, Language};
use crate::sheet::capped;
use crate::text::isolated;
use crate::words::Words;

/// A figure of a territory in a period.
pub struct Told<'a> {
    pub name: &'a str,
    pub period: &'a str,
    pub figure: Figure,
}

/// How many of a kind there are.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub figures: usize,
    pub provisional: usize,
    pub estimated: usize,
    pub suppressed: usize,
    pub missing: usize,
}

impl Counts {
    pub fn of(figures: impl Iterator<Item = Figure>) -> Self {
        let mut counts = Self::default();
        for figure in figures {
            counts.figures += usize::from(figure.number().is_some());
            match figure {
                Figure::Final(_) => {}
                Figure::Provisional(_) => counts.provisional += 1,
                Figure::Estimated(_) => counts.estimated += 1,
                Figure::Suppressed => counts.suppressed += 1,
                Figure::Missing => counts.missing += 1,
            }
        }
        counts
    }

    /// Those that are no plain figures, if there are any: `n/a: 3; suppressed: 1`.
    pub fn without_figure(&self, words: &Words) -> String {
        let told = [(words.missing, self.missing), (words.suppressed, self.suppressed)];
        let told = told.into_iter().filter(|(_, count)| *count > 0).map(|(word, count)| format!("{word}: {count}"));
        told.collect::<Vec<_>>().join("; ")
    }
}

/// The form, the unit, the territories, the periods, the extremes, and what is no plain figure.
pub fn describe(
    form: &str,
    unit: &str,
    territories: usize,
    span: &str,
    told: &[Told<'_>],
    language: Language,
) -> String {
    let words = Words::of(language);
    let counts = Counts::of(told.iter().map(|told| told.figure));
    let decimals = decimals(told.iter().filter_map(|told| told.figure.number()));
    let mut parts = vec![format!("{form}.")];
    let mut say = |word: &str, what: String| parts.push(format!("{word}: {what}."));
    if !unit.is_empty() {
        say(words.unit, unit.trim_end_matches('.').to_owned());
    }
    say(words.territories, territories.to_string());
    if !span.is_empty() {
        say(words.periods, span.to_owned());
    }
    say(words.figures, counts.figures.to_string());
    let numbers = || told.iter().filter_map(|told| told.figure.number().map(|number| (number, told)));
    let extremes = [
        (words.lowest, numbers().min_by(|a, b| a.0.total_cmp(&b.0))),
        // The first of several, like the lowest.
        (words.highest, numbers().rev().max_by(|a, b| a.0.total_cmp(&b.0))),
    ];
    for (word, extreme) in extremes {
        if let Some((value, told)) = extreme {
            let whose = [isolated(told.name), capped(told.period)];
            let whose: Vec<String> = whose.into_iter().filter(|part| !part.is_empty()).collect();
            say(word, format!("{} ({})", number(value, decimals, language), whose.join(", ")));
        }
    }
    for (word, count) in [
        (words.missing_long, counts.missing),
        (words.suppressed_long, counts.suppressed),
        (words.provisional, counts.provisional),
        (words.estimated, counts.estimated),
    ] {
        if count > 0 {
            let mut letters = word.chars();
            let first = letters.next().map(|letter| letter.to_uppercase().collect::<String>()).unwrap_or_default();
            say(&format!("{first}{}", letters.as_str()), count.to_string());
        }
    }
    parts.join(" ")
}
