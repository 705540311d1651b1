//! What the two databases say differently.

/// Expands one body for each database, for what the connection enum refuses: upserts, batch inserts, row locks.
#[macro_export]
macro_rules! on_backend {
    ($connection:expr, $bound:ident => $body:expr) => {
        match $connection {
            $crate::Connection::Postgres($bound) => $body,
            $crate::Connection::Sqlite($bound) => $body,
        }
    };
}

/// Runs a query that returns one row and locks it until the transaction ends. SQLite has locked the whole file already,
/// by `BEGIN IMMEDIATE`.
#[macro_export]
macro_rules! first_for_update {
    ($connection:expr, $query:expr) => {
        match $connection {
            $crate::Connection::Postgres(connection) => {
                diesel::RunQueryDsl::first(diesel::QueryDsl::for_update($query), connection)
            }
            $crate::Connection::Sqlite(connection) => diesel::RunQueryDsl::first($query, connection),
        }
    };
}
