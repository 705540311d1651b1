//! What is said of policy documents when they are entered, edited and listed.

use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use crate::access::{OrganisationId, TerritoryId};
use crate::error::ApiResult;
use crate::http::links::secure_address;
use crate::http::patch::Edit;
use crate::http::{Checked, Patch, reading};
use crate::observatory::indicators::types::IndicatorId;
use crate::paged_query;
use crate::policy_documents::types::{
    Mainstreaming, MainstreamingStatus, PolicyArea, PolicyDocumentKind, PolicyDocumentRow,
};

/// A policy document to enter.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "organisation_id": "01985b2e-0000-7000-8000-000000000001", "issuing_body": "Consiglio regionale",
    "territory_id": "01985b2e-0000-7000-8000-000000000002", "kind": "plan", "policy_area": "social",
    "title": "Piano sociale regionale 2026-2028", "number": "DGR 120/2026", "adopted_on": "2026-02-12", "valid_from": "2026-03-01",
    "valid_to": "2029-01-01", "url": "https://atti.example/2026/120", "mainstreaming": {"status": "planned", "as_of": "2026-03-15"}
}))]
pub struct NewPolicyDocument {
    /// An organisation whose statistics you keep.
    pub organisation_id: OrganisationId,
    /// Who has resolved it: any organisation. This or `issuing_body`.
    #[schema(nullable = false)]
    pub issuing_organisation_id: Option<OrganisationId>,
    /// Who has resolved it, where that is no organisation of the directory.
    #[validate(length(min = 1, max = 200))]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    pub issuing_body: Option<String>,
    /// Where it holds: any territory.
    pub territory_id: TerritoryId,
    pub kind: PolicyDocumentKind,
    pub policy_area: PolicyArea,
    #[validate(length(min = 1, max = 500))]
    #[schema(min_length = 1, max_length = 500)]
    pub title: String,
    /// What it is cited by.
    #[validate(length(min = 1, max = 100))]
    #[schema(nullable = false, min_length = 1, max_length = 100)]
    pub number: Option<String>,
    #[validate(length(min = 1, max = 10_000))]
    #[schema(nullable = false, min_length = 1, max_length = 10_000)]
    pub description: Option<String>,
    /// Not in the future.
    #[serde(deserialize_with = "reading::day")]
    pub adopted_on: NaiveDate,
    /// The first day it holds; the day it was adopted when absent.
    #[serde(default, deserialize_with = "reading::optional_day")]
    #[schema(nullable = false)]
    pub valid_from: Option<NaiveDate>,
    /// The first day it holds no more.
    #[serde(default, deserialize_with = "reading::optional_day")]
    #[schema(nullable = false)]
    pub valid_to: Option<NaiveDate>,
    /// Where it is published.
    #[validate(length(max = 2048), custom(function = "crate::http::links::secure_address"))]
    #[schema(nullable = false, format = "uri", max_length = 2048, pattern = "^https://")]
    pub url: Option<String>,
    /// A new document has no measures yet, so that it cannot be `partial` or `full` (409).
    #[validate(nested)]
    #[schema(nullable = false)]
    pub mainstreaming: Option<Mainstreaming>,
}

impl Checked for NewPolicyDocument {}

/// What of a policy document can be edited. Its organisation stays.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"number": "DGR 121/2026", "url": "https://atti.example/2026/121"}))]
pub struct PolicyDocumentPatch {
    #[schema(required = false, value_type = Option<OrganisationId>)]
    #[serde(default)]
    pub issuing_organisation_id: Patch<OrganisationId>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 200)]
    #[serde(default)]
    pub issuing_body: Patch<String>,
    #[schema(required = false, value_type = TerritoryId)]
    #[serde(default)]
    pub territory_id: Patch<TerritoryId>,
    #[schema(required = false, value_type = PolicyDocumentKind)]
    #[serde(default)]
    pub kind: Patch<PolicyDocumentKind>,
    #[schema(required = false, value_type = PolicyArea)]
    #[serde(default)]
    pub policy_area: Patch<PolicyArea>,
    #[schema(required = false, value_type = String, min_length = 1, max_length = 500)]
    #[serde(default)]
    pub title: Patch<String>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 100)]
    #[serde(default)]
    pub number: Patch<String>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 10_000)]
    #[serde(default)]
    pub description: Patch<String>,
    #[schema(required = false, value_type = NaiveDate)]
    #[serde(default, deserialize_with = "reading::patched_day")]
    pub adopted_on: Patch<NaiveDate>,
    #[schema(required = false, value_type = Option<NaiveDate>)]
    #[serde(default, deserialize_with = "reading::patched_day")]
    pub valid_from: Patch<NaiveDate>,
    #[schema(required = false, value_type = Option<NaiveDate>)]
    #[serde(default, deserialize_with = "reading::patched_day")]
    pub valid_to: Patch<NaiveDate>,
    #[schema(required = false, value_type = Option<String>, format = "uri", max_length = 2048, pattern = "^https://")]
    #[serde(default)]
    pub url: Patch<String>,
    /// The whole of it, in the place of what was found before.
    #[schema(required = false, value_type = Option<Mainstreaming>)]
    #[serde(default)]
    pub mainstreaming: Patch<Mainstreaming>,
}

impl Checked for PolicyDocumentPatch {
    const MEDIA_TYPE: &'static str = "application/merge-patch+json";
}

/// Applies a patch to a locked policy document; the names of the members that changed.
pub fn apply(row: &mut PolicyDocumentRow, patch: PolicyDocumentPatch) -> ApiResult<Vec<&'static str>> {
    let mut found = row.mainstreaming();
    let mut edit = Edit::default();
    edit.bounded("issuing_body", &patch.issuing_body, 200);
    edit.bounded("title", &patch.title, 500);
    edit.bounded("number", &patch.number, 100);
    edit.bounded("description", &patch.description, 10_000);
    edit.link("url", &patch.url, secure_address);
    if let Patch::Set(found) = &patch.mainstreaming {
        edit.valid("mainstreaming", found);
    }
    edit.optional("issuing_organisation_id", &mut row.issuing_organisation_id, patch.issuing_organisation_id);
    edit.optional("issuing_body", &mut row.issuing_body, patch.issuing_body);
    edit.required("territory_id", &mut row.territory_id, patch.territory_id);
    edit.required("kind", &mut row.kind, patch.kind);
    edit.required("policy_area", &mut row.policy_area, patch.policy_area);
    edit.required("title", &mut row.title, patch.title);
    edit.optional("number", &mut row.number, patch.number);
    edit.optional("description", &mut row.description, patch.description);
    edit.required("adopted_on", &mut row.adopted_on, patch.adopted_on);
    edit.optional("valid_from", &mut row.valid_from, patch.valid_from);
    edit.optional("valid_to", &mut row.valid_to, patch.valid_to);
    edit.optional("url", &mut row.url, patch.url);
    edit.optional("mainstreaming", &mut found, patch.mainstreaming);
    let changed = edit.finish()?;
    row.assess(found);
    Ok(changed)
}

paged_query! {
    /// How to list policy documents.
    PolicyDocumentQuery {
        /// Documents that this organisation keeps.
        organisation_id: Option<OrganisationId>,
        /// Documents that hold in exactly this territory.
        territory_id: Option<TerritoryId>,
        /// Documents of this kind.
        kind: Option<PolicyDocumentKind>,
        /// Documents that are about this in the first place.
        policy_area: Option<PolicyArea>,
        /// Documents that were last found so.
        mainstreaming: Option<MainstreamingStatus>,
        /// `false`: documents that name no measure for integration. `true`: those that name one at least.
        has_measures: Option<bool>,
        /// Documents with a measure that is followed by this indicator.
        indicator_id: Option<IndicatorId>,
        /// Documents that hold on this day.
        #[serde(default, deserialize_with = "reading::optional_day")]
        on: Option<NaiveDate>,
    }
}
