//! Referrals: one body asks another to do something for a person, and hears how it ended (domain 11 to 14).

pub mod access;
pub mod by_calendar;
pub mod claims;
pub mod closing;
pub mod erasure;
pub mod export;
pub mod extensions;
pub mod forwards;
pub mod handlers;
pub mod list;
pub mod moves;
pub mod package;
pub mod partner_links;
pub mod records;
pub mod revocation;
pub mod rules;
pub mod sending;
pub mod statistics;
pub mod transitions;
pub mod types;

#[cfg(test)]
mod tests;
