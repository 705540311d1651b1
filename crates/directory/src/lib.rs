//! The directory of organisations, services and places, its Open Referral form, and the networks of those who are in it.

pub mod directory;
pub mod hsds;
pub mod networks;

use approdo_core::{
    access, app, clock, codes, contents, entries, entry, error, http, names, page_of, paged_query, periods, work,
};
