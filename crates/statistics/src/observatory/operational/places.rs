//! Where what is counted happened: under which codes of a dataset a territory is told, with all that it lay in.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};

use approdo_db::schema::{dataset_codes, territory_codes};
use approdo_db::{Connection, on_backend};
use chrono::{Datelike as _, NaiveDate};
use diesel::prelude::*;

use crate::access::TerritoryId;
use crate::error::ApiResult;
use crate::observatory::codelists::SYSTEMS;
use crate::observatory::datasets::{Dataset, Dimension, DimensionRole, MeasureKind};
use crate::observatory::operational::counting::{Counter, Span};
use crate::observatory::operational::{UNKNOWN, in_no_part};
use crate::observatory::periods;
use crate::territory::codes::CodeSystem;
use crate::territory::subtree::Subtree;

/// Territories that one statement names.
const AT_ONCE: usize = 5_000;

/// What the territories that something was counted of, and those they lay in, are called.
pub struct Places {
    tree: Subtree,
    codes: HashMap<TerritoryId, String>,
    /// The codes of those that another one with a code lay in, on any of the days.
    divided: HashSet<String>,
    is_stock: bool,
}

impl Places {
    pub fn read(
        connection: &mut Connection,
        dataset: &Dataset,
        dimensions: &[Dimension],
        (counter, spans): (&Counter, &[Span]),
    ) -> ApiResult<Self> {
        let is_stock = dataset.measure_kind == MeasureKind::Stock;
        // Whatever its territory is called today, what was told under a code goes on under it: two codes would be two places.
        let used: Vec<(Option<TerritoryId>, String)> = dataset_codes::table
            .filter(dataset_codes::dataset_id.eq(dataset.id))
            .filter(dataset_codes::territory_id.is_not_null())
            .order(dataset_codes::number.desc())
            .select((dataset_codes::territory_id, dataset_codes::code))
            .load(connection)?;
        let told = used.iter().filter_map(|(territory, _)| *territory);
        let territories: BTreeSet<TerritoryId> = counter.territories().into_iter().chain(told).collect();
        let territories: Vec<TerritoryId> = territories.into_iter().collect();
        let mut days: BTreeSet<NaiveDate> = spans.iter().map(|span| day_of(span.first, is_stock)).collect();
        // What was told before is told again, and has noughts for what is new.
        days.extend(told_on(connection, dataset, dimensions)?.into_iter().map(|day| day_of(day, is_stock)));
        let tree = match days.first().zip(days.last()) {
            Some((first, last)) => Subtree::above(connection, &territories, (*first, *last))?,
            None => Subtree::default(),
        };
        let area = dimensions.iter().find(|dimension| dimension.role == DimensionRole::Area);
        let systems = area.and_then(|dimension| dimension.code_system).map_or(SYSTEMS.to_vec(), |system| vec![system]);
        let mut codes = codes_of(connection, tree.ids(), &systems)?;
        codes.extend(used.into_iter().filter_map(|(territory, code)| Some((territory?, code))));
        let mut places = Self { tree, codes, divided: divided_before(connection, dataset)?, is_stock };
        for day in days {
            for territory in &territories {
                places.divided.extend(places.chain(*territory, day).into_iter().skip(1));
            }
        }
        Ok(places)
    }

    /// The codes of a territory, and of what it lay in in a period. Of one without any there is what it lay in alone. What has parts, and of which
    /// it is not known in which, is told as such besides.
    pub fn above(&self, territory: TerritoryId, span: &Span) -> Vec<String> {
        let mut codes = self.chain(territory, day_of(span.first, self.is_stock));
        match codes.first() {
            Some(nearest) if self.divided.contains(nearest) => codes.insert(0, in_no_part(nearest)),
            Some(_) => {}
            None => codes.push(UNKNOWN.to_owned()),
        }
        codes
    }

    /// The codes for what is in places, and in none of their parts; each with the code of the place.
    pub fn rests(&self) -> HashMap<String, String> {
        self.divided.iter().map(|area| (in_no_part(area), area.clone())).collect()
    }

    /// The codes of a territory and of what it lay in on a day, the nearest first.
    fn chain(&self, territory: TerritoryId, day: NaiveDate) -> Vec<String> {
        self.tree.chain(territory, day).into_iter().filter_map(|id| self.codes.get(&id).cloned()).collect()
    }
}

/// The codes of places that were told with what is in none of their parts: they go on so.
fn divided_before(connection: &mut Connection, dataset: &Dataset) -> QueryResult<HashSet<String>> {
    let held: Vec<(String, Option<String>)> = dataset_codes::table
        .filter(dataset_codes::dataset_id.eq(dataset.id))
        .filter(dataset_codes::parent_code.is_not_null())
        .select((dataset_codes::code, dataset_codes::parent_code))
        .load(connection)?;
    Ok(held.into_iter().filter_map(|(code, of)| of.filter(|of| in_no_part(of) == code)).collect())
}

/// The first days of the periods that the dataset knows.
fn told_on(connection: &mut Connection, dataset: &Dataset, dimensions: &[Dimension]) -> QueryResult<Vec<NaiveDate>> {
    let Some(time) = dimensions.iter().find(|dimension| dimension.role == DimensionRole::Time) else {
        return Ok(Vec::new());
    };
    let codes: Vec<String> = dataset_codes::table
        .filter(dataset_codes::dataset_id.eq(dataset.id))
        .filter(dataset_codes::dimension.eq(&time.id))
        .select(dataset_codes::code)
        .load(connection)?;
    Ok(codes.iter().filter_map(|code| Some(periods::bounds(code)?.0)).collect())
}

/// The day whose tree holds for a period, as where small counts are hidden (`suppression/relations.rs`): of what happened, the first of its
/// year, so that months add up to it.
fn day_of(first: NaiveDate, is_stock: bool) -> NaiveDate {
    if is_stock { first } else { NaiveDate::from_ymd_opt(first.year(), 1, 1).unwrap_or(first) }
}

/// A code of each territory, of the first system that has one: the last it had, by which it is found again.
fn codes_of(
    connection: &mut Connection,
    territories: &[TerritoryId],
    systems: &[CodeSystem],
) -> QueryResult<HashMap<TerritoryId, String>> {
    use territory_codes as t;
    type Found = (TerritoryId, CodeSystem, String, NaiveDate);
    let mut found: Vec<Found> = Vec::new();
    for some in territories.chunks(AT_ONCE) {
        let rows: Vec<Found> = on_backend!(&mut *connection, c => t::table
            .filter(t::territory_id.eq_any(some))
            .select((t::territory_id, t::code_system, t::code, t::valid_from))
            .load(c))?;
        found.extend(rows.into_iter().filter(|(_, system, ..)| systems.contains(system)));
    }
    let rank = |system: CodeSystem| systems.iter().position(|known| *known == system);
    // The best of a territory comes last, and stays.
    found.sort_by_key(|(_, system, _, from)| Reverse((rank(*system), Reverse(*from))));
    Ok(found.into_iter().map(|(id, _, code, _)| (id, code)).collect())
}
