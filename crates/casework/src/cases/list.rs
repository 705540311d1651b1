//! The list of cases: what it can be asked, and the SQL of that. Pages and streams are `http::listing`'s.

use actix_web::get;
use approdo_db::schema::cases;
use approdo_db::{Prepared, Timestamp, Value, text_enum};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::reach::{self, KeyKind, Order, Position, SortKey, Source, Wanted};
use crate::access::rights::HeldGrant;
use crate::access::{Action, FieldGroup, FieldRight, PrincipalId, Resource, Rights, TerritoryId, policy, scope};
use crate::cases::rules::CaseStatus;
use crate::cases::types::{Case, CasePage, CaseRow, MEMBERS};
use crate::clock;
use crate::error::{ApiError, ApiResult};
use crate::http::{Answer, Door, Listing, Parameters, Reader, reading};
use crate::paged;
use crate::people::legal_statuses::RESTRICTED;
use crate::people::types::PersonId;

text_enum! {
    /// How far the planning of a case has come: the state of the last plan of its present episode.
    #[derive(ToSchema)]
    PlanPhase {
        /// The episode has no plan.
        Nothing = "none",
        Draft = "draft",
        Agreed = "agreed",
        Approved = "approved",
        Superseded = "superseded",
    }
}

/// How to list cases.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CaseQuery {
    /// Cases in this state.
    pub status: Option<CaseStatus>,
    /// Cases of exactly this territory.
    pub territory_id: Option<TerritoryId>,
    /// Cases of this target group.
    #[validate(length(min = 1, max = 40))]
    #[param(min_length = 1, max_length = 40)]
    pub target_group: Option<String>,
    /// Cases of this case manager.
    pub case_manager_id: Option<PrincipalId>,
    /// Cases of this person. Refused (403) where your grants hide identities.
    pub person_id: Option<PersonId>,
    /// Cases whose last plan of the present episode stands so.
    #[param(inline)]
    pub plan_status: Option<PlanPhase>,
    /// `true`: cases with an open task that was due before today, or whose review is past; `false`: the others.
    pub overdue: Option<bool>,
    /// Cases of people whose legal status holds today and ends before this day. Refused (403) where your grants hide legal
    /// statuses.
    #[serde(default, deserialize_with = "reading::optional_day")]
    pub expiring_before: Option<NaiveDate>,
    /// Cases that were made or changed at this instant or later.
    #[serde(default, deserialize_with = "reading::optional_instant")]
    pub updated_since: Option<DateTime<Utc>>,
    /// `-opened_on` (newest first, the default), `opened_on`, or `updated_at`, which ends with what changed last.
    #[param(inline)]
    pub sort: Option<CaseSort>,
    /// Members to answer, separated by commas; all when absent.
    #[validate(length(min = 1, max = 400))]
    #[param(min_length = 1, max_length = 400, example = "id,public_ref,status")]
    pub fields: Option<String>,
    /// Rows a page may have. A stream has them all, whatever this says.
    #[validate(range(min = 1, max = 200))]
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<i64>,
    /// From `next_cursor` of the page before. A stream begins at the beginning, whatever this says.
    #[validate(length(max = 1024))]
    #[param(max_length = 1024)]
    pub cursor: Option<String>,
}

paged!(CaseQuery, fields);

/// The orders a list of cases can have; each has its index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
pub enum CaseSort {
    #[default]
    #[serde(rename = "-opened_on")]
    NewestFirst,
    #[serde(rename = "opened_on")]
    OldestFirst,
    #[serde(rename = "updated_at")]
    LastChangedLast,
}

impl CaseSort {
    fn order(self) -> Order {
        let opened = Order {
            key: "r.opened_on",
            page_key: "page.opened_on",
            kind: KeyKind::Day,
            descending: true,
            walkable: true,
            computed: false,
        };
        match self {
            Self::NewestFirst => opened,
            Self::OldestFirst => Order { descending: false, ..opened },
            Self::LastChangedLast => Order {
                key: "r.updated_at",
                page_key: "page.updated_at",
                kind: KeyKind::Instant,
                descending: false,
                walkable: false,
                computed: false,
            },
        }
    }
}

const SOURCE: Source =
    Source { columns: "r.*", table: "cases r", from: " FROM cases r", id: "r.id", territory: "r.territory_id" };

/// A list of cases as it was asked for.
pub struct CaseList {
    asked: CaseQuery,
    today: NaiveDate,
    principal: PrincipalId,
}

impl CaseList {
    fn sort(&self) -> CaseSort {
        self.asked.sort.unwrap_or_default()
    }

    fn conditions<ST>(&self, mut statement: Prepared<ST>, grant: &HeldGrant) -> Prepared<ST> {
        let asked = &self.asked;
        if let Some(status) = asked.status {
            statement = statement.sql(" AND r.status = ").bind(Value::Text(status.as_str().to_owned()));
        }
        if let Some(group) = &asked.target_group {
            statement = statement.sql(" AND r.target_group = ").bind(Value::Text(group.clone()));
        }
        if let Some(manager) = asked.case_manager_id {
            statement = statement.sql(" AND r.case_manager_id = ").bind(manager);
        }
        if let Some(person) = asked.person_id {
            statement = statement.sql(" AND r.person_id = ").bind(person);
        }
        if let Some(instant) = asked.updated_since {
            statement = statement.sql(" AND r.updated_at >= ").bind(Value::Instant(Timestamp::new(instant)));
        }
        if let Some(phase) = asked.plan_status {
            statement = planned(statement, phase);
        }
        if let Some(overdue) = asked.overdue {
            statement = late(statement, overdue, self.today);
        }
        if let Some(end) = asked.expiring_before {
            statement = expiring(statement, grant, self.today, end);
        }
        reach::confined(statement, grant, self.principal)
    }
}

// The three below look into another table for each row they come by, by an index and within the statement. As scalar
// subqueries: an EXISTS would let PostgreSQL read all of the other table at once, for a page of fifty rows as well.

fn planned<ST>(statement: Prepared<ST>, phase: PlanPhase) -> Prepared<ST> {
    statement
        .sql(
            " AND coalesce((SELECT p.status FROM plans p WHERE p.case_id = r.id AND p.episode_no = r.episode_no \
             ORDER BY p.plan_no DESC LIMIT 1), 'none') = ",
        )
        .bind(Value::Text(phase.as_str().to_owned()))
}

fn late<ST>(statement: Prepared<ST>, overdue: bool, today: NaiveDate) -> Prepared<ST> {
    statement
        .sql(if overdue { " AND (" } else { " AND NOT (" })
        .sql("coalesce(r.review_at, '9999-12-31') < ")
        .bind(Value::Date(today))
        .sql(" OR (SELECT t.id FROM tasks t WHERE t.case_id = r.id AND t.status = 'open' AND t.due_on < ")
        .bind(Value::Date(today))
        .sql(" LIMIT 1) IS NOT NULL)")
}

// A status that only its writers see tells nothing to others here either.
fn expiring<ST>(statement: Prepared<ST>, grant: &HeldGrant, today: NaiveDate, end: NaiveDate) -> Prepared<ST> {
    let statement = statement
        .sql(" AND (SELECT l.id FROM legal_statuses l WHERE l.person_id = r.person_id AND l.status = 'valid' AND l.valid_from <= ")
        .bind(Value::Date(today))
        .sql(" AND l.valid_to > ")
        .bind(Value::Date(today))
        .sql(" AND l.valid_to < ")
        .bind(Value::Date(end));
    let statement = if policy::field_right(grant.role, FieldGroup::Legal) == FieldRight::Write {
        statement
    } else {
        statement.sql(" AND l.category <> ").bind(Value::Text(RESTRICTED.to_owned()))
    };
    // What a person's file says is for who may read the file.
    let own = " AND EXISTS (SELECT 1 FROM people r WHERE r.id = l.person_id";
    scope::people_in_reach(statement, own, grant).sql(" LIMIT 1) IS NOT NULL")
}

impl Listing for CaseList {
    type Query = CaseQuery;
    type Row = CaseRow;
    type Key = Position;
    type Item = Case;

    const MEMBERS: &'static [&'static str] = &MEMBERS;
    const FURTHER: &'static [&'static str] = &["withheld_fields"];
    const SHOWS: Resource = Resource::Cases;

    fn of(reader: &Reader<'_>, asked: CaseQuery) -> ApiResult<Self> {
        let hides = |group| reader.rights.hides_somewhere(Action::List, Resource::Cases, group);
        if asked.person_id.is_some() && hides(FieldGroup::Identity) {
            return Err(ApiError::forbidden("your grants hide identities, so cases cannot be filtered by person"));
        }
        if asked.expiring_before.is_some() && hides(FieldGroup::Legal) {
            let detail = "your grants hide legal statuses, so cases cannot be filtered by their end";
            return Err(ApiError::forbidden(detail));
        }
        Ok(Self { asked, today: clock::date_of(reader.now), principal: reader.rights.principal })
    }

    fn rows(&self, reader: &mut Reader<'_>, after: Option<Position>, limit: i64) -> ApiResult<Vec<CaseRow>> {
        let rights = reader.rights.clone();
        let order = self.sort().order();
        let ask = |grant: &HeldGrant| {
            let wanted = Wanted::<cases::SqlType> {
                source: &SOURCE,
                order,
                territory: self.asked.territory_id,
                selective: self.asked.person_id.is_some() || self.asked.case_manager_id.is_some(),
                after,
                limit,
                conditions: &|statement| self.conditions(statement, grant),
            };
            reach::list(reader, grant, &wanted)
        };
        reach::merged(&rights.grants_for(Action::List, Resource::Cases), order, limit, ask, |row| self.key(row))
    }

    fn key(&self, row: &CaseRow) -> Position {
        let key = match self.sort() {
            CaseSort::NewestFirst | CaseSort::OldestFirst => SortKey::Day(row.opened_on),
            CaseSort::LastChangedLast => SortKey::Instant(row.updated_at),
        };
        (key, row.id.0)
    }

    fn shows(row: &CaseRow) -> uuid::Uuid {
        row.id.0
    }

    fn item(row: CaseRow, rights: &Rights) -> Case {
        Case::shown(row, rights)
    }
}

/// List cases.
///
/// Those your grants reach, newest first. Read on with `cursor`. As `application/x-ndjson` or `text/csv` the whole list is streamed,
/// whatever `limit` and `cursor` say; a stream that breaks off is not the whole. The rows shown are recorded as accesses.
#[utoipa::path(
    tag = "Cases",
    params(CaseQuery),
    responses((status = 200, description = "A page, or the whole list as a stream.", body = CasePage)),
    extensions(("x-streams" = json!("Case")))
)]
#[get("/cases")]
pub async fn list_cases(
    door: Door,
    caller: Caller<actions::List, resources::Cases>,
    query: Parameters<CaseQuery>,
) -> ApiResult<Answer> {
    door.list::<_, _, CaseList>("list_cases", caller, query).await
}
