//! For whose eyes a row of a case is that its author may keep from others: notes and attachments.

use approdo_db::text_enum;
use utoipa::ToSchema;

use crate::access::{Action, FieldGroup, Place, PrincipalId, Rights};
use crate::aggregate::{self, Child, locked};
use crate::cases::types::CaseRow;
use crate::error::{ApiError, ApiResult};
use crate::http::Reader;
use crate::work::Unit;

text_enum! {
    /// For whom a note or an attachment is.
    #[derive(ToSchema)]
    Confidentiality {
        /// Whoever may read the case's notes.
        Normal = "normal",
        /// Its author and the case manager.
        Restricted = "restricted",
        /// Its author alone: what a lawyer would have to keep to themselves.
        LegalPrivileged = "legal_privileged",
    }
}

/// A row of a case that says for whom it is.
pub trait Confidential: Child<Root = CaseRow> {
    /// Whether the case manager may change it as its author may.
    const MANAGED: bool;
    /// What is told to whoever may see it and not change it.
    const REFUSAL: &'static str;

    fn confidentiality(&self) -> Confidentiality;
    fn author(&self) -> PrincipalId;
}

/// Whether a row is for this caller's eyes. One that is not is as absent as one that does not exist.
pub fn in_sight(row: &impl Confidential, rights: &Rights, case: &CaseRow) -> bool {
    in_sight_at(row, rights, &case.place(), case.case_manager_id)
}

/// The same of a row whose case is or was at a place, with a manager.
pub fn in_sight_at(row: &impl Confidential, rights: &Rights, place: &Place, manager: Option<PrincipalId>) -> bool {
    let reads = rights.fields_at(place).reads(FieldGroup::Notes);
    let own = row.author() == rights.principal;
    reads && (own || of_others(manager, rights.principal).contains(&row.confidentiality()))
}

/// What a caller who may read the notes of a case with this manager sees of others' rows.
pub fn of_others(manager: Option<PrincipalId>, principal: PrincipalId) -> &'static [Confidentiality] {
    if manager == Some(principal) {
        &[Confidentiality::Normal, Confidentiality::Restricted]
    } else {
        &[Confidentiality::Normal]
    }
}

/// A row that is for this caller's eyes, with its case; 404 for another one.
pub fn visible<C: Confidential>(reader: &mut Reader<'_>, action: Action, id: C::Id) -> ApiResult<(C, CaseRow)> {
    let (row, case): (C, CaseRow) = aggregate::visible(reader, action, id)?;
    if in_sight(&row, &reader.rights, &case) { Ok((row, case)) } else { Err(ApiError::not_found()) }
}

/// The same under the lock of its case, where this caller may change it: 403 where that is for others.
pub fn changeable<C: Confidential>(unit: &mut Unit<'_>, action: Action, id: C::Id) -> ApiResult<(C, CaseRow)> {
    let (row, case): (C, CaseRow) = locked(unit, action, id)?;
    if !in_sight(&row, &unit.rights, &case) {
        return Err(ApiError::not_found());
    }
    require_change(&row, &unit.rights, &case)?;
    Ok((row, case))
}

/// 403 where a row in sight is for others to change.
pub fn require_change<C: Confidential>(row: &C, rights: &Rights, case: &CaseRow) -> ApiResult<()> {
    let manages = C::MANAGED && case.case_manager_id == Some(rights.principal);
    if row.author() == rights.principal || manages { Ok(()) } else { Err(ApiError::forbidden(C::REFUSAL)) }
}
