//! What is left of requests for the case of somebody who is erased: which body asked which other one when, and what was answered.

use crate::aggregate::moves;
use crate::error::ApiResult;
use crate::offers::two_sided::{Known, TwoSided as _, save};
use crate::people::types::PersonRow;
use crate::transfer_requests::types::TransferRequestRow;
use crate::work::Unit;

/// Strips the requests for cases of a locked person, whichever body was asked.
pub fn erase(unit: &mut Unit<'_>, person: &PersonRow) -> ApiResult<()> {
    for seen in TransferRequestRow::of_person(unit.connection, person.id)? {
        let mut row = TransferRequestRow::lock(unit, seen.id)?;
        let was = Known::of(&row);
        row.strip();
        save(unit, &mut row, &was, &["public_ref", "reason"])?;
        moves::strip(unit, row.id.0)?;
    }
    Ok(())
}
