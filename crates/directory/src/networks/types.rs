//! Networks as they are kept and told.

use approdo_db::schema::networks;
use approdo_db::{Timestamp, define_id};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::OrganisationId;
use crate::entry;
use crate::error::{ApiError, ApiResult};
use crate::http::patch::Edit;
use crate::http::{Checked, Patch, reading};
use crate::page_of;
use crate::paged_query;

define_id! {
    /// The id of a network.
    #[derive(ToSchema)]
    NetworkId;
}

/// Bodies that work together under a name: what a project or a protocol brought about (domain C6).
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize, ToSchema)]
#[diesel(table_name = networks, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct Network {
    pub id: NetworkId,
    /// The organisation whose administrators keep it.
    pub organisation_id: OrganisationId,
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 4000)]
    pub description: Option<String>,
    pub starts_on: NaiveDate,
    /// Its last day; absent while no end is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ends_on: Option<NaiveDate>,
    /// The network that it continues.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub predecessor_id: Option<NetworkId>,
    /// Rises with every change of the network itself.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

entry!(Network, NetworkId, networks, organisation_id, "network", Networks);

impl Network {
    /// 422 where it ends before it starts.
    pub fn check(&self) -> ApiResult<()> {
        if self.ends_on.is_some_and(|end| end < self.starts_on) {
            Err(ApiError::invalid_member("ends_on", "must not be before starts_on"))
        } else {
            Ok(())
        }
    }
}

page_of! {
    /// A page of networks.
    NetworkPage of Network
}

/// A network to enter.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "organisation_id": "01985b2e-0000-7000-8000-000000000001", "name": "Rete regionale per l'integrazione", "starts_on": "2026-01-01",
    "description": "Bodies of the region that meet every three months."
}))]
pub struct NewNetwork {
    /// Whose administrators keep it: an organisation that you administer.
    pub organisation_id: OrganisationId,
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    #[validate(length(min = 1, max = 4000))]
    #[schema(nullable = false, min_length = 1, max_length = 4000)]
    pub description: Option<String>,
    #[serde(deserialize_with = "reading::day")]
    pub starts_on: NaiveDate,
    /// Its last day.
    #[serde(default, deserialize_with = "reading::optional_day")]
    #[schema(nullable = false)]
    pub ends_on: Option<NaiveDate>,
    /// The network that it continues: any network.
    #[schema(nullable = false)]
    pub predecessor_id: Option<NetworkId>,
    /// Whether those who are members of the predecessor on the day it starts (or were on the predecessor's last day, where that
    /// came before) become its members from that day on. Each such membership names the one it continues.
    #[serde(default)]
    pub take_over_members: bool,
}

impl Checked for NewNetwork {}

/// What of a network can be edited.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"ends_on": "2029-12-31"}))]
pub struct NetworkPatch {
    #[schema(required = false, value_type = String, min_length = 1, max_length = 200)]
    #[serde(default)]
    pub name: Patch<String>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 4000)]
    #[serde(default)]
    pub description: Patch<String>,
    #[schema(required = false, value_type = NaiveDate)]
    #[serde(default, deserialize_with = "reading::patched_day")]
    pub starts_on: Patch<NaiveDate>,
    #[schema(required = false, value_type = Option<NaiveDate>)]
    #[serde(default, deserialize_with = "reading::patched_day")]
    pub ends_on: Patch<NaiveDate>,
    /// The network that it continues: not one that continues it.
    #[schema(required = false, value_type = Option<NetworkId>)]
    #[serde(default)]
    pub predecessor_id: Patch<NetworkId>,
}

impl Checked for NetworkPatch {
    const MEDIA_TYPE: &'static str = "application/merge-patch+json";
}

/// Applies a patch to a locked network; the names of the members that changed.
pub fn apply(row: &mut Network, patch: NetworkPatch) -> ApiResult<Vec<&'static str>> {
    let mut edit = Edit::default();
    edit.bounded("name", &patch.name, 200);
    edit.bounded("description", &patch.description, 4000);
    edit.required("name", &mut row.name, patch.name);
    edit.optional("description", &mut row.description, patch.description);
    edit.required("starts_on", &mut row.starts_on, patch.starts_on);
    edit.optional("ends_on", &mut row.ends_on, patch.ends_on);
    edit.optional("predecessor_id", &mut row.predecessor_id, patch.predecessor_id);
    let changed = edit.finish()?;
    row.check()?;
    Ok(changed)
}

paged_query! {
    /// How to list networks.
    NetworkQuery {
        /// Networks that this organisation is a member of.
        organisation_id: Option<OrganisationId>,
        /// Networks that have a member in this role: a code of `network_roles`.
        #[validate(length(min = 1, max = 40))]
        #[param(min_length = 1, max_length = 40)]
        role: Option<String>,
        /// Networks there are on this day; the membership asked for has to hold on it too. Without it, any time counts.
        #[serde(default, deserialize_with = "reading::optional_day")]
        on: Option<NaiveDate>,
    }
}
