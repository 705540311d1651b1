//! The reads of the façade.

use approdo_db::schema::{locations, organisations, service_at_locations, services};
use approdo_db::types::RowId;
use approdo_db::{Connection, Prepared, Timestamp, Value};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use uuid::Uuid;
use validator::Validate;

use crate::access::OrganisationId;
use crate::directory::locations::{LocationId, LocationRow};
use crate::directory::organisations::Organisation;
use crate::directory::service_at_locations::{ServiceAtLocationId, ServiceAtLocationRow};
use crate::directory::service_handlers::sought;
use crate::directory::services::{ServiceId, ServiceRow};
use crate::error::{ApiError, ApiResult};
use crate::hsds::MOUNT;
use crate::hsds::entities::{self, Depth, Told};
use crate::hsds::paging::{self, Asked, Listed, Span};
use crate::hsds::places::Point;
use crate::hsds::taxonomies::{self, Term};
use crate::http::request::Language;
use crate::http::{Answer, Door, Id, Parameters, query, reading};

/// Where the façade's contract stands.
const CONTRACT: &str = "https://raw.githubusercontent.com/openreferral/specification/3.0/schema/openapi.json";
const PROFILE: &str = "https://docs.openreferral.org/en/v3.0.1/hsds/";

pub async fn read_base(door: Door, query: Parameters<query::None>) -> ApiResult<Answer> {
    query.read()?;
    let at = format!("{}{MOUNT}", door.app.settings.public_url);
    Answer::ok(&json!({"version": "3.0", "profile": PROFILE, "openapi_url": CONTRACT, "url": at}))
}

/// What the lists of HSDS can be asked for; each list heeds what is its own.
#[derive(Debug, Clone, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct HsdsQuery {
    #[validate(length(max = 200))]
    search: Option<String>,
    page: Option<i64>,
    per_page: Option<i64>,
    #[validate(length(max = 10))]
    format: Option<String>,
    taxonomy_term_id: Option<Uuid>,
    taxonomy_id: Option<Uuid>,
    organization_id: Option<OrganisationId>,
    #[serde(default, deserialize_with = "reading::optional_instant")]
    modified_after: Option<DateTime<Utc>>,
    minimal: Option<bool>,
    full: Option<bool>,
    full_service: Option<bool>,
    #[validate(length(max = 20))]
    postcode: Option<String>,
    /// Metres from the middle of the locations that bear the postcode.
    #[validate(range(min = 0, max = 1_000_000))]
    proximity: Option<i64>,
    /// Every term of ours is one.
    #[serde(rename = "top_only")]
    _top_only: Option<bool>,
    parent_id: Option<Uuid>,
}

impl HsdsQuery {
    fn paging(&self) -> Asked {
        let full = self.full == Some(true) || self.full_service == Some(true);
        Asked { page: self.page, per_page: self.per_page, format: self.format.clone(), full }
    }

    fn depth(&self) -> Depth {
        if self.full == Some(true) { Depth::Full } else { Depth::Summary }
    }
}

/// What of services is asked for.
#[derive(Default)]
struct Narrowed {
    words: Vec<String>,
    organisation: Option<OrganisationId>,
    since: Option<Timestamp>,
    service_type: Option<String>,
    target_group: Option<String>,
    any_target_group: bool,
}

impl Narrowed {
    /// None where nothing can match.
    fn of(connection: &mut Connection, asked: &HsdsQuery, language: Language) -> ApiResult<Option<Self>> {
        let Some(words) = sought(asked.search.as_deref())? else { return Ok(None) };
        let mut narrowed = Self {
            words,
            organisation: asked.organization_id,
            since: asked.modified_after.map(Timestamp::new),
            ..Self::default()
        };
        match asked.taxonomy_id.map(taxonomies::list_of) {
            Some(Ok("target_groups")) => narrowed.any_target_group = true,
            Some(Err(_)) => return Ok(None),
            Some(Ok(_)) | None => {}
        }
        if let Some(id) = asked.taxonomy_term_id {
            let terms = taxonomies::terms(connection, language)?;
            match taxonomies::known(&terms, id) {
                Some(Term { list: "target_groups", code, .. }) => narrowed.target_group = Some(code.clone()),
                Some(Term { code, .. }) => narrowed.service_type = Some(code.clone()),
                None => return Ok(None),
            }
        }
        Ok(Some(narrowed))
    }

    /// The conditions on services aliased `s`, led by ` AND `.
    fn conditions<ST>(&self, mut statement: Prepared<ST>) -> Prepared<ST> {
        // Folded words are letters and digits alone: none is a wildcard.
        for word in &self.words {
            statement = statement.sql(" AND s.search_text LIKE ").bind(Value::Text(format!("% {word}%")));
        }
        if let Some(organisation) = self.organisation {
            statement = statement.sql(" AND s.organisation_id = ").bind(organisation);
        }
        if let Some(since) = self.since {
            // Also where it is given since, or where that place has changed.
            statement = statement
                .sql(" AND (s.updated_at >= ")
                .bind(Value::Instant(since))
                .sql(
                    " OR EXISTS (SELECT 1 FROM service_at_locations na JOIN locations nl ON nl.id = na.location_id \
                     WHERE na.service_id = s.id AND (na.updated_at >= ",
                )
                .bind(Value::Instant(since))
                .sql(" OR nl.updated_at >= ")
                .bind(Value::Instant(since))
                .sql(")))");
        }
        if let Some(code) = &self.service_type {
            statement = statement.sql(" AND s.service_type = ").bind(Value::Text(code.clone()));
        }
        // Groups stand among the words, each led by a sign that no word has.
        if let Some(code) = &self.target_group {
            let stands = format!("% #{} %", code.replace('_', "\\_"));
            statement = statement.sql(" AND s.search_text LIKE ").bind(Value::Text(stands)).sql(" ESCAPE '\\'");
        }
        if self.any_target_group {
            statement = statement.sql(" AND s.search_text LIKE '% #%'");
        }
        statement
    }
}

/// What a list by name goes on after.
type Named = (String, Uuid);

/// The rows of a span of a list by name and id, whose SQL says so: ` AND (name, id) > (`, ` ORDER BY name, id`.
fn spanned<ST>(statement: Prepared<ST>, beyond: &'static str, order: &'static str, span: &Span<Named>) -> Prepared<ST> {
    let statement = match span.after() {
        None => statement,
        Some((name, id)) => {
            let id = Value::Uuid(RowId(*id));
            statement.sql(beyond).bind(Value::Text(name.clone())).sql(", ").bind(id).sql(")")
        }
    };
    limited(statement.sql(order), span)
}

fn limited<ST, K>(statement: Prepared<ST>, span: &Span<K>) -> Prepared<ST> {
    let statement = statement.sql(" LIMIT ").bind(Value::BigInt(span.limit()));
    // Whoever asks decides on the text, without a token.
    statement.sql(" OFFSET ").bind(Value::BigInt(span.offset())).once()
}

#[derive(Clone)]
struct Services {
    asked: HsdsQuery,
    language: Language,
}

impl Listed for Services {
    type Key = Named;

    fn count(&self, connection: &mut Connection) -> ApiResult<i64> {
        let Some(narrowed) = Narrowed::of(connection, &self.asked, self.language)? else { return Ok(0) };
        let all = Prepared::<BigInt>::select("count(*)").sql(" FROM services s WHERE 1 = 1");
        Ok(narrowed.conditions(all).once().get_result(connection)?)
    }

    fn rows(&self, connection: &mut Connection, span: &Span<Named>) -> ApiResult<Vec<(Named, Json)>> {
        let Some(narrowed) = Narrowed::of(connection, &self.asked, self.language)? else { return Ok(Vec::new()) };
        let all = Prepared::<services::SqlType>::select("s.*").sql(" FROM services s WHERE 1 = 1");
        let all = narrowed.conditions(all);
        let page = spanned(all, " AND (s.name, s.id) > (", " ORDER BY s.name, s.id", span);
        let rows: Vec<ServiceRow> = page.load(connection)?;
        let key = |row: &ServiceRow| (row.name.clone(), row.id.0);
        if self.asked.minimal == Some(true) {
            let told = |row: &ServiceRow| {
                let status = entities::status(row.status);
                json!({"id": row.id, "name": row.name, "status": status, "modified_date": row.updated_at})
            };
            return Ok(rows.iter().map(|row| (key(row), told(row))).collect());
        }
        let depth = self.asked.depth();
        let told = Told::of_services(connection, self.language, &rows, depth)?;
        rows.iter().map(|row| Ok((key(row), told.service(row, depth)?))).collect()
    }
}

pub async fn list_services(door: Door, query: Parameters<HsdsQuery>) -> ApiResult<Answer> {
    let (asked, language) = (query.read()?, door.context.language);
    paging::answer(door.app, asked.paging(), Services { asked, language }).await
}

pub async fn read_service(door: Door, id: Id<ServiceId>, query: Parameters<query::None>) -> ApiResult<Answer> {
    query.read()?;
    one(door, move |connection, language| {
        let row = entities::known_service(connection, id.0)?;
        Told::of_services(connection, language, std::slice::from_ref(&row), Depth::Full)?.service(&row, Depth::Full)
    })
    .await
}

async fn one(
    door: Door,
    read: impl Fn(&mut Connection, Language) -> ApiResult<Json> + Send + 'static,
) -> ApiResult<Answer> {
    let language = door.context.language;
    paging::one(door.app, move |connection| read(connection, language)).await
}

#[derive(Clone)]
struct Organizations {
    asked: HsdsQuery,
    language: Language,
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
        let rows: Vec<Organisation> = page.load(connection)?;
        let keys: Vec<Named> = rows.iter().map(|row| (row.name.clone(), row.id.0)).collect();
        let told = match (self.asked.full, self.asked.full_service) {
            (_, Some(true)) => full_organizations(connection, self.language, &rows, Depth::Full)?,
            (Some(true), _) => full_organizations(connection, self.language, &rows, Depth::Summary)?,
            _ => {
                let told = Told::of_organisations(connection, self.language, rows.iter().map(|row| row.id))?;
                rows.iter().map(|row| told.organization(row)).collect()
            }
        };
        Ok(keys.into_iter().zip(told).collect())
    }
}

/// Services, and locations, that organisations are told with; each has a list of its own.
const MOST_RELATED: i64 = 5_000;

/// Organisations with their services and locations, read for all of them at once.
fn full_organizations(
    connection: &mut Connection,
    language: Language,
    rows: &[Organisation],
    depth: Depth,
) -> ApiResult<Vec<Json>> {
    let ids: Vec<OrganisationId> = rows.iter().map(|row| row.id).collect();
    let of = services::table.filter(services::organisation_id.eq_any(&ids)).order((services::name, services::id));
    let given: Vec<ServiceRow> = of.limit(MOST_RELATED).load(connection)?;
    let of = locations::table.filter(locations::organisation_id.eq_any(&ids)).order(locations::id);
    let places: Vec<LocationRow> = of.limit(MOST_RELATED).load(connection)?;
    let told = Told::of_services(connection, language, &given, depth)?;
    rows.iter()
        .map(|row| {
            let own = given.iter().filter(|service| service.organisation_id == row.id);
            let own: ApiResult<Vec<Json>> = own.map(|service| told.service(service, depth)).collect();
            let at = places.iter().filter(|place| place.organisation_id == row.id);
            let at: ApiResult<Vec<Json>> = at.map(entities::location).collect();
            Ok(told.full_organization(row, own?, at?))
        })
        .collect()
}

pub async fn list_organizations(door: Door, query: Parameters<HsdsQuery>) -> ApiResult<Answer> {
    let (asked, language) = (query.read()?, door.context.language);
    paging::answer(door.app, asked.paging(), Organizations { asked, language }).await
}

pub async fn read_organization(door: Door, id: Id<OrganisationId>, query: Parameters<HsdsQuery>) -> ApiResult<Answer> {
    let depth = if query.read()?.full_service == Some(true) { Depth::Full } else { Depth::Summary };
    one(door, move |connection, language| {
        let row: Option<Organisation> = organisations::table.find(id.0).first(connection).optional()?;
        let told = full_organizations(connection, language, row.as_slice(), depth)?;
        told.into_iter().next().ok_or_else(ApiError::not_found)
    })
    .await
}

#[derive(Clone)]
struct Given {
    asked: HsdsQuery,
    language: Language,
}

impl Given {
    fn narrowed<ST>(
        &self,
        connection: &mut Connection,
        mut statement: Prepared<ST>,
    ) -> ApiResult<Option<Prepared<ST>>> {
        let Some(narrowed) = Narrowed::of(connection, &self.asked, self.language)? else { return Ok(None) };
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
        let told = Told::of_services(connection, self.language, &given, depth)?;
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
    let given = entities::service_at_location(at, place)?;
    Ok(entities::with(given, [("service", told.service(service, depth)?)]))
}

pub async fn list_service_at_locations(door: Door, query: Parameters<HsdsQuery>) -> ApiResult<Answer> {
    let (asked, language) = (query.read()?, door.context.language);
    paging::answer(door.app, asked.paging(), Given { asked, language }).await
}

pub async fn read_service_at_location(
    door: Door,
    id: Id<ServiceAtLocationId>,
    query: Parameters<query::None>,
) -> ApiResult<Answer> {
    query.read()?;
    one(door, move |connection, language| {
        let at: Option<ServiceAtLocationRow> = service_at_locations::table.find(id.0).first(connection).optional()?;
        let at = at.ok_or_else(ApiError::not_found)?;
        let service = entities::known_service(connection, at.service_id)?;
        let place: LocationRow = locations::table.find(at.location_id).first(connection)?;
        let told = Told::of_services(connection, language, std::slice::from_ref(&service), Depth::Apart)?;
        with_service(&told, &at, &service, &place, Depth::Apart)
    })
    .await
}

#[derive(Clone)]
struct Taxonomies {
    asked: HsdsQuery,
    language: Language,
    terms: bool,
}

impl Taxonomies {
    fn all(&self, connection: &mut Connection) -> ApiResult<Vec<Json>> {
        let sought = self.asked.search.as_deref().map(str::to_lowercase);
        let holds = |text: &str| sought.as_deref().is_none_or(|sought| text.to_lowercase().contains(sought));
        if !self.terms {
            let all = taxonomies::taxonomies(connection, self.language)?;
            return Ok(all
                .into_iter()
                .filter(|taxonomy| holds(taxonomy["name"].as_str().unwrap_or_default()))
                .collect());
        }
        // Our terms lie side by side: none has one above it.
        if self.asked.parent_id.is_some() {
            return Ok(Vec::new());
        }
        let of = |term: &Term| self.asked.taxonomy_id.is_none_or(|id| id == taxonomies::taxonomy_id(term.list));
        let terms = taxonomies::terms(connection, self.language)?.into_iter();
        Ok(terms.filter(|term| of(term) && holds(&term.name)).map(|term| term.shown(self.language)).collect())
    }
}

impl Listed for Taxonomies {
    type Key = usize;

    fn count(&self, connection: &mut Connection) -> ApiResult<i64> {
        i64::try_from(self.all(connection)?.len()).map_err(ApiError::fault)
    }

    fn rows(&self, connection: &mut Connection, span: &Span<usize>) -> ApiResult<Vec<(usize, Json)>> {
        let begin = usize::try_from(span.offset()).unwrap_or(usize::MAX);
        let begin = span.after().map_or(begin, |last| last + 1);
        let take = usize::try_from(span.limit()).unwrap_or(usize::MAX);
        Ok(self.all(connection)?.into_iter().enumerate().skip(begin).take(take).collect())
    }
}

pub async fn list_taxonomies(door: Door, query: Parameters<HsdsQuery>) -> ApiResult<Answer> {
    let (asked, language) = (query.read()?, door.context.language);
    paging::answer(door.app, asked.paging(), Taxonomies { asked, language, terms: false }).await
}

pub async fn list_taxonomy_terms(door: Door, query: Parameters<HsdsQuery>) -> ApiResult<Answer> {
    let (asked, language) = (query.read()?, door.context.language);
    paging::answer(door.app, asked.paging(), Taxonomies { asked, language, terms: true }).await
}

pub async fn read_taxonomy(door: Door, id: Id<Uuid>, query: Parameters<query::None>) -> ApiResult<Answer> {
    query.read()?;
    one(door, move |connection, language| {
        let all = taxonomies::taxonomies(connection, language)?;
        all.into_iter().find(|taxonomy| taxonomy["id"] == id.0.to_string()).ok_or_else(ApiError::not_found)
    })
    .await
}

pub async fn read_taxonomy_term(door: Door, id: Id<Uuid>, query: Parameters<query::None>) -> ApiResult<Answer> {
    query.read()?;
    one(door, move |connection, language| {
        let terms = taxonomies::terms(connection, language)?;
        taxonomies::known(&terms, id.0).map(|term| term.shown(language)).ok_or_else(ApiError::not_found)
    })
    .await
}
