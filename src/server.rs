//! Opening the database, starting the parts, listening, and stopping so that nothing begun is lost.

use std::future::{Future as _, poll_fn};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::Duration;

use actix_cors::Cors;
use actix_service::IntoServiceFactory as _;
use actix_web::dev::ServerHandle;
use actix_web::http::Method;
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App as ActixApp, HttpResponse, HttpServer, web};
use approdo_db::schema::settings;
use approdo_db::{Connection, Database, DatabaseUrl, Options, migrate};
use diesel::prelude::*;
use utoipa_swagger_ui::{Config as SwaggerConfig, SwaggerUi};

use crate::access::keys::{Keys, MasterKey};
use crate::access::passwords::Passwords;
use crate::access::recorder::Recorder;
use crate::access::rights::RightsCache;
use crate::access::tokens::Tokens;
use crate::app::{App, CONNECTION_WAIT, MOUNT, Settings};
use crate::areas::InAreas;
use crate::background::Background;
use crate::clock::Clock;
use crate::codes::{self, KnownCodes};
use crate::config::{AttachmentArgs, DatabaseArgs, ServeArgs};
use crate::contents::Attachments;
use crate::contents::places::Places;
use crate::error::StartError;
use crate::http::gate;
use crate::http::limits::{Limits, MINUTE, ReportLimits};
use crate::observatory::operational::Facts;
use crate::operations::metrics::Metrics;
use crate::operations::{health, metrics, sandbox, wellknown};
use crate::sync::sequencer::Sequencer;
use crate::sync::signal::FeedSignal;
use crate::territory::kept::KeptTerritories;
use crate::{demo, openapi, operational};

/// Opens the database a URL names, or says why not.
pub fn open_database(args: &DatabaseArgs) -> Result<Database, StartError> {
    let url = DatabaseUrl::parse(&args.database_url)?;
    url.check_folder()?;
    Ok(Database::new(Options {
        url,
        schema: args.database_schema.clone(),
        size: args.database_connections,
        wait: CONNECTION_WAIT,
    }))
}

/// A connection of one's own, with a clear error where the server cannot be reached.
pub fn connect(database: &Database) -> Result<Connection, StartError> {
    database.connect().map_err(|error| {
        format!("{} cannot be reached: {}", database.options().url.product(), error_text(&error)).into()
    })
}

// What libpq says of a server names host and user at most. What it says of a URL it cannot read quotes the URL, in which a
// password that is not percent-encoded may stand anywhere.
fn error_text(error: &diesel::ConnectionError) -> String {
    const OF_SERVERS: [&str; 2] = ["connection to server", "could not translate host name"];
    match error {
        diesel::ConnectionError::BadConnection(text) if !OF_SERVERS.iter().any(|start| text.starts_with(start)) => {
            "the URL cannot be read: percent-encode the special characters of user and password".into()
        }
        _ => error.to_string().replace('\n', " "),
    }
}

/// The master key: given, or in a file beside the SQLite file, or the published one of a demonstration on PostgreSQL.
pub fn master_key(args: &DatabaseArgs, url: &DatabaseUrl, demo: bool) -> Result<MasterKey, StartError> {
    if let Some(key) = &args.master_key {
        return Ok(MasterKey::parse(key)?);
    }
    if let Some(file) = &args.master_key_file {
        return Ok(MasterKey::from_file(file, false)?);
    }
    match url.file() {
        Some(file) => {
            let mut name = file.as_os_str().to_owned();
            name.push(".key");
            Ok(MasterKey::from_file(std::path::Path::new(&name), true)?)
        }
        None if demo => Ok(MasterKey::demonstration()),
        None => Err("PostgreSQL needs a master key: set APPRODO_MASTER_KEY or --master-key-file".into()),
    }
}

const DEPLOYMENT_ID: &str = "deployment_id";

/// Makes what a new deployment lacks (identity, keys, code lists) and gives its id. Processes that start together do it once.
fn prepare(connection: &mut Connection, keys: &Keys) -> Result<String, StartError> {
    connection
        .write_transaction(|connection| {
            let id: Option<String> =
                settings::table.find(DEPLOYMENT_ID).select(settings::value).first(connection).optional()?;
            let id = match id {
                Some(id) => id,
                None => {
                    let id = uuid::Uuid::now_v7().to_string();
                    let row = (settings::name.eq(DEPLOYMENT_ID), settings::value.eq(&id));
                    approdo_db::on_backend!(&mut *connection, c => {
                        diesel::insert_into(settings::table).values(row).on_conflict_do_nothing().execute(c)
                    })?;
                    // Whoever came first holds the row; reading it again waits for them.
                    settings::table.find(DEPLOYMENT_ID).select(settings::value).first(connection)?
                }
            };
            approdo_db::first_for_update!(&mut *connection, settings::table.find(DEPLOYMENT_ID).select(settings::name))
                .map(|_: String| ())?;
            keys.create_missing(connection)?;
            codes::ship(connection)?;
            Ok(id)
        })
        .and_then(|id| keys.load(connection).map(|_| id))
        .map_err(|error: crate::error::ApiError| error.cause().map_or_else(|| error.to_string(), str::to_owned).into())
}

/// Settings of a process besides its database.
pub struct Parts {
    pub public_url: String,
    pub partner_portal_url: Option<String>,
    pub request_limit: u32,
    pub report_limit: u32,
    pub access_token_minutes: i64,
    pub refresh_token_hours: i64,
    pub demo: bool,
    pub attachments: AttachmentArgs,
}

impl Parts {
    /// For the command line, where nothing listens.
    pub fn offline(demo: bool) -> Self {
        Self {
            public_url: "http://localhost".into(),
            partner_portal_url: None,
            request_limit: 60_000,
            report_limit: 60,
            access_token_minutes: 60,
            refresh_token_hours: 12,
            demo,
            attachments: AttachmentArgs::default(),
        }
    }
}

/// A process's parts, running: the recorder's thread, and whatever else is started on top.
pub struct Running {
    pub app: Arc<App>,
    recorder: std::thread::JoinHandle<()>,
}

impl Running {
    /// Lets the recorder write what it has taken.
    pub fn stop(self) {
        self.app.recorder.close();
        if self.recorder.join().is_err() {
            log::error!("the access recorder ended by a fault");
        }
    }
}

/// Migrates, prepares and assembles.
pub fn assemble(database_args: &DatabaseArgs, parts: Parts) -> Result<Running, StartError> {
    let database = open_database(database_args)?;
    let master = master_key(database_args, &database.options().url, parts.demo)?;
    let mut connection = connect(&database)?;
    let ran = migrate::run(&mut connection, &database.options().schema)?;
    if !ran.is_empty() {
        log::info!("ran {} migrations", ran.len());
    }
    let keys = Keys::new(master);
    let deployment = prepare(&mut connection, &keys)?;
    let known = KnownCodes::load(&mut connection)?;
    drop(connection);
    let (recorder, thread) = Recorder::start(database.clone())?;
    let public_url = parts.public_url.trim_end_matches('/').to_owned();
    let app = Arc::new(App {
        database,
        clock: Clock::default(),
        keys,
        tokens: Tokens::new(format!("urn:approdo:{deployment}"), parts.access_token_minutes * 60),
        rights: RightsCache::default(),
        recorder,
        codes: known,
        territories: KeptTerritories::default(),
        passwords: Passwords::default(),
        limits: Limits::new(parts.request_limit, MINUTE),
        report_limits: ReportLimits::new(parts.report_limit),
        metrics: Metrics::new()?,
        feed: FeedSignal::default(),
        attachments: Attachments::new(&parts.attachments)?,
        imports: Places::of_imports(),
        fixed_headers: gate::fixed_headers(&public_url, parts.request_limit),
        settings: Settings {
            partner_portal_url: parts.partner_portal_url.unwrap_or_else(|| format!("{public_url}/partner")),
            public_url,
            refresh_token_seconds: parts.refresh_token_hours * 3600,
            demo: parts.demo,
        },
        contract_paths: OnceLock::new(),
    });
    Ok(Running { app, recorder: thread })
}

/// A server that listens.
pub struct Listening {
    pub address: SocketAddr,
    pub handle: ServerHandle,
    server: actix_web::dev::Server,
    metrics: Option<actix_web::dev::Server>,
    sequencer: Sequencer,
    background: Background,
    running: Running,
}

/// Starts everything and binds; `Listening::run` serves.
pub fn start(args: &ServeArgs) -> Result<Listening, StartError> {
    let listener =
        std::net::TcpListener::bind(args.bind).map_err(|error| format!("cannot listen on {}: {error}", args.bind))?;
    let address = listener.local_addr()?;
    let parts = Parts {
        public_url: args.public_url.clone().unwrap_or_else(|| format!("http://{address}")),
        partner_portal_url: args.partner_portal_url.clone(),
        request_limit: args.request_limit,
        report_limit: args.report_limit,
        access_token_minutes: args.access_token_minutes,
        refresh_token_hours: args.refresh_token_hours,
        demo: args.demo,
        attachments: args.attachments.clone(),
    };
    let running = assemble(&args.database, parts)?;
    demo::admit(&running.app, args.demo)?;
    running.app.attachments.check(&mut connect(&running.app.database)?)?;
    // Set once, here: nothing has been served yet.
    let _ = running.app.contract_paths.set(openapi::paths()?);
    let contract = web::Bytes::from_static(openapi::COMMITTED.as_bytes());
    sandbox::follow_clock(&running.app).map_err(|error| error.to_string())?;
    let sequencer = Sequencer::start(running.app.clone())?;
    let background = Background::start(&running.app)?;
    let app = web::Data::from(running.app.clone());
    let count: Facts = operational::facts;
    let facts = web::Data::new(count);
    let workers = args.workers.unwrap_or_else(|| std::thread::available_parallelism().map_or(2, usize::from));
    // Threads beyond the connections would only queue for them, unfairly.
    let connections = usize::try_from(args.database.database_connections).unwrap_or(8);
    let blocking = connections.div_ceil(workers).max(2);
    let (origins, metrics_apart) = (args.cors_origins.clone(), args.metrics_bind.is_some());
    let server = HttpServer::new(move || {
        let (app, facts, contract, origins) = (app.clone(), facts.clone(), contract.clone(), origins.clone());
        InAreas::new(crate::routes::areas(), move |area| {
            let actix = ActixApp::new()
                .app_data(app.clone())
                .app_data(facts.clone())
                .app_data(web::PayloadConfig::new(crate::http::body::LIMIT));
            let actix = match area {
                Some(operations) => actix.service(web::scope(MOUNT).configure(operations)),
                None => actix.configure(|config| beside(config, &contract, metrics_apart)),
            };
            actix
                .default_service(web::to(gate::unmatched))
                .wrap(from_fn(gate::gate))
                .wrap(cors(&origins))
                .wrap(Compress::default())
                .into_factory()
        })
    })
    .workers(workers)
    .worker_max_blocking_threads(blocking)
    .client_request_timeout(Duration::from_secs(10))
    .keep_alive(Duration::from_secs(75))
    .shutdown_timeout(args.shutdown_seconds)
    .listen(listener)?
    .run();
    let metrics = match args.metrics_bind {
        Some(bind) => {
            let app = web::Data::from(running.app.clone());
            let server = HttpServer::new(move || ActixApp::new().app_data(app.clone()).service(metrics::metrics))
                .workers(1)
                .disable_signals()
                .bind(bind)
                .map_err(|error| format!("cannot listen on {bind}: {error}"))?;
            Some(server.run())
        }
        None => None,
    };
    Ok(Listening { address, handle: server.handle(), server, metrics, sequencer, background, running })
}

/// What is served besides the API.
fn beside(config: &mut web::ServiceConfig, contract: &web::Bytes, metrics_apart: bool) {
    let contract = contract.clone();
    config
        .service(web::scope(crate::hsds::MOUNT).configure(crate::hsds::serve))
        .service(web::scope(crate::sdmx::MOUNT).configure(crate::sdmx::serve))
        .service(health::live)
        .service(health::ready)
        .service(wellknown::jwks)
        .service(wellknown::api_catalog)
        .service(wellknown::problem)
        .route(
            "/openapi.json",
            web::get().to(move || {
                let contract = contract.clone();
                async move {
                    HttpResponse::Ok()
                        .insert_header(("Cache-Control", "public, max-age=300"))
                        .insert_header(("Access-Control-Allow-Origin", "*"))
                        .content_type("application/json")
                        .body(contract)
                }
            }),
        )
        .service(
            SwaggerUi::new("/docs/{_:.*}")
                .config(SwaggerConfig::from("/openapi.json").try_it_out_enabled(true).persist_authorization(false)),
        );
    if !metrics_apart {
        config.service(metrics::metrics);
    }
}

fn cors(origins: &[String]) -> Cors {
    let cors = origins.iter().fold(Cors::default(), |cors, origin| cors.allowed_origin(origin));
    cors.allowed_methods([Method::GET, Method::HEAD, Method::POST, Method::PATCH, Method::PUT, Method::DELETE])
        .allowed_headers([
            "accept",
            "accept-language",
            "access-purpose",
            "authorization",
            "content-type",
            "idempotency-key",
            "if-match",
            "if-none-match",
            "request-id",
        ])
        .expose_headers([
            "content-disposition",
            "etag",
            "link",
            "location",
            "ratelimit",
            "ratelimit-limit",
            "ratelimit-policy",
            "ratelimit-remaining",
            "ratelimit-reset",
            "repr-digest",
            "request-id",
            "retry-after",
        ])
        .block_on_origin_mismatch(false)
        .max_age(600)
}

impl Listening {
    pub fn app(&self) -> &Arc<App> {
        &self.running.app
    }

    /// Starts the workers and begins to heed signals: whoever is told the address may stop the process at once.
    pub async fn begin(&mut self) -> std::io::Result<()> {
        match poll_fn(|context| Poll::Ready(Pin::new(&mut self.server).poll(context))).await {
            Poll::Ready(ended) => ended,
            Poll::Pending => Ok(()),
        }
    }

    /// Serves until a signal or `handle.stop`; then finishes what has begun.
    pub async fn run(self) -> std::io::Result<()> {
        let metrics = self.metrics.map(|server| (server.handle(), actix_web::rt::spawn(server)));
        let result = self.server.await;
        if let Some((handle, task)) = metrics {
            handle.stop(true).await;
            // It was told to stop; how it ended changes nothing.
            let _ = task.await;
        }
        self.background.stop();
        self.sequencer.stop();
        self.running.stop();
        result
    }
}
