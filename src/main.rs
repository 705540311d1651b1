//! The command line.

use approdo::access::grants::{self, NewGrant};
use approdo::access::keys::{KeyId, Keys};
use approdo::access::sessions::INVITATION_HOURS;
use approdo::access::users::{self, NewUser};
use approdo::access::{GrantId, OrganisationId, PrincipalId, Role, TerritoryId};
use approdo::config::{DatabaseArgs, ServeArgs};
use approdo::contents::s3::S3Secrets;
use approdo::directory::organisation_handlers as organisations;
use approdo::directory::organisations::OrganisationRow;
use approdo::error::{ApiError, StartError};
use approdo::server::{self, Parts};
use approdo::{demo, openapi, sync, territory, work};
use approdo_db::migrate;
use clap::{Args, Parser, Subcommand};
use diesel::prelude::*;
use tikv_jemallocator::Jemalloc;

// Pages are made on one thread and sent from another, in pieces of every size: the C library's allocator spends a sixth of such a request
// (docs/performance.md). SQLite and libpq allocate from it too.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

#[derive(Parser)]
#[command(name = "approdo", version, about = "Integration management for municipalities, their unions and regions")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Migrate the database and serve the API.
    Serve(Box<ServeArgs>),
    /// Migrate the database.
    Migrate(MigrateArgs),
    /// The demonstration data.
    #[command(subcommand)]
    Demo(DemoCommand),
    /// The keys that sign tokens and seal cursors.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Users, from the command line: the first administrator.
    #[command(subcommand)]
    User(UserCommand),
    /// Data from files.
    #[command(subcommand)]
    Import(ImportCommand),
    /// Copy a SQLite database while it is being served.
    Backup(BackupArgs),
    /// Print the contract.
    Openapi,
    /// Print who may do what.
    Policy,
    /// Verify the audit chain.
    Check(DatabaseArgs),
    /// Ask a server whether it is ready; for health checks.
    Health(HealthArgs),
}

#[derive(Args)]
struct MigrateArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    /// Only tell what would run; exit code 1 where something would.
    #[arg(long)]
    check: bool,
}

#[derive(Subcommand)]
enum DemoCommand {
    /// Print one caller a role, with its credentials.
    Callers(CallersArgs),
    /// Load many invented cases into an empty database, for measurements.
    Load(LoadArgs),
}

#[derive(Args)]
struct LoadArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    #[arg(long)]
    cases: usize,
}

#[derive(Args)]
struct CallersArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    /// As JSON.
    #[arg(long)]
    json: bool,
    /// Every caller instead of one a role.
    #[arg(long)]
    all: bool,
}

#[derive(Subcommand)]
enum KeysCommand {
    /// Print the keys that verify: id, purpose, when made, which are in use.
    List(DatabaseArgs),
    /// Add a key; it is used ten minutes later, when every process knows it.
    Add(AddKeyArgs),
    /// Retire a key that is not in use: what it signed or sealed is refused within seconds.
    Retire(RetireKeyArgs),
}

#[derive(Args)]
struct AddKeyArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    #[arg(value_parser = ["signing", "cursor"])]
    purpose: String,
    /// Use it at once, because the present one has leaked; processes may refuse its tokens for some seconds.
    #[arg(long)]
    at_once: bool,
}

#[derive(Args)]
struct RetireKeyArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    id: uuid::Uuid,
}

#[derive(Subcommand)]
enum UserCommand {
    /// Invite a system administrator. Makes the root organisation where there is none.
    Invite(InviteArgs),
}

#[derive(Args)]
struct InviteArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    #[arg(long)]
    username: String,
    #[arg(long)]
    display_name: String,
    /// The name of the root organisation, where it has to be made.
    #[arg(long, default_value = "Deployment")]
    organisation: String,
}

#[derive(Subcommand)]
enum ImportCommand {
    /// Territories from CSV files of ISTAT, ANPR, IPA and Destatis, told apart by their headers. Prints a report as JSON; again, it changes
    /// nothing.
    Territory(ImportTerritoryArgs),
}

#[derive(Args)]
struct ImportTerritoryArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    /// The day of lists whose file name says none. Without it, lists of municipalities without a day are not read: what a list lacks
    /// has ended, so it matters which one is the latest.
    #[arg(long)]
    as_of: Option<chrono::NaiveDate>,
    /// Folders with CSV files, and files.
    #[arg(required = true)]
    places: Vec<std::path::PathBuf>,
}

#[derive(Args)]
struct BackupArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    /// The file to write; it must not exist.
    file: std::path::PathBuf,
}

#[derive(Args)]
struct HealthArgs {
    /// Where the server listens.
    #[arg(long, env = "APPRODO_BIND", default_value = "127.0.0.1:8080")]
    bind: std::net::SocketAddr,
}

fn main() -> std::process::ExitCode {
    let environment = env_logger::Env::default().default_filter_or("info,actix_server=warn");
    env_logger::Builder::from_env(environment).target(env_logger::Target::Stderr).init();
    match run(Cli::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("approdo: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}

type Outcome = Result<std::process::ExitCode, StartError>;
const DONE: Outcome = Ok(std::process::ExitCode::SUCCESS);

fn run(command: Command) -> Outcome {
    match command {
        Command::Serve(mut args) => {
            args.attachments.s3_secrets = S3Secrets::of_environment();
            serve(&args)
        }
        Command::Migrate(args) => migrate_database(&args),
        Command::Demo(DemoCommand::Callers(args)) => print_callers(&args),
        Command::Demo(DemoCommand::Load(args)) => load(&args),
        Command::Keys(command) => keys(&command),
        Command::User(UserCommand::Invite(args)) => invite(&args),
        Command::Import(ImportCommand::Territory(args)) => import_territory(&args),
        Command::Backup(args) => backup(&args),
        Command::Openapi => {
            print!("{}", openapi::text());
            DONE
        }
        Command::Policy => {
            print!("{}", approdo::access::policy::grid());
            DONE
        }
        Command::Check(args) => check(&args),
        Command::Health(args) => health(&args),
    }
}

fn serve(args: &ServeArgs) -> Outcome {
    actix_web::rt::System::new()
        .block_on(async {
            let mut listening = server::start(args)?;
            listening.begin().await?;
            let base = listening.app().settings.public_url.clone();
            println!("Approdo listens on http://{}", listening.address);
            println!("Swagger UI: {base}/docs/");
            if args.demo {
                println!("Demonstration callers (also: approdo demo callers --json):");
                for caller in demo::callers::shown(listening.app().keys.master())? {
                    println!("  {}", serde_json::to_string(&caller)?);
                }
            }
            listening.run().await?;
            Ok(())
        })
        .and(DONE)
}

fn migrate_database(args: &MigrateArgs) -> Outcome {
    let database = server::open_database(&args.database)?;
    if args.check && database.options().url.file().is_some_and(|file| !file.exists()) {
        println!("there is no database yet");
        return Ok(std::process::ExitCode::FAILURE);
    }
    let mut connection = server::connect(&database)?;
    if !args.check {
        for version in migrate::run(&mut connection, &database.options().schema)? {
            println!("ran {version}");
        }
        return DONE;
    }
    match migrate::state(&mut connection)? {
        migrate::State::Current => {
            println!("the schema is current");
            DONE
        }
        migrate::State::Behind(pending) => {
            pending.iter().for_each(|version| println!("would run {version}"));
            Ok(std::process::ExitCode::FAILURE)
        }
    }
}

fn print_callers(args: &CallersArgs) -> Outcome {
    let database = server::open_database(&args.database)?;
    let master = server::master_key(&args.database, &database.options().url, true)?;
    let callers = if args.all { demo::callers::everyone(&master)? } else { demo::callers::shown(&master)? };
    if args.json {
        println!("{}", serde_json::to_string_pretty(&callers)?);
    } else {
        for caller in callers {
            println!("{}", serde_json::to_string(&caller)?);
        }
    }
    DONE
}

fn load(args: &LoadArgs) -> Outcome {
    let running = server::assemble(&args.database, Parts::offline(true))?;
    if demo::bulk::cases_loaded(&running.app).map_err(told)? > 0 {
        return Err("this database holds cases already".into());
    }
    demo::bulk::load(&running.app, args.cases).map_err(told)?;
    println!("password of bench_municipality, bench_city, bench_region, bench_country, bench_sync:");
    println!("{}", running.app.keys.master().derive("bulk load"));
    running.stop();
    DONE
}

fn import_territory(args: &ImportTerritoryArgs) -> Outcome {
    let running = server::assemble(&args.database, Parts::offline(false))?;
    let report = territory::import::run(&running.app, &args.places, args.as_of).map_err(told)?;
    running.stop();
    println!("{}", serde_json::to_string_pretty(&report)?);
    DONE
}

fn told(error: ApiError) -> StartError {
    error.cause().map_or_else(|| format!("{error:?}"), str::to_owned).into()
}

fn invite(args: &InviteArgs) -> Outcome {
    use approdo_db::schema::{organisations as organisations_table, territories};
    let running = server::assemble(&args.database, Parts::offline(false))?;
    let invited = work::run_as_system(&running.app, "bootstrap", |unit| {
        let root: Option<OrganisationId> = organisations_table::table
            .filter(organisations_table::parent_id.is_null())
            .order(organisations_table::id)
            .select(organisations_table::id)
            .first(unit.connection)
            .optional()?;
        let organisation_id = match root {
            Some(root) => root,
            None => {
                let root = OrganisationRow::new(unit.now, args.organisation.clone(), "other".into(), None);
                organisations::add(unit, &root)?;
                root.id
            }
        };
        let id = PrincipalId::new();
        let user = NewUser {
            username: args.username.clone(),
            display_name: args.display_name.clone(),
            email: None,
            organisation_id,
        };
        let invitation = users::invite(unit, id, &user)?;
        let roots: Vec<TerritoryId> = territories::table
            .filter(territories::parent_id.is_null())
            .select(territories::id)
            .load(unit.connection)?;
        let grant = NewGrant {
            principal_id: id,
            role: Role::SystemAdministrator,
            organisation_id,
            territory_ids: roots,
            target_groups: Vec::new(),
        };
        grants::give(unit, GrantId::new(), &grant)?;
        Ok(invitation)
    })
    .map_err(told)?;
    running.stop();
    println!("Redeem within {INVITATION_HOURS} hours at POST /auth/passwords:");
    println!("{}", serde_json::to_string(&invited)?);
    DONE
}

fn keys(command: &KeysCommand) -> Outcome {
    let args = match command {
        KeysCommand::List(args) => args,
        KeysCommand::Add(args) => &args.database,
        KeysCommand::Retire(args) => &args.database,
    };
    let database = server::open_database(args)?;
    if database.options().url.file().is_some_and(|file| !file.exists()) {
        return Err("there is no such database".into());
    }
    let keys = Keys::new(server::master_key(args, &database.options().url, false)?);
    let mut connection = server::connect(&database)?;
    keys.load(&mut connection).map_err(told)?;
    match command {
        KeysCommand::List(_) => {
            for (id, purpose, made_at, in_use) in keys.listed() {
                println!("{id} {purpose} {made_at}{}", if in_use { " in use" } else { "" });
            }
        }
        KeysCommand::Add(args) if args.at_once => {
            println!("{}", keys.add_for_use_at_once(&mut connection, &args.purpose).map_err(told)?);
        }
        KeysCommand::Add(args) => println!("{}", keys.add(&mut connection, &args.purpose).map_err(told)?),
        KeysCommand::Retire(args) => keys.retire(&mut connection, KeyId::from(args.id)).map_err(told)?,
    }
    DONE
}

fn backup(args: &BackupArgs) -> Outcome {
    let database = server::open_database(&args.database)?;
    let Some(file) = database.options().url.file() else {
        return Err("backup copies SQLite files; for PostgreSQL use pg_dump or your provider's backups".into());
    };
    if !file.exists() {
        return Err("there is no such database".into());
    }
    if args.file.exists() {
        return Err(format!("{} exists already", args.file.display()).into());
    }
    let target = args.file.to_str().ok_or("the file name must be UTF-8")?;
    let mut connection = server::connect(&database)?;
    diesel::sql_query("VACUUM INTO ?").bind::<diesel::sql_types::Text, _>(target).execute(&mut connection)?;
    std::fs::File::open(&args.file)?.sync_all()?;
    println!("copied to {}; keep the master key with it, but not beside it", args.file.display());
    DONE
}

fn check(args: &DatabaseArgs) -> Outcome {
    let database = server::open_database(args)?;
    if database.options().url.file().is_some_and(|file| !file.exists()) {
        return Err("there is no such database".into());
    }
    let mut connection = server::connect(&database)?;
    match sync::seals::verify_all(&mut connection)? {
        (seals, None) => {
            println!("{seals} seals verified: the audit trail is intact");
            DONE
        }
        (seals, Some((broken, verdict))) => {
            println!("{seals} seals hold; seal {broken} does not: {verdict:?}");
            Ok(std::process::ExitCode::FAILURE)
        }
    }
}

fn health(args: &HealthArgs) -> Outcome {
    use std::io::{Read as _, Write as _};
    let mut address = args.bind;
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    let timeout = std::time::Duration::from_secs(5);
    let mut stream = std::net::TcpStream::connect_timeout(&address, timeout)?;
    stream.set_read_timeout(Some(timeout))?;
    write!(stream, "GET /health/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer)?;
    if answer.ends_with(b" 200") { DONE } else { Err("the server is not ready".into()) }
}
