//! Shared accesses whose time is over: each is recorded as expired once, by whichever process holds the lease. Nothing can be read by them
//! before that, either.

use approdo_db::{Prepared, Value, types};
use diesel::prelude::*;

use crate::aggregate::moves::ChildTransitionId;
use crate::app::App;
use crate::clock;
use crate::error::ApiResult;
use crate::lease::{self, HolderId};
use crate::people::watches::LEASE;
use crate::shared_accesses::transitions::moved;
use crate::shared_accesses::types::{SharedAccessId, SharedAccessRow, SharedAccessStatus};
use crate::work;

/// Records the end of the access whose turn it is. Tells whether there was any.
pub fn expire_next(app: &App, holder: HolderId) -> ApiResult<bool> {
    let today = clock::date_of(app.clock.now());
    // The state is part of the text, because the index is of it alone.
    let next = || {
        Prepared::<types::Uuid>::new("SELECT id FROM shared_accesses WHERE status = 'active' AND expires_on <= ")
            .bind(Value::Date(today))
            .sql(" ORDER BY expires_on, id LIMIT 1")
    };
    let waiting: Option<SharedAccessId> = app.read_now(|connection| Ok(next().get_result(connection).optional()?))?;
    let Some(id) = waiting else { return Ok(false) };
    work::run_as_system(app, "shared_accesses", |unit| {
        if !lease::take(unit.connection, LEASE, holder)? {
            return Ok(false);
        }
        let (mut row, _) = SharedAccessRow::lock(unit, id)?;
        // It may have been taken back meanwhile.
        if row.status == SharedAccessStatus::Active && row.expires_on <= today {
            moved(unit, &mut row, ChildTransitionId::new(), SharedAccessStatus::Expired, None)?;
        }
        Ok(true)
    })
}
