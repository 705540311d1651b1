//! Operations on meetings of networks.

use actix_web::{delete, get, patch, post};
use approdo_db::Json;
use approdo_db::schema::{network_meetings as meetings, network_members, organisations};
use chrono::NaiveDate;
use diesel::prelude::*;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, OrganisationId, Resource};
use crate::entries;
use crate::error::{ApiError, ApiResult};
use crate::http::forms::repeated;
use crate::http::{Answer, Body, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters};
use crate::networks::meetings::{
    NetworkMeeting, NetworkMeetingId, NetworkMeetingPage, NetworkMeetingPatch, NetworkMeetingRow, NewNetworkMeeting,
    apply,
};
use crate::networks::types::{Network, NetworkId};
use crate::paged_query;
use crate::work::Unit;

paged_query! {
    /// How to list the meetings of a network.
    NetworkMeetingQuery {}
}

/// List a network's meetings.
///
/// The latest first. Every caller may know them.
#[utoipa::path(
    tag = "Networks",
    params(("network_id" = NetworkId, Path, description = "The network."), NetworkMeetingQuery),
    responses((status = 200, description = "A page.", body = NetworkMeetingPage))
)]
#[get("/networks/{network_id}/meetings")]
pub async fn list_network_meetings(
    door: Door,
    caller: Caller<actions::List, resources::NetworkMeetings>,
    id: Id<NetworkId>,
    query: Parameters<NetworkMeetingQuery>,
) -> ApiResult<Answer> {
    door.read("list_network_meetings", caller, move |reader| {
        let _: Network = entries::known(reader, id.0)?;
        let asked = query.read()?;
        let request = reader.page(&query, asked.limit, asked.cursor.as_deref());
        let mut list = meetings::table
            .filter(meetings::network_id.eq(id.0))
            .order((meetings::held_on.desc(), meetings::id.desc()))
            .limit(request.limit() + 1)
            .into_boxed();
        if let Some((day, id)) = request.after::<(NaiveDate, NetworkMeetingId)>()? {
            list = list.filter(meetings::held_on.lt(day).or(meetings::held_on.eq(day).and(meetings::id.lt(id))));
        }
        let rows: Vec<NetworkMeetingRow> = list.load(reader.connection)?;
        let page = request.page(rows, |row: &NetworkMeetingRow| (row.held_on, row.id))?;
        Answer::ok(&NetworkMeetingPage::from(page.try_map(NetworkMeeting::shown)?))
    })
    .await
}

/// Record a network's meeting.
///
/// Those who attend are members on that day (422).
#[utoipa::path(
    tag = "Networks",
    params(("network_id" = NetworkId, Path, description = "The network.")),
    request_body = NewNetworkMeeting,
    responses((status = 201, description = "The meeting.", body = NetworkMeeting))
)]
#[post("/networks/{network_id}/meetings")]
pub async fn create_network_meeting(
    door: Door,
    caller: Caller<actions::Create, resources::NetworkMeetings>,
    id: Id<NetworkId>,
    body: Body<NewNetworkMeeting>,
) -> ApiResult<Answer> {
    door.write("create_network_meeting", caller, Some(body.fingerprint()), move |unit| {
        let network: Network = entries::locked(unit, Action::Create, Resource::NetworkMeetings, id.0)?;
        let new = body.read()?;
        let id = NetworkMeetingId::new();
        let row: NetworkMeetingRow = match unit.replay(id.0)? {
            Some(earlier) => entries::made_before(unit, earlier)?,
            None => hold(unit, id, &network, new)?,
        };
        let (path, version) = (format!("/network-meetings/{}", row.id), row.version);
        unit.created(&path, version, &NetworkMeeting::shown(row)?)
    })
    .await
}

/// Keeps a new meeting of a network; used by the demonstration data as well.
pub fn hold(
    unit: &mut Unit<'_>,
    id: NetworkMeetingId,
    network: &Network,
    new: NewNetworkMeeting,
) -> ApiResult<NetworkMeetingRow> {
    let row = NetworkMeetingRow {
        id,
        network_id: network.id,
        keeper_id: network.organisation_id,
        held_on: new.held_on,
        title: new.title,
        venue: new.venue,
        attendee_organisation_ids: Json::of(new.attendee_organisation_ids),
        minutes: new.minutes,
        decisions: Json::of(new.decisions),
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    };
    check_attendees(unit, &row)?;
    check_decisions(unit, &row)?;
    let members = ["network_id", "held_on", "title", "venue", "attendee_organisation_ids", "minutes", "decisions"];
    entries::add(unit, &row, &members)?;
    Ok(row)
}

/// 422 for an attendee that is named twice, or no member of the network on that day.
fn check_attendees(unit: &mut Unit<'_>, row: &NetworkMeetingRow) -> ApiResult<()> {
    let attendees = row.attendees()?;
    let at = |index: usize| format!("attendee_organisation_ids/{index}");
    if let Some(index) = repeated(attendees.iter().copied()) {
        return Err(ApiError::invalid_member(&at(index), "is named before"));
    }
    let members: Vec<OrganisationId> = network_members::table
        .filter(network_members::network_id.eq(row.network_id))
        .filter(network_members::valid_from.le(row.held_on))
        .filter(network_members::valid_to.is_null().or(network_members::valid_to.gt(row.held_on)))
        .select(network_members::organisation_id)
        .load(unit.connection)?;
    match attendees.iter().position(|attendee| !members.contains(attendee)) {
        Some(index) => Err(ApiError::invalid_member(&at(index), "is no member of the network on that day")),
        None => Ok(()),
    }
}

/// 422 for a decision whose id is another's, or whose responsible body there is not.
fn check_decisions(unit: &mut Unit<'_>, row: &NetworkMeetingRow) -> ApiResult<()> {
    let decisions = row.decisions()?;
    if let Some(index) = repeated(decisions.iter().map(|decision| decision.id)) {
        return Err(ApiError::invalid_member(&format!("decisions/{index}/id"), "is the id of a decision before it"));
    }
    let named: Vec<OrganisationId> = decisions.iter().filter_map(|one| one.responsible_organisation_id).collect();
    let known: Vec<OrganisationId> =
        organisations::table.filter(organisations::id.eq_any(named)).select(organisations::id).load(unit.connection)?;
    let unknown = |id: &OrganisationId| !known.contains(id);
    match decisions.iter().position(|one| one.responsible_organisation_id.as_ref().is_some_and(unknown)) {
        Some(index) => Err(ApiError::unknown_reference(&format!("decisions/{index}/responsible_organisation_id"))),
        None => Ok(()),
    }
}

/// Read a network's meeting.
///
/// Every caller may know it.
#[utoipa::path(
    tag = "Networks",
    params(("network_meeting_id" = NetworkMeetingId, Path, description = "The meeting.")),
    responses((status = 200, description = "The meeting.", body = NetworkMeeting))
)]
#[get("/network-meetings/{network_meeting_id}")]
pub async fn read_network_meeting(
    door: Door,
    caller: Caller<actions::Read, resources::NetworkMeetings>,
    id: Id<NetworkMeetingId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_network_meeting", caller, move |reader| {
        let row: NetworkMeetingRow = entries::known(reader, id.0)?;
        reader.answer_row(row.version, &held, &Fields::default(), "", &NetworkMeeting::shown(row)?)
    })
    .await
}

/// Edit a network's meeting.
///
/// Its minutes, its decisions and what became of them. Those who attend are members on that day (422).
#[utoipa::path(
    tag = "Networks",
    params(("network_meeting_id" = NetworkMeetingId, Path, description = "The meeting.")),
    request_body(content = NetworkMeetingPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The meeting as it is now.", body = NetworkMeeting))
)]
#[patch("/network-meetings/{network_meeting_id}")]
pub async fn edit_network_meeting(
    door: Door,
    caller: Caller<actions::Edit, resources::NetworkMeetings>,
    id: Id<NetworkMeetingId>,
    if_match: IfMatch,
    body: Body<NetworkMeetingPatch>,
) -> ApiResult<Answer> {
    door.write("edit_network_meeting", caller, None, move |unit| {
        let mut row: NetworkMeetingRow = entries::locked(unit, Action::Edit, Resource::NetworkMeetings, id.0)?;
        let patch = body.read()?;
        if_match.check(row.version)?;
        let changed = apply(&mut row, patch)?;
        // Who was there stays, whatever became of their membership since.
        if changed.iter().any(|name| matches!(*name, "held_on" | "attendee_organisation_ids")) {
            check_attendees(unit, &row)?;
        }
        if changed.contains(&"decisions") {
            check_decisions(unit, &row)?;
        }
        entries::save(unit, &mut row, &changed)?;
        let version = row.version;
        unit.edited(version, &NetworkMeeting::shown(row)?)
    })
    .await
}

/// Delete a network's meeting.
///
/// One that was recorded by mistake. Its values stay in the history.
#[utoipa::path(
    tag = "Networks",
    params(("network_meeting_id" = NetworkMeetingId, Path, description = "The meeting.")),
    responses((status = 204, description = "It is gone."))
)]
#[delete("/network-meetings/{network_meeting_id}")]
pub async fn delete_network_meeting(
    door: Door,
    caller: Caller<actions::Delete, resources::NetworkMeetings>,
    id: Id<NetworkMeetingId>,
    if_match: IfMatch,
) -> ApiResult<Answer> {
    door.write("delete_network_meeting", caller, None, move |unit| {
        let row: NetworkMeetingRow = entries::locked(unit, Action::Delete, Resource::NetworkMeetings, id.0)?;
        if_match.check(row.version)?;
        entries::remove(unit, &row)?;
        Ok(Answer::no_content())
    })
    .await
}
