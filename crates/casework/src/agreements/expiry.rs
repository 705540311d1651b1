//! Agreements that end by the calendar: each is recorded as ended once, by whichever process holds the lease. Nothing waits for it.

use approdo_db::{Prepared, Value, types};
use diesel::prelude::*;

use crate::aggregate::moves::ChildTransitionId;
use crate::agreements::rules::AgreementStatus;
use crate::agreements::transitions;
use crate::agreements::types::{AgreementId, AgreementRow};
use crate::app::App;
use crate::clock;
use crate::entries::Entry as _;
use crate::error::ApiResult;
use crate::lease::{self, HolderId};
use crate::work;

/// Records the end of the agreement whose turn it is. Tells whether there was any.
pub fn end_next(app: &App, holder: HolderId) -> ApiResult<bool> {
    let today = clock::date_of(app.clock.now());
    // The states are part of the text, because the index is of these alone.
    let next = || {
        Prepared::<types::Uuid>::new(
            "SELECT id FROM agreements WHERE status IN ('signed', 'suspended') AND valid_to <= ",
        )
        .bind(Value::Date(today))
        .sql(" ORDER BY valid_to, id LIMIT 1")
    };
    let waiting: Option<AgreementId> = app.read_now(|connection| Ok(next().get_result(connection).optional()?))?;
    let Some(id) = waiting else { return Ok(false) };
    work::run_as_system(app, "agreements", |unit| {
        if !lease::take(unit.connection, lease::BACKGROUND, holder)? {
            return Ok(false);
        }
        let Some(row) = AgreementRow::lock(unit.connection, id)? else { return Ok(false) };
        if row.status != AgreementStatus::Ended && row.terms()?.today(today) == AgreementStatus::Ended {
            let ended = AgreementStatus::Ended;
            transitions::move_to(unit, row, ChildTransitionId::new(), ended, vec!["status"], None)?;
        }
        Ok(true)
    })
}
