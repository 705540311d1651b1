//! What belongs to a case and can be read with it: one statement for all of it.

use approdo_db::schema::{assessments, attachments, goals, plans, tasks};
use approdo_db::{Prepared, Value};
use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::Nullable;

use crate::access::{Action, Resource};
use crate::attachments::types::Attachment;
use crate::cases::assessments::{Assessment, AssessmentRow};
use crate::cases::confidentiality;
use crate::cases::goals::Goal;
use crate::cases::handlers::facts_of;
use crate::cases::plans::{Plan, PlanRow};
use crate::cases::queries::{self, Counts, CountsColumns};
use crate::cases::rules::{self, CaseStatus, Intent};
use crate::cases::tasks::Task;
use crate::cases::types::{CaseRow, EmbeddedInCase, PossibleTransition};
use crate::clock;
use crate::error::{ApiError, ApiResult};
use crate::http::Reader;

/// Names that `embed` knows and the database keeps rows of, with what the caller must be allowed to list, and a part of the
/// statement that finds them.
const STORED: [(&str, Resource, &str, &str); 5] = [
    (
        "tasks",
        Resource::Tasks,
        "SELECT 1 AS n",
        ") t ON kinds.n = 1 LEFT JOIN (SELECT * FROM assessments WHERE case_id = ",
    ),
    (
        "assessments",
        Resource::Assessments,
        "SELECT 2 AS n",
        ") a ON kinds.n = 2 LEFT JOIN (SELECT * FROM goals WHERE case_id = ",
    ),
    ("goals", Resource::Goals, "SELECT 3 AS n", ") g ON kinds.n = 3 LEFT JOIN (SELECT * FROM plans WHERE case_id = "),
    (
        "plans",
        Resource::Plans,
        "SELECT 4 AS n",
        ") p ON kinds.n = 4 LEFT JOIN (SELECT * FROM attachments WHERE case_id = ",
    ),
    ("attachments", Resource::Attachments, "SELECT 5 AS n", ") f ON kinds.n = 5"),
];
const OLDEST: &str = " ORDER BY id LIMIT 200";
/// The name under which the guards' facts come.
const TRANSITIONS: &str = "transitions";

type Columns = (
    Nullable<tasks::SqlType>,
    Nullable<assessments::SqlType>,
    Nullable<goals::SqlType>,
    Nullable<plans::SqlType>,
    Nullable<attachments::SqlType>,
    Nullable<CountsColumns>,
);
type Row = (Option<Task>, Option<AssessmentRow>, Option<Goal>, Option<PlanRow>, Option<Attachment>, Option<Counts>);

/// What `embed` names, as far as the caller may list it; none where it names nothing.
pub fn of(reader: &mut Reader<'_>, case: &CaseRow, embed: &str) -> ApiResult<Option<EmbeddedInCase>> {
    if embed.is_empty() {
        return Ok(None);
    }
    let names: Vec<&str> = embed.split(',').collect();
    if names.iter().any(|name| *name != TRANSITIONS && !STORED.iter().any(|(known, ..)| known == name)) {
        return Err(ApiError::malformed(
            "embed: choose among tasks, assessments, goals, plans, attachments, transitions",
        ));
    }
    let asked = |name: &str| names.contains(&name);
    for (_, resource, ..) in STORED.iter().filter(|(name, ..)| asked(name)) {
        reader.rights.require_on(Action::List, *resource, case)?;
    }
    let mut embedded = EmbeddedInCase {
        tasks: asked("tasks").then(Vec::new),
        assessments: asked("assessments").then(Vec::new),
        goals: asked("goals").then(Vec::new),
        plans: asked("plans").then(Vec::new),
        attachments: asked("attachments").then(Vec::new),
        transitions: None,
    };
    for row in stored(reader, case, &names)? {
        add(reader, case, &mut embedded, row)?;
    }
    Ok(Some(embedded))
}

// Each kind fills columns of its own: every row of the answer has one of the six.
fn stored(reader: &mut Reader<'_>, case: &CaseRow, names: &[&str]) -> ApiResult<Vec<Row>> {
    let mut statement = Prepared::<Columns>::new("SELECT t.*, a.*, g.*, p.*, f.*, c.* FROM (");
    let kinds = STORED.iter().filter(|(name, ..)| names.contains(name)).map(|(.., kind, _)| *kind);
    let guards = names.contains(&TRANSITIONS).then_some("SELECT 6 AS n");
    for (at, kind) in kinds.chain(guards).enumerate() {
        statement = statement.sql(if at > 0 { " UNION ALL " } else { "" }).sql(kind);
    }
    statement = statement.sql(") kinds LEFT JOIN (SELECT * FROM tasks WHERE case_id = ");
    for (name, .., following) in &STORED {
        statement = statement.bind(case.id);
        if *name == "attachments" {
            statement = in_sight(statement, reader, case);
        }
        statement = statement.sql(OLDEST).sql(following);
    }
    let counting = queries::counting(case, clock::date_of(reader.now));
    statement = statement
        .sql(" LEFT JOIN (")
        .append(counting)
        .sql(") c ON kinds.n = 6 ORDER BY kinds.n, t.id, a.id, g.id, p.id, f.id");
    Ok(statement.load(reader.connection)?)
}

/// Before the limit: what is for other eyes takes nobody's place.
fn in_sight(statement: Prepared<Columns>, reader: &Reader<'_>, case: &CaseRow) -> Prepared<Columns> {
    let principal = reader.rights.principal;
    let kinds = confidentiality::of_others(case.case_manager_id, principal)
        .iter()
        .map(|kind| Value::Text(kind.as_str().to_owned()));
    statement.sql(" AND (author_id = ").bind(principal).sql(" OR confidentiality IN (").bind_all(kinds).sql("))")
}

fn add(reader: &Reader<'_>, case: &CaseRow, embedded: &mut EmbeddedInCase, row: Row) -> ApiResult<()> {
    let (task, assessment, goal, plan, attachment, counts) = row;
    if let (Some(list), Some(row)) = (&mut embedded.tasks, task) {
        list.push(row);
    }
    if let (Some(list), Some(row)) = (&mut embedded.assessments, assessment) {
        list.push(Assessment::shown(row, &reader.rights, case)?);
    }
    if let (Some(list), Some(row)) = (&mut embedded.goals, goal) {
        list.push(row);
    }
    if let (Some(list), Some(row)) = (&mut embedded.plans, plan) {
        list.push(Plan::shown(row, &reader.rights, case)?);
    }
    if let (Some(list), Some(row)) = (&mut embedded.attachments, attachment)
        && confidentiality::in_sight(&row, &reader.rights, case)
    {
        list.push(row);
    }
    if let Some(counts) = counts {
        embedded.transitions = Some(possible(reader, case, counts));
    }
    Ok(())
}

fn possible(reader: &Reader<'_>, row: &CaseRow, counts: Counts) -> Vec<PossibleTransition> {
    let facts = facts_of(reader.app, row, clock::date_of(reader.now), counts);
    let moves = if reader.rights.may_at(Action::Transition, Resource::Cases, &row.place()) {
        rules::allowed(row.state())
    } else {
        Vec::new()
    };
    moves
        .into_iter()
        .map(|to| {
            // What the request itself will bring is taken as given: only the state of things can stand in the way.
            let reason = match (row.status, to) {
                (CaseStatus::Evaluation, CaseStatus::Closed) => Some("goals_reached".to_owned()),
                (_, CaseStatus::Closed) => rules::EARLY_REASONS.first().map(ToString::to_string),
                _ => Some("other".to_owned()),
            };
            let intent = Intent { to, reason, review_at: Some(NaiveDate::MAX) };
            PossibleTransition {
                to,
                unmet_guards: rules::decide(row.state(), &intent, &facts).err().unwrap_or_default(),
            }
        })
        .collect()
}
