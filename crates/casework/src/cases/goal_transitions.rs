//! Moves of a goal: `open`→ an outcome; an outcome → `open` with the reason in the note. Each an immutable row.

use actix_web::post;
use approdo_db::schema::goals;
use diesel::prelude::*;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::aggregate::moves::{self, ChildTransition, ChildTransitionId, texts_within};
use crate::aggregate::{self};
use crate::cases::goals::{Goal, GoalId, GoalStatus};
use crate::cases::handlers::refuse_unless_open;
use crate::cases::types::CaseRow;
use crate::error::ApiResult;
use crate::http::{Answer, Body, Checked, Door, Id, IfMatch};
use crate::work::Unit;

/// Where to move a goal.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "to", rename_all = "snake_case", deny_unknown_fields)]
#[schema(example = json!({"to": "partly", "note": "Passed the oral part; the written part is to be repeated in autumn."}))]
pub enum NewGoalTransition {
    /// From open.
    Achieved {
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    /// From open.
    Partly {
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    /// From open.
    NotAchieved {
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    /// From open: it is no longer pursued.
    Dropped {
        #[schema(min_length = 1, max_length = 2000)]
        note: String,
    },
    /// From an outcome that was noted too early.
    Open {
        #[schema(min_length = 1, max_length = 2000)]
        note: String,
    },
}

impl Validate for NewGoalTransition {
    fn validate(&self) -> Result<(), validator::ValidationErrors> {
        texts_within(&[("note", self.parts().1, 2000)])
    }
}

impl Checked for NewGoalTransition {}

impl NewGoalTransition {
    fn parts(&self) -> (GoalStatus, Option<&str>) {
        match self {
            Self::Achieved { note } => (GoalStatus::Achieved, note.as_deref()),
            Self::Partly { note } => (GoalStatus::Partly, note.as_deref()),
            Self::NotAchieved { note } => (GoalStatus::NotAchieved, note.as_deref()),
            Self::Dropped { note } => (GoalStatus::Dropped, Some(note)),
            Self::Open { note } => (GoalStatus::Open, Some(note)),
        }
    }
}

/// Whether a goal may move so.
pub fn may_move(from: GoalStatus, to: GoalStatus) -> bool {
    (from == GoalStatus::Open) != (to == GoalStatus::Open)
}

/// Move a goal.
///
/// From `open` to its outcome, or back with a note that says why. Anything else is 409.
#[utoipa::path(
    tag = "Plans",
    params(("goal_id" = GoalId, Path, description = "The goal.")),
    request_body = NewGoalTransition,
    responses((status = 201, description = "The move; `ETag` is the goal's.", body = ChildTransition))
)]
#[post("/goals/{goal_id}/transitions")]
pub async fn create_goal_transition(
    door: Door,
    caller: Caller<actions::Transition, resources::Goals>,
    id: Id<GoalId>,
    if_match: IfMatch,
    body: Body<NewGoalTransition>,
) -> ApiResult<Answer> {
    door.write("create_goal_transition", caller, Some(body.fingerprint()), move |unit| {
        let transition =
            moves::run(unit, id.0, &if_match, &body, |unit, goal: Goal, case, id, asked: &NewGoalTransition| {
                refuse_unless_open(case)?;
                let (to, note) = asked.parts();
                make(unit, goal, case, id, to, note)
            })?;
        unit.created(&format!("/goals/{}", transition.resource_id), transition.resource_version, &transition)
    })
    .await
}

/// Moves a goal of a locked case.
pub fn make(
    unit: &mut Unit<'_>,
    mut goal: Goal,
    case: &CaseRow,
    id: ChildTransitionId,
    to: GoalStatus,
    note: Option<&str>,
) -> ApiResult<ChildTransition> {
    let from = goal.status;
    if !may_move(from, to) {
        return Err(moves::no_such_move("a goal", from.as_str(), to.as_str()));
    }
    goal.status = to;
    aggregate::save(unit, &mut goal, case, vec!["status"])?;
    moves::keep(unit, &goal, id, (from.as_str(), to.as_str()), note)
}

/// Drops the open goals of a locked case: an early closing leaves none without an outcome (domain 3).
pub fn drop_open(unit: &mut Unit<'_>, case: &CaseRow, note: &str) -> ApiResult<()> {
    let open: Vec<Goal> = goals::table
        .filter(goals::case_id.eq(case.id))
        .filter(goals::status.eq(GoalStatus::Open))
        .order(goals::id)
        .load(unit.connection)?;
    for goal in open {
        make(unit, goal, case, ChildTransitionId::new(), GoalStatus::Dropped, Some(note))?;
    }
    Ok(())
}
