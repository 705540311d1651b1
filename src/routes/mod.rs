//! Every path of the API, once. A first segment is in one file alone, that of the crate which has most of its operations; fixed
//! segments stand before variable ones.

use actix_web::guard::GuardContext;
use actix_web::web;
use percent_encoding::percent_decode_str;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::app::MOUNT;

/// Tells the router and the contract of the same handlers, by the first segment of their addresses. The router tries one pattern after the
/// other, so it is led to the few that begin like the address. It needs none of their descriptions: these are collected where
/// the contract is printed, not at every start.
macro_rules! operations {
    ($($first:literal: [$($handler:path),* $(,)?]),* $(,)?) => {
        /// The operations, for the contract.
        pub fn contract(config: &mut ::utoipa_actix_web::service_config::ServiceConfig<'_>) {
            config$($(.service($handler))*)*;
        }

        /// The operations, for the router.
        pub fn serve(config: &mut ::actix_web::web::ServiceConfig) {
            use ::actix_web::{guard::fn_guard, web::scope};
            config$(.service(scope("").guard(fn_guard(|request| super::begins(request, $first)))$(.service($handler))*))*;
        }
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
pub fn serve(config: &mut web::ServiceConfig) {
    casework::serve(config);
    directory::serve(config);
    statistics::serve(config);
    system::serve(config);
}

/// Whether the first segment below the mount is this one, also where it is written with escapes.
fn begins(request: &GuardContext<'_>, first: &str) -> bool {
    let below = request.head().uri.path().strip_prefix(MOUNT).and_then(|path| path.strip_prefix('/'));
    let segment = below.and_then(|path| path.split('/').next());
    segment.is_some_and(|segment| {
        segment == first || segment.contains('%') && percent_decode_str(segment).eq(first.bytes())
    })
}
