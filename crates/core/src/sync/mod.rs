//! What becomes of the change records that the write path leaves: their order, which the change feed reads, and the sealed audit trail.

pub mod audit;
pub mod seals;
pub mod sequencer;
pub mod signal;
