//! Attachments of a case: files that are declared first, then sent, looked into and kept, and read again portion by portion. A content
//! is taken in as a whole or not at all, and does not change afterwards (docs/attachments.md).

pub mod content;
pub mod handlers;
pub mod store;
pub mod strays;
pub mod types;
