//! Networks of bodies (domain C6): who takes part in which role and when, what they agreed on in their meetings, which network went
//! before, and how all that looks. Registers: every caller may know them, and the administrators of a network's organisation keep them.

pub mod graph;
pub mod handlers;
mod layout;
pub mod meeting_handlers;
pub mod meetings;
pub mod members;
pub mod picture;
pub mod succession;
pub mod types;

#[cfg(test)]
mod tests;
