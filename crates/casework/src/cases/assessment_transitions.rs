//! Completing an assessment: `draft`→`completed`, its only move.

use actix_web::post;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::aggregate;
use crate::aggregate::moves::{self, ChildTransition, ChildTransitionId};
use crate::cases::assessments::{AssessmentId, AssessmentRow, AssessmentStatus};
use crate::cases::handlers::refuse_unless_open;
use crate::cases::life_domains::{self, LifeDomain};
use crate::cases::types::CaseRow;
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::http::{Answer, Body, Checked, Door, Id, IfMatch};
use crate::work::Unit;

/// Where to move an assessment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "to", rename_all = "snake_case", deny_unknown_fields)]
#[schema(example = json!({"to": "completed"}))]
pub enum NewAssessmentTransition {
    /// From draft, with every life domain rated.
    Completed {},
}

impl Validate for NewAssessmentTransition {
    fn validate(&self) -> Result<(), validator::ValidationErrors> {
        Ok(())
    }
}

impl Checked for NewAssessmentTransition {}

/// Complete an assessment.
///
/// `draft`→`completed`, once all nine life domains are rated; what is missing is named in a 409.
#[utoipa::path(
    tag = "Plans",
    params(("assessment_id" = AssessmentId, Path, description = "The assessment.")),
    request_body = NewAssessmentTransition,
    responses((status = 201, description = "The move; `ETag` is the assessment's.", body = ChildTransition))
)]
#[post("/assessments/{assessment_id}/transitions")]
pub async fn create_assessment_transition(
    door: Door,
    caller: Caller<actions::Transition, resources::Assessments>,
    id: Id<AssessmentId>,
    if_match: IfMatch,
    body: Body<NewAssessmentTransition>,
) -> ApiResult<Answer> {
    door.write("create_assessment_transition", caller, Some(body.fingerprint()), move |unit| {
        let transition = moves::run(unit, id.0, &if_match, &body, |unit, row: AssessmentRow, case, id, asked| {
            let NewAssessmentTransition::Completed {} = asked;
            refuse_unless_open(case)?;
            complete(unit, row, case, id)
        })?;
        let path = format!("/assessments/{}", transition.resource_id);
        unit.created(&path, transition.resource_version, &transition)
    })
    .await
}

/// Completes an assessment of a locked case.
pub fn complete(
    unit: &mut Unit<'_>,
    mut row: AssessmentRow,
    case: &CaseRow,
    id: ChildTransitionId,
) -> ApiResult<ChildTransition> {
    let (from, to) = (row.status.as_str(), AssessmentStatus::Completed.as_str());
    if row.status != AssessmentStatus::Draft {
        return Err(moves::no_such_move("an assessment", from, to));
    }
    let missing = life_domains::missing(&row.ratings()?);
    if !missing.is_empty() {
        let names: Vec<&str> = missing.into_iter().map(LifeDomain::as_str).collect();
        let detail = format!("rate these life domains first: {}", names.join(", "));
        return Err(ApiError::unmet(vec![UnmetGuard { guard: "all_domains_rated".into(), detail: detail.into() }]));
    }
    (row.status, row.completed_at) = (AssessmentStatus::Completed, Some(unit.now));
    aggregate::save(unit, &mut row, case, vec!["status", "completed_at"])?;
    moves::keep(unit, &row, id, (from, to), None)
}
