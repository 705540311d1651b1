//! Hides cells until a move protects each hidden one, then shows again what need not be hidden.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::linear::{Answer, cheapest, scope};
use crate::model::{Model, Move, Origin, State};
use crate::product::Products;
use crate::{Outcome, Refusal, Suppression, Table, relations};

/// Up to how many unknowns that can change the solver looks at all of the table, and in several orders.
const SMALL: usize = 400;
/// How many unknowns around a cell the solver looks at in larger tables, and how many of one line.
const NEAR: (usize, usize) = (200, 12);
/// How many where those do not do.
const FAR: (usize, usize) = (1500, 60);
/// How many as a last resort, and for how many cells.
const LAST: (usize, usize) = (4000, usize::MAX);
const LAST_CELLS: usize = 20;
const ALL: (usize, usize) = (SMALL, SMALL);
/// How much the solver works on a larger table, in squares of the unknowns that it looks at: to spare cells from being hidden, and to hide.
const WORK: (usize, usize) = (20_000_000, 40_000_000);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    SmallFirst,
    LargeFirst,
    ByKey,
}

#[derive(Clone)]
struct Protection<'a> {
    model: Model,
    table: &'a Table,
    products: &'a Products,
    is_small: bool,
    work_left: (usize, usize),
    last_left: usize,
    /// By hidden unknown the move that protects it.
    moves: BTreeMap<usize, Move>,
    /// The hidden unknowns whose move changes an unknown.
    users: BTreeMap<usize, BTreeSet<usize>>,
    /// Cells hidden for the sake of others only.
    spare: Vec<usize>,
    told_already: BTreeSet<usize>,
    unprotectable: Vec<Vec<u32>>,
}

pub fn protect(model: Model, table: &Table) -> Result<Suppression, Refusal> {
    let can_change = model.unknowns.iter().filter(|one| one.state != State::Fixed && !one.lines.is_empty()).count();
    protect_as(model, table, can_change <= SMALL)
}

/// With `is_small` as befits a small table.
pub fn protect_as(model: Model, table: &Table, is_small: bool) -> Result<Suppression, Refusal> {
    let products = Products::new(table);
    let start = Protection {
        model,
        table,
        products: &products,
        is_small,
        work_left: WORK,
        last_left: LAST_CELLS,
        moves: BTreeMap::new(),
        users: BTreeMap::new(),
        spare: Vec::new(),
        told_already: BTreeSet::new(),
        unprotectable: Vec::new(),
    };
    let orders: &[Order] =
        if is_small { &[Order::SmallFirst, Order::LargeFirst, Order::ByKey] } else { &[Order::SmallFirst] };
    let mut best: Option<(usize, Suppression)> = None;
    for order in orders {
        let mut protection = start.clone();
        protection.hide(*order);
        if !protection.unprotectable.is_empty() {
            return Err(Refusal::Unprotectable { keys: protection.unprotectable });
        }
        protection.show_again();
        protection.audit();
        if !protection.unprotectable.is_empty() {
            return Err(Refusal::Unprotectable { keys: protection.unprotectable });
        }
        let suppression = protection.suppression();
        let hidden = suppression.cells.iter().filter(|outcome| !outcome.is_shown()).count();
        if best.as_ref().is_none_or(|(fewest, _)| hidden < *fewest) {
            best = Some((hidden, suppression));
        }
    }
    Ok(best.map(|(_, suppression)| suppression).unwrap_or(Suppression { cells: Vec::new() }))
}

/// By how much an unknown has to change to be protected: any of them.
fn changes(model: &Model, unknown: usize) -> Vec<i64> {
    model.rise(unknown).map_or_else(|| vec![-1, 1], |rise| vec![rise])
}

/// Whether nothing protects an unknown, were all hidden that can be.
fn is_impossible(model: &Model, unknown: usize) -> bool {
    let scope = scope(model, unknown, true, FAR.0, usize::MAX);
    let is_impossible = |by: &i64| cheapest(model, unknown, *by, &scope, true) == Answer::Impossible;
    scope.is_whole && changes(model, unknown).iter().all(is_impossible)
}

impl Protection<'_> {
    /// What has to be protected at the beginning.
    fn begin(&self, order: Order) -> Vec<usize> {
        let needs = |at: &usize| {
            let Some(one) = self.model.unknowns.get(*at) else { return false };
            match one.origin {
                Origin::Cell | Origin::Earlier => one.state == State::Hidden,
                Origin::Left => one.state == State::Unpublished && self.model.is_small(*at),
                Origin::None => false,
            }
        };
        let mut all: Vec<usize> = (0..self.model.unknowns.len()).filter(needs).collect();
        match order {
            Order::SmallFirst => all.sort_by_key(|at| self.model.value(*at)),
            Order::LargeFirst => all.sort_by_key(|at| -self.model.value(*at)),
            Order::ByKey => {}
        }
        all
    }

    fn hide(&mut self, order: Order) {
        let mut waiting = VecDeque::from(self.begin(order));
        while let Some(next) = waiting.pop_front() {
            if self.moves.contains_key(&next) {
                continue;
            }
            let found = self.find(next, false).or_else(|| self.find(next, true));
            let Some(found) = found else {
                self.give_up(next);
                continue;
            };
            for (unknown, _) in &found {
                if self.model.state(*unknown) == State::Free {
                    self.model.set(*unknown, State::Hidden);
                    self.spare.push(*unknown);
                    waiting.push_back(*unknown);
                }
            }
            self.adopt(next, &found);
        }
    }

    /// Whether what protects each cell still does, with what is hidden in the end. Nothing is published on the word of the search alone.
    fn audit(&mut self) {
        for unknown in self.begin(Order::ByKey) {
            let is_protected = self.moves.get(&unknown).is_some_and(|found| {
                let is_hidden = |(one, _): &(usize, i64)| self.model.state(*one) != State::Free;
                let protects = |(one, by): &(usize, i64)| *one == unknown && self.model.protects(unknown, *by);
                self.model.is_move(found) && found.iter().all(is_hidden) && found.iter().any(protects)
            });
            if !is_protected && !self.told_already.contains(&unknown) {
                self.unprotectable.extend(self.model.unknowns.get(unknown).map(|one| one.key.clone()));
            }
        }
    }

    /// What is told already, by earlier releases alone or by what is known of this one, is not for this table to protect, unless it is a
    /// cell of it.
    fn give_up(&mut self, unknown: usize) {
        let Some(one) = self.model.unknowns.get(unknown) else { return };
        let is_told_already = match one.origin {
            Origin::Cell | Origin::None => false,
            Origin::Left => is_impossible(&self.model, unknown),
            Origin::Earlier => {
                let earlier = Table { cells: Vec::new(), ..self.table.clone() };
                relations::model(&earlier, self.model.threshold).is_ok_and(|earlier| {
                    let same = |at: &&usize| earlier.value(**at) == one.value;
                    let same = earlier.by_key.get(&one.key).and_then(|all| all.iter().find(same));
                    same.is_some_and(|same| is_impossible(&earlier, *same))
                })
            }
        };
        if is_told_already {
            self.told_already.insert(unknown);
        } else {
            self.unprotectable.push(one.key.clone());
        }
    }

    /// Takes a move for all that it protects and nothing protects yet.
    fn adopt(&mut self, unknown: usize, found: &Move) {
        self.forget(unknown);
        let mirrored: Move = found.iter().map(|(one, by)| (*one, -by)).collect();
        let mirrored = Some(mirrored).filter(|mirrored| self.model.is_move(mirrored));
        for found in [Some(found), mirrored.as_ref()].into_iter().flatten() {
            for (one, by) in found {
                if self.model.state(*one) == State::Free
                    || self.moves.contains_key(one)
                    || !self.model.protects(*one, *by)
                {
                    continue;
                }
                self.moves.insert(*one, found.clone());
                for (changed, _) in found {
                    self.users.entry(*changed).or_default().insert(*one);
                }
            }
        }
    }

    fn forget(&mut self, unknown: usize) {
        for (changed, _) in self.moves.remove(&unknown).unwrap_or_default() {
            if let Some(users) = self.users.get_mut(&changed) {
                users.remove(&unknown);
            }
        }
    }

    /// A move that protects an unknown, the cheapest one with `is_hiding`, otherwise one that changes nothing shown.
    fn find(&mut self, unknown: usize, is_hiding: bool) -> Option<Move> {
        if self.is_small {
            let found = self.solve(unknown, is_hiding, ALL);
            return found.or_else(|| self.multiply(unknown, is_hiding));
        }
        let found = self.multiply(unknown, is_hiding).or_else(|| self.solve(unknown, is_hiding, NEAR));
        if !is_hiding {
            return found;
        }
        found.or_else(|| self.solve(unknown, true, FAR)).or_else(|| {
            let changes = changes(&self.model, unknown);
            let found = changes.iter().find_map(|by| self.products.branches(&self.model, unknown, *by));
            found.or_else(|| self.solve_last(unknown))
        })
    }

    fn multiply(&self, unknown: usize, is_hiding: bool) -> Option<Move> {
        let changes = changes(&self.model, unknown);
        let found = changes.iter().filter_map(|by| self.products.cheapest(&self.model, unknown, *by, is_hiding));
        found.min_by_key(|found| self.cost(found))
    }

    fn solve(&mut self, unknown: usize, is_hiding: bool, (most, most_per_line): (usize, usize)) -> Option<Move> {
        let scope = scope(&self.model, unknown, is_hiding, most, most_per_line);
        if !self.is_small {
            let left = if is_hiding { &mut self.work_left.1 } else { &mut self.work_left.0 };
            *left = left.checked_sub(scope.unknowns.len().pow(2))?;
        }
        let changes = changes(&self.model, unknown);
        let found = changes.iter().filter_map(|by| match cheapest(&self.model, unknown, *by, &scope, is_hiding) {
            Answer::Found(found) => Some(found),
            Answer::Impossible | Answer::Undecided => None,
        });
        found.min_by_key(|found| self.cost(found))
    }

    /// As the work allows no more, but something in the way of branches is known or absent.
    fn solve_last(&mut self, unknown: usize) -> Option<Move> {
        self.last_left = self.last_left.checked_sub(1)?;
        self.work_left.1 = LAST.0.pow(2);
        self.solve(unknown, true, LAST)
    }

    fn cost(&self, found: &Move) -> i64 {
        found.iter().map(|(unknown, _)| self.model.cost(*unknown)).sum()
    }

    /// Shows cells again, the largest first, where all that is hidden can be protected without them.
    fn show_again(&mut self) {
        let mut spare = std::mem::take(&mut self.spare);
        spare.sort_by_key(|unknown| (-self.model.value(*unknown), *unknown));
        for unknown in spare {
            self.show_one_again(unknown);
        }
    }

    fn show_one_again(&mut self, unknown: usize) {
        // Shown, it is as if it were known: no move changes it.
        self.model.set(unknown, State::Fixed);
        let users: Vec<usize> =
            self.users.get(&unknown).into_iter().flatten().copied().filter(|user| *user != unknown).collect();
        let mut others = BTreeMap::new();
        for user in users {
            let Some(found) = self.find(user, false) else {
                self.model.set(unknown, State::Hidden);
                return;
            };
            others.insert(user, found);
        }
        for (user, found) in others {
            self.adopt(user, &found);
        }
        self.forget(unknown);
        self.model.set(unknown, State::Free);
    }

    fn suppression(&self) -> Suppression {
        let outcome = |unknown: &Option<usize>| match unknown {
            Some(unknown) if self.model.state(*unknown) == State::Hidden => {
                if self.model.is_small(*unknown) {
                    Outcome::Primary
                } else {
                    Outcome::Complementary
                }
            }
            _ => Outcome::Shown,
        };
        Suppression { cells: self.model.cells.iter().map(outcome).collect() }
    }
}
