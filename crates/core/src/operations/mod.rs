//! Whether the service lives, answers, and how it is doing.

pub mod health;
pub mod metrics;
pub mod sandbox;
pub mod status;
pub mod wellknown;
