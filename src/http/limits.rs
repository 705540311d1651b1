//! Request limits, per caller and process, in fixed windows of a minute.

use std::collections::HashMap;
use std::time::Instant;

use parking_lot::Mutex;

const WINDOW_SECONDS: u64 = 60;

/// Whom requests are counted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    Caller(uuid::Uuid),
    Address(std::net::IpAddr),
}

/// How a caller stands in the present window.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    pub limit: u32,
    pub remaining: u32,
    pub reset_seconds: u64,
    pub refused: bool,
}

/// Counts requests.
pub struct Limits {
    limit: u32,
    started: Instant,
    window: Mutex<(u64, HashMap<Subject, u32>)>,
}

impl Limits {
    pub fn new(limit: u32) -> Self {
        Self { limit, started: Instant::now(), window: Mutex::new((0, HashMap::new())) }
    }

    /// Counts one request.
    pub fn count(&self, subject: Subject) -> Standing {
        let elapsed = self.started.elapsed().as_secs();
        let number = elapsed / WINDOW_SECONDS;
        let mut window = self.window.lock();
        if window.0 != number {
            window.0 = number;
            window.1 = HashMap::new();
        }
        let count = window.1.entry(subject).or_insert(0);
        *count = count.saturating_add(1);
        Standing {
            limit: self.limit,
            remaining: self.limit.saturating_sub(*count),
            reset_seconds: WINDOW_SECONDS - elapsed % WINDOW_SECONDS,
            refused: *count > self.limit,
        }
    }
}
