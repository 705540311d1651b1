//! Who takes part in a network, in which role and when. A membership that ends gets a `valid_to`; only a mistaken one is deleted.

use actix_web::{delete, get, patch, post};
use approdo_db::schema::{network_members as members, organisations};
use approdo_db::{Connection, Timestamp, define_id};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, OrganisationId, Resource};
use crate::codes;
use crate::entries::{self, Entry as _};
use crate::entry;
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::http::patch::Edit;
use crate::http::{Answer, Body, Checked, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters, Patch, reading};
use crate::networks::succession;
use crate::networks::types::{Network, NetworkId};
use crate::page_of;
use crate::paged_query;
use crate::periods::{Period, overlapping};
use crate::work::Unit;

/// Memberships a network has at most, past ones included.
pub const MOST: i64 = 1_000;

define_id! {
    /// The id of a membership in a network.
    #[derive(ToSchema)]
    NetworkMemberId;
}

/// An organisation's time in a network, in one role.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize, ToSchema)]
#[diesel(table_name = members, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct NetworkMember {
    pub id: NetworkMemberId,
    pub network_id: NetworkId,
    /// The organisation that keeps the network.
    pub keeper_id: OrganisationId,
    /// The member.
    pub organisation_id: OrganisationId,
    /// A code of `network_roles`.
    #[schema(max_length = 40)]
    pub role: String,
    pub valid_from: NaiveDate,
    /// The first day it is a member no more; absent while no end is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub valid_to: Option<NaiveDate>,
    /// The membership in the network's predecessor that this one continues.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub predecessor_member_id: Option<NetworkMemberId>,
    /// Rises with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

entry!(NetworkMember, NetworkMemberId, members, keeper_id, "network_member", NetworkMembers);

impl NetworkMember {
    fn period(&self) -> Period {
        Period { from: self.valid_from, to: self.valid_to }
    }
}

page_of! {
    /// A page of memberships in networks.
    NetworkMemberPage of NetworkMember
}

/// An organisation that joins.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"organisation_id": "01985b2e-0000-7000-8000-000000000001", "role": "municipality", "valid_from": "2026-03-01"}))]
pub struct NewNetworkMember {
    /// Any organisation.
    pub organisation_id: OrganisationId,
    /// A code of `network_roles`.
    #[validate(length(min = 1, max = 40))]
    #[schema(min_length = 1, max_length = 40)]
    pub role: String,
    #[serde(deserialize_with = "reading::day")]
    pub valid_from: NaiveDate,
    /// The first day it is a member no more.
    #[serde(default, deserialize_with = "reading::optional_day")]
    #[schema(nullable = false)]
    pub valid_to: Option<NaiveDate>,
}

impl Checked for NewNetworkMember {}

/// What of a membership can be edited: its time.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"valid_to": "2027-01-01"}))]
pub struct NetworkMemberPatch {
    #[schema(required = false, value_type = NaiveDate)]
    #[serde(default, deserialize_with = "reading::patched_day")]
    pub valid_from: Patch<NaiveDate>,
    #[schema(required = false, value_type = Option<NaiveDate>)]
    #[serde(default, deserialize_with = "reading::patched_day")]
    pub valid_to: Patch<NaiveDate>,
}

impl Checked for NetworkMemberPatch {
    const MEDIA_TYPE: &'static str = "application/merge-patch+json";
}

paged_query! {
    /// How to list the members of a network.
    NetworkMemberQuery {
        /// Memberships of this organisation.
        organisation_id: Option<OrganisationId>,
        /// Memberships in this role: a code of `network_roles`.
        #[validate(length(min = 1, max = 40))]
        #[param(min_length = 1, max_length = 40)]
        role: Option<String>,
        /// Memberships that hold on this day.
        #[serde(default, deserialize_with = "reading::optional_day")]
        on: Option<NaiveDate>,
        /// `true`: also those in the networks that this one continues, so that a member's whole history is there.
        #[param(default = false)]
        history: Option<bool>,
    }
}

/// List a network's members.
///
/// Past, present and planned ones, in the order they were recorded.
#[utoipa::path(
    tag = "Networks",
    params(("network_id" = NetworkId, Path, description = "The network."), NetworkMemberQuery),
    responses((status = 200, description = "A page.", body = NetworkMemberPage))
)]
#[get("/networks/{network_id}/members")]
pub async fn list_network_members(
    door: Door,
    caller: Caller<actions::List, resources::NetworkMembers>,
    id: Id<NetworkId>,
    query: Parameters<NetworkMemberQuery>,
) -> ApiResult<Answer> {
    door.read("list_network_members", caller, move |reader| {
        let network: Network = entries::known(reader, id.0)?;
        let asked = query.read()?;
        let request = reader.page(&query, asked.limit, asked.cursor.as_deref());
        let after = request.after()?.unwrap_or(NetworkMemberId(uuid::Uuid::nil()));
        let networks = match asked.history {
            Some(true) => succession::before(reader.connection, network.id)?,
            _ => vec![network.id],
        };
        let rows = matching(reader.connection, &asked, networks, after, request.limit() + 1)?;
        Answer::ok(&NetworkMemberPage::from(request.page(rows, |row: &NetworkMember| row.id)?))
    })
    .await
}

fn matching(
    connection: &mut Connection,
    asked: &NetworkMemberQuery,
    networks: Vec<NetworkId>,
    after: NetworkMemberId,
    limit: i64,
) -> QueryResult<Vec<NetworkMember>> {
    let of_networks = members::table.filter(members::network_id.eq_any(networks)).filter(members::id.gt(after));
    let mut list = of_networks.order(members::id).limit(limit).into_boxed();
    if let Some(organisation) = asked.organisation_id {
        list = list.filter(members::organisation_id.eq(organisation));
    }
    if let Some(role) = &asked.role {
        list = list.filter(members::role.eq(role));
    }
    if let Some(on) = asked.on {
        let lasts = members::valid_to.is_null().or(members::valid_to.gt(on));
        list = list.filter(members::valid_from.le(on)).filter(lasts);
    }
    list.load(connection)
}

/// Let an organisation join a network.
///
/// In one role; in several it has several memberships. Two that overlap in the same role are refused (409).
#[utoipa::path(
    tag = "Networks",
    params(("network_id" = NetworkId, Path, description = "The network.")),
    request_body = NewNetworkMember,
    responses((status = 201, description = "The membership.", body = NetworkMember))
)]
#[post("/networks/{network_id}/members")]
pub async fn create_network_member(
    door: Door,
    caller: Caller<actions::Create, resources::NetworkMembers>,
    id: Id<NetworkId>,
    body: Body<NewNetworkMember>,
) -> ApiResult<Answer> {
    door.write("create_network_member", caller, Some(body.fingerprint()), move |unit| {
        let network: Network = entries::locked(unit, Action::Create, Resource::NetworkMembers, id.0)?;
        let new = body.read()?;
        let id = NetworkMemberId::new();
        let row: NetworkMember = match unit.replay(id.0)? {
            Some(earlier) => entries::made_before(unit, earlier)?,
            None => join(unit, id, &network, new)?,
        };
        unit.created(&format!("/network-members/{}", row.id), row.version, &row)
    })
    .await
}

/// Keeps a new membership of a locked network; used by the demonstration data as well.
pub fn join(
    unit: &mut Unit<'_>,
    id: NetworkMemberId,
    network: &Network,
    new: NewNetworkMember,
) -> ApiResult<NetworkMember> {
    codes::check(unit.app, "network_roles", "role", &new.role)?;
    require_organisation(unit, "organisation_id", new.organisation_id)?;
    let row = NetworkMember {
        id,
        network_id: network.id,
        keeper_id: network.organisation_id,
        organisation_id: new.organisation_id,
        role: new.role,
        valid_from: new.valid_from,
        valid_to: new.valid_to,
        predecessor_member_id: None,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    };
    check(unit.connection, &row)?;
    add(unit, &row)?;
    Ok(row)
}

/// Writes a new membership with its records.
pub fn add(unit: &mut Unit<'_>, row: &NetworkMember) -> ApiResult<()> {
    let members = ["network_id", "organisation_id", "role", "valid_from", "valid_to", "predecessor_member_id"];
    entries::add(unit, row, &members)
}

/// 422 where there is no such organisation: every caller may know which there are.
pub fn require_organisation(unit: &mut Unit<'_>, member: &str, id: OrganisationId) -> ApiResult<()> {
    let found: i64 = organisations::table.find(id).count().get_result(unit.connection)?;
    if found == 1 { Ok(()) } else { Err(ApiError::unknown_reference(member)) }
}

/// What a membership must be, by itself and among the others of its network, which is locked.
fn check(connection: &mut Connection, row: &NetworkMember) -> ApiResult<()> {
    if row.valid_to.is_some_and(|end| end <= row.valid_from) {
        return Err(ApiError::invalid_member("valid_to", "must be after valid_from"));
    }
    let others = members::table.filter(members::network_id.eq(row.network_id)).filter(members::id.ne(row.id));
    let count: i64 = others.count().get_result(connection)?;
    if count >= MOST {
        return Err(ApiError::conflict(format!("a network has at most {MOST} memberships")));
    }
    let alike: Vec<NetworkMember> = others
        .filter(members::organisation_id.eq(row.organisation_id))
        .filter(members::role.eq(&row.role))
        .load(connection)?;
    let periods: Vec<Period> = alike.iter().map(NetworkMember::period).collect();
    if overlapping(&periods, row.period()).is_some() {
        let detail = "the organisation is a member in this role at that time";
        return Err(ApiError::unmet(vec![UnmetGuard::new("one_membership_at_a_time", detail)]));
    }
    Ok(())
}

/// Read a membership in a network.
///
/// Every caller may know it.
#[utoipa::path(
    tag = "Networks",
    params(("network_member_id" = NetworkMemberId, Path, description = "The membership.")),
    responses((status = 200, description = "The membership.", body = NetworkMember))
)]
#[get("/network-members/{network_member_id}")]
pub async fn read_network_member(
    door: Door,
    caller: Caller<actions::Read, resources::NetworkMembers>,
    id: Id<NetworkMemberId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_network_member", caller, move |reader| {
        let row: NetworkMember = entries::known(reader, id.0)?;
        reader.answer_row(row.version, &held, &Fields::default(), "", &row)
    })
    .await
}

/// A membership with its network locked, so that no other comes to overlap it meanwhile; where the caller may do this.
fn locked(unit: &mut Unit<'_>, action: Action, id: NetworkMemberId) -> ApiResult<NetworkMember> {
    let row = NetworkMember::find(unit.connection, id)?.ok_or_else(ApiError::not_found)?;
    Network::lock(unit.connection, row.network_id)?;
    entries::locked(unit, action, Resource::NetworkMembers, id)
}

/// Edit a membership in a network.
///
/// Who leaves gets a `valid_to`. Two that overlap in the same role are refused (409).
#[utoipa::path(
    tag = "Networks",
    params(("network_member_id" = NetworkMemberId, Path, description = "The membership.")),
    request_body(content = NetworkMemberPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The membership as it is now.", body = NetworkMember))
)]
#[patch("/network-members/{network_member_id}")]
pub async fn edit_network_member(
    door: Door,
    caller: Caller<actions::Edit, resources::NetworkMembers>,
    id: Id<NetworkMemberId>,
    if_match: IfMatch,
    body: Body<NetworkMemberPatch>,
) -> ApiResult<Answer> {
    door.write("edit_network_member", caller, None, move |unit| {
        let mut row = locked(unit, Action::Edit, id.0)?;
        let patch = body.read()?;
        if_match.check(row.version)?;
        let mut edit = Edit::default();
        edit.required("valid_from", &mut row.valid_from, patch.valid_from);
        edit.optional("valid_to", &mut row.valid_to, patch.valid_to);
        let changed = edit.finish()?;
        check(unit.connection, &row)?;
        entries::save(unit, &mut row, &changed)?;
        unit.edited(row.version, &row)
    })
    .await
}

/// Delete a membership in a network.
///
/// One that was entered by mistake: who leaves gets a `valid_to` instead. Refused where a successor network continues it (409).
#[utoipa::path(
    tag = "Networks",
    params(("network_member_id" = NetworkMemberId, Path, description = "The membership.")),
    responses((status = 204, description = "It is gone."))
)]
#[delete("/network-members/{network_member_id}")]
pub async fn delete_network_member(
    door: Door,
    caller: Caller<actions::Delete, resources::NetworkMembers>,
    id: Id<NetworkMemberId>,
    if_match: IfMatch,
) -> ApiResult<Answer> {
    door.write("delete_network_member", caller, None, move |unit| {
        let row = locked(unit, Action::Delete, id.0)?;
        if_match.check(row.version)?;
        let continued = members::table.filter(members::predecessor_member_id.eq(row.id));
        let continued: i64 = continued.count().get_result(unit.connection)?;
        if continued > 0 {
            let detail = "a membership in a successor network continues it: end it instead";
            return Err(ApiError::unmet(vec![UnmetGuard::new("not_continued", detail)]));
        }
        entries::remove(unit, &row)?;
        Ok(Answer::no_content())
    })
    .await
}
