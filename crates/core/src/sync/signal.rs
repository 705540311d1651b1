//! Wakes whoever waits: the sequencer after a commit of this process, readers of the feed after new positions.

use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use tokio::sync::watch;

/// Between the write path, the sequencer and the readers of one process.
pub struct FeedSignal {
    committed: Mutex<bool>,
    changed: Condvar,
    position: watch::Sender<i64>,
}

impl Default for FeedSignal {
    fn default() -> Self {
        Self { committed: Mutex::new(false), changed: Condvar::new(), position: watch::Sender::new(0) }
    }
}

impl FeedSignal {
    /// Something was committed.
    pub fn wake(&self) {
        *self.committed.lock() = true;
        self.changed.notify_one();
    }

    /// Waits for a commit, or for as long as other processes may have committed unseen.
    pub fn wait(&self, at_most: Duration) {
        let mut committed = self.committed.lock();
        if !*committed {
            self.changed.wait_for(&mut committed, at_most);
        }
        *committed = false;
    }

    /// The feed reaches to this position.
    pub fn reached(&self, position: i64) {
        self.position.send_if_modified(|known| {
            let newer = position > *known;
            *known = position.max(*known);
            newer
        });
    }

    /// The last position this process knows of.
    pub fn position(&self) -> i64 {
        *self.position.borrow()
    }

    /// For readers that wait for the next one.
    pub fn subscribe(&self) -> watch::Receiver<i64> {
        self.position.subscribe()
    }
}
