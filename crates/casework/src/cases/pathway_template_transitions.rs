//! Moves of a template of pathways: `draft`→`published`→`retired`, and back into use. Each an immutable row.

use actix_web::post;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::aggregate::moves::{self, ChildTransition, ChildTransitionId};
use crate::cases::pathway_templates::{PathwayTemplateId, PathwayTemplateRow, PathwayTemplateStatus};
use crate::entries;
use crate::error::ApiResult;
use crate::http::{Answer, Body, Checked, Door, Id, IfMatch};
use crate::work::Unit;

/// Where to move a template.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "to", rename_all = "snake_case", deny_unknown_fields)]
#[schema(example = json!({"to": "published"}))]
pub enum NewPathwayTemplateTransition {
    /// From draft, to be started and edited no more; from retired, to be started again.
    Published {},
    /// From published: it is started no more.
    Retired {},
}

impl Validate for NewPathwayTemplateTransition {
    fn validate(&self) -> Result<(), validator::ValidationErrors> {
        Ok(())
    }
}

impl Checked for NewPathwayTemplateTransition {}

impl NewPathwayTemplateTransition {
    fn to(&self) -> PathwayTemplateStatus {
        match self {
            Self::Published {} => PathwayTemplateStatus::Published,
            Self::Retired {} => PathwayTemplateStatus::Retired,
        }
    }
}

/// Whether a template may move so.
pub fn may_move(from: PathwayTemplateStatus, to: PathwayTemplateStatus) -> bool {
    use PathwayTemplateStatus::{Draft, Published, Retired};
    matches!((from, to), (Draft | Retired, Published) | (Published, Retired))
}

/// Move a template of pathways.
///
/// `draft`→`published`→`retired`→`published`. Pathways that were started run on.
#[utoipa::path(
    tag = "Pathways",
    params(("pathway_template_id" = PathwayTemplateId, Path, description = "The template.")),
    request_body = NewPathwayTemplateTransition,
    responses((status = 201, description = "The move; `ETag` is the template's.", body = ChildTransition))
)]
#[post("/pathway-templates/{pathway_template_id}/transitions")]
pub async fn create_pathway_template_transition(
    door: Door,
    caller: Caller<actions::Transition, resources::PathwayTemplates>,
    id: Id<PathwayTemplateId>,
    if_match: IfMatch,
    body: Body<NewPathwayTemplateTransition>,
) -> ApiResult<Answer> {
    door.write("create_pathway_template_transition", caller, Some(body.fingerprint()), move |unit| {
        let transition =
            entries::run(unit, id.0, &if_match, &body, |unit, row, id, asked: &NewPathwayTemplateTransition| {
                make(unit, row, id, asked.to())
            })?;
        let path = format!("/pathway-templates/{}", transition.resource_id);
        unit.created(&path, transition.resource_version, &transition)
    })
    .await
}

/// Moves a locked template; used by the demonstration data as well.
pub fn make(
    unit: &mut Unit<'_>,
    mut row: PathwayTemplateRow,
    id: ChildTransitionId,
    to: PathwayTemplateStatus,
) -> ApiResult<ChildTransition> {
    let from = row.status;
    if !may_move(from, to) {
        return Err(moves::no_such_move("a template", from.as_str(), to.as_str()));
    }
    row.status = to;
    entries::save(unit, &mut row, &["status"])?;
    entries::keep_move(unit, &row, id, (from.as_str(), to.as_str()), None)
}
