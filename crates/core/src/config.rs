//! Every setting, from flags and environment, each with its default and unit.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use crate::contents::media::MAX_SIZE;
use crate::contents::s3::S3Secrets;

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

/// What attachments may be, and where their contents are kept.
#[derive(Debug, Clone, Args)]
pub struct AttachmentArgs {
    /// Bytes an attachment may have: 100 MiB at most.
    #[arg(long, env = "APPRODO_ATTACHMENT_LIMIT", default_value_t = AttachmentArgs::LIMIT, value_parser = clap::value_parser!(i64).range(1..=MAX_SIZE))]
    pub attachment_limit: i64,

    /// Bytes an office document may have when it is unpacked. Default: ten times the limit.
    #[arg(long, env = "APPRODO_ATTACHMENT_INFLATED_LIMIT")]
    pub attachment_inflated_limit: Option<u64>,

    /// Where contents of attachments are kept: database, or s3://bucket/prefix. The key of an S3 store comes from the environment
    /// alone: APPRODO_S3_ACCESS_KEY and APPRODO_S3_SECRET_KEY.
    #[arg(long, env = "APPRODO_ATTACHMENT_STORE", default_value = "database")]
    pub attachment_store: String,

    /// The address of the S3 store. Default: that of Amazon in the region.
    #[arg(long, env = "APPRODO_S3_ENDPOINT")]
    pub s3_endpoint: Option<String>,

    /// The region that requests to the S3 store are signed for.
    #[arg(long, env = "APPRODO_S3_REGION", default_value = "us-east-1")]
    pub s3_region: String,

    #[arg(skip)]
    pub s3_secrets: Option<S3Secrets>,
}

impl AttachmentArgs {
    /// 10 MiB.
    const LIMIT: i64 = 10 * 1024 * 1024;
}

impl Default for AttachmentArgs {
    fn default() -> Self {
        Self {
            attachment_limit: Self::LIMIT,
            attachment_inflated_limit: None,
            attachment_store: "database".into(),
            s3_endpoint: None,
            s3_region: "us-east-1".into(),
            s3_secrets: None,
        }
    }
}

/// How to serve.
#[derive(Debug, Clone, Args)]
pub struct ServeArgs {
    #[command(flatten)]
    pub database: DatabaseArgs,

    #[command(flatten)]
    pub attachments: AttachmentArgs,

    /// Address and port to listen on.
    #[arg(long, env = "APPRODO_BIND", default_value = "127.0.0.1:8080")]
    pub bind: SocketAddr,

    /// The address callers use, for absolute links. Default: http:// and the address bound.
    #[arg(long, env = "APPRODO_PUBLIC_URL")]
    pub public_url: Option<String>,

    /// The page on which partners without an account open their links, which add `#token=` to it. Default: /partner at the public URL.
    #[arg(long, env = "APPRODO_PARTNER_PORTAL_URL", value_parser = page_address)]
    pub partner_portal_url: Option<String>,

    /// Load the demonstration data into an empty database, and serve it.
    #[arg(long)]
    pub demo: bool,

    /// Worker threads. Default: one a core.
    #[arg(long, env = "APPRODO_WORKERS")]
    pub workers: Option<usize>,

    /// Requests a caller may send to this process in a minute.
    #[arg(long, env = "APPRODO_REQUEST_LIMIT", default_value_t = 60_000)]
    pub request_limit: u32,

    /// Reports of discrimination that one address may send without a login in an hour, and looks at them by their code likewise, each. 0
    /// where a proxy in front of this process limits them: all callers have its address.
    #[arg(long, env = "APPRODO_REPORT_LIMIT", default_value_t = 60)]
    pub report_limit: u32,

    /// Origins that browsers may call from, as https://portal.example; may be given several times.
    #[arg(long = "cors-origin", env = "APPRODO_CORS_ORIGINS", value_delimiter = ',', value_parser = origin)]
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

/// An absolute address that a fragment can be added to.
fn page_address(text: &str) -> Result<String, String> {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
    if host.is_some_and(|host| !host.is_empty() && !host.starts_with('/')) && plain {
        Ok(text.to_owned())
    } else {
        Err("must be an address that begins with https:// or http:// and has no fragment".into())
    }
}

/// An origin as a browser sends it (RFC 6454, section 6.2).
fn origin(text: &str) -> Result<String, String> {
    let told = url::Url::parse(text).is_ok_and(|url| url.origin().ascii_serialization() == text);
    if told {
        Ok(text.to_owned())
    } else {
        Err("must be scheme, host and port alone, as https://portal.example".into())
    }
}
