//! People: search and rectification.

mod edit;
mod legal_statuses;
mod reminders;
mod search;
