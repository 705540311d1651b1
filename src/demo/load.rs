//! Loads the demonstration through the write path, so that its history and feed are real.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde::Deserialize;

use crate::access::grants::{self, NewGrant};
use crate::access::users::{self, NewUser};
use crate::access::{GrantId, OrganisationId, PrincipalId, PrincipalStatus, TerritoryId, api_clients, auth, passwords};
use crate::cases::handlers as cases;
use crate::cases::task_transitions::{self, TaskTransitionId};
use crate::cases::tasks::{self, NewTask, TaskId, TaskStatus};
use crate::cases::types::{CaseId, NewCase};
use crate::demo::callers;
use crate::demo::story::{self, Story};
use crate::directory::organisations::{self, Organisation};
use crate::error::{ApiError, ApiResult};
use crate::people::handlers as people;
use crate::people::legal_statuses::{self, LegalStatusId, NewLegalStatus};
use crate::people::relation_rows::RelationId;
use crate::people::relations::{self, NewRelation};
use crate::people::requests::NewPerson;
use crate::people::types::PersonId;
use crate::territory::memberships::{self, MembershipId};
use crate::territory::territories::{self, Territory};
use crate::work::Unit;

const PLACES: &str = include_str!("../../demo/places.json");
const PEOPLE: &str = include_str!("../../demo/people.json");

#[derive(Deserialize)]
struct Places {
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
}

#[derive(Deserialize)]
struct Register {
    people: Vec<DemoPerson>,
    cases: Vec<DemoCase>,
}

#[derive(Deserialize)]
struct DemoPerson {
    key: String,
    owner: String,
    territory: String,
    target_group: Option<String>,
    given_name: String,
    family_name: String,
    date_of_birth: Option<NaiveDate>,
    sex: Option<String>,
    citizenships: Vec<String>,
    languages: Vec<String>,
    health_needs: Option<String>,
    notes: Option<String>,
    #[serde(default)]
    legal_statuses: Vec<NewLegalStatus>,
    #[serde(default)]
    relations: Vec<NewRelation>,
}

#[derive(Deserialize)]
struct DemoCase {
    person: String,
    case_manager: Option<String>,
    target_group: String,
    priority: String,
    legal_basis: Option<String>,
    summary: Option<String>,
    opened_on: NaiveDate,
    #[serde(flatten)]
    story: Story,
    tasks: Vec<DemoTask>,
}

#[derive(Deserialize)]
struct DemoTask {
    title: String,
    due_on: Option<NaiveDate>,
    assignee: Option<String>,
    status: String,
}

/// What keys of the demonstration files stand for.
#[derive(Default)]
struct Known {
    territories: HashMap<String, TerritoryId>,
    organisations: HashMap<String, OrganisationId>,
    callers: HashMap<String, PrincipalId>,
    people: HashMap<String, PersonId>,
}

fn lookup<T: Copy>(map: &HashMap<String, T>, key: &str) -> ApiResult<T> {
    map.get(key).copied().ok_or_else(|| ApiError::fault(format!("the demonstration data names an unknown {key}")))
}

fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> ApiResult<T> {
    serde_json::from_str(text).map_err(ApiError::fault)
}

/// Loads everything.
pub fn everything(unit: &mut Unit<'_>) -> ApiResult<()> {
    let mut known = Known::default();
    places(unit, &mut known)?;
    callers(unit, &mut known)?;
    register(unit, &mut known)
}

fn places(unit: &mut Unit<'_>, known: &mut Known) -> ApiResult<()> {
    let places: Places = parse(PLACES)?;
    for place in places.territories {
        let id = TerritoryId::new();
        let parent_id = place.parent.map(|key| lookup(&known.territories, &key)).transpose()?;
        territories::add(
            unit,
            &Territory {
                id,
                kind: place.kind,
                code_system: place.code_system,
                code: place.code,
                name: place.name,
                country_code: place.country,
                parent_id,
                valid_from: place.valid_from,
                valid_to: None,
                version: 1,
                created_at: unit.now,
                updated_at: unit.now,
            },
        )?;
        known.territories.insert(place.key, id);
    }
    for membership in places.memberships {
        let member = lookup(&known.territories, &membership.member)?;
        let aggregate = lookup(&known.territories, &membership.aggregate)?;
        memberships::add(unit, MembershipId::new(), member, aggregate, membership.valid_from, membership.valid_to)?;
    }
    for body in places.organisations {
        let parent_id = body.parent.map(|key| lookup(&known.organisations, &key)).transpose()?;
        let made = Organisation::new(unit.now, body.name, body.kind, parent_id);
        let organisation = Organisation { ipa_code: body.ipa_code, ..made };
        organisations::add(unit, &organisation)?;
        known.organisations.insert(body.key, organisation.id);
    }
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

fn register(unit: &mut Unit<'_>, known: &mut Known) -> ApiResult<()> {
    let register: Register = parse(PEOPLE)?;
    for person in register.people {
        let id = PersonId::new();
        let new = NewPerson {
            owner_org_id: lookup(&known.organisations, &person.owner)?,
            territory_id: lookup(&known.territories, &person.territory)?,
            target_group: person.target_group,
            given_name: person.given_name,
            family_name: person.family_name,
            given_name_latin: None,
            family_name_latin: None,
            date_of_birth: person.date_of_birth,
            sex: person.sex,
            tax_code: None,
            email: None,
            phone: None,
            citizenships: person.citizenships,
            languages: person.languages,
            interpreter_needed: None,
            interpreter_language: None,
            health_needs: person.health_needs,
            notes: person.notes,
            external_ids: Vec::new(),
        };
        let row = people::register(unit, id, new)?;
        for status in person.legal_statuses {
            legal_statuses::add(unit, LegalStatusId::new(), &row, status)?;
        }
        for relation in person.relations {
            relations::add(unit, RelationId::new(), id, relation)?;
        }
        known.people.insert(person.key, id);
    }
    register.cases.into_iter().try_for_each(|case| open(unit, known, case))
}

fn open(unit: &mut Unit<'_>, known: &Known, case: DemoCase) -> ApiResult<()> {
    let manager = case.case_manager.map(|name| lookup(&known.callers, &name)).transpose()?;
    let new = NewCase {
        person_id: lookup(&known.people, &case.person)?,
        target_group: case.target_group,
        priority: Some(case.priority),
        access_level: None,
        case_manager_id: manager,
        legal_basis: case.legal_basis,
        summary: case.summary,
        opened_on: Some(case.opened_on),
        external_ids: Vec::new(),
        household_id: None,
    };
    story::in_the_name_of(unit, manager, case.opened_on, |unit| {
        let id = CaseId::new();
        let beginning = cases::beginning(unit, &new)?;
        let (row, _) = cases::open(unit, id, &beginning, new)?;
        for task in case.tasks {
            let assignee_id = task.assignee.map(|name| lookup(&known.callers, &name)).transpose()?;
            let new = NewTask { title: task.title, description: None, due_on: task.due_on, assignee_id, goal_id: None };
            let added = tasks::add(unit, TaskId::new(), &row, new)?;
            if task.status == TaskStatus::Done.as_str() {
                task_transitions::make(unit, added, &row, TaskTransitionId::new(), TaskStatus::Done, None)?;
            }
        }
        case.story.tell(unit, id, case.opened_on)
    })
}
