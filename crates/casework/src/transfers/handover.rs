//! What accepting a transfer brings about: the case is another body's, with its person and all that belongs to it; what was open there is
//! worked on here. One transaction, so that the case is never nobody's nor anybody else's.

use approdo_db::schema::{appointments, tasks};
use diesel::prelude::*;

use crate::access::{OrganisationId, Place, PrincipalId, Resource, TerritoryId};
use crate::aggregate::{self, Child, Root};
use crate::cases::appointments::{Appointment, AppointmentStatus};
use crate::cases::handlers as cases;
use crate::cases::household_members::{self, CaseHouseholdMember};
use crate::cases::queries as case_queries;
use crate::cases::tasks::{Task, TaskStatus};
use crate::cases::types::CaseRow;
use crate::clock;
use crate::error::{ApiError, ApiResult};
use crate::offers::ending;
use crate::people::handlers as people;
use crate::people::household_members::HouseholdMember;
use crate::people::households::{self, HouseholdId, HouseholdRow};
use crate::people::queries as person_queries;
use crate::people::types::{PersonId, PersonRow};
use crate::referrals::closing;
use crate::shared_accesses::types::SharedAccessRow;
use crate::work::Unit;

/// Everything that goes, locked.
pub struct Going {
    pub case: CaseRow,
    /// The person first.
    pub people: Vec<PersonRow>,
    pub household: Option<HouseholdRow>,
    /// The person's times in households that stay, each with its household.
    leaving: Vec<(HouseholdMember, HouseholdRow)>,
}

/// Locks what would go with a case that was seen: households before people, these before their cases, as everywhere.
pub fn lock(unit: &mut Unit<'_>, seen: &CaseRow, with_household: bool) -> ApiResult<Going> {
    let meanwhile = || ApiError::conflict("who lives where has changed meanwhile: try again").retry_after(1);
    let wanted = seen.household_id.filter(|_| with_household);
    let household = wanted.map(|id| <HouseholdRow as Root>::lock(unit, id)).transpose()?;
    let times = if wanted.is_some() { Vec::new() } else { times_of(unit, seen.person_id)? };
    let mut leaving = Vec::new();
    for time in &times {
        leaving.push((time.clone(), <HouseholdRow as Root>::lock(unit, time.household_id)?));
    }
    let mut ids = match &household {
        Some(household) => others_in(unit, household.id, seen.person_id)?,
        None => Vec::new(),
    };
    ids.push(seen.person_id);
    ids.sort_unstable();
    let mut people: Vec<PersonRow> =
        ids.into_iter().map(|id| person_queries::lock(unit, id)).collect::<ApiResult<_>>()?;
    people.sort_by_key(|row| row.id != seen.person_id);
    let case = case_queries::lock(unit, seen.id)?;
    let moved = case.household_id.filter(|_| with_household) != wanted;
    let identities = |times: &[HouseholdMember]| times.iter().map(Child::identity).collect::<Vec<_>>();
    if moved || (wanted.is_none() && identities(&times_of(unit, case.person_id)?) != identities(&times)) {
        return Err(meanwhile());
    }
    Ok(Going { case, people, household, leaving })
}

/// The times in households that a person has, or will have, from today on; by household.
fn times_of(unit: &mut Unit<'_>, person: PersonId) -> QueryResult<Vec<HouseholdMember>> {
    use approdo_db::schema::household_members as members;
    let today = clock::date_of(unit.now);
    members::table
        .filter(members::person_id.eq(person))
        .filter(members::valid_to.is_null().or(members::valid_to.gt(today)))
        .order((members::household_id, members::id))
        .load(unit.connection)
}

/// Who lives, or will live, in a household from today on, but for one person.
fn others_in(unit: &mut Unit<'_>, household: HouseholdId, person: PersonId) -> QueryResult<Vec<PersonId>> {
    use approdo_db::schema::household_members as members;
    let today = clock::date_of(unit.now);
    let mut people: Vec<PersonId> = members::table
        .filter(members::household_id.eq(household))
        .filter(members::person_id.ne(person))
        .filter(members::valid_to.is_null().or(members::valid_to.gt(today)))
        .select(members::person_id)
        .load(unit.connection)?;
    people.sort_unstable();
    people.dedup();
    Ok(people)
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
    // Not by who accepts, of whom those who had the case need not know.
    unit.as_system(|unit| {
        ending::take_back_all::<SharedAccessRow>(unit, &going.case, "the case has gone to another body")
    })?;
    let stays = going.household.is_none();
    leave_who_stays(unit, &going)?;
    for (time, household) in std::mem::take(&mut going.leaving) {
        move_out(unit, time, &household)?;
    }
    if let Some(household) = &mut going.household {
        households::hand_over(unit, household, taking.organisation, taking.territory)?;
    }
    for person in &mut going.people {
        people::hand_over(unit, person, taking.organisation, taking.territory)?;
    }
    let case = &mut going.case;
    let before = case.place();
    let mut changed = vec!["owner_org_id", "territory_id", "case_manager_id"];
    if stays && case.household_id.take().is_some() {
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

/// Ends what the case covers of people who do not go.
fn leave_who_stays(unit: &mut Unit<'_>, going: &Going) -> ApiResult<()> {
    for row in CaseHouseholdMember::all_of(unit.connection, going.case.id, i64::MAX)? {
        if going.household.is_none() || !going.people.iter().any(|person| person.id == row.person_id) {
            household_members::end(unit, &row, &going.case)?;
        }
    }
    Ok(())
}

/// Ends a person's time in a household that stays: today, or before it has begun.
fn move_out(unit: &mut Unit<'_>, mut time: HouseholdMember, household: &HouseholdRow) -> ApiResult<()> {
    let today = clock::date_of(unit.now);
    if time.valid_from >= today {
        return aggregate::remove(unit, &time, household);
    }
    time.valid_to = Some(today);
    aggregate::save(unit, &mut time, household, vec!["valid_to"])
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
