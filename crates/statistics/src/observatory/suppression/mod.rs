//! Small counts, hidden when a release is published (domain 42). What is hidden is not kept: the release has no value there any more.
//!
//! What is to be hidden is found before the publication begins, without a lock: the observations of a release do not change. The publication
//! checks that it is still the next one after the releases that were looked at.

mod impossible;
mod relations;
mod values;

use std::collections::{BTreeMap, HashMap, HashSet};

use approdo_db::schema::{dataset_releases, observations};
use approdo_db::{Connection, on_backend};
use approdo_disclosure as disclosure;
use diesel::prelude::*;

use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::observatory::cells;
use crate::observatory::datasets::Dataset;
use crate::observatory::releases::{Release, ReleaseId};

/// Places that one statement names: SQLite binds 32,766 values at most.
const AT_ONCE: usize = 10_000;

/// How readers are told of a value that is kept back: SDMX `CL_OBS_STATUS` and `CL_CONF_STATUS`. Small counts are not told apart from what is hidden
/// to protect them.
const OBS_STATUS: &str = "Q";
const CONF_STATUS: &str = "C";

/// Place, slice and period of an observation.
type Key = (i32, i32, i32);

/// What is to be hidden of a release, if it is the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    release: ReleaseId,
    /// The releases that everybody has.
    earlier: Vec<ReleaseId>,
    /// What the dataset was when it was looked at: its threshold, and which codes hold which.
    dataset_version: i64,
    /// Places to hide, by slice and period.
    hidden: BTreeMap<(i32, i32), Vec<i32>>,
}

/// A release with what everybody has, read from the database: what is to be hidden is found without it.
pub struct Table {
    release: ReleaseId,
    earlier: Vec<ReleaseId>,
    dataset_version: i64,
    keys: Vec<Key>,
    table: disclosure::Table,
    threshold: u32,
}

impl Table {
    /// Reads what a publication looks at. Nothing where the dataset has no threshold. `apart` are dimensions of which no code holds another.
    ///
    /// # Errors
    /// 409 where there is too much of it, or it is not known what adds up.
    pub fn read(
        connection: &mut Connection,
        dataset: &Dataset,
        release: &Release,
        apart: &[String],
    ) -> ApiResult<Option<Self>> {
        let threshold = u32::try_from(dataset.suppress_below).map_err(ApiError::fault)?;
        if threshold == 0 {
            return Ok(None);
        }
        let dimensions = dataset.dimensions()?;
        let earlier = public(connection, release)?;
        let (values, before) = values::read(connection, release.id, &earlier)?;
        let codes = values::Codes::read(connection, dataset, &dimensions)?;
        let mut used: Vec<HashSet<u32>> = vec![HashSet::new(); dimensions.len()];
        for key in values.keys().chain(before.iter().flat_map(HashMap::keys)) {
            for (used, number) in used.iter_mut().zip(codes.of(*key)?) {
                used.insert(number);
            }
        }
        let relations = relations::read(connection, dataset, &dimensions, (&used, apart))?;
        let key_of = |key: Key| Ok(relations.placed(codes.of(key)?, key.2));
        let (keys, mut cells) = present(&values, &before, &key_of)?;
        let is_free_nought =
            |cell: &&mut disclosure::Cell| cell.value == Some(0.0) && cell.standing == disclosure::Standing::Free;
        for cell in cells.iter_mut().filter(is_free_nought).filter(|cell| relations.impossible.holds(&cell.key)) {
            // Everybody knows such a nought: hidden, it would cover nothing.
            cell.standing = disclosure::Standing::Known;
        }
        relations.check(&cells)?;
        let earlier_cells = past(&values, &before, &key_of)?;
        let table = disclosure::Table { dimensions: relations.dimensions, cells, earlier: earlier_cells };
        Ok(Some(Self { release: release.id, earlier, dataset_version: dataset.version, keys, table, threshold }))
    }

    /// Finds what is to be hidden.
    ///
    /// # Errors
    /// 409 where the values are no counts, or cannot be protected.
    pub fn plan(self) -> ApiResult<Plan> {
        let outcome = disclosure::suppress(&self.table, self.threshold).map_err(|refusal| refused(&refusal))?;
        let mut hidden: BTreeMap<(i32, i32), Vec<i32>> = BTreeMap::new();
        for ((area, slice, period), outcome) in self.keys.into_iter().zip(outcome.cells) {
            if !outcome.is_shown() {
                hidden.entry((slice, period)).or_default().push(area);
            }
        }
        Ok(Plan { release: self.release, earlier: self.earlier, dataset_version: self.dataset_version, hidden })
    }
}

impl Plan {
    /// Hides what is to be hidden, under the lock of the dataset; how many values that are. 409 where another release has been
    /// published meanwhile, or the dataset edited.
    pub fn carry_out(&self, connection: &mut Connection, release: &Release, dataset: &Dataset) -> ApiResult<i64> {
        let is_of_now = self.dataset_version == dataset.version && self.release == release.id;
        if !is_of_now || self.earlier != public(connection, release)? {
            return Err(try_again());
        }
        let set = cells::set_of(connection, release.id)?;
        let mut count = 0;
        for (&(slice, period), areas) in &self.hidden {
            use observations as o;
            for areas in areas.chunks(AT_ONCE) {
                let hide = (
                    o::value.eq(None::<f64>),
                    o::obs_status.eq(Some(OBS_STATUS)),
                    o::conf_status.eq(Some(CONF_STATUS)),
                );
                count += on_backend!(&mut *connection, c => diesel::update(
                    o::table
                        .filter(o::set_number.eq(set))
                        .filter(o::slice.eq(slice))
                        .filter(o::period.eq(period))
                        .filter(o::area.eq_any(areas)),
                )
                .set(hide)
                .execute(c))?;
            }
        }
        i64::try_from(count).map_err(ApiError::fault)
    }
}

/// 409 where what was looked at is not what is to be published.
pub fn try_again() -> ApiError {
    ApiError::conflict("the dataset was published or edited meanwhile: try again").retry_after(1)
}

/// 409 because of what the publication would tell.
fn unprotected(detail: &'static str) -> ApiError {
    ApiError::unmet(vec![UnmetGuard::new("suppression", detail)])
}

/// The log is told the kind alone: keys and values are what is to be hidden.
fn refused(refusal: &disclosure::Refusal) -> ApiError {
    match refusal {
        disclosure::Refusal::NotACount { .. } => unprotected(
            "some values are no counts: small ones can be hidden among counts only; suppress_below 0 is for what is public already",
        ),
        disclosure::Refusal::WrongKey { .. } | disclosure::Refusal::Twice { .. } => {
            ApiError::fault("observations do not have the codes of their dataset")
        }
        disclosure::Refusal::WrongGroup { .. } => {
            unprotected("codes hold each other in a circle: see their parent_code")
        }
        disclosure::Refusal::TooManyAbsent => {
            unprotected("too many values are missing between what adds up: it cannot be told what follows from what")
        }
        disclosure::Refusal::Unprotectable { .. } => {
            unprotected("some small counts follow from what is public already, and cannot be protected")
        }
    }
}

/// The releases of the same dataset that everybody has or is going to have, by their number.
fn public(connection: &mut Connection, release: &Release) -> QueryResult<Vec<ReleaseId>> {
    dataset_releases::table
        .filter(dataset_releases::dataset_id.eq(release.dataset_id))
        .filter(dataset_releases::published_at.is_not_null())
        .filter(dataset_releases::id.ne(release.id))
        .order(dataset_releases::number)
        .select(dataset_releases::id)
        .load(connection)
}

/// The cells of the release, with the keys of its observations in their order.
fn present(
    values: &values::Values,
    before: &[values::Values],
    key_of: &impl Fn(Key) -> ApiResult<Vec<u32>>,
) -> ApiResult<(Vec<Key>, Vec<disclosure::Cell>)> {
    let mut keys: Vec<Key> = values.keys().copied().collect();
    keys.sort_unstable();
    // What was hidden once stays so.
    let hidden_before: HashSet<Key> =
        before.iter().flatten().filter(|(_, told)| told.is_kept_back).map(|(key, _)| *key).collect();
    let mut cells = Vec::with_capacity(keys.len());
    for key in &keys {
        let told = values.get(key).copied().unwrap_or_default();
        // What the source keeps back is not told because it was sent along.
        let is_kept_back = told.is_kept_back || hidden_before.contains(key);
        let standing = match is_kept_back && told.value.is_some() {
            true => disclosure::Standing::HiddenBefore,
            false => disclosure::Standing::Free,
        };
        cells.push(disclosure::Cell { key: key_of(*key)?, value: told.value, standing });
    }
    Ok((keys, cells))
}

/// The cells of the releases before it. What was hidden then is not known any more: a reader would take it for the present value.
fn past(
    values: &values::Values,
    before: &[values::Values],
    key_of: &impl Fn(Key) -> ApiResult<Vec<u32>>,
) -> ApiResult<Vec<Vec<disclosure::EarlierCell>>> {
    let mut earlier = Vec::with_capacity(before.len());
    for release in before {
        let mut cells = Vec::with_capacity(release.len());
        for (key, told) in release {
            let present = || values.get(key).and_then(|told| told.value).filter(|_| told.is_kept_back);
            if let Some(value) = told.value.or_else(present) {
                cells.push(disclosure::EarlierCell { key: key_of(*key)?, value, is_shown: told.value.is_some() });
            }
        }
        cells.sort_by(|one, other| one.key.cmp(&other.key));
        earlier.push(cells);
    }
    Ok(earlier)
}
