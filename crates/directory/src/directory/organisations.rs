//! Organisations: the bodies that take part, and what they tell of themselves under the names of the Human Services Data Specification
//! (HSDS 3.0).

use approdo_db::schema::organisations;
use approdo_db::{Json, Timestamp};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::OrganisationId;
use crate::directory::parts::{DirectoryContact, Funding, Phone};
use crate::entry;
use crate::error::{ApiError, ApiResult};
use crate::http::links::web_address;
use crate::http::patch::Edit;
use crate::http::{Checked, Patch, reading};
use crate::page_of;

/// The row.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize)]
#[diesel(table_name = organisations, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct OrganisationRow {
    pub id: OrganisationId,
    pub name: String,
    pub kind: String,
    pub parent_id: Option<OrganisationId>,
    pub ipa_code: Option<String>,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub plan_approval_required: bool,
    pub details: Json,
}

// Its own administrators keep it.
entry!(OrganisationRow, OrganisationId, organisations, id, "organisation", Organisations);

impl OrganisationRow {
    /// A row that has just been made, of a body that tells nothing of itself.
    pub fn new(now: Timestamp, name: String, kind: String, parent_id: Option<OrganisationId>) -> Self {
        Self {
            id: OrganisationId::new(),
            name,
            kind,
            parent_id,
            ipa_code: None,
            version: 1,
            created_at: now,
            updated_at: now,
            plan_approval_required: false,
            details: Json::of(OrganisationDetails::default()),
        }
    }

    pub fn details(&self) -> ApiResult<OrganisationDetails> {
        self.details.read().map_err(ApiError::fault)
    }
}

/// What an organisation tells of itself, and is never asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct OrganisationDetails {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alternate_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub year_incorporated: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legal_status: Option<String>,
    #[serde(default)]
    pub phones: Vec<Phone>,
    #[serde(default)]
    pub contacts: Vec<DirectoryContact>,
    #[serde(default)]
    pub funding: Vec<Funding>,
}

/// A body that takes part: a municipality, a union, a prefecture, an association …
#[derive(Debug, Serialize, ToSchema)]
pub struct Organisation {
    pub id: OrganisationId,
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// A code of `organisation_kinds`.
    #[schema(max_length = 40)]
    pub kind: String,
    /// The organisation above it; absent for the root.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub parent_id: Option<OrganisationId>,
    /// Code of the Italian Index of Public Administrations.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 20)]
    pub ipa_code: Option<String>,
    /// Whether somebody else than its author must approve a plan before a case becomes active (domain 3).
    pub plan_approval_required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 200)]
    pub alternate_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 10_000)]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 254, format = "email")]
    pub email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 2048, format = "uri")]
    pub website: Option<String>,
    /// An address that names it for good, in a register for instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 2048, format = "uri")]
    pub uri: Option<String>,
    /// Where its logo is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 2048, format = "uri")]
    pub logo: Option<String>,
    /// The year it was founded in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 9999)]
    pub year_incorporated: Option<i64>,
    /// Its legal form, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 200)]
    pub legal_status: Option<String>,
    #[schema(max_items = 20)]
    pub phones: Vec<Phone>,
    /// Whom to ask there: published with the directory.
    #[schema(max_items = 20)]
    pub contacts: Vec<DirectoryContact>,
    #[schema(max_items = 20)]
    pub funding: Vec<Funding>,
    /// Rises with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Organisation {
    pub fn shown(row: OrganisationRow) -> ApiResult<Self> {
        let details = row.details()?;
        Ok(Self {
            id: row.id,
            name: row.name,
            kind: row.kind,
            parent_id: row.parent_id,
            ipa_code: row.ipa_code,
            plan_approval_required: row.plan_approval_required,
            alternate_name: details.alternate_name,
            description: details.description,
            email: details.email,
            website: details.website,
            uri: details.uri,
            logo: details.logo,
            year_incorporated: details.year_incorporated,
            legal_status: details.legal_status,
            phones: details.phones,
            contacts: details.contacts,
            funding: details.funding,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// An organisation in a list, without what it tells of itself: lists are what bodies are chosen from.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListedOrganisation {
    pub id: OrganisationId,
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// A code of `organisation_kinds`.
    #[schema(max_length = 40)]
    pub kind: String,
    /// The organisation above it; absent for the root.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub parent_id: Option<OrganisationId>,
    /// Code of the Italian Index of Public Administrations.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 20)]
    pub ipa_code: Option<String>,
    /// Whether somebody else than its author must approve a plan before a case becomes active (domain 3).
    pub plan_approval_required: bool,
    /// Rises with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl From<OrganisationRow> for ListedOrganisation {
    fn from(row: OrganisationRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            kind: row.kind,
            parent_id: row.parent_id,
            ipa_code: row.ipa_code,
            plan_approval_required: row.plan_approval_required,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

page_of! {
    /// A page of organisations.
    OrganisationPage of ListedOrganisation
}

/// An organisation to add below another.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Comune di Cividale del Friuli", "kind": "municipality", "parent_id": "01985b2e-0000-7000-8000-000000000001",
    "description": "The town and its services.", "website": "https://www.comune.example/",
    "phones": [{"number": "+39 0432 000 000"}]}))]
pub struct NewOrganisation {
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// A code of `organisation_kinds`.
    #[validate(length(min = 1, max = 40))]
    #[schema(min_length = 1, max_length = 40)]
    pub kind: String,
    /// The organisation above it: one that you administer.
    pub parent_id: OrganisationId,
    /// Code of the Italian Index of Public Administrations.
    #[validate(length(min = 1, max = 20))]
    #[schema(nullable = false, min_length = 1, max_length = 20)]
    pub ipa_code: Option<String>,
    /// Whether plans of its cases need an approval.
    #[serde(default)]
    pub plan_approval_required: bool,
    #[validate(length(min = 1, max = 200))]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    pub alternate_name: Option<String>,
    #[validate(length(min = 1, max = 10_000))]
    #[schema(nullable = false, min_length = 1, max_length = 10_000)]
    pub description: Option<String>,
    #[validate(email, length(max = 254))]
    #[schema(nullable = false, max_length = 254, format = "email")]
    pub email: Option<String>,
    #[validate(length(max = 2048), custom(function = "crate::http::links::web_address"))]
    #[schema(nullable = false, max_length = 2048, format = "uri", pattern = "^https?://")]
    pub website: Option<String>,
    /// An address that names it for good, in a register for instance.
    #[validate(length(max = 2048), custom(function = "crate::http::links::web_address"))]
    #[schema(nullable = false, max_length = 2048, format = "uri", pattern = "^https?://")]
    pub uri: Option<String>,
    /// Where its logo is.
    #[validate(length(max = 2048), custom(function = "crate::http::links::web_address"))]
    #[schema(nullable = false, max_length = 2048, format = "uri", pattern = "^https?://")]
    pub logo: Option<String>,
    /// The year it was founded in.
    #[validate(range(min = 1, max = 9999))]
    #[serde(default, deserialize_with = "reading::optional_whole")]
    #[schema(nullable = false, minimum = 1, maximum = 9999)]
    pub year_incorporated: Option<i64>,
    /// Its legal form, in words.
    #[validate(length(min = 1, max = 200))]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    pub legal_status: Option<String>,
    #[validate(length(max = 20), nested)]
    #[serde(default)]
    #[schema(required = false, max_items = 20)]
    pub phones: Vec<Phone>,
    /// Whom to ask there: published with the directory.
    #[validate(length(max = 20), nested)]
    #[serde(default)]
    #[schema(required = false, max_items = 20)]
    pub contacts: Vec<DirectoryContact>,
    #[validate(length(max = 20), nested)]
    #[serde(default)]
    #[schema(required = false, max_items = 20)]
    pub funding: Vec<Funding>,
}

impl Checked for NewOrganisation {}

/// What of an organisation can be edited. Its place in the tree stays.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Comune di Cividale", "email": "urp@comune.example"}))]
pub struct OrganisationPatch {
    #[schema(required = false, value_type = String, min_length = 1, max_length = 200)]
    #[serde(default)]
    pub name: Patch<String>,
    /// A code of `organisation_kinds`.
    #[schema(required = false, value_type = String, min_length = 1, max_length = 40)]
    #[serde(default)]
    pub kind: Patch<String>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 20)]
    #[serde(default)]
    pub ipa_code: Patch<String>,
    #[schema(required = false, value_type = bool)]
    #[serde(default)]
    pub plan_approval_required: Patch<bool>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 200)]
    #[serde(default)]
    pub alternate_name: Patch<String>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 10_000)]
    #[serde(default)]
    pub description: Patch<String>,
    #[schema(required = false, value_type = Option<String>, max_length = 254, format = "email")]
    #[serde(default)]
    pub email: Patch<String>,
    #[schema(required = false, value_type = Option<String>, max_length = 2048, format = "uri", pattern = "^https?://")]
    #[serde(default)]
    pub website: Patch<String>,
    #[schema(required = false, value_type = Option<String>, max_length = 2048, format = "uri", pattern = "^https?://")]
    #[serde(default)]
    pub uri: Patch<String>,
    #[schema(required = false, value_type = Option<String>, max_length = 2048, format = "uri", pattern = "^https?://")]
    #[serde(default)]
    pub logo: Patch<String>,
    #[schema(required = false, value_type = Option<i64>, minimum = 1, maximum = 9999)]
    #[serde(default, deserialize_with = "reading::patched_whole")]
    pub year_incorporated: Patch<i64>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 200)]
    #[serde(default)]
    pub legal_status: Patch<String>,
    #[schema(required = false, value_type = Vec<Phone>, max_items = 20)]
    #[serde(default)]
    pub phones: Patch<Vec<Phone>>,
    #[schema(required = false, value_type = Vec<DirectoryContact>, max_items = 20)]
    #[serde(default)]
    pub contacts: Patch<Vec<DirectoryContact>>,
    #[schema(required = false, value_type = Vec<Funding>, max_items = 20)]
    #[serde(default)]
    pub funding: Patch<Vec<Funding>>,
}

impl Checked for OrganisationPatch {
    const MEDIA_TYPE: &'static str = "application/merge-patch+json";
}

/// Applies a patch to a locked organisation; the names of the members that changed.
pub fn apply(row: &mut OrganisationRow, patch: OrganisationPatch) -> ApiResult<Vec<&'static str>> {
    let mut details = row.details()?;
    let mut edit = Edit::default();
    for (name, text, most) in [
        ("name", &patch.name, 200),
        ("ipa_code", &patch.ipa_code, 20),
        ("alternate_name", &patch.alternate_name, 200),
        ("description", &patch.description, 10_000),
        ("legal_status", &patch.legal_status, 200),
    ] {
        edit.bounded(name, text, most);
    }
    edit.email("email", &patch.email);
    for (name, address) in [("website", &patch.website), ("uri", &patch.uri), ("logo", &patch.logo)] {
        edit.link(name, address, web_address);
    }
    edit.lies_within("year_incorporated", &patch.year_incorporated, 1..=9999);
    edit.items("phones", &patch.phones, 20);
    edit.items("contacts", &patch.contacts, 20);
    edit.items("funding", &patch.funding, 20);
    edit.required("name", &mut row.name, patch.name);
    edit.required("kind", &mut row.kind, patch.kind);
    edit.optional("ipa_code", &mut row.ipa_code, patch.ipa_code);
    edit.required("plan_approval_required", &mut row.plan_approval_required, patch.plan_approval_required);
    edit.optional("alternate_name", &mut details.alternate_name, patch.alternate_name);
    edit.optional("description", &mut details.description, patch.description);
    edit.optional("email", &mut details.email, patch.email);
    edit.optional("website", &mut details.website, patch.website);
    edit.optional("uri", &mut details.uri, patch.uri);
    edit.optional("logo", &mut details.logo, patch.logo);
    edit.optional("year_incorporated", &mut details.year_incorporated, patch.year_incorporated);
    edit.optional("legal_status", &mut details.legal_status, patch.legal_status);
    edit.required("phones", &mut details.phones, patch.phones);
    edit.required("contacts", &mut details.contacts, patch.contacts);
    edit.required("funding", &mut details.funding, patch.funding);
    row.details = Json::of(details);
    edit.finish()
}
