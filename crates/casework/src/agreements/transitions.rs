//! Moves of an agreement. Each an immutable row.

use actix_web::post;
use approdo_db::schema::{agreement_parties, agreements};
use approdo_db::{Json, Prepared};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::{Validate, ValidationErrors};

use crate::access::OrganisationId;
use crate::access::caller::{Caller, actions, resources};
use crate::aggregate::moves::{self, ChildTransition, ChildTransitionId, texts_within};
use crate::agreements::rules::{AgreementStatus, Terms};
use crate::agreements::types::{AgreementId, AgreementRow};
use crate::clock;
use crate::entries;
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::http::{Answer, Body, Checked, Door, Id, IfMatch, reading};
use crate::work::Unit;

/// When a party signed.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    pub organisation_id: OrganisationId,
    /// Not in the future.
    #[serde(deserialize_with = "reading::day")]
    pub signed_on: NaiveDate,
}

/// Where to move an agreement.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "to", rename_all = "snake_case", deny_unknown_fields)]
#[schema(example = json!({"to": "signed", "signatures": [
    {"organisation_id": "01985b2e-0000-7000-8000-000000000001", "signed_on": "2026-01-10"},
    {"organisation_id": "01985b2e-0000-7000-8000-000000000002", "signed_on": "2026-01-12"}
]}))]
pub enum NewAgreementTransition {
    /// From draft, with the signature of every party; from suspended, without any.
    Signed {
        #[serde(default)]
        #[schema(required = false, max_items = 50)]
        signatures: Vec<Signature>,
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    /// From signed: nobody is referred under it for the time being. What was referred goes on.
    Suspended {
        #[schema(min_length = 1, max_length = 2000)]
        note: String,
    },
    /// For good. What was referred goes on.
    Ended {
        #[schema(min_length = 1, max_length = 2000)]
        note: String,
    },
}

impl Validate for NewAgreementTransition {
    fn validate(&self) -> Result<(), ValidationErrors> {
        let note = match self {
            Self::Signed { signatures, .. } if signatures.len() > 50 => {
                let mut errors = ValidationErrors::new();
                errors.add("signatures", validator::ValidationError::new("length"));
                return Err(errors);
            }
            Self::Signed { note, .. } => note.as_deref(),
            Self::Suspended { note } | Self::Ended { note } => Some(note.as_str()),
        };
        texts_within(&[("note", note, 2000)])
    }
}

impl Checked for NewAgreementTransition {}

/// Move an agreement.
///
/// `draft`→`signed`↔`suspended`, and each of them →`ended`. Two agreements that answer the same question (who, to whom, which service,
/// group and territory, at the same time) are 409.
#[utoipa::path(
    tag = "Agreements",
    params(("agreement_id" = AgreementId, Path, description = "The agreement.")),
    request_body = NewAgreementTransition,
    responses((status = 201, description = "The move; `ETag` is the agreement's.", body = ChildTransition))
)]
#[post("/agreements/{agreement_id}/transitions")]
pub async fn create_agreement_transition(
    door: Door,
    caller: Caller<actions::Transition, resources::Agreements>,
    id: Id<AgreementId>,
    if_match: IfMatch,
    body: Body<NewAgreementTransition>,
) -> ApiResult<Answer> {
    door.write("create_agreement_transition", caller, Some(body.fingerprint()), move |unit| {
        let transition = entries::run(unit, id.0, &if_match, &body, make)?;
        let path = format!("/agreements/{}", transition.resource_id);
        unit.created(&path, transition.resource_version, &transition)
    })
    .await
}

/// Moves a locked agreement; used by the demonstration data as well.
pub fn make(
    unit: &mut Unit<'_>,
    mut row: AgreementRow,
    id: ChildTransitionId,
    asked: &NewAgreementTransition,
) -> ApiResult<ChildTransition> {
    let today = clock::date_of(unit.now);
    let (to, note) = match asked {
        NewAgreementTransition::Signed { note, .. } => (AgreementStatus::Signed, note.as_deref()),
        NewAgreementTransition::Suspended { note } => (AgreementStatus::Suspended, Some(note.as_str())),
        NewAgreementTransition::Ended { note } => (AgreementStatus::Ended, Some(note.as_str())),
    };
    let from = row.terms()?.today(today);
    if !from.next().contains(&to) {
        return Err(moves::no_such_move("an agreement", from.as_str(), to.as_str()));
    }
    let mut changed = vec!["status"];
    if let NewAgreementTransition::Signed { signatures, .. } = asked {
        if from == AgreementStatus::Draft {
            sign(&mut row, signatures, today)?;
            changed.push("parties");
        } else if !signatures.is_empty() {
            return Err(ApiError::invalid_member("signatures", "it has been signed already"));
        }
        refuse_overlap(unit, &row.terms()?)?;
    }
    move_to(unit, row, id, to, changed, note)
}

/// Moves an agreement whose move has been decided.
pub fn move_to(
    unit: &mut Unit<'_>,
    mut row: AgreementRow,
    id: ChildTransitionId,
    to: AgreementStatus,
    changed: Vec<&'static str>,
    note: Option<&str>,
) -> ApiResult<ChildTransition> {
    let from = row.status;
    row.status = to;
    entries::save(unit, &mut row, &changed)?;
    entries::keep_move(unit, &row, id, (from.as_str(), to.as_str()), note)
}

/// Notes who signed when; 409 while somebody has not.
fn sign(row: &mut AgreementRow, signatures: &[Signature], today: NaiveDate) -> ApiResult<()> {
    let mut parties = row.parties()?;
    for (index, signature) in signatures.iter().enumerate() {
        let Some(party) = parties.iter_mut().find(|party| party.organisation_id == signature.organisation_id) else {
            return Err(ApiError::invalid_member(&format!("signatures/{index}/organisation_id"), "is no party"));
        };
        if signature.signed_on > today {
            return Err(ApiError::invalid_member(
                &format!("signatures/{index}/signed_on"),
                "must not be in the future",
            ));
        }
        party.signed_on = Some(signature.signed_on);
    }
    if parties.iter().any(|party| party.signed_on.is_none()) {
        return Err(ApiError::unmet(vec![UnmetGuard::new("signatures", "not every party has signed")]));
    }
    row.parties = Json::of(parties);
    Ok(())
}

/// 409 where another agreement that is signed answers the same question. Whoever signs for the same parties waits.
fn refuse_overlap(unit: &mut Unit<'_>, terms: &Terms) -> ApiResult<()> {
    let mut parties: Vec<OrganisationId> = terms.parties.iter().map(|party| party.organisation_id).collect();
    parties.sort_unstable();
    for party in &parties {
        // Who only refers to the organisation need not wait.
        let statement =
            Prepared::<approdo_db::types::Uuid>::new("SELECT id FROM organisations WHERE id = ").bind(*party);
        let lock = if unit.connection.is_sqlite() { "" } else { " FOR NO KEY UPDATE" };
        let _: OrganisationId = statement.sql(lock).get_result(unit.connection)?;
    }
    let shared = agreement_parties::table
        .filter(agreement_parties::organisation_id.eq_any(&parties))
        .select(agreement_parties::agreement_id);
    let others: Vec<AgreementRow> = agreements::table
        .filter(agreements::id.eq_any(shared))
        .filter(agreements::id.ne(terms.id))
        .filter(agreements::status.eq_any([AgreementStatus::Signed, AgreementStatus::Suspended]))
        .load(unit.connection)?;
    for other in others {
        if other.terms()?.overlaps(terms) {
            let detail = "a signed agreement says already who may refer whom to whom here at that time";
            return Err(ApiError::unmet(vec![UnmetGuard::new("overlap", detail)]));
        }
    }
    Ok(())
}
