//! Many rows in one statement, on PostgreSQL: each column is one array, so that the text of the statement, and with it its plan,
//! is the same for any number of rows. SQLite has no round trips to save and inserts row by row.

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Binary, Nullable, Text};
use diesel::{PgConnection, QueryResult, RunQueryDsl};

use crate::types::{Instant, RowId, Timestamp, Uuid};

/// One column of the rows to insert.
#[derive(Debug, Clone)]
pub enum Column {
    Uuids(Vec<Option<RowId>>),
    Texts(Vec<Option<String>>),
    Instants(Vec<Timestamp>),
    Bytes(Vec<Option<Vec<u8>>>),
    BigInts(Vec<i64>),
}

/// A statement over whole columns: `INSERT … SELECT … FROM unnest($1, $2)`.
#[derive(Debug, Default)]
pub struct ColumnStatement {
    pieces: Vec<Piece>,
}

#[derive(Debug)]
enum Piece {
    Sql(&'static str),
    Column(Column),
}

impl ColumnStatement {
    pub fn new(sql: &'static str) -> Self {
        Self { pieces: vec![Piece::Sql(sql)] }
    }

    /// Adds SQL of the program itself.
    pub fn sql(mut self, sql: &'static str) -> Self {
        self.pieces.push(Piece::Sql(sql));
        self
    }

    /// Adds columns, separated by commas.
    pub fn columns(mut self, columns: impl IntoIterator<Item = Column>) -> Self {
        for (index, column) in columns.into_iter().enumerate() {
            if index > 0 {
                self.pieces.push(Piece::Sql(", "));
            }
            self.pieces.push(Piece::Column(column));
        }
        self
    }
}

impl QueryFragment<Pg> for ColumnStatement {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        for piece in &self.pieces {
            match piece {
                Piece::Sql(sql) => pass.push_sql(sql),
                Piece::Column(Column::Uuids(values)) => pass.push_bind_param::<Array<Nullable<Uuid>>, _>(values)?,
                Piece::Column(Column::Texts(values)) => pass.push_bind_param::<Array<Nullable<Text>>, _>(values)?,
                Piece::Column(Column::Instants(values)) => pass.push_bind_param::<Array<Instant>, _>(values)?,
                Piece::Column(Column::BigInts(values)) => pass.push_bind_param::<Array<BigInt>, _>(values)?,
                Piece::Column(Column::Bytes(values)) => pass.push_bind_param::<Array<Nullable<Binary>>, _>(values)?,
            }
        }
        Ok(())
    }
}

// Without a static id diesel caches the statement by its text.
impl QueryId for ColumnStatement {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<PgConnection> for ColumnStatement {}
