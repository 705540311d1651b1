//! What is asked for, by address, parameters and `Accept`; and errors as SDMX tells them.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, Responder as _, http::StatusCode, web};
use approdo_db::Connection;
use approdo_sdmx::request::{
    ArtefactQuery, DataFormat, DataQuery, References, RequestError, Resource, Selection, StructureFormat,
    StructureQuery,
};
use approdo_sdmx::structure::Asked as AskedStructure;
use approdo_sdmx::{ErrorCode, ErrorMessage, Header, LocalisedText};

use crate::app::{App, Shared, blocking};
use crate::error::{ApiError, ApiResult, Kind};
use crate::http::Answer;
use crate::http::gate::SpeaksForItself;
use crate::http::slots::Slots;
use crate::sdmx::flows::{AGENCY, Flow, UNKNOWN_LANGUAGE};
use crate::sdmx::{MOUNT, observed, structures};

/// Reads of the façade that run at a time in a process: whoever asks has no token.
pub static SLOTS: Slots = Slots::new(2, "statistics are asked for too much at present");

/// What everyone may keep for a minute.
pub const CACHED: &str = "public, max-age=60";

/// A refusal in words.
pub struct Refusal {
    code: ErrorCode,
    status: u16,
    text: String,
}

impl Refusal {
    pub fn new(code: ErrorCode, text: impl Into<String>) -> Self {
        Self { code, status: code.http_status(), text: text.into() }
    }

    pub fn nothing() -> Self {
        Self::new(ErrorCode::NoResultsFound, "there is nothing that was asked for")
    }

    fn response(&self) -> HttpResponse {
        let message = ErrorMessage { code: self.code, language: "en".to_owned(), text: self.text.clone() }.to_xml();
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = HttpResponse::build(status)
            .insert_header((header::CONTENT_TYPE, ErrorMessage::CONTENT_TYPE))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .body(message.unwrap_or_default());
        response.extensions_mut().insert(SpeaksForItself);
        response
    }
}

impl From<RequestError> for Refusal {
    fn from(error: RequestError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<approdo_sdmx::request::NotAcceptable> for Refusal {
    fn from(error: approdo_sdmx::request::NotAcceptable) -> Self {
        Self { code: ErrorCode::SyntaxError, status: 406, text: error.to_string() }
    }
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        match error.kind() {
            Kind::NotFound => Self::nothing(),
            Kind::Unavailable => Self::new(ErrorCode::ServiceUnavailable, "the service is busy: try again"),
            _ => {
                log::error!("an SDMX request failed: {error}: {}", error.cause().unwrap_or("no further cause"));
                Self::new(ErrorCode::InternalServerError, "the fault was logged")
            }
        }
    }
}

/// Answers whatever is asked for below the mount.
pub async fn answer(request: HttpRequest, app: web::Data<App>, address: web::Path<String>) -> HttpResponse {
    // A plus stands for itself in a path; a router leaves an encoded one as it is.
    let address = address.replace("%2B", "+").replace("%2b", "+");
    match answered(&request, app.into_inner(), &address).await {
        Ok(answer) => answer.cacheable(CACHED).respond_to(&request),
        Err(refusal) => refusal.response(),
    }
}

async fn answered(request: &HttpRequest, app: Shared, address: &str) -> Result<Answer, Refusal> {
    let lines: Vec<&str> =
        request.headers().get_all(header::ACCEPT).map(|line| line.to_str().unwrap_or_default()).collect();
    let accept = (!lines.is_empty()).then(|| lines.join(","));
    let parameters: Vec<(String, String)> = serde_html_form::from_str(request.query_string())
        .map_err(|_| Refusal::new(ErrorCode::SyntaxError, "the parameters cannot be read"))?;
    let pairs = || parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let mut parts: Vec<&str> = address.trim_start_matches('/').split('/').collect();
    // An empty key, or an address that ends with a slash, says no more than what stands before.
    while parts.len() > 1 && parts.last().is_some_and(|part| part.is_empty()) {
        parts.pop();
    }
    let slot = SLOTS.take().await?;
    match parts.as_slice() {
        ["data", flow, rest @ ..] => {
            let (key, provider) = (rest.first().copied(), rest.get(1).copied());
            if rest.len() > 2 {
                return Err(Refusal::new(ErrorCode::SyntaxError, "the address has too many parts"));
            }
            if provider.is_some_and(|provider| !provider.eq_ignore_ascii_case("all")) {
                return Err(Refusal::new(ErrorCode::NotImplemented, "data of one provider are not told apart"));
            }
            let format = DataFormat::negotiate(accept.as_deref())?;
            let (flow, query) = (ArtefactQuery::of_flow(flow)?, DataQuery::parse(pairs())?);
            observed::answer(app, slot, (flow, key.unwrap_or_default().to_owned()), query, format).await
        }
        [resource, rest @ ..] if rest.len() <= 4 => {
            let resource = Resource::parse(resource)?;
            let part = |at: usize| rest.get(at).copied();
            let asked = ArtefactQuery::of_path(part(0), part(1), part(2))?;
            let items = Selection::of_items(part(3))?;
            let format = StructureFormat::negotiate(accept.as_deref())?;
            let query = StructureQuery::parse(pairs())?;
            let header = header(&app, "structure");
            let text = blocking(move || {
                let _slot = slot;
                let read = |connection: &mut Connection| {
                    structures::read(connection, app.clock.now(), resource, &asked, &items, query.references)
                };
                let found = app.read_now(read)?;
                if found.is_empty() {
                    return Ok(None);
                }
                let written = found.write(format, &header, AskedStructure { resource, detail: query.detail });
                String::from_utf8(written.map_err(ApiError::fault)?).map(Some).map_err(ApiError::fault)
            })
            .await?;
            Ok(Answer::text(format.content_type(), text.ok_or_else(Refusal::nothing)?))
        }
        _ => Err(Refusal::new(ErrorCode::SyntaxError, "the address is none of this interface")),
    }
}

/// What a message begins with.
pub fn header(app: &App, what: &str) -> Header {
    let prepared = app.clock.now().instant();
    Header {
        id: format!("{AGENCY}_{what}_{}", prepared.timestamp_micros()),
        is_test: false,
        prepared,
        sender: AGENCY.to_owned(),
        sender_name: LocalisedText::of(UNKNOWN_LANGUAGE, "Approdo"),
        languages: Vec::new(),
        service: Some(format!("{}{MOUNT}", app.settings.public_url)),
    }
}

/// The flow that an address names, the first of them.
pub fn one_flow(flows: Vec<Flow>, asked: &ArtefactQuery) -> ApiResult<Flow> {
    flows.into_iter().find(|flow| asked.has(&flow.artefact(), true)).ok_or_else(ApiError::not_found)
}

/// Whether an answer brings artefacts of a kind along.
pub fn brings(resource: Resource, references: References, other: Resource) -> bool {
    resource == other || references.bring(resource, other)
}
