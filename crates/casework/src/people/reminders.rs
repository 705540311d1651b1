//! Reminders (domain 6): what the watches raised about a person, until somebody has dealt with it.

use actix_web::{get, post};
use approdo_db::schema::reminders;
use approdo_db::types::RowId;
use approdo_db::{Timestamp, Value, define_id, text_enum};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::rights::FieldRights;
use crate::access::standing::Asks as _;
use crate::access::{Action, FieldGroup, Resource};
use crate::aggregate::moves::{self, ChildTransition};
use crate::aggregate::{self, visible};
use crate::child;
use crate::error::{ApiError, ApiResult};
use crate::http::{Answer, Body, Checked, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters};
use crate::page_of;
use crate::paged_query;
use crate::people::types::{PersonId, PersonRow};

define_id! {
    /// The id of a reminder.
    #[derive(ToSchema)]
    ReminderId;
}

text_enum! {
    /// What a reminder is about.
    #[derive(ToSchema)]
    ReminderKind {
        /// The document of a legal status ends.
        StatusExpiring = "status_expiring",
        /// A minor comes of age.
        ComingOfAge = "coming_of_age",
    }

    /// How a reminder stands.
    #[derive(ToSchema)]
    ReminderStatus {
        Open = "open",
        /// Somebody has dealt with it.
        Dismissed = "dismissed",
        /// The date it was about has changed, or a later reminder has come.
        Obsolete = "obsolete",
    }
}

/// A reminder about a person.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize, ToSchema)]
#[diesel(table_name = reminders, treat_none_as_default_value = false)]
pub struct ReminderRow {
    pub id: ReminderId,
    pub person_id: PersonId,
    pub kind: ReminderKind,
    /// The legal status that ends, or the person who comes of age.
    #[schema(value_type = uuid::Uuid)]
    pub subject_id: RowId,
    /// How many days before the date it was to be raised.
    #[schema(minimum = 1, maximum = 400)]
    pub days_before: i64,
    /// The first day the status holds no more, or the person is of age.
    pub due_on: NaiveDate,
    pub status: ReminderStatus,
    /// Rises with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

child!(ReminderRow, ReminderId, reminders, "reminder", Reminders; of PersonRow, person_id in people);

impl ReminderRow {
    /// The members its change record names.
    pub const MEMBERS: [&str; 6] = ["person_id", "kind", "subject_id", "days_before", "due_on", "status"];

    fn require_in_sight(&self, fields: FieldRights) -> ApiResult<()> {
        if fields.reads(self.kind.group()) { Ok(()) } else { Err(ApiError::not_found()) }
    }
}

impl ReminderKind {
    /// A reminder tells a date: of a document, or of birth.
    pub fn group(self) -> FieldGroup {
        match self {
            Self::StatusExpiring => FieldGroup::Legal,
            Self::ComingOfAge => FieldGroup::Identity,
        }
    }
}

page_of! {
    /// A page of reminders.
    ReminderPage of ReminderRow
}

paged_query! {
    /// How to list a person's reminders.
    ReminderQuery {
        /// Those that stand so.
        status: Option<ReminderStatus>,
    }
}

/// What becomes of a reminder.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"to": "dismissed", "note": "The renewal is asked for."}))]
pub struct NewReminderTransition {
    pub to: ReminderStatus,
    #[validate(length(min = 1, max = 2000))]
    #[schema(nullable = false, min_length = 1, max_length = 2000)]
    pub note: Option<String>,
}

impl Checked for NewReminderTransition {}

/// List a person's reminders.
///
/// Oldest first. Those that would tell what your grants hide are left out.
#[utoipa::path(
    tag = "People",
    params(("person_id" = PersonId, Path, description = "The person."), ReminderQuery),
    responses((status = 200, description = "A page.", body = ReminderPage))
)]
#[get("/people/{person_id}/reminders")]
pub async fn list_reminders(
    door: Door,
    caller: Caller<actions::List, resources::Reminders>,
    id: Id<PersonId>,
    query: Parameters<ReminderQuery>,
) -> ApiResult<Answer> {
    door.read("list_reminders", caller, move |reader| {
        let (page, _) = aggregate::list(reader, id.0, &query, |reader, asked, person: &PersonRow, after, limit| {
            let fields = reader.rights.fields_at(&person.place());
            let mut list =
                approdo_db::Prepared::select("r.*").sql(" FROM reminders r WHERE r.person_id = ").bind(person.id);
            if let Some(status) = asked.status {
                list = list.sql(" AND r.status = ").bind(Value::Text(status.as_str().to_owned()));
            }
            for kind in ReminderKind::ALL.iter().filter(|kind| !fields.reads(kind.group())) {
                list = list.sql(" AND r.kind <> ").bind(Value::Text(kind.as_str().to_owned()));
            }
            reader.load::<reminders::SqlType, _>(
                list.sql(" AND r.id > ").bind(after).sql(" ORDER BY r.id LIMIT ").bind(Value::BigInt(limit)),
            )
        })?;
        Answer::ok(&ReminderPage::from(page))
    })
    .await
}

/// Read a reminder.
///
/// Of a person in your scope.
#[utoipa::path(
    tag = "People",
    params(("reminder_id" = ReminderId, Path, description = "The reminder.")),
    responses((status = 200, description = "The reminder.", body = ReminderRow))
)]
#[get("/reminders/{reminder_id}")]
pub async fn read_reminder(
    door: Door,
    caller: Caller<actions::Read, resources::Reminders>,
    id: Id<ReminderId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_reminder", caller, move |reader| {
        let (row, person): (ReminderRow, PersonRow) = visible(reader, Action::Read, id.0)?;
        row.require_in_sight(reader.rights.fields_at(&person.place()))?;
        reader.shows(Resource::People, [person.id.0]);
        reader.answer_row(row.version, &held, &Fields::default(), "", &row)
    })
    .await
}

/// Move a reminder.
///
/// To `dismissed` when it has been dealt with, or back to `open`. What is `obsolete` stays so (409).
#[utoipa::path(
    tag = "People",
    params(("reminder_id" = ReminderId, Path, description = "The reminder.")),
    request_body = NewReminderTransition,
    responses((status = 201, description = "The move; `ETag` is the reminder's.", body = ChildTransition))
)]
#[post("/reminders/{reminder_id}/transitions")]
pub async fn create_reminder_transition(
    door: Door,
    caller: Caller<actions::Transition, resources::Reminders>,
    id: Id<ReminderId>,
    if_match: IfMatch,
    body: Body<NewReminderTransition>,
) -> ApiResult<Answer> {
    door.write("create_reminder_transition", caller, Some(body.fingerprint()), move |unit| {
        let made = moves::run(
            unit,
            id.0,
            &if_match,
            &body,
            |unit, mut row: ReminderRow, person, id, asked: &NewReminderTransition| {
                row.require_in_sight(unit.rights.fields_at(&person.place()))?;
                let (from, to) = (row.status, asked.to);
                if !may_move(from, to) {
                    return Err(moves::no_such_move("a reminder", from.as_str(), to.as_str()));
                }
                row.status = to;
                aggregate::save(unit, &mut row, person, vec!["status"])?;
                moves::keep(unit, &row, id, (from.as_str(), to.as_str()), asked.note.as_deref())
            },
        )?;
        unit.created(&format!("/reminders/{}", made.resource_id), made.resource_version, &made)
    })
    .await
}

fn may_move(from: ReminderStatus, to: ReminderStatus) -> bool {
    use ReminderStatus::{Dismissed, Open};
    matches!((from, to), (Open, Dismissed) | (Dismissed, Open))
}
