//! Taking a report on somebody's behalf, reading one, and reading who reported it.

use actix_web::{get, post};

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, Resource};
use crate::discrimination::access;
use crate::discrimination::codes::DiscriminationReportChannel;
use crate::discrimination::intake;
use crate::discrimination::records;
use crate::discrimination::requests::{DiscriminationReportReceipt, NewDiscriminationReport};
use crate::discrimination::rules::DiscriminationReportSide;
use crate::discrimination::types::{DiscriminationReport, DiscriminationReportId, DiscriminationReporter};
use crate::error::{ApiError, ApiResult};
use crate::http::{Answer, Body, Door, Fields, Id, IfNoneMatch};

/// Take a report of discrimination for somebody.
///
/// By an anti-discrimination officer or at a help desk, to any body that takes reports. The answer is the report's id and the code for who
/// reports, which is told once: a help desk does not read the report again. Nobody has to say who they are.
#[utoipa::path(
    tag = "Discrimination",
    request_body = NewDiscriminationReport,
    responses((status = 201, description = "It was taken.", body = DiscriminationReportReceipt))
)]
#[post("/discrimination-reports")]
pub async fn create_discrimination_report(
    door: Door,
    caller: Caller<actions::Create, resources::DiscriminationReports>,
    body: Body<NewDiscriminationReport>,
) -> ApiResult<Answer> {
    door.write("create_discrimination_report", caller, Some(body.fingerprint()), move |unit| {
        let new = body.read()?;
        let id = DiscriminationReportId::new();
        let receipt = match unit.replay(id.0)? {
            Some(earlier) => DiscriminationReportReceipt { id: DiscriminationReportId(earlier), follow_up_code: None },
            None => {
                let reads = unit.rights.may(Action::Read, Resource::DiscriminationReports);
                let channel =
                    if reads { DiscriminationReportChannel::Officer } else { DiscriminationReportChannel::HelpDesk };
                let code = intake::take(unit, id, channel, new)?;
                DiscriminationReportReceipt { id, follow_up_code: Some(code) }
            }
        };
        unit.created(&format!("/discrimination-reports/{}", receipt.id), 1, &receipt)
    })
    .await
}

/// Read a report of discrimination.
///
/// For officers of the body it was sent to, and of the one it is routed to while that is so. Who reports is read at its own address.
#[utoipa::path(
    tag = "Discrimination",
    params(("discrimination_report_id" = DiscriminationReportId, Path, description = "The report.")),
    responses((status = 200, description = "The report.", body = DiscriminationReport))
)]
#[get("/discrimination-reports/{discrimination_report_id}")]
pub async fn read_discrimination_report(
    door: Door,
    caller: Caller<actions::Read, resources::DiscriminationReports>,
    id: Id<DiscriminationReportId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_discrimination_report", caller, move |reader| {
        let (row, sides) = access::find(reader, id.0)?;
        let beside = records::beside_one(reader.connection, &row)?;
        reader.shows(Resource::DiscriminationReports, [row.id.0]);
        let version = row.version;
        let report = DiscriminationReport::shown(row, beside, sides);
        reader.answer_row(version, &held, &Fields::default(), "", &report)
    })
    .await
}

/// Read who reported discrimination.
///
/// For officers of the body it was sent to; for those of the one it is routed to where that was agreed and the report was routed so. 404
/// where nobody said who they are, as where it is not for you to know. The reading is recorded by itself.
#[utoipa::path(
    tag = "Discrimination",
    params(("discrimination_report_id" = DiscriminationReportId, Path, description = "The report.")),
    responses((status = 200, description = "Who reports.", body = DiscriminationReporter))
)]
#[get("/discrimination-reports/{discrimination_report_id}/reporter")]
pub async fn read_discrimination_reporter(
    door: Door,
    caller: Caller<actions::Read, resources::DiscriminationReporters>,
    id: Id<DiscriminationReportId>,
) -> ApiResult<Answer> {
    door.read("read_discrimination_reporter", caller, move |reader| {
        let (row, sides) = access::find(reader, id.0)?;
        let missing = || ApiError::not_found().about(row.id.0);
        if !row.identity_shared && !sides.contains(&DiscriminationReportSide::First) {
            return Err(missing());
        }
        let reporter = records::reporter(reader.connection, row.id)?.ok_or_else(missing)?;
        reader.shows(Resource::DiscriminationReporters, [row.id.0]);
        Answer::ok(&reporter)
    })
    .await
}
