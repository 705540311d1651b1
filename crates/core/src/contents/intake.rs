//! Taking a content in: portion by portion into a file without a name, counted and digested on the way. Nothing of it is left when it is
//! dropped, however the process ends.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::web::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use sha2::{Digest as _, Sha256};

use crate::app::blocking;
use crate::error::{ApiError, ApiResult, Kind};

/// Bytes that are written at once.
const PORTION: usize = 256 * 1024;
/// How long a sender may pause.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long the whole may take: what has come so far takes room.
const LONGEST: Duration = Duration::from_secs(600);

/// A content that has arrived whole.
pub struct Arrived {
    pub file: File,
    pub size: i64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
}

struct Sink {
    file: File,
    digest: Sha256,
}

impl Sink {
    fn take(mut self, portion: &[u8]) -> ApiResult<Self> {
        self.file.write_all(portion).map_err(no_room)?;
        self.digest.update(portion);
        Ok(self)
    }
}

// A full disk is an outage: it can be mended, and the content sent again.
fn no_room(error: std::io::Error) -> ApiError {
    if matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) {
        log::error!("contents cannot be taken in: {error}");
        return ApiError::unavailable("there is no room to take the content in").retry_after(60);
    }
    ApiError::fault(error)
}

/// 413 for more than was declared.
pub fn too_large(declared: i64) -> ApiError {
    ApiError::new(Kind::PayloadTooLarge, format!("{declared} bytes were declared, and more are sent"))
}

/// Takes in as many bytes as were declared, at most.
pub async fn receive(payload: Payload, declared: i64) -> ApiResult<Arrived> {
    let late = || ApiError::malformed("the content did not arrive within ten minutes");
    tokio::time::timeout(LONGEST, take_in(payload, declared)).await.map_err(|_| late())?
}

async fn take_in(mut payload: Payload, declared: i64) -> ApiResult<Arrived> {
    let mut sink =
        blocking(|| Ok(Sink { file: tempfile::tempfile().map_err(no_room)?, digest: Sha256::new() })).await?;
    let (mut waiting, mut size) = (BytesMut::new(), 0);
    while let Some(part) = next(&mut payload).await? {
        size += i64::try_from(part.len()).unwrap_or(i64::MAX);
        if size > declared {
            return Err(too_large(declared));
        }
        waiting.extend_from_slice(&part);
        if waiting.len() >= PORTION {
            let portion = waiting.split();
            sink = blocking(move || sink.take(&portion)).await?;
        }
    }
    let Sink { file, digest } = blocking(move || sink.take(&waiting)).await?;
    Ok(Arrived { file, size, sha256: hexadecimal(&digest.finalize()) })
}

async fn next(payload: &mut Payload) -> ApiResult<Option<Bytes>> {
    let broken = || ApiError::malformed("the content did not arrive whole");
    let part = tokio::time::timeout(PATIENCE, payload.next()).await.map_err(|_| broken())?;
    part.transpose().map_err(|_| broken())
}

/// Bytes as hexadecimal digits in small letters.
pub fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
