//! The text of a contribution that tells of people, although none was to: it goes for good.

use actix_web::delete;
use approdo_db::schema::history;
use approdo_db::types::RowId;
use diesel::prelude::*;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, Resource};
use crate::aggregate::moves;
use crate::anonymity::ERASED;
use crate::entries;
use crate::error::{ApiError, ApiResult};
use crate::evaluations::contributions::{self, EvaluationContributionId, EvaluationContributionRow};
use crate::http::{Answer, Door, Id, IfMatch};

/// Delete the text of a contribution.
///
/// One that tells of people (GDPR art. 17): it goes from the history as well. What else is known of the contribution stays, where it is
/// placed too; by who keeps the round, at any time. 404 where it is gone already.
#[utoipa::path(
    tag = "Evaluation",
    params(("evaluation_contribution_id" = EvaluationContributionId, Path, description = "The contribution.")),
    responses((status = 204, description = "It is gone."))
)]
#[delete("/evaluation-contributions/{evaluation_contribution_id}/text")]
pub async fn delete_evaluation_contribution_text(
    door: Door,
    caller: Caller<actions::Delete, resources::EvaluationContributions>,
    id: Id<EvaluationContributionId>,
    if_match: IfMatch,
) -> ApiResult<Answer> {
    door.write("delete_evaluation_contribution_text", caller, None, move |unit| {
        contributions::in_sight(unit, id.0)?;
        let mut row: EvaluationContributionRow =
            entries::locked(unit, Action::Delete, Resource::EvaluationContributions, id.0)?;
        if row.text.take().is_none() {
            return Err(ApiError::not_found());
        }
        if_match.check(row.version)?;
        diesel::delete(history::table.filter(history::resource_id.eq(RowId(row.id.0)))).execute(unit.connection)?;
        // Whoever set it aside may have said whom it names.
        moves::strip(unit, row.id.0)?;
        let mut changed = vec!["text"];
        if row.set_aside_reason.is_some() {
            row.set_aside_reason = Some(ERASED.to_owned());
            changed.push("set_aside_reason");
        }
        entries::save(unit, &mut row, &changed)?;
        Ok(Answer::no_content())
    })
    .await
}
