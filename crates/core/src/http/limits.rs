//! Request limits, per caller and process, in fixed windows.

use std::collections::HashMap;
use std::time::Instant;

use parking_lot::Mutex;

/// What a window of requests is, and one of calls without a login that are open to everyone.
pub const MINUTE: u64 = 60;
pub const HOUR: u64 = 3_600;

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
    window_seconds: u64,
    started: Instant,
    window: Mutex<(u64, HashMap<Subject, u32>)>,
}

impl Limits {
    pub fn new(limit: u32, window_seconds: u64) -> Self {
        Self { limit, window_seconds, started: Instant::now(), window: Mutex::new((0, HashMap::new())) }
    }

    /// Counts one request.
    pub fn count(&self, subject: Subject) -> Standing {
        let elapsed = self.started.elapsed().as_secs();
        let number = elapsed.checked_div(self.window_seconds).unwrap_or_default();
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
            reset_seconds: self.window_seconds - elapsed.checked_rem(self.window_seconds).unwrap_or_default(),
            refused: *count > self.limit,
        }
    }
}

/// How often one address may report discrimination, and ask how it goes on; none where that is not counted here.
pub struct ReportLimits {
    pub submissions: Option<Limits>,
    pub follow_ups: Option<Limits>,
}

impl ReportLimits {
    /// So many of each in an hour; 0 for as many as come.
    pub fn new(limit: u32) -> Self {
        let limits = || (limit > 0).then(|| Limits::new(limit, HOUR));
        Self { submissions: limits(), follow_ups: limits() }
    }
}
