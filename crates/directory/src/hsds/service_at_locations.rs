//! Services at locations for clients of HSDS, by postcode and around it too.

use approdo_db::schema::{locations, service_at_locations, services};
use approdo_db::{Connection, Prepared};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde_json::Value as Json;

use crate::directory::locations::{LocationId, LocationRow};
use crate::directory::service_at_locations::{ServiceAtLocationId, ServiceAtLocationRow};
use crate::directory::services::ServiceRow;
use crate::error::{ApiError, ApiResult};
use crate::hsds::asked::{HsdsQuery, limited, one};
use crate::hsds::entities::{self, Depth, Spoken, Told};
use crate::hsds::paging::{self, Listed, Span};
use crate::hsds::places::Point;
use crate::hsds::services::Narrowed;
use crate::http::{Answer, Door, Id, Parameters, query};

#[derive(Clone)]
struct Given {
    asked: HsdsQuery,
    spoken: Spoken,
}

impl Given {
    fn narrowed<ST>(
        &self,
        connection: &mut Connection,
        mut statement: Prepared<ST>,
    ) -> ApiResult<Option<Prepared<ST>>> {
        let Some(narrowed) = Narrowed::of(connection, &self.asked, self.spoken.labels)? else { return Ok(None) };
        statement = statement.sql(
            " FROM service_at_locations a JOIN services s ON s.id = a.service_id JOIN locations l ON l.id = a.location_id \
             WHERE 1 = 1",
        );
        statement = narrowed.conditions(statement);
        if let Some(postcode) = &self.asked.postcode {
            let near = places_near(connection, postcode, self.asked.proximity)?;
            if near.is_empty() {
                return Ok(None);
            }
            if near.len() > MOST_NEAR {
                return Err(ApiError::malformed("proximity: too many locations lie so near, ask for fewer metres"));
            }
            statement = statement.sql(" AND a.location_id IN (");
            for (index, place) in near.into_iter().enumerate() {
                statement = if index == 0 { statement } else { statement.sql(", ") }.bind(place);
            }
            statement = statement.sql(")");
        }
        Ok(Some(statement))
    }
}

/// Locations a list may be narrowed to.
const MOST_NEAR: usize = 2_000;

/// Locations that bear a postcode, or lie within so many metres from the middle of these.
fn places_near(connection: &mut Connection, postcode: &str, metres: Option<i64>) -> ApiResult<Vec<LocationId>> {
    let places: Vec<LocationRow> = locations::table.order(locations::id).load(connection)?;
    let mut bearing = Vec::new();
    for place in &places {
        if place.details()?.addresses.iter().any(|address| address.postal_code == postcode) {
            bearing.push(place);
        }
    }
    let Some(metres) = metres else { return Ok(bearing.into_iter().map(|place| place.id).collect()) };
    let points: Vec<Point> = bearing.into_iter().filter_map(Point::of).collect();
    let Some(middle) = Point::middle(&points) else { return Ok(Vec::new()) };
    let near = |place: &&LocationRow| {
        Point::of(place)
            .is_some_and(|point| point.metres_to(middle) <= f64::from(i32::try_from(metres).unwrap_or(i32::MAX)))
    };
    Ok(places.iter().filter(near).map(|place| place.id).collect())
}

impl Listed for Given {
    type Key = ServiceAtLocationId;

    fn count(&self, connection: &mut Connection) -> ApiResult<i64> {
        let all = Prepared::<BigInt>::select("count(*)");
        match self.narrowed(connection, all)? {
            Some(statement) => Ok(statement.once().get_result(connection)?),
            None => Ok(0),
        }
    }

    fn rows(&self, connection: &mut Connection, span: &Span<Self::Key>) -> ApiResult<Vec<(Self::Key, Json)>> {
        type Row = (service_at_locations::SqlType, services::SqlType, locations::SqlType);
        let all = Prepared::<Row>::select("a.*, s.*, l.*");
        let Some(statement) = self.narrowed(connection, all)? else { return Ok(Vec::new()) };
        let statement = match span.after() {
            None => statement,
            Some(last) => statement.sql(" AND a.id > ").bind(*last),
        };
        let page = limited(statement.sql(" ORDER BY a.id"), span);
        let rows: Vec<(ServiceAtLocationRow, ServiceRow, LocationRow)> = page.load(connection)?;
        let given: Vec<ServiceRow> = rows.iter().map(|(_, service, _)| service.clone()).collect();
        let depth = match self.asked.depth() {
            Depth::Full => Depth::Apart,
            narrower => narrower,
        };
        let mut told = Told::of_services(connection, &self.spoken, &given, depth)?;
        told.translate(connection, &self.spoken, rows.iter().map(|(_, _, place)| place.id.0))?;
        rows.iter().map(|(at, service, place)| Ok((at.id, with_service(&told, at, service, place, depth)?))).collect()
    }
}

fn with_service(
    told: &Told,
    at: &ServiceAtLocationRow,
    service: &ServiceRow,
    place: &LocationRow,
    depth: Depth,
) -> ApiResult<Json> {
    let given = told.service_at_location(at, place)?;
    Ok(entities::with(given, [("service", told.service(service, depth)?)]))
}

pub async fn list_service_at_locations(door: Door, query: Parameters<HsdsQuery>) -> ApiResult<Answer> {
    let (asked, spoken) = (query.read()?, Spoken::of(&door.context));
    paging::answer(door.app, asked.paging(), Given { asked, spoken }).await
}

pub async fn read_service_at_location(
    door: Door,
    id: Id<ServiceAtLocationId>,
    query: Parameters<query::None>,
) -> ApiResult<Answer> {
    query.read()?;
    one(door, move |connection, spoken| {
        let at: Option<ServiceAtLocationRow> = service_at_locations::table.find(id.0).first(connection).optional()?;
        let at = at.ok_or_else(ApiError::not_found)?;
        let service = entities::known_service(connection, at.service_id)?;
        let place: LocationRow = locations::table.find(at.location_id).first(connection)?;
        let mut told = Told::of_services(connection, spoken, std::slice::from_ref(&service), Depth::Apart)?;
        told.translate(connection, spoken, [place.id.0])?;
        with_service(&told, &at, &service, &place, Depth::Apart)
    })
    .await
}
