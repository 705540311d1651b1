//! Cells as unknowns, and what adds up among them as lines. A move is a change of unknowns that no line shows: the attacker cannot tell the
//! table from the one after the move.

use std::collections::HashMap;

/// What can be done about an unknown. What shows less comes first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Everybody knows it: no move changes it.
    #[default]
    Fixed,
    Hidden,
    /// Shown, but could be hidden.
    Free,
    /// In no release: hidden at no cost.
    Unpublished,
}

/// Which release an unknown has to be protected for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Origin {
    /// A cell of this table.
    #[default]
    Cell,
    /// A hidden cell of an earlier release that was revised since.
    Earlier,
    /// A count that is not published, but is what is left of a total.
    Left,
    /// Not a cell: nothing to protect.
    None,
}

/// A change of unknowns, by index.
pub type Move = Vec<(usize, i64)>;

#[derive(Debug, Clone, Default)]
pub struct Unknown {
    pub key: Vec<u32>,
    pub value: i64,
    pub state: State,
    pub origin: Origin,
    /// The lines it is in, with +1 where it is the total and -1 where it is a part.
    pub lines: Vec<(usize, i64)>,
}

/// The dimension, the group of it, and the codes of the other dimensions (the one of the dimension itself is 0).
pub type LineKey = (usize, usize, Vec<u32>);

#[derive(Debug, Clone, Default)]
pub struct Model {
    /// Counts above 0 and below it are protected.
    pub threshold: i64,
    pub unknowns: Vec<Unknown>,
    /// The unknowns of each line, with +1 for the total and -1 for parts.
    pub lines: Vec<Vec<(usize, i64)>>,
    /// The unknown of each table cell, in their order; none for one without a value.
    pub cells: Vec<Option<usize>>,
    /// The unknowns of one key: the one of this table first, then those of earlier releases.
    pub by_key: HashMap<Vec<u32>, Vec<usize>>,
    /// What is left of totals for several absent parts, by line.
    pub rests: HashMap<usize, usize>,
    /// The unknowns of the lines of this table, by value.
    pub ranked: HashMap<LineKey, Vec<usize>>,
}

impl Model {
    pub fn state(&self, unknown: usize) -> State {
        self.unknowns.get(unknown).map(|one| one.state).unwrap_or_default()
    }

    pub fn value(&self, unknown: usize) -> i64 {
        self.unknowns.get(unknown).map(|one| one.value).unwrap_or_default()
    }

    pub fn lines_of(&self, unknown: usize) -> &[(usize, i64)] {
        self.unknowns.get(unknown).map(|one| one.lines.as_slice()).unwrap_or_default()
    }

    pub fn line(&self, line: usize) -> &[(usize, i64)] {
        self.lines.get(line).map(Vec::as_slice).unwrap_or_default()
    }

    pub fn set(&mut self, unknown: usize, state: State) {
        if let Some(one) = self.unknowns.get_mut(unknown) {
            one.state = state;
        }
    }

    pub fn is_small(&self, unknown: usize) -> bool {
        (1..self.threshold).contains(&self.value(unknown))
    }

    /// How far an unknown has to rise to reach the threshold; nothing where it is there already.
    pub fn rise(&self, unknown: usize) -> Option<i64> {
        Some(self.threshold - self.value(unknown)).filter(|rise| *rise > 0)
    }

    /// Whether the move shows that an unknown may be at the threshold or above, and may be something else than it is.
    pub fn protects(&self, unknown: usize, by: i64) -> bool {
        self.rise(unknown).map_or(by != 0, |rise| by >= rise)
    }

    /// Lets what is left of totals for several absent parts take up what a move of the other cells needs.
    pub fn balance(&self, changes: &mut Move) {
        let rests: Vec<(usize, i64)> =
            self.sums(changes).into_iter().filter_map(|(line, sum)| Some((*self.rests.get(&line)?, sum))).collect();
        changes.extend(rests.into_iter().filter(|(_, sum)| *sum != 0));
    }

    /// By how much the total of each line rises above its parts.
    fn sums(&self, changes: &Move) -> HashMap<usize, i64> {
        let mut sums = HashMap::new();
        for (unknown, by) in changes {
            for (line, sign) in self.lines_of(*unknown) {
                *sums.entry(*line).or_default() += sign * by;
            }
        }
        sums
    }

    /// Whether no unknown falls below 0, none changes that is known, and all still adds up.
    pub fn is_move(&self, changes: &Move) -> bool {
        let can_be = |(unknown, by): &(usize, i64)| {
            self.state(*unknown) != State::Fixed && self.value(*unknown).saturating_add(*by) >= 0
        };
        changes.iter().all(can_be) && self.sums(changes).values().all(|sum| *sum == 0)
    }

    /// What hiding an unknown costs: one cell more than anything, then its size.
    pub fn cost(&self, unknown: usize) -> i64 {
        if self.state(unknown) != State::Free {
            return 0;
        }
        let value = self.value(unknown);
        let bits = 64 - value.leading_zeros();
        // Eight steps from each power of two to the next.
        let step = if bits > 3 { (value >> (bits - 4)) & 7 } else { value };
        // A hidden nought has to be able to reach the threshold too.
        128 + 8 * i64::from(bits) + step + if value == 0 { 96 } else { 0 }
    }
}

#[cfg(test)]
mod tests;
