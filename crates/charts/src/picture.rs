//! What a picture is made of, and what is refused.

use std::collections::HashSet;
use std::fmt;

/// Territories of a picture at most; each form says how many of them it draws.
pub const MOST_SERIES: usize = 10_000;
/// Values of one series at most: thirty years of weeks.
pub const MOST_PERIODS: usize = 1_600;
/// Territories times periods at most: every municipality of Italy over twenty-five years.
pub const MOST_VALUES: usize = 200_000;

/// The language of numbers and of the words that a picture adds to its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    It,
    En,
    De,
}

impl Language {
    /// Its tag (BCP 47).
    pub fn tag(self) -> &'static str {
        match self {
            Self::It => "it",
            Self::En => "en",
            Self::De => "de",
        }
    }
}

/// What is to be known of a value besides its figure: the observation and confidentiality status of SDMX (`CL_OBS_STATUS`,
/// `CL_CONF_STATUS`) as far as pictures tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// To be revised (OBS_STATUS P).
    Provisional,
    /// Estimated (OBS_STATUS E).
    Estimated,
    /// Withheld to protect people (OBS_STATUS Q, CONF_STATUS C or D): told, and never drawn, whatever the value.
    Suppressed,
    /// Not available (OBS_STATUS M or L): never drawn, whatever the value.
    Missing,
}

/// The value of a territory in a period.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    /// As SDMX writes it: `2025`, `2025-S1`, `2025-Q1`, `2025-M03`, `2025-03`, `2025-W09`, `2025-03-31`. Anything else is kept as a name.
    pub period: String,
    /// In the unit of the picture. Nothing, without a mark, is not available.
    pub value: Option<f64>,
    pub mark: Option<Mark>,
}

/// A territory and its values.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    pub name: String,
    /// Longitude and latitude in degrees of WGS 84, for maps.
    pub point: Option<(f64, f64)>,
    /// At most one of a period, in any order.
    pub values: Vec<Value>,
}

/// Figures of one indicator with everything that a reader must be told of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    pub title: String,
    /// As it is to be read: `%`, `persons`, `per 1 000 residents`.
    pub unit: String,
    pub source: String,
    /// The day of the figures, as it is to be read.
    pub as_of: String,
    pub language: Language,
    /// Those first that matter most: where not all can be told apart, the first ones are.
    pub series: Vec<Series>,
    /// Breaks in the series, changes of borders, methods: each told in a line of its own below the picture.
    pub notes: Vec<String>,
}

/// Why figures cannot be drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChartError {
    /// More territories than [`MOST_SERIES`].
    TooManySeries(usize),
    /// More values of a territory, or periods of all of them, than [`MOST_PERIODS`].
    TooManyPeriods(usize),
    /// More territories times periods than [`MOST_VALUES`].
    TooManyValues(usize),
    /// A value that is no number, or infinite.
    NotFinite { series: String, period: String },
    /// Two values of one territory in the same period.
    RepeatedPeriod { series: String, period: String },
    /// A point whose longitude is not from -180 to 180 or latitude not from -90 to 90.
    NotOnEarth { series: String },
    /// The plotting library refused: a fault of this crate.
    Plot(String),
}

impl fmt::Display for ChartError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManySeries(count) => write!(formatter, "{count} series: at most {MOST_SERIES} can be drawn"),
            Self::TooManyPeriods(count) => write!(formatter, "{count} periods: at most {MOST_PERIODS} can be drawn"),
            Self::TooManyValues(count) => write!(formatter, "{count} values: at most {MOST_VALUES} can be drawn"),
            Self::NotFinite { series, period } => {
                write!(formatter, "the value of {series:?} in {period:?} is no finite number")
            }
            Self::RepeatedPeriod { series, period } => {
                write!(formatter, "{series:?} has more than one value in {period:?}")
            }
            Self::NotOnEarth { series } => {
                write!(formatter, "the point of {series:?} is no longitude and latitude in degrees")
            }
            Self::Plot(reason) => write!(formatter, "the picture cannot be laid out: {reason}"),
        }
    }
}

impl std::error::Error for ChartError {}

/// What may be told of a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Figure {
    Final(f64),
    Provisional(f64),
    Estimated(f64),
    Suppressed,
    Missing,
}

impl Figure {
    pub(crate) fn number(self) -> Option<f64> {
        match self {
            Self::Final(number) | Self::Provisional(number) | Self::Estimated(number) => Some(number),
            Self::Suppressed | Self::Missing => None,
        }
    }
}

impl Value {
    pub(crate) fn figure(&self) -> Figure {
        match (self.mark, self.value) {
            (Some(Mark::Suppressed), _) => Figure::Suppressed,
            (Some(Mark::Missing), _) | (_, None) => Figure::Missing,
            (Some(Mark::Provisional), Some(number)) => Figure::Provisional(number),
            (Some(Mark::Estimated), Some(number)) => Figure::Estimated(number),
            (None, Some(number)) => Figure::Final(number),
        }
    }
}

impl Picture {
    pub(crate) fn check(&self) -> Result<(), ChartError> {
        if self.series.len() > MOST_SERIES {
            return Err(ChartError::TooManySeries(self.series.len()));
        }
        let mut all = HashSet::new();
        for series in &self.series {
            let name = || series.name.clone();
            if series.values.len() > MOST_PERIODS {
                return Err(ChartError::TooManyPeriods(series.values.len()));
            }
            let mut periods = HashSet::new();
            for value in &series.values {
                let period = value.period.clone();
                if value.value.is_some_and(|number| !number.is_finite()) {
                    return Err(ChartError::NotFinite { series: name(), period });
                }
                if !periods.insert(&value.period) {
                    return Err(ChartError::RepeatedPeriod { series: name(), period });
                }
            }
            all.extend(periods);
            let is_on_earth = |(longitude, latitude): (f64, f64)| {
                (-180.0..=180.0).contains(&longitude) && (-90.0..=90.0).contains(&latitude)
            };
            if series.point.is_some_and(|point| !is_on_earth(point)) {
                return Err(ChartError::NotOnEarth { series: name() });
            }
        }
        if all.len() > MOST_PERIODS {
            return Err(ChartError::TooManyPeriods(all.len()));
        }
        let values = all.len().saturating_mul(self.series.len());
        if values > MOST_VALUES { Err(ChartError::TooManyValues(values)) } else { Ok(()) }
    }
}
