//! People: search and rectification.

mod edit;
mod search;
