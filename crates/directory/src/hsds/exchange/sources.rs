//! Which row of the directory is what a catalogue calls by an id.

use std::collections::HashMap;

use approdo_db::schema::directory_sources as sources;
use approdo_db::types::RowId;
use approdo_db::{Connection, text_enum};
use diesel::prelude::*;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::OrganisationId;

text_enum! {
    /// What an entry of a file of HSDS is.
    #[derive(ToSchema)]
    HsdsEntity {
        Organisation = "organisation",
        Program = "program",
        Location = "location",
        Service = "service",
        ServiceAtLocation = "service_at_location",
    }
}

/// Bytes an id may have.
pub const LONGEST: usize = 200;

/// The row that an organisation has imported under this id.
pub fn row(
    connection: &mut Connection,
    importer: OrganisationId,
    kind: HsdsEntity,
    source: &str,
) -> QueryResult<Option<Uuid>> {
    let found: Option<RowId> =
        sources::table.find((importer, kind, source)).select(sources::row_id).first(connection).optional()?;
    Ok(found.map(|row| row.0))
}

/// Remembers under which id a row was imported, in place of an earlier row that is gone.
pub fn remember(
    connection: &mut Connection,
    importer: OrganisationId,
    kind: HsdsEntity,
    source: &str,
    row: Uuid,
) -> QueryResult<()> {
    diesel::delete(sources::table.find((importer, kind, source))).execute(connection)?;
    let values = (
        sources::organisation_id.eq(importer),
        sources::kind.eq(kind),
        sources::source_id.eq(source),
        sources::row_id.eq(RowId(row)),
    );
    diesel::insert_into(sources::table).values(values).execute(connection)?;
    Ok(())
}

/// What rows are called where an organisation imported them from.
pub fn names(
    connection: &mut Connection,
    importer: OrganisationId,
    rows: impl Iterator<Item = Uuid>,
) -> QueryResult<HashMap<String, String>> {
    let rows: Vec<RowId> = rows.map(RowId).collect();
    let found: Vec<(RowId, String)> = sources::table
        .filter(sources::organisation_id.eq(importer))
        .filter(sources::row_id.eq_any(rows))
        .select((sources::row_id, sources::source_id))
        .load(connection)?;
    Ok(found.into_iter().map(|(row, source)| (row.0.to_string(), source)).collect())
}
