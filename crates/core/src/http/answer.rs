//! A success: status, headers and a body that is serialised where the connection is, off the async threads.

use std::cell::Cell;
use std::fmt;
use std::pin::Pin;

use actix_web::body::{BoxBody, SizedStream};
use actix_web::http::{StatusCode, header};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, Responder};
use futures_util::Stream;
use serde::Serialize;

use crate::error::{ApiError, ApiResult};

/// A body that is made while it is sent. An error breaks the connection off: no reader takes what it has for the whole.
pub type Chunks = Pin<Box<dyn Stream<Item = ApiResult<Bytes>> + Send>>;

/// Bytes of a draft that a thread keeps for the next.
const KEPT_DRAFT: usize = 256 * 1024;

thread_local! {
    static DRAFT: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// What an answer carries.
enum Content {
    Nothing,
    Text(&'static str, Vec<u8>),
    Stream(&'static str, Chunks),
    File(&'static str, u64, Chunks),
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing"),
            Self::Text(content_type, text) => write!(f, "{} bytes of {content_type}", text.len()),
            Self::Stream(content_type, _) => write!(f, "a stream of {content_type}"),
            Self::File(content_type, length, _) => write!(f, "{length} bytes of {content_type}"),
        }
    }
}

/// What a handler gives back.
#[derive(Debug)]
pub struct Answer {
    status: StatusCode,
    content: Content,
    etag: Option<String>,
    location: Option<String>,
    headers: Vec<(header::HeaderName, String)>,
    cache_control: &'static str,
}

impl Answer {
    fn with(status: StatusCode, content: Content) -> Self {
        // Nearly everything here is about people: nothing is stored unless a handler says otherwise.
        Self { status, content, etag: None, location: None, headers: Vec::new(), cache_control: "no-store" }
    }

    /// 200 with a body.
    pub fn ok(body: &impl Serialize) -> ApiResult<Self> {
        Self::json(StatusCode::OK, body)
    }

    /// 200 with a text that is there.
    pub fn text(content_type: &'static str, text: String) -> Self {
        Self::with(StatusCode::OK, Content::Text(content_type, text.into_bytes()))
    }

    /// 200 with a body that is made while it is sent.
    pub fn stream(content_type: &'static str, chunks: Chunks) -> Self {
        Self::with(StatusCode::OK, Content::Stream(content_type, chunks))
    }

    /// 200 with a body of so many bytes that is read while it is sent.
    pub fn file(content_type: &'static str, length: u64, chunks: Chunks) -> Self {
        Self::with(StatusCode::OK, Content::File(content_type, length, chunks))
    }

    /// 201 with the address of what was made.
    pub fn created(location: String, body: &impl Serialize) -> ApiResult<Self> {
        let mut answer = Self::json(StatusCode::CREATED, body)?;
        answer.location = Some(location);
        Ok(answer)
    }

    /// 202 with the address of what the work goes on as.
    pub fn accepted(location: String, body: &impl Serialize) -> ApiResult<Self> {
        let mut answer = Self::json(StatusCode::ACCEPTED, body)?;
        answer.location = Some(location);
        Ok(answer)
    }

    /// The same as 303, with the address of what there is instead; what is not modified stays so.
    pub fn see_other(mut self, location: String) -> Self {
        if self.status == StatusCode::OK {
            self.status = StatusCode::SEE_OTHER;
            self.location = Some(location);
        }
        self
    }

    /// 204.
    pub fn no_content() -> Self {
        Self::with(StatusCode::NO_CONTENT, Content::Nothing)
    }

    /// 304 for a reader that has this representation already.
    pub fn not_modified(etag: String) -> Self {
        let mut answer = Self::with(StatusCode::NOT_MODIFIED, Content::Nothing);
        answer.etag = Some(etag);
        answer
    }

    fn json(status: StatusCode, body: &impl Serialize) -> ApiResult<Self> {
        // Written where the last answer of this thread was, which has the room, and taken from there in one piece of its own size.
        let mut draft = DRAFT.take();
        draft.clear();
        serde_json::to_writer(&mut draft, body).map_err(ApiError::fault)?;
        let text = draft.as_slice().to_vec();
        if draft.capacity() <= KEPT_DRAFT {
            DRAFT.set(draft);
        }
        Ok(Self::with(status, Content::Text("application/json", text)))
    }

    pub fn etag(mut self, etag: String) -> Self {
        self.etag = Some(etag);
        self
    }

    pub fn header(mut self, name: header::HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// For what is not personal and changes rarely.
    pub fn cacheable(mut self, cache_control: &'static str) -> Self {
        self.cache_control = cache_control;
        self
    }
}

impl Responder for Answer {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        response.insert_header((header::CACHE_CONTROL, self.cache_control));
        if let Some(etag) = self.etag {
            response.insert_header((header::ETAG, etag));
        }
        if let Some(location) = self.location {
            response.insert_header((header::LOCATION, location));
        }
        for (name, value) in self.headers {
            response.insert_header((name, value));
        }
        match self.content {
            Content::Text(content_type, text) => {
                response.insert_header((header::CONTENT_TYPE, content_type)).body(text)
            }
            Content::Stream(content_type, chunks) => {
                response.insert_header((header::CONTENT_TYPE, content_type)).streaming(chunks)
            }
            // Named, so that the layer that compresses answers leaves it, and its length, alone.
            Content::File(content_type, length, chunks) => response
                .insert_header((header::CONTENT_TYPE, content_type))
                .insert_header((header::CONTENT_ENCODING, "identity"))
                .body(SizedStream::new(length, chunks)),
            Content::Nothing => response.finish(),
        }
    }
}
