//! An import: the row, and what one is asked for.

use approdo_db::schema::{data_import_rejections, data_imports};
use approdo_db::{Json, Timestamp, define_id, text_enum};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::OrganisationId;
use crate::entry;
use crate::http::Checked;
use crate::observatory::datasets::DatasetId;
use crate::observatory::imports::mapping::Mapping;
use crate::observatory::releases::ReleaseId;
use crate::page_of;

define_id! {
    /// The id of an import.
    #[derive(ToSchema)]
    DataImportId;
}

text_enum! {
    /// How an import stands.
    #[derive(ToSchema)]
    DataImportStatus {
        /// Its file has not been sent.
        AwaitingContent = "awaiting_content",
        Running = "running",
        /// Its release is loaded.
        Done = "done",
        /// Nothing came of it; `failure` says why.
        Failed = "failed",
    }
}

/// An import of a file into a dataset.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize, ToSchema)]
#[diesel(table_name = data_imports, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct DataImport {
    pub id: DataImportId,
    pub dataset_id: DatasetId,
    /// The organisation that keeps the dataset.
    pub organisation_id: OrganisationId,
    pub status: DataImportStatus,
    #[schema(value_type = Mapping)]
    pub mapping: Json,
    /// The release it makes, once its file is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub release_id: Option<ReleaseId>,
    /// Bytes of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0, maximum = 9007199254740991_i64)]
    pub size: Option<i64>,
    /// The file's SHA-256, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 64, max_length = 64, pattern = "^[0-9a-f]{64}$")]
    pub sha256: Option<String>,
    /// Rows read so far.
    #[schema(minimum = 0, maximum = 9007199254740991_i64)]
    pub rows: i64,
    /// Observations kept so far.
    #[schema(minimum = 0, maximum = 9007199254740991_i64)]
    pub observations: i64,
    /// Rows and values rejected so far; the first thousand are told one by one (`/data-imports/{data_import_id}/rejections`).
    #[schema(minimum = 0, maximum = 9007199254740991_i64)]
    pub rejected: i64,
    /// Why nothing came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 500)]
    pub failure: Option<String>,
    #[serde(skip)]
    pub alive_at: Option<Timestamp>,
    /// Rises with every change but those of the counts.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

entry!(DataImport, DataImportId, data_imports, organisation_id, "data_import", DataImports);

page_of! {
    /// A page of imports.
    DataImportPage of DataImport
}

/// An import to begin.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"dataset_id": "01985b2e-0000-7000-8000-000000000001", "mapping": {"encoding": "utf_8", "delimiter": ",",
    "header_line": 1, "columns": [{"column": "REF_AREA", "holds": "codes", "dimension": "REF_AREA"},
        {"column": "SEX", "holds": "codes", "dimension": "SEX"}, {"column": "TIME_PERIOD", "holds": "codes", "dimension": "TIME_PERIOD"},
        {"column": "OBS_VALUE", "holds": "values"}, {"column": "OBS_STATUS", "holds": "obs_status"}]}}))]
pub struct NewDataImport {
    /// A dataset that your organisation keeps.
    pub dataset_id: DatasetId,
    #[validate(nested)]
    pub mapping: Mapping,
}

impl Checked for NewDataImport {}

/// A row, or a value of one, that was not kept.
#[derive(Debug, Clone, Queryable, Insertable, Serialize, ToSchema)]
#[diesel(table_name = data_import_rejections, treat_none_as_default_value = false)]
pub struct Rejection {
    #[serde(skip)]
    pub data_import_id: DataImportId,
    #[serde(skip)]
    pub number: i64,
    /// The line of the file that the row begins on, from 1; of SDMX-JSON the number of the observation.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub line: i64,
    /// As the header calls it; absent where it is the row as a whole.
    #[serde(rename = "column", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 200)]
    pub column_name: Option<String>,
    /// What stands there, its first hundred characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 100)]
    pub value: Option<String>,
    /// Why it was not kept.
    #[schema(max_length = 500)]
    pub reason: String,
}

page_of! {
    /// A page of rows that were not kept.
    RejectionPage of Rejection
}
