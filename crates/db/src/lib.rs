//! Everything the two databases need to look like one: the connection enum, the SQL types that differ, the small
//! dialect, the pools, the schema and the migrations. SQL of the areas themselves lives in their `queries`.

pub mod columns;
pub mod connection;
pub mod dialect;
pub mod migrate;
pub mod pool;
pub mod prepared;
pub mod schema;
pub mod types;
pub mod url;

pub use columns::{Column, ColumnStatement};
pub use connection::{AnyConnection as Connection, MultiBackend, Unavailable};
pub use pool::{Database, Options, Pooled};
pub use prepared::{Prepared, Value};
pub use types::{Json, Timestamp};
pub use url::DatabaseUrl;
