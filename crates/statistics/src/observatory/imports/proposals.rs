//! What is proposed for a file by its header: SDMX-CSV 1.0 and 2.0 and what Eurostat and ISTAT make of it, exports of I.Stat, the layouts
//! of demo.istat, and tables whose columns are called as the dimensions are.

use crate::delimited::Head;
use crate::observatory::datasets::{Dimension, DimensionRole};
use crate::observatory::imports::mapping::{ColumnRole, DimensionCode, FileFormat, MappedColumn, Mapping};

/// Names that publishers give to places, times, values and their status, in small letters.
const AREA: [&str; 8] = [
    "ref_area",
    "geo",
    "itter107",
    "codice istat",
    "codice comune",
    "codice provincia",
    "province code",
    "municipality code",
];
const TIME: [&str; 5] = ["time_period", "time", "anno", "year", "jahr"];
const VALUE: [&str; 6] = ["obs_value", "value", "valore", "totale", "total", "wert"];
const OBS_STATUS: [&str; 3] = ["obs_status", "obs_flag", "flag codes"];
const CONF_STATUS: [&str; 1] = ["conf_status"];
/// Other names of dimensions, by how their identifiers begin.
const OTHER: [(&str, &str); 8] = [
    ("codice stato di cittadinanza", "CITIZENSHIP"),
    ("citizen", "CITIZENSHIP"),
    ("iso", "CITIZENSHIP"),
    ("age", "AGE"),
    ("età", "AGE"),
    ("sexistat1", "SEX"),
    ("sesso", "SEX"),
    ("durata", "DURATION"),
];
/// Columns of values that stand side by side, one for each sex, with ISTAT's codes.
const SEXES: [(&str, &str); 6] =
    [("males", "1"), ("maschi", "1"), ("females", "2"), ("femmine", "2"), ("total", "9"), ("totale", "9")];

/// The mapping that the head of a file suggests for a dataset. It need not be complete.
pub fn propose(head: &Head, dimensions: &[Dimension]) -> Mapping {
    let sex = sex_side_by_side(head, dimensions);
    let mut columns: Vec<MappedColumn> = Vec::new();
    for column in &head.header {
        let name = column.to_lowercase();
        let taken = |id: &str| columns.iter().any(|earlier| earlier.dimension.as_deref() == Some(id));
        let dimension = dimension_of(&name, dimensions).filter(|id| !taken(id));
        let (holds, dimension, codes) = match (sex, code_of_sex(&name), dimension) {
            (Some(sex), Some(code), _) => {
                (ColumnRole::Values, None, vec![DimensionCode { dimension: sex.to_owned(), code: code.to_owned() }])
            }
            (_, _, Some(dimension)) => (ColumnRole::Codes, Some(dimension.to_owned()), Vec::new()),
            _ if OBS_STATUS.contains(&name.as_str()) => (ColumnRole::ObsStatus, None, Vec::new()),
            _ if CONF_STATUS.contains(&name.as_str()) => (ColumnRole::ConfStatus, None, Vec::new()),
            _ if VALUE.contains(&name.as_str()) && sex.is_none() => (ColumnRole::Values, None, Vec::new()),
            _ => continue,
        };
        columns.push(MappedColumn { column: column.clone(), holds, dimension, codes });
    }
    Mapping {
        format: FileFormat::Delimited,
        encoding: head.form.encoding,
        delimiter: char::from(head.form.delimiter).to_string(),
        header_line: i64::try_from(head.header_line).unwrap_or(1),
        decimal_comma: has_decimal_commas(head, &columns),
        columns,
        constants: Vec::new(),
    }
}

fn code_of_sex(name: &str) -> Option<&'static str> {
    SEXES.iter().find(|(known, _)| *known == name).map(|(_, code)| *code)
}

/// The dimension of sex, where the file has a column of values for males and one for females.
fn sex_side_by_side<'a>(head: &Head, dimensions: &'a [Dimension]) -> Option<&'a str> {
    let codes: Vec<&str> = head.header.iter().filter_map(|column| code_of_sex(&column.to_lowercase())).collect();
    let side_by_side = codes.contains(&"1") && codes.contains(&"2");
    let sex = dimensions.iter().find(|dimension| dimension.id.starts_with("SEX"));
    sex.filter(|_| side_by_side).map(|dimension| dimension.id.as_str())
}

fn dimension_of<'a>(name: &str, dimensions: &'a [Dimension]) -> Option<&'a str> {
    let of_role = |role: DimensionRole| dimensions.iter().find(|dimension| dimension.role == role);
    let called = || dimensions.iter().find(|dimension| dimension.id.eq_ignore_ascii_case(name));
    let known_as = || {
        let (_, stem) = OTHER.iter().find(|(known, _)| *known == name)?;
        dimensions.iter().find(|dimension| dimension.id.starts_with(stem))
    };
    let found = called()
        .or_else(|| if AREA.contains(&name) { of_role(DimensionRole::Area) } else { None })
        .or_else(|| if TIME.contains(&name) { of_role(DimensionRole::Time) } else { None })
        .or_else(known_as);
    found.map(|dimension| dimension.id.as_str())
}

/// Whether the values in the first rows have commas in them.
fn has_decimal_commas(head: &Head, columns: &[MappedColumn]) -> bool {
    let values = columns.iter().filter(|column| column.holds == ColumnRole::Values);
    let places: Vec<usize> =
        values.filter_map(|column| head.header.iter().position(|name| *name == column.column)).collect();
    let mut texts = head.records.iter().flat_map(|(_, record)| places.iter().filter_map(|&at| record.get(at)));
    // Three digits after each comma may as well be thousands: whoever knows says so.
    texts.any(|text| {
        text.split_once(',').is_some_and(|(_, after)| {
            let thousands = after.len() == 3 && after.bytes().all(|byte| byte.is_ascii_digit());
            !text.contains('.') && !thousands
        })
    })
}
