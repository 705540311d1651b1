//! Services for clients of HSDS.

use approdo_db::schema::services;
use approdo_db::{Connection, Prepared, Timestamp, Value};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde_json::{Value as Json, json};

use crate::access::OrganisationId;
use crate::directory::service_handlers::sought;
use crate::directory::services::{ServiceId, ServiceRow};
use crate::error::ApiResult;
use crate::hsds::asked::{HsdsQuery, Named, one, spanned};
use crate::hsds::entities::{self, Depth, Spoken, Told};
use crate::hsds::paging::{self, Listed, Span};
use crate::hsds::taxonomies::{self, Term};
use crate::http::request::Language;
use crate::http::{Answer, Door, Id, Parameters, query};

/// What of services is asked for.
#[derive(Default)]
pub struct Narrowed {
    words: Vec<String>,
    organisation: Option<OrganisationId>,
    since: Option<Timestamp>,
    service_type: Option<String>,
    target_group: Option<String>,
    any_target_group: bool,
}

impl Narrowed {
    /// None where nothing can match.
    pub fn of(connection: &mut Connection, asked: &HsdsQuery, language: Language) -> ApiResult<Option<Self>> {
        let Some(words) = sought(asked.search.as_deref())? else { return Ok(None) };
        let mut narrowed = Self {
            words,
            organisation: asked.organization_id,
            since: asked.modified_after.map(Timestamp::new),
            ..Self::default()
        };
        match asked.taxonomy_id.map(taxonomies::list_of) {
            Some(Ok("target_groups")) => narrowed.any_target_group = true,
            Some(Err(_)) => return Ok(None),
            Some(Ok(_)) | None => {}
        }
        if let Some(id) = asked.taxonomy_term_id {
            let terms = taxonomies::terms(connection, language)?;
            match taxonomies::known(&terms, id) {
                Some(Term { list: "target_groups", code, .. }) => narrowed.target_group = Some(code.clone()),
                Some(Term { code, .. }) => narrowed.service_type = Some(code.clone()),
                None => return Ok(None),
            }
        }
        Ok(Some(narrowed))
    }

    /// The conditions on services aliased `s`, led by ` AND `.
    pub fn conditions<ST>(&self, mut statement: Prepared<ST>) -> Prepared<ST> {
        // Folded words are letters and digits alone: none is a wildcard.
        for word in &self.words {
            statement = statement.sql(" AND s.search_text LIKE ").bind(Value::Text(format!("% {word}%")));
        }
        if let Some(organisation) = self.organisation {
            statement = statement.sql(" AND s.organisation_id = ").bind(organisation);
        }
        if let Some(since) = self.since {
            // Also where it is given since, or where that place, its organisation or its program has changed: they are told with it.
            statement = statement
                .sql(" AND (s.updated_at >= ")
                .bind(Value::Instant(since))
                .sql(
                    " OR EXISTS (SELECT 1 FROM service_at_locations na JOIN locations nl ON nl.id = na.location_id \
                     WHERE na.service_id = s.id AND (na.updated_at >= ",
                )
                .bind(Value::Instant(since))
                .sql(" OR nl.updated_at >= ")
                .bind(Value::Instant(since))
                .sql(")) OR EXISTS (SELECT 1 FROM organisations so WHERE so.id = s.organisation_id AND so.updated_at >= ")
                .bind(Value::Instant(since))
                .sql(") OR EXISTS (SELECT 1 FROM programs sp WHERE sp.id = s.program_id AND sp.updated_at >= ")
                .bind(Value::Instant(since))
                .sql("))");
        }
        if let Some(code) = &self.service_type {
            statement = statement.sql(" AND s.service_type = ").bind(Value::Text(code.clone()));
        }
        // Groups stand among the words, each led by a sign that no word has.
        if let Some(code) = &self.target_group {
            let stands = format!("% #{} %", code.replace('_', "\\_"));
            statement = statement.sql(" AND s.search_text LIKE ").bind(Value::Text(stands)).sql(" ESCAPE '\\'");
        }
        if self.any_target_group {
            statement = statement.sql(" AND s.search_text LIKE '% #%'");
        }
        statement
    }
}

#[derive(Clone)]
struct Services {
    asked: HsdsQuery,
    spoken: Spoken,
}

impl Listed for Services {
    type Key = Named;

    fn count(&self, connection: &mut Connection) -> ApiResult<i64> {
        let Some(narrowed) = Narrowed::of(connection, &self.asked, self.spoken.labels)? else { return Ok(0) };
        let all = Prepared::<BigInt>::select("count(*)").sql(" FROM services s WHERE 1 = 1");
        Ok(narrowed.conditions(all).once().get_result(connection)?)
    }

    fn rows(&self, connection: &mut Connection, span: &Span<Named>) -> ApiResult<Vec<(Named, Json)>> {
        let Some(narrowed) = Narrowed::of(connection, &self.asked, self.spoken.labels)? else { return Ok(Vec::new()) };
        let all = Prepared::<services::SqlType>::select("s.*").sql(" FROM services s WHERE 1 = 1");
        let all = narrowed.conditions(all);
        let page = spanned(all, " AND (s.name, s.id) > (", " ORDER BY s.name, s.id", span);
        let rows: Vec<ServiceRow> = page.load(connection)?;
        let key = |row: &ServiceRow| (row.name.clone(), row.id.0);
        if self.asked.minimal == Some(true) {
            let told = |row: &ServiceRow| {
                let status = entities::status(row.status);
                json!({"id": row.id, "name": row.name, "status": status, "modified_date": row.updated_at})
            };
            return Ok(rows.iter().map(|row| (key(row), told(row))).collect());
        }
        let depth = self.asked.depth();
        let told = Told::of_services(connection, &self.spoken, &rows, depth)?;
        rows.iter().map(|row| Ok((key(row), told.service(row, depth)?))).collect()
    }
}

pub async fn list_services(door: Door, query: Parameters<HsdsQuery>) -> ApiResult<Answer> {
    let (asked, spoken) = (query.read()?, Spoken::of(&door.context));
    paging::answer(door.app, asked.paging(), Services { asked, spoken }).await
}

pub async fn read_service(door: Door, id: Id<ServiceId>, query: Parameters<query::None>) -> ApiResult<Answer> {
    query.read()?;
    one(door, move |connection, spoken| {
        let row = entities::known_service(connection, id.0)?;
        Told::of_services(connection, spoken, std::slice::from_ref(&row), Depth::Full)?.service(&row, Depth::Full)
    })
    .await
}
