//! What a case needs to go to another body: looked at when that is proposed, and again when it is accepted.

use approdo_db::schema::{cases, household_members};
use chrono::NaiveDate;
use diesel::prelude::*;

use crate::cases::rules::CaseStatus;
use crate::cases::types::{CaseId, CaseRow};
use crate::consents::data_categories::DataCategory;
use crate::consents::types::ConsentId;
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::offers::ground;
use crate::people::households::HouseholdId;
use crate::people::types::{PersonId, PersonRow};
use crate::transfers::types::TransferRow;
use crate::work::Unit;

/// The purpose that people consent to being transferred for: a code of `consent_purposes`.
const TRANSFER: &str = "transfer";

/// The consent it rests on, or none where it has another basis; what is missing where it has neither. The whole case goes, so the consent
/// covers every category of data.
pub fn basis(unit: &mut Unit<'_>, row: &TransferRow) -> ApiResult<Result<Option<ConsentId>, Vec<UnmetGuard>>> {
    let all = (TRANSFER, DataCategory::ALL.to_vec());
    ground::basis(unit, all, row.person_id, row.to_org_id, row.legal_basis.as_deref())
}

/// Who lives in a household on a day, but for one person.
pub fn others_in(
    unit: &mut Unit<'_>,
    household: HouseholdId,
    person: PersonId,
    day: NaiveDate,
) -> QueryResult<Vec<PersonId>> {
    let mut people: Vec<PersonId> = household_members::table
        .filter(household_members::household_id.eq(household))
        .filter(household_members::person_id.ne(person))
        .filter(household_members::valid_from.le(day))
        .filter(household_members::valid_to.is_null().or(household_members::valid_to.gt(day)))
        .select(household_members::person_id)
        .load(unit.connection)?;
    people.sort_unstable();
    people.dedup();
    Ok(people)
}

/// The consent that a transfer of a locked case rests on, if it does; 409 with every guard that is not met. `going` are the people who go
/// with it, locked: the person first.
pub fn require(
    unit: &mut Unit<'_>,
    row: &TransferRow,
    case: &CaseRow,
    going: &[PersonRow],
) -> ApiResult<Option<ConsentId>> {
    let mut unmet = Vec::new();
    if !case.status.is_open() {
        unmet.push(UnmetGuard::new("case_open", "the case is closed or declined: reopen it first"));
    }
    if going.iter().any(|person| person.owner_org_id != case.owner_org_id) {
        unmet.push(UnmetGuard::new("together", "somebody who goes along is with another organisation than the case"));
    }
    if has_another_open_case(unit, row, case, going)? {
        let detail = "another case of somebody who goes along is open, and would be left without them";
        unmet.push(UnmetGuard::new("only_open_case", detail));
    }
    let consent = match basis(unit, row)? {
        Ok(consent) => consent,
        Err(lacks) => {
            unmet.extend(lacks);
            None
        }
    };
    if unmet.is_empty() { Ok(consent) } else { Err(ApiError::unmet(unmet)) }
}

fn has_another_open_case(
    unit: &mut Unit<'_>,
    row: &TransferRow,
    case: &CaseRow,
    going: &[PersonRow],
) -> ApiResult<bool> {
    let ended = [CaseStatus::Closed, CaseStatus::Declined];
    let others = || cases::table.filter(cases::id.ne(case.id)).filter(cases::status.ne_all(ended)).select(cases::id);
    let people: Vec<PersonId> = going.iter().map(|person| person.id).collect();
    let mut found: Option<CaseId> =
        others().filter(cases::person_id.eq_any(people)).first(unit.connection).optional()?;
    if let (None, true, Some(household)) = (found, row.with_household, case.household_id) {
        found = others().filter(cases::household_id.eq(household)).first(unit.connection).optional()?;
    }
    Ok(found.is_some())
}
