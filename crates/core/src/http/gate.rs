//! The outermost layer: request id, caller, limits; then the answer's headers, problem details for everything that is not a
//! success, panics included, one log line and one metric.

use std::borrow::Cow;
use std::panic::AssertUnwindSafe;
use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, web};
use futures_util::FutureExt as _;

use crate::access::caller::Presented;
use crate::app::{App, ContractPath, MOUNT};
use crate::clock;
use crate::error::{ApiError, Kind};
use crate::http::limits::{Standing, Subject};
use crate::http::request::RequestId;

/// Left in a request that wants the headers alone: a stream need not be read for it.
#[derive(Debug, Clone, Copy)]
pub struct HeadOnly;

/// Passes a request on and finishes its answer.
pub async fn gate(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let started = Instant::now();
    let Some(app) = request.app_data::<web::Data<App>>().cloned() else {
        return Err(ApiError::fault("the application state is missing").into());
    };
    let id = RequestId::of(request.headers());
    request.extensions_mut().insert(id.clone());
    let method = request.method().clone();
    if method == Method::HEAD {
        // HEAD goes with GET; the server leaves the body out by itself.
        request.head_mut().method = Method::GET;
        request.extensions_mut().insert(HeadOnly);
    }
    let presented = presented(&app, request.headers());
    let subject = match &presented {
        Some(Presented(Ok(bearer))) => Subject::Caller(bearer.principal.0),
        _ => Subject::Address(request.peer_addr().map_or(std::net::IpAddr::from([0; 4]), |peer| peer.ip())),
    };
    let consumer = match &presented {
        Some(Presented(Ok(bearer))) => Some(bearer.principal),
        _ => None,
    };
    if let Some(presented) = presented {
        request.extensions_mut().insert(presented);
    }
    let standing = app.limits.count(subject);
    let unaddressed = is_unaddressed(request.path());
    let peer = request.peer_addr();
    // No copy of the request may live while the inner layers route it. Answers that come without one are sent as an error
    // that carries the finished response.
    let answered: Result<ServiceResponse<BoxBody>, ApiError> = if standing.refused {
        let error = ApiError::new(Kind::TooManyRequests, "your requests of this minute are used up")
            .retry_after(standing.reset_seconds);
        Ok(request.into_response(finished(&error, &id)))
    } else {
        match AssertUnwindSafe(next.call(request)).catch_unwind().await {
            Ok(Ok(response)) => Ok(response.map_into_boxed_body()),
            Ok(Err(error)) => Err(translated(&error)),
            Err(_) => Err(ApiError::fault("a handler panicked")),
        }
    };
    let (response, route) = match answered {
        Ok(mut response) => {
            if let Some(error) = problem_in(&response) {
                response = response.into_response(finished(&error, &id));
            }
            let route = route_of(&app, response.request());
            finish_headers(&app, response.headers_mut(), &id, standing);
            (Ok(response), route)
        }
        Err(error) => {
            let mut response = finished(&error, &id);
            finish_headers(&app, response.headers_mut(), &id, standing);
            (Err(response), Cow::Borrowed("unknown"))
        }
    };
    let status = response.as_ref().map_or_else(HttpResponse::status, ServiceResponse::status).as_u16();
    // That one more report has come or moved is not for whoever reads metrics.
    if !is_of_reports(&route) {
        app.metrics.answered(method.as_str(), &route, status, started.elapsed().as_secs_f64());
    }
    if log::log_enabled!(target: "access", log::Level::Info) {
        // Who reports discrimination without a login is not to be found from the log, however the path was written.
        let is_told = !unaddressed && !is_unaddressed(&route);
        // The route's template stands for the URI: queries and ids may say more than a log should keep.
        log::info!(
            target: "access",
            "{} {method} {route} {status} ip={} consumer={} request={} us={}",
            clock::now(),
            peer.filter(|_| is_told).map_or_else(|| "-".into(), |peer| peer.ip().to_string()),
            consumer.filter(|_| is_told).map_or_else(|| "-".into(), |id| id.to_string()),
            id.0,
            started.elapsed().as_micros(),
        );
    }
    response.map_err(|response| InternalError::from_response("no request to answer", response).into())
}

/// The template of the address that was asked for. Of what is in the contract it is looked up there: the router would try one pattern after
/// the other again.
fn route_of<'a>(app: &'a App, request: &HttpRequest) -> Cow<'a, str> {
    if let Some(path) = path_of(app, request) {
        return Cow::Borrowed(&path.template);
    }
    let is_ours = request.path().starts_with(MOUNT);
    let elsewhere = if is_ours { None } else { request.match_pattern() };
    elsewhere.map_or(Cow::Borrowed("unmatched"), Cow::Owned)
}

/// What the address is in the contract: as the router reads it, so that one that is written with escapes is the same.
fn path_of<'a>(app: &'a App, request: &HttpRequest) -> Option<&'a ContractPath> {
    app.contract_paths.get()?.find(request.match_info().as_str().strip_prefix(MOUNT)?)
}

/// Whether a route is one of reports of discrimination.
pub fn is_of_reports(route: &str) -> bool {
    route.strip_prefix(MOUNT).unwrap_or(route).starts_with("/discrimination-reports")
}

/// Whether a path is one of which the log has no address.
pub fn is_unaddressed(path: &str) -> bool {
    let rest = path.strip_prefix(MOUNT).unwrap_or(path);
    matches!(rest.trim_end_matches('/'), "/discrimination-reports/submissions" | "/discrimination-reports/follow-ups")
}

fn presented(app: &App, headers: &HeaderMap) -> Option<Presented> {
    let value = headers.get(header::AUTHORIZATION)?;
    let token = value.to_str().ok().and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    let refused = || ApiError::new(Kind::InvalidToken, "send Authorization: Bearer with an access token");
    Some(Presented(token.ok_or_else(refused).and_then(|token| app.tokens.verify(&app.keys, token))))
}

/// Marks an answer whose interface has errors of its own.
pub struct SpeaksForItself;

/// The problem behind an answer that is not a success: our own, or the framework's in our words.
fn problem_in(response: &ServiceResponse<BoxBody>) -> Option<ApiError> {
    if response.response().extensions().contains::<SpeaksForItself>() {
        return None;
    }
    if let Some(error) = response.response().error() {
        return Some(translated(error));
    }
    let is_problem = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/problem+json"));
    (response.status().is_client_error() || response.status().is_server_error())
        .then(|| of_status(response.status()))
        .filter(|_| !is_problem)
}

fn translated(error: &actix_web::Error) -> ApiError {
    match error.as_error::<ApiError>() {
        Some(error) => error.clone(),
        None => of_status(error.as_response_error().status_code()),
    }
}

fn of_status(status: StatusCode) -> ApiError {
    match status.as_u16() {
        404 => ApiError::not_found(),
        405 => ApiError::new(Kind::MethodNotAllowed, "see the Allow header"),
        406 => ApiError::new(Kind::NotAcceptable, "see the contract for what is offered"),
        408 => ApiError::malformed("the request did not arrive in time"),
        413 => ApiError::new(Kind::PayloadTooLarge, "the body is larger than 1 MiB"),
        415 => ApiError::new(Kind::UnsupportedMediaType, "see the contract for what is accepted"),
        431 => ApiError::new(Kind::HeadersTooLarge, "send smaller headers"),
        503 => ApiError::unavailable("the service is busy"),
        400..=499 => ApiError::malformed("the request cannot be read"),
        _ => ApiError::fault(format!("the framework answered {status}")),
    }
}

fn finished(error: &ApiError, id: &RequestId) -> HttpResponse {
    match (error.kind(), error.cause()) {
        (Kind::Fault, cause) => log::error!("fault in request {}: {}", id.0, cause.unwrap_or("unknown")),
        (_, Some(cause)) => log::warn!("request {} was answered {error}: {cause}", id.0),
        _ => {}
    }
    error.response(&id.0)
}

fn finish_headers(app: &App, headers: &mut HeaderMap, id: &RequestId, standing: Standing) {
    for (name, value) in &app.fixed_headers {
        // A picture that pages of others show says so itself.
        if *name != header::CROSS_ORIGIN_RESOURCE_POLICY || !headers.contains_key(name) {
            headers.insert(name.clone(), value.clone());
        }
    }
    let mut set = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    set("request-id", &id.0);
    let (remaining, reset) = (standing.remaining, standing.reset_seconds);
    set("ratelimit-remaining", &remaining.to_string());
    set("ratelimit-reset", &reset.to_string());
    set("ratelimit", &format!("\"minute\";r={remaining};t={reset}"));
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// The headers that every answer of a process has alike.
pub fn fixed_headers(public_url: &str, request_limit: u32) -> Vec<(HeaderName, HeaderValue)> {
    [
        ("x-content-type-options", "nosniff".to_owned()),
        ("referrer-policy", "no-referrer".to_owned()),
        ("cross-origin-resource-policy", "same-site".to_owned()),
        ("strict-transport-security", "max-age=31536000".to_owned()),
        ("vary", "Accept, Accept-Encoding, Accept-Language, Authorization".to_owned()),
        ("link", format!("<{public_url}/openapi.json>; rel=\"service-desc\"")),
        ("ratelimit-limit", request_limit.to_string()),
        ("ratelimit-policy", format!("\"minute\";q={request_limit};w=60")),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((HeaderName::from_static(name), HeaderValue::try_from(value).ok()?)))
    .collect()
}

/// What no route matched: another method of a known path, or nothing at all.
pub async fn unmatched(request: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, ApiError> {
    let path = path_of(&app, &request).ok_or_else(ApiError::not_found)?;
    other_method(&request, path.methods.clone())
}

/// What a resource that can only be read answers to other methods.
pub async fn only_read(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    other_method(&request, vec![Method::GET])
}

fn other_method(request: &HttpRequest, mut methods: Vec<Method>) -> Result<HttpResponse, ApiError> {
    if methods.contains(&Method::GET) {
        methods.push(Method::HEAD);
    }
    methods.push(Method::OPTIONS);
    let allow = methods.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
    if request.method() == Method::OPTIONS {
        return Ok(HttpResponse::NoContent().insert_header((header::ALLOW, allow)).finish());
    }
    Err(ApiError::new(Kind::MethodNotAllowed, "see the Allow header").header(header::ALLOW, allow))
}
