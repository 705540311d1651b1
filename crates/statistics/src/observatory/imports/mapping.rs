//! Which column of a file is what.

use std::collections::HashSet;

use approdo_db::text_enum;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::delimited::{Encoding, Form};
use crate::error::{ApiError, ApiResult, FieldError};
use crate::http::forms::wrong;
use crate::observatory::codelists::printable;
use crate::observatory::datasets::{Dimension, DimensionRole};
use crate::observatory::periods;

text_enum! {
    /// The format of a file.
    #[derive(ToSchema)]
    FileFormat {
        /// A table as text, with a header and a delimiter (RFC 4180 and its relatives), SDMX-CSV among them: `text/csv`.
        Delimited = "delimited",
        /// A data message of SDMX-JSON 1.0 or 2.0: `application/vnd.sdmx.data+json`. Its columns are called as its dimensions and the
        /// attributes of its observations are; the value is in `OBS_VALUE`.
        SdmxJson = "sdmx_json",
    }
}

impl FileFormat {
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Delimited => CSV,
            Self::SdmxJson => SDMX_JSON,
        }
    }
}

const CSV: &str = "text/csv";
const SDMX_JSON: &str = "application/vnd.sdmx.data+json";
/// What a file can be.
pub const MEDIA_TYPES: [&str; 2] = [CSV, SDMX_JSON];

/// How the rows of a file become observations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    #[serde(default = "FileFormat::usual")]
    #[schema(default = "delimited")]
    pub format: FileFormat,
    /// Of a delimited file; SDMX-JSON is always in UTF-8.
    #[serde(default = "utf_8")]
    #[schema(default = "utf_8")]
    pub encoding: Encoding,
    /// Of a delimited file.
    #[serde(default = "comma")]
    #[validate(custom(function = "delimiter"))]
    #[schema(default = ",", min_length = 1, max_length = 1, example = ",")]
    pub delimiter: String,
    /// Of a delimited file: the line of the header, from 1. What stands above it is not read.
    #[serde(default = "first")]
    #[validate(range(min = 1, max = 1000))]
    #[schema(default = 1, minimum = 1, maximum = 1000)]
    pub header_line: i64,
    /// Of a delimited file: whether the comma is the decimal mark.
    #[serde(default)]
    #[schema(default = false)]
    pub decimal_comma: bool,
    /// What the columns are; those not named are not read.
    #[validate(length(min = 1, max = 100), nested)]
    #[schema(min_items = 1, max_items = 100)]
    pub columns: Vec<MappedColumn>,
    /// Codes that every row has, of dimensions without a column.
    #[serde(default)]
    #[validate(length(max = 12), nested)]
    #[schema(required = false, max_items = 12)]
    pub constants: Vec<DimensionCode>,
}

/// What a column is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MappedColumn {
    /// As the header calls it.
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub column: String,
    pub holds: ColumnRole,
    /// The dimension whose codes it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[validate(length(min = 1, max = 40))]
    #[schema(nullable = false, min_length = 1, max_length = 40)]
    pub dimension: Option<String>,
    /// Of a column of values: the codes that its values have and others have not, as males and females side by side.
    #[serde(default)]
    #[validate(length(max = 12), nested)]
    #[schema(required = false, max_items = 12)]
    pub codes: Vec<DimensionCode>,
}

text_enum! {
    /// What the fields of a column are.
    #[derive(ToSchema)]
    ColumnRole {
        /// Codes of a dimension.
        Codes = "codes",
        Values = "values",
        /// `OBS_STATUS` of the values of the row, or what the publisher uses in its place.
        ObsStatus = "obs_status",
        /// `CONF_STATUS` of the values of the row.
        ConfStatus = "conf_status",
    }
}

/// A code of a dimension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DimensionCode {
    #[validate(length(min = 1, max = 40))]
    #[schema(min_length = 1, max_length = 40)]
    pub dimension: String,
    #[validate(length(min = 1, max = 60), custom(function = "printable"))]
    #[schema(min_length = 1, max_length = 60, pattern = r"^\S+$")]
    pub code: String,
}

impl FileFormat {
    fn usual() -> Self {
        Self::Delimited
    }
}

fn utf_8() -> Encoding {
    Encoding::Utf8
}

fn comma() -> String {
    ",".to_owned()
}

fn first() -> i64 {
    1
}

fn delimiter(text: &str) -> Result<(), validator::ValidationError> {
    match text.as_bytes() {
        [byte] if *byte == b'\t' || (byte.is_ascii_punctuation() && *byte != b'"') => Ok(()),
        _ => Err(wrong("must be a punctuation mark or a tabulator")),
    }
}

impl Mapping {
    pub fn form(&self) -> Form {
        Form { encoding: self.encoding, delimiter: self.delimiter.bytes().next().unwrap_or(b',') }
    }

    /// 422 unless every dimension of the dataset gets exactly one code in every value.
    pub fn require_complete(&self, dimensions: &[Dimension]) -> ApiResult<()> {
        let wrong = Check { dimensions, shared: HashSet::new(), wrong: Vec::new() }.of(self);
        if wrong.is_empty() { Ok(()) } else { Err(ApiError::invalid(wrong)) }
    }
}

/// Whether a mapping gives every dimension its code.
struct Check<'a> {
    dimensions: &'a [Dimension],
    /// Dimensions whose codes all values of a row have in common.
    shared: HashSet<String>,
    wrong: Vec<FieldError>,
}

impl Check<'_> {
    fn of(mut self, mapping: &Mapping) -> Vec<FieldError> {
        if mapping.format == FileFormat::SdmxJson && mapping.encoding != Encoding::Utf8 {
            self.refuse("encoding".to_owned(), "of SDMX-JSON is UTF-8");
        }
        if mapping.format == FileFormat::SdmxJson && mapping.decimal_comma {
            self.refuse("decimal_comma".to_owned(), "has no place in SDMX-JSON");
        }
        for (index, constant) in mapping.constants.iter().enumerate() {
            self.shares(&constant.dimension, format!("constants/{index}/dimension"));
            self.fits(constant, format!("constants/{index}/code"));
        }
        let mut names = HashSet::new();
        for (index, column) in mapping.columns.iter().enumerate() {
            let at = |member: &str| format!("columns/{index}/{member}");
            if !names.insert(&column.column) {
                self.refuse(at("column"), "is named twice");
            }
            match (column.holds, &column.dimension) {
                (ColumnRole::Codes, Some(id)) => self.shares(id, at("dimension")),
                (ColumnRole::Codes, None) => self.refuse(at("dimension"), "is missing"),
                (_, Some(_)) => self.refuse(at("dimension"), "has a place where codes are held only"),
                (_, None) => {}
            }
            if column.holds != ColumnRole::Values && !column.codes.is_empty() {
                self.refuse(at("codes"), "have a place in a column of values only");
            }
        }
        for role in [ColumnRole::ObsStatus, ColumnRole::ConfStatus] {
            if mapping.columns.iter().filter(|column| column.holds == role).count() > 1 {
                self.refuse("columns".to_owned(), "may hold each status of the values once");
            }
        }
        let mut keys = HashSet::new();
        for (index, column) in
            mapping.columns.iter().enumerate().filter(|(_, column)| column.holds == ColumnRole::Values)
        {
            self.values(column, index);
            let mut key: Vec<_> = column.codes.iter().map(|code| (&code.dimension, &code.code)).collect();
            key.sort_unstable();
            if !keys.insert(key) {
                self.refuse(format!("columns/{index}"), "has values with the codes of another column");
            }
        }
        if keys.is_empty() {
            self.refuse("columns".to_owned(), "must hold values");
        }
        self.wrong
    }

    fn refuse(&mut self, pointer: String, detail: &str) {
        self.wrong.push(FieldError { pointer: format!("#/mapping/{pointer}"), detail: detail.to_owned() });
    }

    fn known(&self, id: &str) -> Option<&Dimension> {
        self.dimensions.iter().find(|dimension| dimension.id == id)
    }

    fn shares(&mut self, id: &str, pointer: String) {
        if self.known(id).is_none() {
            self.refuse(pointer, "is no dimension of the dataset");
        } else if !self.shared.insert(id.to_owned()) {
            self.refuse(pointer, "gets a code already");
        }
    }

    fn fits(&mut self, code: &DimensionCode, pointer: String) {
        let time = self.known(&code.dimension).is_some_and(|dimension| dimension.role == DimensionRole::Time);
        if time && periods::bounds(&code.code).is_none() {
            self.refuse(pointer, "is not a period");
        }
    }

    /// Holds a column of values to what its codes have to tell.
    fn values(&mut self, column: &MappedColumn, index: usize) {
        let mut own: HashSet<&str> = HashSet::new();
        for (at, code) in column.codes.iter().enumerate() {
            let pointer = format!("columns/{index}/codes/{at}");
            if self.known(&code.dimension).is_none() {
                self.refuse(pointer, "is of no dimension of the dataset");
            } else if self.shared.contains(&code.dimension) || !own.insert(&code.dimension) {
                self.refuse(pointer, "is of a dimension that gets a code already");
            } else {
                self.fits(code, format!("{pointer}/code"));
            }
        }
        let without =
            |dimension: &&Dimension| !self.shared.contains(&dimension.id) && !own.contains(dimension.id.as_str());
        let without: Vec<&str> =
            self.dimensions.iter().filter(without).map(|dimension| dimension.id.as_str()).collect();
        if !without.is_empty() {
            let detail = format!("has values without a code of {}", without.join(", "));
            self.refuse(format!("columns/{index}"), &detail);
        }
    }
}
