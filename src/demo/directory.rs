//! The directory of the demonstration.

use std::collections::HashMap;

use chrono::{Days, NaiveDate};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::clock;
use crate::demo::load::{Known, lookup, parse};
use crate::demo::{request, story};
use crate::directory::capacities::{self, CapacityReport};
use crate::directory::location_handlers as locations;
use crate::directory::locations::{LocationId, NewLocation};
use crate::directory::programs::{self, NewProgram, ProgramId};
use crate::directory::service_at_locations::{self, NewServiceAtLocation, ServiceAtLocationId};
use crate::directory::service_handlers as services;
use crate::directory::services::{NewService, ServiceId};
use crate::directory::translation_handlers;
use crate::directory::translations::NewTranslation;
use crate::directory::verifications::{self, NewVerification, VerificationId, VerificationMethod};
use crate::error::ApiResult;
use crate::http::IfMatch;
use crate::work::Unit;

const DIRECTORY: &str = include_str!("../../demo/directory.json");

#[derive(Deserialize)]
struct Directory {
    programs: Vec<DemoProgram>,
    locations: Vec<DemoLocation>,
    services: Vec<DemoService>,
}

#[derive(Deserialize)]
struct DemoProgram {
    key: String,
    organisation: String,
    program: Value,
}

#[derive(Deserialize)]
struct DemoLocation {
    key: String,
    organisation: String,
    territory: String,
    location: Value,
}

#[derive(Deserialize)]
struct DemoService {
    organisation: String,
    /// The program it is part of.
    program: Option<String>,
    /// Locations it is given at.
    at: Vec<String>,
    /// Territories whose residents it is for.
    residents_of: Vec<String>,
    capacity: Option<CapacityReport>,
    verified: Option<DemoVerification>,
    /// What it says in other languages.
    #[serde(default)]
    translations: Vec<DemoTranslation>,
    service: Value,
}

#[derive(Deserialize)]
struct DemoTranslation {
    language: String,
    translation: Value,
}

#[derive(Deserialize)]
struct DemoVerification {
    by: String,
    days_ago: u64,
    method: VerificationMethod,
}

/// Loads the services and where they are given.
pub fn all(unit: &mut Unit<'_>, known: &Known) -> ApiResult<()> {
    let directory: Directory = parse(DIRECTORY)?;
    let mut places = HashMap::new();
    for place in directory.locations {
        let organisation = lookup(&known.organisations, &place.organisation)?;
        let territory = lookup(&known.territories, &place.territory)?;
        let ids = [("organisation_id", json!(organisation)), ("territory_id", json!(territory))];
        let new: NewLocation = request(place.location, &ids)?;
        places.insert(place.key, locations::enter(unit, LocationId::new(), new)?.id);
    }
    let mut programs = HashMap::new();
    for program in directory.programs {
        let organisation = lookup(&known.organisations, &program.organisation)?;
        let new: NewProgram = request(program.program, &[("organisation_id", json!(organisation))])?;
        programs.insert(program.key, programs::enter(unit, ProgramId::new(), new)?.id);
    }
    directory.services.into_iter().try_for_each(|service| enter(unit, known, &places, &programs, service))
}

fn enter(
    unit: &mut Unit<'_>,
    known: &Known,
    places: &HashMap<String, LocationId>,
    programs: &HashMap<String, ProgramId>,
    service: DemoService,
) -> ApiResult<()> {
    let organisation = lookup(&known.organisations, &service.organisation)?;
    let residents: ApiResult<Vec<_>> = service.residents_of.iter().map(|key| lookup(&known.territories, key)).collect();
    let mut new: NewService = request(service.service, &[("organisation_id", json!(organisation))])?;
    new.eligibility.territory_ids = residents?;
    new.program_id = service.program.map(|key| lookup(programs, &key)).transpose()?;
    let row = services::enter(unit, ServiceId::new(), new)?;
    for key in service.at {
        let ids = [("location_id", json!(lookup(places, &key)?))];
        let new: NewServiceAtLocation = request(json!({}), &ids)?;
        service_at_locations::place(unit, &row, ServiceAtLocationId::new(), new)?;
    }
    for told in service.translations {
        let new: NewTranslation = request(told.translation, &[])?;
        translation_handlers::translate(unit, &row, &told.language, new, &IfMatch::of(None))?;
    }
    if let Some(told) = service.capacity {
        capacities::tell(unit, &row, told, None)?;
    }
    let Some(verified) = service.verified else { return Ok(()) };
    let on = day_before(clock::date_of(unit.now), verified.days_ago);
    let new = NewVerification { method: verified.method, verified_on: Some(on), note: None };
    let by = Some(lookup(&known.callers, &verified.by)?);
    story::in_the_name_of(unit, by, on, |unit| verifications::verify(unit, row, VerificationId::new(), new).map(drop))
}

fn day_before(today: NaiveDate, days: u64) -> NaiveDate {
    today.checked_sub_days(Days::new(days)).unwrap_or(today)
}
