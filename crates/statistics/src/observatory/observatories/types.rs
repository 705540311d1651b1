//! Observatories as they are kept and told.

use approdo_db::schema::observatories;
use approdo_db::{Json, Timestamp, define_id};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::{OrganisationId, TerritoryId};
use crate::entry;
use crate::error::ApiResult;
use crate::http::forms::language_codes;
use crate::http::links::secure_address;
use crate::http::patch::Edit;
use crate::http::texts::LanguageCode;
use crate::http::{Checked, Patch};
use crate::page_of;
use crate::paged_query;

define_id! {
    /// The id of an observatory.
    #[derive(ToSchema)]
    ObservatoryId;
}

/// Who maps, monitors and evaluates what happens in integration, in a territory: usually a region (FAMI, Com.In. 3.0; domain C8).
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize, ToSchema)]
#[diesel(table_name = observatories, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct Observatory {
    pub id: ObservatoryId,
    /// The organisation that keeps it.
    pub organisation_id: OrganisationId,
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 10_000)]
    pub description: Option<String>,
    /// What it watches over, with all that lies in it.
    pub territory_id: TerritoryId,
    /// In which languages it publishes and can be written to (ISO 639-1).
    #[schema(value_type = Vec<LanguageCode>, max_items = 20)]
    pub languages: Json,
    /// Where it presents itself to the public.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = "uri", max_length = 2048)]
    pub website: Option<String>,
    /// Rises with every change of the observatory itself.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

entry!(Observatory, ObservatoryId, observatories, organisation_id, "observatory", Observatories);

page_of! {
    /// A page of observatories.
    ObservatoryPage of Observatory
}

impl Observatory {
    /// The members its change record names when it is made.
    pub const MEMBERS: [&str; 6] = ["organisation_id", "name", "description", "territory_id", "languages", "website"];
}

/// An observatory to enter.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "organisation_id": "01985b2e-0000-7000-8000-000000000001", "name": "Osservatorio regionale sull'integrazione",
    "territory_id": "01985b2e-0000-7000-8000-000000000002", "languages": ["it", "en"],
    "description": "Maps services and policies, follows indicators, and asks those concerned once a year."
}))]
pub struct NewObservatory {
    /// An organisation whose statistics you keep.
    pub organisation_id: OrganisationId,
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    #[validate(length(min = 1, max = 10_000))]
    #[schema(nullable = false, min_length = 1, max_length = 10_000)]
    pub description: Option<String>,
    /// Any territory: an observatory may watch over more than its organisation's own.
    pub territory_id: TerritoryId,
    /// In which languages it publishes and can be written to (ISO 639-1).
    #[serde(default)]
    #[validate(length(max = 20), custom(function = "language_codes"))]
    #[schema(value_type = Vec<LanguageCode>, required = false, max_items = 20)]
    pub languages: Vec<String>,
    /// Where it presents itself to the public.
    #[validate(length(max = 2048), custom(function = "crate::http::links::secure_address"))]
    #[schema(nullable = false, format = "uri", pattern = "^https://", max_length = 2048)]
    pub website: Option<String>,
}

impl Checked for NewObservatory {}

/// What of an observatory can be edited. Its organisation stays.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"website": "https://osservatorio.example"}))]
pub struct ObservatoryPatch {
    #[schema(required = false, value_type = String, min_length = 1, max_length = 200)]
    #[serde(default)]
    pub name: Patch<String>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 10_000)]
    #[serde(default)]
    pub description: Patch<String>,
    #[schema(required = false, value_type = TerritoryId)]
    #[serde(default)]
    pub territory_id: Patch<TerritoryId>,
    #[schema(required = false, value_type = Vec<LanguageCode>, max_items = 20)]
    #[serde(default)]
    pub languages: Patch<Vec<String>>,
    #[schema(required = false, value_type = Option<String>, format = "uri", pattern = "^https://", max_length = 2048)]
    #[serde(default)]
    pub website: Patch<String>,
}

impl Checked for ObservatoryPatch {
    const MEDIA_TYPE: &'static str = "application/merge-patch+json";
}

/// Applies a patch to a locked observatory; the names of the members that changed.
pub fn apply(row: &mut Observatory, patch: ObservatoryPatch) -> ApiResult<Vec<&'static str>> {
    let mut edit = Edit::default();
    edit.bounded("name", &patch.name, 200);
    edit.bounded("description", &patch.description, 10_000);
    edit.at_most("languages", &patch.languages, 20);
    if let Patch::Set(codes) = &patch.languages
        && language_codes(codes).is_err()
    {
        edit.refuse("languages", "each must be two small letters (ISO 639-1)");
    }
    edit.link("website", &patch.website, secure_address);
    edit.required("name", &mut row.name, patch.name);
    edit.optional("description", &mut row.description, patch.description);
    edit.required("territory_id", &mut row.territory_id, patch.territory_id);
    edit.required("languages", &mut row.languages, patch.languages.map(Json::of));
    edit.optional("website", &mut row.website, patch.website);
    edit.finish()
}

paged_query! {
    /// How to list observatories.
    ObservatoryQuery {
        /// Observatories that this organisation keeps.
        organisation_id: Option<OrganisationId>,
        /// Observatories of exactly this territory.
        territory_id: Option<TerritoryId>,
    }
}
