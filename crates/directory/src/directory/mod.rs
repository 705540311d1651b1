//! The directory: organisations, which own cases and employ callers and form one tree, whose root is the deployment's operator; the
//! services they give, and where.

pub mod capacities;
pub mod eligibility;
pub mod location_handlers;
pub mod locations;
pub mod matches;
pub mod matching;
pub mod organisation_handlers;
pub mod organisations;
pub mod parts;
pub mod programs;
pub mod service_at_locations;
pub mod service_handlers;
pub mod services;
pub mod there;
pub mod translation_handlers;
pub mod translations;
pub mod verifications;

#[cfg(test)]
mod tests;
