//! What ends shared accesses: the case ends or goes to another body, the consent is withdrawn, the person is erased.

use approdo_db::Json;
use approdo_db::schema::shared_accesses;
use diesel::prelude::*;

use crate::access::Place;
use crate::aggregate::moves::{self, ChildTransitionId};
use crate::cases::types::CaseRow;
use crate::consents::types::ConsentId;
use crate::error::{ApiResult, UnmetGuard};
use crate::offers::{self, Offer as _, ground};
use crate::people::erasure::ERASED;
use crate::people::types::PersonRow;
use crate::referrals::package;
use crate::shared_accesses::transitions::moved;
use crate::shared_accesses::types::{SharedAccessId, SharedAccessRow, SharedAccessStatus};
use crate::work::Unit;

/// The purpose that people consent to others looking for: a code of `consent_purposes`.
const SHARED_ACCESS: &str = "shared_access";

/// The consent it rests on, or none where it has another basis; what is missing where it has neither.
pub fn basis(unit: &mut Unit<'_>, row: &SharedAccessRow) -> ApiResult<Result<Option<ConsentId>, Vec<UnmetGuard>>> {
    let read = (SHARED_ACCESS, package::categories(&row.fields()?));
    ground::basis(unit, read, row.person_id, row.to_org_id, row.legal_basis.as_deref())
}

fn active_of(unit: &mut Unit<'_>, case: &CaseRow) -> QueryResult<Vec<SharedAccessRow>> {
    shared_accesses::table
        .filter(shared_accesses::case_id.eq(case.id))
        .filter(shared_accesses::status.eq(SharedAccessStatus::Active))
        .order(shared_accesses::id)
        .load(unit.connection)
}

/// Takes back what is given of a locked case: it has ended, or goes to a body that decides anew.
pub fn of_case(unit: &mut Unit<'_>, case: &CaseRow, note: &str) -> ApiResult<()> {
    active_of(unit, case)?.into_iter().try_for_each(|row| revoke(unit, row, Some(note)))
}

/// Lets what is given of a locked case stand where that is now.
pub fn follow_case(unit: &mut Unit<'_>, case: &CaseRow, before: &Place) -> ApiResult<()> {
    active_of(unit, case)?.into_iter().try_for_each(|mut row| offers::follow(unit, &mut row, case, before))
}

/// Those that rest on a consent, each locked with its case.
fn resting(unit: &mut Unit<'_>, consent: ConsentId) -> ApiResult<Vec<SharedAccessRow>> {
    let ids: Vec<SharedAccessId> = shared_accesses::table
        .filter(shared_accesses::consent_id.eq(consent))
        .filter(shared_accesses::status.eq(SharedAccessStatus::Active))
        .order(shared_accesses::id)
        .select(shared_accesses::id)
        .load(unit.connection)?;
    let mut rows = Vec::new();
    for id in ids {
        let (row, _) = SharedAccessRow::lock(unit, id)?;
        rows.extend(Some(row).filter(|row| row.status == SharedAccessStatus::Active));
    }
    Ok(rows)
}

/// Takes back what rests on a consent of a locked person, now that it is withdrawn (domain 51, GDPR art. 7(3)).
pub fn of_consent(unit: &mut Unit<'_>, consent: ConsentId) -> ApiResult<()> {
    for row in resting(unit, consent)? {
        unit.as_system(|unit| revoke(unit, row, None))?;
    }
    Ok(())
}

/// Lets what rests on a consent of a locked person rest on the one that stands in its place, where that covers it; takes the rest back.
pub fn of_superseded(unit: &mut Unit<'_>, consent: ConsentId) -> ApiResult<()> {
    for mut row in resting(unit, consent)? {
        match basis(unit, &row)? {
            Ok(covering @ Some(_)) => {
                row.consent_id = covering;
                let place = row.sending();
                unit.as_system(|unit| offers::save(unit, &mut row, place, &["consent_id"]))?;
            }
            _ => unit.as_system(|unit| revoke(unit, row, None))?,
        }
    }
    Ok(())
}

fn revoke(unit: &mut Unit<'_>, mut row: SharedAccessRow, note: Option<&str>) -> ApiResult<()> {
    moved(unit, &mut row, ChildTransitionId::new(), SharedAccessStatus::Revoked, note).map(drop)
}

/// Strips the shared accesses of a locked person whose cases have ended: who could look when is left, and no text.
pub fn erase(unit: &mut Unit<'_>, person: &PersonRow) -> ApiResult<()> {
    for mut row in SharedAccessRow::of_person(unit.connection, person.id)? {
        ERASED.clone_into(&mut row.reason);
        row.package_fields = Json::of([(); 0]);
        let place = row.sending();
        offers::save(unit, &mut row, place, &["reason", "package_fields"])?;
        moves::strip(unit, row.id.0)?;
    }
    Ok(())
}
