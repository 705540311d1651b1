//! Appointments of a case: when somebody of the organisation and the person meet. Their moves are in
//! `appointment_transitions`.

use actix_web::{get, patch, post};
use approdo_db::schema::appointments;
use approdo_db::{Timestamp, define_id, text_enum};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, PrincipalId, Resource};
use crate::aggregate::{self, locked, visible};
use crate::cases::handlers::{check_colleague, refuse_unless_open};
use crate::cases::types::{CaseId, CaseRow};
use crate::child;
use crate::clock;
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::http::forms::language_code;
use crate::http::patch::Edit;
use crate::http::{Answer, Body, Checked, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters, Patch, reading};
use crate::page_of;
use crate::paged_query;
use crate::people::types::Warning;
use crate::work::Unit;

define_id! {
    /// The id of an appointment.
    #[derive(ToSchema)]
    AppointmentId;
}

text_enum! {
    /// How one meets.
    #[derive(ToSchema)]
    AppointmentKind {
        /// At the place named.
        InPerson = "in_person",
        Phone = "phone",
        Video = "video",
        /// Where the person lives.
        HomeVisit = "home_visit",
        /// To another office, school or practice.
        Accompaniment = "accompaniment",
    }

    /// Where an appointment stands.
    #[derive(ToSchema)]
    AppointmentStatus {
        Planned = "planned",
        Held = "held",
        /// The person did not come.
        Missed = "missed",
        Cancelled = "cancelled",
    }
}

/// Hours an appointment may last.
const LONGEST: TimeDelta = TimeDelta::hours(24);

/// When somebody of the organisation and the person meet.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize, ToSchema)]
#[diesel(table_name = appointments, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct Appointment {
    pub id: AppointmentId,
    pub case_id: CaseId,
    pub kind: AppointmentKind,
    #[schema(min_length = 1, max_length = 200)]
    pub subject: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 500)]
    pub place: Option<String>,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    /// The day of `starts_at`: where it stands in the worklist.
    #[serde(skip)]
    pub starts_on: NaiveDate,
    /// Who of the organisation meets the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub attendee_id: Option<PrincipalId>,
    /// The language it is interpreted in (ISO 639-1), where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 2, max_length = 2, pattern = "^[a-z]{2}$")]
    pub interpreter_language: Option<String>,
    pub status: AppointmentStatus,
    /// Rises with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

child!(Appointment, AppointmentId, appointments, "appointment", Appointments; of CaseRow, case_id in cases);

/// An appointment as a write answers it.
#[derive(Debug, Serialize, ToSchema)]
pub struct AppointmentAnswer {
    #[serde(flatten)]
    pub appointment: Appointment,
    /// What to look at; nothing is blocked. `attendee_busy`: the attendee has another appointment in this time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, max_items = 20)]
    pub warnings: Vec<Warning>,
}

page_of! {
    /// A page of appointments.
    AppointmentPage of Appointment
}

/// An appointment to make.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "kind": "in_person", "subject": "Enrol the children in school", "place": "Town hall, room 12",
    "starts_at": "2027-01-12T09:00:00Z", "ends_at": "2027-01-12T10:00:00Z", "interpreter_language": "uk"
}))]
pub struct NewAppointment {
    pub kind: AppointmentKind,
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub subject: String,
    #[validate(length(min = 1, max = 500))]
    #[schema(nullable = false, min_length = 1, max_length = 500)]
    pub place: Option<String>,
    #[serde(deserialize_with = "reading::instant")]
    pub starts_at: DateTime<Utc>,
    /// After `starts_at`, at most 24 hours.
    #[serde(deserialize_with = "reading::instant")]
    pub ends_at: DateTime<Utc>,
    /// A user who may work on this case; the case manager when absent.
    #[schema(nullable = false)]
    pub attendee_id: Option<PrincipalId>,
    /// A code of ISO 639-1.
    #[validate(custom(function = "language_code"))]
    #[schema(nullable = false, min_length = 2, max_length = 2, pattern = "^[a-z]{2}$")]
    pub interpreter_language: Option<String>,
}

impl Checked for NewAppointment {}

/// What of a planned appointment can be edited. Its status moves by transitions only.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"place": "Library, ground floor"}))]
pub struct AppointmentPatch {
    #[schema(required = false, value_type = AppointmentKind)]
    #[serde(default)]
    pub kind: Patch<AppointmentKind>,
    #[schema(required = false, value_type = String, min_length = 1, max_length = 200)]
    #[serde(default)]
    pub subject: Patch<String>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 500)]
    #[serde(default)]
    pub place: Patch<String>,
    #[schema(required = false, value_type = DateTime<Utc>)]
    #[serde(default, deserialize_with = "reading::patched_instant")]
    pub starts_at: Patch<DateTime<Utc>>,
    #[schema(required = false, value_type = DateTime<Utc>)]
    #[serde(default, deserialize_with = "reading::patched_instant")]
    pub ends_at: Patch<DateTime<Utc>>,
    #[schema(required = false, value_type = Option<PrincipalId>)]
    #[serde(default)]
    pub attendee_id: Patch<PrincipalId>,
    #[schema(required = false, value_type = Option<String>, min_length = 2, max_length = 2, pattern = "^[a-z]{2}$")]
    #[serde(default)]
    pub interpreter_language: Patch<String>,
}

impl Checked for AppointmentPatch {
    const MEDIA_TYPE: &'static str = "application/merge-patch+json";
}

paged_query! {
    /// How to list a case's appointments.
    AppointmentQuery {
        /// Appointments in this state.
        status: Option<AppointmentStatus>,
    }
}

/// 422 for a time that ends before it begins, or lasts too long.
pub fn check_time(starts_at: Timestamp, ends_at: Timestamp) -> ApiResult<()> {
    let lasts = ends_at.instant() - starts_at.instant();
    if lasts > TimeDelta::zero() && lasts <= LONGEST {
        Ok(())
    } else {
        Err(ApiError::invalid_member("ends_at", "must be after starts_at, by at most 24 hours"))
    }
}

/// Whether the attendee meets somebody else in this time. Nobody learns whom.
pub fn look_at(unit: &mut Unit<'_>, appointment: &Appointment) -> ApiResult<Vec<Warning>> {
    let Some(attendee) = appointment.attendee_id else { return Ok(Vec::new()) };
    let others: i64 = appointments::table
        .filter(appointments::attendee_id.eq(attendee))
        .filter(appointments::status.eq(AppointmentStatus::Planned))
        .filter(appointments::starts_at.lt(appointment.ends_at))
        .filter(appointments::starts_at.gt(Timestamp::new(appointment.starts_at.instant() - LONGEST)))
        .filter(appointments::ends_at.gt(appointment.starts_at))
        .filter(appointments::id.ne(appointment.id))
        .count()
        .get_result(unit.connection)?;
    Ok((others > 0)
        .then(|| Warning {
            code: "attendee_busy",
            pointer: Some("#/starts_at"),
            detail: "the attendee has another appointment in this time".into(),
        })
        .into_iter()
        .collect())
}

/// List a case's appointments.
///
/// In the order they were made, past and cancelled ones included unless `status` narrows the list.
#[utoipa::path(
    tag = "Appointments",
    params(("case_id" = CaseId, Path, description = "The case."), AppointmentQuery),
    responses((status = 200, description = "A page.", body = AppointmentPage))
)]
#[get("/cases/{case_id}/appointments")]
pub async fn list_appointments(
    door: Door,
    caller: Caller<actions::List, resources::Appointments>,
    id: Id<CaseId>,
    query: Parameters<AppointmentQuery>,
) -> ApiResult<Answer> {
    door.read("list_appointments", caller, move |reader| {
        let (page, _) = aggregate::list(
            reader,
            id.0,
            &query,
            |reader, asked: &AppointmentQuery, case: &CaseRow, after: AppointmentId, limit| {
                let of_case = appointments::table.filter(appointments::case_id.eq(case.id));
                let mut list =
                    of_case.filter(appointments::id.gt(after)).order(appointments::id).limit(limit).into_boxed();
                if let Some(status) = asked.status {
                    list = list.filter(appointments::status.eq(status));
                }
                Ok(list.load::<Appointment>(reader.connection)?)
            },
        )?;
        Answer::ok(&AppointmentPage::from(page))
    })
    .await
}

/// Make an appointment.
///
/// In an open case; a closed or declined one is 409. Whoever is to attend should be free: `warnings` tells where not.
#[utoipa::path(
    tag = "Appointments",
    params(("case_id" = CaseId, Path, description = "The case.")),
    request_body = NewAppointment,
    responses((status = 201, description = "The appointment.", body = AppointmentAnswer))
)]
#[post("/cases/{case_id}/appointments")]
pub async fn create_appointment(
    door: Door,
    caller: Caller<actions::Create, resources::Appointments>,
    id: Id<CaseId>,
    body: Body<NewAppointment>,
) -> ApiResult<Answer> {
    door.write("create_appointment", caller, Some(body.fingerprint()), move |unit| {
        let (appointment, _) = aggregate::create(unit, id.0, &body, make)?;
        answered(unit, appointment, true)
    })
    .await
}

fn answered(unit: &mut Unit<'_>, appointment: Appointment, made: bool) -> ApiResult<Answer> {
    let warnings = look_at(unit, &appointment)?;
    let (path, version) = (format!("/appointments/{}", appointment.id), appointment.version);
    let answer = AppointmentAnswer { appointment, warnings };
    if made { unit.created(&path, version, &answer) } else { unit.edited(version, &answer) }
}

/// Makes an appointment in a locked case; used by the demonstration data as well.
pub fn make(unit: &mut Unit<'_>, id: AppointmentId, case: &CaseRow, new: NewAppointment) -> ApiResult<Appointment> {
    refuse_unless_open(case)?;
    if let Some(attendee) = new.attendee_id {
        check_colleague(unit, Resource::Appointments, attendee, case, "attendee_id")?;
    }
    let appointment = Appointment {
        id,
        case_id: case.id,
        kind: new.kind,
        subject: new.subject,
        place: new.place,
        starts_at: new.starts_at.into(),
        ends_at: new.ends_at.into(),
        starts_on: clock::date_of(new.starts_at.into()),
        attendee_id: new.attendee_id.or(case.case_manager_id),
        interpreter_language: new.interpreter_language,
        status: AppointmentStatus::Planned,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    };
    check_time(appointment.starts_at, appointment.ends_at)?;
    let members = [
        "case_id",
        "kind",
        "subject",
        "place",
        "starts_at",
        "ends_at",
        "attendee_id",
        "interpreter_language",
        "status",
    ];
    aggregate::add(unit, &appointment, case, &members)?;
    Ok(appointment)
}

/// Read an appointment.
///
/// An appointment of a case in your scope.
#[utoipa::path(
    tag = "Appointments",
    params(("appointment_id" = AppointmentId, Path, description = "The appointment.")),
    responses((status = 200, description = "The appointment.", body = Appointment))
)]
#[get("/appointments/{appointment_id}")]
pub async fn read_appointment(
    door: Door,
    caller: Caller<actions::Read, resources::Appointments>,
    id: Id<AppointmentId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_appointment", caller, move |reader| {
        let (appointment, case): (Appointment, _) = visible(reader, Action::Read, id.0)?;
        reader.shows(Resource::Cases, [case.id.0]);
        reader.answer_row(appointment.version, &held, &Fields::default(), "", &appointment)
    })
    .await
}

/// Edit an appointment.
///
/// While it is planned. Its status moves by transitions only.
#[utoipa::path(
    tag = "Appointments",
    params(("appointment_id" = AppointmentId, Path, description = "The appointment.")),
    request_body(content = AppointmentPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The appointment as it is now.", body = AppointmentAnswer))
)]
#[patch("/appointments/{appointment_id}")]
pub async fn edit_appointment(
    door: Door,
    caller: Caller<actions::Edit, resources::Appointments>,
    id: Id<AppointmentId>,
    if_match: IfMatch,
    body: Body<AppointmentPatch>,
) -> ApiResult<Answer> {
    door.write("edit_appointment", caller, None, move |unit| {
        let (mut appointment, case): (Appointment, _) = locked(unit, Action::Edit, id.0)?;
        let patch = body.read()?;
        if_match.check(appointment.version)?;
        refuse_unless_open(&case)?;
        if appointment.status != AppointmentStatus::Planned {
            let detail = "it is not planned any more: move it back first";
            return Err(ApiError::unmet(vec![UnmetGuard::new("planned", detail)]));
        }
        let changed = apply(&mut appointment, patch)?;
        if let Some(attendee) = appointment.attendee_id.filter(|_| changed.contains(&"attendee_id")) {
            check_colleague(unit, Resource::Appointments, attendee, &case, "attendee_id")?;
        }
        aggregate::save(unit, &mut appointment, &case, changed)?;
        answered(unit, appointment, false)
    })
    .await
}

fn apply(appointment: &mut Appointment, patch: AppointmentPatch) -> ApiResult<Vec<&'static str>> {
    let mut edit = Edit::default();
    edit.bounded("subject", &patch.subject, 200);
    edit.bounded("place", &patch.place, 500);
    edit.checked("interpreter_language", &patch.interpreter_language, language_code);
    edit.required("kind", &mut appointment.kind, patch.kind);
    edit.required("subject", &mut appointment.subject, patch.subject);
    edit.optional("place", &mut appointment.place, patch.place);
    edit.required("starts_at", &mut appointment.starts_at, patch.starts_at.map(Timestamp::new));
    edit.required("ends_at", &mut appointment.ends_at, patch.ends_at.map(Timestamp::new));
    edit.optional("attendee_id", &mut appointment.attendee_id, patch.attendee_id);
    edit.optional("interpreter_language", &mut appointment.interpreter_language, patch.interpreter_language);
    let changed = edit.finish()?;
    appointment.starts_on = clock::date_of(appointment.starts_at);
    check_time(appointment.starts_at, appointment.ends_at)?;
    Ok(changed)
}
