//! How transfers are written, and who hears of it: who hands the case over where it is or was, who is asked wherever it works.

use approdo_db::schema::transfers;
use diesel::prelude::*;

use crate::access::Place;
use crate::aggregate::moves::{self, ChildTransition, ChildTransitionId};
use crate::error::{ApiError, ApiResult};
use crate::transfers::rules::TransferStatus;
use crate::transfers::types::TransferRow;
use crate::work::{Change, Operation, Unit};

/// Its name in the feed.
pub const KIND: &str = "transfer";

fn change(
    row: &TransferRow,
    before: Option<Place>,
    operation: Operation,
    changed: &[&'static str],
) -> ApiResult<Change> {
    Ok(Change {
        place: Some(row.sending()),
        before,
        about: Some(row.person_id.0),
        values: serde_json::to_value(row).map_err(ApiError::fault)?,
        ..Change::plain(KIND, row.id.0, row.version, operation, changed)
    })
}

/// Tells who is asked.
fn tell(unit: &mut Unit<'_>, row: &TransferRow, changed: &[&'static str]) -> ApiResult<()> {
    let told: Vec<&'static str> = changed.iter().copied().filter(|member| *member != "case_id").collect();
    let plain = Change::plain(KIND, row.id.0, row.version, Operation::Updated, &told);
    // What was taken back is gone for who was asked.
    let receiving = Some(row.receiving());
    let (place, before) = if row.is_known_to_receiver() { (receiving, None) } else { (None, receiving) };
    unit.tell(&Change { place, before, ..plain })
}

/// Writes a new transfer.
pub fn add(unit: &mut Unit<'_>, row: &TransferRow) -> ApiResult<()> {
    diesel::insert_into(transfers::table).values(row).execute(unit.connection)?;
    unit.record(change(row, None, Operation::Created, &TransferRow::MEMBERS)?)?;
    tell(unit, row, &TransferRow::MEMBERS)
}

/// Writes a locked transfer whose row has changed. `before` is where it was for who hands the case over.
pub fn save(unit: &mut Unit<'_>, row: &mut TransferRow, before: Place, changed: &[&'static str]) -> ApiResult<()> {
    let version = row.version;
    row.version += 1;
    row.updated_at = unit.now;
    let target = transfers::table.filter(transfers::id.eq(row.id)).filter(transfers::version.eq(version));
    Unit::updated_one(diesel::update(target).set(&*row).execute(unit.connection)?)?;
    unit.record(change(row, Some(before), Operation::Updated, changed)?)?;
    tell(unit, row, changed)
}

/// Writes a locked transfer that has come to another state, with the move.
pub fn moved(
    unit: &mut Unit<'_>,
    row: &mut TransferRow,
    id: ChildTransitionId,
    to: TransferStatus,
    changed: &[&'static str],
    note: Option<&str>,
) -> ApiResult<ChildTransition> {
    let from = row.status;
    row.status = to;
    let members: Vec<&'static str> = ["status"].iter().chain(changed).copied().collect();
    let place = row.sending();
    save(unit, row, place, &members)?;
    moves::keep_of(unit, KIND, (row.id.0, row.version), id, (from.as_str(), to.as_str()), note)
}
