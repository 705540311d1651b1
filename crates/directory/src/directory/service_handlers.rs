//! Operations on services.

use std::collections::HashMap;

use actix_web::{get, patch, post};
use approdo_db::schema::{locations, service_at_locations, services, territories};
use approdo_db::{Connection, Json};
use chrono::NaiveDate;
use diesel::prelude::*;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, OrganisationId, Resource, TerritoryId};
use crate::clock;
use crate::codes;
use crate::directory::capacities::{self, ServiceCapacity};
use crate::directory::eligibility::Eligibility;
use crate::directory::parts::ServiceArea;
use crate::directory::programs::{ProgramId, check_program};
use crate::directory::services::{
    Freshness, MEMBERS, NewService, ProviderKind, Service, ServiceId, ServicePage, ServicePatch, ServiceRow,
    ServiceStatus, apply, check_ages, search_text,
};
use crate::directory::there;
use crate::directory::translations;
use crate::entries;
use crate::error::{ApiError, ApiResult};
use crate::http::{Answer, Body, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters};
use crate::names;
use crate::paged_query;
use crate::work::Unit;

paged_query! {
    /// How to list services.
    ServiceQuery {
        /// Services of this organisation.
        organisation_id: Option<OrganisationId>,
        /// Services that are part of this program.
        program_id: Option<ProgramId>,
        /// A code of `service_types`.
        #[validate(length(min = 1, max = 40))]
        #[param(min_length = 1, max_length = 40)]
        service_type: Option<String>,
        /// Services in this state.
        status: Option<ServiceStatus>,
        /// Services that the administration gives itself, or others.
        provider_kind: Option<ProviderKind>,
        /// `true`: services for everyone alike; `false`: those for migrants alone.
        regular_structure: Option<bool>,
        /// Services that are given at a location in exactly this territory.
        territory_id: Option<TerritoryId>,
        /// Services that are given at a location in this territory or below it; of a union, convention, district or mountain community, in
        /// its members.
        under: Option<TerritoryId>,
        /// How far the entry can be relied on today.
        freshness: Option<Freshness>,
        /// Words of the name and the descriptions, in any script; each must begin one of the service's words.
        #[validate(length(min = 1, max = 200))]
        #[param(min_length = 1, max_length = 200, example = "italian beginners")]
        q: Option<String>,
    }
}

/// List services.
///
/// By name. Every caller may know them.
#[utoipa::path(
    tag = "Directory",
    params(ServiceQuery),
    responses((status = 200, description = "A page.", body = ServicePage))
)]
#[get("/services")]
pub async fn list_services(
    door: Door,
    caller: Caller<actions::List, resources::Services>,
    query: Parameters<ServiceQuery>,
) -> ApiResult<Answer> {
    door.read("list_services", caller, move |reader| {
        let asked = query.read()?;
        let request = reader.page(&query, asked.limit, asked.cursor.as_deref());
        let today = clock::date_of(reader.now);
        let rows = matching(reader.connection, (&asked, today), request.after()?, request.limit() + 1)?;
        let page = request.page(rows, |row: &ServiceRow| (row.name.clone(), row.id))?;
        let ids: Vec<ServiceId> = page.items.iter().map(|row| row.id).collect();
        let now = reader.now;
        let told = capacities::of_services(reader.connection, &ids)?;
        let mut told: HashMap<ServiceId, _> = told.into_iter().map(|row| (row.service_id, row)).collect();
        let page = page.try_map(|row| {
            let capacity = told.remove(&row.id).map(|capacity| ServiceCapacity::shown(capacity, now));
            Service::shown(row, capacity, today)
        })?;
        Answer::ok(&ServicePage::from(page))
    })
    .await
}

fn matching(
    connection: &mut Connection,
    (asked, today): (&ServiceQuery, NaiveDate),
    after: Option<(String, ServiceId)>,
    limit: i64,
) -> ApiResult<Vec<ServiceRow>> {
    let mut list = services::table.order((services::name, services::id)).limit(limit).into_boxed();
    if let Some((name, id)) = after {
        list = list.filter(services::name.gt(name.clone()).or(services::name.eq(name).and(services::id.gt(id))));
    }
    if let Some(organisation) = asked.organisation_id {
        list = list.filter(services::organisation_id.eq(organisation));
    }
    if let Some(program) = asked.program_id {
        list = list.filter(services::program_id.eq(program));
    }
    if let Some(service_type) = &asked.service_type {
        list = list.filter(services::service_type.eq(service_type));
    }
    if let Some(status) = asked.status {
        list = list.filter(services::status.eq(status));
    }
    if let Some(kind) = asked.provider_kind {
        list = list.filter(services::provider_kind.eq(kind));
    }
    if let Some(regular) = asked.regular_structure {
        list = list.filter(services::regular_structure.eq(regular));
    }
    if let Some(territory) = asked.territory_id {
        let given_there = service_at_locations::table
            .inner_join(locations::table.on(locations::id.eq(service_at_locations::location_id)))
            .filter(locations::territory_id.eq(territory))
            .select(service_at_locations::service_id);
        list = list.filter(services::id.eq_any(given_there));
    }
    if let Some(territory) = asked.under {
        list = list.filter(there::services((territory, today)));
    }
    match asked.freshness.map(|freshness| freshness.days(today)) {
        Some((Some(since), Some(until))) => list = list.filter(services::verified_on.between(since, until)),
        Some((Some(since), None)) => list = list.filter(services::verified_on.ge(since)),
        Some((None, Some(until))) => {
            list = list.filter(services::verified_on.is_null().or(services::verified_on.le(until)));
        }
        Some((None, None)) | None => {}
    }
    // Folded words are letters and digits alone: none is a wildcard.
    let Some(words) = sought(asked.q.as_deref())? else { return Ok(Vec::new()) };
    for word in words {
        list = list.filter(services::search_text.like(format!("% {word}%")));
    }
    Ok(list.load(connection)?)
}

/// Words that a search may have.
const WORDS: usize = 8;

/// The words of a search; none where it has no letter or digit, and finds nothing.
pub fn sought(text: Option<&str>) -> ApiResult<Option<Vec<String>>> {
    let Some(text) = text else { return Ok(Some(Vec::new())) };
    let words = names::words(text);
    match words.len() {
        0 => Ok(None),
        1..=WORDS => Ok(Some(words)),
        _ => Err(ApiError::malformed(format!("a search has at most {WORDS} words"))),
    }
}

/// Enter a service.
///
/// In the directory, for an organisation that you administer.
#[utoipa::path(
    tag = "Directory",
    request_body = NewService,
    responses((status = 201, description = "The service.", body = Service))
)]
#[post("/services")]
pub async fn create_service(
    door: Door,
    caller: Caller<actions::Create, resources::Services>,
    body: Body<NewService>,
) -> ApiResult<Answer> {
    door.write("create_service", caller, Some(body.fingerprint()), move |unit| {
        let new = body.read()?;
        entries::require_keeper(unit, Resource::Services, "organisation_id", new.organisation_id)?;
        let id = ServiceId::new();
        let row = match unit.replay(id.0)? {
            Some(earlier) => entries::made_before(unit, earlier)?,
            None => enter(unit, id, new)?,
        };
        let (path, version) = (format!("/services/{}", row.id), row.version);
        let service = shown(unit, row)?;
        unit.created(&path, version, &service)
    })
    .await
}

/// Keeps a new service; used by the demonstration data as well.
pub fn enter(unit: &mut Unit<'_>, id: ServiceId, mut new: NewService) -> ApiResult<ServiceRow> {
    codes::check(unit.app, "service_types", "service_type", &new.service_type)?;
    check_ages(new.minimum_age, new.maximum_age)?;
    check_eligibility(unit, &new.eligibility)?;
    check_areas(unit, &new.service_areas)?;
    check_program(unit, new.organisation_id, new.program_id)?;
    let details = new.details();
    let row = ServiceRow {
        id,
        organisation_id: new.organisation_id,
        search_text: search_text(&new.name, &details, &new.eligibility),
        name: new.name,
        status: new.status.unwrap_or(ServiceStatus::Active),
        service_type: new.service_type,
        provider_kind: new.provider_kind,
        regular_structure: new.regular_structure,
        minimum_age: new.minimum_age,
        maximum_age: new.maximum_age,
        eligibility: Json::of(new.eligibility),
        details: Json::of(details),
        verified_on: None,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
        program_id: new.program_id,
    };
    entries::add(unit, &row, MEMBERS)?;
    Ok(row)
}

fn check_eligibility(unit: &mut Unit<'_>, rules: &Eligibility) -> ApiResult<()> {
    codes::check_all(unit.app, "target_groups", "eligibility/target_groups", &rules.target_groups)?;
    codes::check_all(unit.app, "residence_statuses", "eligibility/legal_statuses", &rules.legal_statuses)?;
    for (index, territory) in rules.territory_ids.iter().enumerate() {
        require_territory(unit, &format!("eligibility/territory_ids/{index}"), *territory)?;
    }
    Ok(())
}

fn check_areas(unit: &mut Unit<'_>, areas: &[ServiceArea]) -> ApiResult<()> {
    for (index, area) in areas.iter().enumerate() {
        if let Some(territory) = area.territory_id {
            require_territory(unit, &format!("service_areas/{index}/territory_id"), territory)?;
        }
    }
    Ok(())
}

/// 422 where there is no such service.
pub fn require_service(unit: &mut Unit<'_>, member: &str, id: ServiceId) -> ApiResult<()> {
    let found: i64 = services::table.find(id).count().get_result(unit.connection)?;
    if found == 1 { Ok(()) } else { Err(ApiError::unknown_reference(member)) }
}

/// 422 where there is no such territory.
pub fn require_territory(unit: &mut Unit<'_>, member: &str, id: TerritoryId) -> ApiResult<()> {
    let found: i64 = territories::table.find(id).count().get_result(unit.connection)?;
    if found == 1 { Ok(()) } else { Err(ApiError::unknown_reference(member)) }
}

fn shown(unit: &mut Unit<'_>, row: ServiceRow) -> ApiResult<Service> {
    let capacity = capacities::of_service(unit.connection, row.id)?;
    Service::shown(row, capacity.map(|capacity| ServiceCapacity::shown(capacity, unit.now)), clock::date_of(unit.now))
}

/// Read a service.
///
/// Every caller may know it. Texts that were reviewed in the language that `Accept-Language` prefers stand in the place of the originals;
/// `Content-Language` says so.
#[utoipa::path(
    tag = "Directory",
    params(("service_id" = ServiceId, Path, description = "The service.")),
    responses((status = 200, description = "The service.", body = Service))
)]
#[get("/services/{service_id}")]
pub async fn read_service(
    door: Door,
    caller: Caller<actions::Read, resources::Services>,
    id: Id<ServiceId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_service", caller, move |reader| {
        let mut row: ServiceRow = entries::known(reader, id.0)?;
        let told = translations::tell(reader, &mut row)?;
        let now = reader.now;
        let capacity = capacities::of_service(reader.connection, row.id)?.map(|row| ServiceCapacity::shown(row, now));
        let service = Service::shown(row, capacity, clock::date_of(now))?;
        let view = format!("{}{}{}", service.freshness, ServiceCapacity::view(service.capacity.as_ref()), told.view());
        Ok(told.label(reader.answer_row(service.version, &held, &Fields::default(), &view, &service)?))
    })
    .await
}

/// Edit a service.
///
/// That somebody has verified it, and how much room it has, are told apart.
#[utoipa::path(
    tag = "Directory",
    params(("service_id" = ServiceId, Path, description = "The service.")),
    request_body(content = ServicePatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The service as it is now.", body = Service))
)]
#[patch("/services/{service_id}")]
pub async fn edit_service(
    door: Door,
    caller: Caller<actions::Edit, resources::Services>,
    id: Id<ServiceId>,
    if_match: IfMatch,
    body: Body<ServicePatch>,
) -> ApiResult<Answer> {
    door.write("edit_service", caller, None, move |unit| {
        let mut row: ServiceRow = entries::locked(unit, Action::Edit, Resource::Services, id.0)?;
        let patch = body.read()?;
        if_match.check(row.version)?;
        let changed = apply(&mut row, patch)?;
        codes::of_changed(unit.app, &changed).check("service_types", "service_type", &row.service_type)?;
        if changed.contains(&"eligibility") {
            check_eligibility(unit, &row.eligibility()?)?;
        }
        if changed.contains(&"service_areas") {
            check_areas(unit, &row.details()?.service_areas)?;
        }
        if changed.contains(&"program_id") {
            check_program(unit, row.organisation_id, row.program_id)?;
        }
        entries::save(unit, &mut row, &changed)?;
        let service = shown(unit, row)?;
        unit.edited(service.version, &service)
    })
    .await
}
