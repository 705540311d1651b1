//! A part of the tree as it was over some days: what lay below what, and from when to when.

use std::collections::BTreeSet;
use std::sync::Arc;

use approdo_db::schema::{territories, territory_memberships, territory_parents};
use approdo_db::{Connection, on_backend};
use chrono::NaiveDate;
use diesel::prelude::*;

use crate::access::TerritoryId;
use crate::maps::{IdMap, IdSet};
use crate::territory::codes::ROWS_AT_ONCE;
use crate::territory::tree::MOST_STEPS;

/// What lay below what, from which day to before which.
type Row = (TerritoryId, TerritoryId, NaiveDate, Option<NaiveDate>);

/// That another territory lay directly below one, or above it, from a day to before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    other: TerritoryId,
    from: NaiveDate,
    to: Option<NaiveDate>,
    /// In the tree, not as the member of an aggregate.
    in_tree: bool,
}

impl Place {
    fn on(&self, day: NaiveDate) -> bool {
        self.from <= day && self.to.is_none_or(|to| day < to)
    }

    /// Whether it was so on any of the days.
    fn within(&self, (first, last): (NaiveDate, NaiveDate)) -> bool {
        self.from <= last && self.to.is_none_or(|to| first < to)
    }
}

/// A territory of the part.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Node {
    pub kind: String,
    pub name: String,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
}

impl Node {
    pub fn exists_on(&self, day: NaiveDate) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|to| day < to)
    }
}

/// Territories, and what lay below what among them.
#[derive(Debug, Default)]
pub struct Tree {
    nodes: IdMap<TerritoryId, Node>,
    below: IdMap<TerritoryId, Vec<Place>>,
    above: IdMap<TerritoryId, Vec<Place>>,
}

impl Tree {
    /// Reads every territory there is, and where each lies and lay.
    pub fn read(connection: &mut Connection) -> QueryResult<Self> {
        let nodes: Vec<(TerritoryId, Node)> = {
            use territories as t;
            t::table.select((t::id, (t::kind, t::name, t::valid_from, t::valid_to))).load(connection)?
        };
        let mut tree = Self { nodes: nodes.into_iter().collect(), ..Self::default() };
        let parents: Vec<Row> = {
            use territory_parents as t;
            t::table.select((t::territory_id, t::parent_id, t::valid_from, t::valid_to)).load(connection)?
        };
        parents.into_iter().for_each(|row| tree.put(row, true));
        let members: Vec<Row> = {
            use territory_memberships as t;
            t::table.select((t::member_id, t::aggregate_id, t::valid_from, t::valid_to)).load(connection)?
        };
        members.into_iter().for_each(|row| tree.put(row, false));
        for places in tree.below.values_mut().chain(tree.above.values_mut()) {
            // No order of the rows, which is the database's, is to be seen in what is told.
            places.sort_unstable_by_key(|place| (place.from, place.other));
            places.shrink_to_fit();
        }
        Ok(tree)
    }

    fn put(&mut self, (below, above, from, to): Row, in_tree: bool) {
        self.below.entry(above).or_default().push(Place { other: below, from, to, in_tree });
        self.above.entry(below).or_default().push(Place { other: above, from, to, in_tree });
    }
}

/// What lay below a territory. Of a union, convention, district or mountain community its members do.
#[derive(Debug, Default)]
pub struct Subtree {
    tree: Arc<Tree>,
    /// The part, in the order in which it was met, which need not be that of above and below on any day.
    ids: Vec<TerritoryId>,
    part: IdSet<TerritoryId>,
    /// The days that it is told of; of all that was read where there are none.
    days: Option<(NaiveDate, NaiveDate)>,
    /// The only territory whose members lie below it; of each where there is none.
    aggregate: Option<TerritoryId>,
}

impl Subtree {
    /// What lay below a territory on any of these days; at least the territory itself.
    pub fn below(tree: Arc<Tree>, root: TerritoryId, days: (NaiveDate, NaiveDate)) -> Self {
        let (ids, part) = (vec![root], IdSet::from_iter([root]));
        let mut this = Self { tree, ids, part, days: Some(days), aggregate: Some(root) };
        let mut at = 0;
        while let Some(&above) = this.ids.get(at) {
            let below: Vec<TerritoryId> = this.ever_below(above).collect();
            for id in below {
                if this.part.insert(id) {
                    this.ids.push(id);
                }
            }
            at += 1;
        }
        this
    }

    /// Reads what some territories lay below on any of these days, and which of them were members of another one of them.
    pub fn above(
        connection: &mut Connection,
        of: &[TerritoryId],
        (first, last): (NaiveDate, NaiveDate),
    ) -> QueryResult<Self> {
        let mut part = Tree::default();
        let mut met: IdSet<TerritoryId> = of.iter().copied().collect();
        let (mut level, given) = (of.to_vec(), met.clone());
        for some in of.chunks(ROWS_AT_ONCE) {
            use territory_memberships as t;
            let found: Vec<Row> = on_backend!(&mut *connection, c => t::table
                .filter(t::member_id.eq_any(some))
                .filter(t::valid_from.le(last))
                .filter(t::valid_to.is_null().or(t::valid_to.gt(first)))
                .select((t::member_id, t::aggregate_id, t::valid_from, t::valid_to))
                .load(c))?;
            found
                .into_iter()
                .filter(|(_, aggregate, ..)| given.contains(aggregate))
                .for_each(|row| part.put(row, false));
        }
        for _ in 0..MOST_STEPS {
            let mut next = Vec::new();
            for some in level.chunks(ROWS_AT_ONCE) {
                use territory_parents as t;
                let found: Vec<Row> = on_backend!(&mut *connection, c => t::table
                    .filter(t::territory_id.eq_any(some))
                    .filter(t::valid_from.le(last))
                    .filter(t::valid_to.is_null().or(t::valid_to.gt(first)))
                    .select((t::territory_id, t::parent_id, t::valid_from, t::valid_to))
                    .load(c))?;
                for row in found {
                    next.extend(Some(row.1).filter(|above| met.insert(*above)));
                    part.put(row, true);
                }
            }
            if next.is_empty() {
                break;
            }
            level = next;
        }
        let ids: Vec<TerritoryId> = met.iter().copied().collect();
        part.nodes = nodes(connection, &ids)?;
        Ok(Self { tree: Arc::new(part), ids, part: met, days: None, aggregate: None })
    }

    /// A territory, of the part or not.
    pub fn node(&self, id: TerritoryId) -> Option<&Node> {
        self.tree.nodes.get(&id)
    }

    /// The part, in no order of above and below.
    pub fn ids(&self) -> &[TerritoryId] {
        &self.ids
    }

    /// Whether a territory is one of the part.
    pub fn holds(&self, id: TerritoryId) -> bool {
        self.part.contains(&id)
    }

    /// What lay directly below a territory on a day.
    pub fn children(&self, of: TerritoryId, day: NaiveDate) -> impl Iterator<Item = TerritoryId> + '_ {
        self.places(of).filter(move |place| place.on(day)).map(|place| place.other)
    }

    /// What lay directly below a territory in the tree on a day, its members aside.
    pub fn parts(&self, of: TerritoryId, day: NaiveDate) -> impl Iterator<Item = TerritoryId> + '_ {
        self.places(of).filter(move |place| place.in_tree && place.on(day)).map(|place| place.other)
    }

    /// What lay directly below a territory on any of the days.
    pub fn ever_below(&self, of: TerritoryId) -> impl Iterator<Item = TerritoryId> + '_ {
        self.places(of).map(|place| place.other)
    }

    /// What of the part a territory lay directly below on any of the days.
    pub fn ever_above(&self, of: TerritoryId) -> impl Iterator<Item = TerritoryId> + '_ {
        self.places_of(of).map(|place| place.other)
    }

    /// Some territories and whatever of the part they ever lay below, at any depth.
    pub fn all_ever_above(&self, of: impl IntoIterator<Item = TerritoryId>) -> IdSet<TerritoryId> {
        let (mut met, mut waiting) = (IdSet::default(), Vec::from_iter(of));
        while let Some(at) = waiting.pop() {
            if met.insert(at) {
                waiting.extend(self.ever_above(at));
            }
        }
        met
    }

    /// The days on which something came to lie directly below a territory, or ceased to.
    pub fn days_of_change(&self, of: TerritoryId) -> impl Iterator<Item = NaiveDate> + '_ {
        self.places(of).flat_map(|place| [Some(place.from), place.to]).flatten()
    }

    /// A territory and everything below it on a day.
    pub fn whole(&self, root: TerritoryId, day: NaiveDate) -> BTreeSet<TerritoryId> {
        let (mut met, mut waiting) = (BTreeSet::from([root]), vec![root]);
        while let Some(at) = waiting.pop() {
            waiting.extend(self.children(at, day).filter(|below| met.insert(*below)));
        }
        met
    }

    /// A territory and what it lay in on a day, nearest first.
    pub fn chain(&self, id: TerritoryId, day: NaiveDate) -> Vec<TerritoryId> {
        let mut chain = vec![id];
        while chain.len() <= MOST_STEPS {
            // Of the aggregates that it was a member of, none holds it.
            let above = chain.last().copied().into_iter().flat_map(|at| self.places_of(at));
            let parent = above.filter(|place| place.in_tree && place.on(day)).map(|place| place.other).next();
            match parent.filter(|parent| !chain.contains(parent)) {
                Some(parent) => chain.push(parent),
                None => break,
            }
        }
        chain
    }

    /// Whether a territory lay below another one on a day, at any depth.
    pub fn lies_below(&self, id: TerritoryId, root: TerritoryId, day: NaiveDate) -> bool {
        let (mut at, mut steps) = (vec![id], 0);
        while !at.is_empty() && steps < MOST_STEPS {
            if at.contains(&root) {
                return true;
            }
            at = at
                .iter()
                .flat_map(|id| self.places_of(*id))
                .filter(|place| place.on(day))
                .map(|place| place.other)
                .collect();
            steps += 1;
        }
        false
    }

    /// What lay directly below a territory.
    fn places(&self, above: TerritoryId) -> impl Iterator<Item = &Place> {
        let below = self.tree.below.get(&above).filter(|_| self.holds(above)).map(Vec::as_slice).unwrap_or_default();
        below.iter().filter(move |place| self.is_told(place, above))
    }

    /// What of the part a territory lay directly below.
    fn places_of(&self, below: TerritoryId) -> impl Iterator<Item = &Place> {
        let above = self.tree.above.get(&below).map(Vec::as_slice).unwrap_or_default();
        above.iter().filter(|place| self.holds(place.other) && self.is_told(place, place.other))
    }

    fn is_told(&self, place: &Place, above: TerritoryId) -> bool {
        self.days.is_none_or(|days| place.within(days))
            && (place.in_tree || self.aggregate.is_none_or(|aggregate| aggregate == above))
    }
}

/// Reads territories by their ids.
pub fn nodes(connection: &mut Connection, ids: &[TerritoryId]) -> QueryResult<IdMap<TerritoryId, Node>> {
    use territories as t;
    let mut nodes = IdMap::default();
    for some in ids.chunks(ROWS_AT_ONCE) {
        let rows: Vec<(TerritoryId, Node)> = on_backend!(&mut *connection, c => t::table
            .filter(t::id.eq_any(some))
            .select((t::id, (t::kind, t::name, t::valid_from, t::valid_to)))
            .load(c))?;
        nodes.extend(rows);
    }
    Ok(nodes)
}
