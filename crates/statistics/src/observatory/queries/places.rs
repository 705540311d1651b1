//! The places that are told of, and what has to be read for them.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use approdo_db::Connection;
use approdo_db::schema::{dataset_codes, territories};
use chrono::NaiveDate;
use diesel::prelude::*;

use crate::access::TerritoryId;
use crate::error::{ApiError, ApiResult};
use crate::maps::{IdMap, IdSet};
use crate::observatory::datasets::DatasetId;
use crate::observatory::queries::asked::{AskedPlaces, Geography};
use crate::observatory::queries::gathered;
use crate::observatory::queries::times::Period;
use crate::territory::kept::KeptTerritories;
use crate::territory::recast::Moves;
use crate::territory::subtree::Subtree;

/// Places that one question is about.
const MOST: usize = 20_000;

/// A place that values are told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// As a code of the dataset, which may be that of a territory.
    Coded {
        number: i32,
        code: String,
        name: Option<String>,
        territory: Option<TerritoryId>,
    },
    Territory(TerritoryId),
}

impl Place {
    pub fn territory(&self) -> Option<TerritoryId> {
        match self {
            Self::Territory(id) => Some(*id),
            Self::Coded { .. } => None,
        }
    }
}

/// What of a dataset can be named in a question.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sight {
    /// Codes that only what is not published has.
    pub with_drafts: bool,
    /// Whether places that the dataset does not know are left out, and not refused.
    pub leaves_out_unknown: bool,
}

impl Sight {
    /// What `published` can be of codes that can be named.
    pub fn shown(self) -> &'static [bool] {
        if self.with_drafts { &[true, false] } else { &[true] }
    }
}

/// Whether something happened between two days, or on the later one.
fn happened(
    days: &IdMap<TerritoryId, BTreeSet<NaiveDate>>,
    id: TerritoryId,
    (one, other): (NaiveDate, NaiveDate),
) -> bool {
    let (first, last) = (one.min(other), one.max(other));
    days.get(&id).is_some_and(|days| days.iter().any(|day| first < *day && *day <= last))
}

/// The territories that a question is about, and what lies below them.
#[derive(Debug, Default)]
pub struct Land {
    pub tree: Subtree,
    /// The day that territories are told as of; none where it is that of each period.
    pub day: Option<NaiveDate>,
    pub moves: Arc<Moves>,
    /// The territories of the part, and those whose people became theirs: whoever is told as of a day is made of these. None where that is the
    /// day of each period.
    pub origins: BTreeSet<TerritoryId>,
    /// The numbers that territories have in the dataset.
    pub numbers: IdMap<TerritoryId, Vec<i32>>,
    /// Territories of which, or of something below which, the dataset has a code.
    coded: IdSet<TerritoryId>,
    /// When land or people came into a territory, or left it.
    days: IdMap<TerritoryId, BTreeSet<NaiveDate>>,
    /// Those of them on which whole territories did.
    rearranged: IdMap<TerritoryId, BTreeSet<NaiveDate>>,
}

/// Which places a question is about.
pub struct Places {
    pub told: Vec<Place>,
    pub land: Land,
    /// The territory that they lie below.
    pub under: Option<TerritoryId>,
}

impl Places {
    /// # Errors
    /// 422 for codes and territories that are not known, and where too many places are asked for.
    pub fn read(
        connection: &mut Connection,
        (dataset, area): (DatasetId, &str),
        asked: &AskedPlaces,
        periods: &[Period],
        (geography, today): (Geography, NaiveDate),
        (territories, sight): (&KeptTerritories, Sight),
    ) -> ApiResult<Self> {
        match (&asked.codes, asked.under) {
            (Some(codes), None) if asked.level.is_none() => {
                if geography != Geography::AsWas {
                    return Err(ApiError::invalid_member("geo", "is for territories: ask for places by under"));
                }
                let told = coded(connection, dataset, area, codes, sight)?;
                Ok(Self { told, land: Land::default(), under: None })
            }
            (None, Some(under)) => {
                let as_of = (geography, today);
                let land = Land::read(connection, territories, (dataset, area), (under, periods), as_of)?;
                let ids = match &asked.level {
                    None => BTreeSet::from([under]),
                    Some(level) => land.of_kind(level, under, periods),
                };
                if ids.len() > MOST {
                    return Err(ApiError::invalid_member("places", "are more than 20,000"));
                }
                let mut ids: Vec<TerritoryId> = ids.into_iter().collect();
                ids.sort_by_cached_key(|id| (land.tree.node(*id).map(|node| node.name.clone()), *id));
                let told = ids.into_iter().map(Place::Territory).collect();
                Ok(Self { told, land, under: Some(under) })
            }
            _ => Err(ApiError::invalid_member("places", "give codes, or under with or without a level")),
        }
    }
}

fn coded(
    connection: &mut Connection,
    dataset: DatasetId,
    area: &str,
    codes: &[String],
    sight: Sight,
) -> ApiResult<Vec<Place>> {
    use dataset_codes as d;
    type Row = (String, i32, Option<String>, Option<TerritoryId>);
    let rows: Vec<Row> = d::table
        .filter(d::dataset_id.eq(dataset))
        .filter(d::dimension.eq(area))
        .filter(d::code.eq_any(codes))
        .filter(d::published.eq_any(sight.shown()))
        .select((d::code, d::number, d::name, d::territory_id))
        .load(connection)?;
    // A place is called as its dataset calls it, or else as the territory that it is.
    let unnamed: Vec<TerritoryId> = rows.iter().filter(|row| row.2.is_none()).filter_map(|row| row.3).collect();
    let names: Vec<(TerritoryId, String)> = territories::table
        .filter(territories::id.eq_any(unnamed))
        .select((territories::id, territories::name))
        .load(connection)?;
    let names: IdMap<TerritoryId, String> = names.into_iter().collect();
    let mut known: HashMap<String, Row> = rows.into_iter().map(|row| (row.0.clone(), row)).collect();
    let mut place = |(at, code): (usize, &String)| {
        let Some((code, number, name, territory)) = known.remove(code) else {
            let unknown = || ApiError::unknown_reference(&format!("places/codes/{at}"));
            return if sight.leaves_out_unknown { Ok(None) } else { Err(unknown()) };
        };
        let name = name.or_else(|| names.get(&territory?).cloned());
        Ok(Some(Place::Coded { number, code, name, territory }))
    };
    codes.iter().enumerate().filter_map(|code| place(code).transpose()).collect()
}

impl Land {
    fn read(
        connection: &mut Connection,
        territories: &KeptTerritories,
        (dataset, area): (DatasetId, &str),
        (under, periods): (TerritoryId, &[Period]),
        (geography, today): (Geography, NaiveDate),
    ) -> ApiResult<Self> {
        let day = match geography {
            Geography::AsWas => None,
            Geography::Current => Some(today),
            Geography::On(day) => Some(day),
        };
        let days = || periods.iter().map(|period| period.begins).chain(day);
        let range = days().min().zip(days().max()).unwrap_or((today, today));
        let known = territories.present(connection)?;
        let tree = Subtree::below(known.tree, under, range);
        if tree.node(under).is_none() {
            return Err(ApiError::unknown_reference("places/under"));
        }
        let mut land = Self { day, ..Self::default() };
        if day.is_some() {
            land.moves = known.moves;
            land.origins = land.moves.origins(tree.ids().iter().copied());
            let origins: Vec<TerritoryId> = land.origins.iter().copied().collect();
            land.numbers = gathered::numbers(connection, dataset, area, &origins)?;
        } else {
            land.numbers = gathered::numbers(connection, dataset, area, tree.ids())?;
        }
        land.tree = tree;
        land.note_coded();
        if day.is_some() {
            land.note_changes(range);
        }
        Ok(land)
    }

    /// Notes of everything whether there can be values below it. Upwards, because what lies above what changes in time, and no one order of the
    /// territories has whatever was ever below before whatever was ever above it.
    fn note_coded(&mut self) {
        let with_codes = self.numbers.keys().copied().filter(|id| self.tree.holds(*id));
        self.coded = self.tree.all_ever_above(with_codes);
    }

    /// Notes of everything when it became another one; upwards as well.
    fn note_changes(&mut self, (first, last): (NaiveDate, NaiveDate)) {
        let within = |day: &NaiveDate| first < *day && *day <= last;
        let mut moves = self.moves.by_day();
        moves.retain(|day, _| within(day));
        let mut of_people: IdMap<TerritoryId, BTreeSet<NaiveDate>> = IdMap::default();
        for (day, pairs) in &moves {
            for id in pairs.iter().flat_map(|(from, to)| [from, to]) {
                of_people.entry(*id).or_default().insert(*day);
            }
        }
        // The days on which anything changed, in it or below it.
        let mut stirred: IdMap<TerritoryId, BTreeSet<NaiveDate>> = IdMap::default();
        for &id in self.tree.ids() {
            let mut days = of_people.remove(&id).unwrap_or_default();
            days.extend(self.tree.days_of_change(id).filter(within));
            if days.is_empty() {
                continue;
            }
            for above in self.tree.all_ever_above([id]) {
                stirred.entry(above).or_default().extend(&days);
            }
        }
        let (mut all_crossed, mut all_rearranged) = (IdMap::default(), IdMap::default());
        for (id, days) in stirred {
            let pairs = |day: &NaiveDate| moves.get(day).map(Vec::as_slice).unwrap_or_default();
            let (mut crossed, mut rearranged) = (BTreeSet::new(), BTreeSet::new());
            for day in &days {
                let (by_land, by_people) = self.crossed(id, *day, pairs(day));
                crossed.extend((by_land || by_people).then_some(*day));
                rearranged.extend(by_land.then_some(*day));
            }
            all_crossed.insert(id, crossed);
            all_rearranged.insert(id, rearranged);
        }
        (self.days, self.rearranged) = (all_crossed, all_rearranged);
    }

    /// Whether whole territories, or people, came into a territory or left it on a day: what only changed within is the same territory.
    fn crossed(&self, id: TerritoryId, day: NaiveDate, moves: &[(TerritoryId, TerritoryId)]) -> (bool, bool) {
        let Some(eve) = day.pred_opt() else { return (true, true) };
        let (before, after) = (self.tree.whole(id, eve), self.tree.whole(id, day));
        let existed = |id: &TerritoryId, on: NaiveDate| self.tree.node(*id).is_some_and(|node| node.exists_on(on));
        let by_land = before.difference(&after).any(|gone| existed(gone, day))
            || after.difference(&before).any(|come| existed(come, eve));
        (by_land, moves.iter().any(|(from, to)| before.contains(from) != after.contains(to)))
    }

    /// The territories of a kind that are told of.
    fn of_kind(&self, kind: &str, under: TerritoryId, periods: &[Period]) -> BTreeSet<TerritoryId> {
        let days: BTreeSet<NaiveDate> = match self.day {
            Some(day) => BTreeSet::from([day]),
            None => periods.iter().map(|period| period.begins).collect(),
        };
        let is_one = |id: &TerritoryId| self.tree.node(*id).is_some_and(|node| node.kind == kind);
        days.into_iter().flat_map(|day| self.tree.whole(under, day)).filter(is_one).collect()
    }

    /// The day that territories are told as of, for what was counted on a day.
    pub fn as_of(&self, counted: NaiveDate) -> NaiveDate {
        self.day.unwrap_or(counted)
    }

    /// What lay directly below a territory on a day and is to have values: whatever has a code or something with one below it, and what is
    /// of the same kind as that.
    pub fn parts(&self, of: TerritoryId, day: NaiveDate) -> Vec<TerritoryId> {
        let mut below: Vec<TerritoryId> = self.tree.children(of, day).collect();
        below.sort_unstable();
        below.dedup();
        let kind = |id: &TerritoryId| self.tree.node(*id).map(|node| node.kind.as_str());
        let mut kinds: Vec<Option<&str>> = Vec::new();
        for kind in below.iter().filter(|id| self.coded.contains(*id)).map(kind) {
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        below.retain(|id| kinds.contains(&kind(id)));
        below
    }

    /// Whether anything below a territory has a code.
    pub fn has_parts(&self, of: TerritoryId) -> bool {
        self.tree.ever_below(of).any(|below| self.coded.contains(&below))
    }

    /// Whether a territory was another one on one day than on the other.
    pub fn changed(&self, id: TerritoryId, one: NaiveDate, other: NaiveDate) -> bool {
        happened(&self.days, id, (one, other))
    }

    /// Whether whole territories came into it or left it between the days: no move of people tells how many went with them.
    pub fn is_rearranged(&self, id: TerritoryId, one: NaiveDate, other: NaiveDate) -> bool {
        happened(&self.rearranged, id, (one, other))
    }

    /// The day as of which a territory is told for what was counted on a day: that day itself, while it has the same land and the same people;
    /// what it was made of then is exact.
    pub fn day_of(&self, id: TerritoryId, counted: NaiveDate) -> NaiveDate {
        let asked = self.as_of(counted);
        if self.changed(id, counted, asked) { asked } else { counted }
    }

    pub fn numbers_of(&self, id: TerritoryId) -> &[i32] {
        self.numbers.get(&id).map(Vec::as_slice).unwrap_or_default()
    }
}
