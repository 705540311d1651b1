//! The erasure of a person (GDPR art. 17). What belongs to the person goes, with every record of what it was; the cases stay as
//! cases of nobody (`cases::erasure`). What is left is told in `docs/privacy.md`, and a test searches dumps for the rest.

use approdo_db::schema::{case_household_members, history, household_members, relations, watches};
use approdo_db::types::RowId;
use approdo_db::{Connection, Json};
use diesel::prelude::*;

use crate::aggregate::{self, Root, moves};
use crate::anonymity::{ERASED, age_band};
use crate::cases::household_members::{self as coverage, CaseHouseholdMember};
use crate::cases::queries as case_queries;
use crate::clock;
use crate::consents;
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::external_ids::{self, Kind};
use crate::offers;
use crate::people::contacts::Contact;
use crate::people::household_members::HouseholdMember;
use crate::people::households::{self, HouseholdId, HouseholdRow};
use crate::people::legal_statuses::LegalStatusRow;
use crate::people::processing::Processing;
use crate::people::queries;
use crate::people::relation_rows::{self, RelationId};
use crate::people::reminders::ReminderRow;
use crate::people::types::{PersonId, PersonRow};
use crate::referrals;
use crate::transfer_requests;
use crate::transfers::frozen;
use crate::work::{Change, Operation, Unit};

/// Locks the households a person has lived in. To be called before the person is locked: whoever lets somebody move in locks the
/// household first.
pub fn lock_households(unit: &mut Unit<'_>, person: PersonId) -> ApiResult<()> {
    let mut ids: Vec<HouseholdId> = household_members::table
        .filter(household_members::person_id.eq(person))
        .select(household_members::household_id)
        .load(unit.connection)?;
    ids.sort_unstable();
    ids.dedup();
    ids.into_iter().try_for_each(|id| <HouseholdRow as Root>::lock(unit, id).map(drop))
}

/// Erases a locked person; 409 while a case is open.
pub fn erase(unit: &mut Unit<'_>, person: &mut PersonRow) -> ApiResult<()> {
    let cases = case_queries::lock_all_of(unit, person.id)?;
    if cases.iter().any(|case| case.status.is_open()) {
        let detail = "a case of the person is open: close it first";
        return Err(ApiError::unmet(vec![UnmetGuard::new("no_open_case", detail)]));
    }
    // Their evidence is attached to the cases.
    consents::erasure::erase(unit, person)?;
    referrals::erasure::erase(unit, person)?;
    offers::ending::erase(unit, person)?;
    frozen::erase(unit, person.id)?;
    transfer_requests::erasure::erase(unit, person)?;
    for case in cases {
        crate::cases::erasure::erase(unit, case)?;
    }
    aggregate::remove_all::<LegalStatusRow>(unit, person)?;
    aggregate::remove_all::<Contact>(unit, person)?;
    remove_relations(unit, person)?;
    leave_households(unit, person)?;
    external_ids::keep(unit, Kind::Person, person.id.0, &[])?;
    aggregate::remove_all::<ReminderRow>(unit, person)?;
    diesel::delete(watches::table.filter(watches::person_id.eq(person.id))).execute(unit.connection)?;
    strip(unit, person)?;
    forget_records(unit, person.id)
}

fn remove_relations(unit: &mut Unit<'_>, person: &PersonRow) -> ApiResult<()> {
    for row in relation_rows::of_person(unit.connection, person.id, RelationId(uuid::Uuid::nil()), i64::MAX)? {
        // The other one is not locked: to take a relation away can close no circle.
        let (row, parties) = relation_rows::with_parties(unit, row.id)?;
        diesel::delete(relations::table.find(row.id)).execute(unit.connection)?;
        relation_rows::record_removal(unit, &row, &parties)?;
    }
    Ok(())
}

/// Ends the person's times in households as if they had never been. A household in which nobody else has lived is nobody's home
/// any more.
fn leave_households(unit: &mut Unit<'_>, person: &PersonRow) -> ApiResult<()> {
    let covered: Vec<CaseHouseholdMember> = case_household_members::table
        .filter(case_household_members::person_id.eq(person.id))
        .order(case_household_members::id)
        .load(unit.connection)?;
    for row in covered {
        let case = case_queries::find(unit, row.case_id)?;
        coverage::end(unit, &row, &case)?;
    }
    let times: Vec<HouseholdMember> = household_members::table
        .filter(household_members::person_id.eq(person.id))
        .order(household_members::id)
        .load(unit.connection)?;
    for row in times {
        let mut household = <HouseholdRow as Root>::lock(unit, row.household_id)?;
        aggregate::remove(unit, &row, &household)?;
        forget(unit.connection, row.id.0)?;
        let others = household_members::table.filter(household_members::household_id.eq(household.id)).count();
        let others: i64 = others.get_result(unit.connection)?;
        if others == 0 {
            households::empty(unit, &mut household)?;
            forget(unit.connection, household.id.0)?;
        }
    }
    Ok(())
}

/// Forgets what a row has been.
fn forget(connection: &mut Connection, id: uuid::Uuid) -> ApiResult<()> {
    diesel::delete(history::table.filter(history::resource_id.eq(RowId(id)))).execute(connection)?;
    Ok(())
}

fn strip(unit: &mut Unit<'_>, person: &mut PersonRow) -> ApiResult<()> {
    let today = clock::date_of(unit.now);
    person.age_band = person.date_of_birth.map(|birth| age_band(birth, today).to_owned());
    ERASED.clone_into(&mut person.given_name);
    ERASED.clone_into(&mut person.family_name);
    for text in [
        &mut person.given_name_latin,
        &mut person.family_name_latin,
        &mut person.interpreter_language,
        &mut person.sex,
        &mut person.tax_code,
        &mut person.email,
        &mut person.phone,
        &mut person.health_needs,
        &mut person.notes,
    ] {
        *text = None;
    }
    person.date_of_birth = None;
    person.interpreter_needed = false;
    person.external_ids = Json::of([(); 0]);
    person.citizenships = Json::of(Vec::<String>::new());
    person.languages = Json::of(Vec::<String>::new());
    person.processing = Processing::Erased;
    person.version += 1;
    person.updated_at = unit.now;
    Unit::updated_one(queries::update(unit.connection, person)?)?;
    queries::unindex_names(unit.connection, person.id)?;
    unit.record(Change {
        place: Some(person.place()),
        ..Change::plain("person", person.id.0, person.version, Operation::Deleted, &[])
    })
}

/// Forgets what was written of the person and their cases in the course of time, the erasure's own steps included.
fn forget_records(unit: &mut Unit<'_>, person: PersonId) -> ApiResult<()> {
    diesel::delete(history::table.filter(history::person_id.eq(RowId(person.0)))).execute(unit.connection)?;
    moves::strip(unit, person.0)
}
