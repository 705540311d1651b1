//! Places for files on their way: each takes room or time, so a process has few, and says so where they are taken.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{ApiError, ApiResult};

/// So many at once.
pub struct Places {
    free: Arc<Semaphore>,
    taken: &'static str,
    /// Seconds after which one may be free.
    retry_after: u64,
}

impl Places {
    /// For contents that are coming: each takes room until it is kept.
    pub fn of_intakes() -> Self {
        Self::new(64, "as many contents as can be taken in are coming", 5)
    }

    /// For files that are being imported.
    pub fn of_imports() -> Self {
        Self::new(2, "as many files as can be imported are being imported", 10)
    }

    fn new(count: usize, taken: &'static str, retry_after: u64) -> Self {
        Self { free: Arc::new(Semaphore::new(count)), taken, retry_after }
    }

    /// A place until it is dropped; 503 where there is none.
    pub fn take(&self) -> ApiResult<OwnedSemaphorePermit> {
        let place = self.free.clone().try_acquire_owned();
        place.map_err(|_| ApiError::unavailable(self.taken).retry_after(self.retry_after))
    }
}
