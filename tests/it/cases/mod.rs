//! Cases and their tasks.

mod accesses;
mod assessments;
mod edit;
mod embed;
mod history;
mod idempotency;
mod list;
mod notes;
mod plans;
mod tasks;
mod transitions;
mod worklist;
