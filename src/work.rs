//! The one write path. Every command is one call: rights, replay of a known `Idempotency-Key`, the lock on the aggregate's
//! root, rules, the row, one change record and one history record, commit. Then whoever waits on the feed is woken.

use std::sync::Arc;

use approdo_db::schema::{history, idempotency_keys, outbox};
use approdo_db::{Connection, Json, Timestamp, Unavailable, define_id, on_backend, text_enum, types::RowId};
use chrono::TimeDelta;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::keys::random;
use crate::access::rights::{Confinement, Place, Rights};
use crate::access::tokens::Bearer;
use crate::access::{ActorKind, OrganisationId, PrincipalId, TerritoryId};
use crate::app::App;
use crate::clock;
use crate::error::{ApiError, ApiResult, Kind};
use crate::http::{Answer, RequestContext, View};

/// Hours an `Idempotency-Key` is remembered.
pub const KEY_HOURS: i64 = 24;

define_id! {
    /// The id of a change record; the feed and the audit trail name it.
    #[derive(ToSchema)]
    ChangeId;
    /// The id of a history record.
    HistoryId;
}

text_enum! {
    /// What was done to a row.
    #[derive(ToSchema)]
    Operation {
        Created = "created",
        Updated = "updated",
        Deleted = "deleted",
        /// A caller's own reach changed: no row, but everything the caller may list.
        ScopeChanged = "scope_changed",
    }
}

/// One thing that happened to one row: the change (names only) and the history (values).
#[derive(Debug)]
pub struct Change {
    /// The resource's name in the feed: `case` in `case.updated`.
    pub resource: &'static str,
    pub id: Uuid,
    pub version: i64,
    pub operation: Operation,
    pub changed: Vec<&'static str>,
    /// Where the row is now, and where it was before; none for what has no scope.
    pub place: Option<Place>,
    pub before: Option<Place>,
    /// The one caller it is told to, where it concerns one.
    pub audience: Option<PrincipalId>,
    /// The values, for the history.
    pub values: serde_json::Value,
}

#[derive(Insertable)]
#[diesel(table_name = outbox, treat_none_as_default_value = false)]
struct NewChange {
    id: ChangeId,
    resource: &'static str,
    resource_id: RowId,
    version: i64,
    operation: Operation,
    changed_fields: Json,
    owner_org_id: Option<OrganisationId>,
    territory_id: Option<TerritoryId>,
    target_group: Option<String>,
    access_level: Option<&'static str>,
    manager_id: Option<PrincipalId>,
    before_owner_org_id: Option<OrganisationId>,
    before_territory_id: Option<TerritoryId>,
    before_target_group: Option<String>,
    before_access_level: Option<&'static str>,
    before_manager_id: Option<PrincipalId>,
    audience_id: Option<PrincipalId>,
    actor_id: PrincipalId,
    actor_kind: ActorKind,
    purpose: String,
    request_id: String,
    at: Timestamp,
    salt: Vec<u8>,
}

#[derive(Insertable)]
#[diesel(table_name = history, treat_none_as_default_value = false)]
struct NewHistory {
    id: HistoryId,
    resource: &'static str,
    resource_id: RowId,
    version: i64,
    operation: Operation,
    field_values: Json,
    actor_id: PrincipalId,
    at: Timestamp,
}

/// A confinement as the change record keeps it.
fn confinement_columns(confinement: Confinement) -> (Option<&'static str>, Option<PrincipalId>) {
    match confinement {
        Confinement::Open => (None, None),
        Confinement::Protected(manager) => (Some("protected"), manager),
        Confinement::Closed(manager) => (Some("closed"), manager),
    }
}

/// A command in progress: one connection, one transaction, one caller, one instant.
pub struct Unit<'a> {
    pub connection: &'a mut Connection,
    pub rights: Arc<Rights>,
    pub now: Timestamp,
    pub context: &'a RequestContext,
    pub app: &'a App,
    operation: &'static str,
    fingerprint: Option<[u8; 32]>,
    replay_asked: bool,
}

impl Unit<'_> {
    /// Call once the caller's rights are known, with the id that the new row is going to have. Gives the id of the row that
    /// an earlier request with this key made; answers 422 where that request was to another resource or had another body.
    pub fn replay(&mut self, id: Uuid) -> ApiResult<Option<Uuid>> {
        self.replay_asked = true;
        let Some(key) = self.context.idempotency_key.clone() else {
            return if self.rights.kind == ActorKind::ApiClient {
                Err(ApiError::malformed("machine clients must send an Idempotency-Key"))
            } else {
                Ok(None)
            };
        };
        let Some(fingerprint) = self.fingerprint else { return Ok(None) };
        let (principal, operation, now) = (self.rights.principal, self.operation, self.now);
        let row = (
            idempotency_keys::principal_id.eq(principal),
            idempotency_keys::operation.eq(operation),
            idempotency_keys::key.eq(&key),
            idempotency_keys::fingerprint.eq(fingerprint.as_slice()),
            idempotency_keys::resource_id.eq(RowId(id)),
            idempotency_keys::created_at.eq(now),
        );
        // A concurrent request with the same key holds its row until it commits; this waits up to the lock timeout.
        let inserted = on_backend!(&mut *self.connection, c => {
            diesel::insert_into(idempotency_keys::table).values(row).on_conflict_do_nothing().execute(c)
        })
        .map_err(|error| match Unavailable::of(&error) {
            Some(Unavailable::Busy) => {
                ApiError::conflict("a request with this Idempotency-Key is still running").retry_after(5)
            }
            _ => error.into(),
        })?;
        if inserted > 0 {
            return Ok(None);
        }
        let known = idempotency_keys::table.find((principal, operation, &key));
        let (seen, row, at): (Vec<u8>, RowId, Timestamp) = known
            .select((idempotency_keys::fingerprint, idempotency_keys::resource_id, idempotency_keys::created_at))
            .first(self.connection)?;
        if at.instant() + TimeDelta::hours(KEY_HOURS) <= now.instant() {
            diesel::update(known)
                .set((
                    idempotency_keys::fingerprint.eq(fingerprint.as_slice()),
                    idempotency_keys::resource_id.eq(RowId(id)),
                    idempotency_keys::created_at.eq(now),
                ))
                .execute(self.connection)?;
            return Ok(None);
        }
        if seen != fingerprint {
            return Err(ApiError::new(Kind::Invalid, "this Idempotency-Key was used for another request"));
        }
        Ok(Some(row.0))
    }

    /// Writes the change record and the history record of one row.
    pub fn record(&mut self, change: Change) -> ApiResult<()> {
        let place = |place: Option<Place>| match place {
            None => (None, None, None, None, None),
            Some(place) => {
                let (level, manager) = confinement_columns(place.confinement);
                (Some(place.owner_org), Some(place.territory), place.target_group, level, manager)
            }
        };
        let (owner_org_id, territory_id, target_group, access_level, manager_id) = place(change.place);
        let before = place(change.before);
        let row = NewChange {
            id: ChangeId::new(),
            resource: change.resource,
            resource_id: RowId(change.id),
            version: change.version,
            operation: change.operation,
            changed_fields: Json::of(&change.changed),
            owner_org_id,
            territory_id,
            target_group,
            access_level,
            manager_id,
            before_owner_org_id: before.0,
            before_territory_id: before.1,
            before_target_group: before.2,
            before_access_level: before.3,
            before_manager_id: before.4,
            audience_id: change.audience,
            actor_id: self.rights.principal,
            actor_kind: self.rights.kind,
            purpose: self.context.purpose.clone(),
            request_id: self.context.id.clone(),
            at: self.now,
            salt: random::<16>()?.to_vec(),
        };
        diesel::insert_into(outbox::table).values(row).execute(self.connection)?;
        // Where no member changed but only who sees the row, there are no new values to keep.
        if change.changed.is_empty() {
            return Ok(());
        }
        let row = NewHistory {
            id: HistoryId::new(),
            resource: change.resource,
            resource_id: RowId(change.id),
            version: change.version,
            operation: change.operation,
            field_values: Json(change.values),
            actor_id: self.rights.principal,
            at: self.now,
        };
        diesel::insert_into(history::table).values(row).execute(self.connection)?;
        Ok(())
    }

    /// The `ETag` of a version as this caller sees the whole of it.
    pub fn tag(&self, version: i64) -> String {
        View {
            fields: "",
            embed: "",
            language: self.context.language.as_str(),
            coding: self.context.coding,
            principal: self.rights.principal.0,
            auth_epoch: self.rights.auth_epoch,
        }
        .tag(version)
    }

    /// 201 with the address and tag of what was made.
    pub fn created(&self, path: &str, version: i64, body: &impl Serialize) -> ApiResult<Answer> {
        Ok(Answer::created(self.app.address(path), body)?.etag(self.tag(version)))
    }

    /// 200 with what was edited.
    pub fn edited(&self, version: i64, body: &impl Serialize) -> ApiResult<Answer> {
        Ok(Answer::ok(body)?.etag(self.tag(version)))
    }

    /// The safety net under the lock: an update by id and version must have found its row.
    pub fn updated_one(rows: usize) -> ApiResult<()> {
        if rows == 1 {
            Ok(())
        } else {
            Err(ApiError::new(Kind::PreconditionFailed, "the resource has changed meanwhile"))
        }
    }
}

/// Runs a command for a caller.
pub fn run<T>(
    app: &App,
    bearer: &Bearer,
    context: &RequestContext,
    operation: &'static str,
    fingerprint: Option<[u8; 32]>,
    work: impl FnOnce(&mut Unit<'_>) -> ApiResult<T>,
) -> ApiResult<T> {
    let mut connection = app.database.writer()?;
    let result = connection.write_transaction(|connection| {
        let rights = app.rights.current(connection, bearer)?;
        let mut unit =
            Unit { connection, rights, now: clock::now(), context, app, operation, fingerprint, replay_asked: false };
        let answer = work(&mut unit)?;
        if unit.fingerprint.is_some() && !unit.replay_asked {
            return Err(ApiError::fault(format!("{operation} never asked for a replay")));
        }
        Ok(answer)
    });
    result.inspect_err(|error| {
        app.is_outage(error);
    })
}

/// Runs a command of the deployment itself: the command line, background jobs, demonstration data.
pub fn run_as_system<T>(app: &App, purpose: &str, work: impl FnOnce(&mut Unit<'_>) -> ApiResult<T>) -> ApiResult<T> {
    let mut connection = app.database.writer()?;
    run_as_system_on(&mut connection, app, purpose, work)
}

/// The same on a connection of the caller's own.
pub fn run_as_system_on<T>(
    connection: &mut Connection,
    app: &App,
    purpose: &str,
    work: impl FnOnce(&mut Unit<'_>) -> ApiResult<T>,
) -> ApiResult<T> {
    let context = RequestContext::internal(purpose);
    let result = connection.write_transaction(|connection| {
        work(&mut Unit {
            connection,
            rights: Rights::system(),
            now: clock::now(),
            context: &context,
            app,
            operation: "system",
            fingerprint: None,
            replay_asked: true,
        })
    });
    if result.is_ok() {
        app.feed.wake();
    }
    result
}

impl Change {
    /// A change of something that has no scope of its own and no personal values worth a history.
    pub fn plain(
        resource: &'static str,
        id: Uuid,
        version: i64,
        operation: Operation,
        changed: &[&'static str],
    ) -> Self {
        Self {
            resource,
            id,
            version,
            operation,
            changed: changed.to_vec(),
            place: None,
            before: None,
            audience: None,
            values: serde_json::Value::Null,
        }
    }
}

impl Change {
    /// The event that tells one caller to read its lists again: its own reach has changed.
    pub fn scope_changed(principal: PrincipalId) -> Self {
        Self { audience: Some(principal), ..Self::plain("scope", principal.0, 1, Operation::ScopeChanged, &[]) }
    }
}
