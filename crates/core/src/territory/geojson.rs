//! Territories as points on a map: GeoJSON (RFC 7946). Those that have no point are left out.

use std::collections::HashMap;

use approdo_db::types::{self, RowId};
use approdo_db::{Connection, Prepared, Value};
use diesel::prelude::*;
use diesel::sql_types::{Double, Nullable};
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::TerritoryId;
use crate::http::page::PageLinks;
use crate::territory::codes::ROWS_AT_ONCE;
use crate::territory::figures::FigureMeasure;
use crate::territory::territories::{Territory, TerritoryPage};

/// Degrees of a coordinate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[schema(minimum = -180, maximum = 180)]
pub struct Degrees(f64);

/// A point.
#[derive(Debug, Serialize, ToSchema)]
pub struct TerritoryGeometry {
    /// `Point`.
    #[schema(max_length = 20)]
    pub r#type: &'static str,
    /// Longitude and latitude, WGS 84.
    #[schema(min_items = 2, max_items = 2)]
    pub coordinates: Vec<Degrees>,
}

/// A territory as a feature.
#[derive(Debug, Serialize, ToSchema)]
pub struct TerritoryFeature {
    /// `Feature`.
    #[schema(max_length = 20)]
    pub r#type: &'static str,
    pub id: TerritoryId,
    pub geometry: TerritoryGeometry,
    pub properties: Territory,
}

/// Territories as a collection of features: a page of them, with what a page has.
#[derive(Debug, Serialize, ToSchema)]
pub struct TerritoryFeatures {
    /// `FeatureCollection`.
    #[schema(max_length = 20)]
    pub r#type: &'static str,
    #[schema(max_items = 200)]
    pub features: Vec<TerritoryFeature>,
    /// How many territories a page may have.
    #[schema(minimum = 1, maximum = 200)]
    pub limit: i64,
    /// Send it as `cursor` to read on; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 1024)]
    pub next_cursor: Option<String>,
    /// Links to this page and the next.
    #[serde(rename = "_links")]
    pub links: PageLinks,
}

impl TerritoryFeatures {
    /// The page with the latest point of each territory.
    pub fn of(connection: &mut Connection, page: TerritoryPage) -> QueryResult<Self> {
        let ids: Vec<TerritoryId> = page.items.iter().map(|territory| territory.id).collect();
        let points = points(connection, &ids)?;
        let features = page.items.into_iter().filter_map(|properties| {
            let (latitude, longitude) = points.get(&properties.id)?;
            let coordinates = vec![Degrees(*longitude), Degrees(*latitude)];
            let geometry = TerritoryGeometry { r#type: "Point", coordinates };
            Some(TerritoryFeature { r#type: "Feature", id: properties.id, geometry, properties })
        });
        Ok(Self {
            r#type: "FeatureCollection",
            features: features.collect(),
            limit: page.limit,
            next_cursor: page.next_cursor,
            links: page.links,
        })
    }
}

/// Latitude and longitude of those that have them.
pub fn points(connection: &mut Connection, of: &[TerritoryId]) -> QueryResult<HashMap<TerritoryId, (f64, f64)>> {
    type Row = (types::Uuid, Nullable<Double>, Nullable<Double>);
    let mut found = HashMap::new();
    for some in of.chunks(ROWS_AT_ONCE) {
        let rows: Vec<(TerritoryId, Option<f64>, Option<f64>)> =
            Prepared::<Row>::new("SELECT territory_id, latitude, longitude FROM territory_figures WHERE measure = ")
                .bind(Value::Text(FigureMeasure::Point.as_str().to_owned()))
                .sql(" AND territory_id IN (")
                .bind_all(some.iter().map(|id| Value::Uuid(RowId(id.0))))
                .sql(") ORDER BY valid_on")
                .once()
                .load(connection)?;
        found.extend(rows.into_iter().filter_map(|(id, latitude, longitude)| Some((id, (latitude?, longitude?)))));
    }
    Ok(found)
}
