//! What you are asked for and what you ask for.

use actix_web::get;

use crate::access::caller::{Caller, actions, resources};
use crate::error::ApiResult;
use crate::http::{Answer, Door, Parameters};
use crate::offers::list::{self, Wanted};
use crate::paged_query;
use crate::referrals::list::Mailbox;
use crate::transfer_requests::rules::TransferRequestStatus;
use crate::transfer_requests::types::{TransferRequest, TransferRequestPage, TransferRequestRow};

paged_query! {
    /// How to list requests for transfers.
    TransferRequestQuery {
        /// What you are asked for, or what you ask for; the inbox when absent.
        r#box: Option<Mailbox>,
        /// Those in this state.
        status: Option<TransferRequestStatus>,
    }
}

/// List requests for transfers.
///
/// Your inbox or your outbox, newest first.
#[utoipa::path(
    tag = "Transfers",
    params(TransferRequestQuery),
    responses((status = 200, description = "A page.", body = TransferRequestPage))
)]
#[get("/transfer-requests")]
pub async fn list_transfer_requests(
    door: Door,
    caller: Caller<actions::List, resources::TransferRequests>,
    query: Parameters<TransferRequestQuery>,
) -> ApiResult<Answer> {
    door.read("list_transfer_requests", caller, move |reader| {
        let ask = |asked: &TransferRequestQuery| {
            Wanted::new(asked.r#box, asked.status.map(TransferRequestStatus::as_str), None)
        };
        let page = list::page::<TransferRequestRow, _, _>(reader, &query, ask, TransferRequest::shown)?;
        Answer::ok(&TransferRequestPage::from(page))
    })
    .await
}
