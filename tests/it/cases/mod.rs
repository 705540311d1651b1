//! Cases and their tasks.

mod accesses;
mod appointments;
mod assessments;
mod audited;
mod edit;
mod embed;
mod filters;
mod history;
mod idempotency;
mod list;
mod minors;
mod notes;
mod pathways;
mod plans;
mod story;
mod streams;
mod tasks;
mod transitions;
mod worklist;
