//! The list of households over a scope. A household has no target group and no access level: its owner and territory say who sees it.

use actix_web::get;
use approdo_db::schema::households;
use approdo_db::{Prepared, Timestamp, Value};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::reach::{self, KeyKind, Order, Position, SortKey, Source, Wanted};
use crate::access::rights::HeldGrant;
use crate::access::{Action, FieldGroup, Resource, Rights, TerritoryId, scope};
use crate::aggregate::Root as _;
use crate::error::{ApiError, ApiResult};
use crate::http::{Answer, Door, Listing, Parameters, Reader, reading};
use crate::paged;
use crate::people::households::{Household, HouseholdPage, HouseholdRow, MEMBERS};
use crate::people::types::PersonId;

/// How to list households.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HouseholdQuery {
    /// Households of exactly this territory.
    territory_id: Option<TerritoryId>,
    /// Households where this person lives or lived. Refused (403) where your grants hide identities.
    person_id: Option<PersonId>,
    /// Households that were made or changed at this instant or later.
    #[serde(default, deserialize_with = "reading::optional_instant")]
    updated_since: Option<DateTime<Utc>>,
    /// `-created_at` (newest first, the default), or `updated_at`, which ends with what changed last.
    #[param(inline)]
    sort: Option<HouseholdSort>,
    /// Members to answer, separated by commas; all when absent.
    #[validate(length(min = 1, max = 400))]
    #[param(min_length = 1, max_length = 400, example = "id,label,address")]
    fields: Option<String>,
    /// Rows a page may have. A stream has them all, whatever this says.
    #[validate(range(min = 1, max = 200))]
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
    /// From `next_cursor` of the page before. A stream begins at the beginning, whatever this says.
    #[validate(length(max = 1024))]
    #[param(max_length = 1024)]
    cursor: Option<String>,
}

paged!(HouseholdQuery, fields);

/// The orders a list of households can have; each has its index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
enum HouseholdSort {
    #[default]
    #[serde(rename = "-created_at")]
    NewestFirst,
    #[serde(rename = "updated_at")]
    LastChangedLast,
}

impl HouseholdSort {
    fn order(self) -> Order {
        let (key, page_key, descending) = match self {
            Self::NewestFirst => ("r.created_at", "page.created_at", true),
            Self::LastChangedLast => ("r.updated_at", "page.updated_at", false),
        };
        Order { key, page_key, kind: KeyKind::Instant, descending, walkable: false, computed: false }
    }
}

const SOURCE: Source = Source {
    columns: "r.*",
    table: "households r",
    from: " FROM households r",
    id: "r.id",
    territory: "r.territory_id",
};

/// A list of households as it was asked for.
struct HouseholdList {
    asked: HouseholdQuery,
}

impl HouseholdList {
    fn sort(&self) -> HouseholdSort {
        self.asked.sort.unwrap_or_default()
    }

    fn conditions<ST>(&self, mut statement: Prepared<ST>, grant: &HeldGrant) -> Prepared<ST> {
        if let Some(person) = self.asked.person_id {
            statement = statement
                .sql(" AND r.id IN (SELECT m.household_id FROM household_members m WHERE m.person_id = ")
                .bind(person)
                .sql(")");
        }
        if let Some(instant) = self.asked.updated_since {
            statement = statement.sql(" AND r.updated_at >= ").bind(Value::Instant(Timestamp::new(instant)));
        }
        scope::owned_by(statement, grant)
    }
}

impl Listing for HouseholdList {
    type Query = HouseholdQuery;
    type Row = HouseholdRow;
    type Key = Position;
    type Item = Household;

    const MEMBERS: &'static [&'static str] = &MEMBERS;
    const FURTHER: &'static [&'static str] = &["withheld_fields"];
    const SHOWS: Resource = Resource::Households;

    fn of(reader: &Reader<'_>, asked: HouseholdQuery) -> ApiResult<Self> {
        let hidden = reader.rights.hides_somewhere(Action::List, Resource::Households, FieldGroup::Identity);
        if asked.person_id.is_some() && hidden {
            return Err(ApiError::forbidden("your grants hide identities, so households cannot be filtered by person"));
        }
        Ok(Self { asked })
    }

    fn rows(&self, reader: &mut Reader<'_>, after: Option<Position>, limit: i64) -> ApiResult<Vec<HouseholdRow>> {
        let rights = reader.rights.clone();
        let order = self.sort().order();
        let mut grants = rights.grants_for(Action::List, Resource::Households);
        grants.retain(|grant| grant.reaches_group(None));
        let ask = |grant: &HeldGrant| {
            let wanted = Wanted::<households::SqlType> {
                source: &SOURCE,
                order,
                territory: self.asked.territory_id,
                selective: self.asked.person_id.is_some(),
                after,
                limit,
                conditions: &|statement| self.conditions(statement, grant),
            };
            reach::list(reader, grant, &wanted)
        };
        reach::merged(&grants, order, limit, ask, |row| self.key(row))
    }

    fn key(&self, row: &HouseholdRow) -> Position {
        let key = match self.sort() {
            HouseholdSort::NewestFirst => row.created_at,
            HouseholdSort::LastChangedLast => row.updated_at,
        };
        (SortKey::Instant(key), row.id.0)
    }

    fn shows(row: &HouseholdRow) -> uuid::Uuid {
        row.id.0
    }

    fn item(row: HouseholdRow, rights: &Rights) -> Household {
        let fields = rights.fields_at(&row.place());
        Household::shown(row, fields)
    }
}

/// List households.
///
/// Those your grants reach, newest first. Read on with `cursor`. As `application/x-ndjson` or `text/csv` the whole list is streamed,
/// whatever `limit` and `cursor` say; a stream that breaks off is not the whole. The rows shown are recorded as accesses.
#[utoipa::path(
    tag = "People",
    params(HouseholdQuery),
    responses((status = 200, description = "A page, or the whole list as a stream.", body = HouseholdPage)),
    extensions(("x-streams" = json!("Household")))
)]
#[get("/households")]
pub async fn list_households(
    door: Door,
    caller: Caller<actions::List, resources::Households>,
    query: Parameters<HouseholdQuery>,
) -> ApiResult<Answer> {
    door.list::<_, _, HouseholdList>("list_households", caller, query).await
}
