//! A store that speaks S3: presigned requests (AWS Signature Version 4), one object for a content. Blocking: whoever calls it is on a
//! thread of `transfers` or of the background work.

use std::fmt::{self, Display};
use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::time::Duration;

use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle};
use ureq::http::{Response, StatusCode};
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};
use ureq::{Agent, Body};
use url::Url;

use crate::access::keys::random;
use crate::config::AttachmentArgs;
use crate::contents::intake::hexadecimal;
use crate::error::{ApiError, ApiResult, StartError};

/// How long a presigned request holds; the clocks of both sides may differ by as much.
const SIGNED: Duration = Duration::from_secs(15 * 60);
/// How long the whole of a content may take on its way there.
const SENDING: Duration = Duration::from_secs(10 * 60);
const ASKING: Duration = Duration::from_secs(20);
const CONNECTING: Duration = Duration::from_secs(5);

/// The key and the secret of the store. They come from the environment alone, and are shown nowhere.
#[derive(Clone, Default)]
pub struct S3Secrets {
    pub access_key: String,
    pub secret_key: String,
}

impl S3Secrets {
    /// From `APPRODO_S3_ACCESS_KEY` and `APPRODO_S3_SECRET_KEY`.
    pub fn of_environment() -> Option<Self> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        Some(Self { access_key: variable("APPRODO_S3_ACCESS_KEY")?, secret_key: variable("APPRODO_S3_SECRET_KEY")? })
    }
}

impl fmt::Debug for S3Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("S3Secrets(not shown)")
    }
}

/// A bucket, or a folder of one.
pub struct S3 {
    bucket: Bucket,
    credentials: Credentials,
    prefix: String,
    agent: Agent,
}

impl S3 {
    /// What `--attachment-store` names; none for the database.
    pub fn of(args: &AttachmentArgs) -> Result<Option<Self>, StartError> {
        if args.attachment_store == "database" {
            return Ok(None);
        }
        let place = args.attachment_store.strip_prefix("s3://").unwrap_or_default();
        let (name, prefix) = place.split_once('/').unwrap_or((place, ""));
        let fits =
            |text: &str, more: &[u8]| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte));
        if name.is_empty() || !fits(name, b".-") || !fits(prefix, b"._-/") {
            return Err("--attachment-store must be database or s3://bucket/prefix".into());
        }
        let secrets =
            args.s3_secrets.clone().ok_or("the S3 store needs APPRODO_S3_ACCESS_KEY and APPRODO_S3_SECRET_KEY")?;
        let endpoint =
            args.s3_endpoint.clone().unwrap_or_else(|| format!("https://s3.{}.amazonaws.com", args.s3_region));
        let endpoint: Url = endpoint.parse().map_err(|_| "--s3-endpoint must be an http or https URL")?;
        if endpoint.scheme() == "http" && !is_local(&endpoint) {
            log::warn!(
                "contents of attachments go to {} without encryption on the way",
                endpoint.host_str().unwrap_or("the store")
            );
        }
        let bucket = Bucket::new(endpoint, UrlStyle::Path, name.to_owned(), args.s3_region.clone())
            .map_err(|_| "--s3-endpoint must be an http or https URL")?;
        let prefix = prefix.trim_matches('/');
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        let credentials = Credentials::new(secrets.access_key, secrets.secret_key);
        Ok(Some(Self { bucket, credentials, prefix, agent: agent() }))
    }

    /// Whether the bucket is there and lets us in; a sentence for whoever starts the server where not.
    pub fn check(&self) -> Result<(), StartError> {
        let url = self.bucket.head_bucket(Some(&self.credentials)).sign(SIGNED);
        let store = format!("the S3 store at {}", self.bucket.base_url().host_str().unwrap_or("an unknown host"));
        let answer = self.agent.head(url.as_str()).config().timeout_global(Some(ASKING)).build().call();
        let answer = answer.map_err(|error| format!("{store} cannot be reached: {error}"))?;
        match answer.status().as_u16() {
            200..=299 => Ok(()),
            401 | 403 => {
                Err(format!("{store} refuses the key, or the key may not use the bucket {}", self.bucket.name()).into())
            }
            404 => Err(format!("{store} has no bucket {}", self.bucket.name()).into()),
            status => Err(format!("{store} answers {status}").into()),
        }
    }

    /// A name for a new object: random, so that it tells nothing.
    pub fn new_key() -> ApiResult<String> {
        Ok(hexadecimal(&random::<16>()?))
    }

    fn path(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    /// Sends a content, from its beginning.
    pub fn put(&self, key: &str, file: &mut File) -> ApiResult<()> {
        file.rewind().map_err(ApiError::fault)?;
        let path = self.path(key);
        let url = self.bucket.put_object(Some(&self.credentials), &path).sign(SIGNED);
        let request = self.agent.put(url.as_str()).content_type("application/octet-stream");
        succeeded(request.config().timeout_global(Some(SENDING)).build().send(&*file)).map(drop)
    }

    /// Some bytes of an object.
    pub fn read(&self, key: &str, from: i64, most: i64) -> ApiResult<Vec<u8>> {
        let path = self.path(key);
        let url = self.bucket.get_object(Some(&self.credentials), &path).sign(SIGNED);
        let range = format!("bytes={from}-{}", from + most - 1);
        let request = self.agent.get(url.as_str()).header("range", range);
        let mut answer = succeeded(request.config().timeout_global(Some(ASKING)).build().call())?;
        if from > 0 && answer.status() != StatusCode::PARTIAL_CONTENT {
            return Err(ApiError::fault("the store of attachments does not answer ranges"));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(most).unwrap_or_default());
        let most = u64::try_from(most).unwrap_or_default();
        answer.body_mut().as_reader().take(most).read_to_end(&mut bytes).map_err(away)?;
        Ok(bytes)
    }

    /// Removes an object; one that is not there is removed.
    pub fn remove(&self, key: &str) -> ApiResult<()> {
        let path = self.path(key);
        let url = self.bucket.delete_object(Some(&self.credentials), &path).sign(SIGNED);
        let answer = self.agent.delete(url.as_str()).config().timeout_global(Some(ASKING)).build().call();
        match &answer {
            Ok(answer) if answer.status() == StatusCode::NOT_FOUND => Ok(()),
            _ => succeeded(answer).map(drop),
        }
    }
}

fn is_local(endpoint: &Url) -> bool {
    match endpoint.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

// OpenSSL is in the program for PostgreSQL's sake, and trusts whom the system trusts: a second implementation of TLS would have to be
// kept up to date, too.
fn agent() -> Agent {
    let tls = TlsConfig::builder().provider(TlsProvider::NativeTls).root_certs(RootCerts::PlatformVerifier).build();
    let config = Agent::config_builder().http_status_as_error(false).max_redirects(0).timeout_connect(Some(CONNECTING));
    config.tls_config(tls).build().new_agent()
}

fn away(cause: impl Display) -> ApiError {
    ApiError::unavailable("the store of attachments is away").retry_after(5).because(cause)
}

fn succeeded(answer: Result<Response<Body>, ureq::Error>) -> ApiResult<Response<Body>> {
    let answer = answer.map_err(away)?;
    match answer.status() {
        status if status.is_success() => Ok(answer),
        StatusCode::NOT_FOUND => Err(ApiError::fault("the store of attachments lacks an object")),
        status => Err(away(format!("the store of attachments answers {status}"))),
    }
}
