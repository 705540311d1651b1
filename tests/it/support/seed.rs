//! Many cases at once, past the server, with the means to say which of them a list must show.

use approdo::access::{OrganisationId, PrincipalId, TerritoryId};
use approdo::cases::plans::{PlanId, PlanRow, PlanStatus};
use approdo::cases::rules::CaseStatus;
use approdo::cases::tasks::{Task, TaskId, TaskStatus};
use approdo::cases::types::{CaseId, CaseRow};
use approdo::people::legal_statuses::{LegalStatusId, LegalStatusRow};
use approdo::people::processing::Processing;
use approdo::people::queries as people;
use approdo::people::timeline::{ChangeKind, DocumentStatus};
use approdo::people::types::{PersonId, PersonRow};
use approdo::{cases::reference, clock};
use approdo_db::schema::{cases, legal_statuses, plans, tasks};
use approdo_db::{Connection, Json, Timestamp};
use chrono::{Days, NaiveDate, TimeDelta};
use diesel::prelude::*;

use super::World;

/// A case with what lists ask of it.
#[derive(Debug, Clone)]
pub struct Seeded {
    pub case: CaseRow,
    pub tasks: Vec<Task>,
    pub plans: Vec<PlanRow>,
    pub statuses: Vec<LegalStatusRow>,
}

/// Numbers that look random and are the same in every run.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// From 0 up to, but not with, `sides`.
    pub fn throw(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    pub fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        let at = usize::try_from(self.throw(of.len() as u64)).expect("a small number");
        of[at].clone()
    }
}

pub fn today() -> NaiveDate {
    clock::date_of(clock::now())
}

/// Days from today; negative ones are past.
pub fn day(offset: i64) -> NaiveDate {
    today() + TimeDelta::days(offset)
}

pub fn person(owner_org_id: OrganisationId, territory_id: TerritoryId, now: Timestamp) -> PersonRow {
    PersonRow {
        id: PersonId::new(),
        owner_org_id,
        territory_id,
        target_group: None,
        given_name: "Олена".into(),
        family_name: "Шевчук".into(),
        date_of_birth: None,
        sex: None,
        tax_code: None,
        email: None,
        phone: None,
        citizenships: Json::of(["UA"]),
        languages: Json::of(["uk"]),
        health_needs: None,
        notes: None,
        version: 1,
        created_at: now,
        updated_at: now,
        processing: Processing::Normal,
        age_band: None,
        given_name_latin: None,
        family_name_latin: None,
        interpreter_needed: false,
        interpreter_language: None,
        external_ids: Json::of([(); 0]),
    }
}

/// An open case of a person, made this minute.
pub fn case_of(person: &PersonRow) -> CaseRow {
    CaseRow {
        id: CaseId::new(),
        public_ref: reference::new().expect("a reference"),
        person_id: person.id,
        owner_org_id: person.owner_org_id,
        territory_id: person.territory_id,
        target_group: "refugee".into(),
        status: CaseStatus::Intake,
        held_status: None,
        review_at: None,
        priority: "normal".into(),
        access_level: "open".into(),
        case_manager_id: None,
        legal_basis: Some("public_task".into()),
        summary: Some("looks for housing".into()),
        episode_no: 1,
        opened_on: today(),
        closed_on: None,
        closing_reason: None,
        version: 1,
        created_at: person.created_at,
        updated_at: person.created_at,
        processing: Processing::Normal,
        external_ids: Json::of([(); 0]),
        household_id: None,
        arrived_on: None,
    }
}

pub fn task_of(case: &CaseRow, title: &str) -> Task {
    Task {
        id: TaskId::new(),
        case_id: case.id,
        title: title.into(),
        description: None,
        due_on: None,
        assignee_id: None,
        status: TaskStatus::Open,
        version: 1,
        created_at: case.created_at,
        updated_at: case.updated_at,
        goal_id: None,
        territory_id: case.territory_id,
        pathway_id: None,
        step_no: None,
    }
}

fn plan_of(case: &CaseRow, number: i64, status: PlanStatus, author_id: PrincipalId) -> PlanRow {
    PlanRow {
        id: PlanId::new(),
        case_id: case.id,
        episode_no: case.episode_no,
        plan_no: number,
        status,
        summary: None,
        author_id,
        approval_required: false,
        agreed_on: None,
        agreed_by: None,
        interpreter_language: None,
        agreed_goals: Json::of(Vec::<String>::new()),
        approved_by: None,
        approved_at: None,
        version: 1,
        created_at: case.created_at,
        updated_at: case.created_at,
        coming_of_age_arrangements: None,
    }
}

fn status_of(case: &CaseRow, dice: &mut Dice, author_id: PrincipalId) -> LegalStatusRow {
    let from = day(-400 + i64::try_from(dice.throw(500)).expect("small"));
    LegalStatusRow {
        id: LegalStatusId::new(),
        person_id: case.person_id,
        category: dice.pick(&["refugee", "work", "undocumented"]).into(),
        change_kind: ChangeKind::First,
        valid_from: from,
        valid_to: (dice.throw(4) > 0).then(|| from + Days::new(1 + dice.throw(500))),
        status: dice.pick(&[DocumentStatus::Valid, DocumentStatus::Valid, DocumentStatus::EnteredInError]),
        note: None,
        author_id,
        version: 1,
        created_at: case.created_at,
        updated_at: case.created_at,
    }
}

/// Cases in Udine and Trieste with everything about them left to the dice: few values each, so that they repeat.
pub fn furnished(world: &World, count: usize, seed: u64) -> Vec<Seeded> {
    let fixture = &world.fixture;
    let mut dice = Dice::new(seed);
    let id = |name: &str| fixture.callers.iter().find(|caller| caller.name == name).expect("a caller").id;
    let (maria, matej) = (id("maria_case_manager"), id("matej_case_manager_in_trieste"));
    let places = [(fixture.comune_udine, fixture.udine), (fixture.comune_trieste, fixture.trieste)];
    let mut all = Vec::new();
    for _ in 0..count {
        let (owner, territory) = dice.pick(&places);
        let now =
            Timestamp::new(clock::now().instant() - TimeDelta::minutes(i64::try_from(dice.throw(50)).expect("small")));
        let person = person(owner, territory, now);
        let case = CaseRow {
            target_group: dice.pick(&["refugee", "student", "worker"]).into(),
            status: dice.pick(&[CaseStatus::Intake, CaseStatus::Assessment, CaseStatus::OnHold, CaseStatus::Closed]),
            review_at: (dice.throw(6) == 0).then(|| day(i64::try_from(dice.throw(7)).expect("small") - 3)),
            access_level: dice.pick(&["open", "open", "open", "audited", "protected", "closed"]).into(),
            case_manager_id: dice.pick(&[Some(maria), Some(matej), None]),
            episode_no: i64::try_from(1 + dice.throw(2)).expect("small"),
            opened_on: day(-i64::try_from(dice.throw(12)).expect("small")),
            ..case_of(&person)
        };
        let tasks = (0..dice.throw(4)).map(|number| Task {
            due_on: (dice.throw(4) > 0).then(|| day(i64::try_from(dice.throw(9)).expect("small") - 4)),
            assignee_id: dice.pick(&[Some(maria), Some(matej), None]),
            status: dice.pick(&[TaskStatus::Open, TaskStatus::Open, TaskStatus::Done, TaskStatus::Cancelled]),
            ..task_of(&case, &format!("Task {number}"))
        });
        let tasks = tasks.collect();
        let states = [PlanStatus::Draft, PlanStatus::Agreed, PlanStatus::Approved, PlanStatus::Superseded];
        let plans = (1..=dice.throw(4)).map(|number| PlanRow {
            episode_no: dice.pick(&[1, case.episode_no]),
            ..plan_of(&case, i64::try_from(number).expect("small"), dice.pick(&states), maria)
        });
        let plans = plans.collect();
        let statuses = (0..dice.throw(3)).map(|_| status_of(&case, &mut dice, maria)).collect::<Vec<_>>();
        all.push((person, Seeded { case, tasks, plans, statuses }));
    }
    put(world, &all);
    all.into_iter().map(|(_, seeded)| seeded).collect()
}

/// So many cases of one person in Udine, each with this summary.
pub fn many(world: &World, count: usize, summary: &str) -> Vec<CaseRow> {
    let person = person(world.fixture.comune_udine, world.fixture.udine, clock::now());
    let rows = || (0..count).map(|_| CaseRow { summary: Some(summary.into()), ..case_of(&person) });
    let cases: Vec<CaseRow> = rows().collect();
    let seeded = cases
        .iter()
        .cloned()
        .map(|case| (person.clone(), Seeded { case, tasks: Vec::new(), plans: Vec::new(), statuses: Vec::new() }));
    put(world, &seeded.collect::<Vec<_>>());
    cases
}

/// Writes rows as they are, in one transaction.
pub fn put(world: &World, all: &[(PersonRow, Seeded)]) {
    let written = world.connection().write_transaction(|connection: &mut Connection| -> QueryResult<()> {
        let mut known = std::collections::HashSet::new();
        for (person, seeded) in all {
            if known.insert(person.id) {
                people::insert(connection, person).expect("a person");
            }
            diesel::insert_into(cases::table).values(&seeded.case).execute(connection)?;
            for task in &seeded.tasks {
                diesel::insert_into(tasks::table).values(task).execute(connection)?;
            }
            for plan in &seeded.plans {
                diesel::insert_into(plans::table).values(plan).execute(connection)?;
            }
            for status in &seeded.statuses {
                diesel::insert_into(legal_statuses::table).values(status).execute(connection)?;
            }
        }
        Ok(())
    });
    written.expect("the rows fit");
}
