//! All tables of counts that show the same.

use std::collections::BTreeMap;

use crate::attack::{Equation, Unknown};

type World = BTreeMap<Unknown, i64>;

/// Every assignment of counts up to a largest one that solves the equations; nothing where there are more than a number of them.
pub fn worlds(equations: &[Equation], largest: i64, most: usize) -> Option<Vec<World>> {
    let mut worlds = Vec::new();
    assign(equations, &mut World::new(), largest, most, &mut worlds).then_some(worlds)
}

fn assign(equations: &[Equation], world: &mut World, largest: i64, most: usize, worlds: &mut Vec<World>) -> bool {
    let mut next: Option<(&Unknown, usize)> = None;
    for equation in equations {
        let (mut from, mut to, mut open) = (0, 0, 0);
        for (one, times) in &equation.terms {
            let (least, largest) = world.get(one).map_or((0, largest), |value| (*value, *value));
            from += (times * least).min(times * largest);
            to += (times * least).max(times * largest);
            open += usize::from(!world.contains_key(one));
        }
        if equation.sum < from || equation.sum > to {
            return true;
        }
        let is_shorter = next.is_none_or(|(_, shortest)| open < shortest);
        if let Some(one) = equation.terms.keys().find(|one| !world.contains_key(one)).filter(|_| is_shorter) {
            next = Some((one, open));
        }
    }
    let Some((one, _)) = next else {
        worlds.push(world.clone());
        return worlds.len() < most;
    };
    (0..=largest).all(|value| {
        world.insert(one.clone(), value);
        let goes_on = assign(equations, world, largest, most, worlds);
        world.remove(one);
        goes_on
    })
}
