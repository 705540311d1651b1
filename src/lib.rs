//! Approdo: the API that municipalities, their unions and regions run to manage the integration of foreign residents.
//!
//! Table of contents. Every path is in [`routes`]; the operation behind a path is in the folder of its area:
//! `POST /cases/{case_id}/transitions` is in [`cases`]. `docs/architecture.md` tells how a request walks through the house.

pub mod access;
pub mod aggregate;
pub mod agreements;
pub mod app;
pub mod attachments;
pub mod background;
pub mod cases;
pub mod clock;
pub mod codes;
pub mod config;
pub mod consents;
pub mod delimited;
pub mod demo;
pub mod directory;
pub mod discrimination;
pub mod error;
pub mod evaluations;
pub mod external_ids;
pub mod hsds;
pub mod http;
pub mod lease;
pub mod networks;
pub mod objectives;
pub mod observatory;
pub mod offers;
pub mod openapi;
pub mod operations;
pub mod people;
pub mod policy_documents;
pub mod referrals;
pub mod routes;
pub mod sdmx;
pub mod server;
pub mod shared_accesses;
pub mod sync;
pub mod territory;
pub mod transfer_requests;
pub mod transfers;
pub mod work;
