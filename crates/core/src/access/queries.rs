//! SQL of callers, sessions and grants.

use approdo_db::schema::{grant_scopes, grants, organisation_ancestors, principals, sessions};
use approdo_db::{Connection, Json, Timestamp};
use diesel::prelude::*;

use crate::access::rights::HeldGrant;
use crate::access::tokens::Bearer;
use crate::access::{ActorKind, GrantId, OrganisationId, PrincipalId, PrincipalStatus, Role, SessionId, TerritoryId};
use crate::error::{ApiError, ApiResult};
use crate::maps::{IdMap, IdSet};
use crate::work::Unit;

/// How a session and its caller stand at this moment.
#[derive(Debug, Queryable)]
pub struct Standing {
    pub principal: PrincipalId,
    pub status: PrincipalStatus,
    pub auth_epoch: i64,
    pub organisation_id: OrganisationId,
    pub revoked_at: Option<Timestamp>,
}

impl Standing {
    /// Whether the session lives, belongs to this bearer, and its caller is active.
    pub fn is_alive(&self, bearer: &Bearer) -> bool {
        self.principal == bearer.principal && self.status == PrincipalStatus::Active && self.revoked_at.is_none()
    }
}

pub fn standing(connection: &mut Connection, session: SessionId) -> QueryResult<Option<Standing>> {
    sessions::table
        .inner_join(principals::table.on(principals::id.eq(sessions::principal_id)))
        .filter(sessions::id.eq(session))
        .select((
            principals::id,
            principals::status,
            principals::auth_epoch,
            principals::organisation_id,
            sessions::revoked_at,
        ))
        .first(connection)
        .optional()
}

#[derive(Queryable)]
struct GrantLine {
    id: GrantId,
    role: Role,
    organisation_id: OrganisationId,
    target_groups: Json,
}

/// A caller's grants with the organisations and territories they reach.
pub fn held_grants(connection: &mut Connection, principal: PrincipalId) -> QueryResult<Vec<HeldGrant>> {
    let lines: Vec<GrantLine> = grants::table
        .filter(grants::principal_id.eq(principal))
        .order(grants::id)
        .select((grants::id, grants::role, grants::organisation_id, grants::target_groups))
        .load(connection)?;
    let reach: Vec<(GrantId, TerritoryId)> = grant_scopes::table
        .inner_join(grants::table.on(grants::id.eq(grant_scopes::grant_id)))
        .filter(grants::principal_id.eq(principal))
        .select((grant_scopes::grant_id, grant_scopes::territory_id))
        .load(connection)?;
    let below: Vec<(OrganisationId, OrganisationId)> = organisation_ancestors::table
        .inner_join(grants::table.on(grants::organisation_id.eq(organisation_ancestors::ancestor_id)))
        .filter(grants::principal_id.eq(principal))
        .select((organisation_ancestors::ancestor_id, organisation_ancestors::organisation_id))
        .load(connection)?;
    let mut territories: IdMap<GrantId, IdSet<TerritoryId>> = IdMap::default();
    for (grant, territory) in reach {
        territories.entry(grant).or_default().insert(territory);
    }
    let mut organisations: IdMap<OrganisationId, IdSet<OrganisationId>> = IdMap::default();
    for (ancestor, organisation) in below {
        organisations.entry(ancestor).or_default().insert(organisation);
    }
    Ok(lines
        .into_iter()
        .map(|line| HeldGrant {
            id: line.id,
            role: line.role,
            organisation: line.organisation_id,
            organisations: organisations.get(&line.organisation_id).cloned().unwrap_or_default(),
            territories: territories.remove(&line.id).unwrap_or_default(),
            target_groups: line.target_groups.read().unwrap_or_default(),
            states_purpose: false,
        })
        .collect())
}

/// Counts a change of the caller's rights, so that every process reads them again.
pub fn raise_epoch(connection: &mut Connection, principal: PrincipalId) -> QueryResult<usize> {
    diesel::update(principals::table.filter(principals::id.eq(principal)))
        .set(principals::auth_epoch.eq(principals::auth_epoch + 1))
        .execute(connection)
}

/// Ends every session of a caller, except one where it is named.
pub fn revoke_sessions(
    connection: &mut Connection,
    principal: PrincipalId,
    except: Option<SessionId>,
    at: Timestamp,
) -> QueryResult<usize> {
    let except = except.unwrap_or(SessionId(uuid::Uuid::nil()));
    diesel::update(
        sessions::table
            .filter(sessions::principal_id.eq(principal))
            .filter(sessions::revoked_at.is_null())
            .filter(sessions::id.ne(except)),
    )
    .set(sessions::revoked_at.eq(at))
    .execute(connection)
}

/// Makes the row every caller has.
pub fn insert_principal(
    connection: &mut Connection,
    id: PrincipalId,
    kind: ActorKind,
    status: PrincipalStatus,
    organisation: OrganisationId,
    now: Timestamp,
) -> QueryResult<usize> {
    diesel::insert_into(principals::table)
        .values((
            principals::id.eq(id),
            principals::kind.eq(kind),
            principals::status.eq(status),
            principals::auth_epoch.eq(1),
            principals::organisation_id.eq(organisation),
            principals::version.eq(1),
            principals::created_at.eq(now),
            principals::updated_at.eq(now),
        ))
        .execute(connection)
}

/// Locks a caller's row until the transaction ends.
pub fn lock_principal(connection: &mut Connection, id: PrincipalId) -> QueryResult<Option<i64>> {
    approdo_db::first_for_update!(connection, principals::table.find(id).select(principals::version)).optional()
}

/// Counts a change of a caller's row.
pub fn touch_principal(unit: &mut Unit<'_>, id: PrincipalId, version: i64) -> ApiResult<()> {
    Unit::updated_one(
        diesel::update(principals::table.filter(principals::id.eq(id)).filter(principals::version.eq(version - 1)))
            .set((principals::version.eq(version), principals::updated_at.eq(unit.now)))
            .execute(unit.connection)?,
    )
}

/// Deactivates or lets in again. An invited caller becomes active by setting a password, never by an edit.
pub fn change_status(
    unit: &mut Unit<'_>,
    id: PrincipalId,
    before: PrincipalStatus,
    after: PrincipalStatus,
) -> ApiResult<()> {
    use PrincipalStatus::{Active, Deactivated, Invited};
    match (before, after) {
        (a, b) if a == b => return Ok(()),
        (Invited | Active, Deactivated) | (Deactivated, Active) => {}
        _ => return Err(ApiError::conflict(format!("a caller cannot become {after} from {before}"))),
    }
    diesel::update(principals::table.find(id))
        .set((principals::status.eq(after), principals::auth_epoch.eq(principals::auth_epoch + 1)))
        .execute(unit.connection)?;
    if after == Deactivated {
        revoke_sessions(unit.connection, id, None, unit.now)?;
    }
    Ok(())
}

/// Counts a change for every caller with a grant on one of these organisations.
pub fn raise_epochs_in(connection: &mut Connection, organisations: &[OrganisationId]) -> QueryResult<usize> {
    let holders =
        grants::table.filter(grants::organisation_id.eq_any(organisations.to_vec())).select(grants::principal_id);
    diesel::update(principals::table.filter(principals::id.eq_any(holders)))
        .set(principals::auth_epoch.eq(principals::auth_epoch + 1))
        .execute(connection)
}

/// What is known of a caller: kind, status, organisation, epoch.
pub fn principal(
    connection: &mut Connection,
    id: PrincipalId,
) -> QueryResult<Option<(ActorKind, PrincipalStatus, OrganisationId, i64)>> {
    principals::table
        .find(id)
        .select((principals::kind, principals::status, principals::organisation_id, principals::auth_epoch))
        .first(connection)
        .optional()
}
