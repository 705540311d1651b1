//! Cases and their tasks.

mod accesses;
mod edit;
mod history;
mod idempotency;
mod list;
mod tasks;
mod transitions;
