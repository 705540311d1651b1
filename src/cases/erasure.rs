//! What is left of a closed case when its person is erased: dates, states, ratings and outcomes, and no text.

use approdo_db::Json;
use approdo_db::schema::{case_news, case_transitions, child_transitions, task_transitions, tasks};
use approdo_db::types::RowId;
use diesel::prelude::*;

use crate::access::Place;
use crate::aggregate::{self, Child};
use crate::cases::assessments::AssessmentRow;
use crate::cases::goals::Goal;
use crate::cases::household_members::CaseHouseholdMember;
use crate::cases::notes::Note;
use crate::cases::plans::{AgreedGoal, PlanRow};
use crate::cases::queries;
use crate::cases::reference;
use crate::cases::tasks::Task;
use crate::cases::types::{CaseId, CaseRow};
use crate::error::{ApiError, ApiResult};
use crate::external_ids::{self, Kind};
use crate::people::erasure::ERASED;
use crate::people::processing::Processing;
use crate::work::{Change, Operation, Unit};

/// Strips a locked case.
pub fn erase(unit: &mut Unit<'_>, mut case: CaseRow) -> ApiResult<()> {
    let of_case = tasks::table.filter(tasks::case_id.eq(case.id)).select(tasks::id);
    diesel::delete(task_transitions::table.filter(task_transitions::task_id.eq_any(of_case)))
        .execute(unit.connection)?;
    remove_all::<Task>(unit, &case)?;
    remove_all::<Note>(unit, &case)?;
    remove_all::<CaseHouseholdMember>(unit, &case)?;
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
    case.external_ids = Json::of([(); 0]);
    // The old one may stand in a letter.
    case.public_ref = reference::new()?;
    case.processing = Processing::Erased;
    case.version += 1;
    case.updated_at = unit.now;
    unit.update(
        queries::update(&case),
        told(
            &case.place(),
            "case",
            case.id,
            case.version,
            &["summary", "public_ref", "household_id", "external_ids", "processing"],
        ),
    )
}

fn told(place: &Place, kind: &'static str, id: CaseId, version: i64, changed: &[&'static str]) -> Change {
    Change { place: Some(place.clone()), ..Change::plain(kind, id.0, version, Operation::Updated, changed) }
}

fn remove_all<C: Child<Root = CaseRow>>(unit: &mut Unit<'_>, case: &CaseRow) -> ApiResult<()> {
    C::all_of(unit.connection, case.id, i64::MAX)?.iter().try_for_each(|row| aggregate::remove(unit, row, case))
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
        let moves = child_transitions::table.filter(child_transitions::resource_id.eq(RowId(row.identity().0)));
        diesel::update(moves).set(child_transitions::note.eq(None::<String>)).execute(unit.connection)?;
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
    let mut goals: Vec<AgreedGoal> = serde_json::from_value(row.agreed_goals.0.clone()).map_err(ApiError::fault)?;
    for goal in &mut goals {
        ERASED.clone_into(&mut goal.title);
        goal.indicator = None;
    }
    row.agreed_goals = Json::of(goals);
    (row.summary, row.interpreter_language, row.coming_of_age_arrangements) = (None, None, None);
    Ok(())
}
