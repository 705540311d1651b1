//! What is left of consents when their person is erased: that somebody consented to what, when and how, and when it ended, without a
//! text and without whoever acted for them. It is the proof that what was done was lawful (GDPR art. 5(2), 7(1), 17(3)(b) and (e)).

use chrono::Datelike as _;

use crate::aggregate::moves::{self, ChildTransitionId};
use crate::aggregate::{self, Child as _};
use crate::clock;
use crate::consents::rules::ConsentStatus;
use crate::consents::types::ConsentRow;
use crate::error::ApiResult;
use crate::people::types::PersonRow;
use crate::work::Unit;

/// Strips the consents of a locked person, and ends what is active.
pub fn erase(unit: &mut Unit<'_>, person: &PersonRow) -> ApiResult<()> {
    let today = clock::date_of(unit.now);
    for mut consent in ConsentRow::all_of(unit.connection, person.id, i64::MAX)? {
        let (from, ended) = (consent.status, consent.standing().cut_short(today));
        let mut changed = ended.map(|ended| consent.stand(ended)).unwrap_or_default();
        changed.extend(consent.strip());
        aggregate::save(unit, &mut consent, person, changed)?;
        moves::strip(unit, consent.id.0)?;
        if ended.is_some() {
            let way = (from.as_str(), ConsentStatus::Expired.as_str());
            moves::keep(unit, &consent, ChildTransitionId::new(), way, None)?;
        }
    }
    Ok(())
}

impl ConsentRow {
    /// Forgets texts, whoever else is named, and the birthday that ends a minor's consent. Gives the members that this changes.
    fn strip(&mut self) -> Vec<&'static str> {
        if self.guardian_relation_id.is_some() {
            // It held until then: an end stays, which tells the year alone, and leaves it a day.
            let next = self.valid_from.succ_opt().unwrap_or(self.valid_from);
            let year = self.expires_on.and_then(|end| end.with_ordinal(1)).map(|year| year.max(next));
            self.ended_on = self.ended_on.or(year);
            self.expires_on = None;
        }
        (self.interpreter_needed, self.interpreter_name, self.interpreter_language) = (false, None, None);
        (self.evidence, self.evidence_attachment_id, self.guardian_relation_id) = (None, None, None);
        vec![
            "interpreter_needed",
            "interpreter_name",
            "interpreter_language",
            "evidence",
            "evidence_attachment_id",
            "guardian_relation_id",
            "expires_on",
            "ended_on",
        ]
    }
}
