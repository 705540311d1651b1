//! Where what is counted happened: under which codes of a dataset a territory is told, with all that it lay in.

use std::cmp::Reverse;
use std::collections::HashMap;

use approdo_db::schema::{dataset_codes, territory_codes};
use approdo_db::{Connection, on_backend};
use chrono::{Datelike as _, NaiveDate};
use diesel::prelude::*;

use crate::access::TerritoryId;
use crate::error::ApiResult;
use crate::observatory::codelists::SYSTEMS;
use crate::observatory::datasets::{Dataset, Dimension, DimensionRole, MeasureKind};
use crate::observatory::operational::UNKNOWN;
use crate::observatory::operational::counting::{Counter, Span};
use crate::territory::codes::CodeSystem;
use crate::territory::subtree::Subtree;

/// Territories that one statement names.
const AT_ONCE: usize = 5_000;

/// What the territories that something was counted of, and those they lay in, are called.
pub struct Places {
    tree: Subtree,
    codes: HashMap<TerritoryId, String>,
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
        let territories: Vec<TerritoryId> = counter.territories().into_iter().collect();
        let days = spans.first().zip(spans.last()).map(|(first, last)| (day_of(first, is_stock), last.after));
        let tree = match days {
            Some(days) => Subtree::above(connection, &territories, days)?,
            None => Subtree::default(),
        };
        let area = dimensions.iter().find(|dimension| dimension.role == DimensionRole::Area);
        let systems = area.and_then(|dimension| dimension.code_system).map_or(SYSTEMS.to_vec(), |system| vec![system]);
        let mut codes = codes_of(connection, tree.ids(), &systems)?;
        // Whatever its territory is called today, what was told under a code goes on under it: two codes would be two places.
        let used: Vec<(Option<TerritoryId>, String)> = dataset_codes::table
            .filter(dataset_codes::dataset_id.eq(dataset.id))
            .filter(dataset_codes::territory_id.is_not_null())
            .order(dataset_codes::number.desc())
            .select((dataset_codes::territory_id, dataset_codes::code))
            .load(connection)?;
        codes.extend(used.into_iter().filter_map(|(territory, code)| Some((territory?, code))));
        Ok(Self { tree, codes, is_stock })
    }

    /// The codes of a territory, and of what it lay in in a period. Of one without any there is what it lay in alone.
    pub fn above(&self, territory: TerritoryId, span: &Span) -> Vec<String> {
        let chain = self.tree.chain(territory, day_of(span, self.is_stock));
        let codes: Vec<String> = chain.into_iter().filter_map(|id| self.codes.get(&id).cloned()).collect();
        if codes.is_empty() { vec![UNKNOWN.to_owned()] } else { codes }
    }
}

/// The day whose tree holds for a period, as where small counts are hidden (`suppression/relations.rs`): of what happened, the first of its
/// year, so that months add up to it.
fn day_of(span: &Span, is_stock: bool) -> NaiveDate {
    if is_stock { span.first } else { NaiveDate::from_ymd_opt(span.first.year(), 1, 1).unwrap_or(span.first) }
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
