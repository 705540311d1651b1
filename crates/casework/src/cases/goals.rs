//! Goals of a case: what it is to reach in a life domain, by when, and how it ended (domain 4). Their moves are in
//! `goal_transitions`.

use actix_web::{get, patch, post};
use approdo_db::schema::goals;
use approdo_db::{Timestamp, define_id, text_enum};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, Resource};
use crate::aggregate::{self, locked, visible};
use crate::cases::handlers::refuse_unless_open;
use crate::cases::life_domains::LifeDomain;
use crate::cases::types::{CaseId, CaseRow};
use crate::child;
use crate::error::ApiResult;
use crate::http::patch::Edit;
use crate::http::{Answer, Body, Checked, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters, Patch, reading};
use crate::page_of;
use crate::paged_query;
use crate::work::Unit;

define_id! {
    /// The id of a goal.
    #[derive(ToSchema)]
    GoalId;
}

text_enum! {
    /// How a goal stands: all but `open` are outcomes.
    #[derive(ToSchema)]
    GoalStatus {
        Open = "open",
        Achieved = "achieved",
        Partly = "partly",
        NotAchieved = "not_achieved",
        Dropped = "dropped",
    }
}

/// What a case is to reach in a life domain.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize, ToSchema)]
#[diesel(table_name = goals, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct Goal {
    pub id: GoalId,
    pub case_id: CaseId,
    /// The episode of the case it was set in.
    #[schema(minimum = 1, maximum = 1000)]
    pub episode_no: i64,
    pub life_domain: LifeDomain,
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    /// By what it will be seen that the goal is reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 500)]
    pub indicator: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub target_on: Option<NaiveDate>,
    pub status: GoalStatus,
    /// Rises with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

child!(Goal, GoalId, goals, "goal", Goals; of CaseRow, case_id in cases);

page_of! {
    /// A page of goals.
    GoalPage of Goal
}

/// A goal to set.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "life_domain": "language", "title": "Reach level B1 in Italian", "indicator": "CILS B1 certificate", "target_on": "2027-06-30"
}))]
pub struct NewGoal {
    pub life_domain: LifeDomain,
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    #[validate(length(min = 1, max = 500))]
    #[schema(nullable = false, min_length = 1, max_length = 500)]
    pub indicator: Option<String>,
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "reading::optional_day")]
    pub target_on: Option<NaiveDate>,
}

impl Checked for NewGoal {}

/// What of a goal can be edited while it is open. Its status moves by transitions only.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"target_on": "2027-09-30"}))]
pub struct GoalPatch {
    #[schema(required = false, value_type = LifeDomain)]
    #[serde(default)]
    pub life_domain: Patch<LifeDomain>,
    #[schema(required = false, value_type = String, min_length = 1, max_length = 200)]
    #[serde(default)]
    pub title: Patch<String>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 500)]
    #[serde(default)]
    pub indicator: Patch<String>,
    #[schema(required = false, value_type = Option<NaiveDate>)]
    #[serde(default, deserialize_with = "reading::patched_day")]
    pub target_on: Patch<NaiveDate>,
}

impl Checked for GoalPatch {
    const MEDIA_TYPE: &'static str = "application/merge-patch+json";
}

paged_query! {
    /// How to list a case's goals.
    GoalQuery {
        /// Goals in this state.
        status: Option<GoalStatus>,
    }
}

/// List a case's goals.
///
/// Oldest first, those of earlier episodes included.
#[utoipa::path(
    tag = "Plans",
    params(("case_id" = CaseId, Path, description = "The case."), GoalQuery),
    responses((status = 200, description = "A page.", body = GoalPage))
)]
#[get("/cases/{case_id}/goals")]
pub async fn list_goals(
    door: Door,
    caller: Caller<actions::List, resources::Goals>,
    id: Id<CaseId>,
    query: Parameters<GoalQuery>,
) -> ApiResult<Answer> {
    door.read("list_goals", caller, move |reader| {
        let (page, _) = aggregate::list(
            reader,
            id.0,
            &query,
            |reader, asked: &GoalQuery, case: &CaseRow, after: GoalId, limit| {
                let of_case = goals::table.filter(goals::case_id.eq(case.id)).filter(goals::id.gt(after));
                let mut list = of_case.order(goals::id).limit(limit).into_boxed();
                if let Some(status) = asked.status {
                    list = list.filter(goals::status.eq(status));
                }
                Ok(list.load::<Goal>(reader.connection)?)
            },
        )?;
        Answer::ok(&GoalPage::from(page))
    })
    .await
}

/// Set a goal.
///
/// In the present episode of an open case; a closed or declined one is 409. Tasks can name it.
#[utoipa::path(
    tag = "Plans",
    params(("case_id" = CaseId, Path, description = "The case.")),
    request_body = NewGoal,
    responses((status = 201, description = "The goal.", body = Goal))
)]
#[post("/cases/{case_id}/goals")]
pub async fn create_goal(
    door: Door,
    caller: Caller<actions::Create, resources::Goals>,
    id: Id<CaseId>,
    body: Body<NewGoal>,
) -> ApiResult<Answer> {
    door.write("create_goal", caller, Some(body.fingerprint()), move |unit| {
        let (goal, _) = aggregate::create(unit, id.0, &body, add)?;
        unit.created(&format!("/goals/{}", goal.id), goal.version, &goal)
    })
    .await
}

/// Sets a goal in a locked case; used by the demonstration data as well.
pub fn add(unit: &mut Unit<'_>, id: GoalId, case: &CaseRow, new: NewGoal) -> ApiResult<Goal> {
    refuse_unless_open(case)?;
    let goal = Goal {
        id,
        case_id: case.id,
        episode_no: case.episode_no,
        life_domain: new.life_domain,
        title: new.title,
        indicator: new.indicator,
        target_on: new.target_on,
        status: GoalStatus::Open,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    };
    let members = ["case_id", "episode_no", "life_domain", "title", "indicator", "target_on", "status"];
    aggregate::add(unit, &goal, case, &members)?;
    Ok(goal)
}

/// Read a goal.
///
/// A goal of a case in your scope.
#[utoipa::path(
    tag = "Plans",
    params(("goal_id" = GoalId, Path, description = "The goal.")),
    responses((status = 200, description = "The goal.", body = Goal))
)]
#[get("/goals/{goal_id}")]
pub async fn read_goal(
    door: Door,
    caller: Caller<actions::Read, resources::Goals>,
    id: Id<GoalId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_goal", caller, move |reader| {
        let (goal, case): (Goal, _) = visible(reader, Action::Read, id.0)?;
        reader.shows(Resource::Cases, [case.id.0]);
        reader.answer_row(goal.version, &held, &Fields::default(), "", &goal)
    })
    .await
}

/// Edit a goal.
///
/// While it is open: what was reached, or not, stays as it was agreed. Its status moves by transitions only.
#[utoipa::path(
    tag = "Plans",
    params(("goal_id" = GoalId, Path, description = "The goal.")),
    request_body(content = GoalPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The goal as it is now.", body = Goal))
)]
#[patch("/goals/{goal_id}")]
pub async fn edit_goal(
    door: Door,
    caller: Caller<actions::Edit, resources::Goals>,
    id: Id<GoalId>,
    if_match: IfMatch,
    body: Body<GoalPatch>,
) -> ApiResult<Answer> {
    door.write("edit_goal", caller, None, move |unit| {
        let (mut goal, case): (Goal, _) = locked(unit, Action::Edit, id.0)?;
        let patch = body.read()?;
        if_match.check(goal.version)?;
        refuse_unless_open(&case)?;
        refuse_unless_undecided(&goal)?;
        let mut edit = Edit::default();
        edit.bounded("title", &patch.title, 200);
        edit.bounded("indicator", &patch.indicator, 500);
        edit.required("life_domain", &mut goal.life_domain, patch.life_domain);
        edit.required("title", &mut goal.title, patch.title);
        edit.optional("indicator", &mut goal.indicator, patch.indicator);
        edit.optional("target_on", &mut goal.target_on, patch.target_on);
        aggregate::save(unit, &mut goal, &case, edit.finish()?)?;
        unit.edited(goal.version, &goal)
    })
    .await
}

fn refuse_unless_undecided(goal: &Goal) -> ApiResult<()> {
    use crate::error::{ApiError, UnmetGuard};
    if goal.status == GoalStatus::Open {
        Ok(())
    } else {
        Err(ApiError::unmet(vec![UnmetGuard::new("goal_open", "the goal has an outcome: open it again first")]))
    }
}
