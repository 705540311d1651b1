//! How long it takes to hide the small counts of 50,000 cells: foreign residents of municipalities in provinces, regions and a nation by sex
//! and by two groups of citizenship. Run it with `--release`; a number of municipalities, and 0 to leave out citizenship, may follow.

use std::collections::BTreeMap;
use std::time::Instant;

use approdo_disclosure::{Cell, Dimension, Group, Outcome, Standing, Table, suppress};

const PROVINCES: u32 = 107;
const REGIONS: u32 = 20;
const TOTAL: u32 = 0;

/// Numbers that are the same on every run.
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(self.0 >> 33).unwrap_or_default()) / f64::from(1_u32 << 31)
    }
}

fn main() {
    let arguments: Vec<u32> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let municipalities = arguments.first().copied().unwrap_or(5400);
    let with_citizenship = arguments.get(1).copied().unwrap_or(1);
    let region = |at: u32| 1 + at;
    let province = |at: u32| 100 + at;
    let municipality = |at: u32| 1000 + at;
    let mut groups = vec![Group { total: TOTAL, parts: (0..REGIONS).map(region).collect() }];
    for at in 0..REGIONS {
        groups.push(Group { total: region(at), parts: (at..PROVINCES).step_by(20).map(province).collect() });
    }
    for at in 0..PROVINCES {
        groups
            .push(Group { total: province(at), parts: (at..municipalities).step_by(107).map(municipality).collect() });
    }
    let flat = || Dimension { groups: vec![Group { total: TOTAL, parts: vec![1, 2] }] };
    let territories = Dimension { groups };
    let mut draws = Draws(42);
    let mut values: BTreeMap<Vec<u32>, f64> = BTreeMap::new();
    let mut leaves = 0;
    for at in 0..municipalities {
        // Most municipalities have few, some have very many.
        let size = 8.0 * (3.2 * (draws.next() + draws.next() + draws.next() - 1.5)).exp();
        for sex in [1, 2] {
            for citizenship in [1, 2] {
                if with_citizenship == 0 && citizenship == 2 {
                    continue;
                }
                let value = (size * 0.5 * (0.4 + 1.2 * draws.next())).floor();
                leaves += 1;
                let areas = [municipality(at), province(at % PROVINCES), region(at % PROVINCES % REGIONS), TOTAL];
                for area in areas {
                    for sex in [sex, TOTAL] {
                        if with_citizenship == 0 {
                            *values.entry(vec![area, sex]).or_default() += value;
                            continue;
                        }
                        for citizenship in [citizenship, TOTAL] {
                            *values.entry(vec![area, sex, citizenship]).or_default() += value;
                        }
                    }
                }
            }
        }
    }
    let cells: Vec<Cell> =
        values.into_iter().map(|(key, value)| Cell { key, value: Some(value), standing: Standing::Free }).collect();
    let mut dimensions = vec![territories, flat()];
    if with_citizenship > 0 {
        dimensions.push(flat());
    }
    let table = Table { dimensions, cells, earlier: Vec::new() };
    let begin = Instant::now();
    let answer = suppress(&table, 5);
    let seconds = begin.elapsed().as_secs_f64();
    match answer {
        Err(refusal) => println!("refused after {seconds:.2} s: {refusal}"),
        Ok(suppression) => {
            let count = |outcome| suppression.cells.iter().filter(|one| **one == outcome).count();
            println!(
                "{} cells, {leaves} of them no totals: {} primary, {} complementary, {seconds:.2} s",
                table.cells.len(),
                count(Outcome::Primary),
                count(Outcome::Complementary)
            );
        }
    }
}
