//! What the lists of the façade can be asked for, and what every read of it begins with.

use approdo_db::types::RowId;
use approdo_db::{Connection, Prepared, Value};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use uuid::Uuid;
use validator::Validate;

use crate::access::OrganisationId;
use crate::error::ApiResult;
use crate::hsds::MOUNT;
use crate::hsds::entities::{Depth, Spoken};
use crate::hsds::paging::{self, Asked, Span};
use crate::http::{Answer, Door, Parameters, query, reading};

/// Where the façade's contract stands.
const CONTRACT: &str = "https://raw.githubusercontent.com/openreferral/specification/3.0/schema/openapi.json";
const PROFILE: &str = "https://docs.openreferral.org/en/v3.0.1/hsds/";

pub async fn read_base(door: Door, query: Parameters<query::None>) -> ApiResult<Answer> {
    query.read()?;
    let at = format!("{}{MOUNT}", door.app.settings.public_url);
    Answer::ok(&json!({"version": "3.0", "profile": PROFILE, "openapi_url": CONTRACT, "url": at}))
}

/// What the lists of HSDS can be asked for; each list heeds what is its own.
#[derive(Debug, Clone, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct HsdsQuery {
    #[validate(length(max = 200))]
    pub search: Option<String>,
    pub page: Option<i64>,
    pub per_page: Option<i64>,
    #[validate(length(max = 10))]
    pub format: Option<String>,
    pub taxonomy_term_id: Option<Uuid>,
    pub taxonomy_id: Option<Uuid>,
    pub organization_id: Option<OrganisationId>,
    #[serde(default, deserialize_with = "reading::optional_instant")]
    pub modified_after: Option<DateTime<Utc>>,
    pub minimal: Option<bool>,
    pub full: Option<bool>,
    pub full_service: Option<bool>,
    #[validate(length(max = 20))]
    pub postcode: Option<String>,
    /// Metres from the middle of the locations that bear the postcode.
    #[validate(range(min = 0, max = 1_000_000))]
    pub proximity: Option<i64>,
    /// Every term of ours is one.
    #[serde(rename = "top_only")]
    _top_only: Option<bool>,
    pub parent_id: Option<Uuid>,
}

impl HsdsQuery {
    pub fn paging(&self) -> Asked {
        let full = self.full == Some(true) || self.full_service == Some(true);
        Asked { page: self.page, per_page: self.per_page, format: self.format.clone(), full }
    }

    pub fn depth(&self) -> Depth {
        if self.full == Some(true) { Depth::Full } else { Depth::Summary }
    }
}

/// What a list by name goes on after.
pub type Named = (String, Uuid);

/// The rows of a span of a list by name and id, whose SQL says so: ` AND (name, id) > (`, ` ORDER BY name, id`.
pub fn spanned<ST>(
    statement: Prepared<ST>,
    beyond: &'static str,
    order: &'static str,
    span: &Span<Named>,
) -> Prepared<ST> {
    let statement = match span.after() {
        None => statement,
        Some((name, id)) => {
            let id = Value::Uuid(RowId(*id));
            statement.sql(beyond).bind(Value::Text(name.clone())).sql(", ").bind(id).sql(")")
        }
    };
    limited(statement.sql(order), span)
}

pub fn limited<ST, K>(statement: Prepared<ST>, span: &Span<K>) -> Prepared<ST> {
    let statement = statement.sql(" LIMIT ").bind(Value::BigInt(span.limit()));
    // Whoever asks decides on the text, without a token.
    statement.sql(" OFFSET ").bind(Value::BigInt(span.offset())).once()
}

pub async fn one(
    door: Door,
    read: impl Fn(&mut Connection, &Spoken) -> ApiResult<Json> + Send + 'static,
) -> ApiResult<Answer> {
    let spoken = Spoken::of(&door.context);
    paging::one(door.app, move |connection| read(connection, &spoken)).await
}
