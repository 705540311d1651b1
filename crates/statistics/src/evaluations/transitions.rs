//! Moves of an evaluation round. Each an immutable row.

use actix_web::post;
use approdo_db::schema::{
    evaluation_contributions as contributions, evaluation_placements as placements, evaluation_themes as themes,
};
use chrono::NaiveDate;
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::{Validate, ValidationErrors};

use crate::access::caller::{Caller, actions, resources};
use crate::aggregate::moves::{self, ChildTransition, ChildTransitionId, texts_within};
use crate::clock;
use crate::entries;
use crate::error::{ApiError, ApiResult};
use crate::evaluations::rules::{EvaluationContributionStatus, EvaluationRoundStatus, Facts, Wish};
use crate::evaluations::types::{EvaluationRoundId, EvaluationRoundRow};
use crate::http::{Answer, Body, Checked, Door, Id, IfMatch, reading};
use crate::work::Unit;

/// Where to move an evaluation round.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "to", rename_all = "snake_case", deny_unknown_fields)]
#[schema(example = json!({"to": "collecting", "collects_until": "2099-12-31"}))]
pub enum NewEvaluationRoundTransition {
    /// From planned: with a call, days, and who is asked. From synthesis, where more are to be heard.
    Collecting {
        /// The last day on which contributions are taken, from today on; needed from synthesis.
        #[serde(default, deserialize_with = "reading::optional_day")]
        #[schema(nullable = false)]
        collects_until: Option<NaiveDate>,
        /// Needed from synthesis: why it is opened once more.
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    /// From collecting, once the last day is over.
    Synthesis {
        /// Needed where nobody has contributed: why, as far as it is known. Everyone reads it.
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        no_contributions_reason: Option<String>,
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    /// From synthesis, once every contribution is placed under a theme or set aside. For good.
    Response {
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    /// From response, once every theme is answered: everyone reads the themes and the answers. For good.
    Closed {
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
}

impl Validate for NewEvaluationRoundTransition {
    fn validate(&self) -> Result<(), ValidationErrors> {
        texts_within(&[("note", self.note(), 2000), ("no_contributions_reason", self.reason(), 2000)])
    }
}

impl Checked for NewEvaluationRoundTransition {}

impl NewEvaluationRoundTransition {
    fn note(&self) -> Option<&str> {
        match self {
            Self::Collecting { note, .. }
            | Self::Synthesis { note, .. }
            | Self::Response { note }
            | Self::Closed { note } => note.as_deref(),
        }
    }

    fn reason(&self) -> Option<&str> {
        match self {
            Self::Synthesis { no_contributions_reason, .. } => no_contributions_reason.as_deref(),
            _ => None,
        }
    }

    fn wish(&self) -> Wish {
        match self {
            Self::Collecting { collects_until, .. } => Wish::Collecting { until: *collects_until },
            Self::Synthesis { no_contributions_reason, .. } => {
                Wish::Synthesis { says_why_nobody: no_contributions_reason.is_some() }
            }
            Self::Response { .. } => Wish::Response,
            Self::Closed { .. } => Wish::Closed,
        }
    }
}

/// Move an evaluation round.
///
/// `planned`→`collecting`→`synthesis`→`response`→`closed`; `synthesis`→`collecting` opens it once more. Unmet guards are 409.
#[utoipa::path(
    tag = "Evaluation",
    params(("evaluation_round_id" = EvaluationRoundId, Path, description = "The round.")),
    request_body = NewEvaluationRoundTransition,
    responses((status = 201, description = "The move; `ETag` is the round's.", body = ChildTransition))
)]
#[post("/evaluation-rounds/{evaluation_round_id}/transitions")]
pub async fn create_evaluation_round_transition(
    door: Door,
    caller: Caller<actions::Transition, resources::EvaluationRounds>,
    id: Id<EvaluationRoundId>,
    if_match: IfMatch,
    body: Body<NewEvaluationRoundTransition>,
) -> ApiResult<Answer> {
    door.write("create_evaluation_round_transition", caller, Some(body.fingerprint()), move |unit| {
        let transition = entries::run(unit, id.0, &if_match, &body, make)?;
        let path = format!("/evaluation-rounds/{}", transition.resource_id);
        unit.created(&path, transition.resource_version, &transition)
    })
    .await
}

/// What is known of a locked round: who adds to it waits.
pub fn facts(unit: &mut Unit<'_>, row: &EvaluationRoundRow) -> ApiResult<Facts> {
    let of_round = contributions::table.filter(contributions::evaluation_round_id.eq(row.id));
    let placed = placements::table.filter(placements::evaluation_contribution_id.eq(contributions::id));
    let unplaced =
        of_round.filter(contributions::status.eq(EvaluationContributionStatus::Received)).filter(not(exists(placed)));
    let of_themes = themes::table.filter(themes::evaluation_round_id.eq(row.id));
    Ok(Facts {
        status: row.status,
        has_call: row.call_text.is_some(),
        collects_from: row.collects_from,
        collects_until: row.collects_until,
        categories: row.categories()?.len(),
        contributions: of_round.count().get_result(unit.connection)?,
        unplaced: unplaced.count().get_result(unit.connection)?,
        themes: of_themes.count().get_result(unit.connection)?,
        unanswered: of_themes.filter(themes::response.is_null()).count().get_result(unit.connection)?,
        today: clock::date_of(unit.now),
    })
}

/// Moves a locked round; used by the demonstration data as well.
pub fn make(
    unit: &mut Unit<'_>,
    mut row: EvaluationRoundRow,
    id: ChildTransitionId,
    asked: &NewEvaluationRoundTransition,
) -> ApiResult<ChildTransition> {
    let (from, wish) = (row.status, asked.wish());
    let to = wish.to();
    if !from.next().contains(&to) {
        return Err(moves::no_such_move("an evaluation round", from.as_str(), to.as_str()));
    }
    let facts = facts(unit, &row)?;
    let mut changed = vec!["status"];
    match asked {
        NewEvaluationRoundTransition::Collecting { collects_until, note } => {
            if from == EvaluationRoundStatus::Synthesis && note.is_none() {
                return Err(ApiError::invalid_member("note", "must say why the round is opened once more"));
            }
            if let Some(until) = collects_until {
                row.collects_until = Some(*until);
                changed.push("collects_until");
            }
            if row.no_contributions_reason.take().is_some() {
                changed.push("no_contributions_reason");
            }
        }
        NewEvaluationRoundTransition::Synthesis { no_contributions_reason, .. } => {
            if no_contributions_reason.is_some() {
                if facts.contributions > 0 {
                    return Err(ApiError::invalid_member("no_contributions_reason", "there are contributions"));
                }
                row.no_contributions_reason.clone_from(no_contributions_reason);
                changed.push("no_contributions_reason");
            }
        }
        NewEvaluationRoundTransition::Response { .. } => {}
        NewEvaluationRoundTransition::Closed { .. } => {
            row.closed_at = Some(unit.now);
            changed.push("closed_at");
        }
    }
    let lacks = facts.lacks(wish);
    if !lacks.is_empty() {
        return Err(ApiError::unmet(lacks));
    }
    row.status = to;
    entries::save(unit, &mut row, &changed)?;
    entries::keep_move(unit, &row, id, (from.as_str(), to.as_str()), asked.note())
}
