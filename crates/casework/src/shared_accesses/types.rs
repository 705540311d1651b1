//! A shared access: the row, what is shown of it to which side, and what giving one says.

use approdo_db::schema::shared_accesses;
use approdo_db::{Json, Timestamp, define_id, text_enum};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::{OrganisationId, PrincipalId, TerritoryId};
use crate::cases::types::CaseId;
use crate::consents::types::ConsentId;
use crate::error::{ApiResult, UnmetGuard};
use crate::http::{Checked, reading};
use crate::offer;
use crate::offers::transitions::allowed;
use crate::offers::two_sided::Sides;
use crate::offers::{Grounded, Offer as _, ground};
use crate::page_of;
use crate::people::types::PersonId;
use crate::referrals::package::{self, PackageContent, PackageField};
use crate::referrals::rules::Side;
use crate::work::Unit;

define_id! {
    /// The id of a shared access.
    #[derive(ToSchema)]
    SharedAccessId;
}

text_enum! {
    /// How a shared access stands.
    #[derive(ToSchema)]
    SharedAccessStatus {
        /// The other body may look.
        Active = "active",
        /// Taken back, or the case ended or went to another body, or the consent it rested on was withdrawn.
        Revoked = "revoked",
        /// Its time is over.
        Expired = "expired",
    }
}

/// Who may move a shared access from one state to another; nobody where there is no such way.
pub fn mover(from: SharedAccessStatus, to: SharedAccessStatus) -> Option<Side> {
    use SharedAccessStatus::{Active, Expired, Revoked};
    match (from, to) {
        (Active, Revoked) => Some(Side::Sender),
        (Active, Expired) => Some(Side::System),
        _ => None,
    }
}

/// The row.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize)]
#[diesel(table_name = shared_accesses, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct SharedAccessRow {
    pub id: SharedAccessId,
    pub case_id: CaseId,
    pub person_id: PersonId,
    /// From here to `case_manager_id`: where the case is.
    pub owner_org_id: OrganisationId,
    pub territory_id: TerritoryId,
    pub target_group: String,
    pub access_level: String,
    pub case_manager_id: Option<PrincipalId>,
    pub to_org_id: OrganisationId,
    pub reason: String,
    pub package_fields: Json,
    pub legal_basis: Option<String>,
    pub consent_id: Option<ConsentId>,
    pub status: SharedAccessStatus,
    /// The first day on which nothing can be read any more.
    pub expires_on: NaiveDate,
    pub author_id: PrincipalId,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl SharedAccessRow {
    /// The members its change record names when it is given.
    pub const MEMBERS: [&str; 6] = ["case_id", "to_org_id", "reason", "package_fields", "status", "expires_on"];
}

// Over, it is none of who could look any more.
offer!(
    SharedAccessRow, SharedAccessId, shared_accesses, "shared_access", SharedAccesses, SharedAccessPackages;
    SharedAccessStatus: Active = "active", Revoked, Expired;
    known while |status| status == SharedAccessStatus::Active, "r.status = 'active'"
);

/// The purpose that people consent to others looking for: a code of `consent_purposes`.
const PURPOSE: &str = "shared_access";

impl Grounded for SharedAccessRow {
    fn basis(&self, unit: &mut Unit<'_>) -> ApiResult<Result<Option<ConsentId>, Vec<UnmetGuard>>> {
        let read = (PURPOSE, package::categories(&self.fields()?));
        ground::basis(unit, read, self.person_id, self.to_org_id, self.legal_basis.as_deref())
    }
}

/// A shared access, as far as your side of it may see.
#[derive(Debug, Serialize, ToSchema)]
pub struct SharedAccess {
    pub id: SharedAccessId,
    /// On which sides of it you stand.
    #[schema(min_items = 1, max_items = 2)]
    pub your_sides: Vec<Side>,
    /// Told to the sender.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub case_id: Option<CaseId>,
    /// Told to the sender.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub person_id: Option<PersonId>,
    pub from_org_id: OrganisationId,
    pub to_org_id: OrganisationId,
    /// A code of `target_groups`.
    #[schema(max_length = 40)]
    pub target_group: String,
    #[schema(max_length = 4000)]
    pub reason: String,
    /// What the other body may read.
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
    pub status: SharedAccessStatus,
    /// The first day on which nothing can be read any more.
    pub expires_on: NaiveDate,
    /// Told to the sender.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub author_id: Option<PrincipalId>,
    /// States it can be moved to by you.
    #[schema(max_items = 3)]
    pub allowed_transitions: Vec<SharedAccessStatus>,
    /// Rises with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl SharedAccess {
    /// The shared access as these sides may see it.
    pub fn shown(row: SharedAccessRow, sides: &Sides) -> ApiResult<Self> {
        let sender = sides.standing.contains(&Side::Sender);
        let package_fields = row.fields()?;
        Ok(Self {
            id: row.id,
            your_sides: sides.standing.clone(),
            case_id: sender.then_some(row.case_id),
            person_id: sender.then_some(row.person_id),
            from_org_id: row.owner_org_id,
            to_org_id: row.to_org_id,
            target_group: row.target_group,
            reason: row.reason,
            package_fields,
            legal_basis: row.legal_basis,
            consent_id: row.consent_id.filter(|_| sender),
            allowed_transitions: allowed(row.status, SharedAccessStatus::ALL, mover, &sides.moving),
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
    /// A page of shared accesses.
    SharedAccessPage of SharedAccess
}

/// What another body may read of a case.
#[derive(Debug, Serialize, ToSchema)]
pub struct SharedAccessPackage {
    pub shared_access_id: SharedAccessId,
    pub content: PackageContent,
    /// Members of the content that your grants hide, whether or not they have a value.
    #[schema(max_items = 40)]
    pub withheld_fields: Vec<PackageField>,
}

/// An access to give.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "case_id": "01985b2e-0000-7000-8000-000000000003", "to_org_id": "01985b2e-0000-7000-8000-000000000001",
    "reason": "The school follows the goals agreed with the family.", "package_fields": ["given_name", "languages", "goals"],
    "legal_basis": "public_task", "expires_on": "2027-06-30"
}))]
pub struct NewSharedAccess {
    /// An open case.
    pub case_id: CaseId,
    /// The body that may look: another one than has the case.
    pub to_org_id: OrganisationId,
    /// What for. The other body reads it: nothing about the person here that is not among `package_fields`.
    #[validate(length(min = 1, max = 4000))]
    #[schema(min_length = 1, max_length = 4000)]
    pub reason: String,
    /// What it may read, and nothing more (GDPR art. 5(1)(c)).
    #[validate(length(min = 1, max = 40))]
    #[schema(min_items = 1, max_items = 40)]
    pub package_fields: Vec<PackageField>,
    /// A code of `legal_bases`, where it does not rest on a consent of the person to shared access.
    #[validate(length(min = 1, max = 40))]
    #[schema(nullable = false, min_length = 1, max_length = 40)]
    pub legal_basis: Option<String>,
    /// The first day on which nothing can be read any more: after today, within a year.
    #[serde(deserialize_with = "reading::day")]
    pub expires_on: NaiveDate,
}

impl Checked for NewSharedAccess {}
