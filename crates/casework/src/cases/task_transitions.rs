//! Moves of a task: `open`→`done`|`cancelled`, `done`→`open` with a reason; each an immutable row.

use actix_web::post;
use approdo_db::schema::{task_transitions, tasks};
use approdo_db::{Timestamp, define_id};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, PrincipalId};
use crate::aggregate::moves::{no_such_move, texts_within};
use crate::aggregate::{self, locked};
use crate::cases::handlers::refuse_unless_open;
use crate::cases::pathways;
use crate::cases::tasks::{Task, TaskId, TaskStatus};
use crate::cases::types::CaseRow;
use crate::error::ApiResult;
use crate::http::{Answer, Body, Checked, Door, Id, IfMatch};
use crate::work::Unit;

define_id! {
    /// The id of a task's move.
    #[derive(ToSchema)]
    TaskTransitionId;
}

/// Where to move a task.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "to", rename_all = "snake_case", deny_unknown_fields)]
#[schema(example = json!({"to": "done"}))]
pub enum NewTaskTransition {
    /// From open.
    Done {},
    /// From open.
    Cancelled {
        #[schema(nullable = false, min_length = 1, max_length = 500)]
        reason: Option<String>,
    },
    /// From done: it was not done after all.
    Open {
        #[schema(min_length = 1, max_length = 500)]
        reason: String,
    },
}

impl Validate for NewTaskTransition {
    fn validate(&self) -> Result<(), validator::ValidationErrors> {
        texts_within(&[("reason", self.parts().1, 500)])
    }
}

impl Checked for NewTaskTransition {}

impl NewTaskTransition {
    fn parts(&self) -> (TaskStatus, Option<&str>) {
        match self {
            Self::Done {} => (TaskStatus::Done, None),
            Self::Cancelled { reason } => (TaskStatus::Cancelled, reason.as_deref()),
            Self::Open { reason } => (TaskStatus::Open, Some(reason)),
        }
    }
}

/// One move of a task.
#[derive(Debug, Clone, Queryable, Insertable, Serialize, ToSchema)]
#[diesel(table_name = task_transitions, treat_none_as_default_value = false)]
pub struct TaskTransition {
    pub id: TaskTransitionId,
    pub task_id: TaskId,
    /// The version the move gave the task; the `ETag` of this answer names it.
    #[schema(minimum = 2, maximum = 9007199254740991_i64)]
    pub task_version: i64,
    #[serde(rename = "from")]
    pub from_status: TaskStatus,
    #[serde(rename = "to")]
    pub to_status: TaskStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 500)]
    pub reason: Option<String>,
    pub actor_id: PrincipalId,
    pub at: Timestamp,
}

/// Whether a task may move so.
pub fn may_move(from: TaskStatus, to: TaskStatus) -> bool {
    use TaskStatus::{Cancelled, Done, Open};
    matches!((from, to), (Open, Done | Cancelled) | (Done, Open))
}

/// Move a task.
///
/// `open`→`done`|`cancelled`; `done`→`open` with a reason. Anything else is 409.
#[utoipa::path(
    tag = "Tasks",
    params(("task_id" = TaskId, Path, description = "The task.")),
    request_body = NewTaskTransition,
    responses((status = 201, description = "The move; `ETag` is the task's.", body = TaskTransition))
)]
#[post("/tasks/{task_id}/transitions")]
pub async fn create_task_transition(
    door: Door,
    caller: Caller<actions::Transition, resources::Tasks>,
    id: Id<TaskId>,
    if_match: IfMatch,
    body: Body<NewTaskTransition>,
) -> ApiResult<Answer> {
    door.write("create_task_transition", caller, Some(body.fingerprint()), move |unit| {
        let (task, case): (Task, _) = locked(unit, Action::Transition, id.0)?;
        let asked = body.read()?;
        let transition_id = TaskTransitionId::new();
        let transition: TaskTransition = match unit.replay(transition_id.0)? {
            Some(earlier) => task_transitions::table.find(TaskTransitionId(earlier)).first(unit.connection)?,
            None => {
                if_match.check(task.version)?;
                refuse_unless_open(&case)?;
                let (to, reason) = asked.parts();
                make(unit, task, &case, transition_id, to, reason)?
            }
        };
        let path = format!("/tasks/{}", transition.task_id);
        unit.created(&path, transition.task_version, &transition)
    })
    .await
}

/// Moves a task of a locked case.
pub fn make(
    unit: &mut Unit<'_>,
    mut task: Task,
    case: &CaseRow,
    id: TaskTransitionId,
    to: TaskStatus,
    reason: Option<&str>,
) -> ApiResult<TaskTransition> {
    let from = task.status;
    if !may_move(from, to) {
        return Err(no_such_move("a task", from.as_str(), to.as_str()));
    }
    task.status = to;
    aggregate::save(unit, &mut task, case, vec!["status"])?;
    let transition = TaskTransition {
        id,
        task_id: task.id,
        task_version: task.version,
        from_status: from,
        to_status: to,
        reason: reason.map(str::to_owned),
        actor_id: unit.rights.principal,
        at: unit.now,
    };
    diesel::insert_into(task_transitions::table).values(&transition).execute(unit.connection)?;
    if let Some(pathway) = task.pathway_id {
        pathways::recount(unit, case, pathway)?;
    }
    Ok(transition)
}

/// Cancels the open tasks of a locked case that ends.
pub fn cancel_open(unit: &mut Unit<'_>, case: &CaseRow, reason: &str) -> ApiResult<()> {
    let open: Vec<Task> = tasks::table
        .filter(tasks::case_id.eq(case.id))
        .filter(tasks::status.eq(TaskStatus::Open))
        .order(tasks::id)
        .load(unit.connection)?;
    for task in open {
        make(unit, task, case, TaskTransitionId::new(), TaskStatus::Cancelled, Some(reason))?;
    }
    Ok(())
}
