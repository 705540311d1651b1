//! People, their cases, and the work of several bodies on them.

pub mod agreements;
pub mod attachments;
pub mod cases;
pub mod consents;
pub mod discrimination;
pub mod offers;
pub mod people;
pub mod referrals;
pub mod shared_accesses;
pub mod transfer_requests;
pub mod transfers;

use approdo_core::{
    access, aggregate, anonymity, app, child, clock, codes, contents, entries, entry, error, external_ids, http, lease,
    names, page_of, paged, paged_query, periods, work,
};
use approdo_directory::directory;
