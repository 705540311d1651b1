//! Operations on evaluation rounds.

use actix_web::{get, patch, post};
use approdo_db::Json;
use approdo_db::schema::{evaluation_rounds as rounds, indicators, services};
use diesel::prelude::*;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, Resource};
use crate::clock;
use crate::directory::services::ServiceId;
use crate::entries;
use crate::error::{ApiError, ApiResult};
use crate::evaluations::counts;
use crate::evaluations::rules::{EvaluationRoundStatus, refusal_of_edit};
use crate::evaluations::types::{
    EvaluationRound, EvaluationRoundId, EvaluationRoundPage, EvaluationRoundPatch, EvaluationRoundQuery,
    EvaluationRoundRow, NewEvaluationRound, apply,
};
use crate::http::{Answer, Body, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters};
use crate::observatory::indicators::types::IndicatorId;
use crate::observatory::observatories::types::Observatory;
use crate::work::Unit;

/// List evaluation rounds.
///
/// Oldest first. Every caller may know them, whoever is asked.
#[utoipa::path(
    tag = "Evaluation",
    params(EvaluationRoundQuery),
    responses((status = 200, description = "A page.", body = EvaluationRoundPage))
)]
#[get("/evaluation-rounds")]
pub async fn list_evaluation_rounds(
    door: Door,
    caller: Caller<actions::List, resources::EvaluationRounds>,
    query: Parameters<EvaluationRoundQuery>,
) -> ApiResult<Answer> {
    door.read("list_evaluation_rounds", caller, move |reader| {
        let asked = query.read()?;
        let request = reader.page(&query, asked.limit, asked.cursor.as_deref());
        let after = request.after()?.unwrap_or(EvaluationRoundId(uuid::Uuid::nil()));
        let list = rounds::table.filter(rounds::id.gt(after)).order(rounds::id);
        let mut list = list.limit(request.limit() + 1).into_boxed();
        if let Some(observatory) = asked.observatory_id {
            list = list.filter(rounds::observatory_id.eq(observatory));
        }
        if let Some(status) = asked.status {
            list = list.filter(rounds::status.eq(status));
        }
        let rows: Vec<EvaluationRoundRow> = list.load(reader.connection)?;
        let rights = reader.rights.clone();
        let mut counts = counts::of_rounds(reader.connection, &rights, &rows)?;
        let page = request.page(rows, |row: &EvaluationRoundRow| row.id)?;
        let page = page.try_map(|row| {
            let counts = counts.remove(&row.id);
            EvaluationRound::shown(row, &rights, counts)
        })?;
        Answer::ok(&EvaluationRoundPage::from(page))
    })
    .await
}

/// Plan an evaluation round.
///
/// Of an observatory that you keep. Nobody can contribute before it is moved to `collecting`.
#[utoipa::path(
    tag = "Evaluation",
    request_body = NewEvaluationRound,
    responses((status = 201, description = "The round.", body = EvaluationRound))
)]
#[post("/evaluation-rounds")]
pub async fn create_evaluation_round(
    door: Door,
    caller: Caller<actions::Create, resources::EvaluationRounds>,
    body: Body<NewEvaluationRound>,
) -> ApiResult<Answer> {
    door.write("create_evaluation_round", caller, Some(body.fingerprint()), move |unit| {
        let new = body.read()?;
        let observatory = entries::Entry::find(unit.connection, new.observatory_id)?;
        let observatory: Observatory = observatory.ok_or_else(|| ApiError::unknown_reference("observatory_id"))?;
        entries::require_keeper(unit, Resource::EvaluationRounds, "observatory_id", observatory.organisation_id)?;
        let id = EvaluationRoundId::new();
        let row = match unit.replay(id.0)? {
            Some(earlier) => entries::made_before(unit, earlier)?,
            None => plan(unit, id, &observatory, new)?,
        };
        let round = shown(unit, row)?;
        unit.created(&format!("/evaluation-rounds/{}", round.id), round.version, &round)
    })
    .await
}

/// Keeps a new round; used by the demonstration data as well.
pub fn plan(
    unit: &mut Unit<'_>,
    id: EvaluationRoundId,
    observatory: &Observatory,
    new: NewEvaluationRound,
) -> ApiResult<EvaluationRoundRow> {
    let row = EvaluationRoundRow {
        id,
        observatory_id: observatory.id,
        organisation_id: observatory.organisation_id,
        title: new.title,
        call_text: new.call_text,
        collects_from: new.collects_from,
        collects_until: new.collects_until,
        categories: Json::of(new.categories),
        indicator_ids: Json::of(new.indicator_ids),
        service_ids: Json::of(new.service_ids),
        status: EvaluationRoundStatus::Planned,
        no_contributions_reason: None,
        closed_at: None,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    };
    check(unit, &row, &EvaluationRoundRow::MEMBERS)?;
    entries::add(unit, &row, &EvaluationRoundRow::MEMBERS)?;
    Ok(row)
}

/// 422 where what a round says does not fit together, or names what is not there. Only what has changed is looked up.
fn check(unit: &mut Unit<'_>, row: &EvaluationRoundRow, changed: &[&'static str]) -> ApiResult<()> {
    row.check()?;
    if changed.contains(&"indicator_ids") {
        let named = row.indicator_ids()?;
        let known = indicators::table.filter(indicators::id.eq_any(&named)).select(indicators::id);
        let known: Vec<IndicatorId> = known.load(unit.connection)?;
        require_known("indicator_ids", &named, &known)?;
    }
    if changed.contains(&"service_ids") {
        let named = row.service_ids()?;
        let known = services::table.filter(services::id.eq_any(&named)).select(services::id);
        let known: Vec<ServiceId> = known.load(unit.connection)?;
        require_known("service_ids", &named, &known)?;
    }
    Ok(())
}

fn require_known<T: PartialEq>(member: &str, named: &[T], known: &[T]) -> ApiResult<()> {
    match named.iter().position(|id| !known.contains(id)) {
        Some(index) => Err(ApiError::unknown_reference(&format!("{member}/{index}"))),
        None => Ok(()),
    }
}

fn shown(unit: &mut Unit<'_>, row: EvaluationRoundRow) -> ApiResult<EvaluationRound> {
    let rights = unit.rights.clone();
    let counts = counts::of_round(unit.connection, &rights, &row)?;
    EvaluationRound::shown(row, &rights, counts)
}

/// Read an evaluation round.
///
/// Every caller may know it. Contributions and themes have lists of their own.
#[utoipa::path(
    tag = "Evaluation",
    params(("evaluation_round_id" = EvaluationRoundId, Path, description = "The round.")),
    responses((status = 200, description = "The round.", body = EvaluationRound))
)]
#[get("/evaluation-rounds/{evaluation_round_id}")]
pub async fn read_evaluation_round(
    door: Door,
    caller: Caller<actions::Read, resources::EvaluationRounds>,
    id: Id<EvaluationRoundId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_evaluation_round", caller, move |reader| {
        let row: EvaluationRoundRow = entries::known(reader, id.0)?;
        let rights = reader.rights.clone();
        let counts = counts::of_round(reader.connection, &rights, &row)?;
        // A contribution leaves the round's version as it is.
        let view = format!("{counts:?}");
        let round = EvaluationRound::shown(row, &rights, counts)?;
        reader.answer_row(round.version, &held, &Fields::default(), &view, &round)
    })
    .await
}

/// Edit an evaluation round.
///
/// While it is planned; while it is collecting, its last day can be put off. What was called for stays after that (409).
#[utoipa::path(
    tag = "Evaluation",
    params(("evaluation_round_id" = EvaluationRoundId, Path, description = "The round.")),
    request_body(content = EvaluationRoundPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The round as it is now.", body = EvaluationRound))
)]
#[patch("/evaluation-rounds/{evaluation_round_id}")]
pub async fn edit_evaluation_round(
    door: Door,
    caller: Caller<actions::Edit, resources::EvaluationRounds>,
    id: Id<EvaluationRoundId>,
    if_match: IfMatch,
    body: Body<EvaluationRoundPatch>,
) -> ApiResult<Answer> {
    door.write("edit_evaluation_round", caller, None, move |unit| {
        let mut row: EvaluationRoundRow = entries::locked(unit, Action::Edit, Resource::EvaluationRounds, id.0)?;
        let patch = body.read()?;
        if_match.check(row.version)?;
        let before = row.collects_until;
        let changed = apply(&mut row, patch)?;
        if let Some(refusal) =
            refusal_of_edit(row.status, &changed, (before, row.collects_until), clock::date_of(unit.now))
        {
            return Err(ApiError::unmet(vec![refusal]));
        }
        check(unit, &row, &changed)?;
        entries::save(unit, &mut row, &changed)?;
        let round = shown(unit, row)?;
        unit.edited(round.version, &round)
    })
    .await
}
