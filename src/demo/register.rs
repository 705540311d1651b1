//! The people of the demonstration, their households and their cases, as the files under `demo/` tell them.

use chrono::NaiveDate;
use serde::Deserialize;

use crate::aggregate::moves::ChildTransitionId;
use crate::cases::handlers as cases;
use crate::cases::pathway_template_transitions;
use crate::cases::pathway_templates::{
    self, NewPathwayTemplate, PathwayStep, PathwayTemplateId, PathwayTemplateStatus,
};
use crate::cases::pathways::{self, NewPathway, PathwayId};
use crate::cases::queries;
use crate::cases::task_transitions::{self, TaskTransitionId};
use crate::cases::tasks::{self, NewTask, TaskId, TaskStatus};
use crate::cases::types::{CaseId, CasePatch, NewCase};
use crate::clock;
use crate::consents::handlers as consents;
use crate::consents::types::{ConsentId, NewConsent};
use crate::demo::load::{Known, lookup, parse};
use crate::demo::story::{self, Story, StoryAppointment};
use crate::error::ApiResult;
use crate::people::handlers as people;
use crate::people::household_members::{self, HouseholdMemberId, NewHouseholdMember};
use crate::people::households::{self, HouseholdId, NewHousehold};
use crate::people::legal_statuses::{self, LegalStatusId, NewLegalStatus};
use crate::people::relation_rows::RelationId;
use crate::people::relations::{self, NewRelation};
use crate::people::requests::NewPerson;
use crate::people::types::PersonId;
use crate::work::Unit;

#[derive(Deserialize)]
struct Register {
    #[serde(default)]
    pathway_templates: Vec<DemoTemplate>,
    people: Vec<DemoPerson>,
    #[serde(default)]
    households: Vec<DemoHousehold>,
    cases: Vec<DemoCase>,
}

#[derive(Deserialize)]
struct DemoTemplate {
    key: String,
    owner: String,
    name: String,
    description: String,
    target_groups: Vec<String>,
    steps: Vec<PathwayStep>,
}

#[derive(Deserialize)]
struct DemoHousehold {
    key: String,
    owner: String,
    territory: String,
    label: String,
    address: String,
    members: Vec<DemoMember>,
}

#[derive(Deserialize)]
struct DemoMember {
    person: String,
    from: NaiveDate,
    until: Option<NaiveDate>,
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
    #[serde(default)]
    consents: Vec<NewConsent>,
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
    arrived_on: Option<NaiveDate>,
    household: Option<String>,
    /// Started on the day the case was opened.
    pathway: Option<String>,
    #[serde(default)]
    appointments: Vec<StoryAppointment>,
    #[serde(flatten)]
    story: Story,
    #[serde(default)]
    revisions: Vec<DemoRevision>,
    tasks: Vec<DemoTask>,
}

/// What changed in a case in the course of time.
#[derive(Deserialize)]
struct DemoRevision {
    on: NaiveDate,
    territory: Option<String>,
    target_group: Option<String>,
    household: Option<String>,
    summary: Option<String>,
}

#[derive(Deserialize)]
struct DemoTask {
    title: String,
    due_on: Option<NaiveDate>,
    assignee: Option<String>,
    status: String,
}

/// Loads people, households and cases, as a file tells them.
pub fn all(unit: &mut Unit<'_>, known: &mut Known, file: &str) -> ApiResult<()> {
    let register: Register = parse(file)?;
    for template in register.pathway_templates {
        known.templates.insert(template.key.clone(), publish(unit, known, template)?);
    }
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
        for consent in person.consents {
            consents::add(unit, ConsentId::new(), &row, consent)?;
        }
        known.people.insert(person.key, id);
    }
    for household in register.households {
        known.households.insert(household.key.clone(), settle(unit, known, household)?);
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
        household_id: case.household.map(|key| lookup(&known.households, &key)).transpose()?,
        arrived_on: case.arrived_on,
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
        if let Some(key) = case.pathway {
            let new = NewPathway { template_id: lookup(&known.templates, &key)?, arrived_on: None };
            pathways::start(unit, PathwayId::new(), &row, new)?;
        }
        for appointment in case.appointments {
            story::meet(unit, &row, appointment)?;
        }
        case.story.tell(unit, id, case.opened_on)?;
        case.revisions.into_iter().try_for_each(|revision| revise(unit, known, id, revision))
    })
}

fn revise(unit: &mut Unit<'_>, known: &Known, id: CaseId, revision: DemoRevision) -> ApiResult<()> {
    let patch = CasePatch {
        territory_id: revision.territory.map(|key| lookup(&known.territories, &key)).transpose()?.into(),
        target_group: revision.target_group.into(),
        household_id: revision.household.map(|key| lookup(&known.households, &key)).transpose()?.into(),
        summary: revision.summary.into(),
        ..CasePatch::default()
    };
    unit.now = story::at(revision.on, clock::now());
    let mut row = queries::lock(unit, id)?;
    cases::revise(unit, &mut row, patch)
}

fn publish(unit: &mut Unit<'_>, known: &Known, template: DemoTemplate) -> ApiResult<PathwayTemplateId> {
    let new = NewPathwayTemplate {
        owner_org_id: lookup(&known.organisations, &template.owner)?,
        name: template.name,
        description: Some(template.description),
        target_groups: template.target_groups,
        steps: template.steps,
    };
    let row = pathway_templates::add(unit, PathwayTemplateId::new(), new)?;
    let id = row.id;
    let published = PathwayTemplateStatus::Published;
    pathway_template_transitions::make(unit, row, ChildTransitionId::new(), published)?;
    Ok(id)
}

fn settle(unit: &mut Unit<'_>, known: &Known, household: DemoHousehold) -> ApiResult<HouseholdId> {
    let new = NewHousehold {
        owner_org_id: lookup(&known.organisations, &household.owner)?,
        territory_id: lookup(&known.territories, &household.territory)?,
        label: Some(household.label),
        address: Some(household.address),
    };
    let row = households::register(unit, HouseholdId::new(), new)?;
    for member in household.members {
        let new = NewHouseholdMember {
            person_id: lookup(&known.people, &member.person)?,
            valid_from: member.from,
            valid_to: member.until,
        };
        household_members::add(unit, HouseholdMemberId::new(), &row, new)?;
    }
    Ok(row.id)
}
