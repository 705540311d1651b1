//! A request for a transfer: the row, what is shown of it to which side, and what asking says.

use approdo_db::schema::transfer_requests;
use approdo_db::{Timestamp, define_id};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::rights::Confinement;
use crate::access::standing::Asks;
use crate::access::{OrganisationId, PrincipalId, TerritoryId};
use crate::anonymity::ERASED;
use crate::cases::types::CaseId;
use crate::error::ApiResult;
use crate::http::{Checked, reading};
use crate::offers::transitions::allowed;
use crate::offers::two_sided::Sides;
use crate::page_of;
use crate::people::types::PersonId;
use crate::referrals::rules::Side;
use crate::transfer_requests::rules::{TransferRequestStatus, mover};
use crate::transfers::types::TransferId;
use crate::two_sided;

define_id! {
    /// The id of a request for a transfer.
    #[derive(ToSchema)]
    TransferRequestId;
}

/// The row.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize)]
#[diesel(table_name = transfer_requests, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct TransferRequestRow {
    pub id: TransferRequestId,
    pub owner_org_id: OrganisationId,
    pub territory_id: TerritoryId,
    pub target_group: String,
    pub to_org_id: OrganisationId,
    pub public_ref: String,
    /// Whose number it was when it was asked, whichever body had it: for the erasure, the export, and who is asked. Told to nobody.
    pub case_id: Option<CaseId>,
    pub person_id: Option<PersonId>,
    pub reason: String,
    pub status: TransferRequestStatus,
    pub transfer_id: Option<TransferId>,
    /// The first day on which it can be answered no more.
    pub expires_on: NaiveDate,
    pub author_id: PrincipalId,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl TransferRequestRow {
    /// The members its change record names when it is made.
    pub const MEMBERS: [&str; 8] =
        ["owner_org_id", "territory_id", "target_group", "to_org_id", "public_ref", "reason", "status", "expires_on"];

    /// Takes out what was written of the person.
    pub fn strip(&mut self) {
        ERASED.clone_into(&mut self.reason);
        ERASED.clone_into(&mut self.public_ref);
    }
}

two_sided!(
    TransferRequestRow, TransferRequestId, transfer_requests, "transfer_request", TransferRequests;
    TransferRequestStatus: Requested = "requested", Expired;
    known while |status| status != TransferRequestStatus::Withdrawn, "r.status <> 'withdrawn'";
    about |row| row.case_id.zip(row.person_id);
    confined |_| Confinement::Open, false;
    locked |unit, id| unit.lock(Self::by_id(id))
);

/// A request for a transfer.
#[derive(Debug, Serialize, ToSchema)]
pub struct TransferRequest {
    pub id: TransferRequestId,
    /// On which sides of it you stand: the sender asks for the case, the receiver is asked.
    #[schema(min_items = 1, max_items = 2)]
    pub your_sides: Vec<Side>,
    /// The body that asks.
    pub owner_org_id: OrganisationId,
    /// Where the case would go.
    pub territory_id: TerritoryId,
    /// A code of `target_groups`, as who asks knows it.
    #[schema(max_length = 40)]
    pub target_group: String,
    /// The body that is asked.
    pub to_org_id: OrganisationId,
    /// The case's number.
    #[schema(max_length = 20)]
    pub public_ref: String,
    #[schema(max_length = 4000)]
    pub reason: String,
    pub status: TransferRequestStatus,
    /// The transfer that the other body has proposed: what becomes of the case stands there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub transfer_id: Option<TransferId>,
    /// The first day on which it can be answered no more.
    pub expires_on: NaiveDate,
    /// Told to the sender.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub author_id: Option<PrincipalId>,
    /// States it can be moved to by you; guards may still refuse.
    #[schema(max_items = 5)]
    pub allowed_transitions: Vec<TransferRequestStatus>,
    /// Rises with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl TransferRequest {
    /// The request as these sides may see it.
    pub fn shown(row: TransferRequestRow, sides: &Sides) -> ApiResult<Self> {
        let sender = sides.standing.contains(&Side::Sender);
        Ok(Self {
            id: row.id,
            your_sides: sides.standing.clone(),
            owner_org_id: row.owner_org_id,
            territory_id: row.territory_id,
            target_group: row.target_group,
            to_org_id: row.to_org_id,
            public_ref: row.public_ref,
            reason: row.reason,
            allowed_transitions: allowed(row.status, TransferRequestStatus::ALL, mover, &sides.moving),
            status: row.status,
            transfer_id: row.transfer_id,
            expires_on: row.expires_on,
            author_id: Some(row.author_id).filter(|_| sender),
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

page_of! {
    /// A page of requests for transfers.
    TransferRequestPage of TransferRequest
}

/// A case to ask for.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "owner_org_id": "01985b2e-0000-7000-8000-000000000001", "territory_id": "01985b2e-0000-7000-8000-000000000002",
    "target_group": "refugee", "to_org_id": "01985b2e-0000-7000-8000-000000000004", "public_ref": "7K3M9QXAX",
    "reason": "Has lived here since 3 November and has asked for us."
}))]
pub struct NewTransferRequest {
    /// The body that asks: one of yours.
    pub owner_org_id: OrganisationId,
    /// Where the case would go: one of your territories.
    pub territory_id: TerritoryId,
    /// A code of `target_groups`, as far as you know: who takes such cases on both sides reads the request.
    #[validate(length(min = 1, max = 40))]
    #[schema(min_length = 1, max_length = 40)]
    pub target_group: String,
    /// The body that has the case, as the person says.
    pub to_org_id: OrganisationId,
    /// The case's number, which the person brings along. A mistyped one is refused; whether there is such a case is not told.
    #[schema(min_length = 9, max_length = 9, pattern = "^[0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{9}$")]
    pub public_ref: String,
    /// Why it should go. The other body reads it: no more about the person than it needs (GDPR art. 5(1)(c)).
    #[validate(length(min = 1, max = 4000))]
    #[schema(min_length = 1, max_length = 4000)]
    pub reason: String,
    /// The first day on which it can be answered no more: after today, within a year; in 30 days when absent.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "reading::optional_day")]
    pub expires_on: Option<NaiveDate>,
}

impl Checked for NewTransferRequest {}
