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
use parking_lot::{Mutex, RwLock};
use uuid::Uuid;

use crate::access::keys::random;
use crate::error::ApiResult;
use crate::territory::recast::Moves;
use crate::territory::subtree::Tree;
use crate::territory::{events, memberships, territories};
use crate::work::Change;

/// The setting that holds the version.
const VERSION: &str = "territories_version";

/// What of a territory is not kept here, by the names that its changes have.
const NOT_KEPT: [&str; 2] = ["codes", "figures"];

/// Whether a change may be one of what is kept here.
pub fn are_changed_by(change: &Change) -> bool {
    match change.resource {
        territories::RESOURCE => {
            change.changed.is_empty() || change.changed.iter().any(|member| !NOT_KEPT.contains(member))
        }
        events::RESOURCE | memberships::RESOURCE => true,
        _ => false,
    }
}

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
pub struct KeptTerritories {
    kept: RwLock<Option<(String, Territories)>>,
    /// Held by whoever reads them: one at a time, however many ask.
    reading: Mutex<()>,
}

impl KeptTerritories {
    /// The territories as they are at this moment. Not within a transaction: what it has changed itself may come to nothing.
    pub fn present(&self, connection: &mut Connection) -> ApiResult<Territories> {
        if let Some(kept) = self.kept(connection)? {
            return Ok(kept);
        }
        let _alone = self.reading.lock();
        // The one before may have read what is wanted, and what this one saw before may be of yesterday.
        if let Some(kept) = self.kept(connection)? {
            return Ok(kept);
        }
        let (version, read) = connection
            .snapshot(|connection| QueryResult::Ok((version(connection)?, Territories::read(connection)?)))?;
        *self.kept.write() = version.map(|version| (version, read.clone()));
        Ok(read)
    }

    /// What is kept, where it is of the present version.
    fn kept(&self, connection: &mut Connection) -> QueryResult<Option<Territories>> {
        let Some(present) = version(connection)? else { return Ok(None) };
        let kept = self.kept.read();
        Ok(kept.as_ref().filter(|(of, _)| *of == present).map(|(_, kept)| kept.clone()))
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
