//! Moves of a plan: `draft`→`agreed`→`approved`, `agreed`→`draft` to be changed; each an immutable row. A plan that comes into
//! force supersedes the one before it.

use actix_web::post;
use approdo_db::Json;
use approdo_db::schema::{goals, organisations, plans};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::aggregate::moves::{self, ChildTransition, ChildTransitionId, texts_within};
use crate::aggregate::{self};
use crate::cases::goals::{Goal, GoalStatus};
use crate::cases::handlers::refuse_unless_open;
use crate::cases::plans::{self as case_plans, AgreedBy, AgreedGoal, PlanId, PlanRow, PlanStatus};
use crate::cases::types::CaseRow;
use crate::clock;
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::http::{Answer, Body, Checked, Door, Id, IfMatch, reading};
use crate::work::Unit;

/// Where to move a plan, with what that move needs.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "to", rename_all = "snake_case", deny_unknown_fields)]
#[schema(example = json!({"to": "agreed", "agreed_on": "2026-11-20", "agreed_by": "person", "interpreter_language": "uk"}))]
pub enum NewPlanTransition {
    /// From draft: the person agrees to the goals that are open now.
    Agreed {
        /// From the day the plan was drawn up until today.
        #[serde(deserialize_with = "reading::day")]
        agreed_on: NaiveDate,
        /// `person` when absent.
        #[schema(nullable = false)]
        agreed_by: Option<AgreedBy>,
        /// The language it was interpreted into (ISO 639-1).
        #[schema(nullable = false, min_length = 2, max_length = 2, pattern = "^[a-z]{2}$")]
        interpreter_language: Option<String>,
    },
    /// From agreed, where an approval is required: by somebody else than the author.
    Approved {
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    /// From agreed, not approved yet: to be changed, and agreed on again.
    Draft {
        #[schema(min_length = 1, max_length = 2000)]
        note: String,
    },
}

impl Validate for NewPlanTransition {
    fn validate(&self) -> Result<(), validator::ValidationErrors> {
        match self {
            Self::Agreed { interpreter_language, .. } => {
                let unfit = interpreter_language.as_ref().is_some_and(|language| !is_language(language));
                let mut errors = validator::ValidationErrors::new();
                if unfit {
                    let message = "is not a language of ISO 639-1, in lower case";
                    errors.add(
                        "interpreter_language",
                        validator::ValidationError::new("language").with_message(message.into()),
                    );
                    return Err(errors);
                }
                Ok(())
            }
            Self::Approved { note } => texts_within(&[("note", note.as_deref(), 2000)]),
            Self::Draft { note } => texts_within(&[("note", Some(note), 2000)]),
        }
    }
}

fn is_language(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_lowercase())
}

impl Checked for NewPlanTransition {}

/// Move a plan.
///
/// `draft`→`agreed` when the person agrees, which needs an open goal; `agreed`→`approved` by somebody else than the author, or
/// back to `draft`. A plan in force supersedes the one before it.
#[utoipa::path(
    tag = "Plans",
    params(("plan_id" = PlanId, Path, description = "The plan.")),
    request_body = NewPlanTransition,
    responses((status = 201, description = "The move; `ETag` is the plan's.", body = ChildTransition))
)]
#[post("/plans/{plan_id}/transitions")]
pub async fn create_plan_transition(
    door: Door,
    caller: Caller<actions::Transition, resources::Plans>,
    id: Id<PlanId>,
    if_match: IfMatch,
    body: Body<NewPlanTransition>,
) -> ApiResult<Answer> {
    door.write("create_plan_transition", caller, Some(body.fingerprint()), move |unit| {
        let transition = moves::run(unit, id.0, &if_match, &body, |unit, plan: PlanRow, case, id, asked| {
            refuse_unless_open(case)?;
            make(unit, plan, case, id, asked)
        })?;
        unit.created(&format!("/plans/{}", transition.resource_id), transition.resource_version, &transition)
    })
    .await
}

/// Moves a plan of a locked case; used by the demonstration data as well.
pub fn make(
    unit: &mut Unit<'_>,
    plan: PlanRow,
    case: &CaseRow,
    id: ChildTransitionId,
    asked: &NewPlanTransition,
) -> ApiResult<ChildTransition> {
    match (asked, plan.status) {
        (NewPlanTransition::Agreed { agreed_on, agreed_by, interpreter_language }, PlanStatus::Draft) => {
            let agreed = Agreement {
                on: *agreed_on,
                by: agreed_by.unwrap_or(AgreedBy::Person),
                language: interpreter_language.clone(),
            };
            agree(unit, plan, case, id, agreed)
        }
        (NewPlanTransition::Approved { note }, PlanStatus::Agreed) => approve(unit, plan, case, id, note.as_deref()),
        (NewPlanTransition::Draft { note }, PlanStatus::Agreed) if plan.approval_required => {
            take_back(unit, plan, case, id, note)
        }
        (asked, from) => {
            let to = match asked {
                NewPlanTransition::Agreed { .. } => PlanStatus::Agreed,
                NewPlanTransition::Approved { .. } => PlanStatus::Approved,
                NewPlanTransition::Draft { .. } => PlanStatus::Draft,
            };
            Err(moves::no_such_move("a plan", from.as_str(), to.as_str()))
        }
    }
}

struct Agreement {
    on: NaiveDate,
    by: AgreedBy,
    language: Option<String>,
}

fn agree(
    unit: &mut Unit<'_>,
    mut plan: PlanRow,
    case: &CaseRow,
    id: ChildTransitionId,
    agreement: Agreement,
) -> ApiResult<ChildTransition> {
    if agreement.on > clock::date_of(unit.now) {
        return Err(ApiError::invalid_member("agreed_on", "must not be in the future"));
    }
    if agreement.on < clock::date_of(plan.created_at) {
        return Err(ApiError::invalid_member("agreed_on", "must not be before the plan was drawn up"));
    }
    let open: Vec<Goal> = goals::table
        .filter(goals::case_id.eq(case.id))
        .filter(goals::episode_no.eq(plan.episode_no))
        .filter(goals::status.eq(GoalStatus::Open))
        .order(goals::id)
        .limit(200)
        .load(unit.connection)?;
    if open.is_empty() {
        return Err(ApiError::unmet(vec![UnmetGuard::new("plan_with_goal", "set at least one goal first")]));
    }
    let agreed: Vec<AgreedGoal> = open.into_iter().map(AgreedGoal::from).collect();
    plan.agreed_goals = Json::of(agreed);
    plan.approval_required = organisations::table
        .find(case.owner_org_id)
        .select(organisations::plan_approval_required)
        .first(unit.connection)?;
    (plan.agreed_on, plan.agreed_by) = (Some(agreement.on), Some(agreement.by));
    plan.interpreter_language = agreement.language;
    let changed = ["status", "agreed_on", "agreed_by", "interpreter_language", "agreed_goals", "approval_required"];
    let transition = moved(unit, &mut plan, case, id, PlanStatus::Agreed, &changed, None)?;
    if plan.in_force() {
        supersede(unit, &plan, case)?;
    }
    Ok(transition)
}

fn approve(
    unit: &mut Unit<'_>,
    mut plan: PlanRow,
    case: &CaseRow,
    id: ChildTransitionId,
    note: Option<&str>,
) -> ApiResult<ChildTransition> {
    if !plan.approval_required {
        return Err(ApiError::unmet(vec![UnmetGuard::new("approval_required", "this plan needs no approval")]));
    }
    if plan.author_id == unit.rights.principal {
        let detail = "somebody else than the author must approve the plan";
        return Err(ApiError::unmet(vec![UnmetGuard::new("approver_is_not_author", detail)]));
    }
    (plan.approved_by, plan.approved_at) = (Some(unit.rights.principal), Some(unit.now));
    let changed = ["status", "approved_by", "approved_at"];
    let transition = moved(unit, &mut plan, case, id, PlanStatus::Approved, &changed, note)?;
    supersede(unit, &plan, case)?;
    Ok(transition)
}

fn take_back(
    unit: &mut Unit<'_>,
    mut plan: PlanRow,
    case: &CaseRow,
    id: ChildTransitionId,
    note: &str,
) -> ApiResult<ChildTransition> {
    case_plans::refuse_second_draft(unit, case)?;
    (plan.agreed_on, plan.agreed_by, plan.interpreter_language) = (None, None, None);
    plan.agreed_goals = Json::of(Vec::<AgreedGoal>::new());
    let changed = ["status", "agreed_on", "agreed_by", "interpreter_language", "agreed_goals"];
    moved(unit, &mut plan, case, id, PlanStatus::Draft, &changed, Some(note))
}

fn moved(
    unit: &mut Unit<'_>,
    plan: &mut PlanRow,
    case: &CaseRow,
    id: ChildTransitionId,
    to: PlanStatus,
    changed: &[&'static str],
    note: Option<&str>,
) -> ApiResult<ChildTransition> {
    let from = std::mem::replace(&mut plan.status, to);
    aggregate::save(unit, plan, case, changed.to_vec())?;
    moves::keep(unit, plan, id, (from.as_str(), to.as_str()), note)
}

/// Ends the plans of a locked case that never came into force: what is left undone when a case is closed must not stand in the
/// way of the plan of its next episode.
pub fn end_unfinished(unit: &mut Unit<'_>, case: &CaseRow) -> ApiResult<()> {
    let unfinished: Vec<PlanRow> = plans::table
        .filter(plans::case_id.eq(case.id))
        .filter(plans::status.eq_any([PlanStatus::Draft, PlanStatus::Agreed]))
        .order(plans::plan_no)
        .load(unit.connection)?;
    for mut plan in unfinished.into_iter().filter(|plan| !plan.in_force()) {
        moved(unit, &mut plan, case, ChildTransitionId::new(), PlanStatus::Superseded, &["status"], None)?;
    }
    Ok(())
}

/// The plans before one that came into force are so no more.
fn supersede(unit: &mut Unit<'_>, in_force: &PlanRow, case: &CaseRow) -> ApiResult<()> {
    let earlier: Vec<PlanRow> = plans::table
        .filter(plans::case_id.eq(case.id))
        .filter(plans::plan_no.lt(in_force.plan_no))
        .filter(plans::status.ne(PlanStatus::Superseded))
        .order(plans::plan_no)
        .load(unit.connection)?;
    for mut plan in earlier {
        moved(unit, &mut plan, case, ChildTransitionId::new(), PlanStatus::Superseded, &["status"], None)?;
    }
    Ok(())
}
