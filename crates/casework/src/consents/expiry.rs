//! Consents that end by the calendar: each is recorded as expired once, by whichever process holds the lease. Nothing waits for it: a
//! consent whose day has come is read, listed and checked as expired from that day on (`rules::Standing`).

use approdo_db::schema::consents;
use approdo_db::{Prepared, Value, types};
use diesel::prelude::*;

use crate::aggregate;
use crate::app::App;
use crate::clock;
use crate::consents::rules::ConsentStatus;
use crate::consents::transitions;
use crate::consents::types::ConsentRow;
use crate::error::ApiResult;
use crate::lease::{self, HolderId};
use crate::people::queries;
use crate::people::types::{PersonId, PersonRow};
use crate::work::{self, Unit};

/// Records what has expired of the person whose turn it is, restricted or not: to end is no processing. Tells whether there was anybody.
/// Another process that holds the lease does it instead.
pub fn expire_next(app: &App, holder: HolderId) -> ApiResult<bool> {
    let today = clock::date_of(app.clock.now());
    let next = || {
        // The state is part of the text, because the index is of active consents alone.
        Prepared::<types::Uuid>::new("SELECT person_id FROM consents WHERE status = 'active' AND expires_on <= ")
            .bind(Value::Date(today))
            .sql(" ORDER BY expires_on, id LIMIT 1")
    };
    let waiting: Option<PersonId> = app.read_now(|connection| Ok(next().get_result(connection).optional()?))?;
    let Some(person) = waiting else { return Ok(false) };
    work::run_as_system(app, "consents", |unit| {
        if !lease::take(unit.connection, lease::BACKGROUND, holder)? {
            return Ok(false);
        }
        let person = queries::lock(unit, person)?;
        let due: Vec<ConsentRow> = consents::table
            .filter(consents::person_id.eq(person.id))
            .filter(consents::status.eq(ConsentStatus::Active))
            .filter(consents::expires_on.le(today))
            .order(consents::id)
            .load(unit.connection)?;
        for consent in due {
            transitions::end(unit, consent, &person, ConsentStatus::Expired)?;
        }
        Ok(true)
    })
}

/// Lets what was consented to for a locked minor end at the eighteenth birthday, where the date of birth is now known to be another. Who
/// is younger than was thought is not bound for longer.
pub fn follow_birth(unit: &mut Unit<'_>, person: &PersonRow) -> ApiResult<()> {
    let Some(of_age) = person.date_of_birth.and_then(clock::of_age_on) else { return Ok(()) };
    let given_for: Vec<ConsentRow> = consents::table
        .filter(consents::person_id.eq(person.id))
        .filter(consents::status.eq(ConsentStatus::Active))
        .filter(consents::guardian_relation_id.is_not_null())
        .order(consents::id)
        .load(unit.connection)?;
    for mut consent in given_for.into_iter().filter(|row| row.expires_on.is_none_or(|end| end > of_age)) {
        consent.expires_on = Some(of_age);
        aggregate::save(unit, &mut consent, person, vec!["expires_on"])?;
    }
    Ok(())
}
