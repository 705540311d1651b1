//! Imports of files into datasets: how a file is read (`mapping.rs`, `messages.rs`), what is proposed for one (`proposals.rs`), the work itself
//! (`loading.rs`, `running.rs`), and what became of each (`handlers.rs`).

pub mod content;
pub mod handlers;
pub mod loading;
pub mod mapping;
pub mod messages;
pub mod proposals;
pub mod running;
pub mod types;
