//! Policy documents as they are kept and told.

use approdo_db::schema::policy_documents;
use approdo_db::{Timestamp, define_id, text_enum};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::{OrganisationId, TerritoryId};
use crate::entry;
use crate::error::{ApiError, ApiResult};
use crate::http::reading;
use crate::page_of;

define_id! {
    /// The id of a policy document.
    #[derive(ToSchema)]
    PolicyDocumentId;
}

text_enum! {
    /// What a policy document is in law.
    #[derive(ToSchema)]
    PolicyDocumentKind {
        Law = "law",
        Plan = "plan",
        Programme = "programme",
        /// A decision of a council, an executive or an office.
        Resolution = "resolution",
        /// Between bodies: a protocol, a convention.
        Agreement = "agreement",
        Guideline = "guideline",
        Budget = "budget",
        Other = "other",
    }

    /// What a policy document is about in the first place.
    #[derive(ToSchema)]
    PolicyArea {
        /// Integration itself.
        Integration = "integration",
        Social = "social",
        Work = "work",
        Housing = "housing",
        Education = "education",
        Health = "health",
        Culture = "culture",
        Administration = "administration",
        Security = "security",
        /// Spending as a whole.
        Budget = "budget",
        Other = "other",
    }

    /// How far a policy document takes integration into account.
    #[derive(ToSchema)]
    MainstreamingStatus {
        /// It says nothing that is done for integration, and could.
        None = "none",
        /// Measures are to be written into it.
        Planned = "planned",
        /// Some of what it governs has measures.
        Partial = "partial",
        /// All of what it governs that concerns integration has measures.
        Full = "full",
        /// It governs nothing that concerns integration.
        NotApplicable = "not_applicable",
    }
}

/// How far a policy document takes integration into account, as somebody found on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Mainstreaming {
    pub status: MainstreamingStatus,
    /// The day it was found so: not in the future, and not before the document was adopted.
    #[serde(deserialize_with = "reading::day")]
    pub as_of: NaiveDate,
    /// Why it is found so. `not_applicable` needs one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[validate(length(min = 1, max = 2000))]
    #[schema(nullable = false, min_length = 1, max_length = 2000)]
    pub reason: Option<String>,
}

/// The row.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize)]
#[diesel(table_name = policy_documents, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct PolicyDocumentRow {
    pub id: PolicyDocumentId,
    pub organisation_id: OrganisationId,
    pub issuing_organisation_id: Option<OrganisationId>,
    pub issuing_body: Option<String>,
    pub territory_id: TerritoryId,
    pub kind: PolicyDocumentKind,
    pub policy_area: PolicyArea,
    pub title: String,
    pub number: Option<String>,
    pub description: Option<String>,
    pub adopted_on: NaiveDate,
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
    pub url: Option<String>,
    pub mainstreaming: Option<MainstreamingStatus>,
    pub mainstreaming_as_of: Option<NaiveDate>,
    pub mainstreaming_reason: Option<String>,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

entry!(PolicyDocumentRow, PolicyDocumentId, policy_documents, organisation_id, "policy_document", PolicyDocuments);

impl PolicyDocumentRow {
    /// The members its change record names when it is entered.
    pub const MEMBERS: [&str; 14] = [
        "organisation_id",
        "issuing_organisation_id",
        "issuing_body",
        "territory_id",
        "kind",
        "policy_area",
        "title",
        "number",
        "description",
        "adopted_on",
        "valid_from",
        "valid_to",
        "url",
        "mainstreaming",
    ];

    pub fn mainstreaming(&self) -> Option<Mainstreaming> {
        let (status, as_of) = self.mainstreaming.zip(self.mainstreaming_as_of)?;
        Some(Mainstreaming { status, as_of, reason: self.mainstreaming_reason.clone() })
    }

    pub fn assess(&mut self, found: Option<Mainstreaming>) {
        self.mainstreaming = found.as_ref().map(|found| found.status);
        self.mainstreaming_as_of = found.as_ref().map(|found| found.as_of);
        self.mainstreaming_reason = found.and_then(|found| found.reason);
    }

    /// 422 where what it says of itself does not fit together.
    pub fn check(&self, today: NaiveDate) -> ApiResult<()> {
        match (self.issuing_organisation_id, &self.issuing_body) {
            (Some(_), Some(_)) => {
                return Err(ApiError::invalid_member(
                    "issuing_body",
                    "is left out where issuing_organisation_id is there",
                ));
            }
            (None, None) => {
                return Err(ApiError::invalid_member("issuing_body", "is required without issuing_organisation_id"));
            }
            _ => {}
        }
        if self.adopted_on > today {
            return Err(ApiError::invalid_member("adopted_on", "must not be in the future"));
        }
        if self.valid_to.is_some_and(|end| end <= self.valid_from.unwrap_or(self.adopted_on)) {
            return Err(ApiError::invalid_member(
                "valid_to",
                "must be after valid_from, or adopted_on where that is absent",
            ));
        }
        let Some(found) = self.mainstreaming() else { return Ok(()) };
        if found.as_of > today {
            return Err(ApiError::invalid_member("mainstreaming/as_of", "must not be in the future"));
        }
        if found.status == MainstreamingStatus::NotApplicable && found.reason.is_none() {
            return Err(ApiError::invalid_member("mainstreaming/reason", "is required for not_applicable"));
        }
        Ok(())
    }
}

/// An act or a plan of a public body (domain C3).
#[derive(Debug, Serialize, ToSchema)]
pub struct PolicyDocument {
    pub id: PolicyDocumentId,
    /// The organisation that keeps it in the register.
    pub organisation_id: OrganisationId,
    /// Who has resolved it, where that is an organisation of the directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub issuing_organisation_id: Option<OrganisationId>,
    /// Who has resolved it, where that is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 200)]
    pub issuing_body: Option<String>,
    /// Where it holds.
    pub territory_id: TerritoryId,
    pub kind: PolicyDocumentKind,
    pub policy_area: PolicyArea,
    #[schema(min_length = 1, max_length = 500)]
    pub title: String,
    /// What it is cited by.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 100, example = "L.R. 9/2023")]
    pub number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 10_000)]
    pub description: Option<String>,
    pub adopted_on: NaiveDate,
    /// The first day it holds; the day it was adopted when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub valid_from: Option<NaiveDate>,
    /// The first day it holds no more; absent while no end is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub valid_to: Option<NaiveDate>,
    /// Where it is published.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = "uri", max_length = 2048)]
    pub url: Option<String>,
    /// Absent until somebody has looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub mainstreaming: Option<Mainstreaming>,
    /// Rises with every change of the document itself.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl From<PolicyDocumentRow> for PolicyDocument {
    fn from(row: PolicyDocumentRow) -> Self {
        Self {
            mainstreaming: row.mainstreaming(),
            id: row.id,
            organisation_id: row.organisation_id,
            issuing_organisation_id: row.issuing_organisation_id,
            issuing_body: row.issuing_body,
            territory_id: row.territory_id,
            kind: row.kind,
            policy_area: row.policy_area,
            title: row.title,
            number: row.number,
            description: row.description,
            adopted_on: row.adopted_on,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            url: row.url,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

page_of! {
    /// A page of policy documents.
    PolicyDocumentPage of PolicyDocument
}
