//! Figures of random lands with random histories, against what counting by hand makes of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::queries::{dataset_of, happens, territory};
use super::{elena, published};
use crate::both;
use crate::support::{Product, World};

const FIRST: i32 = 2018;
const LAST: i32 = 2023;
const PROVINCES: usize = 3;

/// Numbers that are the same each time (SplitMix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(sides).unwrap()).unwrap()
    }
}

#[derive(Clone, Copy)]
enum Happened {
    Merged { from: usize, to: usize },
    Shared { from: usize, to: usize, share: f64 },
    Moved { what: usize, to: usize },
}

/// A region, and what its municipalities went through on the first of January of each year.
struct Land {
    region: String,
    provinces: Vec<String>,
    /// The year from which it exists, the year in which it ends, and the province it lay in at the beginning.
    municipalities: Vec<(String, i32, i32, usize)>,
    events: Vec<(i32, Happened)>,
}

impl Land {
    fn made(world: &World, dice: &mut Dice) -> Self {
        let region = territory(world, "region", "90", None, "1970-01-01");
        let province =
            |number: usize| territory(world, "province", &format!("90{number}"), Some(&region), "1970-01-01");
        let provinces: Vec<String> = (0..PROVINCES).map(province).collect();
        let mut land = Self { region, provinces, municipalities: Vec::new(), events: Vec::new() };
        for number in 0..9 {
            land.found(world, FIRST - 10, number % PROVINCES);
        }
        for year in FIRST + 1..=LAST {
            // One thing a year for each of two: no territory goes through two on one day.
            let mut alive: Vec<usize> =
                (0..land.municipalities.len()).filter(|at| land.is_there(*at, year - 1)).collect();
            for _ in 0..2 {
                let mut pick = |dice: &mut Dice| alive.remove(dice.roll(alive.len()));
                let (one, other) = (pick(dice), pick(dice));
                land.let_happen(world, dice, year, (one, other));
            }
        }
        land
    }

    fn found(&mut self, world: &World, year: i32, province: usize) -> usize {
        let number = self.municipalities.len();
        let parent = self.provinces[province].clone();
        let id = territory(world, "municipality", &format!("9{number:05}"), Some(&parent), &format!("{year}-01-01"));
        self.municipalities.push((id, year, i32::MAX, province));
        number
    }

    fn let_happen(&mut self, world: &World, dice: &mut Dice, year: i32, (one, other): (usize, usize)) {
        let on = format!("{year}-01-01");
        let id = |land: &Self, at: usize| land.municipalities[at].0.clone();
        match dice.roll(4) {
            0 => {
                let province = self.province_of(one, year);
                let new = self.found(world, year, province);
                for from in [one, other] {
                    let event = json!({"kind": "merge", "effective_on": on, "to_territory_id": id(self, new)});
                    happens(world, &id(self, from), event);
                    self.municipalities[from].2 = year;
                    self.events.push((year, Happened::Merged { from, to: new }));
                }
            }
            1 => {
                let share = [0.125, 0.25, 0.5][dice.roll(3)];
                let event =
                    json!({"kind": "split", "effective_on": on, "to_territory_id": id(self, other), "share": share});
                happens(world, &id(self, one), event);
                self.events.push((year, Happened::Shared { from: one, to: other, share }));
            }
            2 => {
                let to = (self.province_of(one, year) + 1) % PROVINCES;
                let event = json!({"kind": "parent", "effective_on": on, "parent_id": self.provinces[to]});
                happens(world, &id(self, one), event);
                self.events.push((year, Happened::Moved { what: one, to }));
            }
            _ => {}
        }
    }

    fn is_there(&self, at: usize, year: i32) -> bool {
        let (_, from, to, _) = self.municipalities[at];
        from <= year && year < to
    }

    fn shared_between(&self, counted: i32, asked: i32) -> bool {
        let within = |year: &i32| counted < *year && *year <= asked;
        self.events.iter().any(|(year, event)| within(year) && matches!(event, Happened::Shared { .. }))
    }

    fn province_of(&self, at: usize, year: i32) -> usize {
        let mut moved = self.events.iter().filter_map(|(when, event)| match event {
            Happened::Moved { what, to } if *what == at && *when <= year => Some(*to),
            _ => None,
        });
        moved.next_back().unwrap_or(self.municipalities[at].3)
    }

    /// Whose the people of a municipality of one year are in a later one.
    fn people(&self, at: usize, counted: i32, asked: i32) -> BTreeMap<usize, f64> {
        let mut people = BTreeMap::from([(at, 1.0)]);
        for year in counted + 1..=asked {
            let before = people.clone();
            for (_, event) in self.events.iter().filter(|(when, _)| *when == year) {
                match event {
                    Happened::Merged { from, to } => {
                        if let Some(share) = before.get(from) {
                            people.remove(from);
                            *people.entry(*to).or_default() += share;
                        }
                    }
                    Happened::Shared { from, to, share } => {
                        if let Some(whole) = before.get(from) {
                            *people.get_mut(from).unwrap() -= whole * share;
                            *people.entry(*to).or_default() += whole * share;
                        }
                    }
                    Happened::Moved { .. } => {}
                }
            }
        }
        people
    }
}

/// What a territory has: value, how many told it, how many were to.
type Sum = (f64, usize, usize);

/// Counts by hand: of each municipality, by period, what it told, told in the provinces of a year (of its own when none is given).
fn by_province(
    land: &Land,
    told: &BTreeMap<(usize, i32, u32), f64>,
    asked: Option<i32>,
    year: i32,
    parts: u32,
) -> BTreeMap<usize, Sum> {
    let mut sums: BTreeMap<usize, Sum> = BTreeMap::new();
    for at in (0..land.municipalities.len()).filter(|at| land.is_there(*at, year)) {
        for part in 0..parts {
            let asked = asked.unwrap_or(year);
            for (target, share) in land.people(at, year, asked) {
                let sum = sums.entry(land.province_of(target, asked)).or_default();
                sum.2 += 1;
                if let Some(value) = told.get(&(at, year, part)) {
                    sum.0 += value * share;
                    sum.1 += 1;
                }
            }
        }
    }
    sums
}

fn compared(row: &Value, expected: Option<&Sum>, with_counts: bool, what: &str) {
    let (value, reported, of) = expected.copied().unwrap_or((0.0, 0, 0));
    if with_counts {
        assert_eq!((&row["reported"], &row["expected"]), (&json!(reported), &json!(of)), "{what}: {row}");
    }
    match row["value"].as_f64() {
        Some(told) => assert!((told - value).abs() < 1e-6, "{what}: {told} instead of {value}"),
        None => assert_eq!((reported, &row["gap"]), (0, &json!("not_reported")), "{what}"),
    }
}

both! {
    fn sums_equal_those_counted_by_hand_whatever_happened_to_the_land(world: &World) {
        // Each database has a land of its own.
        let seed = if world.product == Product::Sqlite { 7 } else { 1973 };
        let mut dice = Dice(seed);
        let land = Land::made(world, &mut dice);
        let samira = world.samira_help_desk_operator();
        for (code, kind, parts) in [("STOCK", "stock", 1_u32), ("FLOW", "flow", 4)] {
            let mut told: BTreeMap<(usize, i32, u32), f64> = BTreeMap::new();
            let mut file = String::from("REF_AREA,SEX,TIME_PERIOD,OBS_VALUE\n");
            for year in FIRST..=LAST {
                for at in (0..land.municipalities.len()).filter(|at| land.is_there(*at, year)) {
                    for part in 0..parts {
                        let period = if parts == 1 { year.to_string() } else { format!("{year}-Q{}", part + 1) };
                        let (men, women) = (dice.roll(40), dice.roll(40));
                        if dice.roll(8) > 0 {
                            writeln!(file, "9{at:05},1,{period},{men}\n9{at:05},2,{period},{women}").unwrap();
                            told.insert((at, year, part), f64::from(u32::try_from(men + women).unwrap()));
                        }
                    }
                }
            }
            let dataset = dataset_of(world, code, kind, &["SEX"]);
            published(&elena(world), &dataset, file.as_bytes());
            for geo in ["as_was", "2021-06-30", "current"] {
                let asked = match geo {
                    "as_was" => None,
                    "current" => Some(LAST),
                    _ => Some(2021),
                };
                let last = asked.unwrap_or(LAST);
                for level in [None, Some("province")] {
                    let mut question = json!({"places": {"under": land.region}, "geo": geo, "filters": [{"dimension": "SEX", "codes": ["1", "2"]}],
                        "times": {"per": "year", "to": last.to_string()}});
                    if let Some(level) = level {
                        question["places"]["level"] = json!(level);
                    }
                    let answer = samira.post(&format!("/datasets/{dataset}/observations/searches"), &question).expect(200).json();
                    let rows = answer["items"].as_array().unwrap();
                    let years: BTreeSet<&str> = rows.iter().map(|row| row["period"].as_str().unwrap()).collect();
                    assert_eq!(years.len(), usize::try_from(last - FIRST + 1).unwrap());
                    for row in rows {
                        let year: i32 = row["period"].as_str().unwrap().parse().unwrap();
                        let sums = by_province(&land, &told, asked, year, parts);
                        // A municipality whose people went to two is counted in each of them, or once where all of it stays within.
                        let is_shared = asked.is_some_and(|asked| land.shared_between(year, asked));
                        let what = format!("{code} {geo} {level:?} {year}");
                        match level {
                            Some(_) => {
                                let at = land.provinces.iter().position(|id| row["territory_id"] == *id).unwrap();
                                if sums.contains_key(&at) {
                                    compared(row, sums.get(&at), !is_shared, &what);
                                }
                            }
                            None => {
                                let all = sums.values().fold((0.0, 0, 0), |all, sum| (all.0 + sum.0, all.1 + sum.1, all.2 + sum.2));
                                compared(row, Some(&all), !is_shared, &what);
                            }
                        }
                    }
                }
            }
        }
    }
}
