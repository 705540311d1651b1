//! Aggregates: a root (a person, a case, a household) with the rows that belong to it. A child has its root's scope and is written
//! under its root's lock; its moves are immutable rows.

pub mod moves;

use approdo_db::{Connection, Json};
use diesel::QueryResult;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;
use validator::Validate;

use crate::access::{Action, Place, Resource};
use crate::error::{ApiError, ApiResult};
use crate::http::page::{PageOf, Paged};
use crate::http::{Body, Checked, Parameters, Reader};
use crate::work::{Change, Operation, Unit};

/// What children take their scope from, and are written under the lock of.
pub trait Root: Sized {
    type Id: Copy + Into<Uuid>;
    /// What an answer that shows its rows is recorded as showing.
    const RESOURCE: Resource;

    fn id(&self) -> Self::Id;
    fn place(&self) -> Place;
    /// 404 where there is none.
    fn find(reader: &mut Reader<'_>, id: Self::Id) -> ApiResult<Self>;
    fn lock(unit: &mut Unit<'_>, id: Self::Id) -> ApiResult<Self>;
    /// The person it is about.
    fn about(&self) -> Option<Uuid>;
    /// 423 or 409 where its data may not be worked with.
    fn require_workable(&self) -> ApiResult<()>;
    /// Tells whoever works with it that something of it has changed.
    fn announce(&self, unit: &mut Unit<'_>) -> ApiResult<()>;
}

/// A row that belongs to a root. `child!` implements it.
pub trait Child: Sized + Serialize {
    type Id: Copy + From<Uuid> + Serialize + DeserializeOwned;
    type Root: Root;
    /// Its name in the feed.
    const KIND: &'static str;
    const RESOURCE: Resource;

    fn identity(&self) -> (Uuid, i64);
    /// The row with its root; 404 where there is none.
    fn with_root(reader: &mut Reader<'_>, id: Self::Id) -> ApiResult<(Self, Self::Root)>;
    /// The root of a row; 404 where there is no such row.
    fn root_of(unit: &mut Unit<'_>, id: Self::Id) -> ApiResult<<Self::Root as Root>::Id>;
    fn find(connection: &mut Connection, id: Self::Id) -> QueryResult<Self>;
    /// The rows of a root, oldest first.
    fn all_of(connection: &mut Connection, root: <Self::Root as Root>::Id, limit: i64) -> QueryResult<Vec<Self>>;
    fn insert(&self, connection: &mut Connection) -> QueryResult<usize>;
    /// Takes the row away; none where it is gone or has changed.
    fn delete(&self, connection: &mut Connection) -> QueryResult<usize>;
    /// Counts a change and writes the row, under the lock of its root.
    fn save(&mut self, unit: &mut Unit<'_>) -> ApiResult<()>;
}

/// Makes a row a `Child`: its type, its id's type, its table, its name in the feed, its resource; then its root's type with the
/// column that names the root and the root's table.
#[macro_export]
macro_rules! child {
    (
        $row:ident, $id:ident, $table:ident, $kind:literal, $resource:ident;
        of $root:ty, $root_column:ident in $root_table:ident
    ) => {
        impl $crate::aggregate::Child for $row {
            type Id = $id;
            type Root = $root;
            const KIND: &'static str = $kind;
            const RESOURCE: $crate::access::Resource = $crate::access::Resource::$resource;

            fn identity(&self) -> (::uuid::Uuid, i64) {
                (self.id.0, self.version)
            }

            fn with_root(
                reader: &mut $crate::http::Reader<'_>,
                id: $id,
            ) -> $crate::error::ApiResult<(Self, Self::Root)> {
                use approdo_db::schema::$root_table;
                const FROM: &str = concat!(
                    " FROM ",
                    stringify!($table),
                    " r JOIN ",
                    stringify!($root_table),
                    " root ON root.id = r.",
                    stringify!($root_column),
                    " WHERE r.id = "
                );
                let statement = approdo_db::Prepared::<($table::SqlType, $root_table::SqlType)>::select("r.*, root.*");
                $crate::access::standing::Asks::one(reader, statement.sql(FROM).bind(id))
            }

            fn root_of(
                unit: &mut $crate::work::Unit<'_>,
                id: $id,
            ) -> $crate::error::ApiResult<<Self::Root as $crate::aggregate::Root>::Id> {
                const COLUMN: &str = concat!("r.", stringify!($root_column));
                const FROM: &str = concat!(" FROM ", stringify!($table), " r WHERE r.id = ");
                let statement = approdo_db::Prepared::<approdo_db::types::Uuid>::select(COLUMN);
                $crate::access::standing::Asks::one(unit, statement.sql(FROM).bind(id))
            }

            fn find(connection: &mut approdo_db::Connection, id: $id) -> ::diesel::QueryResult<Self> {
                use ::diesel::prelude::*;
                $table::table.find(id).first(connection)
            }

            fn all_of(
                connection: &mut approdo_db::Connection,
                root: <Self::Root as $crate::aggregate::Root>::Id,
                limit: i64,
            ) -> ::diesel::QueryResult<Vec<Self>> {
                use ::diesel::prelude::*;
                $table::table.filter($table::$root_column.eq(root)).order($table::id).limit(limit).load(connection)
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
                let row =
                    ::diesel::update($table::table.filter($table::id.eq(self.id)).filter($table::version.eq(before)));
                $crate::work::Unit::updated_one(row.set(&*self).execute(unit.connection)?)
            }
        }
    };
}

/// A row with its root, where the caller may do this to it.
pub fn visible<C: Child>(reader: &mut Reader<'_>, action: Action, id: C::Id) -> ApiResult<(C, C::Root)> {
    let (row, root) = C::with_root(reader, id)?;
    reader.rights.require_on(action, C::RESOURCE, &root)?;
    Ok((row, root))
}

/// A page of a root's rows, oldest first. `ask` loads the rows of this root whose ids come after one, at most so many.
pub fn list<C: Child, Q: DeserializeOwned + Validate + Paged>(
    reader: &mut Reader<'_>,
    root: <C::Root as Root>::Id,
    query: &Parameters<Q>,
    ask: impl FnOnce(&mut Reader<'_>, &Q, &C::Root, C::Id, i64) -> ApiResult<Vec<C>>,
) -> ApiResult<(PageOf<C>, C::Root)> {
    let root = C::Root::find(reader, root)?;
    reader.rights.require_on(Action::List, C::RESOURCE, &root)?;
    let asked = query.read()?;
    let request = reader.page(query, asked.limit(), asked.cursor());
    let after = request.after()?.unwrap_or_else(|| C::Id::from(Uuid::nil()));
    let rows = ask(reader, &asked, &root, after, request.limit() + 1)?;
    reader.shows(C::Root::RESOURCE, [root.id().into()]);
    Ok((request.page(rows, |row: &C| C::Id::from(row.identity().0))?, root))
}

/// Makes a row of a root, once for each `Idempotency-Key`.
pub fn create<C: Child, N: Checked>(
    unit: &mut Unit<'_>,
    root: <C::Root as Root>::Id,
    body: &Body<N>,
    make: impl FnOnce(&mut Unit<'_>, C::Id, &C::Root, N) -> ApiResult<C>,
) -> ApiResult<(C, C::Root)> {
    let root = C::Root::lock(unit, root)?;
    unit.rights.require_on(Action::Create, C::RESOURCE, &root)?;
    unit.shows(C::Root::RESOURCE, [root.id().into()]);
    let new = body.read()?;
    let id = Uuid::now_v7();
    let row = match unit.replay(id)? {
        Some(earlier) => C::find(unit.connection, C::Id::from(earlier))?,
        None => {
            root.require_workable()?;
            make(unit, C::Id::from(id), &root, new)?
        }
    };
    Ok((row, root))
}

/// A row with its root, under the lock of the root, where the caller may do this to it.
pub fn locked<C: Child>(unit: &mut Unit<'_>, action: Action, id: C::Id) -> ApiResult<(C, C::Root)> {
    let (row, root) = locked_even_restricted::<C>(unit, action, id)?;
    root.require_workable()?;
    Ok((row, root))
}

/// The same for what may be done whether or not processing is restricted (GDPR art. 18), because it ends some.
pub fn locked_even_restricted<C: Child>(unit: &mut Unit<'_>, action: Action, id: C::Id) -> ApiResult<(C, C::Root)> {
    let root_id = C::root_of(unit, id)?;
    let root = C::Root::lock(unit, root_id)?;
    unit.rights.require_on(action, C::RESOURCE, &root)?;
    unit.shows(C::Root::RESOURCE, [root.id().into()]);
    Ok((C::find(unit.connection, id)?, root))
}

/// Writes a new row with its records.
pub fn add<C: Child>(unit: &mut Unit<'_>, row: &C, root: &C::Root, members: &[&'static str]) -> ApiResult<()> {
    row.insert(unit.connection)?;
    record(unit, row, root, Operation::Created, members.to_vec())
}

/// Writes a changed row with its records, if anything changed.
pub fn save<C: Child>(unit: &mut Unit<'_>, row: &mut C, root: &C::Root, changed: Vec<&'static str>) -> ApiResult<()> {
    if changed.is_empty() {
        return Ok(());
    }
    row.save(unit)?;
    record(unit, row, root, Operation::Updated, changed)
}

/// Takes a row away; its values stay in the history, and whoever follows the feed learns that it is gone.
pub fn remove<C: Child>(unit: &mut Unit<'_>, row: &C, root: &C::Root) -> ApiResult<()> {
    Unit::updated_one(row.delete(unit.connection)?)?;
    let (id, version) = row.identity();
    unit.record(Change {
        place: Some(root.place()),
        ..Change::plain(C::KIND, id, version + 1, Operation::Deleted, &[])
    })?;
    root.announce(unit)
}

/// Takes all rows of a root of a kind away, with their moves.
pub fn remove_all<C: Child>(unit: &mut Unit<'_>, root: &C::Root) -> ApiResult<()> {
    for row in C::all_of(unit.connection, root.id(), i64::MAX)? {
        moves::forget(unit, row.identity().0)?;
        remove(unit, &row, root)?;
    }
    Ok(())
}

fn record<C: Child>(
    unit: &mut Unit<'_>,
    row: &C,
    root: &C::Root,
    operation: Operation,
    changed: Vec<&'static str>,
) -> ApiResult<()> {
    let (id, version) = row.identity();
    unit.record(Change {
        resource: C::KIND,
        id,
        version,
        operation,
        changed,
        place: Some(root.place()),
        before: None,
        audience: None,
        about: root.about(),
        values: Some(Json::try_of(row).map_err(ApiError::fault)?),
    })?;
    root.announce(unit)
}

/// Tells the feed that the rows of a locked root are now where their root is: who follows it must drop or take them up too.
pub fn follow<C: Child>(unit: &mut Unit<'_>, root: &C::Root, before: &Place) -> ApiResult<()> {
    for row in C::all_of(unit.connection, root.id(), i64::MAX)? {
        let (id, version) = row.identity();
        unit.record(Change {
            place: Some(root.place()),
            before: Some(before.clone()),
            ..Change::plain(C::KIND, id, version, Operation::Updated, &[])
        })?;
    }
    Ok(())
}
