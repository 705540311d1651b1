//! The clock of a demonstration, which can be moved, so that whoever integrates sees in a minute what takes months: reminders
//! of expiring documents, overdue tasks, a coming of age (domain 55).

use actix_web::{get, put};
use approdo_db::schema::settings;
use approdo_db::{Connection, Timestamp, on_backend};
use chrono::{DateTime, Datelike as _, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use crate::access::caller::{Caller, actions, resources};
use crate::app::App;
use crate::clock;
use crate::error::{ApiError, ApiResult};
use crate::http::{Answer, Body, Checked, Door};

const NAME: &str = "sandbox_clock";

/// What time it is in the demonstration.
#[derive(Debug, Serialize, ToSchema)]
pub struct SandboxClock {
    pub now: Timestamp,
    /// How far that is ahead of real time; negative where it is behind.
    #[schema(minimum = -10_000_000_000_i64, maximum = 10_000_000_000_i64)]
    pub ahead_seconds: i64,
}

/// Where to move the clock; it goes on from there.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"now": "2027-03-01T08:00:00Z"}))]
pub struct SandboxClockSetting {
    /// From 2000 to 2199. Back to real time when absent.
    #[validate(custom(function = "sensible"))]
    #[schema(nullable = false)]
    pub now: Option<DateTime<Utc>>,
}

impl Checked for SandboxClockSetting {}

fn sensible(instant: &DateTime<Utc>) -> Result<(), ValidationError> {
    if (2000..2200).contains(&instant.year()) {
        Ok(())
    } else {
        Err(ValidationError::new("range").with_message("must be from 2000 to 2199".into()))
    }
}

/// What a deployment's clock shows.
fn shown(app: &App) -> SandboxClock {
    SandboxClock { now: app.clock.now(), ahead_seconds: app.clock.ahead().num_seconds() }
}

/// 404 where the clock is not to be moved.
fn require_sandbox(app: &App) -> ApiResult<()> {
    if app.settings.demo { Ok(()) } else { Err(ApiError::not_found()) }
}

/// Sets a demonstration's clock as the database has it: another process may have moved it.
pub fn follow_clock(app: &App) -> ApiResult<()> {
    if app.settings.demo {
        app.clock.set_ahead(app.read_now(|connection| Ok(kept(connection)?))?);
    }
    Ok(())
}

fn kept(connection: &mut Connection) -> QueryResult<i64> {
    let text: Option<String> = settings::table.find(NAME).select(settings::value).first(connection).optional()?;
    Ok(text.and_then(|text| text.parse().ok()).unwrap_or(0))
}

/// Read the sandbox's clock.
///
/// Only where the service was started with `--demo`; 404 elsewhere.
#[utoipa::path(tag = "Operations", responses((status = 200, description = "The time.", body = SandboxClock)))]
#[get("/sandbox/clock")]
pub async fn read_sandbox_clock(door: Door, caller: Caller<actions::Read, resources::Sandbox>) -> ApiResult<Answer> {
    door.read("read_sandbox_clock", caller, |reader| {
        require_sandbox(reader.app)?;
        Answer::ok(&shown(reader.app))
    })
    .await
}

/// Move the sandbox's clock.
///
/// For everyone in the demonstration, in every process within a second. Tokens, sessions and request limits stay in real time.
/// Only where the service was started with `--demo`; 404 elsewhere.
#[utoipa::path(
    tag = "Operations",
    request_body = SandboxClockSetting,
    responses((status = 200, description = "The time from now on.", body = SandboxClock))
)]
#[put("/sandbox/clock")]
pub async fn replace_sandbox_clock(
    door: Door,
    caller: Caller<actions::Edit, resources::Sandbox>,
    body: Body<SandboxClockSetting>,
) -> ApiResult<Answer> {
    let app = door.app.clone();
    let answer = door
        .write("replace_sandbox_clock", caller, None, move |unit| {
            require_sandbox(unit.app)?;
            let ahead = body.read()?.now.map_or(0, clock::ahead_of_real);
            let row = (settings::name.eq(NAME), settings::value.eq(ahead.to_string()));
            on_backend!(&mut *unit.connection, c => {
                diesel::insert_into(settings::table).values(row.clone()).on_conflict_do_nothing().execute(c)
            })?;
            diesel::update(settings::table.find(NAME)).set(row.1).execute(unit.connection)?;
            let now = Timestamp::new(clock::now().instant() + chrono::TimeDelta::microseconds(ahead));
            Answer::ok(&SandboxClock { now, ahead_seconds: ahead / 1_000_000 })
        })
        .await?;
    crate::app::blocking(move || follow_clock(&app)).await?;
    Ok(answer)
}
