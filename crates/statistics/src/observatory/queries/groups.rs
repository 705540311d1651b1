//! Which slices of a dataset are asked for, and which of them are told together.

use std::collections::{BTreeMap, HashMap, HashSet};

use approdo_db::Connection;
use approdo_db::schema::{dataset_codes, dataset_slices};
use diesel::prelude::*;

use crate::error::{ApiError, ApiResult};
use crate::maps::IdMap;
use crate::observatory::cells;
use crate::observatory::codelists::DatasetCode;
use crate::observatory::datasets::{Dataset, Dimension, DimensionRole};
use crate::observatory::imports::mapping::DimensionCode;
use crate::observatory::queries::asked::DimensionFilter;
use crate::observatory::queries::places::Sight;

/// Combinations of codes that are looked for one by one; of more, all that a dataset has are walked.
const ONE_BY_ONE: usize = 500;

/// Combinations of codes that one question is about.
const MOST_SLICES: usize = 10_000;

/// What is told together, and of which slices that is.
#[derive(Debug, Default)]
pub struct Groups {
    /// The codes of the breakdown that each has, in the order of its dimensions.
    pub keys: Vec<Vec<DimensionCode>>,
    pub of_slice: IdMap<i32, usize>,
}

/// What is asked of one dimension.
struct Wanted {
    /// Numbers and codes, in the order in which they became known.
    codes: BTreeMap<i32, String>,
    is_breakdown: bool,
}

impl Groups {
    /// Reads which slices those filters and that breakdown mean.
    ///
    /// # Errors
    /// 422 with a pointer for what is no such dimension or code, for codes of which one holds another, and for a dimension of which
    /// nobody says what of it is to be added up.
    pub fn read(
        connection: &mut Connection,
        dataset: &Dataset,
        filters: &[DimensionFilter],
        breakdown: &[String],
        sight: Sight,
    ) -> ApiResult<Self> {
        let dimensions = dataset.dimensions()?;
        let others: Vec<&Dimension> = dimensions.iter().filter(|known| known.role == DimensionRole::Other).collect();
        check_names(&others, filters, breakdown)?;
        let mut wanted = Vec::with_capacity(others.len());
        for dimension in &others {
            let filter = filters.iter().enumerate().find(|(_, filter)| filter.dimension == dimension.id);
            let is_breakdown = breakdown.contains(&dimension.id);
            let codes = match filter {
                Some((at, filter)) => named(connection, dataset, (at, filter), is_breakdown, sight)?,
                None if is_breakdown => all(connection, dataset, dimension, sight)?,
                None => BTreeMap::from([root(connection, dataset, dimension, sight)?]),
            };
            wanted.push(Wanted { codes, is_breakdown });
        }
        let slices = matching(connection, dataset, &wanted)?;
        if slices.len() > MOST_SLICES {
            return Err(ApiError::invalid_member(
                "filters",
                "leave more than 10,000 combinations of codes: name fewer",
            ));
        }
        let mut groups = Self::default();
        let mut known: BTreeMap<Vec<i32>, Vec<i32>> = BTreeMap::new();
        for (slice, codes) in slices {
            let key = codes.iter().zip(&wanted).filter(|(_, wanted)| wanted.is_breakdown).map(|(code, _)| *code);
            known.entry(key.collect()).or_default().push(slice);
        }
        let broken_down: Vec<(&Dimension, &Wanted)> =
            others.into_iter().zip(&wanted).filter(|(_, wanted)| wanted.is_breakdown).collect();
        for (key, slices) in known {
            groups.of_slice.extend(slices.into_iter().map(|slice| (slice, groups.keys.len())));
            let codes = key.iter().zip(&broken_down).filter_map(|(number, (dimension, wanted))| {
                let code = wanted.codes.get(number)?.clone();
                Some(DimensionCode { dimension: dimension.id.clone(), code })
            });
            groups.keys.push(codes.collect());
        }
        Ok(groups)
    }

    /// The slices, in the order of their numbers.
    pub fn slices(&self) -> Vec<i32> {
        let mut slices: Vec<i32> = self.of_slice.keys().copied().collect();
        slices.sort_unstable();
        slices
    }
}

fn check_names(others: &[&Dimension], filters: &[DimensionFilter], breakdown: &[String]) -> ApiResult<()> {
    let known = |id: &str| others.iter().any(|dimension| dimension.id == id);
    let mut filtered = HashSet::new();
    for (at, filter) in filters.iter().enumerate() {
        if !known(&filter.dimension) {
            return Err(ApiError::unknown_reference(&format!("filters/{at}/dimension")));
        }
        if !filtered.insert(&filter.dimension) {
            return Err(ApiError::invalid_member(&format!("filters/{at}/dimension"), "is filtered by already"));
        }
    }
    let mut broken_down = HashSet::new();
    for (at, id) in breakdown.iter().enumerate() {
        if !known(id) {
            return Err(ApiError::unknown_reference(&format!("breakdown/{at}")));
        }
        if !broken_down.insert(id) {
            return Err(ApiError::invalid_member(&format!("breakdown/{at}"), "is a breakdown already"));
        }
    }
    Ok(())
}

/// The codes that a filter names.
fn named(
    connection: &mut Connection,
    dataset: &Dataset,
    (at, filter): (usize, &DimensionFilter),
    is_breakdown: bool,
    sight: Sight,
) -> ApiResult<BTreeMap<i32, String>> {
    let mut found = BTreeMap::new();
    let mut parents: HashMap<String, Option<String>> = HashMap::new();
    for (index, code) in filter.codes.iter().enumerate() {
        let known = code_row(connection, dataset, &filter.dimension, code)?;
        let known = known
            .filter(|known| known.published || sight.with_drafts)
            .ok_or_else(|| ApiError::unknown_reference(&format!("filters/{at}/codes/{index}")))?;
        found.insert(known.number, known.code.clone());
        parents.insert(known.code, known.parent_code);
    }
    if is_breakdown {
        return Ok(found);
    }
    // Nothing is added up twice.
    for (index, code) in filter.codes.iter().enumerate() {
        let (mut above, mut met) = (parents.get(code).cloned().flatten(), HashSet::new());
        while let Some(parent) = above.filter(|parent| met.insert(parent.clone())) {
            if filter.codes.contains(&parent) && parent != *code {
                let member = format!("filters/{at}/codes/{index}");
                return Err(ApiError::invalid_member(&member, "is held by another one of them: make it a breakdown"));
            }
            above = match parents.get(&parent) {
                Some(known) => known.clone(),
                None => code_row(connection, dataset, &filter.dimension, &parent)?.and_then(|known| known.parent_code),
            };
        }
    }
    Ok(found)
}

fn code_row(
    connection: &mut Connection,
    dataset: &Dataset,
    dimension: &str,
    code: &str,
) -> QueryResult<Option<DatasetCode>> {
    dataset_codes::table
        .filter(dataset_codes::dataset_id.eq(dataset.id))
        .filter(dataset_codes::dimension.eq(dimension))
        .filter(dataset_codes::code.eq(code))
        .first(connection)
        .optional()
}

fn all(
    connection: &mut Connection,
    dataset: &Dataset,
    dimension: &Dimension,
    sight: Sight,
) -> QueryResult<BTreeMap<i32, String>> {
    let rows: Vec<(i32, String)> = dataset_codes::table
        .filter(dataset_codes::dataset_id.eq(dataset.id))
        .filter(dataset_codes::dimension.eq(&dimension.id))
        .filter(dataset_codes::published.eq_any(sight.shown()))
        .select((dataset_codes::number, dataset_codes::code))
        .load(connection)?;
    Ok(rows.into_iter().collect())
}

/// The one code that holds all others of a dimension.
fn root(
    connection: &mut Connection,
    dataset: &Dataset,
    dimension: &Dimension,
    sight: Sight,
) -> ApiResult<(i32, String)> {
    let roots: Vec<(i32, String)> = dataset_codes::table
        .filter(dataset_codes::dataset_id.eq(dataset.id))
        .filter(dataset_codes::dimension.eq(&dimension.id))
        .filter(dataset_codes::parent_code.is_null())
        .filter(dataset_codes::published.eq_any(sight.shown()))
        .select((dataset_codes::number, dataset_codes::code))
        .limit(2)
        .load(connection)?;
    match <[_; 1]>::try_from(roots) {
        Ok([root]) => Ok(root),
        Err(_) => {
            let why = format!("say which codes of {}: none of them holds all others", dimension.id);
            Err(ApiError::invalid_member("filters", &why))
        }
    }
}

/// The slices that have wanted codes, each with its codes.
fn matching(connection: &mut Connection, dataset: &Dataset, wanted: &[Wanted]) -> ApiResult<Vec<(i32, Vec<i32>)>> {
    let combinations = wanted.iter().try_fold(1_usize, |count, wanted| count.checked_mul(wanted.codes.len()));
    let numbers = |codes: &str| -> Vec<i32> { codes.split('.').filter_map(|code| code.parse().ok()).collect() };
    if combinations.is_some_and(|count| count <= ONE_BY_ONE) {
        let mut texts = vec![String::new()];
        for (at, wanted) in wanted.iter().enumerate() {
            let mark = if at == 0 { "" } else { "." };
            texts = texts
                .iter()
                .flat_map(|text| wanted.codes.keys().map(move |number| format!("{text}{mark}{number}")))
                .collect();
        }
        let rows: Vec<(i32, String)> = dataset_slices::table
            .filter(dataset_slices::dataset_id.eq(dataset.id))
            .filter(dataset_slices::codes.eq_any(texts))
            .select((dataset_slices::number, dataset_slices::codes))
            .load(connection)?;
        return Ok(rows.into_iter().map(|(slice, codes)| (slice, numbers(&codes))).collect());
    }
    let rows = cells::slices(connection, dataset.id)?.into_iter().map(|(slice, codes)| (slice, numbers(&codes)));
    let fits = |codes: &[i32]| codes.iter().zip(wanted).all(|(code, wanted)| wanted.codes.contains_key(code));
    Ok(rows.filter(|(_, codes)| fits(codes)).collect())
}
