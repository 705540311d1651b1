//! Pools of connections, named by intent: `read` and `write`.
//!
//! On PostgreSQL both come from one pool. On SQLite there is one writer, because the file has one, and a pool of
//! readers that cannot write.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use diesel::r2d2::R2D2Connection as _;

use crate::connection::{AnyConnection as Connection, Purpose, Unavailable, open};
use crate::url::DatabaseUrl;

/// How a database is opened.
#[derive(Debug, Clone)]
pub struct Options {
    pub url: DatabaseUrl,
    /// PostgreSQL: the schema all names are looked up in.
    pub schema: String,
    /// Connections kept for requests.
    pub size: u32,
    /// How long a request waits for a free connection.
    pub wait: Duration,
}

/// A connection that knows which outage it has survived.
pub struct Pooled {
    connection: Connection,
    checked_after: u64,
}

impl std::ops::Deref for Pooled {
    type Target = Connection;
    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl std::ops::DerefMut for Pooled {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }
}

/// Opens, checks and discards connections for the pools.
pub struct Manager {
    options: Options,
    purpose: Purpose,
    outages: Arc<AtomicU64>,
}

impl r2d2::ManageConnection for Manager {
    type Connection = Pooled;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Pooled, Self::Error> {
        let checked_after = self.outages.load(Ordering::Acquire);
        let connection = open(&self.options.url, &self.options.schema, self.purpose)
            .map_err(diesel::r2d2::Error::ConnectionError)?;
        Ok(Pooled { connection, checked_after })
    }

    // A ping before every request would cost a round trip each. Connections are pinged once after every outage that
    // any of them noticed.
    fn is_valid(&self, pooled: &mut Pooled) -> Result<(), Self::Error> {
        let outages = self.outages.load(Ordering::Acquire);
        if pooled.checked_after < outages {
            pooled.connection.ping().map_err(diesel::r2d2::Error::QueryError)?;
            pooled.checked_after = outages;
        }
        Ok(())
    }

    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        pooled.connection.is_broken()
    }
}

/// The tenant's database.
#[derive(Clone)]
pub struct Database {
    readers: r2d2::Pool<Manager>,
    writers: r2d2::Pool<Manager>,
    outages: Arc<AtomicU64>,
    options: Options,
}

/// A pooled connection on loan.
pub type Loan = r2d2::PooledConnection<Manager>;

impl Database {
    /// Makes the pools. Connections are opened as they are needed, so this succeeds while the server is away.
    pub fn new(options: Options) -> Self {
        let outages = Arc::new(AtomicU64::new(0));
        let pool = |purpose, size: u32| {
            r2d2::Pool::builder()
                .max_size(size)
                .min_idle(Some(0))
                .connection_timeout(options.wait)
                .error_handler(Box::new(r2d2::NopErrorHandler))
                .build_unchecked(Manager { options: options.clone(), purpose, outages: outages.clone() })
        };
        let (readers, writers) = match options.url {
            DatabaseUrl::Postgres(_) => {
                let shared = pool(Purpose::Write, options.size);
                (shared.clone(), shared)
            }
            DatabaseUrl::Sqlite(_) => (pool(Purpose::Read, options.size), pool(Purpose::Write, 1)),
        };
        Self { readers, writers, outages, options }
    }

    /// How the database was opened.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// A connection for reading.
    pub fn reader(&self) -> Result<Loan, r2d2::Error> {
        self.readers.get()
    }

    /// A connection for writing.
    pub fn writer(&self) -> Result<Loan, r2d2::Error> {
        self.writers.get()
    }

    /// A connection of one's own, outside the pools: for the command line and the start, which wait for locks as long as it takes.
    pub fn connect(&self) -> diesel::ConnectionResult<Connection> {
        open(&self.options.url, &self.options.schema, Purpose::Setup)
    }

    /// Looks at a failed statement: whether the fault is of the moment.
    pub fn noticed(&self, error: &diesel::result::Error) -> Option<Unavailable> {
        let unavailable = Unavailable::of(error);
        if unavailable == Some(Unavailable::Disconnected) {
            self.note_outage();
        }
        unavailable
    }

    /// After a lost connection every pooled one is pinged before its next use.
    pub fn note_outage(&self) {
        self.outages.fetch_add(1, Ordering::AcqRel);
    }

    /// Connections in use and idle, over both pools.
    pub fn connections(&self) -> (u32, u32) {
        let mut states = vec![self.readers.state()];
        if self.options.url.file().is_some() {
            states.push(self.writers.state());
        }
        let total: u32 = states.iter().map(|state| state.connections).sum();
        let idle: u32 = states.iter().map(|state| state.idle_connections).sum();
        (total.saturating_sub(idle), idle)
    }
}
