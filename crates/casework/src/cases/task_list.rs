//! The list of tasks over all cases of a scope. Its rows lie where their cases do; the rest of the scope is asked of the case.

use actix_web::get;
use approdo_db::schema::tasks;
use approdo_db::{Prepared, Timestamp, Value};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::reach::{self, KeyKind, Order, Position, SortKey, Source, UNDATED, Wanted};
use crate::access::rights::HeldGrant;
use crate::access::{Action, PrincipalId, Resource, Rights, TerritoryId};
use crate::cases::tasks::{Task, TaskPage, TaskStatus};
use crate::clock;
use crate::error::ApiResult;
use crate::http::{Answer, Door, Listing, Parameters, Reader, reading};
use crate::paged;

/// Members that `fields` can name.
const MEMBERS: [&str; 11] = [
    "id",
    "case_id",
    "title",
    "description",
    "due_on",
    "assignee_id",
    "status",
    "version",
    "created_at",
    "updated_at",
    "goal_id",
];

/// How to list the tasks of all cases.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TasksQuery {
    /// Tasks in this state.
    status: Option<TaskStatus>,
    /// Tasks that are this user's to do.
    assignee_id: Option<PrincipalId>,
    /// Tasks of the cases of this case manager.
    case_manager_id: Option<PrincipalId>,
    /// Tasks of cases of exactly this territory.
    territory_id: Option<TerritoryId>,
    /// `true`: open tasks that were due before today; `false`: the others.
    overdue: Option<bool>,
    /// Tasks that are due before this day.
    #[serde(default, deserialize_with = "reading::optional_day")]
    due_before: Option<NaiveDate>,
    /// Tasks that were made or changed at this instant or later.
    #[serde(default, deserialize_with = "reading::optional_instant")]
    updated_since: Option<DateTime<Utc>>,
    /// `due_on` (the default; tasks without a date last), `-created_at` (newest first), or `updated_at`, which ends with what
    /// changed last.
    #[param(inline)]
    sort: Option<TaskSort>,
    /// Members to answer, separated by commas; all when absent.
    #[validate(length(min = 1, max = 400))]
    #[param(min_length = 1, max_length = 400, example = "id,title,due_on")]
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

paged!(TasksQuery, fields);

/// The orders a list of tasks can have; each has its index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
enum TaskSort {
    #[default]
    #[serde(rename = "due_on")]
    DueFirst,
    #[serde(rename = "-created_at")]
    NewestFirst,
    #[serde(rename = "updated_at")]
    LastChangedLast,
}

impl TaskSort {
    fn order(self) -> Order {
        match self {
            Self::DueFirst => Order {
                key: "coalesce(t.due_on, '9999-12-31')",
                page_key: "coalesce(page.due_on, '9999-12-31')",
                kind: KeyKind::Day,
                descending: false,
                walkable: true,
                computed: true,
            },
            Self::NewestFirst => Order {
                key: "t.created_at",
                page_key: "page.created_at",
                kind: KeyKind::Instant,
                descending: true,
                walkable: false,
                computed: false,
            },
            Self::LastChangedLast => Order {
                key: "t.updated_at",
                page_key: "page.updated_at",
                kind: KeyKind::Instant,
                descending: false,
                walkable: false,
                computed: false,
            },
        }
    }
}

const SOURCE: Source = Source {
    columns: "t.*",
    table: "tasks t",
    from: " FROM tasks t JOIN cases r ON r.id = t.case_id",
    id: "t.id",
    territory: "t.territory_id",
};

/// A list of tasks as it was asked for.
struct TaskList {
    asked: TasksQuery,
    today: NaiveDate,
    principal: PrincipalId,
}

impl TaskList {
    fn sort(&self) -> TaskSort {
        self.asked.sort.unwrap_or_default()
    }

    fn conditions<ST>(&self, mut statement: Prepared<ST>, grant: &HeldGrant) -> Prepared<ST> {
        let asked = &self.asked;
        if let Some(status) = asked.status {
            statement = statement.sql(" AND t.status = ").bind(Value::Text(status.as_str().to_owned()));
        }
        if let Some(assignee) = asked.assignee_id {
            statement = statement.sql(" AND t.assignee_id = ").bind(assignee);
        }
        if let Some(manager) = asked.case_manager_id {
            statement = statement.sql(" AND r.case_manager_id = ").bind(manager);
        }
        if let Some(overdue) = asked.overdue {
            statement = statement
                .sql(if overdue { " AND (" } else { " AND NOT (" })
                .sql("t.status = 'open' AND coalesce(t.due_on, '9999-12-31') < ")
                .bind(Value::Date(self.today))
                .sql(")");
        }
        if let Some(day) = asked.due_before {
            // The first condition is for the index, the second for tasks without a date.
            statement = statement.sql(" AND coalesce(t.due_on, '9999-12-31') < ").bind(Value::Date(day));
            statement = statement.sql(" AND t.due_on IS NOT NULL");
        }
        if let Some(instant) = asked.updated_since {
            statement = statement.sql(" AND t.updated_at >= ").bind(Value::Instant(Timestamp::new(instant)));
        }
        reach::confined(statement, grant, self.principal)
    }
}

impl Listing for TaskList {
    type Query = TasksQuery;
    type Row = Task;
    type Key = Position;
    type Item = Task;

    const MEMBERS: &'static [&'static str] = &MEMBERS;
    const SHOWS: Resource = Resource::Cases;

    fn of(reader: &Reader<'_>, asked: TasksQuery) -> ApiResult<Self> {
        Ok(Self { asked, today: clock::date_of(reader.now), principal: reader.rights.principal })
    }

    fn rows(&self, reader: &mut Reader<'_>, after: Option<Position>, limit: i64) -> ApiResult<Vec<Task>> {
        let rights = reader.rights.clone();
        let order = self.sort().order();
        let ask = |grant: &HeldGrant| {
            let wanted = Wanted::<tasks::SqlType> {
                source: &SOURCE,
                order,
                territory: self.asked.territory_id,
                selective: self.asked.assignee_id.is_some() || self.asked.case_manager_id.is_some(),
                after,
                limit,
                conditions: &|statement| self.conditions(statement, grant),
            };
            reach::list(reader, grant, &wanted)
        };
        reach::merged(&rights.grants_for(Action::List, Resource::Tasks), order, limit, ask, |row| self.key(row))
    }

    fn key(&self, row: &Task) -> Position {
        let key = match self.sort() {
            TaskSort::DueFirst => SortKey::Day(row.due_on.unwrap_or(UNDATED)),
            TaskSort::NewestFirst => SortKey::Instant(row.created_at),
            TaskSort::LastChangedLast => SortKey::Instant(row.updated_at),
        };
        (key, row.id.0)
    }

    // Whoever sees a task has looked at its case.
    fn shows(row: &Task) -> uuid::Uuid {
        row.case_id.0
    }

    fn item(row: Task, _: &Rights) -> Task {
        row
    }
}

/// List tasks.
///
/// Those of all cases your grants reach, what is due first. Read on with `cursor`. As `application/x-ndjson` or `text/csv` the whole
/// list is streamed, whatever `limit` and `cursor` say; a stream that breaks off is not the whole. Their cases are recorded as accessed.
#[utoipa::path(
    tag = "Tasks",
    params(TasksQuery),
    responses((status = 200, description = "A page, or the whole list as a stream.", body = TaskPage)),
    extensions(("x-streams" = json!("Task")))
)]
#[get("/tasks")]
pub async fn list_tasks_of_all_cases(
    door: Door,
    caller: Caller<actions::List, resources::Tasks>,
    query: Parameters<TasksQuery>,
) -> ApiResult<Answer> {
    door.list::<_, _, TaskList>("list_tasks_of_all_cases", caller, query).await
}
