//! What the files tell, as territories to have: the states each went through, and where it ended.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::territory::codes::CodeSystem;
use crate::territory::events::Certainty;
use crate::territory::import::layouts::{ANPR, DESTATIS, IPA, ISTAT_LIST, ITTER107, first_of_year};
use crate::territory::import::report::Report;
use crate::territory::import::tables::Wrong;
use crate::territory::import::told::{Merger, Municipality, Origin, Place, Told, ToldFigure, horizon};
use crate::territory::names::folded;

/// Provinces of Sardinia from 2006 to 2016, by regional law 9/2001: no list in force has their names.
const FORMER_PROVINCES: [(&str, &str); 4] =
    [("104", "Olbia-Tempio"), ("105", "Ogliastra"), ("106", "Medio Campidano"), ("107", "Carbonia-Iglesias")];

/// Provinces that began after ITTER107 was closed: data flows call them `IT` with their code.
const BEYOND_ITTER107: [&str; 4] = ["108", "109", "110", "111"];

/// What a territory is called, and where it lies, from a day on.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    pub from: NaiveDate,
    pub code: String,
    pub name: String,
    /// What it lies directly below, by a code.
    pub parent: Option<(CodeSystem, String)>,
    pub certainty: Certainty,
    pub source: String,
}

/// A territory to have.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    pub kind: &'static str,
    pub country: &'static str,
    /// Whose codes its states have.
    pub system: CodeSystem,
    pub first: State,
    pub later: Vec<State>,
    /// First day without it.
    pub end: Option<NaiveDate>,
    /// Its codes in other systems, for all of its time. By the first it is found again, where there is one.
    pub codes: Vec<(CodeSystem, String, &'static str)>,
    /// Codes of its own system from before it began, or began again: until when, and where that is known from.
    pub former: Vec<(String, NaiveDate, String)>,
    pub figures: Vec<ToldFigure>,
}

impl Planned {
    pub fn last(&self) -> &State {
        self.later.last().unwrap_or(&self.first)
    }
}

/// A municipality that became part of another, both by their codes in the land register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedMerge {
    pub from: String,
    pub to: String,
    pub on: NaiveDate,
    pub certainty: Certainty,
    pub source: String,
    pub origin: Origin,
}

/// All that is to be had, what lies above others first.
#[derive(Debug, Default)]
pub struct Plan {
    pub places: Vec<Planned>,
    pub merges: Vec<PlannedMerge>,
}

/// Turns what the files tell into what is to be had.
pub fn of(mut told: Told, report: &mut Report) -> Plan {
    let mut plan = Plan::default();
    let municipalities = std::mem::take(&mut told.municipalities);
    let mergers = std::mem::take(&mut told.mergers);
    let starts = starts(&municipalities, &mergers, &told);
    let mut planned = Vec::new();
    for (belfiore, municipality) in &municipalities {
        let merger = mergers.iter().find(|merger| merger.from == *belfiore);
        let from = starts.get(belfiore).copied().unwrap_or_else(horizon);
        planned.extend(municipality_planned(belfiore, municipality, merger, from, &told, report));
    }
    let ends: BTreeMap<&str, Option<NaiveDate>> = planned
        .iter()
        .filter_map(|place| place.codes.first().map(|(_, belfiore, _)| (belfiore.as_str(), place.end)))
        .collect();
    for merger in mergers {
        let Some(to) = merger.to else { continue };
        match (ends.get(merger.from.as_str()), ends.contains_key(to.as_str())) {
            (Some(Some(on)), true) => plan.merges.push(PlannedMerge {
                from: merger.from,
                to,
                on: *on,
                certainty: merger.certainty,
                source: merger.source,
                origin: merger.origin,
            }),
            (_, false) => {
                merger.origin.rejects(report, Wrong::new("new_cadastral_code", &to, "no file tells of it"));
            }
            (_, true) => {
                let why = "no file tells when it was last there";
                merger.origin.rejects(report, Wrong::new("old_cadastral_code", &merger.from, why));
            }
        }
    }
    countries(&told, &mut plan, !planned.is_empty());
    regions(&told, &mut plan);
    provinces(&told, &planned, &mut plan);
    plan.places.append(&mut planned);
    districts(told.districts, &mut plan);
    bodies(told.bodies, &mut plan);
    plan
}

/// When each municipality began that was not there always.
fn starts(
    municipalities: &BTreeMap<String, Municipality>,
    mergers: &[Merger],
    told: &Told,
) -> BTreeMap<String, NaiveDate> {
    let merged = mergers.iter().filter_map(|merger| Some((merger.to.clone()?, merger.on?)));
    let mut starts: BTreeMap<String, NaiveDate> = BTreeMap::new();
    for (belfiore, municipality) in municipalities {
        // What an earlier list, or the archive, does not have began between that one and the first list that has it.
        if let Some(first) = municipality.listed.iter().map(|listed| listed.on).min()
            && let Some(earlier) = told.lists.iter().chain(&told.archive).filter(|day| **day < first).max()
        {
            starts.insert(belfiore.clone(), between(Some(*earlier), first));
        }
    }
    // One that incorporated another was there before.
    for (belfiore, on) in merged {
        if let Some(start) = starts.get_mut(&belfiore) {
            *start = on;
        }
    }
    starts
}

/// The day of a change that happened after one list and before another: the year of the later one began with it, because that is when
/// such changes take effect.
fn between(earlier: Option<NaiveDate>, later: NaiveDate) -> NaiveDate {
    let new_year = first_of_year(later);
    if earlier.is_some_and(|day| day >= new_year) { later } else { new_year }
}

fn province_of(istat: &str) -> Option<(CodeSystem, String)> {
    istat.get(..3).map(|province| (CodeSystem::Istat, province.to_owned()))
}

fn municipality_planned(
    belfiore: &str,
    told: &Municipality,
    merger: Option<&Merger>,
    start: NaiveDate,
    all: &Told,
    report: &mut Report,
) -> Option<Planned> {
    let state = |from: NaiveDate, istat: &str, name: &str, certainty: Certainty, source: &str| State {
        from,
        code: istat.to_owned(),
        name: name.to_owned(),
        parent: province_of(istat),
        certainty,
        source: source.to_owned(),
    };
    let mut states: Vec<State> = Vec::new();
    let mut until = None;
    let mut periods: Vec<_> = told.periods.iter().collect();
    periods.sort_by_key(|period| period.from);
    for period in periods {
        if states.last().is_some_and(|last| last.from >= period.from) {
            let wrong = Wrong::new("DATAISTITUZIONE", &period.from.to_string(), "another period begins that day");
            period.origin.rejects(report, wrong);
            continue;
        }
        until = period.to;
        let same = |last: &State| last.code == period.istat && folded(&last.name) == folded(&period.name);
        if !states.last().is_some_and(same) {
            states.push(state(period.from, &period.istat, &period.name, Certainty::Stated, ANPR));
        }
    }
    let mut changes: Vec<_> = told.changes.iter().collect();
    changes.sort_by_key(|change| change.on);
    let mut listed: Vec<_> = told.listed.iter().collect();
    listed.sort_by_key(|listed| listed.on);
    if states.is_empty() {
        let first = (changes.first().map(|change| (&change.old, &change.name)))
            .or(listed.first().map(|listed| (&listed.istat, &listed.name)))
            .or(told.ceased.as_ref().map(|(_, istat, name)| (istat, name)))?;
        states.push(state(start, first.0, first.1, Certainty::Stated, ISTAT_LIST));
    }
    let mut former = Vec::new();
    for change in changes {
        let Some(last) = states.last() else { continue };
        // Of one that was founded anew the archive has its former time apart.
        if states
            .first()
            .is_some_and(|first| first.code == change.new && first.from == change.on && first.from > horizon())
        {
            former.push((change.old.clone(), change.on, change.source.clone()));
            continue;
        }
        if states.iter().any(|state| state.code == change.new && state.from >= change.on) || last.code == change.new {
            continue;
        }
        if last.code != change.old || change.on <= last.from {
            let why = format!("does not follow {} of {}", last.code, last.from);
            change.origin.rejects(report, Wrong::new("old_istat_code", &change.old, why));
            continue;
        }
        states.push(state(change.on, &change.new, &last.name.clone(), change.certainty, &change.source));
    }
    let mut seen = told.periods.iter().find(|period| period.to.is_none()).and(all.archive);
    for listed in &listed {
        let Some(last) = states.last() else { continue };
        let on = between(seen, listed.on);
        let (was, is) = (folded(&last.name), folded(&listed.name));
        // What Windows-1252 has no letter for, a list in it has as a question mark.
        let readable = !listed.name.contains('?');
        let renamed = readable && was != is && was != folded(&listed.name_it);
        if (last.code != listed.istat || renamed) && on > last.from {
            let name = if renamed { listed.name.clone() } else { last.name.clone() };
            states.push(state(on, &listed.istat, &name, Certainty::Inferred, listed.source));
        }
        // The list has the spelling that is used: the archive writes in capitals, and one language alone.
        for state in states.iter_mut().filter(|state| folded(&state.name) == was || folded(&state.name) == is) {
            if readable && (!renamed || folded(&state.name) == is) {
                state.name = listed.name.clone();
            }
        }
        seen = Some(listed.on);
    }
    let absent = all.lists.iter().find(|list| seen.is_some_and(|day| day < **list)).map(|list| between(seen, *list));
    let end = match merger.and_then(|merger| merger.on) {
        Some(on) => Some(on),
        None if listed.is_empty() => until.or(told.ceased.as_ref().map(|(on, ..)| *on)).or(absent),
        None => absent,
    };
    let mut states = states.into_iter();
    let first = states.next()?;
    let later: Vec<State> = states.filter(|state| end.is_none_or(|end| state.from < end)).collect();
    if end.is_some_and(|end| end <= first.from) {
        return None;
    }
    let codes = vec![(CodeSystem::Belfiore, belfiore.to_owned(), ISTAT_LIST)];
    let figures = told.figures.clone();
    let (kind, country, system) = ("municipality", "IT", CodeSystem::Istat);
    Some(Planned { kind, country, system, first, later, end, codes, former, figures })
}

/// A place that has been the same since it began.
fn steady(
    kind: &'static str,
    country: &'static str,
    system: CodeSystem,
    code: &str,
    name: &str,
    source: &str,
) -> Planned {
    let (code, name, source) = (code.to_owned(), name.to_owned(), source.to_owned());
    let first = State { from: horizon(), code, name, parent: None, certainty: Certainty::Stated, source };
    let (later, codes, former, figures) = Default::default();
    Planned { kind, country, system, first, later, end: None, codes, former, figures }
}

impl Planned {
    fn below(mut self, system: CodeSystem, code: &str) -> Self {
        self.first.parent = Some((system, code.to_owned()));
        self
    }

    fn with(mut self, place: &Place) -> Self {
        self.figures.clone_from(&place.figures);
        self.codes.extend(place.itter107.iter().map(|code| (CodeSystem::Itter107, code.clone(), ITTER107)));
        self
    }
}

fn countries(told: &Told, plan: &mut Plan, italian: bool) {
    let iso = |code, country, name| steady("country", country, CodeSystem::Iso3166, code, name, "ISO 3166-1");
    if italian || !told.regions.is_empty() || !told.countries.is_empty() || !told.bodies.is_empty() {
        let mut italy = iso("IT", "IT", "Italia");
        let names = told.countries.get("IT").into_iter().flatten();
        italy.codes.extend(names.map(|code| (CodeSystem::Itter107, code.clone(), ITTER107)));
        plan.places.push(italy);
    }
    if !told.districts.is_empty() {
        plan.places.push(iso("DE", "DE", "Deutschland"));
        let nrw = steady("region", "DE", CodeSystem::Ags, "05", "Nordrhein-Westfalen", DESTATIS);
        plan.places.push(nrw.below(CodeSystem::Iso3166, "DE"));
    }
}

fn regions(told: &Told, plan: &mut Plan) {
    for (code, place) in &told.regions {
        if let Some(name) = &place.name {
            let region = steady("region", "IT", CodeSystem::Istat, code, name, ISTAT_LIST);
            plan.places.push(region.below(CodeSystem::Iso3166, "IT").with(place));
        }
    }
}

/// Provinces last as long as a municipality lies in them.
fn provinces(told: &Told, municipalities: &[Planned], plan: &mut Plan) {
    let mut spans: BTreeMap<&str, (NaiveDate, Option<NaiveDate>)> = BTreeMap::new();
    for place in municipalities {
        let states: Vec<&State> = std::iter::once(&place.first).chain(&place.later).collect();
        for (at, state) in states.iter().enumerate() {
            let until = states.get(at + 1).map(|next| next.from).or(place.end);
            let Some(province) = state.code.get(..3) else { continue };
            let span = spans.entry(province).or_insert((state.from, until));
            span.0 = span.0.min(state.from);
            span.1 = span.1.and_then(|end| until.map(|until| end.max(until)));
        }
    }
    let span = |code: &str| spans.get(code).copied().unwrap_or((horizon(), None));
    let overlaps = |a: (NaiveDate, Option<NaiveDate>), b: (NaiveDate, Option<NaiveDate>)| {
        a.1.is_none_or(|end| end > b.0) && b.1.is_none_or(|end| end > a.0)
    };
    // A NUTS region that is more than one province, or less, is neither's code.
    let is_its_own = |code: &str, nuts: &BTreeSet<String>| {
        nuts.len() == 1
            && !told.provinces.iter().any(|(other, place)| {
                other != code && !place.nuts3.is_disjoint(nuts) && overlaps(span(code), span(other))
            })
    };
    for (code, place) in &told.provinces {
        let former = FORMER_PROVINCES.iter().find(|(former, _)| former == code).map(|(_, name)| (*name).to_owned());
        let (Some(name), Some(region)) = (place.name.clone().or(former), &place.region) else { continue };
        let mut province = steady("province", "IT", CodeSystem::Istat, code, &name, ISTAT_LIST);
        (province.first.from, province.end) = span(code);
        province.codes.extend(place.uts.iter().map(|uts| (CodeSystem::IstatUts, uts.clone(), ISTAT_LIST)));
        province.codes.extend(place.sigla.iter().map(|sigla| (CodeSystem::Sigla, sigla.clone(), ISTAT_LIST)));
        if is_its_own(code, &place.nuts3) {
            province.codes.extend(place.nuts3.iter().map(|nuts| (CodeSystem::Nuts3, nuts.clone(), ISTAT_LIST)));
        }
        if !told.countries.is_empty() && BEYOND_ITTER107.contains(&code.as_str()) {
            province.codes.push((CodeSystem::Itter107, format!("IT{code}"), ITTER107));
        }
        plan.places.push(province.below(CodeSystem::Istat, region).with(place));
    }
}

fn districts(told: BTreeMap<String, Place>, plan: &mut Plan) {
    for (code, place) in told {
        let (Some(name), Some(kind)) = (&place.name, place.kind) else { continue };
        let mut district = steady(kind, "DE", CodeSystem::Ags, &code, name, DESTATIS).below(CodeSystem::Ags, "05");
        district.codes.extend(place.nuts3.iter().map(|nuts| (CodeSystem::Nuts3, nuts.clone(), DESTATIS)));
        plan.places.push(district.with(&place));
    }
}

fn bodies(told: BTreeMap<String, Place>, plan: &mut Plan) {
    for (code, place) in told {
        if let (Some(name), Some(kind)) = (&place.name, place.kind) {
            // No source says where they are: they lie in the country.
            let body = steady(kind, "IT", CodeSystem::Ipa, &code, name, IPA);
            plan.places.push(body.below(CodeSystem::Iso3166, "IT"));
        }
    }
}
