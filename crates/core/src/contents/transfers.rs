//! Work on contents that takes its time: unpacking them, sending them to another store. It has threads of its own and is done for a few
//! at a time, so that no request to the database waits behind it.

use std::sync::Arc;
use std::thread;

use tokio::sync::{Semaphore, oneshot};

use crate::error::{ApiError, ApiResult};

const AT_ONCE: usize = 8;

/// Runs such work; whoever comes when all places are taken waits for one.
pub struct Transfers(Arc<Semaphore>);

impl Default for Transfers {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Transfers {
    /// Runs work to its end, even where nobody waits for it any more.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> ApiResult<T> + Send + 'static) -> ApiResult<T> {
        let place = self.0.clone().acquire_owned().await.map_err(ApiError::fault)?;
        let (done, result) = oneshot::channel();
        let body = move || {
            let outcome = work();
            drop(place);
            // A caller that has gone away no longer waits for it.
            drop(done.send(outcome));
        };
        thread::Builder::new().name("attachment".into()).spawn(body).map_err(ApiError::fault)?;
        result.await.unwrap_or_else(|_| Err(ApiError::fault("the work on a content broke off")))
    }
}
