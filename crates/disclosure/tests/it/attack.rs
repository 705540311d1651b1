//! Somebody who has every release and wants to know what was hidden. Written from what is published alone: no code is shared with what hides.

use std::collections::{BTreeMap, BTreeSet};

use approdo_disclosure::{Dimension, Suppression, Table};
use microlp::{ComparisonOp, OptimizationDirection, Problem, Variable};

pub type Key = Vec<u32>;

/// A release as readers have it: what is hidden is named with a number that tells which hidden cells were not revised between releases.
#[derive(Debug, Clone, Default)]
pub struct Published {
    pub shown: BTreeMap<Key, i64>,
    pub hidden: BTreeMap<Key, u64>,
}

impl Published {
    pub fn of(table: &Table, suppression: &Suppression) -> Self {
        let mut published = Self::default();
        for (at, (cell, outcome)) in table.cells.iter().zip(&suppression.cells).enumerate() {
            match cell.value {
                Some(value) if outcome.is_shown() => {
                    published.shown.insert(cell.key.clone(), format!("{value}").parse().unwrap());
                }
                Some(_) => {
                    published.hidden.insert(cell.key.clone(), at.try_into().unwrap());
                }
                None => {}
            }
        }
        published
    }
}

/// What is not shown: a hidden count by its number, an absent one by its release and key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unknown {
    Hidden(u64),
    Absent(usize, Key),
}

/// Sum of unknowns, each times a number, that has to be a number.
#[derive(Debug, Clone)]
pub struct Equation {
    pub terms: BTreeMap<Unknown, i64>,
    pub sum: i64,
}

pub struct Attacker {
    pub equations: Vec<Equation>,
    pub hidden: BTreeSet<u64>,
}

impl Attacker {
    /// With `absent_is_nought` the attacker takes cells that are not there for 0.
    pub fn new(dimensions: &[Dimension], releases: &[Published], absent_is_nought: bool) -> Self {
        let mut equations = Vec::new();
        let mut hidden = BTreeSet::new();
        for (number, release) in releases.iter().enumerate() {
            hidden.extend(release.hidden.values().copied());
            let codes = codes(dimensions, release);
            for (at, dimension) in dimensions.iter().enumerate() {
                for group in &dimension.groups {
                    for rest in combinations(&codes, at) {
                        let mut equation = Equation { terms: BTreeMap::new(), sum: 0 };
                        let mut add = |code: u32, times: i64| {
                            let mut key = rest.clone();
                            key[at] = code;
                            if let Some(value) = release.shown.get(&key) {
                                equation.sum -= times * value;
                            } else if let Some(id) = release.hidden.get(&key) {
                                *equation.terms.entry(Unknown::Hidden(*id)).or_default() += times;
                            } else if !absent_is_nought {
                                *equation.terms.entry(Unknown::Absent(number, key)).or_default() += times;
                            }
                        };
                        add(group.total, 1);
                        group.parts.iter().for_each(|part| add(*part, -1));
                        equation.terms.retain(|_, times| *times != 0);
                        if !equation.terms.is_empty() {
                            equations.push(equation);
                        }
                    }
                }
            }
        }
        Self { equations, hidden }
    }

    /// Hidden counts found by difference.
    pub fn by_difference(&self) -> BTreeMap<u64, i64> {
        let hidden = |(one, value)| match one {
            Unknown::Hidden(id) => Some((id, value)),
            Unknown::Absent(..) => None,
        };
        self.told().into_iter().filter_map(hidden).collect()
    }

    /// What is found by subtracting what is known from totals, again and again.
    pub fn told(&self) -> BTreeMap<Unknown, i64> {
        let mut equations = self.equations.clone();
        let mut found: BTreeMap<Unknown, i64> = BTreeMap::new();
        loop {
            let before = found.len();
            for equation in &mut equations {
                let known: Vec<Unknown> =
                    equation.terms.keys().filter(|one| found.contains_key(one)).cloned().collect();
                for one in known {
                    equation.sum -= equation.terms.remove(&one).unwrap() * found[&one];
                }
                if let (1, Some((one, times))) = (equation.terms.len(), equation.terms.first_key_value()) {
                    found.insert(one.clone(), equation.sum / times);
                } else if equation.sum == 0 {
                    // Counts of one sign that add up to nothing are all nothing.
                    let signs: BTreeSet<bool> = equation.terms.values().map(|times| *times > 0).collect();
                    if signs.len() == 1 {
                        found.extend(equation.terms.keys().map(|one| (one.clone(), 0)));
                    }
                }
            }
            if found.len() == before {
                return found;
            }
        }
    }

    fn bound(&self, id: u64, direction: OptimizationDirection, is_whole: bool) -> Option<f64> {
        let mut problem = Problem::new(direction);
        let mut variables: BTreeMap<&Unknown, Variable> = BTreeMap::new();
        for one in self.equations.iter().flat_map(|equation| equation.terms.keys()) {
            let cost = if *one == Unknown::Hidden(id) { 1.0 } else { 0.0 };
            variables.entry(one).or_insert_with(|| match is_whole {
                true => problem.add_integer_var(cost, (0, 1_000_000)),
                false => problem.add_var(cost, (0.0, f64::INFINITY)),
            });
        }
        for equation in &self.equations {
            let terms: Vec<(Variable, f64)> = equation
                .terms
                .iter()
                .map(|(one, times)| (variables[one], f64::from(i32::try_from(*times).unwrap())))
                .collect();
            problem.add_constraint(terms.as_slice(), ComparisonOp::Eq, f64::from(i32::try_from(equation.sum).unwrap()));
        }
        if !variables.contains_key(&Unknown::Hidden(id)) {
            return match direction {
                OptimizationDirection::Maximize => Some(f64::INFINITY),
                OptimizationDirection::Minimize => Some(0.0),
            };
        }
        match problem.solve() {
            Ok(outcome) => Some(outcome.into_solution().expect("a solution").objective()),
            Err(microlp::Error::Unbounded) => Some(f64::INFINITY),
            Err(microlp::Error::Infeasible) => None,
            Err(error) => panic!("the attacker's solver failed: {error}"),
        }
    }

    /// From where to where a hidden count can be; nothing where what is published contradicts itself.
    pub fn interval(&self, id: u64, is_whole: bool) -> Option<(f64, f64)> {
        let least = self.bound(id, OptimizationDirection::Minimize, is_whole)?;
        Some((least, self.bound(id, OptimizationDirection::Maximize, is_whole)?))
    }

    /// The hidden counts that are told: one value is left, or none from the threshold on.
    pub fn pinned(&self, threshold: u32, is_whole: bool) -> Vec<(u64, f64, f64)> {
        let told = self.by_difference();
        let mut pinned = Vec::new();
        for id in &self.hidden {
            let (least, most) = self.interval(*id, is_whole).expect("what is published does not contradict itself");
            if told.contains_key(id) || most < f64::from(threshold) - 1e-6 || most - least < 1.0 - 1e-6 {
                pinned.push((*id, least, most));
            }
        }
        pinned
    }
}

/// The codes of each dimension.
fn codes(dimensions: &[Dimension], release: &Published) -> Vec<BTreeSet<u32>> {
    let keys = || release.shown.keys().chain(release.hidden.keys());
    let of = |(at, dimension): (usize, &Dimension)| {
        let grouped = dimension.groups.iter().flat_map(|group| group.parts.iter().copied().chain([group.total]));
        grouped.chain(keys().map(|key| key[at])).collect()
    };
    dimensions.iter().enumerate().map(of).collect()
}

/// Every combination of codes of all dimensions but one.
fn combinations(codes: &[BTreeSet<u32>], but: usize) -> Vec<Key> {
    let mut all = vec![Vec::new()];
    for (at, codes) in codes.iter().enumerate() {
        let with: Vec<u32> = if at == but { vec![0] } else { codes.iter().copied().collect() };
        all = all.iter().flat_map(|key| with.iter().map(|code| [key.as_slice(), &[*code]].concat())).collect();
    }
    all
}
