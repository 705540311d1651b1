//! For process supervisors: `/health/live` tells that the process runs, `/health/ready` that it can serve.

use actix_web::{HttpResponse, get, web};

use crate::app::{App, blocking};
use crate::sync::sequencer;

/// Always 200 while the process runs.
#[get("/health/live")]
pub async fn live() -> HttpResponse {
    HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(serde_json::json!({"live": true}))
}

/// 200 when the database answers, else 503.
#[get("/health/ready")]
pub async fn ready(app: web::Data<App>) -> Result<HttpResponse, crate::error::ApiError> {
    let app = app.into_inner();
    blocking(move || app.read_now(|connection| Ok(sequencer::last_position(connection)?))).await?;
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(serde_json::json!({"ready": true})))
}
