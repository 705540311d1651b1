//! What a case needs to go to another body: looked at when that is proposed, and again when it is accepted.

use approdo_db::schema::{case_household_members, cases};
use diesel::prelude::*;

use crate::cases::rules::CaseStatus;
use crate::cases::types::CaseId;
use crate::consents::data_categories::DataCategory;
use crate::consents::types::ConsentId;
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::offers::{Grounded, ground};
use crate::people::types::PersonId;
use crate::transfers::handover::Going;
use crate::transfers::types::TransferRow;
use crate::work::Unit;

/// The purpose that people consent to being transferred for: a code of `consent_purposes`.
const PURPOSE: &str = "transfer";

impl Grounded for TransferRow {
    // The whole case goes, so the consent covers every category of data.
    fn basis(&self, unit: &mut Unit<'_>) -> ApiResult<Result<Option<ConsentId>, Vec<UnmetGuard>>> {
        let all = (PURPOSE, DataCategory::ALL.to_vec());
        ground::basis(unit, all, self.person_id, self.to_org_id, self.legal_basis.as_deref())
    }
}

/// The consent that a transfer of a locked case rests on, if it does; 409 with every guard that is not met.
pub fn require(unit: &mut Unit<'_>, row: &TransferRow, going: &Going) -> ApiResult<Option<ConsentId>> {
    let mut unmet = Vec::new();
    if !going.case.status.is_open() {
        unmet.push(UnmetGuard::new("case_open", "the case is closed or declined: reopen it first"));
    }
    let owner = going.case.owner_org_id;
    let elsewhere = going.people.iter().any(|person| person.owner_org_id != owner)
        || going.household.as_ref().is_some_and(|household| household.owner_org_id != owner);
    if elsewhere {
        unmet.push(UnmetGuard::new("together", "somebody who goes along is with another organisation than the case"));
    }
    if row.legal_basis.is_none() && going.people.len() > 1 {
        let detail = "one person's consent does not move the others: a household goes on another legal basis";
        unmet.push(UnmetGuard::new("household_basis", detail));
    }
    if has_another_open_case(unit, going)? {
        let detail = "another open case is of somebody who goes along, or covers them, and would be left without them";
        unmet.push(UnmetGuard::new("only_open_case", detail));
    }
    let consent = match row.basis(unit)? {
        Ok(consent) => consent,
        Err(lacks) => {
            unmet.extend(lacks);
            None
        }
    };
    if unmet.is_empty() { Ok(consent) } else { Err(ApiError::unmet(unmet)) }
}

fn has_another_open_case(unit: &mut Unit<'_>, going: &Going) -> ApiResult<bool> {
    let ended = [CaseStatus::Closed, CaseStatus::Declined];
    let case = going.case.id;
    let others = || cases::table.filter(cases::id.ne(case)).filter(cases::status.ne_all(ended)).select(cases::id);
    let people: Vec<PersonId> = going.people.iter().map(|person| person.id).collect();
    let covering = case_household_members::table
        .filter(case_household_members::person_id.eq_any(people.clone()))
        .select(case_household_members::case_id);
    let of_people = cases::person_id.eq_any(people).or(cases::id.eq_any(covering));
    let mut found: Option<CaseId> = others().filter(of_people).first(unit.connection).optional()?;
    if let (None, Some(household)) = (found, &going.household) {
        found = others().filter(cases::household_id.eq(household.id)).first(unit.connection).optional()?;
    }
    Ok(found.is_some())
}
