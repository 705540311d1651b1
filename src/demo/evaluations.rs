//! The observatory of the demonstration: what it watches, a round that is closed, one that collects, and an objective that followed.

use approdo_db::schema::{datasets, indicators, networks, policy_documents, programs, services};
use chrono::{NaiveDate, TimeDelta};
use diesel::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::access::{OrganisationId, PrincipalId};
use crate::aggregate::moves::ChildTransitionId;
use crate::clock;
use crate::demo::load::{Known, lookup, parse};
use crate::demo::{request, story};
use crate::entries;
use crate::error::{ApiError, ApiResult};
use crate::evaluations::contributions::{self, EvaluationContributionId};
use crate::evaluations::themes::EvaluationThemeId;
use crate::evaluations::types::{EvaluationRoundId, EvaluationRoundRow};
use crate::evaluations::{contribution_transitions, handlers as rounds, theme_handlers as themes, transitions};
use crate::objectives::activities::{ActivityId, ActivityRow};
use crate::objectives::results::{self, ActivityResultId};
use crate::objectives::types::ObjectiveId;
use crate::objectives::{activity_handlers as activities, activity_transitions, handlers as objectives};
use crate::observatory::indicators::types::IndicatorId;
use crate::observatory::observatories::handlers as observatories;
use crate::observatory::observatories::types::{Observatory, ObservatoryId};
use crate::observatory::observatories::watched::{self, ObservatoryEntryId, WatchedId, WatchedKind};
use crate::work::Unit;

const EVALUATIONS: &str = include_str!("../../demo/evaluations.json");

#[derive(Deserialize)]
struct Evaluations {
    keeper: String,
    analyst: String,
    territory: String,
    observatory: Value,
    watched: Vec<DemoWatched>,
    rounds: Vec<DemoRound>,
    objectives: Vec<DemoObjective>,
}

#[derive(Deserialize)]
struct DemoWatched {
    kind: WatchedKind,
    name: String,
    note: Option<String>,
}

#[derive(Deserialize)]
struct DemoRound {
    /// From today on; past days are negative.
    first_day: i64,
    last_day: i64,
    /// The service that it is about.
    about: String,
    round: Value,
    contributions: Vec<DemoContribution>,
    themes: Vec<DemoTheme>,
}

#[derive(Deserialize)]
struct DemoContribution {
    from: String,
    /// Whether the organisation says it itself.
    #[serde(default)]
    speaks: bool,
    theme: Option<usize>,
    set_aside: Option<String>,
    contribution: Value,
}

#[derive(Deserialize)]
struct DemoTheme {
    theme: Value,
    organisation: String,
    response: Value,
}

#[derive(Deserialize)]
struct DemoObjective {
    first_day: i64,
    last_day: i64,
    objective: Value,
    activities: Vec<DemoActivity>,
}

#[derive(Deserialize)]
struct DemoActivity {
    organisation: String,
    activity: Value,
    moves: Vec<Value>,
    results: Vec<DemoResult>,
}

#[derive(Deserialize)]
struct DemoResult {
    days_ago: i64,
    result: Value,
}

/// Loads the observatory with all that belongs to it.
pub fn all(unit: &mut Unit<'_>, known: &Known) -> ApiResult<()> {
    let told: Evaluations = parse(EVALUATIONS)?;
    let today = clock::date_of(unit.now);
    let (keeper, analyst) = (lookup(&known.organisations, &told.keeper)?, lookup(&known.callers, &told.analyst)?);
    let territory = lookup(&known.territories, &told.territory)?;
    let ids = [("organisation_id", json!(keeper)), ("territory_id", json!(territory))];
    let new = request(told.observatory, &ids)?;
    let observatory = observatories::enter(unit, ObservatoryId::new(), new)?;
    for one in told.watched {
        let resource_id = named(unit, one.kind, &one.name)?;
        let new = watched::NewObservatoryEntry { kind: one.kind, resource_id, note: one.note };
        watched::watch(unit, ObservatoryEntryId::new(), &observatory, new)?;
    }
    for one in told.rounds {
        round(unit, known, &observatory, analyst, today, one)?;
    }
    told.objectives.into_iter().try_for_each(|one| objective(unit, known, &observatory, analyst, today, one))
}

/// What an observatory watches, by its kind and name.
fn named(unit: &mut Unit<'_>, kind: WatchedKind, name: &str) -> ApiResult<WatchedId> {
    macro_rules! by_name {
        ($table:ident) => {
            by_name!($table.name)
        };
        ($table:ident.$called:ident) => {
            $table::table.filter($table::$called.eq(name)).order($table::id).select($table::id).first(unit.connection)
        };
    }
    let id: Option<WatchedId> = match kind {
        WatchedKind::Indicator => by_name!(indicators),
        WatchedKind::Dataset => by_name!(datasets),
        WatchedKind::Service => by_name!(services),
        WatchedKind::Program => by_name!(programs),
        WatchedKind::Network => by_name!(networks),
        WatchedKind::PolicyDocument => by_name!(policy_documents.title),
    }
    .optional()?;
    id.ok_or_else(|| ApiError::fault(format!("the demonstration data names an unknown {kind}: {name}")))
}

fn day(today: NaiveDate, ahead: i64) -> NaiveDate {
    today + TimeDelta::days(ahead)
}

fn round(
    unit: &mut Unit<'_>,
    known: &Known,
    observatory: &Observatory,
    analyst: PrincipalId,
    today: NaiveDate,
    told: DemoRound,
) -> ApiResult<()> {
    let service = named(unit, WatchedKind::Service, &told.about)?;
    let (first, last) = (day(today, told.first_day), day(today, told.last_day));
    let ids = [
        ("observatory_id", json!(observatory.id)),
        ("service_ids", json!([service])),
        ("collects_from", json!(first)),
        ("collects_until", json!(last)),
    ];
    let new = request(told.round, &ids)?;
    let id = EvaluationRoundId::new();
    story::in_the_name_of(unit, Some(analyst), first, |unit| {
        rounds::plan(unit, id, observatory, new)?;
        moved(unit, id, json!({"to": "collecting"}))
    })?;
    let mut placed = vec![Vec::new(); told.themes.len()];
    for one in told.contributions {
        let from = lookup(&known.organisations, &one.from)?;
        let contribution = contributed(unit, id, from, first, &one)?;
        if let Some(theme) = one.theme.and_then(|theme| placed.get_mut(theme)) {
            theme.push(contribution);
        }
    }
    if last >= today {
        return Ok(());
    }
    story::in_the_name_of(unit, Some(analyst), day(last, 10), |unit| {
        moved(unit, id, json!({"to": "synthesis"}))?;
        let mut entered = Vec::new();
        for (one, contribution_ids) in told.themes.iter().zip(placed) {
            let new = request(one.theme.clone(), &[("contribution_ids", json!(contribution_ids))])?;
            let round: EvaluationRoundRow = entries::found_locked(unit, id)?;
            entered.push(themes::enter(unit, EvaluationThemeId::new(), &round, new)?);
        }
        moved(unit, id, json!({"to": "response"}))?;
        for (one, theme) in told.themes.into_iter().zip(entered) {
            let organisation = lookup(&known.organisations, &one.organisation)?;
            let mut response = one.response;
            if let Some(members) = response.as_object_mut() {
                members.insert("organisation_id".into(), json!(organisation));
            }
            let patch = serde_json::from_value(json!({"response": response})).map_err(ApiError::fault)?;
            let round: EvaluationRoundRow = entries::found_locked(unit, id)?;
            themes::edit(unit, theme, &round, patch)?;
        }
        moved(unit, id, json!({"to": "closed"}))
    })
}

fn moved(unit: &mut Unit<'_>, id: EvaluationRoundId, to: Value) -> ApiResult<()> {
    let row: EvaluationRoundRow = entries::found_locked(unit, id)?;
    let asked = serde_json::from_value(to).map_err(ApiError::fault)?;
    transitions::make(unit, row, ChildTransitionId::new(), &asked).map(drop)
}

fn contributed(
    unit: &mut Unit<'_>,
    id: EvaluationRoundId,
    from: OrganisationId,
    on: NaiveDate,
    told: &DemoContribution,
) -> ApiResult<EvaluationContributionId> {
    let speaker = if told.speaks { vec![("organisation_id", json!(from))] } else { Vec::new() };
    let new = request(told.contribution.clone(), &speaker)?;
    story::in_the_name_of(unit, None, on, |unit| {
        let round: EvaluationRoundRow = entries::found_locked(unit, id)?;
        let row = contributions::contribute(unit, EvaluationContributionId::new(), &round, from, new)?;
        let id = row.id;
        if let Some(reason) = &told.set_aside {
            let asked = serde_json::from_value(json!({"to": "set_aside", "note": reason})).map_err(ApiError::fault)?;
            contribution_transitions::make(unit, row, &round, ChildTransitionId::new(), &asked)?;
        }
        Ok(id)
    })
}

fn objective(
    unit: &mut Unit<'_>,
    known: &Known,
    observatory: &Observatory,
    analyst: PrincipalId,
    today: NaiveDate,
    told: DemoObjective,
) -> ApiResult<()> {
    let indicator: Option<IndicatorId> =
        indicators::table.order(indicators::id).select(indicators::id).first(unit.connection).optional()?;
    let first = day(today, told.first_day);
    let ids = [
        ("organisation_id", json!(observatory.organisation_id)),
        ("territory_id", json!(observatory.territory_id)),
        ("observatory_id", json!(observatory.id)),
        ("starts_on", json!(first)),
        ("ends_on", json!(day(today, told.last_day))),
    ];
    let mut new: crate::objectives::types::NewObjective = request(told.objective, &ids)?;
    new.indicator_id = indicator;
    story::in_the_name_of(unit, Some(analyst), first, |unit| {
        let objective = objectives::set(unit, ObjectiveId::new(), new)?;
        for one in told.activities {
            let responsible = lookup(&known.organisations, &one.organisation)?;
            let ids = [("responsible_organisation_id", json!(responsible)), ("starts_on", json!(first))];
            let new = request(one.activity, &ids)?;
            let id = ActivityId::new();
            unit.now = story::at(first, clock::now());
            activities::plan(unit, id, &objective, new)?;
            let mut results = one.results;
            for to in one.moves {
                let row: ActivityRow = entries::found_locked(unit, id)?;
                let asked = serde_json::from_value(to).map_err(ApiError::fault)?;
                activity_transitions::make(unit, row, ChildTransitionId::new(), &asked)?;
                for told in std::mem::take(&mut results) {
                    recorded(unit, id, day(today, -told.days_ago), told.result)?;
                }
            }
        }
        Ok(())
    })
}

fn recorded(unit: &mut Unit<'_>, id: ActivityId, on: NaiveDate, told: Value) -> ApiResult<()> {
    let new = request(told, &[("reached_on", json!(on))])?;
    unit.now = story::at(on, clock::now());
    let row: ActivityRow = entries::found_locked(unit, id)?;
    results::record(unit, ActivityResultId::new(), &row, new).map(drop)
}
