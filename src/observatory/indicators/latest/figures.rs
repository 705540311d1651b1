//! The values that indicators are made of, of one territory: read for all of them at once.

use std::collections::{BTreeMap, HashMap};

use approdo_db::Connection;
use approdo_db::schema::{dataset_codes, dataset_slices, observations};
use diesel::prelude::*;

use crate::observatory::cells::Cell;
use crate::observatory::datasets::DatasetId;
use crate::observatory::indicators::latest::{Made, Source};
use crate::observatory::indicators::types::IndicatorPart;
use crate::observatory::queries::gathered::Told;

/// Combinations of codes that an indicator is made of at most, to be told here.
const SLICES: usize = 200;

/// The slices of parts of indicators, and what was told of them.
#[derive(Default)]
pub struct Figures {
    /// By dataset and codes of the slices.
    slices: HashMap<(DatasetId, String), i32>,
    pub codes: Codes,
    /// By set, area, slice and period.
    cells: HashMap<(i32, i32, i32, i32), Cell>,
}

/// The codes of dimensions that parts name, and those that hold all others of their dimension.
#[derive(Default)]
pub struct Codes {
    numbers: HashMap<(DatasetId, String, String), i32>,
    roots: HashMap<(DatasetId, String), Vec<i32>>,
}

impl Codes {
    pub fn read(
        connection: &mut Connection,
        sources: &HashMap<DatasetId, Source>,
        parts: &[&IndicatorPart],
    ) -> QueryResult<Self> {
        let ids: Vec<DatasetId> = parts.iter().map(|part| part.dataset_id).collect();
        let of_parts = ids.iter().filter_map(|id| sources.get(id));
        let dimensions: Vec<String> = of_parts.flat_map(Source::others).map(|one| one.id.clone()).collect();
        let named: Vec<&String> =
            parts.iter().flat_map(|part| &part.filters).flat_map(|filter| &filter.codes).collect();
        let rows: Vec<(DatasetId, String, i32, String, Option<String>)> = dataset_codes::table
            .filter(dataset_codes::dataset_id.eq_any(ids))
            .filter(dataset_codes::dimension.eq_any(dimensions))
            .filter(dataset_codes::published.eq(true))
            .filter(dataset_codes::parent_code.is_null().or(dataset_codes::code.eq_any(named)))
            .select((
                dataset_codes::dataset_id,
                dataset_codes::dimension,
                dataset_codes::number,
                dataset_codes::code,
                dataset_codes::parent_code,
            ))
            .load(connection)?;
        let mut codes = Self::default();
        for (dataset, dimension, number, code, parent) in rows {
            if parent.is_none() {
                codes.roots.entry((dataset, dimension.clone())).or_default().push(number);
            }
            codes.numbers.insert((dataset, dimension, code), number);
        }
        Ok(codes)
    }

    /// The codes of the slices that a part is made of, as their rows say it; none where they are too many or cannot be told.
    pub fn slices(&self, source: &Source, part: &IndicatorPart) -> Option<Vec<String>> {
        let id = source.dataset.id;
        let mut texts: Option<Vec<String>> = None;
        for dimension in source.others() {
            let filter = part.filters.iter().find(|filter| filter.dimension == dimension.id);
            let number = |code: &String| self.numbers.get(&(id, dimension.id.clone(), code.clone())).copied();
            let numbers: Vec<i32> = match filter {
                Some(filter) => filter.codes.iter().map(number).collect::<Option<_>>()?,
                // As everywhere: the code that holds all others, where there is one.
                None => self.roots.get(&(id, dimension.id.clone())).filter(|roots| roots.len() == 1)?.clone(),
            };
            let next: Vec<String> = match texts {
                None => numbers.iter().map(i32::to_string).collect(),
                Some(texts) => {
                    texts.iter().flat_map(|text| numbers.iter().map(move |number| format!("{text}.{number}"))).collect()
                }
            };
            texts = Some(next).filter(|texts| texts.len() <= SLICES);
            texts.as_ref()?;
        }
        Some(texts.unwrap_or_else(|| vec![String::new()]))
    }
}

impl Figures {
    pub fn read(connection: &mut Connection, sources: &HashMap<DatasetId, Source>, made: &[Made]) -> QueryResult<Self> {
        let parts: Vec<&IndicatorPart> = made.iter().flat_map(Made::parts).collect();
        let codes = Codes::read(connection, sources, &parts)?;
        let known = parts.iter().filter_map(|part| sources.get(&part.dataset_id).map(|source| (source, *part)));
        let texts: Vec<String> = known.filter_map(|(source, part)| codes.slices(source, part)).flatten().collect();
        let ids: Vec<DatasetId> = parts.iter().map(|part| part.dataset_id).collect();
        let rows: Vec<(DatasetId, i32, String)> = dataset_slices::table
            .filter(dataset_slices::dataset_id.eq_any(ids))
            .filter(dataset_slices::codes.eq_any(texts))
            .select((dataset_slices::dataset_id, dataset_slices::number, dataset_slices::codes))
            .load(connection)?;
        let mut figures = Self { codes, ..Self::default() };
        let mut wanted: BTreeMap<DatasetId, Vec<i32>> = BTreeMap::new();
        for (dataset, slice, codes) in rows {
            wanted.entry(dataset).or_default().push(slice);
            figures.slices.insert((dataset, codes), slice);
        }
        use observations as o;
        let mut list = o::table.into_boxed();
        let mut is_asked = false;
        for (dataset, slices) in wanted {
            let Some(source) = sources.get(&dataset).filter(|source| !source.areas.is_empty()) else { continue };
            let areas = source.areas.iter().map(|(number, _)| *number);
            let periods = source.periods.iter().map(|period| period.number);
            list = list.or_filter(
                o::set_number
                    .eq(source.set)
                    .and(o::area.eq_any(areas.collect::<Vec<i32>>()))
                    .and(o::slice.eq_any(slices))
                    .and(o::period.eq_any(periods.collect::<Vec<i32>>())),
            );
            is_asked = true;
        }
        let cells: Vec<Cell> = if is_asked { list.load(connection)? } else { Vec::new() };
        let by_key = |cell: Cell| ((cell.set_number, cell.area, cell.slice, cell.period), cell);
        figures.cells = cells.into_iter().map(by_key).collect();
        Ok(figures)
    }

    /// What the territory told of a part in a period, under whichever of its codes became known last.
    pub fn of(&self, source: &Source, part: &IndicatorPart, period: i32) -> Option<Told> {
        let texts = self.codes.slices(source, part)?;
        let slices = texts.into_iter().filter_map(|codes| self.slices.get(&(source.dataset.id, codes)).copied());
        let slices: Vec<i32> = slices.collect();
        source.areas.iter().rev().find_map(|(area, _)| {
            let mut told = Told::default();
            for cell in slices.iter().filter_map(|slice| self.cells.get(&(source.set, *area, *slice, period))) {
                told.take(cell.value, cell.obs_status.as_deref(), cell.conf_status.as_deref());
            }
            (told.reported > 0 || told.is_suppressed).then_some(told)
        })
    }
}
