//! What is new in a case: what others than its manager have changed since the manager last said to have seen it. Counted in the
//! transaction of the change, so that none is lost.

use approdo_db::{Prepared, Value};
use diesel::RunQueryDsl as _;

use crate::cases::types::CaseRow;
use crate::error::ApiResult;
use crate::people::types::PersonId;
use crate::work::Unit;

/// Counts a change in a case or in what belongs to it.
pub fn of_case(unit: &mut Unit<'_>, case: &CaseRow) -> ApiResult<()> {
    match case.case_manager_id {
        Some(manager) if manager != unit.rights.principal => count(unit, " AND r.id = ", case.id.into()),
        _ => Ok(()),
    }
}

/// Counts a change in a person or in what belongs to them, for each of their open cases.
pub fn of_person(unit: &mut Unit<'_>, person: PersonId) -> ApiResult<()> {
    count(unit, " AND r.status NOT IN ('closed', 'declined') AND r.person_id = ", person.into())
}

fn count(unit: &mut Unit<'_>, which: &'static str, id: Value) -> ApiResult<()> {
    Prepared::<()>::new("INSERT INTO case_news (case_id, changes, changed_at) SELECT r.id, 1, ")
        .bind(Value::Instant(unit.now))
        .sql(" FROM cases r WHERE r.case_manager_id IS NOT NULL AND r.case_manager_id <> ")
        .bind(unit.rights.principal)
        .sql(which)
        .bind(id)
        .sql(" ON CONFLICT (case_id) DO UPDATE SET changes = case_news.changes + 1, changed_at = excluded.changed_at")
        .execute(unit.connection)
        .map(drop)
        .map_err(Into::into)
}
