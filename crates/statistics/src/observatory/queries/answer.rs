//! What figures say, row by row.

use serde::Serialize;
use utoipa::ToSchema;

use crate::access::{OrganisationId, TerritoryId};
use crate::observatory::datasets::{DatasetId, MeasureKind};
use crate::observatory::imports::mapping::DimensionCode;
use crate::observatory::queries::asked::Gap;
use crate::observatory::releases::ReleaseId;

/// A value, or why there is none, of one place in one time.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FigureRow {
    /// The code that the dataset has for the place; absent where it was asked for as a territory.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 60)]
    pub place_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub territory_id: Option<TerritoryId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 500)]
    pub place_name: Option<String>,
    /// A period, a year, or the first and the last period with a slash between them.
    #[schema(min_length = 1, max_length = 121, example = "2025")]
    pub period: String,
    /// The codes of the breakdown.
    #[schema(max_items = 10)]
    pub key: Vec<DimensionCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = "double", minimum = -1.7976931348623157e308, maximum = 1.7976931348623157e308)]
    pub value: Option<f64>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub gap: Option<Gap>,
    /// How many of the places and times that it is made of have told a value.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991_i64)]
    pub reported: usize,
    /// How many were to.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991_i64)]
    pub expected: usize,
    /// The publisher says so, or fewer have told than were asked for.
    pub is_provisional: bool,
    /// The publisher says so, or people who moved from one territory to another were taken to be like the others.
    pub is_estimated: bool,
    #[serde(flatten)]
    pub comparisons: Comparisons,
}

/// A value compared with others.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct Comparisons {
    /// What it is more than a year before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = "double", minimum = -1.7976931348623157e308, maximum = 1.7976931348623157e308)]
    pub change_on_year: Option<f64>,
    /// The same in percent of what it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = "double", minimum = -1.7976931348623157e308, maximum = 1.7976931348623157e308)]
    pub percent_on_year: Option<f64>,
    /// Percent a year since the first value.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = "double", minimum = -1.7976931348623157e308, maximum = 1.7976931348623157e308)]
    pub compound_growth: Option<f64>,
    /// Its place among all places of the answer: 1 is the largest; equals share the better one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<i64>, minimum = 1, maximum = 1000000)]
    pub rank: Option<usize>,
    /// Percent of what the place has that they all lie below.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = "double", minimum = -1.7976931348623157e308, maximum = 1.7976931348623157e308)]
    pub share: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = "double", minimum = -1.7976931348623157e308, maximum = 1.7976931348623157e308)]
    pub per_thousand_residents: Option<f64>,
}

impl Comparisons {
    /// Their names and values, for tables.
    pub fn columns(&self) -> [(&'static str, Option<f64>); 6] {
        let rank = self.rank.and_then(|rank| u32::try_from(rank).ok()).map(f64::from);
        [
            ("change_on_year", self.change_on_year),
            ("percent_on_year", self.percent_on_year),
            ("compound_growth", self.compound_growth),
            ("rank", rank),
            ("share", self.share),
            ("per_thousand_residents", self.per_thousand_residents),
        ]
    }
}

/// Rows as a table, with a header.
#[derive(ToSchema)]
#[schema(value_type = String, max_length = 100000000)]
#[expect(dead_code, reason = "it describes a table, and holds none")]
pub struct FigureTable(String);

/// What a dataset says.
#[derive(Debug, Serialize, ToSchema)]
pub struct Figures {
    pub dataset_id: DatasetId,
    /// The release that it is made of.
    pub release_id: ReleaseId,
    /// The organisation that keeps the dataset.
    pub organisation_id: OrganisationId,
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    #[schema(min_length = 1, max_length = 100)]
    pub unit: String,
    pub measure_kind: MeasureKind,
    #[schema(min_length = 1, max_length = 500)]
    pub source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 200)]
    pub licence: Option<String>,
    /// By place, then by the codes of the breakdown, then by time.
    #[schema(max_items = 50000)]
    pub items: Vec<FigureRow>,
}
