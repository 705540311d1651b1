//! What every row that belongs to a case has in common: the case's scope, and that it is written under the case's lock.

use approdo_db::Connection;
use diesel::QueryResult;
use serde::Serialize;
use uuid::Uuid;

use crate::access::{Action, Place, Resource};
use crate::cases::queries;
use crate::cases::types::{CaseId, CaseRow};
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::http::Reader;
use crate::work::{Change, Operation, Unit};

/// A row of a case. `case_child!` implements it.
pub trait Child: Sized + Serialize {
    type Id: Copy;
    /// Its name in the feed.
    const KIND: &'static str;
    const RESOURCE: Resource;

    fn identity(&self) -> (Uuid, i64);
    /// The row with its case; 404 where there is none.
    fn with_case(reader: &mut Reader<'_>, id: Self::Id) -> ApiResult<(Self, CaseRow)>;
    /// The case of a row; 404 where there is no such row.
    fn case_of(unit: &mut Unit<'_>, id: Self::Id) -> ApiResult<CaseId>;
    fn find(connection: &mut Connection, id: Self::Id) -> QueryResult<Self>;
    /// The rows of a case, oldest first.
    fn of_case(connection: &mut Connection, case: CaseId, limit: i64) -> QueryResult<Vec<Self>>;
    fn insert(&self, connection: &mut Connection) -> QueryResult<usize>;
    /// Counts a change and writes the row, under the lock of its case.
    fn save(&mut self, unit: &mut Unit<'_>) -> ApiResult<()>;
}

/// Makes a row of a case a `Child`: its type, its id's type, its table, its name in the feed, its resource.
#[macro_export]
macro_rules! case_child {
    ($row:ident, $id:ident, $table:ident, $kind:literal, $resource:ident) => {
        impl $crate::cases::children::Child for $row {
            type Id = $id;
            const KIND: &'static str = $kind;
            const RESOURCE: $crate::access::Resource = $crate::access::Resource::$resource;

            fn identity(&self) -> (::uuid::Uuid, i64) {
                (self.id.0, self.version)
            }

            fn with_case(
                reader: &mut $crate::http::Reader<'_>,
                id: $id,
            ) -> $crate::error::ApiResult<(Self, $crate::cases::types::CaseRow)> {
                use approdo_db::schema::cases;
                const FROM: &str =
                    concat!(" FROM ", stringify!($table), " r JOIN cases c ON c.id = r.case_id WHERE r.id = ");
                let statement = approdo_db::Prepared::<($table::SqlType, cases::SqlType)>::select("r.*, c.*");
                $crate::access::standing::Asks::one(reader, statement.sql(FROM).bind(id))
            }

            fn case_of(
                unit: &mut $crate::work::Unit<'_>,
                id: $id,
            ) -> $crate::error::ApiResult<$crate::cases::types::CaseId> {
                const FROM: &str = concat!(" FROM ", stringify!($table), " r WHERE r.id = ");
                let statement = approdo_db::Prepared::<approdo_db::types::Uuid>::select("r.case_id");
                $crate::access::standing::Asks::one(unit, statement.sql(FROM).bind(id))
            }

            fn find(connection: &mut approdo_db::Connection, id: $id) -> ::diesel::QueryResult<Self> {
                use ::diesel::prelude::*;
                $table::table.find(id).first(connection)
            }

            fn of_case(
                connection: &mut approdo_db::Connection,
                case: $crate::cases::types::CaseId,
                limit: i64,
            ) -> ::diesel::QueryResult<Vec<Self>> {
                use ::diesel::prelude::*;
                $table::table.filter($table::case_id.eq(case)).order($table::id).limit(limit).load(connection)
            }

            fn insert(&self, connection: &mut approdo_db::Connection) -> ::diesel::QueryResult<usize> {
                use ::diesel::prelude::*;
                ::diesel::insert_into($table::table).values(self).execute(connection)
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

/// A row with its case, where the caller may do this to it.
pub fn visible<C: Child>(reader: &mut Reader<'_>, action: Action, id: C::Id) -> ApiResult<(C, CaseRow)> {
    let (row, case) = C::with_case(reader, id)?;
    reader.rights.require_at(action, C::RESOURCE, &case.place())?;
    Ok((row, case))
}

/// A case's rows for `embed`, oldest first, at most 200.
pub fn embedded<C: Child>(reader: &mut Reader<'_>, case: &CaseRow) -> ApiResult<Vec<C>> {
    reader.rights.require_at(Action::List, C::RESOURCE, &case.place())?;
    Ok(C::of_case(reader.connection, case.id, 200)?)
}

/// The same under the lock of the case.
pub fn locked<C: Child>(unit: &mut Unit<'_>, action: Action, id: C::Id) -> ApiResult<(C, CaseRow)> {
    let case_id = C::case_of(unit, id)?;
    let case = queries::lock(unit, case_id)?;
    unit.rights.require_at(action, C::RESOURCE, &case.place())?;
    Ok((C::find(unit.connection, id)?, case))
}

/// 409 where no work on the case may go on.
pub fn refuse_unless_open(case: &CaseRow) -> ApiResult<()> {
    if case.status.is_open() {
        Ok(())
    } else {
        Err(ApiError::unmet(vec![UnmetGuard::new("case_open", "the case is closed or declined: reopen it first")]))
    }
}

/// Writes a new row with its records.
pub fn add<C: Child>(unit: &mut Unit<'_>, row: &C, case: &CaseRow, members: &[&'static str]) -> ApiResult<()> {
    row.insert(unit.connection)?;
    record(unit, row, case, Operation::Created, members.to_vec())
}

/// Writes a changed row with its records, if anything changed.
pub fn save<C: Child>(unit: &mut Unit<'_>, row: &mut C, case: &CaseRow, changed: Vec<&'static str>) -> ApiResult<()> {
    if changed.is_empty() {
        return Ok(());
    }
    row.save(unit)?;
    record(unit, row, case, Operation::Updated, changed)
}

fn record<C: Child>(
    unit: &mut Unit<'_>,
    row: &C,
    case: &CaseRow,
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
        place: Some(case.place()),
        before: None,
        audience: None,
        values: serde_json::to_value(row).map_err(ApiError::fault)?,
    })
}

/// Tells the feed that the rows of a locked case are now where their case is: who follows it must drop or take them up too.
pub fn follow<C: Child>(unit: &mut Unit<'_>, case: &CaseRow, before: &Place) -> ApiResult<()> {
    for row in C::of_case(unit.connection, case.id, i64::MAX)? {
        let (id, version) = row.identity();
        unit.record(Change {
            place: Some(case.place()),
            before: Some(before.clone()),
            ..Change::plain(C::KIND, id, version, Operation::Updated, &[])
        })?;
    }
    Ok(())
}
