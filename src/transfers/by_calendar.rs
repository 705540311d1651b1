//! Proposals that nobody answers in time expire: each once, by whichever process holds the lease.

use approdo_db::{Prepared, Value, types};
use diesel::prelude::*;

use crate::aggregate::moves::ChildTransitionId;
use crate::app::App;
use crate::clock;
use crate::error::ApiResult;
use crate::lease::{self, HolderId};
use crate::people::watches::LEASE;
use crate::transfers::rules::TransferStatus;
use crate::transfers::transitions;
use crate::transfers::types::{TransferId, TransferRow};
use crate::work;

/// Lets the proposal expire whose turn it is. Tells whether there was any.
pub fn expire_next(app: &App, holder: HolderId) -> ApiResult<bool> {
    let today = clock::date_of(app.clock.now());
    // The state is part of the text, because the index is of it alone.
    let next = || {
        Prepared::<types::Uuid>::new("SELECT id FROM transfers WHERE status = 'proposed' AND expires_on <= ")
            .bind(Value::Date(today))
            .sql(" ORDER BY expires_on, id LIMIT 1")
    };
    let waiting: Option<TransferId> = app.read_now(|connection| Ok(next().get_result(connection).optional()?))?;
    let Some(id) = waiting else { return Ok(false) };
    work::run_as_system(app, "transfers", |unit| {
        if !lease::take(unit.connection, LEASE, holder)? {
            return Ok(false);
        }
        let (mut row, _) = TransferRow::lock(unit, id)?;
        // It may have been answered meanwhile.
        if row.status == TransferStatus::Proposed && row.expires_on <= today {
            transitions::moved(unit, &mut row, ChildTransitionId::new(), TransferStatus::Expired, &[], None)?;
        }
        Ok(true)
    })
}
