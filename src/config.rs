//! Every setting, from flags and environment, each with its default and unit.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

/// Which database, and the key that guards what is kept in it.
#[derive(Debug, Clone, Args)]
pub struct DatabaseArgs {
    /// sqlite:///absolute, sqlite://relative, postgres:// or postgresql://. A SQLite file is created if absent.
    #[arg(long, env = "DATABASE_URL", default_value = "sqlite://approdo.db", hide_env_values = true)]
    pub database_url: String,

    /// PostgreSQL: the schema that holds the tables.
    #[arg(long, env = "DATABASE_SCHEMA", default_value = "public")]
    pub database_schema: String,

    /// Connections kept for requests.
    #[arg(long, env = "DATABASE_CONNECTIONS", default_value_t = 8, value_parser = clap::value_parser!(u32).range(2..=256))]
    pub database_connections: u32,

    /// The master key: 32 bytes in base64. It wraps the keys kept in the database.
    #[arg(long, env = "APPRODO_MASTER_KEY", hide_env_values = true, hide = true)]
    pub master_key: Option<String>,

    /// A file with the master key in base64.
    #[arg(long, env = "APPRODO_MASTER_KEY_FILE")]
    pub master_key_file: Option<PathBuf>,
}

/// How to serve.
#[derive(Debug, Clone, Args)]
pub struct ServeArgs {
    #[command(flatten)]
    pub database: DatabaseArgs,

    /// Address and port to listen on.
    #[arg(long, env = "APPRODO_BIND", default_value = "127.0.0.1:8080")]
    pub bind: SocketAddr,

    /// The address callers use, for absolute links. Default: http:// and the address bound.
    #[arg(long, env = "APPRODO_PUBLIC_URL")]
    pub public_url: Option<String>,

    /// Load the demonstration data into an empty database, and serve it.
    #[arg(long)]
    pub demo: bool,

    /// Worker threads. Default: one a core.
    #[arg(long, env = "APPRODO_WORKERS")]
    pub workers: Option<usize>,

    /// Requests a caller may send to this process in a minute.
    #[arg(long, env = "APPRODO_REQUEST_LIMIT", default_value_t = 60_000)]
    pub request_limit: u32,

    /// Origins that browsers may call from; may be given several times.
    #[arg(long = "cors-origin", env = "APPRODO_CORS_ORIGINS", value_delimiter = ',')]
    pub cors_origins: Vec<String>,

    /// Serve /metrics on an address of its own instead of beside the API.
    #[arg(long, env = "APPRODO_METRICS_BIND")]
    pub metrics_bind: Option<SocketAddr>,

    /// Seconds a shutdown waits for requests that have begun.
    #[arg(long, env = "APPRODO_SHUTDOWN_SECONDS", default_value_t = 30)]
    pub shutdown_seconds: u64,

    /// Minutes an access token lives.
    #[arg(long, env = "APPRODO_ACCESS_TOKEN_MINUTES", default_value_t = 60, value_parser = clap::value_parser!(i64).range(1..=1440))]
    pub access_token_minutes: i64,

    /// Hours a session can be refreshed.
    #[arg(long, env = "APPRODO_REFRESH_TOKEN_HOURS", default_value_t = 12, value_parser = clap::value_parser!(i64).range(1..=720))]
    pub refresh_token_hours: i64,
}
