//! Moves of the document behind a legal status. Odd ones are told, never refused: authorities decide, not we (domain 5).

use actix_web::post;
use approdo_db::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::PrincipalId;
use crate::access::caller::{Caller, actions, resources};
use crate::aggregate::moves::{self, ChildTransition, ChildTransitionId};
use crate::aggregate::{self};
use crate::error::ApiResult;
use crate::http::{Answer, Body, Checked, Door, Id, IfMatch};
use crate::people::legal_statuses::{LegalStatusId, LegalStatusRow};
use crate::people::timeline::{self, DocumentStatus};
use crate::people::types::{PersonRow, Warning};
use crate::people::watches;
use crate::work::Unit;

/// How the document stands from now on.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"to": "renewal_pending", "note": "Receipt of the appointment at the Questura."}))]
pub struct NewLegalStatusTransition {
    pub to: DocumentStatus,
    #[validate(length(min = 1, max = 2000))]
    #[schema(nullable = false, min_length = 1, max_length = 2000)]
    pub note: Option<String>,
}

impl Checked for NewLegalStatusTransition {}

/// One move of a document.
#[derive(Debug, Serialize, ToSchema)]
pub struct LegalStatusTransition {
    pub id: ChildTransitionId,
    pub legal_status_id: LegalStatusId,
    /// The version the move gave the status; the `ETag` of this answer names it.
    #[schema(minimum = 2, maximum = 9007199254740991_i64)]
    pub legal_status_version: i64,
    #[schema(max_length = 40)]
    pub from: String,
    #[schema(max_length = 40)]
    pub to: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 2000)]
    pub note: Option<String>,
    pub actor_id: PrincipalId,
    pub at: Timestamp,
    /// What is odd about the move; nothing is blocked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, max_items = 20)]
    pub warnings: Vec<Warning>,
}

impl LegalStatusTransition {
    fn told(made: ChildTransition, warnings: Vec<Warning>) -> Self {
        Self {
            id: made.id,
            legal_status_id: LegalStatusId(made.resource_id.0),
            legal_status_version: made.resource_version,
            from: made.from_status,
            to: made.to_status,
            note: made.note,
            actor_id: made.actor_id,
            at: made.at,
            warnings,
        }
    }
}

/// Move a legal status's document.
///
/// To any state but the one it is in. What is odd is told in `warnings`; only what was entered in error stays so (409).
#[utoipa::path(
    tag = "People",
    params(("legal_status_id" = LegalStatusId, Path, description = "The legal status.")),
    request_body = NewLegalStatusTransition,
    responses((status = 201, description = "The move; `ETag` is the legal status's.", body = LegalStatusTransition))
)]
#[post("/legal-statuses/{legal_status_id}/transitions")]
pub async fn create_legal_status_transition(
    door: Door,
    caller: Caller<actions::Transition, resources::LegalStatuses>,
    id: Id<LegalStatusId>,
    if_match: IfMatch,
    body: Body<NewLegalStatusTransition>,
) -> ApiResult<Answer> {
    door.write("create_legal_status_transition", caller, Some(body.fingerprint()), move |unit| {
        let mut warnings = Vec::new();
        let made = moves::run(unit, id.0, &if_match, &body, |unit, row: LegalStatusRow, person, id, asked| {
            let (made, told) = make(unit, row, person, id, asked)?;
            warnings = told;
            Ok(made)
        })?;
        let made = LegalStatusTransition::told(made, warnings);
        let path = format!("/legal-statuses/{}", made.legal_status_id);
        unit.created(&path, made.legal_status_version, &made)
    })
    .await
}

/// Moves the document of a locked person's status.
pub fn make(
    unit: &mut Unit<'_>,
    mut row: LegalStatusRow,
    person: &PersonRow,
    id: ChildTransitionId,
    asked: &NewLegalStatusTransition,
) -> ApiResult<(ChildTransition, Vec<Warning>)> {
    let (from, to) = (row.status, asked.to);
    if from == to || from == DocumentStatus::EnteredInError {
        return Err(moves::no_such_move("a document", from.as_str(), to.as_str()));
    }
    row.status = to;
    aggregate::save(unit, &mut row, person, vec!["status"])?;
    watches::watch_status(unit, person, &row)?;
    let made = moves::keep(unit, &row, id, (from.as_str(), to.as_str()), asked.note.as_deref())?;
    let odd = !timeline::usual_move(from, to);
    let warnings = odd.then(|| Warning {
        code: "odd_move",
        pointer: Some("#/to"),
        detail: format!("a document usually does not become {to} from {from}"),
    });
    Ok((made, warnings.into_iter().collect()))
}
