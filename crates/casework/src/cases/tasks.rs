//! Tasks of a case; their moves are in `task_transitions`. They are written under the lock of their case, so that 'close' and
//! 'add task' cannot both win.

use actix_web::{get, patch, post};
use approdo_db::schema::tasks;
use approdo_db::{Timestamp, define_id, text_enum};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, Place, PrincipalId, Resource, TerritoryId};
use crate::aggregate::{self, Child as _, locked, visible};
use crate::cases::goals::{Goal, GoalId};
use crate::cases::handlers::{check_colleague, refuse_unless_open};
use crate::cases::pathways::PathwayId;
use crate::cases::types::{CaseId, CaseRow};
use crate::child;
use crate::error::{ApiError, ApiResult};
use crate::http::patch::Edit;
use crate::http::{Answer, Body, Checked, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters, Patch, reading};
use crate::page_of;
use crate::paged_query;
use crate::work::Unit;

define_id! {
    /// The id of a task.
    #[derive(ToSchema)]
    TaskId;
}

text_enum! {
    /// Where a task stands.
    #[derive(ToSchema)]
    TaskStatus {
        Open = "open",
        Done = "done",
        Cancelled = "cancelled",
    }
}

/// Something to be done in a case.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize, ToSchema)]
#[diesel(table_name = tasks, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct Task {
    pub id: TaskId,
    pub case_id: CaseId,
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 4000)]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub due_on: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub assignee_id: Option<PrincipalId>,
    pub status: TaskStatus,
    /// Rises with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// The goal it serves.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub goal_id: Option<GoalId>,
    /// Where its case is: the lists of tasks begin there. `follow_case` keeps it in step.
    #[serde(skip)]
    pub territory_id: TerritoryId,
    /// The pathway it is a step of.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub pathway_id: Option<PathwayId>,
    /// Which step.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 50)]
    pub step_no: Option<i64>,
}

child!(Task, TaskId, tasks, "task", Tasks; of CaseRow, case_id in cases);

page_of! {
    /// A page of tasks.
    TaskPage of Task
}

/// A task to add to a case.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"title": "Book the language test", "due_on": "2027-02-01"}))]
pub struct NewTask {
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    #[validate(length(min = 1, max = 4000))]
    #[schema(nullable = false, min_length = 1, max_length = 4000)]
    pub description: Option<String>,
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "reading::optional_day")]
    pub due_on: Option<NaiveDate>,
    /// A user who may work on this case.
    #[schema(nullable = false)]
    pub assignee_id: Option<PrincipalId>,
    /// A goal of the same case.
    #[schema(nullable = false)]
    pub goal_id: Option<GoalId>,
}

impl Checked for NewTask {}

/// What of a task can be edited. Its status moves by transitions only.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"due_on": "2027-03-01"}))]
pub struct TaskPatch {
    #[schema(required = false, value_type = String, min_length = 1, max_length = 200)]
    #[serde(default)]
    pub title: Patch<String>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 4000)]
    #[serde(default)]
    pub description: Patch<String>,
    #[schema(required = false, value_type = Option<NaiveDate>)]
    #[serde(default, deserialize_with = "reading::patched_day")]
    pub due_on: Patch<NaiveDate>,
    #[schema(required = false, value_type = Option<PrincipalId>)]
    #[serde(default)]
    pub assignee_id: Patch<PrincipalId>,
    #[schema(required = false, value_type = Option<GoalId>)]
    #[serde(default)]
    pub goal_id: Patch<GoalId>,
}

impl Checked for TaskPatch {
    const MEDIA_TYPE: &'static str = "application/merge-patch+json";
}

paged_query! {
    /// How to list a case's tasks.
    TaskQuery {
        /// Tasks in this state.
        status: Option<TaskStatus>,
    }
}

/// 422 unless the goal is one of the case's.
fn check_goal(unit: &mut Unit<'_>, goal: GoalId, case: &CaseRow) -> ApiResult<()> {
    let found: Option<Goal> = Goal::find(unit.connection, goal).optional()?;
    match found {
        Some(goal) if goal.case_id == case.id => Ok(()),
        _ => Err(ApiError::unknown_reference("goal_id")),
    }
}

/// List a case's tasks.
///
/// Oldest first, done and cancelled ones included unless `status` narrows the list.
#[utoipa::path(
    tag = "Tasks",
    params(("case_id" = CaseId, Path, description = "The case."), TaskQuery),
    responses((status = 200, description = "A page.", body = TaskPage))
)]
#[get("/cases/{case_id}/tasks")]
pub async fn list_tasks(
    door: Door,
    caller: Caller<actions::List, resources::Tasks>,
    id: Id<CaseId>,
    query: Parameters<TaskQuery>,
) -> ApiResult<Answer> {
    door.read("list_tasks", caller, move |reader| {
        let (page, _) = aggregate::list(
            reader,
            id.0,
            &query,
            |reader, asked: &TaskQuery, case: &CaseRow, after: TaskId, limit| {
                let of_case = tasks::table.filter(tasks::case_id.eq(case.id)).filter(tasks::id.gt(after));
                let mut list = of_case.order(tasks::id).limit(limit).into_boxed();
                if let Some(status) = asked.status {
                    list = list.filter(tasks::status.eq(status));
                }
                Ok(list.load::<Task>(reader.connection)?)
            },
        )?;
        Answer::ok(&TaskPage::from(page))
    })
    .await
}

/// Add a task.
///
/// To an open case; a closed or declined one is 409.
#[utoipa::path(
    tag = "Tasks",
    params(("case_id" = CaseId, Path, description = "The case.")),
    request_body = NewTask,
    responses((status = 201, description = "The task.", body = Task))
)]
#[post("/cases/{case_id}/tasks")]
pub async fn create_task(
    door: Door,
    caller: Caller<actions::Create, resources::Tasks>,
    id: Id<CaseId>,
    body: Body<NewTask>,
) -> ApiResult<Answer> {
    door.write("create_task", caller, Some(body.fingerprint()), move |unit| {
        let (task, _) = aggregate::create(unit, id.0, &body, add)?;
        unit.created(&format!("/tasks/{}", task.id), task.version, &task)
    })
    .await
}

/// Takes the tasks of a locked case to where the case has gone, and tells the feed.
pub fn follow_case(unit: &mut Unit<'_>, case: &CaseRow, before: &Place) -> ApiResult<()> {
    if Some(case.territory_id) != before.territory {
        diesel::update(tasks::table.filter(tasks::case_id.eq(case.id)))
            .set(tasks::territory_id.eq(case.territory_id))
            .execute(unit.connection)?;
    }
    aggregate::follow::<Task>(unit, case, before)
}

/// Adds a task to a locked case; used by the demonstration data as well.
pub fn add(unit: &mut Unit<'_>, id: TaskId, case: &CaseRow, new: NewTask) -> ApiResult<Task> {
    refuse_unless_open(case)?;
    if let Some(assignee) = new.assignee_id {
        check_colleague(unit, Resource::Tasks, assignee, case, "assignee_id")?;
    }
    if let Some(goal) = new.goal_id {
        check_goal(unit, goal, case)?;
    }
    let task = Task {
        id,
        case_id: case.id,
        title: new.title,
        description: new.description,
        due_on: new.due_on,
        assignee_id: new.assignee_id,
        status: TaskStatus::Open,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
        goal_id: new.goal_id,
        territory_id: case.territory_id,
        pathway_id: None,
        step_no: None,
    };
    let members = ["case_id", "title", "description", "due_on", "assignee_id", "goal_id", "status"];
    aggregate::add(unit, &task, case, &members)?;
    Ok(task)
}

/// Read a task.
///
/// A task of a case in your scope.
#[utoipa::path(
    tag = "Tasks",
    params(("task_id" = TaskId, Path, description = "The task.")),
    responses((status = 200, description = "The task.", body = Task))
)]
#[get("/tasks/{task_id}")]
pub async fn read_task(
    door: Door,
    caller: Caller<actions::Read, resources::Tasks>,
    id: Id<TaskId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_task", caller, move |reader| {
        let (task, case): (Task, _) = visible(reader, Action::Read, id.0)?;
        reader.shows(Resource::Cases, [case.id.0]);
        reader.answer_row(task.version, &held, &Fields::default(), "", &task)
    })
    .await
}

/// Edit a task.
///
/// Its status moves by transitions only.
#[utoipa::path(
    tag = "Tasks",
    params(("task_id" = TaskId, Path, description = "The task.")),
    request_body(content = TaskPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The task as it is now.", body = Task))
)]
#[patch("/tasks/{task_id}")]
pub async fn edit_task(
    door: Door,
    caller: Caller<actions::Edit, resources::Tasks>,
    id: Id<TaskId>,
    if_match: IfMatch,
    body: Body<TaskPatch>,
) -> ApiResult<Answer> {
    door.write("edit_task", caller, None, move |unit| {
        let (mut task, case): (Task, _) = locked(unit, Action::Edit, id.0)?;
        let patch = body.read()?;
        if_match.check(task.version)?;
        refuse_unless_open(&case)?;
        let mut edit = Edit::default();
        edit.bounded("title", &patch.title, 200);
        edit.bounded("description", &patch.description, 4000);
        edit.required("title", &mut task.title, patch.title);
        edit.optional("description", &mut task.description, patch.description);
        edit.optional("due_on", &mut task.due_on, patch.due_on);
        edit.optional("assignee_id", &mut task.assignee_id, patch.assignee_id);
        edit.optional("goal_id", &mut task.goal_id, patch.goal_id);
        let changed = edit.finish()?;
        if let Some(assignee) = task.assignee_id
            && changed.contains(&"assignee_id")
        {
            check_colleague(unit, Resource::Tasks, assignee, &case, "assignee_id")?;
        }
        if let Some(goal) = task.goal_id
            && changed.contains(&"goal_id")
        {
            check_goal(unit, goal, &case)?;
        }
        aggregate::save(unit, &mut task, &case, changed)?;
        unit.edited(task.version, &task)
    })
    .await
}
