//! The audit chain: each seal binds a range of change records and the access batches committed so far to the seal before it, over
//! salted digests. Who changes or removes a record afterwards breaks the chain.

use approdo_db::schema::{access_batches, access_records, audit_seals, changes};
use approdo_db::types::RowId;
use approdo_db::{Connection, Json, Prepared, Timestamp, Value};
use diesel::prelude::*;
use diesel::sql_types::Binary;
use sha2::{Digest as _, Sha256};

use crate::access::recorder::{AccessBatchId, AccessRecordId, RecordParts, digest_record};
use crate::work::ChangeId;

/// Changes one seal covers at most.
const CHANGES: i64 = 5_000;
const BATCHES: i64 = 20_000;

/// A change record with everything its digest covers: all columns, in the table's order.
#[derive(Queryable)]
struct ChangeParts {
    position: i64,
    id: ChangeId,
    resource: String,
    resource_id: RowId,
    version: i64,
    operation: String,
    changed_fields: Json,
    owner_org_id: Option<RowId>,
    territory_id: Option<RowId>,
    target_group: Option<String>,
    access_level: Option<String>,
    manager_id: Option<RowId>,
    before_owner_org_id: Option<RowId>,
    before_territory_id: Option<RowId>,
    before_target_group: Option<String>,
    before_access_level: Option<String>,
    before_manager_id: Option<RowId>,
    audience_id: Option<RowId>,
    actor_id: RowId,
    actor_kind: String,
    purpose: String,
    request_id: String,
    at: Timestamp,
    salt: Vec<u8>,
}

fn load_changes(connection: &mut Connection, after: i64, up_to: i64) -> QueryResult<Vec<ChangeParts>> {
    changes::table
        .filter(changes::position.gt(after))
        .filter(changes::position.le(up_to))
        .order(changes::position)
        .limit(CHANGES)
        .load(connection)
}

fn part(digest: &mut Sha256, bytes: &[u8]) {
    digest.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
    digest.update(bytes);
}

/// The salted digest of one change record.
fn digest_change(change: &ChangeParts) -> [u8; 32] {
    let mut digest = Sha256::new();
    for bytes in [
        change.salt.as_slice(),
        &change.position.to_be_bytes(),
        change.id.0.as_bytes(),
        change.resource.as_bytes(),
        change.resource_id.0.as_bytes(),
        &change.version.to_be_bytes(),
        change.operation.as_bytes(),
        // Written anew: the databases give a document back with white space of their own.
        change.changed_fields.value().to_string().as_bytes(),
        change.actor_id.0.as_bytes(),
        change.actor_kind.as_bytes(),
        change.purpose.as_bytes(),
        change.request_id.as_bytes(),
        change.at.to_string().as_bytes(),
    ] {
        part(&mut digest, bytes);
    }
    for id in [
        change.owner_org_id,
        change.territory_id,
        change.manager_id,
        change.before_owner_org_id,
        change.before_territory_id,
        change.before_manager_id,
        change.audience_id,
    ] {
        part(&mut digest, id.as_ref().map(|id| id.0.as_bytes().as_slice()).unwrap_or_default());
    }
    for text in [&change.target_group, &change.access_level, &change.before_target_group, &change.before_access_level] {
        part(&mut digest, text.as_deref().unwrap_or_default().as_bytes());
    }
    digest.finalize().into()
}

/// What a seal's digest is over: the seal before it, its own members, and everything it covers.
fn digest_seal(seal: &Seal, changes: &[ChangeParts], batches: &[(AccessBatchId, Vec<u8>)]) -> Vec<u8> {
    let mut digest = Sha256::new();
    part(&mut digest, &seal.previous);
    for number in [seal.seal_no, seal.first_position, seal.last_position, seal.batches] {
        part(&mut digest, &number.to_be_bytes());
    }
    part(&mut digest, seal.sealed_at.to_string().as_bytes());
    for change in changes {
        part(&mut digest, &digest_change(change));
    }
    for (id, batch) in batches {
        part(&mut digest, id.0.as_bytes());
        part(&mut digest, batch);
    }
    digest.finalize().to_vec()
}

/// A seal.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = audit_seals)]
pub struct Seal {
    pub seal_no: i64,
    pub first_position: i64,
    pub last_position: i64,
    pub batches: i64,
    pub previous: Vec<u8>,
    pub digest: Vec<u8>,
    pub sealed_at: Timestamp,
}

fn last_seal(connection: &mut Connection) -> QueryResult<Option<Seal>> {
    audit_seals::table.order(audit_seals::seal_no.desc()).first(connection).optional()
}

/// Whether there is anything to seal.
pub fn something_is_unsealed(connection: &mut Connection) -> QueryResult<bool> {
    let batch: Option<AccessBatchId> = access_batches::table
        .filter(access_batches::seal_no.is_null())
        .select(access_batches::id)
        .limit(1)
        .first(connection)
        .optional()?;
    if batch.is_some() {
        return Ok(true);
    }
    let sealed = last_seal(connection)?.map_or(0, |seal| seal.last_position);
    Ok(crate::sync::sequencer::last_position(connection)? > sealed)
}

/// Seals what has a position and what was committed of accesses. Call under the sequencer's lease.
pub fn seal(connection: &mut Connection, now: Timestamp) -> QueryResult<()> {
    loop {
        let before = last_seal(connection)?;
        let (seal_no, sealed_to, previous) =
            before.map_or((1, 0, Vec::new()), |seal| (seal.seal_no + 1, seal.last_position, seal.digest));
        let changes = load_changes(connection, sealed_to, i64::MAX)?;
        let batches = take_batches(connection, seal_no)?;
        if changes.is_empty() && batches.is_empty() {
            return Ok(());
        }
        let mut seal = Seal {
            seal_no,
            first_position: changes.first().map_or(sealed_to, |change| change.position),
            last_position: changes.last().map_or(sealed_to, |change| change.position),
            batches: i64::try_from(batches.len()).unwrap_or(i64::MAX),
            previous,
            digest: Vec::new(),
            sealed_at: now,
        };
        seal.digest = digest_seal(&seal, &changes, &batches);
        diesel::insert_into(audit_seals::table).values(&seal).execute(connection)?;
        if i64::try_from(changes.len()).unwrap_or(i64::MAX) < CHANGES {
            return Ok(());
        }
    }
}

/// Puts the batches that are in no seal yet into this one.
fn take_batches(connection: &mut Connection, seal_no: i64) -> QueryResult<Vec<(AccessBatchId, Vec<u8>)>> {
    let mut taken: Vec<(AccessBatchId, Vec<u8>)> =
        Prepared::<(approdo_db::types::Uuid, Binary)>::new("UPDATE access_batches SET seal_no = ")
            .bind(Value::BigInt(seal_no))
            .sql(" WHERE id IN (SELECT id FROM access_batches WHERE seal_no IS NULL ORDER BY id LIMIT ")
            .bind(Value::BigInt(BATCHES))
            .sql(") RETURNING id, digest")
            .load(connection)?;
    taken.sort_unstable();
    Ok(taken)
}

fn batches_of(connection: &mut Connection, seal_no: i64) -> QueryResult<Vec<(AccessBatchId, Vec<u8>)>> {
    access_batches::table
        .filter(access_batches::seal_no.eq(seal_no))
        .order(access_batches::id)
        .select((access_batches::id, access_batches::digest))
        .load(connection)
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Intact,
    /// The change records, the list of batches or the seal itself differ from what was sealed.
    Broken,
    /// The access records of a batch differ from what was committed.
    AccessRecordsBroken,
}

/// Verifies one seal against the records as they are now.
pub fn verify(connection: &mut Connection, seal: &Seal) -> QueryResult<Verdict> {
    let expected = match seal.seal_no {
        1 => Some((Vec::new(), 0)),
        number => audit_seals::table
            .find(number - 1)
            .select((audit_seals::digest, audit_seals::last_position))
            .first(connection)
            .optional()?,
    };
    let Some((previous, sealed_to)) = expected else { return Ok(Verdict::Broken) };
    let changes = load_changes(connection, sealed_to, seal.last_position)?;
    let batches = batches_of(connection, seal.seal_no)?;
    if previous != seal.previous || digest_seal(seal, &changes, &batches) != seal.digest {
        return Ok(Verdict::Broken);
    }
    for (batch, digest) in batches {
        if digest_batch(connection, batch)? != digest {
            return Ok(Verdict::AccessRecordsBroken);
        }
    }
    Ok(Verdict::Intact)
}

type RecordColumns = (
    AccessRecordId,
    Timestamp,
    String,
    String,
    String,
    Option<String>,
    Option<RowId>,
    Option<Vec<u8>>,
    Option<RowId>,
    String,
    String,
);

fn digest_batch(connection: &mut Connection, batch: AccessBatchId) -> QueryResult<Vec<u8>> {
    use access_records as a;
    let salt: Vec<u8> = access_batches::table.find(batch).select(access_batches::salt).first(connection)?;
    let rows: Vec<RecordColumns> = a::table
        .filter(a::batch_id.eq(batch))
        .order(a::id)
        .select((
            a::id,
            a::at,
            a::event,
            a::operation,
            a::purpose,
            a::resource,
            a::resource_id,
            a::packed_ids,
            a::actor_id,
            a::actor_kind,
            a::request_id,
        ))
        .load(connection)?;
    let mut digest = Sha256::new_with_prefix(salt);
    for (id, at, event, operation, purpose, resource, resource_id, packed, actor, kind, request) in &rows {
        digest_record(
            &mut digest,
            &RecordParts {
                id: id.0,
                at: *at,
                event,
                operation,
                purpose,
                resource: resource.as_deref(),
                resource_id: resource_id.map(|id| id.0),
                packed_ids: packed.as_deref(),
                actor: actor.map(|id| id.0),
                actor_kind: kind,
                request_id: request,
            },
        );
    }
    Ok(digest.finalize().to_vec())
}

/// Verifies the whole chain; gives the number of seals and the first that does not hold.
pub fn verify_all(connection: &mut Connection) -> QueryResult<(i64, Option<(i64, Verdict)>)> {
    let mut verified = 0;
    loop {
        let seals: Vec<Seal> = audit_seals::table
            .filter(audit_seals::seal_no.gt(verified))
            .order(audit_seals::seal_no)
            .limit(100)
            .load(connection)?;
        if seals.is_empty() {
            return Ok((verified, None));
        }
        for seal in seals {
            if seal.seal_no != verified + 1 {
                return Ok((verified, Some((verified + 1, Verdict::Broken))));
            }
            let verdict = verify(connection, &seal)?;
            if verdict != Verdict::Intact {
                return Ok((verified, Some((seal.seal_no, verdict))));
            }
            verified = seal.seal_no;
        }
    }
}
