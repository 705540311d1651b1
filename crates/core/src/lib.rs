//! What everything else stands on: the door, rights, the write path, the change feed, code lists, territories. `docs/architecture.md` tells how a
//! request walks through the house.

pub mod access;
pub mod aggregate;
pub mod anonymity;
pub mod app;
pub mod clock;
pub mod codes;
pub mod config;
pub mod contents;
pub mod delimited;
pub mod entries;
pub mod error;
pub mod external_ids;
pub mod http;
pub mod lease;
pub mod maps;
pub mod names;
pub mod operations;
pub mod periods;
pub mod sync;
pub mod territory;
pub mod work;
