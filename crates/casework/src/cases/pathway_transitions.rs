//! Moves of a pathway: `running`→`stopped`. It is completed by its last step, not by a move.

use actix_web::post;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::aggregate::moves::{self, ChildTransition, ChildTransitionId, texts_within};
use crate::aggregate::{self, Child as _};
use crate::cases::handlers::refuse_unless_open;
use crate::cases::pathways::{Pathway, PathwayId, PathwayStatus, open_steps};
use crate::cases::task_transitions::{self, TaskTransitionId};
use crate::cases::tasks::TaskStatus;
use crate::cases::types::CaseRow;
use crate::error::ApiResult;
use crate::http::{Answer, Body, Checked, Door, Id, IfMatch};
use crate::work::Unit;

/// Where to move a pathway.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "to", rename_all = "snake_case", deny_unknown_fields)]
#[schema(example = json!({"to": "stopped", "note": "The family goes through the pathway of the district of Nippes instead."}))]
pub enum NewPathwayTransition {
    /// From running: the open steps are cancelled.
    Stopped {
        #[schema(min_length = 1, max_length = 500)]
        note: String,
    },
}

impl Validate for NewPathwayTransition {
    fn validate(&self) -> Result<(), validator::ValidationErrors> {
        let Self::Stopped { note } = self;
        texts_within(&[("note", Some(note), 500)])
    }
}

impl Checked for NewPathwayTransition {}

/// Stop a pathway.
///
/// Its open steps are cancelled in the same transaction. Only a running one: anything else is 409.
#[utoipa::path(
    tag = "Pathways",
    params(("pathway_id" = PathwayId, Path, description = "The pathway.")),
    request_body = NewPathwayTransition,
    responses((status = 201, description = "The move; `ETag` is the pathway's.", body = ChildTransition))
)]
#[post("/pathways/{pathway_id}/transitions")]
pub async fn create_pathway_transition(
    door: Door,
    caller: Caller<actions::Transition, resources::Pathways>,
    id: Id<PathwayId>,
    if_match: IfMatch,
    body: Body<NewPathwayTransition>,
) -> ApiResult<Answer> {
    door.write("create_pathway_transition", caller, Some(body.fingerprint()), move |unit| {
        let transition = moves::run(unit, id.0, &if_match, &body, |unit, pathway: Pathway, case, id, asked| {
            refuse_unless_open(case)?;
            let NewPathwayTransition::Stopped { note } = asked;
            stop(unit, pathway, case, id, note)
        })?;
        let path = format!("/pathways/{}", transition.resource_id);
        unit.created(&path, transition.resource_version, &transition)
    })
    .await
}

fn stop(
    unit: &mut Unit<'_>,
    mut pathway: Pathway,
    case: &CaseRow,
    id: ChildTransitionId,
    note: &str,
) -> ApiResult<ChildTransition> {
    let (from, to) = (pathway.status, PathwayStatus::Stopped);
    if from != PathwayStatus::Running {
        return Err(moves::no_such_move("a pathway", from.as_str(), to.as_str()));
    }
    pathway.status = to;
    aggregate::save(unit, &mut pathway, case, vec!["status"])?;
    for task in open_steps(unit, pathway.id)? {
        task_transitions::make(unit, task, case, TaskTransitionId::new(), TaskStatus::Cancelled, Some(note))?;
    }
    // Each cancelled step was counted.
    let pathway = Pathway::find(unit.connection, pathway.id)?;
    moves::keep(unit, &pathway, id, (from.as_str(), to.as_str()), Some(note))
}
