//! How many contributed, by category, as far as it is for the caller to know.

use std::collections::HashMap;

use approdo_db::Connection;
use approdo_db::schema::evaluation_contributions as contributions;
use diesel::dsl::count_star;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::Rights;
use crate::error::ApiResult;
use crate::evaluations::rules::{StakeholderCategory, told_to_everyone};
use crate::evaluations::types::{EvaluationRoundId, EvaluationRoundRow};

/// Contributions of a category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CategoryCount {
    pub category: StakeholderCategory,
    /// How many there are. Absent where residents are fewer than five and not none: what they say is anonymous.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0, maximum = 9007199254740991_i64)]
    pub contributions: Option<i64>,
}

/// The counts of some rounds: every category that was asked, in the order of the call. Rounds whose counts are not for the caller are left
/// out.
pub fn of_rounds(
    connection: &mut Connection,
    rights: &Rights,
    rounds: &[EvaluationRoundRow],
) -> ApiResult<HashMap<EvaluationRoundId, Vec<CategoryCount>>> {
    let told: Vec<&EvaluationRoundRow> =
        rounds.iter().filter(|round| round.is_closed() || round.is_kept_by(rights)).collect();
    let ids: Vec<EvaluationRoundId> = told.iter().map(|round| round.id).collect();
    let counted: Vec<(EvaluationRoundId, StakeholderCategory, i64)> = contributions::table
        .filter(contributions::evaluation_round_id.eq_any(ids))
        .group_by((contributions::evaluation_round_id, contributions::category))
        .select((contributions::evaluation_round_id, contributions::category, count_star()))
        .load(connection)?;
    let counted: HashMap<(EvaluationRoundId, StakeholderCategory), i64> =
        counted.into_iter().map(|(round, category, count)| ((round, category), count)).collect();
    let of_round = |round: &EvaluationRoundRow| {
        let exact = round.is_kept_by(rights);
        let count = |category: StakeholderCategory| {
            let count = counted.get(&(round.id, category)).copied().unwrap_or_default();
            let contributions = if exact { Some(count) } else { told_to_everyone(category, count) };
            CategoryCount { category, contributions }
        };
        Ok((round.id, round.categories()?.into_iter().map(count).collect()))
    };
    told.into_iter().map(of_round).collect()
}

/// The counts of one round, if they are for the caller.
pub fn of_round(
    connection: &mut Connection,
    rights: &Rights,
    round: &EvaluationRoundRow,
) -> ApiResult<Option<Vec<CategoryCount>>> {
    Ok(of_rounds(connection, rights, std::slice::from_ref(round))?.remove(&round.id))
}
