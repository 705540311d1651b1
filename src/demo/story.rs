//! A case of the demonstration, told step by step: each step on a day of its own, in the name of its case manager.

use approdo_db::Timestamp;
use chrono::{Days, NaiveDate, NaiveTime};
use serde::Deserialize;

use crate::access::rights::Rights;
use crate::access::{ActorKind, PrincipalId};
use crate::aggregate::Child as _;
use crate::aggregate::moves::ChildTransitionId;
use crate::cases::appointment_transitions::{self, NewAppointmentTransition};
use crate::cases::appointments::{self, AppointmentId, NewAppointment};
use crate::cases::assessment_transitions;
use crate::cases::assessments::{self, AssessmentId, NewAssessment};
use crate::cases::goal_transitions;
use crate::cases::goals::{self, Goal, GoalId, GoalStatus, NewGoal};
use crate::cases::life_domains::{LifeDomain, Rating};
use crate::cases::notes::{self, NewNote, NoteId};
use crate::cases::plan_transitions::{self, NewPlanTransition};
use crate::cases::plans::{self, AgreedBy, NewPlan, PlanId};
use crate::cases::queries;
use crate::cases::task_transitions::{self, TaskTransitionId};
use crate::cases::tasks::{Task, TaskStatus};
use crate::cases::transitions::{self, NewCaseTransition};
use crate::cases::types::{CaseId, CaseRow, TransitionId};
use crate::clock;
use crate::error::{ApiError, ApiResult};
use crate::work::Unit;

/// What happens in a case after it was opened.
#[derive(Deserialize)]
pub struct Story {
    moves: Vec<serde_json::Value>,
    /// Life domain, need, strength: as first assessed.
    #[serde(default)]
    ratings: Vec<(LifeDomain, i64, i64)>,
    /// The same when the case was evaluated.
    #[serde(default)]
    ratings_again: Vec<(LifeDomain, i64, i64)>,
    #[serde(default)]
    goals: Vec<StoryGoal>,
    /// For an unaccompanied minor.
    #[serde(default)]
    coming_of_age_arrangements: Option<String>,
    /// Written on the day the case was opened.
    #[serde(default)]
    notes: Vec<NewNote>,
}

#[derive(Deserialize)]
struct StoryGoal {
    life_domain: LifeDomain,
    title: String,
    indicator: Option<String>,
    target_on: Option<NaiveDate>,
    outcome: Option<GoalStatus>,
}

/// Days between the steps of a story, as far as it is not yet today.
const STEP_DAYS: u64 = 17;

/// Runs a story's first part on the day its case was opened, in the name of whoever is responsible.
pub fn in_the_name_of<T>(
    unit: &mut Unit<'_>,
    manager: Option<PrincipalId>,
    on: NaiveDate,
    work: impl FnOnce(&mut Unit<'_>) -> ApiResult<T>,
) -> ApiResult<T> {
    let (rights, now) = (unit.rights.clone(), unit.now);
    if let Some(manager) = manager {
        unit.rights = Rights::unlimited(manager, ActorKind::User);
    }
    unit.now = at(on, now);
    let result = work(unit);
    (unit.rights, unit.now) = (rights, now);
    result
}

pub fn at(day: NaiveDate, latest: Timestamp) -> Timestamp {
    let morning = NaiveTime::from_hms_opt(9, 30, 0).unwrap_or_default();
    Timestamp::new(day.and_time(morning).and_utc()).min(latest)
}

impl Story {
    /// Tells it.
    pub fn tell(mut self, unit: &mut Unit<'_>, case: CaseId, opened_on: NaiveDate) -> ApiResult<()> {
        let today = clock::now();
        let row = queries::find(unit, case)?;
        for note in std::mem::take(&mut self.notes) {
            notes::write(unit, NoteId::new(), &row, note)?;
        }
        let mut goals = Vec::new();
        for (step, asked) in self.moves.iter().enumerate() {
            let days = STEP_DAYS * u64::try_from(step + 1).unwrap_or(1);
            unit.now = at(opened_on + Days::new(days), today);
            let asked: NewCaseTransition = serde_json::from_value(asked.clone()).map_err(ApiError::fault)?;
            let row = queries::find(unit, case)?;
            match &asked {
                NewCaseTransition::Planning { .. } => assess(unit, &row, &self.ratings)?,
                NewCaseTransition::Active { .. } if goals.is_empty() => goals = self.agree(unit, &row)?,
                NewCaseTransition::Evaluation { .. } if !self.ratings_again.is_empty() => {
                    assess(unit, &row, &self.ratings_again)?;
                }
                NewCaseTransition::Closed { .. } => {
                    self.note_outcomes(unit, &row, &mut goals)?;
                    take_steps(unit, &row, NaiveDate::MAX)?;
                }
                _ => {}
            }
            transitions::make(unit, row, TransitionId::new(), &asked)?;
        }
        let row = queries::find(unit, case)?;
        self.note_outcomes(unit, &row, &mut goals)?;
        if row.status.is_open() { take_steps(unit, &row, clock::date_of(today)) } else { Ok(()) }
    }

    fn agree(&self, unit: &mut Unit<'_>, row: &CaseRow) -> ApiResult<Vec<Goal>> {
        let mut set = Vec::new();
        for goal in &self.goals {
            let new = NewGoal {
                life_domain: goal.life_domain,
                title: goal.title.clone(),
                indicator: goal.indicator.clone(),
                target_on: goal.target_on,
            };
            set.push(goals::add(unit, GoalId::new(), row, new)?);
        }
        let new = NewPlan { summary: None, coming_of_age_arrangements: self.coming_of_age_arrangements.clone() };
        let plan = plans::draw_up(unit, PlanId::new(), row, new)?;
        let agreed = NewPlanTransition::Agreed {
            agreed_on: clock::date_of(unit.now),
            agreed_by: Some(AgreedBy::Person),
            interpreter_language: None,
        };
        plan_transitions::make(unit, plan, row, ChildTransitionId::new(), &agreed)?;
        Ok(set)
    }

    fn note_outcomes(&self, unit: &mut Unit<'_>, row: &CaseRow, set: &mut Vec<Goal>) -> ApiResult<()> {
        for (goal, told) in set.drain(..).zip(&self.goals) {
            if let Some(outcome) = told.outcome {
                goal_transitions::make(unit, goal, row, ChildTransitionId::new(), outcome, None)?;
            }
        }
        Ok(())
    }
}

/// An appointment of a story, with how it went.
#[derive(Deserialize)]
pub struct StoryAppointment {
    #[serde(flatten)]
    new: NewAppointment,
    /// The move that ended it, where it is over.
    outcome: Option<NewAppointmentTransition>,
}

/// Makes an appointment, and ends it on its own day.
pub fn meet(unit: &mut Unit<'_>, row: &CaseRow, told: StoryAppointment) -> ApiResult<()> {
    let made = appointments::make(unit, AppointmentId::new(), row, told.new)?;
    let Some(outcome) = told.outcome else { return Ok(()) };
    let before = unit.now;
    unit.now = made.ends_at;
    appointment_transitions::make(unit, made, row, ChildTransitionId::new(), &outcome)?;
    unit.now = before;
    Ok(())
}

/// Takes the steps of the case's pathways that are due until a day, each on its own.
fn take_steps(unit: &mut Unit<'_>, row: &CaseRow, until: NaiveDate) -> ApiResult<()> {
    let before = unit.now;
    let all = Task::all_of(unit.connection, row.id, i64::MAX)?;
    let steps = all.into_iter().filter(|task| task.pathway_id.is_some() && task.status == TaskStatus::Open);
    for step in steps.filter(|task| task.due_on.is_some_and(|due| due < until)) {
        unit.now = step.due_on.map_or(before, |due| at(due, before));
        task_transitions::make(unit, step, row, TaskTransitionId::new(), TaskStatus::Done, None)?;
    }
    unit.now = before;
    Ok(())
}

fn assess(unit: &mut Unit<'_>, row: &CaseRow, ratings: &[(LifeDomain, i64, i64)]) -> ApiResult<()> {
    let ratings = ratings
        .iter()
        .map(|&(domain, need, strength)| Rating { domain, need, strength, note: None, evidence: None })
        .collect();
    let new = NewAssessment { assessed_on: None, ratings, note: None };
    let draft = assessments::begin(unit, AssessmentId::new(), row, new)?;
    assessment_transitions::complete(unit, draft, row, ChildTransitionId::new()).map(drop)
}
