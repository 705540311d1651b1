//! Operations on locations.

use actix_web::{get, patch, post};
use approdo_db::Json;
use approdo_db::schema::locations;
use diesel::prelude::*;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, OrganisationId, Resource, TerritoryId};
use crate::directory::locations::{
    Location, LocationDetails, LocationId, LocationPage, LocationPatch, LocationRow, NewLocation, apply,
};
use crate::directory::parts::LocationType;
use crate::directory::service_handlers::require_territory;
use crate::directory::translations;
use crate::entries;
use crate::error::{ApiError, ApiResult};
use crate::http::{Answer, Body, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters};
use crate::paged_query;
use crate::work::Unit;

const MEMBERS: [&str; 16] = [
    "organisation_id",
    "territory_id",
    "location_type",
    "name",
    "alternate_name",
    "description",
    "transportation",
    "url",
    "latitude",
    "longitude",
    "addresses",
    "phones",
    "schedules",
    "languages",
    "accessibility",
    "contacts",
];

paged_query! {
    /// How to list locations.
    LocationQuery {
        /// Locations of this organisation.
        organisation_id: Option<OrganisationId>,
        /// Locations in exactly this territory.
        territory_id: Option<TerritoryId>,
        /// Locations of this type.
        location_type: Option<LocationType>,
    }
}

/// List locations.
///
/// Oldest first. Every caller may know them.
#[utoipa::path(
    tag = "Directory",
    params(LocationQuery),
    responses((status = 200, description = "A page.", body = LocationPage))
)]
#[get("/locations")]
pub async fn list_locations(
    door: Door,
    caller: Caller<actions::List, resources::Locations>,
    query: Parameters<LocationQuery>,
) -> ApiResult<Answer> {
    door.read("list_locations", caller, move |reader| {
        let asked = query.read()?;
        let request = reader.page(&query, asked.limit, asked.cursor.as_deref());
        let after = request.after()?.unwrap_or(LocationId(uuid::Uuid::nil()));
        let mut list = locations::table
            .filter(locations::id.gt(after))
            .order(locations::id)
            .limit(request.limit() + 1)
            .into_boxed();
        if let Some(organisation) = asked.organisation_id {
            list = list.filter(locations::organisation_id.eq(organisation));
        }
        if let Some(territory) = asked.territory_id {
            list = list.filter(locations::territory_id.eq(territory));
        }
        if let Some(kind) = asked.location_type {
            list = list.filter(locations::location_type.eq(kind));
        }
        let rows: Vec<LocationRow> = list.load(reader.connection)?;
        let page = request.page(rows, |row: &LocationRow| row.id)?;
        Answer::ok(&LocationPage::from(page.try_map(Location::shown)?))
    })
    .await
}

/// Enter a location.
///
/// In the directory, for an organisation that you administer.
#[utoipa::path(
    tag = "Directory",
    request_body = NewLocation,
    responses((status = 201, description = "The location.", body = Location))
)]
#[post("/locations")]
pub async fn create_location(
    door: Door,
    caller: Caller<actions::Create, resources::Locations>,
    body: Body<NewLocation>,
) -> ApiResult<Answer> {
    door.write("create_location", caller, Some(body.fingerprint()), move |unit| {
        let new = body.read()?;
        entries::require_keeper(unit, Resource::Locations, "organisation_id", new.organisation_id)?;
        let id = LocationId::new();
        let row = match unit.replay(id.0)? {
            Some(earlier) => entries::made_before(unit, earlier)?,
            None => enter(unit, id, new)?,
        };
        let (path, version) = (format!("/locations/{}", row.id), row.version);
        unit.created(&path, version, &Location::shown(row)?)
    })
    .await
}

/// Keeps a new location; used by the demonstration data as well.
pub fn enter(unit: &mut Unit<'_>, id: LocationId, new: NewLocation) -> ApiResult<LocationRow> {
    let row = LocationRow {
        id,
        organisation_id: new.organisation_id,
        territory_id: new.territory_id,
        location_type: new.location_type.unwrap_or(LocationType::Physical),
        name: new.name,
        latitude: new.latitude,
        longitude: new.longitude,
        details: Json::of(LocationDetails {
            alternate_name: new.alternate_name,
            description: new.description,
            transportation: new.transportation,
            url: new.url,
            addresses: new.addresses,
            phones: new.phones,
            schedules: new.schedules,
            languages: new.languages,
            accessibility: new.accessibility,
            contacts: new.contacts,
        }),
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    };
    check(unit, &row)?;
    entries::add(unit, &row, &MEMBERS)?;
    Ok(row)
}

/// 422 where it lies nowhere.
fn check(unit: &mut Unit<'_>, row: &LocationRow) -> ApiResult<()> {
    match (row.latitude, row.longitude) {
        (Some(_), None) => return Err(ApiError::invalid_member("longitude", "must be given with latitude")),
        (None, Some(_)) => return Err(ApiError::invalid_member("latitude", "must be given with longitude")),
        _ => {}
    }
    match row.territory_id {
        Some(territory) => require_territory(unit, "territory_id", territory),
        None => Ok(()),
    }
}

/// Read a location.
///
/// Every caller may know it. Texts that were reviewed in the language that `Accept-Language` prefers stand in the place of the originals;
/// `Content-Language` says so.
#[utoipa::path(
    tag = "Directory",
    params(("location_id" = LocationId, Path, description = "The location.")),
    responses((status = 200, description = "The location.", body = Location))
)]
#[get("/locations/{location_id}")]
pub async fn read_location(
    door: Door,
    caller: Caller<actions::Read, resources::Locations>,
    id: Id<LocationId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_location", caller, move |reader| {
        let mut row: LocationRow = entries::known(reader, id.0)?;
        let told = translations::tell(reader, &mut row)?;
        Ok(told.label(reader.answer_row(
            row.version,
            &held,
            &Fields::default(),
            &told.view(),
            &Location::shown(row)?,
        )?))
    })
    .await
}

/// Edit a location.
///
/// For all services that are given there.
#[utoipa::path(
    tag = "Directory",
    params(("location_id" = LocationId, Path, description = "The location.")),
    request_body(content = LocationPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The location as it is now.", body = Location))
)]
#[patch("/locations/{location_id}")]
pub async fn edit_location(
    door: Door,
    caller: Caller<actions::Edit, resources::Locations>,
    id: Id<LocationId>,
    if_match: IfMatch,
    body: Body<LocationPatch>,
) -> ApiResult<Answer> {
    door.write("edit_location", caller, None, move |unit| {
        let mut row: LocationRow = entries::locked(unit, Action::Edit, Resource::Locations, id.0)?;
        let patch = body.read()?;
        if_match.check(row.version)?;
        let changed = apply(&mut row, patch)?;
        check(unit, &row)?;
        entries::save(unit, &mut row, &changed)?;
        unit.edited(row.version, &Location::shown(row)?)
    })
    .await
}
