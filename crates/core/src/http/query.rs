//! Query parameters: unknown ones are 400, keys may repeat, and reading waits until rights are known.

use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::{FromRequest, HttpMessage as _, HttpRequest, dev::Payload};
use serde::de::DeserializeOwned;
use validator::Validate;

use crate::error::{ApiError, ApiResult};

/// Left in a request whose query somebody reads; the door refuses one that nobody does.
#[derive(Debug, Clone, Copy)]
pub struct QueryTaken;

/// Query parameters that have not been read yet.
#[derive(Debug)]
pub struct Parameters<T> {
    raw: String,
    path: String,
    target: PhantomData<fn() -> T>,
}

impl<T> Clone for Parameters<T> {
    fn clone(&self) -> Self {
        Self { raw: self.raw.clone(), path: self.path.clone(), target: PhantomData }
    }
}

impl<T: DeserializeOwned + Validate> Parameters<T> {
    /// Reads them: 400 for what is unknown, of the wrong form or out of bounds.
    pub fn read(&self) -> ApiResult<T> {
        if self.raw.contains("%00") || self.raw.contains('\0') {
            return Err(ApiError::malformed("a query parameter holds the character U+0000"));
        }
        let parameters: T = serde_html_form::from_str(&self.raw)
            .map_err(|error| ApiError::malformed(format!("query parameters: {error}")))?;
        parameters.validate().map_err(|errors| {
            let names: Vec<String> = errors.errors().keys().map(ToString::to_string).collect();
            ApiError::malformed(format!("query parameters out of bounds: {}", names.join(", ")))
        })?;
        Ok(parameters)
    }
}

impl<T> Parameters<T> {
    /// The query as it came, for links.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// The path as it came, for links.
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl<T> FromRequest for Parameters<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        request.extensions_mut().insert(QueryTaken);
        ready(Ok(Self { raw: request.query_string().to_owned(), path: request.path().to_owned(), target: PhantomData }))
    }
}

/// For operations without parameters of their own.
#[derive(Debug, serde::Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct None {}
