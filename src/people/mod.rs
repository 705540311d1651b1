//! The people integration is about. Their addresses carry opaque ids; they are searched by POST; what a caller sees of one
//! depends on the grants that reach that person.

pub mod handlers;
pub mod names;
pub mod queries;
pub mod types;

#[cfg(test)]
mod tests;
