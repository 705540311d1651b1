//! How many reads of those who have no token run at a time in a process.

use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::error::{ApiError, ApiResult};

/// How long one waits for its turn.
const PATIENCE: Duration = Duration::from_secs(3);

/// Turns that are given out.
pub struct Slots {
    turns: Semaphore,
    busy: &'static str,
}

/// A turn, until it is dropped.
pub type Slot = SemaphorePermit<'static>;

impl Slots {
    /// So many at a time; `busy` says in words that there are none left.
    pub const fn new(count: usize, busy: &'static str) -> Self {
        Self { turns: Semaphore::const_new(count), busy }
    }

    /// Takes a turn for what goes on already, however long that takes; none is held while a reader takes its time.
    pub async fn again(&'static self) -> ApiResult<Slot> {
        self.turns.acquire().await.map_err(ApiError::fault)
    }

    /// Takes a turn; 503 where none comes.
    pub async fn take(&'static self) -> ApiResult<Slot> {
        match tokio::time::timeout(PATIENCE, self.turns.acquire()).await {
            Ok(Ok(slot)) => Ok(slot),
            _ => Err(ApiError::unavailable(self.busy)),
        }
    }
}
