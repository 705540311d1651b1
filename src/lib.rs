//! Approdo: the API that municipalities, their unions and regions run to manage the integration of foreign residents.
//!
//! Table of contents. Every path is in [`routes`]; the operation behind a path is in the folder of its area:
//! `POST /cases/{case_id}/transitions` is in [`cases`]. The areas are crates of their own, and show here side by side.
//! `docs/architecture.md` tells how a request walks through the house.

pub mod areas;
pub mod background;
pub mod changes;
pub mod demo;
pub mod openapi;
pub mod operational;
pub mod profile;
pub mod routes;
pub mod server;

pub use approdo_casework::{
    agreements, attachments, cases, consents, discrimination, offers, people, referrals, shared_accesses,
    transfer_requests, transfers,
};
pub use approdo_core::{
    access, aggregate, anonymity, app, clock, codes, config, contents, delimited, entries, error, external_ids, http,
    lease, maps, names, operations, periods, sync, territory, work,
};
pub use approdo_directory::{directory, hsds, networks};
pub use approdo_statistics::{evaluations, objectives, observatory, policy_documents, sdmx};
