//! The one error type of the door, and its form on the wire: problem details (RFC 9457).
//!
//! A refusal is a normal outcome and tells the caller what to do. A fault is logged once, with its cause, and told to
//! nobody. `queries` return diesel's own errors; they become an `ApiError` where a handler uses `?`.

use std::borrow::Cow;
use std::fmt;

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use approdo_db::Unavailable;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

mod kind;

pub use kind::Kind;

pub type ApiResult<T> = Result<T, ApiError>;

/// Why the process cannot start: a sentence for whoever started it.
pub type StartError = Box<dyn std::error::Error + Send + Sync>;

/// One member of the request that is not valid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Where: a JSON pointer (RFC 6901) as a URI fragment.
    #[schema(max_length = 500, example = "#/given_name")]
    pub pointer: String,
    /// What is wrong, for a person to read.
    #[schema(max_length = 1000, example = "must not be empty")]
    pub detail: String,
}

/// A condition of the domain that is not met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UnmetGuard {
    /// The guard's name, stable across releases.
    #[schema(max_length = 60, example = "no_open_task")]
    pub guard: Cow<'static, str>,
    /// What it asks for, for a person to read.
    #[schema(max_length = 500, example = "close or cancel the open tasks first")]
    pub detail: Cow<'static, str>,
}

impl UnmetGuard {
    pub const fn new(guard: &'static str, detail: &'static str) -> Self {
        Self { guard: Cow::Borrowed(guard), detail: Cow::Borrowed(detail) }
    }
}

/// An answer that is not a success.
#[derive(Debug, Clone)]
pub struct ApiError(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    kind: Kind,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    unmet_guards: Vec<UnmetGuard>,
    current_version: Option<i64>,
    retry_after: Option<u64>,
    headers: Vec<(header::HeaderName, String)>,
    oauth_error: Option<&'static str>,
    cause: Option<String>,
    disconnected: bool,
    /// The row it was refused on, for the record of it: never told.
    about: Option<Uuid>,
}

/// Problem details (RFC 9457), the body of every answer that is not a success.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem<'a> {
    /// The address of a page that explains this kind of problem.
    #[schema(format = "uri-reference", example = "/docs/problems/not-found")]
    pub r#type: String,
    /// The kind of problem, the same for each of its kind.
    #[schema(max_length = 100)]
    pub title: &'static str,
    /// The HTTP status.
    #[schema(format = Int32, minimum = 400, maximum = 599)]
    pub status: u16,
    /// What happened in this case.
    #[serde(skip_serializing_if = "str::is_empty")]
    #[schema(max_length = 1000)]
    pub detail: &'a str,
    /// This occurrence; carries the request id.
    #[schema(format = "uri")]
    pub instance: String,
    /// The members of the request that are not valid.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(value_type = Vec<FieldError>, required = false, max_items = 100)]
    pub errors: &'a [FieldError],
    /// The conditions that are not met.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(value_type = Vec<UnmetGuard>, required = false, max_items = 20)]
    pub unmet_guards: &'a [UnmetGuard],
    /// The version the resource has now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 9007199254740991_i64)]
    pub current_version: Option<i64>,
    /// The error code of OAuth 2.0 (RFC 6749), at the token endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 40)]
    pub error: Option<&'static str>,
    /// The same as `detail`, under OAuth's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 1000)]
    pub error_description: Option<&'a str>,
}

// A problem may repeat what the caller sent, a member's name for one, but never at any length.
const DETAIL_BYTES: usize = 1_000;
const POINTER_BYTES: usize = 500;
const ERRORS: usize = 100;

/// Cuts a text, at the end of a character.
fn shorten(text: &mut String, bytes: usize) {
    text.truncate(text.floor_char_boundary(bytes));
}

impl ApiError {
    pub fn new(kind: Kind, detail: impl Into<Cow<'static, str>>) -> Self {
        let mut detail = detail.into();
        if detail.len() > DETAIL_BYTES {
            shorten(detail.to_mut(), DETAIL_BYTES);
        }
        Self(Box::new(Inner {
            kind,
            detail,
            errors: Vec::new(),
            unmet_guards: Vec::new(),
            current_version: None,
            retry_after: None,
            headers: Vec::new(),
            oauth_error: None,
            cause: None,
            disconnected: false,
            about: None,
        }))
    }

    pub fn malformed(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::MalformedRequest, detail)
    }

    pub fn not_found() -> Self {
        Self::new(Kind::NotFound, "there is nothing here that you may know of")
    }

    pub fn forbidden(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::InsufficientScope, detail)
    }

    pub fn conflict(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Conflict, detail)
    }

    /// 409 with the guards that are not met.
    pub fn unmet(guards: Vec<UnmetGuard>) -> Self {
        let mut error = Self::conflict("the move is refused: see unmet_guards");
        error.0.unmet_guards = guards;
        error
    }

    /// 410 with the condition that is met no more.
    pub fn gone(guard: UnmetGuard) -> Self {
        let mut error = Self::new(Kind::Gone, guard.detail.clone());
        error.0.unmet_guards = vec![guard];
        error
    }

    /// 422 with a pointer to each member.
    pub fn invalid(mut errors: Vec<FieldError>) -> Self {
        let mut error = Self::new(Kind::Invalid, "see errors");
        errors.truncate(ERRORS);
        for told in &mut errors {
            shorten(&mut told.pointer, POINTER_BYTES);
            shorten(&mut told.detail, DETAIL_BYTES);
        }
        error.0.errors = errors;
        error
    }

    /// 422 for one member.
    pub fn invalid_member(pointer: &str, detail: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError { pointer: format!("#/{pointer}"), detail: detail.into() }])
    }

    /// 422 for a content that is no JSON and has no members.
    pub fn invalid_content(detail: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError { pointer: "#".into(), detail: detail.into() }])
    }

    /// 422 for a member that names a row which is absent or out of scope; the text is the same for both.
    pub fn unknown_reference(pointer: &str) -> Self {
        Self::invalid_member(pointer, "names nothing that you may refer to")
    }

    pub fn unavailable(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Unavailable, detail).retry_after(1)
    }

    /// A fault: its cause is logged and not told.
    pub fn fault(cause: impl fmt::Display) -> Self {
        let mut error = Self::new(Kind::Fault, "the fault was logged");
        error.0.cause = Some(cause.to_string());
        error
    }

    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// Why, for the log alone.
    pub fn because(mut self, cause: impl fmt::Display) -> Self {
        self.0.cause = Some(cause.to_string());
        self
    }

    pub fn current_version(mut self, version: i64) -> Self {
        self.0.current_version = Some(version);
        self
    }

    pub fn header(mut self, name: header::HeaderName, value: impl Into<String>) -> Self {
        self.0.headers.push((name, value.into()));
        self
    }

    /// The error code the token endpoint adds (RFC 6749, 5.2).
    pub fn oauth(mut self, error: &'static str) -> Self {
        self.0.oauth_error = Some(error);
        self
    }

    /// Names the row it was refused on.
    pub fn about(mut self, row: Uuid) -> Self {
        self.0.about = Some(row);
        self
    }

    pub fn row(&self) -> Option<Uuid> {
        self.0.about
    }

    /// The same, of members of a member.
    pub fn within(mut self, member: &str) -> Self {
        for told in &mut self.0.errors {
            told.pointer = format!("#/{member}{}", told.pointer.trim_start_matches('#'));
            shorten(&mut told.pointer, POINTER_BYTES);
        }
        self
    }

    /// What is wrong with which members.
    pub fn errors(&self) -> &[FieldError] {
        &self.0.errors
    }

    /// What happened, for a person to read.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// What to write into the log, once.
    pub fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// Whether it came of a lost database connection.
    pub fn is_disconnection(&self) -> bool {
        self.0.disconnected
    }

    /// The answer, with what only the door knows: the request id.
    pub fn response(&self, request_id: &str) -> HttpResponse {
        let inner = &self.0;
        let problem = Problem {
            r#type: format!("/docs/problems/{}", inner.kind.slug()),
            title: inner.kind.title(),
            status: inner.kind.status().as_u16(),
            detail: &inner.detail,
            instance: format!("urn:approdo:request:{request_id}"),
            errors: &inner.errors,
            unmet_guards: &inner.unmet_guards,
            current_version: inner.current_version,
            error: inner.oauth_error,
            error_description: inner.oauth_error.map(|_| inner.detail.as_ref()),
        };
        let mut response = HttpResponse::build(inner.kind.status());
        response.insert_header((header::CONTENT_TYPE, "application/problem+json"));
        match inner.kind {
            Kind::InvalidToken => {
                response.insert_header((header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\""));
            }
            Kind::InvalidClient => {
                response.insert_header((header::WWW_AUTHENTICATE, "Basic realm=\"approdo\""));
            }
            Kind::InsufficientScope => {
                response.insert_header((header::WWW_AUTHENTICATE, "Bearer error=\"insufficient_scope\""));
            }
            _ => {}
        }
        if let Some(seconds) = inner.retry_after {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        for (name, value) in &inner.headers {
            response.insert_header((name.clone(), value.as_str()));
        }
        response.body(serde_json::to_vec(&problem).unwrap_or_default())
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0.kind.status().as_u16(), self.0.kind.slug())
    }
}

impl std::error::Error for ApiError {}

impl actix_web::ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.0.kind.status()
    }

    // The door renders the body again with the request id; this one is for errors that never reach it.
    fn error_response(&self) -> HttpResponse {
        self.response("unknown")
    }
}

impl From<DieselError> for ApiError {
    fn from(error: DieselError) -> Self {
        if let Some(unavailable) = Unavailable::of(&error) {
            let mut answer = match unavailable {
                Unavailable::Disconnected => Self::unavailable("the database is away"),
                Unavailable::Busy => Self::unavailable("another request holds what this one needs"),
            };
            answer.0.cause = Some(error.to_string());
            answer.0.disconnected = unavailable == Unavailable::Disconnected;
            return answer;
        }
        match error {
            DieselError::NotFound => Self::not_found(),
            DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => {
                Self::conflict("something with the same unique value exists already")
            }
            other => Self::fault(other),
        }
    }
}

impl From<r2d2::Error> for ApiError {
    fn from(error: r2d2::Error) -> Self {
        let mut answer = Self::unavailable("no database connection is free");
        answer.0.cause = Some(error.to_string());
        answer
    }
}
