//! People who call: invited by an administrator, active once they have set a password, deactivated at once.

use actix_web::{get, patch, post};
use approdo_db::schema::{principals, users};
use approdo_db::{Connection, Timestamp};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::sessions::{self, TokenPurpose};
use crate::access::{Action, OrganisationId, PrincipalId, PrincipalStatus, Resource, grants, queries};
use crate::error::{ApiError, ApiResult};
use crate::http::patch::Edit;
use crate::http::{Answer, Body, Checked, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters, Patch};
use crate::page_of;
use crate::paged_query;
use crate::work::{Change, Operation, Unit};

/// A person who calls.
#[derive(Debug, Clone, Queryable, Serialize, ToSchema)]
pub struct User {
    pub id: PrincipalId,
    /// The name to log in with, in lower case.
    #[schema(min_length = 3, max_length = 120)]
    pub username: String,
    /// The name others see.
    #[schema(min_length = 1, max_length = 200)]
    pub display_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 254, format = "email")]
    pub email: Option<String>,
    pub status: PrincipalStatus,
    pub organisation_id: OrganisationId,
    /// Rises with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

page_of! {
    /// A page of users.
    UserPage of User
}

/// A user with the single-use token that invites them; the token is shown once.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvitedUser {
    pub id: PrincipalId,
    #[schema(min_length = 3, max_length = 120)]
    pub username: String,
    #[schema(min_length = 1, max_length = 200)]
    pub display_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 254, format = "email")]
    pub email: Option<String>,
    pub status: PrincipalStatus,
    pub organisation_id: OrganisationId,
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// To be redeemed at `POST /auth/passwords`; left out when the request is replayed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub invitation: Option<OneTimeToken>,
}

impl InvitedUser {
    fn new(user: User, invitation: Option<OneTimeToken>) -> Self {
        let User { id, username, display_name, email, status, organisation_id, version, created_at, updated_at } = user;
        Self { id, username, display_name, email, status, organisation_id, version, created_at, updated_at, invitation }
    }
}

/// A secret that works once.
#[derive(Debug, Serialize, ToSchema)]
pub struct OneTimeToken {
    #[schema(max_length = 120)]
    pub token: String,
    pub expires_at: Timestamp,
}

/// A user to invite.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"username": "maria.rossi", "display_name": "Maria Rossi", "organisation_id": "01985b2e-0000-7000-8000-000000000001"}))]
pub struct NewUser {
    /// Letters, digits and `.-_@`; kept in lower case.
    #[validate(length(min = 3, max = 120), custom(function = "plain_username"))]
    #[schema(min_length = 3, max_length = 120, pattern = "^[A-Za-z0-9._@-]+$")]
    pub username: String,
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub display_name: String,
    #[validate(email, length(max = 254))]
    #[schema(nullable = false, max_length = 254, format = "email")]
    pub email: Option<String>,
    pub organisation_id: OrganisationId,
}

impl Checked for NewUser {}

fn plain_username(name: &str) -> Result<(), validator::ValidationError> {
    if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._@-".contains(&byte)) {
        Ok(())
    } else {
        Err(validator::ValidationError::new("username").with_message("may hold letters, digits and ._@- only".into()))
    }
}

/// What of a user can be edited.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"status": "deactivated"}))]
pub struct UserPatch {
    #[schema(required = false, value_type = String, min_length = 1, max_length = 200)]
    #[serde(default)]
    pub display_name: Patch<String>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 254)]
    #[serde(default)]
    pub email: Patch<String>,
    /// `deactivated` ends every session at once; `active` lets a deactivated user in again.
    #[schema(required = false, value_type = PrincipalStatus)]
    #[serde(default)]
    pub status: Patch<PrincipalStatus>,
}

impl Checked for UserPatch {
    const MEDIA_TYPE: &'static str = "application/merge-patch+json";
}

paged_query! {
    /// How to list users.
    UserQuery {}
}

/// Every row with what all callers have.
#[diesel::dsl::auto_type]
fn all() -> _ {
    users::table.inner_join(principals::table.on(principals::id.eq(users::id))).select((
        users::id,
        users::username,
        users::display_name,
        users::email,
        principals::status,
        principals::organisation_id,
        principals::version,
        principals::created_at,
        principals::updated_at,
    ))
}

fn find(connection: &mut Connection, id: PrincipalId) -> QueryResult<Option<User>> {
    all().filter(users::id.eq(id)).first(connection).optional()
}

/// Organisations in which the caller may do this; what lists without territory are filtered by.
pub fn organisations_for(rights: &crate::access::Rights, action: Action, resource: Resource) -> Vec<OrganisationId> {
    let mut organisations: Vec<OrganisationId> =
        rights.grants_for(action, resource).into_iter().flat_map(|grant| grant.organisations.iter().copied()).collect();
    organisations.sort_unstable();
    organisations.dedup();
    organisations
}

/// List users.
///
/// The users of the organisations you administer, oldest first.
#[utoipa::path(tag = "Access", params(UserQuery), responses((status = 200, description = "A page.", body = UserPage)))]
#[get("/users")]
pub async fn list_users(
    door: Door,
    caller: Caller<actions::List, resources::Users>,
    query: Parameters<UserQuery>,
) -> ApiResult<Answer> {
    door.read("list_users", caller, move |reader| {
        let parameters = query.read()?;
        let within = organisations_for(&reader.rights, Action::List, Resource::Users);
        let request = reader.page(&query, parameters.limit, parameters.cursor.as_deref());
        let after = request.after()?.unwrap_or(PrincipalId(uuid::Uuid::nil()));
        let rows: Vec<User> = all()
            .filter(principals::organisation_id.eq_any(within))
            .filter(users::id.gt(after))
            .order(users::id)
            .limit(request.limit() + 1)
            .load(reader.connection)?;
        let page = UserPage::from(request.page(rows, |user: &User| user.id)?);
        reader.shows(Resource::Users, page.items.iter().map(|user| user.id.0));
        Answer::ok(&page)
    })
    .await
}

/// Read a user.
///
/// A user of an organisation you administer.
#[utoipa::path(
    tag = "Access",
    params(("user_id" = PrincipalId, Path, description = "The user.")),
    responses((status = 200, description = "The user.", body = User))
)]
#[get("/users/{user_id}")]
pub async fn read_user(
    door: Door,
    caller: Caller<actions::Read, resources::Users>,
    id: Id<PrincipalId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_user", caller, move |reader| {
        let user = find(reader.connection, id.0)?.ok_or_else(ApiError::not_found)?;
        reader.rights.require_in(Action::Read, Resource::Users, user.organisation_id)?;
        reader.shows(Resource::Users, [user.id.0]);
        reader.answer_row(user.version, &held, &Fields::default(), "", &user)
    })
    .await
}

/// Invite a user.
///
/// Makes a user without a password and a single-use token to set one. Grants are given separately.
#[utoipa::path(
    tag = "Access",
    request_body = NewUser,
    responses((status = 201, description = "The user with the invitation.", body = InvitedUser))
)]
#[post("/users")]
pub async fn create_user(
    door: Door,
    caller: Caller<actions::Create, resources::Users>,
    body: Body<NewUser>,
) -> ApiResult<Answer> {
    door.write("create_user", caller, Some(body.fingerprint()), move |unit| {
        let new = body.read()?;
        require_organisation(unit, Resource::Users, new.organisation_id)?;
        let id = PrincipalId::new();
        let (id, invitation) = match unit.replay(id.0)? {
            Some(earlier) => (PrincipalId(earlier), None),
            None => (id, Some(invite(unit, id, &new)?)),
        };
        let user = find(unit.connection, id)?.ok_or_else(ApiError::not_found)?;
        unit.rights.require_in(Action::Read, Resource::Users, user.organisation_id)?;
        let (version, path) = (user.version, format!("/users/{id}"));
        unit.created(&path, version, &InvitedUser::new(user, invitation))
    })
    .await
}

/// 422 for an organisation the caller may not create such rows in, whether it exists or not.
pub fn require_organisation(unit: &Unit<'_>, resource: Resource, organisation: OrganisationId) -> ApiResult<()> {
    if unit.rights.may_in(Action::Create, resource, organisation) {
        Ok(())
    } else {
        Err(ApiError::unknown_reference("organisation_id"))
    }
}

/// Makes an invited user; used by the command line as well.
pub fn invite(unit: &mut Unit<'_>, id: PrincipalId, new: &NewUser) -> ApiResult<OneTimeToken> {
    let username = new.username.to_lowercase();
    let taken: i64 = users::table.filter(users::username.eq(&username)).count().get_result(unit.connection)?;
    if taken > 0 {
        return Err(ApiError::conflict("the user name is taken"));
    }
    queries::insert_principal(
        unit.connection,
        id,
        crate::access::ActorKind::User,
        PrincipalStatus::Invited,
        new.organisation_id,
        unit.now,
    )?;
    diesel::insert_into(users::table)
        .values((
            users::id.eq(id),
            users::username.eq(&username),
            users::display_name.eq(&new.display_name),
            users::email.eq(&new.email),
        ))
        .execute(unit.connection)?;
    unit.record(Change::plain("user", id.0, 1, Operation::Created, &["username", "display_name", "email", "status"]))?;
    let (token, expires_at) = sessions::add_one_time_token(unit.connection, id, TokenPurpose::Invitation, unit.now)?;
    Ok(OneTimeToken { token, expires_at })
}

/// Edit a user.
///
/// Renames, deactivates or lets in again. Deactivation ends every session of the user at once.
#[utoipa::path(
    tag = "Access",
    params(("user_id" = PrincipalId, Path, description = "The user.")),
    request_body(content = UserPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The user as it is now.", body = User))
)]
#[patch("/users/{user_id}")]
pub async fn edit_user(
    door: Door,
    caller: Caller<actions::Edit, resources::Users>,
    id: Id<PrincipalId>,
    if_match: IfMatch,
    body: Body<UserPatch>,
) -> ApiResult<Answer> {
    door.write("edit_user", caller, None, move |unit| {
        queries::lock_principal(unit.connection, id.0)?;
        let mut user = find(unit.connection, id.0)?.ok_or_else(ApiError::not_found)?;
        unit.rights.require_in(Action::Edit, Resource::Users, user.organisation_id)?;
        let patch = body.read()?;
        if_match.check(user.version)?;
        let mut edit = Edit::default();
        edit.bounded("display_name", &patch.display_name, 200);
        edit.email("email", &patch.email);
        let before = user.status;
        edit.required("display_name", &mut user.display_name, patch.display_name);
        edit.optional("email", &mut user.email, patch.email);
        edit.required("status", &mut user.status, patch.status);
        let changed = edit.finish()?;
        queries::change_status(unit, user.id, before, user.status)?;
        if !changed.is_empty() {
            user.version += 1;
            user.updated_at = unit.now;
            diesel::update(users::table.find(user.id))
                .set((users::display_name.eq(&user.display_name), users::email.eq(&user.email)))
                .execute(unit.connection)?;
            queries::touch_principal(unit, user.id, user.version)?;
            unit.record(Change::plain("user", user.id.0, user.version, Operation::Updated, &changed))?;
        }
        unit.edited(user.version, &user)
    })
    .await
}

/// Make a password reset.
///
/// A single-use token for a user who has lost the password; earlier ones end. It is shown once.
#[utoipa::path(
    tag = "Access",
    params(("user_id" = PrincipalId, Path, description = "The user.")),
    responses((status = 201, description = "The token.", body = OneTimeToken))
)]
#[post("/users/{user_id}/password-resets")]
pub async fn create_password_reset(
    door: Door,
    caller: Caller<actions::Edit, resources::Users>,
    id: Id<PrincipalId>,
) -> ApiResult<Answer> {
    door.write("create_password_reset", caller, None, move |unit| {
        let user = find(unit.connection, id.0)?.ok_or_else(ApiError::not_found)?;
        unit.rights.require_in(Action::Edit, Resource::Users, user.organisation_id)?;
        grants::require_power_over(unit, user.id)?;
        let purpose = match user.status {
            PrincipalStatus::Invited => TokenPurpose::Invitation,
            PrincipalStatus::Active => TokenPurpose::PasswordReset,
            PrincipalStatus::Deactivated => return Err(ApiError::conflict("the user is deactivated")),
        };
        let (token, expires_at) = sessions::add_one_time_token(unit.connection, user.id, purpose, unit.now)?;
        // Whoever has the token acts as the user from then on: who asked for it is to be found.
        unit.record(Change::plain("user", user.id.0, user.version, Operation::Updated, &["password_reset"]))?;
        unit.created(&format!("/users/{}", user.id), user.version, &OneTimeToken { token, expires_at })
    })
    .await
}

/// Sets a caller's status outside an edit: a redeemed invitation, the demonstration data.
pub fn activate(connection: &mut Connection, id: PrincipalId, status: PrincipalStatus) -> QueryResult<usize> {
    diesel::update(principals::table.find(id).filter(principals::status.ne(PrincipalStatus::Deactivated)))
        .set(principals::status.eq(status))
        .execute(connection)
}
