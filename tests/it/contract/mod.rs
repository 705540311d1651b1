//! The contract: what is served is what is committed, and every operation keeps it.

mod answer;
pub mod bad_input;
mod document;
mod evaluation_rows;
mod forged;
mod hand_written;
mod names;
mod permissions;
mod rows;
mod shape;
pub mod spec;
mod stage;
mod statistics_rows;
mod streams;
mod walk;
