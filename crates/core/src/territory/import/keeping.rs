//! Keeps what was planned, by the rules of the API, and changes nothing where nothing differs.

use chrono::NaiveDate;

use crate::access::TerritoryId;
use crate::error::{ApiError, ApiResult, Kind};
use crate::territory::codes::{self, CodeSystem, TerritoryCode};
use crate::territory::events::{self, Happening, TerritoryEventId, TerritoryEventKind, Told};
use crate::territory::figures;
use crate::territory::import::here::Here;
use crate::territory::import::plan::{Planned, PlannedMerge, State};
use crate::territory::import::report::{Outcome, Rejection, Report};
use crate::territory::import::tables::Wrong;
use crate::territory::import::told::horizon;
use crate::territory::names::folded;
use crate::territory::territories::{self, Territory};
use crate::territory::tree;
use crate::work::Unit;

/// Why a code is not given.
const TAKEN: &str = "another territory has this code in that period";

/// Keeps one territory: makes it where it is not here, lets happen to it what is not known yet, adds codes and figures.
pub fn place(unit: &mut Unit<'_>, here: &mut Here, planned: &Planned, report: &mut Report) -> ApiResult<()> {
    let found = found(here, planned);
    let first = &planned.first;
    if found.is_none() && here.book.begins(planned.system, &first.code, first.from) {
        reject(
            report,
            &first.source,
            planned.system,
            &first.code,
            "another territory has this code from the same day on",
        );
        return Ok(());
    }
    let mut territory = match found.and_then(|id| here.rows.get(&id).cloned()) {
        Some(row) => row,
        None => match make(unit, here, planned) {
            Ok(made) => made,
            // The rules check before they write.
            Err(refused) if is_refusal(&refused) => {
                reject(report, &first.source, planned.system, &first.code, &why(&refused));
                return Ok(());
            }
            Err(error) => return Err(error),
        },
    };
    let before = territory.version;
    let happened = steps(unit, here, planned, &mut territory, report)?;
    let added = add_codes(unit, here, planned, &territory, report)?;
    let measured = add_figures(unit, here, planned, &territory, report)?;
    let mut members: Vec<&'static str> = Vec::new();
    // Whatever happened has told of itself; codes of former times have not.
    if added || (happened && territory.version == before) {
        members.push("codes");
    }
    if measured {
        members.push("figures");
    }
    let name = &planned.last().name;
    if found.is_some() && territory.name != *name && folded(&territory.name) == folded(name) {
        territory.name.clone_from(name);
        members.push("name");
    }
    // Whoever entered it had nothing nearer to put it below.
    if let Some(above) = parent(here, planned.last())
        && territory.parent_id != Some(above)
        && !here.has_moved(territory.id)
    {
        match tree::corrected(unit.connection, &territory, above) {
            Ok(()) => {
                territory.parent_id = Some(above);
                members.push("parent_id");
            }
            Err(refused) if is_refusal(&refused) => {
                reject(report, &planned.last().source, planned.system, &planned.last().code, &why(&refused));
            }
            Err(error) => return Err(error),
        }
    }
    if found.is_some() && territory.valid_to.is_none() && planned.end.is_some_and(|end| end > territory.valid_from) {
        match end(unit, here, &mut territory, planned.end) {
            Ok(()) => members.push("valid_to"),
            Err(refused) if is_refusal(&refused) => {
                reject(report, &planned.last().source, planned.system, &planned.last().code, &why(&refused));
            }
            Err(error) => return Err(error),
        }
    }
    // What has just been made is told whole.
    if !members.is_empty() && found.is_some() {
        territories::save(unit, &mut territory, &members)?;
    }
    let changed = territory.version != before;
    let outcome = match found {
        None => Outcome::Made,
        Some(_) if changed => Outcome::Changed,
        Some(_) => Outcome::Unchanged,
    };
    report.count(planned.kind, outcome);
    here.rows.insert(territory.id, territory);
    Ok(())
}

/// The territory that is meant: by the code it keeps, or by its present one, where it has not been told of by the other.
fn found(here: &Here, planned: &Planned) -> Option<TerritoryId> {
    let last = planned.last();
    let kept = planned.codes.first().filter(|(system, ..)| *system == CodeSystem::Belfiore);
    if let Some((system, code, _)) = kept
        && let Some(id) = here.book.resolve(*system, code, last.from)
    {
        return Some(id);
    }
    let id = here.book.resolve(planned.system, &last.code, last.from)?;
    let is_another = kept.is_some() && here.has_code_of(id, CodeSystem::Belfiore);
    let is_there = here.rows.get(&id).is_some_and(|row| row.kind == planned.kind || kept.is_none());
    (is_there && !is_another).then_some(id)
}

fn make(unit: &mut Unit<'_>, here: &mut Here, planned: &Planned) -> ApiResult<Territory> {
    let first = &planned.first;
    let territory = Territory {
        id: TerritoryId::new(),
        kind: planned.kind.to_owned(),
        code_system: planned.system.as_str().to_owned(),
        code: first.code.clone(),
        name: first.name.clone(),
        country_code: planned.country.to_owned(),
        parent_id: parent(here, first),
        valid_from: first.from,
        valid_to: planned.end,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    };
    territories::add(unit, &territory, &first.source)?;
    let code = code_of(unit, &territory, planned.system, &first.code, &first.source);
    here.note_code(&code);
    Ok(territory)
}

fn code_of(unit: &Unit<'_>, territory: &Territory, system: CodeSystem, code: &str, source: &str) -> TerritoryCode {
    TerritoryCode {
        territory_id: territory.id,
        code_system: system,
        code: code.to_owned(),
        valid_from: territory.valid_from,
        valid_to: territory.valid_to,
        source: source.to_owned(),
        created_at: unit.now,
    }
}

fn parent(here: &Here, state: &State) -> Option<TerritoryId> {
    let (system, code) = state.parent.as_ref()?;
    here.book.resolve(*system, code, state.from)
}

/// Lets happen what led from each state to the next. Whether anything did.
fn steps(
    unit: &mut Unit<'_>,
    here: &mut Here,
    planned: &Planned,
    territory: &mut Territory,
    report: &mut Report,
) -> ApiResult<bool> {
    let mut happened = false;
    for (was, is) in std::iter::once(&planned.first).chain(&planned.later).zip(&planned.later) {
        let mut happenings = Vec::new();
        if was.code != is.code {
            happenings.push(Happening::Code(planned.system, is.code.clone()));
        }
        if was.parent != is.parent
            && let Some(above) = parent(here, is)
        {
            happenings.push(Happening::Parent(above));
        }
        if folded(&was.name) != folded(&is.name) {
            happenings.push(Happening::Rename(is.name.clone()));
        }
        for happening in happenings {
            let kind = happening.kind();
            if here.has_event(territory.id, kind, is.from) {
                report.count(kind.as_str(), Outcome::Unchanged);
            } else if is.from > territory.valid_from {
                happen(unit, here, territory, happening, is, report)?;
                happened = true;
            } else if kind == TerritoryEventKind::Code && !here.has_code(territory.id, planned.system, &was.code) {
                // It was made here with its present code: the one it had before is known by now.
                happened |=
                    add_former(unit, here, planned, territory, (&was.code, was.from, is.from, &was.source), report)?;
            }
        }
    }
    Ok(happened)
}

fn happen(
    unit: &mut Unit<'_>,
    here: &mut Here,
    territory: &mut Territory,
    happening: Happening,
    state: &State,
    report: &mut Report,
) -> ApiResult<()> {
    let kind = happening.kind();
    let system_and_code = match &happening {
        Happening::Code(system, code) => Some((*system, code.clone())),
        _ => None,
    };
    let told = Told { on: state.from, certainty: state.certainty, source: state.source.clone() };
    let event = match events::happen(unit, TerritoryEventId::new(), territory, happening, told) {
        Ok(event) => event,
        // The rules check before they write: what they refuse has changed nothing.
        Err(refused) if is_refusal(&refused) => {
            let wrong = Wrong::new(kind.as_str(), &format!("{} {}", state.code, state.from), why(&refused));
            report.reject(Rejection::of_row(&state.source, 0, wrong));
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    if let Some((system, code)) = system_and_code {
        if let Some(old) = &event.old_value {
            here.book.end(system, old, territory.id, state.from);
        }
        let given = code_of(unit, territory, system, &code, &state.source);
        here.note_code(&TerritoryCode { valid_from: state.from, ..given });
    }
    here.note_event(territory.id, kind, state.from);
    report.count(kind.as_str(), Outcome::Made);
    Ok(())
}

/// Whether the rules refuse it, and nothing is broken.
fn is_refusal(error: &ApiError) -> bool {
    matches!(error.kind(), Kind::Invalid | Kind::Conflict)
}

fn why(refused: &ApiError) -> String {
    match refused.errors() {
        [] => refused.detail().to_owned(),
        errors => errors.iter().map(|error| error.detail.to_string()).collect::<Vec<_>>().join("; "),
    }
}

fn reject(report: &mut Report, source: &str, system: CodeSystem, code: &str, why: &str) {
    report.reject(Rejection::of_row(source, 0, Wrong::new(system.as_str(), code, why)));
}

/// Adds a code that a territory had until a day. Whether it did.
fn add_former(
    unit: &mut Unit<'_>,
    here: &mut Here,
    planned: &Planned,
    territory: &Territory,
    (code, from, until, source): (&str, NaiveDate, NaiveDate, &str),
    report: &mut Report,
) -> ApiResult<bool> {
    if !here.book.is_free(planned.system, code, from, Some(until)) {
        reject(report, source, planned.system, code, TAKEN);
        return Ok(false);
    }
    let given = code_of(unit, territory, planned.system, code, source);
    let former = TerritoryCode { valid_from: from, valid_to: Some(until), ..given };
    codes::insert(unit.connection, std::slice::from_ref(&former))?;
    here.note_code(&former);
    report.count("codes", Outcome::Made);
    Ok(true)
}

fn add_codes(
    unit: &mut Unit<'_>,
    here: &mut Here,
    planned: &Planned,
    territory: &Territory,
    report: &mut Report,
) -> ApiResult<bool> {
    let mut added = Vec::new();
    for (system, code, source) in &planned.codes {
        if here.has_code(territory.id, *system, code) {
            report.count("codes", Outcome::Unchanged);
            continue;
        }
        let row = code_of(unit, territory, *system, code, source);
        if !here.book.is_free(*system, code, row.valid_from, row.valid_to) {
            reject(report, source, *system, code, TAKEN);
            continue;
        }
        here.note_code(&row);
        added.push(row);
        report.count("codes", Outcome::Made);
    }
    codes::insert(unit.connection, &added)?;
    let mut is_new = !added.is_empty();
    for (code, until, source) in &planned.former {
        if here.has_code(territory.id, planned.system, code) {
            report.count("codes", Outcome::Unchanged);
        } else {
            is_new |= add_former(unit, here, planned, territory, (code, horizon(), *until, source), report)?;
        }
    }
    Ok(is_new)
}

fn add_figures(
    unit: &mut Unit<'_>,
    here: &mut Here,
    planned: &Planned,
    territory: &Territory,
    report: &mut Report,
) -> ApiResult<bool> {
    let (mut new, mut other) = (Vec::new(), Vec::new());
    for told in &planned.figures {
        let row = told.measured.of(territory.id, told.on, told.source, unit.now);
        let said = (row.value, row.latitude, row.longitude);
        let outcome = match here.figures.get(&(territory.id, row.measure, row.on)) {
            Some(known) if *known == said => Outcome::Unchanged,
            Some(_) => Outcome::Changed,
            None => Outcome::Made,
        };
        report.count("figures", outcome);
        here.note_figure(&row);
        match outcome {
            Outcome::Made => new.push(row),
            Outcome::Changed => other.push(row),
            Outcome::Unchanged => {}
        }
    }
    figures::insert(unit.connection, &new)?;
    figures::keep(unit.connection, &other)?;
    Ok(!new.is_empty() || !other.is_empty())
}

/// Lets a territory end, for whoever saves it.
fn end(unit: &mut Unit<'_>, here: &mut Here, territory: &mut Territory, on: Option<NaiveDate>) -> ApiResult<()> {
    territories::end(unit, territory, on)?;
    if let (Some(system), Some(on)) = (CodeSystem::parse(&territory.code_system), on) {
        here.book.end(system, &territory.code, territory.id, on);
    }
    Ok(())
}

/// Keeps that one municipality became part of another.
pub fn merge(unit: &mut Unit<'_>, here: &mut Here, planned: &PlannedMerge, report: &mut Report) -> ApiResult<()> {
    let meant = |code: &str| here.book.resolve(CodeSystem::Belfiore, code, planned.on);
    let (Some(from), Some(to)) = (meant(&planned.from), meant(&planned.to)) else {
        planned.origin.rejects(report, Wrong::new("old_cadastral_code", &planned.from, "is not here"));
        return Ok(());
    };
    if here.has_event(from, TerritoryEventKind::Merge, planned.on) {
        report.count("merge", Outcome::Unchanged);
        return Ok(());
    }
    let mut territory = here.rows.get(&from).cloned().ok_or_else(ApiError::not_found)?;
    let told = Told { on: planned.on, certainty: planned.certainty, source: planned.source.clone() };
    match events::happen(unit, TerritoryEventId::new(), &mut territory, Happening::Merge(to), told) {
        Ok(_) => {
            here.note_event(from, TerritoryEventKind::Merge, planned.on);
            here.rows.insert(from, territory);
            report.count("merge", Outcome::Made);
            Ok(())
        }
        Err(refused) if is_refusal(&refused) => {
            let wrong = Wrong::new("effective_date", &planned.on.to_string(), why(&refused));
            report.reject(Rejection::of_row(&planned.origin.file, planned.origin.line, wrong));
            Ok(())
        }
        Err(error) => Err(error),
    }
}
