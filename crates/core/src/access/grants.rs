//! Grants: role × organisation × territories × target groups. Nobody grants beyond their own.

use actix_web::{delete, get, post};
use approdo_db::schema::{grant_scopes, grants, principals};
use approdo_db::{Connection, Json, Timestamp};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::rights::{HeldGrant, Rights};
use crate::access::users::organisations_for;
use crate::access::{
    Action, GrantId, OrganisationId, PrincipalId, Resource, Role, TerritoryId, policy, queries, scope,
};
use crate::clock;
use crate::codes;
use crate::error::{ApiError, ApiResult};
use crate::http::texts::CodeText;
use crate::http::{Answer, Body, Checked, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters};
use crate::maps::IdSet;
use crate::page_of;
use crate::paged_query;
use crate::work::{Change, Operation, Unit};

/// What a caller is granted to be, where and for whom (domain 48).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Grant {
    pub id: GrantId,
    /// Whose it is: a user or a machine client.
    pub principal_id: PrincipalId,
    pub role: Role,
    /// The organisation and all below it.
    pub organisation_id: OrganisationId,
    /// These territories and all below them, members of unions and conventions included.
    #[schema(max_items = 500)]
    pub territory_ids: Vec<TerritoryId>,
    /// Codes of `target_groups`; none stands for every group.
    #[schema(value_type = Vec<CodeText>, max_items = 50)]
    pub target_groups: Vec<String>,
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
}

page_of! {
    /// A page of grants.
    GrantPage of Grant
}

/// A grant to give.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "principal_id": "01985b2e-0000-7000-8000-000000000002", "role": "case_manager",
    "organisation_id": "01985b2e-0000-7000-8000-000000000001",
    "territory_ids": ["01985b2e-0000-7000-8000-000000000003"], "target_groups": []
}))]
pub struct NewGrant {
    pub principal_id: PrincipalId,
    pub role: Role,
    pub organisation_id: OrganisationId,
    #[validate(length(min = 1, max = 500))]
    #[schema(min_items = 1, max_items = 500)]
    pub territory_ids: Vec<TerritoryId>,
    #[validate(length(max = 50))]
    #[schema(value_type = Vec<CodeText>, max_items = 50, required = false)]
    #[serde(default)]
    pub target_groups: Vec<String>,
}

impl Checked for NewGrant {}

paged_query! {
    /// How to list grants.
    GrantQuery {
        /// Grants of this user or machine client.
        principal_id: Option<PrincipalId>,
    }
}

#[derive(Queryable)]
struct Row {
    id: GrantId,
    principal_id: PrincipalId,
    role: Role,
    organisation_id: OrganisationId,
    territory_ids: Json,
    target_groups: Json,
    #[expect(dead_code, reason = "in the change record")]
    granted_by: Option<PrincipalId>,
    version: i64,
    created_at: Timestamp,
    #[expect(dead_code, reason = "a grant is given and taken back, never edited")]
    updated_at: Timestamp,
}

impl From<Row> for Grant {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            principal_id: row.principal_id,
            role: row.role,
            organisation_id: row.organisation_id,
            territory_ids: row.territory_ids.read().unwrap_or_default(),
            target_groups: row.target_groups.read().unwrap_or_default(),
            version: row.version,
            created_at: row.created_at,
        }
    }
}

fn find(connection: &mut Connection, id: GrantId) -> QueryResult<Option<Grant>> {
    let row: Option<Row> = grants::table.find(id).first(connection).optional()?;
    Ok(row.map(Grant::from))
}

/// List grants.
///
/// Grants within the organisations you administer, oldest first.
#[utoipa::path(tag = "Access", params(GrantQuery), responses((status = 200, description = "A page.", body = GrantPage)))]
#[get("/grants")]
pub async fn list_grants(
    door: Door,
    caller: Caller<actions::List, resources::Grants>,
    query: Parameters<GrantQuery>,
) -> ApiResult<Answer> {
    door.read("list_grants", caller, move |reader| {
        let parameters = query.read()?;
        let within = organisations_for(&reader.rights, Action::List, Resource::Grants);
        let request = reader.page(&query, parameters.limit, parameters.cursor.as_deref());
        let after = request.after()?.unwrap_or(GrantId(uuid::Uuid::nil()));
        let mut list = grants::table
            .filter(grants::organisation_id.eq_any(within))
            .filter(grants::id.gt(after))
            .order(grants::id)
            .limit(request.limit() + 1)
            .into_boxed();
        if let Some(principal) = parameters.principal_id {
            list = list.filter(grants::principal_id.eq(principal));
        }
        let rows: Vec<Row> = list.load(reader.connection)?;
        let rows = rows.into_iter().map(Grant::from).collect();
        Answer::ok(&GrantPage::from(request.page(rows, |grant: &Grant| grant.id)?))
    })
    .await
}

/// Read a grant.
///
/// A grant within an organisation you administer.
#[utoipa::path(
    tag = "Access",
    params(("grant_id" = GrantId, Path, description = "The grant.")),
    responses((status = 200, description = "The grant.", body = Grant))
)]
#[get("/grants/{grant_id}")]
pub async fn read_grant(
    door: Door,
    caller: Caller<actions::Read, resources::Grants>,
    id: Id<GrantId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_grant", caller, move |reader| {
        let grant = find(reader.connection, id.0)?.ok_or_else(ApiError::not_found)?;
        reader.rights.require_in(Action::Read, Resource::Grants, grant.organisation_id)?;
        reader.answer_row(grant.version, &held, &Fields::default(), "", &grant)
    })
    .await
}

/// Give a grant.
///
/// Within your own organisation, territories and target groups, and only roles that yours may grant; nobody makes themselves an
/// anti-discrimination officer. It counts at the caller's next request.
#[utoipa::path(
    tag = "Access",
    request_body = NewGrant,
    responses((status = 201, description = "The grant.", body = Grant))
)]
#[post("/grants")]
pub async fn create_grant(
    door: Door,
    caller: Caller<actions::Create, resources::Grants>,
    body: Body<NewGrant>,
) -> ApiResult<Answer> {
    door.write("create_grant", caller, Some(body.fingerprint()), move |unit| {
        let new = body.read()?;
        check(unit, &new)?;
        let id = GrantId::new();
        let id = match unit.replay(id.0)? {
            Some(earlier) => GrantId(earlier),
            None => {
                give(unit, id, &new)?;
                id
            }
        };
        let grant = find(unit.connection, id)?.ok_or_else(ApiError::not_found)?;
        unit.created(&format!("/grants/{id}"), grant.version, &grant)
    })
    .await
}

/// Refuses what the giver may not give.
fn check(unit: &mut Unit<'_>, new: &NewGrant) -> ApiResult<()> {
    let organisation: Option<OrganisationId> = principals::table
        .find(new.principal_id)
        .select(principals::organisation_id)
        .first(unit.connection)
        .optional()?;
    organisation
        .filter(|organisation| unit.rights.may_in(Action::Create, Resource::Grants, *organisation))
        .ok_or_else(|| ApiError::unknown_reference("principal_id"))?;
    if !unit.rights.may_in(Action::Create, Resource::Grants, new.organisation_id) {
        return Err(ApiError::unknown_reference("organisation_id"));
    }
    // A report may be about whoever administers.
    if new.role == Role::AntiDiscriminationOfficer && new.principal_id == unit.rights.principal {
        return Err(ApiError::forbidden("nobody makes themselves an anti-discrimination officer"));
    }
    codes::check_all(unit.app, "target_groups", "target_groups", &new.target_groups)?;
    let wanted = scope::reach(unit.connection, &new.territory_ids, clock::date_of(unit.now))?;
    if let Some(index) = new.territory_ids.iter().position(|id| !wanted.contains(id)) {
        return Err(ApiError::unknown_reference(&format!("territory_ids/{index}")));
    }
    let wanted = HeldGrant {
        id: GrantId::new(),
        role: new.role,
        organisation: new.organisation_id,
        organisations: IdSet::default(),
        territories: wanted.into_iter().collect(),
        target_groups: new.target_groups.iter().cloned().collect(),
        states_purpose: false,
    };
    if may_give(&unit.rights, &wanted) {
        Ok(())
    } else {
        Err(ApiError::forbidden("you cannot grant beyond your own role, organisation, territories and target groups"))
    }
}

/// Whether one of the caller's own grants covers this one whole. What a caller may not give it may not take back either.
fn may_give(rights: &Rights, wanted: &HeldGrant) -> bool {
    let covers = |own: &&HeldGrant| {
        policy::may_grant(own.role).contains(&wanted.role)
            && own.organisations.contains(&wanted.organisation)
            && wanted.territories.is_subset(&own.territories)
            && (own.target_groups.is_empty()
                || (!wanted.target_groups.is_empty() && wanted.target_groups.is_subset(&own.target_groups)))
    };
    rights.is_unlimited() || rights.grants_for(Action::Create, Resource::Grants).iter().any(covers)
}

/// 403 where a user or machine client holds what the caller could not give: a new password or secret of theirs would be a way
/// to it.
pub fn require_power_over(unit: &mut Unit<'_>, principal: PrincipalId) -> ApiResult<()> {
    let held = queries::held_grants(unit.connection, principal)?;
    if held.iter().all(|grant| may_give(&unit.rights, grant)) {
        Ok(())
    } else {
        Err(ApiError::forbidden("the caller holds grants that you could not give"))
    }
}

/// Gives a grant and tells its caller's feed to start over; used by the command line as well.
pub fn give(unit: &mut Unit<'_>, id: GrantId, new: &NewGrant) -> ApiResult<()> {
    let giver = Some(unit.rights.principal).filter(|_| !unit.rights.is_unlimited());
    diesel::insert_into(grants::table)
        .values((
            grants::id.eq(id),
            grants::principal_id.eq(new.principal_id),
            grants::role.eq(new.role),
            grants::organisation_id.eq(new.organisation_id),
            grants::territory_ids.eq(Json::of(&new.territory_ids)),
            grants::target_groups.eq(Json::of(&new.target_groups)),
            grants::granted_by.eq(giver),
            grants::version.eq(1),
            grants::created_at.eq(unit.now),
            grants::updated_at.eq(unit.now),
        ))
        .execute(unit.connection)?;
    scope::materialise(unit.connection, id, &new.territory_ids, clock::date_of(unit.now))?;
    rights_changed(unit, id, new.principal_id, Operation::Created)
}

fn rights_changed(unit: &mut Unit<'_>, id: GrantId, principal: PrincipalId, operation: Operation) -> ApiResult<()> {
    queries::raise_epoch(unit.connection, principal)?;
    unit.record(Change::plain("grant", id.0, 1, operation, &["role", "organisation_id", "territory_ids"]))?;
    unit.record(Change::scope_changed(principal))
}

/// Take a grant back.
///
/// The caller's next request is refused where this grant was needed; its feed tells it to read its lists again.
#[utoipa::path(
    tag = "Access",
    params(("grant_id" = GrantId, Path, description = "The grant.")),
    responses((status = 204, description = "The grant is gone."))
)]
#[delete("/grants/{grant_id}")]
pub async fn delete_grant(
    door: Door,
    caller: Caller<actions::Delete, resources::Grants>,
    id: Id<GrantId>,
    if_match: IfMatch,
) -> ApiResult<Answer> {
    door.write("delete_grant", caller, None, move |unit| {
        let grant = find(unit.connection, id.0)?.ok_or_else(ApiError::not_found)?;
        unit.rights.require_in(Action::Delete, Resource::Grants, grant.organisation_id)?;
        let held = queries::held_grants(unit.connection, grant.principal_id)?;
        if !held.iter().any(|held| held.id == grant.id && may_give(&unit.rights, held)) {
            return Err(ApiError::forbidden("you cannot take back what you could not give"));
        }
        if_match.check(grant.version)?;
        diesel::delete(grant_scopes::table.filter(grant_scopes::grant_id.eq(grant.id))).execute(unit.connection)?;
        Unit::updated_one(diesel::delete(grants::table.find(grant.id)).execute(unit.connection)?)?;
        rights_changed(unit, grant.id, grant.principal_id, Operation::Deleted)?;
        Ok(Answer::no_content())
    })
    .await
}
