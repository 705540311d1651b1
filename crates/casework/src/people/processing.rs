//! Whether a person's data may be worked with: restricted (GDPR art. 18), it is kept and read but not changed; erased (art. 17),
//! what law keeps is left without the person.

use actix_web::post;
use approdo_db::schema::child_transitions;
use approdo_db::text_enum;
use diesel::prelude::*;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::{Validate, ValidationErrors};

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, Resource};
use crate::aggregate::moves::{self, ChildTransition, ChildTransitionId, texts_within};
use crate::cases::handlers::change as change_of_case;
use crate::cases::queries as cases;
use crate::error::{ApiError, ApiResult, Kind, UnmetGuard};
use crate::http::{Answer, Body, Checked, Door, Id, IfMatch};
use crate::people::erasure;
use crate::people::handlers::record;
use crate::people::queries;
use crate::people::types::{PersonId, PersonRow};
use crate::work::{Operation, Unit};

text_enum! {
    /// Whether a person's data may be worked with.
    #[derive(ToSchema)]
    Processing {
        Normal = "normal",
        /// Kept and read, not changed (GDPR art. 18).
        Restricted = "restricted",
        /// Nothing is left that tells who it was (GDPR art. 17).
        Erased = "erased",
    }
}

impl Processing {
    /// 423 where processing is restricted, 409 where nobody is left.
    pub fn require_workable(self) -> ApiResult<()> {
        match self {
            Self::Normal => Ok(()),
            Self::Restricted => {
                Err(ApiError::new(Kind::Restricted, "the processing of this person's data is restricted"))
            }
            Self::Erased => {
                Err(ApiError::unmet(vec![UnmetGuard::new("not_erased", "the person's data has been erased")]))
            }
        }
    }
}

/// What becomes of a person's data.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "to", rename_all = "snake_case", deny_unknown_fields)]
#[schema(example = json!({"to": "restricted", "note": "The person contests what is recorded; it is being checked."}))]
pub enum NewPersonTransition {
    /// From normal: the data is kept, and changes are answered with 423.
    Restricted {
        /// Why (GDPR art. 18, 1).
        #[schema(min_length = 1, max_length = 2000)]
        note: String,
    },
    /// From restricted. The person is told before (GDPR art. 18, 3).
    Normal {
        #[schema(min_length = 1, max_length = 2000)]
        note: String,
    },
    /// For good. No case of the person may be open; only who may delete people can do it.
    Erased {
        /// Why (GDPR art. 17, 1). It is kept: no name and no fact about the person belongs in it.
        #[schema(min_length = 1, max_length = 2000)]
        note: String,
    },
}

impl NewPersonTransition {
    fn parts(&self) -> (Processing, &str) {
        match self {
            Self::Restricted { note } => (Processing::Restricted, note),
            Self::Normal { note } => (Processing::Normal, note),
            Self::Erased { note } => (Processing::Erased, note),
        }
    }
}

impl Validate for NewPersonTransition {
    fn validate(&self) -> Result<(), ValidationErrors> {
        texts_within(&[("note", Some(self.parts().1), 2000)])
    }
}

impl Checked for NewPersonTransition {}

/// Restrict the processing of a person's data, lift it, or erase the person.
///
/// An erasure leaves the cases, with their dates, states, ratings and outcomes, without any text, and of the person the municipality
/// and an age band; whoever follows the feed is told to delete the rest.
#[utoipa::path(
    tag = "People",
    params(("person_id" = PersonId, Path, description = "The person.")),
    request_body = NewPersonTransition,
    responses((status = 201, description = "The move; `ETag` is the person's.", body = ChildTransition))
)]
#[post("/people/{person_id}/transitions")]
pub async fn create_person_transition(
    door: Door,
    caller: Caller<actions::Transition, resources::People>,
    id: Id<PersonId>,
    if_match: IfMatch,
    body: Body<NewPersonTransition>,
) -> ApiResult<Answer> {
    door.write("create_person_transition", caller, Some(body.fingerprint()), move |unit| {
        erasure::lock_households(unit, id.0)?;
        let person = queries::lock_even_erased(unit, id.0)?;
        unit.rights.require_on(Action::Transition, Resource::People, &person)?;
        let asked = body.read()?;
        let (to, note) = asked.parts();
        if to == Processing::Erased {
            unit.rights.require_on(Action::Delete, Resource::People, &person)?;
        }
        let move_id = ChildTransitionId::new();
        let made: ChildTransition = match unit.replay(move_id.0)? {
            Some(earlier) => child_transitions::table.find(ChildTransitionId(earlier)).first(unit.connection)?,
            None if person.processing == Processing::Erased => return Err(ApiError::not_found()),
            None => {
                if_match.check(person.version)?;
                make(unit, person, move_id, to, note)?
            }
        };
        unit.created(&format!("/people/{}", made.resource_id), made.resource_version, &made)
    })
    .await
}

/// Moves a locked person.
pub fn make(
    unit: &mut Unit<'_>,
    mut person: PersonRow,
    id: ChildTransitionId,
    to: Processing,
    note: &str,
) -> ApiResult<ChildTransition> {
    let from = person.processing;
    match (from, to) {
        (Processing::Normal, Processing::Restricted) | (Processing::Restricted, Processing::Normal) => {
            set(unit, &mut person, to)?;
        }
        (Processing::Normal | Processing::Restricted, Processing::Erased) => erasure::erase(unit, &mut person)?,
        _ => return Err(moves::no_such_move("processing", from.as_str(), to.as_str())),
    }
    let identity = (person.id.0, person.version);
    moves::keep_of(unit, "person", identity, id, (from.as_str(), to.as_str()), Some(note))
}

// A case tells by itself whether it may be worked on: whoever writes on it locks the case, not the person.
fn set(unit: &mut Unit<'_>, person: &mut PersonRow, to: Processing) -> ApiResult<()> {
    person.processing = to;
    person.version += 1;
    person.updated_at = unit.now;
    Unit::updated_one(queries::update(unit.connection, person)?)?;
    record(unit, person, None, Operation::Updated, vec!["processing"])?;
    for mut case in cases::lock_all_of(unit, person.id)? {
        case.processing = to;
        case.version += 1;
        case.updated_at = unit.now;
        let change = change_of_case(&case, None, Operation::Updated, vec!["processing"])?;
        unit.update(cases::update(&case), change)?;
    }
    Ok(())
}
