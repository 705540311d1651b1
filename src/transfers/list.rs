//! What is proposed to you and what you propose.

use std::cmp::Reverse;

use actix_web::get;
use approdo_db::schema::transfers;
use approdo_db::{Prepared, Value};

use crate::access::caller::{Caller, actions, resources};
use crate::access::reach;
use crate::access::rights::HeldGrant;
use crate::access::scope::{self, of_organisations, of_target_groups};
use crate::access::standing::Asks as _;
use crate::access::{Action, Resource};
use crate::cases::types::CaseId;
use crate::error::ApiResult;
use crate::http::{Answer, Door, Parameters, Reader};
use crate::paged_query;
use crate::referrals::list::Mailbox;
use crate::transfers::rules::TransferStatus;
use crate::transfers::types::{Transfer, TransferId, TransferPage, TransferRow};

paged_query! {
    /// How to list transfers.
    TransferQuery {
        /// What is proposed to you, or what you propose and have handed over; the inbox when absent.
        r#box: Option<Mailbox>,
        /// Transfers in this state.
        status: Option<TransferStatus>,
        /// Transfers of this case: of the outbox.
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
        let asked = query.read()?;
        let request = reader.page(&query, asked.limit, asked.cursor.as_deref());
        let (after, limit) = (request.after()?, request.limit() + 1);
        let rights = reader.rights.clone();
        let grants = rights.grants_for(Action::List, Resource::Transfers);
        let rows = scope::merged(
            &grants,
            limit,
            |grant| of_grant(reader, grant, &asked, after, limit),
            |row: &TransferRow| Reverse(row.id),
        )?;
        let page = request.page(rows, |row: &TransferRow| row.id)?;
        reader.shows(Resource::Transfers, page.items.iter().map(|row| row.id.0));
        let page = page.try_map(|row| {
            let sides = row.sides(&rights);
            Transfer::shown(row, &sides)
        })?;
        Answer::ok(&TransferPage::from(page))
    })
    .await
}

fn of_grant(
    reader: &mut Reader<'_>,
    grant: &HeldGrant,
    asked: &TransferQuery,
    after: Option<TransferId>,
    limit: i64,
) -> ApiResult<Vec<TransferRow>> {
    let inbox = asked.r#box != Some(Mailbox::Outbox);
    if inbox && asked.case_id.is_some() {
        return Ok(Vec::new());
    }
    let statement = Prepared::<transfers::SqlType>::select("r.*").sql(" FROM transfers r WHERE ");
    let mut statement = if inbox {
        let statement = of_organisations(statement.sql("r.to_org_id"), grant);
        of_target_groups(statement, "r.target_group", grant).sql(" AND r.status <> 'withdrawn'")
    } else {
        let statement = of_organisations(statement.sql("r.owner_org_id"), grant)
            .sql(" AND r.territory_id IN (SELECT territory_id FROM grant_scopes WHERE grant_id = ")
            .bind(grant.id)
            .sql(")");
        reach::confined(statement, grant, reader.rights.principal)
    };
    if let Some(status) = asked.status {
        statement = statement.sql(" AND r.status = ").bind(Value::Text(status.as_str().to_owned()));
    }
    if let Some(case) = asked.case_id {
        statement = statement.sql(" AND r.case_id = ").bind(case);
    }
    if let Some(id) = after {
        statement = statement.sql(" AND r.id < ").bind(id);
    }
    reader.load(statement.sql(" ORDER BY r.id DESC LIMIT ").bind(Value::BigInt(limit)))
}
