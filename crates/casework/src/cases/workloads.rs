//! The team view: who has how much to do, for those who spread the work.

use actix_web::get;
use approdo_db::types::Uuid;
use approdo_db::{Prepared, Value};
use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::caller::{Caller, actions, resources};
use crate::access::rights::HeldGrant;
use crate::access::standing::Asks;
use crate::access::{Action, PrincipalId, Resource, TerritoryId, reach};
use crate::clock;
use crate::error::ApiResult;
use crate::http::{Answer, Door, Parameters};
use crate::page_of;
use crate::paged_query;

/// What a case manager has to do, or what nobody has yet.
#[derive(Debug, Queryable, Serialize, ToSchema)]
pub struct Workload {
    /// Absent for the cases and tasks that nobody is in charge of.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub case_manager_id: Option<PrincipalId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 200)]
    pub display_name: Option<String>,
    /// Cases that are neither closed nor declined.
    #[schema(minimum = 0, maximum = 9007199254740991_i64)]
    pub open_cases: i64,
    /// Of these, on hold.
    #[schema(minimum = 0, maximum = 9007199254740991_i64)]
    pub waiting_cases: i64,
    /// Of those on hold, to be reviewed before today.
    #[schema(minimum = 0, maximum = 9007199254740991_i64)]
    pub overdue_reviews: i64,
    /// Tasks to do: of the assignee, or of the case's manager where nobody is assigned.
    #[schema(minimum = 0, maximum = 9007199254740991_i64)]
    pub open_tasks: i64,
    /// Of these, due before today.
    #[schema(minimum = 0, maximum = 9007199254740991_i64)]
    pub overdue_tasks: i64,
}

page_of! {
    /// A page of workloads.
    WorkloadPage of Workload
}

paged_query! {
    /// Whose work.
    WorkloadQuery {
        /// In the cases of this territory.
        territory_id: Option<TerritoryId>,
    }
}

type Columns = (Nullable<Uuid>, Nullable<Text>, BigInt, BigInt, BigInt, BigInt, BigInt);

/// Appends what a supervisor's grants reach of the cases aliased `r`: together, so that no case counts twice.
fn within<ST>(
    mut statement: Prepared<ST>,
    grants: &[&HeldGrant],
    territory: Option<TerritoryId>,
    principal: PrincipalId,
) -> Prepared<ST> {
    statement = statement.sql(" WHERE r.status NOT IN ('closed', 'declined') AND (1 = 0");
    for grant in grants {
        statement = statement.sql(" OR (r.territory_id IN (SELECT territory_id FROM grant_scopes WHERE grant_id = ");
        statement = reach::counted(statement.bind(grant.id).sql(")"), grant, principal).sql(")");
    }
    statement = statement.sql(")");
    match territory {
        Some(territory) => statement.sql(" AND r.territory_id = ").bind(territory),
        None => statement,
    }
}

fn load(
    asks: &mut impl Asks,
    grants: &[&HeldGrant],
    territory: Option<TerritoryId>,
    principal: PrincipalId,
    today: NaiveDate,
    after: Option<PrincipalId>,
    limit: i64,
) -> ApiResult<Vec<Workload>> {
    let statement = Prepared::<Columns>::select("page.*")
        .sql(
            " FROM (SELECT w.manager, u.display_name, CAST(sum(w.cases) AS BIGINT), CAST(sum(w.waiting) AS BIGINT), \
             CAST(sum(w.late_reviews) AS BIGINT), CAST(sum(w.tasks) AS BIGINT), CAST(sum(w.late_tasks) AS BIGINT) FROM (\
             SELECT r.case_manager_id AS manager, count(*) AS cases, \
             count(CASE WHEN r.status = 'on_hold' THEN 1 END) AS waiting, \
             count(CASE WHEN r.status = 'on_hold' AND r.review_at < ",
        )
        .bind(Value::Date(today))
        .sql(" THEN 1 END) AS late_reviews, 0 AS tasks, 0 AS late_tasks FROM cases r");
    let statement = within(statement, grants, territory, principal)
        .sql(
            " GROUP BY r.case_manager_id UNION ALL \
             SELECT coalesce(t.assignee_id, r.case_manager_id), 0, 0, 0, count(*), count(CASE WHEN t.due_on < ",
        )
        .bind(Value::Date(today))
        .sql(" THEN 1 END) FROM cases r JOIN tasks t ON t.case_id = r.id AND t.status = 'open'");
    let mut statement = within(statement, grants, territory, principal).sql(
        " GROUP BY coalesce(t.assignee_id, r.case_manager_id)) w LEFT JOIN users u ON u.id = w.manager \
         GROUP BY w.manager, u.display_name) page",
    );
    // What nobody is in charge of comes last.
    if let Some(after) = after {
        statement = statement.sql(" WHERE (manager > ").bind(after).sql(" OR manager IS NULL)");
    }
    asks.load(
        statement
            .sql(" ORDER BY CASE WHEN manager IS NULL THEN 1 ELSE 0 END, manager LIMIT ")
            .bind(Value::BigInt(limit)),
    )
}

/// List who has how much to do.
///
/// For supervisors: of the open cases in their scope, for each case manager how many there are, how many wait, what is overdue; last,
/// what nobody is in charge of. Cases closed to all but their manager are not counted.
#[utoipa::path(
    tag = "Cases",
    params(WorkloadQuery),
    responses((status = 200, description = "A page.", body = WorkloadPage))
)]
#[get("/workloads")]
pub async fn list_workloads(
    door: Door,
    caller: Caller<actions::List, resources::Workloads>,
    query: Parameters<WorkloadQuery>,
) -> ApiResult<Answer> {
    door.read("list_workloads", caller, move |reader| {
        let asked = query.read()?;
        let request = reader.page(&query, asked.limit, asked.cursor.as_deref());
        let after: Option<PrincipalId> = request.after()?;
        let (rights, today) = (reader.rights.clone(), clock::date_of(reader.now));
        let grants = rights.grants_for(Action::List, Resource::Workloads);
        let limit = request.limit() + 1;
        let rows = load(reader, &grants, asked.territory_id, rights.principal, today, after, limit)?;
        // What nobody is in charge of is the last row: no page begins after it.
        let page = request.page(rows, |row: &Workload| row.case_manager_id)?;
        Answer::ok(&WorkloadPage::from(page))
    })
    .await
}
