//! Releases of a dataset: what one import brought, checked and published, and never changed (domain 40).

use actix_web::get;
use approdo_db::schema::dataset_releases;
use approdo_db::{Connection, Timestamp, define_id, text_enum};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, OrganisationId, Resource, Rights};
use crate::entries;
use crate::entry;
use crate::error::{ApiError, ApiResult};
use crate::http::{Answer, Door, Fields, Id, IfNoneMatch, Parameters, Reader};
use crate::observatory::datasets::{Dataset, DatasetId};
use crate::page_of;
use crate::paged_query;

define_id! {
    /// The id of a release.
    #[derive(ToSchema)]
    ReleaseId;
}

text_enum! {
    /// How a release stands.
    #[derive(ToSchema)]
    ReleaseStatus {
        /// Its import is under way.
        Loading = "loading",
        Loaded = "loaded",
        /// Somebody has looked at what was rejected and what is odd.
        Validated = "validated",
        Approved = "approved",
        /// Everybody reads it, from `published_at` on.
        Published = "published",
        /// A later release is published.
        Superseded = "superseded",
        /// It was never published, and has no observations any more.
        Discarded = "discarded",
    }
}

impl ReleaseStatus {
    /// Where it can be moved by somebody.
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Loading | Self::Published | Self::Superseded | Self::Discarded => &[],
            Self::Loaded => &[Self::Validated, Self::Discarded],
            Self::Validated => &[Self::Approved, Self::Discarded],
            Self::Approved => &[Self::Published, Self::Discarded],
        }
    }
}

/// A release.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize, ToSchema)]
#[diesel(table_name = dataset_releases, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct Release {
    pub id: ReleaseId,
    pub dataset_id: DatasetId,
    /// The organisation that keeps the dataset.
    pub organisation_id: OrganisationId,
    /// Counts the dataset's releases from 1.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub number: i64,
    pub status: ReleaseStatus,
    /// Observations it has.
    #[schema(minimum = 0, maximum = 9007199254740991_i64)]
    pub observations: i64,
    /// Rows of the file that were rejected.
    #[schema(minimum = 0, maximum = 9007199254740991_i64)]
    pub rejected: i64,
    /// From when on everybody reads it: the moment it was published, or the end of its embargo.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub published_at: Option<Timestamp>,
    /// From when on a later one is read in its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub superseded_at: Option<Timestamp>,
    /// Rises with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Values that were hidden when it was published.
    #[schema(minimum = 0, maximum = 9007199254740991_i64)]
    pub suppressed: i64,
}

entry!(Release, ReleaseId, dataset_releases, organisation_id, "dataset_release", DatasetReleases);

page_of! {
    /// A page of releases.
    ReleasePage of Release
}

impl Release {
    /// Whether everybody reads it, or read it once.
    pub fn is_public(&self, now: Timestamp) -> bool {
        let published = matches!(self.status, ReleaseStatus::Published | ReleaseStatus::Superseded);
        published && self.published_at.is_some_and(|at| at <= now)
    }

    /// As it stands now: under embargo it has been approved, and what it is to supersede is still published.
    fn shown(mut self, now: Timestamp) -> Self {
        let later = |at: Option<Timestamp>| at.is_some_and(|at| at > now);
        self.status = match self.status {
            ReleaseStatus::Published | ReleaseStatus::Superseded if later(self.published_at) => ReleaseStatus::Approved,
            ReleaseStatus::Superseded if later(self.superseded_at) => ReleaseStatus::Published,
            status => status,
        };
        // When the next one is due is not for everybody to know.
        self.superseded_at = self.superseded_at.filter(|at| *at <= now);
        self
    }
}

/// Whether a caller may see what is not published yet.
pub fn keeps(rights: &Rights, organisation: OrganisationId) -> bool {
    rights.may_in(Action::Edit, Resource::DatasetReleases, organisation)
}

/// A release that the caller may see; 404 else.
pub fn visible(connection: &mut Connection, rights: &Rights, now: Timestamp, id: ReleaseId) -> ApiResult<Release> {
    let row: Option<Release> = dataset_releases::table.find(id).first(connection).optional()?;
    row.filter(|row| row.is_public(now) || keeps(rights, row.organisation_id)).ok_or_else(ApiError::not_found)
}

/// The release that everybody reads at an instant.
pub fn current(connection: &mut Connection, dataset: DatasetId, at: Timestamp) -> QueryResult<Option<Release>> {
    dataset_releases::table
        .filter(dataset_releases::dataset_id.eq(dataset))
        .filter(dataset_releases::published_at.le(at))
        .order((dataset_releases::published_at.desc(), dataset_releases::number.desc()))
        .first(connection)
        .optional()
}

/// The release of a dataset that is asked for: one that the caller may see, the one of an instant, or the one that everybody reads.
///
/// # Errors
/// 400 where both are named; 403 of what is computed and not published; 404 where there is none, or its observations are gone.
pub fn asked(
    reader: &mut Reader<'_>,
    dataset: &Dataset,
    release: Option<ReleaseId>,
    as_of: Option<DateTime<Utc>>,
) -> ApiResult<Release> {
    let found = match (release, as_of) {
        (Some(_), Some(_)) => return Err(ApiError::malformed("ask for release_id or as_of, not for both")),
        (Some(release), None) => {
            let release = visible(reader.connection, &reader.rights, reader.now, release)?;
            let there = release.dataset_id == dataset.id && release.status != ReleaseStatus::Discarded;
            Some(release).filter(|_| there)
        }
        (None, at) => {
            let at = at.map_or(reader.now, Timestamp::new).min(reader.now);
            current(reader.connection, dataset.id, at)?
        }
    };
    let found = found.ok_or_else(ApiError::not_found)?;
    if dataset.computed_from.is_some() && !found.is_public(reader.now) {
        return Err(ApiError::forbidden("what is computed is read when it is published, with small counts hidden"));
    }
    Ok(found)
}

paged_query! {
    /// How to list the releases of a dataset.
    ReleaseQuery {}
}

/// List the releases of a dataset.
///
/// Newest first. Those that are not published are seen by whoever keeps the dataset.
#[utoipa::path(
    tag = "Observatory",
    params(("dataset_id" = DatasetId, Path, description = "The dataset."), ReleaseQuery),
    responses((status = 200, description = "A page.", body = ReleasePage))
)]
#[get("/datasets/{dataset_id}/releases")]
pub async fn list_dataset_releases(
    door: Door,
    caller: Caller<actions::List, resources::DatasetReleases>,
    id: Id<DatasetId>,
    query: Parameters<ReleaseQuery>,
) -> ApiResult<Answer> {
    door.read("list_dataset_releases", caller, move |reader| {
        let dataset: Dataset = entries::known(reader, id.0)?;
        let asked = query.read()?;
        let request = reader.page(&query, asked.limit, asked.cursor.as_deref());
        let mut list = dataset_releases::table
            .filter(dataset_releases::dataset_id.eq(dataset.id))
            .order(dataset_releases::number.desc())
            .limit(request.limit() + 1)
            .into_boxed();
        if let Some(number) = request.after::<i64>()? {
            list = list.filter(dataset_releases::number.lt(number));
        }
        if !keeps(&reader.rights, dataset.organisation_id) {
            list = list.filter(dataset_releases::published_at.le(reader.now));
        }
        let rows: Vec<Release> = list.load(reader.connection)?;
        let now = reader.now;
        let page = request.page(rows, |row: &Release| row.number)?;
        Answer::ok(&ReleasePage::from(page.try_map(|row| Ok(row.shown(now)))?))
    })
    .await
}

/// Read a release.
///
/// Before it is published, whoever keeps its dataset may.
#[utoipa::path(
    tag = "Observatory",
    params(("release_id" = ReleaseId, Path, description = "The release.")),
    responses((status = 200, description = "The release.", body = Release))
)]
#[get("/dataset-releases/{release_id}")]
pub async fn read_dataset_release(
    door: Door,
    caller: Caller<actions::Read, resources::DatasetReleases>,
    id: Id<ReleaseId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_dataset_release", caller, move |reader| {
        let row = visible(reader.connection, &reader.rights, reader.now, id.0)?;
        // What the hour alone changes is part of what the tag is of.
        let row = row.shown(reader.now);
        reader.answer_row(row.version, &held, &Fields::default(), row.status.as_str(), &row)
    })
    .await
}
