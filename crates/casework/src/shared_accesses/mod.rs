//! Shared accesses: another body looks into chosen members of a case, as they are, for a time (domain 15). The case stays where it is and is
//! worked on there alone.

pub mod handlers;
pub mod list;
pub mod transitions;
pub mod types;
