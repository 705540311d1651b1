//! The audit trail: change records and access records, and the seals over them (domain 53).

use actix_web::get;
use approdo_db::schema::{access_records, audit_seals};
use approdo_db::{Timestamp, types::RowId};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::caller::{Caller, actions, resources};
use crate::access::recorder::{AccessEvent, AccessRecordId};
use crate::access::{ActorKind, PrincipalId, Resource};
use crate::error::ApiResult;
use crate::http::{Answer, Door, Parameters};
use crate::page_of;
use crate::paged_query;
use crate::sync::seals::{self, Seal, Verdict};

/// One access: a read, a refusal, a login.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AuditRecord {
    pub id: AccessRecordId,
    pub at: Timestamp,
    pub event: AccessEvent,
    /// The operation of the contract.
    #[schema(max_length = 60)]
    pub operation: String,
    /// A code of `access_purposes`.
    #[schema(max_length = 64)]
    pub purpose: String,
    /// What kind of row was shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 40)]
    pub resource: Option<String>,
    /// The rows the answer showed.
    #[schema(max_items = 1000)]
    pub resource_ids: Vec<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub actor_id: Option<PrincipalId>,
    pub actor_kind: ActorKind,
    #[schema(max_length = 64)]
    pub request_id: String,
}

page_of! {
    /// A page of accesses.
    AuditRecordPage of AuditRecord
}

#[derive(Queryable)]
struct Row {
    id: AccessRecordId,
    #[expect(dead_code, reason = "binds the record to its digest")]
    batch_id: RowId,
    at: Timestamp,
    event: AccessEvent,
    operation: String,
    purpose: String,
    resource: Option<String>,
    resource_id: Option<RowId>,
    packed_ids: Option<Vec<u8>>,
    actor_id: Option<PrincipalId>,
    actor_kind: ActorKind,
    request_id: String,
}

impl From<Row> for AuditRecord {
    fn from(row: Row) -> Self {
        let packed = row.packed_ids.unwrap_or_default();
        let many = packed.chunks_exact(16).filter_map(|id| Uuid::from_slice(id).ok());
        Self {
            id: row.id,
            at: row.at,
            event: row.event,
            operation: row.operation,
            purpose: row.purpose,
            resource: row.resource,
            resource_ids: row.resource_id.map(|id| id.0).into_iter().chain(many).collect(),
            actor_id: row.actor_id,
            actor_kind: row.actor_kind,
            request_id: row.request_id,
        }
    }
}

paged_query! {
    /// How to list accesses.
    AuditQuery {
        /// Accesses of this kind.
        event: Option<AccessEvent>,
        /// Accesses by this caller.
        actor_id: Option<PrincipalId>,
        /// Accesses that showed this row alone.
        #[param(value_type = Option<Uuid>)]
        resource_id: Option<uuid::fmt::Hyphenated>,
    }
}

/// List accesses.
///
/// Reads, refusals and logins of the whole deployment, oldest first: who, what, when, why. Writes are in the change records.
#[utoipa::path(tag = "Audit", params(AuditQuery), responses((status = 200, description = "A page.", body = AuditRecordPage)))]
#[get("/audit-records")]
pub async fn list_audit_records(
    door: Door,
    caller: Caller<actions::List, resources::AuditRecords>,
    query: Parameters<AuditQuery>,
) -> ApiResult<Answer> {
    use access_records as a;
    door.read("list_audit_records", caller, move |reader| {
        let parameters = query.read()?;
        let request = reader.page(&query, parameters.limit, parameters.cursor.as_deref());
        let mut list = a::table
            .filter(a::id.gt(request.after()?.unwrap_or(AccessRecordId(Uuid::nil()))))
            .order(a::id)
            .limit(request.limit() + 1)
            .into_boxed();
        if let Some(event) = parameters.event {
            list = list.filter(a::event.eq(event));
        }
        if let Some(actor) = parameters.actor_id {
            list = list.filter(a::actor_id.eq(actor));
        }
        if let Some(id) = parameters.resource_id {
            list = list.filter(a::resource_id.eq(RowId(id.into_uuid())));
        }
        let rows: Vec<Row> = list.load(reader.connection)?;
        let rows = rows.into_iter().map(AuditRecord::from).collect();
        reader.shows(Resource::AuditRecords, []);
        Answer::ok(&AuditRecordPage::from(request.page(rows, |row: &AuditRecord| row.id)?))
    })
    .await
}

/// A seal over a part of the audit trail.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditSeal {
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub seal_no: i64,
    /// The first change it covers.
    #[schema(minimum = 0, maximum = 9007199254740991_i64)]
    pub first_position: i64,
    /// The last change it covers.
    #[schema(minimum = 0, maximum = 9007199254740991_i64)]
    pub last_position: i64,
    /// Batches of access records it covers.
    #[schema(minimum = 0, maximum = 9007199254740991_i64)]
    pub access_batches: i64,
    /// SHA-256 over the seal before it and everything it covers, in base64. Keep one elsewhere: whoever rewrites the trail cannot
    /// meet it.
    #[schema(min_length = 44, max_length = 44)]
    pub digest: String,
    pub sealed_at: Timestamp,
    /// Whether the records are still what was sealed; with `verify=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub intact: Option<bool>,
}

page_of! {
    /// A page of seals.
    AuditSealPage of AuditSeal
}

paged_query! {
    /// How to list seals.
    SealQuery {
        /// Verify each seal of the page against the records as they are now.
        verify: Option<bool>,
    }
}

/// List audit seals.
///
/// Oldest first. `approdo check` verifies the whole chain.
#[utoipa::path(tag = "Audit", params(SealQuery), responses((status = 200, description = "A page.", body = AuditSealPage)))]
#[get("/audit-seals")]
pub async fn list_audit_seals(
    door: Door,
    caller: Caller<actions::List, resources::AuditSeals>,
    query: Parameters<SealQuery>,
) -> ApiResult<Answer> {
    door.read("list_audit_seals", caller, move |reader| {
        let parameters = query.read()?;
        let request = reader.page(&query, parameters.limit, parameters.cursor.as_deref());
        let mut rows: Vec<Seal> = audit_seals::table
            .filter(audit_seals::seal_no.gt(request.after()?.unwrap_or(0_i64)))
            .order(audit_seals::seal_no)
            .limit(request.limit() + 1)
            .load(reader.connection)?;
        let more = rows.len() > usize::try_from(request.limit()).unwrap_or(usize::MAX);
        let overhang = if more { rows.pop() } else { None };
        let mut items = Vec::with_capacity(rows.len());
        for seal in rows.into_iter().chain(overhang) {
            let intact = match parameters.verify {
                Some(true) => Some(seals::verify(reader.connection, &seal)? == Verdict::Intact),
                _ => None,
            };
            items.push(AuditSeal {
                seal_no: seal.seal_no,
                first_position: seal.first_position,
                last_position: seal.last_position,
                access_batches: seal.batches,
                digest: BASE64_STANDARD.encode(&seal.digest),
                sealed_at: seal.sealed_at,
                intact,
            });
        }
        Answer::ok(&AuditSealPage::from(request.page(items, |seal: &AuditSeal| seal.seal_no)?))
    })
    .await
}
