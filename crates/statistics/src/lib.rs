//! Statistics and what is steered by them: the observatory, SDMX, evaluations, objectives, policy documents.

pub mod evaluations;
pub mod objectives;
pub mod observatory;
pub mod policy_documents;
pub mod sdmx;

use approdo_core::{
    access, aggregate, anonymity, app, clock, codes, contents, delimited, entries, entry, error, http, lease, maps,
    page_of, paged_query, territory, work,
};
use approdo_directory::{directory, networks};
