//! A case manager's worklist: what waits for her, in the order of days. Each page is one query.

use actix_web::{delete, get};
use approdo_db::schema::{case_news, cases};
use approdo_db::types::{Instant, RowId, Uuid};
use approdo_db::{Prepared, Timestamp, Value, text_enum};
use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Nullable, Text};
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::caller::{Caller, actions, resources};
use crate::access::rights::HeldGrant;
use crate::access::standing::Asks;
use crate::access::{Action, PrincipalId, Resource, reach, scope};
use crate::cases::types::{CaseId, CaseRow};
use crate::clock;
use crate::error::{ApiError, ApiResult};
use crate::http::{Answer, Door, Id, IfMatch, Parameters, reading};
use crate::page_of;
use crate::paged_query;
use crate::people::reminders::ReminderKind;
use crate::people::types::PersonId;
use crate::work::Unit;

text_enum! {
    /// What an item of a worklist asks for.
    #[derive(ToSchema)]
    WorklistKind {
        /// A task assigned to you, or to nobody in a case that you manage: do it.
        Task = "task",
        /// An appointment that you attend: hold it, then say how it went.
        Appointment = "appointment",
        /// A case of yours on hold: look at it again.
        Review = "review",
        /// A person in an open case of yours holds a document that ends: see to its renewal.
        ExpiringDocument = "expiring_document",
        /// A person in an open case of yours comes of age: prepare for it.
        ComingOfAge = "coming_of_age",
        /// Others have changed something in a case of yours: look at it.
        Change = "change",
    }
}

/// Something that waits for you.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorklistItem {
    pub kind: WorklistKind,
    /// The task, the appointment, the reminder (documents and comings of age), or else the case.
    #[schema(value_type = uuid::Uuid)]
    pub id: RowId,
    pub case_id: CaseId,
    /// What the case is called between people.
    #[schema(max_length = 20)]
    pub public_ref: String,
    pub person_id: PersonId,
    /// A code of `case_priorities`: the case's.
    #[schema(max_length = 40)]
    pub priority: String,
    /// What a task or an appointment is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 200)]
    pub title: Option<String>,
    /// The day a task is due, an appointment begins, a case is to be reviewed, a document holds no more, a person is of age.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub due_on: Option<NaiveDate>,
    /// Whether that day is past.
    pub overdue: bool,
    /// With `change`: how many there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 9007199254740991_i64)]
    pub unread_changes: Option<i64>,
    /// With `change`: the number of the latest. Name it in `If-Match` of `DELETE /me/unread-changes/{case_id}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 9007199254740991_i64)]
    pub latest_change: Option<i64>,
    /// With `appointment`: when it begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub starts_at: Option<Timestamp>,
    /// With `change`: when the latest was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub changed_at: Option<Timestamp>,
}

page_of! {
    /// A page of a worklist.
    WorklistPage of WorklistItem
}

paged_query! {
    /// What to list.
    WorklistQuery {
        /// Of one kind.
        kind: Option<WorklistKind>,
        /// Due on this day or before; what has no day is left out.
        #[serde(default, deserialize_with = "reading::optional_day")]
        due_until: Option<NaiveDate>,
    }
}

/// The position of an item: its day (the last there is where it has none), its source, its id, its case. A reminder is about a
/// person, who may have several cases.
type Key = (NaiveDate, i64, RowId, CaseId);

type Columns = (
    BigInt,
    Uuid,
    Uuid,
    Text,
    Uuid,
    Text,
    Nullable<Text>,
    Nullable<Date>,
    Nullable<BigInt>,
    Nullable<BigInt>,
    Nullable<Instant>,
    Date,
);

#[derive(Queryable)]
struct Row {
    source: i64,
    id: RowId,
    case_id: CaseId,
    public_ref: String,
    person_id: PersonId,
    priority: String,
    text: Option<String>,
    due_on: Option<NaiveDate>,
    changes: Option<i64>,
    latest: Option<i64>,
    at: Option<Timestamp>,
    day: NaiveDate,
}

impl Row {
    fn key(&self) -> Key {
        (self.day, self.source, self.id, self.case_id)
    }

    fn kind(&self) -> WorklistKind {
        match self.source {
            REVIEWS => WorklistKind::Review,
            REMINDERS if self.text.as_deref() == Some(ReminderKind::ComingOfAge.as_str()) => WorklistKind::ComingOfAge,
            REMINDERS => WorklistKind::ExpiringDocument,
            TASKS | TASKS_OF_NOBODY => WorklistKind::Task,
            APPOINTMENTS => WorklistKind::Appointment,
            _ => WorklistKind::Change,
        }
    }

    fn shown(self, today: NaiveDate) -> WorklistItem {
        let kind = self.kind();
        // A document has ended, and a person is of age, on the day itself.
        let last_day = if self.source == REMINDERS { today.succ_opt().unwrap_or(today) } else { today };
        WorklistItem {
            kind,
            id: self.id,
            case_id: self.case_id,
            public_ref: self.public_ref,
            person_id: self.person_id,
            priority: self.priority,
            title: self.text.filter(|_| matches!(kind, WorklistKind::Task | WorklistKind::Appointment)),
            due_on: self.due_on,
            overdue: self.due_on.is_some_and(|day| day < last_day),
            unread_changes: self.changes,
            latest_change: self.latest,
            starts_at: self.at.filter(|_| kind == WorklistKind::Appointment),
            changed_at: self.at.filter(|_| kind == WorklistKind::Change),
        }
    }
}

const REVIEWS: i64 = 1;
const REMINDERS: i64 = 2;
const TASKS: i64 = 3;
const TASKS_OF_NOBODY: i64 = 4;
const CHANGES: i64 = 5;
const APPOINTMENTS: i64 = 6;

/// Where items come from: a query up to the caller's id, what follows it, and how it says an item's day.
struct Source {
    number: i64,
    until_principal: &'static str,
    day: &'static str,
    id: &'static str,
}

// The columns of all have one order and one type each; the day is said as its index says it.
const SOURCES: [Source; 6] = [
    Source {
        number: REVIEWS,
        until_principal: "SELECT CAST(1 AS BIGINT) AS source, r.id AS id, r.id AS case_id, r.public_ref, r.person_id, \
            r.priority, CAST(NULL AS TEXT) AS text, r.review_at AS due_on, CAST(NULL AS BIGINT) AS changes, CAST(NULL AS BIGINT) AS latest, \
            CAST(NULL AS TIMESTAMPTZ) AS at, r.review_at AS day \
            FROM cases r WHERE r.status = 'on_hold' AND r.case_manager_id = ",
        day: "r.review_at",
        id: "r.id",
    },
    Source {
        number: REMINDERS,
        until_principal: "SELECT CAST(2 AS BIGINT) AS source, s.id AS id, r.id AS case_id, r.public_ref, r.person_id, \
            r.priority, s.kind AS text, s.due_on AS due_on, CAST(NULL AS BIGINT) AS changes, CAST(NULL AS BIGINT) AS latest, \
            CAST(NULL AS TIMESTAMPTZ) AS at, s.due_on AS day \
            FROM cases r JOIN reminders s ON s.person_id = r.person_id AND s.status = 'open' \
            WHERE r.status NOT IN ('closed', 'declined') AND r.case_manager_id = ",
        day: "s.due_on",
        id: "s.id",
    },
    Source {
        number: TASKS,
        until_principal: "SELECT CAST(3 AS BIGINT) AS source, s.id AS id, r.id AS case_id, r.public_ref, r.person_id, \
            r.priority, s.title AS text, s.due_on AS due_on, CAST(NULL AS BIGINT) AS changes, CAST(NULL AS BIGINT) AS latest, \
            CAST(NULL AS TIMESTAMPTZ) AS at, coalesce(s.due_on, '9999-12-31') AS day \
            FROM tasks s JOIN cases r ON r.id = s.case_id WHERE s.status = 'open' AND s.assignee_id = ",
        day: "coalesce(s.due_on, '9999-12-31')",
        id: "s.id",
    },
    Source {
        number: TASKS_OF_NOBODY,
        until_principal: "SELECT CAST(4 AS BIGINT) AS source, s.id AS id, r.id AS case_id, r.public_ref, r.person_id, \
            r.priority, s.title AS text, s.due_on AS due_on, CAST(NULL AS BIGINT) AS changes, CAST(NULL AS BIGINT) AS latest, \
            CAST(NULL AS TIMESTAMPTZ) AS at, coalesce(s.due_on, '9999-12-31') AS day \
            FROM cases r JOIN tasks s ON s.case_id = r.id AND s.status = 'open' AND s.assignee_id IS NULL \
            WHERE r.case_manager_id = ",
        day: "coalesce(s.due_on, '9999-12-31')",
        id: "s.id",
    },
    Source {
        number: CHANGES,
        until_principal: "SELECT CAST(5 AS BIGINT) AS source, r.id AS id, r.id AS case_id, r.public_ref, r.person_id, \
            r.priority, CAST(NULL AS TEXT) AS text, CAST(NULL AS DATE) AS due_on, s.changes - s.seen AS changes, s.changes AS latest, \
            s.changed_at AS at, coalesce(CAST(NULL AS DATE), '9999-12-31') AS day \
            FROM cases r JOIN case_news s ON s.case_id = r.id AND s.changes > s.seen WHERE r.case_manager_id = ",
        day: "coalesce(CAST(NULL AS DATE), '9999-12-31')",
        id: "r.id",
    },
    Source {
        number: APPOINTMENTS,
        until_principal: "SELECT CAST(6 AS BIGINT) AS source, s.id AS id, r.id AS case_id, r.public_ref, r.person_id, \
            r.priority, s.subject AS text, s.starts_on AS due_on, CAST(NULL AS BIGINT) AS changes, CAST(NULL AS BIGINT) AS latest, \
            s.starts_at AS at, s.starts_on AS day \
            FROM appointments s JOIN cases r ON r.id = s.case_id WHERE s.status = 'planned' AND s.attendee_id = ",
        day: "s.starts_on",
        id: "s.id",
    },
];

impl Source {
    fn serves(&self, kind: Option<WorklistKind>) -> bool {
        match kind {
            None => true,
            Some(WorklistKind::Review) => self.number == REVIEWS,
            Some(WorklistKind::ExpiringDocument | WorklistKind::ComingOfAge) => self.number == REMINDERS,
            Some(WorklistKind::Task) => matches!(self.number, TASKS | TASKS_OF_NOBODY),
            Some(WorklistKind::Appointment) => self.number == APPOINTMENTS,
            Some(WorklistKind::Change) => self.number == CHANGES,
        }
    }
}

struct Ask {
    principal: PrincipalId,
    kind: Option<WorklistKind>,
    due_until: Option<NaiveDate>,
    after: Option<Key>,
    limit: i64,
}

/// The first items of one grant's reach.
fn load(asks: &mut impl Asks, grant: &HeldGrant, ask: &Ask) -> ApiResult<Vec<Row>> {
    let mut whole = Prepared::<Columns>::select("page.*").sql(" FROM (");
    for (at, source) in SOURCES.iter().filter(|source| source.serves(ask.kind)).enumerate() {
        if at > 0 {
            whole = whole.sql(" UNION ALL ");
        }
        whole = whole.sql("SELECT * FROM (").append(one_source(source, grant, ask)).sql(") part");
    }
    asks.load(whole.sql(") page ORDER BY day, source, id, case_id LIMIT ").bind(Value::BigInt(ask.limit)))
}

fn one_source(source: &Source, grant: &HeldGrant, ask: &Ask) -> Prepared {
    let mut part = Prepared::new(source.until_principal).bind(ask.principal);
    part = part.sql(" AND r.territory_id IN (SELECT territory_id FROM grant_scopes WHERE grant_id = ").bind(grant.id);
    // A task can be assigned to others than the manager: the case's access level holds for them (domain 1).
    part = reach::confined(part.sql(")"), grant, ask.principal);
    if source.number == REMINDERS {
        part = scope::people_in_reach(part, " AND EXISTS (SELECT 1 FROM people r WHERE r.id = s.person_id", grant);
    }
    if let (REMINDERS, Some(kind)) = (source.number, ask.kind) {
        let of_age = kind == WorklistKind::ComingOfAge;
        let kind = if of_age { ReminderKind::ComingOfAge } else { ReminderKind::StatusExpiring };
        part = part.sql(" AND s.kind = ").bind(Value::Text(kind.as_str().to_owned()));
    }
    if let Some(day) = ask.due_until {
        part = part.sql(" AND ").sql(source.day).sql(" <= ").bind(Value::Date(day));
    }
    if let Some((day, number, id, case)) = ask.after {
        part = part.sql(" AND ").sql(source.day).sql(" >= ").bind(Value::Date(day));
        // Within a day the sources follow one another.
        part = match source.number.cmp(&number) {
            std::cmp::Ordering::Less => part.sql(" AND ").sql(source.day).sql(" > ").bind(Value::Date(day)),
            std::cmp::Ordering::Greater => part,
            std::cmp::Ordering::Equal => part
                .sql(" AND (")
                .sql(source.day)
                .sql(", ")
                .sql(source.id)
                .sql(", r.id) > (")
                .bind(Value::Date(day))
                .sql(", ")
                .bind(Value::Uuid(id))
                .sql(", ")
                .bind(case)
                .sql(")"),
        };
    }
    part.sql(" ORDER BY ").sql(source.day).sql(", ").sql(source.id).sql(", r.id LIMIT ").bind(Value::BigInt(ask.limit))
}

/// List what waits for you.
///
/// Your tasks and appointments, your cases to review, documents that end and comings of age in your open cases, and changes by others in your cases,
/// in the order of days; what has no day comes last.
#[utoipa::path(
    tag = "Cases",
    params(WorklistQuery),
    responses((status = 200, description = "A page.", body = WorklistPage))
)]
#[get("/me/worklist")]
pub async fn list_worklist(
    door: Door,
    caller: Caller<actions::List, resources::Worklist>,
    query: Parameters<WorklistQuery>,
) -> ApiResult<Answer> {
    door.read("list_worklist", caller, move |reader| {
        let asked = query.read()?;
        let request = reader.page(&query, asked.limit, asked.cursor.as_deref());
        let ask = Ask {
            principal: reader.rights.principal,
            kind: asked.kind,
            due_until: asked.due_until,
            after: request.after()?,
            limit: request.limit() + 1,
        };
        let rights = reader.rights.clone();
        let grants = rights.grants_for(Action::List, Resource::Worklist);
        let rows = scope::merged(&grants, ask.limit, |grant| load(reader, grant, &ask), Row::key)?;
        let page = request.page(rows, Row::key)?;
        let mut shown: Vec<_> = page.items.iter().map(|row| row.case_id.0).collect();
        shown.sort_unstable();
        shown.dedup();
        reader.shows(Resource::Cases, shown);
        let today = clock::date_of(reader.now);
        Answer::ok(&WorklistPage::from(page.try_map(|row| Ok(row.shown(today)))?))
    })
    .await
}

/// Say that you have seen the changes in a case.
///
/// Of a case that you manage. `If-Match` names the latest that you saw (`latest_change`): 412 where there is a later one by now.
#[utoipa::path(
    tag = "Cases",
    params(("case_id" = CaseId, Path, description = "The case.")),
    responses((status = 204, description = "They are read."))
)]
#[delete("/me/unread-changes/{case_id}")]
pub async fn delete_unread_changes(
    door: Door,
    caller: Caller<actions::Delete, resources::Worklist>,
    id: Id<CaseId>,
    if_match: IfMatch,
) -> ApiResult<Answer> {
    door.write("delete_unread_changes", caller, None, move |unit| {
        let (case, changes): (CaseRow, i64) = case_news::table
            .inner_join(cases::table.on(cases::id.eq(case_news::case_id)))
            .filter(cases::id.eq(id.0))
            .filter(cases::case_manager_id.eq(unit.rights.principal))
            .filter(case_news::changes.gt(case_news::seen))
            .select((cases::all_columns, case_news::changes))
            .first(unit.connection)
            .optional()?
            .ok_or_else(ApiError::not_found)?;
        unit.rights.require_on(Action::Delete, Resource::Worklist, &case)?;
        if_match.check(changes)?;
        // The numbers go on: a request that is sent twice marks nothing that came between.
        let news = case_news::table.filter(case_news::case_id.eq(id.0)).filter(case_news::changes.eq(changes));
        let seen = diesel::update(news).set(case_news::seen.eq(changes)).execute(unit.connection)?;
        Unit::updated_one(seen)?;
        Ok(Answer::no_content())
    })
    .await
}
