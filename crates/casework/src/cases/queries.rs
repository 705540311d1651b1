//! SQL of cases and their transitions.

use approdo_db::schema::cases;
use approdo_db::types::{Document, RowId, Uuid};
use approdo_db::{Connection, Json, Prepared, Value};
use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Nullable, Text};

use crate::access::standing::Asks;
use crate::cases::types::{CaseId, CasePlace, CaseRow, PersonPlace};
use crate::error::ApiResult;
use crate::people::types::PersonId;
use crate::referrals;
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
         closing_reason, version, created_at, updated_at, external_ids, household_id, arrived_on) VALUES (",
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
        Value::Json(row.external_ids.clone()),
        Value::OptionalUuid(row.household_id.map(|id| RowId(id.0))),
        Value::OptionalDate(row.arrived_on),
    ])
    .sql(") ON CONFLICT (public_ref) DO NOTHING")
}

/// Writes a row that was edited under its lock.
pub fn update(row: &CaseRow) -> Prepared {
    Prepared::new("UPDATE cases SET public_ref = ")
        .bind(Value::Text(row.public_ref.clone()))
        .sql(", processing = ")
        .bind(Value::Text(row.processing.as_str().to_owned()))
        .sql(", owner_org_id = ")
        .bind(row.owner_org_id)
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
        .sql(", external_ids = ")
        .bind(Value::Json(row.external_ids.clone()))
        .sql(", household_id = ")
        .bind(Value::OptionalUuid(row.household_id.map(|id| RowId(id.0))))
        .sql(", arrived_on = ")
        .bind(Value::OptionalDate(row.arrived_on))
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

/// What the database tells the guards.
#[derive(Debug, Queryable)]
pub struct Counts {
    pub open_tasks: i64,
    /// Completed assessments of the present episode.
    pub completed_assessments: i64,
    pub open_goals: i64,
    /// Referrals from it that have not come to their end.
    pub live_referrals: i64,
    /// Plans of the present episode the person has agreed to.
    pub agreed_plans: i64,
    /// Those of them that are in force.
    pub plans_in_force: i64,
    /// Those of them that arrange for the eighteenth birthday.
    pub plans_for_coming_of_age: i64,
    pub date_of_birth: Option<NaiveDate>,
    pub citizenships: Json,
    pub languages: Json,
    /// Guardianships that hold on the day asked for.
    pub guardians: i64,
    /// Legal statuses that hold on the day asked for.
    pub legal_statuses: i64,
    /// Consents to case work that hold on the day asked for.
    pub consents: i64,
}

type Count = BigInt;
/// The columns of `Counts`.
pub type CountsColumns =
    (Count, Count, Count, Count, Count, Count, Count, Nullable<Date>, Document, Document, Count, Count, Count);

/// The same, of a case on a day.
pub fn counts(connection: &mut Connection, case: &CaseRow, on: NaiveDate) -> QueryResult<Counts> {
    counting(case, on).get_result(connection)
}

/// Asks for it: one row, where the case's person is there.
pub fn counting(case: &CaseRow, on: NaiveDate) -> Prepared<CountsColumns> {
    let of_episode = |statement: Prepared<CountsColumns>| {
        statement.bind(case.id).sql(" AND episode_no = ").bind(Value::BigInt(case.episode_no))
    };
    let on_that_day = |statement: Prepared<CountsColumns>, end: &'static str| {
        statement.bind(Value::Date(on)).sql(end).bind(Value::Date(on))
    };
    let mut statement =
        Prepared::<CountsColumns>::new("SELECT (SELECT count(*) FROM tasks WHERE status = 'open' AND case_id = ")
            .bind(case.id);
    statement =
        of_episode(statement.sql("), (SELECT count(*) FROM assessments WHERE status = 'completed' AND case_id = "));
    statement = statement.sql("), (SELECT count(*) FROM goals WHERE status = 'open' AND case_id = ").bind(case.id);
    statement = statement
        .sql("), (SELECT count(*) FROM referrals WHERE status NOT IN ")
        .sql(referrals::rules::ENDS)
        .sql(" AND part_of IS NULL AND case_id = ")
        .bind(case.id);
    statement = of_episode(
        statement.sql("), (SELECT count(*) FROM plans WHERE status IN ('agreed', 'approved') AND case_id = "),
    );
    statement = of_episode(statement.sql(
        "), (SELECT count(*) FROM plans WHERE (status = 'approved' OR (status = 'agreed' AND NOT approval_required)) \
         AND case_id = ",
    ));
    statement = of_episode(statement.sql(
        "), (SELECT count(*) FROM plans WHERE status IN ('agreed', 'approved') AND coming_of_age_arrangements IS NOT NULL \
         AND case_id = ",
    ));
    statement = on_that_day(
        statement.sql(
            "), p.date_of_birth, p.citizenships, p.languages, (SELECT count(*) FROM relations g \
             WHERE g.kind = 'guardian_of' AND g.object_id = p.id AND g.valid_from <= ",
        ),
        " AND (g.valid_to IS NULL OR g.valid_to > ",
    );
    statement = on_that_day(
        statement.sql(
            ")), (SELECT count(*) FROM legal_statuses s WHERE s.person_id = p.id AND s.status <> 'entered_in_error' \
             AND s.valid_from <= ",
        ),
        " AND (s.valid_to IS NULL OR s.valid_to > ",
    );
    // The same as `consents::rules::Standing::holds_on`, of consents for `CASE_WORK`; the underscore is escaped, or it is any letter.
    statement = on_that_day(
        statement.sql(
            ")), (SELECT count(*) FROM consents k WHERE k.person_id = p.id AND k.status = 'active' \
             AND CAST(k.purposes AS TEXT) LIKE '%\"case\\_work\"%' ESCAPE '\\' AND k.valid_from <= ",
        ),
        " AND (k.expires_on IS NULL OR k.expires_on > ",
    );
    statement.sql(")) FROM people p WHERE p.id = ").bind(case.person_id)
}
