//! What accepting a transfer brings about: the case is another body's, with its person and all that belongs to it; what was open there is
//! worked on here. One transaction, so that the case is never nobody's nor anybody else's.

use approdo_db::schema::{appointments, tasks};
use diesel::prelude::*;

use crate::access::{OrganisationId, Place, PrincipalId, Resource, TerritoryId};
use crate::aggregate::{self, Child as _};
use crate::cases::appointments::{Appointment, AppointmentStatus};
use crate::cases::handlers as cases;
use crate::cases::household_members::{self, CaseHouseholdMember};
use crate::cases::tasks::{Task, TaskStatus};
use crate::cases::types::CaseRow;
use crate::error::ApiResult;
use crate::people::handlers as people;
use crate::people::households::{self, HouseholdRow};
use crate::people::types::PersonRow;
use crate::referrals::closing;
use crate::shared_accesses;
use crate::work::Unit;

/// Everything that goes, locked.
pub struct Going {
    pub case: CaseRow,
    /// The person first.
    pub people: Vec<PersonRow>,
    pub household: Option<HouseholdRow>,
}

/// Where it goes, and who works on it there.
pub struct Taking {
    pub organisation: OrganisationId,
    pub territory: TerritoryId,
    pub manager: PrincipalId,
    pub legal_basis: Option<String>,
}

impl Taking {
    /// Where the case will be.
    pub fn place(&self, case: &CaseRow) -> Place {
        CaseRow {
            owner_org_id: self.organisation,
            territory_id: self.territory,
            case_manager_id: Some(self.manager),
            ..case.clone()
        }
        .place()
    }
}

/// Hands over what goes.
pub fn hand_over(unit: &mut Unit<'_>, mut going: Going, taking: &Taking) -> ApiResult<()> {
    if let Some(household) = &mut going.household {
        households::hand_over(unit, household, taking.organisation, taking.territory)?;
    } else {
        leave_household(unit, &mut going.case)?;
    }
    for person in &mut going.people {
        people::hand_over(unit, person, taking.organisation, taking.territory)?;
    }
    shared_accesses::ending::of_case(unit, &going.case, "the case has gone to another body")?;
    let case = &mut going.case;
    let before = case.place();
    let left = case.household_id.is_some() && going.household.is_none();
    let mut changed = vec!["owner_org_id", "territory_id", "case_manager_id"];
    if left {
        case.household_id = None;
        changed.push("household_id");
    }
    if taking.legal_basis.is_some() && case.legal_basis != taking.legal_basis {
        case.legal_basis.clone_from(&taking.legal_basis);
        changed.push("legal_basis");
    }
    (case.owner_org_id, case.territory_id) = (taking.organisation, taking.territory);
    case.case_manager_id = Some(taking.manager);
    cases::save(unit, case, &before, changed)?;
    take_on_tasks(unit, case, taking.manager)?;
    take_on_appointments(unit, case, taking.manager)?;
    closing::hand_over(unit, case)
}

/// Ends what the case covers of a household that stays.
fn leave_household(unit: &mut Unit<'_>, case: &mut CaseRow) -> ApiResult<()> {
    for row in CaseHouseholdMember::all_of(unit.connection, case.id, i64::MAX)? {
        household_members::end(unit, &row, case)?;
    }
    Ok(())
}

/// Whoever of the old body had an open task has it no more.
fn take_on_tasks(unit: &mut Unit<'_>, case: &CaseRow, manager: PrincipalId) -> ApiResult<()> {
    let open: Vec<Task> = tasks::table
        .filter(tasks::case_id.eq(case.id))
        .filter(tasks::status.eq(TaskStatus::Open))
        .filter(tasks::assignee_id.is_not_null())
        .order(tasks::id)
        .load(unit.connection)?;
    for mut task in open {
        if let Some(assignee) = task.assignee_id
            && !cases::works_on(unit, Resource::Tasks, assignee, case)?
        {
            task.assignee_id = Some(manager);
            aggregate::save(unit, &mut task, case, vec!["assignee_id"])?;
        }
    }
    Ok(())
}

/// The same of the appointments to come.
fn take_on_appointments(unit: &mut Unit<'_>, case: &CaseRow, manager: PrincipalId) -> ApiResult<()> {
    let planned: Vec<Appointment> = appointments::table
        .filter(appointments::case_id.eq(case.id))
        .filter(appointments::status.eq(AppointmentStatus::Planned))
        .filter(appointments::attendee_id.is_not_null())
        .order(appointments::id)
        .load(unit.connection)?;
    for mut appointment in planned {
        if let Some(attendee) = appointment.attendee_id
            && !cases::works_on(unit, Resource::Appointments, attendee, case)?
        {
            appointment.attendee_id = Some(manager);
            aggregate::save(unit, &mut appointment, case, vec!["attendee_id"])?;
        }
    }
    Ok(())
}
