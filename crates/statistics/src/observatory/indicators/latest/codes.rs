//! The codes that indicators are made of, and which of them hold one another.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use approdo_db::Connection;
use approdo_db::schema::dataset_codes;
use diesel::dsl::{count_star, min};
use diesel::prelude::*;

use crate::observatory::datasets::DatasetId;
use crate::observatory::indicators::latest::{Source, portions};
use crate::observatory::indicators::types::IndicatorPart;

/// Combinations of codes that an indicator is made of at most, to be told here.
const SLICES: usize = 200;

/// Codes above one another that are followed. What lies deeper is told by an indicator alone.
const MOST_STEPS: usize = 20;

/// A dimension of a dataset.
type Place = (DatasetId, String);

/// The codes of dimensions that parts name, those above them, and those that hold all others of their dimension.
#[derive(Default)]
pub struct Codes {
    known: HashMap<Place, HashMap<String, Known>>,
    roots: HashMap<Place, i32>,
}

struct Known {
    number: i32,
    parent: Option<String>,
    is_published: bool,
}

impl Codes {
    pub fn read(
        connection: &mut Connection,
        sources: &HashMap<DatasetId, Source>,
        parts: &[&IndicatorPart],
    ) -> QueryResult<Self> {
        let mut codes = Self { roots: roots(connection, sources, parts)?, ..Self::default() };
        let mut wanted: BTreeMap<Place, BTreeSet<String>> = BTreeMap::new();
        // The others are told by themselves whatever their codes are.
        for part in parts.iter().filter(|part| is_small(part)) {
            for filter in &part.filters {
                let place = (part.dataset_id, filter.dimension.clone());
                wanted.entry(place).or_default().extend(filter.codes.iter().cloned());
            }
        }
        for _ in 0..MOST_STEPS {
            let mut above: BTreeMap<Place, BTreeSet<String>> = BTreeMap::new();
            for portion in portions(wanted) {
                for (place, code, known) in found(connection, portion)? {
                    above.entry(place.clone()).or_default().extend(known.parent.clone());
                    codes.known.entry(place).or_default().insert(code, known);
                }
            }
            for (place, names) in &mut above {
                let known = codes.known.get(place);
                names.retain(|code| known.is_none_or(|known| !known.contains_key(code)));
            }
            above.retain(|_, names| !names.is_empty());
            if above.is_empty() {
                break;
            }
            wanted = above;
        }
        Ok(codes)
    }

    /// The codes of the slices that a part is made of, as their rows say it; none where they are too many, where one of them holds
    /// another one, or where they cannot be told.
    pub fn texts(&self, source: &Source, part: &IndicatorPart) -> Option<Vec<String>> {
        if !is_small(part) {
            return None;
        }
        let mut texts: Option<Vec<String>> = None;
        for dimension in source.others() {
            let place = (source.dataset.id, dimension.id.clone());
            let numbers = match part.filters.iter().find(|filter| filter.dimension == dimension.id) {
                Some(filter) => numbers(self.known.get(&place)?, &filter.codes)?,
                // As everywhere: the code that holds all others, where there is one.
                None => vec![*self.roots.get(&place)?],
            };
            texts = Some(match texts {
                None => numbers.iter().map(i32::to_string).collect(),
                Some(texts) => {
                    texts.iter().flat_map(|text| numbers.iter().map(move |number| format!("{text}.{number}"))).collect()
                }
            });
        }
        Some(texts.unwrap_or_else(|| vec![String::new()]))
    }
}

/// Whether a part names few enough combinations of codes.
fn is_small(part: &IndicatorPart) -> bool {
    let combinations = part.filters.iter().try_fold(1_usize, |count, filter| count.checked_mul(filter.codes.len()));
    combinations.is_some_and(|count| count <= SLICES)
}

/// The one code that holds all others, of the dimensions that some part does not filter by.
fn roots(
    connection: &mut Connection,
    sources: &HashMap<DatasetId, Source>,
    parts: &[&IndicatorPart],
) -> QueryResult<HashMap<Place, i32>> {
    let (mut ids, mut dimensions) = (BTreeSet::new(), BTreeSet::new());
    for part in parts {
        for dimension in sources.get(&part.dataset_id).into_iter().flat_map(Source::others) {
            if !part.filters.iter().any(|filter| filter.dimension == dimension.id) {
                ids.insert(part.dataset_id);
                dimensions.insert(dimension.id.clone());
            }
        }
    }
    // Where no code holds others there can be very many: they are counted, not read.
    let rows: Vec<(DatasetId, String, i64, Option<i32>)> = dataset_codes::table
        .filter(dataset_codes::dataset_id.eq_any(ids))
        .filter(dataset_codes::dimension.eq_any(dimensions))
        .filter(dataset_codes::published.eq(true))
        .filter(dataset_codes::parent_code.is_null())
        .group_by((dataset_codes::dataset_id, dataset_codes::dimension))
        .select((dataset_codes::dataset_id, dataset_codes::dimension, count_star(), min(dataset_codes::number)))
        .load(connection)?;
    let only = rows.into_iter().filter(|(_, _, count, _)| *count == 1);
    Ok(only.filter_map(|(dataset, dimension, _, number)| Some(((dataset, dimension), number?))).collect())
}

/// Codes of dimensions, as they are kept.
fn found(connection: &mut Connection, portion: Vec<(Place, Vec<String>)>) -> QueryResult<Vec<(Place, String, Known)>> {
    use dataset_codes as c;
    let mut list = c::table.into_boxed();
    for ((dataset, dimension), names) in portion {
        list = list.or_filter(c::dataset_id.eq(dataset).and(c::dimension.eq(dimension)).and(c::code.eq_any(names)));
    }
    let rows: Vec<(DatasetId, String, String, i32, Option<String>, bool)> = list
        .select((c::dataset_id, c::dimension, c::code, c::number, c::parent_code, c::published))
        .load(connection)?;
    let known = |(dataset, dimension, code, number, parent, is_published)| {
        ((dataset, dimension), code, Known { number, parent, is_published })
    };
    Ok(rows.into_iter().map(known).collect())
}

/// The numbers of codes that can be added up; none where one is not known to everybody or holds another one.
fn numbers(known: &HashMap<String, Known>, codes: &[String]) -> Option<Vec<i32>> {
    let number = |code: &String| {
        let found = known.get(code).filter(|found| found.is_published)?;
        (codes.len() == 1 || is_held_by_none(known, code, codes)).then_some(found.number)
    };
    codes.iter().map(number).collect()
}

/// Whether it is certain that none of some codes holds one of them, at any depth.
fn is_held_by_none(known: &HashMap<String, Known>, code: &String, codes: &[String]) -> bool {
    let (mut at, mut met) = (code, HashSet::from([code]));
    while let Some(found) = known.get(at) {
        match &found.parent {
            // The top, or a circle.
            None => return true,
            Some(parent) if !met.insert(parent) => return true,
            Some(parent) if codes.contains(parent) => return false,
            Some(parent) => at = parent,
        }
    }
    false
}
