//! Who calls, and what they may do.

mod throttling;
mod tokens;
