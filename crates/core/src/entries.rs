//! Entries of registers: rows that every caller may know, and that the administrators of their organisation keep.

use approdo_db::schema::child_transitions;
use approdo_db::{Connection, Json};
use diesel::prelude::*;
use serde::Serialize;
use uuid::Uuid;

use crate::access::{Action, OrganisationId, Resource};
use crate::aggregate::moves::{self, ChildTransition, ChildTransitionId};
use crate::error::{ApiError, ApiResult};
use crate::http::{Body, Checked, IfMatch, Reader};
use crate::work::{Change, Operation, Unit};

/// A row of a register. `entry!` implements it.
pub trait Entry: Sized + Serialize {
    type Id: Copy + From<Uuid>;
    /// Its name in the feed.
    const KIND: &'static str;
    const RESOURCE: Resource;

    fn identity(&self) -> (Uuid, i64);
    /// The organisation whose administrators keep it.
    fn keeper(&self) -> OrganisationId;
    fn find(connection: &mut Connection, id: Self::Id) -> QueryResult<Option<Self>>;
    fn lock(connection: &mut Connection, id: Self::Id) -> QueryResult<Option<Self>>;
    fn insert(&self, connection: &mut Connection) -> QueryResult<usize>;
    fn delete(&self, connection: &mut Connection) -> QueryResult<usize>;
    /// Counts a change and writes the row, under its lock.
    fn save(&mut self, unit: &mut Unit<'_>) -> ApiResult<()>;
}

/// Makes a row an `Entry`: its type, its id's type, its table, the column of the organisation that keeps it, its name in the feed,
/// its resource.
#[macro_export]
macro_rules! entry {
    ($row:ident, $id:ident, $table:ident, $keeper:ident, $kind:literal, $resource:ident) => {
        impl $crate::entries::Entry for $row {
            type Id = $id;
            const KIND: &'static str = $kind;
            const RESOURCE: $crate::access::Resource = $crate::access::Resource::$resource;

            fn identity(&self) -> (::uuid::Uuid, i64) {
                (self.id.0, self.version)
            }

            fn keeper(&self) -> $crate::access::OrganisationId {
                self.$keeper
            }

            fn find(connection: &mut approdo_db::Connection, id: $id) -> ::diesel::QueryResult<Option<Self>> {
                use ::diesel::prelude::*;
                $table::table.find(id).first(connection).optional()
            }

            fn lock(connection: &mut approdo_db::Connection, id: $id) -> ::diesel::QueryResult<Option<Self>> {
                use ::diesel::prelude::*;
                approdo_db::first_for_update!(&mut *connection, $table::table.find(id)).optional()
            }

            fn insert(&self, connection: &mut approdo_db::Connection) -> ::diesel::QueryResult<usize> {
                use ::diesel::prelude::*;
                ::diesel::insert_into($table::table).values(self).execute(connection)
            }

            fn delete(&self, connection: &mut approdo_db::Connection) -> ::diesel::QueryResult<usize> {
                use ::diesel::prelude::*;
                let row = $table::table.filter($table::id.eq(self.id)).filter($table::version.eq(self.version));
                ::diesel::delete(row).execute(connection)
            }

            fn save(&mut self, unit: &mut $crate::work::Unit<'_>) -> $crate::error::ApiResult<()> {
                use ::diesel::prelude::*;
                let before = self.version;
                self.version += 1;
                self.updated_at = unit.now;
                let row = $table::table.filter($table::id.eq(self.id)).filter($table::version.eq(before));
                $crate::work::Unit::updated_one(::diesel::update(row).set(&*self).execute(unit.connection)?)
            }
        }
    };
}

/// An entry; 404 where there is none.
pub fn known<E: Entry>(reader: &mut Reader<'_>, id: E::Id) -> ApiResult<E> {
    E::find(reader.connection, id)?.ok_or_else(ApiError::not_found)
}

/// The entry that an earlier request with the same `Idempotency-Key` made.
pub fn made_before<E: Entry>(unit: &mut Unit<'_>, id: Uuid) -> ApiResult<E> {
    E::find(unit.connection, E::Id::from(id))?.ok_or_else(ApiError::not_found)
}

/// An entry under its lock, whoever asks.
pub fn found_locked<E: Entry>(unit: &mut Unit<'_>, id: E::Id) -> ApiResult<E> {
    E::lock(unit.connection, id)?.ok_or_else(ApiError::not_found)
}

/// An entry under its lock, where the caller may do this to what belongs to it.
pub fn locked<E: Entry>(unit: &mut Unit<'_>, action: Action, resource: Resource, id: E::Id) -> ApiResult<E> {
    let row: E = found_locked(unit, id)?;
    // Everyone may know the entry, so the refusal need not hide it.
    if unit.rights.may_in(action, resource, row.keeper()) {
        Ok(row)
    } else {
        Err(ApiError::forbidden(format!("none of your grants allows '{action}' here")))
    }
}

/// Moves an entry, once for each `Idempotency-Key`.
pub fn run<E: Entry, B: Checked>(
    unit: &mut Unit<'_>,
    id: E::Id,
    if_match: &IfMatch,
    body: &Body<B>,
    make: impl FnOnce(&mut Unit<'_>, E, ChildTransitionId, &B) -> ApiResult<ChildTransition>,
) -> ApiResult<ChildTransition> {
    let row: E = locked(unit, Action::Transition, E::RESOURCE, id)?;
    let asked = body.read()?;
    let transition = ChildTransitionId::new();
    if let Some(earlier) = unit.replay(transition.0)? {
        return Ok(child_transitions::table.find(ChildTransitionId(earlier)).first(unit.connection)?);
    }
    if_match.check(row.identity().1)?;
    make(unit, row, transition, &asked)
}

/// Keeps the move of an entry that has been saved.
pub fn keep_move<E: Entry>(
    unit: &mut Unit<'_>,
    row: &E,
    id: ChildTransitionId,
    way: (&str, &str),
    note: Option<&str>,
) -> ApiResult<ChildTransition> {
    moves::keep_of(unit, E::KIND, row.identity(), id, way, note)
}

/// 422 where the caller may not make entries of an organisation: the same text whether it exists or not.
pub fn require_keeper(unit: &Unit<'_>, resource: Resource, member: &str, keeper: OrganisationId) -> ApiResult<()> {
    if unit.rights.may_in(Action::Create, resource, keeper) { Ok(()) } else { Err(ApiError::unknown_reference(member)) }
}

/// Writes a new entry with its records.
pub fn add<E: Entry>(unit: &mut Unit<'_>, row: &E, members: &[&'static str]) -> ApiResult<()> {
    row.insert(unit.connection)?;
    record(unit, row, Operation::Created, members)
}

/// Writes a changed entry with its records, if anything changed.
pub fn save<E: Entry>(unit: &mut Unit<'_>, row: &mut E, changed: &[&'static str]) -> ApiResult<()> {
    if changed.is_empty() {
        return Ok(());
    }
    row.save(unit)?;
    record(unit, row, Operation::Updated, changed)
}

/// Takes an entry away; its values stay in the history.
pub fn remove<E: Entry>(unit: &mut Unit<'_>, row: &E) -> ApiResult<()> {
    Unit::updated_one(row.delete(unit.connection)?)?;
    let (id, version) = row.identity();
    unit.record(Change::plain(E::KIND, id, version + 1, Operation::Deleted, &[]))
}

fn record<E: Entry>(unit: &mut Unit<'_>, row: &E, operation: Operation, changed: &[&'static str]) -> ApiResult<()> {
    let (id, version) = row.identity();
    unit.record(Change {
        values: Some(Json::try_of(row).map_err(ApiError::fault)?),
        ..Change::plain(E::KIND, id, version, operation, changed)
    })
}
