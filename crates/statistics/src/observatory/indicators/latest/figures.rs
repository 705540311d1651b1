//! The values that indicators are made of, of one territory: read for all of them at once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use approdo_db::Connection;
use approdo_db::schema::{dataset_slices, observations};
use diesel::prelude::*;

use crate::observatory::cells::Cell;
use crate::observatory::datasets::DatasetId;
use crate::observatory::indicators::latest::codes::Codes;
use crate::observatory::indicators::latest::{Made, Source, portions};
use crate::observatory::indicators::types::{IndicatorId, IndicatorPart};
use crate::observatory::queries::gathered::Told;

/// Observations that are looked for at most. Indicators for which there is no room are told by themselves.
const OBSERVATIONS: usize = 100_000;

/// The slices of parts of indicators, and what was told of them.
#[derive(Default)]
pub struct Figures {
    /// The codes of the slices of what is counted, and of what it is divided by.
    parts: HashMap<IndicatorId, (Vec<String>, Vec<String>)>,
    /// By dataset and codes of the slices.
    slices: HashMap<(DatasetId, String), i32>,
    /// By set, area, slice and period.
    cells: HashMap<(i32, i32, i32, i32), Cell>,
}

impl Figures {
    pub fn read(connection: &mut Connection, sources: &HashMap<DatasetId, Source>, made: &[Made]) -> QueryResult<Self> {
        let parts: Vec<&IndicatorPart> = made.iter().flat_map(Made::parts).collect();
        let codes = Codes::read(connection, sources, &parts)?;
        let periods = periods(sources, made);
        let mut figures = Self::default();
        let mut wanted: BTreeMap<DatasetId, BTreeSet<String>> = BTreeMap::new();
        let mut room = OBSERVATIONS;
        let texts = |part: &IndicatorPart| match sources.get(&part.dataset_id) {
            Some(source) => codes.texts(source, part),
            None => Some(Vec::new()),
        };
        let most = |part: &IndicatorPart, texts: &[String]| {
            let areas = sources.get(&part.dataset_id).map_or(0, |source| source.areas.len());
            let periods = periods.get(&part.dataset_id).map_or(0, BTreeSet::len);
            texts.len().saturating_mul(areas).saturating_mul(periods)
        };
        for one in made {
            let Some(of) = texts(&one.of) else { continue };
            let Some(by) = one.by.as_ref().map_or_else(|| Some(Vec::new()), texts) else { continue };
            let most = most(&one.of, &of).saturating_add(one.by.as_ref().map_or(0, |part| most(part, &by)));
            let Some(left) = room.checked_sub(most) else { continue };
            room = left;
            wanted.entry(one.of.dataset_id).or_default().extend(of.iter().cloned());
            if let Some(part) = &one.by {
                wanted.entry(part.dataset_id).or_default().extend(by.iter().cloned());
            }
            figures.parts.insert(one.indicator.id, (of, by));
        }
        let mut slices: BTreeMap<DatasetId, Vec<i32>> = BTreeMap::new();
        for portion in portions(wanted) {
            use dataset_slices as s;
            let mut list = s::table.into_boxed();
            for (dataset, texts) in portion {
                list = list.or_filter(s::dataset_id.eq(dataset).and(s::codes.eq_any(texts)));
            }
            let rows: Vec<(DatasetId, i32, String)> =
                list.select((s::dataset_id, s::number, s::codes)).load(connection)?;
            for (dataset, slice, codes) in rows {
                slices.entry(dataset).or_default().push(slice);
                figures.slices.insert((dataset, codes), slice);
            }
        }
        slices.retain(|dataset, _| sources.get(dataset).is_some_and(|source| !source.areas.is_empty()));
        for portion in portions(slices) {
            use observations as o;
            let (mut list, mut asked) = (o::table.into_boxed(), false);
            for (dataset, slices) in portion {
                let (Some(source), Some(periods)) = (sources.get(&dataset), periods.get(&dataset)) else { continue };
                let areas: Vec<i32> = source.areas.iter().map(|(number, _)| *number).collect();
                list = list.or_filter(
                    o::set_number
                        .eq(source.set)
                        .and(o::area.eq_any(areas))
                        .and(o::slice.eq_any(slices))
                        .and(o::period.eq_any(periods.clone())),
                );
                asked = true;
            }
            // Without a condition it would be all observations.
            if !asked {
                continue;
            }
            let cells: Vec<Cell> = list.load(connection)?;
            let by_key = |cell: Cell| ((cell.set_number, cell.area, cell.slice, cell.period), cell);
            figures.cells.extend(cells.into_iter().map(by_key));
        }
        Ok(figures)
    }

    /// What an indicator is made of: the codes of the slices of what is counted, and of what it is divided by. None where the indicator
    /// is told by itself.
    pub fn parts(&self, indicator: IndicatorId) -> Option<(&[String], &[String])> {
        self.parts.get(&indicator).map(|(of, by)| (of.as_slice(), by.as_slice()))
    }

    /// What the territory told of slices in a period, under whichever of its codes became known last.
    pub fn of(&self, source: &Source, texts: &[String], period: i32) -> Option<Told> {
        let slice = |codes: &String| self.slices.get(&(source.dataset.id, codes.clone())).copied();
        let slices: Vec<i32> = texts.iter().filter_map(slice).collect();
        source.areas.iter().rev().find_map(|(area, _)| {
            let mut told = Told::default();
            for cell in slices.iter().filter_map(|slice| self.cells.get(&(source.set, *area, *slice, period))) {
                told.take(cell.value, cell.obs_status.as_deref(), cell.conf_status.as_deref());
            }
            (told.reported > 0 || told.is_suppressed).then_some(told)
        })
    }
}

/// The periods that are looked at: the latest of what is counted, and the same ones of what it is divided by.
fn periods(sources: &HashMap<DatasetId, Source>, made: &[Made]) -> HashMap<DatasetId, BTreeSet<i32>> {
    let mut wanted: HashMap<DatasetId, BTreeSet<i32>> = HashMap::new();
    for one in made {
        let Some(source) = sources.get(&one.of.dataset_id) else { continue };
        wanted.entry(source.dataset.id).or_default().extend(source.latest().iter().map(|period| period.number));
        let Some(by) = one.by.as_ref().and_then(|part| sources.get(&part.dataset_id)) else { continue };
        let same = source.latest().iter().filter_map(|period| by.same(period)).map(|period| period.number);
        wanted.entry(by.dataset.id).or_default().extend(same);
    }
    wanted
}
