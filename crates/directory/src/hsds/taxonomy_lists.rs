//! Taxonomies and their terms for clients of HSDS.

use approdo_db::Connection;
use serde_json::Value as Json;
use uuid::Uuid;

use crate::error::{ApiError, ApiResult};
use crate::hsds::asked::{HsdsQuery, one};
use crate::hsds::paging::{self, Listed, Span};
use crate::hsds::taxonomies::{self, Term};
use crate::http::request::Language;
use crate::http::{Answer, Door, Id, Parameters, query};

#[derive(Clone)]
struct Taxonomies {
    asked: HsdsQuery,
    language: Language,
    terms: bool,
}

impl Taxonomies {
    fn all(&self, connection: &mut Connection) -> ApiResult<Vec<Json>> {
        let sought = self.asked.search.as_deref().map(str::to_lowercase);
        let holds = |text: &str| sought.as_deref().is_none_or(|sought| text.to_lowercase().contains(sought));
        if !self.terms {
            let all = taxonomies::taxonomies(connection, self.language)?;
            return Ok(all
                .into_iter()
                .filter(|taxonomy| holds(taxonomy["name"].as_str().unwrap_or_default()))
                .collect());
        }
        // Our terms lie side by side: none has one above it.
        if self.asked.parent_id.is_some() {
            return Ok(Vec::new());
        }
        let of = |term: &Term| self.asked.taxonomy_id.is_none_or(|id| id == taxonomies::taxonomy_id(term.list));
        let terms = taxonomies::terms(connection, self.language)?.into_iter();
        Ok(terms.filter(|term| of(term) && holds(&term.name)).map(|term| term.shown(self.language)).collect())
    }
}

impl Listed for Taxonomies {
    type Key = usize;

    fn count(&self, connection: &mut Connection) -> ApiResult<i64> {
        i64::try_from(self.all(connection)?.len()).map_err(ApiError::fault)
    }

    fn rows(&self, connection: &mut Connection, span: &Span<usize>) -> ApiResult<Vec<(usize, Json)>> {
        let begin = usize::try_from(span.offset()).unwrap_or(usize::MAX);
        let begin = span.after().map_or(begin, |last| last + 1);
        let take = usize::try_from(span.limit()).unwrap_or(usize::MAX);
        Ok(self.all(connection)?.into_iter().enumerate().skip(begin).take(take).collect())
    }
}

pub async fn list_taxonomies(door: Door, query: Parameters<HsdsQuery>) -> ApiResult<Answer> {
    let (asked, language) = (query.read()?, door.context.language);
    paging::answer(door.app, asked.paging(), Taxonomies { asked, language, terms: false }).await
}

pub async fn list_taxonomy_terms(door: Door, query: Parameters<HsdsQuery>) -> ApiResult<Answer> {
    let (asked, language) = (query.read()?, door.context.language);
    paging::answer(door.app, asked.paging(), Taxonomies { asked, language, terms: true }).await
}

pub async fn read_taxonomy(door: Door, id: Id<Uuid>, query: Parameters<query::None>) -> ApiResult<Answer> {
    query.read()?;
    one(door, move |connection, spoken| {
        let language = spoken.labels;
        let all = taxonomies::taxonomies(connection, language)?;
        all.into_iter().find(|taxonomy| taxonomy["id"] == id.0.to_string()).ok_or_else(ApiError::not_found)
    })
    .await
}

pub async fn read_taxonomy_term(door: Door, id: Id<Uuid>, query: Parameters<query::None>) -> ApiResult<Answer> {
    query.read()?;
    one(door, move |connection, spoken| {
        let language = spoken.labels;
        let terms = taxonomies::terms(connection, language)?;
        taxonomies::known(&terms, id.0).map(|term| term.shown(language)).ok_or_else(ApiError::not_found)
    })
    .await
}
