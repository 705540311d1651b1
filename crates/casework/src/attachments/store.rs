//! Where contents are kept: in the database, in portions of their own table, or as objects of an S3 store.

use std::fs::File;
use std::io::{Read as _, Seek as _};

use std::sync::Arc;

use approdo_db::schema::attachment_chunks as chunks;
use approdo_db::{Prepared, Value};
use diesel::prelude::*;
use diesel::sql_types::Binary;

use crate::access::standing::Asks as _;
use crate::aggregate::Child as _;
use crate::app::{App, blocking};
use crate::attachments::strays;
use crate::attachments::types::{Attachment, AttachmentId};
use crate::cases::types::CaseRow;
use crate::contents::intake::Arrived;
use crate::contents::s3::S3;
use crate::error::{ApiError, ApiResult};
use crate::http::Reader;
use crate::work::Unit;

/// Bytes of a portion.
pub const PORTION: usize = 256 * 1024;
/// Bytes of an object that are asked for at once.
pub const OBJECT_PORTION: i64 = 1024 * 1024;

/// A content that is about to become that of an attachment.
pub enum Incoming {
    File(Arrived),
    /// Sent already, and a stray until an attachment names it.
    Object(String),
}

impl Incoming {
    /// Sends a content to where such are kept, as far as that is not the database.
    pub async fn of(app: &Arc<App>, mut arrived: Arrived) -> ApiResult<Self> {
        let Some(objects) = app.attachments.objects.clone() else { return Ok(Self::File(arrived)) };
        let key = S3::new_key()?;
        let (told, expected) = (app.clone(), key.clone());
        blocking(move || strays::expect(&told, &expected)).await?;
        let sent = key.clone();
        // Where that fails the object may come all the same, later: it is given its hour.
        app.attachments.transfers.run(move || objects.put(&sent, &mut arrived.file)).await?;
        Ok(Self::Object(key))
    }

    /// Keeps it as the content of a locked attachment.
    pub fn keep(&mut self, unit: &mut Unit<'_>, row: &mut Attachment) -> ApiResult<()> {
        match self {
            Self::File(arrived) => keep(unit, row.id, &mut arrived.file),
            Self::Object(key) => {
                strays::claim(unit, key)?;
                row.object_key = Some(key.clone());
                Ok(())
            }
        }
    }

    /// Lets go of it, because the same content came another way meanwhile.
    pub fn discard(&self, unit: &mut Unit<'_>) -> ApiResult<()> {
        match self {
            Self::File(_) => Ok(()),
            Self::Object(key) => strays::discard(unit.connection, key),
        }
    }

    /// The object of this content, if it is one.
    pub fn object(&self) -> Option<String> {
        match self {
            Self::File(_) => None,
            Self::Object(key) => Some(key.clone()),
        }
    }
}

/// Lets an object be swept that no attachment came to name.
pub async fn withdraw(app: Arc<App>, key: String) {
    let told = blocking(move || {
        strays::give_up(&app, &key);
        Ok(())
    });
    if let Err(error) = told.await {
        log::debug!("a stray object is removed later: {error}");
    }
}

/// Lets the object of an attachment be swept once this transaction is committed. What is in the database goes with the row.
pub fn release(unit: &mut Unit<'_>, row: &Attachment) -> ApiResult<()> {
    match &row.object_key {
        Some(key) => strays::discard(unit.connection, key),
        None => Ok(()),
    }
}

/// The same of all attachments of a case.
pub fn release_all(unit: &mut Unit<'_>, case: &CaseRow) -> ApiResult<()> {
    Attachment::all_of(unit.connection, case.id, i64::MAX)?.iter().try_for_each(|row| release(unit, row))
}

/// Keeps a content, from its beginning, as that of a locked attachment.
fn keep(unit: &mut Unit<'_>, id: AttachmentId, file: &mut File) -> ApiResult<()> {
    file.rewind().map_err(ApiError::fault)?;
    for position in 0_i64.. {
        let mut portion = Vec::with_capacity(PORTION);
        let most = u64::try_from(PORTION).unwrap_or(u64::MAX);
        (&mut *file).take(most).read_to_end(&mut portion).map_err(ApiError::fault)?;
        if portion.is_empty() {
            break;
        }
        let row = (chunks::attachment_id.eq(id), chunks::position.eq(position), chunks::bytes.eq(portion));
        diesel::insert_into(chunks::table).values(row).execute(unit.connection)?;
    }
    Ok(())
}

/// A portion of a content.
pub fn portion(reader: &mut Reader<'_>, id: AttachmentId, position: i64) -> ApiResult<Vec<u8>> {
    let statement = Prepared::<Binary>::select("r.bytes")
        .sql(" FROM attachment_chunks r WHERE r.attachment_id = ")
        .bind(id)
        .sql(" AND r.position = ")
        .bind(Value::BigInt(position));
    reader.first(statement)?.ok_or_else(|| ApiError::fault(format!("content {id} lacks portion {position}")))
}
