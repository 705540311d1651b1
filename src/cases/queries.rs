//! SQL of cases and their transitions.

use approdo_db::schema::{cases, tasks};
use approdo_db::types::RowId;
use approdo_db::{Connection, Prepared, Value, on_backend};
use chrono::NaiveDate;
use diesel::prelude::*;

use crate::access::rights::HeldGrant;
use crate::access::{PrincipalId, Role, TerritoryId, scope};
use crate::cases::rules::CaseStatus;
use crate::cases::tasks::TaskStatus;
use crate::cases::types::{CaseId, CaseRow, CaseSort};
use crate::people::types::PersonId;

pub fn find(connection: &mut Connection, id: CaseId) -> QueryResult<Option<CaseRow>> {
    cases::table.find(id).first(connection).optional()
}

/// Locks the case, the root of its aggregate: tasks and transitions are written under it.
pub fn lock(connection: &mut Connection, id: CaseId) -> QueryResult<Option<CaseRow>> {
    approdo_db::first_for_update!(connection, cases::table.find(id)).optional()
}

/// Inserts a case; none where its public reference is taken.
pub fn insert(connection: &mut Connection, row: &CaseRow) -> QueryResult<bool> {
    let inserted = on_backend!(connection, c => {
        diesel::insert_into(cases::table).values(row).on_conflict(cases::public_ref).do_nothing().execute(c)
    })?;
    Ok(inserted == 1)
}

/// Writes a row that was edited under its lock.
pub fn update(connection: &mut Connection, row: &CaseRow) -> QueryResult<usize> {
    let statement = Prepared::<()>::new("UPDATE cases SET territory_id = ")
        .bind(Value::Uuid(RowId(row.territory_id.0)))
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
        .bind(Value::Uuid(RowId(row.id.0)));
    statement.execute(connection)
}

/// A person's cases that are neither closed nor declined.
pub fn open_cases_of(connection: &mut Connection, person: PersonId) -> QueryResult<Vec<CaseRow>> {
    cases::table
        .filter(cases::person_id.eq(person))
        .filter(cases::status.ne(CaseStatus::Closed))
        .filter(cases::status.ne(CaseStatus::Declined))
        .limit(20)
        .load(connection)
}

pub fn open_tasks(connection: &mut Connection, id: CaseId) -> QueryResult<i64> {
    tasks::table.filter(tasks::case_id.eq(id)).filter(tasks::status.eq(TaskStatus::Open)).count().get_result(connection)
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
            statement = statement.sql(" AND r.case_manager_id = ").bind(Value::Uuid(RowId(manager.0)));
        }
        if let Some(person) = self.person {
            statement = statement.sql(" AND r.person_id = ").bind(Value::Uuid(RowId(person.0)));
        }
        if let Some((opened_on, id)) = self.after {
            let comparison = match self.sort {
                CaseSort::NewestFirst => " AND (r.opened_on, r.id) < (",
                CaseSort::OldestFirst => " AND (r.opened_on, r.id) > (",
            };
            statement = statement
                .sql(comparison)
                .bind(Value::Date(opened_on))
                .sql(", ")
                .bind(Value::Uuid(RowId(id.0)))
                .sql(")");
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
        statement.bind(Value::Uuid(RowId(self.principal.0))).sql(")")
    }
}

/// The first cases of one grant's reach, in order.
pub fn list(connection: &mut Connection, grant: &HeldGrant, filter: &Filter) -> QueryResult<Vec<CaseRow>> {
    let single = match (filter.territory, grant.territories.len()) {
        (Some(territory), _) if !grant.territories.contains(&territory) => return Ok(Vec::new()),
        (Some(territory), _) => Some(territory),
        (None, 1) => grant.territories.iter().next().copied(),
        (None, _) => None,
    };
    match single {
        Some(territory) => list_of_one(grant, filter, territory).load(connection),
        None if filter.person.is_some() || filter.case_manager.is_some() => {
            list_selective(grant, filter).load(connection)
        }
        None if connection.is_sqlite() => list_of_many_sqlite(grant, filter).load(connection),
        None => list_of_many_postgresql(grant, filter).load(connection),
    }
}

// One territory: one walk along an index that has the order already.
fn list_of_one(grant: &HeldGrant, filter: &Filter, territory: TerritoryId) -> Prepared<cases::SqlType> {
    let statement =
        Prepared::new("SELECT r.* FROM cases r WHERE r.territory_id = ").bind(Value::Uuid(RowId(territory.0)));
    filter.conditions(statement, grant).sql(filter.order()).bind(Value::BigInt(filter.limit))
}

// A filter that leaves few rows: found by its own index, then sorted.
fn list_selective(grant: &HeldGrant, filter: &Filter) -> Prepared<cases::SqlType> {
    let statement = Prepared::new(
        "SELECT r.* FROM cases r WHERE r.territory_id IN (SELECT territory_id FROM grant_scopes WHERE grant_id = ",
    )
    .bind(Value::Uuid(RowId(grant.id.0)))
    .sql(")");
    filter.conditions(statement, grant).sql(filter.order()).bind(Value::BigInt(filter.limit))
}

// Many territories: the page's rows lie in the `limit` territories whose first row comes first, because a territory beyond
// those has that many better rows before it. So each territory is asked for its first row, and only those few for the rest.
fn list_of_many_postgresql(grant: &HeldGrant, filter: &Filter) -> Prepared<cases::SqlType> {
    let heads = Prepared::new(
        "SELECT page.* FROM (SELECT s.territory_id FROM grant_scopes s CROSS JOIN LATERAL (\
         SELECT r.opened_on, r.id FROM cases r WHERE r.territory_id = s.territory_id",
    );
    let heads = filter.conditions(heads, grant).sql(filter.order()).sql("1) r WHERE s.grant_id = ");
    let rows = heads
        .bind(Value::Uuid(RowId(grant.id.0)))
        .sql(filter.order())
        .bind(Value::BigInt(filter.limit))
        .sql(") heads CROSS JOIN LATERAL (SELECT r.* FROM cases r WHERE r.territory_id = heads.territory_id");
    let rows = filter.conditions(rows, grant).sql(filter.order()).bind(Value::BigInt(filter.limit)).sql(") page");
    let order = match filter.sort {
        CaseSort::NewestFirst => " ORDER BY page.opened_on DESC, page.id DESC LIMIT ",
        CaseSort::OldestFirst => " ORDER BY page.opened_on, page.id LIMIT ",
    };
    rows.sql(order).bind(Value::BigInt(filter.limit))
}

// The same on SQLite, which has no LATERAL: dates and ids are text there, so their concatenation sorts like the pair.
fn list_of_many_sqlite(grant: &HeldGrant, filter: &Filter) -> Prepared<cases::SqlType> {
    let heads = Prepared::new(
        "SELECT page.* FROM (SELECT s.territory_id, (\
         SELECT r.opened_on || r.id FROM cases r WHERE r.territory_id = s.territory_id",
    );
    let heads =
        filter.conditions(heads, grant).sql(filter.order()).sql("1) AS head FROM grant_scopes s WHERE s.grant_id = ");
    let by_head = match filter.sort {
        CaseSort::NewestFirst => " AND head IS NOT NULL ORDER BY head DESC LIMIT ",
        CaseSort::OldestFirst => " AND head IS NOT NULL ORDER BY head LIMIT ",
    };
    let rows = heads.bind(Value::Uuid(RowId(grant.id.0))).sql(by_head).bind(Value::BigInt(filter.limit)).sql(
        ") heads JOIN cases page ON page.id IN (SELECT r.id FROM cases r WHERE r.territory_id = heads.territory_id",
    );
    let rows = filter.conditions(rows, grant).sql(filter.order()).bind(Value::BigInt(filter.limit)).sql(")");
    let order = match filter.sort {
        CaseSort::NewestFirst => " ORDER BY page.opened_on DESC, page.id DESC LIMIT ",
        CaseSort::OldestFirst => " ORDER BY page.opened_on, page.id LIMIT ",
    };
    rows.sql(order).bind(Value::BigInt(filter.limit))
}
