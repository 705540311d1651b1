//! What every request of a process shares. Nothing here is state that another process would have to see.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix_web::http::Method;
use actix_web::http::header::{HeaderName, HeaderValue};
use approdo_db::{Connection, Database};

use crate::access::keys::Keys;
use crate::access::passwords::Passwords;
use crate::access::recorder::Recorder;
use crate::access::rights::RightsCache;
use crate::access::tokens::Tokens;
use crate::clock::Clock;
use crate::codes::KnownCodes;
use crate::contents::Attachments;
use crate::contents::places::Places;
use crate::error::{ApiError, ApiResult};
use crate::http::limits::{Limits, ReportLimits};
use crate::operations::metrics::Metrics;
use crate::sync::signal::FeedSignal;
use crate::territory::kept::KeptTerritories;

/// The mount of the API: the version stands here and nowhere else.
pub const MOUNT: &str = "/rest/integration/v1";

/// Settings a handler may need.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Scheme, host and port as callers see them, without a slash at the end.
    pub public_url: String,
    /// The page on which partners without an account open their links.
    pub partner_portal_url: String,
    pub refresh_token_seconds: i64,
    /// Minimum size of groups in published counts, and similar thresholds, come with their areas.
    pub demo: bool,
}

/// The parts of a running process.
pub struct App {
    pub database: Database,
    pub clock: Clock,
    pub keys: Keys,
    pub tokens: Tokens,
    pub rights: RightsCache,
    pub recorder: Recorder,
    pub codes: KnownCodes,
    pub territories: KeptTerritories,
    pub passwords: Passwords,
    pub limits: Limits,
    pub report_limits: ReportLimits,
    pub metrics: Metrics,
    pub feed: FeedSignal,
    pub attachments: Attachments,
    pub imports: Places,
    pub settings: Settings,
    /// Headers that every answer has alike.
    pub fixed_headers: Vec<(HeaderName, HeaderValue)>,
    /// For 405 and OPTIONS, the log and the metrics.
    pub contract_paths: OnceLock<ContractPaths>,
}

/// The paths of the contract with their methods, by their first segment.
#[derive(Debug, Default)]
pub struct ContractPaths(HashMap<String, Vec<ContractPath>>);

/// A path of the contract.
#[derive(Debug)]
pub struct ContractPath {
    /// From the mount on, with its parameters in braces.
    pub template: String,
    pub methods: Vec<Method>,
    segments: Vec<Segment>,
}

/// A segment of a path template.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Fixed(String),
    Variable,
}

impl ContractPaths {
    /// Of paths whose first segment is fixed.
    pub fn new(paths: HashMap<String, Vec<Method>>) -> Self {
        let mut known: HashMap<String, Vec<ContractPath>> = HashMap::new();
        for (path, methods) in paths {
            let begins = first(&path).to_owned();
            let parts = path.split('/').skip(1);
            let segments: Vec<Segment> = parts
                .map(|part| if part.starts_with('{') { Segment::Variable } else { Segment::Fixed(part.into()) })
                .collect();
            let path = ContractPath { template: format!("{MOUNT}{path}"), methods, segments };
            known.entry(begins).or_default().push(path);
        }
        Self(known)
    }

    /// What an address below the mount is one of; fixed segments before variable ones.
    pub fn find(&self, path: &str) -> Option<&ContractPath> {
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let matches = |path: &&ContractPath| {
            path.segments.len() == parts.len()
                && path.segments.iter().zip(&parts).all(|(segment, part)| match segment {
                    Segment::Fixed(text) => text == part,
                    Segment::Variable => !part.is_empty(),
                })
        };
        let variables = |path: &&ContractPath| path.segments.iter().filter(|s| **s == Segment::Variable).count();
        self.0.get(first(path))?.iter().filter(matches).min_by_key(variables)
    }
}

/// The first segment of a path.
fn first(path: &str) -> &str {
    path.split('/').nth(1).unwrap_or_default()
}

impl App {
    /// The absolute address of a path of the contract.
    pub fn address(&self, path: &str) -> String {
        format!("{}{MOUNT}{path}", self.settings.public_url)
    }

    /// Runs a read on a pooled connection, on the calling thread. A connection found dead is replaced and the read
    /// retried once.
    pub fn read_now<T>(&self, work: impl Fn(&mut Connection) -> ApiResult<T>) -> ApiResult<T> {
        let mut retried = false;
        loop {
            let mut connection = self.database.reader()?;
            match work(&mut connection) {
                Err(error) if !retried && self.is_outage(&error) => retried = true,
                other => return other,
            }
        }
    }

    /// Whether an error says that the connection is gone; the pool then checks the others before their next use.
    pub fn is_outage(&self, error: &ApiError) -> bool {
        let gone = error.is_disconnection();
        if gone {
            self.database.note_outage();
        }
        gone
    }
}

/// Runs blocking work off the async threads.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> ApiResult<T> + Send + 'static) -> ApiResult<T> {
    actix_web::web::block(work).await.map_err(ApiError::fault)?
}

/// How long a request waits for a free connection before 503.
pub const CONNECTION_WAIT: Duration = Duration::from_secs(3);

/// Shared by all.
pub type Shared = Arc<App>;
