//! Operations on networks.

use actix_web::{get, patch, post};
use approdo_db::Connection;
use approdo_db::schema::{network_members, networks};
use chrono::NaiveDate;
use diesel::prelude::*;

use crate::access::caller::{Caller, actions, resources};
use crate::access::reach::UNDATED;
use crate::access::{Action, Resource};
use crate::entries;
use crate::error::{ApiError, ApiResult};
use crate::http::{Answer, Body, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters};
use crate::networks::succession;
use crate::networks::types::{Network, NetworkId, NetworkPage, NetworkPatch, NetworkQuery, NewNetwork, apply};
use crate::work::Unit;

const MEMBERS: [&str; 6] = ["organisation_id", "name", "description", "starts_on", "ends_on", "predecessor_id"];

/// List networks.
///
/// By name. Every caller may know them.
#[utoipa::path(tag = "Networks", params(NetworkQuery), responses((status = 200, description = "A page.", body = NetworkPage)))]
#[get("/networks")]
pub async fn list_networks(
    door: Door,
    caller: Caller<actions::List, resources::Networks>,
    query: Parameters<NetworkQuery>,
) -> ApiResult<Answer> {
    door.read("list_networks", caller, move |reader| {
        let asked = query.read()?;
        let request = reader.page(&query, asked.limit, asked.cursor.as_deref());
        let rows = matching(reader.connection, &asked, request.after()?, request.limit() + 1)?;
        Answer::ok(&NetworkPage::from(request.page(rows, |row: &Network| (row.name.clone(), row.id))?))
    })
    .await
}

/// No date of a request lies before it (RFC 3339).
const FIRST_DAY: NaiveDate = match NaiveDate::from_ymd_opt(0, 1, 1) {
    Some(day) => day,
    None => NaiveDate::MIN,
};

fn matching(
    connection: &mut Connection,
    asked: &NetworkQuery,
    after: Option<(String, NetworkId)>,
    limit: i64,
) -> QueryResult<Vec<Network>> {
    let mut list = networks::table.order((networks::name, networks::id)).limit(limit).into_boxed();
    if let Some((name, id)) = after {
        list = list.filter(networks::name.gt(name.clone()).or(networks::name.eq(name).and(networks::id.gt(id))));
    }
    if let Some(on) = asked.on {
        list = list.filter(networks::starts_on.le(on)).filter(networks::ends_on.is_null().or(networks::ends_on.ge(on)));
    }
    // Without a day any time counts.
    let (from, to) = asked.on.map_or((FIRST_DAY, UNDATED), |on| (on, on));
    let of_time = network_members::table
        .select(network_members::network_id)
        .filter(network_members::valid_from.le(to))
        .filter(network_members::valid_to.is_null().or(network_members::valid_to.gt(from)));
    let (of, role) = (network_members::organisation_id, network_members::role);
    list = match (asked.organisation_id, &asked.role) {
        (None, None) => list,
        (Some(id), None) => list.filter(networks::id.eq_any(of_time.filter(of.eq(id)))),
        (None, Some(code)) => list.filter(networks::id.eq_any(of_time.filter(role.eq(code)))),
        (Some(id), Some(code)) => list.filter(networks::id.eq_any(of_time.filter(of.eq(id)).filter(role.eq(code)))),
    };
    list.load(connection)
}

/// Enter a network.
///
/// For an organisation that you administer. It can continue another one, whoever keeps that, and take over its members.
#[utoipa::path(
    tag = "Networks",
    request_body = NewNetwork,
    responses((status = 201, description = "The network.", body = Network))
)]
#[post("/networks")]
pub async fn create_network(
    door: Door,
    caller: Caller<actions::Create, resources::Networks>,
    body: Body<NewNetwork>,
) -> ApiResult<Answer> {
    door.write("create_network", caller, Some(body.fingerprint()), move |unit| {
        let new = body.read()?;
        entries::require_keeper(unit, Resource::Networks, "organisation_id", new.organisation_id)?;
        let id = NetworkId::new();
        let row: Network = match unit.replay(id.0)? {
            Some(earlier) => entries::made_before(unit, earlier)?,
            None => enter(unit, id, new)?,
        };
        unit.created(&format!("/networks/{}", row.id), row.version, &row)
    })
    .await
}

/// Keeps a new network; used by the demonstration data as well.
pub fn enter(unit: &mut Unit<'_>, id: NetworkId, new: NewNetwork) -> ApiResult<Network> {
    let row = Network {
        id,
        organisation_id: new.organisation_id,
        name: new.name,
        description: new.description,
        starts_on: new.starts_on,
        ends_on: new.ends_on,
        predecessor_id: new.predecessor_id,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    };
    row.check()?;
    let predecessor = row.predecessor_id.map(|id| succession::predecessor(unit, id)).transpose()?;
    entries::add(unit, &row, &MEMBERS)?;
    match (new.take_over_members, predecessor) {
        (false, _) => Ok(row),
        (true, Some(predecessor)) => {
            succession::take_over(unit, &predecessor, &row)?;
            Ok(row)
        }
        (true, None) => Err(ApiError::invalid_member("take_over_members", "needs a predecessor_id")),
    }
}

/// Read a network.
///
/// Every caller may know it. Its members and meetings have lists of their own.
#[utoipa::path(
    tag = "Networks",
    params(("network_id" = NetworkId, Path, description = "The network.")),
    responses((status = 200, description = "The network.", body = Network))
)]
#[get("/networks/{network_id}")]
pub async fn read_network(
    door: Door,
    caller: Caller<actions::Read, resources::Networks>,
    id: Id<NetworkId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_network", caller, move |reader| {
        let row: Network = entries::known(reader, id.0)?;
        reader.answer_row(row.version, &held, &Fields::default(), "", &row)
    })
    .await
}

/// Edit a network.
///
/// Its name, its time and what it continues. A network that would come before itself is refused (409, `no_circle`).
#[utoipa::path(
    tag = "Networks",
    params(("network_id" = NetworkId, Path, description = "The network.")),
    request_body(content = NetworkPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The network as it is now.", body = Network))
)]
#[patch("/networks/{network_id}")]
pub async fn edit_network(
    door: Door,
    caller: Caller<actions::Edit, resources::Networks>,
    id: Id<NetworkId>,
    if_match: IfMatch,
    body: Body<NetworkPatch>,
) -> ApiResult<Answer> {
    door.write("edit_network", caller, None, move |unit| {
        succession::lock(unit)?;
        let mut row: Network = entries::locked(unit, Action::Edit, Resource::Networks, id.0)?;
        let patch = body.read()?;
        if_match.check(row.version)?;
        let changed = apply(&mut row, patch)?;
        if changed.contains(&"predecessor_id") {
            succession::require_no_circle(unit, &row)?;
        }
        entries::save(unit, &mut row, &changed)?;
        unit.edited(row.version, &row)
    })
    .await
}
