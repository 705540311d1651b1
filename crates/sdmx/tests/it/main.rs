//! Messages as they leave the crate, and as they come into it.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test that cannot go on should stop")]

mod messages;
mod reading;
mod sample;
