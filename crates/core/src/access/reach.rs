//! Lists over a scope: the first rows, in order, that one grant reaches. A list says what it reads (`Source`), in which order
//! (`Order`) and what it asks of a row (`Wanted`); the shape of the statement follows from how wide the grant is.

use approdo_db::{Prepared, Timestamp, Value, types::RowId};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::access::rights::HeldGrant;
use crate::access::standing::Asks;
use crate::access::{Role, TerritoryId, scope};
use crate::error::ApiResult;

/// Territories from which on a long read walks the whole order instead of asking each of them for its first row.
const WIDE: usize = 1_000;
/// Rows from which on a read is long: more than a page.
const LONG: i64 = 500;
/// Rows that each of the chosen territories is asked for, to find where a page can end at the latest.
const SAMPLED: &str = "6";
/// Where rows without a date stand: behind all that have one.
pub const UNDATED: NaiveDate = match NaiveDate::from_ymd_opt(9999, 12, 31) {
    Some(day) => day,
    None => NaiveDate::MAX,
};

/// Where a list's rows are. What gives the scope, a case, a person or a household, is aliased `r`.
#[derive(Debug)]
pub struct Source {
    /// The row's columns, qualified.
    pub columns: &'static str,
    /// The row's table with its alias.
    pub table: &'static str,
    /// From `FROM` up to `WHERE`.
    pub from: &'static str,
    pub id: &'static str,
    /// The column of the territory, where the list's indexes begin.
    pub territory: &'static str,
}

/// What a list orders by before the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// The sort key of a row of the source, as the index has it.
    pub key: &'static str,
    /// The same of a row aliased `page`.
    pub page_key: &'static str,
    pub kind: KeyKind,
    pub descending: bool,
    /// Whether an index has this order without the territory before it.
    pub walkable: bool,
    /// Whether the key is an expression: SQLite finds its place by one only where it is compared alone.
    pub computed: bool,
}

/// What a sort key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    Day,
    Instant,
}

/// The value of a sort key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SortKey {
    Day(NaiveDate),
    Instant(Timestamp),
}

impl From<SortKey> for Value {
    fn from(key: SortKey) -> Self {
        match key {
            SortKey::Day(day) => Self::Date(day),
            SortKey::Instant(instant) => Self::Instant(instant),
        }
    }
}

/// The position of a row in a list: its sort key and id.
pub type Position = (SortKey, uuid::Uuid);

impl Order {
    fn direction(self) -> &'static str {
        if self.descending { " DESC" } else { "" }
    }

    fn beyond(self) -> &'static str {
        if self.descending { " < (" } else { " > (" }
    }

    fn from(self) -> &'static str {
        if self.descending { " <= " } else { " >= " }
    }

    fn up_to(self) -> &'static str {
        if self.descending { ">=" } else { "<=" }
    }

    // ` ORDER BY key, id`, both in the direction of the list.
    fn by<ST>(self, statement: Prepared<ST>, key: &'static str, id: &'static str) -> Prepared<ST> {
        let direction = self.direction();
        statement.sql(" ORDER BY ").sql(key).sql(direction).sql(", ").sql(id).sql(direction)
    }

    // What lies behind every row, on PostgreSQL.
    fn end(self) -> (&'static str, &'static str) {
        let key = match (self.kind, self.descending) {
            (KeyKind::Day, true) => "'-infinity'::date",
            (KeyKind::Day, false) => "'infinity'::date",
            (KeyKind::Instant, true) => "'-infinity'::timestamptz",
            (KeyKind::Instant, false) => "'infinity'::timestamptz",
        };
        let id = if self.descending {
            "'00000000-0000-0000-0000-000000000000'::uuid"
        } else {
            "'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid"
        };
        (key, id)
    }

    // Takes a key and an id that were put together apart again, on SQLite: keys of one kind are of one length.
    fn apart(self) -> &'static str {
        match self.kind {
            KeyKind::Day => " (SELECT substr(head, 1, 10), substr(head, 11) FROM cut)",
            KeyKind::Instant => " (SELECT substr(head, 1, 27), substr(head, 28) FROM cut)",
        }
    }
}

/// What a list asks for, of one grant.
pub struct Wanted<'a, ST> {
    pub source: &'static Source,
    pub order: Order,
    /// One territory alone.
    pub territory: Option<TerritoryId>,
    /// Whether a filter with an index of its own leaves few rows.
    pub selective: bool,
    /// Where to go on.
    pub after: Option<Position>,
    pub limit: i64,
    /// Adds what is asked of a row beyond its territory, each condition led by ` AND `.
    pub conditions: &'a dyn Fn(Prepared<ST>) -> Prepared<ST>,
}

/// The first rows of one grant's reach, in order. The caller's standing rides along.
pub fn list<ST, T>(asks: &mut impl Asks, grant: &HeldGrant, wanted: &Wanted<'_, ST>) -> ApiResult<Vec<T>>
where
    for<'q> Prepared<(ST, diesel::sql_types::Nullable<diesel::sql_types::BigInt>)>:
        diesel::query_dsl::LoadQuery<'q, approdo_db::Connection, (T, Option<i64>)>,
    for<'q> Prepared<ST>: diesel::query_dsl::LoadQuery<'q, approdo_db::Connection, T>,
{
    let sqlite = asks.parts().0.is_sqlite();
    match wanted.statement(grant, sqlite) {
        Some(statement) => asks.load(statement),
        None => Ok(Vec::new()),
    }
}

impl<ST> Wanted<'_, ST> {
    fn statement(&self, grant: &HeldGrant, sqlite: bool) -> Option<Prepared<ST>> {
        let single = match (self.territory, grant.territories.len()) {
            (Some(territory), _) if !grant.territories.contains(&territory) => return None,
            (Some(territory), _) => Some(territory),
            (None, 1) => grant.territories.iter().next().copied(),
            (None, _) => None,
        };
        let wide = self.order.walkable && self.limit >= LONG && grant.territories.len() >= WIDE;
        Some(match single {
            Some(territory) => self.of_one(territory),
            None if self.selective => self.of_all(grant, " WHERE "),
            // Without the sign SQLite would begin at each territory and sort what it finds.
            None if wide => self.of_all(grant, if sqlite { " WHERE +" } else { " WHERE " }),
            None if sqlite => self.of_many_sqlite(grant),
            None => self.of_many_postgresql(grant),
        })
    }

    fn begun(&self, led: &'static str) -> Prepared<ST> {
        Prepared::select(self.source.columns).sql(self.source.from).sql(led).sql(self.source.territory)
    }

    fn conditions(&self, statement: Prepared<ST>) -> Prepared<ST> {
        let statement = match self.after {
            None => statement,
            Some((key, id)) => self
                .sought(statement, key)
                .sql(" AND (")
                .sql(self.order.key)
                .sql(", ")
                .sql(self.source.id)
                .sql(")")
                .sql(self.order.beyond())
                .bind(key)
                .sql(", ")
                .bind(Value::Uuid(RowId(id)))
                .sql(")"),
        };
        (self.conditions)(statement)
    }

    fn sought(&self, statement: Prepared<ST>, key: SortKey) -> Prepared<ST> {
        if self.order.computed {
            statement.sql(" AND ").sql(self.order.key).sql(self.order.from()).bind(key)
        } else {
            statement
        }
    }

    fn ordered(&self, statement: Prepared<ST>) -> Prepared<ST> {
        self.order.by(statement, self.order.key, self.source.id).sql(" LIMIT ")
    }

    fn limit(&self) -> Value {
        Value::BigInt(self.limit)
    }

    // One territory: one walk along an index that has the order already.
    fn of_one(&self, territory: TerritoryId) -> Prepared<ST> {
        self.ordered(self.conditions(self.begun(" WHERE ").sql(" = ").bind(territory))).bind(self.limit())
    }

    // A filter that leaves few rows, found by its own index, then sorted; or a long read of nearly everything, along an index
    // that has the order of all.
    fn of_all(&self, grant: &HeldGrant, led: &'static str) -> Prepared<ST> {
        let begun = self.begun(led).sql(" IN (SELECT territory_id FROM grant_scopes WHERE grant_id = ").bind(grant.id);
        self.ordered(self.conditions(begun.sql(")"))).bind(self.limit())
    }

    // `SELECT key, id FROM … WHERE territory`
    fn keys(&self, statement: Prepared<ST>) -> Prepared<ST> {
        let source = self.source;
        statement
            .sql("SELECT ")
            .sql(self.order.key)
            .sql(" AS k, ")
            .sql(source.id)
            .sql(" AS i")
            .sql(source.from)
            .sql(" WHERE ")
            .sql(source.territory)
    }

    // Many territories: the page's rows lie in the `limit` territories whose first row comes first, because a territory beyond
    // those has that many better rows before it. So each territory is asked for its first row, those few for some more, and the
    // `limit`th of all these is where the page ends at the latest: nothing beyond it is read.
    fn of_many_postgresql(&self, grant: &HeldGrant) -> Prepared<ST> {
        let (source, order) = (self.source, self.order);
        let (end_key, end_id) = order.end();
        let begun = Prepared::select("page.*").sql(
            " FROM (WITH heads AS MATERIALIZED (SELECT s.territory_id, h.k, h.i FROM grant_scopes s CROSS JOIN LATERAL (",
        );
        let heads = self.ordered(self.conditions(self.keys(begun).sql(" = s.territory_id")));
        let heads = order.by(heads.sql("1) h WHERE s.grant_id = ").bind(grant.id), "k", "i");
        let sample = heads
            .sql(" LIMIT ")
            .bind(self.limit())
            .sql("), sample AS (SELECT more.k, more.i FROM heads CROSS JOIN LATERAL (");
        let sample = self.ordered(self.conditions(self.keys(sample).sql(" = heads.territory_id")));
        let cut = sample.sql(SAMPLED).sql(") more), cut AS MATERIALIZED (SELECT k, i FROM sample");
        let rows = order
            .by(cut, "k", "i")
            .sql(" LIMIT 1 OFFSET ")
            .bind(Value::BigInt(self.limit - 1))
            .sql(") SELECT shown.* FROM heads CROSS JOIN LATERAL (SELECT ")
            .sql(source.columns)
            .sql(source.from)
            .sql(" WHERE ")
            .sql(source.territory)
            .sql(" = heads.territory_id AND (")
            .sql(order.key)
            .sql(", ")
            .sql(source.id)
            .sql(") ")
            .sql(order.up_to())
            .sql(" (coalesce((SELECT k FROM cut), ")
            .sql(end_key)
            .sql("), coalesce((SELECT i FROM cut), ")
            .sql(end_id)
            .sql("))");
        let page = self.ordered(self.conditions(rows)).bind(self.limit()).sql(") shown) page");
        order.by(page, order.page_key, "page.id").sql(" LIMIT ").bind(self.limit())
    }

    // The same on SQLite, which has no LATERAL: keys and ids are text there, so their concatenation sorts like the pair.
    fn of_many_sqlite(&self, grant: &HeldGrant) -> Prepared<ST> {
        let (source, order) = (self.source, self.order);
        let by_head = |statement: Prepared<ST>| statement.sql(" ORDER BY head").sql(order.direction()).sql(" LIMIT ");
        let of = |statement: Prepared<ST>, columns: &[&'static str]| {
            let statement = columns.iter().fold(statement.sql("SELECT "), |statement, column| statement.sql(column));
            statement.sql(source.from).sql(" WHERE ").sql(source.territory)
        };
        let head = [order.key, " || ", source.id];
        let begun = Prepared::select("page.*").sql(" FROM (WITH heads AS MATERIALIZED (SELECT s.territory_id, (");
        let heads = self.ordered(self.conditions(of(begun, &head).sql(" = s.territory_id")));
        let heads = heads.sql("1) AS head FROM grant_scopes s WHERE s.grant_id = ").bind(grant.id);
        let sample = by_head(heads.sql(" AND head IS NOT NULL"))
            .bind(self.limit())
            .sql("), sample AS (SELECT ")
            .sql(order.key)
            .sql(" || ")
            .sql(source.id)
            .sql(" AS head FROM heads JOIN ")
            .sql(source.table)
            .sql(" ON ")
            .sql(source.id)
            .sql(" IN (");
        let sample = self.ordered(self.conditions(of(sample, &[source.id]).sql(" = heads.territory_id")));
        let cut = sample.sql(SAMPLED).sql(")), cut AS MATERIALIZED (SELECT coalesce((SELECT head FROM sample");
        let rows = by_head(cut)
            .sql("1 OFFSET ")
            .bind(Value::BigInt(self.limit - 1))
            .sql("), ")
            .sql(if order.descending { "''" } else { "'~'" })
            .sql(") AS head) SELECT ")
            .sql(source.columns)
            .sql(" FROM heads JOIN ")
            .sql(source.table)
            .sql(" ON ")
            .sql(source.id)
            .sql(" IN (");
        let rows = of(rows, &[source.id])
            .sql(" = heads.territory_id AND (")
            .sql(order.key)
            .sql(", ")
            .sql(source.id)
            .sql(") ")
            .sql(order.up_to())
            .sql(order.apart());
        let page = self.ordered(self.conditions(rows)).bind(self.limit()).sql(")) page");
        order.by(page, order.page_key, "page.id").sql(" LIMIT ").bind(self.limit())
    }
}

/// The first rows of what several grants reach, in order, each row once.
pub fn merged<T>(
    grants: &[&HeldGrant],
    order: Order,
    limit: i64,
    ask: impl FnMut(&HeldGrant) -> ApiResult<Vec<T>>,
    position: impl Fn(&T) -> Position,
) -> ApiResult<Vec<T>> {
    if order.descending {
        scope::merged(grants, limit, ask, |row| std::cmp::Reverse(position(row)))
    } else {
        scope::merged(grants, limit, ask, position)
    }
}

/// Narrows to what the grant reaches of cases aliased `r`: owner, target group, and the access levels of domain 1, as
/// `Confinement` says them for one row. The territory is the statement's own.
pub fn confined<ST>(statement: Prepared<ST>, grant: &HeldGrant, principal: crate::access::PrincipalId) -> Prepared<ST> {
    let statement = counted(statement, grant, principal);
    if grant.states_purpose { statement } else { statement.sql(" AND r.access_level <> 'audited'") }
}

/// The same to count cases: no purpose is to be stated where none is looked into.
pub fn counted<ST>(statement: Prepared<ST>, grant: &HeldGrant, principal: crate::access::PrincipalId) -> Prepared<ST> {
    let statement = scope::reached_by(statement, grant);
    let statement = if grant.role == Role::OrganisationAdministrator {
        statement.sql(" AND (r.access_level <> 'closed' OR r.case_manager_id = ")
    } else {
        statement.sql(" AND (r.access_level IN ('open', 'audited') OR r.case_manager_id = ")
    };
    statement.bind(principal).sql(")")
}
