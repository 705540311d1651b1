//! Every path of the API, once. A first segment is in one file alone, that of the crate which has most of its operations; fixed
//! segments stand before variable ones.

use utoipa_actix_web::service_config::ServiceConfig;

use crate::areas::Area;

/// Tells the router and the contract of the same handlers, by the first segment of their addresses: each is an area (`areas.rs`). The router
/// needs none of their descriptions: these are collected where the contract is printed, not at every start.
macro_rules! operations {
    ($($first:literal: [$($handler:path),* $(,)?]),* $(,)?) => {
        /// The operations, for the contract.
        pub fn contract(config: &mut ::utoipa_actix_web::service_config::ServiceConfig<'_>) {
            config$($(.service($handler))*)*;
        }

        /// The operations, for the router.
        pub const AREAS: &[$crate::areas::Area] = &[$(($first, |config| {
            config$(.service($handler))*;
        })),*];
    };
}

mod casework;
mod directory;
mod statistics;
mod system;

/// All operations, for the contract.
pub fn contract(config: &mut ServiceConfig<'_>) {
    casework::contract(config);
    directory::contract(config);
    statistics::contract(config);
    system::contract(config);
}

/// All operations, for the router.
pub fn areas() -> impl Iterator<Item = Area> {
    [casework::AREAS, directory::AREAS, statistics::AREAS, system::AREAS].into_iter().flatten().copied()
}
