//! What adds up to what along the dimensions of a dataset.
//!
//! Along places that depends on the day: a municipality lies in one province one year and in another the next. So the numbers of places are
//! told apart by the tree that they lay in (`placed`), one for all days on which it was the same.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use approdo_db::Connection;
use approdo_db::schema::{dataset_codes, territory_events};
use approdo_disclosure as disclosure;
use chrono::{Datelike as _, NaiveDate};
use diesel::prelude::*;

use crate::access::TerritoryId;
use crate::error::ApiResult;
use crate::observatory::datasets::{Dataset, Dimension, DimensionRole, MeasureKind};
use crate::observatory::periods;
use crate::observatory::suppression::impossible::Impossible;
use crate::observatory::suppression::unprotected;
use crate::territory::events::TerritoryEventKind;
use crate::territory::subtree::{self, Subtree};

/// Territories that others are members of: where they lie in the tree themselves, they divide it another time.
const AGGREGATES: [&str; 3] = ["union", "convention", "mountain_community"];

/// By how much parts may be more than their total, for each of them: sources round.
const ROUNDING: f64 = 0.5;

/// A code of a dimension.
pub struct Code {
    pub number: u32,
    pub code: String,
    parent: Option<String>,
    territory: Option<TerritoryId>,
}

/// A total and its parts.
type Sum = (u32, Vec<u32>);

/// Sums with the number of the tree that each holds in, and the number of the tree that each period has.
type Trees = (Vec<(u32, Sum)>, HashMap<i32, u32>);

/// What adds up.
pub struct Relations {
    pub dimensions: Vec<disclosure::Dimension>,
    /// Where the place stands among the dimensions.
    area_at: usize,
    /// Which tree holds for a period.
    trees: HashMap<i32, u32>,
    /// How far apart the numbers of a place in two trees are.
    stride: u32,
    /// What can never be.
    pub impossible: Impossible,
}

impl Relations {
    /// A key with its place in the tree of its period.
    pub fn placed(&self, mut key: Vec<u32>, period: i32) -> Vec<u32> {
        let tree = self.trees.get(&period).copied().unwrap_or(0);
        if let Some(area) = key.get_mut(self.area_at) {
            *area += tree * self.stride;
        }
        key
    }

    /// Refuses codes of which more than one division stands under one total: what they add up to is not told by any of them.
    pub fn check(&self, cells: &[disclosure::Cell]) -> ApiResult<()> {
        let values: HashMap<&[u32], f64> =
            cells.iter().filter_map(|cell| Some((cell.key.as_slice(), cell.value?))).collect();
        for (at, dimension) in self.dimensions.iter().enumerate() {
            let totals: HashMap<u32, Vec<&disclosure::Group>> =
                dimension.groups.iter().fold(HashMap::new(), |mut totals, group| {
                    totals.entry(group.total).or_insert_with(Vec::new).push(group);
                    totals
                });
            for (key, total) in &values {
                for group in key.get(at).and_then(|code| totals.get(code)).into_iter().flatten() {
                    let mut with = key.to_vec();
                    let (mut sum, mut room) = (0.0, ROUNDING);
                    for part in &group.parts {
                        if let Some(code) = with.get_mut(at) {
                            *code = *part;
                        }
                        if let Some(value) = values.get(with.as_slice()) {
                            sum += value;
                            room += ROUNDING;
                        }
                    }
                    if sum > total + room {
                        return Err(unprotected(
                            "some codes add up to more than the code that holds them: it is divided in more ways than one",
                        ));
                    }
                }
            }
        }
        Ok(())
    }
}

/// Reads what adds up among the codes that are used. `apart` are dimensions of which no code holds another.
///
/// # Errors
/// 409 where it is not known whether one code holds others.
pub fn read(
    connection: &mut Connection,
    dataset: &Dataset,
    dimensions: &[Dimension],
    (used, apart): (&[HashSet<u32>], &[String]),
) -> ApiResult<Relations> {
    let mut codes_of = Vec::with_capacity(dimensions.len());
    let mut days: BTreeMap<NaiveDate, Vec<i32>> = BTreeMap::new();
    for dimension in dimensions {
        let codes = codes(connection, dataset, dimension)?;
        if dimension.role == DimensionRole::Time {
            for code in &codes {
                let number = i32::try_from(code.number).ok();
                let begins = periods::bounds(&code.code).map(|(begins, _)| begins);
                if let Some((number, begins)) = number.zip(begins) {
                    // A year and its quarters are told of one tree.
                    let day = match dataset.measure_kind {
                        MeasureKind::Flow => NaiveDate::from_ymd_opt(begins.year(), 1, 1).unwrap_or(begins),
                        MeasureKind::Stock | MeasureKind::Ratio => begins,
                    };
                    days.entry(day).or_default().push(number);
                }
            }
        }
        codes_of.push(codes);
    }
    // Statistics of publishers may divide a place in more ways than one; what was counted here lies in one place, and in all above it.
    let source = dataset.computed_from()?.map(|from| from.source);
    let of_source = source.map(|source| Impossible::of(source, dimensions, &codes_of));
    let mut relations = Relations {
        dimensions: Vec::new(),
        area_at: 0,
        trees: HashMap::new(),
        stride: 0,
        impossible: of_source.unwrap_or_default(),
    };
    for (at, (dimension, codes)) in dimensions.iter().zip(&codes_of).enumerate() {
        let used = used.get(at).cloned().unwrap_or_default();
        let is_apart = apart.contains(&dimension.id);
        let groups = match dimension.role {
            DimensionRole::Time if dataset.measure_kind == MeasureKind::Flow => by_time(codes),
            DimensionRole::Time => Vec::new(),
            DimensionRole::Other => {
                require_one_root(codes, &used, is_apart)?;
                by_parent(codes)
            }
            DimensionRole::Area => {
                require_places(codes, &used, is_apart)?;
                relations.area_at = at;
                relations.stride = codes.iter().map(|code| code.number).max().unwrap_or(0) + 1;
                let (groups, trees) = by_place(connection, codes, &used, (&days, source.is_some()))?;
                relations.trees = trees;
                let stride = relations.stride;
                let placed = |(tree, (total, parts)): (u32, Sum)| {
                    let place = |number: u32| number + tree * stride;
                    (place(total), parts.into_iter().map(place).collect())
                };
                groups.into_iter().map(placed).collect()
            }
        };
        let groups = groups.into_iter().map(|(total, parts)| disclosure::Group { total, parts }).collect();
        relations.dimensions.push(disclosure::Dimension { groups });
    }
    Ok(relations)
}

fn codes(connection: &mut Connection, dataset: &Dataset, dimension: &Dimension) -> QueryResult<Vec<Code>> {
    let rows: Vec<(i32, String, Option<String>, Option<TerritoryId>)> = dataset_codes::table
        .filter(dataset_codes::dataset_id.eq(dataset.id))
        .filter(dataset_codes::dimension.eq(&dimension.id))
        .order(dataset_codes::number)
        .select((dataset_codes::number, dataset_codes::code, dataset_codes::parent_code, dataset_codes::territory_id))
        .load(connection)?;
    let code =
        |(number, code, parent, territory)| Some(Code { number: u32::try_from(number).ok()?, code, parent, territory });
    Ok(rows.into_iter().filter_map(code).collect())
}

/// Refuses codes that nobody has put under one of them: one may be what the others add up to.
fn require_one_root(codes: &[Code], used: &HashSet<u32>, is_apart: bool) -> ApiResult<()> {
    let parents: HashMap<&str, Option<&str>> =
        codes.iter().map(|code| (code.code.as_str(), code.parent.as_deref())).collect();
    let root = |code: &Code| {
        let mut at = code.code.as_str();
        for _ in 0..codes.len() {
            match parents.get(at).copied().flatten() {
                Some(parent) => at = parent,
                None => break,
            }
        }
        at.to_owned()
    };
    let roots: BTreeSet<String> = codes.iter().filter(|code| used.contains(&code.number)).map(root).collect();
    if roots.len() > 1 && !is_apart {
        return Err(unprotected(
            "codes of a dimension have no code above them: say which holds which (PUT codelists), or name it in apart",
        ));
    }
    Ok(())
}

/// Refuses places of which nobody knows where they lie.
fn require_places(codes: &[Code], used: &HashSet<u32>, is_apart: bool) -> ApiResult<()> {
    let above: HashSet<&str> = codes.iter().filter_map(|code| code.parent.as_deref()).collect();
    let is_alone =
        |code: &&Code| code.territory.is_none() && code.parent.is_none() && !above.contains(code.code.as_str());
    let mut of_release = codes.iter().filter(|code| used.contains(&code.number));
    if used.len() > 1 && of_release.any(|code| is_alone(&code)) && !is_apart {
        return Err(unprotected(
            "some places are no known territories and lie under no other: say where (PUT codelists), or name the dimension in apart",
        ));
    }
    Ok(())
}

/// Codes under the one that is said to hold them.
fn by_parent(codes: &[Code]) -> Vec<Sum> {
    let numbers: HashMap<&str, u32> = codes.iter().map(|code| (code.code.as_str(), code.number)).collect();
    let mut parts: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for code in codes {
        if let Some(total) = code.parent.as_deref().and_then(|parent| numbers.get(parent)) {
            parts.entry(*total).or_default().push(code.number);
        }
    }
    parts.into_iter().collect()
}

/// Periods of one length that make up a longer one, as months make up quarters and years.
fn by_time(codes: &[Code]) -> Vec<Sum> {
    let mut by_length: BTreeMap<i64, Vec<(NaiveDate, NaiveDate, u32)>> = BTreeMap::new();
    for code in codes {
        if let Some((begins, ends)) = periods::bounds(&code.code) {
            // Months, quarters and years are not all of one length.
            let length = match (ends - begins).num_days() {
                28..=31 => 30,
                90..=92 => 91,
                181..=184 => 182,
                365..=366 => 365,
                other => other,
            };
            by_length.entry(length).or_default().push((begins, ends, code.number));
        }
    }
    by_length.values_mut().for_each(|periods| periods.sort_unstable());
    let mut sums = Vec::new();
    for (length, longer) in &by_length {
        // The same period under two codes is the same count.
        for pair in longer.windows(2) {
            if let [one, other] = pair
                && (one.0, one.1) == (other.0, other.1)
            {
                sums.push((one.2, vec![other.2]));
            }
        }
        for (begins, ends, total) in longer {
            for shorter in by_length.range(..length).map(|(_, shorter)| shorter) {
                let first = shorter.partition_point(|(from, ..)| from < begins);
                let within = shorter.iter().skip(first).take_while(|(_, to, _)| to <= ends);
                let mut parts: Vec<(NaiveDate, u32)> = within.map(|(from, _, number)| (*from, *number)).collect();
                parts.dedup_by_key(|(from, _)| *from);
                if !parts.is_empty() {
                    sums.push((*total, parts.into_iter().map(|(_, number)| number).collect()));
                }
            }
        }
    }
    sums
}

/// Sums of places in each tree that there was, and which tree a period has.
fn by_place(
    connection: &mut Connection,
    codes: &[Code],
    used: &HashSet<u32>,
    (days, is_counted_once): (&BTreeMap<NaiveDate, Vec<i32>>, bool),
) -> QueryResult<Trees> {
    let mut numbers: BTreeMap<TerritoryId, Vec<u32>> = BTreeMap::new();
    for code in codes.iter().filter(|code| used.contains(&code.number)) {
        if let Some(territory) = code.territory {
            numbers.entry(territory).or_default().push(code.number);
        }
    }
    let of_codes = by_parent(codes);
    let mut always: BTreeSet<Sum> = BTreeSet::new();
    let first_of: HashMap<TerritoryId, u32> =
        numbers.iter().filter_map(|(id, numbers)| Some((*id, *numbers.first()?))).collect();
    if !is_counted_once {
        always.extend(of_codes.iter().cloned());
        for of_one in numbers.values() {
            // The same place under two codes is the same count.
            if let Some((first, others)) = of_one.split_first() {
                always.extend(others.iter().map(|other| (*first, vec![*other])));
            }
        }
        always.extend(by_merger(connection, &first_of)?);
    }
    let coded: Vec<TerritoryId> = first_of.keys().copied().collect();
    let range = days.keys().next().zip(days.keys().next_back());
    let tree = match range {
        Some((first, last)) => Subtree::above(connection, &coded, (*first, *last))?,
        None => Subtree::default(),
    };
    let mut trees: Vec<BTreeSet<Sum>> = Vec::new();
    let mut of_period = HashMap::new();
    for (day, periods) in days {
        let mut sums = always.clone();
        if is_counted_once {
            sums.extend(once(&tree, *day, &first_of, &of_codes));
        } else {
            for (id, total) in &first_of {
                sums.extend(below(&tree, *id, *day, &first_of).into_iter().map(|parts| (*total, parts)));
            }
        }
        let at = trees.iter().position(|known| *known == sums).unwrap_or_else(|| {
            trees.push(sums);
            trees.len() - 1
        });
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        of_period.extend(periods.iter().map(|period| (*period, at)));
    }
    let numbered = trees.into_iter().enumerate().flat_map(|(at, sums)| {
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        sums.into_iter().map(move |sum| (at, sum))
    });
    Ok((numbered.collect(), of_period))
}

/// Sums of what was counted once, where it was: of a place all that has a code and lies nearest below it in the tree, of whatever kind, with
/// what was said to be in none of it.
fn once(tree: &Subtree, day: NaiveDate, coded: &HashMap<TerritoryId, u32>, of_codes: &[Sum]) -> Vec<Sum> {
    let rests: HashMap<u32, &Vec<u32>> = of_codes.iter().map(|(total, parts)| (*total, parts)).collect();
    let mut sums = Vec::new();
    for (id, total) in coded {
        let mut parts: BTreeSet<u32> = rests.get(total).into_iter().flat_map(|rest| rest.iter().copied()).collect();
        let (mut met, mut waiting) = (HashSet::from([*id]), vec![*id]);
        while let Some(at) = waiting.pop() {
            for part in tree.parts(at, day).filter(|part| met.insert(*part)) {
                match coded.get(&part) {
                    Some(number) => {
                        parts.insert(*number);
                    }
                    None => waiting.push(part),
                }
            }
        }
        if !parts.is_empty() {
            sums.push((*total, parts.into_iter().collect()));
        }
    }
    sums
}

/// What has a code and lies nearest below a territory on a day: through others that have none. Each kind of what lies directly below it divides it
/// another time.
fn below(tree: &Subtree, of: TerritoryId, day: NaiveDate, coded: &HashMap<TerritoryId, u32>) -> Vec<Vec<u32>> {
    let mut divisions: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
    for child in tree.children(of, day) {
        let kind = tree.node(child).map(|node| node.kind.clone()).unwrap_or_default();
        let parts = divisions.entry(kind).or_default();
        let (mut met, mut waiting) = (HashSet::from([child]), vec![child]);
        while let Some(at) = waiting.pop() {
            match coded.get(&at) {
                Some(number) => {
                    parts.insert(*number);
                }
                None => {
                    let is_division =
                        |id: &TerritoryId| tree.node(*id).is_some_and(|node| !AGGREGATES.contains(&node.kind.as_str()));
                    waiting.extend(tree.children(at, day).filter(is_division).filter(|below| met.insert(*below)));
                }
            }
        }
    }
    divisions.into_values().filter(|parts| !parts.is_empty()).map(|parts| parts.into_iter().collect()).collect()
}

/// What merged into a new territory adds up to it, where a publisher tells both of one time.
fn by_merger(connection: &mut Connection, coded: &HashMap<TerritoryId, u32>) -> QueryResult<Vec<Sum>> {
    use territory_events as t;
    let rows: Vec<(TerritoryId, TerritoryId, NaiveDate)> = t::table
        .filter(t::kind.eq(TerritoryEventKind::Merge))
        .order((t::to_territory_id, t::from_territory_id))
        .select((t::from_territory_id, t::to_territory_id, t::effective_on))
        .load(connection)?;
    let mut merged: BTreeMap<(TerritoryId, NaiveDate), Vec<TerritoryId>> = BTreeMap::new();
    for (from, to, on) in rows {
        merged.entry((to, on)).or_default().push(from);
    }
    let targets: Vec<TerritoryId> = merged.keys().map(|(to, _)| *to).filter(|to| coded.contains_key(to)).collect();
    let known = subtree::nodes(connection, &targets)?;
    let sums = merged.into_iter().filter_map(|((to, on), from)| {
        // One that was there before had people of its own.
        let is_new = known.get(&to).is_some_and(|node| node.valid_from == on);
        let parts: Option<Vec<u32>> = from.iter().map(|id| coded.get(id).copied()).collect();
        Some((*coded.get(&to)?, parts?)).filter(|_| is_new)
    });
    Ok(sums.collect())
}
