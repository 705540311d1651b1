//! The observatory: statistics as published by others, kept with where they come from, and found again (domain 40).
//!
//! A dataset says which dimensions its observations have, under the names of SDMX 2.1; what is imported into it is a release, which is
//! checked, published, and never changed; the observations of the latest release are what everybody reads.

pub mod catalogue;
pub mod cells;
pub mod coded;
pub mod codelists;
pub mod dataset_handlers;
pub mod datasets;
pub mod imports;
pub mod indicators;
pub mod numbers;
pub mod observations;
pub mod observatories;
pub mod operational;
pub mod periods;
pub mod queries;
pub mod release_transitions;
pub mod releases;
pub mod suppression;

#[cfg(test)]
mod tests;
