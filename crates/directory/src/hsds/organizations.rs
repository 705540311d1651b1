//! Organizations for clients of HSDS.

use approdo_db::schema::{locations, organisations, programs, services};
use approdo_db::{Connection, Prepared, Value};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde_json::Value as Json;

use crate::access::OrganisationId;
use crate::directory::locations::LocationRow;
use crate::directory::organisations::OrganisationRow;
use crate::directory::programs::Program;
use crate::directory::services::ServiceRow;
use crate::error::{ApiError, ApiResult};
use crate::hsds::asked::{HsdsQuery, Named, one, spanned};
use crate::hsds::entities::{self, Depth, Spoken, Told};
use crate::hsds::paging::{self, Listed, Span};
use crate::http::{Answer, Door, Id, Parameters};

#[derive(Clone)]
struct Organizations {
    asked: HsdsQuery,
    spoken: Spoken,
}

impl Organizations {
    fn conditions<ST>(&self, mut statement: Prepared<ST>) -> Prepared<ST> {
        if let Some(text) = &self.asked.search {
            let text = text.to_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
            statement =
                statement.sql(" AND lower(o.name) LIKE ").bind(Value::Text(format!("%{text}%"))).sql(" ESCAPE '\\'");
        }
        statement
    }
}

impl Listed for Organizations {
    type Key = Named;

    fn count(&self, connection: &mut Connection) -> ApiResult<i64> {
        let all = Prepared::<BigInt>::select("count(*)").sql(" FROM organisations o WHERE 1 = 1");
        Ok(self.conditions(all).once().get_result(connection)?)
    }

    fn rows(&self, connection: &mut Connection, span: &Span<Named>) -> ApiResult<Vec<(Named, Json)>> {
        let all = Prepared::<organisations::SqlType>::select("o.*").sql(" FROM organisations o WHERE 1 = 1");
        let page = spanned(self.conditions(all), " AND (o.name, o.id) > (", " ORDER BY o.name, o.id", span);
        let rows: Vec<OrganisationRow> = page.load(connection)?;
        let keys: Vec<Named> = rows.iter().map(|row| (row.name.clone(), row.id.0)).collect();
        let told = match (self.asked.full, self.asked.full_service) {
            (_, Some(true)) => full_organizations(connection, &self.spoken, &rows, Depth::Full)?,
            (Some(true), _) => full_organizations(connection, &self.spoken, &rows, Depth::Summary)?,
            _ => {
                let told = Told::of_organisations(connection, &self.spoken, rows.iter().map(|row| row.id))?;
                rows.iter().map(|row| told.organization(row, Depth::Summary)).collect::<ApiResult<_>>()?
            }
        };
        Ok(keys.into_iter().zip(told).collect())
    }
}

/// Services, programs, and locations, that the organisations of an answer are told with at most.
const MOST_RELATED: usize = 5_000;
/// One more, to notice.
const PROBED: i64 = 5_001;

/// Organisations with their services, programs and locations, read for all of them at once.
fn full_organizations(
    connection: &mut Connection,
    spoken: &Spoken,
    rows: &[OrganisationRow],
    depth: Depth,
) -> ApiResult<Vec<Json>> {
    let ids: Vec<OrganisationId> = rows.iter().map(|row| row.id).collect();
    let of = services::table.filter(services::organisation_id.eq_any(&ids)).order((services::name, services::id));
    let given: Vec<ServiceRow> = of.limit(PROBED).load(connection)?;
    let of = locations::table.filter(locations::organisation_id.eq_any(&ids)).order(locations::id);
    let places: Vec<LocationRow> = of.limit(PROBED).load(connection)?;
    let of = programs::table.filter(programs::organisation_id.eq_any(&ids)).order((programs::name, programs::id));
    let under: Vec<Program> = of.limit(PROBED).load(connection)?;
    if [given.len(), places.len(), under.len()].into_iter().any(|related| related > MOST_RELATED) {
        let detail = "so many services, programs or locations are not told in one answer: ask for fewer organizations, or for /services";
        return Err(ApiError::malformed(detail));
    }
    let mut told = Told::of_services(connection, spoken, &given, depth)?;
    let around =
        ids.iter().map(|id| id.0).chain(under.iter().map(|row| row.id.0)).chain(places.iter().map(|row| row.id.0));
    told.translate(connection, spoken, around)?;
    rows.iter()
        .map(|row| {
            let own = given.iter().filter(|service| service.organisation_id == row.id);
            // Whose they are is told around them.
            let own: ApiResult<Vec<Json>> =
                own.map(|service| Ok(entities::without(told.service(service, depth)?, "organization"))).collect();
            let at = places.iter().filter(|place| place.organisation_id == row.id);
            let at: ApiResult<Vec<Json>> = at.map(|place| told.location(place)).collect();
            let own_programs = under.iter().filter(|program| program.organisation_id == row.id);
            let own_programs: ApiResult<Vec<Json>> = own_programs.map(|program| told.program(program)).collect();
            let related = [("locations", at?.into()), ("programs", own_programs?.into()), ("services", own?.into())];
            Ok(entities::with(told.organization(row, Depth::Full)?, related))
        })
        .collect()
}

pub async fn list_organizations(door: Door, query: Parameters<HsdsQuery>) -> ApiResult<Answer> {
    let (asked, spoken) = (query.read()?, Spoken::of(&door.context));
    paging::answer(door.app, asked.paging(), Organizations { asked, spoken }).await
}

pub async fn read_organization(door: Door, id: Id<OrganisationId>, query: Parameters<HsdsQuery>) -> ApiResult<Answer> {
    let depth = if query.read()?.full_service == Some(true) { Depth::Full } else { Depth::Summary };
    one(door, move |connection, spoken| {
        let row: Option<OrganisationRow> = organisations::table.find(id.0).first(connection).optional()?;
        let told = full_organizations(connection, spoken, row.as_slice(), depth)?;
        told.into_iter().next().ok_or_else(ApiError::not_found)
    })
    .await
}
