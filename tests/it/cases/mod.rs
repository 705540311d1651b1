//! Cases and their tasks.

mod idempotency;
mod list;
mod transitions;
