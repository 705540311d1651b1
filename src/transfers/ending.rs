//! What takes a proposal its ground: its case ends or moves on, its consent is withdrawn, its person is erased.

use approdo_db::schema::{transfer_records, transfers};
use approdo_db::{Connection, Json};
use diesel::prelude::*;

use crate::access::Place;
use crate::aggregate::moves::{self, ChildTransitionId};
use crate::cases::types::CaseRow;
use crate::consents::types::ConsentId;
use crate::error::ApiResult;
use crate::offers::{self, Offer as _};
use crate::people::erasure::ERASED;
use crate::people::types::PersonRow;
use crate::transfers::rules::TransferStatus;
use crate::transfers::types::{TransferId, TransferRow};
use crate::transfers::{proposing, transitions};
use crate::work::Unit;

/// The transfer of a locked case that is not answered yet.
pub fn live_of(unit: &mut Unit<'_>, case: &CaseRow) -> ApiResult<Option<TransferRow>> {
    let live = transfers::table
        .filter(transfers::case_id.eq(case.id))
        .filter(transfers::status.eq(TransferStatus::Proposed))
        .first(unit.connection);
    Ok(live.optional()?)
}

/// Takes back what is proposed for a locked case, because the case has ended.
pub fn of_case(unit: &mut Unit<'_>, case: &CaseRow, note: &str) -> ApiResult<()> {
    match live_of(unit, case)? {
        Some(row) => withdraw(unit, row, Some(note)),
        None => Ok(()),
    }
}

/// Lets what is proposed for a locked case stand where that is now: who works with it there answers for the proposal.
pub fn follow_case(unit: &mut Unit<'_>, case: &CaseRow, before: &Place) -> ApiResult<()> {
    let Some(mut row) = live_of(unit, case)? else { return Ok(()) };
    offers::follow(unit, &mut row, case, before)
}

/// The proposals that rest on a consent.
fn resting(connection: &mut Connection, consent: ConsentId) -> QueryResult<Vec<TransferId>> {
    transfers::table
        .filter(transfers::consent_id.eq(consent))
        .filter(transfers::status.eq(TransferStatus::Proposed))
        .order(transfers::id)
        .select(transfers::id)
        .load(connection)
}

/// Takes back what rests on a consent of a locked person, now that it is withdrawn (domain 51, GDPR art. 7(3)).
pub fn of_consent(unit: &mut Unit<'_>, consent: ConsentId) -> ApiResult<()> {
    for id in resting(unit.connection, consent)? {
        let (row, _) = TransferRow::lock(unit, id)?;
        if row.status == TransferStatus::Proposed {
            unit.as_system(|unit| withdraw(unit, row, None))?;
        }
    }
    Ok(())
}

/// Lets what rests on a consent of a locked person rest on the one that stands in its place, where that covers it; takes the rest back.
pub fn of_superseded(unit: &mut Unit<'_>, consent: ConsentId) -> ApiResult<()> {
    for id in resting(unit.connection, consent)? {
        let (mut row, _) = TransferRow::lock(unit, id)?;
        if row.status != TransferStatus::Proposed {
            continue;
        }
        match proposing::basis(unit, &row)? {
            Ok(covering @ Some(_)) => {
                row.consent_id = covering;
                let place = row.sending();
                unit.as_system(|unit| offers::save(unit, &mut row, place, &["consent_id"]))?;
            }
            _ => unit.as_system(|unit| withdraw(unit, row, None))?,
        }
    }
    Ok(())
}

fn withdraw(unit: &mut Unit<'_>, mut row: TransferRow, note: Option<&str>) -> ApiResult<()> {
    transitions::moved(unit, &mut row, ChildTransitionId::new(), TransferStatus::Withdrawn, &[], note).map(drop)
}

/// Strips the transfers of a locked person whose cases have ended: who answered for the case when is left, and no text nor what was frozen.
pub fn erase(unit: &mut Unit<'_>, person: &PersonRow) -> ApiResult<()> {
    for mut row in TransferRow::of_person(unit.connection, person.id)? {
        ERASED.clone_into(&mut row.reason);
        row.package_fields = Json::of([(); 0]);
        let place = row.sending();
        offers::save(unit, &mut row, place, &["reason", "package_fields"])?;
        diesel::delete(transfer_records::table.find(row.id)).execute(unit.connection)?;
        moves::strip(unit, row.id.0)?;
    }
    Ok(())
}
