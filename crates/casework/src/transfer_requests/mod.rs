//! Requests for a transfer: the body where a person lives now asks the one that has the case for it, by the number the person brings along
//! (domain 15). It learns nothing by asking; what it may know comes with the transfer that the other body proposes by accepting.

pub mod erasure;
pub mod handlers;
pub mod list;
pub mod rules;
pub mod transitions;
pub mod types;

#[cfg(test)]
mod tests;
