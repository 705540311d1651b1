//! A fresh database for each test: a copy of a migrated and furnished template, made once for each product.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use approdo::access::keys::MasterKey;
use approdo::config::DatabaseArgs;
use approdo::{demo, server};
use approdo_db::schema::settings;
use base64::Engine as _;
use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection};

use super::fixture::{self, Fixture};

/// The database products the suite runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Product {
    Sqlite,
    Postgres,
}

impl Product {
    /// Whether tests can run on it here. `scripts/test` says so in its closing line; `.ci/run` makes an absence a failure.
    pub fn is_available(self) -> bool {
        match self {
            Self::Sqlite => true,
            Self::Postgres => cluster().is_some(),
        }
    }
}

/// The master key of every test.
pub fn master_key() -> String {
    base64::prelude::BASE64_STANDARD.encode([7_u8; 32])
}

/// How the server is told which database to open.
pub fn arguments(url: String) -> DatabaseArgs {
    DatabaseArgs {
        database_url: url,
        database_schema: "public".into(),
        database_connections: 6,
        master_key: Some(master_key()),
        master_key_file: None,
    }
}

/// A test's own database; removed when the test ends.
pub struct TestDatabase {
    pub url: String,
    // Keeps the folder of a SQLite file.
    _folder: Option<tempfile::TempDir>,
    postgres: Option<String>,
}

struct Template {
    source: String,
    fixture: Fixture,
    _folder: Option<tempfile::TempDir>,
}

/// A folder for a database while it is tested: in memory where `scripts/test` found room there, because most of what making and dropping
/// databases costs is the file system. Not in `TMPDIR`: that may be closed to the server's user.
fn folder(prefix: &str) -> tempfile::TempDir {
    let within = std::env::var_os("APPRODO_TEST_FOLDER").map_or_else(|| PathBuf::from("/tmp"), PathBuf::from);
    tempfile::Builder::new().prefix(prefix).tempdir_in(within).expect("a temporary folder")
}

static COUNT: AtomicU32 = AtomicU32::new(0);

fn unique(prefix: &str) -> String {
    format!("{prefix}_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

impl TestDatabase {
    /// A furnished copy with what is in it.
    pub fn new(product: Product) -> (Self, Fixture) {
        match product {
            Product::Sqlite => {
                let template = sqlite_template();
                let folder = folder("approdo-sqlite-");
                let file = folder.path().join("test.db");
                std::fs::copy(&template.source, &file).expect("the template can be copied");
                let url = format!("sqlite://{}", file.display());
                (Self { url, _folder: Some(folder), postgres: None }, template.fixture.clone())
            }
            Product::Postgres => {
                let template = postgres_template();
                let name = unique("approdo_test");
                admin(&format!("CREATE DATABASE {name} TEMPLATE {}", template.source));
                let url = format!("{}/{name}", cluster().expect("checked before").base);
                (Self { url, _folder: None, postgres: Some(name) }, template.fixture.clone())
            }
        }
    }

    /// An empty one, not even migrated.
    pub fn empty(product: Product) -> Self {
        match product {
            Product::Sqlite => {
                let folder = folder("approdo-sqlite-");
                let url = format!("sqlite://{}", folder.path().join("empty.db").display());
                Self { url, _folder: Some(folder), postgres: None }
            }
            Product::Postgres => {
                let name = unique("approdo_empty");
                admin(&format!("CREATE DATABASE {name}"));
                let url = format!("{}/{name}", cluster().expect("checked before").base);
                Self { url, _folder: None, postgres: Some(name) }
            }
        }
    }

    pub fn arguments(&self) -> DatabaseArgs {
        arguments(self.url.clone())
    }

    /// A connection of the test's own.
    pub fn connection(&self) -> approdo_db::Connection {
        server::connect(&server::open_database(&self.arguments()).expect("opens")).expect("answers")
    }

    /// Lets a server with `--demo` take it for a demonstration.
    pub fn mark_as_demonstration(&self) {
        use diesel::prelude::*;
        let row = (settings::name.eq(demo::MARK), settings::value.eq("a test"));
        diesel::insert_into(settings::table).values(row).execute(&mut self.connection()).expect("marked");
    }

    /// Keeps the database as it is now, in the way of its product. On PostgreSQL nobody may be connected.
    pub fn dump(&self) -> String {
        match &self.postgres {
            Some(name) => {
                let copy = unique("approdo_dump");
                admin(&format!("CREATE DATABASE {copy} TEMPLATE {name}"));
                copy
            }
            None => {
                let file = format!("{}.dump", self.file());
                let made = super::process::command().args(["backup", "--database-url", &self.url, &file]).status();
                assert!(made.expect("the program runs").success(), "the backup failed");
                file
            }
        }
    }

    /// Puts a dump in the database's place. Nobody may be connected.
    pub fn restore(&self, dump: &str) {
        match &self.postgres {
            Some(name) => {
                admin(&format!("DROP DATABASE {name} WITH (FORCE)"));
                admin(&format!("ALTER DATABASE {dump} RENAME TO {name}"));
            }
            None => {
                for rest in ["-wal", "-shm"] {
                    let _ = std::fs::remove_file(format!("{}{rest}", self.file()));
                }
                std::fs::copy(dump, self.file()).expect("the dump can be copied");
            }
        }
    }

    fn file(&self) -> &str {
        self.url.strip_prefix("sqlite://").expect("a SQLite file")
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Some(name) = &self.postgres {
            admin(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

fn sqlite_template() -> &'static Template {
    static TEMPLATE: OnceLock<Template> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("template.db");
        let fixture = fixture::furnish(&arguments(format!("sqlite://{}", file.display())));
        // Everything into the one file that is copied.
        let mut connection =
            diesel::SqliteConnection::establish(&file.display().to_string()).expect("the template opens");
        connection.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)").expect("a checkpoint");
        Template { source: file.display().to_string(), fixture, _folder: Some(folder) }
    })
}

fn postgres_template() -> &'static Template {
    static TEMPLATE: OnceLock<Template> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let name = unique("approdo_template");
        admin(&format!("CREATE DATABASE {name}"));
        let url = format!("{}/{name}", cluster().expect("checked before").base);
        let fixture = fixture::furnish(&arguments(url));
        Template { source: name, fixture, _folder: None }
    })
}

/// A PostgreSQL server: one given by `TEST_DATABASE_URL`, or a private one.
pub struct Cluster {
    /// The URL up to the database's name.
    pub base: String,
}

/// Runs a statement in the server's maintenance database. One at a time: a template cannot be copied twice at once.
fn admin(statement: &str) {
    static ONE_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let url = format!("{}/postgres", cluster().expect("checked before").base);
    let mut connection = PgConnection::establish(&url).expect("the test server answers");
    connection.batch_execute(statement).unwrap_or_else(|error| panic!("{statement}: {error}"));
}

/// The server of this test run; none where its programs are not installed.
pub fn cluster() -> Option<&'static Cluster> {
    static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();
    CLUSTER
        .get_or_init(|| {
            if let Ok(url) = std::env::var("TEST_DATABASE_URL") {
                let (base, _) = url.rsplit_once('/').expect("TEST_DATABASE_URL names a database");
                return Some(Cluster { base: base.to_owned() });
            }
            let programs = programs()?;
            Some(PrivateCluster::start(&programs, true).serve_until_the_tests_end())
        })
        .as_ref()
}

/// Where PostgreSQL's server programs are.
pub fn programs() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("APPRODO_TEST_PG_BINDIR") {
        return Some(PathBuf::from(folder));
    }
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let folder = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
    folder.join("initdb").exists().then_some(folder)
}

/// A server of one's own, in a temporary folder.
pub struct PrivateCluster {
    pub base: String,
    pub folder: PathBuf,
    programs: PathBuf,
    port: u16,
}

/// A command as the user that may run the server: it refuses root.
fn as_server_user(program: &Path) -> Command {
    let is_root = std::fs::metadata("/proc/self").map(|data| std::os::unix::fs::MetadataExt::uid(&data) == 0);
    let mut command = if is_root.unwrap_or(false) {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    command.current_dir("/tmp").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

impl PrivateCluster {
    /// Makes and starts a server. Without `durable` it does not wait for the disk: a killed process loses nothing by that.
    pub fn start(programs: &Path, forgetful: bool) -> Self {
        let folder = folder("approdo-pg-").keep();
        // The server's user must own it.
        let _ = Command::new("chown").arg("postgres").arg(&folder).stderr(Stdio::null()).status();
        let data = folder.join("data");
        let made = as_server_user(&programs.join("initdb"))
            .args(["--auth=trust", "--username=approdo", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "-D"])
            .arg(&data)
            .status()
            .expect("initdb runs");
        assert!(made.success(), "initdb failed");
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
        let cluster =
            Self { base: format!("postgres://approdo@127.0.0.1:{port}"), folder, programs: programs.into(), port };
        let fsync = if forgetful { "fsync = off\nfull_page_writes = off\n" } else { "" };
        let settings = format!(
            "port = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\nmax_connections = 300\n\
             shared_buffers = 64MB\nmax_wal_size = 256MB\nlogging_collector = off\n{fsync}"
        );
        let file = cluster.folder.join("data/postgresql.auto.conf");
        std::fs::write(&file, settings).expect("the settings can be written");
        cluster.up();
        cluster
    }

    fn control(&self, arguments: &[&str]) -> bool {
        as_server_user(&self.programs.join("pg_ctl"))
            .arg("-D")
            .arg(self.folder.join("data"))
            .args(arguments)
            .status()
            .is_ok_and(|status| status.success())
    }

    /// Starts the server and waits until it answers.
    pub fn up(&self) {
        let log = self.folder.join("data/server.log");
        let log = log.to_str().expect("a plain path");
        assert!(
            self.control(&["-w", "-t", "60", "-l", log, "start"]),
            "PostgreSQL did not start on port {}",
            self.port
        );
    }

    /// Stops it, cutting its connections.
    pub fn down(&self) {
        assert!(self.control(&["-w", "-m", "fast", "stop"]), "PostgreSQL did not stop");
    }

    /// `kill -9` of the server and its children.
    pub fn kill(&self) {
        let pid_file = self.folder.join("data/postmaster.pid");
        let text = std::fs::read_to_string(pid_file).expect("the server runs");
        let pid = text.lines().next().expect("its id").to_owned();
        // Children notice the death of their parent and leave by themselves.
        let _ = Command::new("kill").args(["-9", &pid]).status();
        std::thread::sleep(std::time::Duration::from_millis(500));
        let _ = std::fs::remove_file(self.folder.join("data/postmaster.pid"));
    }

    /// Runs a statement in the maintenance database.
    pub fn admin(&self, statement: &str) {
        let mut connection = PgConnection::establish(&format!("{}/postgres", self.base)).expect("the server answers");
        connection.batch_execute(statement).unwrap_or_else(|error| panic!("{statement}: {error}"));
    }

    // Statics are not dropped when the tests end, so a small process outlives them and cleans up.
    fn serve_until_the_tests_end(self) -> Cluster {
        let script = format!(
            "while kill -0 {} 2>/dev/null; do sleep 0.5; done; kill -QUIT $(head -1 {folder}/data/postmaster.pid); sleep 1; \
             rm -rf {folder}",
            std::process::id(),
            folder = self.folder.display()
        );
        Command::new("setsid")
            .args(["--fork", "sh", "-c", &script])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .expect("a process to clean up");
        let cluster = Cluster { base: self.base.clone() };
        std::mem::forget(self);
        cluster
    }
}

impl Drop for PrivateCluster {
    fn drop(&mut self) {
        let _ = self.control(&["-m", "immediate", "stop"]);
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The key that wraps every test's keys.
pub fn master() -> MasterKey {
    MasterKey::parse(&master_key()).expect("a well-formed key")
}
