//! What people have consented to (domain 51; GDPR art. 6(1)(a), 7, 8, 9(2)(a)): given, read, withdrawn, ended by the calendar, and
//! asked before anything is sent to somebody else. A consent is never edited: its facts prove what was agreed to.

pub mod checks;
pub mod coverage;
pub mod data_categories;
pub mod erasure;
pub mod expiry;
pub mod handlers;
pub mod rules;
pub mod transitions;
pub mod types;

#[cfg(test)]
mod tests;

pub use transitions::withdrawn;
