//! Agreements and referrals of the demonstration: between bodies that describe their services in the directory.

use approdo_db::schema::{cases, services};
use chrono::{Days, NaiveDate};
use diesel::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::aggregate::moves::ChildTransitionId;
use crate::agreements::handlers as agreements;
use crate::agreements::transitions::{self as agreement_moves, NewAgreementTransition};
use crate::agreements::types::AgreementId;
use crate::cases::queries;
use crate::cases::types::CaseId;
use crate::clock;
use crate::demo::load::{Known, lookup, parse};
use crate::demo::request;
use crate::demo::story;
use crate::directory::services::ServiceId;
use crate::error::{ApiError, ApiResult};
use crate::referrals::types::ReferralId;
use crate::referrals::{access, handlers, transitions};
use crate::work::Unit;

const REFERRALS: &str = include_str!("../../demo/referrals.json");

#[derive(Deserialize)]
struct Network {
    agreements: Vec<DemoAgreement>,
    referrals: Vec<DemoReferral>,
}

#[derive(Deserialize)]
struct DemoAgreement {
    by: String,
    organisation: String,
    sends: Vec<String>,
    receives: Vec<String>,
    days_ago: u64,
    signed: bool,
    agreement: Value,
}

#[derive(Deserialize)]
struct DemoReferral {
    person: String,
    by: String,
    /// By its name.
    service: String,
    /// None for a draft.
    days_ago: Option<u64>,
    referral: Value,
    moves: Vec<DemoMove>,
}

/// A move, by whom and when.
#[derive(Deserialize)]
pub struct DemoMove {
    pub by: String,
    pub days_ago: u64,
    pub r#move: Value,
}

/// Loads them, once the cases are there.
pub fn all(unit: &mut Unit<'_>, known: &Known) -> ApiResult<()> {
    let network: Network = parse(REFERRALS)?;
    for agreement in network.agreements {
        agree(unit, known, agreement)?;
    }
    network.referrals.into_iter().try_for_each(|referral| refer(unit, known, referral))
}

/// The day so many days before today.
pub fn ago(unit: &Unit<'_>, days: u64) -> NaiveDate {
    let today = clock::date_of(unit.now);
    today.checked_sub_days(Days::new(days)).unwrap_or(today)
}

fn agree(unit: &mut Unit<'_>, known: &Known, demo: DemoAgreement) -> ApiResult<()> {
    let (mut parties, mut signatures) = (Vec::new(), Vec::new());
    let on = ago(unit, demo.days_ago);
    for (keys, may) in [(&demo.sends, "may_send"), (&demo.receives, "may_receive")] {
        for key in keys {
            let organisation = lookup(&known.organisations, key)?;
            parties.push(json!({"organisation_id": organisation, may: true}));
            signatures.push(json!({"organisation_id": organisation, "signed_on": on}));
        }
    }
    let keeper = lookup(&known.organisations, &demo.organisation)?;
    let new = request(demo.agreement, &[("organisation_id", json!(keeper)), ("parties", json!(parties))])?;
    let by = Some(lookup(&known.callers, &demo.by)?);
    story::in_the_name_of(unit, by, on, |unit| {
        let row = agreements::add(unit, AgreementId::new(), new)?;
        if demo.signed {
            let signed: NewAgreementTransition =
                request(json!({"to": "signed"}), &[("signatures", json!(signatures))])?;
            agreement_moves::make(unit, row, ChildTransitionId::new(), &signed)?;
        }
        Ok(())
    })
}

fn refer(unit: &mut Unit<'_>, known: &Known, demo: DemoReferral) -> ApiResult<()> {
    let person = lookup(&known.people, &demo.person)?;
    let case: CaseId = cases::table.filter(cases::person_id.eq(person)).select(cases::id).first(unit.connection)?;
    let service: ServiceId =
        services::table.filter(services::name.eq(&demo.service)).select(services::id).first(unit.connection)?;
    let new = request(demo.referral, &[("case_id", json!(case)), ("service_ids", json!([service]))])?;
    let (by, id) = (Some(lookup(&known.callers, &demo.by)?), ReferralId::new());
    let on = ago(unit, demo.days_ago.unwrap_or_default());
    story::in_the_name_of(unit, by, on, |unit| {
        let case = queries::lock(unit, case)?;
        handlers::draw_up(unit, id, case, new).map(drop)
    })?;
    if demo.days_ago.is_none() {
        return Ok(());
    }
    let sent =
        DemoMove { by: demo.by, days_ago: demo.days_ago.unwrap_or_default(), r#move: json!({"to": "requested"}) };
    for made in std::iter::once(sent).chain(demo.moves) {
        let asked = serde_json::from_value(made.r#move).map_err(ApiError::fault)?;
        let (by, on) = (Some(lookup(&known.callers, &made.by)?), ago(unit, made.days_ago));
        story::in_the_name_of(unit, by, on, |unit| {
            let (found, person) = access::lock_with_person(unit, id)?;
            transitions::make(unit, found, Some(&person), ChildTransitionId::new(), &asked).map(drop)
        })?;
    }
    Ok(())
}
