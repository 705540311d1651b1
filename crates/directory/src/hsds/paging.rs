//! Pages by number, and streams, as HSDS asks for them. Whoever asks has no token: few of these reads run at a time, and none
//! gathers more than a page of what is told in full.

use actix_web::web::Bytes;
use approdo_db::Connection;
use futures_util::stream;
use serde::Serialize;
use serde_json::Value;

use crate::app::{Shared, blocking};
use crate::error::{ApiError, ApiResult};
use crate::http::Answer;
use crate::http::slots::Slots;

const DEFAULT_SIZE: i64 = 50;
const LARGEST_SIZE: i64 = 1_000;
/// Entries with all that they are related to.
const LARGEST_FULL_SIZE: i64 = 50;
/// The farthest row a page can begin at: whoever wants more streams.
const FARTHEST: i64 = 100_000;

/// Reads of the façade that run at a time in a process.
static SLOTS: Slots = Slots::new(2, "the directory is asked for too much at present");

/// What everyone may keep for a minute.
const CACHED: &str = "public, max-age=60";

/// Reads and writes out an answer, off the async threads.
pub async fn one(
    app: Shared,
    read: impl Fn(&mut Connection) -> ApiResult<Value> + Send + 'static,
) -> ApiResult<Answer> {
    let slot = SLOTS.take().await?;
    blocking(move || {
        let _slot = slot;
        Ok(Answer::ok(&app.read_now(&read)?)?.cacheable(CACHED))
    })
    .await
}

/// What a list is asked for besides its filters.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    pub page: Option<i64>,
    pub per_page: Option<i64>,
    pub format: Option<String>,
    /// Whether entries come with all that they are related to.
    pub full: bool,
}

impl Asked {
    fn largest(&self) -> i64 {
        if self.full { LARGEST_FULL_SIZE } else { LARGEST_SIZE }
    }
}

/// Which rows of a list: a page's, or those that follow one.
#[derive(Debug, Clone)]
pub enum Span<K> {
    Page { offset: i64, limit: i64 },
    After { key: Option<K>, limit: i64 },
}

impl<K> Span<K> {
    pub fn limit(&self) -> i64 {
        match self {
            Self::Page { limit, .. } | Self::After { limit, .. } => *limit,
        }
    }

    pub fn offset(&self) -> i64 {
        match self {
            Self::Page { offset, .. } => *offset,
            Self::After { .. } => 0,
        }
    }

    pub fn after(&self) -> Option<&K> {
        match self {
            Self::Page { .. } => None,
            Self::After { key, .. } => key.as_ref(),
        }
    }
}

/// A list: how many rows there are, and some of them, each with what it is ordered by.
pub trait Listed: Clone + Send + Sync + 'static {
    type Key: Clone + Send + 'static;

    fn count(&self, connection: &mut Connection) -> ApiResult<i64>;
    fn rows(&self, connection: &mut Connection, span: &Span<Self::Key>) -> ApiResult<Vec<(Self::Key, Value)>>;
}

/// A page as HSDS has it.
#[derive(Serialize)]
struct Page {
    total_items: i64,
    total_pages: i64,
    page_number: i64,
    size: usize,
    first_page: bool,
    last_page: bool,
    empty: bool,
    contents: Vec<Value>,
}

/// Answers a page, or with `format=ndjson` all rows, one a line.
pub async fn answer<L: Listed>(app: Shared, asked: Asked, list: L) -> ApiResult<Answer> {
    match asked.format.as_deref() {
        None | Some("json") => page(app, asked, list).await,
        Some("ndjson") => streamed(app, asked, list).await,
        Some(_) => Err(ApiError::malformed("format is json or ndjson")),
    }
}

async fn page<L: Listed>(app: Shared, asked: Asked, list: L) -> ApiResult<Answer> {
    let (largest, number) = (asked.largest(), asked.page.unwrap_or(1));
    let limit = asked.per_page.unwrap_or(DEFAULT_SIZE);
    let offset = number.saturating_sub(1).saturating_mul(limit);
    if !(1..=largest).contains(&limit) || number < 1 || offset > FARTHEST {
        let detail =
            format!("page begins at 1, per_page lies between 1 and {largest}: beyond that, format=ndjson streams all");
        return Err(ApiError::malformed(detail));
    }
    let slot = SLOTS.take().await?;
    blocking(move || {
        let _slot = slot;
        let (total, rows) = app.read_now(|connection| {
            Ok((list.count(connection)?, list.rows(connection, &Span::Page { offset, limit })?))
        })?;
        let total_pages = (total + limit - 1) / limit;
        let page = Page {
            total_items: total,
            total_pages,
            page_number: number,
            size: rows.len(),
            first_page: number == 1,
            last_page: number >= total_pages,
            empty: rows.is_empty(),
            contents: rows.into_iter().map(|(_, row)| row).collect(),
        };
        Ok(Answer::ok(&page)?.cacheable(CACHED))
    })
    .await
}

async fn streamed<L: Listed>(app: Shared, asked: Asked, list: L) -> ApiResult<Answer> {
    let limit = asked.largest();
    // The first lines are read here, so that what is wrong is answered as a problem.
    let (first, next) = lines(app.clone(), list.clone(), None, limit).await?;
    let rest = stream::try_unfold(next, move |next| {
        let (app, list) = (app.clone(), list.clone());
        async move {
            let Some(key) = next else { return Ok(None) };
            Ok(Some(lines(app, list, Some(key), limit).await?))
        }
    });
    let first = stream::once(std::future::ready(Ok(first)));
    Ok(Answer::stream("application/x-ndjson", Box::pin(futures_util::StreamExt::chain(first, rest))).cacheable(CACHED))
}

/// Some lines, and where to go on.
async fn lines<L: Listed>(app: Shared, list: L, key: Option<L::Key>, limit: i64) -> ApiResult<(Bytes, Option<L::Key>)> {
    let slot = SLOTS.take().await?;
    blocking(move || {
        let _slot = slot;
        let span = Span::After { key, limit };
        let mut rows = app.read_now(|connection| list.rows(connection, &span))?;
        let mut text = Vec::new();
        for (_, row) in &rows {
            serde_json::to_writer(&mut text, row).map_err(ApiError::fault)?;
            text.push(b'\n');
        }
        let is_all = i64::try_from(rows.len()).map_err(ApiError::fault)? < limit;
        let last = rows.pop().map(|(key, _)| key).filter(|_| !is_all);
        Ok((text.into(), last))
    })
    .await
}
