//! Objectives of organisations (domain C11): what is to be reached, what is done for it, and what came of that. Registers: every caller may
//! know them, and those who keep the statistics of an objective's organisation keep it.

pub mod activities;
pub mod activity_handlers;
pub mod activity_transitions;
pub mod chain;
pub mod handlers;
pub mod results;
pub mod rules;
pub mod types;

#[cfg(test)]
mod tests;
