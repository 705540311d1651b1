//! Attachments: taken in whole or not at all, for the eyes they are for, and given back byte for byte.

mod contents;
mod lies;
mod objects;
mod sight;
