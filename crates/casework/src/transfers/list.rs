//! What is proposed to you and what you propose.

use actix_web::get;

use crate::access::caller::{Caller, actions, resources};
use crate::cases::types::CaseId;
use crate::error::ApiResult;
use crate::http::{Answer, Door, Parameters};
use crate::offers::list::{self, Wanted};
use crate::paged_query;
use crate::referrals::list::Mailbox;
use crate::transfers::rules::TransferStatus;
use crate::transfers::types::{Transfer, TransferPage, TransferRow};

paged_query! {
    /// How to list transfers.
    TransferQuery {
        /// What is proposed to you, or what you propose and have handed over; the inbox when absent.
        r#box: Option<Mailbox>,
        /// Those in this state.
        status: Option<TransferStatus>,
        /// Those of this case: of the outbox.
        case_id: Option<CaseId>,
    }
}

/// List transfers.
///
/// Your inbox or your outbox, newest first.
#[utoipa::path(
    tag = "Transfers",
    params(TransferQuery),
    responses((status = 200, description = "A page.", body = TransferPage))
)]
#[get("/transfers")]
pub async fn list_transfers(
    door: Door,
    caller: Caller<actions::List, resources::Transfers>,
    query: Parameters<TransferQuery>,
) -> ApiResult<Answer> {
    door.read("list_transfers", caller, move |reader| {
        let ask =
            |asked: &TransferQuery| Wanted::new(asked.r#box, asked.status.map(TransferStatus::as_str), asked.case_id);
        let page = list::page::<TransferRow, _, _>(reader, &query, ask, Transfer::shown)?;
        Answer::ok(&TransferPage::from(page))
    })
    .await
}
