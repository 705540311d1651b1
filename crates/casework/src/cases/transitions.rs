//! Moves of a case: each an immutable row.

use actix_web::{get, post};
use approdo_db::Timestamp;
use approdo_db::schema::{case_transitions, people};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::{Validate, ValidationErrors};

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, PrincipalId, Resource};
use crate::aggregate::Root as _;
use crate::aggregate::moves::texts_within;
use crate::cases::handlers::{change, facts};
use crate::cases::rules::{self, CaseStatus, Intent, Move};
use crate::cases::types::{CaseId, CaseRow, TransitionId};
use crate::cases::{appointment_transitions, goal_transitions, news, plan_transitions, queries, task_transitions};
use crate::clock;
use crate::codes;
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::http::path::Ids;
use crate::http::{Answer, Body, Checked, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters, Reader, reading};
use crate::offers;
use crate::page_of;
use crate::paged_query;
use crate::people::queries as person_queries;
use crate::referrals::closing;
use crate::work::{Operation, Unit};

/// One move of a case.
#[derive(Debug, Clone, Queryable, Insertable, Serialize, ToSchema)]
#[diesel(table_name = case_transitions, treat_none_as_default_value = false)]
pub struct CaseTransition {
    pub id: TransitionId,
    pub case_id: CaseId,
    /// The version the move gave the case; the `ETag` of this answer names it.
    #[schema(minimum = 2, maximum = 9007199254740991_i64)]
    pub case_version: i64,
    #[serde(rename = "from")]
    pub from_status: CaseStatus,
    #[serde(rename = "to")]
    pub to_status: CaseStatus,
    /// A code of the list that belongs to the move.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 40)]
    pub reason_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 2000)]
    pub note: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub review_at: Option<NaiveDate>,
    pub actor_id: PrincipalId,
    pub at: Timestamp,
}

page_of! {
    /// A page of a case's moves.
    CaseTransitionPage of CaseTransition
}

/// Where to move a case, with what that move needs.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "to", rename_all = "snake_case", deny_unknown_fields)]
#[schema(example = json!({"to": "on_hold", "review_at": "2027-01-15", "note": "Waits for the residence permit."}))]
pub enum NewCaseTransition {
    /// From intake, back from on hold, or reopening a closed case (then `reason_code` of `case_reopening_reasons` is required).
    Assessment {
        #[schema(nullable = false, min_length = 1, max_length = 40)]
        reason_code: Option<String>,
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    /// From intake.
    Declined {
        /// A code of `case_decline_reasons`.
        #[schema(min_length = 1, max_length = 40)]
        reason_code: String,
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    /// From assessment, or back from on hold.
    Planning {
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    /// From planning, from evaluation, or back from on hold.
    Active {
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    /// From active.
    Evaluation {
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    /// From assessment, planning or active.
    OnHold {
        /// When the case will be looked at again: after today.
        #[serde(deserialize_with = "reading::day")]
        review_at: NaiveDate,
        /// A code of `case_hold_reasons`.
        #[schema(nullable = false, min_length = 1, max_length = 40)]
        reason_code: Option<String>,
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    /// From evaluation; from any open state with an early reason, which cancels the open tasks.
    Closed {
        /// A code of `case_closing_reasons`.
        #[schema(min_length = 1, max_length = 40)]
        reason_code: String,
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
}

impl Validate for NewCaseTransition {
    fn validate(&self) -> Result<(), ValidationErrors> {
        let (_, reason, note, _) = self.parts();
        texts_within(&[("reason_code", reason, 40), ("note", note, 2000)])
    }
}

impl Checked for NewCaseTransition {}

impl NewCaseTransition {
    fn parts(&self) -> (CaseStatus, Option<&str>, Option<&str>, Option<NaiveDate>) {
        match self {
            Self::Assessment { reason_code, note } => {
                (CaseStatus::Assessment, reason_code.as_deref(), note.as_deref(), None)
            }
            Self::Declined { reason_code, note } => (CaseStatus::Declined, Some(reason_code), note.as_deref(), None),
            Self::Planning { note } => (CaseStatus::Planning, None, note.as_deref(), None),
            Self::Active { note } => (CaseStatus::Active, None, note.as_deref(), None),
            Self::Evaluation { note } => (CaseStatus::Evaluation, None, note.as_deref(), None),
            Self::OnHold { review_at, reason_code, note } => {
                (CaseStatus::OnHold, reason_code.as_deref(), note.as_deref(), Some(*review_at))
            }
            Self::Closed { reason_code, note } => (CaseStatus::Closed, Some(reason_code), note.as_deref(), None),
        }
    }

    fn intent(&self) -> Intent {
        let (to, reason, _, review_at) = self.parts();
        Intent { to, reason: reason.map(str::to_owned), review_at }
    }
}

paged_query! {
    /// How to list a case's moves.
    TransitionQuery {}
}

/// Move a case.
///
/// The body names the new state in `to` and brings what that move needs. A refused move is 409 with every guard that is not
/// met. An early closing cancels the open tasks in the same transaction.
#[utoipa::path(
    tag = "Cases",
    params(("case_id" = CaseId, Path, description = "The case.")),
    request_body = NewCaseTransition,
    responses((status = 201, description = "The move; `ETag` is the case's.", body = CaseTransition))
)]
#[post("/cases/{case_id}/transitions")]
pub async fn create_case_transition(
    door: Door,
    caller: Caller<actions::Transition, resources::Cases>,
    id: Id<CaseId>,
    if_match: IfMatch,
    body: Body<NewCaseTransition>,
) -> ApiResult<Answer> {
    door.write("create_case_transition", caller, Some(body.fingerprint()), move |unit| {
        let (row, with_person) = locked(unit, id.0)?;
        unit.rights.require_on(Action::Transition, Resource::Cases, &row)?;
        row.require_workable()?;
        let asked = body.read()?;
        let transition_id = TransitionId::new();
        let transition = match unit.replay(transition_id.0)? {
            Some(earlier) => case_transitions::table.find(TransitionId(earlier)).first(unit.connection)?,
            None => {
                if_match.check(row.version)?;
                if !with_person && !row.status.is_open() {
                    return Err(ApiError::conflict("the case has ended meanwhile: read it again").retry_after(1));
                }
                make(unit, row, transition_id, &asked)?
            }
        };
        let path = format!("/cases/{}/transitions/{}", transition.case_id, transition.id);
        unit.created(&path, transition.case_version, &transition)
    })
    .await
}

/// A case under its lock. One that has ended has its person locked before it, and so it is told: who reopens it relies on where the
/// person is.
fn locked(unit: &mut Unit<'_>, id: CaseId) -> ApiResult<(CaseRow, bool)> {
    let seen = queries::find(unit, id)?;
    let ended = !seen.status.is_open();
    if ended {
        person_queries::lock_even_erased(unit, seen.person_id)?;
    }
    Ok((queries::lock(unit, id)?, ended))
}

/// Moves a locked case; used by the demonstration data as well.
pub fn make(
    unit: &mut Unit<'_>,
    mut row: CaseRow,
    id: TransitionId,
    asked: &NewCaseTransition,
) -> ApiResult<CaseTransition> {
    let intent = asked.intent();
    check_reason(unit, &row, &intent)?;
    let today = clock::date_of(unit.now);
    if intent.review_at.is_some_and(|date| date <= today) {
        return Err(ApiError::invalid_member("review_at", "must be after today"));
    }
    let before = row.place();
    let (from, made) =
        (row.status, rules::decide(row.state(), &intent, &facts(unit.connection, unit.app, &row, today)?));
    let (next, made) = made.map_err(ApiError::unmet)?;
    if made == Move::Reopen {
        require_person_here(unit, &row)?;
    }
    // After evaluation the guards have left nothing open.
    if !next.status.is_open() && made != Move::Close {
        task_transitions::cancel_open(unit, &row, "the case has ended")?;
        goal_transitions::drop_open(unit, &row, "the case has ended")?;
        closing::end_live(unit, &row, "the case has ended")?;
    }
    if !next.status.is_open() {
        offers::ending::of_case(unit, &row, "the case has ended")?;
    }
    let mut changed = vec!["status"];
    row.status = next.status;
    for (name, differs) in [
        ("held_status", row.held_status != next.held),
        ("episode_no", row.episode_no != next.episode),
        ("review_at", row.review_at != intent.review_at),
    ] {
        if differs {
            changed.push(name);
        }
    }
    (row.held_status, row.episode_no, row.review_at) = (next.held, next.episode, intent.review_at);
    if !next.status.is_open() {
        plan_transitions::end_unfinished(unit, &row)?;
        appointment_transitions::cancel_planned(unit, &row, "the case has ended")?;
        (row.closed_on, row.closing_reason) = (Some(today), intent.reason.clone());
        changed.extend(["closed_on", "closing_reason"]);
    } else if made == Move::Reopen {
        (row.closed_on, row.closing_reason) = (None, None);
        changed.extend(["closed_on", "closing_reason"]);
    }
    row.version += 1;
    row.updated_at = unit.now;
    let (_, _, note, _) = asked.parts();
    let transition = CaseTransition {
        id,
        case_id: row.id,
        case_version: row.version,
        from_status: from,
        to_status: row.status,
        reason_code: intent.reason,
        note: note.map(str::to_owned),
        review_at: intent.review_at,
        actor_id: unit.rights.principal,
        at: unit.now,
    };
    diesel::insert_into(case_transitions::table).values(&transition).execute(unit.connection)?;
    unit.update(queries::update(&row), change(&row, Some(before), Operation::Updated, changed)?)?;
    news::of_case(unit, &row)?;
    Ok(transition)
}

/// 409 where the person has gone to another organisation since: it works on them now.
fn require_person_here(unit: &mut Unit<'_>, row: &CaseRow) -> ApiResult<()> {
    let with = people::table.find(row.person_id).select(people::owner_org_id).first(unit.connection)?;
    if row.owner_org_id == with {
        return Ok(());
    }
    let detail = "the person is with another organisation now: a case of theirs can come back by a transfer";
    Err(ApiError::unmet(vec![UnmetGuard::new("person_here", detail)]))
}

fn check_reason(unit: &Unit<'_>, row: &CaseRow, intent: &Intent) -> ApiResult<()> {
    let list = match (row.status, intent.to) {
        (_, CaseStatus::Declined) => "case_decline_reasons",
        (_, CaseStatus::Closed) => "case_closing_reasons",
        (_, CaseStatus::OnHold) => "case_hold_reasons",
        (CaseStatus::Closed, _) => "case_reopening_reasons",
        // Where there is no such move at all, that is what to say: who comes second to reopen a case gave a reason, too.
        _ if intent.reason.is_some() && rules::recognise(row.state(), intent).is_some() => {
            return Err(ApiError::invalid_member("reason_code", "this move takes no reason"));
        }
        _ => return Ok(()),
    };
    codes::check_optional(unit.app, list, "reason_code", intent.reason.as_deref())
}

fn visible(reader: &mut Reader<'_>, id: CaseId) -> ApiResult<CaseRow> {
    let row = queries::find(reader, id)?;
    reader.rights.require_on(Action::Read, Resource::Cases, &row)?;
    Ok(row)
}

/// List a case's moves.
///
/// Oldest first: the way of the case from intake to where it stands. Moves are never changed.
#[utoipa::path(
    tag = "Cases",
    params(("case_id" = CaseId, Path, description = "The case."), TransitionQuery),
    responses((status = 200, description = "A page.", body = CaseTransitionPage))
)]
#[get("/cases/{case_id}/transitions")]
pub async fn list_case_transitions(
    door: Door,
    caller: Caller<actions::Read, resources::Cases>,
    id: Id<CaseId>,
    query: Parameters<TransitionQuery>,
) -> ApiResult<Answer> {
    door.read("list_case_transitions", caller, move |reader| {
        let case = visible(reader, id.0)?;
        let parameters = query.read()?;
        let request = reader.page(&query, parameters.limit, parameters.cursor.as_deref());
        let rows: Vec<CaseTransition> = case_transitions::table
            .filter(case_transitions::case_id.eq(case.id))
            .filter(case_transitions::id.gt(request.after()?.unwrap_or(TransitionId(uuid::Uuid::nil()))))
            .order(case_transitions::id)
            .limit(request.limit() + 1)
            .load(reader.connection)?;
        reader.shows(Resource::Cases, [case.id.0]);
        Answer::ok(&CaseTransitionPage::from(request.page(rows, |row: &CaseTransition| row.id)?))
    })
    .await
}

/// Read a move of a case.
///
/// Moves are never changed.
#[utoipa::path(
    tag = "Cases",
    params(
        ("case_id" = CaseId, Path, description = "The case."),
        ("transition_id" = TransitionId, Path, description = "The move."),
    ),
    responses((status = 200, description = "The move.", body = CaseTransition))
)]
#[get("/cases/{case_id}/transitions/{transition_id}")]
pub async fn read_case_transition(
    door: Door,
    caller: Caller<actions::Read, resources::Cases>,
    ids: Ids<CaseId, TransitionId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_case_transition", caller, move |reader| {
        let case = visible(reader, ids.0)?;
        let row: CaseTransition = case_transitions::table
            .filter(case_transitions::case_id.eq(case.id))
            .filter(case_transitions::id.eq(ids.1))
            .first(reader.connection)?;
        reader.shows(Resource::Cases, [case.id.0]);
        reader.answer_row(1, &held, &Fields::default(), "", &row)
    })
    .await
}
