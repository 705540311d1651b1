//! What is between two bodies and whose day has come: each is recorded as expired once, by whichever process holds the lease. Nothing waits for it.

use super::two_sided::{TwoSided, settle};
use crate::app::App;
use crate::clock;
use crate::error::ApiResult;
use crate::lease::{self, HolderId};
use crate::work;

/// Records the end of the one of a kind whose turn it is. Tells whether there was any.
pub fn expire_next<R: TwoSided>(app: &App, holder: HolderId) -> ApiResult<bool> {
    let today = clock::date_of(app.clock.now());
    let Some(id) = app.read_now(|connection| Ok(R::next_over(connection, today)?))? else { return Ok(false) };
    work::run_as_system(app, "offers", |unit| {
        if !lease::take(unit.connection, lease::BACKGROUND, holder)? {
            return Ok(false);
        }
        let mut row = R::lock(unit, id)?;
        settle(unit, &mut row)?;
        Ok(true)
    })
}
