//! Who is calling, what they may do, and the record of what they did.
//!
//! A caller is a person or a machine client with grants: role × organisation × territory × target groups. `policy` is
//! the table of who may do what; `rights` are one caller's grants as the process holds them, checked against the
//! database at every request; `recorder` keeps the access records.

pub mod api_clients;
pub mod auth;
pub mod caller;
pub mod grants;
pub mod keys;
pub mod me;
pub mod passwords;
pub mod policy;
pub mod queries;
pub mod reach;
pub mod recorder;
pub mod rights;
pub mod scope;
pub mod sessions;
pub mod standing;
pub mod throttle;
pub mod tokens;
pub mod types;
pub mod users;

pub use caller::Caller;
pub use policy::{Action, FieldGroup, FieldRight, Resource, Role};
pub use rights::{Place, Rights};
pub use types::*;
