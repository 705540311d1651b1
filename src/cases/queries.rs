//! SQL of cases and their transitions.

use approdo_db::schema::cases;
use approdo_db::types::{RowId, Uuid};
use approdo_db::{Connection, Prepared, Value};
use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use crate::access::rights::HeldGrant;
use crate::access::standing::Asks;
use crate::access::{PrincipalId, Role, TerritoryId, scope};
use crate::cases::rules::CaseStatus;
use crate::cases::types::{CaseId, CasePlace, CaseRow, CaseSort, PersonPlace};
use crate::error::ApiResult;
use crate::people::types::PersonId;
use crate::work::Unit;

fn by_id(id: CaseId) -> Prepared<cases::SqlType> {
    Prepared::select("r.*").sql(" FROM cases r WHERE r.id = ").bind(id)
}

/// Reads a case; 404 where there is none.
pub fn find(asks: &mut impl Asks, id: CaseId) -> ApiResult<CaseRow> {
    asks.one(by_id(id))
}

/// Locks the case, the root of its aggregate: tasks and transitions are written under it.
pub fn lock(asks: &mut impl Asks, id: CaseId) -> ApiResult<CaseRow> {
    asks.lock(by_id(id))
}

/// Locks a person's cases, in the order of their ids.
pub fn lock_all_of(unit: &mut Unit<'_>, person: PersonId) -> ApiResult<Vec<CaseRow>> {
    let statement = Prepared::<cases::SqlType>::select("r.*").sql(" FROM cases r WHERE r.person_id = ").bind(person);
    let statement = statement.sql(" ORDER BY r.id");
    unit.load(if unit.connection.is_sqlite() { statement } else { statement.sql(" FOR UPDATE OF r") })
}

/// Inserts a case; no row where its public reference is taken.
pub fn insert(row: &CaseRow) -> Prepared {
    Prepared::new(
        "INSERT INTO cases (id, public_ref, person_id, owner_org_id, territory_id, target_group, status, held_status, \
         review_at, priority, access_level, case_manager_id, legal_basis, summary, episode_no, opened_on, closed_on, \
         closing_reason, version, created_at, updated_at) VALUES (",
    )
    .bind_all([
        row.id.into(),
        Value::Text(row.public_ref.clone()),
        row.person_id.into(),
        row.owner_org_id.into(),
        row.territory_id.into(),
        Value::Text(row.target_group.clone()),
        Value::Text(row.status.as_str().to_owned()),
        Value::OptionalText(row.held_status.map(|status| status.as_str().to_owned())),
        Value::OptionalDate(row.review_at),
        Value::Text(row.priority.clone()),
        Value::Text(row.access_level.clone()),
        Value::OptionalUuid(row.case_manager_id.map(|id| RowId(id.0))),
        Value::OptionalText(row.legal_basis.clone()),
        Value::OptionalText(row.summary.clone()),
        Value::BigInt(row.episode_no),
        Value::Date(row.opened_on),
        Value::OptionalDate(row.closed_on),
        Value::OptionalText(row.closing_reason.clone()),
        Value::BigInt(row.version),
        Value::Instant(row.created_at),
        Value::Instant(row.updated_at),
    ])
    .sql(") ON CONFLICT (public_ref) DO NOTHING")
}

/// Writes a row that was edited under its lock.
pub fn update(row: &CaseRow) -> Prepared {
    Prepared::new("UPDATE cases SET public_ref = ")
        .bind(Value::Text(row.public_ref.clone()))
        .sql(", processing = ")
        .bind(Value::Text(row.processing.as_str().to_owned()))
        .sql(", territory_id = ")
        .bind(row.territory_id)
        .sql(", target_group = ")
        .bind(Value::Text(row.target_group.clone()))
        .sql(", status = ")
        .bind(Value::Text(row.status.as_str().to_owned()))
        .sql(", held_status = ")
        .bind(Value::OptionalText(row.held_status.map(|status| status.as_str().to_owned())))
        .sql(", review_at = ")
        .bind(Value::OptionalDate(row.review_at))
        .sql(", priority = ")
        .bind(Value::Text(row.priority.clone()))
        .sql(", access_level = ")
        .bind(Value::Text(row.access_level.clone()))
        .sql(", case_manager_id = ")
        .bind(Value::OptionalUuid(row.case_manager_id.map(|id| RowId(id.0))))
        .sql(", legal_basis = ")
        .bind(Value::OptionalText(row.legal_basis.clone()))
        .sql(", summary = ")
        .bind(Value::OptionalText(row.summary.clone()))
        .sql(", episode_no = ")
        .bind(Value::BigInt(row.episode_no))
        .sql(", closed_on = ")
        .bind(Value::OptionalDate(row.closed_on))
        .sql(", closing_reason = ")
        .bind(Value::OptionalText(row.closing_reason.clone()))
        .sql(", updated_at = ")
        .bind(Value::Instant(row.updated_at))
        .sql(", version = version + 1 WHERE version = ")
        .bind(Value::BigInt(row.version - 1))
        .sql(" AND id = ")
        .bind(row.id)
}

/// Where a person is, with where each of their cases is that is neither closed nor declined: one row for each, or one without.
pub fn place_of_person(unit: &mut Unit<'_>, person: PersonId) -> ApiResult<Vec<(PersonPlace, Option<CasePlace>)>> {
    type PersonColumns = (Uuid, Uuid, Nullable<Text>, Text);
    type CaseColumns = Nullable<(Uuid, Uuid, Text, Text, Nullable<Uuid>)>;
    let statement = Prepared::<(PersonColumns, CaseColumns)>::select(
        "r.owner_org_id, r.territory_id, r.target_group, r.processing, c.owner_org_id, c.territory_id, c.target_group, c.access_level, \
         c.case_manager_id",
    );
    let statement = statement
        .sql(
            " FROM people r LEFT JOIN cases c ON c.person_id = r.id AND c.status NOT IN ('closed', 'declined') \
             WHERE r.id = ",
        )
        .bind(person)
        .sql(" LIMIT 20");
    // Who is being erased at this moment gets no new case.
    let statement = if unit.connection.is_sqlite() { statement } else { statement.sql(" FOR SHARE OF r") };
    unit.load(statement)
}

/// What guards count: open tasks, completed assessments, open goals, agreed plans, plans in force.
pub fn counts(connection: &mut Connection, case: &CaseRow) -> QueryResult<(i64, i64, i64, i64, i64)> {
    Prepared::<(BigInt, BigInt, BigInt, BigInt, BigInt)>::new(
        "SELECT (SELECT count(*) FROM tasks WHERE status = 'open' AND case_id = ",
    )
    .bind(case.id)
    .sql("), (SELECT count(*) FROM assessments WHERE status = 'completed' AND case_id = ")
    .bind(case.id)
    .sql(" AND episode_no = ")
    .bind(Value::BigInt(case.episode_no))
    .sql("), (SELECT count(*) FROM goals WHERE status = 'open' AND case_id = ")
    .bind(case.id)
    .sql("), (SELECT count(*) FROM plans WHERE status IN ('agreed', 'approved') AND case_id = ")
    .bind(case.id)
    .sql(" AND episode_no = ")
    .bind(Value::BigInt(case.episode_no))
    .sql(
        "), (SELECT count(*) FROM plans WHERE (status = 'approved' OR (status = 'agreed' AND NOT approval_required)) \
         AND case_id = ",
    )
    .bind(case.id)
    .sql(" AND episode_no = ")
    .bind(Value::BigInt(case.episode_no))
    .sql(")")
    .get_result(connection)
}

/// The position of a row in a list of cases.
pub type CaseKey = (NaiveDate, CaseId);

/// What a list asks for.
#[derive(Debug, Clone)]
pub struct Filter {
    pub status: Option<CaseStatus>,
    pub territory: Option<TerritoryId>,
    pub target_group: Option<String>,
    pub case_manager: Option<PrincipalId>,
    pub person: Option<PersonId>,
    pub sort: CaseSort,
    pub after: Option<CaseKey>,
    pub limit: i64,
    pub principal: PrincipalId,
}

impl Filter {
    fn order(&self) -> &'static str {
        match self.sort {
            CaseSort::NewestFirst => " ORDER BY r.opened_on DESC, r.id DESC LIMIT ",
            CaseSort::OldestFirst => " ORDER BY r.opened_on, r.id LIMIT ",
        }
    }

    /// Everything but the territory: what the caller asked for, where the last page ended, what the grant reaches.
    fn conditions<ST>(&self, mut statement: Prepared<ST>, grant: &HeldGrant) -> Prepared<ST> {
        if let Some(status) = self.status {
            statement = statement.sql(" AND r.status = ").bind(Value::Text(status.as_str().to_owned()));
        }
        if let Some(group) = &self.target_group {
            statement = statement.sql(" AND r.target_group = ").bind(Value::Text(group.clone()));
        }
        if let Some(manager) = self.case_manager {
            statement = statement.sql(" AND r.case_manager_id = ").bind(manager);
        }
        if let Some(person) = self.person {
            statement = statement.sql(" AND r.person_id = ").bind(person);
        }
        if let Some((opened_on, id)) = self.after {
            let comparison = match self.sort {
                CaseSort::NewestFirst => " AND (r.opened_on, r.id) < (",
                CaseSort::OldestFirst => " AND (r.opened_on, r.id) > (",
            };
            statement = statement.sql(comparison).bind(Value::Date(opened_on)).sql(", ").bind(id).sql(")");
        }
        self.confinement(scope::owned_by(statement, grant), grant)
    }

    // The access levels of domain 1, as `Confinement` says them for one row.
    fn confinement<ST>(&self, statement: Prepared<ST>, grant: &HeldGrant) -> Prepared<ST> {
        let statement = if grant.role == Role::OrganisationAdministrator {
            statement.sql(" AND (r.access_level <> 'closed' OR r.case_manager_id = ")
        } else {
            statement.sql(" AND (r.access_level IN ('open', 'audited') OR r.case_manager_id = ")
        };
        statement.bind(self.principal).sql(")")
    }
}

/// The first cases of one grant's reach, in order.
pub fn list(asks: &mut impl Asks, grant: &HeldGrant, filter: &Filter) -> ApiResult<Vec<CaseRow>> {
    let single = match (filter.territory, grant.territories.len()) {
        (Some(territory), _) if !grant.territories.contains(&territory) => return Ok(Vec::new()),
        (Some(territory), _) => Some(territory),
        (None, 1) => grant.territories.iter().next().copied(),
        (None, _) => None,
    };
    let sqlite = asks.parts().0.is_sqlite();
    asks.load(match single {
        Some(territory) => list_of_one(grant, filter, territory),
        None if filter.person.is_some() || filter.case_manager.is_some() => list_selective(grant, filter),
        None if sqlite => list_of_many_sqlite(grant, filter),
        None => list_of_many_postgresql(grant, filter),
    })
}

// One territory: one walk along an index that has the order already.
fn list_of_one(grant: &HeldGrant, filter: &Filter, territory: TerritoryId) -> Prepared<cases::SqlType> {
    let statement = Prepared::select("r.*").sql(" FROM cases r WHERE r.territory_id = ").bind(territory);
    filter.conditions(statement, grant).sql(filter.order()).bind(Value::BigInt(filter.limit))
}

// A filter that leaves few rows: found by its own index, then sorted.
fn list_selective(grant: &HeldGrant, filter: &Filter) -> Prepared<cases::SqlType> {
    let statement = Prepared::select("r.*")
        .sql(" FROM cases r WHERE r.territory_id IN (SELECT territory_id FROM grant_scopes WHERE grant_id = ")
        .bind(grant.id)
        .sql(")");
    filter.conditions(statement, grant).sql(filter.order()).bind(Value::BigInt(filter.limit))
}

/// Rows that each of the chosen territories is asked for, to find where a page can end at the latest.
const SAMPLED: &str = "6";

// Many territories: the page's rows lie in the `limit` territories whose first row comes first, because a territory beyond
// those has that many better rows before it. So each territory is asked for its first row, those few for some more, and the
// `limit`th of all these is where the page ends at the latest: nothing beyond it is read.
fn list_of_many_postgresql(grant: &HeldGrant, filter: &Filter) -> Prepared<cases::SqlType> {
    let (order, compared, end_of_time, end_of_ids) = match filter.sort {
        CaseSort::NewestFirst => (
            " ORDER BY opened_on DESC, id DESC",
            ">=",
            "'-infinity'::date",
            "'00000000-0000-0000-0000-000000000000'::uuid",
        ),
        CaseSort::OldestFirst => {
            (" ORDER BY opened_on, id", "<=", "'infinity'::date", "'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid")
        }
    };
    let limit = Value::BigInt(filter.limit);
    let heads = Prepared::select("page.*").sql(
        " FROM (WITH heads AS MATERIALIZED (SELECT s.territory_id, r.opened_on, r.id FROM grant_scopes s CROSS JOIN LATERAL (\
         SELECT r.opened_on, r.id FROM cases r WHERE r.territory_id = s.territory_id",
    );
    let sample = filter
        .conditions(heads, grant)
        .sql(filter.order())
        .sql("1) r WHERE s.grant_id = ")
        .bind(grant.id)
        .sql(filter.order())
        .bind(limit.clone())
        .sql(
            "), sample AS (SELECT r.opened_on, r.id FROM heads CROSS JOIN LATERAL (\
             SELECT r.opened_on, r.id FROM cases r WHERE r.territory_id = heads.territory_id",
        );
    let rows = filter
        .conditions(sample, grant)
        .sql(filter.order())
        .sql(SAMPLED)
        .sql(") r), cut AS MATERIALIZED (SELECT opened_on, id FROM sample")
        .sql(order)
        .sql(" LIMIT 1 OFFSET ")
        .bind(Value::BigInt(filter.limit - 1))
        .sql(
            ") SELECT r.* FROM heads CROSS JOIN LATERAL (\
             SELECT r.* FROM cases r WHERE r.territory_id = heads.territory_id AND (r.opened_on, r.id) ",
        )
        .sql(compared)
        .sql(" (coalesce((SELECT opened_on FROM cut), ")
        .sql(end_of_time)
        .sql("), coalesce((SELECT id FROM cut), ")
        .sql(end_of_ids)
        .sql("))");
    let page = filter.conditions(rows, grant).sql(filter.order()).bind(limit.clone()).sql(") r) page");
    page.sql(order).sql(" LIMIT ").bind(limit)
}

// The same on SQLite, which has no LATERAL: dates and ids are text there, so their concatenation sorts like the pair.
fn list_of_many_sqlite(grant: &HeldGrant, filter: &Filter) -> Prepared<cases::SqlType> {
    let (order, by_head, compared, end) = match filter.sort {
        CaseSort::NewestFirst => {
            (" ORDER BY page.opened_on DESC, page.id DESC LIMIT ", " ORDER BY head DESC LIMIT ", ">=", "''")
        }
        CaseSort::OldestFirst => (" ORDER BY page.opened_on, page.id LIMIT ", " ORDER BY head LIMIT ", "<=", "'~'"),
    };
    let limit = Value::BigInt(filter.limit);
    let heads = Prepared::select("page.*").sql(
        " FROM (WITH heads AS MATERIALIZED (SELECT s.territory_id, (\
         SELECT r.opened_on || r.id FROM cases r WHERE r.territory_id = s.territory_id",
    );
    let sample = filter
        .conditions(heads, grant)
        .sql(filter.order())
        .sql("1) AS head FROM grant_scopes s WHERE s.grant_id = ")
        .bind(grant.id)
        .sql(" AND head IS NOT NULL")
        .sql(by_head)
        .bind(limit.clone())
        .sql(
            "), sample AS (SELECT c.opened_on || c.id AS head FROM heads JOIN cases c ON c.id IN (\
             SELECT r.id FROM cases r WHERE r.territory_id = heads.territory_id",
        );
    let rows = filter
        .conditions(sample, grant)
        .sql(filter.order())
        .sql(SAMPLED)
        .sql(")), cut AS MATERIALIZED (SELECT coalesce((SELECT head FROM sample")
        .sql(by_head)
        .sql("1 OFFSET ")
        .bind(Value::BigInt(filter.limit - 1))
        .sql("), ")
        .sql(end)
        .sql(
            ") AS head) SELECT r.* FROM heads JOIN cases r ON r.id IN (\
             SELECT r.id FROM cases r WHERE r.territory_id = heads.territory_id AND (r.opened_on, r.id) ",
        )
        .sql(compared)
        .sql(" (SELECT substr(head, 1, 10), substr(head, 11) FROM cut)");
    filter.conditions(rows, grant).sql(filter.order()).bind(limit.clone()).sql(")) page").sql(order).bind(limit)
}
