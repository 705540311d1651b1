//! Access tokens: JWTs signed with ES256 (RFC 9068, RFC 8725). Verified ones are remembered, bounded, by their digest.

use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::access::keys::Keys;
use crate::access::{ActorKind, PrincipalId, SessionId};
use crate::clock;
use crate::error::{ApiError, ApiResult, Kind};

/// Seconds by which clocks may differ.
const CLOCK_SKEW: u64 = 60;
const REMEMBERED: usize = 10_000;
const TYPE: &str = "at+jwt";
/// Who the tokens are for.
pub const AUDIENCE: &str = "approdo";

/// What an access token says.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: PrincipalId,
    /// The session it belongs to: revoking that ends the token.
    sid: SessionId,
    client_id: String,
    kind: ActorKind,
    iat: i64,
    exp: i64,
    jti: uuid::Uuid,
}

/// Whoever a verified token speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bearer {
    pub principal: PrincipalId,
    pub session: SessionId,
    pub kind: ActorKind,
    expires_at: i64,
}

impl Bearer {
    /// The deployment itself, which needs no token.
    pub fn of_system() -> Self {
        let session = SessionId(uuid::Uuid::nil());
        Self { principal: crate::access::SYSTEM, session, kind: ActorKind::System, expires_at: i64::MAX }
    }
}

/// Makes and verifies access tokens.
pub struct Tokens {
    issuer: String,
    lifetime_seconds: i64,
    verified: Cache<[u8; 32], Bearer>,
}

impl Tokens {
    pub fn new(issuer: String, lifetime_seconds: i64) -> Self {
        Self { issuer, lifetime_seconds, verified: Cache::new(REMEMBERED) }
    }

    /// Forgets which tokens were verified: a key has been retired.
    pub fn forget_verified(&self) {
        self.verified.clear();
    }

    /// Seconds a token lives.
    pub fn lifetime(&self) -> i64 {
        self.lifetime_seconds
    }

    pub fn issue(&self, keys: &Keys, principal: PrincipalId, session: SessionId, kind: ActorKind) -> ApiResult<String> {
        let (kid, key) = keys.signing()?;
        let now = clock::now().instant().timestamp();
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub: principal,
            sid: session,
            client_id: if kind == ActorKind::ApiClient { principal.to_string() } else { AUDIENCE.to_owned() },
            kind,
            iat: now,
            exp: now + self.lifetime_seconds,
            jti: uuid::Uuid::now_v7(),
        };
        let header = Header { typ: Some(TYPE.to_owned()), kid: Some(kid), ..Header::new(Algorithm::ES256) };
        encode(&header, &claims, &key).map_err(ApiError::fault)
    }

    /// Whom a token speaks for. Everything wrong with a token gets one answer.
    pub fn verify(&self, keys: &Keys, token: &str) -> ApiResult<Bearer> {
        let refused = || ApiError::new(Kind::InvalidToken, "the access token is missing, invalid or expired");
        let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let skew = i64::try_from(CLOCK_SKEW).unwrap_or_default();
        let bearer = match self.verified.get(&digest) {
            Some(bearer) => bearer,
            None => {
                let bearer = self.verify_signature(keys, token).ok_or_else(refused)?;
                self.verified.insert(digest, bearer);
                bearer
            }
        };
        if clock::now().instant().timestamp() >= bearer.expires_at + skew {
            return Err(refused());
        }
        Ok(bearer)
    }

    fn verify_signature(&self, keys: &Keys, token: &str) -> Option<Bearer> {
        let header = decode_header(token).ok()?;
        if !header.typ.as_deref().is_some_and(|typ| typ.eq_ignore_ascii_case(TYPE)) || header.crit.is_some() {
            return None;
        }
        let key = keys.verifying(header.kid.as_deref()?)?;
        let mut validation = Validation::new(Algorithm::ES256);
        validation.leeway = CLOCK_SKEW;
        validation.validate_nbf = true;
        validation.set_audience(&[AUDIENCE]);
        validation.set_issuer(&[&self.issuer]);
        validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
        let claims: Claims = decode(token, &key, &validation).ok()?.claims;
        Some(Bearer { principal: claims.sub, session: claims.sid, kind: claims.kind, expires_at: claims.exp })
    }
}
