//! What adds up in a table and its earlier releases, followed through cells that are absent.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::input::count;
use crate::model::{LineKey, Model, Origin, State, Unknown};
use crate::{Dimension, Refusal, Standing, Table};

/// How many absent cells are followed, for each cell that there is.
const ABSENT_PER_CELL: usize = 10;

/// Of a line with several absent parts, those are looked at only where they are not many more than the present ones.
const ABSENT_PER_PART: usize = 4;
const ABSENT_AT_LEAST: usize = 64;

#[derive(Debug, Default)]
struct Line {
    total: Option<usize>,
    parts: Vec<usize>,
}

/// The groups that a code is in, and whether it is the total there.
type Roles = HashMap<u32, Vec<(usize, bool)>>;

/// One release.
#[derive(Debug, Default)]
struct Release {
    unknowns: HashMap<Vec<u32>, usize>,
    lines: Vec<(LineKey, Line)>,
    index: HashMap<LineKey, usize>,
    waiting: VecDeque<usize>,
}

struct Builder<'a> {
    dimensions: &'a [Dimension],
    roles: Vec<Roles>,
    model: Model,
    /// The same key with the same value is the same count in every release.
    same: HashMap<(Vec<u32>, i64), usize>,
    absent_left: usize,
}

pub fn model(table: &Table, threshold: i64) -> Result<Model, Refusal> {
    let count_of_cells = table.cells.len() + table.earlier.iter().map(Vec::len).sum::<usize>();
    let mut builder = Builder {
        dimensions: &table.dimensions,
        roles: table.dimensions.iter().map(roles).collect(),
        model: Model { threshold, ..Model::default() },
        same: HashMap::new(),
        absent_left: 1000 + count_of_cells * ABSENT_PER_CELL,
    };
    let mut releases = vec![builder.this_release(table)];
    for earlier in &table.earlier {
        let mut release = Release::default();
        for cell in earlier {
            let state = if cell.is_shown { State::Fixed } else { State::Hidden };
            if let Some(value) = count(cell.value) {
                let unknown = builder.unknown(&cell.key, value, state, Origin::Earlier);
                builder.insert(&mut release, cell.key.clone(), unknown);
            }
        }
        releases.push(release);
    }
    let mut rests = HashMap::new();
    let mut written = HashSet::new();
    for (at, release) in releases.iter_mut().enumerate() {
        builder.follow(release, at == 0)?;
        builder.write(release, at == 0, &mut rests, &mut written);
    }
    Ok(builder.model)
}

fn roles(dimension: &Dimension) -> Roles {
    let mut roles = Roles::new();
    for (at, group) in dimension.groups.iter().enumerate() {
        roles.entry(group.total).or_default().push((at, true));
        for part in &group.parts {
            roles.entry(*part).or_default().push((at, false));
        }
    }
    roles
}

fn line_key(dimension: usize, group: usize, key: &[u32]) -> LineKey {
    let mut rest = key.to_vec();
    if let Some(code) = rest.get_mut(dimension) {
        *code = 0;
    }
    (dimension, group, rest)
}

fn with_code(key: &[u32], dimension: usize, code: u32) -> Vec<u32> {
    let mut with = key.to_vec();
    if let Some(place) = with.get_mut(dimension) {
        *place = code;
    }
    with
}

impl Builder<'_> {
    fn this_release(&mut self, table: &Table) -> Release {
        let mut release = Release::default();
        // What is hidden must not depend on the order of the rows.
        let mut order: Vec<usize> = (0..table.cells.len()).collect();
        order.sort_by_key(|at| table.cells.get(*at).map(|cell| &cell.key));
        let mut cells = vec![None; table.cells.len()];
        for at in order {
            let Some(cell) = table.cells.get(at) else { continue };
            let Some(value) = cell.value.and_then(count) else { continue };
            let is_small = (1..self.model.threshold).contains(&value);
            let state = match cell.standing {
                Standing::Known => State::Fixed,
                Standing::HiddenBefore => State::Hidden,
                Standing::Free if is_small => State::Hidden,
                Standing::Free => State::Free,
            };
            let unknown = self.unknown(&cell.key, value, state, Origin::Cell);
            if let Some(place) = cells.get_mut(at) {
                *place = Some(unknown);
            }
            self.insert(&mut release, cell.key.clone(), unknown);
        }
        self.model.cells = cells;
        release
    }

    fn unknown(&mut self, key: &[u32], value: i64, state: State, origin: Origin) -> usize {
        let at = *self.same.entry((key.to_vec(), value)).or_insert(self.model.unknowns.len());
        match self.model.unknowns.get_mut(at) {
            Some(known) => known.state = known.state.min(state),
            None => {
                self.model.by_key.entry(key.to_vec()).or_default().push(at);
                self.model.unknowns.push(Unknown { key: key.to_vec(), value, state, origin, lines: Vec::new() });
            }
        }
        at
    }

    fn insert(&self, release: &mut Release, key: Vec<u32>, unknown: usize) {
        for (dimension, roles) in self.roles.iter().enumerate() {
            let groups = key.get(dimension).and_then(|code| roles.get(code));
            for (group, is_total) in groups.into_iter().flatten() {
                let line_key = line_key(dimension, *group, &key);
                let at = *release.index.entry(line_key.clone()).or_insert(release.lines.len());
                if at == release.lines.len() {
                    release.lines.push((line_key, Line::default()));
                }
                if let Some((_, line)) = release.lines.get_mut(at) {
                    if *is_total { line.total = Some(unknown) } else { line.parts.push(unknown) }
                }
                release.waiting.push_back(at);
            }
        }
        release.unknowns.insert(key, unknown);
    }

    fn parts(&self, (dimension, group, _): &LineKey) -> &[u32] {
        let group = self.dimensions.get(*dimension).and_then(|dimension| dimension.groups.get(*group));
        group.map(|group| group.parts.as_slice()).unwrap_or_default()
    }

    /// What the absent parts of a line with a total add up to; below 0 where the source does not add up.
    fn rest(&self, line: &Line) -> Option<i64> {
        let parts: i64 = line.parts.iter().map(|part| self.model.value(*part)).sum();
        line.total.map(|total| self.model.value(total) - parts)
    }

    /// Finds the absent cells that others tell, until there are no more.
    fn follow(&mut self, release: &mut Release, is_this: bool) -> Result<(), Refusal> {
        loop {
            while let Some(at) = release.waiting.pop_front() {
                self.follow_line(release, at, is_this)?;
            }
            for at in 0..release.lines.len() {
                if let Some((code, rest)) = self.only_one_above_nought(release, at) {
                    self.add_left(release, at, code, rest, is_this)?;
                }
            }
            if release.waiting.is_empty() {
                return Ok(());
            }
        }
    }

    fn follow_line(&mut self, release: &mut Release, at: usize, is_this: bool) -> Result<(), Refusal> {
        let Some((key, line)) = release.lines.get(at) else { return Ok(()) };
        let parts = self.parts(key);
        let absent = parts.len() - line.parts.len().min(parts.len());
        match self.rest(line) {
            None if absent == 0 => {
                let total = self
                    .dimensions
                    .get(key.0)
                    .and_then(|dimension| dimension.groups.get(key.1))
                    .map(|group| group.total);
                let value = line.parts.iter().map(|part| self.model.value(*part)).sum();
                let Some(total) = total else { return Ok(()) };
                let key = with_code(&key.2, key.0, total);
                self.add_absent(release, key, value, Origin::None)
            }
            Some(rest) if absent == 1 && rest > 0 => {
                let code = parts.iter().find(|code| !release.unknowns.contains_key(&with_code(&key.2, key.0, **code)));
                let Some(code) = code.copied() else { return Ok(()) };
                self.add_left(release, at, code, rest, is_this)
            }
            _ => Ok(()),
        }
    }

    fn add_left(
        &mut self,
        release: &mut Release,
        at: usize,
        code: u32,
        rest: i64,
        is_this: bool,
    ) -> Result<(), Refusal> {
        let Some((key, _)) = release.lines.get(at) else { return Ok(()) };
        let origin = if is_this { Origin::Left } else { Origin::None };
        let key = with_code(&key.2, key.0, code);
        self.add_absent(release, key, rest, origin)
    }

    fn add_absent(&mut self, release: &mut Release, key: Vec<u32>, value: i64, origin: Origin) -> Result<(), Refusal> {
        self.absent_left = self.absent_left.checked_sub(1).ok_or(Refusal::TooManyAbsent)?;
        let unknown = self.unknown(&key, value, State::Unpublished, origin);
        self.insert(release, key, unknown);
        Ok(())
    }

    /// Of several absent parts the only one that no other line says is 0, with what it then is.
    fn only_one_above_nought(&self, release: &Release, at: usize) -> Option<(u32, i64)> {
        let (key, line) = release.lines.get(at)?;
        let rest = self.rest(line).filter(|rest| *rest > 0)?;
        let parts = self.parts(key);
        let absent = parts.len().checked_sub(line.parts.len()).filter(|absent| *absent > 1)?;
        if absent > ABSENT_AT_LEAST + line.parts.len() * ABSENT_PER_PART {
            return None;
        }
        let mut above = parts.iter().filter(|code| {
            let cell = with_code(&key.2, key.0, **code);
            !release.unknowns.contains_key(&cell) && !self.is_nought(release, &cell)
        });
        let only = above.next().filter(|_| above.next().is_none())?;
        Some((*only, rest))
    }

    /// Whether a line leaves nothing for an absent cell.
    fn is_nought(&self, release: &Release, key: &[u32]) -> bool {
        self.roles.iter().enumerate().any(|(dimension, roles)| {
            let groups = key.get(dimension).and_then(|code| roles.get(code));
            groups.into_iter().flatten().filter(|(_, is_total)| !is_total).any(|(group, _)| {
                let at = release.index.get(&line_key(dimension, *group, key));
                let line = at.and_then(|at| release.lines.get(*at));
                line.and_then(|(_, line)| self.rest(line)).is_some_and(|rest| rest <= 0)
            })
        })
    }

    /// Writes the lines of a release into the model.
    fn write(
        &mut self,
        release: &Release,
        is_this: bool,
        rests: &mut HashMap<(LineKey, i64), usize>,
        written: &mut HashSet<Vec<(usize, i64)>>,
    ) {
        for (key, line) in &release.lines {
            let Some(total) = line.total else { continue };
            let mut terms: Vec<(usize, i64)> = line.parts.iter().map(|part| (*part, -1)).collect();
            terms.push((total, 1));
            if is_this {
                let mut ranked: Vec<usize> = terms.iter().map(|(unknown, _)| *unknown).collect();
                ranked.sort_by_key(|unknown| (self.model.value(*unknown), *unknown));
                self.model.ranked.insert(key.clone(), ranked);
            }
            let rest = self.rest(line).unwrap_or_default();
            let mut left = None;
            if rest > 0 && line.parts.len() < self.parts(key).len() {
                let next = self.model.unknowns.len();
                let slack = *rests.entry((key.clone(), rest)).or_insert(next);
                if slack == next {
                    let (value, state) = (rest, State::Unpublished);
                    self.model.unknowns.push(Unknown { value, state, origin: Origin::None, ..Unknown::default() });
                }
                terms.push((slack, -1));
                left = Some(slack);
            }
            terms.sort_unstable();
            let is_open = terms.iter().any(|(unknown, _)| self.model.state(*unknown) != State::Fixed);
            if is_open && written.insert(terms.clone()) {
                let at = self.model.lines.len();
                for (unknown, sign) in &terms {
                    if let Some(one) = self.model.unknowns.get_mut(*unknown) {
                        one.lines.push((at, *sign));
                    }
                }
                self.model.lines.push(terms);
                self.model.rests.extend(left.map(|left| (at, left)));
            }
        }
    }
}
