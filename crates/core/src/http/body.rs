//! Request bodies. They are taken in as bytes and read only after the caller's rights are known, so that a caller who
//! may not do a thing learns nothing about how to say it (api.md, "Errors": the order of checks).

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, dev::Payload, web};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use validator::{Validate, ValidationErrors, ValidationErrorsKind};

use crate::error::{ApiError, ApiResult, FieldError, Kind};
use crate::http::objects::Objects;

/// Bytes a JSON body may have.
pub const LIMIT: usize = 1024 * 1024;

/// A body that has not been read yet.
#[derive(Debug)]
pub struct Body<T> {
    bytes: web::Bytes,
    path: String,
    media_type: Option<String>,
    target: PhantomData<fn() -> T>,
}

/// What a request body can be: closed, bounded, described.
pub trait Checked: DeserializeOwned + Validate {
    /// The media type it must be sent as.
    const MEDIA_TYPE: &'static str = "application/json";
}

impl<T> Body<T> {
    /// Tells requests apart for `Idempotency-Key`: what was said, and to which resource.
    pub fn fingerprint(&self) -> [u8; 32] {
        Sha256::new_with_prefix(&self.path).chain_update([0]).chain_update(&self.bytes).finalize().into()
    }
}

impl<T: Checked> Body<T> {
    /// Reads and validates: 415 for another media type, 400 for what is not JSON, 422 with pointers for the rest.
    pub fn read(&self) -> ApiResult<T> {
        let media_type = self.media_type.as_deref().unwrap_or_default();
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case(T::MEDIA_TYPE) {
            let mut error = ApiError::new(Kind::UnsupportedMediaType, format!("send {}", T::MEDIA_TYPE));
            if T::MEDIA_TYPE == "application/merge-patch+json" {
                error = error.header(header::HeaderName::from_static("accept-patch"), T::MEDIA_TYPE);
            }
            return Err(error);
        }
        parsed(&self.bytes)
    }
}

/// Holds members that were put together here to the same rules as a body that was sent.
pub fn checked<T: Checked>(members: &serde_json::Map<String, Value>) -> ApiResult<T> {
    parsed(&serde_json::to_vec(members).map_err(ApiError::fault)?)
}

fn parsed<T: Checked>(bytes: &[u8]) -> ApiResult<T> {
    refuse_null_characters(bytes)?;
    // Serde reads a union from an array as well, its tag first.
    if bytes.trim_ascii_start().starts_with(b"[") {
        refuse_values(bytes, "must be an object", Value::is_array)?;
    }
    if T::MEDIA_TYPE != "application/merge-patch+json" {
        refuse_nulls(bytes)?;
    }
    let mut source = serde_json::Deserializer::from_slice(bytes);
    let value: T = serde_path_to_error::deserialize(Objects(&mut source)).map_err(|error| {
        let pointer = pointer(error.path());
        let cause = error.into_inner();
        if cause.is_data() {
            ApiError::invalid(vec![FieldError { pointer, detail: told(&cause) }])
        } else {
            ApiError::malformed(format!("the body is not JSON: line {}, column {}", cause.line(), cause.column()))
        }
    })?;
    source.end().map_err(|_| ApiError::malformed("something follows the JSON value"))?;
    value.validate().map_err(|errors| ApiError::invalid(flatten(&errors, "#")))?;
    Ok(value)
}

// serde's sentence ends in " at line 1 column 20", which a pointer says better.
fn told(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

// PostgreSQL's text cannot hold U+0000; neither database should be asked to.
pub fn refuse_null_characters(bytes: &[u8]) -> ApiResult<()> {
    if !bytes.windows(6).any(|window| window == b"\\u0000") {
        return Ok(());
    }
    refuse_values(bytes, "holds the character U+0000", |value| match value {
        Value::String(text) => text.contains('\0'),
        Value::Object(members) => members.keys().any(|name| name.contains('\0')),
        _ => false,
    })
}

// Only a merge patch says null. Serde reads it as an absent option, and the contract has no such value.
fn refuse_nulls(bytes: &[u8]) -> ApiResult<()> {
    if !bytes.windows(4).any(|window| window == b"null") {
        return Ok(());
    }
    refuse_values(bytes, "must not be null: leave it out", Value::is_null)
}

/// 422 for the first value that is so. What is not JSON is for the reader to refuse.
fn refuse_values(bytes: &[u8], detail: &str, refused: fn(&Value) -> bool) -> ApiResult<()> {
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else { return Ok(()) };
    match find(&value, "#", refused) {
        Some(pointer) => Err(ApiError::invalid(vec![FieldError { pointer, detail: detail.into() }])),
        None => Ok(()),
    }
}

fn find(value: &Value, at: &str, wanted: fn(&Value) -> bool) -> Option<String> {
    if wanted(value) {
        return Some(at.to_owned());
    }
    match value {
        Value::Array(items) => {
            items.iter().enumerate().find_map(|(index, item)| find(item, &format!("{at}/{index}"), wanted))
        }
        Value::Object(members) => {
            members.iter().find_map(|(name, item)| find(item, &format!("{at}/{}", escaped(name)), wanted))
        }
        _ => None,
    }
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter().fold("#".to_owned(), |pointer, segment| match segment {
        Segment::Seq { index } => format!("{pointer}/{index}"),
        Segment::Map { key } => format!("{pointer}/{}", escaped(key)),
        Segment::Enum { .. } | Segment::Unknown => pointer,
    })
}

/// The validator's nested tree as a flat list with pointers that begin at `at`.
pub fn flatten(errors: &ValidationErrors, at: &str) -> Vec<FieldError> {
    let mut list = Vec::new();
    collect(errors, at, &mut list);
    list.sort_by(|a, b| a.pointer.cmp(&b.pointer));
    list
}

fn collect(errors: &ValidationErrors, at: &str, list: &mut Vec<FieldError>) {
    for (name, kind) in errors.errors() {
        let pointer = if name == "__all__" { at.to_owned() } else { format!("{at}/{name}") };
        match kind {
            ValidationErrorsKind::Field(errors) => list.extend(errors.iter().map(|error| FieldError {
                pointer: pointer.clone(),
                detail: error.message.as_deref().map_or_else(|| described(error), str::to_owned),
            })),
            ValidationErrorsKind::Struct(nested) => collect(nested, &pointer, list),
            ValidationErrorsKind::List(items) => {
                for (index, nested) in items {
                    collect(nested, &format!("{pointer}/{index}"), list);
                }
            }
        }
    }
}

fn described(error: &validator::ValidationError) -> String {
    let parameter = |name: &str| error.params.get(name).map(ToString::to_string);
    match error.code.as_ref() {
        "length" => match (parameter("min"), parameter("max")) {
            (Some(min), Some(max)) => format!("must have {min} to {max} characters or items"),
            (Some(min), None) => format!("must have at least {min} characters or items"),
            (None, Some(max)) => format!("must have at most {max} characters or items"),
            (None, None) => "has the wrong length".into(),
        },
        "range" => match (parameter("min"), parameter("max")) {
            (Some(min), Some(max)) => format!("must be from {min} to {max}"),
            (Some(min), None) => format!("must be at least {min}"),
            (None, Some(max)) => format!("must be at most {max}"),
            (None, None) => "is out of range".into(),
        },
        "email" => "is not an e-mail address".into(),
        code => format!("is not valid ({code})"),
    }
}

impl<T: 'static> FromRequest for Body<T> {
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Self::Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media_type =
            request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let path = request.path().to_owned();
        let bytes = web::Bytes::from_request(request, payload);
        Box::pin(async move { Ok(Self { bytes: bytes.await?, path, media_type, target: PhantomData }) })
    }
}
