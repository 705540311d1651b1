//! The pictures as those see them who embed them: parsed, measured with the fonts there are, rendered.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on should stop")]

mod drawn;
mod edges;
mod hostile;
mod shown;
mod support;
mod told;
