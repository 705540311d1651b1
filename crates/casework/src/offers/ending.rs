//! What takes offers their ground: the case ends or moves on, the consent ends, the person is erased. For every kind at once.

use super::two_sided::{Known, moved, save, settle};
use super::{Grounded as _, Offer};
use crate::aggregate::moves::{self, ChildTransitionId};
use crate::cases::types::CaseRow;
use crate::consents::types::ConsentId;
use crate::error::ApiResult;
use crate::people::types::PersonRow;
use crate::shared_accesses::types::SharedAccessRow;
use crate::transfers::types::TransferRow;
use crate::work::Unit;

/// Takes back what is offered of a locked case, because it has ended.
pub fn of_case(unit: &mut Unit<'_>, case: &CaseRow, note: &str) -> ApiResult<()> {
    take_back_all::<TransferRow>(unit, case, note)?;
    take_back_all::<SharedAccessRow>(unit, case, note)
}

/// Takes back one kind of what is offered of a locked case.
pub fn take_back_all<O: Offer>(unit: &mut Unit<'_>, case: &CaseRow, note: &str) -> ApiResult<()> {
    O::live_of(unit, case)?.into_iter().try_for_each(|mut offer| take_back(unit, &mut offer, Some(note)))
}

/// Lets what is offered of a locked case stand where that is now: who works with it there answers for it.
pub fn follow_case(unit: &mut Unit<'_>, case: &CaseRow) -> ApiResult<()> {
    follow_all::<TransferRow>(unit, case)?;
    follow_all::<SharedAccessRow>(unit, case)
}

fn follow_all<O: Offer>(unit: &mut Unit<'_>, case: &CaseRow) -> ApiResult<()> {
    for mut offer in O::live_of(unit, case)? {
        let was = Known::of(&offer);
        if offer.stand_with(case) {
            save(unit, &mut offer, &was, &[])?;
        }
    }
    Ok(())
}

/// Ends what rests on a consent of a locked person, now that it holds no more (domain 51, GDPR art. 7(3)).
pub fn of_consent(unit: &mut Unit<'_>, consent: ConsentId) -> ApiResult<()> {
    resting::<TransferRow>(unit, consent, |_, _| Ok(None))?;
    resting::<SharedAccessRow>(unit, consent, |_, _| Ok(None))
}

/// Lets what rests on a consent of a locked person rest on the one that stands in its place, where that covers it; ends the rest.
pub fn of_superseded(unit: &mut Unit<'_>, consent: ConsentId) -> ApiResult<()> {
    resting::<TransferRow>(unit, consent, |unit, offer| Ok(offer.basis(unit)?.ok().flatten()))?;
    resting::<SharedAccessRow>(unit, consent, |unit, offer| Ok(offer.basis(unit)?.ok().flatten()))
}

/// Ends those that rest on a consent, but for those that another one is found for.
fn resting<O: Offer>(
    unit: &mut Unit<'_>,
    consent: ConsentId,
    another: impl Fn(&mut Unit<'_>, &O) -> ApiResult<Option<ConsentId>>,
) -> ApiResult<()> {
    for id in O::resting(unit.connection, consent)? {
        let mut offer = O::lock(unit, id)?;
        settle(unit, &mut offer)?;
        // It may have been answered meanwhile.
        if !offer.is_live() {
            continue;
        }
        match another(unit, &offer)? {
            Some(covering) => {
                let was = Known::of(&offer);
                offer.rest_on(Some(covering));
                unit.as_system(|unit| save(unit, &mut offer, &was, &["consent_id"]))?;
            }
            None => unit.as_system(|unit| take_back(unit, &mut offer, None))?,
        }
    }
    Ok(())
}

fn take_back<O: Offer>(unit: &mut Unit<'_>, offer: &mut O, note: Option<&str>) -> ApiResult<()> {
    let (was, from) = (Known::of(offer), offer.status());
    offer.take_back();
    moved(unit, offer, &was, ChildTransitionId::new(), from, &[], note).map(drop)
}

/// Strips what was offered of the cases of a locked person, which have ended: which body when, and on what basis, is left.
pub fn erase(unit: &mut Unit<'_>, person: &PersonRow) -> ApiResult<()> {
    erase_all::<TransferRow>(unit, person)?;
    erase_all::<SharedAccessRow>(unit, person)
}

fn erase_all<O: Offer>(unit: &mut Unit<'_>, person: &PersonRow) -> ApiResult<()> {
    for mut offer in O::of_person(unit.connection, person.id)? {
        let was = Known::of(&offer);
        offer.strip();
        save(unit, &mut offer, &was, &["reason", "package_fields"])?;
        moves::strip(unit, offer.identity().0)?;
    }
    Ok(())
}
