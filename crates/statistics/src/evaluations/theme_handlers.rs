//! Operations on themes of evaluation rounds.

use actix_web::{delete, get, patch, post};
use approdo_db::Json;
use approdo_db::schema::{
    evaluation_contributions as contributions, evaluation_placements as placements, evaluation_themes as themes,
};
use diesel::prelude::*;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, Resource};
use crate::directory::organisation_handlers::require_organisation;
use crate::entries::{self, Entry as _};
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::evaluations::contributions::EvaluationContributionId;
use crate::evaluations::rules::{EvaluationContributionStatus, EvaluationRoundStatus};
use crate::evaluations::themes::{
    EvaluationTheme, EvaluationThemeId, EvaluationThemePage, EvaluationThemePatch, EvaluationThemeQuery,
    EvaluationThemeRow, NewEvaluationTheme, apply,
};
use crate::evaluations::types::{EvaluationRoundId, EvaluationRoundRow};
use crate::http::forms::repeated;
use crate::http::{Answer, Body, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters};
use crate::work::Unit;

/// Themes a round has at most.
const MOST: i64 = 200;

/// List the themes of an evaluation round.
///
/// In the order they were entered. Who keeps the round reads them at any time; everyone else once it is closed, and none before.
#[utoipa::path(
    tag = "Evaluation",
    params(("evaluation_round_id" = EvaluationRoundId, Path, description = "The round."), EvaluationThemeQuery),
    responses((status = 200, description = "A page.", body = EvaluationThemePage))
)]
#[get("/evaluation-rounds/{evaluation_round_id}/themes")]
pub async fn list_evaluation_themes(
    door: Door,
    caller: Caller<actions::List, resources::EvaluationThemes>,
    id: Id<EvaluationRoundId>,
    query: Parameters<EvaluationThemeQuery>,
) -> ApiResult<Answer> {
    door.read("list_evaluation_themes", caller, move |reader| {
        let round: EvaluationRoundRow = entries::known(reader, id.0)?;
        let asked = query.read()?;
        let request = reader.page(&query, asked.limit, asked.cursor.as_deref());
        let after = request.after()?.unwrap_or(EvaluationThemeId(uuid::Uuid::nil()));
        let is_kept = round.is_kept_by(&reader.rights);
        let rows: Vec<EvaluationThemeRow> = if is_kept || round.is_closed() {
            let list = themes::table.filter(themes::evaluation_round_id.eq(round.id)).filter(themes::id.gt(after));
            list.order(themes::id).limit(request.limit() + 1).load(reader.connection)?
        } else {
            Vec::new()
        };
        let page = request.page(rows, |row: &EvaluationThemeRow| row.id)?;
        Answer::ok(&EvaluationThemePage::from(page.try_map(|row| EvaluationTheme::shown(row, is_kept))?))
    })
    .await
}

/// Enter a theme of an evaluation round.
///
/// While it is in synthesis (409), with the contributions placed under it.
#[utoipa::path(
    tag = "Evaluation",
    params(("evaluation_round_id" = EvaluationRoundId, Path, description = "The round.")),
    request_body = NewEvaluationTheme,
    responses((status = 201, description = "The theme.", body = EvaluationTheme))
)]
#[post("/evaluation-rounds/{evaluation_round_id}/themes")]
pub async fn create_evaluation_theme(
    door: Door,
    caller: Caller<actions::Create, resources::EvaluationThemes>,
    id: Id<EvaluationRoundId>,
    body: Body<NewEvaluationTheme>,
) -> ApiResult<Answer> {
    door.write("create_evaluation_theme", caller, Some(body.fingerprint()), move |unit| {
        let round: EvaluationRoundRow = entries::locked(unit, Action::Create, Resource::EvaluationThemes, id.0)?;
        let new = body.read()?;
        let id = EvaluationThemeId::new();
        let row = match unit.replay(id.0)? {
            Some(earlier) => entries::made_before(unit, earlier)?,
            None => enter(unit, id, &round, new)?,
        };
        let (path, version) = (format!("/evaluation-themes/{}", row.id), row.version);
        unit.created(&path, version, &EvaluationTheme::shown(row, true)?)
    })
    .await
}

/// Keeps a new theme of a locked round; used by the demonstration data as well.
pub fn enter(
    unit: &mut Unit<'_>,
    id: EvaluationThemeId,
    round: &EvaluationRoundRow,
    new: NewEvaluationTheme,
) -> ApiResult<EvaluationThemeRow> {
    require(round, EvaluationRoundStatus::Synthesis)?;
    let row = EvaluationThemeRow {
        id,
        evaluation_round_id: round.id,
        keeper_id: round.organisation_id,
        title: new.title,
        summary: new.summary,
        contribution_ids: Json::of(new.contribution_ids),
        response: None,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    };
    let there: i64 =
        themes::table.filter(themes::evaluation_round_id.eq(round.id)).count().get_result(unit.connection)?;
    if there >= MOST {
        return Err(ApiError::conflict(format!("a round has at most {MOST} themes")));
    }
    check_contributions(unit, &row)?;
    entries::add(unit, &row, &["evaluation_round_id", "title", "summary", "contribution_ids"])?;
    place(unit, &row)?;
    Ok(row)
}

/// 409 unless the round stands so.
fn require(round: &EvaluationRoundRow, status: EvaluationRoundStatus) -> ApiResult<()> {
    if round.status == status {
        return Ok(());
    }
    Err(ApiError::unmet(vec![match status {
        EvaluationRoundStatus::Response => {
            UnmetGuard::new("response", "themes are answered while the round is in response")
        }
        _ => UnmetGuard::new("synthesis", "themes are put together while the round is in synthesis"),
    }]))
}

/// 422 for a contribution that is named twice, is not the round's, or has been set aside.
fn check_contributions(unit: &mut Unit<'_>, row: &EvaluationThemeRow) -> ApiResult<()> {
    let named = row.contribution_ids()?;
    let at = |index: usize| format!("contribution_ids/{index}");
    if let Some(index) = repeated(named.iter().copied()) {
        return Err(ApiError::invalid_member(&at(index), "is named before"));
    }
    let known: Vec<(EvaluationContributionId, EvaluationContributionStatus)> = contributions::table
        .filter(contributions::evaluation_round_id.eq(row.evaluation_round_id))
        .filter(contributions::id.eq_any(&named))
        .select((contributions::id, contributions::status))
        .load(unit.connection)?;
    let known: std::collections::HashMap<_, _> = known.into_iter().collect();
    for (index, id) in named.iter().enumerate() {
        match known.get(id) {
            None => return Err(ApiError::unknown_reference(&at(index))),
            Some(EvaluationContributionStatus::SetAside) => {
                return Err(ApiError::invalid_member(&at(index), "has been set aside"));
            }
            Some(EvaluationContributionStatus::Received) => {}
        }
    }
    Ok(())
}

/// Keeps where contributions are placed as rows, to be asked for.
fn place(unit: &mut Unit<'_>, row: &EvaluationThemeRow) -> ApiResult<()> {
    let of_theme = placements::table.filter(placements::evaluation_theme_id.eq(row.id));
    diesel::delete(of_theme).execute(unit.connection)?;
    for contribution in row.contribution_ids()? {
        diesel::insert_into(placements::table)
            .values((
                placements::evaluation_contribution_id.eq(contribution),
                placements::evaluation_theme_id.eq(row.id),
            ))
            .execute(unit.connection)?;
    }
    Ok(())
}

/// Read a theme of an evaluation round.
///
/// For who keeps the round; for everyone once it is closed.
#[utoipa::path(
    tag = "Evaluation",
    params(("evaluation_theme_id" = EvaluationThemeId, Path, description = "The theme.")),
    responses((status = 200, description = "The theme.", body = EvaluationTheme))
)]
#[get("/evaluation-themes/{evaluation_theme_id}")]
pub async fn read_evaluation_theme(
    door: Door,
    caller: Caller<actions::Read, resources::EvaluationThemes>,
    id: Id<EvaluationThemeId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_evaluation_theme", caller, move |reader| {
        let row: EvaluationThemeRow = entries::known(reader, id.0)?;
        let round: EvaluationRoundRow = entries::known(reader, row.evaluation_round_id)?;
        let is_kept = round.is_kept_by(&reader.rights);
        if !is_kept && !round.is_closed() {
            return Err(ApiError::not_found());
        }
        let theme = EvaluationTheme::shown(row, is_kept)?;
        reader.answer_row(theme.version, &held, &Fields::default(), "", &theme)
    })
    .await
}

/// A theme with its round, both locked, where the caller may do this: 404 for who does not keep a round that is not closed.
fn locked(
    unit: &mut Unit<'_>,
    action: Action,
    id: EvaluationThemeId,
) -> ApiResult<(EvaluationThemeRow, EvaluationRoundRow)> {
    let found = EvaluationThemeRow::find(unit.connection, id)?.ok_or_else(ApiError::not_found)?;
    let round: EvaluationRoundRow = entries::found_locked(unit, found.evaluation_round_id)?;
    if !round.is_closed() && !round.is_kept_by(&unit.rights) {
        return Err(ApiError::not_found());
    }
    Ok((entries::locked(unit, action, Resource::EvaluationThemes, id)?, round))
}

/// Edit a theme of an evaluation round.
///
/// While its round is in synthesis, what it puts together; while it is in response, what is answered (409 else).
#[utoipa::path(
    tag = "Evaluation",
    params(("evaluation_theme_id" = EvaluationThemeId, Path, description = "The theme.")),
    request_body(content = EvaluationThemePatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The theme as it is now.", body = EvaluationTheme))
)]
#[patch("/evaluation-themes/{evaluation_theme_id}")]
pub async fn edit_evaluation_theme(
    door: Door,
    caller: Caller<actions::Edit, resources::EvaluationThemes>,
    id: Id<EvaluationThemeId>,
    if_match: IfMatch,
    body: Body<EvaluationThemePatch>,
) -> ApiResult<Answer> {
    door.write("edit_evaluation_theme", caller, None, move |unit| {
        let (row, round) = locked(unit, Action::Edit, id.0)?;
        let patch = body.read()?;
        if_match.check(row.version)?;
        let row = edit(unit, row, &round, patch)?;
        unit.edited(row.version, &EvaluationTheme::shown(row, true)?)
    })
    .await
}

/// Edits a locked theme of a locked round; used by the demonstration data as well.
pub fn edit(
    unit: &mut Unit<'_>,
    mut row: EvaluationThemeRow,
    round: &EvaluationRoundRow,
    patch: EvaluationThemePatch,
) -> ApiResult<EvaluationThemeRow> {
    let changed = apply(&mut row, patch)?;
    if changed.contains(&"response") {
        require(round, EvaluationRoundStatus::Response)?;
        if let Some(response) = row.response()? {
            require_organisation(unit.connection, "response/organisation_id", response.organisation_id)?;
        }
    }
    if changed.iter().any(|name| *name != "response") {
        require(round, EvaluationRoundStatus::Synthesis)?;
    }
    let placed = changed.contains(&"contribution_ids");
    if placed {
        check_contributions(unit, &row)?;
    }
    entries::save(unit, &mut row, &changed)?;
    if placed {
        place(unit, &row)?;
    }
    Ok(row)
}

/// Delete a theme of an evaluation round.
///
/// While its round is in synthesis (409). The contributions stay, to be placed elsewhere.
#[utoipa::path(
    tag = "Evaluation",
    params(("evaluation_theme_id" = EvaluationThemeId, Path, description = "The theme.")),
    responses((status = 204, description = "It is gone."))
)]
#[delete("/evaluation-themes/{evaluation_theme_id}")]
pub async fn delete_evaluation_theme(
    door: Door,
    caller: Caller<actions::Delete, resources::EvaluationThemes>,
    id: Id<EvaluationThemeId>,
    if_match: IfMatch,
) -> ApiResult<Answer> {
    door.write("delete_evaluation_theme", caller, None, move |unit| {
        let (row, round) = locked(unit, Action::Delete, id.0)?;
        if_match.check(row.version)?;
        require(&round, EvaluationRoundStatus::Synthesis)?;
        diesel::delete(placements::table.filter(placements::evaluation_theme_id.eq(row.id)))
            .execute(unit.connection)?;
        entries::remove(unit, &row)?;
        Ok(Answer::no_content())
    })
    .await
}
