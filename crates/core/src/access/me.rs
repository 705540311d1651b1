//! The caller's own view of itself.

use actix_web::{get, post};
use approdo_db::schema::{api_clients, users};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::auth::set_password;
use crate::access::caller::{Caller, actions, resources};
use crate::access::throttle::{self, Subject};
use crate::access::{ActorKind, GrantId, OrganisationId, PrincipalId, Role, passwords};
use crate::app::blocking;
use crate::clock;
use crate::error::{ApiError, ApiResult, Kind};
use crate::http::texts::CodeText;
use crate::http::{Answer, Body, Checked, Door, query};

/// Who is calling, and what they were granted.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    pub id: PrincipalId,
    pub kind: ActorKind,
    /// Of a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 120)]
    pub username: Option<String>,
    /// The name others see.
    #[schema(max_length = 200)]
    pub display_name: String,
    pub organisation_id: OrganisationId,
    #[schema(max_items = 500)]
    pub grants: Vec<MyGrant>,
}

/// One of the caller's grants.
#[derive(Debug, Serialize, ToSchema)]
pub struct MyGrant {
    pub id: GrantId,
    pub role: Role,
    pub organisation_id: OrganisationId,
    /// Territories it reaches, those below included.
    #[schema(minimum = 0, maximum = 100000)]
    pub territories_reached: i64,
    /// Codes of `target_groups`; none stands for every group.
    #[schema(value_type = Vec<CodeText>, max_items = 50)]
    pub target_groups: Vec<String>,
}

/// A change of one's own password.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"current_password": "the old one, once more", "new_password": "correct horse battery staple"}))]
pub struct PasswordChange {
    #[validate(length(min = 1, max = 256))]
    #[schema(min_length = 1, max_length = 256, format = Password)]
    current_password: String,
    #[validate(length(min = "passwords::MIN_LENGTH", max = "passwords::MAX_LENGTH"))]
    #[schema(min_length = 12, max_length = 256, format = Password)]
    new_password: String,
}

impl Checked for PasswordChange {}

/// Read who you are.
///
/// The caller with its grants as they are now.
#[utoipa::path(tag = "Access", responses((status = 200, description = "The caller.", body = Me)))]
#[get("/me")]
pub async fn read_me(
    door: Door,
    caller: Caller<actions::Read, resources::Me>,
    query: crate::http::Parameters<query::None>,
) -> ApiResult<Answer> {
    door.read("read_me", caller, move |reader| {
        query.read()?;
        let rights = reader.rights.clone();
        let (username, display_name) = match rights.kind {
            ActorKind::ApiClient => {
                (None, api_clients::table.find(rights.principal).select(api_clients::name).first(reader.connection)?)
            }
            _ => {
                let (username, display_name): (String, String) = users::table
                    .find(rights.principal)
                    .select((users::username, users::display_name))
                    .first(reader.connection)?;
                (Some(username), display_name)
            }
        };
        let grants = rights
            .grants
            .iter()
            .map(|grant| {
                let mut target_groups: Vec<String> = grant.target_groups.iter().cloned().collect();
                target_groups.sort_unstable();
                MyGrant {
                    id: grant.id,
                    role: grant.role,
                    organisation_id: grant.organisation,
                    territories_reached: i64::try_from(grant.territories.len()).unwrap_or(i64::MAX),
                    target_groups,
                }
            })
            .collect();
        Answer::ok(&Me {
            id: rights.principal,
            kind: rights.kind,
            username,
            display_name,
            organisation_id: rights.organisation,
            grants,
        })
    })
    .await
}

/// Change your password.
///
/// Needs the current one. Your other sessions end. Machine clients have no password: 403.
#[utoipa::path(
    tag = "Access",
    request_body = PasswordChange,
    responses((status = 204, description = "The password is changed."))
)]
#[post("/me/passwords")]
pub async fn create_my_password(
    door: Door,
    caller: Caller<actions::Edit, resources::Me>,
    body: Body<PasswordChange>,
) -> ApiResult<Answer> {
    if caller.bearer.kind == ActorKind::ApiClient {
        return Err(ApiError::forbidden("machine clients have no password"));
    }
    let (app, bearer) = (door.app.clone(), caller.bearer);
    let subject = Subject::new(app.keys.master(), "password change", &bearer.principal.to_string());
    let asked = subject.clone();
    // Whoever holds a token must not be able to try passwords with it: the session is looked at first, and failures count.
    let hash: Option<String> = blocking(move || {
        app.read_now(|connection| {
            app.rights.current(connection, &bearer, false)?;
            if let Some(seconds) = throttle::wait_seconds(connection, &asked, clock::now())? {
                return Err(ApiError::new(Kind::TooManyRequests, "too many failed attempts").retry_after(seconds));
            }
            Ok(users::table.find(bearer.principal).select(users::password_hash).first(connection)?)
        })
    })
    .await?;
    let change = body.read()?;
    if !door.app.passwords.verify(change.current_password, hash).await? {
        let app = door.app.clone();
        blocking(move || Ok(throttle::failed(&mut **app.database.writer()?, &subject, clock::now())?)).await?;
        return Err(ApiError::invalid_member("current_password", "is not your password"));
    }
    let hash = door.app.passwords.hash(change.new_password).await?;
    door.write("create_my_password", caller, None, move |unit| {
        throttle::succeeded(unit.connection, &subject)?;
        set_password(unit.connection, bearer.principal, &hash, Some(bearer.session))?;
        Ok(Answer::no_content())
    })
    .await
}
