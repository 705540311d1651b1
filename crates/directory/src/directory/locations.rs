//! Locations: where services are given, by post or on the network too, under the names of the Human Services Data Specification
//! (HSDS 3.0).

use approdo_db::schema::locations;
use approdo_db::{Json, Timestamp, define_id};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::{OrganisationId, TerritoryId};
use crate::directory::parts::{
    Accessibility, DirectoryContact, LocationType, Phone, PostalAddress, Schedule, SpokenLanguage,
};
use crate::entry;
use crate::error::{ApiError, ApiResult};
use crate::http::links::web_address;
use crate::http::patch::Edit;
use crate::http::{Checked, Patch};
use crate::page_of;

define_id! {
    /// The id of a location.
    #[derive(ToSchema)]
    LocationId;
}

/// The row.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize)]
#[diesel(table_name = locations, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct LocationRow {
    pub id: LocationId,
    pub organisation_id: OrganisationId,
    pub territory_id: Option<TerritoryId>,
    pub location_type: LocationType,
    pub name: Option<String>,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub details: Json,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

entry!(LocationRow, LocationId, locations, organisation_id, "location", Locations);

impl LocationRow {
    pub fn details(&self) -> ApiResult<LocationDetails> {
        self.details.read().map_err(ApiError::fault)
    }
}

/// What is told of a location and never asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LocationDetails {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alternate_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transportation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(default)]
    pub addresses: Vec<PostalAddress>,
    #[serde(default)]
    pub phones: Vec<Phone>,
    #[serde(default)]
    pub schedules: Vec<Schedule>,
    #[serde(default)]
    pub languages: Vec<SpokenLanguage>,
    #[serde(default)]
    pub accessibility: Vec<Accessibility>,
    #[serde(default)]
    pub contacts: Vec<DirectoryContact>,
}

/// Where services are given.
#[derive(Debug, Serialize, ToSchema)]
pub struct Location {
    pub id: LocationId,
    /// Whose location it is.
    pub organisation_id: OrganisationId,
    /// The municipality it lies in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub territory_id: Option<TerritoryId>,
    pub location_type: LocationType,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 200)]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 200)]
    pub alternate_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 10_000)]
    pub description: Option<String>,
    /// How one gets there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 1000)]
    pub transportation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 2048, format = "uri")]
    pub url: Option<String>,
    /// Degrees north (WGS 84).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = -90, maximum = 90)]
    pub latitude: Option<f64>,
    /// Degrees east (WGS 84).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = -180, maximum = 180)]
    pub longitude: Option<f64>,
    #[schema(max_items = 10)]
    pub addresses: Vec<PostalAddress>,
    #[schema(max_items = 20)]
    pub phones: Vec<Phone>,
    #[schema(max_items = 50)]
    pub schedules: Vec<Schedule>,
    #[schema(max_items = 50)]
    pub languages: Vec<SpokenLanguage>,
    #[schema(max_items = 20)]
    pub accessibility: Vec<Accessibility>,
    #[schema(max_items = 20)]
    pub contacts: Vec<DirectoryContact>,
    /// Rises with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Location {
    pub fn shown(row: LocationRow) -> ApiResult<Self> {
        let details = row.details()?;
        Ok(Self {
            id: row.id,
            organisation_id: row.organisation_id,
            territory_id: row.territory_id,
            location_type: row.location_type,
            name: row.name,
            alternate_name: details.alternate_name,
            description: details.description,
            transportation: details.transportation,
            url: details.url,
            latitude: row.latitude,
            longitude: row.longitude,
            addresses: details.addresses,
            phones: details.phones,
            schedules: details.schedules,
            languages: details.languages,
            accessibility: details.accessibility,
            contacts: details.contacts,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

page_of! {
    /// A page of locations.
    LocationPage of Location
}

/// A location to enter in the directory.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "organisation_id": "01985b2e-0000-7000-8000-000000000001", "territory_id": "01985b2e-0000-7000-8000-000000000003",
    "name": "Help desk at the town hall", "latitude": 46.0626, "longitude": 13.2355,
    "addresses": [{"address_1": "Via Lionello 1", "city": "Udine", "state_province": "UD", "postal_code": "33100", "country": "IT", "address_type": "physical"}]
}))]
pub struct NewLocation {
    /// An organisation that you administer.
    pub organisation_id: OrganisationId,
    /// The municipality it lies in.
    #[schema(nullable = false)]
    pub territory_id: Option<TerritoryId>,
    /// `physical` when absent.
    #[schema(nullable = false)]
    pub location_type: Option<LocationType>,
    #[validate(length(min = 1, max = 200))]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    pub name: Option<String>,
    #[validate(length(min = 1, max = 200))]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    pub alternate_name: Option<String>,
    #[validate(length(min = 1, max = 10_000))]
    #[schema(nullable = false, min_length = 1, max_length = 10_000)]
    pub description: Option<String>,
    /// How one gets there.
    #[validate(length(min = 1, max = 1000))]
    #[schema(nullable = false, min_length = 1, max_length = 1000)]
    pub transportation: Option<String>,
    #[validate(length(max = 2048), custom(function = "crate::http::links::web_address"))]
    #[schema(nullable = false, max_length = 2048, format = "uri", pattern = "^https?://")]
    pub url: Option<String>,
    /// Degrees north (WGS 84); with `longitude`.
    #[validate(range(min = -90.0, max = 90.0))]
    #[schema(nullable = false, minimum = -90, maximum = 90)]
    pub latitude: Option<f64>,
    /// Degrees east (WGS 84).
    #[validate(range(min = -180.0, max = 180.0))]
    #[schema(nullable = false, minimum = -180, maximum = 180)]
    pub longitude: Option<f64>,
    #[validate(length(max = 10), nested)]
    #[serde(default)]
    #[schema(required = false, max_items = 10)]
    pub addresses: Vec<PostalAddress>,
    #[validate(length(max = 20), nested)]
    #[serde(default)]
    #[schema(required = false, max_items = 20)]
    pub phones: Vec<Phone>,
    #[validate(length(max = 50), nested)]
    #[serde(default)]
    #[schema(required = false, max_items = 50)]
    pub schedules: Vec<Schedule>,
    #[validate(length(max = 50), nested)]
    #[serde(default)]
    #[schema(required = false, max_items = 50)]
    pub languages: Vec<SpokenLanguage>,
    #[validate(length(max = 20), nested)]
    #[serde(default)]
    #[schema(required = false, max_items = 20)]
    pub accessibility: Vec<Accessibility>,
    #[validate(length(max = 20), nested)]
    #[serde(default)]
    #[schema(required = false, max_items = 20)]
    pub contacts: Vec<DirectoryContact>,
}

impl Checked for NewLocation {}

/// What of a location can be edited. Its organisation stays.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"transportation": "Bus 1, stop Piazza Libertà"}))]
pub struct LocationPatch {
    #[schema(required = false, value_type = Option<TerritoryId>)]
    #[serde(default)]
    pub territory_id: Patch<TerritoryId>,
    #[schema(required = false, value_type = LocationType)]
    #[serde(default)]
    pub location_type: Patch<LocationType>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 200)]
    #[serde(default)]
    pub name: Patch<String>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 200)]
    #[serde(default)]
    pub alternate_name: Patch<String>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 10_000)]
    #[serde(default)]
    pub description: Patch<String>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 1000)]
    #[serde(default)]
    pub transportation: Patch<String>,
    #[schema(required = false, value_type = Option<String>, max_length = 2048, format = "uri", pattern = "^https?://")]
    #[serde(default)]
    pub url: Patch<String>,
    #[schema(required = false, value_type = Option<f64>, minimum = -90, maximum = 90)]
    #[serde(default)]
    pub latitude: Patch<f64>,
    #[schema(required = false, value_type = Option<f64>, minimum = -180, maximum = 180)]
    #[serde(default)]
    pub longitude: Patch<f64>,
    #[schema(required = false, value_type = Vec<PostalAddress>, max_items = 10)]
    #[serde(default)]
    pub addresses: Patch<Vec<PostalAddress>>,
    #[schema(required = false, value_type = Vec<Phone>, max_items = 20)]
    #[serde(default)]
    pub phones: Patch<Vec<Phone>>,
    #[schema(required = false, value_type = Vec<Schedule>, max_items = 50)]
    #[serde(default)]
    pub schedules: Patch<Vec<Schedule>>,
    #[schema(required = false, value_type = Vec<SpokenLanguage>, max_items = 50)]
    #[serde(default)]
    pub languages: Patch<Vec<SpokenLanguage>>,
    #[schema(required = false, value_type = Vec<Accessibility>, max_items = 20)]
    #[serde(default)]
    pub accessibility: Patch<Vec<Accessibility>>,
    #[schema(required = false, value_type = Vec<DirectoryContact>, max_items = 20)]
    #[serde(default)]
    pub contacts: Patch<Vec<DirectoryContact>>,
}

impl Checked for LocationPatch {
    const MEDIA_TYPE: &'static str = "application/merge-patch+json";
}

/// Applies a patch to a locked location; the names of the members that changed.
pub fn apply(row: &mut LocationRow, patch: LocationPatch) -> ApiResult<Vec<&'static str>> {
    let mut details = row.details()?;
    let mut edit = Edit::default();
    for (name, text, most) in [
        ("name", &patch.name, 200),
        ("alternate_name", &patch.alternate_name, 200),
        ("description", &patch.description, 10_000),
        ("transportation", &patch.transportation, 1000),
    ] {
        edit.bounded(name, text, most);
    }
    edit.link("url", &patch.url, web_address);
    edit.lies_within("latitude", &patch.latitude, -90.0..=90.0);
    edit.lies_within("longitude", &patch.longitude, -180.0..=180.0);
    edit.items("addresses", &patch.addresses, 10);
    edit.items("phones", &patch.phones, 20);
    edit.items("schedules", &patch.schedules, 50);
    edit.items("languages", &patch.languages, 50);
    edit.items("accessibility", &patch.accessibility, 20);
    edit.items("contacts", &patch.contacts, 20);
    edit.optional("territory_id", &mut row.territory_id, patch.territory_id);
    edit.required("location_type", &mut row.location_type, patch.location_type);
    edit.optional("name", &mut row.name, patch.name);
    edit.optional("alternate_name", &mut details.alternate_name, patch.alternate_name);
    edit.optional("description", &mut details.description, patch.description);
    edit.optional("transportation", &mut details.transportation, patch.transportation);
    edit.optional("url", &mut details.url, patch.url);
    edit.optional("latitude", &mut row.latitude, patch.latitude);
    edit.optional("longitude", &mut row.longitude, patch.longitude);
    edit.required("addresses", &mut details.addresses, patch.addresses);
    edit.required("phones", &mut details.phones, patch.phones);
    edit.required("schedules", &mut details.schedules, patch.schedules);
    edit.required("languages", &mut details.languages, patch.languages);
    edit.required("accessibility", &mut details.accessibility, patch.accessibility);
    edit.required("contacts", &mut details.contacts, patch.contacts);
    row.details = Json::of(details);
    edit.finish()
}
