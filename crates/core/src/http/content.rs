//! Request bodies that are files: told by their headers, and read portion by portion by whoever wants them.

use std::future::{Ready, ready};

use actix_web::http::header::{self, HeaderName};
use actix_web::{FromRequest, HttpRequest, dev::Payload};

use crate::error::{ApiError, ApiResult, Kind};

/// A file that is being sent.
pub struct Content {
    pub head: ContentHead,
    pub payload: Payload,
}

/// What its headers say of it.
#[derive(Debug, Clone)]
pub struct ContentHead {
    media_type: Option<String>,
    coded: bool,
    /// Bytes, where that was said.
    pub length: Option<i64>,
}

impl ContentHead {
    fn of(request: &HttpRequest) -> Self {
        let text = |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
        Self {
            media_type: text(header::CONTENT_TYPE).map(str::to_owned),
            coded: text(header::CONTENT_ENCODING).is_some_and(|coding| !coding.eq_ignore_ascii_case("identity")),
            length: text(header::CONTENT_LENGTH).and_then(|length| length.parse().ok()),
        }
    }

    /// 415 unless it is said to be of this media type, in UTF-8 where it is text, and as it is: without a content coding.
    pub fn require(&self, media_type: &str) -> ApiResult<()> {
        self.require_any(&[media_type]).map(drop)
    }

    /// The same of several media types; gives the one it is said to be.
    pub fn require_any<'a>(&self, media_types: &[&'a str]) -> ApiResult<&'a str> {
        let mut parts = self.media_type.as_deref().unwrap_or_default().split(';').map(str::trim);
        let named = parts.next().unwrap_or_default();
        let known = media_types.iter().find(|media_type| named.eq_ignore_ascii_case(media_type));
        let charset = parts.find_map(|part| part.to_ascii_lowercase().strip_prefix("charset=").map(str::to_owned));
        let known = known.filter(|_| charset.is_none_or(|charset| charset.trim_matches('"') == "utf-8"));
        let Some(known) = known else {
            let detail = format!("send {}, as is declared", media_types.join(" or "));
            return Err(ApiError::new(Kind::UnsupportedMediaType, detail));
        };
        if self.coded {
            let error = ApiError::new(Kind::UnsupportedMediaType, "send it without a content coding");
            return Err(error.header(header::ACCEPT_ENCODING, "identity"));
        }
        Ok(known)
    }
}

impl FromRequest for Content {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(Ok(Self { head: ContentHead::of(request), payload: payload.take() }))
    }
}

/// A file's name as `Content-Disposition` tells it (RFC 6266, in the coding of RFC 8187).
pub fn disposition(file_name: &str) -> String {
    let mut text = String::from("attachment; filename*=UTF-8''");
    for byte in file_name.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            use std::fmt::Write as _;
            // Writing to a String cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}
