//! The inbox and the outbox. An inbox is one walk along an index of what reaches an organisation, however much others are sent.

use std::cmp::Reverse;

use actix_web::get;
use approdo_db::schema::{cases, referrals};
use approdo_db::types::{RowId, Uuid};
use approdo_db::{Prepared, Timestamp, Value, text_enum};
use utoipa::ToSchema;

use crate::access::caller::{Caller, actions, resources};
use crate::access::reach;
use crate::access::rights::{HeldGrant, Rights};
use crate::access::scope::{self, of_organisations, of_target_groups};
use crate::access::standing::Asks as _;
use crate::access::{Action, OrganisationId, PrincipalId, Resource};
use crate::cases::types::{CaseId, CaseRow};
use crate::clock;
use crate::directory::services::ServiceId;
use crate::error::{ApiError, ApiResult};
use crate::http::{Answer, Door, Parameters, Reader};
use crate::paged_query;
use crate::referrals::access::{Found, Sides};
use crate::referrals::rules::{ENDS, ReferralStatus};
use crate::referrals::types::{Referral, ReferralId, ReferralPage, ReferralRow};

text_enum! {
    /// Which side of what goes between bodies to list.
    #[derive(ToSchema)]
    Mailbox {
        /// What reaches you, newest first.
        Inbox = "inbox",
        /// What you send, drafts included, newest first.
        Outbox = "outbox",
    }
}

paged_query! {
    /// How to list referrals.
    ReferralQuery {
        /// What reaches you, as its receiver sees it, or what you send, as its sender does; the inbox when absent.
        r#box: Option<Mailbox>,
        /// Referrals in this state.
        status: Option<ReferralStatus>,
        /// Referrals from this case: of the outbox.
        case_id: Option<CaseId>,
        /// `true`: those that you have claimed; `false`: those that nobody has. Of the inbox.
        mine: Option<bool>,
        /// Whether the answer or the completion is late.
        overdue: Option<bool>,
    }
}

/// Where a row stands: when it was sent, in the inbox, and its id.
type Position = (Option<Timestamp>, ReferralId);

/// List referrals.
///
/// Your inbox or your outbox, newest first.
#[utoipa::path(
    tag = "Referrals",
    params(ReferralQuery),
    responses((status = 200, description = "A page.", body = ReferralPage))
)]
#[get("/referrals")]
pub async fn list_referrals(
    door: Door,
    caller: Caller<actions::List, resources::Referrals>,
    query: Parameters<ReferralQuery>,
) -> ApiResult<Answer> {
    door.read("list_referrals", caller, move |reader| {
        let asked = query.read()?;
        let request = reader.page(&query, asked.limit, asked.cursor.as_deref());
        let (after, limit) = (request.after()?, request.limit() + 1);
        let rights = reader.rights.clone();
        let grants = rights.grants_for(Action::List, Resource::Referrals);
        let inbox = asked.r#box != Some(Mailbox::Outbox);
        let rows = scope::merged(
            &grants,
            limit,
            |grant| {
                if inbox {
                    received(reader, grant, &asked, after, limit)
                } else {
                    sent(reader, grant, &asked, after, limit)
                }
            },
            |item: &Item| Reverse(item.position),
        )?;
        let page = request.page(rows, |item: &Item| item.position)?;
        reader.shows(Resource::Referrals, page.items.iter().map(|item| item.row.id.0));
        let now = reader.now;
        let page = page.try_map(|item| Referral::shown(item.row, &item.sides, now))?;
        Answer::ok(&ReferralPage::from(page))
    })
    .await
}

/// A row of a list.
struct Item {
    position: Position,
    row: ReferralRow,
    sides: Sides,
}

// What both boxes ask of a referral, aliased `x`.
fn asked_of<ST>(statement: Prepared<ST>, reader: &Reader<'_>, asked: &ReferralQuery) -> Prepared<ST> {
    let mut statement = statement;
    if let Some(overdue) = asked.overdue {
        statement = statement
            .sql(if overdue { " AND (" } else { " AND NOT (" })
            .sql("(x.status IN ('requested', 'received', 'info_requested') AND x.due_response_at IS NOT NULL AND x.due_response_at < ")
            .bind(Value::Instant(reader.now))
            .sql(") OR (x.status NOT IN ")
            .sql(ENDS)
            .sql(
                " AND x.status NOT IN ('completed', 'not_completed') AND x.due_completion_on IS NOT NULL AND \
                 x.due_completion_on < ",
            )
            .bind(Value::Date(clock::date_of(reader.now)))
            .sql("))");
    }
    statement
}

/// Narrows referrals aliased `x`, of cases aliased `r`, to those that a grant sends: from the cases that it reaches, and, of what was
/// handed on, from its own organisations, which need not know the case.
pub fn sent_by<ST>(statement: Prepared<ST>, grant: &HeldGrant, principal: PrincipalId) -> Prepared<ST> {
    let statement = of_organisations(statement.sql("((x.part_of IS NOT NULL AND x.from_org_id"), grant);
    let statement = of_target_groups(statement, "x.target_group", grant)
        .sql(") OR (x.part_of IS NULL AND r.territory_id IN (SELECT territory_id FROM grant_scopes WHERE grant_id = ")
        .bind(grant.id)
        .sql(")");
    reach::confined(statement, grant, principal).sql("))")
}

fn received(
    reader: &mut Reader<'_>,
    grant: &HeldGrant,
    asked: &ReferralQuery,
    after: Option<Position>,
    limit: i64,
) -> ApiResult<Vec<Item>> {
    if asked.case_id.is_some() {
        return Ok(Vec::new());
    }
    type Reached = (Uuid, Uuid, approdo_db::types::Instant);
    let statement =
        Prepared::<(referrals::SqlType, Reached)>::select("x.*, m.organisation_id, m.service_id, m.sent_at")
            .sql(" FROM referral_recipients m JOIN referrals x ON x.id = m.referral_id WHERE m.organisation_id");
    let mut statement = of_organisations(statement, grant);
    statement = match asked.status {
        Some(status) => statement.sql(" AND m.status = ").bind(Value::Text(status.as_str().to_owned())),
        None => statement,
    };
    statement = statement.sql(" AND m.status NOT IN ('consent_revoked', 'entered_in_error')");
    statement = of_target_groups(statement, "x.target_group", grant);
    if grant.organisations.len() > 1 {
        // What several of them are asked is one row.
        statement = of_organisations(
            statement.sql(
                " AND NOT EXISTS (SELECT 1 FROM referral_recipients o WHERE o.referral_id = m.referral_id \
                 AND o.organisation_id < m.organisation_id AND o.organisation_id",
            ),
            grant,
        )
        .sql(")");
    }
    match asked.mine {
        Some(true) => statement = statement.sql(" AND x.handler_id = ").bind(reader.rights.principal),
        Some(false) => statement = statement.sql(" AND x.handler_id IS NULL"),
        None => {}
    }
    if let Some((Some(sent_at), id)) = after {
        statement = statement
            .sql(" AND (m.sent_at, m.referral_id) < (")
            .bind(Value::Instant(sent_at))
            .sql(", ")
            .bind(Value::Uuid(RowId(id.0)))
            .sql(")");
    }
    let statement = asked_of(statement, reader, asked)
        .sql(" ORDER BY m.sent_at DESC, m.referral_id DESC LIMIT ")
        .bind(Value::BigInt(limit));
    let rows: Vec<(ReferralRow, (OrganisationId, ServiceId, Timestamp))> = reader.load(statement)?;
    let rights = &reader.rights;
    let item = |(row, (organisation, service, sent_at)): (ReferralRow, (OrganisationId, ServiceId, Timestamp))| Item {
        position: (Some(sent_at), row.id),
        sides: Sides::of_receiver(rights, &row, organisation, service),
        row,
    };
    Ok(rows.into_iter().map(item).collect())
}

fn sent(
    reader: &mut Reader<'_>,
    grant: &HeldGrant,
    asked: &ReferralQuery,
    after: Option<Position>,
    limit: i64,
) -> ApiResult<Vec<Item>> {
    if asked.mine.is_some() {
        return Err(ApiError::malformed("mine: of the inbox alone"));
    }
    // Who may answer referrals and not read cases sends none.
    if !crate::access::policy::allows(grant.role, Action::Read, Resource::Cases) {
        return Ok(Vec::new());
    }
    let statement = Prepared::<(referrals::SqlType, cases::SqlType)>::select("x.*, r.*")
        .sql(" FROM referrals x JOIN cases r ON r.id = x.case_id WHERE ");
    let mut statement = match asked.case_id {
        Some(case) => statement.sql("x.part_of IS NULL AND x.case_id = ").bind(case),
        None => of_organisations(statement.sql("x.from_org_id"), grant),
    };
    statement = sent_by(statement.sql(" AND "), grant, reader.rights.principal);
    if let Some(status) = asked.status {
        statement = statement.sql(" AND x.status = ").bind(Value::Text(status.as_str().to_owned()));
    }
    if let Some((_, id)) = after {
        statement = statement.sql(" AND x.id < ").bind(Value::Uuid(RowId(id.0)));
    }
    let statement = asked_of(statement, reader, asked).sql(" ORDER BY x.id DESC LIMIT ").bind(Value::BigInt(limit));
    let rows: Vec<(ReferralRow, CaseRow)> = reader.load(statement)?;
    Ok(rows.into_iter().map(|(row, case)| of_sender(&reader.rights, row, case)).collect())
}

fn of_sender(rights: &Rights, row: ReferralRow, case: CaseRow) -> Item {
    let found = Found { row, case, recipients: Vec::new() };
    Item { position: (None, found.row.id), sides: found.sides(rights), row: found.row }
}
