//! What is left of a closed case when its person is erased: dates, states, ratings and outcomes, and no text.

use approdo_db::Json;
use approdo_db::schema::{case_news, case_transitions, task_transitions, tasks};
use diesel::prelude::*;

use crate::aggregate::{self, Child, moves};
use crate::anonymity::ERASED;
use crate::attachments::store;
use crate::attachments::types::Attachment;
use crate::cases::appointments::Appointment;
use crate::cases::assessments::AssessmentRow;
use crate::cases::goals::Goal;
use crate::cases::household_members::{self, CaseHouseholdMember};
use crate::cases::notes::Note;
use crate::cases::pathways::Pathway;
use crate::cases::plans::{AgreedGoal, PlanRow};
use crate::cases::queries;
use crate::cases::reference;
use crate::cases::tasks::Task;
use crate::cases::types::CaseRow;
use crate::error::{ApiError, ApiResult};
use crate::external_ids::{self, Kind};
use crate::people::processing::Processing;
use crate::work::{Change, Operation, Unit};

/// Strips a locked case.
pub fn erase(unit: &mut Unit<'_>, mut case: CaseRow) -> ApiResult<()> {
    let of_case = tasks::table.filter(tasks::case_id.eq(case.id)).select(tasks::id);
    diesel::delete(task_transitions::table.filter(task_transitions::task_id.eq_any(of_case)))
        .execute(unit.connection)?;
    aggregate::remove_all::<Task>(unit, &case)?;
    aggregate::remove_all::<Pathway>(unit, &case)?;
    aggregate::remove_all::<Appointment>(unit, &case)?;
    aggregate::remove_all::<Note>(unit, &case)?;
    store::release_all(unit, &case)?;
    aggregate::remove_all::<Attachment>(unit, &case)?;
    for row in CaseHouseholdMember::all_of(unit.connection, case.id, i64::MAX)? {
        household_members::end(unit, &row, &case)?;
    }
    external_ids::keep(unit, Kind::Case, case.id.0, &[])?;
    strip_all(unit, &case, &["ratings", "note"], strip_assessment)?;
    strip_all(unit, &case, &["title", "indicator"], |goal: &mut Goal| {
        ERASED.clone_into(&mut goal.title);
        goal.indicator = None;
        Ok(())
    })?;
    strip_all(
        unit,
        &case,
        &["summary", "interpreter_language", "agreed_goals", "coming_of_age_arrangements"],
        strip_plan,
    )?;
    diesel::update(case_transitions::table.filter(case_transitions::case_id.eq(case.id)))
        .set(case_transitions::note.eq(None::<String>))
        .execute(unit.connection)?;
    diesel::delete(case_news::table.filter(case_news::case_id.eq(case.id))).execute(unit.connection)?;
    case.summary = None;
    case.household_id = None;
    case.arrived_on = None;
    case.external_ids = Json::of([(); 0]);
    // The old one may stand in a letter.
    case.public_ref = reference::new()?;
    case.processing = Processing::Erased;
    case.version += 1;
    case.updated_at = unit.now;
    let changed = ["summary", "public_ref", "household_id", "arrived_on", "external_ids", "processing"];
    let told = Change::plain("case", case.id.0, case.version, Operation::Updated, &changed);
    unit.update(queries::update(&case), Change { place: Some(case.place()), ..told })
}

/// Strips a case's rows of a kind, and the remarks on their moves.
fn strip_all<C: Child<Root = CaseRow>>(
    unit: &mut Unit<'_>,
    case: &CaseRow,
    changed: &[&'static str],
    strip: impl Fn(&mut C) -> ApiResult<()>,
) -> ApiResult<()> {
    for mut row in C::all_of(unit.connection, case.id, i64::MAX)? {
        strip(&mut row)?;
        aggregate::save(unit, &mut row, case, changed.to_vec())?;
        moves::strip(unit, row.identity().0)?;
    }
    Ok(())
}

fn strip_assessment(row: &mut AssessmentRow) -> ApiResult<()> {
    let mut ratings = row.ratings()?;
    for rating in &mut ratings {
        (rating.note, rating.evidence) = (None, None);
    }
    row.ratings = Json::of(ratings);
    row.note = None;
    Ok(())
}

fn strip_plan(row: &mut PlanRow) -> ApiResult<()> {
    let mut goals: Vec<AgreedGoal> = row.agreed_goals.read().map_err(ApiError::fault)?;
    for goal in &mut goals {
        ERASED.clone_into(&mut goal.title);
        goal.indicator = None;
    }
    row.agreed_goals = Json::of(goals);
    (row.summary, row.interpreter_language, row.coming_of_age_arrangements) = (None, None, None);
    Ok(())
}
