//! Scope as data: per grant the materialised set of territories it reaches.

use approdo_db::schema::{grant_scopes, grants, principals};
use approdo_db::types;
use approdo_db::{Connection, Prepared, Value};
use chrono::NaiveDate;
use diesel::prelude::*;

use crate::access::rights::HeldGrant;
use crate::access::{GrantId, PrincipalId, TerritoryId, queries};
use crate::error::ApiResult;

/// Ends a statement, or a condition on a column of territories, with the territories under one on a date: its subtree, and members
/// of unions, conventions, districts and mountain communities (domain 39). The root itself included.
pub fn under<ST>(statement: Prepared<ST>, root: TerritoryId, on: NaiveDate) -> Prepared<ST> {
    walk(statement, root, on, "lies.upper_id = walked.id", "lies.id")
}

/// The territories under some roots on a date, the roots themselves included.
pub fn reach(connection: &mut Connection, roots: &[TerritoryId], on: NaiveDate) -> QueryResult<Vec<TerritoryId>> {
    let mut reached: Vec<TerritoryId> = Vec::new();
    for root in roots {
        reached.extend(under(Prepared::<types::Uuid>::default(), *root, on).load::<TerritoryId>(connection)?);
    }
    reached.sort_unstable();
    reached.dedup();
    Ok(reached)
}

/// The territories that a territory lies in on a date, itself included; none where there is no such territory.
pub fn above(connection: &mut Connection, id: TerritoryId, on: NaiveDate) -> QueryResult<Vec<TerritoryId>> {
    walk(Prepared::<types::Uuid>::default(), id, on, "lies.id = walked.id", "lies.upper_id").load(connection)
}

fn walk<ST>(
    statement: Prepared<ST>,
    from: TerritoryId,
    on: NaiveDate,
    step: &'static str,
    to: &'static str,
) -> Prepared<ST> {
    // One recursive term, written so that both databases accept it.
    statement
        .sql("WITH RECURSIVE walked (id) AS (SELECT id FROM territories WHERE id = ")
        .bind(from)
        .sql(" UNION SELECT ")
        .sql(to)
        .sql(
            " FROM walked JOIN (SELECT id, parent_id AS upper_id FROM territories WHERE parent_id IS NOT NULL \
             UNION ALL SELECT member_id, aggregate_id FROM territory_memberships WHERE valid_from <= ",
        )
        .bind(Value::Date(on))
        .sql(" AND (valid_to IS NULL OR valid_to > ")
        .bind(Value::Date(on))
        .sql(")) lies ON ")
        .sql(step)
        .sql(") SELECT id FROM walked")
}

/// Writes down what a grant reaches.
pub fn materialise(
    connection: &mut Connection,
    grant: GrantId,
    roots: &[TerritoryId],
    on: NaiveDate,
) -> QueryResult<()> {
    diesel::delete(grant_scopes::table.filter(grant_scopes::grant_id.eq(grant))).execute(connection)?;
    for territory in reach(connection, roots, on)? {
        diesel::insert_into(grant_scopes::table)
            .values((grant_scopes::grant_id.eq(grant), grant_scopes::territory_id.eq(territory)))
            .execute(connection)?;
    }
    Ok(())
}

/// Resolves every grant anew after territories or memberships changed, and as memberships begin and end with the calendar.
/// Returns the callers whose reach changed; their epoch is raised.
pub fn materialise_all(connection: &mut Connection, on: NaiveDate) -> QueryResult<Vec<PrincipalId>> {
    let all: Vec<(GrantId, PrincipalId, approdo_db::Json)> = grants::table
        .inner_join(principals::table.on(principals::id.eq(grants::principal_id)))
        .select((grants::id, grants::principal_id, grants::territory_ids))
        .load(connection)?;
    let mut touched = Vec::new();
    for (grant, principal, roots) in all {
        let roots: Vec<TerritoryId> = roots.read().unwrap_or_default();
        let mut before: Vec<TerritoryId> = grant_scopes::table
            .filter(grant_scopes::grant_id.eq(grant))
            .select(grant_scopes::territory_id)
            .load(connection)?;
        before.sort_unstable();
        if before != reach(connection, &roots, on)? {
            materialise(connection, grant, &roots, on)?;
            touched.push(principal);
        }
    }
    touched.sort_unstable();
    touched.dedup();
    for principal in &touched {
        queries::raise_epoch(connection, *principal)?;
    }
    Ok(touched)
}

/// Ends a condition on an organisation's column: one of a grant's organisations.
pub fn of_organisations<ST>(statement: Prepared<ST>, grant: &HeldGrant) -> Prepared<ST> {
    // Most grants are on an organisation with none below it: then the rows themselves tell, without a look at the tree.
    if grant.organisations.len() == 1 {
        statement.sql(" = ").bind(grant.organisation)
    } else {
        statement
            .sql(" IN (SELECT organisation_id FROM organisation_ancestors WHERE ancestor_id = ")
            .bind(grant.organisation)
            .sql(")")
    }
}

/// Adds the condition that a column is one of a grant's target groups, where it is limited to some.
pub fn of_target_groups<ST>(statement: Prepared<ST>, column: &'static str, grant: &HeldGrant) -> Prepared<ST> {
    if grant.target_groups.is_empty() {
        return statement;
    }
    let mut groups: Vec<&String> = grant.target_groups.iter().collect();
    groups.sort_unstable();
    let groups = groups.into_iter().map(|group| Value::Text(group.clone()));
    statement.sql(" AND ").sql(column).sql(" IN (").bind_all(groups).sql(")")
}

/// Narrows a statement over a table aliased `r` to the rows of one grant's organisations. The territory is for the statement
/// itself to narrow, because that is where its index begins.
pub fn owned_by<ST>(statement: Prepared<ST>, grant: &HeldGrant) -> Prepared<ST> {
    of_organisations(statement.sql(" AND r.owner_org_id"), grant)
}

/// The same for people and cases: of its organisations and target groups.
pub fn reached_by<ST>(statement: Prepared<ST>, grant: &HeldGrant) -> Prepared<ST> {
    of_target_groups(owned_by(statement, grant), "r.target_group", grant)
}

/// Narrows a statement to rows whose person the grant reaches, too: a case can be elsewhere than its person. `people` begins a
/// subquery over people, aliased `r`.
pub fn people_in_reach<ST>(statement: Prepared<ST>, people: &'static str, grant: &HeldGrant) -> Prepared<ST> {
    let statement = statement
        .sql(people)
        .sql(" AND r.territory_id IN (SELECT territory_id FROM grant_scopes WHERE grant_id = ")
        .bind(grant.id)
        .sql(")");
    reached_by(statement, grant).sql(")")
}

/// Asks once for each grant and merges: the first rows of a union are among the first rows of its parts. `key` orders as the
/// statement does; a row reached by two grants is kept once.
pub fn merged<T, K: Ord>(
    grants: &[&HeldGrant],
    limit: i64,
    mut ask: impl FnMut(&HeldGrant) -> ApiResult<Vec<T>>,
    key: impl Fn(&T) -> K,
) -> ApiResult<Vec<T>> {
    if let [grant] = grants {
        return ask(grant);
    }
    let mut rows = Vec::new();
    for grant in grants {
        rows.extend(ask(grant)?);
    }
    rows.sort_by_key(&key);
    rows.dedup_by_key(|row| key(row));
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(rows)
}
