//! Addresses that other standards fix: public keys (RFC 7517), the API catalogue (RFC 9727), the pages behind problem types.

use actix_web::{HttpResponse, get, web};

use crate::app::{App, MOUNT};
use crate::error::{ApiError, Kind};

/// The public keys that verify our tokens.
#[get("/.well-known/jwks.json")]
pub async fn jwks(app: web::Data<App>) -> HttpResponse {
    HttpResponse::Ok().insert_header(("Cache-Control", "public, max-age=300")).json(app.keys.jwks())
}

/// Where the contract and the documentation are.
#[get("/.well-known/api-catalog")]
pub async fn api_catalog(app: web::Data<App>) -> HttpResponse {
    let base = &app.settings.public_url;
    let body = serde_json::json!({"linkset": [{
        "anchor": format!("{base}{MOUNT}"),
        "service-desc": [{"href": format!("{base}/openapi.json"), "type": "application/json"}],
        "service-doc": [{"href": format!("{base}/docs/"), "type": "text/html"}],
        "status": [{"href": format!("{base}{MOUNT}/status"), "type": "application/json"}],
    }]});
    HttpResponse::Ok()
        .insert_header(("Cache-Control", "public, max-age=300"))
        .insert_header(("Content-Type", "application/linkset+json"))
        .body(body.to_string())
}

/// What a kind of problem means and what to do about it.
#[get("/docs/problems/{slug}")]
pub async fn problem(slug: web::Path<String>) -> Result<HttpResponse, ApiError> {
    let kind = Kind::ALL.into_iter().find(|kind| kind.slug() == slug.as_str()).ok_or_else(ApiError::not_found)?;
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\
         <h1>{title}</h1><p>HTTP status {status}</p><p>{advice}</p></html>",
        title = kind.title(),
        status = kind.status(),
        advice = kind.advice()
    );
    Ok(HttpResponse::Ok()
        .insert_header(("Cache-Control", "public, max-age=3600"))
        .content_type("text/html; charset=utf-8")
        .body(page))
}
