//! Reports without a login, and how they go on. Nothing tells of who sends one: neither the log nor a record has an address, and a record has
//! no id of the request, by which a log on the way would lead to the report.

use std::net::{IpAddr, Ipv6Addr};

use actix_web::{HttpRequest, post};

use crate::access::rights::Rights;
use crate::app::blocking;
use crate::discrimination::codes::DiscriminationReportChannel;
use crate::discrimination::intake;
use crate::discrimination::requests::{DiscriminationReportSubmission, NewDiscriminationReport};
use crate::discrimination::types::DiscriminationReportId;
use crate::error::{ApiError, ApiResult, Kind};
use crate::http::limits::{Limits, Subject};
use crate::http::request::RequestContext;
use crate::http::{Answer, Body, Door};
use crate::work;

/// Whom a call is counted for. Of IPv6, networks are: whoever has one address has all of its network.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(address) => address.into(),
            None => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
        },
    }
}

/// Counts a call without a login, and refuses it where there were too many within the hour: 429 with how long to wait. Addresses are in
/// memory until the first call after that hour, and nowhere else.
pub fn count_call(calls: Option<&Limits>, address: Option<IpAddr>) -> ApiResult<()> {
    let (Some(calls), Some(address)) = (calls, address) else { return Ok(()) };
    let standing = calls.count(Subject::Address(network(address)));
    if standing.refused {
        let error = ApiError::new(Kind::TooManyRequests, "too many calls from here");
        return Err(error.retry_after(standing.reset_seconds));
    }
    Ok(())
}

/// What the records of a call without a login carry: nothing of the request.
pub fn context(door: &Door) -> RequestContext {
    RequestContext::internal(&door.context.purpose)
}

/// Report discrimination.
///
/// Open to everyone, without a login and without a name. The answer is a code, told once, that shows how it goes on; nothing else leads
/// back. Send it to a body that takes reports. After many calls from one place in an hour, wait for the next (429).
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
        count_call(app.report_limits.submissions.as_ref(), address)?;
        work::run_without_account(&app, &context, |unit| {
            let id = DiscriminationReportId::new();
            unit.rights = Rights::of_partner(id.0);
            intake::take(unit, id, DiscriminationReportChannel::Online, new)
        })
    })
    .await?;
    Answer::ok(&DiscriminationReportSubmission { follow_up_code })
}
