//! What officers tell who reports: read by whoever has the report's code. Never edited.

use actix_web::{get, post};
use approdo_db::schema::discrimination_report_messages as messages;
use approdo_db::{Connection, Timestamp, define_id};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, OrganisationId, PrincipalId, Resource};
use crate::discrimination::rules::DiscriminationReportSide;
use crate::discrimination::types::{DiscriminationReportId, DiscriminationReportRow};
use crate::discrimination::{access, records};
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::http::{Answer, Body, Checked, Door, Id, Parameters};
use crate::page_of;
use crate::paged_query;
use crate::work::{Change, Operation, Unit};

/// Messages that a report has at most: as many as a reporter is shown at once.
pub const MOST: i64 = 200;

/// Its name in the records.
const KIND: &str = "discrimination_report_message";

define_id! {
    /// The id of a message to who reports.
    #[derive(ToSchema)]
    DiscriminationReportMessageId;
}

/// The row.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = messages)]
pub struct MessageRow {
    pub id: DiscriminationReportMessageId,
    pub discrimination_report_id: DiscriminationReportId,
    pub organisation_id: OrganisationId,
    pub author_id: PrincipalId,
    pub text: String,
    pub sent_at: Timestamp,
    /// Of the report, when it was sent.
    pub report_version: i64,
}

/// A message to who reports.
#[derive(Debug, Serialize, ToSchema)]
pub struct DiscriminationReportMessage {
    pub id: DiscriminationReportMessageId,
    pub discrimination_report_id: DiscriminationReportId,
    /// The body that sent it.
    pub organisation_id: OrganisationId,
    /// Who wrote it; told to that body.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub author_id: Option<PrincipalId>,
    #[schema(min_length = 1, max_length = 4000)]
    pub text: String,
    pub sent_at: Timestamp,
}

impl DiscriminationReportMessage {
    fn shown(row: MessageRow, report: &DiscriminationReportRow, sides: &[DiscriminationReportSide]) -> Self {
        let is_own = sides.iter().any(|side| match side {
            DiscriminationReportSide::First => row.organisation_id == report.organisation_id,
            DiscriminationReportSide::Competent => Some(row.organisation_id) == report.competent_org_id,
        });
        let MessageRow { id, discrimination_report_id, organisation_id, author_id, text, sent_at, report_version: _ } =
            row;
        let author_id = Some(author_id).filter(|_| is_own);
        Self { id, discrimination_report_id, organisation_id, author_id, text, sent_at }
    }
}

page_of! {
    /// A page of messages to who reports.
    DiscriminationReportMessagePage of DiscriminationReportMessage
}

/// Something to tell who reports.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "We have spoken with the landlord. Would you come to a meeting with a mediator?"}))]
pub struct NewDiscriminationReportMessage {
    /// Without names: whoever has the code reads it.
    #[validate(length(min = 1, max = 4000))]
    #[schema(min_length = 1, max_length = 4000)]
    pub text: String,
}

impl Checked for NewDiscriminationReportMessage {}

paged_query! {
    /// How to list the messages to who reports.
    DiscriminationReportMessageQuery {}
}

/// Tell who reports something.
///
/// They read it by their code. By a body that the report is with: the first one at any time, the competent one while it is routed to it.
#[utoipa::path(
    tag = "Discrimination",
    params(("discrimination_report_id" = DiscriminationReportId, Path, description = "The report.")),
    request_body = NewDiscriminationReportMessage,
    responses((status = 201, description = "The message.", body = DiscriminationReportMessage))
)]
#[post("/discrimination-reports/{discrimination_report_id}/messages")]
pub async fn create_discrimination_report_message(
    door: Door,
    caller: Caller<actions::Create, resources::DiscriminationReportMessages>,
    id: Id<DiscriminationReportId>,
    body: Body<NewDiscriminationReportMessage>,
) -> ApiResult<Answer> {
    door.write("create_discrimination_report_message", caller, Some(body.fingerprint()), move |unit| {
        let (row, sides) = access::lock(unit, id.0, Action::Create, Resource::DiscriminationReportMessages)?;
        let new = body.read()?;
        let message_id = DiscriminationReportMessageId::new();
        let message = match unit.replay(message_id.0)? {
            Some(earlier) => of_id(unit.connection, DiscriminationReportMessageId(earlier))?,
            None => tell(unit, &row, &sides, message_id, new)?,
        };
        let message = DiscriminationReportMessage::shown(message, &row, &sides);
        unit.created(&format!("/discrimination-reports/{}/messages", row.id), 1, &message)
    })
    .await
}

fn of_id(connection: &mut Connection, id: DiscriminationReportMessageId) -> ApiResult<MessageRow> {
    messages::table.find(id).first(connection).optional()?.ok_or_else(ApiError::not_found)
}

/// The messages about a report that were sent at a version of it or later, oldest first.
pub fn of_report(
    connection: &mut Connection,
    report: DiscriminationReportId,
    (since, after): (i64, DiscriminationReportMessageId),
    limit: i64,
) -> QueryResult<Vec<MessageRow>> {
    messages::table
        .filter(messages::discrimination_report_id.eq(report))
        .filter(messages::report_version.ge(since))
        .filter(messages::id.gt(after))
        .order(messages::id)
        .limit(limit)
        .load(connection)
}

/// Keeps a message about a locked report; used by the demonstration data as well. Its records do not repeat it.
pub fn tell(
    unit: &mut Unit<'_>,
    row: &DiscriminationReportRow,
    sides: &[DiscriminationReportSide],
    id: DiscriminationReportMessageId,
    new: NewDiscriminationReportMessage,
) -> ApiResult<MessageRow> {
    if row.anonymised_at.is_some() {
        let detail = "it is anonymised: its code leads nowhere any more";
        return Err(ApiError::unmet(vec![UnmetGuard::new("not_anonymised", detail)]));
    }
    let told: i64 =
        messages::table.filter(messages::discrimination_report_id.eq(row.id)).count().get_result(unit.connection)?;
    if told >= MOST {
        return Err(ApiError::unmet(vec![UnmetGuard::new("room", "200 messages are there already")]));
    }
    let is_first = sides.contains(&DiscriminationReportSide::First);
    let message = MessageRow {
        id,
        discrimination_report_id: row.id,
        organisation_id: row.competent_org_id.filter(|_| !is_first).unwrap_or(row.organisation_id),
        author_id: unit.rights.principal,
        text: new.text,
        sent_at: unit.now,
        report_version: row.version,
    };
    diesel::insert_into(messages::table).values(&message).execute(unit.connection)?;
    unit.record(Change::plain(KIND, id.0, 1, Operation::Created, &["discrimination_report_id", "text"]))?;
    Ok(message)
}

/// List the messages to who reported discrimination.
///
/// Oldest first, of both bodies. The body it is routed to reads them from its own routing on; what went before is the first body's.
#[utoipa::path(
    tag = "Discrimination",
    params(("discrimination_report_id" = DiscriminationReportId, Path, description = "The report."), DiscriminationReportMessageQuery),
    responses((status = 200, description = "A page.", body = DiscriminationReportMessagePage))
)]
#[get("/discrimination-reports/{discrimination_report_id}/messages")]
pub async fn list_discrimination_report_messages(
    door: Door,
    caller: Caller<actions::List, resources::DiscriminationReportMessages>,
    id: Id<DiscriminationReportId>,
    query: Parameters<DiscriminationReportMessageQuery>,
) -> ApiResult<Answer> {
    door.read("list_discrimination_report_messages", caller, move |reader| {
        let (row, sides) = access::find(reader, id.0)?;
        let asked = query.read()?;
        let request = reader.page(&query, asked.limit, asked.cursor.as_deref());
        let after = request.after()?.unwrap_or(DiscriminationReportMessageId(uuid::Uuid::nil()));
        let since = records::known_since(reader.connection, row.id, &sides)?;
        let rows = of_report(reader.connection, row.id, (since, after), request.limit() + 1)?;
        let page = request.page(rows, |message: &MessageRow| message.id)?;
        let page = page.try_map(|message| Ok(DiscriminationReportMessage::shown(message, &row, &sides)))?;
        reader.shows(Resource::DiscriminationReports, [row.id.0]);
        Answer::ok(&DiscriminationReportMessagePage::from(page))
    })
    .await
}
