//! Moves of what is between two bodies, as both sides read them.

use approdo_db::Timestamp;
use approdo_db::schema::child_transitions;
use approdo_db::types::RowId;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::{PrincipalId, SYSTEM};
use crate::aggregate::moves::{self, ChildTransition, ChildTransitionId};
use crate::error::{ApiError, ApiResult};
use crate::http::{Answer, Parameters, Reader};
use crate::page_of;
use crate::paged_query;
use crate::referrals::rules::Side;

/// One move of a transfer, a request for one, or a shared access.
#[derive(Debug, Serialize, ToSchema)]
pub struct OfferTransition {
    pub id: ChildTransitionId,
    /// What moved: `transfer`, `transfer_request` or `shared_access`.
    #[schema(max_length = 40)]
    pub resource: String,
    #[schema(value_type = Uuid)]
    pub resource_id: RowId,
    /// The version the move gave it; the `ETag` of the answer to a move names it.
    #[schema(minimum = 2, maximum = 9007199254740991_i64)]
    pub resource_version: i64,
    #[schema(max_length = 40)]
    pub from: String,
    #[schema(max_length = 40)]
    pub to: String,
    /// Who made it.
    pub side: Side,
    /// Told to the side that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub actor_id: Option<PrincipalId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 2000)]
    pub note: Option<String>,
    pub at: Timestamp,
}

impl OfferTransition {
    /// As these sides read it. `mover` tells whose move it is to a state, where it is not the deployment's own.
    pub fn told(made: ChildTransition, sides: &[Side], mover: fn(&str) -> Side) -> Self {
        let side = if made.actor_id == SYSTEM { Side::System } else { mover(&made.to_status) };
        Self {
            id: made.id,
            resource: made.resource,
            resource_id: made.resource_id,
            resource_version: made.resource_version,
            from: made.from_status,
            to: made.to_status,
            side,
            actor_id: Some(made.actor_id).filter(|_| sides.contains(&side)),
            note: made.note,
            at: made.at,
        }
    }
}

page_of! {
    /// A page of moves of a transfer, a request for one, or a shared access.
    OfferTransitionPage of OfferTransition
}

paged_query! {
    /// How to list the moves of a transfer, a request for one, or a shared access.
    OfferTransitionQuery {}
}

/// Answers a page of the moves of one, oldest first.
pub fn page(
    reader: &mut Reader<'_>,
    id: Uuid,
    query: &Parameters<OfferTransitionQuery>,
    sides: &[Side],
    mover: fn(&str) -> Side,
) -> ApiResult<Answer> {
    let asked = query.read()?;
    let request = reader.page(query, asked.limit, asked.cursor.as_deref());
    let rows: Vec<ChildTransition> = child_transitions::table
        .filter(child_transitions::resource_id.eq(RowId(id)))
        .filter(child_transitions::id.gt(request.after()?.unwrap_or(ChildTransitionId(Uuid::nil()))))
        .order(child_transitions::id)
        .limit(request.limit() + 1)
        .load(reader.connection)?;
    let page = request.page(rows, |row: &ChildTransition| row.id)?;
    let page = page.try_map(|row| Ok::<_, ApiError>(OfferTransition::told(row, sides, mover)))?;
    Answer::ok(&OfferTransitionPage::from(page))
}

/// 409 where there is no such way, 403 where it is another side's.
pub fn require_mover(
    what: &'static str,
    mover: Option<Side>,
    (from, to): (&str, &str),
    sides: &[Side],
) -> ApiResult<()> {
    match mover {
        Some(side) if sides.contains(&side) => Ok(()),
        Some(side) if side != Side::System => Err(ApiError::forbidden(format!("only its {side} moves {what} to {to}"))),
        _ => Err(moves::no_such_move(what, from, to)),
    }
}

/// Where these sides may move what is in a state, of all there are.
pub fn allowed<S: Copy>(from: S, all: &[S], mover: fn(S, S) -> Option<Side>, sides: &[Side]) -> Vec<S> {
    all.iter().copied().filter(|to| mover(from, *to).is_some_and(|side| sides.contains(&side))).collect()
}
