//! The directory as Open Referral's clients read it: the Human Services Data Specification 3.0 and its API, at `/rest/hsds/v3`. Its
//! contract is the one that Open Referral publishes. Open to everyone, like the leaflets it replaces.

mod asked;
mod entities;
pub mod exchange;
mod organizations;
mod paging;
mod places;
mod service_at_locations;
mod services;
mod taxonomies;
mod taxonomy_lists;

#[cfg(test)]
mod tests;

use actix_web::{Route, web};

use crate::http::gate;

/// Where it is mounted.
pub const MOUNT: &str = "/rest/hsds/v3";

fn routes() -> [(&'static str, Route); 12] {
    let get = web::get;
    [
        ("", get().to(asked::read_base)),
        ("/", get().to(asked::read_base)),
        ("/services", get().to(services::list_services)),
        ("/services/{service_id}", get().to(services::read_service)),
        ("/organizations", get().to(organizations::list_organizations)),
        ("/organizations/{organization_id}", get().to(organizations::read_organization)),
        ("/service_at_locations", get().to(service_at_locations::list_service_at_locations)),
        ("/service_at_locations/{service_at_location_id}", get().to(service_at_locations::read_service_at_location)),
        ("/taxonomies", get().to(taxonomy_lists::list_taxonomies)),
        ("/taxonomies/{taxonomy_id}", get().to(taxonomy_lists::read_taxonomy)),
        ("/taxonomy_terms", get().to(taxonomy_lists::list_taxonomy_terms)),
        ("/taxonomy_terms/{taxonomy_term_id}", get().to(taxonomy_lists::read_taxonomy_term)),
    ]
}

/// The façade's part of the router.
pub fn serve(config: &mut web::ServiceConfig) {
    for (path, route) in routes() {
        config.service(web::resource(path).route(route).default_service(web::to(gate::only_read)));
    }
}
