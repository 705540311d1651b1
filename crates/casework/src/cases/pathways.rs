//! Pathways of a case: a template that was started (domain K3). Its steps are tasks, due so many days after the arrival; what
//! becomes of them is its progress. Its moves are in `pathway_transitions`.

use actix_web::{get, patch, post};
use approdo_db::schema::{organisation_ancestors, pathways, tasks};
use approdo_db::{Timestamp, define_id, text_enum};
use chrono::{NaiveDate, TimeDelta};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, Resource};
use crate::aggregate::{self, Child as _, locked, visible};
use crate::cases::handlers::refuse_unless_open;
use crate::cases::pathway_templates::{PathwayTemplateId, PathwayTemplateRow, PathwayTemplateStatus};
use crate::cases::tasks::{Task, TaskId, TaskStatus};
use crate::cases::types::{CaseId, CaseRow};
use crate::child;
use crate::entries::Entry as _;
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::http::patch::Edit;
use crate::http::{Answer, Body, Checked, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters, Patch, reading};
use crate::page_of;
use crate::paged_query;
use crate::work::Unit;

define_id! {
    /// The id of a pathway.
    #[derive(ToSchema)]
    PathwayId;
}

text_enum! {
    /// Where a pathway stands.
    #[derive(ToSchema)]
    PathwayStatus {
        Running = "running",
        /// No step is open any more.
        Completed = "completed",
        /// Given up: the open steps were cancelled.
        Stopped = "stopped",
    }
}

/// A template that was started in a case.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize, ToSchema)]
#[diesel(table_name = pathways, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct Pathway {
    pub id: PathwayId,
    pub case_id: CaseId,
    pub template_id: PathwayTemplateId,
    /// The template's.
    #[schema(max_length = 200)]
    pub name: String,
    /// The day the steps count from.
    pub arrived_on: NaiveDate,
    pub status: PathwayStatus,
    /// How many steps it has: tasks of the case with this `pathway_id`.
    #[schema(minimum = 1, maximum = 50)]
    pub steps: i64,
    /// How many of them are done.
    #[schema(minimum = 0, maximum = 50)]
    pub done: i64,
    /// How many of them were cancelled.
    #[schema(minimum = 0, maximum = 50)]
    pub cancelled: i64,
    /// Rises with every change, of its progress too.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

child!(Pathway, PathwayId, pathways, "pathway", Pathways; of CaseRow, case_id in cases);

/// A pathway with its progress.
#[derive(Debug, Serialize, ToSchema)]
pub struct PathwayAnswer {
    #[serde(flatten)]
    pub pathway: Pathway,
    /// Steps done of those not cancelled, in whole percent, rounded down; 100 where every step was cancelled.
    #[schema(minimum = 0, maximum = 100)]
    pub progress_percent: i64,
}

impl From<Pathway> for PathwayAnswer {
    fn from(pathway: Pathway) -> Self {
        Self { progress_percent: percent(pathway.steps, pathway.done, pathway.cancelled), pathway }
    }
}

/// Steps done of those not cancelled, in whole percent.
pub fn percent(steps: i64, done: i64, cancelled: i64) -> i64 {
    (done * 100).checked_div(steps - cancelled).unwrap_or(100)
}

page_of! {
    /// A page of pathways.
    PathwayPage of PathwayAnswer
}

/// A pathway to start.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"template_id": "01985b2e-0000-7000-8000-000000000009", "arrived_on": "2026-11-02"}))]
pub struct NewPathway {
    /// A published template of the case's organisation or one above it, for the case's target group.
    pub template_id: PathwayTemplateId,
    /// The day the steps count from; the case's `arrived_on` when absent.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "reading::optional_day")]
    pub arrived_on: Option<NaiveDate>,
}

impl Checked for NewPathway {}

/// What of a pathway can be edited.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"arrived_on": "2026-11-09"}))]
pub struct PathwayPatch {
    /// Another day to count from: open steps move by as many days.
    #[schema(required = false, value_type = NaiveDate)]
    #[serde(default, deserialize_with = "reading::patched_day")]
    pub arrived_on: Patch<NaiveDate>,
}

impl Checked for PathwayPatch {
    const MEDIA_TYPE: &'static str = "application/merge-patch+json";
}

paged_query! {
    /// How to list a case's pathways.
    PathwayQuery {}
}

/// List a case's pathways.
///
/// In the order they were started.
#[utoipa::path(
    tag = "Pathways",
    params(("case_id" = CaseId, Path, description = "The case."), PathwayQuery),
    responses((status = 200, description = "A page.", body = PathwayPage))
)]
#[get("/cases/{case_id}/pathways")]
pub async fn list_pathways(
    door: Door,
    caller: Caller<actions::List, resources::Pathways>,
    id: Id<CaseId>,
    query: Parameters<PathwayQuery>,
) -> ApiResult<Answer> {
    door.read("list_pathways", caller, move |reader| {
        let (page, _) = aggregate::list(
            reader,
            id.0,
            &query,
            |reader, _: &PathwayQuery, case: &CaseRow, after: PathwayId, limit| {
                let of_case = pathways::table.filter(pathways::case_id.eq(case.id)).filter(pathways::id.gt(after));
                Ok(of_case.order(pathways::id).limit(limit).load::<Pathway>(reader.connection)?)
            },
        )?;
        Answer::ok(&PathwayPage::from(page.try_map(|row| Ok(PathwayAnswer::from(row)))?))
    })
    .await
}

/// Start a pathway.
///
/// Each step of the template becomes a task of the case manager's, due so many days after the arrival. Not while the same
/// template runs in the case (409).
#[utoipa::path(
    tag = "Pathways",
    params(("case_id" = CaseId, Path, description = "The case.")),
    request_body = NewPathway,
    responses((status = 201, description = "The pathway.", body = PathwayAnswer))
)]
#[post("/cases/{case_id}/pathways")]
pub async fn create_pathway(
    door: Door,
    caller: Caller<actions::Create, resources::Pathways>,
    id: Id<CaseId>,
    body: Body<NewPathway>,
) -> ApiResult<Answer> {
    door.write("create_pathway", caller, Some(body.fingerprint()), move |unit| {
        let (pathway, _) = aggregate::create(unit, id.0, &body, start)?;
        let (path, version) = (format!("/pathways/{}", pathway.id), pathway.version);
        unit.created(&path, version, &PathwayAnswer::from(pathway))
    })
    .await
}

/// Starts a pathway in a locked case; used by the demonstration data as well.
pub fn start(unit: &mut Unit<'_>, id: PathwayId, case: &CaseRow, new: NewPathway) -> ApiResult<Pathway> {
    refuse_unless_open(case)?;
    let template = startable(unit, new.template_id, case)?;
    let unknown =
        || ApiError::invalid_member("arrived_on", "is required: the case does not say when the person arrived");
    let arrived_on = new.arrived_on.or(case.arrived_on).ok_or_else(unknown)?;
    refuse_unfit(unit, &template, case)?;
    let steps = template.steps()?;
    let pathway = Pathway {
        id,
        case_id: case.id,
        template_id: template.id,
        name: template.name,
        arrived_on,
        status: PathwayStatus::Running,
        steps: i64::try_from(steps.len()).map_err(ApiError::fault)?,
        done: 0,
        cancelled: 0,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    };
    aggregate::add(unit, &pathway, case, &["case_id", "template_id", "name", "arrived_on", "status", "steps"])?;
    for (number, step) in (1..).zip(steps) {
        let task = Task {
            id: TaskId::new(),
            case_id: case.id,
            title: step.title,
            description: step.description,
            due_on: Some(due_on(arrived_on, step.days_after_arrival)?),
            assignee_id: case.case_manager_id,
            status: TaskStatus::Open,
            version: 1,
            created_at: unit.now,
            updated_at: unit.now,
            goal_id: None,
            territory_id: case.territory_id,
            pathway_id: Some(id),
            step_no: Some(number),
        };
        let members = ["case_id", "title", "description", "due_on", "assignee_id", "status", "pathway_id", "step_no"];
        aggregate::add(unit, &task, case, &members)?;
    }
    Ok(pathway)
}

fn due_on(arrived_on: NaiveDate, days: i64) -> ApiResult<NaiveDate> {
    let day = TimeDelta::try_days(days).and_then(|days| arrived_on.checked_add_signed(days));
    day.filter(|day| (0..=9999).contains(&chrono::Datelike::year(day))).ok_or_else(|| {
        ApiError::invalid_member("arrived_on", "is too far away: a step would be due outside of the calendar")
    })
}

/// 422 unless the template is one that this case's organisation can start.
fn startable(unit: &mut Unit<'_>, id: PathwayTemplateId, case: &CaseRow) -> ApiResult<PathwayTemplateRow> {
    let template = PathwayTemplateRow::find(unit.connection, id)?
        .filter(|template| template.status == PathwayTemplateStatus::Published)
        .ok_or_else(|| ApiError::unknown_reference("template_id"))?;
    let above: i64 = organisation_ancestors::table
        .filter(organisation_ancestors::organisation_id.eq(case.owner_org_id))
        .filter(organisation_ancestors::ancestor_id.eq(template.owner_org_id))
        .count()
        .get_result(unit.connection)?;
    if above == 0 { Err(ApiError::unknown_reference("template_id")) } else { Ok(template) }
}

/// 409 for another target group, and for a template that runs in the case already.
fn refuse_unfit(unit: &mut Unit<'_>, template: &PathwayTemplateRow, case: &CaseRow) -> ApiResult<()> {
    let mut unmet = Vec::new();
    let groups = template.target_groups()?;
    if !groups.is_empty() && !groups.contains(&case.target_group) {
        unmet.push(UnmetGuard::new("target_group", "the template is for other target groups"));
    }
    if !unmet.is_empty() {
        return Err(ApiError::unmet(unmet));
    }
    refuse_running(unit, case, template.id)
}

fn refuse_running(unit: &mut Unit<'_>, case: &CaseRow, template: PathwayTemplateId) -> ApiResult<()> {
    let running: i64 = pathways::table
        .filter(pathways::case_id.eq(case.id))
        .filter(pathways::template_id.eq(template))
        .filter(pathways::status.eq(PathwayStatus::Running))
        .count()
        .get_result(unit.connection)?;
    if running == 0 {
        return Ok(());
    }
    Err(ApiError::unmet(vec![UnmetGuard::new("not_running", "this pathway runs in the case already")]))
}

/// Counts the steps of a pathway again, under the lock of its case: one of them has moved.
pub fn recount(unit: &mut Unit<'_>, case: &CaseRow, id: PathwayId) -> ApiResult<()> {
    let mut pathway: Pathway = Pathway::find(unit.connection, id)?;
    let statuses: Vec<TaskStatus> =
        tasks::table.filter(tasks::pathway_id.eq(id)).select(tasks::status).load(unit.connection)?;
    let of = |status: TaskStatus| i64::try_from(statuses.iter().filter(|there| **there == status).count());
    let (done, cancelled) =
        (of(TaskStatus::Done).map_err(ApiError::fault)?, of(TaskStatus::Cancelled).map_err(ApiError::fault)?);
    let is_open = done + cancelled < pathway.steps;
    let status = match pathway.status {
        PathwayStatus::Stopped => PathwayStatus::Stopped,
        _ if is_open => PathwayStatus::Running,
        _ => PathwayStatus::Completed,
    };
    if status == PathwayStatus::Running && pathway.status == PathwayStatus::Completed {
        refuse_running(unit, case, pathway.template_id)?;
    }
    let mut changed = Vec::new();
    for (name, differs) in [
        ("status", status != pathway.status),
        ("done", done != pathway.done),
        ("cancelled", cancelled != pathway.cancelled),
    ] {
        if differs {
            changed.push(name);
        }
    }
    (pathway.status, pathway.done, pathway.cancelled) = (status, done, cancelled);
    aggregate::save(unit, &mut pathway, case, changed)
}

/// The open steps of a pathway.
pub fn open_steps(unit: &mut Unit<'_>, id: PathwayId) -> QueryResult<Vec<Task>> {
    tasks::table
        .filter(tasks::pathway_id.eq(id))
        .filter(tasks::status.eq(TaskStatus::Open))
        .order(tasks::step_no)
        .load(unit.connection)
}

/// Read a pathway.
///
/// Of a case in your scope. Its steps are the case's tasks with its `pathway_id`.
#[utoipa::path(
    tag = "Pathways",
    params(("pathway_id" = PathwayId, Path, description = "The pathway.")),
    responses((status = 200, description = "The pathway.", body = PathwayAnswer))
)]
#[get("/pathways/{pathway_id}")]
pub async fn read_pathway(
    door: Door,
    caller: Caller<actions::Read, resources::Pathways>,
    id: Id<PathwayId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_pathway", caller, move |reader| {
        let (pathway, case): (Pathway, _) = visible(reader, Action::Read, id.0)?;
        reader.shows(Resource::Cases, [case.id.0]);
        reader.answer_row(pathway.version, &held, &Fields::default(), "", &PathwayAnswer::from(pathway))
    })
    .await
}

/// Edit a pathway.
///
/// The day it counts from: the open steps move with it by as many days, also those that were given another day.
#[utoipa::path(
    tag = "Pathways",
    params(("pathway_id" = PathwayId, Path, description = "The pathway.")),
    request_body(content = PathwayPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The pathway as it is now.", body = PathwayAnswer))
)]
#[patch("/pathways/{pathway_id}")]
pub async fn edit_pathway(
    door: Door,
    caller: Caller<actions::Edit, resources::Pathways>,
    id: Id<PathwayId>,
    if_match: IfMatch,
    body: Body<PathwayPatch>,
) -> ApiResult<Answer> {
    door.write("edit_pathway", caller, None, move |unit| {
        let (mut pathway, case): (Pathway, _) = locked(unit, Action::Edit, id.0)?;
        let patch = body.read()?;
        if_match.check(pathway.version)?;
        refuse_unless_open(&case)?;
        let before = pathway.arrived_on;
        let mut edit = Edit::default();
        edit.required("arrived_on", &mut pathway.arrived_on, patch.arrived_on);
        let changed = edit.finish()?;
        let days = (pathway.arrived_on - before).num_days();
        let open = if changed.is_empty() { Vec::new() } else { open_steps(unit, pathway.id)? };
        for mut task in open {
            task.due_on = task.due_on.map(|day| due_on(day, days)).transpose()?;
            aggregate::save(unit, &mut task, &case, vec!["due_on"])?;
        }
        aggregate::save(unit, &mut pathway, &case, changed)?;
        unit.edited(pathway.version, &PathwayAnswer::from(pathway))
    })
    .await
}
