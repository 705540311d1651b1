//! The reference `scripts/bench` measures Approdo against: the same stack with nothing on it. No token, no scope, no policy, no
//! records, no limits: one statement, one answer.
//!
//!     cargo run --release --example bare_server -- DATABASE_URL ADDRESS:PORT

use actix_web::error::ErrorInternalServerError as Failed;
use actix_web::{App, HttpResponse, HttpServer, web};
use approdo::cases::types::{CaseId, CaseRow};
use approdo_db::schema::cases;
use approdo_db::{Database, DatabaseUrl, Options, on_backend};
use diesel::prelude::*;
use serde::Serialize;
use std::time::Duration;
use uuid::Uuid;

type Answer = Result<HttpResponse, actix_web::Error>;

/// Runs a query off the async threads and answers its rows as JSON, serialised there.
async fn answer<T: Serialize>(
    database: web::Data<Database>,
    query: impl FnOnce(&mut approdo_db::Connection) -> QueryResult<T> + Send + 'static,
) -> Answer {
    let body = web::block(move || -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
        let mut connection = database.writer()?;
        Ok(serde_json::to_vec(&query(&mut connection)?)?)
    })
    .await?
    .map_err(Failed)?;
    Ok(HttpResponse::Ok().content_type("application/json").body(body))
}

async fn get(database: web::Data<Database>, id: web::Path<Uuid>) -> Answer {
    answer(database, move |connection| cases::table.find(CaseId(*id)).first::<CaseRow>(connection)).await
}

async fn page(database: web::Data<Database>, territory: web::Path<Uuid>) -> Answer {
    answer(database, move |connection| {
        cases::table
            .filter(cases::territory_id.eq(approdo::access::TerritoryId(*territory)))
            .filter(cases::status.eq("active"))
            .order((cases::opened_on.desc(), cases::id.desc()))
            .limit(51)
            .load::<CaseRow>(connection)
    })
    .await
}

/// Inserts a copy of a case under a new id: the row alone.
async fn create(database: web::Data<Database>, id: web::Path<Uuid>) -> Answer {
    answer(database, move |connection| {
        let mut row: CaseRow = cases::table.find(CaseId(*id)).first(connection)?;
        row.id = CaseId::new();
        row.public_ref = row.id.to_string();
        on_backend!(connection, c => diesel::insert_into(cases::table).values(&row).execute(c))?;
        Ok(row)
    })
    .await
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(url), Some(bind)) = (arguments.next(), arguments.next()) else {
        return Err("usage: bare_server DATABASE_URL ADDRESS:PORT".into());
    };
    let database = web::Data::new(Database::new(Options {
        url: DatabaseUrl::parse(&url)?,
        schema: "public".into(),
        size: 8,
        wait: Duration::from_secs(3),
    }));
    HttpServer::new(move || {
        App::new()
            .app_data(database.clone())
            .route("/cases/{id}", web::get().to(get))
            .route("/territories/{id}/cases", web::get().to(page))
            .route("/cases/{id}", web::post().to(create))
    })
    .workers(2)
    .worker_max_blocking_threads(4)
    .bind(bind)?
    .run()
    .await?;
    Ok(())
}
