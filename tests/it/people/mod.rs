//! People: search and rectification.

mod edit;
mod legal_statuses;
mod privacy;
mod reminders;
mod search;
