//! The territories as a process keeps them in memory: read once, and again after they changed.
//!
//! The database has a version of them, which every transaction that changes them draws anew as the last thing it does. Whoever wants the
//! territories asks for that version first, so no process goes on with what another one has changed. As the transactions that change them
//! all write that one row, they commit one after another, and a version stands for what one of them left. It is random: neither
//! a rollback nor a restored dump makes one mean something else.

use std::sync::Arc;

use approdo_db::schema::settings;
use approdo_db::{Connection, on_backend};
use diesel::prelude::*;
use parking_lot::RwLock;
use uuid::Uuid;

use crate::access::keys::random;
use crate::error::ApiResult;
use crate::territory::recast::Moves;
use crate::territory::subtree::Tree;

/// The setting that holds the version.
const VERSION: &str = "territories_version";

/// What changes of these resources are changes of the territories.
pub const RESOURCES: [&str; 3] = ["territory", "territory_event", "membership"];

/// Every territory there is, where each lay, and whose people became whose.
#[derive(Debug, Default, Clone)]
pub struct Territories {
    pub tree: Arc<Tree>,
    pub moves: Arc<Moves>,
}

impl Territories {
    fn read(connection: &mut Connection) -> QueryResult<Self> {
        Ok(Self { tree: Arc::new(Tree::read(connection)?), moves: Arc::new(Moves::read(connection)?) })
    }
}

/// The territories, under the version that they were read with; nothing before somebody has asked for them.
#[derive(Debug, Default)]
pub struct KeptTerritories(RwLock<Option<(String, Territories)>>);

impl KeptTerritories {
    /// The territories as they are at this moment. Not within a transaction: what it has changed itself may come to nothing.
    pub fn present(&self, connection: &mut Connection) -> ApiResult<Territories> {
        if let Some(present) = version(connection)?
            && let Some((of, kept)) = &*self.0.read()
            && *of == present
        {
            return Ok(kept.clone());
        }
        let (version, read) = connection
            .snapshot(|connection| QueryResult::Ok((version(connection)?, Territories::read(connection)?)))?;
        // Where another one has put in newer ones meanwhile, they come back with the next question.
        *self.0.write() = version.map(|version| (version, read.clone()));
        Ok(read)
    }
}

fn version(connection: &mut Connection) -> QueryResult<Option<String>> {
    settings::table.find(VERSION).select(settings::value).first(connection).optional()
}

/// Gives changed territories another version: last in a transaction, which then waits for nobody but others about to commit.
pub fn renew(connection: &mut Connection) -> ApiResult<()> {
    let version = Uuid::from_bytes(random()?).to_string();
    on_backend!(connection, c => diesel::insert_into(settings::table)
        .values((settings::name.eq(VERSION), settings::value.eq(&version)))
        .on_conflict(settings::name)
        .do_update()
        .set(settings::value.eq(&version))
        .execute(c))?;
    Ok(())
}
