//! Services at locations: which service is given where, with what is particular there, under the names of the Human Services Data
//! Specification (HSDS 3.0).

use actix_web::{delete, get, patch, post};
use approdo_db::schema::{locations, service_at_locations as at};
use approdo_db::{Json, Timestamp, define_id};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, OrganisationId, Resource};
use crate::directory::locations::LocationId;
use crate::directory::parts::{DirectoryContact, Phone, Schedule};
use crate::directory::services::{ServiceId, ServiceRow};
use crate::entries;
use crate::entry;
use crate::error::{ApiError, ApiResult};
use crate::http::patch::Edit;
use crate::http::{Answer, Body, Checked, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters, Patch};
use crate::page_of;
use crate::paged_query;
use crate::work::Unit;

define_id! {
    /// The id of a service at a location.
    #[derive(ToSchema)]
    ServiceAtLocationId;
}

/// The row.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize)]
#[diesel(table_name = at, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct ServiceAtLocationRow {
    pub id: ServiceAtLocationId,
    pub service_id: ServiceId,
    pub location_id: LocationId,
    /// The service's, which never changes.
    pub organisation_id: OrganisationId,
    pub details: Json,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

entry!(ServiceAtLocationRow, ServiceAtLocationId, at, organisation_id, "service_at_location", ServiceAtLocations);

impl ServiceAtLocationRow {
    pub fn details(&self) -> ApiResult<Particulars> {
        self.details.read().map_err(ApiError::fault)
    }
}

/// What is particular about a service at a location.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Particulars {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default)]
    pub phones: Vec<Phone>,
    #[serde(default)]
    pub schedules: Vec<Schedule>,
    #[serde(default)]
    pub contacts: Vec<DirectoryContact>,
}

/// A service as it is given at a location.
#[derive(Debug, Serialize, ToSchema)]
pub struct ServiceAtLocation {
    pub id: ServiceAtLocationId,
    pub service_id: ServiceId,
    pub location_id: LocationId,
    /// What is particular there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 4000)]
    pub description: Option<String>,
    #[schema(max_items = 20)]
    pub phones: Vec<Phone>,
    #[schema(max_items = 50)]
    pub schedules: Vec<Schedule>,
    #[schema(max_items = 20)]
    pub contacts: Vec<DirectoryContact>,
    /// Rises with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl ServiceAtLocation {
    pub fn shown(row: ServiceAtLocationRow) -> ApiResult<Self> {
        let details = row.details()?;
        Ok(Self {
            id: row.id,
            service_id: row.service_id,
            location_id: row.location_id,
            description: details.description,
            phones: details.phones,
            schedules: details.schedules,
            contacts: details.contacts,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

page_of! {
    /// A page of services at locations.
    ServiceAtLocationPage of ServiceAtLocation
}

/// Where a service is given.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"location_id": "01985b2e-0000-7000-8000-000000000004", "description": "On the first floor."}))]
pub struct NewServiceAtLocation {
    /// Any location of the directory.
    pub location_id: LocationId,
    /// What is particular there.
    #[validate(length(min = 1, max = 4000))]
    #[schema(nullable = false, min_length = 1, max_length = 4000)]
    pub description: Option<String>,
    #[validate(length(max = 20), nested)]
    #[serde(default)]
    #[schema(required = false, max_items = 20)]
    pub phones: Vec<Phone>,
    #[validate(length(max = 50), nested)]
    #[serde(default)]
    #[schema(required = false, max_items = 50)]
    pub schedules: Vec<Schedule>,
    #[validate(length(max = 20), nested)]
    #[serde(default)]
    #[schema(required = false, max_items = 20)]
    pub contacts: Vec<DirectoryContact>,
}

impl Checked for NewServiceAtLocation {}

/// What can be edited of a service at a location.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"description": "On the second floor."}))]
pub struct ServiceAtLocationPatch {
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 4000)]
    #[serde(default)]
    pub description: Patch<String>,
    #[schema(required = false, value_type = Vec<Phone>, max_items = 20)]
    #[serde(default)]
    pub phones: Patch<Vec<Phone>>,
    #[schema(required = false, value_type = Vec<Schedule>, max_items = 50)]
    #[serde(default)]
    pub schedules: Patch<Vec<Schedule>>,
    #[schema(required = false, value_type = Vec<DirectoryContact>, max_items = 20)]
    #[serde(default)]
    pub contacts: Patch<Vec<DirectoryContact>>,
}

impl Checked for ServiceAtLocationPatch {
    const MEDIA_TYPE: &'static str = "application/merge-patch+json";
}

const MEMBERS: [&str; 6] = ["service_id", "location_id", "description", "phones", "schedules", "contacts"];

paged_query! {
    /// How to list where a service is given.
    ServiceAtLocationQuery {}
}

/// List where a service is given.
///
/// Oldest first, with what is particular at each location.
#[utoipa::path(
    tag = "Directory",
    params(("service_id" = ServiceId, Path, description = "The service."), ServiceAtLocationQuery),
    responses((status = 200, description = "A page.", body = ServiceAtLocationPage))
)]
#[get("/services/{service_id}/service-at-locations")]
pub async fn list_service_at_locations(
    door: Door,
    caller: Caller<actions::List, resources::ServiceAtLocations>,
    id: Id<ServiceId>,
    query: Parameters<ServiceAtLocationQuery>,
) -> ApiResult<Answer> {
    door.read("list_service_at_locations", caller, move |reader| {
        let _: ServiceRow = entries::known(reader, id.0)?;
        let asked = query.read()?;
        let request = reader.page(&query, asked.limit, asked.cursor.as_deref());
        let rows: Vec<ServiceAtLocationRow> = at::table
            .filter(at::service_id.eq(id.0))
            .filter(at::id.gt(request.after()?.unwrap_or(ServiceAtLocationId(uuid::Uuid::nil()))))
            .order(at::id)
            .limit(request.limit() + 1)
            .load(reader.connection)?;
        let page = request.page(rows, |row: &ServiceAtLocationRow| row.id)?;
        Answer::ok(&ServiceAtLocationPage::from(page.try_map(ServiceAtLocation::shown)?))
    })
    .await
}

/// Say where a service is given.
///
/// At a location once; 409 where that is known already.
#[utoipa::path(
    tag = "Directory",
    params(("service_id" = ServiceId, Path, description = "The service.")),
    request_body = NewServiceAtLocation,
    responses((status = 201, description = "The service at the location.", body = ServiceAtLocation))
)]
#[post("/services/{service_id}/service-at-locations")]
pub async fn create_service_at_location(
    door: Door,
    caller: Caller<actions::Create, resources::ServiceAtLocations>,
    id: Id<ServiceId>,
    body: Body<NewServiceAtLocation>,
) -> ApiResult<Answer> {
    door.write("create_service_at_location", caller, Some(body.fingerprint()), move |unit| {
        let service: ServiceRow = entries::locked(unit, Action::Create, Resource::ServiceAtLocations, id.0)?;
        let new = body.read()?;
        let made = ServiceAtLocationId::new();
        let row = match unit.replay(made.0)? {
            Some(earlier) => entries::made_before(unit, earlier)?,
            None => place(unit, &service, made, new)?,
        };
        let (path, version) = (format!("/service-at-locations/{}", row.id), row.version);
        unit.created(&path, version, &ServiceAtLocation::shown(row)?)
    })
    .await
}

/// Keeps where a locked service is given; used by the demonstration data as well.
pub fn place(
    unit: &mut Unit<'_>,
    service: &ServiceRow,
    id: ServiceAtLocationId,
    new: NewServiceAtLocation,
) -> ApiResult<ServiceAtLocationRow> {
    let found: i64 = locations::table.find(new.location_id).count().get_result(unit.connection)?;
    if found == 0 {
        return Err(ApiError::unknown_reference("location_id"));
    }
    // Under the lock of the service nobody adds it meanwhile.
    let twins = at::table.filter(at::service_id.eq(service.id)).filter(at::location_id.eq(new.location_id));
    let twins: i64 = twins.count().get_result(unit.connection)?;
    if twins > 0 {
        return Err(ApiError::conflict("the service is given at this location already"));
    }
    let row = ServiceAtLocationRow {
        id,
        service_id: service.id,
        location_id: new.location_id,
        organisation_id: service.organisation_id,
        details: Json::of(Particulars {
            description: new.description,
            phones: new.phones,
            schedules: new.schedules,
            contacts: new.contacts,
        }),
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    };
    entries::add(unit, &row, &MEMBERS)?;
    Ok(row)
}

/// Read a service at a location.
///
/// Every caller may know it.
#[utoipa::path(
    tag = "Directory",
    params(("service_at_location_id" = ServiceAtLocationId, Path, description = "The service at the location.")),
    responses((status = 200, description = "The service at the location.", body = ServiceAtLocation))
)]
#[get("/service-at-locations/{service_at_location_id}")]
pub async fn read_service_at_location(
    door: Door,
    caller: Caller<actions::Read, resources::ServiceAtLocations>,
    id: Id<ServiceAtLocationId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_service_at_location", caller, move |reader| {
        let row: ServiceAtLocationRow = entries::known(reader, id.0)?;
        reader.answer_row(row.version, &held, &Fields::default(), "", &ServiceAtLocation::shown(row)?)
    })
    .await
}

/// Edit a service at a location.
///
/// What is particular there. For another location, take this one away and add that.
#[utoipa::path(
    tag = "Directory",
    params(("service_at_location_id" = ServiceAtLocationId, Path, description = "The service at the location.")),
    request_body(content = ServiceAtLocationPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "It as it is now.", body = ServiceAtLocation))
)]
#[patch("/service-at-locations/{service_at_location_id}")]
pub async fn edit_service_at_location(
    door: Door,
    caller: Caller<actions::Edit, resources::ServiceAtLocations>,
    id: Id<ServiceAtLocationId>,
    if_match: IfMatch,
    body: Body<ServiceAtLocationPatch>,
) -> ApiResult<Answer> {
    door.write("edit_service_at_location", caller, None, move |unit| {
        let mut row: ServiceAtLocationRow = entries::locked(unit, Action::Edit, Resource::ServiceAtLocations, id.0)?;
        let patch = body.read()?;
        if_match.check(row.version)?;
        let changed = apply(&mut row, patch)?;
        entries::save(unit, &mut row, &changed)?;
        unit.edited(row.version, &ServiceAtLocation::shown(row)?)
    })
    .await
}

/// Applies a patch to what is kept of a service at a location; the names of the members that changed.
pub fn apply(row: &mut ServiceAtLocationRow, patch: ServiceAtLocationPatch) -> ApiResult<Vec<&'static str>> {
    let mut details = row.details()?;
    let mut edit = Edit::default();
    edit.bounded("description", &patch.description, 4000);
    edit.items("phones", &patch.phones, 20);
    edit.items("schedules", &patch.schedules, 50);
    edit.items("contacts", &patch.contacts, 20);
    edit.optional("description", &mut details.description, patch.description);
    edit.required("phones", &mut details.phones, patch.phones);
    edit.required("schedules", &mut details.schedules, patch.schedules);
    edit.required("contacts", &mut details.contacts, patch.contacts);
    row.details = Json::of(details);
    edit.finish()
}

/// Take a service from a location.
///
/// It is given there no more. The service and the location stay.
#[utoipa::path(
    tag = "Directory",
    params(("service_at_location_id" = ServiceAtLocationId, Path, description = "The service at the location.")),
    responses((status = 204, description = "It is gone."))
)]
#[delete("/service-at-locations/{service_at_location_id}")]
pub async fn delete_service_at_location(
    door: Door,
    caller: Caller<actions::Delete, resources::ServiceAtLocations>,
    id: Id<ServiceAtLocationId>,
    if_match: IfMatch,
) -> ApiResult<Answer> {
    door.write("delete_service_at_location", caller, None, move |unit| {
        let row: ServiceAtLocationRow = entries::locked(unit, Action::Delete, Resource::ServiceAtLocations, id.0)?;
        if_match.check(row.version)?;
        entries::remove(unit, &row)?;
        Ok(Answer::no_content())
    })
    .await
}
