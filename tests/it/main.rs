//! The suite: the real server over HTTP, each test on a fresh database, on SQLite and PostgreSQL.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test that cannot go on should stop"
)]

mod support;

mod access;
mod attachments;
mod cases;
mod codes;
mod contract;
mod directory;
mod discrimination;
mod exchange;
mod flow;
mod hsds;
mod networks;
mod observatory;
mod operations;
mod people;
mod policy_documents;
mod referrals;
mod sdmx;
mod sync;
mod territory;
mod transfers;
