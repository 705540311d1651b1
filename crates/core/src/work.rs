//! The one write path. Every command is one call: rights, replay of a known `Idempotency-Key`, the lock on the aggregate's
//! root, rules, the row, one change record and one history record, commit. Then whoever waits on the feed is woken.

use std::sync::Arc;

use approdo_db::schema::idempotency_keys;
use approdo_db::types::RowId;
use approdo_db::{Connection, Json, Prepared, Timestamp, Unavailable, Value, define_id, on_backend, text_enum};
use chrono::TimeDelta;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::keys::random;
use crate::access::rights::{Confinement, Place, Rights};
use crate::access::standing::{Asks, Standing};
use crate::access::tokens::Bearer;
use crate::access::{ActorKind, PrincipalId, Resource};
use crate::app::App;
use crate::error::{ApiError, ApiResult, Kind};
use crate::http::{Answer, RequestContext, Shown, View};
use crate::territory::kept;

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
    /// The person it is about: what is kept on them is found by it.
    pub about: Option<Uuid>,
    /// The values, for the history; none where it keeps none.
    pub values: Option<Json>,
}

/// A place as the change record keeps it: owner, territory, target group, access level, manager.
fn place_columns(place: Option<&Place>) -> [Value; 5] {
    let id = |id: Option<Uuid>| Value::OptionalUuid(id.map(RowId));
    let text = |text: Option<&str>| Value::OptionalText(text.map(str::to_owned));
    let (level, manager) = match place.map(|place| place.confinement) {
        None | Some(Confinement::Open) => (None, None),
        Some(Confinement::Audited) => (Some("audited"), None),
        Some(Confinement::Protected(manager)) => (Some("protected"), manager),
        Some(Confinement::Closed(manager)) => (Some("closed"), manager),
    };
    [
        id(place.map(|place| place.owner_org.0)),
        id(place.and_then(|place| place.territory).map(|territory| territory.0)),
        text(place.and_then(|place| place.target_group.as_deref())),
        text(level),
        id(manager.map(|manager| manager.0)),
    ]
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
    standing: &'a mut Standing,
    /// Whether a change was recorded: who reads in changing is found by it.
    recorded: bool,
    /// Whether a change of the territories was.
    changes_territories: bool,
    shown: Shown,
}

impl Asks for Unit<'_> {
    fn parts(&mut self) -> (&mut Connection, &mut Standing) {
        (self.connection, self.standing)
    }
}

impl Unit<'_> {
    /// Notes which rows the answer shows. Where the command changes nothing (an edit without a difference, a replay), it is a read, and
    /// recorded like one.
    pub fn shows(&mut self, resource: Resource, ids: impl IntoIterator<Item = Uuid>) {
        self.shown = Some((resource.as_str(), ids.into_iter().collect()));
    }

    /// What was shown without a change record that tells of it.
    pub fn read_alone(&mut self) -> Shown {
        self.shown.take().filter(|_| !self.recorded)
    }

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

    /// Runs something to its end, and takes back what it wrote: what it gives is what would have come of it.
    pub fn tried<T>(&mut self, work: impl FnOnce(&mut Self) -> ApiResult<T>) -> ApiResult<T> {
        let recorded = self.recorded;
        diesel::sql_query("SAVEPOINT tried").execute(self.connection)?;
        let outcome = work(self)?;
        diesel::sql_query("ROLLBACK TO SAVEPOINT tried").execute(self.connection)?;
        self.recorded = recorded;
        Ok(outcome)
    }

    /// Does what follows from a command and is nobody's own: in the name of the deployment.
    pub fn as_system<T>(&mut self, work: impl FnOnce(&mut Self) -> ApiResult<T>) -> ApiResult<T> {
        let own = std::mem::replace(&mut self.rights, Rights::system());
        let result = work(self);
        self.rights = own;
        result
    }

    /// Writes the change record and the history record of one row.
    pub fn record(&mut self, change: Change) -> ApiResult<()> {
        self.write(None, change).map(drop)
    }

    /// Keeps the values of a change once more, for another person whom it is about.
    pub fn remember(&mut self, mut change: Change) -> ApiResult<()> {
        let values = change.values.take().unwrap_or_default();
        self.history_row(change, values).execute(self.connection)?;
        Ok(())
    }

    /// Tells the feed once more of a change whose values are recorded: at another place where the row is.
    pub fn tell(&mut self, change: &Change) -> ApiResult<()> {
        self.change_row(change)?.execute(self.connection)?;
        Ok(())
    }

    /// Writes a row by a statement that changes one row or none, and its records; tells whether it changed one. Where it did
    /// not, nothing is recorded.
    pub fn keep(&mut self, statement: Prepared, change: Change) -> ApiResult<bool> {
        Ok(self.write(Some(statement), change)? == 1)
    }

    /// Writes a row that was read under its lock, and its records. The safety net: the update by id and version must find it.
    pub fn update(&mut self, statement: Prepared, change: Change) -> ApiResult<()> {
        Self::updated_one(self.write(Some(statement), change)?)
    }

    /// What is left to do before the transaction ends.
    fn settle(&mut self) -> ApiResult<()> {
        if self.changes_territories { kept::renew(self.connection) } else { Ok(()) }
    }

    // On PostgreSQL one statement, because it is one round trip.
    fn write(&mut self, statement: Option<Prepared>, mut change: Change) -> ApiResult<usize> {
        let change_row = self.change_row(&change)?;
        self.recorded = true;
        self.changes_territories |= kept::are_changed_by(&change);
        // Where no member changed but only who sees the row, there are no new values to keep.
        let values = change.values.take().filter(|_| !change.changed.is_empty());
        let history_row = values.map(|values| self.history_row(change, values));
        if self.connection.is_sqlite() {
            if let Some(statement) = statement
                && statement.execute(self.connection)? == 0
            {
                return Ok(0);
            }
            if let Some(history_row) = history_row {
                history_row.execute(self.connection)?;
            }
            return Ok(change_row.execute(self.connection)?);
        }
        let mut whole = Prepared::<()>::new("WITH row_changed AS (");
        whole = match statement {
            Some(statement) => whole.append(statement).sql(" RETURNING 1"),
            None => whole.sql("SELECT 1"),
        };
        if let Some(history_row) = history_row {
            whole = whole.sql("), history_row AS (").append(history_row).sql(" FROM row_changed");
        }
        Ok(whole.sql(") ").append(change_row).sql(" FROM row_changed").execute(self.connection)?)
    }

    fn change_row(&self, change: &Change) -> ApiResult<Prepared> {
        let what = [
            Value::Uuid(RowId(ChangeId::new().0)),
            Value::Text(change.resource.to_owned()),
            Value::Uuid(RowId(change.id)),
            Value::BigInt(change.version),
            Value::Text(change.operation.as_str().to_owned()),
            Value::Json(Json::of(&change.changed)),
        ];
        let who = [
            Value::OptionalUuid(change.audience.map(|audience| RowId(audience.0))),
            Value::Uuid(RowId(self.rights.principal.0)),
            Value::Text(self.rights.kind.as_str().to_owned()),
            Value::Text(self.context.purpose.clone()),
            Value::Text(self.context.id.clone()),
            Value::Instant(self.now),
            Value::Bytes(random::<16>()?.to_vec()),
        ];
        let (after, before) = (place_columns(change.place.as_ref()), place_columns(change.before.as_ref()));
        Ok(Prepared::new(
            "INSERT INTO outbox (id, resource, resource_id, version, operation, changed_fields, owner_org_id, territory_id, \
             target_group, access_level, manager_id, before_owner_org_id, before_territory_id, before_target_group, \
             before_access_level, before_manager_id, audience_id, actor_id, actor_kind, purpose, request_id, at, salt) \
             SELECT ",
        )
        .bind_all(what.into_iter().chain(after).chain(before).chain(who)))
    }

    fn history_row(&self, change: Change, values: Json) -> Prepared {
        Prepared::new(
            "INSERT INTO history (id, resource, resource_id, version, operation, field_values, actor_id, at, person_id) \
             SELECT ",
        )
        .bind_all([
            Value::Uuid(RowId(HistoryId::new().0)),
            Value::Text(change.resource.to_owned()),
            Value::Uuid(RowId(change.id)),
            Value::BigInt(change.version),
            Value::Text(change.operation.as_str().to_owned()),
            Value::Json(values),
            Value::Uuid(RowId(self.rights.principal.0)),
            Value::Instant(self.now),
            Value::OptionalUuid(change.about.map(RowId)),
        ])
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

    /// 202 with the address and tag of what goes on.
    pub fn accepted(&self, path: &str, version: i64, body: &impl Serialize) -> ApiResult<Answer> {
        Ok(Answer::accepted(self.app.address(path), body)?.etag(self.tag(version)))
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

/// Runs a command for a caller. It runs again, from the beginning of a new transaction, where the rights it began with were
/// old.
pub fn run<T>(
    app: &App,
    bearer: &Bearer,
    context: &RequestContext,
    operation: &'static str,
    fingerprint: Option<[u8; 32]>,
    mut work: impl FnMut(&mut Unit<'_>) -> ApiResult<T>,
) -> ApiResult<T> {
    let mut connection = app.database.writer()?;
    let result = app.rights.working(&mut connection, bearer, context.states_purpose, |connection, rights, standing| {
        connection.write_transaction(|connection| {
            let now = app.clock.now();
            let (replay_asked, recorded, changes_territories, shown) = (false, false, false, None);
            let mut unit = Unit {
                connection,
                rights,
                now,
                context,
                app,
                operation,
                fingerprint,
                replay_asked,
                standing,
                recorded,
                changes_territories,
                shown,
            };
            let answer = work(&mut unit)?;
            if unit.fingerprint.is_some() && !unit.replay_asked {
                return Err(ApiError::fault(format!("{operation} never asked for a replay")));
            }
            unit.standing.confirm(unit.connection)?;
            unit.settle()?;
            Ok(answer)
        })
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
    run_without_caller(connection, app, &RequestContext::internal(purpose), work)
}

/// Runs a command of a request without a token. It begins in the name of the deployment: the work is to go on in the name of whoever it
/// finds the request to be from.
pub fn run_without_account<T>(
    app: &App,
    context: &RequestContext,
    work: impl FnOnce(&mut Unit<'_>) -> ApiResult<T>,
) -> ApiResult<T> {
    let mut connection = app.database.writer()?;
    run_without_caller(&mut connection, app, context, work).inspect_err(|error| {
        app.is_outage(error);
    })
}

fn run_without_caller<T>(
    connection: &mut Connection,
    app: &App,
    context: &RequestContext,
    work: impl FnOnce(&mut Unit<'_>) -> ApiResult<T>,
) -> ApiResult<T> {
    let result = connection.write_transaction(|connection| {
        let mut unit = Unit {
            connection,
            rights: Rights::system(),
            now: app.clock.now(),
            context,
            app,
            operation: "system",
            fingerprint: None,
            replay_asked: true,
            standing: &mut Standing::of_system(),
            recorded: false,
            changes_territories: false,
            shown: None,
        };
        let outcome = work(&mut unit)?;
        unit.settle()?;
        Ok(outcome)
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
            about: None,
            values: None,
        }
    }
}

impl Change {
    /// The event that tells one caller to read its lists again: its own reach has changed.
    pub fn scope_changed(principal: PrincipalId) -> Self {
        Self { audience: Some(principal), ..Self::plain("scope", principal.0, 1, Operation::ScopeChanged, &[]) }
    }
}
