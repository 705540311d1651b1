//! Catalogues as they leave the crate, read back.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on should stop")]

mod formats;
mod licences;
mod profile;
mod sample;
mod texts;
