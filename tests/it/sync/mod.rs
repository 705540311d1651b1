//! The change feed and the audit trail.

mod audit;
mod changes;
mod changes_across_processes;
mod changes_in_scope;
mod changes_under_load;
mod restored;
