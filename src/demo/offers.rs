//! Transfers, requests for them and shared accesses of the demonstration.

use approdo_db::schema::cases;
use chrono::Days;
use diesel::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::aggregate::moves::ChildTransitionId;
use crate::cases::queries;
use crate::cases::types::CaseId;
use crate::demo::load::{Known, lookup, parse};
use crate::demo::referrals::{DemoMove, ago};
use crate::demo::{request, story};
use crate::error::{ApiError, ApiResult};
use crate::offers::two_sided::TwoSided as _;
use crate::people::queries as people;
use crate::shared_accesses::handlers as shared_accesses;
use crate::shared_accesses::types::SharedAccessId;
use crate::transfer_requests::types::{TransferRequestId, TransferRequestRow};
use crate::transfer_requests::{handlers as transfer_requests, transitions as request_transitions};
use crate::transfers::handlers as transfers;
use crate::transfers::handover;
use crate::transfers::transitions;
use crate::transfers::types::TransferId;
use crate::work::Unit;

const OFFERS: &str = include_str!("../../demo/transfers.json");

#[derive(Deserialize)]
struct Offers {
    transfers: Vec<DemoTransfer>,
    transfer_requests: Vec<DemoRequest>,
    shared_accesses: Vec<DemoAccess>,
}

#[derive(Deserialize)]
struct DemoTransfer {
    person: String,
    by: String,
    to: String,
    territory: String,
    days_ago: u64,
    transfer: Value,
    moves: Vec<DemoMove>,
}

#[derive(Deserialize)]
struct DemoRequest {
    person: String,
    by: String,
    from: String,
    territory: String,
    to: String,
    days_ago: u64,
    request: Value,
    moves: Vec<DemoMove>,
}

#[derive(Deserialize)]
struct DemoAccess {
    person: String,
    by: String,
    to: String,
    days_ago: u64,
    ends_in_days: u64,
    access: Value,
}

/// Loads them, once the cases are there.
pub fn all(unit: &mut Unit<'_>, known: &Known) -> ApiResult<()> {
    let offers: Offers = parse(OFFERS)?;
    for transfer in offers.transfers {
        hand_over(unit, known, transfer)?;
    }
    for request in offers.transfer_requests {
        ask(unit, known, request)?;
    }
    offers.shared_accesses.into_iter().try_for_each(|access| share(unit, known, access))
}

fn case_of(unit: &mut Unit<'_>, known: &Known, person: &str) -> ApiResult<CaseId> {
    let person = lookup(&known.people, person)?;
    Ok(cases::table.filter(cases::person_id.eq(person)).select(cases::id).first(unit.connection)?)
}

fn hand_over(unit: &mut Unit<'_>, known: &Known, demo: DemoTransfer) -> ApiResult<()> {
    let case = case_of(unit, known, &demo.person)?;
    let (to, territory) = (lookup(&known.organisations, &demo.to)?, lookup(&known.territories, &demo.territory)?);
    let ids = [("case_id", json!(case)), ("to_org_id", json!(to)), ("to_territory_id", json!(territory))];
    let (new, id) = (request(demo.transfer, &ids)?, TransferId::new());
    let (by, on) = (Some(lookup(&known.callers, &demo.by)?), ago(unit, demo.days_ago));
    story::in_the_name_of(unit, by, on, |unit| {
        let case = queries::find(unit, case)?;
        let going = handover::lock(unit, &case, false)?;
        transfers::propose(unit, id, &going, new).map(drop)
    })?;
    for made in demo.moves {
        let asked = serde_json::from_value(made.r#move).map_err(ApiError::fault)?;
        let (by, on) = (Some(lookup(&known.callers, &made.by)?), ago(unit, made.days_ago));
        story::in_the_name_of(unit, by, on, |unit| {
            let (row, going) = transitions::locked(unit, id)?;
            transitions::make(unit, row, going, ChildTransitionId::new(), &asked).map(drop)
        })?;
    }
    Ok(())
}

fn ask(unit: &mut Unit<'_>, known: &Known, demo: DemoRequest) -> ApiResult<()> {
    let case = case_of(unit, known, &demo.person)?;
    let case = queries::find(unit, case)?;
    let (from, to) = (lookup(&known.organisations, &demo.from)?, lookup(&known.organisations, &demo.to)?);
    let territory = lookup(&known.territories, &demo.territory)?;
    let said = [
        ("owner_org_id", json!(from)),
        ("territory_id", json!(territory)),
        ("to_org_id", json!(to)),
        ("public_ref", json!(case.public_ref)),
    ];
    let (new, id) = (request(demo.request, &said)?, TransferRequestId::new());
    let (by, on) = (Some(lookup(&known.callers, &demo.by)?), ago(unit, demo.days_ago));
    story::in_the_name_of(unit, by, on, |unit| transfer_requests::ask(unit, id, new).map(drop))?;
    for made in demo.moves {
        let asked = serde_json::from_value(made.r#move).map_err(ApiError::fault)?;
        let (by, on) = (Some(lookup(&known.callers, &made.by)?), ago(unit, made.days_ago));
        story::in_the_name_of(unit, by, on, |unit| {
            let seen = TransferRequestRow::find(unit, id)?;
            let (row, going) = request_transitions::locked(unit, &seen, &asked)?;
            request_transitions::make(unit, row, going, ChildTransitionId::new(), asked).map(drop)
        })?;
    }
    Ok(())
}

fn share(unit: &mut Unit<'_>, known: &Known, demo: DemoAccess) -> ApiResult<()> {
    let case = case_of(unit, known, &demo.person)?;
    let to = lookup(&known.organisations, &demo.to)?;
    let expires_on = ago(unit, 0) + Days::new(demo.ends_in_days);
    let ids = [("case_id", json!(case)), ("to_org_id", json!(to)), ("expires_on", json!(expires_on))];
    let new = request(demo.access, &ids)?;
    let (by, on) = (Some(lookup(&known.callers, &demo.by)?), ago(unit, demo.days_ago));
    story::in_the_name_of(unit, by, on, |unit| {
        let seen = queries::find(unit, case)?;
        let person = people::lock(unit, seen.person_id)?;
        let case = queries::lock(unit, case)?;
        shared_accesses::give(unit, SharedAccessId::new(), &case, &person, new).map(drop)
    })
}
