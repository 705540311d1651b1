//! What became of each entry of a file.

use std::collections::BTreeSet;

use approdo_db::text_enum;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::error::{ApiError, ApiResult, FieldError, Kind};
use crate::hsds::exchange::package::Item;
use crate::hsds::exchange::sources::HsdsEntity;
use crate::http::texts::MemberPath;

text_enum! {
    /// What an import did with an entry.
    #[derive(ToSchema)]
    ImportStatus {
        Created = "created",
        Updated = "updated",
        /// It was there as the file has it.
        Unchanged = "unchanged",
        /// Nothing of it was kept: see `errors`.
        Rejected = "rejected",
    }
}

/// What an import did with one entry.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportedEntry {
    pub kind: HsdsEntity,
    /// Where it is in the file: a pointer (RFC 6901), or a table and a line.
    #[schema(max_length = 300, example = "services.csv:12")]
    pub at: String,
    /// What it is called there; absent where it has no id.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false, max_length = 200)]
    pub source_id: String,
    /// The row it is here; absent where it was rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub id: Option<Uuid>,
    pub status: ImportStatus,
    /// Members that have no place here and were left out (docs/hsds-losses.md).
    #[schema(value_type = Vec<MemberPath>, max_items = 200)]
    pub lost: Vec<String>,
    /// Why it was rejected, with pointers into it.
    #[schema(max_items = 100)]
    pub errors: Vec<FieldError>,
}

/// How many entries there were of each status.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct ImportCounts {
    #[schema(minimum = 0, maximum = 5000)]
    pub created: i64,
    #[schema(minimum = 0, maximum = 5000)]
    pub updated: i64,
    #[schema(minimum = 0, maximum = 5000)]
    pub unchanged: i64,
    #[schema(minimum = 0, maximum = 5000)]
    pub rejected: i64,
}

/// What an import did.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct ImportReport {
    /// Whether nothing was kept, because nothing should be.
    pub dry_run: bool,
    pub counts: ImportCounts,
    /// One for each entry of the file, organisations first.
    #[schema(max_items = 5000)]
    pub entries: Vec<ImportedEntry>,
    /// Tables that nothing is read from.
    #[schema(value_type = Vec<MemberPath>, max_items = 200)]
    pub ignored: Vec<String>,
}

impl ImportReport {
    /// Notes what became of an entry. What is wrong with the entry is told; what is wrong with the database ends the import.
    pub fn note(
        &mut self,
        kind: HsdsEntity,
        item: &Item,
        lost: BTreeSet<String>,
        outcome: ApiResult<(Uuid, ImportStatus)>,
    ) -> ApiResult<Option<Uuid>> {
        let (id, status, errors) = match outcome {
            Ok((id, status)) => (Some(id), status, Vec::new()),
            Err(error)
                if matches!(
                    error.kind(),
                    Kind::Invalid | Kind::Conflict | Kind::InsufficientScope | Kind::PreconditionFailed
                ) =>
            {
                (None, ImportStatus::Rejected, told(&error))
            }
            Err(error) => return Err(error),
        };
        let count = match status {
            ImportStatus::Created => &mut self.counts.created,
            ImportStatus::Updated => &mut self.counts.updated,
            ImportStatus::Unchanged => &mut self.counts.unchanged,
            ImportStatus::Rejected => &mut self.counts.rejected,
        };
        *count += 1;
        let lost = lost.into_iter().take(200).map(|name| shortened(&name, 200)).collect();
        let (at, source_id) = (shortened(&item.at, 300), shortened(&item.id, 200));
        self.entries.push(ImportedEntry { kind, at, source_id, id, status, lost, errors });
        Ok(id)
    }
}

fn told(error: &ApiError) -> Vec<FieldError> {
    if error.errors().is_empty() {
        return vec![FieldError { pointer: "#".into(), detail: error.detail().to_owned() }];
    }
    error.errors().to_vec()
}

fn shortened(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}
