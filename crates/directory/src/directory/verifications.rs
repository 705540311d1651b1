//! That somebody has found out whether a service is as the directory says (domain 18): apart from editing it, so that what was merely
//! typed does not look checked.

use actix_web::{get, post};
use approdo_db::schema::service_verifications as verifications;
use approdo_db::{Timestamp, define_id, text_enum};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, PrincipalId, Resource};
use crate::clock;
use crate::directory::services::{ServiceId, ServiceRow};
use crate::entries;
use crate::error::{ApiError, ApiResult};
use crate::http::{Answer, Body, Checked, Door, Id, Parameters, reading};
use crate::page_of;
use crate::paged_query;
use crate::work::Unit;

define_id! {
    /// The id of a verification.
    #[derive(ToSchema)]
    VerificationId;
}

text_enum! {
    /// How somebody found out.
    #[derive(ToSchema)]
    VerificationMethod {
        Visit = "visit",
        Telephone = "telephone",
        /// Its provider said so in writing.
        ProviderStatement = "provider_statement",
        Website = "website",
    }
}

/// That somebody found out that a service is as the directory says.
#[derive(Debug, Queryable, Insertable, Serialize, ToSchema)]
#[diesel(table_name = verifications, treat_none_as_default_value = false)]
#[schema(as = ServiceVerification)]
pub struct Verification {
    pub id: VerificationId,
    pub service_id: ServiceId,
    pub verified_on: NaiveDate,
    pub method: VerificationMethod,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 1000)]
    pub note: Option<String>,
    /// Who told it.
    pub verified_by: PrincipalId,
    pub created_at: Timestamp,
}

page_of! {
    /// A page of verifications.
    VerificationPage of Verification
}

/// What somebody found out.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewServiceVerification, example = json!({"method": "telephone", "note": "Opening hours and languages are right."}))]
pub struct NewVerification {
    pub method: VerificationMethod,
    /// Today when absent.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "reading::optional_day")]
    pub verified_on: Option<NaiveDate>,
    #[validate(length(min = 1, max = 1000))]
    #[schema(nullable = false, min_length = 1, max_length = 1000)]
    pub note: Option<String>,
}

impl Checked for NewVerification {}

paged_query! {
    /// How to list verifications.
    VerificationQuery {}
}

/// List the verifications of a service.
///
/// Oldest first: who found out when, and how.
#[utoipa::path(
    tag = "Directory",
    params(("service_id" = ServiceId, Path, description = "The service."), VerificationQuery),
    responses((status = 200, description = "A page.", body = VerificationPage))
)]
#[get("/services/{service_id}/verifications")]
pub async fn list_service_verifications(
    door: Door,
    caller: Caller<actions::List, resources::ServiceVerifications>,
    id: Id<ServiceId>,
    query: Parameters<VerificationQuery>,
) -> ApiResult<Answer> {
    door.read("list_service_verifications", caller, move |reader| {
        let _: ServiceRow = entries::known(reader, id.0)?;
        let asked = query.read()?;
        let request = reader.page(&query, asked.limit, asked.cursor.as_deref());
        let rows: Vec<Verification> = verifications::table
            .filter(verifications::service_id.eq(id.0))
            .filter(verifications::id.gt(request.after()?.unwrap_or(VerificationId(uuid::Uuid::nil()))))
            .order(verifications::id)
            .limit(request.limit() + 1)
            .load(reader.connection)?;
        Answer::ok(&VerificationPage::from(request.page(rows, |row: &Verification| row.id)?))
    })
    .await
}

/// Verify a service.
///
/// Says that it is as the directory describes it; edit it first where it is not. It is fresh from that day on.
#[utoipa::path(
    tag = "Directory",
    params(("service_id" = ServiceId, Path, description = "The service.")),
    request_body = NewVerification,
    responses((status = 201, description = "The verification.", body = Verification))
)]
#[post("/services/{service_id}/verifications")]
pub async fn create_service_verification(
    door: Door,
    caller: Caller<actions::Create, resources::ServiceVerifications>,
    id: Id<ServiceId>,
    body: Body<NewVerification>,
) -> ApiResult<Answer> {
    door.write("create_service_verification", caller, Some(body.fingerprint()), move |unit| {
        let service: ServiceRow = entries::locked(unit, Action::Create, Resource::ServiceVerifications, id.0)?;
        let new = body.read()?;
        let made = VerificationId::new();
        let verification: Verification = match unit.replay(made.0)? {
            Some(earlier) => verifications::table.find(VerificationId(earlier)).first(unit.connection)?,
            None => verify(unit, service, made, new)?,
        };
        unit.created(&format!("/services/{}/verifications", id.0), 1, &verification)
    })
    .await
}

/// Keeps a verification of a locked service; used by the demonstration data as well.
pub fn verify(
    unit: &mut Unit<'_>,
    mut service: ServiceRow,
    id: VerificationId,
    new: NewVerification,
) -> ApiResult<Verification> {
    let today = clock::date_of(unit.now);
    let verified_on = new.verified_on.unwrap_or(today);
    if verified_on > today {
        return Err(ApiError::invalid_member("verified_on", "must not lie ahead"));
    }
    let row = Verification {
        id,
        service_id: service.id,
        verified_on,
        method: new.method,
        note: new.note,
        verified_by: unit.rights.principal,
        created_at: unit.now,
    };
    diesel::insert_into(verifications::table).values(&row).execute(unit.connection)?;
    // An earlier day that is told later does not make the entry older.
    if service.verified_on.is_none_or(|known| known < verified_on) {
        service.verified_on = Some(verified_on);
        entries::save(unit, &mut service, &["verified_on"])?;
    }
    Ok(row)
}
