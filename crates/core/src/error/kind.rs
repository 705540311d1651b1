//! Kinds of refusals and faults: each has one status, one title, and one page of advice under `/docs/problems/`.

use actix_web::http::StatusCode;

/// What kind of refusal or fault it is; each has one status and one page under `/docs/problems/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    MalformedRequest,
    InvalidToken,
    InvalidClient,
    InvalidGrant,
    InsufficientScope,
    NotFound,
    MethodNotAllowed,
    NotAcceptable,
    Conflict,
    Gone,
    Restricted,
    PreconditionFailed,
    PayloadTooLarge,
    UnsupportedMediaType,
    Invalid,
    PreconditionRequired,
    TooManyRequests,
    HeadersTooLarge,
    Fault,
    Unavailable,
}

impl Kind {
    pub const ALL: [Self; 20] = [
        Self::MalformedRequest,
        Self::InvalidToken,
        Self::InvalidClient,
        Self::InvalidGrant,
        Self::InsufficientScope,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::NotAcceptable,
        Self::Conflict,
        Self::Gone,
        Self::Restricted,
        Self::PreconditionFailed,
        Self::PayloadTooLarge,
        Self::UnsupportedMediaType,
        Self::Invalid,
        Self::PreconditionRequired,
        Self::TooManyRequests,
        Self::HeadersTooLarge,
        Self::Fault,
        Self::Unavailable,
    ];

    pub fn status(self) -> StatusCode {
        match self {
            Self::MalformedRequest | Self::InvalidGrant => StatusCode::BAD_REQUEST,
            Self::InvalidToken | Self::InvalidClient => StatusCode::UNAUTHORIZED,
            Self::InsufficientScope => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::Conflict => StatusCode::CONFLICT,
            Self::Gone => StatusCode::GONE,
            Self::Restricted => StatusCode::LOCKED,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Self::PreconditionRequired => StatusCode::PRECONDITION_REQUIRED,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Fault => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The last segment of the problem's `type`.
    pub fn slug(self) -> &'static str {
        match self {
            Self::MalformedRequest => "malformed-request",
            Self::InvalidToken => "invalid-token",
            Self::InvalidClient => "invalid-client",
            Self::InvalidGrant => "invalid-grant",
            Self::InsufficientScope => "insufficient-scope",
            Self::NotFound => "not-found",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::NotAcceptable => "not-acceptable",
            Self::Conflict => "conflict",
            Self::Gone => "gone",
            Self::Restricted => "restricted",
            Self::PreconditionFailed => "precondition-failed",
            Self::PayloadTooLarge => "payload-too-large",
            Self::UnsupportedMediaType => "unsupported-media-type",
            Self::Invalid => "invalid",
            Self::PreconditionRequired => "precondition-required",
            Self::TooManyRequests => "too-many-requests",
            Self::HeadersTooLarge => "headers-too-large",
            Self::Fault => "fault",
            Self::Unavailable => "unavailable",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::MalformedRequest => "The request is malformed",
            Self::InvalidToken => "A valid access token is required",
            Self::InvalidClient => "The client credentials are not valid",
            Self::InvalidGrant => "The credentials or the token are not valid",
            Self::InsufficientScope => "You may not do this",
            Self::NotFound => "Not found",
            Self::MethodNotAllowed => "The method is not offered here",
            Self::NotAcceptable => "No acceptable representation",
            Self::Conflict => "The state does not allow this",
            Self::Gone => "No longer available",
            Self::Restricted => "The person's data may only be kept",
            Self::PreconditionFailed => "The resource has changed",
            Self::PayloadTooLarge => "The body is too large",
            Self::UnsupportedMediaType => "The media type is not supported",
            Self::Invalid => "The content is not valid",
            Self::PreconditionRequired => "If-Match is required",
            Self::TooManyRequests => "Too many requests",
            Self::HeadersTooLarge => "The headers are too large",
            Self::Fault => "Internal fault",
            Self::Unavailable => "Temporarily unavailable",
        }
    }

    /// What the page under `/docs/problems/` says.
    pub fn advice(self) -> &'static str {
        match self {
            Self::MalformedRequest => {
                "The request cannot be read: broken JSON, a path, query parameter, cursor or header of the wrong form. Correct the request; sending it again unchanged gives the same answer."
            }
            Self::InvalidToken => {
                "Send `Authorization: Bearer <token>` with an unexpired access token from POST /auth/token. Tokens end early when the session is revoked or the caller deactivated."
            }
            Self::InvalidClient => {
                "The client id or secret given to the token endpoint is wrong, or the client is deactivated."
            }
            Self::InvalidGrant => {
                "The user name, password, refresh token or single-use token is wrong, used or expired. The answer never tells which."
            }
            Self::InsufficientScope => {
                "None of your grants allows this action here. Ask an administrator of your organisation for a grant."
            }
            Self::NotFound => "There is nothing at this address, or nothing you may know of.",
            Self::MethodNotAllowed => {
                "The address exists, the method is not offered on it. The Allow header lists those that are."
            }
            Self::NotAcceptable => "Ask for one of the media types the contract names for this operation.",
            Self::Conflict => {
                "The request is well-formed, but the present state refuses it. `unmet_guards` names every condition that is not met; meet them and try again."
            }
            Self::Restricted => {
                "The processing of this person's data is restricted (GDPR art. 18): it is kept and can be read, but not changed, until the restriction is lifted by a transition of the person to `normal`."
            }
            Self::Gone => {
                "A cursor older than the feed keeps, or from another history of this deployment: read the lists again, then the feed from its end. Or a partner's link that was used, has expired, was revoked or is blocked (`unmet_guards` says which): ask whoever gave it for another one."
            }
            Self::PreconditionFailed => {
                "Someone changed the resource since you read it. Read it again, apply your change to the new version, and send its ETag in If-Match."
            }
            Self::PayloadTooLarge => "The body is larger than this operation accepts.",
            Self::UnsupportedMediaType => {
                "Send the media type the contract names: application/json for POST, application/merge-patch+json for PATCH."
            }
            Self::Invalid => {
                "The content was understood and is not valid. `errors` points (RFC 6901) at each member and says what is wrong with it. Also used when an Idempotency-Key is sent again with another body."
            }
            Self::PreconditionRequired => {
                "This operation changes a resource and needs If-Match with the ETag you last read, so that nobody's change is lost."
            }
            Self::TooManyRequests => "A request limit was reached. Wait as long as Retry-After says.",
            Self::HeadersTooLarge => "The request headers are larger than the server reads.",
            Self::Fault => {
                "A fault on our side. It was logged with the request id found in `instance`; report that id."
            }
            Self::Unavailable => {
                "The service cannot answer just now: overload, a restart, or its database is away. Try again after Retry-After. A write sent with an Idempotency-Key can be sent again without fear of doing it twice."
            }
        }
    }
}
