//! Pages by number, and streams, as HSDS asks for them.

use actix_web::web::Bytes;
use futures_util::stream;
use serde_json::{Value, json};

use crate::app::{Shared, blocking};
use crate::error::{ApiError, ApiResult};
use crate::http::Answer;
use approdo_db::Connection;

const DEFAULT_SIZE: i64 = 50;
const LARGEST_SIZE: i64 = 1_000;
/// The farthest row a page can begin at: whoever wants more streams.
const FARTHEST: i64 = 1_000_000;

/// What a list is asked for besides its filters.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    pub page: Option<i64>,
    pub per_page: Option<i64>,
    pub format: Option<String>,
}

/// How many rows there are, and some of them: from an offset, at most so many.
pub trait Listed: Send + Sync + 'static {
    fn count(&self, connection: &mut Connection) -> ApiResult<i64>;
    fn rows(&self, connection: &mut Connection, offset: i64, limit: i64) -> ApiResult<Vec<Value>>;
}

/// Answers a page, or with `format=ndjson` all rows, one a line.
pub async fn answer<L: Listed + Clone>(app: Shared, asked: Asked, list: L) -> ApiResult<Answer> {
    match asked.format.as_deref() {
        None | Some("json") => page(app, asked, list).await,
        Some("ndjson") => streamed(app, list).await,
        Some(_) => Err(ApiError::malformed("format is json or ndjson")),
    }
}

async fn page<L: Listed>(app: Shared, asked: Asked, list: L) -> ApiResult<Answer> {
    let size = asked.per_page.unwrap_or(DEFAULT_SIZE);
    let number = asked.page.unwrap_or(1);
    if !(1..=LARGEST_SIZE).contains(&size) || number < 1 || (number - 1).saturating_mul(size) > FARTHEST {
        return Err(ApiError::malformed("page begins at 1, per_page lies between 1 and 1000"));
    }
    let (total, contents) = blocking(move || {
        app.read_now(|connection| {
            let total = list.count(connection)?;
            Ok((total, list.rows(connection, (number - 1) * size, size)?))
        })
    })
    .await?;
    let pages = (total + size - 1) / size;
    Answer::ok(&json!({
        "total_items": total,
        "total_pages": pages,
        "page_number": number,
        "size": contents.len(),
        "first_page": number == 1,
        "last_page": number >= pages,
        "empty": contents.is_empty(),
        "contents": contents,
    }))
}

async fn streamed<L: Listed + Clone>(app: Shared, list: L) -> ApiResult<Answer> {
    // The first lines are read here, so that what is wrong is answered as a problem.
    let first = lines(app.clone(), list.clone(), 0).await?;
    let rest = stream::try_unfold(first.1, move |next| {
        let (app, list) = (app.clone(), list.clone());
        async move {
            let Some(offset) = next else { return Ok(None) };
            let (text, next) = lines(app, list, offset).await?;
            Ok(Some((text, next)))
        }
    });
    let first = stream::once(std::future::ready(Ok(first.0)));
    Ok(Answer::stream("application/x-ndjson", Box::pin(futures_util::StreamExt::chain(first, rest))))
}

/// Some lines, and where to go on.
async fn lines<L: Listed>(app: Shared, list: L, offset: i64) -> ApiResult<(Bytes, Option<i64>)> {
    let rows = blocking(move || app.read_now(|connection| list.rows(connection, offset, LARGEST_SIZE))).await?;
    let mut text = Vec::new();
    for row in &rows {
        serde_json::to_writer(&mut text, row).map_err(ApiError::fault)?;
        text.push(b'\n');
    }
    let read = i64::try_from(rows.len()).map_err(ApiError::fault)?;
    Ok((text.into(), (read == LARGEST_SIZE).then_some(offset + read)))
}
