//! The harness: a world for each test, with its own database, a running server and named callers.

pub mod database;
pub mod feed;
pub mod files;
pub mod fixture;
pub mod http;
pub mod listing;
pub mod planning;
pub mod process;
pub mod s3;
pub mod s3_signature;
pub mod seed;

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;

use actix_web::dev::ServerHandle;
use approdo::config::{AttachmentArgs, ServeArgs};
use approdo::server;
use serde_json::{Value, json};

pub use database::{Product, TestDatabase};
pub use fixture::{Fixture, SECRET};
pub use http::Client;

/// Runs a test on each database: `both!(fn it_holds(world: &World) { … });`
#[macro_export]
macro_rules! both {
    (in_a_sandbox: $($tests:tt)*) => { $crate::both! { @in_a_sandbox $($tests)* } };
    (over_s3: $($tests:tt)*) => { $crate::both! { @over_s3 $($tests)* } };
    (@$make:ident $($(#[$meta:meta])* fn $name:ident($world:ident: &World) $body:block)*) => {$(
        mod $name {
            #[allow(unused_imports, reason = "not every test needs all of it")]
            use super::*;

            fn holds($world: &$crate::support::World) $body

            #[test]
            $(#[$meta])*
            fn on_sqlite() {
                holds(&$crate::support::World::$make($crate::support::Product::Sqlite));
            }

            #[test]
            $(#[$meta])*
            fn on_postgresql() {
                if $crate::support::Product::Postgres.is_available() {
                    holds(&$crate::support::World::$make($crate::support::Product::Postgres));
                } else {
                    eprintln!("skipped: PostgreSQL's server programs are not installed");
                }
            }
        }
    )*};
    ($($tests:tt)*) => { $crate::both! { @new $($tests)* } };
}

/// Default settings of a server in a test.
pub fn serve_args(database: approdo::config::DatabaseArgs) -> ServeArgs {
    ServeArgs {
        database,
        attachments: AttachmentArgs::default(),
        bind: SocketAddr::from(([127, 0, 0, 1], 0)),
        public_url: None,
        partner_portal_url: None,
        demo: false,
        workers: Some(2),
        request_limit: 1_000_000,
        report_limit: 1_000,
        cors_origins: vec!["https://portal.example".into()],
        metrics_bind: None,
        shutdown_seconds: 5,
        access_token_minutes: 60,
        refresh_token_hours: 12,
    }
}

/// A server inside the test's own process.
pub struct InProcess {
    pub base: String,
    handle: ServerHandle,
    thread: Option<thread::JoinHandle<()>>,
}

impl InProcess {
    pub fn start(args: ServeArgs) -> Self {
        let (sender, receiver) = mpsc::channel();
        let thread = thread::spawn(move || {
            actix_web::rt::System::new().block_on(async {
                let listening = server::start(&args).expect("the server starts");
                sender.send((listening.address, listening.handle.clone())).expect("the test waits");
                listening.run().await.expect("the server ends well");
            });
        });
        let (address, handle) = receiver.recv().expect("the server started");
        Self { base: format!("http://{address}"), handle, thread: Some(thread) }
    }
}

impl Drop for InProcess {
    fn drop(&mut self) {
        let stop = self.handle.stop(true);
        actix_web::rt::System::new().block_on(stop);
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            if !thread::panicking() {
                ended.expect("the server's thread ends well");
            }
        }
    }
}

/// A grant that was given.
#[derive(Debug, Clone)]
pub struct Granted {
    pub id: String,
    pub etag: String,
}

/// A caller of the fixture, logged in at one server.
pub fn log_in(base: &str, fixture: &Fixture, name: &str) -> Client {
    let caller = fixture.callers.iter().find(|caller| caller.name == name).expect("a caller of the fixture");
    let id = caller.id.to_string();
    let form = if caller.is_client {
        vec![("grant_type", "client_credentials"), ("client_id", id.as_str()), ("client_secret", SECRET)]
    } else {
        vec![("grant_type", "password"), ("username", name), ("password", SECRET)]
    };
    let answer = Client::new(base).form("/auth/token", &form).expect(200).json();
    let client = Client::new(base).with_token(answer["access_token"].as_str().expect("a token"));
    if caller.is_client { client.keyed() } else { client }
}

/// Everything a test needs.
pub struct World {
    // Dropped first: the server leaves its database before that is removed.
    server: InProcess,
    pub database: TestDatabase,
    pub fixture: Fixture,
    pub product: Product,
    /// Where contents of attachments are kept, if not in the database.
    pub objects: Option<s3::S3Server>,
    tokens: Mutex<std::collections::HashMap<String, String>>,
}

impl World {
    pub fn new(product: Product) -> Self {
        Self::with(product, |args| args)
    }

    /// A world whose server is a demonstration: its clock can be moved.
    pub fn in_a_sandbox(product: Product) -> Self {
        let (database, fixture) = TestDatabase::new(product);
        database.mark_as_demonstration();
        Self::of(product, database, fixture, |args| ServeArgs { demo: true, ..args })
    }

    /// A world whose server keeps the contents of attachments in an S3 store.
    pub fn over_s3(product: Product) -> Self {
        let store = s3::S3Server::start();
        let attachments = store.arguments();
        let world = Self::with(product, |args| ServeArgs { attachments, ..args });
        Self { objects: Some(store), ..world }
    }

    /// A world whose server is configured differently.
    pub fn with(product: Product, change: impl FnOnce(ServeArgs) -> ServeArgs) -> Self {
        let (database, fixture) = TestDatabase::new(product);
        Self::of(product, database, fixture, change)
    }

    fn of(
        product: Product,
        database: TestDatabase,
        fixture: Fixture,
        change: impl FnOnce(ServeArgs) -> ServeArgs,
    ) -> Self {
        let server = InProcess::start(change(serve_args(database.arguments())));
        Self { server, database, fixture, product, objects: None, tokens: Mutex::default() }
    }

    pub fn base(&self) -> &str {
        &self.server.base
    }

    /// Nobody: no token.
    pub fn nobody(&self) -> Client {
        Client::new(&self.server.base)
    }

    /// A caller of the fixture, logged in.
    pub fn caller(&self, name: &str) -> Client {
        let caller = self.fixture.callers.iter().find(|caller| caller.name == name).expect("a caller of the fixture");
        let known = self.tokens.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        let client = match known {
            Some(token) if caller.is_client => self.nobody().with_token(&token).keyed(),
            Some(token) => self.nobody().with_token(&token),
            None => log_in(self.base(), &self.fixture, name),
        };
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), client.token().to_owned());
        client
    }

    /// A new machine client with one grant, logged in; with its id and the grant's.
    pub fn another_client(&self, grant: &Value) -> (Client, String, Granted) {
        let anna = self.anna_system_administrator();
        let made = anna.post("/api-clients", &json!({"name": "Another", "organisation_id": self.fixture.root}));
        let made = made.expect(201).json();
        let id = made["client_id"].as_str().expect("an id").to_owned();
        let granted = self.grant(&id, grant);
        let secret = made["client_secret"].as_str().expect("a secret");
        let form = [("grant_type", "client_credentials"), ("client_id", &id), ("client_secret", secret)];
        let token = self.nobody().form("/auth/token", &form).expect(200).json();
        let client = self.nobody().with_token(token["access_token"].as_str().expect("a token")).keyed();
        (client, id, granted)
    }

    /// Gives a caller a further grant.
    pub fn grant(&self, principal: &str, grant: &Value) -> Granted {
        let mut body = grant.clone();
        body["principal_id"] = principal.into();
        let answer = self.anna_system_administrator().post("/grants", &body).expect(201);
        Granted { id: answer.id(), etag: answer.header("etag").to_owned() }
    }

    /// Lets Maria work in Trieste as well, for the organisation she is in.
    pub fn maria_works_in_trieste_too(&self) {
        let fixture = &self.fixture;
        let grant = json!({"role": "case_manager", "organisation_id": fixture.comune_udine, "territory_ids": [fixture.trieste]});
        self.grant(&self.id_of("maria_case_manager"), &grant);
    }

    /// Takes a grant back.
    pub fn withdraw(&self, grant: &Granted) {
        self.anna_system_administrator().delete(&format!("/grants/{}", grant.id), &grant.etag).expect(204);
    }

    /// A connection of the test's own, past the server.
    pub fn connection(&self) -> approdo_db::Connection {
        self.database.connection()
    }

    pub fn anna_system_administrator(&self) -> Client {
        self.caller("anna_system_administrator")
    }

    pub fn paolo_organisation_administrator(&self) -> Client {
        self.caller("paolo_organisation_administrator")
    }

    pub fn maria_case_manager(&self) -> Client {
        self.caller("maria_case_manager")
    }

    pub fn matej_case_manager_in_trieste(&self) -> Client {
        self.caller("matej_case_manager_in_trieste")
    }

    pub fn samira_help_desk_operator(&self) -> Client {
        self.caller("samira_help_desk_operator")
    }

    pub fn nadia_anti_discrimination_officer(&self) -> Client {
        self.caller("nadia_anti_discrimination_officer")
    }

    pub fn igor_anti_discrimination_officer_in_trieste(&self) -> Client {
        self.caller("igor_anti_discrimination_officer_in_trieste")
    }

    pub fn giulia_auditor(&self) -> Client {
        self.caller("giulia_auditor")
    }

    pub fn regional_sync_client(&self) -> Client {
        self.caller("regional_sync_client")
    }

    pub fn id_of(&self, name: &str) -> String {
        self.fixture.callers.iter().find(|caller| caller.name == name).expect("a caller").id.to_string()
    }

    /// A person as Maria would register one.
    pub fn person_in_udine(&self) -> Value {
        json!({
            "owner_org_id": self.fixture.comune_udine, "territory_id": self.fixture.udine,
            "given_name": "Олена", "family_name": "Шевчук", "date_of_birth": "1991-04-23",
            "citizenships": ["UA"], "languages": ["uk", "it"], "health_needs": "needs insulin", "notes": "prefers mornings",
        })
    }

    /// Registers a person and opens a case that can leave intake. Gives the case's id.
    pub fn case_in_udine(&self) -> String {
        let maria = self.maria_case_manager();
        let person = maria.post("/people", &self.person_in_udine()).expect(201).id();
        maria
            .post(
                "/cases",
                &json!({
                    "person_id": person, "target_group": "refugee", "arrived_on": "2026-03-01", "legal_basis": "public_task",
                    "case_manager_id": self.id_of("maria_case_manager"), "summary": "looks for housing",
                }),
            )
            .expect(201)
            .id()
    }

    /// Moves a case along, with what each move needs; each must succeed.
    pub fn moved(&self, case: &str, moves: &[Value]) {
        for made in moves {
            planning::fulfil(&self.maria_case_manager(), case, made["to"].as_str().expect("a state"));
            self.maria_case_manager().post_matching(&format!("/cases/{case}/transitions"), "*", made).expect(201);
        }
    }

    /// Waits until every committed change has its position in the feed.
    pub fn feed_settled(&self) {
        let mut connection = self.connection();
        for _ in 0..400 {
            use approdo_db::schema::outbox;
            use diesel::prelude::*;
            let waiting: i64 = outbox::table.count().get_result(&mut connection).expect("counted");
            if waiting == 0 {
                return;
            }
            thread::sleep(std::time::Duration::from_millis(25));
        }
        panic!("the sequencer did not come round");
    }
}
