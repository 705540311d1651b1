//! `/status`, as the Italian interoperability guidelines ask for it (RAC_REST_NAME_011).

use actix_web::get;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::blocking;
use crate::error::ApiResult;
use crate::http::{Answer, Door, Parameters, query};
use crate::sync::sequencer;

/// The service answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct Status {
    /// Always 200 here; a service that cannot answer says 503 as a problem.
    #[schema(minimum = 200, maximum = 200)]
    pub status: i32,
    #[schema(max_length = 60)]
    pub title: &'static str,
    #[schema(max_length = 200)]
    pub detail: &'static str,
}

/// Ask whether the service answers.
///
/// Open to everyone. 200 when the service and its database answer, 503 when they do not.
#[utoipa::path(tag = "Operations", security(()), responses((status = 200, description = "It does.", body = Status)))]
#[get("/status")]
pub async fn read_status(door: Door, query: Parameters<query::None>) -> ApiResult<Answer> {
    query.read()?;
    let app = door.app.clone();
    blocking(move || app.read_now(|connection| Ok(sequencer::last_position(connection)?))).await?;
    Answer::ok(&Status { status: 200, title: "OK", detail: "the service and its database answer" })
}
