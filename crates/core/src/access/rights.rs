//! One caller's grants as the process holds them: loaded once for each `auth_epoch`, compared with the database's epoch at
//! every request, so that a changed grant or a disabled caller counts at once in every process.

use std::collections::HashSet;
use std::sync::Arc;

use approdo_db::Connection;
use diesel::QueryResult;
use quick_cache::sync::Cache;

use crate::access::policy::{self, Action, FieldGroup, FieldRight, Resource, Role};
use crate::access::standing::Standing;
use crate::access::tokens::Bearer;
use crate::access::{ActorKind, GrantId, OrganisationId, PrincipalId, PrincipalStatus, TerritoryId, queries};
use crate::aggregate::Root;
use crate::error::{ApiError, ApiResult, Kind};
use crate::maps::IdSet;

const REMEMBERED: usize = 2_000;

/// Where a row is, as far as scope is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub owner_org: OrganisationId,
    /// None for what has no place of its own there: it is wherever the organisation works.
    pub territory: Option<TerritoryId>,
    pub target_group: Option<String>,
    /// Cases: who may look inside beyond scope (domain 1, `access_level`).
    pub confinement: Confinement,
}

/// A case's access level, as it narrows scope (domain 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Confinement {
    /// As the grant says.
    #[default]
    Open,
    /// As the grant says, to who states what for.
    Audited,
    /// The assigned manager and the owner's supervisors.
    Protected(Option<PrincipalId>),
    /// The assigned manager alone.
    Closed(Option<PrincipalId>),
}

impl Confinement {
    /// What a code of `access_levels` means for a case of this manager.
    pub fn of(access_level: Option<&str>, manager: Option<PrincipalId>) -> Self {
        match access_level {
            Some("audited") => Self::Audited,
            Some("protected") => Self::Protected(manager),
            Some("closed") => Self::Closed(manager),
            _ => Self::Open,
        }
    }
}

/// One grant, resolved.
#[derive(Debug, Clone)]
pub struct HeldGrant {
    pub id: GrantId,
    pub role: Role,
    pub organisation: OrganisationId,
    /// The organisation and all below it.
    pub organisations: IdSet<OrganisationId>,
    pub territories: IdSet<TerritoryId>,
    /// Empty: every target group.
    pub target_groups: HashSet<String>,
    /// Whether the request that uses it states what for.
    pub states_purpose: bool,
}

impl HeldGrant {
    fn reaches(&self, place: &Place, principal: PrincipalId) -> bool {
        self.organisations.contains(&place.owner_org)
            && place.territory.is_none_or(|territory| self.territories.contains(&territory))
            && self.reaches_group(place.target_group.as_deref())
            && self.passes(place.confinement, principal)
    }

    /// A row without a target group (a person not yet in a case) is reached by grants on every group alone.
    pub fn reaches_group(&self, group: Option<&str>) -> bool {
        self.target_groups.is_empty() || group.is_some_and(|group| self.target_groups.contains(group))
    }

    fn passes(&self, confinement: Confinement, principal: PrincipalId) -> bool {
        match confinement {
            Confinement::Open => true,
            Confinement::Audited => self.states_purpose,
            Confinement::Protected(manager) => {
                manager == Some(principal) || self.role == Role::OrganisationAdministrator
            }
            Confinement::Closed(manager) => manager == Some(principal),
        }
    }
}

/// What a caller may do with each field group of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldRights {
    identity: FieldRight,
    legal: FieldRight,
    health: FieldRight,
    notes: FieldRight,
}

impl FieldRights {
    const NONE: Self = Self::all(FieldRight::Hidden);

    const fn all(right: FieldRight) -> Self {
        Self { identity: right, legal: right, health: right, notes: right }
    }

    /// The best that any of these roles has.
    fn of(roles: impl Iterator<Item = Role>) -> Self {
        roles.fold(Self::NONE, |best, role| {
            let better = |group| best.on(group).max(policy::field_right(role, group));
            Self {
                identity: better(FieldGroup::Identity),
                legal: better(FieldGroup::Legal),
                health: better(FieldGroup::Health),
                notes: better(FieldGroup::Notes),
            }
        })
    }

    pub fn on(self, group: FieldGroup) -> FieldRight {
        match group {
            FieldGroup::Identity => self.identity,
            FieldGroup::Legal => self.legal,
            FieldGroup::Health => self.health,
            FieldGroup::Notes => self.notes,
        }
    }

    pub fn reads(self, group: FieldGroup) -> bool {
        self.on(group) >= FieldRight::Read
    }

    pub fn writes(self, group: FieldGroup) -> bool {
        self.on(group) == FieldRight::Write
    }

    /// 403 for members whose group may not be written. `guarded` names members with their group.
    pub fn require_writable<'a>(
        self,
        guarded: &[(&str, FieldGroup)],
        names: impl Iterator<Item = &'a str>,
    ) -> ApiResult<()> {
        let hidden = |name: &&str| guarded.iter().any(|(guarded, group)| guarded == name && !self.writes(*group));
        let refused: Vec<&str> = names.filter(hidden).collect();
        if refused.is_empty() {
            Ok(())
        } else {
            Err(ApiError::forbidden(format!("your grants do not let you write {}", refused.join(", "))))
        }
    }
}

/// Everything a caller may do.
#[derive(Debug, Clone)]
pub struct Rights {
    pub principal: PrincipalId,
    pub kind: ActorKind,
    pub organisation: OrganisationId,
    pub auth_epoch: i64,
    pub grants: Vec<HeldGrant>,
    /// The deployment itself: the command line, background work.
    unlimited: bool,
}

impl Rights {
    pub fn new(
        principal: PrincipalId,
        kind: ActorKind,
        organisation: OrganisationId,
        auth_epoch: i64,
        grants: Vec<HeldGrant>,
    ) -> Self {
        Self { principal, kind, organisation, auth_epoch, grants, unlimited: false }
    }

    /// The rights of some other caller, to be given work; none where there is no such caller or it is deactivated.
    pub fn of(connection: &mut Connection, principal: PrincipalId) -> QueryResult<Option<Self>> {
        match queries::principal(connection, principal)? {
            Some((kind, status, organisation, epoch)) if status != PrincipalStatus::Deactivated => {
                let grants = queries::held_grants(connection, principal)?;
                Ok(Some(Self::new(principal, kind, organisation, epoch, grants).stating_a_purpose()))
            }
            _ => Ok(None),
        }
    }

    /// The same for a request that states what it is for, by `Access-Purpose`: what is audited opens.
    fn stating_a_purpose(mut self) -> Self {
        for grant in &mut self.grants {
            grant.states_purpose = true;
        }
        self
    }

    /// The deployment's own rights: everything, everywhere.
    pub fn system() -> Arc<Self> {
        Self::unlimited(crate::access::SYSTEM, ActorKind::System)
    }

    /// The same in somebody's name: demonstration data is to look as if people had made it.
    pub fn unlimited(principal: PrincipalId, kind: ActorKind) -> Arc<Self> {
        Arc::new(Self {
            principal,
            kind,
            organisation: OrganisationId(uuid::Uuid::nil()),
            auth_epoch: 0,
            grants: Vec::new(),
            unlimited: true,
        })
    }

    /// Of somebody without an account, in the name of a link that lets them do one thing: what that is, its operation knows.
    pub fn of_partner(link: uuid::Uuid) -> Arc<Self> {
        Arc::new(Self {
            principal: PrincipalId(link),
            kind: ActorKind::Partner,
            organisation: OrganisationId(uuid::Uuid::nil()),
            auth_epoch: 0,
            grants: Vec::new(),
            unlimited: false,
        })
    }

    fn allowing(&self, action: Action, resource: Resource) -> impl Iterator<Item = &HeldGrant> + Clone {
        self.grants.iter().filter(move |grant| policy::allows(grant.role, action, resource))
    }

    /// Whether any grant allows this anywhere.
    pub fn may(&self, action: Action, resource: Resource) -> bool {
        // Who has lost every grant may still ask who they are, and people may change their password.
        let own = resource == Resource::Me && (action == Action::Read || self.kind == ActorKind::User);
        self.unlimited || own || self.allowing(action, resource).next().is_some()
    }

    /// 403 unless some grant allows this somewhere.
    pub fn require(&self, action: Action, resource: Resource) -> ApiResult<()> {
        if self.may(action, resource) {
            Ok(())
        } else {
            Err(ApiError::forbidden(format!("none of your grants allows '{action}' on '{resource}'")))
        }
    }

    /// Whether some grant allows this on a row at this place.
    pub fn may_at(&self, action: Action, resource: Resource, place: &Place) -> bool {
        self.unlimited || self.allowing(action, resource).any(|grant| grant.reaches(place, self.principal))
    }

    /// The grants that allow this and reach the place.
    pub fn require_at(&self, action: Action, resource: Resource, place: &Place) -> ApiResult<()> {
        if self.may_at(action, resource, place) {
            return Ok(());
        }
        let seen =
            |place: &Place| [Action::Read, Action::List].iter().any(|&action| self.may_at(action, resource, place));
        if seen(place) {
            Err(ApiError::forbidden(format!("none of your grants allows '{action}' on this row of '{resource}'")))
        } else if place.confinement == Confinement::Audited
            && seen(&Place { confinement: Confinement::Open, ..place.clone() })
        {
            Err(ApiError::forbidden("access to this case is audited: say what it is for in Access-Purpose"))
        } else {
            Err(ApiError::not_found())
        }
    }

    /// The same of a root; the refusal is recorded with its id.
    pub fn require_on(&self, action: Action, resource: Resource, root: &impl Root) -> ApiResult<()> {
        self.require_at(action, resource, &root.place()).map_err(|refused| refused.about(root.id().into()))
    }

    /// 422, with the member to correct, where an edit has taken a row to where the caller may not edit it: nobody moves a row to
    /// where they could not have made it.
    pub fn require_kept_in_reach(&self, resource: Resource, place: &Place, changed: &[&str]) -> ApiResult<()> {
        if self.may_at(Action::Edit, resource, place) {
            Ok(())
        } else if changed.contains(&"territory_id") {
            Err(ApiError::unknown_reference("territory_id"))
        } else if changed.contains(&"target_group") {
            Err(ApiError::invalid_member("target_group", "is not among those you were granted"))
        } else {
            Ok(())
        }
    }

    /// Field rights on a row, from the grants that match that row.
    pub fn fields_at(&self, place: &Place) -> FieldRights {
        if self.unlimited {
            return FieldRights::all(FieldRight::Write);
        }
        FieldRights::of(self.grants.iter().filter(|grant| grant.reaches(place, self.principal)).map(|grant| grant.role))
    }

    /// Whether some grant that reaches the list hides the field group: filtering and sorting by it would tell.
    pub fn hides_somewhere(&self, action: Action, resource: Resource, group: FieldGroup) -> bool {
        !self.unlimited
            && self.allowing(action, resource).any(|grant| policy::field_right(grant.role, group) == FieldRight::Hidden)
    }

    /// Ids of the grants that allow this: what lists join on.
    pub fn grants_for(&self, action: Action, resource: Resource) -> Vec<&HeldGrant> {
        self.allowing(action, resource).collect()
    }

    /// Whether some grant allows this within an organisation (for what has no territory: users, clients, grants).
    pub fn may_in(&self, action: Action, resource: Resource, organisation: OrganisationId) -> bool {
        self.unlimited || self.allowing(action, resource).any(|grant| grant.organisations.contains(&organisation))
    }

    /// 404 for an organisation beyond the caller's own, 403 where only this action is not allowed.
    pub fn require_in(&self, action: Action, resource: Resource, organisation: OrganisationId) -> ApiResult<()> {
        if self.may_in(action, resource, organisation) {
            Ok(())
        } else if self.may_in(Action::Read, resource, organisation) {
            Err(ApiError::forbidden(format!("none of your grants allows '{action}' on this row of '{resource}'")))
        } else {
            Err(ApiError::not_found())
        }
    }

    pub fn is_unlimited(&self) -> bool {
        self.unlimited
    }
}

/// The rights of callers seen lately.
pub struct RightsCache(Cache<(PrincipalId, bool), Arc<Rights>>);

impl Default for RightsCache {
    fn default() -> Self {
        Self(Cache::new(REMEMBERED))
    }
}

impl RightsCache {
    /// Works with the rights remembered; where they turn out to be old, once more with the present ones. The work of the first
    /// attempt must leave nothing behind then. Errors count as well: nobody is refused by old rights.
    pub fn working<T>(
        &self,
        connection: &mut Connection,
        bearer: &Bearer,
        states_purpose: bool,
        mut work: impl FnMut(&mut Connection, Arc<Rights>, &mut Standing) -> ApiResult<T>,
    ) -> ApiResult<T> {
        if let Some(rights) = self.0.get(&(bearer.principal, states_purpose)) {
            let mut standing = Standing::remembered(*bearer, rights.auth_epoch);
            let result = work(connection, rights, &mut standing);
            let confirmed = standing.confirm(connection);
            if !standing.is_old() {
                return match (result, confirmed) {
                    (Ok(value), confirmed) => confirmed.map(|()| value),
                    (Err(error), _) => Err(error),
                };
            }
        }
        let rights = self.current(connection, bearer, states_purpose)?;
        let mut standing = Standing::present(*bearer, rights.auth_epoch);
        work(connection, rights, &mut standing)
    }

    /// The caller's present rights. One statement tells whether the session lives, the caller is active and the rights held
    /// are still the present ones; more only after a change. 401 where the session or the caller has ended.
    pub fn current(
        &self,
        connection: &mut Connection,
        bearer: &Bearer,
        states_purpose: bool,
    ) -> ApiResult<Arc<Rights>> {
        let standing = queries::standing(connection, bearer.session)?
            .filter(|standing| standing.is_alive(bearer))
            .ok_or_else(|| ApiError::new(Kind::InvalidToken, "the session has ended"))?;
        if let Some(rights) = self.0.get(&(bearer.principal, states_purpose))
            && rights.auth_epoch == standing.auth_epoch
        {
            return Ok(rights);
        }
        let grants = queries::held_grants(connection, bearer.principal)?;
        let rights = Rights::new(bearer.principal, bearer.kind, standing.organisation_id, standing.auth_epoch, grants);
        let rights = Arc::new(if states_purpose { rights.stating_a_purpose() } else { rights });
        self.0.insert((bearer.principal, states_purpose), rights.clone());
        Ok(rights)
    }
}
