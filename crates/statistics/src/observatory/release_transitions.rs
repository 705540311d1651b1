//! Moves of a release. Each an immutable row.

use actix_web::{post, web};
use approdo_db::Timestamp;
use approdo_db::schema::{child_transitions, dataset_releases};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::{Validate, ValidationError, ValidationErrors};

use crate::access::caller::{Caller, actions, resources};
use crate::aggregate::moves::{self, ChildTransition, ChildTransitionId, texts_within};
use crate::clock;
use crate::entries::{self, Entry as _};
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::http::slots::Slots;
use crate::http::{Answer, Body, Checked, Door, Id, IfMatch, Reader, reading, texts};
use crate::observatory::cells;
use crate::observatory::codelists;
use crate::observatory::datasets::{Dataset, identifier};
use crate::observatory::releases::{self, Release, ReleaseId, ReleaseStatus};
use crate::observatory::suppression::{self, Plan};
use crate::work::Unit;

/// Publications that are prepared at a time in a process: each works on one thread for as long as it takes.
static PLANS: Slots = Slots::new(1, "another publication is being prepared");

/// Seconds that an embargo can last.
const LONGEST_EMBARGO: i64 = 2 * 366 * 24 * 3600;

/// Where to move a release.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "to", rename_all = "snake_case", deny_unknown_fields)]
#[schema(example = json!({"to": "validated", "accept_rejected": true, "note": "18 municipalities ceased, as the publisher says."}))]
pub enum NewReleaseTransition {
    /// From loaded.
    Validated {
        /// Whether it is right that rows of the file were rejected, or that the file ends within a line.
        #[serde(default)]
        #[schema(default = false)]
        accept_rejected: bool,
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    /// From validated.
    Approved {
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    /// From approved: everybody reads it in the place of the one before. For good.
    Published {
        /// Until then nobody does; within two years.
        #[schema(nullable = false)]
        #[serde(default, deserialize_with = "reading::optional_instant")]
        embargo_until: Option<DateTime<Utc>>,
        /// Where small counts are hidden: dimensions of which no code is what others add up to, though no code holds them all. What is known to add up goes on
        /// doing so.
        #[serde(default)]
        #[schema(required = false, value_type = Vec<texts::DimensionIdentifier>, max_items = 12)]
        apart: Vec<String>,
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    /// Before it is published, or while it is under embargo: its observations go.
    Discarded {
        #[schema(min_length = 1, max_length = 2000)]
        note: String,
    },
}

impl Validate for NewReleaseTransition {
    fn validate(&self) -> Result<(), ValidationErrors> {
        texts_within(&[("note", self.to().1, 2000)])?;
        match self {
            Self::Published { apart, .. } if apart.len() > 12 || apart.iter().any(|id| identifier(id).is_err()) => {
                let mut errors = ValidationErrors::new();
                let message = "must name dimensions by their identifiers, twelve at most";
                errors.add("apart", ValidationError::new("form").with_message(message.into()));
                Err(errors)
            }
            _ => Ok(()),
        }
    }
}

impl Checked for NewReleaseTransition {}

impl NewReleaseTransition {
    fn to(&self) -> (ReleaseStatus, Option<&str>) {
        match self {
            Self::Validated { note, .. } => (ReleaseStatus::Validated, note.as_deref()),
            Self::Approved { note } => (ReleaseStatus::Approved, note.as_deref()),
            Self::Published { note, .. } => (ReleaseStatus::Published, note.as_deref()),
            Self::Discarded { note } => (ReleaseStatus::Discarded, Some(note.as_str())),
        }
    }
}

/// Move a release.
///
/// `loaded`→`validated`→`approved`→`published`, and each before the last, or that under embargo, →`discarded`. A published one becomes `superseded` when a later
/// one is published.
#[utoipa::path(
    tag = "Observatory",
    params(("release_id" = ReleaseId, Path, description = "The release.")),
    request_body = NewReleaseTransition,
    responses((status = 201, description = "The move; `ETag` is the release's.", body = ChildTransition))
)]
#[post("/dataset-releases/{release_id}/transitions")]
pub async fn create_dataset_release_transition(
    door: Door,
    caller: Caller<actions::Transition, resources::DatasetReleases>,
    id: Id<ReleaseId>,
    if_match: IfMatch,
    body: Body<NewReleaseTransition>,
) -> ApiResult<Answer> {
    let (form, desk) = (door.require_fit(), door.desk("create_dataset_release_transition", &caller));
    let fingerprint = Some(body.fingerprint());
    let asked = body.read().ok();
    let table = desk.read(Ok(()), move |reader| to_protect(reader, id.0, asked.as_ref())).await?;
    let plan = match table {
        Some(table) => {
            let _slot = PLANS.again().await?;
            Some(web::block(move || table.plan()).await.map_err(ApiError::fault)?)
        }
        None => None,
    };
    desk.write(form, fingerprint, move |unit| {
        let transition = entries::run(unit, id.0, &if_match, &body, |unit, row, transition, asked| {
            make(unit, row, transition, asked, plan.as_ref())
        })?;
        let path = format!("/dataset-releases/{}", transition.resource_id);
        unit.created(&path, transition.resource_version, &transition)
    })
    .await
}

/// What has to be looked at before the release can be published, where that is asked for and may be.
fn to_protect(
    reader: &mut Reader<'_>,
    id: ReleaseId,
    asked: Option<&NewReleaseTransition>,
) -> ApiResult<Option<suppression::Table>> {
    let Some(NewReleaseTransition::Published { apart, .. }) = asked else { return Ok(None) };
    let release = Release::find(reader.connection, id)?.filter(|release| release.status == ReleaseStatus::Approved);
    let Some(release) = release.filter(|release| releases::keeps(&reader.rights, release.organisation_id)) else {
        return Ok(None);
    };
    let dataset = Dataset::find(reader.connection, release.dataset_id)?;
    let dataset = dataset.ok_or_else(|| ApiError::fault("a release of a dataset that is not there"))?;
    suppression::Table::read(reader.connection, &dataset, &release, apart)
}

/// Moves a locked release; used by the demonstration data as well. `plan` is what its publication is to hide.
pub fn make(
    unit: &mut Unit<'_>,
    mut row: Release,
    id: ChildTransitionId,
    asked: &NewReleaseTransition,
    plan: Option<&ApiResult<Plan>>,
) -> ApiResult<ChildTransition> {
    let (from, (to, note)) = (row.status, asked.to());
    let under_embargo = from == ReleaseStatus::Published && row.published_at.is_some_and(|at| at > unit.now);
    if !(from.next().contains(&to) || under_embargo && to == ReleaseStatus::Discarded) {
        return Err(moves::no_such_move("a release", from.as_str(), to.as_str()));
    }
    let mut changed = vec!["status"];
    match asked {
        NewReleaseTransition::Validated { accept_rejected, .. } => {
            if row.rejected > 0 && !accept_rejected {
                let detail = "rows of the file were rejected, or it ends within a line: see its import, and accept it";
                return Err(ApiError::unmet(vec![UnmetGuard::new("rejected", detail)]));
            }
        }
        NewReleaseTransition::Approved { .. } => {}
        NewReleaseTransition::Published { embargo_until, .. } => {
            let embargo = embargo_until.map(Timestamp::new);
            publish(unit, &mut row, embargo, plan)?;
            changed.extend(["published_at", "suppressed"]);
        }
        NewReleaseTransition::Discarded { .. } => {
            if under_embargo {
                take_back(unit, &mut row)?;
                changed.push("published_at");
            }
            cells::give_up(unit.connection, row.id)?;
            row.observations = 0;
            changed.push("observations");
        }
    }
    row.status = to;
    entries::save(unit, &mut row, &changed)?;
    entries::keep_move(unit, &row, id, (from.as_str(), to.as_str()), note)
}

/// Lets a release take the place of the one before it, when its embargo ends.
fn publish(
    unit: &mut Unit<'_>,
    row: &mut Release,
    embargo: Option<Timestamp>,
    plan: Option<&ApiResult<Plan>>,
) -> ApiResult<()> {
    // One publication of a dataset at a time.
    let mut dataset: Dataset = entries::found_locked(unit, row.dataset_id)?;
    if dataset.computed_from.is_some() && another_published_since(unit, row)? {
        let detail = "another release was published after this one was counted, which may tell the same periods differently: compute it again";
        return Err(ApiError::unmet(vec![UnmetGuard::new("counted_since", detail)]));
    }
    match plan.cloned().transpose()? {
        Some(plan) => row.suppressed = plan.carry_out(unit.connection, row, &dataset)?,
        None if dataset.suppress_below == 0 => {}
        None => return Err(suppression::try_again()),
    }
    if embargo.is_some_and(|until| until > clock::after(unit.now, LONGEST_EMBARGO)) {
        return Err(ApiError::invalid_member("embargo_until", "must be within two years"));
    }
    let at = embargo.filter(|until| *until > unit.now).unwrap_or(unit.now);
    let before: Option<Release> = dataset_releases::table
        .filter(dataset_releases::dataset_id.eq(row.dataset_id))
        .filter(dataset_releases::status.eq(ReleaseStatus::Published))
        .first(unit.connection)
        .optional()?;
    if let Some(mut before) = before {
        if before.published_at.is_some_and(|published| published > at) {
            let detail = "the release before it is under an embargo that ends later";
            return Err(ApiError::unmet(vec![UnmetGuard::new("embargo", detail)]));
        }
        before.status = ReleaseStatus::Superseded;
        before.superseded_at = Some(at);
        entries::save(unit, &mut before, &["status", "superseded_at"])?;
        let id = ChildTransitionId::new();
        entries::keep_move(unit, &before, id, ("published", "superseded"), None)?;
    }
    row.published_at = Some(at);
    let set = cells::set_of(unit.connection, row.id)?;
    codelists::publish(unit.connection, &dataset, set)?;
    if at == unit.now {
        entries::save(unit, &mut dataset, &["releases"])?;
    }
    Ok(())
}

/// Whether another release of the dataset was moved to published after this one was made.
fn another_published_since(unit: &mut Unit<'_>, row: &Release) -> QueryResult<bool> {
    use child_transitions as t;
    let others = dataset_releases::table
        .filter(dataset_releases::dataset_id.eq(row.dataset_id))
        .filter(dataset_releases::id.ne(row.id))
        .select(dataset_releases::id);
    let published: i64 = t::table
        .filter(t::resource_id.eq_any(others))
        .filter(t::to_status.eq(ReleaseStatus::Published))
        .filter(t::at.ge(row.created_at))
        .count()
        .get_result(unit.connection)?;
    Ok(published > 0)
}

/// Takes a publication back whose embargo has not ended; the release before it goes on being the last.
fn take_back(unit: &mut Unit<'_>, row: &mut Release) -> ApiResult<()> {
    let _: Dataset = entries::found_locked(unit, row.dataset_id)?;
    let before: Option<Release> = dataset_releases::table
        .filter(dataset_releases::dataset_id.eq(row.dataset_id))
        .filter(dataset_releases::status.eq(ReleaseStatus::Superseded))
        .order((dataset_releases::published_at.desc(), dataset_releases::number.desc()))
        .first(unit.connection)
        .optional()?;
    if let Some(mut before) = before {
        before.status = ReleaseStatus::Published;
        before.superseded_at = None;
        entries::save(unit, &mut before, &["status", "superseded_at"])?;
        let id = ChildTransitionId::new();
        entries::keep_move(unit, &before, id, ("superseded", "published"), None)?;
    }
    row.published_at = None;
    Ok(())
}
