//! A furnished database served by processes of its own.

use approdo::server;
use approdo_db::Connection;
use serde_json::{Value, json};

use crate::support::database::{self, PrivateCluster};
use crate::support::process::ServerProcess;
use crate::support::{Client, Fixture, InProcess, Product, SECRET, TestDatabase, fixture, serve_args};

/// A database with furniture and the processes that serve it.
pub struct Deployment {
    // Dropped first: the processes leave their database before that is removed.
    pub processes: Vec<ServerProcess>,
    pub fixture: Fixture,
    pub database: TestDatabase,
}

impl Deployment {
    pub fn new(product: Product, processes: usize) -> Self {
        let (database, fixture) = TestDatabase::new(product);
        let processes = (0..processes).map(|_| ServerProcess::start(&database.url)).collect();
        Self { processes, fixture, database }
    }

    pub fn base(&self) -> &str {
        &self.processes[0].base
    }

    pub fn maria(&self) -> Client {
        log_in(self.base(), &self.fixture, "maria_case_manager")
    }

    /// A look into the database, past the server.
    pub fn connection(&self) -> Connection {
        connection(&self.database.url)
    }
}

/// A PostgreSQL of its own, which keeps what it has promised, with a server in this process.
pub struct Fragile {
    pub server: InProcess,
    pub fixture: Fixture,
    pub url: String,
    pub cluster: PrivateCluster,
}

impl Fragile {
    /// None where PostgreSQL's server programs are not installed.
    pub fn new() -> Option<Self> {
        let Some(programs) = database::programs() else {
            eprintln!("skipped: PostgreSQL's server programs are not installed");
            return None;
        };
        let cluster = PrivateCluster::start(&programs, false);
        cluster.admin("CREATE DATABASE approdo");
        let url = format!("{}/approdo", cluster.base);
        let fixture = fixture::furnish(&database::arguments(url.clone()));
        let server = InProcess::start(serve_args(database::arguments(url.clone())));
        Some(Self { server, fixture, url, cluster })
    }

    pub fn maria(&self) -> Client {
        log_in(&self.server.base, &self.fixture, "maria_case_manager")
    }
}

/// A connection of the test's own.
pub fn connection(url: &str) -> Connection {
    server::connect(&server::open_database(&database::arguments(url.to_owned())).expect("a URL")).expect("it answers")
}

/// A user of the fixture, logged in.
pub fn log_in(base: &str, fixture: &Fixture, name: &str) -> Client {
    let caller = fixture.callers.iter().find(|caller| caller.name == name).expect("a caller of the fixture");
    log_in_with(base, caller.name, SECRET)
}

pub fn log_in_with(base: &str, username: &str, password: &str) -> Client {
    let form = [("grant_type", "password"), ("username", username), ("password", password)];
    let answer = Client::new(base).form("/auth/token", &form).expect(200);
    Client::new(base).with_token(answer.json()["access_token"].as_str().expect("a token"))
}

/// Registers a person in Udine and gives the person's id.
pub fn person_in_udine(maria: &Client, fixture: &Fixture) -> String {
    let person = json!({
        "owner_org_id": fixture.comune_udine, "territory_id": fixture.udine, "given_name": "Amina",
        "family_name": "Diallo", "date_of_birth": "1996-02-11", "citizenships": ["ML"], "languages": ["fr"],
    });
    maria.post("/people", &person).expect(201).id()
}

/// A case to be opened that can leave intake.
pub fn new_case(fixture: &Fixture, person: &str) -> Value {
    let maria = fixture.callers.iter().find(|caller| caller.name == "maria_case_manager").expect("Maria");
    json!({
        "person_id": person, "target_group": "refugee", "arrived_on": "2026-03-01", "legal_basis": "public_task", "case_manager_id": maria.id,
    })
}

/// A new case of a new person.
pub fn case_in_udine(maria: &Client, fixture: &Fixture) -> String {
    let person = person_in_udine(maria, fixture);
    maria.post("/cases", &new_case(fixture, &person)).expect(201).id()
}

/// Every row of a list, page by page.
pub fn all(client: &Client, list: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut next = Some(list.to_owned());
    while let Some(page) = next {
        let page = client.get(&page).expect(200).json();
        rows.extend(page["items"].as_array().expect("rows").clone());
        next = page["_links"]["next"].as_str().map(str::to_owned);
    }
    rows
}
