//! Agreements between bodies (domain 16): who may refer what to whom, and which data may travel.

pub mod coverage;
pub mod expiry;
pub mod handlers;
pub mod rules;
pub mod transitions;
pub mod types;
pub mod working_time;

#[cfg(test)]
mod tests;
