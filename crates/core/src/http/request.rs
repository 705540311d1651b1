//! What every request carries besides its own content: id, purpose, language, idempotency key.

use actix_web::http::header::{self, HeaderMap};
use actix_web::{HttpMessage as _, HttpRequest};

use crate::error::ApiError;
use crate::http::path::is_language;

/// The id of this request, in its answer, its log line and its records.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

impl RequestId {
    /// The caller's id where it is a plain token of at most 64 characters, else a new one.
    pub fn of(headers: &HeaderMap) -> Self {
        let given = headers.get("request-id").and_then(|value| value.to_str().ok()).filter(|id| {
            (1..=64).contains(&id.len())
                && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        });
        Self(given.map_or_else(|| uuid::Uuid::now_v7().to_string(), str::to_owned))
    }
}

/// The languages labels exist in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    It,
    De,
    En,
}

impl Language {
    /// The best of our languages for an `Accept-Language` (RFC 9110, 12.5.4); English when none fits.
    pub fn negotiate(accepted: &str) -> Self {
        let mut best = (0.0_f32, Self::En);
        for item in accepted.split(',') {
            let mut parts = item.split(';').map(str::trim);
            let tag = parts.next().unwrap_or_default().to_ascii_lowercase();
            let quality =
                parts.find_map(|part| part.strip_prefix("q=")).map_or(1.0, |quality| quality.parse().unwrap_or(0.0));
            let language = match tag.split('-').next() {
                Some("it") => Self::It,
                Some("de") => Self::De,
                Some("en") => Self::En,
                _ => continue,
            };
            if quality > best.0 {
                best = (quality, language);
            }
        }
        best.1
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::It => "it",
            Self::De => "de",
            Self::En => "en",
        }
    }
}

/// The language that an `Accept-Language` prefers to all others, the first of several (RFC 9110, 12.5.4).
pub fn preferred(accepted: &str) -> Option<String> {
    let mut best: Option<(f32, String)> = None;
    for item in accepted.split(',') {
        let mut parts = item.split(';').map(str::trim);
        let tag = parts.next().unwrap_or_default().split('-').next().unwrap_or_default().to_ascii_lowercase();
        let quality =
            parts.find_map(|part| part.strip_prefix("q=")).map_or(1.0, |quality| quality.parse().unwrap_or(0.0));
        if quality > best.as_ref().map_or(0.0, |(so_far, _)| *so_far) {
            best = Some((quality, tag));
        }
    }
    best.map(|(_, tag)| tag).filter(|tag| is_language(tag))
}

/// Why data is accessed where the caller does not say.
pub const DEFAULT_PURPOSE: &str = "case_work";

/// Everything about the request that the write path and the records want to know.
#[derive(Debug, Clone)]
pub struct RequestContext {
    pub id: String,
    pub purpose: String,
    /// Whether the request says so itself.
    pub states_purpose: bool,
    pub language: Language,
    /// The language that the request prefers to all others, by ISO 639, where it says so: also one that labels do not exist in.
    pub preferred: Option<String>,
    /// The content coding the answer will have: part of the view an `ETag` names.
    pub coding: &'static str,
    pub idempotency_key: Option<String>,
}

impl RequestContext {
    /// For work no request asked for.
    pub fn internal(purpose: &str) -> Self {
        Self {
            id: uuid::Uuid::now_v7().to_string(),
            purpose: purpose.to_owned(),
            states_purpose: true,
            language: Language::En,
            preferred: None,
            coding: "",
            idempotency_key: None,
        }
    }

    /// What the request carries, and what of it cannot be used: told once the caller's rights are known.
    pub fn of(request: &HttpRequest) -> (Self, Result<(), ApiError>) {
        let headers = request.headers();
        let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("\u{fffd}"));
        let id = request.extensions().get::<RequestId>().map_or_else(|| RequestId::of(headers).0, |id| id.0.clone());
        let key = text("idempotency-key").map(idempotency_key).transpose();
        let accepts_gzip = text(header::ACCEPT_ENCODING.as_str()).is_some_and(|value| value.contains("gzip"));
        let accepted = text(header::ACCEPT_LANGUAGE.as_str()).unwrap_or_default();
        let context = Self {
            id,
            purpose: text("access-purpose").unwrap_or(DEFAULT_PURPOSE).to_owned(),
            states_purpose: text("access-purpose").is_some(),
            language: Language::negotiate(accepted),
            preferred: preferred(accepted),
            coding: if accepts_gzip { "gzip" } else { "" },
            idempotency_key: key.as_ref().ok().cloned().flatten(),
        };
        (context, key.map(drop))
    }
}

/// An `Idempotency-Key` (draft 07): a structured-field string; a bare token is accepted as well.
fn idempotency_key(value: &str) -> Result<String, ApiError> {
    let value = value.trim();
    let bare = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value);
    let fits = (1..=64).contains(&bare.len())
        && bare.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte));
    if fits {
        Ok(bare.to_owned())
    } else {
        Err(ApiError::malformed("Idempotency-Key is not a UUID or token of at most 64 characters"))
    }
}
