//! Leases: work that one process does at a time, taken over by another where it is not renewed.

use approdo_db::schema::leases;
use approdo_db::{Connection, Timestamp, define_id, first_for_update, on_backend};
use diesel::prelude::*;

use crate::app::App;
use crate::clock;
use crate::error::ApiError;

/// The lease under which one process does what no request asks for; called as the first such work was.
pub const BACKGROUND: &str = "watches";

/// Seconds a lease lasts unless it is renewed.
const SECONDS: i64 = 5;

define_id! {
    /// A process, as holder of a lease.
    HolderId;
}

/// Takes or renews a lease. The row stays locked until the transaction ends, so that a holder whose lease ran out in the middle
/// of its batch cannot be overtaken.
pub fn take(connection: &mut Connection, name: &str, holder: HolderId) -> QueryResult<bool> {
    let now = clock::now();
    let expires = clock::after(now, SECONDS);
    let row = (leases::name.eq(name), leases::holder.eq(holder), leases::expires_at.eq(expires));
    on_backend!(&mut *connection, c => {
        diesel::insert_into(leases::table).values(row).on_conflict_do_nothing().execute(c)
    })?;
    let held = leases::table.find(name).select((leases::holder, leases::expires_at));
    let (owner, until): (HolderId, Timestamp) = first_for_update!(&mut *connection, held)?;
    if owner != holder && until > now {
        return Ok(false);
    }
    diesel::update(leases::table.find(name))
        .set((leases::holder.eq(holder), leases::expires_at.eq(expires)))
        .execute(connection)?;
    Ok(true)
}

/// Gives a lease back, so that another process need not wait until it has run out.
pub fn give_back(app: &App, name: &str, holder: HolderId) {
    let release = app.database.writer().map_err(ApiError::from).and_then(|mut connection| {
        let mine = leases::table.filter(leases::name.eq(name)).filter(leases::holder.eq(holder));
        Ok(diesel::delete(mine).execute(&mut **connection)?)
    });
    if let Err(error) = release {
        log::debug!("the lease {name} runs out by itself: {error}");
    }
}
