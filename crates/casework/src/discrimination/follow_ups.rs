//! How a report goes on, for who has its code.

use actix_web::{HttpRequest, post};
use approdo_db::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::recorder::{AccessEvent, AccessNote};
use crate::access::{ActorKind, PrincipalId, Resource, sessions};
use crate::app::blocking;
use crate::clock;
use crate::discrimination::messages::{self, DiscriminationReportMessageId};
use crate::discrimination::requests::NewDiscriminationReportFollowUp;
use crate::discrimination::rules::{DiscriminationReportOutcome, DiscriminationReportProgress};
use crate::discrimination::types::DiscriminationReportId;
use crate::discrimination::{records, submissions};
use crate::error::{ApiError, ApiResult, Kind};
use crate::http::{Answer, Body, Door};

const NAME: &str = "create_discrimination_report_follow_up";

/// How a report goes on.
#[derive(Debug, Serialize, ToSchema)]
pub struct DiscriminationReportFollowUp {
    pub progress: DiscriminationReportProgress,
    /// How it ended, where the body tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub outcome: Option<DiscriminationReportOutcome>,
    /// What you are told, oldest first.
    #[schema(max_items = 200)]
    pub messages: Vec<DiscriminationReportAnswer>,
}

/// Something that a body tells who reports.
#[derive(Debug, Serialize, ToSchema)]
pub struct DiscriminationReportAnswer {
    #[schema(min_length = 1, max_length = 4000)]
    pub text: String,
    pub sent_at: Timestamp,
}

/// Ask how a report of discrimination goes on.
///
/// Open to everyone who has its code. 404 for a code that there is not, as for one whose report was anonymised. After many calls from
/// one place in an hour, wait for the next (429).
#[utoipa::path(
    tag = "Discrimination",
    security(()),
    request_body = NewDiscriminationReportFollowUp,
    responses((status = 200, description = "How it goes on.", body = DiscriminationReportFollowUp))
)]
#[post("/discrimination-reports/follow-ups")]
pub async fn create_discrimination_report_follow_up(
    door: Door,
    request: HttpRequest,
    body: Body<NewDiscriminationReportFollowUp>,
) -> ApiResult<Answer> {
    door.require_fit()?;
    let asked = body.read()?;
    let address = request.peer_addr().map(|peer| peer.ip());
    let app = door.app.clone();
    let found = blocking(move || {
        submissions::count_call(app.report_limits.follow_ups.as_ref(), address)?;
        let digest = sessions::digest(&asked.follow_up_code);
        app.read_now(|connection| {
            let row = records::of_code(connection, &digest)?.ok_or_else(ApiError::not_found)?;
            let first = DiscriminationReportMessageId(uuid::Uuid::nil());
            let told = messages::of_report(connection, row.id, (0, first), messages::MOST)?;
            let answer = |message: messages::MessageRow| DiscriminationReportAnswer {
                text: message.text,
                sent_at: message.sent_at,
            };
            let shown = DiscriminationReportFollowUp {
                progress: row.status.progress(),
                outcome: row.outcome.filter(|_| row.outcome_told),
                messages: told.into_iter().map(answer).collect(),
            };
            Ok((row.id, shown))
        })
    })
    .await;
    match found {
        Ok((id, shown)) => {
            note(&door, AccessEvent::Read, Some(id)).await?;
            Answer::ok(&shown)
        }
        Err(error) => {
            if error.kind() == Kind::NotFound {
                note(&door, AccessEvent::Refused, None).await?;
            }
            Err(error)
        }
    }
}

/// Records that a report was looked at by its code, or that a code was of no use; nothing of the request is in it.
async fn note(door: &Door, event: AccessEvent, report: Option<DiscriminationReportId>) -> ApiResult<()> {
    let context = submissions::context(door);
    let note = AccessNote {
        event,
        operation: NAME,
        purpose: context.purpose,
        resource: Some(Resource::DiscriminationReports.as_str()),
        resource_ids: report.map(|id| id.0).into_iter().collect(),
        actor: report.map(|id| PrincipalId(id.0)),
        actor_kind: ActorKind::Partner,
        request_id: context.id,
        at: clock::now(),
    };
    door.app.recorder.record(note).await
}
