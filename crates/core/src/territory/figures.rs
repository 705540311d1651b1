//! Figures of territories: numbers and points, each of a day and from a source.
//!
//! They are rows and not columns of a territory, because a population is always that of a day, and the one before stays true of its
//! own. They are no dataset either: of these numbers rules are made, and what statistics publish has dimensions and releases.

use std::collections::BTreeMap;

use actix_web::{get, post};
use approdo_db::schema::territory_figures;
use approdo_db::{Connection, Timestamp, on_backend, text_enum};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::TerritoryId;
use crate::access::caller::{Caller, actions, resources};
use crate::error::{ApiError, ApiResult};
use crate::http::{Answer, Body, Checked, Door, Id, Parameters, reading};
use crate::page_of;
use crate::paged_query;
use crate::territory::codes::ROWS_AT_ONCE;
use crate::territory::territories::{find, lock, save};

text_enum! {
    /// What is measured.
    #[derive(ToSchema)]
    FigureMeasure {
        /// Residents, in persons.
        Population = "population",
        /// Residents without the country's citizenship, in persons.
        ForeignResidents = "foreign_residents",
        /// In square kilometres.
        AreaKm2 = "area_km2",
        /// ISTAT: 1 inland mountain, 2 coastal mountain, 3 inland hill, 4 coastal hill, 5 plain.
        AltimetricZone = "altimetric_zone",
        /// Eurostat: 1 city, 2 town or suburb, 3 rural area.
        DegreeOfUrbanisation = "degree_of_urbanisation",
        /// Whether it is a member of a mountain community, where which one is not known: 1 or 0.
        MountainMember = "mountain_member",
        /// Where its middle is: WGS 84, in degrees.
        Point = "point",
    }
}

impl FigureMeasure {
    /// The least and the largest value, and whether it is a whole number.
    fn bounds(self) -> (f64, f64, bool) {
        match self {
            Self::Population | Self::ForeignResidents => (0.0, 10_000_000_000.0, true),
            Self::AreaKm2 => (0.0, 20_000_000.0, false),
            Self::AltimetricZone => (1.0, 5.0, true),
            Self::DegreeOfUrbanisation => (1.0, 3.0, true),
            Self::MountainMember => (0.0, 1.0, true),
            Self::Point => (-180.0, 180.0, false),
        }
    }
}

/// What is measured of a territory: a number, or a point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Measured {
    Number(FigureMeasure, f64),
    Point { latitude: f64, longitude: f64 },
}

impl Measured {
    pub fn measure(self) -> FigureMeasure {
        match self {
            Self::Number(measure, _) => measure,
            Self::Point { .. } => FigureMeasure::Point,
        }
    }

    /// What is wrong with it: the member, and why.
    pub fn refusal(self) -> Option<(&'static str, String)> {
        let within = |value: f64, most: f64| value.is_finite() && (-most..=most).contains(&value);
        match self {
            Self::Point { latitude, .. } if !within(latitude, 90.0) => {
                Some(("latitude", "must be from -90 to 90".to_owned()))
            }
            Self::Point { longitude, .. } if !within(longitude, 180.0) => {
                Some(("longitude", "must be from -180 to 180".to_owned()))
            }
            Self::Point { .. } => None,
            Self::Number(measure, value) => {
                let (least, most, whole) = measure.bounds();
                if !(least..=most).contains(&value) {
                    Some(("value", format!("must be from {least} to {most}")))
                } else if whole && value.fract() != 0.0 {
                    Some(("value", "must be a whole number".to_owned()))
                } else {
                    None
                }
            }
        }
    }

    /// As a figure of a territory.
    pub fn of(self, territory_id: TerritoryId, on: NaiveDate, source: &str, now: Timestamp) -> TerritoryFigure {
        let (value, latitude, longitude) = match self {
            Self::Number(_, value) => (Some(value), None, None),
            Self::Point { latitude, longitude } => (None, Some(latitude), Some(longitude)),
        };
        let (measure, source) = (self.measure(), source.to_owned());
        TerritoryFigure { territory_id, measure, on, value, latitude, longitude, source, created_at: now }
    }
}

/// A figure of a territory.
#[derive(Debug, Clone, PartialEq, Queryable, Insertable, Serialize, ToSchema)]
#[diesel(table_name = territory_figures, treat_none_as_default_value = false)]
pub struct TerritoryFigure {
    #[serde(skip)]
    pub territory_id: TerritoryId,
    pub measure: FigureMeasure,
    /// The day it is of.
    #[diesel(column_name = valid_on)]
    pub on: NaiveDate,
    /// Absent for a point.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_written")]
    #[schema(nullable = false, minimum = 0, maximum = 10000000000_i64)]
    pub value: Option<f64>,
    /// Of a point: degrees north.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = -90, maximum = 90)]
    pub latitude: Option<f64>,
    /// Of a point: degrees east.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = -180, maximum = 180)]
    pub longitude: Option<f64>,
    /// Where that is known from.
    #[schema(min_length = 1, max_length = 200)]
    pub source: String,
    pub created_at: Timestamp,
}

/// Persons are written without decimals.
fn as_written<S: Serializer>(value: &Option<f64>, target: S) -> Result<S::Ok, S::Error> {
    let written = value.map(|number| number.to_string().parse::<serde_json::Number>());
    written.transpose().map_err(serde::ser::Error::custom)?.serialize(target)
}

page_of! {
    /// A page of figures.
    TerritoryFigurePage of TerritoryFigure
}

/// A figure to add.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"measure": "population", "on": "2022-12-31", "value": 97736, "source": "ISTAT, permanent census"}))]
pub struct NewTerritoryFigure {
    pub measure: FigureMeasure,
    /// The day it is of.
    #[serde(deserialize_with = "reading::day")]
    pub on: NaiveDate,
    /// Of all but a point.
    #[validate(range(min = 0.0, max = 10_000_000_000.0))]
    #[schema(nullable = false, minimum = 0, maximum = 10000000000_i64)]
    pub value: Option<f64>,
    /// Of a point: degrees north.
    #[validate(range(min = -90.0, max = 90.0))]
    #[schema(nullable = false, minimum = -90, maximum = 90)]
    pub latitude: Option<f64>,
    /// Of a point: degrees east.
    #[validate(range(min = -180.0, max = 180.0))]
    #[schema(nullable = false, minimum = -180, maximum = 180)]
    pub longitude: Option<f64>,
    /// Where that is known from.
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub source: String,
}

impl Checked for NewTerritoryFigure {}

impl NewTerritoryFigure {
    fn measured(&self) -> ApiResult<Measured> {
        let measured = match (self.measure, self.value, self.latitude, self.longitude) {
            (FigureMeasure::Point, None, Some(latitude), Some(longitude)) => Measured::Point { latitude, longitude },
            (FigureMeasure::Point, Some(_), ..) => {
                return Err(ApiError::invalid_member("value", "does not belong to a point"));
            }
            (FigureMeasure::Point, None, None, _) => {
                return Err(ApiError::invalid_member("latitude", "belongs to a point"));
            }
            (FigureMeasure::Point, ..) => return Err(ApiError::invalid_member("longitude", "belongs to a point")),
            (measure, Some(value), None, None) => Measured::Number(measure, value),
            (_, Some(_), ..) => return Err(ApiError::invalid_member("latitude", "belongs to a point alone")),
            (_, None, ..) => return Err(ApiError::invalid_member("value", "is required")),
        };
        match measured.refusal() {
            Some((member, why)) => Err(ApiError::invalid_member(member, why)),
            None => Ok(measured),
        }
    }
}

/// Writes figures; those of the same day and measure give way.
pub fn keep(connection: &mut Connection, rows: &[TerritoryFigure]) -> QueryResult<()> {
    use territory_figures as t;
    for row in rows {
        diesel::delete(t::table.find((row.territory_id, row.measure, row.on))).execute(connection)?;
    }
    insert(connection, rows)
}

/// Writes figures that nobody has told yet.
pub fn insert(connection: &mut Connection, rows: &[TerritoryFigure]) -> QueryResult<()> {
    for some in rows.chunks(ROWS_AT_ONCE) {
        on_backend!(&mut *connection, c => diesel::insert_into(territory_figures::table).values(some).execute(c))?;
    }
    Ok(())
}

/// The latest figure of each measure, as it was known to be on a day.
pub fn latest(
    connection: &mut Connection,
    territory: TerritoryId,
    day: NaiveDate,
) -> QueryResult<BTreeMap<FigureMeasure, TerritoryFigure>> {
    use territory_figures as t;
    let rows: Vec<TerritoryFigure> = t::table
        .filter(t::territory_id.eq(territory))
        .filter(t::valid_on.le(day))
        .order((t::measure, t::valid_on))
        .load(connection)?;
    Ok(rows.into_iter().map(|row| (row.measure, row)).collect())
}

/// Whether a figure ever said, up to a day, that a territory is a member of a mountain community.
pub fn ever_mountain_member(connection: &mut Connection, territory: TerritoryId, day: NaiveDate) -> QueryResult<bool> {
    use territory_figures as t;
    let said: i64 = t::table
        .filter(t::territory_id.eq(territory))
        .filter(t::measure.eq(FigureMeasure::MountainMember))
        .filter(t::valid_on.le(day))
        .filter(t::value.gt(0.0))
        .count()
        .get_result(connection)?;
    Ok(said > 0)
}

paged_query! {
    /// How to list figures.
    TerritoryFigureQuery {
        /// What is measured.
        measure: Option<FigureMeasure>,
    }
}

/// List a territory's figures.
///
/// By measure, then by day.
#[utoipa::path(
    tag = "Territory",
    params(("territory_id" = TerritoryId, Path, description = "The territory."), TerritoryFigureQuery),
    responses((status = 200, description = "A page.", body = TerritoryFigurePage))
)]
#[get("/territories/{territory_id}/figures")]
pub async fn list_territory_figures(
    door: Door,
    caller: Caller<actions::Read, resources::Territories>,
    id: Id<TerritoryId>,
    query: Parameters<TerritoryFigureQuery>,
) -> ApiResult<Answer> {
    use territory_figures as t;
    door.read("list_territory_figures", caller, move |reader| {
        find(reader.connection, id.0)?.ok_or_else(ApiError::not_found)?;
        let parameters = query.read()?;
        let request = reader.page(&query, parameters.limit, parameters.cursor.as_deref());
        let mut list = t::table
            .filter(t::territory_id.eq(id.0))
            .order((t::measure, t::valid_on))
            .limit(request.limit() + 1)
            .into_boxed();
        if let Some((measure, on)) = request.after::<(FigureMeasure, NaiveDate)>()? {
            list = list.filter(t::measure.gt(measure).or(t::measure.eq(measure).and(t::valid_on.gt(on))));
        }
        if let Some(measure) = parameters.measure {
            list = list.filter(t::measure.eq(measure));
        }
        let rows: Vec<TerritoryFigure> = list.load(reader.connection)?;
        Answer::ok(&TerritoryFigurePage::from(request.page(rows, |row: &TerritoryFigure| (row.measure, row.on))?))
    })
    .await
}

/// Add a figure.
///
/// It takes the place of one of the same measure and day.
#[utoipa::path(
    tag = "Territory",
    params(("territory_id" = TerritoryId, Path, description = "The territory.")),
    request_body = NewTerritoryFigure,
    responses((status = 201, description = "The figure; found again in the list of figures.", body = TerritoryFigure))
)]
#[post("/territories/{territory_id}/figures")]
pub async fn create_territory_figure(
    door: Door,
    caller: Caller<actions::Edit, resources::Territories>,
    id: Id<TerritoryId>,
    body: Body<NewTerritoryFigure>,
) -> ApiResult<Answer> {
    door.write("create_territory_figure", caller, Some(body.fingerprint()), move |unit| {
        let mut territory = lock(unit.connection, id.0)?;
        let new = body.read()?;
        let measured = new.measured()?;
        let row = measured.of(id.0, new.on, &new.source, unit.now);
        if unit.replay(id.0.0)?.is_none() {
            keep(unit.connection, std::slice::from_ref(&row))?;
            save(unit, &mut territory, &["figures"])?;
        }
        let kept: TerritoryFigure =
            territory_figures::table.find((id.0, row.measure, row.on)).first(unit.connection)?;
        unit.created(&format!("/territories/{}/figures", id.0), territory.version, &kept)
    })
    .await
}
