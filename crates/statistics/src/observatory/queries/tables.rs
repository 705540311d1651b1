//! Figures as a table (RFC 4180).

use crate::error::{ApiError, ApiResult};
use crate::http::formats::text_cell;
use crate::observatory::imports::mapping::DimensionCode;
use crate::observatory::queries::answer::{Comparisons, FigureRow};

/// Columns before those of the breakdown, and after them.
const PLACE: [&str; 4] = ["place_code", "territory_id", "place_name", "period"];
const VALUE: [&str; 6] = ["value", "gap", "reported", "expected", "is_provisional", "is_estimated"];

/// Rows with a column for each dimension of the breakdown.
pub fn csv(rows: &[FigureRow]) -> ApiResult<String> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let key: &[DimensionCode] = rows.first().map(|row| row.key.as_slice()).unwrap_or_default();
    let comparisons = Comparisons::default().columns().map(|(name, _)| name);
    let header =
        PLACE.into_iter().chain(key.iter().map(|code| code.dimension.as_str())).chain(VALUE).chain(comparisons);
    writer.write_record(header).map_err(ApiError::fault)?;
    let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    for row in rows {
        let mut record: Vec<String> = vec![
            text_cell(row.place_code.as_deref().unwrap_or_default()),
            row.territory_id.map(|id| id.to_string()).unwrap_or_default(),
            text_cell(row.place_name.as_deref().unwrap_or_default()),
            row.period.clone(),
        ];
        record.extend(row.key.iter().map(|code| text_cell(&code.code)));
        record.extend([
            number(row.value),
            row.gap.map(|gap| gap.to_string()).unwrap_or_default(),
            row.reported.to_string(),
            row.expected.to_string(),
            row.is_provisional.to_string(),
            row.is_estimated.to_string(),
        ]);
        record.extend(row.comparisons.columns().map(|(_, value)| number(value)));
        writer.write_record(&record).map_err(ApiError::fault)?;
    }
    let text = writer.into_inner().map_err(ApiError::fault)?;
    String::from_utf8(text).map_err(ApiError::fault)
}
