//! The cheapest move, as a linear programme over a part of the table. What the solver answers is only a proposal: its move is rounded to
//! whole numbers and checked.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use microlp::{ComparisonOp, Error, OptimizationDirection, Problem, SolveOptions, Variable};

use crate::input::whole;
use crate::model::{Model, Move, State};

/// How many branches are followed where the best move is not whole.
const NODES: u64 = 200;

/// Larger changes are not looked for.
const LARGEST: i32 = 1_000_000_000;

#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    Found(Move),
    /// There is none in the part of the table that was looked at.
    Impossible,
    Undecided,
}

/// A part of the table around an unknown: what can change, nearest first.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    pub unknowns: BTreeSet<usize>,
    /// Whether nothing that could change with the unknown was left out.
    pub is_whole: bool,
}

/// What shares a line with the unknown, and so on, up to a number of them in all and of those that each line adds.
/// With `is_hiding` what is shown can be hidden; otherwise it stays as it is.
pub fn scope(model: &Model, from: usize, is_hiding: bool, most: usize, most_per_line: usize) -> Scope {
    let mut scope = Scope { unknowns: BTreeSet::from([from]), is_whole: true };
    let mut waiting = VecDeque::from([from]);
    let mut seen = BTreeSet::new();
    while let Some(next) = waiting.pop_front() {
        for (line, _) in model.lines_of(next) {
            if !seen.insert(*line) {
                continue;
            }
            let can_change = |unknown: &usize| match model.state(*unknown) {
                State::Fixed => false,
                State::Hidden | State::Unpublished => true,
                State::Free => is_hiding,
            };
            let mut members: Vec<usize> =
                model.line(*line).iter().map(|(unknown, _)| *unknown).filter(can_change).collect();
            if members.len() > most_per_line {
                members.sort_by_key(|unknown| (model.cost(*unknown), *unknown));
                scope.is_whole = false;
            }
            for unknown in members.into_iter().take(most_per_line) {
                if scope.unknowns.contains(&unknown) {
                    continue;
                }
                if scope.unknowns.len() >= most {
                    scope.is_whole = false;
                    return scope;
                }
                scope.unknowns.insert(unknown);
                waiting.push_back(unknown);
            }
        }
    }
    scope
}

/// The cheapest move within a scope that changes an unknown by a number. Without `is_hiding` nothing shown is changed.
pub fn cheapest(model: &Model, unknown: usize, by: i64, scope: &Scope, is_hiding: bool) -> Answer {
    let real = solve(model, unknown, by, scope, is_hiding, false);
    match real {
        Answer::Undecided => solve(model, unknown, by, scope, is_hiding, true),
        answer => answer,
    }
}

/// The variables of an unknown: by how much it rises, and, where hiding it costs something, by how much it falls.
type Change = (Variable, Option<Variable>);

fn solve(model: &Model, unknown: usize, by: i64, scope: &Scope, is_hiding: bool, is_whole: bool) -> Answer {
    let mut problem = Problem::new(OptimizationDirection::Minimize);
    let mut add = |cost: f64, from: i32, to: i32| {
        if is_whole {
            problem.add_integer_var(cost, (from, to))
        } else {
            problem.add_var(cost, (from.into(), to.into()))
        }
    };
    let mut changes: BTreeMap<usize, Change> = BTreeMap::new();
    for one in &scope.unknowns {
        let most = i32::try_from(model.value(*one)).unwrap_or(LARGEST).min(LARGEST);
        let cost = f64::from(i32::try_from(model.cost(*one)).unwrap_or(LARGEST));
        if *one == unknown {
            let Ok(by) = i32::try_from(by) else { return Answer::Undecided };
            changes.insert(*one, (add(0.0, by, by), None));
        } else if cost == 0.0 {
            changes.insert(*one, (add(0.0, -most, LARGEST), None));
        } else if is_hiding {
            changes.insert(*one, (add(cost, 0, LARGEST), Some(add(cost, 0, most))));
        }
    }
    let lines: BTreeSet<usize> = changes.keys().flat_map(|one| model.lines_of(*one)).map(|(line, _)| *line).collect();
    for line in lines {
        let mut terms = Vec::new();
        for (one, sign) in model.line(line) {
            let Some((rise, fall)) = changes.get(one) else { continue };
            let sign = if *sign > 0 { 1.0 } else { -1.0 };
            terms.push((*rise, sign));
            terms.extend(fall.map(|fall| (fall, -sign)));
        }
        problem.add_constraint(terms.as_slice(), ComparisonOp::Eq, 0.0);
    }
    let mut options = SolveOptions::default();
    options.node_limit = Some(NODES);
    let solution = match problem.solve_with(options) {
        Ok(outcome) => match outcome.into_solution() {
            Ok(solution) => solution,
            Err(_) => return Answer::Undecided,
        },
        Err(Error::Infeasible) => return Answer::Impossible,
        Err(_) => return Answer::Undecided,
    };
    let amount = |(rise, fall): &Change| {
        let change = solution.var_value(*rise) - fall.map_or(0.0, |fall| solution.var_value(fall));
        whole(change)
    };
    let found: Option<Move> = changes.iter().map(|(one, change)| amount(change).map(|by| (*one, by))).collect();
    let found = found.map(|found| found.into_iter().filter(|(_, by)| *by != 0).collect::<Move>());
    found.filter(|found| model.is_move(found)).map_or(Answer::Undecided, Answer::Found)
}
