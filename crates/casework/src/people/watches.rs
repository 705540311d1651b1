//! Watches (domain 6): documents that expire in 90, 60 and 30 days, and eighteenth birthdays in 180. Each is planned when its
//! date becomes known and raises its reminder once: the watch goes and the reminder comes in one transaction, under the person's
//! lock.

use approdo_db::schema::{people, reminders, watches};
use approdo_db::types::RowId;
use approdo_db::{Json, Prepared, Value, define_id};
use chrono::{Days, NaiveDate};
use diesel::prelude::*;

use crate::aggregate::{self, Child as _, Root as _};
use crate::app::App;
use crate::clock;
use crate::error::ApiResult;
use crate::lease::{self, HolderId};
use crate::people::legal_statuses::{LegalStatusRow, RESTRICTED};
use crate::people::processing::Processing;
use crate::people::queries;
use crate::people::reminders::{ReminderId, ReminderKind, ReminderRow, ReminderStatus};
use crate::people::timeline::DocumentStatus;
use crate::people::types::{PersonId, PersonRow};
use crate::work::{self, Change, Operation, Unit};

/// Days before a document expires.
const BEFORE_EXPIRY: [u64; 3] = [90, 60, 30];
/// Days before a minor comes of age.
const BEFORE_COMING_OF_AGE: [u64; 1] = [180];

define_id! {
    /// The id of a watch.
    WatchId;
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = watches)]
struct Watch {
    id: WatchId,
    person_id: PersonId,
    kind: ReminderKind,
    subject_id: RowId,
    days_before: i64,
    due_on: NaiveDate,
    watch_on: NaiveDate,
}

/// The days on which to remind of a date, each with its distance. Of distances that are past when the date becomes known only
/// the nearest counts: who records a permit that ends in twenty days wants one reminder, not three.
pub fn days_to_watch(due_on: NaiveDate, distances: &[u64], today: NaiveDate) -> Vec<(NaiveDate, u64)> {
    if due_on <= today {
        return Vec::new();
    }
    let day = |distance: u64| due_on.checked_sub_days(Days::new(distance)).unwrap_or(NaiveDate::MIN);
    let nearest_past = distances.iter().copied().filter(|&distance| day(distance) <= today).min();
    let ahead = distances.iter().copied().filter(|&distance| day(distance) > today);
    nearest_past.into_iter().chain(ahead).map(|distance| (day(distance), distance)).collect()
}

/// Watches the document of a locked person's status from now on, as its dates and state are now.
pub fn watch_status(unit: &mut Unit<'_>, person: &PersonRow, status: &LegalStatusRow) -> ApiResult<()> {
    let watched = status.status == DocumentStatus::Valid && status.category != RESTRICTED;
    let due_on = status.valid_to.filter(|_| watched);
    plan(unit, person, ReminderKind::StatusExpiring, RowId(status.id.0), due_on, &BEFORE_EXPIRY)
}

/// Watches a locked minor's eighteenth birthday from now on.
pub fn watch_coming_of_age(unit: &mut Unit<'_>, person: &PersonRow) -> ApiResult<()> {
    let due_on = person.date_of_birth.and_then(clock::of_age_on);
    plan(unit, person, ReminderKind::ComingOfAge, RowId(person.id.0), due_on, &BEFORE_COMING_OF_AGE)
}

fn plan(
    unit: &mut Unit<'_>,
    person: &PersonRow,
    kind: ReminderKind,
    subject_id: RowId,
    due_on: Option<NaiveDate>,
    distances: &[u64],
) -> ApiResult<()> {
    let of_subject = watches::table.filter(watches::subject_id.eq(subject_id)).filter(watches::kind.eq(kind));
    diesel::delete(of_subject).execute(unit.connection)?;
    // Reminders of another date than the present one remind of nothing any more.
    set_aside(unit, person, (kind, subject_id), |reminder| Some(reminder.due_on) != due_on)?;
    let today = clock::date_of(unit.now);
    for (watch_on, distance) in due_on.map(|day| days_to_watch(day, distances, today)).unwrap_or_default() {
        let watch = Watch {
            id: WatchId::new(),
            person_id: person.id,
            kind,
            subject_id,
            days_before: i64::try_from(distance).unwrap_or(i64::MAX),
            due_on: due_on.unwrap_or(watch_on),
            watch_on,
        };
        diesel::insert_into(watches::table).values(&watch).execute(unit.connection)?;
    }
    Ok(())
}

/// Ends those of a subject's open reminders that have lost their object.
fn set_aside(
    unit: &mut Unit<'_>,
    person: &PersonRow,
    (kind, subject_id): (ReminderKind, RowId),
    lost: impl Fn(&ReminderRow) -> bool,
) -> ApiResult<()> {
    let open: Vec<ReminderRow> = reminders::table
        .filter(reminders::subject_id.eq(subject_id))
        .filter(reminders::kind.eq(kind))
        .filter(reminders::status.eq(ReminderStatus::Open))
        .order(reminders::id)
        .load(unit.connection)?;
    for mut reminder in open.into_iter().filter(lost) {
        reminder.status = ReminderStatus::Obsolete;
        aggregate::save(unit, &mut reminder, person, vec!["status"])?;
    }
    Ok(())
}

/// Raises what is due for the person whose turn it is; tells whether there was anybody. Another process that holds the lease
/// does it instead.
pub fn raise_next(app: &App, holder: HolderId) -> ApiResult<bool> {
    let today = clock::date_of(app.clock.now());
    // Who may not be worked on is reminded of when that is over (GDPR art. 18).
    let due = watches::table
        .inner_join(people::table.on(people::id.eq(watches::person_id)))
        .filter(people::processing.eq(Processing::Normal))
        .filter(watches::watch_on.le(today))
        .order((watches::watch_on, watches::id));
    let next = due.select(watches::person_id);
    let waiting: Option<PersonId> = app.read_now(|connection| Ok(next.first(connection).optional()?))?;
    let Some(person) = waiting else { return Ok(false) };
    work::run_as_system(app, "watches", |unit| {
        if !lease::take(unit.connection, lease::BACKGROUND, holder)? {
            return Ok(false);
        }
        let person = queries::lock(unit, person)?;
        person.require_workable()?;
        let due: Vec<Watch> = watches::table
            .filter(watches::person_id.eq(person.id))
            .filter(watches::watch_on.le(today))
            .order((watches::watch_on, watches::id))
            .load(unit.connection)?;
        due.into_iter().try_for_each(|watch| raise(unit, &person, &watch))?;
        Ok(true)
    })
}

fn raise(unit: &mut Unit<'_>, person: &PersonRow, watch: &Watch) -> ApiResult<()> {
    diesel::delete(watches::table.find(watch.id)).execute(unit.connection)?;
    let told: Option<ReminderRow> = reminders::table
        .filter(reminders::subject_id.eq(watch.subject_id))
        .filter(reminders::kind.eq(watch.kind))
        .filter(reminders::due_on.eq(watch.due_on))
        .filter(reminders::days_before.eq(watch.days_before))
        .first(unit.connection)
        .optional()?;
    match told {
        // A date that was changed and changed back stands open again; who has dealt with it is not asked twice.
        Some(mut row) if row.status == ReminderStatus::Obsolete => {
            row.status = ReminderStatus::Open;
            aggregate::save(unit, &mut row, person, vec!["status"])
        }
        Some(_) => Ok(()),
        None => raise_new(unit, person, watch),
    }
}

fn raise_new(unit: &mut Unit<'_>, person: &PersonRow, watch: &Watch) -> ApiResult<()> {
    let row = ReminderRow {
        id: ReminderId::new(),
        person_id: person.id,
        kind: watch.kind,
        subject_id: watch.subject_id,
        days_before: watch.days_before,
        due_on: watch.due_on,
        status: ReminderStatus::Open,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    };
    let change = Change {
        place: Some(person.place()),
        about: Some(person.id.0),
        values: Some(Json::try_of(&row).map_err(crate::error::ApiError::fault)?),
        ..Change::plain(ReminderRow::KIND, row.id.0, 1, Operation::Created, &ReminderRow::MEMBERS)
    };
    // Who has not dealt with the earlier reminder has one of them in the list, not three.
    set_aside(unit, person, (row.kind, row.subject_id), |earlier| earlier.days_before > row.days_before)?;
    unit.keep(insert(&row), change).map(drop)
}

fn insert(row: &ReminderRow) -> Prepared {
    Prepared::new(
        "INSERT INTO reminders (id, person_id, kind, subject_id, days_before, due_on, status, version, created_at, updated_at) \
         VALUES (",
    )
    .bind_all([
        row.id.into(),
        row.person_id.into(),
        Value::Text(row.kind.as_str().to_owned()),
        Value::Uuid(row.subject_id),
        Value::BigInt(row.days_before),
        Value::Date(row.due_on),
        Value::Text(row.status.as_str().to_owned()),
        Value::BigInt(row.version),
        Value::Instant(row.created_at),
        Value::Instant(row.updated_at),
    ])
    .sql(") ON CONFLICT (subject_id, kind, due_on, days_before) DO NOTHING")
}
