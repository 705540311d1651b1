//! Loads the demonstration through the write path, so that its history and feed are real.

use std::collections::{BTreeMap, HashMap};

use approdo_db::Json;
use chrono::NaiveDate;
use serde::Deserialize;

use crate::access::grants::{self, NewGrant};
use crate::access::users::{self, NewUser};
use crate::access::{GrantId, OrganisationId, PrincipalId, PrincipalStatus, TerritoryId, api_clients, auth, passwords};
use crate::cases::pathway_templates::PathwayTemplateId;
use crate::demo::{
    callers, directory, discrimination, evaluations, networks, offers, policies, referrals, register, statistics,
};
use crate::directory::organisation_handlers as organisations;
use crate::directory::organisations::{OrganisationDetails, OrganisationRow};
use crate::error::{ApiError, ApiResult};
use crate::people::households::HouseholdId;
use crate::people::types::PersonId;
use crate::territory::codes::{self, CodeSystem, TerritoryCode};
use crate::territory::figures::{self, FigureMeasure, Measured, TerritoryFigure};
use crate::territory::memberships::{self, MembershipId};
use crate::territory::territories::{self, Territory};
use crate::work::Unit;

const PLACES: &str = include_str!("../../demo/places.json");
const PEOPLE: &str = include_str!("../../demo/people.json");
const STORIES: &str = include_str!("../../demo/stories.json");

#[derive(Deserialize)]
struct Places {
    /// What the codes are known from, and the figures.
    code_source: String,
    figure_source: String,
    territories: Vec<DemoTerritory>,
    memberships: Vec<DemoMembership>,
    organisations: Vec<DemoOrganisation>,
}

#[derive(Deserialize)]
struct DemoTerritory {
    key: String,
    kind: String,
    code_system: String,
    code: String,
    name: String,
    country: String,
    parent: Option<String>,
    valid_from: NaiveDate,
    /// Its codes in other systems.
    #[serde(default)]
    codes: BTreeMap<CodeSystem, String>,
    #[serde(default)]
    figures: Vec<(FigureMeasure, NaiveDate, f64)>,
    /// Latitude and longitude.
    point: Option<(f64, f64)>,
}

#[derive(Deserialize)]
struct DemoMembership {
    member: String,
    aggregate: String,
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
}

#[derive(Deserialize)]
struct DemoOrganisation {
    key: String,
    name: String,
    kind: String,
    parent: Option<String>,
    ipa_code: Option<String>,
    /// What it tells of itself.
    #[serde(default)]
    details: OrganisationDetails,
}

/// What keys of the demonstration files stand for.
#[derive(Default)]
pub struct Known {
    pub territories: HashMap<String, TerritoryId>,
    pub organisations: HashMap<String, OrganisationId>,
    pub callers: HashMap<String, PrincipalId>,
    pub people: HashMap<String, PersonId>,
    pub households: HashMap<String, HouseholdId>,
    pub templates: HashMap<String, PathwayTemplateId>,
}

pub fn lookup<T: Copy>(map: &HashMap<String, T>, key: &str) -> ApiResult<T> {
    map.get(key).copied().ok_or_else(|| ApiError::fault(format!("the demonstration data names an unknown {key}")))
}

pub fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> ApiResult<T> {
    serde_json::from_str(text).map_err(ApiError::fault)
}

/// Loads everything.
pub fn everything(unit: &mut Unit<'_>) -> ApiResult<()> {
    let mut known = Known::default();
    places(unit, &mut known)?;
    callers(unit, &mut known)?;
    directory::all(unit, &known)?;
    networks::all(unit, &known)?;
    register::all(unit, &mut known, PEOPLE)?;
    register::all(unit, &mut known, STORIES)?;
    referrals::all(unit, &known)?;
    statistics::all(unit, &known)?;
    // An observatory watches acts.
    policies::all(unit, &known)?;
    evaluations::all(unit, &known)?;
    discrimination::all(unit, &known)?;
    offers::all(unit, &known)
}

fn places(unit: &mut Unit<'_>, known: &mut Known) -> ApiResult<()> {
    let places: Places = parse(PLACES)?;
    for place in places.territories {
        let id = TerritoryId::new();
        let parent_id = place.parent.as_ref().map(|key| lookup(&known.territories, key)).transpose()?;
        territories::add(
            unit,
            &Territory {
                id,
                kind: place.kind.clone(),
                code_system: place.code_system.clone(),
                code: place.code.clone(),
                name: place.name.clone(),
                country_code: place.country.clone(),
                parent_id,
                valid_from: place.valid_from,
                valid_to: None,
                version: 1,
                created_at: unit.now,
                updated_at: unit.now,
            },
            &places.code_source,
        )?;
        describe(unit, id, &place, (&places.code_source, &places.figure_source))?;
        known.territories.insert(place.key, id);
    }
    for membership in places.memberships {
        let member = lookup(&known.territories, &membership.member)?;
        let aggregate = lookup(&known.territories, &membership.aggregate)?;
        memberships::add(unit, MembershipId::new(), member, aggregate, membership.valid_from, membership.valid_to)?;
    }
    for body in places.organisations {
        let parent_id = body.parent.map(|key| lookup(&known.organisations, &key)).transpose()?;
        let made = OrganisationRow::new(unit.now, body.name, body.kind, parent_id);
        let organisation = OrganisationRow { ipa_code: body.ipa_code, details: Json::of(body.details), ..made };
        organisations::add(unit, &organisation)?;
        known.organisations.insert(body.key, organisation.id);
    }
    Ok(())
}

/// The codes a territory has besides, and its figures.
fn describe(
    unit: &mut Unit<'_>,
    id: TerritoryId,
    place: &DemoTerritory,
    (code_source, figure_source): (&str, &str),
) -> ApiResult<()> {
    let code = |(system, code): (&CodeSystem, &String)| TerritoryCode {
        territory_id: id,
        code_system: *system,
        code: code.clone(),
        valid_from: place.valid_from,
        valid_to: None,
        source: code_source.to_owned(),
        created_at: unit.now,
    };
    let codes: Vec<TerritoryCode> = place.codes.iter().map(code).collect();
    let numbers = place.figures.iter().map(|(measure, on, value)| (Measured::Number(*measure, *value), *on));
    let on = place.figures.first().map_or(place.valid_from, |(_, on, _)| *on);
    let point = place.point.map(|(latitude, longitude)| (Measured::Point { latitude, longitude }, on));
    let rows: Vec<TerritoryFigure> =
        numbers.chain(point).map(|(measured, on)| measured.of(id, on, figure_source, unit.now)).collect();
    codes::insert(unit.connection, &codes)?;
    figures::insert(unit.connection, &rows)?;
    Ok(())
}

fn callers(unit: &mut Unit<'_>, known: &mut Known) -> ApiResult<()> {
    for caller in callers::all().map_err(ApiError::fault)? {
        let organisation_id = lookup(&known.organisations, &caller.organisation)?;
        let (id, secret) = (caller.id(), caller.secret(unit.app.keys.master()));
        if caller.is_client() {
            api_clients::insert(unit, id, &caller.display_name, organisation_id, &secret)?;
        } else {
            let user = NewUser {
                username: caller.name.clone(),
                display_name: caller.display_name.clone(),
                email: None,
                organisation_id,
            };
            users::invite(unit, id, &user)?;
            users::activate(unit.connection, id, PrincipalStatus::Active)?;
            auth::set_password(unit.connection, id, &passwords::hash(&secret)?, None)?;
        }
        for grant in &caller.grants {
            let territory_ids: ApiResult<Vec<TerritoryId>> =
                grant.territories.iter().map(|key| lookup(&known.territories, key)).collect();
            let new = NewGrant {
                principal_id: id,
                role: grant.role,
                organisation_id: lookup(&known.organisations, &grant.organisation)?,
                territory_ids: territory_ids?,
                target_groups: grant.target_groups.clone(),
            };
            grants::give(unit, GrantId::new(), &new)?;
        }
        known.callers.insert(caller.name, id);
    }
    Ok(())
}
