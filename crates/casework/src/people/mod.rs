//! The people integration is about. Their addresses carry opaque ids; they are searched by POST; what a caller sees of one
//! depends on the grants that reach that person.

pub mod by_external_id;
pub mod contacts;
pub mod coverage;
pub mod erasure;
pub mod export;
pub mod guardianships;
pub mod handlers;
pub mod household_list;
pub mod household_members;
pub mod households;
pub mod kinship;
pub mod legal_status_transitions;
pub mod legal_statuses;
pub mod processing;
pub mod queries;
pub mod relation_rows;
pub mod relations;
pub mod reminders;
pub mod requests;
pub mod timeline;
pub mod types;
pub mod watches;

#[cfg(test)]
mod tests;
