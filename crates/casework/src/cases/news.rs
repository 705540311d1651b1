//! What is new in a case: what others than its manager have changed since the manager last said to have seen it. Counted in the
//! transaction of the change, so that none is lost.

use approdo_db::{Prepared, Value};
use diesel::RunQueryDsl as _;

use crate::access::SYSTEM;
use crate::cases::types::CaseRow;
use crate::error::ApiResult;
use crate::people::households::HouseholdId;
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

/// Counts a change in a household or in who lives there, for each open case that names it.
pub fn of_household(unit: &mut Unit<'_>, household: HouseholdId) -> ApiResult<()> {
    count(unit, " AND r.status NOT IN ('closed', 'declined') AND r.household_id = ", household.into())
}

fn count(unit: &mut Unit<'_>, which: &'static str, id: Value) -> ApiResult<()> {
    // What the calendar brings about is on the worklist by itself.
    if unit.rights.principal == SYSTEM {
        return Ok(());
    }
    Prepared::<()>::new("INSERT INTO case_news (case_id, changes, changed_at) SELECT r.id, 1, ")
        .bind(Value::Instant(unit.now))
        .sql(" FROM cases r WHERE r.case_manager_id IS NOT NULL AND r.case_manager_id <> ")
        .bind(unit.rights.principal)
        .sql(which)
        .bind(id)
        // The case before its news, as whoever edits it has them: two that wait for each other would be one too many.
        .sql(if unit.connection.is_sqlite() { "" } else { " FOR KEY SHARE OF r" })
        .sql(" ON CONFLICT (case_id) DO UPDATE SET changes = case_news.changes + 1, changed_at = excluded.changed_at")
        .execute(unit.connection)
        .map(drop)
        .map_err(Into::into)
}
