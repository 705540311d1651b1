//! What became of a case, and who looked at it.

use actix_web::get;
use approdo_db::schema::{access_records, history};
use approdo_db::{Json, Timestamp, types::RowId};
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::caller::{Caller, actions, resources};
use crate::access::recorder::{AccessEvent, AccessRecordId};
use crate::access::{Action, ActorKind, PrincipalId, Resource};
use crate::cases::queries;
use crate::cases::types::{CaseId, GUARDED};
use crate::error::ApiResult;
use crate::http::{Answer, Door, Id, Parameters};
use crate::page_of;
use crate::paged_query;
use crate::work::Operation;

/// One version of a case.
#[derive(Debug, Serialize, ToSchema)]
pub struct CaseVersion {
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub operation: Operation,
    /// The members as they were in this version, as far as your grants show them.
    #[schema(value_type = Object)]
    pub values: serde_json::Value,
    pub actor_id: PrincipalId,
    pub at: Timestamp,
}

page_of! {
    /// A page of a case's versions.
    CaseVersionPage of CaseVersion
}

paged_query! {
    /// How to list versions or accesses.
    RecordQuery {}
}

/// List a case's versions.
///
/// Oldest first, each with its actor and the values it had.
#[utoipa::path(
    tag = "Cases",
    params(("case_id" = CaseId, Path, description = "The case."), RecordQuery),
    responses((status = 200, description = "A page.", body = CaseVersionPage))
)]
#[get("/cases/{case_id}/history")]
pub async fn list_case_history(
    door: Door,
    caller: Caller<actions::List, resources::CaseHistory>,
    id: Id<CaseId>,
    query: Parameters<RecordQuery>,
) -> ApiResult<Answer> {
    door.read("list_case_history", caller, move |reader| {
        let case = queries::find(reader, id.0)?;
        reader.rights.require_on(Action::List, Resource::CaseHistory, &case)?;
        let parameters = query.read()?;
        let request = reader.page(&query, parameters.limit, parameters.cursor.as_deref());
        let fields = reader.rights.fields_at(&case.place());
        let rows: Vec<(i64, Operation, Json, PrincipalId, Timestamp)> = history::table
            .filter(history::resource_id.eq(RowId(case.id.0)))
            .filter(history::version.gt(request.after()?.unwrap_or(0_i64)))
            .order((history::version, history::id))
            .limit(request.limit() + 1)
            .select((history::version, history::operation, history::field_values, history::actor_id, history::at))
            .load(reader.connection)?;
        let rows = rows
            .into_iter()
            .map(|(version, operation, values, actor_id, at)| {
                let mut values = values.value();
                if let Some(members) = values.as_object_mut() {
                    members.retain(|name, value| {
                        let hidden = GUARDED.iter().any(|(guarded, group)| guarded == name && !fields.reads(*group));
                        !hidden && !value.is_null()
                    });
                }
                CaseVersion { version, operation, values, actor_id, at }
            })
            .collect();
        reader.shows(Resource::CaseHistory, [case.id.0]);
        Answer::ok(&CaseVersionPage::from(request.page(rows, |row: &CaseVersion| row.version)?))
    })
    .await
}

/// One look at a case, or a refused attempt.
#[derive(Debug, Clone, Queryable, Serialize, ToSchema)]
pub struct CaseAccess {
    pub id: AccessRecordId,
    pub at: Timestamp,
    pub event: AccessEvent,
    /// The operation of the contract.
    #[schema(max_length = 60)]
    pub operation: String,
    /// A code of `access_purposes` (GDPR art. 5).
    #[schema(max_length = 64)]
    pub purpose: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub actor_id: Option<PrincipalId>,
    pub actor_kind: ActorKind,
    #[schema(max_length = 64)]
    pub request_id: String,
}

page_of! {
    /// A page of looks at a case.
    CaseAccessPage of CaseAccess
}

// Records of pages hold their ids packed and have no index on them; so many are looked through for one page of this list.
// A record of a streamed list has a thousand ids: 16 MB at most.
const SCANNED: i64 = 1_000;

/// List who looked at a case.
///
/// Oldest first (GDPR art. 15: who saw what, when and why). A page may be short although `next_cursor` goes on: lists that showed
/// the case are looked through in portions.
#[utoipa::path(
    tag = "Cases",
    params(("case_id" = CaseId, Path, description = "The case."), RecordQuery),
    responses((status = 200, description = "A page.", body = CaseAccessPage))
)]
#[get("/cases/{case_id}/accesses")]
pub async fn list_case_accesses(
    door: Door,
    caller: Caller<actions::List, resources::CaseAccesses>,
    id: Id<CaseId>,
    query: Parameters<RecordQuery>,
) -> ApiResult<Answer> {
    use access_records as a;
    door.read("list_case_accesses", caller, move |reader| {
        let case = queries::find(reader, id.0)?;
        reader.rights.require_on(Action::List, Resource::CaseAccesses, &case)?;
        let parameters = query.read()?;
        let request = reader.page(&query, parameters.limit, parameters.cursor.as_deref());
        // Ids of records sort by time: nothing before the case can concern it.
        let first = AccessRecordId(beginning_of(case.id.0));
        let after = request.after()?.unwrap_or(first);
        let columns = (a::id, a::at, a::event, a::operation, a::purpose, a::actor_id, a::actor_kind, a::request_id);
        let direct: Vec<CaseAccess> = a::table
            .filter(a::resource_id.eq(RowId(case.id.0)))
            .filter(a::id.gt(after))
            .order(a::id)
            .limit(request.limit() + 1)
            .select(columns)
            .load(reader.connection)?;
        let packed: Vec<(Option<Vec<u8>>, CaseAccess)> = a::table
            .filter(a::packed_ids.is_not_null())
            .filter(a::id.gt(after))
            .order(a::id)
            .limit(SCANNED)
            .select((a::packed_ids, columns))
            .load(reader.connection)?;
        let exhausted = i64::try_from(packed.len()).unwrap_or(i64::MAX) < SCANNED;
        let scanned_to = packed.last().map(|(_, access)| access.id);
        let shown = packed
            .into_iter()
            .filter(|(ids, _)| {
                ids.as_deref().is_some_and(|ids| ids.chunks_exact(16).any(|id| id == case.id.0.as_bytes()))
            })
            .map(|(_, access)| access);
        let mut rows: Vec<CaseAccess> = direct.into_iter().chain(shown).collect();
        rows.sort_by_key(|access| access.id);
        if let (false, Some(limit)) = (exhausted, scanned_to) {
            rows.retain(|access| access.id <= limit);
        }
        reader.shows(Resource::CaseAccesses, [case.id.0]);
        let short = i64::try_from(rows.len()).unwrap_or(i64::MAX) <= request.limit();
        let mut page = request.page(rows, |row: &CaseAccess| row.id)?;
        if let (true, false, Some(limit)) = (short, exhausted, scanned_to) {
            request.continue_after(&mut page, limit)?;
        }
        Answer::ok(&CaseAccessPage::from(page))
    })
    .await
}

/// The smallest UUIDv7 of the millisecond in which a case was made: of real time, also where a demonstration's clock was moved.
fn beginning_of(case: uuid::Uuid) -> uuid::Uuid {
    let (seconds, nanoseconds) = case.get_timestamp().map_or((0, 0), |made| made.to_unix());
    let millis = seconds.saturating_mul(1000).saturating_add(u64::from(nanoseconds / 1_000_000));
    uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid()
}
