//! Whether the rights a request works with are the caller's present ones.
//!
//! A request begins with the rights this process remembers. The first statement it runs brings the caller's epoch along in a
//! column of its own, so that the check costs no round trip; a request whose statements bring none asks for it at its end.
//! Rights that turn out to be old make the work begin again, before anything has left the house.

use approdo_db::{Connection, Prepared};
use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;
use diesel::query_dsl::LoadQuery;
use diesel::sql_types::{BigInt, Nullable};

use crate::access::queries;
use crate::access::tokens::Bearer;
use crate::error::{ApiError, ApiResult};

/// Rows from which on as many are taken to come as a usual page has.
const FEW: usize = 4;
const PAGE: usize = 50;

/// How far the rights in use are known to be present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    Unconfirmed,
    Present,
    Old,
}

/// The epoch of the rights in use, and whether the database has it still.
#[derive(Debug)]
pub struct Standing {
    bearer: Bearer,
    epoch: i64,
    known: Known,
}

impl Standing {
    /// Rights that were remembered under this epoch.
    pub fn remembered(bearer: Bearer, epoch: i64) -> Self {
        Self { bearer, epoch, known: Known::Unconfirmed }
    }

    /// Rights that were read just now.
    pub fn present(bearer: Bearer, epoch: i64) -> Self {
        Self { bearer, epoch, known: Known::Present }
    }

    /// The deployment's own, which nobody can take away.
    pub fn of_system() -> Self {
        Self::present(Bearer::of_system(), 0)
    }

    /// Whether the rights turned out to be old.
    pub fn is_old(&self) -> bool {
        self.known == Known::Old
    }

    fn compare(&mut self, epoch: Option<i64>) -> ApiResult<()> {
        if epoch == Some(self.epoch) {
            self.known = Known::Present;
            Ok(())
        } else {
            self.known = Known::Old;
            Err(ApiError::fault("the rights in use are old"))
        }
    }

    /// Asks for the epoch where no statement has brought it.
    pub fn confirm(&mut self, connection: &mut Connection) -> ApiResult<()> {
        match self.known {
            Known::Present => Ok(()),
            Known::Unconfirmed => {
                let standing = queries::standing(connection, self.bearer.session)?;
                let alive = standing.filter(|standing| standing.is_alive(&self.bearer));
                self.compare(alive.map(|standing| standing.auth_epoch))
            }
            Known::Old => self.compare(None),
        }
    }

    // No row where the session has ended or the caller is not active: null, which equals no epoch.
    fn epoch_column(&self) -> Prepared<Nullable<BigInt>> {
        Prepared::new("(SELECT p.auth_epoch FROM sessions s JOIN principals p ON p.id = s.principal_id WHERE s.id = ")
            .bind(self.bearer.session)
            .sql(" AND p.id = ")
            .bind(self.bearer.principal)
            .sql(" AND p.status = 'active' AND s.revoked_at IS NULL)")
    }

    /// Runs a query, and lets it bring the epoch where that is still wanted.
    fn load<ST, T>(&mut self, connection: &mut Connection, statement: Prepared<ST>) -> ApiResult<Vec<T>>
    where
        for<'q> Prepared<(ST, Nullable<BigInt>)>: LoadQuery<'q, Connection, (T, Option<i64>)>,
        for<'q> Prepared<ST>: LoadQuery<'q, Connection, T>,
    {
        if self.known != Known::Unconfirmed {
            return Ok(statement.load(connection)?);
        }
        let statement = statement
            .with_column(self.epoch_column())
            .ok_or_else(|| ApiError::fault("a statement without a list of columns"))?;
        let mut rows = Vec::new();
        for row in statement.load_iter::<_, DefaultLoadingMode>(connection)? {
            let (row, epoch): (T, Option<i64>) = row?;
            if rows.is_empty() {
                self.compare(epoch)?;
            }
            // The connection does not tell how many come: either one, or a page of them, which are not to be moved again and again.
            if rows.len() == FEW {
                rows.reserve(PAGE);
            }
            rows.push(row);
        }
        Ok(rows)
    }
}

/// Whatever asks the database for a caller: a read, or a command.
pub trait Asks {
    fn parts(&mut self) -> (&mut Connection, &mut Standing);

    /// The rows of a query that was begun by `Prepared::select`.
    fn load<ST, T>(&mut self, statement: Prepared<ST>) -> ApiResult<Vec<T>>
    where
        for<'q> Prepared<(ST, Nullable<BigInt>)>: LoadQuery<'q, Connection, (T, Option<i64>)>,
        for<'q> Prepared<ST>: LoadQuery<'q, Connection, T>,
    {
        let (connection, standing) = self.parts();
        standing.load(connection, statement)
    }

    /// The only row of a query, if there is one.
    fn first<ST, T>(&mut self, statement: Prepared<ST>) -> ApiResult<Option<T>>
    where
        for<'q> Prepared<(ST, Nullable<BigInt>)>: LoadQuery<'q, Connection, (T, Option<i64>)>,
        for<'q> Prepared<ST>: LoadQuery<'q, Connection, T>,
    {
        Ok(self.load(statement)?.into_iter().next())
    }

    /// The only row of a query; 404 where there is none.
    fn one<ST, T>(&mut self, statement: Prepared<ST>) -> ApiResult<T>
    where
        for<'q> Prepared<(ST, Nullable<BigInt>)>: LoadQuery<'q, Connection, (T, Option<i64>)>,
        for<'q> Prepared<ST>: LoadQuery<'q, Connection, T>,
    {
        self.first(statement)?.ok_or_else(ApiError::not_found)
    }

    /// The same, with the row of the table aliased `r` locked until the transaction ends. SQLite has locked the whole file
    /// already, by `BEGIN IMMEDIATE`.
    fn lock<ST, T>(&mut self, statement: Prepared<ST>) -> ApiResult<T>
    where
        for<'q> Prepared<(ST, Nullable<BigInt>)>: LoadQuery<'q, Connection, (T, Option<i64>)>,
        for<'q> Prepared<ST>: LoadQuery<'q, Connection, T>,
    {
        let statement = if self.parts().0.is_sqlite() { statement } else { statement.sql(" FOR UPDATE OF r") };
        self.one(statement)
    }
}
