//! Transfers: a case goes to another body, which answers for it from the moment it accepts (domain 15). Unlike a referral, which asks for a
//! service and leaves the case where it is.

pub mod frozen;
pub mod handlers;
pub mod handover;
pub mod list;
pub mod proposing;
pub mod record_contents;
pub mod rules;
pub mod transitions;
pub mod types;

#[cfg(test)]
mod tests;
