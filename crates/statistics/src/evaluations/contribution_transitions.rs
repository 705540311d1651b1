//! Moves of a contribution: set aside, and taken up again. Each an immutable row.

use actix_web::post;
use approdo_db::schema::evaluation_placements as placements;
use diesel::prelude::*;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::{Validate, ValidationErrors};

use crate::access::caller::{Caller, actions, resources};
use crate::aggregate::moves::{self, ChildTransition, ChildTransitionId, texts_within};
use crate::entries;
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::evaluations::contributions::{self, EvaluationContributionId, EvaluationContributionRow};
use crate::evaluations::rules::EvaluationContributionStatus;
use crate::evaluations::types::EvaluationRoundRow;
use crate::http::{Answer, Body, Checked, Door, Id, IfMatch};
use crate::work::Unit;

/// Where to move a contribution.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "to", rename_all = "snake_case", deny_unknown_fields)]
#[schema(example = json!({"to": "set_aside", "note": "Speaks of another service."}))]
pub enum NewEvaluationContributionTransition {
    /// From received: it is not considered.
    SetAside {
        /// Why. Who sent it reads it.
        #[schema(min_length = 1, max_length = 2000)]
        note: String,
    },
    /// From set aside, where its text is still there.
    Received {
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
}

impl Validate for NewEvaluationContributionTransition {
    fn validate(&self) -> Result<(), ValidationErrors> {
        texts_within(&[("note", self.to().1, 2000)])
    }
}

impl Checked for NewEvaluationContributionTransition {}

impl NewEvaluationContributionTransition {
    fn to(&self) -> (EvaluationContributionStatus, Option<&str>) {
        match self {
            Self::SetAside { note } => (EvaluationContributionStatus::SetAside, Some(note.as_str())),
            Self::Received { note } => (EvaluationContributionStatus::Received, note.as_deref()),
        }
    }
}

/// Move a contribution.
///
/// `received`→`set_aside` with a reason, and back: by who keeps the round, until its synthesis ends. What is placed under a theme is not
/// set aside (409).
#[utoipa::path(
    tag = "Evaluation",
    params(("evaluation_contribution_id" = EvaluationContributionId, Path, description = "The contribution.")),
    request_body = NewEvaluationContributionTransition,
    responses((status = 201, description = "The move; `ETag` is the contribution's.", body = ChildTransition))
)]
#[post("/evaluation-contributions/{evaluation_contribution_id}/transitions")]
pub async fn create_evaluation_contribution_transition(
    door: Door,
    caller: Caller<actions::Transition, resources::EvaluationContributions>,
    id: Id<EvaluationContributionId>,
    if_match: IfMatch,
    body: Body<NewEvaluationContributionTransition>,
) -> ApiResult<Answer> {
    door.write("create_evaluation_contribution_transition", caller, Some(body.fingerprint()), move |unit| {
        let found = contributions::in_sight(unit, id.0)?;
        let round: EvaluationRoundRow = entries::found_locked(unit, found.evaluation_round_id)?;
        let transition =
            entries::run(unit, id.0, &if_match, &body, |unit, row, id, asked| make(unit, row, &round, id, asked))?;
        let path = format!("/evaluation-contributions/{}", transition.resource_id);
        unit.created(&path, transition.resource_version, &transition)
    })
    .await
}

/// Moves a locked contribution to a locked round; used by the demonstration data as well.
pub fn make(
    unit: &mut Unit<'_>,
    mut row: EvaluationContributionRow,
    round: &EvaluationRoundRow,
    id: ChildTransitionId,
    asked: &NewEvaluationContributionTransition,
) -> ApiResult<ChildTransition> {
    let (from, (to, note)) = (row.status, asked.to());
    if !from.next().contains(&to) {
        return Err(moves::no_such_move("a contribution", from.as_str(), to.as_str()));
    }
    if !round.is_open() {
        let detail = "what a round has put together stays: it is in response, or closed";
        return Err(ApiError::unmet(vec![UnmetGuard::new("round_open", detail)]));
    }
    match asked {
        NewEvaluationContributionTransition::SetAside { note } => {
            let placed = placements::table.filter(placements::evaluation_contribution_id.eq(row.id));
            let placed: i64 = placed.count().get_result(unit.connection)?;
            if placed > 0 {
                let detail = "it is placed under a theme: take it out first";
                return Err(ApiError::unmet(vec![UnmetGuard::new("not_placed", detail)]));
            }
            row.set_aside_reason = Some(note.clone());
        }
        NewEvaluationContributionTransition::Received { .. } => {
            if row.text.is_none() {
                return Err(ApiError::unmet(vec![UnmetGuard::new("text", "its text is gone for good")]));
            }
            row.set_aside_reason = None;
        }
    }
    row.status = to;
    entries::save(unit, &mut row, &["status", "set_aside_reason"])?;
    entries::keep_move(unit, &row, id, (from.as_str(), to.as_str()), note)
}
