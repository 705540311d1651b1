//! What is left of a report once nobody needs to know whom it was about: what is counted.

use actix_web::post;
use approdo_db::schema::history;
use approdo_db::types::RowId;
use diesel::prelude::*;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, Resource};
use crate::aggregate::moves;
use crate::discrimination::rules::{DiscriminationReportSide, refusal_of_anonymisation};
use crate::discrimination::types::{DiscriminationReport, DiscriminationReportId, DiscriminationReportRow};
use crate::discrimination::{access, records};
use crate::entries;
use crate::error::{ApiError, ApiResult};
use crate::http::{Answer, Body, Checked, Door, Id, IfMatch};
use crate::work::Unit;

/// A report to anonymise: nothing needs to be said.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub struct NewDiscriminationReportAnonymisation {}

impl Checked for NewDiscriminationReportAnonymisation {}

/// Anonymise a report of discrimination.
///
/// Once it is closed or dismissed, by the body it was sent to, for good (GDPR art. 5(1)(e) and 17). Who reports, what was told, when it
/// happened, the notes, the messages and the history go; the code leads nowhere any more. What is counted stays.
#[utoipa::path(
    tag = "Discrimination",
    params(("discrimination_report_id" = DiscriminationReportId, Path, description = "The report.")),
    request_body = NewDiscriminationReportAnonymisation,
    responses((status = 201, description = "The report as it is now.", body = DiscriminationReport))
)]
#[post("/discrimination-reports/{discrimination_report_id}/anonymisations")]
pub async fn create_discrimination_report_anonymisation(
    door: Door,
    caller: Caller<actions::Delete, resources::DiscriminationReports>,
    id: Id<DiscriminationReportId>,
    if_match: IfMatch,
    body: Body<NewDiscriminationReportAnonymisation>,
) -> ApiResult<Answer> {
    door.write("create_discrimination_report_anonymisation", caller, Some(body.fingerprint()), move |unit| {
        let (mut row, sides) = access::lock(unit, id.0, Action::Delete, Resource::DiscriminationReports)?;
        if !sides.contains(&DiscriminationReportSide::First) {
            return Err(ApiError::forbidden("only the body it was sent to anonymises this report").about(row.id.0));
        }
        body.read()?;
        unit.shows(Resource::DiscriminationReports, [row.id.0]);
        if unit.replay(row.id.0)?.is_none() {
            if_match.check(row.version)?;
            if let Some(refusal) = refusal_of_anonymisation(row.status, row.anonymised_at.is_some()) {
                return Err(ApiError::unmet(vec![refusal]));
            }
            anonymise(unit, &mut row)?;
        }
        let beside = records::beside_one(unit.connection, &row)?;
        let version = row.version;
        let report = DiscriminationReport::shown(row, beside, sides);
        unit.created(&format!("/discrimination-reports/{}", report.id), version, &report)
    })
    .await
}

fn anonymise(unit: &mut Unit<'_>, row: &mut DiscriminationReportRow) -> ApiResult<()> {
    records::forget(unit, row.id)?;
    moves::strip(unit, row.id.0)?;
    diesel::delete(history::table.filter(history::resource_id.eq(RowId(row.id.0)))).execute(unit.connection)?;
    (row.description, row.occurred_on, row.follow_up_hash) = (None, None, None);
    row.identity_shared = false;
    row.anonymised_at = Some(unit.now);
    entries::save(unit, row, &["description", "occurred_on", "identity_shared", "anonymised_at"])
}
