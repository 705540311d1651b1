//! Plans of a case: what was agreed with the person (domain 3 and 4). A plan is drawn up, agreed on with the person, approved
//! where the organisation demands it, and superseded by the next one; what was agreed never changes. Moves are in
//! `plan_transitions`.

use actix_web::{get, patch, post};
use approdo_db::schema::plans;
use approdo_db::{Json, Timestamp, define_id, text_enum};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::rights::Rights;
use crate::access::{Action, FieldGroup, PrincipalId, Resource};
use crate::aggregate::{self, locked, visible};
use crate::cases::goals::{Goal, GoalId};
use crate::cases::handlers::refuse_unless_open;
use crate::cases::life_domains::LifeDomain;
use crate::cases::types::{CaseId, CaseRow};
use crate::child;
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::http::patch::Edit;
use crate::http::texts::MemberName;
use crate::http::{Answer, Body, Checked, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters, Patch};
use crate::page_of;
use crate::paged_query;
use crate::people::types::withheld;
use crate::work::Unit;

define_id! {
    /// The id of a plan.
    #[derive(ToSchema)]
    PlanId;
}

text_enum! {
    /// How a plan stands.
    #[derive(ToSchema)]
    PlanStatus {
        Draft = "draft",
        /// The person has agreed; in force unless the organisation demands an approval.
        Agreed = "agreed",
        /// A colleague has approved what was agreed; in force.
        Approved = "approved",
        /// Another plan has taken its place.
        Superseded = "superseded",
    }

    /// Who agreed to a plan.
    #[derive(ToSchema)]
    AgreedBy {
        Person = "person",
        /// For a minor, or an adult who has one.
        Guardian = "guardian",
    }
}

/// The row.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize)]
#[diesel(table_name = plans, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct PlanRow {
    pub id: PlanId,
    pub case_id: CaseId,
    pub episode_no: i64,
    pub plan_no: i64,
    pub status: PlanStatus,
    pub summary: Option<String>,
    pub author_id: PrincipalId,
    pub approval_required: bool,
    pub agreed_on: Option<NaiveDate>,
    pub agreed_by: Option<AgreedBy>,
    pub interpreter_language: Option<String>,
    pub agreed_goals: Json,
    pub approved_by: Option<PrincipalId>,
    pub approved_at: Option<Timestamp>,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub coming_of_age_arrangements: Option<String>,
}

child!(PlanRow, PlanId, plans, "plan", Plans; of CaseRow, case_id in cases);

impl PlanRow {
    /// Approved, or agreed where no approval is demanded.
    pub fn in_force(&self) -> bool {
        match self.status {
            PlanStatus::Approved => true,
            PlanStatus::Agreed => !self.approval_required,
            PlanStatus::Draft | PlanStatus::Superseded => false,
        }
    }
}

/// The members a field group guards, with the group.
pub const GUARDED: [(&str, FieldGroup); 2] =
    [("summary", FieldGroup::Notes), ("coming_of_age_arrangements", FieldGroup::Notes)];

/// A goal as the person agreed to it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AgreedGoal {
    pub goal_id: GoalId,
    pub life_domain: LifeDomain,
    #[schema(max_length = 200)]
    pub title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 500)]
    pub indicator: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub target_on: Option<NaiveDate>,
}

impl From<Goal> for AgreedGoal {
    fn from(goal: Goal) -> Self {
        let Goal { id, life_domain, title, indicator, target_on, .. } = goal;
        Self { goal_id: id, life_domain, title, indicator, target_on }
    }
}

/// A plan, as far as the caller may see.
#[derive(Debug, Serialize, ToSchema)]
pub struct Plan {
    pub id: PlanId,
    pub case_id: CaseId,
    /// The episode of the case it was drawn up in.
    #[schema(minimum = 1, maximum = 1000)]
    pub episode_no: i64,
    /// 1 for the case's first plan, one more with each.
    #[schema(minimum = 1, maximum = 10000)]
    pub plan_no: i64,
    pub status: PlanStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 4000)]
    pub summary: Option<String>,
    /// What is arranged for the eighteenth birthday of an unaccompanied minor: housing, papers, support beyond it (Italian law
    /// 47/2017, art. 13).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 4000)]
    pub coming_of_age_arrangements: Option<String>,
    pub author_id: PrincipalId,
    /// Whether the organisation demands that somebody else than the author approves it; set when the person agrees.
    pub approval_required: bool,
    /// When the person agreed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub agreed_on: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub agreed_by: Option<AgreedBy>,
    /// The language it was interpreted into (ISO 639-1); absent where none was needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 2, max_length = 2)]
    pub interpreter_language: Option<String>,
    /// The goals as they were when the person agreed; empty before.
    #[schema(max_items = 200)]
    pub agreed_goals: Vec<AgreedGoal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub approved_by: Option<PrincipalId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub approved_at: Option<Timestamp>,
    /// Members your grants hide on this plan, whether or not they have a value.
    #[schema(value_type = Vec<MemberName>, max_items = 20)]
    pub withheld_fields: Vec<&'static str>,
    /// Rises with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Plan {
    /// The plan as this caller may see it.
    pub fn shown(row: PlanRow, rights: &Rights, case: &CaseRow) -> ApiResult<Self> {
        let fields = rights.fields_at(&case.place());
        Ok(Self {
            id: row.id,
            case_id: row.case_id,
            episode_no: row.episode_no,
            plan_no: row.plan_no,
            status: row.status,
            summary: row.summary.filter(|_| fields.reads(FieldGroup::Notes)),
            coming_of_age_arrangements: row.coming_of_age_arrangements.filter(|_| fields.reads(FieldGroup::Notes)),
            author_id: row.author_id,
            approval_required: row.approval_required,
            agreed_on: row.agreed_on,
            agreed_by: row.agreed_by,
            interpreter_language: row.interpreter_language,
            agreed_goals: row.agreed_goals.read().map_err(ApiError::fault)?,
            approved_by: row.approved_by,
            approved_at: row.approved_at,
            withheld_fields: withheld(&GUARDED, fields),
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

page_of! {
    /// A page of plans.
    PlanPage of Plan
}

/// A plan to draw up.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"summary": "First the language, then the recognition of her diploma."}))]
pub struct NewPlan {
    #[validate(length(min = 1, max = 4000))]
    #[schema(nullable = false, min_length = 1, max_length = 4000)]
    pub summary: Option<String>,
    /// What is arranged for the eighteenth birthday. The case of an unaccompanied minor becomes active with a plan that says it.
    #[validate(length(min = 1, max = 4000))]
    #[schema(nullable = false, min_length = 1, max_length = 4000)]
    pub coming_of_age_arrangements: Option<String>,
}

impl Checked for NewPlan {}

/// What of a draft can be edited.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"summary": "First the recognition of her diploma."}))]
pub struct PlanPatch {
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 4000)]
    #[serde(default)]
    pub summary: Patch<String>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 4000)]
    #[serde(default)]
    pub coming_of_age_arrangements: Patch<String>,
}

impl Checked for PlanPatch {
    const MEDIA_TYPE: &'static str = "application/merge-patch+json";
}

paged_query! {
    /// How to list a case's plans.
    PlanQuery {
        /// Plans in this state.
        status: Option<PlanStatus>,
    }
}

/// List a case's plans.
///
/// Oldest first: each version of what was agreed.
#[utoipa::path(
    tag = "Plans",
    params(("case_id" = CaseId, Path, description = "The case."), PlanQuery),
    responses((status = 200, description = "A page.", body = PlanPage))
)]
#[get("/cases/{case_id}/plans")]
pub async fn list_plans(
    door: Door,
    caller: Caller<actions::List, resources::Plans>,
    id: Id<CaseId>,
    query: Parameters<PlanQuery>,
) -> ApiResult<Answer> {
    door.read("list_plans", caller, move |reader| {
        let (page, case) = aggregate::list(
            reader,
            id.0,
            &query,
            |reader, asked: &PlanQuery, case: &CaseRow, after: PlanId, limit| {
                let of_case = plans::table.filter(plans::case_id.eq(case.id)).filter(plans::id.gt(after));
                let mut list = of_case.order(plans::id).limit(limit).into_boxed();
                if let Some(status) = asked.status {
                    list = list.filter(plans::status.eq(status));
                }
                Ok(list.load::<PlanRow>(reader.connection)?)
            },
        )?;
        let rights = reader.rights.clone();
        Answer::ok(&PlanPage::from(page.try_map(|row| Plan::shown(row, &rights, &case))?))
    })
    .await
}

/// Draw up a plan.
///
/// As a draft, one at a time; it will hold the goals that are open when the person agrees.
#[utoipa::path(
    tag = "Plans",
    params(("case_id" = CaseId, Path, description = "The case.")),
    request_body = NewPlan,
    responses((status = 201, description = "The plan.", body = Plan))
)]
#[post("/cases/{case_id}/plans")]
pub async fn create_plan(
    door: Door,
    caller: Caller<actions::Create, resources::Plans>,
    id: Id<CaseId>,
    body: Body<NewPlan>,
) -> ApiResult<Answer> {
    door.write("create_plan", caller, Some(body.fingerprint()), move |unit| {
        let (row, case) = aggregate::create(unit, id.0, &body, draw_up)?;
        let (path, version) = (format!("/plans/{}", row.id), row.version);
        unit.created(&path, version, &Plan::shown(row, &unit.rights, &case)?)
    })
    .await
}

/// Draws up a plan for a locked case; used by the demonstration data as well.
pub fn draw_up(unit: &mut Unit<'_>, id: PlanId, case: &CaseRow, new: NewPlan) -> ApiResult<PlanRow> {
    refuse_unless_open(case)?;
    refuse_second_draft(unit, case)?;
    let of_case = plans::table.filter(plans::case_id.eq(case.id));
    let last: Option<i64> =
        of_case.order(plans::plan_no.desc()).select(plans::plan_no).first(unit.connection).optional()?;
    let row = PlanRow {
        id,
        case_id: case.id,
        episode_no: case.episode_no,
        plan_no: last.map_or(1, |last| last + 1),
        status: PlanStatus::Draft,
        summary: new.summary,
        author_id: unit.rights.principal,
        approval_required: false,
        agreed_on: None,
        agreed_by: None,
        interpreter_language: None,
        agreed_goals: Json::of(Vec::<AgreedGoal>::new()),
        approved_by: None,
        approved_at: None,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
        coming_of_age_arrangements: new.coming_of_age_arrangements,
    };
    let members = ["case_id", "episode_no", "plan_no", "status", "summary", "coming_of_age_arrangements", "author_id"];
    aggregate::add(unit, &row, case, &members)?;
    Ok(row)
}

/// 409 where the case has a draft: two would both claim the goals that are open.
pub fn refuse_second_draft(unit: &mut Unit<'_>, case: &CaseRow) -> ApiResult<()> {
    let of_case = plans::table.filter(plans::case_id.eq(case.id));
    let drafts: i64 = of_case.filter(plans::status.eq(PlanStatus::Draft)).count().get_result(unit.connection)?;
    if drafts == 0 {
        Ok(())
    } else {
        Err(ApiError::unmet(vec![UnmetGuard::new("no_draft_plan", "there is a draft already: edit that one")]))
    }
}

/// Read a plan.
///
/// A plan of a case in your scope.
#[utoipa::path(
    tag = "Plans",
    params(("plan_id" = PlanId, Path, description = "The plan.")),
    responses((status = 200, description = "The plan.", body = Plan))
)]
#[get("/plans/{plan_id}")]
pub async fn read_plan(
    door: Door,
    caller: Caller<actions::Read, resources::Plans>,
    id: Id<PlanId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_plan", caller, move |reader| {
        let (row, case): (PlanRow, _) = visible(reader, Action::Read, id.0)?;
        reader.shows(Resource::Cases, [case.id.0]);
        let shown = Plan::shown(row, &reader.rights, &case)?;
        reader.answer_row(shown.version, &held, &Fields::default(), "", &shown)
    })
    .await
}

/// Edit a plan.
///
/// While it is a draft. Draw up another one to change what was agreed.
#[utoipa::path(
    tag = "Plans",
    params(("plan_id" = PlanId, Path, description = "The plan.")),
    request_body(content = PlanPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The plan as it is now.", body = Plan))
)]
#[patch("/plans/{plan_id}")]
pub async fn edit_plan(
    door: Door,
    caller: Caller<actions::Edit, resources::Plans>,
    id: Id<PlanId>,
    if_match: IfMatch,
    body: Body<PlanPatch>,
) -> ApiResult<Answer> {
    door.write("edit_plan", caller, None, move |unit| {
        let (mut row, case): (PlanRow, _) = locked(unit, Action::Edit, id.0)?;
        let patch = body.read()?;
        if_match.check(row.version)?;
        refuse_unless_open(&case)?;
        if row.status != PlanStatus::Draft {
            let detail = "what was agreed does not change: draw up another plan";
            return Err(ApiError::unmet(vec![UnmetGuard::new("draft", detail)]));
        }
        let mut edit = Edit::default();
        edit.bounded("summary", &patch.summary, 4000);
        let arrangements = patch.coming_of_age_arrangements;
        edit.bounded("coming_of_age_arrangements", &arrangements, 4000);
        edit.optional("summary", &mut row.summary, patch.summary);
        edit.optional("coming_of_age_arrangements", &mut row.coming_of_age_arrangements, arrangements);
        aggregate::save(unit, &mut row, &case, edit.finish()?)?;
        unit.edited(row.version, &Plan::shown(row, &unit.rights, &case)?)
    })
    .await
}
