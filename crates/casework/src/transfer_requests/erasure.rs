//! What is left of requests for the case of somebody who is erased: which body asked which other one when, and what was answered.

use crate::aggregate::moves;
use crate::error::ApiResult;
use crate::offers::two_sided::{self, Known, TwoSided as _, save};
use crate::people::types::PersonRow;
use crate::transfer_requests::types::TransferRequestRow;
use crate::work::Unit;

/// Strips the requests for cases of a locked person, whichever body was asked. Both sides hear of it (GDPR art. 19).
pub fn erase(unit: &mut Unit<'_>, person: &PersonRow) -> ApiResult<()> {
    for seen in TransferRequestRow::of_person(unit.connection, person.id)? {
        let mut row = TransferRequestRow::lock(unit, seen.id)?;
        // Nobody can answer it any more: it would be a request for nothing.
        two_sided::end(unit, &mut row)?;
        let was = Known::of(&row);
        row.strip();
        save(unit, &mut row, &was, &["public_ref", "reason"])?;
        moves::strip(unit, row.id.0)?;
    }
    Ok(())
}
