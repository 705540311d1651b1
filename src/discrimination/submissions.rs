//! Reports without a login, and how they go on. Nothing tells of who sends one: neither the log nor a record has an address, and a record has
//! no id of the request, by which a log on the way would lead to the report.

use std::net::IpAddr;
use std::sync::OnceLock;

use actix_web::{HttpRequest, post};

use crate::access::keys::random;
use crate::access::rights::Rights;
use crate::access::throttle::{self, Subject};
use crate::app::{App, MOUNT, blocking};
use crate::clock;
use crate::discrimination::codes::DiscriminationReportChannel;
use crate::discrimination::intake;
use crate::discrimination::requests::{DiscriminationReportSubmission, NewDiscriminationReport};
use crate::discrimination::types::DiscriminationReportId;
use crate::error::{ApiError, ApiResult, Kind};
use crate::http::request::RequestContext;
use crate::http::{Answer, Body, Door};
use crate::work;

/// Calls from one address that need not wait: a shelter or a library is many people behind one.
const FREE_CALLS: i64 = 20;

/// What an address is mixed with before it is counted: new with every start and kept nowhere, so that nobody finds the address from what
/// is counted, whoever holds the database and its keys.
static PEPPER: OnceLock<[u8; 32]> = OnceLock::new();

fn pepper() -> ApiResult<&'static [u8; 32]> {
    let fresh = random::<32>()?;
    Ok(PEPPER.get_or_init(|| fresh))
}

/// Whether a path is one of which the log has no address.
pub fn is_unaddressed(path: &str) -> bool {
    let rest = path.strip_prefix(MOUNT).unwrap_or(path);
    matches!(rest.trim_end_matches('/'), "/discrimination-reports/submissions" | "/discrimination-reports/follow-ups")
}

/// Counts a call without a login, and refuses it where there were too many: 429 with how long to wait.
pub fn count_call(app: &App, kind: &'static str, address: Option<IpAddr>) -> ApiResult<()> {
    let name = format!("{:?}\0{}", pepper()?, address.map(|address| address.to_string()).unwrap_or_default());
    let subject = Subject::new(app.keys.master(), kind, &name);
    let now = clock::now();
    let mut connection = app.database.writer()?;
    if let Some(seconds) = throttle::wait_seconds(&mut connection, &subject, now)? {
        return Err(ApiError::new(Kind::TooManyRequests, "too many calls from here").retry_after(seconds));
    }
    Ok(throttle::counted(&mut connection, &subject, FREE_CALLS, now)?)
}

/// What the records of a call without a login carry: nothing of the request.
pub fn context(door: &Door) -> RequestContext {
    RequestContext::internal(&door.context.purpose)
}

/// Report discrimination.
///
/// Open to everyone, without a login and without a name. The answer is a code, told once, that shows how it goes on; nothing else leads
/// back. Send it to a body that takes reports. Many calls from one place are slowed down (429).
#[utoipa::path(
    tag = "Discrimination",
    security(()),
    request_body = NewDiscriminationReport,
    responses((status = 200, description = "It was received.", body = DiscriminationReportSubmission))
)]
#[post("/discrimination-reports/submissions")]
pub async fn create_discrimination_report_submission(
    door: Door,
    request: HttpRequest,
    body: Body<NewDiscriminationReport>,
) -> ApiResult<Answer> {
    door.require_fit()?;
    let new = body.read()?;
    let address = request.peer_addr().map(|peer| peer.ip());
    let (app, context) = (door.app.clone(), context(&door));
    let follow_up_code = blocking(move || {
        count_call(&app, "discrimination report", address)?;
        work::run_without_account(&app, &context, |unit| {
            let id = DiscriminationReportId::new();
            unit.rights = Rights::of_partner(id.0);
            intake::take(unit, id, DiscriminationReportChannel::Online, new)
        })
    })
    .await?;
    Answer::ok(&DiscriminationReportSubmission { follow_up_code })
}
