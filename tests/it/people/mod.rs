//! People: search and rectification.

mod consents;
mod contacts;
mod edit;
mod external_ids;
mod households;
mod legal_statuses;
mod life;
mod privacy;
mod relations;
mod reminders;
mod search;
