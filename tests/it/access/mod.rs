//! Who calls, and what they may do.

mod api_clients;
mod field_rights;
mod grants;
mod keys;
mod me;
mod throttling;
mod tokens;
mod users;
