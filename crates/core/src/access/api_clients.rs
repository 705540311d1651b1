//! Machine clients: a client id and a secret of 256 random bits, kept as a digest.

use actix_web::{get, patch, post};
use approdo_db::schema::{api_clients, principals};
use approdo_db::{Connection, Timestamp};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::users::{organisations_for, require_organisation};
use crate::access::{
    Action, ActorKind, OrganisationId, PrincipalId, PrincipalStatus, Resource, grants, queries, sessions,
};
use crate::error::{ApiError, ApiResult};
use crate::http::patch::Edit;
use crate::http::{Answer, Body, Checked, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters, Patch};
use crate::page_of;
use crate::paged_query;
use crate::work::{Change, Operation, Unit};

/// A machine client.
#[derive(Debug, Clone, Queryable, Serialize, ToSchema)]
pub struct ApiClient {
    /// Its `client_id`.
    pub id: PrincipalId,
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    pub status: PrincipalStatus,
    pub organisation_id: OrganisationId,
    /// Rises with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

page_of! {
    /// A page of machine clients.
    ApiClientPage of ApiClient
}

/// The secret of a machine client, shown once.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClientSecret {
    pub client_id: PrincipalId,
    /// Left out when the request is replayed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 120)]
    pub client_secret: Option<String>,
}

/// A machine client to register.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Regional case system", "organisation_id": "01985b2e-0000-7000-8000-000000000001"}))]
pub struct NewApiClient {
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    pub organisation_id: OrganisationId,
}

impl Checked for NewApiClient {}

/// What of a machine client can be edited.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"status": "deactivated"}))]
pub struct ApiClientPatch {
    #[schema(required = false, value_type = String, min_length = 1, max_length = 200)]
    #[serde(default)]
    pub name: Patch<String>,
    /// `deactivated` ends every session at once.
    #[schema(required = false, value_type = PrincipalStatus)]
    #[serde(default)]
    pub status: Patch<PrincipalStatus>,
}

impl Checked for ApiClientPatch {
    const MEDIA_TYPE: &'static str = "application/merge-patch+json";
}

paged_query! {
    /// How to list machine clients.
    ApiClientQuery {}
}

/// Every row with what all callers have.
#[diesel::dsl::auto_type]
fn all() -> _ {
    api_clients::table.inner_join(principals::table.on(principals::id.eq(api_clients::id))).select((
        api_clients::id,
        api_clients::name,
        principals::status,
        principals::organisation_id,
        principals::version,
        principals::created_at,
        principals::updated_at,
    ))
}

fn find(connection: &mut Connection, id: PrincipalId) -> QueryResult<Option<ApiClient>> {
    all().filter(api_clients::id.eq(id)).first(connection).optional()
}

/// List machine clients.
///
/// The machine clients of the organisations you administer, oldest first.
#[utoipa::path(tag = "Access", params(ApiClientQuery), responses((status = 200, description = "A page.", body = ApiClientPage)))]
#[get("/api-clients")]
pub async fn list_api_clients(
    door: Door,
    caller: Caller<actions::List, resources::ApiClients>,
    query: Parameters<ApiClientQuery>,
) -> ApiResult<Answer> {
    door.read("list_api_clients", caller, move |reader| {
        let parameters = query.read()?;
        let within = organisations_for(&reader.rights, Action::List, Resource::ApiClients);
        let request = reader.page(&query, parameters.limit, parameters.cursor.as_deref());
        let after = request.after()?.unwrap_or(PrincipalId(uuid::Uuid::nil()));
        let rows: Vec<ApiClient> = all()
            .filter(principals::organisation_id.eq_any(within))
            .filter(api_clients::id.gt(after))
            .order(api_clients::id)
            .limit(request.limit() + 1)
            .load(reader.connection)?;
        let page = ApiClientPage::from(request.page(rows, |client: &ApiClient| client.id)?);
        Answer::ok(&page)
    })
    .await
}

/// Read a machine client.
///
/// A machine client of an organisation you administer.
#[utoipa::path(
    tag = "Access",
    params(("api_client_id" = PrincipalId, Path, description = "The machine client.")),
    responses((status = 200, description = "The machine client.", body = ApiClient))
)]
#[get("/api-clients/{api_client_id}")]
pub async fn read_api_client(
    door: Door,
    caller: Caller<actions::Read, resources::ApiClients>,
    id: Id<PrincipalId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_api_client", caller, move |reader| {
        let client = find(reader.connection, id.0)?.ok_or_else(ApiError::not_found)?;
        reader.rights.require_in(Action::Read, Resource::ApiClients, client.organisation_id)?;
        reader.answer_row(client.version, &held, &Fields::default(), "", &client)
    })
    .await
}

/// Register a machine client.
///
/// Answers its id and secret; the secret is shown once.
#[utoipa::path(
    tag = "Access",
    request_body = NewApiClient,
    responses((status = 201, description = "The client's credentials.", body = ClientSecret))
)]
#[post("/api-clients")]
pub async fn create_api_client(
    door: Door,
    caller: Caller<actions::Create, resources::ApiClients>,
    body: Body<NewApiClient>,
) -> ApiResult<Answer> {
    door.write("create_api_client", caller, Some(body.fingerprint()), move |unit| {
        let new = body.read()?;
        require_organisation(unit, Resource::ApiClients, new.organisation_id)?;
        let id = PrincipalId::new();
        let answer = match unit.replay(id.0)? {
            Some(earlier) => ClientSecret { client_id: PrincipalId(earlier), client_secret: None },
            None => ClientSecret { client_id: id, client_secret: Some(register(unit, id, &new)?) },
        };
        let client = find(unit.connection, answer.client_id)?.ok_or_else(ApiError::not_found)?;
        unit.rights.require_in(Action::Read, Resource::ApiClients, client.organisation_id)?;
        unit.created(&format!("/api-clients/{}", client.id), client.version, &answer)
    })
    .await
}

fn register(unit: &mut Unit<'_>, id: PrincipalId, new: &NewApiClient) -> ApiResult<String> {
    let secret = sessions::new_secret()?;
    insert(unit, id, &new.name, new.organisation_id, &secret)?;
    Ok(secret)
}

/// Keeps a machine client with a secret; the demonstration data brings its own.
pub fn insert(
    unit: &mut Unit<'_>,
    id: PrincipalId,
    name: &str,
    organisation: OrganisationId,
    secret: &str,
) -> ApiResult<()> {
    queries::insert_principal(
        unit.connection,
        id,
        ActorKind::ApiClient,
        PrincipalStatus::Active,
        organisation,
        unit.now,
    )?;
    diesel::insert_into(api_clients::table)
        .values((
            api_clients::id.eq(id),
            api_clients::name.eq(name),
            api_clients::secret_hash.eq(sessions::digest(secret)),
        ))
        .execute(unit.connection)?;
    unit.record(Change::plain("api_client", id.0, 1, Operation::Created, &["name", "status"]))
}

/// Edit a machine client.
///
/// Renames, deactivates or lets in again. Deactivation ends every session at once.
#[utoipa::path(
    tag = "Access",
    params(("api_client_id" = PrincipalId, Path, description = "The machine client.")),
    request_body(content = ApiClientPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The machine client as it is now.", body = ApiClient))
)]
#[patch("/api-clients/{api_client_id}")]
pub async fn edit_api_client(
    door: Door,
    caller: Caller<actions::Edit, resources::ApiClients>,
    id: Id<PrincipalId>,
    if_match: IfMatch,
    body: Body<ApiClientPatch>,
) -> ApiResult<Answer> {
    door.write("edit_api_client", caller, None, move |unit| {
        queries::lock_principal(unit.connection, id.0)?;
        let mut client = find(unit.connection, id.0)?.ok_or_else(ApiError::not_found)?;
        unit.rights.require_in(Action::Edit, Resource::ApiClients, client.organisation_id)?;
        let patch = body.read()?;
        if_match.check(client.version)?;
        let mut edit = Edit::default();
        edit.bounded("name", &patch.name, 200);
        let before = client.status;
        edit.required("name", &mut client.name, patch.name);
        edit.required("status", &mut client.status, patch.status);
        let changed = edit.finish()?;
        queries::change_status(unit, client.id, before, client.status)?;
        if !changed.is_empty() {
            client.version += 1;
            client.updated_at = unit.now;
            diesel::update(api_clients::table.find(client.id))
                .set(api_clients::name.eq(&client.name))
                .execute(unit.connection)?;
            queries::touch_principal(unit, client.id, client.version)?;
            unit.record(Change::plain("api_client", client.id.0, client.version, Operation::Updated, &changed))?;
        }
        unit.edited(client.version, &client)
    })
    .await
}

/// Replace a machine client's secret.
///
/// The old secret stops working at once, and every session ends. The new one is shown once.
#[utoipa::path(
    tag = "Access",
    params(("api_client_id" = PrincipalId, Path, description = "The machine client.")),
    responses((status = 201, description = "The new secret.", body = ClientSecret))
)]
#[post("/api-clients/{api_client_id}/secrets")]
pub async fn create_api_client_secret(
    door: Door,
    caller: Caller<actions::Edit, resources::ApiClients>,
    id: Id<PrincipalId>,
) -> ApiResult<Answer> {
    door.write("create_api_client_secret", caller, None, move |unit| {
        let client = find(unit.connection, id.0)?.ok_or_else(ApiError::not_found)?;
        unit.rights.require_in(Action::Edit, Resource::ApiClients, client.organisation_id)?;
        grants::require_power_over(unit, client.id)?;
        let secret = sessions::new_secret()?;
        diesel::update(api_clients::table.find(client.id))
            .set(api_clients::secret_hash.eq(sessions::digest(&secret)))
            .execute(unit.connection)?;
        queries::revoke_sessions(unit.connection, client.id, None, unit.now)?;
        unit.record(Change::plain("api_client", client.id.0, client.version, Operation::Updated, &["client_secret"]))?;
        let answer = ClientSecret { client_id: client.id, client_secret: Some(secret) };
        unit.created(&format!("/api-clients/{}", client.id), client.version, &answer)
    })
    .await
}
