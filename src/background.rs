//! Work that no request asks for: what the calendar brings about, and the sweeping of what is left in a store. One process at a time
//! does it.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::thread;
use std::time::Duration;

use crate::agreements;
use crate::app::App;
use crate::attachments::strays;
use crate::codes;
use crate::consents::expiry;
use crate::error::ApiResult;
use crate::lease::{self, HolderId};
use crate::observatory::cells;
use crate::observatory::imports::running;
use crate::offers;
use crate::operations::sandbox;
use crate::people::watches;
use crate::referrals::by_calendar;
use crate::shared_accesses::types::SharedAccessRow;
use crate::transfer_requests::types::TransferRequestRow;
use crate::transfers::types::TransferRow;

const EVERY: Duration = Duration::from_millis(500);

/// The background threads of a process.
pub struct Background(Vec<Worker>);

impl Background {
    pub fn start(app: &Arc<App>) -> std::io::Result<Self> {
        let mut workers = vec![Worker::start("background", app.clone(), lease::BACKGROUND, by_the_calendar)?];
        // The store is elsewhere and may take its time: reminders do not wait for it.
        if app.attachments.objects.is_some() {
            workers.push(Worker::start("sweeper", app.clone(), strays::LEASE, swept)?);
        }
        Ok(Self(workers))
    }

    /// Ends after what they are doing.
    pub fn stop(self) {
        self.0.into_iter().for_each(Worker::stop);
    }
}

/// What is done in a turn; a turn ends early where it is stopped.
type Turn = fn(&App, HolderId, &Receiver<()>) -> ApiResult<()>;

struct Worker {
    name: &'static str,
    stop: Sender<()>,
    thread: thread::JoinHandle<()>,
}

impl Worker {
    fn start(name: &'static str, app: Arc<App>, lease: &'static str, turn: Turn) -> std::io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let thread = thread::Builder::new().name(name.into()).spawn(move || {
            let holder = HolderId::new();
            while stopped.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                if let Err(error) = turn(&app, holder, &stopped) {
                    app.is_outage(&error);
                    log::warn!("the work of {name} waits: {}", error.cause().unwrap_or("no connection"));
                }
            }
            lease::give_back(&app, lease, holder);
        })?;
        Ok(Self { name, stop, thread })
    }

    fn stop(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            log::error!("the work of {} ended by a fault", self.name);
        }
    }
}

fn goes_on(stopped: &Receiver<()>) -> bool {
    stopped.try_recv() == Err(TryRecvError::Empty)
}

fn by_the_calendar(app: &App, holder: HolderId, stopped: &Receiver<()>) -> ApiResult<()> {
    sandbox::follow_clock(app)?;
    codes::known::follow(app)?;
    // A backlog waits for the next start.
    while goes_on(stopped) && watches::raise_next(app, holder)? {}
    while goes_on(stopped) && expiry::expire_next(app, holder)? {}
    while goes_on(stopped) && agreements::expiry::end_next(app, holder)? {}
    while goes_on(stopped) && by_calendar::end_next(app, holder)? {}
    while goes_on(stopped) && offers::by_calendar::expire_next::<TransferRow>(app, holder)? {}
    while goes_on(stopped) && offers::by_calendar::expire_next::<TransferRequestRow>(app, holder)? {}
    while goes_on(stopped) && offers::by_calendar::expire_next::<SharedAccessRow>(app, holder)? {}
    while goes_on(stopped) && running::give_up_next(app, holder)? {}
    // A portion a turn: between them others write.
    cells::sweep_next(app, holder)?;
    Ok(())
}

fn swept(app: &App, holder: HolderId, stopped: &Receiver<()>) -> ApiResult<()> {
    while goes_on(stopped) && strays::sweep_next(app, holder)? {}
    Ok(())
}
