//! Which network went before which, and what a network takes over from the one it continues (domain C6).

use approdo_db::Connection;
use approdo_db::schema::{network_members, networks, relation_locks};
use chrono::NaiveDate;
use diesel::prelude::*;

use crate::entries::Entry as _;
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::networks::members::{self, NetworkMember, NetworkMemberId};
use crate::networks::types::{Network, NetworkId};
use crate::work::Unit;

/// The row of `relation_locks` that changes of predecessors wait on.
const LOCK: &str = "predecessor_of";

/// The network that a request names as predecessor; 422 where there is none.
pub fn predecessor(unit: &mut Unit<'_>, id: NetworkId) -> ApiResult<Network> {
    Network::find(unit.connection, id)?.ok_or_else(|| ApiError::unknown_reference("predecessor_id"))
}

/// Lets no other edit of a network go on meanwhile. Taken before the network: writing what it continues locks that network too.
pub fn lock(unit: &mut Unit<'_>) -> ApiResult<()> {
    let row = relation_locks::table.find(LOCK).select(relation_locks::kind);
    let _: String = approdo_db::first_for_update!(&mut *unit.connection, row)?;
    Ok(())
}

/// 409 where a network would come before itself; under the lock.
pub fn require_no_circle(unit: &mut Unit<'_>, network: &Network) -> ApiResult<()> {
    let Some(named) = network.predecessor_id else { return Ok(()) };
    predecessor(unit, named)?;
    if before(unit.connection, named)?.contains(&network.id) {
        let detail = "the network would come before itself";
        return Err(ApiError::unmet(vec![UnmetGuard::new("no_circle", detail)]));
    }
    Ok(())
}

/// A network and those it continues, the nearest first. Ends although the rows had a circle.
pub fn before(connection: &mut Connection, id: NetworkId) -> QueryResult<Vec<NetworkId>> {
    let mut found = Vec::new();
    let mut next = Some(id);
    while let Some(id) = next.filter(|id| !found.contains(id)) {
        found.push(id);
        next = networks::table.find(id).select(networks::predecessor_id).first(connection).optional()?.flatten();
    }
    Ok(found)
}

/// The day whose members a network takes over: its first, or the predecessor's last where that came before.
pub fn day_of_take_over(predecessor_ends_on: Option<NaiveDate>, starts_on: NaiveDate) -> NaiveDate {
    predecessor_ends_on.map_or(starts_on, |end| end.min(starts_on))
}

/// Makes members of those who are the predecessor's on that day, each with the membership it continues.
pub fn take_over(unit: &mut Unit<'_>, predecessor: &Network, network: &Network) -> ApiResult<()> {
    let day = day_of_take_over(predecessor.ends_on, network.starts_on);
    let current: Vec<NetworkMember> = network_members::table
        .filter(network_members::network_id.eq(predecessor.id))
        .filter(network_members::valid_from.le(day))
        .filter(network_members::valid_to.is_null().or(network_members::valid_to.gt(day)))
        .order(network_members::id)
        .load(unit.connection)?;
    for former in current {
        let row = NetworkMember {
            id: NetworkMemberId::new(),
            network_id: network.id,
            keeper_id: network.organisation_id,
            valid_from: network.starts_on,
            valid_to: None,
            predecessor_member_id: Some(former.id),
            version: 1,
            created_at: unit.now,
            updated_at: unit.now,
            ..former
        };
        members::add(unit, &row)?;
    }
    Ok(())
}
