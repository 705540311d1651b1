//! The token endpoint (RFC 6749), revocation (RFC 7009), and the redemption of single-use tokens.

use actix_web::http::header;
use actix_web::{HttpRequest, post, web};
use approdo_db::Connection;
use approdo_db::schema::{api_clients, principals, users};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::recorder::{AccessEvent, AccessNote};
use crate::access::sessions::{self, Spent};
use crate::access::throttle::{self, Subject};
use crate::access::{ActorKind, PrincipalId, PrincipalStatus, SessionId, passwords, queries, users as people};
use crate::app::{App, blocking};
use crate::clock;
use crate::error::{ApiError, ApiResult, Kind};
use crate::http::{Answer, Body, Checked, Door};

/// How a token is asked for, as a form.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"grant_type": "password", "username": "maria", "password": "the password printed at start"}))]
pub struct TokenRequest {
    /// `password`, `refresh_token` or `client_credentials`.
    #[schema(pattern = "^(password|refresh_token|client_credentials)$", max_length = 32)]
    grant_type: String,
    /// Of a person, with `password`.
    #[validate(length(max = 120))]
    #[schema(nullable = false, max_length = 120)]
    username: Option<String>,
    /// Of a person, with `password`.
    #[validate(length(max = 256))]
    #[schema(nullable = false, max_length = 256, format = Password)]
    password: Option<String>,
    /// With `refresh_token`; each can be used once.
    #[validate(length(max = 120))]
    #[schema(nullable = false, max_length = 120)]
    refresh_token: Option<String>,
    /// Of a machine client, with `client_credentials`, unless sent by HTTP Basic.
    #[validate(length(max = 36))]
    #[schema(nullable = false, max_length = 36)]
    client_id: Option<String>,
    /// Of a machine client, with `client_credentials`, unless sent by HTTP Basic.
    #[validate(length(max = 120))]
    #[schema(nullable = false, max_length = 120, format = Password)]
    client_secret: Option<String>,
    /// Taken and ignored: what a caller may do is in its grants.
    #[validate(length(max = 200))]
    #[schema(nullable = false, max_length = 200)]
    scope: Option<String>,
}

/// A token as RFC 6749 (5.1) answers it.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenAnswer {
    /// A JWT (RFC 9068), for `Authorization: Bearer`.
    #[schema(max_length = 4096)]
    access_token: String,
    /// Always `Bearer`.
    #[schema(max_length = 6)]
    token_type: &'static str,
    /// Seconds the access token lives.
    #[schema(minimum = 60, maximum = 86400)]
    expires_in: i64,
    /// Gives the next access token, once. People only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 120)]
    refresh_token: Option<String>,
}

/// A token to revoke, as a form.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"token": "the access or refresh token", "token_type_hint": "refresh_token"}))]
pub struct RevocationRequest {
    /// An access or refresh token; the whole session ends.
    #[validate(length(max = 4096))]
    #[schema(max_length = 4096)]
    token: String,
    /// Taken and ignored: the kind is seen from the token.
    #[validate(length(max = 32))]
    #[schema(nullable = false, max_length = 32)]
    token_type_hint: Option<String>,
}

/// Nothing to say.
#[derive(Debug, Serialize, ToSchema)]
pub struct Done {}

/// A new password with the single-use token that allows setting it.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"token": "from-the-invitation-or-reset", "password": "correct horse battery staple"}))]
pub struct PasswordRedemption {
    /// From an invitation or a password reset.
    #[validate(length(min = 1, max = 120))]
    #[schema(min_length = 1, max_length = 120)]
    token: String,
    /// The new password.
    #[validate(length(min = "passwords::MIN_LENGTH", max = "passwords::MAX_LENGTH"))]
    #[schema(min_length = 12, max_length = 256, format = Password)]
    password: String,
}

impl Checked for PasswordRedemption {}

fn invalid_request(detail: impl Into<std::borrow::Cow<'static, str>>) -> ApiError {
    ApiError::malformed(detail).oauth("invalid_request")
}

fn form<T: serde::de::DeserializeOwned + Validate>(request: &HttpRequest, bytes: &web::Bytes) -> ApiResult<T> {
    let media_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = media_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if essence != "application/x-www-form-urlencoded" {
        return Err(ApiError::new(Kind::UnsupportedMediaType, "send application/x-www-form-urlencoded")
            .oauth("invalid_request"));
    }
    if bytes.contains(&0) || bytes.windows(3).any(|window| window == b"%00") {
        return Err(invalid_request("the form holds the character U+0000"));
    }
    let form: T = serde_html_form::from_bytes(bytes)
        .map_err(|error| invalid_request(format!("the form cannot be read: {error}")))?;
    form.validate().map_err(|errors| {
        let names: Vec<String> = errors.errors().keys().map(ToString::to_string).collect();
        invalid_request(format!("out of bounds: {}", names.join(", ")))
    })?;
    Ok(form)
}

fn invalid_grant() -> ApiError {
    ApiError::new(Kind::InvalidGrant, "the credentials or the token are not valid").oauth("invalid_grant")
}

fn invalid_client() -> ApiError {
    ApiError::new(Kind::InvalidClient, "the client credentials are not valid").oauth("invalid_client")
}

/// Get an access token.
///
/// Grants: `password` and `refresh_token` for people, `client_credentials` for machine clients (by HTTP Basic or in the form).
/// Failures never tell whether a user exists; repeated ones are slowed down.
#[utoipa::path(
    tag = "Access",
    security(()),
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "A token.", body = TokenAnswer))
)]
#[post("/auth/token")]
pub async fn create_token(door: Door, request: HttpRequest, bytes: web::Bytes) -> ApiResult<Answer> {
    door.require_fit()?;
    let form: TokenRequest = form(&request, &bytes)?;
    let address = request.peer_addr().map(|address| address.ip().to_string()).unwrap_or_default();
    match form.grant_type.as_str() {
        "password" => match (form.username, form.password) {
            (Some(username), Some(password)) => password_grant(door, &username, password, &address).await,
            _ => Err(invalid_request("username and password are required")),
        },
        "refresh_token" => match form.refresh_token {
            Some(token) => refresh_grant(door, token).await,
            None => Err(invalid_request("refresh_token is required")),
        },
        "client_credentials" => {
            let credentials = match basic_credentials(&request)? {
                Some(credentials) => Some(credentials),
                None => form.client_id.zip(form.client_secret),
            };
            let (id, secret) = credentials.ok_or_else(invalid_client)?;
            client_grant(door, &id, secret, &address).await
        }
        _ => Err(ApiError::malformed("the grant_type is not supported").oauth("unsupported_grant_type")),
    }
}

// RFC 6749, 2.3.1: id and secret by HTTP Basic.
fn basic_credentials(request: &HttpRequest) -> ApiResult<Option<(String, String)>> {
    let Some(value) = request.headers().get(header::AUTHORIZATION) else { return Ok(None) };
    let decoded = value
        .to_str()
        .ok()
        .and_then(|value| value.strip_prefix("Basic "))
        .and_then(|encoded| BASE64_STANDARD.decode(encoded.trim()).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok());
    match decoded.as_deref().and_then(|pair| pair.split_once(':')) {
        Some((id, secret)) => Ok(Some((id.to_owned(), secret.to_owned()))),
        None => Err(invalid_client()),
    }
}

/// Who tries to log in, as the throttle and the records see it.
struct Attempt {
    subjects: [Subject; 2],
    kind: ActorKind,
}

impl Attempt {
    fn new(app: &App, name: &str, address: &str, kind: ActorKind) -> Self {
        let master = app.keys.master();
        // The address counts together with the name: one office behind one address must not lock itself out.
        Self {
            subjects: [
                Subject::new(master, "name", &name.to_lowercase()),
                Subject::new(master, "name at address", &format!("{}\0{address}", name.to_lowercase())),
            ],
            kind,
        }
    }

    fn refuse_if_throttled(&self, connection: &mut Connection) -> ApiResult<()> {
        let now = clock::now();
        for subject in &self.subjects {
            if let Some(seconds) = throttle::wait_seconds(connection, subject, now)? {
                return Err(ApiError::new(Kind::TooManyRequests, "too many failed attempts").retry_after(seconds));
            }
        }
        Ok(())
    }

    fn failed(&self, app: &App) -> ApiResult<()> {
        let mut connection = app.database.writer()?;
        connection.write_transaction(|connection| {
            self.subjects.iter().try_for_each(|subject| Ok(throttle::failed(connection, subject, clock::now())?))
        })
    }

    fn succeeded(&self, connection: &mut Connection) -> ApiResult<()> {
        for subject in &self.subjects {
            throttle::succeeded(connection, subject)?;
        }
        Ok(())
    }
}

impl Door {
    async fn note_login(&self, event: AccessEvent, kind: ActorKind, actor: Option<PrincipalId>) -> ApiResult<()> {
        self.app
            .recorder
            .record(AccessNote {
                event,
                operation: "create_token",
                purpose: self.context.purpose.clone(),
                resource: None,
                resource_ids: Vec::new(),
                actor,
                actor_kind: kind,
                request_id: self.context.id.clone(),
                at: clock::now(),
            })
            .await
    }

    async fn answer_token(
        &self,
        principal: PrincipalId,
        session: SessionId,
        kind: ActorKind,
        refresh_token: Option<String>,
    ) -> ApiResult<Answer> {
        let access_token = self.app.tokens.issue(&self.app.keys, principal, session, kind)?;
        let answer =
            TokenAnswer { access_token, token_type: "Bearer", expires_in: self.app.tokens.lifetime(), refresh_token };
        Ok(Answer::ok(&answer)?.header(header::PRAGMA, "no-cache"))
    }

    async fn throttled<T: Send + 'static>(
        &self,
        attempt: Attempt,
        find: impl Fn(&mut Connection) -> ApiResult<T> + Send + 'static,
    ) -> ApiResult<(Attempt, T)> {
        let app = self.app.clone();
        let kind = attempt.kind;
        let found = blocking(move || {
            let found = app.read_now(|connection| {
                attempt.refuse_if_throttled(connection)?;
                find(connection)
            })?;
            Ok((attempt, found))
        })
        .await;
        if let Err(error) = &found
            && error.kind() == Kind::TooManyRequests
        {
            self.note_login(AccessEvent::LoginThrottled, kind, None).await?;
        }
        found
    }

    async fn login_failed(&self, attempt: Attempt, error: ApiError) -> ApiError {
        let (app, kind) = (self.app.clone(), attempt.kind);
        if let Err(fault) = blocking(move || attempt.failed(&app)).await {
            return fault;
        }
        match self.note_login(AccessEvent::LoginFailed, kind, None).await {
            Ok(()) => error,
            Err(fault) => fault,
        }
    }
}

async fn password_grant(door: Door, username: &str, password: String, address: &str) -> ApiResult<Answer> {
    let attempt = Attempt::new(&door.app, username, address, ActorKind::User);
    let name = username.to_lowercase();
    let (attempt, found) = door
        .throttled(attempt, move |connection| {
            let found: Option<(PrincipalId, Option<String>)> = users::table
                .inner_join(principals::table.on(principals::id.eq(users::id)))
                .filter(users::username.eq(&name))
                .filter(principals::status.eq(PrincipalStatus::Active))
                .select((principals::id, users::password_hash))
                .first(connection)
                .optional()?;
            Ok(found)
        })
        .await?;
    let (principal, hash) = found.map_or((None, None), |(id, hash)| (Some(id), hash));
    let verified = door.app.passwords.verify(password, hash).await?;
    let Some(principal) = principal.filter(|_| verified) else {
        return Err(door.login_failed(attempt, invalid_grant()).await);
    };
    let app = door.app.clone();
    let (session, refresh) = blocking(move || {
        let mut connection = app.database.writer()?;
        connection.write_transaction(|connection| {
            let now = clock::now();
            attempt.succeeded(connection)?;
            let session = sessions::begin(connection, principal, now, app.settings.refresh_token_seconds)?;
            Ok((session, sessions::add_refresh_token(connection, session, now)?))
        })
    })
    .await?;
    door.note_login(AccessEvent::LoggedIn, ActorKind::User, Some(principal)).await?;
    door.answer_token(principal, session, ActorKind::User, Some(refresh)).await
}

async fn client_grant(door: Door, id: &str, secret: String, address: &str) -> ApiResult<Answer> {
    let attempt = Attempt::new(&door.app, id, address, ActorKind::ApiClient);
    let id = uuid::Uuid::try_parse(id).map(PrincipalId).unwrap_or(PrincipalId(uuid::Uuid::nil()));
    let (attempt, found) = door
        .throttled(attempt, move |connection| {
            let found: Option<Vec<u8>> = api_clients::table
                .inner_join(principals::table.on(principals::id.eq(api_clients::id)))
                .filter(principals::id.eq(id))
                .filter(principals::status.eq(PrincipalStatus::Active))
                .select(api_clients::secret_hash)
                .first(connection)
                .optional()?;
            Ok(found)
        })
        .await?;
    // Digests are compared, so the time taken tells nothing about the secret.
    if found.is_none_or(|hash| hash != sessions::digest(&secret)) {
        return Err(door.login_failed(attempt, invalid_client()).await);
    }
    let app = door.app.clone();
    let session = blocking(move || {
        let mut connection = app.database.writer()?;
        connection.write_transaction(|connection| {
            attempt.succeeded(connection)?;
            Ok(sessions::begin(connection, id, clock::now(), app.tokens.lifetime())?)
        })
    })
    .await?;
    door.note_login(AccessEvent::LoggedIn, ActorKind::ApiClient, Some(id)).await?;
    door.answer_token(id, session, ActorKind::ApiClient, None).await
}

async fn refresh_grant(door: Door, token: String) -> ApiResult<Answer> {
    let app = door.app.clone();
    let (spent, refresh) = blocking(move || {
        let mut connection = app.database.writer()?;
        connection.write_transaction(|connection| {
            let now = clock::now();
            let spent = sessions::spend(connection, &token, now)?;
            let refresh = match spent {
                Spent::Now(session, _) => Some(sessions::add_refresh_token(connection, session, now)?),
                _ => None,
            };
            Ok::<_, ApiError>((spent, refresh))
        })
    })
    .await?;
    match spent {
        Spent::Now(session, principal) => {
            let app = door.app.clone();
            let active = blocking(move || {
                app.read_now(|connection| {
                    Ok(queries::standing(connection, session)?
                        .is_some_and(|standing| standing.status == PrincipalStatus::Active))
                })
            })
            .await?;
            if !active {
                return Err(invalid_grant());
            }
            door.note_login(AccessEvent::TokenRefreshed, ActorKind::User, Some(principal)).await?;
            door.answer_token(principal, session, ActorKind::User, refresh).await
        }
        Spent::Reused(principal) => {
            log::warn!("a refresh token was used twice; its session was ended (request {})", door.context.id);
            door.note_login(AccessEvent::TokenReused, ActorKind::User, Some(principal)).await?;
            Err(invalid_grant())
        }
        Spent::Unknown => {
            door.note_login(AccessEvent::LoginFailed, ActorKind::User, None).await?;
            Err(invalid_grant())
        }
    }
}

/// Revoke a token.
///
/// Ends the session of an access or refresh token (RFC 7009). A token that is unknown or already ended gets the same answer.
#[utoipa::path(
    tag = "Access",
    security(()),
    request_body(content = RevocationRequest, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "The token is not, or no longer, valid.", body = Done))
)]
#[post("/auth/revoke")]
pub async fn revoke_token(door: Door, request: HttpRequest, bytes: web::Bytes) -> ApiResult<Answer> {
    door.require_fit()?;
    let form: RevocationRequest = form(&request, &bytes)?;
    let bearer = door.app.tokens.verify(&door.app.keys, &form.token).ok();
    let app = door.app.clone();
    let revoked = blocking(move || {
        let mut connection = app.database.writer()?;
        connection.write_transaction(|connection| {
            let session = match bearer {
                Some(bearer) => Some(bearer.session),
                None => sessions::session_of(connection, &form.token)?,
            };
            match session {
                Some(session) => Ok::<_, ApiError>(sessions::revoke(connection, session, clock::now())? > 0),
                None => Ok(false),
            }
        })
    })
    .await?;
    if revoked {
        let (kind, actor) = bearer.map_or((ActorKind::User, None), |bearer| (bearer.kind, Some(bearer.principal)));
        door.note_login(AccessEvent::SessionRevoked, kind, actor).await?;
    }
    Answer::ok(&Done {})
}

/// Set a password with a single-use token.
///
/// Redeems an invitation or a password reset. The user becomes active; every session of theirs ends.
#[utoipa::path(
    tag = "Access",
    security(()),
    request_body(content = PasswordRedemption),
    responses((status = 204, description = "The password is set."))
)]
#[post("/auth/passwords")]
pub async fn create_password(door: Door, body: Body<PasswordRedemption>) -> ApiResult<Answer> {
    door.require_fit()?;
    let redemption = body.read()?;
    let hash = door.app.passwords.hash(redemption.password).await?;
    let app = door.app.clone();
    let principal = blocking(move || {
        let mut connection = app.database.writer()?;
        connection.write_transaction(|connection| {
            let now = app.clock.now();
            let principal = sessions::redeem(connection, &redemption.token, now)?.ok_or_else(invalid_grant)?;
            if people::activate(connection, principal, PrincipalStatus::Active)? == 0 {
                return Err(invalid_grant());
            }
            set_password(connection, principal, &hash, None)?;
            Ok(principal)
        })
    })
    .await?;
    door.note_login(AccessEvent::PasswordSet, ActorKind::User, Some(principal)).await?;
    Ok(Answer::no_content())
}

/// Keeps a new password and ends the caller's sessions, except one where it is named.
pub fn set_password(
    connection: &mut Connection,
    principal: PrincipalId,
    hash: &str,
    except: Option<SessionId>,
) -> ApiResult<()> {
    diesel::update(users::table.find(principal)).set(users::password_hash.eq(hash)).execute(connection)?;
    queries::revoke_sessions(connection, principal, except, clock::now())?;
    Ok(())
}
