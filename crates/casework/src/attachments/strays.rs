//! Objects that no attachment names: on their way to one, or left by one. A row tells of each before it can be there, and until it is gone,
//! so that neither a kill nor a rollback leaves an object for ever, and no object is removed that a row still names.

use approdo_db::Connection;
use approdo_db::schema::stray_objects as strays;
use diesel::prelude::*;

use crate::app::App;
use crate::clock;
use crate::error::{ApiError, ApiResult};
use crate::lease::{self, HolderId};
use crate::work::Unit;

/// The lease under which one process sweeps.
pub const LEASE: &str = "stray_objects";

/// Seconds an object may be on its way.
const PATIENCE: i64 = 3_600;
/// Seconds before that in which it is no longer kept: whoever sweeps may have another clock.
const MARGIN: i64 = 600;
/// Seconds until a removal that failed is tried again.
const AGAIN: i64 = 60;

/// Tells, durably, that an object is going to be there.
pub fn expect(app: &App, key: &str) -> ApiResult<()> {
    let mut connection = app.database.writer()?;
    let row = (strays::object_key.eq(key), strays::remove_after.eq(clock::after(clock::now(), PATIENCE)));
    diesel::insert_into(strays::table).values(row).execute(&mut **connection)?;
    Ok(())
}

/// An attachment is going to name the object: it is no stray any more. 503 where it took so long that it may be swept.
pub fn claim(unit: &mut Unit<'_>, key: &str) -> ApiResult<()> {
    let in_time = strays::table.find(key).filter(strays::remove_after.gt(clock::after(clock::now(), MARGIN)));
    match diesel::delete(in_time).execute(unit.connection)? {
        0 => Err(ApiError::unavailable("the content was too long on its way: send it again")),
        _ => Ok(()),
    }
}

/// No attachment names the object once this is committed: it is to be removed.
pub fn discard(connection: &mut Connection, key: &str) -> ApiResult<()> {
    diesel::delete(strays::table.find(key)).execute(connection)?;
    let row = (strays::object_key.eq(key), strays::remove_after.eq(clock::now()));
    diesel::insert_into(strays::table).values(row).execute(connection)?;
    Ok(())
}

/// The same of an object that was on its way in vain. What cannot be told now is swept when its time has come.
pub fn give_up(app: &App, key: &str) {
    let told = app.database.writer().map_err(ApiError::from).and_then(|mut connection| {
        let row = strays::table.find(key);
        Ok(diesel::update(row).set(strays::remove_after.eq(clock::now())).execute(&mut **connection)?)
    });
    if let Err(error) = told {
        log::debug!("a stray object is removed later: {error}");
    }
}

/// Removes the object whose time has come first; tells whether there was one. Another process that holds the lease does it instead.
pub fn sweep_next(app: &App, holder: HolderId) -> ApiResult<bool> {
    let Some(objects) = &app.attachments.objects else { return Ok(false) };
    let due = strays::table.filter(strays::remove_after.le(clock::now()));
    let next = due.order((strays::remove_after, strays::object_key)).select(strays::object_key);
    let waiting: Option<String> = app.read_now(|connection| Ok(next.first(connection).optional()?))?;
    let Some(key) = waiting else { return Ok(false) };
    let ours = app.database.writer()?.write_transaction(|connection| lease::take(connection, LEASE, holder))?;
    if !ours {
        return Ok(false);
    }
    // Nothing is held meanwhile: to remove it twice does no harm.
    let removed = objects.remove(&key);
    let mut connection = app.database.writer()?;
    let row = strays::table.find(&key);
    if removed.is_ok() {
        diesel::delete(row).execute(&mut **connection)?;
    } else {
        let later = strays::remove_after.eq(clock::after(clock::now(), AGAIN));
        diesel::update(row).set(later).execute(&mut **connection)?;
    }
    removed.map(|()| true)
}
