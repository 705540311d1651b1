//! Taking shared accesses back: each move is an immutable row that who works with the case reads.

use actix_web::{get, post};
use approdo_db::schema::child_transitions;
use diesel::prelude::*;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::{Validate, ValidationErrors};

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, Resource};
use crate::aggregate::moves::{ChildTransition, ChildTransitionId, texts_within};
use crate::error::ApiResult;
use crate::http::{Answer, Body, Checked, Door, Id, IfMatch, Parameters};
use crate::offers::transitions::{self, OfferTransition, OfferTransitionPage, OfferTransitionQuery, require_mover};
use crate::offers::two_sided::{self, Known, TwoSided as _};
use crate::referrals::rules::Side;
use crate::shared_accesses::types::{SharedAccessId, SharedAccessRow, SharedAccessStatus, mover};

/// Where to move a shared access, with what that move needs.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "to", rename_all = "snake_case", deny_unknown_fields)]
#[schema(example = json!({"to": "revoked", "note": "The goals are reached."}))]
pub enum NewSharedAccessTransition {
    /// The other body reads nothing any more, and knows of it no more.
    Revoked {
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
}

impl NewSharedAccessTransition {
    fn parts(&self) -> (SharedAccessStatus, Option<&str>) {
        match self {
            Self::Revoked { note } => (SharedAccessStatus::Revoked, note.as_deref()),
        }
    }
}

impl Validate for NewSharedAccessTransition {
    fn validate(&self) -> Result<(), ValidationErrors> {
        texts_within(&[("note", self.parts().1, 2000)])
    }
}

impl Checked for NewSharedAccessTransition {}

/// Whose move it is to a state.
fn whose(to: &str) -> Side {
    let mover = SharedAccessStatus::parse(to).and_then(|to| mover(SharedAccessStatus::Active, to));
    mover.unwrap_or(Side::System)
}

/// Take a shared access back.
///
/// From now on the other body reads nothing by it; what it has read stays in the records.
#[utoipa::path(
    tag = "Shared accesses",
    params(("shared_access_id" = SharedAccessId, Path, description = "The shared access.")),
    request_body = NewSharedAccessTransition,
    responses((status = 201, description = "The move; `ETag` is the shared access's.", body = OfferTransition))
)]
#[post("/shared-accesses/{shared_access_id}/transitions")]
pub async fn create_shared_access_transition(
    door: Door,
    caller: Caller<actions::Transition, resources::SharedAccesses>,
    id: Id<SharedAccessId>,
    if_match: IfMatch,
    body: Body<NewSharedAccessTransition>,
) -> ApiResult<Answer> {
    door.write("create_shared_access_transition", caller, Some(body.fingerprint()), move |unit| {
        let mut row = SharedAccessRow::lock(unit, id.0)?;
        two_sided::settle(unit, &mut row)?;
        let sides = two_sided::require(&row, &unit.rights, Action::Transition)?;
        unit.shows(Resource::SharedAccesses, [row.id.0]);
        let asked = body.read()?;
        let (to, note) = asked.parts();
        let transition_id = ChildTransitionId::new();
        let made: ChildTransition = match unit.replay(transition_id.0)? {
            Some(earlier) => child_transitions::table.find(ChildTransitionId(earlier)).first(unit.connection)?,
            None => {
                if_match.check(row.version)?;
                let way = (row.status.as_str(), to.as_str());
                require_mover("a shared access", mover(row.status, to), way, &sides)?;
                let (was, from) = (Known::of(&row), row.status);
                row.status = to;
                two_sided::moved(unit, &mut row, &was, transition_id, from.as_str(), &[], note)?
            }
        };
        let made = OfferTransition::told(made, &sides, whose);
        unit.created(&format!("/shared-accesses/{}", made.resource_id), made.resource_version, &made)
    })
    .await
}

/// List the moves of a shared access.
///
/// Oldest first; moves are never changed.
#[utoipa::path(
    tag = "Shared accesses",
    params(("shared_access_id" = SharedAccessId, Path, description = "The shared access."), OfferTransitionQuery),
    responses((status = 200, description = "A page.", body = OfferTransitionPage))
)]
#[get("/shared-accesses/{shared_access_id}/transitions")]
pub async fn list_shared_access_transitions(
    door: Door,
    caller: Caller<actions::Read, resources::SharedAccesses>,
    id: Id<SharedAccessId>,
    query: Parameters<OfferTransitionQuery>,
) -> ApiResult<Answer> {
    door.read("list_shared_access_transitions", caller, move |reader| {
        let row: SharedAccessRow = two_sided::find(reader, id.0)?;
        let sides = two_sided::require(&row, &reader.rights, Action::Read)?;
        reader.shows(Resource::SharedAccesses, [row.id.0]);
        transitions::page(reader, row.id.0, &query, &sides, whose)
    })
    .await
}
