//! A transfer: the row, what is shown of it to which side, and what proposing one says.

use approdo_db::schema::transfers;
use approdo_db::{Json, Timestamp, define_id};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::{OrganisationId, PrincipalId, TerritoryId};
use crate::cases::types::CaseId;
use crate::consents::types::ConsentId;
use crate::error::ApiResult;
use crate::http::{Checked, reading};
use crate::offer;
use crate::offers::Offer as _;
use crate::offers::transitions::allowed;
use crate::offers::two_sided::Sides;
use crate::page_of;
use crate::people::types::PersonId;
use crate::referrals::package::PackageField;
use crate::referrals::rules::Side;
use crate::transfers::rules::{TransferStatus, mover};

define_id! {
    /// The id of a transfer.
    #[derive(ToSchema)]
    TransferId;
}

/// The row.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize)]
#[diesel(table_name = transfers, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct TransferRow {
    pub id: TransferId,
    pub case_id: CaseId,
    pub person_id: PersonId,
    /// From here to `case_manager_id`: where the case is while it is proposed, where it was when it went.
    pub owner_org_id: OrganisationId,
    pub territory_id: TerritoryId,
    pub target_group: String,
    pub access_level: String,
    pub case_manager_id: Option<PrincipalId>,
    pub to_org_id: OrganisationId,
    pub to_territory_id: TerritoryId,
    pub reason: String,
    pub package_fields: Json,
    pub legal_basis: Option<String>,
    pub consent_id: Option<ConsentId>,
    pub with_household: bool,
    pub status: TransferStatus,
    /// The first day on which it can be accepted no more.
    pub expires_on: NaiveDate,
    pub author_id: PrincipalId,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl TransferRow {
    /// The members its change record names when it is proposed.
    pub const MEMBERS: [&str; 8] = [
        "case_id",
        "to_org_id",
        "to_territory_id",
        "reason",
        "package_fields",
        "with_household",
        "status",
        "expires_on",
    ];
}

offer!(
    TransferRow, TransferId, transfers, "transfer", Transfers, TransferPackages;
    TransferStatus: Proposed = "proposed", Withdrawn, Expired;
    known while |status| status != TransferStatus::Withdrawn, "r.status <> 'withdrawn'"
);

/// A transfer, as far as your side of it may see.
#[derive(Debug, Serialize, ToSchema)]
pub struct Transfer {
    pub id: TransferId,
    /// On which sides of it you stand.
    #[schema(min_items = 1, max_items = 2)]
    pub your_sides: Vec<Side>,
    /// To the receiver once it has accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub case_id: Option<CaseId>,
    /// To the receiver once it has accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub person_id: Option<PersonId>,
    pub from_org_id: OrganisationId,
    pub to_org_id: OrganisationId,
    /// Where the case goes.
    pub to_territory_id: TerritoryId,
    /// A code of `target_groups`.
    #[schema(max_length = 40)]
    pub target_group: String,
    #[schema(max_length = 4000)]
    pub reason: String,
    /// What the receiver may read before it answers.
    #[schema(max_items = 40)]
    pub package_fields: Vec<PackageField>,
    /// A code of `legal_bases`, where it does not rest on a consent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 40)]
    pub legal_basis: Option<String>,
    /// The consent it rests on; told to the sender.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub consent_id: Option<ConsentId>,
    /// Whether the household goes, too, with all who live there.
    pub with_household: bool,
    pub status: TransferStatus,
    /// The first day on which it can be accepted no more.
    pub expires_on: NaiveDate,
    /// Told to the sender.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub author_id: Option<PrincipalId>,
    /// States it can be moved to by you; guards may still refuse.
    #[schema(max_items = 5)]
    pub allowed_transitions: Vec<TransferStatus>,
    /// Rises with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Transfer {
    /// The transfer as these sides may see it.
    pub fn shown(row: TransferRow, sides: &Sides) -> ApiResult<Self> {
        let sender = sides.standing.contains(&Side::Sender);
        let knows_case = sender || row.status == TransferStatus::Accepted;
        let package_fields = row.fields()?;
        Ok(Self {
            id: row.id,
            your_sides: sides.standing.clone(),
            case_id: knows_case.then_some(row.case_id),
            person_id: knows_case.then_some(row.person_id),
            from_org_id: row.owner_org_id,
            to_org_id: row.to_org_id,
            to_territory_id: row.to_territory_id,
            target_group: row.target_group,
            reason: row.reason,
            package_fields,
            legal_basis: row.legal_basis,
            consent_id: row.consent_id.filter(|_| sender),
            with_household: row.with_household,
            allowed_transitions: allowed(row.status, TransferStatus::ALL, mover, &sides.moving),
            status: row.status,
            expires_on: row.expires_on,
            author_id: Some(row.author_id).filter(|_| sender),
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

page_of! {
    /// A page of transfers.
    TransferPage of Transfer
}

/// A transfer to propose.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "case_id": "01985b2e-0000-7000-8000-000000000003", "to_org_id": "01985b2e-0000-7000-8000-000000000001",
    "reason": "The family moves to Trieste on 1 December.", "package_fields": ["given_name", "family_name", "languages"],
    "legal_basis": "public_task"
}))]
pub struct NewTransfer {
    /// An open case.
    pub case_id: CaseId,
    /// The body asked to take it over: another one than has it.
    pub to_org_id: OrganisationId,
    /// Where the person will live; where the case is, when absent.
    #[schema(nullable = false)]
    pub to_territory_id: Option<TerritoryId>,
    /// Why it is to go. The receiver reads it before it answers: nothing about the person here that is not among `package_fields`.
    #[validate(length(min = 1, max = 4000))]
    #[schema(min_length = 1, max_length = 4000)]
    pub reason: String,
    /// What the receiver is to know before it answers, and nothing more (GDPR art. 5(1)(c)).
    #[validate(length(max = 40))]
    #[serde(default)]
    #[schema(required = false, max_items = 40)]
    pub package_fields: Vec<PackageField>,
    /// A code of `legal_bases`, where it does not rest on a consent of the person to be transferred; required where others go along.
    #[validate(length(min = 1, max = 40))]
    #[schema(nullable = false, min_length = 1, max_length = 40)]
    pub legal_basis: Option<String>,
    /// Whether the case's household goes, too, with all who live there; `false` when absent: then the case goes without it.
    #[serde(default)]
    #[schema(required = false)]
    pub with_household: bool,
    /// The first day on which it can be accepted no more: after today, within a year; in 30 days when absent.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "reading::optional_day")]
    pub expires_on: Option<NaiveDate>,
}

impl Checked for NewTransfer {}
