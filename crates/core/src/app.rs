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
use crate::contents::{Attachments, ImportPlaces};
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
    pub imports: ImportPlaces,
    pub settings: Settings,
    /// Headers that every answer has alike.
    pub fixed_headers: Vec<(HeaderName, HeaderValue)>,
    /// Methods of each path of the contract, for 405 and OPTIONS.
    pub contract_paths: OnceLock<ContractPaths>,
}

/// The paths of the contract with their methods.
#[derive(Debug, Default)]
pub struct ContractPaths(pub Vec<(Vec<Segment>, Vec<Method>)>);

/// A segment of a path template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    Fixed(String),
    Variable,
}

impl ContractPaths {
    pub fn new(paths: HashMap<String, Vec<Method>>) -> Self {
        Self(
            paths
                .into_iter()
                .map(|(path, methods)| {
                    let segments = path
                        .split('/')
                        .skip(1)
                        .map(|part| if part.starts_with('{') { Segment::Variable } else { Segment::Fixed(part.into()) })
                        .collect();
                    (segments, methods)
                })
                .collect(),
        )
    }

    /// The methods offered at a path, fixed segments before variable ones.
    pub fn methods(&self, path: &str) -> Option<&[Method]> {
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let matches = |segments: &[Segment]| {
            segments.len() == parts.len()
                && segments.iter().zip(&parts).all(|(segment, part)| match segment {
                    Segment::Fixed(text) => text == part,
                    Segment::Variable => !part.is_empty(),
                })
        };
        let variables = |segments: &[Segment]| segments.iter().filter(|s| **s == Segment::Variable).count();
        self.0
            .iter()
            .filter(|(segments, _)| matches(segments))
            .min_by_key(|(segments, _)| variables(segments))
            .map(|(_, methods)| methods.as_slice())
    }
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
