//! What you may look into, and what you let others look into.

use actix_web::get;

use crate::access::caller::{Caller, actions, resources};
use crate::cases::types::CaseId;
use crate::error::ApiResult;
use crate::http::{Answer, Door, Parameters};
use crate::offers::list::{self, Wanted};
use crate::paged_query;
use crate::referrals::list::Mailbox;
use crate::shared_accesses::types::{SharedAccess, SharedAccessPage, SharedAccessRow, SharedAccessStatus};

paged_query! {
    /// How to list shared accesses.
    SharedAccessQuery {
        /// What you may look into, while it lasts, or what you let others look into; the inbox when absent.
        r#box: Option<Mailbox>,
        /// Those in this state.
        status: Option<SharedAccessStatus>,
        /// Those of this case: of the outbox.
        case_id: Option<CaseId>,
    }
}

/// List shared accesses.
///
/// Your inbox or your outbox, newest first.
#[utoipa::path(
    tag = "Shared accesses",
    params(SharedAccessQuery),
    responses((status = 200, description = "A page.", body = SharedAccessPage))
)]
#[get("/shared-accesses")]
pub async fn list_shared_accesses(
    door: Door,
    caller: Caller<actions::List, resources::SharedAccesses>,
    query: Parameters<SharedAccessQuery>,
) -> ApiResult<Answer> {
    door.read("list_shared_accesses", caller, move |reader| {
        let ask = |asked: &SharedAccessQuery| {
            Wanted::new(asked.r#box, asked.status.map(SharedAccessStatus::as_str), asked.case_id)
        };
        let page = list::page::<SharedAccessRow, _, _>(reader, &query, ask, SharedAccess::shown)?;
        Answer::ok(&SharedAccessPage::from(page))
    })
    .await
}
