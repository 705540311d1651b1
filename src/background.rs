//! Work that no request asks for and that is not in a hurry: what the calendar brings about. One process at a time does it.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::thread;
use std::time::Duration;

use crate::app::App;
use crate::codes;
use crate::error::ApiResult;
use crate::lease::{self, HolderId};
use crate::operations::sandbox;
use crate::people::watches;

const EVERY: Duration = Duration::from_millis(500);

/// The background thread of a process.
pub struct Background {
    stop: Sender<()>,
    thread: thread::JoinHandle<()>,
}

impl Background {
    pub fn start(app: Arc<App>) -> std::io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let thread = thread::Builder::new().name("background".into()).spawn(move || {
            let holder = HolderId::new();
            while stopped.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                if let Err(error) = turn(&app, holder, &stopped) {
                    app.is_outage(&error);
                    log::warn!("background work waits: {}", error.cause().unwrap_or("no connection"));
                }
            }
            lease::give_back(&app, watches::LEASE, holder);
        })?;
        Ok(Self { stop, thread })
    }

    /// Ends after what it is doing.
    pub fn stop(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            log::error!("the background work ended by a fault");
        }
    }
}

fn turn(app: &App, holder: HolderId, stopped: &Receiver<()>) -> ApiResult<()> {
    sandbox::follow_clock(app)?;
    codes::known::follow(app)?;
    // A backlog waits for the next start.
    while stopped.try_recv() == Err(TryRecvError::Empty) && watches::raise_next(app, holder)? {}
    Ok(())
}
