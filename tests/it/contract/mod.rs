//! The contract: what is served is what is committed, and every operation keeps it.

mod document;
mod shape;
mod spec;
