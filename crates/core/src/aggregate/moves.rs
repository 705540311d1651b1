//! Moves of children that have a machine of their own: each an immutable row.

use approdo_db::schema::child_transitions;
use approdo_db::types::RowId;
use approdo_db::{Timestamp, define_id};
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;
use validator::{ValidationError, ValidationErrors};

use crate::access::{Action, PrincipalId};
use crate::aggregate::{Child, locked};
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::http::{Body, Checked, IfMatch};
use crate::work::Unit;

define_id! {
    /// The id of a move.
    #[derive(ToSchema)]
    ChildTransitionId;
}

/// One move of an agreement, an appointment, an assessment, a consent, a goal, a pathway or its template, a plan, a legal status, a
/// referral, a reminder, a transfer, a shared access, a person, an evaluation round, a
/// contribution to one, or an activity.
#[derive(Debug, Clone, Queryable, Insertable, Serialize, ToSchema)]
#[diesel(table_name = child_transitions, treat_none_as_default_value = false)]
pub struct ChildTransition {
    pub id: ChildTransitionId,
    /// What moved: `agreement`, `referral`, `appointment`, `assessment`, `consent`, `goal`, `pathway`, `pathway_template`, `plan`, `legal_status`, `reminder`,
    /// `person`, `transfer`, `shared_access`, `evaluation_round`, `evaluation_contribution`, `activity`.
    #[schema(max_length = 40)]
    pub resource: String,
    #[schema(value_type = uuid::Uuid)]
    pub resource_id: RowId,
    /// The version the move gave it; the `ETag` of this answer names it.
    #[schema(minimum = 2, maximum = 9007199254740991_i64)]
    pub resource_version: i64,
    #[serde(rename = "from")]
    #[schema(max_length = 40)]
    pub from_status: String,
    #[serde(rename = "to")]
    #[schema(max_length = 40)]
    pub to_status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 2000)]
    pub note: Option<String>,
    pub actor_id: PrincipalId,
    pub at: Timestamp,
}

/// Moves a row, once for each `Idempotency-Key`.
pub fn run<C: Child, B: Checked>(
    unit: &mut Unit<'_>,
    id: C::Id,
    if_match: &IfMatch,
    body: &Body<B>,
    make: impl FnOnce(&mut Unit<'_>, C, &C::Root, ChildTransitionId, &B) -> ApiResult<ChildTransition>,
) -> ApiResult<ChildTransition> {
    let found = locked::<C>(unit, Action::Transition, id)?;
    run_on(unit, found, if_match, body, make)
}

/// The same on a row that is locked with its root.
pub fn run_on<C: Child, B: Checked>(
    unit: &mut Unit<'_>,
    (row, root): (C, C::Root),
    if_match: &IfMatch,
    body: &Body<B>,
    make: impl FnOnce(&mut Unit<'_>, C, &C::Root, ChildTransitionId, &B) -> ApiResult<ChildTransition>,
) -> ApiResult<ChildTransition> {
    let asked = body.read()?;
    let id = ChildTransitionId::new();
    if let Some(earlier) = unit.replay(id.0)? {
        return Ok(child_transitions::table.find(ChildTransitionId(earlier)).first(unit.connection)?);
    }
    if_match.check(row.identity().1)?;
    make(unit, row, &root, id, &asked)
}

/// Keeps the move of a row that has been saved.
pub fn keep<C: Child>(
    unit: &mut Unit<'_>,
    row: &C,
    id: ChildTransitionId,
    (from, to): (&str, &str),
    note: Option<&str>,
) -> ApiResult<ChildTransition> {
    keep_of(unit, C::KIND, row.identity(), id, (from, to), note)
}

/// The same of a root, by its name in the feed, its id and its version.
pub fn keep_of(
    unit: &mut Unit<'_>,
    kind: &'static str,
    (resource_id, resource_version): (uuid::Uuid, i64),
    id: ChildTransitionId,
    (from, to): (&str, &str),
    note: Option<&str>,
) -> ApiResult<ChildTransition> {
    let transition = ChildTransition {
        id,
        resource: kind.to_owned(),
        resource_id: RowId(resource_id),
        resource_version,
        from_status: from.to_owned(),
        to_status: to.to_owned(),
        note: note.map(str::to_owned),
        actor_id: unit.rights.principal,
        at: unit.now,
    };
    diesel::insert_into(child_transitions::table).values(&transition).execute(unit.connection)?;
    Ok(transition)
}

/// Takes the moves of a row away.
pub fn forget(unit: &mut Unit<'_>, resource: uuid::Uuid) -> ApiResult<()> {
    let of_row = child_transitions::table.filter(child_transitions::resource_id.eq(RowId(resource)));
    diesel::delete(of_row).execute(unit.connection)?;
    Ok(())
}

/// Takes the remarks from the moves of a row.
pub fn strip(unit: &mut Unit<'_>, resource: uuid::Uuid) -> ApiResult<()> {
    let of_row = child_transitions::table.filter(child_transitions::resource_id.eq(RowId(resource)));
    diesel::update(of_row).set(child_transitions::note.eq(None::<String>)).execute(unit.connection)?;
    Ok(())
}

/// 409 for a move that the machine does not have.
pub fn no_such_move(what: &str, from: &str, to: &str) -> ApiError {
    ApiError::unmet(vec![UnmetGuard {
        guard: "allowed_transition".into(),
        detail: format!("{what} cannot become {to} from {from}").into(),
    }])
}

/// Holds the texts of a tagged body, which validator cannot look into, to their bounds: from 1 to so many characters.
pub fn texts_within(texts: &[(&'static str, Option<&str>, usize)]) -> Result<(), ValidationErrors> {
    let mut errors = ValidationErrors::new();
    for (name, text, max) in texts {
        if text.is_some_and(|text| !(1..=*max).contains(&text.chars().count())) {
            let message = format!("must have 1 to {max} characters");
            errors.add(name, ValidationError::new("length").with_message(message.into()));
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}
