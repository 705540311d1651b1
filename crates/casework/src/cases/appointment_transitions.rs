//! Moves of an appointment: `planned`→`held`|`missed`|`cancelled`, and back to `planned` at another time. Each an immutable row.

use actix_web::post;
use approdo_db::schema::appointments;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::aggregate;
use crate::aggregate::moves::{self, ChildTransition, ChildTransitionId, texts_within};
use crate::cases::appointments::{Appointment, AppointmentId, AppointmentStatus, check_time};
use crate::cases::handlers::refuse_unless_open;
use crate::cases::types::CaseRow;
use crate::clock;
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::http::{Answer, Body, Checked, Door, Id, IfMatch, reading};
use crate::work::Unit;

/// Where to move an appointment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "to", rename_all = "snake_case", deny_unknown_fields)]
#[schema(example = json!({"to": "cancelled", "note": "The interpreter is ill."}))]
pub enum NewAppointmentTransition {
    /// From planned, once it has begun.
    Held {
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    /// From planned, once it has begun: the person did not come.
    Missed {
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    /// From planned.
    Cancelled {
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    /// From missed or cancelled, at another time; from held, where that was noted in error, with the time it has.
    Planned {
        #[serde(deserialize_with = "reading::instant")]
        starts_at: DateTime<Utc>,
        /// After `starts_at`, at most 24 hours.
        #[serde(deserialize_with = "reading::instant")]
        ends_at: DateTime<Utc>,
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
}

impl Validate for NewAppointmentTransition {
    fn validate(&self) -> Result<(), validator::ValidationErrors> {
        texts_within(&[("note", self.parts().1, 2000)])
    }
}

impl Checked for NewAppointmentTransition {}

impl NewAppointmentTransition {
    fn parts(&self) -> (AppointmentStatus, Option<&str>) {
        let (to, note) = match self {
            Self::Held { note } => (AppointmentStatus::Held, note),
            Self::Missed { note } => (AppointmentStatus::Missed, note),
            Self::Cancelled { note } => (AppointmentStatus::Cancelled, note),
            Self::Planned { note, .. } => (AppointmentStatus::Planned, note),
        };
        (to, note.as_deref())
    }
}

/// Whether an appointment may move so.
pub fn may_move(from: AppointmentStatus, to: AppointmentStatus) -> bool {
    (from == AppointmentStatus::Planned) != (to == AppointmentStatus::Planned)
}

/// Move an appointment.
///
/// `planned`→`held`|`missed`|`cancelled`; each of them → `planned`. What has not begun can be neither held nor missed (409).
#[utoipa::path(
    tag = "Appointments",
    params(("appointment_id" = AppointmentId, Path, description = "The appointment.")),
    request_body = NewAppointmentTransition,
    responses((status = 201, description = "The move; `ETag` is the appointment's.", body = ChildTransition))
)]
#[post("/appointments/{appointment_id}/transitions")]
pub async fn create_appointment_transition(
    door: Door,
    caller: Caller<actions::Transition, resources::Appointments>,
    id: Id<AppointmentId>,
    if_match: IfMatch,
    body: Body<NewAppointmentTransition>,
) -> ApiResult<Answer> {
    door.write("create_appointment_transition", caller, Some(body.fingerprint()), move |unit| {
        let transition =
            moves::run(unit, id.0, &if_match, &body, |unit, appointment: Appointment, case, id, asked| {
                refuse_unless_open(case)?;
                make(unit, appointment, case, id, asked)
            })?;
        let path = format!("/appointments/{}", transition.resource_id);
        unit.created(&path, transition.resource_version, &transition)
    })
    .await
}

/// Moves an appointment of a locked case; used by the demonstration data as well.
pub fn make(
    unit: &mut Unit<'_>,
    mut appointment: Appointment,
    case: &CaseRow,
    id: ChildTransitionId,
    asked: &NewAppointmentTransition,
) -> ApiResult<ChildTransition> {
    let (from, (to, note)) = (appointment.status, asked.parts());
    if !may_move(from, to) {
        return Err(moves::no_such_move("an appointment", from.as_str(), to.as_str()));
    }
    let took_place = matches!(to, AppointmentStatus::Held | AppointmentStatus::Missed);
    if took_place && appointment.starts_at > unit.now {
        return Err(ApiError::unmet(vec![UnmetGuard::new("has_begun", "it has not begun yet: cancel it or wait")]));
    }
    let mut changed = vec!["status"];
    appointment.status = to;
    if let NewAppointmentTransition::Planned { starts_at, ends_at, .. } = asked {
        (appointment.starts_at, appointment.ends_at) = ((*starts_at).into(), (*ends_at).into());
        appointment.starts_on = clock::date_of(appointment.starts_at);
        check_time(appointment.starts_at, appointment.ends_at)?;
        changed.extend(["starts_at", "ends_at"]);
    }
    aggregate::save(unit, &mut appointment, case, changed)?;
    moves::keep(unit, &appointment, id, (from.as_str(), to.as_str()), note)
}

/// Cancels what is planned in a locked case that ends.
pub fn cancel_planned(unit: &mut Unit<'_>, case: &CaseRow, note: &str) -> ApiResult<()> {
    let planned: Vec<Appointment> = appointments::table
        .filter(appointments::case_id.eq(case.id))
        .filter(appointments::status.eq(AppointmentStatus::Planned))
        .order(appointments::id)
        .load(unit.connection)?;
    let asked = NewAppointmentTransition::Cancelled { note: Some(note.to_owned()) };
    planned
        .into_iter()
        .try_for_each(|appointment| make(unit, appointment, case, ChildTransitionId::new(), &asked).map(drop))
}
