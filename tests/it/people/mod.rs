//! People: search and rectification.

mod consents;
mod consents_in_time;
mod contacts;
mod edit;
mod external_ids;
mod guardianships;
mod household_list;
mod households;
mod legal_statuses;
mod life;
mod moving;
pub mod privacy;
mod relations;
mod reminders;
mod search;
