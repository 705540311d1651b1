//! What is told, as the rows of an answer.

use approdo_db::Connection;

use crate::error::{ApiError, ApiResult};
use crate::observatory::datasets::MeasureKind;
use crate::observatory::queries::answer::{Comparisons, FigureRow};
use crate::observatory::queries::asked::{AskedPlaces, ComparisonKind, Gap};
use crate::observatory::queries::comparisons::{self, Layout};
use crate::observatory::queries::gathered::Told;
use crate::observatory::queries::places::Place;
use crate::observatory::queries::question::Scope;

/// What was told, as a value or a gap.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Value {
    pub told: Told,
    pub value: Option<f64>,
    pub gap: Option<Gap>,
    pub is_provisional: bool,
}

impl Value {
    /// It is provisional where fewer have told than that share.
    pub fn of(told: Told, minimum_completeness: f64) -> Self {
        let gap = if told.is_unlike {
            Some(Gap::NotComparable)
        } else if told.is_suppressed {
            Some(Gap::Suppressed)
        } else if told.reported == 0 {
            Some(Gap::NotReported)
        } else {
            None
        };
        // Beyond what a number can be, there is none to tell.
        let gap = if gap.is_none() && !told.value.is_finite() { Some(Gap::NotComparable) } else { gap };
        let value = gap.is_none().then_some(told.value);
        let is_provisional = value.is_some() && (told.is_provisional || completeness(told) < minimum_completeness);
        Self { told, value, gap, is_provisional }
    }
}

/// How many of those that were to have told a value, from 0 to 1.
fn completeness(told: Told) -> f64 {
    let count = |count: usize| u32::try_from(count).map_or(f64::MAX, f64::from);
    count(told.reported) / count(told.expected.max(1))
}

/// The rows of values, by place, then group, then time; `wholes` are those of the place that all lie below. Rows of a place that was
/// elsewhere in their time are left out.
pub fn rows(
    connection: &mut Connection,
    scope: &Scope,
    values: &[Value],
    wholes: &[Value],
    kinds: &[ComparisonKind],
) -> ApiResult<Vec<FigureRow>> {
    let keys = scope.keys();
    let mut rows = Vec::with_capacity(values.len());
    let mut values = values.iter();
    for place in &scope.places.told {
        let (code, name, territory) = match place {
            Place::Coded { code, name, territory, .. } => (Some(code.clone()), name.clone(), *territory),
            Place::Territory(id) => (None, scope.places.land.tree.node(*id).map(|node| node.name.clone()), Some(*id)),
        };
        for key in keys {
            for (time, Value { told, value, gap, is_provisional }) in scope.times.iter().zip(&mut values) {
                rows.push(FigureRow {
                    place_code: code.clone(),
                    territory_id: territory,
                    place_name: name.clone(),
                    period: time.code.clone(),
                    key: key.clone(),
                    value: *value,
                    gap: *gap,
                    reported: told.reported,
                    expected: told.expected,
                    is_provisional: *is_provisional,
                    is_estimated: told.is_estimated,
                    comparisons: Comparisons::default(),
                });
            }
        }
    }
    let there: Vec<bool> = (0..rows.len()).map(|at| is_there(scope, at)).collect();
    // What is left out is compared with nothing.
    rows.iter_mut().zip(&there).filter(|(_, there)| !**there).for_each(|(row, _)| row.value = None);
    let layout = Layout { groups: keys.len(), times: &scope.times };
    comparisons::compare(&mut rows, &layout, kinds);
    if kinds.contains(&ComparisonKind::Share) {
        let wholes: Vec<Option<f64>> = wholes.iter().map(|value| value.value).collect();
        comparisons::share(&mut rows, &layout, &wholes);
    }
    if kinds.contains(&ComparisonKind::PerThousandResidents) {
        comparisons::per_thousand_residents(connection, &mut rows, &layout, &scope.places.land)?;
    }
    Ok(rows.into_iter().zip(there).filter(|(_, there)| *there).map(|(row, _)| row).collect())
}

/// Whether a place lay where it was asked for in the time of a row.
fn is_there(scope: &Scope, row: usize) -> bool {
    let (groups, times) = (scope.keys().len(), scope.times.len());
    let place = row.checked_div(groups * times).and_then(|at| scope.places.told.get(at));
    let time = row.checked_rem(times).and_then(|at| scope.times.get(at));
    match (place, time, scope.places.under) {
        (Some(Place::Territory(id)), Some(time), Some(under)) if *id != under => {
            let land = &scope.places.land;
            land.day.is_some() || time.parts.len() != 1 || land.tree.lies_below(*id, under, time.begins)
        }
        _ => true,
    }
}

/// Refuses comparisons that say nothing of such figures.
pub fn check_comparisons(kinds: &[ComparisonKind], kind: MeasureKind, places: &AskedPlaces) -> ApiResult<()> {
    for (at, comparison) in kinds.iter().enumerate() {
        let why = match comparison {
            ComparisonKind::Share if kind == MeasureKind::Ratio => "a ratio has no shares",
            ComparisonKind::Share if places.level.is_none() => "is of what lies below a territory: ask for a level",
            ComparisonKind::PerThousandResidents if kind == MeasureKind::Ratio => "a ratio is one of something already",
            _ => continue,
        };
        return Err(ApiError::invalid_member(&format!("compare/{at}"), why));
    }
    Ok(())
}
