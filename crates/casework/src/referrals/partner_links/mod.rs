//! Links for partners without an account (domain 14): who sent a referral gives its receiver a link, and a code by another way. The link
//! works once. It shows the package, and lets the partner accept, decline or complete, and nothing else.
//!
//! Every change of a link is made under the lock of its referral, so that two who use one at once come one after the other.

pub mod answers;
pub mod exchanges;
pub mod handlers;
pub mod records;
pub mod rules;
pub mod secrets;
#[cfg(test)]
mod tests;
pub mod types;
