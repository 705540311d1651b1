//! Cases and their tasks.

mod accesses;
mod assessments;
mod edit;
mod embed;
mod filters;
mod history;
mod idempotency;
mod list;
mod minors;
mod notes;
mod plans;
mod story;
mod streams;
mod tasks;
mod transitions;
mod worklist;
