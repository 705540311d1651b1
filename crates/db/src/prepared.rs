//! Statements written as SQL that still reach the statement cache.
//!
//! diesel sends `sql_query` and every UPDATE unnamed, to be planned each time. A `Prepared` is cached by its text; its
//! values are always bound. Use it where a query cannot be said in diesel's language, or where planning shows in a
//! profile.

use std::marker::PhantomData;

use chrono::NaiveDate;
use diesel::expression::{AppearsOnTable, Expression, TypedExpressionType, ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Binary, Bool, Date, Nullable, Text};
use diesel::sqlite::Sqlite;
use diesel::{QueryResult, RunQueryDsl};

use crate::connection::{AnyConnection, MultiBackend};
use crate::types::{Document, Instant, Json, RowId, Timestamp, Uuid};

/// A value to bind.
#[derive(Debug, Clone)]
pub enum Value {
    Uuid(RowId),
    OptionalUuid(Option<RowId>),
    Text(String),
    OptionalText(Option<String>),
    BigInt(i64),
    Bool(bool),
    Date(NaiveDate),
    OptionalDate(Option<NaiveDate>),
    Instant(Timestamp),
    Json(Json),
    Bytes(Vec<u8>),
}

#[derive(Debug)]
enum Piece {
    Sql(&'static str),
    Bind(Value),
}

/// A statement in pieces: SQL and values. `ST` is the SQL type of the rows it returns.
#[derive(Debug)]
pub struct Prepared<ST = ()> {
    pieces: Vec<Piece>,
    /// Where the list of selected columns ends, for a query that can take one more.
    columns_end: Option<usize>,
    /// Whether its text comes again so often that the connection should remember it.
    remembered: bool,
    rows: PhantomData<fn() -> ST>,
}

impl<ST> Default for Prepared<ST> {
    fn default() -> Self {
        Self { pieces: Vec::new(), columns_end: None, remembered: true, rows: PhantomData }
    }
}

impl<ST> Prepared<ST> {
    pub fn new(sql: &'static str) -> Self {
        Self::default().sql(sql)
    }

    /// Begins a query by its columns; what follows begins with `FROM`.
    pub fn select(columns: &'static str) -> Self {
        let statement = Self::new("SELECT ").sql(columns);
        Self { columns_end: Some(statement.pieces.len()), ..statement }
    }

    /// The query with one more column, the last. None where the statement was not begun by `select`.
    pub fn with_column<C>(mut self, column: Prepared<C>) -> Option<Prepared<(ST, C)>> {
        let at = self.columns_end?;
        let pieces = std::iter::once(Piece::Sql(", ")).chain(column.pieces);
        self.pieces.splice(at..at, pieces);
        Some(Prepared { pieces: self.pieces, columns_end: None, remembered: self.remembered, rows: PhantomData })
    }

    /// Not to be remembered by the connection: whoever asks decides on its text, and there is no end of texts.
    pub fn once(mut self) -> Self {
        self.remembered = false;
        self
    }

    /// Adds another statement's SQL and values.
    pub fn append<C>(mut self, other: Prepared<C>) -> Self {
        self.pieces.extend(other.pieces);
        self
    }

    /// Adds SQL. Only text of the program itself can be added: values are bound.
    pub fn sql(mut self, sql: &'static str) -> Self {
        self.pieces.push(Piece::Sql(sql));
        self
    }

    /// Adds a value.
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.pieces.push(Piece::Bind(value.into()));
        self
    }

    /// Adds the values of a list, separated by commas.
    pub fn bind_all(mut self, values: impl IntoIterator<Item = Value>) -> Self {
        for (index, value) in values.into_iter().enumerate() {
            if index > 0 {
                self.pieces.push(Piece::Sql(", "));
            }
            self.pieces.push(Piece::Bind(value));
        }
        self
    }
}

/// The same for the enum, which runs a statement, and for what is behind it, which diesel asks of conditions within its own queries.
macro_rules! written_for {
    ($($backend:ty),*) => {$(
        impl<ST> QueryFragment<$backend> for Prepared<ST> {
            fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, $backend>) -> QueryResult<()> {
                if !self.remembered {
                    pass.unsafe_to_cache_prepared();
                }
                for piece in &self.pieces {
                    match piece {
                        Piece::Sql(sql) => pass.push_sql(sql),
                        Piece::Bind(Value::Uuid(value)) => pass.push_bind_param::<Uuid, _>(value)?,
                        Piece::Bind(Value::OptionalUuid(value)) => pass.push_bind_param::<Nullable<Uuid>, _>(value)?,
                        Piece::Bind(Value::Text(value)) => pass.push_bind_param::<Text, _>(value)?,
                        Piece::Bind(Value::OptionalText(value)) => pass.push_bind_param::<Nullable<Text>, _>(value)?,
                        Piece::Bind(Value::BigInt(value)) => pass.push_bind_param::<BigInt, _>(value)?,
                        Piece::Bind(Value::Bool(value)) => pass.push_bind_param::<Bool, _>(value)?,
                        Piece::Bind(Value::Date(value)) => pass.push_bind_param::<Date, _>(value)?,
                        Piece::Bind(Value::OptionalDate(value)) => pass.push_bind_param::<Nullable<Date>, _>(value)?,
                        Piece::Bind(Value::Instant(value)) => pass.push_bind_param::<Instant, _>(value)?,
                        Piece::Bind(Value::Json(value)) => pass.push_bind_param::<Document, _>(value)?,
                        Piece::Bind(Value::Bytes(value)) => pass.push_bind_param::<Binary, _>(value)?,
                    }
                }
                Ok(())
            }
        }
    )*};
}
written_for!(MultiBackend, Pg, Sqlite);

// Without a static id diesel caches the statement by its text.
impl<ST> QueryId for Prepared<ST> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<ST> Query for Prepared<ST> {
    type SqlType = ST;
}

impl<ST> RunQueryDsl<AnyConnection> for Prepared<ST> {}

// So that a condition that diesel cannot say can stand in a query that it can.
impl<ST: TypedExpressionType> Expression for Prepared<ST> {
    type SqlType = ST;
}

impl<ST: TypedExpressionType, QS> AppearsOnTable<QS> for Prepared<ST> {}

impl<ST, GB> ValidGrouping<GB> for Prepared<ST> {
    type IsAggregate = is_aggregate::Never;
}
