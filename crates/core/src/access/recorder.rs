//! Access records: who read what, who was refused, who logged in. A record is durable before its answer leaves; answers
//! that are made at the same time share a transaction (group commit).

use std::sync::Arc;
use std::sync::mpsc;
use std::thread;

use approdo_db::schema::{access_batches, access_records};
use approdo_db::types::RowId;
use approdo_db::{Column, ColumnStatement, Connection, Database, Timestamp, define_id, text_enum};
use diesel::prelude::*;
use sha2::{Digest as _, Sha256};
use tokio::sync::oneshot;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::keys::random;
use crate::access::{ActorKind, PrincipalId};
use crate::error::{ApiError, ApiResult};

/// Records that share a transaction at most.
const BATCH: usize = 256;

define_id! {
    /// The id of an access record.
    #[derive(ToSchema)]
    AccessRecordId;
    /// The id of the batch an access record was committed with.
    AccessBatchId;
}

text_enum! {
    /// What an access record is about.
    #[derive(ToSchema)]
    AccessEvent {
        Read = "read",
        Refused = "refused",
        LoggedIn = "logged_in",
        LoginFailed = "login_failed",
        LoginThrottled = "login_throttled",
        TokenRefreshed = "token_refreshed",
        TokenReused = "token_reused",
        SessionRevoked = "session_revoked",
        PasswordSet = "password_set",
    }
}

/// What one answer showed, or what was refused.
#[derive(Debug, Clone)]
pub struct AccessNote {
    pub event: AccessEvent,
    pub operation: &'static str,
    pub purpose: String,
    pub resource: Option<&'static str>,
    pub resource_ids: Vec<Uuid>,
    pub actor: Option<PrincipalId>,
    pub actor_kind: ActorKind,
    pub request_id: String,
    pub at: Timestamp,
}

#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = access_records, treat_none_as_default_value = false)]
struct NewRecord {
    id: AccessRecordId,
    batch_id: AccessBatchId,
    at: Timestamp,
    event: AccessEvent,
    operation: &'static str,
    purpose: String,
    resource: Option<&'static str>,
    resource_id: Option<RowId>,
    packed_ids: Option<Vec<u8>>,
    actor_id: Option<PrincipalId>,
    actor_kind: ActorKind,
    request_id: String,
}

impl NewRecord {
    fn new(note: AccessNote, batch: AccessBatchId) -> Self {
        let (resource_id, packed_ids) = match note.resource_ids.as_slice() {
            [] => (None, None),
            [one] => (Some(RowId(*one)), None),
            many => (None, Some(many.iter().flat_map(|id| *id.as_bytes()).collect())),
        };
        Self {
            id: AccessRecordId::new(),
            batch_id: batch,
            at: note.at,
            event: note.event,
            operation: note.operation,
            purpose: note.purpose,
            resource: note.resource,
            resource_id,
            packed_ids,
            actor_id: note.actor,
            actor_kind: note.actor_kind,
            request_id: note.request_id,
        }
    }

    fn digest_into(&self, digest: &mut Sha256) {
        digest_record(
            digest,
            &RecordParts {
                id: self.id.0,
                at: self.at,
                event: self.event.as_str(),
                operation: self.operation,
                purpose: &self.purpose,
                resource: self.resource,
                resource_id: self.resource_id.map(|id| id.0),
                packed_ids: self.packed_ids.as_deref(),
                actor: self.actor_id.map(|id| id.0),
                actor_kind: self.actor_kind.as_str(),
                request_id: &self.request_id,
            },
        );
    }
}

/// The parts of a record that its digest covers.
pub struct RecordParts<'a> {
    pub id: Uuid,
    pub at: Timestamp,
    pub event: &'a str,
    pub operation: &'a str,
    pub purpose: &'a str,
    pub resource: Option<&'a str>,
    pub resource_id: Option<Uuid>,
    pub packed_ids: Option<&'a [u8]>,
    pub actor: Option<Uuid>,
    pub actor_kind: &'a str,
    pub request_id: &'a str,
}

/// Feeds a record to a digest, each part with its length, so that no two records read the same.
pub fn digest_record(digest: &mut Sha256, record: &RecordParts<'_>) {
    let at = record.at.to_string();
    let optional = |id: Option<Uuid>| id.map(|id| id.as_bytes().to_vec()).unwrap_or_default();
    let (resource_id, actor) = (optional(record.resource_id), optional(record.actor));
    for part in [
        record.id.as_bytes().as_slice(),
        at.as_bytes(),
        record.event.as_bytes(),
        record.operation.as_bytes(),
        record.purpose.as_bytes(),
        record.resource.unwrap_or_default().as_bytes(),
        &resource_id,
        record.packed_ids.unwrap_or_default(),
        &actor,
        record.actor_kind.as_bytes(),
        record.request_id.as_bytes(),
    ] {
        digest.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(part);
    }
}

/// What happens once a record is durable, or could not be made so.
type Then = Box<dyn FnOnce(ApiResult<()>) + Send>;

struct Waiting {
    note: AccessNote,
    then: Then,
}

/// Takes records from every thread of the process.
#[derive(Clone)]
pub struct Recorder {
    sender: Arc<parking_lot::Mutex<Option<mpsc::Sender<Waiting>>>>,
}

impl Recorder {
    /// Starts the thread that writes.
    pub fn start(database: Database) -> std::io::Result<(Self, thread::JoinHandle<()>)> {
        let (sender, receiver) = mpsc::channel::<Waiting>();
        let handle =
            thread::Builder::new().name("access-records".into()).spawn(move || write_all(&database, &receiver))?;
        Ok((Self { sender: Arc::new(parking_lot::Mutex::new(Some(sender))) }, handle))
    }

    /// Takes a record; `then` runs on the recorder's thread when it is durable, and must be quick.
    pub fn take(&self, note: AccessNote, then: impl FnOnce(ApiResult<()>) + Send + 'static) {
        let waiting = Waiting { note, then: Box::new(then) };
        let refused = match self.sender.lock().as_ref() {
            Some(sender) => sender.send(waiting).err().map(|refused| refused.0),
            None => Some(waiting),
        };
        if let Some(waiting) = refused {
            (waiting.then)(Err(unavailable()));
        }
    }

    /// Returns when the record is durable.
    pub async fn record(&self, note: AccessNote) -> ApiResult<()> {
        let (done, written) = oneshot::channel();
        self.take(note, move |result| {
            // A caller that has gone away no longer waits for its record.
            let _ = done.send(result);
        });
        written.await.unwrap_or_else(|_| Err(unavailable()))
    }

    /// Lets the thread end once everything taken so far is written.
    pub fn close(&self) {
        self.sender.lock().take();
    }
}

fn write_all(database: &Database, receiver: &mpsc::Receiver<Waiting>) {
    while let Ok(first) = receiver.recv() {
        let mut waiting = vec![first];
        while waiting.len() < BATCH
            && let Ok(next) = receiver.try_recv()
        {
            waiting.push(next);
        }
        let (notes, then): (Vec<_>, Vec<_>) = waiting.into_iter().map(|item| (item.note, item.then)).unzip();
        let result = write_batch(database, &notes);
        if let Err(error) = &result {
            log::error!("access records could not be written: {}", error.cause().unwrap_or("no connection"));
        }
        for then in then {
            then(result.as_ref().map(drop).map_err(|_| unavailable()));
        }
    }
}

fn unavailable() -> ApiError {
    ApiError::unavailable("the access could not be recorded")
}

fn write_batch(database: &Database, notes: &[AccessNote]) -> ApiResult<()> {
    // A connection lost since its last use is found out here; records keep their ids, so a second try adds none twice.
    let batch = AccessBatchId::new();
    let salt = random::<16>()?;
    let records: Vec<NewRecord> = notes.iter().map(|note| NewRecord::new(note.clone(), batch)).collect();
    let mut digest = Sha256::new_with_prefix(salt);
    for record in &records {
        record.digest_into(&mut digest);
    }
    let digest: Vec<u8> = digest.finalize().to_vec();
    let mut attempts = 0;
    loop {
        attempts += 1;
        let mut connection = database.writer()?;
        match insert(&mut connection, batch, &salt, &digest, &records, attempts > 1) {
            Err(error) if attempts < 2 && database.noticed(&error) == Some(approdo_db::Unavailable::Disconnected) => {}
            other => return Ok(other?),
        }
    }
}

fn insert(
    connection: &mut Connection,
    batch: AccessBatchId,
    salt: &[u8],
    digest: &[u8],
    records: &[NewRecord],
    again: bool,
) -> QueryResult<()> {
    // The first try may have been committed although its answer was lost.
    if again {
        let known: i64 = access_batches::table.filter(access_batches::id.eq(batch)).count().get_result(connection)?;
        if known > 0 {
            return Ok(());
        }
    }
    if let Connection::Postgres(connection) = connection {
        return insert_at_once(batch, salt, digest, records).execute(connection).map(drop);
    }
    connection.write_transaction(|connection| {
        diesel::insert_into(access_batches::table)
            .values((
                access_batches::id.eq(batch),
                access_batches::salt.eq(salt),
                access_batches::digest.eq(digest),
                access_batches::records.eq(number_of(records)),
            ))
            .execute(connection)?;
        for record in records {
            diesel::insert_into(access_records::table).values(record).execute(connection)?;
        }
        Ok(())
    })
}

fn number_of(records: &[NewRecord]) -> i64 {
    i64::try_from(records.len()).unwrap_or(i64::MAX)
}

// One statement is one round trip and its own transaction: a batch costs the same however many records it has.
fn insert_at_once(batch: AccessBatchId, salt: &[u8], digest: &[u8], records: &[NewRecord]) -> ColumnStatement {
    fn column<T>(records: &[NewRecord], value: impl Fn(&NewRecord) -> T) -> Vec<T> {
        records.iter().map(value).collect()
    }
    let texts = |value: &dyn Fn(&NewRecord) -> &str| Column::Texts(column(records, |r| Some(value(r).to_owned())));
    ColumnStatement::new(
        "WITH batch AS (INSERT INTO access_batches (id, salt, digest, records) SELECT * FROM unnest(",
    )
    .columns([
        Column::Uuids(vec![Some(RowId(batch.0))]),
        Column::Bytes(vec![Some(salt.to_vec())]),
        Column::Bytes(vec![Some(digest.to_vec())]),
        Column::BigInts(vec![number_of(records)]),
    ])
    .sql(
        ")) INSERT INTO access_records (id, batch_id, at, event, operation, purpose, resource, resource_id, packed_ids, \
         actor_id, actor_kind, request_id) SELECT * FROM unnest(",
    )
    .columns([
        Column::Uuids(column(records, |r| Some(RowId(r.id.0)))),
        Column::Uuids(column(records, |r| Some(RowId(r.batch_id.0)))),
        Column::Instants(column(records, |r| r.at)),
        texts(&|r| r.event.as_str()),
        texts(&|r| r.operation),
        texts(&|r| &r.purpose),
        Column::Texts(column(records, |r| r.resource.map(str::to_owned))),
        Column::Uuids(column(records, |r| r.resource_id)),
        Column::Bytes(column(records, |r| r.packed_ids.clone())),
        Column::Uuids(column(records, |r| r.actor_id.map(|id| RowId(id.0)))),
        texts(&|r| r.actor_kind.as_str()),
        texts(&|r| &r.request_id),
    ])
    .sql(")")
}
