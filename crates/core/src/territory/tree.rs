//! Where territories lie in the tree, and lay. `territories.parent_id` is where they lie now, which is what scope goes by.

use std::collections::BTreeSet;

use approdo_db::schema::{relation_locks, territory_memberships, territory_parents};
use approdo_db::{Connection, on_backend};
use chrono::NaiveDate;
use diesel::prelude::*;

use crate::access::TerritoryId;
use crate::error::{ApiError, ApiResult};
use crate::territory::codes::ROWS_AT_ONCE;
use crate::territory::dated::dated;
use crate::territory::territories::Territory;

/// Steps from a municipality to its country are three or four; more is a circle that somebody made past the rules.
pub const MOST_STEPS: usize = 20;

/// The row of `relation_locks` that moves of territories wait on.
const LOCK: &str = "territory_below";

/// Lets no territory be moved by others meanwhile: two moves could close a circle that neither of them finds. Taken before any territory.
pub fn lock(connection: &mut Connection) -> ApiResult<()> {
    let row = relation_locks::table.find(LOCK).select(relation_locks::kind);
    let _: String = approdo_db::first_for_update!(&mut *connection, row)?;
    Ok(())
}

/// A day after all others, as dates are compared in both databases: SQLite has them as text, of four digits a year.
pub fn never() -> NaiveDate {
    NaiveDate::from_ymd_opt(9999, 12, 31).unwrap_or(NaiveDate::MAX)
}

/// That a territory lay directly below another one for some time.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = territory_parents, treat_none_as_default_value = false)]
pub struct TerritoryParent {
    pub territory_id: TerritoryId,
    pub parent_id: TerritoryId,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
}

/// Writes where territories lie.
pub fn insert(connection: &mut Connection, rows: &[TerritoryParent]) -> QueryResult<()> {
    for some in rows.chunks(ROWS_AT_ONCE) {
        on_backend!(&mut *connection, c => diesel::insert_into(territory_parents::table).values(some).execute(c))?;
    }
    Ok(())
}

/// The territory that another one lay directly below on a day.
pub fn parent_on(
    connection: &mut Connection,
    territory: TerritoryId,
    day: NaiveDate,
) -> QueryResult<Option<TerritoryId>> {
    use territory_parents as t;
    t::table
        .filter(t::territory_id.eq(territory))
        .filter(t::valid_from.le(day))
        .filter(t::valid_to.is_null().or(t::valid_to.gt(day)))
        .select(t::parent_id)
        .first(connection)
        .optional()
}

/// The territories above another one on a day, the nearest first.
pub fn path(connection: &mut Connection, from: TerritoryId, day: NaiveDate) -> QueryResult<Vec<TerritoryId>> {
    let mut path = Vec::new();
    let mut at = from;
    while let Some(parent) = parent_on(connection, at, day)?
        && path.len() < MOST_STEPS
    {
        path.push(parent);
        at = parent;
    }
    Ok(path)
}

/// The territories that another one lay in on a day, in the tree or as a member, and those that these lay in; the nearest first.
pub fn all_above(connection: &mut Connection, from: TerritoryId, day: NaiveDate) -> QueryResult<Vec<TerritoryId>> {
    let (mut above, mut level): (Vec<TerritoryId>, Vec<TerritoryId>) = (Vec::new(), vec![from]);
    for _ in 0..MOST_STEPS {
        let mut next: Vec<TerritoryId> = {
            use territory_parents as t;
            t::table
                .filter(t::territory_id.eq_any(&level))
                .filter(t::valid_from.le(day))
                .filter(t::valid_to.is_null().or(t::valid_to.gt(day)))
                .select(t::parent_id)
                .load(connection)?
        };
        let aggregates: Vec<TerritoryId> = {
            use territory_memberships as t;
            t::table
                .filter(t::member_id.eq_any(&level))
                .filter(t::valid_from.le(day))
                .filter(t::valid_to.is_null().or(t::valid_to.gt(day)))
                .select(t::aggregate_id)
                .load(connection)?
        };
        next.extend(aggregates);
        next.sort_unstable();
        next.dedup();
        next.retain(|id| *id != from && !above.contains(id));
        if next.is_empty() {
            break;
        }
        above.extend(&next);
        level = next;
    }
    Ok(above)
}

/// 422 where a territory lies below another one on a day or later, which it is to lie above then, or too deep to tell.
pub fn require_above(
    connection: &mut Connection,
    territory: TerritoryId,
    parent: TerritoryId,
    on: NaiveDate,
) -> ApiResult<()> {
    if parent == territory {
        return Err(ApiError::invalid_member("parent_id", "is this territory itself"));
    }
    for day in days_of_change(connection, parent, on)? {
        let above = path(connection, parent, day)?;
        if above.contains(&territory) {
            return Err(ApiError::invalid_member("parent_id", "lies below this territory itself"));
        }
        require_shallow(&above)?;
    }
    Ok(())
}

/// 422 where a territory lies as deep on a day, or now, as any can.
pub fn require_room(connection: &mut Connection, parent: TerritoryId, on: NaiveDate) -> ApiResult<()> {
    for day in [on, never()] {
        require_shallow(&path(connection, parent, day)?)?;
    }
    Ok(())
}

/// 422 for what may lie below more than is looked at.
fn require_shallow(above: &[TerritoryId]) -> ApiResult<()> {
    if above.len() >= MOST_STEPS {
        let detail = format!("lies below {MOST_STEPS} others already, which is as deep as the tree can be");
        return Err(ApiError::invalid_member("parent_id", detail));
    }
    Ok(())
}

/// A day, and all after it on which something changed above a territory.
fn days_of_change(connection: &mut Connection, from: TerritoryId, on: NaiveDate) -> QueryResult<BTreeSet<NaiveDate>> {
    use territory_parents as t;
    type Row = (TerritoryId, NaiveDate, Option<NaiveDate>);
    let (mut days, mut met, mut level) = (BTreeSet::from([on]), BTreeSet::from([from]), vec![from]);
    // Each is looked at once, so that a circle that somebody made past the rules ends it too.
    while !level.is_empty() {
        let mut next = Vec::new();
        for some in level.chunks(ROWS_AT_ONCE) {
            let rows: Vec<Row> = on_backend!(&mut *connection, c => t::table
                .filter(t::territory_id.eq_any(some))
                .filter(t::valid_to.is_null().or(t::valid_to.gt(on)))
                .select((t::parent_id, t::valid_from, t::valid_to))
                .load(c))?;
            for (parent, valid_from, valid_to) in rows {
                days.extend([Some(valid_from), valid_to].into_iter().flatten().filter(|day| *day > on));
                next.extend(Some(parent).filter(|parent| met.insert(*parent)));
            }
        }
        level = next;
    }
    Ok(days)
}

/// Moves a territory below another one from a day on.
///
/// # Errors
/// 422 where it would lie below itself on any day since then, or too deep, 409 where it moved later already.
pub fn moved(connection: &mut Connection, territory: &Territory, parent: TerritoryId, on: NaiveDate) -> ApiResult<()> {
    use territory_parents as t;
    require_above(connection, territory.id, parent, on)?;
    require_none_later(connection, territory.id, Some(on))?;
    let of_it = t::table.filter(t::territory_id.eq(territory.id));
    diesel::update(of_it.filter(t::valid_to.is_null().or(t::valid_to.gt(on))))
        .set(t::valid_to.eq(Some(on)))
        .execute(connection)?;
    let row =
        TerritoryParent { territory_id: territory.id, parent_id: parent, valid_from: on, valid_to: territory.valid_to };
    insert(connection, &[row])?;
    Ok(())
}

/// Puts a territory below another one for as long as it has lain where it lies now: it never lay there, that was not known.
///
/// # Errors
/// 422 where it would lie below itself on any of the days, or too deep; nothing is changed then.
pub fn corrected(connection: &mut Connection, territory: &Territory, parent: TerritoryId) -> ApiResult<()> {
    use territory_parents as t;
    let of_it = t::table.filter(t::territory_id.eq(territory.id));
    let since: Option<NaiveDate> = match territory.valid_to {
        None => of_it.filter(t::valid_to.is_null()).select(t::valid_from).first(connection).optional()?,
        Some(end) => of_it.filter(t::valid_to.eq(end)).select(t::valid_from).first(connection).optional()?,
    };
    require_above(connection, territory.id, parent, since.unwrap_or(territory.valid_from))?;
    let present = match territory.valid_to {
        None => diesel::update(of_it.filter(t::valid_to.is_null())).set(t::parent_id.eq(parent)).execute(connection)?,
        Some(end) => {
            diesel::update(of_it.filter(t::valid_to.eq(end))).set(t::parent_id.eq(parent)).execute(connection)?
        }
    };
    if present == 0 {
        let (valid_from, valid_to) = (territory.valid_from, territory.valid_to);
        insert(connection, &[TerritoryParent { territory_id: territory.id, parent_id: parent, valid_from, valid_to }])?;
    }
    Ok(())
}

dated!(territory_parents, "it has a place in the tree that begins later");
