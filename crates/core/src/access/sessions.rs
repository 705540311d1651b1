//! Sessions, refresh tokens (rotated, reuse detected) and single-use tokens. Tokens are kept as digests.

use approdo_db::schema::{one_time_tokens, refresh_tokens, sessions};
use approdo_db::{Connection, Timestamp, text_enum};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use diesel::prelude::*;
use sha2::{Digest as _, Sha256};

use crate::access::keys::random;
use crate::access::{PrincipalId, SessionId};
use crate::clock;
use crate::error::ApiResult;

/// Hours an invitation can be redeemed.
pub const INVITATION_HOURS: i64 = 72;
/// Hours a password reset can be redeemed.
pub const RESET_HOURS: i64 = 2;

text_enum! {
    /// What a single-use token is for.
    TokenPurpose {
        Invitation = "invitation",
        PasswordReset = "password_reset",
    }
}

impl TokenPurpose {
    fn hours(self) -> i64 {
        match self {
            Self::Invitation => INVITATION_HOURS,
            Self::PasswordReset => RESET_HOURS,
        }
    }
}

/// A secret of 256 random bits in URL-safe base64.
pub fn new_secret() -> ApiResult<String> {
    Ok(BASE64_URL_SAFE_NO_PAD.encode(random::<32>()?))
}

/// What is kept of a secret. It has 256 random bits, so a plain digest cannot be searched.
pub fn digest(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

/// Begins a session.
pub fn begin(
    connection: &mut Connection,
    principal: PrincipalId,
    now: Timestamp,
    seconds: i64,
) -> QueryResult<SessionId> {
    let id = SessionId::new();
    diesel::insert_into(sessions::table)
        .values((
            sessions::id.eq(id),
            sessions::principal_id.eq(principal),
            sessions::created_at.eq(now),
            sessions::expires_at.eq(clock::after(now, seconds)),
        ))
        .execute(connection)?;
    Ok(id)
}

/// Ends a session.
pub fn revoke(connection: &mut Connection, session: SessionId, now: Timestamp) -> QueryResult<usize> {
    diesel::update(sessions::table.find(session).filter(sessions::revoked_at.is_null()))
        .set(sessions::revoked_at.eq(now))
        .execute(connection)
}

/// Makes a refresh token of a session.
pub fn add_refresh_token(connection: &mut Connection, session: SessionId, now: Timestamp) -> ApiResult<String> {
    let secret = new_secret()?;
    diesel::insert_into(refresh_tokens::table)
        .values((
            refresh_tokens::token_hash.eq(digest(&secret)),
            refresh_tokens::session_id.eq(session),
            refresh_tokens::issued_at.eq(now),
        ))
        .execute(connection)?;
    Ok(secret)
}

/// The session a refresh token belongs to.
pub fn session_of(connection: &mut Connection, secret: &str) -> QueryResult<Option<SessionId>> {
    refresh_tokens::table.find(digest(secret)).select(refresh_tokens::session_id).first(connection).optional()
}

/// What became of a refresh token that was sent.
#[derive(Debug, PartialEq, Eq)]
pub enum Spent {
    Unknown,
    /// It was used before: a copy is about, and its session is ended.
    Reused(PrincipalId),
    Now(SessionId, PrincipalId),
}

/// Uses a refresh token up.
pub fn spend(connection: &mut Connection, secret: &str, now: Timestamp) -> QueryResult<Spent> {
    let found: Option<(SessionId, PrincipalId, Timestamp, Option<Timestamp>)> = refresh_tokens::table
        .inner_join(sessions::table.on(sessions::id.eq(refresh_tokens::session_id)))
        .filter(refresh_tokens::token_hash.eq(digest(secret)))
        .select((sessions::id, sessions::principal_id, sessions::expires_at, sessions::revoked_at))
        .first(connection)
        .optional()?;
    let Some((session, principal, expires_at, revoked_at)) = found else { return Ok(Spent::Unknown) };
    if revoked_at.is_some() || expires_at <= now {
        return Ok(Spent::Unknown);
    }
    let unused = refresh_tokens::table
        .filter(refresh_tokens::token_hash.eq(digest(secret)))
        .filter(refresh_tokens::used_at.is_null());
    if diesel::update(unused).set(refresh_tokens::used_at.eq(now)).execute(connection)? == 1 {
        return Ok(Spent::Now(session, principal));
    }
    revoke(connection, session, now)?;
    Ok(Spent::Reused(principal))
}

/// Makes a single-use token; earlier ones of the caller end.
pub fn add_one_time_token(
    connection: &mut Connection,
    principal: PrincipalId,
    purpose: TokenPurpose,
    now: Timestamp,
) -> ApiResult<(String, Timestamp)> {
    diesel::update(
        one_time_tokens::table
            .filter(one_time_tokens::principal_id.eq(principal))
            .filter(one_time_tokens::used_at.is_null()),
    )
    .set(one_time_tokens::used_at.eq(now))
    .execute(connection)?;
    let secret = new_secret()?;
    let expires_at = clock::after(now, purpose.hours() * 3600);
    diesel::insert_into(one_time_tokens::table)
        .values((
            one_time_tokens::token_hash.eq(digest(&secret)),
            one_time_tokens::principal_id.eq(principal),
            one_time_tokens::purpose.eq(purpose),
            one_time_tokens::expires_at.eq(expires_at),
        ))
        .execute(connection)?;
    Ok((secret, expires_at))
}

/// Uses a single-use token up; none where it is unknown, used or expired.
pub fn redeem(connection: &mut Connection, secret: &str, now: Timestamp) -> QueryResult<Option<PrincipalId>> {
    let token = one_time_tokens::table
        .filter(one_time_tokens::token_hash.eq(digest(secret)))
        .filter(one_time_tokens::used_at.is_null())
        .filter(one_time_tokens::expires_at.gt(now));
    let principal = token.clone().select(one_time_tokens::principal_id).first(connection).optional()?;
    let used = diesel::update(token).set(one_time_tokens::used_at.eq(now)).execute(connection)?;
    Ok(principal.filter(|_| used == 1))
}
