//! How much room a service has (domain 17): told often, by whoever gives the service, apart from its description.

use actix_web::{get, put};
use approdo_db::schema::service_capacities as capacities;
use approdo_db::{Json, Timestamp, text_enum};
use chrono::{NaiveDate, TimeDelta};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, Resource};
use crate::directory::services::{ServiceId, ServiceRow};
use crate::entries;
use crate::error::{ApiError, ApiResult};
use crate::http::{Answer, Body, Checked, Door, Fields, Id, IfMatch, IfNoneMatch, reading};
use crate::work::{Change, Operation, Unit};

/// Days after which what was told is stale.
const STALE_DAYS: i64 = 30;

text_enum! {
    /// Whether a service takes people.
    #[derive(ToSchema)]
    CapacityState {
        HasCapacity = "has_capacity",
        NoCapacity = "no_capacity",
        Waitlist = "waitlist",
        /// It is decided in each case.
        AssessmentRequired = "assessment_required",
    }
}

/// The row.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize)]
#[diesel(table_name = capacities, primary_key(service_id), treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct CapacityRow {
    pub service_id: ServiceId,
    pub state: CapacityState,
    pub available: Option<i64>,
    pub maximum: Option<i64>,
    pub unit: Option<String>,
    pub next_available_on: Option<NaiveDate>,
    pub version: i64,
    pub updated_at: Timestamp,
}

/// How much room a service has.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ServiceCapacity {
    pub state: CapacityState,
    /// Free at present, in `unit`s.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0, maximum = 1_000_000)]
    pub available: Option<i64>,
    /// In all, in `unit`s.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0, maximum = 1_000_000)]
    pub maximum: Option<i64>,
    /// Places, beds, hours a week.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 60)]
    pub unit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next_available_on: Option<NaiveDate>,
    /// Told more than 30 days ago: ask before relying on it.
    pub stale: bool,
    /// Rises whenever it is told.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    /// When it was told.
    pub updated_at: Timestamp,
}

impl ServiceCapacity {
    pub fn shown(row: CapacityRow, now: Timestamp) -> Self {
        Self {
            state: row.state,
            available: row.available,
            maximum: row.maximum,
            unit: row.unit,
            next_available_on: row.next_available_on,
            stale: now.instant() - row.updated_at.instant() > TimeDelta::days(STALE_DAYS),
            version: row.version,
            updated_at: row.updated_at,
        }
    }

    /// What an `ETag` must tell apart: it changes by telling, and by time alone.
    pub fn view(capacity: Option<&Self>) -> String {
        capacity.map_or_else(String::new, |capacity| {
            format!("{}{}", capacity.version, if capacity.stale { "s" } else { "" })
        })
    }
}

/// How much room a service has from now on.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"state": "waitlist", "available": 0, "maximum": 24, "unit": "places", "next_available_on": "2027-01-11"}))]
pub struct CapacityReport {
    pub state: CapacityState,
    /// Free at present, in `unit`s.
    #[validate(range(min = 0, max = 1_000_000))]
    #[serde(default, deserialize_with = "reading::optional_whole")]
    #[schema(nullable = false, minimum = 0, maximum = 1_000_000)]
    pub available: Option<i64>,
    /// In all, in `unit`s.
    #[validate(range(min = 0, max = 1_000_000))]
    #[serde(default, deserialize_with = "reading::optional_whole")]
    #[schema(nullable = false, minimum = 0, maximum = 1_000_000)]
    pub maximum: Option<i64>,
    /// Places, beds, hours a week.
    #[validate(length(min = 1, max = 60))]
    #[schema(nullable = false, min_length = 1, max_length = 60)]
    pub unit: Option<String>,
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "reading::optional_day")]
    pub next_available_on: Option<NaiveDate>,
}

impl Checked for CapacityReport {}

/// What a referral changes of the room that its service has: the rest stays as it was told.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CapacityChange {
    pub state: CapacityState,
    /// Free at present.
    #[validate(range(min = 0, max = 1_000_000))]
    #[serde(default, deserialize_with = "reading::optional_whole")]
    #[schema(nullable = false, minimum = 0, maximum = 1_000_000)]
    pub available: Option<i64>,
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "reading::optional_day")]
    pub next_available_on: Option<NaiveDate>,
}

impl CapacityChange {
    /// What is told from now on.
    pub fn over(self, before: Option<CapacityRow>) -> CapacityReport {
        let (maximum, unit) = before.map_or((None, None), |row| (row.maximum, row.unit));
        let Self { state, available, next_available_on } = self;
        CapacityReport { state, available, maximum, unit, next_available_on }
    }
}

/// What was told of these services.
pub fn of_services(connection: &mut approdo_db::Connection, services: &[ServiceId]) -> QueryResult<Vec<CapacityRow>> {
    capacities::table.filter(capacities::service_id.eq_any(services)).load(connection)
}

/// What was told of a service, if anything was.
pub fn of_service(connection: &mut approdo_db::Connection, service: ServiceId) -> QueryResult<Option<CapacityRow>> {
    capacities::table.find(service).first(connection).optional()
}

/// Read how much room a service has.
///
/// 404 until its provider has said so.
#[utoipa::path(
    tag = "Directory",
    params(("service_id" = ServiceId, Path, description = "The service.")),
    responses((status = 200, description = "How much room it has.", body = ServiceCapacity))
)]
#[get("/services/{service_id}/capacity")]
pub async fn read_service_capacity(
    door: Door,
    caller: Caller<actions::Read, resources::ServiceCapacities>,
    id: Id<ServiceId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_service_capacity", caller, move |reader| {
        let row = of_service(reader.connection, id.0)?.ok_or_else(ApiError::not_found)?;
        let capacity = ServiceCapacity::shown(row, reader.now);
        let view = ServiceCapacity::view(Some(&capacity));
        reader.answer_row(capacity.version, &held, &Fields::default(), &view, &capacity)
    })
    .await
}

/// Tell how much room a service has.
///
/// The same again says that it is still so. `If-Match` is checked where it is sent.
#[utoipa::path(
    tag = "Directory",
    params(("service_id" = ServiceId, Path, description = "The service.")),
    request_body = CapacityReport,
    responses((status = 200, description = "How much room it has from now on.", body = ServiceCapacity))
)]
#[put("/services/{service_id}/capacity")]
pub async fn replace_service_capacity(
    door: Door,
    caller: Caller<actions::Edit, resources::ServiceCapacities>,
    id: Id<ServiceId>,
    if_match: IfMatch,
    body: Body<CapacityReport>,
) -> ApiResult<Answer> {
    door.write("replace_service_capacity", caller, None, move |unit| {
        let service: ServiceRow = entries::locked(unit, Action::Edit, Resource::ServiceCapacities, id.0)?;
        let told = body.read()?;
        let row = tell(unit, &service, told, Some(&if_match))?;
        unit.edited(row.version, &ServiceCapacity::shown(row, unit.now))
    })
    .await
}

/// Keeps what is told of a locked service; used by the demonstration data as well.
pub fn tell(
    unit: &mut Unit<'_>,
    service: &ServiceRow,
    told: CapacityReport,
    if_match: Option<&IfMatch>,
) -> ApiResult<CapacityRow> {
    if let (Some(available), Some(maximum)) = (told.available, told.maximum)
        && available > maximum
    {
        return Err(ApiError::invalid_member("available", "must not lie above maximum"));
    }
    let before = of_service(unit.connection, service.id)?;
    let version = before.as_ref().map_or(0, |row| row.version);
    match (if_match, &before) {
        (Some(if_match), Some(row)) => if_match.check_if_sent(row.version)?,
        (Some(if_match), None) => if_match.check_absent()?,
        (None, _) => {}
    }
    let row = CapacityRow {
        service_id: service.id,
        state: told.state,
        available: told.available,
        maximum: told.maximum,
        unit: told.unit,
        next_available_on: told.next_available_on,
        version: version + 1,
        updated_at: unit.now,
    };
    let operation = match before {
        None => {
            diesel::insert_into(capacities::table).values(&row).execute(unit.connection)?;
            Operation::Created
        }
        Some(_) => {
            let target =
                capacities::table.filter(capacities::service_id.eq(service.id)).filter(capacities::version.eq(version));
            Unit::updated_one(diesel::update(target).set(&row).execute(unit.connection)?)?;
            Operation::Updated
        }
    };
    let members = ["state", "available", "maximum", "unit", "next_available_on"];
    unit.record(Change {
        values: Some(Json::try_of(&row).map_err(ApiError::fault)?),
        ..Change::plain("service_capacity", service.id.0, row.version, operation, &members)
    })?;
    Ok(row)
}
