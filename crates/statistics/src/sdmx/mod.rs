//! Statistics as clients of SDMX read them: the REST interface 1.5 of SDMX 2.1, at `/rest/sdmx/v1`. Its contract is the one that SDMX publishes.
//! Open to everyone: it tells what is published, and nothing else.

mod asked;
pub mod flows;
mod observed;
mod structures;

use actix_web::web;

use crate::http::gate;

/// Where it is mounted.
pub const MOUNT: &str = "/rest/sdmx/v1";

/// The façade's part of the router.
pub fn serve(config: &mut web::ServiceConfig) {
    let all = web::resource("/{address:.*}").route(web::get().to(asked::answer));
    config.service(all.default_service(web::to(gate::only_read)));
}
