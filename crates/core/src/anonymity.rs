//! What may be left, and told, of people without telling who they are.

use chrono::NaiveDate;

/// The least number of people that a count can tell of, where nobody says otherwise (domain 42).
pub const THRESHOLD: i64 = 5;

/// Stands where a text must stand and has been erased.
pub const ERASED: &str = "(erased)";

/// Bands of ages with their names: what is left of those who were erased.
pub const AGE_BANDS: [(&str, &str); 5] = [
    ("0-17", "0 to 17 years"),
    ("18-24", "18 to 24 years"),
    ("25-49", "25 to 49 years"),
    ("50-64", "50 to 64 years"),
    ("65+", "65 years and more"),
];

/// The band of an age (Eurostat's broad groups, minors apart).
pub fn age_band(birth: NaiveDate, today: NaiveDate) -> &'static str {
    match today.years_since(birth) {
        None | Some(0..=17) => "0-17",
        Some(18..=24) => "18-24",
        Some(25..=49) => "25-49",
        Some(50..=64) => "50-64",
        Some(_) => "65+",
    }
}
