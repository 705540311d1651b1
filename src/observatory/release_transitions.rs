//! Moves of a release. Each an immutable row.

use actix_web::post;
use approdo_db::Timestamp;
use approdo_db::schema::dataset_releases;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::{Validate, ValidationErrors};

use crate::access::caller::{Caller, actions, resources};
use crate::aggregate::moves::{self, ChildTransition, ChildTransitionId, texts_within};
use crate::clock;
use crate::directory::entries;
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::http::{Answer, Body, Checked, Door, Id, IfMatch, reading};
use crate::observatory::cells;
use crate::observatory::codelists;
use crate::observatory::datasets::Dataset;
use crate::observatory::releases::{Release, ReleaseId, ReleaseStatus};
use crate::work::Unit;

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
        texts_within(&[("note", self.to().1, 2000)])
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
    door.write("create_dataset_release_transition", caller, Some(body.fingerprint()), move |unit| {
        let transition = entries::run(unit, id.0, &if_match, &body, make)?;
        let path = format!("/dataset-releases/{}", transition.resource_id);
        unit.created(&path, transition.resource_version, &transition)
    })
    .await
}

/// Moves a locked release; used by the demonstration data as well.
pub fn make(
    unit: &mut Unit<'_>,
    mut row: Release,
    id: ChildTransitionId,
    asked: &NewReleaseTransition,
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
            publish(unit, &mut row, embargo)?;
            changed.push("published_at");
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
fn publish(unit: &mut Unit<'_>, row: &mut Release, embargo: Option<Timestamp>) -> ApiResult<()> {
    // One publication of a dataset at a time.
    let mut dataset: Dataset = entries::found_locked(unit, row.dataset_id)?;
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

/// Takes a publication back whose embargo has not ended; the release before it goes on being the last.
fn take_back(unit: &mut Unit<'_>, row: &mut Release) -> ApiResult<()> {
    let _: Dataset = entries::found_locked(unit, row.dataset_id)?;
    let before: Option<Release> = dataset_releases::table
        .filter(dataset_releases::dataset_id.eq(row.dataset_id))
        .filter(dataset_releases::status.eq(ReleaseStatus::Superseded))
        .order(dataset_releases::published_at.desc())
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
