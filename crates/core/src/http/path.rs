//! Ids in paths: any RFC 9562 UUID is well-formed; anything else is 400, before any look-up.

use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use uuid::Uuid;

use crate::error::ApiError;

/// The last id in the path, as an id of kind `T`.
#[derive(Debug)]
pub struct Id<T>(pub T);

/// The first and the last id of a path that has two.
#[derive(Debug)]
pub struct Ids<A, B>(pub A, pub B);

fn parse(text: &str) -> Result<Uuid, ApiError> {
    // Only the canonical, hyphenated form: one resource has one address.
    if text.len() == 36 { Uuid::try_parse(text).ok() } else { None }
        .ok_or_else(|| ApiError::malformed("the id in the path is not a UUID"))
}

fn ids(request: &HttpRequest) -> Result<Vec<Uuid>, ApiError> {
    request.match_info().iter().filter(|(name, _)| name.ends_with("_id")).map(|(_, text)| parse(text)).collect()
}

impl<T: From<Uuid>> FromRequest for Id<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(ids(request).and_then(|ids| match ids.last() {
            Some(id) => Ok(Self(T::from(*id))),
            None => Err(ApiError::fault("the route has no id")),
        }))
    }
}

impl<A: From<Uuid>, B: From<Uuid>> FromRequest for Ids<A, B> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(ids(request).and_then(|ids| match ids.as_slice() {
            [first, .., last] => Ok(Self(A::from(*first), B::from(*last))),
            _ => Err(ApiError::fault("the route has fewer than two ids")),
        }))
    }
}

/// The language that a path names.
#[derive(Debug)]
pub struct LanguageOf(pub String);

impl FromRequest for LanguageOf {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let language = request.match_info().get("language").unwrap_or_default();
        ready(if is_language(language) {
            Ok(Self(language.to_owned()))
        } else {
            Err(ApiError::malformed("the language in the path is not a code of ISO 639"))
        })
    }
}

/// Whether a text is written as a code of ISO 639.
pub fn is_language(text: &str) -> bool {
    matches!(text.len(), 2 | 3) && text.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// The last segment of the path that varies, as text.
#[derive(Debug)]
pub struct Segment(pub String, PhantomData<()>);

impl FromRequest for Segment {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = request.match_info().iter().last().map(|(_, text)| text.to_owned()).unwrap_or_default();
        ready(if text.contains('\0') || text.contains("%00") {
            Err(ApiError::malformed("the path holds a character it may not"))
        } else {
            Ok(Self(text, PhantomData))
        })
    }
}
