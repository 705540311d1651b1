//! What can be asked of a dataset.

use approdo_db::text_enum;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use crate::access::TerritoryId;
use crate::http::{Checked, reading, texts};
use crate::observatory::periods;
use crate::observatory::releases::ReleaseId;

text_enum! {
    /// Over which times values are told.
    #[derive(ToSchema)]
    TimeStep {
        /// Each period as it was published.
        Period = "period",
        /// Years: flows add up, of stocks the last in the year counts (domain 41).
        Year = "year",
        /// All periods together.
        Whole = "whole",
    }

    /// What values are compared with.
    #[derive(ToSchema)]
    ComparisonKind {
        /// The same period of the year before: difference, and percent of it.
        YearOnYear = "year_on_year",
        /// The first period that has a value: percent a year, compounded.
        CompoundGrowth = "compound_growth",
        /// The other places in the same period: 1 is the largest.
        Rank = "rank",
        /// What they are a part of, in percent: the place that they lie below.
        Share = "share",
        /// The residents of the place, by the thousand, as its figures tell them for the nearest day within a year.
        PerThousandResidents = "per_thousand_residents",
    }

    /// Why there is no value.
    #[derive(ToSchema)]
    Gap {
        /// Nobody told one.
        NotReported = "not_reported",
        /// It is kept back, so that nobody is recognised (domain 42).
        Suppressed = "suppressed",
        /// It cannot be told for these territories, or does not add up.
        NotComparable = "not_comparable",
        /// There is nothing to divide by.
        NoDenominator = "no_denominator",
    }
}

/// As of which day territories are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Geography {
    /// As they were when it was counted.
    #[default]
    AsWas,
    /// As they are today.
    Current,
    On(NaiveDate),
}

impl Geography {
    /// What `geo` says: `as_was`, `current`, or a date.
    pub fn read(text: &str) -> Option<Self> {
        match text {
            "as_was" => Some(Self::AsWas),
            "current" => Some(Self::Current),
            // Chrono would take `2026-2-8` as well.
            day if day.len() == 10 => day.parse().ok().filter(within_reason).map(Self::On),
            _ => None,
        }
    }
}

/// Years that territories are known of.
fn within_reason(day: &NaiveDate) -> bool {
    use chrono::Datelike as _;
    (1800..=2200).contains(&day.year())
}

/// Codes of a dimension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DimensionFilter {
    /// A dimension besides those of place and time.
    #[validate(length(min = 1, max = 40))]
    #[schema(min_length = 1, max_length = 40, example = "SEX")]
    pub dimension: String,
    /// These alone. Where the dimension is no breakdown, what they have is added up.
    #[validate(length(min = 1, max = 200), custom(function = "codes_of_a_dimension"))]
    #[schema(value_type = Vec<texts::DimensionCodeText>, min_items = 1, max_items = 200)]
    pub codes: Vec<String>,
}

fn codes_of_a_dimension(codes: &[String]) -> Result<(), ValidationError> {
    let wrong = |code: &String| code.is_empty() || code.chars().count() > 60;
    let mut seen = std::collections::HashSet::new();
    if codes.iter().any(wrong) {
        Err(ValidationError::new("length").with_message("must have codes of 1 to 60 characters".into()))
    } else if !codes.iter().all(|code| seen.insert(code.as_str())) {
        Err(ValidationError::new("twice").with_message("must not name a code twice".into()))
    } else {
        Ok(())
    }
}

/// That a text is a period.
pub fn period(text: &str) -> Result<(), ValidationError> {
    let known = periods::bounds(text).is_some();
    known.then_some(()).ok_or_else(|| ValidationError::new("form").with_message("is not a period".into()))
}

/// That a text is what `geo` can be.
pub fn geography(text: &str) -> Result<(), ValidationError> {
    let known = Geography::read(text).is_some();
    let message = "must be as_was, current, or a date";
    known.then_some(()).ok_or_else(|| ValidationError::new("form").with_message(message.into()))
}

/// Which places: `codes`, or `under` with or without a `level`.
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskedPlaces {
    /// Places with these codes, each by itself.
    #[validate(length(min = 1, max = 500), custom(function = "codes_of_a_dimension"))]
    #[schema(nullable = false, value_type = Option<Vec<texts::DimensionCodeText>>, min_items = 1, max_items = 500)]
    pub codes: Option<Vec<String>>,
    /// A territory; also a union, convention, district or mountain community, whose members lie below it.
    #[schema(nullable = false)]
    pub under: Option<TerritoryId>,
    /// The territories of this kind below it, each by itself; a code of `territory_kinds`. The territory itself when absent.
    #[validate(length(min = 1, max = 40))]
    #[schema(nullable = false, min_length = 1, max_length = 40, example = "province")]
    pub level: Option<String>,
}

/// Which times.
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskedTimes {
    /// Not what begins before this one does.
    #[validate(length(max = 60), custom(function = "period"))]
    #[schema(nullable = false, max_length = 60, example = "2020")]
    pub from: Option<String>,
    /// Not what ends after this one does.
    #[validate(length(max = 60), custom(function = "period"))]
    #[schema(nullable = false, max_length = 60, example = "2025")]
    pub to: Option<String>,
    /// `period` when absent.
    #[schema(nullable = false)]
    pub per: Option<TimeStep>,
}

/// What to tell of a dataset.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"places": {"codes": ["030129"]}, "filters": [{"dimension": "SEX", "codes": ["9"]}],
    "times": {"from": "2020", "to": "2025"}, "compare": ["year_on_year"]}))]
pub struct ObservationSearch {
    #[validate(nested)]
    pub places: AskedPlaces,
    #[serde(default)]
    #[validate(nested)]
    pub times: AskedTimes,
    /// Which codes of other dimensions. Of one that is neither here nor a breakdown, the code that holds all others is taken.
    #[serde(default)]
    #[validate(length(max = 10), nested)]
    #[schema(required = false, max_items = 10)]
    pub filters: Vec<DimensionFilter>,
    /// Dimensions besides those of place and time, whose codes are told each by itself.
    #[serde(default)]
    #[validate(length(max = 10))]
    #[schema(required = false, value_type = Vec<texts::DimensionIdentifier>, max_items = 10)]
    pub breakdown: Vec<String>,
    /// As of which day territories are told: `as_was` (the default), `current`, or a date. What was counted in territories that have merged
    /// since is added up; what was in one that was split is shared out, and marked as estimated.
    #[validate(length(max = 10), custom(function = "geography"))]
    #[schema(nullable = false, max_length = 10, pattern = r"^(as_was|current|\d{4}-\d{2}-\d{2})$")]
    pub geo: Option<String>,
    #[serde(default)]
    #[validate(length(max = 5))]
    #[schema(required = false, max_items = 5)]
    pub compare: Vec<ComparisonKind>,
    /// A value that fewer places have told, of those that were to, is provisional: from 0 to 1, 1 when absent.
    #[validate(range(min = 0.0, max = 1.0))]
    #[schema(nullable = false, minimum = 0, maximum = 1)]
    pub minimum_completeness: Option<f64>,
    /// Of this release; of the one that is published when absent.
    #[schema(nullable = false)]
    pub release_id: Option<ReleaseId>,
    /// Of the release that was published at this instant.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "reading::optional_instant")]
    pub as_of: Option<DateTime<Utc>>,
}

impl Checked for ObservationSearch {}

impl ObservationSearch {
    pub fn geography(&self) -> Geography {
        self.geo.as_deref().and_then(Geography::read).unwrap_or_default()
    }
}
