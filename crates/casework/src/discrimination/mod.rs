//! Reports of discrimination (domain C9): taken with or without a name, triaged, routed to the body that is competent, counted.
//!
//! A report may be about the municipality itself, and what it is about is among what is protected most (GDPR art. 9). So a body's
//! anti-discrimination officers alone read it; the feed does not tell of it; no record of it repeats its text or who reports.

pub mod access;
pub mod anonymisations;
pub mod codes;
pub mod counts;
pub mod follow_ups;
pub mod handlers;
pub mod intake;
pub mod list;
pub mod messages;
pub mod moves;
pub mod records;
pub mod requests;
pub mod rules;
pub mod statistics;
pub mod submissions;
pub mod transitions;
pub mod types;

#[cfg(test)]
mod tests;
