//! Conditional requests (RFC 9110, 13): `ETag` is `"<version>.<view>"`. The version guards writes; the view, a digest of
//! everything else that shapes the representation, keeps a 304 from ever being stale.

use std::future::{Ready, ready};

use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, dev::Payload};
use sha2::{Digest as _, Sha256};

use crate::error::{ApiError, ApiResult, Kind};

/// What shapes a representation besides the row's version.
#[derive(Debug, Clone, Default)]
pub struct View<'a> {
    pub fields: &'a str,
    pub embed: &'a str,
    pub language: &'a str,
    pub coding: &'a str,
    pub principal: uuid::Uuid,
    pub auth_epoch: i64,
}

impl View<'_> {
    /// The tag of this view of a version.
    pub fn tag(&self, version: i64) -> String {
        let mut digest = Sha256::new();
        for part in [self.fields, self.embed, self.language, self.coding] {
            digest.update(part.as_bytes());
            digest.update([0]);
        }
        digest.update(self.principal.as_bytes());
        digest.update(self.auth_epoch.to_be_bytes());
        let digest = digest.finalize();
        let view = digest.iter().take(6).fold(String::with_capacity(12), |mut text, byte| {
            use std::fmt::Write as _;
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        });
        format!("\"{version}.{view}\"")
    }
}

/// `If-Match`: compares the version alone; `*` asks only that the row exists; weak tags never match.
#[derive(Debug, Clone)]
pub struct IfMatch(Option<String>);

impl IfMatch {
    /// 428 when it is missing, 412 with the present version when no tag names it.
    pub fn check(&self, version: i64) -> ApiResult<()> {
        let Some(value) = &self.0 else {
            return Err(ApiError::new(Kind::PreconditionRequired, "send If-Match with the ETag you last read")
                .current_version(version));
        };
        if tags(value).any(|tag| tag == "*" || tag_version(tag) == Some(version)) {
            Ok(())
        } else {
            Err(ApiError::new(Kind::PreconditionFailed, "the resource has another version now")
                .current_version(version))
        }
    }

    /// 428 when it is missing; whatever it names.
    pub fn require_sent(&self, version: i64) -> ApiResult<()> {
        let any = Self(self.0.as_ref().map(|_| "*".to_owned()));
        any.check(version)
    }

    /// The same where it need not be sent.
    pub fn check_if_sent(&self, version: i64) -> ApiResult<()> {
        if self.0.is_some() { self.check(version) } else { Ok(()) }
    }

    /// 412 where it was sent and there is nothing it could match.
    pub fn check_absent(&self) -> ApiResult<()> {
        match &self.0 {
            Some(_) => Err(ApiError::new(Kind::PreconditionFailed, "there is no such resource yet")),
            None => Ok(()),
        }
    }
}

/// `If-None-Match` of a reader that may have the representation already.
#[derive(Debug, Clone)]
pub struct IfNoneMatch(Option<String>);

impl IfNoneMatch {
    /// Whether the reader holds this very representation.
    pub fn holds(&self, etag: &str) -> bool {
        self.0.as_deref().is_some_and(|value| tags(value).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag))
    }
}

fn tags(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(str::trim)
}

fn tag_version(tag: &str) -> Option<i64> {
    let opaque = tag.strip_prefix('"')?.strip_suffix('"')?;
    opaque.split('.').next()?.parse().ok()
}

fn text(request: &HttpRequest, name: header::HeaderName) -> Result<Option<String>, ApiError> {
    let mut values = request.headers().get_all(&name).peekable();
    if values.peek().is_none() {
        return Ok(None);
    }
    let values: Result<Vec<&str>, _> = values.map(header::HeaderValue::to_str).collect();
    match values {
        Ok(values) => Ok(Some(values.join(","))),
        Err(_) => Err(ApiError::malformed(format!("the header {name} is not text"))),
    }
}

macro_rules! from_header {
    ($type:ident, $header:expr) => {
        impl $type {
            /// The value of the header, where it was sent.
            pub fn of(value: Option<&str>) -> Self {
                Self(value.map(str::to_owned))
            }
        }

        impl FromRequest for $type {
            type Error = ApiError;
            type Future = Ready<Result<Self, ApiError>>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                ready(text(request, $header).map(Self))
            }
        }
    };
}
from_header!(IfMatch, header::IF_MATCH);
from_header!(IfNoneMatch, header::IF_NONE_MATCH);
