//! The change feed and the audit trail: readings of the change records that the write path leaves.

pub mod audit;
pub mod seals;
pub mod sequencer;
pub mod signal;
