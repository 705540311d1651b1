//! What is said in an evaluation round: by an organisation, or by nobody in particular. Never edited.

use std::collections::HashMap;

use actix_web::{get, post};
use approdo_db::schema::{
    evaluation_contributions as contributions, evaluation_placements as placements, organisation_ancestors,
};
use approdo_db::{Connection, Timestamp, define_id};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, OrganisationId, Resource, Rights};
use crate::clock;
use crate::entries::{self, Entry as _};
use crate::entry;
use crate::error::{ApiError, ApiResult};
use crate::evaluations::rules::{EvaluationContributionStatus, StakeholderCategory, refusal_of_contributions};
use crate::evaluations::themes::EvaluationThemeId;
use crate::evaluations::types::{EvaluationRoundId, EvaluationRoundRow, keeps};
use crate::http::forms::language_code;
use crate::http::{Answer, Body, Checked, Door, Fields, Id, IfNoneMatch, Parameters};
use crate::page_of;
use crate::paged_query;
use crate::work::Unit;

/// Contributions that are sent from one organisation to a round at most. Of organisations and not of callers: with a contribution nobody
/// keeps who typed it.
const MOST_FROM_ONE: i64 = 1_000;

define_id! {
    /// The id of a contribution to an evaluation round.
    #[derive(ToSchema)]
    EvaluationContributionId;
}

/// The row.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize)]
#[diesel(table_name = contributions, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct EvaluationContributionRow {
    pub id: EvaluationContributionId,
    pub evaluation_round_id: EvaluationRoundId,
    pub keeper_id: OrganisationId,
    /// The organisation that says it, or from which it was sent where none does: it goes on reading it. Not shown: of what a resident said,
    /// the desk where it was said could be enough to know who.
    pub recorded_by_org_id: OrganisationId,
    pub category: StakeholderCategory,
    pub organisation_id: Option<OrganisationId>,
    pub text: Option<String>,
    pub language: String,
    pub status: EvaluationContributionStatus,
    pub set_aside_reason: Option<String>,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

entry!(
    EvaluationContributionRow,
    EvaluationContributionId,
    contributions,
    keeper_id,
    "evaluation_contribution",
    EvaluationContributions
);

impl EvaluationContributionRow {
    /// Whether the caller may read it: who keeps the round, and whose organisation sent it.
    pub fn is_in_sight_of(&self, rights: &Rights) -> bool {
        keeps(rights, self.keeper_id)
            || rights.may_in(Action::Read, Resource::EvaluationContributions, self.recorded_by_org_id)
    }
}

/// A contribution to an evaluation round. No personal data belongs in it: it has no name and no address, and a resident's none of an
/// organisation either.
#[derive(Debug, Serialize, ToSchema)]
pub struct EvaluationContribution {
    pub id: EvaluationContributionId,
    pub evaluation_round_id: EvaluationRoundId,
    /// As what it was said.
    pub category: StakeholderCategory,
    /// The organisation that says it; absent where none does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub organisation_id: Option<OrganisationId>,
    /// Absent where it was deleted, because it told of people.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 10_000)]
    pub text: Option<String>,
    /// The language of the text (ISO 639-1).
    #[schema(min_length = 2, max_length = 2, pattern = "^[a-z]{2}$")]
    pub language: String,
    pub status: EvaluationContributionStatus,
    /// Why it was set aside.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 2000)]
    pub set_aside_reason: Option<String>,
    /// The themes it was placed under: for you if you keep the round, and once it is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_items = 200)]
    pub theme_ids: Option<Vec<EvaluationThemeId>>,
    /// States it can be moved to by you, while its round is collecting or in synthesis.
    #[schema(max_items = 2)]
    pub allowed_transitions: Vec<EvaluationContributionStatus>,
    /// Rises with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

type Themes = HashMap<EvaluationContributionId, Vec<EvaluationThemeId>>;

impl EvaluationContribution {
    fn shown(row: EvaluationContributionRow, round: &EvaluationRoundRow, rights: &Rights, themes: &Themes) -> Self {
        let kept = round.is_kept_by(rights);
        let moves = rights.may_in(Action::Transition, Resource::EvaluationContributions, row.keeper_id);
        let themes = || themes.get(&row.id).cloned().unwrap_or_default();
        Self {
            theme_ids: (kept || round.is_closed()).then(themes),
            // What has lost its text stays set aside.
            allowed_transitions: row
                .status
                .next()
                .iter()
                .copied()
                .filter(|to| {
                    moves && round.is_open() && (row.text.is_some() || *to != EvaluationContributionStatus::Received)
                })
                .collect(),
            id: row.id,
            evaluation_round_id: row.evaluation_round_id,
            category: row.category,
            organisation_id: row.organisation_id,
            text: row.text,
            language: row.language,
            status: row.status,
            set_aside_reason: row.set_aside_reason,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

page_of! {
    /// A page of contributions to an evaluation round.
    EvaluationContributionPage of EvaluationContribution
}

/// Something to say.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "category": "school", "organisation_id": "01985b2e-0000-7000-8000-000000000001", "language": "it",
    "text": "Evening courses end before those who work in shifts can be there."
}))]
pub struct NewEvaluationContribution {
    /// One of those that the round asks.
    pub category: StakeholderCategory,
    /// The organisation that says it: one of yours. Absent where none does; a resident's contribution has none.
    #[schema(nullable = false)]
    pub organisation_id: Option<OrganisationId>,
    /// What is said, without names or anything else that tells of people.
    #[validate(length(min = 1, max = 10_000))]
    #[schema(min_length = 1, max_length = 10_000)]
    pub text: String,
    /// The language of the text (ISO 639-1).
    #[validate(custom(function = "language_code"))]
    #[schema(min_length = 2, max_length = 2, pattern = "^[a-z]{2}$")]
    pub language: String,
}

impl Checked for NewEvaluationContribution {}

paged_query! {
    /// How to list the contributions to an evaluation round.
    EvaluationContributionQuery {
        /// Contributions of this category.
        category: Option<StakeholderCategory>,
        /// Contributions that stand so.
        status: Option<EvaluationContributionStatus>,
    }
}

/// List the contributions to an evaluation round.
///
/// In the order they came. Who keeps the round reads all; others read what their organisations have said or sent.
#[utoipa::path(
    tag = "Evaluation",
    params(("evaluation_round_id" = EvaluationRoundId, Path, description = "The round."), EvaluationContributionQuery),
    responses((status = 200, description = "A page.", body = EvaluationContributionPage))
)]
#[get("/evaluation-rounds/{evaluation_round_id}/contributions")]
pub async fn list_evaluation_contributions(
    door: Door,
    caller: Caller<actions::List, resources::EvaluationContributions>,
    id: Id<EvaluationRoundId>,
    query: Parameters<EvaluationContributionQuery>,
) -> ApiResult<Answer> {
    door.read("list_evaluation_contributions", caller, move |reader| {
        let round: EvaluationRoundRow = entries::known(reader, id.0)?;
        let asked = query.read()?;
        let request = reader.page(&query, asked.limit, asked.cursor.as_deref());
        let after = request.after()?.unwrap_or(EvaluationContributionId(uuid::Uuid::nil()));
        let rights = reader.rights.clone();
        let rows = matching(reader.connection, &rights, &round, &asked, after, request.limit() + 1)?;
        let themes = themes_of(reader.connection, &rows)?;
        let page = request.page(rows, |row: &EvaluationContributionRow| row.id)?;
        let page = page.try_map(|row| Ok(EvaluationContribution::shown(row, &round, &rights, &themes)))?;
        Answer::ok(&EvaluationContributionPage::from(page))
    })
    .await
}

fn matching(
    connection: &mut Connection,
    rights: &Rights,
    round: &EvaluationRoundRow,
    asked: &EvaluationContributionQuery,
    after: EvaluationContributionId,
    limit: i64,
) -> QueryResult<Vec<EvaluationContributionRow>> {
    let of_round = contributions::table.filter(contributions::evaluation_round_id.eq(round.id));
    let mut list = of_round.filter(contributions::id.gt(after)).order(contributions::id).limit(limit).into_boxed();
    if let Some(category) = asked.category {
        list = list.filter(contributions::category.eq(category));
    }
    if let Some(status) = asked.status {
        list = list.filter(contributions::status.eq(status));
    }
    if !round.is_kept_by(rights) {
        let grants = rights.grants_for(Action::Read, Resource::EvaluationContributions);
        let granted: Vec<OrganisationId> = grants.iter().map(|grant| grant.organisation).collect();
        let own = organisation_ancestors::table
            .filter(organisation_ancestors::ancestor_id.eq_any(granted))
            .select(organisation_ancestors::organisation_id);
        list = list.filter(contributions::recorded_by_org_id.eq_any(own));
    }
    list.load(connection)
}

/// The themes that contributions were placed under.
fn themes_of(connection: &mut Connection, rows: &[EvaluationContributionRow]) -> QueryResult<Themes> {
    let ids: Vec<EvaluationContributionId> = rows.iter().map(|row| row.id).collect();
    let placed: Vec<(EvaluationContributionId, EvaluationThemeId)> = placements::table
        .filter(placements::evaluation_contribution_id.eq_any(ids))
        .order((placements::evaluation_contribution_id, placements::evaluation_theme_id))
        .load(connection)?;
    let mut themes = Themes::new();
    for (contribution, theme) in placed {
        themes.entry(contribution).or_default().push(theme);
    }
    Ok(themes)
}

/// Contribute to an evaluation round.
///
/// While it collects, as one of those it asks. What is said is never edited; only who keeps the round and your organisation read it.
#[utoipa::path(
    tag = "Evaluation",
    params(("evaluation_round_id" = EvaluationRoundId, Path, description = "The round.")),
    request_body = NewEvaluationContribution,
    responses((status = 201, description = "The contribution.", body = EvaluationContribution))
)]
#[post("/evaluation-rounds/{evaluation_round_id}/contributions")]
pub async fn create_evaluation_contribution(
    door: Door,
    caller: Caller<actions::Create, resources::EvaluationContributions>,
    id: Id<EvaluationRoundId>,
    body: Body<NewEvaluationContribution>,
) -> ApiResult<Answer> {
    door.write("create_evaluation_contribution", caller, Some(body.fingerprint()), move |unit| {
        let round: EvaluationRoundRow = entries::found_locked(unit, id.0)?;
        let new = body.read()?;
        let from = sender(&unit.rights, new.organisation_id)?;
        let id = EvaluationContributionId::new();
        let row = match unit.replay(id.0)? {
            Some(earlier) => entries::made_before(unit, earlier)?,
            None => contribute(unit, id, &round, from, new)?,
        };
        let (path, version) = (format!("/evaluation-contributions/{}", row.id), row.version);
        let themes = themes_of(unit.connection, std::slice::from_ref(&row))?;
        let contribution = EvaluationContribution::shown(row, &round, &unit.rights, &themes);
        unit.created(&path, version, &contribution)
    })
    .await
}

/// The organisation that a contribution is sent from: the one that says it, or the caller's own; 422 where the caller does not speak for it.
fn sender(rights: &Rights, says: Option<OrganisationId>) -> ApiResult<OrganisationId> {
    let speaks_for = |id: OrganisationId| rights.may_in(Action::Create, Resource::EvaluationContributions, id);
    match says {
        Some(id) if speaks_for(id) => Ok(id),
        Some(_) => Err(ApiError::unknown_reference("organisation_id")),
        None if speaks_for(rights.organisation) => Ok(rights.organisation),
        None => {
            let grants = rights.grants_for(Action::Create, Resource::EvaluationContributions);
            let granted = grants.first().map(|grant| grant.organisation);
            granted.ok_or_else(|| ApiError::forbidden("none of your grants lets you contribute"))
        }
    }
}

/// Keeps a new contribution to a locked round; used by the demonstration data as well.
pub fn contribute(
    unit: &mut Unit<'_>,
    id: EvaluationContributionId,
    round: &EvaluationRoundRow,
    from: OrganisationId,
    new: NewEvaluationContribution,
) -> ApiResult<EvaluationContributionRow> {
    if !round.categories()?.contains(&new.category) {
        return Err(ApiError::invalid_member("category", "is not one that the round asks"));
    }
    if new.category == StakeholderCategory::Resident && new.organisation_id.is_some() {
        return Err(ApiError::invalid_member("organisation_id", "no organisation says what a resident says"));
    }
    let days = (round.collects_from, round.collects_until);
    if let Some(refusal) = refusal_of_contributions(round.status, days, clock::date_of(unit.now)) {
        return Err(ApiError::unmet(vec![refusal]));
    }
    let sent = contributions::table
        .filter(contributions::evaluation_round_id.eq(round.id))
        .filter(contributions::recorded_by_org_id.eq(from));
    let sent: i64 = sent.count().get_result(unit.connection)?;
    if sent >= MOST_FROM_ONE {
        let why = format!("an organisation sends at most {MOST_FROM_ONE} contributions to a round");
        return Err(ApiError::conflict(why));
    }
    let row = EvaluationContributionRow {
        id,
        evaluation_round_id: round.id,
        keeper_id: round.organisation_id,
        recorded_by_org_id: from,
        category: new.category,
        organisation_id: new.organisation_id,
        text: Some(new.text),
        language: new.language,
        status: EvaluationContributionStatus::Received,
        set_aside_reason: None,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    };
    let members = ["evaluation_round_id", "category", "organisation_id", "text", "language", "status"];
    entries::add(unit, &row, &members)?;
    Ok(row)
}

/// A contribution that the caller may know of; 404 else.
pub fn in_sight(unit: &mut Unit<'_>, id: EvaluationContributionId) -> ApiResult<EvaluationContributionRow> {
    let found = EvaluationContributionRow::find(unit.connection, id)?;
    found.filter(|row| row.is_in_sight_of(&unit.rights)).ok_or_else(ApiError::not_found)
}

/// Read a contribution to an evaluation round.
///
/// For who keeps the round, and for the organisation that said or sent it.
#[utoipa::path(
    tag = "Evaluation",
    params(("evaluation_contribution_id" = EvaluationContributionId, Path, description = "The contribution.")),
    responses((status = 200, description = "The contribution.", body = EvaluationContribution))
)]
#[get("/evaluation-contributions/{evaluation_contribution_id}")]
pub async fn read_evaluation_contribution(
    door: Door,
    caller: Caller<actions::Read, resources::EvaluationContributions>,
    id: Id<EvaluationContributionId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_evaluation_contribution", caller, move |reader| {
        let row: EvaluationContributionRow = entries::known(reader, id.0)?;
        if !row.is_in_sight_of(&reader.rights) {
            return Err(ApiError::not_found());
        }
        let round: EvaluationRoundRow = entries::known(reader, row.evaluation_round_id)?;
        let themes = themes_of(reader.connection, std::slice::from_ref(&row))?;
        let contribution = EvaluationContribution::shown(row, &round, &reader.rights, &themes);
        // Neither where it is placed nor how its round stands gives it another version.
        let view = format!("{:?}{:?}", contribution.theme_ids, contribution.allowed_transitions);
        reader.answer_row(contribution.version, &held, &Fields::default(), &view, &contribution)
    })
    .await
}
