//! Lists that are answered in pages, and streamed whole as NDJSON or CSV by `Accept` (api.md, "Lists").
//!
//! A stream reads chunk by chunk, each as if it were a request of its own: with the caller's present rights, on a connection
//! that goes back before the chunk leaves, its rows recorded as accesses before that. While the reader takes its time nothing is
//! held but the chunk.

use actix_web::web::Bytes;
use futures_util::stream;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;
use validator::Validate;

use crate::access::Rights;
use crate::access::caller::{Caller, Names};
use crate::access::policy::{Action, Resource};
use crate::error::{ApiError, ApiResult, Kind};
use crate::http::door::Desk;
use crate::http::formats::Rows;
use crate::http::page::Paged;
use crate::http::{Answer, Door, Fields, Format, Parameters, Reader};
use crate::maps::IdSet;

/// Rows of a chunk at most.
const CHUNK: i64 = 1_000;

/// A list as one query asks for it.
pub trait Listing: Sized + 'static {
    type Query: DeserializeOwned + Validate + Paged + 'static;
    type Row;
    /// Where a row stands in the order of the list.
    type Key: Serialize + DeserializeOwned + Clone + Send + 'static;
    /// What is shown of a row: a struct.
    type Item: Serialize;

    /// Members that `fields` can name, in the order of a table's columns.
    const MEMBERS: &'static [&'static str];
    /// Columns of a table besides those.
    const FURTHER: &'static [&'static str] = &[];
    /// What an answer with its rows is recorded as showing.
    const SHOWS: Resource;

    /// Reads what the query says; 403 for a filter by what the caller's grants hide.
    fn of(reader: &Reader<'_>, query: Self::Query) -> ApiResult<Self>;
    /// The first rows after a key, in order.
    fn rows(&self, reader: &mut Reader<'_>, after: Option<Self::Key>, limit: i64) -> ApiResult<Vec<Self::Row>>;
    fn key(&self, row: &Self::Row) -> Self::Key;
    /// What of `SHOWS` a row shows.
    fn shows(row: &Self::Row) -> Uuid;
    fn item(row: Self::Row, rights: &Rights) -> Self::Item;
}

impl Door {
    /// Answers a list: a page, or the whole of it as a stream where `Accept` prefers that.
    pub async fn list<A, R, L>(
        self,
        operation: &'static str,
        caller: Caller<A, R>,
        query: Parameters<L::Query>,
    ) -> ApiResult<Answer>
    where
        A: Names<Action>,
        R: Names<Resource>,
        L: Listing,
    {
        let desk = self.desk(operation, &caller);
        let head = self.is_head();
        match self.fit(&[Format::Json, Format::Ndjson, Format::Csv]) {
            Ok(format @ (Format::Ndjson | Format::Csv)) => Stream::<L>::begin(desk, query, format, head).await,
            form => desk.read(form.map(drop), move |reader| page::<L>(reader, &query)).await,
        }
    }
}

fn page<L: Listing>(reader: &mut Reader<'_>, query: &Parameters<L::Query>) -> ApiResult<Answer> {
    let asked = query.read()?;
    let (limit, cursor) = (asked.limit(), asked.cursor().map(str::to_owned));
    let named = asked.fields().map(str::to_owned);
    // What the caller may not ask is told before what is written wrongly.
    let list = L::of(reader, asked)?;
    let fields = Fields::parse(named.as_deref(), L::MEMBERS)?;
    let request = reader.page(query, limit, cursor.as_deref());
    let after = request.after()?;
    let rows = list.rows(reader, after, request.limit() + 1)?;
    let page = request.page(rows, |row| list.key(row))?;
    reader.shows(L::SHOWS, distinct(page.items.iter().map(L::shows)));
    let rights = reader.rights.clone();
    let page = page.try_map(|row| Ok(L::item(row, &rights)))?;
    Answer::ok(&page.narrowed(&fields))
}

fn distinct(ids: impl Iterator<Item = Uuid>) -> Vec<Uuid> {
    let mut seen = IdSet::default();
    ids.filter(|id| seen.insert(*id)).collect()
}

/// A list on its way.
struct Stream<L: Listing> {
    desk: Desk,
    query: Parameters<L::Query>,
    format: Format,
    next: Next<L::Key>,
}

/// What a stream reads next.
enum Next<K> {
    Beginning,
    After(K),
    Nothing,
}

struct Chunk<K> {
    text: Vec<u8>,
    /// The key of its last row, where more can follow.
    last: Option<K>,
}

impl<L: Listing> Stream<L> {
    /// Reads the first chunk, so that what is wrong is answered as a problem, and gives the rest to the connection.
    async fn begin(desk: Desk, query: Parameters<L::Query>, format: Format, head: bool) -> ApiResult<Answer> {
        let mut this = Self { desk, query, format, next: Next::Beginning };
        let first = this.chunk().await?;
        if head {
            this.next = Next::Nothing;
        }
        let rest = stream::try_unfold(this, |mut this| async move {
            if matches!(this.next, Next::Nothing) {
                return Ok(None);
            }
            match this.chunk().await {
                Ok(text) => Ok(Some((text, this))),
                Err(error) => Err(this.broken(error)),
            }
        });
        let first = stream::once(std::future::ready(Ok(first)));
        let whole = futures_util::StreamExt::chain(first, rest);
        Ok(Answer::stream(format.content_type(), Box::pin(whole)))
    }

    async fn chunk(&mut self) -> ApiResult<Bytes> {
        let (query, format) = (self.query.clone(), self.format);
        let after = match &self.next {
            Next::After(key) => Some(key.clone()),
            Next::Beginning | Next::Nothing => None,
        };
        let read = move |reader: &mut Reader<'_>| chunk::<L>(reader, &query, format, after.clone());
        let chunk = self.desk.read(Ok(()), read).await?;
        self.next = chunk.last.map_or(Next::Nothing, Next::After);
        Ok(chunk.text.into())
    }

    /// Says in the log why a stream ends early: its reader sees a broken connection only.
    fn broken(&self, error: ApiError) -> ApiError {
        let cause = error.cause().unwrap_or("no further cause").to_owned();
        let level = if error.kind() == Kind::Fault { log::Level::Error } else { log::Level::Warn };
        log::log!(level, "the stream of request {} broke off: {error}: {cause}", self.desk.context.id);
        error
    }
}

fn chunk<L: Listing>(
    reader: &mut Reader<'_>,
    query: &Parameters<L::Query>,
    format: Format,
    after: Option<L::Key>,
) -> ApiResult<Chunk<L::Key>> {
    let asked = query.read()?;
    let named = asked.fields().map(str::to_owned);
    let list = L::of(reader, asked)?;
    let fields = Fields::parse(named.as_deref(), L::MEMBERS)?;
    let columns = [L::MEMBERS, L::FURTHER].concat();
    let mut text = Rows::begin(format, &columns, fields, after.is_none())?
        .ok_or_else(|| ApiError::fault("a format that does not stream"))?;
    let rows = list.rows(reader, after, CHUNK)?;
    let full = i64::try_from(rows.len()).is_ok_and(|count| count >= CHUNK);
    let last = rows.last().filter(|_| full).map(|row| list.key(row));
    reader.shows(L::SHOWS, distinct(rows.iter().map(L::shows)));
    let rights = reader.rights.clone();
    for row in rows {
        text.add(&L::item(row, &rights))?;
    }
    Ok(Chunk { text: text.finish()?, last })
}
