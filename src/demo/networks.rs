//! The networks of the demonstration.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::demo::load::{Known, lookup, parse};
use crate::demo::request;
use crate::error::ApiResult;
use crate::networks::handlers as networks;
use crate::networks::meeting_handlers as meetings;
use crate::networks::meetings::{NetworkMeetingId, NewNetworkMeeting};
use crate::networks::members::{self, NetworkMemberId, NewNetworkMember};
use crate::networks::types::{Network, NetworkId, NewNetwork};
use crate::work::Unit;

const NETWORKS: &str = include_str!("../../demo/networks.json");

#[derive(Deserialize)]
struct Networks {
    networks: Vec<DemoNetwork>,
}

#[derive(Deserialize)]
struct DemoNetwork {
    key: String,
    keeper: String,
    predecessor: Option<String>,
    network: Value,
    members: Vec<DemoMember>,
    meetings: Vec<DemoMeeting>,
}

#[derive(Deserialize)]
struct DemoMember {
    organisation: String,
    role: String,
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
}

#[derive(Deserialize)]
struct DemoMeeting {
    attendees: Vec<String>,
    meeting: Value,
}

/// Loads the networks with their members and meetings.
pub fn all(unit: &mut Unit<'_>, known: &Known) -> ApiResult<()> {
    let networks: Networks = parse(NETWORKS)?;
    let mut entered = HashMap::new();
    for one in networks.networks {
        let keeper = lookup(&known.organisations, &one.keeper)?;
        let mut ids = vec![("organisation_id", json!(keeper))];
        if let Some(key) = &one.predecessor {
            ids.push(("predecessor_id", json!(lookup(&entered, key)?)));
        }
        let new: NewNetwork = request(one.network, &ids)?;
        let network = networks::enter(unit, NetworkId::new(), new)?;
        entered.insert(one.key, network.id);
        for member in one.members {
            let new = NewNetworkMember {
                organisation_id: lookup(&known.organisations, &member.organisation)?,
                role: member.role,
                valid_from: member.valid_from,
                valid_to: member.valid_to,
            };
            members::join(unit, NetworkMemberId::new(), &network, new)?;
        }
        one.meetings.into_iter().try_for_each(|meeting| hold(unit, known, &network, meeting))?;
    }
    Ok(())
}

fn hold(unit: &mut Unit<'_>, known: &Known, network: &Network, mut meeting: DemoMeeting) -> ApiResult<()> {
    for decision in meeting.meeting.get_mut("decisions").and_then(Value::as_array_mut).into_iter().flatten() {
        let Some(members) = decision.as_object_mut() else { continue };
        if let Some(Value::String(key)) = members.remove("responsible") {
            let responsible = lookup(&known.organisations, &key)?;
            members.insert("responsible_organisation_id".into(), json!(responsible));
        }
    }
    let attendees: ApiResult<Vec<_>> = meeting.attendees.iter().map(|key| lookup(&known.organisations, key)).collect();
    let new: NewNetworkMeeting = request(meeting.meeting, &[("attendee_organisation_ids", json!(attendees?))])?;
    meetings::hold(unit, NetworkMeetingId::new(), network, new).map(drop)
}
